/* Key tables of hardware, host and engine sheets.
 *
 * Ranges are wide gates against slips of unit and decimal point, not judgements: a memory of
 * 80 TB or a bandwidth of 3 GB/s per accelerator is a typing error in any year to come.
 * The optional `efficiency` factors of a hardware sheet correct the engine's own efficiencies for
 * one GPU and default to 1; a sheet that gives one is called calibrated.
 *
 * The rule: an absent figure stays 0, which means unknown; no table invents one.
 * Tables are constant and own nothing. Not here: meaning across keys (catalog.c).
 */
#include "spec/keys.h"
#include "spec/tables.h"

/* --- hardware -------------------------------------------------------------------------------- */

static const struct cs_choice classes[] = {
    {"datacenter", 0}, {"workstation", 0}, {"consumer", 0}, {"unified", 0}, {NULL, 0}};
static const struct cs_choice terms[] = {{"on_demand", CS_TERM_ON_DEMAND},
                                         {"spot", CS_TERM_SPOT},
                                         {"reserved_1y", CS_TERM_RESERVED_1Y},
                                         {"reserved_3y", CS_TERM_RESERVED_3Y},
                                         {"article", CS_TERM_ARTICLE},
                                         {NULL, 0}};

static const struct cs_key memory_keys[] = {
    KEY("capacity", "Device memory as its driver reports it.",
        QUANTITY(cs_hardware, memory_bytes, BYTES, "1 GB", "100 TB"), REQUIRED),
    KEY("bandwidth", "Memory bandwidth of the datasheet.",
        QUANTITY(cs_hardware, bandwidth_Bps, BYTES_PER_S, "1 GB/s", "1 PB/s")),
    KEY("k_quants", "At which K-quants are read, where unpacking them is slower than reading.",
        QUANTITY(cs_hardware, k_quants_Bps, BYTES_PER_S, "1 GB/s", "1 PB/s")),
};
static const struct cs_table memory_table = TABLE("memory", memory_keys);

