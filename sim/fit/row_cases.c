/* What a row measured, as cases (see row.h).
 *
 * What its figures mean depends on the tool that took them, which its notes name:
 *   llama-bench            prompts (ppN) and answers (tgN) timed apart, each from an empty context
 *                          or one of a given depth: two cases, PREFILL and DECODE
 *   llama-batched-bench,   the same, but answers follow the prompts: DECODE at that depth
 *   llama-sweep-bench
 *   anything else          one request: its prompt, then a token after another
 *   static batch           batch x output over the whole time, prompts included
 *   offline, server        all requests queued at once; a closed loop of C clients is an engine of
 *                          C slots that is never idle, which gives its rates though not its TTFT
 *   online                 Poisson arrivals at the row's rate
 *   expert offload         of llama.cpp and its kin prompt and answer apart, as above; else one
 *                          request
 *
 * The rule: what a row leaves out comes from its tool's documented default, named below where it
 * is used, and never from its result. A batch that was measured fitted into memory, so its KV
 * blocks are given. Memory: cases and traces in the arena of the cases.
 */
#include "base/rng.h"
#include "fit/row.h"
#include <stdlib.h>
#include <string.h>

const struct cs_row_latency cs_row_latencies[CS_ROW_LATENCIES] = {
    {"ttft_p50_ms", CS_FIGURE_TTFT_P50}, {"ttft_p90_ms", CS_FIGURE_TTFT_P90},
    {"ttft_p99_ms", CS_FIGURE_TTFT_P99}, {"e2e_mean_ms", CS_FIGURE_E2E_MEAN},
    {"e2e_p50_ms", CS_FIGURE_E2E_P50},   {"e2e_p90_ms", CS_FIGURE_E2E_P90},
    {"e2e_p99_ms", CS_FIGURE_E2E_P99},
};

struct builder {
    const struct cs_row *row;
    struct cs_cases *cases;
};

/* --- building -------------------------------------------------------------------------------- */

/* Requests alike, `gap_s` apart in the mean by a Poisson process; 0: all at once. */
static struct cs_trace make_trace(struct cs_arena *arena, size_t count, double gap_s, double input,
                                  double output, uint64_t replication)
{
    double *const arrival = cs_arena_alloc(arena, count, sizeof *arrival);
    int32_t *const in = cs_arena_alloc(arena, count, sizeof *in);
    int32_t *const out = cs_arena_alloc(arena, count, sizeof *out);
    struct cs_rng rng;
    cs_rng_init(&rng, 1, replication, "rows/gap");
    double now = 0.0;
    for (size_t i = 0; i < count; i++) {
        now += gap_s > 0.0 ? gap_s * cs_rng_exponential(&rng) : 0.0;
        arrival[i] = now;
        in[i] = (int32_t)(input + 0.5);
        out[i] = (int32_t)(output + 0.5);
    }
    return (struct cs_trace){.count = count, .arrival_s = arrival, .input = in, .output = out};
}

static void set_traces(struct builder *b, struct cs_case *c, size_t traces, size_t count,
                       double gap_s, double input, double output)
{
    struct cs_arena *const arena = b->cases->arena;
    struct cs_trace *const all = cs_arena_alloc(arena, traces, sizeof *all);
    for (size_t i = 0; i < traces; i++)
        all[i] = make_trace(arena, count, gap_s, input, output, i);
    c->traces = all;
    c->trace_count = traces;
}

/* A case of the row; `part` tells two of one row apart. Slots and context hold what was run. */
static struct cs_case *start(struct builder *b, enum cs_case_kind kind, const char *part,
                             double sequences, double input, double output)
{
    struct cs_arena *const arena = b->cases->arena;
    struct cs_case *const c = cs_cases_add(b->cases);
    struct cs_option *const o = &c->option;
    const int whole = (int)(input + output);
    c->kind = kind;
    c->name = cs_arena_printf(arena, "row %d%s", b->row->line, part);
    c->source = b->row->place;
    c->quality = b->row->quality;
    c->workload = cs_arena_printf(arena, "%.0f/%.0f x %.0f", input, output, sequences);
    c->replicas = b->row->replicas;
    *o = b->row->option;
    if (o->engine->slots) {
        o->context = o->block_size = whole;
        o->max_num_seqs = sequences > 0 ? (int)sequences : o->max_num_seqs;
    } else if (o->context > 0 && o->context < whole) {
        o->context = whole;
    }
    if (whole > o->model->context_tokens) {
        struct cs_model *const longer = cs_arena_alloc(arena, 1, sizeof *longer);
        *longer = *o->model;
        longer->context_tokens = whole;
        o->model = longer;
    }
    return c;
}

