/* Key tables of model sheets (open weights) and API sheets (prices).
 *
 * A model may be announced and never released: then `released: no` and no `architecture`, and it
 * can be listed but not simulated. `measured` holds published throughput rows; what a row does not
 * say stays 0. API prices that are not listed are -1, since a price of 0 means free.
 *
 * The rule: figures as their source prints them; nothing is derived here.
 * Tables are constant and own nothing. Not here: meaning across keys (catalog.c).
 */
#include "spec/keys.h"
#include "spec/tables.h"

const struct cs_choice cs_precision_choices[] = {
    {"bf16", CS_PRECISION_BF16},   {"fp16", CS_PRECISION_BF16},
    {"fp8", CS_PRECISION_FP8},     {"int8", CS_PRECISION_INT8},
    {"int4", CS_PRECISION_INT4},   {"mxfp4", CS_PRECISION_MXFP4},
    {"q8_0", CS_PRECISION_Q8_0},   {"q4_k_m", CS_PRECISION_Q4_K_M},
    {"q5_k_m", CS_PRECISION_Q5_K_M}, {"q6_k", CS_PRECISION_Q6_K},
    {"q4_0", CS_PRECISION_Q4_0},   {"nvfp4", CS_PRECISION_NVFP4},
    {"mlx_4bit", CS_PRECISION_MLX_4BIT}, {"mxfp4_q8_0", CS_PRECISION_MXFP4_Q8_0},
    {"iq4_xs", CS_PRECISION_IQ4_XS}, {"q3_k_m", CS_PRECISION_Q3_K_M},
    {"q2_k", CS_PRECISION_Q2_K},   {"iq2_m", CS_PRECISION_IQ2_M},
    {NULL, 0},
};

/* --- models ---------------------------------------------------------------------------------- */

static const struct cs_key parameter_keys[] = {
    KEY("total", "All weights.", QUANTITY(cs_model, parameters_total, NUMBER, "1M", "1000T"),
        REQUIRED),
    KEY("active", "Weights used for one token.",
        QUANTITY(cs_model, parameters_active, NUMBER, "1M", "1000T")),
};
static const struct cs_table parameters_table = TABLE("parameters", parameter_keys);

static const struct cs_key routing_keys[] = {
    KEY("zipf", "Exponent: the i-th most visited expert has a share proportional to 1/i to it.",
        QUANTITY(cs_model, routing.zipf, NUMBER, "0", "5")),
    KEY("popularity", "Measured shares of the visits, one an expert, instead.",
        NUMBERS(cs_model, routing.popularity, routing.popularity_count, "0", "1e18"),
        .example = "a list of numbers, one an expert"),
    KEY("repeat", "How often a token visits the experts of the one before it in its request.",
        QUANTITY(cs_model, routing.repeat, SHARE, "0%", "99%")),
    KEY("follow", "How often a layer's experts follow from those of the layer before.",
        QUANTITY(cs_model, routing.follow, SHARE, "0%", "100%")),
};
static const struct cs_table routing_table = TABLE("architecture.moe.routing", routing_keys);

static const struct cs_key moe_keys[] = {
    KEY("layers", "Layers whose FFN is made of experts.", COUNT(cs_model, moe_layers, "1", "10000"),
        REQUIRED),
    KEY("experts", "Routed experts of a layer.", COUNT(cs_model, experts, "2", "100000"), REQUIRED),
    KEY("per_token", "Routed experts that a token visits.",
        COUNT(cs_model, experts_per_token, "1", "10000"), REQUIRED),
    KEY("ffn", "Intermediate size of one expert.", COUNT(cs_model, expert_ffn, "1", "10000000"),
        REQUIRED),
    KEY("shared_experts", "Experts that every token visits.",
        COUNT(cs_model, shared_experts, "0", "1000")),
    KEY("shared_ffn", "Intermediate size of all shared experts together.",
        COUNT(cs_model, shared_ffn, "0", "10000000")),
    KEY("groups", "Groups that the routed experts are divided into.",
        COUNT(cs_model, routing.groups, "1", "10000")),
    KEY("groups_per_token", "Groups that a token's experts may lie in.",
        COUNT(cs_model, routing.groups_per_token, "1", "10000")),
    KEY("routing", "Which experts tokens visit. Default: any as often as any other.",
        MAP(routing_table), .example = "a map, such as {zipf: 0.4, repeat: 20%}"),
};
static const struct cs_table moe_table = TABLE("architecture.moe", moe_keys);

