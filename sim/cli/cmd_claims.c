/* capsim claims: what somebody says of scenarios, put to the test.
 *
 * Each scenario named holds a `claim`; its figures are answered and its sums done. All files are
 * read and checked before the first is simulated.
 */
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/claims.h"

static int run(struct cs_cli *cli, int argc, char **argv)
{
    bool json = false, markdown = false, quiet = false;
    const char *prefix = "";
    unsigned long long threads = 0;
    const struct cs_opt options[] = {
        {"markdown", 0, CS_OPT_FLAG, NULL, "print as Markdown", &markdown},
        {"prefix", 0, CS_OPT_TEXT, "PATH", "before the scenarios' paths in its links", &prefix},
        {"json", 0, CS_OPT_FLAG, NULL, "print as JSON", &json},
        {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)",
         &threads},
        {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &quiet},
    };
    const struct cs_opt_usage usage = {
        "claims SCENARIO... [options]",
        "Puts what somebody says to the test: the figures and sums under `claim` of each scenario, "
        "beside capsim's answers with their intervals, and a verdict.",
        options, sizeof options / sizeof options[0], 1, -1, "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    const size_t n = (size_t)words.count;
    struct cs_study *const studies = cs_arena_alloc(cli->arena, n, sizeof *studies);
    struct cs_trial_of_claim *const trials = cs_arena_alloc(cli->arena, n, sizeof *trials);
    struct cs_progress progress;
    cs_progress_init(&progress, quiet);
    for (size_t i = 0; i < n; i++) {
        if (!cs_study_open(&studies[i], cli->program, words.items[i], NULL, 0, (int)threads,
                           cli->arena, &cli->diags))
            continue;
        if (studies[i].scenario->claim == NULL)
            cs_diag_error(
                &cli->diags, (struct cs_span){0},
                "add one, such as claim: {says: ..., figures: [{figure: gpus, claimed: 20}]}",
                "%s has no `claim`", words.items[i]);
        studies[i].progress = cs_progress_show;
        studies[i].progress_user = &progress;
    }
    bool sound = !cs_diags_has_errors(&cli->diags);
    for (size_t i = 0; i < n && sound; i++)
        sound = cs_claims_run(&trials[i], &studies[i], cli->arena, &cli->diags);
    cs_progress_fini(&progress);
    if (sound && json)
        cs_claims_print_json(trials, n, stdout);
    else if (sound && markdown)
        cs_claims_print_markdown(trials, n, prefix, stdout);
    else if (sound)
        cs_claims_print(trials, n, &cli->out);
    bool all = true;
    for (size_t i = 0; i < n; i++) {
        all &= sound && trials[i].verdicts[CS_CLAIM_HOLDS] == trials[i].count &&
               trials[i].sums_wrong == 0;
        cs_study_close(&studies[i]);
    }
    return !sound ? cs_cli_fail(cli) : all ? CS_EXIT_YES : CS_EXIT_NO;
}

const struct cs_command cs_command_claims = {
    "claims", "what somebody says of a scenario, put to the test", run};
