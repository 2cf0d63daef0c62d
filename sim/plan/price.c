/* The price of a GPU: rules in price.h.
 *
 *   written off   a year: P (q - 1) (q^n - R) / (q^n - 1),  q = 1 + cost of capital, over n years,
 *                 R P left at their end; P (1 - R) / n where capital costs nothing
 *
 * (the annuity that pays back the price less what is left, with interest). Every row of a sheet is
 * looked at for each term; sheets hold some dozens. Sorting is by price and the order of equal ones
 * cannot show in a median. Texts belong to the arena given.
 */
#include "plan/price.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double HOUR_S = 3600.0, DAYS_PER_YEAR = 365.25;

bool cs_price_holds(const char *date, const char *day)
{
    return day == NULL || (date != NULL && strncmp(date, day, strlen(day)) <= 0);
}

double cs_price_stretch(double commitment_s, const struct cs_cost *cost)
{
    return cost->horizon_s > 0.0 ? fmax(1.0, commitment_s / cost->horizon_s) : 1.0;
}

static int by_price(const void *a, const void *b)
{
    const double x = (*(const struct cs_rental *const *)a)->usd_per_s;
    const double y = (*(const struct cs_rental *const *)b)->usd_per_s;
    return (x > y) - (x < y);
}

/* What so many GPUs of it cost, in whole instances; of 0 the price of one. */
static double fleet_usd_per_s(const struct cs_rental *r, double gpus)
{
    const double size = r->instance > 1 ? r->instance : 1.0;
    return gpus > 0.0 ? ceil(gpus / size - 1e-9) * size * r->usd_per_s : r->usd_per_s;
}

/* Whether row `r` goes before `than`: with a day the newer one, then the one that so many GPUs cost
 * less of, then the cheaper one. */
static bool is_better(const struct cs_rental *r, const struct cs_rental *than, const char *day,
                      double gpus)
{
    const int age = day != NULL ? strcmp(r->date, than->date) : 0;
    const double a = fleet_usd_per_s(r, gpus), b = fleet_usd_per_s(than, gpus);
    return age > 0 || (age == 0 && (a < b || (a == b && r->usd_per_s < than->usd_per_s)));
}

/* Rows of a term, one per provider, by price. */
static size_t rows_of(const struct cs_hardware *h, int term, const char *day, double gpus,
                      const struct cs_rental **rows)
{
    size_t n = 0;
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *r = &h->rentals[i];
        if (r->term != term || !cs_price_holds(r->date, day))
            continue;
        size_t at = 0;
        while (at < n && strcasecmp(rows[at]->provider, r->provider) != 0)
            at++;
        if (at == n || is_better(r, rows[at], day, gpus))
            rows[at] = r;
        n += at == n;
    }
    qsort(rows, n, sizeof *rows, by_price);
    return n;
}

struct offer { /* the price of one term */
    struct cs_price_used used;
    double commitment_s;
};

static void use(struct offer *o, const struct cs_rental *r, const char *basis)
{
    o->used = (struct cs_price_used){.usd_per_gpu_hour = r->usd_per_s * HOUR_S,
                                     .source = r->source,
                                     .date = r->date,
                                     .provider = r->provider,
                                     .basis = basis,
                                     .instance = r->instance};
    o->commitment_s = r->commitment_s;
}

static bool use_median(struct offer *o, const struct cs_hardware *h, int term, const char *day,
                       double gpus, struct cs_arena *arena)
{
    const struct cs_rental **rows = cs_arena_alloc(arena, h->rental_count + 1, sizeof *rows);
    const size_t n = rows_of(h, term, day, gpus, rows);
    if (n == 0)
        return false;
    const struct cs_rental *low = rows[(n - 1) / 2], *high = rows[n / 2];
    use(o, high, "listed");
    if (n > 1)
        o->used.instance = 0; /* of several sellers, one will rent them singly */
    struct cs_price_used *p = &o->used;
    if (low != high) {
        p->usd_per_gpu_hour = 0.5 * (low->usd_per_s + high->usd_per_s) * HOUR_S;
        p->source = cs_arena_printf(arena, "%s; %s", low->source, high->source);
        p->provider = cs_arena_printf(arena, "%s / %s", low->provider, high->provider);
    }
    p->provider = cs_arena_printf(arena, "median of %zu providers (%s)", n, p->provider);
    return true;
}

