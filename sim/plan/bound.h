/* Bounds: what a replica can carry at most, before anything is simulated.
 *
 * The fluid view of continuous batching: in a steady state with B sequences decoding, a step ends
 * x = B / (o - 1) requests of o output tokens on average and must prefill as many prompts of p. It
 * takes them in chunks of n, as large as they are and the token budget allows, in a share s of the
 * steps, for a chunk is cheaper than its tokens one by one:
 *
 *     rate(B) = x / (s t(n) + (1 - s) t(0)),   s = x p' / n,   p' = p (1 - hits)
 *     t(n) = t_step(T = B + n, S = B + x / s, K = B (p + o / 2) + x / s (p - p'), Q)
 *     Q = x / s (p' (p - p') + p' (p' + 1) / 2)
 *
 * where `hits` is the share of the prompts that is found in the prefix cache. Capacity is the
 * largest rate over the batches that slots, token budget and KV allow. It is an
 * estimate from mean lengths, good to a few percent: it starts the search and names the load; what
 * a plan promises is always simulated.
 */
#ifndef CS_PLAN_BOUND_H
#define CS_PLAN_BOUND_H
#include "serve/cluster.h"

struct cs_mean_request { /* tokens */
    double input, output;
    double hits; /* share of the input that is cached */
};
/* Requests/s that one replica can serve at most. */
double cs_bound_capacity(const struct cs_step *step, const struct cs_limits_engine *limits,
                         const struct cs_mean_request *mean);

#endif
