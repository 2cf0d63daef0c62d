/* Trace events: what the format asks for, and what of the run they say.
 *
 * `check_trace` reads a file as a viewer would: it keeps a stack of open spans for every request,
 * so an end without its begin, or out of order, shows; parts of a retried one follow one another;
 * counts who runs and waits from the spans alone and holds each counter against that; and takes
 * latencies again from the times of the spans. With files on the command line the program checks
 * those and nothing else, which is how tests/system/test_trace uses it.
 *
 * The looks of a timeline come from cs_cluster_snapshot, the log from the requests: who is inside a
 * replica at a look must be the same by both.
 */
#include "folder.h"
#include "out/traceevents.h"
#include "question.h"
#include <cJSON.h>
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { REPLICAS_MOST = 64, DEPTH = 4 };

struct open_spans { /* of one request; its parts follow one another */
    const char *names[DEPTH];
    double begins[DEPTH], first; /* first: of its first part */
    int depth, preempted, part;  /* part: that was begun last, from 1 */
    const cJSON *arguments;
};

static char wrong[256];
__attribute__((format(printf, 1, 2))) static bool differs(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(wrong, sizeof wrong, format, arguments);
    va_end(arguments);
    return false;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *const n = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(n) ? n->valuedouble : NAN;
}

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *const s = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(s) ? s->valuestring : "";
}

/* A latency in ms that a request's arguments claim, against the time between two events in us: both
 * are cut, to a nanosecond and a microsecond. */
static bool claims(const cJSON *arguments, const char *name, double us)
{
    return fabs(number(arguments, name) - us / 1e3) < 0.0021;
}

static bool end_span(struct open_spans *s, const char *name, double ts, bool clipped)
{
    if (s->depth == 0 || strcmp(s->names[s->depth - 1], name) != 0)
        return differs("'%s' ends at %.3f without having begun last", name, ts);
    s->depth--;
    if (strcmp(name, "request") == 0)
        s->begins[DEPTH - 1] = ts; /* where the next part begins */
    const bool retried = number(s->arguments, "retries") > 0;
    const double begin = s->first;
    if (clipped) /* it began before time 0, where it is shown to begin */
        return true;
    if (retried && (strcmp(name, "request") != 0 || s->part < number(s->arguments, "retries") + 1))
        return true; /* latencies are those of all parts together */
    if (strcmp(name, "queue") == 0 && !claims(s->arguments, "queue_ms", ts - begin))
        return differs("a queue of %.3f us is not what queue_ms says", ts - begin);
    if (strcmp(name, "prefill") == 0 && !claims(s->arguments, "ttft_ms", ts - begin))
        return differs("a first token after %.3f us is not what ttft_ms says", ts - begin);
    if (strcmp(name, "request") == 0 && !claims(s->arguments, "e2e_ms", ts - begin))
        return differs("an end after %.3f us is not what e2e_ms says", ts - begin);
    if (strcmp(name, "request") == 0 && number(s->arguments, "preemptions") != s->preempted)
        return differs("%d preemptions shown, %g told", s->preempted,
                       number(s->arguments, "preemptions"));
    return true;
}

static bool begin_span(struct open_spans *s, const char *name, double ts, const cJSON *event)
{
    static const char *const inside[][2] = {{"request", ""},          {"queue", "request"},
                                            {"prefill", "request"},   {"decode", "request"},
                                            {"preempted", "prefill"}, {"preempted", "decode"}};
    const char *const around = s->depth ? s->names[s->depth - 1] : "";
    bool allowed = false;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        allowed |= strcmp(inside[i][0], name) == 0 && strcmp(inside[i][1], around) == 0;
    if (!allowed || s->depth == DEPTH)
        return differs("'%s' begins within '%s' at %.3f", name, around, ts);
    if (s->depth == 0) {
        const char *const dot = strchr(text(event, "id"), '.');
        const int part = dot != NULL ? (int)strtol(dot + 1, NULL, 10) : 1;
        if (part != s->part + 1)
            return differs("part %d of a request after part %d at %.3f", part, s->part, ts);
        if (part > 1 && ts != s->begins[DEPTH - 1])
            return differs("a part at %.3f does not follow the one before at %.3f", ts,
                           s->begins[DEPTH - 1]);
        s->part = part;
        s->arguments = cJSON_GetObjectItemCaseSensitive(event, "args");
        s->first = part == 1 ? ts : s->first;
        if (part > 1 && number(s->arguments, "part") != part)
            return differs("part %d calls itself %g", part, number(s->arguments, "part"));
    }
    s->preempted += strcmp(name, "preempted") == 0;
    s->names[s->depth] = name;
    s->begins[s->depth++] = ts;
    return true;
}

