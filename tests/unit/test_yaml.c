/* YAML: the tree and its places, the refusals, and edits by --set.
 *
 * Places in the expectations were counted by hand in the texts beside them. Limits are tried at
 * the last value that passes and the first that does not.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec/yaml.h"
#include "folder.h"

static struct cs_arena arena;
static struct cs_diags diags;

static void setup(void)
{
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

static struct cs_node *parse(const char *text)
{
    struct cs_source *const source = cs_arena_alloc(&arena, 1, sizeof *source);
    *source = (struct cs_source){"t.yaml", text, strlen(text)};
    return cs_yaml_parse(source, &arena, &diags);
}

static void expect_node(const struct cs_node *root, const char *path, const char *text, int line,
                        int column, int length)
{
    const struct cs_node *const node = cs_node_find(root, path);
    ck_assert_msg(node, "%s is not there", path);
    ck_assert_str_eq(node->text, text);
    ck_assert_msg(node->span.line == line && node->span.column == column &&
                      node->span.length == length,
                  "%s: %d:%d+%d", path, node->span.line, node->span.column, node->span.length);
}

START_TEST(a_tree_knows_its_places)
{
    const struct cs_node *const root =
        parse("name: chat\r\n"
              "gr\xc3\xb6\xc3\x9f" "e: [3.35 TB/s, {p95: \"60 ms\"}]\r\n"
              "notes: >\n  two\n  lines\n");
    ck_assert_ptr_nonnull(root);
    ck_assert_int_eq(root->kind, CS_NODE_MAP);
    ck_assert_uint_eq(root->count, 3);
    expect_node(root, "name", "chat", 1, 7, 4);
    expect_node(root, "gr\xc3\xb6\xc3\x9f" "e[0]", "3.35 TB/s", 2, 9, 9);
    expect_node(root, "gr\xc3\xb6\xc3\x9f" "e[1].p95", "60 ms", 2, 26, 7);
    ck_assert(!cs_node_find(root, "gr\xc3\xb6\xc3\x9f" "e[1].p95")->plain);
    expect_node(root, "notes", "two lines\n", 3, 8, 1);
    ck_assert_ptr_null(cs_node_find(root, "name.deeper"));
    ck_assert_ptr_null(cs_node_find(root, "name[0]"));
    ck_assert_ptr_null(cs_node_find(root, "nome"));
    ck_assert_ptr_null(cs_node_find(root, "name["));
    ck_assert_ptr_eq(cs_node_find(root, ""), root);
}
END_TEST

START_TEST(nothing_is_told_from_text)
{
    const struct cs_node *const root = parse("a:\nb: ~\nc: null\nd: ''\ne: \"null\"\nf: []\n");
    ck_assert(cs_node_is_null(cs_node_get(root, "a")));
    ck_assert(cs_node_is_null(cs_node_get(root, "b")));
    ck_assert(cs_node_is_null(cs_node_get(root, "c")));
    ck_assert(!cs_node_is_null(cs_node_get(root, "d")));
    ck_assert(!cs_node_is_null(cs_node_get(root, "e")));
    ck_assert_str_eq(cs_node_kind_name(cs_node_get(root, "a")), "nothing");
    ck_assert_str_eq(cs_node_kind_name(cs_node_get(root, "f")), "a list");
    ck_assert_str_eq(cs_node_kind_name(root), "a map");
}
END_TEST

START_TEST(aliases_are_copies)
{
    struct cs_node *const root = parse("a: &x {p95: 1 s}\nb: *x\nc: &x 7\nd: *x\n");
    ck_assert_ptr_nonnull(root);
    expect_node(root, "b.p95", "1 s", 1, 13, 3); /* the anchor's own place */
    expect_node(root, "d", "7", 3, 4, 4); /* the newest of two of a name; "&x" belongs to it */
    ck_assert(cs_node_set(root, "b.p95=2 s", &arena, &diags));
    ck_assert_str_eq(cs_node_find(root, "a.p95")->text, "1 s");
    ck_assert_str_eq(cs_node_find(root, "b.p95")->text, "2 s");
}
END_TEST

