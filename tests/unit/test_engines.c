/* What sheets of other engines than vLLM can say: slots, admission with the answer, kernels for few
 * tokens, a sheet in place of another on Apple's GPUs.
 *
 * Expectations are worked by hand above their lines from the shape of Llama 3.1 8B: 32 layers, 32
 * heads of 128, 8 of them for K and V, hidden 4096, FFN 14336, vocabulary 128256.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/case.h"
#include "folder.h"
#include "perf/memory.h"
#include "sheets.h"

static struct cs_diags diags;

static void setup(void)
{
    sheets_open();
    cs_diags_init(&diags, sheets_arena());
}

static void teardown(void)
{
    sheets_close();
}

static const struct cs_scenario *scenario(const char *deploy)
{
    test_folder_open();
    const char *const path = test_write(
        "s.yaml", cs_arena_printf(sheets_arena(),
                                  "model: llama-3.1-8b\ntraffic: {rate: 0.37 req/s, lengths: "
                                  "{input: {fixed: 313 tokens}, output: {fixed: 77 tokens}}}\n"
                                  "deploy: {%s}\n", deploy));
    const struct cs_scenario *const s =
        cs_scenario_load(sheets_catalog(), path, NULL, 0, &diags);
    test_folder_close();
    return s;
}

/* Weights at 4.85 bits: 8,030,261,248 x 0.60625 B, norms left out; a token of KV cache 32 x 2 x 8 x
 * 128 x 2 B = 131072 B. */
START_TEST(slots_are_allocated_at_the_start)
{
    const struct cs_scenario *const s = scenario(
        "hardware: rtx-4090, engine: ollama, precision: q4_k_m, max_num_seqs: 5, context: 6007");
    ck_assert_ptr_nonnull(s);
    struct cs_option o = s->options[0];
    ck_assert_int_eq(o.context, 6007);
    ck_assert_int_eq(o.block_size, 6007);
    struct cs_memory m;
    cs_memory_fit(&m, &o, 1);
    ck_assert(m.fits);
    ck_assert_int_eq(m.kv_blocks, 5);
    ck_assert_int_eq(m.kv_tokens, 5 * 6007);
    /* 25,757,220,864 B - 4,868 MB - 0.8 GB hold 153,260 tokens: 25 slots of 6007, not 26. */
    o.max_num_seqs = 25;
    cs_memory_fit(&m, &o, 1);
    ck_assert_int_eq(m.kv_blocks, 25);
    ck_assert(m.fits);
    o.max_num_seqs = 26;
    cs_memory_fit(&m, &o, 1);
    ck_assert(!m.fits);
    struct cs_limits_engine limits;
    cs_limits_of(&limits, &o, 1, 25);
    ck_assert_int_eq(limits.context_tokens, 6007); /* a longer request is rejected */
}
END_TEST

START_TEST(a_window_in_a_slot_holds_itself_and_a_step)
{
    /* gpt-oss-20b: 12 layers see 128 tokens, 2 x 8 heads x 64 x 2 B = 2048 B each: for 3 slots of
     * 7001 tokens and steps of 512: 12 x 2048 x (128 + 512) x 3 */
    struct cs_option o = sheets_option("gpt-oss-20b", "h100-sxm-80gb", CS_PRECISION_MXFP4);
    struct cs_engine_sheet slots = *o.engine;
    slots.slots = true;
    o.engine = &slots;
    o.max_num_seqs = 3;
    o.block_size = 7001;
    o.max_num_batched_tokens = 512;
    struct cs_memory m;
    cs_memory_fit(&m, &o, 1);
    ck_assert_double_eq(m.window_bytes, 12.0 * 2048 * 640 * 3);
    o.block_size = 301; /* never more than the slot */
    cs_memory_fit(&m, &o, 1);
    ck_assert_double_eq(m.window_bytes, 12.0 * 2048 * 301 * 3);
}
END_TEST

