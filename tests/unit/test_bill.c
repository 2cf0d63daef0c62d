/* Bills of APIs, worked by hand: tiers, caches, batches, committed throughput, rate limits.
 *
 * The catalogue's article prices: 50M tokens a day, half of them input, are 25 x 5 + 25 x 25 = 750
 * USD for Claude Opus 4.7 and 25 x 5 + 25 x 30 = 875 USD for GPT-4o. Traces of a few requests show
 * the rest, each worked out above its test.
 */
#include "plan/bill.h"
#include "sheets.h"
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static struct cs_arena *arena;

static void setup(void)
{
    sheets_open();
    arena = sheets_arena();
}

static void teardown(void)
{
    sheets_close();
}

/* 50M tokens a day, half of them prompt. */
static struct cs_scenario scenario_of(const char *prices, const struct cs_api *const *apis,
                                      size_t count)
{
    struct cs_compare *const compare = cs_arena_alloc(arena, count, sizeof *compare);
    for (size_t i = 0; i < count; i++)
        compare[i] = (struct cs_compare){
            .api = apis[i], .label = apis[i]->name, .batch = -1, .price = 1, .caching = true};
    struct cs_scenario s = {
        .traffic = {.kind = CS_VOLUME_TOKENS,
                    .tokens_per_s = 50e6 / 86400,
                    .input = {.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.25},
                    .output = {.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.25},
                    .burstiness = 1},
        .compare = compare,
        .compare_count = count,
        .cost = cs_cost_of(prices),
        .simulate = {.days = 7, .warm_up_s = 3600.0, .seed = 1},
    };
    if (prices[0] == '2') /* a date, as resolve_money.c has it */
        s.cost.as_of = s.cost.prices;
    return s;
}

static const struct cs_api_answer *bills_of(const struct cs_scenario *s,
                                            const struct cs_trace *trace)
{
    struct cs_workload_spec *w = cs_arena_alloc(arena, 1, sizeof *w);
    cs_workload_prepare(w, &s->traffic, &s->simulate, trace);
    return cs_bill_apis(s, w, 200000, arena);
}

START_TEST(fifty_million_tokens_at_the_articles_prices)
{
    const struct cs_api *const apis[] = {sheets_api("gpt-4o"), sheets_api("claude-opus-4.7")};
    const struct cs_scenario s = scenario_of("article", apis, 2);
    const struct cs_api_answer *const bill = bills_of(&s, NULL);
    ck_assert_str_eq(bill[0].api->name, "claude-opus-4.7"); /* cheapest first */
    ck_assert_double_eq_tol(bill[0].usd_per_day, 750, 1e-9);
    ck_assert_double_eq_tol(bill[0].input, 125, 1e-9);
    ck_assert_double_eq_tol(bill[0].output, 625, 1e-9);
    ck_assert_double_eq_tol(bill[0].usd_per_mtok, 15, 1e-12);
    ck_assert_double_eq_tol(bill[1].usd_per_day, 875, 1e-9);
    ck_assert_ptr_null(bill[0].note);
    ck_assert_int_eq(bill[0].price->basis, CS_PRICE_ARTICLE);
}
END_TEST

START_TEST(prices_of_apis_fall_back_and_say_so)
{
    static const struct cs_api_price prices[] = {
        {.basis = CS_PRICE_LISTED,
         .provider = "Maker",
         .date = "2026-02-01",
         .input = 3e-6,
         .output = 7e-6},
        {.basis = CS_PRICE_LISTED,
         .provider = "Maker",
         .date = "2026-06-01",
         .input = 2e-6,
         .output = 5e-6},
        {.basis = CS_PRICE_RESELLER,
         .provider = "Shop",
         .date = "2026-07-01",
         .input = 1e-6,
         .output = 4e-6},
    };
    static const struct cs_api api = {.name = "api", .prices = prices, .price_count = 3},
                               unknown = {.name = "none"},
                               resold = {.name = "resold", .prices = prices + 2, .price_count = 1};
    static const struct {
        const char *asked, *note;
        double usd; /* 25M x input + 25M x output */
    } cases[] = {
        {"listed", NULL, 175},
        {"2026-05-31", NULL, 250},
        {"Shop", NULL, 125},
        {"maker", NULL, 175},
        {"article", "no 'article' price: the maker's list, 2026-06-01", 175},
        {"2025-01-01", "no '2025-01-01' price: the maker's list, 2026-06-01", 175},
    };
    const struct cs_api *const apis[] = {&unknown, &api, &resold};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_scenario s = scenario_of(cases[i].asked, apis, 3);
        const struct cs_api_answer *const bill = bills_of(&s, NULL);
        ck_assert_str_eq(bill[2].api->name, "none"); /* no price: last */
        ck_assert(isnan(bill[2].usd_per_day));
        ck_assert_ptr_null(bill[2].price);
        const struct cs_api_answer *const b = bill[0].api == &api ? &bill[0] : &bill[1];
        ck_assert_double_eq_tol(b->usd_per_day, cases[i].usd, 1e-9);
        if (cases[i].note == NULL)
            ck_assert_ptr_null(b->note);
        else
            ck_assert_str_eq(b->note, cases[i].note);
    }
    const struct cs_scenario s = scenario_of("listed", apis, 3);
    const struct cs_api_answer *const bill = bills_of(&s, NULL);
    ck_assert_ptr_eq(bill[0].api, &resold); /* 125 below 175 */
    ck_assert_str_eq(bill[0].note, "no 'listed' price: a reseller's, 2026-07-01");
}
END_TEST

