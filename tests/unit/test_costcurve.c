/* Axes and points of cost curves: what a name and a range mean, and which points are planned.
 *
 * The toy engine (question.h) carries 2 requests a second a replica. With 1.2 requests of one token
 * in and one out a second and GPUs at 2 USD/h a day costs 48 USD. API `flat`, at 2 USD/Mtok, asks
 * for 2 x 86400 tokens 0.3456 USD; `split`, at 1 in and 5 out, 0.5184.
 */
#include "plan/costcurve.h"
#include "question.h"
#include <check.h>
#include <math.h>
#include <string.h>

static const char question[] =
    "name: toy question\nmodel: toy\n"
    "traffic: {rate: 1.2 req/s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 token}}}\n"
    "slo: {ttft: {p95: 30 s, p99_9: 1 min}, e2e: {mean: 40 s}, window: run}\n"
    "deploy: {hardware: card, engine: toy-1, tensor_parallel: 1}\n"
    "compare: [split, flat]\nsimulate: {requests: 4000, replications: 1}\n";

static struct cs_diags diags;
static struct cs_along along;

static void setup(void)
{
    question_open();
    cs_diags_init(&diags, question_arena());
}

static void parse(const char *axis, const char *range, const struct cs_study *study)
{
    const bool sound = cs_along_parse(&along, axis, range, study, question_arena(), &diags);
    if (!sound)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(sound, "%s %s", axis, range ? range : "");
}

static void assert_along(const char *key, const char *unit, bool log, double low, double high)
{
    ck_assert_pstr_eq(along.key, key);
    ck_assert_str_eq(along.unit, unit);
    ck_assert_int_eq(along.log, log);
    ck_assert_double_eq_tol(along.low, low, 1e-9 * fabs(low) + 1e-15);
    ck_assert_double_eq_tol(along.high, high, 1e-9 * fabs(high));
}

/* Without a range: a hundredth to ten times what the scenario says of its volume, a quarter to four
 * times the price that it pays. */
START_TEST(axes_by_name)
{
    struct cs_study *const study = question_study(question, 1);
    parse("volume", NULL, study);
    assert_along("traffic.rate", "req/s", true, 0.012, 12);
    ck_assert_str_eq(along.name, "volume");
    ck_assert_double_eq_tol(cs_along_here(&along, study->scenario), 1.2, 1e-12);
    parse("traffic.rate", "7200..43200 req/h", study); /* 2 to 12 a second */
    assert_along("traffic.rate", "req/s", true, 2, 12);
    parse("gpu_price", NULL, study);
    assert_along("cost.gpu_price", "%", true, 25, 400);
    ck_assert_double_eq_tol(cs_along_here(&along, study->scenario), 100, 1e-12);
    parse("cost.gpu", "1..3", study);
    assert_along("cost.gpu", "USD/h", false, 1, 3);
    parse("cost.api_price", "5%..200%", study); /* the unit stays with the number */
    assert_along("cost.api_price", "%", false, 5, 200);
    parse("gpu_price", "50..150", study);
    assert_along("cost.gpu_price", "%", true, 50, 150);
    parse("traffic.input_share", "0.1..0.9", study);
    assert_along("traffic.input_share", "", false, 0.1, 0.9);
    parse("output_share", NULL, study);
    ck_assert_int_eq(along.kind, CS_ALONG_SHARE);
    assert_along(NULL, "", false, 0.05, 0.95);
    ck_assert_double_eq_tol(cs_along_here(&along, study->scenario), 0.5, 1e-12);
    parse("output_share", "10%..60%", study);
    assert_along(NULL, "", false, 0.1, 0.6);
    parse("slo", NULL, study);
    ck_assert_int_eq(along.kind, CS_ALONG_SLO);
    assert_along(NULL, "", true, 0.25, 4);
    ck_assert_double_eq(cs_along_here(&along, study->scenario), 1);
    parse("cost.staff", "0..10 USD/day", study); /* any other key, in the range's own unit */
    assert_along("cost.staff", "USD/day", false, 0, 10);
    ck_assert(isnan(cs_along_here(&along, study->scenario)));
    parse("traffic.burstiness", "0.5..2 x2", study); /* by a factor: a logarithmic axis */
    assert_along("traffic.burstiness", "", true, 0.5, 2);
}
END_TEST

