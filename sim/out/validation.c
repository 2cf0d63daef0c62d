/* The text report of a validation (see validation.h).
 *
 * Figures have three significant digits; errors are in percent with their sign, to a tenth below
 * ten. The order is that of the data. Nothing is hidden for being bad: what is not in a median is
 * in a table below it. Cells live in the arena of the text.
 */
#include "out/validation.h"
#include "out/figure.h"
#include <string.h>

const char *const cs_validation_keys[CS_FIGURE_COUNT] = {
    "ttft_mean_s",   "ttft_p50_s",   "ttft_p90_s", "ttft_p99_s", "tpot_mean_s",
    "e2e_mean_s",    "e2e_p50_s",    "e2e_p90_s",  "e2e_p99_s",  "output_tok_s",
    "prefill_tok_s", "decode_tok_s", "step_s"};

const struct cs_validation_column cs_validation_columns[CS_VALIDATION_COLUMNS] = {
    {CS_FIGURE_TTFT_MEAN, "TTFT, ms", 1e3}, {CS_FIGURE_TTFT_P50, "p50", 1e3},
    {CS_FIGURE_TTFT_P90, "p90", 1e3},       {CS_FIGURE_TTFT_P99, "p99", 1e3},
    {CS_FIGURE_TPOT_MEAN, "TPOT, ms", 1e3}, {CS_FIGURE_E2E_MEAN, "E2E, s", 1.0},
    {CS_FIGURE_E2E_P90, "p90", 1.0},        {CS_FIGURE_E2E_P99, "p99", 1.0},
    {CS_FIGURE_OUTPUT_RATE, "tok/s", 1.0}};

/* Heads of the medians: every figure there is. */
static const char *const median_heads[CS_FIGURE_COUNT] = {
    "TTFT", "p50", "p90",   "p99",     "TPOT",   "E2E", "p50",
    "p90",  "p99", "tok/s", "prefill", "decode", "step"};

bool cs_validation_is_run(const struct cs_case *c)
{
    return *c->quality == '\0' && (c->kind == CS_CASE_REPLAY || c->kind == CS_CASE_ONLINE);
}

const char *cs_validation_percent(double error, bool sign, struct cs_arena *arena)
{
    if (isnan(error))
        return "";
    const double percent = 100.0 * error;
    const int digits = fabs(percent) < 9.95 ? 1 : 0;
    const char *const plus = sign && percent > 0.0 ? "+" : "";
    return cs_arena_printf(arena, "%s%.*f", plus, digits, percent);
}

const char *cs_validation_setting(const struct cs_case *c, struct cs_arena *arena)
{
    const char *const drawn =
        c->trace_count > 1 ? cs_arena_printf(arena, ", %zu seeds", c->trace_count) : "";
    return cs_arena_printf(arena, "%s %s %s%s%s", c->option.hardware->name,
                           cs_precision_infos[c->option.precision].name,
                           c->option.engine ? c->option.engine->name : "",
                           c->top_p ? ", top-p" : "", drawn);
}

static void print_head(const struct cs_validation *v, const struct cs_text *t)
{
    cs_text_section(t, "ERRORS",
                    cs_arena_printf(t->arena,
                                    "predicted / measured - 1, in %%; medians are of absolute "
                                    "errors. %zu measurements, %zu of them compared, %zu "
                                    "overloaded, %zu without an answer, %zu unusable.",
                                    v->cases->read, v->compared, v->overloaded, v->unable,
                                    v->cases->read - v->cases->count));
    cs_text_put(t, "\n");
}

/* --- medians --------------------------------------------------------------------------------- */

static void add_spread(struct cs_grid *grid, const struct cs_group *g, const bool *shown,
                       size_t offset, bool sign)
{
    for (int f = 0; f < CS_FIGURE_COUNT; f++) {
        double value;
        memcpy(&value, (const char *)&g->figures[f] + offset, sizeof value);
        if (shown[f])
            cs_grid_add(grid, "%s", cs_validation_percent(value, sign, grid->arena));
    }
}

/* Groups and their errors in figures [first, last], of which those that somebody measured. */
static void print_medians(const struct cs_validation *v, const struct cs_text *t, const char *label,
                          int first, int last)
{
    bool shown[CS_FIGURE_COUNT] = {false};
    char align[CS_GRID_COLUMNS + 1] = "lr";
    size_t columns = 2;
    for (int f = first; f <= last; f++) {
        for (size_t g = 0; g < v->group_count; g++)
            shown[f] = shown[f] || v->groups[g].figures[f].count > 0;
        if (shown[f])
            align[columns++] = 'r';
    }
    if (columns == 2)
        return;
    align[columns] = '\0';
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, align);
    cs_grid_add(&grid, "%s", label);
    cs_grid_add(&grid, "cases");
    for (int f = 0; f < CS_FIGURE_COUNT; f++)
        if (shown[f])
            cs_grid_add(&grid, "%s", median_heads[f]);
    for (size_t i = 0; i < v->group_count; i++) {
        const struct cs_group *g = &v->groups[i];
        const bool all = g->by == CS_BY_ALL;
        size_t most = 0; /* cases that have one of these figures */
        for (int f = first; f <= last; f++)
            most = g->figures[f].count > most ? g->figures[f].count : most;
        if (most == 0)
            continue;
        cs_grid_add(&grid, "%s%s%s", all ? "" : cs_group_names[g->by], all ? "" : " ", g->name);
        cs_grid_add(&grid, "%zu", most);
        add_spread(&grid, g, shown, offsetof(struct cs_spread, median_abs), false);
        if (!all && g->by != CS_BY_SOURCE)
            continue;
        cs_grid_add(&grid, "  their mean");
        cs_grid_add(&grid, "%s", "");
        add_spread(&grid, g, shown, offsetof(struct cs_spread, mean_abs), false);
        cs_grid_add(&grid, "  median with sign");
        cs_grid_add(&grid, "%s", "");
        add_spread(&grid, g, shown, offsetof(struct cs_spread, median), true);
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_put(t, "\n");
}

