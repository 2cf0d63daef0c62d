/* Drawing lengths, and the means of what is drawn. See lengths.h.
 *
 * Means of the clamped lognormal and gamma come from des/clamped; uniform and quantile rows are
 * integrals of a piecewise linear quantile function, clamped. Draws use one uniform, normal or
 * gamma each, so streams stay aligned between runs whatever the parameters.
 */
#include "serve/lengths.h"
#include "des/clamped.h"
#include <math.h>

static const double MOST_TOKENS = 1e9;

void cs_length_source_init(struct cs_length_source *s, const struct cs_lengths *l, double scale)
{
    *s = (struct cs_length_source){
        .kind = l->kind,
        .a = l->a,
        .b = l->b,
        .scale = scale,
        .min = fmax(1.0, l->min * scale),
        .max = l->max > 0.0 ? fmax(1.0, l->max * scale) : MOST_TOKENS,
        .levels = l->levels,
        .values = l->values,
        .level_count = l->level_count,
    };
    if (l->kind == CS_LENGTHS_LOGNORMAL) {
        s->a = log(l->a * scale) - 0.5 * l->b * l->b;
        s->scale = 1.0;
    } else if (l->kind == CS_LENGTHS_GAMMA) {
        s->a = 1.0 / (l->b * l->b);
        s->b = l->a * l->b * l->b;
    } else if (l->kind == CS_LENGTHS_UNIFORM) {
        s->b = l->b - l->a;
    }
}

/* The value at rank u of a row linear between levels. */
static inline double at_rank(const double *levels, const double *values, size_t n, double u)
{
    size_t lo = 0, hi = n - 1; /* levels[lo] <= u < levels[hi] */
    while (hi - lo > 1) {
        const size_t mid = (lo + hi) / 2;
        if (levels[mid] <= u)
            lo = mid;
        else
            hi = mid;
    }
    const double width = levels[hi] - levels[lo];
    return width > 0.0 ? values[lo] + (values[hi] - values[lo]) * (u - levels[lo]) / width
                       : values[hi];
}

static inline int32_t whole(double x, double min, double max)
{
    const double r = x + 0.5;
    return r >= max + 0.5 ? (int32_t)max : r < min ? (int32_t)min : (int32_t)r;
}

int32_t cs_length_draw(const struct cs_length_source *s, struct cs_rng *rng)
{
    double x = s->a;
    switch (s->kind) {
    case CS_LENGTHS_FIXED:
        break;
    case CS_LENGTHS_LOGNORMAL:
        x = exp(s->a + s->b * cs_rng_normal(rng));
        break;
    case CS_LENGTHS_GAMMA:
        x = cs_rng_gamma(rng, s->a, s->b);
        break;
    case CS_LENGTHS_UNIFORM:
        x = s->a + s->b * cs_rng_uniform(rng);
        break;
    case CS_LENGTHS_QUANTILES:
        x = at_rank(s->levels, s->values, s->level_count, cs_rng_uniform(rng));
        break;
    }
    return whole(x * s->scale, s->min, s->max);
}

/* Mean of a piecewise linear quantile function clamped to [min, max]. */
static double row_mean(const double *levels, const double *values, size_t n, double min, double max)
{
    double sum = 0.0;
    for (size_t i = 0; i + 1 < n; i++) {
        const double width = levels[i + 1] - levels[i];
        const double a = values[i], b = values[i + 1];
        if (b <= min || a >= max || (a >= min && b <= max) || b <= a) {
            const double ca = fmin(fmax(a, min), max), cb = fmin(fmax(b, min), max);
            sum += width * 0.5 * (ca + cb);
            continue;
        }
        const double lo = fmax(a, min), hi = fmin(b, max), slope = width / (b - a);
        sum +=
            (lo - a) * slope * min + (hi - lo) * slope * 0.5 * (lo + hi) + (b - hi) * slope * max;
    }
    return sum;
}

double cs_length_mean(const struct cs_lengths *l)
{
    const double m = fmax(1.0, l->min), M = l->max > 0.0 ? l->max : MOST_TOKENS;
    if (l->kind == CS_LENGTHS_FIXED)
        return fmin(fmax(l->a, m), M);
    if (l->kind == CS_LENGTHS_LOGNORMAL && l->b > 0.0)
        return cs_clamped_lognormal(l->a, l->b, m, M);
    if (l->kind == CS_LENGTHS_GAMMA && l->b > 0.0)
        return cs_clamped_gamma(l->a, l->b, m, M);
    if (l->kind == CS_LENGTHS_UNIFORM) {
        const double levels[] = {0.0, 1.0}, values[] = {l->a, l->b};
        return row_mean(levels, values, 2, m, M);
    }
    if (l->kind == CS_LENGTHS_QUANTILES)
        return row_mean(l->levels, l->values, l->level_count, m, M);
    return l->a;
}

void cs_pairs_mean(const struct cs_joint_lengths *p, double *input, double *output)
{
    *input = row_mean(p->levels, p->input, p->level_count, 1.0, MOST_TOKENS);
    double sum = 0.0;
    for (size_t b = 0; b < p->bands; b++)
        sum +=
            row_mean(p->levels, p->output + b * p->level_count, p->level_count, 1.0, MOST_TOKENS);
    *output = sum / (double)p->bands;
}

void cs_pairs_draw(const struct cs_joint_lengths *p, double input_scale, double output_scale,
                   struct cs_rng *rng_input, struct cs_rng *rng_output, int32_t *input,
                   int32_t *output)
{
    const double u = cs_rng_uniform(rng_input), v = cs_rng_uniform(rng_output);
    const size_t band = (size_t)(u * (double)p->bands);
    const double in = at_rank(p->levels, p->input, p->level_count, u);
    const double out = at_rank(p->levels, p->output + band * p->level_count, p->level_count, v);
    *input = whole(in * input_scale, 1.0, MOST_TOKENS);
    *output = whole(out * output_scale, 1.0, MOST_TOKENS);
}
