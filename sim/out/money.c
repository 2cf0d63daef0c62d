/* Amounts and their assumptions, in words (see money.h).
 *
 * The rule: a price of a sheet is shown as the sheet has it, in USD per million tokens; only sums
 * are converted, so that a reader can find the price in its source.
 * Memory: the arena given.
 */
#include "out/money.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

const char *cs_money_code(const struct cs_scenario *s)
{
    return s->cost.currency != NULL ? s->cost.currency : "USD";
}

struct cs_figure cs_money_figure(const struct cs_scenario *s, double usd)
{
    return cs_figure_usd(s->cost.currency != NULL ? usd / s->cost.currency_usd : usd);
}

const char *cs_money_per(struct cs_arena *arena, const struct cs_scenario *s, const char *what)
{
    return cs_arena_printf(arena, "%s/%s", cs_money_code(s), what);
}

const char *cs_money_source(struct cs_arena *arena, const struct cs_price_used *p)
{
    const bool owned = p->basis && strcmp(p->basis, "owned") == 0; /* its line says how */
    if (owned && !p->date)
        return "";
    const char *const parts[] = {owned ? NULL : p->provider, p->basis, p->date};
    const char *words = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i] && *parts[i])
            words = cs_arena_printf(arena, "%s%s%s", words, *words ? ", " : "", parts[i]);
    return p->source ? cs_arena_printf(arena, "%s: %s", words, p->source) : words;
}

const char *cs_money_why(struct cs_arena *arena, const struct cs_cost_breakdown *c,
                         const struct cs_price_used *price, int item)
{
    const char *const why = c->why[item] ? c->why[item] : "none given";
    const char *const source = item == CS_COST_GPU ? cs_money_source(arena, price) : "";
    return *source ? cs_arena_printf(arena, "%s; %s", why, source) : why;
}

const char *cs_money_rate(struct cs_arena *arena, const struct cs_scenario *s)
{
    return cs_arena_printf(arena, "1 %s = %.6g USD, as the scenario states%s%s", cs_money_code(s),
                           s->cost.currency_usd, s->cost.exchange_date ? " for " : "",
                           s->cost.exchange_date ? s->cost.exchange_date : "");
}

int cs_money_lines(const struct cs_cost_breakdown *c, int items[CS_COST_ITEMS])
{
    int count = 0;
    for (int i = 0; i < CS_COST_ITEMS; i++)
        if (i <= CS_COST_STAFF || c->why[i] != NULL)
            items[count++] = i;
    return count;
}

static const char * and (struct cs_arena * arena, const char *words, const char *more)
{
    return cs_arena_printf(arena, "%s; %s", words, more);
}

/* How the busiest minute compares with the rate limits. */
static const char *words_of_limit(struct cs_arena *arena, const struct cs_api_answer *a)
{
    const bool over = a->over_limit > 1.0;
    return cs_arena_printf(arena, "busiest minute %s %s of %s's rate limit%s",
                           over ? "ASKS" : "asks", cs_figure_percent(a->over_limit).text,
                           a->limit->tier, over ? ": it would be throttled" : "");
}

const char *cs_money_terms(struct cs_arena *arena, const struct cs_scenario *s,
                           const struct cs_api_answer *a)
{
    const struct cs_api_price *const p = a->price;
    if (!p)
        return a->note ? cs_arena_printf(arena, "no price known; %s", a->note) : "no price known";
    const char *words =
        cs_arena_printf(arena, "%s in, %s out; %s, %s", cs_figure_usd(1e6 * p->input).text,
                        cs_figure_usd(1e6 * p->output).text, cs_words_basis[p->basis],
                        p->date ? p->date : "no date");
    const double paid = a->bought ? a->bought->price * s->cost.api_price : 1;
    if (paid != 1)
        words = and(arena, words, cs_arena_printf(arena, "%g %% of it paid", 100 * paid));
    if (a->batch > 0)
        words = and(
            arena, words,
            cs_arena_printf(
                arena, "%s of requests as batches at %s, %s", cs_figure_percent(a->batch).text,
                cs_figure_usd(1e6 * fmax(0, p->batch_input >= 0 ? p->batch_input : p->input)).text,
                cs_figure_usd(1e6 * fmax(0, p->batch_output >= 0 ? p->batch_output : p->output))
                    .text));
    if (a->cached > 0)
        words = and(arena, words,
                    cs_arena_printf(arena, "%s of prompt tokens cached, at %s",
                                    cs_figure_percent(a->cached).text,
                                    cs_figure_usd(1e6 * p->cached_input).text));
    if (a->units > 0)
        words = and(arena, words,
                    cs_arena_printf(arena, "%s %s of %s committed at %s USD/h",
                                    cs_figure_number(a->units, 0).text, a->offer->unit,
                                    a->offer->provider,
                                    cs_figure_usd(3600 * a->offer->usd_per_s).text));
    if (a->limit && a->over_limit >= 0.1) /* what is far away is in the JSON */
        words = and(arena, words, words_of_limit(arena, a));
    if (a->share_over_context > 0)
        words = and(arena, words,
                    cs_arena_printf(arena, "%s of requests exceed its context",
                                    cs_figure_percent(a->share_over_context).text));
    return a->note && !(a->share_over_context > 0) ? and(arena, words, a->note) : words;
}
