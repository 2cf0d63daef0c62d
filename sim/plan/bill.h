/* Bill: what APIs ask for the scenario's requests.
 *
 *   requests a day x (mean prompt x input price + mean answer x output price)
 *
 * and what differs from that, request by request: those above a tier's threshold are billed whole
 * at that tier; prompt tokens found in the API's cache (plan/apicache.h) at the cached price, those
 * put into it at its price for writing, if that is cheaper over all; requests that can wait as
 * batches, without the cache. Committed throughput costs its units, and what exceeds them is billed
 * as above. The busiest minute is held against the rate limits.
 *
 * The rule: the mean lengths are the distribution's own, so that without tiers, caches and batches
 * a bill is exact; what is sampled are the differences. Texts belong to the arena given.
 */
#ifndef CS_PLAN_BILL_H
#define CS_PLAN_BILL_H
#include "serve/workload.h"
#include "spec/money.h"

struct cs_api_answer {
    const struct cs_api *api;
    const struct cs_compare *bought;  /* under which conditions */
    const struct cs_api_price *price; /* NULL: no price known */
    const char *note;                 /* why another than the asked price; over context; NULL */
    double usd_per_day, usd_per_mtok;
    double input, cached_input, cache_write, output, committed; /* USD per day */
    double share_over_context; /* of requests longer than the API's context */
    double batch, cached;      /* shares of the requests, and of the prompt tokens of the others */
    int units;                 /* of committed throughput; 0: none */
    const struct cs_api_committed *offer;
    const struct cs_api_limit *limit; /* that the busiest minute is held against; NULL: unknown */
    double over_limit; /* that minute's demand over the tightest limit; NaN: unknown */
};

/* The bills of all APIs compared, cheapest first, from up to `sample` of the workload's requests.
 */
const struct cs_api_answer *cs_bill_apis(const struct cs_scenario *scenario,
                                         const struct cs_workload_spec *workload, double sample,
                                         struct cs_arena *arena);

#endif
