/* Output files: they appear whole or not at all.
 *
 * `check` before the work says whether the file could be written, leaving nothing behind; `open`
 * starts a temporary file in the same folder, `close` flushes it to the disk and renames it over
 * the old one. When anything fails, or the program dies, the old file stands as it was. A device
 * or a pipe (/dev/null) cannot be replaced and is written directly. A symbolic link keeps
 * pointing where it did: its target is replaced.
 *
 * Errors go to diags with exit status 4. Texts belong to the arena of the diags.
 */
#ifndef CS_CLI_FILE_H
#define CS_CLI_FILE_H
#include <stdbool.h>
#include <stdio.h>
#include "base/diag.h"

struct cs_file {
    const char *path;      /* as given */
    const char *target;    /* what is replaced */
    const char *temporary; /* NULL: written directly */
    FILE *file;
};

/* Whether `path` can be written; an error is in `diags` if not. `option` names it there. */
bool cs_file_check(const char *path, const char *option, struct cs_diags *diags);
bool cs_file_open(struct cs_file *f, const char *path, const char *option, struct cs_diags *diags);
bool cs_file_close(struct cs_file *f, const char *option, struct cs_diags *diags);

#endif
