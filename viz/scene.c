/* The frame around the parts: bar, buttons, help, and what they share. See scene.h for the plan.
 *
 * Sizes follow the window: the column at the right goes when there is no room for it, the day
 * keeps a third of the height. Buttons say what they do and which key does it too.
 *
 * Nothing is remembered here between frames but sparks, the message, and the experts' figures of
 * the last batch size.
 */
#include "viz/scene.h"
#include "out/figure.h"
#include "out/words.h"
#include "viz/palette.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const float BAR = 46, BUTTONS = 40, GAP = 8, MESSAGE_S = 4;
const int cs_speeds[CS_SPEEDS] = {1, 5, 20, 60, 180, 600, 1800, 3600, 0};

void cs_scene_init(struct cs_scene *s, struct cs_show *show, struct cs_draw *draw)
{
    *s = (struct cs_scene){.show = show,
                           .draw = draw,
                           .selected = -1,
                           .speed = 5,
                           .target_ps = -1,
                           .piece_s = 1e-3,
                           .lag = 1.0f,
                           .mouse_x = -1,
                           .mouse_y = -1,
                           .moe_at = -1.0};
    cs_arena_init(&s->moe_arena);
}

void cs_scene_fini(struct cs_scene *s)
{
    cs_arena_fini(&s->moe_arena);
}

/* --- shared ---------------------------------------------------------------------------------- */

void cs_scene_hit(struct cs_scene *s, struct cs_box box, enum cs_act act, int64_t value)
{
    if (s->hit_count < CS_SCENE_HITS)
        s->hits[s->hit_count++] = (struct cs_hit){box, act, value};
}

static bool inside(struct cs_box b, float x, float y)
{
    return x >= b.x && y >= b.y && x < b.x + b.w && y < b.y + b.h;
}

struct cs_hit cs_scene_at(const struct cs_scene *s, float x, float y)
{
    for (int i = s->hit_count - 1; i >= 0; i--) /* what is drawn last lies on top */
        if (inside(s->hits[i].box, x, y))
            return s->hits[i];
    return (struct cs_hit){.act = CS_ACT_NONE};
}

void cs_scene_say(struct cs_scene *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->message, sizeof s->message, format, arguments);
    va_end(arguments);
    s->message_s = MESSAGE_S;
}

