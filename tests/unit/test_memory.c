/* What fits, in bytes worked by hand.
 *
 * Llama 3.1 70B: a layer holds 2 x 8192 x 8192 + 2 x 8192 x 1024 attention and 3 x 8192 x 28672
 * FFN weights = 855,638,016; 80 of them 68,451,041,280; embedding and head 128256 x 8192 each,
 * 2,101,346,304 together. An H100 has 81559 MiB = 85,520,809,984 B (nvidia-smi), 90 % of it
 * 76,968,728,985.6 B; vLLM keeps 0.9 GB alone, 1.4 GB in a group. Other models above their tests.
 */
#include "perf/memory.h"
#include <check.h>
#include <math.h>
#include "sheets.h"

static void setup(void)
{
    sheets_open();
}

static void teardown(void)
{
    sheets_close();
}

static struct cs_memory fit(const struct cs_option *o, int t)
{
    struct cs_memory m;
    cs_memory_fit(&m, o, t);
    return m;
}

/* 141,104,775,168 B in all. Two GPUs: 76,968,728,985.6 - 70,552,387,584 - 1.4e9 = 5,016,341,401.6 B
 * for KV, at 80 layers x 2 x 4 heads x 128 x 2 B = 163,840 B a token: 1913.58 blocks of 16. Four:
 * 40,292,535,193.6 B at 81,920 B: 30740.76 blocks. */
START_TEST(llama_70b_at_16_bits)
{
    struct cs_option o = sheets_option("llama-3.1-70b", "h100-sxm-80gb", CS_PRECISION_BF16);
    const struct cs_memory two = fit(&o, 2);
    ck_assert_double_eq(two.weights_bytes, 141104775168.0);
    ck_assert_double_eq(two.weights_gpu_bytes, 70552387584.0);
    ck_assert_double_eq_tol(two.usable_bytes, 76968728985.6, 1e-3);
    ck_assert_double_eq(two.reserve_bytes, 1.4e9);
    ck_assert_double_eq(two.kv_token_bytes, 163840);
    ck_assert_double_eq_tol(two.kv_bytes, 5016341401.6, 1e-3);
    ck_assert_int_eq(two.kv_blocks, 1913);
    ck_assert_int_eq(two.kv_tokens, 30608);
    ck_assert_double_eq(two.window_bytes, 0);
    ck_assert(two.fits);
    const struct cs_memory four = fit(&o, 4);
    ck_assert_double_eq(four.kv_token_bytes, 81920);
    ck_assert_int_eq(four.kv_blocks, 30740);
    /* two stages of two hold half of the layers each: 70,552,387,584 / 2 B, 81,920 B a token */
    o.pipeline_parallel = 2;
    const struct cs_memory stages = fit(&o, 2);
    ck_assert_double_eq(stages.weights_gpu_bytes, 35276193792.0);
    ck_assert_int_eq(stages.kv_blocks, 30740);
}
END_TEST

START_TEST(one_gpu_is_too_small_for_it)
{
    const struct cs_option o = sheets_option("llama-3.1-70b", "h100-sxm-80gb", CS_PRECISION_BF16);
    const struct cs_memory m = fit(&o, 1);
    ck_assert(!m.fits);
    /* 76,968,728,985.6 - 141,104,775,168 - 0.9e9 */
    ck_assert_double_eq_tol(m.kv_bytes, -65036046182.4, 1e-3);
    ck_assert_int_eq(m.kv_blocks, 0);
    ck_assert_int_eq(m.kv_tokens, 0);
}
END_TEST

/* FP8: 68,451,041,280 + 2 x 2,101,346,304 = 72,653,733,888 B. INT4 alone: 68,451,041,280 x 4.15625
 * / 8 = 35,562,455,040, + 4,202,692,608 = 39,765,147,648 B; 36,303,581,337.6 B left at 327,680 B a
 * token: 6924.36 blocks. */
