/* What the tests of the window share: shows of small fleets, opened from a scenario's text.
 *
 * Each test has an arena of its own, which setup and teardown open and close. What cannot be opened
 * fails the test.
 *
 * Times are in picoseconds: S a second, MS a millisecond.
 */
#ifndef TESTS_VIEW_SHOWS_H
#define TESTS_VIEW_SHOWS_H
#include "viz/show.h"

extern const int64_t S, MS;
extern struct cs_arena arena;
extern struct cs_diags diags;
void setup(void);
void teardown(void);
/* A scenario of one option whose fleet is given. */
const struct cs_answer *answer_of(const char *text);
/* Twenty requests a second of a small model, on `fleet` ("replicas: 3"), and further keys. */
void open_show(struct cs_show *show, const char *fleet, const char *more);
/* For cs_control_advance: no time passes while it simulates. */
double no_time(void);

#endif
