/* Cases: how each extreme is drawn (see cases.h).
 *
 * Sizes are drawn log-uniformly, so small and large values are equally likely; every choice is one
 * of a short list that holds its own edge (blocks of 1, budget 1, one slot). Load is aimed at by
 * the time scale of arrivals: from all at once to long gaps with an idle engine between them.
 * Step tables are random and need not grow with the batch: the engine may not assume it.
 * The rule: draws happen in one fixed order; adding a choice changes all cases, which is no harm.
 */
#include "cases.h"
#include <math.h>
#include <stdio.h>
#include "base/rng.h"

static int64_t range(struct cs_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(cs_rng_u64(rng) % (uint64_t)(high - low + 1));
}

static int64_t log_range(struct cs_rng *rng, int64_t low, int64_t high)
{
    const double x = exp(cs_rng_uniform(rng) * log((double)high / (double)low)) * (double)low;
    return x > (double)high ? high : (int64_t)x;
}

static bool chance(struct cs_rng *rng, double p)
{
    return cs_rng_uniform(rng) < p;
}

static int64_t pick(struct cs_rng *rng, const int64_t *from, size_t count)
{
    return from[cs_rng_u64(rng) % count];
}
#define PICK(rng, ...) \
    pick(rng, (const int64_t[]){__VA_ARGS__}, sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t))

/* Times in units of `unit` ps: coarse ones coincide, fine ones look like a GPU's. */
static void draw_step(struct prop_case *c, struct cs_arena *arena, struct cs_rng *rng, bool coarse)
{
    const struct cs_limits_engine *const l = &c->fleet.limits;
    const int most = l->max_num_batched_tokens > l->max_num_seqs ? l->max_num_batched_tokens
                                                                 : l->max_num_seqs;
    const int64_t unit = coarse ? PICK(rng, 1, 10, 1000) : 1000000;
    int64_t *const token = cs_arena_alloc(arena, (size_t)most + 1, sizeof *token);
    int64_t *const sample = cs_arena_alloc(arena, (size_t)l->max_num_seqs + 1, sizeof *sample);
    const bool flat = chance(rng, 0.3);
    for (int t = 0; t <= most; t++)
        token[t] = coarse ? unit * (flat ? 5 : range(rng, 1, 9))
                          : 7000 * unit + (flat ? 0 : range(rng, 0, 9000 * unit));
    const bool sampler = chance(rng, 0.5);
    for (int s = 0; s <= l->max_num_seqs; s++)
        sample[s] = !sampler ? 0 : coarse ? unit * range(rng, 0, 2) : range(rng, 0, 900 * unit);
    const int64_t kv = coarse ? unit : 1;
    const bool windowed = chance(rng, 0.3);
    c->step = (struct cs_step){
        .max_tokens = most,
        .max_sampled = l->max_num_seqs,
        .token_ps = token,
        .sample_ps = sample,
        .kv_ps = kv * (coarse ? PICK(rng, 0, 1, 1, 3) : PICK(rng, 0, 1, 39125, 300007)),
        .pair_ps = chance(rng, 0.3) ? 0.0 : cs_rng_uniform(rng) * (coarse ? 1.0 : 400.0),
        .prefill_ps = chance(rng, 0.3) ? 0 : unit * range(rng, 0, 12),
        .window_tokens = windowed ? (int)log_range(rng, 1, 200) : 0,
    };
    if (windowed) {
        c->step.window_kv_ps = kv * (coarse ? PICK(rng, 0, 1, 2) : PICK(rng, 0, 1, 25013));
        c->step.window_pair_ps = cs_rng_uniform(rng) * (coarse ? 1.0 : 250.0);
    }
}

/* Attention groups: what a step takes longer that is not spread evenly over them. The table goes as
 * far as the largest step of one group, or not as far. */
static void draw_groups(struct prop_case *c, struct cs_arena *arena, bool coarse)
{
    struct cs_rng rng;
    cs_rng_init(&rng, c->seed, 0, "prop/groups");
    struct cs_step *const s = &c->step;
    if (chance(&rng, 0.5))
        return;
    s->groups = (int)PICK(&rng, 1, 2, 2, 3, 4, 8, 64);
    s->group_tokens = (int)(chance(&rng, 0.5) ? (s->max_tokens + s->groups - 1) / s->groups
                                              : range(&rng, 1, s->max_tokens));
    int64_t *const group = cs_arena_alloc(arena, (size_t)s->group_tokens + 1, sizeof *group);
    for (int t = 1; t <= s->group_tokens; t++)
        group[t] = group[t - 1] + (coarse ? range(&rng, 0, 2) : range(&rng, 0, 40000000));
    s->group_ps = s->groups > 1 ? group : NULL;
}

