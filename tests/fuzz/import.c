/* Fuzz entry point: the readers of measurements, on a file of any content.
 *
 * The file is told by its content as `capsim calibrate` does it: results of load generators as
 * JSON, a plain CSV, operator timings, a table of throughput. What must hold of any bytes: no
 * crash; an error exactly when reading fails; and cases that could be run: requests of at least a
 * token, sent one after another, on an engine with a seat.
 * The catalogue is the project's, opened once: a model's name is looked up for every row.
 */
#include "fit/import.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[4096];
static struct cs_arena sheets;
static struct cs_catalog *catalog;

static void remove_file(void)
{
    unlink(path);
}

static void write_file(const uint8_t *data, size_t size)
{
    if (catalog == NULL) {
        const char *const parent = getenv("TMPDIR");
        snprintf(path, sizeof path, "%s/capsim-fuzz.XXXXXX", parent ? parent : "/tmp");
        const int made = mkstemp(path);
        if (made < 0)
            abort();
        close(made);
        atexit(remove_file);
        setenv("CAPSIM_PATH", ".", 1);
        cs_arena_init(&sheets);
        catalog = cs_catalog_open(&sheets, "/none/capsim");
    }
    FILE *const file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void check_case(const struct cs_case *c)
{
    const struct cs_option *const o = &c->option;
    if (o->tensor_parallel < 1 || o->max_num_seqs < 1 || o->max_num_batched_tokens < 1 ||
        o->kv_blocks < 0 || c->replicas < 1)
        abort();
    const int least = c->kind == CS_CASE_DECODE ? 0 : 1; /* answers may start from nothing */
    for (size_t t = 0; t < c->trace_count; t++)
        for (size_t i = 0; i < c->traces[t].count; i++) {
            const double at = c->traces[t].arrival_s[i];
            if (c->traces[t].input[i] < least || c->traces[t].output[i] < 1 ||
                !(at >= 0.0 && at < 1e7) || (i > 0 && at < c->traces[t].arrival_s[i - 1]))
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_diags diags;
    struct cs_cases cases;
    write_file(data, size);
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    cs_cases_init(&cases, &arena);
    struct cs_import import = {.catalog = catalog,
                               .cases = &cases,
                               .diags = &diags,
                               .engine = "vllm-0.15",
                               .hardware = "h100-sxm-80gb",
                               .model = "llama-3.1-8b"};
    const bool sound = cs_import_read(&import, path);
    if (sound != (diags.errors == 0))
        abort();
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cs_arena_fini(&arena);
    return 0;
}