START_TEST(llama_70b_in_fewer_bits)
{
    struct cs_option o = sheets_option("llama-3.1-70b", "h100-sxm-80gb", CS_PRECISION_FP8);
    ck_assert_double_eq(cs_memory_weights(o.model, CS_PRECISION_FP8), 72653733888.0);
    ck_assert_double_eq(cs_memory_weights(o.model, CS_PRECISION_INT8), 72653733888.0);
    ck_assert_int_eq(fit(&o, 2).kv_blocks, 14969); /* 39,241,862,041.6 / (163,840 x 16) = 14969.6 */
    o.kv_precision = CS_PRECISION_FP8;
    ck_assert_double_eq(fit(&o, 2).kv_token_bytes, 81920);
    ck_assert_int_eq(fit(&o, 2).kv_blocks, 29939);
    o.precision = CS_PRECISION_INT4;
    o.kv_precision = CS_PRECISION_BF16;
    const struct cs_memory one = fit(&o, 1);
    ck_assert_double_eq(one.weights_bytes, 39765147648.0);
    ck_assert_double_eq(one.reserve_bytes, 0.9e9);
    ck_assert_int_eq(one.kv_blocks, 6924);
    /* Q8_0 at 8.5 bits and Q4_K_M at 4.85 take the head with them: 70,552,387,584 weights */
    ck_assert_double_eq_tol(cs_memory_weights(o.model, CS_PRECISION_Q8_0), 74961911808.0, 1);
    ck_assert_double_eq_tol(cs_memory_weights(o.model, CS_PRECISION_Q4_K_M), 42772384972.8, 1);
}
END_TEST

/* DeepSeek-R1 at FP8: 61 attentions of 187,105,280, 3 dense FFN of 396,361,728, 58 layers of 257
 * experts of 44,040,192, their routers of 7168 x 256 at 2 B, two heads of 129280 x 7168 at 2 B:
 * 672,985,186,304 B. On 8 H200 of 143771 MiB: 135,679,338,086.4 - 84,123,148,288 - 1.4e9 =
 * 50,156,189,798.4 B at 61 x 576 x 2 = 70,272 B a token, whole on every GPU: 44608.97 blocks. */
START_TEST(latent_cache_is_whole_on_every_gpu)
{
    const struct cs_option o = sheets_option("deepseek-r1", "h200-sxm-141gb", CS_PRECISION_FP8);
    const struct cs_memory eight = fit(&o, 8);
    ck_assert_double_eq(eight.weights_bytes, 672985186304.0);
    ck_assert_double_eq(eight.weights_gpu_bytes, 84123148288.0);
    ck_assert_double_eq(eight.kv_token_bytes, 70272);
    ck_assert_double_eq(fit(&o, 16).kv_token_bytes, 70272);
    ck_assert_double_eq_tol(eight.kv_bytes, 50156189798.4, 1e-2);
    ck_assert_int_eq(eight.kv_blocks, (int64_t)(50156189798.4 / (70272 * 16)));
    ck_assert(!fit(&o, 4).fits);
}
END_TEST

/* gpt-oss-20b in MXFP4: 24 attentions of 26,542,080 at 2 B, 24 x 32 experts of 24,883,200 at 17/32
 * B, routers, two heads of 201088 x 2880 at 2 B: 13,747,322,880 B (its checkpoint: 13.8 GB). 12
 * windowed layers keep 128 tokens and a block for each of 256 sequences: 12 x 2048 B x 144 x 256 =
 * 905,969,664 B; 12 full layers take 24,576 B a token. 76,968,728,985.6 less weights, 0.9e9 and the
 * windows leaves 156187.53 blocks. */
START_TEST(windows_are_set_aside)
{
    struct cs_option o = sheets_option("gpt-oss-20b", "h100-sxm-80gb", CS_PRECISION_MXFP4);
    const struct cs_memory m = fit(&o, 1);
    ck_assert_double_eq(m.weights_bytes, 13747322880.0);
    ck_assert_double_eq(m.window_bytes, 905969664.0);
    ck_assert_double_eq(m.kv_token_bytes, 24576);
    ck_assert_int_eq(m.kv_blocks, 156187);
    o.max_num_seqs = 64;
    ck_assert_double_eq(fit(&o, 1).window_bytes, 905969664.0 / 4);
    ck_assert_double_eq(fit(&o, 2).window_bytes, 905969664.0 / 8);
    ck_assert_int_gt(fit(&o, 1).kv_blocks, 156187);
}
END_TEST

/* Strix Halo: 128 GB, 75 % of it for the GPU, 90 % of that: 86.4e9 B. Llama 3.1 8B has 32 x (2 x
 * 4096 x 4096 + 2 x 4096 x 1024 + 3 x 4096 x 14336) + 2 x 128256 x 4096 = 8,029,995,008 weights.
 * 86.4e9 - 16,059,990,016 - 0.9e9 = 69,440,009,984 B at 131,072 B a token: 33111.58 blocks. */
