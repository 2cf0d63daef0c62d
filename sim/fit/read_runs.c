/* Recorded runs as cases: index.csv with its request files, and runs.csv (see read_runs.h).
 *
 * A request file has arrival_s, input_tokens, failed, ttft_s and e2e_s. Failed requests have no
 * latency and often no prompt length: they load the engine all the same, with the prompt of their
 * cycle. Stages are slices of one run by request number, since the load generator sends a fixed
 * number in each; the first stage begins after the first cycle of prompts, in which the server
 * itself warms up. Of nominal runs that cycle cannot be taken out of what was published.
 *
 * Nominal runs are drawn under SEEDS seeds, the same traffic for every run of a workload, and a
 * figure is the median. KV blocks that were not recorded follow from memory, max_num_seqs from the
 * engine sheet. A run is marked overloaded when requests failed or its mean TTFT exceeds 5 s: then
 * a small error of capacity is a large one of latency, and latency says nothing of the model.
 * Memory: the arena of the cases.
 */
#include "fit/read_runs.h"
#include "fit/manifest.h"
#include "fit/tablefile.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEEDS = 5 };
static const double PS = 1e12;
static const double OVERLOADED_TTFT_S = 5.0;

struct drawn { /* nominal traffic of a workload, once for all its runs */
    struct cs_trace *traces;
};

struct reading {
    const char *folder;
    struct cs_catalog *catalog;
    struct cs_cases *cases;
    struct cs_arena *arena;
    struct cs_diags *diags;
    const struct cs_manifest *manifest;
    struct drawn *drawn; /* [workload_count] */
};

/* --- options --------------------------------------------------------------------------------- */

struct words { /* what a row says of the machine, "" for nothing */
    const char *model, *hardware, *engine, *version, *precision, *prefix_caching;
};

/* "vLLM", "v0.15.1" or "vllm-0.15", "": the sheet of that version, or of its newest. */
static const char *engine_name(struct reading *r, const struct words *w)
{
    const char *const version = w->version + (*w->version == 'v');
    const char *const dot = strchr(version, '.');
    const size_t length = dot ? (size_t)(dot - version) + 1 + strcspn(dot + 1, ".") : 0;
    const char *const exact = cs_arena_printf(r->arena, "%s-%.*s", w->engine, (int)length, version);
    return length && cs_catalog_path(r->catalog, CS_SHEET_ENGINE, exact) ? exact : w->engine;
}

