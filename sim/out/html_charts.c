/* The charts of the report's page, each with the table that it was drawn from (see html_run.h).
 *
 * By window (an hour, unless the SLO is judged otherwise): requests a second, the share of the time
 * that the GPUs compute, first tokens and times per token against their limits, and grids of days
 * by hours for the busy share and the KV cache. Then what a day costs in parts, one's own fleet
 * beside each API, and the cost curves along the volume (html_crossover.c).
 *
 * The rule: a window without a figure is a gap, not a zero; what cannot be drawn is said in a
 * sentence instead.
 */
#include "out/crossover.h"
#include "out/figure.h"
#include "out/html.h"
#include "out/html_run.h"
#include "out/money.h"
#include "out/svg.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

enum { DAY = 24, HIGH = 150 };

/* --- by window -------------------------------------------------------------------------------- */

struct hours { /* of one option, as series */
    const struct cs_answer *answer;
    const struct cs_option_answer *option;
    struct cs_arena *arena;
    FILE *out;
    size_t count;
    double length_s;
    const char *window; /* "hour" */
    struct cs_tick *ticks;
    size_t tick_count;
};

static bool is_hourly(const struct hours *h)
{
    return h->length_s == 3600.0;
}

static const char *when(const struct hours *h, size_t i)
{
    char at[32];
    return cs_arena_strdup(
        h->arena, cs_plan_when(h->answer->scenario, h->option->hours[i].start_s, at, sizeof at));
}

/* "Mon", or "day 1". */
static const char *day_of(const struct hours *h, size_t day)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return h->answer->scenario->traffic.curve.starts_monday
               ? names[day % 7]
               : cs_arena_printf(h->arena, "day %zu", day + 1);
}

/* Days, or every sixth hour where there are few. */
static void choose_ticks(struct hours *h)
{
    const size_t a_day = is_hourly(h) ? DAY : 1;
    h->ticks = cs_arena_alloc(h->arena, 2 * h->count + 2, sizeof *h->ticks);
    h->tick_count = 0;
    if (h->count <= 2 * DAY && is_hourly(h)) {
        const size_t step = h->count <= 8 ? 1 : 6;
        for (size_t i = 0; i <= h->count; i += step)
            h->ticks[h->tick_count++] =
                (struct cs_tick){(double)i, cs_arena_printf(h->arena, "%02zu:00", i % DAY), true};
        return;
    }
    for (size_t i = 0; i < h->count; i += a_day) {
        h->ticks[h->tick_count++] = (struct cs_tick){(double)i, NULL, true};
        h->ticks[h->tick_count++] =
            (struct cs_tick){(double)i + 0.5 * (double)a_day, day_of(h, i / a_day), false};
    }
}

/* The series of a field of cs_hour. */
static double *series(const struct hours *h, size_t offset)
{
    double *const y = cs_arena_alloc(h->arena, h->count, sizeof *y);
    for (size_t i = 0; i < h->count; i++)
        memcpy(&y[i], (const char *)&h->option->hours[i] + offset, sizeof *y);
    return y;
}
#define SERIES(h, field) series(h, offsetof(struct cs_hour, field))

/* The index of the largest value; `count` when all are NaN. */
static size_t largest(const double *y, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (!isnan(y[i]) && (best == count || y[i] > y[best]))
            best = i;
    return best;
}

static void open_plot(const struct hours *h, struct cs_plot *p, double low, double high,
                      enum cs_svg_unit unit, const char *name, const char *title)
{
    *p = (struct cs_plot){.high = HIGH,
                          .x = {.low = 0,
                                .high = (double)h->count,
                                .name = is_hourly(h) && h->count <= 2 * DAY ? "hour" : "day",
                                .ticks = h->ticks,
                                .tick_count = h->tick_count},
                          .y = {.low = low, .high = high, .unit = unit, .name = name}};
    p->y.log = low > 0.0;
    cs_plot_open(p, h->out, title);
}

