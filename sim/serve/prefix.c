/* The prefix cache: chains of blocks, runs of free ones. See prefix.h for what they mean.
 *
 *   run     blocks [lo, hi) of one chain, or hi - lo plain ones, free, released together;
 *           in the free list (oldest first) and, unless plain, in its chain's list (by index)
 *   chain   `cached` blocks; its references as a short list of (length, how many), longest first:
 *           blocks from the longest on are free
 *   piece   what one running request has in one chain
 *
 * Two things hold throughout: a higher index of a chain was released no later than a lower one, so
 * the front of the free list always holds a chain's last block; and nothing references more of a
 * chain than is cached. Nodes of all kinds come from growing arrays with free lists, by index.
 */
#include "serve/prefix.h"
#include "base/check.h"
#include <string.h>

enum kind { GROUP = 1, HASH, SESSION, OWN };
static const int64_t WHOLE = INT64_MAX / 2;

struct run {
    int64_t lo, hi;
    int32_t chain;              /* -1: plain */
    int32_t prev, next;         /* free list */
    int32_t lower, higher;      /* of its chain */
};
struct level { /* references of the same length */
    int64_t length;
    int32_t count, next;
};
struct chain {
    uint64_t id;
    enum kind kind;
    int64_t cached;
    int32_t holders; /* pieces and places that name it */
    int32_t levels, lowest, highest;
    int32_t next; /* of its hash bucket */
};
struct piece {
    int64_t begin, length; /* blocks of the request's context */
    int64_t held;          /* references to the chain */
    int32_t chain, prev, next;
    bool parted; /* a block of its own stands where the chain has one: the rest is its own too */
};

struct nodes { /* a growing array; the first int32_t of a free node is the next one */
    struct cs_arena *arena;
    char *at;
    size_t size;
    int32_t capacity, free;
};

struct cs_prefix_cache {
    int64_t block_size, free;
    struct nodes runs, levels, chains, pieces;
    int32_t oldest, newest; /* of the free list */
    int32_t *buckets;
    uint32_t bucket_count, chain_count;
    uint64_t own_serial;
    struct cs_arena *arena;
};

/* ---- nodes ------------------------------------------------------------------------------- */

static int32_t take_node(struct nodes *n)
{
    if (n->free < 0) {
        const int32_t capacity = n->capacity == 0 ? 64 : 2 * n->capacity;
        cs_check(capacity < (1 << 30));
        char *at = cs_arena_alloc(n->arena, (size_t)capacity, n->size);
        if (n->capacity > 0)
            memcpy(at, n->at, (size_t)n->capacity * n->size);
        for (int32_t i = capacity - 1; i >= n->capacity; i--) {
            memcpy(at + (size_t)i * n->size, &n->free, sizeof n->free);
            n->free = i;
        }
        n->at = at;
        n->capacity = capacity;
    }
    const int32_t i = n->free;
    memcpy(&n->free, n->at + (size_t)i * n->size, sizeof n->free);
    return i;
}

static void give_node(struct nodes *n, int32_t i)
{
    memcpy(n->at + (size_t)i * n->size, &n->free, sizeof n->free);
    n->free = i;
}

static struct run *run_at(const struct cs_prefix_cache *c, int32_t i)
{
    return (struct run *)(void *)c->runs.at + i;
}
static struct chain *chain_at(const struct cs_prefix_cache *c, int32_t i)
{
    return (struct chain *)(void *)c->chains.at + i;
}
static struct level *level_at(const struct cs_prefix_cache *c, int32_t i)
{
    return (struct level *)(void *)c->levels.at + i;
}
static struct piece *piece_at(const struct cs_prefix_cache *c, int32_t i)
{
    return (struct piece *)(void *)c->pieces.at + i;
}

/* ---- the free list ----------------------------------------------------------------------- */

static void append_run(struct cs_prefix_cache *c, int32_t chain, int64_t lo, int64_t hi)
{
    c->free += hi - lo;
    if (chain < 0 && c->newest >= 0 && run_at(c, c->newest)->chain < 0) {
        run_at(c, c->newest)->hi += hi - lo;
        return;
    }
    const int32_t i = take_node(&c->runs);
    struct run *r = run_at(c, i);
    *r = (struct run){.lo = lo, .hi = hi, .chain = chain, .prev = c->newest, .next = -1,
                      .lower = -1, .higher = -1};
    if (c->newest >= 0)
        run_at(c, c->newest)->next = i;
    else
        c->oldest = i;
    c->newest = i;
    if (chain < 0)
        return;
    struct chain *h = chain_at(c, chain); /* released later, so of lower index than all others */
    r->higher = h->lowest;
    if (h->lowest >= 0)
        run_at(c, h->lowest)->lower = i;
    else
        h->highest = i;
    h->lowest = i;
}

