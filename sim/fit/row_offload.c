/* Where the experts of a row lie, from what its notes say.
 *
 * Rows of mode expert_offload keep attention and shared experts on the GPU and routed experts in
 * the memory of a host, which computes them there (`deploy.experts: {policy: cpu}`). Their notes
 * name the machine and what went where, each in its own words: "all routed experts on CPU",
 * "last 14 layers experts on CPU", "ffn of layers 12-93 on CPU", "first 10 layers ffn_up/gate on
 * GPU", "one layer of ffn on each GPU", "--n-cpu-moe 36". A clause, up to a comma or semicolon,
 * counts when it speaks of experts or FFNs; layers that it puts on the CPU are outside, or all but
 * those that it puts on a GPU; without one all are outside, which is what the mode means.
 *
 * The rule: nothing is guessed from a result. The machine is the host sheet with the longest name
 * that stands in the notes, else the hardware sheet's own; it ran, so its memory sufficed.
 * Memory: copies of sheets that a row changes, in the arena given.
 */
#include "fit/row.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number that ends right before `at` but for spaces, or "one"; 0: none. */
static double number_before(const char *text, const char *at)
{
    while (at > text && at[-1] == ' ')
        at--;
    if (at - text >= 3 && strncmp(at - 3, "one", 3) == 0)
        return 1.0;
    const char *from = at;
    while (from > text && is_digit(from[-1]))
        from--;
    return from < at ? strtod(from, NULL) : 0.0;
}

/* Layers with experts among those that a clause names: "14 layers", "layers 12-93", "blocks 3-11",
 * "--n-cpu-moe 36" (the first 36, of which the dense ones have none); 0: it names none. */
static double layers_in(const char *clause, double dense)
{
    static const char *const first[] = {"n-cpu-moe", "-ncmoe"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        const char *const at = strstr(clause, first[i]);
        if (at)
            return fmax(0.0, strtod(at + strlen(first[i]) + 1, NULL) - dense);
    }
    const char *at = strstr(clause, "layer");
    at = at ? at : strstr(clause, "block");
    if (!at)
        return 0.0;
    const char *const behind = at + strcspn(at, " ");
    if (*behind && is_digit(behind[1])) {
        char *end;
        const double from = strtod(behind + 1, &end);
        const double to = *end == '-' ? strtod(end + 1, NULL) : from;
        return fmax(0.0, to - fmax(from, dense) + 1.0);
    }
    return number_before(clause, at);
}

/* Of three matrices of an FFN those that a clause names ("ffn_up/gate"), as a share; else all. */
static double matrices_in(const char *clause)
{
    const char *const at = strstr(clause, "ffn_");
    const int named = at ? (strstr(at, "up") != NULL) + (strstr(at, "gate") != NULL) +
                               (strstr(at, "down") != NULL)
                         : 0;
    return named > 0 ? named / 3.0 : 1.0;
}

static bool of_experts(const char *clause)
{
    return strstr(clause, "ffn") || strstr(clause, "expert") || strstr(clause, "exps") ||
           strstr(clause, "moe");
}

/* Experts of a layer that the GPUs hold, on average over the model's layers with experts. */
static double resident(const struct cs_row *row, struct cs_arena *arena)
{
    const struct cs_model *const m = row->option.model;
    const double dense = m->layers - m->moe_layers;
    double on_cpu = 0.0, on_gpu = 0.0;
    char *const notes = cs_arena_strdup(arena, row->notes);
    for (char *clause = notes, *next; clause && *clause; clause = next) {
        next = strpbrk(clause, ",;");
        if (next)
            *next++ = '\0';
        const double layers = of_experts(clause) ? layers_in(clause, dense) * matrices_in(clause)
                                                 : 0.0;
        const bool option = strstr(clause, "cpu-moe") || strstr(clause, "-ncmoe");
        if (option || cs_row_mentions(clause, "CPU"))
            on_cpu = fmax(on_cpu, layers);
        else if (cs_row_mentions(clause, "GPU") || strstr(clause, "CUDA"))
            on_gpu = fmax(on_gpu, layers * (strstr(clause, "each GPU") ? row->option.gpus : 1));
    }
    const double held = on_cpu > 0.0 ? m->moe_layers - on_cpu : on_gpu;
    return m->experts * fmin(1.0, fmax(0.0, held / m->moe_layers));
}

/* "6 experts", "6 of 8 routed experts used per token": the model with fewer experts per token. */
static void set_experts_per_token(struct cs_row *row, struct cs_arena *arena)
{
    const struct cs_model *const m = row->option.model;
    for (const char *at = row->notes; (at = strstr(at, "experts")) != NULL; at++) {
        const char *end = at - row->notes > 7 && strncmp(at - 7, "routed ", 7) == 0 ? at - 7 : at;
        double count = number_before(row->notes, end);
        while (count > 0.0 && end > row->notes && (end[-1] == ' ' || is_digit(end[-1])))
            end--;
        if (end - row->notes > 3 && strncmp(end - 2, "of", 2) == 0)
            count = number_before(row->notes, end - 2);
        if (count <= 0.0 || count >= m->experts_per_token)
            continue;
        struct cs_model *const fewer = cs_arena_alloc(arena, 1, sizeof *fewer);
        *fewer = *m;
        fewer->experts_per_token = (int)count;
        row->option.model = fewer;
        return;
    }
}

static const char *set_host(struct cs_row *row, struct cs_catalog *catalog, struct cs_arena *arena)
{
    static const struct cs_span nowhere = {.source = NULL};
    struct cs_option *const o = &row->option;
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    const char *const name = cs_catalog_mentioned(catalog, CS_SHEET_HOST, row->notes);
    const struct cs_host *const sheet =
        name ? cs_catalog_host(catalog, name, nowhere, NULL, &diags) : NULL;
    if (!sheet && o->hardware->host.bandwidth_Bps <= 0.0)
        return cs_arena_printf(arena, "no host that is known: %s", row->notes);
    struct cs_host *const host = cs_arena_alloc(arena, 1, sizeof *host);
    *host = sheet ? *sheet : o->hardware->host;
    host->memory_bytes = INFINITY;
    o->host = host;
    return NULL;
}

const char *cs_row_offload(struct cs_row *row, struct cs_catalog *catalog, struct cs_arena *arena)
{
    struct cs_option *const o = &row->option;
    if (strcmp(row->mode, "expert_offload") != 0)
        return NULL;
    if (o->model->experts == 0)
        return cs_arena_printf(arena, "it has no experts: %s", row->model);
    if (o->engine->host_eff <= 0.0)
        return cs_arena_printf(arena, "engine computes no experts on the host: %s", row->engine);
    if (strstr(row->notes, "GPU use") && strstr(row->notes, "not stated"))
        return "no word on what the GPU did";
    set_experts_per_token(row, arena);
    /* Weights that are repacked for the CPU as they are loaded (-rtr) are no longer what the GPU's
     * kernels read, so they are never copied to it. */
    o->experts = (struct cs_experts){.policy = CS_EXPERTS_CPU,
                                     .resident = resident(row, arena),
                                     .accuracy = -1.0,
                                     .overlap = 1.0,
                                     .batch = cs_row_mentions(row->notes, "-rtr") ? INT_MAX : 0};
    return set_host(row, catalog, arena);
}
