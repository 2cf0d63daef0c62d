/* What fits, as a table and as JSON (see fits.h).
 *
 * The rule: a column's heading is short and the line below the table that begins with it says what
 * it is, with its unit and the request that is meant; a figure is never without its assumptions.
 * Rates carry the model's error of their engine (perf/error.h) in a column of their own.
 * Texts live in the arena of the rows; the tree is freed before return.
 */
#include "out/fits.h"
#include <math.h>
#include <string.h>
#include "out/figure.h"
#include "out/json_tree.h"

enum { SCHEMA = 1 };

static bool is_owned(const struct cs_fits_row *r)
{
    return r->price.basis && strcmp(r->price.basis, "owned") == 0;
}

static const char *name_of(const struct cs_fits_row *r, bool of_machine)
{
    return of_machine ? r->option.model->name : r->option.hardware->name;
}

/* "2 x fp8" */
static const char *format_of(const struct cs_fits_row *r, struct cs_arena *arena)
{
    const char *const format = cs_precision_infos[r->option.precision].name;
    if (r->offload)
        return cs_arena_printf(arena, "%s +host", format);
    return r->option.gpus > 1 ? cs_arena_printf(arena, "%d x %s", r->option.gpus, format) : format;
}

static void print_rows(const struct cs_fits *fits, bool of_machine, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "llrrrrrrrr");
    cs_grid_row(&grid, of_machine ? "MODEL" : "MACHINE", "weights", "GB", "alone", "full", "prompt",
                "context", "USD", "Wh", "error");
    for (size_t i = 0; i < fits->count; i++) {
        const struct cs_fits_row *const r = &fits->rows[i];
        const struct cs_hardware *const h = r->option.hardware;
        if (!r->fits)
            continue;
        const char *const before = i > 0 ? r[-1].option.hardware->klass : h->klass;
        if (!of_machine && strcmp(before ? before : "", h->klass ? h->klass : "") != 0)
            cs_grid_row(&grid, "", "", "", "", "", "", "", "", "", "");
        cs_grid_row(&grid, name_of(r, of_machine), format_of(r, t->arena),
                    cs_figure_short(1e-9 * r->memory.weights_bytes).text,
                    cs_figure_short(r->decode_tok_s).text, cs_figure_short(r->output_tok_s).text,
                    cs_figure_short(r->prefill_tok_s).text,
                    cs_figure_number(r->max_context, 0).text,
                    cs_arena_printf(t->arena, "%s%s", cs_figure_usd(r->usd_per_mtok).text,
                                    is_owned(r) && !isnan(r->usd_per_mtok) ? "*" : " "),
                    cs_figure_short(r->wh_per_mtok).text,
                    r->error ? cs_arena_printf(t->arena, "±%.0f %%", 100.0 * r->error->step)
                             : "-");
    }
    cs_grid_print(&grid, t, 0, false);
}

/* The engines of the rows that fit, each once, and how they use several GPUs where they do. */
static const char *engines(const struct cs_fits *fits, struct cs_arena *arena)
{
    const char *all = "";
    for (size_t i = 0; i < fits->count && fits->rows[i].fits; i++) {
        const struct cs_engine_sheet *const e = fits->rows[i].option.engine;
        const char *how = "";
        bool told = false;
        for (size_t k = 0; k < fits->count && fits->rows[k].fits; k++) {
            const struct cs_option *const o = &fits->rows[k].option;
            told = told || (k < i && o->engine == e);
            if (o->engine == e && o->gpus > 1)
                how = o->tensor_parallel > 1 ? ", tensor parallel" : ", layers split over GPUs";
        }
        if (!told)
            all = cs_arena_printf(arena, "%s%s%s%s", all, *all ? "; " : "", e->title, how);
    }
    return all;
}

