/* The plan: rounds of trials until every option's search is done, then the answer.
 *
 * Each round gathers what all unfinished searches want, runs it on the pool, and lets the searches
 * absorb it in order. So two threads are busy as long as two trials are wanted, whatever option
 * they belong to, and the result does not depend on how many there are.
 *
 * Memory: answers in the caller's arena; each trial in its own, dropped when its search ends.
 */
#include "plan/plan.h"
#include "plan/answer.h"
#include "plan/pool.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Requests that bills are sampled from, by effort. */
static const double BILLED[] = {200e3, 50e3, 20e3};

struct round {
    struct cs_trial **trials;
    size_t count;
    const struct cs_question *question;
    const struct cs_plan_settings *settings;
    double progress; /* of all searches, before this round */
    size_t done;     /* by the calling thread */
    int threads;
};

static void run_trial(void *user, size_t index)
{
    struct round *round = user;
    cs_trial_run(round->trials[index], round->question, NULL);
}

static void tick(void *user)
{
    struct round *round = user;
    const double share = fmin(1.0, (double)++round->done * round->threads / (double)round->count);
    if (round->settings->progress != NULL) /* a round brings most searches a third further */
        round->settings->progress(round->settings->user,
                                  round->progress + (1.0 - round->progress) * share / 3.0,
                                  "simulating");
}

/* Runs all searches to their ends; returns the number of trials run. */
static uint64_t run_searches(struct cs_search *searches, size_t count,
                             const struct cs_question *question,
                             const struct cs_plan_settings *settings, struct cs_arena *arena)
{
    const int threads = cs_pool_threads(settings->threads);
    struct round round = {.question = question, .settings = settings, .threads = threads};
    round.trials = cs_arena_alloc(arena, 32 * count + 1, sizeof(struct cs_trial *));
    uint64_t runs = 0;
    for (;;) {
        round.count = 0;
        round.done = 0;
        round.progress = 0.0;
        for (size_t i = 0; i < count; i++) {
            const int made = cs_search_wants(&searches[i], round.trials + round.count);
            round.count += (size_t)made;
            round.progress += cs_search_progress(&searches[i]) / (double)count;
        }
        if (round.count == 0)
            return runs;
        cs_pool_run(threads, round.count, run_trial, tick, &round);
        runs += round.count;
        for (size_t i = 0; i < count; i++)
            cs_search_absorb(&searches[i]);
    }
}

struct ranked {
    struct cs_option_answer answer;
    size_t order;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->answer.feasible != y->answer.feasible)
        return x->answer.feasible ? -1 : 1;
    if (x->answer.feasible) {
        const double cx = x->answer.cost.usd_per_day, cy = y->answer.cost.usd_per_day;
        if (isnan(cx) != isnan(cy))
            return isnan(cx) ? 1 : -1;
        if (cx != cy && !isnan(cx))
            return cx < cy ? -1 : 1;
        if (x->answer.gpus != y->answer.gpus)
            return x->answer.gpus < y->answer.gpus ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static double peak_start(const struct cs_curve *curve)
{
    if (curve->count < 2)
        return NAN;
    size_t peak = 0;
    bool flat = true;
    for (size_t i = 1; i < curve->count; i++) {
        flat &= curve->weights[i] == curve->weights[0];
        if (curve->weights[i] > curve->weights[peak])
            peak = i;
    }
    return flat ? NAN : (double)peak * curve->step_s;
}

static const char *no_answer(const struct cs_answer *answer, struct cs_arena *arena)
{
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *o = &answer->options[i];
        if (o->reason != NULL)
            return cs_arena_printf(arena, "%s on %s: %s", o->option->model->title,
                                   o->option->hardware->title, o->reason);
    }
    return "no option";
}

