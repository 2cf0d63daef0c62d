/* Pareto: what latency costs. Of all fleets that meet the SLO, those of which none is both cheaper
 * and faster.
 *
 * Configurations are every combination of the settings that are varied (engine limits, precision,
 * hardware: any key), each option that the scenario then has, each size of tensor parallelism that
 * fits, and some ten fleets from the fewest replicas that the fluid bound allows to six times as
 * many. All are sketched; those near the front are planned with replications, and the front is
 * taken of these.
 *
 *     a is on the front  <=>  no b has usd(b) <= usd(a) and latency(b) <= latency(a), one of them <
 *
 * where less than 1 % of latency is no difference. Latency is the p95 of TTFT, TPOT or E2E over the
 * busiest hours. The rule: fleets that miss the SLO, or without one do not keep up, are counted and
 * not drawn. Everything is in the arena given.
 */
#ifndef CS_PLAN_PARETO_H
#define CS_PLAN_PARETO_H
#include "plan/fleets.h"
#include "plan/range.h"

struct cs_pareto_point {
    size_t configuration; /* of cs_pareto.configurations */
    struct cs_own_fleet fleet;
    enum cs_effort effort; /* SKETCH: far from the front */
    bool meets, front;
    double usd_per_day, usd_per_mtok, load;
    struct cs_interval latency;   /* that is drawn, seconds */
    double ttft_s, tpot_s, e2e_s; /* p95 */
};

struct cs_configuration { /* a combination of settings */
    const char *const *sets;
    size_t set_count;
    const char *words; /* its values, in the order of the keys: "8192 / 64"; "": none is varied */
    const struct cs_scenario *scenario;
};

struct cs_pareto {
    struct cs_study *study;
    enum cs_metric metric;
    const struct cs_configuration *configurations;
    size_t configuration_count, unsound; /* unsound: combinations that make no scenario */
    struct cs_pareto_point *points; /* those of the front first, by cost; then the others by cost */
    size_t count, front_count, missed;
    struct cs_range *varied;
    size_t varied_count;
};

enum { CS_PARETO_CONFIGURATIONS = 5000 };

/* `varied`: the settings that take several values; 0 of them: the scenario as it is. False: errors
 * in diags. */
bool cs_pareto_run(struct cs_pareto *p, struct cs_study *study, enum cs_metric metric,
                   struct cs_range *varied, size_t varied_count, struct cs_arena *arena,
                   struct cs_diags *diags);

#endif
