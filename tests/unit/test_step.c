/* The step-time model against published vectors, hand working and the physical floor.
 *
 * Origins: the vectors (docs/model.md, test vectors) are from an independent implementation of
 * the same equations; single terms are worked by hand in the comment above the line; pairs are
 * counted one by one; the floor and the tables are properties that must hold for every sheet.
 */
#include "perf/step.h"
#include <check.h>
#include <math.h>
#include "base/rng.h"
#include "perf/weights.h"
#include "sheets.h"

static void setup(void)
{
    sheets_open();
}

static void teardown(void)
{
    sheets_close();
}

/* The engine that the vectors and the figures worked by hand belong to: vLLM with the constants of
 * an earlier fit than the sheet's. */
static struct cs_option earlier_option(const char *model, const char *hardware,
                                       enum cs_precision precision)
{
    struct cs_option o = sheets_option(model, hardware, precision);
    struct cs_engine_sheet *const earlier = cs_arena_alloc(sheets_arena(), 1, sizeof *earlier);
    *earlier = *o.engine;
    earlier->step_s = 0.988e-3;
    earlier->layer_s = 10.3e-6;
    earlier->moe_layer_s = 3.3e-6;
    earlier->prefill_step_s = 0.81e-3;
    earlier->all_reduce_s = 6.35e-6;
    earlier->weights_eff = 0.845;
    earlier->kv_eff = 0.937;
    earlier->sampler_bytes = 509;
    o.engine = earlier;
    return o;
}

static struct cs_option option_of(const char *model, const char *hardware)
{
    struct cs_option o = earlier_option(model, hardware, CS_PRECISION_BF16);
    o.max_num_seqs = 128;
    o.max_num_batched_tokens = 2048;
    return o;
}

static struct cs_step_load load_of(int64_t tokens, int64_t sampled, int64_t kv, double pairs,
                                   bool prefill)
{
    return (struct cs_step_load){.tokens = tokens, .sampled = sampled, .kv_tokens = kv,
                                 .pairs = pairs, .prefill = prefill};
}

static double step_ms(const struct cs_option *o, int t, bool top_p, const struct cs_step_load *l)
{
    struct cs_step step;
    cs_step_compile(&step, o, t, top_p, sheets_arena());
    return 1e-9 * (double)cs_step_ps(&step, l);
}

/* docs/model.md, test vectors, in ms: (T, B, K, Q, prefill), everything sampled. The sampler sorts
 * for Llama and not for Mixtral. The constants are published rounded to three digits while the
 * vectors came from the unrounded ones: hence a tolerance of 2e-4, and not 1e-3 ms. */