static void remove_run(struct cs_prefix_cache *c, int32_t i)
{
    const struct run r = *run_at(c, i);
    if (r.prev >= 0)
        run_at(c, r.prev)->next = r.next;
    else
        c->oldest = r.next;
    if (r.next >= 0)
        run_at(c, r.next)->prev = r.prev;
    else
        c->newest = r.prev;
    if (r.chain >= 0) {
        struct chain *h = chain_at(c, r.chain);
        if (r.lower >= 0)
            run_at(c, r.lower)->higher = r.higher;
        else
            h->lowest = r.higher;
        if (r.higher >= 0)
            run_at(c, r.higher)->lower = r.lower;
        else
            h->highest = r.lower;
    }
    give_node(&c->runs, i);
}

/* ---- chains ------------------------------------------------------------------------------ */

static uint32_t bucket_of(const struct cs_prefix_cache *c, enum kind kind, uint64_t id)
{
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)kind; /* Fibonacci hashing */
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(x >> 32) & (c->bucket_count - 1);
}

static int32_t find_chain(const struct cs_prefix_cache *c, enum kind kind, uint64_t id)
{
    int32_t i = c->buckets[bucket_of(c, kind, id)];
    while (i >= 0 && (chain_at(c, i)->id != id || chain_at(c, i)->kind != kind))
        i = chain_at(c, i)->next;
    return i;
}

static void grow_buckets(struct cs_prefix_cache *c)
{
    const uint32_t old = c->bucket_count;
    const int32_t *from = c->buckets;
    c->bucket_count = old == 0 ? 256 : 4 * old;
    c->buckets = cs_arena_alloc(c->arena, c->bucket_count, sizeof *c->buckets);
    memset(c->buckets, 0xff, c->bucket_count * sizeof *c->buckets); /* all -1 */
    for (uint32_t b = 0; b < old; b++)
        for (int32_t i = from[b], next; i >= 0; i = next) {
            next = chain_at(c, i)->next;
            const uint32_t to = bucket_of(c, chain_at(c, i)->kind, chain_at(c, i)->id);
            chain_at(c, i)->next = c->buckets[to];
            c->buckets[to] = i;
        }
}

static int32_t new_chain(struct cs_prefix_cache *c, enum kind kind, uint64_t id)
{
    if (c->chain_count >= c->bucket_count)
        grow_buckets(c);
    const int32_t i = take_node(&c->chains);
    const uint32_t b = bucket_of(c, kind, id);
    *chain_at(c, i) = (struct chain){.id = id, .kind = kind, .levels = -1, .lowest = -1,
                                     .highest = -1, .next = c->buckets[b]};
    c->buckets[b] = i;
    c->chain_count++;
    return i;
}

static void forget_if_empty(struct cs_prefix_cache *c, int32_t i)
{
    const struct chain *h = chain_at(c, i);
    if (h->holders > 0 || h->cached > 0)
        return;
    int32_t *link = &c->buckets[bucket_of(c, h->kind, h->id)];
    while (*link != i)
        link = &chain_at(c, *link)->next;
    *link = h->next;
    c->chain_count--;
    give_node(&c->chains, i);
}

static int64_t longest(const struct cs_prefix_cache *c, const struct chain *h)
{
    return h->levels < 0 ? 0 : level_at(c, h->levels)->length;
}

static void add_reference(struct cs_prefix_cache *c, int32_t chain, int64_t length)
{
    if (length == 0)
        return;
    int32_t before = -1, at = chain_at(c, chain)->levels;
    while (at >= 0 && level_at(c, at)->length > length) {
        before = at;
        at = level_at(c, at)->next;
    }
    if (at >= 0 && level_at(c, at)->length == length) {
        level_at(c, at)->count++;
        return;
    }
    const int32_t i = take_node(&c->levels);
    *level_at(c, i) = (struct level){.length = length, .count = 1, .next = at};
    if (before >= 0)
        level_at(c, before)->next = i;
    else
        chain_at(c, chain)->levels = i;
}

static void drop_reference(struct cs_prefix_cache *c, int32_t chain, int64_t length)
{
    if (length == 0)
        return;
    int32_t before = -1, at = chain_at(c, chain)->levels;
    while (level_at(c, at)->length != length) {
        before = at;
        at = level_at(c, at)->next;
    }
    if (--level_at(c, at)->count > 0)
        return;
    if (before >= 0)
        level_at(c, before)->next = level_at(c, at)->next;
    else
        chain_at(c, chain)->levels = level_at(c, at)->next;
    give_node(&c->levels, at);
}

