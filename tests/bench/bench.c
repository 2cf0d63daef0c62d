/* Speed and memory of the simulator, as JSON on stdout.
 *
 * Every figure is measured on the product's own path: a scenario file, the catalogue, the sealed
 * option, the cluster with all of the report's metrics on (hourly windows, four latency metrics,
 * waits, SLO limits). "generate" draws the same requests and throws them away: what is left of the
 * ratio is the price of simulating them. Rates are requests per second of processor time of one
 * thread, so that other programs on the machine disturb them less; generate and simulate take
 * turns, and the medians of five turns are printed.
 *
 * The highest stable rate is found here, by bisection: a rate is stable when, after 300,000
 * requests, the queue drains within 30 s of the last arrival.
 * Peak memory is the resident set of a process of its own for each size.
 *
 * "prefix" runs traffic whose prompts share something twice, at one rate, through an engine that
 * caches prefixes and one that does not: the ratio is the price of the cache. "validate" simulates
 * what the tests ship of measured runs and tables.
 *
 * "studies" asks many plans at once. The sweep is a grid of fleets (sizes, replicas, limits of
 * batches) of the standard scenario with 10,000 requests each, by one thread and by two in turn:
 * configurations a second by the wall clock, and the ratio of the two. The crossover is the
 * standard scenario's, with both intervals and what-ifs.
 *
 * "view" draws frames of the window, where it is built (bench_view.c).
 *
 * Usage: bench [--quick] [part ...] from the repository root; parts: rates long fleets prefix
 * memory plan studies validate view.
 */
#include "bench_view.h"
#include "fit/read_rows.h"
#include "fit/read_runs.h"
#include "fit/validate.h"
#include "plan/candidate.h"
#include "plan/crossover.h"
#include "plan/plan.h"
#include "spec/catalog.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 5, SETS_MOST = 12 };
static int64_t requests_per_turn = 2000000;

