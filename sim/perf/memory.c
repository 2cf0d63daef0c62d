/* What fits on a GPU: weights, the engine's reserve, and what is left for the KV cache.
 *
 * Weight counts (docs/model.md, section 1), h hidden, d head dimension, V vocabulary:
 *
 *     attention, per layer   2 h n_h d + 2 h n_kv d            (Q and O, K and V)
 *     MLA, per layer         h r_q + r_q n_h (d_n + d_r) + h (r_kv + d_r) + r_kv n_h (d_n + d_v)
 *                            + n_h d_v h                       (DeepSeek-V2, section 2.1)
 *     dense FFN              m h I, m = 3 when gated
 *     MoE, per layer         3 h I_e E + 3 h I_s + h E         (experts, shared, router)
 *     embedding and head     V h each, once when tied
 *
 * The bytes of each follow the precision's table. Norms and biases (under 0.1 %) are left out.
 * Nothing is owned; errors are answers: `fits` is false and the numbers say why.
 */
#include "perf/memory.h"
#include "perf/experts.h"
#include "perf/weights.h"
#include <math.h>

double cs_weights_attention_layer(const struct cs_model *m)
{
    const double h = m->hidden, heads = m->heads;
    if (m->mla_kv_rank > 0) {
        const double qk = m->mla_nope_dim + m->mla_rope_dim;
        const double q =
            m->mla_q_rank > 0 ? h * m->mla_q_rank + m->mla_q_rank * heads * qk : h * heads * qk;
        return q + h * (m->mla_kv_rank + m->mla_rope_dim) +
               m->mla_kv_rank * heads * (m->mla_nope_dim + m->mla_v_dim) + heads * m->mla_v_dim * h;
    }
    return 2.0 * h * heads * m->head_dim + 2.0 * h * m->kv_heads * m->head_dim;
}

double cs_weights_dense_ffn(const struct cs_model *m)
{
    return (double)m->ffn_matrices * m->hidden * m->ffn;
}

double cs_weights_expert(const struct cs_model *m)
{
    return 3.0 * m->hidden * m->expert_ffn;
}

double cs_weights_shared(const struct cs_model *m)
{
    return 3.0 * m->hidden * m->shared_ffn;
}

double cs_weights_attention_bytes(const struct cs_model *m, enum cs_precision precision)
{
    const bool checkpoint = precision == CS_PRECISION_FP8 || precision == CS_PRECISION_INT8 ||
                            precision == CS_PRECISION_INT4;
    return m->attention_16bit && checkpoint ? 2.0 : cs_precision_infos[precision].attention_bytes;
}

double cs_weights_kv_bytes(enum cs_precision kv_precision)
{
    return kv_precision == CS_PRECISION_BF16 ? 2.0 : 1.0;
}

double cs_weights_kv_layer_bytes(const struct cs_model *m, enum cs_precision kv_precision, int t)
{
    const double q = cs_weights_kv_bytes(kv_precision);
    if (m->mla_kv_rank > 0)
        return (m->mla_kv_rank + m->mla_rope_dim) * q;
    return 2.0 * fmax(1.0, (double)m->kv_heads / t) * m->head_dim * q;
}

double cs_memory_weights(const struct cs_model *m, enum cs_precision precision)
{
    const struct cs_precision_info *p = &cs_precision_infos[precision];
    const int dense_layers = m->layers - m->moe_layers;
    const double attention = m->layers * cs_weights_attention_layer(m);
    const double ffn = dense_layers * cs_weights_dense_ffn(m) +
                       m->moe_layers * (m->experts * cs_weights_expert(m) + cs_weights_shared(m));
    const double router = (double)m->moe_layers * m->hidden * m->experts;
    const double head = (double)m->vocabulary * m->hidden * (m->tied_embeddings ? 1.0 : 2.0);
    return attention * cs_weights_attention_bytes(m, precision) + ffn * p->ffn_bytes +
           router * 2.0 + head * p->head_bytes;
}