static const struct cs_key compute_keys[] = {
    KEY("bf16", "Dense 16-bit tensor peak.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_BF16], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
    KEY("fp8", "Dense 8-bit floating-point peak.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_FP8], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
    KEY("int8", "Dense 8-bit integer peak.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_INT8], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
    KEY("fp4", "Dense 4-bit floating-point peak.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_FP4], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
    KEY("fp16", "16-bit peak with 16-bit accumulation, where that is faster than `bf16`.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_FP16], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
    KEY("vector", "16-bit peak outside matrix units, where kernels for few tokens stay there.",
        QUANTITY(cs_hardware, flops[CS_COMPUTE_VECTOR], FLOP_PER_S, "10 GFLOP/s", "1000 PFLOP/s")),
};
static const struct cs_table compute_table = TABLE("compute", compute_keys);

/* --- what lies beyond ------------------------------------------------------------------------ */

#define NVME_KEYS(type, at) \
    KEY("capacity", "What it holds.", \
        QUANTITY(type, at nvme_bytes, BYTES, "1 GB", "10000 TB"), REQUIRED), \
    KEY("bandwidth", "Reading.", QUANTITY(type, at nvme_Bps, BYTES_PER_S, "0.01 GB/s", "1 TB/s"), \
        REQUIRED)
#define HOST_KEYS(type, at, nvme) \
    KEY("compute", "Peak of its processors in the format that experts are multiplied in.", \
        QUANTITY(type, at flops, FLOP_PER_S, "1 GFLOP/s", "10 PFLOP/s")), \
    KEY("nvme", "Its disks.", MAP(nvme), \
        .example = "a map, such as {capacity: 2 TB, bandwidth: 7 GB/s}")
#define RAM_KEYS(type, at) \
    KEY("capacity", "Memory of the host.", \
        QUANTITY(type, at memory_bytes, BYTES, "1 GB", "100 TB"), REQUIRED), \
    KEY("bandwidth", "Its bandwidth: channels x transfers x 8 bytes.", \
        QUANTITY(type, at bandwidth_Bps, BYTES_PER_S, "1 GB/s", "100 TB/s"), REQUIRED)
#define RAM_EXAMPLE .example = "a map, such as {capacity: 64 GB, bandwidth: 89.6 GB/s}"

static const struct cs_key gpu_nvme_keys[] = {NVME_KEYS(cs_hardware, host.)};
static const struct cs_table gpu_nvme_table = TABLE("host.nvme", gpu_nvme_keys);
static const struct cs_key gpu_ram_keys[] = {RAM_KEYS(cs_hardware, host.)};
static const struct cs_table gpu_ram_table = TABLE("host.memory", gpu_ram_keys);
static const struct cs_key gpu_host_keys[] = {
    KEY("memory", "Beside the accelerator's own; none where the two are one.", MAP(gpu_ram_table),
        RAM_EXAMPLE),
    HOST_KEYS(cs_hardware, host., gpu_nvme_table),
};
static const struct cs_table gpu_host_table = TABLE("host", gpu_host_keys);

static const struct cs_key host_nvme_keys[] = {NVME_KEYS(cs_host, )};
static const struct cs_table host_nvme_table = TABLE("nvme", host_nvme_keys);
static const struct cs_key host_ram_keys[] = {RAM_KEYS(cs_host, )};
static const struct cs_table host_ram_table = TABLE("memory", host_ram_keys);
static const struct cs_key host_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_host, name), REQUIRED),
    KEY("aliases", "Other names it goes by in tables and benchmarks.",
        TEXTS(cs_host, aliases, alias_count), .example = "a list of names"),
    KEY("title", "For people.", TEXT(cs_host, title)),
    KEY("memory", "Of the whole machine.", MAP(host_ram_table), REQUIRED, RAM_EXAMPLE),
    HOST_KEYS(cs_host, , host_nvme_table),
    KEY("sources", "Where each figure comes from.", NODE(cs_host, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_host, notes)),
};
const struct cs_table cs_table_host = TABLE_OF(cs_host, "a host sheet", host_keys);
static const struct cs_key here_keys[] = {
    KEY("memory", "Of the whole machine.", MAP(host_ram_table), REQUIRED, RAM_EXAMPLE),
    HOST_KEYS(cs_host, , host_nvme_table),
};
const struct cs_table cs_table_host_here = TABLE_OF(cs_host, "deploy.host", here_keys);

static const struct cs_key network_keys[] = {
    KEY("kind", "Name of the network, such as InfiniBand NDR.", TEXT(cs_hardware, network_kind),
        REQUIRED),
    KEY("bandwidth", "Per direction and accelerator.",
        QUANTITY(cs_hardware, network_Bps, BYTES_PER_S, "0.1 GB/s", "10 TB/s"), REQUIRED),
};
static const struct cs_table network_table = TABLE("network", network_keys);

static const struct cs_key link_keys[] = {
    KEY("kind", "Name of the link, such as NVLink 4.", TEXT(cs_hardware, link_kind), REQUIRED),
    KEY("bandwidth", "Per direction and accelerator.",
        QUANTITY(cs_hardware, link_Bps, BYTES_PER_S, "1 GB/s", "100 TB/s"), REQUIRED),
    KEY("gpus", "Accelerators in one link domain.", COUNT(cs_hardware, link_gpus, "2", "65536"),
        REQUIRED),
};
static const struct cs_table link_table = TABLE("link", link_keys);

static const struct cs_key power_keys[] = {
    KEY("tdp", "Board power limit.", QUANTITY(cs_hardware, tdp_w, WATTS, "1 W", "100 kW")),
    KEY("idle", "Power with nothing to do.",
        QUANTITY(cs_hardware, idle_w, WATTS, "0.01 W", "10 kW")),
};
static const struct cs_table power_table = TABLE("power", power_keys);

static const char one_why[] = "not calibrated: the engine sheet's own efficiency";
static const struct cs_key hardware_efficiency_keys[] = {
    KEY("bandwidth", "Multiplies the engine's weight-reading efficiency.",
        QUANTITY(cs_hardware, bandwidth_factor, NUMBER, "0.05", "2"), DEFAULT("1", one_why)),
    KEY("kv", "Multiplies the engine's KV-reading efficiency.",
        QUANTITY(cs_hardware, kv_factor, NUMBER, "0.05", "2"), DEFAULT("1", one_why)),
    KEY("kv_engine", "The engine whose attention kernels `kv` was measured with; others read at 1. "
                     "Default: `kv` holds for all.", TEXT(cs_hardware, kv_engine)),
    KEY("compute", "Multiplies the engine's compute efficiency.",
        QUANTITY(cs_hardware, compute_factor, NUMBER, "0.05", "2"), DEFAULT("1", one_why)),
};
static const struct cs_table hardware_efficiency_table =
    TABLE("efficiency", hardware_efficiency_keys);

static const struct cs_key rental_keys[] = {
    KEY("provider", "Who rents it out.", TEXT(cs_rental, provider), REQUIRED),
    KEY("price", "Per GPU.", QUANTITY(cs_rental, usd_per_s, USD_PER_S, "0.001 USD/h", "1000 USD/h"),
        REQUIRED),
    KEY("term", "How it is rented.", CHOICE(cs_rental, term, terms), DEFAULT("on_demand", NULL)),
    KEY("instance", "Fewest GPUs that are rented together at this price.",
        COUNT(cs_rental, instance, "1", "4096")),
    KEY("commitment", "Shortest time that is paid for. Of reserved terms: a year, or three.",
        QUANTITY(cs_rental, commitment_s, SECONDS, "1 s", "10 years")),
    KEY("region", "Where.", TEXT(cs_rental, region)),
    KEY("date", "When the price held.", DATE(cs_rental, date)),
    KEY("source", "Who says so.", TEXT(cs_rental, source)),
    KEY("note", "What to know about it.", TEXT(cs_rental, note)),
};
static const struct cs_table rental_table = TABLE_OF(cs_rental, "rental", rental_keys);

static const struct cs_key purchase_keys[] = {
    KEY("price", "Per GPU or whole machine, as the note says.",
        QUANTITY(cs_purchase, usd, USD, "10 USD", "10M USD"), REQUIRED),
    KEY("date", "When the price held.", DATE(cs_purchase, date)),
    KEY("source", "Who says so.", TEXT(cs_purchase, source)),
    KEY("note", "What it buys.", TEXT(cs_purchase, note)),
};
static const struct cs_table purchase_table = TABLE_OF(cs_purchase, "purchase", purchase_keys);

static const struct cs_key hardware_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_hardware, name), REQUIRED),
    KEY("aliases", "Other names it goes by in tables and benchmarks.",
        TEXTS(cs_hardware, aliases, alias_count), .example = "a list of names"),
    KEY("title", "For people.", TEXT(cs_hardware, title)),
    KEY("maker", "Who makes it.", TEXT(cs_hardware, maker)),
    KEY("class", "What market it is sold to.", TEXT(cs_hardware, klass), .choices = classes),
    KEY("released", "On sale since.", DATE(cs_hardware, released)),
    KEY("memory", "Its memory.", MAP(memory_table), REQUIRED,
        .example = "a map, such as {capacity: 80 GB, bandwidth: 3.35 TB/s}"),
    KEY("compute", "Dense peaks, without sparsity.", MAP(compute_table),
        .example = "a map, such as {bf16: 989 TFLOP/s}"),
    KEY("link", "The fast link between accelerators.", MAP(link_table),
        .example = "a map, such as {kind: NVLink 4, bandwidth: 450 GB/s, gpus: 8}"),
    KEY("pcie", "Per direction.",
        QUANTITY(cs_hardware, pcie_Bps, BYTES_PER_S, "0.1 GB/s", "10 TB/s")),
    KEY("network", "Between machines.", MAP(network_table),
        .example = "a map, such as {kind: InfiniBand NDR, bandwidth: 50 GB/s}"),
    KEY("host", "The part of the usual machine around one accelerator.", MAP(gpu_host_table),
        PRESENT(cs_hardware, has_host),
        .example = "a map, such as {memory: {capacity: 64 GB, bandwidth: 89.6 GB/s}}"),
    KEY("power", "Electric power.", MAP(power_table), .example = "a map, such as {tdp: 700 W}"),
    KEY("efficiency", "Calibrated factors of this GPU.", MAP(hardware_efficiency_table),
        PRESENT(cs_hardware, calibrated), .example = "a map, such as {bandwidth: 0.92}"),
    KEY("gpu_share", "Share of unified memory that the GPU may use.",
        QUANTITY(cs_hardware, gpu_share, SHARE, "10%", "100%"), DEFAULT("100%", NULL)),
    KEY("rental", "What renting one costs.", ROWS(cs_hardware, rentals, rental_count, rental_table),
        .example = "a list of prices"),
    KEY("purchase", "What buying one costs.",
        ROWS(cs_hardware, purchases, purchase_count, purchase_table),
        .example = "a list of prices"),
    KEY("sources", "Where each figure comes from.", NODE(cs_hardware, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_hardware, notes)),
};
const struct cs_table cs_table_hardware = TABLE_OF(cs_hardware, "a hardware sheet", hardware_keys);

