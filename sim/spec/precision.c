/* Precisions: bytes per weight and the peak that their products run on.
 *
 * Bytes include the scales that a format stores beside its numbers:
 *   fp8     1 byte; one scale a tensor or channel is below 0.1 %. Attention too: vLLM's and
 *           NVIDIA's FP8 checkpoints quantise all linear layers but the head.
 *   int8    1 byte, one scale a channel.
 *   int4    groups of 128: 4 bits + 16/128 for the scale + 4/128 for the zero = 4.15625 bits.
 *   mxfp4   blocks of 32 with an 8-bit scale: 4.25 bits; experts and FFN only, as gpt-oss.
 *   q8_0    blocks of 32 with a 16-bit scale: 8.5 bits, the head included.
 *   q4_k_m  a mix of Q4_K and Q6_K tensors, about 4.85 bits on average; some hundredths more or
 *           less by model.
 *   q5_k_m  likewise of Q5_K and Q6_K, about 5.70 bits; q6_k is Q6_K throughout.
 *   q4_0    blocks of 32 with a 16-bit scale: 4.5 bits; llama.cpp keeps the head in Q6_K, blocks of
 *           256 of 210 bytes: 6.5625 bits.
 *   iq4_xs  blocks of 256 of 136 bytes: 4.25 bits, the head in Q6_K. q3_k_m, q2_k and iq2_m are
 *           mixes again, of about 3.91, 3.16 and 2.7 bits.
 *   nvfp4   blocks of 16 with an 8-bit scale: 4.5 bits; head kept at 16 bits.
 *   mlx_4bit  groups of 64 with 16-bit scale and bias: 4.5 bits, embedding and head included.
 *   mxfp4_q8_0  MXFP4 experts and all the rest in Q8_0: gpt-oss as a GGUF file.
 * Each part runs on the peak of its own inputs: fp8 and int8 quantise the activations of
 * attention's products too; formats whose kernels dequantise run on the 16-bit peak, those of GGUF
 * files on the 8-bit integer one: llama.cpp multiplies them as integers (ggml-cuda/mmq.cu).
 *
 * The rule: a GPU without the named peak uses its bf16 one (perf decides that).
 */
#include <string.h>
#include "spec/sheet.h"

