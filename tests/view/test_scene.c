/* What hands do to a show, and the pictures of it, without a display.
 *
 * The scene is drawn in memory at many sizes and fleets: nothing to click may lie outside, and
 * every replica must be found where it is drawn. Colours are held against what people with other
 * eyes see.
 */
#include "shows.h"
#include "viz/control.h"
#include "viz/font.h"
#include "viz/palette.h"
#include "viz/picture.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    Suite *const suite = suite_create("scene");
    TCase *const run = tcase_create("run");
    tcase_add_checked_fixture(run, setup, teardown);
    tcase_set_timeout(run, 60);
    tcase_add_test(run, test_a_hundred_days);
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
