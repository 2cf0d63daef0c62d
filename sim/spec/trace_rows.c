/* Traces: rows checked and kept, and files read by format and compression (see trace_rows.h).
 *
 * zlib's gzopen reads plain and gzip files alike; a name that ends in .zst goes through libzstd,
 * frame after frame. The format is that of the name without .gz or .zst: .jsonl, else CSV.
 *
 * The rule: arrivals never fall, a prefix is never longer than its prompt, and a row names no more
 * hashes than its prompt has blocks of them.
 * Not here: what a line means (trace_csv.c, trace_jsonl.c), time shifts, filtering.
 */
#include "spec/trace_rows.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>
#include <zlib.h>
#include <zstd.h>

enum { CHUNK = 1 << 17 };

struct cs_trace_name {
    UT_hash_handle hh;
    int32_t id;
    const char *text;
};

void cs_trace_fail(struct cs_trace_rows *r, const char *hint, const char *what, const char *field)
{
    const struct cs_span here = {
        .source = r->source, .line = r->line, .column = r->column, .length = 1};
    r->errors++;
    if (r->errors > CS_TRACE_ERRORS)
        return;
    if (field)
        cs_diag_error(r->diags, here, hint, "%s: '%s'", what, field);
    else
        cs_diag_error(r->diags, here, hint, "%s", what);
}

