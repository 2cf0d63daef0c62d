/* Experts outside the GPUs and on ranks: bytes and seconds worked by hand, and what must hold.
 *
 * gpt-oss-120b in mxfp4: an expert is 3 x 2880 x 2880 = 24,883,200 weights of 4.25 bits,
 * 13,219,200 B; 128 of them in each of 36 layers, of which a token visits 4. DeepSeek-R1 in fp8: an
 * expert is 3 x 7168 x 2048 = 44,040,192 B, 256 in each of 58 layers, 8 visited. A host of 100 GB/s
 * and 1 TFLOP/s, and an engine that reaches shares of them that are easy to divide by. The other
 * figures are the sheets' own, read from them where they are used.
 */
#include "perf/experts.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "perf/memory.h"
#include "perf/step.h"
#include "sheets.h"

static const double OSS_EXPERT = 13219200.0, R1_EXPERT = 44040192.0;
static struct cs_host host;
static struct cs_engine_sheet engine;

static void setup(void)
{
    sheets_open();
    host = (struct cs_host){.memory_bytes = 64e9, .bandwidth_Bps = 100e9, .flops = 1e12};
}

static void teardown(void)
{
    sheets_close();
}

/* gpt-oss-120b on an RTX 4090 (32 GB/s of PCIe) with `resident` experts of a layer on the card. */
static struct cs_option outside(enum cs_expert_policy policy, double resident)
{
    struct cs_option o = sheets_option("gpt-oss-120b", "rtx-4090", CS_PRECISION_MXFP4);
    engine = *o.engine;
    engine.host_eff = 0.5;
    engine.host_compute_eff = 0.25;
    engine.host_layer_s = 20e-6;
    engine.copy_eff = 0.8;
    engine.cuda_graph_padding = false;
    o.engine = &engine;
    o.host = &host;
    o.max_num_seqs = 64;
    o.max_num_batched_tokens = 2048;
    o.experts = (struct cs_experts){
        .policy = policy, .resident = resident, .accuracy = -1, .overlap = 1};
    return o;
}

static struct cs_step_parts parts_of(const struct cs_option *o, int t, int64_t tokens)
{
    struct cs_step_parts p;
    const struct cs_step_load l = {.tokens = tokens, .sampled = tokens, .kv_tokens = 100 * tokens};
    cs_step_explain(&p, o, t, false, &l);
    return p;
}

/* 32 of 128 experts: 36 x 32 x 13,219,200 = 15,228,518,400 B on the card beside the rest, and
 * three times as much, 45,685,555,200 B, in the host's 64 GB, of which 57.6 are for them. */
START_TEST(weights_are_divided_between_card_and_host)
{
    const struct cs_option o = outside(CS_EXPERTS_LRU, 32);
    struct cs_memory m;
    cs_memory_fit(&m, &o, 1);
    const double rest = cs_memory_weights(o.model, o.precision) - 36 * 128 * OSS_EXPERT;
    ck_assert_double_eq_tol(m.weights_gpu_bytes, rest + 15228518400.0, 1);
    ck_assert_double_eq_tol(m.host_bytes, 45685555200.0, 1);
    ck_assert_double_eq(m.resident, 32);
    ck_assert(m.host_holds && m.fits);
    host.memory_bytes = 50e9; /* 45 GB for them */
    cs_memory_fit(&m, &o, 1);
    ck_assert(!m.host_holds && !m.fits);
    host.nvme_bytes = 1e12;
    host.nvme_Bps = 5e9;
    cs_memory_fit(&m, &o, 1);
    ck_assert(m.host_holds && m.fits);
}
END_TEST

/* One token visits 4 experts; a quarter of the layers is on the card. In the other 27 layers the
 * host reads 4 experts each at 50 GB/s: 27 x 4 x 13,219,200 / 50e9 = 28.553 ms, and multiplies
 * 2 x 24,883,200 x 4 x 27 = 5.3748 GFLOP at 0.25 TFLOP/s: 21.499 ms; sqrt of the sum of squares
 * 35.742 ms, and 27 x 20 us for the layers. */
