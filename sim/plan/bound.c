/* The fluid capacity of a replica: equations in bound.h.
 *
 * A step that holds prefill pays its fixed cost only as often as there is one: with x < 1 requests
 * a step, in a share x of the steps. Batches are tried on a grid of ratio 9/8: the rate is smooth
 * between captured batch sizes, and the search that starts here simulates anyway.
 */
#include "plan/bound.h"
#include <math.h>

static double rate_at(const struct cs_step *step, const struct cs_limits_engine *limits, double B,
                      const struct cs_mean_request *mean)
{
    const double o = mean->output;
    const double found = floor(mean->input * mean->hits);
    const double p = mean->input - found;
    const double steps = fmax(o - 1.0, 1e-9);
    double x = o > 1.0 ? B / steps : B;
    const double budget = limits->max_num_batched_tokens;
    double batch = o > 1.0 ? B : 0.0;
    if (batch + x * p > budget) { /* the token budget holds prefill back, and with it the batch */
        x = budget / (p + (o > 1.0 ? steps : 0.0));
        batch = o > 1.0 ? x * steps : 0.0;
    }
    const double sampled = fmin(batch + x, step->max_sampled);
    const double context = mean->input + 0.5 * o;
    const double seen = step->window_tokens > 0 ? (double)step->window_tokens : 0.0;
    const double window = fmin(context, seen);
    const struct cs_step_load load = {
        .tokens = (int64_t)fmin(ceil(batch + x * p), step->max_tokens),
        .sampled = (int64_t)ceil(sampled),
        .kv_tokens = (int64_t)(batch * context + x * found),
        .window_kv_tokens = (int64_t)(batch * window + x * fmin(found, seen)),
        .pairs = x * cs_step_pairs((int64_t)p, (int64_t)found, 0),
        .window_pairs =
            seen > 0.0 ? x * cs_step_pairs((int64_t)p, (int64_t)found, step->window_tokens) : 0.0,
        .prefill = true,
        .chunks = (int64_t)ceil(x),
        .chunk_tokens = (int64_t)(x * p),
    };
    const double t =
        (double)cs_step_ps(step, &load) - fmax(0.0, 1.0 - x) * (double)step->prefill_ps;
    return x / (t * 1e-12);
}

double cs_bound_capacity(const struct cs_step *step, const struct cs_limits_engine *limits,
                         const struct cs_mean_request *mean)
{
    const double answer = limits->reserve_answers ? 1.0 : 0.5; /* all of it, or half on average */
    const double context = mean->input * (1.0 - mean->hits) + answer * mean->output; /* its own */
    const double most = fmax(1.0, fmin((double)limits->max_num_seqs,
                                       (double)(limits->kv_blocks * limits->block_size) / context));
    double best = rate_at(step, limits, most, mean);
    for (double B = 1.0; B < most; B = fmax(B + 1.0, floor(B * 1.125)))
        best = fmax(best, rate_at(step, limits, B, mean));
    return best;
}