/* --- engine ---------------------------------------------------------------------------------- */

static const struct cs_choice schedulings[] = {{"asynchronous", 1}, {"synchronous", 0}, {NULL, 0}};
static const struct cs_choice batchings[] = {{"static", 1}, {"continuous", 0}, {NULL, 0}};
static const struct cs_choice pagings[] = {{"blocks", 0}, {"none", 1}, {NULL, 0}};
static const struct cs_choice admissions[] = {{"prompt", 0}, {"answer", 1}, {NULL, 0}};
static const struct cs_choice paddings[] = {{"cuda_graph", 1}, {"none", 0}, {NULL, 0}};

static const struct cs_key limit_keys[] = {
    KEY("max_num_seqs", "Most requests in one step.",
        COUNT(cs_engine_sheet, max_num_seqs, "1", "65536"), REQUIRED),
    KEY("max_num_batched_tokens", "Most tokens computed in one step.",
        COUNT(cs_engine_sheet, max_num_batched_tokens, "1 token", "10000000 tokens"), REQUIRED,
        .unit = CS_UNIT_TOKENS, .bare = true),
    KEY("block_size", "Tokens in one block of the KV cache.",
        COUNT(cs_engine_sheet, block_size, "1 token", "4096 tokens"),
        DEFAULT("16", "what engines with paging do"), .unit = CS_UNIT_TOKENS, .bare = true),
    KEY("context", "Most tokens of a request; without paging, of a slot. Default: the model's.",
        COUNT(cs_engine_sheet, context, "16 tokens", "10000000 tokens"), .unit = CS_UNIT_TOKENS,
        .bare = true),
    KEY("gpu_memory_utilization", "Share of the memory that the engine takes.",
        QUANTITY(cs_engine_sheet, gpu_memory_utilization, SHARE, "10%", "100%"), REQUIRED),
};
static const struct cs_table limits_table = TABLE("limits", limit_keys);

