/* Requests in flight, and the wheel that orders them by a future step.
 *
 * A pool holds the requests of a cluster by index (an index stays valid when the pool grows, a
 * pointer does not). A request is in one of three places: a waiting queue, a replica's admission
 * list (`prev`/`next`), or free.
 *
 * The wheel answers "which running request ends first?" in O(1): the step in which a sequence ends
 * is known when its prefill ends, so sequences hang in a ring of buckets, one per step, with a
 * bitmap over the non-empty ones. The ring is longer than the farthest step; it grows when needed.
 * The same wheel orders the steps at which sliding windows fill (mark 1).
 */
#ifndef CS_SERVE_REQUEST_H
#define CS_SERVE_REQUEST_H
#include "base/arena.h"
#include "serve/prefix.h"
#include <stdint.h>

enum { CS_MARK_FINISH, CS_MARK_WINDOW, CS_MARK_COUNT };

struct cs_link {
    int32_t prev, next; /* within a bucket; -1 ends */
    int64_t step;       /* -1: not in the wheel */
};

struct cs_request {
    int64_t arrival_ps;
    int64_t first_token_ps; /* -1: none yet */
    int64_t since_ps; /* waiting: may be planned from then on; running: start of the step that
                         (re)admitted it */
    int64_t last_token_ps;  /* when preempted: its last token's time */
    int64_t prefill_end;    /* step s0 that ended its prefill; decodes run in s0 + 1, ... */
    int32_t prompt;         /* tokens to prefill: input + what was generated before a preemption */
    int32_t input, output;  /* as asked */
    int32_t left;   /* output tokens still to come at the end of the prefill, that one included */
    int32_t window; /* of its arrival; -1: not counted */
    int32_t preemptions;
    int32_t pledge;     /* blocks it would hold at its end, while admitted */
    int32_t prev, next; /* admission list */
    struct cs_link mark[CS_MARK_COUNT];
    int64_t row; /* in the request log; -1: none */
};

struct cs_pool {
    struct cs_arena *arena;
    struct cs_request *items;
    struct cs_prefix_place *places; /* of the same index, with a prefix cache; else NULL */
    int32_t capacity, free_head;
    int64_t in_use;
};
void cs_pool_init(struct cs_pool *pool, struct cs_arena *arena, bool prefixes);
void cs_pool_grow(struct cs_pool *pool);

static inline int32_t cs_pool_take(struct cs_pool *pool)
{
    if (pool->free_head < 0)
        cs_pool_grow(pool);
    const int32_t index = pool->free_head;
    pool->free_head = pool->items[index].next;
    pool->in_use++;
    return index;
}
static inline void cs_pool_give(struct cs_pool *pool, int32_t index)
{
    pool->items[index].next = pool->free_head;
    pool->free_head = index;
    pool->in_use--;
}

/* A queue of requests that also takes back at its front: a ring, doubled when full. */
struct cs_queue {
    struct cs_arena *arena;
    int32_t *ring;
    uint32_t front, count, size; /* size: a power of two, 0 at first */
};
void cs_queue_grow(struct cs_queue *q);

static inline void cs_queue_push(struct cs_queue *q, int32_t request)
{
    if (q->count == q->size)
        cs_queue_grow(q);
    q->ring[(q->front + q->count++) & (q->size - 1)] = request;
}
static inline void cs_queue_push_front(struct cs_queue *q, int32_t request)
{
    if (q->count == q->size)
        cs_queue_grow(q);
    q->front = (q->front - 1) & (q->size - 1);
    q->ring[q->front] = request;
    q->count++;
}
static inline int32_t cs_queue_front(const struct cs_queue *q)
{
    return q->ring[q->front];
}
static inline void cs_queue_pop(struct cs_queue *q)
{
    q->front = (q->front + 1) & (q->size - 1);
    q->count--;
}

struct cs_wheel {
    struct cs_arena *arena;
    int mark;       /* which link of a request it uses */
    int64_t size;   /* a power of two, longer than any (step - now) in it */
    int32_t *head;  /* [size] */
    uint64_t *bits; /* [size / 64] */
    int64_t count;
    int64_t first; /* the smallest step in it; INT64_MAX when empty */
};
void cs_wheel_init(struct cs_wheel *w, struct cs_arena *arena, int mark);
/* Hangs a request at `step`, which is not before `now`. */
void cs_wheel_add(struct cs_wheel *w, struct cs_pool *pool, int32_t request, int64_t step,
                  int64_t now);
void cs_wheel_remove(struct cs_wheel *w, struct cs_pool *pool, int32_t request);
/* Takes all requests at the first step, as a list through their links; returns its head. */
int32_t cs_wheel_pop(struct cs_wheel *w, struct cs_pool *pool);

#endif
