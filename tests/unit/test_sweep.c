/* Sweeps: the points of grids and samples, and rows that know neither threads nor shards.
 *
 * A Latin hypercube of n points has on each axis one value in each of n equal parts. Sobol's
 * sequence, beginning with the origin, has one of its first 2^k points in each interval of length
 * 2^-k on every axis, and in the plane of the first two axes one in each box of that area (they are
 * a (0, 2)-sequence in base 2; Sobol 1967); its first points are known by hand. A sweep leaves out
 * the origin.
 *
 * The toy engine (question.h) carries 2 requests a second a replica at 48 USD a day.
 */
#include "folder.h"
#include "plan/sweep.h"
#include "question.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char question[] =
    "name: toy question\nmodel: toy\n"
    "traffic: {rate: 1.2 req/s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 token}}}\n"
    "slo: {ttft: {p95: 30 s}, window: run}\n"
    "deploy: {hardware: card, engine: toy-1, tensor_parallel: 1}\n"
    "simulate: {requests: 4000, replications: 1}\n";
static const char other_seed[] =
    "name: toy question\nmodel: toy\n"
    "traffic: {rate: 1.2 req/s, lengths: {input: {fixed: 1 token}, output: {fixed: 1 token}}}\n"
    "deploy: {hardware: card, engine: toy-1, tensor_parallel: 1}\nsimulate: {seed: 2}\n";

static struct cs_diags diags;
static struct cs_sweep sweep;

static void setup(void)
{
    question_open();
    cs_diags_init(&diags, question_arena());
}

static void prepare_of(const char *const *axes, size_t count, const char *sampling, int threads,
                       const char *yaml)
{
    struct cs_study *const study = question_study(yaml, threads);
    const bool sound =
        cs_sweep_prepare(&sweep, study, axes, count, sampling, question_arena(), &diags);
    if (!sound)
        cs_diags_print(&diags, stderr);
    ck_assert(sound);
}

static void prepare(const char *const *axes, size_t count, const char *sampling, int threads)
{
    prepare_of(axes, count, sampling, threads, question);
}

static const char *point(size_t p)
{
    const char *values[CS_SWEEP_AXES];
    cs_sweep_values(&sweep, p, question_arena(), values);
    const char *all = "";
    for (int a = 0; a < sweep.axis_count; a++)
        all = cs_arena_printf(question_arena(), "%s%s%s", all, a > 0 ? "|" : "", values[a]);
    return all;
}

START_TEST(a_grid_has_the_first_axis_slowest)
{
    static const char *const axes[] = {"traffic.rate=1 req/s,2 req/s", "deploy.replicas=1..3",
                                       "traffic.burstiness=0.5..1:2"};
    static const char *const points[] = {"1 req/s|1|0.5", "1 req/s|1|1",   "1 req/s|2|0.5",
                                         "1 req/s|2|1",   "1 req/s|3|0.5", "1 req/s|3|1",
                                         "2 req/s|1|0.5", "2 req/s|1|1",   "2 req/s|2|0.5",
                                         "2 req/s|2|1",   "2 req/s|3|0.5", "2 req/s|3|1"};
    prepare(axes, 3, NULL, 1);
    ck_assert_uint_eq(sweep.points, 12);
    ck_assert_int_eq(sweep.sampling, CS_SAMPLING_GRID);
    for (size_t p = 0; p < 12; p++)
        ck_assert_str_eq(point(p), points[p]);
    /* 12 points in shards of 5: 3, 3, 2, 2, 2 */
    static const size_t share[] = {3, 3, 2, 2, 2};
    sweep.shards = 5;
    for (sweep.shard = 0; sweep.shard < 5; sweep.shard++)
        ck_assert_uint_eq(cs_sweep_share(&sweep), share[sweep.shard]);
}
END_TEST

static const char *const sampled[] = {"traffic.rate=1..11 req/s:3", "traffic.burstiness=0.5..2:3",
                                      "deploy.tensor_parallel=1,1,1"};

