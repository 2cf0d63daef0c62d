/* Random streams against what is published and what follows from the densities.
 *
 * Origin of the expected values: the first outputs of xoshiro256++ from state {1, 2, 3, 4} are
 * those of the authors' C code (prng.di.unimi.it, as also tested by the Rust crate rand_xoshiro);
 * splitmix64 from 1234567 and FNV-1a of "foobar" are the published check values of each; moments,
 * distribution functions and tail probabilities are GSL's, an implementation of its own.
 * Statistical checks use fixed seeds, so they pass or fail for ever; their bounds are 4 standard
 * errors, or the quantile of chi-square or Kolmogorov's law that one seed in 10,000 exceeds.
 */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/rng.h"
#include "base/rng_tables.h"

enum { MANY = 8000000, SORTED = 300000, BINS = 4096 };

/* splitmix64 as published: advance, then mix. */
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t splitmix64_once(uint64_t state)
{
    return splitmix64(&state);
}

static uint64_t fnv1a(const char *text)
{
    uint64_t h = 14695981039346656037u;
    while (*text)
        h = (h ^ (unsigned char)*text++) * 1099511628211u;
    return h;
}

START_TEST(outputs_are_the_published_ones)
{
    static const uint64_t published[] = {
        41943041u,
        58720359u,
        3588806011781223u,
        3591011842654386u,
        9228616714210784205u,
        9973669472204895162u,
        14011001112246962877u,
        12406186145184390807u,
        15849039046786891736u,
        10450023813501588000u,
    };
    struct cs_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        ck_assert_uint_eq(cs_rng_u64(&rng), published[i]);
}
END_TEST

START_TEST(seeding_is_splitmix64_over_seed_replication_and_name)
{
    uint64_t state = 1234567;
    ck_assert_uint_eq(splitmix64(&state), 6457827717110365317u);
    ck_assert_uint_eq(splitmix64(&state), 3203168211198807973u);
    ck_assert_uint_eq(fnv1a("foobar"), 0x85944171f73967e8u);

    struct cs_rng rng;
    cs_rng_init(&rng, 42, 7, "foobar");
    uint64_t z = splitmix64_once(42);
    z = splitmix64_once(z ^ 7);
    z = splitmix64_once(z ^ 0x85944171f73967e8u);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(rng.s[i], splitmix64(&z));
}
END_TEST

START_TEST(uniform_is_53_bits_below_one)
{
    struct cs_rng rng = {{0, 0, 0, UINT64_MAX}}, twin = rng; /* first output: all ones */
    ck_assert_uint_eq(cs_rng_u64(&twin), UINT64_MAX);
    ck_assert(cs_rng_uniform(&rng) == 1.0 - 0x1.0p-53);
}
END_TEST

/* Streams that differ in one bit of the seed, in the replication or in the name share nothing:
 * half of the bits of corresponding outputs differ, and pairs fill the square evenly. */
START_TEST(neighbouring_streams_are_independent)
{
    static const struct {
        uint64_t seed, replication;
        const char *name;
    } at[] = {
        {1, 0, "arrivals/gap"},   {2, 0, "arrivals/gap"}, {1, 1, "arrivals/gap"},
        {0, 1, "arrivals/gap"},   {1, 2, "arrivals/gap"}, {1, 0, "arrivals/gaq"},
        {1, 0, "arrivals/input"}, {0, 0, ""},             {(uint64_t)1 << 63, 0, ""},
    };
    enum { N = sizeof at / sizeof *at, PAIRS = 200000, SIDE = 16 };
    for (int a = 0; a < N; a++)
        for (int b = a + 1; b < N; b++) {
            struct cs_rng x, y;
            cs_rng_init(&x, at[a].seed, at[a].replication, at[a].name);
            cs_rng_init(&y, at[b].seed, at[b].replication, at[b].name);
            double cells[SIDE * SIDE] = {0}, differing = 0;
            for (int i = 0; i < PAIRS; i++) {
                const uint64_t u = cs_rng_u64(&x), v = cs_rng_u64(&y);
                differing += __builtin_popcountll(u ^ v);
                cells[(u >> 60) * SIDE + (v >> 60)]++;
            }
            double chi2 = 0;
            const double expected = (double)PAIRS / (SIDE * SIDE);
            for (int i = 0; i < SIDE * SIDE; i++)
                chi2 += (cells[i] - expected) * (cells[i] - expected) / expected;
            ck_assert_double_lt(chi2, gsl_cdf_chisq_Qinv(1e-4, SIDE * SIDE - 1));
            /* bits of PAIRS outputs: binomial with standard deviation sqrt(64 PAIRS) / 2 */
            ck_assert_double_lt(fabs(differing - 32.0 * PAIRS), 4 * sqrt(64.0 * PAIRS) / 2);
        }
}
END_TEST