START_TEST(steps_take_as_long_as_the_published_vectors)
{
    const struct cs_step_load loads[] = {
        load_of(1, 1, 1000, 0, false),      load_of(16, 16, 12800, 0, false),
        load_of(64, 64, 64000, 0, false),   load_of(40, 33, 25600, 4800, true),
        load_of(2048, 1, 0, 2098176, true), load_of(33, 33, 26400, 0, false),
    };
    static const struct {
        const char *model, *hardware;
        int t;
        bool top_p;
        double ms[6];
    } rows[] = {
        {"llama-3.1-8b", "h100-sxm-80gb", 1, true,
         {6.6806, 7.4784, 10.7443, 9.2297, 50.44, 8.445}},
        {"llama-2-70b", "h100-sxm-80gb", 4, true,
         {16.0261, 16.6554, 19.3665, 18.399, 148.2104, 17.600}},
        {"mixtral-8x7b", "h100-sxm-80gb", 2, false,
         {6.3555, 18.4226, 19.8004, 19.7309, 51.8478, 18.933}},
        {"llama-3.1-8b", "a100-sxm-80gb", 1, true,
         {10.1291, 11.4982, 17.6706, 14.1535, 154.0404, 0}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct cs_option o = option_of(rows[r].model, rows[r].hardware);
        struct cs_hardware plain = *o.hardware; /* the vectors have no factor of the GPU in them */
        plain.bandwidth_factor = plain.kv_factor = plain.compute_factor = 1;
        o.hardware = &plain;
        struct cs_engine_sheet assumed = *o.engine; /* ... nor what was measured after them */
        assumed.prefill_attention_eff = 0.35;
        assumed.experts_eff = 1;
        o.engine = &assumed;
        for (size_t i = 0; i < 6; i++) {
            if (rows[r].ms[i] == 0)
                continue;
            const double ms = step_ms(&o, rows[r].t, rows[r].top_p, &loads[i]);
            ck_assert_msg(fabs(ms / rows[r].ms[i] - 1) < 2e-4, "%s on %s, %zu: %.4f ms, not %g",
                          rows[r].model, rows[r].hardware, i, ms, rows[r].ms[i]);
        }
    }
}
END_TEST

/* Factors of the GPU: bandwidth 0.92 slows what reads, KV 0.44 the KV reads on top of it. */
START_TEST(factors_of_the_gpu_slow_what_they_name)
{
    const struct cs_option o = option_of("llama-3.1-8b", "a100-sxm-80gb");
    ck_assert_double_eq(o.hardware->bandwidth_factor, 0.92);
    ck_assert_double_eq(o.hardware->kv_factor, 0.44);
    struct cs_step step;
    cs_step_compile(&step, &o, 1, false, sheets_arena());
    /* 32 layers x 2 x 8 heads x 128 x 2 B = 131072 B; divided by 2039e9 x 0.92 x 0.937 x 0.44
     * = 773.3857e9 B/s: 169.478 ns */
    ck_assert_int_eq(step.kv_ps, 169478);
    /* the kernels are vLLM's: in any other engine 131072 / (2039e9 x 0.92 x 0.937) = 74.570 ns */
    struct cs_engine_sheet other = *o.engine;
    struct cs_option elsewhere = o;
    elsewhere.engine = &other;
    other.name = "vllmnot-3";
    cs_step_compile(&step, &elsewhere, 1, false, sheets_arena());
    ck_assert_int_eq(step.kv_ps, 74570);
    other.name = "vllm";
    cs_step_compile(&step, &elsewhere, 1, false, sheets_arena());
    ck_assert_int_eq(step.kv_ps, 169478);
    struct cs_hardware slow = *o.hardware;
    slow.compute_factor = 0.5;
    struct cs_option half = o;
    half.hardware = &slow;
    const struct cs_step_load prefill = load_of(2048, 1, 0, 0, true);
    struct cs_step_parts a, b;
    cs_step_explain(&a, &o, 1, false, &prefill);
    cs_step_explain(&b, &half, 1, false, &prefill);
    ck_assert_double_eq_tol(b.compute_s, 2 * a.compute_s, 1e-12 * a.compute_s);
    ck_assert_double_eq(b.weights_s, a.weights_s);
}
END_TEST

START_TEST(batches_are_padded_to_the_captured_sizes)
{
    struct cs_option o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    struct cs_step s;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    static const int same[][2] = {{3, 4}, {5, 8}, {9, 16}, {33, 40}, {121, 128}, {249, 256}};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        ck_assert_int_eq(s.token_ps[same[i][0]], s.token_ps[same[i][1]]);
        ck_assert_int_gt(s.token_ps[same[i][0]], s.token_ps[same[i][0] - 1]);
    }
    /* beyond 2 x 128 sequences every size is its own */
    for (int t = 257; t < 300; t++)
        ck_assert_int_gt(s.token_ps[t], s.token_ps[t - 1]);
    o.max_num_seqs = 256; /* captured to 512, above 256 in steps of 16 */
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.token_ps[257], s.token_ps[272]);
    ck_assert_int_eq(s.token_ps[497], s.token_ps[512]);
    ck_assert_int_gt(s.token_ps[513], s.token_ps[512]);
    ck_assert_int_gt(s.token_ps[514], s.token_ps[513]);
    struct cs_engine_sheet eager = *o.engine;
    eager.cuda_graph_padding = false;
    o.engine = &eager;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_gt(s.token_ps[34], s.token_ps[33]);
}
END_TEST

/* Llama-2-70b on 4 H100, T = 16: 2 x 80 x (6.35e-6 x 2 + 2 x 16 x 8192 x 2 x 3/4 / (450e9 x 0.6))
 * = 160 x (12.7e-6 + 393216 / 270e9 = 1.456356e-6) = 2.265017 ms. */
