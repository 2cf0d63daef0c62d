/* Argmin: which of N slots has the smallest key, kept up to date in O(log N).
 *
 * A complete binary tree over N fixed slots; each inner node keeps the index of the smaller child,
 * the lower index on ties, so the order is total and routers and event loops built on it are
 * deterministic. Setting a key replays one path to the root and stops as soon as nothing changes.
 *
 * It serves twice in a cluster: the least loaded replica, and the next replica that has something
 * to do. Memory: the caller's arena, 2 N small integers and N keys.
 */
#ifndef CS_DES_ARGMIN_H
#define CS_DES_ARGMIN_H
#include "base/arena.h"
#include <stdint.h>

struct cs_argmin {
    int size;      /* leaves: a power of two, at least N */
    int64_t *key;  /* [size]; unused slots hold INT64_MAX */
    int32_t *best; /* [size]: best[1] is the root; best[i] the winner below node i */
};
/* All N >= 1 keys start at `key`. */
void cs_argmin_init(struct cs_argmin *a, struct cs_arena *arena, int n, int64_t key);
void cs_argmin_set(struct cs_argmin *a, int index, int64_t key);
static inline int cs_argmin_index(const struct cs_argmin *a)
{
    return a->best[1];
}
static inline int64_t cs_argmin_key(const struct cs_argmin *a)
{
    return a->key[a->best[1]];
}

#endif
