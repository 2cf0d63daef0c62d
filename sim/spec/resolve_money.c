/* Resolving money: exchange rates, `cost` and `compare` (see resolve.h).
 *
 * Rates are read before all else, since any amount of the scenario may be in the currencies that
 * they name. Then what the tables cannot say: terms of a rent that make no whole, machines both
 * rented and owned, a provider that no sheet of the scenario knows, an API named twice under the
 * same conditions.
 *
 * The rule: a default that follows from another key or from a sheet (the region's carbon, the rest
 * of a mix) is filled in here, so that plan only reads. Memory is the catalogue's or the reading's
 * arena. Not here: which price of a sheet holds; that nobody sells is an answer (plan/price.c).
 */
#include "base/suggest.h"
#include "spec/resolve.h"
#include <math.h>
#include <string.h>

/* --- exchange -------------------------------------------------------------------------------- */

void cs_resolve_exchange(struct cs_resolving *r)
{
    static const struct cs_key rate = {.name = "exchange",
                                       .kind = CS_KEY_QUANTITY,
                                       .unit = CS_UNIT_USD,
                                       .low = "0.000001 USD",
                                       .high = "1000 USD"};
    const struct cs_node *const map = cs_node_find(r->root, "cost.exchange");
    struct cs_currencies *const all = cs_arena_alloc(r->schema.arena, 1, sizeof *all);
    r->schema.currencies = all;
    if (!map)
        return;
    if (map->kind != CS_NODE_MAP) {
        cs_diag_error(r->schema.diags, map->span, "expected a map, such as {EUR: 1.10 USD}",
                      "cost.exchange must be a map, not %s", cs_node_kind_name(map));
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct cs_node *const code = map->keys[i];
        const char *const path = cs_arena_printf(r->schema.arena, "cost.exchange.%s", code->text);
        struct cs_currency one = {.usd = 0};
        if (!cs_unit_is_currency(code->text, code->length))
            cs_diag_error(r->schema.diags, code->span, "expected a code such as EUR, GBP or JPY",
                          "cost.exchange: '%s' is no currency known here", code->text);
        else if (all->count == CS_MONEY_CURRENCIES)
            cs_diag_error(r->schema.diags, code->span, NULL,
                          "cost.exchange names more than %d currencies", CS_MONEY_CURRENCIES);
        else if (cs_schema_value(&r->schema, &rate, map->items[i], path, &one.usd)) {
            memcpy(one.code, code->text, 4);
            all->items[all->count++] = one;
        }
    }
}

static void resolve_currency(struct cs_resolving *r, struct cs_cost *cost)
{
    const struct cs_currencies *const all = r->schema.currencies;
    const char *const wanted = cost->currency;
    cost->currency = NULL;
    cost->currency_usd = 1;
    if (!wanted || strcmp(wanted, "USD") == 0)
        return;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].code, wanted) != 0)
            continue;
        cost->currency = all->items[i].code;
        cost->currency_usd = all->items[i].usd;
        return;
    }
    cs_diag_error(
        r->schema.diags, cs_resolve_span(r, "cost.currency"),
        cs_unit_is_currency(wanted, strlen(wanted))
            ? cs_arena_printf(r->schema.arena, "add cost.exchange: {%s: 1.10 USD}", wanted)
            : "expected USD, or a code such as EUR",
        "cost.currency: what one %s is worth is not stated", wanted);
}

/* --- compare --------------------------------------------------------------------------------- */

static bool is_same(const struct cs_compare *a, const struct cs_compare *b)
{
    return a->api == b->api && a->batch == b->batch && a->price == b->price &&
           a->caching == b->caching && a->committed == b->committed;
}

/* "GPT-4o (batch, 80 % of the list price)". */
static const char *label_of(const struct cs_compare *c, const struct cs_compare_text *text,
                            struct cs_arena *arena)
{
    const char *said = "";
    if (text->batch == 1)
        said = "batch";
    else if (text->batch >= 0)
        said = cs_arena_printf(arena, "%g %% batch", 100 * text->batch);
    if (text->price != 1)
        said = cs_arena_printf(arena, "%s%s%g %% of its price", said, *said ? ", " : "",
                               100 * text->price);
    if (!text->caching)
        said = cs_arena_printf(arena, "%s%suncached", said, *said ? ", " : "");
    if (text->has_committed)
        said = text->committed > 0
                   ? cs_arena_printf(arena, "%s%s%d units committed", said, *said ? ", " : "",
                                     text->committed)
                   : cs_arena_printf(arena, "%s%scommitted", said, *said ? ", " : "");
    const char *const title = c->api->title ? c->api->title : c->api->name;
    return *said ? cs_arena_printf(arena, "%s (%s)", title, said) : title;
}

