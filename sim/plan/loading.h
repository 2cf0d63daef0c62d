/* Loading: how a replica fares with a part of its experts outside the GPUs, and what more memory
 * would buy. Equations: docs/model.md, section 10.
 */
#ifndef CS_PLAN_LOADING_H
#define CS_PLAN_LOADING_H
#include "plan/candidate.h"
#include "plan/plan.h"

/* `batch`: sequences at once in a replica, on average while it is busy. */
void cs_loading_answer(struct cs_loading *l, const struct cs_candidate *c,
                       const struct cs_question *question, double batch, struct cs_arena *arena);

#endif
