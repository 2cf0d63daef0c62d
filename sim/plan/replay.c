/* Replaying a run, and looking at a span of it: see replay.h.
 *
 * A whole run's log could take gigabytes, so a span is found by a run with a log of the worst
 * window alone, and shown by another, with a log of those who arrive a while before its start and
 * until its end; each stops when they have ended. Whether the while was long enough shows at the
 * start of the span: who is inside must be in the log. If not, it was a queue of hours, and a
 * longer while is tried. All are one and the same run, for pausing changes nothing (tests/prop
 * holds that). The step between looks is 1/600 of the span, in whole milliseconds.
 */
#include "plan/replay.h"
#include "base/check.h"
#include "base/unit.h"
#include "spec/when.h"
#include <math.h>
#include <string.h>

static const double PS = 1e12;
static const double USUAL_S = 600.0, USUAL_REQUESTS = 10e3, LEAST_S = 1.0;
static const int64_t STEP_PS = INT64_C(60000000000000);    /* a minute */
static const int64_t BEFORE_PS = INT64_C(900000000000000); /* a quarter of an hour */
static const int64_t WARM_UP_PS = INT64_C(86400000000000000), END_PS = INT64_MAX - 1; /* the most */
enum { LOOKS = 600 };

void cs_replay_open(struct cs_replay *r, const struct cs_answer *answer, size_t option,
                    struct cs_request_log *log)
{
    const struct cs_option_answer *const o = &answer->options[option];
    *r = (struct cs_replay){.trial = {.kind = CS_TRIAL_WEEK}};
    cs_arena_init(&r->arena);
    cs_question_prepare(&r->question, answer->scenario, answer->trace);
    r->question.scale = 1.0 / answer->fleet_share;
    cs_candidate_compile(&r->candidate, o->option, o->tensor_parallel, &r->question, &r->arena);
    r->trial.candidate = &r->candidate;
    r->trial.replicas = (int)(o->replicas / r->question.scale);
    r->cluster = cs_trial_open(&r->trial, &r->question, log);
}

void cs_replay_close(struct cs_replay *r)
{
    cs_trial_drop(&r->trial);
    cs_arena_fini(&r->arena);
}

void cs_plan_log(const struct cs_answer *answer, size_t option, struct cs_request_log *log)
{
    struct cs_replay r;
    cs_replay_open(&r, answer, option, log);
    cs_cluster_run(r.cluster);
    cs_replay_close(&r);
}

void cs_plan_repeat(const struct cs_scenario *scenario, const struct cs_trace *trace,
                    struct cs_result *totals)
{
    const struct cs_option *const o = &scenario->options[0];
    struct cs_arena arena;
    struct cs_question question;
    struct cs_candidate candidate;
    cs_arena_init(&arena);
    cs_question_prepare(&question, scenario, trace);
    cs_candidate_compile(&candidate, o, o->tensor_parallel, &question, &arena);
    struct cs_trial trial = {
        .candidate = &candidate, .replicas = o->replicas, .kind = CS_TRIAL_WEEK};
    cs_trial_run(&trial, &question, NULL);
    *totals = *trial.result;
    totals->windows = NULL; /* they go with the run */
    totals->window_count = 0;
    cs_hist_init(&totals->wait, NULL);
    cs_trial_drop(&trial);
    cs_arena_fini(&arena);
}

/* --- times by name --------------------------------------------------------------------------- */

bool cs_replay_when(const struct cs_scenario *scenario, const char *text, double *start_s)
{
    const struct cs_simulate *const simulate = &scenario->simulate;
    struct cs_unit_error error;
    double at = cs_when_named(text, scenario->traffic.curve.starts_monday);
    if (at < 0.0 && !cs_unit_parse(text, strlen(text), CS_UNIT_SECONDS, &at, &error))
        return false;
    const bool by_days = scenario->traffic.kind != CS_VOLUME_TRACE && simulate->requests == 0;
    *start_s = at;
    return at >= 0.0 && at < 1e9 && (!by_days || at < 86400.0 * simulate->days);
}

/* --- a span ---------------------------------------------------------------------------------- */

static double figure_of(const struct cs_request_record *r, enum cs_metric metric)
{
    const double decode = (double)(r->done_ps - r->first_token_ps);
    switch (metric) {
    case CS_METRIC_TTFT:
        return (double)(r->first_token_ps - r->arrival_ps);
    case CS_METRIC_E2E:
        return (double)(r->done_ps - r->arrival_ps);
    default:
        return r->output > 1 ? decode / (r->output - 1) : 0.0;
    }
}

/* Runs on from a time until all requests of the log have ended. */
static void run_to_ends(struct cs_replay *r, const struct cs_request_log *log, int64_t time_ps)
{
    size_t open = 0;
    for (int64_t step = STEP_PS; cs_cluster_run_until(r->cluster, time_ps); step += step / 4) {
        while (open < log->count &&
               (log->rows[open].done_ps >= 0 ||
                !cs_replica_accepts(&r->candidate.limits, log->rows[open].input,
                                    log->rows[open].output)))
            open++;
        if (open == log->count)
            return;
        time_ps = step < END_PS - time_ps ? time_ps + step : END_PS;
    }
}

