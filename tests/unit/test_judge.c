/* The judge over results made by hand: windows, the worst of them, and how sure it is.
 *
 * A result is filled with requests of two kinds, quick (0.5 s) and slow, so that every share and
 * every percentile is known. Intervals are those of des/estimate, which has its own test; here
 * stands which requests go into them. t(0.975, 1) = 12.7062.
 */
#include "plan/judge.h"
#include <check.h>
#include <math.h>

enum { WINDOWS = 7, RUNS = 12 };
static const int64_t S = INT64_C(1000000000000);

static struct cs_arena arena;
static struct cs_result results[RUNS];
static const struct cs_result *runs[RUNS];

static void setup(void)
{
    cs_arena_init(&arena);
    for (int r = 0; r < RUNS; r++) {
        cs_result_init(&results[r], &arena, 3600 * S, WINDOWS);
        runs[r] = &results[r];
    }
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct cs_limit ttft_p95 = {CS_METRIC_TTFT, 95, INT64_C(1000000000000)};

/* `count` requests of a TTFT of `ms` in a window. */
static void add(int run, size_t window, int count, int64_t ms, const struct cs_limit *limits,
                size_t limit_count)
{
    struct cs_recorder rec = {.result = &results[run], .limits = limits,
                              .limit_count = limit_count, .end_ps = INT64_MAX};
    results[run].windows[window].requests += (uint64_t)count;
    for (int i = 0; i < count; i++)
        cs_recorder_end(&rec, (int32_t)window, 0, ms * (S / 1000), ms * (S / 1000), 100, 1);
}

static void reject(int run, size_t window, int count)
{
    struct cs_recorder rec = {.result = &results[run], .end_ps = INT64_MAX};
    results[run].windows[window].requests += (uint64_t)count;
    for (int i = 0; i < count; i++)
        cs_recorder_reject(&rec, (int32_t)window);
}

/* 1000 requests, `slow` of them of slow_ms */
static void thousand(int run, size_t window, int slow, int64_t slow_ms)
{
    add(run, window, 1000 - slow, 500, &ttft_p95, 1);
    add(run, window, slow, slow_ms, &ttft_p95, 1);
}

static struct cs_judgement judge(size_t count, const struct cs_limit *limits, size_t limit_count)
{
    struct cs_judgement j;
    cs_judge(&j, runs, count, limits, limit_count, &arena);
    return j;
}

START_TEST(small_windows_join_their_neighbour)
{
    /* means over the two runs: 60 60 | 250 | 30 0 99 and what is left, 5 */
    static const int first[WINDOWS] = {50, 80, 250, 20, 0, 100, 6};
    static const int second[WINDOWS] = {70, 40, 250, 40, 0, 98, 4};
    for (size_t w = 0; w < WINDOWS; w++) {
        add(0, w, first[w], 500, &ttft_p95, 1);
        add(1, w, second[w], 500, &ttft_p95, 1);
    }
    const struct cs_judgement j = judge(2, &ttft_p95, 1);
    ck_assert_uint_eq(j.group_count, 3);
    static const struct cs_group want[] = {{0, 2}, {2, 1}, {3, 4}};
    for (size_t g = 0; g < 3; g++) {
        ck_assert_uint_eq(j.groups[g].first, want[g].first);
        ck_assert_uint_eq(j.groups[g].count, want[g].count);
    }
    ck_assert_int_eq(j.verdict, CS_VERDICT_ACCEPTED);
    ck_assert_double_eq(j.windows_met, 1);
}
END_TEST

START_TEST(too_few_requests_are_one_window)
{
    for (size_t w = 0; w < WINDOWS; w++)
        add(0, w, 14, 500, &ttft_p95, 1); /* 98 in all */
    const struct cs_judgement j = judge(1, &ttft_p95, 1);
    ck_assert_uint_eq(j.group_count, 1);
    ck_assert_uint_eq(j.groups[0].first, 0);
    ck_assert_uint_eq(j.groups[0].count, WINDOWS);
}
END_TEST

/* Window 0 looks worst in runs 0 and 2 (8 % above: p95 3 s, against 0.5 s), window 1 in runs 1 and
 * 3; it is window 0 that is judged, by its 3 % and 4 % there: 3.5 % +- 12.7062 x 0.5 %. */
START_TEST(the_worst_window_is_chosen_on_half_of_the_runs_and_judged_on_the_other)
{
    for (int r = 0; r < 4; r += 2) {
        thousand(r, 0, 80, 3000);
        thousand(r, 1, 20, 9000);
        thousand(r + 1, 0, r == 0 ? 30 : 40, 3000);
        thousand(r + 1, 1, 70, 9000);
    }
    const struct cs_judgement j = judge(4, &ttft_p95, 1);
    ck_assert_uint_eq(j.worst_group, 0);
    ck_assert_double_eq_tol(j.miss.value, 0.035, 1e-12);
    ck_assert_double_eq_tol(j.miss.hi, 0.035 + 0.063531, 1e-5);
    ck_assert_double_eq_tol(j.miss.lo, 0.035 - 0.063531, 1e-5);
    ck_assert_double_eq_tol(j.allowed, 0.05, 1e-12);
    ck_assert_int_eq(j.verdict, CS_VERDICT_OPEN);
    /* over all four: window 0 misses 5.75 %, window 1 4.5 % */
    ck_assert_double_eq_tol(j.windows_met, 0.5, 1e-12);
}
END_TEST

/* Twelve runs that agree: the spread is 0, so Wilson's interval of the six odd runs' 6000 requests
 * decides: 1 %, 5 % and 7 % of them, z = 1.959964; for 5 %: 0.04477 to 0.05581. */
START_TEST(accepts_rejects_or_leaves_open)
{
    static const struct {
        int slow;
        enum cs_verdict verdict;
    } cases[] = {{10, CS_VERDICT_ACCEPTED}, {50, CS_VERDICT_OPEN}, {70, CS_VERDICT_REJECTED}};
    for (int c = 0; c < 3; c++) {
        teardown();
        setup();
        for (int r = 0; r < RUNS; r++)
            thousand(r, 0, cases[c].slow, 3000);
        const struct cs_judgement j = judge(RUNS, &ttft_p95, 1);
        ck_assert_int_eq(j.verdict, cases[c].verdict);
        ck_assert_double_eq_tol(j.miss.value, cases[c].slow / 1000.0, 1e-12);
        const struct cs_interval wilson = cs_estimate_share(6.0 * cases[c].slow, 6000, 0.95);
        ck_assert_double_eq_tol(j.miss.lo, wilson.lo, 1e-12);
        ck_assert_double_eq_tol(j.miss.hi, wilson.hi, 1e-12);
        if (c == 1) {
            ck_assert_double_eq_tol(j.miss.lo, 0.04477, 1e-5);
            ck_assert_double_eq_tol(j.miss.hi, 0.05581, 1e-5);
        }
    }
}
END_TEST

START_TEST(one_run_is_decided_by_the_point)
{
    thousand(0, 0, 50, 3000); /* 5 % is allowed */
    const struct cs_judgement met = judge(1, &ttft_p95, 1);
    ck_assert_int_eq(met.verdict, CS_VERDICT_ACCEPTED);
    ck_assert_double_eq(met.miss.lo, met.miss.value);
    ck_assert_double_eq(met.miss.hi, met.miss.value);
    thousand(0, 0, 51, 3000); /* 101 of 2000 */
    ck_assert_int_eq(judge(1, &ttft_p95, 1).verdict, CS_VERDICT_REJECTED);
}
END_TEST

/* 940 of 0.5 s and 60 of 3 s: mean 0.65 s, 8.33 % above 0.6 s and 18.75 % of 0.8 s below it. */
START_TEST(means_are_judged_by_their_distance)
{
    struct cs_limit mean = {CS_METRIC_TTFT, 0, 600 * (S / 1000)};
    thousand(0, 0, 60, 3000);
    struct cs_judgement j = judge(1, &mean, 1);
    ck_assert_double_eq_tol(j.miss.value, 0.65 / 0.6 - 1, 1e-12);
    ck_assert_double_eq(j.allowed, 0);
    ck_assert_int_eq(j.verdict, CS_VERDICT_REJECTED);
    mean.limit_ps = 800 * (S / 1000);
    j = judge(1, &mean, 1);
    ck_assert_double_eq_tol(j.miss.value, 0.65 / 0.8 - 1, 1e-12);
    ck_assert_int_eq(j.verdict, CS_VERDICT_ACCEPTED);
}
END_TEST

START_TEST(rejected_requests_are_above_every_limit)
{
    add(0, 0, 960, 500, &ttft_p95, 1);
    reject(0, 0, 40);
    add(0, 1, 990, 500, &ttft_p95, 1);
    add(0, 1, 10, 3000, &ttft_p95, 1);
    const struct cs_judgement few = judge(1, &ttft_p95, 1);
    ck_assert_int_eq(few.verdict, CS_VERDICT_ACCEPTED);
    reject(0, 0, 20); /* 60 of 1020, and the 95th percentile is one of them */
    const struct cs_judgement many = judge(1, &ttft_p95, 1);
    ck_assert_int_eq(many.verdict, CS_VERDICT_REJECTED);
    ck_assert_uint_eq(many.worst_group, 0);
    ck_assert_double_eq_tol(many.miss.value, 60.0 / 1020, 1e-12);
    ck_assert_double_eq_tol(many.windows_met, 0.5, 1e-12);
}
END_TEST

/* A window in which nothing was served has no mean and no gap: it is missed all the same. */
START_TEST(nothing_but_rejected_requests_is_a_miss)
{
    const struct cs_limit kinds[] = {
        ttft_p95, {CS_METRIC_TTFT, 0, 600}, {CS_METRIC_ITL, 95, 600}, {CS_METRIC_E2E, 0, 600}};
    for (int r = 0; r < 4; r++)
        reject(r, 2, 500);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ck_assert_msg(judge(1, &kinds[i], 1).verdict == CS_VERDICT_REJECTED, "limit %zu, 1 run", i);
        ck_assert_msg(judge(4, &kinds[i], 1).verdict == CS_VERDICT_REJECTED, "limit %zu, 4 runs",
                      i);
        ck_assert_double_eq(judge(4, &kinds[i], 1).windows_met, 0);
    }
}
END_TEST

