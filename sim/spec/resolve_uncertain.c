/* Resolving uncertain inputs: distributions of a scenario's values (see resolve.h).
 *
 *   uncertain: {traffic.volume: {lognormal: {sigma: 0.3}}}        beside the scenario's own value
 *   volume: {uncertain: {triangular: {min: 20M tokens/day, mode: 50M tokens/day, max: ...}}}
 *
 * Parameters have the unit of their key. A mean, median or mode that is left out is the scenario's
 * own value, or the key's default; a share of it will do for the others where the key itself is no
 * share ("min: 80%"). A value that is uncertain in place has its mean, median or mode, or the
 * middle of min and max, as the nominal one, from which the scenario is planned.
 *
 * The rule: what is sampled stays within what the key allows. Not here: sampling
 * (plan/uncertainty.c).
 */
#include "base/suggest.h"
#include "spec/keys.h"
#include "spec/resolve.h"
#include <math.h>
#include <string.h>

/* --- tables ---------------------------------------------------------------------------------- */

#define PARAMETER(field) NODE(cs_uncertain_text, field)
static const struct cs_key normal_keys[] = {
    KEY("mean", "Default: the scenario's value.", PARAMETER(mean)),
    KEY("sd", "Standard deviation.", PARAMETER(sd), .example = "a deviation"),
    KEY("cv", "The deviation as a share of the mean, instead.",
        QUANTITY(cs_uncertain_text, cv, SHARE, "0%", "1000%"), PRESENT(cs_uncertain_text, has_cv)),
};
static const struct cs_table normal_table = TABLE("normal", normal_keys);
static const struct cs_key lognormal_keys[] = {
    KEY("mean", "Of the values themselves.", PARAMETER(mean)),
    KEY("median", "Instead of the mean. Default: the scenario's value.", PARAMETER(median)),
    KEY("sigma", "Deviation of the logarithm.",
        QUANTITY(cs_uncertain_text, sigma, NUMBER, "0", "5"), REQUIRED),
};
static const struct cs_table lognormal_table = TABLE("lognormal", lognormal_keys);
static const struct cs_key uniform_keys[] = {
    KEY("min", "Lower end.", PARAMETER(min), REQUIRED, .example = "a value, or a share"),
    KEY("max", "Upper end.", PARAMETER(max), REQUIRED, .example = "a value, or a share"),
};
static const struct cs_table uniform_table = TABLE("uniform", uniform_keys);
static const struct cs_key triangular_keys[] = {
    KEY("min", "Lower end.", PARAMETER(min), REQUIRED, .example = "a value, or a share"),
    KEY("mode", "The likeliest. Default: the scenario's value.", PARAMETER(mode)),
    KEY("max", "Upper end.", PARAMETER(max), REQUIRED, .example = "a value, or a share"),
};
static const struct cs_table triangular_table = TABLE("triangular", triangular_keys);
static const struct cs_key uncertain_keys[] = {
    KEY("normal", "Symmetric about its mean.", MAP(normal_table),
        PRESENT(cs_uncertain_text, has_normal), .example = "a map, such as {cv: 10%}"),
    KEY("lognormal", "As often twice as half the median.", MAP(lognormal_table),
        PRESENT(cs_uncertain_text, has_lognormal), .example = "a map, such as {sigma: 0.3}"),
    KEY("uniform", "Anywhere between, alike.", MAP(uniform_table),
        PRESENT(cs_uncertain_text, has_uniform), .example = "a map, such as {min: 80%, max: 130%}"),
    KEY("triangular", "Between, and likeliest at its mode.", MAP(triangular_table),
        PRESENT(cs_uncertain_text, has_triangular),
        .example = "a map, such as {min: 80%, max: 150%}"),
};
const struct cs_table cs_table_uncertain = TABLE_OF(cs_uncertain_text, "uncertain", uncertain_keys);

/* --- parameters ------------------------------------------------------------------------------ */

struct reading {
    struct cs_resolving *r;
    const struct cs_key *key;
    const char *path; /* of the input, such as "traffic.volume" */
    double nominal;   /* NaN: the scenario says nothing */
    const struct cs_node *at;
};