static bool use_named(struct offer *o, const struct cs_hardware *h, int term, const char *wanted,
                      const char *day, double gpus)
{
    const bool article = strcmp(wanted, "article") == 0;
    const struct cs_rental *best = NULL;
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *r = &h->rentals[i];
        const bool fits = article ? term == CS_TERM_ON_DEMAND && r->term == CS_TERM_ARTICLE
                                  : r->term == term && strcasecmp(r->provider, wanted) == 0 &&
                                        cs_price_holds(r->date, day);
        if (fits && (best == NULL || is_better(r, best, article ? NULL : day, gpus)))
            best = r;
    }
    if (best != NULL)
        use(o, best, article ? "article" : "provider");
    return best != NULL;
}

/* Whose price is meant: a name, or NULL for the median. */
static const char *asked(const struct cs_cost *cost)
{
    if (cost->rent.provider != NULL)
        return cost->rent.provider;
    const bool median = strcmp(cost->prices, "listed") == 0 || cost->prices == cost->as_of;
    return median ? NULL : cost->prices;
}

/* The price on demand, or the nearest that there is. */
static void on_demand(struct offer *o, const struct cs_hardware *h, const struct cs_cost *cost,
                      double gpus, struct cs_arena *arena)
{
    const char *wanted = asked(cost), *day = cost->as_of;
    *o = (struct offer){.used = {.usd_per_gpu_hour = NAN}};
    if (cost->gpu_usd_per_s > 0.0) {
        o->used = (struct cs_price_used){.usd_per_gpu_hour = cost->gpu_usd_per_s * HOUR_S,
                                         .source = "cost.gpu of the scenario",
                                         .basis = "scenario"};
        return;
    }
    if (wanted != NULL && use_named(o, h, CS_TERM_ON_DEMAND, wanted, day, gpus))
        return;
    if (use_median(o, h, CS_TERM_ON_DEMAND, day, gpus, arena)) {
        if (wanted != NULL)
            o->used.note = cs_arena_printf(arena, "no '%s' price of %s: %s", wanted, h->title,
                                           o->used.provider);
        return;
    }
    if (day != NULL && use_median(o, h, CS_TERM_ON_DEMAND, NULL, gpus, arena)) {
        o->used.note =
            cs_arena_printf(arena, "no price of %s up to %s: %s", h->title, day, o->used.provider);
        return;
    }
    if (use_named(o, h, CS_TERM_ON_DEMAND, "article", NULL, gpus))
        o->used.note = cs_arena_printf(arena, "no '%s' price of %s: the article's",
                                       wanted != NULL ? wanted : cost->prices, h->title);
}

/* The price of another term: the on-demand price less the scenario's discount, or the sheet's. */
static void of_term(struct offer *o, int term, const struct cs_hardware *h,
                    const struct cs_cost *cost, double gpus, struct cs_arena *arena)
{
    static const double years[CS_TERM_COUNT] = {
        [CS_TERM_RESERVED_1Y] = 1, [CS_TERM_RESERVED_3Y] = 3};
    const char *wanted = asked(cost), *name = cs_term_names[term];
    const double off = cost->rent.discount[term];
    const bool given = cost->gpu_usd_per_s > 0.0 || off >= 0.0; /* then no sheet's counts */
    if (!given && wanted != NULL && use_named(o, h, term, wanted, cost->as_of, gpus))
        return;
    if (!given && use_median(o, h, term, cost->as_of, gpus, arena)) {
        if (wanted != NULL)
            o->used.note = cs_arena_printf(arena, "no '%s' %s price of %s: %s", wanted, name,
                                           h->title, o->used.provider);
        return;
    }
    on_demand(o, h, cost, gpus, arena);
    o->commitment_s = years[term] * DAYS_PER_YEAR * 86400.0;
    if (off >= 0.0) {
        o->used.usd_per_gpu_hour *= 1.0 - off;
        o->used.provider = cs_arena_printf(
            arena, "%s, less %g %%", o->used.provider != NULL ? o->used.provider : o->used.source,
            100.0 * off);
    } else {
        o->used.note = cs_arena_printf(arena,
                                       "no %s price of %s: as on demand; "
                                       "cost.rent.discount.%s would say what it saves",
                                       name, h->title, name);
    }
}

