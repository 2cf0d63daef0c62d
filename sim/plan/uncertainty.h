/* Uncertainty: what the answer is when inputs are not known for sure.
 *
 * The inputs that a scenario calls uncertain, and step times by the model's own error, are drawn
 * together (a Latin hypercube: McKay, Beckman and Conover 1979), and the scenario is planned for
 * each draw: a distribution of what a day costs, how often each option and each API is the
 * cheapest, and how much each would be regretted:
 *
 *     regret of a choice in a draw = its cost - the cost of the cheapest choice of that draw
 *
 * A choice is a technology (this model on that GPU) whose fleet is sized for each draw, or an API.
 * The plan of least regret is the choice with the smallest mean regret among those that never fail,
 * or fail least (Savage 1951 minimised the largest regret, which is given too).
 *
 * The tornado moves one input at a time to its 5 % and 95 % quantiles, the others at their nominal
 * values, and looks at the cost of the best plan and at the crossover.
 *
 * The rule: every draw is a plan of its own, sketched (plan/candidate.h) where there are many.
 * Everything is in the arena given.
 */
#ifndef CS_PLAN_UNCERTAINTY_H
#define CS_PLAN_UNCERTAINTY_H
#include "plan/study.h"

struct cs_spread { /* quantiles over the draws */
    double mean, p5, p25, p50, p75, p95;
};

struct cs_choice { /* an option of the scenario, or an API */
    size_t option; /* when `api` is NULL */
    const struct cs_compare *api;
    struct cs_spread usd; /* a day, over the draws in which it will do */
    double gpus_p5, gpus_p50, gpus_p95;
    double cheapest, cheapest_lo, cheapest_hi; /* share of the draws; 95 % */
    double fails; /* share of the draws in which it does not meet the SLO */
    double regret_mean, regret_p95, regret_max; /* USD a day */
};

struct cs_tornado_row {
    const char *name;             /* of the input */
    const char *low, *high;       /* its 5 % and 95 % quantiles, in words */
    double usd_low, usd_high;     /* of the best plan there; INFINITY: none will do */
    double cross_low, cross_high; /* crossover of volume; NaN: none in the range, or not asked */
};

struct cs_uncertainty {
    const struct cs_scenario *scenario;
    size_t samples, unsound; /* draws; of them, those that make no scenario and are left out */
    struct cs_spread usd;            /* of the best own plan of each draw */
    double feasible;                 /* share of draws in which some option will do */
    const struct cs_choice *choices; /* by mean regret, those that fail least first */
    size_t choice_count;
    double own_cheapest, own_cheapest_lo, own_cheapest_hi; /* hosting as such beats every API */
    double nominal_usd;                /* of the best plan at the nominal values */
    const struct cs_tornado_row *rows; /* the largest swing first */
    size_t row_count;
    const struct cs_compare *against; /* of the tornado's crossover; NULL: not asked */
    double nominal_cross;
    const char *cross_unit;
};

struct cs_uncertainty_settings {
    size_t samples; /* 0: the scenario's */
    bool tornado;
    bool crossover;      /* the tornado looks at the crossover too */
    const char *against; /* the API of it; NULL: the first that the nominal scenario crosses */
    const char *range;   /* of the volume; NULL: around the scenario's */
};

/* A value of an input at that quantile, as text for --set: "traffic.volume=52.1M tokens/day". */
const char *cs_uncertain_at(const struct cs_uncertain *input, double quantile,
                            struct cs_arena *arena);
/* The same in words, without its key. */
const char *cs_uncertain_words(const struct cs_uncertain *input, double quantile,
                               struct cs_arena *arena);

/* False: an input by itself makes no sound scenario somewhere; its errors are in diags. */
bool cs_uncertainty_run(struct cs_uncertainty *u, struct cs_study *study,
                        const struct cs_uncertainty_settings *settings, struct cs_arena *arena,
                        struct cs_diags *diags);

#endif