START_TEST(a_context_is_the_engines_or_the_models_or_given)
{
    ck_assert_int_eq(scenario("hardware: rtx-4090, engine: ollama")->options[0].context, 4096);
    ck_assert_int_eq(scenario("hardware: rtx-4090")->options[0].context, 0); /* the model's */
    const struct cs_option *const o =
        &scenario("hardware: rtx-4090, context: 9001 tokens")->options[0];
    struct cs_limits_engine limits;
    cs_limits_of(&limits, o, 1, 100);
    ck_assert_int_eq(limits.context_tokens, 9001);
    ck_assert_int_eq(o->block_size, 16);
    /* Llama 2 ends at 4096: an engine's default of 8192 is cut to it. */
    ck_assert_int_eq(scenario("model: llama-2-7b, hardware: rtx-4090, engine: llamacpp")
                         ->options[0].context, 4096);
}
END_TEST

START_TEST(an_apple_gpu_has_a_sheet_of_its_own)
{
    ck_assert_str_eq(scenario("hardware: apple-m2-ultra, engine: llama.cpp")
                         ->options[0].engine->name, "llamacpp-metal");
    ck_assert_str_eq(scenario("hardware: rtx-4090, engine: llama.cpp")->options[0].engine->name,
                     "llamacpp");
    ck_assert_str_eq(scenario("hardware: apple-m2-ultra, engine: mlx")->options[0].engine->name,
                     "mlx");
}
END_TEST

/* Two requests at once, 16 tokens in and 33 out: 48 tokens of KV cache each, 3 blocks, of 5. Both
 * prompts fit; both answers do not, so the second starts when the first has ended, after 33 steps.
 */
START_TEST(who_needs_room_for_the_answer_waits_and_is_never_preempted)
{
    static const double arrivals[] = {0.25, 0.25};
    static const int32_t inputs[] = {16, 16}, outputs[] = {33, 33};
    static const struct cs_trace two = {
        .count = 2, .arrival_s = arrivals, .input = inputs, .output = outputs};
    struct toy toy;
    toy_init(&toy, 0.137);
    toy.engine.cuda_graph_padding = false;
    struct cs_case c = {.kind = CS_CASE_REPLAY, .option = toy.option, .replicas = 1,
                        .traces = &two, .trace_count = 1};
    c.option.max_num_seqs = 2;
    c.option.kv_blocks = 5;
    double got[CS_FIGURE_COUNT];
    const char *reason = NULL;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    ck_assert_double_eq_tol(got[CS_FIGURE_TTFT_P99], 0.137, 1e-6);
    ck_assert_double_gt(got[CS_FIGURE_E2E_P99], 33 * 0.137 + 0.1); /* it gave up its place */
    toy.engine.reserve_answers = true;
    ck_assert(cs_case_predict(&c, got, NULL, &reason));
    ck_assert_double_eq_tol(got[CS_FIGURE_TTFT_MEAN], (1 + 34) * 0.137 / 2, 1e-6);
    ck_assert_double_eq_tol(got[CS_FIGURE_E2E_MEAN], (33 + 66) * 0.137 / 2, 1e-6);
}
END_TEST

/* One layer's matrices: 2 x 4096 x 32 x 128 + 2 x 4096 x 8 x 128 + 3 x 4096 x 14336 = 218,103,808.
 * At 8 bits a token takes 32 x 2 x that / (1979e12 x 0.2) on the integer peak of H100. Few tokens:
 * 1, 1 + 3 / 0.14 = 22.43 against 4 + 48; 33 + 48 = 81 against 1 + 32 / 0.14 = 229.6. */
