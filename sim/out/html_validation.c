/* The page of a validation: plots of every comparison, quantiles of every replay, all rows.
 *
 * One file without scripts, fonts or pictures of its own, so that it can be mailed and archived.
 * Points on the diagonal are exact; the lines beside it are 10 % off. Quantile plots set the same
 * quantile of both sides against each other, 1 % to 99 %: a straight line off the diagonal is a
 * wrong speed, a bend is a wrong shape.
 *
 * The rule: the page holds what the text holds and more, from the same verdicts, in their order.
 * Scratch arrays live in the arena given.
 */
#include "out/figure.h"
#include "out/html.h"
#include "out/svg.h"
#include "out/validation.h"
#include <string.h>

enum { QUANTILES = 99 };

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2530;--dim:#667085;--line:#d6dbe3;--back:#fff;"
    "--run:#1f6feb;--part:#8bb4f7;--row:#2f9e62;--over:#d1432b;--band:#eef2f8}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#98a2b3;--line:#333c49;"
    "--back:#14181f;--run:#6ea8ff;--part:#3d64a3;--row:#5cc98c;--over:#ff7a63;--band:#1d2430}}\n"
    "body{margin:0 auto;padding:1.5rem;max-width:84rem;background:var(--back);color:var(--ink);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "p{max-width:60rem;margin:.4rem 0;color:var(--dim)}\n"
    ".plots{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr))}\n"
    "figure{margin:0}figcaption{font-weight:600;font-size:.9rem}\n"
    "svg{width:100%;height:auto;font-size:10.5px;fill:var(--dim)}svg .axis{fill:var(--ink)}\n"
    ".frame{fill:none;stroke:var(--dim)}.grid{stroke:var(--line);fill:none}\n"
    ".same{stroke:var(--ink);fill:none}.off{stroke:var(--dim);fill:none;stroke-dasharray:3 3}\n"
    "circle{stroke:var(--back);stroke-width:.6}.run{fill:var(--run)}.part{fill:var(--part)}\n"
    ".row{fill:var(--row)}.over{fill:var(--over)}.q{stroke:var(--run);stroke-width:2.2;fill:none}\n"
    ".q.over{stroke:var(--over);fill:none}\n"
    ".key span{margin-right:1.2rem;white-space:nowrap}.key i{display:inline-block;width:.7rem;"
    "height:.7rem;border-radius:50%;margin-right:.35rem}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2rem .55rem;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600}\n"
    "td:first-child,th:first-child{text-align:left}tr.first td{border-top:2px solid var(--line)}\n"
    "tr.error td{background:var(--band);font-weight:600}\n";

/* --- scatter --------------------------------------------------------------------------------- */

static const char *class_of(const struct cs_case *c)
{
    return !cs_validation_is_run(c) ? "row" : *c->part ? "part" : "run";
}

static bool is_time(int f)
{
    return f < CS_FIGURE_OUTPUT_RATE || f == CS_FIGURE_STEP;
}

static void diagonal(struct cs_plot *p)
{
    const double low = p->x.low, high = p->x.high;
    const double x[2] = {low, high}, y[2] = {low, high};
    const double up_x[2] = {low, high / 1.1}, up_y[2] = {low * 1.1, high};
    const double down_x[2] = {low / 0.9, high}, down_y[2] = {low, high * 0.9};
    cs_plot_line(p, x, y, 2, "same");
    cs_plot_line(p, up_x, up_y, 2, "off");
    cs_plot_line(p, down_x, down_y, 2, "off");
}

static void open_plot(struct cs_plot *p, int figure, const double *values, size_t count,
                      const char *title, FILE *out)
{
    fputs("<figure><figcaption>", out);
    cs_svg_escape(out, title);
    fputs("</figcaption>\n", out);
    *p = (struct cs_plot){.x = {.log = true,
                                .unit = is_time(figure) ? CS_SVG_SECONDS : CS_SVG_NUMBER,
                                .name = "measured"}};
    cs_axis_fit(&p->x, values, count);
    p->y = p->x;
    p->y.name = "predicted";
    cs_plot_open(p, out, title);
    diagonal(p);
}

static const char *explain(const struct cs_verdict *v, int f, struct cs_arena *arena)
{
    const struct cs_figure measured = cs_figure_short(v->of->measured[f] * (is_time(f) ? 1e3 : 1));
    const struct cs_figure predicted = cs_figure_short(v->predicted[f] * (is_time(f) ? 1e3 : 1));
    return cs_arena_printf(arena, "%s\n%s\nmeasured %s, predicted %s %s: %s %%", v->of->name,
                           cs_validation_setting(v->of, arena), measured.text, predicted.text,
                           is_time(f) ? "ms" : "tokens/s",
                           cs_validation_percent(v->error[f], true, arena));
}

