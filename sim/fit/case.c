/* Cases: running what somebody measured, and taking the same figures from the run (see case.h).
 *
 * A case with requests becomes a cluster, set up as plan/candidate.c sets one up, but with the KV
 * blocks that were measured where the source gives them, and with a log of every request. Figures
 * come from the log and not from the run's histograms: a comparison should not carry their 0.4 %.
 *
 * The one rule: both sides of a comparison are reduced by the same arithmetic, cs_case_figures;
 * a measured request log goes through it just as a simulated one does.
 * Kind DECODE has no engine in it: step k of its batch costs the step model's
 * t(T = S = running, K = sum of context + k), which is what a loop around a decode kernel does.
 * Kind STEP is one call of the step model, of which the parts named by `parts` are added.
 * Memory: an arena for each run, dropped at its end; the log belongs to the caller's.
 * Not here: what the errors mean (validate.c), where cases come from (read_*.c).
 */
#include "fit/case.h"
#include "base/check.h"
#include "perf/memory.h"
#include <stdlib.h>
#include <string.h>

static const double PS = 1e12;

const char *const cs_figure_names[CS_FIGURE_COUNT] = {
    "ttft mean", "ttft p50", "ttft p90",    "ttft p99",     "tpot mean",   "e2e mean", "e2e p50",
    "e2e p90",   "e2e p99",  "output rate", "prefill rate", "decode rate", "step"};
const char *const cs_case_kind_names[CS_CASE_COUNT] = {
    "replay", "online", "offline", "static", "single", "prefill", "decode", "offload", "step"};

/* --- collections ----------------------------------------------------------------------------- */

void cs_cases_init(struct cs_cases *cases, struct cs_arena *arena)
{
    *cases = (struct cs_cases){.arena = arena};
}

struct cs_case *cs_cases_add(struct cs_cases *cases)
{
    cases->items = cs_arena_grow(cases->arena, cases->items, cases->count, sizeof *cases->items);
    struct cs_case *c = &cases->items[cases->count++];
    *c = (struct cs_case){.name = "", .source = "", .workload = "", .part = "", .quality = "",
                          .replicas = 1};
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        c->measured[f] = NAN;
    cases->read++;
    return c;
}

void cs_cases_skip(struct cs_cases *cases, const char *reason, const char *source)
{
    cases->read++;
    for (size_t i = 0; i < cases->skip_count; i++) {
        if (strcmp(cases->skips[i].reason, reason) == 0) {
            cases->skips[i].count++;
            return;
        }
    }
    cases->skips =
        cs_arena_grow(cases->arena, cases->skips, cases->skip_count, sizeof *cases->skips);
    cases->skips[cases->skip_count++] = (struct cs_skip){cs_arena_strdup(cases->arena, reason),
                                                         cs_arena_strdup(cases->arena, source), 1};
}

/* --- figures of a log ------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void cs_case_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
}

double cs_case_quantile(const double *sorted, size_t count, double q)
{
    if (count == 0)
        return NAN;
    const double rank = q * (double)(count - 1);
    const size_t low = (size_t)rank;
    const size_t high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (rank - (double)low) * (sorted[high] - sorted[low]);
}

double cs_case_median(double *values, size_t count)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[known++] = values[i];
    cs_case_sort(values, known);
    return cs_case_quantile(values, known, 0.5);
}

static double mean(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

/* P50, P90 and P99, which stand side by side; sorts the values. */
static void quantiles(double *values, size_t count, double out[3])
{
    static const double shares[3] = {0.50, 0.90, 0.99};
    cs_case_sort(values, count);
    for (size_t i = 0; i < 3; i++)
        out[i] = cs_case_quantile(values, count, shares[i]);
}

struct span { /* sums over the scored requests that succeeded */
    int64_t start, first, last_first, done;
    double input, output;
};

static double per_second(double tokens, int64_t from, int64_t to)
{
    return to > from && tokens > 0.0 ? tokens * PS / (double)(to - from) : NAN;
}

