/* The fluid capacity of a replica: by hand where steps are constant, by simulation elsewhere.
 *
 * With steps of constant length t the balance is arithmetic, worked in the comments. With a real
 * model's steps a flooded replica is simulated and must serve what the bound says, within the few
 * percent that an estimate from mean lengths claims.
 */
#include "plan/bound.h"
#include <check.h>
#include <math.h>
#include "perf/memory.h"
#include "sheets.h"

static struct cs_arena *arena;

static void setup(void)
{
    sheets_open();
    arena = sheets_arena();
}

static void teardown(void)
{
    sheets_close();
}

/* Every step takes 37 ms. */
static struct cs_step constant_step(void)
{
    int64_t *const token = cs_arena_alloc(arena, 8193, sizeof *token);
    int64_t *const sample = cs_arena_alloc(arena, 257, sizeof *sample);
    for (int t = 0; t <= 8192; t++)
        token[t] = 37000000000;
    return (struct cs_step){.max_tokens = 8192, .max_sampled = 256, .token_ps = token,
                            .sample_ps = sample};
}

static double capacity(const struct cs_step *step, const struct cs_limits_engine *limits,
                       double input, double output)
{
    const struct cs_mean_request mean = {input, output, 0.0};
    return cs_bound_capacity(step, limits, &mean);
}

static const struct cs_limits_engine wide = {.max_num_seqs = 256, .max_num_batched_tokens = 8192,
                                             .block_size = 16, .kv_blocks = 1 << 20};

START_TEST(slots_budget_or_blocks_bound_it)
{
    const struct cs_step step = constant_step();
    /* 256 slots, answers of 129: two end in each step: 2 / 37 ms */
    ck_assert_double_eq_tol(capacity(&step, &wide, 300, 129), 2 / 0.037, 1e-9);
    /* 1000 blocks of 16 for contexts of 300 + 64.5 in the mean: 43.896 sequences */
    struct cs_limits_engine limits = wide;
    limits.kv_blocks = 1000;
    ck_assert_double_eq_tol(capacity(&step, &limits, 300, 129),
                            16000 / 364.5 / 128 / 0.037, 1e-9);
    /* a budget of 512 tokens a step for 300 + 128 of each request */
    limits = wide;
    limits.max_num_batched_tokens = 512;
    ck_assert_double_eq_tol(capacity(&step, &limits, 300, 129), 512 / 428.0 / 0.037, 1e-9);
    /* answers of one token: prompts of 300 alone, 8192 tokens a step */
    ck_assert_double_eq_tol(capacity(&step, &wide, 300, 1), 8192 / 300.0 / 0.037, 1e-9);
    limits.max_num_seqs = 1; /* one at a time: a step each */
    limits.max_num_batched_tokens = 512;
    ck_assert_double_eq_tol(capacity(&step, &limits, 300, 1), 1 / 0.037, 1e-9);
}
END_TEST

/* 7 ms more in steps that hold prefill, and 11 ns for each KV token: 256 slots and answers of 513
 * make one prefill in two steps, and read 256 x (300 + 256.5) = 142464 tokens: 37 + 3.5 + 1.567104
 * ms for half a request. */
START_TEST(prefill_is_paid_as_often_as_it_happens)
{
    struct cs_step step = constant_step();
    step.prefill_ps = 7000000000;
    step.kv_ps = 11000;
    ck_assert_double_eq_tol(capacity(&step, &wide, 300, 513), 0.5 / 42.067104e-3, 1e-6);
    /* Two thirds of the prompt found: the first 200 tokens of half a request are read besides, and
     * nothing else of this step depends on what is computed: 100 x 11 ns = 1.1 us more. */
    const struct cs_mean_request mean = {300, 513, 2.0 / 3};
    ck_assert_double_eq_tol(cs_bound_capacity(&step, &wide, &mean), 0.5 / 42.068204e-3, 1e-6);
}
END_TEST

/* A flooded replica: all requests at once, counted from the time the batch is full to the time the
 * queue runs dry; here simply their number over the whole run, long against filling and draining.
 */
