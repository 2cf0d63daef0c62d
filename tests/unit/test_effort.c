/* Less effort, the same energy: how busy a fleet is over all hours, told from five levels of load.
 *
 * Curves and samples look at the busiest hours alone (plan/candidate.h). What a fleet draws is a
 * matter of all hours, so it is simulated at quantiles of the curve; here the levels are worked by
 * hand, and what they tell is held against plans of the whole time.
 *
 * On the toy engine (question.h) a card draws 42 W idle and 310 W busy. `toy-1` is busy half a
 * second for each request, so n cards at r requests a second draw 24 x (42 n + 134 r) Wh a day;
 * those of `toy-8`, whose steps serve whoever waits, are busy less than in proportion.
 */
#include "plan/candidate.h"
#include "question.h"
#include "sheets.h"
#include <check.h>
#include <math.h>
#include <string.h>

/* Hours of a day, 1 to 24 in some order: of mean 12.5. */
#define DAY                                                                                        \
    "[7, 3, 1, 2, 4, 9, 12, 15, 18, 20, 22, 24, 23, 21, 19, 17, 16, 14, 13, 11, 10, 8, 6, 5]"
static const char own[] = "cost: {own: {purchase: 0 USD, electricity: 0.03 USD/kWh}}\n",
                  rented[] = "cost: {gpu: 2 USD/h}\n",
                  carbon[] = "cost: {gpu: 2 USD/h, carbon: 400 gCO2e/kWh}\n";

static const char *ask(const char *rate, const char *curve, const char *deploy, const char *more)
{
    return cs_arena_printf(question_arena(),
                           "name: q\nmodel: toy\ntraffic: {rate: %s, curve: %s, lengths: {input: "
                           "{fixed: 1 token}, output: {fixed: 1 token}}}\n"
                           "deploy: {hardware: card, tensor_parallel: 1, %s}\n%s",
                           rate, curve, deploy, more);
}

/* --- levels ---------------------------------------------------------------------------------- */

static struct cs_level levels[CS_LEVELS];

/* So many levels, whose mean is `mean`. */
static void assert_levels(const char *rate, const char *curve, const char *more, int count,
                          double mean)
{
    struct cs_question q;
    memset(levels, 0, sizeof levels);
    const char *const yaml = ask(rate, curve, "engine: toy-1, replicas: 1", more);
    cs_question_prepare(&q, question_study(yaml, 1)->scenario, NULL);
    ck_assert_int_eq(cs_question_levels(&q, levels), count);
    double shares = 0, sum = 0, before = 0;
    for (int k = 0; k < count; k++) {
        shares += levels[k].share;
        sum += levels[k].share * levels[k].requests_per_s;
        ck_assert_double_gt(levels[k].requests_per_s, before); /* from the quietest on */
        before = levels[k].requests_per_s;
    }
    ck_assert_double_eq_tol(shares, 1, 1e-12);
    ck_assert_double_eq_tol(sum, mean, 1e-12 * mean);
}

/* At 12.5/s an hour of weight w has w requests a second. Of 24 hours in order the first 4 and then
 * 5 at a time: means 2.5, 7, 12, 17 and 22. */
START_TEST(a_day_in_five)
{
    static const double rates[] = {2.5, 7, 12, 17, 22};
    assert_levels("12.5 req/s", DAY, "", 5, 12.5);
    for (int k = 0; k < 5; k++) {
        ck_assert_double_eq_tol(levels[k].share, (k == 0 ? 4 : 5) / 24.0, 1e-12);
        ck_assert_double_eq_tol(levels[k].requests_per_s, rates[k], 1e-12);
    }
}
END_TEST

/* Of a run of six hours, 1 2 3 4 7 9 in order, of mean 26/6: each by itself, and the last two
 * together. Of three, 1 3 7, one each. */
START_TEST(of_the_hours_that_a_run_reaches)
{
    static const double six[] = {1, 2, 3, 4, 8}, three[] = {1, 3, 7};
    assert_levels("12.5 req/s", DAY, "simulate: {days: 0.25}\n", 5, 26 / 6.0);
    for (int k = 0; k < 5; k++) {
        ck_assert_double_eq_tol(levels[k].share, (k < 4 ? 1 : 2) / 6.0, 1e-12);
        ck_assert_double_eq_tol(levels[k].requests_per_s, six[k], 1e-12);
    }
    assert_levels("12.5 req/s", DAY, "simulate: {days: 0.125}\n", 3, 11 / 3.0);
    for (int k = 0; k < 3; k++) {
        ck_assert_double_eq_tol(levels[k].share, 1 / 3.0, 1e-12);
        ck_assert_double_eq_tol(levels[k].requests_per_s, three[k], 1e-12);
    }
}
END_TEST

