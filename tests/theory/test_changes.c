/* What changes under way leave behind is a queue whose times are known.
 *
 * As in test_queueing: prompts of one token and steps of one length make an answer of n tokens a
 * service of n steps, and a replica's slots its servers. When all replicas but one have failed,
 * what is left is M/D/1 or M/M/c; when arrivals come at twice or half their rate, they are still
 * Poisson (as many in disjoint seconds, with the variance of their mean) and the queue is that of
 * the other rate. A fleet whose last k replicas fail before anything comes is the fleet that never
 * had them, request by request.
 * The one rule: as there, the 99.9 % interval over independent replications covers the formula,
 * and its half-width is below 2 % of it. Replicas fail at the end of the warm-up hour, which all
 * of them serve; what is left of that is over within the ten minutes that are not counted either.
 */
#include "des/estimate.h"
#include "serve/cluster.h"
#include "theory/queue.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPLICATIONS = 50, MOST_BATCH = 64 };
static const int64_t HOUR = INT64_C(3600) * 1000000000000;

struct station {
    const char *name;
    struct cs_lengths tokens;
    int replicas, slots;
    double rate; /* requests/s, of services of 1 s in the mean */
    int64_t requests;
    enum cs_router router;
};

static int64_t token_ps[MOST_BATCH + 1], sample_ps[MOST_BATCH + 1];
static struct cs_step step;
static struct cs_fleet fleet;
static struct cs_traffic traffic;
static struct cs_workload_spec workload;

static void set_up(const struct station *s, double mean_tokens)
{
    for (int t = 0; t <= MOST_BATCH; t++)
        token_ps[t] = (int64_t)(1e12 / mean_tokens);
    step = (struct cs_step){.max_tokens = MOST_BATCH,
                            .max_sampled = MOST_BATCH,
                            .token_ps = token_ps,
                            .sample_ps = sample_ps};
    fleet = (struct cs_fleet){.step = &step,
                              .limits = {.max_num_seqs = s->slots,
                                         .max_num_batched_tokens = s->slots,
                                         .block_size = 16,
                                         .kv_blocks = INT64_C(1) << 40,
                                         .context_tokens = INT64_C(1) << 40},
                              .replicas = s->replicas,
                              .router = s->router};
    traffic = (struct cs_traffic){.kind = CS_VOLUME_REQUESTS,
                                  .requests_per_s = s->rate,
                                  .input = {.kind = CS_LENGTHS_FIXED, .a = 1},
                                  .output = s->tokens,
                                  .burstiness = 1};
    const struct cs_simulate simulate = {.requests = s->requests, .replications = 1};
    cs_workload_prepare(&workload, &traffic, &simulate, NULL);
}

static struct cs_request_log run(struct cs_arena *arena, const struct cs_change *changes,
                                 size_t count, int r)
{
    struct cs_request_log log = {.arena = arena};
    const struct cs_run_options options = {.window_count = 1,
                                           .end_ps = INT64_MAX,
                                           .log = &log,
                                           .changes = changes,
                                           .change_count = count};
    struct cs_cluster *const c =
        cs_cluster_new(arena, &fleet, &workload, 108, (uint64_t)r, &options);
    cs_cluster_run(c);
    const struct cs_result *const result = cs_cluster_result(c);
    ck_assert(result->all_busy_ps + result->all_idle_ps == result->all_span_ps);
    ck_assert_uint_eq(result->all_completed, result->all_arrived);
    return log;
}

/* The mean wait of those that come from `from` on, s. */
static double mean_wait(const struct cs_request_log *log, int64_t from)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->rows[i].arrival_ps >= from) {
            sum += (double)(log->rows[i].first_step_ps - log->rows[i].arrival_ps) * 1e-12;
            n++;
        }
    return sum / n;
}

static void agrees(const struct station *s, const struct cs_change *changes, size_t count,
                   double formula)
{
    double wait[REPLICATIONS];
    for (int r = 0; r < REPLICATIONS; r++) {
        struct cs_arena arena;
        cs_arena_init(&arena);
        const struct cs_request_log log = run(&arena, changes, count, r);
        wait[r] = mean_wait(&log, HOUR / 6);
        cs_arena_fini(&arena);
    }
    const struct cs_interval i = cs_estimate_mean(wait, REPLICATIONS, 0.999);
    const double half = (i.hi - i.lo) / 2;
    printf("%-34s mean wait: formula %.5g s, simulated %.5g +- %.2g (%.2f %%)\n", s->name, formula,
           i.value, half, 100 * half / formula);
    fflush(stdout);
    ck_assert_msg(half < 0.02 * formula, "%s: half-width %g of %g", s->name, half, formula);
    ck_assert_msg(i.lo <= formula && formula <= i.hi, "%s: %g is outside [%g, %g]", s->name,
                  formula, i.lo, i.hi);
}

static struct cs_change fail_of(int replica)
{
    return (struct cs_change){.kind = CS_CHANGE_FAIL, .replica = replica, .repair_ps = 2400 * HOUR};
}

START_TEST(four_of_five_fail)
{
    static const enum cs_router routers[] = {CS_ROUTER_ROUND_ROBIN, CS_ROUTER_LEAST_OUTSTANDING};
    const struct station s = {.name = "M/D/1, four of five failed",
                              .tokens = {.kind = CS_LENGTHS_FIXED, .a = 137},
                              .replicas = 5,
                              .slots = 1,
                              .rate = 0.7,
                              .requests = 60000,
                              .router = routers[_i]};
    const struct cs_change changes[] = {fail_of(3), fail_of(0), fail_of(4), fail_of(1)};
    set_up(&s, 137);
    agrees(&s, changes, 4, cs_queue_md1_wait(s.rate, 1));
}
END_TEST

