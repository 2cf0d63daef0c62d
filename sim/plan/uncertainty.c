/* Draws, regrets and tornados: see uncertainty.h.
 *
 * Dimensions of the hypercube are the inputs, then one for each kind of option (model, engine,
 * hardware, precision): options that share a step model share its error. A draw is a variant of the
 * study; what it leaves is one cost for each option and API.
 * Memory: the arena given; the matrix of costs is draws x choices.
 */
#include "plan/uncertainty.h"
#include "base/rng.h"
#include "des/estimate.h"
#include "plan/crossover.h"
#include "spec/yaml.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LOW = 0.05, HIGH = 0.95;

/* --- inputs ---------------------------------------------------------------------------------- */

static double quantile(const struct cs_uncertain *u, double q)
{
    double x = u->a;
    const double span = u->c - u->a, turn = span > 0.0 ? (u->b - u->a) / span : 0.0;
    switch (u->kind) {
    case CS_NORMAL:
        x = u->a + u->b * cs_estimate_normal(q);
        break;
    case CS_LOGNORMAL:
        x = u->a * exp(u->b * cs_estimate_normal(q));
        break;
    case CS_UNIFORM:
        x = u->a + q * span;
        break;
    case CS_TRIANGULAR: /* the inverse of a piecewise parabola */
        x = q < turn ? u->a + sqrt(q * span * (u->b - u->a))
                     : u->c - sqrt((1.0 - q) * span * (u->c - u->b));
        break;
    }
    x = fmin(fmax(x, u->low), u->high);
    return u->whole ? floor(x + 0.5) : x;
}

static const char *value_text(const struct cs_uncertain *u, double x, const char *format,
                              struct cs_arena *arena)
{
    const char *const number = cs_arena_printf(arena, format, x / u->si);
    return cs_arena_printf(arena, "%s%s%s", number, *u->unit ? " " : "", u->unit);
}

const char *cs_uncertain_at(const struct cs_uncertain *u, double q, struct cs_arena *arena)
{
    return cs_arena_printf(arena, "%s=%s", u->key, value_text(u, quantile(u, q), "%.12g", arena));
}

const char *cs_uncertain_words(const struct cs_uncertain *u, double q, struct cs_arena *arena)
{
    double x = quantile(u, q) / u->shown_si;
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    int i = 0;
    const bool counted = strncmp(u->shown, "tokens", 6) == 0 || strncmp(u->shown, "req", 3) == 0;
    while (counted && i < 4 && fabs(x) >= 1000.0) {
        x /= 1000.0;
        i++;
    }
    return cs_arena_printf(arena, "%.3g%s%s%s", x, prefixes[i],
                           *u->shown ? " " : "", u->shown);
}

/* --- draws ----------------------------------------------------------------------------------- */

struct sampling {
    struct cs_study *study;
    const struct cs_scenario *scenario;
    struct cs_arena *arena;
    size_t options, apis, draws;
    int *kinds; /* of each option */
    int kind_count;
    bool *sound;  /* of each draw: whether it makes a scenario */
    double *usd;  /* draws x (options + apis); INFINITY: will not do */
    double *gpus; /* draws x options */
};

static bool same_kind(const struct cs_option *a, const struct cs_option *b)
{
    return a->model == b->model && a->hardware == b->hardware && a->engine == b->engine &&
           a->precision == b->precision;
}

static void find_kinds(struct sampling *s)
{
    s->kinds = cs_arena_alloc(s->arena, s->options, sizeof *s->kinds);
    for (size_t o = 0; o < s->options; o++) {
        s->kinds[o] = s->kind_count;
        for (size_t k = 0; k < o; k++)
            if (same_kind(&s->scenario->options[o], &s->scenario->options[k]))
                s->kinds[o] = s->kinds[k];
        s->kind_count += s->kinds[o] == s->kind_count;
    }
}

/* One dimension of the hypercube: a value in each of n equal parts, shuffled. */
static double *dimension(const struct sampling *s, const char *name)
{
    const size_t n = s->draws;
    double *const u = cs_arena_alloc(s->arena, n, sizeof *u);
    struct cs_rng rng;
    cs_rng_init(&rng, s->scenario->simulate.seed, 0,
                cs_arena_printf(s->arena, "uncertain/%s", name));
    for (size_t i = 0; i < n; i++) {
        const size_t j = (size_t)(cs_rng_uniform(&rng) * (double)(i + 1));
        u[i] = u[j];
        u[j] = (double)i;
    }
    for (size_t i = 0; i < n; i++)
        u[i] = (u[i] + cs_rng_uniform(&rng)) / (double)n;
    return u;
}

