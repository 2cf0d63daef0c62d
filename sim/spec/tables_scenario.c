/* Key tables of the scenario: THE list of what a scenario may say.
 *
 * Limits are gates against slips, each with its reason:
 *   volume    1 token/day to 1e15 tokens/day. The largest public claim is about 1.3e15 tokens a
 *             month of one company (Google, October 2025); the gate is 20 times that.
 *   requests  1 per year to 1e12/day, about a hundred a day for every person alive.
 *   days      a quarter of an hour to 100 days (time is kept in 64-bit picoseconds: 106 days).
 *   burstiness 0.1 to 20; gaps of a coefficient above that carry no stable hourly rate.
 *   latency   1 us to a day.
 *
 * The rule: defaults here are text and are read like values; each says why, and `capsim explain`
 * prints those that applied. The order of the deploy keys is the order of multiplying out.
 */
#include "spec/tables.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define TABLE(rows) .keys = rows, .count = sizeof rows / sizeof rows[0]

const double cs_slo_percentiles[CS_SLO_POINTS] = {0, 50, 90, 95, 99, 99.9};
const char *const cs_slo_point_names[CS_SLO_POINTS] = {"mean", "p50", "p90", "p95", "p99", "p99_9"};
const char *const cs_metric_names[CS_METRIC_COUNT] = {
    [CS_METRIC_TTFT] = "ttft", [CS_METRIC_TPOT] = "tpot",
    [CS_METRIC_ITL] = "itl",   [CS_METRIC_E2E] = "e2e"};

/* --- traffic --------------------------------------------------------------------------------- */

static const struct cs_key prefix_keys[] = {
    {.name = "groups", .kind = CS_KEY_COUNT, AT(cs_traffic_text, groups), .low = "1",
     .high = "1000000", .required = true,
     .doc = "How many different prefixes; each request, or conversation, has one of them."},
    {.name = "tokens", .kind = CS_KEY_NODE, AT(cs_traffic_text, prefix_tokens), .required = true,
     .example = "tokens, such as '1200 tokens', or whole",
     .doc = "From the front of the prompt, the same in a group; `whole`: prompts recur as a whole, "
            "each group's as long as was drawn for it once."},
    {.name = "popularity", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_traffic_text, popularity), .low = "0", .high = "5", .fallback = "0",
     .why = "all groups are asked for equally",
     .doc = "Exponent of Zipf's law: group k has a share proportional to 1/k to this power."},
};
static const struct cs_table prefix_table = {"traffic.prefix", TABLE(prefix_keys), .size = 0};
static const struct cs_key session_keys[] = {
    {.name = "turns", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_traffic_text, sessions.turns), .low = "1", .high = "10000", .required = true,
     .doc = "Mean requests of a conversation; their number is geometric."},
    {.name = "think", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_traffic_text, sessions.think_s), .low = "1 ms", .high = "1 day", .required = true,
     .doc = "Mean time from a turn's arrival to the next one's, exponential."},
};
static const struct cs_table session_table = {"traffic.sessions", TABLE(session_keys), .size = 0};

