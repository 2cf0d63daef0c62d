/* Resolving claims: what somebody says of a scenario, to be put to the test (see resolve.h).
 *
 *   claim:
 *     says: At 50M tokens a day about 20 A100 are needed, for 50 USD a day
 *     arithmetic: [20 x 2 USD/h = 50 USD/day]
 *     figures:
 *       - {figure: gpus, claimed: 20}
 *       - {figure: usd_per_day, claimed: [45 USD/day, 55 USD/day]}
 *
 * Arithmetic is a sum of products of quantities, with the result as claimed behind the sign of
 * equality; both sides are computed with their units, and must be of one dimension. Whether they
 * are equal is for the report to say: a wrong sum is what claims are made of.
 *
 * The rule: a figure is one that capsim answers with; cs_claim_infos lists them all.
 */
#include "spec/keys.h"
#include "spec/resolve.h"
#include <math.h>
#include <string.h>

const struct cs_claim_info cs_claim_infos[CS_CLAIM_KINDS] = {
    [CS_CLAIM_GPUS] = {"gpus", "GPUs needed", CS_UNIT_NUMBER, ""},
    [CS_CLAIM_USD_PER_DAY] = {"usd_per_day", "cost of one's own", CS_UNIT_USD_PER_S, "USD/day"},
    [CS_CLAIM_USD_PER_HOUR] = {"usd_per_hour", "cost of one's own", CS_UNIT_USD_PER_S, "USD/h"},
    [CS_CLAIM_USD_PER_MTOK] = {"usd_per_mtok", "cost of one's own", CS_UNIT_USD_PER_TOKEN,
                               "USD/Mtok"},
    [CS_CLAIM_API_USD_PER_DAY] = {"api_usd_per_day", "bill", CS_UNIT_USD_PER_S, "USD/day"},
    [CS_CLAIM_TIMES_CHEAPER] = {"times_cheaper", "bill over cost of one's own", CS_UNIT_NUMBER, ""},
    [CS_CLAIM_CROSSOVER] = {"crossover", "own is cheaper from", CS_UNIT_TOKENS_PER_S,
                            "tokens/day"},
    [CS_CLAIM_WEIGHTS] = {"weights", "weights", CS_UNIT_BYTES, "GB"},
    [CS_CLAIM_GPUS_TO_HOLD] = {"gpus_to_hold", "GPUs that hold it", CS_UNIT_NUMBER, ""},
    [CS_CLAIM_TOKENS_PER_S] = {"tokens_per_s", "one request alone", CS_UNIT_TOKENS_PER_S,
                               "tokens/s"},
    [CS_CLAIM_USD_PER_MTOK_FULL] = {"usd_per_mtok_full", "cost of one's own, full",
                                    CS_UNIT_USD_PER_TOKEN, "USD/Mtok"},
    [CS_CLAIM_OUTPUT_PER_GPU] = {"output_per_gpu", "answers of one GPU, full",
                                 CS_UNIT_TOKENS_PER_S, "tokens/s"},
    [CS_CLAIM_TOKENS_PER_GPU] = {"tokens_per_gpu", "tokens of one GPU, full",
                                 CS_UNIT_TOKENS_PER_S, "tokens/day"},
    [CS_CLAIM_TIMES_FASTER] = {"times_faster", "tokens of one GPU, over the other's",
                               CS_UNIT_NUMBER, ""},
};

static const struct cs_choice kinds[] = {
    {"gpus", CS_CLAIM_GPUS},
    {"usd_per_day", CS_CLAIM_USD_PER_DAY},
    {"usd_per_hour", CS_CLAIM_USD_PER_HOUR},
    {"usd_per_mtok", CS_CLAIM_USD_PER_MTOK},
    {"api_usd_per_day", CS_CLAIM_API_USD_PER_DAY},
    {"times_cheaper", CS_CLAIM_TIMES_CHEAPER},
    {"crossover", CS_CLAIM_CROSSOVER},
    {"weights", CS_CLAIM_WEIGHTS},
    {"gpus_to_hold", CS_CLAIM_GPUS_TO_HOLD},
    {"tokens_per_s", CS_CLAIM_TOKENS_PER_S},
    {"usd_per_mtok_full", CS_CLAIM_USD_PER_MTOK_FULL},
    {"output_per_gpu", CS_CLAIM_OUTPUT_PER_GPU},
    {"tokens_per_gpu", CS_CLAIM_TOKENS_PER_GPU},
    {"times_faster", CS_CLAIM_TIMES_FASTER},
    {NULL, 0}};
