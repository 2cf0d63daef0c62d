/* Scenarios: every part sealed in SI, options in their order, defaults told, --set checked alike.
 *
 * The exact messages of what is refused stand in tests/bad; here are the values of what passes,
 * and the places of errors that come from the command line.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "folder.h"
#include "spec/catalog.h"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_catalog *catalog;

static void setup(void)
{
    test_folder_open();
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    catalog = cs_catalog_open(&arena, "/none/capsim");
}

static void teardown(void)
{
    cs_arena_fini(&arena);
    test_folder_close();
}

static const struct cs_scenario *load(const char *text, const char *set)
{
    const char *const path = test_write("scenarios/s.yaml", text);
    const struct cs_scenario *const s = cs_scenario_load(catalog, path, &set, set ? 1 : 0, &diags);
    ck_assert(s ? diags.errors == 0 : diags.errors > 0);
    return s;
}

static const struct cs_scenario *must_load(const char *text, const char *set)
{
    const struct cs_scenario *const s = load(text, set);
    if (!s)
        cs_diags_print(&diags, stdout);
    ck_assert_ptr_nonnull(s);
    return s;
}

static void near_to(double value, double wanted)
{
    ck_assert_msg(fabs(value - wanted) <= 1e-15 * fabs(wanted), "%.17g, not %.17g", value, wanted);
}

static const char plain[] = "model: tiny\n"
                            "traffic: {volume: 20M tokens/day, lengths: pairs}\n"
                            "slo: {ttft: {p95: 1.25 s}}\n"
                            "deploy: {hardware: card-24gb, engine: serve}\n";

START_TEST(a_plain_scenario_has_its_defaults)
{
    const struct cs_scenario *const s = must_load(plain, NULL);
    ck_assert_str_eq(s->name, "s"); /* of the file */
    ck_assert_int_eq(s->traffic.kind, CS_VOLUME_TOKENS);
    near_to(s->traffic.tokens_per_s, 20e6 / 86400);
    ck_assert(s->traffic.joint && !s->traffic.top_p && !s->traffic.curve_name);
    ck_assert_str_eq(s->traffic.lengths_name, "pairs");
    ck_assert_uint_eq(s->traffic.curve.count, 24);
    for (size_t i = 0; i < 24; i++)
        ck_assert_double_eq(s->traffic.curve.weights[i], 1);
    ck_assert_double_eq(s->traffic.burstiness, 1);
    ck_assert_double_eq(s->traffic.input_share, 0);
    ck_assert_uint_eq(s->slo.count, 1);
    ck_assert_int_eq(s->slo.limits[0].metric, CS_METRIC_TTFT);
    near_to(s->slo.limits[0].percentile, 95);
    near_to(s->slo.limits[0].limit_s, 1.25);
    ck_assert_int_eq(s->slo.limits[0].span.line, 3);
    ck_assert_int_eq(s->slo.limits[0].span.column, 19);
    ck_assert_int_eq(s->slo.window, CS_WINDOW_HOUR);
    ck_assert_uint_eq(s->option_count, 1);
    const struct cs_option *const o = &s->options[0];
    ck_assert_int_eq(o->precision, CS_PRECISION_FP8); /* the maker's */
    ck_assert_int_eq(o->kv_precision, CS_PRECISION_BF16);
    ck_assert_int_eq(o->router, CS_ROUTER_LEAST_OUTSTANDING);
    const int got[] = {o->tensor_parallel, o->pipeline_parallel, o->replicas, o->gpus,
                       o->max_num_seqs, o->max_num_batched_tokens, o->block_size,
                       o->prefix_caching};
    const int wanted[] = {0, 1, 0, 0, 193, 8191, 16, 0};
    for (size_t i = 0; i < sizeof got / sizeof got[0]; i++)
        ck_assert_msg(got[i] == wanted[i], "figure %zu is %d, not %d", i, got[i], wanted[i]);
    near_to(o->gpu_memory_utilization, 0.91);
    ck_assert_int_eq(o->kv_blocks, 0);
    ck_assert_str_eq(s->cost.prices, "listed");
    ck_assert_double_eq(s->cost.pue, 1);
    ck_assert_double_eq(s->simulate.days, 7);
    ck_assert_int_eq(s->simulate.requests, 0);
    ck_assert_int_eq(s->simulate.replications, 0);
    ck_assert_uint_eq(s->simulate.seed, 1);
    size_t of_engine = 0, of_precision = 0;
    for (size_t i = 0; i < s->default_count; i++) {
        of_engine += strcmp(s->defaults[i].key, "deploy.max_num_seqs") == 0 &&
                     strcmp(s->defaults[i].value, "193") == 0;
        of_precision += strcmp(s->defaults[i].key, "deploy.precision") == 0 &&
                        strcmp(s->defaults[i].value, "fp8") == 0;
        ck_assert(s->defaults[i].why[0]);
    }
    ck_assert_uint_eq(of_engine, 1);
    ck_assert_uint_eq(of_precision, 1);
}
END_TEST

