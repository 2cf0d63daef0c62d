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
#include "spec/keys.h"
#include "spec/tables.h"

const double cs_slo_percentiles[CS_SLO_POINTS] = {0, 50, 90, 95, 99, 99.9};
const char *const cs_slo_point_names[CS_SLO_POINTS] = {"mean", "p50", "p90", "p95", "p99", "p99_9"};
const char *const cs_metric_names[CS_METRIC_COUNT] = {
    [CS_METRIC_TTFT] = "ttft", [CS_METRIC_TPOT] = "tpot",
    [CS_METRIC_ITL] = "itl",   [CS_METRIC_E2E] = "e2e"};

/* --- traffic --------------------------------------------------------------------------------- */

static const struct cs_key prefix_keys[] = {
    KEY("groups", "How many different prefixes; each request, or conversation, has one of them.",
        COUNT(cs_traffic_text, groups, "1", "1000000"), REQUIRED),
    KEY("tokens", "From the front of the prompt, the same in a group; `whole`: prompts recur as a "
                  "whole, each group's as long as was drawn for it once.",
        NODE(cs_traffic_text, prefix_tokens), REQUIRED,
        .example = "tokens, such as '1200 tokens', or whole"),
    KEY("popularity",
        "Exponent of Zipf's law: group k has a share proportional to 1/k to this power.",
        QUANTITY(cs_traffic_text, popularity, NUMBER, "0", "5"),
        DEFAULT("0", "all groups are asked for equally")),
};
static const struct cs_table prefix_table = TABLE("traffic.prefix", prefix_keys);
static const struct cs_key session_keys[] = {
    KEY("turns", "Mean requests of a conversation; their number is geometric.",
        QUANTITY(cs_traffic_text, sessions.turns, NUMBER, "1", "10000"), REQUIRED),
    KEY("think", "Mean time from a turn's arrival to the next one's, exponential.",
        QUANTITY(cs_traffic_text, sessions.think_s, SECONDS, "1 ms", "1 day"), REQUIRED),
};
static const struct cs_table session_table = TABLE("traffic.sessions", session_keys);

static const struct cs_choice samplings[] = {{"greedy", 0}, {"top_p", 1}, {NULL, 0}};
static const struct cs_key traffic_keys[] = {
    KEY("volume", "Prompt and answer tokens together, on average.",
        QUANTITY(cs_traffic_text, tokens_per_s, TOKENS_PER_S, "1 token/day", "1e15 tokens/day"),
        PRESENT(cs_traffic_text, has_volume)),
    KEY("requests", "Requests per time, instead of `volume`, such as 30k/day.",
        QUANTITY(cs_traffic_text, requests_per_s, REQUESTS_PER_S, "1 req/year", "1e12 req/day"),
        PRESENT(cs_traffic_text, has_requests)),
    KEY("rate", "The same as `requests`, such as 12 req/s.",
        QUANTITY(cs_traffic_text, rate, REQUESTS_PER_S, "1 req/year", "1e12 req/day"),
        PRESENT(cs_traffic_text, has_rate)),
    KEY("trace", "Replays this file instead of all the above: CSV, or JSON lines named .jsonl; "
                 "plain, .gz or .zst; from the scenario's folder.", TEXT(cs_traffic_text, trace),
        .example = "the name of a CSV or .jsonl file"),
    KEY("lengths", "A sheet of measured pairs, or `input` and `output` in place.",
        NODE(cs_traffic_text, lengths), .table = &cs_table_lengths_pair,
        .example = "a traffic sheet's name, or {input: ..., output: ...}"),
    KEY("input_share", "Rescales the lengths to this share of prompt tokens; their sum stays.",
        QUANTITY(cs_traffic_text, input_share, SHARE, "1%", "99%")),
    KEY("curve",
        "Rate over a day or week: a sheet, `flat`, or 24 or 168 hourly numbers. Default flat.",
        NODE(cs_traffic_text, curve),
        .example = "a traffic sheet's name, flat, or a list of 24 or 168 numbers"),
    KEY("burstiness", "Coefficient of variation of the gaps between arrivals.",
        QUANTITY(cs_traffic_text, burstiness, NUMBER, "0.1", "20"),
        DEFAULT("1", "independent users arrive as a Poisson process")),
    KEY("sampling", "top_p costs a sort of the vocabulary for each token.",
        CHOICE(cs_traffic_text, sampling, samplings),
        DEFAULT("greedy", "no sampler work is added unasked")),
    KEY("batch", "Share of the requests that can wait for hours: APIs bill them as batches, and "
                 "the fleet serves them as the others.",
        QUANTITY(cs_traffic_text, batch, SHARE, "0%", "100%")),
    KEY("prefix", "What prompts begin with in common.", MAP(prefix_table),
        PRESENT(cs_traffic_text, has_prefix),
        .example = "a map, such as {groups: 20, tokens: 1200 tokens}"),
    KEY("sessions", "Conversations: a prompt begins with its conversation so far, as far as it "
                    "fits. Rate and lengths stay, so lengths are those of whole prompts.",
        MAP(session_table), PRESENT(cs_traffic_text, has_sessions),
        .example = "a map, such as {turns: 4, think: 40 s}"),
};
static const struct cs_table traffic_table = TABLE("traffic", traffic_keys);

