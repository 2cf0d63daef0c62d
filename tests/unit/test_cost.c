/* What a fleet costs a day, worked by hand, line by line.
 *
 * Each expected figure is worked out in the comment above its test from the equations' own words
 * (plan/cost.h); a card of 450 W that idles at 22 W serves throughout.
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

static const struct cs_hardware card = {
    .name = "card", .title = "Card", .tdp_w = 450, .idle_w = 22};

static struct cs_cost_breakdown of(const struct cs_hardware *h, const struct cs_cost *cost,
                                   double usd_h, int instance, struct cs_cost_use use)
{
    const struct cs_price_used price = {.usd_per_gpu_hour = usd_h, .instance = instance};
    struct cs_cost_breakdown b;
    if (use.tokens_per_day == 0)
        use.tokens_per_day = 2e6;
    cs_cost_fleet(&b, h, cost, &price, &use, arena);
    return b;
}

/* 5 GPUs at 2.60 USD/h: 312 USD/day; staff 41.5: 353.5; a month of 30.4375 days 10759.65625; 12.5M
 * tokens a day: 28.28 USD per million. 22 W + 428 W x 0.37 = 180.36 W x 5 x 24 h = 21.6432 kWh, in
 * the rent; the PUE is 1 unless given. */
START_TEST(rented)
{
    struct cs_cost cost = cs_cost_of("listed");
    cost.staff_usd_per_s = 41.5 / 86400;
    const struct cs_cost_breakdown b = of(&card, &cost, 2.60, 0,
                                          (struct cs_cost_use){5, 0.37, 12.5e6, 0, 0});
    ck_assert_double_eq_tol(b.item[CS_COST_GPU], 312, 1e-9);
    ck_assert_double_eq(b.item[CS_COST_ENERGY], 0);
    ck_assert_double_eq_tol(b.item[CS_COST_STAFF], 41.5, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 353.5, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_month, 10759.65625, 1e-6);
    ck_assert_double_eq_tol(b.usd_per_mtok, 28.28, 1e-9);
    ck_assert_double_eq_tol(b.kwh_per_day, 21.6432, 1e-9);
    ck_assert(isnan(b.kg_co2e_per_day)); /* not asked */
    ck_assert_str_eq(b.why[CS_COST_GPU], "5 × 2.6 USD/h × 24 h");
    ck_assert_str_eq(b.why[CS_COST_STAFF], "41.5 USD/day as given");
    ck_assert_ptr_null(b.why[CS_COST_SERVER]);
}
END_TEST

/* 10 planned and a fifth more are 12, in instances of 8 they are 16: 16 x 1.25 x 24 = 480. */
START_TEST(spares_and_whole_instances)
{
    struct cs_cost cost = cs_cost_of("listed");
    cost.rent.has = true;
    cost.rent.spares = 0.2;
    const struct cs_cost_breakdown b =
        of(&card, &cost, 1.25, 8, (struct cs_cost_use){.gpus = 10, .busy = 1});
    ck_assert_double_eq_tol(b.usd_per_day, 480, 1e-9);
    ck_assert_str_eq(b.why[CS_COST_GPU],
                     "16 × 1.25 USD/h × 24 h (10 planned, 20 % spares, instances of 8)");
    ck_assert_double_eq_tol(b.kwh_per_day, 108, 1e-9); /* of those that serve */
}
END_TEST

/* 3 x 1599 USD, a fifth of it left after 3.5 years: 4797 x 0.8 / (3.5 x 365.25) = 3.001936 USD/day,
 * and of the 3 x 420 around it 0.788501. 180.36 W x 3 x PUE 1.25 x 24 h = 16.2324 kWh, at 0.19 USD
 * 3.084156, at 400 g 6.49296 kg. In all 6.874593 USD/day; 209.245420 a month. */
