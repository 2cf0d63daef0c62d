/* The prefix cache against what is known of such caches.
 *
 * Whole prompts that recur, N of them equally popular: when all fit, every request after the first
 * of its prompt finds all but the last block that its prompt fills (the last token is always
 * computed); when C of N fit, least recently used keeps each with probability C / N (King 1971, an
 * independent reference model), since the requests come one at a time; when two prompts alternate
 * in a cache that holds one, nothing is ever found; of prompts named by hashes, one at a time with
 * room for all, exactly those hashes are found that came before.
 * Of every run, whatever it does, prompt tokens asked + recomputed = computed + found, exactly.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/rng.h"
#include "serve/cluster.h"

enum { BLOCK = 16, MOST = 4096 };

static struct cs_arena arena;
static int64_t token_ps[MOST + 1], sample_ps[MOST + 1];
static const struct cs_step step = {.max_tokens = MOST,
                                    .max_sampled = MOST,
                                    .token_ps = token_ps,
                                    .sample_ps = sample_ps,
                                    .kv_ps = 1000};
static struct cs_fleet fleet;
static struct cs_traffic traffic;

static void setup(void)
{
    cs_arena_init(&arena);
    for (int t = 0; t <= MOST; t++)
        token_ps[t] = INT64_C(2000000000) + INT64_C(1500000) * t; /* 2 ms a step, 1.5 us a token */
    fleet = (struct cs_fleet){.step = &step,
                              .limits = {.max_num_seqs = 64,
                                         .max_num_batched_tokens = 2048,
                                         .block_size = BLOCK,
                                         .kv_blocks = 1 << 20,
                                         .context_tokens = 1 << 20,
                                         .prefix_caching = true},
                              .replicas = 1};
    traffic = (struct cs_traffic){.kind = CS_VOLUME_REQUESTS,
                                  .requests_per_s = 3.7,
                                  .input = {.kind = CS_LENGTHS_FIXED, .a = 645},
                                  .output = {.kind = CS_LENGTHS_FIXED, .a = 3},
                                  .burstiness = 1};
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct cs_result *run(int64_t requests, const struct cs_trace *trace)
{
    struct cs_workload_spec *const spec = cs_arena_alloc(&arena, 1, sizeof *spec);
    const struct cs_simulate simulate = {
        .warm_up_s = 3600.0, .requests = requests, .replications = 1};
    const struct cs_run_options options = {.window_count = 1, .end_ps = INT64_MAX};
    cs_workload_prepare(spec, &traffic, &simulate, trace);
    struct cs_cluster *const c = cs_cluster_new(&arena, &fleet, spec, 61, 0, &options);
    cs_cluster_run(c);
    const struct cs_result *const r = cs_cluster_result(c);
    ck_assert_int_eq(r->outcome, CS_OUTCOME_DONE);
    ck_assert_uint_eq(r->all_input_tokens + r->all_recomputed_tokens,
                      r->all_prefill_tokens + r->all_cached_tokens);
    return r;
}

/* A prompt of 645 tokens fills 40 blocks, and its last token lies in the 41st: 640 are found. */
START_TEST(all_that_fits_is_found)
{
    traffic.prefix = (struct cs_shared_prefix){.groups = 23};
    fleet.limits.kv_blocks = 23 * 41 + 64 * 42;
    const struct cs_result *const r = run(5000, NULL);
    ck_assert_uint_eq(r->all_cached_tokens, (r->all_completed - 23) * 640);
    traffic.input.a = 640; /* block-aligned: the 40th block is computed for its last token */
    const struct cs_result *const aligned = run(5000, NULL);
    ck_assert_uint_eq(aligned->all_cached_tokens, (aligned->all_completed - 23) * 624);
    traffic.prefix = (struct cs_shared_prefix){.groups = 23, .tokens = 300}; /* 18 blocks */
    fleet.limits.kv_blocks = 5200 * 41; /* what follows the prefixes crowds nobody out */
    const struct cs_result *const part = run(5000, NULL);
    ck_assert_uint_eq(part->all_cached_tokens, (part->all_completed - 23) * 288);
}
END_TEST

/* One request at a time takes 401 blocks, 400 of them its prompt's and found again. (The last one
 * stays in the cache unfound until it is taken: 16 of them among 7619 blocks with 19 prompts.) */