/* A table of series by window. */
static void put_series(const struct hours *h, const char *title, const char *const *heads,
                       const char *(*const *words)(const struct hours *, double),
                       const double *const *columns, size_t count)
{
    cs_html_table_open(h->out, title, heads, count + 1);
    for (size_t i = 0; i < h->count; i++) {
        const char *texts[4] = {when(h, i)};
        for (size_t c = 0; c < count; c++)
            texts[c + 1] = words[c](h, columns[c][i]);
        cs_html_row(h->out, heads, texts, count + 1);
    }
    cs_html_table_close(h->out);
}

static const char *words_of_rate(const struct hours *h, double value)
{
    return cs_arena_strdup(h->arena, cs_figure_short(value).text);
}
static const char *words_of_share(const struct hours *h, double value)
{
    return cs_arena_strdup(h->arena, cs_figure_percent(value).text);
}
static const char *words_of_time(const struct hours *h, double value)
{
    return cs_arena_strdup(h->arena,
                           cs_figure_time_value((struct cs_interval){value, NAN, NAN}).text);
}
typedef const char *words_of(const struct hours *, double);

/* One series in steps, from 0 up. */
static void put_steps(const struct hours *h, const char *title, const char *name, const double *y,
                      double high, enum cs_svg_unit unit, words_of *words, const char *note)
{
    struct cs_plot p;
    const size_t most = largest(y, h->count);
    const char *const heads[] = {"<window", name};
    cs_html_figure_open(h->out, title);
    open_plot(h, &p, 0.0, high, unit, name,
              most == h->count ? title
                               : cs_arena_printf(h->arena, "%s: at most %s, %s", title,
                                                 words(h, y[most]), when(h, most)));
    cs_plot_steps(&p, 0.0, 1.0, y, h->count, true, "area");
    cs_plot_steps(&p, 0.0, 1.0, y, h->count, false, "own");
    cs_plot_close(&p);
    cs_html_figure_table(h->out, note);
    put_series(h, title, heads, (words_of *const[]){words}, &y, 1);
    cs_html_figure_close(h->out);
}

static void put_load(const struct hours *h)
{
    const double *const rate = SERIES(h, requests_per_s);
    const size_t most = largest(rate, h->count);
    put_steps(h, "Requests that arrive", "requests/s", rate,
              most < h->count && rate[most] > 0.0 ? 1.08 * rate[most] : 1.0, CS_SVG_PLAIN,
              words_of_rate, "As simulated: the mean of the replications.");
    put_steps(h, "GPUs busy, share of the time", "busy", SERIES(h, busy), 1.0, CS_SVG_SHARE,
              words_of_share,
              "A GPU is busy as soon as one request is on it; what room there is for more is the "
              "share of capacity above.");
}

/* p50 (NULL: not known by window) and p95 of a metric against its limits. */
static void put_latency(const struct hours *h, enum cs_metric metric, const double *p50,
                        const double *p95)
{
    const struct cs_slo *const slo = &h->answer->scenario->slo;
    const size_t worst = largest(p95, h->count);
    if (worst == h->count)
        return;
    const char *const name = cs_words_metric_long[metric];
    double low = p95[worst], high = p95[worst];
    for (size_t i = 0; i < h->count; i++) {
        const double least = p50 ? p50[i] : p95[i];
        low = !isnan(least) && least > 0.0 ? fmin(low, least) : low;
    }
    const char *title = cs_arena_printf(h->arena, "%s by %s: p95 at most %s, %s", name, h->window,
                                        words_of_time(h, p95[worst]), when(h, worst));
    for (size_t i = 0; i < slo->count; i++)
        if (slo->limits[i].metric == metric)
            high = fmax(high, slo->limits[i].limit_s);
    const bool log = high > 25.0 * low; /* else the curves would lie on the axis */
    struct cs_plot p;
    cs_html_figure_open(h->out, cs_arena_printf(h->arena, "Latency, %s", name));
    open_plot(h, &p, log ? low / 1.5 : 0.0, log ? 1.6 * high : 1.12 * high, CS_SVG_SECONDS,
              cs_words_metric[metric], title);
    if (p50)
        cs_plot_steps(&p, 0.0, 1.0, p50, h->count, false, "low");
    cs_plot_steps(&p, 0.0, 1.0, p95, h->count, false, "own");
    for (size_t i = 0; i < slo->count; i++) {
        const int stat = cs_words_find_stat(slo->limits[i].percentile);
        if (slo->limits[i].metric == metric && stat >= 0)
            cs_plot_level(&p, slo->limits[i].limit_s,
                          cs_arena_printf(h->arena, "limit of %s: %s", cs_words_stat[stat],
                                          cs_figure_time_given(slo->limits[i].limit_s).text),
                          "limit");
    }
    cs_plot_close(&p);
    fprintf(h->out,
            "<ul class=\"key\"><li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path "
            "class=\"own\" d=\"M0 6h28\"/></svg>p95</li>%s</ul>\n",
            p50 ? "<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path class=\"low\" "
                  "d=\"M0 6h28\"/></svg>p50</li>"
                : "");
    cs_html_figure_table(h->out,
                         cs_arena_printf(h->arena,
                                         "Each %s by itself; where few requests come, the "
                                         "answer judges neighbours together.%s",
                                         h->window, log ? " The scale is logarithmic." : ""));
    const char *const heads[] = {"<window", "p95", "p50"};
    put_series(h, name, heads, (words_of *const[]){words_of_time, words_of_time},
               (const double *const[]){p95, p50}, p50 ? 2 : 1);
    cs_html_figure_close(h->out);
}