START_TEST(owned)
{
    const struct cs_purchase purchase = {.usd = 1599};
    struct cs_hardware h = card;
    h.purchases = &purchase;
    h.purchase_count = 1;
    struct cs_cost cost = cs_cost_of("listed");
    cost.own = (struct cs_own){.has = true, .purchase_usd = -1, .server_usd = 420, .years = 3.5,
                               .residual = 0.2, .electricity_usd_per_J = 0.19 / 3.6e6, .pue = 1.25};
    cost.carbon_kg_per_J = 0.4 / 3.6e6;
    struct cs_cost_use use = {.gpus = 3, .busy = 0.37};
    struct cs_cost_breakdown b = of(&h, &cost, 0, 0, use);
    ck_assert_double_eq_tol(b.item[CS_COST_GPU], 3.001936, 1e-6);
    ck_assert_double_eq_tol(b.item[CS_COST_SERVER], 0.788501, 1e-6);
    ck_assert_double_eq_tol(b.kwh_per_day, 16.2324, 1e-9);
    ck_assert_double_eq_tol(b.item[CS_COST_ENERGY], 3.084156, 1e-9);
    ck_assert_double_eq_tol(b.kg_co2e_per_day, 6.49296, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 6.874593, 1e-6);
    ck_assert_double_eq_tol(b.usd_per_month, 209.245, 1e-3);
    ck_assert_double_eq_tol(b.usd_per_mtok, 3.437296, 1e-6);
    ck_assert_str_eq(b.why[CS_COST_GPU], "3 × 1599 USD over 3.5 years, 20 % left");
    ck_assert_str_eq(b.why[CS_COST_ENERGY],
                     "16.23 kWh at 0.19 USD/kWh: 22 W idle to 450 W, busy 37 %, PUE 1.25");
    /* busy unknown: always; no idle figure: the TDP counts: 450 W x 3 x 1.25 x 24 h = 40.5 kWh */
    use.busy = NAN;
    ck_assert_double_eq_tol(of(&h, &cost, 0, 0, use).kwh_per_day, 40.5, 1e-9);
    h.idle_w = 0;
    use.busy = 0.1;
    ck_assert_double_eq_tol(of(&h, &cost, 0, 0, use).kwh_per_day, 40.5, 1e-9);
    cost.own.purchase_usd = 2000; /* 3 x 2000 x 0.8 / 1278.375 */
    ck_assert_double_eq_tol(of(&h, &cost, 0, 0, use).item[CS_COST_GPU], 3.754767, 1e-6);
    h.tdp_w = 0;
    ck_assert(isnan(of(&h, &cost, 0, 0, use).kwh_per_day));
}
END_TEST

/* 10 GPUs in servers of 8 are 16, six of which idle. Capital at 7 % over 5 years, a tenth left: q^5
 * = 1.4025517; 0.07 x (1.4025517 - 0.1) / 0.4025517 = 0.22650162 a year. Of 16 x 25,000 USD
 * 90,600.65 a year are 248.05106 a day, of 16 x 6,000 59.532255, 16 x 1,200 11.906451, 16 x 500
 * 4.9610212; together 324.45079, 5 % of it in spares 16.222539. Maintenance 3 % of 523,200 = 15,696
 * a year, 42.97331 a day. Colocation: 16 x (450 + 300) W = 12 kW at 150 USD a month: 59.13758 a
 * day. Power: 10 x (22 + 428 x 0.5) + 6 x 22 + 16 x 300 = 7292 W, x 1.3 x 24 h = 227.5104 kWh, at
 * 0.11 USD 25.026144. */
START_TEST(a_room_of_ones_own)
{
    struct cs_cost cost = cs_cost_of("listed");
    cost.own = (struct cs_own){.has = true, .purchase_usd = 25000, .server_usd = 6000,
                               .network_usd = 1200, .rack_usd = 500, .server_w = 300,
                               .server_gpus = 8, .years = 5, .residual = 0.1, .capital = 0.07,
                               .spares = 0.05, .maintenance = 0.03,
                               .colocation_usd_per_J = 150 / 1e3 / (30.4375 * 86400),
                               .electricity_usd_per_J = 0.11 / 3.6e6, .pue = 1.3};
    const struct cs_cost_breakdown b =
        of(&card, &cost, 0, 0, (struct cs_cost_use){.gpus = 10, .busy = 0.5});
    static const struct {
        enum cs_cost_item item;
        double usd;
    } lines[] = {{CS_COST_GPU, 248.05106},       {CS_COST_SERVER, 59.532255},
                 {CS_COST_NETWORK, 11.906451},   {CS_COST_RACK, 4.9610212},
                 {CS_COST_SPARES, 16.222539},    {CS_COST_MAINTENANCE, 42.973306},
                 {CS_COST_COLOCATION, 59.137577}, {CS_COST_ENERGY, 25.026144}};
    double sum = 0;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ck_assert_msg(fabs(b.item[lines[i].item] - lines[i].usd) < 1e-5, "%s: %.6f",
                      cs_cost_names[lines[i].item], b.item[lines[i].item]);
        ck_assert_ptr_nonnull(b.why[lines[i].item]);
        sum += b.item[lines[i].item];
    }
    ck_assert_double_eq_tol(b.usd_per_day, sum, 1e-9);
    ck_assert_double_eq_tol(b.kwh_per_day, 227.5104, 1e-9);
    ck_assert(strstr(b.why[CS_COST_GPU], "(10 planned, servers of 8)"));
    ck_assert(strstr(b.why[CS_COST_GPU], "capital at 7 % a year"));
}
END_TEST