static const struct cs_choice samplings[] = {{"greedy", 0}, {"top_p", 1}, {NULL, 0}};
static const struct cs_key traffic_keys[] = {
    {.name = "volume", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS_PER_S,
     AT(cs_traffic_text, tokens_per_s), .present = offsetof(struct cs_traffic_text, has_volume),
     .low = "1 token/day", .high = "1e15 tokens/day",
     .doc = "Prompt and answer tokens together, on average."},
    {.name = "requests", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_REQUESTS_PER_S,
     AT(cs_traffic_text, requests_per_s), .present = offsetof(struct cs_traffic_text, has_requests),
     .low = "1 req/year", .high = "1e12 req/day",
     .doc = "Requests per time, instead of `volume`, such as 30k/day."},
    {.name = "rate", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_REQUESTS_PER_S,
     AT(cs_traffic_text, rate), .present = offsetof(struct cs_traffic_text, has_rate),
     .low = "1 req/year", .high = "1e12 req/day",
     .doc = "The same as `requests`, such as 12 req/s."},
    {.name = "trace", .kind = CS_KEY_TEXT, AT(cs_traffic_text, trace),
     .example = "the name of a CSV or .jsonl file",
     .doc = "Replays this file instead of all the above: CSV, or JSON lines named .jsonl; plain, "
            ".gz or .zst; from the scenario's folder."},
    {.name = "lengths", .kind = CS_KEY_NODE, AT(cs_traffic_text, lengths),
     .table = &cs_table_lengths_pair,
     .example = "a traffic sheet's name, or {input: ..., output: ...}",
     .doc = "A sheet of measured pairs, or `input` and `output` in place."},
    {.name = "input_share", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_traffic_text, input_share), .low = "1%", .high = "99%",
     .doc = "Rescales the lengths to this share of prompt tokens; their sum stays."},
    {.name = "curve", .kind = CS_KEY_NODE, AT(cs_traffic_text, curve),
     .example = "a traffic sheet's name, flat, or a list of 24 or 168 numbers",
     .doc = "Rate over a day or week: a sheet, `flat`, or 24 or 168 hourly numbers. Default flat."},
    {.name = "burstiness", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_traffic_text, burstiness), .low = "0.1", .high = "20", .fallback = "1",
     .why = "independent users arrive as a Poisson process",
     .doc = "Coefficient of variation of the gaps between arrivals."},
    {.name = "sampling", .kind = CS_KEY_CHOICE, AT(cs_traffic_text, sampling),
     .choices = samplings, .fallback = "greedy", .why = "no sampler work is added unasked",
     .doc = "top_p costs a sort of the vocabulary for each token."},
    {.name = "prefix", .kind = CS_KEY_MAP, .table = &prefix_table,
     .present = offsetof(struct cs_traffic_text, has_prefix),
     .example = "a map, such as {groups: 20, tokens: 1200 tokens}",
     .doc = "What prompts begin with in common."},
    {.name = "sessions", .kind = CS_KEY_MAP, .table = &session_table,
     .present = offsetof(struct cs_traffic_text, has_sessions),
     .example = "a map, such as {turns: 4, think: 40 s}",
     .doc = "Conversations: a prompt begins with its conversation so far, as far as it fits. Rate "
            "and lengths stay, so lengths are those of whole prompts."},
};
static const struct cs_table traffic_table = {"traffic", TABLE(traffic_keys), .size = 0};

/* --- slo ------------------------------------------------------------------------------------- */

#define POINT(point_name, index, text)                                                   \
    {.name = point_name, .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,               \
     AT(cs_slo_metric_text, limit_s[index]), .low = "1 us", .high = "1 day", .doc = text}
static const struct cs_key metric_keys[] = {
    POINT("mean", 0, "Limit of the mean."),
    POINT("p50", 1, "Limit of the median."),
    POINT("p90", 2, "Limit that 90 % keep."),
    POINT("p95", 3, "Limit that 95 % keep."),
    POINT("p99", 4, "Limit that 99 % keep."),
    POINT("p99_9", 5, "Limit that 99.9 % keep."),
};
static const struct cs_table metric_table = {"slo.<metric>", TABLE(metric_keys), .size = 0};

#define METRIC(metric_name, index, text)                                                      \
    {.name = metric_name, .kind = CS_KEY_MAP, .table = &metric_table,                         \
     AT(cs_slo_text, metrics[index]), .example = "percentiles, such as {p95: 1 s}", .doc = text}
static const struct cs_choice windows[] = {
    {"hour", CS_WINDOW_HOUR}, {"day", CS_WINDOW_DAY}, {"run", CS_WINDOW_RUN}, {NULL, 0}};
