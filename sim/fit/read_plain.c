/* Measurements as a plain CSV: one line a run (docs/calibration.md lists the columns).
 *
 *   model,hardware,engine,precision,tensor_parallel,rate,concurrency,requests,input_tokens,
 *   output_tokens,ttft_mean_ms,tpot_mean_ms,e2e_mean_ms,...
 *
 * For results of a load generator that capsim does not read, copied by hand or by script. Columns
 * in any order, all but the lengths optional; what is left out comes from the command line.
 *
 * The rule: one line is one case or one warning. Requests are drawn (fit/import.c).
 * Memory is the arena's of the cases.
 */
#include "fit/import.h"
#include "fit/tablefile.h"
#include <string.h>

enum { NAME, MODEL, HARDWARE, ENGINE, PRECISION, SAMPLING, WORDS };

static const struct { /* a number: where it goes, its range, and its SI value */
    const char *name;
    size_t offset;
    double low, high, scale;
    bool needed;
} numbers[] = {
#define AT(field) offsetof(struct cs_import_row, field)
    {"tensor_parallel", AT(tensor_parallel), 1, 1024, 1, false},
    {"max_num_seqs", AT(max_num_seqs), 1, 65536, 1, false},
    {"max_num_batched_tokens", AT(max_num_batched_tokens), 1, 1e7, 1, false},
    {"kv_blocks", AT(kv_blocks), 1, 1e12, 1, false},
    {"rate", AT(rate), 1e-6, 1e6, 1, false},
    {"concurrency", AT(concurrency), 1, 65536, 1, false},
    {"requests", AT(requests), 1, 1e9, 1, false},
    {"input_tokens", AT(input), 1, 1e8, 1, true},
    {"output_tokens", AT(output), 1, 1e8, 1, true},
    {"ttft_mean_ms", AT(figures[CS_FIGURE_TTFT_MEAN]), 1e-6, 1e10, 1e-3, false},
    {"tpot_mean_ms", AT(figures[CS_FIGURE_TPOT_MEAN]), 1e-6, 1e10, 1e-3, false},
    {"e2e_mean_ms", AT(figures[CS_FIGURE_E2E_MEAN]), 1e-6, 1e10, 1e-3, false},
    {"output_tok_s", AT(figures[CS_FIGURE_OUTPUT_RATE]), 1e-6, 1e12, 1, false},
#undef AT
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static const char *word(const struct cs_tablefile *t, size_t row, const struct cs_column *column)
{
    return cs_tablefile_text(t, row, column->at);
}

bool cs_read_plain(struct cs_import *m, const struct cs_tablefile *t)
{
    struct cs_column words[WORDS] = {
        [NAME] = {"name", false, -1},           [MODEL] = {"model", false, -1},
        [HARDWARE] = {"hardware", false, -1},   [ENGINE] = {"engine", false, -1},
        [PRECISION] = {"precision", false, -1}, [SAMPLING] = {"sampling", false, -1}};
    struct cs_column columns[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++)
        columns[i] = (struct cs_column){numbers[i].name, numbers[i].needed, -1};
    cs_tablefile_map(t, words, WORDS);
    if (!cs_tablefile_map(t, columns, NUMBERS))
        return false;
    const size_t errors = m->diags->errors;
    for (size_t i = 0; i < t->row_count; i++) {
        struct cs_import_row row;
        const size_t before = m->diags->errors;
        cs_import_row_init(&row, cs_tablefile_span(t, i, -1), cs_tablefile_place(t, i));
        row.model = word(t, i, &words[MODEL]);
        row.hardware = word(t, i, &words[HARDWARE]);
        row.engine = word(t, i, &words[ENGINE]);
        row.precision = word(t, i, &words[PRECISION]);
        row.top_p = strcmp(word(t, i, &words[SAMPLING]), "top_p") == 0;
        if (*word(t, i, &words[NAME]))
            row.name = word(t, i, &words[NAME]);
        for (size_t k = 0; k < NUMBERS; k++) {
            double *const value = (double *)(void *)((char *)&row + numbers[k].offset);
            const bool endless = numbers[k].offset == offsetof(struct cs_import_row, rate) &&
                                 strcmp(word(t, i, &columns[k]), "inf") == 0;
            *value = endless ? INFINITY
                             : cs_tablefile_number(t, i, columns[k].at, numbers[k].low,
                                                   numbers[k].high) *
                                   numbers[k].scale;
        }
        if (m->diags->errors == before)
            cs_import_add(m, &row);
    }
    return m->diags->errors == errors;
}
