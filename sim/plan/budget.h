/* Budget: the most that a fleet can do, and the best SLO that money buys.
 *
 *   capacity  a fleet is given: the most traffic at which it meets the SLO, whatever its size
 * costs; the share of that traffic from which on it costs less than an API is break-even = day of
 * the fleet / bill for all that it could take for bills that grow with the traffic and a fleet that
 * costs the same when it idles budget    money is given: of each option the largest fleet that it
 * pays for, and the smallest factor of the SLO's limits that this fleet still meets with the
 * scenario's traffic
 *
 * The rule: both are ends of plan/frontier.h, simulated, with their intervals.
 * Everything is in the arena given.
 */
#ifndef CS_PLAN_BUDGET_H
#define CS_PLAN_BUDGET_H
#include "plan/frontier.h"

struct cs_capacity {
    struct cs_study *study;
    struct cs_along along;      /* of the volume */
    struct cs_frontier *fleets; /* most traffic per USD first; without a price per GPU */
    size_t count;
};

struct cs_budget {
    struct cs_study *study;
    double usd_per_day;
    struct cs_frontier *fleets; /* tightest limits first; of no SLO, the shortest p95 E2E */
    size_t count;
};

/* `gpus`: 0: the fleets that the options give, else a replica of each. False: errors in diags. */
bool cs_capacity_run(struct cs_capacity *c, struct cs_study *study, long gpus, bool brief,
                     bool all_sizes, struct cs_arena *arena, struct cs_diags *diags);
void cs_budget_run(struct cs_budget *b, struct cs_study *study, double usd_per_day, bool brief,
                   bool all_sizes, struct cs_arena *arena);

/* Completes an axis of the load: the option's fleet, or a replica of its best size, and the most
 * traffic that it takes. False: errors in diags. */
bool cs_capacity_along(struct cs_along *along, struct cs_study *study, struct cs_arena *arena,
                       struct cs_diags *diags);
/* The share of what a fleet can take from which on it costs less than that API; NaN: no price. */
double cs_capacity_break_even(const struct cs_frontier *fleet, size_t api);

#endif