static const struct cs_key slo_keys[] = {
    METRIC("ttft", CS_METRIC_TTFT, "Time to first token."),
    METRIC("tpot", CS_METRIC_TPOT, "Time per output token after the first, over a request."),
    METRIC("itl", CS_METRIC_ITL, "One gap between two tokens."),
    METRIC("e2e", CS_METRIC_E2E, "From arrival to the last token."),
    {.name = "window", .kind = CS_KEY_CHOICE, AT(cs_slo_text, window), .choices = windows,
     .fallback = "hour", .why = "an average over a week hides its busiest hours",
     .doc = "The SLO must hold in every window of this length."},
    {.name = "availability", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_slo_text, availability), .low = "1%", .high = "100%",
     .doc = "Not modelled yet; the report says so."},
    {.name = "confidence", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_slo_text, confidence), .low = "50%", .high = "99.9%",
     .doc = "How sure the plan must be of the model itself: sized for slower steps by as much."},
};
static const struct cs_table slo_table = {"slo", TABLE(slo_keys), .size = 0};

/* --- deploy ---------------------------------------------------------------------------------- */

static const struct cs_choice kv_choices[] = {{"bf16", CS_PRECISION_BF16},
                                              {"fp16", CS_PRECISION_BF16},
                                              {"fp8", CS_PRECISION_FP8},
                                              {"int8", CS_PRECISION_INT8},
                                              {NULL, 0}};
static const struct cs_choice routers[] = {{"round_robin", CS_ROUTER_ROUND_ROBIN},
                                           {"least_outstanding", CS_ROUTER_LEAST_OUTSTANDING},
                                           {NULL, 0}};
static const struct cs_key deploy_keys[] = {
    {.name = "model", .kind = CS_KEY_TEXT, AT(cs_deploy_text, model), .example = "a model's name",
     .doc = "A model sheet, instead of the scenario's `model`."},
    {.name = "hardware", .kind = CS_KEY_TEXT, AT(cs_deploy_text, hardware), .required = true,
     .example = "a hardware sheet's name", .doc = "A hardware sheet."},
    {.name = "precision", .kind = CS_KEY_CHOICE, AT(cs_deploy_text, precision),
     .present = offsetof(struct cs_deploy_text, has_precision), .choices = cs_precision_choices,
     .doc = "Of the weights. Default: the maker's own."},
    {.name = "engine", .kind = CS_KEY_TEXT, AT(cs_deploy_text, engine), .fallback = "vllm",
     .why = "the engine whose sheet is fitted to measurements",
     .example = "an engine sheet's name", .doc = "An engine sheet."},
    {.name = "tensor_parallel", .kind = CS_KEY_COUNT, AT(cs_deploy_text, option.tensor_parallel),
     .low = "1", .high = "1024", .automatic = true, .fallback = "auto",
     .why = "chosen among the sizes that fit", .doc = "GPUs that share each layer."},
    {.name = "pipeline_parallel", .kind = CS_KEY_COUNT,
     AT(cs_deploy_text, option.pipeline_parallel), .low = "1", .high = "1024", .fallback = "1",
     .why = "all layers on each GPU of the group", .doc = "Groups of layers, one after another."},
    {.name = "expert_parallel", .kind = CS_KEY_COUNT, AT(cs_deploy_text, expert_parallel),
     .low = "1", .high = "100000", .fallback = "1", .why = "not modelled yet",
     .doc = "Only 1: more is not modelled yet."},
    {.name = "replicas", .kind = CS_KEY_COUNT, AT(cs_deploy_text, option.replicas), .low = "1",
     .high = "1000000", .automatic = true, .fallback = "auto",
     .why = "the fewest that meet the SLO", .doc = "Copies of the model."},
    {.name = "gpus", .kind = CS_KEY_COUNT, AT(cs_deploy_text, option.gpus), .low = "1",
     .high = "10000000", .automatic = true, .fallback = "auto",
     .why = "replicas x tensor_parallel x pipeline_parallel", .doc = "All GPUs together."},
    {.name = "kv_precision", .kind = CS_KEY_CHOICE, AT(cs_deploy_text, kv_precision),
     .present = offsetof(struct cs_deploy_text, has_kv_precision), .choices = kv_choices,
     .fallback = "bf16", .why = "what engines do unless told otherwise",
     .doc = "Of the KV cache."},
    {.name = "router", .kind = CS_KEY_CHOICE, AT(cs_deploy_text, router), .choices = routers,
     .fallback = "least_outstanding", .why = "what load balancers for LLMs do",
     .doc = "Which replica gets a request."},
    {.name = "max_num_seqs", .kind = CS_KEY_COUNT, AT(cs_deploy_text, option.max_num_seqs),
     .low = "1", .high = "65536", .doc = "Most requests in one step. Default: the engine's."},
    {.name = "max_num_batched_tokens", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_deploy_text, option.max_num_batched_tokens), .low = "1 token",
     .high = "10000000 tokens", .doc = "Most tokens in one step. Default: the engine's."},
    {.name = "kv_blocks", .kind = CS_KEY_COUNT64, AT(cs_deploy_text, option.kv_blocks),
     .low = "1", .high = "1000000000000", .automatic = true, .fallback = "auto",
     .why = "what the memory holds beside weights and runtime",
     .doc = "Blocks of KV cache of a replica."},
    {.name = "gpu_memory_utilization", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE,
     AT(cs_deploy_text, option.gpu_memory_utilization), .low = "10%", .high = "100%",
     .doc = "Share of the memory that the engine takes. Default: the engine's."},
    {.name = "block_size", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_deploy_text, option.block_size), .low = "1 token", .high = "4096 tokens",
     .doc = "Tokens in a block of KV cache. Default: the engine's."},
    {.name = "context", .kind = CS_KEY_COUNT, .unit = CS_UNIT_TOKENS, .bare = true,
     AT(cs_deploy_text, option.context), .low = "16 tokens", .high = "10000000 tokens",
     .doc = "Most tokens of a request, prompt and answer. Default: the engine's, or the model's."},
    {.name = "prefix_caching", .kind = CS_KEY_BOOL, AT(cs_deploy_text, option.prefix_caching),
     .present = offsetof(struct cs_deploy_text, has_prefix_caching),
     .doc = "Whether what an earlier prompt computed is found again. Default: the engine's, where "
            "the traffic says what prompts share, else no."},
};
const struct cs_table cs_table_deploy = {"deploy", TABLE(deploy_keys),
                                         .size = sizeof(struct cs_deploy_text)};

