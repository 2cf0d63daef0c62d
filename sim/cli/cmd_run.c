/* capsim run: the answer to a scenario, in one of four forms, and files beside it.
 *
 * The rule: everything that can be wrong is found before anything is simulated, the output files
 * included; then the plan is made; then the files beside the report are written, and the report
 * last, so that a report on the screen means that all files are there.
 * --seed and --replications are short for --set simulate.seed=N and simulate.replications=R and go
 * through the same checks. Exit status 1 when no option (or not the given fleet) meets the SLO.
 */
#include <stdio.h>
#include "base/check.h"
#include "cli/cli.h"
#include "cli/cross.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/record.h"
#include "cli/runfiles.h"
#include "cli/watch.h"
#include "out/csv.h"
#include "out/html_run.h"
#include "out/json.h"
#include "out/markdown.h"
#include "out/report.h"
#include "out/uncertainty.h"

struct asked {
    struct cs_opt_list sets;
    struct cs_run_files files;
    const char *replications;
    unsigned long long seed, threads;
    bool json, csv, markdown, quiet, watch;
    const char *path, *command; /* command: the whole line, for the message of a failed check */
};

enum { THREADS_MOST = 1024 };

static const char *joined(struct cs_cli *cli, int argc, char **argv)
{
    const char *words = "capsim";
    for (int i = 0; i < argc; i++)
        words = cs_arena_printf(cli->arena, "%s %s", words, argv[i]);
    return words;
}

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *asked)
{
    const unsigned long long no_seed = asked->seed;
    const struct cs_opt options[] = {
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &asked->sets},
        {"seed", 0, CS_OPT_COUNT, "N", "the master seed (simulate.seed)", &asked->seed},
        {"replications", 0, CS_OPT_TEXT, "R", "independent runs, or auto (simulate.replications)",
         &asked->replications},
        {"json", 0, CS_OPT_FLAG, NULL, "print the whole answer as JSON", &asked->json},
        {"csv", 0, CS_OPT_FLAG, NULL, "print one row an option", &asked->csv},
        {"markdown", 0, CS_OPT_FLAG, NULL, "print tables for a pull request", &asked->markdown},
        {"html", 0, CS_OPT_TEXT, "FILE",
         "write the answer as a page too, with charts, the crossover and every source",
         &asked->files.html},
        {"requests", 0, CS_OPT_TEXT, "FILE",
         "write each request of the best option's first replication to a CSV file",
         &asked->files.requests},
        {"record", 0, CS_OPT_TEXT, "FILE",
         "write that replication to a file of its own, with all that repeats it, for capsim view",
         &asked->files.record},
        {"trace", 0, CS_OPT_TEXT, "FILE",
         "write some minutes of that replication as trace events, for ui.perfetto.dev",
         &asked->files.trace},
        {"trace-from", 0, CS_OPT_TEXT, "WHEN",
         "where the trace begins, such as 'Tue 15:00' or '90 min' (around the worst request)",
         &asked->files.trace_from},
        {"trace-for", 0, CS_OPT_TEXT, "TIME",
         "its length, such as '10 min' (that, or some ten thousand requests)",
         &asked->files.trace_for},
        {"metrics", 0, CS_OPT_TEXT, "FILE",
         "write figures and histograms as OpenMetrics, for Prometheus", &asked->files.metrics},
        {"watch", 0, CS_OPT_FLAG, NULL,
         "run again when the scenario or a file that it names is saved; Ctrl-C ends (exit status "
         "130)",
         &asked->watch},
        {"threads", 'j', CS_OPT_COUNT, "N", "threads (as many as processors, at most 16)",
         &asked->threads},
        {"quiet", 0, CS_OPT_FLAG, NULL, "no progress on the terminal", &asked->quiet},
    };
    const struct cs_opt_usage usage = {
        "run SCENARIO [options]",
        "Finds, for each option of the scenario, the fewest GPUs that meet its latency targets, "
        "and prints how many, what latency, what a day costs, and what the APIs ask. Exit status "
        "1: the answer is no.",
        options, sizeof options / sizeof options[0], 1, 1, "a scenario file, or a record"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    asked->path = words.items[0];
    asked->command = joined(cli, argc, argv);
    if (asked->json + asked->csv + asked->markdown > 1) {
        fputs("capsim: error: run: --json, --csv and --markdown exclude each other\n", stderr);
        return CS_EXIT_USAGE;
    }
    if ((asked->files.trace_from || asked->files.trace_for) && !asked->files.trace) {
        fputs("capsim: error: run: --trace-from and --trace-for need --trace FILE\n", stderr);
        return CS_EXIT_USAGE;
    }
    if (asked->threads > THREADS_MOST) {
        fprintf(stderr, "capsim: error: run: --threads is at most %d\n", THREADS_MOST);
        return CS_EXIT_USAGE;
    }
    const char *set = NULL;
    if (asked->seed != no_seed)
        set = cs_arena_printf(cli->arena, "simulate.seed=%llu", asked->seed);
    const char *const more[2] = {
        set, asked->replications ? cs_arena_printf(cli->arena, "simulate.replications=%s",
                                                   asked->replications)
                                 : NULL};
    const char **const all = cs_arena_alloc(cli->arena, asked->sets.count + 2, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < asked->sets.count; i++)
        all[count++] = asked->sets.items[i];
    for (size_t i = 0; i < 2; i++)
        if (more[i])
            all[count++] = more[i];
    asked->sets = (struct cs_opt_list){all, count};
    return -1;
}

