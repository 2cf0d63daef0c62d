/* Manifest: what recorded runs do not say of themselves.
 *
 * A recording has arrivals, prompt lengths and latencies. It does not say which prompts were the
 * same, how many tokens were truly generated (clients count a detokenised text again), when the
 * client gave up, or how tokens were sampled. A small YAML file declares that by workload
 * (scenarios/validation/vllm-runs.yaml, or manifest.yaml beside the recordings).
 *
 * A workload also has a nominal profile, so that runs of which only figures are known can be drawn:
 * stages of a constant rate, each with exactly rate x duration requests at uniform instants (a
 * Poisson process given its count), and prompts of normal length that recur in a cycle.
 * Memory: the arena given. Not here: reading recordings (read_runs.c).
 */
#ifndef CS_FIT_MANIFEST_H
#define CS_FIT_MANIFEST_H
#include "spec/trace_csv.h"

struct cs_manifest_stage {
    double rate; /* requests/s */
    double duration_s;
};
struct cs_manifest_workload {
    const char *name;
    int output;               /* tokens of every answer */
    double prompt, prompt_sd; /* tokens; 0: not known, and nothing can be drawn */
    const struct cs_manifest_stage *stages;
    size_t stage_count;
};
struct cs_manifest {
    const char *name;
    int prompts; /* that recur in a cycle; 0: none do */
    double patience_s;
    const struct cs_manifest_workload *workloads;
    size_t workload_count;
    const char *const *top_p; /* model sheets sampled so */
    size_t top_p_count;
    const struct cs_node *node;
};

/* NULL: the errors are in `diags`. */
const struct cs_manifest *cs_manifest_read(const char *path, struct cs_arena *arena,
                                           struct cs_diags *diags);
const struct cs_manifest_workload *cs_manifest_find(const struct cs_manifest *m, const char *name);
bool cs_manifest_top_p(const struct cs_manifest *m, const char *model);
/* Requests of a stage, and of all before it. */
size_t cs_manifest_requests(const struct cs_manifest_stage *stage);
size_t cs_manifest_before(const struct cs_manifest_workload *w, size_t stage);
/* The nominal run of a workload under one seed. */
void cs_manifest_draw(const struct cs_manifest *m, const struct cs_manifest_workload *w,
                      uint64_t seed, struct cs_arena *arena, struct cs_trace *trace);
/* Request i recurs as i + prompts, whole: fills the trace's prefix columns. */
void cs_manifest_recur(const struct cs_manifest *m, struct cs_arena *arena, struct cs_trace *trace);

#endif