/* Gemini 3.1 Pro bills a request of more than 200K input tokens whole at 4 / 18 instead of 2 / 12
 * USD/Mtok. Requests of 200000, 200001, 50000 and 350000 tokens, answers of 1000, 2000, 3000, 4000:
 * 2 x 0.25 + 4 x 0.550001 = 2.700004 and 12 x 0.004 + 18 x 0.006 = 0.156 USD; in 43200 s, so twice
 * that a day. Three of four exceed GPT-4o's 128k. */
START_TEST(tiers_are_billed_request_by_request)
{
    static const double at[] = {0, 100, 200, 43200};
    static const int32_t input[] = {200000, 200001, 50000, 350000},
                         output[] = {1000, 2000, 3000, 4000};
    const struct cs_trace trace = {.count = 4, .arrival_s = at, .input = input, .output = output};
    const struct cs_api *const apis[] = {sheets_api("gemini-3.1-pro"), sheets_api("gpt-4o")};
    struct cs_scenario s = scenario_of("article", apis, 2);
    s.traffic.kind = CS_VOLUME_TRACE;
    const struct cs_api_answer *const bill = bills_of(&s, &trace);
    const struct cs_api_answer *const gemini = bill[0].api == apis[0] ? &bill[0] : &bill[1];
    const struct cs_api_answer *const gpt = gemini == &bill[0] ? &bill[1] : &bill[0];
    ck_assert_double_eq_tol(gemini->input, 2 * 2.700004, 1e-9);
    ck_assert_double_eq_tol(gemini->output, 2 * 0.156, 1e-9);
    ck_assert_double_eq_tol(gemini->usd_per_day, 5.712008, 1e-9);
    ck_assert_double_eq(gemini->share_over_context, 0);
    ck_assert_double_eq_tol(gpt->share_over_context, 0.75, 1e-12);
    ck_assert_str_eq(gpt->note, "75 % of requests exceed its context");
    /* 5 x 0.800001 + 30 x 0.01, twice */
    ck_assert_double_eq_tol(gpt->usd_per_day, 8.60001, 1e-9);
}
END_TEST

/* Prompts uniform on 100k..300k: half above, of mean 250k at 4 USD/Mtok, half of mean 150k at 2:
 * 0.65 USD a request, 0.4 without tiers. The share above is drawn 200,000 times: 0.5 +- 0.0011. */
START_TEST(tiers_follow_the_drawn_lengths)
{
    const struct cs_api *const apis[] = {sheets_api("gemini-3.1-pro")};
    struct cs_scenario s = scenario_of("article", apis, 1);
    s.traffic.tokens_per_s *= 200; /* 348,000 requests in the week */
    s.traffic.input = (struct cs_lengths){.kind = CS_LENGTHS_UNIFORM, .a = 100e3, .b = 300e3};
    s.traffic.output = (struct cs_lengths){.kind = CS_LENGTHS_FIXED, .a = 1000};
    const struct cs_api_answer *const bill = bills_of(&s, NULL);
    const double requests = 200 * 50e6 / 201000;
    ck_assert_double_eq_tol(bill[0].input / requests, 0.65, 4 * 0.0011 * 0.65);
    ck_assert_double_eq_tol(bill[0].output / requests, 0.015, 4 * 0.0011 * 0.015);
}
END_TEST

