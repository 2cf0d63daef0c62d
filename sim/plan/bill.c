/* Bills, request by request: see bill.h.
 *
 * One walk over the workload serves all APIs. It is left out where no request can differ from the
 * mean one: no tier and no context that the longest request could reach, nothing shared that a
 * cache could find. A request is a batch by the trace's class "batch" or by a draw of its own, the
 * same for all APIs of the same share.
 *
 * The busiest minute is looked for in the hour from the start of the curve's highest step, in a
 * trace in all of it. What committed units cannot take is what the curve's steps exceed them by.
 */
#include "plan/bill.h"
#include "plan/apicache.h"
#include "plan/price.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double DAY_S = 86400.0, MINUTE_S = 60.0, PS = 1e12;

/* --- which price ----------------------------------------------------------------------------- */

static const struct cs_api_price *newest(const struct cs_api *api, enum cs_price_basis basis,
                                         const char *provider, const char *day)
{
    const struct cs_api_price *best = NULL;
    for (size_t i = 0; i < api->price_count; i++) {
        const struct cs_api_price *p = &api->prices[i];
        if (p->basis != basis || (provider != NULL && strcasecmp(p->provider, provider) != 0) ||
            !cs_price_holds(p->date, day))
            continue;
        if (best == NULL ||
            (p->date != NULL && best->date != NULL && strcmp(p->date, best->date) > 0))
            best = p;
    }
    return best;
}

static const struct cs_api_price *choose(const struct cs_api *api, const struct cs_cost *cost,
                                         const char **note, struct cs_arena *arena)
{
    static const char *const said[] = {"the article's", "the maker's list", "a reseller's"};
    const char *wanted = cost->prices, *day = cost->as_of;
    const struct cs_api_price *p = NULL;
    if (strcmp(wanted, "article") == 0)
        p = newest(api, CS_PRICE_ARTICLE, NULL, NULL);
    else if (wanted == day || strcmp(wanted, "listed") == 0)
        p = newest(api, CS_PRICE_LISTED, NULL, day);
    else
        for (int b = 0; b < CS_PRICE_BASIS_COUNT && p == NULL; b++)
            p = newest(api, (enum cs_price_basis)b, wanted, day);
    if (p != NULL)
        return p;
    static const enum cs_price_basis order[] = {CS_PRICE_LISTED, CS_PRICE_RESELLER,
                                                CS_PRICE_ARTICLE};
    for (size_t i = 0; i < sizeof order / sizeof order[0] && p == NULL; i++)
        p = newest(api, order[i], NULL, day);
    for (size_t i = 0; i < sizeof order / sizeof order[0] && p == NULL; i++)
        p = newest(api, order[i], NULL, NULL);
    if (p != NULL)
        *note = cs_arena_printf(arena, "no '%s' price: %s, %s",
                                day != NULL && strcmp(wanted, "listed") == 0 ? day : wanted,
                                said[p->basis], p->date != NULL ? p->date : "undated");
    return p;
}

/* --- one bill -------------------------------------------------------------------------------- */

/* Sums over the requests walked: money beside that of the base prices. */
struct sums {
    double tier_input, tier_output; /* of all requests: what tiers add */
    double saved, written, read;    /* of the cache: less input, and its two prices */
    double found, asked;            /* prompt tokens of requests that are no batches */
    double over;
};
struct bill {
    struct cs_api_answer *a;
    double paid;                      /* share of the list price */
    double batch_input, batch_output; /* of the base price */
    bool caches;
    struct cs_apicache *cache; /* shared by bills whose batches are the same requests */
    bool opened;               /* it was made for this one */
    struct sums sums;
};

struct request_price {
    double input, output, cached_input;
};

/* The price of one request: the highest tier its input exceeds. */
static struct request_price price_of(const struct cs_api_price *p, double input_tokens)
{
    struct request_price r = {p->input, p->output, p->cached_input};
    for (size_t t = 0; t < p->tier_count && input_tokens > p->tiers[t].above_tokens; t++) {
        const struct cs_api_tier *k = &p->tiers[t];
        r = (struct request_price){k->input, k->output,
                                   k->cached_input >= 0.0 ? k->cached_input : r.cached_input};
    }
    return r;
}

