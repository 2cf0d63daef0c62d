/* Reading and writing records (see record.h).
 *
 * Writing: the scenario is pinned to the fleet and resolved against a catalogue of its own, which
 * then knows exactly the sheets that a replay needs; in the text of the record they go by their
 * names in a catalogue. Reading: sheets are given to the catalogue as texts that stand before its
 * roots, so the ones that a replay finds are those of the record, whatever lies on this machine.
 *
 * The rule: whatever bytes a file holds, reading it ends with a scenario or with errors. Sizes are
 * believed only as far as there are bytes. Not here: replaying (plan, serve, viz).
 */
#include "cli/record.h"
#include "cli/file.h"
#include "spec/amend.h"
#include "spec/pin.h"
#include "spec/yaml.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char MAGIC[] = "capsim record ";
enum { FORMAT = 1, HEAD = 300, CHUNK = 1 << 20, OPTION_GZIP = 15 + 16 };
static const size_t MOST_BYTES = (size_t)1 << 31;

static const struct {
    const char *name;
    size_t offset;
} figures[] = {
    {"requests", offsetof(struct cs_record, requests)},
    {"completed", offsetof(struct cs_record, completed)},
    {"input_tokens", offsetof(struct cs_record, input_tokens)},
    {"output_tokens", offsetof(struct cs_record, output_tokens)},
    {"steps", offsetof(struct cs_record, steps)},
    {"busy_ps", offsetof(struct cs_record, busy_ps)},
};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static uint64_t *figure(struct cs_record *record, size_t i)
{
    return (uint64_t *)((char *)record + figures[i].offset);
}

static struct cs_record figures_of(const struct cs_result *r)
{
    return (struct cs_record){.requests = r->requests,
                              .completed = r->completed,
                              .input_tokens = r->input_tokens,
                              .output_tokens = r->output_tokens,
                              .steps = r->all_steps,
                              .busy_ps = (uint64_t)r->all_busy_ps};
}

bool cs_record_agrees(const struct cs_record *record, const struct cs_result *result)
{
    const struct cs_record now = figures_of(result);
    return now.requests == record->requests && now.completed == record->completed &&
           now.input_tokens == record->input_tokens &&
           now.output_tokens == record->output_tokens && now.steps == record->steps &&
           now.busy_ps == record->busy_ps;
}

/* --- writing --------------------------------------------------------------------------------- */

struct packer {
    z_stream stream;
    FILE *out;
    unsigned char packed[1 << 15];
};

static void pack(struct packer *p, const char *bytes, size_t size, int flush)
{
    do {
        const size_t piece = size < CHUNK ? size : CHUNK;
        p->stream.next_in = (unsigned char *)(uintptr_t)bytes;
        p->stream.avail_in = (unsigned)piece;
        do {
            p->stream.next_out = p->packed;
            p->stream.avail_out = sizeof p->packed;
            deflate(&p->stream, size == piece ? flush : Z_NO_FLUSH);
            fwrite(p->packed, 1, sizeof p->packed - p->stream.avail_out, p->out);
        } while (p->stream.avail_out == 0);
        bytes += piece;
        size -= piece;
    } while (size > 0);
}

static void pack_section(struct packer *p, const char *name, const char *text, size_t size)
{
    char head[HEAD];
    const int length = snprintf(head, sizeof head, "%s %zu\n", name, size);
    pack(p, head, (size_t)length, Z_NO_FLUSH);
    if (size > 0)
        pack(p, text, size, Z_NO_FLUSH);
}

/* record.yaml. */
static const char *describe(struct cs_cli *cli, const struct cs_scenario *s, size_t option,
                            struct cs_record *record)
{
    const struct cs_option *const o = &s->options[0];
    const char *text = cs_arena_printf(
        cli->arena,
        "capsim: %s\nmodel: %s\nhardware: %s\nengine: %s\noption: %zu\ntensor_parallel: %d\n"
        "replicas: %d\nseed: %" PRIu64 "\nreplication: 0\nfigures:\n",
        cs_amend_quote(CS_VERSION, cli->arena), cs_amend_quote(o->model->name, cli->arena),
        cs_amend_quote(o->hardware->name, cli->arena), cs_amend_quote(o->engine->name, cli->arena),
        option + 1, o->tensor_parallel, o->replicas, s->simulate.seed);
    for (size_t i = 0; i < FIGURES; i++)
        text = cs_arena_printf(cli->arena, "%s  %s: %" PRIu64 "\n", text, figures[i].name,
                               *figure(record, i));
    return text;
}

