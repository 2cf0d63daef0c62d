/* Crossings: where an option's cost curve and an API's bill change rank, cell by cell.
 *
 * A view is how costs are read off points: as planned, at an end of the count's interval, or with
 * prices changed; points are the same for all views. A scan goes through the cells of a curve
 * (rules in crossover.h), returns the events it sees, and wants the points that would show them
 * better. A round of scans of all pairs is planned together, so the number of rounds is that of
 * halvings, some ten, whatever the number of pairs.
 *
 * The rule: an event is a change of rank between two simulated points, never a guess beyond them.
 */
#ifndef CS_PLAN_CROSSING_H
#define CS_PLAN_CROSSING_H
#include "plan/costcurve.h"

enum cs_count_end { CS_COUNT_PLANNED, CS_COUNT_FEWEST, CS_COUNT_MOST };
struct cs_view {
    enum cs_count_end end;
    double gpu_price, api_price; /* factors */
    double width;                /* to which the place of a step is to be known */
};
extern const struct cs_view cs_view_plain;

struct cs_event { /* a crossing of one option and one API */
    double x;
    bool own_above, step;
    long gpus;
    size_t option;
};
enum { CS_EVENTS = 64 }; /* of one curve and API */

double cs_view_cost(const struct cs_cost_point *point, const struct cs_view *view);
double cs_view_bill(const struct cs_cost_point *point, size_t api, const struct cs_view *view);
/* The events of a curve against an API, ascending; at most CS_EVENTS are kept. */
size_t cs_crossing_scan(struct cs_curves *curves, struct cs_cost_curve *curve, size_t api,
                        const struct cs_view *view, bool wants, struct cs_event events[CS_EVENTS]);
struct cs_looked_at { /* a curve under a view */
    struct cs_cost_curve *curve;
    struct cs_view view;
};
/* Plans all that these need. */
void cs_crossing_refine(struct cs_curves *curves, const struct cs_looked_at *list, size_t count);
/* The root near x of a smooth stretch, by Brent's method where cost or bill bend. */
double cs_crossing_settle(struct cs_curves *curves, struct cs_cost_curve *curve, size_t api,
                          double x);
/* The events of all curves, ascending, at which the number of options cheaper than the API leaves
 * or reaches zero: those of hosting as such. `below`: how many are cheaper at the lower end. */
size_t cs_crossing_join(struct cs_curves *curves, struct cs_cost_curve *const *list, size_t count,
                        size_t api, const struct cs_view *view, size_t *below,
                        struct cs_event events[CS_EVENTS]);

#endif
