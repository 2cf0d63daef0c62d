/* Compiling candidates and running trials: see candidate.h.
 *
 * Windows: by the hour or day of the scenario's SLO, folded onto one week. A trial that searches
 * is stopped when a request has waited so long that a limit is certainly missed in its window: the
 * limit plus twice the share of the window that may miss it (all that arrived since wait too).
 *
 * A fleet so large that one replication would exceed 20 million requests is simulated at a
 * fraction of its size and traffic, of at least 8 replicas: every replica sees the same load, and
 * a smaller pool balances worse, so the answer errs to the safe side. The count is then known to
 * the granularity of that fraction, and its interval says so.
 */
#include "plan/candidate.h"
#include "base/check.h"
#include "perf/error.h"
#include "perf/experts.h"
#include "plan/bound.h"
#include <math.h>
#include <stdlib.h>

static const double PS = 1e12;
static const double MOST_REQUESTS = 20e6;
static const double LEAST_REPLICAS = 8.0;
static const double UNLOADED_REQUESTS = 2000.0;
static const double PROBE_REQUESTS = 4000.0;
static const double LEVEL_REQUESTS = 2500.0, LEVEL_MOST_S = 30.0 * 86400.0;

static void set_windows(struct cs_question *q, const struct cs_scenario *s, double span_s)
{
    const double length = s->slo.window == CS_WINDOW_DAY ? 86400.0 : 3600.0;
    if (s->slo.window == CS_WINDOW_RUN) {
        q->run.window_ps = 0;
        q->run.window_count = 1;
        return;
    }
    const double week = floor(7.0 * 86400.0 / length);
    q->run.window_ps = (int64_t)(length * PS);
    q->run.window_count = (size_t)fmax(1.0, fmin(ceil(span_s / length), week));
}

void cs_question_prepare(struct cs_question *q, const struct cs_scenario *s,
                         const struct cs_trace *trace)
{
    *q = (struct cs_question){.scenario = s, .scale = 1.0};
    cs_workload_prepare(&q->workload, &s->traffic, &s->simulate, trace);
    double span_s = s->simulate.days * 86400.0;
    if (trace != NULL)
        span_s = trace->arrival_s[trace->count - 1] + 1.0;
    else if (s->simulate.requests > 0)
        span_s = (double)s->simulate.requests / q->workload.requests_per_s;
    q->expected_requests = span_s * q->workload.requests_per_s;
    for (size_t i = 0; i < s->slo.count && i < CS_RESULT_LIMITS; i++) {
        const struct cs_slo_limit *l = &s->slo.limits[i];
        q->limits[i] =
            (struct cs_limit){l->metric, l->percentile, (int64_t)(l->limit_s * PS + 0.5)};
        q->limit_count++;
    }
    set_windows(q, s, span_s);
    q->run.end_ps = trace != NULL || s->simulate.requests > 0
                        ? INT64_MAX
                        : (int64_t)(s->simulate.days * 86400.0 * PS);
    q->run.detect_unstable = true;
    q->run.changes = s->changes;
    q->run.change_count = s->change_count;
    q->window_s = s->slo.window == CS_WINDOW_RUN   ? span_s
                  : s->slo.window == CS_WINDOW_DAY ? 86400.0
                                                   : 3600.0;
}

void cs_question_scale(struct cs_question *q, double fewest_replicas)
{
    if (q->workload.trace != NULL || q->scenario->simulate.requests > 0 || q->run.change_count > 0)
        return; /* changes name replicas */
    const double wanted = ceil(q->expected_requests / MOST_REQUESTS);
    const double most = floor(fewest_replicas / LEAST_REPLICAS);
    q->scale = fmax(1.0, fmin(wanted, most));
}

/* So many requests at an even rate. */
static void draw_some(struct cs_workload_spec *w, struct cs_traffic *even, double requests_per_s,
                      double requests)
{
    *even = *w->traffic;
    even->curve.count = 0;
    w->traffic = even;
    w->requests_per_s = requests_per_s;
    w->end_ps = INT64_MAX;
    w->start_ps = 0;
    w->max_requests = (int64_t)requests;
}

