/* The fit: trials, residuals, Jacobian, Levenberg-Marquardt (see calibrate.h).
 *
 * A trial is a point on the scale of the fit; its values stand in copies of the sheets, and every
 * case is predicted with those copies, in parallel over cases and trials. The Jacobian is taken by
 * central differences that move some figure by half of its spread: replays are piecewise smooth (a
 * step planned sooner or later moves a request by a whole step), and small differences measure
 * that. A case whose step times a parameter does not touch is not run again: two probing steps
 * tell.
 *
 * Robust: rounds of least squares with the weights of Huber, w = min(1, 1.5 s / |z|), where s is
 * 1.4826 times the median of |z|, until the weights stand still.
 *
 * The rule: jobs write where their index says and are read in order, so the number of threads
 * cannot show. GSL's error handler is off during a fit: a fit that cannot be improved ends.
 * Not here: what is reported of a fit, errors and correlations (calibrate_result.c).
 */
#include "fit/calibrate.h"
#include "base/check.h"
#include "fit/calibrate_fit.h"
#include "plan/pool.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <stdlib.h>
#include <string.h>

static const double MOVE = 0.5; /* of the spread: what a difference moves a figure by */
static const double LEAST = 0.02, MOST = 0.6; /* of a difference, on the fit's scale */
static const double LOST = 2.0;               /* ln ratio of a prediction that does not exist */
static const double HUBER = 1.5;
static const double SETTLED = 0.05; /* change of a weight */
enum { ROUNDS = 7, FIRST = 6, LATER = 1, POLISHES = 2 };

static void *allocate(size_t count, size_t size)
{
    void *const memory = calloc(count + 1, size);
    cs_check(memory != NULL);
    return memory;
}

/* --- trials ---------------------------------------------------------------------------------- */

double cs_fit_high(const struct cs_fit *f, const struct cs_parameter *p,
                   const struct cs_trial_sheets *s)
{
    double high = cs_parameter_high(p, &s->engine, &s->hardware);
    for (size_t i = 0; !f->ask->of_hardware && i < f->case_count; i++)
        high = fmin(high, cs_parameter_high(p, &s->engine, f->cases[i]->option.hardware));
    return high;
}

static double *place_of(const struct cs_fit *f, struct cs_trial *t, size_t k)
{
    const struct cs_parameter *const p = &f->fits[k].parameter;
    return p->home == CS_HOME_SOURCE ? &t->launch_s[p->offset] : cs_parameter_at(p, &t->sheets);
}

void cs_fit_set(const struct cs_fit *f, const double *u, struct cs_trial *t)
{
    t->sheets = f->ask->start;
    for (size_t k = 0; k < f->count; k++) {
        struct cs_fitted *const one = &f->fits[k];
        const double high = cs_fit_high(f, &one->parameter, &t->sheets);
        *place_of(f, t, k) =
            one->moved ? cs_parameter_outward(&one->parameter, high, u[k]) : one->start;
    }
}

/* Where every fit begins: at what is usual, so that what sheets say of fitted figures, which may
 * come from an earlier fit to more, is known to none. */
void cs_fit_start(const struct cs_fit *f, double *u)
{
    struct cs_trial_sheets sheets = f->ask->start;
    for (size_t k = 0; k < f->count; k++) {
        const struct cs_parameter *const p = &f->fits[k].parameter;
        const double high = cs_fit_high(f, p, &sheets);
        u[k] = cs_parameter_inward(p, high, p->start);
        if (p->home != CS_HOME_SOURCE)
            *cs_parameter_at(p, &sheets) = cs_parameter_outward(p, high, u[k]);
    }
}

/* --- predictions ----------------------------------------------------------------------------- */

struct batch {
    const struct cs_fit *fit;
    struct cs_trial *trials;
    const struct cs_trial *base; /* NULL: every case is run */
    const double *base_predicted;
    double *predicted;    /* [trial][residual] */
    const size_t *varied; /* which parameter a trial moves; NULL with base NULL */
};

static struct cs_case with_sheets(const struct cs_fit *f, size_t i, const struct cs_trial *t)
{
    struct cs_case c = *f->cases[i];
    c.option.engine = &t->sheets.engine;
    if (f->ask->of_hardware)
        c.option.hardware = &t->sheets.hardware;
    else if (f->without_factors)
        c.option.hardware = &f->unmeasured[i];
    return c;
}

/* Whether two trials give the case the same step times, told by a decode step, a prefill step and
 * the widest, from which on some engines work otherwise (`offload_batch`). */
