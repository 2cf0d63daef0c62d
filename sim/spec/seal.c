/* Sealing: the meaning of each kind of sheet (see seal.h).
 *
 * The rule: check what would otherwise surface as a wrong number far away: divisions that must
 * come out whole, lists that must be as long as another, ranks that must rise.
 * Not here: whether a model can be simulated at all, which depends on the question (resolve*.c).
 */
#include "spec/seal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/check.h"
#include "spec/tables.h"

struct sealing {
    struct cs_schema schema;
    const struct cs_node *root;
};

static struct cs_span span_at(const struct sealing *z, const char *path)
{
    return cs_span_of(z->root, path);
}

/* --- models ---------------------------------------------------------------------------------- */

static void check_at_most(struct sealing *z, const char *path, int value, const char *other,
                          int limit)
{
    if (value > limit)
        cs_diag_error(z->schema.diags, span_at(z, path), NULL,
                      "%s is %d, more than %s, which is %d", path, value, other, limit);
}

static void check_architecture(struct sealing *z, const struct cs_model *m)
{
    if (m->heads > 0 && m->kv_heads > 0 && !m->mla_kv_rank && m->heads % m->kv_heads != 0)
        cs_diag_error(z->schema.diags, span_at(z, "architecture.kv_heads"), NULL,
                      "architecture.kv_heads must divide the %d heads, and %d does not", m->heads,
                      m->kv_heads);
    check_at_most(z, "architecture.moe.layers", m->moe_layers, "architecture.layers", m->layers);
    check_at_most(z, "architecture.moe.per_token", m->experts_per_token,
                  "architecture.moe.experts", m->experts);
    check_at_most(z, "architecture.sliding_window.layers", m->window_layers, "architecture.layers",
                  m->layers);
    if (m->ffn == 0 && m->moe_layers < m->layers)
        cs_diag_error(z->schema.diags, span_at(z, "architecture"), NULL,
                      "architecture.ffn is missing: %d of %d layers are dense",
                      m->layers - m->moe_layers, m->layers);
    check_at_most(z, "architecture.moe.groups_per_token", m->routing.groups_per_token,
                  "architecture.moe.groups", m->routing.groups);
    if (m->routing.groups > 0 && m->experts % m->routing.groups != 0)
        cs_diag_error(z->schema.diags, span_at(z, "architecture.moe.groups"), NULL,
                      "architecture.moe.groups must divide the %d experts, and %d does not",
                      m->experts, m->routing.groups);
    if (m->routing.popularity && m->routing.popularity_count != (size_t)m->experts)
        cs_diag_error(z->schema.diags, span_at(z, "architecture.moe.routing.popularity"), NULL,
                      "architecture.moe.routing.popularity has %zu shares, not one for each of the "
                      "%d experts",
                      m->routing.popularity_count, m->experts);
    if (m->shared_experts > 0 && m->shared_ffn == 0)
        cs_diag_error(z->schema.diags, span_at(z, "architecture.moe.shared_experts"), NULL,
                      "architecture.moe.shared_ffn is missing");
}

static const void *seal_model(struct sealing *z, struct cs_model *m)
{
    const bool never = m->released && strcmp(m->released, "no") == 0;
    if (m->released && !never && !cs_schema_is_date(m->released))
        cs_diag_error(z->schema.diags, span_at(z, "released"), "expected a date or no",
                      "released is neither a date nor no: '%s'", m->released);
    if (m->parameters_active <= 0)
        m->parameters_active = m->parameters_total;
    if (m->parameters_active > m->parameters_total)
        cs_diag_error(z->schema.diags, span_at(z, "parameters.active"), NULL,
                      "parameters.active is more than parameters.total");
    if (m->has_architecture) {
        check_architecture(z, m);
    } else if (!never && !m->notes) {
        struct cs_span at = z->root->span;
        at.line = 0;
        cs_diag_error(z->schema.diags, at, "give it, or say 'released: no', or explain in notes",
                      "architecture is missing");
    }
    m->node = z->root;
    return m;
}

/* --- hardware, engines, APIs ----------------------------------------------------------------- */

