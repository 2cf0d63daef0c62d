/* One row of a throughput table, read but not yet understood, and the two things done with it.
 *
 * `cs_row_names_find` (row_names.c) turns its words into sheets; `cs_row_cases` (row_cases.c)
 * turns its lengths and figures into cases. read_rows.c reads the file and calls both.
 * The rule: a number that the row does not give is NaN, a word "", and neither is made up.
 * Strings belong to the table that was read, which outlives the row.
 */
#ifndef CS_FIT_ROW_H
#define CS_FIT_ROW_H
#include "fit/case.h"

enum { CS_ROW_LATENCIES = 7 };
extern const struct cs_row_latency { /* in a column of its own, in ms */
    const char *column;
    enum cs_case_figure figure;
} cs_row_latencies[CS_ROW_LATENCIES];

struct cs_row {
    int line;
    const char *place; /* FILE:LINE */
    const char *engine, *version, *hardware, *hardware_key, *model, *model_key, *precision,
        *kv_precision, *mode, *batch_text, *rate_text, *notes, *ttft_stat, *tpot_stat, *quality,
        *gpus_text, *source;
    double gpus, tensor, pipeline, expert; /* sizes of the group */
    double batch;                          /* sequences at once */
    double rate;                           /* requests/s; INFINITY: all at once */
    double input, output;                  /* tokens */
    double prefill, decode, total;         /* tokens/s */
    double ttft_s, tpot_s, latency_s[CS_ROW_LATENCIES];
    /* Filled in by cs_row_names_find and read_rows.c. */
    struct cs_option option;
    int replicas;
};

/* Fills model, hardware, engine and precisions of the option. NULL, or why not. */
const char *cs_row_names_find(struct cs_row *row, struct cs_catalog *catalog,
                              struct cs_arena *arena);
/* Where the experts of a row of mode expert_offload lie, once names and sizes are found. NULL, or
 * why not. */
const char *cs_row_offload(struct cs_row *row, struct cs_catalog *catalog, struct cs_arena *arena);
/* Why the row does not say enough for its mode, or NULL. `*known` is false for an unknown mode. */
const char *cs_row_lacks(const struct cs_row *row, bool *known);
/* Adds the cases of a row whose option is complete and that lacks nothing. */
void cs_row_cases(const struct cs_row *row, struct cs_cases *cases);

/* The precision that a text names in one of its words ("Q4_K_M.gguf", "AWQ int4"), or -1. */
int cs_row_precision(const char *text);
/* Whether `word` stands in the text, whatever the case. */
bool cs_row_mentions(const char *text, const char *word);
/* llama.cpp, what is built on it, and MLX: file formats that leave no tensor at 16 bits. */
bool cs_row_packs(const struct cs_row *row);

#endif
