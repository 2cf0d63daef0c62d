/* Scene: one frame of the window, from a show and from what the hand is doing.
 *
 *   +-------------------------------------------------------------+
 *   | name, fleet, clock, speed                                   |  bar
 *   +---------------------------------------------+---------------+
 *   | gateway -> racks of GPUs                    | meters        |
 *   |                                             | experts, or   |
 *   |                                             | the replica   |
 *   +---------------------------------------------+---------------+
 *   | traffic, TTFT, TPOT over the day, with the clock on them    |  day
 *   +-------------------------------------------------------------+
 *   | buttons                                                     |
 *   +-------------------------------------------------------------+
 *
 * Drawing a scene also notes where the mouse can do something, so that what is drawn and what can
 * be clicked are one list. All positions are logical points. The scene changes nothing in the show
 * but its looks at the replicas; time is told to it, it asks no clock.
 */
#ifndef CS_VIZ_SCENE_H
#define CS_VIZ_SCENE_H
#include "viz/draw.h"
#include "viz/show.h"

enum cs_act {
    CS_ACT_NONE,
    CS_ACT_PAUSE,
    CS_ACT_SLOWER,
    CS_ACT_FASTER,
    CS_ACT_FULL_SPEED,
    CS_ACT_HALVE,
    CS_ACT_DOUBLE,
    CS_ACT_ADD,
    CS_ACT_REMOVE,
    CS_ACT_FAIL,      /* value: the replica */
    CS_ACT_FAIL_NODE, /* value: a replica of it */
    CS_ACT_ROUTER,
    CS_ACT_UNDO,
    CS_ACT_NEXT,
    CS_ACT_SHOT,
    CS_ACT_HELP,
    CS_ACT_SELECT, /* value: the replica; -1: none */
    CS_ACT_SEEK,   /* value: milliseconds of the run */
    CS_ACT_QUIT
};

struct cs_hit {
    struct cs_box box;
    enum cs_act act;
    int64_t value;
};

enum { CS_SCENE_HITS = 160, /* with a tab for each of a hundred days */
        CS_SCENE_SPARKS = 400, CS_SPEEDS = 9 };
extern const int cs_speeds[CS_SPEEDS]; /* simulated seconds a second; 0: as fast as it goes */

struct cs_spark { /* a request that flies from the gateway to a replica */
    float age_s;  /* < 0: not yet on its way */
    int replica, klass, number;
    bool again;
};

struct cs_racks { /* where replicas are */
    struct cs_box area;
    int detail; /* 0: cards, 1: GPUs in racks, 2: nodes in racks, 3: racks */
    int count, gpus, per_node, nodes_per_rack, racks;
    int columns;
    float w, h, gap; /* of a card or rack */
};

struct cs_scene {
    struct cs_show *show;
    struct cs_draw *draw;
    float w, h;
    float mouse_x, mouse_y; /* negative: elsewhere */
    int selected;           /* -1: none */
    bool paused, help;
    int speed;         /* index of cs_speeds */
    float lag;         /* share of that speed that is reached; 1 when it is */
    int64_t target_ps; /* where it is going, as fast as it can; -1: nowhere */
    double piece_s;    /* simulated at a time, so that a frame's share is not overdone */
    double owed;       /* simulated seconds of past frames that are still to be run */
    char message[200]; /* of the last act */
    float message_s;   /* how long it is still shown */
    float frame_s;     /* since the last frame */
    struct cs_spark sparks[CS_SCENE_SPARKS];
    int spark_count;
    uint64_t flights_seen;
    double moe_at; /* batch of the experts' figures below */
    struct cs_arena moe_arena;
    double *moe_visits, *moe_held;
    double moe_touched, moe_found;
    struct cs_racks racks;
    struct cs_hit hits[CS_SCENE_HITS];
    int hit_count;
};

void cs_scene_init(struct cs_scene *s, struct cs_show *show, struct cs_draw *draw);
void cs_scene_fini(struct cs_scene *s);
/* Draws a frame and fills `hits`. */
void cs_scene_draw(struct cs_scene *s);
/* While a fleet is being sized: what is done, and of how much. */
void cs_scene_wait(struct cs_draw *d, float w, float h, const char *name, const char *what,
                   double share);
/* What a click there means. */
struct cs_hit cs_scene_at(const struct cs_scene *s, float x, float y);
/* The replica under a point, -1: none. */
int cs_scene_replica_at(const struct cs_scene *s, float x, float y);
/* Shown for some seconds. */
void cs_scene_say(struct cs_scene *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parts, each in a file of its own (scene_*.c). */
void cs_scene_fleet(struct cs_scene *s, struct cs_box box);
void cs_scene_day(struct cs_scene *s, struct cs_box box);
void cs_scene_meters(struct cs_scene *s, struct cs_box box);
void cs_scene_experts(struct cs_scene *s, struct cs_box box);
void cs_scene_replica(struct cs_scene *s, struct cs_box box);
void cs_scene_hit(struct cs_scene *s, struct cs_box box, enum cs_act act, int64_t value);
/* A panel with its heading; returns the room inside. */
struct cs_box cs_scene_panel(struct cs_scene *s, struct cs_box box, const char *heading);
struct cs_colour_rgb cs_scene_class_colour(int klass);
struct cs_colour_rgb cs_scene_state_colour(const struct cs_snapshot *snap);
const char *cs_scene_state(const struct cs_snapshot *snap);
void cs_scene_layout(struct cs_scene *s, struct cs_box area);
/* Where a replica is drawn, or the node or rack that stands for it. */
struct cs_box cs_scene_place(const struct cs_racks *r, int replica);

#endif