/* --- slo ------------------------------------------------------------------------------------- */

#define POINT(index) QUANTITY(cs_slo_metric_text, limit_s[index], SECONDS, "1 us", "1 day")
static const struct cs_key metric_keys[] = {
    KEY("mean", "Limit of the mean.", POINT(0)),
    KEY("p50", "Limit of the median.", POINT(1)),
    KEY("p90", "Limit that 90 % keep.", POINT(2)),
    KEY("p95", "Limit that 95 % keep.", POINT(3)),
    KEY("p99", "Limit that 99 % keep.", POINT(4)),
    KEY("p99_9", "Limit that 99.9 % keep.", POINT(5)),
};
static const struct cs_table metric_table = TABLE("slo.<metric>", metric_keys);

#define METRIC(index) \
    MAP(metric_table), AT(cs_slo_text, metrics[index]), \
    .example = "percentiles, such as {p95: 1 s}"
static const struct cs_choice windows[] = {
    {"hour", CS_WINDOW_HOUR}, {"day", CS_WINDOW_DAY}, {"run", CS_WINDOW_RUN}, {NULL, 0}};
static const struct cs_key slo_keys[] = {
    KEY("ttft", "Time to first token.", METRIC(CS_METRIC_TTFT)),
    KEY("tpot", "Time per output token after the first, over a request.", METRIC(CS_METRIC_TPOT)),
    KEY("itl", "One gap between two tokens.", METRIC(CS_METRIC_ITL)),
    KEY("e2e", "From arrival to the last token.", METRIC(CS_METRIC_E2E)),
    KEY("window", "The SLO must hold in every window of this length.",
        CHOICE(cs_slo_text, window, windows),
        DEFAULT("hour", "an average over a week hides its busiest hours")),
    KEY("availability", "Not modelled yet; the report says so.",
        QUANTITY(cs_slo_text, availability, SHARE, "1%", "100%")),
    KEY("confidence",
        "How sure the plan must be of the model itself: sized for slower steps by as much.",
        QUANTITY(cs_slo_text, confidence, SHARE, "50%", "99.9%")),
};
static const struct cs_table slo_table = TABLE("slo", slo_keys);

/* --- deploy ---------------------------------------------------------------------------------- */

static const struct cs_choice kv_choices[] = {{"bf16", CS_PRECISION_BF16},
                                              {"fp16", CS_PRECISION_BF16},
                                              {"fp8", CS_PRECISION_FP8},
                                              {"int8", CS_PRECISION_INT8},
                                              {NULL, 0}};
const struct cs_choice cs_router_choices[] = {{"round_robin", CS_ROUTER_ROUND_ROBIN},
                                              {"least_outstanding", CS_ROUTER_LEAST_OUTSTANDING},
                                              {NULL, 0}};
const char *const cs_router_names[CS_ROUTER_COUNT] = {
    [CS_ROUTER_ROUND_ROBIN] = "round_robin",
    [CS_ROUTER_LEAST_OUTSTANDING] = "least_outstanding"};
const char *const cs_expert_policy_names[CS_EXPERTS_COUNT] = {
    [CS_EXPERTS_RESIDENT] = "resident", [CS_EXPERTS_STATIC] = "static",
    [CS_EXPERTS_LRU] = "lru",           [CS_EXPERTS_LFU] = "lfu",
    [CS_EXPERTS_PREFETCH] = "prefetch", [CS_EXPERTS_CPU] = "cpu"};
