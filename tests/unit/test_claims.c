/* Claims on trial: sums and figures as they are read, answers known in closed form, verdicts.
 *
 * The toy engine (question.h) on one card at 0.016 USD/h costs 0.384 USD a day and carries 2
 * requests a second; with a mean of TTFT within 1 s it takes 4/3 (test_budget.c). A request is one
 * token in and one out, at API `flat` 4e-6 USD: 0.3456 USD a day for one a second. `vllm-toy` is
 * the same engine under a name of which it is known what fits.
 */
#include "folder.h"
#include "plan/claims.h"
#include "question.h"
#include <check.h>
#include <math.h>
#include <string.h>

static struct cs_trial_of_claim t;
static struct cs_diags diags;

static void setup(void)
{
    question_open();
    cs_diags_init(&diags, question_arena());
    test_write("engines/vllm-toy.yaml",
               "name: vllm-toy\nscheduling: synchronous\n"
               "limits: {max_num_seqs: 1, max_num_batched_tokens: 512 tokens, block_size: 16,\n"
               "  gpu_memory_utilization: 90%}\nmemory_reserve: {single: 0 GB, parallel: 0 GB}\n"
               "overhead: {request: 0 s, step: 500 ms, layer: 0 s}\n"
               "efficiency: {weights: 100%, compute: 100%, kv: 100%, prefill_attention: 100%,\n"
               "  link: 100%}\n"
               "model_error:\n  - {basis: transfer, step: 20%, ttft: 0%, source: made up}\n"
               "sources: {limits: made up, memory_reserve: m, overhead: o, efficiency: e}\n");
}

static const char one[] = "{hardware: card, engine: toy-1, tensor_parallel: 1, replicas: 1}",
                  sized[] = "{hardware: card, engine: toy-1}", at_one[] = "rate: 1.2 req/s",
                  mean[] = "slo: {ttft: {mean: 1 s}, window: run}\n";

static const char *ask(const char *traffic, const char *deploy, const char *more, const char *claim)
{
    return cs_arena_printf(question_arena(),
                           "name: q\nmodel: toy\ndeploy: %s\ncost: {gpu: 0.016 USD/h}\n"
                           "traffic: {%s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 "
                           "token}}}\nsimulate: {requests: 20000}\n%s"
                           "claim: {says: so, %s}\n",
                           deploy, traffic, more, claim);
}

/* --- sums ------------------------------------------------------------------------------------ */

static const struct cs_sum *sum_of(const char *line)
{
    const struct cs_claim *const c =
        question_study(
            ask(at_one, one, "", cs_arena_printf(question_arena(), "arithmetic: ['%s']", line)), 1)
            ->scenario->claim;
    ck_assert_uint_eq(c->sum_count, 1);
    ck_assert_str_eq(c->sums[0].text, line);
    return &c->sums[0];
}

