/* Report: the answer for people, one screen of 100 columns, the answer first.
 *
 * Sections: header, ANSWER, OPTIONS, LATENCY, WORST, COST, APIS, LOAD, CHECKS, ASSUMED. Each
 * figure carries its unit and is rounded to what its interval supports (out/figure.h). What was not
 * modelled is said. The same facts are in the JSON (out/json.h).
 */
#ifndef CS_OUT_REPORT_H
#define CS_OUT_REPORT_H
#include "out/text.h"
#include "plan/plan.h"

void cs_report_print(const struct cs_answer *answer, const struct cs_text *text);

#endif
