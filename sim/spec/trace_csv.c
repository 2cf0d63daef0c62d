/* Traces as generic CSV: the reader (see trace_csv.h).
 *
 * libcsv splits fields in pieces of any size, zlib's gzopen reads plain and compressed files
 * alike. libcsv reports each line end, also of empty lines, so that line numbers are those of an
 * editor; a CRLF is reported twice and counted once, at its LF.
 *
 * The rule: numbers are read by the unit parser without a unit, so a trace and a scenario agree on
 * what a number is; after MOST_ERRORS errors the rest is not read.
 * Growing arrays are malloc'd and copied into the arena once, when the trace is known to be sound.
 * Not here: other traces' formats, time shifts, filtering.
 */
#include "spec/trace_csv.h"
#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>
#include <zlib.h>
#include "base/suggest.h"
#include "base/unit.h"

enum { MOST_ERRORS = 100, MOST_COLUMNS = 64, MOST_FIELD = 200, CHUNK = 1 << 16 };
static const double most_tokens = 1e8;    /* as lengths in a scenario */
static const double most_seconds = 8.64e6; /* 100 days: time is kept in 64-bit picoseconds */

enum column {
    ARRIVAL,
    INPUT,
    OUTPUT,
    PREFIX_TOKENS,
    PREFIX_GROUP,
    SESSION,
    MODEL,
    CLASS,
    COLUMNS
};
enum { FIRST_NAME = PREFIX_GROUP, NAMES = COLUMNS - FIRST_NAME };
static const char *const column_names[COLUMNS] = {
    "arrival_s", "input_tokens", "output_tokens", "prefix_tokens",
    "prefix_group", "session", "model", "class"};

struct name {
    UT_hash_handle hh;
    int32_t id;
    const char *text;
};

struct reading {
    struct cs_arena *arena;
    struct cs_diags *diags;
    struct cs_source *source;
    int line;
    size_t errors;
    bool in_body;
    /* the header */
    int column_of[MOST_COLUMNS]; /* which column stands at a place */
    int place_of[COLUMNS];       /* where it stands, or -1 */
    int columns;
    /* the line at hand */
    char fields[MOST_COLUMNS][MOST_FIELD + 1];
    int field_count;
    bool field_too_long;
    /* the rows so far */
    size_t count, capacity;
    double *arrival_s;
    int32_t *whole[COLUMNS]; /* INPUT, OUTPUT, PREFIX_TOKENS and the ids of names */
    struct name *names[NAMES];
};

static struct cs_span here(const struct reading *r)
{
    return (struct cs_span){.source = r->source, .line = r->line, .column = 1, .length = 1};
}

static void fail(struct reading *r, const char *hint, const char *what, const char *field)
{
    r->errors++;
    if (r->errors > MOST_ERRORS)
        return;
    if (field)
        cs_diag_error(r->diags, here(r), hint, "%s: '%s'", what, field);
    else
        cs_diag_error(r->diags, here(r), hint, "%s", what);
}

/* --- the header ------------------------------------------------------------------------------ */