static bool same_steps(const struct cs_case *a, const struct cs_case *b)
{
    const struct cs_step_load probes[3] = {
        {.tokens = 7, .sampled = 7, .kv_tokens = 4159, .window_kv_tokens = 4159},
        {.tokens = 619,
         .sampled = 13,
         .kv_tokens = 9371,
         .window_kv_tokens = 9371,
         .pairs = 187453.0,
         .window_pairs = 187453.0,
         .prefill = true},
        {.tokens = a->option.max_num_batched_tokens, .sampled = 1, .prefill = true}};
    for (size_t i = 0; i < 3; i++) {
        struct cs_step_parts pa, pb;
        cs_step_explain(&pa, &a->option, a->option.tensor_parallel, a->top_p, &probes[i]);
        cs_step_explain(&pb, &b->option, b->option.tensor_parallel, b->top_p, &probes[i]);
        if (pa.total_s != pb.total_s)
            return false;
    }
    return true;
}

/* Cases that are parts of one run (its stages, and all of it) are taken from one log. */
static void predict_run(const struct cs_fit *f, size_t i, const struct cs_case *c, double *row)
{
    struct cs_arena arena;
    double figures[CS_FIGURE_COUNT];
    const char *reason;
    cs_arena_init(&arena);
    struct cs_request_log log = {.arena = &arena};
    const bool ran = cs_case_predict(c, figures, f->parts_of[i] > 1 ? &log : NULL, &reason);
    for (size_t part = i; part < i + f->parts_of[i]; part++) {
        if (part > i && ran)
            cs_case_figures(f->cases[part], &log, figures);
        for (size_t r = f->first[part]; r < f->first[part + 1]; r++)
            row[r] = ran ? figures[f->residuals[r].figure] : NAN;
    }
    cs_arena_fini(&arena);
}

static void predict_one(void *user, size_t index)
{
    const struct batch *const b = user;
    const struct cs_fit *const f = b->fit;
    const size_t trial = index / f->case_count, i = index % f->case_count;
    const struct cs_trial *const t = &b->trials[trial];
    const struct cs_case c = with_sheets(f, i, t);
    double *const row = b->predicted + trial * f->residual_count;
    if (f->parts_of[i] == 0 || f->masked[i])
        return;
    const size_t end = f->first[i + f->parts_of[i]];
    if (b->base && c.kind != CS_CASE_STEP && !f->fits[b->varied[trial]].parameter.beyond_steps) {
        const struct cs_case before = with_sheets(f, i, b->base);
        if (same_steps(&c, &before)) {
            memcpy(row + f->first[i], b->base_predicted + f->first[i],
                   (end - f->first[i]) * sizeof *row);
            return;
        }
    }
    predict_run(f, i, &c, row);
    if (c.kind == CS_CASE_STEP && c.parts != 0)
        row[f->first[i]] += c.option.model->layers * t->launch_s[f->launch_of[i]];
}

static void predict(struct cs_fit *f, struct batch *b, size_t trials)
{
    b->fit = f;
    cs_pool_run(f->ask->threads, trials * f->case_count, predict_one, f->ask->tick ? f->tick : NULL,
                b);
    f->runs += trials * f->case_count;
}

void cs_fit_predict(struct cs_fit *f, const double *u, double *predicted)
{
    struct batch b = {.trials = &f->trials[0], .predicted = predicted};
    cs_fit_set(f, u, &f->trials[0]);
    predict(f, &b, 1);
}

/* Predictions at u in `base`, made unless they are there already. */
static void move_to(struct cs_fit *f, const double *u)
{
    if (memcmp(f->at, u, f->count * sizeof *u) == 0)
        return;
    memcpy(f->at, u, f->count * sizeof *u);
    cs_fit_predict(f, u, f->base);
}

double cs_fit_z(const struct cs_fit *f, size_t r, double predicted)
{
    const struct cs_residual *const one = &f->residuals[r];
    const double ratio =
        predicted > 0.0 && isfinite(predicted) ? log(predicted / one->measured) : LOST;
    return ratio / cs_fit_spread[one->figure];
}

/* --- least squares --------------------------------------------------------------------------- */

static double root_weight(const struct cs_fit *f, size_t r)
{
    return f->masked[f->owner[r]] ? 0.0 : sqrt(f->residuals[r].weight);
}

static int residuals_at(const gsl_vector *u, void *user, gsl_vector *out)
{
    struct cs_fit *const f = user;
    double *const point = allocate(f->count, sizeof *point);
    for (size_t k = 0; k < f->count; k++)
        point[k] = gsl_vector_get(u, k);
    move_to(f, point);
    for (size_t r = 0; r < f->residual_count; r++) {
        const double root = root_weight(f, r);
        gsl_vector_set(out, r, root > 0.0 ? root * cs_fit_z(f, r, f->base[r]) : 0.0);
    }
    free(point);
    return GSL_SUCCESS;
}