START_TEST(a_host_reads_and_multiplies)
{
    const struct cs_option o = outside(CS_EXPERTS_CPU, 32);
    const struct cs_step_parts p = parts_of(&o, 1, 1);
    const double read = 27 * 4 * OSS_EXPERT / 50e9, made = 2 * 24883200.0 * 4 * 27 / 0.25e12;
    ck_assert_double_eq_tol(p.outside_s, sqrt(read * read + made * made) + 27 * 20e-6, 1e-9);
    ck_assert_double_eq_tol(p.outside_s, 36.28e-3, 0.01e-3);
    ck_assert_double_eq(p.loaded_bytes, 0);
    /* the card reads a quarter of what it would with all of them */
    const struct cs_option all = outside(CS_EXPERTS_RESIDENT, 0);
    const struct cs_step_parts whole = parts_of(&all, 1, 1);
    ck_assert_double_eq_tol(p.experts_s, whole.experts_s / 4, 1e-3 * whole.experts_s);
    ck_assert_double_eq(whole.outside_s, 0);
}
END_TEST

/* From offload_batch tokens on they are copied: 512 tokens touch 128 (1 - (1 - 4/128)^512) experts
 * of a layer, three quarters of them outside, over 32 GB/s x 0.8. */
START_TEST(many_tokens_are_worth_copying_for)
{
    const struct cs_option o = outside(CS_EXPERTS_CPU, 32);
    engine.offload_batch = 32;
    ck_assert_double_eq(o.hardware->pcie_Bps, 32e9);
    const double touched = 128 * (1 - pow(1 - 4.0 / 128, 512));
    const double bytes = 36 * 0.75 * touched * OSS_EXPERT;
    const struct cs_step_parts p = parts_of(&o, 1, 512);
    ck_assert_double_eq_tol(p.loaded_bytes, bytes, 1e-6 * bytes);
    ck_assert_double_eq_tol(p.outside_s, bytes / 25.6e9 + 27 * 20e-6, 1e-6);
    engine.offload_batch = 513;
    ck_assert_double_eq(parts_of(&o, 1, 512).loaded_bytes, 0);
}
END_TEST

/* Uniform visits and one token: 4 experts are touched, and a static set of 32 holds one of them on
 * average. 36 x 3 x 13,219,200 B over 25.6 GB/s = 55.769 ms. A memory of 50 GB keeps
 * 45 / 45.69 of what is outside, and the rest comes from a disk of 5 GB/s as well. */
START_TEST(what_is_missed_is_copied)
{
    const struct cs_option o = outside(CS_EXPERTS_STATIC, 32);
    struct cs_step_parts p = parts_of(&o, 1, 1);
    const double bytes = 36 * 3 * OSS_EXPERT;
    ck_assert_double_eq_tol(p.outside_s, bytes / 25.6e9, 1e-9);
    ck_assert_double_eq_tol(p.loaded_bytes, bytes, 1);
    ck_assert_str_eq(p.binding, "experts outside");
    host.memory_bytes = 50e9;
    host.nvme_bytes = 1e12;
    host.nvme_Bps = 5e9;
    p = parts_of(&o, 1, 1);
    const double on_disk = 1 - 45e9 / 45685555200.0;
    ck_assert_double_eq_tol(p.outside_s, bytes / 25.6e9 + bytes * on_disk / 5e9, 1e-9);
    /* memory slower than PCIe is what copies wait for: 20 GB/s x 0.8 */
    host = (struct cs_host){.memory_bytes = 64e9, .bandwidth_Bps = 20e9};
    ck_assert_double_eq_tol(parts_of(&o, 1, 1).outside_s, bytes / 16e9, 1e-9);
}
END_TEST

