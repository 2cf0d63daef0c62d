/* Prices of GPUs, worked by hand: whose holds, of which day, in what instances, a mix of terms,
 * what is written off.
 *
 * Seven rows of four sellers, an article's and an undated one; every expected figure is worked out
 * in the comment above it from the equations' own words (plan/price.h).
 */
#include "plan/cost.h"
#include "plan/price.h"
#include "sheets.h"
#include <check.h>
#include <math.h>
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

/* USD/h: Alder asks 2.10 and 1.90, Birch 3.30, Cedar 2.60; spot and reserved rows are no list. */
static struct cs_rental rentals[] = {
    {.provider = "Alder",
     .term = CS_TERM_ON_DEMAND,
     .date = "2026-01-10",
     .source = "a1",
     .usd_per_s = 2.10 / 3600},
    {.provider = "Birch",
     .term = CS_TERM_ON_DEMAND,
     .date = "2026-02-11",
     .source = "b1",
     .usd_per_s = 3.30 / 3600},
    {.provider = "alder",
     .term = CS_TERM_ON_DEMAND,
     .date = "2026-01-05",
     .source = "a2",
     .usd_per_s = 1.90 / 3600},
    {.provider = "Birch",
     .term = CS_TERM_SPOT,
     .date = "2026-02-11",
     .source = "b2",
     .usd_per_s = 0.80 / 3600},
    {.provider = "Cedar",
     .term = CS_TERM_ON_DEMAND,
     .date = "2026-04-30",
     .source = "c1",
     .usd_per_s = 2.60 / 3600},
    {.provider = "Cedar",
     .term = CS_TERM_RESERVED_1Y,
     .date = "2026-04-30",
     .source = "c2",
     .usd_per_s = 1.70 / 3600},
    {.provider = "article",
     .term = CS_TERM_ARTICLE,
     .date = "2026-05-01",
     .source = "said there",
     .usd_per_s = 1.50 / 3600},
    {.provider = "Dogwood", .term = CS_TERM_ON_DEMAND, .source = "d1", .usd_per_s = 4.00 / 3600},
};

static struct cs_hardware card_of(size_t first, size_t count)
{
    return (struct cs_hardware){.name = "card",
                                .title = "Card",
                                .rentals = rentals + first,
                                .rental_count = count,
                                .tdp_w = 450,
                                .idle_w = 22};
}

static struct cs_price_used price_of(const struct cs_hardware *h, const char *prices)
{
    struct cs_cost cost = cs_cost_of(prices);
    struct cs_price_used p;
    if (prices[0] == '2') /* a date, as resolve_money.c has it */
        cost.as_of = cost.prices;
    cs_price_gpu(&p, h, &cost, arena);
    return p;
}

static void assert_price(struct cs_price_used p, double usd_h, const char *source, const char *note)
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
    struct cs_cost cost = cs_cost_of("listed");
    cost.gpu_usd_per_s = 1.23 / 3600;
    struct cs_price_used p;
    cs_price_gpu(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 1.23, 1e-12);
    ck_assert_str_eq(p.basis, "scenario");
}
END_TEST

/* Half of the fleet on demand at Birch's 3.30, a fifth as Birch's spot at 0.80, three tenths
 * reserved at 3.30 less 40 % = 1.98: 1.65 + 0.16 + 0.594 = 2.404 USD/h. */
START_TEST(a_mix_of_terms)
{
    const struct cs_hardware all = card_of(0, 8);
    struct cs_cost cost = cs_cost_of("listed");
    cost.rent = (struct cs_rent){.has = true,
                                 .share = {0.5, 0.2, 0.3, 0},
                                 .discount = {-1, -1, 0.4, -1},
                                 .provider = "Birch"};
    struct cs_price_used p;
    cs_price_gpu(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 2.404, 1e-12);
    ck_assert_str_eq(p.mix, "50 % on_demand at 3.3 USD/h, 20 % spot at 0.8 USD/h, 30 % reserved_1y "
                            "at 1.98 USD/h");
    ck_assert_ptr_null(p.note);
}
END_TEST

/* Cedar's own price of a year, 1.70; of three years nobody has one, so it is as on demand, said. */
START_TEST(terms_without_a_price)
{
    const struct cs_hardware all = card_of(0, 8);
    struct cs_cost cost = cs_cost_of("Cedar");
    cost.rent = (struct cs_rent){.has = true, .share = {0, 0, 1, 0}, .discount = {-1, -1, -1, -1}};
    struct cs_price_used p;
    cs_price_gpu(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 1.70, 1e-12);
    cost.rent.share[CS_TERM_RESERVED_1Y] = 0;
    cost.rent.share[CS_TERM_RESERVED_3Y] = 1;
    cs_price_gpu(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 2.60, 1e-12);
    ck_assert(strstr(p.note, "no reserved_3y price of Card: as on demand"));
}
END_TEST

/* What a scenario says it saves goes before a sheet's own price of the term. Cedar's year is 1.70,
 * and a quarter off its 2.60 is 1.95; listed, of 1.90, 2.60, 3.30 and 4.00, it is 0.75 x 2.95. A
 * price of the scenario's own leaves no row of a sheet, with a discount and without. */