/* Both sides in the unit of the right one. They come out where they agree to 3 % of the larger. */
START_TEST(sums)
{
    static const struct {
        const char *line, *unit;
        double left, right;
        bool comes_out;
    } cases[] = {
        {"20 x 2 USD/h = 960 USD/day", "USD/day", 960, 960, true},
        {"20 x 2 USD/h = 50 USD/day", "USD/day", 960, 50, false},
        {"10M tokens/day x 5 USD/Mtok + 1 USD/h = 74 USD/day", "USD/day", 74, 74, true},
        {"48 USD/day / 2 = 1 USD/h", "USD/h", 1, 1, true},
        {"70 x 2 GB = 140 GB", "GB", 140, 140, true},
        {"960 USD/day / 50M tokens/day = 19.2 USD/Mtok", "USD/Mtok", 19.2, 19.2, true},
        {"2 + 3 x 4 + 10 / 5 = 16", "", 16, 16, true},
        {"3 USD/h = 2 USD/h + 24 USD/day", "USD/h + 24 USD/day", 0, 0, true},
        {"100 = 97", "", 100, 97, true},
        {"97 = 100", "", 97, 100, true},
        {"100 = 96.99", "", 100, 96.99, false},
        {"96.99 = 100", "", 96.99, 100, false},
        {"0 x 7 = 0", "", 0, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_sum *const s = sum_of(cases[i].line);
        ck_assert_str_eq(s->unit, cases[i].unit);
        ck_assert_int_eq(cs_sum_comes_out(s), cases[i].comes_out);
        if (i == 7) /* a sum on the right has no one unit */
            continue;
        ck_assert_double_eq_tol(s->left / s->unit_si, cases[i].left, 1e-9 * cases[i].left + 1e-15);
        ck_assert_double_eq_tol(s->right / s->unit_si, cases[i].right,
                                1e-9 * cases[i].right + 1e-15);
    }
    /* a line by itself is a list of one; the report counts those that do not come out */
    ck_assert(cs_claims_run(
        &t, question_study(ask(at_one, one, "", "arithmetic: [1 = 2, 2 = 2, 2 x 3 = 7, 3 = 3]"), 1),
        question_arena(), &diags));
    ck_assert_uint_eq(t.sums_wrong, 2);
    ck_assert_uint_eq(t.count, 0);
    const struct cs_claim *const single =
        question_study(ask(at_one, one, "", "arithmetic: 3 x 3 = 9"), 1)->scenario->claim;
    ck_assert_uint_eq(single->sum_count, 1);
}
END_TEST

START_TEST(sums_that_are_none)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"20 x 2 USD/h = 960 USD", "claim.arithmetic: the sides have different dimensions"},
        {"2 USD/h + 3 GB = 4 USD/h", "claim.arithmetic: terms of different dimensions are added"},
        {"20 x 2 USD/h", "claim.arithmetic: a line without ' = '"},
        {"20=20", "claim.arithmetic: a line without ' = '"},
        {"5 / 0 = 3", "claim.arithmetic: a division by 0"},
        {"5 = 3 / 0 USD", "claim.arithmetic: a division by 0"},
        {"5 + x = 3", NULL},
        {"5 furlong = 3", NULL},
        {" x 3 = 3", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cs_diags_init(&diags, question_arena());
        ck_assert_ptr_null(question_try(
            ask(at_one, one, "",
                cs_arena_printf(question_arena(), "arithmetic: ['%s']", cases[i].line)),
            1, &diags));
        ck_assert_uint_eq(diags.errors, 1);
        ck_assert_int_eq(strncmp(diags.items[0].message, "claim.arithmetic: ", 18), 0);
        if (cases[i].message != NULL)
            ck_assert_str_eq(diags.items[0].message, cases[i].message);
    }
}
END_TEST

/* --- figures --------------------------------------------------------------------------------- */

static const double DAY = 86400;

