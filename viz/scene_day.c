/* The day: what comes in, and how long people wait, on one axis of time with the clock on it.
 *
 * Three curves share the axis: requests a second (what the scenario expects, and what came), TTFT
 * and TPOT (median and the SLO's percentile, logarithmic, with the SLO's line). A run of more than
 * two days shows the day of the clock and tabs for the others. A click goes to that time: forward
 * by simulating it, back by simulating again from the start.
 *
 * Curves are of bins of minutes (show.h); a point a pixel is drawn, the worst of its bins.
 */
#include "out/figure.h"
#include "viz/palette.h"
#include "viz/scene.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS_MOST = 2048, ROW_TICKS = 8 };
static const double DAY_S = 86400.0, PS = 1e12;
static const float LABELS = 128;

struct axis { /* of time, in seconds from the start of the run */
    double from, to;
    struct cs_box box;
};

static float x_of(const struct axis *a, double t)
{
    return a->box.x + a->box.w * (float)((t - a->from) / (a->to - a->from));
}

static void draw_clock_line(struct cs_scene *s, const struct axis *a)
{
    const float x = x_of(a, (double)s->show->now_ps / PS);
    cs_draw_fill(s->draw, (struct cs_box){x - 1, a->box.y, 2, a->box.h}, CS_INK);
}

/* --- rows ------------------------------------------------------------------------------------ */

struct row {
    struct cs_box box;
    double low, high; /* of its values */
    bool log;
};

static float y_of(const struct row *r, double v)
{
    double share = r->log ? log(fmax(v, r->low) / r->low) / log(r->high / r->low)
                          : (v - r->low) / (r->high - r->low);
    share = fmin(1.0, fmax(0.0, share));
    return r->box.y + r->box.h * (float)(1.0 - share);
}

static void draw_row(struct cs_scene *s, const struct row *r, const char *name)
{
    cs_draw_fill(s->draw, r->box, CS_GROUND);
    cs_draw_text(s->draw, r->box.x - 8, r->box.y, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_DIM, "%s", name);
}

static enum cs_draw_size figure_size(const struct cs_scene *s)
{
    return s->w > 600 ? CS_DRAW_LARGE : CS_DRAW_TEXT;
}

/* One of the values of a bin. */
static float value_of(const struct cs_show_bin *b, int which)
{
    const float values[] = {b->rps, b->ttft_p50_s, b->ttft_p95_s, b->tpot_p50_s, b->tpot_p95_s};
    return values[which];
}

static void draw_curve(struct cs_scene *s, const struct axis *a, const struct row *r, int which,
                       struct cs_colour_rgb colour)
{
    float x[POINTS_MOST], y[POINTS_MOST];
    const double bin_s = (double)s->show->bin_ps / PS;
    const size_t first = (size_t)(a->from / bin_s), last = (size_t)ceil(a->to / bin_s);
    const size_t step = (last - first) / POINTS_MOST + 1;
    int n = 0;
    for (size_t i = first; i < last && i < s->show->bin; i += step) {
        float worst = NAN;
        for (size_t k = i; k < i + step && k < s->show->bin; k++)
            worst = fmaxf(worst, value_of(&s->show->bins[k], which));
        x[n] = x_of(a, ((double)i + 0.5 * (double)step) * bin_s);
        y[n++] = isnan(worst) ? NAN : y_of(r, (double)worst);
    }
    cs_draw_path(s->draw, x, y, n, colour);
}

/* Most of a value in the bins that are shown. */
static double most_of(const struct cs_show *show, const struct axis *a, int which)
{
    const double bin_s = (double)show->bin_ps / PS;
    double most = NAN;
    for (size_t i = (size_t)(a->from / bin_s); i < show->bin && (double)i * bin_s < a->to; i++)
        most = fmax(most, (double)value_of(&show->bins[i], which));
    return most;
}

