/* Cells, events and roots: see crossing.h.
 *
 * A cell is halved by wanting the point in its middle; all cells of all options want theirs in one
 * round, and a round is planned in parallel. Where both ends have the same fleet a root is enough.
 *
 * Memory: none but the points that are wanted, in the curves' arena.
 */
#include "plan/crossing.h"
#include "base/check.h"
#include <gsl/gsl_roots.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 40, POINTS_MOST = 240 };
const struct cs_view cs_view_plain = {CS_COUNT_PLANNED, 1.0, 1.0, 0.005};

/* --- reading points -------------------------------------------------------------------------- */

double cs_view_cost(const struct cs_cost_point *p, const struct cs_view *v)
{
    const double usd = v->end == CS_COUNT_FEWEST ? p->usd_lo
                       : v->end == CS_COUNT_MOST ? p->usd_hi
                                                 : p->usd;
    if (!p->feasible)
        return INFINITY;
    const long gpus = v->end == CS_COUNT_FEWEST ? p->gpus_lo
                      : v->end == CS_COUNT_MOST ? p->gpus_hi
                                                : p->gpus;
    return usd + (v->gpu_price - 1.0) * p->gpu_usd * (double)gpus / (double)p->gpus;
}

double cs_view_bill(const struct cs_cost_point *p, size_t api, const struct cs_view *v)
{
    return p->api[api] * v->api_price;
}

static long gpus(const struct cs_cost_point *p, const struct cs_view *v)
{
    return v->end == CS_COUNT_FEWEST ? p->gpus_lo : v->end == CS_COUNT_MOST ? p->gpus_hi : p->gpus;
}

static bool same_fleet(const struct cs_cost_point *p, const struct cs_cost_point *q,
                       const struct cs_view *v)
{
    return p->feasible && q->feasible && gpus(p, v) == gpus(q, v); /* however it is divided */
}

/* Whether what is between the two is cheaper or dearer throughout, as far as costs and bills do
 * not turn back within a cell. */
static bool is_clear(double cp, double cq, double ap, double aq)
{
    return fmax(cp, cq) < fmin(ap, aq) || fmin(cp, cq) > fmax(ap, aq);
}

/* --- one option against one API -------------------------------------------------------------- */

static void add_event(struct cs_event *events, size_t *count, double x, bool own_above, bool step,
                      long n, size_t option)
{
    if (events != NULL && *count < CS_EVENTS)
        events[(*count)++] = (struct cs_event){x, own_above, step, n, option};
}

/* Where two lines through the cell's ends meet. */
static double meeting(const struct cs_cost_point *p, const struct cs_cost_point *q, double gp,
                      double gq)
{
    return p->x + (q->x - p->x) * gp / (gp - gq);
}

size_t cs_crossing_scan(struct cs_curves *curves, struct cs_cost_curve *curve, size_t api,
                        const struct cs_view *v, bool wants, struct cs_event events[CS_EVENTS])
{
    const struct cs_along *const along = &curves->along;
    size_t count = 0;
    for (size_t i = 0; i + 1 < curve->count; i++) {
        const struct cs_cost_point *const p = &curve->points[i], *const q = p + 1;
        const double cp = cs_view_cost(p, v), cq = cs_view_cost(q, v);
        const double ap = cs_view_bill(p, api, v), aq = cs_view_bill(q, api, v);
        if (isnan(ap) || isnan(aq) || (isinf(cp) && isinf(cq)) || is_clear(cp, cq, ap, aq))
            continue;
        if (wants && (p->effort > CS_EFFORT_BRIEF || q->effort > CS_EFFORT_BRIEF)) {
            cs_curves_want(curves, curve, p->x, CS_EFFORT_BRIEF);
            cs_curves_want(curves, curve, q->x, CS_EFFORT_BRIEF);
            continue;
        }
        const bool own_p = cp < ap, own_q = cq < aq;
        if (same_fleet(p, q, v)) {
            if (own_p != own_q)
                add_event(events, &count, meeting(p, q, cp - ap, cq - aq), own_q, false, gpus(q, v),
                          curve->option);
            continue;
        }
        if (wants && cs_along_width(along, p->x, q->x) > v->width && curve->count < POINTS_MOST)
            cs_curves_want(curves, curve, cs_along_middle(along, p->x, q->x), CS_EFFORT_BRIEF);
        if (own_p != own_q)
            add_event(events, &count, q->x, own_q, true, gpus(own_q ? q : p, v), curve->option);
    }
    return count;
}

