/* The search of search.h: candidates, screening, decision.
 *
 * Cost: screening simulates the busiest day alone, and most wrong sizes end early because their
 * queue is hopeless within the hour. The decision takes the schedule twice: for the answer and for
 * the neighbour below.
 *
 * It assumes that more replicas never hurt; the neighbour below is tested, not all sizes.
 * Memory: sets in the search's arena, each trial in its own.
 */
#include "plan/search.h"
#include <math.h>

static const int SCHEDULE[] = {6, 12, CS_SEARCH_REPLICATIONS};
/* With so many requests in each a replication tells the share above a limit to 0.1 %. */
static const double MANY_REQUESTS = 5e6;
static const int SHORT_SCHEDULE[] = {4, 6, 12};
static const int BRIEF_SCHEDULE[] = {6, 12, 12}, SKETCH_SCHEDULE[] = {1, 1, 1};

static long gpus(const struct cs_candidate *c, int replicas)
{
    return (long)((double)c->gpus_per_replica * replicas);
}

/* Whether more replicas or less traffic come under way: then the scenario's load is no bound. */
static bool is_eased(const struct cs_run_options *run)
{
    bool eased = false;
    for (size_t i = 0; i < run->change_count; i++)
        eased |= run->changes[i].kind == CS_CHANGE_ADD ||
                 (run->changes[i].kind == CS_CHANGE_TRAFFIC && run->changes[i].factor < 1.0);
    return eased;
}

static int fewest(const struct cs_search *s, const struct cs_candidate *c)
{
    if (is_eased(&s->question->run))
        return 1;
    const struct cs_workload_spec *w = &s->question->workload;
    const double peak = w->requests_per_s / s->question->scale * w->peak_factor;
    const double n = ceil(peak / c->capacity);
    return n < 1.0 ? 1 : n > 1e8 ? 100000000 : (int)n;
}

static struct cs_set *set_of(struct cs_search *s, const struct cs_candidate *c, int replicas)
{
    for (int i = 0; i < s->set_count; i++)
        if (s->sets[i]->candidate == c && s->sets[i]->replicas == replicas)
            return s->sets[i];
    struct cs_set *set = cs_arena_alloc(s->arena, 1, sizeof *set);
    set->candidate = c;
    set->replicas = replicas;
    if (s->set_count < (int)(sizeof s->sets / sizeof s->sets[0]))
        s->sets[s->set_count++] = set;
    return set;
}

/* Sizes that fit, ordered by the fewest GPUs that could carry the peak. */
static void find_candidates(struct cs_search *s)
{
    const struct cs_option *o = s->option;
    for (int t = 1; t <= 8; t *= 2) {
        const int size = o->tensor_parallel > 0 ? o->tensor_parallel : t;
        const int ranks = o->expert_parallel;
        const bool divides = o->model->heads % size == 0 &&
                             (ranks <= 1 || size % ranks == 0 || ranks % size == 0);
        if (divides && s->candidate_count < CS_SEARCH_SIZES) {
            struct cs_candidate *c = &s->candidates[s->candidate_count];
            cs_candidate_compile_at(c, o, size, s->z, s->question, s->arena);
            s->candidate_count += c->memory.fits;
        }
        if (o->tensor_parallel > 0)
            break;
    }
    for (int i = 1; i < s->candidate_count; i++) { /* insertion sort, stable */
        const struct cs_candidate c = s->candidates[i];
        int j = i;
        for (; j > 0 && gpus(&c, fewest(s, &c)) <
                            gpus(&s->candidates[j - 1], fewest(s, &s->candidates[j - 1]));
             j--)
            s->candidates[j] = s->candidates[j - 1];
        s->candidates[j] = c;
    }
}

static void start_candidate(struct cs_search *s);

static void decide(struct cs_search *s, const struct cs_candidate *c, int replicas)
{
    s->phase = CS_SEARCH_DECIDE;
    s->asked = set_of(s, c, replicas);
}