/* An answer's gamma of cv 1 is exponential but for its rounding to steps, 1 in 2000. */
START_TEST(two_of_three_fail)
{
    const struct station s = {.name = "M/M/4, two of three failed",
                              .tokens = {.kind = CS_LENGTHS_GAMMA, .a = 2000, .b = 1},
                              .replicas = 3,
                              .slots = 4,
                              .rate = 3,
                              .requests = 150000,
                              .router = CS_ROUTER_LEAST_OUTSTANDING};
    const struct cs_change changes[] = {fail_of(0), fail_of(2)};
    set_up(&s, 2000);
    agrees(&s, changes, 2, cs_queue_mmc_wait(4, s.rate, 1));
}
END_TEST

START_TEST(twice_and_half_the_traffic)
{
    static const double factors[] = {2, 0.5};
    const double factor = factors[_i];
    const struct station s = {.name = factor > 1 ? "M/D/1 at 200 % of the traffic"
                                                 : "M/D/1 at 50 % of the traffic",
                              .tokens = {.kind = CS_LENGTHS_FIXED, .a = 137},
                              .replicas = 1,
                              .slots = 1,
                              .rate = 0.7 / factor,
                              .requests = 60000};
    const struct cs_change changes[] = {
        /* from the beginning: 1.4 Erlang would leave a backlog */
        {.kind = CS_CHANGE_TRAFFIC, .time_ps = -HOUR, .factor = factor}};
    set_up(&s, 137);
    agrees(&s, changes, 1, cs_queue_md1_wait(0.7, 1));
}
END_TEST

/* Seconds of a Poisson process of mean m: N of them hold N m within 4 sqrt(N m), and the variance
 * of their counts is m within 4 sqrt((2 m^2 + m) / N), four deviations each. */
START_TEST(arrivals_stay_poisson)
{
    enum { PARTS = 3, SECONDS = 2000 };
    static const double factor[PARTS] = {1, 2, 0.5};
    const struct station s = {.tokens = {.kind = CS_LENGTHS_FIXED, .a = 1},
                              .replicas = 1,
                              .slots = 64,
                              .rate = 30,
                              .requests = (int64_t)(30 * SECONDS * 3.6)};
    struct cs_change changes[PARTS];
    for (int k = 0; k < PARTS; k++)
        changes[k] = (struct cs_change){.kind = CS_CHANGE_TRAFFIC,
                                        .factor = factor[k],
                                        .time_ps = INT64_C(1000000000000) * SECONDS * k};
    struct cs_arena arena;
    cs_arena_init(&arena);
    set_up(&s, 1000);
    const struct cs_request_log log = run(&arena, changes, PARTS, 0);
    static int of[PARTS * SECONDS];
    memset(of, 0, sizeof of);
    for (size_t i = 0; i < log.count; i++) {
        const int64_t second = log.rows[i].arrival_ps / INT64_C(1000000000000);
        if (log.rows[i].arrival_ps >= 0 && second < PARTS * SECONDS)
            of[second]++;
    }
    for (int k = 0; k < PARTS; k++) {
        const double m = s.rate * factor[k];
        double sum = 0, squares = 0;
        for (int i = k * SECONDS; i < (k + 1) * SECONDS; i++)
            sum += of[i];
        for (int i = k * SECONDS; i < (k + 1) * SECONDS; i++)
            squares += (of[i] - sum / SECONDS) * (of[i] - sum / SECONDS);
        printf("at %3.0f %%: %.0f arrivals in %d s of mean %g, variance of seconds %.4g\n",
               100 * factor[k], sum, SECONDS, m, squares / (SECONDS - 1));
        ck_assert(fabs(sum - m * SECONDS) < 4 * sqrt(m * SECONDS));
        ck_assert(fabs(squares / (SECONDS - 1) - m) < 4 * sqrt((2 * m * m + m) / SECONDS));
    }
    cs_arena_fini(&arena);
}
END_TEST

START_TEST(the_last_ones_might_as_well_not_have_been)
{
    static const enum cs_router routers[] = {CS_ROUTER_ROUND_ROBIN, CS_ROUTER_LEAST_OUTSTANDING};
    struct station s = {.tokens = {.kind = CS_LENGTHS_GAMMA, .a = 300, .b = 0.8},
                        .slots = 6,
                        .rate = 14,
                        .requests = 20000,
                        .router = routers[_i]};
    struct cs_arena arena;
    cs_arena_init(&arena);
    s.replicas = 3;
    set_up(&s, 300);
    const struct cs_request_log three = run(&arena, NULL, 0, 0);
    s.replicas = 5;
    set_up(&s, 300);
    struct cs_change changes[] = {fail_of(3), fail_of(4)};
    changes[0].time_ps = changes[1].time_ps = -HOUR; /* the beginning */
    const struct cs_request_log failed = run(&arena, changes, 2, 0);
    ck_assert_uint_eq(three.count, failed.count);
    for (size_t i = 0; i < three.count; i++)
        ck_assert(memcmp(&three.rows[i], &failed.rows[i], sizeof three.rows[i]) == 0);
    cs_arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("changes in queues");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 600);
    tcase_add_loop_test(all, four_of_five_fail, 0, 2);
    tcase_add_test(all, two_of_three_fail);
    tcase_add_loop_test(all, twice_and_half_the_traffic, 0, 2);
    tcase_add_test(all, arrivals_stay_poisson);
    tcase_add_loop_test(all, the_last_ones_might_as_well_not_have_been, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
