/* Studies: a variant's answer is the same alone and among others, on one thread and on four; a
 * variant that is no sound scenario has its errors and no answer.
 *
 * The toy engine (question.h) carries 2 requests a second a replica at 2 USD/h, so variants of the
 * rate need fleets that are known: 1.2/s one, 3/s two, 5/s three, or 48, 96 and 144 USD a day.
 */
#include "folder.h"
#include "plan/study.h"
#include "question.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char question[] =
    "name: toy question\nmodel: toy\n"
    "traffic: {rate: 1.2 req/s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 token}}}\n"
    "slo: {ttft: {p95: 30 s}, window: run}\n"
    "deploy:\n  - {hardware: card, engine: toy-1, tensor_parallel: 1}\n"
    "  - {hardware: card, engine: toy-2, tensor_parallel: 1, replicas: 4}\n"
    "compare: flat\nsimulate: {requests: 4000, replications: 1}\n";

enum { MOST = 40 };
static struct {
    int times;
    bool sound;
    double usd, ttft;
    long gpus;
    size_t options, option, errors;
    char message[80];
} seen[MOST];

static void setup(void)
{
    question_open();
    memset(seen, 0, sizeof seen);
}

static void take(void *user, size_t index, const struct cs_answer *answer,
                 const struct cs_diags *diags)
{
    ck_assert_ptr_eq(user, seen);
    seen[index].times++; /* each index belongs to one thread */
    seen[index].sound = answer != NULL;
    seen[index].errors = diags->errors;
    if (answer == NULL) {
        snprintf(seen[index].message, sizeof seen[index].message, "%s", diags->items[0].message);
        return;
    }
    seen[index].options = answer->option_count;
    seen[index].option = answer->options[0].index;
    seen[index].usd = answer->options[0].cost.usd_per_day;
    seen[index].gpus = answer->options[0].gpus;
    seen[index].ttft = answer->options[0].latency[CS_METRIC_TTFT].stat[CS_STAT_P95].value;
}

START_TEST(variants_are_planned_like_the_scenario)
{
    static const char *const sets[] = {"traffic.rate=1.2 req/s", "traffic.rate=3 req/s",
                                       "traffic.rate=5 req/s"};
    struct cs_variant variants[3];
    for (int i = 0; i < 3; i++)
        variants[i] = (struct cs_variant){
            .sets = &sets[i], .set_count = 1, .only = 1, .effort = CS_EFFORT_BRIEF};
    struct cs_study *const study = question_study(question, 2);
    ck_assert_int_eq(study->threads, 2);
    cs_study_run(study, variants, 3, take, seen);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(seen[i].times, 1);
        ck_assert_int_eq(seen[i].gpus, i + 1);
        ck_assert_double_eq_tol(seen[i].usd, 48.0 * (i + 1), 1e-9);
        ck_assert_uint_eq(seen[i].options, 1);
    }
    /* all options: 1 x 48 before 4 x 48; the second alone; what the second is given by a setting
     * of it, 6 x 48 */
    static const char *const six[] = {"deploy[1].replicas=5", "deploy[1].replicas=6"};
    variants[0] = (struct cs_variant){.effort = CS_EFFORT_SKETCH};
    variants[1] = (struct cs_variant){.effort = CS_EFFORT_SKETCH, .only = 2};
    variants[2] =
        (struct cs_variant){.sets = six, .set_count = 2, .effort = CS_EFFORT_SKETCH, .only = 2};
    memset(seen, 0, sizeof seen);
    cs_study_run(study, variants, 3, take, seen);
    ck_assert_uint_eq(seen[0].options, 2);
    ck_assert_uint_eq(seen[0].option, 0);
    ck_assert_double_eq_tol(seen[0].usd, 48, 1e-9);
    ck_assert_uint_eq(seen[1].options, 1);
    ck_assert_uint_eq(seen[1].option, 1);
    ck_assert_double_eq_tol(seen[1].usd, 192, 1e-9);
    ck_assert_double_eq_tol(seen[2].usd, 288, 1e-9);
}
END_TEST

/* Forty rates from 0.3 to 8.1 requests a second, every fifth of no use; each alone, by one thread,
 * in turn and from the last to the first, against all at once by four. */
