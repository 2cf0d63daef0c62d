/* Experts: equations in moe.h and docs/model.md, section 10.
 *
 * The busiest rank. A rank's visits X_r are a sum of many independent ones, taken as binomial with
 * its mean and variance; their total is exactly kT, so they are not independent of one another.
 * With W the sum of the X_r cut off at x, and S their sum,
 *
 *     P(all X_r <= x | S = kT) = prod_r P(X_r <= x)  P(W = kT) / P(S = kT)          (Levin 1981)
 *
 * where the last two probabilities are normal. That is exact for one token's choice without
 * replacement; over T tokens each of which chooses exactly k, variances are (E T - 1) / (E T - T)
 * as large. Sums over x run over 9 standard deviations, binomials by their recurrence.
 */
#include "perf/moe.h"
#include "base/check.h"
#include <math.h>
#include <stdlib.h>

/* A binomial variable of that mean and variance, walked along x. */
struct cs_moe_bin {
    double mean, variance, n, odds;
    double x, probability;       /* of x, the next value to be taken */
    double below, first, second; /* sums of P, x P, x^2 P over the values taken */
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
        visits[i] = any ? rest * visits[i] / sum : rest / (E - i + i - cut);
}

void cs_moe_touched_table(const double *visits, int experts, int most, double *touched)
{
    for (int T = 0; T <= most; T++)
        touched[T] = experts;
    if (experts > 0 && visits[0] == visits[experts - 1]) {
        for (int T = 0; T <= most; T++)
            touched[T] = experts * (1.0 - pow(1.0 - visits[0], T));
        return;
    }
    for (int i = 0; i < experts; i++) { /* until it has no digit of the sum left */
        double missed = 1.0;
        for (int T = 0; T <= most && missed > 1e-17; T++, missed *= 1.0 - visits[i])
            touched[T] -= missed;
    }
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

void cs_moe_place(struct cs_moe_placement *p, const double *visits, int experts, int redundant,
                  int ranks, struct cs_arena *arena)
{
    const int count = experts + redundant;
    const int slots = (count + ranks - 1) / ranks;
    int *copies = cs_arena_alloc(arena, (size_t)experts, sizeof *copies);
    int *held = cs_arena_alloc(arena, (size_t)ranks, sizeof *held);
    double *load = cs_arena_alloc(arena, (size_t)ranks, sizeof *load);
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
    qsort(list, (size_t)count, sizeof *list, by_rank);
    /* Room for one walk a rank, and for the counts of one token's choice. */
    p->bins = cs_arena_alloc(arena, (size_t)ranks, sizeof *p->bins);
    p->counts = cs_arena_alloc(arena, (size_t)p->per_token + 2, sizeof *p->counts);
}

static double normal_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752);
}

/* Ready where the distribution begins to count. */
static void begin(struct cs_moe_bin *b, double mean, double variance)
{
    const double share = fmax(1.0 - variance / mean, 1e-4); /* 1e-4: as good as Poisson */
    *b = (struct cs_moe_bin){.mean = mean, .variance = variance};
    if (mean <= 0.0) {
        b->probability = 1.0;
        return;
    }
    b->n = fmax(ceil(mean - 1e-9), round(mean / share));
    const double p = fmin(mean / b->n, 1.0);
    if (p > 1.0 - 1e-12) { /* always n */
        b->x = b->n;
        b->probability = 1.0;
        return;
    }
    b->odds = p / (1.0 - p);
    b->x = fmax(0.0, floor(mean - 9.0 * sqrt(variance)));
    b->probability = exp(lgamma(b->n + 1.0) - lgamma(b->x + 1.0) - lgamma(b->n - b->x + 1.0) +
                         b->x * log(p) + (b->n - b->x) * log1p(-p));
}

static void walk(struct cs_moe_bin *b, double upto)
{
    while (b->x <= upto && b->probability > 0.0) {
        b->below += b->probability;
        b->first += b->x * b->probability;
        b->second += b->x * b->x * b->probability;
        b->probability *= (b->n - b->x) / (b->x + 1.0) * b->odds;
        b->x += 1.0;
    }
}

/* Expected maximum of the bins, each as likely as told; of a sum known to be `total`, or < 0. */
static double expected_maximum(struct cs_moe_bin *bins, int count, double total)
{
    double low = 0.0, high = 0.0, sum = 0.0, last = 1.0;
    for (int r = 0; r < count; r++) {
        low = fmax(low, bins[r].x);
        high = fmax(high, ceil(bins[r].mean + 9.0 * sqrt(bins[r].variance)) + 12.0);
    }
    for (double x = low; x <= high; x++) {
        double all = 1.0, mean = 0.0, variance = 1e-9;
        for (int r = 0; r < count && all > 0.0; r++) {
            struct cs_moe_bin *b = &bins[r];
            walk(b, x);
            all *= b->below;
            const double m = b->below > 0.0 ? b->first / b->below : 0.0;
            mean += m;
            variance += b->below > 0.0 ? fmax(b->second / b->below - m * m, 0.0) : 0.0;
        }
        if (total >= 0.0 && all > 0.0)
            all *= normal_cdf((total + 0.5 - mean) / sqrt(variance)) -
                   normal_cdf((total - 0.5 - mean) / sqrt(variance));
        sum += all;
        last = all;
    }
    /* E max = sum over x of P(max > x); `last` is all there is, 1 or P(S = total). */
    return low + (high - low + 1.0) - sum / last;
}