static void summarise(struct cs_answer *answer, struct cs_search *searches,
                      const struct cs_question *question, size_t from, struct cs_arena *arena)
{
    const size_t n = answer->option_count;
    struct ranked *ranked = cs_arena_alloc(arena, n, sizeof *ranked);
    for (size_t i = 0; i < n; i++) {
        ranked[i].order = i;
        cs_answer_option(&ranked[i].answer, &searches[i], arena);
        ranked[i].answer.index = from + i;
    }
    qsort(ranked, n, sizeof *ranked, by_rank);
    struct cs_option_answer *options = cs_arena_alloc(arena, n, sizeof *options);
    const struct cs_search *shown = NULL;
    const struct cs_loading *loading = NULL;
    for (size_t i = 0; i < n; i++) {
        options[i] = ranked[i].answer;
        if (shown == NULL && options[i].simulated) {
            shown = &searches[ranked[i].order];
            loading = &options[i].loading;
        }
    }
    answer->options = options;
    answer->best = n > 0 && options[0].feasible ? 0 : -1;
    if (shown == NULL)
        return;
    struct cs_law *laws = cs_arena_alloc(arena, 8, sizeof *laws);
    answer->check_count = cs_answer_checks(shown, loading, laws);
    answer->checks = laws;
    double input = 0.0, output = 0.0, completed = 0.0;
    for (int r = 0; r < shown->shown->count; r++) {
        const struct cs_result *result = shown->shown->trials[r]->result;
        answer->simulated_requests += (double)result->requests;
        answer->simulated_seconds += result->measured_ps * 1e-12;
        input += (double)result->input_tokens;
        output += (double)result->output_tokens;
        completed += (double)result->completed;
    }
    if (completed > 0.0) {
        answer->mean_input = input / completed;
        answer->mean_output = output / completed;
    }
    answer->fleet_share = 1.0 / question->scale;
}

static const struct cs_trace *read_trace(const struct cs_scenario *scenario, struct cs_arena *arena,
                                         struct cs_diags *diags)
{
    if (scenario->traffic.kind != CS_VOLUME_TRACE)
        return NULL;
    struct cs_trace *trace = cs_arena_alloc(arena, 1, sizeof *trace);
    return cs_trace_read(scenario->traffic.trace_path, arena, trace, diags,
                         cs_span_of(scenario->node, "traffic.trace"))
               ? trace
               : NULL;
}

/* The option as that fleet. */
static const struct cs_option *fleet_given(const struct cs_option *option,
                                           const struct cs_plan_settings *settings,
                                           struct cs_arena *arena)
{
    struct cs_option *const o = cs_arena_alloc(arena, 1, sizeof *o);
    *o = *option;
    o->tensor_parallel = settings->given.tensor;
    o->replicas = settings->given.replicas;
    o->gpus = 0;
    return o;
}

static void describe_traffic(struct cs_answer *answer, const struct cs_workload_spec *w,
                             const struct cs_trace *trace)
{
    answer->trace = trace;
    answer->requests_per_day = w->requests_per_s * 86400.0;
    answer->mean_rps = w->requests_per_s;
    answer->peak_rps = w->requests_per_s * w->peak_factor;
    answer->peak_start_s = peak_start(&answer->scenario->traffic.curve);
    answer->mean_input = w->mean_input;
    answer->mean_output = w->mean_output;
}