void cs_crossing_refine(struct cs_curves *curves, const struct cs_looked_at *list, size_t count)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++)
            for (size_t a = 0; a < curves->api_count; a++)
                if (curves->only_api == 0 || curves->only_api == a + 1)
                    cs_crossing_scan(curves, list[i].curve, a, &list[i].view, true, NULL);
        if (!cs_curves_plan(curves))
            return;
    }
}

/* --- Brent on what is smooth ----------------------------------------------------------------- */

struct gap { /* of an option and an API, as a function of x */
    struct cs_curves *curves;
    struct cs_cost_curve *curve;
    size_t api;
    double best, least; /* x of the smallest gap so far, and that gap over the bill */
};

static double gap_at(double x, void *user)
{
    struct gap *const g = user;
    cs_curves_want(g->curves, g->curve, x, CS_EFFORT_BRIEF);
    cs_curves_plan(g->curves);
    for (size_t i = 0; i < g->curve->count; i++) {
        const struct cs_cost_point *const p = &g->curve->points[i];
        if (fabs(cs_along_width(&g->curves->along, fmin(p->x, x), fmax(p->x, x))) >= 1e-9)
            continue;
        const double bill = p->api[g->api], value = p->feasible ? p->usd - bill : 1e12;
        if (fabs(value) / bill < g->least) {
            g->least = fabs(value) / bill;
            g->best = x;
        }
        return value;
    }
    cs_check(false && "the point that was planned is there");
    return NAN;
}

/* Where cost or bill bend between two points of one fleet, the meeting of straight lines is only
 * near; Brent's method asks the simulation itself. */
double cs_crossing_settle(struct cs_curves *curves, struct cs_cost_curve *curve, size_t api,
                          double x)
{
    const struct cs_cost_point *p = curve->points;
    while (p + 2 < curve->points + curve->count && p[1].x < x)
        p++;
    const struct cs_cost_point *const q = p + 1;
    const double bend = fabs(p->usd - q->usd) / q->usd;
    const double bill_bend = fabs(p->api[api] / p->x - q->api[api] / q->x) * q->x / q->api[api];
    const bool level = fabs(p->api[api] - q->api[api]) < 1e-9 * q->api[api];
    if (bend < 1e-9 && (bill_bend < 1e-9 || level))
        return x; /* a level and a line through the origin: exact */
    if ((p->usd - p->api[api]) * (q->usd - q->api[api]) >= 0.0)
        return x; /* it lies on a point: there is nothing to bracket */
    struct gap gap = {curves, curve, api, x, INFINITY};
    gsl_function f = {gap_at, &gap};
    gsl_root_fsolver *const solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    cs_check(solver != NULL);
    if (gsl_root_fsolver_set(solver, &f, p->x, q->x) == 0) {
        int state = 1;
        for (int i = 0; i < 20 && state != 0 && gap.least > 1e-6; i++) {
            if (gsl_root_fsolver_iterate(solver) != 0)
                break;
            state = gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                           gsl_root_fsolver_x_upper(solver), 0.0, 1e-4) == 0
                        ? 0
                        : 1;
        }
    }
    gsl_root_fsolver_free(solver);
    return gap.best; /* the solver's own is the last it tried */
}

/* --- hosting as such ------------------------------------------------------------------------- */

static void sort_events(struct cs_event *all, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && all[j].x < all[j - 1].x; j--) {
            const struct cs_event other = all[j];
            all[j] = all[j - 1];
            all[j - 1] = other;
        }
}

size_t cs_crossing_join(struct cs_curves *curves, struct cs_cost_curve *const *list, size_t count,
                        size_t api, const struct cs_view *v, size_t *below,
                        struct cs_event events[CS_EVENTS])
{
    struct cs_event *const all = cs_arena_alloc(curves->arena, count * CS_EVENTS, sizeof *all);
    size_t n = 0, joined = 0, cheaper = 0;
    for (size_t i = 0; i < count; i++) {
        n += cs_crossing_scan(curves, list[i], api, v, false, all + n);
        const struct cs_cost_point *const first = list[i]->points;
        cheaper += list[i]->count > 0 && cs_view_cost(first, v) < cs_view_bill(first, api, v);
    }
    *below = cheaper;
    sort_events(all, n);
    for (size_t i = 0; i < n; i++)
        if ((all[i].own_above ? cheaper++ == 0 : --cheaper == 0) && joined < CS_EVENTS)
            events[joined++] = all[i];
    return joined;
}