static void check_offer(struct cs_resolving *r, const struct cs_compare *c, const char *path)
{
    const struct cs_api *const api = c->api;
    const char *tiers[32];
    size_t count = 0;
    if (c->committed && !api->committed_count)
        cs_diag_error(r->schema.diags, c->span, "its sheet lists none; leave it out",
                      "%s.committed: nobody is known to sell committed throughput of %s", path,
                      api->name);
    if (!c->tier)
        return;
    for (size_t i = 0; i < api->limit_count && i < 32; i++) {
        if (strcmp(api->limits[i].tier, c->tier) == 0)
            return;
        tiers[count++] = api->limits[i].tier;
    }
    const char *const near = cs_suggest(c->tier, tiers, count);
    cs_diag_error(r->schema.diags, c->span,
                  near ? cs_arena_printf(r->schema.arena, "did you mean '%s'?", near) : NULL,
                  "%s.tier: %s has no tier '%s'", path, api->name, c->tier);
}

static void resolve_entry(struct cs_resolving *r, const struct cs_node *node, const char *path,
                          struct cs_compare *all)
{
    struct cs_compare_text text = {.batch = -1, .price = 1, .caching = true};
    const struct cs_node *name = node;
    const char *own = path;
    if (node->kind == CS_NODE_MAP) {
        if (!cs_schema_read(&r->schema, &cs_table_compare, node, path, &text))
            return;
        name = cs_node_get(node, "api");
        own = cs_arena_printf(r->schema.arena, "%s.api", path);
    } else if (node->kind != CS_NODE_SCALAR || cs_node_is_null(node)) {
        cs_diag_error(r->schema.diags, node->span, NULL,
                      "%s must be an API's name or a map, not %s", path, cs_node_kind_name(node));
        return;
    }
    struct cs_compare *const c = &all[r->scenario->compare_count];
    *c = (struct cs_compare){
        .api = cs_catalog_api(r->catalog, name->text, name->span, own, r->schema.diags),
        .batch = text.batch,
        .price = text.price,
        .caching = text.caching,
        .committed = text.has_committed && text.committed == 0 ? -1 : text.committed,
        .tier = text.tier,
        .span = node->span};
    if (!c->api)
        return;
    c->label = label_of(c, &text, r->schema.arena);
    check_offer(r, c, path);
    for (size_t j = 0; j < r->scenario->compare_count; j++)
        if (is_same(c, &all[j])) {
            cs_diag_error(r->schema.diags, node->span, NULL, "compare names '%s' twice",
                          name->text);
            return;
        }
    r->scenario->compare_count++;
}

void cs_resolve_compare(struct cs_resolving *r)
{
    const struct cs_node *const node = r->text.compare;
    if (!node)
        return;
    const bool list = node->kind == CS_NODE_LIST;
    const size_t count = list ? node->count : 1;
    struct cs_compare *const all = cs_arena_alloc(r->schema.arena, count + 1, sizeof *all);
    r->scenario->compare = all;
    for (size_t i = 0; i < count; i++)
        resolve_entry(r, list ? node->items[i] : node,
                      list ? cs_arena_printf(r->schema.arena, "compare[%zu]", i) : "compare", all);
}

/* --- whose prices ---------------------------------------------------------------------------- */

enum { NAMES_MOST = 256 };
struct providers {
    const char *names[NAMES_MOST];
    size_t count;
};

/* Keeps a name once; the names that `prices` could mean are few. */
static void add_name(struct providers *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (!name || strcmp(p->names[i], name) == 0)
            return;
    if (name && p->count < NAMES_MOST)
        p->names[p->count++] = name;
}

static void add_rentals(struct providers *p, const struct cs_scenario *s)
{
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_hardware *const h = s->options[i].hardware;
        for (size_t j = 0; j < h->rental_count; j++)
            if (h->rentals[j].term != CS_TERM_ARTICLE)
                add_name(p, h->rentals[j].provider);
    }
}

/* An error unless the name is one of these. */
static void check_name(struct cs_resolving *r, const struct providers *p, const char *key,
                       const char *name, const char *expected)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->names[i], name) == 0)
            return;
    const char *const near = cs_suggest(name, p->names, p->count);
    cs_diag_error(r->schema.diags, cs_resolve_span(r, key),
                  near ? cs_arena_printf(r->schema.arena, "did you mean '%s'?", near) : expected,
                  "%s cannot be '%s'", key, name);
}

static bool looks_like_date(const char *text)
{
    return strlen(text) >= 4 && strspn(text, "0123456789-") == strlen(text);
}

/* `prices` is a rule, a date, or a provider that at least one sheet of this scenario names. */
static void check_prices(struct cs_resolving *r, struct cs_cost *cost)
{
    const struct cs_scenario *const s = r->scenario;
    if (cost->prices && looks_like_date(cost->prices)) {
        if (!cs_schema_is_date(cost->prices))
            cs_diag_error(r->schema.diags, cs_resolve_span(r, "cost.prices"),
                          "such as 2026-05-07, 2026-05 or 2026", "cost.prices: '%s' is no date",
                          cost->prices);
        if (cost->as_of)
            cs_diag_error(r->schema.diags, cs_resolve_span(r, "cost.prices"),
                          "leave one of them out", "cost.prices is a date, and prices_as_of too");
        cost->as_of = cost->prices;
        return;
    }
    struct providers known = {.count = 0};
    add_name(&known, "article");
    add_name(&known, "listed");
    add_rentals(&known, s);
    for (size_t i = 0; i < s->compare_count; i++)
        for (size_t j = 0; j < s->compare[i].api->price_count; j++)
            add_name(&known, s->compare[i].api->prices[j].provider);
    if (cost->prices)
        check_name(r, &known, "cost.prices", cost->prices,
                   "expected article, listed, a date, or a provider of a sheet named here");
}