static const struct {
    const char *text, *message;
    int line, column;
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", "duplicate key 'a'", 3, 1},
    {"a: [1\n", "not valid YAML: did not find expected ',' or ']'", 2, 1},
    {"a: 'x\n", "not valid YAML: found unexpected end of stream", 1, 4},
    {"a: *b\n", "the alias '*b' names nothing above it", 1, 4},
    {"a: &b [1, *b]\n", "the alias '*b' stands inside what it names", 1, 11},
    {"<<: {a: 1}\n", "merge keys ('<<') are not taken", 1, 1},
    {"? [1, 2]\n: 3\n", "a key must be a name, not a map or a list", 1, 3},
    {"a: &k x\n*k : 2\n", "a key must be a name, not an alias", 2, 1},
    {"a: 1\n---\nb: 2\n", "a second document begins here; a file holds one", 2, 1},
    {"a: \"\\0\"\n", "a NUL character inside text", 1, 4},
    {"a: %\n", "not valid YAML: found character that cannot start any token", 1, 4},
    {"", "the file is empty", 0, 1},
    {"# nothing\n", "the file is empty", 0, 1},
    {"--- \n...\n", NULL, 0, 0}, /* an empty document is nothing, not an error of YAML */
};

START_TEST(what_is_refused)
{
    const struct cs_node *const root = parse(refused[_i].text);
    if (!refused[_i].message) {
        ck_assert(root && cs_node_is_null(root));
        return;
    }
    ck_assert_uint_ge(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, refused[_i].message);
    ck_assert_int_eq(diags.items[0].span.line, refused[_i].line);
    ck_assert_int_eq(diags.items[0].span.column, refused[_i].column);
    ck_assert_int_eq(diags.exit_code, 3);
}
END_TEST

static char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
    const size_t size = strlen(piece);
    char *const text = cs_arena_alloc(&arena, strlen(head) + size * count + strlen(tail) + 1, 1);
    size_t used = strlen(head);
    memcpy(text, head, used);
    for (size_t i = 0; i < count; i++, used += size)
        memcpy(text + used, piece, size);
    memcpy(text + used, tail, strlen(tail));
    return text;
}

START_TEST(depth_and_size_have_a_limit)
{
    const char *const closing = "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
    ck_assert_ptr_nonnull(parse(repeat("", "[", CS_YAML_DEPTH, closing)));
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_ptr_null(parse(repeat("", "[", CS_YAML_DEPTH + 1, closing)));
    ck_assert_str_eq(diags.items[0].message, "nested deeper than 32 levels");
    ck_assert_ptr_nonnull(parse(repeat("[", "x,", CS_YAML_NODES - 1, "]")));
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_ptr_null(parse(repeat("[", "x,", CS_YAML_NODES, "]")));
    ck_assert_str_eq(diags.items[1].message, "the document grows beyond 1000000 values");
    ck_assert_ptr_null(parse("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                             "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
                             "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                             "g: *e\nh: *e\ni: *e\nj: *e\nk: *e\nl: *e\nm: *e\nn: *e\n"));
    ck_assert_str_eq(diags.items[2].message,
                     "the document grows beyond 1000000 values once its aliases are filled in");
}
END_TEST

START_TEST(files_that_are_no_text)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } files[] = {
        {"a: \0b\n", 6, "this is a binary file: byte 4 is NUL"},
        {"\xff\xfe" "a\0:\0", 6, "this is not UTF-8 text: byte 1 is 0xff"},
        {"a: \xc3(\n", 6, "this is not UTF-8 text: byte 4 is 0xc3"},
        {"a: \xed\xa0\x80\n", 7, "this is not UTF-8 text: byte 4 is 0xed"}, /* a surrogate */
        {"a: \xc0\xaf\n", 6, "this is not UTF-8 text: byte 4 is 0xc0"},     /* overlong */
        {"a: \xe2\x82", 5, "this is not UTF-8 text: byte 4 is 0xe2"},       /* cut off */
    };
    test_folder_open();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *const path = test_write_bytes("t.yaml", files[i].bytes, files[i].size);
        ck_assert_ptr_null(cs_yaml_read(path, &arena, &diags, (struct cs_span){.source = NULL}));
        ck_assert_str_eq(diags.items[diags.count - 1].message, files[i].message);
        ck_assert_int_eq(diags.exit_code, 3);
    }
    const char *const marked = test_write("t.yaml", "\xef\xbb\xbfname: x\r\n");
    const struct cs_node *const root =
        cs_yaml_read(marked, &arena, &diags, (struct cs_span){.source = NULL});
    expect_node(root, "name", "x", 1, 7, 1); /* the mark is no column */
    ck_assert_ptr_null(
        cs_yaml_read(test_path("models"), &arena, &diags, (struct cs_span){.source = NULL}));
    ck_assert_str_eq(diags.items[diags.count - 1].message, "cannot be read: it is a directory");
    ck_assert_ptr_null(
        cs_yaml_read(test_path("none.yaml"), &arena, &diags, (struct cs_span){.source = NULL}));
    ck_assert_str_eq(diags.items[diags.count - 1].message,
                     "cannot be read: there is no such file");
    ck_assert_int_eq(diags.exit_code, 4);
    test_folder_close();
}
END_TEST

