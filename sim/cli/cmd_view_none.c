/* capsim view, where it was built without SDL2: says so.
 *
 * Built in place of viz/, which then is not (Makefile), so that the command is known everywhere and
 * its absence is told by what is missing, not by a suggestion to type another.
 *
 * Exit status 2, as for a command that does not exist.
 */
#include <stdio.h>
#include "cli/cli.h"

static int run(struct cs_cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argc;
    (void)argv;
    fputs("capsim: error: view: this capsim was built without SDL2\n"
          "      = ./setup installs it (libsdl2-dev libsdl2-ttf-dev libpng-dev) and builds again\n",
          stderr);
    return CS_EXIT_USAGE;
}

const struct cs_command cs_command_view = {
    "view", "the day in a window: the fleet at work, live", run};
