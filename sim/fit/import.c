/* Import: rows to cases, and files to readers (see import.h).
 *
 * A file is told by its content: a folder by what lies in it, a text that begins with '{' is JSON,
 * everything else a table whose header says which. Lengths and arrivals that a report only gives
 * as means are drawn from fixed streams, the same for every file, so that a case is the same in
 * any company.
 *
 * The rule: a limit on concurrency beside a rate must not have bound, or the arrivals are not those
 * of the rate. By Little's law it did not when rate x mean time in the system is below 80 % of it.
 * Not here: what the formats look like (read_*.c), whether figures are possible (calibrate).
 */
#include "fit/import.h"
#include "fit/read_rows.h"
#include "fit/read_runs.h"
#include "fit/tablefile.h"
#include "spec/yaml.h"
#include <string.h>
#include <sys/stat.h>

enum { DRAWN = 1000, WAVES = 8, MOST_REQUESTS = 200000 };
static const double BOUND = 0.8;   /* of a limit on concurrency */
static const double KEPT_UP = 0.9; /* of the rate asked for */
static const double LONGEST_S = 100.0 * 86400.0;

void cs_import_row_init(struct cs_import_row *row, struct cs_span at, const char *place)
{
    *row = (struct cs_import_row){.at = at,
                                  .place = place,
                                  .name = place,
                                  .tensor_parallel = NAN,
                                  .max_num_seqs = NAN,
                                  .max_num_batched_tokens = NAN,
                                  .kv_blocks = NAN,
                                  .requests = NAN,
                                  .rate = NAN,
                                  .shape = NAN,
                                  .concurrency = NAN,
                                  .achieved = NAN,
                                  .input = NAN,
                                  .output = NAN};
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        row->figures[i] = NAN;
}

static bool skip_with(struct cs_import *m, const struct cs_import_row *row, const char *reason,
                      const char *detail, const char *hint)
{
    const char *const note = cs_arena_printf(m->cases->arena, "left out%s%s", hint ? "; " : "",
                                             hint ? hint : "");
    cs_diag_warning(m->diags, row->at, note, "%s%s%s", reason, detail ? ": " : "",
                    detail ? detail : "");
    cs_cases_skip(m->cases, reason, row->place);
    return false;
}

static bool skip(struct cs_import *m, const struct cs_import_row *row, const char *reason,
                 const char *detail)
{
    return skip_with(m, row, reason, detail, NULL);
}

/* What a report may say, SI; NaN: nothing. A rate may be infinite, and so a shape. */
static const struct {
    const char *what;
    size_t offset;
    double low, high;
} ranges[] = {
#define AT(field) offsetof(struct cs_import_row, field)
    {"tensor-parallel size", AT(tensor_parallel), 1, 1024},
    {"max_num_seqs", AT(max_num_seqs), 1, 65536},
    {"max_num_batched_tokens", AT(max_num_batched_tokens), 1, 1e7},
    {"KV blocks", AT(kv_blocks), 1, 1e12},
    {"number of requests", AT(requests), 0, 1e9},
    {"request rate", AT(rate), 1e-6, INFINITY},
    {"burstiness", AT(shape), 1e-3, INFINITY},
    {"concurrency", AT(concurrency), 1, 1e9},
    {"prompt length", AT(input), 1, 1e8},
    {"answer length", AT(output), 1, 1e8},
#undef AT
};

/* The first value that cannot be, or NULL. */
static const char *impossible(const struct cs_import_row *row)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const double value = *(const double *)(const void *)((const char *)row + ranges[i].offset);
        if (value < ranges[i].low || value > ranges[i].high)
            return ranges[i].what;
    }
    return NULL;
}

/* --- who was measured ------------------------------------------------------------------------ */

static bool has(const char *text)
{
    return text != NULL && *text != '\0';
}

