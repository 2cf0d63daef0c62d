/* Import: what load generators write, turned into cases.
 *
 * The reports here are made up, with numbers that could only come from their own field, in the
 * forms that the tools document: vllm bench serve, GuideLLM, inference-perf, and the plain CSV.
 * Expected values are those numbers in SI units. Names are of the project's own catalogue.
 */
#include "fit/import.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "folder.h"
#include "sheets.h"

static struct cs_cases cases;
static struct cs_diags diags;
static struct cs_import import;

static void setup(void)
{
    sheets_open();
    test_folder_open();
    cs_diags_init(&diags, sheets_arena());
    cs_cases_init(&cases, sheets_arena());
    import = (struct cs_import){.catalog = sheets_catalog(),
                                .cases = &cases,
                                .diags = &diags,
                                .engine = "vllm",
                                .hardware = "l40s",
                                .tensor_parallel = 2};
}

static void teardown(void)
{
    test_folder_close();
    sheets_close();
}

static const struct cs_case *only(const char *file, const char *text)
{
    ck_assert(cs_import_read(&import, test_write(file, text)));
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_uint_eq(cases.count, 1);
    return &cases.items[0];
}

#define SAME(figure, expected)                                                                     \
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_##figure], expected, 1e-9 * (expected))

START_TEST(vllm_at_a_rate)
{
    const struct cs_case *const c =
        only("bench.json", "{\"date\": \"x\", \"model_id\": \"meta-llama/Llama-2-7b-hf\","
                           "\"num_prompts\": 211, \"request_rate\": 3.7, \"burstiness\": 1.0,"
                           "\"max_concurrency\": null, \"duration\": 57.1, \"completed\": 209,"
                           "\"total_input_tokens\": 64163, \"total_output_tokens\": 25289,"
                           "\"request_throughput\": 3.66, \"output_throughput\": 442.9,"
                           "\"mean_ttft_ms\": 41.3, \"mean_tpot_ms\": 13.7, \"std_ttft_ms\": NaN,"
                           "\"mean_itl_ms\": 13.9, \"p99_ttft_ms\": 88.1, \"mean_e2el_ms\": 1689.0,"
                           "\"generated_texts\": [\"NaN \\\" Infinity\"]}\n");
    ck_assert_int_eq(c->kind, CS_CASE_ONLINE);
    ck_assert_str_eq(c->option.model->name, "llama-2-7b");
    ck_assert_str_eq(c->option.hardware->name, "l40s");
    ck_assert_int_eq(c->option.tensor_parallel, 2);
    ck_assert(!c->overloaded);
    SAME(TTFT_MEAN, 0.0413);
    SAME(TPOT_MEAN, 0.0137);
    SAME(E2E_MEAN, 1.689);
    ck_assert_uint_eq(c->traces[0].count, 209);
    ck_assert_int_eq(c->traces[0].input[17], 307);  /* 64163 / 209 */
    ck_assert_int_eq(c->traces[0].output[17], 121); /* 25289 / 209 */
    const double span = c->traces[0].arrival_s[208];
    ck_assert_double_eq_tol(span, 208 / 3.7, 0.25 * 208 / 3.7); /* 3.6 standard errors */
}
END_TEST

START_TEST(vllm_in_detail)
{
    const struct cs_case *const c =
        only("bench.json",
             "{\"model_id\": \"llama-2-7b\", \"num_prompts\": 3, \"completed\": 3,"
             "\"request_rate\": \"inf\", \"max_concurrency\": 2, \"total_input_tokens\": 724,"
             "\"total_output_tokens\": 57, \"input_lens\": [313, 211, 200],"
             "\"output_lens\": [7, 19, 31], \"start_times\": [1071.25, 1071.75, 1083.0],"
             "\"mean_ttft_ms\": 41.3, \"mean_tpot_ms\": 13.7}");
    ck_assert_int_eq(c->kind, CS_CASE_REPLAY);
    ck_assert_double_eq(c->traces[0].arrival_s[1], 0.5);
    ck_assert_double_eq(c->traces[0].arrival_s[2], 11.75);
    ck_assert_int_eq(c->traces[0].input[1], 211);
    ck_assert_int_eq(c->traces[0].output[2], 31);
    SAME(E2E_MEAN, 0.0413 + 0.0137 * (57.0 / 3 - 1));
}
END_TEST

