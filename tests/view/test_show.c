/* The show, its scene and what hands do to them, without a display.
 *
 * A show is a run that is looked at: cut into pieces however small it must end as the run at once;
 * going back and forth, changes made by hand and taken back must leave what a scenario that says
 * the same gives. The scene is drawn in memory at many sizes and fleets: nothing to click may lie
 * outside, and every replica must be found where it is drawn. Colours are held against what people
 * with other eyes see.
 */
#include "spec/catalog.h"
#include "viz/control.h"
#include "viz/font.h"
#include "viz/palette.h"
#include "viz/picture.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t S = INT64_C(1000000000000), MS = INT64_C(1000000000);

static struct cs_arena arena;
static struct cs_diags diags;

static const struct cs_answer *answer_of(const char *text)
{
    char path[] = "/tmp/capsim-show-XXXXXX";
    const int fd = mkstemp(path);
    FILE *const f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    cs_diags_init(&diags, &arena);
    struct cs_catalog *const c = cs_catalog_open(&arena, NULL);
    const struct cs_scenario *const s = cs_scenario_load(c, path, NULL, 0, &diags);
    unlink(path);
    ck_assert_msg(s != NULL, "%s", diags.count > 0 ? diags.items[0].message : "?");
    return cs_plan_price(s, &arena, NULL, &diags);
}

static const struct cs_answer *answer_to(const char *fleet, const char *more)
{
    return answer_of(cs_arena_printf(
        &arena,
        "model: llama-3.1-8b\n"
        "traffic: {rate: 20 req/s, lengths: azure-conv-2023}\n"
        "slo: {ttft: {p95: 500 ms}, tpot: {p90: 30 ms}}\n"
        "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, %s}\n"
        "compare: [gpt-4o]\nsimulate: {days: 0.05, warm_up: 2 min, replications: 1}\n%s",
        fleet, more));
}

static void open_show(struct cs_show *show, const char *fleet, const char *more)
{
    const struct cs_answer *const a = answer_to(fleet, more);
    ck_assert(cs_show_open(show, a, &a->options[0], &arena));
}

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

static double no_time(void)
{
    return 0.0;
}

