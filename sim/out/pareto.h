/* The front of cost against latency, printed: a table with a drawing, JSON, or an SVG.
 *
 * All say the same: the fleets of the front, cheapest first; the drawing shows the others that meet
 * the SLO too. Amounts for people are in the scenario's currency, in JSON in USD.
 */
#ifndef CS_OUT_PARETO_H
#define CS_OUT_PARETO_H
#include "out/text.h"
#include "plan/pareto.h"

void cs_pareto_print(const struct cs_pareto *pareto, const struct cs_text *text);
void cs_pareto_print_json(const struct cs_pareto *pareto, FILE *out);
void cs_pareto_print_svg(const struct cs_pareto *pareto, FILE *out);

#endif
