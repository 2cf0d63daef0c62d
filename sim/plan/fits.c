/* What is tried on a machine, and the figures of what fits: see fits.h for the equations.
 *
 * The rule: an option is made in one place, make_option, and judged in one place, judge, whatever
 * the engine. A slot of an engine without paging is as long as the request that is asked about;
 * where memory does not hold all the slots (or, with sliding windows, the sequences) that the
 * engine would set aside, half of them are tried, and so on down to one.
 *
 * A step of a prompt's chunk after c tokens reads c cached tokens and computes n, as in
 * serve/replica.c; the answer's token k + 1 reads prompt + k. Scratch tables are dropped row by
 * row. Prices are the sheets' rent, or where they have none (or when asked) the purchase over the
 * years given and electricity at the power limit.
 */
#include "plan/fits.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "perf/error.h"
#include "perf/experts.h"
#include "plan/bound.h"
#include "plan/cost.h"

static const double DAY_S = 86400.0, DEFAULT_CONTEXT = 4096.0;
enum { FORMATS_MOST = 11, COUNTS_MOST = 4 };

enum split { SPLIT_TENSOR, SPLIT_LAYERS, SPLIT_NONE };
enum formats { FORMATS_SERVER, FORMATS_GGUF, FORMATS_MLX };

static const struct way {
    const char *family; /* of engine sheets: "vllm" of vllm-0.15 */
    const char *maker;  /* of the hardware that it runs on; NULL: any, */
    bool apple;         /* or any but Apple's */
    bool offloads;      /* computes experts in the host's memory */
    enum split split;
    enum formats formats;
} ways[] = {
    {"vllm", NULL, false, false, SPLIT_TENSOR, FORMATS_SERVER},
    {"sglang", NULL, false, false, SPLIT_TENSOR, FORMATS_SERVER},
    {"trtllm", "NVIDIA", false, false, SPLIT_TENSOR, FORMATS_SERVER},
    {"llamacpp", NULL, true, true, SPLIT_LAYERS, FORMATS_GGUF},
    {"ollama", NULL, true, true, SPLIT_LAYERS, FORMATS_GGUF},
    {"ik-llamacpp", "NVIDIA", false, true, SPLIT_LAYERS, FORMATS_GGUF},
    {"ktransformers", "NVIDIA", false, true, SPLIT_NONE, FORMATS_GGUF},
    {"kt-kernel", "NVIDIA", false, true, SPLIT_TENSOR, FORMATS_SERVER},
    {"mlx", "Apple", true, false, SPLIT_NONE, FORMATS_MLX},
};
static const int counts[][COUNTS_MOST] = {
    [SPLIT_TENSOR] = {1, 2, 4, 8}, [SPLIT_LAYERS] = {1, 2, 4}, [SPLIT_NONE] = {1}};
/* Widest first; those beyond `usual` are tried when asked for. */
static const struct {
    size_t usual, count;
    enum cs_precision items[FORMATS_MOST];
} formats[] = {
    [FORMATS_SERVER] = {5, 6, {CS_PRECISION_BF16, CS_PRECISION_FP8, CS_PRECISION_NVFP4,
                               CS_PRECISION_MXFP4, CS_PRECISION_INT4, CS_PRECISION_INT8}},
    [FORMATS_GGUF] = {5, 11, {CS_PRECISION_Q8_0, CS_PRECISION_Q6_K, CS_PRECISION_Q5_K_M,
                              CS_PRECISION_Q4_K_M, CS_PRECISION_MXFP4_Q8_0, CS_PRECISION_BF16,
                              CS_PRECISION_Q4_0, CS_PRECISION_IQ4_XS, CS_PRECISION_Q3_K_M,
                              CS_PRECISION_Q2_K, CS_PRECISION_IQ2_M}},
    [FORMATS_MLX] = {4, 4, {CS_PRECISION_BF16, CS_PRECISION_Q8_0, CS_PRECISION_MLX_4BIT,
                            CS_PRECISION_MXFP4_Q8_0}},
};

static const struct way *way_of(const struct cs_engine_sheet *engine)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const size_t n = strlen(ways[i].family);
        const char *const rest = engine->name + n;
        if (strncmp(engine->name, ways[i].family, n) == 0 && (*rest == '\0' || *rest == '-'))
            return &ways[i];
    }
    return NULL;
}

const char *cs_fits_engine(const struct cs_hardware *h)
{
    return h->klass && strcmp(h->klass, "datacenter") == 0 ? "vllm" : "llamacpp";
}

