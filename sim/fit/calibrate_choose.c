/* Calibrate, before the fit: which measurements and which parameters take part.
 *
 * A measurement is left out, and counted with its reason, when it is another engine's or another
 * GPU's, when other cases of its source tell the same (the whole of a run beside its stages), when
 * the server itself was warming up, when it is overloaded, has no figure that tells of step times,
 * or claims what the hardware cannot do. What is left tells each request once.
 *
 * A parameter is left as it is when no figure depends on it. Operators that were timed one by one
 * bring a parameter of their own, the launch of a kernel from the host.
 *
 * The rule: what is chosen depends on the source and on sheets, never on how well it fits.
 * Memory: the arena's. Not here: the fit (calibrate.c) and what comes of it (calibrate_result.c).
 */
#include "fit/calibrate_fit.h"
#include <math.h>
#include <string.h>

/* Mean TTFT: on an idle engine the phase of an arrival within a step decides; under load queueing
 * multiplies a small error of the step. Rates of saturated engines: waves of admission. One
 * operator or one step: kernels come in tiles, and step with the batch. */
const double cs_fit_spread[CS_FIGURE_COUNT] = {
    [CS_FIGURE_TTFT_MEAN] = 0.10,   [CS_FIGURE_TPOT_MEAN] = 0.03,    [CS_FIGURE_E2E_MEAN] = 0.03,
    [CS_FIGURE_OUTPUT_RATE] = 0.05, [CS_FIGURE_PREFILL_RATE] = 0.05, [CS_FIGURE_DECODE_RATE] = 0.03,
    [CS_FIGURE_STEP] = 0.05};

#define F(figure) (1u << CS_FIGURE_##figure)
/* The figures of a kind of case that tell of step times; the rate of a run that keeps up with its
 * arrivals tells of the arrivals. */
static const unsigned telling[CS_CASE_COUNT] = {
    [CS_CASE_REPLAY] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN),
    [CS_CASE_ONLINE] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN),
    [CS_CASE_OFFLINE] = F(OUTPUT_RATE) | F(TPOT_MEAN),
    [CS_CASE_STATIC] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN) | F(OUTPUT_RATE) |
                       F(PREFILL_RATE) | F(DECODE_RATE),
    [CS_CASE_SINGLE] = F(TTFT_MEAN) | F(TPOT_MEAN) | F(E2E_MEAN) | F(PREFILL_RATE) | F(DECODE_RATE),
    [CS_CASE_PREFILL] = F(PREFILL_RATE) | F(TTFT_MEAN),
    [CS_CASE_DECODE] = F(DECODE_RATE) | F(TPOT_MEAN),
    [CS_CASE_STEP] = F(STEP)};
#undef F

const char *const cs_fit_group_names[CS_GROUP_COUNT] = {"none", "model", "hardware", "workload",
                                                        "file"};

/* The file of "file:12" or "file". */
static const char *file_of(const char *source, struct cs_arena *arena)
{
    const char *const colon = strrchr(source, ':');
    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return source;
    return cs_arena_strndup(arena, source, (size_t)(colon - source));
}

const char *cs_group_of(const struct cs_case *c, enum cs_group group, struct cs_arena *arena)
{
    switch (group) {
    case CS_GROUP_MODEL:
        return c->option.model->name;
    case CS_GROUP_HARDWARE:
        return c->option.hardware->name;
    case CS_GROUP_WORKLOAD:
        return c->workload;
    case CS_GROUP_FILE:
        return file_of(c->source, arena);
    default:
        return "";
    }
}

/* --- which cases ----------------------------------------------------------------------------- */

static bool same_engine(const struct cs_engine_sheet *start, const struct cs_engine_sheet *other)
{
    for (size_t i = 0; i < start->alias_count; i++)
        if (strcmp(start->aliases[i], other->name) == 0)
            return true;
    return strcmp(start->name, other->name) == 0;
}

static bool tells(const struct cs_case *c, int figure)
{
    return (telling[c->kind] >> figure & 1u) != 0 && isfinite(c->measured[figure]) &&
           c->measured[figure] > 0.0;
}

static bool is_rate(int figure)
{
    return figure == CS_FIGURE_OUTPUT_RATE || figure == CS_FIGURE_PREFILL_RATE ||
           figure == CS_FIGURE_DECODE_RATE;
}

/* The figure that no machine can have measured, or -1. */
static int impossible(const struct cs_case *c, double floor[CS_FIGURE_COUNT])
{
    cs_case_floor(c, floor);
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        if (tells(c, i) && isfinite(floor[i]) &&
            (is_rate(i) ? c->measured[i] > floor[i] : c->measured[i] < floor[i]))
            return i;
    return -1;
}

static bool fits_links(const struct cs_calibration_ask *ask)
{
    for (size_t k = 0; k < ask->fit_count; k++)
        if (strcmp(ask->fit[k]->key, "efficiency.link") == 0 ||
            strcmp(ask->fit[k]->key, "overhead.all_reduce") == 0)
            return true;
    return false;
}

