/* Histogram against sorted lists and against itself, one value at a time.
 *
 * Quantiles are compared with the exact order statistic of the same values: the error bound of
 * 0.4 % is the design's (1/256 of a value). Ramps are compared with cs_hist_add in a loop, bucket
 * by bucket. Values come from a fixed stream and span 1 ps to 10^18 ps.
 */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/rng.h"
#include "des/hist.h"

static struct cs_arena arena;
static struct cs_rng rng;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_rng_init(&rng, 31, 0, "hist");
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static bool same_counts(const struct cs_hist *a, const struct cs_hist *b)
{
    static const uint64_t none[CS_HIST_SUB];
    for (int page = 0; page < CS_HIST_PAGES; page++) {
        const uint64_t *const x = a->pages[page] ? a->pages[page] : none;
        const uint64_t *const y = b->pages[page] ? b->pages[page] : none;
        if (memcmp(x, y, sizeof none) != 0)
            return false;
    }
    return a->count == b->count && a->max_ps == b->max_ps;
}

static int64_t random_value(double decades)
{
    return (int64_t)pow(10.0, decades * cs_rng_uniform(&rng));
}

START_TEST(empty_has_no_quantile_and_no_mean)
{
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    ck_assert(isnan(cs_hist_quantile(&h, 0.5)));
    ck_assert(isnan(cs_hist_mean(&h)));
    cs_hist_add_ramp(&h, 17, 3, 0, 1); /* no value, and values no times, leave no trace */
    cs_hist_add_ramp(&h, 17, 3, 5, 0);
    cs_hist_add(&h, 17, 0);
    ck_assert_uint_eq(h.count, 0);
    ck_assert_int_eq(h.max_ps, 0);
    ck_assert(isnan(cs_hist_quantile(&h, 0.5)));
}
END_TEST

START_TEST(small_values_are_exact)
{
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    for (int v = 0; v < 256; v++) /* width 1 up to 255 */
        cs_hist_add(&h, v, 1);
    for (int v = 0; v < 256; v++)
        ck_assert_double_eq(cs_hist_quantile(&h, (v + 1) / 256.0), v);
    ck_assert_double_eq(cs_hist_quantile(&h, 0.0), 0);
    ck_assert_double_eq(cs_hist_mean(&h), 127.5);
    ck_assert_int_eq(h.max_ps, 255);
}
END_TEST

/* By hand: of 1..100, the ceil(q 100)-th smallest; 0.07 x 100 and 0.29 x 100 round above and below
 * their integers in binary and must still mean the 7th and the 29th. */
START_TEST(rank_is_the_ceiling)
{
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    for (int v = 1; v <= 100; v++)
        cs_hist_add(&h, v, 1);
    for (int percent = 1; percent <= 100; percent++)
        ck_assert_double_eq(cs_hist_quantile(&h, percent / 100.0), percent);
    ck_assert_double_eq(cs_hist_quantile(&h, 0.501), 51);
    ck_assert_double_eq(cs_hist_quantile(&h, 0.999), 100);
}
END_TEST

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Below 256 a bucket holds one value. 1000 lies in the bucket of 1000 to 1003, midpoint 1001.5. */
START_TEST(values_below_a_bound)
{
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    ck_assert_uint_eq(cs_hist_below(&h, 1e300), 0);
    for (int64_t v = 0; v < 250; v++)
        cs_hist_add(&h, v, 3);
    cs_hist_add(&h, 1000, 7);
    cs_hist_add(&h, INT64_MAX, 1);
    ck_assert_uint_eq(cs_hist_below(&h, -1), 0);
    ck_assert_uint_eq(cs_hist_below(&h, 0), 3);
    ck_assert_uint_eq(cs_hist_below(&h, 99.5), 300);
    ck_assert_uint_eq(cs_hist_below(&h, 1000), 750);
    ck_assert_uint_eq(cs_hist_below(&h, 1004), 757);
    ck_assert_uint_eq(cs_hist_below(&h, INFINITY), 758);
}
END_TEST

START_TEST(quantiles_are_within_0_4_percent)
{
    enum { N = 20011 };
    static int64_t x[N];
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        x[i] = random_value(18);
        sum += (double)x[i];
        cs_hist_add(&h, x[i], 1);
    }
    qsort(x, N, sizeof *x, by_value);
    for (int rank = 1; rank <= N; rank += 7) {
        const double exact = (double)x[rank - 1];
        ck_assert_double_le(fabs(cs_hist_quantile(&h, (double)rank / N) - exact), exact / 256);
    }
    ck_assert_double_eq(cs_hist_mean(&h), sum / N);
    ck_assert_int_eq(h.max_ps, x[N - 1]);
}
END_TEST

