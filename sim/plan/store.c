/* The SQLite file behind store.h.
 *
 * While points come: write-ahead log, locked exclusively, without a sync a commit (a killed process
 * loses nothing, a power cut at most the last points, and the file stays sound). The lock means
 * that the log's index is in memory, so that network file systems do.
 *
 * Sealing makes a new file in one transaction, always by the same statements in the same order: the
 * bytes follow from the points. Columns of `results` are those of all rows, in the order in which
 * they first come up; texts that are numbers are stored as numbers.
 */
#include "plan/store.h"
#include "base/check.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA = 1, COLUMNS_MOST = 1900 };

struct cs_store {
    struct cs_arena *arena;
    const char *path;   /* NULL: in memory */
    const char *option; /* that named it, for errors */
    sqlite3 *db;
    sqlite3_stmt *put;
    const struct cs_store_head *head;
    size_t head_count, points, count;
    unsigned char *has; /* a byte a point */
};

static bool fail(const struct cs_store *s, const char *what, const char *why,
                 struct cs_diags *diags)
{
    const char *const hint = strstr(why, "full") != NULL
                                 ? "points already there are kept; make room, then --resume"
                                 : NULL;
    cs_diag_file(diags, (struct cs_span){0}, hint, "%s: cannot %s '%s': %s", s->option, what,
                 s->path != NULL ? s->path : "memory", why);
    return false;
}

static bool run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* A text that is a number, as a number; else as it is. */
static int bind(sqlite3_stmt *statement, int at, const char *text)
{
    char *end;
    if (text == NULL || *text == '\0')
        return sqlite3_bind_null(statement, at);
    const double value = strtod(text, &end);
    const bool number = !*end && strchr("+ \t", *text) == NULL && strpbrk(text, "xXnN") == NULL;
    if (!number)
        return sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
    if (strpbrk(text, ".eE") == NULL && strlen(text) < 16)
        return sqlite3_bind_int64(statement, at, strtoll(text, NULL, 10));
    return sqlite3_bind_double(statement, at, value);
}

/* --- what the sweep is ----------------------------------------------------------------------- */

static const char tables[] =
    "CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE points (id INTEGER PRIMARY KEY, point TEXT NOT NULL, answer TEXT NOT NULL);";

