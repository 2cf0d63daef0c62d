/* Argmin against a plain scan, over random changes.
 *
 * The scan is the definition: the smallest key, the lowest index among equals. Keys are few and so
 * often equal. Sizes lie on, below and above powers of two.
 */
#include "des/argmin.h"
#include <check.h>
#include "base/rng.h"

static struct cs_arena arena;

static void setup(void)
{
    cs_arena_init(&arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static int lowest(const int64_t *key, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (key[i] < key[best])
            best = i;
    return best;
}

START_TEST(finds_what_a_scan_finds)
{
    static const int sizes[] = {1, 2, 3, 7, 8, 9, 64, 100, 257};
    struct cs_rng rng;
    cs_rng_init(&rng, 23, 0, "argmin");
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        struct cs_argmin a;
        int64_t key[257];
        cs_argmin_init(&a, &arena, n, 41);
        for (int i = 0; i < n; i++)
            key[i] = 41;
        ck_assert_int_eq(cs_argmin_index(&a), 0); /* all equal: the lowest index */
        for (int step = 0; step < 20000; step++) {
            const int i = (int)(cs_rng_u64(&rng) % (uint64_t)n);
            const int64_t k = step % 50 == 0   ? INT64_MAX
                              : step % 71 == 0 ? -(int64_t)(cs_rng_u64(&rng) % 5)
                                               : (int64_t)(cs_rng_u64(&rng) % 60);
            key[i] = k;
            cs_argmin_set(&a, i, k);
            const int want = lowest(key, n);
            ck_assert_msg(cs_argmin_key(&a) == key[want], "size %d, change %d", n, step);
            ck_assert_msg(key[want] == INT64_MAX || cs_argmin_index(&a) == want,
                          "size %d, change %d: %d, not %d", n, step, cs_argmin_index(&a), want);
        }
    }
}
END_TEST

START_TEST(nothing_to_do_anywhere_is_the_largest_key_at_index_0)
{
    struct cs_argmin a;
    cs_argmin_init(&a, &arena, 5, INT64_MAX);
    ck_assert_int_eq(cs_argmin_key(&a), INT64_MAX);
    cs_argmin_set(&a, 3, 12);
    ck_assert_int_eq(cs_argmin_index(&a), 3);
    cs_argmin_set(&a, 3, INT64_MAX);
    ck_assert_int_eq(cs_argmin_key(&a), INT64_MAX);
    ck_assert_int_eq(cs_argmin_index(&a), 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("argmin");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, finds_what_a_scan_finds);
    tcase_add_test(all, nothing_to_do_anywhere_is_the_largest_key_at_index_0);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