/* Reserved terms are paid for to their end. */
static void seal_rentals(struct cs_hardware *h, struct cs_arena *arena)
{
    static const double terms_s[CS_TERM_COUNT] = {[CS_TERM_RESERVED_1Y] = 365.25 * 86400,
                                                  [CS_TERM_RESERVED_3Y] = 3 * 365.25 * 86400};
    struct cs_rental *const rows = cs_arena_alloc(arena, h->rental_count + 1, sizeof *rows);
    for (size_t i = 0; i < h->rental_count; i++) {
        rows[i] = h->rentals[i];
        if (rows[i].commitment_s <= 0 && rows[i].term < CS_TERM_COUNT)
            rows[i].commitment_s = terms_s[rows[i].term];
    }
    h->rentals = rows;
}

static const void *seal_hardware(struct sealing *z, struct cs_hardware *h)
{
    seal_rentals(h, z->schema.arena);
    if (!h->calibrated) /* defaults do not reach below a map whose presence means something */
        h->bandwidth_factor = h->kv_factor = h->compute_factor = 1;
    h->node = z->root;
    return h;
}

/* The last row must hold for whatever the others leave, so that every option has one. */
static void check_errors(struct sealing *z, const struct cs_engine_sheet *e)
{
    for (size_t i = 0; i < e->error_count; i++) {
        const struct cs_model_error *const row = &e->errors[i];
        const bool narrow = row->hardware_count || row->precision_count || row->factors ||
                            row->pcie || row->moe || row->experts;
        char path[64];
        snprintf(path, sizeof path, "model_error[%zu]", i);
        if (narrow == (i + 1 == e->error_count))
            cs_diag_error(z->schema.diags, span_at(z, path),
                          narrow ? "add a row without conditions after it" : NULL,
                          narrow ? "%s is the last row, and does not hold for every option"
                                 : "%s holds for every option: rows after it are never used",
                          path);
        for (size_t k = 0; k < row->precision_count; k++)
            if (cs_precision_find(row->precision[k]) < 0)
                cs_diag_error(z->schema.diags, span_at(z, path), NULL,
                              "%s.precision names no precision: '%s'", path, row->precision[k]);
    }
}

static const void *seal_engine(struct sealing *z, struct cs_engine_sheet *e)
{
    if (e->max_num_batched_tokens < e->max_num_seqs)
        cs_diag_error(z->schema.diags, span_at(z, "limits.max_num_batched_tokens"), NULL,
                      "limits.max_num_batched_tokens is %d, less than limits.max_num_seqs, which "
                      "is %d: a full step decodes one token a request",
                      e->max_num_batched_tokens, e->max_num_seqs);
    check_errors(z, e);
    if (e->all_reduce_pcie_s == 0.0)
        e->all_reduce_pcie_s = e->all_reduce_s;
    if (e->pcie_eff == 0.0)
        e->pcie_eff = e->link_eff;
    if (e->experts_eff == 0.0)
        e->experts_eff = 1.0;
    e->node = z->root;
    return e;
}

static const void *seal_api(struct sealing *z, struct cs_api *a)
{
    for (size_t i = 0; i < a->price_count; i++)
        for (size_t j = 1; j < a->prices[i].tier_count; j++) {
            if (a->prices[i].tiers[j].above_tokens > a->prices[i].tiers[j - 1].above_tokens)
                continue;
            char path[64];
            snprintf(path, sizeof path, "prices[%zu].tiers[%zu].above", i, j);
            cs_diag_error(z->schema.diags, span_at(z, path), NULL,
                          "%s must be more than in the tier before", path);
        }
    if (a->cache.step_tokens <= 0) /* an absent map has the defaults of its table */
        a->cache = (struct cs_api_cache){1024, 1, 300};
    if (a->price_count == 0 && !a->notes)
        cs_diag_error(z->schema.diags, span_at(z, "prices"), "say in notes why none is known",
                      "prices holds no price");
    a->node = z->root;
    return a;
}

/* --- traffic --------------------------------------------------------------------------------- */