START_TEST(least_recently_used_keeps_its_share)
{
    static const int held[] = {3, 10, 19};
    const double share = held[_i] / 25.0, n = 60000;
    fleet.limits.max_num_seqs = 1;
    fleet.limits.kv_blocks = 401 * held[_i];
    traffic.input.a = 6405;
    traffic.prefix = (struct cs_shared_prefix){.groups = 25};
    const struct cs_result *const r = run((int64_t)n, NULL);
    const double found = (double)r->all_cached_tokens / 6400 / (double)r->all_completed;
    printf("%d of 25 prompts fit: %.4f found, %.4f expected\n", held[_i], found, share);
    ck_assert_double_le(fabs(found - share), 4 * sqrt(share * (1 - share) / n));
}
END_TEST

START_TEST(a_cache_of_one_prompt_finds_nothing_when_two_alternate)
{
    enum { N = 400 };
    double at[N];
    int32_t group[N], input[N], output[N];
    for (int i = 0; i < N; i++)
        at[i] = 0.37 * i, group[i] = i % 2, input[i] = 645, output[i] = 3;
    const struct cs_trace trace = {.count = N, .arrival_s = at, .input = input, .output = output,
                                   .prefix_group.ids = group, .prefix_tokens = input};
    fleet.limits.kv_blocks = 41;
    ck_assert_uint_eq(run(0, &trace)->all_cached_tokens, 0);
    fleet.limits.kv_blocks = 82;
    ck_assert_uint_eq(run(0, &trace)->all_cached_tokens, (N - 2) * 640);
    fleet.limits.prefix_caching = false;
    ck_assert_uint_eq(run(0, &trace)->all_cached_tokens, 0);
}
END_TEST

/* Conversations and groups, caches from ample to thrashing, preemptions, either kind of engine. */
START_TEST(what_is_found_and_computed_is_what_was_asked)
{
    traffic.input = (struct cs_lengths){.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.7,
                                        .max = 4000};
    traffic.output = (struct cs_lengths){.kind = CS_LENGTHS_GAMMA, .a = 231, .b = 0.9, .max = 2000};
    traffic.requests_per_s = 20;
    traffic.prefix = (struct cs_shared_prefix){.groups = 17, .tokens = 217};
    traffic.sessions = (struct cs_sessions){.turns = 4.37, .think_s = 21.3};
    uint64_t preempted = 0;
    double before = 1;
    static const int64_t blocks[] = {200000, 12000, 6000, 400};
    for (int i = 0; i < 4; i++) {
        fleet.limits.kv_blocks = blocks[i];
        fleet.limits.asynchronous = i % 2;
        const struct cs_result *const r = run(4000, NULL);
        const double found = (double)r->all_cached_tokens;
        const double share = found / (found + (double)r->all_prefill_tokens);
        preempted += r->preemptions;
        printf("%lld blocks: %.3f found, %llu preemptions\n", (long long)blocks[i], share,
               (unsigned long long)r->preemptions);
        ck_assert_double_gt(share, 0);
        /* less memory, fewer hits; but who was preempted finds his own blocks again */
        ck_assert(share < before || r->preemptions > 0);
        before = share;
    }
    ck_assert_uint_gt(preempted, 100);
}
END_TEST

/* A prompt of hashes goes on from a random part of an earlier one, and ends within a hash. */
enum { HASHED = 300, HASH = 3 * BLOCK, HASHES_MOST = 12 };

static struct cs_trace hashed_trace(struct cs_rng *rng, double gap_s)
{
    double *const at = cs_arena_alloc(&arena, HASHED, sizeof *at);
    int32_t *const input = cs_arena_alloc(&arena, HASHED, sizeof *input);
    int32_t *const output = cs_arena_alloc(&arena, HASHED, sizeof *output);
    uint64_t *const hashes = cs_arena_alloc(&arena, HASHED * HASHES_MOST, sizeof *hashes);
    size_t *const start = cs_arena_alloc(&arena, HASHED + 1, sizeof *start);
    for (size_t i = 0; i < HASHED; i++) {
        const size_t count = 1 + cs_rng_u64(rng) % HASHES_MOST;
        const size_t from = i > 0 ? cs_rng_u64(rng) % i : 0;
        const size_t there = i > 0 ? start[from + 1] - start[from] : 0;
        const size_t kept = cs_rng_u64(rng) % (there + 1);
        start[i + 1] = start[i] + count;
        for (size_t k = 0; k < count; k++)
            hashes[start[i] + k] = k < kept ? hashes[start[from] + k] : cs_rng_u64(rng);
        at[i] = gap_s * (double)i;
        input[i] = (int32_t)(count * HASH + cs_rng_u64(rng) % HASH);
        output[i] = (int32_t)(1 + cs_rng_u64(rng) % 400);
    }
    return (struct cs_trace){.count = HASHED, .arrival_s = at, .input = input, .output = output,
                             .hashes = hashes, .hash_start = start, .hash_tokens = HASH};
}

