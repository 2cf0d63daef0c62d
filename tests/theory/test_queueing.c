/* The engine, stripped of what makes it an engine, is a queue whose times are known.
 *
 * A prompt of one token, a synchronous engine and a step whose time does not depend on the batch
 * make an answer of n tokens a service of exactly n steps; max_num_seqs is the number of servers:
 * M/M/1, M/D/1, M/G/1 (one slot) and M/M/c (c slots). A step time proportional to the batch gives
 * every sequence an equal share of one server: M/G/1 processor sharing. Service times are whole
 * numbers of steps, so the formulas get the exact moments of the rounded lengths; what remains is
 * that a request which shares waits for the end of the running step: a step or two at most of the
 * hundreds or thousands of a service, below a quarter of the intervals here.
 * The one rule: a figure passes when the 99.9 % interval over independent replications covers the
 * formula and its half-width is below 2 % of it. Seeds are fixed. Each replication starts empty
 * with an hour (3600 mean services) that is not counted. Little's law and the utilisation law are
 * held to on every run, and to 1e-9, because each run is followed to its empty end.
 */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "des/estimate.h"
#include "serve/cluster.h"
#include "theory/laws.h"
#include "theory/queue.h"

enum { REPLICATIONS = 50, MOST_BATCH = 4096 };

struct station {
    const char *name;
    struct cs_lengths tokens;  /* of the answers */
    int servers;               /* slots; 0: processor sharing */
    double load;               /* rate x service time / servers */
    int64_t requests;          /* counted ones of a replication */
    uint64_t seed;
    double quantile;           /* of waits and sojourns; 0: not asked */
};

struct figures { /* of one replication each */
    double wait[REPLICATIONS], sojourn[REPLICATIONS];
    double wait_quantile[REPLICATIONS], sojourn_quantile[REPLICATIONS];
    double stretch_short[REPLICATIONS], stretch_long[REPLICATIONS]; /* sojourn / service */
};

/* P(a length exceeds k tokens): lengths are rounded and at least 1. */
static double exceeds(const struct cs_lengths *l, double k)
{
    const double x = k + 0.5;
    if (k < 1.0)
        return 1.0;
    if (l->kind == CS_LENGTHS_FIXED)
        return l->a > x;
    if (l->kind == CS_LENGTHS_UNIFORM)
        return x <= l->a ? 1.0 : x >= l->b ? 0.0 : (l->b - x) / (l->b - l->a);
    const double shape = 1.0 / (l->b * l->b);
    return gsl_cdf_gamma_Q(x, shape, l->a / shape);
}

/* Mean and coefficient of variation of the rounded length: E[n] = sum P(n > k), E[n^2] = sum
 * (2k + 1) P(n > k). */
static void moments(const struct cs_lengths *l, double *mean, double *cv)
{
    double first = 0, second = 0, p = 1;
    for (double k = 0; p > 1e-17; k++) {
        p = exceeds(l, k);
        first += p;
        second += (2 * k + 1) * p;
    }
    *mean = first;
    *cv = sqrt(fmax(second - first * first, 0)) / first;
}

/* A service lasts 1 s in the mean: the rate is load x servers, the step 1 s / mean tokens. */
struct set_up {
    struct cs_step step;
    struct cs_fleet fleet;
    struct cs_traffic traffic;
    struct cs_simulate simulate;
    struct cs_workload_spec workload;
    struct cs_request_log log;
    struct cs_run_options options;
    double rate, service_s, cv;
    int64_t token_ps[MOST_BATCH + 1], sample_ps[MOST_BATCH + 1];
    int64_t tick_ps;
};

