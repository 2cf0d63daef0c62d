/* The sealed scenario: one question, checked, with every name resolved to its sheet.
 *
 * `cs_scenario_load` (spec/resolve.c) reads the file, applies --set, checks every key against the
 * tables in spec/tables.c, loads the sheets it names and checks their meaning (contradictory
 * traffic keys, an SLO without percentile, a replica count without tensor parallelism, ...).
 * `deploy` is already multiplied out: one cs_option for each model x hardware x precision x engine,
 * in the order of the file. Everything is SI: seconds, tokens, USD/s. All belongs to the arena.
 * cs_default entries record each default that applied, for `capsim explain`.
 */
#ifndef CS_SPEC_SCENARIO_H
#define CS_SPEC_SCENARIO_H
#include <stdint.h>
#include "spec/money.h"

enum cs_volume_kind { CS_VOLUME_TOKENS, CS_VOLUME_REQUESTS, CS_VOLUME_TRACE };
enum cs_metric { CS_METRIC_TTFT, CS_METRIC_TPOT, CS_METRIC_ITL, CS_METRIC_E2E, CS_METRIC_COUNT };
enum cs_window { CS_WINDOW_HOUR, CS_WINDOW_DAY, CS_WINDOW_RUN };
enum cs_router { CS_ROUTER_ROUND_ROBIN, CS_ROUTER_LEAST_OUTSTANDING, CS_ROUTER_COUNT };

struct cs_shared_prefix { /* each request, or conversation, belongs to one of `groups` */
    int groups;         /* 0: none */
    double tokens;      /* of the prompt's front, the same in the group; 0: whole prompts recur */
    double popularity;  /* exponent s: group k has a share proportional to k^-s; 0: equal */
    const double *upto; /* share of groups 0 .. k together; NULL: equal */
};
struct cs_sessions { /* conversations whose prompts grow */
    double turns;   /* mean, geometric; 0: none */
    double think_s; /* mean, exponential, from a turn's arrival to the next one's */
};

struct cs_traffic {
    enum cs_volume_kind kind;
    double tokens_per_s;   /* kind TOKENS: prompt + output, averaged over the curve */
    double requests_per_s; /* kind REQUESTS (`requests:` per time, or `rate:`) */
    bool joint;            /* measured pairs (`pairs`), else `input` and `output` independently */
    struct cs_joint_lengths pairs;
    struct cs_lengths input, output;
    const char *lengths_name; /* NULL: given in place */
    /* 0: as the lengths are; else lengths are rescaled to this share of input tokens, and the
     * mean of input + output is kept. */
    double input_share;
    struct cs_curve curve;
    const char *curve_name; /* NULL: given in place or flat */
    double burstiness;      /* coefficient of variation of gaps; 1 Poisson, else gamma */
    bool top_p;             /* sampling by top-p/top-k */
    struct cs_shared_prefix prefix;
    struct cs_sessions sessions;
    bool shares;            /* prefix, sessions, or a trace with such columns */
    double batch;           /* share of the requests that can wait for a batch */
    const char *trace_path; /* kind TRACE, as given, relative to the scenario's folder resolved */
};

struct cs_slo_limit {
    enum cs_metric metric;
    double percentile; /* 50, 90, 95, 99, 99.9; 0: the mean */
    double limit_s;
    struct cs_span span;
};
struct cs_slo {
    const struct cs_slo_limit *limits;
    size_t count; /* 0: no SLO, any stable fleet will do */
    enum cs_window window;
    double availability; /* 0: not asked */
    double confidence;   /* 0: not asked */
};

enum cs_expert_policy {
    CS_EXPERTS_RESIDENT, /* all in the accelerators' memory */
    CS_EXPERTS_STATIC,   /* the most visited there, the others copied when needed */
    CS_EXPERTS_LRU,      /* a cache: the least recently used makes room */
    CS_EXPERTS_LFU,      /* a cache: the least often used does */
    CS_EXPERTS_PREFETCH, /* lru, and what the next layer will need is copied ahead */
    CS_EXPERTS_CPU,      /* the others are computed where they lie */
    CS_EXPERTS_COUNT
};
extern const char *const cs_expert_policy_names[CS_EXPERTS_COUNT];
struct cs_experts {
    enum cs_expert_policy policy;
    double resident; /* experts of a layer, on average, in the accelerators' memory; 0: chosen */
    double accuracy; /* of prefetching: share of what is needed that was foreseen; < 0: from the
                        model's routing */
    double overlap;  /* share of a layer's time in which copies may proceed beside it */
    int batch;       /* of `cpu`: tokens of a step from which all are copied; 0: the engine's */
    bool balanced;   /* ranks hold experts by how much they are visited, not as they come */
    int redundant;   /* further copies of the most visited, over all ranks of a layer */
    double capacity_factor; /* most visits of an expert, over the mean; 0: no limit */
};