START_TEST(adding_a_draw_elsewhere_moves_nothing)
{
    struct cs_rng gap, again, other;
    cs_rng_init(&gap, 3, 1, "arrivals/gap");
    cs_rng_init(&again, 3, 1, "arrivals/gap");
    cs_rng_init(&other, 3, 1, "arrivals/input");
    for (int i = 0; i < 1000; i++) {
        cs_rng_normal(&other);
        ck_assert(cs_rng_exponential(&gap) == cs_rng_exponential(&again));
    }
}
END_TEST

/* Every layer of the stack has the same area v, and the base as a rectangle too. The tail areas
 * are GSL's. Relative rounding of a difference of heights near 1 allows 1e-11. */
START_TEST(layers_have_equal_areas)
{
    const double r = normal_x[1], re = exponential_x[1];
    const double v = r * normal_f[1] + sqrt(2 * acos(-1.0)) * gsl_cdf_ugaussian_Q(r);
    const double ve = re * exponential_f[1] + gsl_cdf_exponential_Q(re, 1.0);
    ck_assert_double_eq_tol(normal_x[0] * normal_f[1], v, 1e-15);
    ck_assert_double_eq_tol(exponential_x[0] * exponential_f[1], ve, 1e-15);
    for (int i = 1; i < 256; i++) {
        ck_assert_double_eq_tol(normal_f[i], exp(-normal_x[i] * normal_x[i] / 2), 4e-16);
        ck_assert_double_eq_tol(exponential_f[i], exp(-exponential_x[i]), 4e-16);
        ck_assert_double_eq_tol(normal_x[i] * (normal_f[i + 1] - normal_f[i]), v, v * 1e-11);
        ck_assert_double_eq_tol(exponential_x[i] * (exponential_f[i + 1] - exponential_f[i]), ve,
                                ve * 1e-11);
    }
    ck_assert(normal_f[256] == 1.0 && exponential_f[256] == 1.0);
    ck_assert(normal_x[256] == 0.0 && exponential_x[256] == 0.0);
}
END_TEST

static double draw_gamma_short(struct cs_rng *rng)
{
    return cs_rng_gamma(rng, 0.37, 2.385);
}
static double cdf_gamma_short(double x)
{
    return gsl_cdf_gamma_P(x, 0.37, 2.385);
}
static double draw_gamma_long(struct cs_rng *rng)
{
    return cs_rng_gamma(rng, 6.2, 0.17);
}
static double cdf_gamma_long(double x)
{
    return gsl_cdf_gamma_P(x, 6.2, 0.17);
}
static double cdf_exponential(double x)
{
    return gsl_cdf_exponential_P(x, 1.0);
}
static double cdf_uniform(double x)
{
    return x;
}