/* --- runs ------------------------------------------------------------------------------------ */

static void add_figures(struct cs_grid *grid, const double *values)
{
    for (int c = 0; c < CS_VALIDATION_COLUMNS; c++) {
        const struct cs_validation_column *column = &cs_validation_columns[c];
        const double value = values[column->figure] * column->scale;
        cs_grid_add(grid, "%s", isnan(value) ? "" : cs_figure_short(value).text);
    }
}

static void add_errors(struct cs_grid *grid, const struct cs_verdict *v)
{
    for (int c = 0; c < CS_VALIDATION_COLUMNS; c++)
        cs_grid_add(
            grid, "%s",
            cs_validation_percent(v->error[cs_validation_columns[c].figure], true, grid->arena));
}

static void start_runs(struct cs_grid *grid, const struct cs_text *t, const char *label)
{
    cs_grid_init(grid, t->arena, "lrrrrrrrrr");
    cs_grid_add(grid, "%s", label);
    for (int c = 0; c < CS_VALIDATION_COLUMNS; c++)
        cs_grid_add(grid, "%s", cs_validation_columns[c].head);
}

/* Whole runs, measured, predicted and the error below one another; only the overloaded ones, or
 * only the others. */
static void print_runs(const struct cs_validation *v, const struct cs_text *t, const char *label,
                       bool overloaded)
{
    struct cs_grid grid;
    size_t count = 0;
    start_runs(&grid, t, label);
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        const struct cs_case *c = one->of;
        if (!cs_validation_is_run(c) || *c->part || one->reason || c->overloaded != overloaded)
            continue;
        count++;
        cs_grid_add(&grid, "%s", c->name);
        add_figures(&grid, c->measured);
        cs_grid_add(&grid, "  %s%s", c->option.hardware->name, c->top_p ? ", top-p" : "");
        add_figures(&grid, one->predicted);
        cs_grid_add(&grid, "  error, %%");
        add_errors(&grid, one);
    }
    if (count == 0)
        return;
    cs_grid_print(&grid, t, 0, true);
    cs_text_put(t, "\n");
}

static void print_parts(const struct cs_validation *v, const struct cs_text *t)
{
    struct cs_grid grid;
    size_t count = 0;
    start_runs(&grid, t, "PARTS of runs, errors in %");
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        if (!*one->of->part || !cs_verdict_counts(one))
            continue;
        count++;
        cs_grid_add(&grid, "%s", one->of->name);
        add_errors(&grid, one);
    }
    if (count == 0)
        return;
    cs_grid_print(&grid, t, 0, true);
    cs_text_put(t, "\n");
}

/* --- what was left out ----------------------------------------------------------------------- */

/* Reasons with their counts, under the label once; returns the label that is still to print. */
static const char *print_reasons(const struct cs_cases *cases, const char *label,
                                 const struct cs_text *t)
{
    for (size_t i = 0; i < cases->skip_count; i++, label = NULL) {
        const struct cs_skip *s = &cases->skips[i];
        cs_text_section(t, label,
                        cs_arena_printf(t->arena, "%zu: %s (%s)", s->count, s->reason, s->example));
    }
    return label;
}

static void print_left_out(const struct cs_validation *v, const struct cs_text *t)
{
    const char *label = print_reasons(v->cases, "LEFT OUT", t);
    print_reasons(&v->unanswered, label, t);
    label = "TOO GOOD";
    for (size_t i = 0; i < v->cases->count; i++) {
        const struct cs_verdict *one = &v->verdicts[i];
        for (int f = 0; f < CS_FIGURE_COUNT; f++) {
            if (!one->impossible[f])
                continue;
            cs_text_section(t, label,
                            cs_arena_printf(t->arena, "%s: %s of %s is %s, and the sheets allow %s",
                                            one->of->source, cs_validation_keys[f], one->of->name,
                                            cs_figure_short(one->of->measured[f]).text,
                                            cs_figure_short(one->floor[f]).text));
            label = NULL;
        }
    }
}

void cs_validation_print(const struct cs_validation *v, const struct cs_text *t)
{
    print_head(v, t);
    print_medians(v, t, "LATENCY medians", CS_FIGURE_TTFT_MEAN, CS_FIGURE_E2E_P99);
    print_medians(v, t, "SPEED medians", CS_FIGURE_OUTPUT_RATE, CS_FIGURE_STEP);
    print_runs(v, t, "RUNS measured, predicted, error", false);
    print_parts(v, t);
    print_runs(v, t, "OVERLOADED runs, in no median", true);
    print_left_out(v, t);
    cs_text_section(t, "CHECKS",
                    v->below_floor == 0
                        ? "no prediction is below its physical floor"
                        : cs_arena_printf(t->arena, "%zu predictions below their physical floor",
                                          v->below_floor));
}
