/* Traces: one line a request, replayed as they are; generic CSV, or JSON lines (trace_jsonl.c).
 *
 *   arrival_s,input_tokens,output_tokens[,prefix_group,prefix_tokens,session,model,class,
 *                                         block_hashes]
 *
 * The header names the columns, in any order; plain, gzip or .zst; LF or CRLF; a byte-order mark
 * is skipped. Arrivals are seconds from the start, not falling; tokens whole numbers from 1.
 * `block_hashes` (or block_hashes_N) holds a hash for each 512 (N) tokens of the prompt from its
 * front, up to 16 hexadecimal digits each, spaces between them: equal where a block and all before
 * it are equal.
 *
 * The one rule: a trace is taken whole or not at all. Everything wrong is said with its line, up
 * to a hundred times; lengths are never guessed, rows never dropped.
 * Arrays belong to the arena. Names (prefix_group, session, model, class) become dense numbers in
 * the order in which they come up, -1 where a field is empty.
 */
#ifndef CS_SPEC_TRACE_CSV_H
#define CS_SPEC_TRACE_CSV_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/diag.h"

struct cs_trace_names {
    const int32_t *ids;       /* one for each request, -1: none; NULL: no such column */
    const char *const *names; /* of the ids */
    size_t count;
};

struct cs_trace {
    size_t count;
    const double *arrival_s;
    const int32_t *input, *output; /* tokens */
    const int32_t *prefix_tokens;  /* of the prompt, shared in its group; NULL: no such column */
    struct cs_trace_names prefix_group, session, model, klass;
    /* Prompts as blocks known by hash, each standing for `hash_tokens` tokens and all before them:
     * request i has hashes[hash_start[i]] .. hashes[hash_start[i + 1] - 1].
     * NULL: no such column. */
    const uint64_t *hashes;
    const size_t *hash_start;
    int32_t hash_tokens;
};

/* False: the errors are in `diags`, "referenced from" `at` when it has a source. */
bool cs_trace_read(const char *path, struct cs_arena *arena, struct cs_trace *trace,
                   struct cs_diags *diags, struct cs_span at);
/* The same from memory; `name` stands in messages. */
bool cs_trace_parse(const char *name, const char *text, size_t size, struct cs_arena *arena,
                    struct cs_trace *trace, struct cs_diags *diags, struct cs_span at);
/* The whole text of a trace's file, unpacked, with a NUL behind it; `name` is what it is called
 * without .gz or .zst and folders. False: as above. */
bool cs_trace_text(const char *path, struct cs_arena *arena, const char **name, const char **text,
                   size_t *size, struct cs_diags *diags, struct cs_span at);
/* Whether the start of a trace names prefixes, sessions or hashes. Tells no errors. */
bool cs_trace_shares(const char *path);
/* The same of a text. */
bool cs_trace_shares_in(const char *name, const char *text, size_t size);

#endif
