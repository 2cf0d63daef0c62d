/* YAML: libyaml's events to our nodes (see yaml.h).
 *
 * Events rather than libyaml's own document tree: the limits on depth and size then hold while the
 * text is read, an alias to a node still open is seen, and no second tree is kept. An alias is
 * answered by a copy of its anchor's node, counted against the same limit, so that an edit through
 * --set changes one place only.
 *
 * The rule: the first error of syntax ends the reading, as nothing after it can be trusted;
 * duplicate keys do not.
 * Columns are libyaml's, which counts characters. Not here: tags (ignored), what values mean.
 */
#include "spec/yaml.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>
#include <yaml.h>
#include "base/utf8.h"

struct anchor {
    UT_hash_handle hh;
    const char *name;
    const struct cs_node *node;
    bool open;
};

struct reader {
    yaml_parser_t parser;
    struct cs_arena *arena;
    struct cs_diags *diags;
    const struct cs_source *source;
    struct anchor *anchors;
    size_t nodes;
};

static struct cs_span whole_file(const struct cs_source *source)
{
    return (struct cs_span){.source = source, .line = 0, .column = 1, .length = 1};
}

static struct cs_span mark_span(const struct reader *r, yaml_mark_t start, yaml_mark_t end)
{
    const bool one_line = end.line == start.line && end.column > start.column;
    return (struct cs_span){.source = r->source,
                            .line = (int)start.line + 1,
                            .column = (int)start.column + 1,
                            .length = one_line ? (int)(end.column - start.column) : 1};
}

/* --- reading a file ------------------------------------------------------------------------- */

/* Refuses what is no text: NUL bytes and invalid UTF-8. */
static bool check_text(const struct cs_source *source, struct cs_diags *diags)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < source->size;) {
        uint32_t code = 0;
        const size_t bytes = cs_utf8_next(source->text + i, source->size - i, &code);
        if (!bytes || !code) {
            const struct cs_source *const bare =
                &(struct cs_source){.name = source->name}; /* nothing worth quoting */
            struct cs_source *const kept = cs_arena_alloc(diags->arena, 1, sizeof *kept);
            *kept = *bare;
            cs_diag_error(diags, (struct cs_span){kept, line, column, 1}, NULL,
                          bytes ? "this is a binary file: byte %zu is NUL"
                                : "this is not UTF-8 text: byte %zu is 0x%02x",
                          i + 1, (unsigned)(unsigned char)source->text[i]);
            return false;
        }
        i += bytes;
        column++;
        if (code == '\n') {
            line++;
            column = 1;
        }
    }
    return true;
}

static bool fail_file(struct cs_diags *diags, struct cs_span at, const struct cs_source *source,
                      const char *why)
{
    if (at.source)
        cs_diag_file(diags, at, NULL, "cannot read '%s': %s", source->name, why);
    else
        cs_diag_file(diags, whole_file(source), NULL, "cannot be read: %s", why);
    return false;
}

bool cs_source_read(const char *path, struct cs_arena *arena, struct cs_diags *diags,
                    struct cs_span at, const struct cs_source **result)
{
    struct cs_source *const source = cs_arena_alloc(arena, 1, sizeof *source);
    source->name = cs_arena_strdup(arena, path);
    *result = source;
    struct stat status;
    if (stat(path, &status) != 0)
        return fail_file(diags, at, source,
                         errno == ENOENT ? "there is no such file" : strerror(errno));
    if (S_ISDIR(status.st_mode))
        return fail_file(diags, at, source, "it is a directory");
    FILE *const file = fopen(path, "rb");
    if (!file)
        return fail_file(diags, at, source, strerror(errno));
    size_t capacity = S_ISREG(status.st_mode) && status.st_size < CS_YAML_BYTES
                          ? (size_t)status.st_size + 1
                          : (size_t)CS_YAML_BYTES + 1;
    char *const text = cs_arena_alloc(arena, capacity + 1, 1);
    const size_t size = fread(text, 1, capacity, file);
    const bool broken = ferror(file) != 0;
    fclose(file);
    if (broken)
        return fail_file(diags, at, source, "reading it failed");
    if (size > CS_YAML_BYTES) {
        cs_diag_error(diags, whole_file(source), NULL, "the file is larger than 16 MiB");
        return false;
    }
    text[size] = '\0';
    const size_t bom = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    source->text = text + bom;
    source->size = size - bom;
    return check_text(source, diags);
}

/* --- events to nodes ------------------------------------------------------------------------ */

static struct cs_node *read_node(struct reader *r, yaml_event_t *event, int depth);

static struct cs_span byte_span(const struct cs_source *source, size_t offset)
{
    struct cs_span at = {.source = source, .line = 1, .column = 1, .length = 1};
    for (size_t i = 0; i < offset && i < source->size;) {
        uint32_t code = 0;
        const size_t bytes = cs_utf8_next(source->text + i, source->size - i, &code);
        i += bytes ? bytes : 1;
        at.column = code == '\n' ? 1 : at.column + 1;
        at.line += code == '\n';
    }
    return at;
}

