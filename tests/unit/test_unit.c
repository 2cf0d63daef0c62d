/* Units: what is read, to the last bit where the factor is exact, and what is refused, with why.
 *
 * Expected values are the SI definitions written out (1 GB = 1e9 B, 1 GiB = 2^30 B, a day 86400 s,
 * a month 30.4375 days, 1 Wh = 3600 J), computed by the compiler, not by the parser.
 */
#include "base/unit.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    enum cs_unit unit;
    double value;
} good[] = {
    {"8", CS_UNIT_NUMBER, 8},
    {"  70.55e9 ", CS_UNIT_NUMBER, 70.55e9},
    {"2.385M", CS_UNIT_NUMBER, 2.385e6},
    {"-7.25e-3", CS_UNIT_NUMBER, -7.25e-3},
    {"+.5", CS_UNIT_NUMBER, 0.5},
    {"6.", CS_UNIT_NUMBER, 6},
    {"84.5%", CS_UNIT_SHARE, 84.5 * 0.01},
    {"37.5 %", CS_UNIT_SHARE, 37.5 * 0.01},
    {"0.937", CS_UNIT_SHARE, 0.937},
    {"80 GB", CS_UNIT_BYTES, 80e9},
    {"80GB", CS_UNIT_BYTES, 80e9},
    {"79.65 GiB", CS_UNIT_BYTES, 79.65 * 1073741824.0},
    {"81559 MiB", CS_UNIT_BYTES, 81559 * 1048576.0},
    {"509 B", CS_UNIT_BYTES, 509},
    {"3 bytes", CS_UNIT_BYTES, 3},
    {"3.35 TB/s", CS_UNIT_BYTES_PER_S, 3.35e12},
    {"400 Gbit/s", CS_UNIT_BYTES_PER_S, 400e9 / 8},
    {"989 TFLOP/s", CS_UNIT_FLOP_PER_S, 989e12},
    {"989 TFLOPS", CS_UNIT_FLOP_PER_S, 989e12},
    {"1979 TOPS", CS_UNIT_FLOP_PER_S, 1979e12},
    {"1.7 PFLOP/s", CS_UNIT_FLOP_PER_S, 1.7e15},
    {"150 ms", CS_UNIT_SECONDS, 0.15},
    {"10.3 us", CS_UNIT_SECONDS, 10.3e-6},
    {"10.3 \xc2\xb5s", CS_UNIT_SECONDS, 10.3e-6},
    {"2.5 min", CS_UNIT_SECONDS, 150},
    {"1 h", CS_UNIT_SECONDS, 3600},
    {"7 days", CS_UNIT_SECONDS, 604800},
    {"2 months", CS_UNIT_SECONDS, 2 * 30.4375 * 86400},
    {"0.08 USD/GB/month", CS_UNIT_USD_PER_BYTE_S, 0.08 / 1e9 / (30.4375 * 86400)},
    {"137.5 USD/kW/month", CS_UNIT_USD_PER_WATT_S, 137.5 / 1e3 / (30.4375 * 86400)},
    {"0.09 USD/GB", CS_UNIT_USD_PER_BYTE, 0.09 / 1e9},
    {"128k tokens", CS_UNIT_TOKENS, 128000},
    {"1M tokens", CS_UNIT_TOKENS, 1e6},
    {"3 Mtok", CS_UNIT_TOKENS, 3e6},
    {"50M tokens/day", CS_UNIT_TOKENS_PER_S, 50e6 / 86400},
    {"1.5B tokens / month", CS_UNIT_TOKENS_PER_S, 1.5e9 / (30.4375 * 86400)},
    {"5M requests", CS_UNIT_REQUESTS, 5e6},
    {"1234", CS_UNIT_REQUESTS, 1234},
    {"30k/day", CS_UNIT_REQUESTS_PER_S, 30e3 / 86400},
    {"12 req/s", CS_UNIT_REQUESTS_PER_S, 12},
    {"7.5 requests/min", CS_UNIT_REQUESTS_PER_S, 7.5 / 60},
    {"1599 USD", CS_UNIT_USD, 1599},
    {"25k $", CS_UNIT_USD, 25000},
    {"2.50 USD/h", CS_UNIT_USD_PER_S, 2.5 / 3600},
    {"120 USD/day", CS_UNIT_USD_PER_S, 120.0 / 86400},
    {"5 USD/Mtok", CS_UNIT_USD_PER_TOKEN, 5e-6},
    {"0.6 USD/ktok", CS_UNIT_USD_PER_TOKEN, 0.6e-3},
    {"0.10 USD/kWh", CS_UNIT_USD_PER_J, 0.1 / 3.6e6},
    {"90 USD/MWh", CS_UNIT_USD_PER_J, 90 / 3.6e9},
    {"700 W", CS_UNIT_WATTS, 700},
    {"1.2 kW", CS_UNIT_WATTS, 1200},
    {"24 kWh/day", CS_UNIT_WATTS, 1000}, /* a product of dimensions, in no table of pairs */
    {"400 gCO2e/kWh", CS_UNIT_KG_PER_J, 0.4 / 3.6e6},
    {"0.385 kgCO2e/kWh", CS_UNIT_KG_PER_J, 0.385 / 3.6e6},
};

