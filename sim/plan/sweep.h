/* Sweep: a scenario at every point of a grid, or of a sample of it.
 *
 * Axes are ranges (plan/range.h). A grid has one point for each combination of their values, the
 * first axis slowest; a sample has so many points that cover all axes evenly: a Latin hypercube
 * (McKay, Beckman and Conover 1979), or Sobol's sequence. Points are planned by worker threads, and
 * under MPI by other processes, in any order; each is committed to the store as soon as its answer
 * is there.
 *
 * The rule: what a point is depends on its number alone, and its answer on the point alone. So any
 * number of threads, processes, kills and shards gives the same rows.
 */
#ifndef CS_PLAN_SWEEP_H
#define CS_PLAN_SWEEP_H
#include "plan/range.h"
#include "plan/store.h"
#include "plan/study.h"

enum cs_sampling { CS_SAMPLING_GRID, CS_SAMPLING_LHS, CS_SAMPLING_SOBOL };
enum { CS_SWEEP_AXES = 16 };

struct cs_sweep {
    struct cs_study *study;
    struct cs_range axes[CS_SWEEP_AXES];
    int axis_count;
    enum cs_sampling sampling;
    size_t points;
    int shard, shards; /* this process plans points p with p % shards == shard; 0 of 1: all */
    enum cs_effort effort;
    const double *samples; /* points x axis_count, 0..1; NULL: a grid */
    struct cs_arena *arena;
};

/* Reads axes ("key=values") and sampling ("lhs:200", "sobol:256", or NULL), and checks that each
 * value of each axis makes a sound scenario. False: errors in diags. */
bool cs_sweep_prepare(struct cs_sweep *sweep, struct cs_study *study, const char *const *axes,
                      size_t axis_count, const char *sampling, struct cs_arena *arena,
                      struct cs_diags *diags);
/* The values of a point, one an axis. */
void cs_sweep_values(const struct cs_sweep *sweep, size_t point, struct cs_arena *arena,
                     const char **values);
/* What the sweep is, for its store; the seed and all else is in the scenario's text. */
const struct cs_store_head *cs_sweep_head(const struct cs_sweep *sweep, const char *const *sets,
                                          size_t set_count, struct cs_arena *arena, size_t *count);

/* Texts of a point, malloc'd: its values, and its answer (diags where there is none). */
struct cs_sweep_print {
    char *(*values)(const struct cs_sweep *sweep, const char *const *values);
    char *(*answer)(const struct cs_answer *answer, const struct cs_diags *diags);
};
/* Plans the points that the store lacks. False: the store could not be written (diags). Under MPI
 * every process calls this; `store` is NULL but on rank 0. */
bool cs_sweep_run(struct cs_sweep *sweep, struct cs_store *store,
                  const struct cs_sweep_print *print, struct cs_diags *diags);
/* Points of this shard. */
size_t cs_sweep_share(const struct cs_sweep *sweep);

#endif