void cs_case_figures(const struct cs_case *c, const struct cs_request_log *log,
                     double figures[CS_FIGURE_COUNT])
{
    const size_t begin = c->skip < log->count ? c->skip : log->count;
    const size_t end =
        c->score > 0 && c->score < log->count - begin ? begin + c->score : log->count;
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    double *ttft = cs_arena_alloc(&scratch, end - begin, sizeof *ttft);
    double *e2e = cs_arena_alloc(&scratch, end - begin, sizeof *e2e);
    double *tpot = cs_arena_alloc(&scratch, end - begin, sizeof *tpot);
    size_t n = 0, gaps = 0;
    struct span s = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, 0.0, 0.0};
    for (size_t i = begin; i < end; i++) {
        const struct cs_request_record *r = &log->rows[i];
        const double whole = (double)(r->done_ps - r->arrival_ps) / PS;
        if (r->done_ps < 0 || (c->timeout_s > 0.0 && whole > c->timeout_s))
            continue;
        ttft[n] = (double)(r->first_token_ps - r->arrival_ps) / PS;
        e2e[n] = whole;
        if (r->output > 1)
            tpot[gaps++] = (whole - ttft[n]) / (r->output - 1);
        n++;
        s.start = r->arrival_ps < s.start ? r->arrival_ps : s.start;
        s.first = r->first_token_ps < s.first ? r->first_token_ps : s.first;
        s.last_first = r->first_token_ps > s.last_first ? r->first_token_ps : s.last_first;
        s.done = r->done_ps > s.done ? r->done_ps : s.done;
        s.input += r->input;
        s.output += r->output;
    }
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        figures[f] = NAN;
    if (!c->means_only) {
        quantiles(ttft, n, &figures[CS_FIGURE_TTFT_P50]);
        quantiles(e2e, n, &figures[CS_FIGURE_E2E_P50]);
    }
    figures[CS_FIGURE_TTFT_MEAN] = mean(ttft, n);
    figures[CS_FIGURE_TPOT_MEAN] = mean(tpot, gaps);
    figures[CS_FIGURE_E2E_MEAN] = mean(e2e, n);
    if (n > 0) {
        figures[CS_FIGURE_OUTPUT_RATE] = per_second(s.output, s.start, s.done);
        figures[CS_FIGURE_PREFILL_RATE] = per_second(s.input, s.start, s.last_first);
        figures[CS_FIGURE_DECODE_RATE] = per_second(s.output - (double)n, s.first, s.done);
    }
    cs_arena_fini(&scratch);
}

/* --- running --------------------------------------------------------------------------------- */

/* The batches that follow one another through the stages of a pipeline, each at its own pace and
 * with its share of the KV cache: to its requests each looks like a replica whose steps last as
 * long as all stages together. */
static int lanes(const struct cs_case *c)
{
    return c->option.engine->slots ? 1 : c->option.pipeline_parallel;
}

/* The cluster of a case, run over one trace, its requests in `log`. */
static bool run_trace(const struct cs_case *c, const struct cs_trace *trace,
                      struct cs_request_log *log, const char **reason)
{
    static const struct cs_traffic replayed = {.kind = CS_VOLUME_TRACE};
    static const struct cs_simulate whole = {0};
    struct cs_option option = c->option;
    struct cs_engine_sheet engine = *c->option.engine;
    const struct cs_option *const o = &option;
    struct cs_memory memory;
    if (option.prefix_caching) { /* what a slot still holds is found as blocks are */
        engine.slots = false;
        option.engine = &engine;
    }
    cs_memory_fit(&memory, o, o->tensor_parallel);
    if (!memory.linked || memory.kv_blocks <= 0 || (o->kv_blocks == 0 && !memory.fits)) {
        *reason = memory.linked ? "the weights do not fit" : "no link joins so many GPUs";
        return false;
    }
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct cs_step step;
    cs_step_compile(&step, o, o->tensor_parallel, c->top_p, &arena);
    struct cs_fleet fleet = {
        .step = &step, .replicas = c->replicas * lanes(c), .router = CS_ROUTER_ROUND_ROBIN};
    cs_limits_of(&fleet.limits, o, cs_option_groups(o, o->tensor_parallel),
                 memory.kv_blocks / lanes(c));
    struct cs_workload_spec workload;
    cs_workload_prepare(&workload, &replayed, &whole, trace);
    const struct cs_run_options run = {.window_count = 1, .end_ps = INT64_MAX, .log = log};
    struct cs_cluster *cluster = cs_cluster_new(&arena, &fleet, &workload, 1, 0, &run);
    cs_cluster_run(cluster);
    cs_arena_fini(&arena);
    return true;
}

