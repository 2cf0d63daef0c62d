/* Traces as generic CSV: the reader (see trace_csv.h).
 *
 * libcsv splits fields in pieces of any size. It reports each line end, also of empty lines, so
 * that line numbers are those of an editor; a CRLF is reported twice and counted once, at its LF.
 *
 * The rule: numbers are read by the unit parser without a unit, so a trace and a scenario agree on
 * what a number is. A block hash is up to 16 hexadecimal digits, decimal ones among them: words
 * that differ in value are different blocks, and nothing else of a hash matters.
 * Not here: keeping rows (trace_rows.c), other formats.
 */
#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/unit.h"
#include "spec/trace_rows.h"

enum { MOST_COLUMNS = 64, MOST_FIELD = 200, HASHES = CS_TRACE_COLUMNS, COLUMNS };
static const char *const column_names[COLUMNS] = {
    "arrival_s", "input_tokens", "output_tokens", "prefix_tokens", "prefix_group",
    "session",   "model",        "class",         "block_hashes"};

struct reading {
    struct cs_trace_rows *rows;
    struct csv_parser parser;
    bool in_body;
    /* the header */
    int column_of[MOST_COLUMNS]; /* which column stands at a place */
    int place_of[COLUMNS];       /* where it stands, or -1 */
    int columns;
    /* the line at hand */
    char fields[MOST_COLUMNS][MOST_FIELD + 1];
    int field_count;
    bool field_too_long;
};

/* --- the header ------------------------------------------------------------------------------ */

/* "block_hashes" or "block_hashes_16": the tokens that a hash stands for. */
static bool read_hash_tokens(struct reading *g, const char *field)
{
    const size_t own = strlen(column_names[HASHES]);
    double tokens = CS_TRACE_HASH_TOKENS;
    struct cs_unit_error error;
    if (strncmp(field, column_names[HASHES], own) != 0 || (field[own] && field[own] != '_'))
        return false;
    if (field[own] && (!cs_unit_parse(field + own + 1, strlen(field + own + 1), CS_UNIT_NUMBER,
                                      &tokens, &error) ||
                       !(tokens >= 1 && tokens <= 1e6 && tokens == floor(tokens))))
        cs_trace_fail(g->rows, "expected the tokens of a block, such as block_hashes_512",
                      "not a block's length", field);
    else
        g->rows->hash_tokens = (int32_t)tokens;
    g->rows->has_hashes = true;
    return true;
}

