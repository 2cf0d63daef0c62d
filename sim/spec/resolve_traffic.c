/* Resolving traffic: how much comes in, how long its requests are, and when (see resolve.h).
 *
 * `volume`, `requests`, `rate` and `trace` exclude each other; a trace brings its own lengths and
 * times, so nothing else stands beside it. Lengths are a sheet of measured pairs by name or two
 * distributions in place; a curve is a sheet by name, `flat`, or 24 or 168 hourly numbers.
 *
 * The rule: what could be read two ways is an error, never a silent choice.
 * Not here: reading the trace itself (trace_csv.c), scaling to the input share (serve).
 */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include "spec/resolve.h"
#include "spec/seal.h"
#include "spec/trace_csv.h"

static const char *const volume_keys[] = {"volume", "requests", "rate", "trace"};

static void resolve_volume(struct cs_resolving *r, struct cs_traffic *traffic)
{
    const struct cs_traffic_text *const text = &r->text.traffic;
    const struct cs_node *const map = cs_node_get(r->root, "traffic");
    const char *first = NULL;
    for (size_t i = 0; i < sizeof volume_keys / sizeof volume_keys[0]; i++) {
        const struct cs_node *const node = cs_node_get(map, volume_keys[i]);
        if (node && first)
            cs_diag_error(r->schema.diags, node->span, "give one of volume, requests, rate, trace",
                          "traffic.%s contradicts traffic.%s", volume_keys[i], first);
        else if (node)
            first = volume_keys[i];
    }
    if (!first)
        cs_diag_error(r->schema.diags, map->span, "give one of volume, requests, rate, trace",
                      "traffic does not say how much comes in");
    traffic->tokens_per_s = text->tokens_per_s;
    traffic->requests_per_s = text->has_rate ? text->rate : text->requests_per_s;
    traffic->kind = text->has_volume                       ? CS_VOLUME_TOKENS
                    : text->has_requests || text->has_rate ? CS_VOLUME_REQUESTS
                                                           : CS_VOLUME_TRACE;
}

/* --- lengths --------------------------------------------------------------------------------- */

static void resolve_quantiles(struct cs_resolving *r, const struct cs_node *map, const char *path,
                              struct cs_lengths *lengths)
{
    static const struct cs_key token_key = {.name = "p", .kind = CS_KEY_QUANTITY,
                                            .unit = CS_UNIT_TOKENS, .bare = true,
                                            .low = "0 tokens", .high = "100M tokens"};
    if (map->kind != CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, map->span,
                      "expected a map, such as {p0: 1, p50: 300, p90: 900, p100: 4000}",
                      "%s must be a map, not %s", path, cs_node_kind_name(map));
        return;
    }
    double *const levels = cs_arena_alloc(r->schema.arena, map->count, sizeof *levels);
    double *const values = cs_arena_alloc(r->schema.arena, map->count, sizeof *values);
    for (size_t i = 0; i < map->count; i++) {
        const struct cs_node *const key = map->keys[i];
        const char *const own = cs_arena_printf(r->schema.arena, "%s.%s", path, key->text);
        levels[i] = cs_quantile_level(key->text);
        const bool sound = cs_schema_value(&r->schema, &token_key, map->items[i], own, &values[i]);
        if (levels[i] < 0)
            cs_diag_error(r->schema.diags, key->span, "expected p0 to p100",
                          "'%s' is no quantile", key->text);
        else if (i && levels[i] <= levels[i - 1])
            cs_diag_error(r->schema.diags, key->span, NULL, "quantiles must rise: %s after %s",
                          key->text, map->keys[i - 1]->text);
        else if (sound && i && values[i] < values[i - 1])
            cs_diag_error(r->schema.diags, map->items[i]->span, NULL,
                          "lengths must not fall: %g tokens at %s after %g at %s", values[i],
                          key->text, values[i - 1], map->keys[i - 1]->text);
    }
    if (map->count < 2 || levels[0] != 0 || levels[map->count - 1] != 1)
        cs_diag_error(r->schema.diags, map->span, NULL, "%s must go from p0 to p100", path);
    lengths->levels = levels;
    lengths->values = values;
    lengths->level_count = map->count;
}

