/* Suggestions: near names are offered, far ones are not.
 *
 * Distances are counted by hand in the table; the limit is a third of the letters of the longer
 * name (suggest.h).
 */
#include "base/suggest.h"
#include <check.h>
#include <string.h>

static const char *const names[] = {"tensor_parallel", "pipeline_parallel", "max_num_seqs",
                                    "gpus", "kv_precision", "precision", "h100-sxm-80gb",
                                    "llama-3.1-70b", "llama-3.1-8b", "fp8"};
enum { NAMES = sizeof names / sizeof names[0] };

static const struct {
    const char *text, *near;
} cases[] = {
    {"tensor_paralel", "tensor_parallel"},   /* one letter left out */
    {"tensorparallel", "tensor_parallel"},   /* one sign left out */
    {"Tensor-Parallel", "tensor_parallel"},  /* case and '-' count nothing */
    {"parallel_tensor", "tensor_parallel"},  /* parts swapped */
    {"precsiion", "precision"},              /* neighbours swapped: one */
    {"h100-smx-80gb", "h100-sxm-80gb"},      /* the same inside a longer name */
    {"h100", "h100-sxm-80gb"},               /* the beginning of a name */
    {"llama-3.1-7ob", "llama-3.1-70b"},      /* one replaced; 8b is two away */
    {"gpu", "gpus"},                         /* one of four */
    {"fp7", "fp8"},                          /* one of three */
    {"fq9", NULL},                           /* two of three */
    {"g", NULL},                             /* one letter is too little to go by */
    {"", NULL},
    {"zebra", NULL},
    {"max_num", "max_num_seqs"},
    {"wombat_precision_of_the_cache", NULL}, /* far longer than any */
};

START_TEST(near_is_offered_far_is_not)
{
    const char *const near = cs_suggest(cases[_i].text, names, NAMES);
    if (cases[_i].near)
        ck_assert_str_eq(near ? near : "(none)", cases[_i].near);
    else
        ck_assert_msg(!near, "'%s' got '%s'", cases[_i].text, near);
}
END_TEST

START_TEST(long_names_are_never_near)
{
    char longest[65];
    memset(longest, 'x', 64);
    longest[64] = '\0';
    const char *const same[] = {longest};
    ck_assert_ptr_null(cs_suggest(longest, same, 1)); /* 64 letters: one too many */
    longest[63] = '\0';
    ck_assert_ptr_eq(cs_suggest(longest, same, 1), longest);
    ck_assert_ptr_null(cs_suggest("gpus", names, 0));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("suggest");
    TCase *const all = tcase_create("all");
    tcase_add_loop_test(all, near_is_offered_far_is_not, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(all, long_names_are_never_near);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
