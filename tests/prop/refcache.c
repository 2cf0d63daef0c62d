/* The reference engine's blocks (see refcache.h).
 *
 * Never-used blocks are taken first and are alike, so they are a number; every other block is in
 * the queue of free ones or in somebody's table. Chains are found in a tree by kind and number.
 */
#include "refcache.h"
#include <search.h>
#include <stdlib.h>
#include "base/check.h"

enum kind { GROUP, HASH, SESSION, OWN };

struct chain {
    enum kind kind;
    uint64_t number;
    struct ref_block **cached; /* the findable blocks: 0 .. count - 1 */
    int64_t count, capacity;
    struct chain *next; /* of all */
};

struct ref_block {
    struct ref_block *before, *after; /* while free: in the queue */
    int users;
    struct chain *chain; /* NULL: not findable */
    int64_t index;
};

struct ref_cache {
    int64_t size; /* tokens in a block */
    bool on;
    int64_t fresh, queued;
    struct ref_block queue; /* its `after` is the front */
    void *tree;
    struct chain *chains;
    struct ref_cache_totals *totals;
};

struct ref_cache *ref_cache_new(const struct cs_limits_engine *limits,
                                struct ref_cache_totals *totals)
{
    struct ref_cache *const c = calloc(1, sizeof *c);
    *c = (struct ref_cache){.size = limits->block_size, .on = limits->prefix_caching,
                            .fresh = limits->kv_blocks, .totals = totals};
    c->queue.before = c->queue.after = &c->queue;
    return c;
}

int64_t ref_cache_free(const struct ref_cache *c)
{
    return c->fresh + c->queued;
}

/* --- the queue of free blocks ------------------------------------------------------------------*/

static void leave_queue(struct ref_cache *c, struct ref_block *b)
{
    b->before->after = b->after;
    b->after->before = b->before;
    c->queued--;
}

static void join_queue(struct ref_cache *c, struct ref_block *b)
{
    b->before = c->queue.before;
    b->after = &c->queue;
    b->before->after = b->after->before = b;
    c->queued++;
}

static struct ref_block *take(struct ref_cache *c)
{
    cs_check(ref_cache_free(c) > 0);
    struct ref_block *b = c->queue.after;
    if (c->fresh > 0) {
        c->fresh--;
        b = calloc(1, sizeof *b);
    } else {
        leave_queue(c, b);
    }
    if (b->chain) { /* the last of its chain, since a chain is released from its end */
        cs_check(b->index == b->chain->count - 1);
        b->chain->count--;
        b->chain = NULL;
        c->totals->evicted++;
    }
    b->users = 1;
    return b;
}

void ref_cache_release(struct ref_cache *c, struct ref_table *t)
{
    for (int pass = 0; pass < 2; pass++) /* what is not findable, then the rest; from the end */
        for (int64_t i = t->count - 1; i >= 0; i--)
            if ((t->blocks[i]->chain != NULL) == (pass == 1) && --t->blocks[i]->users == 0)
                join_queue(c, t->blocks[i]);
    free(t->blocks);
    *t = (struct ref_table){0};
}

/* --- what a block holds ------------------------------------------------------------------------*/

