/* Changes under way, by hand: a replica that serves one request after another, a second each.
 *
 * A synchronous engine with one slot, prompts of one token and steps of exactly one second makes
 * an answer of n tokens n seconds of work, so every time here was worked out on paper. That
 * whatever happens is exact is shown by tests/prop/test_engine against a reference; here stands
 * what a reader of `changes` relies on: what is held, retried, loaded and drained, and from when
 * clocks run.
 */
#include "serve/cluster.h"
#include "spec/trace_csv.h"
#include <check.h>
#include <math.h>

static const int64_t S = INT64_C(1000000000000);

static struct cs_arena arena;
static int64_t token_ps[9], sample_ps[9];
static struct cs_step step;
static struct cs_fleet fleet;
static struct cs_request_log log_;
static const struct cs_result *result;
static struct cs_cluster *cluster;

static void setup(void)
{
    cs_arena_init(&arena);
    for (int t = 0; t < 9; t++)
        token_ps[t] = S;
    step = (struct cs_step){
        .max_tokens = 8, .max_sampled = 8, .token_ps = token_ps, .sample_ps = sample_ps};
    fleet = (struct cs_fleet){.step = &step,
                              .replicas = 1,
                              .router = CS_ROUTER_LEAST_OUTSTANDING,
                              .limits = {.max_num_seqs = 1,
                                         .max_num_batched_tokens = 8,
                                         .block_size = 16,
                                         .kv_blocks = 64,
                                         .context_tokens = 1024}};
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

/* Requests of one prompt token and `tokens[i]` answer tokens at `at[i]` seconds; runs to the end
 * unless `open`. */
static void run(size_t count, const double *at, const int32_t *tokens,
                const struct cs_change *changes, size_t change_count, bool open)
{
    static const struct cs_traffic traffic = {.kind = CS_VOLUME_TRACE};
    static const struct cs_simulate simulate = {.replications = 1};
    struct cs_workload_spec *const w = cs_arena_alloc(&arena, 1, sizeof *w);
    struct cs_trace *const trace = cs_arena_alloc(&arena, 1, sizeof *trace);
    int32_t *const input = cs_arena_alloc(&arena, count, sizeof *input);
    for (size_t i = 0; i < count; i++)
        input[i] = 1;
    *trace = (struct cs_trace){.count = count, .arrival_s = at, .input = input, .output = tokens};
    cs_workload_prepare(w, &traffic, &simulate, trace);
    log_ = (struct cs_request_log){.arena = &arena};
    const struct cs_run_options options = {.window_count = 1,
                                           .end_ps = INT64_MAX,
                                           .log = &log_,
                                           .changes = changes,
                                           .change_count = change_count};
    cluster = cs_cluster_new(&arena, &fleet, w, 1, 0, &options);
    if (!open)
        cs_cluster_run(cluster);
    result = cs_cluster_result(cluster);
}

static void expect(size_t i, int replica, double first_step, double first_token, double done)
{
    ck_assert_uint_lt(i, log_.count);
    const struct cs_request_record *const r = &log_.rows[i];
    ck_assert_msg(r->replica == replica && r->first_step_ps == (int64_t)(first_step * 1e12) &&
                      r->first_token_ps == (int64_t)(first_token * 1e12) &&
                      r->done_ps == (int64_t)(done * 1e12),
                  "request %zu: replica %d, first step %g s, first token %g s, done %g s", i,
                  r->replica, (double)r->first_step_ps * 1e-12, (double)r->first_token_ps * 1e-12,
                  (double)r->done_ps * 1e-12);
}

static void expect_books(void)
{
    ck_assert_int_eq(result->outcome, CS_OUTCOME_DONE);
    ck_assert(result->all_busy_ps + result->all_idle_ps == result->all_span_ps);
    ck_assert_uint_eq(result->all_first_tokens + result->all_decode_tokens,
                      result->all_output_tokens);
    ck_assert_uint_eq(result->all_prefill_tokens + result->all_cached_tokens,
                      result->all_input_tokens + result->all_recomputed_tokens);
}

/* The only replica fails at 2.5 s: its step ends at 3 s with the third token of five. It is
 * repaired 10 s later, reads its weights for 4 s, and computes prompt and answer so far as a prompt
 * of 4 (one step, which makes the fourth token), then the fifth. What comes meanwhile is held, and
 * served after it; first tokens count from the arrival. */
START_TEST(requests_are_held_while_none_serves)
{
    const double at[] = {0, 5, 6};
    const int32_t tokens[] = {5, 1, 2};
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_FAIL, .time_ps = 5 * S / 2, .replica = 0, .repair_ps = 10 * S}};
    fleet.load_ps = 4 * S;
    run(3, at, tokens, changes, 1, true);
    ck_assert(cs_cluster_run_until(cluster, 4 * S));
    struct cs_snapshot snapshot;
    cs_cluster_snapshot(cluster, 0, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_FAILED);
    ck_assert_int_eq(snapshot.until_ps, 13 * S);
    ck_assert_int_eq(cs_cluster_held(cluster), 1);
    ck_assert(cs_cluster_run_until(cluster, 13 * S));
    cs_cluster_snapshot(cluster, 0, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_LOADING);
    ck_assert_int_eq(snapshot.until_ps, 17 * S);
    ck_assert_int_eq(cs_cluster_held(cluster), 3);
    ck_assert(cs_cluster_run_until(cluster, 17 * S));
    cs_cluster_snapshot(cluster, 0, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_UP);
    ck_assert_int_eq(cs_cluster_held(cluster), 0);
    cs_cluster_run(cluster);
    expect(0, 0, 0, 1, 19);
    expect(1, 0, 19, 20, 20);
    expect(2, 0, 20, 21, 22);
    expect_books();
    ck_assert_uint_eq(result->all_retried, 1);
    ck_assert_uint_eq(result->all_recomputed_tokens, 1 + 3);
    ck_assert(result->all_span_ps == 3 * S + 5 * S); /* the outage is not its time */
    ck_assert_int_eq(result->windows[0].metric[CS_METRIC_TTFT].max_ps, 15 * S); /* 6 to 21 s */
    ck_assert_int_eq(result->windows[0].metric[CS_METRIC_ITL].max_ps, 15 * S);  /* 3 to 18 s */
}
END_TEST

