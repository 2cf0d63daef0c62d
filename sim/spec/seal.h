/* Sealing: from a sheet's node tree to its struct, checked for meaning.
 *
 * One function for all kinds of sheets: it reads the tree by the kind's table, demands sources,
 * checks what a table cannot say (a joint grid that is not square, tiers out of order, more heads
 * for keys than for queries), and returns the constant struct.
 *
 * The one rule: NULL means that at least one error was added.
 * All memory is the arena's, which must outlive the sheet; so must the tree.
 */
#ifndef CS_SPEC_SEAL_H
#define CS_SPEC_SEAL_H
#include "spec/catalog.h"
#include "spec/schema.h"

/* `stem` is what `name` must be (the file's name), or NULL for any. */
const void *cs_seal_sheet(enum cs_sheet_kind kind, const struct cs_node *root, const char *stem,
                          struct cs_arena *arena, struct cs_diags *diags);
const struct cs_table *cs_seal_table(enum cs_sheet_kind kind);
/* Fills a curve from relative weights, scaled to mean 1; false when none is above 0. */
bool cs_seal_curve(struct cs_arena *arena, const double *weights, size_t count, double step_s,
                   bool starts_monday, struct cs_curve *curve);

#endif
