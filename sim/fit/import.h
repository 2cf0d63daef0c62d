/* Import: what load generators report, turned into cases.
 *
 * Each reader knows one form of report and hands over rows: who was measured, at what load, which
 * figures. cs_import_add turns a row into a case by one set of rules:
 *
 *   recorded arrivals         replayed as they are                             REPLAY
 *   a rate                    drawn: Poisson, or gamma gaps of a given shape   ONLINE
 *   a concurrency of 1        one request alone                                SINGLE
 *   a concurrency of n        closed loop: as if all requests waited at the start before an engine
 *                             that takes n at once. Its steps are then the same, its first tokens
 *                             and whole answers are not: only TPOT and the rate count.  OFFLINE
 *   neither, or rate inf      all at once                                      OFFLINE
 *
 * The one rule: what a file does not say comes from the command line or is an error that names the
 * row; nothing is guessed. A row that cannot be a case is a warning at its line, and a skip.
 * Memory is the arena's of the cases.
 */
#ifndef CS_FIT_IMPORT_H
#define CS_FIT_IMPORT_H
#include "fit/case.h"

struct cs_import {
    struct cs_catalog *catalog;
    struct cs_cases *cases;
    struct cs_diags *diags;
    /* What the files may leave out; NULL, 0: not given. `engine` overrides what they name when it
     * is a file. */
    const char *engine, *hardware, *model, *precision;
    int tensor_parallel;
};

struct cs_import_row { /* SI; NaN and NULL: the file does not say */
    struct cs_span at;
    const char *place, *name;
    const char *engine, *hardware, *model, *precision;
    double tensor_parallel, max_num_seqs, max_num_batched_tokens, kv_blocks;
    bool top_p;
    double requests;                /* how many were sent */
    double rate;                    /* requests/s; INFINITY: all at once */
    double shape;                   /* of gamma gaps: 1 Poisson, INFINITY constant; NaN: 1 */
    double concurrency;             /* most at once; NaN: not limited */
    double achieved;                /* requests/s that were answered */
    double input, output;           /* mean tokens */
    const double *inputs, *outputs; /* of each request, or NULL; `listed` of them */
    const double *starts_s;         /* when each was sent, or NULL */
    size_t listed;
    double figures[CS_FIGURE_COUNT];
};
void cs_import_row_init(struct cs_import_row *row, struct cs_span at, const char *place);
/* False: it was skipped, and a warning says why. */
bool cs_import_add(struct cs_import *import, const struct cs_import_row *row);
/* Fills model, hardware, engine, precision, sizes and limits of an option, the engine's defaults
 * where the row says nothing; false: skipped, with a warning. */
bool cs_import_option(struct cs_import *import, const struct cs_import_row *row,
                      struct cs_option *option);

/* Reads a file or folder of any kind that is understood, told by its content. False: an error is in
 * `diags`. Rows that are no cases are warnings. */
bool cs_import_read(struct cs_import *import, const char *path);

/* The readers behind it. */
struct cs_tablefile;
bool cs_read_results(struct cs_import *import, const struct cs_source *source); /* JSON */
bool cs_read_plain(struct cs_import *import, const struct cs_tablefile *table);
bool cs_read_timings(struct cs_import *import, const struct cs_tablefile *table);

#endif
