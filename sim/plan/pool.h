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
#include <stddef.h>

/* The number of threads to use when asked for `wanted` (0: the processors there are, at most 16).
 */
int cs_pool_threads(int wanted);
/* Calls job(user, i) for every i in [0, count). `tick(user)`, when not NULL, is called by the
 * calling thread between its jobs. */
void cs_pool_run(int threads, size_t count, void (*job)(void *user, size_t index),
                 void (*tick)(void *user), void *user);

#endif
