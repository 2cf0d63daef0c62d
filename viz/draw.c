/* Drawing with SDL2 and SDL2_ttf. See draw.h for what may be asked.
 *
 * A glyph is rendered white by SDL_ttf when it is first used in a size, kept as a texture, and
 * tinted when it is drawn: some hundred textures serve all words of all frames. Kerning is left
 * out, so that a figure does not tremble when its digits change; the digits of the font are equally
 * wide.
 *
 * Memory: SDL's, freed by cs_draw_free.
 */
#include "viz/draw.h"
#include <SDL.h>
#include <SDL_ttf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GLYPHS = 1024, TEXT_BYTES = 1024 }; /* GLYPHS: a power of two */
static const float POINTS[CS_DRAW_SIZES] = {11, 13, 17, 26};

struct glyph {
    uint32_t letter;      /* 0: free */
    SDL_Texture *texture; /* NULL: nothing to see, such as a blank */
    int w, h, advance;
};

struct cs_draw {
    SDL_Renderer *renderer;
    const char *file;
    float scale;
    TTF_Font *fonts[CS_DRAW_SIZES];
    struct glyph glyphs[CS_DRAW_SIZES][GLYPHS];
};

static void forget_fonts(struct cs_draw *d)
{
    for (int s = 0; s < CS_DRAW_SIZES; s++) {
        for (int g = 0; g < GLYPHS; g++)
            if (d->glyphs[s][g].texture != NULL)
                SDL_DestroyTexture(d->glyphs[s][g].texture);
        if (d->fonts[s] != NULL)
            TTF_CloseFont(d->fonts[s]);
        d->fonts[s] = NULL;
    }
    memset(d->glyphs, 0, sizeof d->glyphs);
}

bool cs_draw_rescale(struct cs_draw *d, float scale)
{
    forget_fonts(d);
    d->scale = scale;
    for (int s = 0; s < CS_DRAW_SIZES; s++) {
        d->fonts[s] = TTF_OpenFont(d->file, (int)lrintf(POINTS[s] * scale));
        if (d->fonts[s] == NULL)
            return false;
        TTF_SetFontHinting(d->fonts[s], TTF_HINTING_LIGHT);
    }
    return true;
}

struct cs_draw *cs_draw_new(void *renderer, const char *font, float scale, const char **why)
{
    struct cs_draw *const d = calloc(1, sizeof *d);
    if (d == NULL || TTF_Init() != 0) {
        *why = "SDL_ttf does not start";
        free(d);
        return NULL;
    }
    d->renderer = renderer;
    d->file = font;
    SDL_SetRenderDrawBlendMode(d->renderer, SDL_BLENDMODE_BLEND);
    if (!cs_draw_rescale(d, scale)) {
        *why = "the font cannot be read";
        cs_draw_free(d);
        return NULL;
    }
    return d;
}

void cs_draw_free(struct cs_draw *d)
{
    if (d == NULL)
        return;
    forget_fonts(d);
    TTF_Quit();
    free(d);
}

/* --- shapes ---------------------------------------------------------------------------------- */

static void colour(struct cs_draw *d, struct cs_colour_rgb c, float alpha)
{
    SDL_SetRenderDrawColor(d->renderer, c.r, c.g, c.b, (Uint8)lrintf(255.0f * alpha));
}

/* To whole pixels, edges of neighbours the same, so that nothing blurs and no gaps show. */
static SDL_Rect pixels(const struct cs_draw *d, struct cs_box b)
{
    const int x0 = (int)lrintf(b.x * d->scale), x1 = (int)lrintf((b.x + b.w) * d->scale);
    const int y0 = (int)lrintf(b.y * d->scale), y1 = (int)lrintf((b.y + b.h) * d->scale);
    return (SDL_Rect){x0, y0, x1 - x0, y1 - y0};
}

void cs_draw_clear(struct cs_draw *d, struct cs_colour_rgb c)
{
    colour(d, c, 1.0f);
    SDL_RenderClear(d->renderer);
}

void cs_draw_tint(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb c, float alpha)
{
    const SDL_Rect r = pixels(d, box);
    if (r.w <= 0 || r.h <= 0)
        return;
    colour(d, c, alpha);
    SDL_RenderFillRect(d->renderer, &r);
}

void cs_draw_fill(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb c)
{
    cs_draw_tint(d, box, c, 1.0f);
}

void cs_draw_frame(struct cs_draw *d, struct cs_box box, struct cs_colour_rgb c)
{
    const SDL_Rect r = pixels(d, box);
    const int t = (int)fmaxf(1.0f, floorf(d->scale));
    const SDL_Rect sides[] = {{r.x, r.y, r.w, t},
                              {r.x, r.y + r.h - t, r.w, t},
                              {r.x, r.y + t, t, r.h - 2 * t},
                              {r.x + r.w - t, r.y + t, t, r.h - 2 * t}};
    colour(d, c, 1.0f);
    if (r.w > 0 && r.h > 0)
        SDL_RenderFillRects(d->renderer, sides, 4);
}

