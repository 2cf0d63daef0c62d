/* Results of load generators, as JSON: vllm bench serve, GuideLLM, inference-perf.
 *
 *   vllm bench serve --save-result (benchmark_serving.py before; SGLang's bench_serving writes the
 *     same names): one object a run, or one a line with --append-result. With --save-detailed the
 *     lengths of each request too, and in later versions when each was sent.
 *   GuideLLM: {"benchmarks": [...]}, one a rate; times of one token from inter_token_latency_ms.
 *   inference-perf: a stage's lifecycle metrics, {"load_summary": ..., "successes": ...}, seconds.
 *
 * Only fields that keep their meaning over versions are read, all others are let be; which, and
 * from which versions they are known, is in docs/calibration.md.
 *
 * The rule: a figure is taken as its tool defines it where that is the definition of model.md 3.1,
 * and left out where not. Python writes NaN and Infinity, which are no JSON: they are read as null
 * and as infinity. The tree is cJSON's and freed; rows live in the arena of the cases.
 */
#include "base/check.h"
#include "fit/import.h"
#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

/* The number at "a.b.c" below `node`, or NaN; "inf" as text is infinity. */
static double number(const cJSON *node, const char *path)
{
    char name[64];
    while (node && *path) {
        const size_t length = strcspn(path, ".");
        if (length >= sizeof name)
            return NAN;
        memcpy(name, path, length);
        name[length] = '\0';
        node = cJSON_GetObjectItemCaseSensitive(node, name);
        path += length + (path[length] == '.');
    }
    if (cJSON_IsString(node))
        return strcmp(node->valuestring, "inf") == 0 ? INFINITY : NAN;
    return cJSON_IsNumber(node) ? node->valuedouble : NAN;
}

static double first_number(const cJSON *node, const char *const *paths)
{
    double value = NAN;
    for (; *paths && isnan(value); paths++)
        value = number(node, *paths);
    return value;
}

static const char *text(const cJSON *node, const char *name, struct cs_arena *arena)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(node, name);
    return cJSON_IsString(item) ? cs_arena_strdup(arena, item->valuestring) : NULL;
}

/* An array of numbers, each from `low` to `high`, or NULL. */
static double *numbers(const cJSON *node, const char *name, double low, double high,
                       struct cs_arena *arena, size_t *count)
{
    const cJSON *const list = cJSON_GetObjectItemCaseSensitive(node, name);
    const cJSON *item;
    size_t at = 0;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
        return NULL;
    *count = (size_t)cJSON_GetArraySize(list);
    double *const values = cs_arena_alloc(arena, *count, sizeof *values);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= low && item->valuedouble <= high))
            return NULL;
        values[at++] = item->valuedouble;
    }
    return values;
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* --- vllm bench serve ------------------------------------------------------------------------ */

/* Requests one by one, where all lists are there and equally long. */
static void take_requests(const cJSON *node, struct cs_import_row *row, struct cs_arena *arena)
{
    size_t inputs = 0, outputs = 0, starts = 0;
    const double *const input = numbers(node, "input_lens", 1.0, 1e8, arena, &inputs);
    const double *const output = numbers(node, "output_lens", 1.0, 1e8, arena, &outputs);
    double *const start = numbers(node, "start_times", 0.0, 1e12, arena, &starts);
    if (!input || !output || inputs != outputs)
        return;
    row->inputs = input;
    row->outputs = output;
    row->listed = inputs;
    row->input = mean_of(input, inputs);
    row->output = mean_of(output, outputs);
    if (!start || starts != inputs)
        return;
    for (size_t i = 1; i < starts; i++)
        if (start[i] < start[i - 1])
            return; /* sent by several workers: not one order of arrival */
    const double first = start[0];
    for (size_t i = 0; i < starts; i++)
        start[i] -= first;
    row->starts_s = start;
}

