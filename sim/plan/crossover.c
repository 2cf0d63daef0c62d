/* The crossover put together: curves, crossings, their intervals, and what would move them.
 *
 * The grid is sketched for all options; where an API is near, points get more effort and cells are
 * halved (plan/crossing.h). The model's ends and the what-ifs need curves of their own: for the
 * options that matter, and as far up the axis as hosting is not clear of every API already.
 */
#include "plan/crossover.h"
#include "plan/crossing.h"
#include <math.h>
#include <string.h>

enum { GRID = 13 };
static const double Z95 = 1.959963984540054;
static const double CLEAR = 6.0; /* times the highest crossing: prices of a quarter are within it */

struct search {
    struct cs_curves curves;
    struct cs_cost_curve *own; /* of each option */
    struct cs_cost_curve **all;
    size_t options, apis;
    double reach;               /* how far up the axis what-ifs look */
    bool *chosen;               /* the options that matter */
    struct cs_looked_at *looks; /* to be refined */
    size_t look_count;
    struct cs_arena *arena;
};

static void look_at(struct search *s, struct cs_cost_curve *curve, struct cs_view view)
{
    s->looks = cs_arena_grow(s->arena, s->looks, s->look_count, sizeof *s->looks);
    s->looks[s->look_count++] = (struct cs_looked_at){curve, view};
}

static void refine(struct search *s)
{
    cs_curves_plan(&s->curves);
    cs_crossing_refine(&s->curves, s->looks, s->look_count);
    s->looks = NULL;
    s->look_count = 0;
}

/* Wants the grid of these curves, up to there. */
static void want_grid(struct search *s, struct cs_cost_curve *const *curves, size_t count,
                      const struct cs_crossover *c, double reach)
{
    for (size_t i = 0; i < count; i++)
        for (size_t g = 0; g < c->grid_count; g++)
            if (g == 0 || c->grid[g - 1] < reach)
                cs_curves_want(&s->curves, curves[i], c->grid[g], CS_EFFORT_SKETCH);
}

/* --- intervals ------------------------------------------------------------------------------- */

/* The event of the same direction that is nearest; NaN: none. */
static double nearest(const struct cs_event *events, size_t count, const struct cs_crossing *c)
{
    double best = NAN;
    for (size_t i = 0; i < count; i++)
        if (events[i].own_above == c->own_above &&
            (isnan(best) || fabs(events[i].x - c->at) < fabs(best - c->at)))
            best = events[i].x;
    return best;
}

/* Widens an interval to hold x, which is NaN where its end lies beyond the range: above it if
 * `up`. */
static void widen(double *lo, double *hi, double x, bool up)
{
    if (isnan(x)) {
        *(up ? hi : lo) = NAN;
        return;
    }
    if (!isnan(*lo))
        *lo = fmin(*lo, x);
    if (!isnan(*hi))
        *hi = fmax(*hi, x);
}

/* With the most GPUs that are left open hosting begins to pay later, and ceases to earlier. */
static void add_sampling(struct search *s, struct cs_against *against, size_t api)
{
    static const struct cs_view ends[] = {{CS_COUNT_FEWEST, 1.0, 1.0, 0.005},
                                          {CS_COUNT_MOST, 1.0, 1.0, 0.005}};
    struct cs_event events[CS_EVENTS];
    size_t below;
    for (size_t i = 0; i < against->count; i++) {
        struct cs_crossing *const k = &against->crossings[i];
        k->sampling_lo = k->sampling_hi = k->model_lo = k->model_hi = k->at;
    }
    for (int e = 0; e < 2; e++) {
        const size_t n =
            cs_crossing_join(&s->curves, s->all, s->options, api, &ends[e], &below, events);
        for (size_t i = 0; i < against->count; i++) {
            struct cs_crossing *const k = &against->crossings[i];
            widen(&k->sampling_lo, &k->sampling_hi, nearest(events, n, k),
                  (e == 1) == k->own_above);
        }
    }
}

/* Curves with step times elsewhere in the model's error, of all options that have one: what is too
 * slow today may be the cheapest there; or (z NaN) as the scenario has them but with further
 * settings, of the options that matter. */
