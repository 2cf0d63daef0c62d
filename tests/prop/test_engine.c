/* The engine is exact: every time it reports equals the plain reference's, to the picosecond.
 *
 *     test_engine [FIRST [COUNT]]     cases FIRST .. FIRST + COUNT - 1 (default 1, 40000)
 *
 * Each seed makes a case (cases.h), runs it through the cluster and through reference.c, and
 * compares first step, first token, end, preemptions, replica and cached tokens of every request;
 * then the sums of the result with the log and with what the reference counted: tokens in = tokens
 * out, gaps between tokens, busy time, blocks all free at the end. Every case is also run in random
 * slices of time, which must give the same result and log, and whose snapshots must count as the
 * log does; changes are given in advance in the one and, of every second case, as they come in the
 * other. (Sums kept as doubles may differ by 1e-9 there: replicas add to them in the order of the
 * slices.) An observer counts along: each request is routed and ends once.
 * The one rule: the allowed difference is zero. A case that fails (a broken check of the engine and
 * an endless run count too) is cut down to the fewest requests that still fail, and printed.
 */
#include "base/rng.h"
#include "cases.h"
#include "same.h"
#include <check.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS_PER_CASE = 20 };

static struct ref_totals covered; /* over all cases; gaps unused */
static uint64_t covered_changed;  /* cases with changes */
static uint64_t first_seed = 1, case_count = 40000;

/* --- one run of the engine ---------------------------------------------------------------------*/

struct engine_run {
    struct cs_trace trace;
    struct cs_workload_spec workload;
    struct cs_fleet fleet;
    struct cs_run_options options;
    struct cs_request_log log;
    struct cs_observer observer;
    struct { /* what the observer was told */
        uint64_t routed, again, ended;
    } told;
    struct cs_cluster *cluster;
    const struct cs_result *result;
};

static void hear_routed(void *user, int64_t time_ps, int replica, int32_t input, int32_t klass,
                        bool again)
{
    struct engine_run *const run = user;
    (void)time_ps, (void)replica, (void)input, (void)klass;
    run->told.again += again;
    run->told.routed += !again;
}

static void hear_ended(void *user, int64_t arrival_ps, int64_t first_token_ps, int64_t done_ps,
                       int32_t input, int32_t output)
{
    struct engine_run *const run = user;
    (void)input, (void)output;
    run->told.ended += arrival_ps <= first_token_ps && first_token_ps <= done_ps;
}

/* The case's requests as the columns of a trace. */
static void make_trace(struct cs_trace *trace, const struct prop_case *c, struct cs_arena *arena)
{
    const size_t n = (size_t)c->count;
    size_t hashes = 0;
    double *const arrival = cs_arena_alloc(arena, n, sizeof *arrival);
    int32_t *const whole = cs_arena_alloc(arena, 5 * n, sizeof *whole);
    size_t *const start = cs_arena_alloc(arena, n + 1, sizeof *start);
    for (size_t i = 0; i < n; i++)
        hashes += (size_t)c->requests[i].hash_count;
    uint64_t *const hash = cs_arena_alloc(arena, hashes + 1, sizeof *hash);
    for (size_t i = 0; i < n; i++) {
        const struct prop_request *const r = &c->requests[i];
        arrival[i] = (double)r->arrival_ps * 1e-12;
        const int32_t row[] = {r->input, r->output, r->group, r->group_tokens, r->session};
        for (size_t k = 0; k < 5; k++)
            whole[k * n + i] = row[k];
        start[i + 1] = start[i] + (size_t)r->hash_count;
        for (int k = 0; k < r->hash_count; k++)
            hash[start[i] + (size_t)k] = r->hashes[k];
    }
    *trace = (struct cs_trace){.count = n,
                               .arrival_s = arrival,
                               .input = whole,
                               .output = whole + n,
                               .prefix_group.ids = whole + 2 * n,
                               .prefix_tokens = whole + 3 * n,
                               .session.ids = whole + 4 * n,
                               .hashes = hash,
                               .hash_start = start,
                               .hash_tokens = c->hash_tokens};
}

