/* The plot of latency by hour: see hourplot.h.
 *
 * A curve is first one value for each column of dots, then dots in a grid; with Braille, dots of
 * neighbouring columns are joined by a vertical line. Labels stand in the gutter of the report: the
 * top of the axis, its bottom, and the limit.
 *
 *     level = (levels - 1) log(value / low) / log(high / low)
 *
 * Memory: the grid on the stack, words in the arena of the text.
 */
#include "out/hourplot.h"
#include "out/figure.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

enum {
    DAY = 24,
    LEAST_HOURS = 12,
    MOST_HOURS = 7 * DAY,
    MOST_CELLS = CS_TEXT_WIDTH,
    MOST_DOTS = 2 * MOST_CELLS,
    MOST_ROWS = 5,
    HOURS_WIDE = 6 /* dots of an hour at most: 24 hours need not fill the page */
};

struct plot {
    const struct cs_text *text;
    size_t hours, dots; /* of the horizontal axis; the one a multiple of the other */
    int across, down;   /* dots of a character */
    int cells, rows;
    double least, most;       /* of the hours, seconds */
    double low, high, limit;  /* seconds; limit NaN: no line */
    double values[MOST_DOTS]; /* the worst of the hours of a column; NaN: none */
    unsigned char masks[MOST_ROWS][MOST_CELLS];
};

/* --- what is drawn --------------------------------------------------------------------------- */

static double value_of(const struct cs_hour *h, enum cs_metric metric, bool median)
{
    switch (metric) {
    case CS_METRIC_TTFT:
        return median ? h->ttft_p50_s : h->ttft_p95_s;
    case CS_METRIC_TPOT:
        return median ? h->tpot_p50_s : h->tpot_p95_s;
    case CS_METRIC_E2E:
        return median ? NAN : h->e2e_p95_s;
    default:
        return NAN;
    }
}

/* The limit of a metric, one of its p95 before others; NULL: none. */
static const struct cs_slo_limit *limit_of(const struct cs_slo *slo, enum cs_metric metric)
{
    const struct cs_slo_limit *found = NULL;
    for (size_t i = 0; i < slo->count; i++)
        if (slo->limits[i].metric == metric && (!found || slo->limits[i].percentile == 95))
            found = &slo->limits[i];
    return found;
}

/* As many dots as fit, so that each hour has the same number, or each dot the same hours. */
static void set_width(struct plot *p)
{
    const int room = cs_text_columns(p->text) - CS_TEXT_GUTTER;
    const size_t most = (size_t)(room * p->across), n = p->hours;
    size_t wide = most / n;
    if (wide > HOURS_WIDE)
        wide = HOURS_WIDE;
    p->dots = wide ? wide * n : (n + (n + most - 1) / most - 1) / ((n + most - 1) / most);
    p->cells = ((int)p->dots + p->across - 1) / p->across;
}

static void set_values(struct plot *p, const struct cs_hour *hours, enum cs_metric metric,
                       bool median)
{
    const size_t each = p->dots >= p->hours ? 1 : (p->hours + p->dots - 1) / p->dots;
    p->least = INFINITY;
    p->most = 0;
    for (size_t i = 0; i < p->hours; i++) {
        const double value = value_of(&hours[i], metric, median);
        p->least = value > 0 ? fmin(p->least, value) : p->least;
        p->most = fmax(p->most, value); /* both pass over NaN */
    }
    for (size_t x = 0; x < p->dots; x++) {
        const size_t first = each > 1 ? x * each : x * p->hours / p->dots;
        p->values[x] = NAN;
        for (size_t i = first; i < first + each && i < p->hours; i++)
            p->values[x] = fmax(p->values[x], value_of(&hours[i], metric, median));
    }
    p->low = fmin(p->least, p->limit);
    p->high = fmax(p->most, p->limit);
    if (!(p->low < p->high / 2)) /* room, also where all is one value */
        p->low = p->high / 2;
}

/* From 0 at the bottom. */
static int level(const struct plot *p, double value)
{
    const int top = p->rows * p->down - 1;
    return (int)lround(top * log(value / p->low) / log(p->high / p->low));
}

