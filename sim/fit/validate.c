/* Validation: running all cases and summing up their errors (see validate.h).
 *
 * Cases go to the pool in their order, each writes its own verdict, and groups are formed
 * afterwards in that order: the number of threads cannot show. A group's name is the first one's
 * pointer in the order of the cases, so groups come out as the data has them, sorted by nothing.
 *
 * A measured figure may beat the floor by FLOOR_SLACK (clock readings, boost clocks above the
 * datasheet) before it is called impossible. A predicted one may not beat it at all.
 * Memory: scratch for medians is the arena's, one array as long as the cases.
 */
#include "fit/validate.h"
#include "plan/pool.h"
#include <string.h>

static const double FLOOR_SLACK = 0.03;

const char *const cs_group_names[CS_BY_COUNT] = {"all",   "source",   "kind",   "workload",
                                                 "model", "hardware", "engine", "part"};

struct work {
    struct cs_verdict *verdicts;
    size_t count, done;
    void (*tick)(void *user, double share);
    void *user;
};

/* Whether a figure is a bound from above (a rate) or from below (a time). */
static bool is_rate(int figure)
{
    return figure == CS_FIGURE_OUTPUT_RATE || figure == CS_FIGURE_PREFILL_RATE ||
           figure == CS_FIGURE_DECODE_RATE;
}

/* How much `value` is better than physics allows; 0 or less: it is not. */
static double beats(int figure, double value, double floor)
{
    return is_rate(figure) ? value / floor - 1.0 : floor / value - 1.0;
}

static void judge(struct cs_verdict *v)
{
    const struct cs_case *c = v->of;
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        const bool both = !isnan(c->measured[f]) && c->measured[f] > 0.0 && !isnan(v->predicted[f]);
        v->impossible[f] = both && beats(f, c->measured[f], v->floor[f]) > FLOOR_SLACK;
        v->below_floor[f] = both && beats(f, v->predicted[f], v->floor[f]) > 1e-9;
        v->error[f] = both && !v->impossible[f] ? v->predicted[f] / c->measured[f] - 1.0 : NAN;
    }
}

static void predict(void *user, size_t index)
{
    struct work *work = user;
    struct cs_verdict *v = &work->verdicts[index];
    cs_arena_init(&v->arena);
    v->log.arena = &v->arena;
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        v->error[f] = v->floor[f] = NAN;
    struct cs_request_log *const log = v->of->request_e2e_s != NULL ? &v->log : NULL;
    if (!cs_case_predict(v->of, v->predicted, log, &v->reason))
        return;
    v->reason = NULL;
    cs_case_floor(v->of, v->floor);
    judge(v);
}

static void between(void *user)
{
    struct work *work = user;
    if (work->tick != NULL)
        work->tick(work->user, (double)++work->done / (double)work->count);
}

/* --- groups ---------------------------------------------------------------------------------- */

bool cs_verdict_counts(const struct cs_verdict *v)
{
    return v->reason == NULL && !v->of->overloaded;
}

/* The name of a case's group, NULL when it belongs to none of that sort. */
static const char *group_of(const struct cs_case *c, enum cs_group_by by)
{
    const bool recorded = *c->workload && !*c->quality; /* each row of a table is its own */
    if (by == CS_BY_PART)
        return *c->part ? c->part : NULL;
    if (*c->part)
        return NULL;
    switch (by) {
    case CS_BY_ALL:
        return "all";
    case CS_BY_SOURCE:
        return *c->quality == 'A'   ? "table, quality A"
               : *c->quality == 'B' ? "table, quality B"
               : *c->quality        ? "table, quality C"
                                    : "recorded runs";
    case CS_BY_KIND:
        return cs_case_kind_names[c->kind];
    case CS_BY_WORKLOAD:
        return recorded ? c->workload : NULL;
    case CS_BY_MODEL:
        return c->option.model->name;
    case CS_BY_HARDWARE:
        return c->option.hardware->name;
    case CS_BY_ENGINE:
        return c->option.engine ? c->option.engine->name : NULL;
    default:
        return NULL;
    }
}

