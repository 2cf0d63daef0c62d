/* The crossover as JSON, with the names that docs promise (see crossover.h).
 *
 * {"axis", "unit", "against": [{"api", "crossings": [{"at", "ci95", "option"}], "cheaper_below",
 * "cheaper_above", "never_because"}], "points": [...]}; with a second axis, a list of such objects
 * under "by". Ends of intervals beyond the range are null.
 */
#include "out/crossover.h"
#include "out/json.h"
#include "out/json_tree.h"
#include <cJSON.h>
#include <math.h>

static const char *party(struct cs_arena *arena, const struct cs_crossover *c, size_t api, int who)
{
    return who == CS_CROSSOVER_NOBODY ? NULL
           : who == CS_CROSSOVER_API  ? c->against[api].api->api->name
                                      : cs_crossover_option(arena, c, (size_t)who);
}

static void put_crossing(cJSON *list, const struct cs_crossover *c, const struct cs_crossing *k,
                         struct cs_arena *arena)
{
    cJSON *const node = cs_tree_object(list, NULL);
    cs_tree_number(node, "at", k->at);
    cs_tree_pair(node, "ci95", k->sampling_lo, k->sampling_hi);
    cs_tree_pair(node, "model95", k->model_known ? k->model_lo : NAN,
             k->model_known ? k->model_hi : NAN);
    cs_tree_bool(node, "model_known", k->model_known);
    cs_tree_text(node, "cheaper_above", k->own_above ? "own" : "api");
    cs_tree_text(node, "kind", k->step ? "step" : "line");
    cs_tree_text(node, "option", cs_crossover_option(arena, c, k->option));
    cs_tree_number(node, "option_index", (double)k->option);
    cs_tree_number(node, "gpus", (double)k->gpus);
}

static void put_against(cJSON *list, const struct cs_crossover *c, size_t api,
                        struct cs_arena *arena)
{
    const struct cs_against *const g = &c->against[api];
    cJSON *const node = cs_tree_object(list, NULL);
    cs_tree_text(node, "api", g->api->api->name);
    cs_tree_text(node, "label", g->api->label);
    cJSON *const crossings = cs_tree_array(node, "crossings");
    for (size_t i = 0; i < g->count; i++)
        put_crossing(crossings, c, &g->crossings[i], arena);
    cs_tree_text(node, "cheaper_below", party(arena, c, api, g->below));
    cs_tree_text(node, "cheaper_above", party(arena, c, api, g->above));
    cs_tree_text(node, "never_because", g->never);
    cs_tree_number(node, "least_ratio", g->ratio);
    cs_tree_number(node, "least_ratio_at", isfinite(g->ratio) ? g->ratio_x : NAN);
    cs_tree_number(node, "gpu_price_needed", g->gpu_price_needed);
    cJSON *const own = cs_tree_array(node, "options");
    for (size_t o = 0; o < c->curve_count; o++) {
        cJSON *const one = cs_tree_object(own, NULL);
        cs_tree_text(one, "option", cs_crossover_option(arena, c, o));
        cJSON *const at = cs_tree_array(one, "crossings");
        for (size_t i = 0; i < g->own[o].count; i++) {
            cJSON *const k = cs_tree_object(at, NULL);
            cs_tree_number(k, "at", g->own[o].items[i].at);
            cs_tree_text(k, "cheaper_above", g->own[o].items[i].own_above ? "own" : "api");
        }
    }
}