/* `changes`: so many of the case's are known in advance. */
static void run_open(struct engine_run *run, const struct prop_case *c, int changes,
                     struct cs_arena *arena)
{
    static const struct cs_traffic traffic = {.kind = CS_VOLUME_TRACE};
    static const struct cs_simulate simulate = {.warm_up_s = 3600.0, .replications = 1};
    memset(run, 0, sizeof *run);
    make_trace(&run->trace, c, arena);
    cs_workload_prepare(&run->workload, &traffic, &simulate, &run->trace);
    run->fleet = c->fleet;
    run->fleet.step = &c->step;
    run->log.arena = arena;
    run->observer = (struct cs_observer){run, hear_routed, hear_ended};
    const bool windows = c->seed % 3 == 0;
    run->options = (struct cs_run_options){
        .window_ps = windows ? 1 + c->requests[c->count - 1].arrival_ps / 5 : 0,
        .window_count = windows ? 1 + c->seed % 4 : 1,
        .end_ps = INT64_MAX,
        .log = &run->log,
        .changes = c->changes,
        .change_count = (size_t)changes,
        .observer = &run->observer,
    };
    run->cluster = cs_cluster_new(arena, &run->fleet, &run->workload, 1, 0, &run->options);
}

/* --- the engine against the reference ----------------------------------------------------------*/

/* Which of the case's requests each arrival is: a row of a trace comes as often as the traffic says
 * when the one before it comes. Returns how many there are. */
static int rows_of(const struct prop_case *c, const struct cs_trace *trace, int *rows)
{
    double copies = 0.0, factor = 1.0;
    for (int next = 0, made = 0, change = 0;;) {
        while (copies < 1.0) {
            if (next == c->count)
                return made;
            next++;
            copies += factor;
        }
        copies -= 1.0;
        rows[made++] = next - 1;
        const int64_t t = (int64_t)(trace->arrival_s[next - 1] * 1e12 + 0.5);
        for (; change < c->change_count && c->changes[change].time_ps <= t; change++)
            if (c->changes[change].kind == CS_CHANGE_TRAFFIC)
                factor = c->changes[change].factor;
    }
}

static bool same_request(int i, const struct cs_request_record *row, const struct ref_request *r)
{
    if (row->first_step_ps == r->first_step_ps && row->first_token_ps == r->first_token_ps &&
        row->done_ps == r->done_ps && row->preemptions == r->preemptions &&
        row->replica == r->replica && row->input == r->input && row->output == r->output &&
        row->cached_tokens == r->cached_tokens)
        return true;
    return same_differs(
        "request %d (first step, first token, done, preemptions, replica, cached "
        "tokens): engine %lld %lld %lld %d %d %d, reference %lld %lld %lld %d %d %d",
        i, (long long)row->first_step_ps, (long long)row->first_token_ps, (long long)row->done_ps,
        row->preemptions, row->replica, row->cached_tokens, (long long)r->first_step_ps,
        (long long)r->first_token_ps, (long long)r->done_ps, r->preemptions, r->replica,
        r->cached_tokens);
}

/* The histogram of a metric holds the same values as `expected`, and their sum. */
static bool same_metric(const struct cs_result *r, enum cs_metric metric, const char *name,
                        const struct cs_hist *expected)
{
    struct cs_hist total;
    cs_hist_init(&total, expected->arena);
    cs_result_total(r, metric, &total);
    if (!same_buckets(&total, expected))
        return same_differs(
            "histogram of %s: engine %llu values up to %lld, expected %llu up to %lld", name,
            (unsigned long long)total.count, (long long)total.max_ps,
            (unsigned long long)expected->count, (long long)expected->max_ps);
    if (fabs(total.sum_ps - expected->sum_ps) > 1e-9 * expected->sum_ps)
        return same_differs("sum of %s: engine %.17g, expected %.17g", name, total.sum_ps,
                            expected->sum_ps);
    return true;
}

