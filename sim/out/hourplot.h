/* Latency by hour, drawn: p95 of each hour of the run against the limit of the SLO.
 *
 * One plot a metric that has a limit and is known by hour (TTFT, TPOT, E2E), or TTFT and TPOT where
 * there is no SLO; all share the hours below. With UTF-8 the curve is of Braille dots, two by four
 * in a character, so that a week fits into 84 columns; without, of asterisks, each the worst of the
 * hours that it stands for. Hours over the limit are red where there is colour.
 *
 * The rules: the vertical axis is logarithmic and says so; a limit is drawn where the curve is of
 * the statistic that it limits (p95 or p50), and named beside the plot where it is not.
 */
#ifndef CS_OUT_HOURPLOT_H
#define CS_OUT_HOURPLOT_H
#include "out/text.h"
#include "plan/plan.h"

/* Nothing where the run is not cut into hours, or has fewer than twelve of them. */
void cs_hourplot_print(const struct cs_answer *answer, const struct cs_option_answer *option,
                       const struct cs_text *text);

#endif
