/* Sheet pages: one sheet, readable (see sheet.h).
 *
 * The figures are walked in the order of the file: every scalar below the root, with its path, but
 * not the lists, which get tables of their own. So a new key of a sheet appears here by itself.
 * Memory: the scratch arena of the cs_text.
 */
#include "out/sheet.h"
#include <string.h>
#include "out/figure.h"
#include "spec/yaml.h"

static const char *known(const char *text)
{
    return text ? text : "";
}

static const char *joined(const struct cs_text *t, const char *a, const char *b)
{
    return b && *b ? cs_arena_printf(t->arena, "%s; %s", known(a), b) : known(a);
}

static bool is_heading(const char *path)
{
    static const char *const names[] = {"name", "title", "notes", "sources"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(path, names[i]) == 0)
            return true;
    return false;
}

/* "[a, b, c]" of a short list of scalars; NULL for anything longer or deeper. */
static const char *short_list(const struct cs_text *t, const struct cs_node *list)
{
    const char *words = "";
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != CS_NODE_SCALAR)
            return NULL;
        words = cs_arena_printf(t->arena, "%s%s%s", words, i ? ", " : "", list->items[i]->text);
        if (i >= 8)
            return cs_arena_printf(t->arena, "%zu numbers", list->count);
    }
    return words;
}

static void walk(struct cs_grid *grid, const struct cs_text *t, const struct cs_node *root,
                 const struct cs_node *node, const char *path)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct cs_node *const value = node->items[i];
        const char *const key = node->keys[i]->text;
        const char *const name = *path ? cs_arena_printf(t->arena, "%s.%s", path, key) : key;
        if (is_heading(name))
            continue;
        if (value->kind == CS_NODE_MAP) {
            walk(grid, t, root, value, name);
            continue;
        }
        const char *const text =
            value->kind == CS_NODE_SCALAR ? value->text : short_list(t, value);
        if (!text)
            continue;
        cs_grid_add(grid, "  %s", name);
        cs_grid_add(grid, "%s", text);
        cs_grid_add(grid, "%s", known(cs_source_of(root, name)));
    }
}

static void print_head(const struct cs_text *t, const char *title, const char *name,
                       const char *path, const struct cs_node *node, const char *notes)
{
    cs_text_edges(t, title ? title : name, path);
    cs_text_put(t, "\n");
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "llw");
    cs_grid_add(&grid, "FIGURES");
    cs_grid_add(&grid, "as the sheet says");
    cs_grid_add(&grid, "source");
    walk(&grid, t, node, node, "");
    cs_grid_print(&grid, t, 0, false);
    if (notes) {
        cs_text_put(t, "\n");
        cs_text_section(t, "NOTES", notes);
    }
}

static void heads(struct cs_grid *grid, const struct cs_text *t, const char *align,
                  const char *const *names)
{
    cs_text_put(t, "\n");
    cs_grid_init(grid, t->arena, align);
    for (size_t i = 0; i < grid->columns; i++)
        cs_grid_add(grid, "%s", names[i]);
}

static void print_rentals(const struct cs_hardware *h, const struct cs_text *t)
{
    static const char *const rent[] = {"RENT", "USD/h", "term", "date", "source"};
    static const char *const buy[] = {"BOUGHT", "date", "source"};
    struct cs_grid grid;
    if (h->rental_count)
        heads(&grid, t, "lrllw", rent);
    for (size_t i = 0; i < h->rental_count; i++) {
        const struct cs_rental *const r = &h->rentals[i];
        cs_grid_add(&grid, "  %s", known(r->provider));
        cs_grid_add(&grid, "%s", cs_figure_usd(3600 * r->usd_per_s).text);
        cs_grid_add(&grid, "%s", known(r->term));
        cs_grid_add(&grid, "%s", known(r->date));
        cs_grid_add(&grid, "%s", joined(t, r->source, r->note));
    }
    if (h->rental_count)
        cs_grid_print(&grid, t, 0, false);
    if (h->purchase_count)
        heads(&grid, t, "llw", buy);
    for (size_t i = 0; i < h->purchase_count; i++) {
        const struct cs_purchase *const p = &h->purchases[i];
        cs_grid_add(&grid, "  %s USD", cs_figure_usd(p->usd).text);
        cs_grid_add(&grid, "%s", known(p->date));
        cs_grid_add(&grid, "%s", joined(t, p->source, p->note));
    }
    if (h->purchase_count)
        cs_grid_print(&grid, t, 0, false);
}

static const char *per_mtok(const struct cs_text *t, double usd_per_token)
{
    return usd_per_token < 0 ? "-"
                             : cs_arena_strdup(t->arena, cs_figure_usd(1e6 * usd_per_token).text);
}