static bool same_count(const char *name, uint64_t engine, uint64_t expected)
{
    return engine == expected ||
           same_differs("%s: engine %llu, expected %llu", name, (unsigned long long)engine,
                        (unsigned long long)expected);
}

static bool near(const char *name, double engine, double expected)
{
    return fabs(engine - expected) <= 1e-9 * fabs(expected) ||
           same_differs("%s: engine %.17g, expected %.17g", name, engine, expected);
}

static bool sums_agree(const struct engine_run *run, const struct ref_request *requests, int count,
                       const struct ref_totals *ref)
{
    const struct cs_result *const r = run->result;
    const struct cs_fleet *const fleet = &run->fleet;
    struct cs_hist ttft, e2e, tpot, wait;
    cs_hist_init(&ttft, ref->gaps.arena);
    cs_hist_init(&e2e, ref->gaps.arena);
    cs_hist_init(&tpot, ref->gaps.arena);
    cs_hist_init(&wait, ref->gaps.arena);
    uint64_t completed = 0, input = 0, output = 0;
    for (int i = 0; i < count; i++) {
        const struct ref_request *const q = &requests[i];
        if (q->rejected)
            continue;
        completed++;
        input += (uint64_t)q->input;
        output += (uint64_t)q->output;
        cs_hist_add(&ttft, q->first_token_ps - q->arrival_ps, 1);
        cs_hist_add(&e2e, q->done_ps - q->arrival_ps, 1);
        cs_hist_add(&wait, q->first_step_ps - q->arrival_ps, 1);
        if (q->output > 1)
            cs_hist_add(&tpot, (q->done_ps - q->first_token_ps) / (q->output - 1), 1);
    }
    const uint64_t n = (uint64_t)count;
    const uint64_t generated = r->all_first_tokens + r->all_decode_tokens;
    return same_count("outcome", r->outcome, CS_OUTCOME_DONE) &&
           same_count("requests", r->requests, n) && same_count("arrived", r->all_arrived, n) &&
           same_count("completed", r->completed, completed) &&
           same_count("all completed", r->all_completed, completed) &&
           same_count("rejected", r->rejected, ref->rejected) &&
           same_count("all rejected", r->all_rejected, ref->rejected) &&
           same_count("input tokens", r->input_tokens, input) &&
           same_count("output tokens", r->output_tokens, output) &&
           same_count("all input tokens", r->all_input_tokens, input) &&
           same_count("all output tokens", r->all_output_tokens, output) &&
           same_count("tokens generated", generated, output) &&
           same_count("decode tokens", r->all_decode_tokens, ref->decode_tokens) &&
           same_count("tokens prefilled and not again",
                      r->all_prefill_tokens + r->all_cached_tokens - r->all_recomputed_tokens,
                      input) &&
           same_count("cached tokens", r->all_cached_tokens, ref->cached_tokens) &&
           same_count("prefill tokens", r->all_prefill_tokens, ref->prefill_tokens) &&
           same_count("recomputed tokens", r->all_recomputed_tokens, ref->recomputed_tokens) &&
           same_count("preemptions", r->preemptions, ref->preemptions) &&
           same_count("steps", r->all_steps, ref->steps) &&
           same_count("peak KV tokens", (uint64_t)r->kv_peak_tokens,
                      (uint64_t)ref->peak_kv_tokens) &&
           same_count("busy ps", (uint64_t)r->all_busy_ps, (uint64_t)ref->busy_ps) &&
           same_count("busy + idle ps", (uint64_t)(r->all_busy_ps + r->all_idle_ps),
                      (uint64_t)r->all_span_ps) &&
           same_count("requests retried", r->all_retried, ref->retried) &&
           same_count("routed, as was told", run->told.routed, n - ref->rejected) &&
           same_count("routed again, as was told", run->told.again, ref->retried + ref->parked) &&
           same_count("ended, as was told", run->told.ended, completed) &&
           (run->options.change_count > 0 ||
            same_count("span ps", (uint64_t)r->all_span_ps,
                       (uint64_t)(r->stopped_ps * fleet->replicas))) &&
           near("batch area", r->all_batch_area, ref->batch_area) &&
           /* the engine takes mean KV x time of a jump, exact when steps do not lengthen */
           (fleet->step->kv_ps + fleet->step->window_kv_ps > 0 ||
            near("KV area", r->all_kv_area, ref->kv_area)) &&
           near("residence", r->all_residence_ps, ref->batch_area) &&
           near("backlog", r->backlog_requests, 0) &&
           same_metric(r, CS_METRIC_TTFT, "TTFT", &ttft) &&
           same_metric(r, CS_METRIC_E2E, "E2E", &e2e) &&
           same_metric(r, CS_METRIC_TPOT, "TPOT", &tpot) &&
           same_metric(r, CS_METRIC_ITL, "ITL", &ref->gaps) &&
           (same_buckets(&r->wait, &wait) || same_differs("histogram of waits"));
}

