/* Variants planned in parallel: see study.h.
 *
 * A thread's catalogue keeps the sheets it has read. What a catalogue allocates while names are
 * looked up is small but never freed, so it is opened anew after some thousand variants: memory
 * does not grow with their number. The trace is read once and shared, since nobody writes to it.
 */
#include "plan/study.h"
#include "base/check.h"
#include "base/hash.h"
#include "plan/pool.h"
#include "spec/resolve.h"
#include <string.h>

enum { VARIANTS_A_CATALOGUE = 2000 };

struct cs_study_worker {
    struct cs_arena arena; /* of the catalogue */
    struct cs_catalog *catalog;
    int served;
};

bool cs_study_open(struct cs_study *s, const char *program, const char *path,
                   const char *const *sets, size_t set_count, int threads, struct cs_arena *arena,
                   struct cs_diags *diags)
{
    *s = (struct cs_study){.program = program, .path = path, .option = "--vary", .arena = arena};
    struct cs_node *const root = cs_yaml_read(path, arena, diags, (struct cs_span){.source = NULL});
    if (root == NULL)
        return false;
    for (size_t i = 0; i < set_count; i++)
        cs_node_set(root, sets[i], arena, diags);
    s->root = root;
    s->threads = cs_pool_threads(threads);
    s->workers = cs_arena_alloc(arena, (size_t)s->threads, sizeof *s->workers);
    for (int i = 0; i < s->threads; i++)
        cs_arena_init(&s->workers[i].arena);
    s->scenario = cs_study_resolve(s, &(struct cs_variant){.sets = NULL}, diags);
    if (s->scenario == NULL || cs_diags_has_errors(diags))
        return false;
    if (s->scenario->traffic.kind == CS_VOLUME_TRACE) {
        struct cs_trace *trace = cs_arena_alloc(arena, 1, sizeof *trace);
        if (!cs_trace_read(s->scenario->traffic.trace_path, arena, trace, diags,
                           cs_span_of(root, "traffic.trace")))
            return false;
        s->trace = trace;
    }
    return true;
}

void cs_study_close(struct cs_study *s)
{
    for (int i = 0; s->workers != NULL && i < s->threads; i++)
        cs_arena_fini(&s->workers[i].arena);
    s->workers = NULL;
}

static struct cs_catalog *catalogue_of(struct cs_study *s, int worker)
{
    struct cs_study_worker *w = &s->workers[worker];
    if (w->catalog == NULL || ++w->served > VARIANTS_A_CATALOGUE) {
        cs_arena_fini(&w->arena);
        cs_arena_init(&w->arena);
        w->catalog = cs_catalog_open(&w->arena, s->program);
        w->served = 0;
    }
    return w->catalog;
}

static const struct cs_scenario *resolve(struct cs_study *s, struct cs_catalog *catalog,
                                         const struct cs_variant *v, struct cs_arena *arena,
                                         struct cs_diags *diags)
{
    struct cs_node *const root = cs_node_clone(s->root, arena);
    for (size_t i = 0; i < v->set_count; i++)
        cs_node_set_by(root, v->sets[i], s->option, arena, diags);
    const struct cs_scenario *scenario = cs_resolve_scenario(catalog, arena, root, s->path, diags);
    return cs_diags_has_errors(diags) ? NULL : scenario;
}

/* Of a trace's bytes, packed or not; 0: it cannot be read, which is told elsewhere. */
static uint64_t digest_of_file(const char *path)
{
    char bytes[8192];
    uint64_t h = CS_HASH_START;
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        h = cs_hash_bytes(h, bytes, n);
    fclose(file);
    return h;
}

const struct cs_scenario *cs_study_resolve(struct cs_study *s, const struct cs_variant *v,
                                           struct cs_diags *diags)
{
    struct cs_catalog *const catalog = cs_catalog_open(s->arena, s->program);
    const struct cs_scenario *const scenario = resolve(s, catalog, v, s->arena, diags);
    s->digest += cs_catalog_digest(catalog);
    if (scenario != NULL && scenario->traffic.kind == CS_VOLUME_TRACE)
        s->digest += digest_of_file(scenario->traffic.trace_path);
    return scenario;
}

/* The study's trace, where the variant replays the same one. */
static const struct cs_trace *trace_of(const struct cs_study *s, const struct cs_scenario *scenario)
{
    return s->trace != NULL && scenario->traffic.kind == CS_VOLUME_TRACE &&
                   strcmp(scenario->traffic.trace_path, s->scenario->traffic.trace_path) == 0
               ? s->trace
               : NULL;
}

void cs_study_plan(struct cs_study *s, int worker, const struct cs_variant *v, size_t index,
                   cs_study_take *take, void *user)
{
    struct cs_arena arena;
    struct cs_diags diags;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    const struct cs_scenario *scenario = resolve(s, catalogue_of(s, worker), v, &arena, &diags);
    const struct cs_answer *answer = NULL;
    if (scenario != NULL) {
        const struct cs_plan_settings settings = {.threads = 1,
                                                  .effort = v->effort,
                                                  .trace = trace_of(s, scenario),
                                                  .only = v->only,
                                                  .z = v->z,
                                                  .given = v->given};
        answer = cs_plan_run(scenario, &arena, &settings, &diags);
    }
    take(user, index, cs_diags_has_errors(&diags) ? NULL : answer, &diags);
    cs_arena_fini(&arena);
}

struct running {
    struct cs_study *study;
    const struct cs_variant *variants;
    size_t count, done; /* done by the calling thread */
    cs_study_take *take;
    void *user;
};

static void job(void *user, size_t index)
{
    struct running *r = user;
    cs_study_plan(r->study, cs_pool_worker(), &r->variants[index], index, r->take, r->user);
}

static void tick(void *user)
{
    struct running *r = user;
    const double share = (double)++r->done * r->study->threads / (double)r->count;
    if (r->study->progress != NULL)
        r->study->progress(r->study->progress_user, share < 1.0 ? share : 1.0, "simulating");
}

void cs_study_run(struct cs_study *s, const struct cs_variant *variants, size_t count,
                  cs_study_take *take, void *user)
{
    struct running r = {s, variants, count, 0, take, user};
    cs_pool_run(s->threads, count, job, tick, &r);
}
