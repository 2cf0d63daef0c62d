/* Recorded runs: what a folder of index.csv, request files and runs.csv becomes.
 *
 * Files are written here with odd numbers; what must come out is worked out beside each check.
 * The sheets are the project's own, of which only names are used.
 */
#include "fit/read_runs.h"
#include <check.h>
#include <string.h>
#include "fit/manifest.h"
#include "folder.h"
#include "sheets.h"

static const char manifest[] =
    "name: m\nprompts: 3\npatience: 7.5 s\n"
    "workloads:\n"
    "  - {name: chat, output: 21 tokens, prompt: 300 tokens, prompt_sd: 15 tokens,\n"
    "     stages: [{rate: 1.5 req/s, for: 2 s}, {rate: 2.5 req/s, for: 2 s}]}\n"
    "  - {name: bare, output: 5 tokens}\n"
    "top_p: [qwen3-14b]\n"
    "sources: {prompts: made up, patience: made up, workloads: made up}\n";
static const char requests[] = "e2e_s,arrival_s,input_tokens,ttft_s,failed,note\n"
                               "0.81,0.25,310,0.11,0,a\n"
                               "0.90,0.75,290,0.20,0,b\n"
                               "1.03,1.50,333,0.13,0,c\n"
                               ",2.00,0,,1,d\n"
                               "0.84,2.10,290,0.14,0,e\n"
                               ",2.90,,,1,f\n"
                               "0.96,3.10,310,0.16,0,g\n"
                               "0.97,3.80,290,0.17,0,h\n";
#define INDEX "file,model,workload,tp,max_num_seqs,max_num_batched_tokens,kv_blocks,block_size"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_cases cases;

static void setup(void)
{
    test_folder_open();
    sheets_open();
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    cs_cases_init(&cases, &arena);
    test_write("manifest.yaml", manifest);
    test_write("r.csv", requests);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
    sheets_close();
    test_folder_close();
}

static bool read_folder(void)
{
    return cs_read_runs(test_path("."), sheets_catalog(), &cases, &diags);
}

START_TEST(a_run_and_its_parts)
{
    test_write("index.csv", INDEX ",hardware,precision,gpu_memory_utilization,prefix_caching\n"
                                  "r.csv,Qwen/Qwen3-14B,chat,2,64,1024,4321,16,A100-SXM-80GB,FP16,"
                                  "0.87,off\n");
    ck_assert(read_folder());
    ck_assert_uint_eq(cases.count, 4); /* whole, the first 3 of 8, and stages of 3 and 5 */
    const struct cs_case *c = &cases.items[0];
    ck_assert_str_eq(c->name, "qwen3-14b tp2 chat");
    ck_assert_str_eq(c->option.hardware->name, "a100-sxm-80gb");
    ck_assert_str_eq(c->option.engine->name, "vllm-0.15");
    ck_assert_int_eq(c->option.precision, CS_PRECISION_BF16);
    ck_assert_int_eq(c->option.tensor_parallel, 2);
    ck_assert_int_eq(c->option.max_num_seqs, 64);
    ck_assert_int_eq(c->option.max_num_batched_tokens, 1024);
    ck_assert_int_eq(c->option.kv_blocks, 4321);
    ck_assert_double_eq(c->option.gpu_memory_utilization, 0.87);
    ck_assert(!c->option.prefix_caching);
    ck_assert(c->top_p);
    ck_assert(c->overloaded); /* two failed */
    ck_assert_double_eq(c->timeout_s, 7.5);
    ck_assert_uint_eq(c->traces[0].count, 8);
    ck_assert_int_eq(c->traces[0].input[3], 310); /* a failed one has the prompt of its cycle */
    ck_assert_int_eq(c->traces[0].input[5], 333);
    ck_assert_int_eq(c->traces[0].output[5], 21);
    ck_assert_int_eq(c->traces[0].prefix_group.ids[7], 1); /* 7 mod 3 */
    ck_assert_int_eq(c->traces[0].prefix_tokens[2], 333);
    ck_assert(isnan(c->request_e2e_s[3]));
    ck_assert_double_eq(c->request_ttft_s[4], 0.14);
    const double ttft = (0.11 + 0.20 + 0.13 + 0.14 + 0.16 + 0.17) / 6;
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_TTFT_MEAN], ttft, 1e-9);
    /* every answer has 20 gaps */
    const double tpot = (0.70 + 0.70 + 0.90 + 0.70 + 0.80 + 0.80) / 6 / 20;
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_TPOT_MEAN], tpot, 1e-9);
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_OUTPUT_RATE], 6 * 21 / (4.77 - 0.25), 1e-6);
    ck_assert(isnan(c->measured[CS_FIGURE_DECODE_RATE]));
    ck_assert_str_eq(cases.items[2].part, "stage 0");
    ck_assert_uint_eq(cases.items[2].score, 3);
    ck_assert_double_eq_tol(cases.items[2].measured[CS_FIGURE_E2E_MEAN], 2.74 / 3, 1e-9);
    ck_assert_uint_eq(cases.items[3].skip, 3);
    ck_assert_double_eq_tol(cases.items[3].measured[CS_FIGURE_E2E_MEAN], 2.77 / 3, 1e-9);
    ck_assert(cases.items[3].request_e2e_s == NULL);
    /* the stages tell each request once */
    ck_assert_str_eq(c->repeats, "a whole run, told by its stages");
    ck_assert_ptr_nonnull(cases.items[1].repeats);
    ck_assert_ptr_null(cases.items[2].repeats);
    ck_assert_ptr_null(cases.items[3].repeats);
}
END_TEST

