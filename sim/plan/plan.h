/* Plan: the answer to a scenario: for every option, the fewest replicas that meet the SLO.
 *
 * plan.c makes it (bounds, search in rounds, replications, the neighbour below shown to fail),
 * cost.c prices it, sim/out prints it. Everything here is final: `out` computes nothing.
 * Times in seconds, rates per second, money in USD (per second where the name says so); NaN where
 * a figure does not exist (it becomes null in JSON and "-" in text). All in the caller's arena.
 */
#ifndef CS_PLAN_PLAN_H
#define CS_PLAN_PLAN_H
#include "des/estimate.h"
#include "plan/bill.h"
#include "plan/candidate.h"
#include "plan/cost.h"
#include "serve/cluster.h"
#include "spec/catalog.h"
#include <stdint.h>
#include <stdio.h>

enum cs_stat {
    CS_STAT_MEAN,
    CS_STAT_P50,
    CS_STAT_P90,
    CS_STAT_P95,
    CS_STAT_P99,
    CS_STAT_P99_9,
    CS_STAT_COUNT
};

struct cs_latency { /* seconds, over replications; interval 95 % */
    struct cs_interval stat[CS_STAT_COUNT];
    /* Where 95 % of the model's error puts the value; value NaN: not known. hi is infinite where
     * the fleet would not keep up. */
    struct cs_interval model95[CS_STAT_COUNT];
};

struct cs_model_band { /* what the model's error does to a fleet */
    const struct cs_model_error *error; /* NULL: not known, and the rest is absent */
    double step_lo, step_hi;            /* factors of step times, the ends of 95 % */
    bool simulated, keeps_up, holds;    /* at step_hi: is it stable, does it meet the SLO */
    const char *why_not; /* how it misses the SLO there; NULL: it holds */
    double margin; /* factor of step times that the fleet was sized with; 1: none */
};

enum cs_binding {
    CS_BINDING_NONE,
    CS_BINDING_TTFT,
    CS_BINDING_TPOT,
    CS_BINDING_ITL,
    CS_BINDING_E2E,
    CS_BINDING_KV_MEMORY,
    CS_BINDING_WEIGHTS_MEMORY,
    CS_BINDING_THROUGHPUT,
    CS_BINDING_COUNT
};
extern const char *const cs_binding_names[CS_BINDING_COUNT]; /* "none", "ttft", ..., "kv_memory" */

struct cs_hour {       /* one window of the run, for charts and the load line */
    double start_s;    /* from the start of the run (Monday 00:00 for weekly curves) */
    double requests;   /* per replication */
    double busy;       /* share of replica time */
    double attainment; /* share of requests within every limit */
    double ttft_p50_s, ttft_p95_s, tpot_p50_s, tpot_p95_s, e2e_p95_s;
};

struct cs_worst_window {
    bool known;
    double start_s, length_s;
    double requests_per_s; /* arrival rate in it */
    double attainment;     /* share of requests that met every limit, lowest over limits */
    const struct cs_slo_limit *limit; /* the tightest there; NULL: no SLO */
    struct cs_latency latency[CS_METRIC_COUNT];
};

struct cs_loading_more { /* what further memory of each GPU would buy */
    double bytes, resident, found, decode_tok_s, output_tok_s;
};
struct cs_loading { /* experts of which the GPUs hold a part; resident 0 and known false: all */
    bool known;
    double experts, resident; /* of a layer */
    double expert_bytes;      /* of one layer */
    double host_bytes, host_share; /* experts outside; share of the host's memory they would take */
    double batch;             /* tokens of a step, for what follows */
    /* With expert parallelism: visits of the busiest rank over those of the mean one, and over what
     * they would be without further copies and balancing; share above `capacity_factor`. */
    double imbalance, imbalance_plain, dropped;
    double touched, found;    /* of a layer; share held when needed, as the step model takes it */
    double trial_found;       /* the same in a cache simulated token by token; NaN: not a cache */
    double copied_per_token;  /* bytes brought in for each token */
    double decode_tok_s;      /* one request alone, at the mean context */
    double output_tok_s;      /* capacity of a replica */
    double start_s;           /* all weights read from the host's disks; NaN: none known */
    double warm_s, topic_s;   /* more than in the steady state: until an empty cache is filled,
                                 until a change of topic is over; NaN: not a cache */
    double topic_found;       /* the share found once that is over */
    const struct cs_loading_more *more;
    size_t more_count;
};