static void setup(void)
{
    cs_arena_init(&arena);
}
static void teardown(void)
{
    cs_arena_fini(&arena);
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
    const double joules = show.pue * (show.idle_w * show.totals.replica_s +
                                      (show.tdp_w - show.idle_w) * show.totals.busy_s);
    ck_assert_double_eq_tol(show.totals.joules, joules, 1e-9 * joules);
    ck_assert_double_gt(show.tdp_w, show.idle_w);
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

/* --- hands ----------------------------------------------------------------------------------- */

START_TEST(test_control_refuses)
{
    struct cs_show show;
    struct cs_scene scene;
    open_show(&show, "replicas: 1", "");
    cs_show_run(&show, 60 * S);
    cs_scene_init(&scene, &show, NULL);
    cs_scene_layout(&scene, (struct cs_box){0, 0, 800, 500});
    ck_assert(cs_control(&scene, CS_ACT_REMOVE, 0)); /* the last one stays */
    ck_assert_uint_eq(show.change_count, 0);
    show.serving = 0; /* nor does the last that will serve go */
    show.loading = 1;
    ck_assert(cs_control(&scene, CS_ACT_REMOVE, 0));
    ck_assert_uint_eq(show.change_count, 0);
    cs_show_look(&show, 1);
    ck_assert(cs_control(&scene, CS_ACT_FAIL, 0));
    ck_assert_uint_eq(show.change_count, 1);
    ck_assert(cs_control(&scene, CS_ACT_FAIL, 0)); /* it has failed already */
    ck_assert_uint_eq(show.change_count, 1);
    ck_assert(cs_control(&scene, CS_ACT_DOUBLE, 0));
    ck_assert(cs_control(&scene, CS_ACT_DOUBLE, 0));
    ck_assert_double_eq(show.factor, 4.0);
    ck_assert(cs_control(&scene, CS_ACT_HALVE, 0));
    ck_assert_double_eq(show.factor, 2.0);
    for (int i = 0; i < 10; i++)
        ck_assert(cs_control(&scene, CS_ACT_DOUBLE, 0));
    ck_assert_double_eq(show.factor, 64.0);
    ck_assert_double_le(show.factor, 100.0);
    ck_assert(!cs_control(&scene, CS_ACT_QUIT, 0)); /* not its own */
    ck_assert(!cs_control(&scene, CS_ACT_NEXT, 0));
    cs_control(&scene, CS_ACT_SEEK, 30 * 1000); /* back: from the start, frame by frame */
    const size_t changes = show.change_count;
    ck_assert(cs_control(&scene, CS_ACT_ADD, 0));
    ck_assert_uint_eq(show.change_count, changes); /* not on the way */
    for (int i = 0; i < 1000 && scene.target_ps >= 0; i++)
        cs_control_advance(&scene, 1.0 / 60.0, 0.01, no_time);
    ck_assert_int_eq(show.now_ps, 30 * S);
    scene.paused = true;
    cs_control_advance(&scene, 1.0, 0.01, no_time);
    ck_assert_int_eq(show.now_ps, 30 * S);
    scene.paused = false;
    scene.speed = 1; /* five times real time */
    for (int i = 0; i < 600; i++)
        cs_control_advance(&scene, 1.0 / 60.0, 0.01, no_time);
    ck_assert_int_ge(show.now_ps, 79 * S);
    ck_assert_int_le(show.now_ps, 81 * S);
    cs_scene_fini(&scene);
    cs_show_close(&show);
}
END_TEST

/* --- the picture ----------------------------------------------------------------------------- */

static const int fleets[] = {1, 2, 7, 24, 25, 100, 1000, 4000, 10000};
enum { FLEETS = sizeof fleets / sizeof fleets[0] };

START_TEST(test_every_replica_has_its_place)
{
    struct cs_show show;
    struct cs_scene scene;
    char fleet[40];
    snprintf(fleet, sizeof fleet, "replicas: %d", fleets[_i]);
    open_show(&show, fleet, "");
    cs_scene_init(&scene, &show, NULL);
    const struct cs_box area = {130, 70, 770, 390};
    cs_scene_layout(&scene, area);
    for (int i = 0; i < fleets[_i]; i++) {
        const struct cs_box b = cs_scene_place(&scene.racks, i);
        ck_assert_float_ge(b.x, area.x - 0.01f);
        ck_assert_float_ge(b.y, area.y - 0.01f);
        ck_assert_float_le(b.x + b.w, area.x + area.w + 0.01f);
        ck_assert_float_le(b.y + b.h, area.y + area.h + 0.01f);
        ck_assert_float_gt(b.w, 0.9f);
        ck_assert_float_gt(b.h, 0.9f);
        const int found = cs_scene_replica_at(&scene, b.x + b.w / 2, b.y + b.h / 2);
        const int each = scene.racks.detail < 2    ? 1
                         : scene.racks.detail == 2 ? scene.racks.per_node
                                                   : scene.racks.per_node * 4;
        ck_assert_int_eq(found / each, i / each); /* the first of what stands for it */
    }
    ck_assert_int_eq(cs_scene_replica_at(&scene, area.x - 5, area.y + 10), -1);
    cs_scene_fini(&scene);
    cs_show_close(&show);
}
END_TEST

static const int sizes[][2] = {{320, 240}, {480, 360}, {760, 500}, {1280, 800}, {3000, 1400}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

START_TEST(test_drawn_at_any_size)
{
    const char *why = "";
    const char *const font = cs_font_find();
    ck_assert_msg(font != NULL, "no font here");
    for (int k = 0; k < SIZES; k++) {
        struct cs_show show;
        struct cs_scene scene;
        char fleet[40];
        snprintf(fleet, sizeof fleet, "replicas: %d", fleets[_i]);
        open_show(&show, fleet, "changes: [{at: 30 s, fail: 1}, {at: 40 s, add: 1}]\n");
        struct cs_picture *const p = cs_picture_new(sizes[k][0], sizes[k][1], &why);
        ck_assert_msg(p != NULL, "%s", why);
        struct cs_draw *const d = cs_draw_new(cs_picture_renderer(p), font, 1.0f, &why);
        ck_assert_msg(d != NULL, "%s", why);
        cs_scene_init(&scene, &show, d);
        scene.w = (float)sizes[k][0];
        scene.h = (float)sizes[k][1];
        scene.frame_s = 1.0f / 60.0f;
        scene.mouse_x = scene.w / 2;
        scene.mouse_y = scene.h / 3;
        for (int frame = 0; frame < 4; frame++) {
            cs_show_run(&show, (int64_t)(20 * frame) * S);
            scene.selected = frame % 2 == 0 ? -1 : 0;
            scene.help = frame == 3;
            cs_scene_draw(&scene);
            ck_assert_int_lt(scene.hit_count, CS_SCENE_HITS);
            for (int h = 0; h < scene.hit_count; h++) {
                ck_assert_float_ge(scene.hits[h].box.x, 0);
                ck_assert_float_le(scene.hits[h].box.x + scene.hits[h].box.w, scene.w + 0.01f);
                ck_assert_float_le(scene.hits[h].box.y + scene.hits[h].box.h, scene.h + 0.01f);
            }
        }
        cs_scene_fini(&scene);
        cs_draw_free(d);
        cs_picture_free(p);
        cs_show_close(&show);
    }
}
END_TEST

/* A hundred days have a tab each, and the buttons still are there. */
START_TEST(test_a_hundred_days)
{
    const char *why = "?";
    struct cs_show show;
    struct cs_scene scene;
    const struct cs_answer *const a =
        answer_of("model: llama-3.1-8b\ntraffic: {requests: 20/day, lengths: azure-conv-2023}\n"
                  "deploy: {hardware: h100-sxm-80gb, tensor_parallel: 1, replicas: 2}\n"
                  "simulate: {days: 100, warm_up: 2 min, replications: 1}\n");
    ck_assert(cs_show_open(&show, a, &a->options[0], &arena));
    struct cs_picture *const p = cs_picture_new(1280, 800, &why);
    struct cs_draw *const d = cs_draw_new(cs_picture_renderer(p), cs_font_find(), 1.0f, &why);
    cs_scene_init(&scene, &show, d);
    scene.w = 1280;
    scene.h = 800;
    cs_scene_draw(&scene);
    ck_assert_int_eq(cs_scene_at(&scene, 20, 785).act, CS_ACT_PAUSE);
    ck_assert_int_eq(scene.hits[scene.hit_count - 1].act, CS_ACT_SHOT);
    cs_scene_fini(&scene);
    cs_draw_free(d);
    cs_picture_free(p);
    cs_show_close(&show);
}
END_TEST

/* --- colours --------------------------------------------------------------------------------- */

static double linear(uint8_t c)
{
    const double v = c / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* WCAG 2.1: (L1 + 0.05) / (L2 + 0.05). */
static double contrast(struct cs_colour_rgb a, struct cs_colour_rgb b)
{
    const double x = 0.2126 * linear(a.r) + 0.7152 * linear(a.g) + 0.0722 * linear(a.b) + 0.05;
    const double y = 0.2126 * linear(b.r) + 0.7152 * linear(b.g) + 0.0722 * linear(b.b) + 0.05;
    return x > y ? x / y : y / x;
}

/* As protanopes, deuteranopes and tritanopes see linear RGB: Machado, Oliveira and Fernandes, IEEE
 * TVCG 15:1291 (2009), severity 1. */
static const double eyes[4][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
    {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900}};

static void lab_of(struct cs_colour_rgb c, const double *m, double *lab)
{
    const double in[3] = {linear(c.r), linear(c.g), linear(c.b)};
    double rgb[3], xyz[3];
    for (int i = 0; i < 3; i++)
        rgb[i] =
            fmin(1.0, fmax(0.0, m[3 * i] * in[0] + m[3 * i + 1] * in[1] + m[3 * i + 2] * in[2]));
    xyz[0] = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505;
    xyz[1] = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    xyz[2] = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089;
    for (int i = 0; i < 3; i++)
        xyz[i] = xyz[i] > 0.008856 ? cbrt(xyz[i]) : 7.787 * xyz[i] + 16.0 / 116.0;
    lab[0] = 116.0 * xyz[1] - 16.0;
    lab[1] = 500.0 * (xyz[0] - xyz[1]);
    lab[2] = 200.0 * (xyz[1] - xyz[2]);
}

START_TEST(test_colours)
{
    const struct cs_colour_rgb states[] = {CS_PREFILL, CS_DECODE, CS_IDLE,
                                           CS_LOADING, CS_FAILED, CS_DRAINING};
    for (int eye = 0; eye < 4; eye++)
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < i; j++) {
                double a[3], b[3];
                lab_of(states[i], eyes[eye], a);
                lab_of(states[j], eyes[eye], b);
                const double off =
                    sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                         (a[2] - b[2]) * (a[2] - b[2]));
                ck_assert_msg(off > 15.0, "eyes %d: states %d and %d are %.1f apart", eye, i, j,
                              off);
            }
    ck_assert_double_ge(contrast(CS_INK, CS_PANEL), 7.0);
    ck_assert_double_ge(contrast(CS_INK, CS_EDGE), 7.0);
    ck_assert_double_ge(contrast(CS_DIM, CS_PANEL), 4.5);
    ck_assert_double_ge(contrast(CS_DIM, CS_GROUND), 4.5);
    ck_assert_double_ge(contrast(CS_GOOD, CS_PANEL), 4.5);
    ck_assert_double_ge(contrast(CS_BAD, CS_PANEL), 4.5);
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
    tcase_add_test(run, test_meters_of_the_idle);
    tcase_add_test(run, test_within_the_limits);
    tcase_add_test(run, test_a_run_by_requests_ends);
    tcase_add_test(run, test_a_slowed_run_by_requests_ends);
    tcase_add_test(run, test_a_hundred_days);
    tcase_add_test(run, test_rolling_percentiles);
    tcase_add_test(run, test_clock);
    tcase_add_test(run, test_control_refuses);
    tcase_add_loop_test(run, test_every_replica_has_its_place, 0, FLEETS);
    tcase_add_loop_test(run, test_drawn_at_any_size, 0, FLEETS);
    tcase_add_test(run, test_colours);
    suite_add_tcase(suite, run);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
