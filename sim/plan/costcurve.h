/* Cost curve: what an option costs along an axis, from fleets that are sized and simulated.
 *
 * A curve holds points in the order of x, each the answer for one option of the scenario with the
 * axis' key set to x: how many GPUs (with the ends of its interval), what a day costs, and what
 * each API would ask for the same requests. Points are wanted one by one and planned together, in
 * parallel; a point that is wanted with more effort replaces the one there.
 *
 * Along the volume a fleet's cost is a staircase: flat (or rising a little, where energy is paid)
 * while the same fleet will do, with a step where one more replica is needed. Where exactly is
 * known to the width between two points.
 *
 * The rule: every point is a simulated answer; between points nothing is assumed but that cost does
 * not change its direction there.
 * Points live in the arena given.
 */
#ifndef CS_PLAN_COSTCURVE_H
#define CS_PLAN_COSTCURVE_H
#include "plan/study.h"

enum cs_along_kind {
    CS_ALONG_KEY,   /* a key of the scenario: x in its unit */
    CS_ALONG_SHARE, /* x is the answers' share of the tokens: traffic.input_share = 1 - x */
    CS_ALONG_SLO,   /* every limit times x */
    CS_ALONG_LOAD   /* x is the share of the most traffic that a fleet can take: of one fleet */
};

struct cs_along { /* an axis */
    enum cs_along_kind kind;
    const char *name; /* as asked: "traffic.volume", "gpu_price" */
    const char *key;  /* that is set; NULL: see kind */
    const char *unit; /* of x, such as "tokens/day"; "" for shares and factors */
    bool log;         /* x is looked at by its logarithm */
    double low, high; /* in its unit */
    /* Of a load: the fleet, and its most traffic (plan/budget.h finds both). */
    struct cs_given given;
    double most, most_lo, most_hi; /* 95 %, sampling */
    double most_model_lo, most_model_hi; /* 95 %, the model; NaN: not known */
    const char *most_unit;
};

/* Whether a fleet meets the SLO, and whether that is sure (plan/judge.h). */
enum cs_standing { CS_MISSES, CS_MAY_MISS, CS_MAY_MEET, CS_MEETS };

struct cs_cost_point {
    double x;
    enum cs_effort effort;
    bool feasible;
    enum cs_standing standing;
    enum cs_binding binding;
    const char *why;            /* why not; NULL */
    double usd, usd_lo, usd_hi; /* a day: as planned, and at both ends of the count's interval;
                                   INFINITY: not feasible */
    double gpu_usd;             /* of it, what scales with the price of GPUs */
    long gpus, gpus_lo, gpus_hi;
    int replicas, tensor;
    double load, ttft_p95_s, tpot_p95_s;
    const double *api; /* USD a day of each API, in the order of `compare`; NaN: no price */
};

struct cs_cost_curve {
    size_t option;           /* of the scenario */
    double z;                /* NaN: as the scenario says */
    struct cs_given given;   /* this fleet at every point; replicas 0: the fewest */
    const char *const *sets; /* further settings of all its points */
    size_t set_count;
    struct cs_cost_point *points; /* by x */
    size_t count;
};

struct cs_curves {
    struct cs_study *study;
    struct cs_along along;
    size_t api_count;
    size_t only_api; /* crossings with this one alone matter, counted from 1; 0: with all */
    struct cs_arena *arena;
    struct cs_wanted *wanted; /* points to be planned */
    size_t wanted_count;
    size_t planned; /* so far */
};

/* Reads an axis: a key, or volume, gpu_price, utilisation, output_share, slo; with its range
 * "A..B", or NULL for a range around where the scenario stands. False: errors in diags. */
bool cs_along_parse(struct cs_along *along, const char *axis, const char *range,
                    const struct cs_study *study, struct cs_arena *arena, struct cs_diags *diags);
/* x of an axis at share u of its range, and x between two others, in the middle. */
double cs_along_at(const struct cs_along *along, double u);
double cs_along_middle(const struct cs_along *along, double a, double b);
/* How far apart two x are, as a share of the range (of the factor, where it is logarithmic 1 is a
 * factor of e). */
double cs_along_width(const struct cs_along *along, double a, double b);
/* Where the scenario itself stands; NaN: it does not say. */
double cs_along_here(const struct cs_along *along, const struct cs_scenario *scenario);

/* Settings that multiply every limit of the SLO; as many as it has limits. */
const char *const *cs_along_limits(const struct cs_scenario *scenario, double factor,
                                   struct cs_arena *arena);

void cs_curves_init(struct cs_curves *curves, struct cs_study *study, const struct cs_along *along,
                    struct cs_arena *arena);
/* Wants a point of a curve; nothing where it is there with as much effort. */
void cs_curves_want(struct cs_curves *curves, struct cs_cost_curve *curve, double x,
                    enum cs_effort effort);
/* The settings that put the scenario at x of a curve. */
const char *const *cs_curves_sets(const struct cs_curves *curves, const struct cs_cost_curve *curve,
                                  double x, size_t *count);
/* Plans what is wanted. False: nothing was. */
bool cs_curves_plan(struct cs_curves *curves);

#endif
