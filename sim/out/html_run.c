/* The report as a page: its sections in order (see html_run.h).
 *
 * The answer first, in the words of the terminal's report; then what it looks like by hour, what it
 * costs beside the APIs, the options, what the run was held to, and what was assumed. A section
 * without content is left out, but for the crossover, which says why there is none.
 *
 * Options that will not do stand in the table with their reason; figures that they have not are
 * "-", and sort last.
 */
#include "out/html_run.h"
#include "out/experts.h"
#include "out/figure.h"
#include "out/html.h"
#include "out/json.h"
#include "out/money.h"
#include "out/svg.h"
#include "out/uncertainty.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

/* --- the answer ------------------------------------------------------------------------------- */

static void put_head(const struct cs_answer *answer, struct cs_arena *a, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src "
          "'unsafe-inline';script-src 'unsafe-inline'\">\n",
          out);
    cs_html_cell(out, "title", s->name);
    putc('\n', out);
    cs_html_put_style(out);
    fputs("</head><body>\n", out);
    cs_svg_textures(out);
    fputs("<main>\n<header>\n", out);
    cs_html_cell(out, "h1", s->name);
    putc('\n', out);
    cs_html_cell(out, "p class=\"dim\"",
                 cs_arena_printf(a, "%s · %s · seed %llu", cs_words_models(a, answer),
                                 cs_words_lengths(s), (unsigned long long)s->simulate.seed));
    putc('\n', out);
    cs_html_words(out, cs_words_traffic(a, answer));
    fputs("</header>\n", out);
}

static void put_tile(FILE *out, const char *name, const char *figure, const char *more)
{
    fputs("<div>", out);
    cs_html_cell(out, "dt", name);
    cs_html_cell(out, "dd class=\"big\"", figure);
    if (*more)
        cs_html_cell(out, "dd class=\"small\"", more);
    fputs("</div>\n", out);
}

/* GPUs, money, each limited figure beside its limit, and the cheapest API. */
static void put_tiles(const struct cs_answer *answer, const struct cs_option_answer *o,
                      struct cs_arena *a, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *const code = cs_money_code(s);
    fputs("<dl class=\"tiles\">\n", out);
    put_tile(out, "GPUs", cs_figure_number((double)o->gpus, 0).text,
             o->option->hardware->title ? o->option->hardware->title : o->option->hardware->name);
    put_tile(out, cs_money_per(a, s, "day"), cs_money_figure(s, o->cost.usd_per_day).text,
             isfinite(o->cost.usd_per_day)
                 ? cs_arena_printf(a, "%s %s/month · %s %s per million tokens",
                                   cs_money_figure(s, o->cost.usd_per_month).text, code,
                                   cs_money_figure(s, o->cost.usd_per_mtok).text, code)
                 : "no price known");
    for (size_t i = 0; i < s->slo.count && o->simulated; i++) {
        const struct cs_slo_limit *const l = &s->slo.limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat < 0)
            continue;
        const char *more = cs_arena_printf(a, "limit %s", cs_figure_time_given(l->limit_s).text);
        if (o->worst.known)
            more =
                cs_arena_printf(a, "%s · worst %s %s", more, cs_words_window[s->slo.window],
                                cs_figure_time_value(o->worst.latency[l->metric].stat[stat]).text);
        put_tile(out,
                 cs_arena_printf(a, "%s %s", cs_words_stat[stat], cs_words_metric_long[l->metric]),
                 cs_figure_time_value(o->latency[l->metric].stat[stat]).text, more);
    }
    for (size_t i = 0; i < answer->api_count; i++) { /* the cheapest that has a price */
        const struct cs_api_answer *const api = &answer->apis[i];
        if (!isfinite(api->usd_per_day))
            continue;
        const char *more = cs_words_api(api);
        if (o->cost.usd_per_day > 0)
            more = cs_arena_printf(a, "%s · %s times the fleet", more,
                                   cs_figure_ratio(api->usd_per_day / o->cost.usd_per_day).text);
        put_tile(out, cs_arena_printf(a, "cheapest API, %s", cs_money_per(a, s, "day")),
                 cs_money_figure(s, api->usd_per_day).text, more);
        break;
    }
    fputs("</dl>\n", out);
}