struct cs_option_answer {
    const struct cs_option *option;
    size_t index; /* among the scenario's options */
    int tensor_parallel, pipeline_parallel, replicas;
    long gpus;
    long gpus_lo, gpus_hi; /* 95 %; equal to gpus when the fleet is given; 0: not known */
    bool undecided;        /* the interval did not decide at the cap; planned the larger */
    bool feasible;
    const char *reason; /* why not feasible; NULL when feasible */
    enum cs_binding binding;
    const char *binding_text; /* one phrase: "TTFT p95 at 92 % of its limit in the worst hour" */
    struct cs_memory memory;
    struct cs_price_used price;
    struct cs_model_band model;
    bool simulated; /* false: latency and the rest below are absent */
    int replications;
    struct cs_latency latency[CS_METRIC_COUNT];
    struct cs_latency wait;
    struct cs_worst_window worst;
    double requests_per_s, input_tokens_per_s, output_tokens_per_s, output_tokens_per_s_per_gpu;
    double busy, kv_mean, kv_peak, batch_mean; /* shares; batch_mean in sequences per replica */
    double prefix_hits;    /* share of the prompt tokens found in the prefix cache */
    double capacity_share; /* peak offered load over the fluid capacity of this fleet */
    double preemptions;    /* per replication */
    double retried;        /* requests taken over from a replica that failed; per replication */
    bool slo_met;
    double windows_met, attainment, goodput_rps,
        rejected;           /* shares; requests/s; requests per replication */
    int neighbour_replicas; /* replicas - 1; 0: none below */
    const char *neighbour_why_not;
    struct cs_loading loading;
    struct cs_cost_breakdown cost;
    const struct cs_hour *hours;
    size_t hour_count;
};

struct cs_law {
    const char *law; /* "tokens in = tokens out", "Little's law", ... */
    double expected, actual;
    bool ok;
};

struct cs_answer {
    const struct cs_scenario *scenario;
    double requests_per_day, mean_rps, peak_rps; /* offered */
    double peak_start_s;                         /* start of the busiest curve step; NaN: flat */
    double mean_input, mean_output;              /* tokens per request, as simulated */
    double simulated_requests,
        simulated_seconds;        /* of the best (or first simulated) option, all replications */
    double fleet_share;           /* simulated share of fleet and traffic; 1 unless huge */
    const struct cs_trace *trace; /* NULL: drawn traffic */
    uint64_t runs;                /* simulations made for this answer */
    const struct cs_option_answer
        *options; /* feasible first, by daily cost; then the others in file order */
    size_t option_count;
    int best;              /* index or -1 */
    const char *no_answer; /* when best is -1: what binds and the nearest that would do */
    const struct cs_api_answer *apis;
    size_t api_count;
    const struct cs_law *checks;
    size_t check_count;
};

struct cs_given { /* a fleet, whatever the scenario asks for */
    int tensor, replicas;
};

struct cs_plan_settings {
    int threads; /* 0: as many as processors, at most 16 */
    enum cs_effort effort;
    const struct cs_trace *trace; /* the scenario's, if it was read already; NULL: it is read */
    /* Of variants, of which there are many: */
    int only; /* plans this option of the scenario alone, counted from 1; 0: all of them */
    const double *z; /* where in the model's error each option is sized; NULL: by the scenario */
    /* Of the option planned alone, without the ends of the model's error; replicas 0: it is sized.
     */
    struct cs_given given;
    void (*progress)(void *user, double done_share,
                     const char *what); /* NULL: none; one thread calls */
    void *user;
};

/* The answer to a scenario. Never NULL; errors in the trace file go to diags (then options is
 * empty). */
const struct cs_answer *cs_plan_run(const struct cs_scenario *scenario, struct cs_arena *arena,
                                    const struct cs_plan_settings *settings,
                                    struct cs_diags *diags);
/* Simulates one option of an answer once more (replication 0) and fills the log. */
void cs_plan_log(const struct cs_answer *answer, size_t option, struct cs_request_log *log);
/* Replication 0 of a scenario whose one option gives its fleet: what it came to. The times of
 * windows and waits are not kept. `trace` is the scenario's; NULL: it has none. */
void cs_plan_repeat(const struct cs_scenario *scenario, const struct cs_trace *trace,
                    struct cs_result *totals);
/* A window's start in words: "Tue 15:00" in a weekly run, "hour 15" otherwise. */
const char *cs_plan_when(const struct cs_scenario *scenario, double start_s, char *buffer,
                         size_t size);

#endif