bool cs_trace_check(struct cs_trace_rows *r, const char *name, bool whole, double low, double high,
                    double value, const char *field)
{
    char what[96];
    if (!isfinite(value) || (whole && value != floor(value)))
        snprintf(what, sizeof what, "%s is not a %snumber", name, whole ? "whole " : "");
    else if (value < low || value > high)
        snprintf(what, sizeof what, "%s must be %.0f to %.0f", name, low, high);
    else
        return true;
    cs_trace_fail(r, NULL, what, field);
    return false;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void *enlarge(void *items, size_t capacity, size_t size)
{
    void *const larger = realloc(items, capacity * size);
    if (!larger)
        abort();
    return larger;
}

static void grow(struct cs_trace_rows *r)
{
    if (r->count < r->capacity)
        return;
    r->capacity = r->capacity ? 2 * r->capacity : 1024;
    r->arrival_s = enlarge(r->arrival_s, r->capacity, sizeof *r->arrival_s);
    r->hash_start = enlarge(r->hash_start, r->capacity + 1, sizeof *r->hash_start);
    for (int c = CS_TRACE_INPUT; c < CS_TRACE_COLUMNS; c++)
        if (r->has[c])
            r->whole[c] = enlarge(r->whole[c], r->capacity, sizeof *r->whole[c]);
}

void cs_trace_hash(struct cs_trace_rows *r, uint64_t hash)
{
    if (r->hash_count == r->hash_capacity) {
        r->hash_capacity = r->hash_capacity ? 2 * r->hash_capacity : 1024;
        r->hashes = enlarge(r->hashes, r->hash_capacity, sizeof *r->hashes);
    }
    r->hashes[r->hash_count++] = hash;
}

void cs_trace_forget(struct cs_trace_rows *r)
{
    r->hash_count = r->count ? r->hash_start[r->count] : 0;
}

static int32_t id_of(struct cs_trace_rows *r, int which, const char *text)
{
    struct cs_trace_name *name = NULL;
    if (!*text)
        return -1;
    HASH_FIND_STR(r->names[which], text, name);
    if (name)
        return name->id;
    name = cs_arena_alloc(r->arena, 1, sizeof *name);
    name->text = cs_arena_strdup(r->arena, text);
    name->id = (int32_t)HASH_COUNT(r->names[which]);
    HASH_ADD_KEYPTR(hh, r->names[which], name->text, strlen(name->text), name);
    return name->id;
}

static void check_row(struct cs_trace_rows *r, const struct cs_trace_row *row)
{
    char field[40];
    const size_t hashes = r->hash_count - (r->count ? r->hash_start[r->count] : 0);
    if (row->tokens[2] > row->tokens[0]) {
        snprintf(field, sizeof field, "%.0f", row->tokens[2]);
        cs_trace_fail(r, NULL, "prefix_tokens is more than input_tokens", field);
    }
    if (r->hash_tokens && (double)hashes > ceil(row->tokens[0] / r->hash_tokens)) {
        snprintf(field, sizeof field, "%zu of %d tokens each", hashes, r->hash_tokens);
        cs_trace_fail(r, NULL, "more hashes than the prompt has blocks", field);
    }
    if (r->count && row->arrival_s < r->arrival_s[r->count - 1]) {
        snprintf(field, sizeof field, "%.15g", row->arrival_s);
        cs_trace_fail(r, "sort the trace by arrival_s", "arrival_s falls", field);
    }
}

void cs_trace_add(struct cs_trace_rows *r, const struct cs_trace_row *row)
{
    check_row(r, row);
    if (r->count == INT32_MAX)
        return;
    grow(r);
    r->arrival_s[r->count] = row->arrival_s;
    for (int c = CS_TRACE_INPUT; c <= CS_TRACE_PREFIX_TOKENS; c++)
        if (r->has[c])
            r->whole[c][r->count] = (int32_t)row->tokens[c - CS_TRACE_INPUT];
    for (int c = 0; c < CS_TRACE_NAMES; c++)
        if (r->has[CS_TRACE_PREFIX_GROUP + c])
            r->whole[CS_TRACE_PREFIX_GROUP + c][r->count] = id_of(r, c, row->names[c]);
    if (r->count == 0)
        r->hash_start[0] = 0;
    r->hash_start[++r->count] = r->hash_count;
}

/* --- a whole trace --------------------------------------------------------------------------- */

static const void *keep(struct cs_trace_rows *r, const void *items, size_t count, size_t size)
{
    if (!items)
        return NULL;
    void *const kept = cs_arena_alloc(r->arena, count, size);
    if (count)
        memcpy(kept, items, count * size);
    return kept;
}

static struct cs_trace_names keep_names(struct cs_trace_rows *r, enum cs_trace_column column)
{
    struct cs_trace_name *const first = r->names[column - CS_TRACE_PREFIX_GROUP];
    const size_t count = HASH_COUNT(first);
    const char **const names = cs_arena_alloc(r->arena, count, sizeof *names);
    for (const struct cs_trace_name *n = first; n; n = n->hh.next)
        names[n->id] = n->text;
    return (struct cs_trace_names){.ids = keep(r, r->whole[column], r->count, sizeof(int32_t)),
                                   .names = names,
                                   .count = count};
}

static void seal(struct cs_trace_rows *r, struct cs_trace *trace)
{
    *trace = (struct cs_trace){
        .count = r->count,
        .arrival_s = keep(r, r->arrival_s, r->count, sizeof *r->arrival_s),
        .input = keep(r, r->whole[CS_TRACE_INPUT], r->count, sizeof(int32_t)),
        .output = keep(r, r->whole[CS_TRACE_OUTPUT], r->count, sizeof(int32_t)),
        .prefix_tokens = keep(r, r->whole[CS_TRACE_PREFIX_TOKENS], r->count, sizeof(int32_t)),
        .prefix_group = keep_names(r, CS_TRACE_PREFIX_GROUP),
        .session = keep_names(r, CS_TRACE_SESSION),
        .model = keep_names(r, CS_TRACE_MODEL),
        .klass = keep_names(r, CS_TRACE_CLASS),
    };
    if (!r->has_hashes)
        return;
    trace->hashes = keep(r, r->hashes, r->hash_count, sizeof *r->hashes);
    trace->hash_start = keep(r, r->hash_start, r->count + 1, sizeof *r->hash_start);
    trace->hash_tokens = r->hash_tokens;
}

struct reading {
    struct cs_trace_rows rows;
    const struct cs_trace_format *format;
    void *state;
    bool started;
    struct cs_span outer;
    const char *outer_reference;
};

static void begin(struct reading *g, const char *name, const struct cs_trace_format *format,
                  struct cs_arena *arena, struct cs_diags *diags, struct cs_span at)
{
    *g = (struct reading){.rows = {.arena = arena, .diags = diags, .line = 1, .column = 1},
                          .format = format,
                          .outer = diags->referenced_from,
                          .outer_reference = diags->reference};
    g->rows.source = cs_arena_alloc(arena, 1, sizeof *g->rows.source);
    g->rows.source->name = cs_arena_strdup(arena, name);
    diags->referenced_from = at;
    diags->reference = "traffic.trace";
    g->state = format->open(&g->rows);
}

static void feed(struct reading *g, const char *text, size_t size)
{
    const size_t mark = !g->started && size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    g->started = true;
    if (g->rows.errors <= CS_TRACE_ERRORS && size > mark)
        g->format->feed(g->state, text + mark, size - mark);
}

/* Ends the reading; true when the trace is sound, and then it is in *trace. */
static bool finish(struct reading *g, struct cs_trace *trace)
{
    struct cs_trace_rows *const r = &g->rows;
    g->format->close(g->state);
    if (!r->errors && !r->count)
        cs_trace_fail(r, g->format->expected,
                      r->has[CS_TRACE_INPUT] ? "the trace holds no request" : "the trace is empty",
                      NULL);
    const bool sound = r->errors == 0;
    if (sound && trace)
        seal(r, trace);
    free(r->arrival_s);
    free(r->hashes);
    free(r->hash_start);
    for (int c = 0; c < CS_TRACE_COLUMNS; c++)
        free(r->whole[c]);
    for (int c = 0; c < CS_TRACE_NAMES; c++)
        HASH_CLEAR(hh, r->names[c]);
    r->diags->referenced_from = g->outer;
    r->diags->reference = g->outer_reference;
    return sound;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool ends_in(const char *name, size_t length, const char *extension)
{
    const size_t own = strlen(extension);
    return length >= own && strncmp(name + length - own, extension, own) == 0;
}

/* Of a name without .gz or .zst. */
static size_t bare_length(const char *name)
{
    const size_t length = strlen(name);
    return length - (ends_in(name, length, ".gz") ? 3 : ends_in(name, length, ".zst") ? 4 : 0);
}

static const struct cs_trace_format *format_of(const char *name)
{
    return ends_in(name, bare_length(name), ".jsonl") ? &cs_trace_format_jsonl
                                                      : &cs_trace_format_csv;
}

/* `most`: bytes to unpack at least before it stops; 0: all. False: damaged. */
static bool feed_zlib(struct reading *g, const char *path, char *chunk, size_t most)
{
    const gzFile file = gzopen(path, "rb");
    if (!file)
        return false;
    int got;
    for (size_t all = 0; (got = gzread(file, chunk, CHUNK)) > 0 && (!most || all < most);
         all += (size_t)got)
        feed(g, chunk, (size_t)got);
    return (gzclose_r(file) == Z_OK && got >= 0) || most;
}

static bool feed_zstd(struct reading *g, const char *path, char *chunk, size_t most)
{
    FILE *const file = fopen(path, "rb");
    ZSTD_DStream *const stream = ZSTD_createDStream();
    char *const packed = malloc(CHUNK);
    if (!packed || !stream)
        abort();
    size_t left = 0, all = 0, got = 0;
    while (file && (!most || all < most) && !ZSTD_isError(left) &&
           (got = fread(packed, 1, CHUNK, file)) > 0) {
        ZSTD_inBuffer in = {packed, got, 0};
        ZSTD_outBuffer out = {chunk, CHUNK, 0};
        do { /* a full buffer may hide more that is unpacked already */
            out.pos = 0;
            left = ZSTD_decompressStream(stream, &out, &in);
            if (!ZSTD_isError(left))
                feed(g, chunk, out.pos);
            all += out.pos;
        } while (!ZSTD_isError(left) && (in.pos < in.size || out.pos == out.size));
    }
    const bool sound = file && !ferror(file) && left == 0;
    if (file)
        fclose(file);
    free(packed);
    ZSTD_freeDStream(stream);
    return sound || most;
}

static bool feed_file(struct reading *g, const char *path, size_t most)
{
    char *const chunk = malloc(CHUNK);
    if (!chunk)
        abort();
    const bool sound = ends_in(path, strlen(path), ".zst") ? feed_zstd(g, path, chunk, most)
                                                           : feed_zlib(g, path, chunk, most);
    free(chunk);
    return sound;
}

bool cs_trace_parse(const char *name, const char *text, size_t size, struct cs_arena *arena,
                    struct cs_trace *trace, struct cs_diags *diags, struct cs_span at)
{
    struct reading g;
    begin(&g, name, format_of(name), arena, diags, at);
    feed(&g, text, size);
    return finish(&g, trace);
}

static bool is_readable(const char *path, struct cs_diags *diags, struct cs_span at)
{
    struct stat status;
    FILE *const file = stat(path, &status) == 0 ? fopen(path, "rb") : NULL;
    const char *const why = !file                     ? strerror(errno)
                            : S_ISDIR(status.st_mode) ? "it is a directory"
                                                      : NULL;
    if (file)
        fclose(file);
    if (why)
        cs_diag_file(diags, at, NULL, "cannot read the trace '%s': %s", path, why);
    return !why;
}

bool cs_trace_read(const char *path, struct cs_arena *arena, struct cs_trace *trace,
                   struct cs_diags *diags, struct cs_span at)
{
    struct reading g;
    if (!is_readable(path, diags, at))
        return false;
    begin(&g, path, format_of(path), arena, diags, at);
    if (!feed_file(&g, path, 0))
        cs_trace_fail(&g.rows, NULL, "the file is damaged or cut off", NULL);
    return finish(&g, trace);
}

static bool finish_shares(struct reading *g)
{
    const bool shares = g->rows.has_hashes || g->rows.has[CS_TRACE_PREFIX_TOKENS] ||
                        g->rows.has[CS_TRACE_SESSION];
    struct cs_arena *const arena = g->rows.arena;
    finish(g, NULL);
    cs_arena_fini(arena);
    return shares;
}

bool cs_trace_shares(const char *path)
{
    struct cs_arena arena;
    struct cs_diags diags;
    struct reading g;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    begin(&g, path, format_of(path), &arena, &diags, (struct cs_span){.source = NULL});
    feed_file(&g, path, 1);
    return finish_shares(&g);
}

bool cs_trace_shares_in(const char *name, const char *text, size_t size)
{
    struct cs_arena arena;
    struct cs_diags diags;
    struct reading g;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    begin(&g, name, format_of(name), &arena, &diags, (struct cs_span){.source = NULL});
    feed(&g, text, size < CHUNK ? size : CHUNK);
    return finish_shares(&g);
}

/* --- a trace as it is ------------------------------------------------------------------------ */

struct text {
    char *bytes;
    size_t size, capacity;
};

static void *open_text(struct cs_trace_rows *rows)
{
    struct text *const t = calloc(1, sizeof *t);
    (void)rows;
    if (!t)
        abort();
    return t;
}

static void feed_text(void *reading, const char *bytes, size_t size)
{
    struct text *const t = reading;
    if (t->size + size > t->capacity) {
        t->capacity = 2 * (t->size + size);
        t->bytes = realloc(t->bytes, t->capacity);
        if (!t->bytes)
            abort();
    }
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

static void close_text(void *reading)
{
    struct text *const t = reading;
    free(t->bytes);
    free(t);
}

bool cs_trace_text(const char *path, struct cs_arena *arena, const char **name, const char **text,
                   size_t *size, struct cs_diags *diags, struct cs_span at)
{
    static const struct cs_trace_format as_it_is = {"", open_text, feed_text, close_text};
    struct reading g;
    if (!is_readable(path, diags, at))
        return false;
    const char *const slash = strrchr(path, '/'), *const own = slash ? slash + 1 : path;
    begin(&g, path, &as_it_is, arena, diags, at);
    if (!feed_file(&g, path, 0))
        cs_trace_fail(&g.rows, NULL, "the file is damaged or cut off", NULL);
    const struct text *const t = g.state;
    *name = cs_arena_strndup(arena, own, bare_length(own));
    *text = cs_arena_strndup(arena, t->bytes ? t->bytes : "", t->size);
    *size = t->size;
    close_text(g.state);
    diags->referenced_from = g.outer;
    diags->reference = g.outer_reference;
    return g.rows.errors == 0;
}
