/* The tournament behind cs_argmin: see argmin.h for what it is for.
 *
 * Node i has children 2i and 2i+1; nodes size .. 2 size - 1 are the leaves, slot i at size + i, and
 * are not stored: the winner of a leaf is itself. With one slot the root is node 1 = its own leaf's
 * parent, which is why at least two leaves are kept. The left child wins ties, and holds the lower
 * indices, so the lowest index wins overall.
 *
 * Cost: log2(size) comparisons a change, none to read.
 */
#include "des/argmin.h"

static int32_t winner(const struct cs_argmin *a, int node)
{
    return node >= a->size ? node - a->size : a->best[node];
}

static void play(struct cs_argmin *a, int node)
{
    const int32_t left = winner(a, 2 * node), right = winner(a, 2 * node + 1);
    a->best[node] = a->key[right] < a->key[left] ? right : left;
}

void cs_argmin_init(struct cs_argmin *a, struct cs_arena *arena, int n, int64_t key)
{
    a->size = 2;
    while (a->size < n)
        a->size *= 2;
    a->key = cs_arena_alloc(arena, (size_t)a->size, sizeof *a->key);
    a->best = cs_arena_alloc(arena, (size_t)a->size, sizeof *a->best);
    for (int i = 0; i < a->size; i++)
        a->key[i] = i < n ? key : INT64_MAX;
    for (int node = a->size - 1; node >= 1; node--)
        play(a, node);
}

void cs_argmin_set(struct cs_argmin *a, int index, int64_t key)
{
    if (a->key[index] == key)
        return;
    a->key[index] = key;
    for (int node = (a->size + index) / 2; node >= 1; node /= 2)
        play(a, node);
}
