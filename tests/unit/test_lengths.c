/* Lengths: what is drawn has the mean that is computed, and both are what was asked for.
 *
 * Means are worked by hand where the law is piecewise (in the comments), and elsewhere held to
 * 400,000 draws of a fixed stream within 3 standard errors, which says that a volume in tokens
 * becomes the right number of requests. des/clamped has its own test for the closed forms.
 */
#include "serve/lengths.h"
#include <check.h>
#include <math.h>

static struct cs_rng rng;

static void setup(void)
{
    cs_rng_init(&rng, 53, 0, "lengths");
}

/* Rounding to whole tokens adds at most a variance of 1/12 and, for these smooth laws, far less
 * than the standard error to the mean. */
static void assert_mean_is_drawn(const struct cs_lengths *l, double scale)
{
    enum { N = 400000 };
    struct cs_length_source s;
    cs_length_source_init(&s, l, scale);
    const double lowest = fmax(1, l->min * scale), highest = l->max > 0 ? l->max * scale : 1e9;
    double sum = 0, squares = 0;
    int outside = 0;
    for (int i = 0; i < N; i++) {
        const double x = cs_length_draw(&s, &rng);
        outside += x < floor(lowest) || x > highest;
        sum += x;
        squares += x * x;
    }
    ck_assert_int_eq(outside, 0);
    const double mean = sum / N, error = sqrt((squares / N - mean * mean) / N);
    const double want = scale * cs_length_mean(l);
    ck_assert_msg(fabs(mean - want) <= 3 * error + 1e-12, "drawn %.3f, computed %.3f, error %.3f",
                  mean, want, error);
}

START_TEST(what_is_drawn_has_the_mean_computed)
{
    static const double levels[] = {0, 0.5, 0.9, 1}, values[] = {7, 301, 887, 4013};
    const struct cs_lengths laws[] = {
        {.kind = CS_LENGTHS_FIXED, .a = 512},
        {.kind = CS_LENGTHS_LOGNORMAL, .a = 512.3, .b = 0.25},
        {.kind = CS_LENGTHS_LOGNORMAL, .a = 256.7, .b = 1.2, .min = 30, .max = 900},
        {.kind = CS_LENGTHS_GAMMA, .a = 611, .b = 0.7},
        {.kind = CS_LENGTHS_GAMMA, .a = 611, .b = 1.9, .min = 100, .max = 2000},
        {.kind = CS_LENGTHS_UNIFORM, .a = 103, .b = 911},
        {.kind = CS_LENGTHS_UNIFORM, .a = 103, .b = 911, .min = 200, .max = 500},
        {.kind = CS_LENGTHS_QUANTILES, .levels = levels, .values = values, .level_count = 4},
        {.kind = CS_LENGTHS_QUANTILES, .levels = levels, .values = values, .level_count = 4,
         .min = 50, .max = 2000},
    };
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        assert_mean_is_drawn(&laws[i], 1);
        assert_mean_is_drawn(&laws[i], laws[i].kind == CS_LENGTHS_FIXED ? 2 : 1.73);
    }
}
END_TEST

START_TEST(piecewise_means_are_those_of_hand)
{
    struct cs_lengths l = {.kind = CS_LENGTHS_UNIFORM, .a = 103, .b = 911};
    ck_assert_double_eq_tol(cs_length_mean(&l), 507, 1e-12);
    /* held within 200 and 500: 97/808 at 200, 411/808 at 500, 300/808 between with mean 350:
     * (19400 + 205500 + 105000) / 808 = 408.29208 */
    l.min = 200;
    l.max = 500;
    ck_assert_double_eq_tol(cs_length_mean(&l), 408.29208, 1e-5);
    /* p0 1, p50 300, p90 900, p100 4000: .5 x 150.5 + .4 x 600 + .1 x 2450 = 560.25; cut at 2000
     * the last tenth is 11/31 of mean 1450 and 20/31 of 2000: 1804.83871, in all 495.733871 */
    static const double levels[] = {0, 0.5, 0.9, 1}, values[] = {1, 300, 900, 4000};
    l = (struct cs_lengths){.kind = CS_LENGTHS_QUANTILES, .levels = levels, .values = values,
                            .level_count = 4};
    ck_assert_double_eq_tol(cs_length_mean(&l), 560.25, 1e-10);
    l.max = 2000;
    ck_assert_double_eq_tol(cs_length_mean(&l), 495.733871, 1e-6);
    l = (struct cs_lengths){.kind = CS_LENGTHS_FIXED, .a = 777, .max = 512};
    ck_assert_double_eq(cs_length_mean(&l), 512);
}
END_TEST

