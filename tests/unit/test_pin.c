/* Pinning: trees written as text again, and scenarios that repeat one fleet of another one.
 *
 * A text is right when it reads as the same tree: all sheets and scenarios of the project, and
 * trees that are made to be awkward, go there and back. A pinned scenario is right when it loads
 * as the same option, traffic and changes: every option of every shipped scenario is pinned, with
 * changes drawn at random, and its every field compared. That the run is the same, too, is shown
 * by tests/system/test_record.
 */
#include "base/rng.h"
#include "folder.h"
#include "sheets.h"
#include "spec/pin.h"
#include "spec/yaml.h"
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cs_arena *arena;
static struct cs_diags diags;

static void setup(void)
{
    sheets_open();
    arena = sheets_arena();
    cs_diags_init(&diags, arena);
}

static void teardown(void)
{
    sheets_close();
}

static const struct cs_source *source_of(const char *name, const char *text)
{
    struct cs_source *const source = cs_arena_alloc(arena, 1, sizeof *source);
    *source = (struct cs_source){name, text, strlen(text)};
    return source;
}

static struct cs_node *parse(const char *name, const char *text)
{
    struct cs_node *const root = cs_yaml_parse(source_of(name, text), arena, &diags);
    if (!root)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(root, "%s is not valid:\n%s", name, text);
    return root;
}

/* --- there and back -------------------------------------------------------------------------- */

static bool same(const struct cs_node *a, const struct cs_node *b)
{
    if (a->kind != b->kind || a->count != b->count || cs_node_is_null(a) != cs_node_is_null(b))
        return false;
    if (a->kind == CS_NODE_SCALAR && !cs_node_is_null(a) &&
        (a->length != b->length || memcmp(a->text, b->text, a->length) != 0))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if ((a->keys && !same(a->keys[i], b->keys[i])) || !same(a->items[i], b->items[i]))
            return false;
    return true;
}

static const char *there_and_back(const char *name, const char *text)
{
    const struct cs_node *const root = parse(name, text);
    const char *const written = cs_node_text(root, arena);
    const struct cs_node *const again = parse(name, written);
    ck_assert_msg(same(root, again), "%s reads otherwise:\n%s", name, written);
    ck_assert_str_eq(cs_node_text(again, arena), written);
    return written;
}

START_TEST(a_text_is_laid_out_for_people)
{
    ck_assert_str_eq(there_and_back("t", "a: 1\nb:\n  c: [x, y]\n  d: {e: 60 ms}\n"),
                     "a: 1\nb: {c: [x, y], d: {e: 60 ms}}\n");
    ck_assert_str_eq(
        there_and_back("t", "list: [{say: 'a rather long sentence that takes some room', n: 1},\n"
                            "       {say: 'another long sentence that takes some room', n: 2}]\n"),
        "list:\n"
        "  - {say: \"a rather long sentence that takes some room\", n: 1}\n"
        "  - {say: \"another long sentence that takes some room\", n: 2}\n");
    const char *const long_one = there_and_back(
        "t", "list: [{say: 'a rather long sentence that takes some room', and: [so, it, does],\n"
             "  more: {of: 'the same, beyond the hundred columns', that: 'a line'}}, 2]\n");
    ck_assert_str_eq(long_one,
                     "list:\n"
                     "  - say: \"a rather long sentence that takes some room\"\n"
                     "    and: [so, it, does]\n"
                     "    more: {of: \"the same, beyond the hundred columns\", that: \"a line\"}\n"
                     "  - 2\n");
}
END_TEST

