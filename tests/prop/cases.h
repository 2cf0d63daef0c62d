/* Cases: small random fleets and traces, made to be awkward, each from one seed.
 *
 * A case mixes independently drawn extremes: requests of one token, prompts and contexts that fill
 * their blocks exactly, everybody at one instant, too few blocks (preemption storms), budgets below
 * the batch, one slot, blocks of one token and of 128, sliding windows, no KV cost, prompts in
 * hundreds of chunks, bursts and idle gaps, one to five replicas behind either router, batches that
 * nobody joins. Two cases in three cache prefixes: of groups, of whole prompts that recur, of
 * sessions that grow, of blocks known by hash, of all of these together, and of none. In two of
 * five the fleet and the traffic change under way, often at the instant of an arrival or of another
 * change: replicas fail (those that are gone or have failed already, too), come back after no time
 * or a long one, are added and drained; none may serve. Half of the
 * cases count time in a few coarse units, so that arrivals, plans and ends often coincide.
 * The one rule: a case depends on its seed alone. Memory: the arena given.
 */
#ifndef CS_PROP_CASES_H
#define CS_PROP_CASES_H
#include "reference.h"

enum { CASE_REQUESTS = 400, CASE_CHANGES = 12 };

struct prop_request {
    int64_t arrival_ps;
    int32_t input, output;
    int32_t group, session; /* -1: none */
    int32_t group_tokens, hash_count;
    const uint64_t *hashes; /* in the arena */
};

struct prop_case {
    uint64_t seed;
    struct cs_step step;
    struct cs_fleet fleet;
    int count;
    struct prop_request requests[CASE_REQUESTS];
    int32_t hash_tokens;
    int change_count;
    struct cs_change changes[CASE_CHANGES]; /* by time */
};

void case_draw(struct prop_case *c, struct cs_arena *arena, uint64_t seed);
/* All that is needed to work the case by hand, requests included. */
void case_print(const struct prop_case *c);

#endif
