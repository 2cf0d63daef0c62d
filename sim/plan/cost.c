/* Prices chosen, fleets and API bills added up: equations in cost.h.
 *
 * "listed" for GPUs is the median over providers of their lowest on-demand price: one provider
 * with many regions counts once. A date picks, per provider, the newest row not after it. Nothing
 * is converted or guessed: a sheet without any price leaves the cost unknown (NaN), and the option
 * is ranked last.
 */
#include "plan/cost.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double HOUR_S = 3600.0, DAY_S = 86400.0, DAYS_PER_MONTH = 30.4375;

static bool is_date(const char *text)
{
    return text != NULL && isdigit((unsigned char)text[0]) && strlen(text) >= 7 && text[4] == '-';
}

static int by_price(const void *a, const void *b)
{
    const double x = (*(const struct cs_rental *const *)a)->usd_per_s;
    const double y = (*(const struct cs_rental *const *)b)->usd_per_s;
    return (x > y) - (x < y);
}

/* On-demand rows, one per provider (its lowest; with a date its newest not after it), by price. */
static size_t on_demand(const struct cs_hardware *h, const char *until,
                        const struct cs_rental **rows)
{
    size_t n = 0;
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *r = &h->rentals[i];
        if (strcmp(r->term, "on_demand") != 0)
            continue;
        if (until != NULL && (r->date == NULL || strcmp(r->date, until) > 0))
            continue;
        size_t at = 0;
        while (at < n && strcasecmp(rows[at]->provider, r->provider) != 0)
            at++;
        const bool newer = at < n && until != NULL && rows[at]->date != NULL &&
                           strcmp(r->date, rows[at]->date) > 0;
        if (at == n || newer || (until == NULL && r->usd_per_s < rows[at]->usd_per_s))
            rows[at] = r;
        n += at == n;
    }
    qsort(rows, n, sizeof *rows, by_price);
    return n;
}

static void use(struct cs_price_used *p, const struct cs_rental *r, const char *basis)
{
    *p = (struct cs_price_used){.usd_per_gpu_hour = r->usd_per_s * HOUR_S,
                                .source = r->source,
                                .date = r->date,
                                .provider = r->provider,
                                .basis = basis};
}

static bool use_median(struct cs_price_used *p, const struct cs_hardware *h, const char *until,
                       struct cs_arena *arena)
{
    const struct cs_rental **rows = cs_arena_alloc(arena, h->rental_count + 1, sizeof *rows);
    const size_t n = on_demand(h, until, rows);
    if (n == 0)
        return false;
    use(p, rows[n / 2], "listed");
    if (n % 2 == 0) {
        p->usd_per_gpu_hour = 0.5 * (rows[n / 2 - 1]->usd_per_s + rows[n / 2]->usd_per_s) * HOUR_S;
        p->source = cs_arena_printf(arena, "%s; %s", rows[n / 2 - 1]->source, rows[n / 2]->source);
        p->provider =
            cs_arena_printf(arena, "%s / %s", rows[n / 2 - 1]->provider, rows[n / 2]->provider);
    }
    p->provider = cs_arena_printf(arena, "median of %zu providers (%s)", n, p->provider);
    return true;
}

static bool use_named(struct cs_price_used *p, const struct cs_hardware *h, const char *wanted)
{
    const struct cs_rental *best = NULL;
    const bool article = strcmp(wanted, "article") == 0;
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *r = &h->rentals[i];
        const bool fits =
            article ? strcmp(r->term, "article") == 0
                    : strcmp(r->term, "on_demand") == 0 && strcasecmp(r->provider, wanted) == 0;
        if (fits && (best == NULL || r->usd_per_s < best->usd_per_s))
            best = r;
    }
    if (best != NULL)
        use(p, best, article ? "article" : "provider");
    return best != NULL;
}

/* USD per day and GPU of a machine that was bought; nothing where it is paid for already. */
static double write_off(const struct cs_hardware *h, const struct cs_own *own)
{
    const double purchase = own->purchase_usd >= 0.0  ? own->purchase_usd
                            : h->purchase_count > 0 ? h->purchases[0].usd
                                                    : NAN;
    const double price = purchase + own->server_usd;
    return price == 0.0 ? 0.0 : price * (1.0 - own->residual) / (own->years * 365.25);
}