static const struct cs_key mla_keys[] = {
    KEY("q_rank", "Rank of the compressed queries; 0: not compressed.",
        COUNT(cs_model, mla_q_rank, "0", "1000000")),
    KEY("kv_rank", "Rank of the compressed keys and values.",
        COUNT(cs_model, mla_kv_rank, "1", "1000000"), REQUIRED),
    KEY("rope_dim", "Head dimension with rotary positions.",
        COUNT(cs_model, mla_rope_dim, "0", "1000000"), REQUIRED),
    KEY("nope_dim", "Head dimension without.", COUNT(cs_model, mla_nope_dim, "1", "1000000"),
        REQUIRED),
    KEY("v_dim", "Head dimension of the values.", COUNT(cs_model, mla_v_dim, "1", "1000000"),
        REQUIRED),
};
static const struct cs_table mla_table = TABLE("architecture.mla", mla_keys);

static const struct cs_key window_keys[] = {
    KEY("window", "Tokens that a windowed layer looks back.",
        COUNT(cs_model, window_tokens, "1 token", "1G tokens"), REQUIRED, .unit = CS_UNIT_TOKENS,
        .bare = true),
    KEY("layers", "Layers so windowed.", COUNT(cs_model, window_layers, "1", "10000"), REQUIRED),
};
static const struct cs_table window_table = TABLE("architecture.sliding_window", window_keys);

static const struct cs_key architecture_keys[] = {
    KEY("layers", "Transformer layers.", COUNT(cs_model, layers, "1", "10000"), REQUIRED),
    KEY("hidden", "Hidden size.", COUNT(cs_model, hidden, "8", "1000000"), REQUIRED),
    KEY("heads", "Query heads.", COUNT(cs_model, heads, "1", "100000"), REQUIRED),
    KEY("kv_heads", "Key and value heads.", COUNT(cs_model, kv_heads, "1", "100000"), REQUIRED),
    KEY("head_dim", "Size of a head.", COUNT(cs_model, head_dim, "1", "100000"), REQUIRED),
    KEY("ffn", "Intermediate size of dense FFN layers; 0 when all layers hold experts.",
        COUNT(cs_model, ffn, "0", "10000000")),
    KEY("ffn_matrices", "3 gated, 2 plain.", COUNT(cs_model, ffn_matrices, "2", "3"),
        DEFAULT("3", "gated")),
    KEY("vocabulary", "Rows of the embedding.", COUNT(cs_model, vocabulary, "1", "100000000"),
        REQUIRED),
    KEY("context", "Longest prompt and answer together.",
        QUANTITY(cs_model, context_tokens, TOKENS, "1 token", "1G tokens"), REQUIRED),
    KEY("tied_embeddings", "Whether the LM head shares the embedding's weights.",
        BOOL(cs_model, tied_embeddings), DEFAULT("no", NULL)),
    KEY("attention_16bit",
        "Whether its fp8, int8 and int4 checkpoints leave attention's weights at 16 bits.",
        BOOL(cs_model, attention_16bit), DEFAULT("no", NULL)),
    KEY("moe", "Mixture of experts.", MAP(moe_table), .example = "a map"),
    KEY("mla", "Multi-head latent attention.", MAP(mla_table), .example = "a map"),
    KEY("sliding_window", "Layers that look back a limited way.", MAP(window_table),
        .example = "a map, such as {window: 128 tokens, layers: 18}"),
};
static const struct cs_table architecture_table = TABLE("architecture", architecture_keys);

#define SPEED(field) \
    QUANTITY(cs_measured, field, TOKENS_PER_S, "0 tok/s", "1G tok/s"), .bare = true
static const struct cs_key measured_keys[] = {
    KEY("hardware", "Where it ran.", TEXT(cs_measured, hardware), REQUIRED),
    KEY("gpus", "How many.", QUANTITY(cs_measured, gpus, NUMBER, "0", "100000")),
    KEY("engine", "Serving engine.", TEXT(cs_measured, engine)),
    KEY("precision", "Of weights.", TEXT(cs_measured, precision)),
    KEY("mode", "Kind of load.", TEXT(cs_measured, mode)),
    KEY("batch", "Requests at once.", QUANTITY(cs_measured, batch, NUMBER, "0", "1M")),
    KEY("input", "Prompt length.",
        QUANTITY(cs_measured, input_tokens, TOKENS, "0 tokens", "1G tokens"), .bare = true),
    KEY("output", "Answer length.",
        QUANTITY(cs_measured, output_tokens, TOKENS, "0 tokens", "1G tokens"), .bare = true),
    KEY("prefill", "Prompt tokens per second.", SPEED(prefill_tok_s)),
    KEY("decode", "Output tokens per second of one request.", SPEED(decode_tok_s)),
    KEY("output_total", "Output tokens per second of all requests.", SPEED(output_total_tok_s)),
    KEY("ttft", "Time to first token.", QUANTITY(cs_measured, ttft_s, SECONDS, "0 s", "1 day")),
    KEY("tpot", "Time per output token.", QUANTITY(cs_measured, tpot_s, SECONDS, "0 s", "1 h")),
    KEY("quality", "A raw log or vendor table, B single author, C secondary.",
        TEXT(cs_measured, quality)),
    KEY("date", "When.", DATE(cs_measured, date)),
    KEY("source", "Who measured it.", TEXT(cs_measured, source)),
};
static const struct cs_table measured_table = TABLE_OF(cs_measured, "measured", measured_keys);

