/* Which error an option has: the first row whose conditions hold, and what the shipped sheet says.
 *
 * The made-up rows stand in an order in which each would also hold for what a later one is meant
 * for, so that a condition taken for another, or the order turned round, shows.
 */
#include "perf/error.h"
#include <check.h>
#include "sheets.h"

static struct toy toy;
static const char *const cards[] = {"other", "card"}, *const sixteen[] = {"int4", "fp16"};
static struct cs_model_error rows[] = {
    {.pcie = true, .step = 0.27, .ttft = 0.31},
    {.hardware = cards, .hardware_count = 2, .precision = sixteen, .precision_count = 2,
     .step = 0.043, .ttft = 0.072, .calibrated = true},
    {.factors = true, .moe = true, .step = 0.083, .ttft = 0.113, .calibrated = true},
    {.factors = true, .step = 0.061, .ttft = 0.157, .calibrated = true},
    {.step = 0.151, .ttft = 0.207},
};

static void setup(void)
{
    sheets_open();
    toy_init(&toy, 0.5);
    toy.engine.errors = rows;
    toy.engine.error_count = sizeof rows / sizeof rows[0];
}

static void teardown(void)
{
    sheets_close();
}

static void assert_row(int t, size_t row)
{
    const struct cs_model_error *const e = cs_error_of(&toy.option, t);
    ck_assert_msg(e == &rows[row], "row %d, not %zu", e ? (int)(e - rows) : -1, row);
}

START_TEST(the_first_row_that_holds_is_taken)
{
    assert_row(1, 1); /* "card" at bf16, which "fp16" means too */
    toy.option.precision = CS_PRECISION_INT4;
    assert_row(1, 1);
    toy.option.precision = CS_PRECISION_FP8;
    assert_row(1, 4);
    toy.hardware.calibrated = true;
    assert_row(1, 3);
    toy.model.moe_layers = 1;
    assert_row(1, 2);
    toy.option.precision = CS_PRECISION_BF16;
    assert_row(1, 1);
    toy.hardware.name = "card-2";
    assert_row(1, 2);
    toy.hardware.calibrated = false;
    assert_row(1, 4);
}
END_TEST

START_TEST(a_group_beyond_its_link_works_over_pcie)
{
    toy.hardware.pcie_Bps = 32e9;
    assert_row(2, 0);
    toy.hardware.link_Bps = 450e9;
    toy.hardware.link_gpus = 4;
    assert_row(2, 1);
    assert_row(4, 1);
    assert_row(8, 0);
    toy.option.pipeline_parallel = 3;
    assert_row(1, 1);
    assert_row(2, 0); /* 6 of 4 */
}
END_TEST

START_TEST(an_engine_without_rows_tells_nothing)
{
    toy.engine.error_count = 0;
    ck_assert_ptr_null(cs_error_of(&toy.option, 1));
}
END_TEST

/* What the sheet names must exist; else a row would never hold, and nobody would notice. */
START_TEST(the_shipped_sheet_names_hardware_that_there_is)
{
    const struct cs_option o = sheets_option("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_BF16);
    ck_assert_uint_gt(o.engine->error_count, 1);
    for (size_t i = 0; i < o.engine->error_count; i++)
        for (size_t k = 0; k < o.engine->errors[i].hardware_count; k++)
            ck_assert_ptr_nonnull(sheets_hardware(o.engine->errors[i].hardware[k]));
    const struct cs_option other = sheets_option("llama-3.1-8b", "l4", CS_PRECISION_FP8);
    ck_assert(cs_error_of(&o, 1)->calibrated && !cs_error_of(&other, 1)->calibrated);
    ck_assert_double_lt(cs_error_of(&o, 1)->step, cs_error_of(&other, 1)->step);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("error");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, the_first_row_that_holds_is_taken);
    tcase_add_test(all, a_group_beyond_its_link_works_over_pcie);
    tcase_add_test(all, an_engine_without_rows_tells_nothing);
    tcase_add_test(all, the_shipped_sheet_names_hardware_that_there_is);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