static void draw_traffic(struct cs_scene *s, const struct axis *a, struct cs_box box)
{
    struct row r = {box, 0.0, 0.0, false};
    float x[POINTS_MOST], y[POINTS_MOST];
    const int points = (int)fminf(POINTS_MOST, box.w / 2);
    double peak = most_of(s->show, a, 0);
    for (int i = 0; i < points; i++) {
        const double t = a->from + (a->to - a->from) * (i + 0.5) / points;
        const double rps = cs_show_expected_rps(s->show, (int64_t)(t * PS));
        peak = fmax(peak, rps);
    }
    r.high = isnan(peak) || peak <= 0.0 ? 1.0 : 1.15 * peak;
    draw_row(s, &r, "requests/s");
    for (int i = 0; i < points; i++) {
        const double t = a->from + (a->to - a->from) * (i + 0.5) / points;
        const double rps = cs_show_expected_rps(s->show, (int64_t)(t * PS));
        x[i] = x_of(a, t);
        y[i] = isnan(rps) ? NAN : y_of(&r, rps);
        const float x0 = box.x + box.w * (float)i / (float)points;
        const float x1 = box.x + box.w * (float)(i + 1) / (float)points;
        if (!isnan(rps))
            cs_draw_tint(s->draw, (struct cs_box){x0, y[i], x1 - x0, box.y + box.h - y[i]},
                         CS_DECODE, 0.20f);
    }
    cs_draw_path(s->draw, x, y, points, CS_IDLE);
    draw_curve(s, a, &r, 0, CS_DECODE);
    cs_draw_text(s->draw, box.x + 4, box.y + 1, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s",
                 cs_figure_short(r.high).text);
    double out, in, requests;
    cs_show_rates(s->show, &out, &in, &requests);
    cs_draw_text(s->draw, box.x - 8, box.y + 14, figure_size(s), CS_DRAW_RIGHT, CS_INK, "%s",
                 cs_figure_short(requests).text);
}

static void draw_latency(struct cs_scene *s, const struct axis *a, struct cs_box box, bool tpot)
{
    struct cs_draw *const d = s->draw;
    const double limit = tpot ? s->show->tpot_limit_s : s->show->ttft_limit_s;
    const double percentile = tpot ? s->show->tpot_percentile : s->show->ttft_percentile;
    const double asked[2] = {50.0, percentile};
    double now[2];
    cs_show_rolling(s->show, tpot, asked, 2, now);
    double most = most_of(s->show, a, tpot ? 4 : 2), least = INFINITY;
    const double bin_s = (double)s->show->bin_ps / PS;
    for (size_t i = (size_t)(a->from / bin_s); i < s->show->bin && (double)i * bin_s < a->to; i++)
        least = fmin(least, (double)value_of(&s->show->bins[i], tpot ? 3 : 1));
    most = fmax(most, isnan(limit) ? NAN : 1.6 * limit);
    least = fmin(least, isnan(limit) ? INFINITY : 0.3 * limit);
    if (isnan(most) || isinf(least)) {
        most = fmax(1.0, most);
        least = most / 30.0;
    }
    struct row r = {box, 0.8 * least, 1.2 * fmax(most, 2.0 * least), true};
    char name[40];
    snprintf(name, sizeof name, "%s p%g", tpot ? "TPOT" : "TTFT", percentile);
    draw_row(s, &r, name);
    const bool bad = !isnan(limit) && now[1] > limit;
    cs_draw_text(d, box.x - 8, box.y + 14, figure_size(s), CS_DRAW_RIGHT,
                 isnan(limit) || isnan(now[1]) ? CS_INK
                 : bad                         ? CS_BAD
                                               : CS_GOOD,
                 "%s%s",
                 isnan(now[1]) ? "\u2013"
                               : cs_figure_time_value((struct cs_interval){now[1], NAN, NAN}).text,
                 isnan(limit) || isnan(now[1]) ? ""
                 : bad                         ? " \u2717"
                                               : " \u2713");
    if (box.h > 48)
        cs_draw_text(d, box.x - 8, box.y + 35, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_DIM, "median %s",
                     isnan(now[0])
                         ? "\u2013"
                         : cs_figure_time_value((struct cs_interval){now[0], NAN, NAN}).text);
    float above = INFINITY; /* the label below the next one */
    for (double tick = pow(10.0, ceil(log10(r.low))); tick < r.high; tick *= 10.0) {
        const float y = y_of(&r, tick);
        cs_draw_fill(d, (struct cs_box){box.x, y, box.w, 1}, CS_GONE);
        if (y - 14 < box.y || y > above - 14)
            continue;
        above = y;
        cs_draw_text(d, box.x + 4, y - 14, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s",
                     cs_figure_time_given(tick).text);
    }
    draw_curve(s, a, &r, tpot ? 3 : 1, CS_IDLE);
    draw_curve(s, a, &r, tpot ? 4 : 2, tpot ? CS_GOOD : CS_PREFILL);
    if (!isnan(limit)) {
        const float y = y_of(&r, limit);
        for (float x = box.x; x < box.x + box.w; x += 10)
            cs_draw_fill(d, (struct cs_box){x, y, 6, 1}, CS_BAD);
        cs_draw_text(d, box.x + box.w - 4, y - 15, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_BAD, "limit %s",
                     cs_figure_time_given(limit).text);
    }
}

/* --- the axis -------------------------------------------------------------------------------- */

