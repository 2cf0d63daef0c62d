/* Driving a cluster for a picture: see show.h for what is kept and why.
 *
 * A run goes forward in pieces that end at bin edges and at changes, so that what is integrated
 * (paid replicas, busy time) is constant or exact within a piece. Requests end in the books up to
 * two steps before their time; a bin takes those whose books were closed in it, tens of
 * milliseconds of a bin of minutes.
 *
 * Times given by hand are whole milliseconds: they can be written in a scenario as they are.
 */
#include "viz/show.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double PS = 1e12;
static const int64_t MS = 1000000000;
static const double ROLLING_S = 900.0, WARM_REQUESTS = 2e6, LONGEST_S = 100.0 * 86400.0;
/* Classes of prompts where nobody named any, by tokens. */
static const int32_t SHORT_PROMPT = 1024, LONG_PROMPT = 8192;

static const struct cs_show_bin nothing_yet = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

/* --- what the cluster tells ------------------------------------------------------------------ */

static void on_routed(void *user, int64_t time_ps, int replica, int32_t input, int32_t klass,
                      bool again)
{
    struct cs_show *const s = user;
    if (time_ps < 0)
        return;
    if (!again) {
        s->totals.requests += 1.0;
        s->bin_requests += 1.0;
    }
    int shown = klass < 0 ? 0 : klass < s->class_count ? klass : s->class_count - 1;
    if (s->lengths_are_classes)
        shown = input < SHORT_PROMPT ? 0 : input < LONG_PROMPT ? 1 : 2;
    s->flights[s->flight_count++ % CS_SHOW_FLIGHTS] =
        (struct cs_show_flight){time_ps, replica, shown, again};
}

static void on_ended(void *user, int64_t arrival_ps, int64_t first_token_ps, int64_t done_ps,
                     int32_t input, int32_t output)
{
    struct cs_show *const s = user;
    const int64_t ttft = first_token_ps - arrival_ps;
    const int64_t tpot = output > 1 ? (done_ps - first_token_ps) / (output - 1) : -1;
    s->ended[s->ended_count++ % CS_SHOW_ROLLING] =
        (struct cs_show_ended){done_ps, (float)((double)ttft / PS),
                               tpot < 0 ? NAN : (float)((double)tpot / PS), input, output};
    if (done_ps < 0)
        return;
    s->totals.input_tokens += input;
    s->totals.output_tokens += output;
    cs_hist_add(&s->bin_ttft, ttft, 1);
    if (tpot >= 0)
        cs_hist_add(&s->bin_tpot, tpot, 1);
}

/* --- opening --------------------------------------------------------------------------------- */

static void name_classes(struct cs_show *s)
{
    static const char *const lengths[] = {"short prompts", "of 1K to 8K", "long prompts"};
    const struct cs_trace *const t = s->answer->trace;
    s->lengths_are_classes = t == NULL || t->klass.ids == NULL || t->klass.count == 0;
    if (s->lengths_are_classes) {
        s->class_count = 3;
        memcpy(s->classes, lengths, sizeof lengths);
        return;
    }
    const size_t named = t->klass.count < CS_SHOW_CLASSES ? t->klass.count : CS_SHOW_CLASSES;
    s->class_count = (int)named;
    for (size_t i = 0; i < named; i++)
        s->classes[i] = t->klass.names[i];
    if (t->klass.count > CS_SHOW_CLASSES)
        s->classes[CS_SHOW_CLASSES - 1] = "others";
}

/* Bins of some minutes, about 288 for a day or less. */
static void lay_out_bins(struct cs_show *s)
{
    const double span_s = (double)s->end_ps / PS;
    double bin_s = fmax(1.0, ceil(fmin(span_s, 86400.0) / 288.0));
    if (span_s >= 86400.0)
        bin_s = 300.0;
    s->bin_ps = (int64_t)(bin_s * PS);
    s->bin_count = (size_t)ceil(span_s / bin_s) + 1;
    s->bins = cs_arena_alloc(s->arena, s->bin_count, sizeof *s->bins);
}