/* Visits of a copy above what it takes: E[(X - most)+] of X binomial. */
static double overflow(int tokens, double visits, double most)
{
    struct cs_moe_bin b;
    begin(&b, tokens * visits, tokens * visits * (1.0 - visits));
    walk(&b, most);
    const double high = ceil(b.mean + 9.0 * sqrt(b.variance)) + 12.0, x = b.below, m = b.first;
    walk(&b, high);
    return (b.first - m) - most * (b.below - x);
}

struct cs_moe_load cs_moe_slowest(const struct cs_moe_placement *p, int tokens, double capacity)
{
    const double T = tokens, E = p->experts, visits = T * p->per_token, mean = visits / p->ranks;
    const double most = capacity > 0.0 ? ceil(capacity * visits / E - 1e-9) : visits;
    const double wider = E > 1.0 ? (E * T - 1.0) / (E * T - T) : 1.0;
    struct cs_moe_load load = {.imbalance = 1.0};
    if (tokens == 0)
        return load;
    double dropped = 0.0, lost = 0.0, before = -1.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int r = 0, at = 0; r < p->ranks; r++) {
            double m = 0.0, s = 0.0;
            for (; at < p->count && p->copies[at].rank == r; at++) {
                const double v = p->copies[at].visits;
                const double q = pass == 0 ? v : 1.0 - pow(1.0 - v, T);
                m += q;
                s += q * (1.0 - q);
                if (pass == 0 && capacity > 0.0 && v != before)
                    lost = overflow(tokens, v, most);
                before = v;
                dropped += pass == 0 && capacity > 0.0 ? lost : 0.0;
            }
            if (pass == 0)
                begin(&p->bins[r], m * T, s * T * wider);
            else
                begin(&p->bins[r], m, s);
        }
        const double maximum = expected_maximum(p->bins, p->ranks, pass == 0 ? visits : -1.0);
        if (pass == 0)
            load.imbalance = fmin(maximum, most * p->slots) / mean;
        else
            load.touched = fmin(maximum, p->slots);
    }
    load.dropped = dropped / visits;
    return load;
}

void cs_moe_load_table(const struct cs_moe_placement *p, int most, double capacity,
                       struct cs_moe_load *loads)
{
    loads[0] = cs_moe_slowest(p, 0, capacity);
    for (int from = 0, to; from < most; from = to) { /* each, then in steps of a fifth */
        to = from + 1 + from / 5 < most ? from + 1 + from / 5 : most;
        loads[to] = cs_moe_slowest(p, to, capacity);
        const struct cs_moe_load *a = &loads[from], *b = &loads[to];
        for (int T = from + 1; T < to; T++) {
            const double w = log((double)T / from) / log((double)to / from);
            loads[T] = (struct cs_moe_load){
                .imbalance = a->imbalance + w * (b->imbalance - a->imbalance),
                .touched = a->touched + w * (b->touched - a->touched),
                .dropped = a->dropped + w * (b->dropped - a->dropped),
            };
        }
    }
}

/* P(a token's k choices are all among the copies that are not on place `without` of `places`),
 * up to a factor: each copy independently, given that there are k (-1: all copies). */
static double chosen(const struct cs_moe_placement *p, int places, int without)
{
    const int k = (int)round(p->per_token);
    double *counts = p->counts; /* probability of 0 .. k so far */
    for (int i = 0; i <= k; i++)
        counts[i] = i == 0 ? 1.0 : 0.0;
    for (int at = 0; at < p->count; at++) {
        const double v = p->copies[at].visits;
        const bool out = (long)p->copies[at].rank * places / p->ranks == without;
        for (int i = k; i >= 0; i--)
            counts[i] = counts[i] * (1.0 - v) + (out || i == 0 ? 0.0 : counts[i - 1] * v);
    }
    return counts[k];
}

double cs_moe_spread(const struct cs_moe_placement *p, int places, int groups, int groups_per_token)
{
    const double any = chosen(p, places, -1);
    double reached = 0.0;
    for (int place = 0; place < places; place++)
        reached += 1.0 - chosen(p, places, place) / any;
    if (groups > 0)
        reached = fmin(reached, groups_per_token * ceil((double)places / groups));
    return reached * (places - 1.0) / places;
}
