/* JSON and CSV of an answer: names, nulls, numbers that read back as the same double, quoting.
 *
 * The answer is the made-up one of answer.c; the output is parsed again by cJSON, and figures are
 * compared with those put in. Names are those that users' scripts rely on (capsim.1).
 */
#include <cJSON.h>
#include <check.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "answer.h"
#include "out/csv.h"
#include "out/json.h"

static struct cs_arena arena;
static struct cs_answer *answer;
static char *text;
static cJSON *root;

static void setup(void)
{
    cs_arena_init(&arena);
    answer = answer_make(&arena);
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    cs_json_print(answer, NULL, out);
    fclose(out);
    root = cJSON_Parse(text);
    ck_assert_ptr_nonnull(root);
}

static void teardown(void)
{
    cJSON_Delete(root);
    free(text);
    cs_arena_fini(&arena);
}

/* The node at "options.0.latency": names and indices between points. */
static const cJSON *at(const char *path)
{
    const cJSON *node = root;
    char name[64];
    while (*path && node) {
        const size_t length = strcspn(path, ".");
        memcpy(name, path, length);
        name[length] = '\0';
        node = cJSON_IsArray(node) ? cJSON_GetArrayItem(node, (int)strtol(name, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(node, name);
        path += length + (path[length] == '.');
    }
    ck_assert_msg(node != NULL, "no node at '%s'", name);
    return node;
}

START_TEST(every_promised_name_is_there)
{
    static const char *const top[] = {"capsim", "schema", "scenario", "seed", "simulated.requests",
                                      "simulated.seconds", "options", "best", "apis", "checks"};
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
        at(top[i]);
    static const char *const names[] = {
        "model", "engine", "hardware", "precision", "tensor_parallel", "pipeline_parallel",
        "expert_parallel", "replicas", "gpus", "gpus_ci95.0", "gpus_ci95.1",
        "price.usd_per_gpu_hour", "price.source", "price.date", "feasible", "reason", "binding",
        "latency.ttft_ms.mean", "latency.tpot_ms.p50", "latency.itl_ms.p99_9",
        "latency.e2e_ms.ci95.p95.0", "latency.ttft_ms.model95.p95", "latency.worst_window.start",
        "latency.worst_window.ttft_ms.p95", "throughput.requests_per_s",
        "throughput.input_tokens_per_s", "throughput.output_tokens_per_s",
        "throughput.output_tokens_per_s_per_gpu", "utilisation.busy", "utilisation.kv_mean",
        "utilisation.kv_peak", "utilisation.batch_mean", "queue.wait_ms.p95", "queue.preemptions",
        "slo.met", "slo.windows_met", "slo.attainment", "slo.goodput_rps", "slo.rejected",
        "neighbour.replicas", "neighbour.why_not", "cost.usd_per_day", "cost.usd_per_month",
        "cost.usd_per_mtok", "cost.breakdown.gpu", "cost.breakdown.energy", "cost.breakdown.staff",
        "energy.kwh_per_day", "energy.kg_co2e_per_day"};
    for (int option = 0; option < 2; option++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            char path[128];
            snprintf(path, sizeof path, "options.%d.%s", option, names[i]);
            at(path);
        }
    static const char *const api[] = {"name", "usd_per_day", "usd_per_mtok", "breakdown.input",
                                      "breakdown.cached_input", "breakdown.output"};
    for (size_t i = 0; i < sizeof api / sizeof api[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "apis.0.%s", api[i]);
        at(path);
    }
}
END_TEST

START_TEST(figures_are_those_put_in)
{
    ck_assert_int_eq(at("schema")->valueint, 1);
    ck_assert_double_eq(at("options.0.latency.ttft_ms.p95")->valuedouble, 1e3 * 0.3127);
    ck_assert_double_eq(at("options.0.latency.ttft_ms.ci95.p95.1")->valuedouble,
                        1e3 * (1.05 * 0.3127));
    ck_assert_str_eq(at("options.0.latency.worst_window.start")->valuestring, "Tue 15:00");
    ck_assert_double_eq(at("options.0.utilisation.busy")->valuedouble, 0.3124);
    ck_assert_str_eq(at("options.0.binding")->valuestring, "ttft");
    ck_assert_double_eq(at("apis.0.usd_per_day")->valuedouble, 750.3);
    ck_assert_int_eq(cJSON_GetArraySize(at("options.0.hours.busy")), 168);
    ck_assert_str_eq(at("scenario")->valuestring, "A \"quoted\", small question");
    ck_assert_int_eq(at("best")->valueint, 0);
}
END_TEST

START_TEST(the_seed_keeps_every_digit)
{
    ck_assert_ptr_nonnull(strstr(text, "\"seed\":\t9007199254740993,"));
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
    ck_assert(cJSON_IsNull(at("options.0.energy.kwh_per_day")));
    ck_assert(cJSON_IsNull(at("options.0.latency.ttft_ms.model95.p95.0")));
    ck_assert(cJSON_IsNull(at("options.1.latency.ttft_ms.p95")));
    ck_assert(cJSON_IsNull(at("options.1.slo.met")));
    ck_assert(cJSON_IsNull(at("options.1.cost.usd_per_day")));
    ck_assert(cJSON_IsNull(at("options.1.price.usd_per_gpu_hour")));
    ck_assert(cJSON_IsNull(at("options.0.reason")));
    ck_assert(cJSON_IsNull(at("apis.0.breakdown.cached_input")));
    for (const char *p = text; (p = strstr(p, "nan")) != NULL; p++)
        ck_assert_msg(isalpha((unsigned char)p[-1]), "%.40s", p); /* "maintenance" */
    ck_assert_ptr_null(strstr(text, "inf"));
}
END_TEST

START_TEST(no_best_is_null)
{
    char *other;
    size_t size;
    answer->best = -1;
    FILE *const out = open_memstream(&other, &size);
    cs_json_print(answer, NULL, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(other, "\"best\":\tnull"));
    ck_assert_int_eq(other[size - 1], '\n');
    free(other);
}
END_TEST

START_TEST(numbers_are_the_shortest_that_read_back)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},  {3, "3"},           {-0.0, "0"},         {1e300, "1e+300"},
                 {NAN, "null"}, {INFINITY, "null"}, {1290345, "1290345"}, {1.0 / 3, NULL},
                 {5e-324, NULL}, {0.1 + 0.2, "0.30000000000000004"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char number[32];
        cs_json_number(cases[i].value, number);
        if (cases[i].text)
            ck_assert_str_eq(number, cases[i].text);
        else
            ck_assert(strtod(number, NULL) == cases[i].value);
    }
}
END_TEST

