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

void cs_kvcache_start_counting(struct cs_replica *r)
{
    r->counting = true;
    r->free_blocks = r->limits->kv_blocks - cs_kvcache_held(r, r->n + 1);
    memset(r->crossing, 0, (size_t)r->limits->block_size * sizeof *r->crossing);
    for (int32_t i = r->admitted_head; i >= 0; i = r->pool->items[i].next)
        if (r->pool->items[i].mark[CS_MARK_FINISH].step >= 0)
            r->crossing[cs_kvcache_class(r, &r->pool->items[i])]++;
}

int64_t cs_kvcache_take_ahead(struct cs_replica *r, int64_t k)
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
    r->free_blocks = left;
    return done;
}
