/* capsim check: is this file right?
 *
 * Any kind of file that capsim reads: scenarios and the sheets of the catalogue, told apart by
 * their keys, and records of runs. All files are checked, whatever the first ones say; the sound
 * ones are named on standard output, what is wrong goes to standard error. Nothing is simulated.
 */
#include "cli/opt.h"
#include "cli/record.h"
#include "spec/catalog.h"

static int check(struct cs_cli *cli, int argc, char **argv)
{
    static const char *const kinds[CS_SHEET_COUNT] = {"model", "API",     "hardware", "engine",
                                                      "host",  "traffic", "region",   "scenario"};
    const struct cs_opt_usage usage = {
        "check FILE...",
        "Checks scenarios and sheets: keys, units, ranges, the sheets they name, and whether "
        "their parts agree. Exit status 3: something is wrong in a file; 4: a file cannot be "
        "read.",
        NULL, 0, 1, -1, "at least one file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    for (int i = 0; i < words.count; i++) {
        const size_t before = cli->diags.errors;
        if (cs_record_is(words.items[i])) { /* its sheets are its own */
            struct cs_record record;
            if (cs_record_load(cli, cs_catalog_open(cli->arena, cli->program), words.items[i],
                               &record))
                cs_text_printf(&cli->out, "%s: ok (record)\n", words.items[i]);
            continue;
        }
        const int kind = cs_catalog_check(catalog, words.items[i], &cli->diags);
        if (kind >= 0 && cli->diags.errors == before)
            cs_text_printf(&cli->out, "%s: ok (%s)\n", words.items[i], kinds[kind]);
    }
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    cs_diags_print(&cli->diags, stderr);
    return CS_EXIT_YES;
}

const struct cs_command cs_command_check = {
    "check", "is this file right? for scenarios and every kind of sheet", check};
