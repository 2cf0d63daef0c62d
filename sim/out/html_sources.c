/* What the report's page rests on: defaults, prices and sheets, each with its source (see
 * html_run.h).
 *
 * The same as `capsim explain` and `capsim show` tell of the options that the scenario has: every
 * default that applied; which price was taken of each GPU and each API, of what date, and from
 * whom; then the figures of each sheet as it has them. Sheets stand once, however many options use
 * them.
 */
#include "out/explain.h"
#include "out/figure.h"
#include "out/html.h"
#include "out/html_run.h"
#include "out/money.h"
#include "out/sheet.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

static const char *known(const char *text)
{
    return text ? text : "";
}

static void put_defaults(const struct cs_scenario *s, struct cs_arena *arena, FILE *out)
{
    static const char *const heads[] = {"<key", "<value", "<why"};
    size_t count;
    const struct cs_default *const all = cs_explain_defaults(s, arena, &count);
    fputs("<h3>Defaults that applied</h3>\n", out);
    cs_html_table_open(out, "Defaults that applied", heads, 3);
    for (size_t i = 0; i < count; i++)
        cs_html_row(out, heads, (const char *const[]){all[i].key, all[i].value, all[i].why}, 3);
    cs_html_table_close(out);
}

/* One row for each GPU and price. */
static void put_gpu_prices(const struct cs_answer *answer, struct cs_arena *arena, FILE *out)
{
    static const char *const heads[] = {"<GPU", "USD/h", "<price", "<of", "<date", "<source"};
    fputs("<h3>Prices of GPUs</h3>\n", out);
    cs_html_table_open(out, "Prices of GPUs", heads, 6);
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *const o = &answer->options[i];
        const struct cs_price_used *const p = &o->price;
        bool told = false;
        for (size_t k = 0; k < i && !told; k++)
            told = answer->options[k].option->hardware == o->option->hardware &&
                   answer->options[k].price.usd_per_gpu_hour == p->usd_per_gpu_hour;
        if (told)
            continue;
        const char *how = isnan(p->usd_per_gpu_hour) ? "no price known" : known(p->basis);
        if (p->mix)
            how = cs_arena_printf(arena, "%s; %s", how, p->mix);
        if (p->note)
            how = cs_arena_printf(arena, "%s; %s", how, p->note);
        cs_html_row(
            out, heads,
            (const char *const[]){o->option->hardware->name,
                                  cs_arena_strdup(arena, cs_figure_usd(p->usd_per_gpu_hour).text),
                                  how, known(p->provider), known(p->date), known(p->source)},
            6);
    }
    cs_html_table_close(out);
}

static void put_api_prices(const struct cs_answer *answer, struct cs_arena *arena, FILE *out)
{
    static const char *const heads[] = {"<API", "<price, USD per million tokens", "<of", "<date",
                                        "<source"};
    if (!answer->api_count)
        return;
    fputs("<h3>Prices of APIs</h3>\n", out);
    cs_html_table_open(out, "Prices of APIs", heads, 5);
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        const struct cs_api_price *const p = a->price;
        cs_html_row(out, heads,
                    (const char *const[]){cs_words_api(a),
                                          cs_money_terms(arena, answer->scenario, a),
                                          p ? known(p->provider) : "", p ? known(p->date) : "",
                                          p ? known(p->source) : ""},
                    5);
    }
    cs_html_table_close(out);
}

static void put_traffic(const struct cs_scenario *s, struct cs_arena *arena, FILE *out)
{
    const struct cs_traffic *const t = &s->traffic;
    const bool trace = t->kind == CS_VOLUME_TRACE;
    const char *words = cs_arena_printf(arena, "Traffic: lengths %s", cs_words_lengths(s));
    if (!trace && t->input_share > 0)
        words = cs_arena_printf(arena, "%s, rescaled to %s of the tokens in prompts", words,
                                cs_figure_percent(t->input_share).text);
    if (!trace)
        words = cs_arena_printf(arena, "%s; curve %s; burstiness %g (1: independent users)", words,
                                t->curve_name         ? t->curve_name
                                : t->curve.count <= 1 ? "flat"
                                                      : "as given",
                                t->burstiness);
    if (!trace && s->simulate.requests > 0)
        words = cs_arena_printf(arena, "%s; %s a replication", words,
                                cs_words_count(arena, (double)s->simulate.requests, "request"));
    else if (!trace)
        words = cs_arena_printf(arena, "%s; %s a replication", words,
                                cs_words_count(arena, s->simulate.days, "day"));
    cs_html_words(
        out, cs_arena_printf(arena, "%s; seed %llu.", words, (unsigned long long)s->simulate.seed));
}

struct shown { /* sheets that were written already */
    const struct cs_node *nodes[64];
    size_t count;
};

static void put_sheet(struct shown *shown, const char *kind, const char *title,
                      const struct cs_node *node, struct cs_arena *arena, FILE *out)
{
    static const char *const heads[] = {"<figure", "<as the sheet says", "<source"};
    size_t count;
    const struct cs_sheet_figure *const f = cs_sheet_figures(node, arena, &count);
    for (size_t i = 0; i < shown->count; i++)
        if (shown->nodes[i] == node)
            return;
    if (!count || shown->count == sizeof shown->nodes / sizeof shown->nodes[0])
        return;
    shown->nodes[shown->count++] = node;
    const char *const name = cs_arena_printf(arena, "%s: %s", kind, title);
    fputs("<details>", out);
    cs_html_cell(out, "summary", name);
    putc('\n', out);
    cs_html_table_open(out, name, heads, 3);
    for (size_t i = 0; i < count; i++)
        cs_html_row(out, heads, (const char *const[]){f[i].name, f[i].value, known(f[i].source)},
                    3);
    cs_html_table_close(out);
    fputs("</details>\n", out);
}

static void put_sheets(const struct cs_scenario *s, struct cs_arena *arena, FILE *out)
{
    struct shown shown = {.count = 0};
    fputs("<div class=\"sheets\">\n<h3>Sheets, with the source of each figure</h3>\n", out);
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_hardware *const h = s->options[i].hardware;
        put_sheet(&shown, "hardware", h->title ? h->title : h->name, h->node, arena, out);
    }
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_host *const h = s->options[i].host;
        if (h)
            put_sheet(&shown, "host", h->title ? h->title : h->name, h->node, arena, out);
    }
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_model *const m = s->options[i].model;
        put_sheet(&shown, "model", m->title ? m->title : m->name, m->node, arena, out);
    }
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_engine_sheet *const e = s->options[i].engine;
        put_sheet(&shown, "engine", e->title ? e->title : e->name, e->node, arena, out);
    }
    const struct cs_region *const r = s->cost.region;
    if (r)
        put_sheet(&shown, "region", r->title ? r->title : r->name, r->node, arena, out);
    fputs("</div>\n", out);
}

void cs_html_put_sources(const struct cs_answer *answer, struct cs_arena *arena, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *const assumed = cs_words_assumed(arena, answer, cs_words_subject(answer));
    fputs("<section>\n<h2>What was assumed, and from where</h2>\n", out);
    cs_html_words(out, cs_arena_printf(arena, "Assumed: %s.", assumed));
    put_traffic(s, arena, out);
    put_defaults(s, arena, out);
    put_gpu_prices(answer, arena, out);
    put_api_prices(answer, arena, out);
    if (s->cost.currency)
        cs_html_words(out, cs_money_rate(arena, s));
    put_sheets(s, arena, out);
    fputs("</section>\n", out);
}
