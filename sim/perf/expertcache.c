/* Experts that do not all fit: see expertcache.h and docs/model.md, section 10.
 *
 * Fast counts. Of an expert that was not touched for tau steps, so that it is not held, all tokens
 * miss it again with A, all predictions with C, both with B. With U = U(tau), then exactly:
 *
 *     touched, not held = U (1 - A),  of these foreseen = U (1 - A - C + B),  wasted = U (A - B)
 *
 * What is predicted is copied to a place of its own and enters the cache when it is touched: wrong
 * predictions cost copies, and push nothing out.
 *
 * Trial. Tokens are drawn by a comb of unit distance over the visits laid end to end, in an order
 * shuffled for each (Madow 1949): k experts, expert i with exactly v_i. A request repeats its token
 * in all layers at once, else each layer follows the one before or is drawn anew, so `repeat` and
 * `follow` both hold in every layer. Experts are named by how much they are visited; a new topic
 * renames what is held. Least recently used: the order within a step is drawn.
 */
#include "perf/expertcache.h"
#include "base/check.h"
#include "base/rng.h"
#include <math.h>

/* --- fast counts --- */

struct law { /* of a cache of the least recently used */
    double tokens, repeat;
};

/* Probability that an expert which one token misses with `one` is held; x >= 0: tau is e^x; below,
 * a step touches more than fit, and e^x of what it brings in stays. *kept: of what was touched in
 * the last tau steps; *untouched: U(tau). */
static double held(const struct law *l, double one, double x, double *kept, double *untouched)
{
    const double first = l->tokens * log(one);
    const double later = l->tokens * log(l->repeat + (1.0 - l->repeat) * one);
    *kept = 1.0;
    *untouched = exp(first + later * (exp(fmax(x, 0.0)) - 1.0));
    const double touched = 1.0 - *untouched;
    if (x < 0.0 && touched > 0.0) {
        /* Not touched again: in large steps so rare that all are alike, and none is told apart. */
        const double gone = fmax(exp(first) * (1.0 - exp(later)) / touched, 1e-12);
        *kept = exp(x) / (gone + (1.0 - gone) * exp(x));
    }
    return touched * *kept;
}

/* The x at which as many experts are held as there are slots. */
static double fill(const struct law *l, const double *visits, int experts, double slots)
{
    double low = -45.0, high = 30.0;
    for (int round = 0; round < 50; round++) {
        const double x = 0.5 * (low + high);
        double sum = 0.0, one = 0.0, kept, untouched;
        for (int i = 0; i < experts; i++) {
            if (i == 0 || visits[i] != visits[i - 1])
                one = held(l, fmax(1.0 - visits[i], 1e-300), x, &kept, &untouched);
            sum += one;
        }
        *(sum < slots ? &low : &high) = x;
    }
    return high;
}

/* Adds what prediction does for an expert that is held as told. */
static void predict(const struct law *l, double follow, double one, double kept, double untouched,
                    struct cs_moe_hits *sum)
{
    const double T = l->tokens, r = l->repeat, U = untouched;
    const double pair = one * (follow + (1.0 - follow) * one); /* neither predicted nor touched */
    const double A = pow(r + (1.0 - r) * one, T);
    const double B = pow(r * pair / one + (1.0 - r) * pair, T);
    const double C = pow(r * pair / one + (1.0 - r) * one, T);
    const double touched = 1.0 - pow(one, T), both = 2.0 * touched - 1.0 + pow(pair, T);
    const double foreseen = U * (1.0 - A - C + B), wasted = U * (A - B);
    sum->foreseen += foreseen + (1.0 - kept) * (both - foreseen);
    sum->wasted += wasted + (1.0 - kept) * (touched - both - wasted);
}

static bool is_recent(enum cs_expert_policy policy)
{
    return policy == CS_EXPERTS_LRU || policy == CS_EXPERTS_PREFETCH;
}

/* Of the policies that do not depend on what was touched last: the i-th most visited. */
static double held_always(enum cs_expert_policy policy, int i, int experts, double slots)
{
    const bool most = policy == CS_EXPERTS_STATIC || policy == CS_EXPERTS_LFU;
    return fmin(most ? fmax(slots - i, 0.0) : slots / experts, 1.0);
}

