/* Flattening: JSON as names and values, for rows (see json.h).
 *
 * "latency.ttft_ms.ci95.p95.lo" is the path of a leaf. A list of two numbers is an interval; other
 * lists have no place in a row. What is read is the compact text that cJSON printed: a sweep turns
 * tens of thousands of points into rows, and each number stays the text that it is, instead of
 * becoming a double and a text again.
 *
 * The rule: only texts of our own printer are read here; anything else is a broken invariant.
 * Memory: the arena given.
 */
#include "base/check.h"
#include "out/json.h"
#include <cJSON.h>
#include <string.h>

enum { NAME_MOST = 512 };

struct leaves {
    struct cs_arena *arena;
    struct cs_json_leaf *items;
    size_t count;
    char name[NAME_MOST]; /* of the node at hand */
    const char *at;
};

static void add_leaf(struct leaves *l, const char *value)
{
    l->items = cs_arena_grow(l->arena, l->items, l->count, sizeof *l->items);
    l->items[l->count++] = (struct cs_json_leaf){cs_arena_strdup(l->arena, l->name), value};
}

/* The string at hand; what holds an escape is read by cJSON. */
static const char *read_string(struct leaves *l)
{
    const char *const from = l->at++;
    bool escaped = false;
    for (; *l->at != '"'; l->at++) {
        cs_check(*l->at != '\0');
        escaped |= *l->at == '\\';
        l->at += *l->at == '\\';
    }
    l->at++;
    if (!escaped)
        return cs_arena_strndup(l->arena, from + 1, (size_t)(l->at - from) - 2);
    cJSON *const text = cJSON_Parse(cs_arena_strndup(l->arena, from, (size_t)(l->at - from)));
    cs_check(text != NULL && cJSON_IsString(text));
    const char *const copy = cs_arena_strdup(l->arena, text->valuestring);
    cJSON_Delete(text);
    return copy;
}

static void read_node(struct leaves *l, size_t length);

/* The name of a child, behind that of its parent, which has `length` characters. */
static size_t enter(struct leaves *l, size_t length, const char *child)
{
    const size_t own = strlen(child), dot = length > 0;
    cs_check(length + dot + own < NAME_MOST);
    if (dot)
        l->name[length] = '.';
    memcpy(l->name + length + dot, child, own + 1);
    return length + dot + own;
}

static void read_object(struct leaves *l, size_t length)
{
    for (l->at++; *l->at != '}';) {
        const size_t own = enter(l, length, read_string(l));
        cs_check(*l->at == ':');
        l->at++;
        read_node(l, own);
        l->name[length] = '\0';
        l->at += *l->at == ',';
    }
    l->at++;
}

static void read_list(struct leaves *l, size_t length)
{
    const size_t before = l->count;
    size_t members = 0;
    bool plain = true;
    for (l->at++; *l->at != ']'; members++) {
        plain = plain && *l->at != '{' && *l->at != '[';
        read_node(l, enter(l, length, members == 0 ? "lo" : "hi"));
        l->name[length] = '\0';
        l->at += *l->at == ',';
    }
    l->at++;
    if (members != 2 || !plain)
        l->count = before;
}

static void read_node(struct leaves *l, size_t length)
{
    if (*l->at == '{') {
        read_object(l, length);
    } else if (*l->at == '[') {
        read_list(l, length);
    } else if (*l->at == '"') {
        const char *const text = read_string(l);
        add_leaf(l, text);
    } else {
        const size_t size = strcspn(l->at, ",]}");
        cs_check(size > 0);
        add_leaf(l, strncmp(l->at, "null", 4) == 0 ? "" : cs_arena_strndup(l->arena, l->at, size));
        l->at += size;
    }
}

const struct cs_json_leaf *cs_json_leaves(const char *json, struct cs_arena *arena, size_t *count)
{
    struct leaves l = {.arena = arena, .at = json};
    read_node(&l, 0);
    *count = l.count;
    return l.items;
}

const struct cs_json_leaf *cs_json_flatten(const struct cs_answer *answer, size_t option,
                                           struct cs_arena *arena, size_t *count)
{
    cJSON *const node = cs_json_option(answer, &answer->options[option], false);
    char *const text = cJSON_PrintUnformatted(node);
    cs_check(text != NULL);
    const struct cs_json_leaf *const leaves = cs_json_leaves(text, arena, count);
    cJSON_free(text);
    cJSON_Delete(node);
    return leaves;
}