/* 0.3 Mtokens/day are 300 ktokens; three requests a minute are 4320 a day. */
START_TEST(the_volume_is_what_the_scenario_says)
{
    static const char by_tokens[] =
        "name: q\nmodel: toy\ntraffic: {volume: 0.3M tokens/day, lengths: {input: {fixed: 1 "
        "token}, output: {fixed: 1 token}}}\ndeploy: {hardware: card, engine: toy-1}\n";
    static const char by_requests[] =
        "name: q\nmodel: toy\ntraffic: {requests: 4320 req/day, lengths: {input: {fixed: 1 "
        "token}, output: {fixed: 1 token}}}\ndeploy: {hardware: card, engine: toy-1}\n";
    const struct cs_study *study = question_study(by_tokens, 1);
    parse("volume", "1M..500M", study);
    assert_along("traffic.volume", "tokens/day", true, 1e6, 5e8);
    ck_assert_double_eq(along.low, 1e6); /* to the last digit */
    ck_assert_double_eq(along.high, 5e8);
    ck_assert_double_eq_tol(cs_along_here(&along, study->scenario), 3e5, 1e-6);
    parse("traffic.volume", "1..2 tokens/s", study);
    assert_along("traffic.volume", "tokens/day", true, 86400, 172800);
    study = question_study(by_requests, 1);
    parse("volume", NULL, study);
    assert_along("traffic.requests", "req/day", true, 43.2, 43200);
    ck_assert_double_eq_tol(cs_along_here(&along, study->scenario), 4320, 1e-9);
}
END_TEST

/* From 2 to 32: half the range is sqrt(64) = 8 by factors and 17 by differences; from 4 to 16 it is
 * a factor of e^(2 ln 2), and 12 / 30 of the range. */
START_TEST(places_along_an_axis)
{
    along = (struct cs_along){.log = true, .low = 2, .high = 32};
    ck_assert_double_eq_tol(cs_along_at(&along, 0), 2, 1e-12);
    ck_assert_double_eq_tol(cs_along_at(&along, 0.25), 4, 1e-12);
    ck_assert_double_eq_tol(cs_along_at(&along, 0.5), 8, 1e-12);
    ck_assert_double_eq_tol(cs_along_middle(&along, 4, 16), 8, 1e-12);
    ck_assert_double_eq_tol(cs_along_width(&along, 4, 16), 2 * log(2), 1e-12);
    along.log = false;
    ck_assert_double_eq_tol(cs_along_at(&along, 0.25), 9.5, 1e-12);
    ck_assert_double_eq_tol(cs_along_at(&along, 0.5), 17, 1e-12);
    ck_assert_double_eq_tol(cs_along_middle(&along, 4, 16), 10, 1e-12);
    ck_assert_double_eq_tol(cs_along_width(&along, 4, 16), 0.4, 1e-12);
}
END_TEST

START_TEST(axes_that_are_none)
{
    static const char no_slo[] =
        "name: q\nmodel: toy\ntraffic: {volume: 0.3M tokens/day, lengths: {input: {fixed: 1 "
        "token}, output: {fixed: 1 token}}}\ndeploy: {hardware: card, engine: toy-1}\n"
        "cost: {own: {purchase: 0 USD, electricity: 0.2 USD/kWh}}\n";
    static const struct {
        const char *axis, *range, *message, *hint;
    } cases[] = {
        {"slo", NULL, "--axis slo: the scenario has no SLO", NULL},
        {"traffic.burstiness", NULL, "--axis traffic.burstiness needs a range",
         "such as --range 1..10"},
        {"gpu_price", "1 EUR/h..5 EUR/h", "--range: '1 EUR/h..5 EUR/h' has another unit",
         "ends in %"},
        {"volume", "5M", "--range: '5M' is no range A..B", "such as 1M..500M"},
        {"volume", "1M,2M", "--range: '1M,2M' is no range A..B", "such as 1M..500M"},
        {"volume", "0..2M", "--range: '0..2M' does not begin above 0", NULL},
        {"volum", NULL, "--axis volum is neither an axis nor a key of a scenario",
         "did you mean 'volume'?"},
        {"traffic.burst", "1..2", "--axis traffic.burst is neither an axis nor a key of a scenario",
         "volume, gpu_price, output_share, slo, utilisation, or a key of the scenario"},
        {"traffic.burstiness", "0..2", "traffic.burstiness is out of range: '0'",
         "allowed: 0.1 to 20"},
        {"traffic.burstiness", "1..30", "traffic.burstiness is out of range: '30'",
         "allowed: 0.1 to 20"},
        {"volume", "9M..2M", "the range does not rise from its first end to its second", NULL},
    };
    const struct cs_study *const study = question_study(no_slo, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cs_diags_init(&diags, question_arena());
        ck_assert(!cs_along_parse(&along, cases[i].axis, cases[i].range, study, question_arena(),
                                  &diags));
        ck_assert_uint_eq(diags.errors, 1);
        ck_assert_str_eq(diags.items[0].message, cases[i].message);
        ck_assert_pstr_eq(diags.items[0].hint, cases[i].hint);
    }
}
END_TEST

START_TEST(limits_times_a_factor)
{
    const struct cs_study *const study = question_study(question, 1);
    const char *const *const sets = cs_along_limits(study->scenario, 0.25, question_arena());
    ck_assert_uint_eq(study->scenario->slo.count, 3);
    ck_assert_str_eq(sets[0], "slo.ttft.p95=7.5 s");
    ck_assert_str_eq(sets[1], "slo.ttft.p99_9=15 s");
    ck_assert_str_eq(sets[2], "slo.e2e.mean=10 s");
}
END_TEST

