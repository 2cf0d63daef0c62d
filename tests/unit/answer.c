/* A small made-up answer (see answer.h).
 *
 * Latencies of metric m (0 TTFT .. 3 E2E) are base[m] times a factor for each statistic, with a
 * half-width of a twentieth; the expected texts in the tests follow from these by hand.
 */
#include "answer.h"
#include <math.h>

static const double base_s[CS_METRIC_COUNT] = {0.3127, 0.02385, 0.02391, 14.71};
static const double factor[CS_STAT_COUNT] = {0.6, 0.5, 0.85, 1, 1.6, 2.7};

static void fill(struct cs_latency *l, double base)
{
    for (int s = 0; s < CS_STAT_COUNT; s++) {
        const double v = base * factor[s];
        l->stat[s] = (struct cs_interval){v, 0.95 * v, 1.05 * v};
        l->model95[s] = (struct cs_interval){NAN, NAN, NAN};
    }
}

static void fill_simulated(struct cs_option_answer *o, struct cs_arena *arena)
{
    struct cs_hour *const hours = cs_arena_alloc(arena, 168, sizeof *hours);
    for (int h = 0; h < 168; h++) {
        hours[h].start_s = 3600.0 * h;
        hours[h].busy = h % 24 / 24.0;
        hours[h].requests = 1536 + h;
    }
    o->hours = hours;
    o->hour_count = 168;
    o->simulated = true;
    o->replications = 5;
    o->worst = (struct cs_worst_window){.known = true, .start_s = 86400 + 15 * 3600,
                                        .length_s = 3600, .requests_per_s = 0.7123,
                                        .attainment = 0.9634};
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        fill(&o->latency[m], base_s[m]);
        fill(&o->worst.latency[m], 1.4 * base_s[m]);
    }
    fill(&o->wait, 0.00071);
    o->requests_per_s = 0.42681;
    o->input_tokens_per_s = 289.41;
    o->output_tokens_per_s = 288.97;
    o->output_tokens_per_s_per_gpu = 144.485;
    o->busy = 0.3124;
    o->kv_mean = 0.1217;
    o->kv_peak = 0.4093;
    o->batch_mean = 9.37;
    o->capacity_share = 0.3819;
    o->slo_met = true;
    o->windows_met = 1;
    o->attainment = 0.99913;
    o->goodput_rps = 0.42644;
}

struct cs_answer *answer_make(struct cs_arena *arena)
{
    struct cs_model *const model = cs_arena_alloc(arena, 1, sizeof *model);
    model->name = "llama-3.1-70b";
    model->title = "Llama 3.1 70B";
    struct cs_hardware *const gpu = cs_arena_alloc(arena, 1, sizeof *gpu);
    gpu->name = "h100-sxm-80gb";
    gpu->title = "H100 SXM 80GB";
    struct cs_engine_sheet *const engine = cs_arena_alloc(arena, 1, sizeof *engine);
    engine->name = "vllm-0.15";
    engine->title = "vLLM 0.15";
    struct cs_option *const options = cs_arena_alloc(arena, 2, sizeof *options);
    options[0] = (struct cs_option){.model = model, .hardware = gpu, .engine = engine,
                                    .precision = CS_PRECISION_FP8, .pipeline_parallel = 1};
    options[1] = options[0];
    options[1].precision = CS_PRECISION_BF16;
    struct cs_slo_limit *const limits = cs_arena_alloc(arena, 1, sizeof *limits);
    limits[0] = (struct cs_slo_limit){.metric = CS_METRIC_TTFT, .percentile = 95, .limit_s = 1};
    struct cs_default *const defaults = cs_arena_alloc(arena, 1, sizeof *defaults);
    defaults[0] = (struct cs_default){"traffic.burstiness", "1", "independent users"};
    struct cs_scenario *const scenario = cs_arena_alloc(arena, 1, sizeof *scenario);
    scenario->name = "A \"quoted\", small question";
    scenario->path = "small.yaml";
    scenario->options = options;
    scenario->option_count = 2;
    scenario->slo = (struct cs_slo){.limits = limits, .count = 1};
    scenario->defaults = defaults;
    scenario->default_count = 1;
    scenario->simulate.seed = 9007199254740993; /* no double holds it: 2^53 + 1 */
    scenario->traffic.curve.starts_monday = true;

    struct cs_option_answer *const o = cs_arena_alloc(arena, 2, sizeof *o);
    o[0] = (struct cs_option_answer){
        .option = &options[0], .tensor_parallel = 2, .pipeline_parallel = 1, .replicas = 1,
        .gpus = 2, .gpus_lo = 2, .gpus_hi = 4, .feasible = true, .binding = CS_BINDING_TTFT,
        .binding_text = "TTFT p95 at 44 % of its limit in the worst hour"};
    o[0].price = (struct cs_price_used){.usd_per_gpu_hour = 2.994, .source = "a price list",
                                        .date = "2026-05-07", .provider = "Lambda"};
    o[0].cost = (struct cs_cost_breakdown){.item = {[CS_COST_GPU] = 143.71},
                                           .why = {[CS_COST_GPU] = "2 x 2.994 USD/h x 24 h"},
                                           .usd_per_day = 143.71,
                                           .usd_per_month = 4374.2, .usd_per_mtok = 2.8742,
                                           .kwh_per_day = NAN, .kg_co2e_per_day = NAN};
    fill_simulated(&o[0], arena);
    o[1] = (struct cs_option_answer){.option = &options[1], .tensor_parallel = 1,
                                     .pipeline_parallel = 1,
                                     .binding = CS_BINDING_WEIGHTS_MEMORY,
                                     .reason = "141 GB of weights do not fit in 80 GB"};
    o[1].price.usd_per_gpu_hour = NAN;

    struct cs_api *const api = cs_arena_alloc(arena, 1, sizeof *api);
    api->name = "claude-opus-4.7";
    api->title = "Claude Opus 4.7";
    struct cs_api_answer *const apis = cs_arena_alloc(arena, 1, sizeof *apis);
    apis[0] = (struct cs_api_answer){.api = api, .usd_per_day = 750.3, .usd_per_mtok = 15.006,
                                     .input = 125.2, .output = 625.1, .cached_input = NAN,
                                     .over_limit = NAN};
    struct cs_law *const checks = cs_arena_alloc(arena, 2, sizeof *checks);
    checks[0] = (struct cs_law){"tokens in = tokens out", 123456789, 123456789, true};
    checks[1] = (struct cs_law){"Little's law", 2.345, 2.467, false};
    struct cs_answer *const answer = cs_arena_alloc(arena, 1, sizeof *answer);
    *answer = (struct cs_answer){
        .scenario = scenario, .requests_per_day = 36874.2, .mean_rps = 0.42678,
        .peak_rps = 0.7123, .peak_start_s = 86400 + 15 * 3600, .mean_input = 678.2,
        .mean_output = 677.3, .simulated_requests = 1290345, .simulated_seconds = 3024000,
        .options = o, .option_count = 2, .best = 0, .apis = apis, .api_count = 1,
        .checks = checks, .check_count = 2};
    return answer;
}

struct cs_option_answer *answer_option(struct cs_answer *answer, size_t index)
{
    return (struct cs_option_answer *)(uintptr_t)&answer->options[index];
}