static void set_up(struct set_up *u, const struct station *s, struct cs_arena *arena)
{
    double mean;
    moments(&s->tokens, &mean, &u->cv);
    u->tick_ps = (int64_t)(1e12 / mean);
    u->service_s = mean * (double)u->tick_ps * 1e-12;
    const int slots = s->servers > 0 ? s->servers : MOST_BATCH;
    u->rate = s->load * (s->servers > 0 ? s->servers : 1) / u->service_s;
    for (int t = 0; t <= MOST_BATCH; t++) {
        u->token_ps[t] = s->servers > 0 ? u->tick_ps : t * u->tick_ps;
        u->sample_ps[t] = 0;
    }
    u->step = (struct cs_step){.max_tokens = MOST_BATCH, .max_sampled = MOST_BATCH,
                               .token_ps = u->token_ps, .sample_ps = u->sample_ps};
    u->fleet = (struct cs_fleet){
        .step = &u->step,
        .limits = {.max_num_seqs = slots,
                   .max_num_batched_tokens = slots,
                   .block_size = 16,
                   .kv_blocks = INT64_C(1) << 40,
                   .context_tokens = INT64_C(1) << 40},
        .replicas = 1,
    };
    u->traffic = (struct cs_traffic){
        .kind = CS_VOLUME_REQUESTS,
        .requests_per_s = u->rate,
        .input = {.kind = CS_LENGTHS_FIXED, .a = 1},
        .output = s->tokens,
        .burstiness = 1,
    };
    u->simulate = (struct cs_simulate){
        .requests = s->requests, .replications = 1, .warm_up_s = 3600.0};
    cs_workload_prepare(&u->workload, &u->traffic, &u->simulate, NULL);
    u->log = (struct cs_request_log){.arena = arena};
    u->options = (struct cs_run_options){.window_count = 1, .end_ps = INT64_MAX, .log = &u->log};
}

/* Little's law for the requests in service, and the utilisation law, over the whole run: what the
 * steps saw (sequences x time, busy time) against what the requests say of themselves. */
static void laws_hold(const struct set_up *u, const struct cs_result *r, const struct station *s)
{
    double residence = 0, service = 0, arrived = 0;
    for (size_t i = 0; i < u->log.count; i++) {
        const struct cs_request_record *const q = &u->log.rows[i];
        residence += (double)(q->done_ps - q->first_step_ps);
        service += (double)q->output * (double)u->tick_ps;
        arrived++;
    }
    const double span = (double)r->all_span_ps, rate = arrived / span;
    ck_assert(r->outcome == CS_OUTCOME_DONE && r->all_completed == u->log.count);
    ck_assert(cs_laws_agree(cs_laws_number(rate, residence / arrived), r->all_batch_area / span,
                            1e-9));
    if (s->servers <= 1) /* one server, shared or not: its busy time is the work brought to it */
        ck_assert(cs_laws_agree(cs_laws_utilisation(rate, service / arrived, 1),
                                (double)r->all_busy_ps / span, 1e-9));
    else /* c servers: busy servers are running sequences */
        ck_assert(cs_laws_agree(cs_laws_utilisation(rate, service / arrived, s->servers),
                                r->all_batch_area / span / s->servers, 1e-9));
}

/* The value that a share q stays within: exact, by selection. */
static double quantile(double *x, size_t n, double q)
{
    return gsl_stats_select(x, 1, n, (size_t)ceil(q * (double)n) - 1);
}

static void measure(const struct set_up *u, const struct station *s, struct figures *f, int r)
{
    double *const wait = malloc(u->log.count * sizeof *wait);
    double *const sojourn = malloc(u->log.count * sizeof *sojourn);
    double wait_sum = 0, sojourn_sum = 0;
    double service_of[2] = {0}, sojourn_of[2] = {0};
    size_t n = 0;
    for (size_t i = 0; i < u->log.count; i++) {
        const struct cs_request_record *const q = &u->log.rows[i];
        if (q->arrival_ps < 0)
            continue;
        const double service = (double)q->output * (double)u->tick_ps * 1e-12;
        wait[n] = (double)(q->first_step_ps - q->arrival_ps) * 1e-12;
        sojourn[n] = (double)(q->done_ps - q->arrival_ps) * 1e-12;
        wait_sum += wait[n];
        sojourn_sum += sojourn[n];
        if (service < 0.5 * u->service_s || service > 1.5 * u->service_s) {
            service_of[service > u->service_s] += service;
            sojourn_of[service > u->service_s] += sojourn[n];
        }
        n++;
    }
    ck_assert_int_eq((int64_t)n, s->requests);
    f->wait[r] = wait_sum / (double)n;
    f->sojourn[r] = sojourn_sum / (double)n;
    if (s->quantile > 0) {
        f->wait_quantile[r] = quantile(wait, n, s->quantile);
        f->sojourn_quantile[r] = quantile(sojourn, n, s->quantile);
    }
    f->stretch_short[r] = sojourn_of[0] / service_of[0];
    f->stretch_long[r] = sojourn_of[1] / service_of[1];
    free(wait);
    free(sojourn);
}