struct cs_box cs_scene_panel(struct cs_scene *s, struct cs_box b, const char *heading)
{
    cs_draw_fill(s->draw, b, CS_PANEL);
    cs_draw_frame(s->draw, b, CS_EDGE);
    cs_draw_text(s->draw, b.x + 10, b.y + 6, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", heading);
    return (struct cs_box){b.x + 10, b.y + 24, b.w - 20, b.h - 32};
}

struct cs_colour_rgb cs_scene_class_colour(int klass)
{
    static const uint32_t colours[] = {0x56b4e9, 0xf0e442, 0x009e73, 0xcc79a7, 0xe69f00, 0x8fa3ff};
    return CS_RGB(colours[klass < 0 ? 0 : klass % 6]);
}

const char *cs_scene_state(const struct cs_snapshot *n)
{
    switch (n->service) {
    case CS_SERVICE_FAILED:
        return "failed";
    case CS_SERVICE_LOADING:
        return "loading weights";
    case CS_SERVICE_DRAINING:
        return "draining";
    case CS_SERVICE_GONE:
        return "gone";
    default:
        return n->prefilling ? "prefill" : n->busy ? "decode" : "idle";
    }
}

struct cs_colour_rgb cs_scene_state_colour(const struct cs_snapshot *n)
{
    switch (n->service) {
    case CS_SERVICE_FAILED:
        return CS_FAILED;
    case CS_SERVICE_LOADING:
        return CS_LOADING;
    case CS_SERVICE_DRAINING:
        return CS_DRAINING;
    case CS_SERVICE_GONE:
        return CS_GONE;
    default:
        return n->prefilling ? CS_PREFILL : n->busy ? CS_DECODE : CS_IDLE;
    }
}

/* --- the bar --------------------------------------------------------------------------------- */

static void draw_bar(struct cs_scene *s)
{
    struct cs_draw *const d = s->draw;
    struct cs_show *const show = s->show;
    char clock[40], speed[64];
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    cs_draw_fill(d, (struct cs_box){0, 0, s->w, BAR}, CS_PANEL);
    if (cs_speeds[s->speed] > 0)
        snprintf(speed, sizeof speed, "%d\u00d7%s", cs_speeds[s->speed],
                 s->lag < 0.9f ? " (slower here)" : "");
    else
        snprintf(speed, sizeof speed, "as fast as it goes");
    if (show->now_ps < 0)
        snprintf(speed, sizeof speed, "warming up");
    else if (s->target_ps > show->now_ps)
        snprintf(speed, sizeof speed, "going to %s",
                 cs_show_clock(show, s->target_ps, clock, sizeof clock));
    const bool narrow = s->w < 760;
    const float right =
        s->w - 12 -
        cs_draw_text(d, s->w - 12, 8, CS_DRAW_HUGE, CS_DRAW_RIGHT, CS_INK, "%s",
                     cs_show_clock(show, show->now_ps < 0 ? 0 : show->now_ps, clock, sizeof clock));
    if (!narrow)
        cs_draw_text(d, right - 14, 15, CS_DRAW_TEXT, CS_DRAW_RIGHT, s->paused ? CS_BAD : CS_DIM,
                     "%s",
                     show->now_ps >= show->end_ps    ? "at the end"
                     : s->paused && s->target_ps < 0 ? "paused"
                                                     : speed);
    cs_draw_clip(d, (struct cs_box){0, 0, right - (narrow ? 8 : 150), BAR});
    cs_draw_text(d, 12, 5, CS_DRAW_LARGE, CS_DRAW_LEFT, CS_INK, "%s", show->answer->scenario->name);
    cs_draw_text(d, 12, 26, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s",
                 cs_words_fleet(&scratch, show->plan));
    cs_draw_unclip(d);
    cs_arena_fini(&scratch);
}

/* --- buttons --------------------------------------------------------------------------------- */

struct button {
    const char *words, *key;
    enum cs_act act;
};

static void draw_buttons(struct cs_scene *s)
{
    struct cs_draw *const d = s->draw;
    const struct button all[] = {
        {s->paused ? "go on" : "pause", "space", CS_ACT_PAUSE},
        {"help", "h", CS_ACT_HELP},
        {"slower", "-", CS_ACT_SLOWER},
        {"faster", "+", CS_ACT_FASTER},
        {"traffic \u00d70.5", "[", CS_ACT_HALVE},
        {"traffic \u00d72", "]", CS_ACT_DOUBLE},
        {"add replica", "a", CS_ACT_ADD},
        {"remove", "r", CS_ACT_REMOVE},
        {"fail replica", "f", CS_ACT_FAIL},
        {"fail node", "n", CS_ACT_FAIL_NODE},
        {"router", "o", CS_ACT_ROUTER},
        {"undo", "u", CS_ACT_UNDO},
        {"next", "tab", CS_ACT_NEXT},
        {"shot", "s", CS_ACT_SHOT},
    };
    const float y = s->h - BUTTONS;
    float x = GAP;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const float words = cs_draw_width(d, CS_DRAW_SMALL, all[i].words);
        const float w = words + cs_draw_width(d, CS_DRAW_SMALL, all[i].key) + 22;
        if (x + w > s->w - GAP)
            break;
        const struct cs_box box = {x, y + 6, w, BUTTONS - 14};
        const bool hot = inside(box, s->mouse_x, s->mouse_y);
        cs_draw_fill(d, box, hot ? CS_EDGE : CS_PANEL);
        cs_draw_frame(d, box, hot ? CS_DIM : CS_EDGE);
        cs_draw_text(d, x + 7, y + 12, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK, "%s", all[i].words);
        cs_draw_text(d, x + 14 + words, y + 12, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s",
                     all[i].key);
        cs_scene_hit(s, box, all[i].act, s->selected);
        x += w + 6;
    }
}

static void draw_message(struct cs_scene *s)
{
    if (s->message_s <= 0.0f)
        return;
    s->message_s -= s->frame_s;
    const float w = cs_draw_width(s->draw, CS_DRAW_TEXT, s->message) + 28;
    const struct cs_box box = {(s->w - w) / 2, s->h - BUTTONS - 44, w, 30};
    cs_draw_fill(s->draw, box, CS_EDGE);
    cs_draw_frame(s->draw, box, CS_DIM);
    cs_draw_text(s->draw, s->w / 2, box.y + 7, CS_DRAW_TEXT, CS_DRAW_MIDDLE, CS_INK, "%s",
                 s->message);
}

