/* The step-time model: equations to coefficients to integer tables.
 *
 * Equations (docs/model.md, section 2), SI units; T tokens computed (padded), S sequences sampled,
 * K KV tokens read, Q pairs of the prefill chunks; W, F, X the GPU's bandwidth, peak and link, each
 * times its calibrated factor; e_* the engine's efficiencies; t tensor, s pipeline stages:
 *
 *   fixed      s t0 + L t_layer + L_moe t_moe
 *   dense      combine(bytes / (t W e_m), FLOPs T / (t F e_c))     combine(x, y) = sqrt(x^2 + y^2)
 *   experts    combine(L_moe w P_e N / (t W e_m), 2 L_moe P_e k T / (t F e_c e_x)),
 *              N = E (1 - (1 - k/E)^T)    distinct experts touched, uniform routing; else, and
 *                                         where ranks divide or hold a part of them, perf/experts.h
 *   outside    what experts that the GPUs do not hold cost (outside() below)
 *   head       combine(V h b / (t W e_m), 2 V h S / (t F e_c)) + S (t_seq + [top-p] V sampler / W)
 *   KV         K L bytes / (W e_kv)                                additive
 *   attention  Q L (n_h / t) (4 d / (F e_pf) + scores / W)
 *   all-reduce 2 L (alpha log2 t + 4 T h (t - 1) / (t X e_X)),     [t > 1]; PCIe has its own
 *              alpha and e_X
 *   stages     (s - 1) (alpha + 2 T h / (X e_X))                   [s > 1]
 *
 * Decode attention has a rate of its own, e_da, where kernels for one query at a time are too slow
 * to keep up with their reads. MLA attends in the latent space; prompts too where an engine does.
 *
 * T times FLOPs stands for min(1 + (T - 1) / vector, T + tile) where an engine's kernels for few
 * tokens are slow and its tiles coarse, with N / k for each 1 and tile in the experts' line.
 *
 * combine() because reading weights and multiplying overlap, but not wholly: a power mean of
 * exponent 2 is what GEMM measurements on A100 and H100 show. One batch passes all stages of a
 * pipeline, so nothing of its step is divided by their number: latency is right, and batches that
 * follow one another through the stages are the caller's (fit/case.c), else a lower bound.
 *
 * The same coefficients at efficiency 1 and without overheads give the physical floor: no step may
 * be shorter than its bytes over W or its FLOPs over F. Nothing here knows about events or time.
 */
#include "perf/step.h"
#include "base/check.h"
#include "perf/experts.h"
#include "perf/weights.h"
#include <string.h>

struct coefficients { /* seconds, or seconds per unit */
    double groups; /* attention groups, among which tokens, sequences and KV are divided */
    double fixed, prefill;
    double dense_read, dense_token;
    double vector, tile;              /* what few tokens cost: see work() */
    double experts, per_token;        /* E, k */
    struct outside {
        double layers;      /* L_moe */
        double copy, disk;  /* one expert of all layers */
        double host_read, host_unpack; /* on the host: the same, before its products */
        double host_token;             /* the products of one token there */
        double host_layer;
        double overlap;
        int batch;          /* tokens from which the host computes nothing */
        bool host;
    } outside;
    double expert_read, expert_token; /* per expert touched; per token */
    double head_read, head_sample, sampler_sample;
    double reduce_fixed, reduce_token;
    double gathered; /* per token of the busiest attention group: part of reduce_token */
    double kv, kv_compute, window_kv, window_kv_compute; /* per KV token: bytes, FLOPs (MLA) */
    double pair, window_pair;
};

struct efficiency {
    double weights, compute, quantised, narrow, eight_bit, experts, kv, attention, decode, link,
        pcie;
    bool overheads;
};
/* The physical floor. */
static const struct efficiency IDEAL = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
                                        1.0, 1.0, 1.0, 1.0, 1.0, false};

