/* Text: what a terminal, a pipe or a file gets, in one style.
 *
 * Everything printed for people goes through here, written in UTF-8 by the caller. The style says
 * whether the reader has UTF-8 (else the few signs we use become ASCII: "±" "+-", "·" "|",
 * "✓" "ok"), has colour, and how wide it is. Control characters, which may come from names in
 * files, are shown as '?'.
 *
 * The one rule: widths are counted in columns after that translation, so tables stay aligned in
 * every style. A table keeps its cells in an arena until it is printed.
 * Does not ask the environment: the command line decides the style.
 */
#ifndef CS_OUT_TEXT_H
#define CS_OUT_TEXT_H
#include <stdbool.h>
#include <stdio.h>
#include "base/arena.h"

enum { CS_TEXT_WIDTH = 100, CS_TEXT_GUTTER = 9 };

struct cs_text {
    FILE *file;
    bool utf8, colour;
    struct cs_arena *arena; /* scratch, for one report */
    int width;              /* columns, of a terminal that is narrower; 0: CS_TEXT_WIDTH */
};

static inline int cs_text_columns(const struct cs_text *t)
{
    return t->width > 0 ? t->width : CS_TEXT_WIDTH;
}

enum cs_colour { CS_COLOUR_PLAIN, CS_COLOUR_BOLD, CS_COLOUR_GOOD, CS_COLOUR_BAD, CS_COLOUR_DIM };

/* Columns that `utf8` takes in this style. */
int cs_text_width(const struct cs_text *t, const char *utf8);
void cs_text_put(const struct cs_text *t, const char *utf8);
void cs_text_printf(const struct cs_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cs_text_colour(const struct cs_text *t, enum cs_colour colour);
void cs_text_blanks(const struct cs_text *t, int count);
/* `left` and, flush with the right edge, `right` (on a line of its own if there is no room). */
void cs_text_edges(const struct cs_text *t, const char *left, const char *right);
/* A section: its bold label in a gutter of 9 columns, then words, wrapped at the width. A NULL
 * label continues the section above. */
void cs_text_section(const struct cs_text *t, const char *label, const char *words);
/* Words wrapped at the width; the cursor stands at `column`, further lines start at `indent`. */
void cs_text_wrap(const struct cs_text *t, const char *words, int column, int indent);
/* One character for a share 0..1: eight bars, or without UTF-8 the digits 0..9 (tenths). */
const char *cs_text_bar(const struct cs_text *t, double share);

enum { CS_GRID_COLUMNS = 16 };
struct cs_grid {
    struct cs_arena *arena;
    size_t columns;
    char align[CS_GRID_COLUMNS + 1]; /* l, r, and for a last column w: wrapped */
    const char **cells;
    size_t count;
};
/* `align` has one letter a column. */
void cs_grid_init(struct cs_grid *grid, struct cs_arena *arena, const char *align);
/* The next cell, left to right, row by row; the first row is the heading. */
void cs_grid_add(struct cs_grid *grid, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A row of texts, one a column. */
#define cs_grid_row(grid, ...)                                  \
    cs_grid_cells(grid, (const char *const[]){__VA_ARGS__},     \
                  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
void cs_grid_cells(struct cs_grid *grid, const char *const *texts, size_t count);
/* Prints with two blanks between columns. The first cell of the heading is the section's label
 * when `section` is set: bold, and each further row starts in the same column. */
void cs_grid_print(const struct cs_grid *grid, const struct cs_text *t, int indent,
                    bool section);
/* The same where the first row is no heading. */
void cs_grid_print_plain(const struct cs_grid *grid, const struct cs_text *t, int indent);

#endif
