/* Calibrate, after the fit: what is known of its values, and refits without a group.
 *
 * Standard errors are formal: the covariance s^2 (J'WJ)^-1 with s^2 the weighted mean square of z
 * over the degrees of freedom. They hold when errors are independent, which those of one machine
 * are not; the spread of the values over refits that leave a group out says more, and is printed
 * beside them. A parameter is called unidentified when its standard error is over half of it, when
 * it is correlated by more than 0.98 with another, or when it ended at a bound.
 *
 * The rule: a group that is left out is predicted by nothing that was fitted to it. A refit begins
 * where the full fit ended and runs until it settles; a parameter that only the group told about
 * begins, and stays, at its usual size; and hardware that is left out loses its calibrated factors.
 *
 * Memory: the arena's. Not here: GSL (calibrate.c), which cases and parameters
 * (calibrate_choose.c).
 */
#include "base/check.h"
#include "fit/calibrate_fit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double VAGUE = 0.5, TANGLED = 0.98;
/* Least scatter that standard errors are made of, in spreads: a replay is rough by a tenth of a per
 * cent or two, since a request planned a step sooner or later moves by a whole step. */
static const double ROUGH = 0.05;

/* --- what is known --------------------------------------------------------------------------- */

static double mean_square(const struct cs_fit *f, size_t freedom)
{
    double sum = 0.0;
    for (size_t r = 0; r < f->residual_count; r++) {
        const double z = cs_fit_z(f, r, f->residuals[r].predicted);
        sum += f->residuals[r].weight * z * z;
    }
    return f->residual_count > freedom ? sum / (double)(f->residual_count - freedom) : NAN;
}

static void note_values(struct cs_fit *f, const double *u)
{
    cs_fit_set(f, u, &f->trials[0]);
    for (size_t k = 0; k < f->count; k++) {
        struct cs_fitted *const one = &f->fits[k];
        const struct cs_parameter *const p = &one->parameter;
        one->value = p->home == CS_HOME_SOURCE ? f->trials[0].launch_s[p->offset]
                                               : *cs_parameter_at(p, &f->trials[0].sheets);
        one->bound = cs_parameter_bound(p, cs_fit_high(f, p, &f->trials[0].sheets), one->value);
    }
}

static void judge(struct cs_fit *f, struct cs_arena *arena)
{
    for (size_t k = 0; k < f->count; k++) {
        struct cs_fitted *const one = &f->fits[k];
        if (one->bound != 0)
            one->warning = one->bound > 0 ? "at its upper bound" : "at its lower bound";
        else if (isnan(one->error))
            one->warning = "its error is not known: too few figures";
        else if (one->error > VAGUE * one->value)
            one->warning = cs_arena_printf(arena, "not identified: known to ± %.0f %%",
                                           100.0 * one->error / one->value);
        else if (fabs(one->correlation) > TANGLED)
            one->warning = cs_arena_printf(arena, "trades off with %s (correlation %.3f)",
                                           f->fits[one->rival].name, one->correlation);
    }
}

static void estimate(struct cs_fit *f, const double *u, struct cs_calibration *out,
                     struct cs_arena *arena)
{
    const size_t n = f->count;
    double *const covariance = cs_arena_alloc(arena, n * n, sizeof *covariance);
    double *const correlation =
        cs_arena_alloc(arena, out->fit_count * out->fit_count, sizeof(double));
    bool *const free_columns = cs_arena_alloc(arena, n, sizeof *free_columns);
    size_t freedom = 0;
    note_values(f, u);
    for (size_t k = 0; k < n; k++)
        freedom += free_columns[k] = f->fits[k].bound == 0;
    for (size_t r = 0; r < f->residual_count; r++)
        f->residuals[r].predicted = f->base[r];
    cs_fit_slopes(f, u, true);
    cs_fit_covariance(f, free_columns, covariance);
    const double square = mean_square(f, freedom);
    out->scatter = sqrt(square);
    for (size_t i = 0; i < out->fit_count * out->fit_count; i++)
        correlation[i] = NAN;
    for (size_t k = 0; k < n; k++) {
        struct cs_fitted *const one = &f->fits[k];
        const double high = cs_fit_high(f, &one->parameter, &f->trials[0].sheets);
        const double variance = covariance[k * n + k];
        one->rival = k;
        if (variance > 0.0)
            one->error = sqrt(fmax(square, ROUGH * ROUGH) * variance) *
                         cs_parameter_slope(&one->parameter, high, u[k]);
        for (size_t j = 0; j < n; j++) {
            const double c = covariance[k * n + j] / sqrt(variance * covariance[j * n + j]);
            correlation[k * out->fit_count + j] = c;
            if (j != k && fabs(c) > fabs(one->correlation)) {
                one->correlation = c;
                one->rival = j;
            }
        }
    }
    out->correlation = correlation;
    judge(f, arena);
}

