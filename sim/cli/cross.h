/* A crossover for a command: of a scenario's file with its settings, along an axis.
 *
 * `crossover` prints it, and the page of `run --html` shows it.
 * Everything is in the command's arena.
 */
#ifndef CS_CLI_CROSS_H
#define CS_CLI_CROSS_H
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "plan/crossover.h"

struct cs_cross {
    const char *path;
    struct cs_opt_list sets;
    const char *axis, *range; /* range NULL: around where the scenario stands */
    int threads;
    struct cs_crossover_settings settings;
    struct cs_progress *progress;
};

/* False: why not is in diags. */
bool cs_cross(struct cs_crossover *c, const struct cs_cross *asked, struct cs_cli *cli,
              struct cs_diags *diags);

#endif
