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

void cs_uncertainty_print(const struct cs_uncertainty *u, const struct cs_text *text);
struct cJSON;
/* Into an object of json_tree.h. */
void cs_uncertainty_put(struct cJSON *node, const struct cs_uncertainty *u);
void cs_uncertainty_print_json(const struct cs_uncertainty *u, FILE *out);

#endif
