/* Diagnostics: everything wrong with the user's input, collected, then shown by one renderer.
 *
 *   scenarios/chat.yaml:14:7: error: unknown key 'tensor_paralel' in deploy[0]
 *      14 |       tensor_paralel: 8
 *         |       ^~~~~~~~~~~~~~ did you mean 'tensor_parallel'?
 *         = referenced from scenarios/chat.yaml:9:12 (deploy[0].hardware)
 *   1 error; nothing was simulated.
 *
 * The one rule: user errors are added here and the work goes on to find more; nothing is printed
 * where it is found. Assertions about ourselves are in check.h and never mix with these.
 * A span names a piece of a source text by line and column, both from 1, columns in characters.
 * Sources and texts live in the arena given at init. Text quoted from files is printed with its
 * control characters escaped; at most CS_DIAG_SHOWN diagnostics are shown, the rest counted.
 */
#ifndef CS_BASE_DIAG_H
#define CS_BASE_DIAG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/arena.h"

enum { CS_DIAG_SHOWN = 20 };

struct cs_source {
    const char *name; /* as the user would type it; "--set" for the command line */
    const char *text; /* whole text, may be NULL when it could not be read */
    size_t size;
};

struct cs_span {
    const struct cs_source *source; /* NULL: no place */
    int line, column, length; /* from 1; length in characters, at least 1; line 0: whole file */
};

enum cs_diag_level { CS_DIAG_ERROR, CS_DIAG_WARNING };

struct cs_diag {
    enum cs_diag_level level;
    struct cs_span span;
    const char *message; /* after "error: " */
    const char *hint;    /* after the caret; NULL for none */
    struct cs_span referenced_from; /* source NULL: none */
    const char *reference;          /* what referred, such as "deploy[0].hardware" */
};

struct cs_diags {
    struct cs_arena *arena;
    struct cs_diag *items;
    size_t count, errors;
    struct cs_span referenced_from; /* stamped on what is added while set (loading a sheet) */
    const char *reference;
    int exit_code; /* worst exit status so far: 2 usage, 3 input, 4 file; 0 none */
};

void cs_diags_init(struct cs_diags *d, struct cs_arena *arena);
/* Adds an error (exit status 3). `hint` may be NULL; it is copied. */
void cs_diag_error(struct cs_diags *d, struct cs_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cs_diag_warning(struct cs_diags *d, struct cs_span at, const char *hint, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* Adds an error about a file as such (exit status 4): missing, a directory, unreadable. */
void cs_diag_file(struct cs_diags *d, struct cs_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Prints all, then the closing line "N errors; nothing was simulated." when there are errors. */
void cs_diags_print(const struct cs_diags *d, FILE *out);
/* `text` with control characters and invalid UTF-8 escaped, in the arena. */
const char *cs_diag_escape(struct cs_arena *a, const char *text, size_t length);
static inline bool cs_diags_has_errors(const struct cs_diags *d)
{
    return d->errors > 0;
}

#endif