static void print_scatter(const struct cs_validation *v, int f, struct cs_arena *arena, FILE *out)
{
    const size_t n = v->cases->count;
    double *const values = cs_arena_alloc(arena, 2 * n, sizeof *values);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (isnan(one->error[f]) || one->of->overloaded)
            continue;
        values[used++] = one->of->measured[f];
        values[used++] = one->predicted[f];
    }
    if (used == 0)
        return;
    struct cs_plot p;
    open_plot(&p, f, values, used, cs_figure_names[f], out);
    for (size_t i = 0; i < n; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (!isnan(one->error[f]) && !one->of->overloaded)
            cs_plot_mark(&p, one->of->measured[f], one->predicted[f], class_of(one->of),
                         explain(one, f, arena));
    }
    cs_plot_close(&p);
    fputs("</figure>\n", out);
}

/* --- quantiles ------------------------------------------------------------------------------- */

/* Both sides' quantiles of TTFT or E2E; false when one of them has none. */
static bool quantiles_of(const struct cs_verdict *v, bool ttft, struct cs_arena *arena,
                         double *measured, double *predicted)
{
    const struct cs_case *c = v->of;
    const double *const given = ttft ? c->request_ttft_s : c->request_e2e_s;
    const size_t n = c->traces[0].count;
    double *const a = cs_arena_alloc(arena, n, sizeof *a), *const b =
                                                               cs_arena_alloc(arena, n, sizeof *b);
    size_t an = 0, bn = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(given[i]))
            a[an++] = given[i];
    for (size_t i = 0; i < v->log.count; i++) {
        const struct cs_request_record *r = &v->log.rows[i];
        const double e2e = 1e-12 * (double)(r->done_ps - r->arrival_ps);
        if (r->done_ps >= 0 && (c->timeout_s <= 0.0 || e2e <= c->timeout_s))
            b[bn++] = ttft ? 1e-12 * (double)(r->first_token_ps - r->arrival_ps) : e2e;
    }
    cs_case_sort(a, an);
    cs_case_sort(b, bn);
    for (int q = 0; q < QUANTILES; q++) {
        measured[q] = cs_case_quantile(a, an, (q + 1) / 100.0);
        predicted[q] = cs_case_quantile(b, bn, (q + 1) / 100.0);
    }
    return an > 0 && bn > 0;
}

static void print_quantiles(const struct cs_validation *v, struct cs_arena *arena, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (one->of->request_e2e_s == NULL || one->reason != NULL)
            continue;
        if (!begun)
            fputs("<h2>Request by request</h2>\n<p>Each run's quantiles, 1 % to 99 %, of what was "
                  "measured (across) and predicted (up). Of overloaded runs, those that succeeded."
                  "</p>\n<div class=\"plots\">\n",
                  out);
        begun = true;
        for (int ttft = 1; ttft >= 0; ttft--) {
            double both[2 * QUANTILES];
            struct cs_plot p;
            if (!quantiles_of(one, ttft, arena, both, both + QUANTILES))
                continue;
            open_plot(&p, CS_FIGURE_E2E_MEAN, both, (size_t)2 * QUANTILES,
                      cs_arena_printf(arena, "%s: %s", one->of->name, ttft ? "TTFT" : "E2E"), out);
            cs_plot_line(&p, both, both + QUANTILES, QUANTILES,
                         one->of->overloaded ? "q over" : "q");
            cs_plot_close(&p);
            fputs("</figure>\n", out);
        }
    }
    if (begun)
        fputs("</div>\n", out);
}

/* --- tables ---------------------------------------------------------------------------------- */

