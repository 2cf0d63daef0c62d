/* Arrivals: how many fall where, how far apart, and what does not move them.
 *
 * Expected counts are rate x weight x time of each curve step; a Poisson count lies within 4 of its
 * standard deviations. The coefficient of variation of gaps is that asked for. Streams are
 * independent by name, so a change of lengths must leave every arrival where it was, exactly.
 */
#include "serve/workload.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

static const double PS = 1e12;

/* Five steps of 700 s, mean weight 1, one of them empty. */
static const double weights[] = {0.35, 0, 1.4, 2.5, 0.75};
enum { STEPS = 5 };

static struct cs_traffic traffic_of(double rate)
{
    return (struct cs_traffic){
        .kind = CS_VOLUME_REQUESTS,
        .requests_per_s = rate,
        .input = {.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.7},
        .output = {.kind = CS_LENGTHS_GAMMA, .a = 231, .b = 0.9},
        .burstiness = 1,
    };
}

static struct cs_workload_spec prepared(const struct cs_traffic *t, double days, int64_t requests)
{
    struct cs_workload_spec spec;
    const struct cs_simulate simulate = {.warm_up_s = 3600.0, .days = days, .requests = requests};
    cs_workload_prepare(&spec, t, &simulate, NULL);
    return spec;
}

START_TEST(counts_follow_the_curve)
{
    struct cs_traffic t = traffic_of(7.3);
    t.curve = (struct cs_curve){.step_s = 700, .weights = weights, .count = STEPS};
    const struct cs_workload_spec spec = prepared(&t, 1, 0);
    ck_assert_double_eq(spec.peak_factor, 2.5);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 61, 3, NULL);
    double count[STEPS] = {0}, warm[STEPS] = {0};
    struct cs_arrival a;
    int64_t last = INT64_MIN, first = INT64_MAX;
    while (cs_workload_next(&w, &a)) {
        ck_assert_int_ge(a.time_ps, last);
        last = a.time_ps;
        first = a.time_ps < first ? a.time_ps : first;
        const double at = fmod((double)a.time_ps / PS + 7 * 3500, 3500);
        (a.time_ps < 0 ? warm : count)[(int)(at / 700)] += 1;
    }
    /* the run: 86400 s are 24 turns of 3500 s and 2400 s, so 25 of the steps 0 to 2, 24 and 300 s
     * of step 3, 24 of step 4 */
    const double time[] = {25 * 700, 25 * 700, 25 * 700, 24 * 700 + 300, 24 * 700};
    for (int i = 0; i < STEPS; i++) {
        const double want = 7.3 * weights[i] * time[i];
        ck_assert_msg(fabs(count[i] - want) <= 4 * sqrt(want), "step %d: %g, not %g", i, count[i],
                      want);
    }
    ck_assert_double_eq(count[1], 0);
    /* the hour before: 100 s of step 4 and one whole turn */
    const double warm_time[] = {700, 700, 700, 700, 800};
    for (int i = 0; i < STEPS; i++)
        ck_assert_double_le(fabs(warm[i] - 7.3 * weights[i] * warm_time[i]),
                            4 * sqrt(7.3 * weights[i] * warm_time[i]));
    ck_assert_int_ge(first, (int64_t)(-3600 * PS));
    ck_assert_int_lt(first, (int64_t)(-3590 * PS));
    ck_assert_int_lt(last, (int64_t)(86400 * PS));
    ck_assert_int_gt(last, (int64_t)(86380 * PS));
}
END_TEST

/* About one arrival in a step: most gaps go over one or several steps, and what is left of a gap
 * goes on at the next step's rate. 90 days are 2221 turns of 3500 s and 2500 s. */
START_TEST(gaps_go_over_the_steps_they_span)
{
    struct cs_traffic t = traffic_of(0.002);
    t.curve = (struct cs_curve){.step_s = 700, .weights = weights, .count = STEPS};
    const struct cs_workload_spec spec = prepared(&t, 90, 0);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 61, 5, NULL);
    double count[STEPS] = {0};
    struct cs_arrival a;
    while (cs_workload_next(&w, &a))
        if (a.time_ps >= 0)
            count[(int)(fmod((double)a.time_ps / PS, 3500) / 700)] += 1;
    const double time[] = {2222 * 700, 2222 * 700, 2222 * 700, 2221 * 700 + 400, 2221 * 700};
    for (int i = 0; i < STEPS; i++) {
        const double want = 0.002 * weights[i] * time[i];
        ck_assert_msg(fabs(count[i] - want) <= 4 * sqrt(want), "step %d: %g, not %g", i, count[i],
                      want);
    }
}
END_TEST

