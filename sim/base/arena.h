/* Arena: memory with one lifetime.
 *
 * An arena hands out zeroed, 16-byte aligned pieces and takes them all back at once. Lifetimes in
 * capsim are few (the program's sheets, one run, one command), so every structure belongs to an
 * arena and nothing is freed singly.
 *
 * The one rule: whoever owns the arena owns all that came from it; never keep a pointer longer.
 * Out of memory is our bug or the machine's end, not the user's error: the arena aborts with a
 * message and callers need no checks. Not thread-safe: one arena, one thread.
 */
#ifndef CS_BASE_ARENA_H
#define CS_BASE_ARENA_H
#include <stdarg.h>
#include <stddef.h>

struct cs_arena_block;
struct cs_arena {
    struct cs_arena_block *head;
    size_t bytes; /* handed out so far */
};

void cs_arena_init(struct cs_arena *a);
void cs_arena_fini(struct cs_arena *a);
/* Zeroed memory for `count` objects of `size` bytes; never NULL, also for 0 bytes. */
void *cs_arena_alloc(struct cs_arena *a, size_t count, size_t size);
char *cs_arena_strndup(struct cs_arena *a, const char *text, size_t length);
char *cs_arena_strdup(struct cs_arena *a, const char *text);
char *cs_arena_printf(struct cs_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *cs_arena_vprintf(struct cs_arena *a, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Room for one more item behind items[0 .. count): the same array, or a larger copy when it is
 * full. For arrays that only this function ever made larger, from NULL and 0 on. */
void *cs_arena_grow(struct cs_arena *a, void *items, size_t count, size_t size);

#endif
