/* JSON of a validation (see validation.h): every case, every group, every reason.
 *
 * The rule of json.c holds here too: each name is there in each row, null where nothing is known,
 * and numbers read back to themselves. Errors are shares, not percent; figures are SI.
 * The tree is cJSON's, by malloc, and freed before return.
 */
#include "base/check.h"
#include "out/json.h"
#include "out/validation.h"
#include <cJSON.h>
#include <math.h>
#include <string.h>

static cJSON *object(void)
{
    cJSON *const o = cJSON_CreateObject();
    cs_check(o != NULL);
    return o;
}

static void put(cJSON *into, const char *key, cJSON *value)
{
    cs_check(value != NULL);
    cs_check(key ? cJSON_AddItemToObject(into, key, value) : cJSON_AddItemToArray(into, value));
}

static void put_number(cJSON *into, const char *key, double value)
{
    char text[32];
    cs_json_number(value, text);
    put(into, key, isfinite(value) ? cJSON_CreateRaw(text) : cJSON_CreateNull());
}

static void put_text(cJSON *into, const char *key, const char *text)
{
    put(into, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static cJSON *case_of(const struct cs_verdict *v)
{
    const struct cs_case *const c = v->of;
    cJSON *const row = object(), *const figures = object();
    put_text(row, "name", c->name);
    put_text(row, "source", c->source);
    put_text(row, "kind", cs_case_kind_names[c->kind]);
    put_text(row, "workload", c->workload);
    put_text(row, "part", c->part);
    put_text(row, "quality", c->quality);
    put_text(row, "model", c->option.model->name);
    put_text(row, "hardware", c->option.hardware->name);
    put_text(row, "engine", c->option.engine ? c->option.engine->name : NULL);
    put_text(row, "precision", cs_precision_infos[c->option.precision].name);
    put_number(row, "tensor_parallel", c->option.tensor_parallel);
    put_number(row, "replicas", c->replicas);
    put(row, "top_p", cJSON_CreateBool(c->top_p));
    put(row, "overloaded", cJSON_CreateBool(c->overloaded));
    put_text(row, "reason", v->reason);
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        if (isnan(c->measured[f]))
            continue;
        cJSON *const figure = object();
        put_number(figure, "measured", c->measured[f]);
        put_number(figure, "predicted", v->predicted[f]);
        put_number(figure, "error", v->error[f]);
        put_number(figure, "floor", v->floor[f]);
        put(figure, "impossible", cJSON_CreateBool(v->impossible[f]));
        put(figures, cs_validation_keys[f], figure);
    }
    put(row, "figures", figures);
    return row;
}

static cJSON *group_of(const struct cs_group *g)
{
    cJSON *const row = object(), *const figures = object();
    put_text(row, "by", cs_group_names[g->by]);
    put_text(row, "name", g->name);
    put_number(row, "cases", (double)g->cases);
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        cJSON *const figure = object();
        put_number(figure, "count", (double)g->figures[f].count);
        put_number(figure, "median_abs_error", g->figures[f].median_abs);
        put_number(figure, "mean_abs_error", g->figures[f].mean_abs);
        put_number(figure, "median_error", g->figures[f].median);
        put(figures, cs_validation_keys[f], figure);
    }
    put(row, "figures", figures);
    return row;
}

static void put_reasons(cJSON *root, const char *key, const struct cs_cases *cases)
{
    cJSON *const list = cJSON_CreateArray();
    put(root, key, list);
    for (size_t i = 0; i < cases->skip_count; i++) {
        cJSON *const row = object();
        put_text(row, "reason", cases->skips[i].reason);
        put_number(row, "count", (double)cases->skips[i].count);
        put_text(row, "example", cases->skips[i].example);
        put(list, NULL, row);
    }
}

void cs_json_print_validation(const struct cs_validation *v, FILE *out)
{
    cJSON *const root = object(), *const cases = cJSON_CreateArray();
    cJSON *const groups = cJSON_CreateArray();
    put_text(root, "capsim", CS_VERSION);
    put_number(root, "schema", 1);
    put_number(root, "read", (double)v->cases->read);
    put_number(root, "compared", (double)v->compared);
    put_number(root, "overloaded", (double)v->overloaded);
    put_number(root, "unable", (double)v->unable);
    put_number(root, "impossible", (double)v->impossible);
    put_number(root, "below_floor", (double)v->below_floor);
    put(root, "groups", groups);
    put(root, "cases", cases);
    for (size_t i = 0; i < v->group_count; i++)
        put(groups, NULL, group_of(&v->groups[i]));
    for (size_t i = 0; i < v->cases->count; i++)
        put(cases, NULL, case_of(&v->verdicts[i]));
    put_reasons(root, "skipped", v->cases);
    put_reasons(root, "unanswered", &v->unanswered);
    char *const text = cJSON_Print(root);
    cs_check(text != NULL);
    fputs(text, out);
    putc('\n', out);
    cJSON_free(text);
    cJSON_Delete(root);
}