static void print_groups(const struct cs_validation *v, struct cs_arena *arena, FILE *out)
{
    fputs("<h2>Median absolute errors, %</h2>\n<div class=\"wide\"><table><tr><th></th>"
          "<th>cases</th>",
          out);
    bool shown[CS_FIGURE_COUNT] = {false};
    for (size_t i = 0; i < v->group_count; i++)
        for (int f = 0; f < CS_FIGURE_COUNT; f++)
            shown[f] = shown[f] || v->groups[i].figures[f].count > 0;
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        if (shown[f])
            fprintf(out, "<th>%s</th>", cs_figure_names[f]);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < v->group_count; i++) {
        const struct cs_group *g = &v->groups[i];
        const bool first = i == 0 || v->groups[i - 1].by != g->by;
        fprintf(out, "<tr%s>", first ? " class=\"first\"" : "");
        cs_html_cell(out, "td",
                     g->by == CS_BY_ALL
                         ? "all whole runs and rows"
                         : cs_arena_printf(arena, "%s %s", cs_group_names[g->by], g->name));
        fprintf(out, "<td>%zu</td>", g->cases);
        for (int f = 0; f < CS_FIGURE_COUNT; f++)
            if (shown[f])
                cs_html_cell(out, "td",
                             cs_validation_percent(g->figures[f].median_abs, false, arena));
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

static void print_values(const char *label, const double *values, FILE *out)
{
    cs_html_cell(out, "td", label);
    for (int c = 0; c < CS_VALIDATION_COLUMNS; c++) {
        const double value =
            values[cs_validation_columns[c].figure] * cs_validation_columns[c].scale;
        cs_html_cell(out, "td", isnan(value) ? "" : cs_figure_short(value).text);
    }
    fputs("</tr>\n", out);
}

static void print_runs(const struct cs_validation *v, struct cs_arena *arena, FILE *out)
{
    fputs("<h2>Runs</h2>\n<div class=\"wide\"><table><tr><th></th><th></th>", out);
    for (int c = 0; c < CS_VALIDATION_COLUMNS; c++)
        fprintf(out, "<th>%s</th>", cs_validation_columns[c].head);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (!cs_validation_is_run(one->of) || one->reason != NULL)
            continue;
        fputs("<tr class=\"first\">", out);
        cs_html_cell(out, "td", one->of->name);
        print_values("measured", one->of->measured, out);
        fputs("<tr>", out);
        cs_html_cell(out, "td", cs_validation_setting(one->of, arena));
        print_values("predicted", one->predicted, out);
        fputs("<tr class=\"error\">", out);
        cs_html_cell(out, "td", one->of->overloaded ? "overloaded: in no median" : "");
        cs_html_cell(out, "td", "error, %");
        for (int c = 0; c < CS_VALIDATION_COLUMNS; c++)
            cs_html_cell(
                out, "td",
                cs_validation_percent(one->error[cs_validation_columns[c].figure], true, arena));
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

static void print_rows(const struct cs_validation *v, struct cs_arena *arena, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (cs_validation_is_run(one->of) || one->reason != NULL)
            continue;
        if (!begun)
            fputs("<h2>Rows of tables</h2>\n<div class=\"wide\"><table><tr><th>source</th>"
                  "<th>case</th><th>kind</th><th>setting</th><th>figure</th><th>measured</th>"
                  "<th>predicted</th><th>error, %</th></tr>\n",
                  out);
        begun = true;
        for (int f = 0; f < CS_FIGURE_COUNT; f++) {
            if (isnan(one->error[f]))
                continue;
            const double scale = is_time(f) ? 1e3 : 1.0;
            fputs("<tr>", out);
            cs_html_cell(out, "td", one->of->source);
            cs_html_cell(out, "td", one->of->name);
            cs_html_cell(out, "td", cs_case_kind_names[one->of->kind]);
            cs_html_cell(out, "td", cs_validation_setting(one->of, arena));
            cs_html_cell(
                out, "td",
                cs_arena_printf(arena, "%s, %s", cs_figure_names[f], is_time(f) ? "ms" : "tok/s"));
            cs_html_cell(out, "td", cs_figure_short(one->of->measured[f] * scale).text);
            cs_html_cell(out, "td", cs_figure_short(one->predicted[f] * scale).text);
            cs_html_cell(out, "td", cs_validation_percent(one->error[f], true, arena));
            fputs("</tr>\n", out);
        }
    }
    if (begun)
        fputs("</table></div>\n", out);
}

static void print_reasons(const struct cs_cases *cases, FILE *out)
{
    for (size_t i = 0; i < cases->skip_count; i++) {
        fputs("<tr>", out);
        cs_html_cell(out, "td", cases->skips[i].reason);
        fprintf(out, "<td>%zu</td>", cases->skips[i].count);
        cs_html_cell(out, "td", cases->skips[i].example);
        fputs("</tr>\n", out);
    }
}

static void print_left_out(const struct cs_validation *v, FILE *out)
{
    if (v->cases->skip_count + v->unable == 0)
        return;
    fputs("<h2>Left out</h2>\n<div class=\"wide\"><table><tr><th>reason</th><th>count</th>"
          "<th>such as</th></tr>\n",
          out);
    print_reasons(v->cases, out);
    print_reasons(&v->unanswered, out);
    fputs("</table></div>\n", out);
}

void cs_html_print_validation(const struct cs_validation *v, struct cs_arena *arena, FILE *out)
{
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<title>capsim validate</title>\n<style>\n",
          out);
    fputs(style, out);
    fprintf(out,
            "</style></head><body>\n<h1>Predicted against measured</h1>\n"
            "<p>%zu measurements read: %zu compared, %zu overloaded, %zu without an answer, "
            "%zu unusable. error&nbsp;=&nbsp;predicted&nbsp;/&nbsp;measured&nbsp;-&nbsp;1. "
            "capsim&nbsp;%s.</p>\n",
            v->cases->read, v->compared, v->overloaded, v->unable, v->cases->read - v->cases->count,
            CS_VERSION);
    fputs("<p class=\"key\"><span><i style=\"background:var(--run)\"></i>whole run</span>"
          "<span><i style=\"background:var(--part)\"></i>part of a run</span>"
          "<span><i style=\"background:var(--row)\"></i>row of a table</span>"
          "dashed: 10 % off. Overloaded runs are below, in red.</p>\n<div class=\"plots\">\n",
          out);
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        print_scatter(v, f, arena, out);
    fputs("</div>\n", out);
    print_groups(v, arena, out);
    print_quantiles(v, arena, out);
    print_runs(v, arena, out);
    print_rows(v, arena, out);
    print_left_out(v, out);
    fputs("</body></html>\n", out);
}
