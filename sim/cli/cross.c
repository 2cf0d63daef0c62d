/* A crossover for a command (see cross.h).
 *
 * The scenario is opened as a study, the axis read, and the crossover searched for; what the axis
 * or the scenario does not allow is an error before anything is simulated.
 * The study's threads end before it returns; its scenario stays for who prints.
 */
#include "cli/cross.h"
#include "plan/budget.h"

bool cs_cross(struct cs_crossover *c, const struct cs_cross *asked, struct cs_cli *cli,
              struct cs_diags *diags)
{
    struct cs_study *const study = cs_arena_alloc(cli->arena, 1, sizeof *study);
    struct cs_along along;
    bool sound = cs_study_open(study, cli->program, asked->path, asked->sets.items,
                               asked->sets.count, asked->threads, cli->arena, diags);
    if (sound && study->scenario->compare_count == 0) {
        cs_diag_error(diags, (struct cs_span){0}, "add `compare` to it, or --against API",
                      "the scenario compares with no API");
        sound = false;
    }
    sound = sound && cs_along_parse(&along, asked->axis, asked->range, study, cli->arena, diags);
    if (sound && along.kind == CS_ALONG_LOAD)
        sound = cs_capacity_along(&along, study, cli->arena, diags);
    if (sound) {
        study->progress = cs_progress_show;
        study->progress_user = asked->progress;
        cs_crossover_run(c, study, &along, &asked->settings, cli->arena);
    }
    cs_study_close(study);
    return sound;
}
