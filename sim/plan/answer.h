/* Answer: from a finished search to the figures people read.
 *
 * Every figure is a mean over replications with Student's 95 % interval (des/estimate): a
 * percentile is taken in each replication and the replications give its spread. The worst window
 * was chosen on the even replications (plan/judge) and its figures come from the odd ones.
 * Copies all it needs into the caller's arena, so the trials can be dropped afterwards.
 */
#ifndef CS_PLAN_ANSWER_H
#define CS_PLAN_ANSWER_H
#include "plan/plan.h"
#include "plan/search.h"

/* Fills one option's answer, prices included. */
void cs_answer_option(struct cs_option_answer *a, const struct cs_search *search,
                      struct cs_arena *arena);
/* The self-checks of a simulated search and of its option's experts, appended to laws (room for 8);
 * returns how many. */
size_t cs_answer_checks(const struct cs_search *search, const struct cs_loading *loading,
                        struct cs_law *laws);

#endif