static size_t curves_with(struct search *s, const struct cs_crossover *c, double z,
                          const char *const *sets, size_t set_count, struct cs_cost_curve **curves)
{
    size_t n = 0;
    for (size_t o = 0; o < s->options; o++) {
        const bool known = c->study->scenario->options[o].engine->error_count > 0;
        if (isnan(z) ? !s->chosen[o] : !known)
            continue;
        curves[n] = cs_arena_alloc(s->arena, 1, sizeof **curves);
        *curves[n++] = (struct cs_cost_curve){
            .option = o, .z = z, .given = c->along.given, .sets = sets, .set_count = set_count};
    }
    want_grid(s, curves, n, c, s->reach);
    return n;
}

/* What is asked of further curves: the ends of the model's error, and what-ifs. */
struct further {
    const char *what; /* NULL: an end of the error */
    struct cs_cost_curve **curves;
    size_t count;
    struct cs_view view;
};

static void add_model(struct search *s, struct cs_crossover *c, const struct further *f, bool slow)
{
    struct cs_event events[CS_EVENTS];
    size_t below;
    for (size_t a = 0; f->count > 0 && a < s->apis; a++) {
        struct cs_against *const g = &c->against[a];
        const size_t n =
            cs_crossing_join(&s->curves, f->curves, f->count, a, &f->view, &below, events);
        for (size_t i = 0; i < g->count; i++) {
            struct cs_crossing *const k = &g->crossings[i];
            k->model_known = true;
            widen(&k->model_lo, &k->model_hi, nearest(events, n, k), slow == k->own_above);
        }
    }
}

/* --- one API --------------------------------------------------------------------------------- */

/* The cheapest option at a point's x, the first of equals; options: none will do. */
static size_t cheapest(const struct search *s, double x)
{
    size_t best = s->options;
    double least = INFINITY;
    for (size_t o = 0; o < s->options; o++) {
        const struct cs_cost_point *const p = cs_crossover_point(&s->own[o], x);
        if (p != NULL && p->usd < least * (1.0 - 1e-12)) {
            least = p->usd;
            best = o;
        }
    }
    return best;
}

/* What is cheaper at one end of the range: the cheapest option, or the API. */
static int winner(const struct search *s, size_t api, bool last)
{
    int who = CS_CROSSOVER_NOBODY;
    double least = INFINITY;
    for (size_t o = 0; o < s->options; o++) {
        const struct cs_cost_curve *const curve = &s->own[o];
        if (curve->count == 0)
            continue;
        const struct cs_cost_point *const p = &curve->points[last ? curve->count - 1 : 0];
        if (isnan(p->api[api]))
            return CS_CROSSOVER_NOBODY;
        if (p->usd < p->api[api] && p->usd < least) {
            least = p->usd;
            who = (int)o;
        } else if (who == CS_CROSSOVER_NOBODY) {
            who = CS_CROSSOVER_API;
        }
    }
    return who;
}

static void cross(struct search *s, struct cs_against *against, size_t api)
{
    struct cs_event events[CS_EVENTS];
    size_t below;
    struct cs_own_crossings *const own = cs_arena_alloc(s->arena, s->options, sizeof *own);
    for (size_t o = 0; o < s->options; o++) {
        const size_t n =
            cs_crossing_scan(&s->curves, s->all[o], api, &cs_view_plain, false, events);
        struct cs_crossing *const items = cs_arena_alloc(s->arena, n + 1, sizeof *items);
        for (size_t i = 0; i < n; i++)
            items[i] = (struct cs_crossing){.at = events[i].x,
                                            .own_above = events[i].own_above,
                                            .step = events[i].step,
                                            .option = o,
                                            .gpus = events[i].gpus};
        own[o] = (struct cs_own_crossings){items, n};
    }
    against->own = own;
    against->below = winner(s, api, false);
    against->above = winner(s, api, true);
    against->count =
        cs_crossing_join(&s->curves, s->all, s->options, api, &cs_view_plain, &below, events);
    against->crossings = cs_arena_alloc(s->arena, against->count + 1, sizeof(struct cs_crossing));
    for (size_t i = 0; i < against->count; i++) {
        const struct cs_event *const e = &events[i];
        against->crossings[i] = (struct cs_crossing){
            .at = e->step ? e->x : cs_crossing_settle(&s->curves, s->all[e->option], api, e->x),
            .own_above = e->own_above,
            .step = e->step,
            .option = e->option,
            .gpus = e->gpus};
    }
    add_sampling(s, against, api);
}