static double clock_s(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct bench { /* a scenario compiled for running */
    struct cs_arena arena;
    struct cs_question question;
    struct cs_candidate candidate;
    int replicas;
};

static const struct cs_scenario *load(struct cs_arena *arena, const char *path,
                                      const char *const *sets, size_t count)
{
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    struct cs_catalog *catalog = cs_catalog_open(arena, "build/release/capsim");
    const struct cs_scenario *s = cs_scenario_load(catalog, path, sets, count, &diags);
    if (s == NULL) {
        cs_diags_print(&diags, stderr);
        exit(3);
    }
    return s;
}

/* With `more` settings of the scenario, up to the first NULL. */
static void open_bench_with(struct bench *b, double rate, double input, int replicas,
                            int64_t requests, const char *const *more)
{
    cs_arena_init(&b->arena);
    const char *sets[SETS_MOST] = {
        cs_arena_printf(&b->arena, "traffic.rate=%.9g req/s", rate),
        cs_arena_printf(&b->arena, "traffic.lengths.input.lognormal.mean=%g tokens", input),
        cs_arena_printf(&b->arena, "deploy.replicas=%d", replicas),
        cs_arena_printf(&b->arena, "simulate.requests=%lld", (long long)requests),
    };
    size_t count = 4;
    while (*more != NULL && count < SETS_MOST)
        sets[count++] = *more++;
    const struct cs_scenario *s = load(&b->arena, "tests/bench/replica.yaml", sets, count);
    cs_question_prepare(&b->question, s, NULL);
    b->question.run.detect_unstable = false;
    cs_candidate_compile(&b->candidate, &s->options[0], 1, &b->question, &b->arena);
    b->replicas = replicas;
}

static void open_bench(struct bench *b, double rate, double input, int replicas, int64_t requests)
{
    open_bench_with(b, rate, input, replicas, requests, (const char *const[]){NULL});
}

static int64_t generate(const struct bench *b)
{
    struct cs_workload w;
    cs_workload_init(&w, &b->question.workload, 1, 0, NULL);
    struct cs_arrival a;
    int64_t n = 0, tokens = 0;
    while (cs_workload_next(&w, &a)) {
        n++;
        tokens += a.input + a.output;
    }
    return tokens > 0 ? n : 0;
}

/* One run; returns the requests simulated. *drain_s: from the last arrival to the end, INFINITY
 * when the run was stopped as overloaded. */
static int64_t simulate(const struct bench *b, double *drain_s)
{
    struct cs_trial trial = {
        .candidate = &b->candidate, .replicas = b->replicas, .kind = CS_TRIAL_WEEK};
    cs_trial_run(&trial, &b->question, NULL);
    const struct cs_result *r = trial.result;
    const bool ended = r->outcome == CS_OUTCOME_DONE;
    if (drain_s == NULL && !ended) {
        fputs("bench: a run was stopped early as overloaded; its speed says nothing\n", stderr);
        exit(1);
    }
    if (drain_s != NULL && !ended)
        *drain_s = INFINITY;
    else if (drain_s != NULL)
        *drain_s = 1e-12 * (double)r->stopped_ps -
                   (double)b->question.workload.max_requests / b->question.workload.requests_per_s;
    const int64_t n = (int64_t)r->all_arrived;
    cs_trial_drop(&trial);
    return n;
}

static double highest_stable_rate(double input)
{
    double low = 0.0, high = 0.0;
    struct bench probe;
    open_bench(&probe, 1.0, input, 1, 1000);
    low = 0.5 * probe.candidate.capacity;
    high = 1.5 * probe.candidate.capacity;
    cs_arena_fini(&probe.arena);
    while (high / low > 1.002) {
        const double middle = 0.5 * (low + high);
        struct bench b;
        open_bench(&b, middle, input, 1, 300000);
        double drain;
        simulate(&b, &drain);
        cs_arena_fini(&b.arena);
        /* the arrivals' own random length: three standard deviations of the last arrival's time */
        const double noise = 3.0 * 548.0 / middle;
        if (drain < 30.0 + noise)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_value);
    return x[n / 2];
}

/* Measures one setting and prints its JSON object. */
static void measure(const char *name, double rate, double share, double input, int replicas)
{
    struct bench b;
    open_bench(&b, rate, input, replicas, requests_per_turn);
    double generated[TURNS], simulated[TURNS], ratio[TURNS];
    for (int t = 0; t < TURNS; t++) {
        const double t0 = clock_s(CLOCK_THREAD_CPUTIME_ID);
        const int64_t n = generate(&b);
        const double t1 = clock_s(CLOCK_THREAD_CPUTIME_ID);
        const int64_t m = simulate(&b, NULL);
        const double t2 = clock_s(CLOCK_THREAD_CPUTIME_ID);
        generated[t] = (double)n / (t1 - t0);
        simulated[t] = (double)m / (t2 - t1);
        ratio[t] = (t2 - t1) / (t1 - t0);
    }
    printf("    {\"name\": \"%s\", \"replicas\": %d, \"rate_rps\": %.4g, \"load_share\": %.2f, "
           "\"input_tokens\": %g, \"requests\": %lld, \"simulated_per_s\": %.4g, "
           "\"generated_per_s\": %.4g, \"ratio\": %.3f}",
           name, replicas, rate, share, input, (long long)requests_per_turn,
           median(simulated, TURNS), median(generated, TURNS), median(ratio, TURNS));
    fflush(stdout);
    cs_arena_fini(&b.arena);
}

static double seconds_of(const struct bench *b, double *requests, double *found)
{
    struct cs_trial trial = {
        .candidate = &b->candidate, .replicas = b->replicas, .kind = CS_TRIAL_WEEK};
    const double t0 = clock_s(CLOCK_THREAD_CPUTIME_ID);
    cs_trial_run(&trial, &b->question, NULL);
    const double t1 = clock_s(CLOCK_THREAD_CPUTIME_ID);
    const struct cs_result *r = trial.result;
    *requests = (double)r->all_arrived;
    *found = (double)r->all_cached_tokens / (double)r->all_input_tokens;
    cs_trial_drop(&trial);
    return t1 - t0;
}

/* The same traffic with its prefixes cached and not, in turns. */
static void measure_prefix(const char *name, double rate, const char *const *sharing)
{
    const char *more[SETS_MOST] = {"deploy.prefix_caching=no"};
    for (size_t i = 0; sharing[i] != NULL; i++)
        more[i + 1] = sharing[i];
    struct bench with, without;
    open_bench_with(&without, rate, 512.0, 1, requests_per_turn, more);
    more[0] = "deploy.prefix_caching=yes";
    open_bench_with(&with, rate, 512.0, 1, requests_per_turn, more);
    double cached[TURNS], uncached[TURNS], ratio[TURNS], n, m, share, none;
    for (int t = 0; t < TURNS; t++) {
        const double a = seconds_of(&with, &n, &share), b = seconds_of(&without, &m, &none);
        cached[t] = n / a;
        uncached[t] = m / b;
        ratio[t] = a / n / (b / m);
    }
    printf("    {\"name\": \"%s\", \"rate_rps\": %.4g, \"requests\": %.0f, \"found_share\": %.3f, "
           "\"simulated_per_s\": %.4g, \"uncached_per_s\": %.4g, \"ratio\": %.3f}",
           name, rate, n, share, median(cached, TURNS), median(uncached, TURNS),
           median(ratio, TURNS));
    fflush(stdout);
    cs_arena_fini(&with.arena);
    cs_arena_fini(&without.arena);
}

static void measure_prefixes(double rate)
{
    measure_prefix("system prompts", rate,
                   (const char *const[]){"traffic.prefix.groups=50",
                                         "traffic.prefix.tokens=300 tokens", NULL});
    printf(",\n");
    measure_prefix(
        "whole prompts", rate,
        (const char *const[]){"traffic.prefix.groups=100", "traffic.prefix.tokens=whole", NULL});
    printf(",\n");
    measure_prefix(
        "conversations", rate,
        (const char *const[]){"traffic.sessions.turns=4", "traffic.sessions.think=30 s", NULL});
}

static void measure_validate(void)
{
    static const char folder[] = "tests/theory/measured";
    struct cs_arena arena;
    struct cs_diags diags;
    struct cs_cases cases;
    struct cs_validation v;
    double cpu[TURNS], requests = 0.0;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    cs_cases_init(&cases, &arena);
    struct cs_catalog *catalog = cs_catalog_open(&arena, "build/release/capsim");
    if (!cs_read_runs(folder, catalog, &cases, &diags) ||
        !cs_read_rows(cs_arena_printf(&arena, "%s/throughput.csv", folder), catalog, &cases,
                      &diags)) {
        cs_diags_print(&diags, stderr);
        exit(3);
    }
    for (size_t i = 0; i < cases.count; i++)
        for (size_t t = 0; t < cases.items[i].trace_count; t++)
            requests += (double)cases.items[i].traces[t].count;
    for (int t = 0; t < TURNS; t++) {
        const double t0 = clock_s(CLOCK_PROCESS_CPUTIME_ID);
        cs_validation_run(&v, &cases, 1, &arena, NULL, NULL);
        cpu[t] = clock_s(CLOCK_PROCESS_CPUTIME_ID) - t0;
        cs_validation_fini(&v);
    }
    const double s = median(cpu, TURNS);
    printf("    {\"cases\": %zu, \"requests\": %.0f, \"cpu_s\": %.3f, \"simulated_per_s\": %.4g}",
           cases.count, requests, s, requests / s);
    cs_arena_fini(&arena);
}

static void measure_memory(double rate, int64_t requests)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct bench b;
        open_bench(&b, rate, 512.0, 1, requests);
        const double t0 = clock_s(CLOCK_THREAD_CPUTIME_ID);
        simulate(&b, NULL);
        const double t1 = clock_s(CLOCK_THREAD_CPUTIME_ID);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("    {\"requests\": %lld, \"peak_mb\": %.1f, \"seconds\": %.2f}",
               (long long)requests, (double)usage.ru_maxrss / 1024.0, t1 - t0);
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

static void measure_plan(int threads)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct cs_diags diags;
    cs_diags_init(&diags, &arena);
    const double t0 = clock_s(CLOCK_MONOTONIC), c0 = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    const struct cs_scenario *s = load(&arena, "scenarios/50M-tokens.yaml", NULL, 0);
    const struct cs_plan_settings settings = {.threads = threads};
    const struct cs_answer *a = cs_plan_run(s, &arena, &settings, &diags);
    const double t1 = clock_s(CLOCK_MONOTONIC), c1 = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    printf("    {\"scenario\": \"50M-tokens\", \"threads\": %d, \"wall_s\": %.3f, \"cpu_s\": %.3f, "
           "\"options\": %zu, \"runs\": %llu, \"replications_of_best\": %d}",
           threads, t1 - t0, c1 - c0, a->option_count, (unsigned long long)a->runs,
           a->best >= 0 ? a->options[a->best].replications : 0);
    cs_arena_fini(&arena);
}