static void put_fact(FILE *out, const char *words)
{
    if (*words)
        cs_html_cell(out, "li", words);
}

/* Each limit: what is achieved with both intervals, the limit, and the worst window. */
static void put_limits(const struct cs_answer *answer, const struct cs_option_answer *o,
                       struct cs_arena *a, FILE *out)
{
    const struct cs_slo *const slo = &answer->scenario->slo;
    char at[32];
    for (size_t i = 0; i < slo->count && o->simulated; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat < 0)
            continue;
        const char *words = cs_arena_printf(
            a, "%s %s %s, limit %s", cs_words_stat[stat], cs_words_metric[l->metric],
            cs_words_time(a, &o->latency[l->metric], stat), cs_figure_time_given(l->limit_s).text);
        if (o->worst.known)
            words = cs_arena_printf(a, "%s; worst %s, %s: %s", words, cs_words_window[slo->window],
                                    cs_plan_when(answer->scenario, o->worst.start_s, at, sizeof at),
                                    cs_figure_time(o->worst.latency[l->metric].stat[stat]).text);
        put_fact(out, words);
    }
}

static void put_answer(const struct cs_answer *answer, const struct cs_option_answer *o,
                       struct cs_arena *a, FILE *out)
{
    const bool yes = answer->best >= 0;
    fprintf(out, "<section class=\"answer %s\">\n<h2>Answer</h2>\n<p class=\"verdict\"><b>%s</b> ",
            yes ? "yes" : "no", yes ? "✓ Yes:" : "✗ NO:");
    cs_svg_escape(out, yes ? cs_words_fleet(a, o) : cs_words_no(a, answer));
    fputs("</p>\n", out);
    if (!o) {
        fputs("</section>\n", out);
        return;
    }
    if (!yes)
        cs_html_words(out,
                      cs_arena_printf(a, "%s: %s", o->option->replicas > 0 ? "as given" : "nearest",
                                      cs_words_fleet(a, o)));
    put_tiles(answer, o, a, out);
    fputs("<ul class=\"facts\">", out);
    put_limits(answer, o, a, out);
    if (!answer->scenario->slo.count)
        put_fact(out, "no SLO was given: any fleet that keeps up will do");
    if (o->binding_text)
        put_fact(out, cs_words_binds(a, o));
    put_fact(out, cs_words_sure(a, o));
    put_fact(out, cs_words_model(a, answer, o));
    put_fact(out, cs_words_apis(a, answer, o));
    fputs("</ul>\n</section>\n", out);
}

/* --- latency, costs --------------------------------------------------------------------------- */

static void put_latency_row(const char *const *heads, const char *name, const struct cs_latency *l,
                            struct cs_arena *a, FILE *out)
{
    const enum cs_time_unit unit = cs_figure_time_unit(l->stat[CS_STAT_P95].value);
    const char *texts[CS_STAT_COUNT + 2] = {
        cs_arena_printf(a, "%s, %s", name, cs_time_unit_names[unit])};
    for (int s = 0; s < CS_STAT_COUNT; s++)
        texts[s + 1] =
            cs_arena_strdup(a, cs_figure_time_in(l->stat[s], unit, s == CS_STAT_P95).text);
    texts[CS_STAT_COUNT + 1] =
        cs_arena_strdup(a, cs_figure_band(l->model95[CS_STAT_P95], unit).text);
    cs_html_row(out, heads, texts, CS_STAT_COUNT + 2);
}

