/* Traces: what a CSV becomes, plain and compressed, and each refusal with its line.
 *
 * The compressed file is written here with zlib, so that no binary file lies in the tree, and cut
 * in half to see that a damaged one is told. Line numbers in the table were counted by hand.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "folder.h"
#include "spec/trace_csv.h"

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_trace trace;
static const struct cs_span nowhere = {.source = NULL};

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    memset(&trace, 0, sizeof trace);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static bool parse(const char *text)
{
    return cs_trace_parse("t.csv", text, strlen(text), &arena, &trace, &diags, nowhere);
}

#define HEAD "arrival_s,input_tokens,output_tokens\n"

START_TEST(rows_become_arrays)
{
    ck_assert(parse("\xef\xbb\xbf" HEAD "0,417,93\r\n\r\n2.385,20,7\n2.385,100000000,1\n1e3,5,6"));
    ck_assert_uint_eq(trace.count, 4);
    ck_assert_double_eq(trace.arrival_s[1], 2.385);
    ck_assert_double_eq(trace.arrival_s[3], 1000);
    ck_assert_int_eq(trace.input[0], 417);
    ck_assert_int_eq(trace.input[2], 100000000);
    ck_assert_int_eq(trace.output[1], 7);
    ck_assert_ptr_null(trace.prefix_tokens);
    ck_assert_ptr_null(trace.session.ids);
}
END_TEST

START_TEST(columns_stand_in_any_order)
{
    ck_assert(parse("class,output_tokens,prefix_tokens,session,arrival_s,prefix_group,"
                    "input_tokens\n"
                    "chat,93,17,s9,0.5,\"gr,1\",417\ncode,7,,s4,2.5,,20\n"
                    "chat,8,5,s9,3,\"gr,1\",9\n"));
    ck_assert_uint_eq(trace.count, 3);
    ck_assert_int_eq(trace.input[2], 9);
    ck_assert_int_eq(trace.prefix_tokens[0], 17);
    ck_assert_int_eq(trace.prefix_tokens[1], 0);
    ck_assert_int_eq(trace.prefix_group.ids[0], 0);
    ck_assert_int_eq(trace.prefix_group.ids[1], -1);
    ck_assert_int_eq(trace.prefix_group.ids[2], 0);
    ck_assert_uint_eq(trace.prefix_group.count, 1);
    ck_assert_str_eq(trace.prefix_group.names[0], "gr,1");
    ck_assert_int_eq(trace.session.ids[1], 1);
    ck_assert_str_eq(trace.session.names[1], "s4");
    ck_assert_uint_eq(trace.klass.count, 2);
    ck_assert_str_eq(trace.klass.names[trace.klass.ids[2]], "chat");
    ck_assert_ptr_null(trace.model.ids);
}
END_TEST

#define HASHED "arrival_s,block_hashes_100,input_tokens,output_tokens\n"

START_TEST(hashes_become_numbers)
{
    ck_assert(parse(HASHED "0,a7 0BADCAFE 12,201,5\n1,,417,9\n2,  ffffffffffffffff ,100,7\n"));
    ck_assert_int_eq(trace.hash_tokens, 100);
    const size_t starts[] = {0, 3, 3, 4};
    ck_assert_mem_eq(trace.hash_start, starts, sizeof starts);
    const uint64_t hashes[] = {0xa7, 0xbadcafe, 0x12, UINT64_MAX};
    ck_assert_mem_eq(trace.hashes, hashes, sizeof hashes);
    ck_assert(parse("block_hashes,arrival_s,input_tokens,output_tokens\n5f,0,512,93\n"));
    ck_assert_int_eq(trace.hash_tokens, 512);
    char text[6000] = "block_hashes,arrival_s,input_tokens,output_tokens\n"; /* a long field */
    for (int i = 0; i < 1000; i++)
        snprintf(text + strlen(text), 8, "%x ", 2000 + i);
    strcat(text, ",3,511489,93\n"); /* 999 blocks and one token: 1000 hashes fit */
    ck_assert(parse(text));
    ck_assert_uint_eq(trace.hash_start[1], 1000);
    ck_assert_uint_eq(trace.hashes[999], 2999);
}
END_TEST