struct parts {
    const char *about, *scenario, *trace_name, *trace;
    size_t trace_size, sheet_count;
    const char **places;
    const struct cs_source **sheets;
};

/* The sheets that the catalogue read, with their places in the record. */
static bool gather_sheets(struct cs_cli *cli, struct cs_catalog *catalog, struct parts *parts)
{
    const struct cs_catalog_sheet *const all = cs_catalog_sheets(catalog, &parts->sheet_count);
    parts->places = cs_arena_alloc(cli->arena, parts->sheet_count, sizeof *parts->places);
    parts->sheets = cs_arena_alloc(cli->arena, parts->sheet_count, sizeof *parts->sheets);
    for (size_t i = 0; i < parts->sheet_count; i++) {
        const struct cs_source *given = cs_catalog_given(catalog, all[i].path);
        parts->places[i] = cs_catalog_place(cli->arena, all[i].kind,
                                            cs_catalog_stem(cli->arena, all[i].path));
        for (size_t k = 0; k < i; k++)
            if (strcmp(parts->places[k], parts->places[i]) == 0)
                cs_diag_error(&cli->diags, (struct cs_span){0}, "rename one of the files",
                              "--record: two sheets are %s: '%s' and '%s'", parts->places[i],
                              all[k].path, all[i].path);
        if (!given)
            cs_source_read(all[i].path, cli->arena, &cli->diags, (struct cs_span){0}, &given);
        parts->sheets[i] = given;
    }
    return !cs_diags_has_errors(&cli->diags);
}

static bool gather(struct cs_cli *cli, const struct cs_answer *answer, size_t option,
                   struct parts *parts)
{
    const struct cs_scenario *const s = answer->scenario;
    const struct cs_option_answer *const o = &answer->options[option];
    struct cs_pin pin = {.option = &s->options[o->index],
                         .tensor_parallel = o->tensor_parallel,
                         .replicas = o->replicas,
                         .changes = s->changes,
                         .change_count = s->change_count};
    struct cs_catalog *const catalog = cs_catalog_open(cli->arena, cli->program);
    const struct cs_scenario *const pinned = cs_scenario_pinned(s, &pin, catalog, &cli->diags);
    if (!pinned || !gather_sheets(cli, catalog, parts))
        return false;
    if (s->traffic.kind == CS_VOLUME_TRACE) {
        const char *name;
        if (!cs_trace_text(s->traffic.trace_path, cli->arena, &name, &parts->trace,
                           &parts->trace_size, &cli->diags, (struct cs_span){0}))
            return false;
        const size_t length = strlen(name);
        const bool lines = length >= 6 && strcmp(name + length - 6, ".jsonl") == 0;
        parts->trace_name = pin.trace = lines ? "trace.jsonl" : "trace.csv";
    }
    struct cs_result result;
    cs_plan_repeat(pinned, answer->trace, &result);
    struct cs_record record = figures_of(&result);
    parts->about = describe(cli, pinned, o->index, &record);
    pin.catalog = catalog;
    parts->scenario = cs_scenario_pin(s, &pin, cli->arena);
    return true;
}