/* With room for all and nobody beside it, a request finds the hashes that came before, however
 * often, but never its last token: counted here by looking through all earlier hashes. */
START_TEST(of_hashes_all_seen_before_is_found)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 4711 + (uint64_t)_i, 0, "test");
    const struct cs_trace t = hashed_trace(&rng, 30);
    uint64_t expected = 0;
    for (size_t i = 0; i < HASHED; i++) {
        size_t k = t.hash_start[i];
        for (bool seen = true; seen && k < t.hash_start[i + 1]; k += seen) {
            seen = false;
            for (size_t before = 0; before < t.hash_start[i]; before++)
                seen = seen || t.hashes[before] == t.hashes[k];
        }
        const uint64_t named = (k - t.hash_start[i]) * HASH;
        const uint64_t most = (uint64_t)(t.input[i] - 1) / BLOCK * BLOCK;
        expected += named < most ? named : most;
    }
    ck_assert_uint_gt(expected, 1000);
    ck_assert_uint_eq(run(0, &t)->all_cached_tokens, expected);
    fleet.limits.prefix_caching = false;
    ck_assert_uint_eq(run(0, &t)->all_cached_tokens, 0);
}
END_TEST

/* Sixteen random workloads of each sort, on caches from two requests' size to ample. */
START_TEST(nothing_is_lost_or_found_twice)
{
    static const char *const sorts[] = {"system prompts", "whole prompts", "sessions", "hashes"};
    struct cs_rng rng;
    cs_rng_init(&rng, 977 + (uint64_t)_i, 0, "test");
    uint64_t found = 0, recomputed = 0;
    for (int t = 0; t <= MOST; t++)
        token_ps[t] *= 20; /* 40 ms a step: few requests a second crowd one another */
    for (int n = 0; n < 16; n++) {
        const double load = 0.1 + 4 * cs_rng_uniform(&rng);
        traffic.requests_per_s = load;
        traffic.input = (struct cs_lengths){.kind = CS_LENGTHS_LOGNORMAL, .b = 0.8, .max = 3000,
                                            .a = 100 + 900 * cs_rng_uniform(&rng)};
        traffic.output = (struct cs_lengths){.kind = CS_LENGTHS_UNIFORM, .a = 1, .max = 700,
                                             .b = 2 + 600 * cs_rng_uniform(&rng)};
        traffic.prefix = (struct cs_shared_prefix){
            .groups = _i < 2 ? 1 + (int)(cs_rng_u64(&rng) % 40) : 0,
            .tokens = _i == 0 ? 1 + (int)(cs_rng_u64(&rng) % 900) : 0};
        traffic.sessions = (struct cs_sessions){.turns = _i == 2 ? 1 + 9 * cs_rng_uniform(&rng) : 0,
                                                .think_s = 40 * cs_rng_uniform(&rng)};
        fleet.limits.kv_blocks = (int64_t)(500 * exp(4 * cs_rng_uniform(&rng)));
        fleet.limits.asynchronous = n % 2;
        fleet.replicas = 1 + n % 3;
        const struct cs_trace t = hashed_trace(&rng, 0.1 / load);
        const struct cs_result *const r = run(_i == 3 ? 0 : 500, _i == 3 ? &t : NULL);
        found += r->all_cached_tokens;
        recomputed += r->all_recomputed_tokens;
    }
    printf("%s: %llu tokens found, %llu recomputed\n", sorts[_i], (unsigned long long)found,
           (unsigned long long)recomputed);
    ck_assert_uint_gt(found, 0);
    ck_assert_uint_gt(recomputed, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("prefix");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 120);
    tcase_add_test(all, all_that_fits_is_found);
    tcase_add_loop_test(all, least_recently_used_keeps_its_share, 0, 3);
    tcase_add_test(all, a_cache_of_one_prompt_finds_nothing_when_two_alternate);
    tcase_add_test(all, what_is_found_and_computed_is_what_was_asked);
    tcase_add_loop_test(all, of_hashes_all_seen_before_is_found, 0, 5);
    tcase_add_loop_test(all, nothing_is_lost_or_found_twice, 0, 4);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