/* The row whose batch discount holds: the price's own, else the API's newest that has one. */
static const struct cs_api_price *batch_row(const struct cs_api *api, const struct cs_api_price *p,
                                            const struct cs_cost *cost)
{
    const struct cs_api_price *row = p->batch_input >= 0.0 ? p : NULL;
    if (row != NULL)
        return row;
    for (size_t i = 0; i < api->price_count; i++) {
        const struct cs_api_price *const q = &api->prices[i];
        const bool has = q->batch_input >= 0.0 && q->batch_output >= 0.0 && q->input > 0.0 &&
                         q->output > 0.0 && cs_price_holds(q->date, cost->as_of);
        if (has && (row == NULL || (q->date != NULL && (row->date == NULL ||
                                                        strcmp(q->date, row->date) > 0))))
            row = q;
    }
    return row;
}

static void add_note(struct cs_api_answer *a, struct cs_arena *arena, const char *words)
{
    a->note = cs_arena_printf(arena, "%s%s%s", a->note != NULL ? a->note : "",
                              a->note != NULL ? "; " : "", words);
}

static void open_bill(struct bill *b, struct cs_api_answer *a, const struct cs_compare *c,
                      const struct cs_scenario *s, struct cs_arena *arena)
{
    *a = (struct cs_api_answer){.api = c->api, .bought = c, .over_limit = NAN};
    *b = (struct bill){.a = a, .paid = c->price * s->cost.api_price};
    a->price = choose(c->api, &s->cost, &a->note, arena);
    a->batch = c->batch >= 0.0 ? c->batch : s->traffic.batch;
    if (a->price == NULL)
        return;
    const struct cs_api_price *p = a->price;
    const struct cs_api_price *const q = batch_row(c->api, p, &s->cost);
    b->batch_input = q != NULL && q->input > 0.0 ? q->batch_input / q->input : 1.0;
    b->batch_output =
        q != NULL && q->output > 0.0 && q->batch_output >= 0.0 ? q->batch_output / q->output : 1.0;
    b->caches = c->caching && p->cached_input >= 0.0 && s->traffic.shares;
    if (a->batch > 0.0 && q == NULL)
        add_note(a, arena, "no batch price: batches at the full one");
    else if (a->batch > 0.0 && q != p)
        add_note(a, arena,
                 cs_arena_printf(arena, "batches at the discount of the %s price%s%s",
                                 q->basis == CS_PRICE_LISTED ? "listed" : "other",
                                 q->date != NULL ? " of " : "", q->date != NULL ? q->date : ""));
}

static void take_request(struct bill *b, const struct cs_arrival *r, bool batch)
{
    const struct cs_api_answer *a = b->a;
    const struct cs_api_price *p = a->price;
    if (p == NULL)
        return;
    const struct request_price at = price_of(p, r->input);
    const double context = a->api->context_tokens;
    b->sums.over += context > 0.0 && (double)r->input + r->output > context;
    b->sums.tier_input += (at.input - p->input) * r->input * (batch ? b->batch_input : 1.0);
    b->sums.tier_output += (at.output - p->output) * r->output * (batch ? b->batch_output : 1.0);
    if (batch)
        return;
    b->sums.asked += r->input;
    if (!b->caches)
        return;
    const struct cs_api_cache *kept = &a->api->cache;
    double shared, found = cs_apicache_find(b->cache, r, kept->kept_s, &shared);
    found = fmin(floor(found / kept->step_tokens) * kept->step_tokens, r->input - 1.0);
    found = found >= kept->least_tokens ? found : 0.0;
    shared = shared >= kept->least_tokens ? shared : 0.0;
    const double put = p->cache_write >= 0.0 ? fmax(0.0, shared - found) : 0.0;
    b->sums.found += found;
    b->sums.saved += (found + put) * at.input;
    b->sums.read += found * at.cached_input;
    b->sums.written += put * p->cache_write * (p->input > 0.0 ? at.input / p->input : 1.0);
}

/* --- classes --------------------------------------------------------------------------------- */

/* Which requests are batches: the trace's say so, or so many of all. */
struct classes {
    const struct cs_trace *trace;
    int32_t batch; /* the id of that class; -1: the trace has none */
    double drawn;  /* of the request at hand, uniform */
};

