/* YAML: a tree of nodes becomes a text again (see yaml.h).
 *
 * A map or a list that fits on what is left of a line is written in one, in braces or brackets; a
 * longer map has a line for each key, a longer list a line for each item or, where all items are
 * scalars, as many of them a line as fit. Reading the text gives the same tree: the same scalars,
 * quoted where they were or where YAML would read something else, in the same order. Comments and
 * anchors are not kept, and an alias is written out.
 *
 * The rule: a scalar is bare only if it is made of characters that mean nothing to YAML anywhere;
 * all others are in double quotes with escapes, on one line. Memory is the caller's arena.
 */
#include "base/utf8.h"
#include "spec/yaml.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, INDENT = 2 };

struct writer {
    struct cs_arena *arena;
    char *text;
    size_t length, size;
    size_t line; /* where the line at hand begins */
};

static void put(struct writer *w, const char *bytes, size_t count)
{
    if (w->length + count + 1 > w->size) {
        w->size = 2 * (w->length + count) + 256;
        char *const larger = cs_arena_alloc(w->arena, w->size, 1);
        if (w->length > 0)
            memcpy(larger, w->text, w->length);
        w->text = larger;
    }
    memcpy(w->text + w->length, bytes, count);
    w->length += count;
    w->text[w->length] = '\0';
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

static void new_line(struct writer *w, int indent)
{
    while (w->length > 0 && w->text[w->length - 1] == ' ') /* behind "key:" or "," */
        w->length--;
    put(w, "\n", 1);
    w->line = w->length;
    for (int i = 0; i < indent; i++)
        put(w, " ", 1);
}

/* Breaks of lines to YAML, what it calls not printable, and the mark of a byte order. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff || (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe;
}

static bool is_bare(const struct cs_node *node)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._/%+";
    const char *const text = node->text;
    uint32_t code = 0;
    if (!node->plain || node->length == 0 || text[node->length - 1] == ' ' || text[0] == '%' ||
        strncmp(text, "...", 3) == 0 || ((unsigned char)text[0] < 0x80 && !strchr(plain, text[0])))
        return false;
    for (size_t i = 0; i < node->length;) {
        const size_t bytes = cs_utf8_next(text + i, node->length - i, &code);
        if (bytes == 0 || needs_escape(code) ||
            (code < 0x80 && !strchr(plain, (int)code) && !strchr(" -()<>=$^;~", (int)code)))
            return false;
        i += bytes;
    }
    return true;
}

static void put_scalar(struct writer *w, const struct cs_node *node)
{
    uint32_t code = 0;
    char escaped[16];
    if (is_bare(node) || cs_node_is_null(node)) {
        put_text(w, node->length ? node->text : "~");
        return;
    }
    put(w, "\"", 1);
    for (size_t i = 0; i < node->length;) {
        size_t bytes = cs_utf8_next(node->text + i, node->length - i, &code);
        bytes = bytes ? bytes : 1; /* cannot be: texts are checked when they are read */
        if (code == '"' || code == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", (char)code);
        else if (code == '\n')
            snprintf(escaped, sizeof escaped, "\\n");
        else if (needs_escape(code))
            snprintf(escaped, sizeof escaped, code > 0xffff ? "\\U%08x" : "\\u%04x",
                     (unsigned)code);
        else
            snprintf(escaped, sizeof escaped, "%.*s", (int)bytes, node->text + i);
        put_text(w, escaped);
        i += bytes;
    }
    put(w, "\"", 1);
}

/* In one line; scalars of a list in as many as it takes, if `indent` is not negative. */
static void put_flow(struct writer *w, const struct cs_node *node, int indent)
{
    const bool map = node->kind == CS_NODE_MAP;
    if (node->kind == CS_NODE_SCALAR) {
        put_scalar(w, node);
        return;
    }
    put(w, map ? "{" : "[", 1);
    for (size_t i = 0; i < node->count; i++) {
        const size_t before = w->length;
        put_text(w, i ? ", " : "");
        if (map) {
            put_scalar(w, node->keys[i]);
            put(w, ": ", 2);
        }
        put_flow(w, node->items[i], -1);
        if (i && indent >= 0 && w->length + 1 - w->line > COLUMNS) {
            w->length = before;
            put(w, ",", 1);
            new_line(w, indent);
            put_scalar(w, node->items[i]);
        }
    }
    put(w, map ? "}" : "]", 1);
}

static bool is_all_scalars(const struct cs_node *list)
{
    bool all = list->kind == CS_NODE_LIST;
    for (size_t i = 0; i < list->count; i++)
        all = all && list->items[i]->kind == CS_NODE_SCALAR;
    return all;
}

static void put_node(struct writer *w, const struct cs_node *node, int indent, bool here);

/* A line each, with its first key or item `here`, on the line at hand, or below it. */
static void put_block(struct writer *w, const struct cs_node *node, int indent, bool here)
{
    const bool map = node->kind == CS_NODE_MAP;
    for (size_t i = 0; i < node->count; i++) {
        if (i || !here)
            new_line(w, indent);
        if (map)
            put_scalar(w, node->keys[i]);
        put_text(w, map ? ": " : "- ");
        put_node(w, node->items[i], indent + INDENT, !map && node->items[i]->kind == CS_NODE_MAP);
    }
}

/* What stands behind "key: " or "- ". */
static void put_node(struct writer *w, const struct cs_node *node, int indent, bool here)
{
    const size_t before = w->length;
    put_flow(w, node, -1);
    if (w->length - w->line <= COLUMNS || node->kind == CS_NODE_SCALAR || node->count == 0)
        return;
    w->length = before;
    if (is_all_scalars(node))
        put_flow(w, node, indent);
    else
        put_block(w, node, indent, here);
}

const char *cs_node_text(const struct cs_node *node, struct cs_arena *arena)
{
    struct writer w = {.arena = arena};
    if (node->kind == CS_NODE_MAP && node->count > 0)
        put_block(&w, node, 0, true);
    else
        put_node(&w, node, 0, true);
    put(&w, "\n", 1);
    return w.text;
}
