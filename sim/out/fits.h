/* Fits: the table of machines that can run a model, or of models that a machine can run.
 *
 * The text has one row an option and below it what the columns mean, what was assumed, and who is
 * not in the table; the JSON has one object a row, those that do not fit with their reason too.
 * Nothing is computed here; what is not known is "-" and null.
 */
#ifndef CS_OUT_FITS_H
#define CS_OUT_FITS_H
#include "out/text.h"
#include "plan/fits.h"

/* `of_machine`: the rows are models. */
void cs_fits_print(const struct cs_fits *fits, const struct cs_fits_query *query, bool of_machine,
                   const struct cs_text *text);
/* {"capsim", "schema", "rows": [...]} */
void cs_json_print_fits(const struct cs_fits *fits, FILE *out);

#endif
