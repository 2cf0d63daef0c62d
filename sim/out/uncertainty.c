/* Spreads, regrets and the tornado, in words and as JSON (see uncertainty.h).
 *
 * The tornado's bars share one scale, from the least to the largest cost; a bar's ends are the
 * costs at the input's 5 % and 95 % quantiles, and the nominal cost is marked on each.
 */
#include "out/uncertainty.h"
#include "out/figure.h"
#include "out/json_tree.h"
#include "out/money.h"
#include "out/words.h"
#include <cJSON.h>
#include <math.h>
#include <string.h>

static const char *choice_name(struct cs_arena *arena, const struct cs_uncertainty *u,
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

static void print_inputs(const struct cs_uncertainty *u, const struct cs_text *t)
{
    const char *words = "";
    for (size_t i = 0; i < u->scenario->uncertain_count; i++)
        words = cs_arena_printf(t->arena, "%s%s%s %s", words, i ? " · " : "",
                                u->scenario->uncertain[i].key, u->scenario->uncertain[i].text);
    if (u->scenario->uncertain_model)
        words = cs_arena_printf(t->arena, "%s%sstep times by the model's error", words,
                                *words ? " · " : "");
    cs_text_section(t, "INPUTS",
                    cs_arena_printf(t->arena, "%s · %s of all together", words,
                                    cs_words_count(t->arena, (double)u->samples, "draw")));
}

static void print_spread(const struct cs_uncertainty *u, const struct cs_text *t)
{
    const struct cs_spread *const x = &u->usd;
    const char *words = "no option meets the SLO in any draw";
    if (u->feasible > 0)
        words = cs_arena_printf(
            t->arena,
            "the best of one's own plans costs %s %s/day in the median, %s in the mean; half "
            "of the draws %s to %s, nine tenths %s to %s",
            usd(t->arena, u, x->p50), cs_money_code(u->scenario), usd(t->arena, u, x->mean),
            usd(t->arena, u, x->p25), usd(t->arena, u, x->p75), usd(t->arena, u, x->p5),
            usd(t->arena, u, x->p95));
    if (u->feasible > 0 && u->feasible < 1)
        words = cs_arena_printf(t->arena, "%s; in %s of them none meets the SLO", words,
                                cs_figure_percent(1 - u->feasible).text);
    cs_text_section(t, NULL, words);
    if (u->scenario->compare_count)
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena,
                                        "hosting is cheaper than every API in %s of the "
                                        "draws (95 %%: %s to %s)",
                                        cs_figure_percent(u->own_cheapest).text,
                                        cs_figure_percent(u->own_cheapest_lo).text,
                                        cs_figure_percent(u->own_cheapest_hi).text));
    cs_text_put(t, "\n");
}