static void draw_hours(struct cs_scene *s, const struct axis *a, float y)
{
    static const double steps[] = {60, 300, 600, 1800, 3600, 7200, 10800, 21600, 86400};
    const double wanted = (a->to - a->from) / fmax(2.0, (double)a->box.w / 70.0);
    double step = steps[0];
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && step < wanted; i++)
        step = steps[i];
    for (double t = ceil(a->from / step) * step; t <= a->to; t += step) {
        char label[40];
        const long minutes = lrint(t / 60.0);
        snprintf(label, sizeof label, "%02ld:%02ld", minutes / 60 % 24, minutes % 60);
        const float x = x_of(a, t);
        if (x > a->box.x + 16 && x < a->box.x + a->box.w - 16)
            cs_draw_text(s->draw, x, y, CS_DRAW_SMALL, CS_DRAW_MIDDLE, CS_DIM, "%s", label);
    }
}

static void draw_changes(struct cs_scene *s, const struct axis *a)
{
    for (size_t i = 0; i < s->show->change_count; i++) {
        const struct cs_change *const c = &s->show->changes[i];
        const double t = (double)c->time_ps / PS;
        if (t < a->from || t > a->to)
            continue;
        const float x = x_of(a, t);
        cs_draw_fill(s->draw, (struct cs_box){x - 1, a->box.y, 2, 7},
                     c->kind == CS_CHANGE_FAIL ? CS_FAILED : CS_DRAINING);
    }
}

/* One tab a day; a click goes to the same hour of that day. */
static void draw_tabs(struct cs_scene *s, struct cs_box box, int days, int shown)
{
    const double into = (double)s->show->now_ps / PS - DAY_S * shown;
    const float w = fminf(64, box.w / (float)days);
    for (int k = 0; k < days; k++) {
        const struct cs_box tab = {box.x + w * (float)k, box.y, w - 3, 16};
        char label[40];
        cs_show_clock(s->show, (int64_t)(k * DAY_S * PS), label, sizeof label);
        *strrchr(label, ' ') = '\0'; /* the day alone */
        cs_draw_fill(s->draw, tab, k == shown ? CS_EDGE : CS_GROUND);
        if (w > 30)
            cs_draw_text(s->draw, tab.x + tab.w / 2, tab.y + 1, CS_DRAW_SMALL, CS_DRAW_MIDDLE,
                         k == shown ? CS_INK : CS_DIM, "%s", label);
        cs_scene_hit(s, tab, CS_ACT_SEEK, (int64_t)((k * DAY_S + into) * 1e3));
    }
}

void cs_scene_day(struct cs_scene *s, struct cs_box box)
{
    const double span = (double)s->show->end_ps / PS;
    const int days = (int)ceil(span / DAY_S - 1e-9);
    const bool tabs = span > 2.0 * DAY_S;
    const int shown = tabs ? (int)fmin(days - 1, floor((double)s->show->now_ps / PS / DAY_S)) : 0;
    cs_draw_fill(s->draw, box, CS_PANEL);
    cs_draw_frame(s->draw, box, CS_EDGE);
    const float labels = s->w > 600 ? LABELS : 84;
    const float top = box.y + (tabs ? 22 : 6), bottom = box.y + box.h - 18, gap = 5;
    const float room = bottom - top - 2 * gap;
    const struct axis a = {tabs ? shown * DAY_S : 0.0,
                           tabs ? (shown + 1) * DAY_S : span,
                           {box.x + labels, top, box.w - labels - 10, bottom - top}};
    if (tabs)
        draw_tabs(s, (struct cs_box){a.box.x, box.y + 3, a.box.w, 16}, days, shown);
    const float each = room / 3;
    draw_traffic(s, &a, (struct cs_box){a.box.x, top, a.box.w, each});
    draw_latency(s, &a, (struct cs_box){a.box.x, top + each + gap, a.box.w, each}, false);
    draw_latency(s, &a, (struct cs_box){a.box.x, top + 2 * (each + gap), a.box.w, each}, true);
    draw_hours(s, &a, bottom + 2);
    draw_changes(s, &a);
    draw_clock_line(s, &a);
    const bool over = s->mouse_x >= a.box.x && s->mouse_x < a.box.x + a.box.w &&
                      s->mouse_y >= a.box.y && s->mouse_y < a.box.y + a.box.h && !s->help;
    const double t = a.from + (double)((s->mouse_x - a.box.x) / a.box.w) * (a.to - a.from);
    cs_scene_hit(s, a.box, CS_ACT_SEEK, (int64_t)(t * 1e3));
    if (over) {
        char clock[40];
        cs_show_clock(s->show, (int64_t)(t * PS), clock, sizeof clock);
        cs_draw_fill(s->draw, (struct cs_box){s->mouse_x, a.box.y, 1, a.box.h}, CS_DIM);
        cs_draw_text(s->draw, s->mouse_x + 5, a.box.y + 2, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK,
                     "go to %s", clock);
    }
}