START_TEST(a_hypercube_has_a_value_in_each_part)
{
    enum { N = 37 };
    prepare(sampled, 3, "lhs:37", 1);
    ck_assert_uint_eq(sweep.points, N);
    double shares[3][N];
    for (int a = 0; a < 3; a++) {
        int taken[N] = {0}, in_order = 0;
        for (int p = 0; p < N; p++) {
            const double u = shares[a][p] = sweep.samples[3 * p + a];
            ck_assert(u >= 0 && u < 1);
            taken[(int)(u * N)]++;
            in_order += (int)(u * N) == p;
        }
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(taken[i], 1);
        ck_assert_int_lt(in_order, 8); /* 1 in the mean of all orders, 8 one time in 10^5 */
    }
    /* each axis has an order of its own: of the parts 1 in the mean is the same */
    int same = 0;
    for (int p = 0; p < N; p++)
        same += (int)(shares[0][p] * N) == (int)(shares[1][p] * N);
    ck_assert_int_lt(same, 8);
    /* values are those of the shares: 1 + 10 u req/s */
    for (size_t p = 0; p < N; p++)
        ck_assert_double_eq_tol(atof(point(p)), 1 + 10 * shares[0][p], 1e-10);
    /* the same again, axis by axis: another axis, or another order of them, moves none */
    static const char *const turned[] = {"traffic.burstiness=0.5..2:3", "traffic.rate=1..11 req/s"};
    prepare(turned, 2, "lhs:37", 1);
    for (int p = 0; p < N; p++) {
        ck_assert_double_eq(sweep.samples[2 * p], shares[1][p]);
        ck_assert_double_eq(sweep.samples[2 * p + 1], shares[0][p]);
    }
    /* another seed, another sample */
    prepare_of(turned, 2, "lhs:37", 1, other_seed);
    int equal = 0;
    for (int p = 0; p < N; p++)
        equal += sweep.samples[2 * p] == shares[1][p];
    ck_assert_int_eq(equal, 0);
}
END_TEST

START_TEST(sobols_sequence)
{
    enum { K = 6, N = 1 << K };
    prepare(sampled, 2, "sobol:63", 1);
    ck_assert_uint_eq(sweep.points, N - 1);
    static const double first[][2] = {{0.5, 0.5},     {0.75, 0.25},   {0.25, 0.75},  {0.375, 0.375},
                                      {0.875, 0.875}, {0.625, 0.125}, {0.125, 0.625}};
    for (int p = 0; p < 7; p++)
        for (int a = 0; a < 2; a++)
            ck_assert_double_eq(sweep.samples[2 * p + a], first[p][a]);
    ck_assert_str_eq(point(1), "8.5 req/s|0.875"); /* 1 + 10 x 0.75, 0.5 + 1.5 x 0.25 */
    for (int i = 0; i <= K; i++) {                 /* boxes of 2^-i by 2^-(K - i) */
        int taken[N] = {1};                        /* the origin */
        for (int p = 0; p < N - 1; p++) {
            const int x = (int)ldexp(sweep.samples[2 * p], i);
            const int y = (int)ldexp(sweep.samples[2 * p + 1], K - i);
            taken[(x << (K - i)) + y]++;
        }
        for (int box = 0; box < N; box++)
            ck_assert_int_eq(taken[box], 1);
    }
    prepare(sampled, 3, "sobol:63", 1); /* on every axis, one in each interval */
    for (int a = 0; a < 3; a++) {
        int taken[N] = {1};
        for (int p = 0; p < N - 1; p++)
            taken[(int)ldexp(sweep.samples[3 * p + a], K)]++;
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(taken[i], 1);
    }
}
END_TEST

static const char *message(const char *const *axes, size_t count, const char *sampling)
{
    cs_diags_init(&diags, question_arena());
    ck_assert(!cs_sweep_prepare(&sweep, question_study(question, 1), axes, count, sampling,
                                question_arena(), &diags));
    ck_assert_uint_ge(diags.errors, 1);
    return diags.items[0].message;
}

START_TEST(what_is_wrong_is_said_before_anything_is_planned)
{
    static const char *const twice[] = {"deploy.replicas=1..3", "deploy.replicas=4"};
    ck_assert_str_eq(message(twice, 2, NULL), "--vary: 'deploy.replicas' is varied twice");
    static const char *const unknown[] = {"deploy.replicas=1,2", "deploy.replica=1,2"};
    ck_assert_str_eq(message(unknown, 2, NULL), "unknown key 'replica' in deploy");
    ck_assert_uint_eq(diags.errors, 2); /* of both values */
    static const char *const range[] = {"deploy.replicas=0..9000000:3"};
    ck_assert_msg(strstr(message(range, 1, NULL), "deploy.replicas is out of range: '0'") ==
                      diags.items[0].message,
                  "%s", diags.items[0].message);
    ck_assert_uint_eq(diags.errors, 2); /* at its ends alone */
    static const char *const wide[] = {"traffic.rate=1..9 req/s:4000",
                                       "traffic.burstiness=1..2:4000"};
    ck_assert_str_eq(message(wide, 2, NULL), "--vary: the grid has more than 10000000 points");
    ck_assert_str_eq(diags.items[0].hint, "sample it: --sample lhs:1000");
    static const char *const samplings[] = {
        "lhs", "lhs:", "lhs:0", "lhs:2x", "latin:7", "sobol:-1", "lhs:10000001", "", "grid:7"};
    for (size_t i = 0; i < sizeof samplings / sizeof samplings[0]; i++)
        ck_assert_str_eq(
            message(sampled, 2, samplings[i]),
            cs_arena_printf(question_arena(), "--sample: '%s' is no sampling", samplings[i]));
    const char *many[CS_SWEEP_AXES + 1];
    for (size_t i = 0; i <= CS_SWEEP_AXES; i++)
        many[i] = cs_arena_printf(question_arena(), "deploy[%zu].replicas=1", i);
    ck_assert_str_eq(message(many, CS_SWEEP_AXES + 1, NULL), "--vary: 17 axes; the most are 16");
}
END_TEST