START_TEST(what_is_read)
{
    struct cs_unit_error error;
    double value = NAN;
    const bool sound =
        cs_unit_parse(good[_i].text, strlen(good[_i].text), good[_i].unit, &value, &error);
    ck_assert_msg(sound, "%s: %s", good[_i].text, error.message);
    const double wrong = fabs(value - good[_i].value);
    ck_assert_msg(wrong <= fabs(good[_i].value) * 4e-16, "%s: %.17g, not %.17g", good[_i].text,
                  value, good[_i].value);
}
END_TEST

static const struct {
    const char *text;
    enum cs_unit unit;
    const char *message, *hint; /* the hint holds this */
    int offset, length;
} bad[] = {
    {"3.35", CS_UNIT_BYTES_PER_S, "has no unit: '3.35'",
     "expected a rate in bytes, such as '3.35 TB/s'", 0, 4},
    {"50M", CS_UNIT_TOKENS_PER_S, "has no unit: '50M'", "'50M tokens/day'", 0, 3},
    {"128000", CS_UNIT_TOKENS, "has no unit: '128000'", "tokens", 0, 6},
    {"3.35 TB", CS_UNIT_BYTES_PER_S, "is not a rate in bytes: '3.35 TB'", "'3.35 TB/s'", 5, 2},
    {"3 GB/s", CS_UNIT_BYTES, "is not an amount of memory: '3 GB/s'", "'80 GB'", 2, 4},
    {"12 GBs", CS_UNIT_BYTES, "has an unknown unit 'GBs': '12 GBs'", "did you mean 'GB'?", 3, 3},
    {"12 gb", CS_UNIT_BYTES, "has an unknown unit 'gb': '12 gb'", "did you mean 'GB'?", 3, 2},
    {"80 G", CS_UNIT_BYTES, "has an unknown unit 'G': '80 G'", "'80 GB'", 3, 1},
    {"1 m", CS_UNIT_SECONDS, "has an unknown unit 'm': '1 m'", "'150 ms'", 2, 1},
    {"8 GPUs", CS_UNIT_NUMBER, "takes no unit: '8 GPUs'", "a plain number", 2, 4},
    {"8 s", CS_UNIT_NUMBER, "takes no unit: '8 s'", "a plain number", 2, 1},
    {"fast", CS_UNIT_SECONDS, "is not a number: 'fast'", "a time", 0, 4},
    {"", CS_UNIT_SECONDS, "is empty: ''", "a time", 0, 1},
    {"nan", CS_UNIT_NUMBER, "is not a number: 'nan'", "", 0, 3},
    {"inf s", CS_UNIT_SECONDS, "is not a number: 'inf s'", "", 0, 5},
    {"0x10", CS_UNIT_NUMBER, "takes no unit: '0x10'", "", 1, 3},
    {"1e999", CS_UNIT_NUMBER, "is too large: '1e999'", "", 0, 5},
    {"1e300 TB", CS_UNIT_BYTES, "is too large: '1e300 TB'", "", 0, 8}, /* 1e312 bytes */
    {"1,5 ms", CS_UNIT_SECONDS, "cannot be read as a quantity: '1,5 ms'", "", 1, 5},
    {"5 tokens/day/s", CS_UNIT_TOKENS_PER_S, "is not a rate in tokens: '5 tokens/day/s'", "", 2,
     12},
    {"5 tokens//day", CS_UNIT_TOKENS_PER_S, "cannot be read as a quantity: '5 tokens//day'", "", 2,
     11},
    {"5 USD/GB/", CS_UNIT_USD_PER_BYTE, "cannot be read as a quantity: '5 USD/GB/'", "", 2, 7},
    {"2.10 EUR/h", CS_UNIT_USD_PER_S, "has an unknown unit 'EUR': '2.10 EUR/h'",
     "cost.exchange: {EUR: 1.10 USD}", 5, 3},
    {"5 tokens/", CS_UNIT_TOKENS_PER_S, "cannot be read as a quantity: '5 tokens/'", "", 2, 7},
    {"50%", CS_UNIT_NUMBER, NULL, "", 0, 0},
    {"50% GB", CS_UNIT_BYTES, NULL, "", 0, 0},
    {"50 %%", CS_UNIT_SHARE, NULL, "", 0, 0},
    {"30k/day", CS_UNIT_TOKENS_PER_S, "is not a rate in tokens: '30k/day'", "", 3, 4},
    {"12 tok/s", CS_UNIT_REQUESTS_PER_S, "is not a rate of requests: '12 tok/s'", "", 3, 5},
    {"1 s*s*s*s*s*s*s*s*s", CS_UNIT_SECONDS, NULL, "", 0, 0},
    {"- 5 s", CS_UNIT_SECONDS, "is not a number: '- 5 s'", "", 0, 5},
};

