/* Step time: how long one engine iteration takes, compiled to integer picoseconds.
 *
 * The equations are in docs/model.md. For a model on a GPU type with t-way tensor parallelism and
 * p pipeline stages they separate into terms of four numbers of the step: the tokens computed T,
 * the sequences sampled S, the KV tokens read K, and the attention pairs of its prefill chunks Q:
 *
 *     t_step = token(T) + sample(S) + kv K + pair Q + [prefill] prefill
 *
 * token() holds fixed costs, GEMMs, experts and collectives, and already pads T to the captured
 * CUDA-graph sizes; it and sample() are tables, kv is an integer: so a step costs a few loads, and
 * sums over steps are exact integers, which lets the engine jump (serve/replica.c). K is linear
 * within a jump, and so is the time. Sliding-window layers read their own, saturating K.
 *
 * Memory: the caller's arena. Sealed after cs_step_compile; shared read-only between threads.
 */
#ifndef CS_PERF_STEP_H
#define CS_PERF_STEP_H
#include "spec/scenario.h"
#include <math.h>
#include <stdint.h>

struct cs_step {
    int groups;               /* attention groups that share the requests; 0 and 1: one */
    int group_tokens;         /* group_ps covers 0 .. group_tokens */
    const int64_t *group_ps;  /* [tokens of one group]: its share of token_ps; NULL: one group */
    int max_tokens;           /* token_ps covers 0 .. max_tokens */
    int max_sampled;          /* sample_ps covers 0 .. max_sampled */
    const int64_t *token_ps;  /* [T] */
    const int64_t *sample_ps; /* [S] */
    int64_t kv_ps;            /* per KV token read, all layers with full attention */
    int64_t window_kv_ps;     /* per KV token read, sliding-window layers */
    double pair_ps;           /* per (query, key) pair of a prefill chunk, full layers */
    double window_pair_ps;
    int64_t prefill_ps; /* a step that holds prefill */
    int window_tokens;  /* 0: no sliding-window layers */
};

/* What one step computes. */
struct cs_step_load {
    int64_t tokens;    /* T: decodes + prefill tokens */
    int64_t sampled;   /* S: sequences that get a token at its end */
    int64_t kv_tokens; /* K: KV tokens read by decodes (context with the new token) and cached
                          prefixes */
    int64_t window_kv_tokens; /* the same, each context cut at the window */
    double pairs;             /* Q: sum over chunks of n c + n (n + 1) / 2 */
    double window_pairs;      /* the same with each query's keys cut at the window */
    bool prefill;
    int64_t chunks, chunk_tokens; /* its prefill chunks and their tokens; 0: as good as many */
};

/* What tokens of one group take; more than it computes in a step, as so many steps of its most. */
static inline int64_t cs_step_group_ps(const struct cs_step *s, int64_t tokens)
{
    const int64_t most = s->group_tokens;
    if (tokens <= most)
        return s->group_ps[tokens];
    return (int64_t)((double)s->group_ps[most] * (double)tokens / (double)most + 0.5);
}

/* With several attention groups a prompt is computed by one of them: what a step with few chunks
 * takes longer than one whose tokens are spread evenly. */
static inline int64_t cs_step_uneven_ps(const struct cs_step *s, const struct cs_step_load *l)
{
    if (l->chunks == 0 || l->chunks >= s->groups)
        return 0;
    const int64_t even = (l->tokens + s->groups - 1) / s->groups;
    const int64_t busiest =
        (l->tokens - l->chunk_tokens) / s->groups + (l->chunk_tokens + l->chunks - 1) / l->chunks;
    const double pairs = s->pair_ps * l->pairs + s->window_pair_ps * l->window_pairs;
    const double more = (double)s->groups / (double)l->chunks - 1.0;
    return (busiest > even ? cs_step_group_ps(s, busiest) - cs_step_group_ps(s, even) : 0) +
           (int64_t)(pairs * more + 0.5);
}

static inline int64_t cs_step_ps(const struct cs_step *s, const struct cs_step_load *l)
{
    int64_t t = s->token_ps[l->tokens] + s->sample_ps[l->sampled] + s->kv_ps * l->kv_tokens +
                s->window_kv_ps * l->window_kv_tokens;
    if (l->prefill)
        t += s->prefill_ps +
             (int64_t)(s->pair_ps * l->pairs + s->window_pair_ps * l->window_pairs + 0.5);
    if (l->prefill && s->groups > 1)
        t += cs_step_uneven_ps(s, l);
    return t;
}

/* Pairs (query, key) of a chunk of n tokens after c tokens of context; with a window w > 0 each
 * query sees at most w keys, itself included. */
static inline double cs_step_pairs(int64_t n, int64_t c, int64_t w)
{
    const double dn = (double)n, dc = (double)c;
    if (w == 0 || c + n <= w)
        return dn * dc + 0.5 * dn * (dn + 1.0);
    if (c >= w)
        return dn * (double)w;
    const double m = (double)(w - c); /* the first m queries see fewer than w keys, or just w */
    return m * dc + 0.5 * m * (m + 1.0) + (dn - m) * (double)w;
}

/* Compiles the tables of an option with tensor-parallel size t (option->tensor_parallel may be 0).
 * `max_tokens`/`max_sampled`: the largest step the engine can plan. */
void cs_step_compile(struct cs_step *step, const struct cs_option *option, int tensor_parallel,
                     bool top_p, struct cs_arena *arena);
/* The same with every time multiplied by `scale` (> 0), but no term below its physical floor: for
 * what is asked of the model's own error (perf/error.h). */
void cs_step_compile_scaled(struct cs_step *step, const struct cs_option *option,
                            int tensor_parallel, bool top_p, double scale, struct cs_arena *arena);

/* The parts of one step in seconds, and the physical floor: bytes over bandwidth and FLOPs over
 * peak, at efficiency 1. For `capsim explain` and the floor check. */
struct cs_step_parts {
    double fixed_s, weights_s, compute_s, gemm_s; /* gemm: weights and compute combined */
    double outside_s; /* experts that the GPUs do not hold: copied, or computed by the host */
    double experts_s, head_s, sampler_s, kv_s, prefill_attention_s, communication_s;
    double total_s;
    double floor_s;
    const char *binding; /* "weights", "compute", "KV", "communication", "experts outside" or
                            "overhead" */
    double loaded_bytes; /* experts copied to the GPUs in this step */
};
void cs_step_explain(struct cs_step_parts *parts, const struct cs_option *option,
                     int tensor_parallel, bool top_p, const struct cs_step_load *load);

#endif
