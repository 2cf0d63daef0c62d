/* Money, worked by hand: prices chosen, fleets rented and owned, APIs request by request.
 *
 * Rented and owned figures are worked in the comments from the equations' own words. API bills
 * of the catalogue's article prices: 50M tokens a day, half of them input, are 25 x 5 + 25 x 25 =
 * 750 USD for Claude Opus 4.7 and 25 x 5 + 25 x 30 = 875 USD for GPT-4o.
 */
#include "plan/cost.h"
#include <check.h>
#include <math.h>
#include <string.h>
#include "sheets.h"

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

/* USD/h: Alder asks 2.10 and 1.90, Birch 3.30, Cedar 2.60; spot and reserved rows are no list. */
static struct cs_rental rentals[] = {
    {.provider = "Alder", .term = "on_demand", .date = "2026-01-10", .source = "a1",
     .usd_per_s = 2.10 / 3600},
    {.provider = "Birch", .term = "on_demand", .date = "2026-02-11", .source = "b1",
     .usd_per_s = 3.30 / 3600},
    {.provider = "alder", .term = "on_demand", .date = "2026-01-05", .source = "a2",
     .usd_per_s = 1.90 / 3600},
    {.provider = "Birch", .term = "spot", .date = "2026-02-11", .source = "b2",
     .usd_per_s = 0.80 / 3600},
    {.provider = "Cedar", .term = "on_demand", .date = "2026-04-30", .source = "c1",
     .usd_per_s = 2.60 / 3600},
    {.provider = "Cedar", .term = "reserved_1y", .date = "2026-04-30", .source = "c2",
     .usd_per_s = 1.70 / 3600},
    {.provider = "article", .term = "article", .date = "2026-05-01", .source = "said there",
     .usd_per_s = 1.50 / 3600},
    {.provider = "Dogwood", .term = "on_demand", .source = "d1", .usd_per_s = 4.00 / 3600},
};

static struct cs_hardware card_of(size_t first, size_t count)
{
    return (struct cs_hardware){.name = "card", .title = "Card", .rentals = rentals + first,
                                .rental_count = count, .tdp_w = 450, .idle_w = 22};
}

static struct cs_price_used price_of(const struct cs_hardware *h, const char *prices)
{
    const struct cs_cost cost = {.prices = prices};
    struct cs_price_used p;
    cs_cost_gpu_price(&p, h, &cost, arena);
    return p;
}

static void assert_price(struct cs_price_used p, double usd_h, const char *source,
                         const char *note)
{
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, usd_h, 1e-12);
    ck_assert_str_eq(p.source, source);
    if (note == NULL)
        ck_assert_ptr_null(p.note);
    else
        ck_assert_msg(p.note != NULL && strstr(p.note, note) != NULL, "note '%s'", p.note);
}

START_TEST(listed_is_the_median_over_providers)
{
    const struct cs_hardware three = card_of(0, 7), four = card_of(0, 8);
    assert_price(price_of(&three, "listed"), 2.60, "c1", NULL); /* 1.90 2.60 3.30 */
    ck_assert_str_eq(price_of(&three, "listed").provider, "median of 3 providers (Cedar)");
    assert_price(price_of(&four, "listed"), 2.95, "c1; b1", NULL); /* and 4.00: (2.60 + 3.30) / 2 */
    const struct cs_hardware one = card_of(1, 1);
    assert_price(price_of(&one, "listed"), 3.30, "b1", NULL);
}
END_TEST

START_TEST(a_date_takes_what_held_then)
{
    const struct cs_hardware all = card_of(0, 8);
    /* by 1 March: Alder's newer row though it is dearer, and Birch; Cedar and undated rows not */
    assert_price(price_of(&all, "2026-03-01"), 2.70, "a1; b1", NULL);
    assert_price(price_of(&all, "2026-01-07"), 1.90, "a2", NULL);
    assert_price(price_of(&all, "2026-04-30"), 2.60, "c1", NULL); /* 2.10 2.60 3.30 */
    /* nothing that early: the list of today, said so */
    assert_price(price_of(&all, "2025-12-31"), 2.95, "c1; b1", "up to 2025-12-31");
}
END_TEST