struct link { /* between GPUs: latency of a collective, and bytes/s that it reaches */
    double alpha_s, Bps;
};

static double combine(double x, double y)
{
    return sqrt(x * x + y * y);
}

static double peak(const struct cs_hardware *h, enum cs_compute kind, const struct efficiency *e)
{
    const double f = h->flops[kind] > 0.0 ? h->flops[kind] : h->flops[CS_COMPUTE_BF16];
    return e->overheads ? f * h->compute_factor : f;
}

/* Of the 16-bit peak, what kernels for one or few tokens can use: they stay out of matrix units. */
static double vector_share(const struct cs_hardware *h)
{
    const double v = h->flops[CS_COMPUTE_VECTOR];
    return v > 0.0 ? v / h->flops[CS_COMPUTE_BF16] : 1.0;
}

/* FLOP/s of GEMMs whose weights take `bytes` each and run on the peak of `kind`. A GPU without it,
 * or a format that kernels expand first, runs them on the 16-bit one; 16-bit weights on one that
 * accumulates in 16 bits where the engine has it so (GeForce: twice the other). */
static double gemm_rate(const struct cs_hardware *h, enum cs_compute kind, double bytes,
                        const struct cs_engine_sheet *eng, const struct efficiency *e)
{
    if (kind == CS_COMPUTE_BF16 && bytes == 2.0 && eng->half_accumulation)
        return peak(h, CS_COMPUTE_FP16, e) * e->compute;
    const bool narrow = kind != CS_COMPUTE_BF16 && h->flops[kind] > 0.0;
    const double quantised = bytes >= 1.0 && e->eight_bit > 0.0 ? e->eight_bit
                             : narrow                           ? e->narrow
                                                                : e->quantised;
    return peak(h, kind, e) * (bytes < 2.0 ? quantised : e->compute);
}

static double bandwidth(const struct cs_hardware *h, const struct efficiency *e)
{
    return e->overheads ? h->bandwidth_Bps * h->bandwidth_factor : h->bandwidth_Bps;
}

/* B/s at which weights are read: of K-quants, no faster than the GPU unpacks them (Apple M1). */
static double read_rate(const struct cs_hardware *h, const struct cs_precision_info *p,
                        const struct efficiency *e)
{
    const double rate = bandwidth(h, e) * e->weights;
    const bool bound = e->overheads && h->k_quants_Bps > 0.0 && strstr(p->name, "_k") != NULL;
    return bound ? fmin(rate, h->k_quants_Bps) : rate;
}

/* The card's factor on KV reads, which belongs to the kernels of the engine it was measured with:
 * vLLM 0.15 reads an A100's cache at 0.41 of the bandwidth, TensorRT-LLM at about twice that. */
static double kv_factor(const struct cs_option *o)
{
    const struct cs_hardware *h = o->hardware;
    const size_t n = h->kv_engine != NULL ? strlen(h->kv_engine) : 0;
    const char *name = o->engine->name;
    const bool holds = h->kv_engine == NULL || (strncmp(name, h->kv_engine, n) == 0 &&
                                                (name[n] == '\0' || name[n] == '-'));
    return holds ? h->kv_factor : 1.0;
}

