/* Doing what hands ask for. See control.h for whose is what.
 *
 * The rule: an act that cannot be done says why and does nothing, so that no change is recorded
 * which the fleet would ignore: a replica that has failed does not fail again, the last that serves
 * is not removed.
 *
 * Repairs take a quarter of an hour, as in a scenario that says nothing else.
 */
#include "viz/control.h"
#include "out/figure.h"
#include <math.h>

static const int64_t MS = 1000000000;
static const double FACTOR_LEAST = 0.01, FACTOR_MOST = 100.0;

static bool can_fail(const struct cs_scene *s, int i)
{
    return i >= 0 && i < s->show->snap_count &&
           (s->show->snaps[i].service == CS_SERVICE_UP ||
            s->show->snaps[i].service == CS_SERVICE_LOADING ||
            s->show->snaps[i].service == CS_SERVICE_DRAINING);
}

/* The chosen replica, else the one under the mouse, else the first that can fail. */
static int target(const struct cs_scene *s, int64_t value)
{
    int i = value >= 0 ? (int)value : s->selected;
    if (i < 0)
        i = cs_scene_replica_at(s, s->mouse_x, s->mouse_y);
    for (int k = 0; i < 0 && k < s->show->snap_count; k++)
        if (can_fail(s, k))
            i = k;
    return i;
}

static void fail(struct cs_scene *s, int first, int count)
{
    int failed = 0;
    for (int i = first; i < first + count && i < s->show->snap_count; i++) {
        if (!can_fail(s, i))
            continue;
        cs_show_change(
            s->show,
            (struct cs_change){.kind = CS_CHANGE_FAIL, .replica = i, .repair_ps = cs_repair_ps});
        failed++;
    }
    if (failed == 0)
        cs_scene_say(s, "nothing there that could fail");
    else if (failed == 1 && count == 1)
        cs_scene_say(s, "replica %d failed; back in %s", first + 1,
                     cs_figure_time_given((double)cs_repair_ps * 1e-12).text);
    else
        cs_scene_say(s, "%d replicas of a node failed; back in %s", failed,
                     cs_figure_time_given((double)cs_repair_ps * 1e-12).text);
}

static void scale_traffic(struct cs_scene *s, double by)
{
    const double factor = s->show->factor * by;
    if (factor < FACTOR_LEAST || factor > FACTOR_MOST) {
        cs_scene_say(s, "traffic stays between a hundredth and a hundredfold");
        return;
    }
    cs_show_change(s->show, (struct cs_change){.kind = CS_CHANGE_TRAFFIC, .factor = factor});
    cs_scene_say(s, "traffic %.3g times the scenario's", factor);
}

/* Ahead as fast as it goes; back from the start. cs_control_advance does it, frame by frame. */
static void seek(struct cs_scene *s, int64_t ms)
{
    char clock[40];
    const int64_t most = s->show->end_ps / MS;
    ms = ms < 0 ? 0 : ms > most ? most : ms;
    if (ms * MS < s->show->now_ps)
        cs_show_restart(s->show);
    s->target_ps = ms * MS;
    s->spark_count = 0;
    cs_scene_say(s, "to %s", cs_show_clock(s->show, s->target_ps, clock, sizeof clock));
}

static void undo(struct cs_scene *s)
{
    const int64_t now = s->show->now_ps;
    if (!cs_show_undo(s->show)) {
        cs_scene_say(s, "nothing was changed by hand");
        return;
    }
    s->target_ps = now;
    cs_scene_say(s, "the last change is taken back");
}

static void say_speed(struct cs_scene *s)
{
    if (cs_speeds[s->speed] == 0)
        cs_scene_say(s, "as fast as it goes");
    else
        cs_scene_say(s, "%d times real time", cs_speeds[s->speed]);
}

static void change_router(struct cs_scene *s)
{
    const bool round = s->show->router == CS_ROUTER_ROUND_ROBIN;
    cs_show_change(s->show, (struct cs_change){.kind = CS_CHANGE_ROUTER,
                                               .router = round ? CS_ROUTER_LEAST_OUTSTANDING
                                                               : CS_ROUTER_ROUND_ROBIN});
    cs_scene_say(s, round ? "requests go to the least busy replica" : "requests go round");
}

