/* Files beside the report: see runfiles.h.
 *
 * Requests and metrics share one run; the log of requests is the one thing here whose memory
 * follows the length of a run. Where no option was simulated there is no run: requests and metrics
 * are written with what is left, a head or the figures of the answer, and a trace is not. Memory:
 * logs and timelines in arenas of their own.
 */
#include "cli/runfiles.h"
#include "base/unit.h"
#include "cli/file.h"
#include "cli/record.h"
#include "out/csv.h"
#include "out/openmetrics.h"
#include "out/traceevents.h"
#include "out/words.h"
#include "plan/replay.h"
#include <math.h>
#include <string.h>

static const double LEAST_SPAN_S = 0.01, MOST_SPAN_S = 1e7;

static void check_times(struct cs_cli *cli, struct cs_run_files *f,
                        const struct cs_scenario *scenario)
{
    struct cs_unit_error error;
    f->from_s = f->for_s = NAN;
    if (f->trace_from && scenario && !cs_replay_when(scenario, f->trace_from, &f->from_s))
        cs_diag_error(
            &cli->diags, (struct cs_span){0}, NULL,
            "--trace-from: '%s' is no time of this run; give one such as '%s' or '90 min'",
            cs_diag_escape(cli->arena, f->trace_from, strlen(f->trace_from)),
            scenario->traffic.curve.starts_monday ? "Tue 15:00" : "hour 15");
    if (!f->trace_for)
        return;
    if (!cs_unit_parse(f->trace_for, strlen(f->trace_for), CS_UNIT_SECONDS, &f->for_s, &error))
        cs_diag_error(&cli->diags, (struct cs_span){0}, NULL, "--trace-for %s; %s", error.message,
                      error.hint);
    else if (!(f->for_s >= LEAST_SPAN_S && f->for_s <= MOST_SPAN_S))
        cs_diag_error(&cli->diags, (struct cs_span){0}, NULL,
                      "--trace-for: '%s' is not between 10 ms and 100 days", f->trace_for);
}

struct output {
    const char *path, *option;
};

/* A file that is written twice, or read and written, loses what it held without a word. */
static void check_others(struct cs_cli *cli, const struct output *own, const struct output *before,
                         size_t count, const struct cs_catalog *catalog)
{
    size_t files;
    const char *const *const read = cs_catalog_files(catalog, &files);
    for (size_t i = 0; i < count; i++)
        if (before[i].path && strcmp(before[i].path, own->path) == 0)
            cs_diag_error(&cli->diags, (struct cs_span){0}, NULL, "%s and %s name one file: '%s'",
                          before[i].option, own->option, own->path);
    for (size_t i = 0; i < files; i++)
        if (strcmp(read[i], own->path) == 0)
            cs_diag_error(&cli->diags, (struct cs_span){0}, NULL,
                          "%s: '%s' is a file that the run reads", own->option, own->path);
}

void cs_run_files_check(struct cs_cli *cli, struct cs_run_files *f,
                        const struct cs_scenario *scenario, const struct cs_catalog *catalog)
{
    const struct output all[] = {
        {f->requests, "--requests"}, {f->record, "--record"}, {f->trace, "--trace"},
        {f->metrics, "--metrics"},   {f->html, "--html"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!all[i].path)
            continue;
        cs_file_check(all[i].path, all[i].option, &cli->diags);
        if (strncmp(all[i].path, "/dev/", 5) != 0)
            check_others(cli, &all[i], all, i, catalog);
    }
    check_times(cli, f, scenario);
}

static bool write_requests(struct cs_cli *cli, const char *path, const struct cs_request_log *log)
{
    struct cs_file file;
    if (!cs_file_open(&file, path, "--requests", &cli->diags))
        return false;
    cs_csv_print_requests(log, file.file);
    return cs_file_close(&file, "--requests", &cli->diags);
}