/* With every expert held, a policy is no policy: the same picoseconds. */
START_TEST(all_held_is_resident)
{
    struct cs_step resident, cached;
    const struct cs_option a = outside(CS_EXPERTS_RESIDENT, 0);
    cs_step_compile(&resident, &a, 1, true, sheets_arena());
    for (int policy = CS_EXPERTS_STATIC; policy < CS_EXPERTS_COUNT; policy++) {
        const struct cs_option b = outside((enum cs_expert_policy)policy, 128);
        cs_step_compile(&cached, &b, 1, true, sheets_arena());
        for (int n = 1; n <= 16; n++) /* nodes of the grid */
            ck_assert_msg(llabs(resident.token_ps[n] - cached.token_ps[n]) <= 2,
                          "%s, %d tokens: %lld and %lld", cs_expert_policy_names[policy], n,
                          (long long)resident.token_ps[n], (long long)cached.token_ps[n]);
    }
}
END_TEST

/* A machine of one memory has nothing beside it: what it does not hold comes from its disks alone,
 * of 36 layers the 3 of 4 experts that a token misses with 32 of 128 held and all alike. */
START_TEST(one_memory_reads_from_its_disks)
{
    struct cs_option o = outside(CS_EXPERTS_STATIC, 32);
    struct cs_hardware machine = *o.hardware; /* as a DGX Spark, whose sheet may give pcie */
    machine.host = (struct cs_host){.nvme_bytes = 1e12, .nvme_Bps = 5e9};
    machine.klass = "unified";
    o.hardware = &machine;
    o.host = NULL;
    struct cs_memory m;
    cs_memory_fit(&m, &o, 1);
    ck_assert(m.host_holds);
    const struct cs_step_parts p = parts_of(&o, 1, 1);
    ck_assert_double_eq_tol(p.outside_s, 36 * 3 * OSS_EXPERT / 5e9, 1e-12);
    ck_assert_double_ge(p.floor_s, p.outside_s * (1 - 1e-12));
}
END_TEST

/* More experts held never make a step longer, more tokens never shorter; no step is below its
 * floor; and what tables hold is what explain says. */
START_TEST(more_memory_never_hurts)
{
    static const int tokens[] = {1, 2, 3, 7, 16, 19, 33, 64, 257, 1031};
    enum { N = sizeof tokens / sizeof tokens[0] };
    for (int policy = CS_EXPERTS_STATIC; policy < CS_EXPERTS_COUNT; policy++) {
        int64_t before[N];
        for (int held = 16; held <= 128; held += 28) {
            struct cs_step s;
            struct cs_option o = outside((enum cs_expert_policy)policy, held);
            struct cs_model skewed = *o.model;
            skewed.routing = (struct cs_routing){.zipf = 0.6, .repeat = 0.2, .follow = 0.5};
            o.model = &skewed;
            cs_step_compile(&s, &o, 1, false, sheets_arena());
            for (int i = 0; i < N; i++) {
                const struct cs_step_load l = {.tokens = tokens[i]};
                struct cs_step_parts p;
                cs_step_explain(&p, &o, 1, false, &l);
                ck_assert_double_eq_tol((double)cs_step_ps(&s, &l), p.total_s * 1e12, 10);
                ck_assert_double_ge(p.total_s, p.floor_s);
                ck_assert(i == 0 || s.token_ps[tokens[i]] >= s.token_ps[tokens[i - 1]]);
                ck_assert_msg(held == 16 || s.token_ps[tokens[i]] <= before[i],
                              "%s, %d of 128 held, %d tokens", cs_expert_policy_names[policy],
                              held, tokens[i]);
                before[i] = s.token_ps[tokens[i]];
            }
        }
    }
}
END_TEST

/* DeepSeek-R1 on eight ranks. One group of eight GPUs holds 1/8 of all; eight groups of one hold
 * all but experts, 58 x 32 x 44,040,192 B of those, and eight caches of KV. */