/* Points come in any order and lie in that of x. One that is there with as much effort, or wanted
 * already, is not planned again; with more effort it takes the place of the sketch. */
START_TEST(points_are_planned_once)
{
    struct cs_curves curves;
    struct cs_cost_curve curve = {.option = 0, .z = NAN};
    struct cs_study *const study = question_study(question, 2);
    parse("volume", "0.5..8", study);
    cs_curves_init(&curves, study, &along, question_arena());
    ck_assert_uint_eq(curves.api_count, 2);
    ck_assert(!cs_curves_plan(&curves)); /* nothing is wanted */
    cs_curves_want(&curves, &curve, 5, CS_EFFORT_SKETCH);
    cs_curves_want(&curves, &curve, 1.2, CS_EFFORT_SKETCH);
    cs_curves_want(&curves, &curve, 3, CS_EFFORT_SKETCH);
    cs_curves_want(&curves, &curve, 1.2, CS_EFFORT_BRIEF); /* once, with more effort */
    cs_curves_want(&curves, &curve, 5 * (1 + 1e-12), CS_EFFORT_SKETCH);
    ck_assert(cs_curves_plan(&curves));
    ck_assert_uint_eq(curves.planned, 3);
    ck_assert_uint_eq(curve.count, 3);
    static const double x[] = {1.2, 3, 5};
    for (int i = 0; i < 3; i++) {
        const struct cs_cost_point *const p = &curve.points[i];
        ck_assert_double_eq(p->x, x[i]);
        ck_assert_int_eq(p->effort, i == 0 ? CS_EFFORT_BRIEF : CS_EFFORT_SKETCH);
        ck_assert(p->feasible);
        ck_assert_int_eq(p->gpus, i + 1);
        ck_assert_int_eq(p->replicas, i + 1);
        ck_assert_double_eq_tol(p->usd, 48 * (i + 1), 1e-9);
        ck_assert_double_eq_tol(p->gpu_usd, 48 * (i + 1), 1e-9);
        ck_assert(p->usd_lo <= p->usd && p->usd <= p->usd_hi);
        ck_assert_double_eq_tol(p->api[0], 0.5184 * x[i], 1e-9);
        ck_assert_double_eq_tol(p->api[1], 0.3456 * x[i], 1e-9);
    }
    cs_curves_want(&curves, &curve, 1.2, CS_EFFORT_SKETCH);
    cs_curves_want(&curves, &curve, 3, CS_EFFORT_SKETCH);
    ck_assert(!cs_curves_plan(&curves));
    cs_curves_want(&curves, &curve, 3, CS_EFFORT_BRIEF);
    ck_assert(cs_curves_plan(&curves));
    ck_assert_uint_eq(curve.count, 3);
    ck_assert_int_eq(curve.points[1].effort, CS_EFFORT_BRIEF);
    ck_assert_uint_eq(curves.planned, 4);
}
END_TEST

/* Further settings of a curve hold at all its points: with GPUs at 3 USD/h 72 USD a day. What makes
 * no sound scenario, or meets no SLO (500 ms are the least that a first token takes), costs
 * infinitely much and says why. */
START_TEST(settings_and_what_will_not_do)
{
    static const char *const dear[] = {"cost.gpu=3 USD/h"}, *const tight[] = {"slo.ttft.p95=0.4 s"},
                             *const bad[] = {"deploy.replicas=none"};
    struct cs_curves curves;
    struct cs_cost_curve list[] = {{.z = NAN, .sets = dear, .set_count = 1},
                                   {.z = NAN, .sets = tight, .set_count = 1},
                                   {.z = NAN, .sets = bad, .set_count = 1}};
    struct cs_study *const study = question_study(question, 2);
    parse("volume", "0.5..8", study);
    cs_curves_init(&curves, study, &along, question_arena());
    for (int i = 0; i < 3; i++)
        cs_curves_want(&curves, &list[i], 1.2, CS_EFFORT_SKETCH);
    ck_assert(cs_curves_plan(&curves));
    ck_assert_double_eq_tol(list[0].points[0].usd, 72, 1e-9);
    ck_assert_ptr_null(list[0].points[0].why);
    for (int i = 1; i < 3; i++) {
        ck_assert(!list[i].points[0].feasible);
        ck_assert(isinf(list[i].points[0].usd));
        ck_assert_str_eq(list[i].points[0].why,
                         i == 1 ? "the SLO cannot be met" : "no sound scenario");
    }
    ck_assert_double_eq_tol(list[1].points[0].api[1], 1.2 * 0.3456, 1e-9); /* an API's bill stays */
    ck_assert(isnan(list[2].points[0].api[1]));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("costcurve");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_add_test(all, axes_by_name);
    tcase_add_test(all, the_volume_is_what_the_scenario_says);
    tcase_add_test(all, places_along_an_axis);
    tcase_add_test(all, axes_that_are_none);
    tcase_add_test(all, limits_times_a_factor);
    tcase_add_test(all, points_are_planned_once);
    tcase_add_test(all, settings_and_what_will_not_do);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