/* Days by hours, the darkest shade at the next round share above the most. */
static void put_cells(const struct hours *h, const char *title, const double *y, const char *note)
{
    static const double round_up[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0};
    const size_t most = largest(y, h->count), days = (h->count + DAY - 1) / DAY;
    if (most == h->count)
        return;
    double top = 1.0;
    for (size_t i = sizeof round_up / sizeof round_up[0]; i-- > 0;)
        top = y[most] <= round_up[i] ? round_up[i] : top;
    struct cs_cells c;
    cs_html_figure_open(h->out, title);
    cs_cells_open(&c, h->out, DAY, (int)days,
                  cs_arena_printf(h->arena, "%s: at most %s, %s", title, words_of_share(h, y[most]),
                                  when(h, most)));
    for (int k = 0; k < DAY; k += 6)
        cs_cells_column_name(&c, k, cs_arena_printf(h->arena, "%02d:00", k));
    for (size_t d = 0; d < days; d++)
        cs_cells_row_name(&c, (int)d, day_of(h, d));
    for (size_t i = 0; i < h->count; i++)
        cs_cells_put(&c, (int)(i % DAY), (int)(i / DAY), y[i] / top,
                     cs_arena_printf(h->arena, "%s %s", when(h, i), words_of_share(h, y[i])));
    cs_cells_key(&c, "0 %", cs_figure_percent(top).text);
    cs_cells_close(&c);
    cs_html_figure_table(h->out, note);
    const char *heads[DAY + 1] = {"<day"};
    for (int k = 0; k < DAY; k++)
        heads[k + 1] = cs_arena_printf(h->arena, "%02d", k);
    cs_html_table_open(h->out, title, heads, DAY + 1);
    for (size_t d = 0; d < days; d++) {
        const char *texts[DAY + 1] = {day_of(h, d)};
        for (size_t k = 0; k < DAY; k++)
            texts[k + 1] = d * DAY + k < h->count ? words_of_share(h, y[d * DAY + k]) : "";
        cs_html_row(h->out, heads, texts, DAY + 1);
    }
    cs_html_table_close(h->out);
    cs_html_figure_close(h->out);
}