/* A value of the key, in SI; NaN after an error. */
static double value_of(const struct reading *d, const struct cs_node *node)
{
    struct cs_key key = *d->key;
    double value = NAN;
    int64_t whole = 0;
    int count = 0;
    key.low = key.high = NULL;
    key.automatic = false;
    key.offset = 0;
    if (key.kind == CS_KEY_COUNT)
        return cs_schema_value(&d->r->schema, &key, node, d->path, &count) ? (double)count : NAN;
    if (key.kind == CS_KEY_COUNT64)
        return cs_schema_value(&d->r->schema, &key, node, d->path, &whole) ? (double)whole : NAN;
    return cs_schema_value(&d->r->schema, &key, node, d->path, &value) ? value : NAN;
}

/* A parameter: a value of the key, or where that is no share a share of the nominal value. */
static double parameter(const struct reading *d, const struct cs_node *node)
{
    const bool share = node->kind == CS_NODE_SCALAR && node->length > 1 &&
                       node->text[node->length - 1] == '%' && d->key->unit != CS_UNIT_SHARE;
    if (!share)
        return value_of(d, node);
    static const struct cs_key share_key = {.name = "share",
                                            .kind = CS_KEY_QUANTITY,
                                            .unit = CS_UNIT_SHARE,
                                            .low = "0%",
                                            .high = "10000%"};
    double factor = NAN;
    if (!cs_schema_value(&d->r->schema, &share_key, node, d->path, &factor))
        return NAN;
    if (isnan(d->nominal))
        cs_diag_error(d->r->schema.diags, node->span, "give values instead of shares",
                      "uncertain %s: the scenario has no value of which this is a share", d->path);
    return factor * d->nominal;
}

static double centre(const struct reading *d, const struct cs_node *node)
{
    if (node)
        return parameter(d, node);
    if (isnan(d->nominal))
        cs_diag_error(d->r->schema.diags, d->at->span, "give its mean, median or mode",
                      "uncertain %s: the scenario has no value for it", d->path);
    return d->nominal;
}

static void read_distribution(const struct reading *d, const struct cs_uncertain_text *t,
                              struct cs_uncertain *u)
{
    struct cs_diags *const diags = d->r->schema.diags;
    const int kinds = t->has_normal + t->has_lognormal + t->has_uniform + t->has_triangular;
    if (kinds != 1) {
        cs_diag_error(diags, d->at->span, "give one of normal, lognormal, uniform, triangular",
                      kinds ? "uncertain %s names several distributions"
                            : "uncertain %s names no distribution",
                      d->path);
        return;
    }
    if (t->has_normal) {
        u->kind = CS_NORMAL;
        if ((t->sd != NULL) == t->has_cv)
            cs_diag_error(diags, d->at->span, "give one of sd and cv",
                          "uncertain %s: a normal distribution has one deviation", d->path);
        u->a = centre(d, t->mean);
        u->b = t->sd ? parameter(d, t->sd) : t->cv * fabs(u->a);
        if (u->b < 0)
            cs_diag_error(diags, t->sd->span, NULL, "uncertain %s: a deviation below 0", d->path);
    } else if (t->has_lognormal) {
        u->kind = CS_LOGNORMAL;
        if (t->mean && t->median)
            cs_diag_error(diags, t->median->span, "give one of mean and median",
                          "uncertain %s: a lognormal distribution with both", d->path);
        u->b = t->sigma;
        u->a = t->mean ? centre(d, t->mean) * exp(-0.5 * u->b * u->b) : centre(d, t->median);
    } else {
        u->kind = t->has_uniform ? CS_UNIFORM : CS_TRIANGULAR;
        u->a = parameter(d, t->min);
        u->c = parameter(d, t->max);
        u->b = t->has_uniform ? 0.5 * (u->a + u->c) : centre(d, t->mode);
        if (isnan(u->a + u->b + u->c)) /* said already */
            return;
        if (!(u->a < u->c) || u->b < u->a || u->b > u->c)
            cs_diag_error(diags, d->at->span, NULL,
                          t->has_uniform ? "uncertain %s: min is not less than max"
                                         : "uncertain %s: min, mode and max are not in order",
                          d->path);
    }
}

/* --- one input ------------------------------------------------------------------------------- */

