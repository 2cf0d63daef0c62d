/* Schema: a table of the test's own, with one key of each kind, read from good and bad maps.
 *
 * The struct and the table stand here, so that the walker is tested and not the scenario. Every
 * number is odd enough to have come from its own key only.
 */
#include "spec/schema.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "spec/catalog.h"
#include "spec/tables.h"

struct row {
    const char *name;
    double usd;
};
struct thing {
    const char *text, *date;
    double seconds, share, absent;
    int count, choice;
    int64_t large;
    bool flag, has_inner;
    double inner_bytes;
    struct row *rows;
    size_t row_count;
    const double *numbers;
    size_t number_count;
    const char *const *texts;
    size_t text_count;
    const struct cs_node *node;
};

#define AT(field) .offset = offsetof(struct thing, field)
static const struct cs_choice colours[] = {{"red", 3}, {"green", 17}, {NULL, 0}};
static const struct cs_key row_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, .offset = offsetof(struct row, name), .required = true,
     .doc = "d"},
    {.name = "price", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD,
     .offset = offsetof(struct row, usd), .doc = "d"},
};
static const struct cs_table row_table = {"rows", row_keys, 2, sizeof(struct row)};
static const struct cs_key inner_keys[] = {
    {.name = "memory", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_BYTES, AT(inner_bytes),
     .doc = "Inner memory."},
};
static const struct cs_table inner_table = {"inner", inner_keys, 1, 0};
static const struct cs_key keys[] = {
    {.name = "text", .kind = CS_KEY_TEXT, AT(text), .required = true, .doc = "Some text."},
    {.name = "date", .kind = CS_KEY_DATE, AT(date), .doc = "A day."},
    {.name = "limit", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS, AT(seconds), .low = "1 ms",
     .high = "1 h", .fallback = "385 ms", .why = "tested", .doc = "A time."},
    {.name = "share", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SHARE, AT(share), .high = "90%",
     .doc = "A share."},
    {.name = "absent", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_USD, AT(absent), .absent = -1,
     .doc = "Unlisted."},
    {.name = "count", .kind = CS_KEY_COUNT, AT(count), .low = "2", .automatic = true,
     .doc = "A count."},
    {.name = "large", .kind = CS_KEY_COUNT64, .unit = CS_UNIT_REQUESTS, AT(large), .doc = "d"},
    {.name = "flag", .kind = CS_KEY_BOOL, AT(flag), .doc = "d"},
    {.name = "colour", .kind = CS_KEY_CHOICE, AT(choice), .choices = colours, .doc = "d"},
    {.name = "inner", .kind = CS_KEY_MAP, .table = &inner_table,
     .present = offsetof(struct thing, has_inner), .doc = "d"},
    {.name = "rows", .kind = CS_KEY_ROWS, .table = &row_table, AT(rows),
     .count = offsetof(struct thing, row_count), .doc = "d"},
    {.name = "numbers", .kind = CS_KEY_NUMBERS, .unit = CS_UNIT_NUMBER, AT(numbers), .low = "0",
     .count = offsetof(struct thing, number_count), .doc = "d"},
    {.name = "texts", .kind = CS_KEY_TEXTS, AT(texts), .count = offsetof(struct thing, text_count),
     .doc = "d"},
    {.name = "node", .kind = CS_KEY_NODE, AT(node), .doc = "d"},
    {.name = "sources", .kind = CS_KEY_NODE, AT(node), .doc = "d"},
};
static const struct cs_table table = {"a thing", keys, sizeof keys / sizeof keys[0],
                                      sizeof(struct thing)};

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_schema schema;
static struct thing thing;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    memset(&thing, 0, sizeof thing);
    schema = (struct cs_schema){.arena = &arena, .diags = &diags, .keep_defaults = true};
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static const struct cs_node *parse(const char *text)
{
    struct cs_source *const source = cs_arena_alloc(&arena, 1, sizeof *source);
    *source = (struct cs_source){"t.yaml", text, strlen(text)};
    return cs_yaml_parse(source, &arena, &diags);
}

static bool read(const char *text)
{
    return cs_schema_read(&schema, &table, parse(text), "", &thing);
}