/* How near hosting and an API come: the cheapest option's cost over the bill, at a point. */
static bool ratio_at(struct search *s, struct cs_against *against, size_t api, double x, bool own)
{
    const size_t best = cheapest(s, x);
    if (best == s->options)
        return false;
    const struct cs_cost_point *const p = cs_crossover_point(&s->own[best], x);
    const double ratio = p->usd / p->api[api];
    if (isnan(ratio) ||
        (!isnan(against->ratio) && (own ? ratio <= against->ratio : ratio >= against->ratio)))
        return false;
    against->ratio = ratio;
    against->ratio_x = p->x;
    const double needed = (p->api[api] - (p->usd - p->gpu_usd)) / p->gpu_usd;
    against->gpu_price_needed = needed > 0.0 && p->gpu_usd > 0.0 ? needed : NAN;
    return true;
}

/* The best that a cell could hold, as costs and bills do not turn back in it. */
static double bound_of(const struct search *s, size_t api, double low, double high, bool own)
{
    const size_t p = cheapest(s, low), q = cheapest(s, high);
    if (p == s->options && q == s->options)
        return NAN;
    const struct cs_cost_point *const a = cs_crossover_point(&s->own[p < s->options ? p : q], low);
    const struct cs_cost_point *const b = cs_crossover_point(&s->own[q < s->options ? q : p], high);
    const double usd = own ? fmax(a->usd, b->usd) : fmin(a->usd, b->usd);
    const double bill = own ? fmin(a->api[api], b->api[api]) : fmax(a->api[api], b->api[api]);
    return usd / bill;
}

struct cell {
    double low, high;
};
enum { CELLS = 256, LOOKS = 64 };

/* How close hosting and the API come, and what would make them equal there: where the API is
 * cheaper throughout, the least ratio of their costs, where hosting is, the largest. Along a
 * staircase that is just before a step, so cells that could hold a better one are halved. */
static void measure(struct search *s, const struct cs_crossover *c, struct cs_against *against,
                    size_t api)
{
    const bool own = against->count == 0 && against->below >= 0;
    struct cell cells[CELLS];
    size_t n = 0;
    against->ratio = against->ratio_x = against->gpu_price_needed = NAN;
    for (size_t g = 0; g < c->grid_count; g++)
        ratio_at(s, against, api, c->grid[g], own);
    if (against->count > 0 || isnan(against->ratio))
        return;
    for (size_t g = 0; g + 1 < c->grid_count && n < CELLS; g++)
        cells[n++] = (struct cell){c->grid[g], c->grid[g + 1]};
    for (int looks = 0; n > 0 && looks < LOOKS; looks++) {
        size_t best = n; /* the most promising cell that is wide enough */
        double hope = own ? against->ratio * 1.01 : against->ratio * 0.99;
        for (size_t i = 0; i < n; i++) {
            const double bound = bound_of(s, api, cells[i].low, cells[i].high, own);
            const bool better = own ? bound > hope : bound < hope;
            if (better && cs_along_width(&s->curves.along, cells[i].low, cells[i].high) > 0.01) {
                best = i;
                hope = bound;
            }
        }
        if (best == n || n == CELLS)
            return;
        const double middle =
            cs_along_middle(&s->curves.along, cells[best].low, cells[best].high);
        for (size_t o = 0; o < s->options; o++)
            cs_curves_want(&s->curves, &s->own[o], middle, CS_EFFORT_SKETCH);
        cs_curves_plan(&s->curves);
        ratio_at(s, against, api, middle, own);
        cells[n++] = (struct cell){middle, cells[best].high};
        cells[best].high = middle;
    }
}

static const char *never(struct search *s, const struct cs_against *a, size_t api)
{
    bool feasible = false, priced = false;
    for (size_t o = 0; o < s->options; o++)
        for (size_t i = 0; i < s->own[o].count; i++) {
            feasible |= s->own[o].points[i].feasible;
            priced |= !isnan(s->own[o].points[i].api[api]);
        }
    if (!priced)
        return "no price of this API is known";
    if (!feasible)
        return "no option meets the SLO anywhere in the range";
    if (a->below >= 0)
        return "hosting costs less throughout the range";
    return cs_arena_printf(s->arena,
                           "hosting costs at least %.3g times its bill throughout the "
                           "range",
                           a->ratio);
}

