/* The sealed structs of the catalogue: what a model, hardware, engine, API or traffic sheet says.
 *
 * A sheet is a YAML file; `spec` checks it against its key table and seals it into one of these
 * structs, in SI units (bytes, seconds, FLOP/s, USD/s, USD/token). Nothing after `spec` writes to
 * them. A figure that a sheet may leave out is 0 when absent (documented per field), so "unknown"
 * is never taken for a value: the perf layer refuses to answer where it needs one.
 * All strings and arrays belong to the catalogue's arena. `node` leads back to the text, so that
 * errors of meaning can point at the line that caused them (cs_span_of in spec/catalog.h).
 */
#ifndef CS_SPEC_SHEET_H
#define CS_SPEC_SHEET_H
#include <stdbool.h>
#include <stddef.h>
#include "base/diag.h"

struct cs_node; /* a parsed YAML node with its position: spec/yaml.h */

/* How weights (and the KV cache) are stored, and on which peak their GEMMs run. */
enum cs_precision {
    CS_PRECISION_BF16, /* also "fp16" */
    CS_PRECISION_FP8,
    CS_PRECISION_INT8,
    CS_PRECISION_INT4,
    CS_PRECISION_MXFP4,
    CS_PRECISION_Q8_0,
    CS_PRECISION_Q4_K_M,
    CS_PRECISION_Q5_K_M,
    CS_PRECISION_Q6_K,
    CS_PRECISION_Q4_0,
    CS_PRECISION_NVFP4,
    CS_PRECISION_MLX_4BIT,
    CS_PRECISION_MXFP4_Q8_0, /* experts MXFP4, the rest Q8_0 */
    CS_PRECISION_IQ4_XS,
    CS_PRECISION_Q3_K_M,
    CS_PRECISION_Q2_K,
    CS_PRECISION_IQ2_M,
    CS_PRECISION_COUNT
};
enum cs_compute {
    CS_COMPUTE_BF16,
    CS_COMPUTE_FP8,
    CS_COMPUTE_INT8,
    CS_COMPUTE_FP4,
    CS_COMPUTE_FP16,   /* 16 bits, accumulated in 16, where that is faster */
    CS_COMPUTE_VECTOR, /* 16 bits outside matrix units, where a GPU has both and is asked for it */
    CS_COMPUTE_COUNT
};

struct cs_precision_info {
    const char *name;
    double ffn_bytes;       /* bytes per FFN or expert weight, scales included */
    double attention_bytes; /* bytes per attention weight */
    double head_bytes;      /* bytes per weight of embedding and LM head */
    enum cs_compute compute; /* peak on which FFN GEMMs run (a GPU without it uses bf16) */
    enum cs_compute attention_compute;
    const char *source;
};
extern const struct cs_precision_info cs_precision_infos[CS_PRECISION_COUNT];
/* The precision of that name ("fp16" is bf16), or -1. */
int cs_precision_find(const char *name);

struct cs_measured { /* a published throughput row of a model sheet; 0 = not given */
    const char *hardware, *engine, *precision, *mode, *quality, *date, *source;
    double gpus, batch, input_tokens, output_tokens;
    double prefill_tok_s, decode_tok_s, output_total_tok_s, ttft_s, tpot_s;
};

/* Which experts tokens visit. All 0: any as often as any other, each token on its own. */
struct cs_routing {
    int groups, groups_per_token; /* a token's experts lie in so many of these; 0: anywhere */
    double zipf;                  /* the i-th most visited has a share proportional to i^-zipf */
    const double *popularity;     /* measured shares of the visits, instead; NULL: not given */
    size_t popularity_count;
    double repeat; /* probability of the experts of the token before, of the same request */
    double follow; /* probability that a layer's experts follow from those of the layer before */
};

struct cs_model {
    const char *name, *title, *maker, *licence, *notes;
    const char *const *aliases; /* other names, such as those of model hubs */
    size_t alias_count;
    const char *released; /* a date, or "no": announced only */
    double parameters_total, parameters_active; /* as published */
    enum cs_precision weights;                  /* the maker's own precision */
    bool has_architecture;                      /* false: cannot be simulated */
    int layers, hidden, heads, kv_heads, head_dim;
    int ffn;          /* intermediate size of dense FFN layers; 0 when all layers are MoE */
    int ffn_matrices; /* 3 gated (default), 2 plain */
    int vocabulary;
    double context_tokens;
    bool tied_embeddings;
    bool attention_16bit; /* its quantised checkpoints leave attention alone */
    int moe_layers;   /* 0: dense model */
    int experts, experts_per_token, expert_ffn, shared_experts;
    int shared_ffn;   /* intermediate size of all shared experts together */
    struct cs_routing routing;
    int mla_q_rank, mla_kv_rank, mla_rope_dim, mla_nope_dim, mla_v_dim; /* kv_rank 0: no MLA */
    int window_tokens, window_layers; /* sliding-window attention; 0: none */
    const struct cs_measured *measured;
    size_t measured_count;
    const struct cs_node *node;
};

