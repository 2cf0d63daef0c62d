/* Validation: errors, groups, and what is kept out of them; and the plots.
 *
 * Cases are one request each on the toy engine (sheets.h), whose E2E is its answer's tokens times
 * the step; measured figures are set so that the errors are round numbers, worked out beside them.
 */
#include "fit/validate.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "out/svg.h"
#include "sheets.h"

static const double STEP = 0.137;
static struct cs_arena arena;
static struct toy toy, other;
static struct cs_cases cases;
static struct cs_validation v;
static const double at[] = {0.5};
static const int32_t input[] = {211}, output[] = {4}; /* E2E 0.548 s */
static const struct cs_trace trace = {
    .count = 1, .arrival_s = at, .input = input, .output = output};

static struct cs_case *add(const struct toy *t, double error)
{
    struct cs_case *c = cs_cases_add(&cases);
    c->name = c->source = "made up";
    c->option = t->option;
    c->traces = &trace;
    c->trace_count = 1;
    c->measured[CS_FIGURE_E2E_MEAN] = 4 * STEP / (1.0 + error);
    return c;
}

static void setup(void)
{
    cs_arena_init(&arena);
    cs_cases_init(&cases, &arena);
    toy_init(&toy, STEP);
    toy_init(&other, STEP);
    other.model.name = "other";
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct cs_group *group(enum cs_group_by by, const char *name)
{
    for (size_t i = 0; i < v.group_count; i++)
        if (v.groups[i].by == by && strcmp(v.groups[i].name, name) == 0)
            return &v.groups[i];
    return NULL;
}

START_TEST(errors_and_medians)
{
    add(&toy, -0.10);
    add(&toy, 0.04);
    add(&toy, 0.30);
    add(&other, -0.02);
    add(&other, 9.0)->overloaded = true; /* in no median */
    add(&toy, 0.50)->part = "stage 1";   /* in that of its part */
    add(&toy, 0.01)->kind = CS_CASE_OFFLOAD;
    cases.items[0].measured[CS_FIGURE_OUTPUT_RATE] = 4.0 / (4 * STEP); /* of the arrivals */
    struct cs_case *queued = add(&toy, 0.0);
    queued->kind = CS_CASE_OFFLINE;
    queued->measured[CS_FIGURE_E2E_MEAN] = NAN;
    queued->measured[CS_FIGURE_OUTPUT_RATE] = 4.0 / (4 * STEP) / 1.25;
    cs_validation_run(&v, &cases, 3, &arena, NULL, NULL);
    ck_assert_uint_eq(v.compared, 6);
    ck_assert_uint_eq(v.overloaded, 1);
    ck_assert_uint_eq(v.unable, 1);
    ck_assert_uint_eq(v.unanswered.skip_count, 1);
    ck_assert_double_eq_tol(v.verdicts[0].error[CS_FIGURE_E2E_MEAN], -0.10, 1e-6);
    ck_assert(isnan(v.verdicts[0].error[CS_FIGURE_TTFT_MEAN])); /* not measured */
    const struct cs_spread *s = &group(CS_BY_ALL, "all")->figures[CS_FIGURE_E2E_MEAN];
    ck_assert_uint_eq(s->count, 4);
    ck_assert_double_eq_tol(s->median_abs, (0.04 + 0.10) / 2, 1e-6);
    ck_assert_double_eq_tol(s->mean_abs, (0.10 + 0.04 + 0.30 + 0.02) / 4, 1e-6);
    ck_assert_double_eq_tol(s->median, (0.04 - 0.02) / 2, 1e-6);
    ck_assert_uint_eq(group(CS_BY_ALL, "all")->figures[CS_FIGURE_OUTPUT_RATE].count, 1);
    ck_assert_double_eq_tol(group(CS_BY_KIND, "offline")->figures[CS_FIGURE_OUTPUT_RATE].median,
                            0.25, 1e-6);
    s = &group(CS_BY_MODEL, "toy")->figures[CS_FIGURE_E2E_MEAN];
    ck_assert_double_eq_tol(s->median_abs, 0.10, 1e-6);
    ck_assert_double_eq_tol(s->median, 0.04, 1e-6);
    ck_assert_uint_eq(group(CS_BY_MODEL, "other")->cases, 1);
    ck_assert_double_eq_tol(
        group(CS_BY_PART, "stage 1")->figures[CS_FIGURE_E2E_MEAN].median_abs, 0.5, 1e-6);
    cs_validation_fini(&v);
}
END_TEST

START_TEST(what_physics_rules_out_is_not_compared)
{
    sheets_open();
    struct cs_case *c = add(&toy, 0.1);
    c->option = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    c->option.tensor_parallel = 1;
    c->measured[CS_FIGURE_TPOT_MEAN] = 0.0040; /* 15 GB over 3.35 TB/s are 4.48 ms */
    cs_validation_run(&v, &cases, 1, &arena, NULL, NULL);
    ck_assert_uint_eq(v.impossible, 1);
    ck_assert(v.verdicts[0].impossible[CS_FIGURE_TPOT_MEAN]);
    ck_assert(isnan(v.verdicts[0].error[CS_FIGURE_TPOT_MEAN]));
    ck_assert(!isnan(v.verdicts[0].error[CS_FIGURE_E2E_MEAN]));
    ck_assert_uint_eq(v.below_floor, 0);
    cs_validation_fini(&v);
    sheets_close();
}
END_TEST

static char *drawn(struct cs_plot *p, const char *title, void (*draw)(struct cs_plot *p))
{
    char *text = NULL;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    cs_plot_open(p, out, title);
    draw(p);
    cs_plot_close(p);
    fclose(out);
    return text;
}

/* The frame is 260 wide and starts 62 from the left, 10 from the top. */
static void two_marks(struct cs_plot *p)
{
    cs_plot_mark(p, 10, 1000, "m", "a < b & \"c\"");
    cs_plot_mark(p, NAN, 3, "never", NULL);
    cs_plot_mark(p, 1e6, 0.1, "end", NULL); /* beyond both ends */
}

START_TEST(plots_stand_where_the_figures_are)
{
    struct cs_plot p = {.x = {1, 10000, true, CS_SVG_NUMBER, "across"},
                        .y = {10, 1000, true, CS_SVG_SECONDS, "up"}};
    char *const text = drawn(&p, "title & more", two_marks);
    ck_assert_ptr_nonnull(strstr(text, "<title>title &amp; more</title>"));
    /* 10 is a quarter of four decades: 62 + 65; 1000 is the top */
    ck_assert_ptr_nonnull(strstr(text, "<circle class=\"m\" cx=\"127.0\" cy=\"10.0\""));
    ck_assert_ptr_nonnull(strstr(text, "a &lt; b &amp; &quot;c&quot;"));
    ck_assert_ptr_nonnull(strstr(text, "<circle class=\"end\" cx=\"322.0\" cy=\"270.0\""));
    ck_assert(strstr(text, "never") == NULL);
    ck_assert_ptr_nonnull(strstr(text, ">10 s</text>"));
    ck_assert_ptr_nonnull(strstr(text, ">1k</text>"));
    free(text);
}
END_TEST

START_TEST(axes_hold_their_values)
{
    const double values[] = {0.02, NAN, 0.31, 0.0};
    struct cs_axis a = {.log = true};
    cs_axis_fit(&a, values, 4);
    ck_assert(a.low > 0.0 && a.low < 0.02 && a.high > 0.31);
    struct cs_axis empty = {.log = true};
    cs_axis_fit(&empty, values, 0);
    ck_assert(empty.low < empty.high);
    struct cs_axis line = {.log = false};
    cs_axis_fit(&line, values, 4);
    ck_assert(line.low < 0.0 && line.high > 0.31);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("validate");
    TCase *tests = tcase_create("validate");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, errors_and_medians);
    tcase_add_test(tests, what_physics_rules_out_is_not_compared);
    tcase_add_test(tests, plots_stand_where_the_figures_are);
    tcase_add_test(tests, axes_hold_their_values);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
