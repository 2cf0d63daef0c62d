/* The show, without a display: a run that is looked at.
 *
 * Cut into pieces however small it must end as the run at once; going back and forth, changes made
 * by hand and taken back must leave what a scenario that says the same gives. Meters and rolling
 * percentiles are counted again by hand.
 */
#include "shows.h"
#include "spec/catalog.h"
#include "viz/control.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a run was, in figures that do not forgive. */
struct figures {
    uint64_t requests, steps, tokens, busy, retried;
};
static struct figures figures_of(const struct cs_show *show)
{
    const struct cs_result *const r = cs_cluster_result(show->cluster);
    return (struct figures){r->all_arrived, r->all_steps, r->all_output_tokens,
                            (uint64_t)r->all_busy_ps, r->all_retried};
}
static void same(struct figures a, struct figures b)
{
    ck_assert_uint_eq(a.requests, b.requests);
    ck_assert_uint_eq(a.steps, b.steps);
    ck_assert_uint_eq(a.tokens, b.tokens);
    ck_assert_uint_eq(a.busy, b.busy);
    ck_assert_uint_eq(a.retried, b.retried);
}

/* --- the run --------------------------------------------------------------------------------- */

START_TEST(test_pieces_do_not_show)
{
    struct cs_show whole, cut;
    open_show(&whole, "replicas: 3", "");
    cs_show_run(&whole, whole.end_ps);
    open_show(&cut, "replicas: 3", "");
    uint32_t random = 1;
    while (cut.now_ps < cut.end_ps) {
        random = random * 1664525u + 1013904223u;
        cs_show_run(&cut, cut.now_ps + (int64_t)(random % 60000 + 1) * MS);
        cs_show_look(&cut, 2);
    }
    same(figures_of(&whole), figures_of(&cut));
    ck_assert_double_eq(whole.totals.requests, cut.totals.requests);
    ck_assert_double_eq(whole.totals.output_tokens, cut.totals.output_tokens);
    ck_assert_double_eq_tol(whole.totals.usd, cut.totals.usd, 1e-9 * whole.totals.usd);
    ck_assert_uint_eq(whole.bin, cut.bin);
    for (size_t i = 0; i < whole.bin; i++)
        ck_assert_float_eq(whole.bins[i].rps, cut.bins[i].rps);
    cs_show_close(&whole);
    cs_show_close(&cut);
}
END_TEST

START_TEST(test_going_back)
{
    struct cs_show show;
    open_show(&show, "replicas: 2", "");
    cs_show_run(&show, 1000 * S);
    const struct figures there = figures_of(&show);
    cs_show_run(&show, 3000 * S);
    cs_show_restart(&show);
    ck_assert_int_lt(show.now_ps, 0);
    cs_show_run(&show, 1000 * S);
    same(there, figures_of(&show));
    for (size_t i = show.bin; i < show.bin_count; i++) /* nothing is known of what is to come */
        ck_assert(isnan(show.bins[i].rps) && isnan(show.bins[i].ttft_p95_s));
    ck_assert_uint_eq(show.bin, (size_t)(1000 * S / show.bin_ps));
    cs_show_close(&show);
}
END_TEST

/* What is done by hand is what a scenario that says it does. */
START_TEST(test_changes_by_hand)
{
    struct cs_show hand, told;
    open_show(&hand, "replicas: 3", "");
    cs_show_run(&hand, 600 * S);
    cs_show_change(&hand,
                   (struct cs_change){.kind = CS_CHANGE_FAIL, .replica = 1, .repair_ps = 300 * S});
    cs_show_run(&hand, 700 * S);
    cs_show_change(&hand, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = 2.0});
    cs_show_change(&hand, (struct cs_change){.kind = CS_CHANGE_ADD, .count = 1});
    cs_show_run(&hand, 2000 * S);
    cs_show_change(&hand,
                   (struct cs_change){.kind = CS_CHANGE_ROUTER, .router = CS_ROUTER_ROUND_ROBIN});
    cs_show_change(&hand, (struct cs_change){.kind = CS_CHANGE_REMOVE, .count = 2});
    cs_show_run(&hand, hand.end_ps);
    ck_assert_uint_eq(cs_show_changes_by_hand(&hand), 5);
    open_show(&told, "replicas: 3",
              "changes:\n"
              "- {at: 600 s, fail: 2, repair: 300 s}\n"
              "- {at: 700 s, traffic: 200%}\n"
              "- {at: 700.001 s, add: 1}\n"
              "- {at: 2000 s, router: round_robin}\n"
              "- {at: 2000.001 s, remove: 2}\n");
    cs_show_run(&told, told.end_ps);
    same(figures_of(&hand), figures_of(&told));
    ck_assert_uint_gt(figures_of(&hand).retried, 0);
    ck_assert_double_eq_tol(hand.totals.usd, told.totals.usd, 1e-6 * hand.totals.usd);
    /* 3 replicas, 4 from 700 s on, 2 fewer at 2000 s once they are empty */
    const double usd = hand.usd_per_replica_s *
                       (3.0 * 700.0 + 4.0 * 1300.0 + 2.0 * ((double)hand.end_ps / 1e12 - 2000.0));
    ck_assert_double_eq_tol(hand.totals.usd, usd, 0.02 * usd);
    cs_show_close(&hand);
    cs_show_close(&told);
}
END_TEST

