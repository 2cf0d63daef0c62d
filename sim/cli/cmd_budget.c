/* capsim capacity and capsim budget: what a fleet can take, and what money buys.
 *
 * They share a file because they share everything but the question: a study is opened, fleets are
 * made of GPUs or of money, and how far each goes is printed as a table or as JSON.
 */
#include "base/unit.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/budget.h"
#include <math.h>
#include <string.h>

struct asked {
    struct cs_opt_list sets;
    const char *spend;
    unsigned long long gpus, threads;
    bool json, quiet, brief, all;
};

/* The options that both have, behind the first two of each. */
/* clang-format off */
/* clang-format off */
#define SHARED_OPTIONS(a) \
    {"all-sizes", 0, CS_OPT_FLAG, NULL, "every size of tensor parallelism, not the best alone", \
     &(a)->all}, \
    {"brief", 0, CS_OPT_FLAG, NULL, "without the model's error", &(a)->brief}, \
    {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated", \
     &(a)->sets}, \
    {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)", \
     &(a)->threads}, \
    {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON", &(a)->json}, \
    {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &(a)->quiet}
/* clang-format on */

static bool open_study(struct cs_cli *cli, const struct asked *a, const char *path,
                       struct cs_progress *progress, struct cs_study *study)
{
    if (!cs_study_open(study, cli->program, path, a->sets.items, a->sets.count, (int)a->threads,
                       cli->arena, &cli->diags))
        return false;
    study->progress = cs_progress_show;
    study->progress_user = progress;
    return true;
}

static int run_capacity(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {.gpus = 0};
    const struct cs_opt options[] = {
        {"gpus", 0, CS_OPT_COUNT, "N",
         "GPUs of each fleet (default: what the options give, else one replica)", &a.gpus},
        SHARED_OPTIONS(&a)};
    const struct cs_opt_usage usage = {
        "capacity SCENARIO [--gpus N] [options]",
        "Finds the most traffic that a fleet can take and still meet the SLO, in tokens a day, per "
        "GPU and for a dollar, and the share of it from which on it costs less than each API.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    if (a.gpus > 1000000)
        cs_diag_error(&cli->diags, (struct cs_span){0}, "up to 1000000",
                      "--gpus: '%llu' is out of range", a.gpus);
    struct cs_progress progress;
    struct cs_study study;
    struct cs_capacity c;
    cs_progress_init(&progress, a.quiet);
    const bool sound =
        open_study(cli, &a, words.items[0], &progress, &study) &&
        !cs_diags_has_errors(&cli->diags) &&
        cs_capacity_run(&c, &study, (long)a.gpus, a.brief, a.all, cli->arena, &cli->diags);
    cs_progress_fini(&progress);
    int result = sound ? CS_EXIT_NO : cs_cli_fail(cli);
    if (sound) {
        if (a.json)
            cs_capacity_print_json(&c, stdout);
        else
            cs_capacity_print(&c, &cli->out);
        result = c.count > 0 && !isnan(c.fleets[0].at) ? CS_EXIT_YES : CS_EXIT_NO;
    }
    cs_study_close(&study);
    return result;
}

/* The budget in USD a day, in any currency that the scenario has a rate of. */
static bool read_spend(struct cs_cli *cli, const char *text, const struct cs_study *study,
                       double *usd_per_day)
{
    struct cs_unit_error error;
    double per_s;
    if (!cs_unit_parse_money(text, strlen(text), CS_UNIT_USD_PER_S,
                             study->scenario->cost.currencies, &per_s, &error)) {
        cs_diag_error(&cli->diags, (struct cs_span){0},
                      "such as --spend '500 USD/day' or '20000 USD/month'", "--spend: %s",
                      error.message);
        return false;
    }
    *usd_per_day = per_s * 86400.0;
    if (!(*usd_per_day > 0.0))
        cs_diag_error(&cli->diags, (struct cs_span){0}, "more than nothing",
                      "--spend: '%s' is out of range", text);
    return *usd_per_day > 0.0;
}

static int run_budget(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {.spend = NULL};
    const struct cs_opt options[] = {{"spend", 0, CS_OPT_TEXT, "AMOUNT",
                                      "the most to be spent, such as '500 USD/day'", &a.spend},
                                     SHARED_OPTIONS(&a)};
    const struct cs_opt_usage usage = {
        "budget SCENARIO --spend AMOUNT [options]",
        "Finds the best SLO under a budget: of each option the largest fleet that the money pays "
        "for, and by how much its limits could be tightened, or would have to be loosened.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    if (a.spend == NULL) {
        fprintf(stderr,
                "capsim: error: budget: --spend is missing, such as --spend '500 USD/day'\n"
                "      = usage: capsim %s\n",
                usage.words);
        return CS_EXIT_USAGE;
    }
    struct cs_progress progress;
    struct cs_study study;
    struct cs_budget b;
    double usd_per_day;
    cs_progress_init(&progress, a.quiet);
    const bool sound = open_study(cli, &a, words.items[0], &progress, &study) &&
                       read_spend(cli, a.spend, &study, &usd_per_day);
    int result = CS_EXIT_NO;
    if (sound)
        cs_budget_run(&b, &study, usd_per_day, a.brief, a.all, cli->arena);
    cs_progress_fini(&progress);
    if (!sound) {
        result = cs_cli_fail(cli);
    } else {
        if (a.json)
            cs_budget_print_json(&b, stdout);
        else
            cs_budget_print(&b, &cli->out);
        const bool slo = study.scenario->slo.count > 0;
        result = b.count > 0 && b.fleets[0].here.simulated && (!slo || b.fleets[0].at <= 1.0)
                     ? CS_EXIT_YES
                     : CS_EXIT_NO;
    }
    cs_study_close(&study);
    return result;
}

const struct cs_command cs_command_capacity = {
    "capacity", "the most traffic a fleet can take, per GPU and for a dollar", run_capacity};
const struct cs_command cs_command_budget = {
    "budget", "the best SLO that money buys, and the fleet that keeps it", run_budget};
