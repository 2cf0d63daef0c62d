/* The plot of latency by hour: where curve, limit and labels stand, in each style.
 *
 * Hours are made up. A week has 84 columns: with Braille two hours in each, in ASCII the worse of
 * two. Rows are counted from the top. With a limit of 1 s, the top, and a least value of 0.1 s, the
 * bottom, ASCII has five levels, a factor of 10^(1/4) = 1.78 apart; Braille has sixteen.
 */
#include "answer.h"
#include "out/hourplot.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_answer *answer;
static struct cs_option_answer *option;
static struct cs_hour hours[168];
static char *lines[32];
static int line_count;
static char *page;

static void set_up(void)
{
    cs_arena_init(&arena);
    answer = answer_make(&arena); /* TTFT p95 limit 1 s */
    option = answer_option(answer, 0);
    for (int h = 0; h < 168; h++)
        hours[h] = (struct cs_hour){.start_s = 3600.0 * h,
                                    .ttft_p50_s = 0.05,
                                    .ttft_p95_s = 0.1,
                                    .tpot_p50_s = 0.01,
                                    .tpot_p95_s = 0.02,
                                    .e2e_p95_s = 7};
    option->hours = hours;
    page = NULL;
}

static void tear_down(void)
{
    free(page);
    cs_arena_fini(&arena);
}

static void print(bool utf8, bool colour, int width)
{
    size_t size;
    free(page);
    FILE *const out = open_memstream(&page, &size);
    ck_assert_ptr_nonnull(out);
    const struct cs_text t = {
        .file = out, .utf8 = utf8, .colour = colour, .width = width, .arena = &arena};
    cs_hourplot_print(answer, option, &t);
    fclose(out);
    line_count = 0;
    for (char *at = page; *at; line_count++) {
        ck_assert_int_lt(line_count, 32);
        lines[line_count] = at;
        at = strchr(at, '\n');
        ck_assert_ptr_nonnull(at);
        *at++ = '\0';
    }
}

/* Characters, of UTF-8. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

START_TEST(a_week_in_ascii)
{
    hours[10].ttft_p95_s = 0.3; /* column 9 + 10 / 2, level 4 log(3) / log(10) = 1.9 */
    hours[167].ttft_p95_s = NAN;
    hours[166].ttft_p95_s = NAN;
    print(false, false, 0);
    ck_assert_int_eq(line_count, 7); /* a title, five rows, the days */
    ck_assert_str_eq(lines[0], "BY HOUR  p95 TTFT, 100 ms to 300 ms; limit 1 s (log scale)");
    ck_assert_int_eq(strncmp(lines[1], "     1 s|----", 13), 0);
    ck_assert_int_eq(width_of(lines[1]), 9 + 84);
    ck_assert_str_eq(lines[3], "        |     *");
    ck_assert_int_eq(strncmp(lines[5], "  100 ms|***** ****", 18), 0);
    ck_assert_int_eq(width_of(lines[5]), 9 + 83); /* the last column has no hour with a value */
    ck_assert_str_eq(lines[6], "         Mon         Tue         Wed         Thu         "
                               "Fri         Sat         Sun");
}
END_TEST

/* Two hours a column and 16 levels: the hour at 0.3 s is at level 15 log(3) / log(10) = 7.2. It is
 * the second of its column, joined to the level 0 on its left and on its right: dots 4 to 8 of
 * that column up to level 7, and of the next. */
START_TEST(a_week_in_braille)
{
    hours[11].ttft_p95_s = 0.3;
    print(true, false, 0);
    ck_assert_int_eq(line_count, 6);
    ck_assert_int_eq(strncmp(lines[1], "     1 s│┈┈┈", strlen("     1 s│┈┈┈")), 0);
    ck_assert_int_eq(width_of(lines[1]), 9 + 84);
    ck_assert_str_eq(lines[3], "        │     ⢸⡇");
    ck_assert_int_eq(strncmp(lines[4], "  100 ms│⣀⣀⣀⣀⣀⣸⣇⣀", strlen("  100 ms│⣀⣀⣀⣀⣀⣸⣇⣀")), 0);
    ck_assert_int_eq(width_of(lines[4]), 9 + 84);
}
END_TEST