START_TEST(everything_given_arrives)
{
    const struct cs_scenario *const s = must_load(
        "name: all\nmodel: tiny\n"
        "traffic:\n  rate: 12.5 req/s\n  lengths:\n"
        "    input: {lognormal: {mean: 513 tokens, sigma: 0.27}, min: 17, max: 8193 tokens}\n"
        "    output: {quantiles: {p0: 3, p37.5: 301, p99_9: 2901, p100: 4001}}\n"
        "  input_share: 62.5%\n  curve: pairs\n  burstiness: 1.37\n  sampling: top_p\n"
        "slo: {tpot: {p99_9: 45 ms, mean: 31 ms}, e2e: {p50: 1 min}, window: run, "
        "availability: 99.9%, confidence: 97.5%}\n"
        "deploy:\n  engine: serve-0.9\n  precision: int4\n  kv_precision: fp8\n"
        "  hardware: card-48gb\n  tensor_parallel: 4\n  pipeline_parallel: 3\n  gpus: 24\n"
        "  router: round_robin\n  max_num_seqs: 61\n  max_num_batched_tokens: 2049\n"
        "  kv_blocks: 12345\n  gpu_memory_utilization: 85%\n  block_size: 32\n"
        "  prefix_caching: yes\n"
        "compare: oracle\n"
        "cost: {prices: Delphi, gpu: 2.5 USD/h, staff: 120 USD/day, electricity: 0.11 USD/kWh,\n"
        "  carbon: 385 gCO2e/kWh, pue: 1.4,\n"
        "  own: {purchase: 25k USD, server: 6001 USD, years: 4.5, residual: 10%}}\n"
        "simulate: {days: 2.5, requests: 5M, replications: 9, seed: 20260507}\n", NULL);
    ck_assert_str_eq(s->name, "all");
    ck_assert_int_eq(s->traffic.kind, CS_VOLUME_REQUESTS);
    near_to(s->traffic.requests_per_s, 12.5);
    ck_assert(!s->traffic.joint && s->traffic.top_p);
    ck_assert_int_eq(s->traffic.input.kind, CS_LENGTHS_LOGNORMAL);
    near_to(s->traffic.input.a, 513);
    near_to(s->traffic.input.b, 0.27);
    near_to(s->traffic.input.min, 17);
    near_to(s->traffic.input.max, 8193);
    ck_assert_int_eq(s->traffic.output.kind, CS_LENGTHS_QUANTILES);
    ck_assert_uint_eq(s->traffic.output.level_count, 4);
    near_to(s->traffic.output.levels[1], 0.375);
    near_to(s->traffic.output.levels[2], 0.999);
    near_to(s->traffic.output.values[2], 2901);
    near_to(s->traffic.input_share, 0.625);
    near_to(s->traffic.burstiness, 1.37);
    ck_assert_str_eq(s->traffic.curve_name, "pairs");
    ck_assert_uint_eq(s->traffic.curve.count, 12);
    ck_assert_uint_eq(s->slo.count, 3);
    ck_assert_int_eq(s->slo.limits[0].metric, CS_METRIC_TPOT);
    ck_assert_double_eq(s->slo.limits[0].percentile, 0); /* the mean stands first */
    near_to(s->slo.limits[1].percentile, 99.9);
    near_to(s->slo.limits[1].limit_s, 0.045);
    ck_assert_int_eq(s->slo.limits[2].metric, CS_METRIC_E2E);
    near_to(s->slo.limits[2].limit_s, 60);
    ck_assert_int_eq(s->slo.window, CS_WINDOW_RUN);
    near_to(s->slo.availability, 0.999);
    near_to(s->slo.confidence, 0.975);
    const struct cs_option *const o = &s->options[0];
    ck_assert_int_eq(o->precision, CS_PRECISION_INT4);
    ck_assert_int_eq(o->kv_precision, CS_PRECISION_FP8);
    ck_assert_int_eq(o->router, CS_ROUTER_ROUND_ROBIN);
    ck_assert_str_eq(o->engine->name, "serve-0.9");
    const int got[] = {o->tensor_parallel, o->pipeline_parallel, o->replicas, o->gpus,
                       o->max_num_seqs, o->max_num_batched_tokens, o->block_size,
                       o->prefix_caching, (int)o->kv_blocks};
    const int wanted[] = {4, 3, 2, 24, 61, 2049, 32, 1, 12345}; /* 24 = 2 x 4 x 3 */
    for (size_t i = 0; i < sizeof got / sizeof got[0]; i++)
        ck_assert_msg(got[i] == wanted[i], "figure %zu is %d, not %d", i, got[i], wanted[i]);
    near_to(o->gpu_memory_utilization, 0.85);
    ck_assert_uint_eq(s->compare_count, 1);
    ck_assert_str_eq(s->compare[0].api->name, "oracle");
    ck_assert_str_eq(s->cost.prices, "Delphi");
    near_to(s->cost.gpu_usd_per_s, 2.5 / 3600);
    near_to(s->cost.staff_usd_per_s, 120.0 / 86400);
    near_to(s->cost.electricity_usd_per_J, 0.11 / 3.6e6);
    near_to(s->cost.carbon_kg_per_J, 0.385 / 3.6e6);
    ck_assert(s->cost.own.has);
    near_to(s->cost.own.purchase_usd, 25000);
    near_to(s->cost.own.server_usd, 6001);
    near_to(s->cost.own.years, 4.5);
    near_to(s->cost.own.residual, 0.1);
    near_to(s->cost.own.electricity_usd_per_J, 0.11 / 3.6e6); /* from cost.electricity */
    near_to(s->cost.own.pue, 1.4);
    near_to(s->simulate.days, 2.5);
    ck_assert_int_eq(s->simulate.requests, 5000000);
    ck_assert_int_eq(s->simulate.replications, 9);
    ck_assert_uint_eq(s->simulate.seed, 20260507);
}
END_TEST

