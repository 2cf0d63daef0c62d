/* Report: prints a cs_answer for people (see report.h).
 *
 * One function a section, in the order of the page. The one rule: a section prints only what the
 * answer holds; a figure that is NaN is left out or shown as "-", never as 0. What a reader might
 * wrongly take for granted (failures, availability, the model's own error) is said in ASSUMED.
 * Rows of sections are wrapped at 100 columns by out/text.c. Memory: the scratch arena of the
 * cs_text. Computes ratios for comparison ("5.2 times as much") and nothing else.
 */
#include "out/report.h"
#include <math.h>
#include <string.h>
#include "out/experts.h"
#include "out/figure.h"
#include "out/hourplot.h"
#include "out/money.h"
#include "out/words.h"

static const char *when(const struct cs_answer *answer, double start_s, char buffer[32])
{
    return cs_plan_when(answer->scenario, start_s, buffer, 32);
}

static void print_header(const struct cs_answer *answer, const struct cs_text *t)
{
    const struct cs_scenario *const s = answer->scenario;
    const struct cs_traffic *const traffic = &s->traffic;
    const char *const lengths = traffic->kind == CS_VOLUME_TRACE ? traffic->trace_path
                                                                 : cs_words_lengths(s);
    cs_text_edges(t, s->name,
                  cs_arena_printf(t->arena, "%s · %s · seed %llu",
                                  cs_words_models(t->arena, answer), lengths,
                                  (unsigned long long)s->simulate.seed));
    cs_text_wrap(t, cs_words_traffic(t->arena, answer), 0, 0);
    cs_text_put(t, "\n\n");
}

/* One row a limit: what is achieved, the limit, and the same in the worst window. */
static void print_limits(const struct cs_answer *answer, const struct cs_option_answer *o,
                         const struct cs_text *t)
{
    const struct cs_slo *const slo = &answer->scenario->slo;
    struct cs_grid grid;
    char at[32];
    cs_grid_init(&grid, t->arena, "llll");
    for (size_t i = 0; i < slo->count; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat < 0)
            continue;
        cs_grid_add(&grid, "%s %s", cs_words_stat[stat], cs_words_metric[l->metric]);
        cs_grid_add(&grid, "%s", cs_words_time(t->arena, &o->latency[l->metric], stat));
        cs_grid_add(&grid, "limit %s", cs_figure_time_given(l->limit_s).text);
        if (o->worst.known)
            cs_grid_add(&grid, "worst %s, %s: %s", cs_words_window[slo->window],
                         when(answer, o->worst.start_s, at),
                         cs_figure_time(o->worst.latency[l->metric].stat[stat]).text);
        else
            cs_grid_add(&grid, "%s", "");
    }
    /* A table's first row is its heading, in bold: the limits are the heading of the answer. */
    cs_grid_print(&grid, t, CS_TEXT_GUTTER, false);
}

