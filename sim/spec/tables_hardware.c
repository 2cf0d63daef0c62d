/* Key tables of hardware and engine sheets.
 *
 * Ranges are wide gates against slips of unit and decimal point, not judgements: a memory of
 * 80 TB or a bandwidth of 3 GB/s per accelerator is a typing error in any year to come.
 * The optional `efficiency` factors of a hardware sheet correct the engine's own efficiencies for
 * one GPU and default to 1; a sheet that gives one is called calibrated.
 *
 * The rule: an absent figure stays 0, which means unknown; no table invents one.
 * Tables are constant and own nothing. Not here: meaning across keys (catalog.c).
 */
#include "spec/tables.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define TABLE(rows) .keys = rows, .count = sizeof rows / sizeof rows[0]

/* --- hardware -------------------------------------------------------------------------------- */

static const struct cs_choice classes[] = {
    {"datacenter", 0}, {"workstation", 0}, {"consumer", 0}, {"unified", 0}, {NULL, 0}};
static const struct cs_choice terms[] = {{"on_demand", 0},   {"spot", 0},    {"reserved_1y", 0},
                                         {"reserved_3y", 0}, {"article", 0}, {NULL, 0}};

static const struct cs_key memory_keys[] = {
    {.name = "capacity", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES,
     AT(cs_hardware, memory_bytes), .low = "1 GB", .high = "100 TB", .required = true,
     .doc = "Device memory as its driver reports it."},
    {.name = "bandwidth", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES_PER_S,
     AT(cs_hardware, bandwidth_Bps), .low = "1 GB/s", .high = "1 PB/s",
     .doc = "Memory bandwidth of the datasheet."},
};
static const struct cs_table memory_table = {"memory", TABLE(memory_keys), .size = 0};

static const struct cs_key compute_keys[] = {
    {.name = "bf16", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_FLOP_PER_S,
     AT(cs_hardware, flops[CS_COMPUTE_BF16]), .low = "10 GFLOP/s", .high = "1000 PFLOP/s",
     .doc = "Dense 16-bit tensor peak."},
    {.name = "fp8", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_FLOP_PER_S,
     AT(cs_hardware, flops[CS_COMPUTE_FP8]), .low = "10 GFLOP/s", .high = "1000 PFLOP/s",
     .doc = "Dense 8-bit floating-point peak."},
    {.name = "int8", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_FLOP_PER_S,
     AT(cs_hardware, flops[CS_COMPUTE_INT8]), .low = "10 GFLOP/s", .high = "1000 PFLOP/s",
     .doc = "Dense 8-bit integer peak."},
    {.name = "fp4", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_FLOP_PER_S,
     AT(cs_hardware, flops[CS_COMPUTE_FP4]), .low = "10 GFLOP/s", .high = "1000 PFLOP/s",
     .doc = "Dense 4-bit floating-point peak."},
};
static const struct cs_table compute_table = {"compute", TABLE(compute_keys), .size = 0};

static const struct cs_key link_keys[] = {
    {.name = "kind", .kind = CS_KEY_TEXT, AT(cs_hardware, link_kind), .required = true,
     .doc = "Name of the link, such as NVLink 4."},
    {.name = "bandwidth", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES_PER_S,
     AT(cs_hardware, link_Bps), .low = "1 GB/s", .high = "100 TB/s", .required = true,
     .doc = "Per direction and accelerator."},
    {.name = "gpus", .kind = CS_KEY_COUNT, AT(cs_hardware, link_gpus), .low = "2", .high = "65536",
     .required = true, .doc = "Accelerators in one link domain."},
};
static const struct cs_table link_table = {"link", TABLE(link_keys), .size = 0};

static const struct cs_key power_keys[] = {
    {.name = "tdp", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_WATTS, AT(cs_hardware, tdp_w),
     .low = "1 W", .high = "100 kW", .doc = "Board power limit."},
    {.name = "idle", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_WATTS, AT(cs_hardware, idle_w),
     .low = "0.01 W", .high = "10 kW", .doc = "Power with nothing to do."},
};
static const struct cs_table power_table = {"power", TABLE(power_keys), .size = 0};