static void take_draw(void *user, size_t index, const struct cs_answer *answer,
                      const struct cs_diags *diags)
{
    struct sampling *s = user;
    double *const usd = s->usd + index * (s->options + s->apis);
    double *const gpus = s->gpus + index * s->options;
    s->sound[index] = answer != NULL && !cs_diags_has_errors(diags);
    for (size_t c = 0; c < s->options + s->apis; c++)
        usd[c] = INFINITY;
    for (size_t o = 0; answer != NULL && o < answer->option_count; o++) {
        const struct cs_option_answer *const a = &answer->options[o];
        if (a->feasible && isfinite(a->cost.usd_per_day))
            usd[a->index] = a->cost.usd_per_day;
        gpus[a->index] = (double)a->gpus;
    }
    for (size_t i = 0; answer != NULL && i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        if (isfinite(a->usd_per_day))
            usd[s->options + (size_t)(a->bought - answer->scenario->compare)] = a->usd_per_day;
    }
}

static void draw(struct sampling *s)
{
    const size_t inputs = s->scenario->uncertain_count;
    double **const u = cs_arena_alloc(s->arena, inputs + 1, sizeof *u);
    double **const z = cs_arena_alloc(s->arena, (size_t)s->kind_count + 1, sizeof *z);
    struct cs_variant *const variants = cs_arena_alloc(s->arena, s->draws, sizeof *variants);
    for (size_t i = 0; i < inputs; i++)
        u[i] = dimension(s, s->scenario->uncertain[i].key);
    for (int k = 0; s->scenario->uncertain_model && k < s->kind_count; k++)
        z[k] = dimension(s, cs_arena_printf(s->arena, "step times %d", k));
    for (size_t d = 0; d < s->draws; d++) {
        const char **const sets = cs_arena_alloc(s->arena, inputs, sizeof *sets);
        double *const at = cs_arena_alloc(s->arena, s->options, sizeof *at);
        for (size_t i = 0; i < inputs; i++)
            sets[i] = cs_uncertain_at(&s->scenario->uncertain[i], u[i][d], s->arena);
        for (size_t o = 0; o < s->options; o++)
            at[o] = s->scenario->uncertain_model ? cs_estimate_normal(z[s->kinds[o]][d]) : 0.0;
        variants[d] = (struct cs_variant){
            .sets = sets, .set_count = inputs, .effort = CS_EFFORT_SKETCH, .z = at};
    }
    s->usd = cs_arena_alloc(s->arena, s->draws * (s->options + s->apis), sizeof *s->usd);
    s->gpus = cs_arena_alloc(s->arena, s->draws * s->options, sizeof *s->gpus);
    s->sound = cs_arena_alloc(s->arena, s->draws, sizeof *s->sound);
    cs_study_run(s->study, variants, s->draws, take_draw, s);
}

/* Draws that contradict themselves (a spot share of 70 % beside half that is reserved) say nothing
 * of anybody's cost: they are left out. */
static void keep_sound(struct sampling *s)
{
    const size_t all = s->options + s->apis;
    size_t n = 0;
    for (size_t d = 0; d < s->draws; d++) {
        if (!s->sound[d])
            continue;
        memmove(s->usd + n * all, s->usd + d * all, all * sizeof *s->usd);
        memmove(s->gpus + n * s->options, s->gpus + d * s->options, s->options * sizeof *s->gpus);
        n++;
    }
    s->draws = n;
}

/* Each input by itself, at quantiles from end to end, must make a sound scenario. */
static bool check_inputs(struct cs_study *study, struct cs_arena *arena, struct cs_diags *diags)
{
    static const double quantiles[] = {0.5, 0.05, 0.95};
    struct cs_study own = *study;
    const size_t errors = diags->errors;
    own.option = "uncertain";
    for (size_t i = 0; i < study->scenario->uncertain_count; i++)
        for (size_t q = 0; q < sizeof quantiles / sizeof quantiles[0]; q++) {
            const char *const set =
                cs_uncertain_at(&study->scenario->uncertain[i], quantiles[q], arena);
            const size_t before = diags->errors;
            cs_study_resolve(&own, &(struct cs_variant){.sets = &set, .set_count = 1}, diags);
            if (diags->errors > before)
                break; /* one quantile says it */
        }
    return diags->errors == errors;
}