/* Of two replicas the first fails with one request running (of 4 s, begun at 0) and one waiting:
 * both go to the other one, the running one first, behind what that has. */
START_TEST(requests_are_retried_elsewhere)
{
    const double at[] = {0, 0, 0, 0};
    const int32_t tokens[] = {4, 3, 1, 1};
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_FAIL, .time_ps = 3 * S / 2, .replica = 0, .repair_ps = 100 * S}};
    fleet.replicas = 2;
    run(4, at, tokens, changes, 1, false);
    expect(1, 1, 0, 1, 3);
    expect(3, 1, 3, 4, 4);
    expect(0, 1, 0, 1, 6); /* two tokens by 2 s, the third and fourth from 4 s on */
    expect(2, 1, 6, 7, 7);
    expect_books();
    ck_assert_uint_eq(result->all_retried, 2);
    ck_assert_uint_eq(result->preemptions, 0);
    ck_assert_int_eq(log_.rows[0].preemptions, 1); /* it lost its place */
    ck_assert_int_eq(log_.rows[2].preemptions, 0);
    ck_assert(result->all_span_ps == 2 * S + 7 * S);
}
END_TEST

/* What is planned ends: an asynchronous engine has planned the step after the one under way. */
START_TEST(steps_that_are_planned_end)
{
    const double at[] = {0};
    const int32_t tokens[] = {9};
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_FAIL, .time_ps = 5 * S / 2, .replica = 0, .repair_ps = 1 * S}};
    fleet.limits.max_num_batched_tokens = 8;
    fleet.limits.asynchronous = true;
    run(1, at, tokens, changes, 1, false);
    expect(0, 0, 0, 1, 10); /* four tokens by 4 s; repaired at 5 s, five more */
    ck_assert_uint_eq(result->all_recomputed_tokens, 1 + 4);
    expect_books();
}
END_TEST