START_TEST(ranks_divide_experts_and_groups_the_requests)
{
    struct cs_option o = sheets_option("deepseek-r1", "h200-sxm-141gb", CS_PRECISION_FP8);
    o.expert_parallel = 8;
    struct cs_memory group, groups;
    cs_memory_fit(&group, &o, 8);
    cs_memory_fit(&groups, &o, 1);
    const double all = cs_memory_weights(o.model, o.precision);
    const double experts = 58.0 * 256 * R1_EXPERT;
    ck_assert_double_eq_tol(group.weights_gpu_bytes, all / 8, 1);
    ck_assert_double_eq_tol(groups.weights_gpu_bytes, all - experts + experts / 8, 1);
    ck_assert_int_eq(cs_option_gpus(&o, 8), 8);
    ck_assert_int_eq(cs_option_gpus(&o, 1), 8);
    ck_assert_int_eq(cs_option_groups(&o, 1), 8);
    const int64_t each = (int64_t)(groups.kv_bytes / (groups.kv_token_bytes * o.block_size));
    ck_assert_int_eq(groups.kv_blocks, 8 * each);
    o.experts.redundant = 32; /* 288 copies, 36 a rank */
    struct cs_memory copies;
    cs_memory_fit(&copies, &o, 1);
    ck_assert_double_eq_tol(copies.weights_gpu_bytes - groups.weights_gpu_bytes,
                            58.0 * 32 * R1_EXPERT / 8, 1);
}
END_TEST

/* A lone token's eight experts lie on eight ranks unevenly, so its step is longer than with every
 * matrix divided; of many tokens all experts are read by both. */
START_TEST(few_tokens_load_ranks_unevenly)
{
    struct cs_option o = sheets_option("deepseek-r1", "h200-sxm-141gb", CS_PRECISION_FP8);
    const struct cs_step_parts divided = parts_of(&o, 8, 1), many = parts_of(&o, 8, 2048);
    o.expert_parallel = 8;
    const struct cs_step_parts ranks = parts_of(&o, 8, 1), ranks_many = parts_of(&o, 8, 2048);
    ck_assert_double_gt(ranks.experts_s, 1.5 * divided.experts_s);
    ck_assert_double_lt(ranks.experts_s, 8.0 * divided.experts_s);
    ck_assert_double_eq_tol(ranks_many.experts_s, many.experts_s, 0.1 * many.experts_s);
    ck_assert_double_eq(ranks.communication_s, divided.communication_s);
}
END_TEST

/* With eight attention groups a prompt of 1,000 tokens is computed by one of them: the step is as
 * long as that group's, and shorter when eight prompts of 125 make up the same tokens. */
START_TEST(a_prompt_is_one_groups_work)
{
    struct cs_option o = sheets_option("deepseek-r1", "h200-sxm-141gb", CS_PRECISION_FP8);
    o.expert_parallel = 8;
    struct cs_step s;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    ck_assert_int_eq(s.groups, 8);
    ck_assert_int_eq(s.max_sampled, 8 * o.max_num_seqs);
    struct cs_step_load l = {.tokens = 1000, .sampled = 1, .pairs = 500500, .prefill = true};
    int64_t before = 0;
    for (l.chunks = 8; l.chunks >= 1; l.chunks /= 2) {
        l.chunk_tokens = 1000;
        struct cs_step_parts p;
        cs_step_explain(&p, &o, 1, false, &l);
        ck_assert_double_eq_tol((double)cs_step_ps(&s, &l), 1e12 * p.total_s, 10);
        ck_assert_int_gt(cs_step_ps(&s, &l), before);
        before = cs_step_ps(&s, &l);
    }
    /* A prompt of eight groups' budgets keeps one of them busy for eight steps, each of which reads
     * the weights again: a little longer than one that multiplied all of it at once. */
    o.max_num_batched_tokens = 512;
    cs_step_compile(&s, &o, 1, false, sheets_arena());
    l = (struct cs_step_load){.tokens = 4096, .sampled = 1, .prefill = true, .chunks = 1};
    l.chunk_tokens = 4096;
    struct cs_step_parts p;
    cs_step_explain(&p, &o, 1, false, &l);
    ck_assert_double_gt((double)cs_step_ps(&s, &l), 1e12 * p.total_s);
    ck_assert_double_lt((double)cs_step_ps(&s, &l), 1.1e12 * p.total_s);
}
END_TEST