static void use_own(struct cs_price_used *p, const struct cs_hardware *h, const struct cs_own *own)
{
    const bool sheet = own->purchase_usd < 0.0 && h->purchase_count > 0;
    *p = (struct cs_price_used){
        .usd_per_gpu_hour = write_off(h, own) / 24.0,
        .source = sheet ? h->purchases[0].source : "cost.own of the scenario",
        .date = sheet ? h->purchases[0].date : NULL,
        .provider = own->purchase_usd == 0.0 && own->server_usd == 0.0
                        ? "paid for already: only electricity counts"
                        : "purchase written off",
        .basis = "owned"};
}

void cs_cost_gpu_price(struct cs_price_used *p, const struct cs_hardware *h,
                       const struct cs_cost *cost, struct cs_arena *arena)
{
    *p = (struct cs_price_used){.usd_per_gpu_hour = NAN};
    if (cost->own.has) {
        use_own(p, h, &cost->own);
        return;
    }
    if (cost->gpu_usd_per_s > 0.0) {
        *p = (struct cs_price_used){.usd_per_gpu_hour = cost->gpu_usd_per_s * HOUR_S,
                                    .source = "cost.gpu of the scenario",
                                    .basis = "scenario"};
        return;
    }
    const bool listed = strcmp(cost->prices, "listed") == 0;
    const char *until = is_date(cost->prices) ? cost->prices : NULL;
    if (!listed && until == NULL && use_named(p, h, cost->prices))
        return;
    if (use_median(p, h, until, arena)) {
        if (!listed && until == NULL)
            p->note = cs_arena_printf(arena, "no '%s' price of %s: %s", cost->prices, h->title,
                                      p->provider);
        return;
    }
    if (until != NULL && use_median(p, h, NULL, arena)) {
        p->note =
            cs_arena_printf(arena, "no price of %s up to %s: %s", h->title, until, p->provider);
        return;
    }
    if (use_named(p, h, "article"))
        p->note =
            cs_arena_printf(arena, "no '%s' price of %s: the article's", cost->prices, h->title);
}

void cs_cost_fleet(struct cs_cost_breakdown *b, const struct cs_hardware *h,
                   const struct cs_cost *cost, const struct cs_price_used *price, double gpus,
                   double busy, double tokens_per_day)
{
    *b = (struct cs_cost_breakdown){.kwh_per_day = NAN, .kg_co2e_per_day = NAN};
    const double share = isnan(busy) ? 1.0 : busy;
    double joules = NAN;
    if (h->tdp_w > 0.0) {
        const double idle = h->idle_w > 0.0 ? h->idle_w : h->tdp_w;
        const double watts = idle + (h->tdp_w - idle) * share + cost->own.server_w;
        const double pue = cost->own.has && cost->own.pue > 0.0 ? cost->own.pue
                           : cost->pue > 0.0                    ? cost->pue
                                                                : 1.0;
        joules = gpus * watts * pue * DAY_S;
        b->kwh_per_day = joules / 3.6e6;
        if (cost->carbon_kg_per_J > 0.0)
            b->kg_co2e_per_day = joules * cost->carbon_kg_per_J;
    }
    if (cost->own.has) {
        b->gpu = gpus * write_off(h, &cost->own);
        b->energy = joules * cost->own.electricity_usd_per_J;
    } else {
        b->gpu = gpus * price->usd_per_gpu_hour * 24.0;
    }
    b->staff = cost->staff_usd_per_s * DAY_S;
    b->usd_per_day = b->gpu + b->energy + b->staff;
    b->usd_per_month = b->usd_per_day * DAYS_PER_MONTH;
    b->usd_per_mtok = b->usd_per_day / (tokens_per_day * 1e-6);
}

/* ---- APIs -------------------------------------------------------------------------------- */

static const struct cs_api_price *newest(const struct cs_api *api, enum cs_price_basis basis,
                                         const char *provider, const char *until)
{
    const struct cs_api_price *best = NULL;
    for (size_t i = 0; i < api->price_count; i++) {
        const struct cs_api_price *p = &api->prices[i];
        if (p->basis != basis || (provider != NULL && strcasecmp(p->provider, provider) != 0))
            continue;
        if (until != NULL && (p->date == NULL || strcmp(p->date, until) > 0))
            continue;
        if (best == NULL ||
            (p->date != NULL && best->date != NULL && strcmp(p->date, best->date) > 0))
            best = p;
    }
    return best;
}

