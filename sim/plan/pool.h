/* Pool: the same function over many indices, on several threads.
 *
 * Parallelism in capsim is across runs, never inside one. Jobs are handed out in index order by an
 * atomic counter; each writes only what its index owns, and whoever called merges in index order
 * when all are done: so the number of threads cannot show in a result.
 *
 * The calling thread works too and is the only one to report progress. Nothing is kept between
 * calls; a pool of one thread is a plain loop.
 */
#ifndef CS_PLAN_POOL_H
#define CS_PLAN_POOL_H
#include <stdbool.h>
#include <stddef.h>

/* The number of threads to use when asked for `wanted` (0: the processors there are, at most 16).
 */
int cs_pool_threads(int wanted);
/* Calls job(user, i) for every i in [0, count). `tick(user)`, when not NULL, is called by the
 * calling thread between its jobs. */
void cs_pool_run(int threads, size_t count, void (*job)(void *user, size_t index),
                 void (*tick)(void *user), void *user);
/* Which of a call's threads this is, from 0, the caller's own; for what jobs keep per thread. */
int cs_pool_worker(void);

/* A crew: threads that take tasks as they come, while the calling thread does something else with
 * what they have done. Tasks are taken in the order given and come back in any order. */
struct cs_crew;
/* `work` gets the index of its thread and the task; what it returns is handed back with the task.
 */
struct cs_crew *cs_crew_open(int threads, void *(*work)(void *user, int worker, size_t task),
                             void *user);
void cs_crew_give(struct cs_crew *crew, size_t task);
/* A task that is done, waiting at most so many milliseconds (< 0: until there is one). */
bool cs_crew_take(struct cs_crew *crew, int wait_ms, size_t *task, void **result);
/* Waits for the tasks at hand; those not begun are dropped, results not taken are the caller's
 * loss. */
void cs_crew_close(struct cs_crew *crew);

#endif