START_TEST(awkward_scalars_survive)
{
    static const char *const texts[] = {
        "a: ''\n",
        "a:\nb: ~\nc: null\nd: 'null'\ne: '~'\n",
        "a: 'x: y'\n",
        "a: 'x #y'\n",
        "a: '- x'\nb: -5\nc: '-'\nd: '?'\n",
        "a: \"two\\nlines\\tand a tab\"\n",
        "a: |\n  a block\n  of lines\nb: >\n  folded\n  text\n",
        "a: \"\\x01\\x7f\\x85\\xa0\\u2028\\u2029\\ufeff\\U0001f600\\uffff\"\n",
        "a: \"quoted \\\"word\\\" and \\\\ back\"\n",
        "a: 'it''s'\n",
        "'a key, with: signs': [1, '2, 3', '[4', '}']\n",
        "\"\\n\": \"\\r\"\n",
        "a: '  blanks  '\nb: 'end '\n",
        "a: '%x'\nb: '@x'\nc: '`x'\nd: '&x'\ne: '*x'\nf: '!x'\ng: '|'\nh: '>'\n",
        "a: gr\xc3\xb6\xc3\x9f"
        "e \xe2\x80\xa6\n",
        "a: '...'\nb: '---'\n",
        "[]\n",
        "{}\n",
        "text alone\n",
        "- 1\n- [2, [3, {a: b}]]\n- {}\n",
        "a: &x {b: [1, 2]}\nc: *x\n",
        "a: 1 - 2 = 3 (four) <five> $6; 7^8\n",
        "a: 12:30:45\nb: 2026-05-01\nc: 1e5\nd: yes\ne: 0x10\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        there_and_back("awkward", texts[i]);
}
END_TEST

static void try_folder(const char *folder, int *tried)
{
    DIR *const open = opendir(folder);
    ck_assert(open);
    for (const struct dirent *one; (one = readdir(open)) != NULL;) {
        const size_t length = strlen(one->d_name);
        if (length < 6 || strcmp(one->d_name + length - 5, ".yaml") != 0)
            continue;
        const struct cs_source *source;
        const char *const path = cs_arena_printf(arena, "%s/%s", folder, one->d_name);
        ck_assert(cs_source_read(path, arena, &diags, (struct cs_span){0}, &source));
        there_and_back(path, source->text);
        ++*tried;
    }
    closedir(open);
}

START_TEST(all_that_the_project_ships_reads_the_same_again)
{
    static const char *const folders[] = {
        "models",  "models/api", "hardware",          "engines",          "hosts",
        "regions", "scenarios",  "scenarios/article", "scenarios/traffic"};
    int tried = 0;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        try_folder(folders[i], &tried);
    ck_assert_int_gt(tried, 100);
}
END_TEST

/* --- pinning --------------------------------------------------------------------------------- */

static const struct cs_scenario *load(const char *path)
{
    const struct cs_scenario *const s = cs_scenario_load(sheets_catalog(), path, NULL, 0, &diags);
    if (!s)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(s, "%s does not load", path);
    return s;
}

static const struct cs_scenario *load_text(const char *path, const char *text)
{
    const struct cs_scenario *const s =
        cs_scenario_of(sheets_catalog(), parse(path, text), path, &diags);
    if (!s)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(s, "%s, pinned, does not load:\n%s", path, text);
    return s;
}

static int64_t any_time(struct cs_rng *rng, double most_s)
{
    return (int64_t)(cs_rng_uniform(rng) * most_s * 1e12);
}

static void draw_changes(struct cs_change *all, size_t count, int replicas, struct cs_rng *rng)
{
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct cs_change){
            .kind = (enum cs_change_kind)(cs_rng_u64(rng) % CS_CHANGE_COUNT),
            .time_ps = i && cs_rng_uniform(rng) < 0.2 ? all[i - 1].time_ps : any_time(rng, 8.64e6),
            .factor = exp(cs_rng_uniform(rng) * log(1e4)) * 0.01,
            .replica = (int)(cs_rng_u64(rng) % (uint64_t)replicas),
            .count = 1 + (int)(cs_rng_u64(rng) % 9),
            .repair_ps = INT64_C(1000000000) + any_time(rng, 8.6e6),
            .router = (enum cs_router)(cs_rng_u64(rng) % CS_ROUTER_COUNT)};
        for (size_t k = i; k > 0 && all[k - 1].time_ps > all[k].time_ps; k--) {
            const struct cs_change later = all[k - 1];
            all[k - 1] = all[k];
            all[k] = later;
        }
    }
}