static void read_header(struct reading *r)
{
    for (int i = 0; i < COLUMNS; i++)
        r->place_of[i] = -1;
    r->columns = r->field_count;
    for (int i = 0; i < r->field_count; i++) {
        int c = 0;
        while (c < COLUMNS && strcmp(column_names[c], r->fields[i]) != 0)
            c++;
        r->column_of[i] = c;
        if (c == COLUMNS) {
            const char *const near = cs_suggest(r->fields[i], column_names, COLUMNS);
            fail(r, near ? cs_arena_printf(r->arena, "did you mean '%s'?", near) : NULL,
                 "unknown column", r->fields[i]);
        } else if (r->place_of[c] >= 0) {
            fail(r, NULL, "a column stands twice in the header", r->fields[i]);
        } else {
            r->place_of[c] = i;
        }
    }
    for (int c = ARRIVAL; c <= OUTPUT; c++)
        if (r->place_of[c] < 0)
            fail(r, "the first line must name arrival_s,input_tokens,output_tokens",
                 "the header lacks a column", column_names[c]);
    if ((r->place_of[PREFIX_TOKENS] < 0) != (r->place_of[PREFIX_GROUP] < 0))
        fail(r, NULL, "prefix_group and prefix_tokens need each other", NULL);
    r->in_body = true;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void grow(struct reading *r)
{
    if (r->count < r->capacity)
        return;
    r->capacity = r->capacity ? 2 * r->capacity : 1024;
    double *const arrivals = realloc(r->arrival_s, r->capacity * sizeof *arrivals);
    if (!arrivals)
        abort();
    r->arrival_s = arrivals;
    for (int c = INPUT; c < COLUMNS; c++) {
        if (r->place_of[c] < 0)
            continue;
        int32_t *const larger = realloc(r->whole[c], r->capacity * sizeof *larger);
        if (!larger)
            abort();
        r->whole[c] = larger;
    }
}

static int32_t id_of(struct reading *r, enum column column, const char *text)
{
    struct name *name = NULL;
    if (!*text)
        return -1;
    HASH_FIND_STR(r->names[column - FIRST_NAME], text, name);
    if (name)
        return name->id;
    name = cs_arena_alloc(r->arena, 1, sizeof *name);
    name->text = cs_arena_strdup(r->arena, text);
    name->id = (int32_t)HASH_COUNT(r->names[column - FIRST_NAME]);
    HASH_ADD_KEYPTR(hh, r->names[column - FIRST_NAME], name->text, strlen(name->text), name);
    return name->id;
}

static bool read_number(struct reading *r, enum column column, double low, double high,
                        double *value)
{
    const char *const field = r->fields[r->place_of[column]];
    struct cs_unit_error error;
    char what[96];
    if (!*field) {
        snprintf(what, sizeof what, "%s is empty", column_names[column]);
        fail(r, NULL, what, NULL);
        return false;
    }
    const bool sound = cs_unit_parse(field, strlen(field), CS_UNIT_NUMBER, value, &error);
    if (!sound || (column != ARRIVAL && *value != floor(*value))) {
        snprintf(what, sizeof what, "%s is not a %snumber", column_names[column],
                 column == ARRIVAL ? "" : "whole ");
        fail(r, NULL, what, field);
        return false;
    }
    if (*value < low || *value > high) {
        snprintf(what, sizeof what, "%s must be %.0f to %.0f", column_names[column], low, high);
        fail(r, NULL, what, field);
        return false;
    }
    return true;
}

static void read_row(struct reading *r)
{
    double arrival_s = 0, tokens[3] = {0};
    if (r->field_count != r->columns) {
        char what[96];
        snprintf(what, sizeof what, "%d fields, but the header names %d", r->field_count,
                 r->columns);
        fail(r, NULL, what, NULL);
        return;
    }
    bool sound = read_number(r, ARRIVAL, 0, most_seconds, &arrival_s);
    sound = read_number(r, INPUT, 1, most_tokens, &tokens[0]) && sound;
    sound = read_number(r, OUTPUT, 1, most_tokens, &tokens[1]) && sound;
    if (r->place_of[PREFIX_TOKENS] >= 0 && *r->fields[r->place_of[PREFIX_TOKENS]])
        sound = read_number(r, PREFIX_TOKENS, 0, most_tokens, &tokens[2]) && sound;
    if (!sound)
        return;
    if (tokens[2] > tokens[0])
        fail(r, NULL, "prefix_tokens is more than input_tokens",
             r->fields[r->place_of[PREFIX_TOKENS]]);
    if (r->count && arrival_s < r->arrival_s[r->count - 1])
        fail(r, "sort the trace by arrival_s", "arrival_s falls", r->fields[r->place_of[ARRIVAL]]);
    if (r->count == INT32_MAX)
        return;
    grow(r);
    r->arrival_s[r->count] = arrival_s;
    for (int c = INPUT; c <= PREFIX_TOKENS; c++)
        if (r->place_of[c] >= 0)
            r->whole[c][r->count] = (int32_t)tokens[c - INPUT];
    for (int c = FIRST_NAME; c < COLUMNS; c++)
        if (r->place_of[c] >= 0)
            r->whole[c][r->count] = id_of(r, (enum column)c, r->fields[r->place_of[c]]);
    r->count++;
}

/* --- libcsv's callbacks ---------------------------------------------------------------------- */

static void on_field(void *text, size_t length, void *context)
{
    struct reading *const r = context;
    const char *const bytes = text ? text : "";
    if (r->field_count < MOST_COLUMNS) {
        const size_t kept = length < MOST_FIELD ? length : MOST_FIELD;
        memcpy(r->fields[r->field_count], bytes, kept);
        r->fields[r->field_count][kept] = '\0';
        r->field_too_long = r->field_too_long || length > MOST_FIELD;
    }
    r->field_count++;
    for (size_t i = 0; i < length; i++)
        r->line += bytes[i] == '\n';
}

static void on_line(int end, void *context)
{
    struct reading *const r = context;
    if (r->field_count > MOST_COLUMNS)
        fail(r, NULL, "too many fields in one line", NULL);
    else if (r->field_too_long)
        fail(r, NULL, "a field is longer than 200 characters", NULL);
    else if (r->field_count && r->errors <= MOST_ERRORS && !r->in_body)
        read_header(r);
    else if (r->field_count && r->errors <= MOST_ERRORS && r->place_of[ARRIVAL] >= 0 &&
             r->place_of[INPUT] >= 0 && r->place_of[OUTPUT] >= 0)
        read_row(r);
    r->field_count = 0;
    r->field_too_long = false;
    r->line += end == '\n';
}

/* --- a whole trace --------------------------------------------------------------------------- */

static const void *keep(struct reading *r, const void *rows, size_t size)
{
    if (!rows)
        return NULL;
    void *const kept = cs_arena_alloc(r->arena, r->count, size);
    memcpy(kept, rows, r->count * size);
    return kept;
}

static struct cs_trace_names keep_names(struct reading *r, enum column column)
{
    struct name *const first = r->names[column - FIRST_NAME];
    const size_t count = HASH_COUNT(first);
    const char **const names = cs_arena_alloc(r->arena, count, sizeof *names);
    for (const struct name *n = first; n; n = n->hh.next)
        names[n->id] = n->text;
    return (struct cs_trace_names){.ids = keep(r, r->whole[column], sizeof(int32_t)),
                                   .names = names,
                                   .count = count};
}

static struct reading *begin(const char *name, struct cs_arena *arena, struct cs_diags *diags,
                             struct csv_parser *parser)
{
    struct reading *const r = calloc(1, sizeof *r);
    if (!r || csv_init(parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        abort();
    r->arena = arena;
    r->diags = diags;
    r->line = 1;
    r->source = cs_arena_alloc(arena, 1, sizeof *r->source);
    r->source->name = cs_arena_strdup(arena, name);
    return r;
}

static void feed(struct reading *r, struct csv_parser *parser, const char *text, size_t size)
{
    if (r->errors > MOST_ERRORS)
        return;
    if (csv_parse(parser, text, size, on_field, on_line, r) != size) {
        fail(r, NULL, "not valid CSV, a stray quote perhaps", NULL);
        r->errors += MOST_ERRORS; /* nothing after it can be trusted */
    }
}

/* Ends the reading; true when the trace is sound, and then it is in *trace. */
static bool finish(struct reading *r, struct csv_parser *parser, struct cs_trace *trace)
{
    if (r->errors <= MOST_ERRORS && csv_fini(parser, on_field, on_line, r) != 0)
        fail(r, NULL, "not valid CSV: a quote is never closed", NULL);
    csv_free(parser);
    if (!r->errors && !r->count)
        fail(r, "expected arrival_s,input_tokens,output_tokens and a line for each request",
             r->in_body ? "the trace holds no request" : "the trace is empty", NULL);
    const bool sound = r->errors == 0;
    if (sound) {
        *trace = (struct cs_trace){
            .count = r->count,
            .arrival_s = keep(r, r->arrival_s, sizeof *r->arrival_s),
            .input = keep(r, r->whole[INPUT], sizeof(int32_t)),
            .output = keep(r, r->whole[OUTPUT], sizeof(int32_t)),
            .prefix_tokens = keep(r, r->whole[PREFIX_TOKENS], sizeof(int32_t)),
            .prefix_group = keep_names(r, PREFIX_GROUP),
            .session = keep_names(r, SESSION),
            .model = keep_names(r, MODEL),
            .klass = keep_names(r, CLASS),
        };
    }
    free(r->arrival_s);
    for (int c = 0; c < COLUMNS; c++)
        free(r->whole[c]);
    for (int c = 0; c < NAMES; c++)
        HASH_CLEAR(hh, r->names[c]);
    free(r);
    return sound;
}

static size_t skip_mark(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool cs_trace_parse(const char *name, const char *text, size_t size, struct cs_arena *arena,
                    struct cs_trace *trace, struct cs_diags *diags, struct cs_span at)
{
    struct csv_parser parser;
    const struct cs_span outer = diags->referenced_from;
    const char *const outer_reference = diags->reference;
    diags->referenced_from = at;
    diags->reference = "traffic.trace";
    struct reading *const r = begin(name, arena, diags, &parser);
    const size_t mark = skip_mark(text, size);
    feed(r, &parser, text + mark, size - mark);
    const bool sound = finish(r, &parser, trace);
    diags->referenced_from = outer;
    diags->reference = outer_reference;
    return sound;
}

static bool fail_file(struct cs_diags *diags, const char *path, struct cs_span at, const char *why)
{
    cs_diag_file(diags, at, NULL, "cannot read the trace '%s': %s", path, why);
    return false;
}

bool cs_trace_read(const char *path, struct cs_arena *arena, struct cs_trace *trace,
                   struct cs_diags *diags, struct cs_span at)
{
    struct stat status;
    struct csv_parser parser;
    if (stat(path, &status) != 0)
        return fail_file(diags, path, at, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return fail_file(diags, path, at, "it is a directory");
    const gzFile file = gzopen(path, "rb");
    if (!file)
        return fail_file(diags, path, at, strerror(errno));
    char *const chunk = malloc(CHUNK);
    if (!chunk)
        abort();
    const struct cs_span outer = diags->referenced_from;
    const char *const outer_reference = diags->reference;
    diags->referenced_from = at;
    diags->reference = "traffic.trace";
    struct reading *const r = begin(path, arena, diags, &parser);
    int got;
    for (bool first = true; (got = gzread(file, chunk, CHUNK)) > 0; first = false) {
        const size_t mark = first ? skip_mark(chunk, (size_t)got) : 0;
        feed(r, &parser, chunk + mark, (size_t)got - mark);
    }
    if (got < 0 || gzclose_r(file) != Z_OK) {
        fail(r, NULL, "the file is damaged or cut off", NULL);
        if (got < 0)
            gzclose_r(file);
    }
    free(chunk);
    const bool sound = finish(r, &parser, trace);
    diags->referenced_from = outer;
    diags->reference = outer_reference;
    return sound;
}
