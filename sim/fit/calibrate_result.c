/* Calibrate, around the fit: which cases, which parameters, and what is known afterwards.
 *
 * Standard errors are formal: the covariance s^2 (J'WJ)^-1 with s^2 the weighted mean square of z
 * over the degrees of freedom. They hold when errors are independent, which those of one machine
 * are not; the spread of the values over refits that leave a group out says more, and is printed
 * beside them. A parameter is called unidentified when its standard error is over half of it, when
 * it is correlated by more than 0.98 with another, or when it ended at a bound.
 *
 * Leaving a group out starts again from the values of the start sheet, so that nothing of the full
 * fit is known to it; a parameter that only the group told about stays at the start sheet's value.
 *
 * Memory: the arena's. Not here: GSL (calibrate.c).
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

/* Mean TTFT: on an idle engine the phase of an arrival within a step decides; under load queueing
 * multiplies a small error of the step. Rates of saturated engines: waves of admission. One
 * operator or one step: kernels come in tiles, and step with the batch. */
const double cs_fit_spread[CS_FIGURE_COUNT] = {
    [CS_FIGURE_TTFT_MEAN] = 0.10,   [CS_FIGURE_TPOT_MEAN] = 0.03,    [CS_FIGURE_E2E_MEAN] = 0.03,
    [CS_FIGURE_OUTPUT_RATE] = 0.05, [CS_FIGURE_PREFILL_RATE] = 0.05, [CS_FIGURE_DECODE_RATE] = 0.03,
    [CS_FIGURE_STEP] = 0.05};

#define F(figure) (1u << CS_FIGURE_##figure)
/* The figures of a kind of case that tell of step times; the rate of a run that keeps up with its
 * arrivals tells of the arrivals. */
static const unsigned telling[CS_CASE_COUNT] = {
    [CS_CASE_REPLAY] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN),
    [CS_CASE_ONLINE] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN),
    [CS_CASE_OFFLINE] = F(OUTPUT_RATE) | F(TPOT_MEAN),
    [CS_CASE_STATIC] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN) | F(OUTPUT_RATE) |
                       F(PREFILL_RATE) | F(DECODE_RATE),
    [CS_CASE_SINGLE] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN) | F(PREFILL_RATE) | F(DECODE_RATE),
    [CS_CASE_PREFILL] = F(PREFILL_RATE) | F(TTFT_MEAN),
    [CS_CASE_DECODE] = F(DECODE_RATE) | F(TPOT_MEAN),
    [CS_CASE_STEP] = F(STEP)};
#undef F

const char *const cs_fit_group_names[CS_GROUP_COUNT] = {"none", "model", "hardware", "workload",
                                                        "file"};

/* The file of "file:12" or "file". */
static const char *file_of(const char *source, struct cs_arena *arena)
{
    const char *const colon = strrchr(source, ':');
    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return source;
    return cs_arena_strndup(arena, source, (size_t)(colon - source));
}

const char *cs_group_of(const struct cs_case *c, enum cs_group group, struct cs_arena *arena)
{
    switch (group) {
    case CS_GROUP_MODEL:
        return c->option.model->name;
    case CS_GROUP_HARDWARE:
        return c->option.hardware->name;
    case CS_GROUP_WORKLOAD:
        return c->workload;
    case CS_GROUP_FILE:
        return file_of(c->source, arena);
    default:
        return "";
    }
}

/* --- which cases ----------------------------------------------------------------------------- */

static bool same_engine(const struct cs_engine_sheet *start, const struct cs_engine_sheet *other)
{
    for (size_t i = 0; i < start->alias_count; i++)
        if (strcmp(start->aliases[i], other->name) == 0)
            return true;
    return strcmp(start->name, other->name) == 0;
}

static bool tells(const struct cs_case *c, int figure)
{
    return (telling[c->kind] >> figure & 1u) != 0 && isfinite(c->measured[figure]) &&
           c->measured[figure] > 0.0;
}

static bool is_rate(int figure)
{
    return figure == CS_FIGURE_OUTPUT_RATE || figure == CS_FIGURE_PREFILL_RATE ||
           figure == CS_FIGURE_DECODE_RATE;
}

