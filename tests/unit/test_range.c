/* Ranges: the values that a text names, worked out by hand, and what is said of bad ones.
 *
 * A value is a text that --set would take, so the expected ones are texts: "30M tokens/day" is the
 * third of ten from 10M to 100M. The keys are a scenario's own (traffic.volume has a unit,
 * deploy.replicas takes whole numbers, traffic.input_share a share), since the unit of a range is
 * looked up in its tables.
 */
#include "plan/range.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_diags diags;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static struct cs_range read(const char *text)
{
    struct cs_range range;
    const bool sound = cs_range_parse(&range, text, "--vary", &arena, &diags);
    if (!sound)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(sound, "%s", text);
    ck_assert_uint_eq(diags.errors, 0);
    return range;
}

/* All values with a bar between them. */
static const char *joined(const struct cs_range *range)
{
    const char *all = "";
    for (size_t i = 0; i < range->count; i++)
        all = cs_arena_printf(&arena, "%s%s%s", all, i > 0 ? "|" : "", range->values[i]);
    return all;
}

START_TEST(lists_are_taken_as_they_are)
{
    static const struct {
        const char *text, *values;
    } cases[] = {
        {"traffic.volume=10M tokens/day,50M tokens/day", "10M tokens/day|50M tokens/day"},
        {"traffic.volume= 10M tokens/day ,  7 tokens/s ", "10M tokens/day|7 tokens/s"},
        {"deploy.hardware=l4", "l4"},
        /* commas within lists, maps and quotes stay; so does the other quote within one */
        {"compare=[a, b],[c],d", "[a, b]|[c]|d"},
        {"traffic.lengths={input: {fixed: 3}, output: 4},x", "{input: {fixed: 3}, output: 4}|x"},
        {"name=\"a, b\",'it, \"is\"',c", "\"a, b\"|'it, \"is\"'|c"},
        /* dots that are no range: of a path, within a list, before anything */
        {"traffic.trace=../a.csv,b/../c.csv", "../a.csv|b/../c.csv"},
        {"traffic.trace=../a.csv", "../a.csv"},
        {"traffic.trace=1/..", "1/.."},
        {"traffic.volume=1..3,9", "1..3|9"},
        {"traffic.volume=..5", "..5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_range r = read(cases[i].text);
        ck_assert_str_eq(joined(&r), cases[i].values);
        ck_assert(!r.continuous);
        ck_assert_str_eq(r.text, strchr(cases[i].text, '=') + 1);
    }
    const struct cs_range r = read("deploy.hardware=l4,l40s");
    ck_assert_str_eq(r.key, "deploy.hardware");
}
END_TEST

START_TEST(ranges_name_each_value)
{
    static const struct {
        const char *text, *values;
    } cases[] = {
        /* evenly, both ends included: (100 - 10) / 9 = 10; (2 - 0.1) / 4 = 0.475 */
        {"traffic.volume=10M..100M tokens/day:10",
         "10M tokens/day|20M tokens/day|30M tokens/day|40M tokens/day|50M tokens/day|"
         "60M tokens/day|70M tokens/day|80M tokens/day|90M tokens/day|100M tokens/day"},
        {"slo.ttft.p95=0.1..2 s:5", "0.1 s|0.575 s|1.05 s|1.525 s|2 s"},
        {"traffic.rate=2..12req/s:6", "2req/s|4req/s|6req/s|8req/s|10req/s|12req/s"},
        {"traffic.input_share=10%..90%:3", "10%|50%|90%"},
        {"traffic.volume=3M..5M tokens/day:1", "3M tokens/day"},
        {"traffic.volume=3M .. 5M tokens/day :2", "3M tokens/day|5M tokens/day"},
        /* (3 - 1) / 9 = 0.2222...: twelve digits */
        {"cost.gpu=1..3 USD/h", "1 USD/h|1.22222222222 USD/h|1.44444444444 USD/h|"
                                "1.66666666667 USD/h|1.88888888889 USD/h|2.11111111111 USD/h|"
                                "2.33333333333 USD/h|2.55555555556 USD/h|2.77777777778 USD/h|"
                                "3 USD/h"},
        /* by a factor, up to the end: 2^10 thousandths would be above 1 */
        {"traffic.volume=1M..10M tokens/day x2",
         "1M tokens/day|2M tokens/day|4M tokens/day|8M tokens/day"},
        {"traffic.volume=1M..8M tokens/day x2",
         "1M tokens/day|2M tokens/day|4M tokens/day|8M tokens/day"},
        {"traffic.volume=1k..2M tokens/day x10",
         "0.001M tokens/day|0.01M tokens/day|0.1M tokens/day|1M tokens/day"},
        {"traffic.burstiness=0.5..2x1.5", "0.5|0.75|1.125|1.6875"},
        /* whole numbers: all; and once each where steps are smaller, 1, 1.5, 2.25, 3.375, 5.0625,
         * 7.59375 by the factor */
        {"deploy.replicas=1..8", "1|2|3|4|5|6|7|8"},
        {"deploy.replicas=1..100:4", "1|34|67|100"},
        {"deploy.replicas=1..3:9", "1|2|3"},
        {"deploy.replicas=1..10 x1.5", "1|2|3|5|8"},
        {"deploy.tensor_parallel=1..16 x2", "1|2|4|8|16"},
        {"traffic.burstiness=1..3", "1|2|3"},
        {"traffic.burstiness=0.5..2:4", "0.5|1|1.5|2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_range r = read(cases[i].text);
        ck_assert_str_eq(joined(&r), cases[i].values);
        ck_assert(r.continuous);
    }
}
END_TEST

/* 10M of tokens a day are a hundredth of 1G; a token a second is 86400 a day, 172800 two. The unit
 * of a range is that of its second end, and si is what one of it is: 1 Gtoken/day = 1e9 / 86400. */
START_TEST(ends_with_different_units_meet)
{
    struct cs_range r = read("traffic.volume=10M tokens/day..0.2G tokens/day:3");
    ck_assert_str_eq(joined(&r), "0.01G tokens/day|0.105G tokens/day|0.2G tokens/day");
    ck_assert_str_eq(r.unit, "G tokens/day");
    ck_assert_double_eq_tol(r.si, 1e9 / 86400, 1e-9);
    ck_assert_double_eq_tol(r.low, 0.01, 1e-15);
    ck_assert_double_eq_tol(r.high, 0.2, 1e-15);
    r = read("traffic.volume=1 tokens/s..172800 tokens/day:2");
    ck_assert_str_eq(joined(&r), "86400 tokens/day|172800 tokens/day");
    r = read("slo.ttft.p95=100 ms..2 s:2");
    ck_assert_str_eq(joined(&r), "0.1 s|2 s");
    ck_assert_double_eq(r.si, 1);
    r = read("deploy.replicas=1..8");
    ck_assert_str_eq(r.unit, "");
    ck_assert(r.whole);
    ck_assert(!read("traffic.burstiness=1..8").whole);
}
END_TEST

/* At a share u: low + u (high - low); by a factor low (high / low)^u, 1M x 1000^(2/3) = 100M; whole
 * numbers rounded, 1 + 0.49 x 7 = 4.43; the item of a list that u falls on, thirds of 3 items. */
START_TEST(a_share_of_a_range)
{
    struct cs_range r = read("traffic.volume=10M..100M tokens/day:10");
    ck_assert_str_eq(cs_range_at(&r, 0, &arena), "10M tokens/day");
    ck_assert_str_eq(cs_range_at(&r, 0.25, &arena), "32.5M tokens/day");
    ck_assert_str_eq(cs_range_at(&r, 1, &arena), "100M tokens/day");
    r = read("traffic.volume=1M..1000M tokens/day x10");
    ck_assert(r.log);
    ck_assert_str_eq(cs_range_at(&r, 2.0 / 3, &arena), "100M tokens/day");
    ck_assert_double_eq_tol(atof(cs_range_at(&r, 0.5, &arena)), sqrt(1000), 1e-9);
    r = read("deploy.replicas=1..8");
    ck_assert_str_eq(cs_range_at(&r, 0.49, &arena), "4");
    ck_assert_str_eq(cs_range_at(&r, 0.51, &arena), "5");
    r = read("deploy.hardware=l4,l40s,h200");
    ck_assert_str_eq(cs_range_at(&r, 0, &arena), "l4");
    ck_assert_str_eq(cs_range_at(&r, 0.333, &arena), "l4");
    ck_assert_str_eq(cs_range_at(&r, 0.334, &arena), "l40s");
    ck_assert_str_eq(cs_range_at(&r, 1, &arena), "h200"); /* the end is the last's */
}
END_TEST

/* Twelve digits, whole numbers in full below 1e15, no minus before a zero. */
START_TEST(numbers_read_back)
{
    const struct cs_range r = read("traffic.volume=1..2 tokens/day:2");
    ck_assert_str_eq(cs_range_value(&r, 123456789012345, &arena), "123456789012345 tokens/day");
    ck_assert_str_eq(cs_range_value(&r, 2.0 / 3, &arena), "0.666666666667 tokens/day");
    ck_assert_str_eq(cs_range_value(&r, -0.0, &arena), "0 tokens/day");
    ck_assert_str_eq(cs_range_value(&r, 2.5e-7, &arena), "2.5e-07 tokens/day");
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place)
{
    static const struct {
        const char *text, *message, *hint;
        int column, length;
    } cases[] = {
        {"foo", "this varies nothing", "write key=values, such as deploy.replicas=1..8", 1, 3},
        {"=5", "this varies nothing", "write key=values, such as deploy.replicas=1..8", 1, 2},
        {"traffic.volume=", "a value is missing", "write key=a,b,c or key=a..b:10", 16, 1},
        {"traffic.volume=a,,b", "a value is missing", "write key=a,b,c or key=a..b:10", 18, 1},
        {"traffic.volume=a, ", "a value is missing", "write key=a,b,c or key=a..b:10", 19, 1},
        {"traffic.volume=a..5", "the range does not begin with a number",
         "as in 10M..100M tokens/day:10", 16, 1},
        {"traffic.volume=inf..5", "the range does not begin with a number",
         "as in 10M..100M tokens/day:10", 16, 3},
        {"traffic.volume=1..", "the range does not end with a number",
         "as in 10M..100M tokens/day:10", 19, 1},
        {"traffic.volume=1..5:0", "so many steps cannot be taken", "from 1 to 100000", 20, 2},
        {"traffic.volume=1..5:100001", "so many steps cannot be taken", "from 1 to 100000", 20, 7},
        {"traffic.volume=1..5:2.5", "so many steps cannot be taken", "from 1 to 100000", 20, 4},
        {"traffic.volume=1..5 x1", "steps by a factor need one above 1, and ends above 0",
         "as in 1M..1G tokens/day x2", 16, 7},
        {"traffic.volume=1..5 x0", "steps by a factor need one above 1, and ends above 0",
         "as in 1M..1G tokens/day x2", 16, 7},
        {"traffic.volume=1..5x2.5.5", "steps by a factor need one above 1, and ends above 0",
         "as in 1M..1G tokens/day x2", 16, 10},
        {"traffic.volume=0..5 x2", "steps by a factor need one above 1, and ends above 0",
         "as in 1M..1G tokens/day x2", 16, 7},
        {"traffic.volume=1..1000000000000 x1.00001", "a range of more than 100000 steps", NULL, 16,
         25},
        {"traffic.volume=1 USD..5 tokens/day", "the ends of the range have different units",
         "write both with the same unit", 16, 5},
        {"traffic.volume=5..5", "the range does not rise from its first end to its second", NULL,
         16, 4},
        {"slo.ttft.p95=2 s..100 ms", "the range does not rise from its first end to its second",
         NULL, 14, 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cs_range range;
        cs_diags_init(&diags, &arena);
        ck_assert_msg(!cs_range_parse(&range, cases[i].text, "--vary", &arena, &diags), "%s",
                      cases[i].text);
        ck_assert_uint_eq(diags.errors, 1);
        const struct cs_diag *const d = &diags.items[0];
        ck_assert_str_eq(d->message, cases[i].message);
        ck_assert_pstr_eq(d->hint, cases[i].hint);
        ck_assert_str_eq(d->span.source->name, "--vary");
        ck_assert_int_eq(d->span.line, 1);
        ck_assert_msg(d->span.column == cases[i].column && d->span.length == cases[i].length,
                      "%s: %d, %d", cases[i].text, d->span.column, d->span.length);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("range");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, lists_are_taken_as_they_are);
    tcase_add_test(all, ranges_name_each_value);
    tcase_add_test(all, ends_with_different_units_meet);
    tcase_add_test(all, a_share_of_a_range);
    tcase_add_test(all, numbers_read_back);
    tcase_add_test(all, what_is_wrong_is_said_with_its_place);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
