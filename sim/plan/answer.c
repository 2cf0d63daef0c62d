/* Figures of an option: latencies, worst window, load by hour, costs, checks. See answer.h.
 *
 * The self-checks hold two sides of the run against each other that were counted apart:
 *   tokens        what requests asked for against what steps computed
 *   Little's law  the steps' mean number running against rate x residence, summed by request
 *   utilisation   busy + idle time of the replicas against the length of the run
 *   offered load  mean sequences decoding (token gaps x rate) against the requests' E2E - TTFT
 *   floor         busy time against steps x (bytes of weights / bandwidth)
 * The first three are conservation laws and must hold to rounding; offered load compares windows
 * by arrival with windows by time and may differ by what crosses the run's two ends.
 */
#include "plan/answer.h"
#include "plan/loading.h"
#include <math.h>

const char *const cs_binding_names[CS_BINDING_COUNT] = {
    "none", "ttft", "tpot", "itl", "e2e", "kv_memory", "weights_memory", "throughput",
};

static const double QUANTILE[CS_STAT_COUNT] = {0.0, 0.50, 0.90, 0.95, 0.99, 0.999};

static double stat_of(const struct cs_hist *h, int stat)
{
    return 1e-12 * (stat == CS_STAT_MEAN ? cs_hist_mean(h) : cs_hist_quantile(h, QUANTILE[stat]));
}

/* Latency figures of histograms, one per replication. */
static void latency_of(struct cs_latency *l, const struct cs_hist *h, size_t n)
{
    for (int s = 0; s < CS_STAT_COUNT; s++) {
        double x[CS_SEARCH_REPLICATIONS];
        for (size_t r = 0; r < n; r++)
            x[r] = stat_of(&h[r], s);
        l->stat[s] = cs_estimate_mean(x, n, 0.95);
        if (s != CS_STAT_MEAN && !isnan(l->stat[s].lo)) { /* known to half a bucket at best */
            const double half = l->stat[s].value / (2.0 * CS_HIST_SUB);
            l->stat[s].lo = fmin(l->stat[s].lo, l->stat[s].value - half);
            l->stat[s].hi = fmax(l->stat[s].hi, l->stat[s].value + half);
        }
        l->model95[s] = (struct cs_interval){NAN, NAN, NAN};
    }
}

static void fill_latency(struct cs_option_answer *a, const struct cs_set *set)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_hist h[CS_SEARCH_REPLICATIONS];
    for (int m = 0; m <= CS_METRIC_COUNT; m++) {
        for (int r = 0; r < set->count; r++) {
            cs_hist_init(&h[r], &scratch);
            if (m == CS_METRIC_COUNT)
                cs_hist_merge(&h[r], &set->trials[r]->result->wait);
            else
                cs_result_total(set->trials[r]->result, (enum cs_metric)m, &h[r]);
        }
        latency_of(m == CS_METRIC_COUNT ? &a->wait : &a->latency[m], h, (size_t)set->count);
    }
    cs_arena_fini(&scratch);
}

/* A metric in a group of windows of replication 0: h[0] as shown, h[1 + CS_SEARCH_FAST] at the fast
 * end of the model's error, and so on. */
static void ends_of(struct cs_hist h[1 + CS_SEARCH_ENDS], const struct cs_search *s, int metric,
                    const struct cs_group *g, struct cs_arena *scratch)
{
    for (int e = 0; e <= CS_SEARCH_ENDS; e++) {
        const struct cs_set *set = e == 0 ? s->shown : &s->ends[e - 1];
        cs_hist_init(&h[e], scratch);
        for (size_t w = g->first; w < g->first + g->count; w++)
            cs_hist_merge(&h[e], &set->trials[0]->result->windows[w].metric[metric]);
    }
}

/* The band of latencies (docs/model.md, 9.3). At each end the same requests meet the same fleet
 * with all steps scaled, so the ratio to the run as shown is the error's alone; what first tokens
 * may be off beyond that is independent of it, and counts as far as the time is one to the first
 * token. No first token comes before one step has read the weights. */
