/* Accuracy: predictions beside measurements that the tree ships, and no worse than they were.
 *
 * measured/ holds a few published figures of each engine (its README says which and why those).
 * They are read and simulated as `capsim validate` does; for each engine and figure two numbers
 * are pinned below, in percent:
 *
 *     typical = median of |predicted / measured - 1|     lean = median of predicted / measured - 1
 *
 * The rule: a pin is what the code gave when it was set, rounded up to 0.1, and SLACK is for small
 * changes elsewhere. To pin anew, run this program from the root of the tree and paste the table
 * that it prints; a typical error that rises needs a reason in docs/CHANGELOG.md.
 * Both are pinned since a wide scatter hides a shift from `typical` and not from `lean`.
 * The second half makes engines 10 % faster and slower and must see the pins broken. Of 2 to 13
 * measurements a median is rough: how good predictions are is docs/validation.md's to say.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fit/read_rows.h"
#include "fit/read_runs.h"
#include "fit/validate.h"

static const double SLACK = 1.0; /* percentage points */

static const struct pin {
    enum cs_group_by by;
    const char *name;
    enum cs_case_figure figure;
    size_t count;
    double typical, lean; /* % */
} pins[] = {
#define E CS_BY_ENGINE
#define P CS_BY_PART
#define TTFT CS_FIGURE_TTFT_MEAN
#define TPOT CS_FIGURE_TPOT_MEAN
#define E2E CS_FIGURE_E2E_MEAN
#define P99 CS_FIGURE_E2E_P99
#define OUTPUT CS_FIGURE_OUTPUT_RATE
#define PREFILL CS_FIGURE_PREFILL_RATE
#define DECODE CS_FIGURE_DECODE_RATE
    {E, "vllm-0.15", TTFT, 9, 3.3, -3.3},
    {E, "vllm-0.15", TPOT, 9, 1.8, -0.2},
    {E, "vllm-0.15", E2E, 9, 1.7, -0.2},
    {E, "vllm-0.15", P99, 9, 2.7, 1.6},
    {E, "llamacpp-2024", PREFILL, 4, 7.8, -1.3},
    {E, "llamacpp-2024", DECODE, 4, 7.3, 7.3},
    {E, "llamacpp-2024-metal", PREFILL, 4, 15.6, 12.5},
    {E, "llamacpp-2024-metal", DECODE, 4, 7.0, 7.0},
    {E, "trtllm-0.9", TTFT, 4, 19.2, 19.2},
    {E, "trtllm-0.9", OUTPUT, 4, 7.4, -7.4},
    {E, "trtllm-0.21", TTFT, 4, 16.1, 16.1},
    {E, "trtllm-0.21", TPOT, 4, 16.3, -7.6},
    {E, "trtllm-0.21", OUTPUT, 4, 6.6, 1.6},
    {E, "llamacpp-metal", TTFT, 4, 5.0, 5.0},
    {E, "llamacpp-metal", PREFILL, 6, 7.3, 2.2},
    {E, "llamacpp-metal", DECODE, 12, 9.8, 0.3},
    {E, "llamacpp", TTFT, 7, 7.7, 7.7},
    {E, "llamacpp", PREFILL, 7, 6.8, 5.2},
    {E, "llamacpp", DECODE, 16, 6.2, 1.3},
    {E, "mlx", TTFT, 2, 3.7, 3.7},
    {E, "mlx", PREFILL, 2, 7.9, -7.9},
    {E, "mlx", DECODE, 4, 4.3, 4.3},
    {E, "ktransformers", PREFILL, 4, 3.5, -1.3},
    {E, "ktransformers", DECODE, 4, 4.9, 1.3},
    {E, "ik-llamacpp", TTFT, 2, 28.0, 15.6},
    {E, "ik-llamacpp", PREFILL, 2, 46.7, -24.9},
    {E, "ik-llamacpp", DECODE, 4, 7.8, -2.8},
    {P, "stage 0", TTFT, 9, 3.5, 1.0},
    {P, "stage 0", TPOT, 9, 1.4, -0.4},
    {P, "stage 0", E2E, 9, 1.4, -0.3},
    {P, "stage 0", P99, 9, 4.9, -4.6},
    {P, "stage 1", TTFT, 9, 2.9, -2.9},
    {P, "stage 1", TPOT, 9, 1.3, 0.1},
    {P, "stage 1", E2E, 9, 1.3, 0.1},
    {P, "stage 1", P99, 9, 2.8, 1.3},
};
static const char *const letters[CS_FIGURE_COUNT] = {
    [TTFT] = "TTFT",     [TPOT] = "TPOT",       [E2E] = "E2E",      [P99] = "P99",
    [OUTPUT] = "OUTPUT", [PREFILL] = "PREFILL", [DECODE] = "DECODE"};
enum { PINS = sizeof pins / sizeof pins[0], ENGINES_MOST = 16 };

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_cases cases;
static struct cs_validation v;