START_TEST(a_flooded_replica_serves_what_the_bound_says)
{
    static const struct {
        const char *model;
        int t;
        double input, output;
    } cases[] = {{"llama-3.1-8b", 1, 512, 256}, {"llama-2-70b", 4, 700, 97},
                 {"mixtral-8x7b", 2, 120, 480}, {"gpt-oss-20b", 1, 1500, 300}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_option o = sheets_option(
            cases[i].model, "h100-sxm-80gb",
            sheets_model(cases[i].model)->weights);
        struct cs_memory m;
        struct cs_step step;
        cs_memory_fit(&m, &o, cases[i].t);
        ck_assert(m.fits);
        cs_step_compile(&step, &o, cases[i].t, false, arena);
        const struct cs_fleet fleet = {
            .step = &step,
            .replicas = 1,
            .limits = {.max_num_seqs = o.max_num_seqs,
                       .max_num_batched_tokens = o.max_num_batched_tokens,
                       .block_size = o.block_size, .kv_blocks = m.kv_blocks,
                       .context_tokens = (int64_t)o.model->context_tokens, .asynchronous = true}};
        enum { REQUESTS = 12000 };
        const struct cs_traffic traffic = {
            .kind = CS_VOLUME_REQUESTS, .requests_per_s = 2000, .burstiness = 1,
            .input = {.kind = CS_LENGTHS_FIXED, .a = cases[i].input},
            .output = {.kind = CS_LENGTHS_FIXED, .a = cases[i].output}};
        const struct cs_simulate simulate = {.warm_up_s = 3600.0, .requests = REQUESTS};
        struct cs_workload_spec w;
        cs_workload_prepare(&w, &traffic, &simulate, NULL);
        w.start_ps = 0;
        const struct cs_run_options run = {.window_count = 1, .end_ps = INT64_MAX};
        struct cs_cluster *const c = cs_cluster_new(arena, &fleet, &w, 5, 0, &run);
        cs_cluster_run(c);
        const struct cs_result *const r = cs_cluster_result(c);
        ck_assert_uint_eq(r->completed, REQUESTS);
        const double served = REQUESTS / (1e-12 * (double)r->stopped_ps);
        const double bound =
            capacity(&step, &fleet.limits, cases[i].input, cases[i].output);
        ck_assert_msg(fabs(served / bound - 1) < 0.06, "%s serves %.3f/s, bound %.3f/s",
                      cases[i].model, served, bound);
    }
}
END_TEST

/* llama.cpp with four slots: prompts come in chunks of 512, each far cheaper than its tokens one by
 * one, beside a few answers. A mixture of experts, where a few more tokens in a step touch many
 * more experts, tells the two apart: smeared over all steps it would carry two thirds. */
START_TEST(prompts_come_in_chunks)
{
    const struct cs_span nowhere = {.source = NULL};
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    struct cs_option o = sheets_option("gpt-oss-20b", "rtx-4090", CS_PRECISION_MXFP4_Q8_0);
    o.engine = cs_catalog_engine(sheets_catalog(), "llamacpp", nowhere, NULL, &diags);
    o.max_num_seqs = 4;
    o.max_num_batched_tokens = 512;
    o.block_size = o.context = 4096;
    o.gpu_memory_utilization = 1;
    struct cs_step step;
    cs_step_compile(&step, &o, 1, false, arena);
    struct cs_fleet fleet = {.step = &step, .replicas = 1};
    cs_limits_of(&fleet.limits, &o, 1, 4);
    enum { REQUESTS = 400 };
    const struct cs_traffic traffic = {.kind = CS_VOLUME_REQUESTS, .requests_per_s = 2000,
                                       .burstiness = 1,
                                       .input = {.kind = CS_LENGTHS_FIXED, .a = 2900},
                                       .output = {.kind = CS_LENGTHS_FIXED, .a = 970}};
    const struct cs_simulate simulate = {.warm_up_s = 3600.0, .requests = REQUESTS};
    struct cs_workload_spec w;
    cs_workload_prepare(&w, &traffic, &simulate, NULL);
    w.start_ps = 0;
    const struct cs_run_options run = {.window_count = 1, .end_ps = INT64_MAX};
    struct cs_cluster *const c = cs_cluster_new(arena, &fleet, &w, 5, 0, &run);
    cs_cluster_run(c);
    const double served = REQUESTS / (1e-12 * (double)cs_cluster_result(c)->stopped_ps);
    const double bound = capacity(&step, &fleet.limits, 2900, 970);
    ck_assert_msg(fabs(served / bound - 1) < 0.03, "%.4f/s, bound %.4f/s", served, bound);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("bound");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, slots_budget_or_blocks_bound_it);
    tcase_add_test(all, prefill_is_paid_as_often_as_it_happens);
    tcase_add_test(all, a_flooded_replica_serves_what_the_bound_says);
    tcase_add_test(all, prompts_come_in_chunks);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