static const struct cs_api_price *choose(const struct cs_api *api, const char *wanted,
                                         const char **note, struct cs_arena *arena)
{
    static const char *const said[] = {"the article's", "the maker's list", "a reseller's"};
    const char *until = is_date(wanted) ? wanted : NULL;
    const struct cs_api_price *p = NULL;
    if (strcmp(wanted, "article") == 0)
        p = newest(api, CS_PRICE_ARTICLE, NULL, NULL);
    else if (until != NULL || strcmp(wanted, "listed") == 0)
        p = newest(api, CS_PRICE_LISTED, NULL, until);
    else
        for (int b = 0; b < CS_PRICE_BASIS_COUNT && p == NULL; b++)
            p = newest(api, (enum cs_price_basis)b, wanted, NULL);
    if (p != NULL)
        return p;
    static const enum cs_price_basis order[] = {CS_PRICE_LISTED, CS_PRICE_RESELLER,
                                                CS_PRICE_ARTICLE};
    for (size_t i = 0; i < sizeof order / sizeof order[0] && p == NULL; i++)
        p = newest(api, order[i], NULL, NULL);
    if (p != NULL)
        *note = cs_arena_printf(arena, "no '%s' price: %s, %s", wanted, said[p->basis],
                                p->date != NULL ? p->date : "undated");
    return p;
}

/* The price of one request under a price's tiers: the highest tier its input exceeds. */
static void price_of(const struct cs_api_price *p, double input_tokens, double *input,
                     double *output)
{
    *input = p->input;
    *output = p->output;
    for (size_t t = 0; t < p->tier_count; t++) {
        if (input_tokens <= p->tiers[t].above_tokens)
            break;
        *input = p->tiers[t].input;
        *output = p->tiers[t].output;
    }
}

static int by_bill(const void *a, const void *b)
{
    const double x = ((const struct cs_api_answer *)a)->usd_per_day;
    const double y = ((const struct cs_api_answer *)b)->usd_per_day;
    if (isnan(x) != isnan(y))
        return isnan(x) ? 1 : -1;
    if (x != y && !isnan(x))
        return x > y ? 1 : -1;
    return strcmp(((const struct cs_api_answer *)a)->api->name,
                  ((const struct cs_api_answer *)b)->api->name);
}

const struct cs_api_answer *cs_cost_apis(const struct cs_scenario *s,
                                         const struct cs_workload_spec *workload,
                                         struct cs_arena *arena)
{
    enum { SAMPLE = 200000 };
    struct cs_api_answer *bills = cs_arena_alloc(arena, s->compare_count, sizeof *bills);
    for (size_t i = 0; i < s->compare_count; i++) {
        bills[i].api = s->compare[i];
        bills[i].price = choose(s->compare[i], s->cost.prices, &bills[i].note, arena);
    }
    /* Request by request: money per token of input and of output, and what exceeds the context. */
    struct cs_workload w;
    cs_workload_init(&w, workload, s->simulate.seed, 0, arena);
    struct cs_arrival a;
    double n = 0.0, input_tokens = 0.0, output_tokens = 0.0;
    while (n < SAMPLE && cs_workload_next(&w, &a)) {
        n += 1.0;
        input_tokens += a.input;
        output_tokens += a.output;
        for (size_t i = 0; i < s->compare_count; i++) {
            if (bills[i].price == NULL)
                continue;
            double in, out;
            price_of(bills[i].price, a.input, &in, &out);
            /* what tiers add to the base price: nothing, exactly, when no request reaches one */
            bills[i].input += (in - bills[i].price->input) * a.input;
            bills[i].output += (out - bills[i].price->output) * a.output;
            const double context = bills[i].api->context_tokens;
            bills[i].share_over_context += context > 0.0 && (double)a.input + a.output > context;
        }
    }
    const double per_day = workload->requests_per_s * DAY_S;
    const double tokens = per_day * (workload->mean_input + workload->mean_output);
    for (size_t i = 0; i < s->compare_count; i++) {
        struct cs_api_answer *b = &bills[i];
        if (b->price == NULL || n == 0.0) {
            b->usd_per_day = b->usd_per_mtok = b->input = b->output = NAN;
            continue;
        }
        b->input = per_day * workload->mean_input * (b->price->input + b->input / input_tokens);
        b->output =
            per_day * workload->mean_output * (b->price->output + b->output / output_tokens);
        b->usd_per_day = b->input + b->output;
        b->usd_per_mtok = b->usd_per_day / (tokens * 1e-6);
        b->share_over_context /= n;
        if (b->share_over_context > 0.0 && b->note == NULL)
            b->note = cs_arena_printf(arena, "%.2g %% of requests exceed its context",
                                      100.0 * b->share_over_context);
    }
    qsort(bills, s->compare_count, sizeof *bills, by_bill);
    return bills;
}