/* What uncertain inputs make of the answer: the same scenario, drawn many times. */
static bool draw(struct cs_cli *cli, const struct asked *asked, struct cs_uncertainty *spread)
{
    struct cs_study *const study = cs_arena_alloc(cli->arena, 1, sizeof *study);
    struct cs_progress progress;
    if (!cs_study_open(study, cli->program, asked->path, asked->sets.items, asked->sets.count,
                       (int)asked->threads, cli->arena, &cli->diags))
        return false;
    cs_progress_init(&progress, asked->quiet);
    study->progress = cs_progress_show;
    study->progress_user = &progress;
    const bool sound =
        cs_uncertainty_run(spread, study, &(struct cs_uncertainty_settings){.samples = 0},
                           cli->arena, &cli->diags);
    cs_progress_fini(&progress);
    cs_study_close(study);
    return sound;
}

/* The page: the answer, and the crossover along the volume where there can be one. */
static bool write_page(struct cs_cli *cli, const struct asked *asked,
                       const struct cs_answer *answer, const struct cs_uncertainty *spread)
{
    struct cs_file file;
    struct cs_progress progress;
    struct cs_crossover crossover;
    struct cs_diags why; /* no errors of the run: the page says them */
    struct cs_html_run page = {.answer = answer, .uncertain = spread};
    const struct cs_cross cross = {.path = asked->path,
                                   .sets = asked->sets,
                                   .axis = "volume",
                                   .threads = (int)asked->threads,
                                   .settings = {.model = true},
                                   .progress = &progress};
    cs_diags_init(&why, cli->arena);
    cs_progress_init(&progress, asked->quiet);
    if (answer->scenario->traffic.kind == CS_VOLUME_TRACE)
        page.no_crossover = "a trace has the volume that it has; it is found for traffic that is "
                            "described by its volume, lengths and curve";
    else if (answer->scenario->compare_count == 0)
        page.no_crossover = "the scenario compares with no API (`compare`)";
    else if (cs_cross(&crossover, &cross, cli, &why))
        page.crossover = &crossover;
    for (size_t i = 0; i < why.count && !page.crossover && !page.no_crossover; i++)
        page.no_crossover = why.items[i].level == CS_DIAG_ERROR ? why.items[i].message : NULL;
    cs_progress_fini(&progress);
    if (!cs_file_open(&file, asked->files.html, "--html", &cli->diags))
        return false;
    cs_html_print_run(&page, file.file);
    return cs_file_close(&file, "--html", &cli->diags);
}