/* The share of prompt tokens that one replica finds cached, at half of what it could carry if it
 * found none: from a short run, without its first half, which fills the cache. An estimate for the
 * bound; fleets are simulated with their own hits. */
static double probe_hits(const struct cs_candidate *c, const struct cs_question *q)
{
    struct cs_workload_spec workload = q->workload;
    struct cs_traffic even;
    int64_t half_ps = (int64_t)(PROBE_REQUESTS / c->capacity * PS);
    if (workload.trace == NULL)
        draw_some(&workload, &even, 0.5 * c->capacity, PROBE_REQUESTS);
    else
        half_ps = (int64_t)(0.5 * workload.trace->arrival_s[workload.trace->count - 1] * PS);
    struct cs_arena arena;
    cs_arena_init(&arena);
    const struct cs_fleet fleet = {.step = &c->step, .limits = c->limits, .replicas = 1};
    const struct cs_run_options run = {.window_count = 1,
                                       .end_ps = INT64_MAX,
                                       .backlog_limit = (int64_t)PROBE_REQUESTS};
    struct cs_cluster *cluster =
        cs_cluster_new(&arena, &fleet, &workload, q->scenario->simulate.seed, 0, &run);
    cs_cluster_run_until(cluster, half_ps);
    const struct cs_result *r = cs_cluster_result(cluster);
    const uint64_t found = r->all_cached_tokens, computed = r->all_prefill_tokens;
    cs_cluster_run(cluster);
    const double later = (double)(r->all_cached_tokens - found);
    const double all = later + (double)(r->all_prefill_tokens - computed);
    cs_arena_fini(&arena);
    return all > 0.0 ? later / all : 0.0;
}

/* The limits as they bind at the candidate's z, and the wait by which one is surely missed. */
static void set_limits(struct cs_candidate *c, const struct cs_question *q)
{
    const double later = c->error != NULL ? exp(c->z * c->error->ttft) : 1.0;
    for (size_t i = 0; i < q->limit_count; i++) {
        struct cs_limit *l = &c->slo[i];
        *l = q->limits[i];
        if (l->metric == CS_METRIC_TTFT && later != 1.0)
            l->limit_ps = (int64_t)((double)l->limit_ps / later + 0.5);
        if (l->percentile == 0.0 || (l->metric != CS_METRIC_TTFT && l->metric != CS_METRIC_E2E))
            continue;
        const double lost =
            (double)l->limit_ps + 2.0 * (1.0 - l->percentile / 100.0) * q->window_s * PS;
        if (c->lost_wait_ps == 0 || lost < (double)c->lost_wait_ps)
            c->lost_wait_ps = (int64_t)lost;
    }
}

/* How many experts of a layer the GPUs hold, where that is left open. With slots, whose KV cache is
 * set aside: all that there is room for. With blocks, which want the same memory: the share of that
 * room, in eighths, at which a replica carries most. Under `cpu` whole layers, else whole experts.
 */
static const struct cs_option *choose_resident(const struct cs_option *o, int t,
                                               const struct cs_question *q, struct cs_arena *arena)
{
    const struct cs_mean_request mean = {q->workload.mean_input, q->workload.mean_output, 0.0};
    const double grain = cs_memory_expert_grain(o);
    const double most = cs_memory_most_experts(o, t, mean.input + mean.output);
    struct cs_memory m;
    struct cs_option *best = NULL;
    double best_rate = -1.0;
    for (int eighth = 8; eighth >= (o->engine->slots ? 8 : 0); eighth--) {
        struct cs_option *tried = cs_arena_alloc(arena, 1, sizeof *tried);
        *tried = *o;
        tried->experts.resident = floor(most * eighth / 8.0 / grain + 1e-9) * grain;
        cs_memory_fit(&m, tried, t);
        if (!m.fits && best != NULL)
            continue;
        double rate = 0.0;
        if (m.fits && !o->engine->slots) {
            struct cs_step step;
            struct cs_limits_engine limits;
            cs_step_compile(&step, tried, t, q->scenario->traffic.top_p, arena);
            cs_limits_of(&limits, tried, cs_option_groups(tried, t), m.kv_blocks);
            rate = cs_bound_capacity(&step, &limits, &mean);
        }
        if (rate > best_rate) {
            best_rate = rate;
            best = tried;
        }
    }
    return best;
}