/* All of `count` sequences at once, in memory for certain. */
static void set_batch(struct builder *b, struct cs_case *c, double count, double input,
                      double output)
{
    struct cs_option *const o = &c->option;
    const int each = ((int)count + c->replicas - 1) / c->replicas;
    o->max_num_seqs = each > o->max_num_seqs ? each : o->max_num_seqs;
    o->kv_blocks = (int64_t)each * ((int64_t)(input + output) / o->block_size + 1);
    set_traces(b, c, 1, (size_t)count, 0.0, input, output);
}

/* TTFT and TPOT as the row's statistic names them; what is derived from a rate is left out. Of one
 * request repeated the median is as good as the mean. */
static void set_latencies(const struct cs_row *r, struct cs_case *c)
{
    const bool one = c->kind == CS_CASE_SINGLE;
    const bool ttft_median = cs_row_mentions(r->ttft_stat, "median") && !one;
    if (!cs_row_mentions(r->ttft_stat, "derived"))
        c->measured[ttft_median ? CS_FIGURE_TTFT_P50 : CS_FIGURE_TTFT_MEAN] = r->ttft_s;
    if (!cs_row_mentions(r->tpot_stat, "derived") &&
        (one || !cs_row_mentions(r->tpot_stat, "median")))
        c->measured[CS_FIGURE_TPOT_MEAN] = r->tpot_s;
    for (size_t i = 0; i < CS_ROW_LATENCIES; i++)
        if (!isnan(r->latency_s[i]))
            c->measured[cs_row_latencies[i].figure] = r->latency_s[i];
}

/* --- prompts and answers apart --------------------------------------------------------------- */

static double depth_of(const struct cs_row *r)
{
    const char *const at = strstr(r->notes, "(depth "), *const kv = strstr(r->notes, "N_KV=");
    return at ? strtod(at + 7, NULL) : kv ? strtod(kv + 5, NULL) : 0.0;
}

static double batch_of(const struct cs_row *r)
{
    return isnan(r->batch) ? 1.0 : r->batch;
}

/* A prompt after `depth` tokens that are there already: the second of two requests that share
 * them, long after the first. Shared content is found by blocks, here of one token, so that all of
 * it is found; how an engine lays out its cache does not enter the time of a step. */
static void add_deep_prefill(struct builder *b, double depth)
{
    const double alone_s = 1e5;
    static const int32_t same[2] = {0, 0};
    static const char *const names[1] = {"depth"};
    struct cs_arena *const arena = b->cases->arena;
    const struct cs_row *const r = b->row;
    struct cs_case *const c = start(b, CS_CASE_PREFILL, "", 1, depth + r->input, 1);
    c->option.block_size = 1;
    c->option.prefix_caching = true;
    c->workload = cs_arena_printf(arena, "%.0f after %.0f", r->input, depth);
    set_batch(b, c, 2, depth + r->input, 1);
    struct cs_trace *const trace = cs_arena_alloc(arena, 1, sizeof *trace);
    double *const arrival = cs_arena_alloc(arena, 2, sizeof *arrival);
    int32_t *const prefix = cs_arena_alloc(arena, 2, sizeof *prefix);
    arrival[1] = alone_s;
    prefix[0] = prefix[1] = (int32_t)depth;
    *trace = c->traces[0];
    trace->arrival_s = arrival;
    trace->prefix_tokens = prefix;
    trace->prefix_group = (struct cs_trace_names){same, names, 1};
    c->traces = trace;
    c->skip = 1;
    c->measured[CS_FIGURE_TTFT_MEAN] = isnan(r->ttft_s) ? r->input / r->prefill : r->ttft_s;
}

static void add_prefill(struct builder *b)
{
    const struct cs_row *const r = b->row;
    const double depth = depth_of(r);
    if (depth > 0.0) {
        add_deep_prefill(b, depth);
        return;
    }
    const double batch = batch_of(r);
    struct cs_case *const c =
        start(b, CS_CASE_PREFILL, isnan(r->decode) ? "" : " pp", batch, r->input, 1);
    set_batch(b, c, batch, r->input, 1);
    if (isnan(r->ttft_s))
        c->measured[CS_FIGURE_PREFILL_RATE] = r->prefill;
    else
        c->measured[CS_FIGURE_TTFT_MEAN] = r->ttft_s;
}

static void add_decode(struct builder *b, double depth)
{
    const struct cs_row *const r = b->row;
    const double batch = batch_of(r);
    struct cs_case *const c =
        start(b, CS_CASE_DECODE, isnan(r->prefill) ? "" : " tg", batch, depth, r->output);
    set_batch(b, c, batch, depth, r->output);
    c->measured[CS_FIGURE_DECODE_RATE] = r->decode;
}