static void print_answer(const struct cs_answer *answer, const struct cs_text *t)
{
    const bool yes = answer->best >= 0;
    const struct cs_option_answer *const o = cs_words_subject(answer);
    cs_text_colour(t, yes ? CS_COLOUR_GOOD : CS_COLOUR_BAD);
    cs_text_put(t, "ANSWER   ");
    if (!yes) {
        cs_text_wrap(t, cs_arena_printf(t->arena, "NO: %s", cs_words_no(t->arena, answer)),
                     CS_TEXT_GUTTER, CS_TEXT_GUTTER);
        cs_text_colour(t, CS_COLOUR_PLAIN);
        cs_text_put(t, "\n");
        if (!o) {
            cs_text_put(t, "\n");
            return;
        }
        cs_text_section(t, NULL, cs_arena_printf(t->arena, "%s: %s",
                                                 o->option->replicas > 0 ? "as given" : "nearest",
                                                 cs_words_fleet(t->arena, o)));
    } else {
        const char *const fleet = cs_words_fleet(t->arena, o);
        const char *const usd =
            isfinite(o->cost.usd_per_day)
                ? cs_arena_printf(t->arena, "%s %s/day",
                                  cs_money_figure(answer->scenario, o->cost.usd_per_day).text,
                                  cs_money_code(answer->scenario))
                : "no price known";
        const int between = cs_text_columns(t) - CS_TEXT_GUTTER - cs_text_width(t, fleet) -
                            cs_text_width(t, usd);
        cs_text_wrap(t, fleet, CS_TEXT_GUTTER, CS_TEXT_GUTTER);
        if (between < 2)
            cs_text_put(t, "\n         ");
        else
            cs_text_blanks(t, between);
        cs_text_put(t, usd);
        cs_text_colour(t, CS_COLOUR_PLAIN);
        cs_text_put(t, "\n");
    }
    print_limits(answer, o, t);
    if (!answer->scenario->slo.count)
        cs_text_section(t, NULL, "no SLO was given: any fleet that keeps up will do");
    if (o->binding_text)
        cs_text_section(t, NULL, cs_words_binds(t->arena, o));
    cs_text_section(t, NULL, cs_words_sure(t->arena, o));
    const char *const model = cs_words_model(t->arena, answer, o);
    if (*model)
        cs_text_section(t, NULL, model);
    const char *const apis = cs_words_apis(t->arena, answer, o);
    if (*apis)
        cs_text_section(t, NULL, apis);
    cs_text_put(t, "\n");
}

static void print_options(const struct cs_answer *answer, const struct cs_text *t)
{
    struct cs_grid grid;
    size_t feasible = 0;
    bool any_unsure = false;
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    cs_grid_row(&grid, "OPTIONS", "GPUs", "95 %", "p95 TTFT", "p95 TPOT", "load",
                cs_money_per(t->arena, answer->scenario, "day"),
                cs_money_per(t->arena, answer->scenario, "Mtok"));
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *const o = &answer->options[i];
        if (!o->feasible)
            continue;
        feasible++;
        const bool unsure = cs_words_is_unsure(answer, o);
        any_unsure |= unsure;
        cs_grid_add(&grid, "%2zu%s %s", i + 1, unsure ? "!" : " ",
                    cs_words_option(t->arena, answer, o));
        const char *figures[CS_WORDS_FIGURES];
        cs_words_figures(t->arena, answer->scenario, o, figures);
        for (int c = 0; c < CS_WORDS_FIGURES; c++)
            cs_grid_add(&grid, "%s", figures[c]);
    }
    if (feasible)
        cs_grid_print(&grid, t, 0, true);
    else
        cs_text_section(t, "OPTIONS", "none of them will do");
    if (any_unsure)
        cs_text_printf(t, "  %s\n", cs_words_unsure);
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *const o = &answer->options[i];
        if (o->feasible)
            continue;
        cs_text_colour(t, CS_COLOUR_BAD);
        cs_text_put(t, "no");
        cs_text_colour(t, CS_COLOUR_PLAIN);
        cs_text_put(t, "  ");
        cs_text_wrap(t, cs_arena_printf(t->arena, "%s: %s", cs_words_option(t->arena, answer, o),
                                        o->reason ? o->reason : "does not meet the SLO"), 4, 6);
        cs_text_put(t, "\n");
    }
    cs_text_put(t, "\n");
}

static void add_latency_row(struct cs_grid *grid, const char *name, const struct cs_latency *l)
{
    const enum cs_time_unit unit = cs_figure_time_unit(l->stat[CS_STAT_P95].value);
    cs_grid_add(grid, "  %s, %s", name, cs_time_unit_names[unit]);
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cs_grid_add(grid, "%s", cs_figure_time_in(l->stat[s], unit, s == CS_STAT_P95).text);
    cs_grid_add(grid, "%s", cs_figure_band(l->model95[CS_STAT_P95], unit).text);
}