/* The sheet of a kind that the file or the command line names; NULL: said and skipped. */
static const void *sheet(struct cs_import *m, const struct cs_import_row *row,
                         enum cs_sheet_kind kind, const char *in_file, const char *given)
{
    static const char *const missing[CS_SHEET_COUNT] = {
        [CS_SHEET_MODEL] = "no model is named; --model NAME does",
        [CS_SHEET_HARDWARE] = "no hardware is named; --hardware NAME does",
        [CS_SHEET_ENGINE] = "no engine is named; --engine NAME does"};
    static const char *const unknown[CS_SHEET_COUNT] = {
        [CS_SHEET_MODEL] = "there is no sheet of this model",
        [CS_SHEET_HARDWARE] = "there is no sheet of this hardware",
        [CS_SHEET_ENGINE] = "there is no sheet of this engine"};
    const bool overridden = kind == CS_SHEET_ENGINE && given && cs_catalog_is_path(given);
    const char *const name = has(in_file) && !overridden ? in_file : given;
    if (!has(name)) {
        skip(m, row, missing[kind], NULL);
        return NULL;
    }
    const struct cs_span at = {.source = NULL}; /* the command line's, and so are paths */
    if (cs_catalog_path(m->catalog, kind, name))
        return cs_catalog_load(m->catalog, kind, name, at, NULL, m->diags);
    struct cs_diags ignored; /* what the catalogue would say of an unknown name */
    cs_diags_init(&ignored, m->cases->arena);
    cs_catalog_load(m->catalog, kind, name, at, NULL, &ignored);
    skip_with(m, row, unknown[kind], name, ignored.count > 0 ? ignored.items[0].hint : NULL);
    return NULL;
}

bool cs_import_option(struct cs_import *m, const struct cs_import_row *row, struct cs_option *o)
{
    const struct cs_model *const model = sheet(m, row, CS_SHEET_MODEL, row->model, m->model);
    const struct cs_hardware *const hardware =
        model ? sheet(m, row, CS_SHEET_HARDWARE, row->hardware, m->hardware) : NULL;
    const struct cs_engine_sheet *const e =
        hardware ? sheet(m, row, CS_SHEET_ENGINE, row->engine, m->engine) : NULL;
    if (!e)
        return false;
    if (!model->has_architecture)
        return skip(m, row, "the model's architecture is not published", model->name);
    const char *const named = has(row->precision) ? row->precision : m->precision;
    const int precision = has(named) ? cs_precision_find(named) : (int)model->weights;
    if (precision < 0)
        return skip(m, row, "unknown precision", named);
    const double t =
        isnan(row->tensor_parallel) ? fmax(1.0, m->tensor_parallel) : row->tensor_parallel;
    *o = (struct cs_option){.model = model,
                            .hardware = hardware,
                            .engine = e,
                            .precision = (enum cs_precision)precision,
                            .kv_precision = CS_PRECISION_BF16,
                            .tensor_parallel = (int)t,
                            .pipeline_parallel = 1,
                            .replicas = 1,
                            .router = CS_ROUTER_ROUND_ROBIN,
                            .block_size = e->block_size,
                            .gpu_memory_utilization = e->gpu_memory_utilization,
                            .max_num_seqs =
                                isnan(row->max_num_seqs) ? e->max_num_seqs : (int)row->max_num_seqs,
                            .max_num_batched_tokens = isnan(row->max_num_batched_tokens)
                                                          ? e->max_num_batched_tokens
                                                          : (int)row->max_num_batched_tokens,
                            .kv_blocks = isnan(row->kv_blocks) ? 0 : (int64_t)row->kv_blocks};
    if (o->tensor_parallel < 1 || model->heads % o->tensor_parallel != 0)
        return skip(m, row, "the tensor-parallel size does not divide the attention heads", NULL);
    if (o->max_num_batched_tokens < o->max_num_seqs)
        o->max_num_batched_tokens = o->max_num_seqs;
    return true;
}

/* --- at what load ---------------------------------------------------------------------------- */

