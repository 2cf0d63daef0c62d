/* Bounds: what a replica can carry at most, before anything is simulated.
 *
 * The fluid view of continuous batching: in a steady state with B sequences decoding, every step
 * ends B / (o - 1) requests of o output tokens and must prefill as many prompts of p tokens, so
 *
 *     rate(B) = x / t_step(T = B + x p', S = B + x, K = B (p + o / 2) + x (p - p'), Q),
 *     x = B / (o - 1),   p' = p (1 - hits),   Q = x (p' (p - p') + p' (p' + 1) / 2)
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
