/* Text: style, wrapping, tables (see text.h).
 *
 * The one rule: every byte of foreign text passes `next_shown`, which yields one shown character
 * at a time, translated and made safe; counting columns and printing use the same function, so
 * they cannot disagree. Characters are taken to be one column wide: names in East Asian scripts
 * would shift a table, and nothing worse.
 * Memory: the scratch arena of the cs_text or of the table.
 */
#include "out/text.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "base/check.h"
#include "base/utf8.h"

static const struct sign {
    const char *utf8, *ascii;
} signs[] = {
    {"±", "+-"}, {"·", "|"},  {"✓", "ok"}, {"×", "x"},
    {"≤", "<="}, {"≥", ">="}, {"–", "-"},  {"∞", "inf"},
};

/* The shown form of the character at `text`; returns the bytes it took there. */
static size_t next_shown(const struct cs_text *t, const char *text, char out[8])
{
    uint32_t code = 0;
    const size_t bytes = cs_utf8_next(text, strlen(text), &code);
    if (!bytes || (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0) ||
        (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e)) {
        memcpy(out, "?", 2);
        return bytes ? bytes : 1;
    }
    memcpy(out, text, bytes);
    out[bytes] = '\0';
    if (t->utf8 || bytes == 1)
        return bytes;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strcmp(out, signs[i].utf8) == 0)
            memcpy(out, signs[i].ascii, strlen(signs[i].ascii) + 1);
    return bytes;
}

static int columns_of(const char *shown)
{
    return (unsigned char)shown[0] < 0x80 ? (int)strlen(shown) : 1;
}

int cs_text_width(const struct cs_text *t, const char *utf8)
{
    int width = 0;
    char shown[8];
    while (*utf8) {
        utf8 += next_shown(t, utf8, shown);
        width += columns_of(shown);
    }
    return width;
}

void cs_text_put(const struct cs_text *t, const char *utf8)
{
    char shown[8];
    while (*utf8) {
        utf8 += next_shown(t, utf8, shown);
        fputs(shown, t->file);
    }
}

void cs_text_printf(const struct cs_text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cs_text_put(t, cs_arena_vprintf(t->arena, format, arguments));
    va_end(arguments);
}

void cs_text_colour(const struct cs_text *t, enum cs_colour colour)
{
    static const char *const codes[] = {"0", "1", "1;32", "1;31", "2"};
    if (t->colour)
        fprintf(t->file, "\033[%sm", codes[colour]);
}

void cs_text_blanks(const struct cs_text *t, int count)
{
    for (int i = 0; i < count; i++)
        putc(' ', t->file);
}

void cs_text_edges(const struct cs_text *t, const char *left, const char *right)
{
    const int between = cs_text_columns(t) - cs_text_width(t, left) - cs_text_width(t, right);
    cs_text_colour(t, CS_COLOUR_BOLD);
    cs_text_wrap(t, left, 0, 0);
    cs_text_colour(t, CS_COLOUR_PLAIN);
    if (between < 2) {
        putc('\n', t->file);
        cs_text_wrap(t, right, 0, 0);
    } else {
        cs_text_blanks(t, between);
        cs_text_put(t, right);
    }
    putc('\n', t->file);
}

/* Bytes of the characters of `text` that fit into so many columns, at least one character. */
static size_t bytes_within(const struct cs_text *t, const char *text, int columns)
{
    char shown[8];
    size_t used = 0;
    for (int width = 0; text[used];) {
        const size_t bytes = next_shown(t, text + used, shown);
        width += columns_of(shown);
        if (width > columns && used)
            break;
        used += bytes;
    }
    return used;
}

void cs_text_wrap(const struct cs_text *t, const char *words, int column, int indent)
{
    bool first = true;
    while (*words) {
        words += strspn(words, " \n");
        size_t length = strcspn(words, " \n");
        if (!length)
            break;
        const char *word = cs_arena_strndup(t->arena, words, length);
        if (cs_text_width(t, word) > cs_text_columns(t) - indent) { /* an address: cut it */
            length = bytes_within(t, word, cs_text_columns(t) - indent);
            word = cs_arena_strndup(t->arena, words, length);
        }
        const int width = cs_text_width(t, word);
        if (!first && column + 1 + width > cs_text_columns(t)) {
            putc('\n', t->file);
            cs_text_blanks(t, indent);
            column = indent;
        } else if (!first) {
            putc(' ', t->file);
            column++;
        }
        cs_text_put(t, word);
        column += width;
        words += length;
        first = false;
    }
}

