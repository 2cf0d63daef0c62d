/* The catalogue: where sheets are, and the ones that were loaded (see catalog.h).
 *
 * Roots are found once, when the catalogue is opened. A sheet is read when it is first named and
 * kept; a list keyed by kind and path is enough for the few that a run names. Paths below the
 * working directory are shown relative to it, as a user would type them.
 *
 * The rule: a sheet that is wrong is never kept, and its errors are said once per collection of
 * diagnostics. All memory is the arena's given at opening.
 * Not here: what a sheet may say (tables*.c, seal.c).
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "spec/catalog.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/suggest.h"
#include "spec/resolve.h"
#include "spec/seal.h"
#include "spec/trace_csv.h"
#include "spec/yaml.h"

#ifndef CS_DATADIR
#define CS_DATADIR "/usr/local/share/capsim"
#endif

enum { MOST_ROOTS = 16, PATH_BYTES = 4096 };

struct entry {
    struct entry *next;
    enum cs_sheet_kind kind;
    const char *path;
    const void *sheet;             /* NULL: it is wrong */
    const struct cs_diags *told;   /* where its errors were said */
};

struct given { /* a file that is not on a disk */
    struct given *next;
    const char *path; /* as in a root: "models/x.yaml" */
    struct cs_source source;
};

struct names {
    const char **items;
    size_t count;
    bool read;
};

/* Other names of sheets, read when a name is not found. */
struct claims {
    const char **texts, **sheets;
    size_t count;
    bool read;
};

struct cs_catalog {
    struct cs_arena *arena;
    const char *roots[MOST_ROOTS];
    size_t root_count;
    struct entry *entries;
    struct given *given;
    const char **files; /* that it all depends on */
    size_t file_count;
    uint64_t digest;
    struct names names[CS_SHEET_COUNT];
    struct claims claims[CS_SHEET_COUNT];
};

static const struct kind {
    const char *folder, *noun, *list;
    bool aliases; /* sheets of the kind may go by other names */
} kinds[CS_SHEET_COUNT] = {
    [CS_SHEET_MODEL] = {"models", "model", "models", true},
    [CS_SHEET_API] = {"models/api", "API", "apis", false},
    [CS_SHEET_HARDWARE] = {"hardware", "hardware", "hardware", true},
    [CS_SHEET_ENGINE] = {"engines", "engine", "engines", true},
    [CS_SHEET_HOST] = {"hosts", "host", "hosts", true},
    [CS_SHEET_TRAFFIC] = {"scenarios/traffic", "traffic", "traffic", false},
    [CS_SHEET_REGION] = {"regions", "region", "regions", false},
    [CS_SHEET_SCENARIO] = {"scenarios", "scenario", "scenarios", false},
};

/* --- roots ----------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

static void add_root(struct cs_catalog *c, const char *path)
{
    char cwd[PATH_BYTES];
    if (!*path || c->root_count == MOST_ROOTS || !is_folder(path))
        return;
    if (getcwd(cwd, sizeof cwd) && strncmp(path, cwd, strlen(cwd)) == 0) {
        const char *const rest = path + strlen(cwd);
        if (!*rest)
            path = ".";
        else if (*rest == '/' && rest[1])
            path = rest + 1;
    }
    for (size_t i = 0; i < c->root_count; i++)
        if (strcmp(c->roots[i], path) == 0)
            return;
    c->roots[c->root_count++] = cs_arena_strdup(c->arena, path);
}

static bool holds_catalogue(struct cs_arena *arena, const char *folder)
{
    return is_folder(cs_arena_printf(arena, "%s/models", folder)) &&
           is_folder(cs_arena_printf(arena, "%s/hardware", folder));
}

/* Where the program lies: as the kernel has it, or, without /proc, as a shell would find it. */
static const char *program_file(struct cs_arena *arena, const char *program)
{
    char path[PATH_BYTES];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0)
        return cs_arena_strndup(arena, path, (size_t)length);
    if (!program || strchr(program, '/'))
        return program;
    for (const char *p = getenv("PATH"); p && *p;) {
        const size_t size = strcspn(p, ":");
        const char *const there = cs_arena_printf(arena, "%.*s/%s", (int)size, p, program);
        if (is_file(there) && access(there, X_OK) == 0)
            return there;
        p += size + (p[size] == ':');
    }
    return program;
}

