/* Times by name: those that reports print, and nothing else.
 *
 * Values were worked out by hand from the day and the clock. What is not a name must be -1, so that
 * whoever asks can read it as a time with a unit, or say that it is none.
 */
#include "spec/when.h"
#include <check.h>

static const struct {
    const char *text;
    double monday, other; /* where weeks begin on Monday, and elsewhere */
} cases[] = {
    {"Mon 00:00", 0, -1},
    {"Tue 15:00", 86400 + 15 * 3600, -1},
    {"Sun 23:59:59", 7 * 86400 - 1, -1},
    {"Tue 15", 86400 + 15 * 3600, -1},
    {"Tue 24:00", -1, -1},
    {"Tue 15:60", -1, -1},
    {"Tue 15:00 ", -1, -1},
    {"Tue", -1, -1},
    {"tue 15:00", -1, -1},
    {"15:00", 54000, 54000},
    {"15:00:30", 54030, 54030},
    {"15", -1, -1},
    {"15:", -1, -1},
    {"15:00:30:1", -1, -1},
    {"hour 0", 0, 0},
    {"hour 200", 720000, 720000},
    {"hour", -1, -1},
    {"hour -1", -1, -1},
    {"hour 7x", -1, -1},
    {"day 1 00:00", 0, 0},
    {"day 3 01:00:30", 2 * 86400 + 3630, 2 * 86400 + 3630},
    {"day 0 00:00", -1, -1},
    {"day 2", -1, -1},
    {"90 min", -1, -1},
    {"", -1, -1},
};

START_TEST(names)
{
    ck_assert_double_eq(cs_when_named(cases[_i].text, true), cases[_i].monday);
    ck_assert_double_eq(cs_when_named(cases[_i].text, false), cases[_i].other);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("when");
    TCase *const all = tcase_create("all");
    tcase_add_loop_test(all, names, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
