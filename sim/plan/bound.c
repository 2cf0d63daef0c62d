/* The fluid capacity of a replica: equations in bound.h.
 *
 * Where the batch leaves room for whole prompts, a share x < 1 of the steps holds one; where the
 * budget cuts them, every step may hold a piece. Batches are tried on a grid of ratio 9/8: the rate
 * is smooth between captured batch sizes, and the search that starts here simulates anyway.
 */
#include "plan/bound.h"
#include <math.h>

/* A step of `batch` answers and `chunk` tokens of prompts, of which `prompts` end. */
static double step_s(const struct cs_step *step, const struct cs_mean_request *mean, double batch,
                     double prompts, double chunk)
{
    const double found = floor(mean->input * mean->hits), p = mean->input - found;
    const double context = mean->input + 0.5 * mean->output;
    const double seen = (double)step->window_tokens;
    const struct cs_step_load load = {
        .tokens = (int64_t)fmin(ceil(batch + chunk), step->max_tokens),
        .sampled = (int64_t)ceil(fmin(batch + prompts, step->max_sampled)),
        .kv_tokens = (int64_t)(batch * context + prompts * found),
        .window_kv_tokens = (int64_t)(batch * fmin(context, seen) + prompts * fmin(found, seen)),
        .pairs = prompts * cs_step_pairs((int64_t)p, (int64_t)found, 0),
        .window_pairs = seen > 0 ? prompts * cs_step_pairs((int64_t)p, (int64_t)found,
                                                           step->window_tokens)
                                 : 0.0,
        .prefill = chunk > 0.0,
        .chunks = chunk > 0.0 ? (int64_t)ceil(prompts) : 0,
        .chunk_tokens = (int64_t)chunk,
    };
    return 1e-12 * (double)cs_step_ps(step, &load);
}

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
    /* So many tokens of prompts in the steps that have some, and how often there is such a step. */
    const double chunk = fmax(1.0, fmin(fmax(p, x * p), budget - batch));
    const double often = fmin(1.0, x * p / chunk);
    const double without = often < 1.0 ? step_s(step, mean, batch, 0.0, 0.0) : 0.0;
    return x / (often * step_s(step, mean, batch, x / often, chunk) + (1.0 - often) * without);
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
