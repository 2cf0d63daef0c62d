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
static const int64_t LAST_REPAIR_PS = INT64_C(100) * 86400 * 1000000000000; /* as long as a run */

struct place { /* of a replica in the fleet */
    enum cs_service service;
    int64_t until_ps; /* when loading or repairing ends; INT64_MAX: neither */
    int64_t since_ps; /* in service since */
    int64_t drain_ps; /* draining since */
};

struct cs_cluster {
    struct cs_arena *arena;
    struct cs_fleet fleet;
    struct cs_run_options options;
    struct cs_workload workload;
    struct cs_arrival next; /* the next arrival, when has_next */
    bool has_next, started, done;
    int64_t now, begin, last_arrival;
    int turn; /* whose it is, in a round */
    struct cs_pool pool;
    struct cs_recorder recorder;
    struct cs_result result;
    struct cs_replica **replicas;
    struct place *places;
    int count, up;            /* replicas there are; those that requests are routed to */
    struct cs_change *coming; /* changes to come, the earliest last */
    size_t coming_count;
    int64_t next_change; /* the earliest instant of a change, or of a replica that is ready */
    struct cs_queue held;
    struct cs_argmin wake, load;
    struct cs_check_context *context;
    int64_t next_day, last_backlog, days_grown;
};

static void append(struct cs_cluster *c, int more, int64_t t, bool loaded);

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
                                       .log = options->log,
                                       .observer = options->observer};
    c->held.arena = arena;
    append(c, fleet->replicas, c->begin, true);
    c->next_day = DAY_PS;
    c->next_change = INT64_MAX;
    for (size_t i = 0; i < options->change_count; i++)
        cs_cluster_change(c, &options->changes[i]);
    c->has_next = cs_workload_next(&c->workload, &c->next);
    return c;
}

/* Those that nothing is routed to are the most loaded of all. */
static inline void set_load(struct cs_cluster *c, int i, int64_t t)
{
    cs_argmin_set(&c->load, i,
                  c->places[i].service == CS_SERVICE_UP ? cs_replica_outstanding(c->replicas[i], t)
                                                        : INT64_MAX);
}

static void bring_up_to_date(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_advance(c->replicas[i], t);
    set_load(c, i, t);
    cs_argmin_set(&c->wake, i, cs_replica_wake(c->replicas[i]));
}

/* The same for an arrival at t, after which nothing else can be due at t. */
static void meet(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_meet(c->replicas[i], t);
    const int64_t wake = cs_replica_wake(c->replicas[i]);
    set_load(c, i, t);
    cs_argmin_set(&c->wake, i, wake > t ? wake : t + 1);
}

