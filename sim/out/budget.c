/* Tables of what fleets can do, and of what money buys (see budget.h).
 *
 * A fleet that cannot be, or that meets the SLO nowhere, keeps its row, with the reason in the last
 * column: a table without it would look as if it had not been asked for.
 */
#include "out/budget.h"
#include "out/crossover.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

/* --- words ----------------------------------------------------------------------------------- */

const char *cs_budget_fleet(struct cs_arena *arena, const struct cs_study *study,
                            const struct cs_own_fleet *f)
{
    const struct cs_option *const o = &study->scenario->options[f->option];
    return cs_arena_printf(arena, "%s %s", o->model->name,
                           cs_words_machine(arena, o, f->given.tensor, o->pipeline_parallel));
}

const char *cs_budget_limits(struct cs_arena *arena, const struct cs_scenario *s, double factor)
{
    const char *words = "";
    for (size_t i = 0; i < s->slo.count; i++) {
        const struct cs_slo_limit *const l = &s->slo.limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        words = cs_arena_printf(
            arena, "%s%s%s %s ≤ %s", words, i ? ", " : "", cs_words_metric[l->metric],
            stat < 0 ? "" : cs_words_stat[stat],
            factor == 1.0
                ? cs_figure_time_given(l->limit_s).text
                : cs_figure_time_value((struct cs_interval){l->limit_s * factor, NAN, NAN}).text);
    }
    if (s->slo.count == 0)
        return "";
    return cs_arena_printf(arena, "%s, in every %s", words, cs_words_window[s->slo.window]);
}

static const char *usd(struct cs_arena *arena, const struct cs_study *study, double value)
{
    return isnan(value) ? "-"
                        : cs_arena_strdup(arena, cs_money_figure(study->scenario, value).text);
}

static const char *p95(struct cs_arena *arena, const struct cs_fleet_figures *f, int metric)
{
    return cs_arena_strdup(arena, cs_figure_time_value(f->latency[metric].stat[CS_STAT_P95]).text);
}

static const char *amount(struct cs_arena *arena, double x)
{
    return isnan(x) ? "?" : cs_arena_strdup(arena, cs_figure_parameters(x).text);
}

/* An interval, the smaller end first, a prefix that both ends have said once: "744–759M". */
static const char *span(struct cs_arena *arena, bool known, double lo, double hi,
                        const char *(*text)(struct cs_arena *, double))
{
    if (!known)
        return "not known";
    const char *const a = text(arena, lo <= hi ? lo : hi), *const b =
                                                               text(arena, lo <= hi ? hi : lo);
    const size_t n = strlen(a), m = strlen(b);
    const bool same = n > 1 && m > 1 && a[n - 1] == b[m - 1] && a[n - 1] > '9';
    return cs_arena_printf(arena, "%.*s–%s", (int)(same ? n - 1 : n), a, b);
}

static const char *factor_text(struct cs_arena *arena, double x)
{
    return isnan(x) ? "?" : cs_arena_strdup(arena, cs_figure_short(x).text);
}

static const char *misses(const struct cs_frontier *f)
{
    static const char *const words[CS_BINDING_COUNT] = {
        "nothing that was tried", "TTFT",      "TPOT", "ITL", "E2E", "KV memory",
        "memory of weights",      "throughput"};
    return words[f->binding];
}

/* The rows of what cannot be, below the table. */
static void print_impossible(const struct cs_text *t, const struct cs_study *study,
                             const struct cs_frontier *list, size_t count, bool all)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!list[i].why_not || (!all && list[i].here.simulated))
            continue;
        cs_text_section(t, any ? NULL : "NOT",
                        cs_arena_printf(t->arena, "%s: %s",
                                        cs_budget_fleet(t->arena, study, &list[i].fleet),
                                        list[i].why_not));
        any = true;
    }
    if (any)
        cs_text_put(t, "\n");
}

static void print_assumed(const struct cs_text *t, const struct cs_study *study, const char *words)
{
    const struct cs_scenario *const s = study->scenario;
    if (s->cost.currency)
        words = cs_arena_printf(t->arena, "%s · 1 %s = %.6g USD", words, s->cost.currency,
                                s->cost.currency_usd);
    cs_text_section(t, "ASSUMED",
                    cs_arena_printf(t->arena, "%s · prices: %s · all: capsim explain %s", words,
                                    s->cost.prices, s->path));
}

/* --- capacity -------------------------------------------------------------------------------- */