static const struct {
    double (*draw)(struct cs_rng *rng);
    double (*cdf)(double x);
    double mean, variance, skewness, kurtosis; /* kurtosis: not in excess of the normal's */
} laws[] = {
    {cs_rng_uniform, cdf_uniform, 0.5, 1 / 12.0, 0, 1.8},
    {cs_rng_normal, gsl_cdf_ugaussian_P, 0, 1, 0, 3},
    {cs_rng_exponential, cdf_exponential, 1, 1, 2, 9},
    /* gamma(k, s): mean k s, variance k s^2, skewness 2/sqrt(k), kurtosis 3 + 6/k */
    {draw_gamma_short, cdf_gamma_short, 0.88245, 2.104643, 3.287980, 19.216216},
    {draw_gamma_long, cdf_gamma_long, 1.054, 0.17918, 0.803219, 3.967742},
};
enum { LAWS = sizeof laws / sizeof *laws };

START_TEST(moments_are_those_of_the_law)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 20, (uint64_t)_i, "moments");
    enum { N = 1000000 };
    const double mean = laws[_i].mean, sd = sqrt(laws[_i].variance);
    double m1 = 0, m2 = 0, m3 = 0;
    for (int i = 0; i < N; i++) {
        const double x = (laws[_i].draw(&rng) - mean) / sd;
        m1 += x;
        m2 += x * x;
        m3 += x * x * x;
    }
    m1 /= N, m2 /= N, m3 /= N;
    ck_assert_double_lt(fabs(m1), 4 / sqrt(N));
    ck_assert_double_lt(fabs(m2 - 1), 4 * sqrt((laws[_i].kurtosis - 1) / N));
    /* the largest standard error of m3, from the sixth moment, is 0.06 (gamma of shape 0.37) */
    ck_assert_double_lt(fabs(m3 - laws[_i].skewness), 0.25);
}
END_TEST

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov: P(sqrt(n) D > 2.225) = 2 exp(-2 * 2.225^2) = 1e-4. */
START_TEST(distribution_function_fits)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 21, (uint64_t)_i, "ks");
    double *const x = malloc(SORTED * sizeof *x);
    for (int i = 0; i < SORTED; i++)
        x[i] = laws[_i].draw(&rng);
    qsort(x, SORTED, sizeof *x, by_value);
    double d = 0;
    for (int i = 0; i < SORTED; i++) {
        const double p = laws[_i].cdf(x[i]);
        d = fmax(d, fmax((i + 1.0) / SORTED - p, p - (double)i / SORTED));
    }
    free(x);
    ck_assert_double_lt(d * sqrt(SORTED), 2.225);
}
END_TEST

/* Counts of 8 million draws in 4096 cells of equal probability see an error of one layer. */
START_TEST(cells_are_evenly_filled)
{
    const bool normal = _i == 0;
    struct cs_rng rng;
    cs_rng_init(&rng, 22, (uint64_t)_i, "cells");
    double *const edge = malloc((BINS + 1) * sizeof *edge);
    uint64_t *const count = calloc(BINS, sizeof *count);
    for (int i = 0; i <= BINS; i++) {
        const double p = (double)i / BINS;
        edge[i] = normal ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_exponential_Pinv(p, 1.0);
    }
    uint64_t tail = 0, far = 0, negative = 0;
    const double r = normal ? normal_x[1] : exponential_x[1];
    const double beyond = normal ? 4.5 : 12.0;
    for (int i = 0; i < MANY; i++) {
        const double x = normal ? cs_rng_normal(&rng) : cs_rng_exponential(&rng);
        size_t low = 0;
        for (size_t width = BINS / 2; width; width /= 2)
            if (x >= edge[low + width])
                low += width;
        count[low]++;
        tail += fabs(x) > r;
        far += fabs(x) > beyond;
        negative += x < 0;
    }
    double chi2 = 0;
    const double expected = (double)MANY / BINS;
    for (int i = 0; i < BINS; i++)
        chi2 += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    free(edge);
    free(count);
    ck_assert_double_lt(chi2, gsl_cdf_chisq_Qinv(1e-4, BINS - 1));
    ck_assert_double_gt(chi2, gsl_cdf_chisq_Pinv(1e-4, BINS - 1));

    const double p_tail = normal ? 2 * gsl_cdf_ugaussian_Q(r) : gsl_cdf_exponential_Q(r, 1);
    const double p_far = normal ? 2 * gsl_cdf_ugaussian_Q(4.5) : gsl_cdf_exponential_Q(12, 1);
    ck_assert_double_lt(fabs((double)tail - MANY * p_tail), 4 * sqrt(MANY * p_tail));
    ck_assert_double_lt(fabs((double)far - MANY * p_far), 4 * sqrt(MANY * p_far));
    ck_assert_double_lt(fabs((double)negative - (normal ? MANY / 2.0 : 0)),
                        normal ? 4 * sqrt(MANY) / 2 : 0.5);
}
END_TEST