static struct classes open_classes(const struct cs_trace *trace)
{
    struct classes c = {.trace = trace, .batch = -1};
    for (size_t i = 0; trace != NULL && trace->klass.ids != NULL && i < trace->klass.count; i++)
        if (strcasecmp(trace->klass.names[i], "batch") == 0)
            c.batch = (int32_t)i;
    return c;
}

static bool is_batch(const struct classes *c, const struct bill *b, size_t index)
{
    if (b->a->bought->batch < 0.0 && c->batch >= 0)
        return c->trace->klass.ids[index] == c->batch;
    return c->drawn < b->a->batch;
}

static bool batches_alike(const struct classes *c, const struct bill *a, const struct bill *b)
{
    const bool own_a = a->a->bought->batch < 0.0 && c->batch >= 0;
    const bool own_b = b->a->bought->batch < 0.0 && c->batch >= 0;
    return own_a == own_b && (own_a || a->a->batch == b->a->batch);
}

/* Batches go without the vendor's cache, and do not keep it warm for others. */
static void open_caches(struct bill *bills, size_t count, const struct classes *c,
                        struct cs_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i && bills[i].cache == NULL; k++)
            if (bills[k].opened && batches_alike(c, &bills[i], &bills[k]))
                bills[i].cache = bills[k].cache;
        bills[i].opened = bills[i].cache == NULL;
        if (bills[i].opened)
            bills[i].cache = cs_apicache_new(arena);
    }
}

/* --- the walk -------------------------------------------------------------------------------- */

struct walked {
    double requests, input, output;            /* all tokens of the requests walked */
    double batch_input, batch_output, batches; /* of the trace's own batches */
};

static double longest(const struct cs_lengths *l)
{
    if (l->max > 0.0)
        return l->max;
    return l->kind == CS_LENGTHS_FIXED       ? l->a
           : l->kind == CS_LENGTHS_UNIFORM   ? l->b
           : l->kind == CS_LENGTHS_QUANTILES ? l->values[l->level_count - 1]
                                             : INFINITY;
}

/* Whether some request can differ from the mean one in its price. */
static bool must_walk(const struct bill *bills, size_t count, const struct cs_workload_spec *w)
{
    const struct cs_traffic *t = w->traffic;
    double input = INFINITY, output = INFINITY;
    if (w->trace != NULL)
        return true;
    if (t->joint) {
        const struct cs_joint_lengths *p = &t->pairs;
        input = p->input[p->level_count - 1];
        output = 0.0;
        for (size_t b = 0; b < p->bands; b++)
            output = fmax(output, p->output[(b + 1) * p->level_count - 1]);
    } else {
        input = longest(&t->input);
        output = longest(&t->output);
    }
    input = ceil(input * w->input_scale) + 1.0;
    output = ceil(output * w->output_scale) + 1.0;
    for (size_t i = 0; i < count; i++) {
        const struct cs_api_price *p = bills[i].a->price;
        const double context = bills[i].a->api->context_tokens;
        if (p == NULL)
            continue;
        if (bills[i].caches || (context > 0.0 && input + output > context) ||
            (p->tier_count > 0 && input > p->tiers[0].above_tokens))
            return true;
    }
    return false;
}

static struct walked walk(struct bill *bills, size_t count, const struct cs_scenario *s,
                          const struct cs_workload_spec *spec, double sample)
{
    struct walked all = {0};
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct classes classes = open_classes(spec->trace);
    struct cs_workload w;
    struct cs_arrival r;
    struct cs_rng drawn;
    open_caches(bills, count, &classes, &arena);
    cs_workload_init(&w, spec, s->simulate.seed, 0, &arena);
    cs_rng_init(&drawn, s->simulate.seed, 0, "bill/class");
    for (size_t n = 0; (double)n < sample && cs_workload_next(&w, &r); n++) {
        classes.drawn = cs_rng_uniform(&drawn);
        all.requests += 1.0;
        all.input += r.input;
        all.output += r.output;
        if (classes.batch >= 0 && spec->trace->klass.ids[n] == classes.batch) {
            all.batches += 1.0;
            all.batch_input += r.input;
            all.batch_output += r.output;
        }
        for (size_t i = 0; i < count; i++)
            take_request(&bills[i], &r, is_batch(&classes, &bills[i], n));
        for (size_t i = 0; i < count && s->traffic.shares; i++)
            if (bills[i].opened && !is_batch(&classes, &bills[i], n))
                cs_apicache_use(bills[i].cache, &r);
    }
    for (size_t i = 0; i < count; i++)
        if (bills[i].opened)
            cs_apicache_drop(bills[i].cache);
    cs_arena_fini(&arena);
    return all;
}