/* Two prompts in turn: of the three requests of stage 0, two are the first of their prompts. */
START_TEST(the_first_cycle_is_apart)
{
    static char shorter[sizeof manifest];
    memcpy(shorter, manifest, sizeof manifest);
    *strstr(shorter, "3\n") = '2';
    test_write("manifest.yaml", shorter);
    test_write("index.csv", INDEX "\nr.csv,Qwen/Qwen3-14B,chat,2,64,1024,4321,16\n");
    ck_assert(read_folder());
    ck_assert_uint_eq(cases.count, 4);
    ck_assert_str_eq(cases.items[1].part, "first 2");
    ck_assert_str_eq(cases.items[2].part, "stage 0");
    ck_assert_uint_eq(cases.items[2].skip, 2);
    ck_assert_uint_eq(cases.items[2].score, 1);
    ck_assert_double_eq_tol(cases.items[2].measured[CS_FIGURE_E2E_MEAN], 1.03, 1e-9);
}
END_TEST

START_TEST(what_a_row_leaves_out)
{
    test_write("index.csv", INDEX "\nr.csv,llama-3.1-8b,bare,1,,,,\n");
    ck_assert(read_folder());
    const struct cs_option *o = &cases.items[0].option;
    ck_assert_str_eq(o->hardware->name, "h100-sxm-80gb");
    ck_assert_int_eq(o->max_num_seqs, o->engine->max_num_seqs);
    ck_assert_int_eq(o->max_num_batched_tokens, o->engine->max_num_batched_tokens);
    ck_assert_int_eq(o->block_size, o->engine->block_size);
    ck_assert_int_eq(o->kv_blocks, 0);
    ck_assert(o->prefix_caching);
    ck_assert(!cases.items[0].top_p);
    ck_assert_uint_eq(cases.count, 2); /* no stages: whole and cold */
}
END_TEST

START_TEST(counts_that_differ)
{
    test_write("index.csv", INDEX ",requests,failed\n"
                                  "r.csv,llama-4-scout-FP8,chat,1,64,1024,,16,8,2\n"
                                  "r.csv,RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic,chat,"
                                  "1,64,1024,,16,9,2\n");
    ck_assert(read_folder());
    ck_assert_uint_eq(cases.skip_count, 1); /* no such alias */
    ck_assert_int_eq(cases.items[0].option.precision, CS_PRECISION_FP8);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, "requests is 9, but the request file has 8");
    ck_assert_int_eq(diags.items[0].span.line, 3);
}
END_TEST

