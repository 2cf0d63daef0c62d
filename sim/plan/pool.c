/* A parallel loop over pthreads: see pool.h for the rule that keeps it deterministic.
 *
 * Threads live for one call. Simulations take milliseconds to seconds, so starting a thread
 * (tens of microseconds) is not worth a queue that outlives the call. If a thread cannot be
 * started, those that could, and the caller, do its share.
 */
#include "plan/pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

struct work {
    size_t count;
    atomic_size_t next;
    void (*job)(void *user, size_t index);
    void *user;
};

int cs_pool_threads(int wanted)
{
    if (wanted > 0)
        return wanted < MOST_THREADS ? wanted : MOST_THREADS;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > 16 ? 16 : (int)processors;
}

static _Thread_local int this_worker;

int cs_pool_worker(void)
{
    return this_worker;
}

struct labourer {
    struct work *work;
    int worker;
};

static void *labour(void *argument)
{
    const struct labourer *me = argument;
    struct work *work = me->work;
    this_worker = me->worker;
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;)
        work->job(work->user, i);
    return NULL;
}

void cs_pool_run(int threads, size_t count, void (*job)(void *user, size_t index),
                 void (*tick)(void *user), void *user)
{
    struct work work = {.count = count, .job = job, .user = user};
    atomic_init(&work.next, 0);
    pthread_t started[MOST_THREADS];
    struct labourer labourers[MOST_THREADS];
    const int mine = this_worker; /* a pool within a job of another one */
    int running = 0;
    this_worker = 0;
    while (running < threads - 1 && (size_t)running + 1 < count) {
        labourers[running] = (struct labourer){&work, running + 1};
        if (pthread_create(&started[running], NULL, labour, &labourers[running]) != 0)
            break;
        running++;
    }
    for (size_t i; (i = atomic_fetch_add(&work.next, 1)) < count;) {
        job(user, i);
        if (tick != NULL)
            tick(user);
    }
    for (int i = 0; i < running; i++)
        pthread_join(started[i], NULL);
    this_worker = mine;
}
