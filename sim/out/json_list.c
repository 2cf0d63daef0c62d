/* JSON of the catalogue's lists (see list.h): numbers as numbers, unknown figures as null.
 *
 * The rule of json.c holds here too: every row has every name. Figures are those of the sheets in
 * SI units, but for prices, which are per hour or per million tokens as their names say.
 * The tree (json_tree.h) is freed before return.
 */
#include "out/list.h"
#include "out/json_tree.h"

void cs_json_print_lists(const struct cs_list *lists, size_t count, FILE *out)
{
    struct cJSON *const root = cs_tree_new();
    for (const struct cs_list *list = lists; list < lists + count; list++) {
        struct cJSON *const rows = cs_tree_array(root, list->kind);
        const struct cs_list_cell *cell = list->cells;
        for (size_t r = 0; r < list->row_count; r++) {
            struct cJSON *const row = cs_tree_object(rows, NULL);
            for (size_t c = 0; c < list->column_count; c++, cell++) {
                if (cell->text)
                    cs_tree_text(row, list->columns[c].key, cell->text);
                else
                    cs_tree_number(row, list->columns[c].key, cell->number);
            }
        }
    }
    cs_tree_print(root, out);
}