START_TEST(few_tokens_cost_more_each)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_Q8_0);
    struct cs_engine_sheet e = *o.engine;
    e.cuda_graph_padding = false;
    e.quantised_eff = 0.2;
    e.narrow_eff = 0;
    e.tile_tokens = 48;
    e.vector_share = 0.14;
    o.engine = &e;
    ck_assert_double_eq(o.hardware->flops[CS_COMPUTE_INT8], 1979e12);
    const double token_s = 32 * 2 * 218103808.0 / (1979e12 * 0.2);
    static const struct {
        int64_t tokens;
        double as_many;
    } cases[] = {{1, 1}, {4, 1 + 3 / 0.14}, {33, 81}, {512, 560}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_step_load l = {.tokens = cases[i].tokens, .sampled = 1};
        struct cs_step_parts p;
        cs_step_explain(&p, &o, 1, false, &l);
        ck_assert_double_eq_tol(p.compute_s, cases[i].as_many * token_s, 1e-9 * p.compute_s);
        ck_assert_double_ge(p.total_s, p.floor_s);
    }
    e.eight_bit_eff = 0.17; /* Q8_0 has 1.0625 B a weight; Q4_K_M less than one */
    const struct cs_step_load prompt = {.tokens = 512, .sampled = 1};
    struct cs_step_parts packed;
    cs_step_explain(&packed, &o, 1, false, &prompt);
    ck_assert_double_eq_tol(packed.compute_s, 560 * token_s * 0.2 / 0.17, 1e-9);
    o.precision = CS_PRECISION_Q4_K_M;
    cs_step_explain(&packed, &o, 1, false, &prompt);
    ck_assert_double_eq_tol(packed.compute_s, 560 * token_s, 1e-9);
    e.tile_tokens = 0; /* 16-bit weights keep the other efficiency */
    e.vector_share = 0;
    o.precision = CS_PRECISION_BF16;
    const struct cs_step_load l = {.tokens = 29, .sampled = 1};
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.compute_s, 29 * 32 * 2 * 218103808.0 / (989e12 * 0.65), 1e-12);
}
END_TEST

/* Products of 16-bit weights run at a GeForce's double rate where an engine accumulates in 16 bits:
 * 29 x 32 x 2 x 218103808 / (195e12 x 0.65) against 97.5e12; quantised ones have their own peak. */
START_TEST(accumulating_in_16_bits_is_twice_as_fast_on_geforce)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "rtx-4080", CS_PRECISION_BF16);
    struct cs_engine_sheet e = *o.engine;
    e.cuda_graph_padding = false;
    o.engine = &e;
    ck_assert_double_eq(o.hardware->flops[CS_COMPUTE_FP16], 195e12);
    const struct cs_step_load l = {.tokens = 29, .sampled = 1};
    const double flops = 29 * 32 * 2 * 218103808.0;
    struct cs_step_parts p;
    for (int half = 0; half < 2; half++) {
        e.half_accumulation = half;
        cs_step_explain(&p, &o, 1, false, &l);
        ck_assert_double_eq_tol(p.compute_s, flops / ((half ? 195e12 : 97.5e12) * 0.65), 1e-12);
    }
    o.precision = CS_PRECISION_FP8;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.compute_s, flops / (194.9e12 * e.narrow_eff), 1e-12);
}
END_TEST

/* M5 has matrix units: a prompt runs on them, 18.4 TFLOP/s; the kernels for few tokens on the
 * shaders, 5.7: with a share of 0.14 tokens 2 to 4 cost 3 / (0.14 x 5.7 / 18.4) more. */
START_TEST(kernels_for_few_tokens_stay_out_of_matrix_units)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "apple-m5", CS_PRECISION_BF16);
    struct cs_engine_sheet e = *o.engine;
    e.cuda_graph_padding = false;
    e.tile_tokens = 480;
    e.vector_share = 0.14;
    e.decode_attention_eff = 0.031;
    o.engine = &e;
    const double token_s = 32 * 2 * 218103808.0 / (18.4e12 * 0.65);
    struct cs_step_load l = {.tokens = 4, .sampled = 4, .kv_tokens = 70001};
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.compute_s, (1 + 3 / (0.14 * 5.7 / 18.4)) * token_s, 1e-9);
    const double reads = 32 * 2 * 8 * 128 * 2 / (153e9 * e.kv_eff);
    const double products = 32 * 4 * 32 * 128 / (5.7e12 * 0.031);
    ck_assert_double_eq_tol(p.kv_s, 70001 * hypot(reads, products), 1e-9);
    l = (struct cs_step_load){.tokens = 512, .sampled = 1};
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.compute_s, 992 * token_s, 1e-9);
}
END_TEST