const struct cs_precision_info cs_precision_infos[CS_PRECISION_COUNT] = {
    [CS_PRECISION_BF16] = {"bf16", 2, 2, 2, CS_COMPUTE_BF16, CS_COMPUTE_BF16,
                           "IEEE 754 half and bfloat16: 16 bits"},
    [CS_PRECISION_FP8] = {"fp8", 1, 1, 2, CS_COMPUTE_FP8, CS_COMPUTE_FP8,
                          "OCP 8-bit floating point specification; head kept at 16 bits as in "
                          "published FP8 checkpoints"},
    [CS_PRECISION_INT8] = {"int8", 1, 1, 2, CS_COMPUTE_INT8, CS_COMPUTE_INT8,
                           "W8A8, one scale a channel (SmoothQuant, arXiv:2211.10438)"},
    [CS_PRECISION_INT4] = {"int4", 4.15625 / 8, 4.15625 / 8, 2, CS_COMPUTE_BF16, CS_COMPUTE_BF16,
                           "AWQ and GPTQ, groups of 128 (arXiv:2306.00978, arXiv:2210.17323)"},
    [CS_PRECISION_MXFP4] = {"mxfp4", 4.25 / 8, 2, 2, CS_COMPUTE_FP4, CS_COMPUTE_BF16,
                            "OCP microscaling formats specification v1.0: blocks of 32, 8-bit "
                            "scale"},
    [CS_PRECISION_Q8_0] = {"q8_0", 8.5 / 8, 8.5 / 8, 8.5 / 8, CS_COMPUTE_INT8, CS_COMPUTE_INT8,
                           "github:ggml-org/llama.cpp ggml-common.h: blocks of 32, 16-bit scale"},
    [CS_PRECISION_Q4_K_M] = {"q4_k_m", 4.85 / 8, 4.85 / 8, 4.85 / 8, CS_COMPUTE_INT8,
                             CS_COMPUTE_INT8,
                             "github:ggml-org/llama.cpp tools/quantize/README.md: bits per weight "
                             "of Q4_K_M"},
    [CS_PRECISION_Q5_K_M] = {"q5_k_m", 5.70 / 8, 5.70 / 8, 5.70 / 8, CS_COMPUTE_INT8,
                             CS_COMPUTE_INT8,
                             "github:ggml-org/llama.cpp tools/quantize/README.md: bits per weight "
                             "of Q5_K_M"},
    [CS_PRECISION_Q6_K] = {"q6_k", 6.5625 / 8, 6.5625 / 8, 6.5625 / 8, CS_COMPUTE_INT8,
                           CS_COMPUTE_INT8,
                           "github:ggml-org/llama.cpp ggml-common.h: 210 bytes for 256"},
    [CS_PRECISION_Q4_0] = {"q4_0", 4.5 / 8, 4.5 / 8, 6.5625 / 8, CS_COMPUTE_INT8, CS_COMPUTE_INT8,
                           "github:ggml-org/llama.cpp ggml-common.h: blocks of 32, 16-bit scale; "
                           "output tensor in Q6_K (src/llama-quant.cpp)"},
    [CS_PRECISION_NVFP4] = {"nvfp4", 4.5 / 8, 4.5 / 8, 2, CS_COMPUTE_FP4, CS_COMPUTE_FP4,
                            "NVIDIA, Introducing NVFP4 (2025): blocks of 16, FP8 scale; head kept "
                            "at 16 bits as in NVIDIA's published checkpoints"},
    [CS_PRECISION_MLX_4BIT] = {"mlx_4bit", 4.5 / 8, 4.5 / 8, 4.5 / 8, CS_COMPUTE_BF16,
                               CS_COMPUTE_BF16,
                               "github:ml-explore/mlx mx.quantize: groups of 64, 16-bit scale and "
                               "bias"},
    [CS_PRECISION_MXFP4_Q8_0] = {"mxfp4_q8_0", 4.25 / 8, 8.5 / 8, 8.5 / 8, CS_COMPUTE_INT8,
                                 CS_COMPUTE_INT8,
                                 "hf:ggml-org/gpt-oss-20b-GGUF: experts MXFP4, the rest Q8_0"},
    [CS_PRECISION_IQ4_XS] = {"iq4_xs", 4.25 / 8, 4.25 / 8, 6.5625 / 8, CS_COMPUTE_INT8,
                             CS_COMPUTE_INT8,
                             "github:ggml-org/llama.cpp ggml-common.h: 136 bytes for 256; output "
                             "tensor in Q6_K"},
    [CS_PRECISION_Q3_K_M] = {"q3_k_m", 3.91 / 8, 3.91 / 8, 3.91 / 8, CS_COMPUTE_INT8,
                             CS_COMPUTE_INT8,
                             "github:ggml-org/llama.cpp pull 1684: 3.06 GiB for 6.74e9 weights"},
    [CS_PRECISION_Q2_K] = {"q2_k", 3.16 / 8, 3.16 / 8, 3.16 / 8, CS_COMPUTE_INT8, CS_COMPUTE_INT8,
                           "github:ggml-org/llama.cpp tools/quantize/README.md: bits per weight of "
                           "Q2_K"},
    [CS_PRECISION_IQ2_M] = {"iq2_m", 2.7 / 8, 2.7 / 8, 2.7 / 8, CS_COMPUTE_INT8, CS_COMPUTE_INT8,
                            "github:ggml-org/llama.cpp tools/quantize: 2.7 bits per weight"},
};

int cs_precision_find(const char *name)
{
    if (strcmp(name, "fp16") == 0)
        return CS_PRECISION_BF16;
    for (int i = 0; i < CS_PRECISION_COUNT; i++)
        if (strcmp(cs_precision_infos[i].name, name) == 0)
            return i;
    return -1;
}