START_TEST(a_fixed_length_is_rounded_and_at_least_one)
{
    struct cs_length_source s;
    const struct cs_lengths l = {.kind = CS_LENGTHS_FIXED, .a = 5};
    static const struct {
        double scale;
        int32_t tokens;
    } cases[] = {{1, 5}, {0.5, 3}, {0.49, 2}, {0.01, 1}, {3.1, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cs_length_source_init(&s, &l, cases[i].scale);
        ck_assert_int_eq(cs_length_draw(&s, &rng), cases[i].tokens);
    }
}
END_TEST

/* Quantile draws: the share at or below each level is the level. Binomial: 4 standard errors. */
START_TEST(quantiles_are_met)
{
    static const double levels[] = {0, 0.25, 0.5, 0.9, 1}, values[] = {10, 1000, 1000, 9000, 90000};
    const struct cs_lengths l = {.kind = CS_LENGTHS_QUANTILES, .levels = levels, .values = values,
                                 .level_count = 5};
    struct cs_length_source s;
    cs_length_source_init(&s, &l, 1);
    enum { N = 200000 };
    int lower = 0, at = 0, upper = 0;
    for (int i = 0; i < N; i++) {
        const int32_t x = cs_length_draw(&s, &rng);
        lower += x < 1000;
        at += x == 1000;
        upper += x > 9000;
    }
    /* a quarter lies on the flat piece; rounding moves under 1e-3 to or from it */
    ck_assert_double_eq_tol((double)lower / N, 0.25, 4 * sqrt(0.25 * 0.75 / N) + 1e-3);
    ck_assert_double_eq_tol((double)at / N, 0.25, 4 * sqrt(0.25 * 0.75 / N) + 1e-3);
    ck_assert_double_eq_tol((double)upper / N, 0.1, 4 * sqrt(0.1 * 0.9 / N) + 1e-3);
}
END_TEST

/* Two bands: short prompts have long answers. Prompts: half uniform on 100..300, half on
 * 300..1100; answers uniform on 400..600 below the median prompt and 20..60 above it. */
static const double pair_levels[] = {0, 0.5, 1};
static const double pair_input[] = {100, 300, 1100};
static const double pair_output[] = {400, 500, 600, 20, 40, 60};
static const struct cs_joint_lengths pairs = {.levels = pair_levels, .level_count = 3,
                                              .input = pair_input, .bands = 2,
                                              .output = pair_output};

START_TEST(pairs_keep_their_means_and_their_bond)
{
    double input, output;
    cs_pairs_mean(&pairs, &input, &output);
    ck_assert_double_eq_tol(input, 0.5 * 200 + 0.5 * 700, 1e-12);
    ck_assert_double_eq_tol(output, 0.5 * 500 + 0.5 * 40, 1e-12);
    struct cs_rng other;
    cs_rng_init(&other, 53, 0, "answers");
    enum { N = 200000 };
    int apart = 0;
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (int i = 0; i < N; i++) {
        int32_t in, out;
        cs_pairs_draw(&pairs, 1, 1, &rng, &other, &in, &out);
        apart += in < 300 ? out < 400 || out > 600 : in > 300 && (out < 20 || out > 60);
        sx += in;
        sy += out;
        sxx += (double)in * in;
        syy += (double)out * out;
        sxy += (double)in * out;
    }
    ck_assert_int_eq(apart, 0);
    const double vx = sxx / N - sx / N * (sx / N), vy = syy / N - sy / N * (sy / N);
    ck_assert_double_eq_tol(sx / N, 450, 3 * sqrt(vx / N));
    ck_assert_double_eq_tol(sy / N, 270, 3 * sqrt(vy / N));
    /* var in = (200^2/12 + 800^2/12)/2 + 250^2 = 90833.3, var out = (200^2 + 40^2)/24 + 230^2 =
     * 54633.3; covariance between the halves -250 x 230: correlation -57500 / 70445.2 = -0.81624 */
    const double r = (sxy / N - sx / N * (sy / N)) / sqrt(vx * vy);
    ck_assert_double_eq_tol(r, -0.81624, 0.003);
}
END_TEST

START_TEST(scaled_pairs_are_the_same_pairs)
{
    struct cs_rng a, b, c, d;
    cs_rng_init(&a, 5, 0, "in");
    cs_rng_init(&b, 5, 0, "out");
    c = a;
    d = b;
    for (int i = 0; i < 10000; i++) {
        int32_t in, out, scaled_in, scaled_out;
        cs_pairs_draw(&pairs, 1, 1, &a, &b, &in, &out);
        cs_pairs_draw(&pairs, 2.5, 0.3, &c, &d, &scaled_in, &scaled_out);
        /* rounded apart: half a token before scaling and half after */
        ck_assert(fabs(scaled_in - 2.5 * in) <= 0.5 + 0.5 * 2.5);
        ck_assert(fabs(scaled_out - 0.3 * out) <= 0.5 + 0.5 * 0.3);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("lengths");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, NULL);
    tcase_add_test(all, what_is_drawn_has_the_mean_computed);
    tcase_add_test(all, piecewise_means_are_those_of_hand);
    tcase_add_test(all, a_fixed_length_is_rounded_and_at_least_one);
    tcase_add_test(all, quantiles_are_met);
    tcase_add_test(all, pairs_keep_their_means_and_their_bond);
    tcase_add_test(all, scaled_pairs_are_the_same_pairs);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
