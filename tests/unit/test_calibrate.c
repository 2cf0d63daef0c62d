/* Calibrate: parameters that are known come back, and what data cannot tell is said.
 *
 * The measurements are the program's own: runs are drawn from a table, predicted with a sheet whose
 * values were chosen here (none is the start's), and given to the fit as if measured. What the fit
 * must return is then the chosen value, within the finite difference and the ps of a step; noise
 * of a known size is added where standard errors are tested. No measured data is needed.
 */
#include "base/rng.h"
#include "fit/calibrate.h"
#include "fit/import.h"
#include "fit/tablefile.h"
#include "sheets.h"
#include <check.h>
#include <string.h>

static const char *const header =
    "name,model,precision,tensor_parallel,rate,requests,input_tokens,output_tokens,sampling,"
    "tpot_mean_ms\n";
/* Batches from one to some seventy, short and long prompts, one to eight GPUs, both samplers. */
static const char *const dense = "a,llama-2-7b,fp16,1,0.61,800,613,157,greedy,1\n"
                                 "b,llama-2-7b,fp16,1,31.3,1500,211,197,top_p,1\n"
                                 "c,llama-2-70b,fp16,4,0.37,800,457,83,greedy,1\n"
                                 "d,llama-2-70b,fp16,8,5.9,1000,1217,171,greedy,1\n"
                                 "e,codellama-34b,fp16,2,0.43,800,353,109,top_p,1\n"
                                 "f,codellama-34b,fp16,2,11.9,1500,119,161,greedy,1\n"
                                 "g,llama-2-7b,fp16,1,3.7,1000,3011,131,greedy,1\n"
                                 "h,llama-2-7b,fp16,2,0.71,800,1409,73,greedy,1\n"
                                 "i,llama-2-7b,fp16,1,29.7,1500,223,199,greedy,1\n"
                                 "j,llama-2-70b,fp16,4,6.1,1000,307,113,top_p,1\n";

static struct cs_cases cases;
static struct cs_diags diags;
static struct cs_calibration_ask ask;
static const struct cs_parameter *fit[16];

static struct cs_engine_sheet truth(void)
{
    struct cs_engine_sheet e = ask.start.engine;
    e.weights_eff = 0.783;
    e.kv_eff = 0.861;
    e.request_s = 4.31e-3;
    e.step_s = 1.37e-3;
    e.layer_s = 7.9e-6;
    e.prefill_step_s = 1.13e-3;
    e.all_reduce_s = 9.7e-6;
    e.sampler_bytes = 367.0;
    return e;
}

/* Reads the rows and puts in what `engine` makes of them, times e^(noise N(0, 1)). */
static void measure(const char *rows, const struct cs_engine_sheet *engine, double noise)
{
    struct cs_tablefile table;
    struct cs_import import = {.catalog = sheets_catalog(),
                               .cases = &cases,
                               .diags = &diags,
                               .engine = "vllm",
                               .hardware = "h100-sxm-80gb"};
    const char *const text = cs_arena_printf(sheets_arena(), "%s%s", header, rows);
    struct cs_rng rng;
    cs_rng_init(&rng, 7, 0, "noise");
    ck_assert(cs_tablefile_parse(&table, "made.csv", text, strlen(text), sheets_arena(), &diags));
    ck_assert(cs_read_plain(&import, &table));
    for (size_t i = 0; i < cases.count; i++) {
        struct cs_case *const c = &cases.items[i];
        struct cs_case made = *c;
        const char *reason;
        made.option.engine = engine;
        ck_assert(cs_case_predict(&made, c->measured, NULL, &reason));
        for (int f = 0; f < CS_FIGURE_COUNT; f++)
            c->measured[f] *= exp(noise * cs_rng_normal(&rng));
    }
}

static void want(const char *const *names)
{
    for (ask.fit_count = 0; *names; names++) {
        fit[ask.fit_count] = cs_parameter_find(*names);
        ck_assert_ptr_nonnull(fit[ask.fit_count++]);
    }
    ask.fit = fit;
}

static const struct cs_fitted *fitted(const struct cs_calibration *c, const char *name)
{
    for (size_t k = 0; k < c->fit_count; k++)
        if (strcmp(c->fits[k].name, name) == 0)
            return &c->fits[k];
    ck_abort_msg("no parameter %s", name);
    return NULL;
}