/* Attention: KV reads per token and FLOPs per pair, for `layers` of them. */
static void attention(const struct cs_option *o, int t, const struct efficiency *e, double layers,
                      double *kv, double *kv_compute, double *pair)
{
    const struct cs_model *m = o->model;
    const struct cs_hardware *h = o->hardware;
    const double W = bandwidth(h, e);
    const double F = peak(h, CS_COMPUTE_BF16, e);
    const double heads = (double)m->heads / t;
    *kv = layers * cs_weights_kv_layer_bytes(m, o->kv_precision, t) /
          (W * e->kv * (e->overheads ? kv_factor(o) : 1.0));
    /* Kernels that unpack the cache for one head at a time, and not for all that share it. */
    if (e->overheads && o->engine->kv_by_head && o->kv_precision != CS_PRECISION_BF16 &&
        m->mla_kv_rank == 0)
        *kv *= (double)m->heads / m->kv_heads;
    *kv_compute =
        o->engine->decode_attention_eff > 0.0
            ? layers * 4.0 * heads * m->head_dim / (F * vector_share(h) * e->decode)
            : 0.0;
    *pair = layers * 4.0 * heads * m->head_dim / (F * e->attention);
    if (m->mla_kv_rank > 0) {
        /* Decode attends in the latent space (weights absorbed): scores over r_kv + d_r elements,
         * values over r_kv, for every head: with 128 heads that can outweigh the bytes. */
        const double latent = layers * 2.0 * heads * (2.0 * m->mla_kv_rank + m->mla_rope_dim);
        const double expanded =
            layers * 2.0 * heads * (m->mla_nope_dim + m->mla_rope_dim + m->mla_v_dim);
        *kv_compute = latent / (F * e->decode);
        *pair = (o->engine->latent_prompts && e->overheads ? latent : expanded) /
                (F * e->attention);
    }
    /* Without FlashAttention the scores go through memory, several times. */
    if (e->overheads)
        *pair += layers * heads * o->engine->score_bytes / W;
}

/* What joins `gpus` of them: their link while they are of one domain, else PCIe, where collectives
 * go through the memory of the host: slower to begin, and far from the bus's bandwidth. */
static struct link link_between(const struct cs_option *o, int gpus, const struct efficiency *e)
{
    const struct cs_hardware *h = o->hardware;
    const struct cs_engine_sheet *eng = o->engine;
    if (gpus <= h->link_gpus && h->link_Bps > 0.0)
        return (struct link){e->overheads ? eng->all_reduce_s : 0.0, h->link_Bps * e->link};
    return (struct link){e->overheads ? eng->all_reduce_pcie_s : 0.0, h->pcie_Bps * e->pcie};
}

/* Between machines; where a sheet names no network, as PCIe. */
static struct link network(const struct cs_option *o, const struct efficiency *e)
{
    const struct cs_hardware *h = o->hardware;
    return (struct link){e->overheads ? o->engine->all_reduce_pcie_s : 0.0,
                         h->network_Bps > 0.0 ? h->network_Bps * e->link
                                              : h->pcie_Bps * e->pcie};
}

/* Experts on other ranks than a token's. Within one link domain engines gather the tokens of all
 * ranks on each and scatter the sums back, padded to the tokens of the busiest one (`gathered`);
 * across machines a token is sent to the ranks that it visits, over the network where those are
 * elsewhere, and what they make of it comes back. */
static void exchange(struct coefficients *c, const struct cs_option *o, int t,
                       const struct cs_expert_plan *x, const struct efficiency *e)
{
    const struct cs_model *m = o->model;
    const double ranks = x->ranks, share = 1.0 / ((double)t * cs_option_groups(o, t));
    const int inside = (int)fmin(x->ranks, cs_experts_domain(o->hardware));
    const struct link near = link_between(o, inside, e), far = network(o, e);
    const double there = cs_precision_infos[o->precision].compute == CS_COMPUTE_FP8 ? 1.0 : 2.0;
    const double token = m->moe_layers * share * m->hidden * (there + 2.0); /* bytes, one place */
    c->reduce_fixed += 2.0 * m->moe_layers * near.alpha_s * log2(ranks);
    if (x->spread_nodes <= 0.0) {
        const double places = e->overheads ? ranks - 1.0 : x->spread;
        c->gathered = token * places / near.Bps * c->groups;
        c->reduce_token += token * places / near.Bps;
        return;
    }
    c->reduce_fixed += 2.0 * m->moe_layers * far.alpha_s;
    c->reduce_token += token * (x->spread - x->spread_nodes) / near.Bps;
    c->reduce_token += token * x->spread_nodes / far.Bps;
}

