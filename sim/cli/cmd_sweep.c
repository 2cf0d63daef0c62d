/* capsim sweep: a scenario at every point of a grid or a sample, kept point by point.
 *
 * Rows go to standard output (a table, --csv or --json), points to --out as they come. Started by
 * mpirun or srun, the processes share the work; only the first one writes and prints, and all end
 * with its exit status. A store that is complete prints its rows without planning anything.
 */
#define _XOPEN_SOURCE 700 /* sigaction */
#include "base/hash.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/sweep.h"
#include "plan/mpi.h"
#include "spec/yaml.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asked {
    struct cs_opt_list vary, sets, merge;
    const char *sample, *out, *shard, *effort;
    unsigned long long threads;
    bool resume, csv, json, quiet;
};

/* Whether a launcher of parallel programs started this process, with others beside it. */
static bool is_launched(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS",
                                        "PMIX_SIZE"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *const text = getenv(sizes[i]);
        if (text && strtol(text, NULL, 10) >= 1)
            return true;
    }
    return getenv("PMIX_RANK") || getenv("PMI_RANK");
}

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *a, const char **path)
{
    const struct cs_opt options[] = {
        {"vary", 0, CS_OPT_LIST, "KEY=VALUES",
         "a,b,c or A..B:N (N steps) or A..BxF (each F times the one before); may be repeated",
         &a->vary},
        {"sample", 0, CS_OPT_TEXT, "HOW:N",
         "N points of all axes together instead of a grid: lhs:N (Latin hypercube) or sobol:N",
         &a->sample},
        {"out", 'o', CS_OPT_TEXT, "FILE.db", "keep each point in this SQLite file as it comes",
         &a->out},
        {"resume", 0, CS_OPT_FLAG, NULL, "go on with that file", &a->resume},
        {"merge", 0, CS_OPT_LIST, "FILE.db",
         "take the points of another file of the same sweep, such as a shard's; may be repeated",
         &a->merge},
        {"shard", 0, CS_OPT_TEXT, "I/N", "plan only the I-th of N parts, for job arrays",
         &a->shard},
        {"effort", 0, CS_OPT_TEXT, "HOW",
         "full, as run (default); brief: the busiest hours alone; sketch: those once", &a->effort},
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &a->sets},
        {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)",
         &a->threads},
        {"csv", 0, CS_OPT_FLAG, NULL, "print one row a point", &a->csv},
        {"json", 0, CS_OPT_FLAG, NULL, "print the points as JSON", &a->json},
        {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &a->quiet},
    };
    const struct cs_opt_usage usage = {
        "sweep SCENARIO --vary KEY=VALUES ... [options]",
        "Answers a scenario at every point of a grid, or of a sample of it. Each point is kept as "
        "soon as it is known, so a sweep that was stopped goes on with --resume. Under mpirun or "
        "srun all processes share the work.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    *path = words.items[0];
    const char *const wrong = a->csv && a->json           ? "--csv and --json exclude each other"
                              : !a->vary.count            ? "needs --vary KEY=VALUES"
                              : a->resume && !a->out      ? "--resume needs --out FILE"
                              : a->merge.count && !a->out ? "--merge needs --out FILE"
                                                          : NULL;
    if (!wrong)
        return -1;
    fprintf(stderr, "capsim: error: sweep: %s\n      = usage: capsim %s\n", wrong, usage.words);
    return CS_EXIT_USAGE;
}

static void read_shard(struct cs_cli *cli, const struct asked *a, struct cs_sweep *s)
{
    char *end = NULL;
    if (!a->shard)
        return;
    const long i = strtol(a->shard, &end, 10);
    const long n = *end == '/' ? strtol(end + 1, &end, 10) : 0;
    if (*end || i < 1 || n < i || n > 1000000)
        cs_diag_error(&cli->diags, (struct cs_span){0}, "such as 3/8, the third of eight",
                      "--shard: '%s' is no part", a->shard);
    s->shard = (int)i - 1;
    s->shards = (int)n;
}

static void read_effort(struct cs_cli *cli, const struct asked *a, struct cs_sweep *s)
{
    static const char *const names[] = {"full", "brief", "sketch"};
    for (int e = 0; e < 3; e++)
        if (!a->effort || strcmp(a->effort, names[e]) == 0) {
            s->effort = (enum cs_effort)(a->effort ? e : 0);
            return;
        }
    cs_diag_error(&cli->diags, (struct cs_span){0}, "full, brief or sketch",
                  "--effort: there is no '%s'", a->effort);
}

static unsigned long long hash_of(const struct cs_store_head *head, size_t count)
{
    uint64_t h = CS_HASH_START;
    for (size_t i = 0; i < count; i++)
        h = cs_hash_text(h, head[i].value);
    return h;
}

/* --- interrupted ----------------------------------------------------------------------------- */

static const char *kept_in; /* NULL: nowhere */

/* Ends at once, as a kill would: what was committed stays. Calls only what a handler may. */
static void interrupted(int signal)
{
    static const char lost[] = "\ncapsim: interrupted; without --out nothing is kept\n";
    static const char kept[] =
        "\ncapsim: interrupted; the points that were done are kept, --resume plans the others\n";
    const char *const words = kept_in ? kept : lost;
    const size_t length = kept_in ? sizeof kept - 1 : sizeof lost - 1;
    const ssize_t written = write(STDERR_FILENO, words, length);
    (void)written;
    _exit(128 + signal);
}