static const struct cs_key claimed_keys[] = {
    KEY("figure", "Which figure of the answer.", CHOICE(cs_claimed_text, kind, kinds), REQUIRED),
    KEY("claimed", "A value, or both ends of a range; {least: ...} or {most: ...}.",
        NODE(cs_claimed_text, claimed), REQUIRED,
        .example = "a value, or a range such as [5M tokens/day, 10M tokens/day]"),
    KEY("option", "Of which option, counted from 1. Default: the best.",
        COUNT(cs_claimed_text, option, "1", "10000")),
    KEY("than", "Of `times_faster`: the option it is compared with.",
        COUNT(cs_claimed_text, than, "1", "10000")),
    KEY("api", "Of `compare`, by its name, or its number in the list.",
        TEXT(cs_claimed_text, api), .example = "an API's name"),
};
static const struct cs_table claimed_table = TABLE_OF(cs_claimed_text, "a figure", claimed_keys);
static const struct cs_key claim_keys[] = {
    KEY("number", "Its number where it stands.", TEXT(cs_claim_text, number),
        .example = "a number or a name"),
    KEY("says", "In its own words.", TEXT(cs_claim_text, says), REQUIRED),
    KEY("source", "Who says so.", TEXT(cs_claim_text, source)),
    KEY("arithmetic", "Sums that it makes, or should have made, with the results it gives.",
        NODE(cs_claim_text, arithmetic), .example = "a list, such as [20 x 2 USD/h = 50 USD/day]"),
    KEY("figures", "What is put to the test.", NODE(cs_claim_text, figures),
        .table = &claimed_table, .example = "a list, such as [{figure: gpus, claimed: 20}]"),
    KEY("note", "What a reader should know of the test.", TEXT(cs_claim_text, note)),
};
const struct cs_table cs_table_claim = TABLE("claim", claim_keys);

/* --- arithmetic ------------------------------------------------------------------------------ */

struct side {
    double value;
    signed char powers[CS_UNIT_BASES];
};

static bool fail(struct cs_resolving *r, const struct cs_node *node, const char *hint,
                 const char *what)
{
    cs_diag_error(r->schema.diags, node->span,
                  hint ? hint : "such as '20 x 2 USD/h = 960 USD/day'", "claim.arithmetic: %s",
                  what);
    return false;
}

/* A product: quantities between " x " and " / ". */
static bool read_product(struct cs_resolving *r, const struct cs_node *node, const char *text,
                         size_t length, struct side *product)
{
    int sign = 1;
    *product = (struct side){.value = 1};
    while (length > 0) {
        size_t n = 0; /* up to the next " x " or " / " */
        while (n < length && !(n + 2 < length && text[n] == ' ' && text[n + 2] == ' ' &&
                               (text[n + 1] == 'x' || text[n + 1] == '/')))
            n++;
        struct cs_unit_error error;
        struct side one;
        if (!cs_unit_parse_any(text, n, r->schema.currencies, &one.value, one.powers, &error))
            return fail(r, node, *error.hint ? error.hint : NULL,
                        cs_arena_printf(r->schema.arena, "'%.*s' %s", (int)n, text, error.message));
        if (sign < 0 && one.value == 0.0)
            return fail(r, node, NULL, "a division by 0");
        product->value *= sign > 0 ? one.value : 1.0 / one.value;
        for (int b = 0; b < CS_UNIT_BASES; b++)
            product->powers[b] = (signed char)(product->powers[b] + sign * one.powers[b]);
        if (n >= length)
            return true;
        sign = text[n + 1] == 'x' ? 1 : -1;
        text += n + 3;
        length -= n + 3;
    }
    return fail(r, node, NULL, "a quantity is missing");
}