/* The folders that follow from where the program lies. */
static void add_roots_of_program(struct cs_catalog *c, const char *program)
{
    char resolved[PATH_BYTES];
    const char *const file = program_file(c->arena, program);
    if (!file || !realpath(file, resolved))
        return;
    char *slash = strrchr(resolved, '/');
    if (!slash)
        return;
    *slash = '\0';
    char *const installed = cs_arena_printf(c->arena, "%s/../share/capsim", resolved);
    char real[PATH_BYTES];
    if (realpath(installed, real))
        add_root(c, real);
    while ((slash = strrchr(resolved, '/')) != NULL) {
        *slash = '\0';
        if (*resolved && holds_catalogue(c->arena, resolved)) {
            add_root(c, resolved);
            return;
        }
    }
}

struct cs_catalog *cs_catalog_open(struct cs_arena *arena, const char *program)
{
    struct cs_catalog *const c = cs_arena_alloc(arena, 1, sizeof *c);
    c->arena = arena;
    const char *const listed = getenv("CAPSIM_PATH");
    for (const char *p = listed; p && *p;) {
        const size_t length = strcspn(p, ":");
        add_root(c, cs_arena_strndup(arena, p, length));
        p += length + (p[length] == ':');
    }
    add_roots_of_program(c, program);
    add_root(c, CS_DATADIR);
    return c;
}

struct cs_arena *cs_catalog_arena(struct cs_catalog *c)
{
    return c->arena;
}

void cs_catalog_depends(struct cs_catalog *c, const char *path)
{
    for (size_t i = 0; i < c->file_count; i++)
        if (strcmp(c->files[i], path) == 0)
            return;
    c->files = cs_arena_grow(c->arena, c->files, c->file_count, sizeof *c->files);
    c->files[c->file_count++] = cs_arena_strdup(c->arena, path);
}

const char *const *cs_catalog_files(const struct cs_catalog *c, size_t *count)
{
    *count = c->file_count;
    return c->files;
}

/* --- names ----------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_names_of(struct cs_catalog *c, struct names *names, const char *folder)
{
    DIR *const open = opendir(folder);
    if (!open)
        return;
    for (const struct dirent *one; (one = readdir(open)) != NULL;) {
        const size_t length = strlen(one->d_name);
        if (one->d_name[0] == '.' || length < 6 || strcmp(one->d_name + length - 5, ".yaml") != 0)
            continue;
        names->items =
            cs_arena_grow(c->arena, names->items, names->count, sizeof *names->items);
        names->items[names->count++] = cs_arena_strndup(c->arena, one->d_name, length - 5);
    }
    closedir(open);
}

const char *const *cs_catalog_names(struct cs_catalog *c, enum cs_sheet_kind kind, size_t *count)
{
    struct names *const names = &c->names[kind];
    for (size_t i = 0; !names->read && i < c->root_count; i++)
        add_names_of(c, names, cs_arena_printf(c->arena, "%s/%s", c->roots[i], kinds[kind].folder));
    if (!names->read && names->count) {
        qsort(names->items, names->count, sizeof *names->items, by_name);
        size_t kept = 1;
        for (size_t i = 1; i < names->count; i++)
            if (strcmp(names->items[i], names->items[kept - 1]) != 0)
                names->items[kept++] = names->items[i];
        names->count = kept;
    }
    names->read = true;
    *count = names->count;
    return names->items;
}

const char *cs_catalog_place(struct cs_arena *arena, enum cs_sheet_kind kind, const char *name)
{
    return cs_arena_printf(arena, "%s/%s.yaml", kinds[kind].folder, name);
}

bool cs_catalog_is_path(const char *name)
{
    const size_t length = strlen(name);
    return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".yaml") == 0);
}

const char *cs_catalog_file(struct cs_catalog *c, const char *path)
{
    for (size_t i = 0; i < c->root_count; i++) {
        const bool here = strcmp(c->roots[i], ".") == 0;
        const char *const found = cs_arena_printf(c->arena, "%s%s%s", here ? "" : c->roots[i],
                                                  here ? "" : "/", path);
        if (is_file(found))
            return found;
    }
    return NULL;
}

void cs_catalog_give(struct cs_catalog *c, const char *from, const char *path, const char *text,
                     size_t size)
{
    struct given *const one = cs_arena_alloc(c->arena, 1, sizeof *one);
    *one = (struct given){
        c->given,
        cs_arena_strdup(c->arena, path),
        {.name = cs_arena_printf(c->arena, "%s:%s", from, path), .text = text, .size = size}};
    c->given = one;
}

const struct cs_source *cs_catalog_given(const struct cs_catalog *c, const char *path)
{
    for (const struct given *one = c->given; one; one = one->next)
        if (strcmp(one->path, path) == 0 || strcmp(one->source.name, path) == 0)
            return &one->source;
    return NULL;
}

static const char *find_exact(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name)
{
    if (!*name || *name == '.' || strchr(name, '/'))
        return NULL;
    const char *const path = cs_catalog_place(c->arena, kind, name);
    const struct cs_source *const given = cs_catalog_given(c, path);
    return given ? given->name : cs_catalog_file(c, path);
}

/* Orders versions: runs of digits by value, the rest by letter, so 0.9 stands before 0.15. */
static int by_version(const char *a, const char *b)
{
    while (*a && *b) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            char *end_a, *end_b;
            const unsigned long left = strtoul(a, &end_a, 10), right = strtoul(b, &end_b, 10);
            if (left != right)
                return left < right ? -1 : 1;
            a = end_a;
            b = end_b;
            continue;
        }
        if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        a++;
        b++;
    }
    return (*a != '\0') - (*b != '\0');
}

