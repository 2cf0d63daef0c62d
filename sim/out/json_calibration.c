/* Calibration as JSON (see calibration.h): everything, in SI units, nothing rounded.
 *
 * The rule: as in json.c, a figure that does not exist is null and its name is there all the same.
 * The tree is malloc'd by cJSON and freed before return.
 */
#include "base/check.h"
#include "out/calibration.h"
#include "out/json.h"
#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static cJSON *raw(double value)
{
    char text[32];
    cs_json_number(value, text);
    cJSON *const node = strcmp(text, "null") == 0 ? cJSON_CreateNull() : cJSON_CreateRaw(text);
    cs_check(node != NULL);
    return node;
}

static cJSON *put(cJSON *parent, const char *name, cJSON *node)
{
    cs_check(node != NULL && (name ? cJSON_AddItemToObject(parent, name, node)
                                   : cJSON_AddItemToArray(parent, node)));
    return node;
}

static cJSON *text(const char *words)
{
    return words ? cJSON_CreateString(words) : cJSON_CreateNull();
}

static void put_sums(cJSON *parent, const char *name, const struct cs_error_sum *sums)
{
    cJSON *const all = put(parent, name, cJSON_CreateObject());
    for (int i = 0; i < CS_FIGURE_COUNT; i++) {
        if (sums[i].count == 0)
            continue;
        cJSON *const one = put(all, cs_figure_names[i], cJSON_CreateObject());
        put(one, "count", raw((double)sums[i].count));
        put(one, "median", raw(sums[i].median));
        put(one, "mean", raw(sums[i].mean));
        put(one, "signed_median", raw(sums[i].bias));
    }
}

static void put_parameters(cJSON *root, const struct cs_calibration *c)
{
    cJSON *const all = put(root, "parameters", cJSON_CreateArray());
    for (size_t k = 0; k < c->fit_count; k++) {
        const struct cs_fitted *const f = &c->fits[k];
        cJSON *const one = put(all, NULL, cJSON_CreateObject());
        put(one, "name", text(f->name));
        put(one, "start", raw(f->start));
        put(one, "value", raw(f->value));
        put(one, "standard_error", raw(f->error));
        put(one, "bound", text(f->bound < 0 ? "lower" : f->bound > 0 ? "upper" : NULL));
        put(one, "refits_least", raw(f->least));
        put(one, "refits_most", raw(f->most));
        put(one, "warning", text(f->warning));
    }
    cJSON *const matrix = put(root, "correlation", cJSON_CreateArray());
    for (size_t k = 0; k < c->fit_count; k++) {
        cJSON *const row = put(matrix, NULL, cJSON_CreateArray());
        for (size_t j = 0; j < c->fit_count; j++)
            put(row, NULL, raw(c->correlation[k * c->fit_count + j]));
    }
}

static void put_residuals(cJSON *root, const struct cs_calibration *c)
{
    cJSON *const all = put(root, "residuals", cJSON_CreateArray());
    for (size_t r = 0; r < c->residual_count; r++) {
        const struct cs_residual *const from = &c->residuals[r];
        const struct cs_case *const item = &c->cases->items[from->item];
        cJSON *const one = put(all, NULL, cJSON_CreateObject());
        put(one, "source", text(item->source));
        put(one, "name", text(item->name));
        put(one, "kind", text(cs_case_kind_names[item->kind]));
        put(one, "figure", text(cs_figure_names[from->figure]));
        put(one, "measured", raw(from->measured));
        put(one, "predicted", raw(from->predicted));
        put(one, "held_out", raw(from->held_out));
        put(one, "weight", raw(from->weight));
    }
}

void cs_json_print_calibration(const struct cs_calibration_view *view, FILE *out)
{
    const struct cs_calibration *const c = view->calibration;
    cJSON *const root = cJSON_CreateObject();
    cs_check(root != NULL);
    put(root, "schema", raw(1));
    put(root, "files", text(view->files));
    put(root, "sheet", text(view->sheet_name));
    put(root, "measurements", raw((double)c->case_count));
    put(root, "figures", raw((double)c->residual_count));
    put(root, "scatter", raw(c->scatter));
    put_parameters(root, c);
    put_sums(root, "in_sample", c->in_sample);
    put(root, "leave_out", text(view->leave_out));
    put_sums(root, "held_out", c->held_out);
    cJSON *const groups = put(root, "groups", cJSON_CreateArray());
    for (size_t g = 0; g < c->group_count; g++) {
        cJSON *const one = put(groups, NULL, cJSON_CreateObject());
        put(one, "name", text(c->groups[g].name));
        put_sums(one, "in_sample", c->groups[g].in_sample);
        put_sums(one, "held_out", c->groups[g].held_out);
    }
    put_residuals(root, c);
    cJSON *const skips = put(root, "left_out", cJSON_CreateArray());
    for (size_t i = 0; i < c->cases->skip_count; i++) {
        cJSON *const one = put(skips, NULL, cJSON_CreateObject());
        put(one, "count", raw((double)c->cases->skips[i].count));
        put(one, "reason", text(c->cases->skips[i].reason));
        put(one, "first", text(c->cases->skips[i].example));
    }
    char *const printed = cJSON_Print(root);
    cs_check(printed != NULL);
    fprintf(out, "%s\n", printed);
    free(printed);
    cJSON_Delete(root);
}