static void expect_changes(const struct cs_scenario *s, const struct cs_change *all, size_t count)
{
    ck_assert_uint_eq(s->change_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct cs_change *const a = &s->changes[i], *const b = &all[i];
        ck_assert_int_eq(a->kind, b->kind);
        ck_assert_int_eq(a->time_ps, b->time_ps);
        if (b->kind == CS_CHANGE_TRAFFIC)
            ck_assert(a->factor == b->factor);
        if (b->kind == CS_CHANGE_FAIL) {
            ck_assert_int_eq(a->replica, b->replica);
            ck_assert_int_eq(a->repair_ps, b->repair_ps);
        }
        if (b->kind == CS_CHANGE_ADD || b->kind == CS_CHANGE_REMOVE)
            ck_assert_int_eq(a->count, b->count);
        if (b->kind == CS_CHANGE_ROUTER)
            ck_assert_int_eq(a->router, b->router);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_host(const struct cs_host *a, const struct cs_host *b)
{
    return a && b ? same_text(a->name, b->name) && a->memory_bytes == b->memory_bytes &&
                        a->bandwidth_Bps == b->bandwidth_Bps && a->nvme_Bps == b->nvme_Bps
                  : a == b;
}

/* All that a run of the option depends on. */
static void expect_option(const struct cs_option *a, const struct cs_option *b, const char *of)
{
    ck_assert_msg(
        same_text(a->model->name, b->model->name) &&
            a->model->routing.zipf == b->model->routing.zipf &&
            a->model->routing.repeat == b->model->routing.repeat &&
            a->model->routing.follow == b->model->routing.follow &&
            same_text(a->hardware->name, b->hardware->name) &&
            same_text(a->hardware->title, b->hardware->title) &&
            a->hardware->memory_bytes == b->hardware->memory_bytes &&
            a->hardware->bandwidth_Bps == b->hardware->bandwidth_Bps &&
            memcmp(a->hardware->flops, b->hardware->flops, sizeof a->hardware->flops) == 0 &&
            a->hardware->gpu_share == b->hardware->gpu_share &&
            same_text(a->engine->name, b->engine->name) && a->precision == b->precision &&
            a->kv_precision == b->kv_precision && a->pipeline_parallel == b->pipeline_parallel &&
            a->expert_parallel == b->expert_parallel && a->router == b->router &&
            a->experts.policy == b->experts.policy && a->experts.resident == b->experts.resident &&
            a->experts.accuracy == b->experts.accuracy &&
            a->experts.overlap == b->experts.overlap &&
            a->experts.balanced == b->experts.balanced &&
            a->experts.redundant == b->experts.redundant &&
            a->experts.capacity_factor == b->experts.capacity_factor &&
            same_host(a->host, b->host) && a->max_num_seqs == b->max_num_seqs &&
            a->max_num_batched_tokens == b->max_num_batched_tokens &&
            a->block_size == b->block_size && a->context == b->context &&
            a->kv_blocks == b->kv_blocks &&
            a->gpu_memory_utilization == b->gpu_memory_utilization &&
            a->prefix_caching == b->prefix_caching,
        "an option of %s is another one when pinned", of);
}

static void expect_question(const struct cs_scenario *a, const struct cs_scenario *b)
{
    const struct cs_traffic *const x = &a->traffic, *const y = &b->traffic;
    ck_assert_str_eq(a->name, b->name);
    ck_assert(x->kind == y->kind && x->tokens_per_s == y->tokens_per_s &&
              x->requests_per_s == y->requests_per_s && x->joint == y->joint &&
              x->input_share == y->input_share && x->burstiness == y->burstiness &&
              x->top_p == y->top_p && x->prefix.groups == y->prefix.groups &&
              x->prefix.tokens == y->prefix.tokens && x->sessions.turns == y->sessions.turns &&
              x->sessions.think_s == y->sessions.think_s && x->shares == y->shares &&
              x->curve.count == y->curve.count && same_text(x->lengths_name, y->lengths_name) &&
              same_text(x->curve_name, y->curve_name) && same_text(x->trace_path, y->trace_path));
    ck_assert(memcmp(&a->simulate, &b->simulate, sizeof a->simulate) == 0);
    ck_assert(a->slo.window == b->slo.window && a->slo.count == b->slo.count);
    for (size_t i = 0; i < a->slo.count; i++)
        ck_assert(a->slo.limits[i].metric == b->slo.limits[i].metric &&
                  a->slo.limits[i].percentile == b->slo.limits[i].percentile &&
                  a->slo.limits[i].limit_s == b->slo.limits[i].limit_s);
    ck_assert_uint_eq(a->compare_count, b->compare_count);
    ck_assert(a->cost.prices == b->cost.prices || same_text(a->cost.prices, b->cost.prices));
}

static size_t pin_all_options(const char *path, struct cs_rng *rng)
{
    const struct cs_scenario *const s = load(path);
    for (size_t i = 0; i < s->option_count; i++) {
        struct cs_change changes[7];
        const struct cs_option *const o = &s->options[i];
        struct cs_pin pin = {.option = o,
                             .tensor_parallel = o->tensor_parallel ? o->tensor_parallel : 1,
                             .replicas = 2 + (int)i % 5,
                             .changes = changes,
                             .change_count = i % 8};
        draw_changes(changes, pin.change_count, pin.replicas, rng);
        for (int stems = 0; stems < 2; stems++) {
            pin.catalog = stems ? sheets_catalog() : NULL;
            const char *const text = cs_scenario_pin(s, &pin, arena);
            const struct cs_scenario *const again = load_text(path, text);
            ck_assert_uint_eq(again->option_count, 1);
            ck_assert_int_eq(again->options[0].tensor_parallel, pin.tensor_parallel);
            ck_assert_int_eq(again->options[0].replicas, pin.replicas);
            expect_option(&again->options[0], o, path);
            expect_question(again, s);
            expect_changes(again, changes, pin.change_count);
            if (stems)
                continue; /* the name of its engine moves to the engine's place */
            pin.option = &again->options[0];
            pin.changes = again->changes;
            ck_assert_str_eq(cs_scenario_pin(again, &pin, arena), text);
            pin.option = o;
            pin.changes = changes;
        }
    }
    return s->option_count;
}

static size_t pin_folder(const char *folder, struct cs_rng *rng)
{
    size_t options = 0;
    DIR *const open = opendir(folder);
    ck_assert(open);
    for (const struct dirent *one; (one = readdir(open)) != NULL;) {
        const size_t length = strlen(one->d_name);
        if (length > 5 && strcmp(one->d_name + length - 5, ".yaml") == 0)
            options += pin_all_options(cs_arena_printf(arena, "%s/%s", folder, one->d_name), rng);
    }
    closedir(open);
    return options;
}

START_TEST(every_option_of_every_scenario_can_be_pinned)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 20261201, 0, "test/pin");
    ck_assert_uint_gt(pin_folder("scenarios", &rng) + pin_folder("scenarios/article", &rng), 50);
}
END_TEST

