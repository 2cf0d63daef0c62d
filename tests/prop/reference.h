/* Reference: a second, plain simulator of replicas and their router.
 *
 * It is written from the rules of one step (sim/serve/replica.c and docs/model.md state them) and
 * shares nothing with the engine but the time of one step, cs_step_ps. Every sequence has its own
 * counters and every step is made, one token at a time: no jumps, no aggregates, no residues.
 * The fleet may change under way, by the rules of sim/serve/cluster.h: what fails, comes back, is
 * added or drained is looked at one replica after another, at each instant that anything happens.
 * The one rule: it is to be read, not to be fast; where the engine and this disagree, one of them
 * breaks a rule, and this one is short enough to tell which.
 * Memory: arrays of the caller and malloc'ed state of the run, freed at its end.
 */
#ifndef CS_PROP_REFERENCE_H
#define CS_PROP_REFERENCE_H
#include <stdbool.h>
#include "des/hist.h"
#include "refcache.h"
#include "serve/cluster.h"

struct ref_request {
    int64_t arrival_ps;
    int32_t input, output;
    struct cs_prefix prefix;
    /* found by the run; times are -1 for a rejected request */
    int64_t first_step_ps, first_token_ps, done_ps;
    int32_t preemptions, replica, cached_tokens;
    bool rejected;
};

struct ref_totals {
    uint64_t steps, preemptions, rejected;
    uint64_t chunks;          /* prefill chunks that did not end their prompt */
    uint64_t repeated;        /* steps with the same load but for KV growth as the one before */
    uint64_t overfull;        /* steps whose decodes alone fill the token budget */
    uint64_t blocked;         /* plans whose next waiting request found too few blocks */
    uint64_t held;            /* plans made while a request in its last step kept a slot */
    uint64_t retried, parked; /* requests taken from a replica that failed; held, none serving */
    uint64_t prefill_tokens, recomputed_tokens, decode_tokens, cached_tokens;
    struct ref_cache_totals cache;
    int64_t busy_ps;
    int64_t peak_kv_tokens;   /* of one step: contexts of decodes, and prompt tokens computed */
    double batch_area;        /* sequences in a step (chunks of 0 too) x its duration, ps */
    double kv_area;           /* the same x the step's duration, tokens ps */
    struct cs_hist gaps;      /* between successive tokens of a request */
};

/* Simulates requests[0..count), in arrival order, to their ends, with changes[0..change_count) by
 * time (those of the traffic have made the requests). `totals->gaps` is initialised. */
void ref_run(const struct cs_fleet *fleet, const struct cs_change *changes, size_t change_count,
             struct ref_request *requests, int count, struct ref_totals *totals);

#endif
