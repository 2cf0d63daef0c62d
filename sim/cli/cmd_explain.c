/* capsim explain: what a scenario assumes, and where each second of a step goes.
 *
 * With --keys it prints the reference of scenario keys instead, as Markdown, from the tables that
 * check them: docs/scenario.md is that text. Nothing is simulated.
 */
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/record.h"
#include "out/explain.h"
#include "serve/workload.h"
#include "spec/catalog.h"
#include "spec/tables.h"

/* The reference: an introduction, then the table of the scenario with all below it. */
static int print_keys(void)
{
    fputs("# The scenario file\n\n"
          "A scenario is one YAML file that asks one question. Every value with a dimension "
          "carries its unit\n(`150 ms`, `50M tokens/day`, `2.50 USD/h`); a bare number there is "
          "an error. `capsim check FILE`\nsays what is wrong, `capsim explain FILE` what was "
          "assumed, and `--set key=value` changes a key\nfor one run "
          "(`--set deploy.hardware=h200-sxm-141gb`).\n\n"
          "`deploy` is one option or a list of them; a list as the value of one of its keys "
          "multiplies out.\n\nPrinted by `capsim explain --keys`.\n\n", stdout);
    cs_table_print(&cs_table_scenario, "", stdout);
    return CS_EXIT_YES;
}

static int explain(struct cs_cli *cli, int argc, char **argv)
{
    struct cs_opt_list sets = {0};
    bool keys = false;
    const struct cs_opt options[] = {
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &sets},
        {"keys", 0, CS_OPT_FLAG, NULL, "print the reference of all keys, as Markdown", &keys},
    };
    const struct cs_opt_usage usage = {
        "explain SCENARIO [--set KEY=VALUE]... | explain --keys",
        "Prints what a scenario takes for granted, what fits into the memory of each GPU, and the "
        "parts of a step: weights, compute, KV cache, communication, overhead, and which of them "
        "binds.",
        options, sizeof options / sizeof options[0], 0, 1, "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    if (keys && !words.count)
        return print_keys();
    if (keys || !words.count) {
        fprintf(stderr, "capsim: error: explain: %s\n      = usage: capsim %s\n",
                keys ? "--keys takes no scenario" : "needs a scenario file", usage.words);
        return CS_EXIT_USAGE;
    }
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_record record;
    const struct cs_scenario *const s =
        cs_record_open(cli, catalog, words.items[0], &sets, &record);
    if (!s || cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    struct cs_trace trace = {0};
    const bool replays = s->traffic.kind == CS_VOLUME_TRACE;
    if (record.trace)
        trace = *record.trace;
    else if (replays && !cs_trace_read(s->traffic.trace_path, cli->arena, &trace, &cli->diags,
                                  cs_span_of(s->node, "traffic.trace")))
        return cs_cli_fail(cli);
    struct cs_workload_spec workload;
    cs_workload_prepare(&workload, &s->traffic, &s->simulate, replays ? &trace : NULL);
    cs_diags_print(&cli->diags, stderr);
    cs_explain_print(s, workload.mean_input, workload.mean_output, &cli->out);
    return CS_EXIT_YES;
}

const struct cs_command cs_command_explain = {
    "explain", "what a scenario assumes, what fits, and where each second of a step goes", explain};