void cs_moe_held(enum cs_expert_policy policy, const double *visits, int experts, double slots,
                 double tokens, double repeat, double *share)
{
    const struct law law = {tokens, repeat};
    const double x = is_recent(policy) ? fill(&law, visits, experts, slots) : 0.0;
    double kept, untouched;
    for (int i = 0; i < experts; i++)
        share[i] = is_recent(policy)
                       ? held(&law, fmax(1.0 - visits[i], 1e-300), x, &kept, &untouched)
                       : held_always(policy, i, experts, slots);
}

struct cs_moe_hits cs_moe_hits(enum cs_expert_policy policy, const double *visits, int experts,
                               double slots, double tokens, double repeat, double follow)
{
    const struct law law = {tokens, repeat};
    const bool recent = is_recent(policy);
    const double x = recent ? fill(&law, visits, experts, slots) : 0.0;
    struct cs_moe_hits sum = {0};
    for (int i = 0; i < experts; i++) {
        const double one = fmax(1.0 - visits[i], 1e-300), touched = 1.0 - pow(one, tokens);
        sum.touched += touched;
        if (!recent) {
            sum.found += touched * held_always(policy, i, experts, slots);
            continue;
        }
        double kept, untouched;
        held(&law, one, x, &kept, &untouched);
        const double again = pow(repeat + (1.0 - repeat) * one, tokens);
        sum.found += kept * (touched - untouched * (1.0 - again));
        if (policy == CS_EXPERTS_PREFETCH)
            predict(&law, follow, one, kept, untouched, &sum);
    }
    sum.found = fmin(sum.found, slots);
    if (policy == CS_EXPERTS_STATIC)
        sum.cold = fmin(slots, experts);
    if (recent) /* fewer steps than tau have passed: summed over them */
        sum.cold = x < 0.0 ? sum.found : fmin(slots, experts) - exp(x) * (sum.touched - sum.found);
    return sum;
}

/* --- trial --- */

struct layer {
    bool *held, *ours; /* of a cache; static: those that are to be held */
    double *rank;      /* what is least of this makes room: last use, or number of uses */
    int count;
};
struct run {
    const struct cs_expert_trial *t;
    struct cs_rng rng;
    struct layer *layers;
    int *sets, *sizes; /* experts of each request's token, layer by layer; how many */
    int *order;        /* of experts; a permutation, shuffled again and again */
    double *inside;    /* probability of an expert within the groups of a token */
    double *group;     /* probability of each group */
    bool *touched, *foretold;
    int64_t *step_touched, *step_found, *step_loads;
    struct cs_expert_counts sum;
};

/* Of `n` in `order`, each with its chance: how many were drawn, listed first in out. */
static int comb(struct run *r, int *order, int n, const double *chance, int *out)
{
    double at = 0.0, tooth = cs_rng_uniform(&r->rng);
    int count = 0;
    for (int i = 0; i < n; i++) {
        const int j = i + (int)(cs_rng_uniform(&r->rng) * (n - i)), one = order[j];
        order[j] = order[i];
        order[i] = one;
        at += chance[one];
        if (at > tooth) {
            out[count++] = one;
            tooth += 1.0;
        }
    }
    return count;
}

/* Groups are drawn by what they are visited in all, and no less than their most visited expert,
 * experts by their share of it: visits stay as they were. */
static void prepare_groups(struct run *r)
{
    const struct cs_expert_trial *t = r->t;
    const int G = t->groups;
    double sum = 0.0;
    for (int i = 0; i < t->experts; i++)
        sum += t->visits[i];
    for (int g = 0; g < G; g++) {
        double visits = 0.0;
        for (int i = g; i < t->experts; i += G)
            visits += t->visits[i];
        r->group[g] = visits * t->groups_per_token / sum;
    }
    for (int round = 0; round < 30; round++) { /* within [most visited, 1], in sum as many */
        double free = 0.0, rest = t->groups_per_token;
        for (int g = 0; g < G; g++) {
            r->group[g] = fmin(fmax(r->group[g], t->visits[g]), 1.0);
            const bool fixed = r->group[g] == t->visits[g] || r->group[g] == 1.0;
            free += fixed ? 0.0 : r->group[g];
            rest -= fixed ? r->group[g] : 0.0;
        }
        for (int g = 0; g < G; g++)
            if (r->group[g] != t->visits[g] && r->group[g] != 1.0 && rest > 0.0)
                r->group[g] *= rest / free;
    }
    for (int i = 0; i < t->experts; i++)
        r->inside[i] = fmin(t->visits[i] / r->group[i % G], 1.0);
}

