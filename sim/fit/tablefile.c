/* Table files: decompressing, splitting, and finding a cell's place again (see tablefile.h).
 *
 * The first bytes tell how a file is packed, its name does not: Zstandard frames (RFC 8878) go
 * through libzstd, everything else through zlib's gzopen, which reads plain files too. libcsv
 * splits the text; it does not say where a field stood, so a place is found when an error needs
 * it, by walking the row's line again with the same quoting rule.
 *
 * The rule: no file makes the program use more than MOST_BYTES for its text; damaged or cut off
 * files are errors, never shorter tables. Buffers that grow are malloc'd and copied into the
 * arena once. Not here: what the columns mean.
 */
#include "fit/tablefile.h"
#include "base/suggest.h"
#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

enum { MOST_COLUMNS = 256, CHUNK = 1 << 17, MOST_BYTES = 1 << 28 };
static const unsigned char zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

/* --- the bytes ------------------------------------------------------------------------------- */

struct bytes { /* malloc'd */
    char *text;
    size_t size, capacity;
};

static bool append(struct bytes *b, const char *text, size_t size)
{
    if (size == 0 || size > MOST_BYTES - b->size)
        return size == 0;
    if (b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size);
        b->text = realloc(b->text, b->capacity);
        if (b->text == NULL)
            abort();
    }
    memcpy(b->text + b->size, text, size);
    b->size += size;
    return true;
}

/* NULL, or what is wrong. */
static const char *unpack_zstd(const struct bytes *packed, struct bytes *b, char *chunk)
{
    ZSTD_DStream *const stream = ZSTD_createDStream();
    if (stream == NULL)
        abort();
    ZSTD_inBuffer in = {packed->text, packed->size, 0};
    size_t rest = 1;
    const char *wrong = NULL;
    while (wrong == NULL && in.pos < in.size) {
        ZSTD_outBuffer out = {chunk, CHUNK, 0};
        rest = ZSTD_decompressStream(stream, &out, &in);
        if (ZSTD_isError(rest))
            wrong = "the file is damaged";
        else if (!append(b, chunk, out.pos))
            wrong = "the file holds more than 256 MiB";
    }
    while (wrong == NULL && rest != 0) { /* what the stream still holds back */
        ZSTD_outBuffer out = {chunk, CHUNK, 0};
        rest = ZSTD_decompressStream(stream, &out, &in);
        if (ZSTD_isError(rest) || out.pos == 0)
            wrong = "the file is cut off";
        else if (!append(b, chunk, out.pos))
            wrong = "the file holds more than 256 MiB";
    }
    ZSTD_freeDStream(stream);
    return wrong;
}

static const char *read_bytes(const char *path, struct bytes *b)
{
    const gzFile file = gzopen(path, "rb");
    if (file == NULL)
        return strerror(errno);
    char *const chunk = malloc(CHUNK);
    if (chunk == NULL)
        abort();
    const char *wrong = NULL;
    int got;
    while (wrong == NULL && (got = gzread(file, chunk, CHUNK)) != 0) {
        if (got < 0)
            wrong = "the file is damaged";
        else if (!append(b, chunk, (size_t)got))
            wrong = "the file holds more than 256 MiB";
    }
    if (gzclose_r(file) != Z_OK && wrong == NULL)
        wrong = "the file is damaged or cut off";
    if (wrong == NULL && b->size >= sizeof zstd_magic &&
        memcmp(b->text, zstd_magic, sizeof zstd_magic) == 0) {
        const struct bytes packed = *b;
        *b = (struct bytes){0};
        wrong = unpack_zstd(&packed, b, chunk);
        free(packed.text);
    }
    free(chunk);
    return wrong;
}

/* --- rows ------------------------------------------------------------------------------------ */

struct reading {
    struct cs_tablefile *t;
    const char **row; /* the fields of the line at hand */
    size_t fields;
    int line, begins; /* where we are, and where the row began */
    bool in_body;
    const char **cells;
    int *lines;
};

static struct cs_span at_line(const struct reading *r)
{
    return (struct cs_span){.source = r->t->source, .line = r->begins, .column = 1, .length = 1};
}