/* Whether a record's run is the same today. */
static void compare_with_record(struct cs_cli *cli, const struct cs_scenario *scenario,
                                const struct cs_record *record, const char *path)
{
    struct cs_result today;
    cs_plan_repeat(scenario, record->trace, &today);
    if (!cs_record_agrees(record, &today))
        cs_diag_warning(&cli->diags, (struct cs_span){0}, NULL,
                        "'%s' was recorded by capsim %s, in which its run came to other figures",
                        path, record->version);
}

/* Says which file could not be written. */
static int fail_file(const struct cs_cli *cli)
{
    fprintf(stderr, "capsim: error: %s\n", cli->diags.items[cli->diags.count - 1].message);
    return CS_EXIT_FILE;
}

/* The command once its words are parsed: all that --watch repeats. */
static int answer_once(struct cs_cli *cli, void *user, struct cs_watched *watched)
{
    struct asked asked = *(const struct asked *)user;
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_record record;
    const struct cs_scenario *const scenario =
        cs_record_open(cli, catalog, asked.path, &asked.sets, &record);
    watched->catalog = catalog;
    if (record.version && asked.files.record)
        cs_diag_error(&cli->diags, (struct cs_span){0}, "copy it, or record the scenario it is of",
                      "--record: '%s' is a record already", asked.path);
    cs_run_files_check(cli, &asked.files, scenario, catalog);
    if (!scenario || cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);

    *cs_check_context() = (struct cs_check_context){
        .scenario = asked.path, .seed = scenario->simulate.seed, .command = asked.command};
    struct cs_progress progress;
    cs_progress_init(&progress, asked.quiet);
    const struct cs_plan_settings settings = {
        .threads = (int)asked.threads, .progress = cs_progress_show, .user = &progress,
        .trace = record.trace};
    const struct cs_answer *const answer =
        cs_plan_run(scenario, cli->arena, &settings, &cli->diags);
    cs_progress_fini(&progress);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    if (!cs_run_files_write(cli, &asked.files, answer))
        return fail_file(cli);
    if (record.version)
        compare_with_record(cli, scenario, &record, asked.path);
    cs_diags_print(&cli->diags, stderr); /* warnings */
    struct cs_uncertainty spread;
    const bool printed = !asked.csv && !asked.markdown;
    const bool uncertain = scenario->uncertain_count > 0 && (printed || asked.files.html);
    if (uncertain && !draw(cli, &asked, &spread))
        return cs_cli_fail(cli);
    if (asked.files.html && !write_page(cli, &asked, answer, uncertain ? &spread : NULL))
        return fail_file(cli);
    if (asked.json)
        cs_json_print(answer, uncertain ? &spread : NULL, stdout);
    else if (asked.csv)
        cs_csv_print(answer, stdout);
    else if (asked.markdown)
        cs_markdown_print(answer, stdout);
    else
        cs_report_print(answer, &cli->out);
    if (uncertain && printed && !asked.json) {
        cs_text_put(&cli->out, "\n");
        cs_uncertainty_print(&spread, &cli->out);
    }
    watched->answer = answer;
    return answer->best >= 0 ? CS_EXIT_YES : CS_EXIT_NO;
}

static int run(struct cs_cli *cli, int argc, char **argv)
{
    struct asked asked = {.seed = ~0ull};
    struct cs_watched once;
    const int status = parse(cli, argc, argv, &asked);
    if (status >= 0)
        return status;
    return asked.watch ? cs_watch(cli, answer_once, &asked) : answer_once(cli, &asked, &once);
}

const struct cs_command cs_command_run = {
    "run", "how many GPUs, what latency, what cost: the answer to a scenario", run};
