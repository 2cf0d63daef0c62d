/* Key tables of model sheets (open weights) and API sheets (prices).
 *
 * A model may be announced and never released: then `released: no` and no `architecture`, and it
 * can be listed but not simulated. `measured` holds published throughput rows; what a row does not
 * say stays 0. API prices that are not listed are -1, since a price of 0 means free.
 *
 * The rule: figures as their source prints them; nothing is derived here.
 * Tables are constant and own nothing. Not here: meaning across keys (catalog.c).
 */
#include "spec/tables.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define TABLE(rows) .keys = rows, .count = sizeof rows / sizeof rows[0]

const struct cs_choice cs_precision_choices[] = {
    {"bf16", CS_PRECISION_BF16},   {"fp16", CS_PRECISION_BF16},
    {"fp8", CS_PRECISION_FP8},     {"int8", CS_PRECISION_INT8},
    {"int4", CS_PRECISION_INT4},   {"mxfp4", CS_PRECISION_MXFP4},
    {"q8_0", CS_PRECISION_Q8_0},   {"q4_k_m", CS_PRECISION_Q4_K_M},
    {"q5_k_m", CS_PRECISION_Q5_K_M}, {"q6_k", CS_PRECISION_Q6_K},
    {"q4_0", CS_PRECISION_Q4_0},   {"nvfp4", CS_PRECISION_NVFP4},
    {"mlx_4bit", CS_PRECISION_MLX_4BIT}, {"mxfp4_q8_0", CS_PRECISION_MXFP4_Q8_0},
    {NULL, 0},
};

/* --- models ---------------------------------------------------------------------------------- */

static const struct cs_key parameter_keys[] = {
    {.name = "total", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_model, parameters_total), .low = "1M", .high = "1000T", .required = true,
     .doc = "All weights."},
    {.name = "active", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_model, parameters_active), .low = "1M", .high = "1000T",
     .doc = "Weights used for one token."},
};
static const struct cs_table parameters_table = {"parameters", TABLE(parameter_keys), .size = 0};

static const struct cs_key moe_keys[] = {
    {.name = "layers", .kind = CS_KEY_COUNT, AT(cs_model, moe_layers), .low = "1", .high = "10000",
     .required = true, .doc = "Layers whose FFN is made of experts."},
    {.name = "experts", .kind = CS_KEY_COUNT, AT(cs_model, experts), .low = "2", .high = "100000",
     .required = true, .doc = "Routed experts of a layer."},
    {.name = "per_token", .kind = CS_KEY_COUNT, AT(cs_model, experts_per_token), .low = "1",
     .high = "10000", .required = true, .doc = "Routed experts that a token visits."},
    {.name = "ffn", .kind = CS_KEY_COUNT, AT(cs_model, expert_ffn), .low = "1", .high = "10000000",
     .required = true, .doc = "Intermediate size of one expert."},
    {.name = "shared_experts", .kind = CS_KEY_COUNT, AT(cs_model, shared_experts), .low = "0",
     .high = "1000", .doc = "Experts that every token visits."},
    {.name = "shared_ffn", .kind = CS_KEY_COUNT, AT(cs_model, shared_ffn), .low = "0",
     .high = "10000000", .doc = "Intermediate size of all shared experts together."},
};
static const struct cs_table moe_table = {"architecture.moe", TABLE(moe_keys), .size = 0};

static const struct cs_key mla_keys[] = {
    {.name = "q_rank", .kind = CS_KEY_COUNT, AT(cs_model, mla_q_rank), .low = "0",
     .high = "1000000", .doc = "Rank of the compressed queries; 0: not compressed."},
    {.name = "kv_rank", .kind = CS_KEY_COUNT, AT(cs_model, mla_kv_rank), .low = "1",
     .high = "1000000", .required = true, .doc = "Rank of the compressed keys and values."},
    {.name = "rope_dim", .kind = CS_KEY_COUNT, AT(cs_model, mla_rope_dim), .low = "0",
     .high = "1000000", .required = true, .doc = "Head dimension with rotary positions."},
    {.name = "nope_dim", .kind = CS_KEY_COUNT, AT(cs_model, mla_nope_dim), .low = "1",
     .high = "1000000", .required = true, .doc = "Head dimension without."},
    {.name = "v_dim", .kind = CS_KEY_COUNT, AT(cs_model, mla_v_dim), .low = "1",
     .high = "1000000", .required = true, .doc = "Head dimension of the values."},
};
static const struct cs_table mla_table = {"architecture.mla", TABLE(mla_keys), .size = 0};