/* --- rent ------------------------------------------------------------------------------------ */

static void resolve_rent(struct cs_resolving *r, struct cs_cost *cost)
{
    struct cs_rent *const rent = &cost->rent;
    if (!rent->has) {
        rent->share[CS_TERM_ON_DEMAND] = 1;
        for (int t = 0; t < CS_TERM_COUNT; t++)
            rent->discount[t] = -1;
        return;
    }
    if (cost->own.has)
        cs_diag_error(r->schema.diags, cs_resolve_span(r, "cost.rent"), "leave one of them out",
                      "cost.rent contradicts cost.own");
    const bool open = rent->share[CS_TERM_ON_DEMAND] < 0;
    double sum = 0;
    for (int t = 0; t < CS_TERM_COUNT; t++) {
        rent->share[t] = fmax(0, rent->share[t]);
        sum += rent->share[t];
    }
    if (open && sum <= 1 + 1e-9) {
        rent->share[CS_TERM_ON_DEMAND] = fmax(0, 1 - sum);
    } else if (fabs(sum - 1) > 1e-9) {
        cs_diag_error(r->schema.diags, cs_resolve_span(r, "cost.rent"),
                      "shares of on_demand, spot, reserved_1y and reserved_3y make 100%",
                      "cost.rent: the terms' shares make %g %%", 100 * sum);
    }
    struct providers known = {.count = 0};
    add_rentals(&known, r->scenario);
    if (rent->provider)
        check_name(r, &known, "cost.rent.provider", rent->provider,
                   "expected a provider of a hardware sheet named here");
}

/* --- own ------------------------------------------------------------------------------------- */

static void resolve_own(struct cs_resolving *r, struct cs_cost *cost)
{
    struct cs_own *const own = &cost->own;
    if (!own->has)
        return;
    const struct cs_node *const map = cs_node_find(r->root, "cost.own");
    if (!cs_node_get(map, "electricity")) {
        own->electricity_usd_per_J = cost->electricity_usd_per_J;
        const bool region = cost->region && cost->region->electricity_usd_per_J > 0;
        if (!cs_node_find(r->root, "cost.electricity") && !region)
            cs_diag_error(r->schema.diags, map->span,
                          "expected a price of energy, such as '0.10 USD/kWh'",
                          "cost.own.electricity is missing");
    }
    if (!cs_node_get(map, "pue"))
        own->pue = cost->pue;
    const bool bought = own->purchase_usd != 0 || own->server_usd != 0 || own->network_usd != 0 ||
                        own->rack_usd != 0;
    if (!cs_node_get(map, "years") && bought)
        cs_diag_error(r->schema.diags, map->span,
                      "expected a number of years, or 'purchase: 0 USD' if it is paid for already",
                      "cost.own.years is missing");
    for (size_t i = 0; own->purchase_usd < 0 && i < r->scenario->option_count; i++)
        if (!r->scenario->options[i].hardware->purchase_count)
            cs_diag_error(r->schema.diags, map->span, "the hardware sheet holds no purchase price",
                          "cost.own.purchase is missing for %s",
                          r->scenario->options[i].hardware->name);
}

/* --- where ----------------------------------------------------------------------------------- */

static void resolve_region(struct cs_resolving *r, struct cs_cost *cost)
{
    const char *const name = r->text.cost.region;
    if (!name)
        return;
    cost->region = cs_catalog_region(r->catalog, name, cs_resolve_span(r, "cost.region"),
                                     "cost.region", r->schema.diags);
    if (!cost->region)
        return;
    const char *const title = cost->region->title ? cost->region->title : cost->region->name;
    if (!cs_node_find(r->root, "cost.electricity"))
        cost->electricity_usd_per_J = cost->region->electricity_usd_per_J;
    if (!cs_node_find(r->root, "cost.carbon")) {
        cost->carbon_kg_per_J = cost->region->carbon_kg_per_J;
        cost->carbon_why = cs_arena_printf(r->schema.arena, "grid of %s", title);
    }
}

void cs_resolve_cost(struct cs_resolving *r)
{
    struct cs_cost *const cost = &r->scenario->cost;
    *cost = r->text.cost.cost;
    cost->currencies = r->schema.currencies;
    resolve_currency(r, cost);
    check_prices(r, cost);
    resolve_region(r, cost);
    resolve_rent(r, cost);
    resolve_own(r, cost);
}