/* --- cost ------------------------------------------------------------------------------------ */

static const struct cs_key own_keys[] = {
    {.name = "purchase", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD, AT(cs_own, purchase_usd),
     .low = "0 USD", .high = "100M USD", .doc = "Per GPU. Default: the hardware sheet's."},
    {.name = "server", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD, AT(cs_own, server_usd),
     .low = "0 USD", .high = "100M USD", .doc = "The rest of the machine, per GPU."},
    {.name = "years", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_own, years),
     .low = "0.1", .high = "50", .required = true, .doc = "How long it is written off."},
    {.name = "residual", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(cs_own, residual),
     .low = "0%", .high = "100%", .doc = "Share of the price left after those years."},
    {.name = "electricity", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_J,
     AT(cs_own, electricity_usd_per_J), .low = "0 USD/kWh", .high = "100 USD/kWh",
     .doc = "Price of electricity. Default: `cost.electricity`."},
    {.name = "pue", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_own, pue), .low = "1",
     .high = "5", .doc = "Power of the building over that of its machines. Default: `cost.pue`."},
};
static const struct cs_table own_table = {"cost.own", TABLE(own_keys), .size = 0};

static const struct cs_key cost_keys[] = {
    {.name = "prices", .kind = CS_KEY_TEXT, AT(cs_cost, prices), .fallback = "listed",
     .why = "the vendors' own lists, and the median on-demand price of a GPU",
     .example = "article, listed, a provider or a date",
     .doc = "`article`, `listed`, a provider, or a date: which of a sheet's prices holds."},
    {.name = "gpu", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_S, AT(cs_cost, gpu_usd_per_s),
     .low = "0.001 USD/h", .high = "1000 USD/h", .doc = "This price for every GPU."},
    {.name = "own", .kind = CS_KEY_MAP, .table = &own_table, AT(cs_cost, own),
     .present = offsetof(struct cs_cost, own.has),
     .example = "a map, such as {purchase: 25000 USD, years: 4}",
     .doc = "Machines bought, not rented."},
    {.name = "staff", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_S,
     AT(cs_cost, staff_usd_per_s), .low = "0 USD/h", .high = "1M USD/h",
     .doc = "People, per hour or day. Default none."},
    {.name = "electricity", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD_PER_J,
     AT(cs_cost, electricity_usd_per_J), .low = "0 USD/kWh", .high = "100 USD/kWh",
     .doc = "For the energy of owned machines."},
    {.name = "pue", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_cost, pue),
     .low = "1", .high = "5", .fallback = "1", .why = "the machines' own power; no building given",
     .doc = "Power of the building over that of its machines."},
    {.name = "carbon", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_KG_PER_J,
     AT(cs_cost, carbon_kg_per_J), .low = "0 gCO2e/kWh", .high = "5000 gCO2e/kWh",
     .doc = "Carbon intensity of the electricity."},
};
static const struct cs_table cost_table = {"cost", TABLE(cost_keys), .size = 0};

