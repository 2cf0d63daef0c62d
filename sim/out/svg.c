/* SVG: axes, ticks and marks (see svg.h).
 *
 * Logarithmic axes have ticks at 1, 2 and 5 of each decade while at most seven fit, else at
 * decades; linear ones, and logarithmic ones of less than a factor of five, at steps of 1, 2 or 5
 * times a power of ten. The frame is FRAME units high inside a drawing of HEIGHT, which the page
 * scales.
 */
#include "out/svg.h"
#include "out/figure.h"
#include <math.h>

enum { FRAME = 260, LEFT = 62, TOP = 10, RIGHT = 24, BELOW = 38, LABEL = 42, MOST_TICKS = 7 };

const char cs_svg_style[] =
    "svg{width:100%;height:auto;font:10.5px system-ui,sans-serif;fill:#667085}"
    ".frame{fill:none;stroke:#667085}.grid{stroke:#d6dbe3;fill:none;stroke-opacity:.6}"
    ".own{stroke:#0072b2;stroke-width:2.6;fill:none}.opt{stroke:#0072b2;stroke-width:1;"
    "stroke-opacity:.35;fill:none}"
    ".dot{fill:#667085;fill-opacity:.35}.api{stroke-width:1.8;fill:none}.at{fill:#d55e00;stroke:#"
    "fff;stroke-width:.8}"
    ".c0{stroke:#d55e00}.c1{stroke:#009e73;stroke-dasharray:6 3}.c2{stroke:#cc79a7;"
    "stroke-dasharray:2 3}.c3{stroke:#e69f00;stroke-dasharray:9 3 2 3}.c4{stroke:#56b4e9;"
    "stroke-dasharray:12 4}.c5{stroke:#999933;stroke-dasharray:4 2}\n";

void cs_svg_file_open(FILE *out)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n<style>%s</style>\n",
            LEFT + 2 * FRAME + RIGHT, TOP + FRAME + BELOW, cs_svg_style);
}

void cs_svg_file_close(FILE *out)
{
    fputs("</svg>\n", out);
}

static int across(const struct cs_plot *p)
{
    return p->wide ? 2 * FRAME : FRAME;
}

static int tall(const struct cs_plot *p)
{
    return p->high > 0 ? p->high : FRAME;
}

void cs_svg_escape(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc((unsigned char)*c < 0x20 && *c != '\n' ? '?' : *c, out);
        }
    }
}

void cs_axis_fit(struct cs_axis *axis, const double *values, size_t count)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]) || (axis->log && values[i] <= 0.0))
            continue;
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    if (low > high)
        low = high = 1.0;
    if (axis->log) { /* a tenth of the span beyond each end, and at least a factor of 1.2 */
        const double room = fmax(log(1.2), 0.05 * log(high / low));
        axis->low = low * exp(-room);
        axis->high = high * exp(room);
    } else {
        const double room = fmax(0.05 * (high - low), 1e-3 * fabs(high) + 1e-12);
        axis->low = low - room;
        axis->high = high + room;
    }
}

/* Where a value stands on an axis, 0..1. */
static double share(const struct cs_axis *a, double value)
{
    const double s = a->log ? log(fmax(value, a->low) / a->low) / log(a->high / a->low)
                            : (value - a->low) / (a->high - a->low);
    return fmin(fmax(s, 0.0), 1.0);
}

static double at_x(const struct cs_plot *p, double value)
{
    return LEFT + across(p) * share(&p->x, value);
}

static double at_y(const struct cs_plot *p, double value)
{
    return TOP + tall(p) * (1.0 - share(&p->y, value));
}

/* The ticks of a logarithmic axis at `steps` of each decade; how many there would be. */
static int decade_ticks(const struct cs_axis *a, const double *steps, int step_count,
                        double ticks[MOST_TICKS])
{
    int count = 0;
    for (int d = (int)floor(log10(a->low)); d <= (int)ceil(log10(a->high)); d++) {
        for (int i = 0; i < step_count; i++) {
            const double value = steps[i] * pow(10.0, d);
            if (value < a->low || value > a->high)
                continue;
            if (count < MOST_TICKS)
                ticks[count] = value;
            count++;
        }
    }
    return count;
}