static void setup(void)
{
    sheets_open();
    cs_diags_init(&diags, sheets_arena());
    cs_cases_init(&cases, sheets_arena());
    ask = (struct cs_calibration_ask){.threads = 2};
    ask.start.engine = *sheets_option("llama-2-7b", "h100-sxm-80gb", CS_PRECISION_BF16).engine;
}

static const char *const all[] = {"efficiency.weights",  "efficiency.kv",  "overhead.request",
                                  "overhead.step",       "overhead.layer", "overhead.prefill_step",
                                  "overhead.all_reduce", "sampler",        NULL};

#define NEAR(name, expected, relative)                                                             \
    ck_assert_double_eq_tol(fitted(c, name)->value, expected, (relative) * (expected))

START_TEST(known_values_come_back)
{
    const struct cs_engine_sheet e = truth();
    measure(dense, &e, 0.0);
    want(all);
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq(c->case_count, 10);
    ck_assert_uint_eq(c->residual_count, 30);
    NEAR("efficiency.weights", e.weights_eff, 0.01);
    NEAR("efficiency.kv", e.kv_eff, 0.01);
    NEAR("overhead.request", e.request_s, 0.01);
    NEAR("overhead.step", e.step_s, 0.05);
    NEAR("overhead.layer", e.layer_s, 0.15); /* 0.02 % of a step's time tells 15 % of it */
    NEAR("overhead.prefill_step", e.prefill_step_s, 0.02);
    NEAR("overhead.all_reduce", e.all_reduce_s, 0.02);
    NEAR("sampler", e.sampler_bytes, 0.02);
    ck_assert_double_lt(c->in_sample[CS_FIGURE_TPOT_MEAN].median, 0.002);
    for (size_t k = 0; k < c->fit_count; k++) {
        ck_assert(c->fits[k].moved);
        ck_assert_int_eq(c->fits[k].bound, 0);
    }
}
END_TEST

/* Noise of 2 % on every figure: eight of eight values within four standard errors of the truth,
 * and errors that are neither nothing nor everything. */
START_TEST(standard_errors_hold_the_truth)
{
    const struct cs_engine_sheet e = truth();
    measure(dense, &e, 0.02);
    want((const char *const[]){"efficiency.weights", "overhead.request", "overhead.step",
                               "overhead.all_reduce", NULL});
    ask.start.engine.kv_eff = e.kv_eff;
    ask.start.engine.layer_s = e.layer_s;
    ask.start.engine.prefill_step_s = e.prefill_step_s;
    ask.start.engine.sampler_bytes = e.sampler_bytes;
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    const double values[] = {e.weights_eff, e.request_s, e.step_s, e.all_reduce_s};
    ck_assert_ptr_nonnull(c);
    for (size_t k = 0; k < 4; k++) {
        const struct cs_fitted *const f = fitted(c, fit[k]->name);
        ck_assert_double_gt(f->error, 0.001 * f->value);
        ck_assert_double_lt(f->error, 0.2 * f->value);
        ck_assert_double_lt(fabs(f->value - values[k]), 4.0 * f->error);
    }
    /* z of TPOT and E2E has sd 0.02 / 0.03, of TTFT 0.02 / 0.10 */
    ck_assert_double_gt(c->scatter, 0.2);
    ck_assert_double_lt(c->scatter, 0.9);
}
END_TEST

START_TEST(what_data_cannot_tell_is_said)
{
    const struct cs_engine_sheet e = truth();
    measure("a,llama-2-7b,fp16,1,4.7,1500,613,157,greedy,1\n"
            "b,llama-2-7b,fp16,1,9.3,1500,211,97,greedy,1\n",
            &e, 0.01);
    want((const char *const[]){"efficiency.weights", "overhead.step", "overhead.layer",
                               "overhead.moe_layer", NULL});
    ask.start.engine.moe_layer_s = 3.7e-6;
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_ptr_nonnull(c);
    /* no experts: it stays at the start sheet's */
    ck_assert(!fitted(c, "overhead.moe_layer")->moved);
    ck_assert_double_eq(fitted(c, "overhead.moe_layer")->value, 3.7e-6);
    ck_assert_ptr_nonnull(fitted(c, "overhead.moe_layer")->warning);
    /* one model: t0 + 32 t_layer and the weights' reading are one constant */
    ck_assert_ptr_nonnull(fitted(c, "overhead.step")->warning);
    ck_assert_ptr_nonnull(fitted(c, "overhead.layer")->warning);
}
END_TEST