static void link_terms(struct coefficients *c, const struct cs_option *o, int t,
                       const struct cs_expert_plan *x, const struct efficiency *e)
{
    const struct cs_model *m = o->model;
    const bool sent = x->ranks > t; /* else the all-reduce adds up what the ranks made */
    if (t > 1) {
        const struct link inside = link_between(o, t, e);
        const double times = 2.0 * m->layers - (sent ? m->moe_layers : 0.0);
        c->reduce_fixed = times * inside.alpha_s * log2(t);
        c->reduce_token =
            times * 2.0 * m->hidden * 2.0 * (t - 1.0) / t / inside.Bps / c->groups;
    }
    if (sent)
        exchange(c, o, t, x, e);
    if (o->pipeline_parallel > 1) {
        const struct link across = link_between(o, t * o->pipeline_parallel, e);
        c->reduce_fixed += (o->pipeline_parallel - 1) * across.alpha_s;
        c->reduce_token += (o->pipeline_parallel - 1) * 2.0 * m->hidden / across.Bps;
    }
}

/* What experts that no GPU holds take, all layers with experts together. What the host's memory
 * cannot hold comes from its disks first. */
static void outside_terms(struct coefficients *c, const struct cs_option *o, int t,
                          const struct cs_expert_plan *x, const struct efficiency *e)
{
    const struct cs_engine_sheet *eng = o->engine;
    const double bytes = o->model->moe_layers * cs_experts_bytes(o);
    struct outside *out = &c->outside;
    if (o->experts.policy == CS_EXPERTS_RESIDENT)
        return;
    out->layers = o->model->moe_layers;
    out->host = o->experts.policy == CS_EXPERTS_CPU;
    out->overlap = o->experts.overlap;
    out->batch = !e->overheads ? 0 : o->experts.batch ? o->experts.batch : eng->offload_batch;
    out->copy = out->layers * cs_experts_copy_s(x, t, e->overheads ? eng->copy_eff : 1.0);
    out->disk = out->layers * cs_experts_disk_s(x);
    if (!out->host)
        return;
    out->host_read = bytes / (x->host.bandwidth_Bps * (e->overheads ? eng->host_eff : 1.0));
    if (x->host.flops > 0.0)
        out->host_token = 2.0 * o->model->moe_layers * cs_weights_expert(o->model) *
                          o->model->experts_per_token /
                          (x->host.flops *
                           (e->overheads && eng->host_compute_eff > 0.0 ? eng->host_compute_eff
                                                                        : 1.0));
    if (e->overheads)
        out->host_unpack = out->host_token * eng->host_tile_tokens / o->model->experts_per_token;
    out->host_layer = e->overheads ? eng->host_layer_s * (1.0 - x->resident / o->model->experts)
                                   : 0.0;
}