static void add_claim(struct cs_catalog *c, struct claims *claims, const char *text,
                      const char *sheet)
{
    claims->texts = cs_arena_grow(c->arena, claims->texts, claims->count, sizeof text);
    claims->sheets = cs_arena_grow(c->arena, claims->sheets, claims->count, sizeof sheet);
    claims->texts[claims->count] = text;
    claims->sheets[claims->count++] = sheet;
}

/* What the sheets of a kind are called besides: their names in other spellings, titles, aliases. A
 * sheet that cannot be read claims only its name here; naming it tells what is wrong. */
static const struct claims *claims_of(struct cs_catalog *c, enum cs_sheet_kind kind)
{
    struct claims *const claims = &c->claims[kind];
    size_t count = 0;
    const char *const *const names = kinds[kind].aliases && !claims->read
                                         ? cs_catalog_names(c, kind, &count)
                                         : NULL;
    claims->read = true;
    for (size_t i = 0; i < count; i++) {
        struct cs_diags ignored;
        cs_diags_init(&ignored, c->arena);
        const char *const path = find_exact(c, kind, names[i]);
        const struct cs_node *const root =
            path ? cs_yaml_read(path, c->arena, &ignored, (struct cs_span){.source = NULL}) : NULL;
        const struct cs_node *const aliases = cs_node_get(root, "aliases");
        const struct cs_node *const title = cs_node_get(root, "title");
        add_claim(c, claims, names[i], names[i]);
        if (title && title->kind == CS_NODE_SCALAR)
            add_claim(c, claims, title->text, names[i]);
        for (size_t j = 0; aliases && aliases->kind == CS_NODE_LIST && j < aliases->count; j++)
            if (aliases->items[j]->kind == CS_NODE_SCALAR)
                add_claim(c, claims, aliases->items[j]->text, names[i]);
    }
    return claims;
}

/* Letters without case, one sign for all that people put between words, and no brackets. */
static char folded(const char **text)
{
    *text += strspn(*text, "()");
    const char letter = **text;
    *text += letter != '\0';
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    return letter == ' ' || letter == '_' || letter == ':' ? '-' : letter;
}

static bool same_name(const char *a, const char *b)
{
    char left, right;
    do {
        left = folded(&a);
        right = folded(&b);
    } while (left && left == right);
    return left == right;
}

/* The newest sheet that claims the alias. */
static const char *find_alias(struct cs_catalog *c, enum cs_sheet_kind kind, const char *alias)
{
    const struct claims *const claims = claims_of(c, kind);
    const char *best = NULL;
    for (size_t i = 0; i < claims->count; i++)
        if (same_name(claims->texts[i], alias) &&
            (!best || by_version(best, claims->sheets[i]) < 0))
            best = claims->sheets[i];
    return best ? find_exact(c, kind, best) : NULL;
}

