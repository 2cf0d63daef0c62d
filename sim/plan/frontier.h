/* Frontier: how far a fleet that is given can go and still meet the SLO: the most traffic, or the
 * tightest limits.
 *
 * Along an axis (plan/costcurve.h) that gets harder in one direction a fleet meets its SLO up to
 * some point and misses it beyond. Points of it are simulated: a grid around where the fluid bound
 * expects the end, then the cell in which the verdict changes is divided, from one replication each
 * to many. The verdicts near the end are those of plan/judge.h, so
 *
 *     lo     the last point up to which the fleet meets the SLO for certain (97.5 % one-sided)
 *     at     the last one at which the estimate says that it does
 *     hi     the first one beyond which it misses for certain
 *
 * and the same end with step times at both ends of the model's error is the model's interval. What
 * is reported at the end is simulated in full there; where the whole week fails, the next point
 * below is taken.
 *
 * Of an option's sizes of tensor parallelism the one that goes furthest is refined.
 * The rule: it is assumed that a fleet that fails at a point fails at all harder ones.
 * Everything is in the arena given.
 */
#ifndef CS_PLAN_FRONTIER_H
#define CS_PLAN_FRONTIER_H
#include "plan/costcurve.h"
#include "plan/fleets.h"

struct cs_fleet_figures { /* a fleet at one point, simulated in full */
    bool simulated, slo_met;
    double usd_per_day, usd_per_mtok;      /* NaN: no price known */
    double requests_per_s, tokens_per_day; /* offered; input + output */
    double busy, load, attainment;         /* shares */
    enum cs_binding binding;
    struct cs_latency latency[CS_METRIC_COUNT];
    const double *api; /* USD a day of each API of `compare`; NaN: no price */
};

struct cs_frontier { /* of one fleet; `at` NaN: it meets the SLO nowhere, see why_not */
    struct cs_own_fleet fleet;
    double at, lo, hi; /* NaN lo or hi: not found */
    bool model_known;
    double model_lo, model_hi; /* 95 %, the harder end last or first as the axis runs; NaN: none */
    enum cs_binding binding;   /* what it misses first beyond */
    struct cs_fleet_figures here; /* at `at` */
    const char *why_not;
};

struct cs_frontier_settings {
    struct cs_along along;
    bool up;        /* harder as x grows, else as it falls */
    double from;    /* where to look first; <= 0: where the fluid bound expects the end of volume */
    bool brief;     /* without the model's error */
    bool all_sizes; /* every size is refined, not the best of each option alone */
};

/* One frontier of each fleet that can be, of each option's best size unless told otherwise; then of
 * those that cannot be, where an option has none that can. Returns how many. */
size_t cs_frontiers_find(struct cs_frontier **list, struct cs_study *study,
                         const struct cs_own_fleet *fleets, size_t count,
                         const struct cs_frontier_settings *settings, struct cs_arena *arena);
/* Simulates fleets in full where the scenario stands, or with these settings of each (NULL). */
void cs_fleets_measure(struct cs_study *study, const struct cs_own_fleet *const *fleets,
                       const struct cs_variant *variants, size_t count,
                       struct cs_fleet_figures *found, struct cs_arena *arena);

#endif