START_TEST(tensor_parallel_divides_weights_and_adds_all_reduces)
{
    const struct cs_option o = option_of("llama-2-70b", "h100-sxm-80gb");
    const struct cs_step_load l = load_of(16, 16, 12800, 0, false);
    struct cs_step_parts one, four;
    cs_step_explain(&one, &o, 1, false, &l);
    cs_step_explain(&four, &o, 4, false, &l);
    ck_assert_double_eq(one.communication_s, 0);
    ck_assert_double_eq_tol(four.communication_s, 2.265017e-3, 1e-9);
    ck_assert_double_eq_tol(four.weights_s, one.weights_s / 4, 1e-15);
    ck_assert_double_eq_tol(four.kv_s, one.kv_s / 4, 1e-15);
    ck_assert_double_eq(four.fixed_s, one.fixed_s);
    /* 8 KV heads: a group of 16 holds one head on each, as one of 8 does */
    struct cs_step_parts eight, sixteen;
    cs_step_explain(&eight, &o, 8, false, &l);
    cs_step_explain(&sixteen, &o, 16, false, &l);
    ck_assert_double_eq(sixteen.kv_s, eight.kv_s);
    /* ... and leaves the link domain of 8 for PCIe at 64 GB/s, of which 23 %, and 30 us:
     * 160 x (30e-6 x 4 + 2 x 16 x 8192 x 2 x 15/16 / 14.72e9 = 33.391304e-6) = 24.542609 ms */
    ck_assert_double_eq_tol(sixteen.communication_s, 24.542609e-3, 1e-9);
}
END_TEST

/* Two stages: step overhead twice, one hop of 6.35e-6 + 2 x 16 x 8192 / 270e9 s = 7.320904 us, KV
 * reads shared; weights and compute are passed one after the other. */
/* Cards without a link. Qwen3-32B on two RTX PRO 6000, T = 32: 2 x 64 x (30e-6 + 2 x 32 x 5120 x 2
 * x 1/2 / (64e9 x 0.23) = 22.260870e-6) = 6.689391 ms; with what the sheet says of links it would
 * be 128 x (6.35e-6 + 327680 / (64e9 x 0.6) = 8.533333e-6) = 1.905067 ms. */
START_TEST(collectives_over_pcie_go_through_the_host)
{
    struct cs_option o = option_of("qwen3-32b", "rtx-pro-6000");
    const struct cs_step_load l = load_of(32, 32, 0, 0, false);
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 2, false, &l);
    ck_assert_double_eq_tol(p.communication_s, 6.689391e-3, 1e-9);
    struct cs_engine_sheet silent = *o.engine;
    silent.pcie_eff = silent.link_eff;
    silent.all_reduce_pcie_s = silent.all_reduce_s;
    o.engine = &silent;
    cs_step_explain(&p, &o, 2, false, &l);
    ck_assert_double_eq_tol(p.communication_s, 1.905067e-3, 1e-9);
}
END_TEST

/* A batch passes both stages, which read its KV cache one after the other. */
START_TEST(pipeline_adds_a_hop_and_divides_nothing)
{
    struct cs_option o = option_of("llama-2-70b", "h100-sxm-80gb");
    const struct cs_step_load l = load_of(16, 16, 12800, 0, false);
    struct cs_step_parts one, two;
    cs_step_explain(&one, &o, 1, false, &l);
    o.pipeline_parallel = 2;
    cs_step_explain(&two, &o, 1, false, &l);
    ck_assert_double_eq_tol(two.fixed_s - one.fixed_s, 0.988e-3, 1e-12);
    ck_assert_double_eq_tol(two.communication_s, 7.320904e-6, 1e-12);
    ck_assert_double_eq(two.kv_s, one.kv_s);
    ck_assert_double_eq(two.gemm_s, one.gemm_s);
    ck_assert_double_eq(two.head_s, one.head_s);
}
END_TEST

/* DeepSeek-R1: attention of a layer 7168 x 1536 + 1536 x 128 x 192 + 7168 x 576 + 512 x 128 x 256
 * + 128 x 128 x 7168 = 187,105,280. KV of a token: 61 x (512 + 64) x 2 B over 3.35e12 x 0.937 B/s =
 * 22.38710 ns, held whole by every GPU; its products 61 x 128/t heads x (2 x 576 + 2 x 512) FLOP
 * over 989e12 x 0.65 = 26.42951 ns alone, 3.303688 ns on eight. Squares add: 34.636703 and
 * 22.629555 ns. A pair: 61 x 2 x 128 x (128 + 64 + 128) / (989e12 x 0.45) = 11.228222 ns alone. */