/* --- options among one another ---------------------------------------------------------------- */

/* Whether an option is as cheap as any at a point. */
static bool is_cheapest(const struct search *s, size_t option, double x)
{
    const size_t best = cheapest(s, x);
    if (option == s->options || best == s->options)
        return option == best;
    const struct cs_cost_point *const p = cs_crossover_point(&s->own[option], x);
    return p->usd <= cs_crossover_point(&s->own[best], x)->usd * (1.0 + 1e-9);
}

/* Where the cheapest option ceases to be: between two points of the grid, halved to 2 %. One that
 * others are as cheap as keeps its rank. */
static void rank(struct search *s, struct cs_crossover *c)
{
    struct cs_rank *ranks = NULL;
    size_t from = c->grid_count > 0 ? cheapest(s, c->grid[0]) : s->options;
    for (size_t g = 0; g + 1 < c->grid_count; g++) {
        double at = c->grid[g];
        while (!is_cheapest(s, from, c->grid[g + 1])) {
            double low = at, high = c->grid[g + 1];
            while (cs_along_width(&s->curves.along, low, high) > 0.02) {
                const double middle = cs_along_middle(&s->curves.along, low, high);
                for (size_t o = 0; o < s->options; o++)
                    cs_curves_want(&s->curves, &s->own[o], middle, CS_EFFORT_SKETCH);
                cs_curves_plan(&s->curves);
                if (is_cheapest(s, from, middle))
                    low = middle;
                else
                    high = middle;
            }
            const size_t to = cheapest(s, high);
            if (from < s->options && to < s->options) {
                ranks = cs_arena_grow(s->arena, ranks, c->rank_count, sizeof *ranks);
                ranks[c->rank_count++] = (struct cs_rank){high, from, to};
            }
            from = to;
            at = high;
        }
    }
    c->ranks = ranks;
}

/* Where the cheapest option's large steps are, to 2 %: for who looks at the curve. Steps of less
 * than a seventh do not show. */
static void find_steps(struct search *s, const struct cs_crossover *c)
{
    static const double SHOWS = 1.15;
    struct cell cells[CELLS];
    size_t n = 0;
    for (size_t g = 0; g + 1 < c->grid_count && n < CELLS; g++)
        cells[n++] = (struct cell){c->grid[g], c->grid[g + 1]};
    while (n > 0) {
        const struct cell k = cells[--n];
        const size_t low = cheapest(s, k.low), high = cheapest(s, k.high);
        if (low == s->options || high == s->options ||
            cs_along_width(&s->curves.along, k.low, k.high) <= 0.02)
            continue;
        const double p = cs_crossover_point(&s->own[low], k.low)->usd;
        const double q = cs_crossover_point(&s->own[high], k.high)->usd;
        if (fmax(p, q) < SHOWS * fmin(p, q) || n + 2 > CELLS)
            continue;
        const double middle = cs_along_middle(&s->curves.along, k.low, k.high);
        cs_curves_want(&s->curves, &s->own[low], middle, CS_EFFORT_BRIEF);
        cs_curves_want(&s->curves, &s->own[high], middle, CS_EFFORT_BRIEF);
        cs_curves_plan(&s->curves);
        if (cheapest(s, middle) == s->options)
            continue;
        cells[n++] = (struct cell){middle, k.high};
        cells[n++] = (struct cell){k.low, middle};
    }
}

/* The options that matter, and how far up: those that are the cheapest, or as cheap, where no API
 * is left far behind yet. */