static void count(const char *name, bool end, int *running, int *waiting)
{
    if (strcmp(name, "request") == 0) {
        *waiting += !end;
        *running -= end;
    } else if (strcmp(name, "queue") == 0 ? end : strcmp(name, "preempted") == 0) {
        *running += end ? 1 : -1;
        *waiting -= end ? 1 : -1;
    }
}

/* Fills how many spans and counters there were. */
static bool check_trace(const char *json, size_t *spans, size_t *counters)
{
    cJSON *const root = cJSON_Parse(json);
    if (!root)
        return differs("not JSON");
    const cJSON *const events = cJSON_GetObjectItemCaseSensitive(root, "traceEvents"), *e;
    if (!cJSON_IsArray(events) ||
        !*text(cJSON_GetObjectItemCaseSensitive(root, "otherData"), "scenario"))
        return differs("no traceEvents, or not of a scenario");
    size_t ids = 1;
    cJSON_ArrayForEach(e, events) if (*text(e, "id") && strtoul(text(e, "id"), NULL, 10) >= ids)
        ids = strtoul(text(e, "id"), NULL, 10) + 1;
    struct open_spans *const open = calloc(ids, sizeof *open);
    int running[REPLICAS_MOST] = {0}, waiting[REPLICAS_MOST] = {0};
    bool named[REPLICAS_MOST] = {false}, sound = true;
    double last = 0;
    *spans = *counters = 0;
    cJSON_ArrayForEach(e, events)
    {
        const char *const name = text(e, "name"), *const phase = text(e, "ph");
        const double ts = number(e, "ts"), pid = number(e, "pid");
        const cJSON *const arguments = cJSON_GetObjectItemCaseSensitive(e, "args");
        if (!*name || strlen(phase) != 1 || !(pid >= 1 && pid < REPLICAS_MOST) ||
            isnan(number(e, "tid")))
            sound = differs("an event without name, phase, process or thread");
        const int p = (int)pid;
        if (sound && *phase == 'M') {
            named[p] |= strcmp(name, "process_name") == 0 && *text(arguments, "name");
            continue;
        }
        if (sound && (!(ts >= last) || !named[p]))
            sound = differs("time %.3f after %.3f, or a process without a name", ts, last);
        last = ts;
        if (sound && (*phase == 'b' || *phase == 'e')) {
            struct open_spans *const s = &open[strtoul(text(e, "id"), NULL, 10)];
            const bool clipped = s->depth && s->first == 0;
            sound = strcmp(text(e, "cat"), "request") == 0 && *text(e, "id") &&
                    (*phase == 'b' ? begin_span(s, name, ts, e) : end_span(s, name, ts, clipped));
            count(name, *phase == 'e', &running[p], &waiting[p]);
            ++*spans;
        } else if (sound && *phase == 'C') {
            const double percent = number(arguments, "percent");
            if (strcmp(name, "KV cache") == 0
                    ? !(percent >= 0 && percent <= 100)
                    : strcmp(name, "requests") != 0 || number(arguments, "running") != running[p] ||
                          number(arguments, "waiting") != waiting[p])
                sound = differs("counter '%s' at %.3f: spans have %d running, %d waiting", name, ts,
                                running[p], waiting[p]);
            ++*counters;
        } else if (sound && *phase != 'i') {
            sound = differs("phase '%s'", phase);
        }
        if (!sound)
            break;
    }
    for (size_t i = 0; sound && i < ids; i++)
        if (open[i].depth)
            sound = differs("'%s' of %zu never ends", open[i].names[open[i].depth - 1], i);
        else if (open[i].part > 1 && open[i].part != number(open[i].arguments, "retries") + 1)
            sound = differs("%zu has %d parts", i, open[i].part);
    free(open);
    cJSON_Delete(root);
    return sound;
}