/* Four turns of one conversation, 60 s apart but the last, which comes 400 s after: prompts 2000,
 * 3000, 4000, 5000, answers 500. A cache of 300 s finds of the second 2500 (prompt and answer of
 * the first), of the third 3500, of the fourth nothing. In steps of 128 that is 2432 and 3456. At
 * 2 USD/Mtok, cached 0.5, writes 2.5: written are 2000 + 568 + 544 + 5000 = 8112, found 5888, none
 * at the full price. (8112 x 2.5 + 5888 x 0.5) / 1e6 = 0.023224 against 14000 x 2 / 1e6 = 0.028; a
 * period of 520 s is 166.1538 a day: 3.858757 USD. Answers 2000 x 8 / 1e6 x 166.1538 = 2.658462. */
static const struct cs_api_price cached_price[] = {{.basis = CS_PRICE_LISTED,
                                                    .provider = "Maker",
                                                    .date = "2026-02-01",
                                                    .input = 2e-6,
                                                    .output = 8e-6,
                                                    .cached_input = 0.5e-6,
                                                    .cache_write = 2.5e-6,
                                                    .batch_input = 1e-6,
                                                    .batch_output = 4e-6}};
static const double turn_at[] = {0, 60, 120, 520};
static const int32_t turn_input[] = {2000, 3000, 4000, 5000}, turn_output[] = {500, 500, 500, 500};
static const int32_t one_session[] = {0, 0, 0, 0};

static struct cs_trace conversation(void)
{
    return (struct cs_trace){.count = 4,
                             .arrival_s = turn_at,
                             .input = turn_input,
                             .output = turn_output,
                             .session = {.ids = one_session, .count = 1}};
}

static const struct cs_api keeper = {
    .name = "keeper",
    .prices = cached_price,
    .price_count = 1,
    .cache = {.least_tokens = 1024, .step_tokens = 128, .kept_s = 300}};

START_TEST(prompts_found_in_the_cache)
{
    const struct cs_api *const apis[] = {&keeper};
    const struct cs_trace trace = conversation();
    struct cs_scenario s = scenario_of("listed", apis, 1);
    s.traffic.kind = CS_VOLUME_TRACE;
    s.traffic.shares = true;
    const struct cs_api_answer *const bill = bills_of(&s, &trace);
    const double a_day = 86400 / 520.0;
    ck_assert_double_eq_tol(bill->cached, 5888 / 14000.0, 1e-12);
    ck_assert_double_eq_tol(bill->cached_input, 5888 * 0.5e-6 * a_day, 1e-9);
    ck_assert_double_eq_tol(bill->cache_write, 8112 * 2.5e-6 * a_day, 1e-9);
    ck_assert_double_eq_tol(bill->input, 0, 1e-9);
    ck_assert_double_eq_tol(bill->usd_per_day, 3.858757 + 2.658462, 1e-5);
    /* told not to: 14000 at 2 */
    ((struct cs_compare *)(uintptr_t)s.compare)->caching = false;
    const struct cs_api_answer *const plain = bills_of(&s, &trace);
    ck_assert_double_eq_tol(plain->input, 0.028 * a_day, 1e-9);
    ck_assert_double_eq(plain->cached, 0);
}
END_TEST

/* Kept for 30 s nothing is found, and writing would only cost: no cache, the plain price. Kept for
 * 1000 s the fourth turn finds 4500 of 5000, in steps of 128 4480. */
START_TEST(a_cache_that_does_not_pay_is_not_used)
{
    struct cs_api hasty = keeper, patient = keeper;
    hasty.name = "hasty";
    hasty.cache.kept_s = 30;
    patient.name = "patient";
    patient.cache.kept_s = 1000;
    const struct cs_api *const apis[] = {&hasty, &patient};
    const struct cs_trace trace = conversation();
    struct cs_scenario s = scenario_of("listed", apis, 2);
    s.traffic.kind = CS_VOLUME_TRACE;
    s.traffic.shares = true;
    const struct cs_api_answer *const bill = bills_of(&s, &trace);
    ck_assert_str_eq(bill[0].api->name, "patient");
    ck_assert_double_eq_tol(bill[0].cached, (2432 + 3456 + 4480) / 14000.0, 1e-12);
    ck_assert_double_eq(bill[1].cached, 0);
    ck_assert_double_eq_tol(bill[1].input, 0.028 * 86400 / 520, 1e-9);
}
END_TEST

