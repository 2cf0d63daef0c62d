/* The judgement: rules in judge.h.
 *
 * Which of two windows is worse? The one whose figure is the larger multiple of its limit: p95 /
 * limit, p99 / limit and mean / limit all are 1 at the limit, so limits compare with one another.
 * Percentiles rank rejected requests above all others. They choose the window; what is decided
 * there is the share of requests above the limit, counted exactly.
 *
 * Counts come from the result's per-limit tallies; only token gaps (ITL) are read from their
 * histogram, whose bucket error is 0.4 %. Memory: the groups, in the caller's arena.
 */
#include "plan/judge.h"
#include <math.h>

static double share_above(const struct cs_hist *h, int64_t limit_ps, double *above)
{
    /* buckets wholly at or below the limit are within it */
    uint64_t within = 0;
    for (int page = 0; page < CS_HIST_PAGES; page++) {
        if (h->pages[page] == NULL)
            continue;
        for (int sub = 0; sub < CS_HIST_SUB; sub++) {
            const double low = page == 0 ? sub : ldexp(CS_HIST_SUB + sub, page - 1);
            if (low <= (double)limit_ps)
                within += h->pages[page][sub];
        }
    }
    *above = (double)(h->count - within);
    return h->count == 0 ? NAN : *above / (double)h->count;
}

double cs_judge_miss(const struct cs_result *run, const struct cs_group *group,
                     const struct cs_limit *limit, size_t limit_index, double *requests)
{
    double n = 0.0, miss = 0.0, sum = 0.0, rejected = 0.0;
    for (size_t w = group->first; w < group->first + group->count; w++) {
        const struct cs_window_tally *t = &run->windows[w];
        const struct cs_hist *h = &t->metric[limit->metric];
        rejected += (double)t->rejected;
        if (limit->percentile == 0.0) {
            n += (double)h->count;
            sum += h->sum_ps;
        } else if (limit->metric == CS_METRIC_ITL) {
            double above;
            n += (double)h->count;
            share_above(h, limit->limit_ps, &above);
            miss += above;
        } else {
            n += (double)t->requests;
            miss += (double)(t->requests - t->within[limit_index]);
        }
    }
    *requests = n;
    if (n == 0.0) /* no mean and no gap, but a miss when requests came and none was served */
        return rejected > 0.0 ? 1.0 : NAN;
    return limit->percentile == 0.0 ? sum / n / (double)limit->limit_ps - 1.0 : miss / n;
}

static double allowed_share(const struct cs_limit *limit)
{
    return limit->percentile == 0.0 ? 0.0 : 1.0 - limit->percentile / 100.0;
}

/* The group's figure over its limit, pooled over replications 0, step, ...; 0 when nothing came. */
static double severity(const struct cs_judgement *j, const struct cs_result *const *runs,
                       size_t count, size_t step, size_t group, const struct cs_limit *limit,
                       struct cs_arena *scratch)
{
    struct cs_hist h;
    cs_hist_init(&h, scratch);
    const struct cs_group *g = &j->groups[group];
    double rejected = 0.0;
    for (size_t r = 0; r < count; r += step) {
        for (size_t w = g->first; w < g->first + g->count; w++) {
            cs_hist_merge(&h, &runs[r]->windows[w].metric[limit->metric]);
            rejected += (double)runs[r]->windows[w].rejected;
        }
    }
    if (h.count == 0)
        return rejected > 0.0 ? INFINITY : 0.0;
    if (limit->percentile == 0.0)
        return cs_hist_mean(&h) / (double)limit->limit_ps;
    const double q = limit->percentile / 100.0 * ((double)h.count + rejected) / (double)h.count;
    return q > 1.0 ? INFINITY : cs_hist_quantile(&h, q) / (double)limit->limit_ps;
}

static void group_windows(struct cs_judgement *j, const struct cs_result *const *runs, size_t count,
                          struct cs_arena *arena)
{
    const size_t windows = runs[0]->window_count;
    struct cs_group *groups = cs_arena_alloc(arena, windows, sizeof *groups);
    size_t made = 0, first = 0;
    double n = 0.0;
    for (size_t w = 0; w < windows; w++) {
        for (size_t r = 0; r < count; r++)
            n += (double)runs[r]->windows[w].requests / (double)count;
        if (n >= CS_JUDGE_WINDOW_REQUESTS) {
            groups[made++] = (struct cs_group){first, w + 1 - first};
            first = w + 1;
            n = 0.0;
        }
    }
    if (made == 0)
        groups[made++] = (struct cs_group){0, windows};
    else
        groups[made - 1].count = windows - groups[made - 1].first;
    j->groups = groups;
    j->group_count = made;
}