/* The ticks of an axis, at most MOST_TICKS. */
static int ticks_of(const struct cs_axis *a, double ticks[MOST_TICKS])
{
    static const double fine[] = {1, 2, 5};
    if (a->log && a->high / a->low >= 5.0) {
        int count = decade_ticks(a, fine, 3, ticks);
        if (count > MOST_TICKS)
            count = decade_ticks(a, fine, 1, ticks);
        return count < MOST_TICKS ? count : MOST_TICKS;
    }
    const double raw = (a->high - a->low) / 5.0, power = pow(10.0, floor(log10(raw)));
    const double step = power * (raw / power > 5.0 ? 10.0 : raw / power > 2.0 ? 5.0 : 2.0);
    int count = 0;
    for (double i = ceil(a->low / step); i * step <= a->high && count < MOST_TICKS; i++)
        ticks[count++] = i * step;
    return count;
}

/* Times in ms below a second, else in s, so that one axis has one or two units at most. */
static struct cs_figure label_of(const struct cs_axis *a, double value)
{
    struct cs_figure f;
    if (a->unit == CS_SVG_PLAIN && value < 999.5)
        snprintf(f.text, sizeof f.text, "%.4g", value);
    else if (a->unit == CS_SVG_SHARE)
        snprintf(f.text, sizeof f.text, "%.4g %%", 100.0 * value);
    else if (a->unit != CS_SVG_SECONDS)
        return cs_figure_si(value, "");
    if (a->unit != CS_SVG_SECONDS)
        return f;
    const bool ms = value < 0.9995;
    snprintf(f.text, sizeof f.text, "%.4g %s", ms ? 1e3 * value : value, ms ? "ms" : "s");
    return f;
}

static void draw_text(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    cs_svg_escape(out, text);
    fputs("</text>\n", out);
}

/* A tick of the horizontal axis; its text is left out before `free_from`. */
static void draw_tick(const struct cs_plot *p, double value, const char *text, bool line,
                      double *free_from)
{
    const double x = at_x(p, value);
    if (line)
        fprintf(p->out, "<path class=\"grid\" d=\"M%.1f %dv%d\"/>", x, TOP, tall(p));
    if (text == NULL || x < *free_from)
        return;
    *free_from = x + LABEL;
    fprintf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, TOP + tall(p) + 15);
    cs_svg_escape(p->out, text);
    fputs("</text>\n", p->out);
}

static void draw_axes(struct cs_plot *p)
{
    double ticks[MOST_TICKS];
    const int along = p->x.ticks == NULL ? ticks_of(&p->x, ticks) : 0;
    double free_from = 0.0; /* labels would overlap before it */
    for (int i = 0; i < along; i++)
        draw_tick(p, ticks[i], label_of(&p->x, ticks[i]).text, true, &free_from);
    for (size_t i = 0; p->x.ticks != NULL && i < p->x.tick_count; i++) { /* chosen to fit */
        free_from = 0.0;
        draw_tick(p, p->x.ticks[i].at, p->x.ticks[i].text, p->x.ticks[i].line, &free_from);
    }
    const int up = ticks_of(&p->y, ticks);
    for (int i = 0; i < up; i++) {
        const double y = at_y(p, ticks[i]);
        fprintf(p->out, "<path class=\"grid\" d=\"M%d %.1fh%d\"/>", LEFT, y, across(p));
        fprintf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 5, y + 3.5);
        cs_svg_escape(p->out, label_of(&p->y, ticks[i]).text);
        fputs("</text>\n", p->out);
    }
    fprintf(p->out, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT,
            TOP, across(p), tall(p));
    fprintf(p->out, "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
            LEFT + across(p) / 2, TOP + tall(p) + 36);
    cs_svg_escape(p->out, p->x.name);
    fprintf(p->out,
            "</text><text class=\"axis\" transform=\"translate(12 %d)rotate(-90)\" "
            "text-anchor=\"middle\">",
            TOP + tall(p) / 2);
    cs_svg_escape(p->out, p->y.name);
    fputs("</text>\n", p->out);
}