START_TEST(every_kind_is_read)
{
    ck_assert(read("text: seven\ndate: 2026-05-07\nlimit: 2.5 s\nshare: 37.5%\nabsent: 12 USD\n"
                   "count: 193\nlarge: 5M requests\nflag: yes\ncolour: green\n"
                   "inner: {memory: 0.9 GB}\n"
                   "rows: [{name: a, price: 3.25 USD}, {name: b}]\n"
                   "numbers: [1.5, 2, 4e3]\ntexts: [x, yy]\nnode: {any: thing}\n"));
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_str_eq(thing.text, "seven");
    ck_assert_str_eq(thing.date, "2026-05-07");
    ck_assert_double_eq(thing.seconds, 2.5);
    ck_assert_double_eq_tol(thing.share, 0.375, 1e-15);
    ck_assert_double_eq(thing.absent, 12);
    ck_assert_int_eq(thing.count, 193);
    ck_assert_int_eq(thing.large, 5000000);
    ck_assert(thing.flag && thing.has_inner);
    ck_assert_int_eq(thing.choice, 17);
    ck_assert_double_eq(thing.inner_bytes, 0.9e9);
    ck_assert_uint_eq(thing.row_count, 2);
    ck_assert_str_eq(thing.rows[1].name, "b");
    ck_assert_double_eq(thing.rows[0].usd, 3.25);
    ck_assert_uint_eq(thing.number_count, 3);
    ck_assert_double_eq(thing.numbers[2], 4000);
    ck_assert_uint_eq(thing.text_count, 2);
    ck_assert_str_eq(thing.texts[1], "yy");
    ck_assert_int_eq(thing.node->kind, CS_NODE_MAP);
    ck_assert_uint_eq(schema.default_count, 0);
}
END_TEST

START_TEST(defaults_apply_and_are_told)
{
    ck_assert(read("text: seven\ncount: auto\n"));
    ck_assert_double_eq_tol(thing.seconds, 0.385, 1e-15);
    ck_assert_double_eq(thing.absent, -1);
    ck_assert_double_eq(thing.share, 0);
    ck_assert_int_eq(thing.count, 0);
    ck_assert(!thing.has_inner);
    ck_assert_uint_eq(schema.default_count, 1);
    ck_assert_str_eq(schema.defaults[0].key, "limit");
    ck_assert_str_eq(schema.defaults[0].value, "385 ms");
    ck_assert_str_eq(schema.defaults[0].why, "tested");
}
END_TEST

START_TEST(a_range_includes_its_ends)
{
    ck_assert(read("text: x\nlimit: 1 ms\ncount: 2\nshare: 90%\n"));
    ck_assert(read("text: x\nlimit: 60 min\nshare: 0.9\n"));
    ck_assert_uint_eq(diags.count, 0);
    ck_assert(!read("text: x\nlimit: 0.999 ms\nshare: 90.1%\ncount: 1\n"));
    ck_assert_uint_eq(diags.count, 3);
    ck_assert_str_eq(diags.items[0].hint, "allowed: 1 ms to 1 h");
    ck_assert_str_eq(diags.items[1].hint, "allowed: at most 90%");
    ck_assert_str_eq(diags.items[2].hint, "allowed: at least 2");
}
END_TEST