/* Batches go without the cache, and do not keep it warm. Of the four turns the second is a batch by
 * the trace's class: the third, 120 s after the first, then finds no more than that one's 2500, in
 * steps of 128 2432, of 11,000 tokens that are no batch's; where nothing is a batch it is 5888 of
 * 14,000 as above; where all are, nothing. (Writing is free here, so that any find pays.) Bills of
 * one scenario are what each is alone, and so is one that draws its batches. */
START_TEST(batches_leave_the_cache_of_others_alone)
{
    static const double shares[] = {-1, 0, 0.5, 1}, found[] = {2432, 5888, NAN, 0},
                        asked[] = {11000, 14000, NAN, 1};
    static const int32_t klass[] = {0, 1, 0, 0};
    static const char *const names[] = {"chat", "batch"};
    enum { COUNT = 4 };
    struct cs_trace trace = conversation();
    trace.klass = (struct cs_trace_names){klass, names, 2};
    struct cs_api_price price = cached_price[0];
    price.cache_write = -1;
    struct cs_api api = keeper;
    api.prices = &price;
    const struct cs_api *const apis[] = {&api, &api, &api, &api};
    double alone[COUNT], usd[COUNT];
    for (int i = 0; i < COUNT; i++) {
        struct cs_scenario s = scenario_of("listed", apis, 1);
        s.traffic.kind = CS_VOLUME_TRACE;
        s.traffic.shares = true;
        ((struct cs_compare *)(uintptr_t)s.compare)->batch = shares[i];
        const struct cs_api_answer *const bill = bills_of(&s, &trace);
        alone[i] = bill->cached;
        usd[i] = bill->usd_per_day;
        if (!isnan(found[i]))
            ck_assert_double_eq_tol(bill->cached, found[i] / asked[i], 1e-12);
    }
    for (int turn = 0; turn < COUNT; turn++) { /* whichever stands first */
        struct cs_scenario s = scenario_of("listed", apis, COUNT);
        s.traffic.kind = CS_VOLUME_TRACE;
        s.traffic.shares = true;
        struct cs_compare *const bought = (struct cs_compare *)(uintptr_t)s.compare;
        for (int i = 0; i < COUNT; i++)
            bought[i].batch = shares[(i + turn) % COUNT];
        const struct cs_api_answer *const bill = bills_of(&s, &trace);
        for (int i = 0; i < COUNT; i++) {
            const size_t k = (size_t)((bill[i].bought - s.compare) + turn) % COUNT;
            ck_assert_double_eq(bill[i].cached, alone[k]);
            ck_assert_double_eq(bill[i].usd_per_day, usd[k]);
        }
    }
}
END_TEST

/* The newest row that has a batch price says what batches save, where the price's own does not: the
 * reseller's of April, a quarter off prompts and half off answers, 25 x 2 x 0.75 + 25 x 5 x 0.5.
 * The article's 25 x 0.75 + 25 x 2 x 0.5 likewise. As of March February's list has its own, half:
 * 25 x 1.5 + 25 x 3.5. Without any row batches cost what all else does. */