START_TEST(latent_attention_reads_one_latent_and_computes_for_every_head)
{
    const struct cs_option o = earlier_option("deepseek-r1", "h100-sxm-80gb", CS_PRECISION_FP8);
    ck_assert_double_eq(cs_weights_attention_layer(o.model), 187105280.0);
    ck_assert_double_eq(cs_weights_kv_layer_bytes(o.model, CS_PRECISION_BF16, 8), 1152);
    ck_assert_double_eq(cs_weights_kv_layer_bytes(o.model, CS_PRECISION_FP8, 1), 576);
    struct cs_step s;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.kv_ps, 34637);
    ck_assert_double_eq_tol(s.pair_ps, 11228.222, 1e-3);
    cs_step_compile(&s, &o, 8, false, sheets_arena());
    ck_assert_int_eq(s.kv_ps, 22630);
    ck_assert_double_eq_tol(s.pair_ps, 11228.222 / 8, 1e-3);
    ck_assert_int_eq(s.window_tokens, 0);
}
END_TEST

/* Answers' attention at 7 % of the peak, prompts in the latent space: 61 x 128 x 2176 / (989e12 x
 * 0.07) = 245.41688 ns, with reads 246.43586; a pair at 0.45: 38.175953. Llama 3.1 8B: 32 x 4 x 32
 * x 128 / (989e12 x 0.07) = 7.5730753 ns, with reads of 41.756799 42.437957. */
START_TEST(engines_may_be_slow_at_attention_and_attend_in_the_latent_space)
{
    struct cs_option o = sheets_option("deepseek-r1", "h100-sxm-80gb", CS_PRECISION_FP8);
    struct cs_engine_sheet e = *o.engine;
    struct cs_step s;
    e.kv_eff = 0.937;
    e.prefill_attention_eff = 0.45;
    e.decode_attention_eff = 0.07;
    e.latent_prompts = true;
    o.engine = &e;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.kv_ps, 246436);
    ck_assert_double_eq_tol(s.pair_ps, 38175.953, 1e-3);
    o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    o.engine = &e;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.kv_ps, 42438);
}
END_TEST

/* Three dense layers before 58 MoE ones: experts of 3 x 7168 x 2048 weights of 1 B. One token
 * touches 8 of 256; 64 tokens 256 (1 - (1 - 1/32)^64) = 222.4424. Weights / (3.35e12 x 0.845). */
START_TEST(experts_are_read_as_often_as_tokens_touch_them)
{
    struct cs_option o = earlier_option("deepseek-r1", "h100-sxm-80gb", CS_PRECISION_FP8);
    struct cs_hardware fast = *o.hardware; /* no compute time beside the reads */
    for (int k = 0; k < CS_COMPUTE_COUNT; k++)
        fast.flops[k] = 1e24;
    o.hardware = &fast;
    const double read = 58 * 3.0 * 7168 * 2048 / (3.35e12 * 0.845);
    struct cs_step_parts p;
    struct cs_step_load l = load_of(1, 1, 0, 0, false);
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.experts_s, 8 * read, 1e-9 * p.experts_s);
    l.tokens = 64;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.experts_s / read, 222.4424, 1e-3);
    /* 61 attentions of 1 B, 3 dense FFN of 3 x 7168 x 18432, 58 shared of 3 x 7168 x 2048 */
    ck_assert_double_eq_tol(p.weights_s,
                            (61 * 187105280.0 + 3 * 396361728.0 + 58 * 44040192.0) /
                                (3.35e12 * 0.845),
                            1e-12);
    /* 512 tokens x 8 experts x 58 layers, FP8 at 1979e12 x 0.57 x 0.77, beside reads that take no
     * time: 2 x 512 x 8 x 58 x 44040192 / 868.58310e12 = 24.091052 ms */
    struct cs_hardware wide = *sheets_hardware("h100-sxm-80gb");
    wide.bandwidth_Bps = 1e24;
    o.hardware = &wide;
    l.tokens = 512;
    struct cs_step_parts grouped;
    cs_step_explain(&grouped, &o, 1, false, &l);
    ck_assert_double_eq_tol(grouped.experts_s, 24.091052e-3, 1e-9);
    /* 0.988 ms + 61 x 10.3 us + 58 x 3.3 us */
    ck_assert_double_eq_tol(p.fixed_s, 1.8077e-3, 1e-12);
}
END_TEST

/* gpt-oss-20b: 12 of 24 layers see 128 tokens. KV: 12 x 2 x 8 x 64 x 2 B = 24576 B over 3.35e12 x
 * 0.937 B/s = 7.829373 ns in either; a pair 12 x 4 x 64 x 64 / (989e12 x 0.45) = 441.7661 ps. */