/* Runs all replications; what stays in *u is the last one's, less what lived in its arena. */
static void simulate(struct set_up *u, const struct station *s, struct figures *f)
{
    for (int r = 0; r < REPLICATIONS; r++) {
        struct cs_arena arena;
        cs_arena_init(&arena);
        set_up(u, s, &arena);
        struct cs_cluster *const c =
            cs_cluster_new(&arena, &u->fleet, &u->workload, s->seed, (uint64_t)r, &u->options);
        cs_cluster_run(c);
        laws_hold(u, cs_cluster_result(c), s);
        measure(u, s, f, r);
        cs_arena_fini(&arena);
    }
}

static void agrees(const struct station *s, const char *what, const double *x, double formula)
{
    const struct cs_interval i = cs_estimate_mean(x, REPLICATIONS, 0.999);
    const double half = (i.hi - i.lo) / 2;
    printf("%-6s load %.2f %-22s formula %.5g, simulated %.5g +- %.2g (%.2f %%)\n", s->name,
           s->load, what, formula, i.value, half, 100 * half / formula);
    fflush(stdout);
    ck_assert_msg(half < 0.02 * formula, "%s %s: half-width %g of %g", s->name, what, half,
                  formula);
    ck_assert_msg(i.lo <= formula && formula <= i.hi, "%s %s: %g is outside [%g, %g]", s->name,
                  what, formula, i.lo, i.hi);
}

static struct set_up u;
static struct figures f;

START_TEST(mm1)
{
    const struct station s = {.name = "M/M/1",
                              .tokens = {.kind = CS_LENGTHS_GAMMA, .a = 2000, .b = 1},
                              .servers = 1, .load = 0.7, .requests = 60000, .seed = 101,
                              .quantile = 0.95};
    simulate(&u, &s, &f);
    agrees(&s, "mean wait", f.wait, cs_queue_mm1_wait(u.rate, u.service_s));
    agrees(&s, "mean sojourn", f.sojourn,
           cs_laws_time(cs_queue_mm1_number(u.rate, u.service_s), u.rate));
    agrees(&s, "p95 sojourn", f.sojourn_quantile,
           cs_queue_mm1_sojourn_quantile(u.rate, u.service_s, 0.95));
    agrees(&s, "p95 wait", f.wait_quantile,
           cs_queue_mmc_wait_quantile(1, u.rate, u.service_s, 0.95));
}
END_TEST

START_TEST(mmc)
{
    static const struct {
        int servers;
        double load;
        int64_t requests;
    } of[] = {{2, 0.75, 110000}, {6, 0.75, 190000}};
    const struct station s = {.name = "M/M/c",
                              .tokens = {.kind = CS_LENGTHS_GAMMA, .a = 2000, .b = 1},
                              .servers = of[_i].servers, .load = of[_i].load,
                              .requests = of[_i].requests, .seed = 102, .quantile = 0.95};
    simulate(&u, &s, &f);
    const double wait = cs_queue_mmc_wait(s.servers, u.rate, u.service_s);
    agrees(&s, "mean wait", f.wait, wait);
    agrees(&s, "mean sojourn", f.sojourn, wait + u.service_s);
    agrees(&s, "p95 wait", f.wait_quantile,
           cs_queue_mmc_wait_quantile(s.servers, u.rate, u.service_s, 0.95));
}
END_TEST

START_TEST(md1)
{
    const struct station s = {.name = "M/D/1", .tokens = {.kind = CS_LENGTHS_FIXED, .a = 137},
                              .servers = 1, .load = 0.8, .requests = 65000, .seed = 103};
    simulate(&u, &s, &f);
    agrees(&s, "mean wait", f.wait, cs_queue_md1_wait(u.rate, u.service_s));
}
END_TEST

