/* Words: names and sentences shared by all forms of the report (see words.h).
 *
 * The rule: a sentence is built from figures of the answer alone, so that it can be read aloud
 * without the table below it: each number has its unit, each limit its percentile.
 * All texts belong to the arena given.
 */
#include "out/words.h"
#include <assert.h>
#include <math.h>
#include <string.h>
#include "out/figure.h"
#include "out/money.h"

const char *const cs_words_metric[] = {"TTFT", "TPOT", "ITL", "E2E"};
static_assert(sizeof cs_words_metric / sizeof *cs_words_metric == CS_METRIC_COUNT, "metrics");
const char *const cs_words_metric_long[] = {"first token (TTFT)", "per token (TPOT)",
                                            "token gap (ITL)", "whole answer (E2E)"};
static_assert(sizeof cs_words_metric_long / sizeof *cs_words_metric_long == CS_METRIC_COUNT, "");
const char *const cs_words_stat[] = {"mean", "p50", "p90", "p95", "p99", "p99.9"};
static_assert(sizeof cs_words_stat / sizeof *cs_words_stat == CS_STAT_COUNT, "statistics");
const char *const cs_words_basis[] = {"article", "listed", "reseller"};
static_assert(sizeof cs_words_basis / sizeof *cs_words_basis == CS_PRICE_BASIS_COUNT, "bases");
const char *const cs_words_window[] = {"hour", "day", "run"};

int cs_words_find_stat(double percentile)
{
    static const double percentiles[CS_STAT_COUNT] = {0, 50, 90, 95, 99, 99.9};
    for (int i = 0; i < CS_STAT_COUNT; i++)
        if (fabs(percentiles[i] - percentile) < 1e-9)
            return i;
    return -1;
}

const struct cs_option_answer *cs_words_subject(const struct cs_answer *answer)
{
    if (answer->best >= 0)
        return &answer->options[answer->best];
    for (size_t i = 0; i < answer->option_count; i++)
        if (answer->options[i].simulated)
            return &answer->options[i];
    return NULL;
}

const char *cs_words_count(struct cs_arena *arena, double count, const char *noun)
{
    return cs_arena_printf(arena, "%s %s%s", cs_figure_number(count, 0).text, noun,
                           count == 1 ? "" : "s");
}

const char *cs_words_machine(struct cs_arena *arena, const struct cs_option *o, int tensor,
                             int pipeline)
{
    const char *words = cs_arena_printf(arena, "%s %s", o->hardware->name,
                                        cs_precision_infos[o->precision].name);
    if (o->hardware->as_set)
        words = cs_arena_printf(arena, "%s (%s)", words, o->hardware->as_set);
    if (tensor > 0)
        words = cs_arena_printf(arena, "%s TP%d", words, tensor);
    if (pipeline > 1)
        words = cs_arena_printf(arena, "%s PP%d", words, pipeline);
    if (o->expert_parallel > 1)
        words = cs_arena_printf(arena, "%s EP%d", words, o->expert_parallel);
    if (o->experts.redundant > 0)
        words = cs_arena_printf(arena, "%s+%d", words, o->experts.redundant);
    if (o->experts.policy != CS_EXPERTS_RESIDENT)
        words = cs_arena_printf(arena, "%s %s", words, cs_expert_policy_names[o->experts.policy]);
    return words;
}

const char *cs_words_option(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *option)
{
    const struct cs_option *const o = option->option, *const first = answer->options[0].option;
    bool several_models = false, several_engines = false;
    for (size_t i = 0; i < answer->option_count; i++) {
        several_models |= answer->options[i].option->model->name != first->model->name;
        several_engines |= answer->options[i].option->engine != first->engine;
    }
    return cs_arena_printf(arena, "%s%s%s%s%s", several_models ? o->model->name : "",
                           several_models ? " " : "",
                           cs_words_machine(arena, o, option->tensor_parallel,
                                            option->pipeline_parallel),
                           several_engines ? " " : "", several_engines ? o->engine->name : "");
}