static void band_of(struct cs_latency l[CS_METRIC_COUNT], const struct cs_search *s,
                    const struct cs_group *g, double floor_s, struct cs_arena *scratch)
{
    const bool bounded = s->ends[CS_SEARCH_SLOW].judgement.outcome == CS_OUTCOME_DONE;
    const double spread = CS_SEARCH_BAND * s->chosen->candidate->error->ttft;
    const double ttft = l[CS_METRIC_TTFT].stat[CS_STAT_MEAN].value;
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        struct cs_hist h[1 + CS_SEARCH_ENDS];
        ends_of(h, s, m, g, scratch);
        const double own = m == CS_METRIC_TTFT  ? spread
                           : m == CS_METRIC_E2E ? spread * ttft / l[m].stat[CS_STAT_MEAN].value
                                                : 0.0;
        const double least = own > 0.0 ? floor_s : 0.0; /* steps have their floor already */
        for (int k = 0; k < CS_STAT_COUNT; k++) {
            const double value = l[m].stat[k].value, at = stat_of(&h[0], k);
            const double down = fmax(0.0, log(at / stat_of(&h[1 + CS_SEARCH_FAST], k)));
            const double up = fmax(0.0, log(stat_of(&h[1 + CS_SEARCH_SLOW], k) / at));
            if (!isfinite(value) || h[0].count == 0)
                continue;
            l[m].model95[k] = (struct cs_interval){
                .value = value,
                .lo = fmin(value, fmax(least, value * exp(-hypot(down, own)))),
                .hi = bounded ? value * exp(hypot(up, own)) : INFINITY,
            };
        }
    }
}

static void fill_model(struct cs_option_answer *a, const struct cs_search *s)
{
    const struct cs_candidate *c = s->chosen->candidate;
    const struct cs_judgement *slow = &s->ends[CS_SEARCH_SLOW].judgement;
    if (c->error == NULL)
        return;
    a->model = (struct cs_model_band){
        .error = c->error,
        .step_lo = exp(-CS_SEARCH_BAND * c->error->step),
        .step_hi = exp(CS_SEARCH_BAND * c->error->step),
        .simulated = a->simulated && s->measures,
        .margin = c->step_scale,
    };
    if (!a->model.simulated)
        return;
    a->model.keeps_up = slow->outcome == CS_OUTCOME_DONE;
    a->model.holds = a->model.keeps_up && !(slow->miss.value > slow->allowed);
    if (!a->model.holds)
        a->model.why_not = cs_search_why_not(s, &s->ends[CS_SEARCH_SLOW]);
    struct cs_step_parts parts;
    const struct cs_step_load one = {.tokens = 1};
    cs_step_explain(&parts, c->option, c->tensor_parallel, false, &one);
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    const struct cs_judgement *j = &s->shown->judgement;
    const struct cs_group all = {0, s->shown->trials[0]->result->window_count};
    band_of(a->latency, s, &all, parts.floor_s, &scratch);
    if (s->question->limit_count > 0)
        band_of(a->worst.latency, s, &j->groups[j->worst_group], parts.floor_s, &scratch);
    cs_arena_fini(&scratch);
}

static double group_requests(const struct cs_result *r, const struct cs_group *g)
{
    double n = 0.0;
    for (size_t w = g->first; w < g->first + g->count; w++)
        n += (double)r->windows[w].requests;
    return n;
}

/* Share of the requests of a group of windows that were within every limit, over the replications
 * that the worst window is estimated on. */
static double group_attainment(const struct cs_set *set, const struct cs_group *g)
{
    double met = 0.0, requests = 0.0;
    for (int r = set->count > 1 ? 1 : 0; r < set->count; r += 2) {
        const struct cs_result *const run = set->trials[r]->result;
        requests += group_requests(run, g);
        for (size_t w = g->first; w < g->first + g->count; w++)
            met += (double)run->windows[w].met;
    }
    return met / requests;
}

/* How often a folded window occurs in the run. */
static double folds(const struct cs_result *r)
{
    if (r->window_ps == INT64_MAX)
        return 1.0;
    return fmax(1.0, r->measured_ps / ((double)r->window_ps * (double)r->window_count));
}

/* Time that a run measured in window w, in all its folds: less than its length where the run ends
 * within it. */
static double measured_in(const struct cs_result *r, size_t w)
{
    if (r->window_ps == INT64_MAX)
        return r->measured_ps;
    const double length = (double)r->window_ps, period = length * (double)r->window_count;
    const double whole = floor(r->measured_ps / period), rest = r->measured_ps - whole * period;
    return whole * length + fmin(length, fmax(0.0, rest - (double)w * length));
}

