/* Replica: one engine instance with continuous batching, kept as aggregates.
 *
 * See replica.c for the rules of one step and for the jump. A replica is driven by two calls: push
 * an arrival (times never decrease) and advance to a time. It is lazy: between two calls its state
 * is a segment of equal-batch steps whose every quantity has a closed form, so the router may read
 * `outstanding` at any time.
 *
 * The one rule: nothing is touched per token. A request is touched when it is admitted, when its
 * prefill ends, when it is preempted and when it ends.
 * Requests live in a pool shared by the replicas of a cluster; memory follows requests in flight.
 */
#ifndef CS_SERVE_REPLICA_H
#define CS_SERVE_REPLICA_H
#include "perf/step.h"
#include "serve/result.h"

struct cs_limits_engine { /* engine limits of one replica */
    int max_num_seqs;
    int max_num_batched_tokens;
    int block_size;
    int64_t kv_blocks;
    int64_t context_tokens; /* the model's; prompt + output beyond it is rejected */
    int64_t request_ps;     /* a request may be planned from arrival + this on */
    bool asynchronous;
};

struct cs_snapshot { /* read-only view of a replica at a time */
    int64_t time_ps;
    int waiting, running, decoding;
    int64_t kv_blocks_used, kv_blocks;
    bool busy, prefilling;
};

#endif