void cs_search_init(struct cs_search *s, const struct cs_option *o,
                    const struct cs_question *question, int replications, double z,
                    struct cs_arena *arena)
{
    *s = (struct cs_search){.option = o,
                            .question = question,
                            .arena = arena,
                            .replications = question->workload.trace != NULL ? 1 : replications};
    if (s->replications > CS_SEARCH_REPLICATIONS)
        s->replications = CS_SEARCH_REPLICATIONS;
    if (question->effort == CS_EFFORT_SKETCH)
        s->replications = 0;
    const double confidence = question->scenario->slo.confidence;
    s->z = !isnan(z) ? z : confidence > 0.0 ? cs_estimate_normal(confidence) : 0.0;
    s->measures = isnan(z) && question->effort == CS_EFFORT_FULL;
    find_candidates(s);
    s->fixed = o->replicas > 0 || o->gpus > 0;
    if (s->candidate_count == 0) {
        cs_search_why_misfit(s);
        s->phase = CS_SEARCH_DONE;
        return;
    }
    if (s->fixed) { /* the smallest size that fits; of a total, the first that divides it */
        const struct cs_candidate *c = &s->candidates[0];
        for (int i = 1; i < s->candidate_count; i++)
            if (s->candidates[i].tensor_parallel < c->tensor_parallel)
                c = &s->candidates[i];
        int replicas = o->replicas;
        for (int i = 0; replicas == 0 && i < s->candidate_count; i++) {
            if (o->gpus % s->candidates[i].gpus_per_replica == 0) {
                c = &s->candidates[i];
                replicas = o->gpus / c->gpus_per_replica;
            }
        }
        if (replicas == 0) {
            s->reason = cs_arena_printf(arena, "%d GPUs do not divide into replicas of %d", o->gpus,
                                        c->gpus_per_replica);
            s->phase = CS_SEARCH_DONE;
            return;
        }
        decide(s, c, replicas);
        return;
    }
}

void cs_search_begin(struct cs_search *s)
{
    if (s->phase != CS_SEARCH_DONE && !s->fixed)
        start_candidate(s);
}

double cs_search_fewest(const struct cs_search *s)
{
    double least = s->fixed || s->candidate_count == 0 ? 1.0 : INFINITY;
    for (int i = 0; i < s->candidate_count && !s->fixed; i++)
        least = fmin(least, fewest(s, &s->candidates[i]));
    return least;
}

/* The next candidate that could beat the best, or the decision, or the end. */
static void start_candidate(struct cs_search *s)
{
    while (s->current < s->candidate_count) {
        const struct cs_candidate *c = &s->candidates[s->current];
        const int bound = fewest(s, c), known = s->least[s->current];
        const int n = bound > known ? bound : known;
        const bool beaten = s->best != NULL && gpus(c, n) >= gpus(s->best, s->best_replicas);
        const double total = (double)gpus(c, n) * s->question->scale;
        if (!beaten && total <= CS_SEARCH_GPUS) {
            s->failed = 0;
            s->passed = 0;
            s->replicas = n;
            s->stride = 1;
            s->unloaded = NULL;
            s->asked = NULL;
            s->phase = s->question->limit_count > 0 && s->question->workload.trace == NULL
                           ? CS_SEARCH_UNLOADED
                           : CS_SEARCH_SCREEN;
            return;
        }
        if (!beaten && s->reason == NULL)
            s->reason = cs_arena_printf(
                s->arena, "needs at least %.3g GPUs, more than the %d a plan considers", total,
                CS_SEARCH_GPUS);
        s->current++;
    }
    if (s->best != NULL)
        decide(s, s->best, s->best_replicas);
    else
        s->phase = CS_SEARCH_DONE;
}

static struct cs_trial *new_trial(struct cs_search *s, const struct cs_candidate *c, int replicas,
                                  uint64_t replication, enum cs_trial_kind kind)
{
    struct cs_trial *t = cs_arena_alloc(s->arena, 1, sizeof *t);
    *t = (struct cs_trial){
        .candidate = c, .replicas = replicas, .replication = replication, .kind = kind};
    return t;
}

static const int *schedule(const struct cs_search *s)
{
    return s->question->effort == CS_EFFORT_SKETCH                ? SKETCH_SCHEDULE
           : s->question->effort == CS_EFFORT_BRIEF               ? BRIEF_SCHEDULE
           : s->question->expected_requests > MANY_REQUESTS ? SHORT_SCHEDULE
                                                            : SCHEDULE;
}