/* --- edits ----------------------------------------------------------------------------------- */

static const char edited[] = "traffic: {volume: 20M tokens/day}\n"
                             "deploy:\n  - {hardware: a, replicas: 3}\n  - {hardware: b}\n"
                             "cost:\nname: chat\n";

static const struct {
    const char *set, *path, *text;
    int column;
} sets[] = {
    {"traffic.volume=7M tokens/day", "traffic.volume", "7M tokens/day", 16},
    {"deploy.hardware=c", "deploy[0].hardware", "c", 17}, /* each of a list */
    {"deploy.hardware=c", "deploy[1].hardware", "c", 17},
    {"deploy.1.replicas=17", "deploy[1].replicas", "17", 19},
    {"deploy[0].replicas=17", "deploy[0].replicas", "17", 20},
    {"deploy[1]={hardware: z}", "deploy[1].hardware", "z", 22},
    {"slo.ttft.p95=1 s", "slo.ttft.p95", "1 s", 14}, /* maps are made */
    {"cost.prices=article", "cost.prices", "article", 13}, /* also where there was nothing */
    {"deploy.precision=[bf16, fp8]", "deploy[1].precision[1]", "fp8", 25},
    {"name=a=b", "name", "a=b", 6},
    {"name=", "name", "", 5},
    {"name=\"quoted: yes\"", "name", "quoted: yes", 6},
};

START_TEST(what_can_be_set)
{
    struct cs_node *const root = parse(edited);
    ck_assert_msg(cs_node_set(root, sets[_i].set, &arena, &diags), "%s", sets[_i].set);
    const struct cs_node *const node = cs_node_find(root, sets[_i].path);
    ck_assert_ptr_nonnull(node);
    ck_assert_str_eq(node->text, sets[_i].text);
    ck_assert_str_eq(node->span.source->name, "--set");
    ck_assert_str_eq(node->span.source->text, sets[_i].set);
    ck_assert_int_eq(node->span.line, 1);
    ck_assert_int_eq(node->span.column, sets[_i].column);
    ck_assert_str_eq(cs_node_find(root, "traffic.volume")->text,
                     _i == 0 ? "7M tokens/day" : "20M tokens/day");
}
END_TEST

static const struct {
    const char *set, *message;
    int column;
} unset[] = {
    {"traffic", "this sets nothing", 1},
    {"=5", "this sets nothing", 1},
    {"name.first=x", "cannot set 'first': what stands before it is text", 6},
    {"traffic.volume.rate=x", "cannot set 'rate': what stands before it is text", 16},
    {"deploy.7.replicas=2", "there is no item 7: 'deploy.' has 2, counted from 0", 8},
    {"traffic[0]=2", "cannot set '[0]': what stands before it is a map", 8},
    {"name=[1", "not valid YAML: did not find expected ',' or ']'", 0},
    {".=5", "this is no key", 1},
};

START_TEST(what_cannot_be_set)
{
    struct cs_node *const root = parse(edited);
    ck_assert(!cs_node_set(root, unset[_i].set, &arena, &diags));
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].message, unset[_i].message);
    ck_assert_str_eq(diags.items[0].span.source->name, "--set");
    if (unset[_i].column)
        ck_assert_int_eq(diags.items[0].span.column, unset[_i].column);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("yaml");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_tree_knows_its_places);
    tcase_add_test(all, nothing_is_told_from_text);
    tcase_add_test(all, aliases_are_copies);
    tcase_add_loop_test(all, what_is_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(all, depth_and_size_have_a_limit);
    tcase_add_test(all, files_that_are_no_text);
    tcase_add_loop_test(all, what_can_be_set, 0, sizeof sets / sizeof sets[0]);
    tcase_add_loop_test(all, what_cannot_be_set, 0, sizeof unset / sizeof unset[0]);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