/* References blocks [0, length) of a chain; those in the free list leave it. */
static void touch(struct cs_prefix_cache *c, int32_t chain, int64_t length)
{
    int32_t next;
    for (int32_t i = chain_at(c, chain)->lowest; i >= 0 && run_at(c, i)->lo < length; i = next) {
        struct run *r = run_at(c, i);
        next = r->higher;
        const int64_t end = r->hi < length ? r->hi : length;
        c->free -= end - r->lo;
        r->lo = end;
        if (r->lo == r->hi)
            remove_run(c, i);
    }
    add_reference(c, chain, length);
}

void cs_prefix_take(struct cs_prefix_cache *c, int64_t blocks)
{
    cs_check(blocks <= c->free);
    c->free -= blocks;
    while (blocks > 0) {
        const int32_t i = c->oldest;
        struct run *r = run_at(c, i);
        const int64_t size = r->hi - r->lo;
        const int64_t n = size < blocks ? size : blocks;
        const int32_t chain = r->chain;
        blocks -= n;
        if (chain >= 0)
            chain_at(c, chain)->cached -= n;
        r->hi -= n;
        if (n == size)
            remove_run(c, i);
        if (chain >= 0)
            forget_if_empty(c, chain);
    }
}

/* ---- a request's way through the chains --------------------------------------------------- */

/* Where the next piece of a context lies: pieces in order, the last one without end. */
struct walk {
    const struct cs_prefix_place *place;
    int64_t block_size;
    int64_t begin, length; /* blocks */
    int64_t hashed_from;   /* where the hashes begin */
    int32_t hash;          /* next */
    enum kind kind;
    uint64_t id;
    int stage;
};

static int64_t group_blocks(const struct cs_prefix_place *p, int64_t b)
{
    if (p->asked.group == 0)
        return 0;
    return (p->asked.group_tokens < p->input ? p->asked.group_tokens : p->input) / b;
}

/* Goes to the next piece; false after the tail. Hash j ends where its last whole block does. */
static bool walk_on(struct walk *w)
{
    const struct cs_prefix_place *p = w->place;
    w->begin += w->length;
    w->length = 0;
    if (w->stage == 0) {
        w->stage = 1;
        w->length = w->hashed_from = group_blocks(p, w->block_size);
        w->kind = GROUP;
        w->id = p->asked.group;
        if (w->length > 0)
            return true;
    }
    while (w->stage == 1) {
        if (w->hash >= p->asked.hash_count) {
            w->stage = 2;
            break;
        }
        const int64_t room = p->input / w->block_size;
        int64_t end = w->hashed_from +
                      (int64_t)(w->hash + 1) * p->asked.hash_tokens / w->block_size;
        end = end < room ? end : room;
        w->kind = HASH;
        w->id = p->asked.hashes[w->hash++];
        w->length = end > w->begin ? end - w->begin : 0;
        if (w->length > 0)
            return true;
    }
    if (w->stage == 3)
        return false;
    w->stage = 3;
    w->length = WHOLE;
    w->kind = p->asked.session != 0 ? SESSION : OWN;
    w->id = p->asked.session;
    return true;
}

static struct walk walk_start(const struct cs_prefix_cache *c, const struct cs_prefix_place *place)
{
    return (struct walk){.place = place, .block_size = c->block_size};
}

static int32_t chain_of(const struct cs_prefix_cache *c, const struct walk *w)
{
    return w->kind == OWN ? w->place->own : find_chain(c, w->kind, w->id);
}

int64_t cs_prefix_hits(const struct cs_prefix_cache *c, const struct cs_prefix_place *place,
                       int64_t prompt, int64_t *idle)
{
    const int64_t most = (prompt - 1) / c->block_size;
    struct walk w = walk_start(c, place);
    int64_t hits = 0;
    *idle = 0;
    while (hits < most && walk_on(&w)) {
        const int32_t i = chain_of(c, &w);
        if (i < 0)
            break;
        const struct chain *h = chain_at(c, i);
        int64_t n = h->cached < w.length ? h->cached : w.length;
        n = n < most - hits ? n : most - hits;
        const int64_t used = longest(c, h);
        *idle += n > used ? n - used : 0;
        hits += n;
        if (n < w.length)
            break;
    }
    return hits;
}

static void add_piece(struct cs_prefix_cache *c, struct cs_prefix_place *p, const struct walk *w,
                      int64_t held)
{
    int32_t chain = chain_of(c, w);
    if (chain < 0)
        chain = new_chain(c, w->kind, w->id);
    chain_at(c, chain)->holders++;
    touch(c, chain, held);
    const int32_t i = take_node(&c->pieces);
    *piece_at(c, i) = (struct piece){.begin = w->begin, .length = w->length, .held = held,
                                     .chain = chain, .prev = p->last, .next = -1};
    if (p->last >= 0)
        piece_at(c, p->last)->next = i;
    else
        p->first = i;
    p->last = i;
}