static bool fail_syntax(struct reader *r)
{
    const yaml_parser_t *const p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        abort();
    struct cs_span at = mark_span(r, p->problem_mark, p->problem_mark);
    char hint[160] = "";
    if (p->context)
        snprintf(hint, sizeof hint, "%s that began on line %zu", p->context,
                 p->context_mark.line + 1);
    if (p->context && p->problem && strstr(p->problem, "end of stream")) {
        at = mark_span(r, p->context_mark, p->context_mark); /* where it began says more */
        snprintf(hint, sizeof hint, "%s that never ends", p->context);
    }
    const size_t offset = p->problem_mark.index;
    const bool tab = p->problem && strstr(p->problem, "cannot start any token") &&
                     strchr(r->source->text, '\t') && offset <= r->source->size;
    if (tab)
        snprintf(hint, sizeof hint, "YAML takes no tab for indentation, only blanks");
    if (p->error == YAML_READER_ERROR) /* it tells a byte, not a mark */
        at = byte_span(r->source, p->problem_offset);
    cs_diag_error(r->diags, at, hint[0] ? hint : NULL, "not valid YAML: %s",
                  p->problem ? p->problem : "it cannot be read");
    return false;
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
    return yaml_parser_parse(&r->parser, event) || fail_syntax(r);
}

static bool is_within_limits(struct reader *r, struct cs_span at, int depth)
{
    if (depth > CS_YAML_DEPTH) {
        cs_diag_error(r->diags, at, NULL, "nested deeper than %d levels", CS_YAML_DEPTH);
        return false;
    }
    if (++r->nodes > CS_YAML_NODES) {
        cs_diag_error(r->diags, at, NULL, "the document grows beyond %d values%s", CS_YAML_NODES,
                      r->anchors ? " once its aliases are filled in" : "");
        return false;
    }
    return true;
}

static struct cs_node *copy_node(struct reader *r, const struct cs_node *from, struct cs_span at,
                                 int depth)
{
    if (!is_within_limits(r, at, depth))
        return NULL;
    struct cs_node *const node = cs_arena_alloc(r->arena, 1, sizeof *node);
    *node = *from;
    if (node->kind == CS_NODE_SCALAR)
        return node;
    node->items = cs_arena_alloc(r->arena, from->count, sizeof *node->items);
    for (size_t i = 0; i < from->count; i++) {
        node->items[i] = copy_node(r, from->items[i], at, depth + 1);
        if (!node->items[i])
            return NULL;
    }
    return node;
}

static struct cs_node *read_alias(struct reader *r, const yaml_event_t *event, int depth)
{
    const char *const name = (const char *)event->data.alias.anchor;
    const struct cs_span at = mark_span(r, event->start_mark, event->end_mark);
    const struct anchor *anchor;
    HASH_FIND_STR(r->anchors, name, anchor);
    if (!anchor || anchor->open) {
        cs_diag_error(r->diags, at, NULL,
                      anchor ? "the alias '*%s' stands inside what it names"
                             : "the alias '*%s' names nothing above it",
                      name);
        return NULL;
    }
    return copy_node(r, anchor->node, at, depth);
}

/* Appends to a map or list. */
static void append(struct cs_arena *arena, struct cs_node *node, struct cs_node *key,
                   struct cs_node *item)
{
    node->items = cs_arena_grow(arena, node->items, node->count, sizeof *node->items);
    node->items[node->count] = item;
    if (node->kind == CS_NODE_MAP) {
        node->keys = cs_arena_grow(arena, node->keys, node->count, sizeof *node->keys);
        node->keys[node->count] = key;
    }
    node->count++;
}

static int by_key(const void *a, const void *b)
{
    const struct cs_node *const left = *(const struct cs_node *const *)a;
    const struct cs_node *const right = *(const struct cs_node *const *)b;
    const int order = strcmp(left->text, right->text);
    if (order)
        return order;
    if (left->span.line != right->span.line)
        return left->span.line < right->span.line ? -1 : 1;
    return (left->span.column > right->span.column) - (left->span.column < right->span.column);
}

static void check_duplicates(struct reader *r, const struct cs_node *map)
{
    if (map->count < 2)
        return;
    const struct cs_node **const sorted = malloc(map->count * sizeof *sorted);
    if (!sorted)
        abort();
    memcpy(sorted, map->keys, map->count * sizeof *sorted);
    qsort(sorted, map->count, sizeof *sorted, by_key);
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(sorted[i]->text, sorted[i - 1]->text) != 0)
            continue;
        char hint[64];
        snprintf(hint, sizeof hint, "it stands on line %d already", sorted[i - 1]->span.line);
        cs_diag_error(r->diags, sorted[i]->span, hint, "duplicate key '%s'", sorted[i]->text);
    }
    free(sorted);
}

