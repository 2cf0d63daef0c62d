/* Histogram: quantiles of durations in bounded memory, with bounded error, mergeable.
 *
 * Log-linear buckets over integer picoseconds: each power of two is cut in 128 equal parts, so a
 * bucket is at most 1/128 of its value wide and its midpoint is within 0.4 % of anything in it
 * (the idea of HdrHistogram). Values below 128 ps are exact. One page per power of two, taken from
 * the arena when first touched: a metric that spans 1 ms to 1 s costs 10 pages of 1 KiB.
 *
 * The one rule: counts are exact and order-free, so merging in any grouping gives the same bytes.
 * Sums for the mean are kept as doubles beside the buckets, added in the order of the calls.
 */
#ifndef CS_DES_HIST_H
#define CS_DES_HIST_H
#include "base/arena.h"
#include <stdint.h>

enum { CS_HIST_SUB = 128, CS_HIST_PAGES = 58 };

struct cs_hist {
    struct cs_arena *arena;
    uint64_t
        *pages[CS_HIST_PAGES]; /* page p: values in [128 << (p-1), 128 << p); page 0: below 128 */
    uint64_t count;
    double sum_ps;
    int64_t max_ps;
};

void cs_hist_init(struct cs_hist *h, struct cs_arena *arena);
uint64_t *cs_hist_page(struct cs_hist *h, int page); /* allocates it */
void cs_hist_merge(struct cs_hist *into, const struct cs_hist *from);
/* The value (ps) at quantile q in [0, 1]: the midpoint of the bucket that holds the ceil(q n)-th
 * smallest; NaN when empty. */
double cs_hist_quantile(const struct cs_hist *h, double q);
/* How many values are at most `ps`, to the bucket that it falls into: its midpoint decides. */
uint64_t cs_hist_below(const struct cs_hist *h, double ps);
double cs_hist_mean(const struct cs_hist *h); /* ps; NaN when empty */
/* cs_hist_add_ramp where the values span several buckets. */
void cs_hist_add_ramp_wide(struct cs_hist *h, int64_t first, int64_t step, int64_t k,
                           uint64_t weight);

static inline void cs_hist_add(struct cs_hist *h, int64_t value_ps, uint64_t weight)
{
    const uint64_t v = value_ps < 0 ? 0 : (uint64_t)value_ps;
    const int top = 63 - __builtin_clzll(v | (CS_HIST_SUB - 1)); /* >= 6 */
    const int page = top < 7 ? 0 : top - 6;
    const unsigned sub = (unsigned)(page == 0 ? v : (v >> (page - 1)) & (CS_HIST_SUB - 1));
    uint64_t *p = h->pages[page];
    if (p == NULL)
        p = cs_hist_page(h, page);
    p[sub] += weight;
    h->count += weight;
    h->sum_ps += (double)value_ps * (double)weight;
    if (value_ps > h->max_ps && weight > 0)
        h->max_ps = value_ps;
}

/* Adds the k durations first, first + step, ..., first + (k-1) step, each `weight` times. */
static inline void cs_hist_add_ramp(struct cs_hist *h, int64_t first, int64_t step, int64_t k,
                                    uint64_t weight)
{
    const int64_t last = first + (k - 1) * step;
    const int top = 63 - __builtin_clzll((uint64_t)first | (CS_HIST_SUB - 1));
    const int page = top < 7 ? 0 : top - 6, shift = page == 0 ? 0 : page - 1;
    if ((first | step | (k - 1)) < 0 || (first >> shift) != (last >> shift) ||
        h->pages[page] == NULL) {
        cs_hist_add_ramp_wide(h, first, step, k, weight);
        return;
    }
    const uint64_t n = (uint64_t)k * weight;
    h->pages[page][((uint64_t)first >> shift) & (CS_HIST_SUB - 1)] += n;
    h->count += n;
    h->sum_ps += 0.5 * ((double)first + (double)last) * (double)n;
    if (last > h->max_ps && n > 0)
        h->max_ps = last;
}

#endif
