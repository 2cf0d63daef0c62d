/* Points of cost curves, planned in parallel: see costcurve.h.
 *
 * A wanted point is a variant of the study with one option alone, so that a point costs what its
 * option costs. Its answer is copied where the variant was planned and inserted into its curve when
 * all are back, in the order in which they were wanted: threads cannot show.
 */
#include "plan/costcurve.h"
#include "base/check.h"
#include "base/suggest.h"
#include "plan/range.h"
#include "spec/tables.h"
#include "spec/yaml.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cs_wanted {
    struct cs_cost_curve *curve;
    double x;
    enum cs_effort effort;
    struct cs_cost_point found;
};

/* --- axes ------------------------------------------------------------------------------------ */

double cs_along_at(const struct cs_along *a, double u)
{
    return a->log ? a->low * pow(a->high / a->low, u) : a->low + u * (a->high - a->low);
}

double cs_along_middle(const struct cs_along *a, double p, double q)
{
    return a->log ? sqrt(p * q) : 0.5 * (p + q);
}

double cs_along_width(const struct cs_along *a, double p, double q)
{
    return a->log ? log(q / p) : (q - p) / (a->high - a->low);
}

/* What people call an axis, and the key that they mean. */
static const struct named {
    const char *name, *key, *unit;
    enum cs_along_kind kind;
    bool log;
    double low, high; /* of the range unless told otherwise; around `here` where below is true */
    bool around;
} named[] = {
    {"volume", "traffic.volume", "tokens/day", CS_ALONG_KEY, true, 0.01, 10.0, true},
    {"gpu_price", "cost.gpu_price", "%", CS_ALONG_KEY, true, 25.0, 400.0, false},
    {"output_share", NULL, "", CS_ALONG_SHARE, false, 0.05, 0.95, false},
    {"slo", NULL, "", CS_ALONG_SLO, true, 0.25, 4.0, false},
    {"utilisation", NULL, "", CS_ALONG_LOAD, true, 0.01, 1.0, false},
};

