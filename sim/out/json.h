/* JSON: the answer for scripts, with the names that docs promise (`capsim run --json`).
 *
 * Numbers are written with the fewest digits that read back as the same double; a figure that does
 * not exist is null, never NaN, and its name is there all the same, so that scripts need no
 * guards. Latencies are in milliseconds. Nothing is rounded here.
 * Names may be added, none is renamed. The flattened form of an option ("latency.ttft_ms.p95") is
 * what --csv and sweeps write: it comes from the same tree, so the two cannot differ.
 * cJSON stays behind json*.c; out of memory ends the program as everywhere.
 */
#ifndef CS_OUT_JSON_H
#define CS_OUT_JSON_H
#include <stdio.h>
#include "plan/plan.h"

struct cs_uncertainty;
/* `uncertain`: what else the scenario asked of its inputs; NULL: nothing. */
void cs_json_print(const struct cs_answer *answer, const struct cs_uncertainty *uncertain,
                   FILE *out);

/* One option as a tree of json_tree.h, for other files that print JSON. */
struct cJSON;
struct cJSON *cs_json_option(const struct cs_answer *answer, const struct cs_option_answer *option,
                             bool with_hours);

struct cs_json_leaf {
    const char *name;  /* "latency.ttft_ms.ci95.p95.lo" */
    const char *value; /* as text; "" for null */
};
/* The leaves of one option in the order of the JSON, without the hours. In the arena. */
const struct cs_json_leaf *cs_json_flatten(const struct cs_answer *answer, size_t option,
                                           struct cs_arena *arena, size_t *count);
/* The same of an object printed without blanks: lists of two are lo and hi, longer ones are left
 * out. */
const struct cs_json_leaf *cs_json_leaves(const char *json, struct cs_arena *arena, size_t *count);
/* The shortest text that reads back as `value`; "null" when it is not finite. */
void cs_json_number(double value, char text[32]);

#endif
