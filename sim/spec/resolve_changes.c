/* Resolving changes: what happens to fleet and traffic during the run (see resolve.h).
 *
 *   changes:
 *   - {at: 9 h, traffic: 200%}                  the rate from then on, of the scenario's own
 *   - {at: 10 h, fail: 2, repair: 20 min}       replica 2; its requests are retried elsewhere
 *   - {at: Tue 10:30, add: 1}                   or remove: 1, or router: round_robin
 *
 * Changes made by hand in the window are written so (spec/pin.c), that a run can be repeated;
 * people write them to ask what a failure costs. Rows may stand in any order; they are kept by
 * time, and those of one instant in the order of the file.
 */
#include "spec/keys.h"
#include "spec/resolve.h"
#include "spec/when.h"
#include <stdlib.h>
#include <string.h>

const char *const cs_change_names[CS_CHANGE_COUNT] = {
    [CS_CHANGE_TRAFFIC] = "traffic", [CS_CHANGE_FAIL] = "fail",     [CS_CHANGE_ADD] = "add",
    [CS_CHANGE_REMOVE] = "remove",   [CS_CHANGE_ROUTER] = "router",
};

struct change_text {
    double at_s, factor, repair_s;
    int replica, add, remove, router;
    bool has[CS_CHANGE_COUNT], has_repair;
};

static const struct cs_key change_keys[] = {
    KEY("at", "When, from the start of the run; or as the report names it, such as Tue 15:00.",
        QUANTITY(change_text, at_s, SECONDS, "0 s", "100 days"), REQUIRED),
    KEY("traffic", "The rate of arrivals from then on, of the scenario's own.",
        QUANTITY(change_text, factor, SHARE, "1%", "10000%"),
        PRESENT(change_text, has[CS_CHANGE_TRAFFIC])),
    KEY("fail", "The replica of this number, from 1, fails: its requests are retried elsewhere.",
        COUNT(change_text, replica, "1", "1000000"), PRESENT(change_text, has[CS_CHANGE_FAIL])),
    KEY("repair", "Of `fail`: how long until it can load the model again. Default: 15 min.",
        QUANTITY(change_text, repair_s, SECONDS, "1 ms", "100 days"),
        PRESENT(change_text, has_repair)),
    KEY("add", "So many replicas more; they read the weights first.",
        COUNT(change_text, add, "1", "1000000"), PRESENT(change_text, has[CS_CHANGE_ADD])),
    KEY("remove", "So many fewer; they finish what they have, and one stays.",
        COUNT(change_text, remove, "1", "1000000"), PRESENT(change_text, has[CS_CHANGE_REMOVE])),
    KEY("router", "Which replica gets a request from then on.",
        CHOICE(change_text, router, cs_router_choices),
        PRESENT(change_text, has[CS_CHANGE_ROUTER])),
};
const struct cs_table cs_table_change = TABLE_OF(change_text, "changes", change_keys);

const int64_t cs_repair_ps = INT64_C(900000000000000); /* 15 min */

/* The row with its time in seconds, where it is one that the report names. */
static const struct cs_node *timed_row(struct cs_resolving *r, const struct cs_node *row)
{
    const struct cs_node *const at = row->kind == CS_NODE_MAP ? cs_node_get(row, "at") : NULL;
    const double s = at != NULL && at->kind == CS_NODE_SCALAR
                         ? cs_when_named(at->text, r->scenario->traffic.curve.starts_monday)
                         : -1.0;
    if (s < 0.0)
        return row;
    struct cs_node *const copy = cs_arena_alloc(r->schema.arena, 1, sizeof *copy);
    struct cs_node *const seconds = cs_arena_alloc(r->schema.arena, 1, sizeof *seconds);
    *seconds = *at;
    seconds->text = cs_arena_printf(r->schema.arena, "%.0f s", s);
    seconds->length = strlen(seconds->text);
    *copy = *row;
    copy->items = cs_arena_alloc(r->schema.arena, row->count, sizeof *copy->items);
    for (size_t i = 0; i < row->count; i++)
        copy->items[i] = row->items[i] == at ? seconds : row->items[i];
    return copy;
}

/* What a row says, once; -1: nothing, or several things. */
static int kind_of(struct cs_resolving *r, const struct cs_node *row, const struct change_text *t,
                   const char *path)
{
    int kind = -1, kinds = 0;
    for (int k = 0; k < CS_CHANGE_COUNT; k++)
        if (t->has[k]) {
            kind = k;
            kinds++;
        }
    if (kinds != 1)
        cs_diag_error(r->schema.diags, row->span, "name one of traffic, fail, add, remove, router",
                      kinds ? "%s changes several things" : "%s changes nothing", path);
    else if (t->has_repair && kind != CS_CHANGE_FAIL)
        cs_diag_error(r->schema.diags, row->span, "leave it out, or name the replica: fail: 1",
                      "%s.repair: nothing fails", path);
    return kinds == 1 ? kind : -1;
}

