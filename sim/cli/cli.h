/* The command line: what every command gets, and the table of commands.
 *
 * A command is one file, cmd_<name>.c, with one const entry; main.c holds the table. A command
 * parses its own words with opt.h and returns its exit status:
 *
 *     0 yes   1 the answer is no   2 usage   3 bad input   4 file   (134: our bug, by abort)
 *
 * The one rule: results go to standard output, everything else to standard error, and nothing is
 * written unless all of the input was sound. The arena lives as long as the command.
 */
#ifndef CS_CLI_CLI_H
#define CS_CLI_CLI_H
#include "base/arena.h"
#include "base/diag.h"
#include "out/text.h"

enum { CS_EXIT_YES, CS_EXIT_NO, CS_EXIT_USAGE, CS_EXIT_INPUT, CS_EXIT_FILE };

struct cs_catalog;
struct cs_cli {
    struct cs_arena *arena;
    const char *program;   /* argv[0], for the catalogue's search path */
    struct cs_text out;    /* standard output in its style */
    struct cs_diags diags; /* for the whole command */
};

struct cs_command {
    const char *name, *summary;
    /* argv[0] is the command's name. */
    int (*run)(struct cs_cli *cli, int argc, char **argv);
};
extern const struct cs_command cs_command_run, cs_command_sweep, cs_command_crossover,
    cs_command_sensitivity, cs_command_capacity, cs_command_budget, cs_command_pareto,
    cs_command_claims, cs_command_check, cs_command_list, cs_command_show, cs_command_explain,
    cs_command_fits, cs_command_validate, cs_command_calibrate, cs_command_view;

/* Prints the diagnostics and returns their exit status. */
int cs_cli_fail(const struct cs_cli *cli);

#endif
