/* Uncertainty, printed: the spread of the answer, who is the cheapest how often, what one would
 * regret, and the tornado.
 *
 * The same facts as sections of a report and as JSON. Memory: the scratch arena of the cs_text.
 */
#ifndef CS_OUT_UNCERTAINTY_H
#define CS_OUT_UNCERTAINTY_H
#include "out/text.h"
#include "plan/uncertainty.h"

/* An option or an API in few words. */
const char *cs_uncertainty_choice(struct cs_arena *arena, const struct cs_uncertainty *u,
                                  const struct cs_choice *choice);

/* Sentences: what was drawn; the spread of the cost of the best plan; how often hosting beats every
 * API ("": none is compared with); what the figures of the choices mean. */
const char *cs_uncertainty_inputs(struct cs_arena *arena, const struct cs_uncertainty *u);
const char *cs_uncertainty_spread(struct cs_arena *arena, const struct cs_uncertainty *u);
const char *cs_uncertainty_own(struct cs_arena *arena, const struct cs_uncertainty *u);
const char *cs_uncertainty_terms(struct cs_arena *arena, const struct cs_uncertainty *u);
/* GPUs, cost of a day with its band, shares of the draws in which it is the cheapest and in which
 * it fails, mean and 95 % regret. */
enum { CS_UNCERTAINTY_FIGURES = 7 };
void cs_uncertainty_figures(struct cs_arena *arena, const struct cs_uncertainty *u,
                            const struct cs_choice *choice,
                            const char *figures[CS_UNCERTAINTY_FIGURES]);

void cs_uncertainty_print(const struct cs_uncertainty *u, const struct cs_text *text);
struct cJSON;
/* Into an object of json_tree.h. */
void cs_uncertainty_put(struct cJSON *node, const struct cs_uncertainty *u);
void cs_uncertainty_print_json(const struct cs_uncertainty *u, FILE *out);

#endif
