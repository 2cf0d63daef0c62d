/* Resolving: from a scenario's tree to the sealed scenario, in parts.
 *
 * resolve.c drives; resolve_traffic.c reads what comes in, resolve_deploy.c multiplies the options
 * out and checks each, resolve_money.c reads costs and APIs. Every part adds its errors and goes
 * on, so one reading finds them all.
 *
 * The one rule: a part may rely on names and numbers it read itself, never on another part having
 * succeeded. Memory is the catalogue's arena.
 */
#ifndef CS_SPEC_RESOLVE_H
#define CS_SPEC_RESOLVE_H
#include "spec/catalog.h"
#include "spec/tables.h"

struct cs_resolving {
    struct cs_schema schema; /* arena, diagnostics, defaults */
    struct cs_catalog *catalog;
    const struct cs_node *root;
    const char *path; /* of the scenario's file */
    struct cs_scenario_text text;
    struct cs_scenario *scenario;
};

struct cs_arena *cs_catalog_arena(struct cs_catalog *c);
/* NULL when anything is wrong; `root` has been edited by --set already. */
const struct cs_scenario *cs_resolve_scenario(struct cs_catalog *c, struct cs_arena *arena,
                                              const struct cs_node *root, const char *path,
                                              struct cs_diags *diags);
void cs_resolve_traffic(struct cs_resolving *r);
void cs_resolve_deploy(struct cs_resolving *r);
/* Before anything else is read: amounts may be in the currencies named there. */
void cs_resolve_exchange(struct cs_resolving *r);
/* Reads `uncertain`, and values that are uncertain in place: they become their nominal values in
 * the tree that all else is read from. */
void cs_resolve_uncertain(struct cs_resolving *r);
/* After the options; cost after the APIs. */
void cs_resolve_compare(struct cs_resolving *r);
void cs_resolve_cost(struct cs_resolving *r);
/* After the options. */
void cs_resolve_changes(struct cs_resolving *r);
/* Last: a claim speaks of options and APIs. */
void cs_resolve_claim(struct cs_resolving *r);
/* The sheet, or a copy with what an entry of `deploy` says of this machine: memory, gpu_share,
 * power_limit, sustained. */
const struct cs_hardware *cs_resolve_machine(struct cs_resolving *r, const struct cs_node *map,
                                             const char *path, const struct cs_deploy_text *text,
                                             const struct cs_hardware *sheet);
/* The span of a key of the scenario, "traffic.volume". */
static inline struct cs_span cs_resolve_span(const struct cs_resolving *r, const char *path)
{
    return cs_span_of(r->root, path);
}

#endif
