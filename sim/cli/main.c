/* capsim: the command table, the style of the output, and the end of every command.
 *
 * To add a command, write cmd_<name>.c and name its entry below. The order is that of `capsim
 * help`. The one rule: a result that could not be written is no result, so standard output is
 * flushed and checked here, once, for all commands (exit status 4: a full disk, a closed pipe).
 *
 * Style: UTF-8 when the locale's variables say so, colour on a terminal unless NO_COLOR is set
 * (no-color.org) or TERM is dumb, lines as long as a page of 100 columns or the terminal that is
 * narrower. None touches a figure, and the locale itself stays "C".
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/suggest.h"
#include "cli/cli.h"

static int run_help(struct cs_cli *cli, int argc, char **argv);

static const struct cs_command help = {"help", "what the commands are, or how one is used",
                                       run_help};
static const struct cs_command *const commands[] = {
    &cs_command_run,      &cs_command_capacity,  &cs_command_budget,
    &cs_command_pareto, &cs_command_claims,   &cs_command_crossover, &cs_command_sensitivity,
    &cs_command_sweep,    &cs_command_check,     &cs_command_list,
    &cs_command_show,     &cs_command_explain,   &cs_command_fits,
    &cs_command_validate, &cs_command_calibrate, &cs_command_view,      &help,
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct cs_command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(struct cs_cli *cli, const char *name)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *const near = cs_suggest(name, names, COMMANDS);
    fprintf(stderr, "capsim: error: unknown command '%s'\n",
            cs_diag_escape(cli->arena, name, strlen(name)));
    if (near)
        fprintf(stderr, "      = did you mean '%s'?\n", near);
    else
        fputs("      = `capsim help` lists the commands\n", stderr);
    return CS_EXIT_USAGE;
}

static void print_overview(const struct cs_text *t)
{
    cs_text_put(t, "capsim answers what it takes to serve a language model: how many GPUs of which "
                   "kind, at\nwhat latency, for how much money, against what the APIs ask.\n\n"
                   "usage: capsim COMMAND ...\n\n");
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lw");
    cs_grid_add(&grid, "commands");
    cs_grid_add(&grid, "%s", "");
    for (size_t i = 0; i < COMMANDS; i++) {
        cs_grid_add(&grid, "  %s", commands[i]->name);
        cs_grid_add(&grid, "%s", commands[i]->summary);
    }
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "\n`capsim COMMAND --help` lists the options of a command.\n"
                   "exit status: 0 yes, 1 the answer is no, 2 usage, 3 bad input, 4 a file or the "
                   "output\n");
}

static int run_help(struct cs_cli *cli, int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-') {
        print_overview(&cli->out);
        return CS_EXIT_YES;
    }
    const struct cs_command *const command = find(argv[1]);
    if (!command)
        return unknown_command(cli, argv[1]);
    if (command == &help) {
        print_overview(&cli->out);
        return CS_EXIT_YES;
    }
    char ask[] = "--help";
    char *words[] = {argv[1], ask, NULL};
    return command->run(cli, 2, words);
}

int cs_cli_fail(const struct cs_cli *cli)
{
    cs_diags_print(&cli->diags, stderr);
    return cli->diags.exit_code ? cli->diags.exit_code : CS_EXIT_INPUT;
}

/* The first of the three that is set and not empty decides, as in POSIX (XBD 8.2). */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const value = getenv(names[i]);
        if (value && *value)
            return strstr(value, "UTF-8") || strstr(value, "utf-8") || strstr(value, "UTF8") ||
                   strstr(value, "utf8");
    }
    return false;
}

static bool wants_colour(void)
{
    const char *const none = getenv("NO_COLOR"), *const term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && term && *term &&
           strcmp(term, "dumb") != 0;
}

/* Columns of the terminal, where it is narrower than a page: as $COLUMNS says, or as it is; 0. What
 * is piped or saved has the width of a page. */
static int narrower(void)
{
    enum { LEAST = 40 };
    const char *const said = getenv("COLUMNS");
    long columns = said && isatty(STDOUT_FILENO) ? strtol(said, NULL, 10) : 0;
#ifdef TIOCGWINSZ
    struct winsize size;
    if (columns <= 0 && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
#endif
    if (columns <= 0 || columns >= CS_TEXT_WIDTH)
        return 0;
    return columns < LEAST ? LEAST : (int)columns;
}

static int dispatch(struct cs_cli *cli, int argc, char **argv)
{
    if (argc < 2) {
        struct cs_text err = cli->out;
        err.file = stderr;
        err.colour = false;
        print_overview(&err);
        return CS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("capsim %s\n", CS_VERSION);
        return CS_EXIT_YES;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return run_help(cli, 1, argv);
    const struct cs_command *const command = find(argv[1]);
    if (command)
        return command->run(cli, argc - 1, argv + 1);
    if (argv[1][0] != '-')
        return unknown_command(cli, argv[1]);
    fprintf(stderr, "capsim: error: unknown option '%s' before the command\n"
                    "      = usage: capsim COMMAND ...\n",
            cs_diag_escape(cli->arena, argv[1], strlen(argv[1])));
    return CS_EXIT_USAGE;
}

static volatile sig_atomic_t pipe_closed;

/* A closed pipe is a write error like any other, but `capsim list | head` needs no message. */
static void note_closed_pipe(int number)
{
    (void)number;
    pipe_closed = 1;
}

/* A simulation's memory is given back whole when it ends, and the next one asks for as much: glibc
 * keeps it meanwhile, instead of returning it to the system and faulting every page in again. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
}

int main(int argc, char **argv)
{
    keep_memory();
    struct sigaction on_pipe = {.sa_handler = note_closed_pipe};
    sigemptyset(&on_pipe.sa_mask);
    sigaction(SIGPIPE, &on_pipe, NULL);
    struct cs_arena arena;
    cs_arena_init(&arena);
    struct cs_cli cli = {.arena = &arena,
                         .program = argc > 0 ? argv[0] : "capsim",
                         .out = {.file = stdout,
                                 .utf8 = locale_is_utf8(),
                                 .colour = wants_colour(),
                                 .width = narrower(),
                                 .arena = &arena}};
    cs_diags_init(&cli.diags, &arena);
    int status = dispatch(&cli, argc, argv);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (!pipe_closed)
            fprintf(stderr, "capsim: error: cannot write standard output: %s\n",
                    errno ? strerror(errno) : "an earlier write failed");
        status = CS_EXIT_FILE;
    }
    cs_arena_fini(&arena);
    return status;
}
