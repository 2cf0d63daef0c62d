/* Fleets added up: equations in cost.h.
 *
 * Each line is computed beside the words that say why, so that neither can change without the
 * other. Figures in those words have four digits: they are what was assumed, not results.
 * Memory: texts in the arena given.
 */
#include "plan/cost.h"
#include <math.h>

static const double DAY_S = 86400.0, DAYS_PER_MONTH = 30.4375, DAYS_PER_YEAR = 365.25;

const char *const cs_cost_names[CS_COST_ITEMS] = {
    [CS_COST_GPU] = "gpu",
    [CS_COST_ENERGY] = "energy",
    [CS_COST_STAFF] = "staff",
    [CS_COST_SERVER] = "server",
    [CS_COST_NETWORK] = "network",
    [CS_COST_RACK] = "rack",
    [CS_COST_SPARES] = "spares",
    [CS_COST_MAINTENANCE] = "maintenance",
    [CS_COST_COLOCATION] = "colocation",
    [CS_COST_SOFTWARE] = "software",
    [CS_COST_STORAGE] = "storage",
    [CS_COST_EGRESS] = "egress",
    [CS_COST_DOWNTIME] = "downtime",
};

struct adding {
    struct cs_cost_breakdown *b;
    const struct cs_hardware *h;
    const struct cs_cost *cost;
    const struct cs_cost_use *use;
    struct cs_arena *arena;
    double units; /* GPUs billed or bought */
};

static void add(const struct adding *a, enum cs_cost_item item, double usd, const char *why)
{
    a->b->item[item] = usd;
    a->b->why[item] = why;
}

/* Whole groups of `size`. */
static double rounded_up(double count, int size)
{
    return size > 1 ? ceil(count / size - 1e-9) * size : count;
}

/* " (10 planned, 10 % spares, instances of 8)", or "". */
static const char *words_of_units(const struct adding *a, double spares, int group,
                                  const char *noun)
{
    if (a->units == a->use->gpus)
        return "";
    const char *words = cs_arena_printf(a->arena, " (%.4g planned", a->use->gpus);
    if (spares > 0.0)
        words = cs_arena_printf(a->arena, "%s, %g %% spares", words, 100.0 * spares);
    if (group > 1)
        words = cs_arena_printf(a->arena, "%s, %s of %d", words, noun, group);
    return cs_arena_printf(a->arena, "%s)", words);
}

/* --- energy ---------------------------------------------------------------------------------- */

static double idle_w(const struct cs_hardware *h)
{
    return h->idle_w > 0.0 ? h->idle_w : h->tdp_w;
}

/* Joules a day of the planned fleet, and of what stands beside it. */
static double joules(const struct adding *a)
{
    const struct cs_hardware *h = a->h;
    const struct cs_own *own = &a->cost->own;
    const double busy = isnan(a->use->busy) ? 1.0 : a->use->busy;
    const double idle = idle_w(h), pue = own->has && own->pue > 0.0 ? own->pue : a->cost->pue;
    const double beside = own->has ? a->units - a->use->gpus : 0.0;
    const double watts = a->use->gpus * (idle + (h->tdp_w - idle) * busy) + beside * idle +
                         (own->has ? a->units * own->server_w : 0.0);
    return h->tdp_w > 0.0 ? watts * fmax(1.0, pue) * DAY_S : NAN;
}

static const char *words_of_power(const struct adding *a)
{
    const struct cs_own *own = &a->cost->own;
    const double pue = own->pue > 0.0 ? own->pue : a->cost->pue;
    const char *words = cs_arena_printf(
        a->arena, "%.4g kWh at %.4g USD/kWh: %.4g W idle to %.4g W, busy %.3g %%",
        a->b->kwh_per_day, own->electricity_usd_per_J * 3.6e6, idle_w(a->h), a->h->tdp_w,
        100.0 * (isnan(a->use->busy) ? 1.0 : a->use->busy));
    if (own->server_w > 0.0)
        words = cs_arena_printf(a->arena, "%s, %.4g W beside it", words, own->server_w);
    return cs_arena_printf(a->arena, "%s, PUE %.3g", words, fmax(1.0, pue));
}