static bool parse_json(const char *text)
{
    return cs_trace_parse("t.jsonl", text, strlen(text), &arena, &trace, &diags, nowhere);
}

START_TEST(json_lines)
{
    ck_assert(parse_json("{\"timestamp\": 0, \"input_length\": 6755, \"output_length\": 500, "
                         "\"hash_ids\": [0, 1, 9007199254740992]}\r\n\n"
                         "{\"output_length\": 7, \"x\": [{}], \"timestamp\": 2385.5, "
                         "\"input_length\": 20}\n"
                         "{\"timestamp\":3e3,\"input_length\":1024,\"output_length\":8,"
                         "\"hash_ids\":[46,47]}"));
    ck_assert_uint_eq(trace.count, 3);
    ck_assert_double_eq(trace.arrival_s[1], 2.3855);
    ck_assert_int_eq(trace.input[0], 6755);
    ck_assert_int_eq(trace.output[1], 7);
    ck_assert_int_eq(trace.hash_tokens, 512);
    const size_t starts[] = {0, 3, 3, 5};
    ck_assert_mem_eq(trace.hash_start, starts, sizeof starts);
    const uint64_t hashes[] = {0, 1, UINT64_C(1) << 53, 46, 47};
    ck_assert_mem_eq(trace.hashes, hashes, sizeof hashes);
    ck_assert_ptr_null(trace.session.ids);
    ck_assert(parse_json("{\"timestamp\":0,\"input_length\":1,\"output_length\":1}"));
    ck_assert_ptr_null(trace.hashes);
}
END_TEST

#define JSON(hashes) "{\"timestamp\":5,\"input_length\":513,\"output_length\":1" hashes "}\n"

static const struct {
    const char *text, *message;
    int line, column;
} bad_json[] = {
    {"", "the trace holds no request", 1, 1},
    {"[1]\n", "not a JSON object", 1, 1},
    {JSON("") "\n{\"timestamp\": x}", "not valid JSON", 3, 15},
    {JSON("") JSON("") "{} {}", "not valid JSON", 3, 3},
    {"{\"timestamp\":1,\"input_length\":2}", "the line lacks a key: 'output_length'", 1, 1},
    {"{\"timestamp\":1,\"input_length\":\"2\",\"output_length\":3}",
     "not a number: 'input_length'", 1, 1},
    {"{\"timestamp\":1,\"input_length\":2.5,\"output_length\":3}",
     "input_length is not a whole number: '2.5'", 1, 1},
    {"{\"timestamp\":-1,\"input_length\":2,\"output_length\":3}",
     "timestamp must be 0 to 8640000000: '-1'", 1, 1},
    {JSON("") "{\"timestamp\":4,\"input_length\":2,\"output_length\":3}",
     "arrival_s falls: '0.004'", 2, 1},
    {JSON(",\"hash_ids\":7"), "not a list: 'hash_ids'", 1, 1},
    {JSON(",\"hash_ids\":[1,\"2\"]"), "hash_ids is not a whole number: 'hash_ids'", 1, 1},
    {JSON(",\"hash_ids\":[1,2,3]"),
     "more hashes than the prompt has blocks: '3 of 512 tokens each'", 1, 1},
};

START_TEST(what_is_refused_of_json)
{
    ck_assert(!parse_json(bad_json[_i].text));
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, bad_json[_i].message);
    ck_assert_int_eq(diags.items[0].span.line, bad_json[_i].line);
    ck_assert_int_eq(diags.items[0].span.column, bad_json[_i].column);
}
END_TEST