bool cs_control(struct cs_scene *s, enum cs_act act, int64_t value)
{
    const bool changes = act == CS_ACT_HALVE || act == CS_ACT_DOUBLE || act == CS_ACT_ADD ||
                         act == CS_ACT_REMOVE || act == CS_ACT_FAIL || act == CS_ACT_FAIL_NODE ||
                         act == CS_ACT_ROUTER;
    if (changes && (s->show->over || s->target_ps >= 0)) {
        cs_scene_say(s, s->show->over ? "the run has ended; go back to change it"
                                      : "on the way; changes are made where it stops");
        return true;
    }
    switch (act) {
    case CS_ACT_PAUSE:
        s->paused = !s->paused;
        return true;
    case CS_ACT_SLOWER:
    case CS_ACT_FASTER:
        s->speed += act == CS_ACT_FASTER ? 1 : -1;
        s->speed = s->speed < 0 ? 0 : s->speed >= CS_SPEEDS ? CS_SPEEDS - 1 : s->speed;
        say_speed(s);
        return true;
    case CS_ACT_FULL_SPEED:
        s->speed = CS_SPEEDS - 1;
        say_speed(s);
        return true;
    case CS_ACT_HALVE:
        scale_traffic(s, 0.5);
        return true;
    case CS_ACT_DOUBLE:
        scale_traffic(s, 2.0);
        return true;
    case CS_ACT_ADD:
        cs_show_change(s->show, (struct cs_change){.kind = CS_CHANGE_ADD, .count = 1});
        cs_scene_say(s, "a replica more; it reads its weights first");
        return true;
    case CS_ACT_REMOVE:
        if (s->show->serving < 2 &&
            (s->show->loading == 0 || s->show->serving + s->show->loading + s->show->failed < 2)) {
            cs_scene_say(s, "the last replica that serves stays");
            return true;
        }
        cs_show_change(s->show, (struct cs_change){.kind = CS_CHANGE_REMOVE, .count = 1});
        cs_scene_say(s, "a replica less; it finishes what it has");
        return true;
    case CS_ACT_FAIL:
        fail(s, target(s, value), 1);
        return true;
    case CS_ACT_FAIL_NODE: {
        const int i = target(s, value), each = s->racks.per_node > 0 ? s->racks.per_node : 1;
        fail(s, i < 0 ? 0 : i / each * each, each);
        return true;
    }
    case CS_ACT_ROUTER:
        change_router(s);
        return true;
    case CS_ACT_UNDO:
        undo(s);
        return true;
    case CS_ACT_HELP:
        s->help = !s->help;
        return true;
    case CS_ACT_SELECT:
        s->selected = value == s->selected ? -1 : (int)value;
        return true;
    case CS_ACT_SEEK:
        seek(s, value);
        return true;
    case CS_ACT_NONE:
        return true;
    default:
        return false;
    }
}

void cs_control_advance(struct cs_scene *s, double seconds, double budget_s, double (*now)(void))
{
    struct cs_show *const show = s->show;
    const bool going = s->target_ps >= 0;
    const int64_t until = going && s->target_ps < show->end_ps ? s->target_ps : show->end_ps;
    if ((s->paused && !going) || show->now_ps >= until) {
        s->target_ps = -1;
        return;
    }
    const bool free_run = going || cs_speeds[s->speed] == 0;
    const double asked = free_run ? INFINITY : seconds * cs_speeds[s->speed];
    const double begun = now();
    double done = 0.0, before = begun;
    s->owed += free_run ? 0.0 : fmin(asked, 1e6);
    while ((free_run || s->owed >= 1e-3) && show->now_ps < until) {
        const double step = free_run ? s->piece_s : fmin(s->piece_s, s->owed);
        const int64_t from = show->now_ps, to = from + (int64_t)(step * 1e3) * MS;
        cs_show_run(show, to < until ? to : until);
        const double gone = (double)(show->now_ps - from) * 1e-12, after = now();
        if (gone <= 0.0)
            break;
        done += gone;
        s->owed -= free_run ? 0.0 : gone;
        if (after - begun > budget_s)
            break;
        s->piece_s *= after - before < 0.1 * budget_s   ? 2.0
                      : after - before > 0.4 * budget_s ? 0.5
                                                        : 1.0;
        s->piece_s = fmin(3600.0, fmax(s->piece_s, 1e-3));
        before = after;
    }
    if (!free_run) { /* what is owed after a frame that took too long is not made up for */
        const float reached = asked > 0.0 ? (float)fmin(1.0, done / asked) : 1.0f;
        s->lag += 0.1f * (reached - s->lag);
        s->owed = fmin(s->owed, 0.05 * asked + 1e-3);
    }
}
