/* Sweep, printed: points as they are kept, and rows of them for people, spreadsheets and scripts.
 *
 * A point's answer is an object: `status` ("yes", "no", or "bad input" where its values make no
 * sound scenario), `message`, the fields of `run --json` of the best option (or the first that was
 * simulated), and `apis.<name>.usd_per_day`. A row is the varied values, then these, flattened.
 */
#ifndef CS_OUT_SWEEP_H
#define CS_OUT_SWEEP_H
#include "out/text.h"
#include "plan/sweep.h"

extern const struct cs_sweep_print cs_sweep_print_json;
/* Fits cs_store_seal; `user` is an arena that is emptied for each row. */
void cs_sweep_row(void *user, size_t point, const char *values, const char *answer,
                  const char *const **names, const char *const **texts, size_t *count);
void cs_sweep_print_csv(struct cs_store *store, FILE *out);
void cs_sweep_print_json_all(const struct cs_sweep *sweep, struct cs_store *store, FILE *out);
void cs_sweep_print_text(const struct cs_sweep *sweep, struct cs_store *store,
                         const struct cs_text *text);

#endif