const struct cs_answer *cs_plan_run(const struct cs_scenario *scenario, struct cs_arena *arena,
                                    const struct cs_plan_settings *settings, struct cs_diags *diags)
{
    struct cs_answer *answer = cs_arena_alloc(arena, 1, sizeof *answer);
    answer->scenario = scenario;
    answer->best = -1;
    const struct cs_trace *const trace =
        settings->trace != NULL ? settings->trace : read_trace(scenario, arena, diags);
    if (scenario->traffic.kind == CS_VOLUME_TRACE && trace == NULL)
        return answer;
    struct cs_question *question = cs_arena_alloc(arena, 1, sizeof *question);
    cs_question_prepare(question, scenario, trace);
    question->effort = settings->effort;
    const struct cs_workload_spec *w = &question->workload;
    describe_traffic(answer, w, trace);
    const size_t from = settings->only > 0 ? (size_t)settings->only - 1 : 0;
    const size_t count = settings->only > 0 ? 1 : scenario->option_count;
    answer->option_count = count;
    struct cs_search *searches = cs_arena_alloc(arena, count, sizeof *searches);
    double fewest = INFINITY; /* options without a fleet to find say 1: they are not scaled */
    for (size_t i = 0; i < count; i++) {
        const struct cs_option *const o = &scenario->options[from + i];
        cs_search_init(&searches[i],
                       settings->given.replicas > 0 ? fleet_given(o, settings, arena) : o, question,
                       scenario->simulate.replications,
                       settings->z != NULL ? settings->z[from + i] : NAN, arena);
        searches[i].measures &= settings->given.replicas == 0;
        fewest = fmin(fewest, cs_search_fewest(&searches[i]));
    }
    cs_question_scale(question, fewest);
    for (size_t i = 0; i < count; i++)
        cs_search_begin(&searches[i]);
    answer->runs = run_searches(searches, count, question, settings, arena);
    summarise(answer, searches, question, from, arena);
    answer->apis = cs_bill_apis(scenario, w, BILLED[settings->effort], arena);
    answer->api_count = scenario->compare_count;
    if (answer->best < 0)
        answer->no_answer = no_answer(answer, arena);
    for (size_t i = 0; i < count; i++)
        cs_search_drop(&searches[i]);
    return answer;
}

const struct cs_answer *cs_plan_price(const struct cs_scenario *scenario, struct cs_arena *arena,
                                      const struct cs_trace *read, struct cs_diags *diags)
{
    struct cs_answer *const answer = cs_arena_alloc(arena, 1, sizeof *answer);
    *answer = (struct cs_answer){.scenario = scenario, .best = -1, .fleet_share = 1.0};
    const struct cs_trace *const trace = read != NULL ? read : read_trace(scenario, arena, diags);
    if (scenario->traffic.kind == CS_VOLUME_TRACE && trace == NULL)
        return answer;
    struct cs_question question;
    struct cs_candidate candidate;
    struct cs_option_answer *const a = cs_arena_alloc(arena, 1, sizeof *a);
    const struct cs_option *const o = &scenario->options[0];
    const struct cs_workload_spec *const w = &question.workload;
    cs_question_prepare(&question, scenario, trace);
    describe_traffic(answer, w, trace);
    cs_candidate_compile(&candidate, o, o->tensor_parallel, &question, arena);
    *a = (struct cs_option_answer){.option = candidate.option,
                                   .tensor_parallel = o->tensor_parallel,
                                   .pipeline_parallel = o->pipeline_parallel,
                                   .memory = candidate.memory,
                                   .busy = NAN};
    answer->options = a;
    answer->option_count = 1;
    if (!candidate.memory.fits)
        return answer;
    a->replicas = o->replicas;
    a->gpus = a->gpus_lo = a->gpus_hi = (long)o->replicas * candidate.gpus_per_replica;
    const struct cs_cost_use use = {
        .gpus = (double)a->gpus,
        .busy = NAN,
        .tokens_per_day = 86400.0 * w->requests_per_s * (w->mean_input + w->mean_output),
        .output_tokens_per_day = 86400.0 * w->requests_per_s * w->mean_output,
        .weights_bytes = a->memory.weights_bytes};
    cs_price_gpus(&a->price, o->hardware, &scenario->cost, (double)a->gpus, arena);
    cs_cost_fleet(&a->cost, o->hardware, &scenario->cost, &a->price, &use, arena);
    answer->apis = cs_bill_apis(scenario, w, BILLED[CS_EFFORT_BRIEF], arena);
    answer->api_count = scenario->compare_count;
    return answer;
}

const char *cs_plan_when(const struct cs_scenario *scenario, double start_s, char *buffer,
                         size_t size)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const long hour = (long)(start_s / 3600.0 + 0.5);
    if (scenario->traffic.curve.starts_monday)
        snprintf(buffer, size, "%s %02ld:00", days[hour / 24 % 7], hour % 24);
    else if (scenario->traffic.curve.count > 0 && scenario->traffic.kind != CS_VOLUME_TRACE)
        snprintf(buffer, size, "day %ld %02ld:00", hour / 24 + 1, hour % 24);
    else
        snprintf(buffer, size, "hour %ld", hour);
    return buffer;
}
