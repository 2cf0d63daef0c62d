/* Arrivals: a renewal process carried through the rate curve, or a trace as it is.
 *
 * With L(t) the integral of the rate, requests arrive at t_i = L^-1(g_1 + ... + g_i), the gaps g of
 * unit mean: exponential gives the non-homogeneous Poisson process exactly, a gamma of shape
 * 1 / cv^2 keeps a coefficient of variation cv between neighbours (Cinlar 1975; Gerhard and Nelson
 * 2009). The rate is constant within a step of the curve, so the inverse is a division.
 *
 * A curve that starts on Monday 00:00 runs from there; the warm-up hour is the one before (Sunday
 * 23:00). Steps of weight 0 have no arrivals. The stream for gaps never sees the lengths' draws.
 */
#include "serve/workload.h"
#include <math.h>
#include <string.h>

static const double PS = 1e12;
/* 2^63 ps are 106.75 days: arrivals end at 100, so that what is still running then can end too. */
static const double HORIZON_S = 100.0 * 86400.0;

void cs_workload_prepare(struct cs_workload_spec *spec, const struct cs_traffic *traffic,
                         const struct cs_simulate *simulate, const struct cs_trace *trace)
{
    *spec = (struct cs_workload_spec){.traffic = traffic,
                                      .trace = trace,
                                      .input_scale = 1.0,
                                      .output_scale = 1.0,
                                      .peak_factor = 1.0,
                                      .gamma_shape = 1.0};
    if (trace != NULL) {
        double in = 0.0, out = 0.0;
        for (size_t i = 0; i < trace->count; i++) {
            in += trace->input[i];
            out += trace->output[i];
        }
        const double n = (double)trace->count;
        const double span = trace->count > 0 ? trace->arrival_s[trace->count - 1] : 0.0;
        spec->mean_input = in / n;
        spec->mean_output = out / n;
        spec->requests_per_s = span > 0.0 ? n / span : n;
        spec->end_ps = INT64_MAX;
        spec->max_requests = (int64_t)trace->count;
        return;
    }
    double in, out;
    if (traffic->joint) {
        cs_pairs_mean(&traffic->pairs, &in, &out);
    } else {
        in = cs_length_mean(&traffic->input);
        out = cs_length_mean(&traffic->output);
    }
    const double total = in + out;
    if (traffic->input_share > 0.0) {
        spec->input_scale = traffic->input_share * total / in;
        spec->output_scale = (1.0 - traffic->input_share) * total / out;
    }
    cs_length_source_init(&spec->input, &traffic->input, spec->input_scale);
    cs_length_source_init(&spec->output, &traffic->output, spec->output_scale);
    spec->mean_input = in * spec->input_scale;
    spec->mean_output = out * spec->output_scale;
    spec->requests_per_s =
        traffic->kind == CS_VOLUME_TOKENS ? traffic->tokens_per_s / total : traffic->requests_per_s;
    if (traffic->burstiness > 0.0 && traffic->burstiness != 1.0)
        spec->gamma_shape = 1.0 / (traffic->burstiness * traffic->burstiness);
    for (size_t i = 0; i < traffic->curve.count; i++)
        spec->peak_factor = fmax(spec->peak_factor, traffic->curve.weights[i]);
    spec->period_s = (double)traffic->curve.count * traffic->curve.step_s;
    spec->start_ps = (int64_t)(-simulate->warm_up_s * PS);
    spec->max_requests = simulate->requests;
    spec->end_ps = simulate->requests > 0 ? INT64_MAX : (int64_t)(simulate->days * 86400.0 * PS);
}

/* Requests, or conversations where there are some. */
static double starts_per_s(const struct cs_workload_spec *spec)
{
    const double turns = spec->traffic->sessions.turns;
    return turns > 0.0 ? spec->requests_per_s / turns : spec->requests_per_s;
}

/* Enters the curve step that holds time t (t is at its start, or the start of the run). */
static void enter_step(struct cs_workload *w, double t)
{
    const struct cs_workload_spec *spec = w->spec;
    const struct cs_curve *curve = &spec->traffic->curve;
    if (curve->count == 0) {
        w->rate = w->factor * starts_per_s(spec);
        w->step_end_s = INFINITY;
        return;
    }
    w->rate = w->factor * starts_per_s(spec) * curve->weights[w->step];
    w->step_end_s = (floor(t / curve->step_s + 1e-9) + 1.0) * curve->step_s;
}

/* --- what prompts share ---------------------------------------------------------------------- */