/* The group of a case, which is that of the run it is a part of. */
static const char *group_of(const struct cs_fit *f, size_t i, struct cs_arena *arena)
{
    while (f->parts_of[i] == 0)
        i--;
    return cs_group_of(f->cases[i], f->ask->leave_out, arena);
}

/* --- errors ---------------------------------------------------------------------------------- */

static struct cs_error_sum sum_errors(const struct cs_fit *f, int figure, const char *group,
                                      bool held_out, struct cs_arena *arena)
{
    double *const sizes = cs_arena_alloc(arena, f->residual_count, sizeof *sizes);
    double *const errors = cs_arena_alloc(arena, f->residual_count, sizeof *errors);
    struct cs_error_sum sum = {.median = NAN, .mean = NAN, .bias = NAN};
    double total = 0.0;
    for (size_t r = 0; r < f->residual_count; r++) {
        const struct cs_residual *const one = &f->residuals[r];
        const double predicted = held_out ? one->held_out : one->predicted;
        if (one->figure != figure || isnan(predicted))
            continue;
        if (group && strcmp(group, group_of(f, f->owner[r], arena)) != 0)
            continue;
        errors[sum.count] = predicted / one->measured - 1.0;
        sizes[sum.count] = fabs(errors[sum.count]);
        total += sizes[sum.count++];
    }
    if (sum.count > 0) {
        sum.mean = total / (double)sum.count;
        sum.median = cs_case_median(sizes, sum.count);
        sum.bias = cs_case_median(errors, sum.count);
    }
    return sum;
}

static void sum_all(struct cs_fit *f, struct cs_calibration *out, struct cs_arena *arena)
{
    for (int i = 0; i < CS_FIGURE_COUNT; i++) {
        out->in_sample[i] = sum_errors(f, i, NULL, false, arena);
        out->held_out[i] = sum_errors(f, i, NULL, true, arena);
        for (size_t g = 0; g < out->group_count; g++) {
            struct cs_group_error *const one = &out->groups[g];
            one->in_sample[i] = sum_errors(f, i, one->name, false, arena);
            one->held_out[i] = sum_errors(f, i, one->name, true, arena);
            one->count += one->in_sample[i].count;
        }
    }
}

/* --- leaving a group out --------------------------------------------------------------------- */

static void find_groups(struct cs_fit *f, struct cs_calibration *out, struct cs_arena *arena)
{
    out->groups = cs_arena_alloc(arena, f->case_count, sizeof *out->groups);
    for (size_t i = 0; i < f->case_count; i++) {
        const char *const name = group_of(f, i, arena);
        size_t g = 0;
        while (g < out->group_count && strcmp(out->groups[g].name, name) != 0)
            g++;
        if (g == out->group_count)
            out->groups[out->group_count++].name = name;
    }
}

struct full { /* the fit to everything, where every refit begins */
    double *u, *usual, *weights, *slopes;
};

/* What only the masked told begins, and so stays, at its usual size. */
static void begin_again(struct cs_fit *f, const struct full *full, double *u)
{
    for (size_t k = 0; k < f->count; k++) {
        bool told = false;
        for (size_t r = 0; r < f->residual_count && !told; r++)
            told = !f->masked[f->owner[r]] && full->slopes[r * f->count + k] != 0.0;
        u[k] = told ? full->u[k] : full->usual[k];
    }
    for (size_t r = 0; r < f->residual_count; r++)
        f->residuals[r].weight = full->weights[r];
}

