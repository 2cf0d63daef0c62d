/* Fleets of so many GPUs, of so much money, for so much traffic: counts worked by hand.
 *
 * A replica of the toy engine carries 2 requests a second on one card at 2 USD/h (question.h), so a
 * fleet of n costs 48 n USD a day and 480 USD buy ten of them, not eleven. `pair` is the same card
 * with links, on which replicas of 1, 2, 4 and 8 fit; all have steps of half a second, so a
 * larger one is no faster. A model of 20 GB fits none of these cards, of 1 GB each.
 */
#include "folder.h"
#include "plan/fleets.h"
#include "question.h"
#include <check.h>
#include <string.h>

static struct cs_own_fleet *fleets;

static void setup(void)
{
    question_open();
    test_write("hardware/pair.yaml",
               "name: pair\ntitle: Pair\nmemory: {capacity: 1 GB, bandwidth: 1000 TB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\npower: {tdp: 310 W, idle: 42 W}\n"
               "link: {kind: Bridge, bandwidth: 900 GB/s, gpus: 8}\n"
               "rental:\n  - {provider: Alder, price: 2 USD/h, date: 2026-05-24, source: made up}\n"
               "sources: {memory: made up, compute: made up, power: made up, link: made up}\n");
    test_write("models/large.yaml",
               "name: large\nweights: bf16\nparameters: {total: 10B}\n"
               "architecture: {layers: 48, hidden: 4096, heads: 32, kv_heads: 32, head_dim: 128,\n"
               "  ffn: 11008, vocabulary: 32000, context: 4096 tokens}\n"
               "sources: {architecture: made up, parameters: made up}\n");
}

static struct cs_study *study_of(const char *rate, const char *deploy, const char *cost)
{
    return question_study(cs_arena_printf(question_arena(),
                                          "name: q\nmodel: toy\ndeploy: %s\ncost: {%s}\n"
                                          "traffic: {rate: %s, lengths: {input: {fixed: 1 token}, "
                                          "output: {fixed: 1 token}}}\n"
                                          "simulate: {requests: 3000, replications: 1}\n",
                                          deploy, cost, rate),
                          1);
}

/* A fleet of `tensor` x `replicas`, of 2 requests a second each; or the reason why there is none.
 */
static void assert_fleet(size_t index, size_t option, int tensor, int replicas, const char *why_not)
{
    const struct cs_own_fleet *const f = &fleets[index];
    ck_assert_uint_eq(f->option, option);
    ck_assert_int_eq(f->given.tensor, tensor);
    ck_assert_int_eq(f->given.replicas, replicas);
    ck_assert_int_eq(f->gpus, (long)tensor * replicas);
    ck_assert_double_eq_tol(f->capacity_rps, 2.0 * replicas, 1e-6);
    if (why_not == NULL)
        ck_assert_ptr_null(f->why_not);
    else
        ck_assert_str_eq(f->why_not, why_not);
}

static size_t of_gpus(const char *deploy, long gpus)
{
    return cs_fleets_of_gpus(study_of("1 req/s", deploy, ""), gpus, &fleets, question_arena());
}

START_TEST(of_so_many_gpus)
{
    ck_assert_uint_eq(
        of_gpus("[{hardware: card, engine: toy-1}, {hardware: pair, engine: toy-1}]", 6), 5);
    assert_fleet(0, 0, 1, 6, NULL); /* no link: a card by itself */
    assert_fleet(1, 1, 1, 6, NULL);
    assert_fleet(2, 1, 2, 3, NULL);
    assert_fleet(3, 1, 4, 0, "6 GPUs do not divide into replicas of 4");
    assert_fleet(4, 1, 8, 0, "6 GPUs do not divide into replicas of 8");
    ck_assert_uint_eq(of_gpus("{hardware: pair, engine: toy-1, tensor_parallel: 2}", 6), 1);
    assert_fleet(0, 0, 2, 3, NULL);
}
END_TEST

/* Unless so many are asked for: what the option gives, else one replica of each size. */
START_TEST(of_the_options_own)
{
    ck_assert_uint_eq(of_gpus("[{hardware: pair, engine: toy-1, tensor_parallel: 2, replicas: 5},"
                              " {hardware: pair, engine: toy-1, gpus: 4},"
                              " {hardware: card, engine: toy-1}]",
                              0),
                      6);
    assert_fleet(0, 0, 2, 5, NULL);
    assert_fleet(1, 1, 1, 4, NULL);
    assert_fleet(2, 1, 2, 2, NULL);
    assert_fleet(3, 1, 4, 1, NULL);
    assert_fleet(4, 1, 8, 0, "4 GPUs do not divide into replicas of 8");
    assert_fleet(5, 2, 1, 1, NULL);
    /* what is asked for goes before what an option gives */
    ck_assert_uint_eq(
        of_gpus("{hardware: pair, engine: toy-1, tensor_parallel: 2, replicas: 5}", 2), 1);
    assert_fleet(0, 0, 2, 1, NULL);
}
END_TEST