static const struct {
    const char *text, *message, *hint;
} bad[] = {
    {"{}", "text is missing", NULL},
    {"text: [a]", "text must be a single value, not a list", NULL},
    {"text: ~", "text has no value", NULL},
    {"text: x\nlimt: 2 s", "unknown key 'limt' in a thing", "did you mean 'limit'?"},
    {"text: x\nlimit: 2", "limit has no unit: '2'", "expected a time, such as '150 ms'"},
    {"text: x\nlimit: {s: 2}", "limit must be a single value, not a map",
     "expected a time, such as '150 ms'"},
    {"text: x\ncount: 2.0", "count is not a whole number: '2.0'",
     "expected a whole number or 'auto'"},
    {"text: x\ncount: 99999999999", "count is too large: '99999999999'", NULL},
    {"text: x\nlarge: 2.5", "large is not a whole number: '2.5'", "expected a whole number"},
    {"text: x\nlarge: 1e16", "large is not a whole number: '1e16'", "expected a whole number"},
    {"text: x\nflag: maybe", "flag is neither yes nor no: 'maybe'", "expected yes or no"},
    {"text: x\ncolour: gren", "colour cannot be 'gren'", "did you mean 'green'?"},
    {"text: x\ncolour: blue", "colour cannot be 'blue'", "expected one of: red, green"},
    {"text: x\ndate: 2026-13-01", "date is not a date: '2026-13-01'",
     "expected a date, such as 2026-05-07"},
    {"text: x\ndate: 07.05.2026", "date is not a date: '07.05.2026'",
     "expected a date, such as 2026-05-07"},
    {"text: x\ninner: 5", "inner must be a map, not text", NULL},
    {"text: x\ninner: {memory: 5}", "inner.memory has no unit: '5'",
     "expected an amount of memory, such as '80 GB'"},
    {"text: x\nrows: {name: a}", "rows must be a list, not a map", NULL},
    {"text: x\nrows: [{name: a}, 7]", "rows[1] must be a map, not text", NULL},
    {"text: x\nrows: [{price: 3 USD}]", "rows[0].name is missing", NULL},
    {"text: x\nnumbers: [1, -2]", "numbers[1] is out of range: '-2'", "allowed: at least 0"},
    {"text: x\ntexts: [a, [b]]", "texts[1] must be a single value, not a list", NULL},
    {"text: x\nnode:", "node has no value", NULL},
};

START_TEST(what_is_refused)
{
    ck_assert(!read(bad[_i].text));
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, bad[_i].message);
    if (bad[_i].hint)
        ck_assert_str_eq(diags.items[0].hint, bad[_i].hint);
}
END_TEST

START_TEST(all_errors_are_found_at_once)
{
    ck_assert(!read("limit: 2\nshare: 95%\nflag: 7\nrows: [{}, {nme: x}]\nwombat: 1\n"));
    ck_assert_uint_eq(diags.errors, 8); /* text, limit, share, flag, 2 names, nme, wombat */
}
END_TEST