START_TEST(unified_memory_is_shared_with_the_processor)
{
    const struct cs_option o = sheets_option("llama-3.1-8b", "strix-halo", CS_PRECISION_BF16);
    const struct cs_memory m = fit(&o, 1);
    ck_assert_double_eq_tol(m.usable_bytes, 86.4e9, 1e-3);
    ck_assert_double_eq(m.weights_bytes, 16059990016.0);
    ck_assert_int_eq(m.kv_blocks, 33111);
    ck_assert_int_eq(m.kv_tokens, 33111 * 16);
}
END_TEST

START_TEST(heads_divide_until_each_gpu_holds_one)
{
    const struct cs_option o = sheets_option("llama-3.1-70b", "h100-sxm-80gb", CS_PRECISION_BF16);
    ck_assert_double_eq(fit(&o, 8).kv_token_bytes, 80 * 2 * 128 * 2);
    ck_assert_double_eq(fit(&o, 16).kv_token_bytes, 80 * 2 * 128 * 2);
}
END_TEST

START_TEST(blocks_that_are_given_are_taken_and_weights_must_still_fit)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    o.kv_blocks = 1237;
    ck_assert_int_eq(fit(&o, 1).kv_blocks, 1237);
    ck_assert_int_eq(fit(&o, 1).kv_tokens, 19792);
    o.block_size = 32;
    ck_assert_int_eq(fit(&o, 1).kv_tokens, 39584);
    o = sheets_option("llama-3.1-70b", "h100-sxm-80gb", CS_PRECISION_BF16);
    o.kv_blocks = 1237;
    ck_assert(!fit(&o, 1).fits);
    ck_assert(fit(&o, 2).fits);
}
END_TEST

/* Smaller than one block: 8,029,995,008 x 2 B of weights and 0.9 GB, and 2,097,151 of the 2,097,152
 * B of a block. */
START_TEST(it_fits_from_one_block_on)
{
    struct cs_option o = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    struct cs_hardware small = *o.hardware;
    o.hardware = &small;
    o.gpu_memory_utilization = 1;
    small.memory_bytes = 16059990016.0 + 0.9e9 + 2097151;
    ck_assert(!fit(&o, 1).fits);
    small.memory_bytes += 1;
    ck_assert(fit(&o, 1).fits);
    ck_assert_int_eq(fit(&o, 1).kv_blocks, 1);
}
END_TEST

/* Sizes of files as llama-bench prints them, GiB (github:ggml-org/llama.cpp benches/, and its
 * discussion 4167 for Llama 2 7B): to 2 %, for norms, and tensors that a format keeps wider. */
static const struct {
    const char *model;
    enum cs_precision precision;
    double gib;
} files[] = {
    {"gpt-oss-20b", CS_PRECISION_MXFP4_Q8_0, 11.27},
    {"gpt-oss-120b", CS_PRECISION_MXFP4_Q8_0, 59.02},
    {"qwen3-30b-a3b", CS_PRECISION_Q8_0, 30.25},
    {"qwen2.5-7b", CS_PRECISION_Q8_0, 7.54},
    {"glm-4.7-flash", CS_PRECISION_Q8_0, 29.65},
    {"llama-2-7b", CS_PRECISION_Q4_0, 3.56},
};

START_TEST(files_are_as_large_as_they_say)
{
    const double bytes = cs_memory_weights(sheets_model(files[_i].model), files[_i].precision);
    const double gib = bytes / (1024.0 * 1024.0 * 1024.0);
    ck_assert_msg(fabs(gib / files[_i].gib - 1) < 0.02, "%s is %.2f GiB, not %.2f",
                  files[_i].model, gib, files[_i].gib);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("memory");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, llama_70b_at_16_bits);
    tcase_add_test(all, one_gpu_is_too_small_for_it);
    tcase_add_test(all, llama_70b_in_fewer_bits);
    tcase_add_test(all, latent_cache_is_whole_on_every_gpu);
    tcase_add_test(all, windows_are_set_aside);
    tcase_add_test(all, unified_memory_is_shared_with_the_processor);
    tcase_add_test(all, heads_divide_until_each_gpu_holds_one);
    tcase_add_test(all, blocks_that_are_given_are_taken_and_weights_must_still_fit);
    tcase_add_test(all, it_fits_from_one_block_on);
    tcase_add_loop_test(all, files_are_as_large_as_they_say, 0,
                        (int)(sizeof files / sizeof files[0]));
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
