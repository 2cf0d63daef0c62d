/* Judge: does a fleet meet the SLO in every window, and how sure is that?
 *
 * Windows of fewer than 100 requests join their neighbour. A limit "p95 <= L" is judged as the
 * share of requests above L, which must be at most 5 % in each window; rejected requests are above
 * every such limit. The worst window is chosen on the even replications and estimated on the odd
 * ones, so that picking the worst of many noisy windows does not bias it. Then, one-sided at 97.5
 * %:
 *
 *     accepted  when the interval of the worst share lies at or below what is allowed,
 *     rejected  when it lies above, or a run was unstable or certainly lost,
 *     open      otherwise: more replications are asked for.
 *
 * The interval is the wider of Student's t over replications and Wilson's over the pooled requests
 * (the first knows that requests of a window depend on one another, the second does not trust a
 * spread of zero). With one replication the point decides: that is screening, or a trace.
 */
#ifndef CS_PLAN_JUDGE_H
#define CS_PLAN_JUDGE_H
#include "des/estimate.h"
#include "serve/result.h"

enum { CS_JUDGE_WINDOW_REQUESTS = 100 };
enum cs_verdict { CS_VERDICT_ACCEPTED, CS_VERDICT_REJECTED, CS_VERDICT_OPEN };

struct cs_group { /* neighbouring windows judged as one */
    size_t first, count;
};

struct cs_judgement {
    enum cs_verdict verdict;
    enum cs_outcome outcome; /* not DONE: a run was stopped early */
    const struct cs_group *groups;
    size_t group_count;
    size_t worst_group, worst_limit;
    struct cs_interval miss; /* share above the worst limit there; for a mean: mean / limit - 1 */
    double allowed;
    bool too_few; /* open, and so few requests that no fleet could be accepted: even without a miss
                   */
    double windows_met; /* share of groups in which every limit holds (pooled) */
};

/* Judges `count` replications of the same fleet. Groups are allocated in the arena. */
void cs_judge(struct cs_judgement *j, const struct cs_result *const *runs, size_t count,
              const struct cs_limit *limits, size_t limit_count, struct cs_arena *arena);
/* Share of a group's requests above a limit in one run; for a mean limit mean / limit - 1.
 * *requests: how many there were (gaps, for ITL). NaN when there were none, 1 when all of them were
 * rejected. */
double cs_judge_miss(const struct cs_result *run, const struct cs_group *group,
                     const struct cs_limit *limit, size_t limit_index, double *requests);

#endif
