/* Stores of sweeps: what is put is there after reopening, a store of another sweep is refused, and
 * the sealed bytes follow from the points alone.
 *
 * Points are texts made of their number. The order in which they come is permuted, they are written
 * twice, spread over two stores that are merged, and interrupted by closing: each time the sealed
 * file must be the same, byte by byte, as that of the plain order. What is no store (a text, a
 * database without tables, whose bytes are written out below) is told from what is.
 */
#include "folder.h"
#include "plan/store.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 11 };

static struct cs_arena arena;
static struct cs_diags diags;
static const struct cs_store_head head[] = {
    {"version", "0"}, {"scenario", "model: toy\n"}, {"axes", "traffic.rate=1..11\n"}};
enum { HEADS = sizeof head / sizeof head[0] };

static void setup(void)
{
    test_folder_open();
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
    test_folder_close();
}

/* A file of the folder that is removed with it, not there yet. */
static const char *fresh(const char *name)
{
    const char *const path = cs_arena_strdup(&arena, test_write(name, "x"));
    unlink(path);
    return path;
}

static struct cs_store *opened(const char *path, bool resume)
{
    struct cs_store *const s = cs_store_open(path, resume, head, HEADS, POINTS, &arena, &diags);
    if (s == NULL)
        cs_diags_print(&diags, stderr);
    ck_assert_ptr_nonnull(s);
    return s;
}

static void put(struct cs_store *s, size_t point)
{
    char values[40], answer[40];
    snprintf(values, sizeof values, "{\"rate\": \"%zu\"}", point + 1);
    snprintf(answer, sizeof answer, "{\"usd\": %zu}", 48 * point);
    ck_assert(cs_store_put(s, point, values, answer, &diags));
}

/* A row of a point: its number in words for the even ones, what it costs, and for the third a
 * column that the others lack. */
static void row(void *user, size_t point, const char *values, const char *answer,
                const char *const **names, const char *const **texts, size_t *count)
{
    static const char *const heads[] = {"rate", "usd", "odd one"};
    static const char *cells[3];
    static char rate[40], usd[40];
    ck_assert_ptr_eq(user, &arena);
    snprintf(rate, sizeof rate, "%s", strchr(values, ':') + 3);
    rate[strcspn(rate, "\"")] = '\0';
    snprintf(usd, sizeof usd, "%d", atoi(strchr(answer, ':') + 1));
    cells[0] = rate;
    cells[1] = point % 2 == 0 ? usd : NULL;
    cells[2] = "with \"quotes\"";
    *names = heads;
    *texts = cells;
    *count = point == 2 ? 3 : 2;
}

