/* Result of one run: what happened, by window of arrival and in total.
 *
 * Latencies belong to the window in which a request arrived and follow it to its end; token gaps
 * (ITL) and busy time belong to the window in which their step starts. Windows fold onto the
 * period of the curve (a week): the same hour of two weeks is one window. Requests of the warm-up
 * hour are simulated and not counted.
 *
 *     TTFT = first token - arrival     E2E = last token - arrival
 *     TPOT = (E2E - TTFT) / (output - 1), absent for one-token answers
 *
 * A limit is met by a window when the share of its requests within the limit is at least the
 * percentile: exact, without histogram error. Rejected requests miss every limit.
 * Everything lives in the run's arena. Totals named `all_` cover the whole run, warm-up and drain
 * included; they are the two sides of the self-checks.
 */
#ifndef CS_SERVE_RESULT_H
#define CS_SERVE_RESULT_H
#include "des/hist.h"
#include "spec/scenario.h"

enum { CS_RESULT_LIMITS = 16 };

struct cs_limit { /* cs_slo_limit in picoseconds */
    enum cs_metric metric;
    double percentile; /* 0: the mean */
    int64_t limit_ps;
};

struct cs_window_tally {
    uint64_t requests;               /* that arrived in it, rejected ones included */
    uint64_t met;                    /* within every per-request limit */
    uint64_t within[CS_RESULT_LIMITS]; /* within each */
    uint64_t rejected;
    int64_t busy_ps;                 /* summed over replicas */
    struct cs_hist metric[CS_METRIC_COUNT];
};

enum cs_outcome {
    CS_OUTCOME_DONE,     /* simulated to the end */
    CS_OUTCOME_UNSTABLE, /* the queue grows without end; stopped early */
    CS_OUTCOME_LOST      /* a limit is certainly missed; stopped early, as asked */
};

struct cs_request_record { /* one request, for --requests and the proofs */
    int64_t arrival_ps, first_step_ps, first_token_ps, done_ps; /* rejected: the last three are -1 */
    int32_t input, output, replica, preemptions, cached_tokens;
};
struct cs_request_log { /* in arrival order; grows in its arena */
    struct cs_arena *arena;
    struct cs_request_record *rows;
    size_t count, capacity;
};

struct cs_result {
    enum cs_outcome outcome;
    int64_t stopped_ps;             /* simulated time reached */
    int64_t window_ps;
    size_t window_count;
    struct cs_window_tally *windows;
    struct cs_hist wait;            /* arrival to the start of the first step, counted requests */
    uint64_t requests, rejected, completed; /* counted (warm-up excluded) */
    uint64_t input_tokens, output_tokens;   /* of the counted, completed requests */
    uint64_t preemptions;           /* all */
    int64_t kv_peak_blocks;         /* highest of any replica */
    double measured_ps;             /* length of the counted window */
    double busy_ps, batch_area, kv_area; /* over steps in the window: time, sequences x time, KV tokens x time */
    uint64_t steps;
    /* whole run, for the checks */
    uint64_t all_arrived, all_completed, all_rejected;
    uint64_t all_input_tokens, all_output_tokens; /* of completed requests */
    uint64_t all_prefill_tokens, all_recomputed_tokens, all_decode_tokens; /* computed by steps */
    double all_batch_area;          /* step side: running sequences x time */
    double all_residence_ps;        /* request side: time from first step to end, preempted gaps out */
    int64_t all_busy_ps, all_idle_ps, all_span_ps; /* summed over replicas */
    double backlog_requests;        /* in the system at the stop */
};

void cs_result_init(struct cs_result *r, struct cs_arena *arena, int64_t window_ps,
                    size_t window_count);
/* Adds `from` to `into` (same windows), in call order. */
void cs_result_merge(struct cs_result *into, const struct cs_result *from);
/* The histogram of a metric over all windows. */
void cs_result_total(const struct cs_result *r, enum cs_metric metric, struct cs_hist *total);

#endif