START_TEST(a_discount_goes_before_the_sheets_price_of_a_term)
{
    static const struct {
        const char *prices, *provider; /* of `prices`, and of `rent` */
        double off, gpu, usd_h;
    } cases[] = {{"Cedar", NULL, -1, 0, 1.70},       {"Cedar", NULL, 0.25, 0, 1.95},
                 {"listed", "Cedar", 0.25, 0, 1.95}, {"listed", NULL, -1, 0, 1.70},
                 {"listed", NULL, 0.25, 0, 2.2125},  {"listed", NULL, 0, 0, 2.95},
                 {"Cedar", NULL, 0.25, 4, 3},        {"Cedar", NULL, -1, 4, 4}};
    const struct cs_hardware all = card_of(0, 8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cs_cost cost = cs_cost_of(cases[i].prices);
        cost.rent = (struct cs_rent){.has = true,
                                     .share = {0, 0, 1, 0},
                                     .discount = {-1, -1, cases[i].off, -1},
                                     .provider = cases[i].provider};
        cost.gpu_usd_per_s = cases[i].gpu / 3600;
        struct cs_price_used p;
        cs_price_gpu(&p, &all, &cost, arena);
        ck_assert_double_eq_tol(p.usd_per_gpu_hour, cases[i].usd_h, 1e-12);
        ck_assert_int_eq(p.note != NULL, i == 7); /* nobody says what a year saves */
        if (cases[i].off > 0)
            ck_assert(strstr(p.provider, "less 25 %"));
    }
}
END_TEST

/* --- instances ------------------------------------------------------------------------------- */

/* Alder rents singly at 3 USD/h and by eights at 2, so 16 for one to eight: dearer than 1 to 5
 * single ones, at 3 to 15, and cheaper than 6 to 8, at 18 to 24. Nine are 27 singly and 32 in two
 * eights, eleven 33 and 32. Five with a fifth of spares are six. Without a fleet it is the cheapest
 * row. */
static struct cs_rental by_eights[] = {{.provider = "Alder",
                                        .term = CS_TERM_ON_DEMAND,
                                        .date = "2026-05-24",
                                        .source = "eight",
                                        .usd_per_s = 2.0 / 3600,
                                        .instance = 8},
                                       {.provider = "Alder",
                                        .term = CS_TERM_ON_DEMAND,
                                        .date = "2026-05-24",
                                        .source = "one",
                                        .usd_per_s = 3.0 / 3600,
                                        .instance = 1}};