/* Sums as money a day: the base price of the mean request, and what the walk found beside it. */
static void close_bill(struct bill *b, const struct walked *all, const struct cs_workload_spec *w,
                       struct cs_arena *arena)
{
    struct cs_api_answer *a = b->a;
    const struct cs_api_price *p = a->price;
    if (p == NULL) {
        a->usd_per_day = a->usd_per_mtok = a->input = a->output = NAN;
        return;
    }
    const double per_day = w->requests_per_s * DAY_S;
    const double input_day = per_day * w->mean_input, output_day = per_day * w->mean_output;
    const double of_input = all->input > 0.0 ? b->paid * input_day / all->input : 0.0;
    const double of_output = all->output > 0.0 ? b->paid * output_day / all->output : 0.0;
    double batch_input = a->batch, batch_output = a->batch; /* shares of the tokens */
    if (all->batches > 0.0 && a->bought->batch < 0.0) {
        a->batch = all->batches / all->requests;
        batch_input = all->batch_input / all->input;
        batch_output = all->batch_output / all->output;
    }
    a->input = b->paid * input_day * p->input * (1.0 - batch_input * (1.0 - b->batch_input)) +
               of_input * b->sums.tier_input;
    a->output = b->paid * output_day * p->output * (1.0 - batch_output * (1.0 - b->batch_output)) +
                of_output * b->sums.tier_output;
    if (b->sums.saved > b->sums.read + b->sums.written) {
        a->cached = b->sums.found / b->sums.asked;
        a->input -= of_input * b->sums.saved;
        a->cached_input = of_input * b->sums.read;
        a->cache_write = of_input * b->sums.written;
    }
    if (all->requests > 0.0)
        a->share_over_context = b->sums.over / all->requests;
    if (a->share_over_context > 0.0 && a->note == NULL)
        a->note = cs_arena_printf(arena, "%.2g %% of requests exceed its context",
                                  100.0 * a->share_over_context);
}

/* --- minutes --------------------------------------------------------------------------------- */

struct minute { /* the most in one, each for itself */
    double requests, input, output, weighted;
};

/* The busiest minute; answers count as `weight` prompt tokens in what is weighted. */
static struct minute busiest_minute(const struct cs_scenario *s,
                                    const struct cs_workload_spec *from, double weight)
{
    struct cs_workload_spec spec = *from;
    const struct cs_curve *curve = &spec.traffic->curve;
    if (spec.trace == NULL && spec.max_requests == 0 && curve->count > 0) {
        size_t peak = 0;
        for (size_t i = 1; i < curve->count; i++)
            if (curve->weights[i] > curve->weights[peak] &&
                (double)i * curve->step_s * PS < (double)spec.end_ps)
                peak = i;
        spec.start_ps = (int64_t)((double)peak * curve->step_s * PS);
        if (spec.start_ps + (int64_t)(3600.0 * PS) < spec.end_ps)
            spec.end_ps = spec.start_ps + (int64_t)(3600.0 * PS);
    }
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct cs_workload w;
    struct cs_arrival r;
    struct minute now = {0}, most = {0};
    int64_t at = INT64_MIN;
    cs_workload_init(&w, &spec, s->simulate.seed, 0, &arena);
    for (size_t n = 0; n < 2000000 && cs_workload_next(&w, &r); n++) {
        const int64_t minute = r.time_ps / (int64_t)(MINUTE_S * PS);
        if (minute != at)
            now = (struct minute){0};
        at = minute;
        now.requests += 1.0;
        now.input += r.input;
        now.output += r.output;
        now.weighted = now.input + weight * now.output;
        most = (struct minute){fmax(most.requests, now.requests), fmax(most.input, now.input),
                               fmax(most.output, now.output), fmax(most.weighted, now.weighted)};
    }
    cs_arena_fini(&arena);
    return most;
}

