/* Schema: the walker over the key tables (see schema.h).
 *
 * For each map: every key must be in the table; every key of the table is read, or its default
 * applied, or reported missing. For each scalar: the kind says how its text is read. Errors carry
 * the path of the key ("memory.bandwidth") and the span of the value.
 *
 * The rule: never stop at the first error. A value that is wrong leaves its field zero and the
 * reading false, so nothing is sealed from it.
 * Ranges are texts in the key's own unit and are parsed like values: what is printed in an error
 * is what is compared. Not here: sources and Markdown (schema_sources.c), meaning (resolve*.c).
 */
#include "spec/schema.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/check.h"
#include "base/suggest.h"

static const char *join(struct cs_schema *s, const char *path, const char *name)
{
    return *path ? cs_arena_printf(s->arena, "%s.%s", path, name) : name;
}

static const char *quote(struct cs_schema *s, const struct cs_node *node)
{
    const size_t length = node->length > 60 ? 60 : node->length;
    return cs_arena_printf(s->arena, "%.*s%s", (int)length, node->text,
                           node->length > 60 ? "..." : "");
}

static bool ends_with_comma_hint(const char *text)
{
    return strchr(text, ',') != NULL;
}

/* --- scalars --------------------------------------------------------------------------------- */

static const char *expectation(struct cs_schema *s, const struct cs_key *key)
{
    switch (key->kind) {
    case CS_KEY_QUANTITY:
        return cs_arena_printf(s->arena, "expected %s, such as '%s'", cs_unit_name(key->unit),
                               cs_unit_example(key->unit));
    case CS_KEY_COUNT:
    case CS_KEY_COUNT64:
        return key->automatic ? "expected a whole number or 'auto'" : "expected a whole number";
    case CS_KEY_DATE:
        return "expected a date, such as 2026-05-07";
    default:
        if (key->kind == CS_KEY_BOOL && !key->choices)
            return "expected yes or no";
        return key->example ? cs_arena_printf(s->arena, "expected %s", key->example) : NULL;
    }
}

/* The place of an offending piece inside a plain scalar on one line; else the whole scalar. */
static struct cs_span piece_span(const struct cs_node *node, const struct cs_unit_error *error)
{
    struct cs_span at = node->span;
    if (!node->plain || (size_t)at.length != node->length ||
        (size_t)error->offset + (size_t)error->length > node->length)
        return at;
    for (size_t i = 0; i < node->length; i++)
        if ((unsigned char)node->text[i] >= 0x80)
            return at;
    at.column += error->offset;
    at.length = error->length;
    return at;
}

/* The bound as a number in SI; the tables' own texts always parse. */
static double bound(const struct cs_key *key, const char *text)
{
    struct cs_unit_error error;
    double value = 0;
    cs_check(cs_unit_parse(text, strlen(text), key->unit, &value, &error));
    return value;
}

static bool check_range(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                        const char *path, double value)
{
    /* One part in 1e12 of slack: "24 h" and "1 day" must be the same bound. */
    const bool low = key->low && value < bound(key, key->low) * (1 - 1e-12);
    const bool high = key->high && value > bound(key, key->high) * (1 + 1e-12);
    if (!low && !high)
        return true;
    const char *hint;
    if (key->low && key->high)
        hint = cs_arena_printf(s->arena, "allowed: %s to %s", key->low, key->high);
    else
        hint = cs_arena_printf(s->arena, "allowed: %s %s", key->low ? "at least" : "at most",
                               key->low ? key->low : key->high);
    cs_diag_error(s->diags, node->span, hint, "%s is out of range: '%s'", path, quote(s, node));
    return false;
}