/* One object a line, as --append-result writes; two loops and all at once. */
START_TEST(vllm_closed_loops)
{
    static const char line[] = "{\"model_id\": \"llama-2-7b\", \"completed\": 131,"
                               "\"request_rate\": Infinity, \"max_concurrency\": %s,"
                               "\"total_input_tokens\": 40217, \"total_output_tokens\": 11397,"
                               "\"output_throughput\": 711.3,"
                               "\"mean_ttft_ms\": 41.3, \"mean_tpot_ms\": 13.7}\n";
    const char *text = "";
    const char *const limits[] = {"17", "1", "null"};
    for (size_t i = 0; i < 3; i++) {
        char one[512];
        snprintf(one, sizeof one, line, limits[i]);
        text = cs_arena_printf(sheets_arena(), "%s%s", text, one);
    }
    ck_assert(cs_import_read(&import, test_write("bench.json", text)));
    ck_assert_uint_eq(cases.count, 3);
    const struct cs_case *c = &cases.items[0];
    ck_assert_int_eq(c->kind, CS_CASE_OFFLINE);
    ck_assert_int_eq(c->option.max_num_seqs, 17);
    ck_assert(isnan(c->measured[CS_FIGURE_TTFT_MEAN])); /* a queue that was not there */
    SAME(TPOT_MEAN, 0.0137);
    SAME(OUTPUT_RATE, 711.3);
    c = &cases.items[1];
    ck_assert_int_eq(c->kind, CS_CASE_SINGLE);
    ck_assert_uint_eq(c->traces[0].count, 1);
    SAME(TTFT_MEAN, 0.0413);
    c = &cases.items[2];
    ck_assert_int_eq(c->kind, CS_CASE_OFFLINE);
    ck_assert_uint_eq(c->traces[0].count, 131);
    ck_assert_double_eq(c->traces[0].arrival_s[130], 0.0);
    SAME(TTFT_MEAN, 0.0413);
    ck_assert_str_eq(strrchr(c->source, '/'), "/bench.json:3");
}
END_TEST

START_TEST(guidellm)
{
    static const char metrics[] =
        "\"metrics\": {\"requests_per_second\": {\"successful\": {\"mean\": 2.31}},"
        "\"request_latency\": {\"successful\": {\"mean\": 1.913, \"count\": 83}},"
        "\"prompt_token_count\": {\"successful\": {\"mean\": 257.4}},"
        "\"output_token_count\": {\"successful\": {\"mean\": 127.6}},"
        "\"time_to_first_token_ms\": {\"successful\": {\"mean\": 37.9}},"
        "\"inter_token_latency_ms\": {\"successful\": {\"mean\": 14.83}},"
        "\"output_tokens_per_second\": {\"successful\": {\"mean\": 294.1}}}";
    import.model = "llama-3.1-8b";
    ck_assert(cs_import_read(
        &import,
        test_write("guide.json",
                   cs_arena_printf(
                       sheets_arena(),
                       "{\"metadata\": {}, \"benchmarks\": ["
                       "{\"args\": {\"strategy\": {\"type_\": \"constant\", \"rate\": 2.4}}, %s},"
                       "{\"config\": {\"strategy\": {\"type_\": \"concurrent\","
                       "\"streams\": 9}}, %s},"
                       "{\"args\": {\"strategy\": {\"type_\": \"sweep\"}}, %s}]}",
                       metrics, metrics, metrics))));
    ck_assert_uint_eq(cases.count, 2);
    ck_assert_uint_eq(cases.skip_count, 1);
    ck_assert_str_eq(cases.skips[0].reason, "a strategy that is not known");
    const struct cs_case *c = &cases.items[0];
    ck_assert_int_eq(c->kind, CS_CASE_ONLINE);
    ck_assert_double_eq_tol(c->traces[0].arrival_s[2], 2 / 2.4, 1e-12); /* evenly */
    ck_assert_uint_eq(c->traces[0].count, 83);
    ck_assert_int_eq(c->traces[0].input[1], 257);
    ck_assert_int_eq(c->traces[0].output[1], 128);
    SAME(TTFT_MEAN, 0.0379);
    SAME(TPOT_MEAN, 0.01483);
    SAME(E2E_MEAN, 1.913);
    c = &cases.items[1];
    ck_assert_int_eq(c->kind, CS_CASE_OFFLINE);
    ck_assert_int_eq(c->option.max_num_seqs, 9);
}
END_TEST

START_TEST(inference_perf)
{
    import.model = "llama-2-7b";
    const struct cs_case *const c =
        only("stage_0_lifecycle_metrics.json",
             "{\"load_summary\": {\"count\": 307, \"requested_rate\": 4.3, \"achieved_rate\": 4.2},"
             "\"successes\": {\"count\": 301, \"latency\": {"
             "\"request_latency\": {\"mean\": 2.113, \"p50\": 2.0},"
             "\"time_to_first_token\": {\"mean\": 0.0531},"
             "\"time_per_output_token\": {\"mean\": 0.0171}},"
             "\"throughput\": {\"requests_per_sec\": 4.21},"
             "\"prompt_len\": {\"mean\": 331.3}, \"output_len\": {\"mean\": 121.2}},"
             "\"failures\": {\"count\": 6}}");
    ck_assert_int_eq(c->kind, CS_CASE_ONLINE);
    ck_assert_uint_eq(c->traces[0].count, 301);
    ck_assert_int_eq(c->traces[0].input[0], 331);
    SAME(TTFT_MEAN, 0.0531);
    SAME(TPOT_MEAN, 0.0171);
    SAME(E2E_MEAN, 2.113);
}
END_TEST

