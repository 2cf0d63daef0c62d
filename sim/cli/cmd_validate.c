/* capsim validate: what was measured beside what the model says of it.
 *
 * DATA is a folder that holds one or more of vllm-h100/ (any folder with an index.csv or runs.csv),
 * measured/throughput.csv and iterations/, or one of these itself. Everything there is read before
 * anything is simulated; then every case runs, on threads; the page is written, and the report
 * last. Exit status 0 when something could be compared, 1 when nothing was.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "fit/read_runs.h"
#include "fit/validate.h"

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

/* Reads what a folder itself is; false when it is nothing known. */
static bool read_folder(struct cs_cli *cli, const char *folder, struct cs_catalog *catalog,
                        struct cs_cases *cases)
{
    if (!within(cli, folder, "index.csv") && !within(cli, folder, "runs.csv"))
        return false;
    cs_read_runs(folder, catalog, cases, &cli->diags);
    return true;
}

static void read_data(struct cs_cli *cli, const char *data, struct cs_catalog *catalog,
                      struct cs_cases *cases)
{
    const char **const folders = cs_arena_alloc(cli->arena, FOLDERS_MOST, sizeof *folders);
    bool any = read_folder(cli, data, catalog, cases);
    const size_t count = any ? 0 : folders_of(cli, data, folders);
    for (size_t i = 0; i < count; i++)
        any = read_folder(cli, folders[i], catalog, cases) || any;
    if (!any)
        cs_diag_file(&cli->diags, (struct cs_span){0},
                     "expected a folder with index.csv, runs.csv or throughput.csv, or one of such",
                     "'%s' holds no measurements", data);
}

int dummy;
static int validate(struct cs_cli *cli, int argc, char **argv)
{
    bool json = false;
    const char *html = NULL;
    unsigned long long threads = 0;
    const struct cs_opt options[] = {
        {"json", 0, CS_OPT_FLAG, NULL, "print everything as JSON", &json},
        {"html", 0, CS_OPT_TEXT, "FILE", "write a page with plots of every run", &html},
        {"threads", 'j', CS_OPT_COUNT, "N", "threads (as many as processors, at most 16)",
         &threads},
    };
    const struct cs_opt_usage usage = {
        "validate DATA [options]",
        "Simulates what was measured and prints how far the two are apart.",
        options, sizeof options / sizeof options[0], 1, 1, "a folder of measurements"};
    struct cs_opt_words words;
    const int status = cs_opt_parse(cli, &usage, argc, argv, &words);
    if (status >= 0)
        return status;
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    struct cs_cases cases;
    cs_cases_init(&cases, cli->arena);
    read_data(cli, words.items[0], catalog, &cases);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    struct cs_validation v;
    cs_validation_run(&v, &cases, (int)threads, cli->arena, NULL, NULL);
    for (size_t i = 0; i < cases.count; i++) {
        printf("%-50s %d %d", cases.items[i].name, cases.items[i].kind, cases.items[i].overloaded);
        for (int f = 0; f < CS_FIGURE_OUTPUT_RATE + 1; f++)
            printf(" %7.2f", 100 * v.verdicts[i].error[f]);
        printf(" %s\n", v.verdicts[i].reason ? v.verdicts[i].reason : "");
    }
    for (size_t i = 0; i < v.group_count; i++) {
        printf("%-10s %-30s", cs_group_names[v.groups[i].by], v.groups[i].name);
        for (int f = 0; f < CS_FIGURE_OUTPUT_RATE + 1; f++)
            printf(" %7.2f", 100 * v.groups[i].figures[f].median_abs);
        printf("\n");
    }
    for (size_t i = 0; i < cases.skip_count; i++)
        printf("%zu %s %s\n", cases.skips[i].count, cases.skips[i].reason, cases.skips[i].example);
    cs_validation_fini(&v);
    return 0;
}

const struct cs_command cs_command_validate = {
    "validate", "the error of the predictions against measured runs", validate};