static void open_study(struct cs_study *study, const char *const *sets, size_t count, int threads,
                       struct cs_arena *arena)
{
    struct cs_diags diags;
    cs_arena_init(arena);
    cs_diags_init(&diags, arena);
    if (!cs_study_open(study, "build/release/capsim", "scenarios/50M-tokens.yaml", sets, count,
                       threads, arena, &diags)) {
        cs_diags_print(&diags, stderr);
        exit(3);
    }
}

static void count_answer(void *user, size_t index, const struct cs_answer *answer,
                         const struct cs_diags *diags)
{
    (void)index;
    (void)diags;
    if (answer == NULL)
        *(bool *)user = false;
}

/* A grid of fleets by so many threads; wall seconds. */
static double sweep_fleets(int threads, size_t count)
{
    static const char *const sets[] = {"simulate.requests=10000", "simulate.replications=1",
                                       "deploy={hardware: h100-sxm-80gb, precision: fp8}"};
    struct cs_arena arena;
    struct cs_study study;
    bool sound = true;
    open_study(&study, sets, 3, threads, &arena);
    struct cs_variant *const variants = cs_arena_alloc(&arena, count, sizeof *variants);
    for (size_t i = 0; i < count; i++) {
        const char **const own = cs_arena_alloc(&arena, 4, sizeof *own);
        own[0] = cs_arena_printf(&arena, "deploy.tensor_parallel=%d", 2 << (i % 3));
        own[1] = cs_arena_printf(&arena, "deploy.replicas=%zu", 1 + i / 3 % 10);
        own[2] = cs_arena_printf(&arena, "deploy.max_num_seqs=%d", 64 << (i / 30 % 3));
        own[3] = cs_arena_printf(&arena, "traffic.volume=%zuM tokens/day", 20 + 10 * (i / 90));
        variants[i] = (struct cs_variant){.sets = own, .set_count = 4};
    }
    const double t0 = clock_s(CLOCK_MONOTONIC);
    cs_study_run(&study, variants, count, count_answer, &sound);
    const double seconds = clock_s(CLOCK_MONOTONIC) - t0;
    cs_study_close(&study);
    cs_arena_fini(&arena);
    if (!sound) {
        fputs("bench: a fleet of the sweep is unsound\n", stderr);
        exit(3);
    }
    return seconds;
}