/* One that is added serves when its weights are read, one that is removed finishes what it has. */
START_TEST(added_ones_load_and_removed_ones_drain)
{
    const double at[] = {0, 0, 4.5, 5.5, 6, 30};
    const int32_t tokens[] = {10, 10, 1, 1, 20, 1};
    const struct cs_change changes[] = {{.kind = CS_CHANGE_ADD, .time_ps = 1 * S, .count = 1},
                                        {.kind = CS_CHANGE_REMOVE, .time_ps = 7 * S, .count = 1}};
    fleet.load_ps = 4 * S;
    run(6, at, tokens, changes, 2, true);
    ck_assert(cs_cluster_run_until(cluster, 9 * S));
    struct cs_snapshot snapshot;
    cs_cluster_snapshot(cluster, 1, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_DRAINING);
    ck_assert_int_eq(snapshot.running, 1);
    ck_assert(cs_cluster_run_until(cluster, 27 * S));
    cs_cluster_snapshot(cluster, 1, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_GONE);
    ck_assert_int_eq(cs_cluster_replicas(cluster), 2);
    cs_cluster_run(cluster);
    expect(0, 0, 0, 1, 10);
    expect(1, 0, 10, 11, 20);
    expect(2, 0, 20, 21, 21);     /* at 4.5 s the second one loads still */
    expect(3, 1, 5.5, 6.5, 6.5);  /* at 5.5 s it serves, and has nothing to do */
    expect(4, 1, 6.5, 7.5, 26.5); /* it has it when it is removed, and ends it */
    expect(5, 0, 30, 31, 31);
    expect_books();
    ck_assert(result->all_span_ps == 31 * S + 215 * S / 10); /* 5 to 26.5 s */
}
END_TEST

/* Those that drain stay when some are added, and one stays whatever is removed. */
START_TEST(one_stays)
{
    const double at[] = {0, 0.25, 8};
    const int32_t tokens[] = {3, 3, 1};
    const struct cs_change changes[] = {{.kind = CS_CHANGE_REMOVE, .time_ps = S, .count = 9},
                                        {.kind = CS_CHANGE_ADD, .time_ps = 2 * S, .count = 1},
                                        {.kind = CS_CHANGE_REMOVE, .time_ps = 7 * S, .count = 9}};
    fleet.replicas = 2;
    fleet.load_ps = 50 * S;
    run(3, at, tokens, changes, 3, true);
    ck_assert(cs_cluster_run_until(cluster, S));
    struct cs_snapshot snapshot;
    cs_cluster_snapshot(cluster, 1, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_DRAINING);
    ck_assert(cs_cluster_run_until(cluster, 3 * S));
    cs_cluster_snapshot(cluster, 1, &snapshot);
    ck_assert_int_eq(snapshot.service, CS_SERVICE_UP); /* at once: it had its weights */
    cs_cluster_run(cluster);
    expect(1, 1, 0.25, 1.25, 3.25);
    expect(2, 0, 8, 9, 9);
    expect_books();
    ck_assert(result->all_span_ps == 9 * S + 7 * S);
}
END_TEST

/* Round robin goes on from where it was, past those that do not serve. */
START_TEST(round_robin_skips)
{
    const double at[] = {0, 1, 2, 3, 4, 5, 20, 21, 22};
    const int32_t tokens[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int replicas[] = {0, 1, 2, 0, 2, 0, 1, 2, 0};
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_FAIL, .time_ps = 5 * S / 2, .replica = 1, .repair_ps = 10 * S}};
    fleet.replicas = 3;
    fleet.router = CS_ROUTER_ROUND_ROBIN;
    run(9, at, tokens, changes, 1, false);
    for (size_t i = 0; i < 9; i++)
        expect(i, replicas[i], at[i], at[i] + 1, at[i] + 1);
    expect_books();
}
END_TEST

/* Rows of a trace: from the second change on every one twice, from the third every other one. */
START_TEST(a_trace_is_thinned_and_thickened)
{
    double at[300];
    int32_t tokens[300];
    for (int i = 0; i < 300; i++) {
        at[i] = 10 * i;
        tokens[i] = 1;
    }
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_TRAFFIC, .time_ps = 0, .factor = 1},
        {.kind = CS_CHANGE_TRAFFIC, .time_ps = 995 * S, .factor = 2},
        {.kind = CS_CHANGE_TRAFFIC, .time_ps = 1995 * S, .factor = 0.5}};
    run(300, at, tokens, changes, 3, false);
    size_t of[3] = {0};
    for (size_t i = 0; i < log_.count; i++)
        of[log_.rows[i].arrival_ps / (1000 * S)]++;
    ck_assert_uint_eq(of[0], 100);
    ck_assert(of[1] == 199 || of[1] == 200); /* the first was drawn before the change */
    ck_assert_uint_ge(of[2], 50);
    ck_assert_uint_le(of[2], 52);
    expect_books();
}
END_TEST