/* A replica that no option's given fleet ever has. */
static void check_replica(struct cs_resolving *r, const struct cs_node *row,
                          const struct cs_change *changes, size_t count, int replica,
                          const char *path)
{
    long most = 0;
    for (size_t i = 0; i < r->scenario->option_count; i++) {
        if (r->scenario->options[i].replicas == 0)
            return;
        if (r->scenario->options[i].replicas > most)
            most = r->scenario->options[i].replicas;
    }
    for (size_t i = 0; i < count; i++)
        most += changes[i].kind == CS_CHANGE_ADD ? changes[i].count : 0;
    if (most > 0 && replica >= most)
        cs_diag_error(r->schema.diags, cs_node_get(row, "fail")->span, NULL,
                      "%s.fail is %d, but the fleet has %ld replica%s", path, replica + 1, most,
                      most == 1 ? "" : "s");
}

/* A time of a row, exact where it is written in seconds: a double of 100 days is good for some
 * nanoseconds, and picoseconds are what a run that is repeated goes by. */
static int64_t ps_of(const struct cs_node *row, const char *key, double s)
{
    const struct cs_node *const node = cs_node_get(row, key);
    const char *at = node ? node->text : "";
    int64_t ps = 0;
    int decimals = -1; /* before the point */
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && decimals < 0); at++)
        if (*at == '.')
            decimals = 0;
        else if (decimals < 12 && ps <= (INT64_MAX - 9) / 10) {
            ps = 10 * ps + (*at - '0');
            decimals += decimals >= 0;
        }
    if (strcmp(at, " s") != 0)
        return (int64_t)(s * 1e12 + 0.5);
    for (int i = decimals > 0 ? decimals : 0; i < 12; i++)
        ps *= 10;
    return ps;
}

struct timed {
    struct cs_change change;
    size_t order;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *const x = a, *const y = b;
    if (x->change.time_ps != y->change.time_ps)
        return x->change.time_ps < y->change.time_ps ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

void cs_resolve_changes(struct cs_resolving *r)
{
    const struct cs_node *const list = r->text.changes;
    struct cs_diags *const diags = r->schema.diags;
    if (list == NULL)
        return;
    if (list->kind != CS_NODE_LIST) {
        cs_diag_error(diags, list->span, "such as [{at: 10 h, fail: 1}]",
                      "changes must be a list, not %s", cs_node_kind_name(list));
        return;
    }
    struct timed *const timed = cs_arena_alloc(r->schema.arena, list->count + 1, sizeof *timed);
    struct cs_change *const sorted =
        cs_arena_alloc(r->schema.arena, list->count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *const path = cs_arena_printf(r->schema.arena, "changes[%zu]", i);
        struct change_text t = {.at_s = 0};
        if (list->items[i]->kind != CS_NODE_MAP) {
            cs_diag_error(diags, list->items[i]->span, "such as {at: 10 h, fail: 1}",
                          "%s must be a map, not %s", path, cs_node_kind_name(list->items[i]));
            continue;
        }
        const struct cs_node *const row = timed_row(r, list->items[i]);
        if (!cs_schema_read(&r->schema, &cs_table_change, row, path, &t))
            continue;
        const int kind = kind_of(r, row, &t, path);
        if (kind < 0)
            continue;
        if (kind == CS_CHANGE_FAIL && !t.has_repair)
            cs_schema_default(&r->schema, cs_arena_printf(r->schema.arena, "%s.repair", path),
                              "15 min", "an assumption: a machine is exchanged for a spare one");
        timed[count].order = i;
        timed[count++].change = (struct cs_change){
            .kind = (enum cs_change_kind)kind,
            .time_ps = ps_of(row, "at", t.at_s),
            .factor = t.factor,
            .replica = t.replica - 1,
            .count = kind == CS_CHANGE_ADD ? t.add : t.remove,
            .repair_ps = t.has_repair ? ps_of(row, "repair", t.repair_s) : cs_repair_ps,
            .router = (enum cs_router)t.router,
        };
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = timed[i].change;
    for (size_t i = 0; i < count; i++)
        if (timed[i].change.kind == CS_CHANGE_FAIL)
            check_replica(r, list->items[timed[i].order], sorted, count, timed[i].change.replica,
                          cs_arena_printf(r->schema.arena, "changes[%zu]", timed[i].order));
    qsort(timed, count, sizeof *timed, by_time);
    for (size_t i = 0; i < count; i++)
        sorted[i] = timed[i].change;
    r->scenario->changes = sorted;
    r->scenario->change_count = count;
}
