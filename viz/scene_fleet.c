/* The fleet: replicas as cards while they are few, as GPUs in racks while they can be told apart,
 * then as nodes, then as whole racks; the gateway beside them, and requests flying from it.
 *
 * A GPU is a square: its colour what its replica is doing, dim, and bright from below as far as the
 * KV cache is filled. A node stands for its replicas by strips, as wide as each state has a share.
 * Nodes have eight accelerators (four nodes a rack) in data centres; elsewhere a replica is a
 * machine. Nothing is allocated: where a replica lies follows from its number.
 *
 * Not here: what a click does (control.c).
 */
#include "out/figure.h"
#include "viz/palette.h"
#include "viz/scene.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CARDS = 24, NODE_GPUS = 8, RACK_NODES = 4 };
static const float GATEWAY = 112, SPARK_S = 0.55f, HEAD = 13, LEGEND = 18;

/* --- layout ---------------------------------------------------------------------------------- */

/* Columns of equal boxes, `aspect` times as wide as high, that fill an area best. */
static int best_columns(const struct cs_racks *r, int boxes, float aspect, float gap)
{
    int best = 1;
    float most = -1;
    for (int c = 1; c <= boxes; c++) {
        const int rows = (boxes + c - 1) / c;
        const float w = r->area.w / (float)c - gap, h = r->area.h / (float)rows - gap;
        const float size = fminf(w / aspect, h);
        if (size > most) {
            most = size;
            best = c;
        }
    }
    return best;
}

void cs_scene_layout(struct cs_scene *s, struct cs_box area)
{
    const struct cs_hardware *const hw = s->show->candidate.option->hardware;
    struct cs_racks *const r = &s->racks;
    const int gpus = s->show->candidate.gpus_per_replica;
    const bool datacenter = hw->klass != NULL && strcmp(hw->klass, "datacenter") == 0;
    const int node_gpus = datacenter && gpus < NODE_GPUS ? NODE_GPUS : gpus;
    *r = (struct cs_racks){.area = area,
                           .count = cs_cluster_replicas(s->show->cluster),
                           .gpus = gpus,
                           .per_node = node_gpus / gpus,
                           .nodes_per_rack = RACK_NODES};
    r->racks = (r->count + r->per_node * RACK_NODES - 1) / (r->per_node * RACK_NODES);
    const float card_w = 118, card_h = 78;
    r->columns = best_columns(r, r->count, 1.6f, 8);
    const int card_rows = (r->count + r->columns - 1) / r->columns;
    if (r->count <= CARDS && area.w / (float)r->columns - 8 >= card_w &&
        area.h / (float)card_rows - 8 >= card_h) {
        r->gap = 8;
        r->w = fminf(360, area.w / (float)r->columns - 8);
        r->h = fminf(240, area.h / (float)card_rows - 8);
        return;
    }
    const float cells = (float)(r->per_node * gpus), aspect = cells / RACK_NODES;
    r->gap = r->racks > 400 ? 2 : r->racks > 60 ? 4 : 8;
    r->columns = best_columns(r, r->racks, fmaxf(0.6f, fminf(2.4f, aspect)), r->gap);
    const int rows = (r->racks + r->columns - 1) / r->columns;
    r->w = fminf(40 * cells + 12, area.w / (float)r->columns - r->gap);
    r->h = fminf(40 * RACK_NODES + 20, area.h / (float)rows - r->gap);
    const float head = r->w > 46 ? HEAD : 0;
    const float cell = fminf((r->w - 4) / cells, (r->h - head - 4) / RACK_NODES);
    r->detail = cell >= 5 ? 1 : r->h - head - 4 >= 3.0f * RACK_NODES && r->w >= 9 ? 2 : 3;
}

static struct cs_box slot(const struct cs_racks *r, int i)
{
    const float x = (float)(i % r->columns), y = (float)(i / r->columns);
    return (struct cs_box){r->area.x + x * (r->w + r->gap), r->area.y + y * (r->h + r->gap), r->w,
                           r->h};
}

static float rack_head(const struct cs_racks *r)
{
    return r->w > 46 && r->detail < 3 ? HEAD : 0;
}

/* The row of a node in its rack. */
static struct cs_box node_box(const struct cs_racks *r, int node)
{
    const struct cs_box b = slot(r, node / r->nodes_per_rack);
    const float head = rack_head(r), row = (b.h - head - 4) / (float)r->nodes_per_rack;
    return (struct cs_box){b.x + 2, b.y + head + 2 + row * (float)(node % r->nodes_per_rack),
                           b.w - 4,
                           row - (row > 6   ? 2
                                  : row > 3 ? 1
                                            : 0)};
}

