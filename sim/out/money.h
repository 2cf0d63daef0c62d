/* Money in words: amounts in the scenario's currency, and what prices and bills rest on.
 *
 * Answers are in USD; what is printed for people is converted by the rate that the scenario states
 * (`cost.currency`), in one place. JSON and CSV stay in USD, and say the rate.
 * Texts are UTF-8, in the arena given.
 */
#ifndef CS_OUT_MONEY_H
#define CS_OUT_MONEY_H
#include "out/figure.h"
#include "plan/plan.h"

const char *cs_money_code(const struct cs_scenario *scenario); /* "USD" */
/* An amount in that currency, without its name: "2.88". */
struct cs_figure cs_money_figure(const struct cs_scenario *scenario, double usd);
/* "USD/day" and the like. */
const char *cs_money_per(struct cs_arena *arena, const struct cs_scenario *scenario,
                         const char *what);
/* Where a GPU's price comes from: "median of 15 providers, listed, 2026-05-24: source"; "" where
 * it is the scenario's own. */
const char *cs_money_source(struct cs_arena *arena, const struct cs_price_used *price);
/* The lines of a breakdown that are to be shown: all that were asked for, and always the first
 * three. Returns how many; items[i] is one of enum cs_cost_item. */
int cs_money_lines(const struct cs_cost_breakdown *cost, int items[CS_COST_ITEMS]);
/* What such a line rests on, with the source of the GPUs' price. */
const char *cs_money_why(struct cs_arena *arena, const struct cs_cost_breakdown *cost,
                         const struct cs_price_used *price, int item);
/* The rate of the scenario's own currency: "1 EUR = 1.08 USD, as the scenario states". */
const char *cs_money_rate(struct cs_arena *arena, const struct cs_scenario *scenario);
/* What a bill rests on: "2.50 in, 10.00 out; listed, 2026-08-21; 40 % of prompts cached". */
const char *cs_money_terms(struct cs_arena *arena, const struct cs_scenario *scenario,
                           const struct cs_api_answer *api);

#endif