static bool agrees_with_reference(const struct prop_case *c, struct cs_arena *arena,
                                  struct engine_run *run)
{
    struct ref_totals ref = {0};
    int *const rows = cs_arena_alloc(arena, 4 * (size_t)c->count, sizeof *rows);
    run_open(run, c, c->change_count, arena);
    cs_cluster_run(run->cluster);
    run->result = cs_cluster_result(run->cluster);
    const int count = rows_of(c, &run->trace, rows);
    struct ref_request *const requests = cs_arena_alloc(arena, (size_t)count, sizeof *requests);
    if (!same_count("rows in the log", run->log.count, (uint64_t)count))
        return false;
    for (int i = 0; i < count; i++) {
        const struct cs_request_record *const row = &run->log.rows[i];
        /* seconds as doubles carry picoseconds up to 10^3 s; beyond, the engine's own is taken */
        const struct prop_request *const q = &c->requests[rows[i]];
        if (fabs((double)(row->arrival_ps - q->arrival_ps)) > 1e-15 * (double)row->arrival_ps)
            return same_differs("arrival %d: engine %lld, trace %lld", i,
                                (long long)row->arrival_ps, (long long)q->arrival_ps);
        requests[i] = (struct ref_request){
            .arrival_ps = row->arrival_ps,
            .input = q->input,
            .output = q->output,
            .prefix = {.group = (uint64_t)(q->group + 1),
                       .group_tokens = q->group_tokens,
                       .session = (uint64_t)(q->session + 1),
                       .hashes = q->hashes,
                       .hash_count = q->hash_count,
                       .hash_tokens = c->hash_tokens},
        };
    }
    cs_hist_init(&ref.gaps, arena);
    ref_run(&run->fleet, c->changes, (size_t)c->change_count, requests, count, &ref);
    for (int i = 0; i < count; i++)
        if (!same_request(i, &run->log.rows[i], &requests[i]))
            return false;
    for (int k = 0; k < cs_cluster_replicas(run->cluster); k++) {
        struct cs_snapshot end;
        cs_cluster_snapshot(run->cluster, k, &end);
        if (end.kv_blocks_used != 0 || end.running != 0 || end.waiting != 0)
            return same_differs("replica %d at the end: %lld blocks used, %d running, %d waiting",
                                k, (long long)end.kv_blocks_used, end.running, end.waiting);
    }
    covered.steps += ref.steps;
    covered.repeated += ref.repeated;
    covered.preemptions += ref.preemptions;
    covered.chunks += ref.chunks;
    covered.overfull += ref.overfull;
    covered.blocked += ref.blocked;
    covered.held += ref.held;
    covered.retried += ref.retried;
    covered.parked += ref.parked;
    covered_changed += c->change_count > 0;
    covered.rejected += ref.rejected;
    covered.cache.hits += ref.cache.hits;
    covered.cache.evicted += ref.cache.evicted;
    covered.cache.duplicates += ref.cache.duplicates;
    covered.cache.shared += ref.cache.shared;
    return sums_agree(run, requests, count, &ref);
}

