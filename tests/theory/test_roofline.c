/* The two ends of the roofline, reached by the simulated engine.
 *
 * One sequence reads every weight and its KV cache once for each token and computes next to
 * nothing: its speed is the memory's. A long prompt computes thousands of tokens for the same read
 * of the weights: its speed is the multipliers'. So, of one request alone on an idle engine,
 *
 *     decode   bytes of a step / TPOT    lies below the bandwidth reached by kernels, and near it
 *     prefill  FLOPs of the prompt / TTFT  lies below the FLOP/s reached by kernels, and near it
 *
 * and a card with twice the one and the same of the other is faster in the one case and not in the
 * other (Williams, Waterman and Patterson, "Roofline", 2009). Bytes and FLOPs are counted here from
 * the architecture, not by the code under test: dense models with gated FFNs and grouped KV heads,
 * 2 bytes a weight and a KV element.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "fit/case.h"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_catalog *catalog;

static void setup(void)
{
    setenv("CAPSIM_PATH", ".", 1);
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    catalog = cs_catalog_open(&arena, "/none/capsim");
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct {
    const char *model, *hardware;
} pairs[] = {
    {"llama-2-7b", "h100-sxm-80gb"}, {"llama-3.1-8b", "a100-sxm-80gb"},
    {"llama-3.1-8b", "rtx-4090"},    {"qwen3-14b", "h100-sxm-80gb"},
    {"codellama-34b", "h200-sxm-141gb"},
};

/* One request alone; bandwidth and peak of the card times what is given. Seconds. */
static void alone(int pair, int32_t input, int32_t output, double bandwidth, double peak,
                  struct cs_option *option, double figures[CS_FIGURE_COUNT])
{
    static const struct cs_span nowhere = {.source = NULL};
    static struct cs_hardware card;
    const struct cs_hardware *sheet =
        cs_catalog_hardware(catalog, pairs[pair].hardware, nowhere, NULL, &diags);
    const struct cs_model *model =
        cs_catalog_model(catalog, pairs[pair].model, nowhere, NULL, &diags);
    const struct cs_engine_sheet *engine =
        cs_catalog_engine(catalog, "vllm", nowhere, NULL, &diags);
    ck_assert(sheet != NULL && model != NULL && engine != NULL);
    card = *sheet;
    card.bandwidth_Bps *= bandwidth;
    for (int k = 0; k < CS_COMPUTE_COUNT; k++)
        card.flops[k] *= peak;
    const double at = 0.0;
    const struct cs_trace trace = {.count = 1, .arrival_s = &at, .input = &input,
                                   .output = &output};
    *option = (struct cs_option){.model = model, .hardware = &card, .engine = engine,
                                 .tensor_parallel = 1, .pipeline_parallel = 1, .replicas = 1,
                                 .max_num_seqs = 8, .max_num_batched_tokens = 8192,
                                 .block_size = 16, .gpu_memory_utilization = 0.9};
    const struct cs_case one = {.name = "one", .kind = CS_CASE_SINGLE, .option = *option,
                                .replicas = 1, .traces = &trace, .trace_count = 1};
    const char *reason = "";
    ck_assert_msg(cs_case_predict(&one, figures, NULL, &reason), "%s", reason);
}

/* Elements of all layers, without embedding and head. */
static double layers(const struct cs_model *m)
{
    const double heads = (double)m->heads * m->head_dim, kv = (double)m->kv_heads * m->head_dim;
    return m->layers * (2.0 * m->hidden * heads + 2.0 * m->hidden * kv +
                        3.0 * m->hidden * (double)m->ffn);
}

START_TEST(one_sequence_is_as_fast_as_its_memory)
{
    enum { INPUT = 487, OUTPUT = 259 };
    struct cs_option o;
    double now[CS_FIGURE_COUNT], wider[CS_FIGURE_COUNT], faster[CS_FIGURE_COUNT];
    alone(_i, INPUT, OUTPUT, 1.0, 1.0, &o, now);
    const struct cs_model *m = o.model;
    const double head = (double)m->vocabulary * m->hidden;
    const double kv = 2.0 * m->layers * m->kv_heads * m->head_dim;
    const double bytes = 2.0 * (layers(m) + head + kv * (INPUT + 0.5 * OUTPUT));
    const double reached = bytes / now[CS_FIGURE_TPOT_MEAN] / o.hardware->bandwidth_Bps;
    const double best = fmax(o.engine->weights_eff, o.engine->kv_eff);
    ck_assert_msg(reached < best && reached > 0.55, "%s on %s reads at %.3f of the bandwidth",
                  m->name, pairs[_i].hardware, reached);
    alone(_i, INPUT, OUTPUT, 2.0, 1.0, &o, wider);
    alone(_i, INPUT, OUTPUT, 1.0, 2.0, &o, faster);
    ck_assert_double_lt(wider[CS_FIGURE_TPOT_MEAN], 0.72 * now[CS_FIGURE_TPOT_MEAN]);
    ck_assert_double_gt(faster[CS_FIGURE_TPOT_MEAN], 0.985 * now[CS_FIGURE_TPOT_MEAN]);
}
END_TEST

START_TEST(a_long_prompt_is_as_fast_as_the_multipliers)
{
    enum { INPUT = 3985 };
    struct cs_option o;
    double now[CS_FIGURE_COUNT], wider[CS_FIGURE_COUNT], faster[CS_FIGURE_COUNT];
    alone(_i, INPUT, 1, 1.0, 1.0, &o, now);
    const struct cs_model *m = o.model;
    /* scores and values: 4 FLOPs a pair and element of a head */
    const double attention =
        4.0 * m->layers * m->heads * m->head_dim * (0.5 * INPUT * (INPUT + 1.0));
    const double flops = 2.0 * layers(m) * INPUT + attention;
    const double waited = o.engine->request_s; /* before anything is computed */
    const double peak = o.hardware->flops[CS_COMPUTE_BF16];
    const double reached = flops / (now[CS_FIGURE_TTFT_MEAN] - waited) / peak;
    ck_assert_msg(reached < o.engine->compute_eff && reached > 0.6 * o.engine->compute_eff,
                  "%s on %s computes at %.3f of the peak", m->name, pairs[_i].hardware, reached);
    alone(_i, INPUT, 1, 2.0, 1.0, &o, wider);
    alone(_i, INPUT, 1, 1.0, 2.0, &o, faster);
    ck_assert_double_lt(faster[CS_FIGURE_TTFT_MEAN] - waited,
                        0.6 * (now[CS_FIGURE_TTFT_MEAN] - waited));
    ck_assert_double_gt(wider[CS_FIGURE_TTFT_MEAN] - waited,
                        0.97 * (now[CS_FIGURE_TTFT_MEAN] - waited));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("roofline");
    TCase *const all = tcase_create("all");
    const int count = (int)(sizeof pairs / sizeof pairs[0]);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, one_sequence_is_as_fast_as_its_memory, 0, count);
    tcase_add_loop_test(all, a_long_prompt_is_as_fast_as_the_multipliers, 0, count);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
