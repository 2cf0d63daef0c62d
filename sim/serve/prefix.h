/* Prefix cache: KV blocks of known content, kept after use until their memory is needed.
 *
 * A context is a row of blocks. Each whole block belongs to a *chain* at an index: the chain of a
 * prompt group, of a block hash, of a session, or of the request itself. A chain's first `cached`
 * blocks can be found again; a running request references a chain from its start up to some
 * length. Blocks that nobody references wait in one free list, least recently released first, and
 * are taken from its front: that is vLLM's block pool, where being free and being cached are the
 * same state.
 *
 * What keeps it cheap: a chain's blocks are released last index first, so those of one release are
 * a run, the free list is a list of runs, and what is evicted is always the end of a chain.
 * A request costs a few run and chain operations, whatever the length of its prompt.
 *
 * Rules in docs/model.md, section 3. Memory: the arena given to cs_prefix_new; it follows the
 * number of blocks and the requests in flight. Knows nothing of steps or time.
 */
#ifndef CS_SERVE_PREFIX_H
#define CS_SERVE_PREFIX_H
#include "base/arena.h"
#include "serve/workload.h"

struct cs_prefix_cache;
struct cs_prefix_cache *cs_prefix_new(struct cs_arena *arena, int64_t blocks, int block_size);

/* What one request asks of the cache and holds in it. */
struct cs_prefix_place {
    struct cs_prefix asked;
    int32_t input;       /* tokens, as asked */
    int32_t first, last; /* pieces while it runs, -1: none */
    int32_t own;         /* its own chain, from its first preemption on; -1: none */
    uint64_t admitted;   /* order of admission */
};
void cs_prefix_place_init(struct cs_prefix_place *place, const struct cs_prefix *asked,
                          int32_t input);

int64_t cs_prefix_free(const struct cs_prefix_cache *c);
/* Blocks at the front of a prompt that are cached now, at most floor((prompt - 1) / b), as its last
 * token is always computed; `idle` of them are referenced by nobody. */
int64_t cs_prefix_hits(const struct cs_prefix_cache *c, const struct cs_prefix_place *place,
                       int64_t prompt, int64_t *idle);
/* Admission: references the hits and takes the other blocks of the prompt, which must be free.
 * Returns the tokens that need not be computed. */
int64_t cs_prefix_admit(struct cs_prefix_cache *c, struct cs_prefix_place *place, int64_t prompt);
/* The first `tokens` of its context are planned: their whole blocks can be found from now on. */
void cs_prefix_fill(struct cs_prefix_cache *c, struct cs_prefix_place *place, int64_t tokens);
/* Takes blocks from the front of the free list. */
void cs_prefix_take(struct cs_prefix_cache *c, int64_t blocks);
/* A request that holds `blocks` blocks with `tokens` tokens written leaves: preempted, or ended
 * for good. */
void cs_prefix_leave(struct cs_prefix_cache *c, struct cs_prefix_place *place, int64_t tokens,
                     int64_t blocks, bool ended);

#endif
