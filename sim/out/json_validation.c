/* JSON of a validation (see validation.h): every case, every group, every reason.
 *
 * The rule of json.c holds here too: each name is there in each row, null where nothing is known,
 * and numbers read back to themselves. Errors are shares, not percent; figures are SI.
 * The tree (json_tree.h) is freed before return.
 */
#include "out/json_tree.h"
#include "out/validation.h"
#include <math.h>

static void put_case(struct cJSON *list, const struct cs_verdict *v)
{
    const struct cs_case *const c = v->of;
    struct cJSON *const row = cs_tree_object(list, NULL);
    cs_tree_text(row, "name", c->name);
    cs_tree_text(row, "source", c->source);
    cs_tree_text(row, "kind", cs_case_kind_names[c->kind]);
    cs_tree_text(row, "workload", c->workload);
    cs_tree_text(row, "part", c->part);
    cs_tree_text(row, "quality", c->quality);
    cs_tree_text(row, "model", c->option.model->name);
    cs_tree_text(row, "hardware", c->option.hardware->name);
    cs_tree_text(row, "engine", c->option.engine ? c->option.engine->name : NULL);
    cs_tree_text(row, "precision", cs_precision_infos[c->option.precision].name);
    cs_tree_number(row, "tensor_parallel", c->option.tensor_parallel);
    cs_tree_number(row, "replicas", c->replicas);
    cs_tree_bool(row, "top_p", c->top_p);
    cs_tree_bool(row, "overloaded", c->overloaded);
    cs_tree_text(row, "reason", v->reason);
    struct cJSON *const figures = cs_tree_object(row, "figures");
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        if (isnan(c->measured[f]))
            continue;
        struct cJSON *const figure = cs_tree_object(figures, cs_validation_keys[f]);
        cs_tree_number(figure, "measured", c->measured[f]);
        cs_tree_number(figure, "predicted", v->predicted[f]);
        cs_tree_number(figure, "error", v->error[f]);
        cs_tree_number(figure, "floor", v->floor[f]);
        cs_tree_bool(figure, "impossible", v->impossible[f]);
    }
}

static void put_group(struct cJSON *list, const struct cs_group *g)
{
    struct cJSON *const row = cs_tree_object(list, NULL);
    cs_tree_text(row, "by", cs_group_names[g->by]);
    cs_tree_text(row, "name", g->name);
    cs_tree_number(row, "cases", (double)g->cases);
    struct cJSON *const figures = cs_tree_object(row, "figures");
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        struct cJSON *const figure = cs_tree_object(figures, cs_validation_keys[f]);
        cs_tree_number(figure, "count", (double)g->figures[f].count);
        cs_tree_number(figure, "median_abs_error", g->figures[f].median_abs);
        cs_tree_number(figure, "mean_abs_error", g->figures[f].mean_abs);
        cs_tree_number(figure, "median_error", g->figures[f].median);
    }
}

static void put_reasons(struct cJSON *root, const char *key, const struct cs_cases *cases)
{
    struct cJSON *const list = cs_tree_array(root, key);
    for (size_t i = 0; i < cases->skip_count; i++) {
        struct cJSON *const row = cs_tree_object(list, NULL);
        cs_tree_text(row, "reason", cases->skips[i].reason);
        cs_tree_number(row, "count", (double)cases->skips[i].count);
        cs_tree_text(row, "example", cases->skips[i].example);
    }
}

void cs_json_print_validation(const struct cs_validation *v, FILE *out)
{
    struct cJSON *const root = cs_tree_new();
    cs_tree_text(root, "capsim", CS_VERSION);
    cs_tree_number(root, "schema", 1);
    cs_tree_number(root, "read", (double)v->cases->read);
    cs_tree_number(root, "compared", (double)v->compared);
    cs_tree_number(root, "overloaded", (double)v->overloaded);
    cs_tree_number(root, "unable", (double)v->unable);
    cs_tree_number(root, "impossible", (double)v->impossible);
    cs_tree_number(root, "below_floor", (double)v->below_floor);
    struct cJSON *const groups = cs_tree_array(root, "groups");
    struct cJSON *const cases = cs_tree_array(root, "cases");
    for (size_t i = 0; i < v->group_count; i++)
        put_group(groups, &v->groups[i]);
    for (size_t i = 0; i < v->cases->count; i++)
        put_case(cases, &v->verdicts[i]);
    put_reasons(root, "skipped", v->cases);
    put_reasons(root, "unanswered", &v->unanswered);
    cs_tree_print(root, out);
}