/* Whether the text begins with the name, up to the end of a word. */
static bool begins_with(const char *text, const char *name)
{
    char left, right;
    do {
        left = folded(&name);
        right = folded(&text);
    } while (left && left == right);
    return !left && strchr(" -,;.)/", right == '\0' ? ' ' : right) != NULL;
}

const char *cs_catalog_mentioned(struct cs_catalog *c, enum cs_sheet_kind kind, const char *text)
{
    const struct claims *const claims = claims_of(c, kind);
    const char *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < claims->count; i++)
        for (const char *at = text; *at && strlen(claims->texts[i]) > longest; at++)
            if ((at == text || strchr(" ,;(/", at[-1])) && begins_with(at, claims->texts[i])) {
                best = claims->sheets[i];
                longest = strlen(claims->texts[i]);
            }
    return best;
}

const char *cs_catalog_path(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name)
{
    if (cs_catalog_is_path(name) && is_file(name))
        return cs_arena_strdup(c->arena, name);
    const char *const exact = find_exact(c, kind, name);
    return exact ? exact : find_alias(c, kind, name);
}

/* --- loading --------------------------------------------------------------------------------- */

const char *cs_catalog_named(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name,
                             struct cs_span at)
{
    if (!cs_catalog_is_path(name))
        return cs_catalog_path(c, kind, name);
    const char *const slash = at.source && name[0] != '/' ? strrchr(at.source->name, '/') : NULL;
    const char *const path =
        slash ? cs_arena_printf(c->arena, "%.*s/%s", (int)(slash - at.source->name),
                                at.source->name, name)
              : cs_arena_strdup(c->arena, name);
    const char *const alias = is_file(path) ? NULL : find_alias(c, kind, name);
    return alias ? alias : path;
}

static void report_unknown(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name,
                           struct cs_span at, struct cs_diags *diags)
{
    size_t count;
    const char *const *const names = cs_catalog_names(c, kind, &count);
    const char *near = cs_suggest(name, names, count);
    const char *hint;
    if (!near) {
        const struct claims *const claims = claims_of(c, kind);
        near = cs_suggest(name, claims->texts, claims->count);
    }
    int other = 0; /* a kind that has it */
    while (other < CS_SHEET_COUNT && !find_exact(c, (enum cs_sheet_kind)other, name))
        other++;
    if (other < CS_SHEET_COUNT)
        hint = cs_arena_printf(c->arena, "there is a file %s/%s.yaml", kinds[other].folder, name);
    else if (near)
        hint = cs_arena_printf(c->arena, "did you mean '%s'?", near);
    else if (count)
        hint = cs_arena_printf(c->arena, "'capsim list %s' shows all there are", kinds[kind].list);
    else
        hint = "no catalogue was found: set CAPSIM_PATH to the folder that holds models/";
    for (size_t i = 0; i < c->root_count; i++)
        cs_catalog_depends(c, cs_arena_printf(c->arena, "%s/%s", c->roots[i], kinds[kind].folder));
    cs_diag_error(diags, at, hint, "there is no %s sheet '%s'", kinds[kind].noun, name);
}

const char *cs_catalog_stem(struct cs_arena *arena, const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash ? slash + 1 : path;
    const size_t length = strlen(name);
    const bool yaml = length > 5 && strcmp(name + length - 5, ".yaml") == 0;
    return cs_arena_strndup(arena, name, yaml ? length - 5 : length);
}

