/* Crossings read off points that are made up: lines that meet, steps, several options, views.
 *
 * Nothing is simulated here. A staircase of 100 USD a GPU and a bill of x USD at x = 10 to 400, the
 * fleet a GPU larger at 150, 250 and 350 (the first x of the larger fleet; the last of the smaller
 * is 1 less):
 *
 *     one GPU is cheaper from 100 on; two are dearer again from 150 on, to 200; three are dearer
 *     from 250 on, to 300; four from 350 on, to 400.
 */
#include "plan/crossing.h"
#include <check.h>
#include <math.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_curves curves;

static void setup(void)
{
    cs_arena_init(&arena);
    curves = (struct cs_curves){
        .along = {.kind = CS_ALONG_KEY, .low = 10, .high = 400}, .api_count = 2, .arena = &arena};
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

/* A point with so many GPUs at 100 USD, and bills of x and 7 x; a GPU less and two more are left
 * open. */
static struct cs_cost_point point(double x, long gpus)
{
    double *const bills = cs_arena_alloc(&arena, 2, sizeof *bills);
    bills[0] = x;
    bills[1] = 7 * x;
    const double usd = 100.0 * (double)gpus;
    return (struct cs_cost_point){.x = x,
                                  .effort = CS_EFFORT_BRIEF,
                                  .feasible = true,
                                  .usd = usd,
                                  .usd_lo = usd - 100,
                                  .usd_hi = usd + 200,
                                  .gpu_usd = 0.8 * usd,
                                  .gpus = gpus,
                                  .gpus_lo = gpus - 1,
                                  .gpus_hi = gpus + 2,
                                  .api = bills};
}

static struct cs_cost_curve staircase(size_t option)
{
    static const struct {
        double x;
        long gpus;
    } points[] = {{10, 1}, {149, 1}, {150, 2}, {249, 2}, {250, 3}, {349, 3}, {350, 4}, {400, 4}};
    enum { COUNT = sizeof points / sizeof points[0] };
    struct cs_cost_curve c = {.option = option, .z = NAN, .count = COUNT};
    c.points = cs_arena_alloc(&arena, COUNT, sizeof *c.points);
    for (size_t i = 0; i < COUNT; i++)
        c.points[i] = point(points[i].x, points[i].gpus);
    return c;
}

static void assert_event(const struct cs_event *e, double x, bool own_above, bool step, long gpus)
{
    ck_assert_msg(fabs(e->x - x) < 1e-9 && e->own_above == own_above && e->step == step &&
                      e->gpus == gpus,
                  "at %.17g: own %d, step %d, %ld GPUs", e->x, e->own_above, e->step, e->gpus);
}

START_TEST(a_staircase_and_a_line_cross_at_every_tread)
{
    struct cs_cost_curve c = staircase(3);
    struct cs_event events[CS_EVENTS];
    const size_t n = cs_crossing_scan(&curves, &c, 0, &cs_view_plain, false, events);
    ck_assert_uint_eq(n, 6); /* at 400 they are equal, so hosting is not cheaper */
    assert_event(&events[0], 100, true, false, 1);
    assert_event(&events[1], 150, false, true, 1); /* the fleet that was cheaper */
    assert_event(&events[2], 200, true, false, 2);
    assert_event(&events[3], 250, false, true, 2);
    assert_event(&events[4], 300, true, false, 3);
    assert_event(&events[5], 350, false, true, 3);
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(events[i].option, 3);
    ck_assert_uint_eq(curves.wanted_count, 0);
    /* 7 x: 100 / 7 on the first tread, and 7 x 150 is beyond any step */
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 1, &cs_view_plain, false, events), 1);
    assert_event(&events[0], 100 / 7.0, true, false, 1);
}
END_TEST

/* A GPU at half its price is 60 USD (of 100, 80 are its price): with one, from 60 on for good.
 * An API at 1.6 times its price: x = 62.5, and 1.6 x 150 = 240 is above 200, 1.6 x 250 = 400 above
 * 300, 1.6 x 350 = 560 above 400: no step matters. With the fewest GPUs left open 0, 100, 200, 300
 * USD for x from 10 on: always. With the most, 300, 400, 500, 600: never. */