/* M1 Max unpacks 221 GB/s of Q4_K_M, which is less than 0.80 x 400 GB/s x e_m; Q8_0 is not such a
 * quant. 32 layers of 218103808 weights. */
START_TEST(k_quants_are_read_no_faster_than_unpacked)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "apple-m1-max", CS_PRECISION_Q4_K_M);
    const struct cs_step_load l = {.tokens = 1, .sampled = 1};
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.weights_s, 32 * 218103808.0 * 4.85 / 8 / 221e9, 1e-9);
    o.precision = CS_PRECISION_Q8_0;
    cs_step_explain(&p, &o, 1, false, &l);
    const double rate = 400e9 * 0.80 * o.engine->weights_eff;
    ck_assert_double_eq_tol(p.weights_s, 32 * 218103808.0 * 8.5 / 8 / rate, 1e-9);
}
END_TEST

/* Mixtral: 4 tokens that choose 2 of 8 experts touch 8 (1 - 0.75^4) = 5.46875 of them; each of the
 * 8 pairs beyond the first of an expert costs 1 / 0.25: (5.46875 + 2.53125 / 0.25) / 2 tokens'
 * worth, against 4 + 5.46875 / 2 x 48 by tiles. A token: 32 x 2 x 3 x 4096 x 14336 x 2. */
START_TEST(each_expert_touched_pays_for_its_tile)
{
    struct cs_option o = sheets_option("mixtral-8x7b", "h100-sxm-80gb", CS_PRECISION_BF16);
    struct cs_engine_sheet e = *o.engine;
    e.cuda_graph_padding = false;
    e.weights_eff = e.experts_eff = 1;
    e.tile_tokens = 48;
    e.vector_share = 0.25;
    o.engine = &e;
    const double token_s = 32 * 2 * 3 * 4096.0 * 14336 * 2 / (989e12 * 0.65);
    const double read_s = 32 * 3 * 4096.0 * 14336 * 2 / 3.35e12;
    const struct cs_step_load l = {.tokens = 4, .sampled = 4};
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    const double compute_s = (5.46875 + 2.53125 / 0.25) / 2 * token_s;
    ck_assert_double_eq_tol(p.experts_s, hypot(5.46875 * read_s, compute_s), 1e-9);
}
END_TEST

START_TEST(sequences_and_stored_scores_are_added)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    struct cs_engine_sheet e = *o.engine;
    e.sequence_s = 6.6e-6;
    e.score_bytes = 23;
    const struct cs_step_load l = {
        .tokens = 48, .sampled = 37, .pairs = 70001, .prefill = true};
    struct cs_step_parts plain, with;
    cs_step_explain(&plain, &o, 1, false, &l);
    o.engine = &e;
    cs_step_explain(&with, &o, 1, false, &l);
    ck_assert_double_eq_tol(with.sampler_s - plain.sampler_s, 37 * 6.6e-6, 1e-12);
    /* 32 layers x 32 heads x 23 B a pair at 3.35 TB/s */
    ck_assert_double_eq_tol(with.prefill_attention_s - plain.prefill_attention_s,
                            70001 * 32 * 32 * 23 / 3.35e12, 1e-12);
    ck_assert_double_eq(with.floor_s, plain.floor_s); /* FlashAttention can do without */
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("engines");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, slots_are_allocated_at_the_start);
    tcase_add_test(all, a_window_in_a_slot_holds_itself_and_a_step);
    tcase_add_test(all, a_context_is_the_engines_or_the_models_or_given);
    tcase_add_test(all, an_apple_gpu_has_a_sheet_of_its_own);
    tcase_add_test(all, who_needs_room_for_the_answer_waits_and_is_never_preempted);
    tcase_add_test(all, few_tokens_cost_more_each);
    tcase_add_test(all, accumulating_in_16_bits_is_twice_as_fast_on_geforce);
    tcase_add_test(all, kernels_for_few_tokens_stay_out_of_matrix_units);
    tcase_add_test(all, k_quants_are_read_no_faster_than_unpacked);
    tcase_add_test(all, each_expert_touched_pays_for_its_tile);
    tcase_add_test(all, sequences_and_stored_scores_are_added);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