const void *cs_catalog_load(struct cs_catalog *c, enum cs_sheet_kind kind, const char *name,
                            struct cs_span at, const char *reference, struct cs_diags *diags)
{
    const char *const path = cs_catalog_named(c, kind, name, at);
    if (!path) {
        report_unknown(c, kind, name, at, diags);
        return NULL;
    }
    struct entry *entry = c->entries;
    while (entry && (entry->kind != kind || strcmp(entry->path, path) != 0))
        entry = entry->next;
    if (entry && (entry->sheet || entry->told == diags))
        return entry->sheet;
    if (!entry) {
        entry = cs_arena_alloc(c->arena, 1, sizeof *entry);
        *entry = (struct entry){.next = c->entries, .kind = kind, .path = path};
        c->entries = entry;
        cs_catalog_depends(c, path);
    }
    entry->told = diags;
    const struct cs_source *source = cs_catalog_given(c, path);
    if (!source && !cs_source_read(path, c->arena, diags, at, &source))
        return NULL;
    const struct cs_span outer = diags->referenced_from;
    const char *const outer_reference = diags->reference;
    diags->referenced_from = at;
    diags->reference = reference;
    const size_t errors = diags->errors;
    const struct cs_node *const root = cs_yaml_parse(source, c->arena, diags);
    const void *const sheet =
        root ? cs_seal_sheet(kind, root, cs_catalog_stem(c->arena, path), c->arena, diags) : NULL;
    entry->sheet = diags->errors == errors ? sheet : NULL;
    c->digest += cs_hash_bytes(CS_HASH_START, source->text, source->size);
    diags->referenced_from = outer;
    diags->reference = outer_reference;
    return entry->sheet;
}

const struct cs_engine_sheet *cs_catalog_engine_on(struct cs_catalog *c,
                                                   const struct cs_engine_sheet *engine,
                                                   const struct cs_hardware *hardware,
                                                   struct cs_diags *diags)
{
    if (!engine || !hardware || !engine->metal || !hardware->maker ||
        strcmp(hardware->maker, "Apple") != 0)
        return engine;
    return cs_catalog_engine(c, engine->metal, cs_span_of(engine->node, "metal"), "metal", diags);
}

/* --- one file of any kind -------------------------------------------------------------------- */

/* The kind whose table knows most of the file's keys; -1 when none knows any. */
static int guess_kind(const struct cs_node *root)
{
    static const enum cs_sheet_kind order[] = {CS_SHEET_SCENARIO, CS_SHEET_HARDWARE,
                                               CS_SHEET_MODEL,    CS_SHEET_API,
                                               CS_SHEET_ENGINE,   CS_SHEET_TRAFFIC,
                                               CS_SHEET_HOST,     CS_SHEET_REGION};
    int best = -1;
    size_t most = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const size_t known = cs_schema_score(cs_seal_table(order[i]), root);
        if (known > most) {
            most = known;
            best = (int)order[i];
        }
    }
    return best;
}

const struct cs_catalog_sheet *cs_catalog_sheets(struct cs_catalog *c, size_t *count)
{
    size_t n = 0;
    for (const struct entry *one = c->entries; one; one = one->next)
        n++;
    struct cs_catalog_sheet *const all = cs_arena_alloc(c->arena, n, sizeof *all);
    *count = n;
    for (const struct entry *one = c->entries; one; one = one->next) /* the newest is the first */
        all[--n] = (struct cs_catalog_sheet){one->kind, one->path};
    return all;
}

uint64_t cs_catalog_digest(const struct cs_catalog *c)
{
    return c->digest;
}

int cs_catalog_check(struct cs_catalog *c, const char *path, struct cs_diags *diags)
{
    const struct cs_span nowhere = {.source = NULL};
    const struct cs_node *const root = cs_yaml_read(path, c->arena, diags, nowhere);
    if (!root)
        return -1;
    const int kind = guess_kind(root);
    if (kind < 0) {
        cs_diag_error(diags, root->span, NULL,
                      root->kind == CS_NODE_MAP
                          ? "this is neither a scenario nor a sheet: none of its keys is known"
                          : "a scenario or a sheet must be a map, not %s",
                      cs_node_kind_name(root));
        return -1;
    }
    if (kind != CS_SHEET_SCENARIO) {
        cs_seal_sheet((enum cs_sheet_kind)kind, root, cs_catalog_stem(c->arena, path), c->arena,
                      diags);
        return kind;
    }
    const struct cs_scenario *const scenario =
        cs_resolve_scenario(c, c->arena, root, path, diags);
    if (scenario && scenario->traffic.kind == CS_VOLUME_TRACE) {
        struct cs_trace trace;
        cs_trace_read(scenario->traffic.trace_path, c->arena, &trace, diags,
                      cs_span_of(root, "traffic.trace"));
    }
    return kind;
}
