/* Crossovers known in closed form: a level and a line, a staircase and a line, prices, shares,
 * energy.
 *
 * The toy engine (question.h) carries 2 requests a second a replica. With one-token prompts and
 * answers, r requests a second are 0.1728 r Mtokens a day: API `flat` asks 0.3456 r USD. A GPU at
 * p USD/h costs 24 p a day. So n GPUs and the bill are equal at r = 24 p n / 0.3456, and a fleet
 * that is sized has its steps near r = 2, 4, ...: under Poisson arrivals a p95 of TTFT within 30 s
 * asks for a little less than the full rate, 1.9 to 2.
 */
#include "plan/crossover.h"
#include "question.h"
#include <check.h>
#include <math.h>
#include <string.h>

static struct cs_crossover c;
static const double BILL = 0.3456; /* USD a day for a request a second */

/* One-token requests at 1.2/s, these fleets, GPUs at so much. */
static const char *ask(const char *deploy, const char *cost, const char *more)
{
    return cs_arena_printf(question_arena(),
                           "name: toy question\nmodel: toy\n"
                           "traffic: {rate: 1.2 req/s, lengths: {input: {fixed: 1 token}, output: "
                           "{fixed: 1 token}}, curve: flat}\n"
                           "deploy: %s\ncost: {%s}\n"
                           "simulate: {requests: 20000, replications: 1}\n%s",
                           deploy, cost, more);
}
static const char given_one[] = "{hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 1}",
                  given_three[] =
                      "{hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 3}",
                  sized[] = "{hardware: card, engine: toy-1, tensor_parallel: 1}",
                  sized_unsure[] = "{hardware: card, engine: toy-2, tensor_parallel: 1}";
static const char flat[] = "compare: flat\n",
                  flat_slo[] = "compare: flat\nslo: {ttft: {p95: 30 s}, window: run}\n";

static void cross_with(const char *yaml, const char *axis, const char *range,
                       struct cs_crossover_settings settings)
{
    struct cs_diags diags;
    struct cs_along along;
    cs_diags_init(&diags, question_arena());
    struct cs_study *const study = question_study(yaml, 2);
    ck_assert(cs_along_parse(&along, axis, range, study, question_arena(), &diags));
    cs_crossover_run(&c, study, &along, &settings, question_arena());
}

static void cross(const char *yaml, const char *axis, const char *range)
{
    cross_with(yaml, axis, range, (struct cs_crossover_settings){.points = 9});
}

static void assert_crossing(const struct cs_crossing *k, double at, double tolerance,
                            bool own_above, bool step, long gpus)
{
    ck_assert_msg(fabs(k->at - at) <= tolerance * at, "at %.17g, not %.17g", k->at, at);
    ck_assert_int_eq(k->own_above, own_above);
    ck_assert_int_eq(k->step, step);
    ck_assert_int_eq(k->gpus, gpus);
    ck_assert(k->sampling_lo <= k->at && k->at <= k->sampling_hi);
}

/* Three GPUs at 0.02 USD/h, 1.44 USD a day, and the bill: r = 1.44 / 0.3456 = 4.1667. At 2 r
 * hosting costs 1.44, the bill is 2.88; between two points of the grid both are read off exactly.
 */
START_TEST(a_given_fleet_is_a_level)
{
    cross(ask(given_three, "gpu: 0.02 USD/h", flat), "volume", "0.5..5");
    ck_assert_uint_eq(c.against_count, 1);
    const struct cs_against *const a = &c.against[0];
    ck_assert_uint_eq(a->count, 1);
    assert_crossing(&a->crossings[0], 1.44 / BILL, 1e-9, true, false, 3);
    ck_assert_double_eq(a->crossings[0].sampling_lo, a->crossings[0].sampling_hi);
    ck_assert_int_eq(a->below, CS_CROSSOVER_API);
    ck_assert_int_eq(a->above, 0);
    ck_assert_ptr_null(a->never);
    ck_assert_uint_eq(a->own[0].count, 1);
    ck_assert_double_eq_tol(a->own[0].items[0].at, 1.44 / BILL, 1e-9);
    ck_assert_double_eq_tol(c.here, 1.2, 1e-12);
    ck_assert_uint_eq(c.grid_count, 9);
    ck_assert_double_eq_tol(c.grid[4], sqrt(2.5), 1e-12);
    size_t option = 7;
    ck_assert_double_eq_tol(cs_crossover_own(&c, 2.2, &option), 1.44, 1e-9);
    ck_assert_uint_eq(option, 0);
    ck_assert_double_eq_tol(cs_crossover_bill(&c, 0, 2.2), 2.2 * BILL, 1e-9);
    ck_assert(isnan(cs_crossover_bill(&c, 0, 9)));
    ck_assert(isinf(cs_crossover_own(&c, 9, &option)));
}
END_TEST