static const struct cs_key model_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_model, name), REQUIRED),
    KEY("aliases", "Other names it goes by, such as those of model hubs.",
        TEXTS(cs_model, aliases, alias_count), .example = "a list of names"),
    KEY("title", "For people.", TEXT(cs_model, title)),
    KEY("maker", "Who trained it.", TEXT(cs_model, maker)),
    KEY("licence", "Of the weights.", TEXT(cs_model, licence)),
    KEY("released", "A date, or `no` for a model announced and never released.",
        TEXT(cs_model, released)),
    KEY("weights", "The maker's own precision.", CHOICE(cs_model, weights, cs_precision_choices),
        DEFAULT("bf16", NULL)),
    KEY("parameters", "As published.", MAP(parameters_table),
        .example = "a map, such as {total: 70.55e9}"),
    KEY("architecture", "Its shape; without one it cannot be simulated.", MAP(architecture_table),
        PRESENT(cs_model, has_architecture), .example = "a map"),
    KEY("measured", "Published throughput.",
        ROWS(cs_model, measured, measured_count, measured_table), .example = "a list of rows"),
    KEY("sources", "Where each figure comes from.", NODE(cs_model, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_model, notes)),
};
const struct cs_table cs_table_model = TABLE_OF(cs_model, "a model sheet", model_keys);

/* --- APIs ------------------------------------------------------------------------------------ */

static const struct cs_choice bases[] = {{"article", CS_PRICE_ARTICLE},
                                         {"listed", CS_PRICE_LISTED},
                                         {"reseller", CS_PRICE_RESELLER},
                                         {NULL, 0}};
static const struct cs_choice accesses[] = {{"open", 0}, {"invitation", 0}, {NULL, 0}};

/* Highest price ever listed by the large vendors: 600 USD/Mtok of output; the gate is far above. */
#define PRICE(type, field) \
    QUANTITY(type, field, USD_PER_TOKEN, "0 USD/Mtok", "100000 USD/Mtok"), .absent = -1
static const struct cs_key tier_keys[] = {
    KEY("above", "A request with more input tokens is billed at this tier, whole.",
        QUANTITY(cs_api_tier, above_tokens, TOKENS, "1 token", "1G tokens"), REQUIRED),
    KEY("input", "Prompt tokens.", PRICE(cs_api_tier, input), REQUIRED),
    KEY("output", "Answer tokens.", PRICE(cs_api_tier, output), REQUIRED),
    KEY("cached_input", "Prompt tokens found in the cache.", PRICE(cs_api_tier, cached_input)),
};
static const struct cs_table tier_table = TABLE_OF(cs_api_tier, "tiers", tier_keys);

static const struct cs_key price_keys[] = {
    KEY("basis", "Whose price it is: listed is the maker's own.",
        CHOICE(cs_api_price, basis, bases), REQUIRED),
    KEY("provider", "Who sells.", TEXT(cs_api_price, provider)),
    KEY("input", "Prompt tokens.", PRICE(cs_api_price, input), REQUIRED),
    KEY("output", "Answer tokens.", PRICE(cs_api_price, output), REQUIRED),
    KEY("cached_input", "Prompt tokens found in the cache.", PRICE(cs_api_price, cached_input)),
    KEY("cache_write", "Prompt tokens put into the cache.", PRICE(cs_api_price, cache_write)),
    KEY("batch_input", "Prompt tokens of batch requests.", PRICE(cs_api_price, batch_input)),
    KEY("batch_output", "Answer tokens of batch requests.", PRICE(cs_api_price, batch_output)),
    KEY("tiers", "Prices of long prompts.", ROWS(cs_api_price, tiers, tier_count, tier_table),
        .example = "a list, such as [{above: 200k tokens, input: 4 USD/Mtok, output: 18 "
                   "USD/Mtok}]"),
    KEY("date", "When it held.", DATE(cs_api_price, date)),
    KEY("source", "Who says so.", TEXT(cs_api_price, source)),
    KEY("note", "What to know about it.", TEXT(cs_api_price, note)),
};
static const struct cs_table price_table = TABLE_OF(cs_api_price, "prices", price_keys);

