/* Cases: figures of a run against a queue worked out by hand, and bounds that physics sets.
 *
 * The toy engine (sheets.h) serves one request at a time in steps of one length, so each request's
 * times follow from adding steps: 137 ms a step here, an answer of n tokens takes n of them. It
 * adds under 1e-9 of a step for its weights, hence the tolerance of 1e-6.
 */
#include "fit/case.h"
#include <check.h>
#include <string.h>
#include "sheets.h"

static const double STEP = 0.137;
static struct cs_arena arena;
static struct toy toy;
static struct cs_case c;
static double got[CS_FIGURE_COUNT];
static const char *reason;

/* Starts 0.25, 0.661 (its predecessor's end), 5.1; first tokens one step later. */
static const double arrivals[] = {0.25, 0.30, 5.1};
static const int32_t inputs[] = {313, 77, 401}, outputs[] = {3, 2, 1};
static const struct cs_trace three = {
    .count = 3, .arrival_s = arrivals, .input = inputs, .output = outputs};

static void setup(void)
{
    cs_arena_init(&arena);
    toy_init(&toy, STEP);
    toy.engine.cuda_graph_padding = false;
    c = (struct cs_case){.kind = CS_CASE_REPLAY, .option = toy.option, .replicas = 1,
                         .traces = &three, .trace_count = 1};
    reason = NULL;
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

#define SAME(figure, expected) ck_assert_double_eq_tol(got[CS_FIGURE_##figure], expected, 1e-6)

START_TEST(figures_of_three_requests)
{
    struct cs_request_log log = {.arena = &arena};
    ck_assert(cs_case_predict(&c, got, &log, &reason));
    /* TTFT 0.137, 0.798 - 0.3 = 0.498, 0.137; E2E 0.411, 0.635, 0.137 */
    SAME(TTFT_MEAN, (0.137 + 0.498 + 0.137) / 3);
    SAME(TTFT_P50, 0.137);
    SAME(TTFT_P90, 0.137 + 0.8 * (0.498 - 0.137)); /* rank 0.9 * 2 = 1.8 */
    SAME(TTFT_P99, 0.137 + 0.98 * (0.498 - 0.137));
    SAME(TPOT_MEAN, 0.137);
    SAME(E2E_MEAN, (0.411 + 0.635 + 0.137) / 3);
    SAME(E2E_P50, 0.411);
    SAME(E2E_P90, 0.411 + 0.8 * (0.635 - 0.411));
    ck_assert_double_eq_tol(got[CS_FIGURE_OUTPUT_RATE], 6 / (5.237 - 0.25), 1e-5);
    ck_assert_double_eq_tol(got[CS_FIGURE_PREFILL_RATE], (313 + 77 + 401) / (5.237 - 0.25), 1e-3);
    ck_assert_double_eq_tol(got[CS_FIGURE_DECODE_RATE], 3 / (5.237 - 0.387), 1e-5);
    ck_assert(isnan(got[CS_FIGURE_STEP]));
    ck_assert_uint_eq(log.count, 3);
    ck_assert_int_eq(log.rows[1].input, 77);
}
END_TEST

START_TEST(skipped_scored_and_impatient)
{
    c.skip = 1;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, (0.635 + 0.137) / 2);
    c.score = 1; /* the second alone, though the first is simulated before it */
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(TTFT_MEAN, 0.498);
    c.skip = c.score = 0;
    c.timeout_s = 0.6; /* the second takes 0.635 s */
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, (0.411 + 0.137) / 2);
    c.timeout_s = 0.1;
    ck_assert(!cs_case_predict(&c, got, NULL, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "no request succeeds"));
}
END_TEST

START_TEST(median_over_traces)
{
    const double later[] = {1.5}, alone = 0.137;
    const int32_t in[] = {19}, out[] = {7};
    const struct cs_trace one = {.count = 1, .arrival_s = later, .input = in, .output = out};
    const struct cs_trace traces[] = {three, one, one};
    c.traces = traces;
    c.trace_count = 3;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(TTFT_MEAN, alone);
    SAME(E2E_MEAN, 7 * 0.137); /* 0.394, 0.959, 0.959 */
    c.trace_count = 2;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, ((0.411 + 0.635 + 0.137) / 3 + 0.959) / 2);
}
END_TEST

START_TEST(decode_is_steps_alone)
{
    const double at_once[] = {0, 0};
    const int32_t context[] = {100, 250}, out[] = {3, 5};
    const struct cs_trace two = {
        .count = 2, .arrival_s = at_once, .input = context, .output = out};
    c.kind = CS_CASE_DECODE;
    c.traces = &two;
    ck_assert(!cs_case_predict(&c, got, NULL, &reason)); /* the toy has one seat */
    c.option.max_num_seqs = 2;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(DECODE_RATE, 8 / (5 * STEP)); /* 8 tokens in 5 steps */
    SAME(TPOT_MEAN, STEP);
    ck_assert(isnan(got[CS_FIGURE_TTFT_MEAN]));
}
END_TEST

/* One seat and two stages of one step's length each: both requests run at once, a token every two
 * steps; without a pipeline the second waits for the three tokens of the first. */
START_TEST(batches_follow_one_another_through_a_pipeline)
{
    const double at_once[] = {0, 0};
    const int32_t in[] = {100, 250}, out[] = {3, 5};
    const struct cs_trace two = {.count = 2, .arrival_s = at_once, .input = in, .output = out};
    c.kind = CS_CASE_OFFLINE;
    c.traces = &two;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, (3 + 8) * STEP / 2);
    toy.hardware.pcie_Bps = 64e15;
    c.option.pipeline_parallel = 2;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, (3 + 5) * 2 * STEP / 2);
    toy.engine.slots = true; /* llama.cpp has one batch in its pipeline */
    c.option.context = c.option.block_size = 300;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    SAME(E2E_MEAN, (3 + 8) * 2 * STEP / 2);
}
END_TEST

