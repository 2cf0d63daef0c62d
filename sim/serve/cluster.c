/* Cluster: the event loop over arrivals, and the routers.
 *
 * Between arrivals replicas do not influence one another, so the only global events are arrivals.
 * A round-robin router needs no replica's state: each replica is advanced when its next request
 * comes. A least-outstanding router needs every count at every arrival: a tournament over the
 * replicas' next instants (des/argmin) brings exactly those up to date that have something to do,
 * a second one over the counts names the target. Cost per request: O(log N), no scans.
 *
 * All memory is the run's arena and grows with requests in flight. One thread; no globals.
 */
#include "serve/cluster.h"
#include "base/check.h"
#include "des/argmin.h"
#include <string.h>

enum { DAYS_OF_GROWTH = 2 };
static const int64_t DAY_PS = INT64_C(86400) * 1000000000000;

struct cs_cluster {
    struct cs_arena *arena;
    struct cs_fleet fleet;
    struct cs_run_options options;
    struct cs_workload workload;
    struct cs_arrival next; /* the next arrival, when has_next */
    bool has_next, done;
    int64_t now, begin, last_arrival;
    uint64_t routed;
    struct cs_pool pool;
    struct cs_recorder recorder;
    struct cs_result result;
    struct cs_replica **replicas;
    struct cs_argmin wake, load;
    struct cs_check_context *context;
    int64_t next_day, last_backlog, days_grown;
};

void cs_limits_of(struct cs_limits_engine *limits, const struct cs_option *o, int groups,
                  int64_t kv_blocks)
{
    *limits = (struct cs_limits_engine){
        .max_num_seqs = o->max_num_seqs * groups,
        .max_num_batched_tokens = o->max_num_batched_tokens * groups,
        .block_size = o->block_size,
        .kv_blocks = kv_blocks,
        .context_tokens = o->context > 0 ? o->context : (int64_t)o->model->context_tokens,
        .request_ps = (int64_t)(o->engine->request_s * 1e12 + 0.5),
        .asynchronous = o->engine->asynchronous,
        .prefix_caching = o->prefix_caching,
        .static_batching = o->engine->static_batching,
        .reserve_answers = o->engine->reserve_answers,
    };
}

struct cs_cluster *cs_cluster_new(struct cs_arena *arena, const struct cs_fleet *fleet,
                                  const struct cs_workload_spec *workload, uint64_t seed,
                                  uint64_t replication, const struct cs_run_options *options)
{
    struct cs_cluster *c = cs_arena_alloc(arena, 1, sizeof *c);
    c->arena = arena;
    c->context = cs_check_context();
    c->fleet = *fleet;
    c->options = *options;
    cs_check(fleet->replicas >= 1 && options->limit_count <= CS_RESULT_LIMITS);
    cs_workload_init(&c->workload, workload, seed, replication, arena);
    c->begin = c->now = c->last_arrival = workload->start_ps;
    cs_pool_init(&c->pool, arena, fleet->limits.prefix_caching);
    cs_result_init(&c->result, arena, options->window_ps, options->window_count);
    c->recorder = (struct cs_recorder){.result = &c->result,
                                       .limits = c->options.limits,
                                       .limit_count = options->limit_count,
                                       .end_ps = options->end_ps,
                                       .log = options->log};
    c->replicas = cs_arena_alloc(arena, (size_t)fleet->replicas, sizeof(struct cs_replica *));
    for (int i = 0; i < fleet->replicas; i++)
        c->replicas[i] = cs_replica_new(arena, c->fleet.step, &c->fleet.limits, &c->pool,
                                        &c->recorder, c->begin);
    cs_argmin_init(&c->wake, arena, fleet->replicas, INT64_MAX);
    cs_argmin_init(&c->load, arena, fleet->replicas, 0);
    c->next_day = DAY_PS;
    c->has_next = cs_workload_next(&c->workload, &c->next);
    return c;
}

static void bring_up_to_date(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_advance(c->replicas[i], t);
    cs_argmin_set(&c->load, i, cs_replica_outstanding(c->replicas[i], t));
    cs_argmin_set(&c->wake, i, cs_replica_wake(c->replicas[i]));
}

