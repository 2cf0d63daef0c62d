/* Answers to claims: see claims.h.
 *
 * What the figures of a scenario need is run once each: a full plan with briefer ones at both ends
 * of the model's error, capacities of a replica of each option, a crossover along the volume.
 */
#include "plan/claims.h"
#include "perf/error.h"
#include "plan/budget.h"
#include "plan/crossover.h"
#include "plan/fits.h"
#include <math.h>
#include <string.h>

static const double Z95 = 1.959963984540054;
static const double A_DAY = 86400.0;
static const char NO_PRICE[] = "no price is known",
                  NO_FITS[] = "what fits is not known of this engine";

struct planned { /* an option's answer */
    bool feasible;
    long gpus, gpus_lo, gpus_hi;
    double usd_per_day, usd_per_mtok;
    const char *of;
};

struct asking {
    struct cs_study *study;
    const struct cs_scenario *scenario;
    struct cs_arena *arena;
    struct planned *plans[3]; /* as it is, and with fast and slow steps; by option */
    double *bills;            /* USD a day of each API */
    size_t best;              /* option */
    bool any;
    struct cs_capacity capacity;
    struct cs_crossover crossover;
    double tokens_each; /* tokens/s of 1 in the crossover's unit */
    char (*names)[64]; /* of fleets, by option */
};

/* --- what the figures need ------------------------------------------------------------------- */

static bool asks(const struct cs_claim *c, enum cs_claim_kind first, enum cs_claim_kind last)
{
    for (size_t i = 0; i < c->figure_count; i++)
        if (c->figures[i].kind >= first && c->figures[i].kind <= last)
            return true;
    return false;
}

/* Copies what an answer says, plain values only: its texts are gone afterwards. */
static void take_plan(void *user, size_t index, const struct cs_answer *answer,
                      const struct cs_diags *diags)
{
    struct asking *const a = user;
    (void)diags;
    if (answer == NULL)
        return;
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct cs_option_answer *const o = &answer->options[i];
        struct planned *const p = &a->plans[index][o->index];
        *p = (struct planned){.feasible = o->feasible,
                              .gpus = o->gpus,
                              .gpus_lo = o->gpus_lo > 0 ? o->gpus_lo : o->gpus,
                              .gpus_hi = o->gpus_hi > 0 ? o->gpus_hi : o->gpus,
                              .usd_per_day = o->cost.usd_per_day,
                              .usd_per_mtok = o->cost.usd_per_mtok};
        if (index == 0)
            snprintf(a->names[o->index], sizeof a->names[0], "%s %s TP%d",
                     o->option->hardware->name, cs_precision_infos[o->option->precision].name,
                     o->tensor_parallel);
    }
    if (index > 0)
        return;
    a->any = answer->best >= 0;
    a->best = answer->options[0].index;
    for (size_t i = 0; i < answer->api_count; i++)
        a->bills[answer->apis[i].bought - answer->scenario->compare] = answer->apis[i].usd_per_day;
}

static void run_plans(struct asking *a)
{
    const size_t n = a->scenario->option_count;
    struct cs_variant variants[3] = {{.effort = CS_EFFORT_FULL},
                                     {.effort = CS_EFFORT_BRIEF},
                                     {.effort = CS_EFFORT_BRIEF}};
    a->bills = cs_arena_alloc(a->arena, a->scenario->compare_count + 1, sizeof *a->bills);
    a->names = cs_arena_alloc(a->arena, n, sizeof *a->names);
    for (size_t i = 0; i < a->scenario->compare_count; i++)
        a->bills[i] = NAN;
    for (int v = 0; v < 3; v++) {
        a->plans[v] = cs_arena_alloc(a->arena, n, sizeof *a->plans[v]);
        if (v == 0)
            continue;
        double *const z = cs_arena_alloc(a->arena, n, sizeof *z);
        for (size_t i = 0; i < n; i++)
            z[i] = v == 1 ? -Z95 : Z95;
        variants[v].z = z;
    }
    cs_study_run(a->study, variants, 3, take_plan, a);
}

/* Tokens/s of 1 in the unit in which the scenario says how much comes in. */
static double tokens_of_one(const struct asking *a, const char *unit)
{
    struct cs_workload_spec w;
    cs_workload_prepare(&w, &a->scenario->traffic, &a->scenario->simulate, a->study->trace);
    const double per_request = w.mean_input + w.mean_output;
    return strcmp(unit, "req/s") == 0     ? per_request
           : strcmp(unit, "req/day") == 0 ? per_request / A_DAY
                                          : 1.0 / A_DAY;
}

