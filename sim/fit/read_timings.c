/* Operator timings: kernels timed one by one, summed over the layers of a model.
 *
 *   device,model,tp,tokens,linear_ops_ms,allreduce_ms                                     GEMMs
 *   device,model,tp,kind,batch,tokens,kv_per_seq,time_ms,linear_ms,allreduce_ms,attention_ms
 *
 * The profiles of Vidur (github:microsoft/vidur), put into these two tables. Of the first GEMMs
 * and all-reduces become cases, of the second attention: its GEMMs are those of the first. A table
 * holds a dense grid of sizes whose neighbours tell the same, so sizes between powers of two and
 * the halves between them are passed over, and counted.
 *
 *     decode    K = batch kv_per_seq                                    (model.md, 2.11)
 *     prefill   Q = n c + n (n + 1) / 2,  n tokens after c = kv_per_seq  (2.13)
 *
 * The rule: a timing is of operators alone. Embedding, head, sampling and the engine are not in
 * it; launching each kernel is (calibrate.h). 16-bit weights. Memory is the arena's of the cases.
 */
#include "fit/import.h"
#include "fit/tablefile.h"
#include <string.h>

static const double ms = 1e-3;

/* Device names of these tables. */
static const struct {
    const char *device, *hardware;
} devices[] = {{"a100", "a100-sxm-80gb"}, {"h100", "h100-sxm-80gb"}};

enum { DEVICE, MODEL, TP, KIND, BATCH, TOKENS, KV, LINEAR, REDUCE, ATTENTION, COLUMNS };

/* 0, 2^k, and 3 2^k from 24 on: sizes at which graphs are captured, so that none is padded. */
static bool on_grid(double size)
{
    if (size != floor(size) || size < 0.0 || size > 1e9)
        return false;
    unsigned n = (unsigned)size;
    if (n >= 24 && n % 3 == 0)
        n /= 3;
    return (n & (n - 1)) == 0;
}

struct reading {
    struct cs_import *import;
    const struct cs_tablefile *table;
    const struct cs_column *columns;
    size_t row;
};

static double number(const struct reading *r, int column)
{
    return cs_tablefile_number(r->table, r->row, r->columns[column].at, 0.0, 1e9);
}

static void add(const struct reading *r, const struct cs_option *option, const char *what,
                unsigned parts, const struct cs_step_load *load, double seconds)
{
    if (!(seconds > 0.0))
        return;
    struct cs_case *const c = cs_cases_add(r->import->cases);
    c->source = cs_tablefile_place(r->table, r->row);
    c->name = cs_arena_printf(r->import->cases->arena, "%s %s TP%d", option->model->name, what,
                              option->tensor_parallel);
    c->kind = CS_CASE_STEP;
    c->workload = what;
    c->quality = "A";
    c->option = *option;
    c->parts = parts;
    c->load = *load;
    c->measured[CS_FIGURE_STEP] = seconds;
}

static void add_attention(const struct reading *r, const struct cs_option *option)
{
    const bool prefill =
        strcmp(cs_tablefile_text(r->table, r->row, r->columns[KIND].at), "prefill") == 0;
    const int64_t kv = (int64_t)number(r, KV), batch = (int64_t)number(r, BATCH);
    const int64_t tokens = (int64_t)number(r, TOKENS);
    const struct cs_step_load decode = {
        .tokens = batch, .sampled = batch, .kv_tokens = batch * kv, .window_kv_tokens = batch * kv};
    const struct cs_step_load chunk = {.tokens = tokens,
                                       .kv_tokens = kv,
                                       .window_kv_tokens = kv,
                                       .pairs = cs_step_pairs(tokens, kv, 0),
                                       .window_pairs = cs_step_pairs(tokens, kv, 0),
                                       .prefill = true};
    add(r, option, prefill ? "prefill attention" : "decode attention", CS_PART_ATTENTION,
        prefill ? &chunk : &decode, number(r, ATTENTION) * ms);
}

static const char *hardware_of(const char *device)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (strcmp(devices[i].device, device) == 0)
            return devices[i].hardware;
    return device;
}

/* Names without a sheet stand in thousands of rows: counted, not warned of one by one. */
static bool has_sheet(const struct reading *r, enum cs_sheet_kind kind, const char *name)
{
    if (cs_catalog_path(r->import->catalog, kind, name))
        return true;
    cs_cases_skip(r->import->cases,
                  cs_arena_printf(r->import->cases->arena, "there is no %s sheet '%s'",
                                  kind == CS_SHEET_MODEL ? "model" : "hardware", name),
                  cs_tablefile_place(r->table, r->row));
    return false;
}

static void read_row(const struct reading *r)
{
    const struct cs_tablefile *const t = r->table;
    const bool attention = r->columns[KIND].at >= 0;
    struct cs_import_row row;
    struct cs_option option;
    const struct cs_span at = {t->source, t->lines[r->row], 1, 1};
    cs_import_row_init(&row, at, cs_tablefile_place(t, r->row));
    row.hardware = hardware_of(cs_tablefile_text(t, r->row, r->columns[DEVICE].at));
    row.model = cs_tablefile_text(t, r->row, r->columns[MODEL].at);
    row.precision = "bf16";
    row.tensor_parallel = number(r, TP);
    const double tokens = number(r, TOKENS);
    if (!on_grid(tokens) ||
        (attention && (!on_grid(number(r, KV)) || !on_grid(number(r, BATCH))))) {
        cs_cases_skip(r->import->cases, "a size between powers of two and their halves", row.place);
        return;
    }
    if (!has_sheet(r, CS_SHEET_MODEL, row.model) ||
        !has_sheet(r, CS_SHEET_HARDWARE, row.hardware) ||
        !cs_import_option(r->import, &row, &option))
        return;
    if (attention) {
        add_attention(r, &option);
        return;
    }
    const struct cs_step_load load = {.tokens = (int64_t)tokens};
    add(r, &option, "GEMMs", CS_PART_LINEAR, &load, number(r, LINEAR) * ms);
    if (option.tensor_parallel > 1)
        add(r, &option, "all-reduces", CS_PART_REDUCE, &load, number(r, REDUCE) * ms);
}

bool cs_read_timings(struct cs_import *m, const struct cs_tablefile *t)
{
    struct cs_column columns[COLUMNS] = {[DEVICE] = {"device", true, -1},
                                         [MODEL] = {"model", true, -1},
                                         [TP] = {"tp", true, -1},
                                         [KIND] = {"kind", false, -1},
                                         [BATCH] = {"batch", false, -1},
                                         [TOKENS] = {"tokens", true, -1},
                                         [KV] = {"kv_per_seq", false, -1},
                                         [LINEAR] = {"linear_ops_ms", false, -1},
                                         [REDUCE] = {"allreduce_ms", true, -1},
                                         [ATTENTION] = {"attention_ms", false, -1}};
    const size_t errors = m->diags->errors;
    if (!cs_tablefile_map(t, columns, COLUMNS))
        return false;
    for (size_t i = 0; i < t->row_count; i++)
        read_row(&(struct reading){m, t, columns, i});
    return m->diags->errors == errors;
}
