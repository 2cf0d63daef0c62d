/* Experts: which of a layer a batch touches, and how evenly the ranks that hold them are loaded.
 *
 * A token visits k of the E experts of a layer, expert i with probability v_i (`visits`,
 * descending, sum k). All here follows from the v_i and from tokens being independent of one
 * another, but for `repeat`: the probability that a token visits the same set as the token before
 * it of its request. How the visits of one token hang together (one choice of k, or of groups
 * first) changes nothing in the number of experts touched: expert i is missed by T tokens with (1 -
 * v_i)^T, whatever else each of them visits. Shared experts are visited by all and are not counted
 * among the E.
 *
 * Equations: docs/model.md, section 10. Copies of the most visited experts and their places are
 * chosen as by DeepSeek's EPLB (github:deepseek-ai/EPLB); the busiest of many ranks follows from
 * the product of their distributions given their sum (Levin, Annals of Statistics 9:1123, 1981).
 *
 * Pure functions; memory is the caller's or his arena's. Nothing here knows of time or bytes.
 */
#ifndef CS_PERF_MOE_H
#define CS_PERF_MOE_H
#include "base/arena.h"
#include "spec/sheet.h"

/* (10.1): v_i of the model's routing, descending; visits[experts]. Shares that would be visited
 * more than once by a token are cut to 1, and what is cut goes to the others in proportion. */
void cs_moe_visits(const struct cs_model *m, double *visits);

/* (10.2), (10.3): expected distinct experts of `requests` with `tokens_each` (>= 1) tokens. */
double cs_moe_touched(const double *visits, int experts, double requests, double tokens_each,
                      double repeat);
/* (10.4): share of a token's experts of a layer foretold from its experts in the layer before. */
double cs_moe_foresight(const double *visits, int experts, double follow);

struct cs_moe_bin;
struct cs_moe_copy {
    int expert, rank;
    double visits; /* those of the expert, divided by its copies */
    double wide;   /* their variance in one of many tokens, before the sum over copies is known */
};
struct cs_moe_placement {
    int experts, ranks, count, slots; /* slots: most copies on a rank */
    double per_token;                 /* k: sum of the visits */
    const struct cs_moe_copy *copies; /* count, in the order of their ranks */
    struct cs_moe_bin *bins;          /* room to work in: one thread a placement */
    double *laws, *sums;
};
/* Puts all experts and `redundant` further copies on the ranks: each copy goes to the expert with
 * most visits a copy. Balanced, each then goes, from the most visited on, to the least loaded rank
 * with room; else ranks take equal slices of them as they come, in an order drawn once. */
void cs_moe_place(struct cs_moe_placement *p, const double *visits, int experts, int redundant,
                  bool balanced, int ranks, struct cs_arena *arena);

struct cs_moe_load {  /* expected, of one layer, for the tokens of all ranks together */
    double imbalance; /* visits on the busiest rank over those on the mean one */
    double touched;   /* copies touched on the rank that touches most of its own */
    double dropped;   /* share of the visits above the capacity of an expert */
};
/* (10.5) to (10.7). capacity: visits that a copy takes, over the mean T k / E of an expert, rounded
 * up; 0: no limit. */
struct cs_moe_load cs_moe_slowest(const struct cs_moe_placement *p, int tokens, double capacity);
/* (10.8): other places, of `places` equal ones that the ranks are divided over, to which a token is
 * sent on average: places = ranks for ranks, fewer for nodes. A token of grouped routing does not
 * reach more than those that hold its `groups_per_token` of `groups` (0: not grouped), taken as an
 * upper limit. */
double cs_moe_spread(const struct cs_moe_placement *p, int places, int groups,
                     int groups_per_token);

#endif
