/* Schema: constant key tables turn a node tree into a struct.
 *
 * A table lists every key a map may hold: its kind, where its value goes in the struct, its unit,
 * its range and its default as text (read by the same code as a value from a file), and one
 * sentence of documentation. One walker does the rest: unknown keys with a suggestion, missing
 * keys, wrong kinds, missing units, ranges, and it goes on to find all errors of a file at once.
 *
 * The one rule: what a key may say stands in its table and nowhere else; the documentation of the
 * scenario is printed from the same tables. Meaning across keys is checked in resolve*.c.
 * Values and strings belong to the arena of the reading.
 */
#ifndef CS_SPEC_SCHEMA_H
#define CS_SPEC_SCHEMA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "spec/scenario.h"
#include "spec/yaml.h"

enum cs_key_kind {
    CS_KEY_TEXT,     /* const char * */
    CS_KEY_DATE,     /* const char *: 2026, 2026-05 or 2026-05-07 */
    CS_KEY_QUANTITY, /* double, of .unit */
    CS_KEY_COUNT,    /* int; "8", or of .unit CS_UNIT_TOKENS also "8192 tokens" */
    CS_KEY_COUNT64,  /* int64_t; "5M requests" too */
    CS_KEY_BOOL,     /* bool */
    CS_KEY_CHOICE,   /* int: the value of one of .choices */
    CS_KEY_MAP,      /* a struct at .offset, read by .table */
    CS_KEY_ROWS,     /* a list of maps: pointer at .offset, size_t at .count */
    CS_KEY_NUMBERS,  /* a list of numbers: const double * at .offset, size_t at .count */
    CS_KEY_TEXTS,    /* a list of text: const char *const * at .offset, size_t at .count */
    CS_KEY_NODE      /* const struct cs_node *: read elsewhere; .example says what it may be */
};

struct cs_choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct cs_table;
struct cs_key {
    const char *name;
    enum cs_key_kind kind;
    enum cs_unit unit;
    size_t offset;
    size_t count;   /* offset of the size_t of a list; 0: none */
    size_t present; /* offset of a bool set when the key is given; 0: none */
    const char *low, *high; /* range, as text in the key's unit; NULL: open */
    const char *fallback;   /* default as text; NULL: none */
    const char *why;        /* why that default */
    double absent;          /* a quantity's value when absent and without default */
    bool required;
    bool automatic; /* "auto" is taken and stored as 0 */
    bool bare;      /* a number without its unit is taken */
    const struct cs_choice *choices;
    const struct cs_table *table;
    const char *example; /* of a node, text or map, for hints */
    const char *doc;
};

struct cs_table {
    const char *what; /* "a scenario", "a hardware sheet", "deploy" */
    const struct cs_key *keys;
    size_t count;
    size_t size; /* of the struct of one row */
};

/* One reading: where values live, where errors go, what defaults applied. */
struct cs_schema {
    struct cs_arena *arena;
    struct cs_diags *diags;
    struct cs_default *defaults; /* NULL until the first */
    size_t default_count;
    bool keep_defaults;
    const struct cs_currencies *currencies; /* that amounts may be in besides USD; NULL: none */
};

/* Reads `map` by `table` into the zeroed struct `out`. `path` is the map's own ("deploy[0]"), ""
 * for the root. False when anything was wrong. */
bool cs_schema_read(struct cs_schema *s, const struct cs_table *table, const struct cs_node *map,
                    const char *path, void *out);
/* Reads one scalar by `key` into `out` (key->offset is not added). */
bool cs_schema_value(struct cs_schema *s, const struct cs_key *key, const struct cs_node *node,
                     const char *path, void *out);
/* 2026, 2026-05 or 2026-05-07, of a day that exists (29 February in any year). */
bool cs_schema_is_date(const char *text);
void cs_schema_default(struct cs_schema *s, const char *key, const char *value, const char *why);
/* An error unless every figure of a sheet has a source: an entry of `sources` for its path or a
 * prefix of it, or a `source` in its own row. */
bool cs_schema_sources(struct cs_schema *s, const struct cs_table *table,
                       const struct cs_node *root);
/* How many of the map's keys the table knows: tells one kind of file from another. */
size_t cs_schema_score(const struct cs_table *table, const struct cs_node *root);
const struct cs_key *cs_table_key(const struct cs_table *table, const char *name);
/* The key behind a path ("deploy[0].replicas", "cost.rent.spot") in the tables below `table`; NULL:
 * none, or the path leads where keys are open. */
const struct cs_key *cs_table_find(const struct cs_table *table, const char *path);
/* The keys of a table and the tables below it as Markdown, with units, ranges and defaults. */
void cs_table_print(const struct cs_table *table, const char *path, FILE *out);

#endif
