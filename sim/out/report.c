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
                                : traffic->lengths_name          ? traffic->lengths_name
                                                                 : "lengths as given";
    char at[32];
    cs_text_edges(t, s->name,
                  cs_arena_printf(t->arena, "%s · %s · seed %llu",
                                  cs_words_models(t->arena, answer), lengths,
                                  (unsigned long long)s->simulate.seed));
    const char *words = cs_arena_printf(
        t->arena, "%s requests/day · mean %s/s",
        cs_figure_short(answer->requests_per_day).text, cs_figure_short(answer->mean_rps).text);
    if (isfinite(answer->peak_start_s))
        words = cs_arena_printf(t->arena, "%s, %s/s in the busiest hour (%s)", words,
                                cs_figure_short(answer->peak_rps).text,
                                when(answer, answer->peak_start_s, at));
    words = cs_arena_printf(t->arena, "%s · %s tokens in, %s out", words,
                            cs_figure_number(answer->mean_input, 0).text,
                            cs_figure_number(answer->mean_output, 0).text);
    cs_text_wrap(t, words, 0, 0);
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

static const char *words_of_count(const struct cs_option_answer *o, const struct cs_text *t)
{
    const char *words;
    if (o->option->replicas > 0 || o->option->gpus > 0)
        words = o->undecided ? "the fleet is as given; whether it meets the SLO is undecided"
                             : "the fleet is as given";
    else if (o->undecided && o->neighbour_replicas == 0)
        words = "too few requests to be sure of the count";
    else if (o->gpus_hi == 0)
        words = "one replication: no interval of the count";
    else if (o->gpus_lo == o->gpus_hi)
        words = cs_arena_printf(t->arena, "95 %% sure of the count: %s",
                                cs_words_count(t->arena, (double)o->gpus, "GPU"));
    else
        words = cs_arena_printf(t->arena, "95 %% interval of the count: %ld to %ld GPUs",
                                o->gpus_lo, o->gpus_hi);
    if (o->undecided && o->neighbour_replicas > 0)
        words = cs_arena_printf(t->arena, "%s (undecided: the larger is planned)", words);
    if (o->neighbour_replicas > 0 && o->neighbour_why_not)
        words = cs_arena_printf(t->arena, "%s · with %s: %s", words,
                                cs_words_count(t->arena, o->neighbour_replicas, "replica"),
                                o->neighbour_why_not);
    return words;
}

static const char *words_of_apis(const struct cs_answer *answer, const struct cs_option_answer *o,
                                 const struct cs_text *t)
{
    const char *words = "";
    size_t named = 0;
    for (size_t i = 0; i < answer->api_count && named < 3; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        if (!isfinite(a->usd_per_day))
            continue;
        const struct cs_figure usd = cs_money_figure(answer->scenario, a->usd_per_day);
        words = named ? cs_arena_printf(t->arena, "%s; %s %s", words, cs_words_api(a), usd.text)
                      : cs_arena_printf(t->arena, "%s costs %s %s/day", cs_words_api(a), usd.text,
                                        cs_money_code(answer->scenario));
        if (o->cost.usd_per_day > 0)
            words = cs_arena_printf(t->arena, "%s, %s times%s", words,
                                    cs_figure_ratio(a->usd_per_day / o->cost.usd_per_day).text,
                                    named ? "" : " as much");
        named++;
    }
    return words;
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
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena, "binds: %s%s",
                                        o->binding == CS_BINDING_NONE ? "nothing; " : "",
                                        o->binding_text));
    cs_text_section(t, NULL, words_of_count(o, t));
    const char *const model = cs_words_model(t->arena, answer, o);
    if (*model)
        cs_text_section(t, NULL, model);
    const char *const apis = words_of_apis(answer, o, t);
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
    char at[32];
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    cs_grid_add(&grid, "LATENCY");
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cs_grid_add(&grid, "%s", cs_words_stat[s]);
    cs_grid_add(&grid, "%s", o->model.error ? "p95, model" : "");
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        add_latency_row(&grid, cs_words_metric_long[m], &o->latency[m]);
    add_latency_row(&grid, "wait in the queue", &o->wait);
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL,
                    o->replications > 1
                        ? cs_arena_printf(t->arena, "over all requests of %d replications, %s in "
                                          "all; ± is %s", o->replications,
                                          cs_words_count(t->arena, answer->simulated_requests,
                                                         "request"),
                                          o->model.error ? "sampling alone, 95 %"
                                                         : "the 95 % interval")
                        : cs_arena_printf(t->arena, "over all requests of one replication (%s), "
                                          "so without intervals",
                                          cs_words_count(t->arena, answer->simulated_requests,
                                                         "request")));
    const struct cs_worst_window *const w = &o->worst;
    if (!w->known)
        return;
    const char *words = cs_arena_printf(
        t->arena, "%s, %s long · %s requests/s · %s met every limit", when(answer, w->start_s, at),
        cs_figure_time_given(w->length_s).text, cs_figure_short(w->requests_per_s).text,
        cs_figure_percent(w->attainment).text);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        words = cs_arena_printf(t->arena, "%s%s %s %s", words, m ? "," : " · p95",
                                cs_words_metric[m],
                                cs_figure_time_value(w->latency[m].stat[CS_STAT_P95]).text);
    cs_text_section(t, "WORST", words);
    if (answer->scenario->slo.count)
        cs_text_section(t, "SERVED",
                        cs_arena_printf(t->arena, "%s of %ss and %s of requests met the SLO · "
                                        "goodput %s requests/s · a replication: %s rejected, "
                                        "%s preempted",
                                        cs_figure_percent(o->windows_met).text,
                                        cs_words_window[answer->scenario->slo.window],
                                        cs_figure_percent(o->attainment).text,
                                        cs_figure_short(o->goodput_rps).text,
                                        cs_figure_number(o->rejected, 0).text,
                                        cs_figure_number(o->preemptions, 0).text));
}