/* Keys of deploy in lists, in maps, and in place, and inputs that are not known for sure. */
START_TEST(what_speaks_of_other_options_is_left_out)
{
    const struct cs_scenario *const s = load_text(
        "t.yaml",
        "model: [llama-3.1-8b, mixtral-8x7b]\n"
        "traffic:\n"
        "  rate: {uncertain: {uniform: {min: 2 req/s, max: 6 req/s}}}\n"
        "  lengths: {input: 512 tokens, output: {gamma: {mean: 128 tokens, cv: 0.5}}}\n"
        "deploy:\n"
        "- {hardware: [h100-sxm-80gb, l40s], precision: [bf16, int8], gpus: 4,\n"
        "   tensor_parallel: 2, power_limit: 300 W}\n"
        "- {model: mixtral-8x7b, hardware: rtx-4090, precision: int4, engine: ktransformers,\n"
        "   experts: {policy: lru, resident: 3}, tensor_parallel: 1, replicas: 1,\n"
        "   host: {memory: {capacity: 128 GB, bandwidth: 89.6 GB/s}}}\n"
        "cost: {prices: Lambda, rent: {provider: AWS, spot: 25%}}\n"
        "uncertain: {'deploy[0].power_limit': {uniform: {min: 250 W, max: 350 W}}}\n"
        "changes: [{at: 1 h, fail: 2}, {at: 0.1 s, remove: 1}]\n");
    ck_assert_uint_eq(s->option_count, 9);
    const struct cs_option *const o = &s->options[8];
    const struct cs_pin pin = {.option = o,
                               .tensor_parallel = 1,
                               .replicas = 1,
                               .changes = s->changes,
                               .change_count = s->change_count,
                               .has_seed = true,
                               .seed = 7};
    const char *const text = cs_scenario_pin(s, &pin, arena);
    ck_assert_str_eq(text,
                     "name: t\n"
                     "traffic:\n"
                     "  rate: \"4 req/s\"\n"
                     "  lengths: {input: 512 tokens, "
                     "output: {gamma: {mean: 128 tokens, cv: 0.5}}}\n"
                     "deploy:\n"
                     "  model: mixtral-8x7b\n"
                     "  hardware: rtx-4090\n"
                     "  precision: int4\n"
                     "  engine: ktransformers\n"
                     "  experts: {policy: lru, resident: 3}\n"
                     "  host: {memory: {capacity: 128 GB, bandwidth: 89.6 GB/s}}\n"
                     "  tensor_parallel: 1\n"
                     "  replicas: 1\n"
                     "cost: {rent: {spot: 25%}}\n"
                     "simulate: {seed: 7}\n"
                     "changes: [{at: 0.1 s, remove: 1}]\n");
    const struct cs_scenario *const again = load_text("t.yaml", text);
    expect_option(&again->options[0], o, "t.yaml");
    ck_assert_uint_eq(again->simulate.seed, 7);
    ck_assert_uint_eq(again->uncertain_count, 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("pin");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_text_is_laid_out_for_people);
    tcase_add_test(all, awkward_scalars_survive);
    tcase_add_test(all, all_that_the_project_ships_reads_the_same_again);
    tcase_add_test(all, every_option_of_every_scenario_can_be_pinned);
    tcase_add_test(all, what_speaks_of_other_options_is_left_out);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
