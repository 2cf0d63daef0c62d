/* Case: one thing that somebody measured, as something that can be simulated.
 *
 * Readers turn measurements (recorded runs, rows of throughput tables, operator timings, the
 * output of load generators) into cases; `cs_case_predict` runs a case through the same engine and
 * the same step model that plans are made with, and returns the same figures that were measured.
 * `validate` compares the two, `calibrate` moves the parameters until they agree.
 *
 *     error = predicted / measured - 1
 *
 * The rule: a case is built from what its source says and from sheets, never from how well it
 * fits; what cannot be simulated is counted with its reason (cs_skip), not dropped in silence.
 * Figures are SI: seconds, tokens/s, requests/s; NaN where the source does not give one.
 * Figures of a simulated run are taken over its scored requests, exactly: quantiles from the
 * sorted values, linear between neighbours at rank q (n - 1) (numpy's default); TPOT as the mean
 * over requests of (E2E - TTFT) / (output - 1), one-token answers left out.
 * All memory belongs to the arena given to the reader.
 */
#ifndef CS_FIT_CASE_H
#define CS_FIT_CASE_H
#include "perf/step.h"
#include "serve/cluster.h"
#include "spec/catalog.h"
#include "spec/trace_csv.h"

enum cs_case_figure {
    CS_FIGURE_TTFT_MEAN, /* s */
    CS_FIGURE_TTFT_P50,
    CS_FIGURE_TTFT_P90,
    CS_FIGURE_TTFT_P99,
    CS_FIGURE_TPOT_MEAN, /* s; decode time over one denominator, the tokens truly generated */
    CS_FIGURE_E2E_MEAN,
    CS_FIGURE_E2E_P50,
    CS_FIGURE_E2E_P90,
    CS_FIGURE_E2E_P99,
    CS_FIGURE_OUTPUT_RATE,  /* output tokens/s of all GPUs, first arrival to last token */
    CS_FIGURE_PREFILL_RATE, /* prompt tokens/s of all GPUs, first arrival to last first token */
    CS_FIGURE_DECODE_RATE,  /* tokens/s after the first ones, earliest first token to last token;
                               of kind DECODE all tokens over the time of their steps */
    CS_FIGURE_STEP,         /* s; one engine step, or the part of it that was measured */
    CS_FIGURE_COUNT
};
extern const char *const cs_figure_names[CS_FIGURE_COUNT]; /* "ttft mean", ... */

enum cs_case_kind {
    CS_CASE_REPLAY,  /* requests as they were recorded */
    CS_CASE_ONLINE,  /* drawn at a known rate, or rates one after another */
    CS_CASE_OFFLINE, /* all queued at once: maximum throughput */
    CS_CASE_STATIC,  /* one batch, all started together */
    CS_CASE_SINGLE,  /* one request alone */
    CS_CASE_PREFILL, /* prompts only */
    CS_CASE_DECODE,  /* answers only: each row of the trace is a sequence whose `input` tokens of
                        context are there already; all start together, one step a token */
    CS_CASE_OFFLOAD, /* experts or layers in host memory */
    CS_CASE_STEP,    /* one step's operators, timed */
    CS_CASE_COUNT
};
extern const char *const cs_case_kind_names[CS_CASE_COUNT];

/* Which parts of a step an operator timing covers. */
enum { CS_PART_LINEAR = 1, CS_PART_ATTENTION = 2, CS_PART_REDUCE = 4 };

struct cs_case {
    const char *name;   /* "llama-2-7b codegen", "row 214": unique within its source */
    const char *source; /* the file, and the line where there is one */
    enum cs_case_kind kind;
    const char *workload;    /* "codegen", "512/128 x 16": what medians are grouped by; or "" */
    const char *part;        /* of a run: "stage 1", "first 300"; "": the whole of it */
    const char *quality;     /* of the source: A B C, or "" */
    struct cs_option option; /* model, hardware, engine, precision, parallel sizes, limits */
    bool top_p;
    int replicas; /* alike, behind a round-robin router; at least 1 */
    bool overloaded;
    bool means_only;     /* quantiles are not asked for, and not sorted out */
    const char *repeats; /* why other cases of its source tell what it tells; NULL: none does */
    /* Requests: of each trace one run is made, and figures are medians over the runs. Scored are
     * those that succeed among `score` requests (0: all) after the first `skip`. */
    const struct cs_trace *traces;
    size_t trace_count;
    size_t skip, score;
    double timeout_s; /* a client's patience from arrival on: later answers failed; 0: endless.
                         The engine works on; that clients cancel is not modelled */
    /* Kind STEP, instead of traces. */
    struct cs_step_load load;
    unsigned parts;
    double measured[CS_FIGURE_COUNT];
    /* What was measured request by request (kind REPLAY), NULL: nothing; NaN: failed. */
    const double *request_ttft_s, *request_e2e_s;
};

struct cs_skip { /* measurements that are not cases, counted by reason */
    const char *reason;
    const char *example; /* the first one's source */
    size_t count;
};

struct cs_cases {
    struct cs_arena *arena;
    struct cs_case *items;
    size_t count;
    struct cs_skip *skips;
    size_t skip_count;
    size_t read; /* measurements seen: cases and skipped */
};
void cs_cases_init(struct cs_cases *cases, struct cs_arena *arena);
/* A zeroed case but for NaN figures and one replica; counts a read. Valid until the next add. */
struct cs_case *cs_cases_add(struct cs_cases *cases);
void cs_cases_skip(struct cs_cases *cases, const char *reason, const char *source);

/* What the model says of a case, with the sheets that its option names; `log`, when not NULL, gets
 * the requests of the first trace. Returns false, with `reason`, when it cannot run: weights that
 * do not fit, no request that succeeds. `option.kv_blocks` that were measured are believed. NaN
 * where the case has no such figure. `cs_case_figures` takes the figures of a log's scored
 * requests alone. */
bool cs_case_predict(const struct cs_case *c, double predicted[CS_FIGURE_COUNT],
                     struct cs_request_log *log, const char **reason);
void cs_case_figures(const struct cs_case *c, const struct cs_request_log *log,
                     double figures[CS_FIGURE_COUNT]);
void cs_case_sort(double *values, size_t count); /* rising; no NaN among them */
/* The quantile q (0..1) of sorted values, linear between neighbours; NaN of none. */
double cs_case_quantile(const double *sorted, size_t count, double q);
/* What one of several values, NaN left out, is in the middle; reorders them. */
double cs_case_median(double *values, size_t count);
/* The physical floor of the case's main time figure (bytes over bandwidth, FLOPs over peak), as a
 * lower bound of TPOT, of a step, or as an upper bound of a rate; NaN where none applies. */
void cs_case_floor(const struct cs_case *c, double floor[CS_FIGURE_COUNT]);

#endif