void cs_candidate_compile(struct cs_candidate *c, const struct cs_option *o, int t,
                          const struct cs_question *q, struct cs_arena *arena)
{
    cs_candidate_compile_at(c, o, t, 0.0, q, arena);
}

void cs_candidate_compile_at(struct cs_candidate *c, const struct cs_option *o, int t, double z,
                             const struct cs_question *q, struct cs_arena *arena)
{
    if (o->experts.policy != CS_EXPERTS_RESIDENT && o->experts.resident <= 0.0)
        o = choose_resident(o, t, q, arena);
    *c = (struct cs_candidate){.option = o,
                               .tensor_parallel = t,
                               .gpus_per_replica = cs_option_gpus(o, t),
                               .error = cs_error_of(o, t),
                               .step_scale = 1.0};
    cs_memory_fit(&c->memory, o, t);
    if (!c->memory.fits)
        return;
    if (c->error != NULL) {
        c->z = z;
        c->step_scale = exp(z * c->error->step);
    }
    set_limits(c, q);
    cs_step_compile_scaled(&c->step, o, t, q->scenario->traffic.top_p, c->step_scale, arena);
    cs_limits_of(&c->limits, o, cs_option_groups(o, t), c->memory.kv_blocks);
    struct cs_mean_request mean = {q->workload.mean_input, q->workload.mean_output, 0.0};
    c->capacity = cs_bound_capacity(&c->step, &c->limits, &mean);
    if (o->prefix_caching) {
        mean.hits = probe_hits(c, q);
        c->capacity = cs_bound_capacity(&c->step, &c->limits, &mean);
    }
}

/* From twelve hours before the busiest curve step, and an hour to warm up, to twelve after it; with
 * less effort so many hours that some ten thousand requests come, from one hour on. */
static void limit_to_busiest_day(struct cs_workload_spec *w, struct cs_run_options *run,
                                 enum cs_effort effort)
{
    static const double most[] = {[CS_EFFORT_FULL] = INFINITY, [CS_EFFORT_BRIEF] = 60e3,
                                  [CS_EFFORT_SKETCH] = 20e3};
    const double an_hour = 3600.0 * w->requests_per_s * w->peak_factor;
    const double before_h = fmin(12.0, floor(0.5 * most[effort] / an_hour));
    const double after_h = fmax(1.0, before_h);
    const double warm_h = fmin(1.0, fmax(0.1, 0.5 * most[effort] / an_hour));
    const struct cs_curve *curve = &w->traffic->curve;
    if (w->trace != NULL || w->end_ps == INT64_MAX)
        return;
    size_t peak = 0;
    for (size_t i = 1; i < curve->count; i++) /* of those that the run reaches */
        if (curve->weights[i] > curve->weights[peak] &&
            (double)i * curve->step_s * PS < (double)w->end_ps)
            peak = i;
    const int64_t middle = (int64_t)((double)peak * curve->step_s * PS);
    const int64_t after = middle + (int64_t)(after_h * 3600.0 * PS);
    const int64_t before = middle - (int64_t)((before_h + warm_h) * 3600.0 * PS);
    if (after < w->end_ps)
        w->end_ps = run->end_ps = after;
    if (before > w->start_ps)
        w->start_ps = before;
}

