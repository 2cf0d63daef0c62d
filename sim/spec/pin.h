/* Pinning: a scenario that repeats one fleet of another one, and what happened to it.
 *
 * An option of a scenario, its size found by the plan, and the changes made under way become a
 * scenario of their own: the same traffic and latency targets, one deploy entry with a single value
 * for each of its keys, its size fixed, and `changes` exact to the picosecond. Running it makes the
 * same requests and serves them in the same steps.
 *
 * What speaks of other options is left out: `uncertain` (inputs have their nominal values),
 * `claim`, a provider of prices that no sheet left knows, a failure of a replica that the fleet
 * never has.
 * The one rule: what is written must load, and load as the same run. Memory is the caller's arena.
 */
#ifndef CS_SPEC_PIN_H
#define CS_SPEC_PIN_H
#include "spec/catalog.h"

struct cs_pin {
    const struct cs_option *option; /* of the scenario */
    int tensor_parallel, replicas;
    const struct cs_change *changes; /* in place of the scenario's, by time */
    size_t change_count;
    bool has_seed; /* else the scenario's */
    uint64_t seed;
    double warm_up_s; /* 0: the scenario's */
    /* For another place than the scenario's own; NULL: as written. */
    const char *trace;          /* the name of its trace there */
    struct cs_catalog *catalog; /* sheets by their names in it, not by aliases, defaults or paths */
};

/* The YAML text. Names that are paths relative to the scenario's folder stay as they are. */
const char *cs_scenario_pin(const struct cs_scenario *s, const struct cs_pin *pin,
                            struct cs_arena *arena);
/* What such a text would load as, with names still those of the scenario's folder. NULL: the errors
 * are in `diags`. */
const struct cs_scenario *cs_scenario_pinned(const struct cs_scenario *s, const struct cs_pin *pin,
                                             struct cs_catalog *catalog, struct cs_diags *diags);

#endif