START_TEST(the_head_tells_sweeps_apart)
{
    static const char *const axes[] = {"traffic.rate=1 req/s,2 req/s", "deploy.replicas=1..3"};
    static const char *const keys[] = {"version",  "scenario", "settings",         "axes",
                                       "sampling", "effort",   "data (sheets and traces)"};
    static const char *const sets[] = {"name=a", "slo.window=run"};
    size_t count;
    prepare(axes, 2, NULL, 1);
    const struct cs_store_head *head = cs_sweep_head(&sweep, sets, 2, question_arena(), &count);
    ck_assert_uint_eq(count, 7);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(head[i].key, keys[i]);
    ck_assert_str_eq(head[1].value, question);
    ck_assert_str_eq(head[2].value, "name=a\nslo.window=run\n");
    ck_assert_str_eq(head[3].value, "traffic.rate=1 req/s,2 req/s\ndeploy.replicas=1..3\n");
    ck_assert_str_eq(head[4].value, "grid:6");
    ck_assert_str_eq(head[5].value, "full");
    prepare(axes, 2, "lhs:6", 1);
    sweep.effort = CS_EFFORT_SKETCH;
    head = cs_sweep_head(&sweep, NULL, 0, question_arena(), &count);
    ck_assert_str_eq(head[2].value, "");
    ck_assert_str_eq(head[4].value, "lhs:6");
    ck_assert_str_eq(head[5].value, "sketch");
}
END_TEST

/* What the sweep's sheets and traces hold, as one number. */
static const char *held(const char *yaml, int threads)
{
    static const char *const axes[] = {"deploy.max_num_seqs=1,2"};
    size_t count;
    prepare_of(axes, 1, NULL, threads, yaml);
    return cs_sweep_head(&sweep, NULL, 0, question_arena(), &count)[6].value;
}

/* It changes with a sheet that is read, or a trace, and with neither threads nor sheets that are
 * not. */
START_TEST(the_head_knows_sheets_and_traces)
{
    static const char replayed[] = "name: q\nmodel: toy\ndeploy: {hardware: card, engine: toy-1}\n"
                                   "traffic: {trace: a.csv}\n";
    static const char card[] = "name: card\nmemory: {capacity: 1 GB, bandwidth: %d TB/s}\n"
                               "compute: {bf16: 1000000 TFLOP/s}\n"
                               "sources: {memory: made up, compute: made up}\n";
    const char *const first = held(question, 1);
    ck_assert_str_eq(held(question, 4), first);
    test_write("hardware/other.yaml", "name: other\n");
    ck_assert_str_eq(held(question, 1), first);
    test_write("scenarios/a.csv", "arrival_s,input_tokens,output_tokens\n1,2,3\n");
    const char *const trace = held(replayed, 1);
    ck_assert_str_ne(trace, first);
    test_write("scenarios/a.csv", "arrival_s,input_tokens,output_tokens\n1,2,4\n");
    ck_assert_str_ne(held(replayed, 1), trace);
    test_write("scenarios/a.csv", "arrival_s,input_tokens,output_tokens\n1,2,3\n");
    ck_assert_str_eq(held(replayed, 1), trace);
    test_write("hardware/card.yaml", cs_arena_printf(question_arena(), card, 998));
    const char *const second = held(question, 1);
    ck_assert_str_ne(second, first);
    test_write("hardware/card.yaml", cs_arena_printf(question_arena(), card, 999));
    ck_assert_str_ne(held(question, 1), second);
    test_write("hardware/card.yaml", cs_arena_printf(question_arena(), card, 998));
    ck_assert_str_eq(held(question, 1), second);
}
END_TEST

/* --- planning -------------------------------------------------------------------------------- */

static int planned;

static char *copy(const char *text)
{
    char *const own = malloc(strlen(text) + 1);
    ck_assert_ptr_nonnull(own);
    return strcpy(own, text);
}

static char *print_values(const struct cs_sweep *s, const char *const *values)
{
    char text[80];
    ck_assert_ptr_eq(s, &sweep);
    planned++; /* by the calling thread */
    snprintf(text, sizeof text, "%s, %s", values[0], values[1]);
    return copy(text);
}