static void fill_worst(struct cs_option_answer *a, const struct cs_search *s)
{
    const struct cs_set *set = s->shown;
    const struct cs_judgement *j = &set->judgement;
    struct cs_worst_window *w = &a->worst;
    const struct cs_group *g = &j->groups[j->worst_group];
    if (s->question->limit_count == 0) { /* the busiest */
        for (size_t i = 0; i < j->group_count; i++)
            if (group_requests(set->trials[0]->result, &j->groups[i]) >
                group_requests(set->trials[0]->result, g))
                g = &j->groups[i];
    }
    const struct cs_result *first = set->trials[0]->result;
    w->known = true;
    w->start_s =
        first->window_ps == INT64_MAX ? 0.0 : (double)g->first * (double)first->window_ps * 1e-12;
    w->length_s = first->window_ps == INT64_MAX
                      ? first->measured_ps * 1e-12
                      : (double)g->count * (double)first->window_ps * 1e-12;
    if (s->question->limit_count > 0) {
        w->limit = &s->question->scenario->slo.limits[j->worst_limit];
        /* the miss of a mean is no share of requests */
        w->attainment =
            w->limit->percentile > 0.0 ? 1.0 - j->miss.value : group_attainment(set, g);
    } else {
        w->attainment = 1.0;
    }
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_hist h[CS_SEARCH_REPLICATIONS];
    double requests = 0.0;
    size_t n = 0;
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        n = 0;
        requests = 0.0;
        for (int r = set->count > 1 ? 1 : 0; r < set->count; r += 2, n++) {
            cs_hist_init(&h[n], &scratch);
            for (size_t k = g->first; k < g->first + g->count; k++)
                cs_hist_merge(&h[n], &set->trials[r]->result->windows[k].metric[m]);
            requests += group_requests(set->trials[r]->result, g);
        }
        latency_of(&w->latency[m], h, n);
    }
    cs_arena_fini(&scratch);
    const double length_s = fmin(w->length_s * folds(first), first->measured_ps * 1e-12);
    w->requests_per_s = requests / (double)n / length_s * s->question->scale;
}

static void fill_hours(struct cs_option_answer *a, const struct cs_set *set, double scale,
                       struct cs_arena *arena)
{
    const struct cs_result *first = set->trials[0]->result;
    struct cs_hour *hours = cs_arena_alloc(arena, first->window_count, sizeof *hours);
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    const double n = set->count, kv_tokens = (double)set->candidate->memory.kv_tokens;
    for (size_t w = 0; w < first->window_count; w++) {
        struct cs_hist h[CS_METRIC_COUNT];
        double requests = 0.0, met = 0.0, busy = 0.0, kv = 0.0, measured = 0.0;
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            cs_hist_init(&h[m], &scratch);
        for (int r = 0; r < set->count; r++) {
            const struct cs_window_tally *t = &set->trials[r]->result->windows[w];
            requests += (double)t->requests;
            met += (double)t->met;
            busy += (double)t->busy_ps;
            kv += t->kv_area;
            measured += measured_in(set->trials[r]->result, w);
            for (int m = 0; m < CS_METRIC_COUNT; m++)
                cs_hist_merge(&h[m], &t->metric[m]);
        }
        const double length_ps =
            first->window_ps == INT64_MAX ? first->measured_ps : (double)first->window_ps;
        hours[w] = (struct cs_hour){
            .start_s = first->window_ps == INT64_MAX ? 0.0 : (double)w * length_ps * 1e-12,
            .requests = requests / n * scale,
            .requests_per_s = requests / (measured * 1e-12) * scale,
            .busy = busy / n / (measured / n * set->replicas),
            .kv = fmin(1.0, kv / n / (measured / n * set->replicas) / kv_tokens),
            .attainment = requests > 0.0 ? met / requests : NAN,
            .ttft_p50_s = stat_of(&h[CS_METRIC_TTFT], CS_STAT_P50),
            .ttft_p95_s = stat_of(&h[CS_METRIC_TTFT], CS_STAT_P95),
            .tpot_p50_s = stat_of(&h[CS_METRIC_TPOT], CS_STAT_P50),
            .tpot_p95_s = stat_of(&h[CS_METRIC_TPOT], CS_STAT_P95),
            .e2e_p95_s = stat_of(&h[CS_METRIC_E2E], CS_STAT_P95),
        };
    }
    cs_arena_fini(&scratch);
    a->hours = hours;
    a->hour_count = first->window_count;
}