START_TEST(lists_multiply_out_in_order)
{
    test_write("models/other.yaml",
               "name: other\nparameters: {total: 3e9}\narchitecture: {layers: 8, hidden: 512, "
               "heads: 8, kv_heads: 8,\n  head_dim: 64, ffn: 2048, vocabulary: 32000, context: "
               "4096 tokens}\nsources: {parameters: p, architecture: a}\n");
    const struct cs_scenario *const s = must_load(
        "model: [tiny, other]\ntraffic: {volume: 20M tokens/day, lengths: pairs}\n"
        "deploy:\n"
        "  - {tensor_parallel: [1, 4], engine: [serve, serve-0.9], precision: [fp8, int4],\n"
        "     hardware: [card-24gb, card-48gb]}\n"
        "  - {model: other, hardware: card-24gb, engine: serve}\n", NULL);
    ck_assert_uint_eq(s->option_count, 2 * 16 + 1);
    for (size_t i = 0; i < 32; i++) { /* the model slowest, tensor_parallel fastest */
        const struct cs_option *const o = &s->options[i];
        ck_assert_str_eq(o->model->name, i / 16 ? "other" : "tiny");
        ck_assert_str_eq(o->hardware->name, i / 8 % 2 ? "card-48gb" : "card-24gb");
        ck_assert_int_eq(o->precision, i / 4 % 2 ? CS_PRECISION_INT4 : CS_PRECISION_FP8);
        ck_assert_str_eq(o->engine->name, i / 2 % 2 ? "serve-0.9" : "serve-0.15");
        ck_assert_int_eq(o->tensor_parallel, i % 2 ? 4 : 1);
        ck_assert_int_eq(o->span.line, 4);
        ck_assert_int_eq(o->hardware_span.line, 5);
        ck_assert_int_eq(o->hardware_span.column, i / 8 % 2 ? 28 : 17);
        ck_assert_int_eq(o->model_span.line, 1);
    }
    ck_assert_str_eq(s->options[32].model->name, "other");
    ck_assert_int_eq(s->options[32].model_span.line, 6);
    ck_assert_int_eq(s->options[32].precision, CS_PRECISION_BF16);
}
END_TEST