/* A length in 1 .. most, of one of four shapes. */
static int32_t draw_length(struct cs_rng *rng, int shape, int64_t most)
{
    switch (shape) {
    case 0:
        return (int32_t)most;
    case 1:
        return (int32_t)range(rng, 1, most);
    case 2:
        return (int32_t)log_range(rng, 1, most);
    default:
        return (int32_t)(chance(rng, 0.7) ? 1 : most);
    }
}

/* Makes the blocks of some requests end exactly at a boundary, or one token beside it. */
static void fill_blocks(struct prop_case *c, struct cs_rng *rng, int i)
{
    const int b = c->fleet.limits.block_size;
    const int64_t sum = (int64_t)c->requests[i].input + c->requests[i].output;
    const int64_t beside = range(rng, -1, 1);
    if (chance(rng, 0.5)) {
        const int64_t input = ((int64_t)c->requests[i].input + b - 1) / b * b + beside;
        c->requests[i].input = (int32_t)(input < 1 ? 1 : input);
    } else { /* input + output - 1 tokens are kept in all */
        const int64_t output = (sum - 1 + b - 1) / b * b + beside + 1 - c->requests[i].input;
        c->requests[i].output = (int32_t)(output < 1 ? 1 : output);
    }
}

static void draw_requests(struct prop_case *c, struct cs_rng *rng)
{
    const int64_t most_in = log_range(rng, 1, chance(rng, 0.03) ? 20000 : 700);
    const int64_t most_out = log_range(rng, 1, chance(rng, 0.03) ? 6000 : 300);
    const int shape_in = (int)range(rng, 0, 3), shape_out = (int)range(rng, 0, 3);
    const double aligned = PICK(rng, 0, 0, 1) ? 0.8 : 0.0;
    c->count = (int)log_range(rng, 1, chance(rng, 0.05) ? CASE_REQUESTS : 80);
    for (int i = 0; i < c->count; i++) {
        c->requests[i].input = draw_length(rng, shape_in, most_in);
        c->requests[i].output = draw_length(rng, shape_out, most_out);
        if (chance(rng, aligned))
            fill_blocks(c, rng, i);
    }
}

/* A prompt goes on from where an earlier one was: its first hashes, then new ones. */
static void draw_hashes(struct prop_case *c, struct cs_arena *arena, struct cs_rng *rng, int i,
                        uint64_t *last)
{
    struct prop_request *const r = &c->requests[i];
    const int64_t most = ((int64_t)r->input + c->hash_tokens - 1) / c->hash_tokens;
    const struct prop_request *const from = i > 0 ? &c->requests[range(rng, 0, i - 1)] : NULL;
    int64_t kept = from && chance(rng, 0.8) ? from->hash_count : 0;
    if (chance(rng, 0.5))
        kept = range(rng, 0, kept);
    r->hash_count = (int32_t)(chance(rng, 0.7) ? most : range(rng, 0, most));
    uint64_t *const hashes = cs_arena_alloc(arena, (size_t)r->hash_count, sizeof *hashes);
    for (int k = 0; k < r->hash_count; k++)
        hashes[k] = k < kept                                ? from->hashes[k]
                    : k > 0 && c->seed % 50 == 7 && k % 2 ? hashes[k - 1] /* what no trace should */
                                                            : ++*last * 0x9e3779b97f4a7c15U;
    r->hashes = hashes;
}

/* What prompts share, and prompts that go on from one another. */
static void draw_shared(struct prop_case *c, struct cs_arena *arena)
{
    struct cs_rng rng;
    cs_rng_init(&rng, c->seed, 0, "prop/shared");
    const bool grouped = chance(&rng, 0.4), whole = chance(&rng, 0.4), talk = chance(&rng, 0.4);
    const bool hashed = chance(&rng, 0.3);
    const int64_t groups = log_range(&rng, 1, 20), sessions = log_range(&rng, 1, 20);
    const int b = c->fleet.limits.block_size;
    const int32_t common = (int32_t)log_range(&rng, 1, 300);
    int32_t length[20] = {0}, context[20] = {0};
    uint64_t last = 0;
    int64_t blocks = 0;
    c->hash_tokens = (int32_t)PICK(&rng, 1, 2, 3, 7, 16, 40, b, b, 2 * b, 4 * b);
    c->fleet.limits.prefix_caching = chance(&rng, 0.65);
    c->fleet.limits.static_batching = chance(&rng, 0.12);
    c->fleet.limits.reserve_answers = chance(&rng, 0.15);
    for (int i = 0; i < c->count; i++) {
        struct prop_request *const r = &c->requests[i];
        r->group = r->session = -1;
        if (talk && chance(&rng, 0.8)) {
            r->session = (int32_t)range(&rng, 0, sessions - 1);
            const int64_t longer = (int64_t)context[r->session] + r->input;
            if (chance(&rng, 0.8) && longer < 100 * b + 3000)
                r->input = (int32_t)longer;
            context[r->session] = r->input + r->output;
        }
        if (grouped && chance(&rng, 0.9)) {
            r->group = (int32_t)range(&rng, 0, groups - 1);
            if (whole && !talk)
                r->input = length[r->group] = length[r->group] ? length[r->group] : r->input;
            r->group_tokens = whole ? r->input : chance(&rng, 0.9) ? common : common / 2 + 1;
        }
        blocks += r->input / b;
        if (hashed && blocks < 60000 && chance(&rng, 0.95))
            draw_hashes(c, arena, &rng, i, &last);
    }
    if (blocks > 60000) /* the reference walks them all, at every plan that waits for blocks */
        c->fleet.limits.prefix_caching = false;
}