static void find_limits(struct cs_show *s)
{
    s->ttft_limit_s = s->tpot_limit_s = NAN;
    s->ttft_percentile = s->tpot_percentile = 95.0;
    for (size_t i = 0; i < s->question.limit_count; i++) {
        const struct cs_limit *const l = &s->question.limits[i];
        const double limit_s = (double)l->limit_ps / PS;
        double *const at = l->metric == CS_METRIC_TTFT   ? &s->ttft_limit_s
                           : l->metric == CS_METRIC_TPOT ? &s->tpot_limit_s
                                                         : NULL;
        if (at == NULL || l->percentile == 0.0 || *at < limit_s)
            continue;
        *at = limit_s;
        *(l->metric == CS_METRIC_TTFT ? &s->ttft_percentile : &s->tpot_percentile) = l->percentile;
    }
}

static void empty(struct cs_hist *h)
{
    for (int p = 0; p < CS_HIST_PAGES; p++)
        if (h->pages[p] != NULL)
            memset(h->pages[p], 0, CS_HIST_SUB * sizeof *h->pages[p]);
    h->count = 0;
}

static void start_run(struct cs_show *s)
{
    cs_arena_init(&s->run);
    const struct cs_fleet fleet = {.step = &s->candidate.step,
                                   .limits = s->candidate.limits,
                                   .replicas = s->replicas,
                                   .router = s->candidate.option->router,
                                   .load_ps = cs_candidate_load_ps(&s->candidate)};
    struct cs_run_options run = s->question.run;
    run.limits = s->candidate.slo;
    run.limit_count = s->question.limit_count;
    run.detect_unstable = false;
    run.changes = s->changes;
    run.change_count = s->change_count;
    run.observer = &s->observer;
    s->end_ps = s->latest_ps;
    s->bin = 0;
    s->ended_count = s->flight_count = 0;
    cs_hist_init(&s->bin_ttft, &s->run);
    cs_hist_init(&s->bin_tpot, &s->run);
    s->bin_requests = s->bin_serving_s = 0.0;
    s->over = false;
    s->factor = 1.0;
    s->router = fleet.router;
    s->snaps = NULL;
    s->snap_count = s->snap_next = 0;
    for (size_t i = 0; i < s->bin_count; i++)
        s->bins[i] = nothing_yet;
    s->cluster = cs_cluster_new(&s->run, &fleet, &s->question.workload,
                                s->question.scenario->simulate.seed, 0, &run);
    s->now_ps = s->question.workload.start_ps;
    s->warm = false;
    cs_show_look(s, INT32_MAX);
}

/* Time 0: what happened before it is not kept. */
static void begin(struct cs_show *s)
{
    s->warm = true;
    s->totals = (struct cs_show_totals){.usd = 0.0};
    s->bin_began_busy = (double)cs_cluster_result(s->cluster)->all_busy_ps / PS;
    s->busy_before_s = s->bin_began_busy;
    s->bin_requests = s->bin_serving_s = 0.0;
    empty(&s->bin_ttft);
    empty(&s->bin_tpot);
    cs_show_look(s, INT32_MAX);
}

void cs_show_restart(struct cs_show *s)
{
    cs_arena_fini(&s->run);
    start_run(s);
}

/* Nobody wants to wait for an hour of heavy traffic before the day begins: some two million
 * requests fill queues and caches too. Conversations, which must be under way, keep their hour. */
static bool shorten_warm_up(struct cs_workload_spec *w)
{
    const double hour_s = -(double)w->start_ps / PS;
    const double enough_s = fmax(120.0, ceil(WARM_REQUESTS / w->requests_per_s));
    if (w->traffic->sessions.turns > 0.0 || enough_s >= hour_s)
        return false;
    w->start_ps = (int64_t)(-enough_s * PS);
    return true;
}

/* When a run that ends with a number of requests will have ended, in seconds: by the curve, and
 * with room for chance. A trace is as long as it is. */
static double time_of_requests(const struct cs_question *q)
{
    const struct cs_workload_spec *const w = &q->workload;
    const struct cs_curve *const curve = &w->traffic->curve;
    if (w->trace != NULL)
        return q->expected_requests / w->requests_per_s;
    const double requests = q->expected_requests;
    const double chance = 5.0 * fmax(1.0, w->traffic->burstiness) * sqrt(requests);
    double left = requests + chance, t = 0.0;
    if (curve->count == 0)
        return fmin(LONGEST_S, left / w->requests_per_s);
    for (size_t i = 0; t < LONGEST_S; i = (i + 1) % curve->count, t += curve->step_s) {
        const double come = curve->weights[i] * w->requests_per_s * curve->step_s;
        if (come >= left)
            return fmin(LONGEST_S, t + curve->step_s * left / come);
        left -= come;
    }
    return LONGEST_S;
}