/* All terms of a mix, in one price. */
static void rented(struct cs_price_used *p, const struct cs_hardware *h, const struct cs_cost *cost,
                   double gpus, struct cs_arena *arena)
{
    double sum = 0.0;
    int parts = 0;
    *p = (struct cs_price_used){.usd_per_gpu_hour = NAN};
    for (int t = 0; t < CS_TERM_COUNT; t++) {
        const double share = cost->rent.has ? cost->rent.share[t] : t == CS_TERM_ON_DEMAND;
        if (share <= 0.0)
            continue;
        struct offer o;
        if (t == CS_TERM_ON_DEMAND)
            on_demand(&o, h, cost, gpus, arena);
        else
            of_term(&o, t, h, cost, gpus, arena);
        const double committed_s =
            cost->rent.commitment_s > 0.0 ? cost->rent.commitment_s : o.commitment_s;
        const double stretch = cs_price_stretch(committed_s, cost);
        const double usd_h = o.used.usd_per_gpu_hour * cost->gpu_price * stretch;
        sum += share * usd_h;
        const struct cs_price_used before = *p;
        *p = o.used;
        if (parts++ > 0) {
            p->source = cs_arena_printf(arena, "%s; %s", before.source, o.used.source);
            p->provider = before.provider != NULL && strcmp(before.provider, p->provider) == 0
                              ? before.provider
                              : cs_arena_printf(arena, "%s; %s", before.provider, p->provider);
            p->note = before.note == NULL ? p->note
                      : p->note == NULL   ? before.note
                                          : cs_arena_printf(arena, "%s; %s", before.note, p->note);
            p->instance = p->instance > before.instance ? p->instance : before.instance;
        }
        p->mix = before.mix;
        if (t != CS_TERM_ON_DEMAND || share < 1.0 || stretch > 1.0 || cost->gpu_price != 1.0)
            p->mix = cs_arena_printf(
                arena, "%s%s%g %% %s at %.4g USD/h%s%s", before.mix ? before.mix : "",
                before.mix ? ", " : "", 100.0 * share, cs_term_names[t], usd_h,
                cost->gpu_price != 1.0
                    ? cs_arena_printf(arena, ", %g %% of the list", 100.0 * cost->gpu_price)
                    : "",
                stretch > 1.0
                    ? cs_arena_printf(arena, ", paid %.3g times as long as needed", stretch)
                    : "");
    }
    p->usd_per_gpu_hour = sum;
    if (cost->rent.instance > 0)
        p->instance = cost->rent.instance;
}

/* --- owned ----------------------------------------------------------------------------------- */

double cs_price_write_off(double usd, const struct cs_own *own)
{
    if (usd == 0.0)
        return 0.0;
    const double n = own->years, q = 1.0 + own->capital, grown = pow(q, n);
    const double a_year = own->capital > 0.0
                              ? usd * own->capital * (grown - own->residual) / (grown - 1.0)
                              : usd * (1.0 - own->residual) / n;
    return a_year / DAYS_PER_YEAR;
}

/* The sheet's first price; as of a day, the newest that holds then. NULL: it has none. */
static const struct cs_purchase *purchase_of(const struct cs_hardware *h, const char *day)
{
    const struct cs_purchase *best = NULL;
    for (size_t i = 0; day != NULL && i < h->purchase_count; i++) {
        const struct cs_purchase *p = &h->purchases[i];
        if (cs_price_holds(p->date, day) && (best == NULL || strcmp(p->date, best->date) > 0))
            best = p;
    }
    return best != NULL ? best : h->purchase_count > 0 ? &h->purchases[0] : NULL;
}

double cs_price_purchase(const struct cs_hardware *h, const struct cs_cost *cost)
{
    const struct cs_purchase *sheet = purchase_of(h, cost->as_of);
    const double usd = cost->own.purchase_usd >= 0.0 ? cost->own.purchase_usd
                       : sheet != NULL               ? sheet->usd
                                                     : NAN;
    return usd * cost->gpu_price;
}

static void owned(struct cs_price_used *p, const struct cs_hardware *h, const struct cs_cost *cost)
{
    const struct cs_own *own = &cost->own;
    const struct cs_purchase *sheet = own->purchase_usd < 0.0 ? purchase_of(h, cost->as_of) : NULL;
    const double price =
        cs_price_purchase(h, cost) + own->server_usd + own->network_usd + own->rack_usd;
    *p = (struct cs_price_used){
        .usd_per_gpu_hour = cs_price_write_off(price, own) / 24.0,
        .source = sheet != NULL ? sheet->source : "cost.own of the scenario",
        .date = sheet != NULL ? sheet->date : NULL,
        .provider =
            price == 0.0 ? "paid for already: only electricity counts" : "purchase written off",
        .basis = "owned",
        .instance = own->server_gpus};
}

void cs_price_gpu(struct cs_price_used *p, const struct cs_hardware *h, const struct cs_cost *cost,
                  struct cs_arena *arena)
{
    cs_price_gpus(p, h, cost, 0.0, arena);
}

void cs_price_gpus(struct cs_price_used *p, const struct cs_hardware *h, const struct cs_cost *cost,
                   double gpus, struct cs_arena *arena)
{
    if (cost->own.has)
        owned(p, h, cost);
    else
        rented(p, h, cost, gpus * (1.0 + cost->rent.spares), arena);
}