static bool write_head(sqlite3 *db, const struct cs_store *s)
{
    sqlite3_stmt *put = NULL;
    bool sound = run(db, tables) && sqlite3_prepare_v2(db, "INSERT INTO sweep VALUES (?, ?)", -1,
                                                       &put, NULL) == SQLITE_OK;
    for (size_t i = 0; sound && i <= s->head_count; i++) {
        char points[32];
        snprintf(points, sizeof points, "%zu", s->points);
        const bool last = i == s->head_count;
        sqlite3_bind_text(put, 1, last ? "points" : s->head[i].key, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, last ? points : s->head[i].value, -1, SQLITE_TRANSIENT);
        sound = sqlite3_step(put) == SQLITE_DONE;
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    return sound;
}

/* Whether a file holds this sweep; what differs is told. */
static bool check_head(sqlite3 *db, const struct cs_store *s, const char *path,
                       struct cs_diags *diags)
{
    sqlite3_stmt *get = NULL;
    if (sqlite3_prepare_v2(db, "SELECT value FROM sweep WHERE key = ?", -1, &get, NULL) !=
        SQLITE_OK) {
        cs_diag_file(diags, (struct cs_span){0}, NULL, "%s: '%s' is no store of a sweep: %s",
                     s->option, path, sqlite3_errmsg(db));
        return false;
    }
    const char *differs = NULL;
    for (size_t i = 0; i < s->head_count && differs == NULL; i++) {
        sqlite3_bind_text(get, 1, s->head[i].key, -1, SQLITE_STATIC);
        const bool found = sqlite3_step(get) == SQLITE_ROW;
        const char *value = found ? (const char *)sqlite3_column_text(get, 0) : "";
        if (strcmp(value, s->head[i].value) != 0)
            differs = s->head[i].key;
        sqlite3_reset(get);
    }
    sqlite3_finalize(get);
    if (differs != NULL)
        cs_diag_file(diags, (struct cs_span){0}, "choose another file, or remove this one",
                     "%s: '%s' holds another sweep: its %s differs", s->option, path,
                     differs);
    return differs == NULL;
}

static bool count_points(struct cs_store *s)
{
    sqlite3_stmt *ids = NULL;
    if (sqlite3_prepare_v2(s->db, "SELECT id FROM points", -1, &ids, NULL) != SQLITE_OK)
        return false;
    int state;
    while ((state = sqlite3_step(ids)) == SQLITE_ROW) {
        const sqlite3_int64 id = sqlite3_column_int64(ids, 0);
        if (id < 0 || (size_t)id >= s->points || s->has[id])
            continue;
        s->has[id] = 1;
        s->count++;
    }
    sqlite3_finalize(ids);
    return state == SQLITE_DONE;
}

/* --- opening --------------------------------------------------------------------------------- */

/* A database without a table: a sweep was killed before it had written its head. */
static bool is_bare(sqlite3 *db)
{
    sqlite3_stmt *any = NULL;
    const bool bare = sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_master", -1, &any, NULL) ==
                          SQLITE_OK &&
                      sqlite3_step(any) == SQLITE_DONE;
    sqlite3_finalize(any);
    return bare;
}

static void shut(struct cs_store *s)
{
    sqlite3_finalize(s->put);
    sqlite3_close(s->db);
    s->put = NULL;
    s->db = NULL;
}

/* `reads`: nothing of it may change. What the file holds is looked at before anything is. */
static bool open_file(struct cs_store *s, bool fresh, bool reads, struct cs_diags *diags)
{
    if (sqlite3_open(s->path != NULL ? s->path : ":memory:", &s->db) != SQLITE_OK)
        return fail(s, "open", sqlite3_errmsg(s->db), diags);
    sqlite3_busy_timeout(s->db, 0);
    if (!run(s->db, "PRAGMA locking_mode=EXCLUSIVE; SELECT 1 FROM sqlite_master"))
        return fail(s, "open",
                    sqlite3_errcode(s->db) == SQLITE_BUSY ? "another sweep is writing it"
                                                          : sqlite3_errmsg(s->db),
                    diags);
    fresh = fresh || (!reads && is_bare(s->db));
    if (!fresh && !check_head(s->db, s, s->path, diags))
        return false;
    if (!reads && !run(s->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; "
                              "BEGIN IMMEDIATE; COMMIT"))
        return fail(s, "open", sqlite3_errmsg(s->db), diags);
    if (fresh && (!run(s->db, "BEGIN") || !write_head(s->db, s) || !run(s->db, "COMMIT")))
        return fail(s, "write", sqlite3_errmsg(s->db), diags);
    if (!count_points(s) ||
        sqlite3_prepare_v2(s->db, "INSERT OR REPLACE INTO points VALUES (?, ?, ?)", -1, &s->put,
                           NULL) != SQLITE_OK)
        return fail(s, "read", sqlite3_errmsg(s->db), diags);
    return true;
}

struct cs_store *cs_store_open(const char *path, bool resume, const struct cs_store_head *head,
                               size_t head_count, size_t points, struct cs_arena *arena,
                               struct cs_diags *diags)
{
    struct cs_store *s = cs_arena_alloc(arena, 1, sizeof *s);
    *s = (struct cs_store){.arena = arena,
                           .path = path,
                           .option = "--out",
                           .head = head,
                           .head_count = head_count,
                           .points = points};
    s->has = cs_arena_alloc(arena, points + 1, 1);
    struct stat about;
    const bool there = path != NULL && stat(path, &about) == 0 && about.st_size > 0;
    if (there && !resume) {
        cs_diag_file(diags, (struct cs_span){0}, "--resume goes on with it; or remove it",
                     "--out: '%s' is there already", path);
        return NULL;
    }
    if (open_file(s, !there, false, diags))
        return s;
    shut(s);
    return NULL;
}

void cs_store_close(struct cs_store *s)
{
    if (s->db != NULL && s->path != NULL) /* the log goes back into the file */
        run(s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    shut(s);
}

/* --- points ---------------------------------------------------------------------------------- */

bool cs_store_has(const struct cs_store *s, size_t point)
{
    return s->has[point] != 0;
}

size_t cs_store_count(const struct cs_store *s)
{
    return s->count;
}

bool cs_store_put(struct cs_store *s, size_t point, const char *values, const char *answer,
                  struct cs_diags *diags)
{
    sqlite3_bind_int64(s->put, 1, (sqlite3_int64)point);
    sqlite3_bind_text(s->put, 2, values, -1, SQLITE_STATIC);
    sqlite3_bind_text(s->put, 3, answer, -1, SQLITE_STATIC);
    const bool sound = sqlite3_step(s->put) == SQLITE_DONE;
    const char *why = sound ? "" : sqlite3_errmsg(s->db);
    if (!sound)
        fail(s, "write", why, diags);
    sqlite3_reset(s->put);
    if (sound && !s->has[point]) {
        s->has[point] = 1;
        s->count++;
    }
    return sound;
}

void cs_store_each(struct cs_store *s,
                   void (*take)(void *user, size_t point, const char *values, const char *answer),
                   void *user)
{
    sqlite3_stmt *all = NULL;
    const int state = sqlite3_prepare_v2(s->db, "SELECT id, point, answer FROM points ORDER BY id",
                                         -1, &all, NULL);
    cs_check(state == SQLITE_OK);
    while (sqlite3_step(all) == SQLITE_ROW)
        take(user, (size_t)sqlite3_column_int64(all, 0), (const char *)sqlite3_column_text(all, 1),
             (const char *)sqlite3_column_text(all, 2));
    sqlite3_finalize(all);
}

struct merging {
    struct cs_store *into;
    struct cs_diags *diags;
    bool sound;
};

static void take_over(void *user, size_t point, const char *values, const char *answer)
{
    struct merging *m = user;
    if (m->sound && point < m->into->points && !m->into->has[point])
        m->sound = cs_store_put(m->into, point, values, answer, m->diags);
}

bool cs_store_merge(struct cs_store *s, const char *path, struct cs_diags *diags)
{
    struct stat about;
    struct cs_store other = *s;
    if (stat(path, &about) != 0) {
        cs_diag_file(diags, (struct cs_span){0}, NULL, "--merge: cannot read '%s': %s", path,
                     strerror(errno));
        return false;
    }
    other.path = path;
    other.option = "--merge";
    other.put = NULL;
    other.has = cs_arena_alloc(s->arena, s->points + 1, 1);
    struct merging m = {s, diags, open_file(&other, false, true, diags)};
    if (m.sound) {
        m.sound = run(s->db, "BEGIN");
        cs_store_each(&other, take_over, &m);
        m.sound = run(s->db, m.sound ? "COMMIT" : "ROLLBACK") && m.sound;
    }
    shut(&other);
    return m.sound;
}

/* --- sealing --------------------------------------------------------------------------------- */

struct sealing {
    struct cs_store *store;
    cs_store_row *row;
    void *user;
    sqlite3 *db;
    sqlite3_stmt *point, *result;
    const char **columns;
    size_t column_count;
    bool sound;
};

/* The index of a column, most likely the `guess`th; the count where there is none. */
static size_t column_of(const struct sealing *z, const char *name, size_t guess)
{
    for (size_t k = 0; k < z->column_count; k++) {
        const size_t i = (guess + k) % z->column_count;
        if (strcmp(z->columns[i], name) == 0)
            return i;
    }
    return z->column_count;
}

static void gather_columns(void *user, size_t point, const char *values, const char *answer)
{
    struct sealing *z = user;
    const char *const *names, *const *texts;
    size_t count;
    z->row(z->user, point, values, answer, &names, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (column_of(z, names[i], i) < z->column_count || z->column_count == COLUMNS_MOST)
            continue;
        z->columns[z->column_count++] = cs_arena_strdup(z->store->arena, names[i]);
    }
}

static void write_point(void *user, size_t point, const char *values, const char *answer)
{
    struct sealing *z = user;
    if (!z->sound)
        return;
    sqlite3_bind_int64(z->point, 1, (sqlite3_int64)point);
    sqlite3_bind_text(z->point, 2, values, -1, SQLITE_STATIC);
    sqlite3_bind_text(z->point, 3, answer, -1, SQLITE_STATIC);
    z->sound = sqlite3_step(z->point) == SQLITE_DONE;
    sqlite3_reset(z->point);
    const char *const *names, *const *texts;
    size_t count;
    z->row(z->user, point, values, answer, &names, &texts, &count);
    sqlite3_clear_bindings(z->result);
    sqlite3_bind_int64(z->result, 1, (sqlite3_int64)point);
    for (size_t i = 0; i < count; i++) {
        const size_t column = column_of(z, names[i], i);
        if (column < z->column_count)
            bind(z->result, (int)column + 2, texts[i]);
    }
    z->sound = z->sound && sqlite3_step(z->result) == SQLITE_DONE;
    sqlite3_reset(z->result);
}

/* CREATE TABLE results and its INSERT. */
static bool prepare_results(struct sealing *z)
{
    sqlite3_str *table = sqlite3_str_new(z->db), *insert = sqlite3_str_new(z->db);
    sqlite3_str_appendall(table, "CREATE TABLE results (id INTEGER PRIMARY KEY");
    sqlite3_str_appendall(insert, "INSERT INTO results VALUES (?");
    for (size_t i = 0; i < z->column_count; i++) {
        sqlite3_str_appendf(table, ", \"%w\"", z->columns[i]);
        sqlite3_str_appendall(insert, ", ?");
    }
    sqlite3_str_appendall(table, ")");
    sqlite3_str_appendall(insert, ")");
    char *const make = sqlite3_str_finish(table), *const add = sqlite3_str_finish(insert);
    const bool sound = make != NULL && add != NULL && run(z->db, make) &&
                       sqlite3_prepare_v2(z->db, add, -1, &z->result, NULL) == SQLITE_OK &&
                       sqlite3_prepare_v2(z->db, "INSERT INTO points VALUES (?, ?, ?)", -1,
                                          &z->point, NULL) == SQLITE_OK;
    sqlite3_free(make);
    sqlite3_free(add);
    return sound;
}

static bool write_sealed(struct sealing *z, const char *path)
{
    unlink(path);
    if (sqlite3_open(path, &z->db) != SQLITE_OK)
        return false;
    sqlite3_limit(z->db, SQLITE_LIMIT_COLUMN, COLUMNS_MOST + 1);
    z->sound =
        run(z->db, "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=FULL; "
                   "BEGIN") &&
        write_head(z->db, z->store) && prepare_results(z);
    if (z->sound)
        cs_store_each(z->store, write_point, z);
    return z->sound && run(z->db, "PRAGMA user_version=1; COMMIT");
}

bool cs_store_seal(struct cs_store *s, cs_store_row *row, void *user, struct cs_diags *diags)
{
    if (s->path == NULL)
        return true;
    struct sealing z = {.store = s, .row = row, .user = user};
    z.columns = cs_arena_alloc(s->arena, COLUMNS_MOST, sizeof *z.columns);
    cs_store_each(s, gather_columns, &z);
    const char *const made = cs_arena_printf(s->arena, "%s.sealing", s->path);
    bool sound = write_sealed(&z, made);
    const char *const why =
        sound ? "" : cs_arena_strdup(s->arena, z.db ? sqlite3_errmsg(z.db) : "no memory");
    sqlite3_finalize(z.point);
    sqlite3_finalize(z.result);
    sqlite3_close(z.db);
    if (!sound) {
        unlink(made);
        return fail(s, "seal", why, diags);
    }
    cs_store_close(s); /* its log goes before the file that it belongs to */
    unlink(cs_arena_printf(s->arena, "%s-wal", s->path));
    if (rename(made, s->path) != 0)
        return fail(s, "replace", strerror(errno), diags);
    return true;
}
