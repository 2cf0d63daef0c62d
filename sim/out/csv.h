/* CSV: options as rows, and single requests as rows.
 *
 * RFC 4180 with a newline for each record: a field with a comma, quote or line break is quoted,
 * quotes doubled. Names of columns are those of the JSON, flattened ("latency.ttft_ms.p95").
 */
#ifndef CS_OUT_CSV_H
#define CS_OUT_CSV_H
#include <stdio.h>
#include "plan/plan.h"

/* A heading and one row an option, in the order of the answer. */
void cs_csv_print(const struct cs_answer *answer, FILE *out);
/* One row a request, in order of arrival, times in seconds from the start of the run; those of the
 * warm-up before it are left out. A rejected request has no latencies, a one-token answer no TPOT;
 * the replica is the one that answered, and preemptions count failures of those before it. */
void cs_csv_print_requests(const struct cs_request_log *log, FILE *out);
/* One field, quoted where it must be. */
void cs_csv_field(const char *text, FILE *out);

#endif