static const struct {
    const char *text, *message;
    int line;
} bad[] = {
    {"", "the trace is empty", 1},
    {HEAD, "the trace holds no request", 2},
    {"input_tokens,output_tokens\n1,2\n", "the header lacks a column: 'arrival_s'", 1},
    {"arrival_s,input_tokens,output_tokens,arrival_s\n1,2,3,4\n",
     "a column stands twice in the header: 'arrival_s'", 1},
    {"arrival_s,input_tokens,output_tokens,colour\n1,2,3,4\n", "unknown column: 'colour'", 1},
    {"arrival_s,input_tokens,output_tokens,prefix_group\n1,2,3,4\n",
     "prefix_group and prefix_tokens need each other", 1},
    {HEAD "0.5,417,93\n\nsoon,20,7\n", "arrival_s is not a number: 'soon'", 4},
    {HEAD "0.5,417,93\n1,20.5,7\n", "input_tokens is not a whole number: '20.5'", 3},
    {HEAD "1,2,0\n", "output_tokens must be 1 to 100000000: '0'", 2},
    {HEAD "1,100000001,5\n", "input_tokens must be 1 to 100000000: '100000001'", 2},
    {HEAD "-1,2,3\n", "arrival_s must be 0 to 8640000: '-1'", 2},
    {HEAD "nan,2,3\n", "arrival_s is not a number: 'nan'", 2},
    {HEAD "1,,3\n", "input_tokens is empty", 2},
    {HEAD "1,2\n", "2 fields, but the header names 3", 2},
    {HEAD "1,2,3,4\n", "4 fields, but the header names 3", 2},
    {HEAD "5,2,3\n4.9,2,3\n", "arrival_s falls: '4.9'", 3},
    {HEAD "1,\"2,3\n", "not valid CSV: a quote is never closed", 2},
    {HEAD "1,2\"3,4\n", "not valid CSV, a stray quote perhaps", 2},
    {"arrival_s,input_tokens,output_tokens,prefix_group,prefix_tokens\n1,20,3,g,21\n",
     "prefix_tokens is more than input_tokens: '21'", 2},
    {"arrival_s,input_tokens,output_tokens,block_hashes_0\n1,20,3,\n",
     "not a block's length: 'block_hashes_0'", 1},
    {"arrival_s,input_tokens,output_tokens,block_hashes,block_hashes_16\n1,20,3,,\n",
     "a column stands twice in the header: 'block_hashes_16'", 1},
    {"arrival_s,input_tokens,output_tokens,block_hash\n1,20,3,\n", "unknown column: 'block_hash'",
     1},
    {HASHED "1,5f,20,3\n2,5f 1;2,417,9\n", "not a block's hash: '1;2'", 3},
    {HASHED "1,12345678901234567,20,3\n", "not a block's hash: '12345678901234567'", 2},
    {HASHED "1,1 2 3,200,3\n", "more hashes than the prompt has blocks: '3 of 100 tokens each'", 2},
};

START_TEST(what_is_refused)
{
    ck_assert(!parse(bad[_i].text));
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, bad[_i].message);
    ck_assert_int_eq(diags.items[0].span.line, bad[_i].line);
    ck_assert_int_eq(diags.exit_code, 3);
    ck_assert_uint_eq(trace.count, 0);
}
END_TEST

START_TEST(all_errors_are_told_up_to_a_hundred)
{
    char text[20000] = HEAD;
    size_t used = strlen(text);
    for (int i = 0; i < 385; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "x%d,2,3\n", i);
    ck_assert(!parse(text));
    ck_assert_uint_eq(diags.errors, 100);
    ck_assert_str_eq(diags.items[99].message, "arrival_s is not a number: 'x99'");
    ck_assert_int_eq(diags.items[99].span.line, 101);
}
END_TEST

START_TEST(long_and_many_fields_are_refused)
{
    char text[1024] = HEAD "1,2,";
    memset(text + strlen(text), '7', 201);
    ck_assert(!parse(text));
    ck_assert_str_eq(diags.items[0].message, "a field is longer than 200 characters");
    memset(text, ',', 100);
    text[100] = '\0';
    ck_assert(!parse(text));
    ck_assert_str_eq(diags.items[1].message, "too many fields in one line");
}
END_TEST

static bool was_told(const char *message)
{
    for (size_t i = 0; i < diags.count; i++)
        if (strcmp(diags.items[i].message, message) == 0)
            return true;
    return false;
}

