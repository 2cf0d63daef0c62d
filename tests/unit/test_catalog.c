/* The catalogue: sheets found and sealed, each figure in SI in its own field.
 *
 * The sheets are those of folder.c; their figures are written out here once more, in SI. What the
 * path is searched for, what is said when a name is unknown, and that a sheet is read once.
 */
#include "spec/catalog.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "folder.h"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_catalog *catalog;
static const struct cs_span nowhere = {.source = NULL};

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

static void near_to(double value, double wanted)
{
    ck_assert_msg(fabs(value - wanted) <= 1e-15 * fabs(wanted), "%.17g, not %.17g", value, wanted);
}

START_TEST(a_model_is_sealed)
{
    const struct cs_model *const m = cs_catalog_model(catalog, "tiny", nowhere, NULL, &diags);
    ck_assert_ptr_nonnull(m);
    ck_assert_str_eq(m->title, "Tiny 7x3");
    ck_assert_str_eq(m->released, "2025-03-14");
    ck_assert_int_eq(m->weights, CS_PRECISION_FP8);
    near_to(m->parameters_total, 6.738e9);
    near_to(m->parameters_active, 2.385e9);
    ck_assert(m->has_architecture && m->tied_embeddings);
    const int got[] = {m->layers, m->hidden, m->heads, m->kv_heads, m->head_dim, m->ffn,
                       m->ffn_matrices, m->vocabulary, m->moe_layers, m->experts,
                       m->experts_per_token, m->expert_ffn, m->shared_experts, m->shared_ffn,
                       m->window_tokens, m->window_layers, m->mla_kv_rank};
    const int wanted[] = {31, 3584, 28, 4, 129, 18944, 3, 152064, 27, 61, 5, 1409, 2, 2819,
                          4097, 13, 0};
    for (size_t i = 0; i < sizeof got / sizeof got[0]; i++)
        ck_assert_msg(got[i] == wanted[i], "figure %zu is %d, not %d", i, got[i], wanted[i]);
    near_to(m->context_tokens, 131073);
    ck_assert_uint_eq(m->measured_count, 1);
    near_to(m->measured[0].output_total_tok_s, 1234.5);
    near_to(m->measured[0].ttft_s, 0.0875);
    near_to(m->measured[0].input_tokens, 771);
    near_to(m->measured[0].gpus, 3);
    ck_assert_double_eq(m->measured[0].decode_tok_s, 0);
    ck_assert_str_eq(cs_source_of(m->node, "architecture.layers"), "made up for a test");
    ck_assert_int_eq(cs_span_of(m->node, "architecture.layers").line, 9);
}
END_TEST

START_TEST(hardware_is_sealed)
{
    const struct cs_hardware *const h =
        cs_catalog_hardware(catalog, "card-24gb", nowhere, NULL, &diags);
    ck_assert_ptr_nonnull(h);
    near_to(h->memory_bytes, 24564 * 1048576.0);
    near_to(h->bandwidth_Bps, 1.008e12);
    near_to(h->flops[CS_COMPUTE_BF16], 165.2e12);
    near_to(h->flops[CS_COMPUTE_INT8], 660.6e12);
    ck_assert_double_eq(h->flops[CS_COMPUTE_FP8], 0);
    ck_assert_double_eq(h->flops[CS_COMPUTE_FP4], 0);
    ck_assert_str_eq(h->link_kind, "Bridge 2");
    near_to(h->link_Bps, 56.25e9);
    ck_assert_int_eq(h->link_gpus, 2);
    near_to(h->pcie_Bps, 31.5e9);
    near_to(h->tdp_w, 451);
    near_to(h->idle_w, 17.5);
    near_to(h->kv_factor, 0.44);
    ck_assert_ptr_null(h->kv_engine);
    near_to(h->gpu_share, 0.875);
    ck_assert_double_eq(h->bandwidth_factor, 1);
    ck_assert(h->calibrated);
    ck_assert_str_eq(h->klass, "consumer");
    ck_assert_uint_eq(h->rental_count, 2);
    near_to(h->rentals[0].usd_per_s, 0.69 / 3600);
    ck_assert_int_eq(h->rentals[0].term, CS_TERM_ON_DEMAND);
    ck_assert_int_eq(h->rentals[1].term, CS_TERM_SPOT);
    ck_assert_str_eq(h->rentals[1].provider, "Birch");
    ck_assert_uint_eq(h->purchase_count, 1);
    near_to(h->purchases[0].usd, 1599);
    ck_assert_str_eq(cs_source_of(h->node, "memory.bandwidth"), "a datasheet");
    ck_assert_str_eq(cs_source_of(h->node, "memory.capacity"), "the driver");
    const struct cs_hardware *const plain =
        cs_catalog_hardware(catalog, "card-48gb", nowhere, NULL, &diags);
    ck_assert(!plain->calibrated && !plain->link_kind);
    ck_assert_double_eq(plain->kv_factor, 1);
    ck_assert_double_eq(plain->gpu_share, 1);
    ck_assert_double_eq(plain->link_Bps, 0);
}
END_TEST

