/* A crew of threads: every task that is given comes back once with what its work made of it.
 *
 * Work returns a pointer into a table of its own entry, so a result that came back with another
 * task would show. Tasks are given in bursts, some before any is taken and some between, on one to
 * four threads and on none. Nothing here depends on how fast anything is: a take without a limit of
 * time waits, and a worker that must not go on waits at a gate.
 */
#include "plan/pool.h"
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST = 500 };

static struct {
    atomic_int begun[MOST];
    atomic_int foreign; /* workers beyond the crew's number */
    int threads;
    int back[MOST];
    int order[MOST]; /* the tasks as they were begun, by one thread */
    atomic_int count;
} seen;

static void *work(void *user, int worker, size_t task)
{
    ck_assert_ptr_eq(user, &seen);
    atomic_fetch_add(&seen.begun[task], 1);
    atomic_fetch_add(&seen.foreign, worker < 0 || worker >= seen.threads);
    const int place = atomic_fetch_add(&seen.count, 1);
    if (seen.threads == 1 && place < MOST)
        seen.order[place] = (int)task;
    return &seen.back[task];
}

static bool take_one(struct cs_crew *crew, int wait_ms)
{
    size_t task = MOST;
    void *result = NULL;
    if (!cs_crew_take(crew, wait_ms, &task, &result))
        return false;
    ck_assert_uint_lt(task, MOST);
    ck_assert_ptr_eq(result, &seen.back[task]);
    seen.back[task]++;
    return true;
}

START_TEST(every_task_comes_back_once)
{
    for (int threads = 1; threads <= 4; threads++) {
        memset(&seen, 0, sizeof seen);
        seen.threads = threads;
        struct cs_crew *const crew = cs_crew_open(threads, work, &seen);
        size_t given = 0, taken = 0;
        for (int burst = 1; given < MOST; burst = burst * 3 % 101) { /* 1, 3, 9, ... 52, ... */
            for (int i = 0; i < burst && given < MOST; i++)
                cs_crew_give(crew, given++);
            for (int i = 0; i < burst / 2; i++, taken++)
                ck_assert(take_one(crew, -1));
        }
        for (; taken < given; taken++)
            ck_assert(take_one(crew, -1));
        ck_assert(!take_one(crew, 0)); /* nothing is left */
        ck_assert(!take_one(crew, 1));
        cs_crew_close(crew);
        for (int i = 0; i < MOST; i++) {
            ck_assert_int_eq(atomic_load(&seen.begun[i]), 1);
            ck_assert_int_eq(seen.back[i], 1);
        }
        ck_assert_int_eq(atomic_load(&seen.foreign), 0);
        for (int i = 0; threads == 1 && i < MOST; i++)
            ck_assert_int_eq(seen.order[i], i); /* in the order given */
    }
}
END_TEST

/* Without a thread the caller works when it takes; a limit of time does not matter then. */
START_TEST(a_crew_of_nobody)
{
    memset(&seen, 0, sizeof seen);
    seen.threads = 1;
    struct cs_crew *const crew = cs_crew_open(0, work, &seen);
    ck_assert(!take_one(crew, 0));
    for (size_t i = 0; i < 3; i++)
        cs_crew_give(crew, i);
    ck_assert_int_eq(atomic_load(&seen.count), 0); /* not before it is taken */
    for (int i = 0; i < 5; i++) {
        ck_assert(take_one(crew, i - 1));
        ck_assert_int_eq(atomic_load(&seen.count), i + 1);
        ck_assert_int_eq(seen.back[i], 1);
        if (i < 2)
            cs_crew_give(crew, (size_t)i + 3); /* while others are at hand */
    }
    ck_assert(!take_one(crew, -1)); /* there is nobody to wait for */
    cs_crew_close(crew);
}
END_TEST

static struct {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_int done, begun;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

static void *pass_gate(void *user, int worker, size_t task)
{
    (void)user, (void)worker, (void)task;
    atomic_fetch_add(&gate.begun, 1);
    pthread_mutex_lock(&gate.lock);
    while (!gate.open)
        pthread_cond_wait(&gate.opened, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    atomic_fetch_add(&gate.done, 1);
    return NULL;
}

/* Two are at the gate, so a take in that time has nothing; once it is open both come. A crew that
 * is closed while it works waits for what it has begun. */
START_TEST(closing_waits_for_the_tasks_at_hand)
{
    size_t task;
    void *result = &gate;
    struct cs_crew *const crew = cs_crew_open(2, pass_gate, NULL);
    for (size_t i = 0; i < 2; i++)
        cs_crew_give(crew, i);
    ck_assert(!cs_crew_take(crew, 1, &task, &result));
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < 2; i++) {
        ck_assert(cs_crew_take(crew, -1, &task, &result));
        ck_assert_ptr_null(result);
    }
    ck_assert_int_eq(atomic_load(&gate.done), 2);
    for (size_t i = 2; i < 1000; i++)
        cs_crew_give(crew, i);
    cs_crew_close(crew);
    ck_assert_int_eq(atomic_load(&gate.done), atomic_load(&gate.begun));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("crew");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, every_task_comes_back_once);
    tcase_add_test(all, a_crew_of_nobody);
    tcase_add_test(all, closing_waits_for_the_tasks_at_hand);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
