/* Arena: blocks of memory that are freed together (see arena.h).
 *
 * Blocks form a list; the head is the one being filled. A piece larger than a quarter of a block
 * gets a block of its own behind the head, so that the head's remaining room is not lost. Blocks
 * come from calloc, so every piece is zeroed without being touched: large arenas whose pages are
 * never used cost no memory.
 *
 * The rule: out of memory ends the program here, with a message, and never returns NULL.
 * Not here: freeing single pieces, threads, alignment above 16 bytes.
 */
#include "base/arena.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = 16, GROW_LEAST = 8 };

struct cs_arena_block {
    struct cs_arena_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char data[];
};

_Noreturn static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "capsim: out of memory, asking for %zu bytes\n", bytes);
    abort();
}

static struct cs_arena_block *block_new(size_t size)
{
    struct cs_arena_block *block = calloc(1, sizeof *block + size);
    if (!block)
        out_of_memory(size);
    block->size = size;
    return block;
}

void cs_arena_init(struct cs_arena *a)
{
    a->head = NULL;
    a->bytes = 0;
}

void cs_arena_fini(struct cs_arena *a)
{
    struct cs_arena_block *block = a->head;
    while (block) {
        struct cs_arena_block *const next = block->next;
        free(block);
        block = next;
    }
    cs_arena_init(a);
}

void *cs_arena_alloc(struct cs_arena *a, size_t count, size_t size)
{
    if (size && count > (SIZE_MAX / 2) / size)
        out_of_memory(SIZE_MAX);
    const size_t wanted = count * size;
    const size_t bytes =
        ((wanted ? wanted : 1) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    a->bytes += bytes;
    if (a->head && a->head->size - a->head->used >= bytes) {
        void *const piece = a->head->data + a->head->used;
        a->head->used += bytes;
        return piece;
    }
    if (a->head && bytes > BLOCK_BYTES / 4) {
        struct cs_arena_block *const own = block_new(bytes);
        own->used = bytes;
        own->next = a->head->next;
        a->head->next = own;
        return own->data;
    }
    struct cs_arena_block *const block = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
    block->used = bytes;
    block->next = a->head;
    a->head = block;
    return block->data;
}

char *cs_arena_strndup(struct cs_arena *a, const char *text, size_t length)
{
    char *const copy = cs_arena_alloc(a, length + 1, 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *cs_arena_strdup(struct cs_arena *a, const char *text)
{
    return cs_arena_strndup(a, text, strlen(text));
}

char *cs_arena_vprintf(struct cs_arena *a, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    char *const text = cs_arena_alloc(a, length < 0 ? 1 : (size_t)length + 1, 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *cs_arena_printf(struct cs_arena *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *const text = cs_arena_vprintf(a, format, arguments);
    va_end(arguments);
    return text;
}

/* An array is full when it holds a power of two of items, from GROW_LEAST on. */
void *cs_arena_grow(struct cs_arena *a, void *items, size_t count, size_t size)
{
    if (count && (count < GROW_LEAST || (count & (count - 1))))
        return items;
    void *const larger = cs_arena_alloc(a, count ? 2 * count : GROW_LEAST, size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}
