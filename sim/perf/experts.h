/* Experts of a step: how many of a layer are touched, where they are, and what brings them in.
 *
 * A step of T tokens touches some of a layer's experts (perf/moe.h). Where all are held by the
 * GPUs, that says what is read. With expert parallelism the rank that has most decides, and tokens
 * travel. Where the GPUs hold a part (`deploy.experts`), some of the touched ones are outside: in
 * the host's memory, or, where that is too small, on its disks; they are copied, or computed where
 * they lie (`policy: cpu`). perf/step.c turns these counts into time.
 *
 * Counts are of one layer, expected, at T tokens of the whole replica; from a grid of T where they
 * cost much to work out (between its nodes: linear). Memory: the arena given. Sealed once made.
 */
#ifndef CS_PERF_EXPERTS_H
#define CS_PERF_EXPERTS_H
#include "perf/moe.h"
#include "spec/scenario.h"

struct cs_expert_load {
    double tokens;  /* T, times the imbalance of the busiest rank over the mean one */
    double touched; /* read from a GPU's memory: distinct experts, on the rank that touches most */
    double outside; /* of these, experts that no GPU holds when the step begins */
    double foreseen; /* of those outside, the share that prefetching saw coming */
    double wasted;   /* experts copied for nothing */
    double dropped;  /* share of the visits above an expert's capacity */
};

struct cs_expert_plan {
    const struct cs_option *option;
    int ranks;            /* of expert parallelism; 1: none */
    double resident;      /* experts of a layer in the GPUs' memory */
    double follow;        /* of prefetching: from the model's routing, or for a given accuracy */
    double *visits;       /* of each expert, by one token; NULL: uniform */
    struct cs_moe_placement placement;
    double spread, spread_nodes; /* other ranks, other machines, that a token is sent to */
    struct cs_host host;  /* of the replica */
    double in_memory;     /* share of the experts outside that the host's memory holds */
    int at[2];            /* nodes of the grid that were worked out last */
    struct cs_expert_load node[2];
};

/* The machine of a replica: the option's, or the hardware sheet's for so many GPUs (a desktop is
 * one machine whatever the number of its cards). */
struct cs_host cs_experts_host(const struct cs_option *o, int tensor_parallel);
/* Share of the host's memory that experts may take: the rest is the system's. */
extern const double cs_experts_host_share;
/* Ranks that reach one another without a network: those of a link, or eight cards on PCIe. */
int cs_experts_domain(const struct cs_hardware *h);
/* Bytes of one expert. */
double cs_experts_bytes(const struct cs_option *o);
/* Seconds to bring one expert of one layer from the host's memory to the GPUs, at a share of PCIe:
 * over the PCIe of each GPU of the group, no faster than the memory it comes from. 0: no way. */
double cs_experts_copy_s(const struct cs_expert_plan *p, int tensor_parallel, double share);
/* The same from the disks, of the share that the memory does not hold. */
double cs_experts_disk_s(const struct cs_expert_plan *p);
void cs_experts_plan(struct cs_expert_plan *p, const struct cs_option *o, int tensor_parallel,
                     struct cs_arena *arena);
/* `tokens` >= 1. Cheap when called with growing numbers. */
struct cs_expert_load cs_experts_load(struct cs_expert_plan *p, double tokens);

#endif