START_TEST(dates_are_days_that_exist)
{
    static const char *const good[] = {"2026", "2026-05", "2026-12-31", "2024-02-29"};
    static const char *const wrong[] = {"26", "2026-5", "2026-00", "2026-02-30", "2026-04-31",
                                        "2026-05-07 ", "2026/05/07", "2026-05-0a", ""};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(cs_schema_is_date(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!cs_schema_is_date(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(every_figure_needs_its_source)
{
    const struct cs_node *const covered =
        parse("text: x\nlimit: 2 s\ninner: {memory: 1 GB}\nrows: [{name: a, price: 3 USD, source: "
              "s}]\nsources: {limit: a, inner: b}\n");
    ck_assert(cs_schema_sources(&schema, &table, covered));
    ck_assert_str_eq(cs_source_of(covered, "inner.memory"), "b");
    ck_assert_str_eq(cs_source_of(covered, "rows[0].price"), "s");
    ck_assert_ptr_null(cs_source_of(covered, "text"));
    const struct cs_node *const open =
        parse("text: x\nlimit: 2 s\ninner: {memory: 1 GB}\nrows: [{name: a, price: 3 USD}]\n"
              "sources: {inn: b, limitless: c}\n");
    ck_assert(!cs_schema_sources(&schema, &table, open));
    ck_assert_uint_eq(diags.count, 5);
    ck_assert_str_eq(diags.items[0].message, "sources names 'inn', which is not in this sheet");
    ck_assert_str_eq(diags.items[2].message, "limit has no source");
    ck_assert_str_eq(diags.items[3].message, "inner.memory has no source");
    ck_assert_str_eq(diags.items[4].message, "rows[0] has no source");
    ck_assert_int_eq(diags.items[3].span.line, 3);
}
END_TEST

/* Each table of the project: ranges parse, defaults are within them, every key is documented. */
static void check_table(const struct cs_table *t, int depth)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct cs_key *const key = &t->keys[i];
        struct cs_unit_error error;
        double low = 0, high = 0;
        ck_assert_msg(key->doc && strlen(key->doc) > 2, "%s.%s", t->what, key->name);
        ck_assert_ptr_eq(cs_table_key(t, key->name), key); /* no name twice */
        if (key->low)
            ck_assert_msg(cs_unit_parse(key->low, strlen(key->low), key->unit, &low, &error),
                          "%s.%s: %s", t->what, key->name, error.message);
        if (key->high)
            ck_assert_msg(cs_unit_parse(key->high, strlen(key->high), key->unit, &high, &error),
                          "%s.%s: %s", t->what, key->name, error.message);
        ck_assert(!key->low || !key->high || low < high || key->kind == CS_KEY_COUNT);
        ck_assert(!(key->required && key->fallback));
        if (key->fallback) {
            double out[8];
            const struct cs_node node = {.kind = CS_NODE_SCALAR, .text = key->fallback,
                                         .length = strlen(key->fallback)};
            ck_assert_msg(cs_schema_value(&schema, key, &node, key->name, out), "%s.%s", t->what,
                          key->name);
        }
        if (key->table && depth < 8)
            check_table(key->table, depth + 1);
    }
}

START_TEST(the_tables_are_sound)
{
    const struct cs_table *const all[] = {
        &cs_table_model,   &cs_table_api,      &cs_table_hardware, &cs_table_engine,
        &cs_table_traffic, &cs_table_scenario, &cs_table_deploy,   &cs_table_lengths,
        &cs_table_lengths_pair};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        check_table(all[i], 0);
    ck_assert_uint_eq(diags.count, 0);
}
END_TEST

START_TEST(tables_print_as_markdown)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    cs_table_print(&table, "thing", out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(
        text, "| `thing.limit` | a time, `150 ms`; 1 ms to 1 h | `385 ms`: tested | A time. |\n"));
    ck_assert_ptr_nonnull(strstr(text, "| `thing.text` | text | must be given | Some text. |\n"));
    ck_assert_ptr_nonnull(strstr(
        text, "| `thing.inner.memory` | an amount of memory, `80 GB` | | Inner memory. |\n"));
    ck_assert_ptr_nonnull(strstr(text, "| `thing.rows[].price` |"));
    free(text);
}
END_TEST

START_TEST(precisions_have_names_and_bytes)
{
    ck_assert_int_eq(cs_precision_find("fp16"), CS_PRECISION_BF16);
    ck_assert_int_eq(cs_precision_find("fp7"), -1);
    for (int p = 0; p < CS_PRECISION_COUNT; p++) {
        const struct cs_precision_info *const info = &cs_precision_infos[p];
        ck_assert_int_eq(cs_precision_find(info->name), p);
        ck_assert(info->ffn_bytes >= 0.25 && info->ffn_bytes <= 2);
        ck_assert(info->attention_bytes >= info->ffn_bytes && info->head_bytes >= info->ffn_bytes);
        ck_assert_ptr_nonnull(info->source);
    }
    for (const struct cs_choice *c = cs_precision_choices; c->name; c++)
        ck_assert_int_eq(cs_precision_find(c->name), c->value);
    /* 32 weights of 8 bits and a 16-bit scale; 32 of 4 bits and an 8-bit scale */
    ck_assert_double_eq(cs_precision_infos[CS_PRECISION_Q8_0].head_bytes, (32 * 8 + 16) / 8.0 / 32);
    ck_assert_double_eq(cs_precision_infos[CS_PRECISION_MXFP4].ffn_bytes, (32 * 4 + 8) / 8.0 / 32);
    /* 128 of 4 bits, a 16-bit scale, a 4-bit zero */
    ck_assert_double_eq(cs_precision_infos[CS_PRECISION_INT4].ffn_bytes,
                        (128 * 4 + 16 + 4) / 8.0 / 128);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("schema");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, every_kind_is_read);
    tcase_add_test(all, defaults_apply_and_are_told);
    tcase_add_test(all, a_range_includes_its_ends);
    tcase_add_loop_test(all, what_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(all, all_errors_are_found_at_once);
    tcase_add_test(all, dates_are_days_that_exist);
    tcase_add_test(all, every_figure_needs_its_source);
    tcase_add_test(all, the_tables_are_sound);
    tcase_add_test(all, tables_print_as_markdown);
    tcase_add_test(all, precisions_have_names_and_bytes);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