/* Experts: what the GPUs hold of them, and what is left to the host. */
static void divide_experts(struct cs_memory *r, const struct cs_option *o, int t, double resident)
{
    const struct cs_model *m = o->model;
    const int stages = o->pipeline_parallel;
    const double gpus = cs_option_gpus(o, t); /* experts divide over all, the rest over a group */
    const double whole = m->moe_layers * cs_experts_bytes(o);
    const bool all = o->experts.policy == CS_EXPERTS_RESIDENT;
    const double copies = o->expert_parallel > 1 ? o->experts.redundant : 0.0;
    r->resident = all ? m->experts : resident;
    r->expert_bytes = whole / gpus;
    r->weights_gpu_bytes = (r->weights_bytes - m->experts * whole) / (t * stages) +
                           (r->resident + copies) * r->expert_bytes;
    r->host_bytes = (m->experts - r->resident) * whole;
    const struct cs_host host = cs_experts_host(o, t);
    const double room = cs_experts_host_share * host.memory_bytes;
    r->host_holds = r->host_bytes <= room + (host.nvme_Bps > 0.0 ? host.nvme_bytes : 0.0);
}

double cs_memory_expert_grain(const struct cs_option *o)
{
    const double E = o->model->experts;
    return o->experts.policy == CS_EXPERTS_CPU ? E / o->model->moe_layers : 1.0;
}

double cs_memory_most_experts(const struct cs_option *o, int t, double tokens)
{
    struct cs_memory m;
    cs_memory_fit_experts(&m, o, t, 0.0);
    const double grain = cs_memory_expert_grain(o);
    const double kept = o->engine->slots ? (double)o->max_num_seqs * o->block_size
                                         : fmax(o->block_size, tokens);
    const double room = (m.kv_bytes - kept * m.kv_token_bytes) / m.expert_bytes;
    return floor(fmax(0.0, fmin(room, o->model->experts)) / grain + 1e-9) * grain;
}

void cs_memory_fit(struct cs_memory *memory, const struct cs_option *o, int t)
{
    cs_memory_fit_experts(memory, o, t, o->experts.resident);
}

void cs_memory_fit_experts(struct cs_memory *memory, const struct cs_option *o, int t,
                           double resident)
{
    const struct cs_model *m = o->model;
    const int stages = o->pipeline_parallel, groups = cs_option_groups(o, t);
    const int full_layers = m->layers - m->window_layers;
    const double layer = cs_weights_kv_layer_bytes(m, o->kv_precision, t);
    struct cs_memory r = {0};
    r.weights_bytes = cs_memory_weights(m, o->precision);
    r.weights_gpu_bytes = r.weights_bytes / (t * stages);
    r.host_holds = true;
    if (m->experts > 0)
        divide_experts(&r, o, t, resident);
    r.usable_bytes = o->gpu_memory_utilization * o->hardware->memory_bytes * o->hardware->gpu_share;
    r.reserve_bytes = t * stages * groups > 1 ? o->engine->reserve_parallel_bytes
                                              : o->engine->reserve_single_bytes;
    r.kv_token_bytes = full_layers * layer / stages;
    /* A sliding window never holds more than its length, in whole blocks, of any sequence; a slot
     * also what one step adds, up to its own length. */
    const double window = o->engine->slots ? fmin(m->window_tokens + o->max_num_batched_tokens,
                                                  fmax(m->window_tokens, o->block_size))
                                           : m->window_tokens + o->block_size;
    r.window_bytes = m->window_layers * layer / stages * window * (double)o->max_num_seqs;
    r.kv_bytes = r.usable_bytes - r.weights_gpu_bytes - r.reserve_bytes - r.window_bytes;
    if (o->kv_blocks > 0)
        r.kv_blocks = o->kv_blocks;
    else if (r.kv_bytes > 0.0 && r.kv_token_bytes > 0.0)
        r.kv_blocks = groups * (int64_t)(r.kv_bytes / (r.kv_token_bytes * o->block_size));
    const int64_t needed =
        o->engine->slots ? (int64_t)o->max_num_seqs * groups : 1; /* slots are all taken at once */
    if (o->engine->slots && r.kv_blocks > needed)
        r.kv_blocks = needed;
    r.kv_tokens = r.kv_blocks * o->block_size;
    const struct cs_hardware *h = o->hardware;
    const int gpus = cs_option_gpus(o, t);
    r.linked = gpus == 1 || h->pcie_Bps > 0.0 || (h->link_Bps > 0.0 && gpus <= h->link_gpus);
    const double held =
        (double)r.kv_tokens * r.kv_token_bytes / groups; /* kv_blocks given may be too many */
    r.fits = r.linked && r.host_holds && r.kv_blocks >= needed && held <= r.kv_bytes &&
             r.weights_gpu_bytes + r.reserve_bytes < r.usable_bytes;
    *memory = r;
}