/* Poisson: the counts of seconds vary as much as their mean; index of dispersion 1 with a standard
 * error of sqrt(2 / n). */
START_TEST(arrivals_are_poisson)
{
    struct cs_traffic t = traffic_of(3.7);
    const struct cs_workload_spec spec = prepared(&t, 0.5, 0);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 61, 0, NULL);
    enum { SECONDS = 43200 };
    int *const count = calloc(SECONDS, sizeof *count);
    struct cs_arrival a;
    while (cs_workload_next(&w, &a))
        if (a.time_ps >= 0)
            count[(int)((double)a.time_ps / PS)]++;
    double sum = 0, squares = 0;
    for (int i = 0; i < SECONDS; i++) {
        sum += count[i];
        squares += (double)count[i] * count[i];
    }
    free(count);
    const double mean = sum / SECONDS;
    ck_assert_double_eq_tol(mean, 3.7, 4 * sqrt(3.7 / SECONDS));
    ck_assert_double_eq_tol((squares / SECONDS - mean * mean) / mean, 1, 4 * sqrt(2.0 / SECONDS));
}
END_TEST

/* cv of n gaps: its standard error is about cv sqrt((1 + 2 cv^2) / (2 n)) for a gamma, under 0.6 %
 * of it here. */
START_TEST(bursts_have_the_variation_asked_for)
{
    static const double asked[] = {1, 0.4, 1.7, 2.5};
    for (size_t k = 0; k < sizeof asked / sizeof asked[0]; k++) {
        struct cs_traffic t = traffic_of(11.9);
        t.burstiness = asked[k];
        const struct cs_workload_spec spec = prepared(&t, 1, 200000);
        struct cs_workload w;
        cs_workload_init(&w, &spec, 67, k, NULL);
        double last = 0, sum = 0, squares = 0, n = 0;
        struct cs_arrival a;
        while (cs_workload_next(&w, &a)) {
            const double at = (double)a.time_ps / PS;
            if (last != 0) {
                sum += at - last;
                squares += (at - last) * (at - last);
                n++;
            }
            last = at;
        }
        const double mean = sum / n, cv = sqrt(squares / n - mean * mean) / mean;
        ck_assert_double_eq_tol(mean * 11.9, 1, 4 * asked[k] / sqrt(n));
        ck_assert_double_eq_tol(cv, asked[k], 4 * 0.006 * asked[k]);
    }
}
END_TEST

START_TEST(lengths_do_not_move_arrivals)
{
    struct cs_traffic a = traffic_of(2.9), b = a;
    b.input = (struct cs_lengths){.kind = CS_LENGTHS_FIXED, .a = 77};
    b.output = (struct cs_lengths){.kind = CS_LENGTHS_UNIFORM, .a = 5, .b = 50};
    struct cs_traffic c = a;
    c.input.a = 1024; /* the same draws, scaled */
    const struct cs_workload_spec sa = prepared(&a, 1, 20000), sb = prepared(&b, 1, 20000),
                                  sc = prepared(&c, 1, 20000);
    struct cs_workload wa, wb, wc;
    cs_workload_init(&wa, &sa, 71, 1, NULL);
    cs_workload_init(&wb, &sb, 71, 1, NULL);
    cs_workload_init(&wc, &sc, 71, 1, NULL);
    struct cs_arrival x, y, z;
    int n = 0;
    while (cs_workload_next(&wa, &x)) {
        ck_assert(cs_workload_next(&wb, &y) && cs_workload_next(&wc, &z));
        ck_assert_int_eq(x.time_ps, y.time_ps);
        ck_assert_int_eq(x.time_ps, z.time_ps);
        ck_assert_int_eq(y.input, 77);
        ck_assert_int_eq(x.output, z.output);
        ck_assert_int_le(abs(z.input - 2 * x.input), 1);
        n++;
    }
    ck_assert(!cs_workload_next(&wb, &y));
    ck_assert_int_gt(n, 20000); /* with the warm-up hour */
}
END_TEST

START_TEST(replications_and_seeds_differ_and_repeat)
{
    const struct cs_traffic t = traffic_of(2.9);
    const struct cs_workload_spec spec = prepared(&t, 1, 0);
    struct cs_workload w[4];
    cs_workload_init(&w[0], &spec, 71, 1, NULL);
    cs_workload_init(&w[1], &spec, 71, 1, NULL);
    cs_workload_init(&w[2], &spec, 71, 2, NULL);
    cs_workload_init(&w[3], &spec, 72, 1, NULL);
    int same[4] = {0};
    for (int i = 0; i < 1000; i++) {
        struct cs_arrival a[4];
        for (int k = 0; k < 4; k++) {
            ck_assert(cs_workload_next(&w[k], &a[k]));
            same[k] += a[k].time_ps == a[0].time_ps && a[k].input == a[0].input;
        }
    }
    ck_assert_int_eq(same[1], 1000);
    ck_assert_int_eq(same[2], 0);
    ck_assert_int_eq(same[3], 0);
}
END_TEST