static void put_latency(const struct cs_answer *answer, const struct cs_option_answer *o,
                        struct cs_arena *a, FILE *out)
{
    const char *heads[CS_STAT_COUNT + 2] = {"<latency"};
    for (int s = 0; s < CS_STAT_COUNT; s++)
        heads[s + 1] = cs_words_stat[s];
    heads[CS_STAT_COUNT + 1] = "p95, model";
    cs_html_table_open(out, "Latency", heads, CS_STAT_COUNT + 2);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        put_latency_row(heads, cs_words_metric_long[m], &o->latency[m], a, out);
    put_latency_row(heads, "wait in the queue", &o->wait, a, out);
    cs_html_table_close(out);
    cs_html_words(out, cs_words_sample(a, answer, o));
    if (!o->worst.known)
        return;
    cs_html_words(out, cs_arena_printf(a, "Worst: %s", cs_words_worst(a, answer, o)));
    if (answer->scenario->slo.count)
        cs_html_words(out, cs_arena_printf(a, "Served: %s", cs_words_served(a, answer, o)));
}

static void put_load(const struct cs_answer *answer, const struct cs_option_answer *o,
                     struct cs_arena *a, FILE *out)
{
    if (!o || !o->simulated)
        return;
    fputs("<section>\n<h2>Load, latency and use of the fleet</h2>\n", out);
    cs_html_words(out, cs_words_use(a, o));
    if (o->option->prefix_caching)
        cs_html_words(out, cs_words_prefix(a, o));
    cs_html_put_hours(answer, o, a, out);
    fputs("<h3>Over the whole run</h3>\n", out);
    put_latency(answer, o, a, out);
    fputs("</section>\n", out);
}

static void put_own(const struct cs_answer *answer, const struct cs_option_answer *o,
                    struct cs_arena *a, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    static const char *heads[] = {"<line", "", "<what it rests on"};
    int items[CS_COST_ITEMS];
    if (!isfinite(o->cost.usd_per_day)) {
        cs_html_words(out, "no price known for this GPU; give `cost.gpu`");
        return;
    }
    cs_html_words(out, cs_words_cost(a, s, &o->cost));
    const char *const named[] = {heads[0], cs_money_per(a, s, "day"), heads[2]};
    cs_html_table_open(out, "Cost of the fleet", named, 3);
    const int count = cs_money_lines(&o->cost, items);
    for (int i = 0; i < count; i++)
        cs_html_row(out, named,
                    (const char *const[]){
                        cs_cost_names[items[i]],
                        cs_arena_strdup(a, cs_money_figure(s, o->cost.item[items[i]]).text),
                        cs_money_why(a, &o->cost, &o->price, items[i])},
                    3);
    cs_html_table_close(out);
}

static void put_apis(const struct cs_answer *answer, const struct cs_option_answer *o,
                     struct cs_arena *a, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    if (!answer->api_count)
        return;
    const char *const heads[] = {"<API", cs_money_per(a, s, "day"), cs_money_per(a, s, "Mtok"),
                                 "times as much", "<price, USD per million tokens"};
    fputs("<h3>APIs for the same traffic</h3>\n", out);
    cs_html_table_open(out, "APIs", heads, 5);
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const api = &answer->apis[i];
        const bool priced = o && o->cost.usd_per_day > 0;
        cs_html_row(
            out, heads,
            (const char *const[]){
                cs_words_api(api), cs_arena_strdup(a, cs_money_figure(s, api->usd_per_day).text),
                cs_arena_strdup(a, cs_money_figure(s, api->usd_per_mtok).text),
                priced ? cs_arena_strdup(
                             a, cs_figure_ratio(api->usd_per_day / o->cost.usd_per_day).text)
                       : "-",
                cs_money_terms(a, s, api)},
            5);
    }
    cs_html_table_close(out);
}

static void put_costs(const struct cs_answer *answer, const struct cs_option_answer *o,
                      struct cs_arena *a, FILE *out)
{
    if (!o && !answer->api_count)
        return;
    fputs("<section>\n<h2>What a day costs</h2>\n<div class=\"pair\">\n", out);
    cs_html_put_costs(answer, o, a, out);
    fputs("<div>\n", out);
    if (o)
        put_own(answer, o, a, out);
    put_apis(answer, o, a, out);
    if (answer->scenario->cost.currency)
        cs_html_words(out, cs_money_rate(a, answer->scenario));
    fputs("</div>\n</div>\n</section>\n", out);
}