/* --- simulate and the whole ------------------------------------------------------------------ */

static const struct cs_key simulate_keys[] = {
    {.name = "days", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_simulate_text, days),
     .present = offsetof(struct cs_simulate_text, has_days), .low = "0.01", .high = "100",
     .fallback = "7", .why = "a week holds every hour of a weekly curve",
     .doc = "Simulated days."},
    {.name = "requests", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_REQUESTS,
     AT(cs_simulate_text, requests), .present = offsetof(struct cs_simulate_text, has_requests),
     .low = "1", .high = "1e12", .doc = "Stops after so many arrivals instead, or 100 days."},
    {.name = "replications", .kind = CS_KEY_COUNT, AT(cs_simulate_text, replications), .low = "1",
     .high = "24", .automatic = true, .fallback = "auto",
     .why = "until the interval decides", .doc = "Independent repetitions."},
    {.name = "seed", .kind = CS_KEY_COUNT64, AT(cs_simulate_text, seed), .low = "0",
     .high = "9e15", .fallback = "1", .why = "the same bytes every time",
     .doc = "Of all random streams."},
};
static const struct cs_table simulate_table = {"simulate", TABLE(simulate_keys), .size = 0};

static const struct cs_key scenario_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_scenario_text, name), .doc = "For people."},
    {.name = "model", .kind = CS_KEY_NODE, AT(cs_scenario_text, model),
     .example = "a model's name or a list of them",
     .doc = "A model sheet, or a list: each is an option of its own."},
    {.name = "traffic", .kind = CS_KEY_MAP, .table = &traffic_table, .required = true,
     AT(cs_scenario_text, traffic), .example = "a map, such as {volume: 50M tokens/day, ...}",
     .doc = "What comes in."},
    {.name = "slo", .kind = CS_KEY_MAP, .table = &slo_table, AT(cs_scenario_text, slo),
     .example = "a map, such as {ttft: {p95: 1 s}}",
     .doc = "What latency is asked for. Without it any stable fleet will do."},
    {.name = "deploy", .kind = CS_KEY_NODE, .required = true, AT(cs_scenario_text, deploy),
     .table = &cs_table_deploy,
     .example = "a map, such as {hardware: h100-sxm-80gb}, or a list of them",
     .doc = "One option or a list; lists inside multiply out."},
    {.name = "compare", .kind = CS_KEY_NODE, AT(cs_scenario_text, compare),
     .example = "an API's name or a list of them", .doc = "APIs to compare with."},
    {.name = "cost", .kind = CS_KEY_MAP, .table = &cost_table, AT(cs_scenario_text, cost),
     .example = "a map, such as {prices: listed}", .doc = "Everything about money."},
    {.name = "simulate", .kind = CS_KEY_MAP, .table = &simulate_table,
     AT(cs_scenario_text, simulate), .example = "a map, such as {days: 7, seed: 1}",
     .doc = "How long, how often, which seed."},
};
const struct cs_table cs_table_scenario = {"a scenario", TABLE(scenario_keys),
                                           .size = sizeof(struct cs_scenario_text)};
