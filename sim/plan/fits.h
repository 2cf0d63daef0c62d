/* Fits: which machines can run a model, at which precision, and how fast.
 *
 * No scenario and no simulation: a model on so many GPUs of a kind is one option; memory says
 * whether it fits (perf/memory.h), the step model how long its steps take (perf/step.h). For
 * requests of C tokens, C - o of prompt and o = floor(C / 4) of answer,
 *
 *     alone    (o - 1) / sum of the steps of the answer's further tokens, nobody else there
 *     prompt   (C - o) / sum of the steps of the prompt's chunks
 *     all      o x the fluid capacity (plan/bound.h) with as many requests as there is room for
 *     money    a day of those GPUs at that rate over its tokens, input and output (plan/cost.h)
 *     energy   the GPUs' power limit, likewise
 *
 * Experts that one GPU has no room for are tried in the memory of the host around it, where the
 * engine computes them there and the figures are known: an `offload` row beside the others.
 *
 * The rule: what is tried depends on the engine alone (cs_fits_engine, a table in fits.c): servers
 * for data centres in tensor-parallel groups, llama.cpp and kin with layers split over the GPUs,
 * Apple's machines one at a time; formats that the engine has, none wider than the maker's own.
 * Tried are the fewest GPUs first, and of those the widest format first; unless all are asked for,
 * the first that fits is the answer.
 * Rows live in the arena given. Not here: which engine or GPU one should buy (plan/search.h).
 */
#ifndef CS_PLAN_FITS_H
#define CS_PLAN_FITS_H
#include "perf/memory.h"
#include "plan/plan.h"

struct cs_fits_query {
    double context; /* tokens of a request; 0: 4096, or the model's context where that is less */
    int precision;  /* -1: those that the engine has */
    int gpus;       /* 0: any */
    const struct cs_host *host; /* around the GPUs; NULL: the hardware sheets' */
    bool all;       /* every precision and number of GPUs, what does not fit too */
    struct cs_cost cost; /* own.has: bought; else where there is no rent */
};

struct cs_fits_row {
    struct cs_option option; /* with its tensor and pipeline size */
    struct cs_memory memory; /* with one request at a time */
    bool fits, offload;
    const char *reason;      /* why it does not fit; NULL */
    double input, output;    /* tokens of the requests meant */
    double max_context;      /* tokens of the longest request, alone */
    double at_once;          /* requests that fit at a time, or the engine's limit */
    double decode_tok_s, prefill_tok_s, ttft_s, output_tok_s, requests_s; /* NaN: does not fit */
    double usd_per_mtok, usd_per_mtok_single, wh_per_mtok; /* of input + output; NaN: not known */
    struct cs_price_used price; /* basis "owned": see query */
    const struct cs_model_error *error; /* NULL: not known */
};
struct cs_fits {
    struct cs_fits_row *rows;
    size_t count;
    struct cs_arena *arena;
};

/* The engine that people run on such a machine: the name of its sheet. */
const char *cs_fits_engine(const struct cs_hardware *hardware);
/* Whether this engine is one of those known here; and, if so, runs on that hardware. */
bool cs_fits_knows(const struct cs_engine_sheet *engine);
bool cs_fits_runs(const struct cs_engine_sheet *engine, const struct cs_hardware *hardware);
/* Adds the rows of a pair: those that fit, or one that says why none does. `engine` is the sheet
 * for this hardware (cs_catalog_engine_on). */
void cs_fits_add(struct cs_fits *fits, const struct cs_fits_query *query,
                 const struct cs_model *model, const struct cs_hardware *hardware,
                 const struct cs_engine_sheet *engine);
/* Those that fit first. Then by class and, with one row a machine, by their speed alone; or, for
 * `of_machine`, the largest models first. */
void cs_fits_sort(struct cs_fits *fits, const struct cs_fits_query *query, bool of_machine);

#endif