START_TEST(plain_csv)
{
    const struct cs_case *const c =
        only("runs.txt", "tpot_mean_ms,model,hardware,engine,precision,tensor_parallel,rate,"
                         "requests,input_tokens,output_tokens,sampling,ttft_mean_ms,max_num_seqs\n"
                         "11.7,mixtral-8x7b,H100 SXM 80GB,vllm-0.15,fp16,4,6.1,173,409,83,top_p,"
                         "52.9,61\n");
    ck_assert_str_eq(c->option.model->name, "mixtral-8x7b");
    ck_assert_str_eq(c->option.hardware->name, "h100-sxm-80gb");
    ck_assert_int_eq(c->option.tensor_parallel, 4);
    ck_assert_int_eq(c->option.max_num_seqs, 61);
    ck_assert(c->top_p);
    SAME(TTFT_MEAN, 0.0529);
    SAME(TPOT_MEAN, 0.0117);
    ck_assert(isnan(c->measured[CS_FIGURE_E2E_MEAN]));
}
END_TEST

/* Every row that is no case says why, at its line, and the others go on. */
START_TEST(rows_left_out)
{
    static const char *const reasons[] = {
        "there is no sheet of this model",
        "no latency and no rate was measured",
        "unknown precision",
        "lengths of prompts or answers are missing",
        "a rate whose limit on concurrency may have bound",
        "the tensor-parallel size does not divide the attention heads",
        "there is no sheet of this hardware"};
    ck_assert(cs_import_read(
        &import,
        test_write("runs.csv.txt",
                   "model,hardware,precision,tensor_parallel,rate,concurrency,input_tokens,"
                   "output_tokens,tpot_mean_ms,e2e_mean_ms\n"
                   "llama-9,,,1,2,,313,71,9.1,\n"
                   "llama-2-7b,,,1,2,,313,71,,\n"
                   "llama-2-7b,,fp3,1,2,,313,71,9.1,\n"
                   "llama-2-7b,,,1,2,,,71,9.1,\n"
                   "llama-2-7b,,,1,2,5,313,71,9.1,3100\n"
                   "llama-2-7b,,,3,2,,313,71,9.1,\n"
                   "llama-2-7b,abacus,,1,2,,313,71,9.1,\n"
                   "llama-2-7b,,,1,2,5,313,71,9.1,700\n")));
    ck_assert_uint_eq(cases.count, 1);
    ck_assert_uint_eq(cases.skip_count, 7);
    ck_assert_uint_eq(diags.errors, 0);
    for (int i = 0; i < 7; i++) {
        ck_assert_str_eq(cases.skips[i].reason, reasons[i]);
        ck_assert_int_eq(diags.items[i].span.line, i + 2);
    }
}
END_TEST

START_TEST(timings)
{
    ck_assert(cs_import_read(
        &import, test_write("linear.csv", "device,model,tp,tokens,linear_ops_ms,allreduce_ms\n"
                                          "a100,llama-2-7b,2,96,11.3,0.71\n"
                                          "a100,llama-2-7b,1,104,13.9,0.0\n"
                                          "h100,llama-9,1,96,13.9,0.0\n")));
    ck_assert(cs_import_read(
        &import,
        test_write("steps.csv",
                   "device,model,tp,kind,batch,tokens,kv_per_seq,time_ms,linear_ms,"
                   "allreduce_ms,attention_ms\n"
                   "h100,llama-2-7b,1,decode,8,8,512,9.1,7.3,0.0,1.7\n"
                   "h100,llama-2-7b,1,prefill,1,64,128,9.1,7.3,0.0,2.3\n")));
    ck_assert_uint_eq(cases.count, 4);
    const struct cs_case *c = &cases.items[0];
    ck_assert_str_eq(c->option.hardware->name, "a100-sxm-80gb");
    ck_assert_uint_eq(c->parts, CS_PART_LINEAR);
    ck_assert_int_eq(c->load.tokens, 96);
    SAME(STEP, 0.0113);
    c = &cases.items[1];
    ck_assert_uint_eq(c->parts, CS_PART_REDUCE);
    SAME(STEP, 0.00071);
    c = &cases.items[2];
    ck_assert_uint_eq(c->parts, CS_PART_ATTENTION);
    ck_assert_int_eq(c->load.kv_tokens, 4096); /* 8 x 512 */
    ck_assert(!c->load.prefill);
    SAME(STEP, 0.0017);
    c = &cases.items[3];
    ck_assert(c->load.prefill);
    ck_assert_double_eq(c->load.pairs, 64 * 128 + 64 * 65 / 2);
    ck_assert_uint_eq(cases.skip_count, 2); /* 104 is off the grid; no such model */
}
END_TEST

