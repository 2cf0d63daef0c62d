/* When: times of a run by the names that reports give them.
 *
 *   "Tue 15:00"   where weeks begin on Monday     "day 2 15:00"   counted from 1
 *   "15:00"       of the first day                "hour 7"        from the start
 *
 * Seconds may follow, "15:00:30". Times with a unit ("90 min") are base/unit's affair.
 */
#ifndef CS_SPEC_WHEN_H
#define CS_SPEC_WHEN_H
#include <stdbool.h>

/* Seconds from the start of the run; -1: the text names no time so. `starts_monday`: the
 * run begins with a Monday. */
double cs_when_named(const char *text, bool starts_monday);

#endif
