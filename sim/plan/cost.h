/* Cost: what a fleet costs a day, line by line, each with the assumption behind it.
 *
 *   rented  gpu         GPUs billed x price x 24 h; spares added, then whole instances
 *   owned   gpu         GPUs bought x what is written off of one (plan/price.h); whole servers
 *           server, network, rack   likewise, per GPU
 *           spares      share x all of these
 *           maintenance share a year x what they were bought for
 *           colocation  GPUs bought x (TDP + server) x price of power, used or not
 *           energy      (GPUs (idle + (TDP - idle) busy) + those not planned x idle
 *                       + bought x server) x PUE x 24 h x price of electricity
 *   both    staff       as given + engineers' cost x (fixed + per GPU x GPUs)
 *           software    fixed + per GPU x GPUs
 *           storage     bytes x price;  egress  output tokens x bytes of one x price
 *           downtime    share of the time x its cost
 *
 * GPUs are those planned unless it says billed or bought. A month is 30.4375 days; Mtok are input
 * + output tokens. Energy of rented GPUs is in their rent, and counted all the same.
 *
 * The rule: what was not asked for is 0 and has no assumption; what is not known is NaN.
 * Assumptions are texts in the arena given.
 */
#ifndef CS_PLAN_COST_H
#define CS_PLAN_COST_H
#include "plan/price.h"

enum cs_cost_item {
    CS_COST_GPU,
    CS_COST_ENERGY,
    CS_COST_STAFF,
    CS_COST_SERVER,
    CS_COST_NETWORK,
    CS_COST_RACK,
    CS_COST_SPARES,
    CS_COST_MAINTENANCE,
    CS_COST_COLOCATION,
    CS_COST_SOFTWARE,
    CS_COST_STORAGE,
    CS_COST_EGRESS,
    CS_COST_DOWNTIME,
    CS_COST_ITEMS
};
extern const char *const cs_cost_names[CS_COST_ITEMS]; /* "gpu", "energy", ... */

struct cs_cost_breakdown {                           /* USD per day */
    double usd_per_day, usd_per_month, usd_per_mtok; /* totals */
    double kwh_per_day, kg_co2e_per_day;             /* NaN: not known / not asked */
    double item[CS_COST_ITEMS];
    const char *why[CS_COST_ITEMS]; /* the assumption behind a line; NULL: none was asked for */
    const char *carbon_why;         /* NULL: no carbon */
};

struct cs_cost_use { /* what a fleet is and does */
    double gpus; /* planned; NaN: none */
    double busy; /* mean share of time they compute; NaN: unknown, taken as always */
    double tokens_per_day, output_tokens_per_day;
    double weights_bytes; /* of all weights */
};

void cs_cost_fleet(struct cs_cost_breakdown *b, const struct cs_hardware *hardware,
                   const struct cs_cost *cost, const struct cs_price_used *price,
                   const struct cs_cost_use *use, struct cs_arena *arena);

#endif