/* "FP16" as "fp16"; "" is bf16, or fp8 where the model's name says so; -1: none of ours. */
static int precision_of(struct reading *r, const char *text, const char *model)
{
    char *const lower =
        cs_arena_strdup(r->arena, *text == '\0' && strstr(model, "FP8") ? "fp8" : text);
    for (char *p = lower; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    return *lower ? cs_precision_find(lower) : CS_PRECISION_BF16;
}

/* Fills the option from the sheets; a reason for skipping, or NULL. */
static const char *take_sheets(struct reading *r, const struct words *w, struct cs_option *o)
{
    static const struct cs_span nowhere = {.source = NULL};
    struct cs_diags ignored;
    cs_diags_init(&ignored, r->arena);
    const int p = precision_of(r, w->precision, w->model);
    o->model = cs_catalog_model(r->catalog, w->model, nowhere, NULL, &ignored);
    o->hardware = cs_catalog_hardware(r->catalog, *w->hardware ? w->hardware : "h100-sxm-80gb",
                                      nowhere, NULL, &ignored);
    o->engine = cs_catalog_engine(r->catalog, *w->engine ? engine_name(r, w) : "vllm-0.15", nowhere,
                                  NULL, &ignored);
    if (o->model == NULL)
        return cs_arena_printf(r->arena, "no sheet of the model '%s'", w->model);
    if (!o->model->has_architecture)
        return cs_arena_printf(r->arena, "the sheet of '%s' has no architecture", w->model);
    if (o->hardware == NULL)
        return cs_arena_printf(r->arena, "no sheet of the hardware '%s'", w->hardware);
    if (o->engine == NULL)
        return cs_arena_printf(r->arena, "no sheet of the engine '%s'", w->engine);
    if (p < 0)
        return cs_arena_printf(r->arena, "the precision '%s' is not modelled", w->precision);
    o->precision = (enum cs_precision)p;
    o->kv_precision = CS_PRECISION_BF16;
    o->pipeline_parallel = 1;
    o->prefix_caching = *w->prefix_caching == '\0' || strcmp(w->prefix_caching, "enabled") == 0 ||
                        strcmp(w->prefix_caching, "on") == 0 ||
                        strcmp(w->prefix_caching, "yes") == 0 ||
                        strcmp(w->prefix_caching, "true") == 0;
    return NULL;
}

struct limits { /* columns that override the engine sheet, -1 where a file lacks them */
    int tp, seqs, tokens, kv_blocks, block_size, utilisation;
};

static const char *take_limits(const struct cs_tablefile *t, size_t row, const struct limits *l,
                               struct cs_option *o)
{
    const double tp = cs_tablefile_number(t, row, l->tp, 1, 4096);
    const double seqs = cs_tablefile_number(t, row, l->seqs, 1, 1e6);
    const double tokens = cs_tablefile_number(t, row, l->tokens, 1, 1e7);
    const double blocks = cs_tablefile_number(t, row, l->kv_blocks, 1, 1e10);
    const double block = cs_tablefile_number(t, row, l->block_size, 1, 65536);
    const double share = cs_tablefile_number(t, row, l->utilisation, 0.01, 1);
    o->tensor_parallel = isnan(tp) ? 1 : (int)tp;
    o->max_num_seqs = isnan(seqs) ? o->engine->max_num_seqs : (int)seqs;
    o->max_num_batched_tokens = isnan(tokens) ? o->engine->max_num_batched_tokens : (int)tokens;
    o->kv_blocks = isnan(blocks) ? 0 : (int64_t)blocks;
    o->block_size = isnan(block) ? o->engine->block_size : (int)block;
    o->gpu_memory_utilization = isnan(share) ? o->engine->gpu_memory_utilization : share;
    if (o->model->heads % o->tensor_parallel != 0)
        return "the tensor-parallel size does not divide the heads";
    return NULL;
}

/* A name that nothing else in the cases has. `number`: what the source calls the run, or "". */
static const char *name_of(struct reading *r, const struct cs_option *o, const char *workload,
                           const char *number, const char *part, const char *place)
{
    const char *name = cs_arena_printf(
        r->arena, "%s tp%d %s%s%.*s%s%s", o->model->name, o->tensor_parallel, workload,
        *number ? " #" : "", (int)strspn(number, "0123456789"), number, *part ? ", " : "", part);
    for (size_t i = 0; i < r->cases->count; i++)
        if (strcmp(r->cases->items[i].name, name) == 0)
            return cs_arena_printf(r->arena, "%s (line %s)", name, strrchr(place, ':') + 1);
    return name;
}

/* Columns that a file must have, and may. clang-format would give each a line. */
#define MUST(name) {name, true, -1}
#define MAY(name) {name, false, -1}

/* --- request files --------------------------------------------------------------------------- */

enum { ARRIVAL, INPUT, FAILED, TTFT, E2E, REQUEST_COLUMNS };
static const struct cs_column request_columns[REQUEST_COLUMNS] = {
    MUST("arrival_s"), MUST("input_tokens"), MUST("failed"), MUST("ttft_s"), MUST("e2e_s")};

struct recording {
    struct cs_trace trace;
    double *ttft_s, *e2e_s; /* NaN: failed */
    struct cs_request_log log;
    size_t failures;
};

/* One request; what is impossible is said at its cell. */
static void take_request(const struct cs_tablefile *t, const struct cs_column *c, size_t i,
                         double *arrivals, int32_t *input, struct recording *rec)
{
    const double at = cs_tablefile_number(t, i, c[ARRIVAL].at, 0, 1e7);
    const double prompt = cs_tablefile_number(t, i, c[INPUT].at, 0, 1e8);
    const double failed = cs_tablefile_number(t, i, c[FAILED].at, 0, 1);
    const double ttft = cs_tablefile_number(t, i, c[TTFT].at, 0, 1e7);
    const double e2e = cs_tablefile_number(t, i, c[E2E].at, 0, 1e7);
    arrivals[i] = isnan(at) ? 0.0 : at;
    input[i] = isnan(prompt) ? 0 : (int32_t)prompt;
    rec->ttft_s[i] = rec->e2e_s[i] = NAN;
    if (isnan(at))
        cs_diag_error(t->diags, cs_tablefile_span(t, i, c[ARRIVAL].at), NULL,
                      "a request without its arrival");
    else if (i > 0 && at < arrivals[i - 1])
        cs_diag_error(t->diags, cs_tablefile_span(t, i, c[ARRIVAL].at), "sort by arrival_s",
                      "arrival_s falls: '%s'", cs_tablefile_text(t, i, c[ARRIVAL].at));
    if (failed == 1.0) {
        rec->failures++;
        return;
    }
    if (prompt < 1.0)
        cs_diag_error(t->diags, cs_tablefile_span(t, i, c[INPUT].at), NULL,
                      "a prompt without tokens that did not fail");
    if (!*cs_tablefile_text(t, i, c[TTFT].at) || !*cs_tablefile_text(t, i, c[E2E].at))
        cs_diag_error(t->diags, cs_tablefile_span(t, i, c[E2E].at), NULL,
                      "a request that did not fail has no ttft_s or e2e_s");
    else if (ttft > e2e)
        cs_diag_error(t->diags, cs_tablefile_span(t, i, c[TTFT].at), NULL,
                      "the first token comes after the last: ttft_s %g, e2e_s %g", ttft, e2e);
    rec->ttft_s[i] = ttft;
    rec->e2e_s[i] = e2e;
}

/* Prompts that a failed request did not record: that of its cycle, else the mean of the others. */
static void fill_prompts(const struct cs_manifest *m, int32_t *input, size_t count)
{
    double sum = 0.0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        sum += input[i];
        known += input[i] > 0;
    }
    const int32_t mean = known > 0 ? (int32_t)round(sum / (double)known) : 1;
    for (size_t i = 0; i < count; i++) {
        const size_t cycle = (size_t)m->prompts;
        if (input[i] < 1)
            input[i] = cycle > 0 && i >= cycle ? input[i - cycle] : mean;
    }
}