struct cs_option { /* one candidate: model x hardware x precision x engine */
    const struct cs_model *model;
    const struct cs_hardware *hardware;
    const struct cs_engine_sheet *engine;
    enum cs_precision precision, kv_precision;
    int tensor_parallel;   /* 0: choose among the sizes that fit */
    int pipeline_parallel; /* at least 1 */
    int expert_parallel;   /* ranks that experts are divided over; 1: as all other weights */
    struct cs_experts experts;
    const struct cs_host *host; /* the machine of a replica; NULL: the hardware sheet's */
    int replicas;          /* 0: size it */
    int gpus;              /* 0: auto; else replicas x tensor x pipeline must equal it */
    enum cs_router router;
    int max_num_seqs, max_num_batched_tokens, block_size; /* from the engine sheet unless given */
    int context; /* most tokens of a request; 0: the model's. Without paging also block_size */
    int64_t kv_blocks;                                    /* 0: from memory */
    double gpu_memory_utilization;
    bool prefix_caching;
    const struct cs_node *node;   /* the deploy entry, each key with its one value; the model too */
    struct cs_span span;          /* the deploy entry */
    struct cs_span experts_span;
    struct cs_span hardware_span, precision_span, model_span, tensor_parallel_span;
};

/* Attention groups of a replica: with more expert ranks than tensor-parallel GPUs, each of so many
 * groups serves its share of the requests, and all meet in the experts. */
static inline int cs_option_groups(const struct cs_option *o, int tensor_parallel)
{
    return o->expert_parallel > tensor_parallel ? o->expert_parallel / tensor_parallel : 1;
}
/* GPUs of a replica. */
static inline int cs_option_gpus(const struct cs_option *o, int tensor_parallel)
{
    return tensor_parallel * o->pipeline_parallel * cs_option_groups(o, tensor_parallel);
}

enum cs_change_kind {
    CS_CHANGE_TRAFFIC, /* the rate of arrivals is `factor` times the scenario's from then on */
    CS_CHANGE_FAIL,    /* a replica fails, and is repaired after `repair_ps` */
    CS_CHANGE_ADD,     /* so many replicas more */
    CS_CHANGE_REMOVE,  /* so many fewer: each finishes what it has */
    CS_CHANGE_ROUTER,
    CS_CHANGE_COUNT
};
extern const char *const cs_change_names[CS_CHANGE_COUNT]; /* "traffic", "fail", ... */
extern const int64_t cs_repair_ps; /* unless a scenario says otherwise */
extern const char *const cs_router_names[CS_ROUTER_COUNT]; /* "round_robin", ... */
struct cs_change { /* what happens during the run besides the scenario's own traffic */
    enum cs_change_kind kind;
    int64_t time_ps; /* from the start of the run; before the arrivals of that instant */
    double factor;
    int replica; /* that fails, from 0; one that does not serve cannot */
    int count;
    int64_t repair_ps;
    enum cs_router router;
};

struct cs_simulate {
    double days;         /* 7 */
    double warm_up_s;    /* before that, simulated and not counted */
    int64_t requests;    /* 0: by days; else stop after so many arrivals */
    int replications;    /* 0: auto */
    int samples;         /* of uncertain inputs */
    uint64_t seed;
};

struct cs_default { const char *key, *value, *why; };

