/* What fleets can do, and what money buys, against closed forms.
 *
 * A replica of the toy engine (question.h) is a queue with one server and service of S = 0.5 s:
 * with Poisson arrivals the mean of TTFT is S + S rho / (2 (1 - rho)). Within 1 s it is up to rho =
 * 2/3, so one replica takes 4/3 requests a second; with a factor e^g on step times, up to the rho
 * at which S e^g (1 + rho / (2 (1 - rho))) = 1. Without an SLO it takes what it can carry, 2/s. A
 * day of one-token requests at r a second is 0.3456 r USD at API `flat` and 0.5184 r at `split`.
 */
#include "folder.h"
#include "plan/budget.h"
#include "plan/crossover.h"
#include "question.h"
#include <check.h>
#include <math.h>
#include <string.h>

static struct cs_capacity capacity;
static struct cs_budget budget;
static struct cs_diags diags;
static const double BILL = 0.3456;

static void setup(void)
{
    question_open();
    cs_diags_init(&diags, question_arena());
}

static const char one[] = "{hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 1}",
                  three[] = "{hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 3}",
                  sized[] = "{hardware: card, engine: toy-1}",
                  unsure[] = "{hardware: card, engine: toy-2, tensor_parallel: 1}",
                  mean[] = "slo: {ttft: {mean: 1 s}, window: run}\n",
                  cheap[] = "gpu: 0.016 USD/h"; /* 0.384 USD a day */

static const char *ask(const char *rate, const char *deploy, const char *cost, const char *more)
{
    return cs_arena_printf(question_arena(),
                           "name: q\nmodel: toy\ndeploy: %s\ncost: {%s}\n"
                           "traffic: {rate: %s, lengths: {input: {fixed: 1 token}, output: {fixed: "
                           "1 token}}}\nsimulate: {requests: 20000}\n%s",
                           deploy, cost, rate, more);
}

static void find_capacity(const char *yaml, long gpus, bool brief, int threads)
{
    const bool sound = cs_capacity_run(&capacity, question_study(yaml, threads), gpus, brief, false,
                                       question_arena(), &diags);
    ck_assert(sound);
}

/* Within what the frontier says of itself, which is a twentieth at the most. */
static void assert_most(const struct cs_frontier *f, double at)
{
    ck_assert_msg(f->lo <= f->at && f->at <= f->hi, "%g %g %g", f->lo, f->at, f->hi);
    ck_assert_msg(f->lo <= at && at <= f->hi, "%g not in %g .. %g", at, f->lo, f->hi);
    ck_assert_double_lt(f->hi / f->lo, 1.05);
    ck_assert_double_eq_tol(f->at / at, 1, 0.03);
}

/* --- capacity -------------------------------------------------------------------------------- */

/* One replica takes 4/3; what is simulated at the end is that traffic, at 0.384 USD a day, and
 * costs less than the API from 0.384 / (0.3456 x 4/3) = 5/6 of it on; than the dearer one from 5/9.
 */
START_TEST(one_replica)
{
    find_capacity(ask("0.2 req/s", sized, cheap,
                      cs_arena_printf(question_arena(), "%scompare: [flat, split]\n", mean)),
                  0, false, 2);
    ck_assert_uint_eq(capacity.count, 1);
    const struct cs_frontier *const f = &capacity.fleets[0];
    assert_most(f, 4 / 3.0);
    ck_assert_str_eq(capacity.along.unit, "req/s");
    ck_assert_int_eq(f->binding, CS_BINDING_TTFT);
    ck_assert(!f->model_known && isnan(f->model_lo) && isnan(f->model_hi));
    ck_assert_ptr_null(f->why_not);
    ck_assert(f->here.simulated && f->here.slo_met);
    ck_assert_double_eq_tol(f->here.requests_per_s, f->at, 1e-9 * f->at);
    ck_assert_double_eq_tol(f->here.tokens_per_day, 2 * 86400 * f->at, 1e-6 * 86400);
    ck_assert_double_eq_tol(f->here.usd_per_day, 0.384, 1e-9);
    ck_assert_double_eq_tol(f->here.busy, 0.5 * f->at, 0.02);
    ck_assert_double_eq_tol(f->here.load, 0.5 * f->at, 1e-6);
    ck_assert_double_eq_tol(f->here.latency[CS_METRIC_TTFT].stat[CS_STAT_MEAN].value, 1, 0.06);
    ck_assert_double_eq_tol(cs_capacity_break_even(f, 0), 0.384 / (BILL * f->at), 1e-6);
    ck_assert_double_eq_tol(cs_capacity_break_even(f, 0), 5 / 6.0, 0.03);
    ck_assert_double_eq_tol(cs_capacity_break_even(f, 1), 5 / 9.0, 0.02);
}
END_TEST