/* A sum of products of one dimension. */
static bool read_side(struct cs_resolving *r, const struct cs_node *node, const char *text,
                      size_t length, struct side *side)
{
    for (bool first = true;; first = false) {
        size_t n = 0;
        while (n < length && !(n + 2 < length && memcmp(text + n, " + ", 3) == 0))
            n++;
        struct side product;
        if (!read_product(r, node, text, n, &product))
            return false;
        if (!first && memcmp(product.powers, side->powers, sizeof side->powers) != 0)
            return fail(r, node, NULL, "terms of different dimensions are added");
        if (first)
            *side = product;
        else
            side->value += product.value;
        if (n >= length)
            return true;
        text += n + 3;
        length -= n + 3;
    }
}

static bool read_sum(struct cs_resolving *r, const struct cs_node *node, struct cs_sum *sum)
{
    const char *const equals = node->kind == CS_NODE_SCALAR ? strstr(node->text, " = ") : NULL;
    struct side left, right;
    if (equals == NULL)
        return fail(r, node, NULL, "a line without ' = '");
    const char *const result = equals + 3;
    if (!read_side(r, node, node->text, (size_t)(equals - node->text), &left) ||
        !read_side(r, node, result, strlen(result), &right))
        return false;
    if (memcmp(left.powers, right.powers, sizeof left.powers) != 0)
        return fail(r, node, "check the units", "the sides have different dimensions");
    const char *unit = result + strspn(result, "0123456789.,eE+-");
    if (*unit != '\0' && strchr("kMGBT", *unit) && (unit[1] == ' ' || unit[1] == '\0'))
        unit++;
    unit += strspn(unit, " ");
    *sum = (struct cs_sum){.text = cs_arena_strdup(r->schema.arena, node->text),
                           .left = left.value,
                           .right = right.value,
                           .unit = cs_arena_strdup(r->schema.arena, unit),
                           .unit_si = 1};
    struct cs_unit_error error;
    const char *const one = cs_arena_printf(r->schema.arena, "1 %s", unit);
    signed char powers[CS_UNIT_BASES];
    cs_unit_parse_any(one, strlen(one), r->schema.currencies, &sum->unit_si, powers, &error);
    return true;
}

/* --- figures --------------------------------------------------------------------------------- */

static double read_value(struct cs_resolving *r, enum cs_claim_kind kind,
                         const struct cs_node *node)
{
    const struct cs_key key = {.name = "claimed",
                               .kind = CS_KEY_QUANTITY,
                               .unit = cs_claim_infos[kind].unit};
    double value = NAN;
    return cs_schema_value(&r->schema, &key, node, "claim.figures", &value) ? value : NAN;
}

/* "5M to 10M tokens/day": a unit that both have said once. */
static const char *range_words(struct cs_arena *arena, const char *low, const char *high)
{
    const char *const a = strchr(low, ' '), *const b = strchr(high, ' ');
    const bool same = a && b && strcmp(a, b) == 0;
    return cs_arena_printf(arena, "%.*s to %s", same ? (int)(a - low) : (int)strlen(low), low,
                           high);
}

static void read_claimed(struct cs_resolving *r, const struct cs_node *node, struct cs_claimed *c)
{
    struct cs_arena *const arena = r->schema.arena;
    const bool list = node->kind == CS_NODE_LIST && node->count == 2;
    const bool map = node->kind == CS_NODE_MAP && node->count == 1;
    if (list) {
        c->low = read_value(r, c->kind, node->items[0]);
        c->high = read_value(r, c->kind, node->items[1]);
        if (!isnan(c->low) && !isnan(c->high)) /* else said already */
            c->text = range_words(arena, node->items[0]->text, node->items[1]->text);
    } else if (map && (strcmp(node->keys[0]->text, "least") == 0 ||
                       strcmp(node->keys[0]->text, "most") == 0)) {
        const bool least = node->keys[0]->text[0] == 'l';
        const double end = read_value(r, c->kind, node->items[0]);
        c->low = least ? end : -INFINITY;
        c->high = least ? INFINITY : end;
        if (!isnan(end))
            c->text = cs_arena_printf(arena, "%s %s", least ? "at least" : "at most",
                                      node->items[0]->text);
    } else if (node->kind == CS_NODE_SCALAR) {
        c->low = c->high = read_value(r, c->kind, node);
        c->text = cs_arena_strdup(arena, node->text);
    } else {
        cs_diag_error(r->schema.diags, node->span,
                      "a value, a list of two, {least: ...} or {most: ...}",
                      "claim.figures: what is claimed cannot be %s", cs_node_kind_name(node));
    }
    if (c->low > c->high)
        cs_diag_error(r->schema.diags, node->span, NULL,
                      "claim.figures: the ends of a range are not in order");
}

