/* The crossover as a page: one drawing, its figures below it, nothing from a network.
 *
 * Costs are drawn as they are: fleets in steps, bills as lines, both axes logarithmic. Colours are
 * told apart by the colour-blind (after Okabe and Ito 2008) and lines by their dashes too. Text
 * stays text; the page is readable on a phone, in the dark and on paper.
 * Memory: a scratch arena of its own.
 */
#include "out/crossover.h"
#include "out/figure.h"
#include "out/html.h"
#include "out/money.h"
#include "out/svg.h"
#include <math.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2530;--dim:#667085;--line:#d6dbe3;--back:#fff}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#98a2b3;--line:#333c49;"
    "--back:#14181f}}\n"
    "body{margin:0 auto;padding:1.25rem;max-width:60rem;background:var(--back);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "p{margin:.4rem 0}.dim{color:var(--dim)}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);"
    "vertical-align:top}th{color:var(--dim);font-weight:600}\n"
    ".long{min-width:14rem}figure svg{min-width:34rem}figure{overflow-x:auto}\n"
    ".key{display:inline-block;width:1.6rem;height:0;border-top:3px solid;margin-right:.4rem;"
    "vertical-align:middle}\n";
enum { COLOURS = CS_CROSSOVER_COLOURS, COLUMNS = 240 };

static void print_curves(const struct cs_crossover *c, struct cs_plot *p, double *x, double *y)
{
    for (size_t o = 0; o < c->curve_count; o++) { /* each option, as a staircase */
        const struct cs_cost_curve *const curve = &c->curves[o];
        size_t n = 0;
        for (size_t i = 0; i < curve->count && n + 2 < 4 * COLUMNS; i++) {
            const struct cs_cost_point *const k = &curve->points[i];
            if (!k->feasible)
                continue;
            if (n > 0 && k->usd != y[n - 1]) { /* the step is where the larger fleet is known */
                x[n] = k->x;
                y[n] = y[n - 1];
                n++;
            }
            x[n] = k->x;
            y[n++] = k->usd;
        }
        cs_plot_line(p, x, y, n, "opt");
    }
    for (size_t a = 0; a < c->against_count; a++) {
        char klass[16];
        for (int i = 0; i < COLUMNS; i++) {
            x[i] = cs_along_at(&c->along, (double)i / (COLUMNS - 1));
            y[i] = cs_crossover_bill(c, a, x[i]);
        }
        snprintf(klass, sizeof klass, "api c%d", (int)(a % COLOURS));
        cs_plot_line(p, x, y, COLUMNS, klass);
    }
    size_t n = 0, option;
    for (int i = 0; i < COLUMNS; i++) { /* a step is upright: its tread ends where it rises */
        const double at = cs_along_at(&c->along, (double)i / (COLUMNS - 1));
        const double usd = cs_crossover_own(c, at, &option);
        if (n > 0 && isfinite(usd) && isfinite(y[n - 1]) && fabs(usd / y[n - 1] - 1.0) > 0.02) {
            x[n] = x[n - 1];
            y[n++] = usd;
        }
        x[n] = at;
        y[n++] = isfinite(usd) ? usd : NAN;
    }
    cs_plot_line(p, x, y, n, "own");
}

void cs_crossover_print_plot(const struct cs_crossover *c, bool wide, struct cs_arena *arena,
                             FILE *out)
{
    double *const x = cs_arena_alloc(arena, 4 * COLUMNS, sizeof *x);
    double *const y = cs_arena_alloc(arena, 4 * COLUMNS, sizeof *y);
    const size_t most = c->against_count + 1;
    double *const all = cs_arena_alloc(arena, most * COLUMNS, sizeof *all);
    size_t n = 0, option;
    for (int i = 0; i < COLUMNS; i++) {
        const double at = cs_along_at(&c->along, (double)i / (COLUMNS - 1));
        const double own = cs_crossover_own(c, at, &option);
        all[n++] = isfinite(own) ? own : NAN;
        for (size_t a = 0; a < c->against_count; a++)
            all[n++] = cs_crossover_bill(c, a, at);
    }
    struct cs_plot p = {.wide = wide,
                        .x = {.low = c->along.low,
                              .high = c->along.high,
                              .log = c->along.log,
                              .name = *c->along.unit ? c->along.unit : c->along.name},
                        .y = {.log = true, .name = "USD a day"}};
    cs_axis_fit(&p.y, all, n);
    cs_plot_open(&p, out, "Cost of hosting and of the APIs");
    print_curves(c, &p, x, y);
    for (size_t a = 0; a < c->against_count; a++)
        for (size_t i = 0; i < c->against[a].count; i++) {
            const double at = c->against[a].crossings[i].at;
            cs_plot_mark(&p, at, cs_crossover_bill(c, a, at), "at",
                         cs_arena_printf(arena, "%s: %s", c->against[a].api->label,
                                         cs_crossover_x(arena, &c->along, at)));
        }
    cs_plot_close(&p);
}