static void draw_limits(struct prop_case *c, struct cs_rng *rng)
{
    struct cs_limits_engine *const l = &c->fleet.limits;
    int64_t longest = 1;
    for (int i = 0; i < c->count; i++)
        if ((int64_t)c->requests[i].input + c->requests[i].output > longest)
            longest = (int64_t)c->requests[i].input + c->requests[i].output;
    const int64_t fit = (longest + l->block_size - 1) / l->block_size;
    const double room = chance(rng, 0.15)  ? 0.3 + 0.7 * cs_rng_uniform(rng)
                        : chance(rng, 0.8) ? 1.0 + 4.0 * cs_rng_uniform(rng) * cs_rng_uniform(rng)
                                           : 1000.0;
    l->kv_blocks = (int64_t)((double)fit * room) + (chance(rng, 0.2) ? 1 : 0);
    if (l->kv_blocks < 1)
        l->kv_blocks = 1;
    l->context_tokens = chance(rng, 0.1) ? range(rng, 1, longest) : longest + range(rng, 0, 2);
    l->asynchronous = chance(rng, 0.6);
    c->fleet.replicas = (int)PICK(rng, 1, 1, 1, 2, 3, 5);
    c->fleet.router = chance(rng, 0.5) ? CS_ROUTER_ROUND_ROBIN : CS_ROUTER_LEAST_OUTSTANDING;
}

/* Arrivals on a time scale between "all at once" and "the engine sleeps in between". */
static void draw_arrivals(struct prop_case *c, struct cs_rng *rng, bool coarse)
{
    const int64_t typical = c->step.token_ps[1] + c->step.sample_ps[1];
    const int64_t grid = coarse ? PICK(rng, 1, 5, 10) * (typical > 10 ? 10 : 1) : 1;
    const int64_t gap = (int64_t)((double)typical * exp(log(3000.0) * cs_rng_uniform(rng)) / 3.0);
    const double together = (double)PICK(rng, 0, 0, 1, 2, 4) / 4.0;
    int64_t t = chance(rng, 0.5) ? 0 : range(rng, 0, gap + 1);
    for (int i = 0; i < c->count; i++) {
        c->requests[i].arrival_ps = t / grid * grid;
        if (!chance(rng, together))
            t += chance(rng, 0.03) ? 40 * gap + 1 : range(rng, 0, 2 * gap + 1);
    }
    c->fleet.limits.request_ps = chance(rng, 0.4)   ? 0
                                 : chance(rng, 0.5) ? typical * range(rng, 0, 3)
                                                    : range(rng, 0, 5 * gap);
}

static struct cs_change draw_change(struct prop_case *c, struct cs_rng *rng, int64_t span)
{
    const int64_t typical = c->step.token_ps[1] + c->step.sample_ps[1] + 1;
    const int kind = (int)PICK(rng, CS_CHANGE_FAIL, CS_CHANGE_FAIL, CS_CHANGE_FAIL, CS_CHANGE_ADD,
                               CS_CHANGE_REMOVE, CS_CHANGE_TRAFFIC, CS_CHANGE_ROUTER);
    return (struct cs_change){
        .kind = (enum cs_change_kind)kind,
        .time_ps = chance(rng, 0.3) ? c->requests[range(rng, 0, c->count - 1)].arrival_ps
                                    : range(rng, 0, span),
        .factor = (double)PICK(rng, 20, 50, 100, 170, 300) * 0.01,
        .replica = (int)range(rng, 0, c->fleet.replicas),
        .count = (int)range(rng, 1, 3),
        .repair_ps = chance(rng, 0.3) ? range(rng, 1, 3) : typical * log_range(rng, 1, 3000),
        .router = chance(rng, 0.5) ? CS_ROUTER_ROUND_ROBIN : CS_ROUTER_LEAST_OUTSTANDING,
    };
}