/* The next difference of a parameter: wide enough to move some figure by MOVE, so that what a
 * figure jumps by, a request planned a step sooner or later, is small beside it. */
static void widen(struct cs_fit *f, size_t k, double steepest)
{
    f->reach[k] = steepest > 0.0 ? fmin(fmax(MOVE / steepest, LEAST), MOST) : MOST;
}

/* Trials beside u, one or two a parameter, predicted into `varied`. */
static void vary(struct cs_fit *f, const double *u, size_t sides)
{
    double *const moved = allocate(f->count, sizeof *moved);
    size_t *const varied = allocate(sides * f->count, sizeof *varied);
    cs_fit_set(f, u, &f->trials[0]);
    for (size_t k = 0; k < f->count; k++) {
        memcpy(moved, u, f->count * sizeof *moved);
        for (size_t side = 0; side < sides; side++) {
            moved[k] = u[k] + (side ? -f->reach[k] : f->reach[k]);
            cs_fit_set(f, moved, &f->trials[1 + sides * k + side]);
            varied[sides * k + side] = k;
        }
    }
    struct batch b = {.trials = f->trials + 1,
                      .base = f->trials,
                      .base_predicted = f->base,
                      .predicted = f->varied,
                      .varied = varied};
    predict(f, &b, sides * f->count);
    free(moved);
    free(varied);
}

void cs_fit_slopes(struct cs_fit *f, const double *u, bool central)
{
    const size_t sides = central ? 2 : 1;
    if (f->central == central && memcmp(f->sloped, u, f->count * sizeof *u) == 0)
        return;
    move_to(f, u);
    vary(f, f->at, sides);
    for (size_t k = 0; k < f->count; k++) {
        const double *const up = f->varied + sides * k * f->residual_count;
        const double *const down = central ? up + f->residual_count : f->base;
        double steepest = 0.0;
        for (size_t r = 0; r < f->residual_count; r++) {
            double slope = 0.0;
            if (!f->masked[f->owner[r]])
                slope = (cs_fit_z(f, r, up[r]) - cs_fit_z(f, r, down[r])) /
                        ((double)sides * f->reach[k]);
            steepest = fmax(steepest, fabs(slope));
            f->slopes[r * f->count + k] = slope;
        }
        widen(f, k, steepest);
    }
    memcpy(f->sloped, f->at, f->count * sizeof *u);
    f->central = central;
}

static int slopes_at(const gsl_vector *u, void *user, gsl_matrix *out)
{
    struct cs_fit *const f = user;
    double *const point = allocate(f->count, sizeof *point);
    for (size_t k = 0; k < f->count; k++)
        point[k] = gsl_vector_get(u, k);
    cs_fit_slopes(f, point, false);
    for (size_t r = 0; r < f->residual_count; r++)
        for (size_t k = 0; k < f->count; k++)
            gsl_matrix_set(out, r, k, root_weight(f, r) * f->slopes[r * f->count + k]);
    free(point);
    return GSL_SUCCESS;
}

static void descend(struct cs_fit *f, double *u, int iterations)
{
    gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
    settings.scale = gsl_multifit_nlinear_scale_levenberg; /* all of u is on one scale */
    gsl_multifit_nlinear_fdf problem = {
        .f = residuals_at, .df = slopes_at, .n = f->residual_count, .p = f->count, .params = f};
    gsl_multifit_nlinear_workspace *const w = gsl_multifit_nlinear_alloc(
        gsl_multifit_nlinear_trust, &settings, f->residual_count, f->count);
    cs_check(w != NULL);
    const gsl_vector_view start = gsl_vector_view_array(u, f->count);
    int info = 0;
    gsl_multifit_nlinear_init(&start.vector, &problem, w);
    for (int i = 0; i < iterations; i++) {
        if (gsl_multifit_nlinear_iterate(w) != GSL_SUCCESS)
            break;
        if (gsl_multifit_nlinear_test(1e-3, 1e-8, 0.0, &info, w) == GSL_SUCCESS)
            break;
    }
    for (size_t k = 0; k < f->count; k++)
        u[k] = gsl_vector_get(gsl_multifit_nlinear_position(w), k);
    gsl_multifit_nlinear_free(w);
}