static const char one_why[] = "not calibrated: the engine sheet's own efficiency";
static const struct cs_key hardware_efficiency_keys[] = {
    {.name = "bandwidth", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_hardware, bandwidth_factor), .low = "0.05", .high = "2", .fallback = "1",
     .why = one_why, .doc = "Multiplies the engine's weight-reading efficiency."},
    {.name = "kv", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_hardware, kv_factor),
     .low = "0.05", .high = "2", .fallback = "1", .why = one_why,
     .doc = "Multiplies the engine's KV-reading efficiency."},
    {.name = "kv_engine", .kind = CS_KEY_TEXT, AT(cs_hardware, kv_engine),
     .doc = "The engine whose attention kernels `kv` was measured with; others read at 1. Default: "
            "`kv` holds for all."},
    {.name = "compute", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_hardware, compute_factor), .low = "0.05", .high = "2", .fallback = "1", .why = one_why,
     .doc = "Multiplies the engine's compute efficiency."},
};
static const struct cs_table hardware_efficiency_table = {
    "efficiency", TABLE(hardware_efficiency_keys), .size = 0};

static const struct cs_key rental_keys[] = {
    {.name = "provider", .kind = CS_KEY_TEXT, AT(cs_rental, provider), .required = true,
     .doc = "Who rents it out."},
    {.name = "price", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_S, AT(cs_rental, usd_per_s),
     .low = "0.001 USD/h", .high = "1000 USD/h", .required = true, .doc = "Per GPU."},
    {.name = "term", .kind = CS_KEY_TEXT, AT(cs_rental, term), .choices = terms,
     .fallback = "on_demand", .doc = "How it is rented."},
    {.name = "region", .kind = CS_KEY_TEXT, AT(cs_rental, region), .doc = "Where."},
    {.name = "date", .kind = CS_KEY_DATE, AT(cs_rental, date), .doc = "When the price held."},
    {.name = "source", .kind = CS_KEY_TEXT, AT(cs_rental, source), .doc = "Who says so."},
    {.name = "note", .kind = CS_KEY_TEXT, AT(cs_rental, note), .doc = "What to know about it."},
};
static const struct cs_table rental_table = {"rental", TABLE(rental_keys),
                                             .size = sizeof(struct cs_rental)};

static const struct cs_key purchase_keys[] = {
    {.name = "price", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD, AT(cs_purchase, usd),
     .low = "10 USD", .high = "10M USD", .required = true,
     .doc = "Per GPU or whole machine, as the note says."},
    {.name = "date", .kind = CS_KEY_DATE, AT(cs_purchase, date), .doc = "When the price held."},
    {.name = "source", .kind = CS_KEY_TEXT, AT(cs_purchase, source), .doc = "Who says so."},
    {.name = "note", .kind = CS_KEY_TEXT, AT(cs_purchase, note), .doc = "What it buys."},
};
static const struct cs_table purchase_table = {"purchase", TABLE(purchase_keys),
                                               .size = sizeof(struct cs_purchase)};

static const struct cs_key hardware_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_hardware, name), .required = true,
     .doc = "Name of the sheet, as its file."},
    {.name = "aliases", .kind = CS_KEY_TEXTS, AT(cs_hardware, aliases),
     .count = offsetof(struct cs_hardware, alias_count), .example = "a list of names",
     .doc = "Other names it goes by in tables and benchmarks."},
    {.name = "title", .kind = CS_KEY_TEXT, AT(cs_hardware, title), .doc = "For people."},
    {.name = "maker", .kind = CS_KEY_TEXT, AT(cs_hardware, maker), .doc = "Who makes it."},
    {.name = "class", .kind = CS_KEY_TEXT, AT(cs_hardware, klass), .choices = classes,
     .doc = "What market it is sold to."},
    {.name = "released", .kind = CS_KEY_DATE, AT(cs_hardware, released), .doc = "On sale since."},
    {.name = "memory", .kind = CS_KEY_MAP, .table = &memory_table, .required = true,
     .example = "a map, such as {capacity: 80 GB, bandwidth: 3.35 TB/s}", .doc = "Its memory."},
    {.name = "compute", .kind = CS_KEY_MAP, .table = &compute_table,
     .example = "a map, such as {bf16: 989 TFLOP/s}", .doc = "Dense peaks, without sparsity."},
    {.name = "link", .kind = CS_KEY_MAP, .table = &link_table,
     .example = "a map, such as {kind: NVLink 4, bandwidth: 450 GB/s, gpus: 8}",
     .doc = "The fast link between accelerators."},
    {.name = "pcie", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES_PER_S,
     AT(cs_hardware, pcie_Bps), .low = "0.1 GB/s", .high = "10 TB/s", .doc = "Per direction."},
    {.name = "power", .kind = CS_KEY_MAP, .table = &power_table,
     .example = "a map, such as {tdp: 700 W}", .doc = "Electric power."},
    {.name = "efficiency", .kind = CS_KEY_MAP, .table = &hardware_efficiency_table,
     .present = offsetof(struct cs_hardware, calibrated),
     .example = "a map, such as {bandwidth: 0.92}", .doc = "Calibrated factors of this GPU."},
    {.name = "gpu_share", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_hardware, gpu_share), .low = "10%", .high = "100%", .fallback = "100%",
     .doc = "Share of unified memory that the GPU may use."},
    {.name = "rental", .kind = CS_KEY_ROWS, .table = &rental_table, AT(cs_hardware, rentals),
     .count = offsetof(struct cs_hardware, rental_count), .example = "a list of prices",
     .doc = "What renting one costs."},
    {.name = "purchase", .kind = CS_KEY_ROWS, .table = &purchase_table, AT(cs_hardware, purchases),
     .count = offsetof(struct cs_hardware, purchase_count), .example = "a list of prices",
     .doc = "What buying one costs."},
    {.name = "sources", .kind = CS_KEY_NODE, AT(cs_hardware, node), .example = "a map of sources",
     .doc = "Where each figure comes from."},
    {.name = "notes", .kind = CS_KEY_TEXT, AT(cs_hardware, notes), .doc = "What else to know."},
};
const struct cs_table cs_table_hardware = {"a hardware sheet", TABLE(hardware_keys),
                                           .size = sizeof(struct cs_hardware)};

