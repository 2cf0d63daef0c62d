/* What fleets can do, and what money buys: see budget.h.
 *
 * Money: a fleet that costs too much once it is busy gives up a replica and is simulated again;
 * with rented machines that never happens, since their price does not depend on what they do, and
 * they are not simulated for it.
 */
#include "plan/budget.h"
#include "base/check.h"
#include <math.h>
#include <stdlib.h>

double cs_capacity_break_even(const struct cs_frontier *f, size_t api)
{
    return f->here.simulated ? f->here.usd_per_day / f->here.api[api] : NAN;
}

/* What a fleet is ranked by, more is better; the worst where it cannot be. */
static double worth_of_capacity(const struct cs_frontier *f)
{
    if (isnan(f->at))
        return -INFINITY;
    const double usd = f->here.usd_per_day;
    return usd > 0.0 ? f->here.tokens_per_day / usd : -1.0 / (1.0 + f->at / (double)f->fleet.gpus);
}

static double worth_of_budget(const struct cs_frontier *f)
{
    if (!f->here.simulated)
        return -INFINITY;
    return isnan(f->at) ? -1e6 - f->here.latency[CS_METRIC_E2E].stat[CS_STAT_P95].value : -f->at;
}

/* A stable insertion sort: lists are short. */
static void rank(struct cs_frontier *list, size_t count,
                 double (*worth)(const struct cs_frontier *))
{
    for (size_t i = 1; i < count; i++) {
        const struct cs_frontier f = list[i];
        size_t j = i;
        for (; j > 0 && worth(&f) > worth(&list[j - 1]); j--)
            list[j] = list[j - 1];
        list[j] = f;
    }
}

bool cs_capacity_run(struct cs_capacity *c, struct cs_study *study, long gpus, bool brief,
                     bool all_sizes, struct cs_arena *arena, struct cs_diags *diags)
{
    struct cs_own_fleet *fleets;
    struct cs_frontier_settings settings = {.up = true, .brief = brief, .all_sizes = all_sizes};
    *c = (struct cs_capacity){.study = study};
    if (study->scenario->traffic.kind == CS_VOLUME_TRACE) {
        cs_diag_error(diags, (struct cs_span){.source = NULL},
                      "describe the traffic instead: volume, lengths and curve",
                      "a trace has the volume that it has: there is no most of it to be found");
        return false;
    }
    if (!cs_along_parse(&settings.along, "volume", NULL, study, arena, diags))
        return false;
    c->along = settings.along;
    const size_t n = cs_fleets_of_gpus(study, gpus, &fleets, arena);
    c->count = cs_frontiers_find(&c->fleets, study, fleets, n, &settings, arena);
    rank(c->fleets, c->count, worth_of_capacity);
    return true;
}

bool cs_capacity_along(struct cs_along *along, struct cs_study *study, struct cs_arena *arena,
                       struct cs_diags *diags)
{
    struct cs_capacity c;
    if (!cs_capacity_run(&c, study, 0, false, false, arena, diags))
        return false;
    if (c.count == 0 || isnan(c.fleets[0].at)) {
        cs_diag_error(diags, (struct cs_span){.source = NULL}, "capsim capacity says why",
                      "--axis %s: the fleet meets the SLO with no traffic", along->name);
        return false;
    }
    along->given = c.fleets[0].fleet.given;
    along->key = c.along.key;
    along->most = c.fleets[0].at;
    along->most_lo = c.fleets[0].lo;
    along->most_hi = c.fleets[0].hi;
    along->most_model_lo = c.fleets[0].model_lo;
    along->most_model_hi = c.fleets[0].model_hi;
    along->most_unit = c.along.unit;
    return true;
}

/* Fleets are simulated as they are, and those that the money does not pay for made smaller. */
static void fit_budget(struct cs_study *study, struct cs_own_fleet *fleets, size_t count,
                       double usd_per_day, struct cs_fleet_figures *figures, struct cs_arena *arena)
{
    const struct cs_own_fleet **const asked = cs_arena_alloc(arena, count, sizeof *asked);
    struct cs_fleet_figures *const found = cs_arena_alloc(arena, count, sizeof *found);
    size_t *const which = cs_arena_alloc(arena, count, sizeof *which);
    bool *const fits = cs_arena_alloc(arena, count, sizeof *fits);
    for (;;) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (fleets[i].given.replicas > 0 && !fits[i]) {
                which[n] = i;
                asked[n++] = &fleets[i];
            }
        if (n == 0)
            return;
        cs_fleets_measure(study, asked, NULL, n, found, arena);
        for (size_t k = 0; k < n; k++) {
            struct cs_own_fleet *const f = &fleets[which[k]];
            figures[which[k]] = found[k];
            fits[which[k]] = found[k].usd_per_day <= usd_per_day;
            if (fits[which[k]])
                continue;
            const int before = f->given.replicas--;
            f->gpus = f->gpus / before * f->given.replicas;
            f->capacity_rps *= (double)f->given.replicas / before;
            if (f->given.replicas == 0)
                f->why_not = "the energy of one replica costs more than is left";
        }
    }
}

/* Of each option the size with the shortest answers, or the reason why none can be. */
static size_t without_slo(struct cs_frontier *list, const struct cs_own_fleet *fleets, size_t count,
                          const struct cs_fleet_figures *figures)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct cs_frontier f = {.fleet = fleets[i],
                                .at = NAN,
                                .lo = NAN,
                                .hi = NAN,
                                .model_lo = NAN,
                                .model_hi = NAN,
                                .why_not = fleets[i].why_not};
        if (fleets[i].given.replicas > 0) {
            f.here = figures[i];
            f.why_not = f.here.simulated ? NULL : "does not keep up with the traffic";
        }
        if (n == 0 || list[n - 1].fleet.option != fleets[i].option)
            list[n++] = f;
        else if (worth_of_budget(&f) > worth_of_budget(&list[n - 1]))
            list[n - 1] = f;
    }
    return n;
}

void cs_budget_run(struct cs_budget *b, struct cs_study *study, double usd_per_day, bool brief,
                   bool all_sizes, struct cs_arena *arena)
{
    struct cs_own_fleet *fleets;
    const size_t n = cs_fleets_of_money(study, usd_per_day, &fleets, arena);
    struct cs_fleet_figures *const figures = cs_arena_alloc(arena, n, sizeof *figures);
    *b = (struct cs_budget){.study = study, .usd_per_day = usd_per_day};
    if (study->scenario->cost.own.has || study->scenario->slo.count == 0)
        fit_budget(study, fleets, n, usd_per_day, figures, arena);
    if (study->scenario->slo.count == 0) {
        b->fleets = cs_arena_alloc(arena, n, sizeof *b->fleets);
        b->count = without_slo(b->fleets, fleets, n, figures);
    } else {
        struct cs_diags none;
        struct cs_frontier_settings settings = {
            .from = 1.0, .brief = brief, .all_sizes = all_sizes};
        cs_diags_init(&none, arena);
        const bool known = cs_along_parse(&settings.along, "slo", NULL, study, arena, &none);
        cs_check(known);
        b->count = cs_frontiers_find(&b->fleets, study, fleets, n, &settings, arena);
    }
    rank(b->fleets, b->count, worth_of_budget);
}