static void resolve_kind(struct cs_resolving *r, const struct cs_node *map, const char *path,
                         const struct cs_lengths_text *text, struct cs_lengths *lengths)
{
    const int kinds = text->has_fixed + text->has_lognormal + text->has_gamma +
                      text->has_uniform + (text->quantiles ? 1 : 0);
    if (kinds != 1)
        cs_diag_error(r->schema.diags, map->span,
                      "give one of fixed, lognormal, gamma, uniform, quantiles",
                      kinds ? "%s names several distributions" : "%s names no distribution", path);
    if (text->has_fixed) {
        *lengths = (struct cs_lengths){.kind = CS_LENGTHS_FIXED, .a = text->fixed};
    } else if (text->has_lognormal) {
        *lengths = (struct cs_lengths){.kind = CS_LENGTHS_LOGNORMAL, .a = text->mean,
                                       .b = text->sigma};
    } else if (text->has_gamma) {
        *lengths = (struct cs_lengths){.kind = CS_LENGTHS_GAMMA, .a = text->mean, .b = text->cv};
    } else if (text->has_uniform) {
        *lengths = (struct cs_lengths){.kind = CS_LENGTHS_UNIFORM, .a = text->from, .b = text->to};
        const struct cs_node *const max = cs_node_find(map, "uniform.max");
        if (text->to > 0 && text->from > text->to)
            cs_diag_error(r->schema.diags, max ? max->span : map->span, NULL,
                          "%s.uniform.max is less than its min", path);
    } else if (text->quantiles) {
        lengths->kind = CS_LENGTHS_QUANTILES;
        const char *const own = cs_arena_printf(r->schema.arena, "%s.quantiles", path);
        resolve_quantiles(r, text->quantiles, own, lengths);
    }
    lengths->min = text->min;
    lengths->max = text->max;
    if (text->max > 0 && text->min > text->max)
        cs_diag_error(r->schema.diags, cs_span_of(map, "max"), NULL, "%s.max is less than its min",
                      path);
}

static void resolve_length(struct cs_resolving *r, const struct cs_node *node, const char *path,
                           struct cs_lengths *lengths)
{
    static const struct cs_key fixed_key = {.name = "fixed", .kind = CS_KEY_QUANTITY,
                                            .unit = CS_UNIT_TOKENS, .low = "1 tokens",
                                            .high = "100M tokens"};
    struct cs_lengths_text text = {0};
    if (node->kind == CS_NODE_SCALAR) {
        lengths->kind = CS_LENGTHS_FIXED;
        cs_schema_value(&r->schema, &fixed_key, node, path, &lengths->a);
        return;
    }
    if (node->kind != CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, node->span,
                      "expected tokens or a map, such as {lognormal: {mean: 512 tokens, sigma: "
                      "0.25}}", "%s must be a length, not a list", path);
        return;
    }
    if (cs_schema_read(&r->schema, &cs_table_lengths, node, path, &text))
        resolve_kind(r, node, path, &text, lengths);
}

static void resolve_lengths(struct cs_resolving *r, struct cs_traffic *traffic)
{
    static const char path[] = "traffic.lengths";
    const struct cs_node *const node = r->text.traffic.lengths;
    if (!node) {
        if (!cs_node_find(r->root, path))
            cs_diag_error(r->schema.diags, cs_resolve_span(r, "traffic"),
                          "expected a traffic sheet's name, or {input: ..., output: ...}",
                          "%s is missing", path);
        return;
    }
    if (node->kind == CS_NODE_SCALAR) {
        const struct cs_traffic_sheet *const sheet =
            cs_catalog_traffic(r->catalog, node->text, node->span, path, r->schema.diags);
        if (!sheet)
            return;
        if (!sheet->has_lengths)
            cs_diag_error(r->schema.diags, node->span, NULL,
                          "the traffic sheet '%s' holds no lengths", sheet->name);
        traffic->joint = true;
        traffic->pairs = sheet->lengths;
        traffic->lengths_name = sheet->name;
        return;
    }
    struct cs_lengths_pair pair = {0};
    if (node->kind != CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, node->span,
                      "expected a traffic sheet's name, or {input: ..., output: ...}",
                      "%s must be a name or a map, not a list", path);
        return;
    }
    cs_schema_read(&r->schema, &cs_table_lengths_pair, node, path, &pair);
    if (pair.input)
        resolve_length(r, pair.input, "traffic.lengths.input", &traffic->input);
    if (pair.output)
        resolve_length(r, pair.output, "traffic.lengths.output", &traffic->output);
}