/* "Tue 14:46:01". */
static const char *words_of_start(struct cs_cli *cli, const struct cs_scenario *s, int64_t ps)
{
    char at[32];
    const long seconds = (long)(ps / INT64_C(1000000000000));
    cs_plan_when(s, (double)(seconds / 3600 * 3600), at, sizeof at);
    const size_t length = strlen(at);
    const bool clock = length > 3 && strcmp(at + length - 3, ":00") == 0;
    return cs_arena_printf(cli->arena, "%.*s%s%02ld:%02ld", (int)(clock ? length - 3 : length), at,
                           clock ? ":" : " + ", seconds / 60 % 60, seconds % 60);
}

static bool write_trace(struct cs_cli *cli, const struct cs_run_files *f,
                        const struct cs_answer *answer, size_t option)
{
    struct cs_file file;
    struct cs_timeline timeline;
    struct cs_arena arena;
    if (!cs_file_open(&file, f->trace, "--trace", &cli->diags))
        return false;
    cs_arena_init(&arena);
    cs_timeline_make(&timeline, answer, option, f->from_s, f->for_s, &arena);
    const size_t shown = cs_traceevents_print(&timeline, file.file);
    cs_arena_fini(&arena);
    if (!cs_file_close(&file, "--trace", &cli->diags))
        return false;
    fprintf(stderr, "capsim: %s: %.6g s from %s on, %s%s", f->trace,
            1e-12 * (double)(timeline.to_ps - timeline.from_ps),
            words_of_start(cli, answer->scenario, timeline.from_ps),
            cs_words_count(cli->arena, (double)shown, "request"),
            isnan(f->from_s) ? ", around the worst one of the worst window" : "");
    if (timeline.scale > 1)
        fprintf(stderr, "; %d replicas that stand for %d", timeline.replicas,
                answer->options[option].replicas);
    fputs("\n", stderr);
    return true;
}

static bool write_metrics(struct cs_cli *cli, const char *path, const struct cs_answer *answer,
                          const struct cs_result *result)
{
    struct cs_file file;
    if (!cs_file_open(&file, path, "--metrics", &cli->diags))
        return false;
    cs_openmetrics_print(answer, result, file.file);
    return cs_file_close(&file, "--metrics", &cli->diags);
}

/* Requests and metrics: of the whole run. */
static bool write_whole(struct cs_cli *cli, const struct cs_run_files *f,
                        const struct cs_answer *answer, size_t option, bool any)
{
    struct cs_arena arena;
    struct cs_replay replay;
    cs_arena_init(&arena);
    struct cs_request_log log = {.arena = &arena};
    if (any) {
        cs_replay_open(&replay, answer, option, f->requests ? &log : NULL);
        cs_cluster_run(replay.cluster);
    }
    const bool ok =
        (!f->requests || write_requests(cli, f->requests, &log)) &&
        (!f->metrics || write_metrics(cli, f->metrics, answer, any ? replay.trial.result : NULL));
    if (any)
        cs_replay_close(&replay);
    cs_arena_fini(&arena);
    return ok;
}

bool cs_run_files_write(struct cs_cli *cli, const struct cs_run_files *f,
                        const struct cs_answer *answer)
{
    const struct cs_option_answer *const subject = cs_words_subject(answer);
    const size_t option = subject ? (size_t)(subject - answer->options) : 0;
    const bool any = subject && subject->simulated;
    if ((f->requests || f->metrics) && !write_whole(cli, f, answer, option, any))
        return false;
    if (f->record && any && !cs_record_write(cli, answer, option, f->record))
        return false;
    if (f->record && !any)
        cs_diag_warning(&cli->diags, (struct cs_span){0}, NULL,
                        "--record: no fleet was simulated, so '%s' was not written", f->record);
    if (f->trace && any)
        return write_trace(cli, f, answer, option);
    if (f->trace)
        cs_diag_warning(&cli->diags, (struct cs_span){0}, NULL,
                        "--trace: no option was simulated, so '%s' is not written", f->trace);
    return true;
}
