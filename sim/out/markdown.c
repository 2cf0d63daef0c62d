/* Markdown: the answer for a pull request (see markdown.h).
 *
 * What a reviewer wants first stands first: the answer, its limits, the options, the APIs and
 * whether the checks hold. What backs it is folded away: latencies, experts, costs, defaults.
 * The rule: whatever comes from a file is escaped on its way out, so that a name cannot become a
 * link, a tag or a broken table. Memory: a scratch arena of its own.
 */
#include "out/markdown.h"
#include <math.h>
#include <string.h>
#include "out/experts.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/words.h"

void cs_markdown_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (strchr("|*_<>`[]\\", *text))
            putc('\\', out);
        putc(c < 0x20 || c == 0x7f ? ' ' : *text, out);
    }
}

static void cell(const char *text, FILE *out)
{
    fputs(" ", out);
    cs_markdown_text(text, out);
    fputs(" |", out);
}

static void print_options(const struct cs_answer *answer, struct cs_arena *a, FILE *out)
{
    const char *const code = cs_money_code(answer->scenario);
    fprintf(out, "| | option | GPUs | 95 %% | p95 TTFT | p95 TPOT | load | %s/day | %s/Mtok |\n"
                 "|--:|:--|--:|--:|--:|--:|--:|--:|--:|\n", code, code);
    bool any_unsure = false;
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *const o = &answer->options[i];
        const char *const name = cs_words_option(a, answer, o);
        fputs("|", out);
        if (!o->feasible) {
            cell("no", out);
            cell(cs_arena_printf(a, "%s: %s", name, o->reason ? o->reason : "SLO not met"), out);
            fputs(" | | | | | | |\n", out);
            continue;
        }
        const bool unsure = cs_words_is_unsure(answer, o);
        any_unsure |= unsure;
        cell(cs_arena_printf(a, "%zu%s", i + 1, unsure ? "!" : ""), out);
        cell(name, out);
        const char *figures[CS_WORDS_FIGURES];
        cs_words_figures(a, answer->scenario, o, figures);
        for (int c = 0; c < CS_WORDS_FIGURES; c++)
            cell(figures[c], out);
        putc('\n', out);
    }
    if (any_unsure)
        fprintf(out, "\n%s.\n", cs_words_unsure);
}

static void print_row(const char *name, const struct cs_latency *l, struct cs_arena *a, FILE *out)
{
    const enum cs_time_unit unit = cs_figure_time_unit(l->stat[CS_STAT_P95].value);
    fputs("|", out);
    cell(cs_arena_printf(a, "%s, %s", name, cs_time_unit_names[unit]), out);
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cell(cs_figure_time_in(l->stat[s], unit, s == CS_STAT_P95).text, out);
    cell(cs_figure_band(l->model95[CS_STAT_P95], unit).text, out);
    putc('\n', out);
}

static void print_latency(const struct cs_answer *answer, const struct cs_option_answer *o,
                          struct cs_arena *a, FILE *out)
{
    fputs("\n| latency |", out);
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cell(cs_words_stat[s], out);
    cell("p95, model", out);
    fputs("\n|:--|--:|--:|--:|--:|--:|--:|--:|\n", out);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        print_row(cs_words_metric_long[m], &o->latency[m], a, out);
    print_row("wait in the queue", &o->wait, a, out);
    char at[32];
    if (o->worst.known)
        fprintf(out, "\nWorst %s: %s, %s requests/s, %s of requests met every limit.\n",
                cs_words_window[answer->scenario->slo.window],
                cs_plan_when(answer->scenario, o->worst.start_s, at, sizeof at),
                cs_figure_short(o->worst.requests_per_s).text,
                cs_figure_percent(o->worst.attainment).text);
    putc('\n', out);
    const char *const model = cs_words_model(a, answer, o);
    cs_markdown_text(*model ? cs_arena_printf(a, "%s; ", model) : "", out);
    cs_markdown_text(cs_words_error(a, o), out);
    fputs(".\n", out);
}

static void print_experts(const struct cs_option_answer *o, struct cs_arena *a, FILE *out)
{
    const struct cs_experts_words w = cs_experts_words(a, o);
    for (size_t i = 0; i < w.line_count; i++) {
        fputs(i ? "; " : "\nExperts: ", out);
        cs_markdown_text(w.lines[i], out);
    }
    fputs(w.line_count ? ".\n" : "", out);
    for (size_t i = 0; i < w.row_count; i++) {
        fputs(i ? "|" : "\n|", out);
        for (int c = 0; c < CS_EXPERTS_COLUMNS; c++)
            cell(w.rows[i][c], out);
        fputs(i ? "\n" : "\n|:--|--:|--:|--:|--:|\n", out);
    }
}

static void print_cost(const struct cs_answer *answer, const struct cs_option_answer *o,
                       struct cs_arena *a, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    int items[CS_COST_ITEMS];
    const int count = cs_money_lines(&o->cost, items);
    fprintf(out, "\n| cost | %s/day | assumption |\n|:--|--:|:--|\n", cs_money_code(s));
    for (int i = 0; i < count; i++) {
        fputs("|", out);
        cell(cs_cost_names[items[i]], out);
        cell(cs_money_figure(s, o->cost.item[items[i]]).text, out);
        cell(cs_money_why(a, &o->cost, &o->price, items[i]), out);
        putc('\n', out);
    }
}

