/* Calibration as text, and as a sheet (see calibration.h).
 *
 * Values stand in the unit and the digits in which the sheet is written, so that the report and
 * the sheet agree. An error in per cent of a figure is that of predicted over measured.
 * Not here: what the words mean (docs/calibration.md).
 */
#include "out/calibration.h"
#include "spec/amend.h"
#include <math.h>
#include <string.h>

static const char *value_text(const struct cs_parameter *p, double value, double error,
                              struct cs_arena *arena)
{
    char text[32];
    cs_parameter_print(p, value, error, text);
    return cs_arena_strdup(arena, text);
}

static const char *held_text(const struct cs_calibration_view *view, size_t i,
                             struct cs_arena *arena)
{
    struct cs_trial_sheets sheets = view->calibration->sheets;
    const struct cs_parameter *const p = view->held[i];
    return value_text(p, *cs_parameter_at(p, &sheets), NAN, arena);
}

static const char *error_text(const struct cs_fitted *f, struct cs_arena *arena)
{
    if (isnan(f->error) || !f->moved)
        return "-";
    return cs_arena_printf(arena, "%.2g%s%s", f->error / f->parameter.scale,
                           *f->parameter.unit ? " " : "", f->parameter.unit);
}

static const char *percent(double error, struct cs_arena *arena)
{
    return isnan(error) ? "-" : cs_arena_printf(arena, "%.1f %%", 100.0 * error);
}

static void print_parameters(const struct cs_calibration_view *view, const struct cs_text *t)
{
    const struct cs_calibration *const c = view->calibration;
    bool refits = false;
    struct cs_grid grid;
    for (size_t k = 0; k < c->fit_count; k++)
        refits = refits || !isnan(c->fits[k].least);
    cs_grid_init(&grid, t->arena, "lrrrr");
    cs_grid_row(&grid, "FITTED", "sheet", "value", "error", refits ? "refits" : "");
    for (size_t k = 0; k < c->fit_count; k++) {
        const struct cs_fitted *const f = &c->fits[k];
        const char *const range =
            isnan(f->least) ? "-"
                            : cs_arena_printf(t->arena, "%.4g–%.4g", f->least / f->parameter.scale,
                                              f->most / f->parameter.scale);
        cs_grid_row(&grid, cs_arena_printf(t->arena, "  %s", f->name),
                    value_text(&f->parameter, f->start, NAN, t->arena),
                    value_text(&f->parameter, f->value, f->error, t->arena),
                    error_text(f, t->arena), refits ? range : "");
    }
    cs_grid_print(&grid, t, 0, true);
    for (size_t i = 0; i < view->held_count; i++)
        cs_text_section(t, i ? NULL : "HELD",
                        cs_arena_printf(t->arena, "%s at %s", view->held[i]->name,
                                        held_text(view, i, t->arena)));
    for (size_t k = 0, told = 0; k < c->fit_count; k++)
        if (c->fits[k].warning)
            cs_text_section(
                t, told++ ? NULL : "OPEN",
                cs_arena_printf(t->arena, "%s: %s", c->fits[k].name, c->fits[k].warning));
}

static void add_errors(struct cs_grid *grid, const char *name, const struct cs_error_sum *in,
                       const struct cs_error_sum *out, bool refits)
{
    const double errors[] = {in->median, in->mean, in->bias, out->median, out->mean, out->bias};
    cs_grid_add(grid, "  %s", name);
    cs_grid_add(grid, "%zu", in->count);
    for (int i = 0; i < 6; i++)
        cs_grid_add(grid, "%s", i < 3 || refits ? percent(errors[i], grid->arena) : "");
}

static void print_errors(const struct cs_calibration *c, const struct cs_text *t, bool refits)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrrrr");
    cs_grid_row(&grid, "ERRORS", "figures", "median", "mean", "signed", refits ? "held out" : "",
                refits ? "mean" : "", refits ? "signed" : "");
    for (int i = 0; i < CS_FIGURE_COUNT; i++) {
        if (c->in_sample[i].count == 0)
            continue;
        add_errors(&grid, cs_figure_names[i], &c->in_sample[i], &c->held_out[i], refits);
    }
    for (size_t g = 0; g < c->group_count; g++)
        for (int i = 0; i < CS_FIGURE_COUNT; i++) {
            if (c->groups[g].in_sample[i].count == 0)
                continue;
            add_errors(&grid,
                       cs_arena_printf(t->arena, "%s, %s", c->groups[g].name, cs_figure_names[i]),
                       &c->groups[g].in_sample[i], &c->groups[g].held_out[i], refits);
        }
    cs_grid_print(&grid, t, 0, true);
}