static int compare(const void *left, const void *right)
{
    const struct chain *const a = left, *const b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static struct chain *chain_of(struct ref_cache *c, enum kind kind, uint64_t number)
{
    const struct chain key = {.kind = kind, .number = number};
    struct chain **const found = tfind(&key, &c->tree, compare);
    if (found)
        return *found;
    struct chain *const chain = calloc(1, sizeof *chain);
    *chain = (struct chain){.kind = kind, .number = number, .next = c->chains};
    tsearch(chain, &c->tree, compare);
    return c->chains = chain;
}

/* The chain and the index within it of block i of a context. */
static struct chain *place(struct ref_cache *c, const struct ref_content *r, int64_t i,
                           int64_t *index)
{
    const struct cs_prefix *const p = r->prefix;
    const int64_t shared = p->group_tokens < r->input ? p->group_tokens : r->input;
    const int64_t group = p->group ? shared / c->size : 0;
    if (i < group) {
        *index = i;
        return chain_of(c, GROUP, p->group);
    }
    int64_t hashed = 0; /* blocks that lie whole in the prompt and in its hashes */
    if (p->hash_count > 0) {
        const int64_t prompt = r->input / c->size - group;
        const int64_t named = (int64_t)p->hash_count * p->hash_tokens / c->size;
        hashed = prompt < named ? prompt : named;
    }
    if (i - group < hashed) {
        const int64_t last_token = (i - group + 1) * c->size - 1;
        const int64_t hash = last_token / p->hash_tokens;
        *index = i - group - hash * p->hash_tokens / c->size;
        return chain_of(c, HASH, p->hashes[hash]);
    }
    *index = i - group - hashed;
    return p->session ? chain_of(c, SESSION, p->session)
                      : chain_of(c, OWN, (uint64_t)r->request);
}

/* Block i of a context is written now: it becomes findable, or stays a private duplicate. */
static void become_findable(struct ref_cache *c, const struct ref_content *r, struct ref_table *t,
                            int64_t i)
{
    int64_t index;
    struct chain *const chain = place(c, r, i, &index);
    struct ref_block *const b = t->blocks[i];
    if (b->chain) /* it was found there */
        return;
    /* that the one before is the chain's says that all before it are */
    if (index != chain->count || (index > 0 && t->blocks[i - 1]->chain != chain)) {
        c->totals->duplicates++;
        return;
    }
    if (chain->count == chain->capacity) {
        chain->capacity = chain->capacity ? 2 * chain->capacity : 4;
        chain->cached = realloc(chain->cached, (size_t)chain->capacity * sizeof *chain->cached);
    }
    chain->cached[chain->count++] = b;
    b->chain = chain;
    b->index = index;
}

void ref_cache_written(struct ref_cache *c, const struct ref_content *r, struct ref_table *t,
                       int64_t tokens)
{
    for (; c->on && (t->named + 1) * c->size <= tokens; t->named++)
        become_findable(c, r, t, t->named);
}

/* --- taking blocks -----------------------------------------------------------------------------*/

int64_t ref_cache_admit(struct ref_cache *c, const struct ref_content *r, int64_t prompt,
                        struct ref_table *t)
{
    const int64_t blocks = (prompt + c->size - 1) / c->size;
    int64_t hits = 0, unused = 0;
    *t = (struct ref_table){.blocks = calloc((size_t)blocks, sizeof(struct ref_block *)),
                            .count = blocks};
    while (c->on && hits < (prompt - 1) / c->size) {
        int64_t index;
        const struct chain *const chain = place(c, r, hits, &index);
        if (index >= chain->count)
            break;
        t->blocks[hits] = chain->cached[index];
        unused += t->blocks[hits++]->users == 0;
    }
    if (blocks - hits + unused > ref_cache_free(c)) {
        free(t->blocks);
        *t = (struct ref_table){0};
        return -1;
    }
    for (int64_t i = 0; i < hits; i++)
        if (t->blocks[i]->users++ == 0)
            leave_queue(c, t->blocks[i]);
        else
            c->totals->shared++;
    for (int64_t i = hits; i < blocks; i++)
        t->blocks[i] = take(c);
    c->totals->hits += (uint64_t)hits;
    return hits * c->size;
}

void ref_cache_extend(struct ref_cache *c, struct ref_table *t)
{
    t->blocks = realloc(t->blocks, (size_t)(t->count + 1) * sizeof *t->blocks);
    t->blocks[t->count++] = take(c);
}

/* Everybody has left: all blocks made are in the queue, and every findable one is a chain's. */
void ref_cache_drop(struct ref_cache *c)
{
    int64_t findable = 0;
    for (struct ref_block *b = c->queue.after; b != &c->queue;) {
        struct ref_block *const after = b->after;
        findable += b->chain != NULL;
        free(b);
        b = after;
    }
    for (struct chain *chain = c->chains; chain;) {
        struct chain *const next = chain->next;
        findable -= chain->count;
        tdelete(chain, &c->tree, compare);
        free(chain->cached);
        free(chain);
        chain = next;
    }
    cs_check(findable == 0);
    free(c);
}
