/* The front of cost against latency as JSON, with the names that docs promise (see pareto.h).
 *
 * {"command", "scenario", "latency", "points": [{"front", "gpus", "set", "usd_per_day",
 * "e2e_p95_s", ...}]}: all fleets that meet the SLO, those of the front first.
 */
#include "out/json_tree.h"
#include "out/pareto.h"
#include "out/words.h"
#include <cJSON.h>

void cs_pareto_print_json(const struct cs_pareto *p, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cJSON *const root = cs_tree_new();
    cs_tree_text(root, "command", "pareto");
    cs_tree_text(root, "scenario", p->study->scenario->name);
    cs_tree_text(root, "latency", cs_words_metric[p->metric]);
    cs_tree_number(root, "fleets", (double)p->count);
    cs_tree_number(root, "unsound", (double)p->unsound);
    cJSON *const list = cs_tree_array(root, "points");
    for (size_t i = 0; i < p->count - p->missed; i++) {
        const struct cs_pareto_point *const x = &p->points[i];
        const struct cs_configuration *const c = &p->configurations[x->configuration];
        const struct cs_option *const o = &c->scenario->options[x->fleet.option];
        cJSON *const node = cs_tree_object(list, NULL);
        cs_tree_bool(node, "front", x->front);
        cs_tree_text(node, "model", o->model->name);
        cs_tree_text(node, "hardware", o->hardware->name);
        cs_tree_text(node, "precision", cs_precision_infos[o->precision].name);
        cs_tree_text(node, "engine", o->engine->name);
        cs_tree_number(node, "tensor_parallel", x->fleet.given.tensor);
        cs_tree_number(node, "replicas", x->fleet.given.replicas);
        cs_tree_number(node, "gpus", (double)x->fleet.gpus);
        cJSON *const sets = cs_tree_array(node, "set");
        for (size_t k = 0; k < c->set_count; k++)
            cs_tree_text(sets, NULL, c->sets[k]);
        cs_tree_number(node, "usd_per_day", x->usd_per_day);
        cs_tree_number(node, "usd_per_mtok", x->usd_per_mtok);
        cs_tree_number(node, "ttft_p95_s", x->ttft_s);
        cs_tree_number(node, "tpot_p95_s", x->tpot_s);
        cs_tree_number(node, "e2e_p95_s", x->e2e_s);
        cs_tree_pair(node, "ci95_s", x->latency.lo, x->latency.hi);
        cs_tree_number(node, "load", x->load);
        cs_tree_bool(node, "sketched", x->effort == CS_EFFORT_SKETCH);
    }
    cs_tree_print(root, out);
    cs_arena_fini(&arena);
}