/* One of the past is made a picosecond after the present, and the run that knows of it from the
 * beginning is the same. */
START_TEST(a_change_by_hand_can_be_told_in_advance)
{
    const double at[] = {0, 1, 2, 3};
    const int32_t tokens[] = {4, 4, 4, 4};
    fleet.replicas = 2;
    fleet.limits.asynchronous = true;
    run(4, at, tokens, NULL, 0, true);
    ck_assert(cs_cluster_run_until(cluster, 3 * S)); /* a plan and an arrival of that instant */
    struct cs_change change = {
        .kind = CS_CHANGE_FAIL, .time_ps = 3 * S, .replica = 1, .repair_ps = 7 * S};
    change.time_ps = cs_cluster_change(cluster, &change);
    ck_assert_int_eq(change.time_ps, 3 * S + 1);
    cs_cluster_run(cluster);
    const struct cs_request_log by_hand = log_;
    run(4, at, tokens, &change, 1, false);
    for (size_t i = 0; i < 4; i++)
        expect(i, by_hand.rows[i].replica, (double)by_hand.rows[i].first_step_ps * 1e-12,
               (double)by_hand.rows[i].first_token_ps * 1e-12,
               (double)by_hand.rows[i].done_ps * 1e-12);
    expect_books();
}
END_TEST

/* Steps of 1 s are planned at 0, 1, 2, ... s, by an asynchronous engine each of them but the first
 * a second early; the k-th (from 1) holds k tokens with a prompt of one. A block is a token. */
START_TEST(a_look_sees_the_cache_fill)
{
    const double at[] = {0};
    const int32_t tokens[] = {40};
    for (int i = 0; i < 4; i++) {
        fleet.limits.block_size = 1;
        fleet.limits.asynchronous = i & 1;
        fleet.limits.prefix_caching = i & 2;
        run(1, at, tokens, NULL, 0, true);
        for (int s = 0; s < 30; s += 7) {
            struct cs_snapshot snapshot;
            ck_assert(cs_cluster_run_until(cluster, s * S + S / 2));
            cs_cluster_snapshot(cluster, 0, &snapshot);
            ck_assert_int_eq(snapshot.kv_blocks_used, s + 1 + (i & 1));
        }
        cs_cluster_run(cluster);
        expect(0, 0, 0, 1, 40);
    }
}
END_TEST

/* Twenty replicas for a week are 140 days of one: more picoseconds than 63 bits count. */
START_TEST(times_over_many_replicas_are_whole)
{
    const double at[] = {0, 600000};
    const int32_t tokens[] = {1, 1};
    fleet.replicas = 20;
    run(2, at, tokens, NULL, 0, false);
    expect(1, 0, 600000, 600001, 600001);
    ck_assert(result->all_span_ps == (cs_sum_ps)20 * 600001 * S);
    ck_assert(result->all_busy_ps == 2 * S && result->windows[0].busy_ps == 2 * S);
    ck_assert_double_eq_tol((double)result->all_span_ps, 1.200002e19, 1e6);
    expect_books();
}
END_TEST

/* No repair ends later than the longest run: time is counted in 64 bits. */
START_TEST(repairs_end_with_the_longest_run)
{
    const int64_t day = 86400 * S;
    const double at[] = {8.6e6};
    const int32_t tokens[] = {1};
    const struct cs_change changes[] = {
        {.kind = CS_CHANGE_FAIL, .time_ps = 99 * day, .replica = 0, .repair_ps = 100 * day}};
    run(1, at, tokens, changes, 1, false);
    expect(0, 0, 8.64e6, 8.64e6 + 1, 8.64e6 + 1);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("changes");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, requests_are_held_while_none_serves);
    tcase_add_test(all, requests_are_retried_elsewhere);
    tcase_add_test(all, steps_that_are_planned_end);
    tcase_add_test(all, added_ones_load_and_removed_ones_drain);
    tcase_add_test(all, one_stays);
    tcase_add_test(all, round_robin_skips);
    tcase_add_test(all, a_trace_is_thinned_and_thickened);
    tcase_add_test(all, a_change_by_hand_can_be_told_in_advance);
    tcase_add_test(all, a_look_sees_the_cache_fill);
    tcase_add_test(all, repairs_end_with_the_longest_run);
    tcase_add_test(all, times_over_many_replicas_are_whole);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