/* How the money was counted. */
static const char *money(const struct cs_fits *fits, const struct cs_fits_query *q,
                         struct cs_arena *arena)
{
    const struct cs_own *const own = &q->cost.own;
    bool owned = false, rented = false, nearest = false;
    for (size_t i = 0; i < fits->count && fits->rows[i].fits; i++) {
        owned = owned || is_owned(&fits->rows[i]);
        rented = rented || !is_owned(&fits->rows[i]);
        nearest = nearest || fits->rows[i].price.note;
    }
    const char *const rent =
        cs_arena_printf(arena, "rent (%s%s)", q->cost.prices,
                        nearest ? "; where that is not known, the nearest" : "");
    const char *const price =
        own->purchase_usd < 0 ? "the purchase price in its sheet"
                              : cs_arena_printf(arena, "%s USD a GPU",
                                                cs_figure_usd(own->purchase_usd).text);
    const char *const bought =
        cs_arena_printf(arena, "%s* %s%s over %g years, and electricity at %g USD/kWh",
                        rented ? "; " : "", own->has ? "" : "for what is not rented out, ", price,
                        own->years, own->electricity_usd_per_J * 3.6e6);
    return cs_arena_printf(arena,
                           "per million tokens, in and out, when full: %s%s. Energy at the power "
                           "limit", rented ? rent : "", owned ? bought : "");
}

static void print_legend(const struct cs_fits *fits, const struct cs_fits_query *q,
                         const struct cs_text *t)
{
    const struct cs_fits_row *const first = &fits->rows[0];
    struct cs_arena *const a = t->arena;
    cs_text_section(
        t, "speed",
        cs_arena_printf(a,
                        "tokens/s for requests of %s tokens in and %s out: of the answer, alone; "
                        "of all answers with as many requests as memory and engine take, their "
                        "prompts' time included (full); of the prompt, alone. Error: standard "
                        "deviation of measured against predicted times. Context: tokens of the "
                        "longest request there is room for",
                        cs_figure_number(first->input, 0).text,
                        cs_figure_number(first->output, 0).text));
    cs_text_section(t, "USD, Wh", money(fits, q, a));
    for (size_t i = 0; i < fits->count && fits->rows[i].fits; i++) {
        if (!fits->rows[i].offload)
            continue;
        cs_text_section(t, "+host",
                        cs_arena_printf(a, "experts that the GPU has no room for are computed in "
                                           "the host's memory (%s), whose price and power do not "
                                           "count here",
                                        q->host ? q->host->title
                                                : "of the usual machine around it"));
        break;
    }
    cs_text_section(t, "engine",
                    cs_arena_printf(a, "%s%s", engines(fits, a),
                                    q->all || q->gpus ? ""
                                           : ". The fewest GPUs that will do; more (--all) are "
                                             "faster, and often cheaper per token; --gpus 1: what "
                                             "one does"));
}

static void print_misfits(const struct cs_fits *fits, bool all, bool of_machine,
                          const struct cs_text *t)
{
    const char *names = "";
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "llw");
    cs_grid_row(&grid, of_machine ? "MODEL" : "MACHINE", "weights", "why not");
    size_t count = 0;
    for (size_t i = 0; i < fits->count; i++) {
        const struct cs_fits_row *const r = &fits->rows[i];
        if (r->fits)
            continue;
        const char *const name = name_of(r, of_machine);
        cs_grid_row(&grid, name, format_of(r, t->arena), r->reason);
        names = cs_arena_printf(t->arena, "%s%s%s", names, count ? ", " : "", name);
        count++;
    }
    if (!count)
        return;
    if (all || count == fits->count) {
        cs_text_put(t, count < fits->count ? "\n" : "");
        cs_grid_print(&grid, t, 0, false);
    } else {
        cs_text_section(t, "no",
                        cs_arena_printf(t->arena, "%s (why: --all)", names));
    }
}

/* What the table is about, and how many of them do. */
static void print_title(const struct cs_fits *fits, size_t fitting, bool of_machine,
                        const struct cs_text *t)
{
    if (!fits->count)
        return;
    const struct cs_model *const m = fits->rows[0].option.model;
    const struct cs_hardware *const h = fits->rows[0].option.hardware;
    const char *const what =
        of_machine ? cs_arena_printf(t->arena, "%s, %s, %s", h->title,
                                     cs_figure_si(h->memory_bytes * h->gpu_share, "B").text,
                                     cs_figure_si(h->bandwidth_Bps, "B/s").text)
                   : cs_arena_printf(t->arena, "%s, %s parameters", m->title,
                                     cs_figure_parameters(m->parameters_total).text);
    cs_text_colour(t, CS_COLOUR_BOLD);
    cs_text_put(t, what);
    cs_text_colour(t, CS_COLOUR_PLAIN);
    cs_text_printf(t, fitting ? " · %zu %s\n\n" : " · nothing fits\n\n", fitting,
                   of_machine ? fitting > 1 ? "models fit" : "model fits"
                              : fitting > 1 ? "machines can run it" : "machine can run it");
}