void cs_calibration_print(const struct cs_calibration_view *view, const struct cs_text *t)
{
    const struct cs_calibration *const c = view->calibration;
    const bool refits = c->group_count > 1;
    size_t skipped = 0;
    cs_text_section(t, "DATA",
                    cs_arena_printf(t->arena,
                                    "%zu figures of %zu measurements in %s; "
                                    "%s sheet %s to start from",
                                    c->residual_count, c->case_count, view->files, view->sheet_kind,
                                    view->sheet_name));
    print_parameters(view, t);
    print_errors(c, t, refits);
    cs_text_section(
        t, "SCATTER",
        isnan(c->scatter)
            ? "not known: as many parameters as figures"
            : cs_arena_printf(t->arena, "%.2f times what the spreads expect%s", c->scatter,
                              refits ? cs_arena_printf(t->arena,
                                                       "; held out: each %s predicted by a fit "
                                                       "without it",
                                                       view->leave_out)
                                     : ""));
    for (size_t i = 0; i < c->cases->skip_count; i++) {
        const struct cs_skip *const s = &c->cases->skips[i];
        cs_text_section(
            t, skipped++ ? NULL : "LEFT OUT",
            cs_arena_printf(t->arena, "%zu: %s, first %s", s->count, s->reason, s->example));
    }
}

/* --- the sheet ------------------------------------------------------------------------------- */

static const char *origin(const struct cs_calibration_view *view, const struct cs_fitted *f,
                          struct cs_arena *arena)
{
    const struct cs_calibration *const c = view->calibration;
    const struct cs_error_sum *worst = NULL;
    int figure = 0;
    for (int i = 0; i < CS_FIGURE_COUNT; i++)
        if (c->in_sample[i].count > 0 && (!worst || c->in_sample[i].median > worst->median)) {
            worst = &c->in_sample[i];
            figure = i;
        }
    return cs_arena_printf(
        arena,
        "fitted by capsim calibrate to %zu figures of %zu measurements in %s; standard error %s; "
        "median error of %s %s%s%s",
        c->residual_count, c->case_count, view->files, error_text(f, arena),
        cs_figure_names[figure], percent(worst->median, arena), f->warning ? "; " : "",
        f->warning ? f->warning : "");
}

/* A value, and where it is from, under `sources`. */
static size_t amend(struct cs_amendment out[2], const struct cs_parameter *p, const char *value,
                    const char *source, struct cs_arena *arena)
{
    const char *const dot = strchr(p->key, '.');
    out[0] =
        (struct cs_amendment){dot ? cs_arena_strndup(arena, p->key, (size_t)(dot - p->key)) : "",
                              dot ? dot + 1 : p->key, value};
    out[1] = (struct cs_amendment){"sources", p->key, cs_amend_quote(source, arena)};
    return 2;
}

const char *cs_calibration_sheet(const struct cs_calibration_view *view, const char *name,
                                 struct cs_arena *arena)
{
    const struct cs_calibration *const c = view->calibration;
    const bool engine = strcmp(view->sheet_kind, "engine") == 0;
    const struct cs_node *const root = engine ? c->sheets.engine.node : c->sheets.hardware.node;
    const struct cs_parameter *const *const held = view->held;
    struct cs_amendment *const all =
        cs_arena_alloc(arena, 2 * (c->fit_count + view->held_count) + 3, sizeof *all);
    size_t count = 0;
    if (strcmp(name, view->sheet_name) != 0) {
        all[count++] = (struct cs_amendment){"", "name", name};
        all[count++] = (struct cs_amendment){"", "aliases", NULL}; /* those are the start sheet's */
        /* Reports name a sheet by its title: two that differ are not to read alike. */
        const char *const title = engine ? c->sheets.engine.title : c->sheets.hardware.title;
        all[count++] = (struct cs_amendment){
            "", "title",
            cs_amend_quote(cs_arena_printf(arena, "%s (%s)", title, name), arena)};
    }
    for (size_t k = 0; k < c->fit_count; k++) {
        const struct cs_fitted *const f = &c->fits[k];
        if (f->parameter.home != CS_HOME_SOURCE && f->moved)
            count += amend(&all[count], &f->parameter,
                           value_text(&f->parameter, f->value, f->error, arena),
                           origin(view, f, arena), arena);
    }
    for (size_t i = 0; i < view->held_count; i++)
        count += amend(&all[count], held[i], held_text(view, i, arena),
                       "given to the fit, not fitted", arena);
    return cs_amend(root, all, count, arena);
}
