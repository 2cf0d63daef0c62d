/* Capacity and budget as JSON, with the names that docs promise (see budget.h).
 *
 * {"command", "scenario", "unit", "fleets": [{"option", "gpus", "at", "ci95", "model95",
 * "usd_per_day", "tokens_per_usd", ..., "break_even": [{"api", "share"}]}]}. What a fleet cannot do
 * is null, and "why_not" says why.
 */
#include "out/budget.h"
#include "out/json_tree.h"
#include "out/words.h"
#include <cJSON.h>
#include <math.h>

/* `up`: the frontier's ends ascend; of limits, which are the harder the smaller, they do not. */
static cJSON *put_fleet(cJSON *list, const struct cs_study *study, const struct cs_frontier *f,
                        bool up, struct cs_arena *arena)
{
    static const char *const names[CS_METRIC_COUNT] = {"ttft_s", "tpot_s", "itl_s", "e2e_s"};
    const struct cs_option *const o = &study->scenario->options[f->fleet.option];
    const struct cs_fleet_figures *const h = &f->here;
    cJSON *const node = cs_tree_object(list, NULL);
    cs_tree_text(node, "option", cs_budget_fleet(arena, study, &f->fleet));
    cs_tree_number(node, "option_index", (double)f->fleet.option);
    cs_tree_text(node, "model", o->model->name);
    cs_tree_text(node, "hardware", o->hardware->name);
    cs_tree_text(node, "precision", cs_precision_infos[o->precision].name);
    cs_tree_number(node, "tensor_parallel", f->fleet.given.tensor);
    cs_tree_number(node, "replicas", f->fleet.given.replicas);
    cs_tree_number(node, "gpus", (double)f->fleet.gpus);
    cs_tree_text(node, "why_not", f->why_not);
    cs_tree_number(node, "at", f->at);
    cs_tree_pair(node, "ci95", up ? f->lo : f->hi, up ? f->hi : f->lo);
    cs_tree_pair(node, "model95", up ? f->model_lo : f->model_hi, up ? f->model_hi : f->model_lo);
    cs_tree_bool(node, "model_known", f->model_known);
    cs_tree_text(node, "misses_first", isnan(f->at) ? NULL : cs_binding_names[f->binding]);
    const bool s = h->simulated;
    cs_tree_bool(node, "slo_met", s && h->slo_met);
    cs_tree_number(node, "usd_per_day", s ? h->usd_per_day : NAN);
    cs_tree_number(node, "usd_per_mtok", s ? h->usd_per_mtok : NAN);
    cs_tree_number(node, "tokens_per_day", s ? h->tokens_per_day : NAN);
    cs_tree_number(node, "tokens_per_day_per_gpu",
                   s ? h->tokens_per_day / (double)f->fleet.gpus : NAN);
    cs_tree_number(node, "tokens_per_usd", s ? h->tokens_per_day / h->usd_per_day : NAN);
    cs_tree_number(node, "busy", s ? h->busy : NAN);
    cs_tree_number(node, "load", s ? h->load : NAN);
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        cJSON *const metric = cs_tree_object(node, names[m]);
        for (int k = 0; k < CS_STAT_COUNT; k++)
            cs_tree_number(metric, k == CS_STAT_P99_9 ? "p99_9" : cs_words_stat[k],
                           s ? h->latency[m].stat[k].value : NAN);
    }
    return node;
}

static cJSON *open_tree(const struct cs_study *study, const char *command)
{
    cJSON *const root = cs_tree_new();
    cs_tree_text(root, "command", command);
    cs_tree_text(root, "scenario", study->scenario->name);
    return root;
}

void cs_capacity_print_json(const struct cs_capacity *c, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cJSON *const root = open_tree(c->study, "capacity");
    cs_tree_text(root, "unit", c->along.unit);
    cJSON *const list = cs_tree_array(root, "fleets");
    for (size_t i = 0; i < c->count; i++) {
        cJSON *const node = put_fleet(list, c->study, &c->fleets[i], true, &arena);
        cJSON *const even = cs_tree_array(node, "break_even");
        for (size_t a = 0; a < c->study->scenario->compare_count; a++) {
            cJSON *const api = cs_tree_object(even, NULL);
            cs_tree_text(api, "api", c->study->scenario->compare[a].api->name);
            cs_tree_text(api, "label", c->study->scenario->compare[a].label);
            cs_tree_number(api, "share", cs_capacity_break_even(&c->fleets[i], a));
        }
    }
    cs_tree_print(root, out);
    cs_arena_fini(&arena);
}

void cs_budget_print_json(const struct cs_budget *b, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cJSON *const root = open_tree(b->study, "budget");
    cs_tree_number(root, "budget_usd_per_day", b->usd_per_day);
    cJSON *const list = cs_tree_array(root, "fleets");
    for (size_t i = 0; i < b->count; i++)
        put_fleet(list, b->study, &b->fleets[i], false, &arena);
    cs_tree_print(root, out);
    cs_arena_fini(&arena);
}
