/* Spreads, regrets and the tornado, in words (see uncertainty.h).
 *
 * The tornado's bars share one scale, from the least to the largest cost; a bar's ends are the
 * costs at the input's 5 % and 95 % quantiles, and the nominal cost is marked on each.
 */
#include "out/uncertainty.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

const char *cs_uncertainty_choice(struct cs_arena *arena, const struct cs_uncertainty *u,
                               const struct cs_choice *c)
{
    if (c->api)
        return c->api->label;
    const struct cs_option *const o = &u->scenario->options[c->option];
    return cs_arena_printf(arena, "%s %s", o->model->name,
                           cs_words_machine(arena, o, o->tensor_parallel, o->pipeline_parallel));
}

static const char *usd(struct cs_arena *arena, const struct cs_uncertainty *u, double value)
{
    return cs_arena_strdup(arena, cs_money_figure(u->scenario, value).text);
}

static const char *cross(struct cs_arena *arena, double x)
{
    return isnan(x) ? "none" : cs_arena_strdup(arena, cs_figure_parameters(x).text);
}

/* --- text ------------------------------------------------------------------------------------ */

const char *cs_uncertainty_inputs(struct cs_arena *arena, const struct cs_uncertainty *u)
{
    const char *words = "";
    for (size_t i = 0; i < u->scenario->uncertain_count; i++)
        words = cs_arena_printf(arena, "%s%s%s %s", words, i ? " · " : "",
                                u->scenario->uncertain[i].key, u->scenario->uncertain[i].text);
    if (u->scenario->uncertain_model)
        words = cs_arena_printf(arena, "%s%sstep times by the model's error", words,
                                *words ? " · " : "");
    return cs_arena_printf(arena, "%s · %s of all together", words,
                           cs_words_count(arena, (double)u->samples, "draw"));
}

const char *cs_uncertainty_spread(struct cs_arena *arena, const struct cs_uncertainty *u)
{
    const struct cs_spread *const x = &u->usd;
    const char *words = "no option meets the SLO in any draw";
    if (u->feasible > 0)
        words = cs_arena_printf(
            arena,
            "the best of one's own plans costs %s %s/day in the median, %s in the mean; half "
            "of the draws %s to %s, nine tenths %s to %s",
            usd(arena, u, x->p50), cs_money_code(u->scenario), usd(arena, u, x->mean),
            usd(arena, u, x->p25), usd(arena, u, x->p75), usd(arena, u, x->p5),
            usd(arena, u, x->p95));
    if (u->unsound > 0)
        words = cs_arena_printf(arena,
                                "%s; %s that contradict themselves are left out", words,
                                cs_words_count(arena, (double)u->unsound, "draw"));
    if (u->feasible > 0 && u->feasible < 1)
        words = cs_arena_printf(arena, "%s; in %s of them none meets the SLO", words,
                                cs_figure_percent(1 - u->feasible).text);
    return words;
}

const char *cs_uncertainty_own(struct cs_arena *arena, const struct cs_uncertainty *u)
{
    if (!u->scenario->compare_count)
        return "";
    return cs_arena_printf(
        arena, "hosting is cheaper than every API in %s of the draws (95 %%: %s to %s)",
        cs_figure_percent(u->own_cheapest).text, cs_figure_percent(u->own_cheapest_lo).text,
        cs_figure_percent(u->own_cheapest_hi).text);
}

void cs_uncertainty_figures(struct cs_arena *arena, const struct cs_uncertainty *u,
                            const struct cs_choice *c, const char *figures[CS_UNCERTAINTY_FIGURES])
{
    const char *const all[CS_UNCERTAINTY_FIGURES] = {
        isnan(c->gpus_p50)          ? "-"
        : c->gpus_p5 == c->gpus_p95 ? cs_arena_strdup(arena, cs_figure_number(c->gpus_p50, 0).text)
                                    : cs_arena_printf(arena, "%.0f–%.0f", c->gpus_p5, c->gpus_p95),
        usd(arena, u, c->usd.p50),
        cs_arena_printf(arena, "%s–%s", usd(arena, u, c->usd.p5), usd(arena, u, c->usd.p95)),
        cs_arena_strdup(arena, cs_figure_percent(c->cheapest).text),
        cs_arena_strdup(arena, cs_figure_percent(c->fails).text),
        usd(arena, u, c->regret_mean),
        usd(arena, u, c->regret_p95)};
    memcpy(figures, all, sizeof all);
}

const char *cs_uncertainty_terms(struct cs_arena *arena, const struct cs_uncertainty *u)
{
    return cs_arena_printf(arena,
                           "cheapest: in that share of the draws; fails: in that share it misses "
                           "the SLO; regret: mean, and 95 %% quantile, of what it costs more than "
                           "the cheapest choice of a draw, %s",
                           cs_money_per(arena, u->scenario, "day"));
}

