/* The window's loop over SDL. See screen.h for what a frame is.
 *
 * Keys are read by the letter that they produce, so that '+' is where the keyboard has it; arrows
 * and the like by their names. Vertical synchronisation paces the frames where the driver has it,
 * else a delay does.
 *
 * Text of the title follows the figures, for those who hear their windows or list them.
 */
#include "viz/screen.h"
#include "out/figure.h"
#include "viz/control.h"
#include "viz/picture.h"
#include <SDL.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES = 1 << 16, STILLS = 3 };
static const double FRAME_S = 1.0 / 60.0, TITLE_S = 0.5;
static const double BUDGET_LEAST_S = 0.001, BUDGET_MOST_S = 0.7 / 60.0; /* of simulating a frame */
static const int64_t HOUR_MS = 3600000;

struct cs_screen {
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct cs_draw *draw;
    float scale, asked_scale;
    bool paced;   /* by the display */
    float *times; /* ring */
    uint64_t frames;
    double began, titled;
    const char *title;
};

double cs_screen_now(void)
{
    return (double)SDL_GetPerformanceCounter() / (double)SDL_GetPerformanceFrequency();
}

const char *cs_screen_missing(void)
{
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return SDL_GetError();
    const char *const driver = SDL_GetCurrentVideoDriver();
    if (SDL_getenv("SDL_VIDEODRIVER") == NULL && driver != NULL &&
        (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0 ||
         strcmp(driver, "evdev") == 0))
        return "no display is there";
    return NULL;
}

/* Pixels of a point. */
static float find_scale(const struct cs_screen *w)
{
    int points, pixels, high;
    float dpi = 96.0f;
    if (w->asked_scale > 0.0f)
        return w->asked_scale;
    SDL_GetWindowSize(w->window, &points, &high);
    SDL_GetRendererOutputSize(w->renderer, &pixels, &high);
    if (pixels > points && points > 0)
        return (float)pixels / (float)points;
    if (SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(w->window), NULL, &dpi, NULL) == 0 && dpi > 140)
        return floorf(4.0f * dpi / 96.0f) / 4.0f;
    return 1.0f;
}

struct cs_screen *cs_screen_open(const char *title, int width, int height, float scale,
                                 const char *font, const char **why)
{
    struct cs_screen *const w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *why = "no memory";
    w->asked_scale = scale;
    w->title = title;
    w->times = calloc(TIMES, sizeof *w->times);
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "0");
    w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                 (int)((float)width * (scale > 0.0f ? scale : 1.0f)),
                                 (int)((float)height * (scale > 0.0f ? scale : 1.0f)),
                                 SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->window != NULL)
        w->renderer =
            SDL_CreateRenderer(w->window, -1, SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
    if (w->window != NULL && w->renderer == NULL)
        w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
    if (w->renderer == NULL || w->times == NULL) {
        *why = SDL_GetError();
        cs_screen_close(w);
        return NULL;
    }
    SDL_RendererInfo info;
    w->paced = SDL_GetRendererInfo(w->renderer, &info) == 0 &&
               (info.flags & SDL_RENDERER_PRESENTVSYNC) != 0 &&
               (info.flags & SDL_RENDERER_ACCELERATED) != 0;
    SDL_SetWindowMinimumSize(w->window, 480, 360);
    w->scale = find_scale(w);
    w->draw = cs_draw_new(w->renderer, font, w->scale, why);
    if (w->draw == NULL) {
        cs_screen_close(w);
        return NULL;
    }
    return w;
}

void cs_screen_close(struct cs_screen *w)
{
    if (w == NULL)
        return;
    cs_draw_free(w->draw);
    if (w->renderer != NULL)
        SDL_DestroyRenderer(w->renderer);
    if (w->window != NULL)
        SDL_DestroyWindow(w->window);
    free(w->times);
    free(w);
    SDL_Quit();
}

struct cs_draw *cs_screen_draw(struct cs_screen *w)
{
    return w->draw;
}

static void find_size(struct cs_screen *w, float *width, float *height)
{
    int x, y;
    const float scale = find_scale(w);
    if (scale != w->scale && cs_draw_rescale(w->draw, scale))
        w->scale = scale;
    SDL_GetRendererOutputSize(w->renderer, &x, &y);
    *width = (float)x / w->scale;
    *height = (float)y / w->scale;
}

bool cs_screen_wait(struct cs_screen *w, const char *name, const char *what, double share)
{
    SDL_Event event;
    float width, height;
    bool open = true;
    while (SDL_PollEvent(&event))
        open &= event.type != SDL_QUIT &&
                !(event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_q);
    char title[300];
    snprintf(title, sizeof title, "capsim \u00b7 %s \u00b7 sizing the fleet", name);
    SDL_SetWindowTitle(w->window, title);
    find_size(w, &width, &height);
    cs_scene_wait(w->draw, width, height, name, what, share);
    SDL_RenderPresent(w->renderer);
    return open;
}