/* What happens under way. */
static void draw_changes(struct prop_case *c)
{
    struct cs_rng rng;
    cs_rng_init(&rng, c->seed, 0, "prop/changes");
    const int64_t typical = c->step.token_ps[1] + c->step.sample_ps[1] + 1;
    const int64_t span = c->requests[c->count - 1].arrival_ps + typical * log_range(&rng, 1, 300);
    if (!chance(&rng, 0.4))
        return;
    c->change_count = (int)log_range(&rng, 1, CASE_CHANGES);
    c->fleet.load_ps = chance(&rng, 0.4) ? 0 : typical * log_range(&rng, 1, 500);
    for (int i = 0; i < c->change_count; i++) {
        struct cs_change change = draw_change(c, &rng, span);
        if (i > 0 && chance(&rng, 0.3))
            change.time_ps = c->changes[range(&rng, 0, i - 1)].time_ps;
        int at = i; /* by time, and what was drawn first before what was drawn later */
        for (; at > 0 && c->changes[at - 1].time_ps > change.time_ps; at--)
            c->changes[at] = c->changes[at - 1];
        c->changes[at] = change;
    }
}

void case_draw(struct prop_case *c, struct cs_arena *arena, uint64_t seed)
{
    struct cs_rng rng;
    cs_rng_init(&rng, seed, 0, "prop/case");
    *c = (struct prop_case){.seed = seed};
    struct cs_limits_engine *const l = &c->fleet.limits;
    const bool coarse = chance(&rng, 0.5);
    l->block_size = (int)PICK(&rng, 1, 2, 3, 5, 8, 16, 16, 128);
    l->max_num_seqs = (int)PICK(&rng, 1, 2, 3, 5, 8, 16, 64, 256);
    l->max_num_batched_tokens = (int)PICK(&rng, 1, 2, 5, 16, 50, 256, 2048, 2048);
    draw_requests(c, &rng);
    draw_shared(c, arena);
    draw_limits(c, &rng);
    draw_step(c, arena, &rng, coarse);
    draw_groups(c, arena, coarse);
    draw_arrivals(c, &rng, coarse);
    draw_changes(c);
    c->fleet.step = &c->step;
}

void case_print(const struct prop_case *c)
{
    const struct cs_limits_engine *const l = &c->fleet.limits;
    const struct cs_step *const s = &c->step;
    printf("case %llu: %d replicas, router %d, %s, max_num_seqs %d, budget %d, block %d, "
           "kv_blocks %lld, context %lld, request_ps %lld%s%s, %d tokens a hash\n",
           (unsigned long long)c->seed, c->fleet.replicas, (int)c->fleet.router,
           l->asynchronous ? "async" : "sync", l->max_num_seqs, l->max_num_batched_tokens,
           l->block_size, (long long)l->kv_blocks, (long long)l->context_tokens,
           (long long)l->request_ps, l->prefix_caching ? ", prefix caching" : "",
           l->static_batching   ? ", static batching"
           : l->reserve_answers ? ", answers reserved"
                                : "",
           (int)c->hash_tokens);
    printf("step: kv %lld, window %d kv %lld, pair %.17g, window pair %.17g, prefill %lld, "
           "groups %d\n",
           (long long)s->kv_ps, s->window_tokens, (long long)s->window_kv_ps, s->pair_ps,
           s->window_pair_ps, (long long)s->prefill_ps, s->groups);
    for (int t = 0; s->group_ps && t <= s->group_tokens && t <= 16; t++)
        printf("%s%lld", t ? " " : "group: ", (long long)s->group_ps[t]);
    if (s->group_ps)
        printf("\n");
    for (int t = 0; t <= s->max_tokens && t <= 16; t++)
        printf("%s%lld", t ? " " : "token: ", (long long)s->token_ps[t]);
    for (int t = 0; t <= s->max_sampled && t <= 16; t++)
        printf("%s%lld", t ? " " : "\nsample: ", (long long)s->sample_ps[t]);
    printf("\n");
    for (int i = 0; i < c->change_count; i++) {
        const struct cs_change *const x = &c->changes[i];
        printf("change at %lld: %s, replica %d repaired after %lld, count %d, factor %g, router "
               "%d; loading takes %lld\n",
               (long long)x->time_ps, cs_change_names[x->kind], x->replica, (long long)x->repair_ps,
               x->count, x->factor, (int)x->router, (long long)c->fleet.load_ps);
    }
    for (int i = 0; i < c->count && i < 40; i++) {
        const struct prop_request *const r = &c->requests[i];
        printf("request %d: arrival %lld input %d output %d group %d of %d session %d hashes", i,
               (long long)r->arrival_ps, (int)r->input, (int)r->output, (int)r->group,
               (int)r->group_tokens, (int)r->session);
        for (int k = 0; k < r->hash_count && k < 40; k++) /* by the order in which they were new */
            printf(" %llu", (unsigned long long)(r->hashes[k] * 0xf1de83e19937733dU));
        printf("\n");
    }
}
