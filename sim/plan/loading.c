/* What loading.h promises: figures of the chosen fleet's own option, none of another run.
 *
 * What further memory buys is answered by the same step model with more experts resident: one, two,
 * four ... gigabytes a GPU, until all are. Speeds are of one request alone, at the context of the
 * mean request half done, and of a replica that is never idle (plan/bound.h), whose KV cache stays
 * as it is.
 *
 * The cache simulated token by token (perf/expertcache.h) takes a few layers for all: they are
 * alike. Its share of hits stands beside the step model's; cold start and change of topic come from
 * it alone: what is found less, in all, than at the steady share, times the time of a copy.
 */
#include "plan/loading.h"
#include "perf/expertcache.h"
#include "perf/experts.h"
#include "plan/bound.h"
#include <math.h>

enum { TRIAL_LAYERS = 4, TRIAL_STEPS = 3000 };
static const double GB = 1e9;

/* Speeds of an option: one request alone, and a replica without pause. */
static void speeds(const struct cs_option *o, const struct cs_candidate *c,
                   const struct cs_question *q, double *alone, double *most)
{
    const struct cs_mean_request mean = {q->workload.mean_input, q->workload.mean_output, 0.0};
    const int64_t context = (int64_t)(mean.input + 0.5 * mean.output);
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_step step;
    cs_step_compile(&step, o, c->tensor_parallel, q->scenario->traffic.top_p, &scratch);
    const int64_t window = step.window_tokens;
    const struct cs_step_load one = {
        .tokens = 1,
        .sampled = 1,
        .kv_tokens = context,
        .window_kv_tokens = window > 0 && window < context ? window : context};
    *alone = 1e12 / (double)cs_step_ps(&step, &one);
    *most = cs_bound_capacity(&step, &c->limits, &mean) * mean.output;
    cs_arena_fini(&scratch);
}

static double share_found(const struct cs_option *o, int t, double batch, double *touched)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_expert_plan plan;
    cs_experts_plan(&plan, o, t, &scratch);
    const struct cs_expert_load l = cs_experts_load(&plan, batch);
    cs_arena_fini(&scratch);
    *touched = l.touched;
    return 1.0 - l.outside / l.touched;
}

static void add_more(struct cs_loading *l, const struct cs_candidate *c,
                     const struct cs_question *q, struct cs_arena *arena)
{
    const struct cs_option *o = c->option;
    const double E = o->model->experts, grain = cs_memory_expert_grain(o);
    enum { MOST = 10 };
    struct cs_loading_more *rows = cs_arena_alloc(arena, MOST, sizeof *rows);
    double resident = o->experts.resident, touched;
    for (double gb = 1.0; l->more_count < MOST && resident < E; gb *= 2.0) {
        struct cs_option larger = *o;
        const double room = o->experts.resident + gb * GB / c->memory.expert_bytes;
        resident = fmin(E, floor(room / grain + 1e-9) * grain);
        if (resident <= o->experts.resident ||
            (l->more_count > 0 && resident <= rows[l->more_count - 1].resident))
            continue;
        larger.experts.resident = resident;
        struct cs_loading_more *row = &rows[l->more_count++];
        row->resident = resident;
        row->bytes = resident < E ? gb * GB : (E - o->experts.resident) * c->memory.expert_bytes;
        row->found = share_found(&larger, c->tensor_parallel, l->batch, &touched);
        speeds(&larger, c, q, &row->decode_tok_s, &row->output_tok_s);
    }
    l->more = rows;
}

static void try_cache(struct cs_loading *l, const struct cs_candidate *c, uint64_t seed)
{
    const struct cs_option *o = c->option;
    const struct cs_model *m = o->model;
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_expert_plan plan;
    cs_experts_plan(&plan, o, c->tensor_parallel, &scratch);
    const struct cs_expert_trial trial = {.policy = o->experts.policy,
                                          .visits = plan.visits,
                                          .experts = m->experts,
                                          .slots = (int)o->experts.resident,
                                          .layers = TRIAL_LAYERS,
                                          .batch = (int)l->batch,
                                          .steps = TRIAL_STEPS,
                                          .groups = m->routing.groups,
                                          .groups_per_token = m->routing.groups_per_token,
                                          .repeat = m->routing.repeat,
                                          .follow = plan.follow,
                                          .topic_at = TRIAL_STEPS / 2,
                                          .expert_bytes = l->expert_bytes,
                                          .seed = seed};
    const struct cs_expert_counts counts = cs_expert_trial(&trial);
    const double copy = cs_experts_copy_s(&plan, c->tensor_parallel, o->engine->copy_eff) +
                        cs_experts_disk_s(&plan);
    l->trial_found = counts.start.steady;
    l->copied_per_token = counts.bytes / TRIAL_LAYERS * m->moe_layers / TRIAL_STEPS / l->batch;
    const double each = copy * m->moe_layers / TRIAL_LAYERS; /* of what a change finds less */
    l->topic_found = counts.topic.steady;
    l->warm_s = fmax(0.0, counts.start.extra) * each;
    l->topic_s = fmax(0.0, counts.topic.extra) * each;
    cs_arena_fini(&scratch);
}

static double ranks_at(const struct cs_option *o, int t, double batch, double *dropped)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    struct cs_expert_plan plan;
    cs_experts_plan(&plan, o, t, &scratch);
    const struct cs_moe_load load =
        cs_moe_slowest(&plan.placement, (int)batch, o->experts.capacity_factor);
    cs_arena_fini(&scratch);
    if (dropped != NULL)
        *dropped = load.dropped;
    return load.imbalance;
}

void cs_loading_answer(struct cs_loading *l, const struct cs_candidate *c,
                       const struct cs_question *q, double batch, struct cs_arena *arena)
{
    const struct cs_option *o = c->option;
    *l = (struct cs_loading){
        .trial_found = NAN, .warm_s = NAN, .topic_s = NAN, .topic_found = NAN};
    l->batch = fmax(1.0, round(batch));
    if (o->expert_parallel > 1) {
        struct cs_option plain = *o;
        plain.experts = (struct cs_experts){.accuracy = -1};
        l->imbalance = ranks_at(o, c->tensor_parallel, l->batch, &l->dropped);
        l->imbalance_plain = ranks_at(&plain, c->tensor_parallel, l->batch, NULL);
    }
    if (o->experts.policy == CS_EXPERTS_RESIDENT)
        return;
    const struct cs_host host = cs_experts_host(o, c->tensor_parallel);
    l->known = true;
    l->experts = o->model->experts;
    l->resident = o->experts.resident;
    l->expert_bytes = cs_experts_bytes(o);
    l->host_bytes = c->memory.host_bytes;
    l->host_share = host.memory_bytes > 0.0 ? l->host_bytes / host.memory_bytes : NAN;
    l->found = share_found(o, c->tensor_parallel, l->batch, &l->touched);
    l->start_s = host.nvme_Bps > 0.0 ? c->memory.weights_bytes / host.nvme_Bps : NAN;
    speeds(o, c, q, &l->decode_tok_s, &l->output_tok_s);
    if (o->experts.policy != CS_EXPERTS_CPU)
        try_cache(l, c, q->scenario->simulate.seed);
    add_more(l, c, q, arena);
}