/* Why a case is of no use, or NULL. */
static const char *useless(const struct cs_case *c, const struct cs_calibration_ask *ask,
                           struct cs_diags *diags)
{
    double figures[CS_FIGURE_COUNT];
    const char *reason;
    unsigned told = 0;
    if (!ask->any_engine && !same_engine(&ask->start.engine, c->option.engine))
        return "measured on another engine";
    if (ask->of_hardware && strcmp(ask->start.hardware.name, c->option.hardware->name) != 0)
        return "measured on other hardware";
    if (c->repeats)
        return c->repeats;
    if (c->kind == CS_CASE_STEP && c->parts == CS_PART_REDUCE && !fits_links(ask))
        return "all-reduces, which tell nothing of what is fitted";
    if (c->overloaded)
        return "overloaded: latency there tells of the backlog";
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        told += tells(c, i);
    if (told == 0)
        return "no figure that tells of step times";
    const int figure = impossible(c, figures);
    if (figure >= 0) {
        struct cs_source *const source = cs_arena_alloc(diags->arena, 1, sizeof *source);
        source->name = c->source;
        cs_diag_warning(diags, (struct cs_span){.source = source}, "left out",
                        "%s of %.4g is %s than the hardware can, %.4g", cs_figure_names[figure],
                        c->measured[figure], is_rate(figure) ? "more" : "less", figures[figure]);
        return "faster than the physical floor";
    }
    struct cs_case started = *c;
    started.trace_count = c->trace_count > 1 ? 1 : c->trace_count;
    started.means_only = true;
    started.option.engine = &ask->start.engine;
    if (ask->of_hardware)
        started.option.hardware = &ask->start.hardware;
    return cs_case_predict(&started, figures, NULL, &reason) ? NULL : reason;
}

/* The case whose run this one is a part of, one before it or the case itself. */
static size_t run_of(const struct cs_fit *f, const struct cs_case *c)
{
    size_t leader = f->case_count;
    if (leader == 0 || c->trace_count == 0)
        return leader;
    for (leader--; f->parts_of[leader] == 0; leader--)
        ;
    const struct cs_case *const first = f->cases[leader];
    const bool same = first->traces == c->traces && first->option.model == c->option.model &&
                      first->option.hardware == c->option.hardware &&
                      first->option.tensor_parallel == c->option.tensor_parallel &&
                      first->option.kv_blocks == c->option.kv_blocks && first->kind == c->kind;
    return same ? leader : f->case_count;
}

/* Traffic that was drawn several times is run once in a fit: the same draw for every trial. */
static const struct cs_case *once(const struct cs_case *c, struct cs_arena *arena)
{
    struct cs_case *const copy = cs_arena_alloc(arena, 1, sizeof *copy);
    *copy = *c;
    copy->trace_count = c->trace_count > 1 ? 1 : c->trace_count;
    copy->means_only = true;
    return copy;
}

static void choose_cases(struct cs_fit *f, struct cs_cases *cases, struct cs_arena *arena,
                         struct cs_diags *diags)
{
    f->cases = cs_arena_alloc(arena, cases->count, sizeof *f->cases);
    f->item_of = cs_arena_alloc(arena, cases->count, sizeof *f->item_of);
    f->first = cs_arena_alloc(arena, cases->count + 1, sizeof *f->first);
    f->masked = cs_arena_alloc(arena, cases->count, sizeof *f->masked);
    f->parts_of = cs_arena_alloc(arena, cases->count, sizeof *f->parts_of);
    f->unmeasured = cs_arena_alloc(arena, cases->count, sizeof *f->unmeasured);
    const size_t most = cases->count * CS_FIGURE_COUNT;
    f->residuals = cs_arena_alloc(arena, most, sizeof *f->residuals);
    f->owner = cs_arena_alloc(arena, most, sizeof *f->owner);
    for (size_t i = 0; i < cases->count; i++) {
        const struct cs_case *const c = &cases->items[i];
        const char *const reason = useless(c, f->ask, diags);
        if (reason) {
            cs_cases_skip(cases, reason, c->source);
            cases->read--; /* it was counted when it was read */
            continue;
        }
        f->item_of[f->case_count] = i;
        for (int figure = 0; figure < CS_FIGURE_COUNT; figure++) {
            if (!tells(c, figure))
                continue;
            f->owner[f->residual_count] = f->case_count;
            f->residuals[f->residual_count++] =
                (struct cs_residual){.item = i,
                                     .figure = figure,
                                     .measured = c->measured[figure],
                                     .held_out = NAN,
                                     .weight = 1.0};
        }
        f->unmeasured[f->case_count] = *c->option.hardware;
        f->unmeasured[f->case_count].bandwidth_factor = 1.0;
        f->unmeasured[f->case_count].kv_factor = 1.0;
        f->unmeasured[f->case_count].compute_factor = 1.0;
        const size_t leader = run_of(f, c);
        f->parts_of[leader]++;
        f->cases[f->case_count++] = once(c, arena);
        f->first[f->case_count] = f->residual_count;
    }
}