/* --- options ---------------------------------------------------------------------------------- */

/* A cell that sorts by its number. */
static void put_number(FILE *out, const char *text, double value)
{
    char number[32];
    cs_json_number(value, number);
    fprintf(out, "<td data-v=\"%s\">", isfinite(value) ? number : "");
    cs_svg_escape(out, text);
    fputs("</td>", out);
}

static void put_option(const struct cs_answer *answer, size_t i, struct cs_arena *a, FILE *out)
{
    const struct cs_option_answer *const o = &answer->options[i];
    const bool unsure = cs_words_is_unsure(answer, o), sized = o->gpus > 0;
    const char *figures[CS_WORDS_FIGURES];
    const double simulated = o->simulated ? 1.0 : NAN;
    const double values[CS_WORDS_FIGURES] = {
        sized ? (double)o->gpus : NAN,
        o->gpus_hi > 0 ? (double)o->gpus_hi : NAN,
        simulated * o->latency[CS_METRIC_TTFT].stat[CS_STAT_P95].value,
        simulated * o->latency[CS_METRIC_TPOT].stat[CS_STAT_P95].value,
        simulated * o->capacity_share,
        o->cost.usd_per_day,
        o->cost.usd_per_mtok};
    cs_words_figures(a, answer->scenario, o, figures);
    fprintf(out, "<tr%s><th scope=\"row\">", (int)i == answer->best ? " class=\"best\"" : "");
    cs_svg_escape(out, cs_words_option(a, answer, o));
    if (!o->feasible)
        cs_html_cell(out, "small", o->reason ? o->reason : "does not meet the SLO");
    fprintf(out, "</th><td class=\"%s\" data-v=\"%zu\">%s</td>", o->feasible ? "ok" : "bad", i + 1,
            !o->feasible ? "✗ no"
            : unsure     ? "✓ yes !"
                         : "✓ yes");
    for (int c = 0; c < CS_WORDS_FIGURES; c++)
        put_number(out, sized ? figures[c] : "-", sized ? values[c] : NAN);
    fputs("</tr>\n", out);
}

static void put_options(const struct cs_answer *answer, struct cs_arena *a, FILE *out)
{
    const char *const heads[] = {"<option",
                                 "will it do",
                                 "GPUs",
                                 "95 %",
                                 "p95 TTFT",
                                 "p95 TPOT",
                                 "load",
                                 cs_money_per(a, answer->scenario, "day"),
                                 cs_money_per(a, answer->scenario, "Mtok")};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    bool any_unsure = false, any = false;
    fputs("<section>\n<h2>Options</h2>\n<div class=\"wide\" role=\"region\" tabindex=\"0\" "
          "aria-label=\"Options\"><table class=\"sort\"><thead><tr>",
          out);
    for (int c = 0; c < COLUMNS; c++)
        cs_html_cell(out, c ? "th scope=\"col\"" : "th class=\"t long\" scope=\"col\"",
                     heads[c] + (c == 0));
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < answer->option_count; i++) {
        put_option(answer, i, a, out);
        any_unsure |= cs_words_is_unsure(answer, &answer->options[i]);
        any |= answer->options[i].feasible;
    }
    fprintf(out,
            "</tbody></table></div>\n<p class=\"note\">%s. Load: of capacity, in the busiest hour.",
            any ? "The cheapest that will do stands first" : "None of them will do");
    if (any_unsure)
        fprintf(out, " %s.", cs_words_unsure);
    fputs("</p>\n</section>\n", out);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void put_experts(const struct cs_option_answer *o, struct cs_arena *a, FILE *out)
{
    const struct cs_experts_words w = cs_experts_words(a, o);
    if (!w.line_count)
        return;
    fputs("<section>\n<h2>Experts</h2>\n<ul class=\"facts\">", out);
    for (size_t i = 0; i < w.line_count; i++)
        put_fact(out, w.lines[i]);
    fputs("</ul>\n", out);
    if (w.row_count) {
        const char *heads[CS_EXPERTS_COLUMNS];
        memcpy(heads, w.rows[0], sizeof heads);
        heads[0] = cs_arena_printf(a, "<%s", heads[0]);
        fputs("<h3>What further memory buys</h3>\n", out);
        cs_html_table_open(out, "What further memory buys", heads, CS_EXPERTS_COLUMNS);
        for (size_t i = 1; i < w.row_count; i++)
            cs_html_row(out, heads, w.rows[i], CS_EXPERTS_COLUMNS);
        cs_html_table_close(out);
        cs_html_cell(out, "p class=\"note\"", cs_experts_terms);
    }
    fputs("</section>\n", out);
}

