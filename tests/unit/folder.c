/* A temporary folder with a small catalogue (see folder.h).
 *
 * Made with mkdtemp below $TMPDIR or /tmp, removed file by file: the list of what was made is kept,
 * so nothing is ever removed that was not made here. A failure to make it ends the test program.
 * The rule: no two figures of the sheets are alike.
 */
#include "folder.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILES = 64, PATH_BYTES = 512 };

static char folder[PATH_BYTES], made[MOST_FILES][PATH_BYTES], ring[8][PATH_BYTES];
static size_t made_count, turn;

static const char *const folders[] = {"models", "models/api", "hardware",  "hosts",
                                      "engines", "scenarios", "scenarios/traffic"};
enum { FOLDERS = sizeof folders / sizeof folders[0] };

static const char model[] =
    "name: tiny\n"
    "title: Tiny 7x3\n"
    "aliases: [nobody/Tiny-7x3-Instruct, Minute]\n"
    "maker: Nobody\n"
    "released: 2025-03-14\n"
    "weights: fp8\n"
    "parameters: {total: 6.738e9, active: 2.385e9}\n"
    "architecture:\n"
    "  layers: 31\n  hidden: 3584\n  heads: 28\n  kv_heads: 4\n  head_dim: 129\n  ffn: 18944\n"
    "  vocabulary: 152064\n  context: 131073 tokens\n  tied_embeddings: yes\n"
    "  moe: {layers: 27, experts: 61, per_token: 5, ffn: 1409, shared_experts: 2, "
    "shared_ffn: 2819}\n"
    "  sliding_window: {window: 4097 tokens, layers: 13}\n"
    "measured:\n"
    "  - {hardware: card, gpus: 3, engine: e, precision: fp8, input: 771 tokens,\n"
    "     output_total: 1234.5 tok/s, ttft: 87.5 ms, source: made up}\n"
    "sources: {architecture: made up for a test, parameters: the same}\n";
static const char unreleased[] = "name: vapour\nreleased: no\nparameters: {total: 2T}\n"
                                 "sources: {parameters: an announcement}\n";
static const char hardware[] =
    "name: card-24gb\n"
    "title: Card 24 GB\n"
    "aliases: [\"CARD_24\"]\n"
    "class: consumer\n"
    "memory: {capacity: 24564 MiB, bandwidth: 1.008 TB/s}\n"
    "compute: {bf16: 165.2 TFLOP/s, int8: 660.6 TOPS}\n"
    "link: {kind: Bridge 2, bandwidth: 56.25 GB/s, gpus: 2}\n"
    "pcie: 31.5 GB/s\n"
    "power: {tdp: 451 W, idle: 17.5 W}\n"
    "efficiency: {kv: 0.44}\n"
    "gpu_share: 87.5%\n"
    "rental:\n"
    "  - {provider: Alder, price: 0.69 USD/h, date: 2026-05-24, source: made up}\n"
    "  - {provider: Birch, price: 0.34 USD/h, term: spot, source: made up}\n"
    "purchase:\n  - {price: 1599 USD, date: 2022-10, source: made up, note: card alone}\n"
    "sources: {memory: the driver, memory.bandwidth: a datasheet, compute: c, link: l, pcie: p,\n"
    "  power: w, efficiency: fitted, gpu_share: s}\n";
static const char plain_hardware[] =
    "name: card-48gb\nmemory: {capacity: 47.8 GB, bandwidth: 864 GB/s}\n"
    "compute: {bf16: 362 TFLOP/s}\nsources: {memory: made up, compute: made up}\n";

static void write_engine(const char *file, const char *name, int seqs)
{
    char text[2048];
    snprintf(text, sizeof text,
             "name: %s\naliases: [serve]\nscheduling: asynchronous\npadding: cuda_graph\n"
             "limits: {max_num_seqs: %d, max_num_batched_tokens: 8191 tokens, block_size: 16,\n"
             "  gpu_memory_utilization: 91%%}\n"
             "memory_reserve: {single: 0.9 GB, parallel: 1.4 GB}\n"
             "overhead: {request: 6.99 ms, step: 0.988 ms, layer: 10.3 us, moe_layer: 3.3 us,\n"
             "  prefill_step: 0.81 ms, all_reduce: 6.35 us}\n"
             "efficiency: {weights: 84.5%%, compute: 65%%, kv: 93.7%%, prefill_attention: 35%%,\n"
             "  link: 60%%}\n"
             "sampler: 509 B\n"
             "model_error:\n  - {basis: calibrated, hardware: [card-24gb], precision: [bf16, int4],"
             " step: 4.3%%, ttft: 7.1%%, source: m}\n"
             "  - {basis: transfer, step: 15.1%%, ttft: 0%%, source: n}\n"
             "sources: {limits: made up, memory_reserve: m, overhead: o, efficiency: e, "
             "sampler: s}\n",
             name, seqs);
    test_write(file, text);
}

static void write_sheets(void)
{
    test_write("models/tiny.yaml", model);
    test_write("models/vapour.yaml", unreleased);
    test_write("hardware/card-24gb.yaml", hardware);
    test_write("hardware/card-48gb.yaml", plain_hardware);
    write_engine("engines/serve-0.9.yaml", "serve-0.9", 97);
    write_engine("engines/serve-0.15.yaml", "serve-0.15", 193);
    test_write("models/api/oracle.yaml",
               "name: oracle\ncontext: 1M tokens\nprices:\n"
               "  - {basis: listed, provider: Delphi, input: 2 USD/Mtok, output: 12.5 USD/Mtok,\n"
               "     cached_input: 0.25 USD/Mtok, source: made up,\n"
               "     tiers: [{above: 200k tokens, input: 4 USD/Mtok, output: 18 USD/Mtok}]}\n"
               "  - {basis: article, input: 1.75 USD/Mtok, output: 11 USD/Mtok, source: made up}\n"
               "sources: {context: made up}\n");
    test_write("scenarios/traffic/pairs.yaml",
               "name: pairs\nlengths:\n  joint:\n    levels: [0, 37.5, 99, 100]\n"
               "    input: [3, 417, 2385, 9001]\n    bands: 2\n"
               "    output: [[1, 20, 333, 404], [2, 9, 77, 8080]]\n"
               "curve: {step: 2 h, weights: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0]}\n"
               "sources: {lengths: made up, curve: made up}\n");
}

void test_folder_open(void)
{
    const char *const parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/capsim-unit.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    made_count = 0;
    for (size_t i = 0; i < FOLDERS; i++)
        mkdir(test_path(folders[i]), 0700);
    setenv("CAPSIM_PATH", folder, 1);
    write_sheets();
}

void test_folder_close(void)
{
    for (size_t i = 0; i < made_count; i++)
        unlink(made[i]);
    for (size_t i = FOLDERS; i-- > 0;)
        rmdir(test_path(folders[i]));
    rmdir(folder);
}

const char *test_path(const char *name)
{
    char *const path = ring[turn++ % 8];
    if ((size_t)snprintf(path, PATH_BYTES, "%s/%s", folder, name) >= PATH_BYTES)
        abort();
    return path;
}

const char *test_write_bytes(const char *name, const void *bytes, size_t size)
{
    const char *const path = test_path(name);
    FILE *const file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    for (size_t i = 0; i < made_count; i++)
        if (strcmp(made[i], path) == 0)
            return path;
    if (made_count == MOST_FILES)
        abort();
    memcpy(made[made_count++], path, strlen(path) + 1);
    return path;
}

const char *test_write(const char *name, const char *text)
{
    return test_write_bytes(name, text, strlen(text));
}