void cs_words_figures(struct cs_arena *arena, const struct cs_scenario *scenario,
                      const struct cs_option_answer *o, const char *figures[CS_WORDS_FIGURES])
{
    const struct cs_figure shown[CS_WORDS_FIGURES] = {
        cs_figure_number((double)o->gpus, 0),
        {"-"},
        cs_figure_time_value(o->latency[CS_METRIC_TTFT].stat[CS_STAT_P95]),
        cs_figure_time_value(o->latency[CS_METRIC_TPOT].stat[CS_STAT_P95]),
        cs_figure_percent(o->capacity_share),
        cs_money_figure(scenario, o->cost.usd_per_day),
        cs_money_figure(scenario, o->cost.usd_per_mtok),
    };
    for (int i = 0; i < CS_WORDS_FIGURES; i++) {
        const bool simulated = i >= 2 && i <= 4;
        figures[i] = simulated && !o->simulated ? "-" : cs_arena_strdup(arena, shown[i].text);
    }
    if (o->option->replicas > 0)
        figures[1] = "given";
    else if (o->gpus_hi > 0)
        figures[1] = cs_arena_printf(arena, "%ld–%ld%s", o->gpus_lo, o->gpus_hi,
                                     o->undecided ? "?" : "");
}

const char *cs_words_api(const struct cs_api_answer *a)
{
    return a->bought ? a->bought->label : a->api->title ? a->api->title : a->api->name;
}

static const char *titled(const char *title, const char *name)
{
    return title ? title : name;
}

const char *cs_words_fleet(struct cs_arena *arena, const struct cs_option_answer *option)
{
    const struct cs_option *const o = option->option;
    const char *const hardware = titled(o->hardware->title, o->hardware->name);
    const char *shape = cs_words_count(arena, option->replicas, "replica");
    const long each = cs_option_gpus(o, option->tensor_parallel);
    if (each > 1)
        shape = cs_arena_printf(arena, "%s of %ld GPUs%s", shape, each,
                                option->pipeline_parallel > 1
                                    ? cs_arena_printf(arena, " in %d stages",
                                                      option->pipeline_parallel)
                                    : "");
    return cs_arena_printf(arena, "%s on %s × %s (%s, %s, %s)",
                           titled(o->model->title, o->model->name),
                           cs_figure_number((double)option->gpus, 0).text, hardware, shape,
                           cs_precision_infos[o->precision].name,
                           titled(o->engine->title, o->engine->name));
}

const char *cs_words_models(struct cs_arena *arena, const struct cs_answer *answer)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *words = "";
    size_t distinct = 0;
    for (size_t i = 0; i < s->option_count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen |= s->options[j].model->name == s->options[i].model->name;
        if (seen)
            continue;
        words = cs_arena_printf(arena, "%s%s%s", words, distinct ? ", " : "",
                                s->options[i].model->name);
        distinct++;
    }
    return distinct > 2 ? cs_arena_printf(arena, "%zu models", distinct) : words;
}

const char *cs_words_no(struct cs_arena *arena, const struct cs_answer *answer)
{
    const struct cs_option_answer *const subject = cs_words_subject(answer);
    if (answer->no_answer)
        return answer->no_answer;
    if (subject && subject->reason)
        return subject->reason;
    if (subject && subject->option->replicas > 0)
        return cs_arena_printf(arena, "%s as given: the SLO is not met.",
                               cs_words_fleet(arena, subject));
    return "no option meets the SLO.";
}

/* ": p95 TTFT 310 ms (limit 1 s), p95 TPOT 24 ms (limit 60 ms)", or "" without an SLO. */
static const char *words_of_slo(struct cs_arena *arena, const struct cs_answer *answer,
                                const struct cs_option_answer *option)
{
    const struct cs_slo *const slo = &answer->scenario->slo;
    const char *words = "";
    for (size_t i = 0; i < slo->count; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat < 0)
            continue;
        words = cs_arena_printf(
            arena, "%s%s %s %s %s (limit %s)", words, *words ? "," : ":", cs_words_stat[stat],
            cs_words_metric[l->metric],
            cs_figure_time_value(option->latency[l->metric].stat[stat]).text,
            cs_figure_time_given(l->limit_s).text);
    }
    return words;
}

const char *cs_words_time(struct cs_arena *arena, const struct cs_latency *latency, int stat)
{
    const struct cs_interval *const x = &latency->stat[stat];
    const struct cs_figure band =
        cs_figure_band(latency->model95[stat], cs_figure_time_unit(x->value));
    return cs_arena_printf(arena, "%s%s%s", cs_figure_time(*x).text, *band.text ? ", model " : "",
                           band.text);
}

/* "+34 %" */
static const char *words_of_scale(struct cs_arena *arena, double scale)
{
    return cs_arena_printf(arena, "%+.0f %%", 100 * (scale - 1));
}

