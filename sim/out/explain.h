/* Explain: what a scenario takes for granted, and where each second of a step goes.
 *
 * Four parts: every default that applied, with its reason; the memory of a GPU, for each option
 * and tensor-parallel size; the model's own error; and, for the smallest size that fits, the parts
 * of a step for the mean prompt and for decode at several batch sizes, beside the physical floor.
 */
#ifndef CS_OUT_EXPLAIN_H
#define CS_OUT_EXPLAIN_H
#include "out/text.h"
#include "spec/scenario.h"

/* Every default that applied, and at the end what always holds. Those of deploy that are the same
 * in several entries stand once, as "deploy.engine". In the arena. */
const struct cs_default *cs_explain_defaults(const struct cs_scenario *scenario,
                                             struct cs_arena *arena, size_t *count);
/* `mean_input`, `mean_output`: tokens per request, as they will be simulated. */
void cs_explain_print(const struct cs_scenario *scenario, double mean_input, double mean_output,
                      const struct cs_text *text);

#endif
