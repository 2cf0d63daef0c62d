/* Figures: rounding to what the interval supports, units, thousands.
 *
 * Expected texts are worked out by hand from the rule in out/figure.h: the half-width keeps one
 * significant digit, two when it begins with 1; the value is rounded to the same place; at most
 * three significant digits are shown.
 */
#include <check.h>
#include <math.h>
#include "out/figure.h"

static struct cs_interval around(double value, double half_width)
{
    return (struct cs_interval){value, value - half_width, value + half_width};
}

START_TEST(half_width_decides_the_digits)
{
    ck_assert_str_eq(cs_figure_time(around(0.3123, 0.0238)).text, "310 ms ± 20");
    ck_assert_str_eq(cs_figure_time(around(0.3123, 0.0138)).text, "312 ms ± 14");
    ck_assert_str_eq(cs_figure_time(around(0.02387, 0.0011)).text, "23.9 ms ± 1.1");
    ck_assert_str_eq(cs_figure_time(around(14.713, 0.32)).text, "14.7 s ± 0.3");
    ck_assert_str_eq(cs_figure_time(around(14.713, 0.0964)).text, "14.7 s ± 0.1");
    ck_assert_str_eq(cs_figure_time_value(around(0.3123, 0.0238)).text, "310 ms");
}
END_TEST

START_TEST(never_more_than_three_digits_and_never_plus_minus_zero)
{
    ck_assert_str_eq(cs_figure_time(around(0.312345, 1e-7)).text, "312 ms ± 1");
}
END_TEST

START_TEST(interval_wider_than_the_value_keeps_its_first_digit)
{
    ck_assert_str_eq(cs_figure_time(around(0.0312, 0.4)).text, "30 ms ± 400");
}
END_TEST

START_TEST(one_replication_shows_no_interval)
{
    const struct cs_interval alone = {0.31237, NAN, NAN};
    ck_assert_str_eq(cs_figure_time(alone).text, "312 ms");
    ck_assert_str_eq(cs_figure_time((struct cs_interval){NAN, NAN, NAN}).text, "-");
}
END_TEST

START_TEST(units_of_time)
{
    const double no = NAN;
    const struct {
        double s;
        const char *text;
    } cases[] = {{7.13e-5, "71.3 us"}, {7.13e-4, "0.713 ms"}, {0.99951, "1.00 s"},
                 {0.9994, "999 ms"},   {61.7, "61.7 s"},      {431, "7.18 min"},
                 {9001, "2.50 h"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(cs_figure_time((struct cs_interval){cases[i].s, no, no}).text,
                         cases[i].text);
    ck_assert_str_eq(cs_figure_time_given(1).text, "1 s");
    ck_assert_str_eq(cs_figure_time_given(0.06).text, "60 ms");
    ck_assert_str_eq(cs_figure_time_given(3600).text, "1 h");
    ck_assert_str_eq(cs_figure_time_given(90).text, "90 s");
}
END_TEST

START_TEST(numbers_carry_commas)
{
    ck_assert_str_eq(cs_figure_number(36874.2, 0).text, "36,874");
    ck_assert_str_eq(cs_figure_number(-1234567.891, 2).text, "-1,234,567.89");
    ck_assert_str_eq(cs_figure_number(999.96, 1).text, "1,000.0");
    ck_assert_str_eq(cs_figure_number(36874.2, -2).text, "36,900");
    ck_assert_str_eq(cs_figure_number(0, 2).text, "0.00");
    ck_assert_str_eq(cs_figure_number(-0.001, 2).text, "0.00");
    ck_assert_str_eq(cs_figure_number(NAN, 2).text, "-");
    ck_assert_str_eq(cs_figure_short(0.42678).text, "0.427");
    ck_assert_str_eq(cs_figure_short(9.996).text, "10.0");
    ck_assert_str_eq(cs_figure_short(36874.2).text, "36,900");
    ck_assert_str_eq(cs_figure_short(0).text, "0");
}
END_TEST

START_TEST(money_shows_cents_below_a_hundred)
{
    ck_assert_str_eq(cs_figure_usd(143.71).text, "144");
    ck_assert_str_eq(cs_figure_usd(22813.4).text, "22,813");
    ck_assert_str_eq(cs_figure_usd(2.8742).text, "2.87");
    ck_assert_str_eq(cs_figure_usd(99.994).text, "99.99");
    ck_assert_str_eq(cs_figure_usd(99.996).text, "100");
    ck_assert_str_eq(cs_figure_usd(0.0712).text, "0.0712");
    ck_assert_str_eq(cs_figure_usd(0).text, "0");
    ck_assert_str_eq(cs_figure_usd(NAN).text, "-");
}
END_TEST

START_TEST(shares_are_whole_only_when_they_are)
{
    ck_assert_str_eq(cs_figure_percent(0.3124).text, "31 %");
    ck_assert_str_eq(cs_figure_percent(1).text, "100 %");
    ck_assert_str_eq(cs_figure_percent(0).text, "0 %");
    ck_assert_str_eq(cs_figure_percent(0.99913).text, "99.91 %");
    ck_assert_str_eq(cs_figure_percent(0.9999963).text, ">99.99 %");
    ck_assert_str_eq(cs_figure_percent(0.0023).text, "0.23 %");
    ck_assert_str_eq(cs_figure_percent(0.0000023).text, "<0.01 %");
    ck_assert_str_eq(cs_figure_percent(0.9634).text, "96.3 %");
    ck_assert_str_eq(cs_figure_percent(1.127).text, "113 %");
    ck_assert_str_eq(cs_figure_percent(NAN).text, "-");
}
END_TEST

START_TEST(ratios)
{
    ck_assert_str_eq(cs_figure_ratio(5.221).text, "5.2");
    ck_assert_str_eq(cs_figure_ratio(0.1312).text, "0.13");
    ck_assert_str_eq(cs_figure_ratio(12.19).text, "12");
}
END_TEST

START_TEST(prefixes)
{
    ck_assert_str_eq(cs_figure_si(3.35e12, "B/s").text, "3.35 TB/s");
    ck_assert_str_eq(cs_figure_si(85.52e9, "B").text, "85.5 GB");
    ck_assert_str_eq(cs_figure_si(700, "W").text, "700 W");
    ck_assert_str_eq(cs_figure_si(999.7e9, "B").text, "1.00 TB");
    ck_assert_str_eq(cs_figure_parameters(70.55e9).text, "70.6B");
    ck_assert_str_eq(cs_figure_parameters(2e12).text, "2T");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("figure");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, half_width_decides_the_digits);
    tcase_add_test(all, never_more_than_three_digits_and_never_plus_minus_zero);
    tcase_add_test(all, interval_wider_than_the_value_keeps_its_first_digit);
    tcase_add_test(all, one_replication_shows_no_interval);
    tcase_add_test(all, units_of_time);
    tcase_add_test(all, numbers_carry_commas);
    tcase_add_test(all, money_shows_cents_below_a_hundred);
    tcase_add_test(all, shares_are_whole_only_when_they_are);
    tcase_add_test(all, ratios);
    tcase_add_test(all, prefixes);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
