/* Workload: the stream of requests, drawn one by one in arrival order.
 *
 * Arrivals follow a non-homogeneous renewal process: gaps of unit mean (exponential, or gamma with
 * the asked coefficient of variation) are drawn in operational time and carried to clock time
 * through the cumulative rate curve, which is piecewise linear (Cinlar 1975; exact for a Poisson
 * process). Lengths are drawn at the arrival. A trace is replayed as it is.
 *
 * Conversations start at the rate of the requests over their mean number; after each arrival there
 * is one more with probability 1 - 1/turns, an exponential time later. Both are memoryless, so a
 * conversation under way is no more than the time of its next turn, and a run begins with as many
 * of them as a steady state has: Poisson, of mean starts/s x think x (turns - 1).
 *
 * The one rule: the workload depends on the scenario and the seed alone, never on what the fleet
 * does with it. A workload is a plain value; its open conversations lie in the arena given to init.
 */
#ifndef CS_SERVE_WORKLOAD_H
#define CS_SERVE_WORKLOAD_H
#include "base/rng.h"
#include "serve/lengths.h"
#include "spec/scenario.h"
#include "spec/trace_csv.h"

/* What of a prompt other requests may have left in the KV cache, from its front: the group's
 * tokens (a system prompt, or a whole prompt that recurs), then blocks known by hash, then, to the
 * end of the answer, the context of its session. All zero: it shares nothing. */
struct cs_prefix {
    uint64_t group;        /* 0: none */
    int32_t group_tokens;  /* of the prompt; more than the prompt counts as all of it */
    int32_t hash_count;    /* 0: none; each hash names `hash_tokens` tokens and all before them */
    int32_t hash_tokens;
    const uint64_t *hashes;
    uint64_t session; /* 0: none; a turn's prompt begins with what the turn before it left */
};

struct cs_arrival {
    int64_t time_ps;       /* from the start of the window; the warm-up hour is negative */
    int32_t input, output; /* tokens, each at least 1 */
    int32_t klass;         /* of a trace's names; -1: none */
    struct cs_prefix prefix;
};

/* Fixed by the scenario, shared by all runs. */
struct cs_workload_spec {
    const struct cs_traffic *traffic;
    const struct cs_trace *trace;   /* NULL: drawn */
    double requests_per_s;          /* mean over the curve */
    double mean_input, mean_output; /* tokens, of the distribution as rescaled */
    double input_scale, output_scale;
    struct cs_length_source input, output; /* unless traffic->joint */
    double gamma_shape;                    /* of the gaps; 1: exponential */
    double peak_factor;                    /* highest weight of the curve */
    double period_s;                       /* of the curve */
    int64_t end_ps;       /* no arrivals at or after this; INT64_MAX: by count, or 100 days */
    int64_t start_ps;     /* -1 h for curves, 0 for traces */
    int64_t max_requests; /* counted from time 0; 0: no limit */
};

void cs_workload_prepare(struct cs_workload_spec *spec, const struct cs_traffic *traffic,
                         const struct cs_simulate *simulate, const struct cs_trace *trace);

struct cs_turn { /* the next one of an open conversation */
    double time_s;
    uint64_t session; /* from 1 */
    int32_t group;
};

struct cs_workload {
    const struct cs_workload_spec *spec;
    struct cs_rng gap, input, output;
    uint64_t seed, replication;
    /* Drawn only where the traffic names groups or sessions. */
    struct cs_rng group, turn;
    struct cs_arena *arena;
    struct cs_turn *open; /* a heap, the earliest first */
    size_t open_count, open_capacity;
    uint64_t sessions;           /* begun so far */
    bool start_waits, no_starts; /* one drawn at now_s and not made yet; no more will come */
    double now_s;      /* the last arrival */
    double step_end_s; /* end of the curve step we are in */
    double rate;       /* requests/s within it */
    size_t step;       /* its index in the curve */
    int64_t made;      /* since time 0 */
    size_t trace_next;
    double factor;  /* of the rate */
    double copies;  /* of a trace: of all rows so far, at their factors, less those made */
};
void cs_workload_init(struct cs_workload *w, const struct cs_workload_spec *spec, uint64_t seed,
                      uint64_t replication, struct cs_arena *arena);
/* The next arrival; false when there are no more. */
bool cs_workload_next(struct cs_workload *w, struct cs_arrival *arrival);
/* Arrivals after the one taken last come at `factor` times the scenario's rate; conversations under
 * way go on as they are. Of a trace each row comes so many times, on average, at its own time. */
void cs_workload_rate(struct cs_workload *w, double factor);

#endif