/* A share of input of 80 % of 743 tokens in all: 594.4 and 148.6; the sum and with it the rate of a
 * volume stay. 3.1 Mtok a day / 743 tokens = 4172.27 requests a day. */
START_TEST(lengths_are_rescaled_to_a_share_of_input)
{
    struct cs_traffic t = traffic_of(0);
    t.kind = CS_VOLUME_TOKENS;
    t.tokens_per_s = 3.1e6 / 86400;
    t.input_share = 0.8;
    const struct cs_workload_spec spec = prepared(&t, 1, 200000);
    /* lengths of at least one token: the lognormal's mean is 512 to 1e-12, the gamma's 231.0001 */
    ck_assert_double_eq_tol(spec.mean_input, 594.4, 1e-3);
    ck_assert_double_eq_tol(spec.mean_output, 148.6, 1e-3);
    ck_assert_double_eq_tol(spec.requests_per_s * 86400, 4172.274, 0.01);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 73, 0, NULL);
    struct cs_arrival a;
    double n = 0, input = 0, output = 0;
    while (n < 200000 && cs_workload_next(&w, &a)) {
        n++;
        input += a.input;
        output += a.output;
    }
    /* standard deviations 0.795 x 594 and 0.9 x 149: errors 1.06 and 0.30 */
    ck_assert_double_eq_tol(input / n, 594.4, 4 * 1.06);
    ck_assert_double_eq_tol(output / n, 148.6, 4 * 0.30);
}
END_TEST

START_TEST(a_number_of_requests_is_counted_after_the_warm_up)
{
    const struct cs_traffic t = traffic_of(1.3);
    const struct cs_workload_spec spec = prepared(&t, 7, 12345);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 79, 0, NULL);
    struct cs_arrival a;
    int counted = 0, warm = 0;
    while (cs_workload_next(&w, &a))
        (*(a.time_ps < 0 ? &warm : &counted))++;
    ck_assert_int_eq(counted, 12345);
    ck_assert_double_le(fabs(warm - 1.3 * 3600), 4 * sqrt(1.3 * 3600));
    ck_assert(!cs_workload_next(&w, &a));
}
END_TEST

START_TEST(a_trace_is_replayed_as_it_is)
{
    static const double at[] = {0, 0.25, 0.25, 7.125, 103.5};
    static const int32_t input[] = {771, 12, 4096, 1, 88}, output[] = {3, 250, 1, 17, 91};
    const struct cs_trace trace = {.count = 5, .arrival_s = at, .input = input, .output = output};
    const struct cs_traffic t = {.kind = CS_VOLUME_TRACE};
    const struct cs_simulate simulate = {.warm_up_s = 3600.0, .days = 7, .requests = 3};
    struct cs_workload_spec spec;
    cs_workload_prepare(&spec, &t, &simulate, &trace);
    ck_assert_double_eq_tol(spec.mean_input, 4968 / 5.0, 1e-12);
    ck_assert_double_eq_tol(spec.mean_output, 362 / 5.0, 1e-12);
    ck_assert_double_eq_tol(spec.requests_per_s, 5 / 103.5, 1e-15);
    ck_assert_int_eq(spec.start_ps, 0);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 1, 0, NULL);
    struct cs_arrival a;
    for (int i = 0; i < 5; i++) {
        ck_assert(cs_workload_next(&w, &a));
        ck_assert_int_eq(a.time_ps, (int64_t)(at[i] * PS));
        ck_assert_int_eq(a.input, input[i]);
        ck_assert_int_eq(a.output, output[i]);
    }
    ck_assert(!cs_workload_next(&w, &a));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("workload");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, counts_follow_the_curve);
    tcase_add_test(all, gaps_go_over_the_steps_they_span);
    tcase_add_test(all, arrivals_are_poisson);
    tcase_add_test(all, bursts_have_the_variation_asked_for);
    tcase_add_test(all, lengths_do_not_move_arrivals);
    tcase_add_test(all, replications_and_seeds_differ_and_repeat);
    tcase_add_test(all, lengths_are_rescaled_to_a_share_of_input);
    tcase_add_test(all, a_number_of_requests_is_counted_after_the_warm_up);
    tcase_add_test(all, a_trace_is_replayed_as_it_is);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
