/* Picture: a picture in memory, drawn by SDL's software renderer, and written as PNG.
 *
 * What needs no display: screenshots asked for on the command line, frames for a film, the golden
 * frames of the tests. The same picture on any machine but for the font rasteriser's rounding.
 * Also the writer for a window's own screenshots.
 *
 * Errors are texts; files are the caller's (cli/file.h), so they appear whole or not at all.
 */
#ifndef CS_VIZ_PICTURE_H
#define CS_VIZ_PICTURE_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cs_picture;
struct cs_picture *cs_picture_new(int width, int height, const char **why); /* pixels */
void cs_picture_free(struct cs_picture *p);
void *cs_picture_renderer(struct cs_picture *p); /* an SDL_Renderer */
/* Writes what was drawn since as PNG; false: `file` takes no more. */
bool cs_picture_write(struct cs_picture *p, FILE *file);
/* Pixels as RGB, three bytes each, rows of `stride` bytes. */
bool cs_picture_write_png(FILE *file, int width, int height, const uint8_t *pixels, int stride);

#endif
