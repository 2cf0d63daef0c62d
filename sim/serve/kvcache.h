/* KV cache: blocks of a replica, counted only when they can run short.
 *
 * A sequence holds ceil(context / b) blocks of b tokens. While everything that runs could run to
 * its end within the blocks there are, none can be missing and none is counted: `pledged` says so.
 * Only when an admission would break that are blocks counted, exactly from then on, until the
 * pledges have shrunk to 7/8 of the cache again.
 *
 * Counting costs nothing per token: a sequence whose prefill of p tokens ended in step s0 needs a
 * block at the steps s with p + (s - s0) - 1 = 0 (mod b), so one counter per residue class tells
 * what each coming step needs, and the step of exhaustion is found in O(b).
 *
 * With a prefix cache (prefix.h) every block counts always: `counting` stays set, and which blocks
 * are taken decides what is found later.
 *
 * This header also holds the state of a replica, which kvcache.c and replica.c share and nobody
 * else includes.
 */
#ifndef CS_SERVE_KVCACHE_H
#define CS_SERVE_KVCACHE_H
#include "serve/replica.h"

struct cs_replica {
    const struct cs_step *step;
    const struct cs_limits_engine *limits;
    struct cs_pool *pool;
    struct cs_recorder *rec;
    struct cs_result *result;

    int64_t n;           /* the last planned step */
    int64_t start, end;  /* its start and end */
    int64_t quiet_until; /* nothing to plan before this instant */
    int64_t prefill_end; /* of the last step that had a prompt in it */
    bool idle;           /* no step is planned beyond n */

    int64_t decoding; /* D: sequences that compute a token in the next step unless they end at n */
    int64_t context_base; /* sum of prompt - s0 over them */
    int64_t growing;      /* of them, those whose sliding window is not full */
    int64_t growing_base; /* sum of prompt - s0 over those */
    struct cs_wheel ends, windows;

    int32_t partial;                      /* the partly prefilled request, -1: none */
    int64_t partial_done;                 /* its tokens computed so far */
    int32_t admitted_head, admitted_tail; /* running requests in admission order */
    struct cs_queue waiting;
    int64_t head_at;                 /* when the first of them may be planned; INT64_MAX: none */
    int64_t running;                 /* slots taken, those in their last step included */
    int64_t leaving, leaving_blocks; /* ended at n or before, not yet released */
    int64_t leaving_end;             /* when they are */
    int64_t pledged;                 /* blocks that all running requests would hold at their ends */
    bool counting;                   /* blocks are counted: pledged may exceed what there is */
    int64_t free_blocks;             /* when counting */
    int32_t *crossing; /* [block_size], when counting: how many need a block at steps = r mod b */
    struct cs_prefix_cache *prefix; /* NULL: none */
    int32_t *gone;                  /* with one: those that are leaving, in order of admission */
    uint64_t admissions;

    struct cs_window_tally *window; /* of steps */
    int64_t window_end;
};

/* Blocks that hold `tokens` tokens. */
static inline int64_t cs_kvcache_blocks(const struct cs_replica *r, int64_t tokens)
{
    const int64_t b = r->limits->block_size;
    return b == 16 ? (tokens + 15) >> 4 : (tokens + b - 1) / b;
}

/* Residue class of a sequence: it needs a block at steps congruent to this. */
static inline int64_t cs_kvcache_class(const struct cs_replica *r, const struct cs_request *q)
{
    const int64_t b = r->limits->block_size;
    const int64_t m = q->prefill_end + 1 - q->prompt;
    if (b == 16)
        return m & 15;
    const int64_t rest = m % b;
    return rest < 0 ? rest + b : rest;
}

/* KV tokens that the decodes of a step read, if the batch stays until then. */
static inline int64_t cs_kvcache_tokens(const struct cs_replica *r, int64_t step)
{
    return r->context_base + r->decoding * step;
}

/* The same of layers with a sliding window. */
static inline int64_t cs_kvcache_window_tokens(const struct cs_replica *r, int64_t step)
{
    if (r->step->window_tokens == 0)
        return 0;
    return r->growing_base + r->growing * step +
           (r->decoding - r->growing) * r->step->window_tokens;
}

