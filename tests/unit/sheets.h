/* Options of the project's own catalogue, and a toy engine, for tests of what computes with them.
 *
 * Sheets are read from the tree that the tests run in (tests/run changes to its root), so figures
 * of published models stand in one place; a test writes out those its expectations follow from.
 * The toy engine has steps of one constant length: its queueing is known by hand.
 * Memory: one static arena, from sheets_open to sheets_close.
 */
#ifndef TESTS_UNIT_SHEETS_H
#define TESTS_UNIT_SHEETS_H
#include "spec/catalog.h"

void sheets_open(void);
void sheets_close(void);
struct cs_arena *sheets_arena(void);
struct cs_catalog *sheets_catalog(void);
const struct cs_model *sheets_model(const char *name);
const struct cs_hardware *sheets_hardware(const char *name);
const struct cs_api *sheets_api(const char *name);
/* The model on the hardware by vllm-0.15 with its limits, 16-bit KV cache, one pipeline stage. */
struct cs_option sheets_option(const char *model, const char *hardware,
                               enum cs_precision precision);

/* An engine that plans at the end of a step and serves one request at a time, each step lasting
 * step_s (and under 1e-9 of it more, for a model of a few weights): one-token answers make it a
 * queue with one server per replica and deterministic service. 2 USD/h a GPU. */
struct toy {
    struct cs_model model;
    struct cs_hardware hardware;
    struct cs_engine_sheet engine;
    struct cs_rental rental;
    struct cs_option option;
};
void toy_init(struct toy *toy, double step_s);

#endif