static void put_uncertain(const struct cs_uncertainty *u, struct cs_arena *a, FILE *out)
{
    const char *const heads[] = {"<choice", "GPUs",     cs_money_per(a, u->scenario, "day"),
                                 "5–95 %",  "cheapest", "fails",
                                 "regret",  "95 %"};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    fputs("<section>\n<h2>Inputs that are not known for sure</h2>\n", out);
    cs_html_words(out, cs_uncertainty_inputs(a, u));
    cs_html_words(out, cs_uncertainty_spread(a, u));
    cs_html_words(out, cs_uncertainty_own(a, u));
    cs_html_table_open(out, "Choices over the draws", heads, COLUMNS);
    for (size_t i = 0; i < u->choice_count; i++) {
        const char *texts[COLUMNS] = {cs_uncertainty_choice(a, u, &u->choices[i])};
        cs_uncertainty_figures(a, u, &u->choices[i], texts + 1);
        cs_html_row(out, heads, texts, COLUMNS);
    }
    cs_html_table_close(out);
    cs_html_cell(out, "p class=\"note\"", cs_uncertainty_terms(a, u));
    fputs("\n</section>\n", out);
}

/* Both sides of a law, to what tells them apart. */
static const char *exactly(struct cs_arena *a, double value)
{
    const double size = fabs(value);
    return cs_arena_strdup(a, cs_figure_number(value, size >= 1e4 ? 0 : size >= 10 ? 3 : 6).text);
}

static void put_checks(const struct cs_answer *answer, struct cs_arena *a, FILE *out)
{
    static const char *const heads[] = {"<law", "expected", "simulated", "<holds"};
    if (!answer->check_count)
        return;
    fputs("<section>\n<h2>Laws that the run was held to</h2>\n", out);
    cs_html_table_open(out, "Laws that the run was held to", heads, 4);
    for (size_t i = 0; i < answer->check_count; i++) {
        const struct cs_law *const c = &answer->checks[i];
        cs_html_row(out, heads,
                    (const char *const[]){c->law, exactly(a, c->expected), exactly(a, c->actual),
                                          c->ok ? "✓ yes" : "✗ NO"},
                    4);
    }
    cs_html_table_close(out);
    fputs("</section>\n", out);
}

void cs_html_print_run(const struct cs_html_run *run, FILE *out)
{
    const struct cs_answer *const answer = run->answer;
    const struct cs_option_answer *const o = cs_words_subject(answer);
    struct cs_arena a;
    cs_arena_init(&a);
    put_head(answer, &a, out);
    put_answer(answer, o, &a, out);
    put_load(answer, o, &a, out);
    put_costs(answer, o, &a, out);
    cs_html_put_crossover(run, &a, out);
    put_options(answer, &a, out);
    if (o)
        put_experts(o, &a, out);
    if (run->uncertain)
        put_uncertain(run->uncertain, &a, out);
    put_checks(answer, &a, out);
    cs_html_put_sources(answer, &a, out);
    fprintf(out, "<footer>capsim %s</footer>\n</main>\n", CS_VERSION);
    cs_html_put_script(out);
    fputs("</body></html>\n", out);
    cs_arena_fini(&a);
}