/* The same of an engine whose kernels for few tokens are slow and whose tiles are coarse. */
START_TEST(a_group_pays_for_tiles)
{
    struct cs_option o = sheets_option("deepseek-r1", "h200-sxm-141gb", CS_PRECISION_FP8);
    engine = *o.engine;
    engine.vector_share = 0.15;
    engine.tile_tokens = 41;
    o.engine = &engine;
    o.expert_parallel = 8;
    struct cs_step s;
    cs_step_compile(&s, &o, 2, false, sheets_arena());
    for (int64_t n = 1; n < 3000; n = 2 * n + 1) {
        const struct cs_step_load l = {
            .tokens = n + 77, .sampled = 78, .prefill = true, .chunks = 1, .chunk_tokens = n};
        struct cs_step_parts p;
        cs_step_explain(&p, &o, 2, false, &l);
        /* A group's share of 77 answers is 19 in one, 19.25 in the other. */
        ck_assert_double_eq_tol((double)cs_step_ps(&s, &l), 1e12 * p.total_s, 2e9 * p.total_s);
    }
}
END_TEST

/* Eight cards on PCIe are one machine: tokens go over its bus as the all-reduce does. Of 896 tokens
 * a group has 112, which 7 others gather, 1 byte out and 2 back (FP8), for 7168 elements in 58
 * layers; sixteen are two machines, and without a network between them there is PCIe again. */
START_TEST(cards_without_a_link_are_a_machine)
{
    struct cs_option o = sheets_option("deepseek-r1", "l40s", CS_PRECISION_FP8);
    engine = *o.engine;
    engine.all_reduce_pcie_s = 50e-6;
    engine.pcie_eff = 0.25;
    engine.link_eff = 1.0;
    o.engine = &engine;
    o.expert_parallel = 8;
    const double pcie = o.hardware->pcie_Bps * 0.25;
    const double seven = 58.0 * 7 * 112 * 7168 * 3 / pcie;
    ck_assert_double_eq_tol(parts_of(&o, 1, 896).communication_s, 2 * 58 * 50e-6 * 3 + seven, 1e-9);
    o.expert_parallel = 16; /* no token goes to more than eight others */
    const double starts = 2 * 58 * 50e-6 * (4 + 1);
    const double each = 58.0 * 56 * 7168 * 3 / pcie;
    const double sent = (parts_of(&o, 1, 896).communication_s - starts) / each;
    ck_assert_double_gt(sent, 5.0);
    ck_assert_double_lt(sent, 8.0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("experts");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, weights_are_divided_between_card_and_host);
    tcase_add_test(all, a_host_reads_and_multiplies);
    tcase_add_test(all, many_tokens_are_worth_copying_for);
    tcase_add_test(all, what_is_missed_is_copied);
    tcase_add_test(all, all_held_is_resident);
    tcase_add_test(all, one_memory_reads_from_its_disks);
    tcase_add_test(all, more_memory_never_hurts);
    tcase_add_test(all, ranks_divide_experts_and_groups_the_requests);
    tcase_add_test(all, few_tokens_load_ranks_unevenly);
    tcase_add_test(all, a_prompt_is_one_groups_work);
    tcase_add_test(all, a_group_pays_for_tiles);
    tcase_add_test(all, cards_without_a_link_are_a_machine);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