static struct coefficients derive(const struct cs_option *o, int t, bool top_p,
                                  const struct cs_expert_plan *x, const struct efficiency *e)
{
    const struct cs_model *m = o->model;
    const struct cs_engine_sheet *eng = o->engine;
    const struct cs_hardware *h = o->hardware;
    const struct cs_precision_info *p = &cs_precision_infos[o->precision];
    const double W = bandwidth(h, e), read = read_rate(h, p, e);
    const double attention_bytes = cs_weights_attention_bytes(m, o->precision);
    const enum cs_compute attention_compute =
        attention_bytes == 2.0 ? CS_COMPUTE_BF16 : p->attention_compute;
    const double F_attention = gemm_rate(h, attention_compute, attention_bytes, eng, e);
    const double F_ffn = gemm_rate(h, p->compute, p->ffn_bytes, eng, e);
    const enum cs_compute head_peak = p->head_bytes < 2.0 ? p->compute : CS_COMPUTE_BF16;
    const double F_head = gemm_rate(h, head_peak, p->head_bytes, eng, e);
    const double L = m->layers, L_moe = m->moe_layers, L_dense = L - L_moe;
    const double P_attention = cs_weights_attention_layer(m);
    const double P_ffn = L_dense * cs_weights_dense_ffn(m) + L_moe * cs_weights_shared(m);
    const double P_expert = cs_weights_expert(m);
    const double V_h = (double)m->vocabulary * m->hidden;
    const double split = x->ranks > 1 ? fmax(1.0, (double)t / x->ranks) : t; /* of one expert */
    struct coefficients c = {.vector = 1.0, .groups = cs_option_groups(o, t)};
    if (e->overheads) {
        c.vector = eng->vector_share > 0.0 ? eng->vector_share * vector_share(h) : 1.0;
        c.tile = eng->tile_tokens;
        c.fixed = o->pipeline_parallel * eng->step_s + L * eng->layer_s + L_moe * eng->moe_layer_s;
        c.prefill = eng->prefill_step_s;
    }
    c.dense_read =
        (L * P_attention * attention_bytes + P_ffn * p->ffn_bytes) / (t * read);
    c.dense_token = (2.0 * L * P_attention / F_attention + 2.0 * P_ffn / F_ffn) / t;
    c.experts = m->experts;
    c.per_token = m->experts_per_token;
    c.expert_read = L_moe * P_expert * p->ffn_bytes / (split * read);
    c.expert_token = 2.0 * L_moe * P_expert * m->experts_per_token /
                     (t * c.groups * F_ffn * e->experts);
    c.head_read = V_h * p->head_bytes / (t * read);
    c.head_sample = 2.0 * V_h / (t * F_head);
    if (top_p && e->overheads)
        c.sampler_sample = m->vocabulary * eng->sampler_bytes / W;
    if (e->overheads)
        c.sampler_sample += eng->sequence_s;
    link_terms(&c, o, t, x, e);
    outside_terms(&c, o, t, x, e);
    attention(o, t, e, L - m->window_layers, &c.kv, &c.kv_compute, &c.pair);
    if (m->window_layers > 0)
        attention(o, t, e, m->window_layers, &c.window_kv, &c.window_kv_compute, &c.window_pair);
    double *const divided[] = {&c.kv, &c.kv_compute, &c.pair,
                               &c.window_kv, &c.window_kv_compute, &c.window_pair};
    for (size_t i = 0; i < sizeof divided / sizeof divided[0]; i++)
        *divided[i] /= c.groups;
    return c;
}

static struct efficiency engine_efficiency(const struct cs_engine_sheet *e)
{
    const double quantised = e->quantised_eff > 0.0 ? e->quantised_eff : e->compute_eff;
    return (struct efficiency){
        .weights = e->weights_eff,
        .compute = e->compute_eff,
        .quantised = quantised,
        .narrow = e->narrow_eff > 0.0 ? e->narrow_eff : quantised,
        .eight_bit = e->eight_bit_eff,
        .experts = e->experts_eff,
        .kv = e->kv_eff,
        .attention = e->prefill_attention_eff,
        .decode = e->decode_attention_eff > 0.0 ? e->decode_attention_eff : e->compute_eff,
        .link = e->link_eff,
        .pcie = e->pcie_eff,
        .overheads = true,
    };
}

/* Tokens whose multiplication takes as long as that of T tokens over m matrices. A GEMM pays for a
 * tile's worth of each on top of its tokens; a kernel for few tokens multiplies one while it reads
 * the matrix, and is slower per further token. The faster is taken. */
static double work(const struct coefficients *c, double T, double m)
{
    return fmin(m + (T - m) / c->vector, T + m * c->tile);
}

/* The experts' part of a step: those that the GPUs read and multiply, and what those outside add.
 * Where the host computes them, its share of the products is not the GPUs'. */