/* --- engine ---------------------------------------------------------------------------------- */

static const struct cs_choice schedulings[] = {{"asynchronous", 1}, {"synchronous", 0}, {NULL, 0}};
static const struct cs_choice batchings[] = {{"static", 1}, {"continuous", 0}, {NULL, 0}};
static const struct cs_choice pagings[] = {{"blocks", 0}, {"none", 1}, {NULL, 0}};
static const struct cs_choice admissions[] = {{"prompt", 0}, {"answer", 1}, {NULL, 0}};
static const struct cs_choice paddings[] = {{"cuda_graph", 1}, {"none", 0}, {NULL, 0}};

static const struct cs_key limit_keys[] = {
    {.name = "max_num_seqs", .kind = CS_KEY_COUNT, AT(cs_engine_sheet, max_num_seqs), .low = "1",
     .high = "65536", .required = true, .doc = "Most requests in one step."},
    {.name = "max_num_batched_tokens", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_engine_sheet, max_num_batched_tokens), .low = "1 token", .high = "10000000 tokens",
     .required = true, .doc = "Most tokens computed in one step."},
    {.name = "block_size", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_engine_sheet, block_size), .low = "1 token", .high = "4096 tokens", .fallback = "16",
     .why = "what engines with paging do", .doc = "Tokens in one block of the KV cache."},
    {.name = "context", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_engine_sheet, context), .low = "16 tokens", .high = "10000000 tokens",
     .doc = "Most tokens of a request; without paging, of a slot. Default: the model's."},
    {.name = "gpu_memory_utilization", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, gpu_memory_utilization), .low = "10%", .high = "100%", .required = true,
     .doc = "Share of the memory that the engine takes."},
};
static const struct cs_table limits_table = {"limits", TABLE(limit_keys), .size = 0};

static const struct cs_key reserve_keys[] = {
    {.name = "single", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES,
     AT(cs_engine_sheet, reserve_single_bytes), .low = "0 GB", .high = "100 GB", .required = true,
     .doc = "Activations and runtime of a GPU alone."},
    {.name = "parallel", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES,
     AT(cs_engine_sheet, reserve_parallel_bytes), .low = "0 GB", .high = "100 GB",
     .required = true, .doc = "The same with tensor parallelism."},
};
static const struct cs_table reserve_table = {"memory_reserve", TABLE(reserve_keys), .size = 0};

static const struct cs_key overhead_keys[] = {
    {.name = "request", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, request_s), .low = "0 s", .high = "10 s", .required = true,
     .doc = "From arrival until a request can be scheduled."},
    {.name = "step", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS, AT(cs_engine_sheet, step_s),
     .low = "0 s", .high = "1 s", .required = true, .doc = "Fixed time of a step."},
    {.name = "layer", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, layer_s), .low = "0 s", .high = "100 ms", .required = true,
     .doc = "Fixed time of a layer."},
    {.name = "moe_layer", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, moe_layer_s), .low = "0 s", .high = "100 ms",
     .doc = "Added for a layer with experts."},
    {.name = "sequence", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, sequence_s), .low = "0 s", .high = "10 ms",
     .doc = "Added for each sequence that a step gives a token to."},
    {.name = "prefill_step", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, prefill_step_s), .low = "0 s", .high = "1 s",
     .doc = "Added to a step that holds prefill."},
    {.name = "all_reduce", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, all_reduce_s), .low = "0 s", .high = "100 ms",
     .doc = "Per all-reduce and per log2 of the tensor-parallel size."},
    {.name = "all_reduce_pcie", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_engine_sheet, all_reduce_pcie_s), .low = "1 ns", .high = "100 ms",
     .doc = "The same between GPUs that only PCIe joins. Default: as `all_reduce`."},
};
static const struct cs_table overhead_table = {"overhead", TABLE(overhead_keys), .size = 0};

