/* Experts: equations in moe.h and docs/model.md, section 10.
 *
 * The busiest rank. A rank's visits X_r are a sum of many independent ones; their total is exactly
 * kT, so they are not independent of one another:
 *
 *     P(all X_r <= x | S = kT) = prod_r P(X_r <= x)  P(W = kT) / P(S = kT)          (Levin 1981)
 *
 * with W the sum of the X_r cut off at x, and S their sum: convolved while kT is small. That is
 * exact for one token that chooses without replacement; over T tokens each of which chooses exactly
 * k, the X_r are wider, by as much as makes their variance right once the sum is known (Deville and
 * Tille 2005). With that, a large sum changes no maximum that counts, since X_r and the part of S
 * that is taken from it are as wide together as X_r on its own; the product stands alone.
 */
#include "perf/moe.h"
#include "base/check.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>

enum { FEW = 64 }; /* a total up to which it is known, and distributions are convolved */

/* A variable walked along x: of the given law, or binomial of that mean and variance. */
struct cs_moe_bin {
    const double *law; /* of 0 .. n; NULL: binomial */
    double mean, variance, n, odds;
    int ranks;             /* that are alike */
    double x, probability; /* of x, the next value to be taken */
    double below, first;   /* sums of P and x P over the values taken */
};

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

void cs_moe_visits(const struct cs_model *m, double *visits)
{
    const struct cs_routing *r = &m->routing;
    const int E = m->experts;
    for (int i = 0; i < E; i++) {
        visits[i] = pow(i + 1.0, -r->zipf);
        if (r->popularity != NULL)
            visits[i] = (size_t)i < r->popularity_count ? r->popularity[i] : 0.0;
    }
    qsort(visits, (size_t)E, sizeof *visits, descending);
    double rest = m->experts_per_token, sum = 0.0;
    for (int i = E; i-- > 0;)
        sum += visits[i];
    int cut = 0;
    while (cut < E && rest * visits[cut] > sum && rest >= 1.0) {
        sum -= visits[cut];
        rest -= 1.0;
        visits[cut++] = 1.0;
    }
    /* Fewer than k are ever visited: the others share what is left. */
    const bool any = cut < E && visits[cut] > 0.0;
    for (int i = cut; i < E; i++)
        visits[i] = any ? rest * visits[i] / sum : rest / (E - cut);
}

double cs_moe_touched(const double *visits, int experts, double requests, double tokens_each,
                      double repeat)
{
    double missed = 0.0;
    for (int i = 0; i < experts; i++) {
        const double one = 1.0 - visits[i];
        missed += pow(one * pow(repeat + (1.0 - repeat) * one, tokens_each - 1.0), requests);
    }
    return experts - missed;
}

double cs_moe_foresight(const double *visits, int experts, double follow)
{
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < experts; i++) {
        sum += visits[i];
        squares += visits[i] * visits[i];
    }
    return follow + (1.0 - follow) * squares / sum;
}

/* From the most visited on; among equals by expert, so that nothing depends on the sort. */
static int by_visits(const void *a, const void *b)
{
    const struct cs_moe_copy *x = a, *y = b;
    const int order = (x->visits < y->visits) - (x->visits > y->visits);
    return order != 0 ? order : x->expert - y->expert;
}

static int by_rank(const void *a, const void *b)
{
    const struct cs_moe_copy *x = a, *y = b;
    return x->rank != y->rank ? x->rank - y->rank : x->expert - y->expert;
}

/* Variances that are v (1 - v) once their sum is known: wide - wide^2 / sum = v (1 - v). */
static void widen(struct cs_moe_copy *copies, int count)
{
    double sum = 0.0;
    for (int round = 0; round < 8; round++) {
        double next = 0.0;
        for (int c = 0; c < count; c++) {
            const double v = copies[c].visits, w = copies[c].wide;
            copies[c].wide = round == 0 ? v * (1.0 - v) : fmin(v, v * (1.0 - v) / (1.0 - w / sum));
            next += copies[c].wide;
        }
        if (next <= 0.0)
            return;
        sum = next;
    }
}

