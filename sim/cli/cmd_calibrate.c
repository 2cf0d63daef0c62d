/* capsim calibrate: parameters of a sheet from measurements of one's own.
 *
 * Reads every file, says of each row that cannot be used why, fits, and writes a sheet that
 * scenarios can name. `--fit` names parameters, or "hardware" for the factors of a hardware sheet.
 *
 * The rule: all words and files are checked before anything is fitted, the output file included;
 * the sheet is checked like any other before it is written, and it is written whole or not at all.
 * Exit status 1: the fit stands, but a parameter is not identified by the data.
 */
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "fit/import.h"
#include "out/calibration.h"
#include "plan/pool.h"
#include "spec/seal.h"
#include <string.h>

enum { THREADS_MOST = 1024 };

struct asked {
    const char *engine, *hardware, *model, *precision, *fit, *leave_out, *out;
    struct cs_opt_list fixed;
    unsigned long long tensor_parallel, threads;
    bool json;
};

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *a,
                 struct cs_opt_words *words)
{
    const struct cs_opt options[] = {
        {"engine", 0, CS_OPT_TEXT, "NAME",
         "the sheet to start from (vllm); a file stands for the engine of every measurement",
         &a->engine},
        {"hardware", 0, CS_OPT_TEXT, "NAME", "where the files name none; what --fit hardware fits",
         &a->hardware},
        {"model", 0, CS_OPT_TEXT, "NAME", "where the files name none", &a->model},
        {"precision", 0, CS_OPT_TEXT, "NAME", "where the files name none (the model's own)",
         &a->precision},
        {"tensor-parallel", 0, CS_OPT_COUNT, "N", "where the files name none (1)",
         &a->tensor_parallel},
        {"fit", 0, CS_OPT_TEXT, "LIST",
         "parameters, joined by commas, or hardware (those that serving measurements tell)",
         &a->fit},
        {"fix", 0, CS_OPT_LIST, "NAME=VALUE", "a value that is held; may be repeated", &a->fixed},
        {"leave-out", 0, CS_OPT_TEXT, "WHAT",
         "model, hardware, workload or file: predict each by a fit without it", &a->leave_out},
        {"out", 0, CS_OPT_TEXT, "FILE.yaml", "write the fitted sheet", &a->out},
        {"json", 0, CS_OPT_FLAG, NULL, "print everything as JSON", &a->json},
        {"threads", 'j', CS_OPT_COUNT, "N", "threads (as many as processors, at most 16)",
         &a->threads},
    };
    const struct cs_opt_usage usage = {
        "calibrate FILE... [options]",
        "Fits the parameters of an engine sheet, or the factors of a hardware sheet, to measured "
        "runs: results of vllm bench serve, GuideLLM and inference-perf, a plain CSV, tables of "
        "operator timings. Exit status 1: the data leave a parameter open.",
        options,
        sizeof options / sizeof options[0],
        1,
        -1,
        "at least one file"};
    const int status = cs_opt_parse(cli, &usage, argc, argv, words);
    if (status < 0 && (a->threads > THREADS_MOST || a->tensor_parallel > THREADS_MOST)) {
        fprintf(stderr, "capsim: error: calibrate: --%s is at most %d\n",
                a->threads > THREADS_MOST ? "threads" : "tensor-parallel", THREADS_MOST);
        return CS_EXIT_USAGE;
    }
    return status;
}

/* --- words to parameters --------------------------------------------------------------------- */

static const struct cs_parameter *find(struct cs_cli *cli, const char *name, const char *option)
{
    const struct cs_parameter *const found = cs_parameter_find(name);
    if (found)
        return found;
    const char **const names = cs_arena_alloc(cli->arena, cs_parameter_count, sizeof *names);
    for (size_t i = 0; i < cs_parameter_count; i++)
        names[i] = cs_parameters[i].name;
    const char *const near = cs_suggest(name, names, cs_parameter_count);
    const char *hint = near ? cs_arena_printf(cli->arena, "did you mean '%s'?", near) : "there are";
    for (size_t i = 0; !near && i < cs_parameter_count; i++)
        hint = cs_arena_printf(cli->arena, "%s %s", hint, names[i]);
    cs_diag_error(&cli->diags, (struct cs_span){.source = NULL}, hint,
                  "%s: there is no parameter '%s'", option, name);
    return NULL;
}