static const struct cs_choice policies[] = {{"resident", CS_EXPERTS_RESIDENT},
                                            {"static", CS_EXPERTS_STATIC},
                                            {"lru", CS_EXPERTS_LRU},
                                            {"lfu", CS_EXPERTS_LFU},
                                            {"prefetch", CS_EXPERTS_PREFETCH},
                                            {"cpu", CS_EXPERTS_CPU},
                                            {NULL, 0}};
static const struct cs_key experts_keys[] = {
    KEY("policy",
        "Where experts are: all `resident`; the hottest `static` in the GPUs' memory and the rest "
        "copied when needed; a cache, `lru` or `lfu`; `prefetch`, lru with the next layer's copied "
        "ahead; `cpu`, computed by the host where they lie.",
        CHOICE(cs_deploy_text, policy, policies), DEFAULT("resident", "all weights fit")),
    KEY("resident",
        "Of the other policies: experts of a layer held in the GPUs' memory, on average over its "
        "layers. Default: as many as serve fastest beside the KV cache.",
        QUANTITY(cs_deploy_text, option.experts.resident, NUMBER, "0.001", "100000"),
        .automatic = true),
    KEY("accuracy",
        "Of `prefetch`: share of the experts needed that is foreseen. Default: from the model's "
        "routing.",
        QUANTITY(cs_deploy_text, option.experts.accuracy, SHARE, "0%", "100%"), .absent = -1),
    KEY("overlap",
        "Of `prefetch`: share of a layer's time in which copies proceed beside it. Default: 100%.",
        QUANTITY(cs_deploy_text, option.experts.overlap, SHARE, "0%", "100%"), .absent = -1),
    KEY("zipf", "Exponent of the visits to experts with this traffic. Default: the model's.",
        QUANTITY(cs_deploy_text, zipf, NUMBER, "0", "5"), .absent = -1),
    KEY("repeat",
        "How often a token visits the experts of the one before it. Default: the model's.",
        QUANTITY(cs_deploy_text, repeat, SHARE, "0%", "99%"), .absent = -1),
    KEY("follow", "How often experts follow from the layer before. Default: the model's.",
        QUANTITY(cs_deploy_text, follow, SHARE, "0%", "100%"), .absent = -1),
    KEY("balanced",
        "Whether ranks hold experts so that their visits are even, as load balancers do. Default: "
        "with `redundant`, else they hold them as they come.",
        BOOL(cs_deploy_text, option.experts.balanced), PRESENT(cs_deploy_text, has_balanced)),
    KEY("redundant", "Further copies of the hottest experts, over the ranks of a layer.",
        COUNT(cs_deploy_text, option.experts.redundant, "0", "100000")),
    KEY("capacity_factor",
        "Most visits of an expert in a step, over the mean; what exceeds it is dropped. Default: "
        "none, as serving engines do.",
        QUANTITY(cs_deploy_text, option.experts.capacity_factor, NUMBER, "1", "100")),
};
static const struct cs_table experts_table = TABLE("deploy.experts", experts_keys);

