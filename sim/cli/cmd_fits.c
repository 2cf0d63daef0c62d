/* capsim fits: which machines can run a model, or which models a machine can run.
 *
 * `fits MODEL` goes through the hardware of the catalogue, `fits --hardware NAME` through its
 * models; both together show every precision and number of GPUs of that pair, as --all does for
 * more. Nothing is simulated: plan/fits.c says what is tried and computed.
 *
 * The rule: every sheet is loaded and every option read before anything is printed, and all errors
 * are shown at once. Sheets that cannot be computed with (announced models, API-only ones) are no
 * rows of a listing, and an error where they are named. Exit status 1: nothing fits.
 */
#include <string.h>
#include "base/suggest.h"
#include "base/unit.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "out/fits.h"
#include "spec/catalog.h"
#include "spec/schema.h"

static const struct cs_span nowhere = {.source = NULL};
enum { GPUS_MOST = 1024, LEAST_CONTEXT = 16 };

struct asked {
    const char *hardware, *host, *engine, *precision, *context;
    const char *memory, *host_memory, *prices, *electricity, *purchase;
    unsigned long long gpus;
    bool owned, all, json;
};

/* A quantity of an option, or of `other` dimension: "32k" tokens and "32k tokens". */
static double quantity(struct cs_cli *cli, const char *option, const char *text, enum cs_unit unit,
                       enum cs_unit other, double least, double most)
{
    struct cs_unit_error why;
    double value;
    if (!text)
        return 0.0;
    if (!cs_unit_parse(text, strlen(text), other, &value, &why) &&
        !cs_unit_parse(text, strlen(text), unit, &value, &why))
        cs_diag_error(&cli->diags, nowhere, why.hint, "%s %s", option, why.message);
    else if (!(value >= least && value <= most))
        cs_diag_error(&cli->diags, nowhere, NULL, "%s '%s' is out of range", option, text);
    return value;
}

static void read_query(struct cs_cli *cli, const struct asked *a, struct cs_fits_query *q)
{
    const double context = quantity(cli, "--context", a->context, CS_UNIT_TOKENS, CS_UNIT_NUMBER,
                                    LEAST_CONTEXT, 1e9);
    const double electricity = quantity(cli, "--electricity", a->electricity, CS_UNIT_USD_PER_J,
                                        CS_UNIT_USD_PER_J, 0.0, 100.0 / 3.6e6);
    const double purchase =
        quantity(cli, "--purchase", a->purchase, CS_UNIT_USD, CS_UNIT_USD, 0.0, 1e8);
    *q = (struct cs_fits_query){
        .context = (double)(long long)context,
        .precision = a->precision ? cs_precision_find(a->precision) : -1,
        .gpus = (int)a->gpus,
        .all = a->all,
        .cost = cs_cost_of(a->prices)};
    q->cost.own = (struct cs_own){.has = a->owned || a->purchase,
                                  .purchase_usd = a->purchase ? purchase : -1.0,
                                  .years = 3.0,
                                  .electricity_usd_per_J = electricity};
    if (cs_schema_is_date(a->prices))
        q->cost.as_of = a->prices;
    if (a->precision && q->precision < 0) {
        const char *names[CS_PRECISION_COUNT], *all = "there are";
        for (int p = 0; p < CS_PRECISION_COUNT; p++) {
            names[p] = cs_precision_infos[p].name;
            all = cs_arena_printf(cli->arena, "%s %s", all, names[p]);
        }
        const char *const near = cs_suggest(a->precision, names, CS_PRECISION_COUNT);
        cs_diag_error(&cli->diags, nowhere,
                      near ? cs_arena_printf(cli->arena, "did you mean '%s'?", near) : all,
                      "--precision: there is no '%s'", a->precision);
    }
}

/* What can be computed with; the reason where not. */
static const char *unusable_model(const struct cs_model *m)
{
    if (m->has_architecture)
        return NULL;
    return m->released && strcmp(m->released, "no") == 0 ? "it was announced and never released"
                                                         : "its architecture is unknown";
}

static const char *unusable_hardware(const struct cs_hardware *h)
{
    const bool known =
        h->memory_bytes > 0 && h->bandwidth_Bps > 0 && h->flops[CS_COMPUTE_BF16] > 0;
    return known ? NULL : "its sheet lacks memory.capacity, memory.bandwidth or compute.bf16";
}

struct pairing {
    struct cs_cli *cli;
    struct cs_catalog *catalog;
    const struct asked *asked;
    const struct cs_engine_sheet *engine; /* asked for; NULL: by hardware */
    double memory_bytes, host_bytes;      /* asked for; 0: the sheets' */
    struct cs_fits_query query;
    struct cs_fits fits;
};

