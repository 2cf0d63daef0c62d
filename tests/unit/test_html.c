/* The report's page and its drawings: places on them, textures, gaps, and what becomes of hostile
 * text.
 *
 * Places are worked out by hand from the frame (62 units from the left, 260 wide, 10 from the top).
 * The answer is the made-up one of answer.c; whole pages are covered by a golden case, and by
 * tests/system/test_html as a browser shows them.
 */
#include "answer.h"
#include "out/html.h"
#include "out/html_run.h"
#include "out/svg.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_answer *answer;
static struct cs_html_run run;
static char *text;
static size_t size;
static FILE *out;

static void setup(void)
{
    cs_arena_init(&arena);
    answer = answer_make(&arena);
    run = (struct cs_html_run){.answer = answer, .no_crossover = "a < b & \"c\""};
    out = open_memstream(&text, &size);
}

static void teardown(void)
{
    fclose(out);
    free(text);
    cs_arena_fini(&arena);
}

static void assert_has(const char *part)
{
    fflush(out);
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}
static void assert_lacks(const char *part)
{
    fflush(out);
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in:\n%s", part, text);
}
static const char *print(void)
{
    cs_html_print_run(&run, out);
    fflush(out);
    return text;
}
static struct cs_option_answer *option(size_t i)
{
    return answer_option(answer, i);
}

/* Four steps of 65 units; 0 .. 10 over 130 units upside down: 2.5 is at 107.5, 5 at 75, 10 at 10.
 * The third value is none. */
START_TEST(steps_have_gaps_and_areas_go_down)
{
    struct cs_plot p = {.high = 130, .x = {.high = 4, .name = "x"}, .y = {.high = 10, .name = "y"}};
    const double y[] = {2.5, 5, NAN, 10};
    cs_plot_open(&p, out, "steps");
    cs_plot_steps(&p, 0, 1, y, 4, false, "a");
    cs_plot_steps(&p, 0, 1, y, 4, true, "b");
    cs_plot_level(&p, 5, "half & more", "limit");
    cs_plot_close(&p);
    assert_has("class=\"a\" d=\"M62.0 107.5H127.0V75.0H192.0M257.0 10.0H322.0\"");
    assert_has("class=\"b\" d=\"M62.0 140V107.5H127.0V75.0H192.0V140zM257.0 140V10.0H322.0V140z\"");
    assert_has("class=\"limit\" d=\"M62 75.0h260\"");
    assert_has(">half &amp; more</text>");
    assert_has("<svg viewBox=\"0 0 346 178\" role=\"img\"><title>steps</title>");
}
END_TEST

START_TEST(ticks_of_its_own_stand_where_they_are_told)
{
    const struct cs_tick ticks[] = {{0, NULL, true}, {2, "Mon", false}};
    struct cs_plot p = {.high = 130,
                        .x = {.high = 4, .name = "x", .ticks = ticks, .tick_count = 2},
                        .y = {.high = 1, .name = "y", .unit = CS_SVG_SHARE}};
    cs_plot_open(&p, out, "ticks");
    cs_plot_close(&p);
    assert_has("class=\"grid\" d=\"M62.0 10v130\"");
    assert_lacks("d=\"M192.0 10v130\"");
    assert_has("x=\"192.0\" y=\"155\" text-anchor=\"middle\">Mon<");
    assert_has(">40 %<");
}
END_TEST

/* 330 units are 8: 2 takes 82.5, and 4 after it 165. A part of 0 takes no place. */
START_TEST(parts_of_a_bar_follow_each_other)
{
    struct cs_bars b;
    cs_bars_open(&b, out, 1, 8, "bars");
    cs_bars_add(&b, "a<b", "6", (const double[]){2, 0, 4}, (const int[]){0, 1, 2},
                (const char *const[]){"two", "none", "four"}, 3);
    cs_bars_close(&b);
    assert_has("class=\"p0\" x=\"0.0\" y=\"16.0\" width=\"82.5\"");
    assert_has("class=\"p2\" x=\"82.5\" y=\"16.0\" width=\"165.0\"");
    assert_has("fill=\"url(#t2)\" x=\"82.5\"");
    assert_has("<title>four</title>");
    assert_lacks("none");
    assert_has("a&lt;b");
}
END_TEST