bool cs_seal_curve(struct cs_arena *arena, const double *weights, size_t count, double step_s,
                   bool starts_monday, struct cs_curve *curve)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    if (!(sum > 0))
        return false;
    double *const scaled = cs_arena_alloc(arena, count, sizeof *scaled);
    for (size_t i = 0; i < count; i++)
        scaled[i] = weights[i] * ((double)count / sum);
    *curve = (struct cs_curve){step_s, scaled, count, starts_monday};
    return true;
}

static void check_rising(struct sealing *z, const char *path, const double *values, size_t count,
                         bool strictly)
{
    for (size_t i = 1; i < count; i++) {
        if (strictly ? values[i] > values[i - 1] : values[i] >= values[i - 1])
            continue;
        char own[96];
        snprintf(own, sizeof own, "%s[%zu]", path, i);
        cs_diag_error(z->schema.diags, span_at(z, own), NULL, "%s must %s: %g stands after %g",
                      path, strictly ? "rise" : "not fall", values[i], values[i - 1]);
        return;
    }
}

static void check_length(struct sealing *z, const char *path, size_t count, size_t wanted,
                         const char *what)
{
    if (count != wanted)
        cs_diag_error(z->schema.diags, span_at(z, path), NULL, "%s holds %zu, but %s %zu", path,
                      count, what, wanted);
}

/* The answer grid: `bands` rows of as many tokens as there are levels. */
static const double *read_grid(struct sealing *z, const struct cs_traffic_sheet_text *t)
{
    static const struct cs_key cell = {.name = "output", .kind = CS_KEY_QUANTITY,
                                       .unit = CS_UNIT_NUMBER, .low = "0", .high = "100000000"};
    static const char path[] = "lengths.joint.output";
    const struct cs_node *const rows = t->output;
    if (rows->kind != CS_NODE_LIST) {
        cs_diag_error(z->schema.diags, rows->span, NULL, "%s must be a list, not %s", path,
                      cs_node_kind_name(rows));
        return NULL;
    }
    check_length(z, path, rows->count, (size_t)t->bands, "bands is");
    if (rows->count != (size_t)t->bands)
        return NULL;
    const size_t width = t->level_count;
    double *const grid = cs_arena_alloc(z->schema.arena, rows->count * width, sizeof *grid);
    bool sound = true;
    for (size_t i = 0; i < rows->count; i++) {
        const struct cs_node *const row = rows->items[i];
        char own[96];
        snprintf(own, sizeof own, "%s[%zu]", path, i);
        check_length(z, own, row->kind == CS_NODE_LIST ? row->count : 0, width,
                     "the levels are");
        if (row->kind != CS_NODE_LIST || row->count != width) {
            sound = false;
            continue;
        }
        for (size_t j = 0; j < width; j++)
            sound = cs_schema_value(&z->schema, &cell, row->items[j], own, &grid[i * width + j]) &&
                    sound;
        check_rising(z, own, grid + i * width, width, false);
    }
    return sound ? grid : NULL;
}

static void seal_joint(struct sealing *z, const struct cs_traffic_sheet_text *t,
                       struct cs_joint_lengths *joint)
{
    const size_t n = t->level_count;
    double *const levels = cs_arena_alloc(z->schema.arena, n, sizeof *levels);
    check_length(z, "lengths.joint.input", t->input_count, n, "the levels are");
    check_rising(z, "lengths.joint.levels", t->levels, n, true);
    check_rising(z, "lengths.joint.input", t->input, t->input_count, false);
    if (n < 2 || t->levels[0] != 0 || t->levels[n - 1] != 100)
        cs_diag_error(z->schema.diags, span_at(z, "lengths.joint.levels"), NULL,
                      "lengths.joint.levels must go from 0 to 100");
    for (size_t i = 0; i < n; i++)
        levels[i] = t->levels[i] / 100;
    *joint = (struct cs_joint_lengths){.levels = levels, .level_count = n, .input = t->input,
                                       .bands = (size_t)t->bands, .output = read_grid(z, t)};
}