static void pair(struct pairing *p, const struct cs_model *m, const struct cs_hardware *h)
{
    struct cs_diags *const diags = &p->cli->diags;
    const struct cs_engine_sheet *e =
        p->engine ? p->engine
                  : cs_catalog_engine(p->catalog, cs_fits_engine(h), nowhere, NULL, diags);
    e = cs_catalog_engine_on(p->catalog, e, h, diags);
    if (!e)
        return;
    if (!cs_fits_runs(e, h)) {
        if (p->asked->hardware)
            cs_diag_error(diags, nowhere, "leave --engine out", "%s does not run on %s", e->title,
                          h->title);
        return;
    }
    struct cs_hardware *const own = cs_arena_alloc(p->cli->arena, 1, sizeof *own);
    *own = *h;
    if (p->memory_bytes > 0)
        own->memory_bytes = p->memory_bytes;
    if (p->host_bytes > 0)
        own->host.memory_bytes = p->host_bytes;
    if (p->memory_bytes > 0 || p->host_bytes > 0)
        h = own;
    cs_fits_add(&p->fits, &p->query, m, h, e);
}

/* Each sheet of a kind in turn, with the other kind's named one. */
static void go_through(struct pairing *p, const struct cs_model *m, const struct cs_hardware *h)
{
    const enum cs_sheet_kind kind = m ? CS_SHEET_HARDWARE : CS_SHEET_MODEL;
    size_t count;
    const char *const *const names = cs_catalog_names(p->catalog, kind, &count);
    for (size_t i = 0; i < count; i++) {
        const void *const sheet =
            cs_catalog_load(p->catalog, kind, names[i], nowhere, NULL, &p->cli->diags);
        if (sheet && m && !unusable_hardware(sheet))
            pair(p, m, sheet);
        if (sheet && h && !unusable_model(sheet))
            pair(p, sheet, h);
    }
}

static void check_named(struct cs_cli *cli, const char *kind, const char *name, const char *why)
{
    if (why)
        cs_diag_error(&cli->diags, nowhere, why, "the %s '%s' cannot be computed with", kind, name);
}

/* The model of that name; or what it is instead. */
static const struct cs_model *load_model(struct cs_cli *cli, struct cs_catalog *c,
                                         const char *name)
{
    if (!name)
        return NULL;
    const bool known = cs_catalog_path(c, CS_SHEET_MODEL, name) != NULL;
    if (!known && cs_catalog_path(c, CS_SHEET_API, name))
        cs_diag_error(&cli->diags, nowhere, "models whose weights are open: `capsim list models`",
                      "'%s' is an API: it runs on its maker's machines", name);
    else if (!known && cs_catalog_path(c, CS_SHEET_HARDWARE, name))
        cs_diag_error(&cli->diags, nowhere,
                      cs_arena_printf(cli->arena, "what it can run: `capsim fits --hardware %s`",
                                      name),
                      "'%s' is hardware, not a model", name);
    else
        return cs_catalog_model(c, name, nowhere, NULL, &cli->diags);
    return NULL;
}

/* The machine asked for around the GPU, with the memory asked for. */
static void take_host(struct pairing *p, const char *name)
{
    struct cs_host *const own = cs_arena_alloc(p->cli->arena, 1, sizeof *own);
    const struct cs_host *const sheet =
        cs_catalog_host(p->catalog, name, nowhere, "--host", &p->cli->diags);
    if (!sheet)
        return;
    *own = *sheet;
    if (p->host_bytes > 0)
        own->memory_bytes = p->host_bytes;
    p->query.host = own;
}

/* The rows, or errors. */
static void compute(struct pairing *p, const char *model)
{
    struct cs_cli *const cli = p->cli;
    const struct asked *const a = p->asked;
    read_query(cli, a, &p->query);
    p->memory_bytes = quantity(cli, "--memory", a->memory, CS_UNIT_BYTES, CS_UNIT_BYTES, 1e8, 1e15);
    p->host_bytes = quantity(cli, "--host-memory", a->host_memory, CS_UNIT_BYTES, CS_UNIT_BYTES,
                             1e9, 1e14);
    const struct cs_model *const m = load_model(cli, p->catalog, model);
    const struct cs_hardware *const h =
        a->hardware
            ? cs_catalog_hardware(p->catalog, a->hardware, nowhere, "--hardware", &cli->diags)
            : NULL;
    if (h && h->host.memory_bytes > 0 && p->memory_bytes > 2 * h->memory_bytes)
        cs_diag_warning(&cli->diags, nowhere, "of the machine around it: --host-memory",
                        "--memory is what one %s holds itself; its sheet says %.0f GB", h->title,
                        1e-9 * h->memory_bytes);
    p->engine = a->engine
                    ? cs_catalog_engine(p->catalog, a->engine, nowhere, "--engine", &cli->diags)
                    : NULL;
    if (a->host)
        take_host(p, a->host);
    if (h && h->host.memory_bytes <= 0 && (a->host || a->host_memory))
        cs_diag_error(&cli->diags, nowhere, "of all it has: --memory",
                      "--host: beside %s there is no memory of a host", h->title);
    if (m)
        check_named(cli, "model", m->name, unusable_model(m));
    if (h)
        check_named(cli, "hardware", h->name, unusable_hardware(h));
    if (p->engine && !cs_fits_knows(p->engine))
        cs_diag_error(&cli->diags, nowhere,
                      "vllm, sglang, trtllm, llamacpp, ik-llamacpp, ktransformers, kt-kernel, "
                      "ollama or mlx",
                      "--engine: nothing is known of where '%s' runs", p->engine->name);
    if (cs_diags_has_errors(&cli->diags))
        return;
    p->query.all = p->query.all || (m && h);
    if (m && h)
        pair(p, m, h);
    else
        go_through(p, m, h);
    cs_fits_sort(&p->fits, &p->query, !m);
}