static bool read_vllm(struct cs_import *m, const cJSON *node, struct cs_import_row *row)
{
    struct cs_arena *const arena = m->cases->arena;
    static const char *const answered[] = {"completed", "num_prompts", NULL};
    row->model = text(node, "model_id", arena);
    row->requests = first_number(node, answered);
    row->rate = number(node, "request_rate");
    row->shape = number(node, "burstiness");
    row->concurrency = number(node, "max_concurrency");
    row->achieved = number(node, "request_throughput");
    row->input = number(node, "total_input_tokens") / row->requests;
    row->output = number(node, "total_output_tokens") / row->requests;
    row->figures[CS_FIGURE_TTFT_MEAN] = number(node, "mean_ttft_ms") * 1e-3;
    row->figures[CS_FIGURE_TPOT_MEAN] = number(node, "mean_tpot_ms") * 1e-3;
    row->figures[CS_FIGURE_E2E_MEAN] = number(node, "mean_e2el_ms") * 1e-3;
    row->figures[CS_FIGURE_OUTPUT_RATE] = number(node, "output_throughput");
    take_requests(node, row, arena);
    if (isnan(row->figures[CS_FIGURE_E2E_MEAN])) /* exact where answers are equally long */
        row->figures[CS_FIGURE_E2E_MEAN] = row->figures[CS_FIGURE_TTFT_MEAN] +
                                           row->figures[CS_FIGURE_TPOT_MEAN] * (row->output - 1.0);
    if (!(row->concurrency < row->requests))
        row->concurrency = NAN; /* more seats than requests limit nothing */
    if (row->starts_s)
        row->concurrency = NAN;
    return cs_import_add(m, row);
}

/* --- GuideLLM -------------------------------------------------------------------------------- */

static const cJSON *strategy_of(const cJSON *benchmark)
{
    static const char *const holders[] = {"args", "config"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *const holder = cJSON_GetObjectItemCaseSensitive(benchmark, holders[i]);
        const cJSON *const strategy = cJSON_GetObjectItemCaseSensitive(holder, "strategy");
        if (strategy)
            return strategy;
    }
    return NULL;
}

static const char *set_strategy(struct cs_import_row *row, const cJSON *strategy,
                                struct cs_arena *arena)
{
    const char *const type = text(strategy, "type_", arena);
    if (!type)
        return "the benchmark names no strategy";
    if (strcmp(type, "synchronous") == 0)
        row->concurrency = 1.0;
    else if (strcmp(type, "concurrent") == 0)
        row->concurrency = number(strategy, "streams");
    else if (strcmp(type, "constant") == 0 || strcmp(type, "poisson") == 0)
        row->rate = number(strategy, "rate");
    else if (strcmp(type, "throughput") == 0)
        row->rate = INFINITY;
    else
        return "a strategy that is not known";
    row->shape = strcmp(type, "constant") == 0 ? INFINITY : 1.0;
    return isnan(row->rate) && isnan(row->concurrency) ? "the strategy has no rate" : NULL;
}

static bool read_guidellm(struct cs_import *m, const cJSON *node, struct cs_import_row *row)
{
    static const char *const counts[] = {"metrics.request_latency.successful.count",
                                         "run_stats.requests_made.successful", NULL};
    const cJSON *const metrics = cJSON_GetObjectItemCaseSensitive(node, "metrics");
    const char *const reason = set_strategy(row, strategy_of(node), m->cases->arena);
    if (reason) {
        cs_diag_warning(m->diags, row->at, "left out", "%s: %s", row->name, reason);
        cs_cases_skip(m->cases, reason, row->place);
        return false;
    }
    row->requests = first_number(node, counts);
    row->achieved = number(metrics, "requests_per_second.successful.mean");
    row->input = number(metrics, "prompt_token_count.successful.mean");
    row->output = number(metrics, "output_token_count.successful.mean");
    row->figures[CS_FIGURE_TTFT_MEAN] =
        number(metrics, "time_to_first_token_ms.successful.mean") * 1e-3;
    row->figures[CS_FIGURE_TPOT_MEAN] =
        number(metrics, "inter_token_latency_ms.successful.mean") * 1e-3;
    row->figures[CS_FIGURE_E2E_MEAN] = number(metrics, "request_latency.successful.mean");
    row->figures[CS_FIGURE_OUTPUT_RATE] =
        number(metrics, "output_tokens_per_second.successful.mean");
    return cs_import_add(m, row);
}

/* --- inference-perf -------------------------------------------------------------------------- */