static double gap(struct cs_rng *rng, double rate, double shape)
{
    if (isinf(rate))
        return 0.0;
    if (isinf(shape))
        return 1.0 / rate;
    if (isnan(shape) || shape == 1.0)
        return cs_rng_exponential(rng) / rate;
    return cs_rng_gamma(rng, shape, 1.0 / (shape * rate));
}

static const struct cs_trace *draw(struct cs_import *m, const struct cs_import_row *row, size_t n,
                                   double rate)
{
    struct cs_arena *const arena = m->cases->arena;
    struct cs_trace *const trace = cs_arena_alloc(arena, 1, sizeof *trace);
    double *const arrival = cs_arena_alloc(arena, n, sizeof *arrival);
    int32_t *const input = cs_arena_alloc(arena, n, sizeof *input);
    int32_t *const output = cs_arena_alloc(arena, n, sizeof *output);
    struct cs_rng rng;
    cs_rng_init(&rng, 1, 0, "measured/gap");
    double now = 0.0;
    for (size_t i = 0; i < n; i++) {
        arrival[i] = row->starts_s ? row->starts_s[i] : now;
        input[i] =
            (int32_t)fmax(1.0, round(row->inputs ? row->inputs[i % row->listed] : row->input));
        output[i] =
            (int32_t)fmax(1.0, round(row->outputs ? row->outputs[i % row->listed] : row->output));
        now += gap(&rng, rate, row->shape);
    }
    *trace = (struct cs_trace){.count = n, .arrival_s = arrival, .input = input, .output = output};
    return trace;
}

static const char *load_name(const struct cs_import_row *row, struct cs_arena *arena)
{
    const char *const lengths = cs_arena_printf(arena, "%.0f/%.0f", row->input, row->output);
    if (!isnan(row->concurrency))
        return cs_arena_printf(arena, "%s x %.0f", lengths, row->concurrency);
    return isfinite(row->rate) ? cs_arena_printf(arena, "%s at %.4g/s", lengths, row->rate)
                               : lengths;
}

/* Kind, requests and what of the figures counts; NULL, or why it is no case. */
static const char *set_load(struct cs_import *m, const struct cs_import_row *row, struct cs_case *c)
{
    const bool rated = isfinite(row->rate);
    const bool capped = !isnan(row->concurrency);
    const double stay = row->figures[CS_FIGURE_E2E_MEAN];
    size_t n = isnan(row->requests) ? DRAWN : (size_t)fmin(row->requests, MOST_REQUESTS);
    double rate = INFINITY;
    if (row->starts_s) {
        c->kind = CS_CASE_REPLAY;
        n = row->listed;
    } else if (rated) {
        if (capped && !(row->rate * stay < BOUND * row->concurrency))
            return "a rate whose limit on concurrency may have bound";
        c->kind = CS_CASE_ONLINE;
        c->overloaded = row->achieved < KEPT_UP * row->rate;
        rate = row->rate;
    } else if (capped && row->concurrency == 1.0) {
        c->kind = CS_CASE_SINGLE;
        n = 1;
    } else {
        c->kind = CS_CASE_OFFLINE;
        if (capped && row->concurrency < c->option.max_num_seqs)
            c->option.max_num_seqs = (int)row->concurrency;
        if (capped && isnan(row->requests))
            n = (size_t)(WAVES * row->concurrency);
        if (capped)
            for (int i = CS_FIGURE_TTFT_MEAN; i <= CS_FIGURE_E2E_P99; i++)
                if (i != CS_FIGURE_TPOT_MEAN)
                    c->measured[i] = NAN;
    }
    if (n == 0)
        return "no request was answered";
    if (!row->inputs && !(row->input >= 1.0 && row->output >= 1.0))
        return "lengths of prompts or answers are missing";
    c->traces = draw(m, row, n, rate);
    c->trace_count = 1;
    if (!(c->traces->arrival_s[n - 1] <= LONGEST_S))
        return "requests over more than 100 days";
    return NULL;
}