void cs_fits_print(const struct cs_fits *fits, const struct cs_fits_query *q, bool of_machine,
                   const struct cs_text *t)
{
    size_t fitting = 0; /* each once */
    for (size_t i = 0; i < fits->count && fits->rows[i].fits; i++) {
        size_t k = 0;
        while (strcmp(name_of(&fits->rows[k], of_machine), name_of(&fits->rows[i], of_machine)))
            k++;
        fitting += k == i;
    }
    print_title(fits, fitting, of_machine, t);
    if (fitting) {
        print_rows(fits, of_machine, t);
        cs_text_put(t, "\n");
        print_legend(fits, q, t);
    }
    print_misfits(fits, q->all, of_machine, t);
}

void cs_json_print_fits(const struct cs_fits *fits, FILE *out)
{
    struct cJSON *const root = cs_tree_new();
    cs_tree_text(root, "capsim", CS_VERSION);
    cs_tree_number(root, "schema", SCHEMA);
    struct cJSON *const rows = cs_tree_array(root, "rows");
    for (size_t i = 0; i < fits->count; i++) {
        const struct cs_fits_row *const r = &fits->rows[i];
        const struct cs_option *const o = &r->option;
        struct cJSON *const row = cs_tree_object(rows, NULL);
        cs_tree_text(row, "model", o->model->name);
        cs_tree_text(row, "hardware", o->hardware->name);
        cs_tree_text(row, "class", o->hardware->klass);
        cs_tree_number(row, "gpus", o->gpus);
        cs_tree_text(row, "precision", cs_precision_infos[o->precision].name);
        cs_tree_text(row, "engine", o->engine->name);
        cs_tree_number(row, "tensor_parallel", o->tensor_parallel);
        cs_tree_number(row, "pipeline_parallel", o->pipeline_parallel);
        cs_tree_bool(row, "fits", r->fits);
        cs_tree_bool(row, "offload", r->offload);
        cs_tree_text(row, "reason", r->reason);
        cs_tree_number(row, "host_gb", r->offload ? 1e-9 * r->memory.host_bytes : 0.0);
        cs_tree_number(row, "weights_gb", 1e-9 * r->memory.weights_bytes);
        cs_tree_number(row, "memory_gb",
                       1e-9 * o->gpus * o->hardware->memory_bytes * o->hardware->gpu_share);
        cs_tree_number(row, "input_tokens", r->input);
        cs_tree_number(row, "output_tokens", r->output);
        cs_tree_number(row, "decode_tok_s_single", r->decode_tok_s);
        cs_tree_number(row, "prefill_tok_s", r->prefill_tok_s);
        cs_tree_number(row, "ttft_ms_single", 1e3 * r->ttft_s);
        cs_tree_number(row, "output_tok_s_batched", r->output_tok_s);
        cs_tree_number(row, "batch", r->at_once);
        cs_tree_number(row, "max_context", r->max_context);
        cs_tree_number(row, "usd_per_mtok", r->usd_per_mtok);
        cs_tree_number(row, "usd_per_mtok_single", r->usd_per_mtok_single);
        cs_tree_number(row, "wh_per_mtok", r->wh_per_mtok);
        cs_tree_number(row, "usd_per_gpu_hour", r->price.usd_per_gpu_hour);
        cs_tree_text(row, "price_basis", r->price.basis);
        cs_tree_text(row, "price_note", r->price.note);
        cs_tree_number(row, "model_error", r->error ? r->error->step : NAN);
        cs_tree_number(row, "model_error_ttft", r->error ? hypot(r->error->step, r->error->ttft)
                                                         : NAN);
    }
    cs_tree_print(root, out);
}