void cs_html_put_hours(const struct cs_answer *answer, const struct cs_option_answer *option,
                       struct cs_arena *arena, FILE *out)
{
    struct hours h = {.answer = answer,
                      .option = option,
                      .arena = arena,
                      .out = out,
                      .count = option->hour_count,
                      .window = cs_words_window[answer->scenario->slo.window]};
    if (h.count < 2) {
        cs_html_words(out,
                      cs_arena_printf(arena,
                                      "All of the run is one window%s, so there are no charts by "
                                      "hour.",
                                      answer->scenario->slo.window == CS_WINDOW_RUN
                                          ? ": the SLO is judged over the whole run (slo.window)"
                                          : ""));
        return;
    }
    h.length_s = option->hours[1].start_s - option->hours[0].start_s;
    choose_ticks(&h);
    fputs("<div class=\"charts\">\n", out);
    put_load(&h);
    put_latency(&h, CS_METRIC_TTFT, SERIES(&h, ttft_p50_s), SERIES(&h, ttft_p95_s));
    put_latency(&h, CS_METRIC_TPOT, SERIES(&h, tpot_p50_s), SERIES(&h, tpot_p95_s));
    for (size_t i = 0; i < answer->scenario->slo.count; i++)
        if (answer->scenario->slo.limits[i].metric == CS_METRIC_E2E) {
            put_latency(&h, CS_METRIC_E2E, NULL, SERIES(&h, e2e_p95_s));
            break;
        }
    if (is_hourly(&h) && h.count >= DAY) {
        put_cells(&h, "GPUs busy, by day and hour", SERIES(&h, busy), NULL);
        put_cells(&h, "KV cache in use, by day and hour", SERIES(&h, kv),
                  "The mean over the hour; the most at any instant is said above.");
    }
    fputs("</div>\n", out);
}

/* --- costs ------------------------------------------------------------------------------------ */

enum { API_PARTS = 5, PARTS_MOST = CS_COST_ITEMS + API_PARTS };
static const char *const api_parts[API_PARTS] = {"input", "cached input", "cache write", "output",
                                                 "committed"};

static const char *part_name(int part)
{
    return part < CS_COST_ITEMS ? cs_cost_names[part] : api_parts[part - CS_COST_ITEMS];
}

struct bill { /* a bar */
    const char *name;
    double sum, parts[PARTS_MOST]; /* USD a day; of one's own items, then of an API's */
};

static size_t bills_of(const struct cs_answer *answer, const struct cs_option_answer *o,
                       struct cs_arena *arena, struct bill *bills)
{
    size_t count = 0;
    if (o && isfinite(o->cost.usd_per_day)) {
        struct bill *const b = &bills[count++];
        *b = (struct bill){.name = "own fleet", .sum = o->cost.usd_per_day};
        memcpy(b->parts, o->cost.item, sizeof o->cost.item);
        b->name = cs_arena_printf(arena, "%s: %ld × %s", answer->best >= 0 ? "own" : "own, nearest",
                                  o->gpus, o->option->hardware->name);
    }
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        if (!isfinite(a->usd_per_day))
            continue;
        const double parts[API_PARTS] = {a->input, a->cached_input, a->cache_write, a->output,
                                         a->committed};
        bills[count] = (struct bill){.name = cs_words_api(a), .sum = a->usd_per_day};
        memcpy(bills[count++].parts + CS_COST_ITEMS, parts, sizeof parts);
    }
    return count;
}

/* Parts that some bill has, in order; returns how many. */
static int parts_of(const struct bill *bills, size_t count, int parts[PARTS_MOST])
{
    int used = 0;
    for (int k = 0; k < PARTS_MOST; k++) {
        bool any = false;
        for (size_t i = 0; i < count; i++)
            any = any || bills[i].parts[k] > 0.0;
        if (any)
            parts[used++] = k;
    }
    return used;
}

