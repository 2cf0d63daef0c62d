/* Pictures in memory, and PNG through libpng's simplified interface.
 *
 * The surface has 32 bits a pixel and no transparency of its own; libpng takes three bytes, so a
 * picture is copied row by row on its way out.
 *
 * Not here: what is drawn (scene.c), or where files go (cli/file.h).
 */
#include "viz/picture.h"
#include <SDL.h>
#include <png.h>
#include <stdlib.h>

struct cs_picture {
    SDL_Surface *surface;
    SDL_Renderer *renderer;
};

struct cs_picture *cs_picture_new(int width, int height, const char **why)
{
    struct cs_picture *const p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_XRGB8888);
    p->renderer = p->surface != NULL ? SDL_CreateSoftwareRenderer(p->surface) : NULL;
    if (p->renderer == NULL) {
        *why = SDL_GetError();
        cs_picture_free(p);
        return NULL;
    }
    return p;
}

void cs_picture_free(struct cs_picture *p)
{
    if (p == NULL)
        return;
    if (p->renderer != NULL)
        SDL_DestroyRenderer(p->renderer);
    SDL_FreeSurface(p->surface);
    free(p);
}

void *cs_picture_renderer(struct cs_picture *p)
{
    return p->renderer;
}

bool cs_picture_write_png(FILE *file, int width, int height, const uint8_t *rgb, int stride)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    const bool written = png_image_write_to_stdio(&image, file, 0, rgb, stride, NULL) != 0;
    png_image_free(&image);
    return written;
}

bool cs_picture_write(struct cs_picture *p, FILE *file)
{
    SDL_RenderPresent(p->renderer);
    const int w = p->surface->w, h = p->surface->h;
    uint8_t *const rgb = malloc((size_t)w * (size_t)h * 3);
    if (rgb == NULL)
        return false;
    for (int y = 0; y < h; y++) {
        const size_t begin = (size_t)y * (size_t)p->surface->pitch;
        const uint32_t *const row = (const uint32_t *)((const uint8_t *)p->surface->pixels + begin);
        for (int x = 0; x < w; x++) {
            uint8_t *const at = rgb + 3 * ((size_t)y * (size_t)w + (size_t)x);
            at[0] = (uint8_t)(row[x] >> 16);
            at[1] = (uint8_t)(row[x] >> 8);
            at[2] = (uint8_t)row[x];
        }
    }
    const bool written = cs_picture_write_png(file, w, h, rgb, 3 * w);
    free(rgb);
    return written;
}
