/* Schema, second part: sources of figures, telling files apart, and the tables as Markdown.
 *
 * Every figure of a sheet (a quantity, a count, a list of numbers) must say where it comes from:
 * by an entry under `sources` whose key is its path or a prefix of it ("compute" covers
 * "compute.bf16"), or, in a list of rows, by the row's own `source`. An entry that covers nothing
 * is a slip and an error too.
 *
 * The rule: a number without a source does not enter the catalogue.
 * Not here: whether a source is true.
 */
#include <stdio.h>
#include <string.h>
#include "base/check.h"
#include "base/suggest.h"
#include "spec/catalog.h"
#include "spec/schema.h"

/* --- sources --------------------------------------------------------------------------------- */

/* "rental[3].price" without its indices: "rental.price". */
static void strip_indices(const char *path, char out[200])
{
    size_t used = 0;
    for (const char *p = path; *p && used < 199; p++) {
        if (*p == '[') {
            p += strcspn(p, "]");
            if (!*p)
                break;
            continue;
        }
        out[used++] = *p;
    }
    out[used] = '\0';
}

static const char *find_source(const struct cs_node *root, const char *path)
{
    const struct cs_node *const sources = cs_node_get(root, "sources");
    char prefix[200];
    strip_indices(path, prefix);
    while (sources && *prefix) {
        const struct cs_node *const source = cs_node_get(sources, prefix);
        if (source && source->kind == CS_NODE_SCALAR && !cs_node_is_null(source))
            return source->text;
        char *const dot = strrchr(prefix, '.');
        if (!dot)
            return NULL;
        *dot = '\0';
    }
    return NULL;
}

const char *cs_source_of(const struct cs_node *node, const char *path)
{
    char row[200]; /* the row that the figure stands in may tell */
    const char *const index = strrchr(path, ']');
    if (index && (size_t)(index - path) + 1 < sizeof row) {
        memcpy(row, path, (size_t)(index - path) + 1);
        row[index - path + 1] = '\0';
        const struct cs_node *const own = cs_node_get(cs_node_find(node, row), "source");
        if (own && own->kind == CS_NODE_SCALAR && !cs_node_is_null(own))
            return own->text;
    }
    return find_source(node, path);
}

struct cs_span cs_span_of(const struct cs_node *node, const char *path)
{
    const struct cs_node *const found = node ? cs_node_find(node, path) : NULL;
    if (found)
        return found->span;
    return node ? node->span : (struct cs_span){.source = NULL};
}

static bool is_figure(const struct cs_key *key)
{
    return key->kind == CS_KEY_QUANTITY || key->kind == CS_KEY_COUNT ||
           key->kind == CS_KEY_COUNT64 || key->kind == CS_KEY_NUMBERS || key->kind == CS_KEY_NODE;
}

static bool is_covered(struct cs_schema *s, const struct cs_node *root, const struct cs_node *at,
                       const char *path)
{
    if (find_source(root, path))
        return true;
    const char *const hint = cs_arena_printf(s->arena, "add '%s: ...' under sources", path);
    cs_diag_error(s->diags, at->span, hint, "%s has no source", path);
    return false;
}

static bool check_map(struct cs_schema *s, const struct cs_table *table, const struct cs_node *root,
                      const struct cs_node *map, const char *path)
{
    bool sound = true;
    for (size_t i = 0; i < map->count; i++) {
        const char *const name = map->keys[i]->text;
        const struct cs_key *const key = cs_table_key(table, name);
        const struct cs_node *const item = map->items[i];
        if (!key || strcmp(name, "sources") == 0)
            continue;
        const char *const own = *path ? cs_arena_printf(s->arena, "%s.%s", path, name) : name;
        if (key->kind == CS_KEY_MAP && item->kind == CS_NODE_MAP)
            sound = check_map(s, key->table, root, item, own) && sound;
        else if (is_figure(key))
            sound = is_covered(s, root, item, own) && sound;
        for (size_t j = 0; key->kind == CS_KEY_ROWS && j < item->count; j++)
            if (!cs_node_get(item->items[j], "source") && !find_source(root, own)) {
                cs_diag_error(s->diags, item->items[j]->span, "add 'source: ...' to it",
                              "%s[%zu] has no source", own, j);
                sound = false;
            }
    }
    return sound;
}

