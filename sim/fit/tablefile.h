/* Table files: CSV with a header, as measurements come in; plain, gzip or Zstandard.
 *
 * A file is read whole: the header names the columns, every further line is a row, blank lines
 * are passed over, LF or CRLF, a byte-order mark is skipped. A reader lists the columns it wants
 * (cs_tablefile_map: all that are missing are said at once, what else stands in the file is let
 * be) and asks for cells as text or as numbers.
 *
 * The one rule: a number is all of its cell or an error at its line and column; an empty cell is
 * "" or NaN, never 0. Errors go to the diagnostics and reading goes on.
 * Everything belongs to the arena given. The caret under an error comes from `source`, which
 * therefore keeps the whole text.
 */
#ifndef CS_FIT_TABLEFILE_H
#define CS_FIT_TABLEFILE_H
#include "base/diag.h"

struct cs_tablefile {
    struct cs_arena *arena;
    struct cs_diags *diags;
    const struct cs_source *source;
    size_t column_count, row_count;
    const char *const *columns; /* names */
    const char *const *cells;   /* row by row */
    const int *lines;           /* where each row begins, from 1 */
};

struct cs_column { /* of those that a reader wants */
    const char *name;
    bool required;
    int at; /* filled by cs_tablefile_map; -1: the file lacks it */
};

/* False: the errors are in the diagnostics (status 4: cannot be read; 3: not a table). */
bool cs_tablefile_read(struct cs_tablefile *t, const char *path, struct cs_arena *arena,
                       struct cs_diags *diags);
/* The same from memory. */
bool cs_tablefile_parse(struct cs_tablefile *t, const char *name, const char *text, size_t size,
                        struct cs_arena *arena, struct cs_diags *diags);
bool cs_tablefile_map(const struct cs_tablefile *t, struct cs_column *columns, size_t count);
/* A cell without blanks around it; "" also for column -1. */
const char *cs_tablefile_text(const struct cs_tablefile *t, size_t row, int column);
/* A decimal number from `low` to `high`, NaN when the cell is empty; else an error and NaN. */
double cs_tablefile_number(const struct cs_tablefile *t, size_t row, int column, double low,
                           double high);
/* The place of a cell, for errors of meaning; column -1: the whole line. */
struct cs_span cs_tablefile_span(const struct cs_tablefile *t, size_t row, int column);
/* "FILE:LINE", in the arena. */
const char *cs_tablefile_place(const struct cs_tablefile *t, size_t row);

#endif
