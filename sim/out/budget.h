/* Capacity and budget, printed: for people as tables, and as JSON.
 *
 * Both say of each fleet how far it goes, with the intervals of sampling and of the model, what it
 * costs and what it misses first beyond. Amounts for people are in the scenario's currency, in JSON
 * in USD.
 */
#ifndef CS_OUT_BUDGET_H
#define CS_OUT_BUDGET_H
#include "out/text.h"
#include "plan/budget.h"

void cs_capacity_print(const struct cs_capacity *capacity, const struct cs_text *text);
void cs_capacity_print_json(const struct cs_capacity *capacity, FILE *out);
void cs_budget_print(const struct cs_budget *budget, const struct cs_text *text);
void cs_budget_print_json(const struct cs_budget *budget, FILE *out);

/* A fleet in few words: "llama-3.1-70b h100-sxm-80gb fp8 TP2". */
const char *cs_budget_fleet(struct cs_arena *arena, const struct cs_study *study,
                            const struct cs_own_fleet *fleet);
/* The limits: "TTFT p95 <= 1 s, TPOT p95 <= 60 ms, in every hour"; "": none. */
const char *cs_budget_limits(struct cs_arena *arena, const struct cs_scenario *scenario,
                             double factor);

#endif
