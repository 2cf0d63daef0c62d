/* Ends of what fleets can do: see frontier.h.
 *
 * All fleets go in step: a round wants the points that any of them needs and plans them together.
 * A first curve of each, sketched, finds the end to some percent; a second one, of briefly planned
 * points around it, tells it from its noise. x is handled by its ease: u = log x, or -log x where a
 * smaller x is the harder one, so that the end is always the largest u that passes.
 *
 * Cost: some ten sketches a fleet and some fifteen brief points for those refined.
 */
#include "plan/frontier.h"
#include "perf/error.h"
#include <math.h>
#include <string.h>

enum { INSIDE = 3, WIDENINGS = 8 };
static const double SKETCHED = 0.03, REFINED = 0.006;

struct end { /* of one curve */
    struct cs_cost_curve curve;
    enum cs_effort effort;
    double start;           /* u of the grid's middle */
    double step;            /* of the grid */
    double width;           /* to which ends are to be known */
    enum cs_standing least; /* the ends sought: from this standing on, up to CS_MEETS */
    int widenings;
};

struct finding {
    struct cs_curves curves;
    bool up;
};

static double u_of(const struct finding *f, double x)
{
    return f->up ? log(x) : -log(x);
}

static double x_of(const struct finding *f, double u)
{
    return exp(f->up ? u : -u);
}

/* The i-th point by rising difficulty. */
static const struct cs_cost_point *point(const struct finding *f, const struct end *e, size_t i)
{
    return &e->curve.points[f->up ? i : e->curve.count - 1 - i];
}

/* How many of the easiest points have at least that standing, one after another. */
static size_t passes(const struct finding *f, const struct end *e, enum cs_standing standing)
{
    size_t n = 0;
    while (n < e->curve.count && point(f, e, n)->standing >= standing)
        n++;
    return n;
}

static void want(struct finding *f, struct end *e, double u)
{
    cs_curves_want(&f->curves, &e->curve, x_of(f, u), e->effort);
}

/* Wants what narrows the end down at which the standing falls below `standing`. */
static void narrow(struct finding *f, struct end *e, enum cs_standing standing)
{
    const size_t n = passes(f, e, standing);
    if (n == 0 || n == e->curve.count) {
        if (e->widenings++ >= WIDENINGS)
            return;
        const double edge = u_of(f, point(f, e, n == 0 ? 0 : n - 1)->x);
        const double far = e->step * (double)(2 << (e->widenings < 5 ? e->widenings : 5));
        want(f, e, n == 0 ? edge - far : edge + far);
        return;
    }
    const double low = u_of(f, point(f, e, n - 1)->x), high = u_of(f, point(f, e, n)->x);
    if (high - low <= e->width)
        return;
    const int inside = high - low <= 2.5 * e->width ? 1 : INSIDE;
    for (int i = 1; i <= inside; i++)
        want(f, e, low + (high - low) * i / (inside + 1));
}

static void find(struct finding *f, struct end **ends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int k = -3; k <= 3; k++)
            want(f, ends[i], ends[i]->start + k * ends[i]->step);
    while (cs_curves_plan(&f->curves))
        for (size_t i = 0; i < count; i++)
            for (int s = (int)ends[i]->least; s <= (int)CS_MEETS; s++)
                if (s == CS_MAY_MEET || ends[i]->least != CS_MAY_MEET)
                    narrow(f, ends[i], (enum cs_standing)s);
}

/* x of the last point with that standing; NaN: none. */
static double last_x(const struct finding *f, const struct end *e, enum cs_standing standing)
{
    const size_t n = passes(f, e, standing);
    return n > 0 ? point(f, e, n - 1)->x : NAN;
}

/* --- simulated in full ------------------------------------------------------------------------ */

struct measuring {
    struct cs_fleet_figures *found;
    double *bills;
    size_t apis;
};

static void measure(void *user, size_t index, const struct cs_answer *answer,
                    const struct cs_diags *diags)
{
    const struct measuring *const m = user;
    struct cs_fleet_figures *const f = &m->found[index];
    double *const bills = m->bills + index * m->apis;
    (void)diags;
    *f = (struct cs_fleet_figures){.api = bills, .usd_per_day = NAN, .usd_per_mtok = NAN};
    for (size_t i = 0; i < m->apis; i++)
        bills[i] = NAN;
    if (answer == NULL)
        return;
    for (size_t i = 0; i < answer->api_count; i++)
        bills[answer->apis[i].bought - answer->scenario->compare] = answer->apis[i].usd_per_day;
    const struct cs_option_answer *const o = &answer->options[0];
    const double tokens = answer->requests_per_day * (answer->mean_input + answer->mean_output);
    *f = (struct cs_fleet_figures){.simulated = o->simulated,
                                   .slo_met = o->slo_met,
                                   .usd_per_day = o->cost.usd_per_day,
                                   .usd_per_mtok = o->cost.usd_per_mtok,
                                   .requests_per_s = answer->mean_rps,
                                   .tokens_per_day = tokens,
                                   .busy = o->busy,
                                   .load = o->capacity_share,
                                   .attainment = o->attainment,
                                   .binding = o->binding,
                                   .api = bills};
    memcpy(f->latency, o->latency, sizeof f->latency);
}