static const struct cs_key reserve_keys[] = {
    KEY("single", "Activations and runtime of a GPU alone.",
        QUANTITY(cs_engine_sheet, reserve_single_bytes, BYTES, "0 GB", "100 GB"), REQUIRED),
    KEY("parallel", "The same with tensor parallelism.",
        QUANTITY(cs_engine_sheet, reserve_parallel_bytes, BYTES, "0 GB", "100 GB"), REQUIRED),
};
static const struct cs_table reserve_table = TABLE("memory_reserve", reserve_keys);

static const struct cs_key overhead_keys[] = {
    KEY("request", "From arrival until a request can be scheduled.",
        QUANTITY(cs_engine_sheet, request_s, SECONDS, "0 s", "10 s"), REQUIRED),
    KEY("step", "Fixed time of a step.", QUANTITY(cs_engine_sheet, step_s, SECONDS, "0 s", "1 s"),
        REQUIRED),
    KEY("layer", "Fixed time of a layer.",
        QUANTITY(cs_engine_sheet, layer_s, SECONDS, "0 s", "100 ms"), REQUIRED),
    KEY("moe_layer", "Added for a layer with experts.",
        QUANTITY(cs_engine_sheet, moe_layer_s, SECONDS, "0 s", "100 ms")),
    KEY("sequence", "Added for each sequence that a step gives a token to.",
        QUANTITY(cs_engine_sheet, sequence_s, SECONDS, "0 s", "10 ms")),
    KEY("prefill_step", "Added to a step that holds prefill.",
        QUANTITY(cs_engine_sheet, prefill_step_s, SECONDS, "0 s", "1 s")),
    KEY("all_reduce", "Per all-reduce and per log2 of the tensor-parallel size.",
        QUANTITY(cs_engine_sheet, all_reduce_s, SECONDS, "0 s", "100 ms")),
    KEY("host_layer", "Added for a layer that has experts in the host's memory.",
        QUANTITY(cs_engine_sheet, host_layer_s, SECONDS, "0 s", "100 ms")),
    KEY("all_reduce_pcie", "The same between GPUs that only PCIe joins. Default: as `all_reduce`.",
        QUANTITY(cs_engine_sheet, all_reduce_pcie_s, SECONDS, "1 ns", "100 ms")),
};
static const struct cs_table overhead_table = TABLE("overhead", overhead_keys);