static void watch_for_interrupts(const char *out)
{
    struct sigaction action = {.sa_handler = interrupted};
    kept_in = out;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static void print_rows(struct cs_cli *cli, const struct asked *a, struct cs_sweep *s,
                       struct cs_store *store)
{
    if (a->csv)
        cs_sweep_print_csv(store, stdout);
    else if (a->json)
        cs_sweep_print_json_all(s, store, stdout);
    else
        cs_sweep_print_text(s, store, &cli->out);
}

/* Rank 0's part: the store, the rows. */
static int lead(struct cs_cli *cli, const struct asked *a, struct cs_sweep *s,
                const struct cs_store_head *head, size_t head_count)
{
    struct cs_store *const store =
        cs_store_open(a->out, a->resume, head, head_count, s->points, cli->arena, &cli->diags);
    bool sound = store != NULL;
    for (size_t i = 0; sound && i < a->merge.count; i++)
        sound = cs_store_merge(store, a->merge.items[i], &cli->diags);
    struct cs_sweep nothing = *s;
    if (!sound) /* the other ranks wait for word */
        nothing.points = 0;
    sound = cs_sweep_run(sound ? s : &nothing, store, &cs_sweep_print_json, &cli->diags) && sound;
    if (!sound) {
        const bool empty = store != NULL && cs_store_count(store) == 0;
        if (store)
            cs_store_close(store);
        if (empty && a->out && !a->resume) /* nothing is lost, and the next try may use the name */
            remove(a->out);
        return -1;
    }
    print_rows(cli, a, s, store);
    struct cs_arena row;
    cs_arena_init(&row);
    const bool whole = cs_store_count(store) >= cs_sweep_share(s);
    sound = !whole || cs_store_seal(store, cs_sweep_row, &row, &cli->diags);
    cs_arena_fini(&row);
    cs_store_close(store);
    return sound ? CS_EXIT_YES : -1;
}

static int sweep(struct cs_cli *cli, const struct asked *asked, const char *path)
{
    struct cs_study study;
    struct cs_sweep s;
    struct cs_progress progress;
    const int threads = asked->threads || !is_launched() ? (int)asked->threads : 1;
    int status = -1;
    if (asked->out)
        cs_file_check(asked->out, "--out", &cli->diags);
    if (cs_study_open(&study, cli->program, path, asked->sets.items, asked->sets.count, threads,
                      cli->arena, &cli->diags) &&
        cs_sweep_prepare(&s, &study, asked->vary.items, asked->vary.count, asked->sample,
                         cli->arena, &cli->diags)) {
        read_shard(cli, asked, &s);
        read_effort(cli, asked, &s);
    }
    size_t head_count = 0;
    const struct cs_store_head *head = NULL;
    if (!cs_diags_has_errors(&cli->diags))
        head = cs_sweep_head(&s, asked->sets.items, asked->sets.count, cli->arena, &head_count);
    if (!cs_mpi_agree(head ? hash_of(head, head_count) : 0) && cs_mpi_rank() == 0)
        cs_diag_file(&cli->diags, (struct cs_span){0}, "they must see the same files",
                     "the processes of this job do not read the same sweep");
    if (!head || cs_diags_has_errors(&cli->diags)) {
        cs_study_close(&study);
        return status;
    }
    if (cs_mpi_rank() == 0)
        watch_for_interrupts(asked->out);
    cs_progress_init(&progress, asked->quiet || cs_mpi_rank() != 0);
    study.progress = cs_progress_show;
    study.progress_user = &progress;
    if (cs_mpi_rank() == 0)
        status = lead(cli, asked, &s, head, head_count);
    else
        status = cs_sweep_run(&s, NULL, &cs_sweep_print_json, &cli->diags) ? CS_EXIT_YES : -1;
    cs_progress_fini(&progress);
    cs_study_close(&study);
    return status;
}

static int run(struct cs_cli *cli, int argc, char **argv)
{
    struct asked asked = {.threads = 0};
    const char *path = NULL;
    int status = parse(cli, argc, argv, &asked, &path);
    if (status >= 0)
        return status;
    const bool launched = is_launched();
    if (launched && !cs_mpi_is_built()) {
        fputs("capsim: error: sweep: started with other processes, but built without MPI: each "
              "would plan all points\n      = build it with `make MPI=1`\n",
              stderr);
        return CS_EXIT_USAGE;
    }
    if (launched)
        cs_mpi_start();
    status = sweep(cli, &asked, path);
    const bool speaks = cs_mpi_rank() == 0;
    cs_mpi_end();
    if (status < 0)
        return speaks                 ? cs_cli_fail(cli)
               : cli->diags.exit_code ? cli->diags.exit_code
                                      : CS_EXIT_INPUT;
    if (speaks)
        cs_diags_print(&cli->diags, stderr);
    return status;
}

const struct cs_command cs_command_sweep = {
    "sweep", "a scenario over a grid or a sample of its keys, resumable, on many machines", run};
