/* Did you mean: the nearest of a closed set of names.
 *
 * Damerau-Levenshtein distance on lower-cased text, with prefixes and swapped word parts counted
 * mildly; a suggestion is offered only when it is near (at most a third of the letters differ).
 * No allocation beyond the stack; names over 63 characters are not suggested.
 */
#ifndef CS_BASE_SUGGEST_H
#define CS_BASE_SUGGEST_H
#include <stddef.h>

/* The nearest of names[0..count), or NULL when none is near enough. */
const char *cs_suggest(const char *text, const char *const *names, size_t count);

#endif
