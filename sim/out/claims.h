/* Claims on trial, printed: for a terminal, as Markdown for a page, and as JSON.
 *
 * All say the same: the claim in its own words, its sums with what they come to, and each figure
 * claimed beside capsim's, with its interval and a verdict. Amounts are in USD, as claims are.
 */
#ifndef CS_OUT_CLAIMS_H
#define CS_OUT_CLAIMS_H
#include "out/text.h"
#include "plan/claims.h"

void cs_claims_print(const struct cs_trial_of_claim *trials, size_t count,
                     const struct cs_text *text);
/* `prefix` goes before the scenarios' paths in links. */
void cs_claims_print_markdown(const struct cs_trial_of_claim *trials, size_t count,
                              const char *prefix, FILE *out);
void cs_claims_print_json(const struct cs_trial_of_claim *trials, size_t count, FILE *out);

#endif
