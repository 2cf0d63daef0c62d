/* Frames of the window: what simulating and drawing one costs, without a display.
 *
 * Fleets of 1 to 10,000 replicas, at nine requests a second each, are drawn 600 times at 1280 x 800
 * by the software renderer, each after a sixtieth of a second has been simulated at real time and
 * at sixty times that. A frame has 16.7 ms at sixty a second; a display with a graphics processor
 * draws faster than this. Times are the processor's.
 */
#include "bench_view.h"
#include "base/arena.h"
#include "plan/plan.h"
#include "viz/control.h"
#include "viz/font.h"
#include "viz/picture.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 600 };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct cs_scenario *scenario, struct cs_arena *arena, int replicas,
                    int speed)
{
    struct cs_diags diags;
    struct cs_show show;
    struct cs_scene scene;
    const char *why = "", *const font = cs_font_find();
    double total[FRAMES], drawn = 0.0;
    cs_diags_init(&diags, arena);
    const struct cs_answer *const answer = cs_plan_price(scenario, arena, NULL, &diags);
    struct cs_picture *const picture = cs_picture_new(1280, 800, &why);
    struct cs_draw *const draw =
        font && picture ? cs_draw_new(cs_picture_renderer(picture), font, 1.0f, &why) : NULL;
    if (draw == NULL || !cs_show_open(&show, answer, &answer->options[0], arena)) {
        fprintf(stderr, "bench: no picture: %s\n", font ? why : "no font");
        exit(3);
    }
    cs_scene_init(&scene, &show, draw);
    scene.w = 1280;
    scene.h = 800;
    scene.frame_s = 1.0f / 60.0f;
    cs_show_run(&show, 0);
    const double step = speed / 60.0;
    for (int f = -10; f < FRAMES; f++) {
        const double t0 = cpu_s();
        cs_show_run(&show, (int64_t)((f + 11) * step * 1e3) * 1000000000);
        const double t1 = cpu_s();
        cs_scene_draw(&scene);
        if (f < 0)
            continue;
        total[f] = cpu_s() - t0;
        drawn += (cpu_s() - t1) / FRAMES;
    }
    double mean = 0.0;
    int late = 0;
    for (int f = 0; f < FRAMES; f++) {
        mean += total[f] / FRAMES;
        late += total[f] > 1.0 / 60.0;
    }
    qsort(total, FRAMES, sizeof *total, by_value);
    printf("    {\"frames\": %d, \"replicas\": %d, \"speed\": %d, \"frame_ms\": {\"mean\": %.2f, "
           "\"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}, \"draw_ms\": %.2f, "
           "\"over_16.7_ms\": %d}",
           FRAMES, replicas, speed, 1e3 * mean, 1e3 * total[FRAMES / 2],
           1e3 * total[FRAMES * 99 / 100], 1e3 * total[FRAMES - 1], 1e3 * drawn, late);
    cs_scene_fini(&scene);
    cs_show_close(&show);
    cs_draw_free(draw);
    cs_picture_free(picture);
}

void measure_view(bench_loader *load)
{
    static const int fleets[] = {1, 100, 1000, 10000};
    const char *comma = "";
    for (int k = 0; k < 4; k++)
        for (int speed = 1; speed <= 60; speed += 59) {
            if (fleets[k] == 10000 && speed > 1)
                continue; /* 90,000 requests in each frame */
            struct cs_arena arena;
            char replicas[60], rate[60];
            cs_arena_init(&arena);
            snprintf(replicas, sizeof replicas, "deploy.replicas=%d", fleets[k]);
            snprintf(rate, sizeof rate, "traffic.rate=%d req/s", 9 * fleets[k]);
            const char *const sets[] = {replicas, rate};
            printf("%s", comma);
            measure(load(&arena, "tests/bench/replica.yaml", sets, 2), &arena, fleets[k], speed);
            comma = ",\n";
            cs_arena_fini(&arena);
        }
}
