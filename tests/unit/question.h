/* A toy question: a scenario file over sheets that are made up, opened as a study.
 *
 * The sheets lie in the folder of folder.h. Model `toy` on `card` by engine `toy-1` serves one
 * request at a time in 500 ms, so a fleet of n carries 2 n requests a second and costs n x 2 USD/h;
 * `toy-2` is the same with a known model error, a deviation of 20 %, and `toy-8` takes up to eight
 * requests in a step. API `flat` asks 2 USD/Mtok in and out, `split` 1 in and 5 out, and `unit` as
 * flat, or in committed units. So what a day costs and where costs cross is known without the
 * program.
 *
 * The rule: a test writes its question as YAML. Memory is static; one study at a time.
 */
#ifndef TESTS_UNIT_QUESTION_H
#define TESTS_UNIT_QUESTION_H
#include "plan/study.h"

void question_open(void);
void question_close(void);
struct cs_arena *question_arena(void);
/* The study of this YAML; errors end the test. */
struct cs_study *question_study(const char *yaml, int threads);
/* The same with errors left in diags; NULL when there are any. */
struct cs_study *question_try(const char *yaml, int threads, struct cs_diags *diags);
/* Of 1.2 requests/s on these machines, with further keys: what draws of inputs start from. */
const char *question_uncertain(const char *deploy, const char *more);
/* Diagnostics, of which there are none yet. */
struct cs_diags *question_diags(void);

#endif