/* "lognormal: {sigma: 0.3}", as the user wrote it. */
static const char *as_written(struct cs_arena *arena, const struct cs_node *map)
{
    const char *words = "";
    for (size_t i = 0; i < map->count; i++) {
        const struct cs_node *const item = map->items[i];
        words = cs_arena_printf(arena, "%s%s%s%s", words, i ? ", " : "", map->keys[i]->text,
                                item->kind == CS_NODE_SCALAR ? " " : " (");
        words = item->kind == CS_NODE_SCALAR
                    ? cs_arena_printf(arena, "%s%s", words, item->text)
                    : cs_arena_printf(arena, "%s%s)", words, as_written(arena, item));
    }
    return words;
}

/* The key that was meant; NULL: none is near. */
static const char *near_key(struct cs_arena *arena, const char *path)
{
    const char *const dot = strrchr(path, '.'), *const last = dot ? dot + 1 : path;
    const char *const above = cs_arena_strndup(arena, path, (size_t)(last - path));
    const struct cs_table *table = &cs_table_scenario;
    if (dot) {
        const struct cs_key *const key =
            cs_table_find(table, cs_arena_strndup(arena, path, (size_t)(dot - path)));
        table = key ? key->table : NULL;
    }
    const char *names[64];
    size_t count = 0;
    for (; table && count < table->count && count < 64; count++)
        names[count] = table->keys[count].name;
    const char *const near = cs_suggest(last, names, count);
    return near ? cs_arena_printf(arena, "did you mean '%s%s'?", above, near) : NULL;
}

/* The normal distribution below x. */
static double below(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* What is cut off a distribution because the key allows no such value, as a share; a twentieth is
 * a slip, and so is a nominal value that is not allowed. */
static bool check_range(const struct reading *d, const struct cs_uncertain *u,
                        const struct cs_key *key)
{
    double cut = 0.0;
    if (u->kind == CS_NORMAL && u->b > 0.0)
        cut = below((u->low - u->a) / u->b) + 1.0 - below((u->high - u->a) / u->b);
    else if (u->kind == CS_LOGNORMAL && u->b > 0.0 && u->a > 0.0)
        cut = (u->low > 0.0 ? below(log(u->low / u->a) / u->b) : 0.0) + 1.0 -
              below(log(u->high / u->a) / u->b);
    const bool bounded = u->kind == CS_UNIFORM || u->kind == CS_TRIANGULAR;
    const double slack = 1e-9 * fabs(u->nominal);
    const bool out = u->nominal < u->low - slack || u->nominal > u->high + slack ||
                     (u->kind == CS_LOGNORMAL && !(u->a > 0.0)) ||
                     (bounded && (u->a < u->low - slack || u->c > u->high + slack));
    if (!out && cut <= 0.05)
        return true;
    cs_diag_error(d->r->schema.diags, d->at->span,
                  cs_arena_printf(d->r->schema.arena, "it may be from %s to %s",
                                  key->low ? key->low : "any", key->high ? key->high : "any"),
                  out ? "uncertain %s leaves what the key allows"
                      : "uncertain %s: more than a twentieth of it leaves what the key allows",
                  d->path);
    return false;
}

/* Keys that say how a question is answered, not what it is. */
static bool is_about_answers(const char *path)
{
    static const char *const sections[] = {"simulate", "uncertain", "claim"};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const size_t n = strlen(sections[i]);
        if (strncmp(path, sections[i], n) == 0 && (path[n] == '.' || path[n] == '\0'))
            return true;
    }
    return false;
}

/* The unit behind a value: what follows its number and its blank. */
static bool show_in_that_of(const struct cs_resolving *r, const struct cs_key *key,
                            const struct cs_node *node, struct cs_uncertain *u)
{
    const char *const blank = node->kind == CS_NODE_SCALAR ? strchr(node->text, ' ') : NULL;
    struct cs_unit_error error;
    double si;
    if (blank == NULL)
        return false;
    const char *const one = cs_arena_printf(r->schema.arena, "1%s", blank);
    if (!cs_unit_parse_money(one, strlen(one), key->unit, r->schema.currencies, &si, &error))
        return false;
    u->shown = cs_arena_strdup(r->schema.arena, blank + 1);
    u->shown_si = si;
    return true;
}

