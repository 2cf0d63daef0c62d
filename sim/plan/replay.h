/* Replay: an option's first replication once more, as the plan simulated it, for who wants to look.
 *
 * A plan keeps figures, not runs. Traffic is drawn by seed and replication, so simulating the
 * chosen fleet again brings the very same run back: with a log of its requests, in steps with looks
 * between them, or with its histograms. A timeline is a span of that run with looks at even times.
 *
 *     cs_replay_open -> cs_cluster_run_until / cs_cluster_run (r.cluster) -> cs_replay_close
 *
 * Times of spans are from the start of the run, as everywhere; where a fleet is so large that a
 * part of it was simulated, `scale` says of how many replicas each stands.
 * Memory: a replay's own arena; logs and timelines in the arena that they are given.
 */
#ifndef CS_PLAN_REPLAY_H
#define CS_PLAN_REPLAY_H
#include "plan/plan.h"

struct cs_replay {
    struct cs_arena arena;
    struct cs_question question;
    struct cs_candidate candidate;
    struct cs_trial trial; /* trial.replicas, trial.result */
    struct cs_cluster *cluster;
};
/* Nothing is simulated yet. `log` may be NULL; it outlives the replay. */
void cs_replay_open(struct cs_replay *r, const struct cs_answer *answer, size_t option,
                    struct cs_request_log *log);
void cs_replay_close(struct cs_replay *r);

/* The time of a run that a text names: "Tue 15:00" where weeks begin on Monday, "day 2 15:00",
 * "15:00" of the first day, "hour 7", as cs_plan_when prints them, or a time from its start such as
 * "90 min". False: it names none, or one at which the run has ended. */
bool cs_replay_when(const struct cs_scenario *scenario, const char *text, double *start_s);

struct cs_timeline {
    const struct cs_answer *answer;
    size_t option;
    struct cs_request_log
        log;      /* of all requests that are inside at some time of the span, or more */
    int replicas; /* simulated */
    double scale; /* replicas of the fleet for each of them */
    int64_t from_ps, to_ps, step_ps;
    size_t sample_count;
    const struct cs_snapshot
        *samples; /* [sample_count][replicas], from from_ps on, every step_ps */
};
/* The span from from_s, of for_s seconds. NaN: around the request that came nearest to the limit
 * that is tightest in the worst window, or missed it most; for ten minutes, or fewer where more
 * than some ten thousand requests come in them. Memory follows the requests of the span and of the
 * worst window, not those of the run. */
void cs_timeline_make(struct cs_timeline *t, const struct cs_answer *answer, size_t option,
                      double from_s, double for_s, struct cs_arena *arena);

#endif