static int by_weight(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int cs_question_levels(const struct cs_question *q, struct cs_level levels[CS_LEVELS])
{
    const struct cs_workload_spec *const w = &q->workload;
    const struct cs_curve *const curve = &w->traffic->curve;
    if (w->trace != NULL || w->end_ps == INT64_MAX)
        return 0;
    if (curve->count == 0) {
        levels[0] = (struct cs_level){1.0, w->requests_per_s};
        return 1;
    }
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    double *const sorted = cs_arena_alloc(&scratch, curve->count, sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < curve->count; i++) /* of those that the run reaches */
        if ((double)i * curve->step_s * PS < (double)w->end_ps)
            sorted[n++] = curve->weights[i];
    qsort(sorted, n, sizeof *sorted, by_weight);
    const size_t count = n < CS_LEVELS ? n : CS_LEVELS;
    for (size_t k = 0; k < count; k++) {
        const size_t from = k * n / count, to = (k + 1) * n / count;
        double sum = 0.0;
        for (size_t i = from; i < to; i++)
            sum += sorted[i];
        levels[k] = (struct cs_level){(double)(to - from) / (double)n,
                                      w->requests_per_s * sum / (double)(to - from)};
    }
    cs_arena_fini(&scratch);
    return (int)count;
}

/* An even rate for so many requests, or a month where few or none come, and half as long before to
 * fill up. */
static void draw_level(struct cs_workload_spec *w, struct cs_traffic *even,
                       struct cs_run_options *run, double requests_per_s)
{
    const double span_s = fmin(LEVEL_REQUESTS / requests_per_s, LEVEL_MOST_S);
    draw_some(w, even, requests_per_s, 0.0);
    w->max_requests = 0;
    w->start_ps = (int64_t)(-0.5 * span_s * PS);
    w->end_ps = run->end_ps = (int64_t)(span_s * PS);
    run->window_ps = 0;
    run->window_count = 1;
    run->change_count = 0;
}

int64_t cs_candidate_load_ps(const struct cs_candidate *c)
{
    const double disk_Bps = cs_experts_host(c->option, c->tensor_parallel).nvme_Bps;
    return disk_Bps > 0.0 ? (int64_t)(c->memory.weights_bytes / disk_Bps * PS) : 0;
}

struct cs_cluster *cs_trial_open(struct cs_trial *t, const struct cs_question *q,
                                 struct cs_request_log *log)
{
    cs_arena_init(&t->arena);
    cs_check_context()->scenario = q->scenario->path;
    cs_check_context()->seed = q->scenario->simulate.seed;
    const struct cs_candidate *c = t->candidate;
    const struct cs_fleet fleet = {.step = &c->step,
                                   .limits = c->limits,
                                   .replicas = t->replicas,
                                   .router = c->option->router,
                                   .load_ps = cs_candidate_load_ps(c)};
    struct cs_run_options run = q->run;
    run.limits = c->slo;
    run.limit_count = q->limit_count;
    run.log = log;
    /* A mean load above what the fleet can carry: a backlog of two hours settles it. Changes may
     * bring more replicas or less load, and move old requests behind new ones. */
    const double carried = c->capacity * t->replicas;
    const double offered = q->workload.requests_per_s / q->scale;
    if (offered > carried && run.change_count == 0)
        run.backlog_limit = (int64_t)(7200.0 * offered) + 1000;
    if ((t->kind == CS_TRIAL_SEARCH || t->kind == CS_TRIAL_SCREEN) && run.change_count == 0)
        run.lost_wait_ps = c->lost_wait_ps;
    struct cs_workload_spec *const workload = cs_arena_alloc(&t->arena, 1, sizeof *workload);
    struct cs_traffic *const quiet = cs_arena_alloc(&t->arena, 1, sizeof *quiet);
    *workload = q->workload;
    workload->requests_per_s /= q->scale;
    if (t->kind == CS_TRIAL_SCREEN && run.change_count == 0) /* they are of the whole run */
        limit_to_busiest_day(workload, &run, q->effort);
    if (t->kind == CS_TRIAL_UNLOADED) {
        draw_some(workload, quiet, 1e-3 * c->capacity, UNLOADED_REQUESTS);
        run.change_count = 0;
        run.window_ps = 0;
        run.window_count = 1;
        run.end_ps = INT64_MAX;
        run.backlog_limit = 0;
    }
    if (t->kind == CS_TRIAL_LEVEL) {
        draw_level(workload, quiet, &run, t->requests_per_s);
        run.backlog_limit = 0;
    }
    struct cs_cluster *const cluster = cs_cluster_new(
        &t->arena, &fleet, workload, q->scenario->simulate.seed, t->replication, &run);
    t->result = cs_cluster_result(cluster);
    return cluster;
}

void cs_trial_run(struct cs_trial *t, const struct cs_question *q, struct cs_request_log *log)
{
    cs_cluster_run(cs_trial_open(t, q, log));
}

void cs_trial_drop(struct cs_trial *t)
{
    if (t->result != NULL)
        cs_arena_fini(&t->arena);
    t->result = NULL;
}