struct cs_box cs_scene_place(const struct cs_racks *r, int replica)
{
    if (r->detail == 0)
        return slot(r, replica);
    if (r->detail == 3)
        return slot(r, replica / (r->per_node * r->nodes_per_rack));
    const struct cs_box n = node_box(r, replica / r->per_node);
    if (r->detail == 2)
        return n;
    const float w = n.w / (float)r->per_node;
    return (struct cs_box){n.x + w * (float)(replica % r->per_node), n.y, w, n.h};
}

int cs_scene_replica_at(const struct cs_scene *s, float x, float y)
{
    const struct cs_racks *const r = &s->racks;
    const float px = x - r->area.x, py = y - r->area.y;
    if (px < 0 || py < 0 || r->count == 0 || px >= r->area.w || py >= r->area.h)
        return -1;
    const int column = (int)(px / (r->w + r->gap)), row = (int)(py / (r->h + r->gap));
    if (column >= r->columns)
        return -1;
    const int box = row * r->columns + column;
    const int each = r->detail == 0 ? 1 : r->per_node * r->nodes_per_rack;
    for (int i = box * each; i < (box + 1) * each && i < r->count; i++) {
        const struct cs_box b = cs_scene_place(r, i);
        if (x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h)
            return i;
    }
    return -1;
}

/* --- one replica ----------------------------------------------------------------------------- */

static float kv_share(const struct cs_snapshot *n)
{
    return n->kv_blocks > 0 ? (float)n->kv_blocks_used / (float)n->kv_blocks : 0.0f;
}

static void draw_gpu(struct cs_scene *s, struct cs_box b, const struct cs_snapshot *n)
{
    struct cs_draw *const d = s->draw;
    const struct cs_colour_rgb c = cs_scene_state_colour(n);
    const bool serves = n->service == CS_SERVICE_UP || n->service == CS_SERVICE_DRAINING;
    cs_draw_tint(d, b, c, serves ? 0.38f : 0.55f);
    if (serves) {
        float full = b.h * kv_share(n);
        if (n->kv_blocks_used > 0 && full < 1)
            full = 1;
        cs_draw_fill(d, (struct cs_box){b.x, b.y + b.h - full, b.w, full}, c);
    }
    if (n->service == CS_SERVICE_FAILED) {
        cs_draw_line(d, b.x, b.y, b.x + b.w - 1, b.y + b.h - 1, CS_INK);
        cs_draw_line(d, b.x, b.y + b.h - 1, b.x + b.w - 1, b.y, CS_INK);
    }
    for (float y = 2; n->service == CS_SERVICE_LOADING && y < b.h; y += 4)
        cs_draw_fill(d, (struct cs_box){b.x, b.y + y, b.w, 1}, CS_GROUND);
}