START_TEST(rows_that_cannot_be_simulated)
{
    test_write("index.csv", INDEX ",hardware,precision,engine,engine_version\n"
                                  "r.csv,Nobody/None,chat,1,64,1024,,16,,,,\n"
                                  "r.csv,qwen3-14b,poetry,1,64,1024,,16,,,,\n"
                                  "r.csv,qwen3-14b,chat,7,64,1024,,16,,,,\n"
                                  "r.csv,qwen3-14b,chat,1,64,1024,,16,Abacus,,,\n"
                                  "r.csv,qwen3-14b,chat,1,64,1024,,16,,FP2,,\n"
                                  "r.csv,qwen3-14b,chat,1,64,1024,,16,,,abc,v1.2.3\n"
                                  "r.csv,Nobody/None,chat,1,64,1024,,16,,,,\n"
                                  "r.csv,qwen3-14b,chat,1,64,1024,,16,,,vLLM,v0.15.1\n");
    static const char *const reasons[] = {
        "no sheet of the model 'Nobody/None'",        "the manifest has no workload 'poetry'",
        "the tensor-parallel size does not divide the heads",
        "no sheet of the hardware 'Abacus'",          "the precision 'FP2' is not modelled",
        "no sheet of the engine 'abc'"};
    ck_assert(read_folder());
    ck_assert_uint_eq(cases.skip_count, 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_str_eq(cases.skips[i].reason, reasons[i]);
    ck_assert_uint_eq(cases.skips[0].count, 2);
    ck_assert_ptr_nonnull(strstr(cases.skips[5].example, "index.csv:7"));
    ck_assert_uint_eq(cases.count, 4);
    ck_assert_str_eq(cases.items[0].option.engine->name, "vllm-0.15");
}
END_TEST

START_TEST(figures_of_runs)
{
    test_write("index.csv", INDEX "\nr.csv,qwen3-14b,chat,1,64,2048,,16\n");
    test_write("runs.csv",
               "model,workload_description,stage,tp,max_num_batched_tokens,ttft_mean_ms,"
               "e2e_mean_ms,e2e_p99_ms,duplicate_of,exp,dp,failures\n"
               "llama-3.1-8b,profile 'chat' whole,-1,1,2048,41.5,601.5,777,,12-a,2,\n"
               "llama-3.1-8b,profile 'chat' stage,1,1,2048,42.5,602.5,,,12-a,2,0\n"
               "llama-3.1-8b,profile 'chat' first 4 only,-1,1,2048,43.5,603.5,,,12-a,2,\n"
               "llama-3.1-8b,profile 'chat',2,1,2048,43.5,603.5,,,12-a,2,\n"
               "llama-3.1-8b,profile 'bare',-1,1,2048,43.5,603.5,,,,,\n"
               "llama-3.1-8b,profile 'chat',-1,1,2048,43.5,603.5,,9,,,\n"
               "qwen3-14b,profile 'chat',-1,1,2048,43.5,603.5,,,,,\n"
               "llama-3.1-8b,profile 'chat',-1,2,2048,5043.5,9603.5,,,,,3\n");
    ck_assert(read_folder());
    ck_assert_uint_eq(cases.count, 4 + 4);
    ck_assert_uint_eq(cases.skip_count, 4);
    const struct cs_case *c = &cases.items[4];
    ck_assert_str_eq(c->name, "llama-3.1-8b tp1 chat #12");
    ck_assert_int_eq(c->kind, CS_CASE_ONLINE);
    ck_assert_int_eq(c->replicas, 2);
    ck_assert_uint_eq(c->trace_count, 5);
    ck_assert_uint_eq(c->traces[4].count, 8); /* 1.5 x 2 + 2.5 x 2 */
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_TTFT_MEAN], 0.0415, 1e-12);
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_E2E_P99], 0.777, 1e-12);
    ck_assert_double_eq_tol(c->measured[CS_FIGURE_TPOT_MEAN], 0.56 / 20, 1e-12);
    ck_assert(isnan(c->measured[CS_FIGURE_TTFT_P90]));
    ck_assert_uint_eq(cases.items[5].skip, 3);
    ck_assert_uint_eq(cases.items[5].score, 5);
    ck_assert_str_eq(cases.items[6].part, "first 4");
    ck_assert_uint_eq(cases.items[6].score, 4);
    ck_assert(!c->overloaded);
    ck_assert(cases.items[7].overloaded);
    ck_assert_str_eq(c->repeats, "a whole run, told by its stages");
    ck_assert_ptr_null(cases.items[5].repeats);
    ck_assert_ptr_nonnull(cases.items[6].repeats);
    ck_assert_ptr_null(cases.items[7].repeats); /* whole, and nobody has its stages */
    ck_assert_str_eq(cases.skips[3].reason, "figures of a run whose requests are replayed");
}
END_TEST