START_TEST(an_engine_is_sealed_and_its_alias_is_the_newest)
{
    const struct cs_engine_sheet *const e =
        cs_catalog_engine(catalog, "serve", nowhere, NULL, &diags);
    ck_assert_ptr_nonnull(e);
    ck_assert_str_eq(e->name, "serve-0.15"); /* 0.15 after 0.9: by number, not by letter */
    ck_assert_ptr_eq(e, cs_catalog_engine(catalog, "serve-0.15", nowhere, NULL, &diags));
    ck_assert_uint_eq(e->error_count, 2);
    ck_assert(e->errors[0].calibrated && !e->errors[1].calibrated);
    ck_assert_uint_eq(e->errors[0].precision_count, 2);
    ck_assert_str_eq(e->errors[0].hardware[0], "card-24gb");
    ck_assert_double_eq_tol(e->errors[0].ttft, 0.071, 1e-15);
    ck_assert_double_eq_tol(e->errors[1].step, 0.151, 1e-15);
    const struct cs_engine_sheet *const old =
        cs_catalog_engine(catalog, "serve-0.9", nowhere, NULL, &diags);
    ck_assert_int_eq(old->max_num_seqs, 97);
    ck_assert_int_eq(e->max_num_seqs, 193);
    ck_assert(e->asynchronous && e->cuda_graph_padding);
    ck_assert_int_eq(e->max_num_batched_tokens, 8191);
    ck_assert_int_eq(e->block_size, 16);
    near_to(e->gpu_memory_utilization, 0.91);
    near_to(e->reserve_single_bytes, 0.9e9);
    near_to(e->reserve_parallel_bytes, 1.4e9);
    near_to(e->request_s, 6.99e-3);
    near_to(e->step_s, 0.988e-3);
    near_to(e->layer_s, 10.3e-6);
    near_to(e->moe_layer_s, 3.3e-6);
    near_to(e->prefill_step_s, 0.81e-3);
    near_to(e->all_reduce_s, 6.35e-6);
    near_to(e->weights_eff, 0.845);
    near_to(e->compute_eff, 0.65);
    near_to(e->kv_eff, 0.937);
    near_to(e->prefill_attention_eff, 0.35);
    near_to(e->link_eff, 0.6);
    near_to(e->pcie_eff, 0.6); /* not given: as the link */
    near_to(e->experts_eff, 1);
    near_to(e->all_reduce_pcie_s, 6.35e-6);
    near_to(e->sampler_bytes, 509);
}
END_TEST