static void choose(struct search *s, const struct cs_crossover *c)
{
    s->reach = 0.0;
    for (size_t a = 0; a < s->apis; a++) {
        const struct cs_against *const g = &c->against[a];
        for (size_t i = 0; i < g->count; i++)
            s->reach = fmax(s->reach, CLEAR * g->crossings[i].at);
        if (g->count == 0 && g->below == CS_CROSSOVER_API)
            s->reach = INFINITY;
    }
    if (!s->curves.along.log)
        s->reach = INFINITY;
    s->chosen = cs_arena_alloc(s->arena, s->options, sizeof *s->chosen);
    for (size_t a = 0; a < s->apis; a++) /* whoever wins between the grid's points, too */
        for (size_t i = 0; i < c->against[a].count; i++)
            s->chosen[c->against[a].crossings[i].option] = true;
    for (size_t g = 0; g < c->grid_count; g++) {
        const size_t best = cheapest(s, c->grid[g]);
        if (best == s->options || (g > 0 && c->grid[g - 1] >= s->reach))
            continue;
        const double least = cs_crossover_point(&s->own[best], c->grid[g])->usd;
        for (size_t o = 0; o < s->options; o++) {
            const struct cs_cost_point *const p = cs_crossover_point(&s->own[o], c->grid[g]);
            s->chosen[o] |= p != NULL && p->usd <= least * (1.0 + 1e-9);
        }
    }
}

/* --- what if --------------------------------------------------------------------------------- */

static void add_what_if(struct search *s, struct cs_crossover *c, const struct further *f)
{
    struct cs_event events[CS_EVENTS];
    double *const at = cs_arena_alloc(s->arena, s->apis, sizeof *at);
    bool *const own = cs_arena_alloc(s->arena, s->apis, sizeof *own);
    for (size_t a = 0; a < s->apis; a++) {
        size_t below;
        const size_t n =
            cs_crossing_join(&s->curves, f->curves, f->count, a, &f->view, &below, events);
        at[a] = n > 0 ? events[0].x : NAN;
        own[a] = below > 0;
    }
    struct cs_what_if *list = c->what_ifs;
    list = cs_arena_grow(s->arena, list, c->what_if_count, sizeof *list);
    list[c->what_if_count++] = (struct cs_what_if){f->what, at, own};
    c->what_ifs = list;
}

enum { FURTHER = 12 };

static size_t ask(struct search *s, struct cs_crossover *c, const char *what, double z,
                  const char *const *sets, size_t set_count, struct further *all, size_t count)
{
    struct further *const f = &all[count];
    *f = (struct further){.what = what,
                          .curves = cs_arena_alloc(s->arena, s->options, sizeof *f->curves),
                          .view = {CS_COUNT_PLANNED, 1.0, 1.0, what == NULL ? 0.005 : 0.02}};
    f->count = curves_with(s, c, z, sets, set_count, f->curves);
    return count + 1;
}

/* The same curves, with other prices. */
static size_t ask_prices(struct search *s, const char *what, double gpu, double api,
                         struct further *all, size_t count)
{
    struct further *const f = &all[count];
    *f = (struct further){.what = what,
                          .curves = cs_arena_alloc(s->arena, s->options, sizeof *f->curves),
                          .view = {CS_COUNT_PLANNED, gpu, api, 0.02}};
    for (size_t o = 0; o < s->options; o++)
        if (s->chosen[o])
            f->curves[f->count++] = &s->own[o];
    return count + 1;
}

/* All further curves are planned together, then read one by one. */
static void look_further(struct search *s, struct cs_crossover *c,
                         const struct cs_crossover_settings *settings)
{
    static const char *const flat[] = {"traffic.curve=flat"};
    const struct cs_scenario *const scenario = c->study->scenario;
    struct further all[FURTHER];
    size_t n = 0;
    if (settings->model) {
        n = ask(s, c, NULL, -Z95, NULL, 0, all, n);
        n = ask(s, c, NULL, Z95, NULL, 0, all, n);
    }
    const size_t models = n;
    if (settings->what_if) {
        n = ask_prices(s, "as it is", 1.0, 1.0, all, n);
        n = ask_prices(s, "GPUs 25 % cheaper", 0.75, 1.0, all, n);
        n = ask_prices(s, "GPUs 25 % dearer", 1.25, 1.0, all, n);
        n = ask_prices(s, "APIs at half their price", 1.0, 0.5, all, n);
        n = ask_prices(s, "APIs at a quarter of it", 1.0, 0.25, all, n);
        const bool sized = s->curves.along.kind != CS_ALONG_LOAD; /* else its most would move */
        if (sized && scenario->traffic.curve_name != NULL)
            n = ask(s, c, "an even load, day and night", NAN, flat, 1, all, n);
        if (sized && scenario->slo.count > 0 && s->curves.along.kind != CS_ALONG_SLO) {
            n = ask(s, c, "limits twice as loose", NAN, cs_along_limits(scenario, 2.0, s->arena),
                    scenario->slo.count, all, n);
            n = ask(s, c, "limits twice as tight", NAN, cs_along_limits(scenario, 0.5, s->arena),
                    scenario->slo.count, all, n);
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i].count; k++)
            look_at(s, all[i].curves[k], all[i].view);
    refine(s);
    for (size_t i = 0; i < n; i++)
        if (i < models)
            add_model(s, c, &all[i], i == 1);
        else
            add_what_if(s, c, &all[i]);
}