START_TEST(red_is_over_the_limit_and_nothing_else)
{
    hours[4].ttft_p95_s = 10; /* the top; the limit is at level 7.5, in the second row */
    print(true, true, 0);
    int red = 0;
    for (int i = 0; i < line_count; i++)
        for (const char *at = lines[i]; (at = strstr(at, "\033[1;31m")) != NULL; at++)
            red++;
    ck_assert_int_eq(red, 4); /* one cell in each row */
    ck_assert_ptr_nonnull(strstr(lines[0], "100 ms to 10.0 s; limit 1 s"));
    ck_assert_ptr_nonnull(strstr(lines[1], "10.0 s"));
    ck_assert(strstr(lines[2], " 1 s") != NULL || strstr(lines[3], " 1 s") != NULL);
    hours[4].ttft_p95_s = 1; /* at it */
    print(true, true, 0);
    for (int i = 0; i < line_count; i++)
        ck_assert_ptr_null(strstr(lines[i], "\033[1;31m"));
    print(true, false, 0);
    for (int i = 0; i < line_count; i++)
        ck_assert_ptr_null(strchr(lines[i], '\033'));
}
END_TEST

START_TEST(lines_fit)
{
    static const int widths[] = {0, 40, 41, 57, 72, 80, 99};
    static const size_t counts[] = {12, 23, 24, 48, 49, 100, 167, 168};
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (int utf8 = 0; utf8 < 2; utf8++) {
                option->hour_count = counts[c];
                hours[counts[c] - 1].ttft_p95_s = 0.3;
                print(utf8, false, widths[w]);
                ck_assert_int_ge(line_count, 6);
                bool above = false; /* the last hour is the only one above the bottom row */
                for (int i = 0; i < line_count; i++) {
                    ck_assert_int_le(width_of(lines[i]), widths[w] ? widths[w] : CS_TEXT_WIDTH);
                    const size_t n = strlen(lines[i]);
                    ck_assert(n == 0 || lines[i][n - 1] != ' ');
                    above |= i > 0 && i < line_count - 2 && strchr(lines[i], '*') != NULL;
                }
                ck_assert(above == !utf8);
                hours[counts[c] - 1].ttft_p95_s = 0.1;
            }
}
END_TEST

START_TEST(limits_of_other_statistics_are_named)
{
    static const struct cs_slo_limit limits[] = {
        {.metric = CS_METRIC_TTFT, .percentile = 99, .limit_s = 2},
        {.metric = CS_METRIC_TPOT, .percentile = 50, .limit_s = 0.06},
        {.metric = CS_METRIC_E2E, .percentile = 95, .limit_s = 30},
        {.metric = CS_METRIC_ITL, .percentile = 95, .limit_s = 1}};
    struct cs_scenario *const s = (struct cs_scenario *)(uintptr_t)answer->scenario;
    s->slo = (struct cs_slo){.limits = limits, .count = 4};
    print(false, false, 0);
    ck_assert_int_eq(line_count, 3 * 6 + 1);
    ck_assert_str_eq(lines[0], "BY HOUR  p95 TTFT, 100 ms; limit of the p99 2 s (log scale)");
    for (int i = 1; i < 6; i++)
        ck_assert_ptr_null(strchr(lines[i], '-'));
    ck_assert_str_eq(lines[6], "         p50 TPOT, 10.0 ms; limit 60 ms");
    ck_assert_str_eq(lines[12], "         p95 E2E, 7.00 s; limit 30 s");
    s->slo.count = 0;
    print(false, false, 0);
    ck_assert_int_eq(line_count, 2 * 6 + 1);
    ck_assert_ptr_nonnull(strstr(lines[0], "p95 TTFT"));
    ck_assert_ptr_nonnull(strstr(lines[6], "p95 TPOT"));
}
END_TEST

START_TEST(no_hours_no_plot)
{
    struct cs_scenario *const s = (struct cs_scenario *)(uintptr_t)answer->scenario;
    option->hour_count = 11;
    print(true, false, 0);
    ck_assert_int_eq(line_count, 0);
    option->hour_count = 168;
    s->slo.window = CS_WINDOW_DAY;
    print(true, false, 0);
    ck_assert_int_eq(line_count, 0);
    s->slo.window = CS_WINDOW_HOUR;
    for (int h = 0; h < 168; h++)
        hours[h].ttft_p95_s = NAN;
    print(true, false, 0);
    ck_assert_int_eq(line_count, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("hourplot");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_week_in_ascii);
    tcase_add_test(all, a_week_in_braille);
    tcase_add_test(all, red_is_over_the_limit_and_nothing_else);
    tcase_add_test(all, lines_fit);
    tcase_add_test(all, limits_of_other_statistics_are_named);
    tcase_add_test(all, no_hours_no_plot);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