/* Rates, shares and goodput: sums over the replications. */
static void fill_totals(struct cs_option_answer *a, const struct cs_search *s)
{
    const struct cs_set *set = s->shown;
    const double n = set->count, scale = s->question->scale;
    double seconds = 0.0, requests = 0.0, input = 0.0, output = 0.0, busy = 0.0, met = 0.0;
    double found = 0.0, computed = 0.0;
    double batch = 0.0, kv = 0.0, span = 0.0, all_busy = 0.0, peak = 0.0, completed = 0.0;
    for (int i = 0; i < set->count; i++) {
        const struct cs_result *r = set->trials[i]->result;
        seconds += r->measured_ps * 1e-12;
        requests += (double)r->requests;
        completed += (double)r->completed;
        input += (double)r->input_tokens;
        output += (double)r->output_tokens;
        for (size_t w = 0; w < r->window_count; w++) {
            busy += (double)r->windows[w].busy_ps;
            met += (double)r->windows[w].met;
        }
        batch += r->all_batch_area;
        kv += r->all_kv_area;
        found += (double)r->all_cached_tokens;
        computed += (double)r->all_prefill_tokens;
        span += (double)r->all_span_ps;
        all_busy += (double)r->all_busy_ps;
        peak = fmax(peak, (double)r->kv_peak_tokens);
        a->preemptions += (double)r->preemptions / n * scale;
        a->retried += (double)r->all_retried / n * scale;
        a->rejected += (double)r->rejected / n * scale;
    }
    const double kv_tokens = (double)set->candidate->memory.kv_tokens;
    a->requests_per_s = completed / seconds * scale;
    a->input_tokens_per_s = input / seconds * scale;
    a->output_tokens_per_s = output / seconds * scale;
    a->output_tokens_per_s_per_gpu = a->output_tokens_per_s / (double)a->gpus;
    a->busy = busy * 1e-12 / (seconds * set->replicas);
    if (s->question->run.change_count > 0) /* of the time that replicas serve */
        a->busy = all_busy / span;
    a->batch_mean = all_busy > 0.0 ? batch / all_busy : 0.0;
    a->prefix_hits = found > 0.0 ? found / (found + computed) : 0.0;
    a->kv_mean = fmin(1.0, kv / span / kv_tokens); /* a shared block counts for each who reads it */
    a->kv_peak = fmin(1.0, peak / kv_tokens);
    a->attainment = requests > 0.0 ? met / requests : NAN;
    a->goodput_rps = met / seconds * scale;
    a->windows_met = set->judgement.windows_met;
}

/* Share of the time that replicas compute, where the hours around the busiest alone were simulated:
 * from the levels of all hours, or not known. */
static double busy_of_levels(const struct cs_search *s)
{
    double busy = 0.0;
    if (s->level_count == 0)
        return NAN;
    for (int k = 0; k < s->level_count; k++) {
        const struct cs_result *const r = s->level.trials[k]->result;
        const double whole = r->measured_ps * s->level.replicas;
        busy += s->levels[k].share *
                (whole > 0.0 ? fmin(1.0, (double)r->windows[0].busy_ps / whole) : 1.0);
    }
    return busy;
}

static bool met(const struct cs_judgement *j)
{
    return j->verdict == CS_VERDICT_ACCEPTED ||
           (j->verdict == CS_VERDICT_OPEN && !(j->miss.value > j->allowed));
}

static const enum cs_binding binding_metric[CS_METRIC_COUNT] = {CS_BINDING_TTFT, CS_BINDING_TPOT,
                                                                CS_BINDING_ITL, CS_BINDING_E2E};

static enum cs_binding binding_of(const struct cs_search *s, const struct cs_set *set)
{
    const struct cs_result *r = set->trials[0]->result;
    const bool kv_full = r->preemptions > 0 || (double)r->kv_peak_tokens >
                                                   0.97 * (double)set->candidate->memory.kv_tokens;
    if (set->judgement.outcome != CS_OUTCOME_DONE)
        return kv_full ? CS_BINDING_KV_MEMORY : CS_BINDING_THROUGHPUT;
    if (kv_full)
        return CS_BINDING_KV_MEMORY;
    return binding_metric[s->question->limits[set->judgement.worst_limit].metric];
}

