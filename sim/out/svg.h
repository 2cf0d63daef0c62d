/* SVG: small plots, bars and grids of cells, written as text into a page.
 *
 * A plot is a frame with two axes, linear or logarithmic or with ticks of its own, and marks, lines
 * and steps on it; bars stand one below the other, in parts; cells are shades of a grid. Text stays
 * text (selectable, read aloud), colours and fonts are the page's by class names, so that one
 * drawing serves light and dark, screen and paper. Coordinates are rounded to a tenth of a unit,
 * which makes the bytes the same everywhere.
 *
 * The one rule: the caller gives values in the units of its data and never a pixel; values
 * outside an axis are drawn on its end, none is dropped in silence.
 * Nothing is allocated. `cs_svg_escape` also serves the page around the plots.
 */
#ifndef CS_OUT_SVG_H
#define CS_OUT_SVG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cs_svg_unit { CS_SVG_NUMBER, CS_SVG_SECONDS, CS_SVG_UNITS, CS_SVG_PLAIN, CS_SVG_SHARE };

struct cs_tick { /* a place of an axis */
    double at;
    const char *text; /* NULL: none */
    bool line;        /* across the frame */
};

struct cs_axis {
    double low, high; /* of the data; low > 0 when logarithmic */
    bool log;
    enum cs_svg_unit unit; /* of its labels */
    const char *name;
    const struct cs_tick *ticks; /* NULL: they are chosen by the numbers */
    size_t tick_count;
};

struct cs_plot {
    FILE *out;
    bool wide; /* twice as wide as high, for one drawing a page */
    int high;  /* of the frame; 0: as wide */
    struct cs_axis x, y;
};

/* The classes of lines and marks: own, opt, dot, at, api with c0 .. c5. For a page's style. */
extern const char cs_svg_style[];
/* A file that holds one wide plot, style and all. */
void cs_svg_file_open(FILE *out);
void cs_svg_file_close(FILE *out);
/* Text with the characters that HTML and SVG reserve replaced. */
void cs_svg_escape(FILE *out, const char *text);
/* An axis that holds values[0 .. count), NaN left out, with some room; never empty. */
void cs_axis_fit(struct cs_axis *axis, const double *values, size_t count);
/* Opens the drawing, with frame, ticks and names; `title` is for readers aloud. */
void cs_plot_open(struct cs_plot *p, FILE *out, const char *title);
void cs_plot_close(struct cs_plot *p);
/* A mark of that class with a text that appears when it is pointed at (NULL: none). */
void cs_plot_mark(struct cs_plot *p, double x, double y, const char *klass, const char *text);
/* A line through points, NaN left out. */
void cs_plot_line(struct cs_plot *p, const double *x, const double *y, size_t count,
                  const char *klass);
/* y[i] from first + i x step to the next one; a NaN is a gap. `area`: down to the lower end. */
void cs_plot_steps(struct cs_plot *p, double first, double step, const double *y, size_t count,
                   bool area, const char *klass);
/* A level across the frame, with words on it. */
void cs_plot_level(struct cs_plot *p, double y, const char *text, const char *klass);

/* Bars in parts, one below the other, on one scale from 0. Parts are told apart by a colour and by
 * a texture over it, of classes p0 .. p7 and the patterns of cs_svg_textures. */
struct cs_bars {
    FILE *out;
    double most; /* of the longest bar */
    int count, row;
};
enum { CS_SVG_PARTS = 8 };
/* The patterns, once a page. */
void cs_svg_textures(FILE *out);
/* A small square of part `i`, for a key. */
void cs_svg_swatch(FILE *out, int part);
void cs_bars_open(struct cs_bars *b, FILE *out, int count, double most, const char *title);
void cs_bars_close(struct cs_bars *b);
/* The next bar, of values[i] in the look of parts[i]; its name and its sum in words stand above. */
void cs_bars_add(struct cs_bars *b, const char *name, const char *sum, const double *values,
                 const int *parts, const char *const *texts, size_t count);

/* A grid of shades 0 .. 1 in classes h0 .. h7, row by row; NaN is an empty cell. */
enum { CS_SVG_SHADES = 8 };
struct cs_cells {
    FILE *out;
    int columns, rows;
};
void cs_cells_open(struct cs_cells *c, FILE *out, int columns, int rows, const char *title);
void cs_cells_close(struct cs_cells *c);
void cs_cells_row_name(struct cs_cells *c, int row, const char *name);
void cs_cells_column_name(struct cs_cells *c, int column, const char *name);
/* A cell with a text that appears when it is pointed at. */
void cs_cells_put(struct cs_cells *c, int column, int row, double shade, const char *text);
/* The shades from both ends, in words, below the grid. */
void cs_cells_key(struct cs_cells *c, const char *least, const char *most);

#endif