/* Wide around what is claimed: from a fiftieth of the least to twenty times the most. */
static const char *crossover_range(const struct asking *a, const char *unit)
{
    const struct cs_claim *const c = a->scenario->claim;
    double low = INFINITY, high = 0.0;
    for (size_t i = 0; i < c->figure_count; i++) {
        if (c->figures[i].kind != CS_CLAIM_CROSSOVER)
            continue;
        const double ends[] = {c->figures[i].low, c->figures[i].high};
        for (int e = 0; e < 2; e++)
            if (isfinite(ends[e]) && ends[e] > 0.0) {
                low = fmin(low, ends[e]);
                high = fmax(high, ends[e]);
            }
    }
    return cs_arena_printf(a->arena, "%.6g..%.6g %s", low / a->tokens_each / 50.0,
                           high / a->tokens_each * 20.0, unit);
}

static bool prepare(struct asking *a, struct cs_diags *diags)
{
    const struct cs_claim *const c = a->scenario->claim;
    if (asks(c, CS_CLAIM_GPUS, CS_CLAIM_TIMES_CHEAPER))
        run_plans(a);
    if (asks(c, CS_CLAIM_USD_PER_MTOK_FULL, CS_CLAIM_TIMES_FASTER) &&
        !cs_capacity_run(&a->capacity, a->study, 0, false, false, a->arena, diags))
        return false;
    if (asks(c, CS_CLAIM_CROSSOVER, CS_CLAIM_CROSSOVER)) {
        struct cs_along along;
        const struct cs_crossover_settings settings = {.model = true};
        if (!cs_along_parse(&along, "traffic.volume", NULL, a->study, a->arena, diags))
            return false;
        a->tokens_each = tokens_of_one(a, along.unit);
        if (!cs_along_parse(&along, "traffic.volume", crossover_range(a, along.unit), a->study,
                            a->arena, diags))
            return false;
        cs_crossover_run(&a->crossover, a->study, &along, &settings, a->arena);
    }
    return true;
}

/* --- one figure ------------------------------------------------------------------------------ */

static void none(struct cs_finding *f, const char *why)
{
    f->value = f->lo = f->hi = NAN;
    f->why = why;
}

static void set(struct cs_finding *f, double value, double lo, double hi)
{
    f->value = value;
    f->lo = fmin(value, fmin(lo, hi));
    f->hi = fmax(value, fmax(lo, hi));
}

/* A plan's figure, with its ends at both ends of the model's error and of the count's interval. */
static void answer_plan(const struct asking *a, struct cs_finding *f)
{
    const struct cs_claimed *const c = f->claimed;
    const size_t option = c->option > 0 ? (size_t)c->option - 1 : a->best;
    const struct planned *const p = &a->plans[0][option], *const fast = &a->plans[1][option],
                               *const slow = &a->plans[2][option];
    const double bill = c->api != NULL ? a->bills[c->api - a->scenario->compare] : NAN;
    if (c->kind == CS_CLAIM_API_USD_PER_DAY) {
        set(f, bill / A_DAY, bill / A_DAY, bill / A_DAY);
        if (isnan(bill))
            none(f, NO_PRICE);
        return;
    }
    if (!p->feasible || (c->option == 0 && !a->any)) {
        none(f, "no fleet of this kind meets the SLO");
        return;
    }
    f->of = cs_arena_printf(a->arena, "%ld × %s", p->gpus, a->names[option]);
    const double n = (double)p->gpus;
    const double least =
        fmin((double)p->gpus_lo / n, fast->feasible ? (double)fast->gpus / n : 1.0);
    const double most =
        fmax((double)p->gpus_hi / n, slow->feasible ? (double)slow->gpus / n : INFINITY);
    const double usd = p->usd_per_day;
    switch (c->kind) {
    case CS_CLAIM_GPUS:
        set(f, n, n * least, n * most);
        break;
    case CS_CLAIM_USD_PER_DAY:
        set(f, usd / A_DAY, usd / A_DAY * least, usd / A_DAY * most);
        break;
    case CS_CLAIM_USD_PER_HOUR:
        set(f, usd / A_DAY, usd / A_DAY * least, usd / A_DAY * most);
        break;
    case CS_CLAIM_USD_PER_MTOK:
        set(f, p->usd_per_mtok / 1e6, p->usd_per_mtok / 1e6 * least, p->usd_per_mtok / 1e6 * most);
        break;
    default: /* TIMES_CHEAPER */
        set(f, bill / usd, bill / usd / most, bill / usd / least);
    }
    if (isnan(f->value))
        none(f, NO_PRICE);
}

static const char *option_name(const struct asking *a, int option)
{
    const struct cs_option *const o = &a->scenario->options[option - 1];
    return cs_arena_printf(a->arena, "%s on %s, %s", o->model->name, o->hardware->name,
                           cs_precision_infos[o->precision].name);
}