/* --- which parameters ------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool launched_alone(const struct cs_case *c)
{
    return c->kind == CS_CASE_STEP && c->parts != 0;
}

/* Names of the launch overheads: one a file for operators of layers, one for all-reduces. */
static size_t name_launches(struct cs_fit *f, struct cs_arena *arena, const char **names)
{
    size_t count = 0;
    f->launch_of = cs_arena_alloc(arena, f->case_count, sizeof *f->launch_of);
    for (size_t i = 0; i < f->case_count; i++) {
        const struct cs_case *const c = f->cases[i];
        if (!launched_alone(c))
            continue;
        const char *const name =
            cs_arena_printf(arena, "launch%s (%s)", c->parts == CS_PART_REDUCE ? ", reduce" : "",
                            base_name(file_of(c->source, arena)));
        size_t at = 0;
        while (at < count && strcmp(names[at], name) != 0)
            at++;
        if (at == count)
            names[count++] = name;
        f->launch_of[i] = at;
    }
    return count;
}

static void choose_parameters(struct cs_fit *f, struct cs_arena *arena)
{
    const char **const names = cs_arena_alloc(arena, f->case_count, sizeof *names);
    const size_t launches = name_launches(f, arena, names);
    const size_t most = f->ask->fit_count + launches;
    struct cs_trial_sheets start = f->ask->start;
    f->fits = cs_arena_alloc(arena, most, sizeof *f->fits);
    for (size_t k = 0; k < f->ask->fit_count; k++) {
        const struct cs_parameter *const p = f->ask->fit[k];
        f->fits[f->count++] = (struct cs_fitted){
            .name = p->name, .parameter = *p, .start = *cs_parameter_at(p, &start)};
    }
    for (size_t i = 0; i < launches; i++) {
        const struct cs_parameter launch = {.home = CS_HOME_SOURCE,
                                            .offset = i,
                                            .low = 1e-8,
                                            .high = 0.1,
                                            .start = 2e-5,
                                            .unit = "us",
                                            .scale = 1e-6};
        f->fits[f->count++] =
            (struct cs_fitted){.name = names[i], .parameter = launch, .start = launch.start};
    }
    f->trials = cs_arena_alloc(arena, 1 + 2 * most, sizeof *f->trials);
    for (size_t t = 0; t < 1 + 2 * most; t++)
        f->trials[t].launch_s = cs_arena_alloc(arena, launches, sizeof(double));
    f->at = cs_arena_alloc(arena, most, sizeof *f->at);
    f->base = cs_arena_alloc(arena, f->residual_count, sizeof *f->base);
    f->varied = cs_arena_alloc(arena, 2 * most * f->residual_count, sizeof *f->varied);
    f->slopes = cs_arena_alloc(arena, most * f->residual_count, sizeof *f->slopes);
    f->sloped = cs_arena_alloc(arena, most, sizeof *f->sloped);
    f->reach = cs_arena_alloc(arena, most, sizeof *f->reach);
    for (size_t k = 0; k < most; k++) {
        f->reach[k] = 0.2;
        f->fits[k].moved = true;
        f->fits[k].value = f->fits[k].start;
        f->fits[k].error = f->fits[k].least = f->fits[k].most = NAN;
    }
}

/* Parameters that nothing measured depends on go behind the others and stay as they are. */
static void drop_idle(struct cs_fit *f, struct cs_arena *arena)
{
    double *const u = cs_arena_alloc(arena, f->count, sizeof *u);
    struct cs_fitted *const sorted = cs_arena_alloc(arena, f->count, sizeof *sorted);
    size_t moving = 0, idle = 0;
    cs_fit_start(f, u);
    memset(f->at, 0xff, f->count * sizeof *f->at); /* NaN: no point predicted yet */
    memset(f->sloped, 0xff, f->count * sizeof *f->sloped);
    cs_fit_slopes(f, u, true);
    for (size_t k = 0; k < f->count; k++)
        for (size_t r = 0; r < f->residual_count && f->fits[k].warning == NULL; r++)
            if (f->slopes[r * f->count + k] != 0.0)
                f->fits[k].warning = "";
    for (size_t k = 0; k < f->count; k++)
        if (f->fits[k].warning != NULL)
            sorted[moving++] = f->fits[k];
    for (size_t k = 0; k < f->count; k++)
        if (f->fits[k].warning == NULL)
            sorted[moving + idle++] = f->fits[k];
    for (size_t k = 0; k < f->count; k++) {
        sorted[k].moved = k < moving;
        sorted[k].warning = k < moving ? NULL : "no measurement depends on it; it stays";
    }
    memcpy(f->fits, sorted, f->count * sizeof *sorted);
    for (size_t k = 0; k < moving; k++)
        f->reach[k] = 0.2;
    f->count = moving;
    f->all = moving + idle;
}

void cs_fit_choose(struct cs_fit *f, struct cs_cases *cases, struct cs_arena *arena,
                   struct cs_diags *diags)
{
    choose_cases(f, cases, arena, diags);
    choose_parameters(f, arena);
    if (f->residual_count > 0)
        drop_idle(f, arena);
}