/* --- curve ----------------------------------------------------------------------------------- */

static void set_flat(struct cs_resolving *r, struct cs_traffic *traffic)
{
    double weights[24];
    for (size_t i = 0; i < 24; i++)
        weights[i] = 1;
    cs_seal_curve(r->schema.arena, weights, 24, 3600, false, &traffic->curve);
}

static void resolve_numbers(struct cs_resolving *r, const struct cs_node *list,
                            struct cs_traffic *traffic)
{
    static const struct cs_key weight_key = {.name = "curve", .kind = CS_KEY_QUANTITY,
                                             .unit = CS_UNIT_NUMBER, .low = "0", .high = "1e12"};
    double *const weights = cs_arena_alloc(r->schema.arena, list->count, sizeof *weights);
    bool sound = true;
    for (size_t i = 0; i < list->count; i++)
        sound = cs_schema_value(&r->schema, &weight_key, list->items[i],
                                cs_arena_printf(r->schema.arena, "traffic.curve[%zu]", i),
                                &weights[i]) && sound;
    if (list->count != 24 && list->count != 168)
        cs_diag_error(r->schema.diags, list->span,
                      "expected 24 (a day) or 168 (a week from Monday) hourly numbers",
                      "traffic.curve holds %zu numbers", list->count);
    else if (sound && !cs_seal_curve(r->schema.arena, weights, list->count, 3600,
                                     list->count == 168, &traffic->curve))
        cs_diag_error(r->schema.diags, list->span, NULL, "traffic.curve holds nothing above 0");
}

static void resolve_curve(struct cs_resolving *r, struct cs_traffic *traffic)
{
    const struct cs_node *const node = r->text.traffic.curve;
    if (!node) {
        if (!cs_node_find(r->root, "traffic.curve"))
            cs_schema_default(&r->schema, "traffic.curve", "flat", "no daily shape was given");
        set_flat(r, traffic);
        return;
    }
    if (node->kind == CS_NODE_LIST) {
        resolve_numbers(r, node, traffic);
        return;
    }
    if (node->kind == CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, node->span,
                      "expected a traffic sheet's name, flat, or a list of 24 or 168 numbers",
                      "traffic.curve must be a name or a list, not a map");
        return;
    }
    if (strcmp(node->text, "flat") == 0) {
        set_flat(r, traffic);
        return;
    }
    const struct cs_traffic_sheet *const sheet =
        cs_catalog_traffic(r->catalog, node->text, node->span, "traffic.curve", r->schema.diags);
    if (!sheet)
        return;
    if (!sheet->has_curve)
        cs_diag_error(r->schema.diags, node->span, NULL, "the traffic sheet '%s' holds no curve",
                      sheet->name);
    traffic->curve = sheet->curve;
    traffic->curve_name = sheet->name;
}

/* --- what prompts share ---------------------------------------------------------------------- */

/* Shares of groups 0 .. k together under Zipf's law; NULL where all are equal. */
static const double *zipf(struct cs_arena *arena, int groups, double exponent)
{
    if (exponent == 0)
        return NULL;
    double *const upto = cs_arena_alloc(arena, (size_t)groups, sizeof *upto);
    double sum = 0;
    for (int k = 0; k < groups; k++)
        upto[k] = sum += pow(k + 1, -exponent);
    for (int k = 0; k < groups; k++)
        upto[k] /= sum;
    return upto;
}