/* The figure that no machine can have measured, or -1. */
static int impossible(const struct cs_case *c, double floor[CS_FIGURE_COUNT])
{
    cs_case_floor(c, floor);
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        if (tells(c, i) && isfinite(floor[i]) &&
            (is_rate(i) ? c->measured[i] > floor[i] : c->measured[i] < floor[i]))
            return i;
    return -1;
}

/* Why a case is of no use, or NULL. */
static const char *useless(const struct cs_case *c, const struct cs_calibration_ask *ask,
                           struct cs_diags *diags)
{
    double figures[CS_FIGURE_COUNT];
    const char *reason;
    unsigned told = 0;
    if (!ask->any_engine && !same_engine(&ask->start.engine, c->option.engine))
        return "measured on another engine";
    if (ask->of_hardware && strcmp(ask->start.hardware.name, c->option.hardware->name) != 0)
        return "measured on other hardware";
    if (c->overloaded)
        return "overloaded: latency there tells of the backlog";
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        told += tells(c, i);
    if (told == 0)
        return "no figure that tells of step times";
    const int figure = impossible(c, figures);
    if (figure >= 0) {
        struct cs_source *const source = cs_arena_alloc(diags->arena, 1, sizeof *source);
        source->name = c->source;
        cs_diag_warning(diags, (struct cs_span){.source = source}, "left out",
                        "%s of %.4g is %s than the hardware can, %.4g",
                        cs_figure_names[figure], c->measured[figure],
                        is_rate(figure) ? "more" : "less", figures[figure]);
        return "faster than the physical floor";
    }
    struct cs_case started = *c;
    started.trace_count = c->trace_count > 1 ? 1 : c->trace_count;
    started.option.engine = &ask->start.engine;
    if (ask->of_hardware)
        started.option.hardware = &ask->start.hardware;
    return cs_case_predict(&started, figures, NULL, &reason) ? NULL : reason;
}

/* The case whose run this one is a part of, one before it or the case itself. */
static size_t run_of(const struct cs_fit *f, const struct cs_case *c)
{
    size_t leader = f->case_count;
    if (leader == 0 || c->trace_count == 0)
        return leader;
    for (leader--; f->parts_of[leader] == 0; leader--)
        ;
    const struct cs_case *const first = f->cases[leader];
    const bool same = first->traces == c->traces && first->option.model == c->option.model &&
                      first->option.hardware == c->option.hardware &&
                      first->option.tensor_parallel == c->option.tensor_parallel &&
                      first->option.kv_blocks == c->option.kv_blocks && first->kind == c->kind;
    return same ? leader : f->case_count;
}

/* Traffic that was drawn several times is run once in a fit: the same draw for every trial. */
static const struct cs_case *once(const struct cs_case *c, struct cs_arena *arena)
{
    struct cs_case *const copy = cs_arena_alloc(arena, 1, sizeof *copy);
    *copy = *c;
    copy->trace_count = c->trace_count > 1 ? 1 : c->trace_count;
    return copy;
}

static void choose_cases(struct cs_fit *f, struct cs_cases *cases, struct cs_arena *arena,
                         struct cs_diags *diags)
{
    f->cases = cs_arena_alloc(arena, cases->count, sizeof *f->cases);
    f->item_of = cs_arena_alloc(arena, cases->count, sizeof *f->item_of);
    f->first = cs_arena_alloc(arena, cases->count + 1, sizeof *f->first);
    f->masked = cs_arena_alloc(arena, cases->count, sizeof *f->masked);
    f->parts_of = cs_arena_alloc(arena, cases->count, sizeof *f->parts_of);
    const size_t most = cases->count * CS_FIGURE_COUNT;
    f->residuals = cs_arena_alloc(arena, most, sizeof *f->residuals);
    f->owner = cs_arena_alloc(arena, most, sizeof *f->owner);
    for (size_t i = 0; i < cases->count; i++) {
        const struct cs_case *const c = &cases->items[i];
        const char *const reason = useless(c, f->ask, diags);
        if (reason) {
            cs_cases_skip(cases, reason, c->source);
            cases->read--; /* it was counted when it was read */
            continue;
        }
        f->item_of[f->case_count] = i;
        for (int figure = 0; figure < CS_FIGURE_COUNT; figure++) {
            if (!tells(c, figure))
                continue;
            f->owner[f->residual_count] = f->case_count;
            f->residuals[f->residual_count++] =
                (struct cs_residual){.item = i,
                                     .figure = figure,
                                     .measured = c->measured[figure],
                                     .held_out = NAN,
                                     .weight = 1.0};
        }
        const size_t leader = run_of(f, c);
        f->parts_of[leader]++;
        f->cases[f->case_count++] = once(c, arena);
        f->first[f->case_count] = f->residual_count;
    }
}

