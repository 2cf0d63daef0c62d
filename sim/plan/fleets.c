/* Fleets from GPUs, money or traffic: see fleets.h.
 *
 * Each size of each option is compiled once for its memory, its replica's GPUs and its bound; what
 * the three questions differ in is how many replicas are made of it.
 */
#include "plan/fleets.h"
#include "plan/bound.h"
#include <math.h>

enum { SIZE_MOST = 8, REPLICAS_MOST = 1000000 };

struct gathering {
    const struct cs_scenario *scenario;
    struct cs_question question;
    struct cs_own_fleet *fleets;
    size_t count;
    struct cs_arena *arena;
};

static struct cs_own_fleet *add(struct gathering *g, size_t option, int tensor)
{
    g->fleets = cs_arena_grow(g->arena, g->fleets, g->count, sizeof *g->fleets);
    struct cs_own_fleet *const f = &g->fleets[g->count++];
    *f = (struct cs_own_fleet){.option = option, .given.tensor = tensor};
    return f;
}

static void set_replicas(struct cs_own_fleet *f, long replicas, int gpus_each, double capacity)
{
    f->given.replicas = (int)replicas;
    f->gpus = replicas * gpus_each;
    f->capacity_rps = capacity * (double)replicas;
}

/* How many replicas of a compiled size; 0 with a reason in the fleet. */
typedef long cs_replicas_of(const struct gathering *g, const struct cs_candidate *c,
                            struct cs_own_fleet *f, const void *user);

static void gather(struct gathering *g, cs_replicas_of *replicas_of, const void *user)
{
    for (size_t i = 0; i < g->scenario->option_count; i++) {
        const struct cs_option *const o = &g->scenario->options[i];
        bool any = false;
        for (int t = 1; t <= SIZE_MOST; t *= 2) {
            const int size = o->tensor_parallel > 0 ? o->tensor_parallel : t;
            const int ranks = o->expert_parallel;
            struct cs_candidate c = {.memory.fits = false};
            if (o->model->heads % size == 0 &&
                (ranks <= 1 || size % ranks == 0 || ranks % size == 0))
                cs_candidate_compile(&c, o, size, &g->question, g->arena);
            if (c.memory.fits) {
                struct cs_own_fleet *const f = add(g, i, size);
                const long n = replicas_of(g, &c, f, user);
                if (n > 0 && n <= REPLICAS_MOST)
                    set_replicas(f, n, c.gpus_per_replica, c.capacity);
                else if (f->why_not == NULL)
                    f->why_not = "more replicas than a fleet may have";
                any = true;
            }
            if (o->tensor_parallel > 0)
                break;
        }
        if (!any)
            add(g, i, o->tensor_parallel)->why_not =
                o->tensor_parallel > 0 ? "weights and a request do not fit at that size"
                                       : "weights and a request do not fit in up to 8 GPUs";
    }
}

static void prepare(struct gathering *g, const struct cs_scenario *s, const struct cs_trace *trace,
                    struct cs_arena *arena)
{
    *g = (struct gathering){.scenario = s, .arena = arena};
    cs_question_prepare(&g->question, s, trace);
}

static long from_gpus(const struct gathering *g, const struct cs_candidate *c,
                      struct cs_own_fleet *f, const void *user)
{
    long gpus = *(const long *)user;
    if (gpus == 0 && c->option->replicas > 0)
        return c->option->replicas;
    if (gpus == 0)
        gpus = c->option->gpus > 0 ? c->option->gpus : c->gpus_per_replica;
    if (gpus % c->gpus_per_replica == 0)
        return gpus / c->gpus_per_replica;
    f->why_not = cs_arena_printf(g->arena, "%ld GPUs do not divide into replicas of %d", gpus,
                                 c->gpus_per_replica);
    return 0;
}

size_t cs_fleets_of_gpus(const struct cs_study *study, long gpus, struct cs_own_fleet **fleets,
                         struct cs_arena *arena)
{
    struct gathering g;
    prepare(&g, study->scenario, study->trace, arena);
    gather(&g, from_gpus, &gpus);
    *fleets = g.fleets;
    return g.count;
}

/* A day of it, USD, while it idles; NaN: no price known. */
static double usd_of(const struct gathering *g, const struct cs_own_fleet *f)
{
    const struct cs_scenario *const s = g->scenario;
    const struct cs_workload_spec *const w = &g->question.workload;
    const struct cs_option *const o = &s->options[f->option];
    struct cs_arena scratch;
    struct cs_memory memory;
    struct cs_price_used price;
    struct cs_cost_breakdown b;
    cs_arena_init(&scratch);
    cs_memory_fit(&memory, o, f->given.tensor);
    cs_price_gpus(&price, o->hardware, &s->cost, (double)f->gpus, &scratch);
    const double requests = 86400.0 * w->requests_per_s;
    const struct cs_cost_use use = {.gpus = (double)f->gpus,
                                    .busy = 0.0,
                                    .tokens_per_day = requests * (w->mean_input + w->mean_output),
                                    .output_tokens_per_day = requests * w->mean_output,
                                    .weights_bytes = memory.weights_bytes};
    cs_cost_fleet(&b, o->hardware, &s->cost, &price, &use, &scratch);
    cs_arena_fini(&scratch);
    return b.usd_per_day;
}

/* Cost grows with the fleet: doubling, then halving between. */
static long from_money(const struct gathering *g, const struct cs_candidate *c,
                       struct cs_own_fleet *f, const void *user)
{
    const double most = *(const double *)user;
    struct cs_own_fleet tried = *f;
    long low = 0, high = 1;
    for (;;) {
        set_replicas(&tried, high, c->gpus_per_replica, c->capacity);
        const double usd = usd_of(g, &tried);
        if (isnan(usd)) {
            f->why_not = "no price known";
            return 0;
        }
        if (usd > most || high >= REPLICAS_MOST)
            break;
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const long middle = low + (high - low) / 2;
        set_replicas(&tried, middle, c->gpus_per_replica, c->capacity);
        if (usd_of(g, &tried) > most)
            high = middle;
        else
            low = middle;
    }
    set_replicas(&tried, 1, c->gpus_per_replica, c->capacity);
    if (low == 0)
        f->why_not = cs_arena_printf(g->arena, "a replica of %d costs %.4g USD a day",
                                     c->gpus_per_replica, usd_of(g, &tried));
    return low;
}

size_t cs_fleets_of_money(const struct cs_study *study, double usd_per_day,
                          struct cs_own_fleet **fleets, struct cs_arena *arena)
{
    struct gathering g;
    prepare(&g, study->scenario, study->trace, arena);
    gather(&g, from_money, &usd_per_day);
    *fleets = g.fleets;
    return g.count;
}

static long from_traffic(const struct gathering *g, const struct cs_candidate *c,
                         struct cs_own_fleet *f, const void *user)
{
    const struct cs_workload_spec *const w = &g->question.workload;
    (void)f;
    (void)user;
    return (long)fmax(1.0, ceil(fmin(1e9, w->requests_per_s * w->peak_factor / c->capacity)));
}

size_t cs_fleets_of_traffic(const struct cs_scenario *scenario, const struct cs_trace *trace,
                            struct cs_own_fleet **fleets, struct cs_arena *arena)
{
    struct gathering g;
    prepare(&g, scenario, trace, arena);
    gather(&g, from_traffic, NULL);
    *fleets = g.fleets;
    return g.count;
}