static void set_dot(struct plot *p, size_t x, int at)
{
    static const unsigned char braille[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    const int row = p->rows - 1 - at / p->down;
    p->masks[row][x / (size_t)p->across] |= braille[x % (size_t)p->across][at % p->down];
}

static void draw(struct plot *p)
{
    int before = -1;
    memset(p->masks, 0, sizeof p->masks);
    for (size_t x = 0; x < p->dots; x++) {
        if (!(p->values[x] > 0)) {
            before = -1;
            continue;
        }
        const int at = level(p, p->values[x]);
        set_dot(p, x, at);
        for (int y = before; p->down > 1 && before >= 0 && y != at; y += y < at ? 1 : -1)
            set_dot(p, x, y);
        before = at;
    }
}

/* --- characters ------------------------------------------------------------------------------ */

static bool is_over(const struct plot *p, int cell)
{
    for (int i = 0; i < p->across; i++) {
        const size_t x = (size_t)(cell * p->across + i);
        if (x < p->dots && p->values[x] > p->limit)
            return true;
    }
    return false;
}

static void print_cell(const struct plot *p, int row, int cell, bool on_limit)
{
    const struct cs_text *const t = p->text;
    const unsigned mask = p->masks[row][cell];
    if (!mask) {
        fputs(!on_limit ? " " : t->utf8 ? "┈" : "-", t->file);
    } else if (!t->utf8) {
        putc('*', t->file);
    } else { /* U+2800 + mask */
        putc(0xe2, t->file);
        putc((int)(0xa0 | mask >> 6), t->file);
        putc((int)(0x80 | (mask & 0x3f)), t->file);
    }
}

static void print_row(const struct plot *p, int row)
{
    const struct cs_text *const t = p->text;
    const int limit_row = isnan(p->limit) ? -1 : p->rows - 1 - level(p, p->limit) / p->down;
    const char *label = "";
    if (row == limit_row)
        label = cs_figure_time_given(p->limit).text;
    else if (row == 0 || row == p->rows - 1)
        label = cs_figure_time_value((struct cs_interval){row ? p->low : p->high, NAN, NAN}).text;
    label = cs_arena_strdup(t->arena, label);
    int last = p->cells;
    while (last > 0 && row != limit_row && !p->masks[row][last - 1])
        last--;
    cs_text_blanks(t, CS_TEXT_GUTTER - 1 - cs_text_width(t, label));
    cs_text_put(t, label);
    fputs(t->utf8 ? "│" : "|", t->file);
    enum cs_colour colour = CS_COLOUR_PLAIN;
    for (int c = 0; c < last; c++) {
        const enum cs_colour wanted = !p->masks[row][c] ? CS_COLOUR_DIM
                                      : is_over(p, c)   ? CS_COLOUR_BAD
                                                        : CS_COLOUR_PLAIN;
        if (wanted != colour && (p->masks[row][c] || row == limit_row))
            cs_text_colour(t, colour = wanted);
        print_cell(p, row, c, row == limit_row);
    }
    if (colour != CS_COLOUR_PLAIN)
        cs_text_colour(t, CS_COLOUR_PLAIN);
    putc('\n', t->file);
}

/* What an hour is called that a label stands at; "" where none stands. */
static const char *name_of(const struct plot *p, const struct cs_scenario *s, size_t hour)
{
    char at[32];
    const bool by_day = p->hours > 2 * DAY;
    if (hour % (by_day ? DAY : DAY / 4))
        return "";
    const char *const when = cs_plan_when(s, 3600.0 * (double)hour, at, sizeof at);
    const size_t length = strlen(when);
    if (by_day && length > 6 && strcmp(when + length - 6, " 00:00") == 0)
        return cs_arena_strndup(p->text->arena, when, length - 6); /* "Tue", "day 2" */
    return cs_arena_strdup(p->text->arena, when);
}

static void print_hours(const struct plot *p, const struct cs_scenario *s)
{
    int column = 0;
    cs_text_blanks(p->text, CS_TEXT_GUTTER);
    for (size_t hour = 0; hour < p->hours; hour++) {
        const char *const name = name_of(p, s, hour);
        const int at = (int)(hour * p->dots / p->hours) / p->across;
        if (!*name || (column && at <= column) || at + cs_text_width(p->text, name) > p->cells)
            continue;
        cs_text_blanks(p->text, at - column);
        cs_text_put(p->text, name);
        column = at + cs_text_width(p->text, name);
    }
    putc('\n', p->text->file);
}

/* False: no hour has a value. */
static bool print_metric(struct plot *p, const struct cs_slo *slo, const struct cs_option_answer *o,
                         enum cs_metric metric, bool first)
{
    const struct cs_text *const t = p->text;
    const struct cs_slo_limit *const limit = limit_of(slo, metric);
    const bool median = limit && limit->percentile == 50 && metric != CS_METRIC_E2E;
    const bool line = limit && (median || limit->percentile == 95);
    p->limit = line ? limit->limit_s : NAN;
    set_values(p, o->hours, metric, median);
    if (!(p->most > 0))
        return false;
    const struct cs_figure least = cs_figure_time_value((struct cs_interval){p->least, NAN, NAN});
    const struct cs_figure most = cs_figure_time_value((struct cs_interval){p->most, NAN, NAN});
    const bool same = strcmp(least.text, most.text) == 0;
    const char *words = cs_arena_printf(t->arena, "%s %s, %s%s%s", median ? "p50" : "p95",
                                        cs_words_metric[metric], least.text, same ? "" : " to ",
                                        same ? "" : most.text);
    const int stat = limit ? cs_words_find_stat(limit->percentile) : -1;
    if (limit)
        words = cs_arena_printf(t->arena, "%s; limit%s%s %s", words, line ? "" : " of the ",
                                line || stat < 0 ? "" : cs_words_stat[stat],
                                cs_figure_time_given(limit->limit_s).text);
    draw(p);
    cs_text_section(t, first ? "BY HOUR" : NULL,
                    cs_arena_printf(t->arena, "%s%s", words, first ? " (log scale)" : ""));
    for (int row = 0; row < p->rows; row++)
        print_row(p, row);
    return true;
}

void cs_hourplot_print(const struct cs_answer *answer, const struct cs_option_answer *o,
                       const struct cs_text *t)
{
    static const enum cs_metric known[] = {CS_METRIC_TTFT, CS_METRIC_TPOT, CS_METRIC_E2E};
    const struct cs_slo *const slo = &answer->scenario->slo;
    struct plot p = {.text = t,
                     .hours = o->hour_count,
                     .across = t->utf8 ? 2 : 1,
                     .down = t->utf8 ? 4 : 1,
                     .rows = t->utf8 ? 4 : MOST_ROWS};
    if (slo->window != CS_WINDOW_HOUR || p.hours < LEAST_HOURS || p.hours > MOST_HOURS)
        return;
    set_width(&p);
    bool first = true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const bool asked = slo->count ? limit_of(slo, known[i]) != NULL : known[i] != CS_METRIC_E2E;
        if (asked && print_metric(&p, slo, o, known[i], first))
            first = false;
    }
    if (!first)
        print_hours(&p, answer->scenario);
}