static void put_point(cJSON *list, const struct cs_crossover *c, double x)
{
    static const char *const efforts[] = {"full", "brief", "sketch"};
    cJSON *const node = cs_tree_object(list, NULL);
    cs_tree_number(node, "x", x);
    cJSON *const options = cs_tree_array(node, "options");
    const struct cs_cost_point *any = NULL;
    for (size_t o = 0; o < c->curve_count; o++) {
        const struct cs_cost_point *const p = cs_crossover_point(&c->curves[o], x);
        cJSON *const one = cs_tree_object(options, NULL);
        if (!p)
            continue;
        any = p;
        cs_tree_bool(one, "feasible", p->feasible);
        cs_tree_text(one, "reason", p->why);
        cs_tree_number(one, "gpus", p->feasible ? (double)p->gpus : NAN);
        cs_tree_pair(one, "gpus_ci95", p->feasible ? (double)p->gpus_lo : NAN,
                 p->feasible ? (double)p->gpus_hi : NAN);
        cs_tree_number(one, "usd_per_day", p->usd);
        cs_tree_number(one, "ttft_p95_ms", p->feasible ? 1e3 * p->ttft_p95_s : NAN);
        cs_tree_number(one, "tpot_p95_ms", p->feasible ? 1e3 * p->tpot_p95_s : NAN);
        cs_tree_text(one, "effort", efforts[p->effort]);
    }
    cJSON *const apis = cs_tree_array(node, "apis");
    for (size_t a = 0; a < c->against_count; a++)
        cs_tree_number(apis, NULL, any ? any->api[a] : NAN);
}

static void put_crossover(cJSON *node, const struct cs_crossover *c, struct cs_arena *arena)
{
    cs_tree_text(node, "axis", c->along.key ? c->along.key : c->along.name);
    cs_tree_text(node, "unit", c->along.unit);
    cs_tree_pair(node, "range", c->along.low, c->along.high);
    cs_tree_number(node, "here", c->here);
    cs_tree_number(node, "fleets", (double)c->planned);
    cJSON *const options = cs_tree_array(node, "options");
    for (size_t o = 0; o < c->curve_count; o++)
        cs_tree_text(options, NULL, cs_crossover_option(arena, c, o));
    cJSON *const against = cs_tree_array(node, "against");
    for (size_t a = 0; a < c->against_count; a++)
        put_against(against, c, a, arena);
    cJSON *const ranks = cs_tree_array(node, "cheapest_option");
    for (size_t i = 0; i < c->rank_count; i++) {
        cJSON *const one = cs_tree_object(ranks, NULL);
        cs_tree_number(one, "from", c->ranks[i].at);
        cs_tree_text(one, "option", cs_crossover_option(arena, c, c->ranks[i].to));
    }
    cJSON *const what_ifs = cs_tree_array(node, "what_if");
    for (size_t i = 0; i < c->what_if_count; i++) {
        cJSON *const one = cs_tree_object(what_ifs, NULL);
        cs_tree_text(one, "change", c->what_ifs[i].what);
        cJSON *const at = cs_tree_array(one, "at");
        for (size_t a = 0; a < c->against_count; a++)
            cs_tree_number(at, NULL, c->what_ifs[i].at[a]);
    }
    cJSON *const points = cs_tree_array(node, "points");
    for (size_t g = 0; g < c->grid_count; g++)
        put_point(points, c, c->grid[g]);
}

void cs_crossover_print_json(const struct cs_crossover_at *rows, size_t count, const char *key,
                             FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    cJSON *const root = cs_tree_new();
    const struct cs_scenario *const s = rows[0].crossover.study->scenario;
    cs_tree_text(root, "capsim", CS_VERSION);
    cs_tree_number(root, "schema", 1);
    cs_tree_text(root, "scenario", s->name);
    cs_tree_text(root, "file", s->path);
    if (!key) {
        put_crossover(root, &rows[0].crossover, &arena);
    } else {
        cs_tree_text(root, "by_axis", key);
        cJSON *const by = cs_tree_array(root, "by");
        for (size_t i = 0; i < count; i++) {
            cJSON *const one = cs_tree_object(by, NULL);
            cs_tree_text(one, "value", rows[i].value);
            put_crossover(one, &rows[i].crossover, &arena);
        }
    }
    cs_tree_print(root, out);
    cs_arena_fini(&arena);
}