START_TEST(sliding_windows_have_terms_of_their_own)
{
    const struct cs_option o = earlier_option("gpt-oss-20b", "h100-sxm-80gb", CS_PRECISION_MXFP4);
    struct cs_step s;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.window_tokens, 128);
    ck_assert_int_eq(s.kv_ps, 7829);
    ck_assert_int_eq(s.window_kv_ps, 7829);
    ck_assert_double_eq_tol(s.pair_ps, 441.7661, 1e-3);
    ck_assert_double_eq_tol(s.window_pair_ps, 441.7661, 1e-3);
    /* 40 decodes of context 1000: 40000 tokens in full layers, 40 x 128 in windowed ones */
    struct cs_step_load l = load_of(40, 40, 40000, 0, false);
    const int64_t full = cs_step_ps(&s, &l);
    l.window_kv_tokens = 5120;
    ck_assert_int_eq(cs_step_ps(&s, &l) - full, 5120 * 7829);
    ck_assert_int_eq(full - s.token_ps[40] - s.sample_ps[40], 40000 * 7829);
}
END_TEST

START_TEST(pairs_are_those_counted_one_by_one)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 11, 0, "pairs");
    for (int i = 0; i < 20000; i++) {
        const int64_t n = 1 + (int64_t)(cs_rng_u64(&rng) % 90);
        const int64_t c = (int64_t)(cs_rng_u64(&rng) % 120);
        const int64_t w = cs_rng_u64(&rng) % 4 == 0 ? 0 : 1 + (int64_t)(cs_rng_u64(&rng) % 150);
        int64_t pairs = 0;
        for (int64_t q = 1; q <= n; q++) /* the query at place c + q sees itself and all before */
            pairs += w > 0 && c + q > w ? w : c + q;
        ck_assert_msg(cs_step_pairs(n, c, w) == (double)pairs, "n %ld c %ld w %ld", (long)n,
                      (long)c, (long)w);
    }
}
END_TEST

START_TEST(precisions_read_their_bytes_on_their_peak)
{
    const struct cs_step_load l = load_of(40, 40, 0, 0, false);
    struct cs_option o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    struct cs_step_parts bf16, fp8, int4;
    cs_step_explain(&bf16, &o, 1, false, &l);
    o.precision = CS_PRECISION_FP8;
    cs_step_explain(&fp8, &o, 1, false, &l);
    o.precision = CS_PRECISION_INT4;
    cs_step_explain(&int4, &o, 1, false, &l);
    ck_assert_double_eq_tol(fp8.weights_s, bf16.weights_s / 2, 1e-15);
    /* 4.15625 bits of 16 */
    ck_assert_double_eq_tol(int4.weights_s, bf16.weights_s * 4.15625 / 16, 1e-15);
    /* per layer 41,943,040 attention and 176,160,768 FFN weights, all on the FP8 peak */
    ck_assert_double_eq_tol(fp8.compute_s, 2560 * (218103808 / 1979e12) / 0.57, 1e-12);
    ck_assert_double_eq_tol(bf16.compute_s, 2560 * (218103808 / 989e12) / 0.65, 1e-12);
    ck_assert_double_eq(int4.compute_s, bf16.compute_s);
    ck_assert_double_eq(fp8.head_s, bf16.head_s); /* the head stays at 16 bits */
    /* a card without FP8: its 16-bit peak */
    struct cs_option old = option_of("llama-3.1-8b", "a100-sxm-80gb");
    struct cs_step_parts old_bf16, old_fp8;
    cs_step_explain(&old_bf16, &old, 1, false, &l);
    old.precision = CS_PRECISION_FP8;
    cs_step_explain(&old_fp8, &old, 1, false, &l);
    ck_assert_double_eq(old_fp8.compute_s, old_bf16.compute_s);
}
END_TEST

/* A layer's 41,943,040 attention and 176,160,768 FFN weights: at 57 % of the 8- or 4-bit peak that
 * multiplies them, or at 65 % of the 16-bit one where there is none or kernels expand them, unless
 * `quantised` says what that costs. */