/* 1000 gaps of 10 ms; 50 of 100 ms are 4.76 % above 50 ms, 60 are 5.66 %. */
START_TEST(gaps_are_counted_not_requests)
{
    const struct cs_limit itl = {CS_METRIC_ITL, 95, 50 * (S / 1000)};
    struct cs_window_tally *const w = &results[0].windows[0];
    w->requests = 200;
    cs_hist_add(&w->metric[CS_METRIC_ITL], 10 * (S / 1000), 1000);
    cs_hist_add(&w->metric[CS_METRIC_ITL], 100 * (S / 1000), 50);
    struct cs_judgement j = judge(1, &itl, 1);
    ck_assert_int_eq(j.verdict, CS_VERDICT_ACCEPTED);
    ck_assert_double_eq_tol(j.miss.value, 50.0 / 1050, 1e-12);
    cs_hist_add(&w->metric[CS_METRIC_ITL], 100 * (S / 1000), 10);
    j = judge(1, &itl, 1);
    ck_assert_int_eq(j.verdict, CS_VERDICT_REJECTED);
    ck_assert_double_eq_tol(j.miss.value, 60.0 / 1060, 1e-12);
    double gaps;
    const struct cs_group all = {0, 1};
    cs_judge_miss(&results[0], &all, &itl, 0, &gaps);
    ck_assert_double_eq(gaps, 1060);
}
END_TEST

