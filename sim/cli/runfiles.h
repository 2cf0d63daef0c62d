/* The files that a run can leave beside its report: requests, a record, trace events, metrics.
 *
 * All of them look at one replication of one option, simulated once more. The rules
 * are those of cli/file.h: `check` before anything is simulated, in one go with what else is wrong;
 * each file appears whole or not at all. To add a file: a path here, its lines in runfiles.c.
 */
#ifndef CS_CLI_RUNFILES_H
#define CS_CLI_RUNFILES_H
#include "cli/cli.h"
#include "plan/plan.h"

struct cs_run_files { /* NULL: not asked for */
    const char *requests, *record, *trace, *trace_from, *trace_for, *metrics;
    const char *html; /* checked here, and written by the command */
    double from_s, for_s; /* of the trace, set by check; NaN: chosen */
};

/* Whether they can be written, are different, and none that the run reads (as `catalog` has it).
 * `scenario` may be NULL, when it is unsound itself. Errors go to the diagnostics. */
void cs_run_files_check(struct cs_cli *cli, struct cs_run_files *files,
                        const struct cs_scenario *scenario, const struct cs_catalog *catalog);
/* Writes those asked for; what was chosen is said on standard error. False: errors. */
bool cs_run_files_write(struct cs_cli *cli, const struct cs_run_files *files,
                        const struct cs_answer *answer);

#endif
