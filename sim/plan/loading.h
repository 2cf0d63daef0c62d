/* Loading: how a replica fares with a part of its experts outside the GPUs, and what more memory
 * would buy.
 *
 * For options whose `deploy.experts` keeps some experts elsewhere: the share that is found when
 * needed, by the step model and by a cache simulated token by token, what is copied for each token,
 * what a cold start and a change of topic cost, and the speeds that further gigabytes of each GPU's
 * memory would give. Equations: docs/model.md, section 10. Rows belong to the arena given.
 */
#ifndef CS_PLAN_LOADING_H
#define CS_PLAN_LOADING_H
#include "plan/candidate.h"
#include "plan/plan.h"

/* `batch`: sequences at once in a replica, on average while it is busy. */
void cs_loading_answer(struct cs_loading *l, const struct cs_candidate *c,
                       const struct cs_question *question, double batch, struct cs_arena *arena);

#endif