static void fill_binding(struct cs_option_answer *a, const struct cs_search *s,
                         struct cs_arena *arena)
{
    const struct cs_set *set = s->chosen;
    const char *load = cs_arena_printf(arena, "%.0f %% of capacity in the busiest hour",
                                       100.0 * a->capacity_share);
    if (!a->feasible || s->neighbour != NULL) {
        a->binding = binding_of(s, a->feasible ? s->neighbour : set);
        a->binding_text = load;
        return;
    }
    if (s->missed != NULL &&
        s->missed_size <
            a->tensor_parallel) { /* a smaller size fits, and is too slow even when idle */
        a->binding = binding_metric[s->missed->metric];
        a->binding_text = cs_arena_printf(arena, "%s; %s", s->reason, load);
        return;
    }
    struct cs_memory smaller = {.fits = true};
    if (s->option->tensor_parallel == 0 && a->tensor_parallel > 1)
        cs_memory_fit(&smaller, s->option, a->tensor_parallel / 2);
    a->binding = smaller.fits ? CS_BINDING_NONE : CS_BINDING_WEIGHTS_MEMORY;
    a->binding_text = smaller.fits ? load
                                   : cs_arena_printf(arena, "weights do not fit in %d GPU%s; %s",
                                                     a->tensor_parallel / 2,
                                                     a->tensor_parallel > 2 ? "s" : "", load);
}

void cs_answer_option(struct cs_option_answer *a, const struct cs_search *s, struct cs_arena *arena)
{
    const struct cs_option *o = s->option;
    const struct cs_scenario *scenario = s->question->scenario;
    const double scale = s->question->scale;
    *a = (struct cs_option_answer){.option = o,
                                   .pipeline_parallel = o->pipeline_parallel,
                                   .reason = s->reason,
                                   .capacity_share = NAN,
                                   .undecided = s->undecided};
    cs_memory_fit(&a->memory, o, o->tensor_parallel > 0 ? o->tensor_parallel : 1);
    cs_price_gpu(&a->price, o->hardware, &scenario->cost, arena);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        latency_of(&a->latency[m], NULL, 0);
    latency_of(&a->wait, NULL, 0);
    a->busy = NAN;
    const struct cs_set *set = s->chosen;
    const struct cs_workload_spec *w = &s->question->workload;
    struct cs_cost_use use = {
        .gpus = NAN,
        .busy = NAN,
        .tokens_per_day = 86400.0 * w->requests_per_s * (w->mean_input + w->mean_output),
        .output_tokens_per_day = 86400.0 * w->requests_per_s * w->mean_output,
        .weights_bytes = a->memory.weights_bytes};
    if (set == NULL) {
        if (s->missed != NULL)
            a->binding = binding_metric[s->missed->metric];
        else if (s->candidate_count == 0 && a->memory.linked)
            a->binding =
                a->memory.weights_gpu_bytes + a->memory.reserve_bytes < a->memory.usable_bytes
                    ? CS_BINDING_KV_MEMORY
                    : CS_BINDING_WEIGHTS_MEMORY;
        cs_cost_fleet(&a->cost, o->hardware, &scenario->cost, &a->price, &use, arena);
        return;
    }
    const struct cs_candidate *c = set->candidate;
    a->memory = c->memory;
    a->option = c->option;
    a->tensor_parallel = c->tensor_parallel;
    a->replicas = (int)(set->replicas * scale);
    a->gpus = (long)a->replicas * c->gpus_per_replica;
    if (set->count > 1 || s->fixed) /* one replication, or a trace, has no interval */
        a->gpus_lo = a->gpus_hi = a->gpus;
    if (!s->fixed && s->undecided && s->neighbour == NULL) /* too few requests to know */
        a->gpus_lo = a->gpus_hi = 0;
    else if (!s->fixed && s->undecided && a->gpus_lo > 0)
        a->gpus_lo = (long)(s->neighbour->replicas * scale) * c->gpus_per_replica;
    else if (!s->fixed && scale > 1.0 && a->gpus_lo > 0) /* no count in between was tried */
        a->gpus_lo = ((long)((set->replicas - 1) * scale) + 1) * c->gpus_per_replica;
    a->replications = set->count;
    a->capacity_share = w->requests_per_s * w->peak_factor /
                        (s->shown->candidate->capacity * set->replicas * scale);
    a->simulated = s->shown->judgement.outcome != CS_OUTCOME_UNSTABLE;
    if (a->simulated) {
        fill_latency(a, s->shown);
        fill_worst(a, s);
        fill_hours(a, s->shown, scale, arena);
        fill_totals(a, s);
        struct cs_level levels[CS_LEVELS];
        if (s->question->effort != CS_EFFORT_FULL && cs_question_levels(s->question, levels) > 0)
            a->busy = busy_of_levels(s);
        a->slo_met = met(&set->judgement);
    }
    if (s->measures)
        cs_loading_answer(&a->loading, c, s->question, a->simulated ? a->batch_mean : 1.0,
                          arena);
    fill_model(a, s);
    a->feasible = a->slo_met;
    fill_binding(a, s, arena);
    a->reason = a->feasible ? NULL : cs_search_why_not(s, set);
    if (s->neighbour != NULL) {
        a->neighbour_replicas = (int)(s->neighbour->replicas * scale);
        a->neighbour_why_not = s->neighbour->judgement.verdict == CS_VERDICT_OPEN
                                   ? "undecided after all replications: the larger fleet is planned"
                                   : cs_search_why_not(s, s->neighbour);
    }
    cs_price_gpus(&a->price, o->hardware, &scenario->cost, (double)a->gpus, arena);
    use.gpus = (double)a->gpus;
    use.busy = a->busy;
    cs_cost_fleet(&a->cost, o->hardware, &scenario->cost, &a->price, &use, arena);
    if (a->simulated && isnan(a->busy))
        a->cost.kwh_per_day = NAN;
}

