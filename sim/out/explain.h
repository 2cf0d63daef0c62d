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

/* `mean_input`, `mean_output`: tokens per request, as they will be simulated. */
void cs_explain_print(const struct cs_scenario *scenario, double mean_input, double mean_output,
                      const struct cs_text *text);

#endif