START_TEST(batches_without_a_price)
{
    static const struct cs_api_price prices[] = {
        {.basis = CS_PRICE_LISTED,
         .provider = "Maker",
         .date = "2026-06-01",
         .input = 2e-6,
         .output = 5e-6,
         .batch_input = -1,
         .batch_output = -1},
        {.basis = CS_PRICE_LISTED,
         .provider = "Maker",
         .date = "2026-02-01",
         .input = 3e-6,
         .output = 7e-6,
         .batch_input = 1.5e-6,
         .batch_output = 3.5e-6},
        {.basis = CS_PRICE_RESELLER,
         .provider = "Shop",
         .date = "2026-04-01",
         .input = 4e-6,
         .output = 8e-6,
         .batch_input = 3e-6,
         .batch_output = 4e-6},
        {.basis = CS_PRICE_ARTICLE,
         .provider = "article",
         .input = 1e-6,
         .output = 2e-6,
         .batch_input = -1,
         .batch_output = -1},
    };
    static const struct cs_api whole = {.name = "whole", .prices = prices, .price_count = 4},
                               list = {.name = "list", .prices = prices, .price_count = 2},
                               bare = {.name = "bare", .prices = prices, .price_count = 1};
    static const struct {
        const struct cs_api *api;
        const char *asked, *note;
        double usd; /* of 25M prompt tokens and 25M of answers, all in batches */
    } cases[] = {
        {&whole, "listed", "batches at the discount of the other price of 2026-04-01", 100},
        {&whole, "article", "batches at the discount of the other price of 2026-04-01", 43.75},
        {&list, "listed", "batches at the discount of the listed price of 2026-02-01", 87.5},
        {&whole, "Shop", NULL, 175},
        {&whole, "2026-03", NULL, 125},
        {&bare, "listed", "no batch price: batches at the full one", 175},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cs_scenario s = scenario_of(cases[i].asked, &cases[i].api, 1);
        struct cs_compare *const bought = (struct cs_compare *)(uintptr_t)s.compare;
        bought->batch = 1;
        const struct cs_api_answer *bill = bills_of(&s, NULL);
        ck_assert_double_eq_tol(bill->usd_per_day, cases[i].usd, 1e-9);
        if (cases[i].note != NULL)
            ck_assert_str_eq(bill->note, cases[i].note);
        else
            ck_assert_ptr_null(bill->note);
        bought->batch = 0; /* then nobody asks */
        bill = bills_of(&s, NULL);
        ck_assert_ptr_null(bill->note);
    }
    /* of February, April's row is not there yet */
    struct cs_api_price early[] = {prices[0], prices[2]};
    early[0].date = "2026-01-01";
    const struct cs_api api = {.name = "early", .prices = early, .price_count = 2};
    const struct cs_api *const apis[] = {&api};
    struct cs_scenario s = scenario_of("2026-02", apis, 1);
    ((struct cs_compare *)(uintptr_t)s.compare)->batch = 1;
    ck_assert_double_eq_tol(bills_of(&s, NULL)->usd_per_day, 175, 1e-9);
    ck_assert_str_eq(bills_of(&s, NULL)->note, "no batch price: batches at the full one");
}
END_TEST

/* All as batches: half of everything. Three tenths: 1 - 0.3 / 2 = 0.85 of 25 x 2 + 25 x 8 = 250. By
 * the trace's own class, the second and third of the four turns: (2000 + 5000) x 2 + 7000 x 1 and
 * 1000 x 8 + 1000 x 4. */
START_TEST(batches)
{
    const struct cs_api *const apis[] = {&keeper};
    struct cs_scenario s = scenario_of("listed", apis, 1);
    struct cs_compare *const bought = (struct cs_compare *)(uintptr_t)s.compare;
    bought->batch = 1;
    ck_assert_double_eq_tol(bills_of(&s, NULL)->usd_per_day, 125, 1e-9);
    bought->batch = -1;
    s.traffic.batch = 0.3;
    ck_assert_double_eq_tol(bills_of(&s, NULL)->usd_per_day, 0.85 * 250, 1e-9);
    bought->price = 0.8;
    s.cost.api_price = 0.5;
    ck_assert_double_eq_tol(bills_of(&s, NULL)->usd_per_day, 0.4 * 0.85 * 250, 1e-9);

    static const int32_t klass[] = {1, 0, 0, 1};
    static const char *const names[] = {"Batch", "chat"};
    struct cs_trace trace = conversation();
    trace.klass = (struct cs_trace_names){klass, names, 2};
    s = scenario_of("listed", apis, 1);
    s.traffic.kind = CS_VOLUME_TRACE;
    const struct cs_api_answer *const bill = bills_of(&s, &trace);
    ck_assert_double_eq_tol(bill->batch, 0.5, 1e-12);
    ck_assert_double_eq_tol(bill->input, 0.021 * 86400 / 520, 1e-9);
    ck_assert_double_eq_tol(bill->output, 0.012 * 86400 / 520, 1e-9);
}
END_TEST

/* Ten requests of 900 + 100 tokens in the third minute, one in each of the others: answers count
 * four times, so that minute asks 13,000, and units of 2,500 a minute are wanted 6; they are sold
 * from 5 on in steps of 5: 10 at 1 USD/h are 240 USD a day, and nothing is left to pay by token. A
 * limit of 8 requests a minute is exceeded by a quarter; one of 20,000 tokens asks for half. */
