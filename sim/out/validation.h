/* Reports of a validation: for people, for scripts, and as a page with plots.
 *
 * All three print the same verdicts (fit/validate.h) and compute nothing. The text leads with the
 * medians, then each run with what was measured, what was predicted and the error; parts of runs
 * with their errors; overloaded runs apart; and at last what was left out and why. Rows of tables
 * (throughput and the like) can be thousands: they are in the medians of the text, and one by one
 * in the JSON and on the page.
 */
#ifndef CS_OUT_VALIDATION_H
#define CS_OUT_VALIDATION_H
#include "fit/validate.h"
#include "out/text.h"

void cs_validation_print(const struct cs_validation *v, const struct cs_text *text);
void cs_json_print_validation(const struct cs_validation *v, FILE *out);
/* One self-contained page; scratch memory from the arena. */
void cs_html_print_validation(const struct cs_validation *v, struct cs_arena *arena, FILE *out);

/* Names of figures for scripts ("ttft_mean_s"), and for people the heading of a column. */
extern const char *const cs_validation_keys[CS_FIGURE_COUNT];
struct cs_validation_column {
    enum cs_case_figure figure;
    const char *head; /* "TTFT, ms" */
    double scale;     /* from SI to what is shown */
};
enum { CS_VALIDATION_COLUMNS = 9 };
extern const struct cs_validation_column cs_validation_columns[CS_VALIDATION_COLUMNS];
/* Whether a case is a recorded or nominal run, and not a row of a table. */
bool cs_validation_is_run(const struct cs_case *c);
/* "+2.5", "-13", "" for nothing; in percent. */
const char *cs_validation_percent(double error, bool sign, struct cs_arena *arena);
/* "h100-sxm-80gb bf16, vllm-0.15, top-p, 5 seeds". */
const char *cs_validation_setting(const struct cs_case *c, struct cs_arena *arena);

#endif