START_TEST(figures_in_their_units)
{
    static const struct {
        const char *line, *text;
        double low, high;
        enum cs_claim_kind kind;
    } cases[] = {
        {"figure: gpus, claimed: 20", "20", 20, 20, CS_CLAIM_GPUS},
        {"figure: gpus, claimed: {least: 20}", "at least 20", 20, INFINITY, CS_CLAIM_GPUS},
        {"figure: gpus, claimed: {most: 20}", "at most 20", -INFINITY, 20, CS_CLAIM_GPUS},
        {"figure: usd_per_day, claimed: [45 USD/day, 55 USD/day]", "45 to 55 USD/day", 45 / 86400.0,
         55 / 86400.0, CS_CLAIM_USD_PER_DAY},
        {"figure: usd_per_hour, claimed: 48 USD/day", "48 USD/day", 2 / 3600.0, 2 / 3600.0,
         CS_CLAIM_USD_PER_HOUR},
        {"figure: usd_per_mtok, claimed: 3 USD/Mtok", "3 USD/Mtok", 3e-6, 3e-6,
         CS_CLAIM_USD_PER_MTOK},
        {"figure: api_usd_per_day, api: flat, claimed: [1 USD/h, 48 USD/day]",
         "1 USD/h to 48 USD/day", 1 / 3600.0, 2 / 3600.0, CS_CLAIM_API_USD_PER_DAY},
        {"figure: times_cheaper, api: 1, claimed: 3.5", "3.5", 3.5, 3.5, CS_CLAIM_TIMES_CHEAPER},
        {"figure: crossover, api: 2, claimed: [5M tokens/day, 10M tokens/day]",
         "5M to 10M tokens/day", 5e6 / 86400, 10e6 / 86400, CS_CLAIM_CROSSOVER},
        {"figure: weights, claimed: 140 GB", "140 GB", 140e9, 140e9, CS_CLAIM_WEIGHTS},
        {"figure: gpus_to_hold, claimed: [1, 2]", "1 to 2", 1, 2, CS_CLAIM_GPUS_TO_HOLD},
        {"figure: tokens_per_s, claimed: 30 tokens/s", "30 tokens/s", 30, 30,
         CS_CLAIM_TOKENS_PER_S},
        {"figure: usd_per_mtok_full, option: 2, claimed: 0.2 USD/Mtok", "0.2 USD/Mtok", 0.2e-6,
         0.2e-6, CS_CLAIM_USD_PER_MTOK_FULL},
        {"figure: output_per_gpu, claimed: 500 tokens/s", "500 tokens/s", 500, 500,
         CS_CLAIM_OUTPUT_PER_GPU},
        {"figure: tokens_per_gpu, claimed: 86.4M tokens/day", "86.4M tokens/day", 1000, 1000,
         CS_CLAIM_TOKENS_PER_GPU},
        {"figure: times_faster, option: 2, than: 1, claimed: 4", "4", 4, 4, CS_CLAIM_TIMES_FASTER},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    const char *all = "";
    for (size_t i = 0; i < COUNT; i++)
        all = cs_arena_printf(question_arena(), "%s%s{%s}", all, i > 0 ? ", " : "", cases[i].line);
    const struct cs_scenario *const s =
        question_study(ask(at_one, cs_arena_printf(question_arena(), "[%s, %s]", one, sized),
                           "compare: [flat, split]\n",
                           cs_arena_printf(question_arena(), "figures: [%s]", all)),
                       1)
            ->scenario;
    ck_assert_str_eq(s->claim->says, "so");
    ck_assert_uint_eq(s->claim->figure_count, COUNT);
    bool seen[CS_CLAIM_KINDS] = {false};
    for (size_t i = 0; i < COUNT; i++) {
        const struct cs_claimed *const c = &s->claim->figures[i];
        ck_assert_int_eq(c->kind, cases[i].kind);
        ck_assert_str_eq(c->text, cases[i].text);
        if (isinf(cases[i].low) || isinf(cases[i].high)) {
            ck_assert(c->low == cases[i].low && c->high == cases[i].high);
        } else {
            ck_assert_double_eq_tol(c->low, cases[i].low, 1e-12 * cases[i].low);
            ck_assert_double_eq_tol(c->high, cases[i].high, 1e-12 * cases[i].high);
        }
        seen[c->kind] = true;
    }
    for (int k = 0; k < CS_CLAIM_KINDS; k++)
        ck_assert_msg(seen[k], "%s", cs_claim_infos[k].name);
    ck_assert_ptr_eq(s->claim->figures[6].api, &s->compare[0]); /* by name */
    ck_assert_ptr_eq(s->claim->figures[7].api, &s->compare[0]); /* by number */
    ck_assert_ptr_eq(s->claim->figures[8].api, &s->compare[1]);
    ck_assert_int_eq(s->claim->figures[12].option, 2);
    ck_assert_int_eq(s->claim->figures[15].than, 1);
    ck_assert_int_eq(s->claim->figures[0].option, 0);
}
END_TEST

/* --- verdicts -------------------------------------------------------------------------------- */

static const struct cs_finding *try_claims(const char *yaml)
{
    const bool sound = cs_claims_run(&t, question_study(yaml, 2), question_arena(), &diags);
    if (!sound)
        cs_diags_print(&diags, stderr);
    ck_assert(sound);
    return t.findings;
}

struct verdict {
    const char *claimed;
    enum cs_claim_verdict verdict;
    double factor;
};

static void assert_verdicts(const char *traffic, const char *deploy, const char *more,
                            const char *figure, const struct verdict *cases, size_t count,
                            double value, double lo, double hi)
{
    const char *all = "";
    size_t verdicts[CS_CLAIM_UNANSWERED + 1] = {0};
    for (size_t i = 0; i < count; i++)
        all = cs_arena_printf(question_arena(), "%s%s{figure: %s, claimed: %s}", all,
                              i > 0 ? ", " : "", figure, cases[i].claimed);
    const struct cs_finding *const f = try_claims(
        ask(traffic, deploy, more, cs_arena_printf(question_arena(), "figures: [%s]", all)));
    for (size_t i = 0; i < count; i++) {
        ck_assert_double_eq_tol(f[i].value, value, 1e-9 * value);
        ck_assert_double_eq_tol(f[i].lo, lo, 1e-9 * lo);
        ck_assert_double_eq_tol(f[i].hi, hi, 1e-9 * hi);
        ck_assert_msg(f[i].verdict == cases[i].verdict, "%s: %d", cases[i].claimed, f[i].verdict);
        ck_assert_double_eq_tol(f[i].factor, cases[i].factor, 1e-4);
        verdicts[cases[i].verdict]++;
    }
    for (int v = 0; v <= CS_CLAIM_UNANSWERED; v++)
        ck_assert_uint_eq(t.verdicts[v], verdicts[v]);
}

/* One card given is 0.384 USD a day and nothing else. A quarter off is near: from 0.384 / 1.25 =
 * 0.3072 to 0.384 x 1.25 = 0.48. */
START_TEST(verdicts_of_an_exact_answer)
{
    static const struct verdict cases[] = {
        {"0.384 USD/day", CS_CLAIM_HOLDS, 1},
        {"[0.2 USD/day, 0.384 USD/day]", CS_CLAIM_HOLDS, 1},
        {"[0.384 USD/day, 9 USD/day]", CS_CLAIM_HOLDS, 1},
        {"{least: 0.384 USD/day}", CS_CLAIM_HOLDS, 1},
        {"{most: 0.384 USD/day}", CS_CLAIM_HOLDS, 1},
        {"{least: 0.1 USD/day}", CS_CLAIM_HOLDS, 1},
        {"{most: 9 USD/day}", CS_CLAIM_HOLDS, 1},
        {"0.4 USD/day", CS_CLAIM_NEAR, 0.96},
        {"0.4799 USD/day", CS_CLAIM_NEAR, 0.800167},
        {"0.4801 USD/day", CS_CLAIM_FAILS, 0.799833},
        {"0.3073 USD/day", CS_CLAIM_NEAR, 1.249593},
        {"0.3071 USD/day", CS_CLAIM_FAILS, 1.250407},
        {"[0.1 USD/day, 0.3073 USD/day]", CS_CLAIM_NEAR, 1.249593},
        {"[0.4801 USD/day, 9 USD/day]", CS_CLAIM_FAILS, 0.799833},
        {"{most: 0.2 USD/day}", CS_CLAIM_FAILS, 1.92},
        {"{least: 3.84 USD/day}", CS_CLAIM_FAILS, 0.1},
        {"{least: 0.4 USD/day}", CS_CLAIM_NEAR, 0.96},
    };
    assert_verdicts(at_one, one, "", "usd_per_day", cases, sizeof cases / sizeof cases[0],
                    0.384 / DAY, 0.384 / DAY, 0.384 / DAY);
}
END_TEST

/* 3.1/s want two, where steps are as the model has them or faster by a factor of 1.48, and three
 * where they are slower by it, as each then carries 1.35: two to three. Of those that reach into it
 * every claim holds; 1.6 is a quarter below its lower end and 3.75 above its upper one. The factor
 * is that of the answer itself, 2. */
START_TEST(verdicts_of_an_interval)
{
    static const struct verdict cases[] = {{"2", CS_CLAIM_HOLDS, 1},
                                           {"3", CS_CLAIM_HOLDS, 1},
                                           {"2.5", CS_CLAIM_HOLDS, 1},
                                           {"[1, 2]", CS_CLAIM_HOLDS, 1},
                                           {"[3, 9]", CS_CLAIM_HOLDS, 1},
                                           {"[1, 9]", CS_CLAIM_HOLDS, 1},
                                           {"{most: 2}", CS_CLAIM_HOLDS, 1},
                                           {"{least: 3}", CS_CLAIM_HOLDS, 1},
                                           {"1.61", CS_CLAIM_NEAR, 1.242236},
                                           {"1.59", CS_CLAIM_FAILS, 1.257862},
                                           {"3.74", CS_CLAIM_NEAR, 0.534759},
                                           {"3.76", CS_CLAIM_FAILS, 0.531915},
                                           {"{least: 3.74}", CS_CLAIM_NEAR, 0.534759},
                                           {"1", CS_CLAIM_FAILS, 2}};
    assert_verdicts("rate: 3.1 req/s", "{hardware: card, engine: toy-2}",
                    "slo: {ttft: {p95: 30 s}, window: run}\n", "gpus", cases,
                    sizeof cases / sizeof cases[0], 2, 2, 3);
}
END_TEST

/* --- answers --------------------------------------------------------------------------------- */

/* Of a plan: 1.2/s on one card cost 0.384 USD a day, 0.016 an hour, 1.85185 USD/Mtok of 0.20736 a
 * day; the API asks 0.41472, 1.08 times that. */
START_TEST(figures_of_a_plan)
{
    const struct cs_finding *const f =
        try_claims(ask(at_one, one, "compare: [split, flat]\n",
                       "figures: [{figure: gpus, claimed: 1}, {figure: usd_per_day, claimed: 1 "
                       "USD/day}, {figure: usd_per_hour, claimed: 1 USD/h}, {figure: usd_per_mtok, "
                       "claimed: 1 USD/Mtok}, {figure: api_usd_per_day, api: flat, claimed: 1 "
                       "USD/day}, {figure: times_cheaper, api: 2, claimed: 1}]"));
    static const double value[] = {1,   0.384 / 86400, 0.016 / 3600, 1.8518518e-6, 0.41472 / 86400,
                                   1.08};
    ck_assert_uint_eq(t.count, 6);
    for (size_t i = 0; i < t.count; i++) {
        ck_assert_double_eq_tol(f[i].value, value[i], 1e-6 * value[i]);
        ck_assert_double_eq_tol(f[i].lo, value[i], 1e-6 * value[i]);
        ck_assert_double_eq_tol(f[i].hi, value[i], 1e-6 * value[i]);
        ck_assert_ptr_null(f[i].why);
    }
    ck_assert_str_eq(f[0].of, "1 × card bf16 TP1");
    ck_assert_ptr_null(f[4].of);
}
END_TEST

/* Of a fleet that is full: 4/3 requests a second are 115,200 answers and as many prompts a day, and
 * 1.6667 USD for a million of them. toy-8 takes more than twice that. */
START_TEST(figures_of_a_full_fleet)
{
    const struct cs_finding *const f = try_claims(
        ask(at_one,
            cs_arena_printf(question_arena(), "[%s, {hardware: card, engine: toy-8}]", sized), mean,
            "figures: [{figure: tokens_per_gpu, option: 1, claimed: 230400 tokens/day}, {figure: "
            "output_per_gpu, option: 1, claimed: 1.3333 tokens/s}, {figure: usd_per_mtok_full, "
            "option: 1, claimed: 1.6667 USD/Mtok}, {figure: times_faster, option: 2, than: 1, "
            "claimed: {least: 2}}, {figure: times_faster, option: 1, than: 2, claimed: {most: "
            "0.5}}, {figure: tokens_per_gpu, claimed: 1 tokens/day}]"));
    static const double value[] = {8 / 3.0, 4 / 3.0, 1.6666667e-6};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(f[i].verdict, CS_CLAIM_HOLDS);
        ck_assert_double_eq_tol(f[i].value, value[i], 0.03 * value[i]);
        ck_assert(f[i].lo <= value[i] && value[i] <= f[i].hi);
    }
    ck_assert_int_eq(f[3].verdict, CS_CLAIM_HOLDS);
    ck_assert_int_eq(f[4].verdict, CS_CLAIM_HOLDS);
    ck_assert_double_eq_tol(f[3].value * f[4].value, 1, 1e-9);
    ck_assert_double_eq_tol(f[3].lo * f[4].hi, 1, 1e-9);
    ck_assert_double_lt(f[3].lo, f[3].value);
    ck_assert_double_eq_tol(f[5].value, f[3].value * f[0].value, 1e-9); /* the best */
    ck_assert_int_eq(f[5].verdict, CS_CLAIM_FAILS);
}
END_TEST

