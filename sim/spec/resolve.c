/* Resolving a scenario: the whole, its SLO and its simulation (see resolve.h).
 *
 * Order: read the file, apply --set to the tree, read the tree by the tables, then resolve each
 * part. The parts run even when the tables found errors, as long as their own map could be read,
 * so that a misspelt key and an unknown GPU are told together.
 *
 * The rule: the scenario is sealed only when no part added an error.
 * Not here: whether an answer exists; "does not fit" is an answer and comes from plan.
 */
#include "spec/resolve.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- slo ------------------------------------------------------------------------------------- */

static void resolve_slo(struct cs_resolving *r)
{
    struct cs_slo *const slo = &r->scenario->slo;
    struct cs_slo_limit *const limits =
        cs_arena_alloc(r->schema.arena, (size_t)CS_METRIC_COUNT * CS_SLO_POINTS, sizeof *limits);
    const struct cs_node *const map = cs_node_get(r->root, "slo");
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        const struct cs_node *const metric = cs_node_get(map, cs_metric_names[m]);
        if (!metric || metric->kind != CS_NODE_MAP)
            continue;
        if (!metric->count)
            cs_diag_error(r->schema.diags, metric->span, "expected percentiles, such as {p95: 1 s}",
                          "slo.%s names no percentile", cs_metric_names[m]);
        for (int p = 0; p < CS_SLO_POINTS; p++) {
            const struct cs_node *const node = cs_node_get(metric, cs_slo_point_names[p]);
            const double limit_s = r->text.slo.metrics[m].limit_s[p];
            if (!node || limit_s <= 0)
                continue;
            limits[slo->count++] = (struct cs_slo_limit){.metric = (enum cs_metric)m,
                                                         .percentile = cs_slo_percentiles[p],
                                                         .limit_s = limit_s,
                                                         .span = node->span};
        }
    }
    slo->limits = limits;
    slo->window = (enum cs_window)r->text.slo.window;
    slo->availability = r->text.slo.availability;
    slo->confidence = r->text.slo.confidence;
}

/* A confidence about the model needs the model's error. */
static void check_confidence(struct cs_resolving *r)
{
    for (size_t i = 0; r->scenario->slo.confidence > 0 && i < r->scenario->option_count; i++) {
        const struct cs_engine_sheet *const e = r->scenario->options[i].engine;
        bool told = e->error_count > 0;
        for (size_t j = 0; j < i; j++)
            told = told || r->scenario->options[j].engine == e;
        if (!told)
            cs_diag_error(r->schema.diags, cs_resolve_span(r, "slo.confidence"),
                          "its sheet has no `model_error`",
                          "slo.confidence: how far predictions for %s are off is not known",
                          e->name);
    }
}

/* --- the whole ------------------------------------------------------------------------------- */

static void resolve_simulate(struct cs_resolving *r)
{
    const struct cs_simulate_text *const text = &r->text.simulate;
    if (text->requests != floor(text->requests))
        cs_diag_error(r->schema.diags, cs_resolve_span(r, "simulate.requests"), NULL,
                      "simulate.requests is not a whole number");
    r->scenario->simulate = (struct cs_simulate){.days = text->days,
                                                 .warm_up_s = text->warm_up_s,
                                                 .requests = (int64_t)text->requests,
                                                 .replications = text->replications,
                                                 .samples = text->samples,
                                                 .seed = (uint64_t)text->seed};
}

const struct cs_scenario *cs_resolve_scenario(struct cs_catalog *c, struct cs_arena *arena,
                                              const struct cs_node *root, const char *path,
                                              struct cs_diags *diags)
{
    struct cs_resolving *const r = cs_arena_alloc(arena, 1, sizeof *r);
    r->schema = (struct cs_schema){.arena = arena, .diags = diags, .keep_defaults = true};
    r->catalog = c;
    r->root = root;
    r->path = path;
    r->scenario = cs_arena_alloc(arena, 1, sizeof *r->scenario);
    const size_t errors = diags->errors;
    if (root->kind != CS_NODE_MAP) {
        cs_diag_error(diags, root->span, NULL, "a scenario must be a map, not %s",
                      cs_node_kind_name(root));
        return NULL;
    }
    cs_resolve_exchange(r);
    cs_resolve_uncertain(r);
    root = r->root;
    cs_schema_read(&r->schema, &cs_table_scenario, root, "", &r->text);
    struct cs_scenario *const s = r->scenario;
    s->path = cs_arena_strdup(arena, path);
    s->name = r->text.name ? r->text.name : cs_catalog_stem(arena, path);
    s->node = root;
    cs_resolve_traffic(r);
    resolve_slo(r);
    cs_resolve_deploy(r);
    check_confidence(r);
    cs_resolve_compare(r);
    cs_resolve_cost(r);
    resolve_simulate(r);
    cs_resolve_changes(r);
    cs_resolve_claim(r);
    s->defaults = r->schema.defaults;
    s->default_count = r->schema.default_count;
    return diags->errors == errors ? s : NULL;
}

const struct cs_scenario *cs_scenario_load(struct cs_catalog *catalog, const char *path,
                                           const char *const *sets, size_t set_count,
                                           struct cs_diags *diags)
{
    struct cs_arena *const arena = cs_catalog_arena(catalog);
    const size_t errors = diags->errors;
    cs_catalog_depends(catalog, path);
    struct cs_node *const root =
        cs_yaml_read(path, arena, diags, (struct cs_span){.source = NULL});
    if (!root)
        return NULL;
    for (size_t i = 0; i < set_count; i++)
        cs_node_set(root, sets[i], arena, diags);
    const struct cs_scenario *const scenario =
        cs_resolve_scenario(catalog, arena, root, path, diags);
    return diags->errors == errors ? scenario : NULL;
}

const struct cs_scenario *cs_scenario_of(struct cs_catalog *catalog, const struct cs_node *root,
                                         const char *path, struct cs_diags *diags)
{
    return cs_resolve_scenario(catalog, cs_catalog_arena(catalog), root, path, diags);
}