/* --- one run against the same run in slices ----------------------------------------------------*/

/* The snapshots at time t count who the log says is there, within the limits. What was on a replica
 * that failed is elsewhere by then, but for what ends with its last step. */
static bool snapshots_agree(const struct engine_run *run, const struct cs_request_log *log,
                            bool changed, int64_t t)
{
    int64_t all = 0, found = cs_cluster_held(run->cluster);
    bool left = false;
    for (size_t i = 0; i < log->count; i++)
        all += log->rows[i].arrival_ps <= t && log->rows[i].done_ps > t;
    for (int k = 0; k < cs_cluster_replicas(run->cluster); k++) {
        struct cs_snapshot s;
        cs_cluster_snapshot(run->cluster, k, &s);
        int inside = 0;
        for (size_t i = 0; i < log->count; i++) {
            const struct cs_request_record *const row = &log->rows[i];
            inside += row->replica == k && row->arrival_ps <= t && row->done_ps > t;
        }
        found += s.waiting + s.running;
        left |= s.service == CS_SERVICE_FAILED || s.service == CS_SERVICE_LOADING ||
                s.service == CS_SERVICE_GONE;
        if (!changed && s.waiting + s.running != inside)
            return same_differs("snapshot of replica %d at %lld: %d waiting, %d running, but %d "
                                "inside",
                                k, (long long)t, s.waiting, s.running, inside);
        if (s.kv_blocks_used < 0 || s.kv_blocks_used > s.kv_blocks || s.decoding > s.running ||
            s.running > run->fleet.limits.max_num_seqs ||
            (s.running + s.waiting > 0 && s.service != CS_SERVICE_UP &&
             s.service != CS_SERVICE_DRAINING))
            return same_differs("snapshot of replica %d at %lld: %lld of %lld blocks, %d decoding, "
                                "%d running, service %d",
                                k, (long long)t, (long long)s.kv_blocks_used,
                                (long long)s.kv_blocks, s.decoding, s.running, (int)s.service);
    }
    return (left ? found <= all : found == all) ||
           same_differs("snapshots at %lld count %lld requests, but %lld are inside", (long long)t,
                        (long long)found, (long long)all);
}