static const struct cs_key deploy_keys[] = {
    KEY("model", "A model sheet, instead of the scenario's `model`.", TEXT(cs_deploy_text, model),
        .example = "a model's name"),
    KEY("hardware", "A hardware sheet.", TEXT(cs_deploy_text, hardware), REQUIRED,
        .example = "a hardware sheet's name"),
    KEY("memory", "Of this machine, where it is sold with several sizes. Makers' GB are GiB. "
                  "Default: the sheet's.",
        QUANTITY(cs_deploy_text, memory_bytes, BYTES, "1 GB", "100 TB")),
    KEY("gpu_share", "Of unified memory, what the GPU may use, such as sysctl iogpu.wired_limit_mb "
                     "sets on a Mac. Default: the sheet's.",
        QUANTITY(cs_deploy_text, gpu_share, SHARE, "1%", "100%")),
    KEY("power_limit", "Of a GPU, below its TDP: clocks and compute fall, bandwidth does not.",
        QUANTITY(cs_deploy_text, power_limit_w, WATTS, "1 W", "100 kW")),
    KEY("sustained", "Share of its peak clock that the GPU keeps when hot, as in laptops.",
        QUANTITY(cs_deploy_text, sustained, SHARE, "10%", "100%")),
    KEY("precision", "Of the weights. Default: the maker's own.",
        CHOICE(cs_deploy_text, precision, cs_precision_choices),
        PRESENT(cs_deploy_text, has_precision)),
    KEY("engine", "An engine sheet.", TEXT(cs_deploy_text, engine),
        DEFAULT("vllm", "the engine whose sheet is fitted to measurements"),
        .example = "an engine sheet's name"),
    KEY("tensor_parallel", "GPUs that share each layer.",
        COUNT(cs_deploy_text, option.tensor_parallel, "1", "1024"),
        DEFAULT("auto", "chosen among the sizes that fit"), .automatic = true),
    KEY("pipeline_parallel", "Groups of layers, one after another.",
        COUNT(cs_deploy_text, option.pipeline_parallel, "1", "1024"),
        DEFAULT("1", "all layers on each GPU of the group")),
    KEY("expert_parallel",
        "Ranks that whole experts are divided over; beyond tensor_parallel, attention is repeated "
        "for a share of the requests each.",
        COUNT(cs_deploy_text, option.expert_parallel, "1", "4096"),
        DEFAULT("1", "experts are divided as all other weights")),
    KEY("experts", "Which experts the GPUs' memory holds, and what becomes of the others.",
        MAP(experts_table), PRESENT(cs_deploy_text, has_experts),
        .example = "a map, such as {policy: lru, resident: 24}"),
    KEY("host",
        "The machine of one replica: a host sheet, or a map. Default: the hardware sheet's.",
        NODE(cs_deploy_text, host), .table = &cs_table_host_here,
        .example = "a host's name, or {memory: {capacity: 64 GB, bandwidth: 89.6 GB/s}}"),
    KEY("replicas", "Copies of the model.", COUNT(cs_deploy_text, option.replicas, "1", "1000000"),
        DEFAULT("auto", "the fewest that meet the SLO"), .automatic = true),
    KEY("gpus", "All GPUs together.", COUNT(cs_deploy_text, option.gpus, "1", "10000000"),
        DEFAULT("auto", "replicas x tensor_parallel x pipeline_parallel"), .automatic = true),
    KEY("kv_precision", "Of the KV cache.", CHOICE(cs_deploy_text, kv_precision, kv_choices),
        PRESENT(cs_deploy_text, has_kv_precision),
        DEFAULT("bf16", "what engines do unless told otherwise")),
    KEY("router", "Which replica gets a request.",
        CHOICE(cs_deploy_text, router, cs_router_choices),
        DEFAULT("least_outstanding", "what load balancers for LLMs do")),
    KEY("max_num_seqs", "Most requests in one step. Default: the engine's.",
        COUNT(cs_deploy_text, option.max_num_seqs, "1", "65536")),
    KEY("max_num_batched_tokens", "Most tokens in one step. Default: the engine's.",
        COUNT(cs_deploy_text, option.max_num_batched_tokens, "1 token", "10000000 tokens"),
        .unit = CS_UNIT_TOKENS, .bare = true),
    KEY("kv_blocks", "Blocks of KV cache of a replica.",
        COUNT64(cs_deploy_text, option.kv_blocks, "1", "1000000000000"),
        DEFAULT("auto", "what the memory holds beside weights and runtime"), .automatic = true),
    KEY("gpu_memory_utilization",
        "Share of the memory that the engine takes. Default: the engine's.",
        QUANTITY(cs_deploy_text, option.gpu_memory_utilization, SHARE, "10%", "100%")),
    KEY("block_size", "Tokens in a block of KV cache. Default: the engine's.",
        COUNT(cs_deploy_text, option.block_size, "1 token", "4096 tokens"), .unit = CS_UNIT_TOKENS,
        .bare = true),
    KEY("context",
        "Most tokens of a request, prompt and answer. Default: the engine's, or the model's.",
        COUNT(cs_deploy_text, option.context, "16 tokens", "10000000 tokens"),
        .unit = CS_UNIT_TOKENS, .bare = true),
    KEY("prefix_caching", "Whether what an earlier prompt computed is found again. Default: the "
                          "engine's, where the traffic says what prompts share, else no.",
        BOOL(cs_deploy_text, option.prefix_caching), PRESENT(cs_deploy_text, has_prefix_caching)),
};
const struct cs_table cs_table_deploy = TABLE_OF(cs_deploy_text, "deploy", deploy_keys);