/* Mean miss of a group and limit over all replications. */
static double mean_miss(const struct cs_judgement *j, const struct cs_result *const *runs,
                        size_t count, size_t group, const struct cs_limit *limit,
                        size_t limit_index)
{
    double sum = 0.0, used = 0.0;
    for (size_t r = 0; r < count; r++) {
        double n;
        const double miss = cs_judge_miss(runs[r], &j->groups[group], limit, limit_index, &n);
        if (!isnan(miss)) {
            sum += miss;
            used += 1.0;
        }
    }
    return used > 0.0 ? sum / used : NAN;
}

/* The interval of the worst group and limit, on the odd replications (all, when there is one). */
static void estimate_worst(struct cs_judgement *j, const struct cs_result *const *runs,
                           size_t count, const struct cs_limit *limit, struct cs_arena *arena)
{
    double *miss = cs_arena_alloc(arena, count, sizeof *miss);
    double pooled = 0.0, requests = 0.0;
    size_t used = 0;
    for (size_t r = count > 1 ? 1 : 0; r < count; r += 2) {
        double n;
        miss[used] = cs_judge_miss(runs[r], &j->groups[j->worst_group], limit, j->worst_limit, &n);
        if (!isnan(miss[used])) {
            pooled += miss[used] * n;
            requests += n;
            used++;
        }
    }
    j->miss = cs_estimate_mean(miss, used, 0.95);
    if (used < 2) {
        j->miss.lo = j->miss.hi = j->miss.value;
        return;
    }
    if (limit->percentile > 0.0 && limit->metric != CS_METRIC_ITL) {
        const struct cs_interval wilson = cs_estimate_share(pooled, requests, 0.95);
        j->too_few = cs_estimate_share(0.0, requests, 0.95).hi > j->allowed;
        j->miss.lo = fmin(j->miss.lo, wilson.lo);
        j->miss.hi = fmax(j->miss.hi, wilson.hi);
    }
}

void cs_judge(struct cs_judgement *j, const struct cs_result *const *runs, size_t count,
              const struct cs_limit *limits, size_t limit_count, struct cs_arena *arena)
{
    *j = (struct cs_judgement){.verdict = CS_VERDICT_ACCEPTED, .miss = {NAN, NAN, NAN}};
    for (size_t r = 0; r < count; r++)
        if (runs[r]->outcome != CS_OUTCOME_DONE && j->outcome == CS_OUTCOME_DONE)
            j->outcome = runs[r]->outcome;
    group_windows(j, runs, count, arena);
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    double worst = -1.0;
    size_t met = 0;
    for (size_t g = 0; g < j->group_count; g++) {
        bool holds = true;
        for (size_t i = 0; i < limit_count; i++) {
            const double s = severity(j, runs, count, count > 1 ? 2 : 1, g, &limits[i], &scratch);
            if (s > worst) {
                worst = s;
                j->worst_group = g;
                j->worst_limit = i;
            }
            holds &= !(mean_miss(j, runs, count, g, &limits[i], i) > allowed_share(&limits[i]));
        }
        met += holds;
    }
    cs_arena_fini(&scratch);
    j->windows_met = (double)met / (double)j->group_count;
    if (limit_count > 0) {
        const struct cs_limit *limit = &limits[j->worst_limit];
        j->allowed = allowed_share(limit);
        estimate_worst(j, runs, count, limit, arena);
        j->verdict = isnan(j->miss.value) || j->miss.hi <= j->allowed ? CS_VERDICT_ACCEPTED
                     : j->miss.lo > j->allowed                        ? CS_VERDICT_REJECTED
                                                                      : CS_VERDICT_OPEN;
    }
    if (j->outcome != CS_OUTCOME_DONE)
        j->verdict = CS_VERDICT_REJECTED;
}
