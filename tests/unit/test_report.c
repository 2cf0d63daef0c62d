/* The report and the layout below it: answer first, 100 columns, nothing unlabelled or invented.
 *
 * The answer is the made-up one of answer.c. Lines are compared where a reader would look first;
 * the whole page is covered by the golden cases.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "answer.h"
#include "out/markdown.h"
#include "out/report.h"
#include "out/text.h"
#include "out/words.h"

static struct cs_arena arena;
static struct cs_answer *answer;
static char *page;
static size_t page_size;

static void setup(void)
{
    cs_arena_init(&arena);
    answer = answer_make(&arena);
    page = NULL;
}

static void teardown(void)
{
    free(page);
    cs_arena_fini(&arena);
}

static struct cs_text style(FILE *file, bool utf8)
{
    return (struct cs_text){.file = file, .utf8 = utf8, .arena = &arena};
}

static const char *print(bool utf8)
{
    free(page);
    FILE *const out = open_memstream(&page, &page_size);
    const struct cs_text t = style(out, utf8);
    cs_report_print(answer, &t);
    fclose(out);
    return page;
}

static void assert_has(const char *part)
{
    ck_assert_msg(strstr(page, part) != NULL, "'%s' is not in:\n%s", part, page);
}

START_TEST(lines_fit_into_100_columns)
{
    for (int utf8 = 0; utf8 < 2; utf8++) {
        print(utf8);
        const struct cs_text t = style(stdout, utf8);
        for (char *line = page, *end; *line; line = end + 1) {
            end = strchr(line, '\n');
            ck_assert_ptr_nonnull(end);
            *end = '\0';
            ck_assert_msg(cs_text_width(&t, line) <= 100, "too wide: %s", line);
            ck_assert_msg(end == line || end[-1] != ' ', "blank at the end: '%s'", line);
        }
    }
}
END_TEST

START_TEST(answer_comes_first_with_its_price)
{
    print(true);
    const char *const found = strstr(page, "ANSWER   Llama 3.1 70B on 2 × H100 SXM 80GB "
                                           "(1 replica of 2 GPUs, fp8, vLLM 0.15)");
    ck_assert_ptr_nonnull(found);
    ck_assert_ptr_nonnull(strstr(found, "144 USD/day\n"));
    ck_assert(found < strstr(page, "OPTIONS"));
    /* half-width 0.05 x 312.7 = 15.6: begins with 1, so two digits */
    assert_has("p95 TTFT  313 ms ± 16  limit 1 s  worst hour, Tue 15:00: 440 ms ± 20");
    assert_has("95 % interval of the count: 2 to 4 GPUs");
    /* 750.3 / 143.71 = 5.221 */
    assert_has("Claude Opus 4.7 costs 750 USD/day, 5.2 times as much");
}
END_TEST

START_TEST(what_cannot_work_says_why)
{
    print(true);
    assert_has("no  h100-sxm-80gb bf16 TP1: 141 GB of weights do not fit in 80 GB");
}
END_TEST

START_TEST(failed_check_is_loud)
{
    print(true);
    assert_has("tokens in = tokens out ✓");
    assert_has("Little's law FAILED: expected 2.345, got 2.467");
    assert_has("(1 of 2 hold)");
}
END_TEST

START_TEST(no_answer_says_no_and_what_would_do)
{
    answer->best = -1;
    answer->no_answer = "p95 TTFT 1.4 s at 8 GPUs; H200 meets it";
    print(true);
    assert_has("ANSWER   NO: p95 TTFT 1.4 s at 8 GPUs; H200 meets it\n");
}
END_TEST

START_TEST(one_replication_prints_no_interval)
{
    struct cs_option_answer *const o = answer_option(answer, 0);
    o->replications = 1;
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        for (int s = 0; s < CS_STAT_COUNT; s++) {
            o->latency[m].stat[s].lo = o->latency[m].stat[s].hi = NAN;
            o->worst.latency[m].stat[s].lo = o->worst.latency[m].stat[s].hi = NAN;
            o->wait.stat[s].lo = o->wait.stat[s].hi = NAN;
        }
    print(true);
    ck_assert_ptr_null(strstr(page, "±"));
    assert_has("so without intervals");
}
END_TEST