START_TEST(a_sheet_is_found_by_its_title_and_aliases)
{
    const struct cs_model *const m = cs_catalog_model(catalog, "tiny", nowhere, NULL, &diags);
    /* As the sheet spells it; in other letters; the title; the name in other letters. */
    static const char *const names[] = {"nobody/Tiny-7x3-Instruct", "Nobody/tiny-7X3-instruct",
                                        "MINUTE", "tiny_7x3", "Tiny"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_ptr_eq(m, cs_catalog_model(catalog, names[i], nowhere, NULL, &diags));
    ck_assert_ptr_eq(cs_catalog_hardware(catalog, "(card) 24", nowhere, NULL, &diags),
                     cs_catalog_hardware(catalog, "card-24gb", nowhere, NULL, &diags));
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_str_eq(cs_catalog_path(catalog, CS_SHEET_MODEL, "mInute"),
                     test_path("models/tiny.yaml"));
    ck_assert_ptr_null(cs_catalog_path(catalog, CS_SHEET_MODEL, "minut"));
    ck_assert_ptr_null(cs_catalog_path(catalog, CS_SHEET_MODEL, "minutes"));
    ck_assert_ptr_null(cs_catalog_path(catalog, CS_SHEET_MODEL, "card 24"));
    ck_assert_ptr_null(cs_catalog_model(catalog, "nobody/Tiny-7x4", nowhere, NULL, &diags));
    ck_assert_ptr_null(cs_catalog_model(catalog, "minuet", nowhere, NULL, &diags));
    ck_assert_str_eq(diags.items[1].hint, "did you mean 'Minute'?");
}
END_TEST

START_TEST(an_api_is_sealed)
{
    const struct cs_api *const a = cs_catalog_api(catalog, "oracle", nowhere, NULL, &diags);
    ck_assert_ptr_nonnull(a);
    near_to(a->context_tokens, 1e6);
    ck_assert_uint_eq(a->price_count, 2);
    ck_assert_int_eq(a->prices[0].basis, CS_PRICE_LISTED);
    ck_assert_int_eq(a->prices[1].basis, CS_PRICE_ARTICLE);
    near_to(a->prices[0].input, 2e-6);
    near_to(a->prices[0].output, 12.5e-6);
    near_to(a->prices[0].cached_input, 0.25e-6);
    ck_assert(a->prices[0].cache_write < 0 && a->prices[1].cached_input < 0);
    ck_assert_uint_eq(a->prices[0].tier_count, 1);
    near_to(a->prices[0].tiers[0].above_tokens, 200000);
    near_to(a->prices[0].tiers[0].output, 18e-6);
    ck_assert(a->prices[0].tiers[0].cached_input < 0);
}
END_TEST

START_TEST(traffic_is_sealed)
{
    const struct cs_traffic_sheet *const t =
        cs_catalog_traffic(catalog, "pairs", nowhere, NULL, &diags);
    ck_assert_ptr_nonnull(t);
    ck_assert(t->has_lengths && t->has_curve);
    ck_assert_uint_eq(t->lengths.level_count, 4);
    near_to(t->lengths.levels[1], 0.375);
    near_to(t->lengths.levels[3], 1);
    near_to(t->lengths.input[2], 2385);
    ck_assert_uint_eq(t->lengths.bands, 2);
    near_to(t->lengths.output[1 * 4 + 2], 77); /* band 1, level 2 */
    ck_assert_uint_eq(t->curve.count, 12);
    near_to(t->curve.step_s, 7200);
    ck_assert(!t->curve.starts_monday);
    near_to(t->curve.weights[4], 5 * 12 / 66.0); /* 1 + ... + 11 = 66 */
    double sum = 0;
    for (size_t i = 0; i < 12; i++)
        sum += t->curve.weights[i];
    near_to(sum, 12);
}
END_TEST

START_TEST(names_are_sorted_and_unknown_ones_suggested)
{
    size_t count;
    const char *const *const names = cs_catalog_names(catalog, CS_SHEET_ENGINE, &count);
    ck_assert_uint_ge(count, 2);
    for (size_t i = 1; i < count; i++)
        ck_assert_int_lt(strcmp(names[i - 1], names[i]), 0);
    ck_assert_ptr_null(cs_catalog_model(catalog, "tinny", nowhere, NULL, &diags));
    ck_assert_str_eq(diags.items[0].message, "there is no model sheet 'tinny'");
    ck_assert_str_eq(diags.items[0].hint, "did you mean 'tiny'?");
    ck_assert_ptr_null(cs_catalog_model(catalog, "../models/tiny", nowhere, NULL, &diags));
    ck_assert_ptr_null(cs_catalog_model(catalog, "", nowhere, NULL, &diags));
    ck_assert_ptr_null(cs_catalog_path(catalog, CS_SHEET_HARDWARE, "tiny"));
    ck_assert_str_eq(cs_catalog_path(catalog, CS_SHEET_MODEL, "tiny"),
                     test_path("models/tiny.yaml"));
}
END_TEST

START_TEST(the_first_folder_of_the_path_wins)
{
    char both[1100];
    mkdir(test_path("mine"), 0700);
    mkdir(test_path("mine/models"), 0700);
    const char *const own =
        test_write("mine/models/vapour.yaml", "name: vapour\ntitle: mine\nreleased: no\n");
    snprintf(both, sizeof both, "/none:%s:%s", test_path("mine"), getenv("CAPSIM_PATH"));
    setenv("CAPSIM_PATH", both, 1);
    struct cs_catalog *const c = cs_catalog_open(&arena, "/none/capsim");
    const struct cs_model *const m = cs_catalog_model(c, "vapour", nowhere, NULL, &diags);
    ck_assert_str_eq(m->title, "mine");
    ck_assert_ptr_nonnull(cs_catalog_model(c, "tiny", nowhere, NULL, &diags));
    size_t count, vapours = 0;
    const char *const *const names = cs_catalog_names(c, CS_SHEET_MODEL, &count);
    for (size_t i = 0; i < count; i++)
        vapours += strcmp(names[i], "vapour") == 0;
    ck_assert_uint_eq(vapours, 1);
    unlink(own);
    rmdir(test_path("mine/models"));
    rmdir(test_path("mine"));
}
END_TEST

START_TEST(a_bad_sheet_is_told_once_with_who_named_it)
{
    test_write("hardware/card-1gb.yaml",
               "name: card-1gb\nmemory: {capacity: 1, bandwidth: 936 GB/s}\n"
               "sources: {memory: m}\n");
    struct cs_source source = {"chat.yaml", "hardware: card-1gb", 18};
    const struct cs_span at = {&source, 1, 11, 8};
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(cs_catalog_hardware(catalog, "card-1gb", at, "deploy.hardware", &diags));
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_str_eq(diags.items[0].message, "memory.capacity has no unit: '1'");
    ck_assert_ptr_eq(diags.items[0].referenced_from.source, &source);
    ck_assert_str_eq(diags.items[0].reference, "deploy.hardware");
    ck_assert_ptr_null(diags.referenced_from.source); /* put back */
    struct cs_diags other;
    cs_diags_init(&other, &arena);
    ck_assert_ptr_null(cs_catalog_hardware(catalog, "card-1gb", at, NULL, &other));
    ck_assert_uint_eq(other.errors, 1); /* another collection hears it again */
}
END_TEST

START_TEST(a_file_is_told_by_its_keys)
{
    static const struct {
        const char *path;
        int kind;
    } files[] = {{"models/tiny.yaml", CS_SHEET_MODEL},
                 {"models/vapour.yaml", CS_SHEET_MODEL},
                 {"models/api/oracle.yaml", CS_SHEET_API},
                 {"hardware/card-48gb.yaml", CS_SHEET_HARDWARE},
                 {"engines/serve-0.9.yaml", CS_SHEET_ENGINE},
                 {"scenarios/traffic/pairs.yaml", CS_SHEET_TRAFFIC}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        ck_assert_msg(cs_catalog_check(catalog, test_path(files[i].path), &diags) == files[i].kind,
                      "%s", files[i].path);
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_int_eq(cs_catalog_check(catalog, test_path("none.yaml"), &diags), -1);
    ck_assert_int_eq(diags.exit_code, 4);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("catalog");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_model_is_sealed);
    tcase_add_test(all, hardware_is_sealed);
    tcase_add_test(all, an_engine_is_sealed_and_its_alias_is_the_newest);
    tcase_add_test(all, a_sheet_is_found_by_its_title_and_aliases);
    tcase_add_test(all, an_api_is_sealed);
    tcase_add_test(all, traffic_is_sealed);
    tcase_add_test(all, names_are_sorted_and_unknown_ones_suggested);
    tcase_add_test(all, the_first_folder_of_the_path_wins);
    tcase_add_test(all, a_bad_sheet_is_told_once_with_who_named_it);
    tcase_add_test(all, a_file_is_told_by_its_keys);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
