/* OpenMetrics: the run as Prometheus and its kin read it, a text exposition of version 1.0.
 *
 * Counters and histograms are of the run's first replication (plan/replay.h), with the names and
 * the buckets that vLLM exports, under the prefix capsim_, so that dashboards of a real server can
 * be laid over a simulated one; waits in the queue alone have the finer buckets of first tokens.
 * Gauges are the figures of the answer, all replications, for each option: its labels are option
 * (counted from 1, as in the report), model, hardware, precision and engine.
 *
 * The rules: a figure that is not known has no sample; each family stands in one piece with its
 * TYPE, UNIT and HELP; base units (seconds, shares as ratios) but where the name says otherwise.
 * Numbers are the shortest that read back the same. Buckets are right to 0.4 % of their bound.
 */
#ifndef CS_OUT_OPENMETRICS_H
#define CS_OUT_OPENMETRICS_H
#include "plan/plan.h"
#include <stdio.h>

/* `result`: the first replication of cs_words_subject(answer), run to its end; NULL: there is no
 * such option, and what it would tell is left out. */
void cs_openmetrics_print(const struct cs_answer *answer, const struct cs_result *result,
                          FILE *out);

#endif