/* Where the scenario itself stands is of no account: far above, at, or far below the end. */
START_TEST(from_wherever_it_stands)
{
    static const char *const rates[] = {"0.001 req/s", "1.3 req/s", "4000 req/s"};
    for (size_t i = 0; i < 3; i++) {
        find_capacity(ask(rates[i], sized, cheap, mean), 0, true, 2);
        assert_most(&capacity.fleets[0], 4 / 3.0);
    }
}
END_TEST

/* Without an SLO whatever is stable will do, up to 2/s: a queue at 0.98 of that is not told from
 * one that grows within 20,000 requests, so a little more than it can carry passes too. Four
 * carry 8. */
START_TEST(without_an_slo)
{
    find_capacity(ask("1 req/s", sized, cheap, ""), 1, true, 2);
    ck_assert_double_eq_tol(capacity.fleets[0].at, 2, 0.1);
    find_capacity(ask("1 req/s", sized, cheap, ""), 4, true, 2);
    ck_assert_int_eq(capacity.fleets[0].fleet.given.replicas, 4);
    ck_assert_double_eq_tol(capacity.fleets[0].at, 8, 0.4);
}
END_TEST

/* Steps of toy-2 are off by 20 %, at the ends of 95 % by e^(+-0.392): with S = 0.74 s 0.74 (1 + x /
 * 2) = 1 at x = rho / (1 - rho) = 0.7027, rho = 0.4127, 0.5577/s; with S = 0.3379 s at x = 3.919,
 * rho = 0.7967, 2.358/s. */
START_TEST(the_models_error)
{
    find_capacity(ask("1 req/s", unsure, cheap, mean), 0, false, 2);
    const struct cs_frontier *const f = &capacity.fleets[0];
    assert_most(f, 4 / 3.0);
    ck_assert(f->model_known);
    const double ends[] = {0.391993, -0.391993}, found[] = {f->model_lo, f->model_hi};
    for (int e = 0; e < 2; e++) {
        const double s = 0.5 * exp(ends[e]), x = 2 * (1 / s - 1), rho = x / (1 + x);
        ck_assert_double_eq_tol(found[e] / (rho / s), 1, 0.04);
    }
    find_capacity(ask("1 req/s", unsure, cheap, mean), 0, true, 2);
    ck_assert(!capacity.fleets[0].model_known);
    ck_assert(isnan(capacity.fleets[0].model_lo));
}
END_TEST

/* A first token takes half a second: no traffic at all is served within 0.4 s. Of fleets that can
 * the one that does most for a dollar is first: three of toy-8, which takes up to eight at a time;
 * one card of a kind at half the price; three of toy-1, which take more than three times what one
 * does, at three times its price; that one. */