START_TEST(narrow_products_have_an_efficiency_of_their_own)
{
    static const struct {
        const char *hardware;
        enum cs_precision precision;
        double quantised, attention, ffn; /* FLOP/s reached */
    } cases[] = {
        {"h100-sxm-80gb", CS_PRECISION_FP8, 0, 1979e12 * 0.57, 1979e12 * 0.57},
        {"h100-sxm-80gb", CS_PRECISION_INT8, 0.41, 1979e12 * 0.57, 1979e12 * 0.57},
        {"h100-sxm-80gb", CS_PRECISION_NVFP4, 0, 989e12 * 0.65, 989e12 * 0.65},
        {"h100-sxm-80gb", CS_PRECISION_MXFP4, 0, 989e12 * 0.65, 989e12 * 0.65},
        {"h100-sxm-80gb", CS_PRECISION_INT4, 0, 989e12 * 0.65, 989e12 * 0.65},
        {"h100-sxm-80gb", CS_PRECISION_INT4, 0.41, 989e12 * 0.41, 989e12 * 0.41},
        {"h100-sxm-80gb", CS_PRECISION_BF16, 0.41, 989e12 * 0.65, 989e12 * 0.65},
        {"rtx-pro-6000", CS_PRECISION_NVFP4, 0, 1871.2e12 * 0.57, 1871.2e12 * 0.57},
        {"rtx-pro-6000", CS_PRECISION_MXFP4, 0, 467.8e12 * 0.65, 1871.2e12 * 0.57},
        {"rtx-pro-6000", CS_PRECISION_MXFP4, 0.41, 467.8e12 * 0.65, 1871.2e12 * 0.57},
        {"a100-sxm-80gb", CS_PRECISION_FP8, 0, 312e12 * 0.65, 312e12 * 0.65},
        {"a100-sxm-80gb", CS_PRECISION_FP8, 0.41, 312e12 * 0.41, 312e12 * 0.41},
        {"a100-sxm-80gb", CS_PRECISION_INT8, 0.41, 624e12 * 0.57, 624e12 * 0.57},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cs_option o = option_of("llama-3.1-8b", cases[i].hardware);
        struct cs_engine_sheet e = *o.engine;
        e.quantised_eff = cases[i].quantised;
        o.engine = &e;
        o.precision = cases[i].precision;
        const struct cs_step_load l = load_of(40, 40, 0, 0, false);
        struct cs_step_parts p;
        cs_step_explain(&p, &o, 1, false, &l);
        const double layer = 41943040 / cases[i].attention + 176160768 / cases[i].ffn;
        ck_assert_double_eq_tol(p.compute_s, 2560 * layer, 1e-12);
        ck_assert_double_ge(p.total_s, p.floor_s);
    }
}
END_TEST

/* Llama 4 Scout's quantised checkpoints leave attention at 16 bits: a layer reads 62,914,560
 * weights of 2 B and a shared expert of 125,829,120 of 1 B, and multiplies each on its own peak. */
START_TEST(attention_left_at_16_bits_is_read_and_multiplied_so)
{
    struct cs_option o = option_of("llama-4-scout", "h100-sxm-80gb");
    o.precision = CS_PRECISION_FP8;
    const struct cs_step_load l = load_of(40, 40, 0, 0, false);
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_eq_tol(p.weights_s, 48 * (2 * 62914560.0 + 125829120.0) / (3.35e12 * 0.845),
                            1e-12);
    ck_assert_double_eq_tol(
        p.compute_s,
        2 * 40 * 48 * (62914560.0 / 989e12 / 0.65 + 125829120.0 / 1979e12 / 0.57), 1e-12);
    ck_assert_double_eq(cs_weights_attention_bytes(o.model, CS_PRECISION_INT4), 2);
    ck_assert_double_eq(cs_weights_attention_bytes(o.model, CS_PRECISION_Q8_0), 8.5 / 8);
    const struct cs_model *const whole = sheets_model("llama-3.1-8b");
    ck_assert_double_eq(cs_weights_attention_bytes(whole, CS_PRECISION_FP8), 1);
}
END_TEST

/* 128256 logits x 509 B / 3.35e12 B/s = 19.487255 us for each sequence sampled. */
START_TEST(the_sampler_costs_only_when_it_sorts)
{
    const struct cs_option o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    const struct cs_step_load l = load_of(40, 33, 0, 0, true);
    struct cs_step_parts greedy, sorted;
    cs_step_explain(&greedy, &o, 1, false, &l);
    cs_step_explain(&sorted, &o, 1, true, &l);
    ck_assert_double_eq(greedy.sampler_s, 0);
    ck_assert_double_eq_tol(sorted.sampler_s, 33 * 19.487255e-6, 1e-10);
    ck_assert_double_eq_tol(sorted.total_s - greedy.total_s, sorted.sampler_s, 1e-15);
}
END_TEST

