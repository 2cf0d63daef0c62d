/* The pool, the queue and the wheel against plain models, over random operations.
 *
 * Plain models: an array of what each index holds, an array as a queue, and for the wheel an array
 * of steps scanned from end to end. Nothing of the code under test is used to say what is right.
 */
#include "serve/request.h"
#include <check.h>
#include <stdbool.h>
#include <string.h>
#include "base/rng.h"

static struct cs_arena arena;
static struct cs_rng rng;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_rng_init(&rng, 37, 0, "request");
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static int64_t below(int64_t n)
{
    return (int64_t)(cs_rng_u64(&rng) % (uint64_t)n);
}

START_TEST(a_pool_grows_and_keeps_its_contents)
{
    enum { MOST = 5000 };
    static int32_t held[MOST];
    static int64_t mark[MOST];
    static bool taken[1 << 14];
    int count = 0;
    struct cs_pool pool;
    cs_pool_init(&pool, &arena, false);
    for (int step = 0; step < 60000; step++) {
        /* more takes than gives at first, then the other way about */
        if (count > 0 && (count == MOST || below(100) < (step < 30000 ? 35 : 60))) {
            const int at = (int)below(count);
            ck_assert_int_eq(pool.items[held[at]].arrival_ps, mark[at]);
            taken[held[at]] = false;
            cs_pool_give(&pool, held[at]);
            held[at] = held[--count];
            mark[at] = mark[count];
        } else {
            const int32_t index = cs_pool_take(&pool);
            ck_assert_int_lt(index, pool.capacity);
            ck_assert_msg(!taken[index], "%d is given twice", index);
            taken[index] = true;
            held[count] = index;
            mark[count] = (int64_t)(cs_rng_u64(&rng) >> 1);
            pool.items[index].arrival_ps = mark[count++];
        }
        ck_assert_int_eq(pool.in_use, count);
    }
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pool.items[held[i]].arrival_ps, mark[i]);
    ck_assert_int_ge(pool.capacity, 4096); /* it did grow: from 256 */
}
END_TEST

START_TEST(a_pool_uses_again_what_was_given_back)
{
    struct cs_pool pool;
    cs_pool_init(&pool, &arena, false);
    for (int i = 0; i < 100000; i++) {
        const int32_t a = cs_pool_take(&pool), b = cs_pool_take(&pool);
        cs_pool_give(&pool, a);
        cs_pool_give(&pool, b);
    }
    ck_assert_int_eq(pool.capacity, 256);
    ck_assert_int_eq(pool.in_use, 0);
}
END_TEST

START_TEST(a_queue_is_one)
{
    enum { MOST = 3000 };
    static int32_t plain[MOST];
    uint32_t count = 0;
    struct cs_queue q = {.arena = &arena};
    uint32_t largest = 0;
    for (int step = 0; step < 40000; step++) {
        const int64_t what = below(10);
        if (what < (step < 20000 ? 4 : 6) && count > 0) {
            ck_assert_int_eq(cs_queue_front(&q), plain[0]);
            cs_queue_pop(&q);
            memmove(plain, plain + 1, --count * sizeof *plain);
        } else if (count < MOST) {
            const int32_t value = (int32_t)below(1000000);
            if (what == 9) {
                memmove(plain + 1, plain, count * sizeof *plain);
                plain[0] = value;
                cs_queue_push_front(&q, value);
            } else {
                plain[count] = value;
                cs_queue_push(&q, value);
            }
            count++;
        }
        largest = count > largest ? count : largest;
        ck_assert_uint_eq(q.count, count);
        if (count > 0)
            ck_assert_int_eq(cs_queue_front(&q), plain[0]);
    }
    ck_assert_uint_gt(largest, 16); /* it did grow */
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(cs_queue_front(&q), plain[i]);
        cs_queue_pop(&q);
    }
}
END_TEST

enum { WHEEL_REQUESTS = 700 };

static int64_t first_of(const int64_t *step, int n)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < n; i++)
        if (step[i] >= 0 && step[i] < first)
            first = step[i];
    return first;
}

/* Steps mostly near, some far beyond the 512 buckets that a wheel starts with, so that it grows
 * several times while in use; time moves on with what is popped. */
START_TEST(a_wheel_orders_as_a_scan_does)
{
    for (int mark = 0; mark < CS_MARK_COUNT; mark++) {
        struct cs_pool pool;
        cs_pool_init(&pool, &arena, false);
        int64_t step[WHEEL_REQUESTS];
        int32_t index[WHEEL_REQUESTS];
        for (int i = 0; i < WHEEL_REQUESTS; i++) {
            index[i] = cs_pool_take(&pool);
            step[i] = -1;
            for (int m = 0; m < CS_MARK_COUNT; m++)
                pool.items[index[i]].mark[m].step = -1;
        }
        struct cs_wheel w;
        cs_wheel_init(&w, &arena, mark);
        int64_t now = 1000003, count = 0;
        for (int turn = 0; turn < 60000; turn++) {
            const int i = (int)below(WHEEL_REQUESTS);
            const int64_t what = below(10);
            if (what < 5 && step[i] < 0) {
                const int64_t far = turn > 20000 && below(200) == 0 ? 40000 : 600;
                step[i] = now + below(far);
                cs_wheel_add(&w, &pool, index[i], step[i], now);
                count++;
            } else if (what < 7 && step[i] >= 0) {
                cs_wheel_remove(&w, &pool, index[i]);
                step[i] = -1;
                count--;
            } else if (what == 9 && count > 0) {
                const int64_t first = first_of(step, WHEEL_REQUESTS);
                int want = 0, got = 0;
                for (int k = 0; k < WHEEL_REQUESTS; k++)
                    want += step[k] == first;
                int32_t p = cs_wheel_pop(&w, &pool);
                for (; p >= 0; p = pool.items[p].mark[mark].next) {
                    int k = 0;
                    while (index[k] != p)
                        k++;
                    ck_assert_int_eq(step[k], first);
                    ck_assert_int_eq(pool.items[p].mark[mark].step, -1);
                    step[k] = -1;
                    got++;
                }
                ck_assert_int_eq(got, want);
                count -= got;
                now = first;
            }
            ck_assert_int_eq(w.count, count);
            ck_assert_msg(w.first == first_of(step, WHEEL_REQUESTS), "turn %d: first is %ld", turn,
                          (long)w.first);
            /* never-ending time: nothing may stay behind now */
            ck_assert(w.first >= now);
        }
        ck_assert_int_ge(w.size, 32768);
        ck_assert_int_eq(w.mark, mark);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("request");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_pool_grows_and_keeps_its_contents);
    tcase_add_test(all, a_pool_uses_again_what_was_given_back);
    tcase_add_test(all, a_queue_is_one);
    tcase_add_test(all, a_wheel_orders_as_a_scan_does);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