START_TEST(ranked_by_what_a_dollar_does)
{
    static const size_t order[] = {1, 3, 2, 0};
    find_capacity(ask("1 req/s", sized, cheap, "slo: {ttft: {p95: 0.4 s}}\n"), 0, false, 2);
    ck_assert_uint_eq(capacity.count, 1);
    ck_assert(isnan(capacity.fleets[0].at));
    ck_assert_str_eq(capacity.fleets[0].why_not, "meets the SLO at no point that was tried");
    ck_assert(isnan(cs_capacity_break_even(&capacity.fleets[0], 0)));
    test_write("hardware/half.yaml",
               "name: half\ntitle: Half\nmemory: {capacity: 1 GB, bandwidth: 1000 TB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\nsources: {memory: made up, compute: made up}\n"
               "rental:\n  - {provider: Alder, price: 1 USD/h, date: 2026-05-24, source: a}\n");
    find_capacity(ask("1 req/s",
                      cs_arena_printf(question_arena(),
                                      "[%s, {hardware: card, engine: toy-8, gpus: 3}, %s, "
                                      "{hardware: half, engine: toy-1}]",
                                      one, three),
                      "prices: listed", mean),
                  0, true, 2);
    ck_assert_uint_eq(capacity.count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(capacity.fleets[i].fleet.option, order[i]);
    const struct cs_frontier *const f = capacity.fleets;
    ck_assert_double_gt(f[2].at, 3 * f[3].at);
    ck_assert_double_gt(f[2].at, 2 * f[1].at);
    for (size_t i = 0; i + 1 < 4; i++)
        ck_assert_double_gt(f[i].here.tokens_per_day / f[i].here.usd_per_day,
                            f[i + 1].here.tokens_per_day / f[i + 1].here.usd_per_day);
}
END_TEST

/* Of the sizes that fit the one that takes most per GPU, or all of them. On `pair` weights of 20 GB
 * take another half a second, a quarter on two cards: S is 1 s and 0.75 s. Within a mean of 3 s, x
 * = rho / (1 - rho) = 2 (3 / S - 1) is 4 and 6, so one card takes 4/5 a second and two 6/7 / 0.75 =
 * 1.143, less for each. Of two cards two replicas of one are better by more. */
START_TEST(sizes)
{
    static const char slow[] = "slo: {ttft: {mean: 3 s}, window: run}\n";
    test_write("hardware/pair.yaml",
               "name: pair\ntitle: Pair\nmemory: {capacity: 100 GB, bandwidth: 40 GB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\nlink: {kind: Bridge, bandwidth: 900 GB/s, gpus: "
               "2}\nsources: {memory: made up, compute: made up, link: made up}\n");
    test_write("models/toy.yaml",
               "name: toy\nweights: bf16\nparameters: {total: 10B}\n"
               "architecture: {layers: 50, hidden: 4096, heads: 32, kv_heads: 8, head_dim: 128,\n"
               "  ffn: 12800, vocabulary: 16, context: 4096 tokens}\n"
               "sources: {architecture: made up, parameters: made up}\n");
    static const double at[] = {0.8, 1.142857};
    const char *const yaml = ask("1 req/s", "{hardware: pair, engine: toy-1}", cheap, slow);
    for (long gpus = 0; gpus <= 2; gpus += 2) {
        find_capacity(yaml, gpus, true, 2);
        ck_assert_uint_eq(capacity.count, 1);
        ck_assert_int_eq(capacity.fleets[0].fleet.given.tensor, 1);
        ck_assert_int_eq(capacity.fleets[0].fleet.given.replicas, gpus == 2 ? 2 : 1);
    }
    ck_assert(cs_capacity_run(&capacity, question_study(yaml, 2), 0, true, true, question_arena(),
                              &diags));
    ck_assert_uint_eq(capacity.count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(capacity.fleets[i].fleet.given.tensor, i + 1);
        assert_most(&capacity.fleets[i], at[i]);
    }
}
END_TEST

/* What the ends say of themselves: planned there once more, as the search does, the fleet meets its
 * SLO for certain at lo, misses it for certain at hi, and neither is certain of at. */
static struct {
    bool met, certain;
} ends[3];

static void take_end(void *user, size_t index, const struct cs_answer *answer,
                     const struct cs_diags *none)
{
    (void)user;
    (void)none;
    ends[index].met = answer->options[0].feasible;
    ends[index].certain = !answer->options[0].undecided;
}

START_TEST(the_ends_once_more)
{
    const char *const yaml = ask("1 req/s", sized, cheap, mean);
    find_capacity(yaml, 0, true, 2);
    const struct cs_frontier *const f = &capacity.fleets[0];
    const double at[] = {f->lo, f->at, f->hi};
    struct cs_variant variants[3];
    for (int e = 0; e < 3; e++) {
        const char **const set = cs_arena_alloc(question_arena(), 1, sizeof *set);
        *set = cs_arena_printf(question_arena(), "traffic.rate=%.12g req/s", at[e]);
        variants[e] = (struct cs_variant){.sets = set,
                                          .set_count = 1,
                                          .effort = CS_EFFORT_BRIEF,
                                          .only = 1,
                                          .given = f->fleet.given};
    }
    cs_study_run(question_study(yaml, 2), variants, 3, take_end, NULL);
    ck_assert(ends[0].met && ends[0].certain);
    ck_assert(ends[1].met && !ends[1].certain);
    ck_assert(!ends[2].met && ends[2].certain);
}
END_TEST

START_TEST(answers_know_no_threads)
{
    struct cs_capacity found[3];
    const char *const yaml =
        ask("1 req/s", cs_arena_printf(question_arena(), "[%s, %s]", unsure, three), cheap,
            cs_arena_printf(question_arena(), "%scompare: flat\n", mean));
    for (int i = 0; i < 3; i++) {
        find_capacity(yaml, 0, false, 1 << i);
        found[i] = capacity;
        ck_assert_uint_eq(capacity.count, 2);
        for (size_t k = 0; k < 2; k++) {
            const struct cs_frontier *const a = &found[0].fleets[k], *const b = &capacity.fleets[k];
            ck_assert_uint_eq(a->fleet.option, b->fleet.option);
            ck_assert_double_eq(a->at, b->at);
            ck_assert_double_eq(a->lo, b->lo);
            ck_assert_double_eq(a->hi, b->hi);
            ck_assert_int_eq(a->binding, b->binding);
            ck_assert_double_eq(a->here.busy, b->here.busy);
            ck_assert_double_eq(a->here.api[0], b->here.api[0]);
            ck_assert_int_eq(memcmp(a->here.latency, b->here.latency, sizeof a->here.latency), 0);
            ck_assert_int_eq(a->model_known, b->model_known);
            if (a->model_known) {
                ck_assert_double_eq(a->model_lo, b->model_lo);
                ck_assert_double_eq(a->model_hi, b->model_hi);
            }
        }
    }
}
END_TEST

/* A trace has the volume that it has. */
START_TEST(a_trace_has_no_most)
{
    test_write("scenarios/a.csv", "arrival_s,input_tokens,output_tokens\n1,2,3\n4,5,6\n");
    ck_assert(!cs_capacity_run(&capacity,
                               question_study("name: q\nmodel: toy\ntraffic: {trace: a.csv}\n"
                                              "deploy: {hardware: card, engine: toy-1}\n",
                                              1),
                               0, true, false, question_arena(), &diags));
    ck_assert_str_eq(diags.items[0].message,
                     "a trace has the volume that it has: there is no most of it to be found");
}
END_TEST

/* --- along the load -------------------------------------------------------------------------- */

/* The crossover along the share of what the fleet takes is break-even, and its interval that of the
 * most: 0.384 / 0.3456 = 1.1111/s, of 4/3. */
START_TEST(break_even_is_the_crossover_along_the_load)
{
    struct cs_along along;
    struct cs_crossover c;
    const struct cs_crossover_settings settings = {.points = 5};
    const char *const yaml =
        ask("0.8 req/s", one, cheap, cs_arena_printf(question_arena(), "%scompare: flat\n", mean));
    find_capacity(yaml, 0, false, 2);
    const struct cs_frontier f = capacity.fleets[0];
    const double share = cs_capacity_break_even(&f, 0);
    struct cs_study *const study = question_study(yaml, 2);
    ck_assert(cs_along_parse(&along, "utilisation", NULL, study, question_arena(), &diags));
    ck_assert(cs_capacity_along(&along, study, question_arena(), &diags));
    ck_assert_double_eq(along.most, f.at);
    ck_assert_double_eq(along.most_lo, f.lo);
    ck_assert_double_eq(along.most_hi, f.hi);
    ck_assert_int_eq(along.given.replicas, 1);
    cs_crossover_run(&c, study, &along, &settings, question_arena());
    ck_assert_uint_eq(c.against[0].count, 1);
    const struct cs_crossing *const k = &c.against[0].crossings[0];
    ck_assert(k->own_above);
    ck_assert_double_eq_tol(k->at, share, 1e-6);
    ck_assert_double_eq_tol(k->at * along.most, 0.384 / BILL, 1e-6);
    ck_assert_double_eq_tol(k->sampling_lo, 0.384 / BILL / f.hi, 1e-6);
    ck_assert_double_eq_tol(k->sampling_hi, 0.384 / BILL / f.lo, 1e-6);
    ck_assert_double_eq_tol(c.here, 0.8 / f.at, 1e-9);
}
END_TEST

START_TEST(no_load_at_all)
{
    struct cs_along along;
    struct cs_study *const study =
        question_study(ask("1 req/s", one, cheap, "slo: {ttft: {p95: 0.4 s}}\n"), 2);
    ck_assert(cs_along_parse(&along, "utilisation", NULL, study, question_arena(), &diags));
    ck_assert(!cs_capacity_along(&along, study, question_arena(), &diags));
    ck_assert_str_eq(diags.items[0].message,
                     "--axis utilisation: the fleet meets the SLO with no traffic");
}
END_TEST

/* --- budget ---------------------------------------------------------------------------------- */

static void spend(const char *yaml, double usd)
{
    cs_budget_run(&budget, question_study(yaml, 2), usd, true, false, question_arena());
}

/* 0.384 USD a day buy one card, which at 1.2/s has 0.5 + 0.375 s: limits of 1 s could be 0.875 of
 * that. 0.768 buy two, and 3.83 nine, which wait so seldom that half a second is nearly all. A
 * smaller factor is the harder one. */
START_TEST(limits_that_money_buys)
{
    static const struct {
        double usd, at;
        int replicas;
    } cases[] = {{0.384, 0.875, 1}, {0.767, 0.875, 1}, {0.768, NAN, 2}, {3.83, NAN, 9}};
    double before = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        spend(ask("1.2 req/s", sized, cheap, mean), cases[i].usd);
        ck_assert_uint_eq(budget.count, 1);
        const struct cs_frontier *const f = &budget.fleets[0];
        ck_assert_int_eq(f->fleet.given.replicas, cases[i].replicas);
        ck_assert_double_eq_tol(f->here.usd_per_day, 0.384 * cases[i].replicas, 1e-9);
        ck_assert_double_ge(f->lo, f->at);
        ck_assert_double_ge(f->at, f->hi);
        ck_assert_double_ge(f->at, 0.5);
        ck_assert_double_le(f->at, before);
        before = f->at;
        if (!isnan(cases[i].at)) {
            ck_assert_double_eq_tol(f->at, cases[i].at, 0.03);
            ck_assert(f->hi <= cases[i].at && cases[i].at <= f->lo);
        }
    }
    ck_assert_double_lt(before, 0.51);
}
END_TEST