/* Counts the fields of the record at `row`, with quotes, and moves past it. */
static size_t fields(const char **row)
{
    size_t count = 1;
    bool quoted = false;
    for (; **row && (quoted || **row != '\n'); (*row)++) {
        quoted ^= **row == '"';
        count += !quoted && **row == ',';
    }
    *row += **row == '\n';
    return count;
}

START_TEST(csv_rows_have_the_fields_of_the_heading)
{
    char *csv;
    size_t size;
    answer_option(answer, 1)->reason = "no, \"never\"\nat all";
    FILE *const out = open_memstream(&csv, &size);
    cs_csv_print(answer, out);
    fclose(out);
    const char *row = csv;
    const size_t heading = fields(&row);
    ck_assert_uint_gt(heading, 100);
    ck_assert_uint_eq(fields(&row), heading);
    ck_assert_uint_eq(fields(&row), heading);
    ck_assert_str_eq(row, "");
    ck_assert_ptr_nonnull(strstr(csv, ",latency.ttft_ms.p95,"));
    ck_assert_ptr_nonnull(strstr(csv, ",gpus_ci95.lo,gpus_ci95.hi,"));
    ck_assert_ptr_nonnull(strstr(csv, "\"no, \"\"never\"\"\nat all\""));
    ck_assert_ptr_null(strstr(csv, "hours"));
    free(csv);
}
END_TEST

START_TEST(requests_are_exact_to_the_picosecond)
{
    struct cs_request_record rows[] = {
        {-1, -1, -1, -1, 5, 5, 0, 0, 0}, /* of the warm-up */
        {123456789012, 200000000000, 333000000000, 999000000000, 100, 20, 1, 2, 16},
        {223456789012, 223456789012, 323456789012, 323456789012, 7, 1, 0, 0, 0},
        {INT64_C(3000000000000000), -1, -1, -1, 100000, 20, 0, 0, 0}};
    const struct cs_request_log log = {.rows = rows, .count = 4, .capacity = 4};
    char *csv;
    size_t size;
    FILE *const out = open_memstream(&csv, &size);
    cs_csv_print_requests(&log, out);
    fclose(out);
    /* 0.999 - 0.333 = 0.666 s over 19 gaps = 0.035052631578(9...) s, cut to picoseconds */
    ck_assert_str_eq(csv, "arrival_s,input_tokens,output_tokens,replica,queue_s,ttft_s,tpot_s,"
                          "e2e_s,preemptions,cached_tokens\n"
                          "0.123456789012,100,20,1,0.076543210988,0.209543210988,0.035052631578,"
                          "0.875543210988,2,16\n"
                          "0.223456789012,7,1,0,0,0.1,,0.1,0,0\n"
                          "3000,100000,20,0,,,,,0,0\n");
    free(csv);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("json");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, every_promised_name_is_there);
    tcase_add_test(all, figures_are_those_put_in);
    tcase_add_test(all, the_seed_keeps_every_digit);
    tcase_add_test(all, what_is_not_known_is_null);
    tcase_add_test(all, no_best_is_null);
    tcase_add_test(all, numbers_are_the_shortest_that_read_back);
    tcase_add_test(all, csv_rows_have_the_fields_of_the_heading);
    tcase_add_test(all, requests_are_exact_to_the_picosecond);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