/* Beyond r the mean excess of the normal is density / tail - r, about 0.25, and its standard
 * deviation is less; of an exponential tail of rate r it would be 0.27. */
START_TEST(normal_tail_has_its_shape)
{
    enum { N = 40000000 };
    struct cs_rng rng;
    cs_rng_init(&rng, 24, 0, "tail");
    const double r = normal_x[1];
    double excess = 0, n = 0;
    for (int i = 0; i < N; i++) {
        const double x = fabs(cs_rng_normal(&rng));
        if (x > r) {
            excess += x - r;
            n++;
        }
    }
    const double mean = exp(-r * r / 2) / sqrt(2 * acos(-1.0)) / gsl_cdf_ugaussian_Q(r) - r;
    ck_assert_double_lt(fabs(n - N * 2 * gsl_cdf_ugaussian_Q(r)), 4 * sqrt(n));
    ck_assert_double_lt(fabs(excess / n - mean), 4 * mean / sqrt(n));
    ck_assert_double_lt(4 * mean / sqrt(n), (1 / r - mean) * 0.7); /* it can tell them apart */
}
END_TEST

/* One draw tells nothing of the next: the lag-1 and lag-2 correlations vanish. */
START_TEST(successive_draws_are_uncorrelated)
{
    enum { N = 500000 };
    struct cs_rng rng;
    cs_rng_init(&rng, 23, (uint64_t)_i, "lag");
    const double mean = laws[_i].mean, sd = sqrt(laws[_i].variance);
    double before = 0, last = 0, lag1 = 0, lag2 = 0;
    for (int i = 0; i < N; i++) {
        const double x = (laws[_i].draw(&rng) - mean) / sd;
        lag1 += x * last;
        lag2 += x * before;
        before = last;
        last = x;
    }
    ck_assert_double_lt(fabs(lag1 / N), 4 / sqrt(N));
    ck_assert_double_lt(fabs(lag2 / N), 4 / sqrt(N));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("rng");
    TCase *const exact = tcase_create("exact");
    tcase_add_test(exact, outputs_are_the_published_ones);
    tcase_add_test(exact, seeding_is_splitmix64_over_seed_replication_and_name);
    tcase_add_test(exact, uniform_is_53_bits_below_one);
    tcase_add_test(exact, adding_a_draw_elsewhere_moves_nothing);
    tcase_add_test(exact, layers_have_equal_areas);
    suite_add_tcase(suite, exact);
    TCase *const statistical = tcase_create("statistical");
    tcase_set_timeout(statistical, 120);
    tcase_add_test(statistical, neighbouring_streams_are_independent);
    tcase_add_loop_test(statistical, moments_are_those_of_the_law, 0, LAWS);
    tcase_add_loop_test(statistical, distribution_function_fits, 0, LAWS);
    tcase_add_loop_test(statistical, cells_are_evenly_filled, 0, 2);
    tcase_add_test(statistical, normal_tail_has_its_shape);
    tcase_add_loop_test(statistical, successive_draws_are_uncorrelated, 0, LAWS);
    suite_add_tcase(suite, statistical);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