static bool read_requests(struct reading *r, const char *path, int output, struct recording *rec)
{
    struct cs_tablefile t;
    struct cs_column c[REQUEST_COLUMNS];
    memcpy(c, request_columns, sizeof c);
    const size_t before = r->diags->errors;
    if (!cs_tablefile_read(&t, path, r->arena, r->diags) ||
        !cs_tablefile_map(&t, c, REQUEST_COLUMNS))
        return false;
    const size_t n = t.row_count;
    if (n == 0)
        cs_diag_error(r->diags, (struct cs_span){t.source, 1, 1, 1}, NULL, "no request");
    double *const arrivals = cs_arena_alloc(r->arena, n, sizeof *arrivals);
    int32_t *const input = cs_arena_alloc(r->arena, n, sizeof *input);
    int32_t *const outputs = cs_arena_alloc(r->arena, n, sizeof *outputs);
    *rec = (struct recording){.ttft_s = cs_arena_alloc(r->arena, n, sizeof(double)),
                              .e2e_s = cs_arena_alloc(r->arena, n, sizeof(double))};
    for (size_t i = 0; i < n; i++)
        take_request(&t, c, i, arrivals, input, rec);
    fill_prompts(r->manifest, input, n);
    struct cs_request_record *const rows = cs_arena_alloc(r->arena, n, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const int64_t at = (int64_t)(arrivals[i] * PS + 0.5);
        const bool done = !isnan(rec->e2e_s[i]);
        outputs[i] = output;
        rows[i] = (struct cs_request_record){
            .arrival_ps = at,
            .first_token_ps = done ? at + (int64_t)(rec->ttft_s[i] * PS + 0.5) : -1,
            .done_ps = done ? at + (int64_t)(rec->e2e_s[i] * PS + 0.5) : -1,
            .input = input[i],
            .output = output};
    }
    rec->log = (struct cs_request_log){.arena = r->arena, .rows = rows, .count = n, .capacity = n};
    rec->trace =
        (struct cs_trace){.count = n, .arrival_s = arrivals, .input = input, .output = outputs};
    cs_manifest_recur(r->manifest, r->arena, &rec->trace);
    return r->diags->errors == before;
}

/* --- index.csv: replays ---------------------------------------------------------------------- */