/* Eighths: 0 is in the first, 0.49 in the fourth, 1 and more in the last. */
START_TEST(cells_are_shaded_by_eighths)
{
    struct cs_cells c;
    cs_cells_open(&c, out, 3, 2, "cells");
    cs_cells_put(&c, 0, 0, 0, "least");
    cs_cells_put(&c, 1, 0, 0.49, "some");
    cs_cells_put(&c, 2, 0, 1.7, "most");
    cs_cells_put(&c, 0, 1, NAN, "nothing");
    cs_cells_close(&c);
    assert_has("class=\"h0\" x=\"44\" y=\"16\"");
    assert_has("class=\"h3\" x=\"56\" y=\"16\"");
    assert_has("class=\"h7\" x=\"68\" y=\"16\"");
    assert_lacks("nothing");
}
END_TEST

START_TEST(the_answer_comes_first_and_rows_are_numbers_to_sort_by)
{
    print();
    assert_has("<b>✓ Yes:</b> Llama 3.1 70B on 2 × H100 SXM 80GB");
    assert_has("<dd class=\"big\">144</dd>");
    assert_has("<li>p95 TTFT 313 ms ± 16, limit 1 s; worst hour, Tue 15:00: ");
    assert_has("<td data-v=\"0.3127\">313 ms</td>");
    assert_has("<small>141 GB of weights do not fit in 80 GB</small></th><td class=\"bad\" "
               "data-v=\"2\">✗ no</td><td data-v=\"\">-</td>");
    assert_has("✗ NO</td>"); /* a law that does not hold is not hidden */
    const char *const yes = strstr(text, "✓ Yes:"), *const chart = strstr(text, "<figure>");
    ck_assert(yes != NULL && chart != NULL && yes < chart);
}
END_TEST

START_TEST(nothing_of_a_file_becomes_markup)
{
    struct cs_scenario s = *answer->scenario;
    s.name = "</title><script>alert(1)</script>";
    s.path = "/somewhere/of/mine.yaml";
    s.traffic.kind = CS_VOLUME_TRACE;
    s.traffic.trace_path = "/somewhere/of/mine.csv";
    answer->scenario = &s;
    option(1)->reason = "<img src=x>";
    print();
    assert_has("<h1>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</h1>");
    assert_has("No crossover: a &lt; b &amp; &quot;c&quot;.");
    assert_lacks("<img");
    assert_lacks("alert(1)</script>");
    assert_lacks("/somewhere");
}
END_TEST

START_TEST(an_hour_without_figures_is_a_gap_in_the_table_too)
{
    struct cs_hour *const hours = (struct cs_hour *)(uintptr_t)option(0)->hours;
    for (int i = 0; i < 168; i++)
        hours[i].ttft_p50_s = hours[i].ttft_p95_s = i == 1 ? NAN : 0.25;
    print();
    assert_has("<tr><th scope=\"row\">Mon 00:00</th><td>250 ms</td><td>250 ms</td></tr>\n"
               "<tr><th scope=\"row\">Mon 01:00</th><td>-</td><td>-</td></tr>");
    assert_lacks("nan");
}
END_TEST

START_TEST(a_no_without_any_fleet_has_no_charts_of_it)
{
    option(0)->simulated = option(0)->feasible = false;
    option(0)->reason = "it is too slow";
    answer->best = -1;
    answer->no_answer = "nothing will do";
    print();
    assert_has("<b>✗ NO:</b> nothing will do");
    assert_has("None of them will do");
    assert_lacks("Requests that arrive");
    assert_has("A day in parts"); /* what the APIs ask is known all the same */
}
END_TEST

START_TEST(other_windows_have_no_grid_of_hours)
{
    option(0)->hour_count = 1;
    print();
    assert_has("All of the run is one window");
    assert_lacks("by day and hour");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("html");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, steps_have_gaps_and_areas_go_down);
    tcase_add_test(all, ticks_of_its_own_stand_where_they_are_told);
    tcase_add_test(all, parts_of_a_bar_follow_each_other);
    tcase_add_test(all, cells_are_shaded_by_eighths);
    tcase_add_test(all, the_answer_comes_first_and_rows_are_numbers_to_sort_by);
    tcase_add_test(all, nothing_of_a_file_becomes_markup);
    tcase_add_test(all, an_hour_without_figures_is_a_gap_in_the_table_too);
    tcase_add_test(all, a_no_without_any_fleet_has_no_charts_of_it);
    tcase_add_test(all, other_windows_have_no_grid_of_hours);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
