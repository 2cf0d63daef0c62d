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

/* TTFTs of 105 + 10 i ms for i < 8, in turns in two windows: 840 + 280 = 1120 ms together. */
START_TEST(a_total_is_over_all_windows)
{
    struct cs_result r;
    struct cs_recorder rec = recorder_of(&r, 2, 2 * HOUR);
    struct cs_hist total;
    for (int i = 0; i < 8; i++)
        cs_recorder_end(&rec, i % 2, 0, (105 + 10 * i) * MS, (900 + 7 * i) * MS, 50, 30);
    cs_hist_init(&total, &arena);
    cs_result_total(&r, CS_METRIC_TTFT, &total);
    ck_assert_uint_eq(total.count, 8);
    ck_assert_double_eq(total.sum_ps, 1120e9);
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
    tcase_add_test(all, a_total_is_over_all_windows);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