static void draw_help(struct cs_scene *s)
{
    static const char *const lines[][2] = {
        {"space", "pause, go on"},
        {"+  -  1  m", "faster, slower, real time, as fast as it goes"},
        {"\u2190 \u2192", "an hour back or ahead; page up, page down: a day"},
        {"Home  End", "the start, the end; or click on the day below"},
        {"[  ]", "half, twice the traffic"},
        {"a  r", "add a replica, remove one"},
        {"f  n", "fail the chosen replica (or the one under the mouse), or its node"},
        {"click", "choose a replica and look inside; Esc lets go of it"},
        {"o", "the other router"},
        {"u", "take back the last change"},
        {"tab", "the next scenario"},
        {"s", "save a picture"},
        {"h  ?", "this help"},
        {"q", "end; changes are printed as a scenario that repeats them"},
    };
    const int count = (int)(sizeof lines / sizeof lines[0]);
    const float w = fminf(560, s->w - 40), h = (float)count * 22 + 76;
    const struct cs_box box = {(s->w - w) / 2, fmaxf(8, (s->h - h) / 2), w, h};
    cs_draw_tint(s->draw, (struct cs_box){0, 0, s->w, s->h}, CS_GROUND, 0.7f);
    cs_draw_fill(s->draw, box, CS_PANEL);
    cs_draw_frame(s->draw, box, CS_DIM);
    cs_draw_text(s->draw, box.x + 18, box.y + 14, CS_DRAW_LARGE, CS_DRAW_LEFT, CS_INK, "Keys");
    for (int i = 0; i < count; i++) {
        const float y = box.y + 46 + (float)i * 22;
        cs_draw_text(s->draw, box.x + 18, y, CS_DRAW_TEXT, CS_DRAW_LEFT, CS_DECODE, "%s",
                     lines[i][0]);
        cs_draw_text(s->draw, box.x + 110, y, CS_DRAW_TEXT, CS_DRAW_LEFT, CS_INK, "%s",
                     lines[i][1]);
    }
    cs_scene_hit(s, (struct cs_box){0, 0, s->w, s->h}, CS_ACT_HELP, 0);
}

/* --- the whole ------------------------------------------------------------------------------- */

void cs_scene_draw(struct cs_scene *s)
{
    s->hit_count = 0;
    if (s->selected >= cs_cluster_replicas(s->show->cluster))
        s->selected = -1;
    cs_draw_clear(s->draw, CS_GROUND);
    const float top = BAR + GAP, bottom = s->h - BUTTONS;
    const float day = fminf(330, fmaxf(140, 0.36f * s->h));
    const bool column = s->w >= 760;
    const float side = column ? fminf(360, fmaxf(250, 0.27f * s->w)) : 0;
    const float middle = bottom - day - GAP - top;
    const struct cs_box fleet = {GAP, top, s->w - 2 * GAP - (column ? side + GAP : 0), middle};
    cs_scene_fleet(s, fleet);
    cs_scene_day(s, (struct cs_box){GAP, bottom - day, s->w - 2 * GAP, day - 4});
    if (column) {
        const bool experts = s->show->candidate.option->model->experts > 0;
        /* the replica that was chosen comes first, then the bills, then the experts */
        const float bills = 176 + 26 * (float)s->show->answer->api_count;
        const bool more = s->selected >= 0 || (experts && middle - bills > 150);
        const float meters = more ? fminf(middle - 178, fmaxf(0.5f * middle, bills)) : middle;
        const struct cs_box lower = {s->w - GAP - side, top + meters + GAP, side,
                                     middle - meters - GAP};
        cs_scene_meters(s, (struct cs_box){s->w - GAP - side, top, side, meters});
        if (s->selected >= 0)
            cs_scene_replica(s, lower);
        else if (more)
            cs_scene_experts(s, lower);
    }
    draw_bar(s);
    draw_buttons(s);
    draw_message(s);
    if (s->help)
        draw_help(s);
}

void cs_scene_wait(struct cs_draw *d, float w, float h, const char *name, const char *what,
                   double share)
{
    cs_draw_clear(d, CS_GROUND);
    cs_draw_text(d, w / 2, h / 2 - 50, CS_DRAW_HUGE, CS_DRAW_MIDDLE, CS_INK, "%s", name);
    cs_draw_text(d, w / 2, h / 2 - 10, CS_DRAW_TEXT, CS_DRAW_MIDDLE, CS_DIM, "sizing the fleet: %s",
                 what);
    const struct cs_box box = {w / 2 - 160, h / 2 + 18, 320, 10};
    cs_draw_fill(d, box, CS_PANEL);
    cs_draw_frame(d, box, CS_EDGE);
    cs_draw_fill(d, (struct cs_box){box.x, box.y, box.w * (float)fmin(1.0, fmax(0.0, share)), 10},
                 CS_DECODE);
}