/* Arrivals of the very instant of a change come after it, however it was made. */
START_TEST(test_changes_on_an_arrival)
{
    char trace[] = "/tmp/capsim-show-XXXXXX", scenario[] = "/tmp/capsim-show-XXXXXX";
    FILE *f = fdopen(mkstemp(trace), "w");
    fprintf(f, "arrival_s,input_tokens,output_tokens\n");
    for (int i = 0; i < 400; i++)
        fprintf(f, "%d.%d,%d,%d\n", i / 4, i % 4 * 25, 300 + i, 100 + i % 7);
    fclose(f);
    struct figures of[2];
    int moved[2];
    for (int told = 0; told < 2; told++) {
        const char *const changes = "changes: [{at: 20 s, fail: 1, repair: 5 s}, "
                                    "{at: 50 s, traffic: 300%}]\n";
        snprintf(scenario, sizeof scenario, "/tmp/capsim-show-XXXXXX");
        f = fdopen(mkstemp(scenario), "w");
        fprintf(f,
                "model: llama-3.1-8b\ntraffic: {trace: %s}\n"
                "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, replicas: 2}\n%s",
                trace, told ? changes : "");
        fclose(f);
        cs_diags_init(&diags, &arena);
        const struct cs_scenario *const s =
            cs_scenario_load(cs_catalog_open(&arena, NULL), scenario, NULL, 0, &diags);
        unlink(scenario);
        ck_assert_msg(s != NULL, "%s", diags.count > 0 ? diags.items[0].message : "?");
        const struct cs_answer *const a = cs_plan_price(s, &arena, NULL, &diags);
        struct cs_show show;
        ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
        cs_show_run(&show, 20 * S);
        if (!told)
            cs_show_change(&show, (struct cs_change){
                                      .kind = CS_CHANGE_FAIL, .replica = 0, .repair_ps = 5 * S});
        cs_show_run(&show, 50 * S);
        if (!told)
            cs_show_change(&show, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = 3.0});
        cs_show_run(&show, show.end_ps);
        of[told] = figures_of(&show);
        moved[told] = (int)show.totals.requests;
        cs_show_close(&show);
    }
    unlink(trace);
    same(of[0], of[1]);
    ck_assert_int_eq(moved[0], moved[1]);
    ck_assert_uint_gt(of[0].retried, 0);
}
END_TEST

/* However many a scenario has: what holds them grows from there on. */
START_TEST(test_many_changes_by_hand)
{
    for (int scripted = 1; scripted <= 9; scripted++) {
        char changes[600] = "changes:\n";
        for (int i = 0; i < scripted; i++)
            snprintf(changes + strlen(changes), sizeof changes - strlen(changes),
                     "- {at: %d s, traffic: 9%d%%}\n", 20 * i, i);
        struct cs_show show;
        open_show(&show, "replicas: 3", changes);
        cs_show_run(&show, 10 * S);
        for (int i = 0; i < 12; i++)
            cs_show_change(&show, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = 2.0 + i});
        ck_assert_uint_eq(show.change_count, (size_t)scripted + 12);
        ck_assert_uint_eq(cs_show_changes_by_hand(&show), 12);
        for (size_t i = 0; i < show.change_count; i++) {
            const double own = 0.9 + 0.01 * (double)(i == 0 ? 0 : i - 12);
            const bool by_hand = i >= 1 && i <= 12;
            ck_assert_double_eq_tol(show.changes[i].factor, by_hand ? 1.0 + (double)i : own, 1e-12);
        }
        cs_show_close(&show);
    }
}
END_TEST

