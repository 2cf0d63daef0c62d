/* The engine is exact: every time it reports equals the plain reference's, to the picosecond.
 *
 *     test_engine [FIRST [COUNT]]     cases FIRST .. FIRST + COUNT - 1 (default 1, 40000)
 *
 * Each seed makes a case (cases.h), runs it through the cluster and through reference.c, and
 * compares first step, first token, end, preemptions, replica and cached tokens of every request;
 * then the sums of the result with the log and with what the reference counted: tokens in = tokens
 * out, gaps between tokens, busy time, blocks all free at the end. Every case is also run in random
 * slices of time, which must give the same result and log, and whose snapshots must count as the
 * log does. (Sums kept as doubles may differ by 1e-9 there: replicas add to them in the order of
 * the slices.)
 * The one rule: the allowed difference is zero. A case that fails (a broken check of the engine and
 * an endless run count too) is cut down to the fewest requests that still fail, and printed.
 */
#include <check.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/rng.h"
#include "cases.h"

enum { SECONDS_PER_CASE = 20 };

static struct ref_totals covered; /* over all cases; gaps unused */
static uint64_t first_seed = 1, case_count = 40000;
static char why[400]; /* of the last case that failed */

static bool differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool differs(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return false;
}

/* --- one run of the engine ---------------------------------------------------------------------*/

struct engine_run {
    struct cs_trace trace;
    struct cs_workload_spec workload;
    struct cs_fleet fleet;
    struct cs_run_options options;
    struct cs_request_log log;
    struct cs_cluster *cluster;
    const struct cs_result *result;
};

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

static void run_open(struct engine_run *run, const struct prop_case *c, struct cs_arena *arena)
{
    static const struct cs_traffic traffic = {.kind = CS_VOLUME_TRACE};
    static const struct cs_simulate simulate = {.warm_up_s = 3600.0, .replications = 1};
    memset(run, 0, sizeof *run);
    make_trace(&run->trace, c, arena);
    cs_workload_prepare(&run->workload, &traffic, &simulate, &run->trace);
    run->fleet = c->fleet;
    run->fleet.step = &c->step;
    run->log.arena = arena;
    const bool windows = c->seed % 3 == 0;
    run->options = (struct cs_run_options){
        .window_ps = windows ? 1 + c->requests[c->count - 1].arrival_ps / 5 : 0,
        .window_count = windows ? 1 + c->seed % 4 : 1,
        .end_ps = INT64_MAX,
        .log = &run->log,
    };
    run->cluster = cs_cluster_new(arena, &run->fleet, &run->workload, 1, 0, &run->options);
}

/* --- the engine against the reference ----------------------------------------------------------*/

static bool same_request(int i, const struct cs_request_record *row, const struct ref_request *r)
{
    if (row->first_step_ps == r->first_step_ps && row->first_token_ps == r->first_token_ps &&
        row->done_ps == r->done_ps && row->preemptions == r->preemptions &&
        row->replica == r->replica && row->input == r->input && row->output == r->output &&
        row->cached_tokens == r->cached_tokens)
        return true;
    return differs("request %d (first step, first token, done, preemptions, replica, cached "
                   "tokens): engine %lld %lld %lld %d %d %d, reference %lld %lld %lld %d %d %d",
                   i, (long long)row->first_step_ps, (long long)row->first_token_ps,
                   (long long)row->done_ps, row->preemptions, row->replica, row->cached_tokens,
                   (long long)r->first_step_ps, (long long)r->first_token_ps,
                   (long long)r->done_ps, r->preemptions, r->replica, r->cached_tokens);
}

static bool same_buckets(const struct cs_hist *a, const struct cs_hist *b)
{
    static const uint64_t none[CS_HIST_SUB];
    for (int page = 0; page < CS_HIST_PAGES; page++)
        if (memcmp(a->pages[page] ? a->pages[page] : none, b->pages[page] ? b->pages[page] : none,
                   sizeof none) != 0)
            return false;
    return a->count == b->count && a->max_ps == b->max_ps;
}

/* The histogram of a metric holds the same values as `expected`, and their sum. */
static bool same_metric(const struct cs_result *r, enum cs_metric metric, const char *name,
                        const struct cs_hist *expected)
{
    struct cs_hist total;
    cs_hist_init(&total, expected->arena);
    cs_result_total(r, metric, &total);
    if (!same_buckets(&total, expected))
        return differs("histogram of %s: engine %llu values up to %lld, expected %llu up to %lld",
                       name, (unsigned long long)total.count, (long long)total.max_ps,
                       (unsigned long long)expected->count, (long long)expected->max_ps);
    if (fabs(total.sum_ps - expected->sum_ps) > 1e-9 * expected->sum_ps)
        return differs("sum of %s: engine %.17g, expected %.17g", name, total.sum_ps,
                       expected->sum_ps);
    return true;
}

