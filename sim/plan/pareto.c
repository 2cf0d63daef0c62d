/* The front of cost against latency: see pareto.h.
 *
 * Two rounds, each planned in parallel: every fleet sketched (a fleet that surely misses its SLO
 * ends within its first hour), then those that no other beats by more than a margin of noise.
 */
#include "plan/pareto.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MULTIPLES[] = {1, 1.15, 1.3, 1.5, 1.75, 2, 2.5, 3, 4, 6};
static const double MARGIN = 1.06; /* of a sketched latency */
static const double WORTH = 0.99;  /* what is not faster by 1 % is no better */

struct building {
    struct cs_pareto *p;
    struct cs_configuration *configurations;
    size_t asked; /* points to be planned */
    size_t *which;
    struct cs_arena *arena;
};

/* --- configurations -------------------------------------------------------------------------- */

static bool add_configuration(struct building *b, size_t index, struct cs_diags *diags)
{
    struct cs_pareto *const p = b->p;
    struct cs_configuration *const c = &b->configurations[p->configuration_count];
    const char **const sets = cs_arena_alloc(b->arena, p->varied_count + 1, sizeof *sets);
    *c = (struct cs_configuration){.sets = sets, .set_count = p->varied_count, .words = ""};
    for (size_t v = 0; v < p->varied_count; v++) {
        const struct cs_range *const r = &p->varied[v];
        const char *const value = r->values[index % r->count];
        index /= r->count;
        sets[v] = cs_arena_printf(b->arena, "%s=%s", r->key, value);
        if (r->count > 1)
            c->words = cs_arena_printf(b->arena, "%s%s%s", c->words, *c->words ? " / " : "", value);
    }
    const struct cs_variant variant = {.sets = sets, .set_count = c->set_count};
    c->scenario = cs_study_resolve(p->study, &variant, diags);
    if (c->scenario == NULL)
        return false;
    p->configuration_count++;
    return true;
}

static bool make_configurations(struct building *b, struct cs_diags *diags)
{
    struct cs_pareto *const p = b->p;
    double all = 1;
    for (size_t v = 0; v < p->varied_count; v++)
        all *= (double)p->varied[v].count;
    if (all > CS_PARETO_CONFIGURATIONS) {
        cs_diag_error(diags, (struct cs_span){.source = NULL},
                      "fewer values, or capsim sweep for as many as you like",
                      "--vary makes %.0f combinations, more than %d", all,
                      CS_PARETO_CONFIGURATIONS);
        return false;
    }
    b->configurations = cs_arena_alloc(b->arena, (size_t)all, sizeof *b->configurations);
    struct cs_diags first;
    cs_diags_init(&first, b->arena);
    for (size_t i = 0; i < (size_t)all; i++) {
        struct cs_diags unsound;
        cs_diags_init(&unsound, b->arena);
        if (add_configuration(b, i, &unsound))
            continue;
        if (p->unsound++ == 0)
            first = unsound;
    }
    p->configurations = b->configurations;
    if (p->configuration_count == 0)
        *diags = first;
    return p->configuration_count > 0;
}

/* --- points ---------------------------------------------------------------------------------- */

static void add_points(struct building *b, size_t configuration)
{
    struct cs_pareto *const p = b->p;
    struct cs_own_fleet *fleets;
    const struct cs_configuration *const c = &b->configurations[configuration];
    const size_t n = cs_fleets_of_traffic(c->scenario, p->study->trace, &fleets, b->arena);
    for (size_t i = 0; i < n; i++) {
        const struct cs_option *const o = &c->scenario->options[fleets[i].option];
        const int least = fleets[i].given.replicas;
        int last = 0;
        if (least == 0)
            continue;
        const int each = (int)(fleets[i].gpus / least);
        const int given = o->replicas > 0 ? o->replicas : o->gpus / each;
        for (size_t m = 0; m < sizeof MULTIPLES / sizeof MULTIPLES[0]; m++) {
            const int replicas =
                given > 0 ? given : (int)fmin(1e6, ceil(least * MULTIPLES[m] - 1e-9));
            if (replicas == last)
                continue;
            last = replicas;
            p->points = cs_arena_grow(b->arena, p->points, p->count, sizeof *p->points);
            struct cs_pareto_point *const point = &p->points[p->count++];
            *point = (struct cs_pareto_point){
                .configuration = configuration, .fleet = fleets[i], .effort = CS_EFFORT_SKETCH};
            point->fleet.given.replicas = replicas;
            point->fleet.gpus = (long)replicas * each;
        }
    }
}

