/* Sheet pages: one sheet of the catalogue, readable, each figure beside its source.
 *
 * Figures stand as the sheet writes them, with their units; then every price, and for models every
 * measured throughput, with date and source. Shows, computes nothing.
 */
#ifndef CS_OUT_SHEET_H
#define CS_OUT_SHEET_H
#include "out/text.h"
#include "spec/catalog.h"

struct cs_sheet_figure { /* a scalar of a sheet, or a short list of them */
    const char *name, *value; /* "memory.bandwidth", as written */
    const char *source;       /* NULL: none is given */
};
/* The figures below a sheet's node in the order of the file, without names, notes and the lists
 * that are tables of their own. In the arena; NULL: none. */
const struct cs_sheet_figure *cs_sheet_figures(const struct cs_node *node, struct cs_arena *arena,
                                               size_t *count);
/* Prints the page of a sheet; false when it is unknown or wrong (see diags). */
bool cs_sheet_print(struct cs_catalog *catalog, enum cs_sheet_kind kind, const char *name,
                    const struct cs_text *text, struct cs_diags *diags);

#endif