static bool timed_apart(const struct cs_row *r)
{
    static const char *const tools[] = {"llama-bench", "llama-batched-bench", "llama-sweep-bench"};
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (cs_row_mentions(r->notes, tools[i]))
            return true;
    const char *const pp = strstr(r->notes, "pp"), *const tg = strstr(r->notes, "tg");
    return pp && tg && strspn(pp + 2, "0123456789") > 0 && strspn(tg + 2, "0123456789") > 0;
}

static void add_phases(struct builder *b)
{
    const struct cs_row *const r = b->row;
    const bool follows = cs_row_mentions(r->notes, "llama-batched-bench") ||
                         cs_row_mentions(r->notes, "llama-sweep-bench");
    if (!isnan(r->prefill))
        add_prefill(b);
    if (!isnan(r->decode))
        add_decode(b, follows ? r->input : depth_of(r));
}

/* --- modes ----------------------------------------------------------------------------------- */

/* Notes that say the prompt was too short to matter. */
static bool prompt_negligible(const struct cs_row *r)
{
    return isnan(r->input) && !isnan(r->decode) &&
           (strstr(r->notes, "short prompts") || strstr(r->notes, "prompt negligible"));
}

static void add_single(struct builder *b)
{
    const struct cs_row *const r = b->row;
    if (timed_apart(r)) {
        add_phases(b);
        return;
    }
    if (prompt_negligible(r)) {
        add_decode(b, 0.0);
        return;
    }
    const double batch = batch_of(r);
    struct cs_case *const c = start(b, CS_CASE_SINGLE, "", batch, r->input, r->output);
    set_batch(b, c, batch, r->input, r->output);
    c->measured[CS_FIGURE_PREFILL_RATE] = r->prefill;
    c->measured[CS_FIGURE_DECODE_RATE] = r->decode;
    set_latencies(r, c);
}

static void add_static(struct builder *b)
{
    const struct cs_row *const r = b->row;
    if (isnan(r->total)) {
        add_single(b);
        return;
    }
    struct cs_case *const c = start(b, CS_CASE_STATIC, "", r->batch, r->input, r->output);
    set_batch(b, c, r->batch, r->input, r->output);
    c->measured[CS_FIGURE_OUTPUT_RATE] = r->total;
    set_latencies(r, c);
}

static void add_decode_only(struct builder *b)
{
    add_decode(b, isnan(b->row->input) ? depth_of(b->row) : b->row->input);
}

/* The number of "500 requests" or "300 ShareGPT requests", or NaN. */
static double requests_in(const char *text)
{
    const char *p = strstr(text, " requests");
    for (int words = 0; p && words < 2; words++) {
        const char *const end = p;
        while (p > text && p[-1] != ' ' && p[-1] != ';')
            p--;
        if (p < end && strspn(p, "0123456789") == (size_t)(end - p))
            return strtod(p, NULL);
        p -= p > text;
    }
    return NAN;
}

/* How many requests a benchmark sent: what its row says, else `usual`. */
static size_t requests_of(const struct cs_row *r, double usual)
{
    double count = requests_in(r->notes);
    count = isnan(count) ? requests_in(r->batch_text) : count;
    return (size_t)(count >= 1 && count <= 1e6 ? count : usual);
}

/* The dataset commands of the TensorRT-LLM performance pages prepare 30,000 requests of 128/128
 * tokens, 1,000 of 20,000 and more, and 3,000 of most other lengths; the same are taken where a
 * row does not say. */
static void add_offline(struct builder *b)
{
    const struct cs_row *const r = b->row;
    const double usual = r->input + r->output <= 256 ? 30000 : r->input >= 20000 ? 1000 : 3000;
    struct cs_case *const c = start(b, CS_CASE_OFFLINE, "", 0, r->input, r->output);
    c->workload = cs_arena_printf(b->cases->arena, "%.0f/%.0f", r->input, r->output);
    set_traces(b, c, 1, requests_of(r, usual), 0.0, r->input, r->output);
    c->measured[CS_FIGURE_OUTPUT_RATE] = r->total;
    set_latencies(r, c);
}

/* A closed loop: ten requests a client unless the row says how many. */
static void add_server(struct builder *b)
{
    const struct cs_row *const r = b->row;
    struct cs_case *const c = start(b, CS_CASE_OFFLINE, "", r->batch, r->input, r->output);
    c->option.max_num_seqs = (int)r->batch;
    set_traces(b, c, 1, requests_of(r, 10 * r->batch), 0.0, r->input, r->output);
    c->measured[CS_FIGURE_OUTPUT_RATE] = r->total;
    if (cs_row_mentions(r->tpot_stat, "mean"))
        c->measured[CS_FIGURE_TPOT_MEAN] = r->tpot_s;
}