void cs_plot_open(struct cs_plot *p, FILE *out, const char *title)
{
    p->out = out;
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", LEFT + across(p) + RIGHT,
            TOP + tall(p) + BELOW);
    cs_svg_escape(out, title);
    fputs("</title>\n", out);
    draw_axes(p);
}

void cs_plot_close(struct cs_plot *p)
{
    fputs("</svg>\n", p->out);
}

void cs_plot_mark(struct cs_plot *p, double x, double y, const char *klass, const char *text)
{
    if (isnan(x) || isnan(y))
        return;
    fprintf(p->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.4\">", klass, at_x(p, x),
            at_y(p, y));
    if (text != NULL) {
        fputs("<title>", p->out);
        cs_svg_escape(p->out, text);
        fputs("</title>", p->out);
    }
    fputs("</circle>\n", p->out);
}

void cs_plot_line(struct cs_plot *p, const double *x, const double *y, size_t count,
                  const char *klass)
{
    bool begun = false;
    fprintf(p->out, "<path class=\"%s\" d=\"", klass);
    for (size_t i = 0; i < count; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        fprintf(p->out, "%s%.1f %.1f", begun ? "L" : "M", at_x(p, x[i]), at_y(p, y[i]));
        begun = true;
    }
    fputs("\"/>\n", p->out);
}

void cs_plot_steps(struct cs_plot *p, double first, double step, const double *y, size_t count,
                   bool area, const char *klass)
{
    bool begun = false;
    fprintf(p->out, "<path class=\"%s\" d=\"", klass);
    for (size_t i = 0; i < count; i++) {
        if (isnan(y[i])) {
            begun = false;
            continue;
        }
        const double x = at_x(p, first + step * (double)i);
        if (!begun && area)
            fprintf(p->out, "M%.1f %dV%.1f", x, TOP + tall(p), at_y(p, y[i]));
        else if (!begun)
            fprintf(p->out, "M%.1f %.1f", x, at_y(p, y[i]));
        else
            fprintf(p->out, "V%.1f", at_y(p, y[i]));
        fprintf(p->out, "H%.1f", at_x(p, first + step * (double)(i + 1)));
        if (area && (i + 1 == count || isnan(y[i + 1])))
            fprintf(p->out, "V%dz", TOP + tall(p));
        begun = true;
    }
    fputs("\"/>\n", p->out);
}

void cs_plot_level(struct cs_plot *p, double y, const char *text, const char *klass)
{
    const double at = at_y(p, y);
    fprintf(p->out, "<path class=\"%s\" d=\"M%d %.1fh%d\"/>", klass, LEFT, at, across(p));
    draw_text(p->out, LEFT + across(p) - 4, at < TOP + 14 ? at + 12 : at - 4, "end", text);
}

/* --- bars ------------------------------------------------------------------------------------ */

enum { BAR_WIDE = 330, BAR_ROW = 36, BAR_TOP = 16, BAR_HIGH = 14 };

void cs_svg_textures(FILE *out)
{
    static const char *const lines[] = {"M-1 7L7 -1", "M-1 -1L7 7", "M3 -1V7", "M-1 3H7"};
    fputs("<svg class=\"none\" aria-hidden=\"true\" width=\"0\" height=\"0\"><defs>", out);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        fprintf(out,
                "<pattern id=\"t%zu\" width=\"6\" height=\"6\" "
                "patternUnits=\"userSpaceOnUse\"><path class=\"texture\" d=\"%s\"/></pattern>",
                i + 1, lines[i]);
    fputs("</defs></svg>\n", out);
}

/* Parts 0 and 5 have no texture. */
static void draw_part(FILE *out, double x, double y, double wide, int high, int part,
                      const char *text)
{
    const int texture = part % (CS_SVG_PARTS - 3);
    fprintf(out,
            "<g><rect class=\"p%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>",
            part % CS_SVG_PARTS, x, y, wide, high);
    if (texture > 0)
        fprintf(out,
                "<rect fill=\"url(#t%d)\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%d\"/>",
                texture, x, y, wide, high);
    if (text != NULL) {
        fputs("<title>", out);
        cs_svg_escape(out, text);
        fputs("</title>", out);
    }
    fputs("</g>", out);
}

