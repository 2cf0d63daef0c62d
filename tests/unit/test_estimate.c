/* Intervals against tables and hand working.
 *
 * Student: t(0.975, 4) = 2.776445, t(0.975, 9) = 2.262157, t(0.9995, 4) = 8.610302 (any printed
 * table of Student's t, seen to 3 places in every textbook). Wilson: worked by hand in the comments
 * from z(0.975) = 1.959964. Coverage is judged by drawing: a 95 % interval holds the mean in 95 %
 * of the samples, within 4 standard errors.
 */
#include <check.h>
#include <math.h>
#include "base/rng.h"
#include "des/estimate.h"

START_TEST(mean_is_students)
{
    /* 2.3, 3.1, 2.9, 4.0, 2.2: mean 2.9; squares .36 + .04 + 0 + 1.21 + .49 = 2.1;
     * s^2 = 0.525, s / sqrt(5) = 0.324037, half-width 2.776445 x 0.324037 = 0.899671 */
    const double x[] = {2.3, 3.1, 2.9, 4.0, 2.2};
    const struct cs_interval i = cs_estimate_mean(x, 5, 0.95);
    ck_assert_double_eq_tol(i.value, 2.9, 1e-15);
    ck_assert_double_eq_tol(i.hi - i.value, 0.899671, 1e-6);
    ck_assert_double_eq_tol(i.value - i.lo, 0.899671, 1e-6);
    const struct cs_interval wide = cs_estimate_mean(x, 5, 0.999);
    ck_assert_double_eq_tol(wide.hi - wide.value, 8.610302 * 0.324037, 1e-5);
}
END_TEST

START_TEST(unknown_is_nan)
{
    const double x[] = {NAN, 7.25, NAN};
    const struct cs_interval none = cs_estimate_mean(x, 1, 0.95);
    ck_assert(isnan(none.value) && isnan(none.lo) && isnan(none.hi));
    const struct cs_interval one = cs_estimate_mean(x, 3, 0.95);
    ck_assert(one.value == 7.25 && isnan(one.lo) && isnan(one.hi));
    const double y[] = {1.5, NAN, 2.5}, z[] = {1.5, 2.5};
    const struct cs_interval a = cs_estimate_mean(y, 3, 0.9), b = cs_estimate_mean(z, 2, 0.9);
    ck_assert(a.value == 2.0 && a.lo == b.lo && a.hi == b.hi);
    const double unstable[] = {1.0, INFINITY, 2.0};
    const struct cs_interval infinite = cs_estimate_mean(unstable, 3, 0.95);
    ck_assert(isinf(infinite.value) && isnan(infinite.lo) && isnan(infinite.hi));
    ck_assert(isnan(cs_estimate_share(0, 0, 0.95).value));
}
END_TEST

/* Equal values up to the 9th digit: the deviation survives the subtraction. */
START_TEST(nearly_equal_values_keep_their_spread)
{
    const double x[] = {1e9 + 1, 1e9 + 2, 1e9 + 3}; /* s = 1, t(0.975, 2) = 4.302653 */
    const struct cs_interval i = cs_estimate_mean(x, 3, 0.95);
    ck_assert_double_eq_tol(i.hi - i.value, 4.302653 / sqrt(3), 1e-6);
    const double same[] = {0.1, 0.1, 0.1};
    const struct cs_interval none = cs_estimate_mean(same, 3, 0.95);
    ck_assert_double_eq_tol(none.hi - none.lo, 0, 1e-16);
}
END_TEST

START_TEST(share_is_wilsons)
{
    /* 81 of 263 at 95 %: z^2 = 3.841459; middle (81 + 1.920729) / 266.841459 = 0.310749;
     * half = z sqrt(81 x 182 / 263 + 0.960365) / 266.841459
     *      = 1.959964 x sqrt(56.053232 + 0.960365) / 266.841459 = 0.055461
     * (81 of 263: the example of Newcombe, Statistics in Medicine 17 (1998), method 3:
     * 0.2553 to 0.3662) */
    const struct cs_interval i = cs_estimate_share(81, 263, 0.95);
    ck_assert_double_eq_tol(i.value, 81.0 / 263, 1e-15);
    ck_assert_double_eq_tol(i.lo, 0.2553, 5e-5);
    ck_assert_double_eq_tol(i.hi, 0.3662, 5e-5);
    ck_assert_double_eq_tol(i.lo, 0.310749 - 0.055461, 2e-6);
    /* none of 20: 0 to z^2 / (20 + z^2) = 0.161125; all of 20: its mirror */
    const struct cs_interval none = cs_estimate_share(0, 20, 0.95);
    ck_assert(none.lo == 0.0 && none.value == 0.0);
    ck_assert_double_eq_tol(none.hi, 0.161125, 1e-6);
    const struct cs_interval every = cs_estimate_share(20, 20, 0.95);
    ck_assert(every.hi == 1.0);
    ck_assert_double_eq_tol(every.lo, 1 - 0.161125, 1e-6);
}
END_TEST

/* Abramowitz and Stegun, table 26.5: upper tails of 10 %, 5 %, 2.5 % and 0.1 % */
START_TEST(normal_quantiles_are_those_of_the_table)
{
    ck_assert_double_eq_tol(cs_estimate_normal(0.5), 0, 1e-15);
    ck_assert_double_eq_tol(cs_estimate_normal(0.9), 1.28155, 5e-6);
    ck_assert_double_eq_tol(cs_estimate_normal(0.95), 1.64485, 5e-6);
    ck_assert_double_eq_tol(cs_estimate_normal(0.975), 1.95996, 5e-6);
    ck_assert_double_eq_tol(cs_estimate_normal(0.001), -3.09023, 5e-6);
}
END_TEST

START_TEST(intervals_cover_as_often_as_they_say)
{
    enum { SAMPLES = 20000, N = 5 };
    struct cs_rng rng;
    cs_rng_init(&rng, 41, 0, "coverage");
    int mean_covered = 0, share_covered = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double x[N];
        for (int i = 0; i < N; i++)
            x[i] = 2.385 + 0.31 * cs_rng_normal(&rng);
        const struct cs_interval m = cs_estimate_mean(x, N, 0.95);
        mean_covered += m.lo <= 2.385 && 2.385 <= m.hi;
        int k = 0;
        for (int i = 0; i < 400; i++)
            k += cs_rng_uniform(&rng) < 0.37;
        const struct cs_interval p = cs_estimate_share(k, 400, 0.95);
        share_covered += p.lo <= 0.37 && 0.37 <= p.hi;
    }
    const double se = sqrt(SAMPLES * 0.95 * 0.05);
    ck_assert_double_lt(fabs(mean_covered - 0.95 * SAMPLES), 4 * se);
    /* Wilson's is approximate: at n = 400 its coverage is within 0.5 points of 95 % */
    ck_assert_double_lt(fabs(share_covered - 0.95 * SAMPLES), 4 * se + 0.005 * SAMPLES);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("estimate");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, mean_is_students);
    tcase_add_test(all, normal_quantiles_are_those_of_the_table);
    tcase_add_test(all, unknown_is_nan);
    tcase_add_test(all, nearly_equal_values_keep_their_spread);
    tcase_add_test(all, share_is_wilsons);
    tcase_add_test(all, intervals_cover_as_often_as_they_say);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
