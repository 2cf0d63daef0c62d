/* capsim sensitivity: which uncertain inputs matter, and what to choose all the same.
 *
 * Draws of all inputs together give the spread of the answer, how often each choice is the cheapest
 * and its regret; a tornado moves one input at a time. `capsim run` of a scenario with `uncertain`
 * prints the first part too.
 */
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/uncertainty.h"
#include <string.h>

struct asked {
    struct cs_opt_list sets;
    const char *against, *range;
    unsigned long long samples, threads;
    bool json, quiet, brief;
};

static int sensitivity(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {.samples = 0};
    const struct cs_opt options[] = {
        {"samples", 0, CS_OPT_COUNT, "N", "draws (default: simulate.samples, 128)", &a.samples},
        {"against", 0, CS_OPT_TEXT, "API", "the API of the crossover that the tornado shows",
         &a.against},
        {"range", 0, CS_OPT_TEXT, "A..B", "of the volume in which that is looked for", &a.range},
        {"brief", 0, CS_OPT_FLAG, NULL, "without the crossover", &a.brief},
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &a.sets},
        {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)",
         &a.threads},
        {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON", &a.json},
        {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &a.quiet},
    };
    const struct cs_opt_usage usage = {
        "sensitivity SCENARIO [--samples N] [--against API] [options]",
        "Plans a scenario for many draws of its `uncertain` inputs, and of step times by the "
        "model's own error: what a day costs then, how often each option and API is the cheapest, "
        "and which one would be regretted least. A tornado shows which input moves the cost and "
        "the crossover most.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    struct cs_study study;
    const bool sound = cs_study_open(&study, cli->program, words.items[0], a.sets.items,
                                     a.sets.count, (int)a.threads, cli->arena, &cli->diags);
    bool known = a.against == NULL;
    for (size_t i = 0; sound && a.against && i < study.scenario->compare_count; i++)
        known |= strcmp(study.scenario->compare[i].api->name, a.against) == 0;
    if (sound && !known)
        cs_diag_error(&cli->diags, (struct cs_span){0}, "name one of its `compare`",
                      "--against: the scenario does not compare with '%s'", a.against);
    if (sound && a.samples != 0 && (a.samples < 10 || a.samples > 100000))
        cs_diag_error(&cli->diags, (struct cs_span){0}, "from 10 to 100000",
                      "--samples: '%llu' is out of range", a.samples);
    if (cs_diags_has_errors(&cli->diags)) {
        cs_study_close(&study);
        return cs_cli_fail(cli);
    }
    struct cs_progress progress;
    cs_progress_init(&progress, a.quiet);
    study.progress = cs_progress_show;
    study.progress_user = &progress;
    struct cs_uncertainty u;
    const struct cs_uncertainty_settings settings = {.samples = (size_t)a.samples,
                                                     .tornado = true,
                                                     .crossover = !a.brief,
                                                     .against = a.against,
                                                     .range = a.range};
    const bool done = cs_uncertainty_run(&u, &study, &settings, cli->arena, &cli->diags);
    cs_progress_fini(&progress);
    if (!done) {
        cs_study_close(&study);
        return cs_cli_fail(cli);
    }
    if (a.json) {
        cs_uncertainty_print_json(&u, stdout);
    } else {
        cs_text_edges(&cli->out, study.scenario->name, "sensitivity");
        cs_text_put(&cli->out, "\n");
        cs_uncertainty_print(&u, &cli->out);
    }
    cs_study_close(&study);
    return u.feasible > 0 ? CS_EXIT_YES : CS_EXIT_NO;
}

const struct cs_command cs_command_sensitivity = {
    "sensitivity", "which uncertain inputs matter, who is the cheapest how often, least regret",
    sensitivity};