static const struct cs_key efficiency_keys[] = {
    {.name = "weights", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, weights_eff), .low = "1%", .high = "100%", .required = true,
     .doc = "Of memory bandwidth, reading weights."},
    {.name = "compute", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, compute_eff), .low = "1%", .high = "100%", .required = true,
     .doc = "Of peak FLOP/s, dense GEMM."},
    {.name = "experts", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, experts_eff), .low = "1%", .high = "100%",
     .doc = "Of a dense GEMM's rate, the grouped GEMM of experts. Default: 100 %."},
    {.name = "quantised", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, quantised_eff), .low = "1%", .high = "100%",
     .doc = "Of peak FLOP/s, GEMM of weights below 16 bits. Default: as `compute`."},
    {.name = "kv", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_engine_sheet, kv_eff),
     .low = "1%", .high = "100%", .required = true,
     .doc = "Of memory bandwidth, reading the KV cache."},
    {.name = "prefill_attention", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, prefill_attention_eff), .low = "1%", .high = "100%", .required = true,
     .doc = "Of peak FLOP/s, attention of prompts."},
    {.name = "link", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_engine_sheet, link_eff),
     .low = "1%", .high = "100%", .required = true, .doc = "Of the link's bandwidth."},
    {.name = "pcie", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_engine_sheet, pcie_eff),
     .low = "1%", .high = "100%",
     .doc = "Of PCIe's bandwidth, where it is the only link. Default: as `link`."},
};
static const struct cs_table efficiency_table = {"efficiency", TABLE(efficiency_keys), .size = 0};

static const struct cs_choice bases[] = {{"calibrated", 1}, {"transfer", 0}, {NULL, 0}};
static const struct cs_choice links[] = {{"pcie", 1}, {NULL, 0}};
static const struct cs_choice kinds[] = {{"moe", 1}, {NULL, 0}};
static const struct cs_key error_keys[] = {
    {.name = "basis", .kind = CS_KEY_BOOL, AT(cs_model_error, calibrated), .choices = bases,
     .required = true, .example = "calibrated or transfer",
     .doc = "Judged on runs like these, or carried over from others."},
    {.name = "hardware", .kind = CS_KEY_TEXTS, AT(cs_model_error, hardware),
     .count = offsetof(struct cs_model_error, hardware_count), .example = "a list of names",
     .doc = "Only these hardware sheets."},
    {.name = "precision", .kind = CS_KEY_TEXTS, AT(cs_model_error, precision),
     .count = offsetof(struct cs_model_error, precision_count), .example = "a list of precisions",
     .doc = "Only weights of these precisions."},
    {.name = "factors", .kind = CS_KEY_BOOL, AT(cs_model_error, factors),
     .doc = "Only hardware whose sheet gives calibrated `efficiency` factors."},
    {.name = "link", .kind = CS_KEY_BOOL, AT(cs_model_error, pcie), .choices = links,
     .doc = "Only GPUs that work as one over PCIe."},
    {.name = "model", .kind = CS_KEY_BOOL, AT(cs_model_error, moe), .choices = kinds,
     .doc = "Only models with experts."},
    {.name = "step", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_model_error, step),
     .low = "0.1%", .high = "100%", .required = true,
     .doc = "Standard deviation of log(measured / predicted) step time."},
    {.name = "ttft", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_model_error, ttft),
     .low = "0%", .high = "100%", .required = true,
     .doc = "The same of first-token time, beyond what the steps explain."},
    {.name = "source", .kind = CS_KEY_TEXT, AT(cs_model_error, source),
     .doc = "What it rests on, in a phrase that reports repeat."},
};
static const struct cs_table error_table = {"model_error", TABLE(error_keys),
                                            .size = sizeof(struct cs_model_error)};