static bool is_in(const struct cs_verdict *v, const struct cs_group *g)
{
    const char *const name = cs_verdict_counts(v) ? group_of(v->of, g->by) : NULL;
    return name != NULL && strcmp(name, g->name) == 0;
}

/* A run under a given load answers at the rate of its arrivals, which is no achievement. */
static bool enters(const struct cs_verdict *v, int figure)
{
    const bool given = v->of->kind == CS_CASE_REPLAY || v->of->kind == CS_CASE_ONLINE;
    return !isnan(v->error[figure]) && !(given && figure == CS_FIGURE_OUTPUT_RATE);
}

static void sum_up(struct cs_validation *v, struct cs_group *g, double *scratch)
{
    for (size_t i = 0; i < v->cases->count; i++)
        g->cases += is_in(&v->verdicts[i], g);
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        struct cs_spread *s = &g->figures[f];
        double sum = 0.0;
        for (size_t i = 0; i < v->cases->count; i++)
            if (is_in(&v->verdicts[i], g) && enters(&v->verdicts[i], f))
                scratch[s->count++] = v->verdicts[i].error[f];
        s->median = cs_case_median(scratch, s->count);
        for (size_t i = 0; i < s->count; i++) {
            scratch[i] = fabs(scratch[i]);
            sum += scratch[i];
        }
        s->median_abs = cs_case_median(scratch, s->count);
        s->mean_abs = s->count > 0 ? sum / (double)s->count : NAN;
    }
}

static void form_groups(struct cs_validation *v, struct cs_arena *arena)
{
    const size_t n = v->cases->count;
    double *const scratch = cs_arena_alloc(arena, n, sizeof *scratch);
    v->groups = cs_arena_alloc(arena, n * CS_BY_COUNT, sizeof *v->groups);
    for (int by = 0; by < CS_BY_COUNT; by++) {
        const size_t first = v->group_count;
        for (size_t i = 0; i < n; i++) {
            const char *const name = cs_verdict_counts(&v->verdicts[i])
                                         ? group_of(v->verdicts[i].of, (enum cs_group_by)by)
                                         : NULL;
            size_t g = first;
            while (name != NULL && g < v->group_count && strcmp(v->groups[g].name, name) != 0)
                g++;
            if (name != NULL && g == v->group_count)
                v->groups[v->group_count++] =
                    (struct cs_group){(enum cs_group_by)by, name, 0, {{0}}};
        }
        for (size_t g = first; g < v->group_count; g++)
            sum_up(v, &v->groups[g], scratch);
    }
}

void cs_validation_run(struct cs_validation *v, const struct cs_cases *cases, int threads,
                       struct cs_arena *arena, void (*tick)(void *user, double share), void *user)
{
    *v = (struct cs_validation){.cases = cases};
    cs_cases_init(&v->unanswered, arena);
    v->verdicts = cs_arena_alloc(arena, cases->count, sizeof *v->verdicts);
    for (size_t i = 0; i < cases->count; i++)
        v->verdicts[i].of = &cases->items[i];
    struct work work = {v->verdicts, cases->count, 0, tick, user};
    cs_pool_run(cs_pool_threads(threads), cases->count, predict, between, &work);
    for (size_t i = 0; i < cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        v->unable += one->reason != NULL;
        if (one->reason != NULL)
            cs_cases_skip(&v->unanswered, one->reason, one->of->source);
        v->overloaded += one->reason == NULL && one->of->overloaded;
        v->compared += cs_verdict_counts(one);
        for (int f = 0; f < CS_FIGURE_COUNT; f++) {
            v->impossible += one->impossible[f];
            v->below_floor += one->below_floor[f];
        }
    }
    form_groups(v, arena);
}

void cs_validation_fini(struct cs_validation *v)
{
    for (size_t i = 0; i < v->cases->count; i++)
        cs_arena_fini(&v->verdicts[i].arena);
}