static int fits(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {.prices = "listed", .electricity = "0.10 USD/kWh"};
    const struct cs_opt options[] = {
        {"hardware", 0, CS_OPT_TEXT, "NAME", "this machine only; without a model, what it can run",
         &a.hardware},
        {"memory", 0, CS_OPT_TEXT, "SIZE",
         "of one GPU, or of a whole Mac, where the sheet's is another: '64 GiB'", &a.memory},
        {"host", 0, CS_OPT_TEXT, "NAME",
         "the machine around the GPU, that holds experts; default: the hardware sheet's", &a.host},
        {"host-memory", 0, CS_OPT_TEXT, "SIZE", "of that machine, where its sheet's is another",
         &a.host_memory},
        {"gpus", 0, CS_OPT_COUNT, "N", "so many GPUs", &a.gpus},
        {"engine", 0, CS_OPT_TEXT, "NAME",
         "default: vllm on data-centre GPUs, llamacpp elsewhere", &a.engine},
        {"precision", 0, CS_OPT_TEXT, "NAME", "these weights; default: the widest that fit",
         &a.precision},
        {"context", 0, CS_OPT_TEXT, "TOKENS",
         "of a request, a quarter of it answer (4096); what must fit, and the speeds are for",
         &a.context},
        {"prices", 0, CS_OPT_TEXT, "WHICH", "listed, article, a provider or a date", &a.prices},
        {"owned", 0, CS_OPT_FLAG, NULL, "count what machines cost to buy, not to rent", &a.owned},
        {"purchase", 0, CS_OPT_TEXT, "PRICE",
         "of a GPU, in place of the sheet's; '0 USD': paid for already", &a.purchase},
        {"electricity", 0, CS_OPT_TEXT, "PRICE", "of owned machines (0.10 USD/kWh)",
         &a.electricity},
        {"all", 0, CS_OPT_FLAG, NULL, "every precision and number of GPUs, and why what does not",
         &a.all},
        {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON", &a.json},
    };
    const struct cs_opt_usage usage = {
        "fits MODEL [options] | fits --hardware NAME [options]",
        "Lists the machines of the catalogue that can run a model, or the models that a machine "
        "can run: weights, tokens per second, the context that fits, money and energy per million "
        "tokens. A row is the fewest GPUs that will do, with the widest weights that fit them. "
        "Exit status 1: nothing fits.",
        options, sizeof options / sizeof options[0], 0, 1, "a model's name"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    if (!a.hardware && (!words.count || a.memory)) {
        fprintf(stderr, "capsim: error: fits: %s\n      = usage: capsim %s\n",
                a.memory ? "--memory is that of a machine: name it by --hardware"
                         : "needs a model, or --hardware", usage.words);
        return CS_EXIT_USAGE;
    }
    if (a.gpus > GPUS_MOST) {
        fprintf(stderr, "capsim: error: fits: --gpus is at most %d\n", GPUS_MOST);
        return CS_EXIT_USAGE;
    }
    struct pairing p = {.cli = cli,
                        .catalog = cs_catalog_open(cli->arena, cli->program),
                        .asked = &a,
                        .fits = {.arena = cli->arena}};
    compute(&p, words.count ? words.items[0] : NULL);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    cs_diags_print(&cli->diags, stderr);
    if (a.json)
        cs_json_print_fits(&p.fits, stdout);
    else
        cs_fits_print(&p.fits, &p.query, !words.count, &cli->out);
    return p.fits.count && p.fits.rows[0].fits ? CS_EXIT_YES : CS_EXIT_NO;
}

const struct cs_command cs_command_fits = {
    "fits", "which machines can run a model, or which models a machine: speed, context, cost",
    fits};