/* Behind those of its time and before. */
static void insert_change(struct cs_show *s, struct cs_change change, bool by_hand)
{
    s->changes = cs_arena_grow(s->arena, s->changes, s->change_count, sizeof *s->changes);
    s->by_hand = cs_arena_grow(s->arena, s->by_hand, s->change_count, sizeof *s->by_hand);
    size_t i = s->change_count++;
    for (; i > 0 && s->changes[i - 1].time_ps > change.time_ps; i--) {
        s->changes[i] = s->changes[i - 1];
        s->by_hand[i] = s->by_hand[i - 1];
    }
    s->changes[i] = change;
    s->by_hand[i] = by_hand;
}

/* What a replica costs and takes, idle and computing: the plan's own lines at both ends of `busy`,
 * in which energy is linear. */
static void find_costs(struct cs_show *s)
{
    const struct cs_scenario *const scenario = s->answer->scenario;
    const struct cs_workload_spec *const w = &s->question.workload;
    const double replica_days_s = 86400.0 * s->replicas;
    struct cs_cost_breakdown of[2];
    for (int busy = 0; busy < 2; busy++) {
        const struct cs_cost_use use = {
            .gpus = (double)s->plan->gpus,
            .busy = busy,
            .tokens_per_day = 86400.0 * w->requests_per_s * (w->mean_input + w->mean_output),
            .output_tokens_per_day = 86400.0 * w->requests_per_s * w->mean_output,
            .weights_bytes = s->plan->memory.weights_bytes};
        cs_cost_fleet(&of[busy], s->plan->option->hardware, &scenario->cost, &s->plan->price, &use,
                      s->arena);
    }
    const double energy_usd = of[1].item[CS_COST_ENERGY], joules = of[1].kwh_per_day * 3.6e6;
    s->usd_per_replica_s = (of[1].usd_per_day - energy_usd) / replica_days_s;
    s->usd_per_J = energy_usd > 0.0 ? energy_usd / joules : 0.0;
    s->idle_w = of[0].kwh_per_day * 3.6e6 / replica_days_s;
    s->busy_w = joules / replica_days_s;
}

bool cs_show_open(struct cs_show *s, const struct cs_answer *answer,
                  const struct cs_option_answer *plan, struct cs_arena *arena)
{
    *s = (struct cs_show){.answer = answer, .plan = plan, .arena = arena};
    const struct cs_scenario *const scenario = answer->scenario;
    if (plan->replicas < 1)
        return false;
    cs_question_prepare(&s->question, scenario, answer->trace);
    s->shortened = shorten_warm_up(&s->question.workload);
    cs_candidate_compile(&s->candidate, plan->option, plan->tensor_parallel, &s->question, arena);
    if (!s->candidate.memory.fits)
        return false;
    s->replicas = plan->replicas;
    s->latest_ps = s->question.run.end_ps;
    if (s->latest_ps == INT64_MAX)
        s->latest_ps = ((int64_t)(time_of_requests(&s->question) * PS) / MS + 1) * MS;
    s->end_ps = s->latest_ps;
    name_classes(s);
    lay_out_bins(s);
    find_limits(s);
    find_costs(s);
    for (size_t i = 0; i < scenario->change_count; i++) /* as they grow later */
        insert_change(s, scenario->changes[i], false);
    s->scripted = s->change_count;
    s->ended = cs_arena_alloc(arena, CS_SHOW_ROLLING, sizeof *s->ended);
    s->flights = cs_arena_alloc(arena, CS_SHOW_FLIGHTS, sizeof *s->flights);
    s->observer = (struct cs_observer){.user = s, .routed = on_routed, .ended = on_ended};
    start_run(s);
    return true;
}

void cs_show_close(struct cs_show *s)
{
    cs_arena_fini(&s->run);
}

/* --- forward --------------------------------------------------------------------------------- */

static void note_changes(struct cs_show *s)
{
    s->factor = 1.0;
    s->router = s->candidate.option->router;
    for (size_t i = 0; i < s->change_count && s->changes[i].time_ps <= s->now_ps; i++) {
        if (s->changes[i].kind == CS_CHANGE_TRAFFIC)
            s->factor = s->changes[i].factor;
        if (s->changes[i].kind == CS_CHANGE_ROUTER)
            s->router = s->changes[i].router;
    }
}

