/* The KV cache of the reference engine: each block an object, each sequence its list of blocks.
 *
 * Written from the rules of docs/model.md, section 3.1, and from nothing else. A block is never
 * used, in the queue of free ones, or referenced by so many sequences; it may be findable as number
 * `index` of a chain, which is a group's prefix, a hash, a session or a request's own context.
 * Without prefix caching no block is ever findable, and this counts blocks.
 * The one rule: no closed forms; where this and the engine differ, this is short enough to tell
 * which of them breaks a rule. Memory is malloc'ed and freed with the cache.
 */
#ifndef CS_PROP_REFCACHE_H
#define CS_PROP_REFCACHE_H
#include <stdbool.h>
#include "serve/cluster.h"

struct ref_cache;
struct ref_block;

struct ref_table { /* the blocks of one admitted sequence, in order of its context */
    struct ref_block **blocks;
    int64_t count, named; /* `named`: from the front, those whose turn to become findable is over */
};

struct ref_content { /* what a request's context is known by */
    int request;
    int64_t input;
    const struct cs_prefix *prefix;
};

struct ref_cache_totals {
    uint64_t hits, evicted, duplicates, shared; /* blocks; shared: hits that somebody runs with */
};

struct ref_cache *ref_cache_new(const struct cs_limits_engine *limits,
                                struct ref_cache_totals *totals);
void ref_cache_drop(struct ref_cache *cache);
int64_t ref_cache_free(const struct ref_cache *cache);
/* Admits a prompt: its tokens that need no computing, or -1 when it does not fit. */
int64_t ref_cache_admit(struct ref_cache *cache, const struct ref_content *content, int64_t prompt,
                        struct ref_table *table);
/* One block more for a decode. */
void ref_cache_extend(struct ref_cache *cache, struct ref_table *table);
/* The first `tokens` of the context are written: full blocks among them become findable. */
void ref_cache_written(struct ref_cache *cache, const struct ref_content *content,
                       struct ref_table *table, int64_t tokens);
void ref_cache_release(struct ref_cache *cache, struct ref_table *table);

#endif