/* Weights of 8 x 8 matrices, four of attention and three more, and two of 16 x 8: 704 of two bytes.
 * One card holds them; a request alone has a token every half second, off by 1.48 either way. Of an
 * engine of which that is not known there is no answer, and 20 GB fit in no card of one. */
START_TEST(figures_of_a_machine)
{
    const struct cs_finding *f = try_claims(
        ask(at_one, "{hardware: card, engine: vllm-toy}", "",
            "figures: [{figure: weights, claimed: 1408 B}, {figure: gpus_to_hold, claimed: 1}, "
            "{figure: tokens_per_s, claimed: 2 tokens/s}]"));
    ck_assert_double_eq_tol(f[0].value, 1408, 0.5);
    ck_assert_double_eq(f[1].value, 1);
    ck_assert_double_eq_tol(f[2].value, 2, 1e-5);
    ck_assert_double_eq_tol(f[2].lo, 2 / exp(0.391993), 1e-4);
    ck_assert_double_eq_tol(f[2].hi, 2 * exp(0.391993), 1e-4);
    ck_assert_uint_eq(t.verdicts[CS_CLAIM_HOLDS], 3);
    ck_assert_str_eq(f[2].of, "toy on card, bf16");
    f = try_claims(
        ask(at_one, one, "",
            "figures: [{figure: weights, claimed: 1408 B}, {figure: gpus_to_hold, claimed: 1}, "
            "{figure: tokens_per_s, claimed: 2 tokens/s}]"));
    ck_assert_int_eq(f[0].verdict, CS_CLAIM_HOLDS);
    for (size_t i = 1; i < 3; i++) {
        ck_assert_int_eq(f[i].verdict, CS_CLAIM_UNANSWERED);
        ck_assert_str_eq(f[i].why, "what fits is not known of this engine");
    }
    test_write("models/toy.yaml",
               "name: toy\nweights: bf16\nparameters: {total: 10B}\n"
               "architecture: {layers: 50, hidden: 4096, heads: 32, kv_heads: 8, head_dim: 128,\n"
               "  ffn: 12800, vocabulary: 16, context: 4096 tokens}\n"
               "sources: {architecture: made up, parameters: made up}\n");
    f = try_claims(ask(at_one, "{hardware: card, engine: vllm-toy}", "",
                       "figures: [{figure: weights, claimed: 20 GB}, {figure: gpus_to_hold, "
                       "claimed: 1}]"));
    ck_assert_int_eq(f[0].verdict, CS_CLAIM_NEAR); /* 19.92 */
    ck_assert_int_eq(f[1].verdict, CS_CLAIM_FAILS);
    ck_assert_str_eq(f[1].why, "it fits in none of these machines");
}
END_TEST

