/* JSON of the catalogue's lists (see list.h): numbers as numbers, unknown figures as null.
 *
 * The rule of json.c holds here too: every row has every name. Figures are those of the sheets in
 * SI units, but for prices, which are per hour or per million tokens as their names say.
 * The tree is cJSON's, by malloc, with copies of the texts; it is freed before return.
 */
#include <cJSON.h>
#include <string.h>
#include "base/check.h"
#include "out/json.h"
#include "out/list.h"

static cJSON *value_of(const struct cs_list_cell *cell)
{
    char text[32];
    if (cell->text)
        return cJSON_CreateString(cell->text);
    cs_json_number(cell->number, text);
    return strcmp(text, "null") == 0 ? cJSON_CreateNull() : cJSON_CreateRaw(text);
}

void cs_json_print_lists(const struct cs_list *lists, size_t count, FILE *out)
{
    cJSON *const root = cJSON_CreateObject();
    cs_check(root != NULL);
    for (size_t l = 0; l < count; l++) {
        const struct cs_list *const list = &lists[l];
        cJSON *const rows = cJSON_AddArrayToObject(root, list->kind);
        cs_check(rows != NULL);
        for (size_t r = 0; r < list->row_count; r++) {
            cJSON *const row = cJSON_CreateObject();
            cs_check(row != NULL && cJSON_AddItemToArray(rows, row));
            for (size_t c = 0; c < list->column_count; c++) {
                cJSON *const value = value_of(&list->cells[r * list->column_count + c]);
                cs_check(value && cJSON_AddItemToObject(row, list->columns[c].key, value));
            }
        }
    }
    char *const text = cJSON_Print(root);
    cs_check(text != NULL);
    fputs(text, out);
    putc('\n', out);
    cJSON_free(text);
    cJSON_Delete(root);
}