static int cap(const struct cs_search *s)
{
    return s->replications > 0 ? s->replications : schedule(s)[2];
}

static void judge(const struct cs_search *s, struct cs_set *set)
{
    const struct cs_result *runs[CS_SEARCH_REPLICATIONS];
    for (int r = 0; r < set->count; r++)
        runs[r] = set->trials[r]->result;
    cs_judge(&set->judgement, runs, (size_t)set->count, set->candidate->slo,
             s->question->limit_count, s->arena);
}

/* Whether single requests on an idle replica meet the SLO; if not, that is the reason. */
static bool unloaded_meets(struct cs_search *s)
{
    struct cs_judgement j;
    const struct cs_result *run = s->unloaded->result;
    const struct cs_candidate *c = s->unloaded->candidate;
    cs_judge(&j, &run, 1, c->slo, s->question->limit_count, s->arena);
    /* 2000 requests tell a share to about a fifth of 5 %: leave room for that */
    if (j.verdict == CS_VERDICT_ACCEPTED || j.miss.value <= 1.5 * j.allowed)
        return true;
    const bool late = cs_search_why_idle(s, &j);
    s->missed = late ? &c->slo[j.worst_limit] : s->missed;
    s->missed_size = late ? c->tensor_parallel : s->missed_size;
    return false;
}

static void next_candidate(struct cs_search *s)
{
    s->current++;
    start_candidate(s);
}

/* One screening replication is in: where to look next. */
static void screen(struct cs_search *s)
{
    const struct cs_candidate *c = &s->candidates[s->current];
    struct cs_set *set = &s->probe;
    judge(s, set);
    if (set->judgement.outcome == CS_OUTCOME_DONE &&
        !(set->judgement.miss.value > set->judgement.allowed))
        s->passed = s->replicas;
    else
        s->failed = s->replicas;
    if (s->failed == s->replicas)
        s->least[s->current] = s->failed + 1;
    if (s->passed > 0 && (s->failed == 0 || s->passed - s->failed <= 1)) {
        s->best = c; /* what lies below the fluid bound is left to the decision */
        s->best_replicas = s->passed;
        next_candidate(s);
        return;
    }
    if (s->passed > 0) {
        s->replicas = s->failed + (s->passed - s->failed) / 2;
        return;
    }
    s->replicas += s->stride;
    s->stride *= 2;
    const double total = (double)gpus(c, s->replicas) * s->question->scale;
    const bool beaten = s->best != NULL && gpus(c, s->replicas) >= gpus(s->best, s->best_replicas);
    if (beaten || total > CS_SEARCH_GPUS) {
        if (s->best == NULL && s->reason == NULL)
            s->reason = cs_arena_printf(s->arena, "no fleet of up to %d GPUs meets the SLO: %s",
                                        CS_SEARCH_GPUS, cs_search_why_not(s, set));
        next_candidate(s);
    }
}

static void settle(struct cs_search *s, struct cs_set *chosen, struct cs_set *neighbour)
{
    s->chosen = chosen;
    s->neighbour = neighbour;
    s->undecided = chosen->judgement.verdict == CS_VERDICT_OPEN ||
                   (neighbour != NULL && neighbour->judgement.verdict == CS_VERDICT_OPEN);
    s->shown = chosen;
    const struct cs_candidate *c = chosen->candidate;
    const bool ran = chosen->judgement.outcome == CS_OUTCOME_DONE;
    s->phase = CS_SEARCH_DONE;
    const struct cs_cost *const cost = &s->question->scenario->cost;
    if (ran && s->question->effort != CS_EFFORT_FULL &&
        (cost->own.has || cost->carbon_kg_per_J > 0.0))
        s->level_count = cs_question_levels(s->question, s->levels);
    if (s->level_count > 0)
        s->phase = CS_SEARCH_MEASURE;
    if (!s->measures)
        return;
    if (c->error != NULL && (ran || c->z != 0.0))
        s->phase = CS_SEARCH_MEASURE;
    if (c->z != 0.0)
        s->shown = &s->as_is;
}

