/* What prompts share: groups by Zipf's law, prompts that recur whole, conversations, traces.
 *
 * Shares of groups are k^-s over their sum. The number of turns is geometric: P(1) = 1/m, deviation
 * sqrt(m (m - 1)); counts of requests vary over long times as those of a cluster process, by
 * E[K^2] / E[K] = 2 m - 1 times Poisson's. What is drawn here must leave arrivals and lengths of
 * other streams where they were, exactly.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "serve/workload.h"

static const double PS = 1e12;
static struct cs_arena arena;

static void setup(void)
{
    cs_arena_init(&arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

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

static void begin(struct cs_workload *w, struct cs_workload_spec *spec, const struct cs_traffic *t,
                  double days, uint64_t replication)
{
    const struct cs_simulate simulate = {.warm_up_s = 3600.0, .days = days};
    cs_workload_prepare(spec, t, &simulate, NULL);
    cs_workload_init(w, spec, 61, replication, &arena);
}

/* Exponent 1 over five groups: 1/k over 137/60. */
START_TEST(groups_have_their_shares)
{
    static const double upto[] = {60 / 137., 90 / 137., 110 / 137., 125 / 137., 1};
    struct cs_traffic t = traffic_of(2.3);
    t.prefix = (struct cs_shared_prefix){.groups = 5, .tokens = 617, .upto = _i ? upto : NULL};
    struct cs_workload w;
    struct cs_workload_spec spec;
    begin(&w, &spec, &t, 1, 3);
    double count[5] = {0}, n = 0;
    struct cs_arrival a;
    while (cs_workload_next(&w, &a)) {
        ck_assert(a.prefix.group >= 1 && a.prefix.group <= 5);
        ck_assert_int_eq(a.prefix.group_tokens, 617);
        ck_assert_uint_eq(a.prefix.session, 0);
        count[a.prefix.group - 1]++;
        n++;
    }
    for (int k = 0; k < 5; k++) {
        const double p = _i ? 60 / 137. / (k + 1) : 0.2;
        ck_assert_msg(fabs(count[k] - n * p) <= 4 * sqrt(n * p * (1 - p)), "group %d: %g of %g", k,
                      count[k], n);
    }
}
END_TEST

START_TEST(prefixes_move_nothing_else)
{
    const struct cs_traffic plain = traffic_of(2.3);
    struct cs_traffic t = plain;
    t.prefix = (struct cs_shared_prefix){.groups = 11, .tokens = 617};
    struct cs_workload w, v;
    struct cs_workload_spec spec, plain_spec;
    begin(&w, &spec, &t, 1, 3);
    begin(&v, &plain_spec, &plain, 1, 3);
    struct cs_arrival a, b;
    for (int i = 0; i < 20000; i++) {
        ck_assert(cs_workload_next(&w, &a) && cs_workload_next(&v, &b));
        ck_assert(a.time_ps == b.time_ps && a.input == b.input && a.output == b.output);
        ck_assert_uint_eq(b.prefix.group, 0);
    }
}
END_TEST

START_TEST(whole_prompts_recur)
{
    enum { GROUPS = 40 };
    struct cs_traffic t = traffic_of(2.3);
    t.prefix = (struct cs_shared_prefix){.groups = GROUPS};
    int32_t length[2][GROUPS] = {0}, outputs = 0;
    int differ = 0;
    for (uint64_t replication = 0; replication < 2; replication++) {
        struct cs_workload w;
        struct cs_workload_spec spec;
        begin(&w, &spec, &t, 0.2, replication);
        struct cs_arrival a;
        for (int32_t last = 0; cs_workload_next(&w, &a); last = a.output) {
            int32_t *const own = &length[replication][a.prefix.group - 1];
            *own = *own ? *own : a.input;
            ck_assert_int_eq(a.input, *own);
            ck_assert_int_ge(a.prefix.group_tokens, a.input);
            outputs += a.output != last;
        }
    }
    for (int k = 0; k < GROUPS; k++)
        differ += length[0][k] != length[1][k] && length[0][k] != length[0][(k + 1) % GROUPS];
    ck_assert_int_ge(differ, GROUPS - 2);
    ck_assert_int_gt(outputs, 50000);
}
END_TEST