void cs_fleets_measure(struct cs_study *study, const struct cs_own_fleet *const *fleets,
                       const struct cs_variant *variants, size_t count,
                       struct cs_fleet_figures *found, struct cs_arena *arena)
{
    const size_t apis = study->scenario->compare_count;
    struct measuring m = {found, cs_arena_alloc(arena, count * apis, sizeof(double)), apis};
    struct cs_variant *const all = cs_arena_alloc(arena, count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        if (variants != NULL)
            all[i] = variants[i];
        all[i].only = (int)fleets[i]->option + 1;
        all[i].given = fleets[i]->given;
    }
    cs_study_run(study, all, count, measure, &m);
}

/* The settings of a point, with as many replications as tell its figures: the verdict is known. */
static const char *const *with_replications(const struct finding *f,
                                            const struct cs_cost_curve *curve,
                                            const struct cs_own_fleet *fleet, double x,
                                            size_t *count)
{
    static const double MANY_REQUESTS = 1e6;
    const struct cs_simulate *const simulate = &f->curves.study->scenario->simulate;
    const char *const *const sets = cs_curves_sets(&f->curves, curve, x, count);
    if (simulate->replications > 0)
        return sets;
    const char **const all = cs_arena_alloc(f->curves.arena, *count + 1, sizeof *all);
    memcpy(all, sets, *count * sizeof *all);
    const bool many = fleet->capacity_rps * simulate->days * 86400.0 > 2.0 * MANY_REQUESTS;
    all[(*count)++] = many ? "simulate.replications=1" : "simulate.replications=4";
    return all;
}

/* In full where each ends; one that fails there takes its next point below, a few times. */
static void measure_ends(struct finding *f, struct cs_frontier *list, struct end *ends,
                         size_t count, struct cs_arena *arena)
{
    const struct cs_own_fleet **const fleets = cs_arena_alloc(arena, count, sizeof *fleets);
    struct cs_variant *const variants = cs_arena_alloc(arena, count, sizeof *variants);
    struct cs_fleet_figures *const found = cs_arena_alloc(arena, count, sizeof *found);
    size_t *const which = cs_arena_alloc(arena, count, sizeof *which);
    for (int round = 0; round < 6; round++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            struct cs_frontier *const r = &list[i];
            const size_t passed = passes(f, &ends[i], CS_MAY_MEET);
            if (isnan(r->at) || r->here.slo_met || passed < (size_t)round + 1)
                continue;
            r->at = point(f, &ends[i], passed - 1 - (size_t)round)->x;
            which[n] = i;
            fleets[n] = &r->fleet;
            variants[n] = (struct cs_variant){.effort = CS_EFFORT_FULL};
            variants[n].sets =
                with_replications(f, &ends[i].curve, &r->fleet, r->at, &variants[n].set_count);
            n++;
        }
        if (n == 0)
            return;
        cs_fleets_measure(f->curves.study, fleets, variants, n, found, arena);
        for (size_t k = 0; k < n; k++) {
            struct cs_frontier *const r = &list[which[k]];
            r->here = found[k];
            if (!isnan(r->lo) && u_of(f, r->lo) > u_of(f, r->at)) /* a whole run says less */
                r->lo = r->at;
        }
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

static double expected(const struct finding *f, const struct cs_own_fleet *fleet,
                       const struct cs_frontier_settings *settings)
{
    const struct cs_study *const study = f->curves.study;
    struct cs_workload_spec w;
    if (settings->from > 0.0)
        return u_of(f, settings->from);
    cs_workload_prepare(&w, &study->scenario->traffic, &study->scenario->simulate, study->trace);
    const double share = fleet->capacity_rps / (w.requests_per_s * w.peak_factor);
    return u_of(f, cs_along_here(&settings->along, study->scenario) * share * 0.7);
}

static struct end end_of(const struct cs_own_fleet *fleet, double z, double start, double step,
                         enum cs_effort effort, double width, enum cs_standing least)
{
    return (struct end){.curve = {.option = fleet->option, .z = z, .given = fleet->given},
                        .effort = effort,
                        .start = start,
                        .step = step,
                        .width = width,
                        .least = least};
}

/* Whether the first goes further than the second, by its ease; per GPU if sizes differ. */
static bool is_further(const struct finding *f, const struct cs_own_fleet *a, double at_a,
                       const struct cs_own_fleet *b, double at_b)
{
    if (isnan(at_a) || isnan(at_b))
        return !isnan(at_a);
    const double per = f->up ? log((double)b->gpus / (double)a->gpus) : 0.0;
    return u_of(f, at_a) + per > u_of(f, at_b);
}

/* Of each option the size that goes furthest; picked[] are indices of fleets. */
static size_t pick(const struct finding *f, const struct cs_own_fleet *fleets, size_t count,
                   const struct end *sketched, bool all, size_t *picked)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (fleets[i].given.replicas == 0)
            continue;
        size_t k = 0;
        while (k < n && (all || fleets[picked[k]].option != fleets[i].option))
            k++;
        if (k == n)
            picked[n++] = i;
        else if (is_further(f, &fleets[i], last_x(f, &sketched[i], CS_MAY_MEET), &fleets[picked[k]],
                            last_x(f, &sketched[picked[k]], CS_MAY_MEET)))
            picked[k] = i;
    }
    return n;
}

