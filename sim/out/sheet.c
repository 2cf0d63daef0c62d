/* Sheet pages: one sheet, readable (see sheet.h).
 *
 * The figures are walked in the order of the file: every scalar below the root, with its path, but
 * not the lists, which get tables of their own. So a new key of a sheet appears here by itself.
 * Memory: the scratch arena of the cs_text.
 */
#include "out/sheet.h"
#include <math.h>
#include <string.h>
#include "out/figure.h"
#include "out/words.h"
#include "spec/yaml.h"

static const char *known(const char *text)
{
    return text ? text : "";
}

static const char *indented(const struct cs_text *t, const char *text)
{
    return cs_arena_printf(t->arena, "  %s", known(text));
}

static bool is_heading(const char *path)
{
    static const char *const names[] = {"name", "title", "aliases", "notes", "sources"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(path, names[i]) == 0)
            return true;
    return false;
}

/* "[a, b, c]" of a short list of scalars; NULL for anything longer or deeper. */
static const char *short_list(struct cs_arena *arena, const struct cs_node *list)
{
    const char *words = "";
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != CS_NODE_SCALAR)
            return NULL;
        words = cs_arena_printf(arena, "%s%s%s", words, i ? ", " : "", list->items[i]->text);
        if (i >= 8)
            return cs_arena_printf(arena, "%zu numbers", list->count);
    }
    return words;
}

/* Sources are numbered as they come up and listed once, below the figures. */
enum { SOURCES_MOST = 200 };
struct sources {
    const char *items[SOURCES_MOST];
    size_t count;
};

static const char *number_of(struct sources *s, const struct cs_text *t, const char *source)
{
    size_t i = 0;
    if (!source || !*source)
        return "";
    while (i < s->count && strcmp(s->items[i], source) != 0)
        i++;
    if (i == SOURCES_MOST)
        return source;
    if (i == s->count)
        s->items[s->count++] = source;
    return cs_arena_printf(t->arena, "[%zu]", i + 1);
}

static void print_sources(const struct sources *s, const struct cs_text *t)
{
    if (!s->count)
        return;
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "rw");
    cs_grid_row(&grid, "SOURCES", "");
    for (size_t i = 0; i < s->count; i++)
        cs_grid_row(&grid, cs_arena_printf(t->arena, "[%zu]", i + 1), s->items[i]);
    cs_text_put(t, "\n");
    cs_grid_print(&grid, t, 0, false);
}

struct figures {
    struct cs_arena *arena;
    struct cs_sheet_figure *items;
    size_t count;
};

static void walk(struct figures *f, const struct cs_node *root, const struct cs_node *node,
                 const char *path)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct cs_node *const value = node->items[i];
        const char *const key = node->keys[i]->text;
        const char *const name = *path ? cs_arena_printf(f->arena, "%s.%s", path, key) : key;
        if (is_heading(name))
            continue;
        if (value->kind == CS_NODE_MAP) {
            walk(f, root, value, name);
            continue;
        }
        const char *const text =
            value->kind == CS_NODE_SCALAR ? value->text : short_list(f->arena, value);
        if (!text)
            continue;
        f->items = cs_arena_grow(f->arena, f->items, f->count, sizeof *f->items);
        f->items[f->count++] = (struct cs_sheet_figure){name, text, cs_source_of(root, name)};
    }
}

const struct cs_sheet_figure *cs_sheet_figures(const struct cs_node *node, struct cs_arena *arena,
                                               size_t *count)
{
    struct figures f = {.arena = arena};
    if (node && node->kind == CS_NODE_MAP)
        walk(&f, node, node, "");
    *count = f.count;
    return f.items;
}

/* The text of a key at the root of a sheet, or NULL. */
static const char *text_of(const struct cs_node *root, const char *key)
{
    const struct cs_node *const node = cs_node_get(root, key);
    return node ? node->text : NULL;
}

static void print_head(const struct cs_text *t, struct sources *sources, const char *path,
                       const struct cs_node *node)
{
    const char *const title = text_of(node, "title"), *const notes = text_of(node, "notes");
    cs_text_edges(t, title ? title : text_of(node, "name"), path);
    cs_text_put(t, "\n");
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lll");
    cs_grid_row(&grid, "FIGURES", "as the sheet says", "source");
    size_t count;
    const struct cs_sheet_figure *const f = cs_sheet_figures(node, t->arena, &count);
    for (size_t i = 0; i < count; i++)
        cs_grid_row(&grid, indented(t, f[i].name), f[i].value, number_of(sources, t, f[i].source));
    cs_grid_print(&grid, t, 0, false);
    const struct cs_node *const aliases = cs_node_get(node, "aliases");
    if (aliases && aliases->kind == CS_NODE_LIST) {
        cs_text_put(t, "\n");
        cs_text_section(t, "ALSO", short_list(t->arena, aliases));
    }
    if (notes) {
        cs_text_put(t, "\n");
        cs_text_section(t, "NOTES", notes);
    }
}

