/* Fuzz entry point: quantities. The first byte picks the dimension, the rest is the text.
 *
 * What must hold of any bytes: no crash, no read beyond the end; a value that is read is finite;
 * a refusal says what and where, within the text.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_unit_error error;
    double value = 0;
    if (!size)
        return 0;
    const size_t length = size - 1;
    const enum cs_unit unit = (enum cs_unit)(data[0] % CS_UNIT_COUNT);
    if (cs_unit_parse((const char *)data + 1, length, unit, &value, &error)) {
        if (!isfinite(value))
            abort();
        return 0;
    }
    const size_t end = (size_t)error.offset + (size_t)error.length;
    if (!error.message[0] || !error.hint[0] || error.offset < 0 || error.length < 1 ||
        end > (length ? length : 1))
        abort();
    return 0;
}