START_TEST(conversations)
{
    enum { MOST = 400000 };
    static double last_s[MOST];
    static int turns[MOST];
    static uint64_t group[MOST];
    const double mean = 4.37, think_s = 61.3, rate = 7.3;
    struct cs_traffic t = traffic_of(rate);
    t.sessions = (struct cs_sessions){.turns = mean, .think_s = think_s};
    t.prefix = (struct cs_shared_prefix){.groups = 7, .tokens = 100};
    struct cs_workload w;
    struct cs_workload_spec spec;
    begin(&w, &spec, &t, 1, 3);
    const uint64_t open = w.sessions; /* when the run begins: Poisson of mean 345.09 */
    ck_assert_double_le(fabs((double)open - rate / mean * think_s * (mean - 1)), 4 * sqrt(345));
    double early = 0, all = 0, gaps = 0, gap_sum = 0;
    struct cs_arrival a;
    int64_t before = INT64_MIN;
    while (cs_workload_next(&w, &a)) {
        const double at = (double)a.time_ps / PS;
        const uint64_t i = a.prefix.session;
        ck_assert_int_ge(a.time_ps, before);
        ck_assert(i >= 1 && i < MOST);
        before = a.time_ps;
        early += at < -3000;
        all += 1;
        if (turns[i]++ > 0 && i > open) {
            gaps++;
            gap_sum += at - last_s[i];
            ck_assert_uint_eq(group[i], a.prefix.group);
        }
        group[i] = a.prefix.group;
        last_s[i] = at;
    }
    /* a cluster's requests come together: over times long against one, 2 m - 1 times Poisson */
    ck_assert_double_le(fabs(all - rate * 90000), 4 * sqrt(rate * 90000 * (2 * mean - 1)));
    ck_assert_double_le(fabs(early - rate * 600), 4 * sqrt(rate * 600 * (2 * mean - 1)));
    ck_assert_double_le(fabs(gap_sum / gaps - think_s), 4 * think_s / sqrt(gaps));
    double n = 0, sum = 0, ones = 0; /* those that had time to end */
    for (uint64_t i = open + 1; i < w.sessions - 4000; i++) {
        n++;
        sum += turns[i];
        ones += turns[i] == 1;
    }
    ck_assert_double_gt(n, 100000);
    ck_assert_double_le(fabs(sum / n - mean), 4 * sqrt(mean * (mean - 1) / n));
    ck_assert_double_le(fabs(ones / n - 1 / mean), 4 * sqrt(1 / mean * (1 - 1 / mean) / n));
    ck_assert_uint_le(w.open_capacity, 1024); /* memory follows what is open */
}
END_TEST

START_TEST(traces_say_what_they_share)
{
    static const double at[] = {0, 0.25, 7.125};
    static const int32_t input[] = {771, 12, 4096}, output[] = {3, 250, 1};
    static const int32_t group[] = {1, -1, 0}, tokens[] = {300, 0, 4000}, session[] = {-1, 4, 0};
    static const uint64_t hashes[] = {81, 92, 81};
    static const size_t start[] = {0, 2, 2, 3};
    const struct cs_trace trace = {.count = 3, .arrival_s = at, .input = input, .output = output,
                                   .prefix_group.ids = group, .prefix_tokens = tokens,
                                   .session.ids = session, .hashes = hashes, .hash_start = start,
                                   .hash_tokens = 512};
    const struct cs_traffic t = {.kind = CS_VOLUME_TRACE};
    const struct cs_simulate simulate = {.warm_up_s = 3600.0, .days = 7};
    struct cs_workload_spec spec;
    cs_workload_prepare(&spec, &t, &simulate, &trace);
    struct cs_workload w;
    cs_workload_init(&w, &spec, 1, 0, NULL);
    struct cs_arrival a[3];
    for (int i = 0; i < 3; i++)
        ck_assert(cs_workload_next(&w, &a[i]));
    ck_assert_uint_eq(a[0].prefix.group, 2);
    ck_assert_int_eq(a[0].prefix.group_tokens, 300);
    ck_assert_uint_eq(a[0].prefix.session, 0);
    ck_assert_int_eq(a[0].prefix.hash_count, 2);
    ck_assert_int_eq(a[0].prefix.hash_tokens, 512);
    ck_assert_uint_eq(a[0].prefix.hashes[1], 92);
    ck_assert_uint_eq(a[1].prefix.group, 0);
    ck_assert_uint_eq(a[1].prefix.session, 5);
    ck_assert_int_eq(a[1].prefix.hash_count, 0);
    ck_assert_uint_eq(a[2].prefix.group, 1);
    ck_assert_uint_eq(a[2].prefix.session, 1);
    ck_assert_uint_eq(a[2].prefix.hashes[0], 81);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("sharing");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, groups_have_their_shares, 0, 2);
    tcase_add_test(all, prefixes_move_nothing_else);
    tcase_add_test(all, whole_prompts_recur);
    tcase_add_test(all, conversations);
    tcase_add_test(all, traces_say_what_they_share);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