START_TEST(a_group_left_out_is_predicted)
{
    const struct cs_engine_sheet e = truth();
    measure(dense, &e, 0.0);
    want((const char *const[]){"efficiency.weights", "overhead.request", "overhead.step",
                               "overhead.layer", NULL});
    ask.start.engine.kv_eff = e.kv_eff;
    ask.start.engine.prefill_step_s = e.prefill_step_s;
    ask.start.engine.all_reduce_s = e.all_reduce_s;
    ask.start.engine.sampler_bytes = e.sampler_bytes;
    ask.leave_out = CS_GROUP_MODEL;
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq(c->group_count, 3);
    for (size_t g = 0; g < 3; g++)
        ck_assert_double_lt(c->groups[g].held_out[CS_FIGURE_TPOT_MEAN].mean, 0.01);
    ck_assert_uint_eq(c->held_out[CS_FIGURE_TPOT_MEAN].count, 10);
    /* the refits differ among themselves, about the truth */
    const struct cs_fitted *const f = fitted(c, "efficiency.weights");
    ck_assert_double_lt(f->least, f->most);
    ck_assert_double_eq_tol(f->least, e.weights_eff, 0.02);
    ck_assert_double_eq_tol(f->most, e.weights_eff, 0.02);
}
END_TEST

START_TEST(a_wild_row_pulls_little)
{
    const struct cs_engine_sheet e = truth();
    measure(dense, &e, 0.0);
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        cases.items[4].measured[f] *= 1.9;
    want((const char *const[]){"overhead.request", "overhead.step", NULL});
    ask.start.engine = e;
    ask.start.engine.step_s = 0.7e-3;
    ask.start.engine.request_s = 9e-3;
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_ptr_nonnull(c);
    NEAR("overhead.step", e.step_s, 0.05); /* unweighted, a seventh of 90 % would be 13 % of TPOT */
    NEAR("overhead.request", e.request_s, 0.10);
    for (size_t r = 0; r < c->residual_count; r++)
        if (c->residuals[r].item == 4)
            ck_assert_double_lt(c->residuals[r].weight, 0.2);
}
END_TEST

START_TEST(threads_do_not_show)
{
    const struct cs_engine_sheet e = truth();
    double values[2];
    measure(dense, &e, 0.03);
    want((const char *const[]){"efficiency.weights", "overhead.step", NULL});
    for (int i = 0; i < 2; i++) {
        ask.threads = i ? 3 : 1;
        const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
        values[i] = fitted(c, "efficiency.weights")->value;
    }
    ck_assert(values[0] == values[1]);
}
END_TEST

/* What an earlier fit wrote into the sheet is known to no fit, nor to one that leaves a group out.
 */
START_TEST(sheets_do_not_show)
{
    const struct cs_engine_sheet e = truth();
    struct cs_residual seen[2];
    measure(dense, &e, 0.03);
    want((const char *const[]){"efficiency.weights", "overhead.step", NULL});
    ask.leave_out = CS_GROUP_MODEL;
    for (int i = 0; i < 2; i++) {
        ask.start.engine.step_s = i ? 0.0 : 4.7e-3;
        ask.start.engine.weights_eff = i ? 0.91 : 0.37;
        seen[i] = cs_calibrate(&cases, &ask, sheets_arena(), &diags)->residuals[5];
    }
    ck_assert(seen[0].predicted == seen[1].predicted);
    ck_assert(seen[0].held_out == seen[1].held_out);
    ck_assert(seen[0].held_out != seen[0].predicted);
}
END_TEST

