/* Claims on trial as JSON, with the names that docs promise (see claims.h).
 *
 * [{"number", "says", "sums": [{"sum", "is", "comes_out"}], "figures": [{"figure", "claimed",
 * "value", "ci95", "verdict", "factor"}]}]; values in SI, what there is no value of null.
 */
#include "out/claims.h"
#include "out/json_tree.h"
#include <cJSON.h>
#include <math.h>

static void put_figure(cJSON *list, const struct cs_finding *f)
{
    static const char *const verdicts[] = {
        [CS_CLAIM_HOLDS] = "holds", [CS_CLAIM_NEAR] = "near", [CS_CLAIM_FAILS] = "fails",
        [CS_CLAIM_UNANSWERED] = "unanswered"};
    cJSON *const node = cs_tree_object(list, NULL);
    cs_tree_text(node, "figure", cs_claim_infos[f->claimed->kind].name);
    cs_tree_text(node, "api", f->claimed->api ? f->claimed->api->label : NULL);
    cs_tree_text(node, "of", f->of);
    cs_tree_text(node, "claimed", f->claimed->text);
    cs_tree_pair(node, "claimed_si", f->claimed->low, f->claimed->high);
    cs_tree_number(node, "value", f->value);
    cs_tree_pair(node, "ci95", f->lo, f->hi);
    cs_tree_text(node, "why", f->why);
    cs_tree_text(node, "verdict", verdicts[f->verdict]);
    cs_tree_number(node, "factor", f->factor);
}

void cs_claims_print_json(const struct cs_trial_of_claim *trials, size_t count, FILE *out)
{
    cJSON *const root = cs_tree_new();
    cs_tree_text(root, "command", "claims");
    cJSON *const list = cs_tree_array(root, "claims");
    for (size_t i = 0; i < count; i++) {
        const struct cs_trial_of_claim *const t = &trials[i];
        const struct cs_claim *const c = t->scenario->claim;
        cJSON *const node = cs_tree_object(list, NULL);
        cs_tree_text(node, "scenario", t->scenario->path);
        cs_tree_text(node, "number", c->number);
        cs_tree_text(node, "says", c->says);
        cs_tree_text(node, "source", c->source);
        cJSON *const sums = cs_tree_array(node, "sums");
        for (size_t k = 0; k < c->sum_count; k++) {
            cJSON *const sum = cs_tree_object(sums, NULL);
            cs_tree_text(sum, "sum", c->sums[k].text);
            cs_tree_number(sum, "is", c->sums[k].left / c->sums[k].unit_si);
            cs_tree_text(sum, "unit", c->sums[k].unit);
            cs_tree_bool(sum, "comes_out", cs_sum_comes_out(&c->sums[k]));
        }
        cJSON *const figures = cs_tree_array(node, "figures");
        for (size_t k = 0; k < t->count; k++)
            put_figure(figures, &t->findings[k]);
    }
    cs_tree_print(root, out);
}