void cs_svg_swatch(FILE *out, int part)
{
    fputs("<svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">", out);
    draw_part(out, 0, 0, BAR_HIGH, BAR_HIGH, part, NULL);
    fputs("</svg>", out);
}

void cs_bars_open(struct cs_bars *b, FILE *out, int count, double most, const char *title)
{
    *b = (struct cs_bars){.out = out, .most = most > 0.0 ? most : 1.0, .count = count};
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", BAR_WIDE, count * BAR_ROW);
    cs_svg_escape(out, title);
    fputs("</title>\n", out);
}

void cs_bars_close(struct cs_bars *b)
{
    fputs("</svg>\n", b->out);
}

void cs_bars_add(struct cs_bars *b, const char *name, const char *sum, const double *values,
                 const int *parts, const char *const *texts, size_t count)
{
    const double y = b->row++ * BAR_ROW;
    double x = 0.0;
    draw_text(b->out, 0, y + 12, "start", name);
    draw_text(b->out, BAR_WIDE, y + 12, "end", sum);
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0.0))
            continue;
        const double wide = BAR_WIDE * values[i] / b->most;
        draw_part(b->out, x, y + BAR_TOP, wide, BAR_HIGH, parts[i], texts[i]);
        x += wide;
    }
    putc('\n', b->out);
}

/* --- cells ----------------------------------------------------------------------------------- */

enum { CELL = 12, CELL_HIGH = 16, CELLS_LEFT = 44, CELLS_TOP = 16, CELLS_BELOW = 30 };

void cs_cells_open(struct cs_cells *c, FILE *out, int columns, int rows, const char *title)
{
    *c = (struct cs_cells){out, columns, rows};
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", CELLS_LEFT + columns * CELL + 2,
            CELLS_TOP + rows * CELL_HIGH + CELLS_BELOW);
    cs_svg_escape(out, title);
    fputs("</title>\n", out);
}

void cs_cells_close(struct cs_cells *c)
{
    fputs("</svg>\n", c->out);
}

void cs_cells_row_name(struct cs_cells *c, int row, const char *name)
{
    draw_text(c->out, CELLS_LEFT - 6, CELLS_TOP + row * CELL_HIGH + 12, "end", name);
}

void cs_cells_column_name(struct cs_cells *c, int column, const char *name)
{
    draw_text(c->out, CELLS_LEFT + column * CELL, CELLS_TOP - 5, "middle", name);
}

static void draw_cell(FILE *out, int x, int y, double shade, const char *text)
{
    const int class = (int)fmin(CS_SVG_SHADES - 1, fmax(0.0, shade * CS_SVG_SHADES));
    fprintf(out, "<rect class=\"h%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", class, x, y,
            CELL - 1, CELL_HIGH - 1);
    if (text == NULL) {
        fputs("/>", out);
        return;
    }
    fputs("><title>", out);
    cs_svg_escape(out, text);
    fputs("</title></rect>\n", out);
}

void cs_cells_put(struct cs_cells *c, int column, int row, double shade, const char *text)
{
    if (!isnan(shade))
        draw_cell(c->out, CELLS_LEFT + column * CELL, CELLS_TOP + row * CELL_HIGH, shade, text);
}

void cs_cells_key(struct cs_cells *c, const char *least, const char *most)
{
    const int y = CELLS_TOP + c->rows * CELL_HIGH + 10;
    const int x = CELLS_LEFT + (c->columns - CS_SVG_SHADES) / 2 * CELL;
    draw_text(c->out, x - 6, y + 12, "end", least);
    for (int i = 0; i < CS_SVG_SHADES; i++)
        draw_cell(c->out, x + i * CELL, y, (i + 0.5) / CS_SVG_SHADES, NULL);
    draw_text(c->out, x + CS_SVG_SHADES * CELL + 6, y + 12, "start", most);
}