static void add_energy(const struct adding *a)
{
    struct cs_cost_breakdown *b = a->b;
    const double used = joules(a);
    b->kwh_per_day = used / 3.6e6;
    if (a->cost->carbon_kg_per_J > 0.0) {
        b->kg_co2e_per_day = used * a->cost->carbon_kg_per_J;
        b->carbon_why = cs_arena_printf(
            a->arena, "%.4g g CO2e/kWh, %s", a->cost->carbon_kg_per_J * 3.6e9,
            a->cost->carbon_why != NULL ? a->cost->carbon_why : "as given");
    }
    if (a->cost->own.has)
        add(a, CS_COST_ENERGY, used * a->cost->own.electricity_usd_per_J, words_of_power(a));
    else
        add(a, CS_COST_ENERGY, 0.0, "in the rent");
}

/* --- machines -------------------------------------------------------------------------------- */

static void add_rent(const struct adding *a, const struct cs_price_used *p)
{
    const char *words =
        cs_arena_printf(a->arena, "%.6g × %.4g USD/h × 24 h%s", a->units, p->usd_per_gpu_hour,
                        words_of_units(a, a->cost->rent.spares, p->instance, "instances"));
    if (p->mix != NULL)
        words = cs_arena_printf(a->arena, "%s: %s", words, p->mix);
    add(a, CS_COST_GPU, a->units * p->usd_per_gpu_hour * 24.0, words);
}

/* "3 × 1,599 USD over 3.5 years, 20 % left, 8 % a year on what is bound". */
static const char *words_of_years(const struct adding *a, double usd, const char *units)
{
    const struct cs_own *own = &a->cost->own;
    if (usd == 0.0)
        return "paid for already";
    const char *words = cs_arena_printf(a->arena, "%.6g × %.6g USD%s over %.4g years", a->units,
                                        usd, units, own->years);
    if (own->residual > 0.0)
        words = cs_arena_printf(a->arena, "%s, %g %% left", words, 100.0 * own->residual);
    if (own->capital > 0.0)
        words = cs_arena_printf(a->arena, "%s, capital at %g %% a year", words,
                                100.0 * own->capital);
    return words;
}

static void add_owned(const struct adding *a)
{
    const struct cs_own *own = &a->cost->own;
    const struct {
        enum cs_cost_item item;
        double usd;
    } parts[] = {{CS_COST_GPU, cs_price_purchase(a->h, a->cost)},
                 {CS_COST_SERVER, own->server_usd},
                 {CS_COST_NETWORK, own->network_usd},
                 {CS_COST_RACK, own->rack_usd}};
    double bought = 0.0, written_off = 0.0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].usd == 0.0 && parts[i].item != CS_COST_GPU)
            continue;
        const double usd = a->units * cs_price_write_off(parts[i].usd, own);
        const char *units = words_of_units(a, 0.0, own->server_gpus, "servers");
        add(a, parts[i].item, usd,
            words_of_years(a, parts[i].usd, parts[i].item == CS_COST_GPU ? units : ""));
        bought += a->units * parts[i].usd;
        written_off += usd;
    }
    if (own->spares > 0.0)
        add(a, CS_COST_SPARES, own->spares * written_off,
            cs_arena_printf(a->arena, "%g %% of the machines", 100.0 * own->spares));
    if (own->maintenance > 0.0)
        add(a, CS_COST_MAINTENANCE, own->maintenance * bought / DAYS_PER_YEAR,
            cs_arena_printf(a->arena, "%g %% a year of %.6g USD", 100.0 * own->maintenance,
                            bought));
    if (own->colocation_usd_per_J > 0.0) {
        const double watts = a->units * (a->h->tdp_w > 0.0 ? a->h->tdp_w + own->server_w : NAN);
        add(a, CS_COST_COLOCATION, watts * own->colocation_usd_per_J * DAY_S,
            cs_arena_printf(a->arena, "%.4g kW at peak, %.4g USD/kW/month", watts / 1e3,
                            own->colocation_usd_per_J * 1e3 * DAYS_PER_MONTH * DAY_S));
    }
}