static char *read_all(FILE *file)
{
    char *bytes = NULL;
    size_t size = 0, capacity = 0;
    do {
        capacity = capacity ? 2 * capacity : 4096;
        bytes = realloc(bytes, capacity);
        if (!bytes)
            abort();
        size += fread(bytes + size, 1, capacity - 1 - size, file);
    } while (size == capacity - 1);
    bytes[size] = '\0';
    return bytes;
}

static int check_files(int count_of, char **paths)
{
    int failed = 0;
    for (int i = 0; i < count_of; i++) {
        FILE *const file = fopen(paths[i], "r");
        size_t spans = 0, counters = 0;
        char *const bytes = file ? read_all(file) : NULL;
        const bool sound = bytes && check_trace(bytes, &spans, &counters);
        if (file)
            fclose(file);
        free(bytes);
        if (sound)
            printf("%zu spans, %zu counters\n", spans, counters);
        else
            printf("%s: %s\n", paths[i], bytes ? wrong : "cannot be read");
        failed += !sound;
    }
    return failed > 0;
}

/* --- a run of the toy: one request at a time, each 500 ms ------------------------------------- */

static const struct cs_answer *answer;
static struct cs_request_log log_of_it;

static void set_up(void)
{
    question_open();
    const struct cs_study *const study =
        question_study("model: toy\ntraffic: {rate: 3 req/s, lengths: {input: 1 tokens, output: 1 "
                       "tokens}, curve: flat}\n"
                       "deploy: {hardware: card, precision: bf16, engine: toy-1, "
                       "tensor_parallel: 1, replicas: 2}\n"
                       "slo: {ttft: {p95: 1 s}}\nsimulate: {days: 0.1, replications: 1}\n",
                       1);
    struct cs_diags diags;
    cs_diags_init(&diags, question_arena());
    const struct cs_plan_settings settings = {.threads = 1};
    answer = cs_plan_run(study->scenario, question_arena(), &settings, &diags);
    ck_assert(answer->options[0].simulated);
    log_of_it = (struct cs_request_log){.arena = question_arena()};
    cs_plan_log(answer, 0, &log_of_it);
}

static char *printed(const struct cs_timeline *t, size_t *shown)
{
    FILE *const file = tmpfile();
    ck_assert_ptr_nonnull(file);
    *shown = cs_traceevents_print(t, file);
    rewind(file);
    char *const json = read_all(file);
    fclose(file);
    return json;
}

START_TEST(events_are_those_of_the_log)
{
    struct cs_timeline t;
    size_t spans, counters, shown;
    cs_timeline_make(&t, answer, 0, 1234.5, 60, question_arena());
    ck_assert_int_eq(t.replicas, 2);
    ck_assert_int_eq(t.from_ps, INT64_C(1234500000000000));
    ck_assert_int_eq(t.to_ps - t.from_ps, INT64_C(60000000000000));
    ck_assert_int_eq(t.step_ps, INT64_C(100000000000)); /* 60 s / 600 */
    ck_assert_uint_eq(t.sample_count, 601);
    char *const json = printed(&t, &shown);
    ck_assert_msg(check_trace(json, &spans, &counters), "%s", wrong);
    size_t inside = 0;
    for (size_t i = 0; i < log_of_it.count; i++)
        inside += log_of_it.rows[i].arrival_ps <= t.to_ps && log_of_it.rows[i].done_ps >= t.from_ps;
    ck_assert_uint_eq(shown, inside);
    ck_assert_uint_eq(spans, 6 * inside); /* one-token answers: no decode */
    ck_assert_uint_gt(counters, 2 * 601 + inside);
    ck_assert_uint_gt(inside, 100); /* 180 are due, some seven sigma */
    free(json);
}
END_TEST