/* 0.384 / 0.3456 requests of two tokens a second are 192,000 tokens a day, whichever way the
 * scenario says how much comes in; toy-1 is exact. At 3.84 USD a day it would be ten times that, of
 * which a card carries a fifth: never. At 0.0024 it is
 * cheaper from 1200 tokens on, which is below all that is tried, up to what a card carries; sized,
 * to the end. */
START_TEST(figures_of_a_crossover)
{
    static const char *const traffic[] = {"rate: 0.7 req/s", "requests: 60000 req/day",
                                          "volume: 120k tokens/day"};
    static const char claim[] =
        "figures: [{figure: crossover, api: flat, claimed: 192k tokens/day}, {figure: crossover, "
        "api: flat, claimed: [250k tokens/day, 300k tokens/day]}]";
    for (size_t i = 0; i < 3; i++) {
        const struct cs_finding *const f =
            try_claims(ask(traffic[i], one, "compare: flat\n", claim));
        ck_assert_double_eq_tol(f[0].value * DAY, 192000, 1);
        ck_assert_int_eq(f[0].verdict, CS_CLAIM_HOLDS);
        ck_assert_int_eq(f[1].verdict, CS_CLAIM_FAILS);
        ck_assert_double_eq_tol(f[1].factor, 192 / 250.0, 1e-4);
    }
    static const struct {
        const char *price, *deploy, *why;
    } none[] = {
        {"gpu: 0.16 USD/h", one, "hosting costs at least"},
        {"gpu: 0.001 USD/h, gpu_price: 10%", one,
         "from the lowest volume tried on, but not throughout"},
        {"gpu: 0.001 USD/h, gpu_price: 10%", sized, "always, from the lowest volume tried on"}};
    for (size_t i = 0; i < 3; i++) {
        char *const yaml = cs_arena_strdup(
            question_arena(), ask(traffic[2], none[i].deploy, "compare: flat\n", claim));
        const char *const at = strstr(yaml, "gpu: 0.016 USD/h");
        const struct cs_finding *const f = try_claims(cs_arena_printf(
            question_arena(), "%.*s%s%s", (int)(at - yaml), yaml, none[i].price, at + 16));
        ck_assert_msg(isnan(f[0].value), "%zu: %g", i, f[0].value * DAY);
        ck_assert_msg(strncmp(f[0].why, none[i].why, strlen(none[i].why)) == 0, "%s", f[0].why);
        ck_assert_int_eq(f[0].verdict, CS_CLAIM_FAILS);
        ck_assert(isnan(f[0].factor));
    }
}
END_TEST

