/* Table, drawing and SVG of a front (see pareto.h).
 *
 * The table says how much less latency a row has than the one above: with their costs the exchange
 * rate that people look for on such a front.
 */
#include "out/pareto.h"
#include "out/canvas.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/svg.h"
#include "out/words.h"
#include <math.h>

enum { ROWS = 40 };

static const struct cs_option *option_of(const struct cs_pareto *p, const struct cs_pareto_point *x)
{
    return &p->configurations[x->configuration].scenario->options[x->fleet.option];
}

static const char *fleet(struct cs_arena *arena, const struct cs_pareto *p,
                         const struct cs_pareto_point *x)
{
    const struct cs_option *const o = option_of(p, x);
    return cs_arena_printf(arena, "%ld × %s %s", x->fleet.gpus, o->model->name,
                           cs_words_machine(arena, o, x->fleet.given.tensor, o->pipeline_parallel));
}

static const char *usd(struct cs_arena *arena, const struct cs_pareto *p, double value)
{
    return cs_arena_strdup(arena, cs_money_figure(p->study->scenario, value).text);
}

static const char *seconds(struct cs_arena *arena, double value)
{
    const struct cs_interval i = {value, NAN, NAN};
    return cs_arena_strdup(arena, cs_figure_time_value(i).text);
}

/* --- text ------------------------------------------------------------------------------------ */

/* The keys whose values a row's settings are. */
static const char *keys(struct cs_arena *arena, const struct cs_pareto *p)
{
    const char *words = "";
    for (size_t v = 0; v < p->varied_count; v++)
        if (p->varied[v].count > 1)
            words = cs_arena_printf(arena, "%s%s%s", words, *words ? " / " : "", p->varied[v].key);
    return words;
}

static void print_front(const struct cs_pareto *p, const struct cs_text *t)
{
    const struct cs_scenario *const s = p->study->scenario;
    struct cs_grid grid;
    bool settings = false;
    for (size_t i = 0; i < p->front_count; i++)
        settings |= *p->configurations[p->points[i].configuration].words != '\0';
    cs_grid_init(&grid, t->arena, settings ? "lrrrrrl" : "lrrrrr");
    cs_grid_add(&grid, "FRONT");
    cs_grid_add(&grid, "%s", cs_money_per(t->arena, s, "day"));
    cs_grid_add(&grid, "TTFT");
    cs_grid_add(&grid, "TPOT");
    cs_grid_add(&grid, "E2E");
    cs_grid_add(&grid, "less");
    if (settings)
        cs_grid_add(&grid, "settings");
    for (size_t i = 0; i < p->front_count && i < ROWS; i++) {
        const struct cs_pareto_point *const x = &p->points[i];
        cs_grid_add(&grid, "%2zu %s", i + 1, fleet(t->arena, p, x));
        cs_grid_add(&grid, "%s", usd(t->arena, p, x->usd_per_day));
        cs_grid_add(&grid, "%s", seconds(t->arena, x->ttft_s));
        cs_grid_add(&grid, "%s", seconds(t->arena, x->tpot_s));
        cs_grid_add(&grid, "%s", seconds(t->arena, x->e2e_s));
        cs_grid_add(&grid, "%s",
                    i ? cs_figure_percent(1 - x->latency.value / x[-1].latency.value).text : "");
        if (settings)
            cs_grid_add(&grid, "%s", p->configurations[x->configuration].words);
    }
    cs_grid_print(&grid, t, 0, true);
    if (p->front_count > ROWS)
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena, "and %zu more: --json", p->front_count - ROWS));
    cs_text_section(t, NULL,
                    cs_arena_printf(t->arena,
                                    "no other fleet that meets the SLO is both cheaper and has a "
                                    "shorter p95 %s by 1 %% or more; p95 in the busiest hours; "
                                    "less: of it than in the row above%s%s",
                                    cs_words_metric[p->metric], settings ? "; settings: " : "",
                                    settings ? keys(t->arena, p) : ""));
    cs_text_put(t, "\n");
}

static const char *label_usd(const struct cs_text *t, const void *user, double value)
{
    return usd(t->arena, user, value);
}

static const char *label_s(const struct cs_text *t, const void *user, double value)
{
    (void)user;
    return seconds(t->arena, value);
}