/* The option's smallest machine, with one request on it. */
static void answer_fit(const struct asking *a, struct cs_finding *f)
{
    const struct cs_claimed *const c = f->claimed;
    const struct cs_option *const o = &a->scenario->options[c->option > 0 ? c->option - 1 : 0];
    const struct cs_fits_query query = {.precision = (int)o->precision,
                                        .gpus = o->gpus,
                                        .host = o->host,
                                        .cost = a->scenario->cost};
    struct cs_fits fits = {.arena = a->arena};
    f->of = option_name(a, c->option > 0 ? c->option : 1);
    const bool known = cs_fits_knows(o->engine);
    if (known)
        cs_fits_add(&fits, &query, o->model, o->hardware, o->engine);
    const bool outside = o->experts.policy != CS_EXPERTS_RESIDENT;
    const struct cs_fits_row *row = NULL;
    for (size_t i = 0; i < fits.count && row == NULL; i++)
        if (fits.rows[i].fits && fits.rows[i].offload == outside)
            row = &fits.rows[i];
    if (c->kind == CS_CLAIM_WEIGHTS) {
        struct cs_memory m;
        cs_memory_fit(&m, o, 1);
        set(f, m.weights_bytes, m.weights_bytes, m.weights_bytes);
    } else if (!known) {
        none(f, NO_FITS);
    } else if (row == NULL) {
        none(f, "it fits in none of these machines");
    } else if (c->kind == CS_CLAIM_GPUS_TO_HOLD) {
        const double gpus = cs_option_gpus(&row->option, row->option.tensor_parallel);
        set(f, gpus, gpus, gpus);
    } else {
        const double spread = row->error != NULL ? exp(Z95 * row->error->step) : 1.0;
        set(f, row->decode_tok_s, row->decode_tok_s / spread, row->decode_tok_s * spread);
    }
}

static const struct cs_frontier *frontier_of(const struct asking *a, int option)
{
    for (size_t i = 0; i < a->capacity.count; i++)
        if (a->capacity.fleets[i].fleet.option == (size_t)option - 1)
            return &a->capacity.fleets[i];
    return NULL;
}

/* Both intervals of a frontier, as shares of its end. */
static void spread(const struct cs_frontier *r, double *least, double *most)
{
    *least = fmin(isnan(r->lo) ? 1.0 : r->lo / r->at,
                  isnan(r->model_lo) ? 1.0 : r->model_lo / r->at);
    *most = fmax(isnan(r->hi) ? 1.0 : r->hi / r->at,
                 isnan(r->model_hi) ? 1.0 : r->model_hi / r->at);
}

static void answer_capacity(const struct asking *a, struct cs_finding *f)
{
    const struct cs_claimed *const c = f->claimed;
    const struct cs_frontier *const r =
        c->option > 0 ? frontier_of(a, c->option) : a->capacity.count ? a->capacity.fleets : NULL;
    const struct cs_frontier *const other = c->than > 0 ? frontier_of(a, c->than) : r;
    if (r == NULL || isnan(r->at) || other == NULL || isnan(other->at)) {
        none(f, "it meets the SLO with no traffic");
        return;
    }
    double least, most, other_least, other_most;
    spread(r, &least, &most);
    spread(other, &other_least, &other_most);
    const double each = r->here.tokens_per_day / A_DAY / (double)r->fleet.gpus;
    const double its = other->here.tokens_per_day / A_DAY / (double)other->fleet.gpus;
    struct cs_workload_spec w;
    cs_workload_prepare(&w, &a->scenario->traffic, &a->scenario->simulate, a->study->trace);
    const double answers = w.mean_output / (w.mean_input + w.mean_output);
    f->of = cs_arena_printf(a->arena, "%ld × %s", r->fleet.gpus,
                            option_name(a, (int)r->fleet.option + 1));
    const double usd = r->here.usd_per_mtok / 1e6;
    if (c->kind == CS_CLAIM_USD_PER_MTOK_FULL && isnan(usd))
        none(f, NO_PRICE);
    else if (c->kind == CS_CLAIM_USD_PER_MTOK_FULL)
        set(f, usd, usd / most, usd / least);
    else if (c->kind == CS_CLAIM_TIMES_FASTER)
        set(f, each / its, each * least / (its * other_most), each * most / (its * other_least));
    else if (c->kind == CS_CLAIM_OUTPUT_PER_GPU)
        set(f, each * answers, each * answers * least, each * answers * most);
    else
        set(f, each, each * least, each * most);
}

