/* Store: the points of a sweep, each kept from the moment it is known.
 *
 * One SQLite file. While the sweep goes on it holds `sweep` (what was asked) and `points` (id, the
 * values, the answer as JSON); each point is committed by itself, so a sweep that is killed, or
 * whose disk is full, loses at most the points at hand. When all points are there the file is
 * sealed: written anew in their order, with a table `results` of one column a figure, and renamed
 * over the old one. So the file's bytes depend on the sweep alone, not on the order in which points
 * came, nor on how often it was resumed.
 *
 * The rule: a store is of one sweep. Opening it for another is an error that says what differs.
 * Errors are in diags, with exit status 4. One process at a time: the file is locked.
 */
#ifndef CS_PLAN_STORE_H
#define CS_PLAN_STORE_H
#include "base/diag.h"
#include <stdbool.h>
#include <stddef.h>

struct cs_store;

struct cs_store_head { /* what a sweep is */
    const char *key, *value;
};

/* Opens or makes the file; NULL path: in memory. An existing one needs `resume`. */
struct cs_store *cs_store_open(const char *path, bool resume, const struct cs_store_head *head,
                               size_t head_count, size_t points, struct cs_arena *arena,
                               struct cs_diags *diags);
/* Takes the points of another store of the same sweep. */
bool cs_store_merge(struct cs_store *store, const char *path, struct cs_diags *diags);
bool cs_store_has(const struct cs_store *store, size_t point);
size_t cs_store_count(const struct cs_store *store);
/* Commits a point. False: it could not be written; the store is as it was before. */
bool cs_store_put(struct cs_store *store, size_t point, const char *values, const char *answer,
                  struct cs_diags *diags);
/* The points there are, in order. */
void cs_store_each(struct cs_store *store,
                   void (*take)(void *user, size_t point, const char *values, const char *answer),
                   void *user);
/* Seals a store that has all its points. `row(user, point, values, answer, &count)` gives the names
 * and values of a point's row, names[0 .. count) and texts[0 .. count) (NULL: no value). */
typedef void cs_store_row(void *user, size_t point, const char *values, const char *answer,
                          const char *const **names, const char *const **texts, size_t *count);
bool cs_store_seal(struct cs_store *store, cs_store_row *row, void *user, struct cs_diags *diags);
void cs_store_close(struct cs_store *store);

#endif