enum {
    FILE_, MODEL, WORKLOAD, REQUESTS, FAILURES, TP, SEQS, TOKENS, KV_BLOCKS, BLOCK_SIZE,
    HARDWARE, ENGINE, VERSION, PRECISION, CACHING, UTILISATION, INDEX_COLUMNS
};
static const struct cs_column index_columns[INDEX_COLUMNS] = {
    MUST("file"), MUST("model"), MUST("workload"), MAY("requests"), MAY("failed"), MUST("tp"),
    MUST("max_num_seqs"), MUST("max_num_batched_tokens"), MUST("kv_blocks"), MUST("block_size"),
    MAY("hardware"), MAY("engine"), MAY("engine_version"), MAY("precision"),
    MAY("prefix_caching"), MAY("gpu_memory_utilization")};

/* A case of a recording's requests [skip, skip + score), with what was measured of them. */
static void add_replay(struct reading *r, const struct cs_case *run, const struct recording *rec,
                       const char *part, size_t skip, size_t score)
{
    struct cs_case *const c = cs_cases_add(r->cases);
    *c = *run;
    c->part = part;
    c->skip = skip;
    c->score = score;
    c->timeout_s = 0.0; /* of the recording, the generator itself says which failed */
    cs_case_figures(c, &rec->log, c->measured);
    c->measured[CS_FIGURE_PREFILL_RATE] = c->measured[CS_FIGURE_DECODE_RATE] = NAN;
    c->timeout_s = r->manifest->patience_s;
    c->overloaded = rec->failures > 0 || c->measured[CS_FIGURE_TTFT_MEAN] > OVERLOADED_TTFT_S;
    c->name = name_of(r, &c->option, c->workload, "", part, c->source);
    if (*part == '\0') {
        c->request_ttft_s = rec->ttft_s;
        c->request_e2e_s = rec->e2e_s;
    }
}

/* The index counts requests too; a file that holds others may be the wrong one. */
static void compare_count(const struct cs_tablefile *t, size_t row, int column, size_t found)
{
    const double said = cs_tablefile_number(t, row, column, 0, 1e12);
    if (!isnan(said) && said != (double)found)
        cs_diag_warning(t->diags, cs_tablefile_span(t, row, column), NULL,
                        "%s is %.0f, but the request file has %zu", t->columns[column], said,
                        found);
}

static void take_run(struct reading *r, const struct cs_tablefile *t, const struct cs_column *c,
                     size_t row)
{
    const char *const place = cs_tablefile_place(t, row);
    const char *const workload = cs_tablefile_text(t, row, c[WORKLOAD].at);
    const struct cs_manifest_workload *const w = cs_manifest_find(r->manifest, workload);
    const struct words words = {
        cs_tablefile_text(t, row, c[MODEL].at),     cs_tablefile_text(t, row, c[HARDWARE].at),
        cs_tablefile_text(t, row, c[ENGINE].at),    cs_tablefile_text(t, row, c[VERSION].at),
        cs_tablefile_text(t, row, c[PRECISION].at), cs_tablefile_text(t, row, c[CACHING].at)};
    const struct limits limits = {c[TP].at,        c[SEQS].at,       c[TOKENS].at,
                                  c[KV_BLOCKS].at, c[BLOCK_SIZE].at, c[UTILISATION].at};
    struct cs_case run = {
        .name = "", .kind = CS_CASE_REPLAY, .source = place, .quality = "", .replicas = 1};
    const char *reason = take_sheets(r, &words, &run.option);
    if (w == NULL)
        reason = cs_arena_printf(r->arena, "the manifest has no workload '%s'", workload);
    if (reason == NULL)
        reason = take_limits(t, row, &limits, &run.option);
    if (reason != NULL) {
        cs_cases_skip(r->cases, reason, place);
        return;
    }
    struct recording rec;
    const char *const path =
        cs_arena_printf(r->arena, "%s/%s", r->folder, cs_tablefile_text(t, row, c[FILE_].at));
    if (!read_requests(r, path, w->output, &rec))
        return;
    compare_count(t, row, c[REQUESTS].at, rec.trace.count);
    compare_count(t, row, c[FAILURES].at, rec.failures);
    struct cs_trace *const trace = cs_arena_alloc(r->arena, 1, sizeof *trace);
    *trace = rec.trace;
    run.workload = w->name;
    run.top_p = cs_manifest_top_p(r->manifest, run.option.model->name);
    run.traces = trace;
    run.trace_count = 1;
    add_replay(r, &run, &rec, "", 0, 0);
    const size_t cold = (size_t)r->manifest->prompts;
    if (cold > 0 && trace->count > 2 * cold)
        add_replay(r, &run, &rec, cs_arena_printf(r->arena, "first %zu", cold), 0, cold);
    if (w->stage_count < 2 || cs_manifest_before(w, w->stage_count) != trace->count)
        return;
    for (size_t s = 0; s < w->stage_count; s++) {
        const size_t from = cs_manifest_before(w, s), end = cs_manifest_before(w, s + 1);
        const size_t warm = s == 0 && end > cold ? cold : from;
        add_replay(r, &run, &rec, cs_arena_printf(r->arena, "stage %zu", s), warm, end - warm);
    }
}