/* A table with its heading is printed below an empty line, unless it has no rows. */
static void print_table(const struct cs_grid *grid, const struct cs_text *t, const char *note)
{
    if (grid->count == grid->columns)
        return;
    cs_text_put(t, "\n");
    cs_grid_print(grid, t, 0, false);
    cs_text_put(t, note);
}

static void print_rentals(const struct cs_hardware *h, struct sources *sources,
                          const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrlllw");
    cs_grid_row(&grid, "RENT", "USD/h", "term", "date", "source", "note");
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *const r = &h->rentals[i];
        cs_grid_row(&grid, indented(t, r->provider), cs_figure_usd(3600 * r->usd_per_s).text,
                    r->term < CS_TERM_COUNT ? cs_term_names[r->term] : "article", known(r->date),
                    number_of(sources, t, r->source), known(r->note));
    }
    print_table(&grid, t, "");
    cs_grid_init(&grid, t->arena, "lllw");
    cs_grid_row(&grid, "BOUGHT", "date", "source", "note");
    for (size_t i = 0; i < h->purchase_count; i++) {
        const struct cs_purchase *const p = &h->purchases[i];
        cs_grid_row(&grid, cs_arena_printf(t->arena, "  %s USD", cs_figure_usd(p->usd).text),
                    known(p->date), number_of(sources, t, p->source), known(p->note));
    }
    print_table(&grid, t, "");
}

static const char *per_mtok(const struct cs_text *t, double usd_per_token)
{
    return usd_per_token < 0 ? "-"
                             : cs_arena_strdup(t->arena, cs_figure_usd(1e6 * usd_per_token).text);
}

static void print_prices(const struct cs_api *a, struct sources *sources, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrlllw");
    cs_grid_row(&grid, "PRICES", "in", "out", "cached in", "batch", "date", "source", "note");
    for (size_t i = 0; i < a->price_count; i++) {
        const struct cs_api_price *const p = &a->prices[i];
        cs_grid_row(&grid,
                    cs_arena_printf(t->arena, "  %s, %s", cs_words_basis[p->basis],
                                    known(p->provider)),
                    per_mtok(t, p->input), per_mtok(t, p->output), per_mtok(t, p->cached_input),
                    cs_arena_printf(t->arena, "%s / %s", per_mtok(t, p->batch_input),
                                    per_mtok(t, p->batch_output)),
                    known(p->date), number_of(sources, t, p->source), known(p->note));
        for (const struct cs_api_tier *k = p->tiers; k < p->tiers + p->tier_count; k++)
            cs_grid_row(&grid,
                        cs_arena_printf(t->arena, "    above %s tokens in",
                                        cs_figure_number(k->above_tokens, 0).text),
                        per_mtok(t, k->input), per_mtok(t, k->output),
                        per_mtok(t, k->cached_input), "", "", "", "");
    }
    print_table(&grid, t, "  prices are USD per million tokens\n");
}

/* A rate a minute as published, or "-". */
static const char *a_minute(const struct cs_text *t, double per_s)
{
    return per_s > 0 ? cs_arena_strdup(t->arena, cs_figure_number(60 * per_s, 0).text) : "-";
}

static void print_offers(const struct cs_api *a, struct sources *sources, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrll");
    cs_grid_row(&grid, "LIMITS, a minute", "requests", "tokens", "in", "out", "date", "source");
    for (size_t i = 0; i < a->limit_count; i++) {
        const struct cs_api_limit *const l = &a->limits[i];
        cs_grid_row(&grid, indented(t, l->tier), a_minute(t, l->requests_per_s),
                    a_minute(t, l->tokens_per_s), a_minute(t, l->input_tokens_per_s),
                    a_minute(t, l->output_tokens_per_s), known(l->date),
                    number_of(sources, t, l->source));
    }
    print_table(&grid, t, "");
    cs_grid_init(&grid, t->arena, "lrrrllw");
    cs_grid_row(&grid, "COMMITTED", "USD/h", "tokens/min", "least", "date", "source", "note");
    for (size_t i = 0; i < a->committed_count; i++) {
        const struct cs_api_committed *const c = &a->committed[i];
        cs_grid_row(&grid, cs_arena_printf(t->arena, "  %s, %s", c->provider, c->unit),
                    cs_figure_usd(3600 * c->usd_per_s).text, a_minute(t, c->tokens_per_s),
                    cs_figure_number(c->least, 0).text, known(c->date),
                    number_of(sources, t, c->source), known(c->note));
    }
    print_table(&grid, t, "");
}

/* A figure as published, or nothing. */
static const char *published(const struct cs_text *t, double value, double scale)
{
    if (!(value > 0))
        return "";
    const int decimals = scale * value >= 1000 ? 0 : 1;
    const double whole = round(scale * value);
    return cs_arena_strdup(t->arena,
                           cs_figure_number(scale * value,
                                            fabs(whole - scale * value) < 1e-9 ? 0 : decimals)
                               .text);
}