START_TEST(a_provider_or_the_article_by_name)
{
    const struct cs_hardware all = card_of(0, 8), no_article = card_of(0, 6);
    assert_price(price_of(&all, "article"), 1.50, "said there", NULL);
    ck_assert_str_eq(price_of(&all, "article").basis, "article");
    assert_price(price_of(&all, "ALDER"), 1.90, "a2", NULL);
    assert_price(price_of(&all, "Birch"), 3.30, "b1", NULL); /* not its spot price */
    assert_price(price_of(&no_article, "article"), 2.60, "c1", "no 'article' price of Card");
    assert_price(price_of(&all, "Elm"), 2.95, "c1; b1", "no 'Elm' price of Card");
    const struct cs_hardware only_article = card_of(6, 1), none = card_of(3, 1);
    assert_price(price_of(&only_article, "listed"), 1.50, "said there", "the article's");
    ck_assert(isnan(price_of(&none, "listed").usd_per_gpu_hour));
}
END_TEST

START_TEST(a_price_of_the_scenario_goes_before_all_sheets)
{
    const struct cs_hardware all = card_of(0, 8);
    const struct cs_cost cost = {.prices = "listed", .gpu_usd_per_s = 1.23 / 3600};
    struct cs_price_used p;
    cs_cost_gpu_price(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 1.23, 1e-12);
    ck_assert_str_eq(p.basis, "scenario");
}
END_TEST

/* 5 GPUs at 2.60 USD/h: 312 USD/day; staff 41.5: 353.5; a month of 30.4375 days 10759.65625; 12.5M
 * tokens a day: 28.28 USD per million. 22 W + 428 W x 0.37 = 180.36 W x 5 x 24 h = 21.6432 kWh, in
 * the rent; the PUE is 1 unless given. */
START_TEST(rented)
{
    const struct cs_hardware h = card_of(0, 7);
    const struct cs_cost cost = {.prices = "listed", .staff_usd_per_s = 41.5 / 86400};
    const struct cs_price_used price = price_of(&h, "listed");
    struct cs_cost_breakdown b;
    cs_cost_fleet(&b, &h, &cost, &price, 5, 0.37, 12.5e6);
    ck_assert_double_eq_tol(b.gpu, 312, 1e-9);
    ck_assert_double_eq(b.energy, 0);
    ck_assert_double_eq_tol(b.staff, 41.5, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 353.5, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_month, 10759.65625, 1e-6);
    ck_assert_double_eq_tol(b.usd_per_mtok, 28.28, 1e-9);
    ck_assert_double_eq_tol(b.kwh_per_day, 21.6432, 1e-9);
    ck_assert(isnan(b.kg_co2e_per_day)); /* not asked */
}
END_TEST

/* 3 x (1599 + 420) USD, a fifth of it left after 3.5 years: 6057 x 0.8 / (3.5 x 365.25) = 3.790437
 * USD/day. 180.36 W x 3 x PUE 1.25 x 24 h = 16.2324 kWh, at 0.19 USD 3.084156, at 400 g 6.49296 kg.
 * In all 6.874593 USD/day; 209.245420 a month. */
START_TEST(owned)
{
    const struct cs_purchase purchase = {.usd = 1599};
    struct cs_hardware h = card_of(0, 7);
    h.purchases = &purchase;
    h.purchase_count = 1;
    struct cs_cost cost = {.prices = "listed",
                           .own = {.has = true, .purchase_usd = -1, .server_usd = 420, .years = 3.5,
                                   .residual = 0.2,
                                   .electricity_usd_per_J = 0.19 / 3.6e6, .pue = 1.25},
                           .carbon_kg_per_J = 0.4 / 3.6e6};
    const struct cs_price_used price = price_of(&h, "listed");
    struct cs_cost_breakdown b;
    cs_cost_fleet(&b, &h, &cost, &price, 3, 0.37, 2e6);
    ck_assert_double_eq_tol(b.gpu, 3.790437, 1e-6);
    ck_assert_double_eq_tol(b.kwh_per_day, 16.2324, 1e-9);
    ck_assert_double_eq_tol(b.energy, 3.084156, 1e-9);
    ck_assert_double_eq_tol(b.kg_co2e_per_day, 6.49296, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 6.874593, 1e-6);
    ck_assert_double_eq_tol(b.usd_per_month, 209.245, 1e-3);
    ck_assert_double_eq_tol(b.usd_per_mtok, 3.437296, 1e-6);
    /* busy unknown: always; no idle figure: the TDP counts: 450 W x 3 x 1.25 x 24 h = 40.5 kWh */
    cs_cost_fleet(&b, &h, &cost, &price, 3, NAN, 2e6);
    ck_assert_double_eq_tol(b.kwh_per_day, 40.5, 1e-9);
    h.idle_w = 0;
    cs_cost_fleet(&b, &h, &cost, &price, 3, 0.1, 2e6);
    ck_assert_double_eq_tol(b.kwh_per_day, 40.5, 1e-9);
    cost.own.purchase_usd = 2000; /* 3 x 2420 x 0.8 / 1278.375 */
    cs_cost_fleet(&b, &h, &cost, &price, 3, 0.1, 2e6);
    ck_assert_double_eq_tol(b.gpu, 4.543268, 1e-6);
    h.tdp_w = 0;
    cs_cost_fleet(&b, &h, &cost, &price, 3, 0.1, 2e6);
    ck_assert(isnan(b.kwh_per_day));
}
END_TEST

