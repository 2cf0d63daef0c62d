/* Cost: what a fleet costs a day, and what the APIs ask for the same requests.
 *
 *   rented   gpu = GPUs x price x 24 h                        (electricity is in the price)
 *   owned    gpu = GPUs (purchase + server)(1 - residual) / (years x 365.25 days); a purchase of 0
 *            is a machine paid for already
 *            energy = GPUs (idle + (TDP - idle) busy + rest) x PUE x 24 h x price of electricity
 *   API      requests a day x (mean input x input price + mean output x output price), the share of
 *            tokens in requests above a tier's threshold at the tier's price: the whole request
 *
 * A sheet holds many prices; `cost.prices` says which is meant. Where the sheet has none of that
 * kind the nearest is taken (listed, then a reseller's, then the article's) and `note` says so.
 * A month is 30.4375 days; Mtok are input + output tokens.
 */
#ifndef CS_PLAN_COST_H
#define CS_PLAN_COST_H
#include "plan/plan.h"

void cs_cost_gpu_price(struct cs_price_used *price, const struct cs_hardware *hardware,
                       const struct cs_cost *cost, struct cs_arena *arena);
/* `busy`: mean share of time the GPUs compute; NaN: unknown, taken as always. */
void cs_cost_fleet(struct cs_cost_breakdown *b, const struct cs_hardware *hardware,
                   const struct cs_cost *cost, const struct cs_price_used *price, double gpus,
                   double busy, double tokens_per_day);
/* The bills of all APIs compared, cheapest first. Tier shares come from the workload's requests. */
const struct cs_api_answer *cs_cost_apis(const struct cs_scenario *scenario,
                                         const struct cs_workload_spec *workload,
                                         struct cs_arena *arena);

#endif