START_TEST(test_undo)
{
    struct cs_show show, plain;
    open_show(&show, "replicas: 3", "changes: [{at: 500 s, fail: 1}]\n");
    open_show(&plain, "replicas: 3", "changes: [{at: 500 s, fail: 1}]\n");
    ck_assert(!cs_show_undo(&show));
    cs_show_run(&show, 100 * S);
    cs_show_change(&show, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = 0.5});
    cs_show_run(&show, 900 * S);
    ck_assert(cs_show_undo(&show));
    ck_assert(!cs_show_undo(&show));
    cs_show_run(&show, show.end_ps);
    cs_show_run(&plain, plain.end_ps);
    same(figures_of(&show), figures_of(&plain));
    cs_show_close(&show);
    cs_show_close(&plain);
}
END_TEST

START_TEST(test_failing_half_hurts)
{
    struct cs_show show;
    const double p95 = 95.0;
    double before, after;
    open_show(&show, "replicas: 2", "");
    cs_show_run(&show, 1000 * S);
    cs_show_change(&show, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = 2.0});
    cs_show_run(&show, 2000 * S);
    cs_show_rolling(&show, false, &p95, 1, &before);
    cs_show_change(&show,
                   (struct cs_change){.kind = CS_CHANGE_FAIL, .replica = 0, .repair_ps = 900 * S});
    ck_assert_int_eq(show.serving, 1);
    ck_assert_int_eq(show.failed, 1);
    cs_show_run(&show, 2800 * S);
    cs_show_rolling(&show, false, &p95, 1, &after);
    ck_assert_double_gt(after, 2.0 * before);
    cs_show_run(&show, 2960 * S); /* repaired, and its weights read */
    ck_assert_int_eq(show.serving, 2);
    cs_show_close(&show);
}
END_TEST

/* --- figures --------------------------------------------------------------------------------- */

START_TEST(test_meters)
{
    struct cs_show show;
    open_show(&show, "replicas: 2", "");
    cs_show_run(&show, show.end_ps);
    const double span = (double)show.end_ps / 1e12;
    ck_assert_double_eq_tol(show.totals.replica_s, 2.0 * span, 1e-6 * span);
    ck_assert_double_eq_tol(show.totals.usd, show.plan->cost.usd_per_day * span / 86400.0,
                            1e-6 * show.totals.usd);
    /* 20 requests/s of the mean lengths, as the API's bill has them */
    const struct cs_api_answer *const api = &show.answer->apis[0];
    ck_assert_double_eq_tol(cs_show_api_usd(&show, api), api->usd_per_day * span / 86400.0,
                            0.03 * api->usd_per_day * span / 86400.0);
    double out, in, requests;
    cs_show_rates(&show, &out, &in, &requests);
    ck_assert_double_eq_tol(requests, 20.0, 1.5);
    const struct cs_result *const r = cs_cluster_result(show.cluster);
    ck_assert_double_eq(show.totals.requests, (double)r->requests);
    ck_assert_double_le(show.totals.busy_s, (double)r->all_busy_ps / 1e12);
    ck_assert_double_ge(show.totals.busy_s, (double)r->all_busy_ps / 1e12 - 2.0 * 140.0);
    ck_assert_double_gt(show.totals.busy_s, 0.5 * show.totals.replica_s);
    const double joules =
        show.idle_w * show.totals.replica_s + (show.busy_w - show.idle_w) * show.totals.busy_s;
    ck_assert_double_eq_tol(show.totals.joules, joules, 1e-9 * joules);
    ck_assert_double_gt(show.busy_w, show.idle_w);
    cs_show_close(&show);
}
END_TEST

/* An owned machine, with a server, its own PUE and electricity: what the plan says of a day that is
 * as busy. */
START_TEST(test_meters_of_an_owned_machine)
{
    struct cs_show show;
    const struct cs_answer *const a =
        answer_of("model: qwen2.5-7b\ntraffic: {rate: 0.3 req/s, lengths: azure-conv-2023}\n"
                  "deploy: {hardware: rtx-4090, precision: fp8, tensor_parallel: 1, replicas: 2}\n"
                  "cost: {own: {purchase: 2000 USD, years: 3, server_power: 150 W, pue: 1.4, "
                  "electricity: 0.30 USD/kWh}}\n"
                  "simulate: {days: 1, warm_up: 2 min, replications: 1}\n");
    ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
    cs_show_run(&show, show.end_ps);
    const struct cs_option_answer *const o = show.plan;
    const struct cs_workload_spec *const w = &show.question.workload;
    const struct cs_cost_use use = {
        .gpus = 2,
        .busy = show.totals.busy_s / show.totals.replica_s,
        .tokens_per_day = 86400.0 * w->requests_per_s * (w->mean_input + w->mean_output),
        .output_tokens_per_day = 86400.0 * w->requests_per_s * w->mean_output,
        .weights_bytes = o->memory.weights_bytes};
    struct cs_cost_breakdown day;
    cs_cost_fleet(&day, o->option->hardware, &a->scenario->cost, &o->price, &use, &arena);
    ck_assert_double_gt(day.item[CS_COST_ENERGY], 0);
    ck_assert_double_lt(use.busy, 0.9);
    ck_assert_double_eq_tol(show.totals.joules, day.kwh_per_day * 3.6e6, 1e-6 * show.totals.joules);
    ck_assert_double_eq_tol(show.totals.usd, day.usd_per_day, 1e-6 * show.totals.usd);
    cs_show_close(&show);
}
END_TEST