/* --- what draws say -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts x; quantiles as order statistics, between two of them on the line. */
static double at_share(const double *x, size_t n, double q)
{
    const double place = q * (double)(n - 1);
    const size_t i = (size_t)place;
    return i + 1 < n ? x[i] + (place - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}

static struct cs_spread spread_of(double *x, size_t n)
{
    if (n == 0)
        return (struct cs_spread){NAN, NAN, NAN, NAN, NAN, NAN};
    qsort(x, n, sizeof *x, by_value);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return (struct cs_spread){sum / (double)n,     at_share(x, n, 0.05), at_share(x, n, 0.25),
                              at_share(x, n, 0.5), at_share(x, n, 0.75), at_share(x, n, 0.95)};
}

static double least(const double *usd, size_t from, size_t to)
{
    double best = INFINITY;
    for (size_t c = from; c < to; c++)
        best = fmin(best, usd[c]);
    return best;
}

static void judge_choice(struct sampling *s, struct cs_choice *choice, size_t c, double *scratch)
{
    const size_t all = s->options + s->apis;
    size_t n = 0;
    double cheapest = 0.0;
    for (size_t d = 0; d < s->draws; d++)
        if (isfinite(s->usd[d * all + c]))
            scratch[n++] = s->usd[d * all + c];
    choice->usd = spread_of(scratch, n);
    choice->fails = 1.0 - (double)n / (double)s->draws;
    n = 0;
    for (size_t d = 0; d < s->draws; d++) {
        const double *const usd = s->usd + d * all;
        const double best = least(usd, 0, all);
        if (!isfinite(usd[c]))
            continue;
        size_t equals = 0; /* equal costs share the first place */
        for (size_t k = 0; k < all; k++)
            equals += usd[k] <= best * (1.0 + 1e-12);
        cheapest += usd[c] <= best * (1.0 + 1e-12) ? 1.0 / (double)equals : 0.0;
        scratch[n++] = usd[c] - best;
    }
    const struct cs_spread regret = spread_of(scratch, n);
    choice->regret_mean = regret.mean;
    choice->regret_p95 = regret.p95;
    choice->regret_max = n > 0 ? scratch[n - 1] : NAN;
    const struct cs_interval share = cs_estimate_share(cheapest, (double)s->draws, 0.95);
    choice->cheapest = share.value;
    choice->cheapest_lo = share.lo;
    choice->cheapest_hi = share.hi;
    choice->gpus_p5 = choice->gpus_p50 = choice->gpus_p95 = NAN;
    if (c >= s->options)
        return;
    n = 0;
    for (size_t d = 0; d < s->draws; d++)
        if (isfinite(s->usd[d * all + c]))
            scratch[n++] = s->gpus[d * s->options + c];
    if (n == 0)
        return;
    qsort(scratch, n, sizeof *scratch, by_value);
    choice->gpus_p5 = scratch[(size_t)(0.05 * (double)(n - 1) + 0.5)];
    choice->gpus_p50 = scratch[(size_t)(0.5 * (double)(n - 1) + 0.5)];
    choice->gpus_p95 = scratch[(size_t)(0.95 * (double)(n - 1) + 0.5)];
}

static int by_regret(const void *a, const void *b)
{
    const struct cs_choice *const x = a, *const y = b;
    if (x->fails != y->fails)
        return x->fails > y->fails ? 1 : -1;
    if (isnan(x->regret_mean) != isnan(y->regret_mean))
        return isnan(x->regret_mean) ? 1 : -1;
    if (x->regret_mean != y->regret_mean)
        return x->regret_mean > y->regret_mean ? 1 : -1;
    if ((x->api == NULL) != (y->api == NULL))
        return x->api == NULL ? -1 : 1;
    return x->option > y->option || x->api > y->api ? 1 : -1;
}

static void sum_up(struct cs_uncertainty *u, struct sampling *s)
{
    const size_t all = s->options + s->apis;
    double *const scratch = cs_arena_alloc(s->arena, s->draws, sizeof *scratch);
    struct cs_choice *const choices = cs_arena_alloc(s->arena, all, sizeof *choices);
    for (size_t c = 0; c < all; c++) {
        choices[c] = (struct cs_choice){.option = c < s->options ? c : 0};
        if (c >= s->options)
            choices[c].api = &s->scenario->compare[c - s->options];
        judge_choice(s, &choices[c], c, scratch);
    }
    size_t n = 0;
    double own = 0.0;
    for (size_t d = 0; d < s->draws; d++) {
        const double *const usd = s->usd + d * all;
        const double best = least(usd, 0, s->options);
        if (isfinite(best))
            scratch[n++] = best;
        own += isfinite(best) && best <= least(usd, s->options, all);
    }
    u->feasible = (double)n / (double)s->draws;
    u->usd = spread_of(scratch, n);
    const struct cs_interval share = cs_estimate_share(own, (double)s->draws, 0.95);
    u->own_cheapest = share.value;
    u->own_cheapest_lo = share.lo;
    u->own_cheapest_hi = share.hi;
    qsort(choices, all, sizeof *choices, by_regret);
    u->choices = choices;
    u->choice_count = all;
}

/* --- tornado --------------------------------------------------------------------------------- */

struct ends { /* of each row: the best plan's cost at its low and high end; the last is nominal */
    double *usd;
};

static void take_end(void *user, size_t index, const struct cs_answer *answer,
                     const struct cs_diags *diags)
{
    struct ends *e = user;
    (void)diags;
    e->usd[index] = INFINITY;
    if (answer != NULL && answer->best >= 0 &&
        isfinite(answer->options[answer->best].cost.usd_per_day))
        e->usd[index] = answer->options[answer->best].cost.usd_per_day;
}

/* The first crossing of hosting and an API with some settings; NaN: none. */
static double cross(struct cs_study *study, const char *set, double z, size_t api,
                    const struct cs_uncertainty_settings *settings, const char **unit,
                    struct cs_arena *arena)
{
    struct cs_study own = *study; /* the same threads and catalogues, another tree */
    struct cs_along along;
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    if (set != NULL) {
        struct cs_node *const root = cs_node_clone(study->root, arena);
        cs_node_set_by(root, set, "--set", arena, &diags);
        own.root = root;
        own.scenario = cs_study_resolve(&own, &(struct cs_variant){.sets = NULL}, &diags);
    }
    if (own.scenario == NULL ||
        !cs_along_parse(&along, "volume", settings->range, study, arena, &diags))
        return NAN;
    own.progress = NULL;
    struct cs_crossover c;
    const struct cs_crossover_settings quick = {
        .points = 9, .placed = !isnan(z), .z = z, .only = api + 1};
    cs_crossover_run(&c, &own, &along, &quick, arena);
    *unit = c.along.unit;
    return c.against[api].count > 0 ? c.against[api].crossings[0].at : NAN;
}

static int by_swing(const void *a, const void *b)
{
    const struct cs_tornado_row *const x = a, *const y = b;
    const double p = fabs(x->usd_high - x->usd_low), q = fabs(y->usd_high - y->usd_low);
    const bool no_p = isnan(p), no_q = isnan(q);
    return no_p || no_q ? no_p - no_q : p != q ? (p < q ? 1 : -1) : strcmp(x->name, y->name);
}

/* The API that the tornado's crossover is with: the one asked for, else the first that hosting
 * crosses at the nominal values, else the first. */
static size_t choose_api(struct cs_uncertainty *u, struct cs_study *study,
                         const struct cs_uncertainty_settings *settings, struct cs_arena *arena)
{
    const struct cs_scenario *const s = u->scenario;
    for (size_t a = 0; settings->against != NULL && a < s->compare_count; a++)
        if (strcmp(s->compare[a].api->name, settings->against) == 0)
            return a;
    for (size_t a = 0; a < s->compare_count; a++) {
        u->nominal_cross = cross(study, NULL, NAN, a, settings, &u->cross_unit, arena);
        if (!isnan(u->nominal_cross))
            return a;
    }
    return 0;
}

static void blow(struct cs_uncertainty *u, struct cs_study *study,
                 const struct cs_uncertainty_settings *settings, struct cs_arena *arena)
{
    const struct cs_scenario *const s = u->scenario;
    const size_t inputs = s->uncertain_count, rows = inputs + s->uncertain_model;
    struct cs_tornado_row *const all = cs_arena_alloc(arena, rows + 1, sizeof *all);
    struct cs_variant *const variants = cs_arena_alloc(arena, 2 * rows + 1, sizeof *variants);
    double *const z = cs_arena_alloc(arena, 3 * s->option_count, sizeof *z);
    struct ends ends = {cs_arena_alloc(arena, 2 * rows + 1, sizeof(double))};
    for (size_t o = 0; o < s->option_count; o++) { /* low, high, and none */
        z[o] = cs_estimate_normal(LOW);
        z[s->option_count + o] = cs_estimate_normal(HIGH);
        z[2 * s->option_count + o] = 0.0;
    }
    for (size_t i = 0; i < 2 * rows + 1; i++) {
        const char **const set = cs_arena_alloc(arena, 1, sizeof *set);
        const double q = i % 2 == 0 ? LOW : HIGH;
        variants[i] = (struct cs_variant){
            .sets = set, .effort = CS_EFFORT_BRIEF, .z = z + 2 * s->option_count};
        if (i / 2 < inputs) {
            *set = cs_uncertain_at(&s->uncertain[i / 2], q, arena);
            variants[i].set_count = 1;
        } else if (i / 2 < rows) {
            variants[i].z = z + (i % 2) * s->option_count;
        }
    }
    cs_study_run(study, variants, 2 * rows + 1, take_end, &ends);
    u->nominal_usd = ends.usd[2 * rows];
    const bool crosses =
        settings->crossover && s->compare_count > 0 && s->traffic.kind != CS_VOLUME_TRACE;
    const size_t api = crosses ? choose_api(u, study, settings, arena) : 0;
    if (crosses) {
        u->against = &s->compare[api];
        if (isnan(u->nominal_cross))
            u->nominal_cross = cross(study, NULL, NAN, api, settings, &u->cross_unit, arena);
    }
    for (size_t i = 0; i < rows; i++) {
        struct cs_tornado_row *const r = &all[i];
        const struct cs_uncertain *const input = i < inputs ? &s->uncertain[i] : NULL;
        *r = (struct cs_tornado_row){.name = input ? input->key : "step times",
                                     .usd_low = ends.usd[2 * i],
                                     .usd_high = ends.usd[2 * i + 1],
                                     .cross_low = NAN,
                                     .cross_high = NAN};
        r->low = input ? cs_uncertain_words(input, LOW, arena) : "fast";
        r->high = input ? cs_uncertain_words(input, HIGH, arena) : "slow";
        const bool volume =
            input && strncmp(input->key, "traffic.", 8) == 0 &&
            (strcmp(input->key + 8, "volume") == 0 || strcmp(input->key + 8, "rate") == 0 ||
             strcmp(input->key + 8, "requests") == 0);
        if (!crosses || volume) /* the crossing is along it */
            continue;
        for (int end = 0; end < 2; end++) {
            const double q = end == 0 ? LOW : HIGH;
            const char *const set = input ? cs_uncertain_at(input, q, arena) : NULL;
            *(end == 0 ? &r->cross_low : &r->cross_high) =
                cross(study, set, input ? NAN : cs_estimate_normal(q), api, settings,
                      &u->cross_unit, arena);
        }
    }
    qsort(all, rows, sizeof *all, by_swing);
    u->rows = all;
    u->row_count = rows;
}

bool cs_uncertainty_run(struct cs_uncertainty *u, struct cs_study *study,
                        const struct cs_uncertainty_settings *settings, struct cs_arena *arena,
                        struct cs_diags *diags)
{
    const struct cs_scenario *const s = study->scenario;
    *u = (struct cs_uncertainty){.scenario = s,
                                 .samples = settings->samples > 0 ? settings->samples
                                                                  : (size_t)s->simulate.samples,
                                 .nominal_usd = NAN,
                                 .nominal_cross = NAN,
                                 .cross_unit = ""};
    struct sampling sampling = {.study = study,
                                .scenario = s,
                                .arena = arena,
                                .options = s->option_count,
                                .apis = s->compare_count,
                                .draws = u->samples};
    if (!check_inputs(study, arena, diags))
        return false;
    find_kinds(&sampling);
    draw(&sampling);
    keep_sound(&sampling);
    u->unsound = u->samples - sampling.draws;
    if (sampling.draws == 0) {
        cs_diag_error(diags, (struct cs_span){.source = NULL},
                      "together they contradict one another; make one of them certain",
                      "uncertain: no draw makes a sound scenario");
        return false;
    }
    sum_up(u, &sampling);
    if (settings->tornado)
        blow(u, study, settings, arena);
    return true;
}