static int32_t draw_group(struct cs_workload *w)
{
    const struct cs_shared_prefix *p = &w->spec->traffic->prefix;
    if (p->groups == 0)
        return 0;
    const double u = cs_rng_uniform(&w->group);
    int32_t lo = (int32_t)(u * p->groups), hi = lo; /* the first group with u < upto */
    for (lo = p->upto ? 0 : lo, hi = p->upto ? p->groups - 1 : hi; lo < hi;) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (u < p->upto[mid])
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static bool is_before(const struct cs_turn *a, const struct cs_turn *b)
{
    return a->time_s < b->time_s || (a->time_s == b->time_s && a->session < b->session);
}

static void push_turn(struct cs_workload *w, struct cs_turn turn)
{
    if (w->open_count == w->open_capacity) {
        w->open_capacity = w->open_capacity > 0 ? 2 * w->open_capacity : 64;
        struct cs_turn *larger = cs_arena_alloc(w->arena, w->open_capacity, sizeof *larger);
        if (w->open_count > 0)
            memcpy(larger, w->open, w->open_count * sizeof *larger);
        w->open = larger;
    }
    size_t i = w->open_count++;
    for (; i > 0 && is_before(&turn, &w->open[(i - 1) / 2]); i = (i - 1) / 2)
        w->open[i] = w->open[(i - 1) / 2];
    w->open[i] = turn;
}

static struct cs_turn pop_turn(struct cs_workload *w)
{
    const struct cs_turn first = w->open[0], last = w->open[--w->open_count];
    size_t i = 0;
    for (size_t k = 1; k < w->open_count; i = k, k = 2 * k + 1) {
        if (k + 1 < w->open_count && is_before(&w->open[k + 1], &w->open[k]))
            k++;
        if (!is_before(&w->open[k], &last))
            break;
        w->open[i] = w->open[k];
    }
    w->open[i] = last;
    return first;
}

/* After a turn at t: another one, or the end of the conversation. */
static void follow_up(struct cs_workload *w, struct cs_turn turn)
{
    const struct cs_sessions *s = &w->spec->traffic->sessions;
    if (cs_rng_uniform(&w->turn) * s->turns < 1.0)
        return;
    turn.time_s += s->think_s * cs_rng_exponential(&w->turn);
    push_turn(w, turn);
}

/* The conversations that are open when the run begins. */
static void open_some(struct cs_workload *w)
{
    const struct cs_sessions *s = &w->spec->traffic->sessions;
    const double mean = w->rate * s->think_s * (s->turns - 1.0);
    cs_rng_init(&w->turn, w->seed, w->replication, "sessions/turn");
    for (double sum = cs_rng_exponential(&w->turn); sum < mean;
         sum += cs_rng_exponential(&w->turn)) {
        const double think_s = s->think_s * cs_rng_exponential(&w->turn);
        push_turn(w, (struct cs_turn){w->now_s + think_s, ++w->sessions, draw_group(w)});
    }
}

static void draw_lengths(struct cs_workload *w, struct cs_arrival *a)
{
    const struct cs_workload_spec *spec = w->spec;
    const struct cs_shared_prefix *p = &spec->traffic->prefix;
    struct cs_rng of_group, *input = &w->input;
    if (p->groups > 0) {
        a->prefix.group_tokens = p->tokens > 0.0 ? (int32_t)p->tokens : INT32_MAX;
        if (p->tokens == 0.0) { /* whole prompts: the same length each time */
            const uint64_t own = w->seed ^ (a->prefix.group * 0x9e3779b97f4a7c15u);
            cs_rng_init(&of_group, own, w->replication, "prefix/length");
            input = &of_group;
        }
    }
    if (spec->traffic->joint) {
        cs_pairs_draw(&spec->traffic->pairs, spec->input_scale, spec->output_scale, input,
                      &w->output, &a->input, &a->output);
    } else {
        a->input = cs_length_draw(&spec->input, input);
        a->output = cs_length_draw(&spec->output, &w->output);
    }
}

void cs_workload_init(struct cs_workload *w, const struct cs_workload_spec *spec, uint64_t seed,
                      uint64_t replication, struct cs_arena *arena)
{
    *w = (struct cs_workload){
        .spec = spec, .seed = seed, .replication = replication, .arena = arena, .factor = 1.0};
    cs_rng_init(&w->gap, seed, replication, "arrivals/gap");
    cs_rng_init(&w->input, seed, replication, "arrivals/input");
    cs_rng_init(&w->output, seed, replication, "arrivals/output");
    w->now_s = (double)spec->start_ps / PS;
    const struct cs_curve *curve = &spec->traffic->curve;
    if (spec->trace != NULL)
        return;
    if (curve->count > 0) {
        const double turn = floor(w->now_s / spec->period_s);
        w->step =
            (size_t)((w->now_s - turn * spec->period_s) / curve->step_s + 1e-9) % curve->count;
    }
    enter_step(w, w->now_s);
    cs_rng_init(&w->group, seed, replication, "prefix/group");
    if (spec->traffic->sessions.turns > 0.0)
        open_some(w);
}

/* Groups and sessions are numbered from 1, each kind for itself. */
static void share_of_trace(const struct cs_trace *t, size_t i, struct cs_prefix *p)
{
    if (t->prefix_group.ids != NULL && t->prefix_group.ids[i] >= 0 && t->prefix_tokens[i] > 0) {
        p->group = (uint64_t)t->prefix_group.ids[i] + 1;
        p->group_tokens = t->prefix_tokens[i];
    }
    if (t->session.ids != NULL && t->session.ids[i] >= 0)
        p->session = (uint64_t)t->session.ids[i] + 1;
    if (t->hashes != NULL && t->hash_start[i] < t->hash_start[i + 1]) {
        p->hashes = t->hashes + t->hash_start[i];
        p->hash_count = (int32_t)(t->hash_start[i + 1] - t->hash_start[i]);
        p->hash_tokens = t->hash_tokens;
    }
}

static bool next_of_trace(struct cs_workload *w, struct cs_arrival *a)
{
    const struct cs_trace *trace = w->spec->trace;
    while (w->copies < 1.0) {
        if (w->trace_next >= trace->count)
            return false;
        w->trace_next++;
        w->copies += w->factor;
    }
    w->copies -= 1.0;
    const size_t i = w->trace_next - 1;
    *a = (struct cs_arrival){.time_ps = (int64_t)(trace->arrival_s[i] * PS + 0.5),
                             .input = trace->input[i],
                             .output = trace->output[i],
                             .klass = trace->klass.ids != NULL ? trace->klass.ids[i] : -1};
    share_of_trace(trace, i, &a->prefix);
    w->made++;
    return true;
}

/* The next start of the renewal process, into now_s; false: none before the end. */
static inline bool next_start(struct cs_workload *w)
{
    const struct cs_workload_spec *spec = w->spec;
    double gap = spec->gamma_shape == 1.0
                     ? cs_rng_exponential(&w->gap)
                     : cs_rng_gamma(&w->gap, spec->gamma_shape, 1.0 / spec->gamma_shape);
    const double inverse = 1.0 / w->rate;
    double t = w->now_s + gap * inverse;
    while (!(t < w->step_end_s)) { /* also when the rate is 0 and t is infinite */
        gap -= (w->step_end_s - w->now_s) * w->rate;
        w->now_s = w->step_end_s;
        if (w->now_s * PS >= (double)spec->end_ps || w->now_s >= HORIZON_S)
            return false;
        w->step = w->step + 1 == spec->traffic->curve.count ? 0 : w->step + 1;
        enter_step(w, w->now_s);
        t = w->now_s + fmax(gap, 0.0) / w->rate;
    }
    w->now_s = t;
    return true;
}

/* The next start or follow-up, whichever is earlier, and whose it is; false: no more. */
static bool next_turn(struct cs_workload *w, struct cs_arrival *a, double *t)
{
    if (!w->start_waits && !w->no_starts) {
        w->start_waits = next_start(w);
        w->no_starts = !w->start_waits;
    }
    if (w->open_count == 0 && !w->start_waits)
        return false;
    const bool follows =
        w->open_count > 0 && !(w->start_waits && w->now_s < w->open[0].time_s);
    struct cs_turn turn;
    if (follows) {
        turn = pop_turn(w);
    } else {
        turn = (struct cs_turn){w->now_s, ++w->sessions, draw_group(w)};
        w->start_waits = false;
    }
    *t = turn.time_s;
    a->prefix.session = turn.session;
    a->prefix.group = (uint64_t)(turn.group + 1);
    follow_up(w, turn);
    return true;
}

bool cs_workload_next(struct cs_workload *w, struct cs_arrival *a)
{
    const struct cs_workload_spec *spec = w->spec;
    if (spec->trace != NULL)
        return next_of_trace(w, a);
    double t;
    a->prefix = (struct cs_prefix){0};
    a->klass = -1;
    if (spec->traffic->sessions.turns > 0.0) {
        if (!next_turn(w, a, &t))
            return false;
    } else {
        if (!next_start(w))
            return false;
        t = w->now_s;
    }
    if (t >= HORIZON_S) /* before it is cast to picoseconds */
        return false;
    a->time_ps = (int64_t)(t * PS);
    if (a->time_ps >= spec->end_ps)
        return false;
    if (spec->traffic->prefix.groups == 0)
        a->prefix.group = 0;
    else if (a->prefix.group == 0)
        a->prefix.group = (uint64_t)draw_group(w) + 1;
    draw_lengths(w, a);
    if (a->time_ps >= 0) {
        if (spec->max_requests > 0 && w->made >= spec->max_requests)
            return false;
        w->made++;
    }
    return true;
}

void cs_workload_rate(struct cs_workload *w, double factor)
{
    if (factor == w->factor)
        return;
    w->factor = factor;
    if (w->spec->trace == NULL) {
        const struct cs_curve *curve = &w->spec->traffic->curve;
        const double weight = curve->count > 0 ? curve->weights[w->step] : 1.0;
        w->rate = factor * starts_per_s(w->spec) * weight;
    }
}