static const struct cs_key efficiency_keys[] = {
    KEY("weights", "Of memory bandwidth, reading weights.",
        QUANTITY(cs_engine_sheet, weights_eff, SHARE, "1%", "100%"), REQUIRED),
    KEY("compute", "Of peak FLOP/s, dense GEMM.",
        QUANTITY(cs_engine_sheet, compute_eff, SHARE, "1%", "100%"), REQUIRED),
    KEY("experts", "Of a dense GEMM's rate, the grouped GEMM of experts. Default: 100 %.",
        QUANTITY(cs_engine_sheet, experts_eff, SHARE, "1%", "100%")),
    KEY("quantised", "Of peak FLOP/s, GEMM of weights below 16 bits. Default: as `compute`.",
        QUANTITY(cs_engine_sheet, quantised_eff, SHARE, "1%", "100%")),
    KEY("narrow", "The same on the GPU's own 8- or 4-bit peak. Default: as `quantised`.",
        QUANTITY(cs_engine_sheet, narrow_eff, SHARE, "1%", "100%")),
    KEY("eight_bit", "Of either, GEMM of weights of a byte and more (Q8_0). Default: the same.",
        QUANTITY(cs_engine_sheet, eight_bit_eff, SHARE, "1%", "100%")),
    KEY("kv", "Of memory bandwidth, reading the KV cache.",
        QUANTITY(cs_engine_sheet, kv_eff, SHARE, "1%", "100%"), REQUIRED),
    KEY("prefill_attention", "Of peak FLOP/s, attention of prompts.",
        QUANTITY(cs_engine_sheet, prefill_attention_eff, SHARE, "1%", "100%"), REQUIRED),
    KEY("decode_attention",
        "Of peak FLOP/s, attention of answers, beside its reads. Default: with MLA as `compute`, "
        "else no limit.",
        QUANTITY(cs_engine_sheet, decode_attention_eff, SHARE, "0.1%", "100%")),
    KEY("link", "Of the link's bandwidth.",
        QUANTITY(cs_engine_sheet, link_eff, SHARE, "1%", "100%"), REQUIRED),
    KEY("pcie", "Of PCIe's bandwidth, where it is the only link. Default: as `link`.",
        QUANTITY(cs_engine_sheet, pcie_eff, SHARE, "1%", "100%")),
    KEY("host", "Of the host's memory bandwidth, experts that it computes. Default: none does.",
        QUANTITY(cs_engine_sheet, host_eff, SHARE, "1%", "100%")),
    KEY("host_compute", "Of the host's peak, the same.",
        QUANTITY(cs_engine_sheet, host_compute_eff, SHARE, "0.1%", "100%")),
    KEY("copy", "Of PCIe's bandwidth, copying experts from the host.",
        QUANTITY(cs_engine_sheet, copy_eff, SHARE, "1%", "100%"),
        DEFAULT("80%", "large copies from pinned memory reach about that")),
};
static const struct cs_table efficiency_table = TABLE("efficiency", efficiency_keys);