/* By its name, or its number in the list where a name stands there several times. That there is
 * none is an error of `capsim claims` alone: other commands are asked with other APIs. */
static const struct cs_compare *find_api(const struct cs_resolving *r, const char *name)
{
    const struct cs_scenario *const s = r->scenario;
    for (size_t i = 0; i < s->compare_count; i++)
        if (strcmp(s->compare[i].api->name, name) == 0 ||
            strcmp(cs_arena_printf(r->schema.arena, "%zu", i + 1), name) == 0)
            return &s->compare[i];
    return NULL;
}

static void read_figure(struct cs_resolving *r, const struct cs_node *node, const char *path,
                        struct cs_claimed *c)
{
    struct cs_claimed_text text = {.kind = 0};
    if (!cs_schema_read(&r->schema, &claimed_table, node, path, &text))
        return;
    *c = (struct cs_claimed){
        .kind = (enum cs_claim_kind)text.kind,
        .option = text.option,
        .than = text.than,
        .api_name = text.api,
        .span = node->span};
    read_claimed(r, text.claimed, c);
    const bool against = c->kind == CS_CLAIM_API_USD_PER_DAY ||
                         c->kind == CS_CLAIM_TIMES_CHEAPER || c->kind == CS_CLAIM_CROSSOVER;
    if (text.api)
        c->api = find_api(r, text.api);
    else if (against)
        cs_diag_error(r->schema.diags, node->span, "add api: and its name",
                      "claim.figures: '%s' is of an API", cs_claim_infos[c->kind].name);
    if (c->kind == CS_CLAIM_TIMES_FASTER && (text.than == 0 || text.option == 0))
        cs_diag_error(r->schema.diags, node->span, "such as option: 1, than: 2",
                      "claim.figures: 'times_faster' is of one option over another");
}

void cs_resolve_claim(struct cs_resolving *r)
{
    const struct cs_claim_text *const t = &r->text.claim;
    if (!r->text.has_claim)
        return;
    struct cs_arena *const arena = r->schema.arena;
    struct cs_claim *const claim = cs_arena_alloc(arena, 1, sizeof *claim);
    *claim = (struct cs_claim){
        .number = t->number, .says = t->says, .source = t->source, .note = t->note};
    r->scenario->claim = claim;
    if (t->arithmetic) {
        const bool list = t->arithmetic->kind == CS_NODE_LIST;
        const size_t n = list ? t->arithmetic->count : 1;
        struct cs_sum *const sums = cs_arena_alloc(arena, n + 1, sizeof *sums);
        claim->sums = sums;
        for (size_t i = 0; i < n; i++)
            claim->sum_count += read_sum(r, list ? t->arithmetic->items[i] : t->arithmetic,
                                         &sums[claim->sum_count]);
    }
    if (t->figures && t->figures->kind != CS_NODE_LIST)
        cs_diag_error(r->schema.diags, t->figures->span,
                      "a list, such as [{figure: gpus, claimed: 20}]",
                      "claim.figures must be a list, not %s", cs_node_kind_name(t->figures));
    else if (t->figures) {
        struct cs_claimed *const all = cs_arena_alloc(arena, t->figures->count + 1, sizeof *all);
        claim->figures = all;
        for (size_t i = 0; i < t->figures->count; i++)
            read_figure(r, t->figures->items[i],
                        cs_arena_printf(arena, "claim.figures[%zu]", i),
                        &all[claim->figure_count++]);
    }
}