static void resolve_shared(struct cs_resolving *r, struct cs_traffic *traffic)
{
    static const struct cs_key tokens_key = {.name = "tokens", .kind = CS_KEY_QUANTITY,
                                             .unit = CS_UNIT_TOKENS, .low = "1 tokens",
                                             .high = "100M tokens"};
    static const char path[] = "traffic.prefix.tokens";
    const struct cs_traffic_text *const text = &r->text.traffic;
    const struct cs_node *const node = text->prefix_tokens;
    traffic->sessions = text->sessions;
    traffic->shares = text->has_prefix || text->has_sessions;
    if (!node)
        return;
    if (node->kind != CS_NODE_SCALAR)
        cs_diag_error(r->schema.diags, node->span, "expected tokens, or whole",
                      "%s must be a length, not %s", path, cs_node_kind_name(node));
    else if (strcmp(node->text, "whole") != 0)
        cs_schema_value(&r->schema, &tokens_key, node, path, &traffic->prefix.tokens);
    else if (text->has_sessions)
        cs_diag_error(r->schema.diags, node->span, "give the tokens that conversations begin with",
                      "prompts that recur whole contradict traffic.sessions, whose prompts grow");
    traffic->prefix.groups = text->groups;
    traffic->prefix.popularity = text->popularity;
    traffic->prefix.upto = zipf(r->schema.arena, text->groups, text->popularity);
}

/* --- trace ----------------------------------------------------------------------------------- */

static void resolve_trace(struct cs_resolving *r, struct cs_traffic *traffic)
{
    static const char *const others[] = {"lengths", "curve", "burstiness", "input_share",
                                         "prefix",  "sessions"};
    const struct cs_node *const map = cs_node_get(r->root, "traffic");
    const struct cs_node *const node = cs_node_get(map, "trace");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct cs_node *const other = cs_node_get(map, others[i]);
        if (other)
            cs_diag_error(r->schema.diags, other->span, "a trace brings its own lengths and times",
                          "traffic.%s contradicts traffic.trace", others[i]);
    }
    const char *const name = r->text.traffic.trace;
    const struct cs_source *const given = cs_catalog_given(r->catalog, name);
    if (given) {
        traffic->trace_path = given->name;
        traffic->shares = cs_trace_shares_in(given->name, given->text, given->size);
        return;
    }
    const char *const slash = strrchr(r->path, '/');
    const bool beside = slash && name[0] != '/' && strncmp(node->span.source->name, "--", 2) != 0;
    traffic->trace_path = beside ? cs_arena_printf(r->schema.arena, "%.*s/%s",
                                                   (int)(slash - r->path), r->path, name)
                                 : name;
    struct stat status;
    cs_catalog_depends(r->catalog, traffic->trace_path);
    if (stat(traffic->trace_path, &status) != 0)
        cs_diag_file(r->schema.diags, node->span, NULL, "there is no trace file '%s'",
                     traffic->trace_path);
    else if (S_ISDIR(status.st_mode))
        cs_diag_file(r->schema.diags, node->span, NULL, "the trace '%s' is a directory",
                     traffic->trace_path);
    else
        traffic->shares = cs_trace_shares(traffic->trace_path);
}

void cs_resolve_traffic(struct cs_resolving *r)
{
    struct cs_traffic *const traffic = &r->scenario->traffic;
    const struct cs_node *const map = cs_node_get(r->root, "traffic");
    if (!map || map->kind != CS_NODE_MAP)
        return; /* the tables said so */
    traffic->input_share = r->text.traffic.input_share;
    traffic->burstiness = r->text.traffic.burstiness;
    traffic->batch = r->text.traffic.batch;
    traffic->top_p = r->text.traffic.sampling != 0;
    resolve_volume(r, traffic);
    if (r->text.traffic.trace) {
        resolve_trace(r, traffic);
        return;
    }
    if (cs_node_get(map, "trace"))
        return; /* a trace whose name is no text */
    resolve_lengths(r, traffic);
    resolve_shared(r, traffic);
    resolve_curve(r, traffic);
}
