/* Progress: one line on a terminal's standard error while a run takes longer than a second.
 *
 * Nothing is written when standard error is no terminal, and the line is erased at the end, so
 * scripts and saved reports never see it. The only place that looks at a clock; it touches no
 * result.
 */
#ifndef CS_CLI_PROGRESS_H
#define CS_CLI_PROGRESS_H
#include <stdbool.h>

struct cs_progress {
    bool on, shown;
    double start_s, last_s; /* of a monotonic clock: the start, the last line */
    double share, share_s;  /* the last share, and when it came */
    int part;               /* shares that began anew */
    double part_s;          /* when the last one did */
};

void cs_progress_init(struct cs_progress *p, bool quiet);
/* Fits cs_plan_settings.progress; `user` is the cs_progress. */
void cs_progress_show(void *user, double done_share, const char *what);
void cs_progress_fini(struct cs_progress *p);

#endif
