/* A crew of threads with a queue: see pool.h.
 *
 * One lock and two conditions: work has come, something is done. Tasks take milliseconds and more,
 * so a lock costs nothing. Where no thread can be started the caller does the work itself when it
 * takes a result, so that a crew never hangs.
 * Memory: malloc'd, freed by close; lists grow with the tasks at hand.
 */
#include "base/check.h"
#include "plan/pool.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_WORKERS = 64 };

struct done {
    size_t task;
    void *result;
};
struct hand {
    struct cs_crew *crew;
    int worker;
    pthread_t thread;
};
struct cs_crew {
    void *(*work)(void *user, int worker, size_t task);
    void *user;
    pthread_mutex_t lock;
    pthread_cond_t has_task, has_done;
    size_t *tasks; /* given and not begun: tasks[first .. count) */
    size_t first, count, capacity;
    struct done *done; /* done[0 .. done_count), the oldest first */
    size_t done_count, done_capacity;
    bool closing;
    struct hand hands[MOST_WORKERS];
    int started;
};

static void add_done(struct cs_crew *c, size_t task, void *result)
{
    if (c->done_count == c->done_capacity) {
        c->done_capacity = c->done_capacity > 0 ? 2 * c->done_capacity : 16;
        c->done = realloc(c->done, c->done_capacity * sizeof *c->done);
        cs_check(c->done != NULL);
    }
    c->done[c->done_count++] = (struct done){task, result};
}

static void *labour(void *argument)
{
    struct hand *me = argument;
    struct cs_crew *c = me->crew;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (c->first == c->count && !c->closing)
            pthread_cond_wait(&c->has_task, &c->lock);
        if (c->closing)
            break;
        const size_t task = c->tasks[c->first++];
        pthread_mutex_unlock(&c->lock);
        void *result = c->work(c->user, me->worker, task);
        pthread_mutex_lock(&c->lock);
        add_done(c, task, result);
        pthread_cond_signal(&c->has_done);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct cs_crew *cs_crew_open(int threads, void *(*work)(void *user, int worker, size_t task),
                             void *user)
{
    struct cs_crew *c = calloc(1, sizeof *c);
    cs_check(c != NULL);
    c->work = work;
    c->user = user;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
#ifndef __APPLE__ /* has no choice of clocks */
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
#endif
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->has_task, NULL);
    pthread_cond_init(&c->has_done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < threads && i < MOST_WORKERS; i++) {
        struct hand *hand = &c->hands[c->started];
        *hand = (struct hand){.crew = c, .worker = i};
        if (pthread_create(&hand->thread, NULL, labour, hand) == 0)
            c->started++;
    }
    return c;
}

void cs_crew_give(struct cs_crew *c, size_t task)
{
    pthread_mutex_lock(&c->lock);
    if (c->first > 0 && c->first == c->count)
        c->first = c->count = 0;
    if (c->count == c->capacity) {
        c->capacity = c->capacity > 0 ? 2 * c->capacity : 64;
        c->tasks = realloc(c->tasks, c->capacity * sizeof *c->tasks);
        cs_check(c->tasks != NULL);
    }
    c->tasks[c->count++] = task;
    pthread_cond_signal(&c->has_task);
    pthread_mutex_unlock(&c->lock);
}

/* Waits for a result; false: none came in time. The lock is held. */
static bool wait_for_one(struct cs_crew *c, int wait_ms)
{
    struct timespec until;
#ifdef __APPLE__
    clock_gettime(CLOCK_REALTIME, &until);
#else
    clock_gettime(CLOCK_MONOTONIC, &until);
#endif
    const long ns = until.tv_nsec + (wait_ms > 0 ? wait_ms % 1000 : 0) * 1000000L;
    until.tv_sec += (wait_ms > 0 ? wait_ms / 1000 : 0) + ns / 1000000000L;
    until.tv_nsec = ns % 1000000000L;
    while (c->done_count == 0) {
        if (wait_ms < 0)
            pthread_cond_wait(&c->has_done, &c->lock);
        else if (pthread_cond_timedwait(&c->has_done, &c->lock, &until) == ETIMEDOUT)
            return c->done_count > 0;
    }
    return true;
}

bool cs_crew_take(struct cs_crew *c, int wait_ms, size_t *task, void **result)
{
    pthread_mutex_lock(&c->lock);
    if (c->started == 0 && c->first < c->count) { /* no threads to be had */
        const size_t own = c->tasks[c->first++];
        add_done(c, own, c->work(c->user, 0, own));
    }
    const bool has = wait_for_one(c, c->started > 0 ? wait_ms : 0);
    if (has) {
        *task = c->done[0].task;
        *result = c->done[0].result;
        c->done_count--;
        for (size_t i = 0; i < c->done_count; i++)
            c->done[i] = c->done[i + 1];
    }
    pthread_mutex_unlock(&c->lock);
    return has;
}

void cs_crew_close(struct cs_crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_broadcast(&c->has_task);
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < c->started; i++)
        pthread_join(c->hands[i].thread, NULL);
    pthread_cond_destroy(&c->has_task);
    pthread_cond_destroy(&c->has_done);
    pthread_mutex_destroy(&c->lock);
    free(c->tasks);
    free(c->done);
    free(c);
}