/* The chosen fleet, compiled elsewhere in the model's error: `count` trials of it. */
static int want_elsewhere(struct cs_search *s, int which, double z, struct cs_set *set, int count,
                          struct cs_trial **list)
{
    struct cs_candidate *c = &s->measured[which];
    cs_candidate_compile_at(c, s->option, s->chosen->candidate->tensor_parallel, z, s->question,
                            s->arena);
    *set = (struct cs_set){.candidate = c, .replicas = s->chosen->replicas, .count = count};
    for (int r = 0; r < count; r++)
        list[r] = set->trials[r] =
            new_trial(s, c, set->replicas, (uint64_t)r, CS_TRIAL_WEEK);
    return count;
}

/* How busy it is over the hours, from two of its replicas. */
static int want_levels(struct cs_search *s, struct cs_trial **list)
{
    const struct cs_set *const chosen = s->chosen;
    const int replicas = chosen->replicas < 2 ? chosen->replicas : 2;
    s->level = (struct cs_set){.candidate = chosen->candidate, .replicas = replicas};
    for (int k = 0; k < s->level_count; k++) {
        struct cs_trial *const t =
            new_trial(s, chosen->candidate, replicas, (uint64_t)k, CS_TRIAL_LEVEL);
        t->requests_per_s =
            s->levels[k].requests_per_s / s->question->scale * replicas / chosen->replicas;
        list[k] = s->level.trials[s->level.count++] = t;
    }
    return s->level_count;
}

static int want_measures(struct cs_search *s, struct cs_trial **list)
{
    if (s->level_count > 0)
        return want_levels(s, list);
    int made = 0;
    for (int e = 0; e < CS_SEARCH_ENDS; e++)
        made += want_elsewhere(s, e, e == CS_SEARCH_FAST ? -CS_SEARCH_BAND : CS_SEARCH_BAND,
                               &s->ends[e], 1, list + made);
    if (s->shown == &s->as_is)
        made += want_elsewhere(s, CS_SEARCH_ENDS, 0.0, &s->as_is, s->chosen->count, list + made);
    return made;
}

/* Of a given number of GPUs without a given size: the next size that divides it. */
static const struct cs_candidate *next_size(const struct cs_search *s,
                                            const struct cs_candidate *than)
{
    for (int i = (int)(than - s->candidates) + 1; i < s->candidate_count; i++)
        if (s->option->gpus > 0 && s->option->gpus % s->candidates[i].gpus_per_replica == 0)
            return &s->candidates[i];
    return NULL;
}

/* A fleet is not accepted: one replica more, unless another size might do with fewer GPUs. */
static void climb(struct cs_search *s, struct cs_set *set)
{
    const int more = set->replicas + 1;
    s->least[set->candidate - s->candidates] = more;
    s->best = NULL;
    if ((double)gpus(set->candidate, more) * s->question->scale <= CS_SEARCH_GPUS) {
        s->best = set->candidate;
        s->best_replicas = more;
    } else {
        s->reason = cs_search_why_not(s, set);
    }
    s->current = 0;
    start_candidate(s);
}

/* Replications are in: accept, reject, ask for more, or move to a neighbour. */
static void conclude(struct cs_search *s)
{
    struct cs_set *set = s->asked;
    judge(s, set);
    const enum cs_verdict verdict = set->judgement.verdict;
    if (verdict == CS_VERDICT_OPEN && set->count < cap(s))
        return;
    if (s->fixed) {
        const struct cs_candidate *other = next_size(s, set->candidate);
        if (verdict == CS_VERDICT_REJECTED && other != NULL) {
            decide(s, other, s->option->gpus / other->gpus_per_replica);
            return;
        }
        /* none will do: the first says why */
        settle(s, verdict == CS_VERDICT_REJECTED ? s->sets[0] : set, NULL);
        return;
    }
    if (verdict == CS_VERDICT_ACCEPTED) {
        s->chosen = set;
        if (set->replicas == 1 || s->question->effort == CS_EFFORT_SKETCH) {
            settle(s, set, NULL);
            return;
        }
        struct cs_set *below = set_of(s, set->candidate, set->replicas - 1);
        if (below->decided && below->judgement.verdict != CS_VERDICT_ACCEPTED) {
            settle(s, set, below);
            return;
        }
        decide(s, set->candidate, set->replicas - 1);
        return;
    }
    if (s->chosen != NULL) { /* this was the neighbour below */
        settle(s, s->chosen, set);
        return;
    }
    if (verdict == CS_VERDICT_OPEN && set->judgement.too_few &&
        !(set->judgement.miss.value > set->judgement.allowed)) {
        settle(s, set, NULL); /* nor could more replicas be accepted: the point decides */
        return;
    }
    if (verdict == CS_VERDICT_OPEN && set->replicas > 1) {
        struct cs_set *below = set_of(s, set->candidate, set->replicas - 1);
        if (below->decided && below->judgement.verdict == CS_VERDICT_OPEN) {
            settle(s, set, below); /* too few requests to tell even the larger apart */
            return;
        }
    }
    climb(s, set);
}

