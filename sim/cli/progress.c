/* Progress: one line on a terminal's standard error (see progress.h).
 *
 * The time left is the time spent when the share last changed, scaled by the share still to do,
 * less what has passed since; it is shown once a tenth is done and while it is not overdue, since
 * otherwise it says nothing. At most ten lines a second are written. A study that asks for further
 * simulations once it has seen the first begins anew: a share that falls to less than half is that
 * of a new part, whose time is counted from there.
 * Memory: none.
 */
#include "cli/progress.h"
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cs_progress_init(struct cs_progress *p, bool quiet)
{
    *p = (struct cs_progress){.on = !quiet && isatty(STDERR_FILENO)};
    p->start_s = p->part_s = p->share_s = now_s();
}

void cs_progress_show(void *user, double done_share, const char *what)
{
    enum { BAR = 24 };
    static const char full[] = "########################", empty[] = "------------------------";
    struct cs_progress *const p = user;
    if (!p->on)
        return;
    const double now = now_s(), spent = now - p->start_s;
    if (done_share < p->share / 2) {
        p->part++;
        p->part_s = p->share_s;
    }
    if (done_share != p->share) {
        p->share = done_share;
        p->share_s = now;
    }
    if (spent < 1 || now - p->last_s < 0.1)
        return;
    const double share = isfinite(done_share) ? fmin(fmax(done_share, 0), 1) : 0;
    const int filled = (int)(share * BAR);
    const double left = share < 0.1 ? 0
                                    : (p->share_s - p->part_s) * (1 - share) / share -
                                          (now - p->share_s);
    char part[24] = "", time[40] = "";
    if (p->part > 0)
        snprintf(part, sizeof part, ", part %d", p->part + 1);
    if (left > 0)
        snprintf(time, sizeof time, ", %.0f s left%s", ceil(left), p->part > 0 ? " of it" : "");
    fprintf(stderr, "\r\033[K[%.*s%.*s] %3.0f %%  %.50s%s%s", filled, full, BAR - filled, empty,
            floor(100 * share), what ? what : "", part, time); /* at once: stderr has no buffer */
    fflush(stderr);
    p->last_s = now;
    p->shown = true;
}

void cs_progress_fini(struct cs_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->on = p->shown = false;
}
