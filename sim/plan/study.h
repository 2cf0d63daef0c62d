/* Study: many variants of one scenario, each planned like the scenario itself.
 *
 * A variant is the scenario's tree with further settings ("traffic.volume=40M tokens/day"), read
 * and checked anew: whatever a scenario may say can vary. Sweeps, crossovers, uncertain inputs and
 * searches over settings are all lists of variants. They run in parallel, one thread a variant;
 * each thread has a catalogue of its own and each variant an arena that is dropped after `take` has
 * copied what it wants.
 *
 * The rule: what a variant's answer is depends on the variant alone, not on threads or on what else
 * was asked. A variant that is no sound scenario has no answer, and its errors instead.
 */
#ifndef CS_PLAN_STUDY_H
#define CS_PLAN_STUDY_H
#include "plan/plan.h"

struct cs_variant {
    const char *const *sets; /* "key=value", in this order */
    size_t set_count;
    enum cs_effort effort;
    int only;        /* an option alone, counted from 1; 0: all */
    const double *z;       /* see cs_plan_settings, as for what follows */
    struct cs_given given;
};

struct cs_study {
    const char *program, *path;
    const struct cs_node *root;         /* of the scenario, --set applied */
    const struct cs_scenario *scenario; /* the variant without settings */
    const struct cs_trace *trace;       /* that it replays, or NULL */
    uint64_t digest; /* of the sheets and traces of all variants that cs_study_resolve has seen */
    const char *option; /* of the command line that variants come from, for errors: "--vary" */
    struct cs_arena *arena;
    int threads;
    struct cs_study_worker *workers;                                   /* one a thread */
    void (*progress)(void *user, double done_share, const char *what); /* NULL: none */
    void *progress_user;
};

/* Called by the thread that planned variant `index`; `answer` is NULL where `diags` has errors.
 * Both are gone when it returns. */
typedef void cs_study_take(void *user, size_t index, const struct cs_answer *answer,
                           const struct cs_diags *diags);

/* False: what is wrong with the scenario is in diags. */
bool cs_study_open(struct cs_study *study, const char *program, const char *path,
                   const char *const *sets, size_t set_count, int threads, struct cs_arena *arena,
                   struct cs_diags *diags);
void cs_study_close(struct cs_study *study);
/* Plans variants[0 .. count). */
void cs_study_run(struct cs_study *study, const struct cs_variant *variants, size_t count,
                  cs_study_take *take, void *user);
/* One variant, by thread `worker`. */
void cs_study_plan(struct cs_study *study, int worker, const struct cs_variant *variant,
                   size_t index, cs_study_take *take, void *user);
/* The variant as a sealed scenario, in the study's arena; NULL: errors in diags. */
const struct cs_scenario *cs_study_resolve(struct cs_study *study, const struct cs_variant *variant,
                                           struct cs_diags *diags);

#endif
