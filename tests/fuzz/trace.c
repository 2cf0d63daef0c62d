/* Fuzz entry point: the trace readers, on bytes in memory; those that begin with { are JSON lines.
 *
 * What must hold of any bytes: no crash; either a trace whose arrivals do not fall and whose
 * lengths are at least 1 token, or at least one error.
 */
#include <stdint.h>
#include <stdlib.h>
#include "spec/trace_csv.h"

static void check_names(const struct cs_trace_names *names, size_t count)
{
    for (size_t i = 0; names->ids && i < count; i++)
        if (names->ids[i] < -1 || (names->ids[i] >= 0 && (size_t)names->ids[i] >= names->count))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_diags diags;
    struct cs_trace trace = {0};
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    const char *const name = size && data[0] == '{' ? "fuzz.jsonl" : "fuzz.csv";
    const bool sound = cs_trace_parse(name, (const char *)data, size, &arena, &trace, &diags,
                                      (struct cs_span){.source = NULL});
    if (sound != (diags.errors == 0) || sound != (trace.count > 0))
        abort();
    for (size_t i = 0; i < trace.count; i++) {
        if (trace.input[i] < 1 || trace.output[i] < 1 || !(trace.arrival_s[i] >= 0))
            abort();
        if (i && trace.arrival_s[i] < trace.arrival_s[i - 1])
            abort();
        if (trace.prefix_tokens && trace.prefix_tokens[i] > trace.input[i])
            abort();
    }
    for (size_t i = 0; trace.hashes && i < trace.count; i++)
        if (trace.hash_start[i] > trace.hash_start[i + 1] || trace.hash_tokens < 1)
            abort();
    check_names(&trace.prefix_group, trace.count);
    check_names(&trace.session, trace.count);
    check_names(&trace.model, trace.count);
    check_names(&trace.klass, trace.count);
    cs_arena_fini(&arena);
    return 0;
}