/* A GPU at 0.016 USD/h is 0.384 a day: one is cheaper from 1.1111 on, until a second is needed;
 * two from 2.2222 on; the third comes near 4, where the bill is 1.38 and three cost 1.152. Where
 * the step is, the planner says itself: one replica is planned for half a percent less than there,
 * two at it. */
START_TEST(a_staircase_crosses_three_times)
{
    cross(ask(sized, "gpu: 0.016 USD/h", flat_slo), "volume", "0.5..8");
    const struct cs_against *const a = &c.against[0];
    ck_assert_uint_eq(a->count, 3);
    assert_crossing(&a->crossings[0], 0.384 / BILL, 1e-9, true, false, 1);
    assert_crossing(&a->crossings[1], 1.95, 0.03, false, true, 1);
    assert_crossing(&a->crossings[2], 0.768 / BILL, 1e-9, true, false, 2);
    ck_assert_int_eq(a->below, CS_CROSSOVER_API);
    ck_assert_int_eq(a->above, 0);
    const struct cs_cost_curve *const curve = &c.curves[0];
    const struct cs_cost_point *const p = cs_crossover_point(curve, a->crossings[1].at);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(p->gpus, 2);
    ck_assert_int_eq(p[-1].gpus, 1);
    ck_assert_double_le(log(p->x / p[-1].x), 0.005);
    size_t option; /* between the two: the fleet of the second */
    ck_assert_double_eq_tol(cs_crossover_own(&c, sqrt(p->x * p[-1].x), &option), 0.768, 1e-9);
    ck_assert_double_eq_tol(cs_crossover_own(&c, p[-1].x, &option), 0.384, 1e-9);
    for (size_t i = 0; i + 1 < curve->count; i++) { /* a staircase, of 0.384 each */
        ck_assert_double_lt(curve->points[i].x, curve->points[i + 1].x);
        ck_assert_int_le(curve->points[i].gpus, curve->points[i + 1].gpus);
        ck_assert_double_eq_tol(curve->points[i].usd, 0.384 * (double)curve->points[i].gpus, 1e-9);
    }
}
END_TEST

/* At 0.0012 USD/h, 0.0288 a day, hosting is cheaper from 0.5/s on (0.1728) throughout: at least
 * cheap, in ratio, where the ratio is largest: 0.0288 / 0.1728 = 1/6 at 0.5, and GPUs might be six
 * times as dear there. At 0.02, 0.48 a day for one GPU, it is dearer up to 1/s (0.3456): 1.3889
 * times, and GPUs would have to cost 0.72 of it. */
START_TEST(always_and_never)
{
    cross(ask(given_one, "gpu: 0.0012 USD/h", flat), "volume", "0.5..1");
    const struct cs_against *a = &c.against[0];
    ck_assert_uint_eq(a->count, 0);
    ck_assert_int_eq(a->below, 0);
    ck_assert_int_eq(a->above, 0);
    ck_assert_str_eq(a->never, "hosting costs less throughout the range");
    ck_assert_double_eq_tol(a->ratio, 1 / 6.0, 1e-9);
    ck_assert_double_eq_tol(a->ratio_x, 0.5, 1e-9);
    ck_assert_double_eq_tol(a->gpu_price_needed, 6, 1e-6);
    cross(ask(given_one, "gpu: 0.02 USD/h", flat), "volume", "0.5..1");
    a = &c.against[0];
    ck_assert_uint_eq(a->count, 0);
    ck_assert_int_eq(a->below, CS_CROSSOVER_API);
    ck_assert_int_eq(a->above, CS_CROSSOVER_API);
    ck_assert_str_eq(a->never, "hosting costs at least 1.39 times its bill throughout the range");
    ck_assert_double_eq_tol(a->ratio, 0.48 / BILL, 1e-9);
    ck_assert_double_eq_tol(a->ratio_x, 1, 1e-9);
    ck_assert_double_eq_tol(a->gpu_price_needed, BILL / 0.48, 1e-9);
    /* with 0.1 USD a day of staff 0.58, and (0.3456 - 0.1) / 0.48; with 1 USD a day no price would
     */
    cross(ask(given_one, "gpu: 0.02 USD/h, staff: 0.1 USD/day", flat), "volume", "0.5..1");
    ck_assert_double_eq_tol(c.against[0].ratio, 0.58 / BILL, 1e-9);
    ck_assert_double_eq_tol(c.against[0].gpu_price_needed, (BILL - 0.1) / 0.48, 1e-9);
    cross(ask(given_one, "gpu: 0.02 USD/h, staff: 1 USD/day", flat), "volume", "0.5..1");
    ck_assert(isnan(c.against[0].gpu_price_needed));
    /* a first token takes 500 ms */
    cross(ask(sized, "gpu: 0.02 USD/h", "compare: flat\nslo: {ttft: {p95: 0.4 s}}\n"), "volume",
          "0.5..1");
    ck_assert_str_eq(c.against[0].never, "no option meets the SLO anywhere in the range");
}
END_TEST