/* --- the rest -------------------------------------------------------------------------------- */

static void add_people(const struct adding *a)
{
    const struct cs_engineers *e = &a->cost->engineers;
    const double count = e->fixed + e->per_gpu * a->use->gpus, given = a->cost->staff_usd_per_s;
    const char *words = NULL;
    if (given > 0.0)
        words = cs_arena_printf(a->arena, "%.6g USD/day as given", given * DAY_S);
    if (count > 0.0)
        words = cs_arena_printf(
            a->arena, "%s%s%.3g engineers at %.6g USD/year: %.3g + %.3g × %.6g GPUs",
            words != NULL ? words : "", words != NULL ? "; " : "", count,
            e->usd_per_s * DAYS_PER_YEAR * DAY_S, e->fixed, e->per_gpu, a->use->gpus);
    add(a, CS_COST_STAFF, (given + count * e->usd_per_s) * DAY_S, words);
}

static void add_services(const struct adding *a)
{
    const struct cs_cost *c = a->cost;
    const double year_s = DAYS_PER_YEAR * DAY_S, gpus = a->use->gpus;
    if (c->software.usd_per_s + c->software.per_gpu_usd_per_s > 0.0)
        add(a, CS_COST_SOFTWARE,
            (c->software.usd_per_s + c->software.per_gpu_usd_per_s * gpus) * DAY_S,
            cs_arena_printf(a->arena, "%.6g USD/year + %.6g USD/year × %.6g GPUs",
                            c->software.usd_per_s * year_s, c->software.per_gpu_usd_per_s * year_s,
                            gpus));
    if (c->storage.usd_per_byte_s > 0.0) {
        const double bytes = c->storage.bytes > 0.0 ? c->storage.bytes : a->use->weights_bytes;
        add(a, CS_COST_STORAGE, bytes * c->storage.usd_per_byte_s * DAY_S,
            cs_arena_printf(a->arena, "%.4g GB%s at %.4g USD/GB/month", bytes / 1e9,
                            c->storage.bytes > 0.0 ? "" : " of weights",
                            c->storage.usd_per_byte_s * 1e9 * DAYS_PER_MONTH * DAY_S));
    }
    if (c->egress.usd_per_byte > 0.0) {
        const double bytes = a->use->output_tokens_per_day * c->egress.bytes_per_token;
        add(a, CS_COST_EGRESS, bytes * c->egress.usd_per_byte,
            cs_arena_printf(a->arena, "%.4g GB of answers, %.4g B a token, at %.4g USD/GB",
                            bytes / 1e9, c->egress.bytes_per_token, c->egress.usd_per_byte * 1e9));
    }
    if (c->downtime.share > 0.0)
        add(a, CS_COST_DOWNTIME, c->downtime.share * c->downtime.usd_per_s * DAY_S,
            cs_arena_printf(a->arena, "%.4g %% of the time at %.6g USD/h",
                            100.0 * c->downtime.share, c->downtime.usd_per_s * 3600.0));
}

void cs_cost_fleet(struct cs_cost_breakdown *b, const struct cs_hardware *h,
                   const struct cs_cost *cost, const struct cs_price_used *price,
                   const struct cs_cost_use *use, struct cs_arena *arena)
{
    *b = (struct cs_cost_breakdown){.kwh_per_day = NAN, .kg_co2e_per_day = NAN};
    struct adding a = {b, h, cost, use, arena, use->gpus};
    a.units = cost->own.has ? rounded_up(use->gpus, cost->own.server_gpus)
                            : rounded_up(use->gpus * (1.0 + cost->rent.spares), price->instance);
    add_energy(&a);
    if (cost->own.has)
        add_owned(&a);
    else
        add_rent(&a, price);
    add_people(&a);
    add_services(&a);
    for (int i = 0; i < CS_COST_ITEMS; i++)
        b->usd_per_day += b->item[i];
    b->usd_per_month = b->usd_per_day * DAYS_PER_MONTH;
    b->usd_per_mtok = b->usd_per_day / (use->tokens_per_day * 1e-6);
}
