/* Diagnostics: the collection and its one renderer (see diag.h).
 *
 * The rule: a defect is said once. The same message at the same place is dropped (an alias or a
 * multiplied list reaches one line many times), and at most 1000 are kept; the rest is counted.
 * Shown are the first CS_DIAG_SHOWN, grouped by source in the order the sources first came up and
 * sorted by position inside each, since that is how a person walks through a file.
 *
 * Everything from outside is escaped on its way out: control characters, bytes that are no UTF-8,
 * and the characters that reorder text. The caret line counts the escaped widths. Lines over
 * SHOWN_WIDTH characters are cut around the caret.
 * All memory is the arena's. Not here: exit, translation, colour.
 */
#include "base/diag.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

enum { KEPT = 1000, SHOWN_WIDTH = 120, LEAD = 60 };

void cs_diags_init(struct cs_diags *d, struct cs_arena *arena)
{
    memset(d, 0, sizeof *d);
    d->arena = arena;
}

static bool is_same(const struct cs_diag *a, struct cs_span at, const char *message)
{
    return a->span.source == at.source && a->span.line == at.line &&
           a->span.column == at.column && strcmp(a->message, message) == 0;
}

static void add(struct cs_diags *d, enum cs_diag_level level, int exit_code, struct cs_span at,
                const char *hint, const char *format, va_list arguments)
{
    const char *const message = cs_arena_vprintf(d->arena, format, arguments);
    for (size_t i = 0; i < d->count; i++)
        if (is_same(&d->items[i], at, message))
            return;
    if (level == CS_DIAG_ERROR)
        d->errors++;
    if (d->exit_code < exit_code)
        d->exit_code = exit_code;
    if (d->count >= KEPT)
        return;
    d->items = cs_arena_grow(d->arena, d->items, d->count, sizeof *d->items);
    d->items[d->count++] = (struct cs_diag){
        .level = level,
        .span = at,
        .message = message,
        .hint = hint ? cs_arena_strdup(d->arena, hint) : NULL,
        .referenced_from = d->referenced_from,
        .reference = d->reference,
    };
}

void cs_diag_error(struct cs_diags *d, struct cs_span at, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(d, CS_DIAG_ERROR, 3, at, hint, format, arguments);
    va_end(arguments);
}

void cs_diag_warning(struct cs_diags *d, struct cs_span at, const char *hint, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(d, CS_DIAG_WARNING, 0, at, hint, format, arguments);
    va_end(arguments);
}

void cs_diag_file(struct cs_diags *d, struct cs_span at, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(d, CS_DIAG_ERROR, 4, at, hint, format, arguments);
    va_end(arguments);
}

/* Characters that are invisible or reorder what stands around them. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

/* Writes the shown form of the character at text into out and returns the bytes it took there. */
static size_t show_character(const char *text, size_t length, char out[16], int *width)
{
    uint32_t code = 0;
    const size_t bytes = cs_utf8_next(text, length, &code);
    if (bytes && !is_hidden(code)) {
        memcpy(out, text, bytes);
        out[bytes] = '\0';
        *width = 1;
        return bytes;
    }
    if (!bytes)
        *width = snprintf(out, 16, "\\x%02x", (unsigned)(unsigned char)text[0]);
    else if (code == '\n' || code == '\t' || code == '\r')
        *width = snprintf(out, 16, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : 'r');
    else
        *width = snprintf(out, 16, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    return bytes ? bytes : 1;
}

const char *cs_diag_escape(struct cs_arena *a, const char *text, size_t length)
{
    char *const out = cs_arena_alloc(a, 7 * length + 1, 1);
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        char shown[16];
        int width;
        i += show_character(text + i, length - i, shown, &width);
        const size_t bytes = strlen(shown);
        memcpy(out + used, shown, bytes);
        used += bytes;
    }
    return out;
}

static void print_escaped(FILE *out, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        char shown[16];
        int width;
        i += show_character(text + i, length - i, shown, &width);
        fputs(shown, out);
    }
}

static const char *find_line(const struct cs_source *source, int line, size_t *length)
{
    const char *at = source->text;
    const char *const end = at ? at + source->size : NULL;
    for (int i = 1; at && i < line; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || at >= end)
        return NULL;
    const char *const stop = memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((stop ? stop : end) - at);
    if (*length && at[*length - 1] == '\r')
        --*length;
    return at;
}