/* Along a load the fleet and its bill are known, and what a full load is is not: a share of it is
 * off by as much. */
static void spread_load(struct cs_crossover *c)
{
    const struct cs_along *const l = &c->along;
    for (size_t a = 0; a < c->against_count; a++)
        for (size_t i = 0; i < c->against[a].count; i++) {
            struct cs_crossing *const k = &c->against[a].crossings[i];
            k->sampling_lo = k->at * l->most / l->most_hi;
            k->sampling_hi = k->at * l->most / l->most_lo;
            k->model_known = !isnan(l->most_model_lo) && !isnan(l->most_model_hi);
            k->model_lo = k->at * l->most / l->most_model_hi;
            k->model_hi = k->at * l->most / l->most_model_lo;
        }
}

/* --- all of it ------------------------------------------------------------------------------- */

void cs_crossover_run(struct cs_crossover *c, struct cs_study *study, const struct cs_along *along,
                      const struct cs_crossover_settings *settings, struct cs_arena *arena)
{
    struct search s = {.options = study->scenario->option_count,
                       .apis = study->scenario->compare_count,
                       .arena = arena};
    *c = (struct cs_crossover){.study = study,
                               .along = *along,
                               .here = cs_along_here(along, study->scenario),
                               .curve_count = s.options,
                               .against_count = s.apis};
    cs_curves_init(&s.curves, study, along, arena);
    s.curves.only_api = settings->only;
    const size_t n = settings->points > 1 ? settings->points : GRID;
    double *const grid = cs_arena_alloc(arena, n, sizeof *grid);
    for (size_t g = 0; g < n; g++)
        grid[g] = g + 1 < n ? cs_along_at(along, (double)g / (double)(n - 1)) : along->high;
    c->grid = grid;
    c->grid_count = n;
    s.own = cs_arena_alloc(arena, s.options, sizeof *s.own);
    s.all = cs_arena_alloc(arena, s.options, sizeof *s.all);
    for (size_t o = 0; o < s.options; o++) {
        s.own[o] = (struct cs_cost_curve){
            .option = o, .given = along->given, .z = settings->placed ? settings->z : NAN};
        s.all[o] = &s.own[o];
    }
    want_grid(&s, s.all, s.options, c, INFINITY);
    for (size_t o = 0; o < s.options; o++)
        for (int end = CS_COUNT_PLANNED; end <= CS_COUNT_MOST; end++)
            look_at(&s, s.all[o],
                    (struct cs_view){(enum cs_count_end)end, 1.0, 1.0, cs_view_plain.width});
    refine(&s);
    c->against = cs_arena_alloc(arena, s.apis, sizeof *c->against);
    for (size_t a = 0; a < s.apis; a++) {
        struct cs_against *const g = &c->against[a];
        g->api = &study->scenario->compare[a];
        cross(&s, g, a);
        measure(&s, c, g, a);
        if (g->count == 0)
            g->never = never(&s, g, a);
    }
    rank(&s, c);
    if (along->kind == CS_ALONG_KEY && along->key != NULL &&
        strncmp(along->key, "traffic.", 8) == 0)
        find_steps(&s, c); /* along the volume cost is a staircase */
    choose(&s, c);
    look_further(&s, c, settings);
    if (along->kind == CS_ALONG_LOAD)
        spread_load(c);
    c->curves = s.own;
    c->planned = s.curves.planned;
}