/* p95 TTFT 312.7 ms, 241.3 to 405.2: half the width is 82, one digit. */
START_TEST(the_models_own_error_stands_beside_the_interval)
{
    struct cs_option_answer *const o = answer_option(answer, 0);
    print(true);
    assert_has("step times have an error that the intervals do not hold: not known for vLLM\n");
    ck_assert_ptr_null(strstr(page, "model:"));
    const struct cs_model_error error = {.step = 0.151, .ttft = 0.207, .source = "eleven runs"};
    o->model = (struct cs_model_band){.error = &error, .step_lo = 0.7438, .step_hi = 1.3444,
                                      .simulated = true, .keeps_up = true, .holds = true,
                                      .margin = 1};
    struct cs_interval *const band = &o->latency[CS_METRIC_TTFT].model95[CS_STAT_P95];
    *band = (struct cs_interval){0.3127, 0.2413, 0.4052};
    print(true);
    assert_has("p95 TTFT  313 ms ± 16, model 240–410  limit 1 s");
    assert_has("model: step times -26 % to +34 % (95 %, transfer); at +34 % the SLO holds too\n");
    assert_has("model error, transfer: standard deviation 15 % of step times, 21 % more of");
    assert_has("(eleven runs)");
    ck_assert_ptr_null(strstr(page, "1!"));
    o->model.holds = false;
    o->model.why_not = "TTFT p95 1.3 s in the worst window with step times +34 % (limit 1 s)";
    print(true);
    assert_has("(95 %, transfer); it may miss its SLO: TTFT p95 1.3 s in\n"
               "         the worst window with step times +34 % (limit 1 s); see slo.confidence\n");
    assert_has("\n 1! ");
    assert_has("  ! does not hold its SLO where steps are as slow as the model's error allows");
    o->model.keeps_up = false;
    band->hi = INFINITY;
    print(true);
    assert_has("model 240–∞");
    assert_has("at +34 % step time this fleet would not\n         keep up\n");
    print(false);
    assert_has("model 240-inf");
}
END_TEST

START_TEST(a_confidence_says_what_the_fleet_was_sized_with)
{
    struct cs_option_answer *const o = answer_option(answer, 0);
    struct cs_scenario s = *answer->scenario;
    s.slo.confidence = 0.925;
    answer->scenario = &s;
    const struct cs_model_error error = {.step = 0.04, .calibrated = true, .source = "runs"};
    o->model = (struct cs_model_band){.error = &error, .step_lo = 0.9246, .step_hi = 1.0816,
                                      .simulated = true, .keeps_up = true, .holds = true,
                                      .margin = 1.0593};
    print(true);
    assert_has("model: step times -8 % to +8 % (95 %, calibrated); sized to hold at 92.5 % model\n"
               "         confidence: step times +6 %; at +8 % the SLO holds too\n");
}
END_TEST

START_TEST(ascii_has_only_ascii)
{
    print(false);
    for (const char *p = page; *p; p++)
        ck_assert_msg((unsigned char)*p < 0x80, "not ASCII: %.20s", p);
    assert_has("313 ms +- 16");
    assert_has("Tue 9999"); /* 1536 + hour of the week, over the most */
}
END_TEST

START_TEST(nothing_is_nan)
{
    print(true);
    ck_assert_ptr_null(strstr(page, "nan"));
    ck_assert_ptr_null(strstr(page, "inf "));
}
END_TEST

START_TEST(names_cannot_break_the_page)
{
    char *text;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    const struct cs_text t = style(out, true);
    cs_text_put(&t, "a\033[31mb\tc\xff" "d\xe2\x80\xae" "e");
    fclose(out);
    ck_assert_str_eq(text, "a?[31mb?c?d?e");
    free(text);
}
END_TEST

START_TEST(long_words_are_cut_at_the_edge)
{
    char word[251], *text;
    size_t size;
    memset(word, 'x', 250);
    word[250] = '\0';
    FILE *const out = open_memstream(&text, &size);
    const struct cs_text t = style(out, true);
    cs_text_wrap(&t, word, 10, 10);
    fclose(out);
    /* 90 fit on each line after the indent of 10: 90 + 90 + 70 */
    ck_assert_uint_eq(size, 250 + 2 * 11);
    ck_assert_int_eq(text[90], '\n');
    free(text);
}
END_TEST