struct expert_s {
    double gpu, outside, copied; /* seconds, seconds, experts of a layer */
};
static struct expert_s expert_s(const struct coefficients *c, const struct cs_expert_load *l,
                                double T, double rest)
{
    const struct outside *out = &c->outside;
    const bool on_host = out->host && (out->batch == 0 || T < out->batch);
    const double away = l->outside > 0.0 ? l->outside / l->touched : 0.0;
    const double touched = l->touched - (on_host ? l->outside : 0.0);
    const double tokens = l->tokens * (on_host ? 1.0 - away : 1.0);
    struct expert_s s = {0};
    if (touched > 0.0)
        s.gpu = combine(c->expert_read * touched,
                        c->expert_token * work(c, tokens, touched / c->per_token));
    if (l->outside <= 0.0)
        return s;
    s.outside = out->disk * l->outside;
    if (on_host) {
        s.outside += combine(out->host_read * l->outside,
                             out->host_token * T * away + out->host_unpack * l->outside) +
                     out->layers * out->host_layer;
        return s;
    }
    const double seen = l->outside * l->foreseen;
    const double ahead = out->copy * (seen + l->wasted);
    s.copied = l->outside + l->wasted;
    s.outside += out->copy * (l->outside - seen) +
                 (out->host ? out->layers * out->host_layer : 0.0) +
                 fmax(0.0, ahead - (l->foreseen > 0.0 ? out->overlap * (rest + s.gpu) : 0.0));
    return s;
}

/* T tokens, `own` of them in the attention group that has most. */
static double token_s(const struct coefficients *c, const struct cs_expert_load *l, double T,
                      double own, struct cs_step_parts *parts)
{
    const double compute = c->dense_token * work(c, own, own > 0.0 ? 1.0 : 0.0);
    const double gemm = combine(c->dense_read, compute);
    const struct expert_s of =
        c->experts > 0.0 ? expert_s(c, l, T, c->fixed + gemm) : (struct expert_s){0};
    const double experts = of.gpu + of.outside;
    const double communication =
        c->reduce_fixed + c->reduce_token * T + c->gathered * fmax(0.0, own - T / c->groups);
    if (parts != NULL) {
        parts->fixed_s = c->fixed;
        parts->weights_s = c->dense_read;
        parts->compute_s = compute;
        parts->gemm_s = gemm;
        parts->experts_s = of.gpu;
        parts->outside_s = of.outside;
        parts->loaded_bytes = of.copied;
        parts->communication_s = communication;
    }
    return c->fixed + gemm + experts + communication;
}

static double sample_s(const struct coefficients *c, double S, struct cs_step_parts *parts)
{
    S = S > 0.0 ? fmax(1.0, S / c->groups) : 0.0;
    const double head = combine(c->head_read, c->head_sample * work(c, S, S > 0.0 ? 1.0 : 0.0));
    const double sampler = c->sampler_sample * S;
    if (parts != NULL) {
        parts->head_s = head;
        parts->sampler_s = sampler;
    }
    return head + sampler;
}

/* CUDA graphs are captured for 1, 2, 4, then multiples of 8 to 256, then of 16 up to
 * min(2 max_num_seqs, 512); a larger batch runs as it is. */
static int64_t pad_group(const struct cs_option *o, int64_t T)
{
    const int64_t top = 2 * (int64_t)o->max_num_seqs < 512 ? 2 * (int64_t)o->max_num_seqs : 512;
    if (!o->engine->cuda_graph_padding || T > top || T <= 2)
        return T;
    if (T <= 4)
        return 4;
    const int64_t grain = T <= 256 ? 8 : 16;
    const int64_t padded = (T + grain - 1) / grain * grain;
    return padded > top ? T : padded;
}

static int64_t pad(const struct cs_option *o, int64_t T, int groups)
{
    const int64_t own = (T + groups - 1) / groups;
    const int64_t padded = pad_group(o, own);
    return padded > own ? padded * groups : T;
}

static int64_t picoseconds(double seconds)
{
    cs_check(seconds >= 0.0 && seconds < 1e6);
    return (int64_t)(seconds * 1e12 + 0.5);
}