static void refine(struct finding *f, struct cs_frontier *list, struct end *ends, size_t count,
                   bool brief, struct cs_arena *arena)
{
    static const double Z95 = 1.959963984540054;
    enum { FAST, SLOW, BOTH };
    struct end *const model = cs_arena_alloc(arena, BOTH * count + 1, sizeof *model);
    struct end **const all = cs_arena_alloc(arena, (1 + BOTH) * count + 1, sizeof(struct end *));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(list[i].at))
            continue;
        all[n++] = &ends[i];
        for (int e = FAST; e < BOTH && !brief && list[i].model_known; e++) {
            struct end *const m = &model[BOTH * i + (size_t)e];
            *m = end_of(&list[i].fleet, e == FAST ? -Z95 : Z95, ends[i].start, 0.15,
                        CS_EFFORT_SKETCH, 2.0 * REFINED, CS_MAY_MEET);
            all[n++] = m;
        }
    }
    find(f, all, n);
    for (size_t i = 0; i < count; i++) {
        struct cs_frontier *const r = &list[i];
        if (isnan(r->at))
            continue;
        const struct end *const e = &ends[i];
        r->at = last_x(f, e, CS_MAY_MEET);
        r->lo = last_x(f, e, CS_MEETS);
        const size_t sure = passes(f, e, CS_MAY_MISS);
        r->hi = sure < e->curve.count ? point(f, e, sure)->x : NAN;
        const size_t met = passes(f, e, CS_MAY_MEET);
        r->binding = met < e->curve.count ? point(f, e, met)->binding : CS_BINDING_NONE;
        r->model_known = r->model_known && !brief;
        if (r->model_known) { /* the slow end goes less far */
            r->model_lo = last_x(f, &model[BOTH * i + SLOW], CS_MAY_MEET);
            r->model_hi = last_x(f, &model[BOTH * i + FAST], CS_MAY_MEET);
        }
        if (isnan(r->at))
            r->why_not = "meets the SLO at no point that was tried";
    }
}

size_t cs_frontiers_find(struct cs_frontier **result, struct cs_study *study,
                         const struct cs_own_fleet *fleets, size_t count,
                         const struct cs_frontier_settings *settings, struct cs_arena *arena)
{
    struct finding f = {.up = settings->up};
    cs_curves_init(&f.curves, study, &settings->along, arena);
    struct end *const sketched = cs_arena_alloc(arena, count, sizeof *sketched);
    struct end **const all = cs_arena_alloc(arena, count, sizeof(struct end *));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (fleets[i].given.replicas == 0)
            continue;
        sketched[i] = end_of(&fleets[i], NAN, expected(&f, &fleets[i], settings),
                             settings->up ? 0.25 : 0.5, CS_EFFORT_SKETCH, SKETCHED, CS_MAY_MEET);
        all[n++] = &sketched[i];
    }
    find(&f, all, n);
    size_t *const picked = cs_arena_alloc(arena, count, sizeof *picked);
    n = pick(&f, fleets, count, sketched, settings->all_sizes, picked);
    struct cs_frontier *const list = cs_arena_alloc(arena, count, sizeof *list);
    struct end *const ends = cs_arena_alloc(arena, count, sizeof *ends);
    for (size_t k = 0; k < n; k++) {
        const struct cs_own_fleet *const fleet = &fleets[picked[k]];
        const double at = last_x(&f, &sketched[picked[k]], CS_MAY_MEET);
        list[k] = (struct cs_frontier){.fleet = *fleet, .at = at, .lo = NAN, .hi = NAN};
        list[k].model_lo = list[k].model_hi = NAN;
        list[k].model_known =
            cs_error_of(&study->scenario->options[fleet->option], fleet->given.tensor) != NULL;
        if (isnan(at))
            list[k].why_not = "meets the SLO at no point that was tried";
        else
            ends[k] = end_of(fleet, NAN, u_of(&f, at), 0.02, CS_EFFORT_BRIEF, REFINED, CS_MAY_MISS);
    }
    refine(&f, list, ends, n, settings->brief, arena);
    measure_ends(&f, list, ends, n, arena);
    for (size_t i = 0; i < count; i++) { /* options of which nothing can be */
        bool any = false;
        for (size_t k = 0; k < n; k++)
            any |= list[k].fleet.option == fleets[i].option;
        if (!any)
            list[n++] = (struct cs_frontier){.fleet = fleets[i],
                                             .at = NAN,
                                             .lo = NAN,
                                             .hi = NAN,
                                             .model_lo = NAN,
                                             .model_hi = NAN,
                                             .why_not = fleets[i].why_not};
    }
    *result = list;
    return n;
}
