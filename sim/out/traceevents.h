/* Trace events: a span of a run for Perfetto and chrome://tracing, as JSON.
 *
 * The format is Google's "Trace Event Format". Replicas are processes; each request is an
 * asynchronous span ("b" to "e", category "request", an id of its own) that holds the spans queue,
 * prefill and decode, and preempted within the last two; its "b" has tokens, latencies and missed
 * limits as arguments. Counters ("C"): requests running and waiting, exact, at each change; KV
 * blocks in use, at the looks of the timeline.
 *
 * The rules: times are microseconds from the start of the run, cut to the nanosecond, and never
 * decrease; a request that reaches into the span is shown whole, from time 0 on; counters are
 * there within the span alone. Numbers are made of integers, so the bytes are the same everywhere.
 */
#ifndef CS_OUT_TRACEEVENTS_H
#define CS_OUT_TRACEEVENTS_H
#include "plan/replay.h"
#include <stdio.h>

/* Returns how many requests are shown. */
size_t cs_traceevents_print(const struct cs_timeline *timeline, FILE *out);

#endif