enum cs_distribution { CS_NORMAL, CS_LOGNORMAL, CS_UNIFORM, CS_TRIANGULAR };
struct cs_uncertain { /* an input that is not known for sure; in SI units */
    const char *key;  /* of the scenario */
    const char *unit; /* in which its values are set: "tokens/day"; "" */
    double si;        /* what one of it is */
    enum cs_distribution kind;
    double a, b, c;   /* normal: mean, deviation; lognormal: median, sigma; else min, mode, max */
    double low, high; /* what the key allows */
    double nominal;   /* the scenario's own value */
    bool whole;
    const char *text; /* as written, for people */
    const char *shown; /* the unit that it was written in, for people; and what one of it is */
    double shown_si;
};

/* What a claim may say a figure of, in the order of cs_claim_kinds. */
enum cs_claim_kind {
    CS_CLAIM_GPUS,            /* that the traffic needs */
    CS_CLAIM_USD_PER_DAY,     /* of them */
    CS_CLAIM_USD_PER_HOUR,    /* the same by the hour */
    CS_CLAIM_USD_PER_MTOK,    /* the same by the token */
    CS_CLAIM_API_USD_PER_DAY, /* of an API, for the same traffic */
    CS_CLAIM_TIMES_CHEAPER,   /* that bill over the cost of one's own */
    CS_CLAIM_CROSSOVER,       /* the volume from which on one's own is the cheaper */
    CS_CLAIM_WEIGHTS,         /* bytes */
    CS_CLAIM_GPUS_TO_HOLD,    /* the fewest that hold the weights and a request */
    CS_CLAIM_TOKENS_PER_S,    /* of one request alone on these */
    CS_CLAIM_USD_PER_MTOK_FULL, /* with as many requests as meet the SLO */
    CS_CLAIM_OUTPUT_PER_GPU,  /* answer tokens of each GPU, as many requests as meet the SLO */
    CS_CLAIM_TOKENS_PER_GPU,  /* the same with the prompts */
    CS_CLAIM_TIMES_FASTER,    /* the former over that of another option */
    CS_CLAIM_KINDS
};
struct cs_claim_info {
    const char *name, *words; /* "gpus", "GPUs needed" */
    enum cs_unit unit;
    const char *shown; /* the unit that it is shown in; "" */
};
extern const struct cs_claim_info cs_claim_infos[CS_CLAIM_KINDS];

struct cs_claimed { /* one figure */
    enum cs_claim_kind kind;
    int option, than;   /* counted from 1; 0: the best, none */
    const struct cs_compare *api; /* NULL: none, or one that is not compared with */
    const char *api_name;         /* as written; NULL: none */
    struct cs_span span;
    double low, high;   /* claimed, in SI; equal: one value */
    const char *text;   /* as written */
};
struct cs_sum { /* arithmetic of the claim's own: "20 x 2 USD/h = 50 USD/day" */
    const char *text;
    double left, right; /* both sides, in SI */
    const char *unit;   /* of the right side, such as "USD/day"; "" */
    double unit_si;     /* what one of it is */
};
struct cs_claim { /* what somebody says, to be put to the test */
    const char *number, *says, *source, *note;
    const struct cs_sum *sums;
    size_t sum_count;
    const struct cs_claimed *figures;
    size_t figure_count;
};

struct cs_scenario {
    const char *name, *path;
    const struct cs_claim *claim; /* NULL: none */
    struct cs_traffic traffic;
    struct cs_slo slo;
    const struct cs_option *options;
    size_t option_count;
    const struct cs_compare *compare;
    size_t compare_count;
    struct cs_cost cost;
    struct cs_simulate simulate;
    const struct cs_change *changes; /* by time */
    size_t change_count;
    const struct cs_uncertain *uncertain;
    size_t uncertain_count;
    bool uncertain_model; /* step times too, by the model's own error */
    const struct cs_default *defaults;
    size_t default_count;
    const struct cs_node *node;
};

struct cs_catalog;
/* Loads and checks a scenario. `sets` are the texts of --set key=value, in order (their spans point
 * at the command line). NULL when anything is wrong: all errors are then in `diags`. */
const struct cs_scenario *cs_scenario_load(struct cs_catalog *catalog, const char *path,
                                           const char *const *sets, size_t set_count,
                                           struct cs_diags *diags);
/* The same of a tree that was read; `path` names it. */
const struct cs_scenario *cs_scenario_of(struct cs_catalog *catalog, const struct cs_node *root,
                                         const char *path, struct cs_diags *diags);

#endif