START_TEST(what_is_refused)
{
    struct cs_unit_error error = {.message = ""};
    double value = 4711;
    const bool sound =
        cs_unit_parse(bad[_i].text, strlen(bad[_i].text), bad[_i].unit, &value, &error);
    ck_assert_msg(!sound, "%s was read as %g", bad[_i].text, value);
    ck_assert_double_eq(value, 4711);
    ck_assert(error.message[0] && error.hint[0]);
    if (bad[_i].message) {
        ck_assert_str_eq(error.message, bad[_i].message);
        ck_assert_int_eq(error.offset, bad[_i].offset);
        ck_assert_int_eq(error.length, bad[_i].length);
    }
    ck_assert_msg(strstr(error.hint, bad[_i].hint), "%s: hint '%s'", bad[_i].text, error.hint);
}
END_TEST

START_TEST(every_example_is_read)
{
    struct cs_unit_error error;
    double value;
    for (int u = 0; u < CS_UNIT_COUNT; u++) {
        const char *const example = cs_unit_example((enum cs_unit)u);
        ck_assert(cs_unit_parse(example, strlen(example), (enum cs_unit)u, &value, &error));
        ck_assert(value > 0);
        ck_assert(strlen(cs_unit_name((enum cs_unit)u)) > 3);
    }
}
END_TEST

/* 2.385 EUR/h at 1.12 USD are 2.6712 USD/h; what is not stated stays unknown. */
START_TEST(amounts_in_other_currencies)
{
    const struct cs_currencies all = {.items = {{"EUR", 1.12}, {"JPY", 0.0067}}, .count = 2};
    struct cs_unit_error error;
    double value;
    ck_assert(cs_unit_parse_money("2.385 EUR/h", 11, CS_UNIT_USD_PER_S, &all, &value, &error));
    ck_assert_double_eq_tol(value, 2.6712 / 3600, 1e-15);
    ck_assert(cs_unit_parse_money("3k JPY", 6, CS_UNIT_USD, &all, &value, &error));
    ck_assert_double_eq_tol(value, 20.1, 1e-12);
    ck_assert(!cs_unit_parse_money("7 GBP", 5, CS_UNIT_USD, &all, &value, &error));
    ck_assert_str_eq(error.message, "has an unknown unit 'GBP': '7 GBP'");
}
END_TEST

/* What a unit returns is written in its own SI unit: 1 of it is 1. */
START_TEST(si_units_read_back)
{
    struct cs_unit_error error;
    double value;
    for (int u = 0; u < CS_UNIT_COUNT; u++) {
        char text[32];
        snprintf(text, sizeof text, "2.385 %s", cs_unit_si((enum cs_unit)u));
        ck_assert_msg(cs_unit_parse(text, strlen(text), (enum cs_unit)u, &value, &error), "%s %s",
                      text, error.message);
        ck_assert_double_eq_tol(value, 2.385, 1e-15);
    }
}
END_TEST

START_TEST(only_the_given_length_is_read)
{
    struct cs_unit_error error;
    double value;
    ck_assert(cs_unit_parse("150 ms, and more", 6, CS_UNIT_SECONDS, &value, &error));
    ck_assert_double_eq_tol(value, 0.15, 1e-16);
    ck_assert(!cs_unit_parse("3.35 TB/s", 4, CS_UNIT_BYTES_PER_S, &value, &error));
    ck_assert_str_eq(error.message, "has no unit: '3.35'");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("unit");
    TCase *const all = tcase_create("all");
    tcase_add_loop_test(all, what_is_read, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(all, what_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(all, every_example_is_read);
    tcase_add_test(all, only_the_given_length_is_read);
    tcase_add_test(all, amounts_in_other_currencies);
    tcase_add_test(all, si_units_read_back);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
