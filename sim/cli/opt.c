/* Options of the command line, by table (see opt.h).
 *
 * Own parser, since getopt_long is no POSIX and accepts abbreviations, which break scripts when an
 * option is added. Each option remembers the word that set it in `seen`, to refuse a second.
 * Memory: lists and words in the command's arena.
 */
#include "cli/opt.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"

enum { OPTIONS_MOST = 24 };

static int wrong(struct cs_cli *cli, const char *command, const char *hint, const char *format,
                 const char *word)
{
    const char *const shown = cs_diag_escape(cli->arena, word, strlen(word));
    fputs("capsim: error: ", stderr);
    fprintf(stderr, "%s: ", command);
    const char *const at = strstr(format, "%s");
    fprintf(stderr, "%.*s%s%s\n", (int)(at ? at - format : (long)strlen(format)), format,
            at ? shown : "", at ? at + 2 : "");
    if (hint)
        fprintf(stderr, "      = %s\n", hint);
    return CS_EXIT_USAGE;
}

static void print_help(struct cs_cli *cli, const struct cs_opt_usage *usage)
{
    const struct cs_text *const t = &cli->out;
    cs_text_printf(t, "usage: capsim %s\n\n", usage->words);
    cs_text_wrap(t, usage->about, 0, 0);
    cs_text_put(t, "\n");
    struct cs_grid grid;
    cs_grid_init(&grid, cli->arena, "lw");
    cs_grid_add(&grid, "options");
    cs_grid_add(&grid, "%s", "");
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct cs_opt *const o = &usage->options[i];
        const char *const value = o->value ? o->value : "";
        cs_grid_add(&grid, "  %s--%s%s%s",
                    o->letter ? cs_arena_printf(cli->arena, "-%c, ", o->letter) : "", o->name,
                    *value ? " " : "", value);
        cs_grid_add(&grid, "%s", o->help);
    }
    cs_grid_add(&grid, "  --help");
    cs_grid_add(&grid, "this text");
    cs_text_put(t, "\n");
    cs_grid_print(&grid, t, 0, false);
}

static const struct cs_opt *find(const struct cs_opt_usage *usage, const char *word)
{
    const bool is_long = word[1] == '-';
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct cs_opt *const o = &usage->options[i];
        const size_t length = strlen(o->name);
        if (is_long ? strncmp(word + 2, o->name, length) == 0 &&
                          (word[2 + length] == '\0' || word[2 + length] == '=')
                    : o->letter && word[1] == o->letter)
            return o;
    }
    return NULL;
}

static int unknown(struct cs_cli *cli, const struct cs_opt_usage *usage, const char *command,
                   const char *word)
{
    const char *names[OPTIONS_MOST + 1];
    size_t count = 0;
    for (; count < usage->option_count && count < OPTIONS_MOST; count++)
        names[count] = usage->options[count].name;
    names[count++] = "help";
    const size_t length = strcspn(word, "=");
    const char *const bare = cs_arena_strndup(cli->arena, word, length);
    const char *const near = cs_suggest(bare + strspn(bare, "-"), names, count);
    const char *const hint =
        near ? cs_arena_printf(cli->arena, "did you mean '--%s'?", near)
             : cs_arena_printf(cli->arena, "`capsim %s --help` lists them", command);
    return wrong(cli, command, hint, "unknown option '%s'", bare);
}

/* Stores a value; false when it is not of the option's kind. */
static bool store(struct cs_cli *cli, const struct cs_opt *o, const char *value)
{
    if (o->kind == CS_OPT_TEXT) {
        *(const char **)o->target = value;
        return true;
    }
    if (o->kind == CS_OPT_LIST) {
        struct cs_opt_list *const list = o->target;
        const char **const larger = cs_arena_alloc(cli->arena, list->count + 1, sizeof *larger);
        if (list->count)
            memcpy(larger, list->items, list->count * sizeof *larger);
        larger[list->count++] = value;
        list->items = larger;
        return true;
    }
    char *end;
    errno = 0;
    *(unsigned long long *)o->target = strtoull(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && errno == 0;
}

/* One option at argv[*at]; -1 to go on. */
static int take(struct cs_cli *cli, const struct cs_opt_usage *usage, int argc, char **argv,
                int *at, bool *seen)
{
    const char *const word = argv[*at];
    const struct cs_opt *const o = find(usage, word);
    if (!o)
        return unknown(cli, usage, argv[0], word);
    const char *const shown = cs_arena_printf(cli->arena, "--%s", o->name);
    const char *value = word[1] == '-' ? strchr(word, '=') : word[2] ? word + 1 : NULL;
    if (o->kind != CS_OPT_LIST && seen[o - usage->options])
        return wrong(cli, argv[0], NULL, "'%s' is given twice", shown);
    seen[o - usage->options] = true;
    if (o->kind == CS_OPT_FLAG) {
        if (value)
            return wrong(cli, argv[0], NULL, "'%s' takes no value", shown);
        *(bool *)o->target = true;
        return -1;
    }
    if (value)
        value++;
    else if (*at + 1 < argc)
        value = argv[++*at];
    else
        return wrong(cli, argv[0], NULL,
                     cs_arena_printf(cli->arena, "'%%s' needs a value: %s", o->value), shown);
    if (!*value)
        return wrong(cli, argv[0], NULL,
                     cs_arena_printf(cli->arena, "'%%s' is empty; it needs %s", o->value), shown);
    if (!store(cli, o, value))
        return wrong(cli, argv[0], NULL,
                     cs_arena_printf(cli->arena, "--%s needs a whole number, not '%%s'", o->name),
                     value);
    return -1;
}

int cs_opt_parse(struct cs_cli *cli, const struct cs_opt_usage *usage, int argc, char **argv,
                 struct cs_opt_words *words)
{
    bool seen[OPTIONS_MOST] = {false}, only_words = false;
    words->items = cs_arena_alloc(cli->arena, (size_t)argc, sizeof *words->items);
    words->count = 0;
    for (int i = 1; i < argc; i++) {
        if (only_words || argv[i][0] != '-' || !argv[i][1]) {
            words->items[words->count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(cli, usage);
            return CS_EXIT_YES;
        } else {
            const int status = take(cli, usage, argc, argv, &i, seen);
            if (status >= 0)
                return status;
        }
    }
    const char *const hint = cs_arena_printf(cli->arena, "usage: capsim %s", usage->words);
    if (words->count < usage->least)
        return wrong(cli, argv[0], hint, "needs %s", usage->word);
    if (usage->most >= 0 && words->count > usage->most)
        return wrong(cli, argv[0], hint, "one word too many: '%s'", words->items[usage->most]);
    return -1;
}