void cs_text_section(const struct cs_text *t, const char *label, const char *words)
{
    cs_text_colour(t, CS_COLOUR_BOLD);
    fprintf(t->file, "%-*s", CS_TEXT_GUTTER, label ? label : "");
    cs_text_colour(t, CS_COLOUR_PLAIN);
    cs_text_wrap(t, words, CS_TEXT_GUTTER, CS_TEXT_GUTTER);
    putc('\n', t->file);
}

const char *cs_text_bar(const struct cs_text *t, double share)
{
    static const char *const bars[8] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const digits[10] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    if (isnan(share))
        return " ";
    const int count = t->utf8 ? 8 : 10, level = (int)(fmin(fmax(share, 0), 1) * count);
    const int shown = level < count ? level : count - 1;
    return t->utf8 ? bars[shown] : digits[shown];
}

void cs_grid_init(struct cs_grid *grid, struct cs_arena *arena, const char *align)
{
    memset(grid, 0, sizeof *grid);
    grid->arena = arena;
    grid->columns = strlen(align);
    memcpy(grid->align, align, grid->columns + 1);
}

void cs_grid_add(struct cs_grid *grid, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *const text = cs_arena_vprintf(grid->arena, format, arguments);
    va_end(arguments);
    grid->cells = cs_arena_grow(grid->arena, grid->cells, grid->count, sizeof *grid->cells);
    grid->cells[grid->count++] = text;
}

void cs_grid_cells(struct cs_grid *grid, const char *const *texts, size_t count)
{
    cs_check(count == grid->columns);
    for (size_t i = 0; i < count; i++)
        cs_grid_add(grid, "%s", texts[i]);
}

/* A column narrower than this is not wrapped: one word a line cannot be read. */
enum { LEAST_WRAPPED = 16 };

static void print_row(const struct cs_grid *grid, const struct cs_text *t,
                      const char *const *row, const int *widths, int indent, size_t filled)
{
    int column = indent;
    cs_text_blanks(t, indent);
    for (size_t c = 0; c < filled; c++) {
        const int width = cs_text_width(t, row[c]);
        const bool is_last = c + 1 == filled;
        if (grid->align[c] == 'w' && cs_text_columns(t) - column >= LEAST_WRAPPED) {
            cs_text_wrap(t, row[c], column, column);
            break;
        }
        if (grid->align[c] == 'r')
            cs_text_blanks(t, widths[c] - width);
        cs_text_put(t, row[c]);
        if (!is_last && grid->align[c] == 'l')
            cs_text_blanks(t, widths[c] - width);
        if (!is_last)
            cs_text_blanks(t, 2);
        column += widths[c] + 2;
    }
    putc('\n', t->file);
}

static void print_grid(const struct cs_grid *grid, const struct cs_text *t, int indent,
                       int least, bool heading)
{
    int widths[CS_GRID_COLUMNS] = {least};
    for (size_t i = 0; i < grid->count; i++) {
        const size_t c = i % grid->columns;
        const int width = cs_text_width(t, grid->cells[i]);
        if (width > widths[c])
            widths[c] = width;
    }
    for (size_t r = 0; r < grid->count; r += grid->columns) {
        const char *const *const row = &grid->cells[r];
        size_t filled = grid->columns < grid->count - r ? grid->columns : grid->count - r;
        while (filled > 1 && !row[filled - 1][0]) /* no blanks at the end of a line */
            filled--;
        cs_text_colour(t, heading && r == 0 ? CS_COLOUR_BOLD : CS_COLOUR_PLAIN);
        print_row(grid, t, row, widths, indent, filled);
        if (r == 0)
            cs_text_colour(t, CS_COLOUR_PLAIN);
    }
}

void cs_grid_print(const struct cs_grid *grid, const struct cs_text *t, int indent,
                    bool section)
{
    print_grid(grid, t, indent, section ? CS_TEXT_GUTTER - 2 : 0, true);
}

void cs_grid_print_plain(const struct cs_grid *grid, const struct cs_text *t, int indent)
{
    print_grid(grid, t, indent, 0, false);
}