/* Poisson arrivals, three draws of them; 1,000 requests unless the row says how many. */
static void add_online(struct builder *b)
{
    const struct cs_row *const r = b->row;
    const bool at_once = isinf(r->rate);
    struct cs_case *const c = start(b, CS_CASE_ONLINE, "", 0, r->input, r->output);
    c->workload = cs_arena_printf(b->cases->arena, "%.0f/%.0f at %s/s", r->input, r->output,
                                  r->rate_text);
    set_traces(b, c, at_once ? 1 : 3, requests_of(r, 1000), at_once ? 0.0 : 1.0 / r->rate,
               r->input, r->output);
    c->measured[CS_FIGURE_OUTPUT_RATE] = r->total;
    set_latencies(r, c);
}

/* The number of "PP 2048", "PP4096" or "pp2048", or NaN. */
static double tested(const char *notes, const char *upper, const char *lower)
{
    for (const char *at = notes; *at; at++)
        if (strncmp(at, upper, 2) == 0 || strncmp(at, lower, 2) == 0) {
            char *end;
            const double count = strtod(at + 2, &end);
            if (end > at + 2 && count >= 1.0)
                return count;
        }
    return NAN;
}

/* llama-sweep-bench times a prompt as long as a step may be, then an answer, each after N_KV
 * tokens; its input length is their sum. Lengths not given: those of llama-bench, 512 and 128, and
 * 300 tokens of answer, which KTransformers' own tables asked for. */
static void add_offload(struct builder *b)
{
    struct cs_row r = *b->row;
    struct builder own = {&r, b->cases};
    const double prompt = tested(r.notes, "PP", "pp"), answer = tested(r.notes, "TG", "tg");
    if (isnan(prompt) && !isnan(r.input)) {
        r.output = isnan(r.output) ? 300.0 : r.output;
        add_single(&own);
        return;
    }
    r.input = isnan(prompt) ? 512.0 : prompt;
    r.output = isnan(answer) ? 128.0 : answer;
    if (cs_row_mentions(r.notes, "llama-sweep-bench") || strstr(r.notes, "N_KV="))
        r.option.max_num_batched_tokens = (int)r.input;
    if (!isnan(r.prefill))
        add_prefill(&own);
    if (!isnan(r.decode))
        add_decode(&own, depth_of(&r));
}

/* What a mode must have, and what makes its cases. */
enum { INPUT = 1, OUTPUT = 2, BATCH = 4, RATE = 8 };
static const struct {
    const char *name;
    unsigned needs;
    void (*add)(struct builder *b);
} modes[] = {
    {"single_stream", INPUT | OUTPUT, add_single},
    {"static_batch", INPUT | OUTPUT | BATCH, add_static},
    {"prefill_only", INPUT, add_prefill},
    {"decode_only", OUTPUT, add_decode_only},
    {"offline_max_throughput", INPUT | OUTPUT, add_offline},
    {"online_poisson", INPUT | OUTPUT | RATE, add_online},
    {"server", INPUT | OUTPUT | BATCH, add_server},
    {"expert_offload", 0, add_offload},
};
enum { MODES = sizeof modes / sizeof modes[0] };

static size_t mode_of(const struct cs_row *r)
{
    size_t m = 0;
    while (m < MODES && strcmp(modes[m].name, r->mode) != 0)
        m++;
    return m;
}

const char *cs_row_lacks(const struct cs_row *r, bool *known)
{
    const size_t m = mode_of(r);
    *known = m < MODES;
    if (!*known)
        return NULL;
    const unsigned needs = modes[m].needs;
    const bool single = modes[m].add == add_single;
    if ((needs & INPUT) && isnan(r->input) && !(single && prompt_negligible(r)))
        return "no input length";
    if ((needs & OUTPUT) && isnan(r->output))
        return "no output length";
    if ((needs & BATCH) && isnan(r->batch))
        return "no batch size or concurrency";
    if ((needs & RATE) && isnan(r->rate))
        return "no request rate";
    if (r->tensor > 1 && strstr(r->notes, "per GPU or total"))
        return "no word whether its rate is of one GPU or of all";
    const bool rates = !isnan(r->prefill) || !isnan(r->decode) || !isnan(r->total);
    const bool times = !isnan(r->ttft_s) || !isnan(r->tpot_s);
    const bool right = modes[m].add == add_prefill       ? !isnan(r->prefill) || !isnan(r->ttft_s)
                       : modes[m].add == add_decode_only ? !isnan(r->decode)
                                                         : rates || times;
    return right ? NULL : "nothing measured that could be compared";
}

void cs_row_cases(const struct cs_row *row, struct cs_cases *cases)
{
    struct builder b = {row, cases};
    modes[mode_of(row)].add(&b);
}
