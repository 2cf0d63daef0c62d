/* SVG: small plots, written as text into a page.
 *
 * A plot is a square frame with two axes, linear or logarithmic, and marks on it. Text stays text
 * (selectable, read aloud), colours and fonts are the page's by class names, so that one drawing
 * serves light and dark, screen and paper. Coordinates are rounded to a tenth of a unit, which
 * makes the bytes the same everywhere.
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

enum cs_svg_unit { CS_SVG_NUMBER, CS_SVG_SECONDS, CS_SVG_UNITS };

struct cs_axis {
    double low, high; /* of the data; low > 0 when logarithmic */
    bool log;
    enum cs_svg_unit unit; /* of its labels */
    const char *name;
};

struct cs_plot {
    FILE *out;
    bool wide; /* twice as wide as high, for one drawing a page */
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

#endif