START_TEST(single_sequences_wait_for_memory_and_prompts_for_arithmetic)
{
    static const char *const hardware[] = {"h100-sxm-80gb", "a100-sxm-80gb", "rtx-4090", "l40s",
                                           "apple-m4-max-40c"};
    for (size_t i = 0; i < sizeof hardware / sizeof hardware[0]; i++) {
        const struct cs_option o = option_of("llama-3.1-8b", hardware[i]);
        const struct cs_step_load decode = load_of(1, 1, 600, 0, false);
        const struct cs_step_load prefill = load_of(2048, 1, 0, 2098176, true);
        struct cs_step_parts p;
        cs_step_explain(&p, &o, 1, false, &decode);
        ck_assert_str_eq(p.binding, "weights");
        ck_assert_double_gt(p.weights_s, 10 * p.compute_s);
        cs_step_explain(&p, &o, 1, false, &prefill);
        ck_assert_str_eq(p.binding, "compute");
        ck_assert_double_gt(p.compute_s, 2 * p.weights_s);
    }
    /* 100 decodes of 16384 tokens read 215 GB of KV against 16 GB of weights */
    const struct cs_option o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    const struct cs_step_load longs = load_of(100, 100, 1638400, 0, false);
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &longs);
    ck_assert_str_eq(p.binding, "KV");
}
END_TEST

/* Every model on every machine at every precision: no step beats its bytes over the bandwidth or
 * its FLOPs over the peak, and the compiled tables say what the explanation adds up. */
START_TEST(no_step_is_shorter_than_physics_and_tables_agree)
{
    size_t models, machines, checked = 0;
    const char *const *const model = cs_catalog_names(sheets_catalog(), CS_SHEET_MODEL, &models);
    const char *const *const machine =
        cs_catalog_names(sheets_catalog(), CS_SHEET_HARDWARE, &machines);
    ck_assert_uint_ge(models, 20);
    ck_assert_uint_ge(machines, 30);
    static const struct cs_step_load loads[] = {
        {.tokens = 1, .sampled = 1, .kv_tokens = 1},
        {.tokens = 37, .sampled = 37, .kv_tokens = 51283, .window_kv_tokens = 4736},
        {.tokens = 333, .sampled = 29, .kv_tokens = 90021, .window_kv_tokens = 3712,
         .pairs = 113007, .window_pairs = 39001, .prefill = true},
        {.tokens = 2048, .sampled = 1, .pairs = 2098176, .window_pairs = 254016, .prefill = true},
    };
    for (size_t m = 0; m < models; m++) {
        if (!sheets_model(model[m])->has_architecture)
            continue;
        for (size_t h = 0; h < machines; h++) {
            for (int p = 0; p < CS_PRECISION_COUNT; p++) {
                struct cs_option o =
                    earlier_option(model[m], machine[h], (enum cs_precision)p);
                o.kv_precision = p == CS_PRECISION_FP8 ? CS_PRECISION_FP8 : CS_PRECISION_BF16;
                o.pipeline_parallel = 1 + p % 2;
                const int t = o.hardware->pcie_Bps > 0 || o.hardware->link_Bps > 0 ? 1 << h % 4 : 1;
                if (t == 1 && o.hardware->pcie_Bps == 0 && o.hardware->link_Bps == 0)
                    o.pipeline_parallel = 1;
                for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
                    struct cs_step_parts parts;
                    cs_step_explain(&parts, &o, t, i % 2, &loads[i]);
                    ck_assert_msg(parts.floor_s > 0 && parts.floor_s <= parts.total_s,
                                  "%s on %d x %s, %s, load %zu: %g s, floor %g s", model[m], t,
                                  machine[h], cs_precision_infos[p].name, i, parts.total_s,
                                  parts.floor_s);
                    checked++;
                }
                if ((m + h + (size_t)p) % 97 != 0) /* tables of 8193 entries take a while */
                    continue;
                struct cs_step s;
                cs_step_compile(&s, &o, t, true, sheets_arena());
                for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
                    struct cs_step_parts parts;
                    cs_step_explain(&parts, &o, t, true, &loads[i]);
                    /* half a ps for each table, and for each KV token */
                    const double rounding =
                        2 + 0.5 * (double)(loads[i].kv_tokens + loads[i].window_kv_tokens);
                    ck_assert_double_eq_tol((double)cs_step_ps(&s, &loads[i]),
                                            1e12 * parts.total_s,
                                            rounding + 1e-15 * 1e12 * parts.total_s);
                }
            }
        }
    }
    ck_assert_uint_gt(checked, 20 * 30 * 7 * 4);
}
END_TEST