static void print_prices(const struct cs_api *a, const struct cs_text *t)
{
    static const char *const names[] = {"PRICES", "in",       "out",  "cached in",
                                        "batch",  "date",     "source"};
    static const char *const bases[CS_PRICE_BASIS_COUNT] = {"article", "listed", "reseller"};
    struct cs_grid grid;
    if (!a->price_count)
        return;
    heads(&grid, t, "lrrrllw", names);
    for (size_t i = 0; i < a->price_count; i++) {
        const struct cs_api_price *const p = &a->prices[i];
        cs_grid_add(&grid, "  %s, %s", bases[p->basis], known(p->provider));
        cs_grid_add(&grid, "%s", per_mtok(t, p->input));
        cs_grid_add(&grid, "%s", per_mtok(t, p->output));
        cs_grid_add(&grid, "%s", per_mtok(t, p->cached_input));
        cs_grid_add(&grid, "%s / %s", per_mtok(t, p->batch_input), per_mtok(t, p->batch_output));
        cs_grid_add(&grid, "%s", known(p->date));
        cs_grid_add(&grid, "%s", joined(t, p->source, p->note));
        for (size_t k = 0; k < p->tier_count; k++) {
            cs_grid_add(&grid, "    above %s tokens in",
                        cs_figure_number(p->tiers[k].above_tokens, 0).text);
            cs_grid_add(&grid, "%s", per_mtok(t, p->tiers[k].input));
            cs_grid_add(&grid, "%s", per_mtok(t, p->tiers[k].output));
            cs_grid_add(&grid, "%s", per_mtok(t, p->tiers[k].cached_input));
            for (int blank = 0; blank < 3; blank++)
                cs_grid_add(&grid, "%s", "");
        }
    }
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "  prices are USD per million tokens\n");
}

static const char *optional(const struct cs_text *t, double value, const char *unit, double scale)
{
    return value > 0 ? cs_arena_printf(t->arena, "%s%s%s", cs_figure_short(scale * value).text,
                                       *unit ? " " : "", unit)
                     : "";
}

static void print_measured(const struct cs_model *m, const struct cs_text *t)
{
    static const char *const names[] = {"MEASURED", "engine", "in / out", "decode tok/s",
                                        "total out", "date", "source"};
    struct cs_grid grid;
    if (!m->measured_count)
        return;
    heads(&grid, t, "lllrrlw", names);
    for (size_t i = 0; i < m->measured_count; i++) {
        const struct cs_measured *const r = &m->measured[i];
        cs_grid_add(&grid, "  %s × %s %s", cs_figure_short(r->gpus > 0 ? r->gpus : 1).text,
                    known(r->hardware), known(r->precision));
        cs_grid_add(&grid, "%.24s", known(r->engine));
        cs_grid_add(&grid, "%s / %s", optional(t, r->input_tokens, "", 1),
                    optional(t, r->output_tokens, "", 1));
        cs_grid_add(&grid, "%s", optional(t, r->decode_tok_s, "", 1));
        cs_grid_add(&grid, "%s", optional(t, r->output_total_tok_s, "", 1));
        cs_grid_add(&grid, "%s", known(r->date));
        cs_grid_add(&grid, "%s", known(r->source));
    }
    cs_grid_print(&grid, t, 0, false);
}

bool cs_sheet_print(struct cs_catalog *catalog, enum cs_sheet_kind kind, const char *name,
                    const struct cs_text *t, struct cs_diags *diags)
{
    const struct cs_span at = {0};
    const char *const path = cs_catalog_path(catalog, kind, name);
    const struct cs_model *m = NULL;
    const struct cs_hardware *h = NULL;
    const struct cs_api *a = NULL;
    const struct cs_engine_sheet *e = NULL;
    const struct cs_traffic_sheet *f = NULL;
    if (kind == CS_SHEET_MODEL && (m = cs_catalog_model(catalog, name, at, NULL, diags)) != NULL) {
        print_head(t, m->title, m->name, path, m->node, m->notes);
        print_measured(m, t);
    } else if (kind == CS_SHEET_HARDWARE &&
               (h = cs_catalog_hardware(catalog, name, at, NULL, diags)) != NULL) {
        print_head(t, h->title, h->name, path, h->node, h->notes);
        print_rentals(h, t);
    } else if (kind == CS_SHEET_API &&
               (a = cs_catalog_api(catalog, name, at, NULL, diags)) != NULL) {
        print_head(t, a->title, a->name, path, a->node, a->notes);
        print_prices(a, t);
    } else if (kind == CS_SHEET_ENGINE &&
               (e = cs_catalog_engine(catalog, name, at, NULL, diags)) != NULL) {
        print_head(t, e->title, e->name, path, e->node, e->notes);
    } else if (kind == CS_SHEET_TRAFFIC &&
               (f = cs_catalog_traffic(catalog, name, at, NULL, diags)) != NULL) {
        print_head(t, f->title, f->name, path, f->node, f->notes);
    }
    return m || h || a || e || f;
}
