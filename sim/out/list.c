/* Lists: the catalogue as tables (see list.h).
 *
 * One table of columns and one function for a row per kind of sheet. The rule: a figure that a
 * sheet leaves out is an empty cell and null, never 0. Prices shown are the ones a reader would
 * ask for first; all of them, with sources, are on the sheet's page (out/sheet.c).
 * Cells belong to the arena given.
 */
#include "out/list.h"
#include <assert.h>
#include <math.h>
#include <string.h>
#include "out/figure.h"
#include "plan/price.h"
#include "spec/yaml.h"

enum { COLUMNS_MOST = 10 };

const char *const cs_list_kinds[] = {"models", "apis", "hardware", "engines", "hosts",
                                     "traffic", "regions", "scenarios"};
static_assert(sizeof cs_list_kinds / sizeof *cs_list_kinds == CS_SHEET_COUNT, "kinds");

struct row {
    struct cs_arena *arena;
    struct cs_catalog *catalog;
    struct cs_diags *diags;
    struct cs_list_cell *cells;
    size_t count;
};

static void add_text(struct row *r, const char *text)
{
    const char *const known = text ? text : "";
    r->cells[r->count++] = (struct cs_list_cell){known, text ? known : NULL, NAN};
}

/* `number` 0 means that the sheet does not say. */
static void add_number(struct row *r, double number, struct cs_figure shown)
{
    const bool known = number > 0;
    r->cells[r->count++] = (struct cs_list_cell){known ? cs_arena_strdup(r->arena, shown.text) : "",
                                                 NULL, known ? number : NAN};
}

static const struct cs_list_column model_columns[] = {
    {"name", "MODELS", 'l'},          {"maker", "maker", 'l'},
    {"parameters_total", "parameters", 'r'}, {"parameters_active", "active", 'r'},
    {"context_tokens", "context", 'r'}, {"weights", "weights", 'l'},
    {"released", "released", 'l'},    {"licence", "licence", 'l'},
};

static void model_row(struct row *r, const void *sheet)
{
    const struct cs_model *const m = sheet;
    add_text(r, m->name);
    add_text(r, m->maker);
    add_number(r, m->parameters_total, cs_figure_parameters(m->parameters_total));
    add_number(r, m->parameters_active, cs_figure_parameters(m->parameters_active));
    add_number(r, m->context_tokens, cs_figure_number(m->context_tokens, 0));
    add_text(r, cs_precision_infos[m->weights].name);
    add_text(r, m->released && strcmp(m->released, "no") == 0 ? "not yet" : m->released);
    add_text(r, m->licence);
}

static const struct cs_list_column api_columns[] = {
    {"name", "APIS", 'l'},
    {"maker", "maker", 'l'},
    {"context_tokens", "context", 'r'},
    {"listed_input_usd_per_mtok", "in", 'r'},
    {"listed_output_usd_per_mtok", "out", 'r'},
    {"listed_date", "listed on", 'l'},
    {"article_input_usd_per_mtok", "article", 'r'},
    {"article_output_usd_per_mtok", "out", 'r'},
};

/* The newest price of a basis, or NULL. */
static const struct cs_api_price *newest(const struct cs_api *a, enum cs_price_basis basis)
{
    const struct cs_api_price *best = NULL;
    for (size_t i = 0; i < a->price_count; i++) {
        const struct cs_api_price *const p = &a->prices[i];
        if (p->basis == basis && (!best || (p->date && best->date &&
                                            strcmp(p->date, best->date) > 0)))
            best = p;
    }
    return best;
}

static void add_price(struct row *r, double usd_per_token)
{
    add_number(r, 1e6 * usd_per_token, cs_figure_usd(1e6 * usd_per_token));
}

static void api_row(struct row *r, const void *sheet)
{
    const struct cs_api *const a = sheet;
    const struct cs_api_price *listed = newest(a, CS_PRICE_LISTED);
    const struct cs_api_price *const article = newest(a, CS_PRICE_ARTICLE);
    if (!listed)
        listed = newest(a, CS_PRICE_RESELLER);
    add_text(r, a->name);
    add_text(r, a->maker);
    add_number(r, a->context_tokens, cs_figure_number(a->context_tokens, 0));
    add_price(r, listed ? listed->input : 0);
    add_price(r, listed ? listed->output : 0);
    add_text(r, listed ? listed->date : NULL);
    add_price(r, article ? article->input : 0);
    add_price(r, article ? article->output : 0);
}

