/* Nodes: finding a value by its path, and editing the tree for --set (see yaml.h).
 *
 * A path is names joined by '.', with [i] for the i-th item of a list, from 0; --set also takes
 * ".0" for "[0]". A key that itself holds dots ("memory.bandwidth" under `sources`) is not reached
 * by a path but by cs_node_get.
 *
 * The rule: an edit happens before any check, so a value from the command line passes exactly the
 * checks of one in the file; its span points at the argument, under the name of its option.
 * Not here: what keys exist. A misspelt one is added and found unknown by the key tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec/yaml.h"

struct cs_node *cs_node_get(const struct cs_node *map, const char *key)
{
    if (!map || map->kind != CS_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

bool cs_node_is_null(const struct cs_node *node)
{
    return node->kind == CS_NODE_SCALAR && node->plain &&
           (node->length == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *cs_node_kind_name(const struct cs_node *node)
{
    static const char *const names[] = {"text", "a list", "a map"};
    return cs_node_is_null(node) ? "nothing" : names[node->kind];
}

/* One step of a path: a name, or an index when `index` is not negative. */
struct step {
    const char *name;
    size_t length;
    long index;
};

/* The next step of a path, or false at its end. Indices of absurd length are no items. */
static bool next_step(const char **path, struct step *step)
{
    const char *p = *path;
    if (*p == '.')
        p++;
    if (!*p || *p == '=')
        return false;
    step->index = -1;
    if (*p == '[') {
        const size_t digits = strspn(p + 1, "0123456789");
        if (!digits || digits > 7 || p[1 + digits] != ']')
            return false;
        step->index = strtol(p + 1, NULL, 10);
        step->name = p;
        step->length = digits + 2;
    } else {
        step->name = p;
        step->length = strcspn(p, ".[=");
        if (!step->length)
            return false;
    }
    *path = p + step->length;
    return true;
}

static struct cs_node *get_slice(const struct cs_node *map, const struct step *step)
{
    for (size_t i = 0; map->kind == CS_NODE_MAP && i < map->count; i++)
        if (map->keys[i]->length == step->length &&
            memcmp(map->keys[i]->text, step->name, step->length) == 0)
            return map->items[i];
    return NULL;
}

const struct cs_node *cs_node_find(const struct cs_node *root, const char *path)
{
    const struct cs_node *node = root;
    struct step step;
    while (node && next_step(&path, &step)) {
        if (step.index < 0)
            node = get_slice(node, &step);
        else if (node->kind == CS_NODE_LIST && (size_t)step.index < node->count)
            node = node->items[step.index];
        else
            node = NULL;
    }
    return *path ? NULL : node;
}

/* --- --set ----------------------------------------------------------------------------------- */

struct edit {
    struct cs_arena *arena;
    struct cs_diags *diags;
    const struct cs_source *source;
    const struct cs_node *value;
    const char *text;
};

static struct cs_span span_in(const struct edit *e, const char *from, size_t length)
{
    return (struct cs_span){.source = e->source,
                            .line = 1,
                            .column = (int)(from - e->text) + 1,
                            .length = length ? (int)length : 1};
}

static void put(struct edit *e, struct cs_node *map, const struct step *step, struct cs_node *value)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->keys[i]->length == step->length &&
            memcmp(map->keys[i]->text, step->name, step->length) == 0) {
            map->items[i] = value;
            return;
        }
    struct cs_node **const keys = cs_arena_alloc(e->arena, map->count + 1, sizeof *keys);
    struct cs_node **const items = cs_arena_alloc(e->arena, map->count + 1, sizeof *items);
    if (map->count) {
        memcpy(keys, map->keys, map->count * sizeof *keys);
        memcpy(items, map->items, map->count * sizeof *items);
    }
    struct cs_node *const key = cs_arena_alloc(e->arena, 1, sizeof *key);
    *key = (struct cs_node){.kind = CS_NODE_SCALAR,
                            .plain = true,
                            .span = span_in(e, step->name, step->length),
                            .text = cs_arena_strndup(e->arena, step->name, step->length),
                            .length = step->length};
    keys[map->count] = key;
    items[map->count] = value;
    map->keys = keys;
    map->items = items;
    map->count++; /* no cs_arena_grow after this: the next edit copies anew */
}

static bool set_in(struct edit *e, struct cs_node *node, const char *path);

