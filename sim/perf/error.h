/* Error: how far predicted times may be from those of the real machine.
 *
 * The formula of a step is fitted and validated against measurements (docs/model.md, "How sure");
 * the engine's sheet tells the spread that is left, by kinds of options. Taken as lognormal,
 *
 *     time = predicted e^(z s),   z standard normal, s the spread of step times,
 *
 * one z for all steps of an engine: it is an error of the model, not noise that averages out.
 * First-token times have a spread of their own beyond that, independent of it.
 *
 * The rule: which spread an option has is decided by the rows of the sheet alone, in their order.
 * Owns nothing. Not here: what the error does to a latency, which only a simulation tells.
 */
#ifndef CS_PERF_ERROR_H
#define CS_PERF_ERROR_H
#include "spec/scenario.h"

/* The error of an option with tensor-parallel size t; NULL when its engine's sheet tells none. */
const struct cs_model_error *cs_error_of(const struct cs_option *option, int t);

#endif