START_TEST(an_answer_depends_on_its_variant_alone)
{
    static char texts[MOST][40];
    static const char *sets[MOST];
    static struct cs_variant variants[MOST];
    static double usd[MOST], ttft[MOST];
    for (int i = 0; i < MOST; i++) {
        snprintf(texts[i], sizeof texts[i], "traffic.rate=%g req/%s", 0.3 + 0.2 * i,
                 i % 5 == 4 ? "furlong" : "s");
        sets[i] = texts[i];
        variants[i] =
            (struct cs_variant){.sets = &sets[i], .set_count = 1, .effort = CS_EFFORT_SKETCH};
    }
    cs_study_run(question_study(question, 4), variants, MOST, take, seen);
    for (int i = 0; i < MOST; i++) {
        ck_assert_int_eq(seen[i].times, 1);
        ck_assert_int_eq(seen[i].sound, i % 5 != 4);
        usd[i] = seen[i].usd;
        ttft[i] = seen[i].ttft;
    }
    ck_assert_double_lt(usd[0], usd[MOST - 2]);
    memset(seen, 0, sizeof seen);
    struct cs_study *const alone = question_study(question, 1);
    ck_assert_int_eq(alone->threads, 1);
    for (int i = MOST - 1; i >= 0; i--)
        cs_study_plan(alone, 0, &variants[i], (size_t)i, take, seen);
    for (int i = 0; i < MOST; i++) {
        ck_assert_double_eq(seen[i].usd, usd[i]);
        ck_assert_double_eq(seen[i].ttft, ttft[i]);
    }
}
END_TEST

START_TEST(an_unsound_variant_has_its_errors)
{
    static const char *const sets[][2] = {{"traffic.rate=3 req/s", "deploy[0].replicas=two"},
                                          {"deploy[0].hardwar=card", "traffic.rate=1 req/s"},
                                          {"traffic.rate=3 req/s", "deploy[0].replicas=2"}};
    struct cs_variant variants[3];
    for (int i = 0; i < 3; i++)
        variants[i] = (struct cs_variant){
            .sets = sets[i], .set_count = 2, .only = 1, .effort = CS_EFFORT_SKETCH};
    struct cs_study *const study = question_study(question, 2);
    cs_study_run(study, variants, 3, take, seen);
    ck_assert(!seen[0].sound && !seen[1].sound && seen[2].sound);
    ck_assert_uint_eq(seen[0].errors, 1);
    ck_assert_str_eq(seen[0].message, "deploy[0].replicas is not a whole number: 'two'");
    ck_assert_uint_eq(seen[1].errors, 1);
    ck_assert_str_eq(seen[1].message, "unknown key 'hardwar' in deploy[0]");
    ck_assert_uint_eq(seen[2].errors, 0);
    ck_assert_double_eq_tol(seen[2].usd, 96, 1e-9);
    /* the place of an error is the option that variants come from */
    struct cs_diags diags;
    cs_diags_init(&diags, question_arena());
    ck_assert_ptr_null(cs_study_resolve(study, &variants[0], &diags));
    ck_assert_str_eq(diags.items[0].span.source->name, "--vary");
    ck_assert_int_eq(diags.items[0].span.column, 20);
    cs_diags_init(&diags, question_arena());
    const struct cs_scenario *const s = cs_study_resolve(study, &variants[2], &diags);
    ck_assert_ptr_nonnull(s);
    ck_assert_double_eq(s->traffic.requests_per_s, 3);
    ck_assert_double_eq(study->scenario->traffic.requests_per_s, 1.2); /* as it was */
}
END_TEST

/* The scenario is sound, but not the trace that it replays, which is read when it is planned. */
START_TEST(a_trace_that_cannot_be_read)
{
    const char *const set =
        cs_arena_printf(question_arena(), "traffic={trace: %s}",
                        test_write("bad.csv", "arrival_s,input_tokens,output_tokens\n1,two,3\n"));
    const struct cs_variant variant = {.sets = &set, .set_count = 1, .effort = CS_EFFORT_SKETCH};
    struct cs_diags diags;
    cs_diags_init(&diags, question_arena());
    struct cs_study *const study = question_study(question, 1);
    ck_assert_ptr_nonnull(cs_study_resolve(study, &variant, &diags));
    cs_study_run(study, &variant, 1, take, seen);
    ck_assert(!seen[0].sound);
    ck_assert_uint_gt(seen[0].errors, 0);
    ck_assert_msg(strstr(seen[0].message, "'two'") != NULL, "%s", seen[0].message);
}
END_TEST

START_TEST(a_study_of_what_is_no_scenario)
{
    struct cs_diags diags;
    cs_diags_init(&diags, question_arena());
    ck_assert_ptr_null(question_try("name: nothing\n", 1, &diags));
    ck_assert_uint_gt(diags.errors, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("study");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_add_test(all, variants_are_planned_like_the_scenario);
    tcase_add_test(all, an_answer_depends_on_its_variant_alone);
    tcase_add_test(all, an_unsound_variant_has_its_errors);
    tcase_add_test(all, a_trace_that_cannot_be_read);
    tcase_add_test(all, a_study_of_what_is_no_scenario);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
