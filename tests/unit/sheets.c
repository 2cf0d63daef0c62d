/* Options of the catalogue and the toy engine (see sheets.h).
 *
 * A sheet that is missing or wrong ends the test with its diagnostics. The rule: nothing here
 * holds a figure of a real model or card; those are the sheets'.
 */
#include "sheets.h"
#include <check.h>
#include <stdlib.h>

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_catalog *catalog;
static const struct cs_span nowhere = {.source = NULL};

void sheets_open(void)
{
    setenv("CAPSIM_PATH", ".", 1);
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    catalog = cs_catalog_open(&arena, "/none/capsim");
}

void sheets_close(void)
{
    cs_arena_fini(&arena);
}

struct cs_arena *sheets_arena(void)
{
    return &arena;
}

struct cs_catalog *sheets_catalog(void)
{
    return catalog;
}

static const void *found(const void *sheet, const char *name)
{
    if (sheet == NULL)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(sheet != NULL, "no sheet '%s' (tests run in the root of the tree)", name);
    return sheet;
}

const struct cs_model *sheets_model(const char *name)
{
    return found(cs_catalog_model(catalog, name, nowhere, NULL, &diags), name);
}

const struct cs_hardware *sheets_hardware(const char *name)
{
    return found(cs_catalog_hardware(catalog, name, nowhere, NULL, &diags), name);
}

const struct cs_api *sheets_api(const char *name)
{
    return found(cs_catalog_api(catalog, name, nowhere, NULL, &diags), name);
}

struct cs_option sheets_option(const char *model, const char *hardware,
                               enum cs_precision precision)
{
    const struct cs_engine_sheet *const e =
        found(cs_catalog_engine(catalog, "vllm-0.15", nowhere, NULL, &diags), "vllm-0.15");
    return (struct cs_option){.model = sheets_model(model),
                              .hardware = sheets_hardware(hardware),
                              .engine = e,
                              .precision = precision,
                              .kv_precision = CS_PRECISION_BF16,
                              .pipeline_parallel = 1,
                              .max_num_seqs = e->max_num_seqs,
                              .max_num_batched_tokens = e->max_num_batched_tokens,
                              .block_size = e->block_size,
                              .gpu_memory_utilization = e->gpu_memory_utilization};
}

void toy_init(struct toy *toy, double step_s)
{
    *toy = (struct toy){
        .model = {.name = "toy", .title = "Toy", .has_architecture = true, .layers = 1,
                  .hidden = 8, .heads = 8, .kv_heads = 8, .head_dim = 1, .ffn = 8,
                  .ffn_matrices = 3, .vocabulary = 16, .context_tokens = 4096},
        .hardware = {.name = "card", .title = "Card", .memory_bytes = 1e9, .gpu_share = 1,
                     .bandwidth_Bps = 1e15, .flops = {[CS_COMPUTE_BF16] = 1e18},
                     .bandwidth_factor = 1, .kv_factor = 1, .compute_factor = 1, .tdp_w = 310,
                     .idle_w = 42},
        .engine = {.name = "toy-1", .title = "Toy 1", .max_num_seqs = 1,
                   .max_num_batched_tokens = 512, .block_size = 16,
                   .gpu_memory_utilization = 0.9, .step_s = step_s, .weights_eff = 1,
                   .compute_eff = 1, .kv_eff = 1, .prefill_attention_eff = 1, .link_eff = 1,
                   .pcie_eff = 1, .experts_eff = 1},
        .rental = {.provider = "Alder", .date = "2026-05-24", .source = "made up",
                   .term = CS_TERM_ON_DEMAND, .usd_per_s = 2.0 / 3600},
    };
    toy->hardware.rentals = &toy->rental;
    toy->hardware.rental_count = 1;
    toy->option = (struct cs_option){.model = &toy->model,
                                     .hardware = &toy->hardware,
                                     .engine = &toy->engine,
                                     .tensor_parallel = 1,
                                     .pipeline_parallel = 1,
                                     .max_num_seqs = 1,
                                     .max_num_batched_tokens = 512,
                                     .block_size = 16,
                                     .gpu_memory_utilization = 0.9};
}
