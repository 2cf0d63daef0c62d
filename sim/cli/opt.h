/* Options of the command line, by table.
 *
 * A command lists its options once; parsing, checking and `--help` all come from that list. Forms:
 * `--name`, `--name value`, `--name=value`, `-j4`, `-j 4`; `--` ends the options; words may stand
 * before, between and after them. An option may be given once, except those of kind LIST; the last
 * of several would silently win, so it is an error.
 *
 * The rule: an error names the word as it was typed, suggests the nearest option and ends with
 * exit status 2; nothing has happened by then. Texts point into argv.
 */
#ifndef CS_CLI_OPT_H
#define CS_CLI_OPT_H
#include <stdbool.h>
#include <stddef.h>
#include "cli/cli.h"

enum cs_opt_kind { CS_OPT_FLAG, CS_OPT_TEXT, CS_OPT_LIST, CS_OPT_COUNT };

struct cs_opt_list {
    const char **items;
    size_t count;
};

struct cs_opt {
    const char *name;  /* without "--" */
    char letter;       /* 0: none */
    enum cs_opt_kind kind;
    const char *value; /* what the help calls the value: "FILE" */
    const char *help;
    void *target; /* bool, const char *, struct cs_opt_list or unsigned long long, by kind */
};

struct cs_opt_usage {
    const char *words; /* "run SCENARIO [options]" */
    const char *about; /* a paragraph */
    const struct cs_opt *options;
    size_t option_count;
    int least, most; /* words expected; most < 0: any number */
    const char *word; /* what one word is: "a scenario file" */
};

struct cs_opt_words {
    const char **items;
    int count;
};

/* -1: go on, `words` holds the words; otherwise the exit status to end with (0 after --help). */
int cs_opt_parse(struct cs_cli *cli, const struct cs_opt_usage *usage, int argc, char **argv,
                 struct cs_opt_words *words);

#endif
