/* Amend: a sheet with some of its values replaced and the rest of its text as it was.
 *
 * A fitted sheet is somebody's sheet with other figures: comments, order and keys that this program
 * learns later stay. Values are found through the spans of the parsed tree and replaced in the
 * text; a key that is missing is put first into its map, a map that is missing before `sources`.
 *
 * The rule: the result is a text, not a promise; the caller parses and seals it like any other.
 * Keys lie in the root or in a map of it, and the root is in block style.
 */
#ifndef CS_SPEC_AMEND_H
#define CS_SPEC_AMEND_H
#include "spec/sheet.h"

struct cs_amendment {
    const char *map;  /* "overhead", "sources"; "": the root */
    const char *key;  /* as it stands there: "step", "overhead.step" */
    const char *text; /* YAML; NULL: the key goes, with its value */
};

/* The text of the source of `root`, amended, in the arena. */
const char *cs_amend(const struct cs_node *root, const struct cs_amendment *amendments,
                     size_t count, struct cs_arena *arena);
/* `text` as a scalar in double quotes. */
const char *cs_amend_quote(const char *text, struct cs_arena *arena);

#endif