static void print_choices(const struct cs_uncertainty *u, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    const char *const day = cs_money_per(t->arena, u->scenario, "day");
    cs_grid_row(&grid, "CHOICES", "GPUs", day, "5–95 %", "cheapest", "fails", "regret", "95 %");
    for (size_t i = 0; i < u->choice_count; i++) {
        const struct cs_choice *const c = &u->choices[i];
        const char *figures[CS_UNCERTAINTY_FIGURES];
        cs_uncertainty_figures(t->arena, u, c, figures);
        cs_grid_add(&grid, "%2zu %s", i + 1, cs_uncertainty_choice(t->arena, u, c));
        for (int k = 0; k < CS_UNCERTAINTY_FIGURES; k++)
            cs_grid_add(&grid, "%s", figures[k]);
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL, cs_uncertainty_terms(t->arena, u));
    if (u->choice_count)
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena, "least regret: %s",
                                        cs_uncertainty_choice(t->arena, u, &u->choices[0])));
    cs_text_put(t, "\n");
}

enum { BAR = 18 };

/* A bar between two costs on a scale, the nominal one marked. */
static const char *bar(const struct cs_text *t, double a, double b, double nominal, double low,
                       double high)
{
    char cells[BAR + 1];
    const char *words = "";
    const double scale = high > low ? (BAR - 1) / (high - low) : 0;
    if (!isfinite(a) || !isfinite(b))
        return "";
    const int from = (int)lround((fmin(a, b) - low) * scale);
    const int to = (int)lround((fmax(a, b) - low) * scale);
    const int mark = isfinite(nominal) ? (int)lround((nominal - low) * scale) : -1;
    for (int i = 0; i < BAR; i++)
        cells[i] = i == mark ? '|' : i >= from && i <= to ? '#' : ' ';
    cells[BAR] = '\0';
    for (int i = 0; i < BAR; i++)
        words = cs_arena_printf(t->arena, "%s%s", words,
                                cells[i] == '#'   ? t->utf8 ? "█" : "#"
                                : cells[i] == '|' ? t->utf8 ? "│" : "|"
                                                  : " ");
    return words;
}

static void print_tornado(const struct cs_uncertainty *u, const struct cs_text *t)
{
    if (!u->row_count)
        return;
    double low = u->nominal_usd, high = u->nominal_usd;
    for (size_t i = 0; i < u->row_count; i++) {
        const double ends[] = {u->rows[i].usd_low, u->rows[i].usd_high};
        for (int k = 0; k < 2; k++)
            if (isfinite(ends[k])) {
                low = fmin(low, ends[k]);
                high = fmax(high, ends[k]);
            }
    }
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, u->against ? "llrlrll" : "llrlr");
    const char *const day = cs_money_per(t->arena, u->scenario, "day");
    cs_grid_add(&grid, "TORNADO");
    cs_grid_add(&grid, "5–95 %%");
    cs_grid_add(&grid, "%s", day);
    cs_grid_add(&grid, "%s", "");
    cs_grid_add(&grid, "%s", "");
    if (u->against) {
        cs_grid_add(&grid, "crossover");
        cs_grid_add(&grid, "%s", "");
    }
    for (size_t i = 0; i < u->row_count; i++) {
        const struct cs_tornado_row *const r = &u->rows[i];
        cs_grid_add(&grid, "  %s", r->name);
        cs_grid_add(&grid, "%s–%s", r->low, r->high);
        cs_grid_add(&grid, "%s", isfinite(r->usd_low) ? usd(t->arena, u, r->usd_low) : "none");
        cs_grid_add(&grid, "%s", bar(t, r->usd_low, r->usd_high, u->nominal_usd, low, high));
        cs_grid_add(&grid, "%s", isfinite(r->usd_high) ? usd(t->arena, u, r->usd_high) : "none");
        if (!u->against)
            continue;
        const bool along = strcmp(r->name, "traffic.volume") == 0 ||
                           strcmp(r->name, "traffic.rate") == 0 ||
                           strcmp(r->name, "traffic.requests") == 0;
        cs_grid_add(&grid, "%s", along ? "along it" : cross(t->arena, r->cross_low));
        cs_grid_add(&grid, "%s",
                    along ? "" : cs_arena_printf(t->arena, "– %s", cross(t->arena, r->cross_high)));
    }
    cs_grid_print(&grid, t, 0, true);
    const char *words = cs_arena_printf(
        t->arena,
        "of the cheapest own plan; %s: at the nominal "
        "values, %s",
        t->utf8 ? "│" : "|", isfinite(u->nominal_usd) ? usd(t->arena, u, u->nominal_usd) : "none");
    if (u->against)
        words =
            cs_arena_printf(t->arena, "%s; crossover of hosting and %s in %s, nominally %s", words,
                            u->against->label, u->cross_unit, cross(t->arena, u->nominal_cross));
    cs_text_section(t, NULL, words);
    cs_text_put(t, "\n");
}

void cs_uncertainty_print(const struct cs_uncertainty *u, const struct cs_text *t)
{
    const char *const own = cs_uncertainty_own(t->arena, u);
    cs_text_section(t, "INPUTS", cs_uncertainty_inputs(t->arena, u));
    cs_text_section(t, NULL, cs_uncertainty_spread(t->arena, u));
    if (*own)
        cs_text_section(t, NULL, own);
    cs_text_put(t, "\n");
    print_choices(u, t);
    print_tornado(u, t);
}