static bool read_inference_perf(struct cs_import *m, const cJSON *node, struct cs_import_row *row)
{
    const cJSON *const ok = cJSON_GetObjectItemCaseSensitive(node, "successes");
    row->requests = number(ok, "count");
    row->rate = number(node, "load_summary.requested_rate");
    row->achieved = number(ok, "throughput.requests_per_sec");
    row->input = number(ok, "prompt_len.mean");
    row->output = number(ok, "output_len.mean");
    row->figures[CS_FIGURE_TTFT_MEAN] = number(ok, "latency.time_to_first_token.mean");
    row->figures[CS_FIGURE_TPOT_MEAN] = number(ok, "latency.time_per_output_token.mean");
    row->figures[CS_FIGURE_E2E_MEAN] = number(ok, "latency.request_latency.mean");
    if (isnan(row->rate)) {
        static const char reason[] = "a summary of stages has no rate of its own: give the stages";
        cs_diag_warning(m->diags, row->at, "left out", "%s", reason);
        cs_cases_skip(m->cases, reason, row->place);
        return false;
    }
    return cs_import_add(m, row);
}

/* --- which ----------------------------------------------------------------------------------- */

static bool has(const cJSON *node, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(node, name) != NULL;
}

static void read_value(struct cs_import *m, const cJSON *node, struct cs_span at)
{
    struct cs_arena *const arena = m->cases->arena;
    const char *const place = cs_arena_printf(arena, "%s:%d", at.source->name, at.line);
    struct cs_import_row row;
    cs_import_row_init(&row, at, place);
    if (has(node, "request_rate") && (has(node, "mean_ttft_ms") || has(node, "ttfts"))) {
        read_vllm(m, node, &row);
    } else if (has(node, "load_summary") && has(node, "successes")) {
        read_inference_perf(m, node, &row);
    } else if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(node, "benchmarks"))) {
        const cJSON *one;
        int count = 0;
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(node, "benchmarks"))
        {
            cs_import_row_init(&row, at, place);
            row.name = cs_arena_printf(arena, "%s benchmark %d", place, count++);
            read_guidellm(m, one, &row);
        }
    } else {
        cs_diag_error(m->diags, at,
                      "understood are results of vllm bench serve, GuideLLM and inference-perf",
                      "this JSON is no result of a load generator that capsim knows");
    }
}

/* The same length or longer: what Python writes for numbers that JSON has not. */
static char *without_python(const struct cs_source *source)
{
    static const struct {
        const char *from, *to;
    } words[] = {{"NaN", "null"}, {"Infinity", "1e999"}};
    char *const out = malloc(2 * source->size + 1);
    size_t used = 0;
    bool quoted = false;
    cs_check(out != NULL);
    for (size_t i = 0; i < source->size;) {
        const char *const p = source->text + i;
        size_t w = 0;
        while (w < 2 && (quoted || strncmp(p, words[w].from, strlen(words[w].from)) != 0))
            w++;
        if (w < 2) {
            memcpy(out + used, words[w].to, strlen(words[w].to));
            used += strlen(words[w].to);
            i += strlen(words[w].from);
            continue;
        }
        if (quoted && *p == '\\' && i + 1 < source->size) {
            out[used++] = *p;
            i++;
        } else if (*p == '"') {
            quoted = !quoted;
        }
        out[used++] = source->text[i++];
    }
    out[used] = '\0';
    return out;
}

static struct cs_span place_in(const struct cs_source *source, const char *begin, const char *at)
{
    struct cs_span span = {.source = source, .line = 1, .column = 1, .length = 1};
    for (; begin < at; begin++) {
        span.column = *begin == '\n' ? 1 : span.column + 1;
        span.line += *begin == '\n';
    }
    return span;
}

bool cs_read_results(struct cs_import *m, const struct cs_source *source)
{
    const size_t errors = m->diags->errors;
    char *const begin = without_python(source);
    const char *p = begin, *end = NULL;
    while (*(p += strspn(p, " \t\r\n")) != '\0') {
        cJSON *const node = cJSON_ParseWithOpts(p, &end, false);
        if (!node) {
            cs_diag_error(m->diags, place_in(source, begin, end ? end : p), NULL,
                          "this is not valid JSON");
            break;
        }
        read_value(m, node, place_in(source, begin, p));
        cJSON_Delete(node);
        p = end;
    }
    free(begin);
    return m->diags->errors == errors;
}
