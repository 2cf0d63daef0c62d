/* The fit from inside: what calibrate_choose.c fills, calibrate.c iterates
 * and calibrate_result.c reports.
 *
 * A point of the fit is an array u of `count` numbers, one a moving parameter, on the scales of
 * parameters.h. Residuals of a masked case (a group that is left out) count as 0 and are not
 * predicted. Residuals first[i] .. first[i + 1] - 1 belong to case i.
 *
 * The one rule: `at` and `base` belong together: the last point predicted, and its predictions.
 * All arrays belong to the arena of the calibration; one thread runs a fit, jobs only read it.
 */
#ifndef CS_FIT_CALIBRATE_FIT_H
#define CS_FIT_CALIBRATE_FIT_H
#include "fit/calibrate.h"

struct cs_trial {
    struct cs_trial_sheets sheets;
    double *launch_s; /* of a layer, by file and sort of operators */
};

struct cs_fit {
    const struct cs_calibration_ask *ask;
    const struct cs_case **cases; /* those that are used */
    size_t case_count;
    size_t *item_of;   /* their places in cs_cases */
    size_t *first;     /* case_count + 1 */
    size_t *launch_of; /* which of a trial's launch_s */
    size_t *parts_of;  /* how many cases from here on are parts of one run; 0: within one */
    bool *masked;
    struct cs_hardware *unmeasured; /* that of each case without its calibrated factors */
    bool without_factors;           /* predict with those */
    struct cs_residual *residuals;
    size_t *owner; /* of a residual: its case */
    size_t residual_count;
    struct cs_fitted *fits;
    size_t count; /* of fits that move; the rest of `all` stand behind them */
    size_t all;
    struct cs_trial *trials; /* 1 + 2 count */
    double *at, *base;       /* count; residual_count */
    double *reach;           /* of the difference of each parameter, on the scale of the fit */
    double *varied;          /* 2 count x residual_count */
    double *slopes;          /* residual_count x count: d z / d u at `sloped` */
    double *sloped;          /* count */
    bool central;            /* differences to both sides */
    void (*tick)(void *batch);
    size_t runs;
};

/* How far the mean of a figure lies from any model for reasons that no parameter holds. */
extern const double cs_fit_spread[CS_FIGURE_COUNT];

/* Fills what the fit is of: cases that can be used, parameters that they tell. */
void cs_fit_choose(struct cs_fit *f, struct cs_cases *cases, struct cs_arena *arena,
                   struct cs_diags *diags);
double cs_fit_high(const struct cs_fit *f, const struct cs_parameter *p,
                   const struct cs_trial_sheets *sheets);
void cs_fit_start(const struct cs_fit *f, double *u);
void cs_fit_set(const struct cs_fit *f, const double *u, struct cs_trial *trial);
void cs_fit_predict(struct cs_fit *f, const double *u, double *predicted);
/* Moves u to the least squares of the residuals that are not masked; sets their weights. `again`:
 * u and the weights come from a fit like it. */
void cs_fit_run(struct cs_fit *f, double *u, bool again);
/* d z / d u of residual r and parameter k at f->slopes[r * count + k]. */
void cs_fit_slopes(struct cs_fit *f, const double *u, bool central);
double cs_fit_z(const struct cs_fit *f, size_t residual, double predicted);
/* The inverse of J'WJ of the `free` columns, count x count, NaN elsewhere; J is f->slopes. */
void cs_fit_covariance(const struct cs_fit *f, const bool *free_columns, double *covariance);

#endif