/* The parameters to fit, in the order of their table, without those that are held. */
static void choose(struct cs_cli *cli, const struct asked *a, struct cs_calibration_ask *ask,
                   const bool *held)
{
    bool *const wanted = cs_arena_alloc(cli->arena, cs_parameter_count, sizeof *wanted);
    const struct cs_parameter **const fit =
        cs_arena_alloc(cli->arena, cs_parameter_count, sizeof *fit);
    bool engine = false;
    for (const char *p = a->fit; p && *p && strcmp(a->fit, "hardware") != 0;) {
        const size_t length = strcspn(p, ",");
        const struct cs_parameter *const one =
            find(cli, cs_arena_strndup(cli->arena, p, length), "--fit");
        if (one) {
            wanted[one - cs_parameters] = true;
            engine = engine || one->home == CS_HOME_ENGINE;
            ask->of_hardware = ask->of_hardware || one->home == CS_HOME_HARDWARE;
        }
        p += length + (p[length] == ',');
    }
    if (a->fit && strcmp(a->fit, "hardware") == 0)
        ask->of_hardware = true;
    if (engine && ask->of_hardware)
        cs_diag_error(&cli->diags, (struct cs_span){.source = NULL},
                      "fit the one, write its sheet, then fit the other",
                      "--fit: parameters of an engine and of hardware, which multiply each other");
    const enum cs_parameter_home home = ask->of_hardware ? CS_HOME_HARDWARE : CS_HOME_ENGINE;
    const bool all = !a->fit || strcmp(a->fit, "hardware") == 0;
    for (size_t i = 0; i < cs_parameter_count; i++) {
        const struct cs_parameter *const p = &cs_parameters[i];
        if (p->home == home && !held[i] && (all ? p->standard : wanted[i]))
            fit[ask->fit_count++] = p;
    }
    ask->fit = fit;
}

static void hold(struct cs_cli *cli, const struct asked *a, struct cs_trial_sheets *start,
                 bool *held)
{
    for (size_t i = 0; i < a->fixed.count; i++) {
        const char *const text = a->fixed.items[i];
        const size_t length = strcspn(text, "=");
        const struct cs_parameter *const p =
            find(cli, cs_arena_strndup(cli->arena, text, length), "--fix");
        struct cs_unit_error why;
        double value;
        if (!p)
            continue;
        const char *const given = text[length] ? text + length + 1 : "";
        const enum cs_unit unit = p->share                         ? CS_UNIT_SHARE
                                  : strcmp(p->unit, "B") == 0      ? CS_UNIT_BYTES
                                  : strcmp(p->unit, "tokens") == 0 ? CS_UNIT_TOKENS
                                                                   : CS_UNIT_SECONDS;
        if (!cs_unit_parse(given, strlen(given), unit, &value, &why)) {
            cs_diag_error(&cli->diags, (struct cs_span){.source = NULL}, why.hint, "--fix %s: %s",
                          p->name, why.message);
            continue;
        }
        if (!(value >= 0.0 && value <= p->high)) {
            cs_diag_error(&cli->diags, (struct cs_span){.source = NULL}, NULL,
                          "--fix %s: '%s' is out of range, 0 to %g%s%s", p->name, given,
                          p->high / p->scale, p->share ? "" : " ", p->unit);
            continue;
        }
        held[p - cs_parameters] = true;
        *cs_parameter_at(p, start) = value;
    }
}

/* --- sheets and files ------------------------------------------------------------------------ */

static bool start_sheets(struct cs_cli *cli, const struct asked *a, struct cs_catalog *catalog,
                         struct cs_calibration_ask *ask)
{
    const struct cs_span nowhere = {.source = NULL};
    const char *const engine = a->engine ? a->engine : "vllm";
    const struct cs_engine_sheet *const e =
        cs_catalog_engine(catalog, engine, nowhere, "--engine", &cli->diags);
    const struct cs_hardware *const h =
        a->hardware ? cs_catalog_hardware(catalog, a->hardware, nowhere, "--hardware", &cli->diags)
                    : NULL;
    if (a->model)
        cs_catalog_model(catalog, a->model, nowhere, "--model", &cli->diags);
    if (a->precision && cs_precision_find(a->precision) < 0)
        cs_diag_error(&cli->diags, nowhere, NULL, "--precision: there is no '%s'", a->precision);
    if (e)
        ask->start.engine = *e;
    if (h)
        ask->start.hardware = *h;
    ask->any_engine = strchr(engine, '/') || strstr(engine, ".yaml");
    return e != NULL && (h != NULL || !a->hardware);
}

static void choose_group(struct cs_cli *cli, const struct asked *a, struct cs_calibration_ask *ask)
{
    while (a->leave_out && ask->leave_out < CS_GROUP_COUNT &&
           strcmp(cs_fit_group_names[ask->leave_out], a->leave_out) != 0)
        ask->leave_out++;
    if (ask->leave_out == CS_GROUP_COUNT) {
        cs_diag_error(&cli->diags, (struct cs_span){.source = NULL},
                      "it takes model, hardware, workload or file", "--leave-out: '%s' is no group",
                      a->leave_out);
        cli->diags.exit_code = CS_EXIT_USAGE;
    }
}