START_TEST(what_does_not_fit)
{
    ck_assert_uint_eq(of_gpus("[{model: large, hardware: pair, engine: toy-1},"
                              " {model: large, hardware: pair, engine: toy-1, tensor_parallel: 4},"
                              " {hardware: card, engine: toy-1}]",
                              4),
                      3);
    assert_fleet(0, 0, 0, 0, "weights and a request do not fit in up to 8 GPUs");
    ck_assert_str_eq(fleets[1].why_not, "weights and a request do not fit at that size");
    ck_assert_int_eq(fleets[1].given.replicas, 0);
    assert_fleet(2, 2, 1, 4, NULL);
}
END_TEST

/* --- of money -------------------------------------------------------------------------------- */

/* 48 USD a day each: 480 buy ten, 479.99 nine. With 20 USD of staff 500 leave 480. With a fifth of
 * spares eight are 9.6 cards, 460.8, and nine 518.4. By eights, 384 each, 500 buy one eight and 768
 * two. Cards that are paid for cost what
 * they draw while they idle, 24 x 42 Wh at 0.03 USD/kWh: 0.03024 a day, of 0.25 USD eight. */
START_TEST(of_so_much_money)
{
    static const struct {
        const char *cost;
        double usd;
        int replicas;
    } cases[] = {{"gpu: 2 USD/h", 480, 10},
                 {"gpu: 2 USD/h", 479.99, 9},
                 {"gpu: 2 USD/h", 48, 1},
                 {"gpu: 2 USD/h, staff: 20 USD/day", 500, 10},
                 {"gpu: 2 USD/h, rent: {spares: 20%}", 500, 8},
                 {"gpu: 2 USD/h, rent: {instance: 8}", 500, 8},
                 {"gpu: 2 USD/h, rent: {instance: 8}", 768, 16},
                 {"own: {purchase: 0 USD, electricity: 0.03 USD/kWh}", 0.25, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cs_study *const study =
            study_of("1 req/s", "{hardware: card, engine: toy-1}", cases[i].cost);
        ck_assert_uint_eq(cs_fleets_of_money(study, cases[i].usd, &fleets, question_arena()), 1);
        assert_fleet(0, 0, 1, cases[i].replicas, NULL);
    }
}
END_TEST

/* Each size for itself: 500 USD are ten cards at 48, five pairs, two fours, one eight. */
START_TEST(of_money_by_size)
{
    struct cs_study *const study =
        study_of("1 req/s", "{hardware: pair, engine: toy-1}", "gpu: 2 USD/h");
    ck_assert_uint_eq(cs_fleets_of_money(study, 500, &fleets, question_arena()), 4);
    assert_fleet(0, 0, 1, 10, NULL);
    assert_fleet(1, 0, 2, 5, NULL);
    assert_fleet(2, 0, 4, 2, NULL);
    assert_fleet(3, 0, 8, 1, NULL);
    ck_assert_uint_eq(cs_fleets_of_money(study, 100, &fleets, question_arena()), 4);
    assert_fleet(0, 0, 1, 2, NULL);
    assert_fleet(1, 0, 2, 1, NULL);
    assert_fleet(2, 0, 4, 0, "a replica of 4 costs 192 USD a day");
    assert_fleet(3, 0, 8, 0, "a replica of 8 costs 384 USD a day");
}
END_TEST

START_TEST(money_that_buys_none)
{
    const char *const card = "{hardware: card, engine: toy-1}";
    cs_fleets_of_money(study_of("1 req/s", card, "gpu: 2 USD/h"), 47.9, &fleets, question_arena());
    assert_fleet(0, 0, 1, 0, "a replica of 1 costs 48 USD a day");
    cs_fleets_of_money(study_of("1 req/s", card, "gpu: 2 USD/h, rent: {instance: 8}"), 383, &fleets,
                       question_arena());
    assert_fleet(0, 0, 1, 0, "a replica of 1 costs 384 USD a day");
    test_write("hardware/gift.yaml",
               "name: gift\nmemory: {capacity: 1 GB, bandwidth: 1000 TB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\nsources: {memory: made up, compute: made up}\n");
    cs_fleets_of_money(study_of("1 req/s", "{hardware: gift, engine: toy-1}", ""), 500, &fleets,
                       question_arena());
    assert_fleet(0, 0, 1, 0, "no price known");
}
END_TEST

/* --- of traffic ------------------------------------------------------------------------------ */

/* The fewest that carry the busiest hour, at 2/s each: 1.9/s one, 2.1/s two, 21/s eleven. */
START_TEST(of_so_much_traffic)
{
    static const struct {
        const char *rate;
        int replicas;
    } cases[] = {{"0.1 req/s", 1}, {"1.9 req/s", 1}, {"2.1 req/s", 2}, {"21 req/s", 11}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cs_study *const study =
            study_of(cases[i].rate, "{hardware: pair, engine: toy-1}", "gpu: 2 USD/h");
        ck_assert_uint_eq(cs_fleets_of_traffic(study->scenario, NULL, &fleets, question_arena()),
                          4);
        for (size_t k = 0; k < 4; k++)
            assert_fleet(k, 0, 1 << k, cases[i].replicas, NULL);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("fleets");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_add_test(all, of_so_many_gpus);
    tcase_add_test(all, of_the_options_own);
    tcase_add_test(all, what_does_not_fit);
    tcase_add_test(all, of_so_much_money);
    tcase_add_test(all, of_money_by_size);
    tcase_add_test(all, money_that_buys_none);
    tcase_add_test(all, of_so_much_traffic);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