static void print_cost(const struct cs_answer *answer, const struct cs_option_answer *o,
                       const struct cs_text *t)
{
    const struct cs_scenario *const s = answer->scenario;
    const struct cs_cost_breakdown *const c = &o->cost;
    const char *const code = cs_money_code(s);
    if (!isfinite(c->usd_per_day)) {
        cs_text_section(t, "COST", "no price known for this GPU; give `cost.gpu`");
        return;
    }
    const char *words = cs_arena_printf(
        t->arena, "%s %s/day · %s %s/month · %s %s per million tokens",
        cs_money_figure(s, c->usd_per_day).text, code, cs_money_figure(s, c->usd_per_month).text,
        code, cs_money_figure(s, c->usd_per_mtok).text, code);
    if (isfinite(c->kwh_per_day))
        words = cs_arena_printf(t->arena, "%s · %s kWh/day", words,
                                cs_figure_short(c->kwh_per_day).text);
    if (isfinite(c->kg_co2e_per_day))
        words = cs_arena_printf(t->arena, "%s · %s kg CO2e/day (%s)", words,
                                cs_figure_short(c->kg_co2e_per_day).text, c->carbon_why);
    cs_text_section(t, "COST", words);
    struct cs_grid grid;
    int items[CS_COST_ITEMS];
    const int count = cs_money_lines(c, items);
    cs_grid_init(&grid, t->arena, "lrw");
    for (int i = 0; i < count; i++) {
        const char *why = c->why[items[i]] ? c->why[items[i]] : "none given";
        const char *const source = items[i] == CS_COST_GPU ? cs_money_source(t->arena, &o->price)
                                                           : "";
        if (*source)
            why = cs_arena_printf(t->arena, "%s; %s", why, source);
        cs_grid_row(&grid, cs_cost_names[items[i]],
                    cs_money_figure(s, c->item[items[i]]).text, why);
    }
    cs_grid_print_plain(&grid, t, CS_TEXT_GUTTER);
    if (s->cost.currency)
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena, "1 %s = %.6g USD, as the scenario states%s%s",
                                        code, s->cost.currency_usd,
                                        s->cost.exchange_date ? " for " : "",
                                        s->cost.exchange_date ? s->cost.exchange_date : ""));
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
    cs_text_section(t, "GPUS", cs_arena_printf(t->arena, "%s of capacity in the busiest hour · "
                                               "busy %s of the time, %s requests at once in a "
                                               "replica · KV cache %s full, %s at most",
                                               cs_figure_percent(o->capacity_share).text,
                                               cs_figure_percent(o->busy).text,
                                               cs_figure_short(o->batch_mean).text,
                                               cs_figure_percent(o->kv_mean).text,
                                               cs_figure_percent(o->kv_peak).text));
    if (o->option->prefix_caching)
        cs_text_section(t, NULL, cs_arena_printf(t->arena, "prefix cache: %s of the prompt tokens "
                                                 "are found, not computed",
                                                 cs_figure_percent(o->prefix_hits).text));
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
    cs_text_section(t, NULL, "alone: a request's answer, nobody else there; full: all answers of a "
                             "replica without pause, their prompts' time included");
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

/* The defaults that a reader would ask about; all of them are in `capsim explain`. */
static const char *words_of_defaults(const struct cs_scenario *s, const struct cs_text *t)
{
    static const struct {
        const char *key, *name;
    } shown[] = {
        {"traffic.burstiness", "burstiness"}, {"traffic.curve", "curve"},
        {"traffic.sampling", "sampling"},     {"slo.window", "SLO window"},
        {"deploy[0].engine", "engine"},       {"deploy[0].router", "router"},
        {"deploy[0].kv_precision", "KV cache"},
        {"deploy[0].prefix_caching", "prefix caching"}, {"cost.prices", "prices"},
    };
    const char *words = "";
    for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
        for (size_t i = 0; i < s->default_count; i++)
            if (strcmp(s->defaults[i].key, shown[k].key) == 0)
                words = cs_arena_printf(t->arena, "%s · %s %s", words, shown[k].name,
                                        s->defaults[i].value);
    return words;
}

static void print_assumed(const struct cs_answer *answer, const struct cs_option_answer *o,
                          const struct cs_text *t)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *words = "nothing fails";
    if (s->slo.availability > 0)
        words = cs_arena_printf(t->arena, "%s (availability %s was asked: not modelled)", words,
                                cs_figure_percent(s->slo.availability).text);
    if (o && o->simulated)
        words = cs_arena_printf(t->arena, "%s · %s", words, cs_words_error(t->arena, o));
    if (o && o->price.note)
        words = cs_arena_printf(t->arena, "%s · price: %s", words, o->price.note);
    words = cs_arena_printf(t->arena, "%s%s", words, words_of_defaults(s, t));
    cs_text_section(t, "ASSUMED", cs_arena_printf(t->arena, "%s · all: capsim explain %s", words,
                                                  s->path));
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
