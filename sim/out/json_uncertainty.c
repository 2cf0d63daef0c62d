/* Draws, choices and the tornado as JSON, with the names that docs promise (see uncertainty.h).
 *
 * {"samples", "usd_per_day", "own_cheapest", "choices": [{"option" or "api", "cheapest", "fails",
 * "regret"}], "tornado": [{"input", "low", "high"}]}; also under "uncertain" of a run's JSON.
 */
#include "out/json_tree.h"
#include "out/uncertainty.h"
#include "out/words.h"
#include <cJSON.h>
#include <math.h>

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

void cs_uncertainty_put(struct cJSON *node, const struct cs_uncertainty *u)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cs_tree_number(node, "samples", (double)u->samples);
    cs_tree_number(node, "unsound", (double)u->unsound);
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
    cs_tree_pair(node, "own_cheapest_ci95", u->own_cheapest_lo, u->own_cheapest_hi);
    cJSON *const choices = cs_tree_array(node, "choices");
    for (size_t i = 0; i < u->choice_count; i++) {
        const struct cs_choice *const c = &u->choices[i];
        cJSON *const one = cs_tree_object(choices, NULL);
        cs_tree_text(one, "choice", cs_uncertainty_choice(&arena, u, c));
        cs_tree_text(one, "kind", c->api ? "api" : "option");
        put_spread(one, "usd_per_day", &c->usd);
        cs_tree_number(one, "gpus_p50", c->gpus_p50);
        cs_tree_pair(one, "gpus_90", c->gpus_p5, c->gpus_p95);
        cs_tree_number(one, "cheapest", c->cheapest);
        cs_tree_pair(one, "cheapest_ci95", c->cheapest_lo, c->cheapest_hi);
        cs_tree_number(one, "fails", c->fails);
        cJSON *const regret = cs_tree_object(one, "regret_usd_per_day");
        cs_tree_number(regret, "mean", c->regret_mean);
        cs_tree_number(regret, "p95", c->regret_p95);
        cs_tree_number(regret, "max", c->regret_max);
    }
    cs_tree_text(node, "least_regret",
                 u->choice_count ? cs_uncertainty_choice(&arena, u, &u->choices[0]) : NULL);
    cJSON *const tornado = cs_tree_array(node, "tornado");
    for (size_t i = 0; i < u->row_count; i++) {
        const struct cs_tornado_row *const r = &u->rows[i];
        cJSON *const one = cs_tree_object(tornado, NULL);
        cs_tree_text(one, "input", r->name);
        cs_tree_text(one, "low", r->low);
        cs_tree_text(one, "high", r->high);
        cs_tree_pair(one, "usd_per_day", r->usd_low, r->usd_high);
        cs_tree_pair(one, "crossover", r->cross_low, r->cross_high);
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