/* Every token of every sequence costs a step that all unfinished sequences share. */
static void decode_alone(const struct cs_case *c, const struct cs_trace *trace,
                         double figures[CS_FIGURE_COUNT])
{
    const struct cs_option *o = &c->option;
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct cs_step step;
    cs_step_compile(&step, o, o->tensor_parallel, c->top_p, &arena);
    const int64_t window = step.window_tokens;
    int64_t total_ps = 0, tokens = 0, sequence_ps = 0;
    for (int32_t k = 1;; k++) {
        struct cs_step_load load = {0};
        for (size_t i = 0; i < trace->count; i++) {
            if (trace->output[i] < k)
                continue;
            const int64_t context = (int64_t)trace->input[i] + k;
            load.tokens++;
            load.kv_tokens += context;
            load.window_kv_tokens += window > 0 && context > window ? window : context;
        }
        if (load.tokens == 0)
            break;
        load.sampled = load.tokens;
        const int64_t ps = cs_step_ps(&step, &load);
        total_ps += ps;
        sequence_ps += ps * load.tokens;
        tokens += load.tokens;
    }
    figures[CS_FIGURE_DECODE_RATE] = per_second((double)tokens * c->replicas, 0, total_ps);
    figures[CS_FIGURE_OUTPUT_RATE] = figures[CS_FIGURE_DECODE_RATE];
    figures[CS_FIGURE_TPOT_MEAN] = (double)sequence_ps / (double)tokens / PS;
    cs_arena_fini(&arena);
}

static double step_alone(const struct cs_case *c)
{
    struct cs_step_parts p;
    cs_step_explain(&p, &c->option, c->option.tensor_parallel, c->top_p, &c->load);
    double s = 0.0;
    if (c->parts & CS_PART_LINEAR)
        s += p.gemm_s + p.experts_s;
    if (c->parts & CS_PART_ATTENTION)
        s += p.kv_s + p.prefill_attention_s;
    if (c->parts & CS_PART_REDUCE)
        s += p.communication_s;
    return s;
}

static size_t longest_batch(const struct cs_case *c)
{
    size_t most = 0;
    for (size_t i = 0; i < c->trace_count; i++)
        most = c->traces[i].count > most ? c->traces[i].count : most;
    return most;
}

bool cs_case_predict(const struct cs_case *c, double predicted[CS_FIGURE_COUNT],
                     struct cs_request_log *log, const char **reason)
{
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        predicted[f] = NAN;
    if (c->kind == CS_CASE_OFFLOAD) {
        *reason = "offloading is not modelled";
        return false;
    }
    if (c->kind == CS_CASE_STEP) {
        predicted[CS_FIGURE_STEP] = step_alone(c);
        return true;
    }
    cs_check(c->trace_count > 0 && c->option.tensor_parallel > 0 && c->replicas > 0);
    if (c->kind == CS_CASE_DECODE && longest_batch(c) > (size_t)c->option.max_num_seqs) {
        *reason = "more sequences at once than the engine takes";
        return false;
    }
    struct cs_arena arena;
    cs_arena_init(&arena);
    double *values = cs_arena_alloc(&arena, c->trace_count * CS_FIGURE_COUNT, sizeof *values);
    bool ran = true;
    for (size_t t = 0; t < c->trace_count && ran; t++) {
        double figures[CS_FIGURE_COUNT];
        for (int f = 0; f < CS_FIGURE_COUNT; f++)
            figures[f] = NAN;
        struct cs_request_log own = {.arena = &arena};
        struct cs_request_log *used = t == 0 && log != NULL ? log : &own;
        if (c->kind == CS_CASE_DECODE) {
            decode_alone(c, &c->traces[t], figures);
        } else {
            ran = run_trace(c, &c->traces[t], used, reason);
            if (ran)
                cs_case_figures(c, used, figures);
        }
        for (int f = 0; f < CS_FIGURE_COUNT; f++)
            values[(size_t)f * c->trace_count + t] = figures[f];
    }
    bool any = false;
    for (int f = 0; f < CS_FIGURE_COUNT && ran; f++) {
        predicted[f] = cs_case_median(&values[(size_t)f * c->trace_count], c->trace_count);
        any = any || !isnan(predicted[f]);
    }
    cs_arena_fini(&arena);
    if (ran && !any)
        *reason = "no request succeeds: too long for the context or the KV cache";
    return ran && any;
}