/* --- simulate and the whole ------------------------------------------------------------------ */

static const struct cs_key simulate_keys[] = {
    KEY("days", "Simulated days.", QUANTITY(cs_simulate_text, days, NUMBER, "0.01", "100"),
        PRESENT(cs_simulate_text, has_days),
        DEFAULT("7", "a week holds every hour of a weekly curve")),
    KEY("requests", "Stops after so many arrivals instead, or 100 days.",
        QUANTITY(cs_simulate_text, requests, REQUESTS, "1", "1e12"),
        PRESENT(cs_simulate_text, has_requests)),
    KEY("warm_up", "Before that, simulated and not counted; a trace has none.",
        QUANTITY(cs_simulate_text, warm_up_s, SECONDS, "1 s", "1 day"),
        DEFAULT("1 h", "queues and caches are as they would be")),
    KEY("replications", "Independent repetitions.",
        COUNT(cs_simulate_text, replications, "1", "24"),
        DEFAULT("auto", "until the interval decides"), .automatic = true),
    KEY("samples", "Of uncertain inputs.", COUNT(cs_simulate_text, samples, "10", "100000"),
        DEFAULT("128", "tells a probability to some 4 points")),
    KEY("seed", "Of all random streams.", COUNT64(cs_simulate_text, seed, "0", "9e15"),
        DEFAULT("1", "the same bytes every time")),
};
static const struct cs_table simulate_table = TABLE("simulate", simulate_keys);

static const struct cs_key scenario_keys[] = {
    KEY("name", "For people.", TEXT(cs_scenario_text, name)),
    KEY("model", "A model sheet, or a list: each is an option of its own.",
        NODE(cs_scenario_text, model), .example = "a model's name or a list of them"),
    KEY("traffic", "What comes in.", MAP(traffic_table), AT(cs_scenario_text, traffic), REQUIRED,
        .example = "a map, such as {volume: 50M tokens/day, ...}"),
    KEY("slo", "What latency is asked for. Without it any stable fleet will do.", MAP(slo_table),
        AT(cs_scenario_text, slo), .example = "a map, such as {ttft: {p95: 1 s}}"),
    KEY("deploy", "One option or a list; lists inside multiply out.",
        NODE(cs_scenario_text, deploy), REQUIRED, .table = &cs_table_deploy,
        .example = "a map, such as {hardware: h100-sxm-80gb}, or a list of them"),
    KEY("compare", "APIs to compare with: a name or a map, or a list of them.",
        NODE(cs_scenario_text, compare), .table = &cs_table_compare,
        .example = "an API's name, or a list such as [gpt-4o, {api: gpt-4o, batch: 100%}]"),
    KEY("cost", "Everything about money.", MAP(cs_table_cost), AT(cs_scenario_text, cost),
        .example = "a map, such as {prices: listed}"),
    KEY("uncertain",
        "Inputs that are not known for sure, by their keys: what the answer is then, and "
        "how likely each option is the cheapest. In place: `key: {uncertain: ...}`.",
        NODE(cs_scenario_text, uncertain), .table = &cs_table_uncertain,
        .example = "a map, such as {traffic.volume: {lognormal: {sigma: 0.3}}}"),
    KEY("claim", "What somebody says of all this, for `capsim claims`.", MAP(cs_table_claim),
        AT(cs_scenario_text, claim), PRESENT(cs_scenario_text, has_claim),
        .example = "a map, such as {says: 20 GPUs will do, figures: [...]}"),
    KEY("changes", "What happens to the fleet and the traffic during the run.",
        NODE(cs_scenario_text, changes), .table = &cs_table_change,
        .example = "a list, such as [{at: 10 h, fail: 1}, {at: 12 h, traffic: 200%}]"),
    KEY("simulate", "How long, how often, which seed.", MAP(simulate_table),
        AT(cs_scenario_text, simulate), .example = "a map, such as {days: 7, seed: 1}"),
};
const struct cs_table cs_table_scenario = TABLE_OF(cs_scenario_text, "a scenario", scenario_keys);
