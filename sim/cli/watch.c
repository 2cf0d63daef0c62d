/* Running again on every save: see watch.h.
 *
 * A file that is saved while a run goes on shows by its time, which is not before the start of the
 * run, and by differing from what was there at its start. The clock decides about nothing else.
 * Memory: a run's is kept until another run has an answer, which is compared with its own; the
 * lists of files, some kilobytes a run, as long as the command.
 */
#include "cli/watch.h"
#include "out/words.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 300, STILL_MS = 150 };
static const double CLOCK_S = 0.02; /* how far times of files lag behind the clock */

struct stamp { /* all 0: there is no file */
    struct timespec time;
    off_t size;
    ino_t number;
    dev_t device;
};
struct files {
    const char **paths;
    struct stamp *stamps;
    size_t count;
};

static struct stamp stamp_of(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return (struct stamp){.size = 0};
    return (struct stamp){s.st_mtim, s.st_size, s.st_ino, s.st_dev};
}

static bool same(const struct stamp *a, const struct stamp *b)
{
    return a->time.tv_sec == b->time.tv_sec && a->time.tv_nsec == b->time.tv_nsec &&
           a->size == b->size && a->number == b->number && a->device == b->device;
}

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Whether a time lies since the start; one that is still to come is a wrong clock's, and no sign of
 * anything. */
static bool is_since(struct timespec time, double start_s)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return seconds(time) >= start_s - CLOCK_S && seconds(time) <= seconds(now);
}

static void pause_ms(long ms)
{
    const struct timespec t = {0, ms * 1000000L};
    nanosleep(&t, NULL);
}

/* Stamps them anew; whether any differs from what it was. */
static bool look(struct files *f)
{
    bool changed = false;
    for (size_t i = 0; i < f->count; i++) {
        const struct stamp now = stamp_of(f->paths[i]);
        changed |= !same(&now, &f->stamps[i]);
        f->stamps[i] = now;
    }
    return changed;
}

/* The files of this run, stamped, with those of the last one where this one read less than it
 * would have. `changed`: one of them was saved since the start. */
static struct files files_of(struct cs_cli *cli, const struct cs_watched *watched,
                             const struct files *last, double start_s, bool *changed)
{
    size_t count = 0;
    const char *const *const read =
        watched->catalog ? cs_catalog_files(watched->catalog, &count) : NULL;
    const size_t most = count + last->count;
    struct files f = {cs_arena_alloc(cli->arena, most, sizeof *f.paths),
                      cs_arena_alloc(cli->arena, most, sizeof *f.stamps), 0};
    *changed = false;
    for (size_t i = 0; i < count; i++) {
        f.paths[f.count] = cs_arena_strdup(cli->arena, read[i]);
        f.stamps[f.count] = stamp_of(read[i]);
        *changed |= is_since(f.stamps[f.count++].time, start_s);
    }
    for (size_t k = 0; k < last->count; k++) {
        size_t i = 0;
        while (i < count && strcmp(last->paths[k], f.paths[i]) != 0)
            i++;
        if (i < count) {
            *changed |= !same(&last->stamps[k], &f.stamps[i]);
        } else if (!watched->answer) {
            f.paths[f.count] = last->paths[k];
            f.stamps[f.count++] = last->stamps[k];
        }
    }
    return f;
}

static void clear_screen(void)
{
    const char *const term = getenv("TERM");
    if (isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0)
        fputs("\033[H\033[2J", stdout);
    fflush(stdout); /* before anything is said on standard error */
}

static void end(int number)
{
    (void)number;
    if (isatty(STDERR_FILENO) && write(STDERR_FILENO, "\n", 1) < 0)
        _exit(CS_EXIT_INTERRUPTED);
    _exit(CS_EXIT_INTERRUPTED);
}

int cs_watch(struct cs_cli *cli, cs_watch_run *run, void *user)
{
    struct sigaction on_interrupt = {.sa_handler = end};
    sigemptyset(&on_interrupt.sa_mask);
    sigaction(SIGINT, &on_interrupt, NULL);
    struct cs_arena arenas[2];
    struct files files = {NULL, NULL, 0};
    const struct cs_answer *last = NULL; /* in the arena that this run does not use */
    for (int own = 0;;) {
        struct timespec start;
        struct cs_watched watched = {NULL, NULL};
        struct cs_cli inner = *cli;
        clock_gettime(CLOCK_REALTIME, &start);
        cs_arena_init(&arenas[own]);
        inner.arena = inner.out.arena = &arenas[own];
        cs_diags_init(&inner.diags, inner.arena);
        clear_screen();
        run(&inner, user, &watched);
        if (fflush(stdout) != 0 || ferror(stdout))
            return CS_EXIT_FILE;
        bool changed;
        files = files_of(cli, &watched, &files, seconds(start), &changed);
        const char *const change = !watched.answer ? "no answer"
                                   : last ? cs_words_change(inner.arena, last, watched.answer)
                                          : "";
        fprintf(stderr, "capsim: %s%swatching %zu files, Ctrl-C ends\n", change,
                *change ? "; " : "", files.count);
        while (!changed) {
            pause_ms(LOOK_MS);
            changed = look(&files);
        }
        do
            pause_ms(STILL_MS);
        while (look(&files));
        if (watched.answer) { /* keep it, and use the other arena, of the answer before */
            if (last)
                cs_arena_fini(&arenas[1 - own]);
            last = watched.answer;
            own = 1 - own;
        } else {
            cs_arena_fini(&arenas[own]);
        }
    }
}