const char *cs_words_model(struct cs_arena *arena, const struct cs_answer *answer,
                           const struct cs_option_answer *option)
{
    const struct cs_model_band *const m = &option->model;
    const struct cs_slo *const slo = &answer->scenario->slo;
    if (!m->error)
        return "";
    const char *const slow = words_of_scale(arena, m->step_hi);
    const char *words =
        cs_arena_printf(arena, "model: step times %s to %s (95 %%, %s)",
                        words_of_scale(arena, m->step_lo), slow,
                        m->error->calibrated ? "calibrated" : "transfer");
    if (slo->confidence > 0)
        words = cs_arena_printf(arena, "%s; sized to hold at %g %% model confidence: step times %s",
                                words, 100 * slo->confidence, words_of_scale(arena, m->margin));
    if (!m->simulated)
        return words;
    if (!m->keeps_up)
        return cs_arena_printf(arena, "%s; at %s step time this fleet would not keep up", words,
                               slow);
    if (!option->feasible || !slo->count)
        return words;
    if (m->holds)
        return cs_arena_printf(arena, "%s; at %s the SLO holds too", words, slow);
    return cs_arena_printf(arena, "%s; it may miss its SLO: %s%s", words, m->why_not,
                           slo->confidence > 0 ? "" : "; see slo.confidence");
}

const char cs_words_unsure[] =
    "! does not hold its SLO where steps are as slow as the model's error allows (95 %)";

bool cs_words_is_unsure(const struct cs_answer *answer, const struct cs_option_answer *option)
{
    return option->feasible && answer->scenario->slo.count && option->model.simulated &&
           !option->model.holds;
}

const char *cs_words_error(struct cs_arena *arena, const struct cs_option_answer *option)
{
    const struct cs_model_error *const e = option->model.error;
    if (!e)
        return cs_arena_printf(arena, "step times have an error that the intervals do not hold: "
                                      "not known for %s",
                               titled(option->option->engine->title, option->option->engine->name));
    return cs_arena_printf(arena, "model error, %s: standard deviation %s of step times, %s more "
                                  "of first tokens (%s)",
                           e->calibrated ? "calibrated" : "transfer",
                           cs_figure_percent(e->step).text, cs_figure_percent(e->ttft).text,
                           e->source);
}

const char *cs_words_answer(struct cs_arena *arena, const struct cs_answer *answer)
{
    if (answer->best < 0)
        return cs_arena_printf(arena, "No: %s", cs_words_no(arena, answer));
    const struct cs_option_answer *const best = &answer->options[answer->best];
    const char *words = cs_words_fleet(arena, best);
    words = cs_arena_printf(arena, "%s%s %s %s", words,
                            best->option->replicas > 0 ? " as given" : "",
                            answer->scenario->slo.count ? "meets the SLO of" : "serves",
                            answer->scenario->name);
    if (isfinite(best->cost.usd_per_day))
        words = cs_arena_printf(arena, "%s for %s %s/day", words,
                                cs_money_figure(answer->scenario, best->cost.usd_per_day).text,
                                cs_money_code(answer->scenario));
    return cs_arena_printf(arena, "%s%s.", words, words_of_slo(arena, answer, best));
}

/* --- sentences of the report's sections ------------------------------------------------------- */

const char *cs_words_lengths(const struct cs_scenario *s)
{
    return s->traffic.kind == CS_VOLUME_TRACE ? "a trace"
           : s->traffic.lengths_name          ? s->traffic.lengths_name
                                              : "lengths as given";
}

const char *cs_words_traffic(struct cs_arena *arena, const struct cs_answer *answer)
{
    char at[32];
    const char *words = cs_arena_printf(
        arena, "%s requests/day · mean %s/s",
        cs_figure_short(answer->requests_per_day).text, cs_figure_short(answer->mean_rps).text);
    if (isfinite(answer->peak_start_s))
        words = cs_arena_printf(arena, "%s, %s/s in the busiest hour (%s)", words,
                                cs_figure_short(answer->peak_rps).text,
                                cs_plan_when(answer->scenario, answer->peak_start_s, at,
                                             sizeof at));
    words = cs_arena_printf(arena, "%s · %s tokens in, %s out", words,
                            cs_figure_number(answer->mean_input, 0).text,
                            cs_figure_number(answer->mean_output, 0).text);
    return words;
}

const char *cs_words_binds(struct cs_arena *arena, const struct cs_option_answer *o)
{
    return cs_arena_printf(arena, "binds: %s%s", o->binding == CS_BINDING_NONE ? "nothing; " : "",
                           o->binding_text);
}

