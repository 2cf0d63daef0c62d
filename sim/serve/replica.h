/* Replica: one engine instance with continuous batching, kept as aggregates.
 *
 * See replica.c for the rules of one step and for the jump. A replica is driven by two calls: push
 * an arrival (times never decrease) and advance to a time. It is lazy: between two calls its state
 * is a run of equal-batch steps whose every quantity has a closed form, so it does nothing until
 * something can happen (`cs_replica_wake`).
 *
 * The one rule: nothing is touched per token. A request is touched when it is admitted, when its
 * prefill ends, when it is preempted and when it ends.
 * Requests live in a pool shared by the replicas of a cluster; memory follows requests in flight.
 * Results go to one cs_result, shared by the replicas of a run.
 */
#ifndef CS_SERVE_REPLICA_H
#define CS_SERVE_REPLICA_H
#include "perf/step.h"
#include "serve/request.h"
#include "serve/result.h"

struct cs_limits_engine { /* engine limits of one replica */
    int max_num_seqs;
    int max_num_batched_tokens;
    int block_size;
    int64_t kv_blocks;
    int64_t context_tokens; /* the model's; prompt + output beyond it is rejected */
    int64_t request_ps;     /* a request may be planned from arrival + this on */
    bool asynchronous;
    bool prefix_caching;
    bool reserve_answers; /* admitted only when the whole answer fits: nobody is preempted */
    bool static_batching; /* nobody joins until all that run have ended */
};

/* What a replica is to the router; the first three serve, or will again. */
enum cs_service {
    CS_SERVICE_UP,
    CS_SERVICE_LOADING,  /* reads its weights; not routed to yet */
    CS_SERVICE_FAILED,   /* until it is repaired, then it loads */
    CS_SERVICE_DRAINING, /* finishes what it has, and is gone then */
    CS_SERVICE_GONE
};

struct cs_snapshot { /* read-only view of a replica at a time */
    int64_t time_ps;
    int waiting, running, decoding;
    int64_t kv_blocks_used, kv_blocks;
    bool busy, prefilling; /* computing; prompts among it */
    /* Of its place in a cluster: see cluster.h. */
    enum cs_service service;
    int64_t until_ps; /* when that ends; INT64_MAX: not known, or not at all */
};

struct cs_replica;
/* Times start at `begin_ps`. What is pointed to outlives it. */
struct cs_replica *cs_replica_new(struct cs_arena *arena, const struct cs_step *step,
                                  const struct cs_limits_engine *limits, struct cs_pool *pool,
                                  struct cs_recorder *recorder, int64_t begin_ps);
/* Whether a request can ever be served: it fits in the context and in an empty KV cache. */
static inline bool cs_replica_accepts(const struct cs_limits_engine *limits, int32_t input,
                                      int32_t output)
{
    const int64_t total = (int64_t)input + output, b = limits->block_size;
    return total <= limits->context_tokens && (total - 1 + b - 1) / b <= limits->kv_blocks;
}
/* Queues a pooled request, which may be planned from its `since_ps` on. */
void cs_replica_push(struct cs_replica *r, int32_t request);
/* Fails at t, when the steps that are planned before it have ended: whatever runs then is queued
 * again before what waits, its prompt grown by what it had generated, and the KV cache is lost. */
void cs_replica_stop(struct cs_replica *r, int64_t t);
/* Takes the first of the queue of a stopped replica; -1: it is empty. */
int32_t cs_replica_take(struct cs_replica *r);
/* A stopped or idle replica serves from t on, which is not before its last end. */
void cs_replica_restart(struct cs_replica *r, int64_t t);
/* Does all planning whose instant is at or before `until`. */
void cs_replica_advance(struct cs_replica *r, int64_t until);
/* Brings it to an arrival at t: what is planned before t is done and what ended by t has left, but
 * a plan of the instant t itself waits, for it may take the arrival in. */
void cs_replica_meet(struct cs_replica *r, int64_t t);
/* The next instant at which advance has work or a request ends; INT64_MAX: nothing to do. */
int64_t cs_replica_wake(const struct cs_replica *r);
/* Requests waiting or running at time t, to which the replica has been advanced. */
int64_t cs_replica_outstanding(const struct cs_replica *r, int64_t t);
/* Arrival of the oldest request that has never run, INT64_MAX when there is none at the head. */
int64_t cs_replica_oldest_waiting(const struct cs_replica *r);
/* Closes the books at the end of the run, `end` not before anything that happened. */
void cs_replica_finish(struct cs_replica *r, int64_t end);
int64_t cs_replica_last_end(const struct cs_replica *r);
void cs_replica_snapshot(const struct cs_replica *r, int64_t t, struct cs_snapshot *snapshot);

#endif
