/* A plot of characters: see canvas.h.
 *
 * Labels stand at every fourth row and at five places below, moved so that none covers another.
 * Memory: what the labels' words take in the arena of the text.
 */
#include "out/canvas.h"
#include <math.h>
#include <string.h>

enum { WIDTH = CS_CANVAS_WIDTH, HEIGHT = CS_CANVAS_HEIGHT, LABEL = 10 };

void cs_canvas_init(struct cs_canvas *c, double x_low, double x_high, bool log_x, double y_low,
                    double y_high)
{
    *c = (struct cs_canvas){.log_x = log_x, .x_low = x_low, .x_high = x_high};
    memset(c->cells, ' ', sizeof c->cells);
    if (!(x_low < x_high)) {
        c->x_low = log_x ? x_low / 2 : x_low - 1;
        c->x_high = log_x ? x_low * 2 : x_low + 1;
    }
    const bool any = y_low > 0 && isfinite(y_low) && isfinite(y_high);
    c->y_low = any ? y_low : 1;
    c->y_high = any ? y_high : 4;
    if (!(c->y_low < c->y_high)) {
        c->y_low /= 2;
        c->y_high *= 2;
    }
}

void cs_canvas_put(struct cs_canvas *c, double x, double y, char sign)
{
    if (!isfinite(x) || !isfinite(y) || !(y > 0) || (c->log_x && !(x > 0)))
        return;
    const double u = c->log_x ? log(x / c->x_low) / log(c->x_high / c->x_low)
                              : (x - c->x_low) / (c->x_high - c->x_low);
    const double v = log(y / c->y_low) / log(c->y_high / c->y_low);
    if (u < -0.01 || u > 1.01 || v < -0.01 || v > 1.01)
        return;
    const int column = (int)lround(fmin(1, fmax(0, u)) * (WIDTH - 1));
    const int row = HEIGHT - 1 - (int)lround(fmin(1, fmax(0, v)) * (HEIGHT - 1));
    c->cells[row][column] = sign;
}

static void print_cells(const char *cells, const struct cs_text *t)
{
    int last = WIDTH;
    while (last > 0 && cells[last - 1] == ' ')
        last--;
    for (int x = 0; x < last; x++) {
        const char *const dot = cells[x] == 'o'   ? "●"
                                : cells[x] == '.' ? "·"
                                : cells[x] == ':' ? "┊"
                                                  : NULL;
        if (dot && t->utf8)
            fputs(dot, t->file);
        else
            putc(cells[x], t->file);
    }
    putc('\n', t->file);
}

static void print_below(const struct cs_canvas *c, const struct cs_text *t,
                        cs_canvas_label *x_label, const void *user, const char *unit)
{
    fprintf(t->file, "%*s ", LABEL, "");
    for (int x = 0; x <= WIDTH; x++)
        fputs(x == 0 ? t->utf8 ? "└" : "+" : t->utf8 ? "─" : "-", t->file);
    fprintf(t->file, "\n%*s", LABEL + 2, "");
    int column = 0;
    for (int i = 0; i <= 4; i++) {
        const double u = i / 4.0;
        const double x = c->log_x ? c->x_low * pow(c->x_high / c->x_low, u)
                                  : c->x_low + u * (c->x_high - c->x_low);
        const char *const label = x_label(t, user, x);
        const int width = cs_text_width(t, label);
        int at = (int)lround(u * (WIDTH - 1)) - (i == 4 ? width - 1 : i ? width / 2 : 0);
        at = at > column ? at : column;
        cs_text_blanks(t, at - column);
        cs_text_put(t, label);
        column = at + width;
    }
    cs_text_printf(t, "%s%s\n\n", *unit ? " " : "", unit);
}

void cs_canvas_print(const struct cs_canvas *c, const struct cs_text *t, cs_canvas_label *x_label,
                     cs_canvas_label *y_label, const void *user, const char *unit)
{
    for (int r = 0; r < HEIGHT; r++) {
        const double share = (double)(HEIGHT - 1 - r) / (HEIGHT - 1);
        const bool labelled = r % 4 == 0 || r == HEIGHT - 1;
        const double y = c->y_low * pow(c->y_high / c->y_low, share);
        const char *const label = labelled ? y_label(t, user, y) : "";
        cs_text_blanks(t, LABEL - cs_text_width(t, label));
        cs_text_put(t, label);
        fprintf(t->file, " %s", t->utf8 ? "│" : "|");
        print_cells(c->cells[r], t);
    }
    print_below(c, t, x_label, user, unit);
}
