/* Hash: 64 bits of a text, for telling whether two are the same.
 *
 * FNV-1a (Fowler, Noll and Vo), byte by byte: h = (h xor byte) x prime. A hash may be continued
 * over further texts. The same on every machine.
 *
 * Not for anything secret, nor for tables that strangers fill.
 */
#ifndef CS_BASE_HASH_H
#define CS_BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

#define CS_HASH_START 14695981039346656037u

static inline uint64_t cs_hash_bytes(uint64_t h, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        h = (h ^ (unsigned char)bytes[i]) * 1099511628211u;
    return h;
}

static inline uint64_t cs_hash_text(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

#endif