bool cs_fits_knows(const struct cs_engine_sheet *engine)
{
    return way_of(engine) != NULL;
}

static bool is_by(const struct cs_hardware *h, const char *maker)
{
    return h->maker && strcmp(h->maker, maker) == 0;
}

bool cs_fits_runs(const struct cs_engine_sheet *engine, const struct cs_hardware *h)
{
    const struct way *const way = way_of(engine);
    return way && (way->maker == NULL || is_by(h, way->maker)) &&
           (way->apple || !is_by(h, "Apple"));
}

/* Weights that their maker publishes in 4 bits are run as they are, those published in 8 not
 * widened; FP8 and NVFP4 need a GPU that multiplies them, unless the maker's own are FP8, which
 * kernels expand on older ones. */
static bool makes_sense(const struct cs_model *m, const struct cs_hardware *h,
                        enum cs_precision p)
{
    const bool mxfp4 = p == CS_PRECISION_MXFP4 || p == CS_PRECISION_MXFP4_Q8_0;
    if (mxfp4 || m->weights == CS_PRECISION_MXFP4)
        return mxfp4 && m->weights == CS_PRECISION_MXFP4;
    if (p == CS_PRECISION_BF16)
        return m->weights == CS_PRECISION_BF16;
    if (p == CS_PRECISION_FP8)
        return m->weights == CS_PRECISION_FP8 || h->flops[CS_COMPUTE_FP8] > 0.0;
    return p != CS_PRECISION_NVFP4 || (h->flops[CS_COMPUTE_FP4] > 0.0 && is_by(h, "NVIDIA"));
}

static struct cs_option make_option(const struct cs_model *m, const struct cs_hardware *h,
                                    const struct cs_engine_sheet *e, enum cs_precision precision,
                                    int gpus)
{
    const bool tensor = way_of(e)->split == SPLIT_TENSOR;
    return (struct cs_option){.model = m,
                              .hardware = h,
                              .engine = e,
                              .precision = precision,
                              .kv_precision = CS_PRECISION_BF16,
                              .tensor_parallel = tensor ? gpus : 1,
                              .pipeline_parallel = tensor ? 1 : gpus,
                              .expert_parallel = 1,
                              .replicas = 1,
                              .gpus = gpus,
                              .max_num_seqs = e->max_num_seqs,
                              .max_num_batched_tokens = e->max_num_batched_tokens,
                              .block_size = e->block_size,
                              .gpu_memory_utilization = e->gpu_memory_utilization};
}

/* Whether `sequences` of which each may be `context` tokens long can be set up, and one be held. */
static bool holds(struct cs_option *o, struct cs_memory *memory, double context, int sequences)
{
    o->max_num_seqs = sequences;
    if (o->engine->slots)
        o->context = o->block_size = (int)context;
    cs_memory_fit(memory, o, o->tensor_parallel);
    return memory->fits && (double)memory->kv_tokens >= context;
}

