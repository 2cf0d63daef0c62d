/* Output files that appear whole or not at all (see file.h).
 *
 * Write, fsync, rename, fsync of the folder: after a power cut there is the old file or the new
 * one. The temporary file lies in the folder of the target, since rename works within one file
 * system only, and gets the mode of the file it replaces, or the usual one.
 * The check makes and removes such a temporary file: only trying tells what a folder allows.
 */
#define _XOPEN_SOURCE 700 /* realpath; more than POSIX base */
#include "cli/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const char *path, const char *option, const char *why, struct cs_diags *diags)
{
    cs_diag_file(diags, (struct cs_span){0}, NULL, "%s: cannot write '%s': %s", option, path, why);
    return false;
}

static const char *folder_of(const char *path, struct cs_arena *arena)
{
    const char *const slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : cs_arena_strndup(arena, path, (size_t)(slash - path));
}

/* Fills target and mode; false when the file there may not be replaced. */
static bool look(struct cs_file *f, const char *option, struct cs_diags *diags, bool *direct,
                 mode_t *mode)
{
    struct stat about;
    const mode_t mask = umask(0);
    umask(mask);
    *mode = 0666 & ~mask;
    *direct = false;
    f->target = f->path;
    if (stat(f->path, &about) != 0)
        return errno == ENOENT ? true : refuse(f->path, option, strerror(errno), diags);
    if (S_ISDIR(about.st_mode))
        return refuse(f->path, option, "it is a directory", diags);
    if (access(f->path, W_OK) != 0)
        return refuse(f->path, option, strerror(errno), diags);
    *direct = !S_ISREG(about.st_mode);
    *mode = about.st_mode & 0777;
    char *const resolved = realpath(f->path, NULL);
    if (resolved)
        f->target = cs_arena_strdup(diags->arena, resolved);
    free(resolved);
    return true;
}

bool cs_file_open(struct cs_file *f, const char *path, const char *option, struct cs_diags *diags)
{
    bool direct;
    mode_t mode;
    *f = (struct cs_file){.path = path};
    if (!look(f, option, diags, &direct, &mode))
        return false;
    if (direct) {
        f->file = fopen(path, "w");
        return f->file ? true : refuse(path, option, strerror(errno), diags);
    }
    char *const name =
        cs_arena_printf(diags->arena, "%s/.capsim-XXXXXX", folder_of(f->target, diags->arena));
    const int descriptor = mkstemp(name);
    if (descriptor < 0)
        return refuse(path, option, strerror(errno), diags);
    f->temporary = name;
    f->file = fchmod(descriptor, mode) == 0 ? fdopen(descriptor, "w") : NULL;
    if (f->file)
        return true;
    const int why = errno;
    close(descriptor);
    unlink(name);
    return refuse(path, option, strerror(why), diags);
}

bool cs_file_check(const char *path, const char *option, struct cs_diags *diags)
{
    struct cs_file f;
    struct stat about;
    if (stat(path, &about) == 0 && S_ISFIFO(about.st_mode))
        return true; /* opening one waits for its reader */
    if (!cs_file_open(&f, path, option, diags))
        return false;
    fclose(f.file);
    if (f.temporary)
        unlink(f.temporary);
    return true;
}

bool cs_file_close(struct cs_file *f, const char *option, struct cs_diags *diags)
{
    bool ok = fflush(f->file) == 0 && !ferror(f->file);
    if (ok && f->temporary)
        ok = fsync(fileno(f->file)) == 0;
    int why = ok ? 0 : errno;
    if (fclose(f->file) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (!f->temporary)
        return ok ? true : refuse(f->path, option, strerror(why), diags);
    if (ok && rename(f->temporary, f->target) == 0) {
        const int folder = open(folder_of(f->target, diags->arena), O_RDONLY);
        if (folder >= 0) {
            fsync(folder); /* some file systems refuse: the file itself is safe already */
            close(folder);
        }
        return true;
    }
    if (ok)
        why = errno;
    unlink(f->temporary);
    return refuse(f->path, option, strerror(why), diags);
}