START_TEST(views)
{
    struct cs_cost_curve c = staircase(0);
    struct cs_event events[CS_EVENTS];
    const struct cs_view cheap = {CS_COUNT_PLANNED, 0.5, 1, 0.005},
                         dear_api = {CS_COUNT_PLANNED, 1, 1.6, 0.005},
                         fewest = {CS_COUNT_FEWEST, 1, 1, 0.005},
                         most = {CS_COUNT_MOST, 1, 1, 0.005},
                         most_cheap = {CS_COUNT_MOST, 0.5, 1, 0.005};
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &cheap, false, events), 1);
    assert_event(&events[0], 60, true, false, 1);
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &dear_api, false, events), 1);
    assert_event(&events[0], 62.5, true, false, 1);
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &fewest, false, events), 0);
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &most, false, events), 0);
    const struct cs_cost_point *const p = &c.points[2]; /* two GPUs at 150: 160 of 200 USD */
    ck_assert_double_eq_tol(cs_view_cost(p, &cs_view_plain), 200, 1e-12);
    ck_assert_double_eq_tol(cs_view_cost(p, &cheap), 120, 1e-12);
    ck_assert_double_eq_tol(cs_view_cost(p, &fewest), 100, 1e-12);
    ck_assert_double_eq_tol(cs_view_cost(p, &most), 400, 1e-12);
    ck_assert_double_eq_tol(cs_view_cost(p, &most_cheap), 400 - 0.5 * 320, 1e-12);
    ck_assert_double_eq_tol(cs_view_bill(p, 1, &dear_api), 1.6 * 1050, 1e-12);
    c.points[2].feasible = false;
    ck_assert(isinf(cs_view_cost(p, &cheap)));
}
END_TEST

/* Where no fleet will do hosting costs infinitely much: it ends with a step, and begins with one.
 * An API without a price crosses nothing. */
START_TEST(fleets_that_will_not_do)
{
    struct cs_cost_curve c = staircase(0);
    struct cs_event events[CS_EVENTS];
    for (size_t i = 4; i < c.count; i++)
        c.points[i].feasible = false;
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &cs_view_plain, false, events), 4);
    assert_event(&events[3], 250, false, true, 2);
    c = staircase(0);
    for (size_t i = 0; i < 3; i++)
        c.points[i].feasible = false;
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &cs_view_plain, false, events), 4);
    assert_event(&events[0], 249, true, true, 2);
    for (size_t i = 0; i < c.count; i++)
        ((double *)(uintptr_t)c.points[i].api)[0] = NAN;
    ck_assert_uint_eq(cs_crossing_scan(&curves, &c, 0, &cs_view_plain, false, events), 0);
}
END_TEST

/* The second option is one GPU of 100 USD throughout, from 120 on: hosting as such is cheaper from
 * 100 on for good. A third is dearer everywhere and moves nothing. Of the second alone: 120. */
