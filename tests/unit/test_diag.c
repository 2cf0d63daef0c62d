/* Diagnostics: the renderer's text, to the character, and what is collected.
 *
 * Expected texts are written out by hand from the layout in diag.h. Columns count characters, so
 * the caret below a line with two-byte letters stands under the letter, not under its bytes.
 */
#include "base/diag.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_source source;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    source = (struct cs_source){.name = "scenarios/chat.yaml"};
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static struct cs_span at(const char *text, int line, int column, int length)
{
    source.text = text;
    source.size = strlen(text);
    return (struct cs_span){&source, line, column, length};
}

static void expect(const char *text)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&printed, &size);
    cs_diags_print(&diags, out);
    fclose(out);
    ck_assert_str_eq(printed, text);
    free(printed);
}

START_TEST(an_error_is_quoted_with_its_caret)
{
    cs_diag_error(&diags, at("deploy:\n  tensor_paralel: 8\r\n", 2, 3, 14),
                  "did you mean 'tensor_parallel'?", "unknown key '%s' in %s", "tensor_paralel",
                  "deploy");
    ck_assert(cs_diags_has_errors(&diags));
    ck_assert_int_eq(diags.exit_code, 3);
    expect("scenarios/chat.yaml:2:3: error: unknown key 'tensor_paralel' in deploy\n"
           "    2 |   tensor_paralel: 8\n"
           "      |   ^~~~~~~~~~~~~~ did you mean 'tensor_parallel'?\n"
           "1 error; nothing was simulated.\n");
}
END_TEST

START_TEST(a_warning_is_no_error)
{
    cs_diag_warning(&diags, at("a: 1", 1, 4, 1), NULL, "%d of %d", 3, 17);
    ck_assert(!cs_diags_has_errors(&diags));
    ck_assert_int_eq(diags.exit_code, 0);
    expect("scenarios/chat.yaml:1:4: warning: 3 of 17\n"
           "    1 | a: 1\n"
           "      |    ^\n");
}
END_TEST

START_TEST(the_worst_exit_status_stays)
{
    cs_diag_file(&diags, at("", 0, 1, 1), NULL, "cannot be read: %s", "it is a directory");
    cs_diag_error(&diags, (struct cs_span){.source = NULL}, "give one", "no file");
    ck_assert_int_eq(diags.exit_code, 4);
    expect("scenarios/chat.yaml: error: cannot be read: it is a directory\n"
           "capsim: error: no file\n"
           "      = give one\n"
           "2 errors; nothing was simulated.\n");
}
END_TEST

START_TEST(what_referred_is_named)
{
    struct cs_source other = {.name = "hardware/card.yaml", .text = "x: 3.35", .size = 7};
    diags.referenced_from = at("hardware: card", 9, 12, 4);
    diags.reference = "deploy[0].hardware";
    cs_diag_error(&diags, (struct cs_span){&other, 1, 4, 4}, "expected a rate", "no unit");
    diags.referenced_from.source = NULL;
    expect("hardware/card.yaml:1:4: error: no unit\n"
           "    1 | x: 3.35\n"
           "      |    ^~~~ expected a rate\n"
           "      = referenced from scenarios/chat.yaml:9:12 (deploy[0].hardware)\n"
           "1 error; nothing was simulated.\n");
}
END_TEST

START_TEST(columns_are_characters_and_controls_are_shown)
{
    cs_diag_error(&diags, at("gr\xc3\xb6\xc3\x9f" "e:\t\x1b[31m 5", 1, 13, 1), NULL,
                  "bad \x07\xff text");
    expect("scenarios/chat.yaml:1:13: error: bad \\x07\\xff text\n"
           "    1 | gr\xc3\xb6\xc3\x9f" "e: \\x1b[31m 5\n"
           "      |                ^\n" /* 12 characters, one of them shown as four */
           "1 error; nothing was simulated.\n");
}
END_TEST

START_TEST(text_that_reorders_is_escaped)
{
    const char text[] = "a\xe2\x80\xae" "b\nc\td\x7f\xc2\x85\xed\xa0\x80\xf4\x90\x80\x80";
    ck_assert_str_eq(cs_diag_escape(&arena, text, sizeof text - 1),
                     "a\\u202eb\\nc\\td\\x7f\\u0085\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
    ck_assert_str_eq(cs_diag_escape(&arena, "", 0), "");
}
END_TEST

START_TEST(the_same_is_said_once_and_places_are_sorted)
{
    const char text[] = "one\ntwo\nthree\n";
    cs_diag_error(&diags, at(text, 3, 2, 2), NULL, "third");
    cs_diag_error(&diags, at(text, 1, 1, 3), NULL, "first");
    cs_diag_error(&diags, at(text, 3, 2, 2), NULL, "third");
    cs_diag_error(&diags, at(text, 3, 1, 1), NULL, "second");
    ck_assert_uint_eq(diags.errors, 3);
    expect("scenarios/chat.yaml:1:1: error: first\n    1 | one\n      | ^~~\n"
           "scenarios/chat.yaml:3:1: error: second\n    3 | three\n      | ^\n"
           "scenarios/chat.yaml:3:2: error: third\n    3 | three\n      |  ^~\n"
           "3 errors; nothing was simulated.\n");
}
END_TEST

START_TEST(only_the_first_are_shown)
{
    for (int i = 1; i <= 2385; i++)
        cs_diag_error(&diags, at("", 0, 1, 1), NULL, "number %d", i);
    ck_assert_uint_eq(diags.errors, 2385);
    char *printed = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&printed, &size);
    cs_diags_print(&diags, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(printed, "error: number 20\n"));
    ck_assert_ptr_null(strstr(printed, "error: number 21\n"));
    ck_assert_ptr_nonnull(strstr(printed, "\n2385 errors, the first 20 shown; nothing was"));
    free(printed);
}
END_TEST

START_TEST(long_lines_are_cut_around_the_caret)
{
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    text[699] = 'Q';
    cs_diag_error(&diags, at(text, 1, 700, 1), NULL, "here");
    char *printed = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&printed, &size);
    cs_diags_print(&diags, out);
    fclose(out);
    const char *const first = strchr(printed, '\n') + 1;
    const char *const second = strchr(first, '\n') + 1;
    ck_assert_int_lt((int)(second - first), 150);
    ck_assert_int_eq(first[strcspn(second, "^")], 'Q');
    free(printed);
}
END_TEST

START_TEST(a_place_beyond_the_text_is_survived)
{
    cs_diag_error(&diags, at("one\n", 7, 40, 3), "look there", "beyond");
    cs_diag_error(&diags, at("one\n", 1, 9, 3), NULL, "behind");
    expect("scenarios/chat.yaml:1:9: error: behind\n    1 | one\n      |         ^\n"
           "scenarios/chat.yaml:7:40: error: beyond\n      = look there\n"
           "2 errors; nothing was simulated.\n");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("diag");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, an_error_is_quoted_with_its_caret);
    tcase_add_test(all, a_warning_is_no_error);
    tcase_add_test(all, the_worst_exit_status_stays);
    tcase_add_test(all, what_referred_is_named);
    tcase_add_test(all, columns_are_characters_and_controls_are_shown);
    tcase_add_test(all, text_that_reorders_is_escaped);
    tcase_add_test(all, the_same_is_said_once_and_places_are_sorted);
    tcase_add_test(all, only_the_first_are_shown);
    tcase_add_test(all, long_lines_are_cut_around_the_caret);
    tcase_add_test(all, a_place_beyond_the_text_is_survived);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