static bool check_entries(struct cs_schema *s, const struct cs_node *root)
{
    const struct cs_node *const sources = cs_node_get(root, "sources");
    bool sound = true;
    if (!sources || sources->kind != CS_NODE_MAP) {
        if (sources)
            cs_diag_error(s->diags, sources->span, "expected key: source, a line for each figure",
                          "sources must be a map, not %s", cs_node_kind_name(sources));
        return !sources;
    }
    for (size_t i = 0; i < sources->count; i++) {
        const struct cs_node *const value = sources->items[i];
        if (value->kind != CS_NODE_SCALAR || cs_node_is_null(value)) {
            cs_diag_error(s->diags, value->span, NULL, "sources.%s must be text, not %s",
                          sources->keys[i]->text, cs_node_kind_name(value));
            sound = false;
        }
        if (cs_node_find(root, sources->keys[i]->text))
            continue;
        cs_diag_error(s->diags, sources->keys[i]->span, NULL,
                      "sources names '%s', which is not in this sheet", sources->keys[i]->text);
        sound = false;
    }
    return sound;
}

bool cs_schema_sources(struct cs_schema *s, const struct cs_table *table,
                       const struct cs_node *root)
{
    const bool entries = check_entries(s, root);
    return check_map(s, table, root, root, "") && entries;
}

size_t cs_schema_score(const struct cs_table *table, const struct cs_node *root)
{
    size_t known = 0;
    for (size_t i = 0; i < root->count && root->kind == CS_NODE_MAP; i++)
        if (cs_table_key(table, root->keys[i]->text))
            known++;
    return known;
}

/* --- Markdown -------------------------------------------------------------------------------- */

static void print_value(const struct cs_key *key, FILE *out)
{
    switch (key->kind) {
    case CS_KEY_QUANTITY:
        fprintf(out, "%s, `%s`", cs_unit_name(key->unit), cs_unit_example(key->unit));
        break;
    case CS_KEY_COUNT:
    case CS_KEY_COUNT64:
        fprintf(out, "a whole number%s", key->automatic ? " or `auto`" : "");
        break;
    case CS_KEY_BOOL:
    case CS_KEY_CHOICE:
        if (!key->choices)
            fputs("`yes` or `no`", out);
        for (const struct cs_choice *c = key->choices; c && c->name; c++)
            fprintf(out, "%s`%s`", c == key->choices ? "" : ", ", c->name);
        break;
    case CS_KEY_DATE:
        fputs("a date, `2026-05-07`", out);
        break;
    default:
        fputs(key->example                   ? key->example
              : key->kind == CS_KEY_MAP      ? "a map"
              : key->kind == CS_KEY_ROWS     ? "a list of maps"
              : key->kind == CS_KEY_NUMBERS  ? "a list of numbers"
              : key->kind == CS_KEY_TEXTS    ? "a list of names"
                                             : "text",
              out);
    }
    if (key->low && key->high)
        fprintf(out, "; %s to %s", key->low, key->high);
    else if (key->low || key->high)
        fprintf(out, "; at %s %s", key->low ? "least" : "most", key->low ? key->low : key->high);
}

static void print_rows(const struct cs_table *table, const char *path, int depth, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct cs_key *const key = &table->keys[i];
        char own[160];
        const int length = snprintf(own, sizeof own, "%s%s%s%s", path, *path ? "." : "", key->name,
                                    key->kind == CS_KEY_ROWS ? "[]" : "");
        cs_check(length > 0 && length < (int)sizeof own);
        fprintf(out, "| `%s` | ", own);
        print_value(key, out);
        if (key->required)
            fputs(" | must be given |", out);
        else if (key->fallback)
            fprintf(out, " | `%s`%s%s |", key->fallback, key->why ? ": " : "",
                    key->why ? key->why : "");
        else
            fputs(" | |", out);
        fprintf(out, " %s |\n", key->doc);
        if (key->table && depth < 8)
            print_rows(key->table, own, depth + 1, out);
    }
}

void cs_table_print(const struct cs_table *table, const char *path, FILE *out)
{
    fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
    print_rows(table, path, 0, out);
}
