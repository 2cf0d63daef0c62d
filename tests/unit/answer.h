/* A small made-up answer, for tests of what prints answers.
 *
 * Two options and one API. The figures are invented and of high entropy, so that a field printed
 * in the wrong place shows; nothing here is simulated. Everything belongs to the arena.
 */
#ifndef TESTS_UNIT_ANSWER_H
#define TESTS_UNIT_ANSWER_H
#include "plan/plan.h"

/* Option 0: 2 x H100, feasible, simulated five times. Option 1: does not fit, not simulated. */
struct cs_answer *answer_make(struct cs_arena *arena);
/* The options of such an answer, to change one. */
struct cs_option_answer *answer_option(struct cs_answer *answer, size_t index);

#endif