static void on_field(void *text, size_t length, void *user)
{
    struct reading *const r = user;
    if (r->fields == 0)
        r->begins = r->line;
    if (r->fields < MOST_COLUMNS)
        r->row[r->fields] = cs_arena_strndup(r->t->arena, text == NULL ? "" : text, length);
    r->fields++;
    for (size_t i = 0; i < length; i++)
        r->line += ((const char *)text)[i] == '\n';
}

static void take_header(struct reading *r)
{
    struct cs_tablefile *const t = r->t;
    const char **const names = cs_arena_alloc(t->arena, r->fields, sizeof *names);
    memcpy(names, r->row, r->fields * sizeof *names);
    t->columns = names;
    t->column_count = r->fields;
    r->in_body = true;
    for (size_t i = 0; i < r->fields; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0 && *names[i])
                cs_diag_error(t->diags, at_line(r), NULL,
                              "a column stands twice in the header: '%s'", names[i]);
}

static void take_row(struct reading *r)
{
    struct cs_tablefile *const t = r->t;
    if (r->fields != t->column_count) {
        cs_diag_error(t->diags, at_line(r), NULL, "%zu fields, but the header names %zu", r->fields,
                      t->column_count);
        return;
    }
    const size_t size = t->column_count * sizeof *r->cells;
    r->lines = cs_arena_grow(t->arena, r->lines, t->row_count, sizeof *r->lines);
    r->cells = cs_arena_grow(t->arena, r->cells, t->row_count, size);
    memcpy(r->cells + t->row_count * t->column_count, r->row, size);
    r->lines[t->row_count++] = r->begins;
}

static void on_line(int end, void *user)
{
    struct reading *const r = user;
    if (r->fields > MOST_COLUMNS)
        cs_diag_error(r->t->diags, at_line(r), NULL, "more than %d fields in one line",
                      MOST_COLUMNS);
    else if (r->fields > 0 && !r->in_body)
        take_header(r);
    else if (r->fields > 0)
        take_row(r);
    r->fields = 0;
    r->line += end == '\n';
}

static bool split(struct cs_tablefile *t)
{
    struct csv_parser parser;
    const size_t before = t->diags->errors;
    struct reading r = {.t = t, .line = 1, .begins = 1};
    r.row = cs_arena_alloc(t->arena, MOST_COLUMNS, sizeof *r.row);
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        abort();
    const size_t done = csv_parse(&parser, t->source->text, t->source->size, on_field, on_line, &r);
    if (done != t->source->size) {
        r.begins = r.line;
        cs_diag_error(t->diags, at_line(&r), NULL, "not valid CSV, a stray quote perhaps");
    } else if (csv_fini(&parser, on_field, on_line, &r) != 0) {
        cs_diag_error(t->diags, at_line(&r), NULL, "not valid CSV: a quote is never closed");
    }
    csv_free(&parser);
    t->cells = r.cells;
    t->lines = r.lines;
    if (t->diags->errors == before && !r.in_body)
        cs_diag_error(t->diags, at_line(&r), "expected a line of column names",
                      "the table is empty");
    return t->diags->errors == before;
}

static bool begin(struct cs_tablefile *t, const char *name, const char *text, size_t size,
                  struct cs_arena *arena, struct cs_diags *diags)
{
    struct cs_source *const source = cs_arena_alloc(arena, 1, sizeof *source);
    const size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    source->name = cs_arena_strdup(arena, name);
    source->text = text + mark;
    source->size = size - mark;
    *t = (struct cs_tablefile){.arena = arena, .diags = diags, .source = source};
    return split(t);
}

bool cs_tablefile_parse(struct cs_tablefile *t, const char *name, const char *text, size_t size,
                        struct cs_arena *arena, struct cs_diags *diags)
{
    return begin(t, name, cs_arena_strndup(arena, text, size), size, arena, diags);
}