/* The share of the traffic that so many prompt tokens a second do not take, hour by hour. */
static double beyond(const struct cs_workload_spec *w, double weight, double tokens_per_s)
{
    const struct cs_curve *curve = &w->traffic->curve;
    const double mean = w->requests_per_s * (w->mean_input + weight * w->mean_output);
    if (w->trace != NULL || curve->count == 0)
        return fmax(0.0, 1.0 - tokens_per_s / mean);
    double over = 0.0;
    for (size_t i = 0; i < curve->count; i++)
        over += fmax(0.0, mean * curve->weights[i] - tokens_per_s) / (double)curve->count;
    return over / mean;
}

static void commit(struct cs_api_answer *a, const struct cs_scenario *s,
                   const struct cs_workload_spec *w, double paid)
{
    const struct cs_api_committed *offer = &a->api->committed[0];
    const struct minute most = busiest_minute(s, w, offer->output_weight);
    const bool automatic = a->bought->committed < 0;
    double units = a->bought->committed;
    if (automatic)
        units = ceil(most.weighted / MINUTE_S / offer->tokens_per_s);
    units = fmax(offer->least, ceil(units / offer->step - 1e-9) * offer->step);
    const double left =
        automatic ? 0.0 : beyond(w, offer->output_weight, units * offer->tokens_per_s);
    a->offer = offer;
    a->units = (int)fmin(units, 2e9);
    a->committed =
        units * offer->usd_per_s * DAY_S * paid * cs_price_stretch(offer->commitment_s, &s->cost);
    a->input *= left;
    a->output *= left;
    a->cached_input *= left;
    a->cache_write *= left;
}

static void hold_against_limits(struct cs_api_answer *a, const struct cs_scenario *s,
                                const struct cs_workload_spec *w)
{
    const struct cs_api *api = a->api;
    a->limit = &api->limits[api->limit_count - 1];
    for (size_t i = 0; i < api->limit_count; i++)
        if (a->bought->tier != NULL && strcmp(api->limits[i].tier, a->bought->tier) == 0)
            a->limit = &api->limits[i];
    const struct minute most = busiest_minute(s, w, 1.0);
    const double asked[] = {most.requests, most.input, most.output, most.weighted};
    const double allowed[] = {a->limit->requests_per_s, a->limit->input_tokens_per_s,
                              a->limit->output_tokens_per_s, a->limit->tokens_per_s};
    a->over_limit = 0.0;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (allowed[i] > 0.0)
            a->over_limit = fmax(a->over_limit, asked[i] / (allowed[i] * MINUTE_S));
}

/* --- all of them ----------------------------------------------------------------------------- */

static int by_bill(const void *a, const void *b)
{
    const struct cs_api_answer *const x = a, *const y = b;
    if (isnan(x->usd_per_day) != isnan(y->usd_per_day))
        return isnan(x->usd_per_day) ? 1 : -1;
    if (x->usd_per_day != y->usd_per_day && !isnan(x->usd_per_day))
        return x->usd_per_day > y->usd_per_day ? 1 : -1;
    const int names = strcmp(x->api->name, y->api->name);
    return names != 0 ? names : (x->bought > y->bought) - (x->bought < y->bought);
}

const struct cs_api_answer *cs_bill_apis(const struct cs_scenario *s,
                                         const struct cs_workload_spec *w, double sample,
                                         struct cs_arena *arena)
{
    const size_t n = s->compare_count;
    struct cs_api_answer *answers = cs_arena_alloc(arena, n, sizeof *answers);
    struct bill *bills = cs_arena_alloc(arena, n, sizeof *bills);
    for (size_t i = 0; i < n; i++)
        open_bill(&bills[i], &answers[i], &s->compare[i], s, arena);
    struct walked all = {0};
    if (n > 0 && must_walk(bills, n, w))
        all = walk(bills, n, s, w, sample);
    const double tokens = w->requests_per_s * DAY_S * (w->mean_input + w->mean_output);
    for (size_t i = 0; i < n; i++) {
        struct cs_api_answer *a = &answers[i];
        close_bill(&bills[i], &all, w, arena);
        if (a->price == NULL)
            continue;
        if (a->bought->committed != 0 && a->api->committed_count > 0)
            commit(a, s, w, bills[i].paid);
        if (a->units == 0 && a->api->limit_count > 0)
            hold_against_limits(a, s, w);
        a->usd_per_day = a->input + a->cached_input + a->cache_write + a->output + a->committed;
        a->usd_per_mtok = a->usd_per_day / (tokens * 1e-6);
    }
    qsort(answers, n, sizeof *answers, by_bill);
    return answers;
}