/* --- which parameters ------------------------------------------------------------------------ */

static size_t launch_files(struct cs_fit *f, struct cs_arena *arena, const char **files)
{
    size_t count = 0;
    f->launch_of = cs_arena_alloc(arena, f->case_count, sizeof *f->launch_of);
    for (size_t i = 0; i < f->case_count; i++) {
        if (f->cases[i]->kind != CS_CASE_STEP)
            continue;
        const char *const file = file_of(f->cases[i]->source, arena);
        size_t at = 0;
        while (at < count && strcmp(files[at], file) != 0)
            at++;
        if (at == count)
            files[count++] = file;
        f->launch_of[i] = at;
    }
    return count;
}

static const char *base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void choose_parameters(struct cs_fit *f, struct cs_arena *arena)
{
    const char **const files = cs_arena_alloc(arena, f->case_count, sizeof *files);
    const size_t launches = launch_files(f, arena, files);
    const size_t most = f->ask->fit_count + launches;
    struct cs_trial_sheets start = f->ask->start;
    f->fits = cs_arena_alloc(arena, most, sizeof *f->fits);
    for (size_t k = 0; k < f->ask->fit_count; k++) {
        const struct cs_parameter *const p = f->ask->fit[k];
        f->fits[f->count++] = (struct cs_fitted){
            .name = p->name, .parameter = *p, .start = *cs_parameter_at(p, &start)};
    }
    for (size_t i = 0; i < launches; i++) {
        const struct cs_parameter launch = {.home = CS_HOME_SOURCE,
                                            .offset = i,
                                            .low = 1e-8,
                                            .high = 0.1,
                                            .start = 2e-5,
                                            .unit = "us",
                                            .scale = 1e-6};
        f->fits[f->count++] =
            (struct cs_fitted){.name = cs_arena_printf(arena, "launch (%s)", base_name(files[i])),
                               .parameter = launch,
                               .start = launch.start};
    }
    f->trials = cs_arena_alloc(arena, 1 + 2 * most, sizeof *f->trials);
    for (size_t t = 0; t < 1 + 2 * most; t++)
        f->trials[t].launch_s = cs_arena_alloc(arena, launches, sizeof(double));
    f->at = cs_arena_alloc(arena, most, sizeof *f->at);
    f->base = cs_arena_alloc(arena, f->residual_count, sizeof *f->base);
    f->varied = cs_arena_alloc(arena, 2 * most * f->residual_count, sizeof *f->varied);
    f->half = cs_arena_alloc(arena, most, sizeof *f->half);
    for (size_t k = 0; k < most; k++) {
        f->half[k] = 0.2;
        f->fits[k].moved = true;
        f->fits[k].value = f->fits[k].start;
        f->fits[k].error = f->fits[k].least = f->fits[k].most = NAN;
    }
}