START_TEST(what_cannot_run_says_why)
{
    const int32_t long_prompt[] = {5000, 4999, 4998}; /* the toy's context is 4096 */
    struct cs_trace t = three;
    t.input = long_prompt;
    c.traces = &t;
    ck_assert(!cs_case_predict(&c, got, NULL, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "no request succeeds"));
    c.traces = &three;
    toy.hardware.memory_bytes = 100;
    ck_assert(!cs_case_predict(&c, got, NULL, &reason));
    ck_assert_str_eq(reason, "the weights do not fit");
    c.option.kv_blocks = 300; /* measured blocks are believed */
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    c.kind = CS_CASE_OFFLOAD;
    ck_assert(!cs_case_predict(&c, got, NULL, &reason));
}
END_TEST

START_TEST(parts_of_a_step)
{
    sheets_open();
    struct cs_step_parts p;
    c.option = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    c.option.tensor_parallel = 2;
    c.kind = CS_CASE_STEP;
    c.load = (struct cs_step_load){.tokens = 37, .sampled = 37, .kv_tokens = 37 * 913};
    cs_step_explain(&p, &c.option, 2, false, &c.load);
    c.parts = CS_PART_LINEAR | CS_PART_ATTENTION | CS_PART_REDUCE;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    ck_assert_double_eq_tol(got[CS_FIGURE_STEP], p.total_s - p.fixed_s - p.head_s, 1e-12);
    c.parts = CS_PART_ATTENTION;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    ck_assert_double_eq_tol(got[CS_FIGURE_STEP], p.kv_s, 1e-12);
    sheets_close();
}
END_TEST

START_TEST(nothing_beats_the_floor)
{
    double least[CS_FIGURE_COUNT];
    sheets_open();
    c.option = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    c.option.tensor_parallel = 1;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    cs_case_floor(&c, least);
    /* 8.03e9 weights less the embedding (128256 x 4096), 2 bytes each, over 3.35 TB/s; and 77
     * tokens of KV, 131072 bytes each */
    const double bytes = 2 * (8.03e9 - 128256.0 * 4096) + 77 * 131072.0;
    ck_assert_double_eq_tol(least[CS_FIGURE_TPOT_MEAN], bytes / 3.35e12, 2e-5);
    ck_assert_double_gt(got[CS_FIGURE_TPOT_MEAN], least[CS_FIGURE_TPOT_MEAN]);
    ck_assert_double_lt(got[CS_FIGURE_OUTPUT_RATE], least[CS_FIGURE_OUTPUT_RATE]);
    ck_assert_double_lt(got[CS_FIGURE_PREFILL_RATE], least[CS_FIGURE_PREFILL_RATE]);
    sheets_close();
}
END_TEST

START_TEST(quantiles_as_numpy_has_them)
{
    const double v[] = {2.5, 3.1, 8.0, 8.4}; /* numpy.quantile(v, [0, .3, .5, .99, 1]) */
    ck_assert_double_eq_tol(cs_case_quantile(v, 4, 0), 2.5, 1e-12);
    ck_assert_double_eq_tol(cs_case_quantile(v, 4, 0.3), 3.04, 1e-12);
    ck_assert_double_eq_tol(cs_case_quantile(v, 4, 0.5), 5.55, 1e-12);
    ck_assert_double_eq_tol(cs_case_quantile(v, 4, 0.99), 8.388, 1e-12);
    ck_assert_double_eq_tol(cs_case_quantile(v, 4, 1), 8.4, 1e-12);
    ck_assert(isnan(cs_case_quantile(v, 0, 0.5)));
    double some[] = {7.5, NAN, 1.25, 4.0};
    ck_assert_double_eq(cs_case_median(some, 4), 4.0);
}
END_TEST

START_TEST(skips_are_counted_by_reason)
{
    struct cs_cases cases;
    cs_cases_init(&cases, &arena);
    for (int i = 0; i < 150; i++)
        cs_cases_add(&cases)->name = "x";
    cs_cases_skip(&cases, "no precision", "a.csv:3");
    cs_cases_skip(&cases, "unknown model", "a.csv:4");
    cs_cases_skip(&cases, "no precision", "a.csv:9");
    ck_assert_uint_eq(cases.read, 153);
    ck_assert_uint_eq(cases.count, 150);
    ck_assert_str_eq(cases.items[149].name, "x");
    ck_assert(isnan(cases.items[0].measured[CS_FIGURE_TTFT_MEAN]));
    ck_assert_uint_eq(cases.skip_count, 2);
    ck_assert_uint_eq(cases.skips[0].count, 2);
    ck_assert_str_eq(cases.skips[0].example, "a.csv:3");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("case");
    TCase *tests = tcase_create("case");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, figures_of_three_requests);
    tcase_add_test(tests, skipped_scored_and_impatient);
    tcase_add_test(tests, median_over_traces);
    tcase_add_test(tests, decode_is_steps_alone);
    tcase_add_test(tests, batches_follow_one_another_through_a_pipeline);
    tcase_add_test(tests, what_cannot_run_says_why);
    tcase_add_test(tests, parts_of_a_step);
    tcase_add_test(tests, nothing_beats_the_floor);
    tcase_add_test(tests, quantiles_as_numpy_has_them);
    tcase_add_test(tests, skips_are_counted_by_reason);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