static int paid(const struct cs_show *s)
{
    return s->serving + s->failed + s->loading + s->draining;
}

static void close_bin(struct cs_show *s)
{
    struct cs_show_bin *const b = &s->bins[s->bin];
    const double busy = (double)cs_cluster_result(s->cluster)->all_busy_ps / PS;
    const double bin_s = (double)s->bin_ps / PS;
    b->rps = (float)(s->bin_requests / bin_s);
    if (s->bin_ttft.count > 0) {
        b->ttft_p50_s = (float)(cs_hist_quantile(&s->bin_ttft, 0.5) / PS);
        b->ttft_p95_s = (float)(cs_hist_quantile(&s->bin_ttft, s->ttft_percentile / 100.0) / PS);
    }
    if (s->bin_tpot.count > 0) {
        b->tpot_p50_s = (float)(cs_hist_quantile(&s->bin_tpot, 0.5) / PS);
        b->tpot_p95_s = (float)(cs_hist_quantile(&s->bin_tpot, s->tpot_percentile / 100.0) / PS);
    }
    if (s->bin_serving_s > 0.0)
        b->busy = (float)fmin(1.0, (busy - s->bin_began_busy) / s->bin_serving_s);
    b->kv = (float)s->kv;
    s->bin_began_busy = busy;
    s->bin_requests = s->bin_serving_s = 0.0;
    s->bin++;
    empty(&s->bin_ttft);
    empty(&s->bin_tpot);
}

/* A run by requests that takes longer than its traffic let expect, as changes slowed it. */
static void extend(struct cs_show *s)
{
    const size_t more = s->bin_count / 4 + 1, count = s->bin_count + more;
    struct cs_show_bin *const bins = cs_arena_alloc(s->arena, count, sizeof *bins);
    memcpy(bins, s->bins, s->bin_count * sizeof *bins);
    for (size_t i = s->bin_count; i < count; i++)
        bins[i] = nothing_yet;
    s->bins = bins;
    s->bin_count = count;
    s->end_ps += (int64_t)more * s->bin_ps;
    s->latest_ps = s->end_ps;
}

static void run_piece(struct cs_show *s, int64_t until)
{
    /* arrivals of the instant itself come after what is changed in it */
    const bool by_requests = s->question.run.end_ps == INT64_MAX;
    s->over = !cs_cluster_run_until(s->cluster, until - 1);
    if (by_requests && !s->over) /* what ended in it is known when it has been run */
        s->over = !cs_cluster_run_until(s->cluster, until - 1);
    if (until == s->end_ps && !s->over && by_requests && (double)s->end_ps < LONGEST_S * PS)
        extend(s);
    if (until == s->end_ps && !s->over)
        cs_cluster_run(s->cluster);
    s->over |= until == s->end_ps;
    if (by_requests && s->over) { /* its last request was the end */
        const int64_t stopped = cs_cluster_result(s->cluster)->stopped_ps;
        const int64_t end = stopped > s->now_ps ? (stopped + MS - 1) / MS * MS : s->now_ps;
        until = end < until ? end : until;
        s->end_ps = until;
    }
    const double dt = (double)(until - s->now_ps) / PS;
    const double busy = (double)cs_cluster_result(s->cluster)->all_busy_ps / PS;
    const double replica_s = dt * paid(s);
    const double busy_s = fmin(busy - s->busy_before_s, replica_s);
    s->busy_before_s = busy;
    s->totals.replica_s += replica_s;
    s->totals.busy_s += busy_s;
    const double joules = s->idle_w * replica_s + (s->busy_w - s->idle_w) * busy_s;
    s->totals.joules += joules;
    s->totals.usd += s->usd_per_replica_s * replica_s;
    if (s->usd_per_J > 0.0)
        s->totals.usd += s->usd_per_J * joules;
    s->bin_serving_s += dt * (s->serving + s->draining);
    s->now_ps = until;
}

