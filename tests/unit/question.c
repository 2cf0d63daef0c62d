/* The toy sheets and the study of a question about them (see question.h).
 *
 * An engine without overheads but that of a step, on a card so fast that a model of a few weights
 * takes no time (2 MB at 1000 TB/s are 2 ns), has steps of one constant length. One-token prompts
 * and answers are served in one step.
 */
#include "question.h"
#include "folder.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct cs_arena arena;
static struct cs_study study;

static void write_engine(const char *file, const char *name, int requests, const char *error)
{
    char text[1024];
    snprintf(text, sizeof text,
             "name: %s\nscheduling: synchronous\n"
             "limits: {max_num_seqs: %d, max_num_batched_tokens: 512 tokens, block_size: 16,\n"
             "  gpu_memory_utilization: 90%%}\n"
             "memory_reserve: {single: 0 GB, parallel: 0 GB}\n"
             "overhead: {request: 0 s, step: 500 ms, layer: 0 s}\n"
             "efficiency: {weights: 100%%, compute: 100%%, kv: 100%%, prefill_attention: 100%%,\n"
             "  link: 100%%}\n%s"
             "sources: {limits: made up, memory_reserve: m, overhead: o, efficiency: e}\n",
             name, requests, error);
    test_write(file, text);
}

void question_open(void)
{
    test_folder_open();
    cs_arena_init(&arena);
    study = (struct cs_study){.threads = 0};
    test_write("models/toy.yaml",
               "name: toy\ntitle: Toy\nweights: bf16\nparameters: {total: 1M}\n"
               "architecture: {layers: 1, hidden: 8, heads: 8, kv_heads: 8, head_dim: 1, ffn: 8,\n"
               "  vocabulary: 16, context: 4096 tokens}\n"
               "sources: {architecture: made up, parameters: made up}\n");
    test_write("hardware/card.yaml",
               "name: card\ntitle: Card\nmemory: {capacity: 1 GB, bandwidth: 1000 TB/s}\n"
               "compute: {bf16: 1000000 TFLOP/s}\npower: {tdp: 310 W, idle: 42 W}\n"
               "rental:\n"
               "  - {provider: Alder, price: 2 USD/h, date: 2026-05-24, source: made up}\n"
               "sources: {memory: made up, compute: made up, power: made up}\n");
    write_engine("engines/toy-1.yaml", "toy-1", 1, "");
    write_engine("engines/toy-8.yaml", "toy-8", 8, "");
    write_engine("engines/toy-2.yaml", "toy-2", 1,
                 "model_error:\n  - {basis: transfer, step: 20%, ttft: 0%, source: made up}\n");
    test_write("models/api/flat.yaml",
               "name: flat\nprices:\n  - {basis: listed, provider: Delphi, input: 2 USD/Mtok,\n"
               "     output: 2 USD/Mtok, date: 2026-05-24, source: made up}\n");
    test_write("models/api/unit.yaml",
               "name: unit\nprices:\n  - {basis: listed, provider: Delphi, input: 2 USD/Mtok,\n"
               "     output: 2 USD/Mtok, date: 2026-05-24, source: made up}\n"
               "committed:\n  - {provider: Delphi, unit: U, price: 0.1 USD/day, tokens: 2 tokens/s,"
               "\n     output_weight: 1, least: 1, step: 1, date: 2026-05-24, source: made up}\n");
    test_write("models/api/split.yaml",
               "name: split\nprices:\n  - {basis: listed, provider: Delphi, input: 1 USD/Mtok,\n"
               "     output: 5 USD/Mtok, date: 2026-05-24, source: made up}\n");
}

void question_close(void)
{
    cs_study_close(&study);
    cs_arena_fini(&arena);
    test_folder_close();
}

struct cs_arena *question_arena(void)
{
    return &arena;
}

struct cs_study *question_try(const char *yaml, int threads, struct cs_diags *diags)
{
    const char *const path = test_write("scenarios/question.yaml", yaml);
    cs_study_close(&study);
    return cs_study_open(&study, "/none/capsim", cs_arena_strdup(&arena, path), NULL, 0, threads,
                         &arena, diags)
               ? &study
               : NULL;
}

struct cs_study *question_study(const char *yaml, int threads)
{
    struct cs_diags diags;
    cs_diags_init(&diags, &arena);
    struct cs_study *const opened = question_try(yaml, threads, &diags);
    if (opened == NULL)
        cs_diags_print(&diags, stderr);
    ck_assert_msg(opened != NULL, "the question is no sound scenario");
    return opened;
}

const char *question_uncertain(const char *deploy, const char *more)
{
    return cs_arena_printf(question_arena(),
                           "name: q\nmodel: toy\ndeploy: %s\ntraffic: {rate: 1.2 req/s, lengths: "
                           "{input: {fixed: 1 token}, output: {fixed: 1 token}}, curve: flat}\n"
                           "simulate: {requests: 2000, replications: 1}\n%s",
                           deploy, more);
}

struct cs_diags *question_diags(void)
{
    struct cs_diags *const none = cs_arena_alloc(question_arena(), 1, sizeof *none);
    cs_diags_init(none, question_arena());
    return none;
}
