/* Calibration as JSON (see calibration.h): everything, in SI units, nothing rounded.
 *
 * The rule: as in json.c, a figure that does not exist is null and its name is there all the same.
 * The tree (json_tree.h) is freed before return.
 */
#include "out/calibration.h"
#include "out/json_tree.h"

static void put_sums(struct cJSON *parent, const char *name, const struct cs_error_sum *sums)
{
    struct cJSON *const all = cs_tree_object(parent, name);
    for (int i = 0; i < CS_FIGURE_COUNT; i++) {
        if (sums[i].count == 0)
            continue;
        struct cJSON *const one = cs_tree_object(all, cs_figure_names[i]);
        cs_tree_number(one, "count", (double)sums[i].count);
        cs_tree_number(one, "median", sums[i].median);
        cs_tree_number(one, "mean", sums[i].mean);
        cs_tree_number(one, "signed_median", sums[i].bias);
    }
}

static void put_parameters(struct cJSON *root, const struct cs_calibration *c)
{
    struct cJSON *const all = cs_tree_array(root, "parameters");
    for (size_t k = 0; k < c->fit_count; k++) {
        const struct cs_fitted *const f = &c->fits[k];
        struct cJSON *const one = cs_tree_object(all, NULL);
        cs_tree_text(one, "name", f->name);
        cs_tree_number(one, "start", f->start);
        cs_tree_number(one, "value", f->value);
        cs_tree_number(one, "standard_error", f->error);
        cs_tree_text(one, "bound", f->bound < 0 ? "lower" : f->bound > 0 ? "upper" : NULL);
        cs_tree_number(one, "refits_least", f->least);
        cs_tree_number(one, "refits_most", f->most);
        cs_tree_text(one, "warning", f->warning);
    }
    struct cJSON *const matrix = cs_tree_array(root, "correlation");
    for (size_t k = 0; k < c->fit_count; k++) {
        struct cJSON *const row = cs_tree_array(matrix, NULL);
        for (size_t j = 0; j < c->fit_count; j++)
            cs_tree_number(row, NULL, c->correlation[k * c->fit_count + j]);
    }
}

static void put_residuals(struct cJSON *root, const struct cs_calibration *c)
{
    struct cJSON *const all = cs_tree_array(root, "residuals");
    for (size_t r = 0; r < c->residual_count; r++) {
        const struct cs_residual *const from = &c->residuals[r];
        const struct cs_case *const item = &c->cases->items[from->item];
        struct cJSON *const one = cs_tree_object(all, NULL);
        cs_tree_text(one, "source", item->source);
        cs_tree_text(one, "name", item->name);
        cs_tree_text(one, "kind", cs_case_kind_names[item->kind]);
        cs_tree_text(one, "figure", cs_figure_names[from->figure]);
        cs_tree_number(one, "measured", from->measured);
        cs_tree_number(one, "predicted", from->predicted);
        cs_tree_number(one, "held_out", from->held_out);
        cs_tree_number(one, "weight", from->weight);
    }
}

void cs_json_print_calibration(const struct cs_calibration_view *view, FILE *out)
{
    const struct cs_calibration *const c = view->calibration;
    struct cJSON *const root = cs_tree_new();
    cs_tree_number(root, "schema", 1);
    cs_tree_text(root, "files", view->files);
    cs_tree_text(root, "sheet", view->sheet_name);
    cs_tree_number(root, "measurements", (double)c->case_count);
    cs_tree_number(root, "figures", (double)c->residual_count);
    cs_tree_number(root, "scatter", c->scatter);
    put_parameters(root, c);
    put_sums(root, "in_sample", c->in_sample);
    cs_tree_text(root, "leave_out", view->leave_out);
    put_sums(root, "held_out", c->held_out);
    struct cJSON *const groups = cs_tree_array(root, "groups");
    for (size_t g = 0; g < c->group_count; g++) {
        struct cJSON *const one = cs_tree_object(groups, NULL);
        cs_tree_text(one, "name", c->groups[g].name);
        put_sums(one, "in_sample", c->groups[g].in_sample);
        put_sums(one, "held_out", c->groups[g].held_out);
    }
    put_residuals(root, c);
    struct cJSON *const skips = cs_tree_array(root, "left_out");
    for (size_t i = 0; i < c->cases->skip_count; i++) {
        struct cJSON *const one = cs_tree_object(skips, NULL);
        cs_tree_number(one, "count", (double)c->cases->skips[i].count);
        cs_tree_text(one, "reason", c->cases->skips[i].reason);
        cs_tree_text(one, "first", c->cases->skips[i].example);
    }
    cs_tree_print(root, out);
}