static void measure_studies(void)
{
    const size_t count = requests_per_turn >= 2000000 ? 450 : 90;
    double one[TURNS], two[TURNS], ratio[TURNS];
    for (int t = 0; t < TURNS; t++) {
        one[t] = sweep_fleets(1, count);
        two[t] = sweep_fleets(2, count);
        ratio[t] = one[t] / two[t];
    }
    const double per_s = (double)count / median(two, TURNS);
    printf("    {\"sweep\": \"fleets of 10,000 requests\", \"configurations\": %zu, "
           "\"per_s_1_thread\": %.4g, \"per_s_2_threads\": %.4g, \"ratio\": %.3f, "
           "\"minutes_for_35000\": %.2f},\n",
           count, (double)count / median(one, TURNS), per_s, median(ratio, TURNS),
           35000.0 / per_s / 60.0);
    struct cs_arena arena;
    struct cs_study study;
    struct cs_along along;
    struct cs_diags diags;
    struct cs_crossover c;
    open_study(&study, NULL, 0, 2, &arena);
    cs_diags_init(&diags, &arena);
    const double t0 = clock_s(CLOCK_MONOTONIC);
    cs_along_parse(&along, "volume", NULL, &study, &arena, &diags);
    cs_crossover_run(&c, &study, &along,
                     &(struct cs_crossover_settings){.model = true, .what_if = true}, &arena);
    printf("    {\"crossover\": \"50M-tokens\", \"threads\": 2, \"wall_s\": %.3f, "
           "\"fleets\": %zu, \"apis\": %zu}",
           clock_s(CLOCK_MONOTONIC) - t0, c.planned, c.against_count);
    cs_study_close(&study);
    cs_arena_fini(&arena);
}