const char *cs_words_sure(struct cs_arena *arena, const struct cs_option_answer *o)
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
        words = cs_arena_printf(arena, "95 %% sure of the count: %s",
                                cs_words_count(arena, (double)o->gpus, "GPU"));
    else
        words = cs_arena_printf(arena, "95 %% interval of the count: %ld to %ld GPUs",
                                o->gpus_lo, o->gpus_hi);
    if (o->undecided && o->neighbour_replicas > 0)
        words = cs_arena_printf(arena, "%s (undecided: the larger is planned)", words);
    if (o->neighbour_replicas > 0 && o->neighbour_why_not)
        words = cs_arena_printf(arena, "%s · with %s: %s", words,
                                cs_words_count(arena, o->neighbour_replicas, "replica"),
                                o->neighbour_why_not);
    return words;
}

const char *cs_words_apis(struct cs_arena *arena, const struct cs_answer *answer,
                          const struct cs_option_answer *o)
{
    const char *words = "";
    size_t named = 0;
    for (size_t i = 0; i < answer->api_count && named < 3; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        if (!isfinite(a->usd_per_day))
            continue;
        const struct cs_figure usd = cs_money_figure(answer->scenario, a->usd_per_day);
        words = named ? cs_arena_printf(arena, "%s; %s %s", words, cs_words_api(a), usd.text)
                      : cs_arena_printf(arena, "%s costs %s %s/day", cs_words_api(a), usd.text,
                                        cs_money_code(answer->scenario));
        if (o->cost.usd_per_day > 0)
            words = cs_arena_printf(arena, "%s, %s times%s", words,
                                    cs_figure_ratio(a->usd_per_day / o->cost.usd_per_day).text,
                                    named ? "" : " as much");
        named++;
    }
    return words;
}

const char *cs_words_sample(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *o)
{
    const char *const requests = cs_words_count(arena, answer->simulated_requests, "request");
    return o->replications > 1
               ? cs_arena_printf(arena,
                                 "over all requests of %d replications, %s in all; ± is %s",
                                 o->replications, requests,
                                 o->model.error ? "sampling alone, 95 %" : "the 95 % interval")
               : cs_arena_printf(arena,
                                 "over all requests of one replication (%s), so without intervals",
                                 requests);
}

const char *cs_words_worst(struct cs_arena *arena, const struct cs_answer *answer,
                           const struct cs_option_answer *o)
{
    const struct cs_worst_window *const w = &o->worst;
    char at[32];
    const char *words = cs_arena_printf(
        arena, "%s, %s long · %s requests/s · %s met every limit",
        cs_plan_when(answer->scenario, w->start_s, at, sizeof at),
        cs_figure_time_given(w->length_s).text, cs_figure_short(w->requests_per_s).text,
        cs_figure_percent(w->attainment).text);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        words = cs_arena_printf(arena, "%s%s %s %s", words, m ? "," : " · p95", cs_words_metric[m],
                                cs_figure_time_value(w->latency[m].stat[CS_STAT_P95]).text);
    return words;
}

const char *cs_words_served(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *o)
{
    return cs_arena_printf(
        arena,
        "%s of %ss and %s of requests met the SLO · goodput %s requests/s · a replication: %s "
        "rejected, %s preempted%s",
        cs_figure_percent(o->windows_met).text, cs_words_window[answer->scenario->slo.window],
        cs_figure_percent(o->attainment).text, cs_figure_short(o->goodput_rps).text,
        cs_figure_number(o->rejected, 0).text, cs_figure_number(o->preemptions, 0).text,
        answer->scenario->change_count == 0
            ? ""
            : cs_arena_printf(arena, ", %s retried elsewhere",
                              cs_figure_number(o->retried, 0).text));
}

const char *cs_words_cost(struct cs_arena *arena, const struct cs_scenario *s,
                          const struct cs_cost_breakdown *c)
{
    const char *const code = cs_money_code(s);
    const char *words = cs_arena_printf(
        arena, "%s %s/day · %s %s/month · %s %s per million tokens",
        cs_money_figure(s, c->usd_per_day).text, code, cs_money_figure(s, c->usd_per_month).text,
        code, cs_money_figure(s, c->usd_per_mtok).text, code);
    if (isfinite(c->kwh_per_day))
        words = cs_arena_printf(arena, "%s · %s kWh/day", words,
                                cs_figure_short(c->kwh_per_day).text);
    if (isfinite(c->kg_co2e_per_day))
        words = cs_arena_printf(arena, "%s · %s kg CO2e/day (%s)", words,
                                cs_figure_short(c->kg_co2e_per_day).text, c->carbon_why);
    return words;
}

const char *cs_words_use(struct cs_arena *arena, const struct cs_option_answer *o)
{
    return cs_arena_printf(
        arena,
        "%s of capacity in the busiest hour · busy %s of the time, %s requests at once in a "
        "replica · KV cache %s full, %s at most",
        cs_figure_percent(o->capacity_share).text, cs_figure_percent(o->busy).text,
        cs_figure_short(o->batch_mean).text, cs_figure_percent(o->kv_mean).text,
        cs_figure_percent(o->kv_peak).text);
}

