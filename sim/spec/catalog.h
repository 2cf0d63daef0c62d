/* The catalogue: sheets by name, found along a search path, loaded once.
 *
 * The path is, in order: each directory of $CAPSIM_PATH; ../share/capsim beside the program; the
 * directory above the program that holds models/ and hardware/ (a build tree); the compiled-in
 * CS_DATADIR. Each may hold models/, models/api/, hardware/, hosts/, engines/,
 * scenarios/traffic/, regions/. The first directory that has the name wins, so users can override a
 * sheet. A name with a '/' or ending in .yaml is a file, relative to the file that names it. What
 * is neither is looked for among the titles and `aliases` of model, hardware, host and engine
 * sheets, without regard to case and brackets and with ' ', '_' and ':' taken for '-'; of several
 * that claim one the newest version has it. Sheets belong to the catalogue's arena and live as long
 * as the catalogue.
 */
#ifndef CS_SPEC_CATALOG_H
#define CS_SPEC_CATALOG_H
#include <stdint.h>
#include "spec/scenario.h"

enum cs_sheet_kind {
    CS_SHEET_MODEL,
    CS_SHEET_API,
    CS_SHEET_HARDWARE,
    CS_SHEET_ENGINE,
    CS_SHEET_HOST,
    CS_SHEET_TRAFFIC,
    CS_SHEET_REGION,
    CS_SHEET_SCENARIO, /* listed only */
    CS_SHEET_COUNT
};

struct cs_catalog;
struct cs_catalog *cs_catalog_open(struct cs_arena *arena, const char *program);
/* Changes with the text of any sheet that was read, not with their order. */
uint64_t cs_catalog_digest(const struct cs_catalog *catalog);
/* The files that what was loaded so far depends on: scenarios, sheets and traces, whether they are
 * there or not, and, where a name was unknown, the folders that might come to hold it. */
const char *const *cs_catalog_files(const struct cs_catalog *c, size_t *count);
/* Adds one to them. */
void cs_catalog_depends(struct cs_catalog *c, const char *path);
/* Names of a kind, sorted, without repeats; aliases not included. */
const char *const *cs_catalog_names(struct cs_catalog *c, enum cs_sheet_kind kind, size_t *count);
/* The path of the file that holds a sheet, or NULL when there is none of that name or alias. */
const char *cs_catalog_path(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name);
/* The sheet that the longest name, title or alias in the text belongs to, or NULL. */
const char *cs_catalog_mentioned(struct cs_catalog *c, enum cs_sheet_kind kind, const char *text);
/* The path of the sheet of that name as it is named at `at`: relative to the file that names it. A
 * name with a '/' that is no file may be an alias, as the names of model hubs are. NULL: there is
 * none of that name. */
const char *cs_catalog_named(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name,
                             struct cs_span at);
/* Where a sheet of that name lies in a root: "models/x.yaml". */
const char *cs_catalog_place(struct cs_arena *arena, enum cs_sheet_kind kind, const char *name);
/* A text that stands for the file of that path, "models/x.yaml", before those of all roots; `from`
 * and the path are its name in messages. It ends with a NUL behind its `size` and is kept. */
void cs_catalog_give(struct cs_catalog *c, const char *from, const char *path, const char *text,
                     size_t size);
/* The text given for a path, or of that name in messages; NULL: none. */
const struct cs_source *cs_catalog_given(const struct cs_catalog *c, const char *path);
/* All sheets that were named so far, in the order in which they were. */
struct cs_catalog_sheet {
    enum cs_sheet_kind kind;
    const char *path;
};
const struct cs_catalog_sheet *cs_catalog_sheets(struct cs_catalog *c, size_t *count);
/* Whether a name is a file's: it has a '/' or ends in .yaml. */
bool cs_catalog_is_path(const char *name);
/* The name of a file without its folders and .yaml. */
const char *cs_catalog_stem(struct cs_arena *arena, const char *path);
/* The first root's file of that relative path ("scenarios/validation/x.yaml"), or NULL. */
const char *cs_catalog_file(struct cs_catalog *c, const char *path);
/* The sheet of that name. NULL: the errors are in `diags` (unknown name with a suggestion, pointing
 * at `at`; or what is wrong inside the sheet, "referenced from" `at`). */
const void *cs_catalog_load(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name,
                            struct cs_span at, const char *reference, struct cs_diags *diags);
/* The same with its type: cs_catalog_model(c, name, at, reference, diags). */
#define CS_CATALOG_TYPED(type, kind, c, ...) \
    ((const struct type *)cs_catalog_load(c, kind, __VA_ARGS__))
#define cs_catalog_model(...) CS_CATALOG_TYPED(cs_model, CS_SHEET_MODEL, __VA_ARGS__)
#define cs_catalog_api(...) CS_CATALOG_TYPED(cs_api, CS_SHEET_API, __VA_ARGS__)
#define cs_catalog_hardware(...) CS_CATALOG_TYPED(cs_hardware, CS_SHEET_HARDWARE, __VA_ARGS__)
#define cs_catalog_engine(...) CS_CATALOG_TYPED(cs_engine_sheet, CS_SHEET_ENGINE, __VA_ARGS__)
#define cs_catalog_host(...) CS_CATALOG_TYPED(cs_host, CS_SHEET_HOST, __VA_ARGS__)
#define cs_catalog_region(...) CS_CATALOG_TYPED(cs_region, CS_SHEET_REGION, __VA_ARGS__)
#define cs_catalog_traffic(...) CS_CATALOG_TYPED(cs_traffic_sheet, CS_SHEET_TRAFFIC, __VA_ARGS__)
/* The sheet that describes this engine on this hardware: on Apple's GPUs the one that it names
 * under `metal`, else itself. Either may be NULL; NULL after an error. */
const struct cs_engine_sheet *cs_catalog_engine_on(struct cs_catalog *c,
                                                   const struct cs_engine_sheet *engine,
                                                   const struct cs_hardware *hardware,
                                                   struct cs_diags *diags);
/* Checks one file of any kind (told apart by its keys, not its place); fills `diags`. Returns its
 * kind, or -1. */
int cs_catalog_check(struct cs_catalog *c, const char *path, struct cs_diags *diags);
/* The span of a key's value below a sheet's node ("memory.bandwidth"), or of the node itself. */
struct cs_span cs_span_of(const struct cs_node *node, const char *path);
/* The source text that covers a figure of a sheet ("memory.bandwidth"), or NULL. */
const char *cs_source_of(const struct cs_node *node, const char *path);

#endif
