/* Experts that do not all fit: what a cache of some of a layer's experts finds, fast and in truth.
 *
 * A step touches some experts of a layer (perf/moe.h); `slots` of them are held, the others are
 * brought in. Two answers, which tests hold together:
 *
 * cs_moe_hits: expected counts, from the probability that expert i is not touched for n steps,
 *     U_i(n) = ((1 - v_i) (repeat + (1 - repeat)(1 - v_i))^(n - 1))^T,
 * and Che's approximation (Che, Tung and Wang, IEEE JSAC 20:1305, 2002) over steps: an expert is in
 * a cache of the least recently used if it was touched in the last tau steps, the same tau for all,
 * such that as many are in it as it has slots. A step that touches more than fit keeps what it
 * finds and as many of the others as there is room for.
 * cs_expert_trial: the cache itself, step by step and token by token.
 *
 * Equations: docs/model.md, section 10. The rule of both: an expert is found if it is held when it
 * is needed, foreseen if it was brought in because the layer before made it likely, else missed;
 * touched = found + foreseen + missed, brought in = foreseen + wasted + missed. Evictions are free,
 * since weights are never written. Pure functions; memory is an arena's. No time here.
 */
#ifndef CS_PERF_EXPERTCACHE_H
#define CS_PERF_EXPERTCACHE_H
#include "base/arena.h"
#include "spec/scenario.h"

struct cs_moe_hits { /* experts of one layer, expected: in one step of the steady state */
    double touched, found, foreseen, wasted;
    double cold; /* found less than that in all after a cold start; lfu: not known, 0 */
};
/* (10.9) to (10.12). slots may be a fraction; `tokens` are of as many requests, which repeat as
 * routing says. `follow` counts for `prefetch` alone; a predictor of another accuracy a is follow =
 * (a - b) / (1 - b), b = cs_moe_foresight(visits, experts, 0). resident, cpu: whole layers are
 * held. */
struct cs_moe_hits cs_moe_hits(enum cs_expert_policy policy, const double *visits, int experts,
                               double slots, double tokens, double repeat, double follow);

/* The share of the time that each expert is held, share[experts]: of what was touched last as
 * above, of the most visited, or of whole layers. */
void cs_moe_held(enum cs_expert_policy policy, const double *visits, int experts, double slots,
                 double tokens, double repeat, double *share);

struct cs_expert_trial {
    enum cs_expert_policy policy; /* static, lru, lfu or prefetch */
    const double *visits;         /* of experts, descending: cs_moe_visits */
    int experts, slots;           /* of a layer */
    int layers, batch, steps;     /* one token of each of `batch` requests a step */
    int groups, groups_per_token; /* experts i, i + groups, ... are a group; 0: not grouped */
    double repeat, follow;
    bool warm;    /* the most visited are held at first; else nothing is */
    int topic_at; /* step at which other experts become the most visited; 0: never */
    double expert_bytes;
    uint64_t seed;
};
struct cs_expert_settling { /* from a cold start or a new topic */
    double steady;          /* share found, in the second half of the time until the next change */
    int steps;    /* until the share found in 16 steps is 0.99 of that: needs many layers */
    double loads; /* experts brought in by then, all layers */
    double extra; /* of the first half: found less than at the steady share, all layers */
};
struct cs_expert_counts { /* of all layers and steps */
    int64_t touched, found, foreseen, missed, wasted;
    double bytes; /* brought in */
    struct cs_expert_settling start, topic;
};
struct cs_expert_counts cs_expert_trial(const struct cs_expert_trial *trial);

#endif
