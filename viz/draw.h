/* Draw: rectangles, lines and words on a picture, whatever the picture is made of.
 *
 * A picture is a window's renderer or a surface in memory; the scene draws on either with the same
 * calls. Coordinates are logical points, of which a high-density display has several pixels each:
 * `scale` says how many, and nothing above this file knows of pixels. Words are drawn glyph by
 * glyph from textures that are made once for each size, so figures may change in every frame.
 *
 * The rule: drawing never fails in the middle of a frame; what cannot be drawn (a glyph that the
 * font lacks) is left out. One picture, one thread. SDL is not shown in this header.
 */
#ifndef CS_VIZ_DRAW_H
#define CS_VIZ_DRAW_H
#include <stdbool.h>
#include <stdint.h>

struct cs_colour_rgb {
    uint8_t r, g, b;
};
#define CS_RGB(hex)                                                                                \
    ((struct cs_colour_rgb){(uint8_t)((hex) >> 16), (uint8_t)((hex) >> 8), (uint8_t)(hex)})

enum cs_draw_size { CS_DRAW_SMALL, CS_DRAW_TEXT, CS_DRAW_LARGE, CS_DRAW_HUGE, CS_DRAW_SIZES };
enum cs_draw_align { CS_DRAW_LEFT, CS_DRAW_MIDDLE, CS_DRAW_RIGHT };

struct cs_box {
    float x, y, w, h;
};

struct cs_draw;
/* Draws into an SDL_Renderer; `font` is a TrueType file. NULL: `why` says what is wrong. */
struct cs_draw *cs_draw_new(void *renderer, const char *font, float scale, const char **why);
void cs_draw_free(struct cs_draw *d);
/* Of a display that changed: points have so many pixels from now on. */
bool cs_draw_rescale(struct cs_draw *d, float scale);

void cs_draw_clear(struct cs_draw *d, struct cs_colour_rgb colour);
void cs_draw_fill(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb colour);
/* A part of it shines through: alpha in 0 .. 1. */
void cs_draw_tint(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb colour, float alpha);
void cs_draw_frame(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb colour);
void cs_draw_line(struct cs_draw *d, float x0, float y0, float x1, float y1,
                  struct cs_colour_rgb colour);
/* Through points, NaN left out. */
void cs_draw_path(struct cs_draw *d, const float *x, const float *y, int count,
                  struct cs_colour_rgb colour);
/* Nothing is drawn outside it until cs_draw_unclip. */
void cs_draw_clip(struct cs_draw *d, struct cs_box box);
void cs_draw_unclip(struct cs_draw *d);

/* Words, their top at y; x is the edge, or middle, that `align` names. Returns their width. */
float cs_draw_text(struct cs_draw *d, float x, float y, enum cs_draw_size size,
                   enum cs_draw_align align, struct cs_colour_rgb colour, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
float cs_draw_width(struct cs_draw *d, enum cs_draw_size size, const char *text);
float cs_draw_height(enum cs_draw_size size);

#endif
