/* Throughput tables: from a file to rows, and what they must say to be simulated.
 *
 * Each row is read whole (struct cs_row), its names are found (row_names.c), its parallel sizes and
 * limits are settled here, and its cases are built (row_cases.c).
 *
 * The rule: limits and sizes are the row's. Where it says only how many GPUs there were, llama.cpp
 * and its kin divide layers (a pipeline) and serving engines each matrix (tensor parallelism): what
 * each does unless told otherwise.
 * Memory: the table, and with it every string, in the arena of the cases.
 * Not here: what the figures of a mode mean (row_cases.c).
 */
#include "fit/read_rows.h"
#include "fit/row.h"
#include "fit/tablefile.h"
#include "perf/memory.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES = 11 }; /* of the fields below */
enum value { TEXT, NUMBER, COUNT, MILLISECONDS };

/* Where a column's cells go. A COUNT may be words ("1-4"), which are NaN. */
static const struct field {
    const char *column;
    bool required;
    enum value value;
    size_t offset;
    double low, high;
} fields[] = {
#define TEXT_FIELD(column, member, required) \
    {column, required, TEXT, offsetof(struct cs_row, member), 0, 0}
    TEXT_FIELD("engine", engine, true),
    TEXT_FIELD("engine_version", version, false),
    TEXT_FIELD("hardware", hardware, true),
    TEXT_FIELD("hardware_key", hardware_key, false),
    TEXT_FIELD("model", model, true),
    TEXT_FIELD("model_key", model_key, false),
    TEXT_FIELD("precision", precision, true),
    TEXT_FIELD("kv_precision", kv_precision, false),
    TEXT_FIELD("mode", mode, true),
    TEXT_FIELD("batch_or_concurrency", batch_text, false),
    TEXT_FIELD("request_rate_rps", rate_text, false),
    [NOTES] = TEXT_FIELD("notes", notes, false),
    TEXT_FIELD("ttft_stat", ttft_stat, false),
    TEXT_FIELD("tpot_stat", tpot_stat, false),
    TEXT_FIELD("quality", quality, false),
    TEXT_FIELD("num_gpus", gpus_text, false),
    TEXT_FIELD("source", source, false),
#undef TEXT_FIELD
    {"num_gpus", false, COUNT, offsetof(struct cs_row, gpus), 1, 1e5},
    {"batch_or_concurrency", false, COUNT, offsetof(struct cs_row, batch), 1, 1e6},
    {"tp", false, NUMBER, offsetof(struct cs_row, tensor), 1, 1024},
    {"pp", false, NUMBER, offsetof(struct cs_row, pipeline), 1, 1024},
    {"ep", false, NUMBER, offsetof(struct cs_row, expert), 1, 1024},
    {"request_rate_rps", false, NUMBER, offsetof(struct cs_row, rate), 1e-6, 1e9},
    {"input_tokens", true, NUMBER, offsetof(struct cs_row, input), 1, 1e9},
    {"output_tokens", true, NUMBER, offsetof(struct cs_row, output), 1, 1e9},
    {"prefill_tok_s", false, NUMBER, offsetof(struct cs_row, prefill), 1e-6, 1e9},
    {"decode_tok_s", false, NUMBER, offsetof(struct cs_row, decode), 1e-6, 1e9},
    {"output_tok_s_total", false, NUMBER, offsetof(struct cs_row, total), 1e-6, 1e9},
    {"ttft_ms", false, MILLISECONDS, offsetof(struct cs_row, ttft_s), 1e-6, 1e9},
    {"tpot_ms", false, MILLISECONDS, offsetof(struct cs_row, tpot_s), 1e-6, 1e9},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

struct reader {
    struct cs_tablefile table;
    struct cs_column columns[FIELDS], latencies[CS_ROW_LATENCIES];
};

static double number_at(const struct reader *r, size_t at, size_t field)
{
    const struct field *const f = &fields[field];
    const int column = r->columns[field].at;
    const char *const text = cs_tablefile_text(&r->table, at, column);
    if (strcmp(text, "inf") == 0 && f->offset == offsetof(struct cs_row, rate))
        return INFINITY;
    if (f->value == COUNT && strspn(text, "0123456789.") != strlen(text))
        return NAN;
    const double value = cs_tablefile_number(&r->table, at, column, f->low, f->high);
    return f->value == MILLISECONDS ? value / 1e3 : value;
}

static void read_row(const struct reader *r, size_t at, struct cs_row *row)
{
    *row = (struct cs_row){.line = r->table.lines[at],
                           .place = cs_tablefile_place(&r->table, at)};
    for (size_t i = 0; i < FIELDS; i++) {
        char *const to = (char *)row + fields[i].offset;
        if (fields[i].value == TEXT) {
            const char *const text = cs_tablefile_text(&r->table, at, r->columns[i].at);
            memcpy(to, &text, sizeof text);
        } else {
            const double value = number_at(r, at, i);
            memcpy(to, &value, sizeof value);
        }
    }
    for (size_t i = 0; i < CS_ROW_LATENCIES; i++)
        row->latency_s[i] =
            cs_tablefile_number(&r->table, at, r->latencies[i].at, 1e-6, 1e9) / 1e3;
}

/* --- what a row must say --------------------------------------------------------------------- */

static const char *unsaid(const struct cs_row *row)
{
    if (cs_row_mentions(row->hardware_key, "mixed"))
        return "hardware mixed";
    if (!*row->hardware || strncmp(row->hardware, "not stated", 10) == 0)
        return "hardware not stated";
    if (strstr(row->hardware_key, "_unspecified"))
        return "hardware not stated exactly";
    if (!*row->engine || strcmp(row->engine, "n/s") == 0)
        return "engine not stated";
    if (isnan(row->gpus) && *row->gpus_text)
        return "number of GPUs not stated exactly";
    return *row->precision ? NULL : "precision not stated";
}

static const char *set_parallel(struct cs_row *row)
{
    struct cs_option *const o = &row->option;
    const bool said = !isnan(row->tensor) || !isnan(row->pipeline);
    const bool layers = cs_row_packs(row);
    const int gpus = isnan(row->gpus) ? 1 : (int)row->gpus;
    const int ranks = row->expert > 1 ? (int)row->expert : 1;
    o->tensor_parallel =
        !isnan(row->tensor) ? (int)row->tensor : said || layers || ranks > 1 ? 1 : gpus;
    o->pipeline_parallel = !isnan(row->pipeline) ? (int)row->pipeline : said || !layers ? 1 : gpus;
    if (ranks > 1 && (o->model->experts < ranks || o->pipeline_parallel > 1 ||
                      (ranks % o->tensor_parallel != 0 && o->tensor_parallel % ranks != 0)))
        return "its expert-parallel size does not go with the others";
    o->expert_parallel = ranks;
    const int group = cs_option_gpus(o, o->tensor_parallel);
    if (gpus % group != 0)
        return "its GPUs are no multiple of tensor and pipeline sizes";
    if (o->model->heads % o->tensor_parallel != 0)
        return "its tensor-parallel size does not divide the heads";
    row->replicas = o->replicas = gpus / group;
    o->gpus = gpus;
    return NULL;
}

/* Weights that do not fit beside the engine's buffers ran from the host's memory in part. */
static const char *overflow(const struct cs_row *row, struct cs_arena *arena)
{
    const struct cs_option *const o = &row->option;
    if (o->experts.policy != CS_EXPERTS_RESIDENT) /* it ran */
        return NULL;
    const int group = cs_option_gpus(o, o->tensor_parallel);
    struct cs_memory m;
    cs_memory_fit(&m, o, o->tensor_parallel);
    if (m.weights_gpu_bytes + m.reserve_bytes <=
        o->hardware->memory_bytes * o->hardware->gpu_share)
        return NULL;
    return cs_arena_printf(arena, "the weights do not fit: %s in %s on %d x %s", o->model->name,
                           cs_precision_infos[o->precision].name, group, o->hardware->name);
}

/* The number that stands behind a word ("max_batch 2048"), or what else. */
static int number_after(const char *text, const char *word, int otherwise)
{
    const char *const at = strstr(text, word);
    const long value = at ? strtol(at + strlen(word), NULL, 10) : 0;
    return value > 0 && value < 1000000 ? (int)value : otherwise;
}

static void set_limits(struct cs_row *row)
{
    struct cs_option *const o = &row->option;
    const struct cs_engine_sheet *const e = o->engine;
    o->max_num_seqs = number_after(row->batch_text, "max_batch ", e->max_num_seqs);
    o->max_num_seqs = number_after(row->batch_text, "max_num_seqs ", o->max_num_seqs);
    o->max_num_batched_tokens =
        number_after(row->batch_text, "max_batched_tokens ", e->max_num_batched_tokens);
    /* llama.cpp's own suite ran with -ub 2048: its prompt rates of 1, 2 and 4 prompts of 512 tokens
     * rise to 2048 tokens together, and are flat from there. */
    if (e->slots && strncmp(row->source, "llama.cpp benches", 17) == 0)
        o->max_num_batched_tokens = 2048;
    if (e->slots)
        o->max_num_batched_tokens = number_after(row->notes, " ub", o->max_num_batched_tokens);
    o->block_size = e->block_size;
    o->context = e->context;
    o->gpu_memory_utilization = e->gpu_memory_utilization;
}

/* The notes of the first row of this engine and model that give the size of its file, or its own:
 * llama-bench prints the size, other tools of the same suite do not. */
static const char *sized_notes(const struct reader *r, const struct cs_row *row)
{
    struct cs_row other;
    for (size_t i = 0; i < r->table.row_count && !strstr(row->notes, " GiB, params"); i++) {
        const char *const notes = cs_tablefile_text(&r->table, i, r->columns[NOTES].at);
        if (!strstr(notes, " GiB, params"))
            continue;
        read_row(r, i, &other);
        if (strcmp(other.model, row->model) == 0 && strcmp(other.engine, row->engine) == 0)
            return notes;
    }
    return row->notes;
}

/* Notes that say "as above" go on with those of the last row before that does not. */
static const char *whole_notes(const struct reader *r, size_t at, const char *notes)
{
    if (!strstr(notes, "as above"))
        return notes;
    for (size_t i = at; i-- > 0;) {
        const char *const above = cs_tablefile_text(&r->table, i, r->columns[NOTES].at);
        if (!strstr(above, "as above"))
            return cs_arena_printf(r->table.arena, "%s; %s", notes, above);
    }
    return notes;
}

/* NULL when the option is complete, or why there is no case. */
static const char *settle(const struct reader *r, struct cs_row *row, struct cs_catalog *catalog,
                          struct cs_arena *arena)
{
    const char *reason = unsaid(row);
    if (reason)
        return reason;
    const char *const notes = row->notes;
    row->notes = sized_notes(r, row);
    reason = cs_row_names_find(row, catalog, arena);
    row->notes = notes;
    reason = reason ? reason : set_parallel(row);
    reason = reason ? reason : cs_row_offload(row, catalog, arena);
    reason = reason ? reason : overflow(row, arena);
    if (!reason)
        set_limits(row);
    return reason;
}

static bool open_table(struct reader *r, const char *path, struct cs_arena *arena,
                       struct cs_diags *diags)
{
    for (size_t i = 0; i < FIELDS; i++)
        r->columns[i] = (struct cs_column){fields[i].column, fields[i].required, -1};
    for (size_t i = 0; i < CS_ROW_LATENCIES; i++)
        r->latencies[i] = (struct cs_column){cs_row_latencies[i].column, false, -1};
    return cs_tablefile_read(&r->table, path, arena, diags) &&
           cs_tablefile_map(&r->table, r->columns, FIELDS) &&
           cs_tablefile_map(&r->table, r->latencies, CS_ROW_LATENCIES);
}

bool cs_read_rows(const char *path, struct cs_catalog *catalog, struct cs_cases *cases,
                  struct cs_diags *diags)
{
    const size_t errors = diags->errors;
    struct reader r;
    if (!open_table(&r, path, cases->arena, diags))
        return false;
    for (size_t i = 0; i < r.table.row_count; i++) {
        struct cs_row row;
        read_row(&r, i, &row);
        row.notes = whole_notes(&r, i, row.notes);
        bool known = true;
        const char *reason = cs_row_lacks(&row, &known);
        if (!known)
            reason = cs_arena_printf(cases->arena, "mode not modelled: %s", row.mode);
        reason = reason ? reason : settle(&r, &row, catalog, cases->arena);
        if (reason)
            cs_cases_skip(cases, reason, row.place);
        else
            cs_row_cases(&row, cases);
    }
    return diags->errors == errors;
}
