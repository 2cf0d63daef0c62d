/* Pinning a scenario to one fleet: its tree with a few branches exchanged (see pin.h).
 *
 * The scenario keeps the tree that it was read from, --set applied and inputs that were uncertain
 * in place at their nominal values, and each option the map that it was read from. A new tree is
 * put together of those nodes, so that values and their units are as written; what is exchanged is
 * made of scalars without quotes. Times are written in seconds with up to twelve decimals, shares
 * with as few digits as read back to the same double.
 *
 * The rule: nodes of the scenario are shared and never written to; maps on the way to an exchanged
 * value are copied. Not here: where sheets and traces are to be found (cli/record.c packs them).
 */
#include "spec/pin.h"
#include "spec/resolve.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pinning {
    const struct cs_scenario *s;
    const struct cs_pin *pin;
    struct cs_arena *arena;
};

/* --- nodes ----------------------------------------------------------------------------------- */

static struct cs_node *scalar(const struct pinning *p, const char *text)
{
    struct cs_node *const node = cs_arena_alloc(p->arena, 1, sizeof *node);
    *node = (struct cs_node){.kind = CS_NODE_SCALAR,
                             .plain = true,
                             .span = p->s->node->span,
                             .text = text,
                             .length = strlen(text)};
    return node;
}

static struct cs_node *collection(const struct pinning *p, enum cs_node_kind kind, size_t most)
{
    struct cs_node *const node = cs_arena_alloc(p->arena, 1, sizeof *node);
    *node = (struct cs_node){.kind = kind, .span = p->s->node->span};
    node->keys = cs_arena_alloc(p->arena, most + 1, sizeof *node->keys);
    node->items = cs_arena_alloc(p->arena, most + 1, sizeof *node->items);
    return node;
}

static void add(const struct pinning *p, struct cs_node *map, const char *key,
                struct cs_node *value)
{
    map->keys[map->count] = scalar(p, key);
    map->items[map->count++] = value;
}

static void add_count(const struct pinning *p, struct cs_node *map, const char *key, uint64_t value)
{
    add(p, map, key, scalar(p, cs_arena_printf(p->arena, "%" PRIu64, value)));
}

/* The map with room for some keys more, and without those that are named. */
static struct cs_node *without(const struct pinning *p, const struct cs_node *map,
                               const char *const *names, size_t more)
{
    struct cs_node *const copy = collection(p, CS_NODE_MAP, map->count + more);
    copy->span = map->span;
    for (size_t i = 0; i < map->count; i++) {
        bool out = false;
        for (const char *const *name = names; *name; name++)
            out = out || strcmp(map->keys[i]->text, *name) == 0;
        if (out)
            continue;
        copy->keys[copy->count] = map->keys[i];
        copy->items[copy->count++] = map->items[i];
    }
    return copy;
}

static struct cs_node *copy_of(const struct pinning *p, const struct cs_node *map)
{
    static const char *const nothing[] = {NULL};
    return without(p, map, nothing, 1);
}

static void exchange(const struct cs_node *map, const char *key, struct cs_node *value)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            map->items[i] = value;
}

/* --- names of sheets ------------------------------------------------------------------------- */

/* By its name in the catalogue; any other node, and what is no sheet there, as it is. */
static struct cs_node *named(const struct pinning *p, enum cs_sheet_kind kind,
                             const struct cs_node *node)
{
    struct cs_node *const own = (struct cs_node *)(uintptr_t)node;
    if (!p->pin->catalog || !node || node->kind != CS_NODE_SCALAR)
        return own;
    const char *const path = cs_catalog_named(p->pin->catalog, kind, node->text, node->span);
    return path ? scalar(p, cs_catalog_stem(p->arena, path)) : own;
}

static void name_in(const struct pinning *p, struct cs_node *map, const char *key,
                    enum cs_sheet_kind kind)
{
    const struct cs_node *const node = cs_node_get(map, key);
    if (node)
        exchange(map, key, named(p, kind, node));
}