static const struct cs_key cache_keys[] = {
    KEY("least", "Shortest prompt that is kept.",
        QUANTITY(cs_api, cache.least_tokens, TOKENS, "1 token", "1M tokens"),
        DEFAULT("1024 tokens", "what the large vendors document")),
    KEY("step", "What is found is a multiple of this.",
        QUANTITY(cs_api, cache.step_tokens, TOKENS, "1 token", "1M tokens"),
        DEFAULT("1 token", NULL)),
    KEY("kept", "How long, after the last use.",
        QUANTITY(cs_api, cache.kept_s, SECONDS, "1 s", "100 days"),
        DEFAULT("5 min", "the shortest that the large vendors document")),
};
static const struct cs_table cache_table = TABLE("cache", cache_keys);

static const struct cs_key limit_keys[] = {
    KEY("tier", "What it is called.", TEXT(cs_api_limit, tier), REQUIRED),
    KEY("requests", "Most requests.",
        QUANTITY(cs_api_limit, requests_per_s, REQUESTS_PER_S, "1 req/day", "1e9 req/min")),
    KEY("tokens", "Most tokens, prompts and answers together.",
        QUANTITY(cs_api_limit, tokens_per_s, TOKENS_PER_S, "1 token/day", "1e15 tokens/min")),
    KEY("input", "Most prompt tokens.",
        QUANTITY(cs_api_limit, input_tokens_per_s, TOKENS_PER_S, "1 token/day",
                 "1e15 tokens/min")),
    KEY("output", "Most answer tokens.",
        QUANTITY(cs_api_limit, output_tokens_per_s, TOKENS_PER_S, "1 token/day",
                 "1e15 tokens/min")),
    KEY("date", "When it held.", DATE(cs_api_limit, date)),
    KEY("source", "Who says so.", TEXT(cs_api_limit, source)),
};
static const struct cs_table limit_table = TABLE_OF(cs_api_limit, "limits", limit_keys);

static const struct cs_key committed_keys[] = {
    KEY("provider", "Who sells.", TEXT(cs_api_committed, provider), REQUIRED),
    KEY("unit", "What a unit is called.", TEXT(cs_api_committed, unit), DEFAULT("unit", NULL)),
    KEY("price", "Of a unit, used or not.",
        QUANTITY(cs_api_committed, usd_per_s, USD_PER_S, "0.001 USD/h", "100000 USD/h"), REQUIRED),
    KEY("tokens", "What a unit takes, in prompt tokens.",
        QUANTITY(cs_api_committed, tokens_per_s, TOKENS_PER_S, "1 token/min", "1e12 tokens/min"),
        REQUIRED),
    KEY("output_weight", "Prompt tokens that a token of an answer counts as.",
        QUANTITY(cs_api_committed, output_weight, NUMBER, "0", "1000"), DEFAULT("1", NULL)),
    KEY("least", "Fewest units.", COUNT(cs_api_committed, least, "1", "1000000"),
        DEFAULT("1", NULL)),
    KEY("step", "Units are sold in multiples of this.", COUNT(cs_api_committed, step, "1", "10000"),
        DEFAULT("1", NULL)),
    KEY("commitment", "Shortest time that is paid for.",
        QUANTITY(cs_api_committed, commitment_s, SECONDS, "1 s", "10 years")),
    KEY("date", "When it held.", DATE(cs_api_committed, date)),
    KEY("source", "Who says so.", TEXT(cs_api_committed, source)),
    KEY("note", "What to know about it.", TEXT(cs_api_committed, note)),
};
static const struct cs_table committed_table =
    TABLE_OF(cs_api_committed, "committed", committed_keys);

static const struct cs_key api_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_api, name), REQUIRED),
    KEY("title", "For people.", TEXT(cs_api, title)),
    KEY("maker", "Who offers it.", TEXT(cs_api, maker)),
    KEY("context", "Longest prompt.",
        QUANTITY(cs_api, context_tokens, TOKENS, "1 token", "1G tokens")),
    KEY("access", "Who can use it.", TEXT(cs_api, access), .choices = accesses),
    KEY("prices", "Every price known, with its source and date.",
        ROWS(cs_api, prices, price_count, price_table), REQUIRED, .example = "a list of prices"),
    KEY("cache", "What it keeps of prompts, where cached input has a price.", MAP(cache_table),
        .example = "a map, such as {least: 1024 tokens, kept: 5 min}"),
    KEY("limits", "Its rate limits, by tier, ascending.",
        ROWS(cs_api, limits, limit_count, limit_table), .example = "a list of tiers"),
    KEY("committed", "Throughput that can be bought by the hour.",
        ROWS(cs_api, committed, committed_count, committed_table), .example = "a list of offers"),
    KEY("sources", "Where each figure comes from.", NODE(cs_api, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_api, notes)),
};
const struct cs_table cs_table_api = TABLE_OF(cs_api, "an API sheet", api_keys);