/* What there is no fleet or no price for. A first token takes half a second. */
START_TEST(figures_without_an_answer)
{
    const struct cs_finding *f =
        try_claims(ask(at_one, sized, "slo: {ttft: {p95: 0.4 s}}\n",
                       "figures: [{figure: gpus, claimed: 1}, {figure: tokens_per_gpu, claimed: 1 "
                       "tokens/day}]"));
    ck_assert_str_eq(f[0].why, "no fleet of this kind meets the SLO");
    ck_assert_str_eq(f[1].why, "it meets the SLO with no traffic");
    ck_assert_uint_eq(t.verdicts[CS_CLAIM_FAILS], 2);
    test_write("hardware/gift.yaml",
               "name: gift\nmemory: {capacity: 1 GB, bandwidth: 1000 TB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\nsources: {memory: made up, compute: made up}\n");
    f = try_claims("name: q\nmodel: toy\ndeploy: {hardware: gift, engine: toy-1}\n"
                   "traffic: {rate: 1 req/s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 "
                   "token}}}\nsimulate: {requests: 2000}\nclaim: {says: so, figures: [{figure: "
                   "usd_per_day, claimed: 1 USD/day}, {figure: usd_per_mtok_full, claimed: 1 "
                   "USD/Mtok}, {figure: gpus, claimed: 1}]}\n");
    for (size_t i = 0; i < 2; i++)
        ck_assert_str_eq(f[i].why, "no price is known");
    ck_assert_uint_eq(t.verdicts[CS_CLAIM_UNANSWERED], 2);
    ck_assert_int_eq(f[2].verdict, CS_CLAIM_HOLDS);
}
END_TEST