/* The middle of the worst request's life, of those that arrived in the worst window. */
static double worst_moment(const struct cs_answer *answer, size_t option)
{
    const struct cs_worst_window *const w = &answer->options[option].worst;
    const enum cs_metric metric = w->limit != NULL ? w->limit->metric : CS_METRIC_TTFT;
    const struct cs_request_record *worst = NULL;
    struct cs_arena arena;
    struct cs_replay r;
    cs_arena_init(&arena);
    const double until_s = w->known ? w->start_s + w->length_s : INFINITY;
    struct cs_request_log log = {.arena = &arena,
                                 .ranged = true,
                                 .from_ps = w->known ? (int64_t)(w->start_s * PS) : 0,
                                 .until_ps = until_s < 9e6 ? (int64_t)(until_s * PS) : INT64_MAX};
    cs_replay_open(&r, answer, option, &log);
    if (log.until_ps < INT64_MAX)
        run_to_ends(&r, &log, log.until_ps);
    else
        cs_cluster_run(r.cluster);
    for (size_t i = 0; i < log.count; i++) {
        const struct cs_request_record *const one = &log.rows[i];
        if (one->done_ps >= 0 &&
            (worst == NULL || figure_of(one, metric) > figure_of(worst, metric)))
            worst = one;
    }
    const double at =
        worst == NULL ? 0.0 : 0.5 * ((double)worst->arrival_ps + (double)worst->done_ps) / PS;
    cs_replay_close(&r);
    cs_arena_fini(&arena);
    return at;
}

/* The looks, with room for replicas that were added; before they came theirs are zero. */
static struct cs_snapshot *widened(struct cs_timeline *t, struct cs_snapshot *samples, size_t most,
                                   const struct cs_cluster *cluster, struct cs_arena *arena)
{
    const size_t was = (size_t)t->replicas, width = (size_t)cs_cluster_replicas(cluster);
    if (width == was)
        return samples;
    struct cs_snapshot *const wider = cs_arena_alloc(arena, most * width, sizeof *wider);
    for (size_t k = 0; k < t->sample_count; k++)
        memcpy(&wider[k * width], &samples[k * was], was * sizeof *wider);
    t->replicas = (int)width;
    return wider;
}

/* Simulates the span, with a log of who arrived at most `before_ps` before it. False: somebody who
 * was there at its start came earlier. */
static bool look_at(struct cs_timeline *t, int64_t before_ps, struct cs_arena *arena)
{
    struct cs_replay r;
    t->log = (struct cs_request_log){
        .arena = arena, .ranged = true, .from_ps = t->from_ps - before_ps, .until_ps = t->to_ps};
    cs_replay_open(&r, t->answer, t->option, &t->log);
    t->replicas = r.trial.replicas;
    const size_t most = (size_t)((t->to_ps - t->from_ps) / t->step_ps) + 1;
    struct cs_snapshot *samples =
        cs_arena_alloc(arena, most * (size_t)t->replicas, sizeof *samples);
    int64_t inside = 0;
    for (t->sample_count = 0; t->sample_count < most; t->sample_count++) {
        if (!cs_cluster_run_until(r.cluster, t->from_ps + (int64_t)t->sample_count * t->step_ps))
            break;
        samples = widened(t, samples, most, r.cluster, arena);
        inside += t->sample_count == 0 ? cs_cluster_held(r.cluster) : 0;
        for (int i = 0; i < t->replicas; i++) {
            struct cs_snapshot *const s =
                &samples[t->sample_count * (size_t)t->replicas + (size_t)i];
            cs_cluster_snapshot(r.cluster, i, s);
            inside += t->sample_count == 0 ? s->waiting + s->running : 0;
        }
    }
    run_to_ends(&r, &t->log, t->to_ps);
    t->samples = widened(t, samples, most, r.cluster, arena);
    for (size_t i = 0; t->sample_count > 0 && i < t->log.count; i++)
        inside -= t->log.rows[i].arrival_ps <= t->from_ps && t->log.rows[i].done_ps > t->from_ps;
    cs_replay_close(&r);
    return inside == 0;
}

void cs_timeline_make(struct cs_timeline *t, const struct cs_answer *answer, size_t option,
                      double from_s, double for_s, struct cs_arena *arena)
{
    const struct cs_worst_window *const w = &answer->options[option].worst;
    const double rate =
        fmax(w->known ? w->requests_per_s : answer->peak_rps, 1e-9) * answer->fleet_share;
    if (isnan(for_s))
        for_s = fmax(LEAST_S, fmin(USUAL_S, USUAL_REQUESTS / rate));
    if (isnan(from_s))
        from_s = fmax(0.0, worst_moment(answer, option) - 0.5 * for_s);
    const int64_t ms = INT64_C(1000000000);
    *t = (struct cs_timeline){.answer = answer,
                              .option = option,
                              .scale = 1.0 / answer->fleet_share,
                              .from_ps = (int64_t)(from_s * 1e3) * ms};
    t->step_ps = (int64_t)fmax(1.0, ceil(for_s * 1e3 / LOOKS)) * ms;
    t->to_ps = t->from_ps + (int64_t)ceil(for_s * 1e3) * ms;
    const int64_t all = t->from_ps + WARM_UP_PS + BEFORE_PS; /* the whole run is logged */
    for (int64_t before = BEFORE_PS; !look_at(t, before, arena);
         before = before < all / 8 ? before * 8 : all)
        cs_check(before < all);
}