/* As they come: equal slices of the copies in an order that knows nothing of their visits. */
static void slice(struct cs_moe_copy *list, int count, int slots)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 1, 0, "experts/place");
    for (int at = count - 1; at > 0; at--) {
        const int other = (int)(cs_rng_uniform(&rng) * (at + 1));
        const struct cs_moe_copy copy = list[at];
        list[at] = list[other];
        list[other] = copy;
    }
    for (int at = 0; at < count; at++)
        list[at].rank = at / slots;
}

/* Each to the least loaded rank with room, the most visited first. */
static void balance(struct cs_moe_copy *list, int count, int slots, int ranks,
                    struct cs_arena *arena)
{
    int *held = cs_arena_alloc(arena, (size_t)ranks, sizeof *held);
    double *load = cs_arena_alloc(arena, (size_t)ranks, sizeof *load);
    qsort(list, (size_t)count, sizeof *list, by_visits);
    for (int at = 0; at < count; at++) {
        int lightest = -1;
        for (int r = 0; r < ranks; r++)
            if (held[r] < slots && (lightest < 0 || load[r] < load[lightest]))
                lightest = r;
        list[at].rank = lightest;
        load[lightest] += list[at].visits;
        held[lightest]++;
    }
}

void cs_moe_place(struct cs_moe_placement *p, const double *visits, int experts, int redundant,
                  bool balanced, int ranks, struct cs_arena *arena)
{
    const int count = experts + redundant;
    const int slots = (count + ranks - 1) / ranks;
    int *copies = cs_arena_alloc(arena, (size_t)experts, sizeof *copies);
    struct cs_moe_copy *list = cs_arena_alloc(arena, (size_t)count, sizeof *list);
    *p = (struct cs_moe_placement){
        .experts = experts, .ranks = ranks, .count = count, .slots = slots, .copies = list};
    for (int i = 0; i < experts; i++) {
        copies[i] = 1;
        p->per_token += visits[i];
    }
    for (int more = 0; more < redundant; more++) {
        int most = 0;
        for (int i = 1; i < experts; i++)
            most = visits[i] / copies[i] > visits[most] / copies[most] ? i : most;
        copies[most]++;
    }
    for (int i = 0, at = 0; i < experts; i++)
        for (int c = 0; c < copies[i]; c++)
            list[at++] = (struct cs_moe_copy){.expert = i, .visits = visits[i] / copies[i]};
    if (balanced)
        balance(list, count, slots, ranks, arena);
    else
        slice(list, count, slots);
    qsort(list, (size_t)count, sizeof *list, by_rank);
    widen(list, count);
    /* Room to work in: a walk and a law of each rank, and counts of their sum or of one token. */
    const int width = slots > FEW ? slots + 1 : FEW + 1;
    const int sums = count > FEW ? count + 2 : FEW + 2;
    p->bins = cs_arena_alloc(arena, (size_t)ranks, sizeof *p->bins);
    p->laws = cs_arena_alloc(arena, (size_t)ranks, (size_t)width * sizeof *p->laws);
    p->sums = cs_arena_alloc(arena, (size_t)(sums + experts), sizeof *p->sums);
}

/* A binomial variable of that mean and variance, ready where it begins to count. */
static struct cs_moe_bin binomial(double mean, double variance)
{
    struct cs_moe_bin b = {.mean = mean, .variance = variance, .probability = 1.0};
    if (mean <= 0.0)
        return b;
    const double share = fmax(1.0 - variance / mean, 1e-4); /* 1e-4: as good as Poisson */
    b.n = fmax(fmax(ceil(mean - 1e-9), round(mean / share)), 1.0);
    const double p = mean / b.n;
    if (p > 1.0 - 1e-12) { /* always n */
        b.x = b.n;
        return b;
    }
    b.odds = p / (1.0 - p);
    b.x = fmax(0.0, floor(mean - 8.0 * sqrt(variance)));
    b.probability = exp(lgamma(b.n + 1.0) - lgamma(b.x + 1.0) - lgamma(b.n - b.x + 1.0) +
                        b.x * log(p) + (b.n - b.x) * log1p(-p));
    return b;
}

/* Last value that counts. */
static double end(const struct cs_moe_bin *b)
{
    return fmin(b->n, ceil(b->mean + 8.0 * sqrt(b->variance)) + 12.0);
}