START_TEST(instances_by_the_size_of_the_fleet)
{
    static const struct {
        double gpus, spares, usd_day; /* as billed: GPUs x USD/h x 24 */
        int instance;
    } cases[] = {{1, 0, 72, 1},    {5, 0, 360, 1},   {6, 0, 384, 8},  {7, 0, 384, 8},
                 {8, 0, 384, 8},   {9, 0, 648, 1},   {11, 0, 768, 8}, {16, 0, 768, 8},
                 {17, 0, 1152, 8}, {5, 0.2, 384, 8}, {0, 0, 0, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int turned = 0; turned < 2; turned++) { /* whichever row stands first */
            const struct cs_rental rows[] = {by_eights[turned], by_eights[1 - turned]};
            const struct cs_hardware h = {
                .name = "card", .title = "Card", .rentals = rows, .rental_count = 2};
            struct cs_cost cost = cs_cost_of("Alder");
            cost.rent.spares = cases[i].spares;
            struct cs_price_used p;
            cs_price_gpus(&p, &h, &cost, cases[i].gpus, arena);
            ck_assert_double_eq_tol(p.usd_per_gpu_hour, cases[i].instance == 8 ? 2 : 3, 1e-12);
            ck_assert_int_eq(p.instance, cases[i].instance);
            struct cs_cost_breakdown b;
            const struct cs_cost_use use = {.gpus = cases[i].gpus, .tokens_per_day = 1e6};
            cs_cost_fleet(&b, &h, &cost, &p, &use, arena);
            ck_assert_double_eq_tol(b.item[CS_COST_GPU], cases[i].usd_day, 1e-9);
        }
}
END_TEST

/* The list of one seller is what that one rents: seven are an eight. Of two sellers one will rent
 * singly: 7 x (2 + 4) / 2. */
START_TEST(instances_of_the_list)
{
    const struct cs_rental rows[] = {by_eights[0], by_eights[1], rentals[7]};
    struct cs_hardware h = {.name = "card", .title = "Card", .rentals = rows, .rental_count = 2};
    const struct cs_cost cost = cs_cost_of("listed");
    const struct cs_cost_use use = {.gpus = 7, .tokens_per_day = 1e6};
    struct cs_price_used p;
    struct cs_cost_breakdown b;
    cs_price_gpus(&p, &h, &cost, 7, arena);
    cs_cost_fleet(&b, &h, &cost, &p, &use, arena);
    ck_assert_double_eq_tol(b.item[CS_COST_GPU], 8 * 2 * 24, 1e-9);
    h.rental_count = 3;
    cs_price_gpus(&p, &h, &cost, 7, arena);
    cs_cost_fleet(&b, &h, &cost, &p, &use, arena);
    ck_assert_double_eq_tol(b.item[CS_COST_GPU], 7 * 3 * 24, 1e-9);
}
END_TEST

/* As of a day the newer row goes first, whatever the size. */
START_TEST(instances_as_of_a_day)
{
    const struct cs_hardware h = {
        .name = "card", .title = "Card", .rentals = by_eights, .rental_count = 2};
    struct cs_cost cost = cs_cost_of("Alder");
    struct cs_price_used p;
    by_eights[1].date = "2026-05-23";
    cost.as_of = "2026-06-01";
    cs_price_gpus(&p, &h, &cost, 1, arena);
    ck_assert_str_eq(p.source, "eight");
    by_eights[1].date = "2026-05-24";
    cs_price_gpus(&p, &h, &cost, 1, arena);
    ck_assert_str_eq(p.source, "one");
}
END_TEST

/* --- commitments ----------------------------------------------------------------------------- */

/* A year reserved for a need of nine months is paid 12/9 times as long: 1.70 x 4/3 = 2.266667; with
 * a tenth off everything 2.04. A need of two years is longer than the commitment. */
START_TEST(commitments_are_paid_to_their_end)
{
    const struct cs_rental year = {.provider = "Cedar",
                                   .term = CS_TERM_RESERVED_1Y,
                                   .source = "c2",
                                   .usd_per_s = 1.70 / 3600,
                                   .commitment_s = 365.25 * 86400};
    const struct cs_hardware h = {
        .name = "card", .title = "Card", .rentals = &year, .rental_count = 1};
    struct cs_cost cost = cs_cost_of("listed");
    cost.rent = (struct cs_rent){.has = true, .share = {0, 0, 1, 0}, .discount = {-1, -1, -1, -1}};
    cost.horizon_s = 0.75 * 365.25 * 86400;
    struct cs_price_used p;
    cs_price_gpu(&p, &h, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 1.70 * 4 / 3, 1e-12);
    cost.gpu_price = 0.9;
    cs_price_gpu(&p, &h, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 2.04, 1e-12);
    cost.gpu_price = 1;
    cost.horizon_s = 2 * 365.25 * 86400;
    cs_price_gpu(&p, &h, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 1.70, 1e-12);
}
END_TEST

/* A seller's rows as of a day: Alder's of 10 January though dearer than that of the 5th. A month
 * counts whole: "2026-02" takes Birch's row of the 11th. */
START_TEST(as_of_a_day)
{
    const struct cs_hardware all = card_of(0, 8);
    struct cs_cost cost = cs_cost_of("Alder");
    struct cs_price_used p;
    cost.as_of = "2026-03-01";
    cs_price_gpu(&p, &all, &cost, arena);
    ck_assert_double_eq_tol(p.usd_per_gpu_hour, 2.10, 1e-12);
    ck_assert(cs_price_holds("2026-02-11", "2026-02"));
    ck_assert(!cs_price_holds("2026-03-01", "2026-02"));
    ck_assert(!cs_price_holds(NULL, "2026-02"));
    ck_assert(cs_price_holds(NULL, NULL));
}
END_TEST

/* 8,000 USD over four years, a fifth left. Without interest 8000 x 0.8 / 4 = 1600 a year. At 10 %:
 * q^4 = 1.4641; 8000 x 0.1 x (1.4641 - 0.2) / 0.4641 = 800 x 2.7237664... = 2179.0132 a year. That
 * this pays the price back: 2179.0132 x (1 - q^-4) / 0.1 = 6907.178, and 1600 / 1.4641 = 1092.822
 * of what is left, together 8000. */
START_TEST(written_off)
{
    struct cs_own own = {.has = true, .years = 4, .residual = 0.2};
    ck_assert_double_eq_tol(cs_price_write_off(8000, &own) * 365.25, 1600, 1e-9);
    own.capital = 0.1;
    const double a_year = cs_price_write_off(8000, &own) * 365.25;
    ck_assert_double_eq_tol(a_year, 2179.0132, 1e-4);
    ck_assert_double_eq_tol(a_year * (1 - 1 / 1.4641) / 0.1 + 1600 / 1.4641, 8000, 1e-8);
    own.years = 0;
    ck_assert_double_eq(cs_price_write_off(0, &own), 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("price");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, listed_is_the_median_over_providers);
    tcase_add_test(all, a_date_takes_what_held_then);
    tcase_add_test(all, a_provider_or_the_article_by_name);
    tcase_add_test(all, a_price_of_the_scenario_goes_before_all_sheets);
    tcase_add_test(all, a_mix_of_terms);
    tcase_add_test(all, terms_without_a_price);
    tcase_add_test(all, a_discount_goes_before_the_sheets_price_of_a_term);
    tcase_add_test(all, instances_by_the_size_of_the_fleet);
    tcase_add_test(all, instances_of_the_list);
    tcase_add_test(all, instances_as_of_a_day);
    tcase_add_test(all, commitments_are_paid_to_their_end);
    tcase_add_test(all, as_of_a_day);
    tcase_add_test(all, written_off);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
