/* Results: which window, which limit, what is counted; exact at every edge.
 *
 * A request is written with its times in picoseconds and every figure that follows from them is
 * worked beside it. Limits are met or missed by one picosecond.
 */
#include "serve/result.h"
#include <check.h>
#include <math.h>
#include <string.h>

static const int64_t MS = 1000000000, HOUR = INT64_C(3600) * 1000000000000;

static struct cs_arena arena;

static void setup(void)
{
    cs_arena_init(&arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct cs_limit limits[] = {
    {CS_METRIC_TTFT, 95, 313000000001}, /* ps */
    {CS_METRIC_TPOT, 90, 23850000003},
    {CS_METRIC_E2E, 99, 4000000000007},
    {CS_METRIC_ITL, 95, 1}, /* judged by gaps, never by request */
};

static struct cs_recorder recorder_of(struct cs_result *r, size_t windows, int64_t end_ps)
{
    cs_result_init(r, &arena, HOUR, windows);
    return (struct cs_recorder){.result = r, .limits = limits, .limit_count = 4, .end_ps = end_ps};
}

START_TEST(times_fall_into_windows_that_fold)
{
    struct cs_result r;
    const struct cs_recorder rec = recorder_of(&r, 5, 12 * HOUR);
    ck_assert_int_eq(cs_recorder_window(&rec, -1), -1); /* the warm-up hour is not counted */
    ck_assert_int_eq(cs_recorder_window(&rec, 0), 0);
    ck_assert_int_eq(cs_recorder_window(&rec, HOUR - 1), 0);
    ck_assert_int_eq(cs_recorder_window(&rec, HOUR), 1);
    ck_assert_int_eq(cs_recorder_window(&rec, 5 * HOUR), 0);
    ck_assert_int_eq(cs_recorder_window(&rec, 12 * HOUR - 1), 1);
    ck_assert_int_eq(cs_recorder_window(&rec, 12 * HOUR), -1);
    struct cs_result whole; /* no length: one window for ever */
    cs_result_init(&whole, &arena, 0, 0);
    const struct cs_recorder one = {.result = &whole, .end_ps = INT64_MAX};
    ck_assert_uint_eq(whole.window_count, 1);
    ck_assert_int_eq(cs_recorder_window(&one, 2500 * HOUR), 0);
}
END_TEST

START_TEST(limits_are_exact_to_the_picosecond)
{
    struct cs_result r;
    struct cs_recorder rec = recorder_of(&r, 3, 12 * HOUR);
    const int64_t at = HOUR + 771, ttft = 313000000001, tpot = 23850000003;
    /* TTFT and TPOT (38 gaps) just at their limits; E2E = 1.2193e12 well within */
    cs_recorder_end(&rec, 1, at, at + ttft, at + ttft + 38 * tpot, 512, 39);
    const struct cs_window_tally *const w = &r.windows[1];
    ck_assert_uint_eq(w->within[0], 1);
    ck_assert_uint_eq(w->within[1], 1);
    ck_assert_uint_eq(w->within[2], 1);
    ck_assert_uint_eq(w->within[3], 1);
    ck_assert_uint_eq(w->met, 1);
    /* each one picosecond late */
    cs_recorder_end(&rec, 1, at, at + ttft + 1, at + ttft + 1 + 38 * tpot, 512, 39);
    ck_assert_uint_eq(w->within[0], 1);
    ck_assert_uint_eq(w->within[1], 2);
    cs_recorder_end(&rec, 1, at, at + ttft, at + ttft + 38 * tpot + 1, 512, 39);
    ck_assert_uint_eq(w->within[0], 2);
    ck_assert_uint_eq(w->within[1], 2);
    ck_assert_uint_eq(w->within[2], 3);
    ck_assert_uint_eq(w->met, 1); /* only the first met all */
    cs_recorder_end(&rec, 1, at, at + 1, at + 4000000000008, 512, 4000);
    ck_assert_uint_eq(w->within[2], 3);
    ck_assert_uint_eq(w->metric[CS_METRIC_TTFT].count, 4);
    ck_assert_uint_eq(r.windows[0].metric[CS_METRIC_TTFT].count, 0);
    ck_assert_double_eq(w->metric[CS_METRIC_E2E].sum_ps,
                        3 * (double)ttft + 2 + 3 * 38 * (double)tpot + 4000000000008.0);
}
END_TEST

START_TEST(one_token_has_no_time_per_token)
{
    struct cs_result r;
    struct cs_recorder rec = recorder_of(&r, 1, HOUR);
    cs_recorder_end(&rec, 0, 0, 97 * MS, 97 * MS, 12, 1);
    ck_assert_uint_eq(r.windows[0].metric[CS_METRIC_TPOT].count, 0);
    ck_assert_uint_eq(r.windows[0].metric[CS_METRIC_E2E].count, 1);
    ck_assert_uint_eq(r.windows[0].within[1], 1); /* no gap is no miss */
    /* two tokens: (131 - 97) ms / 1 */
    cs_recorder_end(&rec, 0, 0, 97 * MS, 131 * MS, 12, 2);
    ck_assert_uint_eq(r.windows[0].metric[CS_METRIC_TPOT].count, 1);
    ck_assert_double_eq(r.windows[0].metric[CS_METRIC_TPOT].sum_ps, 34e9);
    ck_assert_uint_eq(r.windows[0].within[1], 1);
}
END_TEST

START_TEST(warm_up_and_rejected_requests_count_apart)
{
    struct cs_result r;
    struct cs_recorder rec = recorder_of(&r, 2, 2 * HOUR);
    cs_recorder_end(&rec, -1, -HOUR / 2, 0, 7 * MS, 512, 39);
    cs_recorder_end(&rec, 0, 5, 6, 7, 100, 17);
    cs_recorder_reject(&rec, 1);
    cs_recorder_reject(&rec, -1);
    ck_assert_uint_eq(r.all_completed, 2);
    ck_assert_uint_eq(r.completed, 1);
    ck_assert_uint_eq(r.all_input_tokens, 612);
    ck_assert_uint_eq(r.input_tokens, 100);
    ck_assert_uint_eq(r.all_output_tokens, 56);
    ck_assert_uint_eq(r.output_tokens, 17);
    ck_assert_uint_eq(r.all_rejected, 2);
    ck_assert_uint_eq(r.rejected, 1);
    ck_assert_uint_eq(r.windows[1].rejected, 1);
    ck_assert_uint_eq(r.windows[0].rejected, 0);
    ck_assert_uint_eq(r.windows[1].met, 0);
}
END_TEST

/* Every number of a result is different, so that one that is merged into another's place shows. */
static void fill(struct cs_result *r, uint64_t k)
{
    struct cs_recorder rec = recorder_of(r, 2, 2 * HOUR);
    for (uint64_t i = 0; i < 3 + k; i++)
        cs_recorder_end(&rec, (int32_t)(i % 2), 0, (int64_t)(100 + 10 * i + k) * MS,
                        (int64_t)(900 + 7 * i) * MS, 50, 30);
    cs_recorder_reject(&rec, 1);
    r->windows[0].requests = 11 * k;
    r->windows[1].busy_ps = (int64_t)(13 * k);
    cs_hist_add(&r->wait, (int64_t)k * MS, 5);
    uint64_t *const counts[] = {&r->requests, &r->preemptions, &r->all_arrived,
                                &r->all_prefill_tokens, &r->all_recomputed_tokens,
                                &r->all_decode_tokens, &r->all_first_tokens, &r->all_steps};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = 100 * k + i;
    double *const sums[] = {&r->measured_ps, &r->all_batch_area, &r->all_kv_area,
                            &r->all_residence_ps, &r->backlog_requests};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        *sums[i] = 1000.5 * (double)k + (double)i;
    r->all_busy_ps = (int64_t)(17 * k);
    r->all_idle_ps = (int64_t)(19 * k);
    r->all_span_ps = (int64_t)(36 * k);
    r->kv_peak_tokens = (int64_t)(1000 / k);
}

START_TEST(merging_adds_everything_once)
{
    struct cs_result a, b;
    fill(&a, 2);
    fill(&b, 5);
    cs_result_merge(&a, &b);
    const uint64_t counts[] = {a.requests, a.preemptions, a.all_arrived, a.all_prefill_tokens,
                               a.all_recomputed_tokens, a.all_decode_tokens, a.all_first_tokens,
                               a.all_steps};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        ck_assert_uint_eq(counts[i], 700 + 2 * i);
    const double sums[] = {a.measured_ps, a.all_batch_area, a.all_kv_area, a.all_residence_ps,
                           a.backlog_requests};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        ck_assert_double_eq(sums[i], 7003.5 + 2 * (double)i);
    ck_assert_int_eq(a.all_busy_ps + a.all_idle_ps, a.all_span_ps);
    ck_assert_int_eq(a.all_span_ps, 252);
    ck_assert_int_eq(a.kv_peak_tokens, 500); /* the largest, not the sum */
    ck_assert_uint_eq(a.completed, 13);
    ck_assert_uint_eq(a.all_completed, 13);
    ck_assert_uint_eq(a.input_tokens, 650);
    ck_assert_uint_eq(a.output_tokens, 390);
    ck_assert_uint_eq(a.all_input_tokens, 650);
    ck_assert_uint_eq(a.all_output_tokens, 390);
    ck_assert_uint_eq(a.rejected, 2);
    ck_assert_uint_eq(a.all_rejected, 2);
    ck_assert_uint_eq(a.wait.count, 10);
    ck_assert_uint_eq(a.windows[0].requests, 77);
    ck_assert_int_eq(a.windows[1].busy_ps, 91);
    ck_assert_uint_eq(a.windows[1].rejected, 2);
    struct cs_hist total;
    cs_hist_init(&total, &arena);
    cs_result_total(&a, CS_METRIC_TTFT, &total);
    ck_assert_uint_eq(total.count, 13);
    /* 102 + 10 i for i < 5: 610; 105 + 10 i for i < 8: 1120 (ms) */
    ck_assert_double_eq(total.sum_ps, 1730e9);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("result");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, times_fall_into_windows_that_fold);
    tcase_add_test(all, limits_are_exact_to_the_picosecond);
    tcase_add_test(all, one_token_has_no_time_per_token);
    tcase_add_test(all, warm_up_and_rejected_requests_count_apart);
    tcase_add_test(all, merging_adds_everything_once);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