static const char *bytes_of(const char *path, size_t *size)
{
    FILE *const file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *const bytes = cs_arena_alloc(&arena, *size + 1, 1);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void assert_same_bytes(const char *a, const char *b)
{
    size_t size, other;
    const char *const bytes = bytes_of(a, &size), *const others = bytes_of(b, &other);
    ck_assert_uint_eq(size, other);
    ck_assert_mem_eq(bytes, others, size);
}

static void seal(struct cs_store *s)
{
    ck_assert_uint_eq(cs_store_count(s), POINTS);
    ck_assert(cs_store_seal(s, row, &arena, &diags));
}

/* The points in their own order, sealed. */
static const char *plain(void)
{
    const char *const path = fresh("plain.db");
    struct cs_store *const s = opened(path, false);
    for (size_t i = 0; i < POINTS; i++)
        put(s, i);
    seal(s);
    return path;
}

static bool is_left(const char *path, const char *suffix)
{
    return access(cs_arena_printf(&arena, "%s%s", path, suffix), F_OK) == 0;
}

struct looked {
    size_t points[POINTS], count;
};
static void look(void *user, size_t point, const char *values, const char *answer)
{
    struct looked *l = user;
    char value[40];
    snprintf(value, sizeof value, "{\"rate\": \"%zu\"}", point + 1);
    ck_assert_str_eq(values, value);
    snprintf(value, sizeof value, "{\"usd\": %zu}", 48 * point);
    ck_assert_str_eq(answer, value);
    l->points[l->count++] = point;
}

START_TEST(what_is_put_is_there_again)
{
    const char *const path = fresh("kept.db");
    struct cs_store *s = opened(path, false);
    ck_assert_uint_eq(cs_store_count(s), 0);
    put(s, 7);
    put(s, 2);
    put(s, 7); /* counts once */
    ck_assert_uint_eq(cs_store_count(s), 2);
    ck_assert(cs_store_has(s, 7) && cs_store_has(s, 2) && !cs_store_has(s, 0));
    cs_store_close(s);
    s = opened(path, true);
    ck_assert_uint_eq(cs_store_count(s), 2);
    ck_assert(cs_store_has(s, 7) && cs_store_has(s, 2) && !cs_store_has(s, 3));
    put(s, 3);
    struct looked l = {.count = 0};
    cs_store_each(s, look, &l);
    ck_assert_uint_eq(l.count, 3);
    ck_assert_uint_eq(l.points[0], 2); /* in their order */
    ck_assert_uint_eq(l.points[1], 3);
    ck_assert_uint_eq(l.points[2], 7);
    cs_store_close(s);
    ck_assert(!is_left(path, "-wal"));
    ck_assert(!is_left(path, "-shm"));
}
END_TEST

START_TEST(a_store_in_memory)
{
    struct cs_store *const s = opened(NULL, false);
    put(s, 4);
    ck_assert(cs_store_has(s, 4));
    ck_assert_uint_eq(cs_store_count(s), 1);
    ck_assert(cs_store_seal(s, row, &arena, &diags)); /* nothing to seal */
    cs_store_close(s);
}
END_TEST

/* Last first; every fourth, 0 4 8 1 5 ... ; each twice; closed and opened after each. */
START_TEST(sealed_bytes_do_not_know_the_order)
{
    const char *const expected = plain();
    for (int way = 0; way < 4; way++) {
        const char *const path = fresh("other.db");
        struct cs_store *s = opened(path, false);
        for (size_t i = 0; i < POINTS; i++) {
            const size_t point = way == 0 ? POINTS - 1 - i : way == 1 ? i * 4 % POINTS : i;
            put(s, point);
            if (way == 2)
                put(s, POINTS - 1 - point);
            if (way == 3) {
                cs_store_close(s);
                s = opened(path, true);
            }
        }
        seal(s);
        assert_same_bytes(expected, path);
        ck_assert(!is_left(path, "-wal"));
        ck_assert(!is_left(path, ".sealing"));
    }
    /* a table of one column a figure, in the order in which they first come up */
    static const char results[] =
        "CREATE TABLE results (id INTEGER PRIMARY KEY, \"rate\", \"usd\", \"odd one\")";
    size_t size, found = 0;
    const char *const bytes = bytes_of(expected, &size);
    for (size_t i = 0; i + sizeof results < size; i++)
        found += memcmp(bytes + i, results, sizeof results - 1) == 0;
    ck_assert_uint_eq(found, 1);
    ck_assert_uint_eq(size % 4096, 0);
    ck_assert_mem_eq(bytes, "SQLite format 3", 16);
}
END_TEST

/* A store that was sealed and is opened again has all its points, and sealing it changes nothing,
 * though one was killed while it sealed and left half a file. */
START_TEST(a_sealed_store_stays)
{
    const char *const path = plain(), *const copy = fresh("copy.db");
    size_t size;
    const char *const bytes = bytes_of(path, &size);
    test_write_bytes("copy.db", bytes, size);
    test_write("plain.db.sealing", "half a file");
    struct cs_store *s = opened(path, true);
    seal(s);
    assert_same_bytes(path, copy);
    ck_assert(!is_left(path, ".sealing"));
}
END_TEST

START_TEST(merged_shards_are_the_sweep)
{
    const char *const expected = plain();
    const char *const odd = fresh("odd.db"), *const even = fresh("even.db");
    struct cs_store *s = opened(odd, false);
    for (size_t i = 1; i < POINTS; i += 2)
        put(s, i);
    cs_store_close(s);
    size_t size;
    const char *const before = bytes_of(odd, &size);
    s = opened(even, false);
    for (size_t i = 0; i < POINTS; i += 2)
        put(s, i);
    put(s, 1); /* both have it */
    ck_assert(cs_store_merge(s, odd, &diags));
    ck_assert_uint_eq(cs_store_count(s), POINTS);
    seal(s);
    assert_same_bytes(expected, even);
    size_t after;
    const char *const bytes = bytes_of(odd, &after); /* is as it was */
    ck_assert_uint_eq(after, size);
    ck_assert_mem_eq(bytes, before, size);
    ck_assert_uint_eq(diags.errors, 0);
}
END_TEST

static const char *refusal(const char *path, bool resume, const struct cs_store_head *of)
{
    cs_diags_init(&diags, &arena);
    ck_assert_ptr_null(cs_store_open(path, resume, of, HEADS, POINTS, &arena, &diags));
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_int_eq(diags.exit_code, 4);
    return diags.items[0].message;
}

START_TEST(a_store_of_another_sweep_is_refused)
{
    const char *const path = plain();
    size_t size;
    const char *const before = bytes_of(path, &size);
    ck_assert_str_eq(refusal(path, false, head),
                     cs_arena_printf(&arena, "--out: '%s' is there already", path));
    ck_assert_str_eq(diags.items[0].hint, "--resume goes on with it; or remove it");
    for (size_t i = 0; i < HEADS; i++) {
        struct cs_store_head other[HEADS];
        memcpy(other, head, sizeof other);
        other[i].value = "another";
        ck_assert_str_eq(refusal(path, true, other),
                         cs_arena_printf(&arena, "--out: '%s' holds another sweep: its %s differs",
                                         path, head[i].key));
        ck_assert_str_eq(diags.items[0].hint, "choose another file, or remove this one");
    }
    size_t after;
    const char *const bytes = bytes_of(path, &after);
    ck_assert_uint_eq(after, size);
    ck_assert_mem_eq(bytes, before, size);
    /* nor is it merged */
    struct cs_store_head other[HEADS];
    memcpy(other, head, sizeof other);
    other[1].value = "model: other\n";
    cs_diags_init(&diags, &arena);
    struct cs_store *const s =
        cs_store_open(fresh("own.db"), false, other, HEADS, POINTS, &arena, &diags);
    ck_assert_ptr_nonnull(s);
    ck_assert(!cs_store_merge(s, path, &diags));
    ck_assert_msg(strstr(diags.items[0].message, "its scenario differs"), "%s",
                  diags.items[0].message);
    ck_assert_uint_eq(cs_store_count(s), 0);
    cs_diags_init(&diags, &arena);
    ck_assert(!cs_store_merge(s, "/none/x.db", &diags));
    ck_assert_str_eq(diags.items[0].message,
                     "--merge: cannot read '/none/x.db': No such file or directory");
    cs_store_close(s);
}
END_TEST

START_TEST(a_file_that_is_no_store)
{
    const char *const path = cs_arena_strdup(&arena, test_write("text.db", "name: no store\n"));
    ck_assert_msg(strstr(refusal(path, true, head), "file is not a database"), "%s",
                  diags.items[0].message);
    size_t size;
    ck_assert_mem_eq(bytes_of(path, &size), "name: no store\n", 15);
    refusal("/none/x.db", false, head);
    ck_assert_msg(strstr(diags.items[0].message, "--out: cannot open '/none/x.db'"), "%s",
                  diags.items[0].message);
}
END_TEST

/* An empty file is begun anew; so is a database whose sweep was killed before it had a table: one
 * page of 4096 bytes, its header and a leaf of a b-tree without cells. */
START_TEST(a_store_that_was_hardly_begun)
{
    unsigned char page[4096] = "SQLite format 3";
    page[16] = 0x10;         /* the size of a page */
    page[18] = page[19] = 2; /* a write-ahead log */
    page[21] = 64;           /* shares of a page, as they must be */
    page[22] = page[23] = 32;
    page[27] = page[31] = 1; /* changes, pages */
    page[47] = 4;            /* the format of a schema */
    page[59] = 1;            /* UTF-8 */
    page[95] = 1;            /* changes again: the number of pages holds */
    page[100] = 13;          /* a leaf, with its cells from the page's end */
    page[105] = 0x10;
    const char *const path = cs_arena_strdup(&arena, test_write("begun.db", ""));
    const char *const expected = plain();
    for (int way = 0; way < 2; way++) {
        test_write_bytes("begun.db", page, way == 0 ? 0 : sizeof page);
        struct cs_store *const s = opened(path, true);
        ck_assert_uint_eq(cs_store_count(s), 0);
        for (size_t i = 0; i < POINTS; i++)
            put(s, i);
        seal(s);
        assert_same_bytes(expected, path);
    }
    test_write_bytes("begun.db", page, sizeof page);
    struct cs_store *const s = opened(fresh("own.db"), false);
    ck_assert(!cs_store_merge(s, path, &diags)); /* of whatever sweep it may be */
    ck_assert_msg(strstr(diags.items[0].message, "is no store of a sweep: no such table"), "%s",
                  diags.items[0].message);
    cs_store_close(s);
}
END_TEST

START_TEST(one_sweep_at_a_time)
{
    const char *const path = fresh("locked.db");
    struct cs_store *s = opened(path, false);
    put(s, 0);
    ck_assert_str_eq(
        refusal(path, true, head),
        cs_arena_printf(&arena, "--out: cannot open '%s': another sweep is writing it", path));
    put(s, 1);
    cs_store_close(s);
    s = opened(path, true);
    ck_assert_uint_eq(cs_store_count(s), 2);
    cs_store_close(s);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("store");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, what_is_put_is_there_again);
    tcase_add_test(all, a_store_in_memory);
    tcase_add_test(all, sealed_bytes_do_not_know_the_order);
    tcase_add_test(all, a_sealed_store_stays);
    tcase_add_test(all, merged_shards_are_the_sweep);
    tcase_add_test(all, a_store_of_another_sweep_is_refused);
    tcase_add_test(all, a_file_that_is_no_store);
    tcase_add_test(all, a_store_that_was_hardly_begun);
    tcase_add_test(all, one_sweep_at_a_time);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