/* Slower steps are slower exactly, faster ones until they reach the floor of their term. Llama 3.1
 * 8B on H100 at 0.845 of the bandwidth: weights of 32 layers, 13.96 GB / 3.35 TB/s = 4.167 ms, and
 * of the head, 1.051 GB = 0.314 ms, cannot be read faster however fast the engine. */
START_TEST(scaled_steps_are_multiples_down_to_the_floor)
{
    const struct cs_option o = option_of("llama-3.1-8b", "h100-sxm-80gb");
    struct cs_step one, slow, fast;
    cs_step_compile(&one, &o, 1, true, sheets_arena());
    cs_step_compile_scaled(&slow, &o, 1, true, 1.2837, sheets_arena());
    cs_step_compile_scaled(&fast, &o, 1, true, 0.0371, sheets_arena());
    for (int n = 1; n <= 2048; n += 89) {
        ck_assert_double_eq_tol((double)slow.token_ps[n], 1.2837 * (double)one.token_ps[n], 1.2);
        const struct cs_step_load load = load_of(n, n < 128 ? n : 128, 64000, 811.0 * n, true);
        struct cs_step_parts parts;
        cs_step_explain(&parts, &o, 1, true, &load);
        ck_assert_double_ge((double)cs_step_ps(&fast, &load), 1e12 * parts.floor_s - 40000);
        ck_assert_double_lt((double)cs_step_ps(&fast, &load), 1e12 * parts.total_s);
    }
    for (int n = 0; n <= 128; n += 7)
        ck_assert_double_eq_tol((double)slow.sample_ps[n], 1.2837 * (double)one.sample_ps[n], 1.2);
    ck_assert_double_eq_tol((double)slow.kv_ps, 1.2837 * (double)one.kv_ps, 1.2);
    ck_assert_double_eq_tol(slow.pair_ps, 1.2837 * one.pair_ps, 1e-9 * one.pair_ps);
    ck_assert_double_eq_tol((double)slow.prefill_ps, 1.2837 * (double)one.prefill_ps, 1.2);
    ck_assert_double_eq_tol((double)fast.token_ps[1], 13959.0e9 / 3350.0 * 1e0, 4e6);
    ck_assert_double_eq_tol((double)fast.sample_ps[1], 1050.67e9 / 3350.0, 1e6);
    ck_assert_int_eq(fast.kv_ps, 39126); /* 131072 B / 3.35 TB/s */
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("step");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, steps_take_as_long_as_the_published_vectors);
    tcase_add_test(all, factors_of_the_gpu_slow_what_they_name);
    tcase_add_test(all, batches_are_padded_to_the_captured_sizes);
    tcase_add_test(all, tensor_parallel_divides_weights_and_adds_all_reduces);
    tcase_add_test(all, collectives_over_pcie_go_through_the_host);
    tcase_add_test(all, pipeline_adds_a_hop_and_divides_nothing);
    tcase_add_test(all, latent_attention_reads_one_latent_and_computes_for_every_head);
    tcase_add_test(all, engines_may_be_slow_at_attention_and_attend_in_the_latent_space);
    tcase_add_test(all, experts_are_read_as_often_as_tokens_touch_them);
    tcase_add_test(all, sliding_windows_have_terms_of_their_own);
    tcase_add_test(all, pairs_are_those_counted_one_by_one);
    tcase_add_test(all, precisions_read_their_bytes_on_their_peak);
    tcase_add_test(all, narrow_products_have_an_efficiency_of_their_own);
    tcase_add_test(all, attention_left_at_16_bits_is_read_and_multiplied_so);
    tcase_add_test(all, the_sampler_costs_only_when_it_sorts);
    tcase_add_test(all, single_sequences_wait_for_memory_and_prompts_for_arithmetic);
    tcase_add_test(all, no_step_is_shorter_than_physics_and_tables_agree);
    tcase_add_test(all, scaled_steps_are_multiples_down_to_the_floor);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
