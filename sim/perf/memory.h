/* Memory: what fits on a GPU, and how many KV blocks are left.
 *
 *     weights per GPU + reserve + KV  <=  gpu_memory_utilization x capacity
 *
 * Weights divide evenly over tensor x pipeline GPUs; KV heads divide over the tensor group until
 * each GPU holds one; MLA's latent is held whole by every GPU of the group. With more expert ranks
 * than tensor-parallel GPUs, each attention group holds all weights but experts, and its own KV.
 * Of experts that `deploy.experts` keeps in part, the others take the host's memory, then its
 * disks. The reserve is what
 * the engine keeps for activations and its runtime (engine sheet). All bytes, per GPU.
 */
#ifndef CS_PERF_MEMORY_H
#define CS_PERF_MEMORY_H
#include "spec/scenario.h"

struct cs_memory {
    double weights_bytes;     /* of the whole model */
    double weights_gpu_bytes; /* on the GPU that holds most */
    double expert_bytes;      /* one expert of all layers, on one GPU */
    double resident;          /* experts of a layer in the GPUs' memory */
    double host_bytes;        /* experts outside */
    bool host_holds;          /* the host's memory and disks have room for them */
    double usable_bytes;      /* utilisation x capacity x GPU share */
    double reserve_bytes;
    double kv_token_bytes; /* per token on one GPU, full-attention layers */
    double window_bytes;   /* KV of the sliding-window layers, set aside for max_num_seqs */
    double kv_bytes;       /* left for KV on one GPU; <= 0: weights do not fit */
    int64_t kv_blocks;     /* of option->block_size tokens, in all attention groups */
    int64_t kv_tokens;     /* kv_blocks x block_size */
    bool linked;           /* there is a link over which so many GPUs can work as one */
    bool fits;             /* linked, and at least one sequence of one block fits */
};
void cs_memory_fit(struct cs_memory *m, const struct cs_option *option, int tensor_parallel);
/* The same; where the option leaves open how many experts are resident, with so many. */
void cs_memory_fit_experts(struct cs_memory *m, const struct cs_option *option,
                           int tensor_parallel, double resident);
/* The most experts of a layer that the GPUs can hold beside the KV cache of `tokens` (with slots:
 * of all slots): whole layers of them under `cpu`, else whole experts. */
double cs_memory_most_experts(const struct cs_option *option, int tensor_parallel, double tokens);
/* Experts that come and go together, of a layer on average: the grain of the above. */
double cs_memory_expert_grain(const struct cs_option *option);
/* Bytes of all weights of a model at a precision. */
double cs_memory_weights(const struct cs_model *model, enum cs_precision precision);

#endif