/* Just before a second card is needed hosting comes closest, at x near 1.95 (1.9 to 2): one at 0.8
 * USD a day over 0.3456 x, 1.19, where the grid of 0.5, 1.22 and 3 has no less than 1.54. Just
 * after it is where cheap hosting is dearest: two at 0.3 each over 0.3456 x, 0.89, where the grid
 * of 1, 1.73 and 3 has no more than 0.87. Either is known to a percent: there the planner has one
 * card, or two, and the other number that much further on, or before. */
START_TEST(closest_at_a_step)
{
    cross_with(ask(sized, "gpu: 0.0333333333333 USD/h", flat_slo), "volume", "0.5..3",
               (struct cs_crossover_settings){.points = 3});
    const struct cs_against *a = &c.against[0];
    ck_assert_uint_eq(a->count, 0);
    ck_assert_int_eq(a->below, CS_CROSSOVER_API);
    ck_assert(1.9 < a->ratio_x && a->ratio_x < 2);
    ck_assert_double_eq_tol(a->ratio, 0.8 / (BILL * a->ratio_x), 1e-9);
    ck_assert_double_eq_tol(a->gpu_price_needed, 1 / a->ratio, 1e-9);
    ck_assert_str_eq(a->never, cs_arena_printf(question_arena(),
                                               "hosting costs at least %.3g times its bill "
                                               "throughout the range",
                                               a->ratio));
    const struct cs_cost_point *p = cs_crossover_point(&c.curves[0], a->ratio_x);
    ck_assert_int_eq(p->gpus, 1);
    ck_assert_int_eq(p[1].gpus, 2);
    ck_assert_double_le(log(p[1].x / p->x), 0.01);

    cross_with(ask(sized, "gpu: 0.0125 USD/h", flat_slo), "volume", "1..3",
               (struct cs_crossover_settings){.points = 3});
    a = &c.against[0];
    ck_assert_uint_eq(a->count, 0);
    ck_assert_int_eq(a->below, 0);
    ck_assert(1.9 < a->ratio_x && a->ratio_x < 2.02);
    ck_assert_double_eq_tol(a->ratio, 0.6 / (BILL * a->ratio_x), 1e-9);
    p = cs_crossover_point(&c.curves[0], a->ratio_x);
    ck_assert_int_eq(p->gpus, 2);
    ck_assert_int_eq(p[-1].gpus, 1);
    ck_assert_double_le(log(p->x / p[-1].x), 0.01);
}
END_TEST

/* The bill at 1.2/s is 0.41472 USD: equal to a GPU at 0.01728 USD/h, 108 % of 0.016, and cheaper
 * than a dearer one; with 0.1 USD a day of staff at (0.41472 - 0.1) / 24 USD/h. */
START_TEST(along_the_price_of_gpus)
{
    cross(ask(sized, "gpu: 0.016 USD/h", flat_slo), "gpu_price", "30%..300%");
    ck_assert_uint_eq(c.against[0].count, 1);
    assert_crossing(&c.against[0].crossings[0], 108, 1e-4, false, false, 1);
    ck_assert_int_eq(c.against[0].below, 0);
    ck_assert_int_eq(c.against[0].above, CS_CROSSOVER_API);
    cross(ask(sized, "gpu: 0.016 USD/h, staff: 0.1 USD/day", flat_slo), "gpu_price", NULL);
    assert_crossing(&c.against[0].crossings[0], 100 * 0.31472 / 24 / 0.016, 1e-4, false, false, 1);
}
END_TEST

/* 0.2 Mtokens a day at 1 USD/Mtok in and 5 out are 0.2 (1 + 4 s) USD, s the share of answers; four
 * GPUs at 0.0052083 USD/h are 0.5: equal at s = 0.375. Lengths are rounded to whole tokens of some
 * 1000 a request. */