static void print_apis(const struct cs_answer *answer, const struct cs_option_answer *o,
                       struct cs_arena *arena, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    fprintf(out, "\n| API | %s/day | %s/Mtok | times | price |\n|:--|--:|--:|--:|:--|\n",
            cs_money_code(s), cs_money_code(s));
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        const bool priced = o && o->cost.usd_per_day > 0;
        fputs("|", out);
        cell(cs_words_api(a), out);
        cell(cs_money_figure(s, a->usd_per_day).text, out);
        cell(cs_money_figure(s, a->usd_per_mtok).text, out);
        cell(priced ? cs_figure_ratio(a->usd_per_day / o->cost.usd_per_day).text : "-", out);
        cell(cs_money_terms(arena, s, a), out);
        putc('\n', out);
    }
}

static void print_traffic(const struct cs_answer *answer, FILE *out)
{
    const struct cs_scenario *const s = answer->scenario;
    char at[32];
    fprintf(out, "%s requests/day, %s/s on average", cs_figure_short(answer->requests_per_day).text,
            cs_figure_short(answer->mean_rps).text);
    if (isfinite(answer->peak_start_s))
        fprintf(out, " and %s/s in the busiest hour (%s)", cs_figure_short(answer->peak_rps).text,
                cs_plan_when(s, answer->peak_start_s, at, sizeof at));
    fprintf(out, "; %s tokens in, %s out.\n\n", cs_figure_number(answer->mean_input, 0).text,
            cs_figure_number(answer->mean_output, 0).text);
}

static void print_limits(const struct cs_answer *answer, const struct cs_option_answer *o,
                         struct cs_arena *a, FILE *out)
{
    const struct cs_slo *const slo = &answer->scenario->slo;
    char at[32];
    if (!slo->count)
        return;
    fprintf(out, "| SLO | limit | all hours | worst %s", cs_words_window[slo->window]);
    if (o->worst.known && slo->window != CS_WINDOW_RUN)
        fprintf(out, ", %s", cs_plan_when(answer->scenario, o->worst.start_s, at, sizeof at));
    fputs(" |\n|:--|--:|--:|--:|\n", out);
    for (size_t i = 0; i < slo->count; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat < 0)
            continue;
        fputs("|", out);
        cell(cs_arena_printf(a, "%s %s", cs_words_stat[stat], cs_words_metric[l->metric]), out);
        cell(cs_figure_time_given(l->limit_s).text, out);
        cell(cs_words_time(a, &o->latency[l->metric], stat), out);
        cell(o->worst.known ? cs_figure_time(o->worst.latency[l->metric].stat[stat]).text : "-",
             out);
        putc('\n', out);
    }
    putc('\n', out);
}

static void print_checks(const struct cs_answer *answer, FILE *out)
{
    size_t held = 0;
    for (size_t i = 0; i < answer->check_count; i++)
        held += answer->checks[i].ok;
    if (answer->check_count)
        fprintf(out, "\nChecks: %zu of %zu laws hold.\n", held, answer->check_count);
    for (size_t i = 0; i < answer->check_count; i++) {
        const struct cs_law *const c = &answer->checks[i];
        if (c->ok)
            continue;
        fputs("\n**FAILED:** ", out);
        cs_markdown_text(c->law, out);
        fprintf(out, ": expected %.6g, got %.6g.\n", c->expected, c->actual);
    }
}

static void print_defaults(const struct cs_scenario *s, FILE *out)
{
    if (s->default_count)
        fputs("\n| not given | taken | because |\n|:--|:--|:--|\n", out);
    for (size_t i = 0; i < s->default_count; i++) {
        fputs("|", out);
        cell(s->defaults[i].key, out);
        cell(s->defaults[i].value, out);
        cell(s->defaults[i].why ? s->defaults[i].why : "", out);
        putc('\n', out);
    }
}

void cs_markdown_print(const struct cs_answer *answer, FILE *out)
{
    struct cs_arena a;
    cs_arena_init(&a);
    const struct cs_option_answer *const o = cs_words_subject(answer);
    const bool simulated = o && o->simulated;
    fputs("**", out);
    cs_markdown_text(cs_words_answer(&a, answer), out);
    fputs("**\n\n", out);
    print_traffic(answer, out);
    if (simulated)
        print_limits(answer, o, &a, out);
    print_options(answer, &a, out);
    if (answer->api_count)
        print_apis(answer, o, &a, out);
    print_checks(answer, out);
    fprintf(out, "\n<details><summary>%sassumptions</summary>\n",
            simulated ? "Latency, cost and " : "Cost and ");
    if (simulated)
        print_latency(answer, o, &a, out);
    if (o)
        print_experts(o, &a, out);
    if (o && isfinite(o->cost.usd_per_day))
        print_cost(answer, o, &a, out);
    print_defaults(answer->scenario, out);
    fprintf(out, "\n</details>\n\ncapsim %s, seed %llu, ", CS_VERSION,
            (unsigned long long)answer->scenario->simulate.seed);
    cs_markdown_text(answer->scenario->path, out);
    fputs(".\n", out);
    cs_arena_fini(&a);
}
