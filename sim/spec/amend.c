/* Amending the text of a sheet (see amend.h).
 *
 * All edits are found first, as pieces of the old text and what stands there instead, and then
 * applied in the order of the text; insertions at one place keep the order in which they were
 * asked for. Columns of a span count characters, so places are found by walking UTF-8.
 *
 * The rule: an edit covers a scalar, or whole lines, or nothing; so edits never overlap as long as
 * no key is amended twice. Scratch lives in the caller's arena. Not here: block scalars as values
 * to be replaced (a figure or a name never is one).
 */
#include "spec/amend.h"
#include "base/utf8.h"
#include "spec/yaml.h"
#include <stdlib.h>
#include <string.h>

struct edit {
    size_t from, to; /* bytes of the old text */
    size_t order;
    const char *text;
};

static size_t line_start(const struct cs_source *s, int line)
{
    size_t at = 0;
    for (int i = 1; i < line && at < s->size; i++) {
        const char *const end = memchr(s->text + at, '\n', s->size - at);
        at = end ? (size_t)(end - s->text) + 1 : s->size;
    }
    return at;
}

static size_t offset_of(const struct cs_span *span)
{
    size_t at = line_start(span->source, span->line);
    uint32_t code;
    for (int i = 1; i < span->column && at < span->source->size; i++) {
        const size_t bytes = cs_utf8_next(span->source->text + at, span->source->size - at, &code);
        at += bytes ? bytes : 1;
    }
    return at;
}

/* One past the scalar that begins at `from`. */
static size_t scalar_end(const struct cs_node *node, size_t from)
{
    const struct cs_source *const s = node->span.source;
    const char quote = s->text[from];
    if (node->plain || (quote != '"' && quote != '\'')) {
        struct cs_span end = node->span;
        end.column += node->span.length;
        return node->length ? offset_of(&end) : from;
    }
    for (size_t i = from + 1; i < s->size; i++) {
        if (s->text[i] == '\\' && quote == '"')
            i++;
        else if (s->text[i] == quote && quote == '\'' && i + 1 < s->size && s->text[i + 1] == quote)
            i++;
        else if (s->text[i] == quote)
            return i + 1;
    }
    return s->size;
}

static size_t key_index(const struct cs_node *map, const char *key)
{
    size_t i = 0;
    while (i < map->count && strcmp(map->keys[i]->text, key) != 0)
        i++;
    return i;
}

static bool is_flow(const struct cs_node *map)
{
    return map->count > 0 && map->span.source->text[offset_of(&map->span)] == '{';
}

/* A new key: first in its map, in the map's style; the root takes it before `sources`. */
static struct edit insertion(const struct cs_node *map, bool is_root, const struct cs_amendment *a,
                             struct cs_arena *arena)
{
    const struct cs_source *const s = map->span.source;
    if (is_flow(map)) {
        const size_t at = offset_of(&map->span) + 1;
        return (struct edit){at, at, 0, cs_arena_printf(arena, "%s: %s, ", a->key, a->text)};
    }
    const size_t sources = is_root ? key_index(map, "sources") : map->count;
    const struct cs_node *const before = map->keys[sources < map->count ? sources : 0];
    const size_t at = line_start(s, before->span.line);
    return (struct edit){
        at, at, 0,
        cs_arena_printf(arena, "%*s%s: %s\n", before->span.column - 1, "", a->key, a->text)};
}

/* The lines from a key to the next one of the root. */
static struct edit removal(const struct cs_node *root, size_t index)
{
    const struct cs_source *const s = root->span.source;
    const size_t from = line_start(s, root->keys[index]->span.line);
    const size_t to =
        index + 1 < root->count ? line_start(s, root->keys[index + 1]->span.line) : s->size;
    return (struct edit){from, to, 0, ""};
}

/* A map that is missing, with all keys that are asked for in it. */
static struct edit new_map(const struct cs_node *root, const struct cs_amendment *all, size_t count,
                           const char *map, struct cs_arena *arena)
{
    const char *text = "{";
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].map, map) == 0 && all[i].text)
            text = cs_arena_printf(arena, "%s%s%s: %s", text, text[1] ? ", " : "", all[i].key,
                                   all[i].text);
    const struct cs_amendment whole = {"", map, cs_arena_printf(arena, "%s}", text)};
    return insertion(root, true, &whole, arena);
}

static bool in_order(const struct edit *a, const struct edit *b)
{
    return a->from < b->from || (a->from == b->from && a->order < b->order);
}

static int by_place(const void *a, const void *b)
{
    return in_order(a, b) ? -1 : in_order(b, a);
}

const char *cs_amend(const struct cs_node *root, const struct cs_amendment *all, size_t count,
                     struct cs_arena *arena)
{
    const struct cs_source *const s = root->span.source;
    struct edit *const edits = cs_arena_alloc(arena, count, sizeof *edits);
    size_t used = 0, size = s->size + 1;
    for (size_t i = 0; i < count; i++) {
        const bool is_root = !*all[i].map;
        const struct cs_node *const map = is_root ? root : cs_node_get(root, all[i].map);
        if (!map) {
            bool made = false;
            for (size_t j = 0; j < i; j++)
                made = made || strcmp(all[j].map, all[i].map) == 0;
            if (made || !all[i].text)
                continue;
            edits[used] = new_map(root, all, count, all[i].map, arena);
        } else {
            const size_t k = key_index(map, all[i].key);
            if (k == map->count && !all[i].text)
                continue;
            if (k == map->count) {
                edits[used] = insertion(map, is_root, &all[i], arena);
            } else if (!all[i].text) {
                edits[used] = removal(map, k);
            } else {
                const size_t from = offset_of(&map->items[k]->span);
                edits[used] = (struct edit){from, scalar_end(map->items[k], from), 0, all[i].text};
            }
        }
        edits[used].order = used;
        size += strlen(edits[used++].text);
    }
    qsort(edits, used, sizeof *edits, by_place);
    char *const out = cs_arena_alloc(arena, size, 1);
    size_t at = 0, length = 0;
    for (size_t i = 0; i < used; i++) {
        memcpy(out + length, s->text + at, edits[i].from - at);
        length += edits[i].from - at;
        memcpy(out + length, edits[i].text, strlen(edits[i].text));
        length += strlen(edits[i].text);
        at = edits[i].to;
    }
    memcpy(out + length, s->text + at, s->size - at);
    out[length + s->size - at] = '\0';
    return out;
}

const char *cs_amend_quote(const char *text, struct cs_arena *arena)
{
    char *const out = cs_arena_alloc(arena, 2 * strlen(text) + 3, 1);
    size_t used = 0;
    out[used++] = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            out[used++] = '\\';
        out[used++] = (unsigned char)*text < 0x20 ? ' ' : *text;
    }
    out[used++] = '"';
    return out;
}