static const struct cs_key window_keys[] = {
    {.name = "window", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, AT(cs_model, window_tokens),
     .low = "1 token", .high = "1G tokens", .bare = true, .required = true,
     .doc = "Tokens that a windowed layer looks back."},
    {.name = "layers", .kind = CS_KEY_COUNT, AT(cs_model, window_layers), .low = "1",
     .high = "10000", .required = true, .doc = "Layers so windowed."},
};
static const struct cs_table window_table = {"architecture.sliding_window", TABLE(window_keys),
                                             .size = 0};

static const struct cs_key architecture_keys[] = {
    {.name = "layers", .kind = CS_KEY_COUNT, AT(cs_model, layers), .low = "1", .high = "10000",
     .required = true, .doc = "Transformer layers."},
    {.name = "hidden", .kind = CS_KEY_COUNT, AT(cs_model, hidden), .low = "8", .high = "1000000",
     .required = true, .doc = "Hidden size."},
    {.name = "heads", .kind = CS_KEY_COUNT, AT(cs_model, heads), .low = "1", .high = "100000",
     .required = true, .doc = "Query heads."},
    {.name = "kv_heads", .kind = CS_KEY_COUNT, AT(cs_model, kv_heads), .low = "1",
     .high = "100000", .required = true, .doc = "Key and value heads."},
    {.name = "head_dim", .kind = CS_KEY_COUNT, AT(cs_model, head_dim), .low = "1",
     .high = "100000", .required = true, .doc = "Size of a head."},
    {.name = "ffn", .kind = CS_KEY_COUNT, AT(cs_model, ffn), .low = "0", .high = "10000000",
     .doc = "Intermediate size of dense FFN layers; 0 when all layers hold experts."},
    {.name = "ffn_matrices", .kind = CS_KEY_COUNT, AT(cs_model, ffn_matrices), .low = "2",
     .high = "3", .fallback = "3", .why = "gated", .doc = "3 gated, 2 plain."},
    {.name = "vocabulary", .kind = CS_KEY_COUNT, AT(cs_model, vocabulary), .low = "1",
     .high = "100000000", .required = true, .doc = "Rows of the embedding."},
    {.name = "context", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_model, context_tokens), .low = "1 token", .high = "1G tokens", .required = true,
     .doc = "Longest prompt and answer together."},
    {.name = "tied_embeddings", .kind = CS_KEY_BOOL, AT(cs_model, tied_embeddings),
     .fallback = "no", .doc = "Whether the LM head shares the embedding's weights."},
    {.name = "attention_16bit", .kind = CS_KEY_BOOL, AT(cs_model, attention_16bit),
     .fallback = "no",
     .doc = "Whether its fp8, int8 and int4 checkpoints leave attention's weights at 16 bits."},
    {.name = "moe", .kind = CS_KEY_MAP, .table = &moe_table, .example = "a map",
     .doc = "Mixture of experts."},
    {.name = "mla", .kind = CS_KEY_MAP, .table = &mla_table, .example = "a map",
     .doc = "Multi-head latent attention."},
    {.name = "sliding_window", .kind = CS_KEY_MAP, .table = &window_table,
     .example = "a map, such as {window: 128 tokens, layers: 18}",
     .doc = "Layers that look back a limited way."},
};
static const struct cs_table architecture_table = {"architecture", TABLE(architecture_keys),
                                                   .size = 0};

#define MEASURED(field_name, field, low_text, high_text, text)                             \
    {.name = field_name, .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS_PER_S, .bare = true, \
     AT(cs_measured, field), .low = low_text, .high = high_text, .doc = text}
