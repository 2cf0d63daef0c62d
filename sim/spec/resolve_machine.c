/* A machine as its owner has it: less memory, a power limit, heat (see resolve.h).
 *
 * A hardware sheet describes the machine as sold at its best. `deploy` may say that this one has
 * other memory, lends the GPU another share of it, is limited to fewer watts or cannot keep its
 * clock. The option then gets a copy of the sheet with those figures, so that nothing else knows:
 * memory, steps, power and costs follow from figures, as they do for any sheet.
 *
 * Power above idle is C V^2 f, and voltage falls about in proportion with the clock (Rabaey, Low
 * Power Design Essentials, 2009), so for a limit P on a board of tdp and idle
 *
 *     clock = ((P - idle) / (tdp - idle))^(1/3),   power at full load = idle + (tdp - idle) clock^3
 *
 * Compute peaks follow the clock. Memory has a clock of its own that neither a limit nor heat
 * touches until far down, so bandwidth stays, and limits under a quarter of the tdp are refused.
 * `sustained` is that clock itself; the lower of the two holds.
 *
 * The rule: the sheet is never written to. Memory is the catalogue's arena.
 */
#include "spec/resolve.h"
#include <math.h>
#include <string.h>

static const double LEAST_LIMIT = 0.25; /* of the tdp: where drivers stop, and memory slows too */

struct machine {
    struct cs_resolving *r;
    const struct cs_node *map;
    const char *path;
    struct cs_hardware *h;
    const char *words;
};

/* What was said of it, as it was said: "300 W", for names in reports. */
static void remember(struct machine *m, const char *key, const char *after)
{
    m->words = cs_arena_printf(m->r->schema.arena, "%s%s%s%s", m->words, *m->words ? ", " : "",
                               cs_node_get(m->map, key)->text, after);
}

static void refuse(const struct machine *m, const char *key, const char *hint, const char *what)
{
    cs_diag_error(m->r->schema.diags, cs_node_get(m->map, key)->span, hint, "%s.%s: %s", m->path,
                  key, what);
}

static void set_memory(struct machine *m, const struct cs_deploy_text *text, bool unified)
{
    struct cs_arena *const arena = m->r->schema.arena;
    struct cs_hardware *const h = m->h;
    if (text->memory_bytes > 0.0) {
        const double most = h->memory_bytes * (unified ? 1.0 : 2.0); /* cards have been rebuilt */
        if (text->memory_bytes > most)
            refuse(m, "memory", NULL,
                   cs_arena_printf(arena, "%s has %.4g GB%s", h->name, h->memory_bytes / 1e9,
                                   unified ? " at most" : ", and more than twice that is a slip"));
        h->memory_bytes = text->memory_bytes;
        remember(m, "memory", "");
        /* macOS wires 2/3 for the GPU on machines under 36 GB and 3/4 on others; h is of those. */
        if (unified && h->maker && strcmp(h->maker, "Apple") == 0 && h->memory_bytes < 35e9)
            h->gpu_share = fmin(h->gpu_share, 2.0 / 3.0);
    }
    if (text->gpu_share > 0.0) {
        if (!unified)
            refuse(m, "gpu_share", "gpu_memory_utilization is the engine's share",
                   cs_arena_printf(arena, "the memory of %s is its own", h->name));
        h->gpu_share = text->gpu_share;
        remember(m, "gpu_share", " for the GPU");
    }
}

/* The clock that a limit of power leaves, as a share. */
static double limited(struct machine *m, double watts)
{
    struct cs_arena *const arena = m->r->schema.arena;
    const struct cs_hardware *const h = m->h;
    remember(m, "power_limit", "");
    if (h->tdp_w > 0.0 && watts <= h->tdp_w && watts >= fmax(LEAST_LIMIT * h->tdp_w, h->idle_w))
        return cbrt((watts - h->idle_w) / (h->tdp_w - h->idle_w));
    refuse(m, "power_limit", NULL,
           h->tdp_w <= 0.0
               ? cs_arena_printf(arena, "the sheet of %s does not give power.tdp", h->name)
               : cs_arena_printf(arena, "%s can be limited to %.4g W to %.4g W", h->name,
                                 fmax(LEAST_LIMIT * h->tdp_w, h->idle_w), h->tdp_w));
    return 1.0;
}

const struct cs_hardware *cs_resolve_machine(struct cs_resolving *r, const struct cs_node *map,
                                             const char *path, const struct cs_deploy_text *text,
                                             const struct cs_hardware *sheet)
{
    if (!(text->memory_bytes > 0.0 || text->gpu_share > 0.0 || text->power_limit_w > 0.0 ||
          text->sustained > 0.0))
        return sheet;
    struct cs_arena *const arena = r->schema.arena;
    struct cs_hardware *const h = cs_arena_alloc(arena, 1, sizeof *h);
    *h = *sheet;
    struct machine m = {.r = r, .map = map, .path = path, .h = h, .words = ""};
    set_memory(&m, text, h->klass && strcmp(h->klass, "unified") == 0);
    double clock = 1.0;
    if (text->power_limit_w > 0.0)
        clock = limited(&m, text->power_limit_w);
    if (text->sustained > 0.0) {
        clock = fmin(clock, text->sustained);
        remember(&m, "sustained", " of the clock");
    }
    for (int i = 0; i < CS_COMPUTE_COUNT; i++)
        h->flops[i] *= clock;
    h->tdp_w = h->tdp_w > 0.0 ? h->idle_w + (h->tdp_w - h->idle_w) * clock * clock * clock : 0.0;
    if (clock < 1.0)
        cs_schema_default(&r->schema, cs_arena_printf(arena, "%s.clock", path),
                          cs_arena_printf(arena, "%.3g%%", 100.0 * clock),
                          "power above idle goes with the cube of the clock; memory keeps its own");
    h->as_set = m.words;
    h->title = cs_arena_printf(arena, "%s (%s)", h->title ? h->title : h->name, m.words);
    return h;
}