/* What a claim speaks of must be there when it is put on trial; other commands do not ask. */
START_TEST(claims_of_what_is_not_there)
{
    struct cs_study *const study = question_study(
        ask(at_one, one, "compare: flat\n",
            "figures: [{figure: api_usd_per_day, api: split, claimed: 1 USD/day}, {figure: gpus, "
            "option: 2, claimed: 1}, {figure: times_faster, option: 1, than: 3, claimed: 1}]"),
        1);
    ck_assert(!cs_claims_run(&t, study, question_arena(), &diags));
    static const char *const messages[] = {
        "claim.figures: the scenario does not compare with 'split'",
        "claim.figures: there is no option 2, the scenario has 1",
        "claim.figures: there is no option 3, the scenario has 1"};
    ck_assert_uint_eq(diags.errors, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(diags.items[i].message, messages[i]);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("claims");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, sums);
    tcase_add_test(all, sums_that_are_none);
    tcase_add_test(all, figures_in_their_units);
    tcase_add_test(all, verdicts_of_an_exact_answer);
    tcase_add_test(all, verdicts_of_an_interval);
    tcase_add_test(all, figures_of_a_plan);
    tcase_add_test(all, figures_of_a_full_fleet);
    tcase_add_test(all, figures_of_a_machine);
    tcase_add_test(all, figures_of_a_crossover);
    tcase_add_test(all, figures_without_an_answer);
    tcase_add_test(all, claims_of_what_is_not_there);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