static void take(void *user, size_t index, const struct cs_answer *answer,
                 const struct cs_diags *diags)
{
    const struct building *const b = user;
    struct cs_pareto_point *const p = &b->p->points[b->which[index]];
    (void)diags;
    p->meets = false;
    if (answer == NULL)
        return;
    const struct cs_option_answer *const o = &answer->options[0];
    p->meets = o->simulated && o->slo_met && isfinite(o->cost.usd_per_day);
    p->usd_per_day = o->cost.usd_per_day;
    p->usd_per_mtok = o->cost.usd_per_mtok;
    p->load = o->capacity_share;
    p->latency = o->latency[b->p->metric].stat[CS_STAT_P95];
    p->ttft_s = o->latency[CS_METRIC_TTFT].stat[CS_STAT_P95].value;
    p->tpot_s = o->latency[CS_METRIC_TPOT].stat[CS_STAT_P95].value;
    p->e2e_s = o->latency[CS_METRIC_E2E].stat[CS_STAT_P95].value;
    p->meets = p->meets && isfinite(p->latency.value);
}

/* Plans the points whose indices are in `which`. */
static void plan(struct building *b)
{
    struct cs_variant *const variants = cs_arena_alloc(b->arena, b->asked, sizeof *variants);
    for (size_t i = 0; i < b->asked; i++) {
        const struct cs_pareto_point *const p = &b->p->points[b->which[i]];
        const struct cs_configuration *const c = &b->configurations[p->configuration];
        variants[i] = (struct cs_variant){.sets = c->sets,
                                          .set_count = c->set_count,
                                          .effort = p->effort,
                                          .only = (int)p->fleet.option + 1,
                                          .given = p->fleet.given};
    }
    cs_study_run(b->p->study, variants, b->asked, take, b);
}

static int by_cost(const void *a, const void *b)
{
    const struct cs_pareto_point *const x = a, *const y = b;
    if (x->meets != y->meets)
        return y->meets - x->meets;
    if (x->usd_per_day != y->usd_per_day)
        return x->usd_per_day < y->usd_per_day ? -1 : 1;
    if (x->latency.value != y->latency.value)
        return x->latency.value < y->latency.value ? -1 : 1;
    if (x->configuration != y->configuration)
        return x->configuration < y->configuration ? -1 : 1;
    if (x->fleet.option != y->fleet.option)
        return x->fleet.option < y->fleet.option ? -1 : 1;
    return x->fleet.given.tensor - y->fleet.given.tensor;
}

static int by_front(const void *a, const void *b)
{
    const struct cs_pareto_point *const x = a, *const y = b;
    return x->front != y->front ? y->front - x->front : by_cost(a, b);
}

/* Sorted by cost, the points that meet the SLO first; marks those that none before beats by more
 * than `margin`, of those planned with that effort. */
static size_t mark_front(struct cs_pareto *p, double margin, enum cs_effort effort)
{
    qsort(p->points, p->count, sizeof *p->points, by_cost);
    double best = INFINITY;
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct cs_pareto_point *const x = &p->points[i];
        x->front = x->meets && x->effort <= effort && x->latency.value < best * margin;
        if (x->front) {
            best = fmin(best, x->latency.value);
            n++;
        }
    }
    return n;
}

bool cs_pareto_run(struct cs_pareto *p, struct cs_study *study, enum cs_metric metric,
                   struct cs_range *varied, size_t varied_count, struct cs_arena *arena,
                   struct cs_diags *diags)
{
    *p = (struct cs_pareto){
        .study = study, .metric = metric, .varied = varied, .varied_count = varied_count};
    struct building b = {.p = p, .arena = arena};
    if (!make_configurations(&b, diags))
        return false;
    for (size_t i = 0; i < p->configuration_count; i++)
        add_points(&b, i);
    b.which = cs_arena_alloc(arena, p->count, sizeof *b.which);
    b.asked = p->count;
    for (size_t i = 0; i < p->count; i++)
        b.which[i] = i;
    plan(&b);
    mark_front(p, MARGIN, CS_EFFORT_SKETCH);
    b.asked = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->points[i].front) {
            p->points[i].effort = CS_EFFORT_BRIEF;
            b.which[b.asked++] = i;
        }
    plan(&b);
    p->front_count = mark_front(p, WORTH, CS_EFFORT_BRIEF);
    qsort(p->points, p->count, sizeof *p->points, by_front);
    for (size_t i = 0; i < p->count; i++)
        p->missed += !p->points[i].meets;
    return true;
}