/* New weights from the predictions at hand; returns the greatest change. */
static double reweigh(struct cs_fit *f)
{
    double *const sizes = allocate(f->residual_count, sizeof *sizes);
    size_t count = 0;
    double change = 0.0;
    for (size_t r = 0; r < f->residual_count; r++)
        if (!f->masked[f->owner[r]])
            sizes[count++] = fabs(cs_fit_z(f, r, f->base[r]));
    const double s = fmax(1.4826 * cs_case_median(sizes, count), 1e-9);
    for (size_t r = 0; r < f->residual_count; r++) {
        const double weight = fmin(1.0, HUBER * s / fmax(fabs(cs_fit_z(f, r, f->base[r])), 1e-12));
        if (f->masked[f->owner[r]])
            continue;
        change = fmax(change, fabs(weight - f->residuals[r].weight));
        f->residuals[r].weight = weight;
    }
    free(sizes);
    return change;
}

void cs_fit_covariance(const struct cs_fit *f, const bool *free_columns, double *covariance)
{
    size_t kept = 0;
    size_t *const column = allocate(f->count, sizeof *column);
    for (size_t k = 0; k < f->count; k++)
        if (free_columns[k])
            column[kept++] = k;
    for (size_t i = 0; i < f->count * f->count; i++)
        covariance[i] = NAN;
    if (kept > 0 && f->residual_count >= kept) {
        gsl_error_handler_t *const before = gsl_set_error_handler_off();
        gsl_matrix *const j = gsl_matrix_alloc(f->residual_count, kept);
        gsl_matrix *const c = gsl_matrix_alloc(kept, kept);
        cs_check(j && c);
        for (size_t r = 0; r < f->residual_count; r++)
            for (size_t k = 0; k < kept; k++)
                gsl_matrix_set(j, r, k, root_weight(f, r) * f->slopes[r * f->count + column[k]]);
        if (gsl_multifit_nlinear_covar(j, 1e-10, c) == GSL_SUCCESS)
            for (size_t a = 0; a < kept; a++)
                for (size_t b = 0; b < kept; b++)
                    covariance[column[a] * f->count + column[b]] = gsl_matrix_get(c, a, b);
        gsl_matrix_free(j);
        gsl_matrix_free(c);
        gsl_set_error_handler(before);
    }
    free(column);
}

static double weighted_square(const struct cs_fit *f)
{
    double sum = 0.0;
    for (size_t r = 0; r < f->residual_count; r++) {
        const double z = f->masked[f->owner[r]] ? 0.0 : cs_fit_z(f, r, f->base[r]);
        sum += f->residuals[r].weight * z * z;
    }
    return sum;
}

/* Whole steps of Gauss and Newton, of which the best point stays. A replay is rough on the scale of
 * a tenth of a per cent, so that near the end a trust region shrinks around any dent; the slopes,
 * taken over a wide difference, still point along the valley. */
static void polish(struct cs_fit *f, double *u)
{
    const size_t n = f->count;
    double *const inverse = allocate(n * n, sizeof *inverse);
    double *const point = allocate(n, sizeof *point);
    bool *const free_columns = allocate(n, sizeof *free_columns);
    memset(free_columns, true, n);
    memcpy(point, u, n * sizeof *u);
    double least = weighted_square(f);
    for (int i = 0; i < POLISHES; i++) {
        cs_fit_slopes(f, point, true);
        cs_fit_covariance(f, free_columns, inverse);
        for (size_t k = 0; k < n; k++) {
            double step = 0.0;
            for (size_t r = 0; r < f->residual_count; r++) {
                const double weight = f->masked[f->owner[r]] ? 0.0 : f->residuals[r].weight;
                for (size_t j = 0; weight > 0.0 && j < n; j++)
                    step -= inverse[k * n + j] * f->slopes[r * n + j] * weight *
                            cs_fit_z(f, r, f->base[r]);
            }
            point[k] += isfinite(step) ? fmin(fmax(step, -0.5), 0.5) : 0.0;
        }
        move_to(f, point);
        const double square = weighted_square(f);
        if (square < least) {
            least = square;
            memcpy(u, point, n * sizeof *u);
        }
    }
    free(inverse);
    free(point);
    free(free_columns);
}

void cs_fit_run(struct cs_fit *f, double *u, bool again)
{
    gsl_error_handler_t *const before = gsl_set_error_handler_off();
    memset(f->at, 0xff, f->count * sizeof *u); /* NaN: no point predicted yet */
    memset(f->sloped, 0xff, f->count * sizeof *u);
    for (size_t r = 0; r < f->residual_count && !again; r++)
        f->residuals[r].weight = 1.0;
    for (int round = 0; round < ROUNDS; round++) {
        descend(f, u, round == 0 && !again ? FIRST : LATER);
        move_to(f, u);
        if (reweigh(f) < SETTLED)
            break;
    }
    polish(f, u);
    move_to(f, u);
    gsl_set_error_handler(before);
}