static const struct cs_key measured_keys[] = {
    {.name = "hardware", .kind = CS_KEY_TEXT, AT(cs_measured, hardware), .required = true,
     .doc = "Where it ran."},
    {.name = "gpus", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_measured, gpus),
     .low = "0", .high = "100000", .doc = "How many."},
    {.name = "engine", .kind = CS_KEY_TEXT, AT(cs_measured, engine), .doc = "Serving engine."},
    {.name = "precision", .kind = CS_KEY_TEXT, AT(cs_measured, precision), .doc = "Of weights."},
    {.name = "mode", .kind = CS_KEY_TEXT, AT(cs_measured, mode), .doc = "Kind of load."},
    {.name = "batch", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_measured, batch),
     .low = "0", .high = "1M", .doc = "Requests at once."},
    {.name = "input", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_measured, input_tokens), .low = "0 tokens", .high = "1G tokens",
     .doc = "Prompt length."},
    {.name = "output", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_measured, output_tokens), .low = "0 tokens", .high = "1G tokens",
     .doc = "Answer length."},
    MEASURED("prefill", prefill_tok_s, "0 tok/s", "1G tok/s", "Prompt tokens per second."),
    MEASURED("decode", decode_tok_s, "0 tok/s", "1G tok/s",
             "Output tokens per second of one request."),
    MEASURED("output_total", output_total_tok_s, "0 tok/s", "1G tok/s",
             "Output tokens per second of all requests."),
    {.name = "ttft", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS, AT(cs_measured, ttft_s),
     .low = "0 s", .high = "1 day", .doc = "Time to first token."},
    {.name = "tpot", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS, AT(cs_measured, tpot_s),
     .low = "0 s", .high = "1 h", .doc = "Time per output token."},
    {.name = "quality", .kind = CS_KEY_TEXT, AT(cs_measured, quality),
     .doc = "A raw log or vendor table, B single author, C secondary."},
    {.name = "date", .kind = CS_KEY_DATE, AT(cs_measured, date), .doc = "When."},
    {.name = "source", .kind = CS_KEY_TEXT, AT(cs_measured, source), .doc = "Who measured it."},
};
static const struct cs_table measured_table = {"measured", TABLE(measured_keys),
                                               .size = sizeof(struct cs_measured)};

static const struct cs_key model_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_model, name), .required = true,
     .doc = "Name of the sheet, as its file."},
    {.name = "aliases", .kind = CS_KEY_TEXTS, AT(cs_model, aliases),
     .count = offsetof(struct cs_model, alias_count), .example = "a list of names",
     .doc = "Other names it goes by, such as those of model hubs."},
    {.name = "title", .kind = CS_KEY_TEXT, AT(cs_model, title), .doc = "For people."},
    {.name = "maker", .kind = CS_KEY_TEXT, AT(cs_model, maker), .doc = "Who trained it."},
    {.name = "licence", .kind = CS_KEY_TEXT, AT(cs_model, licence), .doc = "Of the weights."},
    {.name = "released", .kind = CS_KEY_TEXT, AT(cs_model, released),
     .doc = "A date, or `no` for a model announced and never released."},
    {.name = "weights", .kind = CS_KEY_CHOICE, AT(cs_model, weights),
     .choices = cs_precision_choices, .fallback = "bf16", .doc = "The maker's own precision."},
    {.name = "parameters", .kind = CS_KEY_MAP, .table = &parameters_table,
     .example = "a map, such as {total: 70.55e9}", .doc = "As published."},
    {.name = "architecture", .kind = CS_KEY_MAP, .table = &architecture_table,
     .present = offsetof(struct cs_model, has_architecture), .example = "a map",
     .doc = "Its shape; without one it cannot be simulated."},
    {.name = "measured", .kind = CS_KEY_ROWS, .table = &measured_table, AT(cs_model, measured),
     .count = offsetof(struct cs_model, measured_count), .example = "a list of rows",
     .doc = "Published throughput."},
    {.name = "sources", .kind = CS_KEY_NODE, AT(cs_model, node), .example = "a map of sources",
     .doc = "Where each figure comes from."},
    {.name = "notes", .kind = CS_KEY_TEXT, AT(cs_model, notes), .doc = "What else to know."},
};
const struct cs_table cs_table_model = {"a model sheet", TABLE(model_keys),
                                        .size = sizeof(struct cs_model)};

/* --- APIs ------------------------------------------------------------------------------------ */

static const struct cs_choice bases[] = {{"article", CS_PRICE_ARTICLE},
                                         {"listed", CS_PRICE_LISTED},
                                         {"reseller", CS_PRICE_RESELLER},
                                         {NULL, 0}};
