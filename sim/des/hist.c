/* Histogram: pages, merging, quantiles, and whole ramps of values at once (see hist.h).
 *
 * Bucket (page, sub) holds the integers [low, low + width): page 0 has width 1 and low = sub; page
 * p has width 2^(p-1) and low = (128 + sub) width. Half a width over low is at most 1/256.
 *
 * A jump of the engine yields k step times that grow linearly. Their counts follow bucket by
 * bucket from one division each, the same counts as adding one by one; the sum is the closed form
 *     sum = k (first + last) / 2,
 * which may differ from one-by-one addition in the last bits of a double, and only there.
 * The rule: counts are exact, so no order of calls or merges shows in a quantile.
 * Pages belong to the arena given at init, and merging allocates in the arena of `into`.
 * Not here: removing values, and values above 2^63 - 1 ps.
 */
#include "des/hist.h"
#include <math.h>
#include <string.h>

void cs_hist_init(struct cs_hist *h, struct cs_arena *arena)
{
    memset(h, 0, sizeof *h);
    h->arena = arena;
}

uint64_t *cs_hist_page(struct cs_hist *h, int page)
{
    if (!h->pages[page])
        h->pages[page] = cs_arena_alloc(h->arena, CS_HIST_SUB, sizeof *h->pages[page]);
    return h->pages[page];
}

void cs_hist_merge(struct cs_hist *into, const struct cs_hist *from)
{
    for (int page = 0; page < CS_HIST_PAGES; page++) {
        const uint64_t *const theirs = from->pages[page];
        if (!theirs)
            continue;
        uint64_t *const ours = cs_hist_page(into, page);
        for (int sub = 0; sub < CS_HIST_SUB; sub++)
            ours[sub] += theirs[sub];
    }
    into->count += from->count;
    into->sum_ps += from->sum_ps;
    if (from->max_ps > into->max_ps)
        into->max_ps = from->max_ps;
}

/* Integers low .. low + width - 1, so the midpoint of a bucket of width 1 is its value. */
static double midpoint(int page, int sub)
{
    if (page == 0)
        return sub;
    const double width = ldexp(1.0, page - 1);
    return (CS_HIST_SUB + sub) * width + (width - 1.0) / 2.0;
}

double cs_hist_quantile(const struct cs_hist *h, double q)
{
    if (h->count == 0)
        return NAN;
    /* 0.07 x 100 is a hair above 7 in binary, and its rank is 7: shave what rounding can add. */
    const double rank = ceil(q * (double)h->count * (1.0 - 0x1.0p-50));
    const uint64_t wanted = rank < 1.0                   ? 1
                            : rank >= (double)h->count ? h->count
                                                       : (uint64_t)rank;
    uint64_t seen = 0;
    for (int page = 0; page < CS_HIST_PAGES; page++) {
        const uint64_t *const counts = h->pages[page];
        for (int sub = 0; counts && sub < CS_HIST_SUB; sub++) {
            seen += counts[sub];
            if (seen >= wanted)
                return midpoint(page, sub);
        }
    }
    return NAN; /* not reached: the counts sum to h->count */
}

uint64_t cs_hist_below(const struct cs_hist *h, double ps)
{
    uint64_t below = 0;
    for (int page = 0; page < CS_HIST_PAGES; page++) {
        const uint64_t *const counts = h->pages[page];
        for (int sub = 0; counts && sub < CS_HIST_SUB && midpoint(page, sub) <= ps; sub++)
            below += counts[sub];
    }
    return below;
}

double cs_hist_mean(const struct cs_hist *h)
{
    return h->count == 0 ? NAN : h->sum_ps / (double)h->count;
}

/* The bucket of v, and the first integer beyond it. */
static int64_t bucket_end(int64_t v, int *page, unsigned *sub)
{
    const uint64_t u = v < 0 ? 0 : (uint64_t)v;
    const int top = 63 - __builtin_clzll(u | (CS_HIST_SUB - 1));
    if (top < 7) {
        *page = 0;
        *sub = (unsigned)u;
        return (int64_t)u + 1;
    }
    *page = top - 6;
    const uint64_t index = u >> (*page - 1); /* 128 .. 255 */
    *sub = (unsigned)(index & (CS_HIST_SUB - 1));
    const uint64_t end = (index + 1) << (*page - 1);
    return end > INT64_MAX ? INT64_MAX : (int64_t)end;
}

void cs_hist_add_ramp_wide(struct cs_hist *h, int64_t first, int64_t step, int64_t k,
                           uint64_t weight)
{
    if (k <= 0 || weight == 0)
        return;
    if (step < 0) { /* the same values upwards */
        first += (k - 1) * step;
        step = -step;
    }
    const int64_t last = first + (k - 1) * step;
    h->count += (uint64_t)k * weight;
    h->sum_ps += 0.5 * ((double)first + (double)last) * (double)k * (double)weight;
    if (last > h->max_ps)
        h->max_ps = last;
    for (int64_t v = first, left = k; left > 0;) {
        int page;
        unsigned sub;
        const int64_t end = bucket_end(v, &page, &sub);
        int64_t n = left;
        if (last >= end) /* values v, v + step, ... below end; no division when there is one */
            n = end - v <= step ? 1 : (end - v + step - 1) / step;
        cs_hist_page(h, page)[sub] += (uint64_t)n * weight;
        v += n * step;
        left -= n;
    }
}