static bool read_index(struct reading *r, const char *path)
{
    struct cs_tablefile t;
    struct cs_column c[INDEX_COLUMNS];
    memcpy(c, index_columns, sizeof c);
    const size_t before = r->diags->errors;
    if (!cs_tablefile_read(&t, path, r->arena, r->diags) || !cs_tablefile_map(&t, c, INDEX_COLUMNS))
        return false;
    for (size_t row = 0; row < t.row_count; row++)
        take_run(r, &t, c, row);
    return r->diags->errors == before;
}

/* --- runs.csv: nominal runs ------------------------------------------------------------------ */

enum {
    R_MODEL, R_DESCRIPTION, R_STAGE, R_TP, R_SEQS, R_TOKENS, R_KV, R_SHARE, R_HARDWARE, R_ENGINE,
    R_VERSION, R_PRECISION, R_CACHING, R_DUPLICATE, R_FAILURES, R_REPLICAS, R_MEAN, R_P50, R_P90,
    R_P99, R_E2E_MEAN, R_E2E_P50, R_E2E_P90, R_E2E_P99, R_EXP, RUNS_COLUMNS
};
static const struct cs_column runs_columns[RUNS_COLUMNS] = {
    MUST("model"), MUST("workload_description"), MUST("stage"), MUST("tp"), MAY("max_num_seqs"),
    MAY("max_num_batched_tokens"), MAY("kv_blocks_total_gpu"), MAY("gpu_mem_util"),
    MAY("hardware"), MAY("engine"), MAY("engine_version"), MAY("precision"),
    MAY("prefix_caching"), MAY("duplicate_of"), MAY("failures"), MAY("dp"), MUST("ttft_mean_ms"),
    MAY("ttft_p50_ms"), MAY("ttft_p90_ms"), MAY("ttft_p99_ms"), MUST("e2e_mean_ms"),
    MAY("e2e_p50_ms"), MAY("e2e_p90_ms"), MAY("e2e_p99_ms"), MAY("exp")};
static const struct {
    int column;
    enum cs_case_figure figure;
} runs_figures[] = {{R_MEAN, CS_FIGURE_TTFT_MEAN},    {R_P50, CS_FIGURE_TTFT_P50},
                    {R_P90, CS_FIGURE_TTFT_P90},      {R_P99, CS_FIGURE_TTFT_P99},
                    {R_E2E_MEAN, CS_FIGURE_E2E_MEAN}, {R_E2E_P50, CS_FIGURE_E2E_P50},
                    {R_E2E_P90, CS_FIGURE_E2E_P90},   {R_E2E_P99, CS_FIGURE_E2E_P99}};

/* The workload in quotes in a description, and whether only the first requests were scored. */
static const struct cs_manifest_workload *described(struct reading *r, const char *text,
                                                    size_t *first)
{
    static const char mark[] = "first ";
    const char *const open = strchr(text, '\''), *const only = strstr(text, mark);
    const char *const close = open ? strchr(open + 1, '\'') : NULL;
    *first = only ? (size_t)strtoul(only + strlen(mark), NULL, 10) : 0;
    if (close == NULL)
        return NULL;
    return cs_manifest_find(r->manifest,
                            cs_arena_strndup(r->arena, open + 1, (size_t)(close - open - 1)));
}

