/* Weight and KV counts of a model's parts, shared by memory.c and step.c.
 *
 * Counts are elements (not bytes) of one layer or one expert; the equations stand in memory.c.
 * KV bytes are per token, per layer, on one GPU of a t-way tensor-parallel group: heads divide
 * until each GPU holds one; MLA's latent (r_kv + d_r elements) is held whole by each.
 */
#ifndef CS_PERF_WEIGHTS_H
#define CS_PERF_WEIGHTS_H
#include "spec/sheet.h"

double cs_weights_attention_layer(const struct cs_model *m);
double cs_weights_dense_ffn(const struct cs_model *m);
double cs_weights_expert(const struct cs_model *m);
double cs_weights_shared(const struct cs_model *m);
/* Bytes of an attention weight; 2 where the model's quantised checkpoints leave attention alone. */
double cs_weights_attention_bytes(const struct cs_model *m, enum cs_precision precision);
double cs_weights_kv_bytes(enum cs_precision kv_precision); /* of one element */
double cs_weights_kv_layer_bytes(const struct cs_model *m, enum cs_precision kv_precision, int t);

#endif