/* Idle replicas are paid for, and take less power. */
START_TEST(test_meters_of_the_idle)
{
    struct cs_show show;
    open_show(&show, "replicas: 2", "changes: [{at: 1 s, traffic: 1%}]\n");
    cs_show_run(&show, 60 * S);
    const double busy = (double)cs_cluster_result(show.cluster)->all_busy_ps / 1e12;
    const double before = show.totals.busy_s;
    cs_show_run(&show, 4000 * S);
    const double later = (double)cs_cluster_result(show.cluster)->all_busy_ps / 1e12;
    ck_assert_double_eq_tol(show.totals.busy_s - before, later - busy, 1e-6 * later);
    ck_assert_double_lt(later - busy, 0.6 * 2.0 * 3940.0);
    ck_assert_double_eq_tol(show.totals.usd, show.usd_per_replica_s * 8000.0,
                            1e-9 * show.totals.usd);
    cs_show_close(&show);
}
END_TEST

/* The share within the limits is the run's own, whatever is limited; rejected requests miss. */
START_TEST(test_within_the_limits)
{
    struct cs_show show;
    const struct cs_answer *const a = answer_of(
        "model: llama-3.1-8b\ntraffic: {rate: 2 req/s, lengths: azure-conv-2023}\n"
        "slo: {e2e: {p95: 1 s}, window: run}\n"
        "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, replicas: 1, context: 2000 tokens}\n"
        "simulate: {days: 0.02, warm_up: 2 min, replications: 1}\n");
    ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
    ck_assert(isnan(cs_show_within(&show)));
    cs_show_run(&show, show.end_ps);
    const struct cs_result *const r = cs_cluster_result(show.cluster);
    ck_assert_uint_gt(r->rejected, 0);
    ck_assert_uint_eq(r->completed + r->rejected, r->requests);
    ck_assert_uint_eq(r->window_count, 1);
    ck_assert_double_eq(cs_show_within(&show),
                        (double)r->windows[0].within[0] / (double)r->requests);
    ck_assert(cs_show_within(&show) > 0.1 && cs_show_within(&show) < 0.9);
    cs_show_close(&show);
}
END_TEST

/* A run of so many requests ends with the last, whatever the hour: nothing is paid for after it. */
START_TEST(test_a_run_by_requests_ends)
{
    struct cs_show show;
    const struct cs_answer *const a =
        answer_of("model: llama-3.1-8b\n"
                  "traffic: {rate: 1 req/s, lengths: azure-conv-2023, curve: business-hours}\n"
                  "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, replicas: 1}\n"
                  "simulate: {requests: 3000 requests, warm_up: 2 min, replications: 1}\n");
    ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
    for (int turn = 0; turn < 2; turn++) { /* the night is quiet: 3000 s of the mean rate are not */
        cs_show_run(&show, INT64_MAX);
        const struct cs_result *const r = cs_cluster_result(show.cluster);
        ck_assert(show.over);
        ck_assert_int_eq(show.now_ps, show.end_ps);
        ck_assert_int_ge(show.now_ps, r->stopped_ps);
        ck_assert_int_lt(show.now_ps, r->stopped_ps + MS);
        ck_assert_int_gt(show.now_ps, 3600 * S);
        ck_assert_double_eq(show.totals.requests, 3000.0);
        ck_assert_double_eq_tol(show.totals.replica_s, (double)r->stopped_ps / 1e12, 0.002);
        cs_show_restart(&show);
        ck_assert_int_gt(show.end_ps, r->stopped_ps);
    }
    cs_show_change(&show, (struct cs_change){.kind = CS_CHANGE_ADD, .count = 1});
    struct cs_scene scene;
    cs_scene_init(&scene, &show, NULL);
    cs_control(&scene, CS_ACT_SEEK, INT64_MAX);
    for (int i = 0; i < 1000 && scene.target_ps >= 0; i++)
        cs_control_advance(&scene, 1.0 / 60.0, 0.01, no_time);
    ck_assert_int_lt(scene.target_ps, 0); /* it is there, though the end came earlier */
    cs_scene_fini(&scene);
    cs_show_close(&show);
}
END_TEST

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Of the last quarter of an hour alone: by hand, from the ring. */
/* Or later than expected, where changes slow it. */
START_TEST(test_a_slowed_run_by_requests_ends)
{
    struct cs_show show;
    const struct cs_answer *const a =
        answer_of("model: llama-3.1-8b\n"
                  "traffic: {rate: 1 req/s, lengths: azure-conv-2023}\n"
                  "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, replicas: 1}\n"
                  "simulate: {requests: 1000 requests, warm_up: 2 min, replications: 1}\n"
                  "changes: [{at: 10 s, traffic: 25%}]\n");
    ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
    for (int i = 0; i < 100 && !show.over; i++)
        cs_show_run(&show, show.now_ps + 100 * S);
    const struct cs_result *const r = cs_cluster_result(show.cluster);
    ck_assert(show.over);
    ck_assert_double_eq(show.totals.requests, 1000.0);
    ck_assert_int_gt(show.now_ps, 3600 * S);
    ck_assert_double_eq_tol(show.totals.replica_s, (double)r->stopped_ps / 1e12, 0.002);
    ck_assert_uint_ge(show.bin_count, show.bin);
    ck_assert(!isnan(show.bins[(size_t)(3000 * S / show.bin_ps)].rps));
    cs_show_close(&show);
}
END_TEST

