/* Same: whether two results of one case agree, and what differs first.
 *
 * Used by the proofs of the engine: against the reference, and against itself in slices of time.
 * The one rule: the allowed difference of a count or a time is zero; sums of doubles may differ by
 * 1e-9, for the order of additions is that of the slices.
 * Memory: one static text.
 */
#ifndef CS_PROP_SAME_H
#define CS_PROP_SAME_H
#include "serve/result.h"
#include <stdbool.h>

extern char same_why[400]; /* what differed, of the last case that failed */
/* Keeps the text as same_why; false. */
bool same_differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool same_buckets(const struct cs_hist *a, const struct cs_hist *b);
/* `a` is of the run in slices. */
bool same_result(const struct cs_result *a, const struct cs_result *b);

#endif
