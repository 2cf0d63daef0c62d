/* Search: the fewest replicas of one option that meet the SLO, asked for in rounds.
 *
 * A search is a state machine: it says which trials it wants, the plan runs the wants of all
 * searches together on the pool, and the search absorbs them. Nothing in it depends on threads or
 * on the order in which trials ended.
 *
 *   1. Candidates: tensor-parallel sizes that fit, ordered by the fewest GPUs that could carry the
 *      busiest hour (fluid bound); one that cannot beat what is found is never simulated.
 *   2. Unloaded: single requests on an idle replica. If those miss the SLO no fleet can meet it.
 *   3. Screen: the busiest day of one replication; replicas grow by doubling steps until they pass,
 * then bisection.
 *   4. Decide: 6, 12, 24 replications (4, 6, 12 of over 5 million requests) until the interval
 * accepts or rejects; a rejected or, at the cap, undecided count is followed by one replica more or
 * by another size with fewer GPUs, an accepted one by the neighbour below, until an accepted count
 * stands on one that is not.
 *
 *   5. Measure: the fleet found is simulated at both ends of the model's error, one replication
 * each; and, when it was sized with a margin for that error, as the model has it too.
 *
 * With less effort (candidate.h) the decision looks at the busiest hours alone, or takes the
 * screen's word, and nothing is measured but, where energy costs, how busy two of its replicas are
 * at five levels of load; so too for a fleet that is asked for at a place of the error.
 *
 * With `slo.confidence` steps 1 to 4 ask of the model at z standard deviations (candidate.h).
 * Where requests are too few to accept any fleet (5 % of 60 requests), the point estimate decides
 * and the answer is marked undecided. A fleet that the scenario gives is only decided. Trials
 * belong to the search until it is dropped.
 */
#ifndef CS_PLAN_SEARCH_H
#define CS_PLAN_SEARCH_H
#include "plan/candidate.h"
#include "plan/judge.h"

#define CS_SEARCH_BAND 1.959963984540054 /* z of both ends of 95 % */
enum { CS_SEARCH_FAST, CS_SEARCH_SLOW, CS_SEARCH_ENDS };
enum { CS_SEARCH_REPLICATIONS = 24, CS_SEARCH_GPUS = 100000, CS_SEARCH_SIZES = 4 };

struct cs_set { /* trials of one fleet */
    const struct cs_candidate *candidate;
    int replicas;
    struct cs_trial *trials[CS_SEARCH_REPLICATIONS];
    int count;
    bool decided; /* it has had its replications */
    struct cs_judgement judgement;
};

enum cs_search_phase { CS_SEARCH_UNLOADED, CS_SEARCH_SCREEN, CS_SEARCH_DECIDE, CS_SEARCH_MEASURE,
                       CS_SEARCH_DONE };

struct cs_search {
    const struct cs_option *option;
    const struct cs_question *question;
    struct cs_arena *arena;
    int replications; /* as asked; 0: the schedule */
    double z;         /* of the model's error, by `slo.confidence`; 0: as the model has it */
    bool measures;    /* both ends of the error, and what is not sized for it */
    struct cs_candidate candidates[CS_SEARCH_SIZES];
    int candidate_count, current;
    bool fixed;
    enum cs_search_phase phase;
    struct cs_set *sets[64];
    int set_count;
    struct cs_set probe;                  /* the fleet being screened, on its busiest day */
    struct cs_set *asked;                 /* what the last round was about */
    struct cs_trial *unloaded;            /* of the current candidate */
    int failed, passed, replicas, stride; /* screening: highest known to fail, lowest to pass */
    int least[CS_SEARCH_SIZES];           /* replicas of each candidate, fewer are known to fail */
    const struct cs_candidate *best;      /* lowest passed so far, and its replicas */
    int best_replicas;
    /* the answer */
    struct cs_set *chosen, *neighbour; /* neighbour: one replica fewer; NULL: none below */
    /* the same fleet where z is 0, which is what is shown, and at the ends of the error */
    struct cs_candidate measured[1 + CS_SEARCH_ENDS];
    struct cs_set as_is, ends[CS_SEARCH_ENDS];
    /* With less effort, where energy counts: how busy the fleet is over all hours. */
    struct cs_level levels[CS_LEVELS];
    int level_count;
    struct cs_set level;
    struct cs_set *shown; /* chosen or as_is */
    bool undecided;
    const char *reason;            /* no fleet, or a smaller size that will not do: why */
    const struct cs_limit *missed; /* that a smaller size misses however many there are; or NULL */
    int missed_size;
};

/* `z`: where in the model's error the fleet is sized and shown; NaN: as the scenario says. */
void cs_search_init(struct cs_search *s, const struct cs_option *option,
                    const struct cs_question *question, int replications, double z,
                    struct cs_arena *arena);
/* The fewest replicas that any candidate could do with; 1 when the fleet is given. */
double cs_search_fewest(const struct cs_search *s);
/* Starts, once the question's scale is set. */
void cs_search_begin(struct cs_search *s);
/* Appends the trials wanted next to list (room for at most 32); 0: the search is done. */
int cs_search_wants(struct cs_search *s, struct cs_trial **list);
/* Takes the trials last wanted, now run. */
void cs_search_absorb(struct cs_search *s);
/* How far it is, 0 to 1, by its phase. */
double cs_search_progress(const struct cs_search *s);
void cs_search_drop(struct cs_search *s);
/* A phrase that says how a judged set misses its SLO: "TTFT p95 3.2 s in the worst window (limit
 * 1 s)" or "unstable: 112 % of capacity". */
const char *cs_search_why_not(const struct cs_search *s, const struct cs_set *set);
/* Sets the reason of an option that fits at no size. */
void cs_search_why_misfit(struct cs_search *s);
/* Sets the reason of an idle replica that misses the SLO; false: not by being late. */
bool cs_search_why_idle(struct cs_search *s, const struct cs_judgement *judgement);
const char *cs_metric_label(enum cs_metric metric); /* "TTFT" */

#endif