void cs_draw_line(struct cs_draw *d, float x0, float y0, float x1, float y1, struct cs_colour_rgb c)
{
    const int a = (int)lrintf(x0 * d->scale), b = (int)lrintf(y0 * d->scale);
    const int e = (int)lrintf(x1 * d->scale), f = (int)lrintf(y1 * d->scale);
    const int thick = (int)fmaxf(1.0f, floorf(d->scale));
    const bool steep = abs(f - b) > abs(e - a);
    colour(d, c, 1.0f);
    for (int t = 0; t < thick; t++)
        SDL_RenderDrawLine(d->renderer, a + (steep ? t : 0), b + (steep ? 0 : t),
                           e + (steep ? t : 0), f + (steep ? 0 : t));
}

void cs_draw_path(struct cs_draw *d, const float *x, const float *y, int count,
                  struct cs_colour_rgb c)
{
    for (int i = 0; i < count; i++) {
        if (isnan(y[i]))
            continue;
        if (i > 0 && !isnan(y[i - 1]))
            cs_draw_line(d, x[i - 1], y[i - 1], x[i], y[i], c);
        else if (i + 1 == count || isnan(y[i + 1])) /* alone */
            cs_draw_fill(d, (struct cs_box){x[i] - 1, y[i] - 1, 3, 3}, c);
    }
}

void cs_draw_clip(struct cs_draw *d, struct cs_box box)
{
    const SDL_Rect r = pixels(d, box);
    SDL_RenderSetClipRect(d->renderer, &r);
}

void cs_draw_unclip(struct cs_draw *d)
{
    SDL_RenderSetClipRect(d->renderer, NULL);
}

/* --- words ----------------------------------------------------------------------------------- */

/* The next letter of valid UTF-8; anything else counts as '?'. */
static uint32_t next_letter(const char **text)
{
    const unsigned char *const p = (const unsigned char *)*text;
    const int more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : -1;
    if (more <= 0) {
        ++*text;
        return more == 0 ? *p : '?';
    }
    uint32_t letter = *p & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            ++*text;
            return '?';
        }
        letter = letter << 6 | (p[i] & 0x3fu);
    }
    *text += more + 1;
    return letter;
}

static void render_glyph(struct cs_draw *d, int size, struct glyph *g)
{
    TTF_Font *const font = d->fonts[size];
    int least, most, low, high;
    if (TTF_GlyphMetrics32(font, g->letter, &least, &most, &low, &high, &g->advance) != 0)
        g->advance = 0;
    SDL_Surface *const drawn =
        TTF_RenderGlyph32_Blended(font, g->letter, (SDL_Color){255, 255, 255, 255});
    if (drawn == NULL)
        return;
    g->w = drawn->w;
    g->h = drawn->h;
    g->texture = SDL_CreateTextureFromSurface(d->renderer, drawn);
    if (g->texture != NULL)
        SDL_SetTextureBlendMode(g->texture, SDL_BLENDMODE_BLEND);
    SDL_FreeSurface(drawn);
}

static const struct glyph *glyph_of(struct cs_draw *d, int size, uint32_t letter)
{
    struct glyph *const table = d->glyphs[size];
    uint32_t i = letter * 2654435761u & (GLYPHS - 1);
    for (int tries = 0; tries < GLYPHS && table[i].letter != 0; tries++) {
        if (table[i].letter == letter)
            return &table[i];
        i = (i + 1) & (GLYPHS - 1);
    }
    if (table[i].letter != 0) /* a thousand letters in one size: start afresh with this one */
        SDL_DestroyTexture(table[i].texture);
    table[i] = (struct glyph){.letter = letter};
    render_glyph(d, size, &table[i]);
    return &table[i];
}

float cs_draw_width(struct cs_draw *d, enum cs_draw_size size, const char *text)
{
    int width = 0;
    while (*text)
        width += glyph_of(d, (int)size, next_letter(&text))->advance;
    return (float)width / d->scale;
}

float cs_draw_height(enum cs_draw_size size)
{
    return POINTS[size] * 1.25f;
}

float cs_draw_text(struct cs_draw *d, float x, float y, enum cs_draw_size size,
                   enum cs_draw_align align, struct cs_colour_rgb c, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const float width = cs_draw_width(d, size, text);
    const float left = align == CS_DRAW_RIGHT    ? x - width
                       : align == CS_DRAW_MIDDLE ? x - width / 2.0f
                                                 : x;
    int pen = (int)lrintf(left * d->scale);
    const int top = (int)lrintf(y * d->scale);
    for (const char *p = text; *p;) {
        const struct glyph *const g = glyph_of(d, (int)size, next_letter(&p));
        if (g->texture != NULL) {
            const SDL_Rect at = {pen, top, g->w, g->h};
            SDL_SetTextureColorMod(g->texture, c.r, c.g, c.b);
            SDL_RenderCopy(d->renderer, g->texture, NULL, &at);
        }
        pen += g->advance;
    }
    return width;
}