/* Parameters that nothing measured depends on go behind the others and stay as they are. */
static void drop_idle(struct cs_fit *f, struct cs_arena *arena)
{
    double *const u = cs_arena_alloc(arena, f->count, sizeof *u);
    double *const slopes = cs_arena_alloc(arena, f->count * f->residual_count, sizeof *slopes);
    struct cs_fitted *const sorted = cs_arena_alloc(arena, f->count, sizeof *sorted);
    size_t moving = 0, idle = 0;
    cs_fit_start(f, u);
    memset(f->at, 0xff, f->count * sizeof *f->at); /* NaN: no point predicted yet */
    cs_fit_slopes(f, u, slopes);
    for (size_t k = 0; k < f->count; k++)
        for (size_t r = 0; r < f->residual_count && f->fits[k].warning == NULL; r++)
            if (slopes[r * f->count + k] != 0.0)
                f->fits[k].warning = "";
    for (size_t k = 0; k < f->count; k++)
        if (f->fits[k].warning != NULL)
            sorted[moving++] = f->fits[k];
    for (size_t k = 0; k < f->count; k++)
        if (f->fits[k].warning == NULL)
            sorted[moving + idle++] = f->fits[k];
    for (size_t k = 0; k < f->count; k++) {
        sorted[k].moved = k < moving;
        sorted[k].warning = k < moving ? NULL : "no measurement depends on it; it stays";
    }
    memcpy(f->fits, sorted, f->count * sizeof *sorted);
    for (size_t k = 0; k < moving; k++)
        f->half[k] = 0.2;
    f->count = moving;
    f->all = moving + idle;
    memset(f->at, 0xff, (moving + idle) * sizeof *f->at);
}

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
    double *const slopes = cs_arena_alloc(arena, n * f->residual_count, sizeof *slopes);
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
    cs_fit_slopes(f, u, slopes);
    cs_fit_covariance(f, slopes, free_columns, covariance);
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

static void leave_out(struct cs_fit *f, const char *group, double *u, struct cs_arena *arena)
{
    size_t left = 0;
    for (size_t i = 0; i < f->case_count; i++) {
        f->masked[i] = strcmp(group, group_of(f, i, arena)) == 0;
        left += f->masked[i] ? 0 : f->first[i + 1] - f->first[i];
    }
    if (left >= f->count) {
        cs_fit_start(f, u);
        cs_fit_run(f, u);
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
        cs_fit_predict(f, u, f->base);
        for (size_t r = 0; r < f->residual_count; r++)
            if (!f->masked[f->owner[r]])
                f->residuals[r].held_out = f->base[r];
    }
    memset(f->masked, 0, f->case_count * sizeof *f->masked);
}

static void leave_each_out(struct cs_fit *f, struct cs_calibration *out, struct cs_arena *arena,
                           struct cs_diags *diags)
{
    double *const u = cs_arena_alloc(arena, f->count, sizeof *u);
    double *const weights = cs_arena_alloc(arena, f->residual_count, sizeof *weights);
    find_groups(f, out, arena);
    if (out->group_count < 2) {
        cs_diag_warning(diags, (struct cs_span){.source = NULL}, NULL,
                        "--leave-out %s: all measurements are of one",
                        cs_fit_group_names[f->ask->leave_out]);
        return;
    }
    for (size_t r = 0; r < f->residual_count; r++)
        weights[r] = f->residuals[r].weight;
    for (size_t g = 0; g < out->group_count; g++)
        leave_out(f, out->groups[g].name, u, arena);
    for (size_t r = 0; r < f->residual_count; r++)
        f->residuals[r].weight = weights[r];
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
    choose_cases(&fit, cases, arena, diags);
    choose_parameters(&fit, arena);
    if (fit.residual_count > 0)
        drop_idle(&fit, arena);
    if (!enough(&fit, cases, diags))
        return NULL;
    out->cases = cases;
    out->fits = fit.fits;
    out->fit_count = fit.all;
    double *const u = cs_arena_alloc(arena, fit.count, sizeof *u);
    cs_fit_start(&fit, u);
    if (fit.count > 0)
        cs_fit_run(&fit, u);
    else
        cs_fit_predict(&fit, u, fit.base);
    estimate(&fit, u, out, arena);
    out->sheets = fit.trials[0].sheets;
    if (ask->leave_out != CS_GROUP_NONE)
        leave_each_out(&fit, out, arena, diags);
    out->residuals = fit.residuals;
    out->residual_count = fit.residual_count;
    out->case_count = fit.case_count;
    sum_all(&fit, out, arena);
    out->runs = fit.runs;
    return out;
}