/* An API's name, a map that names one, or a list of them. */
static struct cs_node *compare_named(const struct pinning *p, const struct cs_node *node)
{
    if (node->kind == CS_NODE_SCALAR)
        return named(p, CS_SHEET_API, node);
    if (node->kind == CS_NODE_MAP) {
        struct cs_node *const map = copy_of(p, node);
        name_in(p, map, "api", CS_SHEET_API);
        return map;
    }
    struct cs_node *const list = collection(p, CS_NODE_LIST, node->count);
    for (size_t i = 0; i < node->count; i++)
        list->items[list->count++] = compare_named(p, node->items[i]);
    return list;
}

/* --- the parts ------------------------------------------------------------------------------- */

static struct cs_node *deploy(const struct pinning *p)
{
    static const char *const sizes[] = {"tensor_parallel", "replicas", "gpus", NULL};
    struct cs_node *const map = without(p, p->pin->option->node, sizes, 3);
    name_in(p, map, "model", CS_SHEET_MODEL);
    name_in(p, map, "hardware", CS_SHEET_HARDWARE);
    name_in(p, map, "host", CS_SHEET_HOST);
    if (p->pin->catalog) { /* the one that serves: an alias or the default may name another later */
        struct cs_node *const engine = scalar(p, p->pin->option->engine->name);
        if (cs_node_get(map, "engine"))
            exchange(map, "engine", engine);
        else
            add(p, map, "engine", engine);
    }
    add_count(p, map, "tensor_parallel", (uint64_t)p->pin->tensor_parallel);
    add_count(p, map, "replicas", (uint64_t)p->pin->replicas);
    return map;
}

static struct cs_node *traffic(const struct pinning *p, const struct cs_node *node)
{
    struct cs_node *const map = copy_of(p, node);
    if (p->pin->trace)
        exchange(map, "trace", scalar(p, p->pin->trace));
    name_in(p, map, "lengths", CS_SHEET_TRAFFIC);
    if (p->s->traffic.curve_name)
        name_in(p, map, "curve", CS_SHEET_TRAFFIC);
    return map;
}

/* Whether a sheet that is left lists prices of that provider. */
static bool is_known(const struct pinning *p, const char *provider, bool apis)
{
    const struct cs_hardware *const h = p->pin->option->hardware;
    for (size_t i = 0; i < h->rental_count; i++)
        if (h->rentals[i].term != CS_TERM_ARTICLE && h->rentals[i].provider &&
            strcmp(h->rentals[i].provider, provider) == 0)
            return true;
    for (size_t i = 0; apis && i < p->s->compare_count; i++) {
        const struct cs_api *const api = p->s->compare[i].api;
        for (size_t k = 0; k < api->price_count; k++)
            if (api->prices[k].provider && strcmp(api->prices[k].provider, provider) == 0)
                return true;
    }
    return false;
}

static struct cs_node *cost(const struct pinning *p, const struct cs_node *node)
{
    static const char *const prices[] = {"prices", NULL}, *const provider[] = {"provider", NULL};
    const char *const own = p->s->cost.prices;
    const bool rule = !own || strcmp(own, "article") == 0 || strcmp(own, "listed") == 0 ||
                      (own[0] >= '0' && own[0] <= '9');
    struct cs_node *const map =
        rule || is_known(p, own, true) ? copy_of(p, node) : without(p, node, prices, 0);
    const struct cs_node *const rent = cs_node_get(map, "rent");
    if (rent && p->s->cost.rent.provider && !is_known(p, p->s->cost.rent.provider, false))
        exchange(map, "rent", without(p, rent, provider, 0));
    name_in(p, map, "region", CS_SHEET_REGION);
    return map;
}

/* "36000.000000000001 s", exactly. */
static struct cs_node *seconds(const struct pinning *p, int64_t ps)
{
    const int64_t second = INT64_C(1000000000000);
    char decimals[16];
    snprintf(decimals, sizeof decimals, ".%012" PRId64, ps % second);
    for (size_t last = strlen(decimals); last > 0 && strchr(".0", decimals[last - 1]);) {
        const bool point = decimals[last - 1] == '.';
        decimals[--last] = '\0';
        if (point)
            break;
    }
    return scalar(p, cs_arena_printf(p->arena, "%" PRId64 "%s s", ps / second, decimals));
}