/* Cards that are paid for cost 0.03024 USD a day each and 0.115776 more at 1.2/s, whatever their
 * number. Of 0.25 the eight that would idle for it cannot serve; four cost 0.2367, and five 0.267.
 * Of 0.15 one serves, at 0.146. Of 0.04 one would idle and none serve. With an SLO and without. */
START_TEST(energy_takes_its_share)
{
    static const char own[] = "own: {purchase: 0 USD, electricity: 0.03 USD/kWh}";
    static const struct {
        double usd, cost;
        int replicas;
    } cases[] = {{0.25, 0.236736, 4}, {0.15, 0.146016, 1}, {0.04, NAN, 0}};
    static const char *const more[] = {mean, ""};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            spend(ask("1.2 req/s", sized, own, more[k]), cases[i].usd);
            ck_assert_uint_eq(budget.count, 1);
            const struct cs_frontier *const f = &budget.fleets[0];
            ck_assert_int_eq(f->fleet.given.replicas, cases[i].replicas);
            ck_assert_int_eq(f->fleet.gpus, cases[i].replicas);
            ck_assert_double_eq_tol(f->fleet.capacity_rps, 2.0 * cases[i].replicas, 1e-6);
            if (cases[i].replicas == 0) {
                ck_assert_str_eq(f->why_not, "the energy of one replica costs more than is left");
                continue;
            }
            ck_assert_double_eq_tol(f->here.usd_per_day, cases[i].cost, 0.02 * cases[i].cost);
            ck_assert_double_le(f->here.usd_per_day, cases[i].usd);
        }
}
END_TEST