static void print_choices(const struct cs_uncertainty *u, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    const char *const day = cs_money_per(t->arena, u->scenario, "day");
    cs_grid_row(&grid, "CHOICES", "GPUs", day, "5–95 %", "cheapest", "fails", "regret", "95 %");
    for (size_t i = 0; i < u->choice_count; i++) {
        const struct cs_choice *const c = &u->choices[i];
        cs_grid_add(&grid, "%2zu %s", i + 1, choice_name(t->arena, u, c));
        cs_grid_add(&grid, "%s",
                    isnan(c->gpus_p50) ? "-"
                    : c->gpus_p5 == c->gpus_p95
                        ? cs_figure_number(c->gpus_p50, 0).text
                        : cs_arena_printf(t->arena, "%.0f–%.0f", c->gpus_p5, c->gpus_p95));
        cs_grid_add(&grid, "%s", usd(t->arena, u, c->usd.p50));
        cs_grid_add(&grid, "%s–%s", usd(t->arena, u, c->usd.p5), usd(t->arena, u, c->usd.p95));
        cs_grid_add(&grid, "%s", cs_figure_percent(c->cheapest).text);
        cs_grid_add(&grid, "%s", cs_figure_percent(c->fails).text);
        cs_grid_add(&grid, "%s", usd(t->arena, u, c->regret_mean));
        cs_grid_add(&grid, "%s", usd(t->arena, u, c->regret_p95));
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL,
                    cs_arena_printf(t->arena,
                                    "cheapest: in that share of the draws; fails: "
                                    "in that share it misses the SLO; regret: mean, and 95 %% "
                                    "quantile, of what it costs more than the cheapest "
                                    "choice of a draw, %s",
                                    day));
    if (u->choice_count)
        cs_text_section(t, NULL,
                        cs_arena_printf(t->arena, "least regret: %s",
                                        choice_name(t->arena, u, &u->choices[0])));
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
    print_inputs(u, t);
    print_spread(u, t);
    print_choices(u, t);
    print_tornado(u, t);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void put_spread(cJSON *node, const char *name, const struct cs_spread *x)
{
    cJSON *const one = cs_tree_object(node, name);
    cs_tree_number(one, "mean", x->mean);
    cs_tree_number(one, "p5", x->p5);
    cs_tree_number(one, "p25", x->p25);
    cs_tree_number(one, "p50", x->p50);
    cs_tree_number(one, "p75", x->p75);
    cs_tree_number(one, "p95", x->p95);
}

static void put_pair(cJSON *node, const char *name, double a, double b)
{
    cJSON *const pair = cs_tree_array(node, name);
    cs_tree_number(pair, NULL, a);
    cs_tree_number(pair, NULL, b);
}

void cs_uncertainty_put(struct cJSON *node, const struct cs_uncertainty *u)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cs_tree_number(node, "samples", (double)u->samples);
    cJSON *const inputs = cs_tree_array(node, "inputs");
    for (size_t i = 0; i < u->scenario->uncertain_count; i++) {
        cJSON *const one = cs_tree_object(inputs, NULL);
        cs_tree_text(one, "key", u->scenario->uncertain[i].key);
        cs_tree_text(one, "distribution", u->scenario->uncertain[i].text);
    }
    cs_tree_bool(node, "model_error", u->scenario->uncertain_model);
    put_spread(node, "usd_per_day", &u->usd);
    cs_tree_number(node, "feasible", u->feasible);
    cs_tree_number(node, "own_cheapest", u->own_cheapest);
    put_pair(node, "own_cheapest_ci95", u->own_cheapest_lo, u->own_cheapest_hi);
    cJSON *const choices = cs_tree_array(node, "choices");
    for (size_t i = 0; i < u->choice_count; i++) {
        const struct cs_choice *const c = &u->choices[i];
        cJSON *const one = cs_tree_object(choices, NULL);
        cs_tree_text(one, "choice", choice_name(&arena, u, c));
        cs_tree_text(one, "kind", c->api ? "api" : "option");
        put_spread(one, "usd_per_day", &c->usd);
        cs_tree_number(one, "gpus_p50", c->gpus_p50);
        put_pair(one, "gpus_90", c->gpus_p5, c->gpus_p95);
        cs_tree_number(one, "cheapest", c->cheapest);
        put_pair(one, "cheapest_ci95", c->cheapest_lo, c->cheapest_hi);
        cs_tree_number(one, "fails", c->fails);
        cJSON *const regret = cs_tree_object(one, "regret_usd_per_day");
        cs_tree_number(regret, "mean", c->regret_mean);
        cs_tree_number(regret, "p95", c->regret_p95);
        cs_tree_number(regret, "max", c->regret_max);
    }
    cs_tree_text(node, "least_regret",
                 u->choice_count ? choice_name(&arena, u, &u->choices[0]) : NULL);
    cJSON *const tornado = cs_tree_array(node, "tornado");
    for (size_t i = 0; i < u->row_count; i++) {
        const struct cs_tornado_row *const r = &u->rows[i];
        cJSON *const one = cs_tree_object(tornado, NULL);
        cs_tree_text(one, "input", r->name);
        cs_tree_text(one, "low", r->low);
        cs_tree_text(one, "high", r->high);
        put_pair(one, "usd_per_day", r->usd_low, r->usd_high);
        put_pair(one, "crossover", r->cross_low, r->cross_high);
    }
    cs_tree_number(node, "nominal_usd_per_day", u->nominal_usd);
    cs_tree_text(node, "crossover_against", u->against ? u->against->api->name : NULL);
    cs_tree_text(node, "crossover_unit", u->against ? u->cross_unit : NULL);
    cs_tree_number(node, "nominal_crossover", u->nominal_cross);
    cs_arena_fini(&arena);
}

void cs_uncertainty_print_json(const struct cs_uncertainty *u, FILE *out)
{
    cJSON *const root = cs_tree_new();
    cs_tree_text(root, "capsim", CS_VERSION);
    cs_tree_number(root, "schema", 1);
    cs_tree_text(root, "scenario", u->scenario->name);
    cs_tree_text(root, "file", u->scenario->path);
    cs_uncertainty_put(root, u);
    cs_tree_print(root, out);
}
