/* Reader of throughput tables: one row, one benchmark somebody ran.
 *
 * A row names engine, hardware, model, precision, mode, lengths and what was measured;
 * docs/validation.md lists the columns and says which rows are usable. Names are looked up in the
 * catalogue by sheet name, title and alias; nothing is guessed from a figure.
 *
 * The rule: a row that cannot be simulated is counted with its reason; one that fits badly stays.
 * A row whose source timed prompts and answers apart makes two cases and counts as two.
 * Cases and all they point at belong to the arena of `cases`.
 */
#ifndef CS_FIT_READ_ROWS_H
#define CS_FIT_READ_ROWS_H
#include "fit/case.h"

/* Adds the file's rows. False: it cannot be read, or cells are wrong; all errors are in `diags`. */
bool cs_read_rows(const char *path, struct cs_catalog *catalog, struct cs_cases *cases,
                  struct cs_diags *diags);

#endif