/* --- hands ----------------------------------------------------------------------------------- */

static struct cs_hit act_of_key(const struct cs_scene *s, const SDL_Keysym *key)
{
    const int64_t now = (s->target_ps >= 0 ? s->target_ps : s->show->now_ps) / 1000000000;
    const int64_t chosen = s->selected;
    switch (key->sym) {
    case SDLK_SPACE:
        return (struct cs_hit){.act = CS_ACT_PAUSE};
    case SDLK_PLUS:
    case SDLK_EQUALS:
    case SDLK_KP_PLUS:
        return (struct cs_hit){.act = CS_ACT_FASTER};
    case SDLK_MINUS:
    case SDLK_KP_MINUS:
        return (struct cs_hit){.act = CS_ACT_SLOWER};
    case SDLK_m:
        return (struct cs_hit){.act = CS_ACT_FULL_SPEED};
    case SDLK_LEFT:
        return (struct cs_hit){.act = CS_ACT_SEEK, .value = now - HOUR_MS};
    case SDLK_RIGHT:
        return (struct cs_hit){.act = CS_ACT_SEEK, .value = now + HOUR_MS};
    case SDLK_PAGEUP:
        return (struct cs_hit){.act = CS_ACT_SEEK, .value = now - 24 * HOUR_MS};
    case SDLK_PAGEDOWN:
        return (struct cs_hit){.act = CS_ACT_SEEK, .value = now + 24 * HOUR_MS};
    case SDLK_HOME:
        return (struct cs_hit){.act = CS_ACT_SEEK};
    case SDLK_END:
        return (struct cs_hit){.act = CS_ACT_SEEK, .value = INT64_MAX};
    case SDLK_LEFTBRACKET:
        return (struct cs_hit){.act = CS_ACT_HALVE};
    case SDLK_RIGHTBRACKET:
        return (struct cs_hit){.act = CS_ACT_DOUBLE};
    case SDLK_a:
        return (struct cs_hit){.act = CS_ACT_ADD};
    case SDLK_r:
        return (struct cs_hit){.act = CS_ACT_REMOVE};
    case SDLK_f:
        return (struct cs_hit){.act = CS_ACT_FAIL, .value = chosen};
    case SDLK_n:
        return (struct cs_hit){.act = CS_ACT_FAIL_NODE, .value = chosen};
    case SDLK_o:
        return (struct cs_hit){.act = CS_ACT_ROUTER};
    case SDLK_u:
        return (struct cs_hit){.act = CS_ACT_UNDO};
    case SDLK_TAB:
        return (struct cs_hit){.act = CS_ACT_NEXT};
    case SDLK_s:
        return (struct cs_hit){.act = CS_ACT_SHOT};
    case SDLK_h:
    case SDLK_F1:
    case SDLK_QUESTION:
    case SDLK_SLASH:
        return (struct cs_hit){.act = CS_ACT_HELP};
    case SDLK_q:
        return (struct cs_hit){.act = CS_ACT_QUIT};
    case SDLK_ESCAPE:
        return s->help ? (struct cs_hit){.act = CS_ACT_HELP}
                       : (struct cs_hit){.act = CS_ACT_SELECT, .value = -1};
    default:
        return (struct cs_hit){.act = CS_ACT_NONE};
    }
}

/* The act of an event; the scene follows the mouse. */
static struct cs_hit act_of(struct cs_screen *w, struct cs_scene *s, const SDL_Event *event)
{
    int points, pixels, high;
    SDL_GetWindowSize(w->window, &points, &high);
    SDL_GetRendererOutputSize(w->renderer, &pixels, &high);
    const float ratio = points > 0 ? (float)pixels / (float)points / w->scale : 1.0f;
    switch (event->type) {
    case SDL_QUIT:
        return (struct cs_hit){.act = CS_ACT_QUIT};
    case SDL_KEYDOWN:
        if (event->key.keysym.sym == SDLK_1)
            s->speed = 0;
        return act_of_key(s, &event->key.keysym);
    case SDL_MOUSEMOTION:
        s->mouse_x = (float)event->motion.x * ratio;
        s->mouse_y = (float)event->motion.y * ratio;
        break;
    case SDL_MOUSEWHEEL:
        return (struct cs_hit){.act = event->wheel.y > 0 ? CS_ACT_FASTER : CS_ACT_SLOWER};
    case SDL_MOUSEBUTTONDOWN:
        s->mouse_x = (float)event->button.x * ratio;
        s->mouse_y = (float)event->button.y * ratio;
        return event->button.button == SDL_BUTTON_LEFT ? cs_scene_at(s, s->mouse_x, s->mouse_y)
                                                       : (struct cs_hit){.act = CS_ACT_NONE};
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_LEAVE)
            s->mouse_x = s->mouse_y = -1;
        break;
    default:
        break;
    }
    return (struct cs_hit){.act = CS_ACT_NONE};
}