START_TEST(along_the_share_of_answers)
{
    cross("name: q\nmodel: toy\ncompare: split\n"
          "traffic: {volume: 0.2M tokens/day, curve: flat, lengths: {input: {fixed: 512 tokens}, "
          "output: {fixed: 512 tokens}}}\ncost: {gpu: 0.00520833333333 USD/h}\n"
          "deploy: {hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 4}\n"
          "simulate: {days: 3, replications: 1}\n",
          "output_share", NULL);
    ck_assert_uint_eq(c.against[0].count, 1);
    assert_crossing(&c.against[0].crossings[0], 0.375, 0.003, true, false, 4);
    ck_assert_double_eq_tol(c.here, 0.5, 1e-9);
}
END_TEST

/* A limit on the mean of TTFT of 1 s, times f: one replica at rho = 0.6 has 0.5 + 0.375 s, two
 * less; so one will do from f = 0.875 on, at 0.3 USD a day, below the bill of 0.41472; two cost
 * more. */
START_TEST(along_the_slo)
{
    cross(ask(sized, "gpu: 0.0125 USD/h", "compare: flat\nslo: {ttft: {mean: 1 s}, window: run}\n"),
          "slo", "0.6..1.4");
    ck_assert_uint_eq(c.against[0].count, 1);
    assert_crossing(&c.against[0].crossings[0], 0.875, 0.04, true, true, 1);
}
END_TEST

/* A card that is paid for, at 0.03 USD/kWh: 42 W idle and 268 W more while it serves, half a second
 * a request: 0.024 x 0.03 x (42 + 134 r) = 0.03024 + 0.09648 r USD a day. Equal to 0.3456 r at r =
 * 0.12139; the busy time is simulated. Lines that are not level: Brent's method. */
START_TEST(energy_bends_the_curve)
{
    cross(ask(given_one, "own: {purchase: 0 USD, electricity: 0.03 USD/kWh}", flat), "volume",
          "0.02..1");
    ck_assert_uint_eq(c.against[0].count, 1);
    assert_crossing(&c.against[0].crossings[0], 0.03024 / (BILL - 0.024 * 0.03 * 134), 0.02, true,
                    false, 1);
}
END_TEST

/* A unit of 2 tokens a second takes a request a second for 0.1 USD a day; what is more costs 0.3456
 * a request a second. A level of 0.2 meets that at 1 + 0.1 / 0.3456 = 1.2894. The line between the
 * ends of a range from 0.5 to 2, which is all that the grid has, meets it at 0.934: the bill bends,
 * and the root is looked for. */
START_TEST(a_bill_that_bends)
{
    cross_with(
        ask(given_one, "gpu: 0.00833333333333 USD/h", "compare: {api: unit, committed: 1}\n"),
        "volume", "0.5..2", (struct cs_crossover_settings){.points = 2});
    ck_assert_uint_eq(c.against[0].count, 1);
    assert_crossing(&c.against[0].crossings[0], 1 + 0.1 / BILL, 2e-4, true, false, 1);
}
END_TEST

/* Against two APIs; 1 + 5 USD/Mtok are 1.5 times the bill of 2 + 2. */
START_TEST(each_api_has_its_own_crossings)
{
    cross_with(ask(given_three, "gpu: 0.02 USD/h", "compare: [flat, split]\n"), "volume", "0.5..5",
               (struct cs_crossover_settings){.points = 5});
    ck_assert_uint_eq(c.against_count, 2);
    assert_crossing(&c.against[0].crossings[0], 1.44 / BILL, 1e-9, true, false, 3);
    assert_crossing(&c.against[1].crossings[0], 1.44 / (1.5 * BILL), 1e-9, true, false, 3);
    ck_assert_str_eq(c.against[1].api->api->name, "split");
}
END_TEST

/* One GPU given will do up to near 2/s; then three do: from there on they are the cheapest. Against
 * the API hosting pays from 1.1111 on with one, ceases at the step, and pays again with three from
 * 3.3333 on. */
