/* The pool of threads: every index once, whatever their number, and ticks by the caller alone.
 *
 * Jobs write what their index owns; the sum over all of them is then known. The rule under test is
 * that of sim/plan/pool.h: the number of threads cannot show in a result.
 */
#include "plan/pool.h"
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST = 1000 };

static struct {
    atomic_int times[MOST];
    size_t squares[MOST];
    int ticks;
    pthread_t caller;
    int foreign_ticks;
} seen;

static void job(void *user, size_t index)
{
    ck_assert_ptr_eq(user, &seen);
    atomic_fetch_add(&seen.times[index], 1);
    seen.squares[index] = index * index;
}

static void tick(void *user)
{
    ck_assert_ptr_eq(user, &seen);
    seen.ticks++;
    seen.foreign_ticks += !pthread_equal(pthread_self(), seen.caller);
}

START_TEST(every_index_is_done_once)
{
    static const int threads[] = {1, 2, 3, 7, 64};
    static const size_t counts[] = {0, 1, 2, 7, MOST};
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            memset(&seen, 0, sizeof seen);
            seen.caller = pthread_self();
            cs_pool_run(threads[t], counts[c], job, tick, &seen);
            for (size_t i = 0; i < MOST; i++) {
                ck_assert_int_eq(atomic_load(&seen.times[i]), i < counts[c]);
                ck_assert_uint_eq(seen.squares[i], i < counts[c] ? i * i : 0);
            }
            ck_assert_int_eq(seen.foreign_ticks, 0);
            ck_assert_int_le(seen.ticks, (int)counts[c]);
            if (threads[t] == 1)
                ck_assert_int_eq(seen.ticks, (int)counts[c]);
        }
    }
    memset(&seen, 0, sizeof seen);
    cs_pool_run(3, 5, job, NULL, &seen); /* without ticks */
    ck_assert_int_eq(atomic_load(&seen.times[4]), 1);
}
END_TEST

START_TEST(threads_are_bounded)
{
    ck_assert_int_eq(cs_pool_threads(1), 1);
    ck_assert_int_eq(cs_pool_threads(5), 5);
    ck_assert_int_eq(cs_pool_threads(1000), 64);
    ck_assert_int_ge(cs_pool_threads(0), 1);
    ck_assert_int_le(cs_pool_threads(0), 16);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("pool");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, every_index_is_done_once);
    tcase_add_test(all, threads_are_bounded);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