static const struct cs_trace *drawn(struct reading *r, const struct cs_manifest_workload *w)
{
    struct cs_trace **const traces = &r->drawn[w - r->manifest->workloads].traces;
    if (*traces == NULL) {
        *traces = cs_arena_alloc(r->arena, SEEDS, sizeof **traces);
        for (size_t s = 0; s < SEEDS; s++)
            cs_manifest_draw(r->manifest, w, s + 1, r->arena, &(*traces)[s]);
    }
    return *traces;
}

/* Whether a run of the index has the requests of this row. */
static bool is_replayed(const struct cs_cases *cases, const struct cs_option *o, const char *w)
{
    for (size_t i = 0; i < cases->count; i++) {
        const struct cs_case *const c = &cases->items[i];
        if (c->kind == CS_CASE_REPLAY && strcmp(c->workload, w) == 0 &&
            c->option.model == o->model && c->option.hardware == o->hardware &&
            c->option.tensor_parallel == o->tensor_parallel &&
            c->option.max_num_batched_tokens == o->max_num_batched_tokens)
            return true;
    }
    return false;
}

static void take_figures(const struct cs_tablefile *t, size_t row, const struct cs_column *c,
                         struct cs_case *out)
{
    for (size_t i = 0; i < sizeof runs_figures / sizeof *runs_figures; i++)
        out->measured[runs_figures[i].figure] =
            1e-3 * cs_tablefile_number(t, row, c[runs_figures[i].column].at, 0, 1e10);
    const double ttft = out->measured[CS_FIGURE_TTFT_MEAN];
    const double e2e = out->measured[CS_FIGURE_E2E_MEAN];
    if (ttft > e2e)
        cs_diag_error(t->diags, cs_tablefile_span(t, row, c[R_MEAN].at), NULL,
                      "the first token comes after the last: ttft_mean_ms %g, e2e_mean_ms %g",
                      1e3 * ttft, 1e3 * e2e);
    const int32_t output = out->traces[0].output[0]; /* all alike, so means divide exactly */
    if (output > 1)
        out->measured[CS_FIGURE_TPOT_MEAN] = (e2e - ttft) / (output - 1);
}

static void take_nominal(struct reading *r, const struct cs_tablefile *t, const struct cs_column *c,
                         size_t row)
{
    size_t first;
    const char *const place = cs_tablefile_place(t, row);
    const char *const text = cs_tablefile_text(t, row, c[R_DESCRIPTION].at);
    const struct cs_manifest_workload *const w = described(r, text, &first);
    const struct words words = {
        cs_tablefile_text(t, row, c[R_MODEL].at),     cs_tablefile_text(t, row, c[R_HARDWARE].at),
        cs_tablefile_text(t, row, c[R_ENGINE].at),    cs_tablefile_text(t, row, c[R_VERSION].at),
        cs_tablefile_text(t, row, c[R_PRECISION].at), cs_tablefile_text(t, row, c[R_CACHING].at)};
    const struct limits limits = {c[R_TP].at, c[R_SEQS].at, c[R_TOKENS].at,
                                  c[R_KV].at, -1,           c[R_SHARE].at};
    const double stage = cs_tablefile_number(t, row, c[R_STAGE].at, -1, 1e3);
    const double replicas = cs_tablefile_number(t, row, c[R_REPLICAS].at, 0, 1e4);
    struct cs_option option = {0};
    const char *reason = take_sheets(r, &words, &option);
    if (reason == NULL)
        reason = take_limits(t, row, &limits, &option);
    if (*cs_tablefile_text(t, row, c[R_DUPLICATE].at))
        reason = "marked as a duplicate of another row";
    else if (reason == NULL && (w == NULL || w->stage_count == 0 || w->prompt == 0.0))
        reason = "the manifest has no nominal profile of its workload";
    else if (reason == NULL && (double)w->stage_count <= stage)
        reason = "a stage that the manifest does not have";
    else if (reason == NULL && first == 0 && is_replayed(r->cases, &option, w->name))
        reason = "figures of a run whose requests are replayed";
    if (reason != NULL) {
        cs_cases_skip(r->cases, reason, place);
        return;
    }
    struct cs_case *const out = cs_cases_add(r->cases);
    out->kind = CS_CASE_ONLINE;
    out->source = place;
    out->option = option;
    out->workload = w->name;
    out->top_p = cs_manifest_top_p(r->manifest, option.model->name);
    out->replicas = replicas >= 1.0 ? (int)replicas : 1;
    out->traces = drawn(r, w);
    out->trace_count = SEEDS;
    out->timeout_s = r->manifest->patience_s;
    if (stage >= 0.0) {
        out->skip = cs_manifest_before(w, (size_t)stage);
        out->score = cs_manifest_requests(&w->stages[(size_t)stage]);
        out->part = cs_arena_printf(r->arena, "stage %d", (int)stage);
    } else if (first > 0) {
        out->score = first;
        out->part = cs_arena_printf(r->arena, "first %zu", first);
    }
    take_figures(t, row, c, out);
    out->overloaded = cs_tablefile_number(t, row, c[R_FAILURES].at, 0, 1e12) > 0.0 ||
                      out->measured[CS_FIGURE_TTFT_MEAN] > OVERLOADED_TTFT_S;
    out->name =
        name_of(r, &option, w->name, cs_tablefile_text(t, row, c[R_EXP].at), out->part, place);
}