static void read_header(struct reading *g)
{
    struct cs_trace_rows *const r = g->rows;
    for (int i = 0; i < COLUMNS; i++)
        g->place_of[i] = -1;
    g->columns = g->field_count;
    for (int i = 0; i < g->field_count; i++) {
        int c = 0;
        while (c < HASHES && strcmp(column_names[c], g->fields[i]) != 0)
            c++;
        if (c == HASHES && !read_hash_tokens(g, g->fields[i]))
            c = COLUMNS;
        g->column_of[i] = c;
        if (c == COLUMNS) {
            const char *const near = cs_suggest(g->fields[i], column_names, COLUMNS);
            cs_trace_fail(r, near ? cs_arena_printf(r->arena, "did you mean '%s'?", near) : NULL,
                          "unknown column", g->fields[i]);
        } else if (g->place_of[c] >= 0) {
            cs_trace_fail(r, NULL, "a column stands twice in the header", g->fields[i]);
        } else {
            g->place_of[c] = i;
            if (c < CS_TRACE_COLUMNS)
                r->has[c] = true;
        }
    }
    for (int c = CS_TRACE_ARRIVAL; c <= CS_TRACE_OUTPUT; c++)
        if (g->place_of[c] < 0)
            cs_trace_fail(r, "the first line must name arrival_s,input_tokens,output_tokens",
                          "the header lacks a column", column_names[c]);
    if (r->has[CS_TRACE_PREFIX_TOKENS] != r->has[CS_TRACE_PREFIX_GROUP])
        cs_trace_fail(r, NULL, "prefix_group and prefix_tokens need each other", NULL);
    g->in_body = true;
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool read_number(struct reading *g, int column, double low, double high, double *value)
{
    const char *const field = g->fields[g->place_of[column]], *const name = column_names[column];
    struct cs_unit_error error;
    if (!*field) {
        cs_trace_fail(g->rows, NULL, cs_arena_printf(g->rows->arena, "%s is empty", name), NULL);
        return false;
    }
    if (!cs_unit_parse(field, strlen(field), CS_UNIT_NUMBER, value, &error))
        *value = NAN;
    return cs_trace_check(g->rows, name, column != CS_TRACE_ARRIVAL, low, high, *value, field);
}

static void read_row(struct reading *g)
{
    struct cs_trace_rows *const r = g->rows;
    struct cs_trace_row row = {0};
    if (g->field_count != g->columns) {
        char what[96];
        snprintf(what, sizeof what, "%d fields, but the header names %d", g->field_count,
                 g->columns);
        cs_trace_fail(r, NULL, what, NULL);
        return;
    }
    bool sound = read_number(g, CS_TRACE_ARRIVAL, 0, CS_TRACE_SECONDS, &row.arrival_s);
    sound = read_number(g, CS_TRACE_INPUT, 1, CS_TRACE_TOKENS, &row.tokens[0]) && sound;
    sound = read_number(g, CS_TRACE_OUTPUT, 1, CS_TRACE_TOKENS, &row.tokens[1]) && sound;
    const int prefix = g->place_of[CS_TRACE_PREFIX_TOKENS];
    if (prefix >= 0 && *g->fields[prefix])
        sound = read_number(g, CS_TRACE_PREFIX_TOKENS, 0, CS_TRACE_TOKENS, &row.tokens[2]) && sound;
    for (int c = 0; c < CS_TRACE_NAMES; c++)
        if (r->has[CS_TRACE_PREFIX_GROUP + c])
            row.names[c] = g->fields[g->place_of[CS_TRACE_PREFIX_GROUP + c]];
    if (sound)
        cs_trace_add(r, &row);
    else
        cs_trace_forget(r);
}

static void tell_hash(struct reading *g, const char *word, size_t length)
{
    char text[40];
    snprintf(text, sizeof text, "%.*s", (int)(length < 30 ? length : 30), word);
    cs_trace_fail(g->rows, "expected up to 16 hexadecimal digits, spaces between the hashes",
                  "not a block's hash", text);
}

static void read_hashes(struct reading *g, const char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    for (size_t i = 0; i < size;) {
        uint64_t hash = 0;
        size_t length = 0, bad = 0;
        const char *const word = text + i;
        for (; i < size && text[i] != ' '; i++, length++) {
            const char *const digit = text[i] ? strchr(digits, text[i]) : NULL;
            bad += !digit || length >= 16;
            hash = hash << 4 | (digit ? (uint64_t)(digit - digits) % 16 : 0);
        }
        if (bad)
            tell_hash(g, word, length);
        else if (length)
            cs_trace_hash(g->rows, hash);
        i += i < size;
    }
}

/* --- libcsv's callbacks ---------------------------------------------------------------------- */

static void on_field(void *text, size_t length, void *context)
{
    struct reading *const g = context;
    const char *const bytes = text ? text : "";
    if (g->in_body && g->field_count < g->columns && g->column_of[g->field_count] == HASHES) {
        read_hashes(g, bytes, length);
    } else if (g->field_count < MOST_COLUMNS) {
        const size_t kept = length < MOST_FIELD ? length : MOST_FIELD;
        memcpy(g->fields[g->field_count], bytes, kept);
        g->fields[g->field_count][kept] = '\0';
        g->field_too_long = g->field_too_long || length > MOST_FIELD;
    }
    g->field_count++;
    for (size_t i = 0; i < length; i++)
        g->rows->line += bytes[i] == '\n';
}

static void on_line(int end, void *context)
{
    struct reading *const g = context;
    struct cs_trace_rows *const r = g->rows;
    const bool more = g->field_count && r->errors <= CS_TRACE_ERRORS;
    if (g->field_count > MOST_COLUMNS)
        cs_trace_fail(r, NULL, "too many fields in one line", NULL);
    else if (g->field_too_long)
        cs_trace_fail(r, NULL, "a field is longer than 200 characters", NULL);
    else if (more && !g->in_body)
        read_header(g);
    else if (more && r->has[CS_TRACE_ARRIVAL] && r->has[CS_TRACE_INPUT] && r->has[CS_TRACE_OUTPUT])
        read_row(g);
    g->field_count = 0;
    g->field_too_long = false;
    r->line += end == '\n';
}

/* --- the format ------------------------------------------------------------------------------ */

static void *open_csv(struct cs_trace_rows *rows)
{
    struct reading *const g = calloc(1, sizeof *g);
    if (!g || csv_init(&g->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        abort();
    g->rows = rows;
    return g;
}

static void feed_csv(void *reading, const char *text, size_t size)
{
    struct reading *const g = reading;
    if (csv_parse(&g->parser, text, size, on_field, on_line, g) != size) {
        cs_trace_fail(g->rows, NULL, "not valid CSV, a stray quote perhaps", NULL);
        g->rows->errors += CS_TRACE_ERRORS; /* nothing after it can be trusted */
    }
}

static void close_csv(void *reading)
{
    struct reading *const g = reading;
    if (g->rows->errors <= CS_TRACE_ERRORS && csv_fini(&g->parser, on_field, on_line, g) != 0)
        cs_trace_fail(g->rows, NULL, "not valid CSV: a quote is never closed", NULL);
    csv_free(&g->parser);
    free(g);
}

const struct cs_trace_format cs_trace_format_csv = {
    "expected arrival_s,input_tokens,output_tokens and a line for each request", open_csv,
    feed_csv, close_csv};