/* Bytes and FLOPs of T tokens at efficiency 1: the floor of token(), as of each other term, so that
 * no sum of terms is below the floor of the step. */
static double token_floor_s(const struct coefficients *ideal, const struct cs_expert_load *l,
                            double T)
{
    /* Experts outside are at least read where they lie, while the GPUs read the others. */
    const double held = l->touched - l->outside;
    const struct outside *out = &ideal->outside;
    const double slowest = out->host && out->copy > 0.0 ? fmin(out->copy, out->host_read)
                           : out->host                  ? out->host_read
                                                        : out->copy;
    const double most_hidden = l->outside * l->foreseen;
    return fmax(fmax(ideal->dense_read + ideal->expert_read * held,
                     ideal->dense_token * T / ideal->groups +
                         (l->outside > 0.0 ? 0.0 : ideal->expert_token * T)),
                (slowest + out->disk) * (l->outside - most_hidden));
}

/* Tokens of the attention group that has most of T, when they are spread evenly. */
static double even(double T, int groups)
{
    return T > 0.0 ? fmax(1.0, T / groups) : 0.0;
}

void cs_step_compile(struct cs_step *step, const struct cs_option *o, int t, bool top_p,
                     struct cs_arena *arena)
{
    cs_step_compile_scaled(step, o, t, top_p, 1.0, arena);
}

void cs_step_compile_scaled(struct cs_step *step, const struct cs_option *o, int t, bool top_p,
                            double scale, struct cs_arena *arena)
{
    const struct efficiency e = engine_efficiency(o->engine);
    struct cs_expert_plan x;
    cs_experts_plan(&x, o, t, arena);
    const struct coefficients c = derive(o, t, top_p, &x, &e);
    const struct coefficients i = derive(o, t, false, &x, &IDEAL);
    const int groups = cs_option_groups(o, t);
    const int each =
        o->max_num_batched_tokens > o->max_num_seqs ? o->max_num_batched_tokens : o->max_num_seqs;
    const int most = each * groups, seqs = o->max_num_seqs * groups;
    int64_t *token = cs_arena_alloc(arena, (size_t)most + 1, sizeof *token);
    int64_t *sample = cs_arena_alloc(arena, (size_t)seqs + 1, sizeof *sample);
    for (int T = 0, done = -1; T <= most; T++) {
        const int padded = (int)pad(o, T, groups);
        if (padded != done) {
            const struct cs_expert_load l = cs_experts_load(&x, padded);
            token[T] = picoseconds(
                fmax(scale * token_s(&c, &l, padded, even(padded, groups), NULL),
                     token_floor_s(&i, &l, padded)));
        } else {
            token[T] = token[T - 1];
        }
        done = padded;
    }
    int64_t *group = groups > 1 ? cs_arena_alloc(arena, (size_t)each + 1, sizeof *group) : NULL;
    for (int T = 0; group != NULL && T <= each; T++) {
        const double own = (double)pad_group(o, T);
        group[T] = picoseconds(
            scale * (combine(c.dense_read, c.dense_token * work(&c, own, T > 0 ? 1.0 : 0.0)) +
                     c.gathered * own));
    }
    for (int S = 0; S <= seqs; S++)
        sample[S] = picoseconds(
            fmax(scale * sample_s(&c, S, NULL), fmax(i.head_read, i.head_sample * S / groups)));
    *step = (struct cs_step){
        .groups = groups,
        .group_tokens = each,
        .group_ps = group,
        .max_tokens = most,
        .max_sampled = seqs,
        .token_ps = token,
        .sample_ps = sample,
        .kv_ps = picoseconds(fmax(scale * combine(c.kv, c.kv_compute), fmax(i.kv, i.kv_compute))),
        .window_kv_ps = picoseconds(fmax(scale * combine(c.window_kv, c.window_kv_compute),
                                         fmax(i.window_kv, i.window_kv_compute))),
        .pair_ps = fmax(scale * c.pair, i.pair) * 1e12,
        .window_pair_ps = fmax(scale * c.window_pair, i.window_pair) * 1e12,
        .prefill_ps = picoseconds(scale * c.prefill),
        .window_tokens = o->model->window_layers > 0 ? o->model->window_tokens : 0,
    };
}