/* A bar of so many pieces of `most`, with its figure. */
static void draw_count(struct cs_scene *s, float x, float y, float w, const char *what, int count,
                       double share, struct cs_colour_rgb colour)
{
    cs_draw_text(s->draw, x, y, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", what);
    cs_draw_text(s->draw, x + 78, y, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_INK, "%d", count);
    const struct cs_box bar = {x + 84, y + 4, w - 84, 6};
    if (bar.w < 8)
        return;
    cs_draw_fill(s->draw, bar, CS_GROUND);
    cs_draw_fill(s->draw, (struct cs_box){bar.x, bar.y, bar.w * (float)fmin(1.0, share), bar.h},
                 colour);
}

static void draw_card(struct cs_scene *s, int i)
{
    const struct cs_racks *const r = &s->racks;
    const struct cs_snapshot *const n = &s->show->snaps[i];
    const struct cs_box b = cs_scene_place(r, i);
    struct cs_draw *const d = s->draw;
    cs_draw_fill(d, b, CS_PANEL);
    cs_draw_frame(d, b, s->selected == i ? CS_CHOSEN : CS_EDGE);
    cs_draw_text(d, b.x + 8, b.y + 5, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK, "%d", i + 1);
    cs_draw_text(d, b.x + b.w - 8, b.y + 5, CS_DRAW_SMALL, CS_DRAW_RIGHT, cs_scene_state_colour(n),
                 "%s", cs_scene_state(n));
    const float counts = b.h > 120 ? 54 : 36;
    const struct cs_box room = {b.x + 8, b.y + 23, b.w - 16, b.h - 23 - counts};
    const struct cs_racks inside = {.area = room};
    const int columns = best_columns(&inside, r->gpus, 1.0f, 0),
              rows = (r->gpus + columns - 1) / columns;
    const float high = room.h / (float)rows, wide = room.w / (float)columns;
    for (int g = 0; g < r->gpus && high > 3; g++)
        draw_gpu(s,
                 (struct cs_box){room.x + wide * (float)(g % columns),
                                 room.y + high * (float)(g / columns), wide - 3, high - 3},
                 n);
    const struct cs_limits_engine *const l = &s->show->candidate.limits;
    const float y = b.y + b.h - counts;
    draw_count(s, b.x + 8, y, b.w - 16, "batch", n->running, (double)n->running / l->max_num_seqs,
               CS_DECODE);
    draw_count(s, b.x + 8, y + 16, b.w - 16, "queue", n->waiting,
               (double)n->waiting / l->max_num_seqs, CS_BAD);
    if (counts > 40)
        draw_count(s, b.x + 8, y + 32, b.w - 16, "KV %", (int)lrintf(100 * kv_share(n)),
                   (double)kv_share(n), CS_GOOD);
}

/* --- many ------------------------------------------------------------------------------------ */

struct shares {          /* of the replicas of a node or rack */
    int state[6], count; /* prefill, decode, idle, loading, failed, draining */
    float kv;
};

static struct shares shares_of(const struct cs_scene *s, int first, int count)
{
    struct shares sh = {.count = 0};
    for (int i = first; i < first + count && i < s->racks.count; i++) {
        const struct cs_snapshot *const n = &s->show->snaps[i];
        const int state = n->service == CS_SERVICE_UP         ? n->prefilling ? 0
                                                                : n->busy     ? 1
                                                                              : 2
                          : n->service == CS_SERVICE_LOADING  ? 3
                          : n->service == CS_SERVICE_FAILED   ? 4
                          : n->service == CS_SERVICE_DRAINING ? 5
                                                              : -1;
        sh.count++;
        sh.kv += kv_share(n);
        if (state >= 0)
            sh.state[state]++;
    }
    sh.kv /= (float)(sh.count > 0 ? sh.count : 1);
    return sh;
}

static void draw_shares(struct cs_scene *s, struct cs_box b, int first, int count)
{
    static const uint32_t colours[6] = {0xe69f00, 0x56b4e9, 0x55606e, 0xf0e442, 0xd55e00, 0xcc79a7};
    const struct shares sh = shares_of(s, first, count);
    if (sh.count == 0)
        return;
    float x = b.x;
    for (int k = 0; k < 6; k++) {
        const float w = b.w * (float)sh.state[k] / (float)sh.count;
        cs_draw_tint(s->draw, (struct cs_box){x, b.y, w, b.h}, CS_RGB(colours[k]), 0.45f);
        const float full = b.h * sh.kv;
        cs_draw_fill(s->draw, (struct cs_box){x, b.y + b.h - full, w, full}, CS_RGB(colours[k]));
        x += w;
    }
}

static void draw_racks(struct cs_scene *s)
{
    const struct cs_racks *const r = &s->racks;
    const int per_rack = r->per_node * r->nodes_per_rack;
    for (int k = 0; k < r->racks; k++) {
        const struct cs_box b = slot(r, k);
        cs_draw_fill(s->draw, b, CS_PANEL);
        if (r->gap > 2)
            cs_draw_frame(s->draw, b, CS_EDGE);
        if (rack_head(r) > 0)
            cs_draw_text(s->draw, b.x + 4, b.y + 1, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%d",
                         k * per_rack + 1);
        if (r->detail == 3)
            draw_shares(s, b, k * per_rack, per_rack);
    }
    const int nodes = (r->count + r->per_node - 1) / r->per_node;
    for (int n = 0; r->detail == 2 && n < nodes; n++)
        draw_shares(s, node_box(r, n), n * r->per_node, r->per_node);
    for (int i = 0; r->detail == 1 && i < r->count; i++) {
        const struct cs_box b = cs_scene_place(r, i);
        const float gpu = b.w / (float)r->gpus;
        for (int g = 0; g < r->gpus; g++)
            draw_gpu(s, (struct cs_box){b.x + gpu * (float)g, b.y, gpu - 1, b.h},
                     &s->show->snaps[i]);
        if (s->show->snaps[i].waiting > 0 && b.h > 10) { /* a queue shows on top */
            const float share = fminf(1.0f, (float)s->show->snaps[i].waiting / 32.0f);
            cs_draw_fill(s->draw, (struct cs_box){b.x, b.y, (b.w - 1) * share, 2}, CS_BAD);
        }
    }
    if (s->selected >= 0 && s->selected < r->count) {
        const struct cs_box b = cs_scene_place(r, s->selected);
        cs_draw_frame(s->draw, (struct cs_box){b.x - 1, b.y - 1, b.w + 2, b.h + 2}, CS_CHOSEN);
    }
}

/* --- the gateway and what flies -------------------------------------------------------------- */

static void draw_gateway(struct cs_scene *s, struct cs_box b)
{
    struct cs_draw *const d = s->draw;
    double out, in, requests;
    cs_show_rates(s->show, &out, &in, &requests);
    cs_draw_fill(d, b, CS_PANEL);
    cs_draw_frame(d, b, CS_EDGE);
    cs_draw_text(d, b.x + b.w / 2, b.y + 8, CS_DRAW_SMALL, CS_DRAW_MIDDLE, CS_DIM, "gateway");
    cs_draw_text(d, b.x + b.w / 2, b.y + 26, CS_DRAW_LARGE, CS_DRAW_MIDDLE, CS_INK, "%s",
                 cs_figure_short(requests).text);
    cs_draw_text(d, b.x + b.w / 2, b.y + 47, CS_DRAW_SMALL, CS_DRAW_MIDDLE, CS_DIM, "requests/s");
    cs_draw_text(d, b.x + b.w / 2, b.y + 68, CS_DRAW_SMALL, CS_DRAW_MIDDLE, CS_DIM, "%s",
                 s->show->router == CS_ROUTER_ROUND_ROBIN ? "round robin" : "least busy");
    if (s->show->factor != 1.0)
        cs_draw_text(d, b.x + b.w / 2, b.y + 86, CS_DRAW_TEXT, CS_DRAW_MIDDLE, CS_BAD,
                     "traffic \u00d7%.3g", s->show->factor);
    if (s->show->held > 0)
        cs_draw_text(d, b.x + b.w / 2, b.y + 106, CS_DRAW_TEXT, CS_DRAW_MIDDLE, CS_BAD, "%ld held",
                     s->show->held);
    for (int c = 0; c < s->show->class_count; c++) {
        const float y = b.y + b.h - 20 - 16 * (float)(s->show->class_count - 1 - c);
        if (y < b.y + 122)
            continue;
        cs_draw_fill(d, (struct cs_box){b.x + 8, y + 3, 8, 8}, cs_scene_class_colour(c));
        cs_draw_clip(d, b);
        cs_draw_text(d, b.x + 21, y, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s",
                     s->show->classes[c]);
        cs_draw_unclip(d);
    }
}

static void launch(struct cs_scene *s)
{
    struct cs_show *const show = s->show;
    if (show->flight_count < s->flights_seen)
        s->flights_seen = show->flight_count; /* it went back in time */
    uint64_t fresh = show->flight_count - s->flights_seen;
    if (fresh > CS_SHOW_FLIGHTS)
        fresh = CS_SHOW_FLIGHTS;
    const uint64_t most = 6, step = fresh > most ? fresh / most : 1;
    for (uint64_t k = 0; k < fresh && s->spark_count < CS_SCENE_SPARKS; k += step) {
        const struct cs_show_flight *const f =
            &show->flights[(show->flight_count - fresh + k) % CS_SHOW_FLIGHTS];
        const float wait = s->frame_s * (float)k / (float)fresh;
        s->sparks[s->spark_count++] =
            (struct cs_spark){.age_s = -wait,
                              .replica = f->replica,
                              .klass = f->klass,
                              .number = (int)((show->flight_count - fresh + k) % 64),
                              .again = f->again};
    }
    s->flights_seen = show->flight_count;
}

static void draw_sparks(struct cs_scene *s, struct cs_box gateway)
{
    int kept = 0;
    for (int i = 0; i < s->spark_count; i++) {
        struct cs_spark spark = s->sparks[i];
        spark.age_s += s->frame_s;
        if (spark.age_s > SPARK_S || spark.replica < 0 || spark.replica >= s->racks.count)
            continue;
        s->sparks[kept++] = spark;
        if (spark.age_s < 0)
            continue;
        const struct cs_box to = cs_scene_place(&s->racks, spark.replica);
        const float t = spark.age_s / SPARK_S, ease = t * t * (3 - 2 * t);
        /* neighbours leave and arrive a little apart */
        const float apart = (float)((spark.number * 37) % 64) / 64.0f - 0.5f;
        const float x0 = gateway.x + gateway.w, y0 = gateway.y + gateway.h * (0.5f + 0.5f * apart);
        const float x = x0 + (to.x + to.w / 2 - x0) * ease;
        const float y = y0 + (to.y + to.h * (0.5f + 0.6f * apart) - y0) * ease;
        const float size = spark.again ? 6 : 4;
        cs_draw_fill(s->draw, (struct cs_box){x - size / 2, y - size / 2, size, size},
                     spark.again ? CS_BAD : cs_scene_class_colour(spark.klass));
    }
    s->spark_count = kept;
}

/* --- words ----------------------------------------------------------------------------------- */

static void draw_legend(struct cs_scene *s, struct cs_box b)
{
    struct cs_draw *const d = s->draw;
    const struct cs_show *const show = s->show;
    static const struct {
        const char *name;
        struct cs_snapshot n;
    } states[] = {
        {"prefill", {.busy = true, .prefilling = true}},
        {"decode", {.busy = true}},
        {"idle", {.busy = false}},
        {"failed", {.service = CS_SERVICE_FAILED}},
        {"loading", {.service = CS_SERVICE_LOADING}},
        {"draining", {.service = CS_SERVICE_DRAINING}},
    };
    char words[256];
    snprintf(words, sizeof words, "%d of %d serve \u00b7 %s run, %s wait \u00b7 KV %s",
             show->serving, show->serving + show->failed + show->loading + show->draining,
             cs_figure_number((double)show->running, 0).text,
             cs_figure_number((double)show->waiting, 0).text, cs_figure_percent(show->kv).text);
    const float right =
        b.x + b.w -
        cs_draw_text(d, b.x + b.w, b.y + 1, CS_DRAW_SMALL, CS_DRAW_RIGHT, CS_INK, "%s", words);
    float x = b.x;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        const float w = cs_draw_width(d, CS_DRAW_SMALL, states[i].name);
        if (x + w + 26 > right)
            break;
        draw_gpu(s, (struct cs_box){x, b.y + 3, 10, 10}, &states[i].n);
        if (i < 3)
            cs_draw_fill(d, (struct cs_box){x, b.y + 8, 10, 5},
                         cs_scene_state_colour(&states[i].n));
        cs_draw_text(d, x + 15, b.y + 1, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", states[i].name);
        x += w + 29;
    }
}

static void draw_hint(struct cs_scene *s, int i)
{
    const struct cs_snapshot *const n = &s->show->snaps[i];
    char line[2][100];
    snprintf(line[0], sizeof line[0], "replica %d: %s", i + 1, cs_scene_state(n));
    snprintf(line[1], sizeof line[1], "%d run, %d wait \u00b7 KV %.0f %%", n->running, n->waiting,
             100.0 * (double)kv_share(n));
    const float w = 20 + fmaxf(cs_draw_width(s->draw, CS_DRAW_SMALL, line[0]),
                               cs_draw_width(s->draw, CS_DRAW_SMALL, line[1]));
    const float right = s->racks.area.x + s->racks.area.w; /* what lies beyond is drawn over it */
    const float x = fminf(s->mouse_x + 14, right - w), y = s->mouse_y + 16;
    const struct cs_box b = {x, y, w, 40};
    cs_draw_fill(s->draw, b, CS_GROUND);
    cs_draw_frame(s->draw, b, CS_DIM);
    cs_draw_text(s->draw, x + 10, y + 5, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_INK, "%s", line[0]);
    cs_draw_text(s->draw, x + 10, y + 20, CS_DRAW_SMALL, CS_DRAW_LEFT, CS_DIM, "%s", line[1]);
}

void cs_scene_fleet(struct cs_scene *s, struct cs_box box)
{
    const bool gate = box.w > 420;
    const struct cs_box gateway = {box.x, box.y + LEGEND, gate ? GATEWAY : 0, box.h - LEGEND};
    const float left = gate ? GATEWAY + 34 : 0;
    cs_show_look(s->show, 2048);
    cs_scene_layout(s, (struct cs_box){box.x + left, box.y + LEGEND, box.w - left, box.h - LEGEND});
    draw_legend(s, box);
    if (s->racks.detail == 0)
        for (int i = 0; i < s->racks.count; i++)
            draw_card(s, i);
    else
        draw_racks(s);
    launch(s);
    if (gate) {
        draw_gateway(s, gateway);
        draw_sparks(s, gateway);
    }
    const int under = s->help ? -1 : cs_scene_replica_at(s, s->mouse_x, s->mouse_y);
    cs_scene_hit(s, s->racks.area, CS_ACT_SELECT, under);
    if (under >= 0)
        draw_hint(s, under);
}