/* A card that is paid for, in a machine drawing 61.5 W: 180.36 + 61.5 = 241.86 W x 24 h = 5.80464
 * kWh a day, 1.741392 USD at 0.30. A second-hand case bought for it, 250 USD over 2 years: 250 /
 * 730.5 = 0.342231 USD a day. Years do not matter where nothing is written off. */
START_TEST(paid_for_already)
{
    const struct cs_purchase purchase = {.usd = 1599, .source = "a shop", .date = "2022-10-12"};
    struct cs_hardware h = card_of(0, 7);
    h.purchases = &purchase;
    h.purchase_count = 1;
    struct cs_cost cost = {.prices = "listed",
                           .own = {.has = true, .server_w = 61.5, .pue = 1,
                                   .electricity_usd_per_J = 0.30 / 3.6e6}};
    struct cs_price_used price;
    struct cs_cost_breakdown b;
    cs_cost_gpu_price(&price, &h, &cost, arena);
    ck_assert_double_eq(price.usd_per_gpu_hour, 0);
    ck_assert_str_eq(price.basis, "owned");
    ck_assert_str_eq(price.provider, "paid for already: only electricity counts");
    cs_cost_fleet(&b, &h, &cost, &price, 1, 0.37, 2e6);
    ck_assert_double_eq(b.gpu, 0);
    ck_assert_double_eq_tol(b.kwh_per_day, 5.80464, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 1.741392, 1e-9);
    cost.own.server_usd = 250;
    cost.own.years = 2;
    cs_cost_fleet(&b, &h, &cost, &price, 1, 0.37, 2e6);
    ck_assert_double_eq_tol(b.gpu, 0.342231, 1e-6);
    cost.own.purchase_usd = -1; /* 1849 / 730.5 / 24 */
    cs_cost_gpu_price(&price, &h, &cost, arena);
    ck_assert_double_eq_tol(price.usd_per_gpu_hour, 0.105464, 1e-6);
    ck_assert_str_eq(price.source, "a shop");
    ck_assert_str_eq(price.date, "2022-10-12");
}
END_TEST

/* ---- APIs ---- */

static struct cs_scenario scenario_of(const char *prices, const struct cs_api *const *apis,
                                      size_t count)
{
    return (struct cs_scenario){
        .traffic = {.kind = CS_VOLUME_TOKENS, .tokens_per_s = 50e6 / 86400,
                    .input = {.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.25},
                    .output = {.kind = CS_LENGTHS_LOGNORMAL, .a = 512, .b = 0.25}, .burstiness = 1},
        .compare = apis,
        .compare_count = count,
        .cost = {.prices = prices},
        .simulate = {.days = 7, .seed = 1},
    };
}

static const struct cs_api_answer *bills_of(const struct cs_scenario *s,
                                            const struct cs_trace *trace)
{
    struct cs_workload_spec *w = cs_arena_alloc(arena, 1, sizeof *w);
    cs_workload_prepare(w, &s->traffic, &s->simulate, trace);
    return cs_cost_apis(s, w, arena);
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
        {.basis = CS_PRICE_LISTED, .provider = "Maker", .date = "2026-02-01", .input = 3e-6,
         .output = 7e-6},
        {.basis = CS_PRICE_LISTED, .provider = "Maker", .date = "2026-06-01", .input = 2e-6,
         .output = 5e-6},
        {.basis = CS_PRICE_RESELLER, .provider = "Shop", .date = "2026-07-01", .input = 1e-6,
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

int main(void)
{
    Suite *const suite = suite_create("cost");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, listed_is_the_median_over_providers);
    tcase_add_test(all, a_date_takes_what_held_then);
    tcase_add_test(all, a_provider_or_the_article_by_name);
    tcase_add_test(all, a_price_of_the_scenario_goes_before_all_sheets);
    tcase_add_test(all, rented);
    tcase_add_test(all, owned);
    tcase_add_test(all, paid_for_already);
    tcase_add_test(all, fifty_million_tokens_at_the_articles_prices);
    tcase_add_test(all, prices_of_apis_fall_back_and_say_so);
    tcase_add_test(all, tiers_are_billed_request_by_request);
    tcase_add_test(all, tiers_follow_the_drawn_lengths);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