START_TEST(options_change_rank)
{
    cross(ask(cs_arena_printf(question_arena(), "[%s, %s]", given_three, given_one),
              "gpu: 0.016 USD/h", flat_slo),
          "volume", "0.5..5");
    ck_assert_uint_eq(c.rank_count, 1);
    ck_assert_uint_eq(c.ranks[0].from, 1);
    ck_assert_uint_eq(c.ranks[0].to, 0);
    ck_assert_double_eq_tol(c.ranks[0].at, 1.95, 0.06);
    const struct cs_against *const a = &c.against[0];
    ck_assert_uint_eq(a->count, 3);
    assert_crossing(&a->crossings[0], 0.384 / BILL, 1e-9, true, false, 1);
    assert_crossing(&a->crossings[1], 1.95, 0.03, false, true, 1);
    assert_crossing(&a->crossings[2], 1.152 / BILL, 1e-9, true, false, 3);
    ck_assert_uint_eq(a->crossings[0].option, 1);
    ck_assert_uint_eq(a->crossings[2].option, 0);
    ck_assert_int_eq(a->below, CS_CROSSOVER_API);
    ck_assert_int_eq(a->above, 0);
}
END_TEST

/* Of two that cost the same the one that was the cheapest keeps its rank: two alike never change
 * it. One card given is as cheap as a sized fleet until the second is needed; named second it never
 * was the cheapest. Three given are, from 4/s on, as cheap as the sized fleet and named before it.
 */
START_TEST(equals_keep_their_rank)
{
    static const struct {
        const char *first, *second;
        size_t ranks;
    } cases[] = {
        {sized, sized, 0}, {given_one, sized, 1}, {sized, given_one, 0}, {given_three, sized, 0}};
    for (size_t i = 0; i < 4; i++) {
        cross(ask(cs_arena_printf(question_arena(), "[%s, %s]", cases[i].first, cases[i].second),
                  "gpu: 0.016 USD/h", flat_slo),
              "volume", "0.5..5");
        ck_assert_uint_eq(c.rank_count, cases[i].ranks);
        if (cases[i].ranks == 0)
            continue;
        ck_assert_uint_eq(c.ranks[0].from, 0);
        ck_assert_uint_eq(c.ranks[0].to, 1);
        ck_assert_double_eq_tol(c.ranks[0].at, 1.95, 0.06);
    }
}
END_TEST

/* Prices that change need no simulation: a GPU at 0.384 USD a day crosses at 1.1111; 25 % cheaper
 * at 0.8333, dearer at 1.3889. APIs at half price: n GPUs would pay from 2.2222 n on, but carry 2 n
 * at most: nowhere. Limits of 60 or 15 s instead of 30 move no line. */
START_TEST(what_if)
{
    cross_with(ask(sized, "gpu: 0.016 USD/h", flat_slo), "volume", "0.5..4",
               (struct cs_crossover_settings){.what_if = true});
    static const struct {
        const char *what;
        double at;
    } cases[] = {{"as it is", 1.11111111},
                 {"GPUs 25 % cheaper", 0.83333333},
                 {"GPUs 25 % dearer", 1.38888889},
                 {"APIs at half their price", NAN},
                 {"APIs at a quarter of it", NAN},
                 {"limits twice as loose", 1.11111111},
                 {"limits twice as tight", 1.11111111}};
    ck_assert_uint_eq(c.what_if_count, sizeof cases / sizeof cases[0]);
    for (size_t i = 0; i < c.what_if_count; i++) {
        ck_assert_str_eq(c.what_ifs[i].what, cases[i].what);
        if (isnan(cases[i].at))
            ck_assert_msg(isnan(c.what_ifs[i].at[0]) && !c.what_ifs[i].own[0], "%s", cases[i].what);
        else
            ck_assert_double_eq_tol(c.what_ifs[i].at[0], cases[i].at, 1e-7);
    }
    ck_assert_double_eq(c.against[0].crossings[0].model_lo, c.against[0].crossings[0].at);
    ck_assert(!c.against[0].crossings[0].model_known);
}
END_TEST

/* A card bought for 80 USD and written off in a year is 0.219 USD a day, with a fifth of spares and
 * a tenth of maintenance 0.2847; a server at 20 USD likewise 0.0712, which is no GPU. Power is
 * 0.03024 + 0.09648 r. So hosting pays from r = (0.2847 f + 0.0712 + 0.0302) / (0.3456 - 0.0965)
 * on: 1.550 at f = 1, 1.264 at three quarters, 1.836 at five. What a what-if reads off the curve is
 * what the scenario with that price says. */
static const char owned[] = "own: {purchase: %d USD, server: 20 USD, years: 1, spares: 20%%, "
                            "maintenance: 10%%, electricity: 0.03 USD/kWh}, gpu_price: %.12g%%";

