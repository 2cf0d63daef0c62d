/* Arena: pieces are zeroed, aligned, apart from each other, and all come back at once.
 *
 * Sizes are drawn so that they fall into a block, exactly fill one, and exceed one; the block of
 * arena.c holds 64 KiB. That everything is freed is what the leak checker of the asan build sees.
 */
#include "base/arena.h"
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = {0, 1, 15, 16, 17, 2385, 16384, 16385, 65520, 65536, 65537, 1234567};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static bool all_are(const unsigned char *bytes, size_t count, unsigned char value)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
    struct cs_arena a;
    unsigned char *pieces[3 * SIZES];
    cs_arena_init(&a);
    for (size_t i = 0; i < 3 * SIZES; i++) {
        const size_t size = sizes[i % SIZES];
        pieces[i] = cs_arena_alloc(&a, 1, size);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
        ck_assert(all_are(pieces[i], size, 0));
        memset(pieces[i], (int)(i + 1), size);
    }
    for (size_t i = 0; i < 3 * SIZES; i++)
        ck_assert(all_are(pieces[i], sizes[i % SIZES], (unsigned char)(i + 1)));
    cs_arena_fini(&a);
    ck_assert_ptr_null(a.head);
    ck_assert_uint_eq(a.bytes, 0);
}
END_TEST

START_TEST(a_large_piece_leaves_the_rest_of_a_block)
{
    struct cs_arena a;
    cs_arena_init(&a);
    char *const first = cs_arena_alloc(&a, 1, 48);
    cs_arena_alloc(&a, 1, 1000000);
    char *const second = cs_arena_alloc(&a, 1, 48);
    ck_assert_ptr_eq(second, first + 48); /* still the first block */
    cs_arena_fini(&a);
}
END_TEST

START_TEST(text_is_copied)
{
    struct cs_arena a;
    cs_arena_init(&a);
    char source[] = "h100-sxm-80gb";
    char *const whole = cs_arena_strdup(&a, source);
    char *const part = cs_arena_strndup(&a, source, 4);
    memset(source, '#', sizeof source - 1);
    ck_assert_str_eq(whole, "h100-sxm-80gb");
    ck_assert_str_eq(part, "h100");
    ck_assert_str_eq(cs_arena_printf(&a, "%s[%d].%s", "deploy", 17, "model"), "deploy[17].model");
    ck_assert_str_eq(cs_arena_strndup(&a, NULL, 0), "");
    cs_arena_fini(&a);
}
END_TEST

START_TEST(absurd_sizes_end_the_program)
{
    struct cs_arena a;
    cs_arena_init(&a);
    cs_arena_alloc(&a, SIZE_MAX / 3, 7); /* must abort: the product wraps */
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("arena");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, pieces_are_zeroed_aligned_and_apart);
    tcase_add_test(all, a_large_piece_leaves_the_rest_of_a_block);
    tcase_add_test(all, text_is_copied);
    const char *const fork = getenv("CK_FORK");
    if (!fork || strcmp(fork, "no") != 0)
        tcase_add_test_raise_signal(all, absurd_sizes_end_the_program, 6);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