static bool read_quantity(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                          const char *path, double *value)
{
    struct cs_unit_error error;
    const struct cs_node *const n = node;
    if (key->bare) { /* a number alone first, then one with its unit */
        if (cs_unit_parse(n->text, n->length, CS_UNIT_NUMBER, value, &error))
            return check_range(s, key, node, path, *value);
    }
    if (!cs_unit_parse_money(n->text, n->length, key->unit, s->currencies, value, &error)) {
        const char *const hint = ends_with_comma_hint(n->text)
                                     ? cs_arena_printf(s->arena, "%s; without commas", error.hint)
                                     : error.hint;
        cs_diag_error(s->diags, piece_span(node, &error), hint, "%s %s", path, error.message);
        return false;
    }
    return check_range(s, key, node, path, *value);
}

static bool read_count(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                       const char *path, int64_t *value)
{
    double number;
    if (key->unit == CS_UNIT_NUMBER && key->kind == CS_KEY_COUNT) {
        const size_t sign = node->length && node->text[0] == '-' ? 1 : 0;
        if (!node->length || strspn(node->text + sign, "0123456789") + sign != node->length) {
            cs_diag_error(s->diags, node->span, expectation(s, key),
                          "%s is not a whole number: '%s'", path, quote(s, node));
            return false;
        }
    }
    if (!read_quantity(s, key, node, path, &number))
        return false;
    if (number != floor(number) || fabs(number) > 9e15) {
        cs_diag_error(s->diags, node->span, expectation(s, key), "%s is not a whole number: '%s'",
                      path, quote(s, node));
        return false;
    }
    *value = (int64_t)number;
    return true;
}

static bool read_bool(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                      const char *path, bool *value)
{
    static const char *const yes[] = {"yes", "true", "on"}, *const no[] = {"no", "false", "off"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(node->text, yes[i]) != 0 && strcmp(node->text, no[i]) != 0)
            continue;
        *value = strcmp(node->text, yes[i]) == 0;
        return true;
    }
    cs_diag_error(s->diags, node->span, expectation(s, key), "%s is neither yes nor no: '%s'", path,
                  quote(s, node));
    return false;
}

static bool read_choice(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                        const char *path, int *value)
{
    const char *names[64], *list = "";
    size_t count = 0;
    for (const struct cs_choice *c = key->choices; c->name && count < 64; c++) {
        if (strcmp(c->name, node->text) == 0) {
            *value = c->value;
            return true;
        }
        names[count++] = c->name;
        list = cs_arena_printf(s->arena, "%s%s%s", list, *list ? ", " : "", c->name);
    }
    const char *const near = cs_suggest(node->text, names, count);
    const char *const hint = near ? cs_arena_printf(s->arena, "did you mean '%s'?", near)
                                  : cs_arena_printf(s->arena, "expected one of: %s", list);
    cs_diag_error(s->diags, node->span, hint, "%s cannot be '%s'", path, quote(s, node));
    return false;
}

