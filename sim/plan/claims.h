/* Claims: what somebody says of a scenario, beside what capsim answers.
 *
 * Each figure claimed (spec/scenario.h) is answered by the question that it belongs to: a plan, a
 * capacity, a crossover, the fit of a model in memory. An answer is an interval: what sampling
 * leaves open together with 95 % of the model's error. The verdict is that of two intervals:
 *
 *     holds   they overlap
 *     near    they do not, and the nearer ends are within a quarter of one another
 *     fails   else, with the factor between the claim's nearer end and the answer
 *
 * Sums are checked likewise: they come out where both sides agree to 3 %, as people round.
 *
 * The rule: verdicts are computed, never written. Everything is in the arena given.
 */
#ifndef CS_PLAN_CLAIMS_H
#define CS_PLAN_CLAIMS_H
#include "plan/study.h"

enum cs_claim_verdict { CS_CLAIM_HOLDS, CS_CLAIM_NEAR, CS_CLAIM_FAILS, CS_CLAIM_UNANSWERED };

struct cs_finding { /* the answer to one figure claimed; in SI */
    const struct cs_claimed *claimed;
    double value, lo, hi; /* NaN value: none, see why; lo = hi: exact, or no error is known */
    const char *why;      /* why there is no value, such as "never"; NULL */
    const char *of;       /* the fleet or option that it is of; NULL */
    enum cs_claim_verdict verdict;
    double factor; /* of FAILS and NEAR: answer over the nearer end of the claim */
};

struct cs_trial_of_claim {
    const struct cs_scenario *scenario;
    const struct cs_finding *findings;
    size_t count;
    size_t verdicts[CS_CLAIM_UNANSWERED + 1]; /* how many of each */
    size_t sums_wrong;
};

bool cs_sum_comes_out(const struct cs_sum *sum);
/* The scenario must have a claim. False: errors in diags. */
bool cs_claims_run(struct cs_trial_of_claim *t, struct cs_study *study, struct cs_arena *arena,
                   struct cs_diags *diags);

#endif