static void put_bills(const struct cs_answer *answer, const struct bill *bills, size_t count,
                      struct cs_arena *arena, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *const unit = cs_money_per(arena, s, "day");
    int parts[PARTS_MOST];
    const int used = parts_of(bills, count, parts);
    double most = 0.0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, bills[i].sum);
    struct cs_bars b;
    cs_html_figure_open(out, cs_arena_printf(arena, "A day in parts, %s", unit));
    cs_bars_open(&b, out, (int)count, most,
                 cs_arena_printf(arena, "Cost of a day in parts, %s: %zu bars", unit, count));
    for (size_t i = 0; i < count; i++) {
        double values[PARTS_MOST];
        const char *texts[PARTS_MOST];
        int looks[PARTS_MOST];
        for (int k = 0; k < used; k++) {
            values[k] = bills[i].parts[parts[k]];
            looks[k] = k;
            texts[k] = cs_arena_printf(arena, "%s: %s %s", part_name(parts[k]),
                                       cs_money_figure(s, values[k]).text, unit);
        }
        cs_bars_add(&b, bills[i].name, cs_money_figure(s, bills[i].sum).text, values, looks, texts,
                    (size_t)used);
    }
    cs_bars_close(&b);
    fputs("<ul class=\"key\">", out);
    for (int k = 0; k < used; k++) {
        fputs("<li>", out);
        cs_svg_swatch(out, k);
        cs_svg_escape(out, part_name(parts[k]));
        fputs("</li>", out);
    }
    fputs("</ul>\n", out);
    cs_html_figure_table(out, NULL);
    const char *heads[PARTS_MOST + 2] = {"<who", unit};
    for (int k = 0; k < used; k++)
        heads[k + 2] = part_name(parts[k]);
    cs_html_table_open(out, "A day in parts", heads, (size_t)used + 2);
    for (size_t i = 0; i < count; i++) {
        const char *texts[PARTS_MOST + 2] = {
            bills[i].name, cs_arena_strdup(arena, cs_money_figure(s, bills[i].sum).text)};
        for (int k = 0; k < used; k++)
            texts[k + 2] =
                bills[i].parts[parts[k]] > 0.0
                    ? cs_arena_strdup(arena, cs_money_figure(s, bills[i].parts[parts[k]]).text)
                    : "";
        cs_html_row(out, heads, texts, (size_t)used + 2);
    }
    cs_html_table_close(out);
    cs_html_figure_close(out);
}

void cs_html_put_costs(const struct cs_answer *answer, const struct cs_option_answer *option,
                       struct cs_arena *arena, FILE *out)
{
    struct bill *const bills = cs_arena_alloc(arena, answer->api_count + 1, sizeof *bills);
    const size_t count = bills_of(answer, option, arena, bills);
    if (count)
        put_bills(answer, bills, count, arena, out);
}

/* --- crossover -------------------------------------------------------------------------------- */

void cs_html_put_crossover(const struct cs_html_run *run, struct cs_arena *arena, FILE *out)
{
    const struct cs_crossover *const c = run->crossover;
    fputs("<section id=\"crossover\">\n<h2>When hosting is cheaper</h2>\n", out);
    if (!c) {
        cs_html_words(out, cs_arena_printf(arena, "No crossover: %s.", run->no_crossover));
        fputs("</section>\n", out);
        return;
    }
    cs_html_words(out,
                  cs_arena_printf(
                      arena,
                      "Where hosting and each API change rank along the volume, %s to %s%s; %s "
                      "simulated.",
                      cs_crossover_x(arena, &c->along, c->along.low),
                      cs_crossover_x(arena, &c->along, c->along.high),
                      isfinite(c->here) ? cs_arena_printf(arena, " (this scenario: %s)",
                                                          cs_crossover_x(arena, &c->along, c->here))
                                        : "",
                      cs_words_count(arena, (double)c->planned, "fleet")));
    fputs("<div class=\"pair\">\n", out);
    cs_html_figure_open(out, "Cost of a day by volume");
    cs_crossover_print_plot(c, false, arena, out);
    fputs("<ul class=\"key\"><li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path "
          "class=\"own\" d=\"M0 6h28\"/></svg>hosting, the cheapest fleet</li><li><svg "
          "viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path class=\"opt\" d=\"M0 6h28\"/></svg>"
          "each option</li>",
          out);
    for (size_t a = 0; a < c->against_count; a++) {
        fprintf(out,
                "<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path class=\"api c%d\" "
                "d=\"M0 6h28\"/></svg>",
                (int)(a % CS_CROSSOVER_COLOURS));
        cs_svg_escape(out, c->against[a].api->label);
        fputs("</li>", out);
    }
    fputs("<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><circle class=\"at\" cx=\"14\" "
          "cy=\"6\" r=\"4\"/></svg>crossing</li></ul>\n",
          out);
    cs_html_figure_table(out,
                         "Both scales are logarithmic. Hosting goes up in steps: a step is one "
                         "replica more.");
    cs_crossover_print_points(c, arena, out);
    cs_html_figure_close(out);
    fputs("<div>\n", out);
    cs_crossover_print_against(c, arena, out);
    cs_html_cell(out, "p class=\"note\"", cs_crossover_basis);
    fputs("\n</div>\n</div>\n</section>\n", out);
}