static const struct cs_key small_keys[] = {
    {.name = "tile", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_engine_sheet, tile_tokens), .low = "0 tokens", .high = "4096 tokens", .required = true,
     .doc = "Tokens' worth of work that a GEMM costs on top of its own."},
    {.name = "vector", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_engine_sheet, vector_share), .low = "1%", .high = "100%", .required = true,
     .doc = "Speed of kernels for few tokens, of that of a GEMM; a step takes the faster."},
};
static const struct cs_table small_table = {"small_batch", TABLE(small_keys), .size = 0};

static const struct cs_key engine_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_engine_sheet, name), .required = true,
     .doc = "Name of the sheet, as its file."},
    {.name = "aliases", .kind = CS_KEY_TEXTS, AT(cs_engine_sheet, aliases),
     .count = offsetof(struct cs_engine_sheet, alias_count), .example = "a list of names",
     .doc = "Other names; the newest sheet that claims one has it."},
    {.name = "title", .kind = CS_KEY_TEXT, AT(cs_engine_sheet, title), .doc = "For people."},
    {.name = "scheduling", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, asynchronous),
     .choices = schedulings, .required = true,
     .doc = "Whether the next step is planned when this one starts, or at its end."},
    {.name = "batching", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, static_batching),
     .choices = batchings, .fallback = "continuous", .why = "serving engines batch continuously",
     .doc = "Whether requests join at any step, or a batch runs until all have finished."},
    {.name = "admission", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, reserve_answers),
     .choices = admissions, .fallback = "prompt", .why = "most engines preempt when blocks run out",
     .doc = "Whether a request needs KV cache for its prompt to be admitted, or its answer too."},
    {.name = "paging", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, slots), .choices = pagings,
     .fallback = "blocks", .why = "serving engines page the KV cache",
     .doc = "Whether the KV cache is handed out in blocks, or each request holds a whole slot."},
    {.name = "prefix_caching", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, prefix_caching),
     .fallback = "no", .why = "only where its documentation says so",
     .doc = "Whether prompts find what earlier ones computed, unless told otherwise."},
    {.name = "padding", .kind = CS_KEY_BOOL, AT(cs_engine_sheet, cuda_graph_padding),
     .choices = paddings, .fallback = "none", .why = "no captured sizes are known",
     .doc = "Whether small batches are padded to captured sizes."},
    {.name = "limits", .kind = CS_KEY_MAP, .table = &limits_table, .required = true,
     .example = "a map", .doc = "Defaults that `deploy` may override."},
    {.name = "memory_reserve", .kind = CS_KEY_MAP, .table = &reserve_table, .required = true,
     .example = "a map, such as {single: 0.9 GB, parallel: 1.4 GB}",
     .doc = "Memory not given to weights or KV cache, per GPU."},
    {.name = "overhead", .kind = CS_KEY_MAP, .table = &overhead_table, .required = true,
     .example = "a map", .doc = "Times that do not depend on the work."},
    {.name = "efficiency", .kind = CS_KEY_MAP, .table = &efficiency_table, .required = true,
     .example = "a map", .doc = "Shares of the datasheet that are reached."},
    {.name = "small_batch", .kind = CS_KEY_MAP, .table = &small_table,
     .example = "a map, such as {tile: 30 tokens, vector: 16%}",
     .doc = "What products with few tokens cost; without it, as much per token as large ones."},
    {.name = "attention_scores", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES,
     AT(cs_engine_sheet, score_bytes), .low = "0 B", .high = "1 kB",
     .doc = "Bytes moved per (query, key) pair and head where scores are stored. Default 0."},
    {.name = "metal", .kind = CS_KEY_TEXT, AT(cs_engine_sheet, metal), .example = "a sheet's name",
     .doc = "The sheet that takes this one's place on Apple's GPUs."},
    {.name = "sampler", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES,
     AT(cs_engine_sheet, sampler_bytes), .low = "0 B", .high = "100 kB",
     .doc = "Bytes moved per logit when top-p or top-k sampling is asked for."},
    {.name = "model_error", .kind = CS_KEY_ROWS, .table = &error_table,
     AT(cs_engine_sheet, errors), .count = offsetof(struct cs_engine_sheet, error_count),
     .example = "a list of maps, such as {basis: transfer, step: 15%, ttft: 20%, source: ...}",
     .doc = "How far predictions are off: the first row that holds for an option."},
    {.name = "sources", .kind = CS_KEY_NODE, AT(cs_engine_sheet, node),
     .example = "a map of sources", .doc = "Where each figure comes from."},
    {.name = "notes", .kind = CS_KEY_TEXT, AT(cs_engine_sheet, notes), .doc = "What else to know."},
};
const struct cs_table cs_table_engine = {"an engine sheet", TABLE(engine_keys),
                                         .size = sizeof(struct cs_engine_sheet)};