/* "TensorRT-LLM 0.14.0 + Triton, online, 2025-02; TTFT 68 ms, TPOT 24 ms". */
static const char *how(const struct cs_text *t, const struct cs_measured *r)
{
    const char *words = known(r->engine);
    if (r->mode)
        words = cs_arena_printf(t->arena, "%s, %s", words, r->mode);
    if (r->date)
        words = cs_arena_printf(t->arena, "%s, %s", words, r->date);
    if (r->ttft_s > 0)
        words = cs_arena_printf(t->arena, "%s; TTFT %s ms", words, published(t, r->ttft_s, 1e3));
    if (r->tpot_s > 0)
        words = cs_arena_printf(t->arena, "%s; TPOT %s ms", words, published(t, r->tpot_s, 1e3));
    return words;
}

static void print_measured(const struct cs_model *m, struct sources *sources,
                           const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrlw");
    cs_grid_row(&grid, "MEASURED", "in/out", "decode", "total", "source", "how");
    for (size_t i = 0; i < m->measured_count; i++) {
        const struct cs_measured *const r = &m->measured[i];
        cs_grid_add(&grid, "  %s × %s %s", cs_figure_number(r->gpus > 0 ? r->gpus : 1, 0).text,
                    known(r->hardware), known(r->precision));
        cs_grid_add(&grid, "%s%s%s", published(t, r->input_tokens, 1),
                    r->input_tokens > 0 || r->output_tokens > 0 ? "/" : "",
                    published(t, r->output_tokens, 1));
        cs_grid_add(&grid, "%s", published(t, r->decode_tok_s, 1));
        cs_grid_add(&grid, "%s", published(t, r->output_total_tok_s, 1));
        cs_grid_add(&grid, "%s", number_of(sources, t, r->source));
        cs_grid_add(&grid, "%s", how(t, r));
    }
    print_table(&grid, t, "  in/out: tokens a request; decode: output tokens/s of one sequence; "
                          "total: of all of them\n");
}

static const char *joined(const struct cs_text *t, const char *words, const char *const *names,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        words = cs_arena_printf(t->arena, "%s%s%s", words, *words ? " " : "", names[i]);
    return words;
}

static void print_errors(const struct cs_engine_sheet *e, struct sources *sources,
                         const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrlw");
    cs_grid_row(&grid, "MODEL ERROR", "steps", "TTFT, more", "source", "only");
    for (size_t i = 0; i < e->error_count; i++) {
        const struct cs_model_error *const r = &e->errors[i];
        const char *only = joined(t, "", r->hardware, r->hardware_count);
        only = joined(t, only, r->precision, r->precision_count);
        const char *const rest[] = {"GPUs with factors of their own", "over PCIe", "with experts",
                                    "expert parallelism", "experts outside the GPUs"};
        const bool narrowed[] = {r->factors, r->pcie, r->moe, r->experts == 1, r->experts == 2};
        for (size_t k = 0; k < sizeof rest / sizeof rest[0]; k++)
            only = narrowed[k] ? joined(t, only, &rest[k], 1) : only;
        cs_grid_row(&grid, r->calibrated ? "  calibrated" : "  transfer",
                    cs_figure_percent(r->step).text, cs_figure_percent(r->ttft).text,
                    number_of(sources, t, r->source), only);
    }
    print_table(&grid, t, "  standard deviations; the first row that holds for an option is its "
                          "own\n");
}

bool cs_sheet_print(struct cs_catalog *catalog, enum cs_sheet_kind kind, const char *name,
                    const struct cs_text *t, struct cs_diags *diags)
{
    const void *const sheet =
        cs_catalog_load(catalog, kind, name, (struct cs_span){0}, NULL, diags);
    struct sources sources = {.count = 0};
    if (!sheet)
        return false;
    const struct cs_model *const m = kind == CS_SHEET_MODEL ? sheet : NULL;
    const struct cs_hardware *const h = kind == CS_SHEET_HARDWARE ? sheet : NULL;
    const struct cs_api *const a = kind == CS_SHEET_API ? sheet : NULL;
    const struct cs_engine_sheet *const e = kind == CS_SHEET_ENGINE ? sheet : NULL;
    const struct cs_host *const o = kind == CS_SHEET_HOST ? sheet : NULL;
    const struct cs_traffic_sheet *const f = kind == CS_SHEET_TRAFFIC ? sheet : NULL;
    const struct cs_region *const g = kind == CS_SHEET_REGION ? sheet : NULL;
    print_head(t, &sources, cs_catalog_path(catalog, kind, name),
               m   ? m->node
               : h ? h->node
               : a ? a->node
               : e ? e->node
               : o ? o->node
               : g ? g->node
                   : f->node);
    if (m)
        print_measured(m, &sources, t);
    if (h)
        print_rentals(h, &sources, t);
    if (a)
        print_prices(a, &sources, t);
    if (a)
        print_offers(a, &sources, t);
    if (e)
        print_errors(e, &sources, t);
    print_sources(&sources, t);
    return true;
}
