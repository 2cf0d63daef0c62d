/* Parameters: what of an engine sheet or a hardware sheet can be fitted to measurements.
 *
 * One table says for each parameter which key of which sheet it is, where it lives, between what
 * bounds it may move, and on which scale the fit moves it: shares on the logit of their place
 * between the bounds; times and bytes straight below their usual size x0 and on the logarithm above
 * it, with a soft floor at 0. So no trial ever leaves the bounds:
 *
 *     share        x = low + (high - low) / (1 + exp(-u))
 *     time, bytes  x = x0 (exp(y) - 1),  y = (u + sqrt(u^2 + 0.01)) / 2
 *
 * The one rule: no bound lets a prediction pass its physical floor (model.md, 2.16): efficiencies
 * end at 1, also as the product of the engine's and the hardware's, and overheads at 0.
 * A further parameter is a line in the table. Owns nothing; reads and writes sheets given to it.
 */
#ifndef CS_FIT_PARAMETERS_H
#define CS_FIT_PARAMETERS_H
#include "base/unit.h"
#include "spec/sheet.h"

enum cs_parameter_home { CS_HOME_ENGINE, CS_HOME_HARDWARE, CS_HOME_SOURCE };

struct cs_parameter {
    const char *name; /* as `--fit` knows it: "overhead.step", "hardware.kv" */
    const char *key;  /* in its sheet: "overhead.step", "efficiency.kv" */
    enum cs_parameter_home home;
    size_t offset; /* of the double in cs_engine_sheet or cs_hardware */
    bool share;    /* a share, else a time or bytes */
    double low;    /* of shares */
    double high;
    double start;      /* its usual size, where every fit begins, whatever a sheet says */
    const char *unit;  /* in which it is written: "%", "", "us", "ms", "B" */
    double scale;      /* SI value of that unit */
    bool standard;     /* fitted unless told otherwise, when the measurements depend on it */
    bool beyond_steps; /* touches more than the times of steps */
};
extern const struct cs_parameter cs_parameters[];
extern const size_t cs_parameter_count;

/* The parameter of that name, or NULL. */
const struct cs_parameter *cs_parameter_find(const char *name);
/* The sheets of one trial: parameters live in copies of them. */
struct cs_trial_sheets {
    struct cs_engine_sheet engine;
    struct cs_hardware hardware;
};
double *cs_parameter_at(const struct cs_parameter *p, struct cs_trial_sheets *sheets);
/* The upper bound with what else the sheets say now. Engine factors are held against `hardware`. */
double cs_parameter_high(const struct cs_parameter *p, const struct cs_engine_sheet *engine,
                         const struct cs_hardware *hardware);
/* To the scale of the fit and back. */
double cs_parameter_inward(const struct cs_parameter *p, double high, double x);
double cs_parameter_outward(const struct cs_parameter *p, double high, double u);
/* dx/du at u. */
double cs_parameter_slope(const struct cs_parameter *p, double high, double u);
/* -1 at the lower bound, 1 at the upper one, 0 between. */
int cs_parameter_bound(const struct cs_parameter *p, double high, double x);
/* As a sheet writes it, with its unit: "84.5%", "10.3 us"; to four digits, or, with its standard
 * error (NaN: none), to a quarter of that at most. */
void cs_parameter_print(const struct cs_parameter *p, double x, double error, char text[32]);

#endif