START_TEST(files_plain_compressed_and_damaged)
{
    enum { ROWS = 30000 };
    test_folder_open();
    char *const text = malloc(ROWS * 24 + 64);
    size_t used = (size_t)sprintf(text, HEAD);
    for (int i = 0; i < ROWS; i++)
        used += (size_t)sprintf(text + used, "%d.25,%d,%d\n", i, i % 977 + 1, i % 389 + 1);
    const char *const plain = test_write_bytes("t.csv", text, used);
    ck_assert(cs_trace_read(plain, &arena, &trace, &diags, nowhere));
    ck_assert_uint_eq(trace.count, ROWS);
    const char *const packed = test_write("t.csv.gz", "");
    const gzFile file = gzopen(packed, "wb");
    ck_assert_int_eq(gzwrite(file, text, (unsigned)used), (int)used);
    gzclose(file);
    struct cs_trace unpacked;
    ck_assert(cs_trace_read(packed, &arena, &unpacked, &diags, nowhere));
    ck_assert_uint_eq(unpacked.count, ROWS);
    ck_assert_mem_eq(unpacked.arrival_s, trace.arrival_s, ROWS * sizeof(double));
    ck_assert_mem_eq(unpacked.input, trace.input, ROWS * sizeof(int32_t));
    ck_assert_mem_eq(unpacked.output, trace.output, ROWS * sizeof(int32_t));
    ck_assert_int_eq(unpacked.input[ROWS - 1], (ROWS - 1) % 977 + 1);

    const size_t bound = ZSTD_compressBound(used);
    char *const small = malloc(bound);
    const size_t zst = ZSTD_compress(small, bound, text, used, 3);
    ck_assert(!ZSTD_isError(zst));
    ck_assert(cs_trace_read(test_write_bytes("t.csv.zst", small, zst), &arena, &unpacked, &diags,
                            nowhere));
    ck_assert_uint_eq(unpacked.count, ROWS);
    ck_assert_mem_eq(unpacked.arrival_s, trace.arrival_s, ROWS * sizeof(double));
    ck_assert_mem_eq(unpacked.output, trace.output, ROWS * sizeof(int32_t));
    ck_assert(!cs_trace_shares(test_path("t.csv.zst")));
    ck_assert(!cs_trace_read(test_write_bytes("t.csv.zst", small, zst / 2), &arena, &unpacked,
                             &diags, nowhere));
    ck_assert(was_told("the file is damaged or cut off"));
    cs_diags_init(&diags, &arena);
    free(small);

    FILE *const whole = fopen(packed, "rb"); /* cut the compressed file in half */
    static char bytes[1 << 20];
    const size_t size = fread(bytes, 1, sizeof bytes, whole);
    fclose(whole);
    ck_assert_uint_gt(size, 1000);
    ck_assert(!cs_trace_read(test_write_bytes("t.csv.gz", bytes, size / 2), &arena, &unpacked,
                             &diags, nowhere));
    ck_assert(was_told("the file is damaged or cut off"));
    free(text);

    ck_assert(cs_trace_shares(test_write("s.csv", HASHED)));
    ck_assert(cs_trace_shares(test_write("s.csv", "session," HEAD)));
    ck_assert(cs_trace_shares(test_write("s.jsonl", JSON("") JSON(",\"hash_ids\":[7]"))));
    ck_assert(!cs_trace_shares(test_write("s.jsonl", JSON(""))));
    ck_assert(!cs_trace_shares(test_path("none.csv")));

    ck_assert(!cs_trace_read(test_path("models"), &arena, &unpacked, &diags, nowhere));
    ck_assert_int_eq(diags.exit_code, 4);
    ck_assert(!cs_trace_read(test_path("none.csv"), &arena, &unpacked, &diags, nowhere));
    test_folder_close();
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("trace");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, rows_become_arrays);
    tcase_add_test(all, columns_stand_in_any_order);
    tcase_add_test(all, hashes_become_numbers);
    tcase_add_test(all, json_lines);
    tcase_add_loop_test(all, what_is_refused_of_json, 0, sizeof bad_json / sizeof bad_json[0]);
    tcase_add_loop_test(all, what_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(all, all_errors_are_told_up_to_a_hundred);
    tcase_add_test(all, long_and_many_fields_are_refused);
    tcase_add_test(all, files_plain_compressed_and_damaged);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