START_TEST(largest_and_negative_values_have_a_bucket)
{
    struct cs_hist h, ramp;
    cs_hist_init(&h, &arena);
    cs_hist_init(&ramp, &arena);
    cs_hist_add(&h, INT64_MAX, 2);
    cs_hist_add(&h, -5, 1); /* counted as 0 */
    cs_hist_add_ramp(&ramp, INT64_MAX, 0, 2, 1);
    cs_hist_add_ramp(&ramp, -5, 1, 1, 1);
    ck_assert(same_counts(&h, &ramp));
    ck_assert_double_eq(cs_hist_quantile(&h, 0.1), 0);
    ck_assert_double_le(fabs(cs_hist_quantile(&h, 1) - 0x1.0p63), 0x1.0p63 / 256);
}
END_TEST

START_TEST(merging_is_free_of_order)
{
    enum { PARTS = 6 };
    struct cs_hist part[PARTS], all, forward, grouped, half;
    cs_hist_init(&all, &arena);
    for (int p = 0; p < PARTS; p++) {
        cs_hist_init(&part[p], &arena);
        for (int i = 0; i < 500; i++) {
            const int64_t v = random_value(3.0 * (p + 1));
            const uint64_t weight = cs_rng_u64(&rng) % 9;
            cs_hist_add(&part[p], v, weight);
            cs_hist_add(&all, v, weight);
        }
    }
    cs_hist_init(&forward, &arena);
    cs_hist_init(&grouped, &arena);
    cs_hist_init(&half, &arena);
    for (int p = 0; p < PARTS; p++)
        cs_hist_merge(&forward, &part[p]);
    for (int p = PARTS - 1; p >= 2; p--)
        cs_hist_merge(&half, &part[p]);
    cs_hist_merge(&grouped, &part[1]);
    cs_hist_merge(&grouped, &half);
    cs_hist_merge(&grouped, &part[0]);
    ck_assert(same_counts(&forward, &grouped));
    ck_assert(same_counts(&forward, &all));
    ck_assert_double_eq_tol(cs_hist_mean(&forward), cs_hist_mean(&all), 1e-9 * all.sum_ps);
    cs_hist_add(&part[0], 77, 1); /* what was merged from is not shared */
    ck_assert(same_counts(&forward, &grouped));
}
END_TEST

START_TEST(ramp_is_adding_one_by_one)
{
    for (int round = 0; round < 6000; round++) {
        const int64_t first = round % 50 == 0 ? -random_value(4) : random_value(15);
        const int64_t step = (round % 3 == 1 ? -1 : 1) *
                             (round % 7 == 0 ? 0 : random_value(round % 2 ? 13 : 6) - 1);
        const int64_t k = random_value(3.3) - (round % 100 == 0);
        const uint64_t weight = cs_rng_u64(&rng) % 64;
        struct cs_arena own;
        cs_arena_init(&own);
        struct cs_hist ramp, single;
        cs_hist_init(&ramp, &own);
        cs_hist_init(&single, &own);
        if (round % 4 < 3) { /* the page of the first value is there, as in a run that goes on */
            cs_hist_add(&ramp, first, 1);
            cs_hist_add(&single, first, 1);
        }
        cs_hist_add_ramp(&ramp, first, step, k, weight);
        for (int64_t i = 0; i < k; i++)
            cs_hist_add(&single, first + i * step, weight);
        ck_assert_msg(same_counts(&ramp, &single), "first %lld step %lld k %lld weight %llu",
                      (long long)first, (long long)step, (long long)k,
                      (unsigned long long)weight);
        const double size = (double)llabs(first) + (double)k * (double)llabs(step);
        const double added = (double)(k + 1) * (double)(weight + 1);
        ck_assert_double_le(fabs(ramp.sum_ps - single.sum_ps), 1e-15 * added * (double)k * size);
        cs_arena_fini(&own);
    }
}
END_TEST

/* A ramp of 10^15 values is counted by its buckets; one by one it would take days. */
START_TEST(ramp_costs_its_buckets)
{
    struct cs_hist h;
    cs_hist_init(&h, &arena);
    cs_hist_add_ramp(&h, 1, 1, 1000000000000000, 3);
    ck_assert_uint_eq(h.count, 3000000000000000u);
    ck_assert_double_eq_tol(cs_hist_quantile(&h, 0.5), 5e14, 5e14 / 256);
    ck_assert_double_eq(cs_hist_mean(&h), 500000000000000.5);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("hist");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, empty_has_no_quantile_and_no_mean);
    tcase_add_test(all, small_values_are_exact);
    tcase_add_test(all, rank_is_the_ceiling);
    tcase_add_test(all, values_below_a_bound);
    tcase_add_test(all, quantiles_are_within_0_4_percent);
    tcase_add_test(all, largest_and_negative_values_have_a_bucket);
    tcase_add_test(all, merging_is_free_of_order);
    tcase_add_test(all, ramp_is_adding_one_by_one);
    tcase_add_test(all, ramp_costs_its_buckets);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