START_TEST(gpus_and_replicas_follow_from_each_other)
{
    ck_assert_int_eq(must_load(plain, "deploy={hardware: card-48gb, engine: serve, gpus: 12, "
                                      "tensor_parallel: 4}")->options[0].replicas, 3);
    const struct cs_option *const o =
        must_load(plain, "deploy={hardware: card-48gb, engine: serve, replicas: 3, "
                         "tensor_parallel: 2, gpus: 6}")->options;
    ck_assert_int_eq(o->gpus, 6);
    ck_assert_int_eq(o->replicas, 3);
    const struct cs_option *const alone =
        must_load(plain, "deploy={hardware: card-48gb, engine: serve, replicas: 3, "
                         "tensor_parallel: 2}")->options;
    ck_assert_int_eq(alone->gpus, 0);
    ck_assert_int_eq(alone->replicas, 3);
}
END_TEST

START_TEST(curves_in_place)
{
    const struct cs_scenario *const day = must_load(
        plain, "traffic.curve=[1,2,3,4,5,6,7,8,9,10,11,12,0,0,0,0,0,0,0,0,0,0,0,22]");
    ck_assert_uint_eq(day->traffic.curve.count, 24);
    ck_assert(!day->traffic.curve.starts_monday);
    near_to(day->traffic.curve.step_s, 3600);
    near_to(day->traffic.curve.weights[23], 22 * 24 / 100.0); /* the sum is 100 */
    const struct cs_scenario *const flat = must_load(plain, "traffic.curve=flat");
    ck_assert_ptr_null(flat->traffic.curve_name);
    ck_assert_uint_eq(flat->traffic.curve.count, 24);
}
END_TEST

START_TEST(a_trace_stands_alone)
{
    test_write("scenarios/t.csv", "arrival_s,input_tokens,output_tokens\n0.5,417,93\n");
    const struct cs_scenario *const s = must_load(
        "model: tiny\ntraffic: {trace: t.csv}\ndeploy: {hardware: card-24gb, engine: serve}\n",
        NULL);
    ck_assert_int_eq(s->traffic.kind, CS_VOLUME_TRACE);
    ck_assert_str_eq(s->traffic.trace_path, test_path("scenarios/t.csv")); /* beside the scenario */
    ck_assert_uint_eq(s->slo.count, 0);
    ck_assert_ptr_null(load("model: tiny\ntraffic: {trace: none.csv}\n"
                            "deploy: {hardware: card-24gb, engine: serve}\n", NULL));
    ck_assert_int_eq(diags.exit_code, 4);
}
END_TEST

START_TEST(a_sheet_beside_the_scenario)
{
    test_write("scenarios/my-card.yaml",
               "name: my-card\nmemory: {capacity: 31 GB, bandwidth: 515 GB/s}\n"
               "compute: {bf16: 61 TFLOP/s}\nsources: {memory: m, compute: c}\n");
    const struct cs_scenario *const s =
        must_load("model: tiny\ntraffic: {requests: 30k/day, lengths: pairs}\n"
                  "deploy: {hardware: my-card.yaml, engine: serve}\n", NULL);
    near_to(s->options[0].hardware->memory_bytes, 31e9);
    near_to(s->traffic.requests_per_s, 30000.0 / 86400);
}
END_TEST

static const struct {
    const char *set, *message;
    int column;
} sets[] = {
    {"traffic.volume=0 tokens/day", "traffic.volume is out of range: '0 tokens/day'", 16},
    {"traffic.volume=1e30 tokens/day", "traffic.volume is out of range: '1e30 tokens/day'", 16},
    {"traffic.volume=5M", "traffic.volume has no unit: '5M'", 16},
    {"trafic.volume=5M", "unknown key 'trafic' in a scenario", 1},
    {"deploy.hardware=card-24bg", "there is no hardware sheet 'card-24bg'", 17},
    {"deploy.tensor_parallel=3", "deploy.tensor_parallel must divide the 28 heads of tiny, and 3 "
                                 "does not", 24},
    {"model=vapour", "the model 'vapour' cannot be simulated", 7},
    {"slo.ttft.p95=1", "slo.ttft.p95 has no unit: '1'", 14},
    {"deploy.7.gpus=8", "cannot set 'gpus': what stands before it is a map", 0},
    {"traffic.rate=5 req/s", "traffic.rate contradicts traffic.volume", 14},
};

START_TEST(what_is_set_is_checked_like_the_file)
{
    const struct cs_scenario *const s = load(plain, sets[_i].set);
    if (!sets[_i].column) { /* a map called '7' is made, and then it is an unknown key */
        ck_assert_str_eq(diags.items[0].message, "unknown key '7' in deploy");
        return;
    }
    ck_assert_ptr_null(s);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, sets[_i].message);
    ck_assert_str_eq(diags.items[0].span.source->name, "--set");
    ck_assert_str_eq(diags.items[0].span.source->text, sets[_i].set);
    ck_assert_int_eq(diags.items[0].span.column, sets[_i].column);
}
END_TEST

