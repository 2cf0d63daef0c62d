/* The request pool and the wheel of future steps. See request.h for what they are for.
 *
 * Pool: an array of requests with a free list threaded through `next`; it doubles by copying, so
 * callers keep indices. The old array stays in the arena: at most as much again as the peak.
 *
 * Wheel: bucket = step mod size. Because every step in the wheel lies within [now, now + size), a
 * bucket holds one step only, and the first step after a removal is found by scanning the bitmap
 * from the place of the last one: a few words, since sequences are spread over their lengths.
 *
 * It does not know what a step is; replica.c gives the numbers their meaning.
 */
#include "serve/request.h"
#include "base/check.h"
#include <string.h>

void cs_pool_init(struct cs_pool *pool, struct cs_arena *arena, bool prefixes)
{
    *pool = (struct cs_pool){.arena = arena, .free_head = -1};
    if (prefixes)
        pool->places = cs_arena_alloc(arena, 1, sizeof *pool->places);
}

void cs_pool_grow(struct cs_pool *pool)
{
    const int32_t old = pool->capacity;
    cs_check(old < (1 << 29));
    const int32_t capacity = old == 0 ? 256 : 2 * old;
    struct cs_request *items = cs_arena_alloc(pool->arena, (size_t)capacity, sizeof *items);
    if (old > 0)
        memcpy(items, pool->items, (size_t)old * sizeof *items);
    for (int32_t i = old; i < capacity; i++)
        items[i].next = i + 1 < capacity ? i + 1 : pool->free_head;
    if (pool->places != NULL) {
        struct cs_prefix_place *places =
            cs_arena_alloc(pool->arena, (size_t)capacity, sizeof *places);
        memcpy(places, pool->places, (size_t)old * sizeof *places);
        pool->places = places;
    }
    pool->items = items;
    pool->free_head = old;
    pool->capacity = capacity;
}

void cs_queue_grow(struct cs_queue *q)
{
    const uint32_t size = q->size == 0 ? 16 : 2 * q->size;
    int32_t *ring = cs_arena_alloc(q->arena, size, sizeof *ring);
    for (uint32_t i = 0; i < q->count; i++)
        ring[i] = q->ring[(q->front + i) & (q->size - 1)];
    q->ring = ring;
    q->front = 0;
    q->size = size;
}

static void allocate(struct cs_wheel *w, int64_t size)
{
    w->size = size;
    w->head = cs_arena_alloc(w->arena, (size_t)size, sizeof *w->head);
    w->bits = cs_arena_alloc(w->arena, (size_t)(size / 64), sizeof *w->bits);
    memset(w->head, 0xff, (size_t)size * sizeof *w->head); /* all -1 */
}

void cs_wheel_init(struct cs_wheel *w, struct cs_arena *arena, int mark)
{
    *w = (struct cs_wheel){.arena = arena, .mark = mark, .first = INT64_MAX};
    allocate(w, 512);
}

/* The smallest step >= from in the wheel, which is not empty. */
static int64_t scan(const struct cs_wheel *w, int64_t from)
{
    const int64_t words = w->size / 64;
    const int64_t place = from & (w->size - 1);
    int64_t word = place >> 6;
    uint64_t bits = w->bits[word] & (~UINT64_C(0) << (place & 63));
    for (int64_t i = 0; i <= words; i++) {
        if (bits != 0) {
            const int64_t bucket = word * 64 + __builtin_ctzll(bits);
            return from + ((bucket - place) & (w->size - 1));
        }
        word = word + 1 == words ? 0 : word + 1;
        bits = w->bits[word];
    }
    cs_check_fail("a wheel with requests has a bitmap without bits", __FILE__, __LINE__);
}

static void hang(struct cs_wheel *w, struct cs_pool *pool, int32_t request, int64_t step)
{
    const int64_t bucket = step & (w->size - 1);
    struct cs_link *link = &pool->items[request].mark[w->mark];
    const int32_t head = w->head[bucket];
    *link = (struct cs_link){.prev = -1, .next = head, .step = step};
    if (head >= 0)
        pool->items[head].mark[w->mark].prev = request;
    w->head[bucket] = request;
    w->bits[bucket >> 6] |= UINT64_C(1) << (bucket & 63);
}

static void grow(struct cs_wheel *w, struct cs_pool *pool, int64_t span)
{
    const struct cs_wheel old = *w;
    int64_t size = old.size;
    while (size <= span)
        size *= 2;
    allocate(w, size);
    for (int64_t b = 0; b < old.size; b++) {
        for (int32_t i = old.head[b], next; i >= 0; i = next) {
            next = pool->items[i].mark[w->mark].next;
            hang(w, pool, i, pool->items[i].mark[w->mark].step);
        }
    }
}

void cs_wheel_add(struct cs_wheel *w, struct cs_pool *pool, int32_t request, int64_t step,
                  int64_t now)
{
    if (step - now >= w->size)
        grow(w, pool, step - now);
    hang(w, pool, request, step);
    w->count++;
    if (step < w->first)
        w->first = step;
}

void cs_wheel_remove(struct cs_wheel *w, struct cs_pool *pool, int32_t request)
{
    struct cs_link *link = &pool->items[request].mark[w->mark];
    const int64_t bucket = link->step & (w->size - 1);
    if (link->next >= 0)
        pool->items[link->next].mark[w->mark].prev = link->prev;
    if (link->prev >= 0)
        pool->items[link->prev].mark[w->mark].next = link->next;
    else
        w->head[bucket] = link->next;
    if (w->head[bucket] < 0)
        w->bits[bucket >> 6] &= ~(UINT64_C(1) << (bucket & 63));
    w->count--;
    if (w->count == 0)
        w->first = INT64_MAX;
    else if (link->step == w->first && w->head[bucket] < 0)
        w->first = scan(w, w->first);
    link->step = -1;
}

int32_t cs_wheel_pop(struct cs_wheel *w, struct cs_pool *pool)
{
    const int64_t bucket = w->first & (w->size - 1);
    const int32_t head = w->head[bucket];
    w->head[bucket] = -1;
    w->bits[bucket >> 6] &= ~(UINT64_C(1) << (bucket & 63));
    for (int32_t i = head; i >= 0; i = pool->items[i].mark[w->mark].next) {
        pool->items[i].mark[w->mark].step = -1;
        w->count--;
    }
    w->first = w->count == 0 ? INT64_MAX : scan(w, w->first);
    return head;
}