bool cs_schema_is_date(const char *text)
{
    static const char *const shapes[] = {"dddd", "dddd-dd", "dddd-dd-dd"};
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const size_t length = strlen(text);
    if (length != 4 && length != 7 && length != 10)
        return false;
    const char *const shape = shapes[(length - 4) / 3];
    for (size_t i = 0; i < length; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != '-')
            return false;
    const int month = length > 4 ? (text[5] - '0') * 10 + text[6] - '0' : 1;
    const int day = length > 7 ? (text[8] - '0') * 10 + text[9] - '0' : 1;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

bool cs_schema_value(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                     const char *path, void *out)
{
    int64_t whole = 0;
    if (node->kind != CS_NODE_SCALAR || cs_node_is_null(node)) {
        cs_diag_error(s->diags, node->span, expectation(s, key),
                      cs_node_is_null(node) ? "%s has no value"
                                            : "%s must be a single value, not %s",
                      path, cs_node_kind_name(node));
        return false;
    }
    if (key->automatic && strcmp(node->text, "auto") == 0)
        return true; /* the struct is zeroed */
    switch (key->kind) {
    case CS_KEY_DATE:
        if (!cs_schema_is_date(node->text)) {
            cs_diag_error(s->diags, node->span, expectation(s, key), "%s is not a date: '%s'", path,
                          quote(s, node));
            return false;
        }
        memcpy(out, &node->text, sizeof node->text);
        return true;
    case CS_KEY_QUANTITY:
        return read_quantity(s, key, node, path, out);
    case CS_KEY_COUNT:
        if (!read_count(s, key, node, path, &whole))
            return false;
        if (whole > INT32_MAX || whole < INT32_MIN) {
            cs_diag_error(s->diags, node->span, NULL, "%s is too large: '%s'", path,
                          quote(s, node));
            return false;
        }
        *(int *)out = (int)whole;
        return true;
    case CS_KEY_COUNT64:
        if (!read_count(s, key, node, path, &whole))
            return false;
        *(int64_t *)out = whole;
        return true;
    case CS_KEY_BOOL: {
        int chosen = 0;
        if (!key->choices)
            return read_bool(s, key, node, path, out);
        if (!read_choice(s, key, node, path, &chosen))
            return false;
        *(bool *)out = chosen != 0;
        return true;
    }
    case CS_KEY_CHOICE:
        return read_choice(s, key, node, path, out);
    default:
        if (key->choices && !read_choice(s, key, node, path, &(int){0}))
            return false;
        memcpy(out, &node->text, sizeof node->text);
        return true;
    }
}

/* --- maps and lists -------------------------------------------------------------------------- */

static bool read_key(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                     const char *path, char *out);

static bool must_be(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                    enum cs_node_kind kind, const char *path)
{
    if (node->kind == kind)
        return true;
    const char *const example = expectation(s, key);
    if (cs_node_is_null(node))
        cs_diag_error(s->diags, node->span, example, "%s has no value", path);
    else
        cs_diag_error(s->diags, node->span, example, "%s must be %s, not %s", path,
                      kind == CS_NODE_MAP ? "a map" : "a list", cs_node_kind_name(node));
    return false;
}

static bool read_rows(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                      const char *path, char *out)
{
    bool sound = must_be(s, key, node, CS_NODE_LIST, path);
    if (!sound)
        return false;
    const size_t size = key->kind == CS_KEY_ROWS      ? key->table->size
                        : key->kind == CS_KEY_NUMBERS ? sizeof(double)
                                                      : sizeof(char *);
    char *const rows = cs_arena_alloc(s->arena, node->count, size);
    for (size_t i = 0; i < node->count; i++) {
        const char *const own = cs_arena_printf(s->arena, "%s[%zu]", path, i);
        struct cs_key one = *key;
        one.kind = key->kind == CS_KEY_NUMBERS ? CS_KEY_QUANTITY : CS_KEY_TEXT;
        if (key->kind == CS_KEY_ROWS)
            sound = must_be(s, key, node->items[i], CS_NODE_MAP, own) &&
                    cs_schema_read(s, key->table, node->items[i], own, rows + i * size) && sound;
        else
            sound = cs_schema_value(s, &one, node->items[i], own, rows + i * size) && sound;
    }
    memcpy(out + key->offset, &rows, sizeof rows);
    if (key->count)
        memcpy(out + key->count, &node->count, sizeof node->count);
    return sound;
}

static bool read_key(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                     const char *path, char *out)
{
    if (key->present)
        *(bool *)(out + key->present) = true;
    switch (key->kind) {
    case CS_KEY_MAP:
        return must_be(s, key, node, CS_NODE_MAP, path) &&
               cs_schema_read(s, key->table, node, path, out + key->offset);
    case CS_KEY_ROWS:
    case CS_KEY_NUMBERS:
    case CS_KEY_TEXTS:
        return read_rows(s, key, node, path, out);
    case CS_KEY_NODE:
        if (cs_node_is_null(node)) {
            cs_diag_error(s->diags, node->span, expectation(s, key), "%s has no value", path);
            return false;
        }
        memcpy(out + key->offset, &node, sizeof node);
        return true;
    default:
        return cs_schema_value(s, key, node, path, out + key->offset);
    }
}

void cs_schema_default(struct cs_schema *s, const char *key, const char *value, const char *why)
{
    if (!s->keep_defaults)
        return;
    for (size_t i = 0; i < s->default_count; i++)
        if (strcmp(s->defaults[i].key, key) == 0 && strcmp(s->defaults[i].value, value) == 0)
            return;
    s->defaults =
        cs_arena_grow(s->arena, s->defaults, s->default_count, sizeof *s->defaults);
    s->defaults[s->default_count++] = (struct cs_default){key, value, why};
}

/* An absent key: its default, read as if it had been written, or an error when it is required. */
static bool read_absent(struct cs_schema *s, const struct cs_key *key, const struct cs_node *map,
                        const char *path, char *out)
{
    const char *const own = join(s, path, key->name);
    if (key->required) {
        struct cs_span at = map->span;
        if (!*path)
            at.line = 0; /* the file as such lacks it */
        cs_diag_error(s->diags, at, expectation(s, key), "%s is missing", own);
        return false;
    }
    if (key->fallback) {
        const struct cs_node node = {.kind = CS_NODE_SCALAR,
                                     .span = map->span,
                                     .text = key->fallback,
                                     .length = strlen(key->fallback)};
        cs_schema_default(s, own, key->fallback, key->why ? key->why : "");
        cs_check(cs_schema_value(s, key, &node, own, out + key->offset));
    } else if (key->kind == CS_KEY_QUANTITY) {
        memcpy(out + key->offset, &key->absent, sizeof key->absent);
    } else if (key->kind == CS_KEY_MAP && key->table) {
        /* Defaults below an absent map apply as well, unless its presence means something. */
        const struct cs_node empty = {.kind = CS_NODE_MAP, .span = map->span};
        bool needs = false;
        for (size_t i = 0; i < key->table->count; i++)
            needs = needs || key->table->keys[i].required;
        if (!needs && !key->present)
            return cs_schema_read(s, key->table, &empty, own, out + key->offset);
    }
    return true;
}

const struct cs_key *cs_table_key(const struct cs_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].name, name) == 0)
            return &table->keys[i];
    return NULL;
}