static void walk(struct cs_moe_bin *b, double upto)
{
    while (b->x <= upto && b->x <= b->n) {
        b->below += b->probability;
        b->first += b->x * b->probability;
        b->x += 1.0;
        if (b->law == NULL)
            b->probability *= (b->n - b->x + 1.0) / b->x * b->odds;
        else if (b->x <= b->n)
            b->probability = b->law[(int)b->x];
    }
}

/* law of 0 .. n, plus a variable that is from, from + 1, ... with more[0 .. count). */
static void convolve(double *law, int n, const double *more, int from, int count)
{
    for (int x = n; x >= 0; x--) {
        double sum = 0.0;
        for (int y = 0; y < count && from + y <= x; y++)
            sum += more[y] * law[x - from - y];
        law[x] = sum;
    }
}

/* P(none of the bins above x, their sum one of the two next to total, each by its nearness). */
static double few(const struct cs_moe_bin *bins, int count, int x, double total, double *sums)
{
    const int low = (int)total;
    for (int s = 0; s <= low + 1; s++)
        sums[s] = s == 0 ? 1.0 : 0.0;
    for (int b = 0; b < count; b++)
        for (int alike = 0; alike < bins[b].ranks; alike++)
            convolve(sums, low + 1, bins[b].law, 0, (x < (int)bins[b].n ? x : (int)bins[b].n) + 1);
    return sums[low] + (total - low) * (sums[low + 1] - sums[low]);
}

/* Expected maximum of independent bins; of those whose sum is known to be `total`, while that is
 * small and they have laws. */
static double expected_maximum(struct cs_moe_bin *bins, int count, double total, double *sums)
{
    const bool known = bins[0].law != NULL && total <= FEW;
    double low = 0.0, high = 0.0, sum = 0.0, last = 1.0;
    for (int r = 0; r < count; r++) {
        low = fmax(low, bins[r].x);
        high = fmax(high, end(&bins[r]));
    }
    for (double x = low; x <= high; x++) {
        last = known ? few(bins, count, (int)x, total, sums) : 1.0;
        for (int r = 0; r < count && !known; r++) {
            walk(&bins[r], x);
            last *= bins[r].ranks == 1 ? bins[r].below : pow(bins[r].below, bins[r].ranks);
        }
        sum += last;
    }
    /* E max = sum over x of P(max > x); `last` is all there is: 1, or P(S = total). */
    return high + 1.0 - sum / last;
}

/* One more rank: alike the last, or with a bin of its own. */
static int add(struct cs_moe_bin *bins, int count, struct cs_moe_bin one)
{
    one.ranks = 1;
    if (count > 0 && bins[count - 1].mean == one.mean && bins[count - 1].variance == one.variance)
        bins[count - 1].ranks++;
    else
        bins[count++] = one;
    return count;
}

/* (10.5): visits on the busiest rank. */
static double busiest(const struct cs_moe_placement *p, double T)
{
    const double total = T * p->per_token;
    const int n = total <= FEW ? (int)round(total) : 0;
    /* Tokens that are told apart by what they choose: with one choice each, none is. */
    const double choosing = p->per_token > 1.5 ? T - 1.0 : T;
    int bins = 0;
    for (int r = 0, at = 0; r < p->ranks; r++) {
        double *law = p->laws + bins * (n + 1), mean = 0.0, variance = 0.0;
        for (int x = 0; x <= n; x++)
            law[x] = x == 0 ? 1.0 : 0.0;
        for (; at < p->count && p->copies[at].rank == r; at++) {
            const double v = p->copies[at].visits, once = v * (1.0 - v);
            const double wide = T * once + choosing * (p->copies[at].wide - once);
            mean += T * v;
            variance += wide;
            if (n == 0)
                continue;
            struct cs_moe_bin copy = binomial(T * v, wide);
            double more[FEW + 1];
            const int from = (int)copy.x;
            int count = 0;
            for (; from + count <= n && copy.x <= copy.n; walk(&copy, copy.x))
                more[count++] = copy.probability;
            convolve(law, n, more, from, count);
        }
        struct cs_moe_bin rank = {.law = law, .n = n, .mean = mean, .variance = variance};
        bins = add(p->bins, bins, n > 0 ? rank : binomial(mean, variance));
    }
    return expected_maximum(p->bins, bins, total, p->sums);
}

