/* Closed forms against textbook figures and hand working.
 *
 * Origins: each value is worked in the comment above it from first principles (the balance
 * equations or the definition), by another route than the code's, or is a printed table's.
 * Every formula is also held to the special cases that tie the formulas to each other.
 */
#include <check.h>
#include <math.h>
#include "theory/laws.h"
#include "theory/queue.h"

/* B(c, a) from its definition, a^c/c! over the sum of a^k/k!: a = 2, c = 3: (8/6) / (1 + 2 + 2 +
 * 8/6) = 4/19. Printed Erlang B tables: 5 Erlang on 10 lines lose 0.0184; 20 on 30, 0.0085. */
START_TEST(erlang_b)
{
    ck_assert_double_eq_tol(cs_queue_erlang_b(3, 2.0), 4.0 / 19, 1e-15);
    ck_assert_double_eq_tol(cs_queue_erlang_b(10, 5.0), 0.0184, 5e-5);
    ck_assert_double_eq_tol(cs_queue_erlang_b(30, 20.0), 0.0085, 5e-5);
    ck_assert_double_eq(cs_queue_erlang_b(0, 2.385), 1.0);
    ck_assert_double_eq(cs_queue_erlang_b(4, 0.0), 0.0);
    /* 5000 servers: B = P(Poisson(a) = c) / P(Poisson(a) <= c); at c = a the ratio tends to
     * sqrt(2 / (pi a)) (1 + O(a^-1/2)) */
    ck_assert_double_eq_tol(cs_queue_erlang_b(5000, 5000.0), sqrt(2 / (acos(-1) * 5000)), 1e-4);
}
END_TEST

/* M/M/2 at a = 1: p0 = (1 + 1 + 1/(2 (1 - 1/2)))^-1 = 1/3, C = p0 a^2/2 / (1 - rho) = 1/3.
 * M/M/3 at a = 2: p0 = (1 + 2 + 2 + (8/6)/(1/3))^-1 = 1/9, C = (8/6) / (1/3) / 9 = 4/9. */
START_TEST(erlang_c)
{
    ck_assert_double_eq_tol(cs_queue_erlang_c(2, 1.0), 1.0 / 3, 1e-15);
    ck_assert_double_eq_tol(cs_queue_erlang_c(3, 2.0), 4.0 / 9, 1e-15);
    ck_assert_double_eq_tol(cs_queue_erlang_c(1, 0.731), 0.731, 1e-15); /* one server: rho */
    ck_assert_double_eq(cs_queue_erlang_c(3, 3.0), 1.0);
}
END_TEST

/* rate 0.8/s, service 1/1.1 s: rho = 8/11; number = rho / (1 - rho) = 8/3; by Little the sojourn is
 * 8/3 / 0.8 = 10/3 s and the wait 10/3 - 1/1.1 = 2.424242 s; half of the requests stay within
 * 10/3 ln 2 = 2.310491 s. */
START_TEST(mm1)
{
    ck_assert_double_eq_tol(cs_queue_mm1_number(0.8, 1 / 1.1), 8.0 / 3, 1e-12);
    ck_assert_double_eq_tol(cs_queue_mm1_wait(0.8, 1 / 1.1), 2.4242424242, 1e-9);
    ck_assert_double_eq_tol(cs_queue_mm1_sojourn_quantile(0.8, 1 / 1.1, 0.5), 2.310491, 1e-6);
    ck_assert_double_eq(cs_queue_mm1_sojourn_quantile(0.8, 1 / 1.1, 0.0), 0.0);
}
END_TEST

/* rate 4/s, service 0.5 s, 3 servers (a = 2, C = 4/9 above): c/s - rate = 2/s, so the mean wait is
 * 2/9 s; P(W > t) = 4/9 exp(-2 t) = 0.05 at t = ln(80/9) / 2 = 1.092401 s; 5/9 do not wait. */
START_TEST(mmc)
{
    ck_assert_double_eq_tol(cs_queue_mmc_wait(3, 4.0, 0.5), 2.0 / 9, 1e-15);
    ck_assert_double_eq_tol(cs_queue_mmc_wait_quantile(3, 4.0, 0.5, 0.95), 1.0924010, 1e-6);
    ck_assert_double_eq(cs_queue_mmc_wait_quantile(3, 4.0, 0.5, 0.55), 0.0);
    ck_assert_double_gt(cs_queue_mmc_wait_quantile(3, 4.0, 0.5, 0.56), 0.0);
    ck_assert_double_eq_tol(cs_queue_mmc_wait(1, 0.8, 1 / 1.1), cs_queue_mm1_wait(0.8, 1 / 1.1),
                            1e-12);
    /* the mean is the integral of the quantile function: midpoint rule */
    double mean = 0;
    enum { N = 200000 };
    for (int i = 0; i < N; i++)
        mean += cs_queue_mmc_wait_quantile(3, 4.0, 0.5, (i + 0.5) / N) / N;
    ck_assert_double_eq_tol(mean, 2.0 / 9, 1e-5);
}
END_TEST

/* Pollaczek-Khinchine is rate E[S^2] / (2 (1 - rho)). Service 1 s or 4 s with equal chance, rate
 * 0.3/s: E[S] = 2.5, E[S^2] = 8.5, rho = 0.75, wait = 0.3 x 8.5 / 0.5 = 5.1 s; cv = 1.5 / 2.5. */