START_TEST(looks_and_log_agree)
{
    struct cs_timeline t;
    cs_timeline_make(&t, answer, 0, 77, 100, question_arena());
    for (size_t k = 0; k < t.sample_count; k++)
        for (int r = 0; r < t.replicas; r++) {
            const struct cs_snapshot *const look = &t.samples[k * (size_t)t.replicas + (size_t)r];
            const int64_t at = t.from_ps + (int64_t)k * t.step_ps;
            int inside = 0;
            ck_assert_int_eq(look->time_ps, at);
            for (size_t i = 0; i < log_of_it.count; i++)
                inside += log_of_it.rows[i].replica == r && log_of_it.rows[i].arrival_ps <= at &&
                          log_of_it.rows[i].done_ps > at;
            ck_assert_int_eq(look->running + look->waiting, inside);
        }
}
END_TEST

START_TEST(the_worst_request_is_found)
{
    struct cs_timeline t;
    const struct cs_worst_window *const w = &answer->options[0].worst;
    cs_timeline_make(&t, answer, 0, NAN, NAN, question_arena());
    ck_assert_int_eq(t.to_ps - t.from_ps, INT64_C(600000000000000)); /* 3/s: 1800 in ten minutes */
    int64_t longest = 0;
    size_t worst = 0;
    for (size_t i = 0; i < log_of_it.count; i++) {
        const struct cs_request_record *const r = &log_of_it.rows[i];
        const double from = 1e-12 * (double)r->arrival_ps - w->start_s;
        if (from >= 0 && from < w->length_s && r->first_token_ps - r->arrival_ps > longest) {
            longest = r->first_token_ps - r->arrival_ps;
            worst = i;
        }
    }
    ck_assert_int_gt(log_of_it.rows[worst].arrival_ps, t.from_ps);
    ck_assert_int_lt(log_of_it.rows[worst].done_ps, t.to_ps);
}
END_TEST

START_TEST(a_checker_that_can_fail)
{
    struct cs_timeline t;
    size_t spans, counters, shown;
    cs_timeline_make(&t, answer, 0, 5, 20, question_arena());
    char *const json = printed(&t, &shown);
    static const struct {
        const char *old, *new;
    } changes[] = {{"\"ph\":\"e\"", "\"ph\":\"b\""},
                   {"\"running\":1", "\"running\":2"},
                   {"\"queue_ms\":", "\"queue_ms\":7"},
                   {"\"ts\":", "\"ts\":-"},
                   {"\"name\":\"prefill\"", "\"name\":\"decode_\""},
                   {"\"percent\":0", "\"percent\":101"}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *const at = strstr(json, changes[i].old);
        ck_assert_ptr_nonnull(at);
        const size_t head = (size_t)(at - json), old = strlen(changes[i].old);
        char *const changed = malloc(strlen(json) + 32);
        ck_assert_ptr_nonnull(changed);
        memcpy(changed, json, head);
        strcpy(changed + head, changes[i].new);
        strcat(changed, at + old);
        ck_assert_msg(!check_trace(changed, &spans, &counters), "%s passes", changes[i].new);
        free(changed);
    }
    free(json);
}
END_TEST

/* 2.3 requests a second come to a replica that serves 2: within hours the queue is hours long, and
 * still nobody who is inside at the start of the span is missing from the log. */