static const struct cs_choice bases[] = {{"calibrated", 1}, {"transfer", 0}, {NULL, 0}};
static const struct cs_choice links[] = {{"pcie", 1}, {NULL, 0}};
static const struct cs_choice kinds[] = {{"moe", 1}, {NULL, 0}};
static const struct cs_choice places[] = {{"parallel", 1}, {"outside", 2}, {NULL, 0}};
static const struct cs_key error_keys[] = {
    KEY("basis", "Judged on runs like these, or carried over from others.",
        BOOL(cs_model_error, calibrated), REQUIRED, .choices = bases,
        .example = "calibrated or transfer"),
    KEY("hardware", "Only these hardware sheets.", TEXTS(cs_model_error, hardware, hardware_count),
        .example = "a list of names"),
    KEY("precision", "Only weights of these precisions.",
        TEXTS(cs_model_error, precision, precision_count), .example = "a list of precisions"),
    KEY("factors", "Only hardware whose sheet gives calibrated `efficiency` factors.",
        BOOL(cs_model_error, factors)),
    KEY("link", "Only GPUs that work as one over PCIe.", BOOL(cs_model_error, pcie),
        .choices = links),
    KEY("model", "Only models with experts.", BOOL(cs_model_error, moe), .choices = kinds),
    KEY("experts", "Only groups with expert parallelism, or experts outside the GPUs' memory.",
        CHOICE(cs_model_error, experts, places)),
    KEY("step", "Standard deviation of log(measured / predicted) step time.",
        QUANTITY(cs_model_error, step, SHARE, "0.1%", "100%"), REQUIRED),
    KEY("ttft", "The same of first-token time, beyond what the steps explain.",
        QUANTITY(cs_model_error, ttft, SHARE, "0%", "100%"), REQUIRED),
    KEY("source", "What it rests on, in a phrase that reports repeat.",
        TEXT(cs_model_error, source)),
};
static const struct cs_table error_table = TABLE_OF(cs_model_error, "model_error", error_keys);

static const struct cs_key small_keys[] = {
    KEY("tile", "Tokens' worth of work that a GEMM costs on top of its own.",
        QUANTITY(cs_engine_sheet, tile_tokens, TOKENS, "0 tokens", "4096 tokens"), REQUIRED),
    KEY("vector", "Speed of kernels for few tokens, of that of a GEMM; a step takes the faster.",
        QUANTITY(cs_engine_sheet, vector_share, SHARE, "1%", "100%"), REQUIRED),
};
static const struct cs_table small_table = TABLE("small_batch", small_keys);