START_TEST(hosting_as_such_is_the_cheapest_option)
{
    struct cs_cost_curve c = staircase(0), lasting = {.option = 1, .z = NAN, .count = 2},
                         dear = {.option = 2, .z = NAN, .count = 2};
    lasting.points = cs_arena_alloc(&arena, 2, sizeof *lasting.points);
    lasting.points[0] = point(10, 1);
    lasting.points[1] = point(400, 1);
    lasting.points[0].usd = lasting.points[1].usd = 120;
    dear.points = cs_arena_alloc(&arena, 2, sizeof *dear.points);
    dear.points[0] = point(10, 5);
    dear.points[1] = point(400, 5);
    struct cs_cost_curve *const list[] = {&c, &lasting, &dear};
    struct cs_event events[CS_EVENTS];
    size_t below = 9;
    ck_assert_uint_eq(cs_crossing_join(&curves, list, 3, 0, &cs_view_plain, &below, events), 1);
    assert_event(&events[0], 100, true, false, 1);
    ck_assert_uint_eq(events[0].option, 0);
    ck_assert_uint_eq(below, 0);
    ck_assert_uint_eq(cs_crossing_join(&curves, list + 1, 2, 0, &cs_view_plain, &below, events), 1);
    assert_event(&events[0], 120, true, false, 1);
    ck_assert_uint_eq(events[0].option, 1);
    ck_assert_uint_eq(cs_crossing_join(&curves, list, 1, 0, &cs_view_plain, &below, events), 6);
    /* two that are cheaper at the lower end: one ceases at 150, which ends nothing; both at 150 and
     * 200, which does */
    struct cs_cost_curve one = staircase(0), two = staircase(1);
    for (size_t i = 0; i < one.count; i++) {
        one.points[i].usd -= 99; /* 1, 101 up to 149 and from 150 on */
        two.points[i].usd -= 99;
    }
    two.points[1].x = 199; /* its second GPU from 200 on */
    two.points[2].x = 200;
    for (size_t i = 0; i < one.count; i++) {
        double *const a = (double *)(uintptr_t)one.points[i].api;
        double *const b = (double *)(uintptr_t)two.points[i].api;
        a[0] = b[0] = 50; /* a bill that does not grow */
    }
    struct cs_cost_curve *const both[] = {&one, &two};
    ck_assert_uint_eq(cs_crossing_join(&curves, both, 2, 0, &cs_view_plain, &below, events), 1);
    ck_assert_uint_eq(below, 2);
    assert_event(&events[0], 200, false, true, 1);
    ck_assert_uint_eq(events[0].option, 1);
}
END_TEST

/* A scan that may want asks for cells that are not clear alone: first with more effort at both
 * ends; then in the middle, until a step is known to its width; never within one fleet. */
START_TEST(what_a_scan_wants)
{
    struct cs_cost_curve c = {.option = 0, .z = NAN, .count = 3};
    c.points = cs_arena_alloc(&arena, 3, sizeof *c.points);
    c.points[0] = point(10, 1);
    c.points[1] = point(120, 1); /* a line between them */
    c.points[2] = point(180, 2); /* a step between these: 100 below 120, 200 above 180 */
    for (int i = 0; i < 3; i++)
        c.points[i].effort = CS_EFFORT_SKETCH;
    cs_crossing_scan(&curves, &c, 0, &cs_view_plain, true, NULL);
    ck_assert_uint_eq(curves.wanted_count, 3); /* all three ends, better */
    curves.wanted_count = 0;
    curves.wanted = NULL;
    for (int i = 0; i < 3; i++)
        c.points[i].effort = CS_EFFORT_BRIEF;
    cs_crossing_scan(&curves, &c, 0, &cs_view_plain, true, NULL);
    ck_assert_uint_eq(curves.wanted_count, 1); /* 150 */
    curves.wanted_count = 0;
    curves.wanted = NULL;
    const struct cs_view wide = {CS_COUNT_PLANNED, 1, 1, 0.16}; /* 60 / 390 is less */
    cs_crossing_scan(&curves, &c, 0, &wide, true, NULL);
    ck_assert_uint_eq(curves.wanted_count, 0);
    c.points[2].x = 120.5; /* 0.5 / 390 is less than half a percent */
    cs_crossing_scan(&curves, &c, 0, &cs_view_plain, true, NULL);
    ck_assert_uint_eq(curves.wanted_count, 0);
    cs_crossing_scan(&curves, &c, 1, &cs_view_plain, true, NULL); /* clear: 7 x */
    ck_assert_uint_eq(curves.wanted_count, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("crossing");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_staircase_and_a_line_cross_at_every_tread);
    tcase_add_test(all, views);
    tcase_add_test(all, fleets_that_will_not_do);
    tcase_add_test(all, hosting_as_such_is_the_cheapest_option);
    tcase_add_test(all, what_a_scan_wants);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