const struct cs_key *cs_table_find(const struct cs_table *table, const char *path)
{
    const struct cs_key *key = NULL;
    while (table && *path) {
        char name[64];
        const size_t length = strcspn(path, ".[");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        const bool index = *name && strspn(name, "0123456789") == strlen(name);
        if (!index) {
            key = cs_table_key(table, name);
            if (!key)
                return NULL;
            table = key->table;
        }
        path += length;
        if (*path == '[')
            path += strcspn(path, "]") + 1;
        path += *path == '.';
    }
    return *path ? NULL : key;
}

static void report_unknown(struct cs_schema *s, const struct cs_table *table,
                           const struct cs_node *key, const char *path)
{
    const char *names[64];
    size_t count = 0;
    for (; count < table->count && count < 64; count++)
        names[count] = table->keys[count].name;
    const char *const near = cs_suggest(key->text, names, count);
    cs_diag_error(s->diags, key->span,
                  near ? cs_arena_printf(s->arena, "did you mean '%s'?", near) : NULL,
                  "unknown key '%s' in %s", quote(s, key), *path ? path : table->what);
}

bool cs_schema_read(struct cs_schema *s, const struct cs_table *table, const struct cs_node *map,
                    const char *path, void *out)
{
    bool sound = true;
    for (size_t i = 0; i < map->count; i++) {
        if (cs_table_key(table, map->keys[i]->text))
            continue;
        report_unknown(s, table, map->keys[i], path);
        sound = false;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct cs_key *const key = &table->keys[i];
        const struct cs_node *const node = cs_node_get(map, key->name);
        const bool good = node ? read_key(s, key, node, join(s, path, key->name), out)
                               : read_absent(s, key, map, path, out);
        sound = sound && good;
    }
    return sound;
}