void cs_show_run(struct cs_show *s, int64_t until)
{
    until = until / MS * MS;
    if (until > s->end_ps)
        until = s->end_ps;
    if (s->now_ps < 0) {
        s->now_ps = until < 0 ? until : 0;
        cs_cluster_run_until(s->cluster, s->now_ps - 1);
    }
    if (s->now_ps >= 0 && !s->warm)
        begin(s);
    while (s->now_ps < until && s->now_ps < s->end_ps) {
        int64_t piece = (int64_t)(s->bin + 1) * s->bin_ps;
        bool changed = false;
        if (piece > until)
            piece = until;
        for (size_t i = 0; i < s->change_count; i++) {
            const int64_t at = s->changes[i].time_ps;
            if (at < s->now_ps || at >= piece)
                continue;
            changed |= at == s->now_ps;
            piece = at > s->now_ps ? at : s->now_ps + MS < piece ? s->now_ps + MS : piece;
        }
        run_piece(s, piece);
        if (changed || s->now_ps == (int64_t)(s->bin + 1) * s->bin_ps ||
            s->failed + s->loading + s->draining > 0)
            cs_show_look(s, INT32_MAX);
        if (s->now_ps == (int64_t)(s->bin + 1) * s->bin_ps && s->bin + 1 < s->bin_count)
            close_bin(s);
    }
    note_changes(s);
}

void cs_show_look(struct cs_show *s, int most)
{
    const int count = cs_cluster_replicas(s->cluster);
    if (count > s->snap_count) {
        struct cs_snapshot *const more = cs_arena_alloc(&s->run, (size_t)count, sizeof *more);
        s->snaps = more;
        s->snap_count = count;
        most = INT32_MAX;
    }
    const int looks = most < count ? most : count;
    for (int k = 0; k < looks; k++) {
        const int i = looks == count ? k : (s->snap_next + k) % count;
        cs_cluster_snapshot(s->cluster, i, &s->snaps[i]);
    }
    s->snap_next = (s->snap_next + looks) % count;
    s->serving = s->failed = s->loading = s->draining = 0;
    s->waiting = s->running = 0;
    double used = 0.0, all = 0.0;
    for (int i = 0; i < count; i++) {
        const struct cs_snapshot *const n = &s->snaps[i];
        s->serving += n->service == CS_SERVICE_UP;
        s->failed += n->service == CS_SERVICE_FAILED;
        s->loading += n->service == CS_SERVICE_LOADING;
        s->draining += n->service == CS_SERVICE_DRAINING;
        s->waiting += n->waiting;
        s->running += n->running;
        if (n->service == CS_SERVICE_UP || n->service == CS_SERVICE_DRAINING) {
            used += (double)n->kv_blocks_used;
            all += (double)n->kv_blocks;
        }
    }
    s->held = (long)cs_cluster_held(s->cluster);
    s->kv = all > 0.0 ? used / all : 0.0;
}

/* --- changes --------------------------------------------------------------------------------- */

void cs_show_change(struct cs_show *s, struct cs_change change)
{
    change.time_ps = s->now_ps;
    if (s->over)
        return;
    change.time_ps = cs_cluster_change(s->cluster, &change);
    insert_change(s, change, true);
    cs_show_run(s, s->now_ps + MS);
    cs_show_look(s, INT32_MAX);
}

bool cs_show_undo(struct cs_show *s)
{
    for (size_t i = s->change_count; i-- > 0;) {
        if (!s->by_hand[i])
            continue;
        s->change_count--;
        memmove(&s->changes[i], &s->changes[i + 1], (s->change_count - i) * sizeof *s->changes);
        memmove(&s->by_hand[i], &s->by_hand[i + 1], (s->change_count - i) * sizeof *s->by_hand);
        cs_show_restart(s);
        return true;
    }
    return false;
}

size_t cs_show_changes_by_hand(const struct cs_show *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->change_count; i++)
        count += s->by_hand[i];
    return count;
}

/* --- figures --------------------------------------------------------------------------------- */

