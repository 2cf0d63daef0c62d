/* Fleets: what the options of a scenario can be made of so many GPUs, or of so much money.
 *
 * A plan asks how many replicas a traffic needs. These questions go the other way: the fleet is
 * given, or its price is, and what it can do is looked for (plan/frontier.h, plan/pareto.h). An
 * option that leaves its tensor parallelism open is a fleet at each size that fits.
 *
 *   of GPUs   replicas = GPUs / GPUs of a replica, where that comes out even
 *   of money  the most replicas whose day costs no more, idle; what energy makes of it is seen
 *             when the fleet has been simulated
 *
 * The rule: nothing is simulated here. Fleets that cannot be are listed too, with the reason.
 * Everything is in the arena given.
 */
#ifndef CS_PLAN_FLEETS_H
#define CS_PLAN_FLEETS_H
#include "plan/study.h"

struct cs_own_fleet {
    size_t option;         /* of the scenario */
    struct cs_given given; /* replicas 0: it cannot be */
    long gpus;
    double capacity_rps; /* requests/s, the fluid bound (plan/bound.h) */
    const char *why_not; /* NULL: it can be */
};

/* Of each option and size, in their order: `gpus` in all; 0: the fleet that the option gives, else
 * one replica. */
size_t cs_fleets_of_gpus(const struct cs_study *study, long gpus, struct cs_own_fleet **fleets,
                         struct cs_arena *arena);
size_t cs_fleets_of_money(const struct cs_study *study, double usd_per_day,
                          struct cs_own_fleet **fleets, struct cs_arena *arena);
/* The fewest replicas that the bound allows for a scenario's traffic, of each option and size. */
size_t cs_fleets_of_traffic(const struct cs_scenario *scenario, const struct cs_trace *trace,
                            struct cs_own_fleet **fleets, struct cs_arena *arena);

#endif
