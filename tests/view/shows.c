/* Shows of small fleets for tests: see shows.h.
 *
 * A scenario is written to a temporary file, as the loader reads files, and removed at once. Sheets
 * are those of the tree that the tests are run from.
 *
 * Fleets are priced, not planned, so that a test waits for nothing.
 */
#include "shows.h"
#include "spec/catalog.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const int64_t S = INT64_C(1000000000000), MS = INT64_C(1000000000);

struct cs_arena arena;
struct cs_diags diags;

const struct cs_answer *answer_of(const char *text)
{
    char path[] = "/tmp/capsim-show-XXXXXX";
    const int fd = mkstemp(path);
    FILE *const f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    cs_diags_init(&diags, &arena);
    struct cs_catalog *const c = cs_catalog_open(&arena, NULL);
    const struct cs_scenario *const s = cs_scenario_load(c, path, NULL, 0, &diags);
    unlink(path);
    ck_assert_msg(s != NULL, "%s", diags.count > 0 ? diags.items[0].message : "?");
    return cs_plan_price(s, &arena, NULL, &diags);
}

static const struct cs_answer *answer_to(const char *fleet, const char *more)
{
    return answer_of(cs_arena_printf(
        &arena,
        "model: llama-3.1-8b\n"
        "traffic: {rate: 20 req/s, lengths: azure-conv-2023}\n"
        "slo: {ttft: {p95: 500 ms}, tpot: {p90: 30 ms}}\n"
        "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, %s}\n"
        "compare: [gpt-4o]\nsimulate: {days: 0.05, warm_up: 2 min, replications: 1}\n%s",
        fleet, more));
}

void open_show(struct cs_show *show, const char *fleet, const char *more)
{
    const struct cs_answer *const a = answer_to(fleet, more);
    ck_assert(cs_show_open(show, a, &a->options[0], &arena));
}

double no_time(void)
{
    return 0.0;
}

void setup(void)
{
    cs_arena_init(&arena);
}
void teardown(void)
{
    cs_arena_fini(&arena);
}