static bool slices_agree(const struct prop_case *c, struct cs_arena *arena,
                         const struct engine_run *whole)
{
    struct engine_run run;
    struct cs_rng rng;
    cs_rng_init(&rng, c->seed, 0, "prop/slices");
    int given = c->seed % 2 ? c->change_count : 0;
    run_open(&run, c, given, arena);
    const int64_t span = whole->result->stopped_ps;
    const double parts = exp(cs_rng_uniform(&rng) * log(300.0));
    int64_t t = 0;
    for (;;) {
        for (; given < c->change_count && c->changes[given].time_ps <= t; given++)
            cs_cluster_change(run.cluster, &c->changes[given]);
        if (!cs_cluster_run_until(run.cluster, t))
            break;
        if (t > 3 * span + 1000)
            return same_differs("run_until(%lld) still has something to do", (long long)t);
        if (!snapshots_agree(&run, &whole->log, c->change_count > 0, t))
            return false;
        t += (int64_t)(2.0 * cs_rng_uniform(&rng) * (double)span / parts) + 1;
        const size_t next = run.log.count; /* often stop exactly at an arrival or at an end */
        if (cs_rng_uniform(&rng) < 0.3 && next < whole->log.count)
            t = whole->log.rows[next].arrival_ps > t ? whole->log.rows[next].arrival_ps : t;
        else if (cs_rng_uniform(&rng) < 0.3 && next > 0 && whole->log.rows[next - 1].done_ps > t)
            t = whole->log.rows[next - 1].done_ps;
    }
    for (; given < c->change_count; given++)
        cs_cluster_change(run.cluster, &c->changes[given]);
    cs_cluster_run(run.cluster);
    if (run.log.count != whole->log.count)
        return same_differs("slices made %zu requests, one run %zu", run.log.count,
                            whole->log.count);
    for (size_t i = 0; i < run.log.count; i++) {
        const struct cs_request_record *const a = &run.log.rows[i], *const b = &whole->log.rows[i];
        if (a->first_step_ps != b->first_step_ps || a->first_token_ps != b->first_token_ps ||
            a->done_ps != b->done_ps || a->preemptions != b->preemptions ||
            a->replica != b->replica || a->cached_tokens != b->cached_tokens)
            return same_differs(
                "request %zu (first step, first token, done): slices %lld %lld %lld, "
                "one run %lld %lld %lld",
                i, (long long)a->first_step_ps, (long long)a->first_token_ps, (long long)a->done_ps,
                (long long)b->first_step_ps, (long long)b->first_token_ps, (long long)b->done_ps);
    }
    return same_result(cs_cluster_result(run.cluster), whole->result);
}

/* --- running and cutting down a case -----------------------------------------------------------*/

static sigjmp_buf broken;

static void on_signal(int signal_number)
{
    siglongjmp(broken, signal_number);
}

/* False when the case fails; `same_why` says how. An abort or an endless run of the engine fails
 * too. */
static bool holds(const struct prop_case *c)
{
    static struct cs_arena arena; /* static: unharmed by siglongjmp */
    static bool ok;
    cs_arena_init(&arena);
    const int caught = sigsetjmp(broken, 1);
    if (caught == 0) {
        struct engine_run run;
        alarm(SECONDS_PER_CASE);
        ok = agrees_with_reference(c, &arena, &run) && slices_agree(c, &arena, &run);
    } else {
        ok = same_differs(caught == SIGALRM ? "does not end" : "breaks a check");
    }
    alarm(0);
    cs_arena_fini(&arena);
    return ok;
}

static bool still_fails_without(struct prop_case *c, int from, int count)
{
    static struct prop_case trial;
    trial = *c;
    const size_t tail = (size_t)(c->count - from - count);
    trial.count = c->count - count;
    memmove(&trial.requests[from], &c->requests[from + count], tail * sizeof *c->requests);
    if (trial.count == 0 || holds(&trial))
        return false;
    *c = trial;
    return true;
}

static void cut_down(struct prop_case *c)
{
    for (int i = c->change_count - 1; i >= 0; i--) {
        const struct cs_change left_out = c->changes[i];
        const size_t tail = (size_t)(c->change_count - i - 1) * sizeof left_out;
        memmove(&c->changes[i], &c->changes[i + 1], tail);
        c->change_count--;
        if (holds(c)) {
            memmove(&c->changes[i + 1], &c->changes[i], tail);
            c->changes[i] = left_out;
            c->change_count++;
        }
    }
    for (int size = c->count / 2; size >= 1; size /= 2)
        for (int from = 0; from + size <= c->count;)
            if (!still_fails_without(c, from, size))
                from += size;
    static struct prop_case trial;
    for (int i = 0; i < c->count; i++)
        for (int part = 0; part < 2; part++)
            for (int32_t step = 512; step >= 1; step /= 2) {
                trial = *c;
                struct prop_request *const r = &trial.requests[i];
                int32_t *const length = part ? &r->output : &r->input;
                if (*length <= step)
                    continue;
                *length -= step;
                if (!holds(&trial))
                    *c = trial;
            }
    for (int what = 0; what < 6; what++) { /* one replica and plainer steps, where it still fails */
        trial = *c;
        if (what == 0)
            trial.fleet.replicas = 1;
        else if (what == 1)
            trial.fleet.limits.request_ps = 0;
        else if (what == 2)
            trial.step.pair_ps = trial.step.window_pair_ps = 0;
        else if (what == 3)
            trial.step.window_tokens = 0, trial.step.window_kv_ps = 0;
        else if (what == 4)
            trial.step.kv_ps = 0;
        else
            trial.step.prefill_ps = 0;
        if (!holds(&trial))
            *c = trial;
    }
}