static void print_drawing(const struct cs_pareto *p, const struct cs_text *t)
{
    double x_low = INFINITY, x_high = 0, y_low = INFINITY, y_high = 0;
    struct cs_canvas canvas;
    for (size_t i = 0; i < p->count - p->missed; i++) {
        const struct cs_pareto_point *const x = &p->points[i];
        x_low = fmin(x_low, x->usd_per_day);
        x_high = fmax(x_high, x->usd_per_day);
        y_low = fmin(y_low, x->latency.value);
        y_high = fmax(y_high, x->latency.value);
    }
    cs_canvas_init(&canvas, x_low, x_high, true, y_low, y_high);
    for (size_t i = p->count - p->missed; i-- > 0;)
        cs_canvas_put(&canvas, p->points[i].usd_per_day, p->points[i].latency.value,
                      p->points[i].front ? 'o' : '.');
    cs_text_section(t, "PLOT",
                    cs_arena_printf(t->arena,
                                    "p95 %s against cost; %s: the front, %s: other fleets "
                                    "that meet the SLO",
                                    cs_words_metric[p->metric], t->utf8 ? "●" : "o",
                                    t->utf8 ? "·" : "."));
    cs_canvas_print(&canvas, t, label_usd, label_s, p,
                    cs_money_per(t->arena, p->study->scenario, "day"));
}

static void print_head(const struct cs_pareto *p, const struct cs_text *t)
{
    const struct cs_scenario *const s = p->study->scenario;
    cs_text_edges(t, s->name,
                  cs_arena_printf(t->arena, "cost against %s", cs_words_metric[p->metric]));
    const char *words = cs_arena_printf(
        t->arena, "%s of %s simulated · %zu meet the SLO",
        cs_words_count(t->arena, (double)p->count, "fleet"),
        cs_words_count(t->arena, (double)p->configuration_count, "setting"), p->count - p->missed);
    for (size_t v = 0; v < p->varied_count; v++)
        words = cs_arena_printf(t->arena, "%s · %s=%s", words, p->varied[v].key, p->varied[v].text);
    if (p->unsound)
        words =
            cs_arena_printf(t->arena, "%s · %zu combinations make no scenario", words, p->unsound);
    cs_text_wrap(t, words, 0, 0);
    cs_text_put(t, "\n\n");
}

void cs_pareto_print(const struct cs_pareto *p, const struct cs_text *t)
{
    const struct cs_scenario *const s = p->study->scenario;
    print_head(p, t);
    if (p->front_count) {
        print_front(p, t);
        print_drawing(p, t);
    } else {
        cs_text_section(t, "NONE",
                        "no fleet of any configuration meets the SLO: capsim run says "
                        "what binds");
    }
    cs_text_section(t, "ASSUMED",
                    cs_arena_printf(t->arena,
                                    "fleets of up to six times the fluid bound; those near the "
                                    "front with replications · prices: %s · all: capsim explain %s",
                                    s->cost.prices, s->path));
}

/* --- SVG ----------------------------------------------------------------------------------- */

void cs_pareto_print_svg(const struct cs_pareto *p, FILE *out)
{
    struct cs_arena arena;
    struct cs_plot plot = {.wide = true};
    cs_arena_init(&arena);
    const size_t n = p->count - p->missed;
    double *const x = cs_arena_alloc(&arena, n + 1, sizeof *x);
    double *const y = cs_arena_alloc(&arena, n + 1, sizeof *y);
    const double money = p->study->scenario->cost.currency_usd;
    for (size_t i = 0; i < n; i++) {
        x[i] = p->points[i].usd_per_day / money;
        y[i] = p->points[i].latency.value;
    }
    plot.x = (struct cs_axis){
        .log = true, .unit = CS_SVG_UNITS, .name = cs_money_per(&arena, p->study->scenario, "day")};
    plot.y =
        (struct cs_axis){.log = true,
                         .unit = CS_SVG_SECONDS,
                         .name = cs_arena_printf(&arena, "p95 %s", cs_words_metric[p->metric])};
    cs_axis_fit(&plot.x, x, n);
    cs_axis_fit(&plot.y, y, n);
    cs_svg_file_open(out);
    cs_plot_open(&plot, out,
                 cs_arena_printf(&arena, "%s: cost against latency", p->study->scenario->name));
    for (size_t i = p->front_count; i < n; i++)
        cs_plot_mark(&plot, x[i], y[i], "dot", fleet(&arena, p, &p->points[i]));
    cs_plot_line(&plot, x, y, p->front_count, "own");
    for (size_t i = 0; i < p->front_count; i++)
        cs_plot_mark(&plot, x[i], y[i], "at", fleet(&arena, p, &p->points[i]));
    cs_plot_close(&plot);
    cs_svg_file_close(out);
    cs_arena_fini(&arena);
}