START_TEST(long_queues_are_logged_whole)
{
    struct cs_timeline t;
    const struct cs_study *const study =
        question_study("model: toy\ntraffic: {rate: 2.3 req/s, lengths: {input: 1 tokens, output: "
                       "1 tokens}, curve: flat}\n"
                       "deploy: {hardware: card, precision: bf16, engine: toy-1, "
                       "tensor_parallel: 1, replicas: 1}\n"
                       "slo: {ttft: {p95: 1 s}}\n"
                       "simulate: {requests: 100000, replications: 1}\n",
                       1);
    struct cs_diags diags;
    cs_diags_init(&diags, question_arena());
    const struct cs_plan_settings settings = {.threads = 1};
    struct cs_answer *const a = (struct cs_answer *)(uintptr_t)cs_plan_run(
        study->scenario, question_arena(), &settings, &diags);
    a->fleet_share = 1;
    cs_timeline_make(&t, a, 0, 9 * 3600, 10, question_arena());
    int inside = 0;
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < t.log.count; i++) {
        const bool is = t.log.rows[i].arrival_ps <= t.from_ps && t.log.rows[i].done_ps > t.from_ps;
        oldest = is && t.log.rows[i].arrival_ps < oldest ? t.log.rows[i].arrival_ps : oldest;
        inside += is;
    }
    ck_assert_int_eq(t.samples[0].waiting + t.samples[0].running, inside);
    /* 0.3 / s more come than go, for 10 h with the warm-up: 10800 wait, for 5400 s */
    ck_assert_int_gt(inside, 9000);
    ck_assert_int_lt(oldest, t.from_ps - INT64_C(3600000000000000));
}
END_TEST

/* --- times by name ---------------------------------------------------------------------------- */

START_TEST(times_by_name)
{
    struct cs_scenario weekly = {.traffic = {.curve = {.starts_monday = true}},
                                 .simulate = {.days = 7}};
    static const struct {
        const char *text;
        double seconds; /* -1: none */
    } cases[] = {{"Mon 00:00", 0},
                 {"Tue 15:00", 86400 + 54000},
                 {"Sun 23:59:59", 604799},
                 {"Wed 7", 2 * 86400 + 25200},
                 {"day 2 01:30", 86400 + 5400},
                 {"hour 49", 49 * 3600},
                 {"90 min", 5400},
                 {"0 s", 0},
                 {"6.5 h", 23400},
                 {"tue 15:00", -1},
                 {"Tue 24:00", -1},
                 {"Tue 15:60", -1},
                 {"Tue 15:00 ", -1},
                 {"day 0 01:00", -1},
                 {"hour", -1},
                 {"hour 168", -1},
                 {"8 days", -1},
                 {"", -1},
                 {"15", -1},
                 {"-3 min", -1},
                 {"1e300 s", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double at = NAN;
        const bool is = cs_replay_when(&weekly, cases[i].text, &at);
        ck_assert_msg(is == (cases[i].seconds >= 0), "'%s'", cases[i].text);
        if (is)
            ck_assert_double_eq(at, cases[i].seconds);
    }
    double at;
    weekly.traffic.curve.starts_monday = false;
    ck_assert(!cs_replay_when(&weekly, "Tue 15:00", &at));
    weekly.simulate.requests = 1000; /* nobody knows when the last of them comes */
    ck_assert(cs_replay_when(&weekly, "hour 168", &at));
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        return check_files(argc - 1, argv + 1);
    Suite *const suite = suite_create("traceevents");
    TCase *const toy = tcase_create("toy");
    tcase_add_unchecked_fixture(toy, set_up, question_close);
    tcase_add_test(toy, events_are_those_of_the_log);
    tcase_add_test(toy, looks_and_log_agree);
    tcase_add_test(toy, the_worst_request_is_found);
    tcase_add_test(toy, a_checker_that_can_fail);
    tcase_add_test(toy, long_queues_are_logged_whole);
    suite_add_tcase(suite, toy);
    TCase *const times = tcase_create("times");
    tcase_add_test(times, times_by_name);
    suite_add_tcase(suite, times);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