const char *cs_words_prefix(struct cs_arena *arena, const struct cs_option_answer *o)
{
    return cs_arena_printf(arena, "prefix cache: %s of the prompt tokens are found, not computed",
                           cs_figure_percent(o->prefix_hits).text);
}

/* What the scenario has happen during the run; failures besides those are not modelled. */
static const char *words_of_changes(struct cs_arena *arena, const struct cs_scenario *s)
{
    size_t of[CS_CHANGE_COUNT] = {0};
    for (size_t i = 0; i < s->change_count; i++)
        of[s->changes[i].kind]++;
    const char *words = of[CS_CHANGE_FAIL] ? "fails at given times:" : "nothing fails";
    if (of[CS_CHANGE_FAIL])
        words = cs_arena_printf(arena, "%s %zu", words, of[CS_CHANGE_FAIL]);
    if (s->change_count > of[CS_CHANGE_FAIL])
        words = cs_arena_printf(arena, "%s · other changes under way: %zu", words,
                                s->change_count - of[CS_CHANGE_FAIL]);
    if (of[CS_CHANGE_TRAFFIC] + of[CS_CHANGE_ADD] + of[CS_CHANGE_REMOVE])
        words = cs_arena_printf(arena, "%s (load and cost are those without)", words);
    return words;
}

/* The defaults that a reader would ask about; all of them are in `capsim explain`. */
static const char *words_of_defaults(struct cs_arena *arena, const struct cs_scenario *s)
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
                words = cs_arena_printf(arena, "%s · %s %s", words, shown[k].name,
                                        s->defaults[i].value);
    return words;
}

const char *cs_words_assumed(struct cs_arena *arena, const struct cs_answer *answer,
                             const struct cs_option_answer *o)
{
    const struct cs_scenario *const s = answer->scenario;
    const char *words = words_of_changes(arena, s);
    if (s->slo.availability > 0)
        words = cs_arena_printf(arena, "%s (availability %s was asked: not modelled)", words,
                                cs_figure_percent(s->slo.availability).text);
    if (o && o->simulated)
        words = cs_arena_printf(arena, "%s · %s", words, cs_words_error(arena, o));
    if (o && o->price.note)
        words = cs_arena_printf(arena, "%s · price: %s", words, o->price.note);
    return cs_arena_printf(arena, "%s%s", words, words_of_defaults(arena, s));
}

/* Adds "WHAT OLD -> NEW UNIT" to the words where both differ. */
static const char *changed(struct cs_arena *arena, const char *words, const char *what,
                           const char *old, const char *new, const char *unit)
{
    if (strcmp(old, new) == 0)
        return words;
    return cs_arena_printf(arena, "%s%s%s%s -> %s%s", words, *words ? ", " : "", what, old, new,
                           unit);
}

const char *cs_words_change(struct cs_arena *arena, const struct cs_answer *before,
                            const struct cs_answer *after)
{
    const struct cs_option_answer *const a = cs_words_subject(before);
    const struct cs_option_answer *const b = cs_words_subject(after);
    const char *words = changed(arena, "", "", before->best < 0 ? "no" : "yes",
                                after->best < 0 ? "no" : "yes", "");
    if (!a || !b)
        return *words ? words : "the same answer";
    words = changed(arena, words, "", cs_arena_printf(arena, "%ld", a->gpus),
                    cs_arena_printf(arena, "%ld", b->gpus), b->gpus == 1 ? " GPU" : " GPUs");
    words = changed(arena, words, "", cs_money_figure(before->scenario, a->cost.usd_per_day).text,
                    cs_money_figure(after->scenario, b->cost.usd_per_day).text,
                    cs_arena_printf(arena, " %s", cs_money_per(arena, after->scenario, "day")));
    for (int m = 0; m <= CS_METRIC_TPOT; m++)
        words = changed(arena, words, cs_arena_printf(arena, "p95 %s ", cs_words_metric[m]),
                        cs_figure_time_value(a->latency[m].stat[CS_STAT_P95]).text,
                        cs_figure_time_value(b->latency[m].stat[CS_STAT_P95]).text, "");
    words = changed(arena, words, "",
                    cs_words_machine(arena, a->option, a->tensor_parallel, a->pipeline_parallel),
                    cs_words_machine(arena, b->option, b->tensor_parallel, b->pipeline_parallel),
                    "");
    words = changed(arena, words, "", a->option->model->name, b->option->model->name, "");
    return *words ? words : "the same answer";
}
