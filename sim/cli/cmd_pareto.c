/* capsim pareto: what latency costs, over hardware, precision, parallelism and engine settings.
 *
 * Hardware and precision are those of the scenario's options, every size of tensor parallelism that
 * fits is tried, and --vary adds any key; unless told otherwise the engine's limits of batches.
 */
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/pareto.h"
#include <string.h>

struct asked {
    struct cs_opt_list sets, vary;
    const char *latency, *svg;
    unsigned long long threads;
    bool json, quiet;
};

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *a, const char **path)
{
    const struct cs_opt options[] = {
        {"latency", 0, CS_OPT_TEXT, "WHICH", "ttft, tpot or e2e (default), its p95", &a->latency},
        {"vary", 0, CS_OPT_LIST, "KEY=VALUES",
         "a key and the values it takes (default: the engine's limits of batches); may be repeated",
         &a->vary},
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &a->sets},
        {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)",
         &a->threads},
        {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON, with all fleets", &a->json},
        {"svg", 0, CS_OPT_TEXT, "FILE", "write the drawing", &a->svg},
        {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &a->quiet},
    };
    const struct cs_opt_usage usage = {
        "pareto SCENARIO [--latency WHICH] [--vary KEY=VALUES]... [options]",
        "Finds the fleets of which no other that meets the SLO is both cheaper and faster: what "
        "less latency costs, over the scenario's hardware and precisions, sizes of tensor "
        "parallelism, engine settings and numbers of replicas.",
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
    return -1;
}

static bool read_latency(struct cs_cli *cli, const char *text, enum cs_metric *metric)
{
    static const struct {
        const char *name;
        enum cs_metric metric;
    } known[] = {{"ttft", CS_METRIC_TTFT}, {"tpot", CS_METRIC_TPOT}, {"e2e", CS_METRIC_E2E}};
    *metric = CS_METRIC_E2E;
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, text) == 0) {
            *metric = known[i].metric;
            return true;
        }
    cs_diag_error(&cli->diags, (struct cs_span){0}, "ttft, tpot or e2e",
                  "--latency: '%s' is none that is known", text);
    return false;
}

/* What is varied: as asked, or the engine's limits where the scenario leaves them open. */
static bool read_varied(struct cs_cli *cli, const struct asked *a, const struct cs_study *study,
                        struct cs_range **list, size_t *count)
{
    static const char *const limits[] = {"deploy.max_num_batched_tokens=2048,8192,16384",
                                         "deploy.max_num_seqs=64,256"};
    const char *const *texts = a->vary.items;
    *count = a->vary.count;
    if (a->vary.count == 0) {
        bool open = true;
        for (size_t i = 0; i < study->scenario->option_count; i++)
            open &= !study->scenario->options[i].engine->slots;
        texts = limits;
        *count = open ? sizeof limits / sizeof limits[0] : 0;
    }
    *list = cs_arena_alloc(cli->arena, *count + 1, sizeof **list);
    bool sound = true;
    for (size_t i = 0; i < *count; i++) {
        struct cs_range *const r = &(*list)[i];
        if (!cs_range_parse(r, texts[i], "--vary", cli->arena, &cli->diags)) {
            sound = false;
        } else if (r->count == 0) {
            cs_diag_error(&cli->diags, (struct cs_span){0}, "such as 1k..16k:5",
                          "--vary: '%s' needs a number of steps", texts[i]);
            sound = false;
        }
    }
    return sound;
}

static int run(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {.latency = NULL};
    const char *path;
    const int status = parse(cli, argc, argv, &a, &path);
    if (status >= 0)
        return status;
    struct cs_study study;
    struct cs_progress progress;
    struct cs_pareto p;
    struct cs_range *varied;
    size_t count;
    enum cs_metric metric;
    if (a.svg)
        cs_file_check(a.svg, "--svg", &cli->diags);
    bool sound = read_latency(cli, a.latency, &metric);
    sound &= cs_study_open(&study, cli->program, path, a.sets.items, a.sets.count, (int)a.threads,
                           cli->arena, &cli->diags);
    sound =
        sound && read_varied(cli, &a, &study, &varied, &count) && !cs_diags_has_errors(&cli->diags);
    cs_progress_init(&progress, a.quiet);
    study.progress = cs_progress_show;
    study.progress_user = &progress;
    sound = sound && cs_pareto_run(&p, &study, metric, varied, count, cli->arena, &cli->diags);
    cs_progress_fini(&progress);
    struct cs_file file;
    if (sound && a.svg && cs_file_open(&file, a.svg, "--svg", &cli->diags)) {
        cs_pareto_print_svg(&p, file.file);
        cs_file_close(&file, "--svg", &cli->diags);
    }
    int result = CS_EXIT_NO;
    if (cs_diags_has_errors(&cli->diags)) {
        result = cs_cli_fail(cli);
    } else {
        if (a.json)
            cs_pareto_print_json(&p, stdout);
        else
            cs_pareto_print(&p, &cli->out);
        result = p.front_count > 0 ? CS_EXIT_YES : CS_EXIT_NO;
    }
    cs_study_close(&study);
    return result;
}

const struct cs_command cs_command_pareto = {
    "pareto", "what less latency costs: the front over hardware, precision, sizes and settings",
    run};