/* Without limits fleets are as they are, the shortest answers first; one card does not keep up with
 * 3/s; a cent buys none. */
START_TEST(without_limits)
{
    spend(ask("1.2 req/s",
              "[{hardware: card, engine: toy-1}, {hardware: card, engine: toy-8}, {hardware: card, "
              "engine: toy-2}]",
              cheap, ""),
          0.4);
    ck_assert_uint_eq(budget.count, 3);
    ck_assert_uint_eq(budget.fleets[0].fleet.option, 1);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(budget.fleets[i].here.simulated && isnan(budget.fleets[i].at));
        ck_assert_int_eq(budget.fleets[i].fleet.given.replicas, 1);
        ck_assert_double_eq_tol(budget.fleets[i].here.usd_per_day, 0.384, 1e-9);
    }
    spend(ask("3 req/s", sized, cheap, ""), 0.4);
    ck_assert_str_eq(budget.fleets[0].why_not, "does not keep up with the traffic");
    spend(ask("3 req/s", sized, cheap, ""), 0.8);
    ck_assert_ptr_null(budget.fleets[0].why_not);
    ck_assert_int_eq(budget.fleets[0].fleet.given.replicas, 2);
    static const char *const more[] = {mean, ""};
    for (size_t k = 0; k < 2; k++) {
        spend(ask("1 req/s", sized, cheap, more[k]), 0.01);
        ck_assert_uint_eq(budget.count, 1);
        ck_assert_str_eq(budget.fleets[0].why_not, "a replica of 1 costs 0.384 USD a day");
        ck_assert(isnan(budget.fleets[0].at) && !budget.fleets[0].here.simulated);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("budget");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, one_replica);
    tcase_add_test(all, from_wherever_it_stands);
    tcase_add_test(all, without_an_slo);
    tcase_add_test(all, the_models_error);
    tcase_add_test(all, ranked_by_what_a_dollar_does);
    tcase_add_test(all, sizes);
    tcase_add_test(all, the_ends_once_more);
    tcase_add_test(all, answers_know_no_threads);
    tcase_add_test(all, a_trace_has_no_most);
    tcase_add_test(all, break_even_is_the_crossover_along_the_load);
    tcase_add_test(all, no_load_at_all);
    tcase_add_test(all, limits_that_money_buys);
    tcase_add_test(all, energy_takes_its_share);
    tcase_add_test(all, without_limits);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