static char *print_answer(const struct cs_answer *answer, const struct cs_diags *errors)
{
    char text[120];
    if (answer == NULL)
        return copy(errors->items[0].message);
    if (answer->best < 0)
        return copy("none will do");
    snprintf(text, sizeof text, "%.17g USD, %.17g s", answer->options[0].cost.usd_per_day,
             answer->options[0].latency[CS_METRIC_TTFT].stat[CS_STAT_P95].value);
    return copy(text);
}
static const struct cs_sweep_print print = {print_values, print_answer};

static void add_row(void *user, size_t p, const char *values, const char *answer)
{
    const char **all = user;
    *all = cs_arena_printf(question_arena(), "%s%zu: %s -> %s\n", *all, p, values, answer);
}

static const char *rows(struct cs_store *store)
{
    const char *all = "";
    cs_store_each(store, add_row, &all);
    return all;
}

static struct cs_store *in_memory(void)
{
    size_t count;
    const struct cs_store_head *const head =
        cs_sweep_head(&sweep, NULL, 0, question_arena(), &count);
    struct cs_store *const s =
        cs_store_open(NULL, false, head, count, sweep.points, question_arena(), &diags);
    ck_assert_ptr_nonnull(s);
    return s;
}

/* Rates of 1, 3 and 5 requests a second need one, two and three replicas, or 48, 96 and 144 USD a
 * day; two GPUs a replica will not do, for cards without a link. On 1, 2 and 4 threads; in three
 * shards, one after another into one store; and after some points were there already, which are not
 * planned again. */
START_TEST(rows_know_neither_threads_nor_shards)
{
    static const char *const axes[] = {"traffic.rate=1 req/s,3 req/s,5 req/s",
                                       "deploy.tensor_parallel=1,2"};
    const char *expected = NULL;
    for (int threads = 1; threads <= 4; threads *= 2) {
        prepare(axes, 2, NULL, threads);
        sweep.effort = CS_EFFORT_SKETCH;
        struct cs_store *const s = in_memory();
        planned = 0;
        ck_assert(cs_sweep_run(&sweep, s, &print, &diags));
        ck_assert_int_eq(planned, 6);
        const char *const got = rows(s);
        if (expected == NULL)
            expected = got;
        ck_assert_str_eq(got, expected);
        cs_store_close(s);
    }
    static const char *const begins[] = {"0: 1 req/s, 1 -> 48 USD, ", "\n2: 3 req/s, 1 -> 96 USD, ",
                                         "\n4: 5 req/s, 1 -> 144 USD, ",
                                         "\n1: 1 req/s, 2 -> none will do\n"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        ck_assert_msg(strstr(expected, begins[i]) != NULL, "%s", expected);
    struct cs_store *const s = in_memory();
    ck_assert(cs_store_put(s, 4, "was", "there", &diags));
    sweep.shards = 3;
    for (sweep.shard = 0; sweep.shard < 3; sweep.shard++) { /* 0 and 3; 1 (4 is there); 2 and 5 */
        planned = 0;
        ck_assert(cs_sweep_run(&sweep, s, &print, &diags));
        ck_assert_int_eq(planned, sweep.shard == 1 ? 1 : 2);
    }
    ck_assert_uint_eq(cs_store_count(s), 6);
    ck_assert_ptr_nonnull(strstr(rows(s), "\n4: was -> there\n"));
    planned = 0;
    sweep.shards = 1;
    sweep.shard = 0;
    ck_assert(cs_sweep_run(&sweep, s, &print, &diags)); /* nothing is left */
    ck_assert_int_eq(planned, 0);
    cs_store_close(s);
}
END_TEST

START_TEST(a_point_that_is_no_sound_scenario_says_so)
{
    static const char *const axes[] = {"deploy.tensor_parallel=1,2", "deploy.gpus=2,3"};
    prepare(axes, 2, NULL, 2);
    sweep.effort = CS_EFFORT_SKETCH;
    struct cs_store *const s = in_memory();
    ck_assert(cs_sweep_run(&sweep, s, &print, &diags));
    const char *const got = rows(s);
    ck_assert_msg(strstr(got, "3: 2, 3 -> deploy.gpus is 3, no multiple of ") != NULL, "%s", got);
    ck_assert_msg(strstr(got, "1: 1, 3 -> 144 USD, ") != NULL, "%s", got);
    cs_store_close(s);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("sweep");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, question_close);
    tcase_add_test(all, a_grid_has_the_first_axis_slowest);
    tcase_add_test(all, a_hypercube_has_a_value_in_each_part);
    tcase_add_test(all, sobols_sequence);
    tcase_add_test(all, what_is_wrong_is_said_before_anything_is_planned);
    tcase_add_test(all, the_head_tells_sweeps_apart);
    tcase_add_test(all, the_head_knows_sheets_and_traces);
    tcase_add_test(all, rows_know_neither_threads_nor_shards);
    tcase_add_test(all, a_point_that_is_no_sound_scenario_says_so);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