int64_t cs_prefix_admit(struct cs_prefix_cache *c, struct cs_prefix_place *p, int64_t prompt)
{
    int64_t idle;
    const int64_t hits = cs_prefix_hits(c, p, prompt, &idle);
    struct walk w = walk_start(c, p);
    while (walk_on(&w)) {
        if (w.kind == OWN && p->own < 0)
            break; /* nobody could ask for it: no need to keep it */
        const int64_t rest = hits - w.begin;
        add_piece(c, p, &w, rest <= 0 ? 0 : rest < w.length ? rest : w.length);
    }
    cs_prefix_take(c, (prompt + c->block_size - 1) / c->block_size - hits);
    return hits * c->block_size;
}

void cs_prefix_fill(struct cs_prefix_cache *c, struct cs_prefix_place *p, int64_t tokens)
{
    const int64_t blocks = tokens / c->block_size;
    for (int32_t i = p->first; i >= 0; i = piece_at(c, i)->next) {
        struct piece *e = piece_at(c, i);
        int64_t mine = blocks - e->begin;
        mine = mine < e->length ? mine : e->length;
        if (mine <= 0)
            return;
        if (e->parted || mine <= e->held)
            continue;
        struct chain *h = chain_at(c, e->chain);
        if (e->held != h->cached) {
            e->parted = true;
            continue;
        }
        drop_reference(c, e->chain, e->held);
        h->cached = e->held = mine;
        add_reference(c, e->chain, mine);
    }
}

/* Blocks of a chain that lost their last reference go to the back of the free list. */
static void release_piece(struct cs_prefix_cache *c, int32_t chain, int64_t held)
{
    const int64_t before = longest(c, chain_at(c, chain));
    drop_reference(c, chain, held);
    const int64_t now = longest(c, chain_at(c, chain));
    if (now < before)
        append_run(c, chain, now, before);
}

/* Free blocks of a request that ended are plain ones, wherever they stand. */
static void forget_own(struct cs_prefix_cache *c, struct cs_prefix_place *p)
{
    struct chain *h = chain_at(c, p->own);
    int32_t higher;
    for (int32_t i = h->lowest; i >= 0; i = higher) {
        struct run *r = run_at(c, i);
        higher = r->higher;
        r->chain = r->lower = r->higher = -1;
    }
    h->lowest = h->highest = -1;
    h->cached = 0;
    h->holders--;
    forget_if_empty(c, p->own);
    p->own = -1;
}

void cs_prefix_leave(struct cs_prefix_cache *c, struct cs_prefix_place *p, int64_t tokens,
                     int64_t blocks, bool ended)
{
    if (!ended && p->own < 0 && p->asked.session == 0) {
        p->own = new_chain(c, OWN, ++c->own_serial);
        chain_at(c, p->own)->holders = 1;
        struct walk w = walk_start(c, p);
        while (walk_on(&w) && w.kind != OWN)
            ;
        add_piece(c, p, &w, 0);
    }
    cs_prefix_fill(c, p, tokens);
    int64_t shared = 0;
    for (int32_t i = p->first; i >= 0; i = piece_at(c, i)->next)
        shared += piece_at(c, i)->held;
    if (blocks > shared)
        append_run(c, -1, 0, blocks - shared);
    int32_t prev;
    for (int32_t i = p->last; i >= 0; i = prev) {
        const struct piece e = *piece_at(c, i);
        prev = e.prev;
        release_piece(c, e.chain, e.held);
        chain_at(c, e.chain)->holders--;
        give_node(&c->pieces, i);
        forget_if_empty(c, e.chain);
    }
    p->first = p->last = -1;
    if (ended && p->own >= 0)
        forget_own(c, p);
}

void cs_prefix_place_init(struct cs_prefix_place *p, const struct cs_prefix *asked, int32_t input)
{
    *p = (struct cs_prefix_place){
        .asked = *asked, .input = input, .first = -1, .last = -1, .own = -1};
}

int64_t cs_prefix_free(const struct cs_prefix_cache *c)
{
    return c->free;
}

static struct nodes nodes_of(struct cs_arena *arena, size_t size)
{
    return (struct nodes){.arena = arena, .size = size, .free = -1};
}

struct cs_prefix_cache *cs_prefix_new(struct cs_arena *arena, int64_t blocks, int block_size)
{
    struct cs_prefix_cache *c = cs_arena_alloc(arena, 1, sizeof *c);
    *c = (struct cs_prefix_cache){
        .block_size = block_size,
        .runs = nodes_of(arena, sizeof(struct run)),
        .levels = nodes_of(arena, sizeof(struct level)),
        .chains = nodes_of(arena, sizeof(struct chain)),
        .pieces = nodes_of(arena, sizeof(struct piece)),
        .oldest = -1,
        .newest = -1,
        .arena = arena,
    };
    grow_buckets(c);
    append_run(c, -1, 0, blocks);
    return c;
}