/* The key by which this scenario says how much comes in. */
static void choose_volume(struct cs_along *a, const struct cs_study *study)
{
    static const struct {
        const char *key, *unit;
    } keys[] = {{"traffic.volume", "tokens/day"},
                {"traffic.requests", "req/day"},
                {"traffic.rate", "req/s"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (cs_node_find(study->root, keys[i].key) != NULL) {
            a->key = keys[i].key;
            a->unit = keys[i].unit;
        }
}

double cs_along_here(const struct cs_along *a, const struct cs_scenario *s)
{
    const struct cs_traffic *const t = &s->traffic;
    if (a->kind == CS_ALONG_SLO)
        return 1.0;
    if (a->kind == CS_ALONG_LOAD) {
        struct cs_along volume = {.kind = CS_ALONG_KEY, .key = a->key};
        return cs_along_here(&volume, s) / a->most;
    }
    if (a->kind == CS_ALONG_SHARE) {
        struct cs_workload_spec w;
        cs_workload_prepare(&w, t, &s->simulate, NULL);
        return w.mean_output / (w.mean_input + w.mean_output);
    }
    if (strcmp(a->key, "traffic.volume") == 0)
        return t->tokens_per_s * 86400.0;
    if (strcmp(a->key, "traffic.requests") == 0)
        return t->requests_per_s * 86400.0;
    if (strcmp(a->key, "traffic.rate") == 0)
        return t->requests_per_s;
    if (strcmp(a->key, "cost.gpu_price") == 0)
        return s->cost.gpu_price * 100.0;
    return NAN;
}

static bool refuse(struct cs_diags *diags, const char *hint, const char *what, const char *name)
{
    cs_diag_error(diags, (struct cs_span){.source = NULL}, hint, what, name);
    return false;
}

/* Without what conversion left behind the fifteenth digit: 50M are 50000000. */
static double tidy(double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", x);
    return strtod(text, NULL);
}

/* "A..B" of an axis, in its unit unless it names its own. */
static bool read_range(struct cs_along *a, const char *range, struct cs_arena *arena,
                       struct cs_diags *diags)
{
    struct cs_range r;
    const bool bare = *a->unit != '\0' && strpbrk(range, " /%") == NULL;
    const char *const key = a->key != NULL ? a->key : a->name;
    const char *const text = cs_arena_printf(
        arena, "%s=%s%s%s", key, range, bare && *a->unit != '%' ? " " : "", bare ? a->unit : "");
    if (!cs_range_parse(&r, text, "--range", arena, diags))
        return false;
    if (!r.continuous)
        return refuse(diags, "such as 1M..500M", "--range: '%s' is no range A..B", range);
    double scale = 1.0;
    if (a->kind != CS_ALONG_KEY) { /* shares and factors */
        scale = strcmp(r.unit, "%") == 0 ? 0.01 : 1.0;
    } else if (*a->unit == '\0') {
        a->unit = *r.unit == ' ' ? r.unit + 1 : r.unit;
    } else {
        struct cs_range one;
        const char *const gap = *a->unit == '%' ? "" : " ";
        cs_range_parse(&one, cs_arena_printf(arena, "%s=1..2%s%s", a->key, gap, a->unit),
                       "--range", arena, diags);
        if (!(r.si > 0.0) || !(one.si > 0.0))
            return refuse(diags, cs_arena_printf(arena, "ends in %s", a->unit),
                          "--range: '%s' has another unit", range);
        scale = r.si / one.si;
    }
    a->low = tidy(r.low * scale);
    a->high = tidy(r.high * scale);
    a->log = a->log || r.log;
    if (a->log && !(a->low > 0.0))
        return refuse(diags, NULL, "--range: '%s' does not begin above 0", range);
    return true;
}

static bool refuse_axis(const char *axis, struct cs_arena *arena, struct cs_diags *diags)
{
    enum { COUNT = sizeof named / sizeof named[0] };
    const char *names[COUNT], *all = "";
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = named[i].name;
        all = cs_arena_printf(arena, "%s%s, ", all, names[i]);
    }
    const char *const near = cs_suggest(axis, names, COUNT);
    return refuse(diags,
                  near ? cs_arena_printf(arena, "did you mean '%s'?", near)
                       : cs_arena_printf(arena, "%sor a key of the scenario", all),
                  "--axis %s is neither an axis nor a key of a scenario", axis);
}

/* The setting that puts a key's axis at x. */
static const char *set_of(const struct cs_along *a, double x, struct cs_arena *arena)
{
    return cs_arena_printf(arena, "%s=%.12g%s%s", a->key, x,
                           *a->unit && *a->unit != '%' ? " " : "", a->unit);
}

/* Both ends of a key's range must make sound scenarios. */
static bool check_ends(const struct cs_along *a, const struct cs_study *study,
                       struct cs_arena *arena, struct cs_diags *diags)
{
    const size_t errors = diags->errors;
    struct cs_study own = *study;
    own.option = "--axis";
    for (int end = 0; end < 2; end++) {
        const char *const set = set_of(a, end == 0 ? a->low : a->high, arena);
        cs_study_resolve(&own, &(struct cs_variant){.sets = &set, .set_count = 1}, diags);
        if (diags->errors > errors)
            return false;
    }
    return true;
}

bool cs_along_parse(struct cs_along *a, const char *axis, const char *range,
                    const struct cs_study *study, struct cs_arena *arena, struct cs_diags *diags)
{
    const struct named *known = NULL;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (strcmp(axis, named[i].name) == 0 ||
            (named[i].key != NULL && strcmp(axis, named[i].key) == 0))
            known = &named[i];
    if (strcmp(axis, "traffic.rate") == 0 || strcmp(axis, "traffic.requests") == 0)
        known = &named[0];
    *a = (struct cs_along){.kind = CS_ALONG_KEY, .name = axis, .key = axis, .unit = ""};
    if (known != NULL)
        *a = (struct cs_along){.kind = known->kind,
                               .name = axis,
                               .key = known->key,
                               .unit = known->unit,
                               .log = known->log,
                               .low = known->low,
                               .high = known->high};
    if (known == NULL && cs_table_find(&cs_table_scenario, axis) == NULL)
        return refuse_axis(axis, arena, diags);
    if (known == &named[0]) {
        if (study->scenario->traffic.kind == CS_VOLUME_TRACE)
            return refuse(diags, "describe the traffic instead: volume, lengths and curve",
                          "--axis %s: a trace has the volume that it has", axis);
        choose_volume(a, study);
    }
    if (a->kind == CS_ALONG_LOAD && study->scenario->option_count != 1)
        return refuse(diags, "keep one, such as --set 'deploy={hardware: h100-sxm-80gb}'",
                      "--axis %s is of one fleet, and the scenario has several options", axis);
    if (a->kind == CS_ALONG_SLO && study->scenario->slo.count == 0)
        return refuse(diags, NULL, "--axis %s: the scenario has no SLO", axis);
    const struct cs_key *const key = known == NULL ? cs_table_find(&cs_table_scenario, axis) : NULL;
    double si;
    if (range != NULL && key != NULL && key->kind == CS_KEY_QUANTITY && !key->bare &&
        key->unit != CS_UNIT_SHARE &&
        strspn(range, "0123456789.kMGTx: ") == strlen(range)) /* in the unit that people write */
        a->unit = cs_unit_usual(key->unit, &si);
    if (range != NULL)
        return read_range(a, range, arena, diags) &&
               (known != NULL || check_ends(a, study, arena, diags));
    if (known == NULL)
        return refuse(diags, "such as --range 1..10", "--axis %s needs a range", axis);
    const double here = known->around ? cs_along_here(a, study->scenario) : 1.0;
    if (!(here > 0.0))
        return refuse(diags, "such as --range 0.5..10", "--axis %s needs a range here", axis);
    a->low *= here;
    a->high *= here;
    return true;
}

/* --- points ---------------------------------------------------------------------------------- */

void cs_curves_init(struct cs_curves *c, struct cs_study *study, const struct cs_along *along,
                    struct cs_arena *arena)
{
    *c = (struct cs_curves){.study = study,
                            .along = *along,
                            .arena = arena,
                            .api_count = study->scenario->compare_count};
}

/* Whether both are the same x, as far as a curve is looked at. */
static bool is_same(const struct cs_along *a, double x, double y)
{
    return fabs(cs_along_width(a, fmin(x, y), fmax(x, y))) < 1e-9;
}

void cs_curves_want(struct cs_curves *c, struct cs_cost_curve *curve, double x,
                    enum cs_effort effort)
{
    for (size_t i = 0; i < curve->count; i++)
        if (is_same(&c->along, curve->points[i].x, x) && curve->points[i].effort <= effort)
            return;
    for (size_t i = 0; i < c->wanted_count; i++) {
        struct cs_wanted *w = &c->wanted[i];
        if (w->curve == curve && is_same(&c->along, w->x, x)) {
            w->effort = w->effort < effort ? w->effort : effort;
            return;
        }
    }
    c->wanted = cs_arena_grow(c->arena, c->wanted, c->wanted_count, sizeof *c->wanted);
    c->wanted[c->wanted_count++] = (struct cs_wanted){.curve = curve, .x = x, .effort = effort};
}

const char *const *cs_along_limits(const struct cs_scenario *scenario, double factor,
                                   struct cs_arena *arena)
{
    static const char *const metrics[] = {"ttft", "tpot", "itl", "e2e"};
    const struct cs_slo *const slo = &scenario->slo;
    const char **const sets = cs_arena_alloc(arena, slo->count, sizeof *sets);
    for (size_t i = 0; i < slo->count; i++) {
        const double p = slo->limits[i].percentile;
        const char *const point = p == 0.0                ? "mean"
                                  : fabs(p - 99.9) < 1e-6 ? "p99_9"
                                                          : cs_arena_printf(arena, "p%g", p);
        sets[i] = cs_arena_printf(arena, "slo.%s.%s=%.12g s", metrics[slo->limits[i].metric], point,
                                  slo->limits[i].limit_s * factor);
    }
    return sets;
}

const char *const *cs_curves_sets(const struct cs_curves *c, const struct cs_cost_curve *curve,
                                  double x, size_t *count)
{
    const struct cs_slo *const slo = &c->study->scenario->slo;
    const struct cs_along *const a = &c->along;
    const size_t own = a->kind == CS_ALONG_SLO ? slo->count : 1;
    const char **const sets = cs_arena_alloc(c->arena, curve->set_count + own, sizeof *sets);
    size_t n = 0;
    for (size_t i = 0; i < curve->set_count; i++)
        sets[n++] = curve->sets[i];
    if (a->kind == CS_ALONG_SLO) {
        const char *const *const limits = cs_along_limits(c->study->scenario, x, c->arena);
        for (size_t i = 0; i < slo->count; i++)
            sets[n++] = limits[i];
    }
    if (a->kind == CS_ALONG_SHARE)
        sets[n++] = cs_arena_printf(c->arena, "traffic.input_share=%.12g", 1.0 - x);
    if (a->kind == CS_ALONG_LOAD)
        sets[n++] = cs_arena_printf(c->arena, "%s=%.12g %s", a->key, x * a->most, a->most_unit);
    if (a->kind == CS_ALONG_KEY)
        sets[n++] = set_of(a, x, c->arena);
    *count = n;
    return sets;
}

struct planning {
    struct cs_curves *curves;
    double *bills; /* api_count for each wanted point */
    struct cs_wanted *wanted;
};

/* What a day of `gpus` costs with so many times the price of GPUs, else as planned. */
static double cost_of(const struct cs_answer *answer, const struct cs_option_answer *o, long gpus,
                      double gpu_price)
{
    if (gpus == o->gpus && gpu_price == 1.0)
        return o->cost.usd_per_day;
    struct cs_arena scratch;
    struct cs_cost_breakdown b;
    struct cs_price_used price;
    struct cs_cost cost = answer->scenario->cost;
    cost.gpu_price *= gpu_price;
    cs_arena_init(&scratch);
    cs_price_gpus(&price, o->option->hardware, &cost, (double)gpus, &scratch);
    const double tokens = answer->requests_per_day * (answer->mean_input + answer->mean_output);
    const struct cs_cost_use use = {.gpus = (double)gpus,
                                    .busy = fmin(1.0, o->busy * (double)o->gpus / (double)gpus),
                                    .tokens_per_day = tokens,
                                    .output_tokens_per_day =
                                        answer->requests_per_day * answer->mean_output,
                                    .weights_bytes = o->memory.weights_bytes};
    cs_cost_fleet(&b, o->option->hardware, &cost, &price, &use, &scratch);
    cs_arena_fini(&scratch);
    return b.usd_per_day;
}

static void take(void *user, size_t index, const struct cs_answer *answer,
                 const struct cs_diags *diags)
{
    struct planning *p = user;
    const size_t apis = p->curves->api_count;
    struct cs_wanted *w = &p->wanted[index];
    struct cs_cost_point *f = &w->found;
    double *const bills = p->bills + index * apis;
    (void)diags;
    *f = (struct cs_cost_point){.x = w->x,
                                .effort = w->effort,
                                .usd = INFINITY,
                                .usd_lo = INFINITY,
                                .usd_hi = INFINITY,
                                .api = bills,
                                .load = NAN};
    for (size_t i = 0; i < apis; i++)
        bills[i] = NAN;
    if (answer == NULL) { /* x makes no sound scenario */
        f->why = "no sound scenario";
        return;
    }
    for (size_t i = 0; i < answer->api_count; i++)
        bills[answer->apis[i].bought - answer->scenario->compare] = answer->apis[i].usd_per_day;
    const struct cs_option_answer *const o = &answer->options[0];
    f->feasible = o->feasible && isfinite(o->cost.usd_per_day);
    f->standing = o->feasible ? o->undecided ? CS_MAY_MEET : CS_MEETS
                  : o->undecided ? CS_MAY_MISS : CS_MISSES;
    f->binding = o->binding;
    if (!f->feasible) {
        f->why = o->feasible ? "no price known" : "the SLO cannot be met";
        return;
    }
    f->gpus = o->gpus;
    f->gpus_lo = o->gpus_lo > 0 ? o->gpus_lo : o->gpus;
    f->gpus_hi = o->gpus_hi > 0 ? o->gpus_hi : o->gpus;
    f->replicas = o->replicas;
    f->tensor = o->tensor_parallel;
    f->usd = o->cost.usd_per_day;
    f->usd_lo = cost_of(answer, o, f->gpus_lo, 1.0);
    f->usd_hi = cost_of(answer, o, f->gpus_hi, 1.0);
    f->gpu_usd = cost_of(answer, o, f->gpus, 2.0) - f->usd;
    f->load = o->capacity_share;
    f->ttft_p95_s = o->latency[CS_METRIC_TTFT].stat[CS_STAT_P95].value;
    f->tpot_p95_s = o->latency[CS_METRIC_TPOT].stat[CS_STAT_P95].value;
}

static void insert(struct cs_curves *c, struct cs_cost_curve *curve,
                   const struct cs_cost_point *point)
{
    size_t at = 0;
    while (at < curve->count && curve->points[at].x < point->x &&
           !is_same(&c->along, curve->points[at].x, point->x))
        at++;
    if (at < curve->count && is_same(&c->along, curve->points[at].x, point->x)) {
        curve->points[at] = *point;
        return;
    }
    curve->points = cs_arena_grow(c->arena, curve->points, curve->count, sizeof *curve->points);
    for (size_t i = curve->count++; i > at; i--)
        curve->points[i] = curve->points[i - 1];
    curve->points[at] = *point;
}

bool cs_curves_plan(struct cs_curves *c)
{
    const size_t n = c->wanted_count;
    if (n == 0)
        return false;
    const size_t options = c->study->scenario->option_count;
    struct cs_variant *const variants = cs_arena_alloc(c->arena, n, sizeof *variants);
    struct planning p = {c, cs_arena_alloc(c->arena, n * c->api_count, sizeof(double)), c->wanted};
    for (size_t i = 0; i < n; i++) {
        const struct cs_cost_curve *const curve = c->wanted[i].curve;
        double *z = NULL;
        if (!isnan(curve->z)) {
            z = cs_arena_alloc(c->arena, options, sizeof *z);
            for (size_t k = 0; k < options; k++)
                z[k] = curve->z;
        }
        variants[i] = (struct cs_variant){.effort = c->wanted[i].effort,
                                          .only = (int)curve->option + 1,
                                          .z = z,
                                          .given = curve->given};
        variants[i].sets = cs_curves_sets(c, curve, c->wanted[i].x, &variants[i].set_count);
    }
    cs_study_run(c->study, variants, n, take, &p);
    for (size_t i = 0; i < n; i++)
        insert(c, c->wanted[i].curve, &c->wanted[i].found);
    c->planned += n;
    c->wanted = NULL;
    c->wanted_count = 0;
    return true;
}