static int draw(struct run *r, int *out)
{
    const struct cs_expert_trial *t = r->t;
    if (t->groups == 0)
        return comb(r, r->order, t->experts, t->visits, out);
    int *groups = r->order + t->experts, *used = groups + t->groups, *members = used + t->groups;
    const int count = comb(r, groups, t->groups, r->group, used);
    int n = 0;
    for (int g = 0; g < count; g++)
        for (int i = used[g]; i < t->experts; i += t->groups)
            members[n++] = i;
    return comb(r, members, n, r->inside, out);
}

/* The next token of each request. */
static void advance(struct run *r, bool first)
{
    const struct cs_expert_trial *t = r->t;
    for (int b = 0; b < t->batch; b++) {
        if (!first && cs_rng_uniform(&r->rng) < t->repeat)
            continue;
        for (int l = 0; l < t->layers; l++) {
            const int at = b * t->layers + l;
            int *set = r->sets + at * t->experts;
            if (l > 0 && cs_rng_uniform(&r->rng) < t->follow) {
                r->sizes[at] = r->sizes[at - 1];
                for (int j = 0; j < r->sizes[at]; j++)
                    set[j] = set[j - t->experts];
            } else {
                r->sizes[at] = draw(r, set);
            }
        }
    }
}

/* Puts an expert into a layer's cache, where there is room or what is least may make some: not what
 * this step touches, nor, where uses are counted, what is used as much. */
static void bring(const struct run *r, struct layer *l, int expert)
{
    const struct cs_expert_trial *t = r->t;
    int least = -1;
    if (t->policy == CS_EXPERTS_STATIC) {
        l->held[expert] = l->ours[expert];
        return;
    }
    for (int i = 0; l->count == t->slots && i < t->experts; i++)
        if (l->held[i] && !r->touched[i] && (least < 0 || l->rank[i] < l->rank[least]))
            least = i;
    if (l->count == t->slots &&
        (least < 0 || (t->policy == CS_EXPERTS_LFU && l->rank[least] >= l->rank[expert])))
        return;
    if (least >= 0)
        l->held[least] = false;
    l->count += least < 0;
    l->held[expert] = true;
}

static void mark(const struct run *r, int layer, bool *marks)
{
    const struct cs_expert_trial *t = r->t;
    for (int i = 0; i < t->experts; i++)
        marks[i] = false;
    for (int b = 0; b < t->batch; b++)
        for (int j = 0; j < r->sizes[b * t->layers + layer]; j++)
            marks[r->sets[(b * t->layers + layer) * t->experts + j]] = true;
}

static void serve_layer(struct run *r, int layer, int step)
{
    const struct cs_expert_trial *t = r->t;
    struct layer *l = &r->layers[layer];
    const bool predicts = t->policy == CS_EXPERTS_PREFETCH && layer > 0;
    int64_t found = 0, touched = 0, foreseen = 0, wasted = 0;
    mark(r, layer, r->touched);
    mark(r, predicts ? layer - 1 : layer, r->foretold);
    for (int i = 0; i < t->experts; i++) {
        const bool ahead = predicts && r->foretold[i] && !l->held[i];
        touched += r->touched[i];
        found += r->touched[i] && l->held[i];
        foreseen += r->touched[i] && ahead;
        wasted += !r->touched[i] && ahead;
        if (r->touched[i])
            l->rank[i] =
                t->policy == CS_EXPERTS_LFU ? l->rank[i] + 1.0 : step + cs_rng_uniform(&r->rng);
    }
    /* From anywhere on, so that none is preferred when not all find room. */
    const int from = (int)(cs_rng_uniform(&r->rng) * t->experts);
    for (int n = 0; n < t->experts; n++) {
        const int i = (from + n) % t->experts;
        if (r->touched[i] && !l->held[i])
            bring(r, l, i);
    }
    r->sum.touched += touched;
    r->sum.found += found;
    r->sum.foreseen += foreseen;
    r->sum.wasted += wasted;
    r->sum.missed += touched - found - foreseen;
    r->step_touched[step] += touched;
    r->step_found[step] += found;
    r->step_loads[step] += touched - found + wasted;
}