START_TEST(mg1)
{
    static const struct cs_lengths tokens[] = {
        {.kind = CS_LENGTHS_GAMMA, .a = 300, .b = 0.5},
        {.kind = CS_LENGTHS_UNIFORM, .a = 20.5, .b = 400.5},
        {.kind = CS_LENGTHS_GAMMA, .a = 300, .b = 1.7},
    };
    static const double load[] = {0.8, 0.75, 0.6};
    const struct station s = {.name = "M/G/1", .tokens = tokens[_i], .servers = 1,
                              .load = load[_i], .requests = 70000, .seed = 104};
    simulate(&u, &s, &f);
    agrees(&s, "mean wait", f.wait, cs_queue_mg1_wait(u.rate, u.service_s, u.cv));
}
END_TEST

/* Sharing forgets the law of the sizes: the same formula for each, in the mean and by size. */
START_TEST(processor_sharing)
{
    static const struct cs_lengths tokens[] = {
        {.kind = CS_LENGTHS_GAMMA, .a = 4000, .b = 1},
        {.kind = CS_LENGTHS_UNIFORM, .a = 0.5, .b = 9000.5},
        {.kind = CS_LENGTHS_GAMMA, .a = 1500, .b = 2},
    };
    const struct station s = {.name = "PS", .tokens = tokens[_i], .servers = 0, .load = 0.7,
                              .requests = 45000, .seed = 105};
    simulate(&u, &s, &f);
    const double stretch = cs_queue_ps_sojourn(u.rate, u.service_s, 1.0);
    agrees(&s, "mean sojourn", f.sojourn,
           cs_queue_ps_sojourn(u.rate, u.service_s, u.service_s));
    agrees(&s, "stretch of short ones", f.stretch_short, stretch);
    agrees(&s, "stretch of long ones", f.stretch_long, stretch);
}
END_TEST

/* Little's law for all that is in the system, by looking: the mean of what snapshots count every
 * 0.37 s, warm-up and drain aside, is the rate times the mean sojourn. Sampling and the requests
 * that cross the ends leave less than 1 %. */
START_TEST(little_by_looking)
{
    static const struct station of[] = {
        {.name = "M/M/c", .tokens = {.kind = CS_LENGTHS_GAMMA, .a = 500, .b = 1}, .servers = 5,
         .load = 0.8, .requests = 100000, .seed = 106},
        {.name = "PS", .tokens = {.kind = CS_LENGTHS_GAMMA, .a = 500, .b = 1}, .servers = 0,
         .load = 0.7, .requests = 50000, .seed = 107},
    };
    const struct station *const s = &of[_i];
    struct cs_arena arena;
    cs_arena_init(&arena);
    set_up(&u, s, &arena);
    struct cs_cluster *const c =
        cs_cluster_new(&arena, &u.fleet, &u.workload, s->seed, 0, &u.options);
    double seen = 0, looks = 0;
    const int64_t every = INT64_C(370000000000);
    for (int64_t t = 0; cs_cluster_run_until(c, t); t += every) {
        struct cs_snapshot snapshot;
        cs_cluster_snapshot(c, 0, &snapshot);
        seen += snapshot.waiting + snapshot.running;
        looks++;
    }
    cs_cluster_run(c);
    double sojourn = 0, n = 0;
    for (size_t i = 0; i < u.log.count; i++)
        if (u.log.rows[i].arrival_ps >= 0) {
            sojourn += (double)(u.log.rows[i].done_ps - u.log.rows[i].arrival_ps) * 1e-12;
            n++;
        }
    const double span_s = (double)u.log.rows[u.log.count - 1].arrival_ps * 1e-12;
    const double number = cs_laws_number(n / span_s, sojourn / n);
    printf("%-6s seen %.5g in %.0f looks, Little's law says %.5g\n", s->name, seen / looks, looks,
           number);
    ck_assert(cs_laws_agree(number, seen / looks, 0.01));
    cs_arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("queueing");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 600);
    tcase_add_test(all, mm1);
    tcase_add_loop_test(all, mmc, 0, 2);
    tcase_add_test(all, md1);
    tcase_add_loop_test(all, mg1, 0, 3);
    tcase_add_loop_test(all, processor_sharing, 0, 3);
    tcase_add_loop_test(all, little_by_looking, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