static void print_latency(const struct cs_answer *answer, const struct cs_option_answer *o,
                          const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    cs_grid_add(&grid, "LATENCY");
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cs_grid_add(&grid, "%s", cs_words_stat[s]);
    cs_grid_add(&grid, "%s", o->model.error ? "p95, model" : "");
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        add_latency_row(&grid, cs_words_metric_long[m], &o->latency[m]);
    add_latency_row(&grid, "wait in the queue", &o->wait);
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL, cs_words_sample(t->arena, answer, o));
    if (!o->worst.known)
        return;
    cs_text_section(t, "WORST", cs_words_worst(t->arena, answer, o));
    if (answer->scenario->slo.count)
        cs_text_section(t, "SERVED", cs_words_served(t->arena, answer, o));
}

static void print_cost(const struct cs_answer *answer, const struct cs_option_answer *o,
                       const struct cs_text *t)
{
    const struct cs_scenario *const s = answer->scenario;
    const struct cs_cost_breakdown *const c = &o->cost;
    if (!isfinite(c->usd_per_day)) {
        cs_text_section(t, "COST", "no price known for this GPU; give `cost.gpu`");
        return;
    }
    cs_text_section(t, "COST", cs_words_cost(t->arena, s, c));
    struct cs_grid grid;
    int items[CS_COST_ITEMS];
    const int count = cs_money_lines(c, items);
    cs_grid_init(&grid, t->arena, "lrw");
    for (int i = 0; i < count; i++) {
        cs_grid_row(&grid, cs_cost_names[items[i]],
                    cs_money_figure(s, c->item[items[i]]).text,
                    cs_money_why(t->arena, c, &o->price, items[i]));
    }
    cs_grid_print_plain(&grid, t, CS_TEXT_GUTTER);
    if (s->cost.currency)
        cs_text_section(t, NULL, cs_money_rate(t->arena, s));
}

static void print_apis(const struct cs_answer *answer, const struct cs_option_answer *o,
                       const struct cs_text *t)
{
    const struct cs_scenario *const s = answer->scenario;
    if (!answer->api_count)
        return;
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrw");
    cs_grid_row(&grid, "APIS", cs_money_per(t->arena, s, "day"), cs_money_per(t->arena, s, "Mtok"),
                "times", "price, USD per million tokens");
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        cs_grid_add(&grid, "  %s", cs_words_api(a));
        cs_grid_add(&grid, "%s", cs_money_figure(s, a->usd_per_day).text);
        cs_grid_add(&grid, "%s", cs_money_figure(s, a->usd_per_mtok).text);
        cs_grid_add(&grid, "%s", o && o->cost.usd_per_day > 0
                                       ? cs_figure_ratio(a->usd_per_day / o->cost.usd_per_day).text
                                       : "-");
        cs_grid_add(&grid, "%s", cs_money_terms(t->arena, s, a));
    }
    cs_grid_print(&grid, t, 0, true);
}

/* Requests by hour, against the busiest; three days a line for a week, or as many as fit. */
static void print_load(const struct cs_answer *answer, const struct cs_option_answer *o,
                       const struct cs_text *t)
{
    enum { DAY = 24 };
    const int fit = (cs_text_columns(t) - CS_TEXT_GUTTER + 1) / (DAY + 5); /* "Mon ", and a blank */
    const size_t days_a_line = fit > 1 ? (size_t)fit : 1;
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    double most = 0;
    for (size_t i = 0; i < o->hour_count; i++)
        most = fmax(most, o->hours[i].requests);
    if (o->hour_count >= DAY && o->hour_count <= 7 * DAY && most > 0) {
        const bool weekly = answer->scenario->traffic.curve.starts_monday;
        const char *line = "";
        bool first = true;
        for (size_t i = 0; i < o->hour_count; i++) {
            if (i % DAY == 0 && weekly)
                line = cs_arena_printf(t->arena, "%s%s ", line, days[i / DAY % 7]);
            line = cs_arena_printf(t->arena, "%s%s", line,
                                   cs_text_bar(t, o->hours[i].requests / most));
            const bool ends_day = i % DAY == DAY - 1, is_last = i + 1 == o->hour_count;
            if (is_last || (ends_day && i / DAY % days_a_line == days_a_line - 1)) {
                cs_text_section(t, first ? "LOAD" : NULL, line);
                first = false;
                line = "";
            } else if (ends_day) {
                line = cs_arena_printf(t->arena, "%s ", line);
            }
        }
        cs_text_section(t, NULL, cs_arena_printf(t->arena, "requests by hour, the busiest %s",
                                                 t->utf8 ? "█" : "9"));
    }
    cs_hourplot_print(answer, o, t);
    cs_text_section(t, "GPUS", cs_words_use(t->arena, o));
    if (o->option->prefix_caching)
        cs_text_section(t, NULL, cs_words_prefix(t->arena, o));
}