static size_t list_held(struct cs_cli *cli, const bool *held, const struct cs_calibration_ask *ask,
                        const struct cs_parameter *const **out)
{
    const struct cs_parameter **const list =
        cs_arena_alloc(cli->arena, cs_parameter_count, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < cs_parameter_count; i++)
        if (held[i] && (cs_parameters[i].home == CS_HOME_HARDWARE) == ask->of_hardware)
            list[count++] = &cs_parameters[i];
    *out = list;
    return count;
}

static const char *joined(struct cs_cli *cli, const struct cs_opt_words *words)
{
    const char *all = "";
    for (int i = 0; i < words->count; i++) {
        const char *const slash = strrchr(words->items[i], '/');
        const char *const name = slash && slash[1] ? slash + 1 : words->items[i];
        all = cs_arena_printf(cli->arena, "%s%s%s", all, i ? ", " : "", name);
    }
    return all;
}

/* --- the sheet ------------------------------------------------------------------------------- */

static const char *stem_of(struct cs_cli *cli, const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash ? slash + 1 : path;
    const size_t length = strlen(name);
    if (length <= 5 || strcmp(name + length - 5, ".yaml") != 0) {
        cs_diag_error(&cli->diags, (struct cs_span){.source = NULL}, "such as --out mine.yaml",
                      "--out: a sheet is a .yaml file, not '%s'", path);
        return NULL;
    }
    return cs_arena_strndup(cli->arena, name, length - 5);
}

static bool write_sheet(struct cs_cli *cli, const struct cs_calibration_view *view,
                        const char *path, bool of_hardware)
{
    struct cs_source *const source = cs_arena_alloc(cli->arena, 1, sizeof *source);
    const char *const stem = stem_of(cli, path);
    source->name = path;
    source->text = cs_calibration_sheet(view, stem, cli->arena);
    source->size = strlen(source->text);
    const struct cs_node *const root = cs_yaml_parse(source, cli->arena, &cli->diags);
    struct cs_file file;
    return root &&
           cs_seal_sheet(of_hardware ? CS_SHEET_HARDWARE : CS_SHEET_ENGINE, root, stem, cli->arena,
                         &cli->diags) &&
           cs_file_open(&file, path, "--out", &cli->diags) && fputs(source->text, file.file) >= 0 &&
           cs_file_close(&file, "--out", &cli->diags);
}

static int calibrate(struct cs_cli *cli, int argc, char **argv)
{
    struct asked a = {0};
    struct cs_opt_words words;
    const int status = parse(cli, argc, argv, &a, &words);
    if (status >= 0)
        return status;
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_calibration_ask ask = {.threads = cs_pool_threads((int)a.threads)};
    bool *const held = cs_arena_alloc(cli->arena, cs_parameter_count, sizeof *held);
    struct cs_cases cases;
    cs_cases_init(&cases, cli->arena);
    const bool started = start_sheets(cli, &a, catalog, &ask);
    hold(cli, &a, &ask.start, held);
    choose(cli, &a, &ask, held);
    choose_group(cli, &a, &ask);
    if (ask.of_hardware && !a.hardware)
        cs_diag_error(&cli->diags, (struct cs_span){.source = NULL}, NULL,
                      "--fit hardware needs --hardware NAME");
    if (a.out && stem_of(cli, a.out))
        cs_file_check(a.out, "--out", &cli->diags);
    struct cs_import import = {.catalog = catalog,
                               .cases = &cases,
                               .diags = &cli->diags,
                               .engine = a.engine ? a.engine : "vllm",
                               .hardware = a.hardware,
                               .model = a.model,
                               .precision = a.precision,
                               .tensor_parallel = (int)a.tensor_parallel};
    for (int i = 0; started && i < words.count; i++)
        cs_import_read(&import, words.items[i]);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    const struct cs_calibration *const fitted = cs_calibrate(&cases, &ask, cli->arena, &cli->diags);
    if (!fitted)
        return cs_cli_fail(cli);
    struct cs_calibration_view view = {.calibration = fitted,
                                       .files = joined(cli, &words),
                                       .sheet_kind = ask.of_hardware ? "hardware" : "engine",
                                       .sheet_name = ask.of_hardware ? ask.start.hardware.name
                                                                     : ask.start.engine.name,
                                       .leave_out = cs_fit_group_names[ask.leave_out]};
    view.held_count = list_held(cli, held, &ask, &view.held);
    if (a.out && !write_sheet(cli, &view, a.out, ask.of_hardware))
        return cs_cli_fail(cli);
    cs_diags_print(&cli->diags, stderr); /* warnings */
    if (a.json)
        cs_json_print_calibration(&view, stdout);
    else
        cs_calibration_print(&view, &cli->out);
    bool open = false;
    for (size_t k = 0; k < fitted->fit_count; k++)
        open = open || (fitted->fits[k].moved && fitted->fits[k].warning);
    return open ? CS_EXIT_NO : CS_EXIT_YES;
}

const struct cs_command cs_command_calibrate = {
    "calibrate", "fit a sheet's parameters to measurements of your own", calibrate};