/* Other experts become the most visited: what is held, and how often used, has other names. */
static void change_topic(struct run *r)
{
    const struct cs_expert_trial *t = r->t;
    for (int l = 0; l < t->layers; l++) {
        struct layer *a = &r->layers[l];
        for (int i = 0; i < t->experts; i++) {
            const int j = i + (int)(cs_rng_uniform(&r->rng) * (t->experts - i));
            const bool held = a->held[i], ours = a->ours[i];
            const double rank = a->rank[i];
            a->held[i] = a->held[j], a->ours[i] = a->ours[j], a->rank[i] = a->rank[j];
            a->held[j] = held, a->ours[j] = ours, a->rank[j] = rank;
        }
    }
}

static double share(const struct run *r, int from, int to)
{
    int64_t found = 0, touched = 0;
    for (int s = from; s < to; s++) {
        found += r->step_found[s];
        touched += r->step_touched[s];
    }
    return touched > 0 ? (double)found / (double)touched : 0.0;
}

static struct cs_expert_settling settle(const struct run *r, int from, int to)
{
    enum { WINDOW = 16 };
    struct cs_expert_settling s = {.steady = share(r, (from + to) / 2, to)};
    int step = from;
    for (; step + WINDOW < to && share(r, step, step + WINDOW) < 0.99 * s.steady; step++)
        s.loads += (double)r->step_loads[step];
    s.steps = step - from;
    for (int half = from; half < (from + to) / 2; half++)
        s.extra += s.steady * (double)r->step_touched[half] - (double)r->step_found[half];
    return s;
}

static void start(struct run *r, struct cs_arena *arena)
{
    const struct cs_expert_trial *t = r->t;
    const size_t E = (size_t)t->experts, L = (size_t)t->layers, S = (size_t)t->steps;
    const size_t tokens = L * (size_t)t->batch, G = (size_t)t->groups;
    r->layers = cs_arena_alloc(arena, L, sizeof *r->layers);
    r->sets = cs_arena_alloc(arena, tokens * E, sizeof *r->sets);
    r->sizes = cs_arena_alloc(arena, tokens, sizeof *r->sizes);
    r->order = cs_arena_alloc(arena, 2 * E + 2 * G, sizeof *r->order);
    r->inside = cs_arena_alloc(arena, E, sizeof *r->inside);
    r->group = cs_arena_alloc(arena, G, sizeof *r->group);
    r->touched = cs_arena_alloc(arena, E, sizeof *r->touched);
    r->foretold = cs_arena_alloc(arena, E, sizeof *r->foretold);
    r->step_touched = cs_arena_alloc(arena, S, sizeof *r->step_touched);
    r->step_found = cs_arena_alloc(arena, S, sizeof *r->step_found);
    r->step_loads = cs_arena_alloc(arena, S, sizeof *r->step_loads);
    for (int i = 0; i < t->experts + t->groups; i++)
        r->order[i] = i < t->experts ? i : i - t->experts;
    for (int l = 0; l < t->layers; l++) {
        struct layer *a = &r->layers[l];
        a->held = cs_arena_alloc(arena, E, sizeof *a->held);
        a->ours = cs_arena_alloc(arena, E, sizeof *a->ours);
        a->rank = cs_arena_alloc(arena, E, sizeof *a->rank);
        for (int i = 0; i < t->slots && i < t->experts; i++) {
            a->ours[i] = true;
            a->held[i] = t->warm;
            a->count += t->warm;
        }
    }
    if (t->groups > 0)
        prepare_groups(r);
    advance(r, true);
}

struct cs_expert_counts cs_expert_trial(const struct cs_expert_trial *t)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct run r = {.t = t};
    cs_rng_init(&r.rng, t->seed, 0, "experts/trial");
    start(&r, &arena);
    for (int step = 0; step < t->steps; step++) {
        if (step > 0)
            advance(&r, false);
        if (step > 0 && step == t->topic_at)
            change_topic(&r);
        for (int l = 0; l < t->layers; l++)
            serve_layer(&r, l, step);
    }
    const int change = t->topic_at > 0 ? t->topic_at : t->steps;
    r.sum.start = settle(&r, 0, change);
    if (t->topic_at > 0)
        r.sum.topic = settle(&r, change, t->steps);
    r.sum.bytes = (double)(r.sum.foreseen + r.sum.missed + r.sum.wasted) * t->expert_bytes;
    cs_arena_fini(&arena);
    return r.sum;
}
