/* Counting KV blocks: see kvcache.h for when and why.
 *
 * Everything here is O(running) or O(block size) and happens only near a full cache: the start of
 * counting walks the admission list once, a jump adds up the residue classes of its steps.
 *
 *     blocks of step s = crossing[s mod b],   of b consecutive steps = D
 *
 * The rule: `free_blocks` is exact after every planned step while `counting` is set, and means
 * nothing otherwise. No memory of its own; the counters belong to the replica.
 */
#include "serve/kvcache.h"
#include <string.h>

int64_t cs_kvcache_held(const struct cs_replica *r, int64_t step)
{
    int64_t held = r->leaving_blocks;
    for (int32_t i = r->admitted_head; i >= 0; i = r->pool->items[i].next) {
        const struct cs_request *q = &r->pool->items[i];
        const bool decodes = q->mark[CS_MARK_FINISH].step >= 0;
        held += cs_kvcache_blocks(r, q->prompt + (decodes ? step - q->prefill_end : 0));
    }
    return held;
}

int64_t cs_kvcache_used(const struct cs_replica *r, int64_t t, int64_t steps)
{
    int64_t more = 0;
    if (r->prefix == NULL)
        return cs_kvcache_held(r, r->n + steps) - (r->leaving_end <= t ? r->leaving_blocks : 0);
    if (steps > 0)
        cs_kvcache_ahead(r, steps, &more);
    return r->limits->kv_blocks - cs_prefix_free(r->prefix) + more;
}

void cs_kvcache_start_counting(struct cs_replica *r)
{
    r->counting = true;
    r->free_blocks = r->limits->kv_blocks - cs_kvcache_held(r, r->n + 1);
    memset(r->crossing, 0, (size_t)r->limits->block_size * sizeof *r->crossing);
    for (int32_t i = r->admitted_head; i >= 0; i = r->pool->items[i].next)
        if (r->pool->items[i].mark[CS_MARK_FINISH].step >= 0)
            r->crossing[cs_kvcache_class(r, &r->pool->items[i])]++;
}

int64_t cs_kvcache_ahead(const struct cs_replica *r, int64_t k, int64_t *blocks)
{
    const int64_t b = r->limits->block_size;
    int64_t left = r->free_blocks;
    int64_t done = 0;
    if (k >= b) { /* whole turns: every sequence needs one block in each */
        int64_t turns = k / b;
        if (turns > left / r->decoding)
            turns = left / r->decoding;
        left -= turns * r->decoding;
        done = turns * b;
    }
    int64_t at = (r->n + 1) % b; /* whole turns do not move it */
    while (done < k && r->crossing[at] <= left) {
        left -= r->crossing[at];
        at = at + 1 == b ? 0 : at + 1;
        done++;
    }
    *blocks = r->free_blocks - left;
    return done;
}

/* ---- with or without a prefix cache -------------------------------------------------------- */

int64_t cs_kvcache_admit_cached(struct cs_replica *r, int32_t i)
{
    const struct cs_request *q = &r->pool->items[i];
    struct cs_prefix_place *place = &r->pool->places[i];
    place->admitted = r->admissions++;
    const int64_t cached = cs_prefix_admit(r->prefix, place, q->prompt);
    r->free_blocks = cs_prefix_free(r->prefix);
    r->result->all_cached_tokens += (uint64_t)cached;
    if (q->row >= 0)
        r->rec->log->rows[q->row].cached_tokens += (int32_t)cached;
    return cached;
}

void cs_kvcache_give_up(struct cs_replica *r, int32_t i, int64_t tokens, int64_t blocks)
{
    r->free_blocks += blocks;
    if (r->prefix == NULL)
        return;
    cs_prefix_leave(r->prefix, &r->pool->places[i], tokens, blocks, false);
    r->free_blocks = cs_prefix_free(r->prefix);
}

void cs_kvcache_end(struct cs_replica *r, int32_t i)
{
    int64_t at = r->leaving;
    for (; at > 0 && r->pool->places[r->gone[at - 1]].admitted > r->pool->places[i].admitted; at--)
        r->gone[at] = r->gone[at - 1];
    r->gone[at] = i;
}

void cs_kvcache_release_ended(struct cs_replica *r)
{
    for (int64_t k = 0; k < r->leaving; k++) {
        const int32_t i = r->gone[k];
        const struct cs_request *q = &r->pool->items[i];
        const int64_t tokens = (int64_t)q->prompt + q->left - 1;
        cs_prefix_leave(r->prefix, &r->pool->places[i], tokens, q->pledge, true);
        cs_pool_give(r->pool, i);
    }
    r->free_blocks = cs_prefix_free(r->prefix);
}