/* The time of the next decode step if the batch stays as it is, and how much `longer` each one
 * after it takes (ramp.h). */
static inline int64_t cs_kvcache_step_ps(const struct cs_replica *r, int64_t *longer)
{
    const struct cs_step_load load = {.tokens = r->decoding,
                                      .sampled = r->decoding,
                                      .kv_tokens = cs_kvcache_tokens(r, r->n + 1),
                                      .window_kv_tokens = cs_kvcache_window_tokens(r, r->n + 1)};
    *longer = r->step->kv_ps * r->decoding + r->step->window_kv_ps * r->growing;
    return cs_step_ps(r->step, &load);
}

/* Blocks held once step `step` has been allocated, those of leaving requests included. O(running).
 */
int64_t cs_kvcache_held(const struct cs_replica *r, int64_t step);
/* Blocks in use at time t, by which so many decode steps more are planned than are booked. */
int64_t cs_kvcache_used(const struct cs_replica *r, int64_t t, int64_t steps);
/* Starts counting while step n + 1 is planned, its decodes allocated. O(running). */
void cs_kvcache_start_counting(struct cs_replica *r);
/* When counting: how many of the next k decode steps can be planned before blocks run out, and the
 * blocks that those take. */
int64_t cs_kvcache_ahead(const struct cs_replica *r, int64_t k, int64_t *blocks);

/* Blocks that the free list must have for the prompt of request i. */
static inline int64_t cs_kvcache_needed(const struct cs_replica *r, int32_t i)
{
    const int32_t prompt = r->pool->items[i].prompt;
    const int64_t blocks = cs_kvcache_blocks(r, prompt);
    if (r->prefix == NULL)
        return blocks;
    int64_t idle; /* found and free: found again, they leave the free list too */
    const int64_t hits = cs_prefix_hits(r->prefix, &r->pool->places[i], prompt, &idle);
    return blocks - hits + idle;
}

/* Whether blocks for the whole prompt of request i are free now; or, where nobody may ever be
 * preempted, those that all who run and it could come to hold (shared ones counted for each). */
static inline bool cs_kvcache_has_room(struct cs_replica *r, int32_t i, int64_t pledge)
{
    const bool whole = r->pledged + pledge <= r->limits->kv_blocks;
    if (r->limits->reserve_answers && !whole)
        return false;
    if (!r->counting) {
        if (whole)
            return true;
        cs_kvcache_start_counting(r);
    }
    return cs_kvcache_needed(r, i) <= r->free_blocks;
}

int64_t cs_kvcache_admit_cached(struct cs_replica *r, int32_t i);
/* Request i has its blocks, of which the first tokens that are returned hold their content. */
static inline int64_t cs_kvcache_admit(struct cs_replica *r, int32_t i)
{
    if (r->prefix != NULL)
        return cs_kvcache_admit_cached(r, i);
    r->free_blocks -= cs_kvcache_blocks(r, r->pool->items[i].prompt); /* nothing unless counting */
    return 0;
}
/* The first `tokens` of request i's prompt are planned. */
static inline void cs_kvcache_fill(struct cs_replica *r, int32_t i, int64_t tokens)
{
    if (r->prefix != NULL)
        cs_prefix_fill(r->prefix, &r->pool->places[i], tokens);
}
/* Takes blocks for decodes. */
static inline void cs_kvcache_take(struct cs_replica *r, int64_t blocks)
{
    r->free_blocks -= blocks;
    if (r->prefix != NULL && blocks > 0)
        cs_prefix_take(r->prefix, blocks);
}
/* Request i is preempted with `tokens` written in `blocks`. */
void cs_kvcache_give_up(struct cs_replica *r, int32_t i, int64_t tokens, int64_t blocks);
/* With a prefix cache: request i ends, and holds its blocks until they are released. */
void cs_kvcache_end(struct cs_replica *r, int32_t i);
void cs_kvcache_release_ended(struct cs_replica *r);

#endif