static const struct cs_key engine_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_engine_sheet, name), REQUIRED),
    KEY("aliases", "Other names; the newest sheet that claims one has it.",
        TEXTS(cs_engine_sheet, aliases, alias_count), .example = "a list of names"),
    KEY("title", "For people.", TEXT(cs_engine_sheet, title)),
    KEY("scheduling", "Whether the next step is planned when this one starts, or at its end.",
        BOOL(cs_engine_sheet, asynchronous), REQUIRED, .choices = schedulings),
    KEY("batching", "Whether requests join at any step, or a batch runs until all have finished.",
        BOOL(cs_engine_sheet, static_batching),
        DEFAULT("continuous", "serving engines batch continuously"), .choices = batchings),
    KEY("admission",
        "Whether a request needs KV cache for its prompt to be admitted, or its answer too.",
        BOOL(cs_engine_sheet, reserve_answers),
        DEFAULT("prompt", "most engines preempt when blocks run out"), .choices = admissions),
    KEY("paging",
        "Whether the KV cache is handed out in blocks, or each request holds a whole slot.",
        BOOL(cs_engine_sheet, slots), DEFAULT("blocks", "serving engines page the KV cache"),
        .choices = pagings),
    KEY("prefix_caching", "Whether prompts find what earlier ones computed, unless told otherwise.",
        BOOL(cs_engine_sheet, prefix_caching),
        DEFAULT("no", "only where its documentation says so")),
    KEY("padding", "Whether small batches are padded to captured sizes.",
        BOOL(cs_engine_sheet, cuda_graph_padding), DEFAULT("none", "no captured sizes are known"),
        .choices = paddings),
    KEY("limits", "Defaults that `deploy` may override.", MAP(limits_table), REQUIRED,
        .example = "a map"),
    KEY("memory_reserve", "Memory not given to weights or KV cache, per GPU.", MAP(reserve_table),
        REQUIRED, .example = "a map, such as {single: 0.9 GB, parallel: 1.4 GB}"),
    KEY("overhead", "Times that do not depend on the work.", MAP(overhead_table), REQUIRED,
        .example = "a map"),
    KEY("efficiency", "Shares of the datasheet that are reached.", MAP(efficiency_table), REQUIRED,
        .example = "a map"),
    KEY("small_batch",
        "What products with few tokens cost; without it, as much per token as large ones.",
        MAP(small_table), .example = "a map, such as {tile: 30 tokens, vector: 16%}"),
    KEY("attention_scores",
        "Bytes moved per (query, key) pair and head where scores are stored. Default 0.",
        QUANTITY(cs_engine_sheet, score_bytes, BYTES, "0 B", "1 kB")),
    KEY("offload_batch",
        "Tokens of a step from which experts are copied though the host could compute them.",
        COUNT(cs_engine_sheet, offload_batch, "1 token", "1000000 tokens"),
        .unit = CS_UNIT_TOKENS, .bare = true),
    KEY("half_accumulation",
        "Whether products of 16-bit weights accumulate in 16 bits, at a GPU's `compute.fp16`.",
        BOOL(cs_engine_sheet, half_accumulation),
        DEFAULT("no", "serving engines accumulate in 32 bits")),
    KEY("host_tile", "Tokens' worth of work that the host has with an expert before any token.",
        QUANTITY(cs_engine_sheet, host_tile_tokens, TOKENS, "0 tokens", "4096 tokens")),
    KEY("kv_by_head",
        "Whether a quantised KV cache is read once for each head, not for each KV head.",
        BOOL(cs_engine_sheet, kv_by_head), DEFAULT("no", "heads of a group share what is read")),
    KEY("latent_prompts",
        "Whether prompts of MLA models attend in the latent space, as answers do.",
        BOOL(cs_engine_sheet, latent_prompts),
        DEFAULT("no", "serving engines expand the latent for prompts")),
    KEY("metal", "The sheet that takes this one's place on Apple's GPUs.",
        TEXT(cs_engine_sheet, metal), .example = "a sheet's name"),
    KEY("sampler", "Bytes moved per logit when top-p or top-k sampling is asked for.",
        QUANTITY(cs_engine_sheet, sampler_bytes, BYTES, "0 B", "100 kB")),
    KEY("model_error", "How far predictions are off: the first row that holds for an option.",
        ROWS(cs_engine_sheet, errors, error_count, error_table),
        .example = "a list of maps, such as {basis: transfer, step: 15%, ttft: 20%, source: ...}"),
    KEY("sources", "Where each figure comes from.", NODE(cs_engine_sheet, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_engine_sheet, notes)),
};
const struct cs_table cs_table_engine = TABLE_OF(cs_engine_sheet, "an engine sheet", engine_keys);