START_TEST(what_is_not_understood)
{
    static const struct {
        const char *name, *text, *message;
    } wrong[] = {
        {"a.json", "{\"request_rate\": 1,\n \"x\": }", "this is not valid JSON"},
        {"b.json", "{\"answer\": 42}",
         "this JSON is no result of a load generator that capsim knows"},
        {"c.csv", "day,weather\nMonday,rain\n", "these are no measurements that capsim knows"},
        {"d.csv", "model,rate,input_tokens,output_tokens,tpot_mean_ms\nllama-2-7b,x,1,1,9\n", NULL},
        {"e.csv", "model,rate,output_tokens,tpot_mean_ms\nllama-2-7b,2.3,71,9.1\n",
         "the header lacks a column: 'input_tokens'"},
    };
    for (size_t i = 0; i < 5; i++) {
        const size_t before = diags.errors;
        ck_assert(!cs_import_read(&import, test_write(wrong[i].name, wrong[i].text)));
        ck_assert_uint_eq(diags.errors, before + 1);
        if (wrong[i].message)
            ck_assert_str_eq(diags.items[diags.count - 1].message, wrong[i].message);
    }
    ck_assert_int_eq(diags.items[0].span.line, 2);
    ck_assert_int_eq(diags.items[3].span.line, 2);
    ck_assert(!cs_import_read(&import, test_path(".")));
    ck_assert_ptr_nonnull(
        strstr(diags.items[diags.count - 1].message, "has neither index.csv nor runs.csv"));
    ck_assert(!cs_import_read(&import, test_path("nowhere.json")));
    ck_assert_int_eq(diags.exit_code, 4);
}
END_TEST

/* JSON says anything: each of these is one value that no engine can have been sent. */
START_TEST(values_that_cannot_be)
{
    static const char *const wrong[] = {
        "\"request_rate\": -3.7",
        "\"request_rate\": 3.7, \"burstiness\": 0",
        "\"request_rate\": \"inf\", \"max_concurrency\": -2",
        "\"request_rate\": 3.7, \"completed\": -9",
        "\"request_rate\": 3.7, \"total_input_tokens\": 1e300",
        "\"request_rate\": 3.7e-5, \"burstiness\": 1", /* 211 of them last 66 days; see below */
        "\"request_rate\": 3.7e-6, \"burstiness\": 1"};
    static const char *const why[] = {"no possible value", "no possible value",
                                      "no possible value", "no possible value",
                                      "no possible value", NULL,
                                      "requests over more than 100 days"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct cs_cases before = cases;
        cs_import_read(&import,
                       test_write("bench.json",
                                  cs_arena_printf(sheets_arena(),
                                                  "{%s, \"model_id\": \"llama-2-7b\","
                                                  "\"num_prompts\": 211, \"mean_ttft_ms\": 41.3,"
                                                  "\"total_input_tokens\": 64163,"
                                                  "\"total_output_tokens\": 25289,"
                                                  "\"mean_tpot_ms\": 13.7}",
                                                  wrong[i])));
        ck_assert_uint_eq(diags.errors, 0);
        ck_assert_uint_eq(cases.count - before.count, why[i] == NULL);
        if (why[i] != NULL)
            ck_assert_str_eq(cases.skips[cases.skip_count - 1].reason, why[i]);
    }
    ck_assert(cs_import_read(&import, test_write("steps.csv",
                                                 "device,model,tp,tokens,linear_ops_ms,allreduce_ms"
                                                 "\na100,llama-2-7b,0,16,9.1,0\n")));
    ck_assert_uint_eq(cases.count, 1); /* divided by 0 once */
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("import");
    TCase *const t = tcase_create("import");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, vllm_at_a_rate);
    tcase_add_test(t, vllm_in_detail);
    tcase_add_test(t, vllm_closed_loops);
    tcase_add_test(t, guidellm);
    tcase_add_test(t, inference_perf);
    tcase_add_test(t, plain_csv);
    tcase_add_test(t, rows_left_out);
    tcase_add_test(t, timings);
    tcase_add_test(t, what_is_not_understood);
    tcase_add_test(t, values_that_cannot_be);
    suite_add_tcase(suite, t);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