static void print_many(FILE *out, char c, int count)
{
    for (int i = 0; i < count; i++)
        putc(c, out);
}

/* The quoted line, and below it the caret with the hint. */
static void print_quote(FILE *out, const struct cs_diag *diag)
{
    const struct cs_span at = diag->span;
    size_t length = 0;
    const char *const line = at.line > 0 ? find_line(at.source, at.line, &length) : NULL;
    if (!line) {
        if (diag->hint) {
            fputs("      = ", out);
            print_escaped(out, diag->hint);
            putc('\n', out);
        }
        return;
    }
    const int skip = at.column > LEAD + 20 ? at.column - LEAD : 0;
    int column = 1, before = skip ? 3 : 0, marked = 0, shown_width = 0;
    fprintf(out, "%5d | %s", at.line, skip ? "..." : "");
    for (size_t i = 0; i < length; column++) {
        char shown[16];
        int width;
        const bool is_tab = line[i] == '\t';
        i += show_character(line + i, length - i, shown, &width);
        if (is_tab) { /* a tab keeps its column: one blank */
            memcpy(shown, " ", 2);
            width = 1;
        }
        if (column <= skip)
            continue;
        if (shown_width + width > SHOWN_WIDTH) {
            fputs("...", out);
            break;
        }
        shown_width += width;
        if (column < at.column)
            before += width;
        else if (column < at.column + at.length)
            marked += width;
        fputs(shown, out);
    }
    if (column < at.column)
        before += at.column - column;
    fputs("\n      | ", out);
    print_many(out, ' ', before);
    putc('^', out);
    print_many(out, '~', marked - 1);
    if (diag->hint) {
        putc(' ', out);
        print_escaped(out, diag->hint);
    }
    putc('\n', out);
}

static void print_place(FILE *out, struct cs_span at)
{
    print_escaped(out, at.source->name);
    if (at.line > 0)
        fprintf(out, ":%d:%d", at.line, at.column);
}

static void print_one(FILE *out, const struct cs_diag *diag)
{
    if (diag->span.source) {
        print_place(out, diag->span);
        fputs(": ", out);
    } else {
        fputs("capsim: ", out);
    }
    fputs(diag->level == CS_DIAG_ERROR ? "error: " : "warning: ", out);
    print_escaped(out, diag->message);
    putc('\n', out);
    if (diag->span.source) {
        print_quote(out, diag);
    } else if (diag->hint) {
        fputs("      = ", out);
        print_escaped(out, diag->hint);
        putc('\n', out);
    }
    if (!diag->referenced_from.source)
        return;
    fputs("      = referenced from ", out);
    print_place(out, diag->referenced_from);
    if (diag->reference) {
        fputs(" (", out);
        print_escaped(out, diag->reference);
        putc(')', out);
    }
    putc('\n', out);
}

/* The index of the first diagnostic of the same source: its group. */
static size_t group_of(const struct cs_diags *d, const struct cs_diag *diag)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].span.source == diag->span.source)
            return i;
    return d->count;
}

static bool stands_before(const struct cs_diags *d, const struct cs_diag *a,
                          const struct cs_diag *b)
{
    const size_t of_a = group_of(d, a), of_b = group_of(d, b);
    if (of_a != of_b)
        return of_a < of_b;
    if (a->span.line != b->span.line)
        return a->span.line < b->span.line;
    if (a->span.column != b->span.column)
        return a->span.column < b->span.column;
    return a < b;
}

void cs_diags_print(const struct cs_diags *d, FILE *out)
{
    const struct cs_diag *last = NULL;
    size_t shown = 0;
    for (; shown < d->count && shown < CS_DIAG_SHOWN; shown++) {
        const struct cs_diag *next = NULL;
        for (size_t i = 0; i < d->count; i++) {
            const struct cs_diag *const one = &d->items[i];
            if (last && !stands_before(d, last, one))
                continue;
            if (!next || stands_before(d, one, next))
                next = one;
        }
        print_one(out, next);
        last = next;
    }
    if (!d->errors)
        return;
    fprintf(out, "%zu error%s", d->errors, d->errors == 1 ? "" : "s");
    if (d->count > shown)
        fprintf(out, ", the first %zu shown", shown);
    fputs("; nothing was simulated.\n", out);
}