/* p95 of 0.5 s at 0.9 of its limit; mean 0.5 s at 1.02 of its own: the mean binds. */
START_TEST(limits_compare_by_figure_over_limit)
{
    const struct cs_limit limits[] = {{CS_METRIC_TTFT, 95, 5555 * (S / 10000)},
                                      {CS_METRIC_E2E, 0, 4902 * (S / 10000)}};
    add(0, 0, 1000, 500, limits, 2);
    const struct cs_judgement j = judge(1, limits, 2);
    ck_assert_uint_eq(j.worst_limit, 1);
    ck_assert_int_eq(j.verdict, CS_VERDICT_REJECTED);
}
END_TEST

START_TEST(a_run_that_was_stopped_is_rejected)
{
    for (int r = 0; r < 6; r++)
        thousand(r, 0, 0, 0);
    ck_assert_int_eq(judge(6, NULL, 0).verdict, CS_VERDICT_ACCEPTED); /* no SLO */
    results[5].outcome = CS_OUTCOME_UNSTABLE;
    const struct cs_judgement j = judge(6, &ttft_p95, 1);
    ck_assert_int_eq(j.verdict, CS_VERDICT_REJECTED);
    ck_assert_int_eq(j.outcome, CS_OUTCOME_UNSTABLE);
    ck_assert_int_eq(judge(6, NULL, 0).verdict, CS_VERDICT_REJECTED);
    ck_assert_int_eq(judge(5, NULL, 0).verdict, CS_VERDICT_ACCEPTED);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("judge");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, small_windows_join_their_neighbour);
    tcase_add_test(all, too_few_requests_are_one_window);
    tcase_add_test(all, the_worst_window_is_chosen_on_half_of_the_runs_and_judged_on_the_other);
    tcase_add_test(all, accepts_rejects_or_leaves_open);
    tcase_add_test(all, one_run_is_decided_by_the_point);
    tcase_add_test(all, means_are_judged_by_their_distance);
    tcase_add_test(all, rejected_requests_are_above_every_limit);
    tcase_add_test(all, nothing_but_rejected_requests_is_a_miss);
    tcase_add_test(all, gaps_are_counted_not_requests);
    tcase_add_test(all, limits_compare_by_figure_over_limit);
    tcase_add_test(all, a_run_that_was_stopped_is_rejected);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
