/* The state of apicache.h: when each shared piece of prompts was last used.
 *
 * Pieces are keyed by a number that mixes kind and name: a group, a session, a block's hash. A
 * session also remembers how long its context is, prompt and answer of its last turn.
 */
#include "plan/apicache.h"
#include <math.h>
#include <string.h>
#include <uthash.h>

enum kind { GROUP = 1, SESSION, BLOCK };

struct piece {
    struct {
        uint64_t kind, name;
    } key;
    double used_s, tokens;
    UT_hash_handle hh;
};

struct cs_apicache {
    struct cs_arena *arena;
    struct piece *pieces;
};

struct cs_apicache *cs_apicache_new(struct cs_arena *arena)
{
    struct cs_apicache *c = cs_arena_alloc(arena, 1, sizeof *c);
    c->arena = arena;
    return c;
}

void cs_apicache_drop(struct cs_apicache *c)
{
    HASH_CLEAR(hh, c->pieces);
}

static struct piece *find(const struct cs_apicache *c, enum kind kind, uint64_t name)
{
    struct piece probe, *found;
    memset(&probe, 0, sizeof probe);
    probe.key.kind = kind;
    probe.key.name = name;
    HASH_FIND(hh, c->pieces, &probe.key, sizeof probe.key, found);
    return found;
}

static void touch(struct cs_apicache *c, enum kind kind, uint64_t name, double now_s, double tokens)
{
    struct piece *p = find(c, kind, name);
    if (p == NULL) {
        p = cs_arena_alloc(c->arena, 1, sizeof *p);
        p->key.kind = kind;
        p->key.name = name;
        HASH_ADD(hh, c->pieces, key, sizeof p->key, p);
    }
    p->used_s = now_s;
    p->tokens = tokens;
}

static bool is_kept(const struct piece *p, double now_s, double kept_s)
{
    return p != NULL && now_s - p->used_s <= kept_s;
}

double cs_apicache_find(const struct cs_apicache *c, const struct cs_arrival *a, double kept_s,
                        double *shared)
{
    const struct cs_prefix *x = &a->prefix;
    const double now_s = (double)a->time_ps * 1e-12, prompt = a->input;
    double found = 0.0;
    *shared = 0.0;
    if (x->group != 0) {
        const double tokens = fmin(prompt, x->group_tokens);
        *shared = tokens;
        if (is_kept(find(c, GROUP, x->group), now_s, kept_s))
            found = tokens;
    }
    if (x->hash_count > 0) {
        int32_t n = 0;
        while (n < x->hash_count && is_kept(find(c, BLOCK, x->hashes[n]), now_s, kept_s))
            n++;
        found = fmax(found, fmin(prompt, (double)n * x->hash_tokens));
        *shared = prompt;
    }
    if (x->session != 0) {
        const struct piece *context = find(c, SESSION, x->session);
        if (is_kept(context, now_s, kept_s))
            found = fmax(found, fmin(prompt, context->tokens));
        *shared = prompt;
    }
    return found;
}

void cs_apicache_use(struct cs_apicache *c, const struct cs_arrival *a)
{
    const struct cs_prefix *x = &a->prefix;
    const double now_s = (double)a->time_ps * 1e-12;
    if (x->group != 0)
        touch(c, GROUP, x->group, now_s, 0.0);
    for (int32_t n = 0; n < x->hash_count; n++)
        touch(c, BLOCK, x->hashes[n], now_s, 0.0);
    if (x->session != 0)
        touch(c, SESSION, x->session, now_s, (double)a->input + a->output);
}
