/* Lists: the catalogue as tables, one kind of sheet at a time.
 *
 * A list is built once, as cells that hold both what a person reads ("70.6B") and the figure itself
 * (70.55e9, SI or as the column says); text and JSON print the same cells.
 * Sheets that cannot be read are left out and their errors are in the diagnostics.
 */
#ifndef CS_OUT_LIST_H
#define CS_OUT_LIST_H
#include "out/text.h"
#include "spec/catalog.h"

struct cs_list_column {
    const char *key;  /* in JSON: "parameters_total" */
    const char *head; /* for people: "parameters" */
    char align;       /* l or r */
};
struct cs_list_cell {
    const char *shown; /* "" where nothing is known */
    const char *text;  /* NULL: the value is `number` */
    double number;     /* NaN: null */
};
struct cs_list {
    const char *kind; /* "models" */
    const struct cs_list_column *columns;
    size_t column_count, row_count;
    const struct cs_list_cell *cells; /* row by row */
};

extern const char *const cs_list_kinds[CS_SHEET_COUNT]; /* "models", "apis", ... */
void cs_list_build(struct cs_list *list, struct cs_catalog *catalog, enum cs_sheet_kind kind,
                   struct cs_arena *arena, struct cs_diags *diags);
void cs_list_print(const struct cs_list *list, const struct cs_text *text);
/* {"models": [{...}], ...} */
void cs_json_print_lists(const struct cs_list *lists, size_t count, FILE *out);

#endif