/* People read it in the unit that they wrote: that of the value, else of the first parameter that
 * has one. */
static void show_in(const struct cs_resolving *r, const struct cs_key *key,
                    const struct cs_node *own, const struct cs_node *at, struct cs_uncertain *u)
{
    if (own != NULL && show_in_that_of(r, key, own, u))
        return;
    for (size_t i = 0; i < at->count; i++) {
        const struct cs_node *const map = at->items[i];
        for (size_t k = 0; map->kind == CS_NODE_MAP && k < map->count; k++)
            if (show_in_that_of(r, key, map->items[k], u))
                return;
    }
}

/* `name` is where the key stands. `own`: the scenario's value of a key that stands under
 * `uncertain`; NULL: none. In place the distribution's own centre is the nominal value, whatever
 * the key defaults to. */
static void add_input(struct cs_resolving *r, const char *path, struct cs_span name,
                      const struct cs_node *at, const struct cs_node *own, bool in_place)
{
    struct cs_uncertain_text text = {.cv = 0};
    struct cs_arena *const arena = r->schema.arena;
    struct cs_diags *const diags = r->schema.diags;
    const size_t before = diags->errors;
    const struct cs_key *const key = cs_table_find(&cs_table_scenario, path);
    const bool sampled =
        key && !is_about_answers(path) &&
        (key->kind == CS_KEY_QUANTITY || key->kind == CS_KEY_COUNT || key->kind == CS_KEY_COUNT64);
    if (!sampled) {
        cs_diag_error(r->schema.diags, name,
                      key && is_about_answers(path)
                          ? "inputs are those of traffic, slo, deploy, compare, cost"
                      : key ? "keys with a number can be uncertain"
                            : near_key(arena, path),
                      key && is_about_answers(path) ? "uncertain: '%s' is no input of the question"
                      : key ? "uncertain: '%s' takes no number"
                          : "uncertain: '%s' is no key of a scenario",
                      path);
        return;
    }
    if (at->kind != CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, at->span,
                      "expected a distribution, such as {lognormal: {sigma: 0.3}}",
                      "uncertain %s must be a map, not %s", path, cs_node_kind_name(at));
        return;
    }
    if (!cs_schema_read(&r->schema, &cs_table_uncertain, at,
                        cs_arena_printf(arena, "uncertain %s", path), &text))
        return;
    struct reading d = {r, key, path, NAN, at};
    const struct cs_node fallback = {.kind = CS_NODE_SCALAR,
                                     .span = at->span,
                                     .text = key->fallback,
                                     .length = key->fallback ? strlen(key->fallback) : 0};
    const bool given = own && own->kind == CS_NODE_SCALAR && strcmp(own->text, "auto") != 0;
    if (given)
        d.nominal = value_of(&d, own);
    else if (key->fallback && strcmp(key->fallback, "auto") != 0)
        d.nominal = value_of(&d, &fallback);
    if (diags->errors > before)
        return;
    struct cs_uncertain u = {.key = cs_arena_strdup(arena, path),
                             .whole = key->kind != CS_KEY_QUANTITY,
                             .text = as_written(arena, at)};
    u.unit = cs_unit_usual(key->unit, &u.si);
    u.shown = u.unit;
    u.shown_si = u.si;
    show_in(r, key, given ? own : NULL, at, &u);
    read_distribution(&d, &text, &u);
    const double middle = u.kind == CS_NORMAL || u.kind == CS_LOGNORMAL ? u.a : u.b;
    u.nominal = in_place || isnan(d.nominal) ? middle : d.nominal;
    struct cs_unit_error error;
    u.low = -INFINITY;
    u.high = INFINITY;
    if (key->low)
        cs_unit_parse(key->low, strlen(key->low), key->unit, &u.low, &error);
    if (key->high)
        cs_unit_parse(key->high, strlen(key->high), key->unit, &u.high, &error);
    if (diags->errors == before && !check_range(&d, &u, key)) /* said once */
        u.nominal = fmin(fmax(u.nominal, u.low), u.high);
    struct cs_uncertain *all = (struct cs_uncertain *)(uintptr_t)r->scenario->uncertain;
    all = cs_arena_grow(arena, all, r->scenario->uncertain_count, sizeof *all);
    all[r->scenario->uncertain_count++] = u;
    r->scenario->uncertain = all;
}