static bool near(double expected, double actual, double tolerance)
{
    return fabs(expected - actual) <= tolerance * fmax(fabs(expected), 1e-300);
}

size_t cs_answer_checks(const struct cs_search *s, const struct cs_loading *loading,
                        struct cs_law *laws)
{
    const struct cs_set *set = s->shown;
    if (set == NULL || set->judgement.outcome != CS_OUTCOME_DONE)
        return 0;
    double prompt = 0, computed = 0, asked = 0, made = 0, area = 0, residence = 0, span = 0;
    double accounted = 0, gaps = 0, decode = 0, busy = 0, steps = 0, tokens = 0;
    for (int i = 0; i < set->count; i++) {
        const struct cs_result *r = set->trials[i]->result;
        prompt += (double)(r->all_input_tokens + r->all_recomputed_tokens);
        computed += (double)(r->all_prefill_tokens + r->all_cached_tokens);
        asked += (double)r->all_output_tokens;
        made += (double)(r->all_decode_tokens + r->all_first_tokens);
        area += r->all_batch_area / (double)r->all_span_ps;
        residence += r->all_residence_ps / (double)r->all_completed *
                     ((double)r->all_completed / (double)r->all_span_ps);
        span += (double)r->all_span_ps;
        accounted += (double)(r->all_busy_ps + r->all_idle_ps);
        busy += (double)r->all_busy_ps * 1e-12;
        steps += (double)r->all_steps;
        for (size_t w = 0; w < r->window_count; w++) {
            const struct cs_window_tally *t = &r->windows[w];
            gaps += t->metric[CS_METRIC_ITL].sum_ps;
            decode += t->metric[CS_METRIC_E2E].sum_ps - t->metric[CS_METRIC_TTFT].sum_ps;
            tokens += (double)t->metric[CS_METRIC_ITL].count;
        }
    }
    const double n = set->count;
    struct cs_step_parts parts;
    const struct cs_step_load one = {.tokens = 1};
    cs_step_explain(&parts, set->candidate->option, set->candidate->tensor_parallel, false, &one);
    size_t k = 0;
    laws[k++] =
        (struct cs_law){"prompt tokens in = computed", prompt, computed, prompt == computed};
    laws[k++] = (struct cs_law){"output tokens asked = generated", asked, made, asked == made};
    laws[k++] = (struct cs_law){"Little's law: sequences running = rate x residence", residence / n,
                                area / n, near(residence, area, 1e-6)};
    laws[k++] = (struct cs_law){"utilisation law: busy + idle = replica time (s)", span * 1e-12,
                                accounted * 1e-12, span == accounted};
    if (tokens > 0.0)
        laws[k++] = (struct cs_law){"offered load: decoding = requests x (E2E - TTFT)",
                                    decode / span, gaps / span, near(decode, gaps, 0.02)};
    laws[k++] = (struct cs_law){"physical floor: busy time (s) >= weights read / bandwidth",
                                steps * parts.floor_s, busy, busy >= steps * parts.floor_s};
    /* A trial of some thousand steps: drawn tokens leave it within some hundredths. */
    if (loading->known && !isnan(loading->trial_found))
        laws[k++] = (struct cs_law){"expert cache: share found, step model = cache simulated",
                                    loading->found, loading->trial_found,
                                    fabs(loading->found - loading->trial_found) <= 0.05};
    return k;
}
