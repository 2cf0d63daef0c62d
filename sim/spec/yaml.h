/* YAML: a text becomes a tree of nodes, each with its place in the text.
 *
 * The tree is the only form in which the rest of spec sees a file: scalars are text (no guessing
 * of types; the key tables say what a scalar must be), maps keep the order of the file. The only
 * file that knows libyaml is yaml.c; a tree is written as text again by yaml_text.c.
 *
 * The one rule: what cannot be a sound document never becomes a tree: duplicate keys, merge keys,
 * aliases that grow beyond a million nodes, nesting beyond 32, files over 16 MiB, NUL bytes, bytes
 * that are no UTF-8 and several documents in one file are errors here, with their place.
 * Nodes belong to the arena. Spans of nodes reached through an alias point at the anchor's text.
 */
#ifndef CS_SPEC_YAML_H
#define CS_SPEC_YAML_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/diag.h"

enum { CS_YAML_DEPTH = 32, CS_YAML_BYTES = 16 << 20, CS_YAML_NODES = 1000000 };

enum cs_node_kind { CS_NODE_SCALAR, CS_NODE_LIST, CS_NODE_MAP };

struct cs_node {
    enum cs_node_kind kind;
    bool plain; /* a scalar without quotes */
    struct cs_span span;
    const char *text; /* a scalar's, with a final NUL */
    size_t length;
    size_t count;
    struct cs_node **items; /* a list's items or a map's values */
    struct cs_node **keys;  /* a map's keys, scalars */
};

/* Reads a whole file as a source. False: a diagnostic says why (at `at` when it has a source). */
bool cs_source_read(const char *path, struct cs_arena *arena, struct cs_diags *diags,
                    struct cs_span at, const struct cs_source **source);
/* The root node of a text, or NULL: the errors are in diags. */
struct cs_node *cs_yaml_parse(const struct cs_source *source, struct cs_arena *arena,
                              struct cs_diags *diags);
struct cs_node *cs_yaml_read(const char *path, struct cs_arena *arena, struct cs_diags *diags,
                             struct cs_span at);
/* Applies one "--set" text, "a.b[0].c=value", to the tree; the value is parsed as YAML. Missing
 * maps are made; a name after a list goes into each of its items. */
bool cs_node_set(struct cs_node *root, const char *text, struct cs_arena *arena,
                 struct cs_diags *diags);

/* The same for texts that came from another option of the command line, named in errors. */
bool cs_node_set_by(struct cs_node *root, const char *text, const char *option,
                    struct cs_arena *arena, struct cs_diags *diags);
/* A copy of the tree that can be set without touching the original; texts and places are shared. */
struct cs_node *cs_node_clone(const struct cs_node *node, struct cs_arena *arena);

/* The tree as YAML that reads as the same tree; comments are not kept. */
const char *cs_node_text(const struct cs_node *node, struct cs_arena *arena);

/* A map's value for a key; NULL when absent or when `map` is no map. */
struct cs_node *cs_node_get(const struct cs_node *map, const char *key);
/* The node below `root` at "a.b[0].c", or NULL. */
const struct cs_node *cs_node_find(const struct cs_node *root, const char *path);
/* A scalar that says nothing: empty, `~` or `null` without quotes. */
bool cs_node_is_null(const struct cs_node *node);
/* "a map", "a list", "text". */
const char *cs_node_kind_name(const struct cs_node *node);

#endif