/* Operators that were launched one by one: 31 us a layer for GEMMs, 83 us for all-reduces. */
START_TEST(launches_are_told_apart)
{
    static const char rows[] = "device,model,tp,tokens,linear_ops_ms,allreduce_ms\n"
                               "h100,llama-2-7b,2,16,1,1\nh100,llama-2-7b,2,768,1,1\n"
                               "h100,llama-2-7b,4,4096,1,1\nh100,llama-2-70b,4,64,1,1\n"
                               "h100,llama-2-70b,8,1536,1,1\nh100,llama-2-70b,8,4096,1,1\n";
    struct cs_tablefile table;
    struct cs_import import = {
        .catalog = sheets_catalog(), .cases = &cases, .diags = &diags, .engine = "vllm"};
    struct cs_engine_sheet e = truth();
    const char *reason;
    e.link_eff = 0.713;
    ck_assert(cs_tablefile_parse(&table, "made.csv", rows, strlen(rows), sheets_arena(), &diags));
    ck_assert(cs_read_timings(&import, &table));
    ask.start.engine.all_reduce_s = e.all_reduce_s;
    for (size_t i = 0; i < cases.count; i++) {
        struct cs_case made = cases.items[i];
        made.option.engine = &e;
        ck_assert(cs_case_predict(&made, cases.items[i].measured, NULL, &reason));
        cases.items[i].measured[CS_FIGURE_STEP] +=
            made.option.model->layers * (made.parts == CS_PART_REDUCE ? 83e-6 : 31e-6);
    }
    want((const char *const[]){"efficiency.weights", NULL});
    const struct cs_calibration *c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_uint_eq(c->case_count, 6); /* all-reduces tell nothing of weights */
    ck_assert_uint_eq(cases.skips[0].count, 6);
    NEAR("efficiency.weights", e.weights_eff, 0.01);
    want((const char *const[]){"efficiency.weights", "efficiency.link", NULL});
    c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_uint_eq(c->case_count, 12);
    NEAR("efficiency.weights", e.weights_eff, 0.01);
    NEAR("efficiency.link", 0.713, 0.01);
    NEAR("launch (made.csv)", 31e-6, 0.01);
    NEAR("launch, reduce (made.csv)", 83e-6, 0.01);
}
END_TEST

/* To the place of half the standard error, and to four digits at most. */
START_TEST(values_are_printed_as_well_as_known)
{
    static const struct {
        const char *name;
        double value, error;
        const char *text;
    } prints[] = {{"overhead.step", 1.2345e-3, 0.092e-3, "1.23 ms"},
                  {"overhead.layer", 18.47e-6, 8.3e-6, "18 us"},
                  {"sampler", 516.7, 23.0, "520 B"},
                  {"efficiency.weights", 0.85683, 0.0149, "85.7%"},
                  {"efficiency.weights", 0.85683, 1e-9, "85.68%"},
                  {"hardware.kv", 0.44321, 0.03, "0.44"},
                  {"overhead.request", 0.21e-3, 1.9e-3, "0.2 ms"},
                  {"overhead.request", 0.02137e-3, 1.9e-3, "0.02137 ms"},
                  {"overhead.request", 7.4321987e-3, NAN, "7.432 ms"}};
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        char text[32];
        cs_parameter_print(cs_parameter_find(prints[i].name), prints[i].value, prints[i].error,
                           text);
        ck_assert_str_eq(text, prints[i].text);
    }
}
END_TEST

START_TEST(useless_cases_are_counted)
{
    const struct cs_engine_sheet e = truth();
    measure(dense, &e, 0.0);
    cases.items[0].measured[CS_FIGURE_TPOT_MEAN] = 1e-3; /* 13.5 GB at 3.35 TB/s take 4 ms */
    cases.items[1].overloaded = true;
    cases.items[3].repeats = "told by others";
    struct cs_engine_sheet other = e;
    other.name = "other";
    cases.items[2].option.engine = &other;
    want((const char *const[]){"overhead.step", NULL});
    const struct cs_calibration *const c = cs_calibrate(&cases, &ask, sheets_arena(), &diags);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq(c->case_count, 6);
    ck_assert_uint_eq(cases.skip_count, 4);
    ck_assert_str_eq(cases.skips[0].reason, "faster than the physical floor");
    ck_assert_str_eq(cases.skips[0].example, "made.csv:2");
    ck_assert_uint_eq(cases.read, 10);
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_uint_eq(diags.count, 1);
}
END_TEST

