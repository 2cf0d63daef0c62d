/* The key tables of every file capsim reads, and the structs a scenario is first read into.
 *
 * A sheet is read straight into its sealed struct (sheet.h). A scenario is read into the *_text
 * structs below, which still hold names and nodes; resolve*.c turns them into the sealed scenario.
 * A deploy entry is read once for each combination of its lists.
 *
 * The one rule: these tables are the only place that says what a key is called, what it may hold
 * and what it defaults to. The order of the deploy table is the order of multiplying out.
 * Structs here live only while a scenario is being resolved.
 */
#ifndef CS_SPEC_TABLES_H
#define CS_SPEC_TABLES_H
#include "spec/schema.h"

enum { CS_SLO_POINTS = 6 }; /* mean p50 p90 p95 p99 p99_9 */
extern const double cs_slo_percentiles[CS_SLO_POINTS]; /* 0 50 90 95 99 99.9 */
extern const char *const cs_slo_point_names[CS_SLO_POINTS];
extern const char *const cs_metric_names[CS_METRIC_COUNT];

struct cs_traffic_text {
    double tokens_per_s, requests_per_s, rate;
    bool has_volume, has_requests, has_rate;
    const char *trace;
    const struct cs_node *lengths, *curve;
    double input_share, burstiness, batch;
    int sampling;
    bool has_prefix, has_sessions;
    int groups;
    double popularity;
    const struct cs_node *prefix_tokens;
    struct cs_sessions sessions;
};

struct cs_slo_metric_text {
    double limit_s[CS_SLO_POINTS]; /* 0: not given */
};

struct cs_slo_text {
    struct cs_slo_metric_text metrics[CS_METRIC_COUNT];
    int window;
    double availability, confidence;
};

struct cs_deploy_text {
    struct cs_option option;
    const char *model, *hardware, *engine;
    int precision, kv_precision, router; /* int, as the walker stores choices */
    bool has_precision, has_kv_precision, has_prefix_caching;
    bool has_experts, has_balanced;
    double zipf, repeat, follow; /* of this traffic; < 0: the model's */
    int policy;
    const struct cs_node *host;
    double memory_bytes, gpu_share, power_limit_w, sustained; /* 0: as the sheet says */
};

struct cs_simulate_text {
    double days, requests, warm_up_s;
    bool has_days, has_requests;
    int replications, samples;
    int64_t seed;
};

struct cs_cost_text {
    struct cs_cost cost;
    const char *region;
    const struct cs_node *exchange;
};

struct cs_compare_text {
    const char *api, *tier;
    double batch, price;
    bool caching, has_committed;
    int committed;
};

struct cs_uncertain_text { /* parameters are nodes: their unit is the key's */
    const struct cs_node *mean, *sd, *median, *min, *mode, *max;
    double cv, sigma;
    bool has_normal, has_lognormal, has_uniform, has_triangular, has_cv;
};

struct cs_claimed_text {
    int kind, option, than;
    const char *api;
    const struct cs_node *claimed;
};

struct cs_claim_text {
    const char *number, *says, *source, *note;
    const struct cs_node *arithmetic, *figures;
};

struct cs_scenario_text {
    const char *name;
    struct cs_claim_text claim;
    bool has_claim;
    const struct cs_node *model, *deploy, *compare, *uncertain, *changes;
    struct cs_traffic_text traffic;
    struct cs_slo_text slo;
    struct cs_cost_text cost;
    struct cs_simulate_text simulate;
};

/* A length given in place: exactly one kind, and optional bounds. */
struct cs_lengths_text {
    double fixed, min, max;
    bool has_fixed, has_lognormal, has_gamma, has_uniform;
    double mean, sigma, cv, from, to;
    const struct cs_node *quantiles;
};
struct cs_lengths_pair {
    const struct cs_node *input, *output;
};

extern const struct cs_table cs_table_model, cs_table_api, cs_table_hardware, cs_table_engine,
    cs_table_traffic, cs_table_scenario, cs_table_deploy, cs_table_lengths,
    cs_table_lengths_pair, cs_table_host, cs_table_host_here, cs_table_cost, cs_table_compare,
    cs_table_region, cs_table_uncertain, cs_table_claim, cs_table_change;
extern const struct cs_choice cs_router_choices[];
/* Precisions by name, "fp16" included. */
extern const struct cs_choice cs_precision_choices[];

/* What a traffic sheet's rows hold before they are sealed. */
struct cs_traffic_sheet_text {
    struct cs_traffic_sheet sheet;
    const double *levels, *input, *weights;
    size_t level_count, input_count, weight_count;
    int bands;
    const struct cs_node *output;
    double step_s;
    int starts_monday;
    double correlation;
};

/* The levels of a length quantile: "p0" .. "p100", also "p99.9" and "p99_9"; a share, or -1. */
double cs_quantile_level(const char *name);

#endif