/* The same for an arrival at t, after which nothing else can be due at t. */
static void meet(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_meet(c->replicas[i], t);
    const int64_t wake = cs_replica_wake(c->replicas[i]);
    cs_argmin_set(&c->load, i, cs_replica_outstanding(c->replicas[i], t));
    cs_argmin_set(&c->wake, i, wake > t ? wake : t + 1);
}

/* The replica of the next request at time t, brought up to date. */
static int route(struct cs_cluster *c, int64_t t)
{
    const int n = c->fleet.replicas;
    if (n == 1 || c->fleet.router == CS_ROUTER_ROUND_ROBIN) {
        const int i = n == 1 ? 0 : (int)(c->routed % (uint64_t)n);
        cs_replica_meet(c->replicas[i], t);
        return i;
    }
    while (cs_argmin_key(&c->wake) <= t)
        meet(c, cs_argmin_index(&c->wake), t);
    return cs_argmin_index(&c->load);
}

static int64_t log_row(struct cs_request_log *log, const struct cs_arrival *a, int replica)
{
    if (log == NULL || (log->ranged && (a->time_ps < log->from_ps || a->time_ps > log->until_ps)))
        return -1;
    if (log->count == log->capacity) {
        const size_t capacity = log->capacity == 0 ? 1024 : 2 * log->capacity;
        struct cs_request_record *rows = cs_arena_alloc(log->arena, capacity, sizeof *rows);
        if (log->count > 0)
            memcpy(rows, log->rows, log->count * sizeof *rows);
        log->rows = rows;
        log->capacity = capacity;
    }
    log->rows[log->count] = (struct cs_request_record){.arrival_ps = a->time_ps,
                                                       .first_step_ps = -1,
                                                       .first_token_ps = -1,
                                                       .done_ps = -1,
                                                       .input = a->input,
                                                       .output = a->output,
                                                       .replica = replica};
    return (int64_t)log->count++;
}

static void take_arrival(struct cs_cluster *c)
{
    const struct cs_arrival a = c->next;
    c->context->time_ps = a.time_ps; /* what a failing check would print */
    c->now = c->last_arrival = a.time_ps;
    const int32_t window = cs_recorder_window(&c->recorder, a.time_ps);
    c->result.all_arrived++;
    if (window >= 0) {
        c->result.requests++;
        c->result.windows[window].requests++;
    }
    const int i = route(c, a.time_ps);
    c->routed++;
    const int64_t row = log_row(c->options.log, &a, i);
    if (!cs_replica_accepts(&c->fleet.limits, a.input, a.output)) {
        cs_recorder_reject(&c->recorder, window);
        return;
    }
    const int32_t index = cs_pool_take(&c->pool);
    struct cs_request *q = &c->pool.items[index];
    q->arrival_ps = a.time_ps;
    q->first_token_ps = -1;
    q->prompt = q->input = a.input;
    q->output = q->left = a.output;
    q->window = window;
    q->preemptions = 0;
    q->row = row;
    q->mark[CS_MARK_FINISH].step = q->mark[CS_MARK_WINDOW].step = -1;
    if (c->pool.places != NULL)
        cs_prefix_place_init(&c->pool.places[index], &a.prefix, a.input);
    cs_replica_push(c->replicas[i], index);
    if (c->fleet.replicas > 1 && c->fleet.router == CS_ROUTER_LEAST_OUTSTANDING) {
        cs_argmin_set(&c->load, i, c->load.key[i] + 1);
        cs_argmin_set(&c->wake, i, cs_replica_wake(c->replicas[i]));
    }
    if (c->options.backlog_limit > 0 && c->pool.in_use > c->options.backlog_limit)
        c->result.outcome = CS_OUTCOME_UNSTABLE;
    if (c->options.lost_wait_ps > 0) {
        const int64_t oldest = cs_replica_oldest_waiting(c->replicas[i]);
        /* what waits since the warm-up hour is in no window that could be missed */
        if (oldest != INT64_MAX && oldest >= 0 && a.time_ps - oldest > c->options.lost_wait_ps)
            c->result.outcome = CS_OUTCOME_LOST;
    }
}