/* The replica of the next request at time t, brought up to date; -1: none serves. */
static int route(struct cs_cluster *c, int64_t t)
{
    const int n = c->count;
    if (c->up == 0)
        return -1;
    if (n == 1 || c->fleet.router == CS_ROUTER_ROUND_ROBIN) {
        int i = c->turn < n ? c->turn : 0;
        while (c->places[i].service != CS_SERVICE_UP)
            i = i + 1 == n ? 0 : i + 1;
        if (c->fleet.router == CS_ROUTER_ROUND_ROBIN)
            c->turn = i + 1;
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

/* Gives a request to the replica that it was routed to, brought up to date; -1: it is held. */
static inline void send(struct cs_cluster *c, int i, int32_t request)
{
    if (i < 0) {
        cs_queue_push(&c->held, request);
        return;
    }
    cs_replica_push(c->replicas[i], request);
    if (c->count > 1 && c->fleet.router == CS_ROUTER_LEAST_OUTSTANDING) {
        cs_argmin_set(&c->load, i, c->load.key[i] + 1);
        cs_argmin_set(&c->wake, i, cs_replica_wake(c->replicas[i]));
    }
}

static inline void tell(const struct cs_cluster *c, int64_t t, int replica, int32_t input,
                        int32_t klass, bool again)
{
    const struct cs_observer *o = c->options.observer;
    if (o != NULL && o->routed != NULL)
        o->routed(o->user, t, replica, input, klass, again);
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
    const int64_t row = log_row(c->options.log, &a, i);
    if (!cs_replica_accepts(&c->fleet.limits, a.input, a.output)) {
        cs_recorder_reject(&c->recorder, window);
        return;
    }
    const int32_t index = cs_pool_take(&c->pool);
    struct cs_request *q = &c->pool.items[index];
    q->arrival_ps = a.time_ps;
    q->since_ps = a.time_ps + c->fleet.limits.request_ps;
    q->first_token_ps = -1;
    q->prompt = q->input = a.input;
    q->output = q->left = a.output;
    q->window = window;
    q->preemptions = 0;
    q->row = row;
    q->mark[CS_MARK_FINISH].step = q->mark[CS_MARK_WINDOW].step = -1;
    if (c->pool.places != NULL)
        cs_prefix_place_init(&c->pool.places[index], &a.prefix, a.input);
    send(c, i, index);
    tell(c, a.time_ps, i, a.input, a.klass, false);
    if (c->options.backlog_limit > 0 && c->pool.in_use > c->options.backlog_limit)
        c->result.outcome = CS_OUTCOME_UNSTABLE;
    if (c->options.lost_wait_ps > 0 && i >= 0) {
        const int64_t oldest = cs_replica_oldest_waiting(c->replicas[i]);
        /* what waits since the warm-up hour is in no window that could be missed */
        if (oldest != INT64_MAX && oldest >= 0 && a.time_ps - oldest > c->options.lost_wait_ps)
            c->result.outcome = CS_OUTCOME_LOST;
    }
}

/* ---- changes under way ------------------------------------------------------------------ */

static bool is_in_service(enum cs_service s)
{
    return s == CS_SERVICE_UP || s == CS_SERVICE_DRAINING;
}

static void leave_service(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_finish(c->replicas[i], t);
    if (t > c->places[i].since_ps) /* else it came after a run that was stopped early */
        c->result.all_span_ps += t - c->places[i].since_ps;
    c->up -= c->places[i].service == CS_SERVICE_UP;
}

/* When a replica that drains is gone; INT64_MAX: it has something to do. */
static int64_t drained_at(const struct cs_cluster *c, int i, int64_t t)
{
    const int64_t last = cs_replica_last_end(c->replicas[i]);
    if (cs_replica_outstanding(c->replicas[i], t) > 0)
        return INT64_MAX;
    return last > c->places[i].drain_ps ? last : c->places[i].drain_ps;
}

static void serve(struct cs_cluster *c, int i, int64_t t)
{
    cs_replica_restart(c->replicas[i], t);
    c->places[i] = (struct place){CS_SERVICE_UP, INT64_MAX, t, 0};
    c->up++;
    meet(c, i, t);
}

/* From t on, or from the end of the step in which it failed. */
static void load(struct cs_cluster *c, int i, int64_t t)
{
    const int64_t last = cs_replica_last_end(c->replicas[i]);
    c->places[i] =
        (struct place){CS_SERVICE_LOADING, (last > t ? last : t) + c->fleet.load_ps, 0, 0};
}

/* Further replicas, which serve at once if their weights are loaded. */
static void append(struct cs_cluster *c, int more, int64_t t, bool loaded)
{
    const int old = c->count, n = old + more;
    struct cs_replica **replicas = cs_arena_alloc(c->arena, (size_t)n, sizeof(struct cs_replica *));
    struct place *places = cs_arena_alloc(c->arena, (size_t)n, sizeof *places);
    if (old > 0) {
        memcpy(replicas, c->replicas, (size_t)old * sizeof(struct cs_replica *));
        memcpy(places, c->places, (size_t)old * sizeof *places);
    }
    c->replicas = replicas;
    c->places = places;
    c->count = n;
    cs_argmin_init(&c->wake, c->arena, n, INT64_MAX);
    cs_argmin_init(&c->load, c->arena, n, INT64_MAX);
    for (int i = 0; i < old; i++)
        meet(c, i, t);
    for (int i = old; i < n; i++) {
        c->replicas[i] =
            cs_replica_new(c->arena, c->fleet.step, &c->fleet.limits, &c->pool, &c->recorder, t);
        load(c, i, t);
        if (loaded)
            serve(c, i, t);
    }
}

/* Those that drain stay; then places that are free are taken, the lowest first. */
static void add(struct cs_cluster *c, int more, int64_t t)
{
    for (int i = 0; i < c->count && more > 0; i++)
        if (c->places[i].service == CS_SERVICE_DRAINING && drained_at(c, i, t) == INT64_MAX) {
            c->places[i].service = CS_SERVICE_UP;
            c->up++;
            more--;
        }
    for (int i = 0; i < c->count && more > 0; i++) {
        struct place *const p = &c->places[i];
        if (p->service == CS_SERVICE_DRAINING) {
            leave_service(c, i, drained_at(c, i, t));
            p->service = CS_SERVICE_GONE;
        }
        if (p->service == CS_SERVICE_GONE) {
            load(c, i, t);
            more--;
        }
    }
    if (more > 0)
        append(c, more, t, false);
}

/* The last ones go, those first that do not serve yet. One that serves stays, or where none does
 * one that will. */
static void remove_some(struct cs_cluster *c, int fewer)
{
    int staying = 0;
    for (int i = 0; i < c->count; i++)
        staying += c->places[i].service <= CS_SERVICE_FAILED;
    for (int i = c->count - 1; i >= 0 && fewer > 0 && staying > 1; i--)
        if (c->places[i].service == CS_SERVICE_LOADING) {
            c->places[i] = (struct place){CS_SERVICE_GONE, INT64_MAX, 0, 0};
            fewer--;
            staying--;
        }
    for (int i = c->count - 1; i >= 0 && fewer > 0 && c->up > 1; i--)
        if (c->places[i].service == CS_SERVICE_UP) {
            c->places[i].service = CS_SERVICE_DRAINING;
            c->places[i].drain_ps = c->now;
            c->up--;
            fewer--;
        }
}

/* Routes a request anew, which has left its place at `left` and may be planned from `ready` on. */
static void reroute(struct cs_cluster *c, int32_t index, int64_t t, int64_t left, int64_t ready)
{
    struct cs_request *const q = &c->pool.items[index];
    const int i = route(c, t);
    if (q->since_ps < ready)
        q->since_ps = ready;
    cs_request_log_away(c->options.log, q->row, left, i);
    send(c, i, index);
    tell(c, t, i, q->input, -1, true);
}

static void fail(struct cs_cluster *c, int i, int64_t t, int64_t repair_ps)
{
    if (i >= c->count)
        return;
    struct place *const p = &c->places[i];
    const bool served = is_in_service(p->service);
    if (!served && p->service != CS_SERVICE_LOADING)
        return;
    if (p->service == CS_SERVICE_DRAINING && drained_at(c, i, t) != INT64_MAX)
        return; /* it is gone */
    int64_t last = t;
    if (served) {
        cs_replica_stop(c->replicas[i], t);
        last = cs_replica_last_end(c->replicas[i]);
        last = last > t ? last : t;
        leave_service(c, i, last);
    }
    const int64_t latest = last > LAST_REPAIR_PS ? last : LAST_REPAIR_PS;
    const int64_t repaired = repair_ps < latest - last ? last + repair_ps : latest;
    p->until_ps = p->service == CS_SERVICE_DRAINING ? INT64_MAX : repaired;
    p->service = p->service == CS_SERVICE_DRAINING ? CS_SERVICE_GONE : CS_SERVICE_FAILED;
    meet(c, i, t);
    for (int32_t q = cs_replica_take(c->replicas[i]); q >= 0; q = cs_replica_take(c->replicas[i])) {
        if (c->pool.places != NULL) {
            const struct cs_prefix asked = c->pool.places[q].asked;
            cs_prefix_place_init(&c->pool.places[q], &asked, c->pool.places[q].input);
        }
        c->result.all_retried++;
        /* one that another replica has just lost is on its way here until then */
        const int64_t came = c->pool.items[q].since_ps - c->fleet.limits.request_ps;
        reroute(c, q, t, came > last ? came : last, last + c->fleet.limits.request_ps);
    }
}

static void change(struct cs_cluster *c, const struct cs_change *change, int64_t t)
{
    switch (change->kind) {
    case CS_CHANGE_TRAFFIC:
        cs_workload_rate(&c->workload, change->factor);
        break;
    case CS_CHANGE_FAIL:
        fail(c, change->replica, t, change->repair_ps);
        break;
    case CS_CHANGE_ADD:
        add(c, change->count, t);
        break;
    case CS_CHANGE_REMOVE:
        remove_some(c, change->count);
        break;
    case CS_CHANGE_ROUTER:
        c->fleet.router = change->router;
        break;
    default:
        break;
    }
    for (int i = 0; i < c->count; i++) /* the keys of all routers are right from here on */
        meet(c, i, t);
}

static void find_next_change(struct cs_cluster *c)
{
    c->next_change = c->coming_count > 0 ? c->coming[c->coming_count - 1].time_ps : INT64_MAX;
    for (int i = 0; i < c->count; i++)
        if (c->places[i].until_ps < c->next_change)
            c->next_change = c->places[i].until_ps;
}

/* All that changes at the next such instant; nothing if the run has ended before it. */
static void make_changes(struct cs_cluster *c)
{
    const int64_t t = c->next_change > c->begin ? c->next_change : c->begin;
    for (int i = 0; i < c->count; i++)
        meet(c, i, t);
    if (!c->has_next && c->pool.in_use == 0) {
        c->next_change = INT64_MAX;
        return;
    }
    c->now = t > c->now ? t : c->now;
    for (int i = 0; i < c->count; i++) {
        struct place *const p = &c->places[i];
        if (p->service == CS_SERVICE_FAILED && p->until_ps <= t)
            load(c, i, p->until_ps);
        if (p->service == CS_SERVICE_LOADING && p->until_ps <= t)
            serve(c, i, t);
    }
    while (c->coming_count > 0 && c->coming[c->coming_count - 1].time_ps <= t)
        change(c, &c->coming[--c->coming_count], t);
    while (c->up > 0 && c->held.count > 0) {
        const int32_t q = cs_queue_front(&c->held);
        cs_queue_pop(&c->held);
        reroute(c, q, t, t, t);
    }
    find_next_change(c);
}

int64_t cs_cluster_change(struct cs_cluster *c, const struct cs_change *change)
{
    const int64_t t = c->started && change->time_ps <= c->now ? c->now + 1 : change->time_ps;
    c->coming = cs_arena_grow(c->arena, c->coming, c->coming_count, sizeof *c->coming);
    size_t i = c->coming_count++;
    for (; i > 0 && c->coming[i - 1].time_ps <= t; i--)
        c->coming[i] = c->coming[i - 1];
    c->coming[i] = *change;
    c->coming[i].time_ps = t;
    if (t < c->next_change)
        c->next_change = t;
    return t;
}

/* ---- stopping early, and the end -------------------------------------------------------- */

/* Work in the system that grows over whole days, by more than the fleet can hold at once. */
static void look_for_growth(struct cs_cluster *c)
{
    int64_t backlog = 0;
    for (int i = 0; i < c->count; i++) {
        cs_replica_meet(c->replicas[i], c->next_day);
        backlog += cs_replica_outstanding(c->replicas[i], c->next_day);
    }
    const int64_t room = (int64_t)c->fleet.limits.max_num_seqs * c->count;
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
    for (int i = 0; i < c->count; i++) {
        if (r->outcome == CS_OUTCOME_DONE)
            cs_replica_advance(c->replicas[i], INT64_MAX - 1);
        const int64_t last = cs_replica_last_end(c->replicas[i]);
        end = last > end ? last : end;
    }
    for (int i = 0; i < c->count; i++)
        if (is_in_service(c->places[i].service)) {
            const int64_t gone =
                c->places[i].service == CS_SERVICE_UP ? INT64_MAX : drained_at(c, i, end);
            leave_service(c, i, gone < end ? gone : end);
        }
    r->backlog_requests = (double)c->pool.in_use;
    r->stopped_ps = c->now = end;
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
    const int64_t room = (int64_t)c->fleet.limits.max_num_seqs * c->count;
    return c->options.backlog_limit > 0 && c->pool.in_use > 2 * room &&
           (uint64_t)c->pool.in_use > c->result.all_arrived / 20;
}

bool cs_cluster_run_until(struct cs_cluster *c, int64_t time_ps)
{
    c->started = true;
    while (!c->done && c->has_next && c->next.time_ps <= time_ps) {
        if (c->next_change <= c->next.time_ps) {
            make_changes(c);
            continue;
        }
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
    while (c->next_change <= time_ps && (c->has_next || c->pool.in_use > 0))
        make_changes(c);
    if (!c->has_next && c->pool.in_use == 0) {
        close_books(c);
        return false;
    }
    for (int i = 0; i < c->count; i++)
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
    snapshot->service = c->places[replica].service;
    snapshot->until_ps = c->places[replica].until_ps;
    if (snapshot->service == CS_SERVICE_DRAINING && snapshot->running + snapshot->waiting == 0)
        snapshot->service = CS_SERVICE_GONE;
}

int cs_cluster_replicas(const struct cs_cluster *c)
{
    return c->count;
}

int64_t cs_cluster_held(const struct cs_cluster *c)
{
    return c->held.count;
}
