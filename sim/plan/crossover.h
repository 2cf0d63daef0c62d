/* Crossover: where along an axis hosting oneself and an API change rank, and how sure that is.
 *
 * Each option's cost is a curve of sized, simulated fleets (plan/costcurve.h), a staircase along
 * the volume; an API's bill is nearly a straight line. Where they cross is looked for in every cell
 * between two points:
 *
 *   - what costs less at both ends even at its dearer one costs less throughout: no crossing;
 *   - the same fleet at both ends: a smooth function, whose root Brent's method finds (1973);
 *   - otherwise the cell is halved, until the step of the staircase is known to half a percent;
 *     a crossing at a step is a crossing, and there may be several.
 *
 * "Hosting oneself" is the cheapest option at each x: it begins to be cheaper where the first
 * option does, and ends where the last one ceases to.
 *
 * How sure: the same search with the fewest and the most GPUs that the simulation leaves open gives
 * the interval of sampling; with step times at both ends of the model's error, that of the model.
 * What would move it: prices that change need no simulation, other assumptions get curves of their
 * own.
 *
 * The rule: a crossing outside the range is "never" with its reason, not an extrapolation.
 * Everything is in the arena given.
 */
#ifndef CS_PLAN_CROSSOVER_H
#define CS_PLAN_CROSSOVER_H
#include "plan/costcurve.h"

enum { CS_CROSSOVER_API = -1, CS_CROSSOVER_NOBODY = -2 };

struct cs_crossing {
    double at;                       /* in the axis' unit */
    double sampling_lo, sampling_hi; /* 95 %; NaN: beyond the range */
    double model_lo, model_hi;       /* 95 %, NaN likewise; equal to `at` where no error is known */
    bool model_known;
    bool own_above; /* hosting is cheaper above it, else below */
    bool step;      /* where a replica more is needed, not where lines meet */
    size_t option;  /* of the scenario */
    long gpus;      /* of the fleet there */
};

struct cs_own_crossings { /* of one option */
    const struct cs_crossing *items;
    size_t count;
};

struct cs_against { /* an API */
    const struct cs_compare *api;
    struct cs_crossing *crossings; /* of hosting as such, ascending */
    size_t count;
    const struct cs_own_crossings *own; /* of each option by itself */
    int below, above;  /* what is cheaper at the range's ends: an option, or CS_CROSSOVER_* */
    const char *never; /* why there is no crossing; NULL */
    /* Where hosting is closest to the API, or cheapest beside it: its cost over the bill there. */
    double ratio, ratio_x;
    double
        gpu_price_needed; /* share of today's at which both are equal there; NaN: none would do */
};

struct cs_rank { /* from here on another option is the cheapest */
    double at;
    size_t from, to;
};

struct cs_what_if {
    const char *what;
    const double *at; /* of each API, the first crossing; NaN: none in the range */
    const bool *own;  /* where there is none: hosting is the cheaper one throughout */
};

struct cs_crossover {
    struct cs_study *study;
    struct cs_along along;
    double here; /* NaN: the scenario does not say */
    const double *grid;
    size_t grid_count;
    const struct cs_cost_curve *curves; /* of each option */
    size_t curve_count;
    struct cs_against *against;
    size_t against_count;
    const struct cs_rank *ranks;
    size_t rank_count;
    struct cs_what_if *what_ifs;
    size_t what_if_count;
    size_t planned; /* points */
};

struct cs_crossover_settings {
    bool model, what_if;
    size_t points; /* of the grid; 0: 13 */
    bool placed;   /* step times are those at z standard deviations of the model's error */
    double z;
    size_t only; /* this API of `compare` alone, counted from 1; 0: all */
};

void cs_crossover_run(struct cs_crossover *c, struct cs_study *study, const struct cs_along *along,
                      const struct cs_crossover_settings *settings, struct cs_arena *arena);
/* The option's point at x of the grid; NULL: none. */
const struct cs_cost_point *cs_crossover_point(const struct cs_cost_curve *curve, double x);
/* What hosting costs at x: the cheapest option's day, from the points around it; *option says which
 * (INFINITY: none will do). */
double cs_crossover_own(const struct cs_crossover *c, double x, size_t *option);
/* An API's bill at x, likewise; NaN: no price. */
double cs_crossover_bill(const struct cs_crossover *c, size_t api, double x);

#endif