static double longest(struct cs_option o)
{
    struct cs_memory m;
    double low = 0.0, high = o.model->context_tokens > 0 ? o.model->context_tokens : 1 << 24;
    if (holds(&o, &m, high, 1))
        return high;
    while (high - low > 1.0) {
        const double middle = floor(0.5 * (low + high));
        if (holds(&o, &m, middle, 1))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static const char *why_not(const struct cs_fits_row *r, struct cs_arena *arena)
{
    const struct cs_hardware *const h = r->option.hardware;
    const struct cs_memory *const m = &r->memory;
    const int gpus = r->option.gpus;
    if (!m->linked)
        return cs_arena_printf(arena, "nothing links %d of them", gpus);
    const double room = m->usable_bytes - m->reserve_bytes;
    if (m->weights_gpu_bytes >= room)
        return cs_arena_printf(arena, "weights %.3g GB, %.3g GB there%s", m->weights_bytes / 1e9,
                               gpus * room / 1e9,
                               gpus > 1 ? cs_arena_printf(arena, " on %d", gpus) : "");
    return cs_arena_printf(arena, "%s of %.0f GB has room for %.0f tokens beside %.3g GB of "
                                  "weights",
                           gpus > 1 ? cs_arena_printf(arena, "%d", gpus) : "memory",
                           h->memory_bytes * h->gpu_share / 1e9, r->max_context,
                           m->weights_bytes / 1e9);
}

static double seconds(int64_t ps)
{
    return 1e-12 * (double)ps;
}

/* One request alone: its prompt in chunks, then token after token. */
static void alone(struct cs_fits_row *r, const struct cs_step *step)
{
    const int64_t prompt = (int64_t)r->input, window = step->window_tokens;
    const int64_t most = r->option.max_num_batched_tokens;
    int64_t prefill = 0, decode = 0;
    for (int64_t c = 0; c < prompt;) {
        const int64_t n = prompt - c < most ? prompt - c : most, seen = c < window ? c : window;
        const struct cs_step_load load = {.tokens = n,
                                          .sampled = c + n == prompt,
                                          .kv_tokens = c,
                                          .window_kv_tokens = seen,
                                          .pairs = cs_step_pairs(n, c, 0),
                                          .window_pairs =
                                              window > 0 ? cs_step_pairs(n, c, window) : 0.0,
                                          .prefill = true};
        prefill += cs_step_ps(step, &load);
        c += n;
    }
    for (int64_t k = 1; k < (int64_t)r->output; k++) {
        const int64_t context = prompt + k;
        const struct cs_step_load load = {.tokens = 1,
                                          .sampled = 1,
                                          .kv_tokens = context,
                                          .window_kv_tokens = context < window ? context : window};
        decode += cs_step_ps(step, &load);
    }
    r->prefill_tok_s = r->input / seconds(prefill);
    r->ttft_s = r->option.engine->request_s + seconds(prefill);
    r->decode_tok_s = (r->output - 1.0) / seconds(decode);
}

/* What a day costs over the tokens of a day. */
static void price(struct cs_fits_row *r, const struct cs_fits_query *q, struct cs_arena *arena)
{
    const struct cs_hardware *const h = r->option.hardware;
    struct cs_cost cost = q->cost;
    struct cs_cost_breakdown all, one;
    cs_price_gpu(&r->price, h, &cost, arena);
    if (!cost.own.has && isnan(r->price.usd_per_gpu_hour)) {
        cost.own.has = true;
        cs_price_gpu(&r->price, h, &cost, arena);
    }
    const double tokens = r->input + r->output;
    const double wait = r->ttft_s + (r->output - 1.0) / r->decode_tok_s;
    struct cs_cost_use use = {.gpus = r->option.gpus, .busy = 1.0,
                              .weights_bytes = r->memory.weights_bytes};
    use.tokens_per_day = DAY_S * r->requests_s * tokens;
    cs_cost_fleet(&all, h, &cost, &r->price, &use, arena);
    use.tokens_per_day = DAY_S * tokens / wait;
    cs_cost_fleet(&one, h, &cost, &r->price, &use, arena);
    r->usd_per_mtok = all.usd_per_mtok;
    r->usd_per_mtok_single = one.usd_per_mtok;
    r->wh_per_mtok = 1e9 * all.kwh_per_day / (DAY_S * r->requests_s * tokens);
}

static void figures(struct cs_fits_row *r, const struct cs_fits_query *q, struct cs_arena *arena)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_memory memory;
    struct cs_step step;
    struct cs_limits_engine limits;
    cs_memory_fit(&memory, &r->option, r->option.tensor_parallel);
    cs_step_compile(&step, &r->option, r->option.tensor_parallel, false, &scratch);
    cs_limits_of(&limits, &r->option, 1, memory.kv_blocks);
    const struct cs_mean_request mean = {r->input, r->output, 0.0};
    alone(r, &step);
    r->requests_s = cs_bound_capacity(&step, &limits, &mean);
    r->output_tok_s = r->requests_s * r->output;
    r->at_once = fmin(limits.max_num_seqs,
                      floor((double)memory.kv_tokens / (r->input + r->output)));
    cs_arena_fini(&scratch);
    price(r, q, arena);
}

/* Layers whose experts the GPUs must hold, because the host's memory has no room for them: from its
 * disks is not what people mean. */
static double least_layers(const struct cs_option *o)
{
    const double room =
        cs_experts_host_share * cs_experts_host(o, o->tensor_parallel).memory_bytes;
    return fmax(0.0, ceil(o->model->moe_layers - room / (o->model->experts * cs_experts_bytes(o))));
}

/* An option that holds as few layers' experts as it must is made to hold as many as there is room
 * for beside the KV cache. */
static void fill(struct cs_option *o, struct cs_memory *memory, double context)
{
    const double layers = o->model->moe_layers, least = o->experts.resident;
    for (double n = layers - 1.0; n >= 0.0; n -= 1.0) {
        o->experts.resident = fmax(least, n * o->model->experts / layers);
        if (holds(o, memory, context, o->max_num_seqs))
            return;
    }
}

static double context_of(const struct cs_fits_query *q, const struct cs_model *m)
{
    if (q->context > 0)
        return q->context;
    return m->context_tokens > 0 ? fmin(DEFAULT_CONTEXT, m->context_tokens) : DEFAULT_CONTEXT;
}

/* The row of one option; its figures are left for those that are kept. */
static struct cs_fits_row judge(const struct cs_fits_query *q, const struct cs_option *option,
                                struct cs_arena *arena)
{
    const double context = context_of(q, option->model), output = floor(0.25 * context);
    struct cs_fits_row r = {.option = *option,
                            .input = context - output,
                            .output = output,
                            .at_once = NAN,
                            .decode_tok_s = NAN,
                            .prefill_tok_s = NAN,
                            .ttft_s = NAN,
                            .output_tok_s = NAN,
                            .requests_s = NAN,
                            .usd_per_mtok = NAN,
                            .usd_per_mtok_single = NAN,
                            .wh_per_mtok = NAN,
                            .price = {.usd_per_gpu_hour = NAN},
                            .error = cs_error_of(option, option->tensor_parallel)};
    struct cs_memory some;
    r.max_context = longest(*option);
    int sequences = option->max_num_seqs;
    while (!holds(&r.option, &some, context, sequences) && sequences > 1)
        sequences /= 2;
    struct cs_option one = *option;
    r.fits = holds(&one, &r.memory, context, 1);
    if (r.fits && option->experts.policy != CS_EXPERTS_RESIDENT) {
        r.offload = true;
        fill(&r.option, &r.memory, context);
    }
    r.reason = r.fits ? NULL : why_not(&r, arena);
    return r;
}

static void add(struct cs_fits *fits, const struct cs_fits_query *q, const struct cs_fits_row *row)
{
    fits->rows = cs_arena_grow(fits->arena, fits->rows, fits->count, sizeof *fits->rows);
    fits->rows[fits->count] = *row;
    if (row->fits)
        figures(&fits->rows[fits->count], q, fits->arena);
    fits->count++;
}

/* How far from fitting: bytes a GPU has beyond the weights. */
static double spare(const struct cs_fits_row *r)
{
    return r->memory.linked ? r->memory.usable_bytes - r->memory.weights_gpu_bytes : -HUGE_VAL;
}

struct trial { /* of one pair */
    struct cs_fits *fits;
    const struct cs_fits_query *query;
    struct cs_fits_row nearest; /* of those that do not fit */
    bool found, tried;
};

static void try_option(struct trial *t, const struct cs_option *o)
{
    const struct cs_fits_row row = judge(t->query, o, t->fits->arena);
    if (!row.memory.linked && !t->query->gpus)
        return;
    t->found = t->found || row.fits;
    if (row.fits || t->query->all)
        add(t->fits, t->query, &row);
    else if (!t->tried || spare(&row) > spare(&t->nearest))
        t->nearest = row;
    t->tried = true;
}

/* The same with experts in the host's memory, where that is known and needed. */
static void try_outside(struct trial *t, const struct cs_option *o)
{
    const struct cs_engine_sheet *const e = o->engine;
    struct cs_option outside = *o;
    outside.host = t->query->host;
    outside.experts.policy = CS_EXPERTS_CPU;
    if (!way_of(e)->offloads || o->model->moe_layers == 0 || e->host_eff <= 0.0 ||
        cs_experts_host(&outside, 1).bandwidth_Bps <= 0.0)
        return;
    struct cs_arena *const arena = t->fits->arena;
    const double layers = o->model->moe_layers, least = fmin(layers, least_layers(&outside));
    if (judge(t->query, o, arena).fits)
        return;
    outside.experts.resident = least * o->model->experts / layers;
    struct cs_fits_row row = judge(t->query, &outside, arena);
    if (!row.fits && least > 0)
        row.reason = cs_arena_printf(
            arena, "experts %.3g GB, the host has room for %.3g GB of them",
            1e-9 * layers * o->model->experts * cs_experts_bytes(o),
            1e-9 * cs_experts_host_share * cs_experts_host(&outside, 1).memory_bytes);
    row.offload = true;
    if (row.fits || t->query->all)
        add(t->fits, t->query, &row);
    t->found = t->found || row.fits;
}

static void try_formats(struct trial *t, const struct cs_model *m, const struct cs_hardware *h,
                        const struct cs_engine_sheet *e, int gpus,
                        void (*try_one)(struct trial *, const struct cs_option *))
{
    const struct cs_fits_query *const q = t->query;
    const enum formats kind = way_of(e)->formats;
    const size_t count = q->precision >= 0 ? formats[kind].count : formats[kind].usual;
    for (size_t p = 0; p < count && (q->all || !t->found); p++) {
        const enum cs_precision precision = formats[kind].items[p];
        if (q->precision >= 0 ? (int)precision != q->precision : !makes_sense(m, h, precision))
            continue;
        const struct cs_option o = make_option(m, h, e, precision, gpus);
        try_one(t, &o);
    }
}

/* Why the pair cannot be tried with so many GPUs, or NULL. */
static const char *excluded(const struct cs_fits_query *q, const struct cs_model *m,
                            const struct cs_engine_sheet *e, int gpus, struct cs_arena *arena)
{
    const enum split split = way_of(e)->split;
    if (m->context_tokens > 0 && q->context > m->context_tokens)
        return cs_arena_printf(arena, "its context is %.0f tokens", m->context_tokens);
    if (split == SPLIT_TENSOR && m->heads % gpus != 0)
        return cs_arena_printf(arena, "%d GPUs do not divide its %d heads", gpus, m->heads);
    if (split == SPLIT_NONE && gpus > 1)
        return cs_arena_printf(arena, "%s runs on one", e->title);
    return NULL;
}

void cs_fits_add(struct cs_fits *fits, const struct cs_fits_query *q, const struct cs_model *m,
                 const struct cs_hardware *h, const struct cs_engine_sheet *e)
{
    const int *const of_way = counts[way_of(e)->split];
    struct trial t = {.fits = fits, .query = q};
    const char *why = NULL;
    for (size_t n = 0; n < COUNTS_MOST && of_way[n] > 0 && (n == 0 || !q->gpus); n++) {
        const int gpus = q->gpus ? q->gpus : of_way[n];
        const char *const not_so = excluded(q, m, e, gpus, fits->arena);
        if (not_so)
            why = not_so;
        else
            try_formats(&t, m, h, e, gpus, try_option);
    }
    /* Where one GPU alone does not hold it: with the host's memory it may. */
    const bool found = t.found, one = found && fits->rows[fits->count - 1].option.gpus == 1;
    t.found = false;
    if (t.tried && (q->all || !one) && q->gpus <= 1)
        try_formats(&t, m, h, e, 1, try_outside);
    t.found = t.found || found;
    if (!t.tried) {
        const enum cs_precision wanted =
            q->precision >= 0 ? (enum cs_precision)q->precision : m->weights;
        const struct cs_option o = make_option(m, h, e, wanted, q->gpus ? q->gpus : 1);
        t.nearest = judge(q, &o, fits->arena);
        t.nearest.fits = false;
        t.nearest.reason = why ? why
                               : cs_arena_printf(fits->arena, "%s does not run %s", e->title,
                                                 cs_precision_infos[wanted].name);
    }
    if (!t.found && (!q->all || !t.tried))
        add(fits, q, &t.nearest);
}

/* --- order ----------------------------------------------------------------------------------- */

static int class_of(const struct cs_hardware *h)
{
    static const char *const classes[] = {"datacenter", "workstation", "consumer", "unified"};
    int k = 0;
    while (k < 4 && !(h->klass && strcmp(h->klass, classes[k]) == 0))
        k++;
    return k;
}

struct ranked {
    struct cs_fits_row row;
    double key[4]; /* the smaller first */
    const char *name;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *const x = a, *const y = b;
    for (size_t k = 0; k < 4; k++) {
        if (k == 3 && strcmp(x->name, y->name) != 0)
            return strcmp(x->name, y->name);
        if (x->key[k] != y->key[k])
            return x->key[k] < y->key[k] ? -1 : 1;
    }
    return 0;
}

void cs_fits_sort(struct cs_fits *fits, const struct cs_fits_query *q, bool of_machine)
{
    struct ranked *const all = cs_arena_alloc(fits->arena, fits->count, sizeof *all);
    for (size_t i = 0; i < fits->count; i++) {
        const struct cs_fits_row *const r = &fits->rows[i];
        const struct cs_model *const m = r->option.model;
        const double speed = q->all ? 0.0 : -r->decode_tok_s;
        all[i] = (struct ranked){
            *r,
            {!r->fits, of_machine ? -m->parameters_total : class_of(r->option.hardware),
             r->fits && !of_machine ? speed : 0.0, (double)i},
            of_machine ? m->name : r->option.hardware->name};
    }
    qsort(all, fits->count, sizeof *all, by_rank);
    for (size_t i = 0; i < fits->count; i++)
        fits->rows[i] = all[i].row;
}