/* ((290 - 23) / (437 - 23))^(1/3) = 0.863980 of the clock: 171.3 TFLOP/s become 147.99976, memory
 * keeps its pace, 290 W are drawn; 81 % that heat leaves are fewer: 138.753, 243.016574 W. */
START_TEST(a_machine_as_its_owner_has_it)
{
    test_write("hardware/limited.yaml",
               "name: limited\nmemory: {capacity: 24 GB, bandwidth: 1.1 TB/s}\n"
               "compute: {bf16: 171.3 TFLOP/s, int8: 640 TOPS}\npower: {tdp: 437 W, idle: 23 W}\n"
               "sources: {memory: m, compute: c, power: p}\n");
    test_write("hardware/mac.yaml",
               "name: mac\nmaker: Apple\nclass: unified\ngpu_share: 75%\n"
               "memory: {capacity: 128 GiB, bandwidth: 600 GB/s}\ncompute: {bf16: 21 TFLOP/s}\n"
               "sources: {memory: m, compute: c, gpu_share: g}\n");
    const struct cs_scenario *const s = must_load(
        "model: tiny\ntraffic: {volume: 20M tokens/day, lengths: pairs}\n"
        "deploy:\n"
        "  - {hardware: limited, precision: fp8, power_limit: 290 W, sustained: [100%, 81%]}\n"
        "  - {hardware: limited, precision: fp8}\n"
        "  - {hardware: mac, precision: fp8, memory: [64 GiB, 24 GiB]}\n"
        "  - {hardware: mac, precision: fp8, memory: 24 GiB, gpu_share: 87.5%}\n", NULL);
    ck_assert_uint_eq(s->option_count, 6);
    static const struct {
        double bf16, tdp, memory, share;
        const char *as_set;
    } wanted[] = {{147.99976e12, 290, 24e9, 1, "290 W, 100% of the clock"},
                  {138.753e12, 243.016574, 24e9, 1, "290 W, 81% of the clock"},
                  {171.3e12, 437, 24e9, 1, NULL},
                  {21e12, 0, 64 * 1073741824.0, 0.75, "64 GiB"},
                  {21e12, 0, 24 * 1073741824.0, 2.0 / 3, "24 GiB"},
                  {21e12, 0, 24 * 1073741824.0, 0.875, "24 GiB, 87.5% for the GPU"}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct cs_hardware *const h = s->options[i].hardware;
        ck_assert_double_eq_tol(h->flops[CS_COMPUTE_BF16], wanted[i].bf16, 1e-5 * wanted[i].bf16);
        ck_assert_double_eq_tol(h->tdp_w, wanted[i].tdp, 1e-5);
        near_to(h->memory_bytes, wanted[i].memory);
        near_to(h->gpu_share, wanted[i].share);
        ck_assert_pstr_eq(h->as_set, wanted[i].as_set);
    }
    const struct cs_hardware *const h = s->options[1].hardware;
    near_to(h->flops[CS_COMPUTE_INT8], 640e12 * 0.81);
    near_to(h->bandwidth_Bps, 1.1e12);
    ck_assert_str_eq(h->name, "limited"); /* rows of model_error go by it */
    near_to(s->options[2].hardware->flops[CS_COMPUTE_INT8], 640e12); /* the sheet stays */
}
END_TEST

START_TEST(loading_twice_gives_the_same)
{
    const struct cs_scenario *const one = must_load(plain, NULL);
    const struct cs_scenario *const two = must_load(plain, NULL);
    ck_assert_ptr_ne(one, two);
    ck_assert_ptr_eq(one->options[0].model, two->options[0].model); /* sheets are kept */
    ck_assert_uint_eq(one->default_count, two->default_count);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("resolve");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_plain_scenario_has_its_defaults);
    tcase_add_test(all, everything_given_arrives);
    tcase_add_test(all, lists_multiply_out_in_order);
    tcase_add_test(all, gpus_and_replicas_follow_from_each_other);
    tcase_add_test(all, curves_in_place);
    tcase_add_test(all, a_trace_stands_alone);
    tcase_add_test(all, a_sheet_beside_the_scenario);
    tcase_add_loop_test(all, what_is_set_is_checked_like_the_file, 0,
                        sizeof sets / sizeof sets[0]);
    tcase_add_test(all, a_machine_as_its_owner_has_it);
    tcase_add_test(all, loading_twice_gives_the_same);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