static const struct cs_list_column hardware_columns[] = {
    {"name", "HARDWARE", 'l'},
    {"class", "class", 'l'},
    {"memory_bytes", "memory", 'r'},
    {"bandwidth_bytes_per_s", "bandwidth", 'r'},
    {"bf16_flop_per_s", "bf16 TFLOP/s", 'r'},
    {"fp8_flop_per_s", "fp8", 'r'},
    {"link_bytes_per_s", "link", 'r'},
    {"tdp_w", "TDP", 'r'},
    {"usd_per_gpu_hour", "USD/h", 'r'},
};

/* The price that a scenario takes unless told otherwise (plan/price.c); 0: the sheet has none. */
static double usd_per_hour(const struct cs_hardware *h, struct cs_arena *arena)
{
    const struct cs_cost cost = cs_cost_of("listed");
    struct cs_price_used price = {0};
    cs_price_gpu(&price, h, &cost, arena);
    return price.note || isnan(price.usd_per_gpu_hour) ? 0 : price.usd_per_gpu_hour;
}

static void hardware_row(struct row *r, const void *sheet)
{
    const struct cs_hardware *const h = sheet;
    const double price = usd_per_hour(h, r->arena);
    add_text(r, h->name);
    add_text(r, h->klass);
    add_number(r, h->memory_bytes, cs_figure_si(h->memory_bytes, "B"));
    add_number(r, h->bandwidth_Bps, cs_figure_si(h->bandwidth_Bps, "B/s"));
    add_number(r, h->flops[CS_COMPUTE_BF16], cs_figure_short(1e-12 * h->flops[CS_COMPUTE_BF16]));
    add_number(r, h->flops[CS_COMPUTE_FP8], cs_figure_short(1e-12 * h->flops[CS_COMPUTE_FP8]));
    add_number(r, h->link_Bps, cs_figure_si(h->link_Bps, "B/s"));
    add_number(r, h->tdp_w, cs_figure_si(h->tdp_w, "W"));
    add_number(r, price, cs_figure_usd(price));
}

static const struct cs_list_column engine_columns[] = {
    {"name", "ENGINES", 'l'},
    {"aliases", "also", 'l'},
    {"scheduling", "scheduling", 'l'},
    {"max_num_seqs", "sequences", 'r'},
    {"max_num_batched_tokens", "tokens a step", 'r'},
    {"gpu_memory_utilization", "memory used", 'r'},
};

static void engine_row(struct row *r, const void *sheet)
{
    const struct cs_engine_sheet *const e = sheet;
    const char *aliases = "";
    for (size_t i = 0; i < e->alias_count; i++)
        if (!strchr(e->aliases[i], ' ')) /* the rest are spellings of tables, and many */
            aliases =
                cs_arena_printf(r->arena, "%s%s%s", aliases, *aliases ? " " : "", e->aliases[i]);
    add_text(r, e->name);
    add_text(r, aliases);
    add_text(r, e->asynchronous ? "asynchronous" : "synchronous");
    add_number(r, e->max_num_seqs, cs_figure_number(e->max_num_seqs, 0));
    add_number(r, e->max_num_batched_tokens, cs_figure_number(e->max_num_batched_tokens, 0));
    add_number(r, e->gpu_memory_utilization, cs_figure_percent(e->gpu_memory_utilization));
}

static const struct cs_list_column host_columns[] = {
    {"name", "HOSTS", 'l'},           {"memory_bytes", "memory", 'r'},
    {"bandwidth_Bps", "bandwidth", 'r'}, {"flops", "peak", 'r'},
    {"nvme_bytes", "disk", 'r'},      {"nvme_Bps", "reading", 'r'},
    {"title", "title", 'l'},
};

static void host_row(struct row *r, const void *sheet)
{
    const struct cs_host *const h = sheet;
    add_text(r, h->name);
    add_number(r, h->memory_bytes, cs_figure_si(h->memory_bytes, "B"));
    add_number(r, h->bandwidth_Bps, cs_figure_si(h->bandwidth_Bps, "B/s"));
    add_number(r, h->flops, cs_figure_si(h->flops, "FLOP/s"));
    add_number(r, h->nvme_bytes, cs_figure_si(h->nvme_bytes, "B"));
    add_number(r, h->nvme_Bps, cs_figure_si(h->nvme_Bps, "B/s"));
    add_text(r, h->title);
}

static const struct cs_list_column traffic_columns[] = {
    {"name", "TRAFFIC", 'l'},
    {"has", "gives", 'l'},
    {"mean_input_tokens", "mean in", 'r'},
    {"mean_output_tokens", "mean out", 'r'},
    {"title", "title", 'l'},
};