/* The entries of the ring that count, the oldest first of them; returns how many. */
static uint64_t recent(const struct cs_show *s, uint64_t *first)
{
    const int64_t since = s->now_ps - (int64_t)(ROLLING_S * PS);
    const uint64_t most = s->ended_count < CS_SHOW_ROLLING ? s->ended_count : CS_SHOW_ROLLING;
    uint64_t n = 0;
    while (n < most && s->ended[(s->ended_count - 1 - n) % CS_SHOW_ROLLING].done_ps >= since)
        n++;
    *first = s->ended_count - n;
    return n;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void cs_show_rolling(const struct cs_show *s, bool tpot, const double *percentiles, int count,
                     double *values)
{
    float sorted[CS_SHOW_ROLLING];
    uint64_t first;
    const uint64_t n = recent(s, &first);
    size_t kept = 0;
    for (uint64_t i = 0; i < n; i++) {
        const struct cs_show_ended *const e = &s->ended[(first + i) % CS_SHOW_ROLLING];
        const float value = tpot ? e->tpot_s : e->ttft_s;
        if (!isnan(value))
            sorted[kept++] = value;
    }
    qsort(sorted, kept, sizeof *sorted, by_value);
    for (int k = 0; k < count; k++) {
        const size_t at = (size_t)ceil(percentiles[k] / 100.0 * (double)kept);
        values[k] = kept == 0 ? NAN : (double)sorted[at > 0 ? at - 1 : 0];
    }
}

void cs_show_rates(const struct cs_show *s, double *output, double *input, double *requests)
{
    uint64_t first;
    const uint64_t n = recent(s, &first);
    *output = *input = *requests = 0.0;
    if (n == 0)
        return;
    double since = (double)s->now_ps / PS - ROLLING_S;
    if (first > 0 && n == CS_SHOW_ROLLING) /* the ring is shorter than a quarter of an hour */
        since = (double)s->ended[first % CS_SHOW_ROLLING].done_ps / PS;
    const double start = (double)s->question.workload.start_ps / PS;
    const double span = fmax(1e-3, (double)s->now_ps / PS - fmax(since, start));
    for (uint64_t i = 0; i < n; i++) {
        *output += s->ended[(first + i) % CS_SHOW_ROLLING].output / span;
        *input += s->ended[(first + i) % CS_SHOW_ROLLING].input / span;
    }
    *requests = (double)n / span;
}

double cs_show_within(const struct cs_show *s)
{
    const struct cs_result *const r = cs_cluster_result(s->cluster);
    const uint64_t ended = r->completed + r->rejected;
    uint64_t met = 0;
    for (size_t w = 0; w < r->window_count; w++)
        met += r->windows[w].met;
    return ended > 0 ? (double)met / (double)ended : NAN;
}

double cs_show_api_usd(const struct cs_show *s, const struct cs_api_answer *api)
{
    const struct cs_workload_spec *const w = &s->question.workload;
    const double requests = w->requests_per_s * 86400.0;
    const double day_in = requests * w->mean_input, day_out = requests * w->mean_output;
    const double in = api->input + api->cached_input + api->cache_write;
    const double out = api->output;
    const double other = api->usd_per_day - in - out; /* committed units, by time */
    if (isnan(api->usd_per_day))
        return NAN;
    return in * s->totals.input_tokens / day_in + out * s->totals.output_tokens / day_out +
           fmax(0.0, other) * (double)s->now_ps / PS / 86400.0;
}

double cs_show_expected_rps(const struct cs_show *s, int64_t time_ps)
{
    const struct cs_workload_spec *const w = &s->question.workload;
    if (w->trace != NULL)
        return NAN;
    double factor = 1.0;
    for (size_t i = 0; i < s->change_count && s->changes[i].time_ps <= time_ps; i++)
        if (s->changes[i].kind == CS_CHANGE_TRAFFIC)
            factor = s->changes[i].factor;
    const struct cs_curve *const curve = &w->traffic->curve;
    if (curve->count == 0)
        return factor * w->requests_per_s;
    const size_t step = (size_t)((double)time_ps / PS / curve->step_s) % curve->count;
    return factor * w->requests_per_s * curve->weights[step];
}

const char *cs_show_clock(const struct cs_show *s, int64_t time_ps, char *buffer, size_t size)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const long long t = time_ps / (1000 * MS);
    /* the end of the last day is its own, not the next one's beginning */
    const bool last = time_ps >= s->end_ps && t > 0 && t % 86400 == 0;
    const long long day = t / 86400 - last;
    const int h = last ? 24 : (int)(t / 3600 % 24), m = (int)(t / 60 % 60), sec = (int)(t % 60);
    if (s->question.scenario->traffic.curve.starts_monday && s->answer->trace == NULL)
        snprintf(buffer, size, "%s %02d:%02d:%02d", days[day % 7], h, m, sec);
    else if (s->end_ps > (int64_t)(86400.5 * PS))
        snprintf(buffer, size, "day %lld %02d:%02d:%02d", day + 1, h, m, sec);
    else
        snprintf(buffer, size, "%02d:%02d:%02d", h, m, sec);
    return buffer;
}