/* --- in place -------------------------------------------------------------------------------- */

/* `node` below `path`; values that are uncertain become scalars. */
static void walk(struct cs_resolving *r, struct cs_node *node, const char *path)
{
    struct cs_arena *const arena = r->schema.arena;
    for (size_t i = 0; i < node->count; i++) {
        struct cs_node *const child = node->items[i];
        const char *const own = node->kind == CS_NODE_LIST
                                    ? cs_arena_printf(arena, "%s[%zu]", path, i)
                                : *path ? cs_arena_printf(arena, "%s.%s", path, node->keys[i]->text)
                                        : node->keys[i]->text;
        const bool uncertain = child->kind == CS_NODE_MAP && child->count == 1 &&
                               strcmp(child->keys[0]->text, "uncertain") == 0;
        if (!uncertain) {
            if (*path || strcmp(own, "uncertain") != 0)
                walk(r, child, own);
            continue;
        }
        const size_t before = r->scenario->uncertain_count;
        add_input(r, own, child->keys[0]->span, child->items[0], NULL, true);
        if (r->scenario->uncertain_count == before)
            continue;
        const struct cs_uncertain *const u = &r->scenario->uncertain[before];
        const double value = isnan(u->nominal) ? 1.0 : u->nominal / u->si; /* said already */
        char *const text = cs_arena_printf(arena, "%.12g%s%s", value, *u->unit ? " " : "", u->unit);
        *child = (struct cs_node){
            .kind = CS_NODE_SCALAR, .span = child->span, .text = text, .length = strlen(text)};
    }
}

/* The nominal value of an input that the scenario has none of goes where it would stand. */
static void set_nominal(struct cs_resolving *r, struct cs_node *root, const struct cs_uncertain *u)
{
    const char *const text =
        cs_arena_printf(r->schema.arena, "%s=%.12g%s%s", u->key,
                        isnan(u->nominal) ? 1.0 : u->nominal / u->si, *u->unit ? " " : "", u->unit);
    cs_node_set_by(root, text, "uncertain", r->schema.arena, r->schema.diags);
}

static void read_map(struct cs_resolving *r, struct cs_node *root, const struct cs_node *map)
{
    static const struct cs_key yes = {.name = "model_error", .kind = CS_KEY_BOOL};
    struct cs_scenario *const s = r->scenario;
    for (size_t i = 0; i < map->count; i++) {
        const char *const key = map->keys[i]->text;
        if (strcmp(key, "model_error") == 0) {
            cs_schema_value(&r->schema, &yes, map->items[i], "uncertain model_error",
                            &s->uncertain_model);
            continue;
        }
        bool twice = false;
        for (size_t k = 0; k < s->uncertain_count; k++)
            twice |= strcmp(s->uncertain[k].key, key) == 0;
        if (twice) {
            cs_diag_error(r->schema.diags, map->keys[i]->span, NULL,
                          "uncertain names '%s', which is uncertain in place", key);
            continue;
        }
        const struct cs_node *const own = cs_node_find(root, key);
        const struct cs_key *const known = cs_table_find(&cs_table_scenario, key);
        const size_t before = s->uncertain_count;
        add_input(r, key, map->keys[i]->span, map->items[i], own, false);
        if (s->uncertain_count > before && own == NULL && known->fallback == NULL)
            set_nominal(r, root, &s->uncertain[before]);
    }
}

void cs_resolve_uncertain(struct cs_resolving *r)
{
    struct cs_node *const root = cs_node_clone(r->root, r->schema.arena);
    const struct cs_node *const map = cs_node_find(root, "uncertain");
    r->scenario->uncertain_model = true;
    walk(r, root, "");
    if (map && map->kind == CS_NODE_MAP)
        read_map(r, root, map);
    else if (map)
        cs_diag_error(r->schema.diags, map->span,
                      "expected a map, such as {traffic.volume: {lognormal: {sigma: 0.3}}}",
                      "uncertain must be a map, not %s", cs_node_kind_name(map));
    r->root = root;
}