static bool wanted(int argc, char **argv, const char *part)
{
    bool any = false;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        any = true;
        if (strcmp(argv[i], part) == 0)
            return true;
    }
    return !any;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            requests_per_turn = 200000;
    const double top = highest_stable_rate(512.0);
    printf("{\n  \"bench\": \"capsim\", \"version\": \"%s\",\n  \"highest_stable_rps\": %.4g,\n",
           CS_VERSION, top);
    printf("  \"engine\": [\n");
    const char *comma = "";
    if (wanted(argc, argv, "rates")) {
        measure("one replica, 70 %", 0.70 * top, 0.70, 512.0, 1);
        printf(",\n");
        measure("one replica, 10 %", 0.10 * top, 0.10, 512.0, 1);
        printf(",\n");
        measure("one replica, 95 %", 0.95 * top, 0.95, 512.0, 1);
        comma = ",\n";
    }
    if (wanted(argc, argv, "long")) {
        printf("%s", comma);
        measure("prompts of 8K, 70 %", 0.70 * highest_stable_rate(8192.0), 0.70, 8192.0, 1);
        comma = ",\n";
    }
    if (wanted(argc, argv, "fleets")) {
        printf("%s", comma);
        measure("8 replicas, 70 %", 8 * 0.70 * top, 0.70, 512.0, 8);
        printf(",\n");
        measure("100 replicas, 70 %", 100 * 0.70 * top, 0.70, 512.0, 100);
    }
    printf("\n  ],\n  \"prefix\": [\n");
    if (wanted(argc, argv, "prefix"))
        measure_prefixes(0.70 * top);
    printf("\n  ],\n  \"memory\": [\n");
    if (wanted(argc, argv, "memory")) {
        measure_memory(0.70 * top, requests_per_turn / 2);
        printf(",\n");
        measure_memory(0.70 * top, 25 * requests_per_turn);
    }
    printf("\n  ],\n  \"plan\": [\n");
    if (wanted(argc, argv, "plan")) {
        measure_plan(1);
        printf(",\n");
        measure_plan(2);
    }
    printf("\n  ],\n  \"studies\": [\n");
    if (wanted(argc, argv, "studies"))
        measure_studies();
    printf("\n  ],\n  \"validate\": [\n");
    if (wanted(argc, argv, "validate"))
        measure_validate();
    printf("\n  ],\n  \"view\": [\n");
#ifdef CS_WITH_VIEW
    if (wanted(argc, argv, "view"))
        measure_view(load);
#endif
    printf("\n  ]\n}\n");
    return 0;
}
