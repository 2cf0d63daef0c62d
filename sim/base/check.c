/* Assertions about ourselves: what a broken invariant prints before the program aborts.
 *
 * The context is thread-local, since a run belongs to one thread: whoever starts a run fills in
 * its scenario, seed and command, and the event loop keeps the simulated time current. What is
 * unknown is left out of the message.
 *
 * The rule: this is for our bugs only; what a user can cause goes to diag.h.
 * Not here: recovery. The process ends by SIGABRT, exit status 134 in a shell.
 */
#include "base/check.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local struct cs_check_context context;

struct cs_check_context *cs_check_context(void)
{
    return &context;
}

_Noreturn void cs_check_fail(const char *condition, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "capsim: broken invariant, a bug of ours: %s\n  at %s:%d\n", condition, file,
            line);
    if (context.scenario)
        fprintf(stderr, "  scenario %s, seed %" PRIu64 ", simulated time %.12f s\n",
                context.scenario, context.seed, (double)context.time_ps * 1e-12);
    if (context.command)
        fprintf(stderr, "  to repeat it: %s\n", context.command);
    abort();
}