static struct cs_node *share(const struct pinning *p, double value)
{
    char text[32];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return scalar(p, cs_arena_strdup(p->arena, text));
}

static struct cs_node *change(const struct pinning *p, const struct cs_change *c)
{
    struct cs_node *const map = collection(p, CS_NODE_MAP, 3);
    const char *const key = cs_change_names[c->kind];
    add(p, map, "at", seconds(p, c->time_ps));
    switch (c->kind) {
    case CS_CHANGE_TRAFFIC:
        add(p, map, key, share(p, c->factor));
        break;
    case CS_CHANGE_FAIL:
        add_count(p, map, key, (uint64_t)c->replica + 1);
        add(p, map, "repair", seconds(p, c->repair_ps));
        break;
    case CS_CHANGE_ROUTER:
        add(p, map, key, scalar(p, cs_router_names[c->router]));
        break;
    default:
        add_count(p, map, key, (uint64_t)c->count);
        break;
    }
    return map;
}

static struct cs_node *changes(const struct pinning *p)
{
    struct cs_node *const list = collection(p, CS_NODE_LIST, p->pin->change_count);
    int64_t replicas = p->pin->replicas;
    for (size_t i = 0; i < p->pin->change_count; i++)
        if (p->pin->changes[i].kind == CS_CHANGE_ADD)
            replicas += p->pin->changes[i].count;
    for (size_t i = 0; i < p->pin->change_count; i++)
        if (p->pin->changes[i].kind != CS_CHANGE_FAIL || p->pin->changes[i].replica < replicas)
            list->items[list->count++] = change(p, &p->pin->changes[i]);
    return list;
}

static struct cs_node *simulate(const struct pinning *p, const struct cs_node *node)
{
    static const char *const seed[] = {"seed", NULL};
    struct cs_node *const map =
        node ? without(p, node, seed, 1) : collection(p, CS_NODE_MAP, 1);
    add_count(p, map, "seed", p->pin->seed);
    return map;
}

/* --- the whole ------------------------------------------------------------------------------- */

static const struct cs_node *pinned(const struct pinning *p)
{
    static const char *const others[] = {"model", "uncertain", "claim", "changes", NULL};
    struct cs_node *const root = without(p, p->s->node, others, 3);
    exchange(root, "deploy", deploy(p));
    exchange(root, "traffic", traffic(p, cs_node_get(root, "traffic")));
    if (p->pin->catalog && cs_node_get(root, "compare"))
        exchange(root, "compare", compare_named(p, cs_node_get(root, "compare")));
    const struct cs_node *const money = cs_node_get(root, "cost");
    if (money && money->kind == CS_NODE_MAP)
        exchange(root, "cost", cost(p, money));
    if (p->pin->has_seed) {
        const struct cs_node *const own = cs_node_get(root, "simulate");
        if (own)
            exchange(root, "simulate", simulate(p, own));
        else
            add(p, root, "simulate", simulate(p, NULL));
    }
    if (!cs_node_get(root, "name")) { /* it was that of the file */
        memmove(root->keys + 1, root->keys, root->count * sizeof(struct cs_node *));
        memmove(root->items + 1, root->items, root->count * sizeof(struct cs_node *));
        root->keys[0] = scalar(p, "name");
        root->items[0] = scalar(p, p->s->name);
        root->count++;
    }
    struct cs_node *const list = changes(p);
    if (list->count > 0)
        add(p, root, "changes", list);
    return root;
}

const char *cs_scenario_pin(const struct cs_scenario *s, const struct cs_pin *pin,
                            struct cs_arena *arena)
{
    const struct pinning p = {s, pin, arena};
    return cs_node_text(pinned(&p), arena);
}

const struct cs_scenario *cs_scenario_pinned(const struct cs_scenario *s, const struct cs_pin *pin,
                                             struct cs_catalog *catalog, struct cs_diags *diags)
{
    struct cs_arena *const arena = cs_catalog_arena(catalog);
    const struct pinning p = {s, pin, arena};
    return cs_resolve_scenario(catalog, arena, pinned(&p), s->path, diags);
}