START_TEST(test_rolling_percentiles)
{
    struct cs_show show;
    const double asked[] = {50.0, 95.0, 100.0};
    double values[3];
    open_show(&show, "replicas: 2", "changes: [{at: 1 s, traffic: 5%}]\n");
    cs_show_run(&show, 2700 * S);
    ck_assert_uint_lt(show.ended_count, CS_SHOW_ROLLING + 2700);
    static float ttft[CS_SHOW_ROLLING];
    size_t n = 0, older = 0;
    for (uint64_t i = 0; i < show.ended_count && i < CS_SHOW_ROLLING; i++) {
        if (show.ended[i].done_ps >= 1800 * S)
            ttft[n++] = show.ended[i].ttft_s;
        else
            older++;
    }
    ck_assert_uint_gt(older, 100);
    qsort(ttft, n, sizeof *ttft, by_size);
    cs_show_rolling(&show, false, asked, 3, values);
    for (int k = 0; k < 3; k++)
        ck_assert_double_eq(values[k],
                            (double)ttft[(size_t)ceil(asked[k] / 100.0 * (double)n) - 1]);
    double out, in, requests;
    cs_show_rates(&show, &out, &in, &requests);
    ck_assert_double_eq_tol(requests, (double)n / 900.0, 1e-9);
    cs_show_close(&show);
}
END_TEST

START_TEST(test_clock)
{
    struct cs_show show;
    char text[40];
    open_show(&show, "replicas: 1", "");
    ck_assert_str_eq(cs_show_clock(&show, 3723 * S, text, sizeof text), "01:02:03");
    show.end_ps = 2 * 86400 * S;
    ck_assert_str_eq(cs_show_clock(&show, 86400 * S, text, sizeof text), "day 2 00:00:00");
    ck_assert_str_eq(cs_show_clock(&show, show.end_ps, text, sizeof text), "day 2 24:00:00");
    cs_show_close(&show);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("show");
    TCase *const run = tcase_create("run");
    tcase_add_checked_fixture(run, setup, teardown);
    tcase_set_timeout(run, 60);
    tcase_add_test(run, test_pieces_do_not_show);
    tcase_add_test(run, test_going_back);
    tcase_add_test(run, test_changes_by_hand);
    tcase_add_test(run, test_changes_on_an_arrival);
    tcase_add_test(run, test_many_changes_by_hand);
    tcase_add_test(run, test_undo);
    tcase_add_test(run, test_failing_half_hurts);
    tcase_add_test(run, test_meters);
    tcase_add_test(run, test_meters_of_an_owned_machine);
    tcase_add_test(run, test_meters_of_the_idle);
    tcase_add_test(run, test_within_the_limits);
    tcase_add_test(run, test_a_run_by_requests_ends);
    tcase_add_test(run, test_a_slowed_run_by_requests_ends);
    tcase_add_test(run, test_rolling_percentiles);
    tcase_add_test(run, test_clock);
    suite_add_tcase(suite, run);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