/* (10.6): copies touched on the rank that touches most. */
static double most_touched(const struct cs_moe_placement *p, double T)
{
    double touched = 0.0;
    int bins = 0;
    for (int r = 0, at = 0; r < p->ranks; r++) {
        double *law = p->laws + bins * (p->slots + 1);
        struct cs_moe_bin rank = {.law = law, .n = p->slots};
        for (int x = 0; x <= p->slots; x++)
            law[x] = x == 0 ? 1.0 : 0.0;
        for (; at < p->count && p->copies[at].rank == r; at++) {
            const double q = 1.0 - pow(1.0 - p->copies[at].visits, T), one[] = {1.0 - q, q};
            convolve(law, p->slots, one, 0, 2);
            rank.mean += q;
            rank.variance += q * (1.0 - q);
        }
        rank.probability = law[0];
        touched += rank.mean;
        bins = add(p->bins, bins, rank);
    }
    return expected_maximum(p->bins, bins, touched, p->sums);
}

/* Visits of a copy above what it takes: E[(X - most)+] of X binomial. */
static double overflow(int tokens, double visits, double most)
{
    struct cs_moe_bin b = binomial(tokens * visits, tokens * visits * (1.0 - visits));
    walk(&b, most);
    const double below = b.below, first = b.first;
    walk(&b, end(&b));
    return (b.first - first) - most * (b.below - below);
}

/* (10.7) */
static double dropped(const struct cs_moe_placement *p, int tokens, double most)
{
    double before = -1.0, lost = 0.0, sum = 0.0;
    for (int at = 0; at < p->count; before = p->copies[at++].visits) {
        if (p->copies[at].visits != before)
            lost = overflow(tokens, p->copies[at].visits, most);
        sum += lost;
    }
    return sum / (tokens * p->per_token);
}

struct cs_moe_load cs_moe_slowest(const struct cs_moe_placement *p, int tokens, double capacity)
{
    struct cs_moe_load load = {.imbalance = 1.0};
    if (tokens == 0)
        return load;
    const double mean = tokens * p->per_token / p->ranks;
    load.imbalance = busiest(p, tokens) / mean;
    load.touched = most_touched(p, tokens);
    if (capacity <= 0.0)
        return load;
    const double most = ceil(capacity * tokens * p->per_token / p->experts - 1e-9);
    load.imbalance = fmin(load.imbalance, most * p->slots / mean);
    load.dropped = dropped(p, tokens, most);
    return load;
}

/* P(none of a token's k choices falls on place `at` of `places`), up to a factor: each expert is
 * visited on its own, given that k are; at -1: on no place. */
static double avoided(const struct cs_moe_placement *p, int places, int at)
{
    const int k = (int)round(p->per_token);
    double *visits = p->sums, *inside = p->sums + p->experts, counts[FEW + 1] = {1.0};
    for (int i = 0; i < p->experts; i++)
        visits[i] = inside[i] = 0.0;
    for (int c = 0; c < p->count; c++) {
        const struct cs_moe_copy *copy = &p->copies[c];
        visits[copy->expert] += copy->visits;
        if ((long)copy->rank * places / p->ranks == at)
            inside[copy->expert] += copy->visits;
    }
    for (int e = 0; e < p->experts; e++)
        for (int i = k; i >= 0; i--)
            counts[i] = counts[i] * (1.0 - visits[e]) +
                        (i > 0 ? counts[i - 1] * (visits[e] - inside[e]) : 0.0);
    return counts[k];
}

double cs_moe_spread(const struct cs_moe_placement *p, int places, int groups, int groups_per_token)
{
    cs_check(p->per_token <= FEW);
    const double any = avoided(p, places, -1);
    double reached = 0.0;
    for (int place = 0; place < places; place++)
        reached += 1.0 - avoided(p, places, place) / any;
    if (groups > 0)
        reached = fmin(reached, groups_per_token * ceil((double)places / groups));
    return reached * (places - 1.0) / places;
}