/* Into item `step->index` of a list, or by name into all its items. */
static bool set_in_list(struct edit *e, struct cs_node *list, struct step *step, const char *from,
                        const char *rest)
{
    const size_t digits = strspn(step->name, "0123456789");
    if (step->index < 0 && digits == step->length && digits < 8)
        step->index = strtol(step->name, NULL, 10);
    if (step->index < 0) {
        bool sound = true;
        for (size_t i = 0; i < list->count; i++)
            sound = set_in(e, list->items[i], from) && sound;
        return sound;
    }
    if ((size_t)step->index >= list->count) {
        cs_diag_error(e->diags, span_in(e, step->name, step->length), NULL,
                      "there is no item %ld: '%.*s' has %zu, counted from 0", step->index,
                      (int)(step->name - e->text), e->text, list->count);
        return false;
    }
    const char *at = rest;
    struct step more;
    if (next_step(&at, &more))
        return set_in(e, list->items[step->index], rest);
    struct cs_node *const copy = cs_arena_alloc(e->arena, 1, sizeof *copy);
    *copy = *e->value;
    list->items[step->index] = copy;
    return true;
}

static bool set_in(struct edit *e, struct cs_node *node, const char *path)
{
    struct step step, more;
    const char *rest = path;
    if (!next_step(&rest, &step)) {
        cs_diag_error(e->diags, span_in(e, path, 1),
                      "write key=value, such as traffic.burstiness=2", "this is no key");
        return false;
    }
    if (node->kind == CS_NODE_LIST)
        return set_in_list(e, node, &step, path, rest);
    if (cs_node_is_null(node)) { /* `cost:` with nothing behind it becomes a map */
        const struct cs_span span = node->span;
        *node = (struct cs_node){.kind = CS_NODE_MAP, .span = span};
    }
    if (node->kind != CS_NODE_MAP || step.index >= 0) {
        cs_diag_error(e->diags, span_in(e, step.name, step.length), NULL,
                      "cannot set '%.*s': what stands before it is %s", (int)step.length, step.name,
                      cs_node_kind_name(node));
        return false;
    }
    const char *after = rest;
    if (!next_step(&after, &more) && (*rest == '=' || !*rest)) {
        struct cs_node *const copy = cs_arena_alloc(e->arena, 1, sizeof *copy);
        *copy = *e->value;
        put(e, node, &step, copy);
        return true;
    }
    struct cs_node *child = get_slice(node, &step);
    if (!child) {
        child = cs_arena_alloc(e->arena, 1, sizeof *child);
        *child = (struct cs_node){.kind = CS_NODE_MAP,
                                  .span = span_in(e, step.name, step.length)};
        put(e, node, &step, child);
    }
    return set_in(e, child, rest);
}

/* The value lies behind the '=' of the argument: shift its spans there. */
static void shift(struct cs_node *node, const struct cs_source *source, int columns)
{
    if (node->span.line == 1)
        node->span.column += columns;
    node->span.source = source;
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            shift(node->keys[i], source, columns);
        shift(node->items[i], source, columns);
    }
}

struct cs_node *cs_node_clone(const struct cs_node *node, struct cs_arena *arena)
{
    struct cs_node *const copy = cs_arena_alloc(arena, 1, sizeof *copy);
    *copy = *node;
    if (!node->count)
        return copy;
    copy->items = cs_arena_alloc(arena, node->count, sizeof *copy->items);
    for (size_t i = 0; i < node->count; i++)
        copy->items[i] = cs_node_clone(node->items[i], arena);
    return copy; /* keys are never written to, and a map that gains one gets a new list of them */
}

bool cs_node_set(struct cs_node *root, const char *text, struct cs_arena *arena,
                 struct cs_diags *diags)
{
    return cs_node_set_by(root, text, "--set", arena, diags);
}

bool cs_node_set_by(struct cs_node *root, const char *text, const char *option,
                    struct cs_arena *arena, struct cs_diags *diags)
{
    struct cs_source *const source = cs_arena_alloc(arena, 1, sizeof *source);
    *source = (struct cs_source){.name = option, .text = cs_arena_strdup(arena, text),
                                 .size = strlen(text)};
    struct edit e = {.arena = arena, .diags = diags, .source = source, .text = source->text};
    const char *const equals = strchr(source->text, '=');
    if (!equals || equals == source->text) {
        cs_diag_error(diags, span_in(&e, source->text, source->size),
                      "write key=value, such as traffic.burstiness=2", "this sets nothing");
        return false;
    }
    const size_t offset = (size_t)(equals - source->text) + 1;
    struct cs_source *const value_source = cs_arena_alloc(arena, 1, sizeof *value_source);
    *value_source = (struct cs_source){.name = option, .text = source->text + offset,
                                       .size = source->size - offset};
    struct cs_node *value;
    if (!value_source->size) {
        value = cs_arena_alloc(arena, 1, sizeof *value);
        *value = (struct cs_node){.kind = CS_NODE_SCALAR, .plain = true, .text = "",
                                  .span = span_in(&e, equals, 1)};
    } else {
        value = cs_yaml_parse(value_source, arena, diags);
        if (!value)
            return false;
        shift(value, source, (int)offset);
    }
    e.value = value;
    return set_in(&e, root, source->text);
}