/* A flat curve is one of equal hours: so are its levels. Traffic without a curve has one level. */
START_TEST(an_even_load)
{
    struct cs_question q;
    const char *const yaml = ask("3 req/s", "flat", "engine: toy-1, replicas: 1", "");
    cs_question_prepare(&q, question_study(yaml, 1)->scenario, NULL);
    const int n = cs_question_levels(&q, levels);
    ck_assert_int_ge(n, 1);
    for (int k = 0; k < n; k++)
        ck_assert_double_eq_tol(levels[k].requests_per_s, 3, 1e-12);
    struct cs_traffic even = *q.workload.traffic;
    even.curve.count = 0;
    q.workload.traffic = &even;
    ck_assert_int_eq(cs_question_levels(&q, levels), 1);
    ck_assert_double_eq(levels[0].share, 1);
    ck_assert_double_eq_tol(levels[0].requests_per_s, 3, 1e-12);
}
END_TEST

/* A run of so many requests, or of a trace, is short enough to be simulated as it is. */
START_TEST(what_is_simulated_to_its_end_has_none)
{
    struct cs_question q;
    const char *const yaml =
        ask("3 req/s", DAY, "engine: toy-1, replicas: 1", "simulate: {requests: 5000}\n");
    cs_question_prepare(&q, question_study(yaml, 1)->scenario, NULL);
    ck_assert_int_eq(cs_question_levels(&q, levels), 0);
    static const double at[] = {0, 9};
    static const int32_t one[] = {1, 1};
    const struct cs_trace trace = {.count = 2, .arrival_s = at, .input = one, .output = one};
    const struct cs_scenario *const s =
        question_study(ask("3 req/s", DAY, "engine: toy-1, replicas: 1", ""), 1)->scenario;
    cs_question_prepare(&q, s, &trace);
    ck_assert_int_eq(cs_question_levels(&q, levels), 0);
    cs_question_prepare(&q, s, NULL);
    ck_assert_int_eq(cs_question_levels(&q, levels), 5);
}
END_TEST

/* --- plans ----------------------------------------------------------------------------------- */

static struct {
    long gpus;
    double busy, usd, kwh, carbon;
} seen[3]; /* by effort */

static void take(void *user, size_t index, const struct cs_answer *answer,
                 const struct cs_diags *diags)
{
    (void)user;
    ck_assert_uint_eq(diags->errors, 0);
    const struct cs_option_answer *const o = &answer->options[0];
    seen[index].gpus = o->gpus;
    seen[index].busy = o->busy;
    seen[index].usd = o->cost.usd_per_day;
    seen[index].kwh = o->cost.kwh_per_day;
    seen[index].carbon = o->cost.kg_co2e_per_day;
}

static void plan_study(struct cs_study *study)
{
    static const struct cs_variant variants[] = {
        {.effort = CS_EFFORT_FULL}, {.effort = CS_EFFORT_BRIEF}, {.effort = CS_EFFORT_SKETCH}};
    cs_study_run(study, variants, 3, take, NULL);
}

static void plan(const char *yaml)
{
    plan_study(question_study(yaml, 2));
}

static void assert_alike(void)
{
    for (int e = CS_EFFORT_BRIEF; e <= CS_EFFORT_SKETCH; e++) {
        ck_assert_int_eq(seen[e].gpus, seen[0].gpus);
        ck_assert_double_eq_tol(seen[e].busy / seen[0].busy, 1, 0.03);
        ck_assert_double_eq_tol(seen[e].kwh / seen[0].kwh, 1, 0.03);
        ck_assert_double_eq_tol(seen[e].usd / seen[0].usd, 1, 0.03);
    }
}

/* Two cards at 1.2/s, whatever the hour: busy 0.3, 24 x (84 + 160.8) = 5.8752 kWh a day, 0.176256
 * USD. Five levels of 2500 requests, of fixed length, tell it to a percent or two. */
START_TEST(energy_in_closed_form)
{
    static const char *const curves[] = {"flat", DAY};
    for (size_t i = 0; i < 2; i++) {
        plan(ask(
            "1.2 req/s", curves[i], "engine: toy-1, replicas: 2",
            cs_arena_printf(question_arena(), "%ssimulate: {days: 2, replications: 1}\n", own)));
        assert_alike();
        for (int e = 0; e < 3; e++) {
            ck_assert_double_eq_tol(seen[e].busy, 0.3, 0.009);
            ck_assert_double_eq_tol(seen[e].kwh, 5.8752, 0.03 * 5.8752);
            ck_assert_double_eq_tol(seen[e].usd, 0.03 * seen[e].kwh, 1e-12);
        }
    }
}
END_TEST

