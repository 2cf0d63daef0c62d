/* Reading a crossover's curves: points, and what lies between them (see crossover.h).
 *
 * Between two points of one fleet cost is a line; between two of different fleets it is that of the
 * second, since nobody knows where in between the step is. Bills are lines.
 */
#include "plan/crossover.h"
#include <math.h>

const struct cs_cost_point *cs_crossover_point(const struct cs_cost_curve *curve, double x)
{
    for (size_t i = 0; i < curve->count; i++)
        if (fabs(curve->points[i].x - x) <= 1e-9 * fabs(x))
            return &curve->points[i];
    return NULL;
}

/* Between two points: the fleet of the second, where they differ; else the line. */
static double between(const struct cs_cost_point *p, const struct cs_cost_point *q, double x)
{
    if (p->gpus != q->gpus || p->tensor != q->tensor)
        return q->usd;
    return p->usd + (q->usd - p->usd) * (x - p->x) / (q->x - p->x);
}

double cs_crossover_own(const struct cs_crossover *c, double x, size_t *option)
{
    double least = INFINITY;
    *option = 0;
    for (size_t o = 0; o < c->curve_count; o++) {
        const struct cs_cost_curve *const curve = &c->curves[o];
        for (size_t i = 0; i + 1 < curve->count; i++) {
            const struct cs_cost_point *const p = &curve->points[i], *const q = p + 1;
            if (x < p->x || x > q->x)
                continue;
            const double usd = x == p->x ? p->usd : between(p, q, x);
            if (usd < least) {
                least = usd;
                *option = o;
            }
            break;
        }
    }
    return least;
}

double cs_crossover_bill(const struct cs_crossover *c, size_t api, double x)
{
    for (size_t i = 0; c->curve_count > 0 && i + 1 < c->curves[0].count; i++) {
        const struct cs_cost_point *const p = &c->curves[0].points[i], *const q = p + 1;
        if (x >= p->x && x <= q->x)
            return p->api[api] + (q->api[api] - p->api[api]) * (x - p->x) / (q->x - p->x);
    }
    return NAN;
}