static void answer_crossover(const struct asking *a, struct cs_finding *f)
{
    const struct cs_crossover *const x = &a->crossover;
    const struct cs_against *const g =
        &x->against[f->claimed->api - a->scenario->compare];
    if (g->below >= 0) { /* at the range's lower end already */
        none(f, g->count == 0 ? "always, from the lowest volume tried on"
                              : "from the lowest volume tried on, but not throughout");
        return;
    }
    if (g->count == 0) {
        none(f, g->never != NULL ? g->never : "never");
        return;
    }
    const struct cs_crossing *const k = &g->crossings[0]; /* where it begins to be cheaper */
    const double low = isnan(k->sampling_lo) ? x->along.low : k->sampling_lo;
    const double high = isnan(k->sampling_hi) ? x->along.high : k->sampling_hi;
    const double model_low = isnan(k->model_lo) ? x->along.low : k->model_lo;
    const double model_high = isnan(k->model_hi) ? x->along.high : k->model_hi;
    set(f, k->at * a->tokens_each, fmin(low, k->model_known ? model_low : low) * a->tokens_each,
        fmax(high, k->model_known ? model_high : high) * a->tokens_each);
    f->of = cs_arena_printf(a->arena, "%ld × %s", k->gpus, option_name(a, (int)k->option + 1));
}

/* --- verdicts -------------------------------------------------------------------------------- */

static void judge(struct cs_finding *f)
{
    static const double NEAR = 1.25;
    const struct cs_claimed *const c = f->claimed;
    if (isnan(f->value)) {
        f->verdict =
            f->why == NO_PRICE || f->why == NO_FITS ? CS_CLAIM_UNANSWERED : CS_CLAIM_FAILS;
        f->factor = NAN;
        return;
    }
    const double slack = 1e-9 * fabs(f->value);
    if (f->lo <= c->high + slack && f->hi >= c->low - slack) {
        f->verdict = CS_CLAIM_HOLDS;
        f->factor = 1.0;
        return;
    }
    const bool more = f->lo > c->high; /* the answer is more than claimed */
    const double gap = more ? f->lo / c->high : c->low / f->hi;
    f->factor = more ? f->value / c->high : f->value / c->low;
    f->verdict = gap <= NEAR ? CS_CLAIM_NEAR : CS_CLAIM_FAILS;
}

bool cs_sum_comes_out(const struct cs_sum *s)
{
    return fabs(s->left - s->right) <= 0.03 * fmax(fabs(s->left), fabs(s->right));
}

/* What a claim speaks of must be there. */
static bool check(const struct cs_scenario *s, struct cs_diags *diags)
{
    bool sound = true;
    for (size_t i = 0; i < s->claim->figure_count; i++) {
        const struct cs_claimed *const c = &s->claim->figures[i];
        if (c->api_name != NULL && c->api == NULL) {
            cs_diag_error(diags, c->span, "name one of `compare`, or its number there",
                          "claim.figures: the scenario does not compare with '%s'", c->api_name);
            sound = false;
        }
        const int most = c->option > c->than ? c->option : c->than;
        if ((size_t)most > s->option_count) {
            cs_diag_error(diags, c->span, NULL,
                          "claim.figures: there is no option %d, the scenario has %zu", most,
                          s->option_count);
            sound = false;
        }
    }
    return sound;
}

bool cs_claims_run(struct cs_trial_of_claim *t, struct cs_study *study, struct cs_arena *arena,
                   struct cs_diags *diags)
{
    struct asking a = {.study = study, .scenario = study->scenario, .arena = arena};
    const struct cs_claim *const c = study->scenario->claim;
    *t = (struct cs_trial_of_claim){.scenario = study->scenario};
    if (!check(study->scenario, diags) || !prepare(&a, diags))
        return false;
    struct cs_finding *const all = cs_arena_alloc(arena, c->figure_count + 1, sizeof *all);
    for (size_t i = 0; i < c->figure_count; i++) {
        struct cs_finding *const f = &all[i];
        *f = (struct cs_finding){.claimed = &c->figures[i]};
        const enum cs_claim_kind kind = f->claimed->kind;
        if (kind <= CS_CLAIM_TIMES_CHEAPER)
            answer_plan(&a, f);
        else if (kind == CS_CLAIM_CROSSOVER)
            answer_crossover(&a, f);
        else if (kind <= CS_CLAIM_TOKENS_PER_S)
            answer_fit(&a, f);
        else
            answer_capacity(&a, f);
        judge(f);
        t->verdicts[f->verdict]++;
    }
    for (size_t i = 0; i < c->sum_count; i++)
        t->sums_wrong += !cs_sum_comes_out(&c->sums[i]);
    t->findings = all;
    t->count = c->figure_count;
    return true;
}
