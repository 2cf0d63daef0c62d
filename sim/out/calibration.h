/* Calibration for readers: a text report, JSON, and the sheet that scenarios can name.
 *
 * The text has the parameters with their standard errors, the range over refits and what the data
 * cannot tell; then the errors by figure, within the sample and held out; then what was left out.
 * JSON has all of it, every residual and the matrix of correlations.
 *
 * The rule: the sheet is the start sheet with the fitted figures in it (spec/amend.h), and each
 * fitted figure says under `sources` what it was fitted to. No date: a program without a clock
 * knows none. Memory is scratch of the text's arena.
 */
#ifndef CS_OUT_CALIBRATION_H
#define CS_OUT_CALIBRATION_H
#include "fit/calibrate.h"
#include "out/text.h"

struct cs_calibration_view {
    const struct cs_calibration *calibration;
    const char *files;      /* "runs.csv, bench.json": what it was fitted to */
    const char *sheet_kind; /* "engine" or "hardware" */
    const char *sheet_name; /* it started from */
    const char *leave_out;  /* "none", "model", ... */
    const struct cs_parameter *const *held; /* given, not fitted; the sheet gets them too */
    size_t held_count;
};
void cs_calibration_print(const struct cs_calibration_view *view, const struct cs_text *out);
void cs_json_print_calibration(const struct cs_calibration_view *view, FILE *out);
/* The sheet's text under the name `name`, in the arena. */
const char *cs_calibration_sheet(const struct cs_calibration_view *view, const char *name,
                                 struct cs_arena *arena);

#endif
