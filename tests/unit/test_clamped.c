/* Means of clamped distributions against numeric integration of their definition.
 *
 *     E[clamp(X)] = integral of clamp(x) f(x) dx
 *
 * by Simpson's rule over the density written out here (normal density of ln x; gamma with tgamma),
 * and against cases known without integrating: an exponential (gamma of cv 1) and wide bounds.
 */
#include "des/clamped.h"
#include <check.h>
#include <math.h>

static double clamp(double x, double m, double M)
{
    return fmin(fmax(x, m), M);
}

/* Over z in [-9, 9], cut at the two kinks so that Simpson's rule keeps its order. */
static double lognormal_by_simpson(double mean, double sigma, double m, double M)
{
    const double mu = log(mean) - 0.5 * sigma * sigma;
    const double cut[] = {-9, clamp((log(m) - mu) / sigma, -9, 9),
                          clamp((log(M) - mu) / sigma, -9, 9), 9};
    double sum = 0;
    for (int part = 0; part < 3; part++) {
        enum { N = 4000 };
        const double h = (cut[part + 1] - cut[part]) / N;
        for (int i = 0; i <= N; i++) {
            const double z = cut[part] + i * h, weight = i == 0 || i == N ? 1 : i % 2 ? 4 : 2;
            sum += weight * h / 3 * clamp(exp(mu + sigma * z), m, M) * exp(-0.5 * z * z) /
                   sqrt(2 * acos(-1));
        }
    }
    return sum;
}

/* Shapes above 1 only: the density is 0 at 0. */
static double gamma_by_simpson(double mean, double cv, double m, double M)
{
    const double shape = 1 / (cv * cv), scale = mean * cv * cv, top = mean * (1 + 40 * cv);
    const double cut[] = {0, clamp(m, 0, top), clamp(M, 0, top), top};
    double sum = 0;
    for (int part = 0; part < 3; part++) {
        enum { N = 40000 };
        const double h = (cut[part + 1] - cut[part]) / N;
        for (int i = 0; i <= N; i++) {
            const double x = cut[part] + i * h, weight = i == 0 || i == N ? 1 : i % 2 ? 4 : 2;
            sum += weight * h / 3 * clamp(x, m, M) * pow(x / scale, shape - 1) * exp(-x / scale) /
                   (scale * tgamma(shape));
        }
    }
    return sum;
}

START_TEST(lognormal_agrees_with_its_integral)
{
    static const double cases[][4] = {{512.7, 0.25, 1, 1e9},   {256.3, 1.31, 17, 901},
                                      {1873, 0.83, 2000, 2500}, {97.4, 2.05, 3, 40},
                                      {640, 0.61, 639, 641}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *c = cases[i];
        const double want = lognormal_by_simpson(c[0], c[1], c[2], c[3]);
        ck_assert_double_eq_tol(cs_clamped_lognormal(c[0], c[1], c[2], c[3]), want, 1e-9 * want);
    }
}
END_TEST

START_TEST(gamma_agrees_with_its_integral)
{
    static const double cases[][4] = {
        {512.7, 0.25, 1, 1e9}, {256.3, 0.71, 17, 901}, {1873, 0.55, 2000, 2500},
        {97.4, 0.62, 3, 40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *c = cases[i];
        const double want = gamma_by_simpson(c[0], c[1], c[2], c[3]);
        ck_assert_double_eq_tol(cs_clamped_gamma(c[0], c[1], c[2], c[3]), want, 1e-7 * want);
    }
}
END_TEST

/* cv 1 is the exponential: E = m + integral from m to M of exp(-x / mean) dx. */
START_TEST(an_exponential_is_known_without_integrating)
{
    const double mean = 271.3, m = 31, M = 803;
    ck_assert_double_eq_tol(cs_clamped_gamma(mean, 1, m, M),
                            m + mean * (exp(-m / mean) - exp(-M / mean)), 1e-10);
    /* cv 2.5, shape 0.16: the bounds are so wide that the mean is the distribution's own */
    ck_assert_double_eq_tol(cs_clamped_gamma(mean, 2.5, 1e-300, 1e9), mean, 1e-9);
    ck_assert_double_eq_tol(cs_clamped_lognormal(mean, 1.7, 1e-300, 1e15), mean, 1e-9);
    ck_assert_double_eq_tol(cs_clamped_lognormal(mean, 1.7, 55.5, 55.5), 55.5, 1e-12);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("clamped");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, lognormal_agrees_with_its_integral);
    tcase_add_test(all, gamma_agrees_with_its_integral);
    tcase_add_test(all, an_exponential_is_known_without_integrating);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