static void print_most(const struct cs_capacity *c, const struct cs_text *t)
{
    const struct cs_study *const study = c->study;
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrrl");
    cs_grid_row(&grid, "FLEETS", c->along.unit, "95 %", "model",
                cs_money_per(t->arena, study->scenario, "day"),
                cs_money_per(t->arena, study->scenario, "Mtok"), "misses");
    for (size_t i = 0; i < c->count; i++) {
        const struct cs_frontier *const f = &c->fleets[i];
        if (isnan(f->at))
            continue;
        cs_grid_add(&grid, "%2zu %ld × %s", i + 1, f->fleet.gpus,
                    cs_budget_fleet(t->arena, study, &f->fleet));
        cs_grid_add(&grid, "%s", amount(t->arena, f->at));
        cs_grid_add(&grid, "%s", span(t->arena, true, f->lo, f->hi, amount));
        cs_grid_add(&grid, "%s", span(t->arena, f->model_known, f->model_lo, f->model_hi, amount));
        cs_grid_add(&grid, "%s", usd(t->arena, study, f->here.usd_per_day));
        cs_grid_add(&grid, "%s", usd(t->arena, study, f->here.usd_per_mtok));
        cs_grid_add(&grid, "%s", misses(f));
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(
        t, NULL,
        "the most traffic, over the whole curve, at which the SLO is met in its busiest "
        "hour, and what it misses first beyond; 95 %: sampling; model: at both ends of "
        "the model's error; costs at that traffic");
    cs_text_put(t, "\n");
}

/* By fleet: what a GPU and a dollar buy, and the share at which each API is beaten. */
static void print_break_even(const struct cs_capacity *c, const struct cs_text *t)
{
    const struct cs_scenario *const s = c->study->scenario;
    struct cs_grid grid;
    char align[CS_GRID_COLUMNS + 1] = "lrr";
    const size_t apis = s->compare_count < 8 ? s->compare_count : 8;
    memset(align + 3, 'r', apis);
    cs_grid_init(&grid, t->arena, align);
    cs_grid_add(&grid, "EACH");
    cs_grid_add(&grid, "per GPU");
    cs_grid_add(&grid, "per %s", cs_money_code(s));
    for (size_t a = 0; a < apis; a++)
        cs_grid_add(&grid, "%s", s->compare[a].label);
    for (size_t i = 0; i < c->count; i++) {
        const struct cs_frontier *const f = &c->fleets[i];
        if (isnan(f->at))
            continue;
        const double paid = f->here.usd_per_day / s->cost.currency_usd;
        cs_grid_add(&grid, "%2zu", i + 1);
        cs_grid_add(&grid, "%s",
                    amount(t->arena, f->here.tokens_per_day / (double)f->fleet.gpus));
        cs_grid_add(&grid, "%s",
                    paid > 0.0 ? amount(t->arena, f->here.tokens_per_day / paid) : "-");
        for (size_t a = 0; a < apis; a++) {
            const double share = cs_capacity_break_even(f, a);
            cs_grid_add(&grid, "%s",
                        isnan(share)  ? "-"
                        : share > 1.0 ? "never"
                                      : cs_figure_percent(share).text);
        }
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL,
                    apis == 0 ? "tokens a day of each GPU, and tokens for each unit of money"
                              : "tokens a day of each GPU, and tokens for each unit of money; "
                                "under the APIs the break-even: the share of that traffic from "
                                "which on the fleet costs less; never: not even when full");
    cs_text_put(t, "\n");
}

void cs_capacity_print(const struct cs_capacity *c, const struct cs_text *t)
{
    const struct cs_scenario *const s = c->study->scenario;
    const char *const limits = cs_budget_limits(t->arena, s, 1.0);
    cs_text_edges(t, s->name, "capacity");
    cs_text_wrap(t,
                 cs_arena_printf(t->arena, "the most traffic that fleets can take · %s",
                                 *limits ? limits : "no SLO: as long as they keep up"),
                 0, 0);
    cs_text_put(t, "\n\n");
    bool any = false; /* tables of nothing say nothing */
    for (size_t i = 0; i < c->count; i++)
        any |= !isnan(c->fleets[i].at);
    if (any) {
        print_most(c, t);
        print_break_even(c, t);
    }
    print_impossible(t, c->study, c->fleets, c->count, true);
    print_assumed(t, c->study,
                  "lengths, curve and burstiness as in the scenario, its volume alone varies");
}

/* --- budget ---------------------------------------------------------------------------------- */

static void print_best(const struct cs_budget *b, const struct cs_text *t)
{
    const struct cs_study *const study = b->study;
    const bool slo = study->scenario->slo.count > 0;
    bool any = false;
    for (size_t i = 0; i < b->count; i++)
        any |= b->fleets[i].here.simulated;
    if (!any)
        return;
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, slo ? "lrrrrrrrl" : "lrrrrr");
    cs_grid_add(&grid, "FLEETS");
    cs_grid_add(&grid, "%s", cs_money_per(t->arena, study->scenario, "day"));
    if (slo) {
        cs_grid_add(&grid, "limits ×");
        cs_grid_add(&grid, "95 %%");
        cs_grid_add(&grid, "model");
    }
    cs_grid_add(&grid, "TTFT");
    cs_grid_add(&grid, "TPOT");
    cs_grid_add(&grid, "E2E");
    cs_grid_add(&grid, slo ? "misses" : "load");
    for (size_t i = 0; i < b->count; i++) {
        const struct cs_frontier *const f = &b->fleets[i];
        if (!f->here.simulated)
            continue;
        cs_grid_add(&grid, "%2zu %ld × %s", i + 1, f->fleet.gpus,
                    cs_budget_fleet(t->arena, study, &f->fleet));
        cs_grid_add(&grid, "%s", usd(t->arena, study, f->here.usd_per_day));
        if (slo) {
            cs_grid_add(&grid, "%s", factor_text(t->arena, f->at));
            cs_grid_add(&grid, "%s", span(t->arena, true, f->lo, f->hi, factor_text));
            cs_grid_add(&grid, "%s",
                        span(t->arena, f->model_known, f->model_lo, f->model_hi, factor_text));
        }
        cs_grid_add(&grid, "%s", p95(t->arena, &f->here, CS_METRIC_TTFT));
        cs_grid_add(&grid, "%s", p95(t->arena, &f->here, CS_METRIC_TPOT));
        cs_grid_add(&grid, "%s", p95(t->arena, &f->here, CS_METRIC_E2E));
        cs_grid_add(&grid, "%s",
                    slo ? misses(f)
                        : cs_arena_strdup(t->arena, cs_figure_percent(f->here.load).text));
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(
        t, NULL,
        slo ? "limits ×: every limit could be tightened (below 1) or must be loosened "
              "(above 1) by that factor, and what is missed first beyond; TTFT, TPOT, E2E: p95 "
              "over the whole run"
            : "the scenario has no SLO: what each fleet attains, over the whole run");
    cs_text_put(t, "\n");
}

void cs_budget_print(const struct cs_budget *b, const struct cs_text *t)
{
    const struct cs_scenario *const s = b->study->scenario;
    const char *const day = cs_money_per(t->arena, s, "day");
    cs_text_edges(
        t, s->name,
        cs_arena_printf(t->arena, "budget %s %s", usd(t->arena, b->study, b->usd_per_day), day));
    if (s->slo.count)
        cs_text_wrap(t, cs_budget_limits(t->arena, s, 1.0), 0, 0);
    cs_text_put(t, s->slo.count ? "\n\n" : "\n");
    const struct cs_frontier *const best = b->count ? &b->fleets[0] : NULL;
    bool paid = false;
    for (size_t i = 0; i < b->count; i++)
        paid |= b->fleets[i].fleet.given.replicas > 0;
    const char *words = paid ? "no fleet that it pays for will do"
                             : "no fleet of any option costs so little";
    if (best && best->here.simulated && isfinite(best->at))
        words = cs_arena_printf(t->arena, "%s%s on %s for %s %s%s",
                                best->at > 1 ? "NOT ENOUGH for the SLO as it stands; the best is "
                                             : "the best is ",
                                cs_budget_limits(t->arena, s, best->at),
                                cs_arena_printf(t->arena, "%ld × %s", best->fleet.gpus,
                                                cs_budget_fleet(t->arena, b->study, &best->fleet)),
                                usd(t->arena, b->study, best->here.usd_per_day), day,
                                best->at > 1 ? "" : ", tighter than asked");
    else if (best && best->here.simulated)
        words = cs_arena_printf(t->arena, "E2E p95 %s on %ld × %s for %s %s",
                                p95(t->arena, &best->here, CS_METRIC_E2E), best->fleet.gpus,
                                cs_budget_fleet(t->arena, b->study, &best->fleet),
                                usd(t->arena, b->study, best->here.usd_per_day), day);
    cs_text_section(t, "ANSWER", words);
    cs_text_put(t, "\n");
    print_best(b, t);
    print_impossible(t, b->study, b->fleets, b->count, false);
    print_assumed(t, b->study, "of each option the largest fleet that the budget pays for");
}
