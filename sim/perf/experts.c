/* Working out experts.h: from routing, placement and policy to counts of a layer.
 *
 * Docs: docs/model.md, section 10. Uniform routing with everything resident keeps the closed form
 * and costs nothing; all else is worked out at the nodes 1 .. 16, then in steps of a ratio of about
 * 9/8, and is linear between them.
 *
 * `cpu` keeps whole layers' experts together, as engines that compute on the host do: the share
 * outside is that of the layers, whatever tokens prefer. The other policies hold `resident` experts
 * of each layer. Once a step has as many tokens as the engine's offload_batch, experts outside are
 * copied under `cpu` as well (perf/step.c).
 *
 * A prediction names as many experts as are touched; those named wrongly and not held are copied
 * for nothing.
 */
#include "perf/experts.h"
#include "perf/expertcache.h"
#include "perf/weights.h"
#include <math.h>
#include <string.h>

const double cs_experts_host_share = 0.9;

struct cs_host cs_experts_host(const struct cs_option *o, int t)
{
    if (o->host != NULL)
        return *o->host;
    struct cs_host host = o->hardware->host;
    const char *const klass = o->hardware->klass;
    if (klass == NULL || strcmp(klass, "datacenter") != 0)
        return host;
    const double gpus = cs_option_gpus(o, t);
    host.memory_bytes *= gpus;
    host.bandwidth_Bps *= gpus;
    host.flops *= gpus;
    host.nvme_bytes *= gpus;
    host.nvme_Bps *= gpus;
    return host;
}

int cs_experts_domain(const struct cs_hardware *h)
{
    return h->link_gpus > 0 ? h->link_gpus : 8;
}

double cs_experts_bytes(const struct cs_option *o)
{
    return cs_weights_expert(o->model) * cs_precision_infos[o->precision].ffn_bytes;
}

double cs_experts_copy_s(const struct cs_expert_plan *p, int t, double share)
{
    const double pcie = t * p->option->hardware->pcie_Bps, ram = p->host.bandwidth_Bps;
    const double path = pcie > 0.0 && ram > 0.0 ? fmin(pcie, ram) : fmax(pcie, ram);
    const bool none = p->host.memory_bytes <= 0.0; /* one memory, and disks: nothing to cross */
    return path > 0.0 && !none ? cs_experts_bytes(p->option) / (path * share) : 0.0;
}

double cs_experts_disk_s(const struct cs_expert_plan *p)
{
    return p->in_memory < 1.0 && p->host.nvme_Bps > 0.0
               ? cs_experts_bytes(p->option) * (1.0 - p->in_memory) / p->host.nvme_Bps
               : 0.0;
}

void cs_experts_plan(struct cs_expert_plan *p, const struct cs_option *o, int t,
                     struct cs_arena *arena)
{
    const struct cs_model *m = o->model;
    const struct cs_routing *r = &m->routing;
    const bool outside = o->experts.policy != CS_EXPERTS_RESIDENT;
    *p = (struct cs_expert_plan){.option = o,
                                 .ranks = o->expert_parallel > 1 ? o->expert_parallel : 1,
                                 .resident = outside ? o->experts.resident : m->experts,
                                 .in_memory = 1.0,
                                 .at = {-1, -1}};
    if (m->experts == 0)
        return;
    const bool uniform = r->zipf == 0.0 && r->popularity == NULL;
    if (!uniform || p->ranks > 1 || outside) {
        p->visits = cs_arena_alloc(arena, (size_t)m->experts, sizeof *p->visits);
        cs_moe_visits(m, p->visits);
    }
    if (p->ranks > 1) {
        const int domain = cs_experts_domain(o->hardware);
        const int nodes = (p->ranks + domain - 1) / domain;
        cs_moe_place(&p->placement, p->visits, m->experts, o->experts.redundant,
                     o->experts.balanced, p->ranks, arena);
        p->spread = cs_moe_spread(&p->placement, p->ranks, 0, 0);
        p->spread_nodes =
            nodes > 1 ? cs_moe_spread(&p->placement, nodes, r->groups, r->groups_per_token) : 0.0;
    }
    if (!outside)
        return;
    p->host = cs_experts_host(o, t);
    const double chance = cs_moe_foresight(p->visits, m->experts, 0.0); /* foretold all the same */
    p->follow = o->experts.accuracy >= 0.0
                    ? fmax(0.0, (o->experts.accuracy - chance) / (1.0 - chance))
                    : r->follow;
    const double bytes = (m->experts - p->resident) * m->moe_layers * cs_experts_bytes(o);
    p->in_memory = bytes > 0.0
                       ? fmin(1.0, cs_experts_host_share * p->host.memory_bytes / bytes)
                       : 1.0;
}

static struct cs_expert_load work_out(const struct cs_expert_plan *p, double T)
{
    const struct cs_option *o = p->option;
    const struct cs_model *m = o->model;
    const double E = m->experts;
    struct cs_expert_load l = {.tokens = T};
    if (p->ranks > 1) {
        const struct cs_moe_load busiest =
            cs_moe_slowest(&p->placement, (int)T, o->experts.capacity_factor);
        const double capacity = o->experts.capacity_factor; /* what exceeds it is not computed */
        l.tokens = T * (capacity > 0.0 ? fmin(busiest.imbalance, capacity) : busiest.imbalance);
        l.touched = busiest.touched;
        l.dropped = busiest.dropped;
        return l;
    }
    l.touched = p->visits == NULL ? E * (1.0 - pow(1.0 - m->experts_per_token / E, T))
                                  : cs_moe_touched(p->visits, m->experts, T, 1.0, 0.0);
    if (o->experts.policy == CS_EXPERTS_RESIDENT)
        return l;
    const struct cs_moe_hits hits = cs_moe_hits(o->experts.policy, p->visits, m->experts,
                                                p->resident, T, m->routing.repeat, p->follow);
    l.touched = hits.touched;
    l.outside = hits.touched - hits.found;
    l.foreseen = l.outside > 0.0 ? fmin(1.0, hits.foreseen / l.outside) : 0.0;
    l.wasted = hits.wasted;
    return l;
}

static int node_below(double T)
{
    int n = 1;
    for (int next = 2; next <= T; next = n < 16 ? n + 1 : n + n / 8)
        n = next;
    return n;
}

static double between(double a, double b, double x)
{
    return a + (b - a) * x;
}

struct cs_expert_load cs_experts_load(struct cs_expert_plan *p, double T)
{
    if (T <= 0.0 || p->option->model->experts == 0)
        return (struct cs_expert_load){.tokens = T};
    if (p->visits == NULL)
        return work_out(p, T);
    const int low = node_below(T);
    const int nodes[2] = {low, low < 16 ? low + 1 : low + low / 8};
    for (int i = 0; i < 2; i++) {
        if (p->at[i] == nodes[i])
            continue;
        p->node[i] = p->at[1] == nodes[i] ? p->node[1] : work_out(p, nodes[i]);
        p->at[i] = nodes[i];
    }
    const struct cs_expert_load *a = &p->node[0], *b = &p->node[1];
    const double x = (T - nodes[0]) / (nodes[1] - nodes[0]);
    return (struct cs_expert_load){.tokens = between(a->tokens, b->tokens, x),
                                   .touched = between(a->touched, b->touched, x),
                                   .outside = between(a->outside, b->outside, x),
                                   .foreseen = between(a->foreseen, b->foreseen, x),
                                   .wasted = between(a->wasted, b->wasted, x),
                                   .dropped = between(a->dropped, b->dropped, x)};
}