START_TEST(nominal_runs)
{
    const struct cs_manifest *m = cs_manifest_read(test_path("manifest.yaml"), &arena, &diags);
    ck_assert_ptr_nonnull(m);
    const struct cs_manifest_workload *w = cs_manifest_find(m, "chat");
    struct cs_trace a, again, other;
    cs_manifest_draw(m, w, 3, &arena, &a);
    cs_manifest_draw(m, w, 3, &arena, &again);
    cs_manifest_draw(m, w, 4, &arena, &other);
    for (size_t i = 0; i < a.count; i++) {
        ck_assert_double_eq(a.arrival_s[i], again.arrival_s[i]);
        ck_assert(i == 0 || a.arrival_s[i] >= a.arrival_s[i - 1]);
        ck_assert((a.arrival_s[i] < 2.0) == (i < 3)); /* 3 requests in the first stage */
        ck_assert(a.arrival_s[i] < 4.0);
        ck_assert_int_eq(a.input[i], a.input[i % 3]);
    }
    ck_assert(a.arrival_s[0] != other.arrival_s[0]);
    ck_assert(a.input[0] != a.input[1] || a.input[1] != a.input[2]);
    ck_assert(cs_manifest_find(m, "none") == NULL);
    ck_assert(cs_manifest_top_p(m, "qwen3-14b"));
    ck_assert(!cs_manifest_top_p(m, "qwen3"));
}
END_TEST

START_TEST(a_manifest_that_is_wrong)
{
    test_write("manifest.yaml", "name: m\npatience: 7\nworkloads:\n  - {name: x, output: 3 tokens,"
                                " stages: [{rate: 3 req/s}]}\nsources: {patience: a}\n");
    test_write("index.csv", INDEX "\n");
    ck_assert(!read_folder());
    ck_assert_uint_ge(diags.errors, 2); /* no unit, no duration */
}
END_TEST

START_TEST(the_shipped_manifest)
{
    const struct cs_manifest *m =
        cs_manifest_read("scenarios/validation/vllm-runs.yaml", &arena, &diags);
    if (m == NULL)
        cs_diags_print(&diags, stderr);
    ck_assert_ptr_nonnull(m);
    for (size_t i = 0; i < m->top_p_count; i++) /* each names a sheet */
        sheets_model(m->top_p[i]);
    const struct cs_manifest_workload *w = cs_manifest_find(m, "general-lite");
    ck_assert_uint_eq(cs_manifest_before(w, w->stage_count), 5100); /* 2.5 and 6 for 600 s */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runs");
    TCase *tests = tcase_create("runs");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_run_and_its_parts);
    tcase_add_test(tests, the_first_cycle_is_apart);
    tcase_add_test(tests, what_a_row_leaves_out);
    tcase_add_test(tests, counts_that_differ);
    tcase_add_test(tests, rows_that_cannot_be_simulated);
    tcase_add_test(tests, figures_of_runs);
    tcase_add_test(tests, nominal_runs);
    tcase_add_test(tests, a_manifest_that_is_wrong);
    tcase_add_test(tests, the_shipped_manifest);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