bool cs_tablefile_read(struct cs_tablefile *t, const char *path, struct cs_arena *arena,
                       struct cs_diags *diags)
{
    struct stat status;
    struct bytes b = {0};
    const char *wrong = NULL;
    if (stat(path, &status) != 0)
        wrong = errno == ENOENT ? "there is no such file" : strerror(errno);
    else if (S_ISDIR(status.st_mode))
        wrong = "it is a directory";
    else
        wrong = read_bytes(path, &b);
    if (wrong != NULL) {
        free(b.text);
        cs_diag_file(diags, (struct cs_span){0}, NULL, "cannot read the table '%s': %s", path,
                     wrong);
        return false;
    }
    char *const text = cs_arena_alloc(arena, b.size + 1, 1);
    if (b.size > 0)
        memcpy(text, b.text, b.size);
    free(b.text);
    return begin(t, path, text, b.size, arena, diags);
}

/* --- cells ----------------------------------------------------------------------------------- */

bool cs_tablefile_map(const struct cs_tablefile *t, struct cs_column *columns, size_t count)
{
    bool all = true;
    for (size_t c = 0; c < count; c++) {
        columns[c].at = -1;
        for (size_t i = 0; i < t->column_count && columns[c].at < 0; i++)
            if (strcmp(t->columns[i], columns[c].name) == 0)
                columns[c].at = (int)i;
        if (columns[c].at >= 0 || !columns[c].required)
            continue;
        const char *const near = cs_suggest(columns[c].name, t->columns, t->column_count);
        cs_diag_error(t->diags,
                      (struct cs_span){.source = t->source, .line = 1, .column = 1, .length = 1},
                      near ? cs_arena_printf(t->arena, "there is a column '%s'", near) : NULL,
                      "the header lacks a column: '%s'", columns[c].name);
        all = false;
    }
    return all;
}

const char *cs_tablefile_text(const struct cs_tablefile *t, size_t row, int column)
{
    return column < 0 ? "" : t->cells[row * t->column_count + (size_t)column];
}

double cs_tablefile_number(const struct cs_tablefile *t, size_t row, int column, double low,
                           double high)
{
    const char *const text = cs_tablefile_text(t, row, column);
    if (*text == '\0')
        return NAN;
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    const bool decimal = strspn(text, "0123456789+-.eE") == strlen(text);
    if (!decimal || *end != '\0' || end == text || !isfinite(value)) {
        cs_diag_error(t->diags, cs_tablefile_span(t, row, column), NULL, "%s is not a number: '%s'",
                      t->columns[column], text);
        return NAN;
    }
    if (value < low || value > high) {
        const char *const range = isinf(high)
                                      ? cs_arena_printf(t->arena, "expected %g or more", low)
                                      : cs_arena_printf(t->arena, "expected %g to %g", low, high);
        cs_diag_error(t->diags, cs_tablefile_span(t, row, column), range,
                      "%s is out of range: '%s'", t->columns[column], text);
        return NAN;
    }
    return value;
}

struct cs_span cs_tablefile_span(const struct cs_tablefile *t, size_t row, int column)
{
    struct cs_span at = {.source = t->source, .line = t->lines[row], .column = 1, .length = 1};
    const char *p = t->source->text, *const end = p + t->source->size;
    for (int line = 1; p < end && line < at.line; p++)
        line += *p == '\n';
    if (column < 0)
        return at;
    bool quoted = false;
    int left = column;
    for (; p < end && left > 0; p++) {
        quoted ^= *p == '"';
        left -= !quoted && *p == ',';
        if (*p == '\n') {
            at.line++;
            at.column = 1;
        } else {
            at.column += ((unsigned char)*p & 0xc0) != 0x80;
        }
    }
    for (at.length = 0; p < end && *p != '\n' && *p != '\r' && (quoted || *p != ','); p++) {
        quoted ^= *p == '"';
        at.length += ((unsigned char)*p & 0xc0) != 0x80;
    }
    at.length = at.length < 1 ? 1 : at.length;
    return at;
}

const char *cs_tablefile_place(const struct cs_tablefile *t, size_t row)
{
    return cs_arena_printf(t->arena, "%s:%d", t->source->name, t->lines[row]);
}