static void print_experts(const struct cs_option_answer *o, const struct cs_text *t)
{
    const struct cs_experts_words w = cs_experts_words(t->arena, o);
    for (size_t i = 0; i < w.line_count; i++)
        cs_text_section(t, i ? NULL : "EXPERTS", w.lines[i]);
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrr");
    for (size_t i = 0; i < w.row_count; i++) {
        cs_grid_add(&grid, "         %s", w.rows[i][0]);
        for (int c = 1; c < CS_EXPERTS_COLUMNS; c++)
            cs_grid_add(&grid, "%s", w.rows[i][c]);
    }
    if (!w.row_count)
        return;
    cs_grid_print(&grid, t, 0, false);
    cs_text_section(t, NULL, cs_experts_terms);
}

/* "Little's law" of "Little's law: sequences running = rate x residence". */
static const char *short_law(const struct cs_text *t, const char *law)
{
    const char *const colon = strchr(law, ':');
    return colon ? cs_arena_strndup(t->arena, law, (size_t)(colon - law)) : law;
}

static void print_checks(const struct cs_answer *answer, const struct cs_text *t)
{
    if (!answer->check_count)
        return;
    const char *words = "";
    size_t passed = 0;
    for (size_t i = 0; i < answer->check_count; i++) {
        const struct cs_law *const c = &answer->checks[i];
        const double scale = fabs(c->expected) > 0 ? fabs(c->expected) : 1;
        const double difference = fabs(c->actual - c->expected) / scale;
        const bool is_bound = strstr(c->law, ">=") || strstr(c->law, "<=");
        const bool differs = !is_bound && difference >= 5e-7;
        if (c->ok)
            words = cs_arena_printf(t->arena, "%s%s%s ✓%s%s", words, i ? " · " : "",
                                    short_law(t, c->law), differs ? " " : "",
                                    differs ? cs_figure_percent(difference).text : "");
        else
            words = cs_arena_printf(t->arena, "%s%s%s FAILED: expected %.6g, got %.6g", words,
                                    i ? " · " : "", c->law, c->expected, c->actual);
        passed += c->ok;
    }
    cs_text_section(t, "CHECKS", cs_arena_printf(t->arena, "%s (%zu of %zu hold)", words, passed,
                                                 answer->check_count));
}

static void print_assumed(const struct cs_answer *answer, const struct cs_option_answer *o,
                          const struct cs_text *t)
{
    cs_text_section(t, "ASSUMED",
                    cs_arena_printf(t->arena, "%s · all: capsim explain %s",
                                    cs_words_assumed(t->arena, answer, o), answer->scenario->path));
}

void cs_report_print(const struct cs_answer *answer, const struct cs_text *t)
{
    const struct cs_option_answer *const subject = cs_words_subject(answer);
    print_header(answer, t);
    print_answer(answer, t);
    print_options(answer, t);
    if (subject && subject->simulated) {
        print_latency(answer, subject, t);
        cs_text_put(t, "\n");
    }
    if (subject)
        print_cost(answer, subject, t);
    print_apis(answer, subject, t);
    if (subject && subject->simulated)
        print_load(answer, subject, t);
    if (subject)
        print_experts(subject, t);
    print_checks(answer, t);
    print_assumed(answer, subject, t);
}
