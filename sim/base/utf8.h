/* One character of UTF-8 at a time, for positions and for showing foreign text safely.
 *
 * cs_utf8_next returns the bytes of the character that starts at text and stores its code point,
 * or 0 when those bytes are no valid UTF-8 (Unicode 15, table 3-7: no overlong forms, no
 * surrogates, nothing above U+10FFFF). Columns in diagnostics count characters so found; a byte
 * that is not valid counts as one. A NUL byte is a valid character here: callers that refuse
 * binary files look for it themselves. Owns nothing, knows nothing of width or normal forms.
 */
#ifndef CS_BASE_UTF8_H
#define CS_BASE_UTF8_H
#include <stddef.h>
#include <stdint.h>

static inline size_t cs_utf8_next(const char *text, size_t length, uint32_t *code)
{
    const unsigned char *const b = (const unsigned char *)text;
    if (!length)
        return 0;
    if (b[0] < 0x80) {
        *code = b[0];
        return 1;
    }
    const size_t bytes = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || length < bytes)
        return 0;
    uint32_t value = b[0] & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (b[i] & 0x3fu);
    }
    const uint32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return bytes;
}

#endif
