/* Manifest: the key tables, and nominal runs drawn from it (see manifest.h).
 *
 * Given that n events of a Poisson process fall into an interval they are n independent uniform
 * instants, sorted (Kingman 1993, 2.4): so a stage has its exact count, as load generators send
 * it. Streams are named, one a purpose, so that no draw moves another.
 *
 * The rule: a file is read by the same schema walker as scenarios and sheets, with units and
 * sources; a workload that it does not name is not guessed.
 */
#include "fit/manifest.h"
#include <math.h>
#include <string.h>
#include "base/rng.h"
#include "fit/case.h"
#include "spec/keys.h"

static const struct cs_key stage_keys[] = {
    KEY("rate", "Arrivals.",
        QUANTITY(cs_manifest_stage, rate, REQUESTS_PER_S, "0.001 req/s", "10000 req/s"), REQUIRED),
    KEY("for", "How long.", QUANTITY(cs_manifest_stage, duration_s, SECONDS, "1 s", "1 day"),
        REQUIRED),
};
static const struct cs_table stage_table = TABLE_OF(cs_manifest_stage, "stages", stage_keys);
static const struct cs_key workload_keys[] = {
    KEY("name", "As recordings call it.", TEXT(cs_manifest_workload, name), REQUIRED),
    KEY("output", "Tokens truly generated for every request.",
        COUNT(cs_manifest_workload, output, "1 token", "1M tokens"), REQUIRED,
        .unit = CS_UNIT_TOKENS),
    KEY("prompt", "Mean prompt.",
        QUANTITY(cs_manifest_workload, prompt, TOKENS, "1 token", "10M tokens")),
    KEY("prompt_sd", "Standard deviation over the prompts.",
        QUANTITY(cs_manifest_workload, prompt_sd, TOKENS, "0 tokens", "10M tokens")),
    KEY("stages", "One after another.",
        ROWS(cs_manifest_workload, stages, stage_count, stage_table),
        .example = "a list, such as [{rate: 5 req/s, for: 600 s}]"),
};
static const struct cs_table workload_table =
    TABLE_OF(cs_manifest_workload, "workloads", workload_keys);
static const struct cs_key manifest_keys[] = {
    KEY("name", "Of the manifest.", TEXT(cs_manifest, name), REQUIRED),
    KEY("prompts", "Prompts that recur in a cycle; 0: none do.",
        COUNT(cs_manifest, prompts, "0", "1M"), DEFAULT("0", NULL)),
    KEY("patience", "How long a client waits for its whole answer; left out: for ever.",
        QUANTITY(cs_manifest, patience_s, SECONDS, "0.001 s", "10 days")),
    KEY("workloads", "What was sent.", ROWS(cs_manifest, workloads, workload_count, workload_table),
        REQUIRED, .example = "a list of workloads"),
    KEY("top_p", "Models sampled by top-p or top-k.", TEXTS(cs_manifest, top_p, top_p_count),
        .example = "a list of model sheets"),
    KEY("sources", "Where each figure comes from.", NODE(cs_manifest, node),
        .example = "a map of sources"),
};
static const struct cs_table manifest_table = TABLE_OF(cs_manifest, "a manifest", manifest_keys);

const struct cs_manifest *cs_manifest_read(const char *path, struct cs_arena *arena,
                                           struct cs_diags *diags)
{
    struct cs_schema schema = {.arena = arena, .diags = diags};
    struct cs_manifest *const m = cs_arena_alloc(arena, 1, sizeof *m);
    const struct cs_node *const root =
        cs_yaml_read(path, arena, diags, (struct cs_span){.source = NULL});
    if (root == NULL || !cs_schema_read(&schema, &manifest_table, root, "", m) ||
        !cs_schema_sources(&schema, &manifest_table, root))
        return NULL;
    m->node = root;
    return m;
}

const struct cs_manifest_workload *cs_manifest_find(const struct cs_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->workload_count; i++)
        if (strcmp(m->workloads[i].name, name) == 0)
            return &m->workloads[i];
    return NULL;
}

bool cs_manifest_top_p(const struct cs_manifest *m, const char *model)
{
    for (size_t i = 0; i < m->top_p_count; i++)
        if (strcmp(m->top_p[i], model) == 0)
            return true;
    return false;
}

size_t cs_manifest_requests(const struct cs_manifest_stage *stage)
{
    return (size_t)(stage->rate * stage->duration_s + 0.5);
}

size_t cs_manifest_before(const struct cs_manifest_workload *w, size_t stage)
{
    size_t sum = 0;
    for (size_t i = 0; i < stage; i++)
        sum += cs_manifest_requests(&w->stages[i]);
    return sum;
}

void cs_manifest_draw(const struct cs_manifest *m, const struct cs_manifest_workload *w,
                      uint64_t seed, struct cs_arena *arena, struct cs_trace *trace)
{
    struct cs_rng arrivals, lengths;
    cs_rng_init(&arrivals, seed, 0, "validation/arrivals");
    cs_rng_init(&lengths, seed, 0, "validation/prompts");
    const size_t count = cs_manifest_before(w, w->stage_count);
    double *const at = cs_arena_alloc(arena, count, sizeof *at);
    int32_t *const input = cs_arena_alloc(arena, count, sizeof *input);
    int32_t *const output = cs_arena_alloc(arena, count, sizeof *output);
    double begin_s = 0.0;
    size_t n = 0;
    for (size_t s = 0; s < w->stage_count; s++) {
        const size_t first = n, end = n + cs_manifest_requests(&w->stages[s]);
        for (; n < end; n++)
            at[n] = begin_s + w->stages[s].duration_s * cs_rng_uniform(&arrivals);
        cs_case_sort(at + first, end - first);
        begin_s += w->stages[s].duration_s;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t cycle = (size_t)m->prompts;
        const double drawn = w->prompt + w->prompt_sd * cs_rng_normal(&lengths);
        input[i] = cycle > 0 && i >= cycle ? input[i - cycle] : (int32_t)fmax(1.0, round(drawn));
        output[i] = w->output;
    }
    *trace =
        (struct cs_trace){.count = count, .arrival_s = at, .input = input, .output = output};
    cs_manifest_recur(m, arena, trace);
}

void cs_manifest_recur(const struct cs_manifest *m, struct cs_arena *arena,
                       struct cs_trace *trace)
{
    if (m->prompts == 0)
        return;
    const size_t groups = (size_t)m->prompts;
    int32_t *const ids = cs_arena_alloc(arena, trace->count, sizeof *ids);
    const char **const names = cs_arena_alloc(arena, groups, sizeof *names);
    for (size_t i = 0; i < trace->count; i++)
        ids[i] = (int32_t)(i % groups);
    for (size_t g = 0; g < groups; g++)
        names[g] = cs_arena_printf(arena, "prompt %zu", g);
    trace->prefix_tokens = trace->input;
    trace->prefix_group = (struct cs_trace_names){.ids = ids, .names = names, .count = groups};
}
