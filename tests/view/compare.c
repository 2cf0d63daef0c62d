/* Compares two pictures as people do: the same shapes and colours, whatever the font rasteriser.
 *
 *   compare EXPECTED.png ACTUAL.png
 *
 * Two measures, as anti-aliased edges of letters differ between versions of FreeType, and nothing
 * else may: of squares of 8 x 8 pixels, each one's mean colour is within 14 of 255 in every
 * channel; and no more than 1.5 % of all pixels are off by more than 64. Prints the worst square
 * and the share, exit status 0 when the pictures agree.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQUARE = 8, MEAN_OFF = 14, PIXEL_OFF = 64 };
static const double SHARE_OFF = 0.015;

static png_bytep read_rgb(const char *path, png_image *image)
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(image, path)) {
        fprintf(stderr, "%s: %s\n", path, image->message);
        exit(2);
    }
    image->format = PNG_FORMAT_RGB;
    png_bytep pixels = malloc(PNG_IMAGE_SIZE(*image));
    if (pixels == NULL || !png_image_finish_read(image, NULL, pixels, 0, NULL)) {
        fprintf(stderr, "%s: %s\n", path, image->message);
        exit(2);
    }
    return pixels;
}

int main(int argc, char **argv)
{
    png_image a, b;
    if (argc != 3)
        return 2;
    const png_bytep p = read_rgb(argv[1], &a), q = read_rgb(argv[2], &b);
    if (a.width != b.width || a.height != b.height) {
        printf("sizes differ: %ux%u, %ux%u\n", a.width, a.height, b.width, b.height);
        return 1;
    }
    const int w = (int)a.width, h = (int)a.height;
    long off = 0;
    double worst = 0;
    int worst_x = 0, worst_y = 0;
    for (int y0 = 0; y0 < h; y0 += SQUARE)
        for (int x0 = 0; x0 < w; x0 += SQUARE)
            for (int c = 0; c < 3; c++) {
                double sum = 0;
                int n = 0;
                for (int y = y0; y < y0 + SQUARE && y < h; y++)
                    for (int x = x0; x < x0 + SQUARE && x < w; x++, n++)
                        sum += (double)p[3 * (y * w + x) + c] - (double)q[3 * (y * w + x) + c];
                const double mean = sum < 0 ? -sum / n : sum / n;
                if (mean > worst) {
                    worst = mean;
                    worst_x = x0;
                    worst_y = y0;
                }
            }
    for (long i = 0; i < (long)w * h; i++) {
        int most = 0;
        for (int c = 0; c < 3; c++) {
            const int d = abs((int)p[3 * i + c] - (int)q[3 * i + c]);
            most = d > most ? d : most;
        }
        off += most > PIXEL_OFF;
    }
    const double share = (double)off / ((double)w * h);
    printf("worst square off by %.1f at %d,%d; %.3f %% of pixels off\n", worst, worst_x, worst_y,
           100 * share);
    free(p);
    free(q);
    return worst > MEAN_OFF || share > SHARE_OFF;
}
