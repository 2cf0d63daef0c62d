/* Cluster: a workload, a router and N replicas, as one explicit object.
 *
 * It can be created many times, run until a time, looked at, and dropped with its arena; the plan,
 * the sweep, the window and the tests all drive this same object. One thread runs one cluster.
 *
 *     cs_cluster_new -> cs_cluster_run_until(c, t) ... -> cs_cluster_run(c) -> cs_cluster_result(c)
 *
 * Order of events at one instant: completions, then arrivals in order. Routers: round_robin sends
 * requests to one replica after another; least_outstanding to the one with the fewest requests
 * waiting or running at that instant, the lowest index first.
 *
 * The fleet and the traffic may change under way (struct cs_change), before the arrivals of an
 * instant. A replica that fails ends the steps that are planned; its requests are routed anew, with
 * what they have been answered so far as part of their prompts, and their own clocks run on. Until
 * it is repaired and has read its weights nothing is routed to it; while none serves, requests are
 * held. Times in service count for utilisation, others do not.
 */
#ifndef CS_SERVE_CLUSTER_H
#define CS_SERVE_CLUSTER_H
#include "serve/replica.h"
#include "serve/workload.h"

struct cs_fleet {
    const struct cs_step *step;
    struct cs_limits_engine limits;
    int replicas;
    enum cs_router router;
    int64_t load_ps; /* that a new or repaired replica takes to read its weights */
};

/* What an option's engine allows each replica, with so many blocks. */
void cs_limits_of(struct cs_limits_engine *limits, const struct cs_option *option, int groups,
                  int64_t kv_blocks);

struct cs_run_options {
    int64_t window_ps;   /* length of a window; 0: one window */
    size_t window_count; /* windows before folding; at least 1 */
    int64_t end_ps;      /* end of the counted time; INT64_MAX: the last arrival */
    const struct cs_limit *limits;
    size_t limit_count;    /* at most CS_RESULT_LIMITS */
    int64_t lost_wait_ps;  /* stop as LOST when the oldest waiting request is older; 0: never */
    int64_t backlog_limit; /* overloaded on average: UNSTABLE when more are in the system, or
                              many at the last arrival; 0: not asked */
    bool detect_unstable;  /* stop when work in the system grows over whole days */
    struct cs_request_log *log; /* NULL: none; counts warm-up requests too */
    const struct cs_change *changes; /* by time; those before the start happen at it */
    size_t change_count;
    const struct cs_observer *observer; /* NULL: none */
};

struct cs_cluster;
struct cs_cluster *cs_cluster_new(struct cs_arena *arena, const struct cs_fleet *fleet,
                                  const struct cs_workload_spec *workload, uint64_t seed,
                                  uint64_t replication, const struct cs_run_options *options);
/* Makes all that happens up to time t happen. False when there is nothing left to happen. */
bool cs_cluster_run_until(struct cs_cluster *c, int64_t time_ps);
/* Runs to the end: all arrivals made, all requests ended (or stopped early). */
void cs_cluster_run(struct cs_cluster *c);
const struct cs_result *cs_cluster_result(const struct cs_cluster *c);
/* One more change, of a time at which the cluster has not been yet: one that is past happens a
 * picosecond after the time that it has been run until. Returns when it happens; a run that is told
 * so from the beginning is the same run. */
int64_t cs_cluster_change(struct cs_cluster *c, const struct cs_change *change);
/* Replicas, those that are gone included: indices stay. */
int cs_cluster_replicas(const struct cs_cluster *c);
/* Requests that are held because no replica serves. */
int64_t cs_cluster_held(const struct cs_cluster *c);
void cs_cluster_snapshot(const struct cs_cluster *c, int replica, struct cs_snapshot *snapshot);

#endif