START_TEST(too_few_figures)
{
    const struct cs_engine_sheet e = truth();
    measure("a,llama-2-7b,fp16,1,4.7,1500,613,157,greedy,1\n", &e, 0.0);
    want(all); /* seven of them matter here: no tensor parallelism; no sampler */
    ck_assert_ptr_null(cs_calibrate(&cases, &ask, sheets_arena(), &diags));
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_str_eq(diags.items[0].message, "3 figures cannot tell 6 parameters");
    cases.items[0].overloaded = true;
    ck_assert_ptr_null(cs_calibrate(&cases, &ask, sheets_arena(), &diags));
    ck_assert_str_eq(diags.items[1].message, "no measurement can be used, of 1 read");
}
END_TEST

/* g_w e_m, g_w g_kv e_kv and g_c max(e_c, e_pf) end at 1, whatever the start. */
START_TEST(no_bound_passes_the_floor)
{
    struct cs_trial_sheets s = {.engine = truth(), .hardware = *sheets_hardware("l4")};
    s.engine.compute_eff = 0.65;
    s.hardware.bandwidth_factor = 1.1;
    s.hardware.kv_factor = 0.7;
    s.hardware.compute_factor = 0.9;
    const struct {
        const char *name;
        double high;
    } bounds[] = {
        {"efficiency.weights", 1 / 1.1},    {"efficiency.kv", 1.0}, /* 1 / 0.77 is beyond it */
        {"efficiency.compute", 1.0},        {"hardware.bandwidth", 1 / 0.783},
        {"hardware.kv", 1 / (0.861 * 1.1)}, {"hardware.compute", 1 / 0.65}};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        const struct cs_parameter *const p = cs_parameter_find(bounds[i].name);
        const double high = cs_parameter_high(p, &s.engine, &s.hardware);
        ck_assert_double_eq_tol(high, bounds[i].high, 1e-12);
        for (double u = -40; u <= 40; u += 3.7) {
            const double x = cs_parameter_outward(p, high, u);
            ck_assert(x >= p->low && x <= high);
        }
        ck_assert_double_eq_tol(cs_parameter_outward(p, high, cs_parameter_inward(p, high, 0.413)),
                                0.413, 1e-12);
    }
    const struct cs_parameter *const step = cs_parameter_find("overhead.step");
    ck_assert_double_eq_tol(
        cs_parameter_outward(step, 1.0, cs_parameter_inward(step, 1.0, 1.37e-3)), 1.37e-3, 1e-15);
    ck_assert_int_eq(cs_parameter_bound(step, 1.0, cs_parameter_outward(step, 1.0, -5.0)), -1);
}
END_TEST

/* d x / d u by differences of outward(). */
START_TEST(slopes_are_derivatives)
{
    for (size_t i = 0; i < cs_parameter_count; i++) {
        const struct cs_parameter *const p = &cs_parameters[i];
        const double u = 1.357, h = 1e-6;
        const double slope =
            (cs_parameter_outward(p, p->high, u + h) - cs_parameter_outward(p, p->high, u - h)) /
            (2 * h);
        ck_assert_double_eq_tol(cs_parameter_slope(p, p->high, u), slope, 1e-6 * slope);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("calibrate");
    TCase *const t = tcase_create("calibrate");
    tcase_add_checked_fixture(t, setup, sheets_close);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, known_values_come_back);
    tcase_add_test(t, standard_errors_hold_the_truth);
    tcase_add_test(t, what_data_cannot_tell_is_said);
    tcase_add_test(t, a_group_left_out_is_predicted);
    tcase_add_test(t, a_wild_row_pulls_little);
    tcase_add_test(t, threads_do_not_show);
    tcase_add_test(t, sheets_do_not_show);
    tcase_add_test(t, launches_are_told_apart);
    tcase_add_test(t, values_are_printed_as_well_as_known);
    tcase_add_test(t, useless_cases_are_counted);
    tcase_add_test(t, too_few_figures);
    tcase_add_test(t, no_bound_passes_the_floor);
    tcase_add_test(t, slopes_are_derivatives);
    suite_add_tcase(suite, t);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