/* A card that is paid for, in a machine drawing 61.5 W: 180.36 + 61.5 = 241.86 W x 24 h = 5.80464
 * kWh a day, 1.741392 USD at 0.30. A second-hand case bought for it, 250 USD over 2 years: 250 /
 * 730.5 = 0.342231 USD a day. Years do not matter where nothing is written off. */
START_TEST(paid_for_already)
{
    const struct cs_purchase purchase = {.usd = 1599, .source = "a shop", .date = "2022-10-12"};
    struct cs_hardware h = card;
    h.purchases = &purchase;
    h.purchase_count = 1;
    struct cs_cost cost = cs_cost_of("listed");
    cost.own = (struct cs_own){.has = true, .server_w = 61.5, .pue = 1,
                               .electricity_usd_per_J = 0.30 / 3.6e6};
    struct cs_price_used price;
    cs_price_gpu(&price, &h, &cost, arena);
    ck_assert_double_eq(price.usd_per_gpu_hour, 0);
    ck_assert_str_eq(price.basis, "owned");
    ck_assert_str_eq(price.provider, "paid for already: only electricity counts");
    const struct cs_cost_use use = {.gpus = 1, .busy = 0.37};
    struct cs_cost_breakdown b = of(&h, &cost, 0, 0, use);
    ck_assert_double_eq(b.item[CS_COST_GPU], 0);
    ck_assert_str_eq(b.why[CS_COST_GPU], "paid for already");
    ck_assert_double_eq_tol(b.kwh_per_day, 5.80464, 1e-9);
    ck_assert_double_eq_tol(b.usd_per_day, 1.741392, 1e-9);
    cost.own.server_usd = 250;
    cost.own.years = 2;
    ck_assert_double_eq_tol(of(&h, &cost, 0, 0, use).item[CS_COST_SERVER], 0.342231, 1e-6);
    cost.own.purchase_usd = -1; /* 1849 / 730.5 / 24 */
    cs_price_gpu(&price, &h, &cost, arena);
    ck_assert_double_eq_tol(price.usd_per_gpu_hour, 0.105464, 1e-6);
    ck_assert_str_eq(price.source, "a shop");
    ck_assert_str_eq(price.date, "2022-10-12");
}
END_TEST

/* For 16 GPUs: engineers 0.25 + 0.02 x 16 = 0.57 at 210,000 USD a year, 327.720739 a day; software
 * 3,600 + 16 x 4,500 = 75,600 a year, 206.981520; 141 GB of weights at 0.08 USD/GB/month, 0.370595;
 * 25M output tokens of 200 B are 5 GB at 0.09, 0.45; a thousandth of the day at 500 USD/h, 12. */
START_TEST(everything_else)
{
    struct cs_cost cost = cs_cost_of("listed");
    const double year_s = 365.25 * 86400, month_s = 30.4375 * 86400;
    cost.engineers = (struct cs_engineers){210e3 / year_s, 0.25, 0.02};
    cost.software = (struct cs_software){3600 / year_s, 4500 / year_s};
    cost.storage = (struct cs_storage){0, 0.08 / 1e9 / month_s};
    cost.egress = (struct cs_egress){0.09 / 1e9, 200};
    cost.downtime = (struct cs_downtime){0.001, 500.0 / 3600};
    struct cs_cost_use use = {16, 1, 50e6, 25e6, 141e9};
    const struct cs_cost_breakdown b = of(&card, &cost, 0, 0, use);
    ck_assert_double_eq_tol(b.item[CS_COST_STAFF], 327.720739, 1e-6);
    ck_assert_double_eq_tol(b.item[CS_COST_SOFTWARE], 206.981520, 1e-6);
    ck_assert_double_eq_tol(b.item[CS_COST_STORAGE], 0.370595, 1e-6);
    ck_assert_double_eq_tol(b.item[CS_COST_EGRESS], 0.45, 1e-12);
    ck_assert_double_eq_tol(b.item[CS_COST_DOWNTIME], 12, 1e-12);
    ck_assert_str_eq(b.why[CS_COST_STAFF],
                     "0.57 engineers at 210000 USD/year: 0.25 + 0.02 × 16 GPUs");
    cost.storage.bytes = 2e12; /* 160 a month */
    ck_assert_double_eq_tol(of(&card, &cost, 0, 0, use).item[CS_COST_STORAGE], 160 / 30.4375, 1e-9);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("cost");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, rented);
    tcase_add_test(all, spares_and_whole_instances);
    tcase_add_test(all, owned);
    tcase_add_test(all, a_room_of_ones_own);
    tcase_add_test(all, paid_for_already);
    tcase_add_test(all, everything_else);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