static void retitle(struct cs_screen *w, const struct cs_scene *s)
{
    const double p = s->show->ttft_percentile;
    double ttft;
    char title[300], clock[40];
    if (cs_screen_now() - w->titled < TITLE_S)
        return;
    w->titled = cs_screen_now();
    cs_show_rolling(s->show, false, &p, 1, &ttft);
    snprintf(title, sizeof title,
             "capsim \u00b7 %s \u00b7 %s \u00b7 %d of %d serve \u00b7 TTFT p%g %s",
             s->show->answer->scenario->name,
             cs_show_clock(s->show, s->show->now_ps, clock, sizeof clock), s->show->serving,
             s->show->serving + s->show->failed + s->show->loading + s->show->draining, p,
             isnan(ttft) ? "-" : cs_figure_time_value((struct cs_interval){ttft, NAN, NAN}).text);
    SDL_SetWindowTitle(w->window, title);
}

/* Nothing moves until a hand does. */
static bool is_still(const struct cs_scene *s)
{
    return s->target_ps < 0 && (s->paused || s->show->now_ps >= s->show->end_ps) &&
           s->spark_count == 0 && s->message_s <= 0.0f;
}

enum cs_act cs_screen_run(struct cs_screen *w, struct cs_scene *s, double seconds)
{
    const double begun = cs_screen_now();
    if (w->frames == 0)
        w->began = begun;
    double last = begun, next = begun, budget = BUDGET_MOST_S;
    int stills = 0; /* frames drawn since anything moved */
    for (;;) {
        const double start = cs_screen_now();
        SDL_Event event;
        while (SDL_PollEvent(&event)) {
            const struct cs_hit hit = act_of(w, s, &event);
            stills = 0;
            if (!cs_control(s, hit.act, hit.value))
                return hit.act;
        }
        /* what simulating may take, so that drawing and showing keep the frame's time too */
        budget *= start - last > 1.08 * FRAME_S ? 0.9 : 1.03;
        budget = fmin(BUDGET_MOST_S, fmax(BUDGET_LEAST_S, budget));
        s->frame_s = (float)fmin(0.1, start - last);
        last = start;
        stills = is_still(s) ? stills + 1 : 0;
        if (stills > STILLS) { /* drawn, on whichever buffer is shown */
            SDL_WaitEventTimeout(NULL, 100);
            if (seconds > 0.0 && cs_screen_now() - w->began >= seconds)
                return CS_ACT_QUIT;
            continue;
        }
        cs_control_advance(s, (double)s->frame_s, budget, cs_screen_now);
        find_size(w, &s->w, &s->h);
        cs_scene_draw(s);
        const double worked = cs_screen_now() - start;
        SDL_RenderPresent(w->renderer);
        w->times[w->frames++ % TIMES] = (float)(w->paced ? worked : cs_screen_now() - start);
        retitle(w, s);
        next = fmax(next + FRAME_S, cs_screen_now() - FRAME_S);
        const double left = next - cs_screen_now();
        if (!w->paced && left > 0.001)
            SDL_Delay((Uint32)(left * 1000.0));
        if (seconds > 0.0 && cs_screen_now() - w->began >= seconds)
            return CS_ACT_QUIT;
    }
}

bool cs_screen_shot(struct cs_screen *w, FILE *file)
{
    int width, height;
    SDL_GetRendererOutputSize(w->renderer, &width, &height);
    uint8_t *const rgb = malloc((size_t)width * (size_t)height * 3);
    const bool written =
        rgb != NULL &&
        SDL_RenderReadPixels(w->renderer, NULL, SDL_PIXELFORMAT_RGB24, rgb, 3 * width) == 0 &&
        cs_picture_write_png(file, width, height, rgb, 3 * width);
    free(rgb);
    return written;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

struct cs_frame_times cs_screen_times(const struct cs_screen *w)
{
    const size_t n = w->frames < TIMES ? (size_t)w->frames : TIMES;
    struct cs_frame_times t = {.frames = w->frames};
    float *const sorted = malloc((n + 1) * sizeof *sorted);
    if (n == 0 || sorted == NULL) {
        free(sorted);
        return t;
    }
    memcpy(sorted, w->times, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = 0; i < n; i++)
        t.mean_s += (double)sorted[i] / (double)n;
    t.p50_s = (double)sorted[n / 2];
    t.p99_s = (double)sorted[(size_t)(0.99 * (double)(n - 1))];
    t.max_s = (double)sorted[n - 1];
    t.shown_per_s = (double)w->frames / (cs_screen_now() - w->began);
    free(sorted);
    return t;
}