static void traffic_row(struct row *r, const void *sheet)
{
    const struct cs_traffic_sheet *const t = sheet;
    add_text(r, t->name);
    add_text(r, t->has_lengths && t->has_curve ? "lengths, curve"
                : t->has_lengths               ? "lengths"
                                               : "curve");
    const double in = t->has_lengths ? t->derived_mean_input : 0;
    const double out = t->has_lengths ? t->derived_mean_output : 0;
    add_number(r, in, cs_figure_number(in, 0));
    add_number(r, out, cs_figure_number(out, 0));
    add_text(r, t->title);
}

static const struct cs_list_column region_columns[] = {
    {"name", "REGIONS", 'l'},
    {"carbon_kg_per_kwh", "kg CO2e/kWh", 'r'},
    {"electricity_usd_per_kwh", "USD/kWh", 'r'},
    {"title", "title", 'l'},
};

static void region_row(struct row *r, const void *sheet)
{
    const struct cs_region *const g = sheet;
    const double carbon = 3.6e6 * g->carbon_kg_per_J, price = 3.6e6 * g->electricity_usd_per_J;
    add_text(r, g->name);
    add_number(r, carbon, cs_figure_short(carbon));
    add_number(r, price, cs_figure_short(price));
    add_text(r, g->title);
}

static const struct cs_list_column scenario_columns[] = {
    {"name", "SCENARIOS", 'l'},
    {"title", "question", 'l'},
    {"file", "file", 'l'},
};

/* Of a scenario, given by its name, only the title is read. */
static void scenario_row(struct row *r, const void *sheet)
{
    const char *const path = cs_catalog_path(r->catalog, CS_SHEET_SCENARIO, sheet);
    const struct cs_node *const root = cs_yaml_read(path, r->arena, r->diags, (struct cs_span){0});
    const struct cs_node *const title = root ? cs_node_get(root, "name") : NULL;
    add_text(r, sheet);
    add_text(r, title && title->kind == CS_NODE_SCALAR ? title->text : NULL);
    add_text(r, path);
}

static const struct {
    const struct cs_list_column *columns;
    size_t count;
    void (*row)(struct row *, const void *sheet);
} kinds[] = {
    {model_columns, sizeof model_columns / sizeof *model_columns, model_row},
    {api_columns, sizeof api_columns / sizeof *api_columns, api_row},
    {hardware_columns, sizeof hardware_columns / sizeof *hardware_columns, hardware_row},
    {engine_columns, sizeof engine_columns / sizeof *engine_columns, engine_row},
    {host_columns, sizeof host_columns / sizeof *host_columns, host_row},
    {traffic_columns, sizeof traffic_columns / sizeof *traffic_columns, traffic_row},
    {region_columns, sizeof region_columns / sizeof *region_columns, region_row},
    {scenario_columns, sizeof scenario_columns / sizeof *scenario_columns, scenario_row},
};
static_assert(sizeof kinds / sizeof *kinds == CS_SHEET_COUNT, "kinds");

void cs_list_build(struct cs_list *list, struct cs_catalog *catalog, enum cs_sheet_kind kind,
                   struct cs_arena *arena, struct cs_diags *diags)
{
    size_t names;
    const char *const *const name = cs_catalog_names(catalog, kind, &names);
    const size_t columns = kinds[kind].count;
    struct row row = {.arena = arena, .catalog = catalog, .diags = diags,
                      .cells = cs_arena_alloc(arena, names * columns, sizeof *row.cells)};
    for (size_t i = 0; i < names; i++) {
        const void *const sheet =
            kind == CS_SHEET_SCENARIO
                ? name[i]
                : cs_catalog_load(catalog, kind, name[i], (struct cs_span){0}, NULL, diags);
        if (sheet)
            kinds[kind].row(&row, sheet);
    }
    *list = (struct cs_list){cs_list_kinds[kind], kinds[kind].columns, columns,
                             row.count / columns, row.cells};
}

void cs_list_print(const struct cs_list *list, const struct cs_text *text)
{
    char align[COLUMNS_MOST + 1] = "";
    struct cs_grid grid;
    for (size_t c = 0; c < list->column_count; c++)
        align[c] = list->columns[c].align;
    if (align[list->column_count - 1] == 'l')
        align[list->column_count - 1] = 'w';
    cs_grid_init(&grid, text->arena, align);
    for (size_t c = 0; c < list->column_count; c++)
        cs_grid_add(&grid, "%s", list->columns[c].head);
    for (size_t i = 0; i < list->row_count * list->column_count; i++)
        cs_grid_add(&grid, "%s", list->cells[i].shown);
    cs_grid_print(&grid, text, 0, false);
}