enum cs_term { /* how GPUs are rented */
    CS_TERM_ON_DEMAND,
    CS_TERM_SPOT, /* may be taken away */
    CS_TERM_RESERVED_1Y,
    CS_TERM_RESERVED_3Y,
    CS_TERM_COUNT,
    CS_TERM_ARTICLE = CS_TERM_COUNT /* said somewhere, of nobody's list */
};
extern const char *const cs_term_names[CS_TERM_COUNT]; /* "on_demand", ... */

struct cs_rental {
    const char *provider, *region, *date, *source, *note;
    int term;            /* enum cs_term */
    double usd_per_s;    /* per GPU */
    int instance;        /* fewest GPUs rented together; 0: singly, or not known */
    double commitment_s; /* shortest time that is paid for; 0: none */
};
struct cs_purchase {
    double usd; /* per GPU or whole machine, as note says */
    const char *date, *source, *note;
};
/* What lies beyond the accelerators: memory of the host, its processors, and the disk. */
struct cs_host {
    const char *name, *title, *notes;
    const char *const *aliases;
    size_t alias_count;
    double memory_bytes, bandwidth_Bps; /* 0: unknown */
    double flops;                       /* of the format that experts are multiplied in */
    double nvme_bytes, nvme_Bps;        /* reading; 0: none */
    const struct cs_node *node;
};
struct cs_hardware {
    const char *name, *title, *maker, *klass, *released, *notes;
    const char *const *aliases;
    size_t alias_count;
    double memory_bytes;  /* as the driver reports it */
    double gpu_share;     /* share of unified memory the GPU may use; 1 elsewhere */
    double bandwidth_Bps;
    double k_quants_Bps;  /* at which kernels for few tokens read K-quants; 0: as all else */
    double flops[CS_COMPUTE_COUNT]; /* dense peak; 0: unknown or not native */
    const char *link_kind; /* NULL: no link besides PCIe */
    double link_Bps;       /* per direction per GPU; 0: none */
    int link_gpus;         /* accelerators in one link domain; 0: none */
    double pcie_Bps;       /* per direction; 0: unknown */
    const char *network_kind; /* between machines */
    double network_Bps;       /* per direction and accelerator; 0: unknown */
    bool has_host;
    struct cs_host host; /* the part of the usual machine around one accelerator */
    double tdp_w, idle_w;  /* 0: unknown */
    const char *as_set;    /* of a machine that `deploy` changed: what it said; else NULL */
    double bandwidth_factor, kv_factor, compute_factor; /* calibrated efficiency, default 1 */
    const char *kv_engine; /* the engine family that kv_factor holds for; NULL: all */
    bool calibrated;       /* an efficiency factor was given */
    const struct cs_rental *rentals;
    size_t rental_count;
    const struct cs_purchase *purchases;
    size_t purchase_count;
    const struct cs_node *node;
};

/* How far this engine's predicted times are from measured ones, for options of one kind: standard
 * deviations of log(measured / predicted). A condition that is not given holds for every option. */
struct cs_model_error {
    bool calibrated; /* else carried over from other hardware, precisions or models */
    const char *const *hardware, *const *precision; /* names */
    size_t hardware_count, precision_count;
    int experts;             /* only: 1 expert parallelism, 2 experts outside the GPUs; 0: any */
    bool factors, pcie, moe; /* only: calibrated GPUs; groups over PCIe; models with experts */
    double step, ttft;       /* of step times; of first-token times beyond that */
    const char *source;
};

struct cs_engine_sheet { /* a serving engine: behaviour and overheads of one version */
    const char *name, *title, *notes;
    const char *const *aliases;
    size_t alias_count;
    bool asynchronous; /* plans step s+1 when step s starts; else at its end */
    bool static_batching; /* a batch runs until all have finished */
    bool reserve_answers; /* a request is admitted when its whole answer fits the KV cache */
    bool slots; /* no paging: each of max_num_seqs slots holds `context` tokens of KV cache */
    bool prefix_caching; /* unless told otherwise */
    bool cuda_graph_padding;
    int context; /* most tokens of a request; 0: the model's */
    int max_num_seqs, max_num_batched_tokens, block_size;
    double gpu_memory_utilization;
    /* Per GPU, alone and with tensor parallelism. */
    double reserve_single_bytes, reserve_parallel_bytes;
    double request_s, sequence_s, step_s, layer_s, moe_layer_s, prefill_step_s, all_reduce_s,
        all_reduce_pcie_s;
    double weights_eff, compute_eff, kv_eff, prefill_attention_eff, link_eff, pcie_eff;
    double quantised_eff;             /* of GEMMs of weights below 16 bits; 0: compute_eff */
    double eight_bit_eff;             /* of packed weights of a byte and more; 0: as the others */
    double narrow_eff;                /* of those on an 8- or 4-bit peak; 0: quantised_eff */
    double decode_attention_eff;      /* of answers' attention; 0: MLA as compute_eff, else free */
    bool half_accumulation;           /* 16-bit products run on CS_COMPUTE_FP16 */
    bool kv_by_head;                  /* a quantised KV cache is read for each head */
    bool latent_prompts;              /* MLA: prompts attend in the latent space too */
    double experts_eff;               /* of a dense GEMM's rate, that of experts */
    double vector_share, tile_tokens; /* speed of kernels for few tokens; what a GEMM adds */
    double score_bytes;               /* per pair and head: attention that stores its scores */
    /* Experts outside: shares of the host's bandwidth and peak where it computes them, of PCIe's
     * bandwidth where they are copied; time of a layer that has some; tokens of a step from which
     * they are copied even where the host could compute them, 0: never. */
    double host_eff, host_compute_eff, copy_eff, host_layer_s, host_tile_tokens;
    int offload_batch;
    const char *metal;                /* the sheet in place of this one on Apple's GPUs, or NULL */
    double sampler_bytes; /* per logit, with top-p or top-k sampling */
    const struct cs_model_error *errors; /* the first that holds for an option is its own */
    size_t error_count;                  /* 0: not known */
    const struct cs_node *node;
};

