/* capsim validate: what was measured beside what the model says of it.
 *
 * DATA is a folder with an index.csv, a runs.csv or a throughput.csv, a table of the last kind, or
 * a folder of such folders. Everything there is read before anything is simulated; then every case
 * runs, on threads; the page is written, and the report last. Exit status 0 when something could
 * be compared, 1 when nothing was.
 */
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "fit/read_rows.h"
#include "fit/read_runs.h"
#include "fit/validate.h"
#include "out/validation.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { THREADS_MOST = 1024, FOLDERS_MOST = 1000 };

static const char *within(struct cs_cli *cli, const char *folder, const char *name)
{
    struct stat status;
    const char *const path = cs_arena_printf(cli->arena, "%s/%s", folder, name);
    return stat(path, &status) == 0 ? path : NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The folders of a folder, sorted, so that no file system decides an order. */
static size_t folders_of(struct cs_cli *cli, const char *folder, const char **found)
{
    DIR *const open = opendir(folder);
    size_t count = 0;
    if (open == NULL)
        return 0;
    for (const struct dirent *one; (one = readdir(open)) != NULL && count < FOLDERS_MOST;) {
        struct stat status;
        const char *const path = cs_arena_printf(cli->arena, "%s/%s", folder, one->d_name);
        if (one->d_name[0] != '.' && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            found[count++] = path;
    }
    closedir(open);
    qsort(found, count, sizeof *found, by_name);
    return count;
}

/* Reads what a folder, or a table, itself is; false when it is nothing known. */
static bool read_one(struct cs_cli *cli, const char *path, struct cs_catalog *catalog,
                     struct cs_cases *cases)
{
    struct stat status;
    const char *const rows = within(cli, path, "throughput.csv");
    const bool runs = within(cli, path, "index.csv") || within(cli, path, "runs.csv");
    if (runs)
        cs_read_runs(path, catalog, cases, &cli->diags);
    if (rows)
        cs_read_rows(rows, catalog, cases, &cli->diags);
    if (runs || rows || stat(path, &status) != 0 || S_ISDIR(status.st_mode))
        return runs || rows;
    cs_read_rows(path, catalog, cases, &cli->diags);
    return true;
}

static void read_data(struct cs_cli *cli, const char *data, struct cs_catalog *catalog,
                      struct cs_cases *cases)
{
    const char **const folders = cs_arena_alloc(cli->arena, FOLDERS_MOST, sizeof *folders);
    bool any = read_one(cli, data, catalog, cases);
    const size_t count = any ? 0 : folders_of(cli, data, folders);
    for (size_t i = 0; i < count; i++)
        any = read_one(cli, folders[i], catalog, cases) || any;
    if (!any)
        cs_diag_file(&cli->diags, (struct cs_span){0},
                     "expected a folder with index.csv, runs.csv or throughput.csv, or one of such",
                     "'%s' holds no measurements", data);
}

static void show(void *user, double share)
{
    cs_progress_show(user, share, "simulating what was measured");
}

static bool write_page(struct cs_cli *cli, const struct cs_validation *v, const char *path)
{
    struct cs_file file;
    if (!cs_file_open(&file, path, "--html", &cli->diags))
        return false;
    cs_html_print_validation(v, cli->arena, file.file);
    return cs_file_close(&file, "--html", &cli->diags);
}

static int validate(struct cs_cli *cli, int argc, char **argv)
{
    bool json = false;
    const char *html = NULL;
    unsigned long long threads = 0;
    const struct cs_opt options[] = {
        {"json", 0, CS_OPT_FLAG, NULL, "print everything as JSON", &json},
        {"html", 0, CS_OPT_TEXT, "FILE", "write a page with plots of every comparison", &html},
        {"threads", 'j', CS_OPT_COUNT, "N", "threads (as many as processors, at most 16)",
         &threads},
    };
    const struct cs_opt_usage usage = {
        "validate DATA [options]",
        "Simulates what was measured, from recorded requests or published figures, and prints how "
        "far prediction and measurement are apart. DATA is a folder with index.csv and requests/, "
        "runs.csv or throughput.csv, or one of such folders. Exit status 1: nothing to compare.",
        options,
        sizeof options / sizeof options[0],
        1,
        1,
        "a folder of measurements"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    if (threads > THREADS_MOST) {
        fprintf(stderr, "capsim: error: validate: --threads is at most %d\n", THREADS_MOST);
        return CS_EXIT_USAGE;
    }
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_cases cases;
    cs_cases_init(&cases, cli->arena);
    read_data(cli, words.items[0], catalog, &cases);
    if (html)
        cs_file_check(html, "--html", &cli->diags);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    struct cs_progress progress;
    cs_progress_init(&progress, false);
    struct cs_validation v;
    cs_validation_run(&v, &cases, (int)threads, cli->arena, show, &progress);
    cs_progress_fini(&progress);
    const bool written = !html || write_page(cli, &v, html);
    const bool any = v.compared + v.overloaded > 0;
    cs_diags_print(&cli->diags, stderr);
    if (written && json)
        cs_json_print_validation(&v, stdout);
    else if (written)
        cs_validation_print(&v, &cli->out);
    cs_validation_fini(&v);
    return !written ? CS_EXIT_FILE : any ? CS_EXIT_YES : CS_EXIT_NO;
}

const struct cs_command cs_command_validate = {
    "validate", "measured runs beside what the model says of them", validate};