static void leave_out(struct cs_fit *f, const char *group, const struct full *full,
                      struct cs_arena *arena)
{
    double *const u = cs_arena_alloc(arena, f->count, sizeof *u);
    size_t left = 0;
    for (size_t i = 0; i < f->case_count; i++) {
        f->masked[i] = strcmp(group, group_of(f, i, arena)) == 0;
        left += f->masked[i] ? 0 : f->first[i + 1] - f->first[i];
    }
    if (left >= f->count) {
        begin_again(f, full, u);
        cs_fit_run(f, u, true);
        cs_fit_set(f, u, &f->trials[0]);
        for (size_t k = 0; k < f->count; k++) {
            struct cs_fitted *const one = &f->fits[k];
            const struct cs_parameter *const p = &one->parameter;
            const double value = p->home == CS_HOME_SOURCE
                                     ? f->trials[0].launch_s[p->offset]
                                     : *cs_parameter_at(p, &f->trials[0].sheets);
            one->least = fmin(value, one->least); /* fmin and fmax pass over a NaN */
            one->most = fmax(value, one->most);
        }
        for (size_t i = 0; i < f->case_count; i++)
            f->masked[i] = !f->masked[i];
        f->without_factors = f->ask->leave_out == CS_GROUP_HARDWARE && !f->ask->of_hardware;
        cs_fit_predict(f, u, f->base);
        f->without_factors = false;
        for (size_t r = 0; r < f->residual_count; r++)
            if (!f->masked[f->owner[r]])
                f->residuals[r].held_out = f->base[r];
    }
    memset(f->masked, 0, f->case_count * sizeof *f->masked);
}

static void leave_each_out(struct cs_fit *f, const double *u, struct cs_calibration *out,
                           struct cs_arena *arena, struct cs_diags *diags)
{
    const size_t slopes = f->count * f->residual_count;
    struct full full = {cs_arena_alloc(arena, f->count, sizeof *u),
                        cs_arena_alloc(arena, f->count, sizeof *u),
                        cs_arena_alloc(arena, f->residual_count, sizeof *u),
                        cs_arena_alloc(arena, slopes, sizeof *u)};
    find_groups(f, out, arena);
    if (out->group_count < 2) {
        cs_diag_warning(diags, (struct cs_span){.source = NULL}, NULL,
                        "--leave-out %s: all measurements are of one",
                        cs_fit_group_names[f->ask->leave_out]);
        return;
    }
    memcpy(full.u, u, f->count * sizeof *u);
    memcpy(full.slopes, f->slopes, slopes * sizeof *u);
    cs_fit_start(f, full.usual);
    for (size_t r = 0; r < f->residual_count; r++)
        full.weights[r] = f->residuals[r].weight;
    for (size_t g = 0; g < out->group_count; g++)
        leave_out(f, out->groups[g].name, &full, arena);
    for (size_t r = 0; r < f->residual_count; r++)
        f->residuals[r].weight = full.weights[r];
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool enough(const struct cs_fit *f, const struct cs_cases *cases, struct cs_diags *diags)
{
    const struct cs_span nowhere = {.source = NULL};
    if (f->residual_count == 0) {
        cs_diag_error(diags, nowhere, NULL, "no measurement can be used, of %zu read", cases->read);
        for (size_t i = 0; i < cases->skip_count; i++)
            cs_diag_error(diags, nowhere, cases->skips[i].example, "%zu left out: %s",
                          cases->skips[i].count, cases->skips[i].reason);
        return false;
    }
    if (f->residual_count < f->count)
        cs_diag_error(diags, nowhere, "name fewer with --fit, or give more measurements",
                      "%zu figures cannot tell %zu parameters", f->residual_count, f->count);
    return f->residual_count >= f->count;
}

struct cs_calibration *cs_calibrate(struct cs_cases *cases, const struct cs_calibration_ask *ask,
                                    struct cs_arena *arena, struct cs_diags *diags)
{
    struct cs_calibration *const out = cs_arena_alloc(arena, 1, sizeof *out);
    struct cs_fit fit = {.ask = ask};
    cs_fit_choose(&fit, cases, arena, diags);
    if (!enough(&fit, cases, diags))
        return NULL;
    out->cases = cases;
    out->fits = fit.fits;
    out->fit_count = fit.all;
    double *const u = cs_arena_alloc(arena, fit.count, sizeof *u);
    cs_fit_start(&fit, u);
    if (fit.count > 0)
        cs_fit_run(&fit, u, false);
    else
        cs_fit_predict(&fit, u, fit.base);
    estimate(&fit, u, out, arena);
    out->sheets = fit.trials[0].sheets;
    if (ask->leave_out != CS_GROUP_NONE)
        leave_each_out(&fit, u, out, arena, diags);
    out->residuals = fit.residuals;
    out->residual_count = fit.residual_count;
    out->case_count = fit.case_count;
    sum_all(&fit, out, arena);
    out->runs = fit.runs;
    return out;
}
