/* capsim show: one sheet of the catalogue, each figure with its source.
 *
 * A name is looked up in all kinds; if two kinds know it, both are shown. A file is of the kind
 * that its keys are. An unknown name lists the names that contain it, or else the nearest one.
 */
#include <string.h>
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "out/sheet.h"

enum { SUGGESTED_MOST = 8 };

static int unknown(struct cs_cli *cli, struct cs_catalog *catalog, const char *name)
{
    const char *containing = "", *near = NULL;
    size_t found = 0;
    for (int k = 0; k < CS_SHEET_COUNT; k++) {
        size_t count;
        const char *const *const names = cs_catalog_names(catalog, (enum cs_sheet_kind)k, &count);
        for (size_t i = 0; i < count; i++) {
            if (!*name || !strstr(names[i], name))
                continue;
            if (found < SUGGESTED_MOST)
                containing = cs_arena_printf(cli->arena, "%s%s%s", containing, found ? ", " : "",
                                             names[i]);
            found++;
        }
        if (!near)
            near = cs_suggest(name, names, count);
    }
    const char *hint = "`capsim list` has them all";
    if (found)
        hint = cs_arena_printf(cli->arena, "did you mean %s%s?", containing,
                               found > SUGGESTED_MOST ? ", ..." : "");
    else if (near)
        hint = cs_arena_printf(cli->arena, "did you mean '%s'?", near);
    cs_diag_error(&cli->diags, (struct cs_span){0}, hint, "nothing in the catalogue is called '%s'",
                  name);
    return CS_EXIT_INPUT;
}

static int show(struct cs_cli *cli, int argc, char **argv)
{
    const struct cs_opt_usage usage = {
        "show NAME",
        "Shows a sheet of the catalogue: each figure with its source, every price with its date, "
        "and for models what was measured. `capsim list` has the names.",
        NULL, 0, 1, 1, "the name of a sheet"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    const char *const name = words.items[0];
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    const char *const at = cs_catalog_path(catalog, CS_SHEET_MODEL, name);
    const bool is_file = at && cs_catalog_is_path(name) && strcmp(at, name) == 0;
    const int kind = is_file ? cs_catalog_check(catalog, name, &cli->diags) : -1;
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    bool known = false;
    for (int k = 0; k < CS_SHEET_COUNT; k++) {
        const char *const path = cs_catalog_path(catalog, (enum cs_sheet_kind)k, name);
        if (!path || (is_file && k != kind))
            continue;
        if (known)
            cs_text_put(&cli->out, "\n");
        known = true;
        if (k == CS_SHEET_SCENARIO)
            cs_text_printf(&cli->out, "%s is a scenario: `capsim explain %s` shows it, `capsim run "
                                      "%s` answers it.\n", name, path, path);
        else
            cs_sheet_print(catalog, (enum cs_sheet_kind)k, name, &cli->out, &cli->diags);
    }
    if (!known)
        unknown(cli, catalog, name);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    return CS_EXIT_YES;
}

const struct cs_command cs_command_show = {
    "show", "one sheet of the catalogue, each figure with its source", show};
