/* capsim crossover: where hosting oneself and each API change rank, and how sure that is.
 *
 * The first --axis is the one along which the crossing is found; a second one, with values, gives a
 * crossing for each of them. Output as text with a drawing, JSON, or a page (--html, --svg).
 */
#include "cli/cli.h"
#include "cli/cross.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "out/crossover.h"
#include "plan/range.h"
#include <math.h>
#include <string.h>

struct asked {
    struct cs_opt_list axes, sets, against;
    const char *range, *html, *svg;
    unsigned long long threads, points;
    bool json, quiet, brief;
};

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *a, const char **path)
{
    const struct cs_opt options[] = {
        {"axis", 0, CS_OPT_LIST, "AXIS",
         "volume (default), gpu_price, utilisation, output_share, slo, or any key; a second one as "
         "KEY=VALUES",
         &a->axes},
        {"range", 0, CS_OPT_TEXT, "A..B", "of the first axis, such as 1M..500M", &a->range},
        {"against", 0, CS_OPT_LIST, "API", "instead of the scenario's `compare`; may be repeated",
         &a->against},
        {"points", 0, CS_OPT_COUNT, "N", "points of the grid that it begins with (13)", &a->points},
        {"brief", 0, CS_OPT_FLAG, NULL, "without the model's error and without what-ifs",
         &a->brief},
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &a->sets},
        {"threads", 'j', CS_OPT_COUNT, "N", "worker threads (default: the processors there are)",
         &a->threads},
        {"json", 0, CS_OPT_FLAG, NULL, "print the same as JSON", &a->json},
        {"html", 0, CS_OPT_TEXT, "FILE", "write a page with the cost curves", &a->html},
        {"svg", 0, CS_OPT_TEXT, "FILE", "write the drawing alone", &a->svg},
        {"quiet", 'q', CS_OPT_FLAG, NULL, "show no progress", &a->quiet},
    };
    const struct cs_opt_usage usage = {
        "crossover SCENARIO [--axis AXIS] [--range A..B] [--against API]... [options]",
        "Finds where along an axis, the volume unless told otherwise, hosting oneself becomes "
        "cheaper than each API, or ceases to be. Every point of the cost curves is a fleet that is "
        "sized and simulated.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a scenario file"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    *path = words.items[0];
    const char *const wrong = a->axes.count > 2 ? "two axes are the most"
                              : a->axes.count == 2 && (a->html || a->svg)
                                  ? "--html and --svg draw one axis"
                              : a->points == 1 || a->points > 200 ? "--points: from 2 to 200"
                                                                  : NULL;
    if (!wrong)
        return -1;
    fprintf(stderr, "capsim: error: crossover: %s\n      = usage: capsim %s\n", wrong, usage.words);
    return CS_EXIT_USAGE;
}

/* The settings of --set, and --against as one more. */
static struct cs_opt_list settings_of(struct cs_cli *cli, const struct asked *a)
{
    const char **const all = cs_arena_alloc(cli->arena, a->sets.count + 2, sizeof *all);
    size_t count = 0;
    for (; count < a->sets.count; count++)
        all[count] = a->sets.items[count];
    const char *apis = "";
    for (size_t i = 0; i < a->against.count; i++)
        apis = cs_arena_printf(cli->arena, "%s%s%s", apis, i ? ", " : "", a->against.items[i]);
    if (a->against.count)
        all[count++] = cs_arena_printf(cli->arena, "compare=[%s]", apis);
    return (struct cs_opt_list){all, count};
}

/* One crossover, of the scenario with these settings; false: errors. */
static bool cross(struct cs_cli *cli, const struct asked *a, const char *path,
                  struct cs_opt_list sets, bool deep, struct cs_progress *progress,
                  struct cs_crossover *c)
{
    const struct cs_cross asked = {
        .path = path,
        .sets = sets,
        .axis = a->axes.count ? a->axes.items[0] : "volume",
        .range = a->range,
        .threads = (int)a->threads,
        .settings = {.model = deep, .what_if = deep, .points = (size_t)a->points},
        .progress = progress};
    return cs_cross(c, &asked, cli, &cli->diags);
}

/* A crossover for each value of the second axis. */
static struct cs_crossover_at *cross_all(struct cs_cli *cli, const struct asked *a,
                                         const char *path, struct cs_progress *progress,
                                         size_t *count, const char **key)
{
    struct cs_opt_list sets = settings_of(cli, a);
    struct cs_range range = {.count = 1};
    *count = 1;
    *key = NULL;
    if (a->axes.count == 2) {
        if (!cs_range_parse(&range, a->axes.items[1], "--axis", cli->arena, &cli->diags))
            return NULL;
        *key = range.key;
        *count = range.count;
    }
    struct cs_crossover_at *const rows = cs_arena_alloc(cli->arena, *count, sizeof *rows);
    for (size_t i = 0; i < *count; i++) {
        const char **const all = cs_arena_alloc(cli->arena, sets.count + 1, sizeof *all);
        for (size_t k = 0; k < sets.count; k++)
            all[k] = sets.items[k];
        if (*key) {
            rows[i].value = range.values[i];
            all[sets.count] = cs_arena_printf(cli->arena, "%s=%s", *key, range.values[i]);
        }
        if (!cross(cli, a, path, (struct cs_opt_list){all, sets.count + (*key != NULL)},
                   !*key && !a->brief, progress, &rows[i].crossover))
            return NULL;
    }
    return rows;
}

static bool write_file(struct cs_cli *cli, const char *path, const char *option,
                       const struct cs_crossover *c,
                       void (*print)(const struct cs_crossover *, FILE *))
{
    struct cs_file file;
    if (!path)
        return true;
    if (!cs_file_open(&file, path, option, &cli->diags))
        return false;
    print(c, file.file);
    return cs_file_close(&file, option, &cli->diags);
}

static int run(struct cs_cli *cli, int argc, char **argv)
{
    struct asked asked = {.threads = 0};
    const char *path, *key;
    const int status = parse(cli, argc, argv, &asked, &path);
    if (status >= 0)
        return status;
    if (asked.html)
        cs_file_check(asked.html, "--html", &cli->diags);
    if (asked.svg)
        cs_file_check(asked.svg, "--svg", &cli->diags);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    struct cs_progress progress;
    size_t count;
    cs_progress_init(&progress, asked.quiet);
    struct cs_crossover_at *const rows = cross_all(cli, &asked, path, &progress, &count, &key);
    cs_progress_fini(&progress);
    if (!rows ||
        !write_file(cli, asked.html, "--html", &rows[0].crossover, cs_crossover_print_html) ||
        !write_file(cli, asked.svg, "--svg", &rows[0].crossover, cs_crossover_print_svg))
        return cs_cli_fail(cli);
    if (asked.json)
        cs_crossover_print_json(rows, count, key, stdout);
    else if (key)
        cs_crossover_print_table(rows, count, key, &cli->out);
    else
        cs_crossover_print(&rows[0].crossover, &cli->out);
    bool any = false; /* no: hosting is cheaper nowhere */
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < rows[i].crossover.against_count; a++)
            any |=
                rows[i].crossover.against[a].count > 0 || rows[i].crossover.against[a].below >= 0;
    return any ? CS_EXIT_YES : CS_EXIT_NO;
}

const struct cs_command cs_command_crossover = {
    "crossover", "the volume, price or SLO at which hosting beats each API, and how sure", run};