START_TEST(what_if_machines_are_owned)
{
    static const double share[] = {100, 75, 125}, at[] = {1.550, 1.264, 1.836};
    double found[3];
    cross_with(ask(given_one, cs_arena_printf(question_arena(), owned, 80, 100.0), flat), "volume",
               "0.8..1.95", (struct cs_crossover_settings){.what_if = true, .points = 9});
    for (int i = 0; i < 3; i++)
        found[i] = c.what_ifs[i].at[0];
    for (int i = 0; i < 3; i++) {
        cross(ask(given_one, cs_arena_printf(question_arena(), owned, 80, share[i]), flat),
              "volume", "0.8..1.95");
        ck_assert_uint_eq(c.against[0].count, 1);
        ck_assert_double_eq_tol(found[i], c.against[0].crossings[0].at, 0.003 * at[i]);
        ck_assert_double_eq_tol(found[i], at[i], 0.02 * at[i]);
    }
}
END_TEST

/* At 300 USD hosting never pays. GPUs at the price that is needed make it as dear as the bill where
 * it came closest: (1.0677 f + 0.1014 + 0.0965 x) = 0.3456 x, so at x = 1.9 f = 0.348. */
START_TEST(the_price_that_owned_machines_would_need)
{
    size_t option;
    cross(ask(given_one, cs_arena_printf(question_arena(), owned, 300, 100.0), flat), "volume",
          "0.8..1.9");
    ck_assert_uint_eq(c.against[0].count, 0);
    const double x = c.against[0].ratio_x, needed = c.against[0].gpu_price_needed;
    ck_assert_double_eq_tol(x, 1.9, 1e-9);
    ck_assert_double_eq_tol(needed, 0.348, 0.02);
    cross(ask(given_one, cs_arena_printf(question_arena(), owned, 300, 100 * needed), flat),
          "volume", "0.8..1.9");
    ck_assert_double_eq_tol(cs_crossover_own(&c, x, &option), cs_crossover_bill(&c, 0, x), 1e-6);
}
END_TEST

/* Steps of toy-2 are off by 20 %: at the ends of 95 % they take e^(1.96 x 0.2) = 1.48 times as
 * long, or as short. The line's crossing, with one GPU either way, does not move; the step does by
 * that factor: from near 1.95 down to 1.32, and up to 2.89, which is beyond a range that ends
 * at 2.1. */
START_TEST(the_models_error)
{
    cross_with(ask(sized_unsure, "gpu: 0.016 USD/h", flat_slo), "volume", "0.5..2.1",
               (struct cs_crossover_settings){.model = true});
    const struct cs_against *const a = &c.against[0];
    ck_assert_uint_eq(a->count, 2);
    ck_assert(a->crossings[0].model_known && a->crossings[1].model_known);
    ck_assert_double_eq_tol(a->crossings[0].model_lo, 0.384 / BILL, 1e-9);
    ck_assert_double_eq_tol(a->crossings[0].model_hi, 0.384 / BILL, 1e-9);
    const double step = a->crossings[1].at;
    ck_assert_double_eq_tol(step, 1.95, 0.06);
    ck_assert_double_eq_tol(a->crossings[1].model_lo, step / exp(1.96 * 0.2), 0.04);
    ck_assert(isnan(a->crossings[1].model_hi));
    /* placed at an end of it: two deviations slower, by 1.4918 */
    cross_with(ask(sized_unsure, "gpu: 0.016 USD/h", flat_slo), "volume", "0.5..1.6",
               (struct cs_crossover_settings){.placed = true, .z = 2});
    ck_assert_uint_eq(c.against[0].count, 2);
    ck_assert_double_eq_tol(c.against[0].crossings[1].at, step / exp(0.4), 0.04);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("crossover");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, question_open, question_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_given_fleet_is_a_level);
    tcase_add_test(all, a_staircase_crosses_three_times);
    tcase_add_test(all, always_and_never);
    tcase_add_test(all, closest_at_a_step);
    tcase_add_test(all, along_the_price_of_gpus);
    tcase_add_test(all, along_the_share_of_answers);
    tcase_add_test(all, along_the_slo);
    tcase_add_test(all, energy_bends_the_curve);
    tcase_add_test(all, a_bill_that_bends);
    tcase_add_test(all, each_api_has_its_own_crossings);
    tcase_add_test(all, options_change_rank);
    tcase_add_test(all, equals_keep_their_rank);
    tcase_add_test(all, what_if);
    tcase_add_test(all, what_if_machines_are_owned);
    tcase_add_test(all, the_price_that_owned_machines_would_need);
    tcase_add_test(all, the_models_error);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