START_TEST(markdown_escapes_names)
{
    answer_option(answer, 1)->reason = "a | b <i>";
    FILE *const out = open_memstream(&page, &page_size);
    cs_markdown_print(answer, out);
    fclose(out);
    assert_has("a \\| b \\<i\\>");
    assert_has("for 144 USD/day: p95 TTFT 313 ms (limit 1 s).**\n");
    assert_has("| Claude Opus 4.7 | 750 | 15.01 | 5.2 |");
}
END_TEST

START_TEST(markdown_folds_away_what_backs_the_answer)
{
    FILE *const out = open_memstream(&page, &page_size);
    cs_markdown_print(answer, out);
    fclose(out);
    static const char *const in_order[] = {
        "**", "36,900 requests/day", "| SLO | limit | all hours | worst hour, Tue 15:00 |",
        "| p95 TTFT | 1 s | 313 ms ± 16 | 440 ms ± 20 |", "| | option | GPUs |",
        "| API | USD/day |", "Checks: 1 of 2 laws hold.\n",
        "**FAILED:** Little's law: expected 2.345, got 2.467.\n",
        "<details><summary>Latency, cost and assumptions</summary>\n\n| latency |",
        "| cost | USD/day |", "| traffic.burstiness | 1 | independent users |\n\n</details>\n",
        ", small.yaml.\n"};
    const char *at = page;
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++) {
        at = strstr(at, in_order[i]);
        ck_assert_msg(at != NULL, "'%s' is not there, or not in its place, in:\n%s", in_order[i],
                      page);
    }
    ck_assert_ptr_eq(strstr(page, "| latency |"), strstr(strstr(page, "<details>"), "| latency |"));
}
END_TEST

/* Figures of the second answer are the first's but for what is set here. */
START_TEST(changes_are_said_in_a_line)
{
    struct cs_answer *const after = answer_make(&arena);
    struct cs_option_answer *const o = answer_option(after, 0);
    ck_assert_str_eq(cs_words_change(&arena, answer, after), "the same answer");
    o->gpus = 3;
    o->cost.usd_per_day = 215.6;
    ck_assert_str_eq(cs_words_change(&arena, answer, after),
                     "2 -> 3 GPUs, 144 -> 216 USD/day");
    o->latency[CS_METRIC_TPOT].stat[CS_STAT_P95] = (struct cs_interval){0.0312, NAN, NAN};
    o->gpus = 2;
    o->cost.usd_per_day = 143.9; /* which reads the same */
    o->tensor_parallel = 4;
    ck_assert_str_eq(cs_words_change(&arena, answer, after),
                     "p95 TPOT 23.8 ms -> 31.2 ms, h100-sxm-80gb fp8 TP2 -> h100-sxm-80gb fp8 TP4");
    after->best = -1;
    after->options++;
    after->option_count = 1;
    ck_assert_str_eq(cs_words_change(&arena, answer, after), "yes -> no");
    ck_assert_str_eq(cs_words_change(&arena, after, answer), "no -> yes");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("report");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, lines_fit_into_100_columns);
    tcase_add_test(all, answer_comes_first_with_its_price);
    tcase_add_test(all, what_cannot_work_says_why);
    tcase_add_test(all, failed_check_is_loud);
    tcase_add_test(all, no_answer_says_no_and_what_would_do);
    tcase_add_test(all, one_replication_prints_no_interval);
    tcase_add_test(all, the_models_own_error_stands_beside_the_interval);
    tcase_add_test(all, a_confidence_says_what_the_fleet_was_sized_with);
    tcase_add_test(all, ascii_has_only_ascii);
    tcase_add_test(all, nothing_is_nan);
    tcase_add_test(all, names_cannot_break_the_page);
    tcase_add_test(all, long_words_are_cut_at_the_edge);
    tcase_add_test(all, markdown_escapes_names);
    tcase_add_test(all, markdown_folds_away_what_backs_the_answer);
    tcase_add_test(all, changes_are_said_in_a_line);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