static void seal_sheet_curve(struct sealing *z, const struct cs_traffic_sheet_text *t,
                             struct cs_curve *curve)
{
    const double day = 86400, week = 7 * day;
    const double span = (double)t->weight_count * t->step_s;
    const struct cs_span at = span_at(z, "curve.weights");
    if (t->starts_monday ? span != week : span != day)
        cs_diag_error(z->schema.diags, at, NULL,
                      "curve.weights covers %g hours, but must cover a %s", span / 3600,
                      t->starts_monday ? "week of 168" : "day of 24");
    if (!cs_seal_curve(z->schema.arena, t->weights, t->weight_count, t->step_s,
                       t->starts_monday != 0, curve))
        cs_diag_error(z->schema.diags, at, NULL, "curve.weights holds nothing above 0");
}

static const void *seal_traffic(struct sealing *z, struct cs_traffic_sheet_text *t)
{
    if (t->sheet.has_lengths)
        seal_joint(z, t, &t->sheet.lengths);
    if (t->sheet.has_curve)
        seal_sheet_curve(z, t, &t->sheet.curve);
    if (!t->sheet.has_lengths && !t->sheet.has_curve)
        cs_diag_error(z->schema.diags, z->root->span, NULL,
                      "a traffic sheet holds lengths, a curve or both");
    t->sheet.node = z->root;
    return &t->sheet;
}

/* --- one door -------------------------------------------------------------------------------- */

const struct cs_table *cs_seal_table(enum cs_sheet_kind kind)
{
    static const struct cs_table *const tables[CS_SHEET_COUNT] = {
        [CS_SHEET_MODEL] = &cs_table_model,       [CS_SHEET_API] = &cs_table_api,
        [CS_SHEET_HARDWARE] = &cs_table_hardware, [CS_SHEET_ENGINE] = &cs_table_engine,
        [CS_SHEET_HOST] = &cs_table_host,         [CS_SHEET_TRAFFIC] = &cs_table_traffic,
        [CS_SHEET_REGION] = &cs_table_region,
        [CS_SHEET_SCENARIO] = &cs_table_scenario};
    return tables[kind];
}

static const void *seal_kind(struct sealing *z, enum cs_sheet_kind kind, void *sheet)
{
    switch (kind) {
    case CS_SHEET_MODEL:
        return seal_model(z, sheet);
    case CS_SHEET_API:
        return seal_api(z, sheet);
    case CS_SHEET_HARDWARE:
        return seal_hardware(z, sheet);
    case CS_SHEET_ENGINE:
        return seal_engine(z, sheet);
    case CS_SHEET_HOST:
        ((struct cs_host *)sheet)->node = z->root;
        return sheet;
    case CS_SHEET_REGION:
        ((struct cs_region *)sheet)->node = z->root;
        return sheet;
    case CS_SHEET_TRAFFIC:
        return seal_traffic(z, sheet);
    default: /* a scenario is resolved, not sealed */
        cs_check(kind != CS_SHEET_SCENARIO);
        return NULL;
    }
}

const void *cs_seal_sheet(enum cs_sheet_kind kind, const struct cs_node *root, const char *stem,
                          struct cs_arena *arena, struct cs_diags *diags)
{
    struct sealing z = {.schema = {.arena = arena, .diags = diags}, .root = root};
    const struct cs_table *const table = cs_seal_table(kind);
    const size_t errors = diags->errors;
    if (root->kind != CS_NODE_MAP) {
        cs_diag_error(diags, root->span, NULL, "%s must be a map, not %s", table->what,
                      cs_node_kind_name(root));
        return NULL;
    }
    void *const sheet = cs_arena_alloc(arena, 1, table->size);
    const bool read = cs_schema_read(&z.schema, table, root, "", sheet);
    cs_schema_sources(&z.schema, table, root);
    const struct cs_node *const name = cs_node_get(root, "name");
    if (stem && name && name->kind == CS_NODE_SCALAR && strcmp(name->text, stem) != 0)
        cs_diag_error(diags, name->span, NULL, "name is '%s', but the file is '%s.yaml'",
                      name->text, stem);
    const void *const sealed = read ? seal_kind(&z, kind, sheet) : NULL;
    return diags->errors == errors ? sealed : NULL;
}
