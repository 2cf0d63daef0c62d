/* Candidate: one option with its parallelism chosen, compiled and ready to be simulated; and a
 * trial, one simulation of so many replicas of it.
 *
 * Compiling (memory, step tables, engine limits, fluid capacity) happens once per candidate; trials
 * only read it, from any thread. A trial owns an arena with everything of its run in it, so trials
 * are dropped one by one. Trials of the same replication see identical traffic whatever the
 * candidate and the number of replicas (common random numbers).
 *
 * A candidate stands at a place of the model's error (perf/error.h): at z standard deviations its
 * steps take e^(z s) times as long, and its limits on first tokens are divided by e^(z s_ttft), by
 * what first tokens may be later beyond that. z = 0 is the model as it is.
 */
#ifndef CS_PLAN_CANDIDATE_H
#define CS_PLAN_CANDIDATE_H
#include "perf/memory.h"
#include "serve/cluster.h"

struct cs_candidate {
    const struct cs_option *option; /* with the experts that are resident chosen */
    int tensor_parallel;
    int gpus_per_replica; /* tensor x pipeline, or the expert ranks */
    struct cs_memory memory;
    const struct cs_model_error *error; /* NULL: not known, and z is 0 */
    double z, step_scale;               /* e^(z s) */
    struct cs_step step;
    struct cs_limits_engine limits;
    double capacity; /* fluid, requests/s of one replica */
    struct cs_limit slo[CS_RESULT_LIMITS];
    int64_t lost_wait_ps; /* a request older than this is a limit certainly missed; 0: none */
};

/* How much is simulated for an answer. What a report promises takes all of it; curves, samples and
 * searches over scenarios take less, and say so. */
enum cs_effort {
    CS_EFFORT_FULL,  /* the whole time, until the interval decides, at both ends of the error too */
    CS_EFFORT_BRIEF, /* the hours around the busiest one, until the interval decides */
    CS_EFFORT_SKETCH /* fewer of them, once */
};

/* What all trials of a plan share. */
struct cs_question {
    const struct cs_scenario *scenario;
    enum cs_effort effort;
    struct cs_workload_spec workload;
    double expected_requests; /* in one replication, unscaled */
    double scale; /* simulated fleet and traffic are 1 / scale of the real ones; 1 unless huge */
    struct cs_limit limits[CS_RESULT_LIMITS]; /* as asked */
    size_t limit_count;
    double window_s;           /* that the limits hold in */
    struct cs_run_options run; /* but for limits, lost_wait_ps and the log */
};

void cs_question_prepare(struct cs_question *q, const struct cs_scenario *scenario,
                         const struct cs_trace *trace);
/* Sets the scale, once the smallest fleet any option could do with is known. */
void cs_question_scale(struct cs_question *q, double fewest_replicas);
void cs_candidate_compile(struct cs_candidate *c, const struct cs_option *option,
                          int tensor_parallel, const struct cs_question *question,
                          struct cs_arena *arena);
/* The same at z standard deviations of the model's error, where that is known. */
void cs_candidate_compile_at(struct cs_candidate *c, const struct cs_option *option,
                             int tensor_parallel, double z, const struct cs_question *question,
                             struct cs_arena *arena);

/* How long a replica takes to read its weights from the host's disks; 0: none are known. */
int64_t cs_candidate_load_ps(const struct cs_candidate *c);

enum cs_trial_kind {
    CS_TRIAL_WEEK,    /* the scenario's traffic, to its end */
    CS_TRIAL_SCREEN,  /* its busiest day alone, or hours of it, stopped likewise */
    CS_TRIAL_SEARCH,  /* the same, stopped when the SLO is certainly missed */
    CS_TRIAL_UNLOADED, /* single requests on an idle replica: the best latency there is */
    CS_TRIAL_LEVEL     /* an even rate, that of a part of the hours: how busy replicas are then */
};
struct cs_trial {
    const struct cs_candidate *candidate;
    int replicas;
    uint64_t replication;
    enum cs_trial_kind kind;
    double requests_per_s; /* of a level, to the simulated replicas */
    struct cs_arena arena;
    const struct cs_result *result; /* NULL: not run yet */
};
/* Its cluster, with nothing simulated yet, for who runs it in steps; t->result fills as it runs. */
struct cs_cluster *cs_trial_open(struct cs_trial *t, const struct cs_question *question,
                                 struct cs_request_log *log);
void cs_trial_run(struct cs_trial *t, const struct cs_question *question,
                  struct cs_request_log *log);
void cs_trial_drop(struct cs_trial *t);

/* Hours of about the same rate: quantiles of the curve. */
struct cs_level {
    double share, requests_per_s; /* of the time; offered in it */
};
enum { CS_LEVELS = 5 };
/* The levels of the question's traffic; 0: its trials simulate all of it whatever the effort. */
int cs_question_levels(const struct cs_question *question, struct cs_level levels[CS_LEVELS]);

#endif
