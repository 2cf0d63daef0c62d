/* Calibrate: the parameters of a sheet moved until predictions agree with measurements.
 *
 * For each case and each figure that was measured, the residual is
 *
 *     z = ln(predicted / measured) / spread
 *
 * where spread is how far a mean of that figure lies from any model for reasons that no parameter
 * holds (calibrate.c has the table). Least squares by Levenberg-Marquardt (GSL), with weights of
 * Huber (1964) so that a bad row pulls with a bounded force. Predictions are those of `capsim run`:
 * the same engine, the same step model, the same bytes.
 *
 * The one rule: the fit sees measurements of one engine; a case that is overloaded, impossible
 * (faster than the physical floor) or without a figure is left out and counted, never bent.
 * Operators timed one by one carry a launch overhead of their own, which serving engines hide
 * behind CUDA graphs: a nuisance parameter a file, s per layer, which no sheet keeps, and one more
 * for all-reduces.
 * All memory is the arena's. The result does not depend on the number of threads.
 */
#ifndef CS_FIT_CALIBRATE_H
#define CS_FIT_CALIBRATE_H
#include "fit/case.h"
#include "fit/parameters.h"

enum cs_group {
    CS_GROUP_NONE,
    CS_GROUP_MODEL,
    CS_GROUP_HARDWARE,
    CS_GROUP_WORKLOAD,
    CS_GROUP_FILE,
    CS_GROUP_COUNT
};
extern const char *const cs_fit_group_names[CS_GROUP_COUNT]; /* "none", "model", ... */
/* What a case is grouped by: the name of its model, of its hardware, ... */
const char *cs_group_of(const struct cs_case *c, enum cs_group group, struct cs_arena *arena);

struct cs_calibration_ask {
    struct cs_trial_sheets start; /* values that are fixed stand in it */
    bool of_hardware; /* fits start.hardware and cases on it; else start.engine, on any hardware */
    bool any_engine;  /* measurements of whatever engine count as start.engine's */
    const struct cs_parameter *const *fit;
    size_t fit_count;
    enum cs_group leave_out;
    int threads;
    void (*tick)(void *user); /* between evaluations; NULL: none */
    void *user;
};

struct cs_fitted {
    const char *name;
    struct cs_parameter parameter;
    bool moved; /* false: no measurement depends on it, it stays */
    double start, value;
    double error;        /* standard error, formal; NaN: not known */
    int bound;           /* -1, 1: it ended at its lower or upper bound */
    double least, most;  /* over the refits with a group left out; NaN: none */
    size_t rival;        /* the parameter it is most correlated with; itself: none */
    double correlation;  /* with it */
    const char *warning; /* NULL: the data identify it */
};

struct cs_residual {
    size_t item; /* of cases->items */
    int figure;
    double measured, predicted;
    double held_out; /* predicted by the fit without its group; NaN: not asked */
    double weight;   /* of Huber, 0 to 1 */
};

struct cs_error_sum { /* of |predicted / measured - 1|; NaN when count is 0 */
    size_t count;
    double median, mean, bias; /* bias: median of the signed error */
};

struct cs_group_error {
    const char *name;
    size_t count; /* residuals */
    struct cs_error_sum in_sample[CS_FIGURE_COUNT], held_out[CS_FIGURE_COUNT];
};

struct cs_calibration {
    const struct cs_cases *cases;
    struct cs_trial_sheets sheets; /* with the fitted values */
    struct cs_fitted *fits;
    size_t fit_count;
    const double *correlation; /* fit_count x fit_count; NaN where not known */
    struct cs_residual *residuals;
    size_t residual_count;
    size_t case_count; /* that the residuals are of */
    double scatter;    /* root of the weighted mean square of z: 1 when the spreads hold */
    struct cs_error_sum in_sample[CS_FIGURE_COUNT], held_out[CS_FIGURE_COUNT];
    struct cs_group_error *groups; /* those left out in turn */
    size_t group_count;
    size_t runs; /* predictions made */
};

/* Cases that the fit cannot use are skipped in `cases`, with their reason; warnings name those that
 * are impossible. NULL: an error in `diags` (nothing to fit, fewer figures than parameters). */
struct cs_calibration *cs_calibrate(struct cs_cases *cases, const struct cs_calibration_ask *ask,
                                    struct cs_arena *arena, struct cs_diags *diags);

#endif
