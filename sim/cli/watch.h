/* Watching: a command that runs again whenever a file that it read is saved.
 *
 * Files are looked at every 0.3 s, by their time, size, number and place: that works on every file
 * system, and with editors that write a new file and rename it over the old one. Something that
 * changes is waited for until it has been still for a moment. What a run depends on is said by its
 * catalogue (cs_catalog_files), errors or not, so a mistake is shown and the watch goes on.
 *
 * It ends by an interrupt (Ctrl-C), with exit status 130, or when standard output is closed.
 */
#ifndef CS_CLI_WATCH_H
#define CS_CLI_WATCH_H
#include "cli/cli.h"
#include "plan/plan.h"

enum { CS_EXIT_INTERRUPTED = 130 };

struct cs_watched { /* what a run tells, in its own arena, which outlives the next run */
    struct cs_catalog *catalog;     /* NULL: it read none */
    const struct cs_answer *answer; /* NULL: it came to none */
};
/* One run, with an arena and diagnostics of its own; prints what it has to say. */
typedef int cs_watch_run(struct cs_cli *cli, void *user, struct cs_watched *watched);

/* Runs, and again after each change; returns an exit status only when nothing can be printed. */
int cs_watch(struct cs_cli *cli, cs_watch_run *run, void *user);

#endif