/* The replications still missing to the next stage of the schedule. */
static int want_replications(struct cs_search *s, struct cs_trial **list)
{
    struct cs_set *set = s->asked;
    int target = s->replications;
    for (size_t i = 0; target == 0 && i < 3; i++)
        if (schedule(s)[i] > set->count)
            target = schedule(s)[i];
    int made = 0;
    const enum cs_trial_kind kind = s->question->effort != CS_EFFORT_FULL ? CS_TRIAL_SCREEN
                                    : s->fixed                            ? CS_TRIAL_WEEK
                                                                          : CS_TRIAL_SEARCH;
    for (int r = set->count; r < target; r++)
        list[made++] = set->trials[r] =
            new_trial(s, set->candidate, set->replicas, (uint64_t)r, kind);
    set->count += made;
    set->decided = true;
    return made;
}

int cs_search_wants(struct cs_search *s, struct cs_trial **list)
{
    while (s->phase == CS_SEARCH_DECIDE) {
        const int made = want_replications(s, list);
        if (made > 0)
            return made;
        conclude(s); /* it has had them all */
    }
    if (s->phase == CS_SEARCH_DONE)
        return 0;
    if (s->phase == CS_SEARCH_MEASURE)
        return want_measures(s, list);
    const struct cs_candidate *c = &s->candidates[s->current];
    if (s->phase == CS_SEARCH_UNLOADED) {
        list[0] = s->unloaded = new_trial(s, c, 1, 0, CS_TRIAL_UNLOADED);
        return 1;
    }
    s->probe.candidate = c;
    s->probe.replicas = s->replicas;
    s->probe.count = 1;
    list[0] = s->probe.trials[0] = new_trial(s, c, s->replicas, 0, CS_TRIAL_SCREEN);
    return 1;
}

void cs_search_absorb(struct cs_search *s)
{
    if (s->phase == CS_SEARCH_UNLOADED) {
        const bool meets = unloaded_meets(s);
        cs_trial_drop(s->unloaded);
        if (meets) {
            s->phase = CS_SEARCH_SCREEN;
        } else {
            s->least[s->current] = CS_SEARCH_GPUS + 1; /* no number of them will do */
            next_candidate(s);
        }
    } else if (s->phase == CS_SEARCH_SCREEN) {
        struct cs_trial *trial = s->probe.trials[0];
        screen(s);
        cs_trial_drop(trial);
    } else if (s->phase == CS_SEARCH_DECIDE) {
        conclude(s);
    } else if (s->phase == CS_SEARCH_MEASURE && s->level_count > 0) {
        s->phase = CS_SEARCH_DONE;
    } else if (s->phase == CS_SEARCH_MEASURE) {
        for (int e = 0; e < CS_SEARCH_ENDS; e++)
            judge(s, &s->ends[e]);
        if (s->shown == &s->as_is)
            judge(s, &s->as_is);
        s->phase = CS_SEARCH_DONE;
    }
}

static void drop(struct cs_set *set)
{
    for (int r = 0; r < set->count; r++)
        cs_trial_drop(set->trials[r]);
}

void cs_search_drop(struct cs_search *s)
{
    for (int i = 0; i < s->set_count; i++)
        drop(s->sets[i]);
    for (int e = 0; e < CS_SEARCH_ENDS; e++)
        drop(&s->ends[e]);
    drop(&s->as_is);
    drop(&s->level);
}

double cs_search_progress(const struct cs_search *s)
{
    static const double at[] = {0.05, 0.15, 0.3, 0.9, 1.0};
    return s->phase == CS_SEARCH_DECIDE && s->chosen != NULL ? 0.65 : at[s->phase];
}
