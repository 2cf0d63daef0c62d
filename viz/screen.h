/* Screen: a scene in a window, frame by frame, with the keys and the mouse.
 *
 * The loop of a frame: take what hands did, run the simulation for a frame's time at the chosen
 * speed (for no longer than leaves time to draw it, so that a slow machine falls behind the
 * clock and not behind the hand), draw, show. Frame times are kept for the bench.
 *
 * One window, one thread. SDL is not shown in this header.
 */
#ifndef CS_VIZ_SCREEN_H
#define CS_VIZ_SCREEN_H
#include "viz/scene.h"

struct cs_screen;
struct cs_frame_times { /* of the work of a frame, without waiting for the screen; seconds */
    uint64_t frames;
    double mean_s, p50_s, p99_s, max_s, shown_per_s;
};

/* Why there can be no window here; NULL: there can. */
const char *cs_screen_missing(void);
/* Size in points; `scale` 0: the display's. NULL: `why`. */
struct cs_screen *cs_screen_open(const char *title, int width, int height, float scale,
                                 const char *font, const char **why);
void cs_screen_close(struct cs_screen *w);
struct cs_draw *cs_screen_draw(struct cs_screen *w);
/* While a fleet is sized; false: the window was closed. */
bool cs_screen_wait(struct cs_screen *w, const char *name, const char *what, double share);
/* Runs the scene until an act of the caller's (next, shot, quit), or until `seconds` (0: no end)
 * after the window's first frame, which is CS_ACT_QUIT too. */
enum cs_act cs_screen_run(struct cs_screen *w, struct cs_scene *scene, double seconds);
/* What is on the screen, as PNG. */
bool cs_screen_shot(struct cs_screen *w, FILE *file);
struct cs_frame_times cs_screen_times(const struct cs_screen *w);
/* Seconds of a clock that only goes forward. */
double cs_screen_now(void);

#endif