START_TEST(every_time_equals_the_references)
{
    static struct prop_case c;
    const struct sigaction caught = {.sa_handler = on_signal}; /* stays, unlike signal()'s */
    sigaction(SIGABRT, &caught, NULL);
    sigaction(SIGALRM, &caught, NULL);
    struct cs_arena arena;
    cs_arena_init(&arena);
    uint64_t failed = 0, requests = 0;
    for (uint64_t seed = first_seed; seed < first_seed + case_count && failed < 3; seed++) {
        case_draw(&c, &arena, seed);
        requests += (uint64_t)c.count;
        if (holds(&c))
            continue;
        failed++;
        printf("seed %llu with %d requests: %s\n", (unsigned long long)seed, c.count, same_why);
        cut_down(&c);
        if (!holds(&c))
            printf("cut down to %d requests: %s\n", c.count, same_why);
        case_print(&c);
        fflush(stdout);
    }
    cs_arena_fini(&arena);
    printf("covered: %llu cases of both kinds of engine, %llu requests (%llu rejected), %llu steps "
           "(%llu open to a jump), %llu preemptions, %llu partial chunks, %llu blocked plans, %llu "
           "with full budgets, %llu with held slots; %llu blocks found (%llu in use), %llu "
           "evicted, %llu duplicates; %llu cases with changes: %llu requests retried, %llu held "
           "while none served\n",
           (unsigned long long)case_count, (unsigned long long)requests,
           (unsigned long long)covered.rejected, (unsigned long long)covered.steps,
           (unsigned long long)covered.repeated, (unsigned long long)covered.preemptions,
           (unsigned long long)covered.chunks, (unsigned long long)covered.blocked,
           (unsigned long long)covered.overfull, (unsigned long long)covered.held,
           (unsigned long long)covered.cache.hits, (unsigned long long)covered.cache.shared,
           (unsigned long long)covered.cache.evicted, (unsigned long long)covered.cache.duplicates,
           (unsigned long long)covered_changed, (unsigned long long)covered.retried,
           (unsigned long long)covered.parked);
    fflush(stdout);
    ck_assert_msg(failed == 0, "%llu cases failed", (unsigned long long)failed);
    if (case_count >= 1000) { /* the proof is worth what it covers */
        ck_assert_uint_gt(covered.preemptions, 1000);
        ck_assert_uint_gt(covered.chunks, 1000);
        ck_assert_uint_gt(covered.blocked, 1000);
        ck_assert_uint_gt(covered.overfull, 1000);
        ck_assert_uint_gt(covered.held, 1000);
        ck_assert_uint_gt(covered.rejected, 1000);
        ck_assert_uint_gt(covered.retried, 1000);
        ck_assert_uint_gt(covered.parked, 1000);
        ck_assert_uint_gt(covered.repeated, covered.steps / 4);
        ck_assert_uint_gt(covered.cache.hits, 1000);
        ck_assert_uint_gt(covered.cache.shared, 1000);
        ck_assert_uint_gt(covered.cache.evicted, 1000);
        ck_assert_uint_gt(covered.cache.duplicates, 1000);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 10), case_count = 1;
    if (argc > 2)
        case_count = strtoull(argv[2], NULL, 10);
    Suite *const suite = suite_create("engine");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 1800);
    tcase_add_test(all, every_time_equals_the_references);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