/* The key of a map's next pair; NULL and an error when it is no plain name. */
static struct cs_node *read_key(struct reader *r, yaml_event_t *event, int depth)
{
    const bool scalar = event->type == YAML_SCALAR_EVENT;
    const struct cs_span at = mark_span(r, event->start_mark, event->end_mark);
    if (!scalar) {
        cs_diag_error(r->diags, at, NULL, "a key must be a name, not %s",
                      event->type == YAML_ALIAS_EVENT ? "an alias" : "a map or a list");
        yaml_event_delete(event);
        return NULL;
    }
    struct cs_node *const key = read_node(r, event, depth);
    if (key && strcmp(key->text, "<<") == 0) {
        cs_diag_error(r->diags, at, NULL, "merge keys ('<<') are not taken");
        return NULL;
    }
    return key;
}

static bool fill(struct reader *r, struct cs_node *node, int depth)
{
    for (;;) {
        yaml_event_t event;
        struct cs_node *key = NULL;
        if (!next_event(r, &event))
            return false;
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        if (node->kind == CS_NODE_MAP) {
            key = read_key(r, &event, depth);
            if (!key || !next_event(r, &event))
                return false;
        }
        struct cs_node *const item = read_node(r, &event, depth);
        if (!item)
            return false;
        append(r->arena, node, key, item);
    }
    if (node->kind == CS_NODE_MAP)
        check_duplicates(r, node);
    return true;
}

static const char *anchor_name(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.anchor;
    return (const char *)event->data.mapping_start.anchor;
}

/* The anchor of that name; a name used again means its newest node, as YAML has it. */
static struct anchor *take_anchor(struct reader *r, const char *name)
{
    struct anchor *anchor;
    HASH_FIND_STR(r->anchors, name, anchor);
    if (anchor)
        return anchor;
    anchor = cs_arena_alloc(r->arena, 1, sizeof *anchor);
    anchor->name = cs_arena_strdup(r->arena, name);
    HASH_ADD_KEYPTR(hh, r->anchors, anchor->name, strlen(anchor->name), anchor);
    return anchor;
}

/* Reads the node that begins with `event`, which is used up. */
static struct cs_node *read_node(struct reader *r, yaml_event_t *event, int depth)
{
    if (event->type == YAML_ALIAS_EVENT) {
        struct cs_node *const copy = read_alias(r, event, depth);
        yaml_event_delete(event);
        return copy;
    }
    const struct cs_span at = mark_span(r, event->start_mark, event->end_mark);
    struct cs_node *const node = cs_arena_alloc(r->arena, 1, sizeof *node);
    struct anchor *anchor = NULL;
    node->span = at;
    if (anchor_name(event)) {
        anchor = take_anchor(r, anchor_name(event));
        anchor->node = node;
        anchor->open = true;
    }
    const yaml_event_type_t type = event->type;
    bool sound = is_within_limits(r, at, depth);
    if (type == YAML_SCALAR_EVENT) {
        node->kind = CS_NODE_SCALAR;
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->length = event->data.scalar.length;
        node->text = cs_arena_strndup(r->arena, (const char *)event->data.scalar.value,
                                      node->length);
        if (strlen(node->text) != node->length) { /* "\0" in quotes */
            cs_diag_error(r->diags, at, NULL, "a NUL character inside text");
            sound = false;
        }
    } else {
        node->kind = type == YAML_MAPPING_START_EVENT ? CS_NODE_MAP : CS_NODE_LIST;
    }
    yaml_event_delete(event);
    if (!sound || (type != YAML_SCALAR_EVENT && !fill(r, node, depth + 1)))
        return NULL;
    if (anchor)
        anchor->open = false;
    return node;
}

/* Stream start, one document, stream end. */
static struct cs_node *read_stream(struct reader *r)
{
    struct cs_node *root = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(r, &event))
            return NULL;
        const yaml_event_type_t type = event.type;
        const struct cs_span at = mark_span(r, event.start_mark, event.end_mark);
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT ||
            (type == YAML_DOCUMENT_START_EVENT && !root)) {
            yaml_event_delete(&event);
            continue;
        }
        if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_START_EVENT) {
            yaml_event_delete(&event);
            if (type == YAML_STREAM_END_EVENT)
                break;
            cs_diag_error(r->diags, at, NULL, "a second document begins here; a file holds one");
            return NULL;
        }
        root = read_node(r, &event, 1);
        if (!root)
            return NULL;
    }
    if (!root)
        cs_diag_error(r->diags, whole_file(r->source), NULL, "the file is empty");
    return root;
}

struct cs_node *cs_yaml_parse(const struct cs_source *source, struct cs_arena *arena,
                              struct cs_diags *diags)
{
    struct reader r = {.arena = arena, .diags = diags, .source = source};
    const size_t errors = diags->errors;
    if (!yaml_parser_initialize(&r.parser))
        abort();
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)source->text, source->size);
    struct cs_node *const root = read_stream(&r);
    yaml_parser_delete(&r.parser);
    HASH_CLEAR(hh, r.anchors);
    return diags->errors > errors && !root ? NULL : root;
}

struct cs_node *cs_yaml_read(const char *path, struct cs_arena *arena, struct cs_diags *diags,
                             struct cs_span at)
{
    const struct cs_source *source;
    if (!cs_source_read(path, arena, diags, at, &source))
        return NULL;
    return cs_yaml_parse(source, arena, diags);
}