static bool read_figures(struct reading *r, const char *path)
{
    struct cs_tablefile t;
    struct cs_column c[RUNS_COLUMNS];
    memcpy(c, runs_columns, sizeof c);
    const size_t before = r->diags->errors;
    if (!cs_tablefile_read(&t, path, r->arena, r->diags) || !cs_tablefile_map(&t, c, RUNS_COLUMNS))
        return false;
    for (size_t row = 0; row < t.row_count; row++)
        take_nominal(r, &t, c, row);
    return r->diags->errors == before;
}

/* --- the folder ------------------------------------------------------------------------------ */

static const char *file_of(struct reading *r, const char *name)
{
    struct stat status;
    const char *const path = cs_arena_printf(r->arena, "%s/%s", r->folder, name);
    return stat(path, &status) == 0 ? path : NULL;
}

/* Whether one is a part of the other's run: their names tell, which are made by name_of. */
static bool is_part_of(const struct cs_case *part, const struct cs_case *run)
{
    const size_t length = strlen(run->name);
    return *part->part && part->traces == run->traces &&
           strncmp(part->name, run->name, length) == 0 && part->name[length] == ',';
}

/* Of the cases of one run its steady stages tell each request once. */
static const char *repeats(const struct cs_cases *cases, size_t from, const struct cs_case *c)
{
    if (strncmp(c->part, "first ", 6) == 0)
        return "the first requests of a run, when the server itself warms up";
    for (size_t i = from; i < cases->count && *c->part == '\0'; i++)
        if (strncmp(cases->items[i].part, "stage", 5) == 0 && is_part_of(&cases->items[i], c))
            return "a whole run, told by its stages";
    return NULL;
}

bool cs_read_runs(const char *folder, struct cs_catalog *catalog, struct cs_cases *cases,
                  struct cs_diags *diags)
{
    struct reading r = {.folder = folder,
                        .catalog = catalog,
                        .cases = cases,
                        .arena = cases->arena,
                        .diags = diags};
    const char *const own = file_of(&r, "manifest.yaml");
    const char *const shipped = cs_catalog_file(catalog, "scenarios/validation/vllm-runs.yaml");
    if (own == NULL && shipped == NULL) {
        cs_diag_file(diags, (struct cs_span){0}, "CAPSIM_PATH names the folders of a catalogue",
                     "'%s' has no manifest.yaml, and there is none in the catalogue", folder);
        return false;
    }
    r.manifest = cs_manifest_read(own ? own : shipped, r.arena, diags);
    if (r.manifest == NULL)
        return false;
    r.drawn = cs_arena_alloc(r.arena, r.manifest->workload_count, sizeof *r.drawn);
    const char *const index = file_of(&r, "index.csv"), *const runs = file_of(&r, "runs.csv");
    const size_t before = cases->count;
    bool sound = index == NULL || read_index(&r, index);
    sound = (runs == NULL || read_figures(&r, runs)) && sound;
    for (size_t i = before; i < cases->count; i++)
        cases->items[i].repeats = repeats(cases, before, &cases->items[i]);
    return sound;
}
