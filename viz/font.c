/* Finding a font by its usual places. See font.h.
 *
 * In order: DejaVu on Debian, Fedora and Arch; what macOS and Homebrew have; Liberation and Noto.
 * A path in $CAPSIM_FONT that cannot be read is no font: better to say so than to draw in another.
 *
 * No memory: the paths are constant, or the environment's.
 */
#include "viz/font.h"
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

const char *cs_font_find(void)
{
    static const char *const places[] = {
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu/DejaVuSans.ttf",
        "/opt/homebrew/share/fonts/DejaVuSans.ttf",
        "/Library/Fonts/DejaVuSans.ttf",
        "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
        "/System/Library/Fonts/Supplemental/Arial.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
        "/usr/share/fonts/liberation-sans/LiberationSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    };
    const char *const asked = getenv("CAPSIM_FONT");
    if (asked != NULL && *asked)
        return access(asked, R_OK) == 0 ? asked : NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}
