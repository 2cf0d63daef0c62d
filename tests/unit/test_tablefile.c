/* Table files: cells, places and everything that can be wrong with them.
 *
 * Texts are written here with their columns counted by hand. The packed files are made by zlib and
 * libzstd themselves, so that what is read back is not this reader's own idea of them.
 */
#include "fit/tablefile.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "folder.h"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_tablefile t;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static bool parse(const char *text)
{
    return cs_tablefile_parse(&t, "t.csv", text, strlen(text), &arena, &diags);
}

static const char small[] = "\xef\xbb\xbfname,rate,note\r\n"
                            "alder,12.5,\"a, b\"\r\n"
                            "\r\n"
                            "\"bir\nch\",,x\r\n"
                            "cedar,1e3,\"say \"\"so\"\"\"\r\n";

START_TEST(cells_and_places)
{
    struct cs_column want[] = {{"rate", true, 0}, {"absent", false, 0}, {"note", true, 0}};
    ck_assert(parse(small));
    ck_assert_uint_eq(t.row_count, 3);
    ck_assert(cs_tablefile_map(&t, want, 3));
    ck_assert_int_eq(want[0].at, 1);
    ck_assert_int_eq(want[1].at, -1);
    ck_assert_str_eq(cs_tablefile_text(&t, 0, 2), "a, b");
    ck_assert_str_eq(cs_tablefile_text(&t, 2, 2), "say \"so\"");
    ck_assert_str_eq(cs_tablefile_text(&t, 2, -1), "");
    ck_assert_double_eq(cs_tablefile_number(&t, 0, 1, 0, 100), 12.5);
    ck_assert_double_eq(cs_tablefile_number(&t, 2, 1, 0, INFINITY), 1000);
    ck_assert(isnan(cs_tablefile_number(&t, 1, 1, 0, 100)));
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_str_eq(cs_tablefile_place(&t, 2), "t.csv:6"); /* after a blank line and a break */
    const struct cs_span at = cs_tablefile_span(&t, 0, 2);
    ck_assert_int_eq(at.line, 2);
    ck_assert_int_eq(at.column, 12);
    ck_assert_int_eq(at.length, 6);
    ck_assert_int_eq(cs_tablefile_span(&t, 1, 2).line, 5); /* the quoted name spans lines */
}
END_TEST

START_TEST(numbers_are_strict)
{
    static const char *const bad[] = {"12x", "0x1f", "nan", "inf", "1,5", "--3", "1e999", "."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert(parse(cs_arena_printf(&arena, "a,b\n7,\"%s\"\n", bad[i])));
        const size_t before = diags.errors;
        ck_assert_msg(isnan(cs_tablefile_number(&t, 0, 1, -1e9, 1e9)), "%s", bad[i]);
        ck_assert_uint_eq(diags.errors, before + 1);
    }
    ck_assert(parse("a,b\n7,-0.25\n"));
    ck_assert(isnan(cs_tablefile_number(&t, 0, 1, 0, 1)));
    const struct cs_diag *d = &diags.items[diags.count - 1];
    ck_assert_str_eq(d->message, "b is out of range: '-0.25'");
    ck_assert_str_eq(d->hint, "expected 0 to 1");
    ck_assert_int_eq(d->span.line, 2);
    ck_assert_int_eq(d->span.column, 3);
}
END_TEST

START_TEST(all_missing_columns_at_once)
{
    struct cs_column want[] = {{"modle", true, 0}, {"tp", true, 0}, {"zebra", true, 0}};
    ck_assert(parse("model,tp\nx,4\n"));
    ck_assert(!cs_tablefile_map(&t, want, 3));
    ck_assert_uint_eq(diags.errors, 2);
    ck_assert_str_eq(diags.items[0].message, "the header lacks a column: 'modle'");
    ck_assert_str_eq(diags.items[0].hint, "there is a column 'model'");
    ck_assert_str_eq(diags.items[1].message, "the header lacks a column: 'zebra'");
}
END_TEST

START_TEST(what_is_no_table)
{
    static const struct {
        const char *text, *message;
        int line;
    } cases[] = {
        {"", "the table is empty", 1},
        {"a,b\n1,2\n3\n4,5\n", "1 fields, but the header names 2", 3},
        {"a,b\n1,2,3\n", "3 fields, but the header names 2", 2},
        {"a,b,a\n1,2,3\n", "a column stands twice in the header: 'a'", 1},
        {"a,b\n1,x\"y\n", "not valid CSV, a stray quote perhaps", 2},
        {"a,b\n1,\"y\n", "not valid CSV: a quote is never closed", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(!parse(cases[i].text));
        ck_assert_str_eq(diags.items[diags.count - 1].message, cases[i].message);
        ck_assert_int_eq(diags.items[diags.count - 1].span.line, cases[i].line);
    }
}
END_TEST

/* 40,000 rows: more than a chunk, both packed and not. */
static size_t long_text(char *text)
{
    size_t n = (size_t)sprintf(text, "i,square\n");
    for (unsigned i = 0; i < 40000; i++)
        n += (size_t)sprintf(text + n, "%u,%u\n", i, i * i);
    return n;
}

START_TEST(packed_files)
{
    enum { ROOM = 1 << 20 };
    char *const text = malloc(ROOM), *const packed = malloc(ROOM);
    const size_t size = long_text(text);
    test_folder_open();
    const size_t zst = ZSTD_compress(packed, ROOM, text, size, 3);
    ck_assert(!ZSTD_isError(zst));
    ck_assert(cs_tablefile_read(&t, test_write_bytes("a.csv.zst", packed, zst), &arena, &diags));
    ck_assert_uint_eq(t.row_count, 40000);
    ck_assert_str_eq(cs_tablefile_text(&t, 39999, 1), "1599920001");
    ck_assert(!cs_tablefile_read(&t, test_write_bytes("b.zst", packed, zst - 9), &arena, &diags));
    packed[zst / 2] ^= 0x55;
    packed[zst / 2 + 1] ^= 0x55;
    ck_assert(!cs_tablefile_read(&t, test_write_bytes("c.zst", packed, zst), &arena, &diags));

    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)size;
    z.next_out = (unsigned char *)packed;
    z.avail_out = ROOM;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    ck_assert(
        cs_tablefile_read(&t, test_write_bytes("d.csv.gz", packed, z.total_out), &arena, &diags));
    ck_assert_str_eq(cs_tablefile_text(&t, 39999, 1), "1599920001");
    ck_assert(!cs_tablefile_read(&t, test_write_bytes("e.gz", packed, z.total_out - 11), &arena,
                                 &diags));
    ck_assert(cs_tablefile_read(&t, test_write("f.csv", "a\n17\n"), &arena, &diags));
    ck_assert(!cs_tablefile_read(&t, test_path("none.csv"), &arena, &diags));
    ck_assert_int_eq(diags.exit_code, 4);
    test_folder_close();
    free(text);
    free(packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tablefile");
    TCase *tests = tcase_create("tablefile");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, cells_and_places);
    tcase_add_test(tests, numbers_are_strict);
    tcase_add_test(tests, all_missing_columns_at_once);
    tcase_add_test(tests, what_is_no_table);
    tcase_add_test(tests, packed_files);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