static const struct cs_choice accesses[] = {{"open", 0}, {"invitation", 0}, {NULL, 0}};

/* Highest price ever listed by the large vendors: 600 USD/Mtok of output; the gate is far above. */
#define PRICE(type, field_name, field, must, text)                                       \
    {.name = field_name, .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_TOKEN, AT(type, field), \
     .low = "0 USD/Mtok", .high = "100000 USD/Mtok", .required = must, .absent = -1, .doc = text}
static const struct cs_key tier_keys[] = {
    {.name = "above", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_api_tier, above_tokens), .low = "1 token", .high = "1G tokens", .required = true,
     .doc = "A request with more input tokens is billed at this tier, whole."},
    PRICE(cs_api_tier, "input", input, true, "Prompt tokens."),
    PRICE(cs_api_tier, "output", output, true, "Answer tokens."),
    PRICE(cs_api_tier, "cached_input", cached_input, false, "Prompt tokens found in the cache."),
};
static const struct cs_table tier_table = {"tiers", TABLE(tier_keys),
                                           .size = sizeof(struct cs_api_tier)};

static const struct cs_key price_keys[] = {
    {.name = "basis", .kind = CS_KEY_CHOICE, AT(cs_api_price, basis), .choices = bases,
     .required = true, .doc = "Whose price it is: listed is the maker's own."},
    {.name = "provider", .kind = CS_KEY_TEXT, AT(cs_api_price, provider), .doc = "Who sells."},
    PRICE(cs_api_price, "input", input, true, "Prompt tokens."),
    PRICE(cs_api_price, "output", output, true, "Answer tokens."),
    PRICE(cs_api_price, "cached_input", cached_input, false, "Prompt tokens found in the cache."),
    PRICE(cs_api_price, "cache_write", cache_write, false, "Prompt tokens put into the cache."),
    PRICE(cs_api_price, "batch_input", batch_input, false, "Prompt tokens of batch requests."),
    PRICE(cs_api_price, "batch_output", batch_output, false, "Answer tokens of batch requests."),
    {.name = "tiers", .kind = CS_KEY_ROWS, .table = &tier_table, AT(cs_api_price, tiers),
     .count = offsetof(struct cs_api_price, tier_count),
     .example = "a list, such as [{above: 200k tokens, input: 4 USD/Mtok, output: 18 USD/Mtok}]",
     .doc = "Prices of long prompts."},
    {.name = "date", .kind = CS_KEY_DATE, AT(cs_api_price, date), .doc = "When it held."},
    {.name = "source", .kind = CS_KEY_TEXT, AT(cs_api_price, source), .doc = "Who says so."},
    {.name = "note", .kind = CS_KEY_TEXT, AT(cs_api_price, note), .doc = "What to know about it."},
};
static const struct cs_table price_table = {"prices", TABLE(price_keys),
                                            .size = sizeof(struct cs_api_price)};

static const struct cs_key api_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_api, name), .required = true,
     .doc = "Name of the sheet, as its file."},
    {.name = "title", .kind = CS_KEY_TEXT, AT(cs_api, title), .doc = "For people."},
    {.name = "maker", .kind = CS_KEY_TEXT, AT(cs_api, maker), .doc = "Who offers it."},
    {.name = "context", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_api, context_tokens), .low = "1 token", .high = "1G tokens",
     .doc = "Longest prompt."},
    {.name = "access", .kind = CS_KEY_TEXT, AT(cs_api, access), .choices = accesses,
     .doc = "Who can use it."},
    {.name = "prices", .kind = CS_KEY_ROWS, .table = &price_table, AT(cs_api, prices),
     .count = offsetof(struct cs_api, price_count), .example = "a list of prices",
     .required = true, .doc = "Every price known, with its source and date."},
    {.name = "sources", .kind = CS_KEY_NODE, AT(cs_api, node), .example = "a map of sources",
     .doc = "Where each figure comes from."},
    {.name = "notes", .kind = CS_KEY_TEXT, AT(cs_api, notes), .doc = "What else to know."},
};
const struct cs_table cs_table_api = {"an API sheet", TABLE(api_keys),
                                      .size = sizeof(struct cs_api)};