/* --- floors ---------------------------------------------------------------------------------- */

/* The option on the fastest terms that physics leaves open: all tokens go to the same experts, and
 * products may run in another format than the weights are stored in where kernels do so: packed
 * weights as 8-bit integers, and 16 bits on consumer cards, whose peak accumulates in 32, in 16. */
struct fastest {
    struct cs_option option;
    struct cs_model model;
    struct cs_hardware hardware;
};

static void fasten(struct fastest *f, const struct cs_option *o)
{
    const struct cs_precision_info *p = &cs_precision_infos[o->precision];
    *f = (struct fastest){*o, *o->model, *o->hardware};
    const double experts = f->model.experts;
    f->model.experts = f->model.experts_per_token > o->expert_parallel
                           ? f->model.experts_per_token
                           : o->expert_parallel;
    if (experts > 0.0)
        f->option.experts.resident *= f->model.experts / experts;
    const bool consumer = f->hardware.klass != NULL && strcmp(f->hardware.klass, "consumer") == 0;
    double best = 0.0;
    for (int i = 0; i < CS_COMPUTE_COUNT; i++)
        best = f->hardware.flops[i] > best ? f->hardware.flops[i] : best;
    for (int i = 0; i < CS_COMPUTE_COUNT; i++)
        if (consumer || (p->compute == CS_COMPUTE_BF16 && p->ffn_bytes < 2.0))
            f->hardware.flops[i] = best;
    f->option.model = &f->model;
    f->option.hardware = &f->hardware;
}

static double step_floor(const struct fastest *fast, int64_t tokens, int64_t sampled,
                         int64_t kv_tokens)
{
    const struct cs_model *m = fast->option.model;
    const int64_t seen = m->window_layers > 0 && m->window_tokens * tokens < kv_tokens
                             ? m->window_tokens * tokens
                             : kv_tokens;
    const struct cs_step_load load = {
        .tokens = tokens, .sampled = sampled, .kv_tokens = kv_tokens, .window_kv_tokens = seen};
    struct cs_step_parts p;
    cs_step_explain(&p, &fast->option, fast->option.tensor_parallel, false, &load);
    return p.floor_s;
}

/* No decode step is shorter than one for a single sequence of the shortest prompt; and tokens per
 * second are most in the widest batch of such sequences, with every stage of a pipeline busy.
 * Prompts that are cached cost nothing, so prefill has a bound only where no prompt recurs: its
 * FLOPs at the widest step. */
void cs_case_floor(const struct cs_case *c, double floor[CS_FIGURE_COUNT])
{
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        floor[f] = NAN;
    if (c->kind == CS_CASE_OFFLOAD || c->kind == CS_CASE_STEP || c->trace_count == 0)
        return;
    struct fastest fast;
    fasten(&fast, &c->option);
    int64_t shortest = INT64_MAX;
    bool recur = false;
    for (size_t t = 0; t < c->trace_count; t++) {
        recur = recur || c->traces[t].prefix_tokens != NULL;
        for (size_t i = 0; i < c->traces[t].count; i++)
            shortest = c->traces[t].input[i] < shortest ? c->traces[t].input[i] : shortest;
    }
    const size_t most = longest_batch(c), seats = (size_t)c->option.max_num_seqs;
    const int64_t batch = (int64_t)(most < seats ? most : seats);
    const int64_t widest = c->option.max_num_batched_tokens;
    const double engines = (double)c->replicas * c->option.pipeline_parallel;
    const double rate = (double)batch * engines / step_floor(&fast, batch, batch, batch * shortest);
    const double prefill = (double)widest * engines / step_floor(&fast, widest, 1, 0);
    if (c->kind != CS_CASE_PREFILL) {
        floor[CS_FIGURE_TPOT_MEAN] = step_floor(&fast, 1, 1, shortest);
        floor[CS_FIGURE_OUTPUT_RATE] = floor[CS_FIGURE_DECODE_RATE] = rate;
    }
    if (!recur && c->kind != CS_CASE_DECODE)
        floor[CS_FIGURE_PREFILL_RATE] = prefill;
    if (!recur && c->kind == CS_CASE_PREFILL)
        floor[CS_FIGURE_TTFT_MEAN] = (double)shortest / prefill;
}