static bool same_count(const char *name, uint64_t engine, uint64_t expected)
{
    return engine == expected || differs("%s: engine %llu, expected %llu", name,
                                         (unsigned long long)engine, (unsigned long long)expected);
}

static bool near(const char *name, double engine, double expected)
{
    return fabs(engine - expected) <= 1e-9 * fabs(expected) ||
           differs("%s: engine %.17g, expected %.17g", name, engine, expected);
}

static bool sums_agree(const struct cs_result *r, const struct ref_request *requests, int count,
                       const struct ref_totals *ref, const struct cs_fleet *fleet)
{
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
           same_count("span ps", (uint64_t)r->all_span_ps,
                      (uint64_t)(r->stopped_ps * fleet->replicas)) &&
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
           (same_buckets(&r->wait, &wait) || differs("histogram of waits"));
}

static bool agrees_with_reference(const struct prop_case *c, struct cs_arena *arena,
                                  struct engine_run *run)
{
    struct ref_totals ref = {0};
    struct ref_request *const requests =
        cs_arena_alloc(arena, (size_t)c->count, sizeof *requests);
    run_open(run, c, arena);
    cs_cluster_run(run->cluster);
    run->result = cs_cluster_result(run->cluster);
    if (!same_count("rows in the log", run->log.count, (uint64_t)c->count))
        return false;
    for (int i = 0; i < c->count; i++) {
        const struct cs_request_record *const row = &run->log.rows[i];
        /* seconds as doubles carry picoseconds up to 10^3 s; beyond, the engine's own is taken */
        const struct prop_request *const q = &c->requests[i];
        if (fabs((double)(row->arrival_ps - q->arrival_ps)) > 1e-15 * (double)row->arrival_ps)
            return differs("arrival %d: engine %lld, trace %lld", i, (long long)row->arrival_ps,
                           (long long)q->arrival_ps);
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
    ref_run(&run->fleet, requests, c->count, &ref);
    for (int i = 0; i < c->count; i++)
        if (!same_request(i, &run->log.rows[i], &requests[i]))
            return false;
    for (int k = 0; k < run->fleet.replicas; k++) {
        struct cs_snapshot end;
        cs_cluster_snapshot(run->cluster, k, &end);
        if (end.kv_blocks_used != 0 || end.running != 0 || end.waiting != 0)
            return differs("replica %d at the end: %lld blocks used, %d running, %d waiting", k,
                           (long long)end.kv_blocks_used, end.running, end.waiting);
    }
    covered.steps += ref.steps;
    covered.repeated += ref.repeated;
    covered.preemptions += ref.preemptions;
    covered.chunks += ref.chunks;
    covered.overfull += ref.overfull;
    covered.blocked += ref.blocked;
    covered.held += ref.held;
    covered.rejected += ref.rejected;
    covered.cache.hits += ref.cache.hits;
    covered.cache.evicted += ref.cache.evicted;
    covered.cache.duplicates += ref.cache.duplicates;
    covered.cache.shared += ref.cache.shared;
    return sums_agree(run->result, requests, c->count, &ref, &run->fleet);
}

/* --- one run against the same run in slices ----------------------------------------------------*/

static bool same_sum(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static bool same_hist(const struct cs_hist *a, const struct cs_hist *b)
{
    return same_buckets(a, b) && same_sum(a->sum_ps, b->sum_ps);
}

static bool same_windows(const struct cs_result *a, const struct cs_result *b)
{
    for (size_t w = 0; w < a->window_count; w++) {
        const struct cs_window_tally *const x = &a->windows[w], *const y = &b->windows[w];
        if (x->requests != y->requests || x->met != y->met || x->rejected != y->rejected ||
            memcmp(x->within, y->within, sizeof x->within) != 0)
            return differs("counts of window %zu differ between slices and one run", w);
        if (x->busy_ps != y->busy_ps)
            return differs("busy time of window %zu: slices %lld, one run %lld", w,
                           (long long)x->busy_ps, (long long)y->busy_ps);
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            if (!same_hist(&x->metric[m], &y->metric[m]))
                return differs("metric %d of window %zu differs between slices and one run "
                               "(sums %.17g and %.17g)",
                               m, w, x->metric[m].sum_ps, y->metric[m].sum_ps);
    }
    return true;
}

/* Every field (a comparison of the bytes would see padding). */
static bool same_result(const struct cs_result *a, const struct cs_result *b)
{
    const struct {
        const char *name;
        double sliced, whole;
    } real[] = {
        {"measured_ps", a->measured_ps, b->measured_ps},
        {"all_batch_area", a->all_batch_area, b->all_batch_area},
        {"all_kv_area", a->all_kv_area, b->all_kv_area},
        {"all_residence_ps", a->all_residence_ps, b->all_residence_ps},
        {"backlog_requests", a->backlog_requests, b->backlog_requests},
    };
    for (size_t i = 0; i < sizeof real / sizeof *real; i++)
        if (!same_sum(real[i].sliced, real[i].whole))
            return differs("%s: slices %.17g, one run %.17g", real[i].name, real[i].sliced,
                           real[i].whole);
    const struct {
        const char *name;
        uint64_t sliced, whole;
    } whole[] = {
        {"outcome", a->outcome, b->outcome},
        {"stopped_ps", (uint64_t)a->stopped_ps, (uint64_t)b->stopped_ps},
        {"window_ps", (uint64_t)a->window_ps, (uint64_t)b->window_ps},
        {"window_count", a->window_count, b->window_count},
        {"requests", a->requests, b->requests},
        {"rejected", a->rejected, b->rejected},
        {"completed", a->completed, b->completed},
        {"input_tokens", a->input_tokens, b->input_tokens},
        {"output_tokens", a->output_tokens, b->output_tokens},
        {"preemptions", a->preemptions, b->preemptions},
        {"kv_peak_tokens", (uint64_t)a->kv_peak_tokens, (uint64_t)b->kv_peak_tokens},
        {"all_steps", a->all_steps, b->all_steps},
        {"all_arrived", a->all_arrived, b->all_arrived},
        {"all_completed", a->all_completed, b->all_completed},
        {"all_rejected", a->all_rejected, b->all_rejected},
        {"all_input_tokens", a->all_input_tokens, b->all_input_tokens},
        {"all_output_tokens", a->all_output_tokens, b->all_output_tokens},
        {"all_prefill_tokens", a->all_prefill_tokens, b->all_prefill_tokens},
        {"all_recomputed_tokens", a->all_recomputed_tokens, b->all_recomputed_tokens},
        {"all_decode_tokens", a->all_decode_tokens, b->all_decode_tokens},
        {"all_cached_tokens", a->all_cached_tokens, b->all_cached_tokens},
        {"all_first_tokens", a->all_first_tokens, b->all_first_tokens},
        {"all_busy_ps", (uint64_t)a->all_busy_ps, (uint64_t)b->all_busy_ps},
        {"all_idle_ps", (uint64_t)a->all_idle_ps, (uint64_t)b->all_idle_ps},
        {"all_span_ps", (uint64_t)a->all_span_ps, (uint64_t)b->all_span_ps},
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (whole[i].sliced != whole[i].whole)
            return differs("%s: slices %lld, one run %lld", whole[i].name,
                           (long long)whole[i].sliced, (long long)whole[i].whole);
    return same_windows(a, b) &&
           (same_hist(&a->wait, &b->wait) || differs("waits differ between slices and one run"));
}

/* The snapshots at time t count who the log says is there, within the limits. */
static bool snapshots_agree(const struct engine_run *run, const struct cs_request_log *log,
                            int64_t t)
{
    for (int k = 0; k < run->fleet.replicas; k++) {
        struct cs_snapshot s;
        cs_cluster_snapshot(run->cluster, k, &s);
        int inside = 0;
        for (size_t i = 0; i < log->count; i++) {
            const struct cs_request_record *const row = &log->rows[i];
            inside += row->replica == k && row->arrival_ps <= t && row->done_ps > t;
        }
        if (s.waiting + s.running != inside)
            return differs("snapshot of replica %d at %lld: %d waiting, %d running, but %d inside",
                           k, (long long)t, s.waiting, s.running, inside);
        if (s.kv_blocks_used < 0 || s.kv_blocks_used > s.kv_blocks || s.decoding > s.running ||
            s.running > run->fleet.limits.max_num_seqs)
            return differs("snapshot of replica %d at %lld: %lld of %lld blocks, %d decoding, %d "
                           "running",
                           k, (long long)t, (long long)s.kv_blocks_used, (long long)s.kv_blocks,
                           s.decoding, s.running);
    }
    return true;
}

static bool slices_agree(const struct prop_case *c, struct cs_arena *arena,
                         const struct engine_run *whole)
{
    struct engine_run run;
    struct cs_rng rng;
    cs_rng_init(&rng, c->seed, 0, "prop/slices");
    run_open(&run, c, arena);
    const int64_t span = whole->result->stopped_ps;
    const double parts = exp(cs_rng_uniform(&rng) * log(300.0));
    int64_t t = 0;
    while (cs_cluster_run_until(run.cluster, t)) {
        if (t > 3 * span + 1000)
            return differs("run_until(%lld) still has something to do", (long long)t);
        if (!snapshots_agree(&run, &whole->log, t))
            return false;
        t += (int64_t)(2.0 * cs_rng_uniform(&rng) * (double)span / parts) + 1;
        const size_t next = run.log.count; /* often stop exactly at an arrival or at an end */
        if (cs_rng_uniform(&rng) < 0.3 && next < whole->log.count)
            t = whole->log.rows[next].arrival_ps > t ? whole->log.rows[next].arrival_ps : t;
        else if (cs_rng_uniform(&rng) < 0.3 && next > 0 && whole->log.rows[next - 1].done_ps > t)
            t = whole->log.rows[next - 1].done_ps;
    }
    cs_cluster_run(run.cluster);
    if (run.log.count != whole->log.count)
        return differs("slices made %zu requests, one run %zu", run.log.count, whole->log.count);
    for (size_t i = 0; i < run.log.count; i++) {
        const struct cs_request_record *const a = &run.log.rows[i], *const b = &whole->log.rows[i];
        if (a->first_step_ps != b->first_step_ps || a->first_token_ps != b->first_token_ps ||
            a->done_ps != b->done_ps || a->preemptions != b->preemptions ||
            a->cached_tokens != b->cached_tokens)
            return differs("request %zu (first step, first token, done): slices %lld %lld %lld, "
                           "one run %lld %lld %lld",
                           i, (long long)a->first_step_ps, (long long)a->first_token_ps,
                           (long long)a->done_ps, (long long)b->first_step_ps,
                           (long long)b->first_token_ps, (long long)b->done_ps);
    }
    return same_result(cs_cluster_result(run.cluster), whole->result);
}

/* --- running and cutting down a case -----------------------------------------------------------*/

static sigjmp_buf broken;

static void on_signal(int signal_number)
{
    siglongjmp(broken, signal_number);
}

/* False when the case fails; `why` says how. An abort or an endless run of the engine fails too. */
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
        ok = differs(caught == SIGALRM ? "does not end" : "breaks a check");
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
        printf("seed %llu with %d requests: %s\n", (unsigned long long)seed, c.count, why);
        cut_down(&c);
        if (!holds(&c))
            printf("cut down to %d requests: %s\n", c.count, why);
        case_print(&c);
        fflush(stdout);
    }
    cs_arena_fini(&arena);
    printf("covered: %llu cases of both kinds of engine, %llu requests (%llu rejected), %llu steps "
           "(%llu open to a jump), %llu preemptions, %llu partial chunks, %llu blocked plans, %llu "
           "with full budgets, %llu with held slots; %llu blocks found (%llu in use), %llu "
           "evicted, %llu duplicates\n",
           (unsigned long long)case_count, (unsigned long long)requests,
           (unsigned long long)covered.rejected, (unsigned long long)covered.steps,
           (unsigned long long)covered.repeated, (unsigned long long)covered.preemptions,
           (unsigned long long)covered.chunks, (unsigned long long)covered.blocked,
           (unsigned long long)covered.overfull, (unsigned long long)covered.held,
           (unsigned long long)covered.cache.hits, (unsigned long long)covered.cache.shared,
           (unsigned long long)covered.cache.evicted,
           (unsigned long long)covered.cache.duplicates);
    fflush(stdout);
    ck_assert_msg(failed == 0, "%llu cases failed", (unsigned long long)failed);
    if (case_count >= 1000) { /* the proof is worth what it covers */
        ck_assert_uint_gt(covered.preemptions, 1000);
        ck_assert_uint_gt(covered.chunks, 1000);
        ck_assert_uint_gt(covered.blocked, 1000);
        ck_assert_uint_gt(covered.overfull, 1000);
        ck_assert_uint_gt(covered.held, 1000);
        ck_assert_uint_gt(covered.rejected, 1000);
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