static void setup(void)
{
    setenv("CAPSIM_PATH", ".", 1);
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    cs_cases_init(&cases, &arena);
    struct cs_catalog *const catalog = cs_catalog_open(&arena, "/none/capsim");
    const bool read =
        cs_read_runs("tests/theory/measured", catalog, &cases, &diags) &&
        cs_read_rows("tests/theory/measured/throughput.csv", catalog, &cases, &diags);
    cs_diags_print(&diags, stderr);
    ck_assert_msg(read, "what was measured could not be read (tests run in the root of the tree)");
    ck_assert_uint_eq(cases.skip_count, 0);
}

static void teardown(void)
{
    cs_validation_fini(&v);
    cs_arena_fini(&arena);
}

static const struct cs_spread *spread_of(const struct pin *pin)
{
    static const struct cs_spread none = {.count = 0};
    for (size_t g = 0; g < v.group_count; g++)
        if (v.groups[g].by == pin->by && strcmp(v.groups[g].name, pin->name) == 0)
            return &v.groups[g].figures[pin->figure];
    return &none;
}

static bool holds(const struct pin *pin, double slack)
{
    const struct cs_spread *const s = spread_of(pin);
    return 100 * s->median_abs <= pin->typical + slack &&
           fabs(100 * s->median) <= fabs(pin->lean) + slack;
}

static double up(double share) /* to 0.1 %, away from 0 */
{
    return copysign(ceil(1000 * fabs(share)) / 10, share);
}

/* The table as it would be pinned today. */
static void print_pins(void)
{
    for (size_t g = 0; g < v.group_count; g++)
        for (int f = 0; f < CS_FIGURE_COUNT; f++) {
            const struct cs_group *const group = &v.groups[g];
            const struct cs_spread *const s = &group->figures[f];
            if ((group->by == CS_BY_ENGINE || group->by == CS_BY_PART) && s->count > 1 &&
                letters[f] != NULL)
                printf("    {%s, \"%s\", %s, %zu, %.1f, %.1f},\n",
                       group->by == CS_BY_PART ? "P" : "E", group->name, letters[f], s->count,
                       up(s->median_abs), up(s->median));
        }
    fflush(stdout); /* a failed check ends this process at once */
}

START_TEST(no_worse_than_pinned)
{
    cs_validation_run(&v, &cases, 2, &arena, NULL, NULL);
    print_pins();
    ck_assert_uint_eq(v.compared, cases.count);
    ck_assert_uint_eq(v.below_floor, 0);
    ck_assert_uint_eq(v.impossible, 0);
    for (size_t i = 0; i < PINS; i++) {
        const struct cs_spread *const s = spread_of(&pins[i]);
        ck_assert_msg(s->count == pins[i].count, "%s, %s: %zu figures, %zu were pinned",
                      pins[i].name, cs_figure_names[pins[i].figure], s->count, pins[i].count);
        ck_assert_msg(holds(&pins[i], SLACK),
                      "%s, %s: typical error %.1f %% was %.1f %%, lean %+.1f %% was %+.1f %%",
                      pins[i].name, cs_figure_names[pins[i].figure], 100 * s->median_abs,
                      pins[i].typical, 100 * s->median, pins[i].lean);
    }
}
END_TEST

/* Each engine's rates times `factor`; whole runs alone, for time. */
static void speed_up(double factor)
{
    const struct cs_engine_sheet *from[ENGINES_MOST], *to[ENGINES_MOST];
    size_t engines = 0, kept = 0;
    for (size_t i = 0; i < cases.count; i++) {
        struct cs_case *const c = &cases.items[i];
        size_t e = 0;
        while (e < engines && from[e] != c->option.engine)
            e++;
        if (e == engines) {
            ck_assert_uint_lt(engines, ENGINES_MOST);
            struct cs_engine_sheet *const sheet = cs_arena_alloc(&arena, 1, sizeof *sheet);
            *sheet = *c->option.engine;
            sheet->weights_eff *= factor;
            sheet->compute_eff *= factor;
            sheet->quantised_eff *= factor;
            sheet->narrow_eff *= factor;
            sheet->decode_attention_eff *= factor;
            sheet->kv_eff *= factor;
            sheet->host_eff *= factor;
            sheet->host_compute_eff *= factor;
            sheet->copy_eff *= factor;
            from[engines] = c->option.engine;
            to[engines++] = sheet;
        }
        c->option.engine = to[e];
        if (*c->part == '\0')
            cases.items[kept++] = *c;
    }
    cases.count = kept;
}

/* Slower or faster leads away from what was measured, whichever way the lean is. */
START_TEST(engines_ten_percent_off_are_seen)
{
    static const double factors[] = {0.9, 1.1 / 0.9};
    bool seen[PINS] = {false};
    for (int d = 0; d < 2; d++) {
        speed_up(factors[d]);
        cs_validation_run(&v, &cases, 2, &arena, NULL, NULL);
        for (size_t i = 0; i < PINS; i++)
            seen[i] = seen[i] || !holds(&pins[i], SLACK);
        if (d == 0)
            cs_validation_fini(&v);
    }
    for (size_t i = 0; i < PINS; i++)
        ck_assert_msg(seen[i] || pins[i].by != CS_BY_ENGINE, "%s, %s holds with rates 10 %% off",
                      pins[i].name, cs_figure_names[pins[i].figure]);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("accuracy");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, no_worse_than_pinned);
    tcase_add_test(all, engines_ten_percent_off_are_seen);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
