/* Validation: predictions beside measurements, and how far they are apart.
 *
 * Every case is simulated once (on any number of threads) and its figures compared:
 *
 *     error = predicted / measured - 1
 *
 * Errors are summed up by model, hardware, engine, workload and kind as the median and mean of
 * their absolute values and, for the direction, the median of the signed ones. Whole runs alone
 * enter those; stages and other parts of runs have groups of their own. Output rates enter where
 * the engine sets them, not where the arrivals do.
 *
 * The one rule: what is left out of a median is shown apart and counted: overloaded runs, cases
 * that cannot run, and measured figures that physics rules out (below the floor of cs_case_floor).
 * Nothing here is fitted; whether the model's constants were fitted to the same data (in-sample)
 * is for the reader to know and docs/validation.md says it.
 * Memory: the arena given, and one arena a case until cs_validation_fini.
 */
#ifndef CS_FIT_VALIDATE_H
#define CS_FIT_VALIDATE_H
#include "fit/case.h"

struct cs_verdict {
    const struct cs_case *of;
    const char *reason; /* why it could not run; NULL: it ran */
    double predicted[CS_FIGURE_COUNT], floor[CS_FIGURE_COUNT];
    double error[CS_FIGURE_COUNT];     /* NaN: nothing to compare */
    bool impossible[CS_FIGURE_COUNT];  /* the measured figure beats the floor: not compared */
    bool below_floor[CS_FIGURE_COUNT]; /* the predicted one does: an error of the model */
    struct cs_request_log log; /* of the first trace, when requests were measured one by one */
    struct cs_arena arena;
};

enum cs_group_by {
    CS_BY_ALL,
    CS_BY_SOURCE, /* recorded runs, and tables by the quality of their rows */
    CS_BY_KIND,
    CS_BY_WORKLOAD, /* of recorded runs, not of rows of tables */
    CS_BY_MODEL,
    CS_BY_HARDWARE,
    CS_BY_ENGINE,
    CS_BY_PART, /* of runs that have parts */
    CS_BY_COUNT
};
extern const char *const cs_group_names[CS_BY_COUNT];

struct cs_spread { /* of one figure's errors within a group */
    size_t count;
    double median_abs, mean_abs, median; /* NaN: none */
};
struct cs_group {
    enum cs_group_by by;
    const char *name;
    size_t cases;
    struct cs_spread figures[CS_FIGURE_COUNT];
};

struct cs_validation {
    const struct cs_cases *cases;
    struct cs_verdict *verdicts; /* one a case, in their order */
    struct cs_group *groups;
    size_t group_count;
    struct cs_cases unanswered; /* its skips: why cases could not run, counted by reason */
    size_t compared, overloaded, unable, impossible, below_floor;
};

/* `tick(user, share)`, when not NULL, is called by the calling thread between cases. */
void cs_validation_run(struct cs_validation *v, const struct cs_cases *cases, int threads,
                       struct cs_arena *arena, void (*tick)(void *user, double share), void *user);
void cs_validation_fini(struct cs_validation *v);
/* Whether a verdict counts in the medians of whole runs, or of parts. */
bool cs_verdict_counts(const struct cs_verdict *v);

#endif
