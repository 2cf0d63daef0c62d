/* capsim list: what is in the catalogue.
 *
 * One table a kind, or all of them. Sheets of the user's own directories (CAPSIM_PATH) are listed
 * with the others. A sheet that cannot be read is reported and makes the exit status 3; the others
 * are listed all the same.
 */
#include <string.h>
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "out/list.h"

/* The kind of that name, also in the singular ("model"); -1 for none. */
static int find_kind(const char *word)
{
    for (int k = 0; k < CS_SHEET_COUNT; k++) {
        const size_t length = strlen(cs_list_kinds[k]);
        if (strcmp(word, cs_list_kinds[k]) == 0 ||
            (cs_list_kinds[k][length - 1] == 's' && strlen(word) == length - 1 &&
             strncmp(word, cs_list_kinds[k], length - 1) == 0))
            return k;
    }
    return -1;
}

static int list(struct cs_cli *cli, int argc, char **argv)
{
    bool json = false;
    const struct cs_opt options[] = {
        {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON", &json},
    };
    const struct cs_opt_usage usage = {
        "list [models|hardware|apis|engines|hosts|traffic|regions|scenarios] [--json]",
        "Lists the sheets of the catalogue: what they are called in a scenario, and the figures "
        "one compares first. Without a kind, all of them. `capsim show NAME` has the rest.",
        options, sizeof options / sizeof options[0], 0, 1, ""};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    int first = 0, last = CS_SHEET_COUNT - 1;
    if (words.count) {
        first = last = find_kind(words.items[0]);
        if (first < 0) {
            const char *const near = cs_suggest(words.items[0], cs_list_kinds, CS_SHEET_COUNT);
            fprintf(stderr, "capsim: error: list: no kind of sheet '%s'\n      = %s%s%s\n",
                    cs_diag_escape(cli->arena, words.items[0], strlen(words.items[0])),
                    near ? "did you mean '"
                         : "models, hardware, apis, engines, hosts, traffic, regions or scenarios",
                    near ? near : "", near ? "'?" : "");
            return CS_EXIT_USAGE;
        }
    }
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_list lists[CS_SHEET_COUNT];
    for (int k = first; k <= last; k++)
        cs_list_build(&lists[k], catalog, (enum cs_sheet_kind)k, cli->arena, &cli->diags);
    size_t rows = 0;
    for (int k = first; k <= last; k++)
        rows += lists[k].row_count;
    if (!rows && !cs_diags_has_errors(&cli->diags)) {
        cs_diag_file(&cli->diags, (struct cs_span){0},
                     "CAPSIM_PATH names the folders that hold models/, hardware/, ...",
                     "no catalogue was found");
        return cs_cli_fail(cli);
    }
    if (json)
        cs_json_print_lists(&lists[first], (size_t)(last - first + 1), stdout);
    for (int k = first; !json && k <= last; k++) {
        if (k > first)
            cs_text_put(&cli->out, "\n");
        cs_list_print(&lists[k], &cli->out);
    }
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    return CS_EXIT_YES;
}

const struct cs_command cs_command_list = {
    "list", "what is in the catalogue: models, hardware, apis, engines, hosts, traffic, regions",
    list};
