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
static const double WARM_UP_S = 3600.0;
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
    spec->start_ps = (int64_t)(-WARM_UP_S * PS);
    spec->max_requests = simulate->requests;
    spec->end_ps = simulate->requests > 0 ? INT64_MAX : (int64_t)(simulate->days * 86400.0 * PS);
}

/* Enters the curve step that holds time t (t is at its start, or the start of the run). */
static void enter_step(struct cs_workload *w, double t)
{
    const struct cs_workload_spec *spec = w->spec;
    const struct cs_curve *curve = &spec->traffic->curve;
    if (curve->count == 0) {
        w->rate = spec->requests_per_s;
        w->step_end_s = INFINITY;
        return;
    }
    w->rate = spec->requests_per_s * curve->weights[w->step];
    w->step_end_s = (floor(t / curve->step_s + 1e-9) + 1.0) * curve->step_s;
}

void cs_workload_init(struct cs_workload *w, const struct cs_workload_spec *spec, uint64_t seed,
                      uint64_t replication)
{
    *w = (struct cs_workload){.spec = spec};
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
    if (w->trace_next >= trace->count)
        return false;
    const size_t i = w->trace_next++;
    *a = (struct cs_arrival){.time_ps = (int64_t)(trace->arrival_s[i] * PS + 0.5),
                             .input = trace->input[i],
                             .output = trace->output[i]};
    share_of_trace(trace, i, &a->prefix);
    w->made++;
    return true;
}

bool cs_workload_next(struct cs_workload *w, struct cs_arrival *a)
{
    const struct cs_workload_spec *spec = w->spec;
    if (spec->trace != NULL)
        return next_of_trace(w, a);
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
    if (t >= HORIZON_S) /* before it is cast to picoseconds */
        return false;
    w->now_s = t;
    a->time_ps = (int64_t)(t * PS);
    if (a->time_ps >= spec->end_ps)
        return false;
    if (spec->traffic->joint) {
        cs_pairs_draw(&spec->traffic->pairs, spec->input_scale, spec->output_scale, &w->input,
                      &w->output, &a->input, &a->output);
    } else {
        a->input = cs_length_draw(&spec->input, &w->input);
        a->output = cs_length_draw(&spec->output, &w->output);
    }
    if (a->time_ps >= 0) {
        if (spec->max_requests > 0 && w->made >= spec->max_requests)
            return false;
        w->made++;
    }
    return true;
}
