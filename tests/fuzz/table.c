/* Fuzz entry point: the reader of measured tables, on bytes in memory.
 *
 * What must hold of any bytes: no crash; either a table whose every cell has a place inside the
 * text, or at least one error.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "fit/tablefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_diags diags;
    struct cs_tablefile t;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    const bool sound =
        cs_tablefile_parse(&t, "fuzz.csv", (const char *)data, size, &arena, &diags);
    if (sound != (diags.errors == 0))
        abort();
    for (size_t row = 0; sound && row < t.row_count && row < 50; row++) {
        for (int c = 0; c < (int)t.column_count; c++) {
            const struct cs_span at = cs_tablefile_span(&t, row, c);
            const double value = cs_tablefile_number(&t, row, c, -1e3, 1e3);
            if (at.line < t.lines[row] || at.column < 1 || at.length < 1)
                abort();
            if (!isnan(value) && !(value >= -1e3 && value <= 1e3))
                abort();
        }
    }
    cs_arena_fini(&arena);
    return 0;
}