/* No step is shorter than all its bytes over the bandwidth or all its FLOPs over the peak. */
static double floor_s(const struct cs_option *o, int t, struct cs_expert_plan *x,
                      const struct cs_step_load *l)
{
    const struct coefficients c = derive(o, t, false, x, &IDEAL);
    const double T = (double)l->tokens, S = (double)l->sampled / c.groups;
    const struct cs_expert_load of = cs_experts_load(x, fmax(1.0, T));
    const double outside = of.outside > 0.0 ? token_floor_s(&c, &of, T) : 0.0;
    const double bytes = c.dense_read + c.expert_read * (of.touched - of.outside) + c.head_read +
                         c.kv * (double)l->kv_tokens + c.window_kv * (double)l->window_kv_tokens;
    const double flops = c.dense_token * T / c.groups +
                         (of.outside > 0.0 ? 0.0 : c.expert_token * T) + c.head_sample * S +
                         c.kv_compute * (double)l->kv_tokens + c.pair * l->pairs +
                         c.window_pair * l->window_pairs;
    return fmax(fmax(bytes, flops), outside);
}

void cs_step_explain(struct cs_step_parts *parts, const struct cs_option *o, int t, bool top_p,
                     const struct cs_step_load *l)
{
    const struct efficiency e = engine_efficiency(o->engine);
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_expert_plan x;
    cs_experts_plan(&x, o, t, &scratch);
    const struct coefficients c = derive(o, t, top_p, &x, &e);
    struct cs_step_parts p = {0};
    const double T = (double)pad(o, l->tokens, cs_option_groups(o, t));
    const struct cs_expert_load of = cs_experts_load(&x, fmax(1.0, T));
    const double spread = l->chunks > 0 ? fmin((double)l->chunks, c.groups) : c.groups;
    const double prompts = (double)l->chunk_tokens; /* busy: as in cs_step_uneven_ps() */
    const double busy = ((double)l->tokens - prompts) / c.groups + prompts / spread;
    const double level = even(T, (int)c.groups);
    const double own = busy > level ? (double)pad_group(o, (int64_t)ceil(busy)) : level;
    const double token = token_s(&c, &of, T, own, &p);
    const double sample = sample_s(&c, (double)l->sampled, &p);
    p.kv_s = combine(c.kv, c.kv_compute) * (double)l->kv_tokens +
             combine(c.window_kv, c.window_kv_compute) * (double)l->window_kv_tokens;
    p.prefill_attention_s =
        (c.pair * l->pairs + c.window_pair * l->window_pairs) * c.groups / spread;
    if (l->prefill)
        p.fixed_s += c.prefill;
    p.total_s = token + sample + p.kv_s + p.prefill_attention_s + (l->prefill ? c.prefill : 0.0);
    p.loaded_bytes *= c.outside.layers * cs_experts_bytes(o);
    p.floor_s = floor_s(o, t, &x, l);
    cs_arena_fini(&scratch);
    const double experts_read = c.expert_read * of.touched;
    const struct {
        const char *name;
        double s;
    } causes[] = {
        {"weights", p.weights_s + experts_read + c.head_read},
        {"compute", p.compute_s + c.expert_token * T + p.prefill_attention_s},
        {"KV", p.kv_s},
        {"communication", p.communication_s},
        {"experts outside", p.outside_s},
        {"overhead", p.fixed_s + p.sampler_s},
    };
    p.binding = causes[0].name;
    double most = causes[0].s;
    for (size_t i = 1; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].s > most) {
            most = causes[i].s;
            p.binding = causes[i].name;
        }
    }
    *parts = p;
}