bool cs_import_add(struct cs_import *m, const struct cs_import_row *row)
{
    struct cs_option option;
    unsigned figures = 0;
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        figures += row->figures[i] > 0.0;
    if (figures == 0)
        return skip(m, row, "no latency and no rate was measured", NULL);
    if (impossible(row))
        return skip(m, row, "no possible value", impossible(row));
    if (!cs_import_option(m, row, &option))
        return false;
    struct cs_case made = {.name = row->name,
                           .source = row->place,
                           .quality = "",
                           .option = option,
                           .top_p = row->top_p,
                           .replicas = 1};
    memcpy(made.measured, row->figures, sizeof made.measured);
    made.workload = load_name(row, m->cases->arena);
    const char *const reason = set_load(m, row, &made);
    if (reason)
        return skip(m, row, reason, NULL);
    *cs_cases_add(m->cases) = made;
    return true;
}

/* --- which reader ---------------------------------------------------------------------------- */

static bool has_columns(const struct cs_tablefile *t, const char *const *names)
{
    for (; *names; names++) {
        bool found = false;
        for (size_t i = 0; i < t->column_count; i++)
            found = found || strcmp(t->columns[i], *names) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* One column tells whose table it is; its reader says what else is missing. */
static const struct {
    const char *column;
    bool (*read)(struct cs_import *import, const struct cs_tablefile *table);
} tables[] = {{"linear_ops_ms", cs_read_timings},
              {"attention_ms", cs_read_timings},
              {"ttft_mean_ms", cs_read_plain},
              {"tpot_mean_ms", cs_read_plain},
              {"e2e_mean_ms", cs_read_plain}};

/* A table of published throughput, by columns that only it has. */
static const char *const rows[] = {"source_location", "mode", "batch_or_concurrency", NULL};

static bool holds(struct cs_import *m, const char *folder, const char *name)
{
    struct stat status;
    return stat(cs_arena_printf(m->cases->arena, "%s/%s", folder, name), &status) == 0;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool cs_import_read(struct cs_import *m, const char *path)
{
    struct cs_arena *const arena = m->cases->arena;
    if (holds(m, path, "index.csv") || holds(m, path, "runs.csv"))
        return cs_read_runs(path, m->catalog, m->cases, m->diags);
    if (holds(m, path, "throughput.csv"))
        return cs_read_rows(cs_arena_printf(arena, "%s/throughput.csv", path), m->catalog, m->cases,
                            m->diags);
    if (is_folder(path)) {
        cs_diag_error(m->diags, (struct cs_span){.source = NULL}, "name the files in it",
                      "the folder '%s' has neither index.csv nor runs.csv", path);
        return false;
    }
    FILE *const file = fopen(path, "rb");
    const int first = file ? fgetc(file) : EOF;
    if (file)
        fclose(file);
    if (first == '{' || first == '[') {
        const struct cs_source *source;
        return cs_source_read(path, arena, m->diags, (struct cs_span){.source = NULL}, &source) &&
               cs_read_results(m, source);
    }
    struct cs_tablefile table;
    if (!cs_tablefile_read(&table, path, arena, m->diags))
        return false;
    if (has_columns(&table, rows))
        return cs_read_rows(path, m->catalog, m->cases, m->diags);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (has_columns(&table, (const char *const[]){tables[i].column, NULL}))
            return tables[i].read(m, &table);
    cs_diag_error(m->diags,
                  (struct cs_span){.source = table.source, .line = 1, .column = 1, .length = 1},
                  "understood are results of vllm bench serve, GuideLLM and inference-perf (JSON), "
                  "a CSV with input_tokens, output_tokens and ttft_mean_ms, tpot_mean_ms or "
                  "e2e_mean_ms, and tables of operator timings",
                  "these are no measurements that capsim knows");
    return false;
}