bool cs_record_write(struct cs_cli *cli, const struct cs_answer *answer, size_t option,
                     const char *path)
{
    struct parts parts = {0};
    struct cs_file file;
    struct packer *const p = cs_arena_alloc(cli->arena, 1, sizeof *p);
    if (!gather(cli, answer, option, &parts) ||
        !cs_file_open(&file, path, "--record", &cli->diags))
        return false;
    p->out = file.file;
    if (deflateInit2(&p->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, OPTION_GZIP, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    const char *const magic = cs_arena_printf(cli->arena, "%s%d\n", MAGIC, FORMAT);
    pack(p, magic, strlen(magic), Z_NO_FLUSH);
    pack_section(p, "record.yaml", parts.about, strlen(parts.about));
    pack_section(p, "scenario.yaml", parts.scenario, strlen(parts.scenario));
    for (size_t i = 0; i < parts.sheet_count; i++)
        pack_section(p, parts.places[i], parts.sheets[i]->text, parts.sheets[i]->size);
    if (parts.trace_name)
        pack_section(p, parts.trace_name, parts.trace, parts.trace_size);
    pack_section(p, "end", NULL, 0);
    pack(p, "", 0, Z_FINISH);
    deflateEnd(&p->stream);
    return cs_file_close(&file, "--record", &cli->diags);
}

/* --- reading --------------------------------------------------------------------------------- */

struct reader {
    struct cs_cli *cli;
    struct cs_catalog *catalog;
    const char *path;
    gzFile file;
    const struct cs_source *about, *scenario, *trace;
};

static bool refuse(struct reader *r, const char *hint, const char *why)
{
    struct cs_source *const source = cs_arena_alloc(r->cli->arena, 1, sizeof *source);
    source->name = cs_arena_strdup(r->cli->arena, r->path);
    cs_diag_error(&r->cli->diags, (struct cs_span){.source = source, .column = 1, .length = 1},
                  hint, "%s", why);
    return false;
}

static bool refuse_damaged(struct reader *r)
{
    return refuse(r, NULL, "this record is damaged or cut off");
}

/* A line without its end. */
static bool read_line(struct reader *r, char *line)
{
    if (!gzgets(r->file, line, HEAD))
        return false;
    const size_t length = strcspn(line, "\n");
    const bool whole = line[length] == '\n';
    line[length] = '\0';
    return whole;
}

/* `size` bytes, and a NUL behind them, in the catalogue's arena; NULL: there are not as many. */
static const char *read_bytes(struct reader *r, size_t size)
{
    char *bytes = NULL;
    size_t got = 0, capacity = 0;
    while (got < size) {
        if (got == capacity) {
            capacity = capacity ? 2 * capacity : CHUNK;
            capacity = capacity < size ? capacity : size;
            bytes = realloc(bytes, capacity);
            if (!bytes)
                abort();
        }
        const size_t piece = capacity - got < CHUNK ? capacity - got : CHUNK;
        const int more = gzread(r->file, bytes + got, (unsigned)piece);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    const char *const kept =
        got == size ? cs_arena_strndup(r->cli->arena, size ? bytes : "", size) : NULL;
    free(bytes);
    return kept;
}

static bool is_sheet(struct reader *r, const char *name)
{
    const char *const stem = cs_catalog_stem(r->cli->arena, name);
    for (int kind = 0; kind < CS_SHEET_SCENARIO && *stem != '.' && *stem; kind++)
        if (strcmp(cs_catalog_place(r->cli->arena, (enum cs_sheet_kind)kind, stem), name) == 0)
            return true;
    return false;
}

static bool take_section(struct reader *r, const char *name, const char *text, size_t size)
{
    const bool trace = strcmp(name, "trace.csv") == 0 || strcmp(name, "trace.jsonl") == 0;
    const struct cs_source **const part = strcmp(name, "record.yaml") == 0     ? &r->about
                                          : strcmp(name, "scenario.yaml") == 0 ? &r->scenario
                                          : trace                              ? &r->trace
                                                                               : NULL;
    if ((!part && !is_sheet(r, name)) || (!trace && size > CS_YAML_BYTES) ||
        cs_catalog_given(r->catalog, name))
        return refuse(r, NULL,
                      cs_arena_printf(r->cli->arena, "no such part belongs in a record: '%s'",
                                      cs_diag_escape(r->cli->arena, name, strlen(name))));
    cs_catalog_give(r->catalog, r->path, name, text, size);
    if (part)
        *part = cs_catalog_given(r->catalog, name);
    return true;
}

static bool read_sections(struct reader *r)
{
    char line[HEAD];
    if (!read_line(r, line) || strncmp(line, MAGIC, sizeof MAGIC - 1) != 0)
        return refuse(r, "capsim run --record writes one", "this is no record of a run");
    if (strcmp(line + sizeof MAGIC - 1, "1") != 0)
        return refuse(r, "this capsim reads format 1",
                      cs_arena_printf(r->cli->arena, "recorded by another capsim, in format '%s'",
                                      cs_diag_escape(r->cli->arena, line + sizeof MAGIC - 1,
                                                     strlen(line + sizeof MAGIC - 1))));
    while (read_line(r, line)) {
        char *const blank = strchr(line, ' ');
        char *end = NULL;
        errno = 0;
        const unsigned long long size =
            blank && blank[1] >= '0' && blank[1] <= '9' ? strtoull(blank + 1, &end, 10) : 0;
        if (!end || *end || errno || size > MOST_BYTES)
            return refuse_damaged(r);
        *blank = '\0';
        if (strcmp(line, "end") == 0 && size == 0)
            return gzgetc(r->file) == -1 && gzeof(r->file) ? true : refuse_damaged(r);
        const char *const text = read_bytes(r, (size_t)size);
        if (!text)
            return refuse_damaged(r);
        if (!take_section(r, line, text, (size_t)size))
            return false;
    }
    return refuse_damaged(r);
}

static bool read_about(struct reader *r, struct cs_record *record)
{
    const struct cs_node *const root =
        r->about ? cs_yaml_parse(r->about, r->cli->arena, &r->cli->diags) : NULL;
    const struct cs_node *const version = cs_node_get(root, "capsim");
    if (!root || !version || version->kind != CS_NODE_SCALAR)
        return refuse_damaged(r);
    record->version = version->text;
    for (size_t i = 0; i < FIGURES; i++) {
        const struct cs_node *const node = cs_node_get(cs_node_get(root, "figures"),
                                                       figures[i].name);
        char *end = NULL;
        if (node && node->kind == CS_NODE_SCALAR && node->length > 0 && node->text[0] >= '0' &&
            node->text[0] <= '9')
            *figure(record, i) = strtoull(node->text, &end, 10);
        if (!end || *end)
            return refuse_damaged(r);
    }
    return true;
}

/* Whether all that the scenario names is in the record. */
static bool is_whole(struct reader *r, const struct cs_scenario *s)
{
    size_t count;
    const struct cs_catalog_sheet *const all = cs_catalog_sheets(r->catalog, &count);
    for (size_t i = 0; i < count; i++)
        if (!cs_catalog_given(r->catalog, all[i].path))
            return refuse(r, NULL,
                          cs_arena_printf(r->cli->arena,
                                          "this record lacks a sheet of its scenario, '%s'",
                                          all[i].path));
    if (s->option_count != 1 || s->options[0].replicas == 0 || s->options[0].tensor_parallel == 0)
        return refuse(r, NULL, "the scenario of this record gives no fleet");
    return true;
}

static const struct cs_scenario *read_scenario(struct reader *r, struct cs_record *record)
{
    struct cs_diags *const diags = &r->cli->diags;
    const struct cs_node *const root =
        r->scenario ? cs_yaml_parse(r->scenario, r->cli->arena, diags) : NULL;
    const struct cs_node *const trace = cs_node_find(root, "traffic.trace");
    if (!root && !cs_diags_has_errors(diags))
        refuse_damaged(r);
    if (trace && (trace->kind != CS_NODE_SCALAR || !r->trace ||
                  cs_catalog_given(r->catalog, trace->text) != r->trace))
        refuse(r, NULL, "this record lacks the trace of its scenario");
    if (cs_diags_has_errors(diags))
        return NULL;
    const struct cs_scenario *const s =
        cs_scenario_of(r->catalog, root, r->path, diags);
    if (!s || !is_whole(r, s))
        return NULL;
    if (!trace)
        return s;
    struct cs_trace *const rows = cs_arena_alloc(r->cli->arena, 1, sizeof *rows);
    record->trace = rows;
    return cs_trace_parse(r->trace->name, r->trace->text, r->trace->size, r->cli->arena, rows,
                          diags, (struct cs_span){0})
               ? s
               : NULL;
}

bool cs_record_is(const char *path)
{
    struct stat about;
    char start[sizeof MAGIC - 1];
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return false;
    const gzFile file = gzopen(path, "rb");
    if (!file)
        return false;
    const bool is = gzread(file, start, sizeof start) == (int)sizeof start &&
                    memcmp(start, MAGIC, sizeof start) == 0;
    gzclose_r(file);
    return is;
}

const struct cs_scenario *cs_record_load(struct cs_cli *cli, struct cs_catalog *catalog,
                                         const char *path, struct cs_record *record)
{
    struct reader r = {.cli = cli, .catalog = catalog, .path = path};
    *record = (struct cs_record){0};
    errno = 0;
    r.file = gzopen(path, "rb");
    if (!r.file) {
        cs_diag_file(&cli->diags, (struct cs_span){0}, NULL, "cannot read the record '%s': %s",
                     path, errno ? strerror(errno) : "out of memory");
        return NULL;
    }
    const bool sound = read_sections(&r);
    if (gzclose_r(r.file) != Z_OK && sound) /* a sum that does not match, or no sum */
        refuse_damaged(&r);
    return !cs_diags_has_errors(&cli->diags) && read_about(&r, record) ? read_scenario(&r, record)
                                                                       : NULL;
}

const struct cs_scenario *cs_record_open(struct cs_cli *cli, struct cs_catalog *catalog,
                                         const char *path, const struct cs_opt_list *sets,
                                         struct cs_record *record)
{
    *record = (struct cs_record){0};
    if (!cs_record_is(path))
        return cs_scenario_load(catalog, path, sets->items, sets->count, &cli->diags);
    if (sets->count > 0)
        cs_diag_error(&cli->diags, (struct cs_span){0}, "run the scenario that it is of",
                      "'%s' is a record, which is repeated as it is: nothing of it can be set",
                      path);
    return cs_record_load(cli, catalog, path, record);
}