/* Work in the system that grows over whole days, by more than the fleet can hold at once. */
static void look_for_growth(struct cs_cluster *c)
{
    int64_t backlog = 0;
    for (int i = 0; i < c->fleet.replicas; i++) {
        cs_replica_meet(c->replicas[i], c->next_day);
        backlog += cs_replica_outstanding(c->replicas[i], c->next_day);
    }
    const int64_t room = (int64_t)c->fleet.limits.max_num_seqs * c->fleet.replicas;
    c->days_grown = backlog > c->last_backlog + room ? c->days_grown + 1 : 0;
    c->last_backlog = backlog;
    c->next_day += DAY_PS;
    if (c->days_grown >= DAYS_OF_GROWTH)
        c->result.outcome = CS_OUTCOME_UNSTABLE;
}

static void close_books(struct cs_cluster *c)
{
    struct cs_result *r = &c->result;
    int64_t end = c->last_arrival; /* or the last step's: never where somebody paused to look */
    for (int i = 0; i < c->fleet.replicas; i++) {
        if (r->outcome == CS_OUTCOME_DONE)
            cs_replica_advance(c->replicas[i], INT64_MAX - 1);
        const int64_t last = cs_replica_last_end(c->replicas[i]);
        end = last > end ? last : end;
    }
    for (int i = 0; i < c->fleet.replicas; i++)
        cs_replica_finish(c->replicas[i], end);
    r->backlog_requests = (double)c->pool.in_use;
    r->stopped_ps = c->now = end;
    r->all_span_ps = (end - c->begin) * c->fleet.replicas;
    const int64_t counted = c->options.end_ps < end ? c->options.end_ps : end;
    const int64_t from = c->begin > 0 ? c->begin : 0;
    const int64_t until = r->outcome == CS_OUTCOME_DONE && c->options.end_ps != INT64_MAX
                              ? c->options.end_ps
                              : counted;
    r->measured_ps = (double)(until > from ? until - from : 0);
    if (r->outcome == CS_OUTCOME_DONE)
        cs_check(c->pool.in_use == 0);
    c->done = true;
}

/* At the last arrival of an overloaded run: a twentieth of all requests still in the system, and
 * more than run at once, is a queue that was growing to the end. */
static bool was_growing(const struct cs_cluster *c)
{
    const int64_t room = (int64_t)c->fleet.limits.max_num_seqs * c->fleet.replicas;
    return c->options.backlog_limit > 0 && c->pool.in_use > 2 * room &&
           (uint64_t)c->pool.in_use > c->result.all_arrived / 20;
}

bool cs_cluster_run_until(struct cs_cluster *c, int64_t time_ps)
{
    while (!c->done && c->has_next && c->next.time_ps <= time_ps) {
        if (c->options.detect_unstable && c->next.time_ps >= c->next_day)
            look_for_growth(c);
        if (c->result.outcome == CS_OUTCOME_DONE)
            take_arrival(c);
        if (c->result.outcome != CS_OUTCOME_DONE) {
            close_books(c);
            return false;
        }
        c->has_next = cs_workload_next(&c->workload, &c->next);
        if (!c->has_next && was_growing(c)) {
            c->result.outcome = CS_OUTCOME_UNSTABLE;
            close_books(c);
            return false;
        }
    }
    if (c->done)
        return false;
    if (!c->has_next && c->pool.in_use == 0) {
        close_books(c);
        return false;
    }
    for (int i = 0; i < c->fleet.replicas; i++)
        bring_up_to_date(c, i, time_ps);
    if (c->now < time_ps)
        c->now = time_ps;
    return true;
}

void cs_cluster_run(struct cs_cluster *c)
{
    if (cs_cluster_run_until(c, INT64_MAX - 1))
        close_books(c);
}

const struct cs_result *cs_cluster_result(const struct cs_cluster *c)
{
    return &c->result;
}

void cs_cluster_snapshot(const struct cs_cluster *c, int replica, struct cs_snapshot *snapshot)
{
    cs_replica_snapshot(c->replicas[replica], c->now, snapshot);
}