/* Nothing comes in twelve hours of the day, and 2.4/s in the others: as above. */
START_TEST(hours_without_a_request)
{
    plan(ask("1.2 req/s",
             "[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]",
             "engine: toy-1, replicas: 2",
             cs_arena_printf(question_arena(), "%ssimulate: {days: 1, replications: 1}\n", own)));
    assert_alike();
    for (int e = 0; e < 3; e++)
        ck_assert_double_eq_tol(seen[e].kwh, 5.8752, 0.03 * 5.8752);
}
END_TEST

/* Where steps serve whoever waits a card is not busy in proportion: at 12/s on three it is less so
 * than 12 / 3 / 2 = 2 requests in a step would make it, which is all the time. Given, and sized. */
START_TEST(energy_of_batches)
{
    static const char *const fleets[] = {"engine: toy-8, replicas: 3", "engine: toy-8"};
    for (size_t i = 0; i < 2; i++) {
        plan(ask("3 req/s", DAY, fleets[i],
                 cs_arena_printf(question_arena(),
                                 "%sslo: {ttft: {p95: 2 s}}\n"
                                 "simulate: {days: 1, replications: 1}\n",
                                 own)));
        assert_alike();
        ck_assert_double_lt(seen[0].busy, 0.95);
        ck_assert_double_gt(seen[0].busy, 0.2);
    }
}
END_TEST

/* Rented cards' energy is in their rent. Where the busiest hours alone are simulated it is not
 * known then, nor how busy they are; where carbon is asked for it is, and so is a run's that is
 * simulated to its end: 5.8752 kWh as above, 2.35 kg. */
START_TEST(energy_of_rented_cards)
{
    static const char *const fleet = "engine: toy-1, replicas: 2";
    struct cs_arena *const arena = question_arena();
    plan(ask("1.2 req/s", DAY, fleet,
             cs_arena_printf(arena, "%ssimulate: {days: 1, replications: 1}\n", rented)));
    ck_assert_double_eq_tol(seen[0].kwh, 5.8752, 0.03 * 5.8752);
    for (int e = CS_EFFORT_BRIEF; e <= CS_EFFORT_SKETCH; e++) {
        ck_assert(isnan(seen[e].kwh) && isnan(seen[e].busy));
        ck_assert_double_eq_tol(seen[e].usd, 96, 1e-9);
    }
    plan(ask("1.2 req/s", DAY, fleet,
             cs_arena_printf(arena, "%ssimulate: {days: 1, replications: 1}\n", carbon)));
    assert_alike();
    for (int e = 0; e < 3; e++)
        ck_assert_double_eq_tol(seen[e].carbon, 0.4 * seen[e].kwh, 1e-9);
    plan(ask("1.2 req/s", "flat", fleet,
             cs_arena_printf(arena, "%ssimulate: {requests: 9000, replications: 1}\n", rented)));
    for (int e = 0; e < 3; e++)
        ck_assert_double_eq_tol(seen[e].kwh, 5.8752, 0.03 * 5.8752);
}
END_TEST

/* A card of the catalogue, a curve of a week, and lengths as measured. */
START_TEST(energy_of_an_owned_4090)
{
    static const char *const sets[] = {"simulate={replications: 1}",
                                       "deploy={hardware: rtx-4090, precision: int4}"};
    struct cs_study study;
    struct cs_diags diags;
    sheets_open();
    cs_diags_init(&diags, sheets_arena());
    ck_assert(cs_study_open(&study, "/none/capsim", "scenarios/owned-4090.yaml", sets, 2, 2,
                            sheets_arena(), &diags));
    plan_study(&study);
    assert_alike();
    ck_assert_double_lt(seen[0].busy, 0.9);
    cs_study_close(&study);
    sheets_close();
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("effort");
    TCase *const all = tcase_create("all"), *const catalogue = tcase_create("catalogue");
    tcase_add_checked_fixture(all, question_open, question_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_day_in_five);
    tcase_add_test(all, of_the_hours_that_a_run_reaches);
    tcase_add_test(all, an_even_load);
    tcase_add_test(all, what_is_simulated_to_its_end_has_none);
    tcase_add_test(all, energy_in_closed_form);
    tcase_add_test(all, hours_without_a_request);
    tcase_add_test(all, energy_of_batches);
    tcase_add_test(all, energy_of_rented_cards);
    tcase_set_timeout(catalogue, 60);
    tcase_add_test(catalogue, energy_of_an_owned_4090);
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, catalogue);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
