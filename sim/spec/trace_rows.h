/* Trace rows: what the readers of trace formats share, and nobody else sees.
 *
 * A format turns bytes into rows; here rows are checked against one another, kept in growing
 * malloc'd arrays, and copied into the arena once, when the trace is known to be sound.
 *
 * The one rule: a row is added whole or told as an error; after CS_TRACE_ERRORS errors the rest is
 * not read, and nothing of the trace is kept.
 */
#ifndef CS_SPEC_TRACE_ROWS_H
#define CS_SPEC_TRACE_ROWS_H
#include "spec/trace_csv.h"

enum { CS_TRACE_ERRORS = 100, CS_TRACE_HASH_TOKENS = 512 };
enum cs_trace_column {
    CS_TRACE_ARRIVAL,
    CS_TRACE_INPUT,
    CS_TRACE_OUTPUT,
    CS_TRACE_PREFIX_TOKENS,
    CS_TRACE_PREFIX_GROUP, /* from here on names */
    CS_TRACE_SESSION,
    CS_TRACE_MODEL,
    CS_TRACE_CLASS,
    CS_TRACE_COLUMNS,
    CS_TRACE_NAMES = CS_TRACE_COLUMNS - CS_TRACE_PREFIX_GROUP
};

struct cs_trace_name;
struct cs_trace_rows {
    struct cs_arena *arena;
    struct cs_diags *diags;
    struct cs_source *source;
    int line, column; /* of what is read now, from 1 */
    size_t errors;
    bool has[CS_TRACE_COLUMNS], has_hashes; /* set before the first row, hashes at any */
    int32_t hash_tokens;
    size_t count, capacity;
    double *arrival_s;
    int32_t *whole[CS_TRACE_COLUMNS]; /* tokens, and the ids of names */
    struct cs_trace_name *names[CS_TRACE_NAMES];
    uint64_t *hashes; /* of all rows; those after hash_start[count] are of the row at hand */
    size_t hash_count, hash_capacity, *hash_start;
};

/* One row as it was read; names "" where there is none. */
struct cs_trace_row {
    double arrival_s, tokens[3]; /* input, output, prefix */
    const char *names[CS_TRACE_NAMES];
};

void cs_trace_fail(struct cs_trace_rows *r, const char *hint, const char *what, const char *field);
/* A number of a row, whole where it counts tokens; false: told. */
bool cs_trace_check(struct cs_trace_rows *r, const char *name, bool whole, double low, double high,
                    double value, const char *field);
void cs_trace_hash(struct cs_trace_rows *r, uint64_t hash);
/* Adds the row and the hashes since the last one, or tells what is wrong with them. */
void cs_trace_add(struct cs_trace_rows *r, const struct cs_trace_row *row);
/* Takes back the hashes of a row that is not added. */
void cs_trace_forget(struct cs_trace_rows *r);

/* A format's reading of a file, piece by piece; `close` also takes what follows the last LF. */
struct cs_trace_format {
    const char *expected;  /* of an empty trace */
    void *(*open)(struct cs_trace_rows *rows);
    void (*feed)(void *reading, const char *text, size_t size);
    void (*close)(void *reading);
};
extern const struct cs_trace_format cs_trace_format_csv, cs_trace_format_jsonl;

static const double CS_TRACE_TOKENS = 1e8;     /* the longest, as lengths in a scenario */
static const double CS_TRACE_SECONDS = 8.64e6; /* 100 days: time is kept in 64-bit picoseconds */

#endif