struct cs_api_tier {
    double above_tokens; /* a request with more input tokens is billed at this tier, whole */
    double input, output, cached_input; /* USD per token; cached_input < 0: not listed */
};
enum cs_price_basis { CS_PRICE_ARTICLE, CS_PRICE_LISTED, CS_PRICE_RESELLER, CS_PRICE_BASIS_COUNT };
struct cs_api_price {
    enum cs_price_basis basis;
    const char *provider, *date, *source, *note;
    double input, output; /* USD per token */
    /* USD per token; < 0: not listed. */
    double cached_input, cache_write, batch_input, batch_output;
    const struct cs_api_tier *tiers; /* ascending by above_tokens */
    size_t tier_count;
};
struct cs_api_cache { /* what it keeps of prompts */
    double least_tokens, step_tokens; /* found from so many tokens, in steps of so many */
    double kept_s;                    /* after the last use */
};
struct cs_api_limit { /* a tier of rate limits; 0: that figure is not limited */
    const char *tier, *date, *source;
    double requests_per_s, input_tokens_per_s, output_tokens_per_s, tokens_per_s;
};
struct cs_api_committed { /* throughput bought by the hour, used or not */
    const char *provider, *unit, *date, *source, *note;
    double usd_per_s;     /* of a unit */
    double tokens_per_s;  /* of a unit: input tokens + output_weight x output tokens */
    double output_weight;
    int least, step;      /* units */
    double commitment_s;
};
struct cs_api {
    const char *name, *title, *maker, *access, *notes;
    double context_tokens; /* 0: unknown */
    const struct cs_api_price *prices;
    size_t price_count;
    struct cs_api_cache cache;
    const struct cs_api_limit *limits; /* ascending */
    size_t limit_count;
    const struct cs_api_committed *committed;
    size_t committed_count;
    const struct cs_node *node;
};
struct cs_region { /* where machines stand */
    const char *name, *title, *notes;
    double carbon_kg_per_J, electricity_usd_per_J; /* of the grid; 0: unknown */
    const struct cs_node *node;
};

/* A length distribution in tokens. Values are clamped to [min, max] and rounded, at least 1. */
enum cs_lengths_kind {
    CS_LENGTHS_FIXED,     /* a */
    CS_LENGTHS_LOGNORMAL, /* mean a, sigma of the logarithm b */
    CS_LENGTHS_GAMMA,     /* mean a, coefficient of variation b */
    CS_LENGTHS_UNIFORM,   /* from a to b */
    CS_LENGTHS_QUANTILES  /* linear between levels[] (0..1) and values[] */
};
struct cs_lengths {
    enum cs_lengths_kind kind;
    double a, b;
    double min, max; /* max 0: none */
    const double *levels, *values;
    size_t level_count;
};
/* Measured pairs: input by quantiles; output by the quantile row of the input's band. */
struct cs_joint_lengths {
    const double *levels; /* level_count shares, 0 .. 1 */
    size_t level_count;
    const double *input;  /* level_count tokens */
    size_t bands;         /* equal shares of the requests by rank of input */
    const double *output; /* bands x level_count tokens */
};
struct cs_curve {
    double step_s;         /* length of one weight */
    const double *weights; /* count, scaled here to mean 1 */
    size_t count;          /* 24 or 168 with steps of one hour, or any that divide a day or week */
    bool starts_monday;    /* the first weight is Monday 00:00; else the first hour of any day */
};
struct cs_traffic_sheet { /* a named length distribution or rate curve */
    const char *name, *title, *licence, *notes;
    bool has_lengths, has_curve;
    struct cs_joint_lengths lengths;
    struct cs_curve curve;
    double derived_requests, derived_mean_input, derived_mean_output;
    const struct cs_node *node;
};

#endif
