/* The column at the right: meters, the experts of a MoE model, and the replica that was chosen.
 *
 * Meters hold what the fleet has cost so far against what each API would have asked for the same
 * tokens, as bars of one scale. The experts' map shows one layer, as all layers are alike in what
 * is known of them: brightness is how often a step of the present batch visits an expert, a mark
 * that it usually lies outside the GPUs' memory and must be brought in, which is a miss.
 *
 * Equations: docs/model.md, section 10. The figures of a batch size are kept until it changes.
 */
#include "out/figure.h"
#include "out/words.h"
#include "perf/expertcache.h"
#include "perf/experts.h"
#include "viz/palette.h"
#include "viz/scene.h"
#include <math.h>
#include <stdio.h>

static const double PS = 1e12;

/* --- meters ---------------------------------------------------------------------------------- */

static void figure(struct cs_scene *s, float x, float y, const char *what, const char *value)
{
    cs_draw_text(s->draw, x, y, CS_DRAW_LARGE, CS_DRAW_LEFT, CS_INK, "%s", value);
    cs_draw_text(s->draw, x, y + 22, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", what);
}

static float draw_bill(struct cs_scene *s, struct cs_box room, float y, const char *name,
                       double usd, double most, struct cs_colour_rgb colour)
{
    struct cs_draw *const d = s->draw;
    cs_draw_clip(d, (struct cs_box){room.x, y, room.w - 74, 16});
    cs_draw_text(d, room.x, y, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", name);
    cs_draw_unclip(d);
    cs_draw_text(d, room.x + room.w, y, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_INK, "%s USD",
                 cs_figure_usd(usd).text);
    const struct cs_box bar = {room.x, y + 15, room.w, 5};
    cs_draw_fill(d, bar, CS_GROUND);
    if (usd > 0.0 && most > 0.0)
        cs_draw_fill(d, (struct cs_box){bar.x, bar.y, bar.w * (float)(usd / most), bar.h}, colour);
    return y + 26;
}

void cs_scene_meters(struct cs_scene *s, struct cs_box box)
{
    const struct cs_show *const show = s->show;
    const struct cs_box room = cs_scene_panel(s, box, "SO FAR");
    double out, in, requests;
    cs_show_rates(show, &out, &in, &requests);
    const float half = room.w / 2;
    figure(s, room.x, room.y, "answer tokens/s", cs_figure_short(out).text);
    figure(s, room.x + half, room.y, "prompt tokens/s", cs_figure_short(in).text);
    figure(s, room.x, room.y + 44, "requests", cs_figure_number(show->totals.requests, 0).text);
    const double within = cs_show_within(show);
    figure(s, room.x + half, room.y + 44, "within the limits",
           isnan(within) ? "\u2013" : cs_figure_percent(within).text);
    float y = room.y + 94;
    if (y + 20 > box.y + box.h)
        return;
    double most = show->totals.usd;
    for (size_t i = 0; i < show->answer->api_count; i++)
        most = fmax(most, cs_show_api_usd(show, &show->answer->apis[i]));
    y = draw_bill(s, room, y, "this fleet", show->totals.usd, most, CS_GOOD);
    for (size_t i = 0; i < show->answer->api_count && y + 20 < room.y + room.h - 18; i++) {
        const struct cs_api_answer *const api = &show->answer->apis[i];
        const double usd = cs_show_api_usd(show, api);
        if (!isnan(usd))
            y = draw_bill(s, room, y, cs_words_api(api), usd, most,
                          usd < show->totals.usd ? CS_BAD : CS_DECODE);
    }
    const double kwh = show->totals.joules / 3.6e6;
    if (y < box.y + box.h - 20)
        cs_draw_text(s->draw, room.x, box.y + box.h - 20, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM,
                     "energy %s \u00b7 busy %s",
                     isnan(kwh) ? "not known" : cs_figure_si(kwh * 1e3, "Wh").text,
                     show->totals.replica_s > 0.0
                         ? cs_figure_percent(show->totals.busy_s / show->totals.replica_s).text
                         : "\u2013");
}

/* --- experts --------------------------------------------------------------------------------- */

static void find_experts(struct cs_scene *s, double tokens)
{
    const struct cs_option *const o = s->show->candidate.option;
    const int experts = o->model->experts;
    if (s->moe_visits == NULL) {
        s->moe_visits = cs_arena_alloc(&s->moe_arena, (size_t)experts, sizeof *s->moe_visits);
        s->moe_held = cs_arena_alloc(&s->moe_arena, (size_t)experts, sizeof *s->moe_held);
        cs_moe_visits(o->model, s->moe_visits);
    }
    const bool all = o->experts.policy == CS_EXPERTS_RESIDENT;
    const double resident = all ? experts : o->experts.resident;
    s->moe_at = tokens;
    s->moe_touched = cs_moe_touched(s->moe_visits, experts, tokens, 1.0, o->model->routing.repeat);
    s->moe_found = s->moe_touched;
    if (!all) {
        const struct cs_moe_hits h = cs_moe_hits(o->experts.policy, s->moe_visits, experts,
                                                 resident, tokens, o->model->routing.repeat, 0.0);
        s->moe_found = h.found;
    }
    cs_moe_held(o->experts.policy, s->moe_visits, experts, resident, tokens,
                o->model->routing.repeat, s->moe_held);
}

static struct cs_colour_rgb heat(double share)
{
    /* dark blue, blue-green, yellow: brighter all the way, as viridis does */
    static const float stops[5][3] = {{0.16f, 0.17f, 0.30f},
                                      {0.19f, 0.41f, 0.56f},
                                      {0.13f, 0.57f, 0.55f},
                                      {0.37f, 0.79f, 0.38f},
                                      {0.99f, 0.91f, 0.14f}};
    const float at = 4.0f * (float)fmin(1.0, fmax(0.0, share));
    const int i = at >= 4.0f ? 3 : (int)at;
    const float f = at - (float)i;
    uint8_t c[3];
    for (int k = 0; k < 3; k++)
        c[k] = (uint8_t)lrintf(255.0f * (stops[i][k] + f * (stops[i + 1][k] - stops[i][k])));
    return (struct cs_colour_rgb){c[0], c[1], c[2]};
}

void cs_scene_experts(struct cs_scene *s, struct cs_box box)
{
    struct cs_draw *const d = s->draw;
    const struct cs_show *const show = s->show;
    const struct cs_option *const o = show->candidate.option;
    const int experts = o->model->experts;
    const struct cs_box room = cs_scene_panel(s, box, "EXPERTS OF A LAYER, BY VISITS A STEP");
    const double running = show->serving > 0 ? (double)show->running / show->serving : 0.0;
    const double tokens = fmax(1.0, round(running));
    if (tokens != s->moe_at)
        find_experts(s, tokens);
    const float words = 48, h = room.h - words;
    int columns = 1;
    float cell = 0;
    for (int c = 1; c <= experts; c++) {
        const float size = fminf(room.w / (float)c, h / (float)((experts + c - 1) / c));
        if (size > cell) {
            cell = size;
            columns = c;
        }
    }
    cell = fminf(cell, 44);
    for (int i = 0; i < experts; i++) {
        const struct cs_box b = {room.x + cell * (float)(i % columns),
                                 room.y + cell * (float)(i / columns), cell - 1, cell - 1};
        const double visited = 1.0 - pow(1.0 - s->moe_visits[i], tokens);
        cs_draw_fill(d, b, heat(1.0 + 0.5 * log10(fmax(visited, 0.01))));
        if (s->moe_held[i] < 0.5)
            cs_draw_fill(
                d, (struct cs_box){b.x + b.w * 0.3f, b.y + b.h * 0.3f, b.w * 0.4f, b.h * 0.4f},
                CS_FAILED);
    }
    const float y = box.y + box.h - words;
    cs_draw_text(d, room.x, y, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK,
                 "a step of %.0f tokens visits %.1f of %d", tokens, s->moe_touched, experts);
    if (o->experts.policy == CS_EXPERTS_RESIDENT) {
        cs_draw_text(d, room.x, y + 15, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM,
                     "all are held: no misses");
        if (o->expert_parallel > 1)
            cs_draw_text(d, room.x, y + 30, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM,
                         "over %d ranks, the busiest at %.2f times the mean", o->expert_parallel,
                         show->plan->loading.imbalance);
        return;
    }
    cs_draw_text(d, room.x, y + 15, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM,
                 "%s: %.4g held, %.1f missed a step and layer",
                 cs_expert_policy_names[o->experts.policy], o->experts.resident,
                 s->moe_touched - s->moe_found);
    cs_draw_text(d, room.x, y + 30, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM,
                 "\u25a0 usually outside \u00b7 %s an expert",
                 cs_figure_si(cs_experts_bytes(o), "B").text);
}

/* --- the replica that was chosen ------------------------------------------------------------- */

static float line(struct cs_scene *s, struct cs_box room, float y, const char *what,
                  const char *value)
{
    cs_draw_text(s->draw, room.x, y, CS_DRAW_TEXT, CS_DRAW_LEFT, CS_DIM, "%s", what);
    cs_draw_text(s->draw, room.x + room.w, y, CS_DRAW_TEXT, CS_DRAW_RIGHT, CS_INK, "%s", value);
    return y + 19;
}

void cs_scene_replica(struct cs_scene *s, struct cs_box box)
{
    const struct cs_snapshot *const n = &s->show->snaps[s->selected];
    const struct cs_limits_engine *const l = &s->show->candidate.limits;
    char heading[40], value[160];
    snprintf(heading, sizeof heading, "REPLICA %d", s->selected + 1);
    const struct cs_box room = cs_scene_panel(s, box, heading);
    float y = line(s, room, room.y, "state", cs_scene_state(n));
    if (n->until_ps != INT64_MAX) {
        const double left = (double)(n->until_ps - s->show->now_ps) / PS;
        y = line(s, room, y, "for another",
                 cs_figure_time_value((struct cs_interval){fmax(0.0, left), NAN, NAN}).text);
    }
    snprintf(value, sizeof value, "%d of %d, %d decode", n->running, l->max_num_seqs, n->decoding);
    y = line(s, room, y, "batch", value);
    snprintf(value, sizeof value, "%d", n->waiting);
    y = line(s, room, y, "queue", value);
    snprintf(value, sizeof value, "%s of %s blocks",
             cs_figure_short((double)n->kv_blocks_used).text,
             cs_figure_short((double)n->kv_blocks).text);
    y = line(s, room, y, "KV cache", value);
    static const struct {
        const char *words;
        enum cs_act act;
    } buttons[] = {{"fail it", CS_ACT_FAIL}, {"fail its node", CS_ACT_FAIL_NODE}};
    float x = room.x;
    y = fminf(y + 6, box.y + box.h - 30);
    for (int i = 0; i < 2; i++) {
        const float w = cs_draw_width(s->draw, CS_DRAW_SMALL, buttons[i].words) + 20;
        const struct cs_box b = {x, y, w, 22};
        cs_draw_fill(s->draw, b, CS_EDGE);
        cs_draw_text(s->draw, x + 10, y + 4, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK, "%s",
                     buttons[i].words);
        cs_scene_hit(s, b, buttons[i].act, s->selected);
        x += w + 8;
    }
}
