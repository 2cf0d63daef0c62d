/* Canvas: a plot of characters, for terminals.
 *
 * A grid of cells between two axes; a sign replaces the one that its cell had. Signs are ASCII
 * letters, and three that are drawn better where the reader has UTF-8: 'o' as a dot, '.' as a small
 * one, ':' as a piece of a dashed line. The vertical axis is logarithmic, the horizontal one as
 * asked.
 *
 * The rule: what lies outside the axes is not drawn. Nothing is allocated.
 */
#ifndef CS_OUT_CANVAS_H
#define CS_OUT_CANVAS_H
#include "out/text.h"

enum { CS_CANVAS_WIDTH = 72, CS_CANVAS_HEIGHT = 18 };

struct cs_canvas {
    char cells[CS_CANVAS_HEIGHT][CS_CANVAS_WIDTH];
    bool log_x;
    double x_low, x_high, y_low, y_high;
};

/* Words for a value of an axis, in the arena of the text. */
typedef const char *cs_canvas_label(const struct cs_text *text, const void *user, double value);

/* Clears it. Ends that coincide are drawn apart. */
void cs_canvas_init(struct cs_canvas *canvas, double x_low, double x_high, bool log_x, double y_low,
                    double y_high);
void cs_canvas_put(struct cs_canvas *canvas, double x, double y, char sign);
/* The plot with its axes; `unit` follows the labels of the horizontal one. */
void cs_canvas_print(const struct cs_canvas *canvas, const struct cs_text *text,
                     cs_canvas_label *x_label, cs_canvas_label *y_label, const void *user,
                     const char *unit);

#endif