START_TEST(mg1)
{
    ck_assert_double_eq_tol(cs_queue_mg1_wait(0.3, 2.5, 0.6), 5.1, 1e-12);
    /* deterministic: 0.3 x 6.25 / 0.5 = 3.75, half of the exponential's 7.5 */
    ck_assert_double_eq_tol(cs_queue_md1_wait(0.3, 2.5), 3.75, 1e-12);
    ck_assert_double_eq_tol(cs_queue_mm1_wait(0.3, 2.5), 7.5, 1e-12);
}
END_TEST

/* Sharing at rho = 0.75 stretches everyone fourfold, whatever the law; the mean is M/M/1's. */
START_TEST(processor_sharing)
{
    ck_assert_double_eq_tol(cs_queue_ps_sojourn(0.3, 2.5, 0.7), 2.8, 1e-12);
    ck_assert_double_eq_tol(cs_queue_ps_sojourn(0.3, 2.5, 2.5), cs_queue_mm1_wait(0.3, 2.5) + 2.5,
                            1e-12);
}
END_TEST

/* Allen and Cunneen: exact where it must be, and linear in the squared coefficients: with ca = 0.5,
 * cs = 2 the factor is 2.125, so 3 servers as above wait 2.125 x 2/9 s. */
START_TEST(ggc)
{
    ck_assert_double_eq_tol(cs_queue_ggc_wait(1, 0.3, 2.5, 1, 0.6), 5.1, 1e-12);
    ck_assert_double_eq_tol(cs_queue_ggc_wait(3, 4.0, 0.5, 1, 1), 2.0 / 9, 1e-15);
    ck_assert_double_eq_tol(cs_queue_ggc_wait(3, 4.0, 0.5, 0.5, 2), 2.125 * 2 / 9, 1e-15);
}
END_TEST

START_TEST(unstable_is_infinite_and_nonsense_is_nan)
{
    for (int extra = 0; extra < 2; extra++) { /* load equal to the servers, and above */
        const double rate = 4.0 + 0.1 * extra;
        ck_assert(isinf(cs_queue_mm1_wait(rate, 0.25)));
        ck_assert(isinf(cs_queue_mm1_number(rate, 0.25)));
        ck_assert(isinf(cs_queue_mm1_sojourn_quantile(rate, 0.25, 0.5)));
        ck_assert(isinf(cs_queue_mmc_wait(2, rate, 0.5)));
        ck_assert(isinf(cs_queue_mmc_wait_quantile(2, rate, 0.5, 0.5)));
        ck_assert(isinf(cs_queue_md1_wait(rate, 0.25)));
        ck_assert(isinf(cs_queue_mg1_wait(rate, 0.25, 0.6)));
        ck_assert(isinf(cs_queue_ps_sojourn(rate, 0.25, 0.1)));
        ck_assert(isinf(cs_queue_ggc_wait(2, rate, 0.5, 1, 0.6)));
    }
    ck_assert_double_eq(cs_queue_mmc_wait(2, 0.0, 0.5), 0.0);
    ck_assert(isnan(cs_queue_mm1_wait(-1, 0.25)));
    ck_assert(isnan(cs_queue_mm1_wait(1, 0)));
    ck_assert(isnan(cs_queue_mm1_wait(NAN, 0.25)));
    ck_assert(isnan(cs_queue_mmc_wait(0, 1, 0.25)));
    ck_assert(isnan(cs_queue_mg1_wait(1, 0.25, -0.1)));
    ck_assert(isnan(cs_queue_mmc_wait_quantile(2, 1, 0.25, 1.0)));
    ck_assert(isnan(cs_queue_erlang_b(-1, 1)));
}
END_TEST

START_TEST(laws_hold_at_their_edges)
{
    ck_assert_double_eq_tol(cs_laws_number(2.385, 3.1), 7.3935, 1e-12);
    ck_assert_double_eq_tol(cs_laws_time(7.3935, 2.385), 3.1, 1e-12);
    ck_assert_double_eq_tol(cs_laws_utilisation(2.385, 3.1, 10), 0.73935, 1e-12);
    ck_assert_double_eq(cs_laws_number(0, INFINITY), 0);
    ck_assert_double_eq(cs_laws_time(0, 0), 0);
    ck_assert(isinf(cs_laws_time(1, 0)));
    ck_assert_double_eq(cs_laws_utilisation(0, 3.1, 0), 0);
    ck_assert(isinf(cs_laws_utilisation(1, 3.1, 0)));
    ck_assert(cs_laws_agree(100, 100.9, 0.01) && !cs_laws_agree(100, 101.1, 0.01));
    ck_assert(cs_laws_agree(0, 0, 0) && cs_laws_agree(INFINITY, INFINITY, 0));
    ck_assert(!cs_laws_agree(NAN, NAN, 1) && !cs_laws_agree(1, INFINITY, 1));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("queue");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, erlang_b);
    tcase_add_test(all, erlang_c);
    tcase_add_test(all, mm1);
    tcase_add_test(all, mmc);
    tcase_add_test(all, mg1);
    tcase_add_test(all, processor_sharing);
    tcase_add_test(all, ggc);
    tcase_add_test(all, unstable_is_infinite_and_nonsense_is_nan);
    tcase_add_test(all, laws_hold_at_their_edges);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