void cs_crossover_print_against(const struct cs_crossover *c, struct cs_arena *arena, FILE *out)
{
    static const char *const heads[] = {"API", "hosting is cheaper", "sampling, 95 %",
                                        "model, 95 %", "with"};
    fputs("<div class=\"wide\"><table><thead><tr>", out);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        cs_html_cell(out, "th", heads[i]);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t a = 0; a < c->against_count; a++) {
        static const char *const colours[COLOURS] = {"#d55e00", "#009e73", "#cc79a7",
                                                     "#e69f00", "#56b4e9", "#999933"};
        const struct cs_against *const g = &c->against[a];
        const struct cs_crossing *const k = g->count ? &g->crossings[0] : NULL;
        fprintf(out, "<tr><td><span class=\"key\" style=\"border-color:%s\"></span>",
                colours[a % COLOURS]);
        cs_svg_escape(out, g->api->label);
        fputs("</td>", out);
        cs_html_cell(
            out, "td",
            k ? cs_arena_printf(arena, "%s %s", cs_crossover_words(arena, c, a), c->along.unit)
              : cs_crossover_words(arena, c, a));
        cs_html_cell(out, "td",
                     k ? cs_crossover_interval(arena, c, k->sampling_lo, k->sampling_hi) : "");
        cs_html_cell(out, "td",
                     !k                ? ""
                     : !k->model_known ? "not known"
                                       : cs_crossover_interval(arena, c, k->model_lo, k->model_hi));
        fputs("<td class=\"long\">", out);
        cs_svg_escape(out, k ? cs_arena_printf(arena, "%ld × %s", k->gpus,
                                               cs_crossover_option(arena, c, k->option))
                             : g->never);
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

void cs_crossover_print_points(const struct cs_crossover *c, struct cs_arena *arena, FILE *out)
{
    const struct cs_scenario *const s = c->study->scenario;
    fputs("<div class=\"wide\"><table><thead><tr>", out);
    cs_html_cell(out, "th", c->along.name);
    cs_html_cell(out, "th", "hosting");
    cs_html_cell(out, "th", "with");
    for (size_t a = 0; a < c->against_count; a++)
        cs_html_cell(out, "th", c->against[a].api->label);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t g = 0; g < c->grid_count; g++) {
        size_t option;
        const double own = cs_crossover_own(c, c->grid[g], &option);
        const struct cs_cost_point *const p =
            isfinite(own) ? cs_crossover_point(&c->curves[option], c->grid[g]) : NULL;
        fputs("<tr>", out);
        cs_html_cell(out, "td", cs_crossover_x(arena, &c->along, c->grid[g]));
        cs_html_cell(out, "td", cs_money_figure(s, own).text);
        cs_html_cell(
            out, "td",
            p ? cs_arena_printf(arena, "%ld × %s", p->gpus, cs_crossover_option(arena, c, option))
              : "no option meets the SLO");
        for (size_t a = 0; a < c->against_count; a++)
            cs_html_cell(out, "td", cs_money_figure(s, cs_crossover_bill(c, a, c->grid[g])).text);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void print_what_ifs(const struct cs_crossover *c, struct cs_arena *arena, FILE *out)
{
    if (!c->what_if_count)
        return;
    fputs("<h2>What if</h2>\n<div class=\"wide\"><table><thead><tr><th>assumption</th>", out);
    for (size_t a = 0; a < c->against_count; a++)
        cs_html_cell(out, "th", c->against[a].api->label);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < c->what_if_count; i++) {
        fputs("<tr>", out);
        cs_html_cell(out, "td", c->what_ifs[i].what);
        for (size_t a = 0; a < c->against_count; a++)
            cs_html_cell(out, "td",
                         !isnan(c->what_ifs[i].at[a])
                             ? cs_crossover_x(arena, &c->along, c->what_ifs[i].at[a])
                         : c->what_ifs[i].own[a] ? "always"
                                                 : "never");
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

void cs_crossover_print_html(const struct cs_crossover *c, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    const struct cs_scenario *const s = c->study->scenario;
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
          out);
    cs_svg_escape(out, s->name);
    fprintf(out, "</title><style>\n%s%s</style></head><body>\n<h1>", style, cs_svg_style);
    cs_svg_escape(out, s->name);
    fputs("</h1>\n<p class=\"dim\">", out);
    cs_svg_escape(out,
                  cs_arena_printf(&arena,
                                  "Where hosting and each API change rank along %s, "
                                  "%s to %s; %zu simulated fleets.",
                                  c->along.name, cs_crossover_x(&arena, &c->along, c->along.low),
                                  cs_crossover_x(&arena, &c->along, c->along.high), c->planned));
    fputs("</p>\n", out);
    cs_crossover_print_against(c, &arena, out);
    fputs("<figure style=\"margin:1.5rem 0\">\n", out);
    cs_crossover_print_plot(c, true, &arena, out);
    fputs("<figcaption class=\"dim\">Thick: the cheapest fleet of one's own, in steps; thin: each "
          "option; lines: the APIs' bills; dots: crossings.</figcaption></figure>\n",
          out);
    print_what_ifs(c, &arena, out);
    fprintf(out, "<h2>The curves, in %s a day</h2>\n", cs_money_code(s));
    cs_crossover_print_points(c, &arena, out);
    fprintf(out,
            "<p class=\"dim\">capsim %s. Sampling: what the simulation leaves open of the "
            "counts; model: step times at both ends of the model's error, 95 %%. Prices: ",
            CS_VERSION);
    cs_svg_escape(out, s->cost.prices);
    fputs(".</p>\n</body></html>\n", out);
    cs_arena_fini(&arena);
}

void cs_crossover_print_svg(const struct cs_crossover *c, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cs_svg_file_open(out);
    cs_crossover_print_plot(c, true, &arena, out);
    cs_svg_file_close(out);
    cs_arena_fini(&arena);
}