START_TEST(committed_throughput_and_limits)
{
    enum { COUNT = 14 };
    double at[COUNT];
    int32_t input[COUNT], output[COUNT];
    for (int i = 0; i < COUNT; i++) {
        at[i] = i < 2 ? 60.0 * i + 5 : i < 12 ? 120.0 + 3 * i : 180.0 + 60 * (i - 12);
        input[i] = 900;
        output[i] = 100;
    }
    const struct cs_trace trace = {
        .count = COUNT, .arrival_s = at, .input = input, .output = output};
    static const struct cs_api_committed offer = {.provider = "Cloud",
                                                  .unit = "PTU",
                                                  .usd_per_s = 1.0 / 3600,
                                                  .tokens_per_s = 2500 / 60.0,
                                                  .output_weight = 4,
                                                  .least = 5,
                                                  .step = 5};
    static const struct cs_api_limit limits[] = {
        {.tier = "one", .requests_per_s = 8 / 60.0},
        {.tier = "two", .requests_per_s = 500 / 60.0, .tokens_per_s = 20000 / 60.0}};
    struct cs_api api = keeper;
    api.committed = &offer;
    api.committed_count = 1;
    api.limits = limits;
    api.limit_count = 2;
    const struct cs_api *const apis[] = {&api};
    struct cs_scenario s = scenario_of("listed", apis, 1);
    s.traffic.kind = CS_VOLUME_TRACE;
    struct cs_compare *const bought = (struct cs_compare *)(uintptr_t)s.compare;
    const struct cs_api_answer *bill = bills_of(&s, &trace);
    ck_assert_str_eq(bill->limit->tier, "two");
    ck_assert_double_eq_tol(bill->over_limit, 0.5, 1e-12);
    bought->tier = "one";
    ck_assert_double_eq_tol(bills_of(&s, &trace)->over_limit, 1.25, 1e-12);
    bought->committed = -1;
    bill = bills_of(&s, &trace);
    ck_assert_int_eq(bill->units, 10);
    ck_assert_double_eq_tol(bill->committed, 240, 1e-9);
    ck_assert_double_eq_tol(bill->usd_per_day, 240, 1e-9);
    bought->committed = 7; /* sold as 10 */
    ck_assert_int_eq(bills_of(&s, &trace)->units, 10);
}
END_TEST

/* A curve of two kinds of hours, 0.5 and 1.5 times the mean of 500 weighted tokens a second: units
 * for 600 leave (750 - 600) / 2 of each 500 to pay by token, 15 %. */
START_TEST(what_committed_units_do_not_take)
{
    static double weights[24];
    for (int i = 0; i < 24; i++)
        weights[i] = i < 12 ? 0.5 : 1.5;
    static const struct cs_api_committed offer = {.provider = "Cloud",
                                                  .unit = "unit",
                                                  .usd_per_s = 2.0 / 3600,
                                                  .tokens_per_s = 100,
                                                  .output_weight = 1,
                                                  .least = 1,
                                                  .step = 1};
    struct cs_api api = keeper;
    api.committed = &offer;
    api.committed_count = 1;
    const struct cs_api *const apis[] = {&api};
    struct cs_scenario s = scenario_of("listed", apis, 1);
    s.traffic.tokens_per_s = 500;
    s.traffic.curve = (struct cs_curve){3600, weights, 24, false};
    ((struct cs_compare *)(uintptr_t)s.compare)->committed = 6;
    const struct cs_api_answer *const bill = bills_of(&s, NULL);
    const double full = 250 * 86400 * (2e-6 + 8e-6);
    ck_assert_double_eq_tol(bill->committed, 6 * 48, 1e-9);
    ck_assert_double_eq_tol(bill->usd_per_day, 288 + 0.15 * full, 1e-9);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("bill");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, fifty_million_tokens_at_the_articles_prices);
    tcase_add_test(all, prices_of_apis_fall_back_and_say_so);
    tcase_add_test(all, tiers_are_billed_request_by_request);
    tcase_add_test(all, tiers_follow_the_drawn_lengths);
    tcase_add_test(all, prompts_found_in_the_cache);
    tcase_add_test(all, a_cache_that_does_not_pay_is_not_used);
    tcase_add_test(all, batches_leave_the_cache_of_others_alone);
    tcase_add_test(all, batches_without_a_price);
    tcase_add_test(all, batches);
    tcase_add_test(all, committed_throughput_and_limits);
    tcase_add_test(all, what_committed_units_do_not_take);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
