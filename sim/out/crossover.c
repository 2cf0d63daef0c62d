/* The crossover for people: see crossover.h.
 *
 * The drawing is a grid of characters, both axes logarithmic: a letter for each API's bill, and a
 * dot for the cheapest of one's own fleets, in steps. Where two fall on one place the later letter
 * stands; the table above names them all.
 * Memory: the scratch arena of the cs_text.
 */
#include "out/crossover.h"
#include "out/canvas.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/words.h"
#include <math.h>
#include <string.h>

const char cs_crossover_basis[] =
    "points are fleets sized for the busiest hours, 6 or 12 replications where a crossing is near; "
    "sampling: what their counts leave open; model: step times at both ends of the model's error "
    "(95 %)";

/* --- words ----------------------------------------------------------------------------------- */

static const char *amount(struct cs_arena *arena, double x)
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
    int i = 0;
    while (i < 5 && fabs(x) >= 999.5) {
        x /= 1000;
        i++;
    }
    return cs_arena_printf(arena, "%s%s", cs_figure_short(x).text, prefixes[i]);
}

static const char *bare_x(struct cs_arena *arena, const struct cs_along *a, double x)
{
    if (a->kind == CS_ALONG_SHARE || a->kind == CS_ALONG_LOAD)
        return cs_arena_strdup(arena, cs_figure_percent(x).text);
    if (a->kind == CS_ALONG_SLO)
        return cs_arena_printf(arena, "× %s", cs_figure_short(x).text);
    return amount(arena, x);
}

const char *cs_crossover_x(struct cs_arena *arena, const struct cs_along *a, double x)
{
    return cs_arena_printf(arena, "%s%s%s", bare_x(arena, a, x), *a->unit ? " " : "", a->unit);
}

const char *cs_crossover_interval(struct cs_arena *arena, const struct cs_crossover *c, double lo,
                                  double hi)
{
    const struct cs_along *const a = &c->along;
    if (isnan(lo) && isnan(hi))
        return "anywhere in the range";
    if (isnan(lo))
        return cs_arena_printf(arena, "below %s–%s", bare_x(arena, a, a->low),
                               bare_x(arena, a, hi));
    if (isnan(hi))
        return cs_arena_printf(arena, "%s–above %s", bare_x(arena, a, lo),
                               bare_x(arena, a, a->high));
    if (hi - lo < 1e-9 * fabs(hi))
        return "unmoved";
    const char *const low = bare_x(arena, a, lo), *const high = bare_x(arena, a, hi);
    return strcmp(low, high) == 0 ? "unmoved" : cs_arena_printf(arena, "%s–%s", low, high);
}

const char *cs_crossover_option(struct cs_arena *arena, const struct cs_crossover *c, size_t option)
{
    const struct cs_option *const o = &c->study->scenario->options[option];
    return cs_arena_printf(arena, "%s %s", o->model->name,
                           cs_words_machine(arena, o, o->tensor_parallel, o->pipeline_parallel));
}

const char *cs_crossover_words(struct cs_arena *arena, const struct cs_crossover *c, size_t api)
{
    const struct cs_against *const a = &c->against[api];
    if (!a->count)
        return cs_arena_printf(arena, "%s", a->below >= 0 ? "always" : "never");
    const char *words = "";
    for (size_t i = 0; i < a->count; i++) {
        const struct cs_crossing *const k = &a->crossings[i];
        const char *const x = bare_x(arena, &c->along, k->at);
        words = k->own_above
                    ? cs_arena_printf(arena, "%s%sfrom %s", words, i ? ", " : "", x)
                    : cs_arena_printf(arena, "%s%s %s", words, i ? "" : "up", i ? "to" : "to");
        if (!k->own_above)
            words = cs_arena_printf(arena, "%s %s", words, x);
    }
    return words;
}

/* --- sections -------------------------------------------------------------------------------- */

static void print_head(const struct cs_crossover *c, const struct cs_text *t)
{
    const struct cs_scenario *const s = c->study->scenario;
    cs_text_edges(t, s->name, cs_arena_printf(t->arena, "crossover along %s", c->along.name));
    const char *words = cs_arena_printf(t->arena, "%s to %s · %s against %s · %s simulated",
                                        bare_x(t->arena, &c->along, c->along.low),
                                        cs_crossover_x(t->arena, &c->along, c->along.high),
                                        cs_words_count(t->arena, (double)c->curve_count, "option"),
                                        cs_words_count(t->arena, (double)c->against_count, "API"),
                                        cs_words_count(t->arena, (double)c->planned, "fleet"));
    if (isfinite(c->here))
        words = cs_arena_printf(t->arena, "%s · the scenario stands at %s", words,
                                bare_x(t->arena, &c->along, c->here));
    if (c->along.kind == CS_ALONG_LOAD)
        words = cs_arena_printf(t->arena, "%s · 100 %% is %s %s, the most that the fleet takes",
                                words, amount(t->arena, c->along.most), c->along.most_unit);
    cs_text_wrap(t, words, 0, 0);
    cs_text_put(t, "\n\n");
}

static void print_against(const struct cs_crossover *c, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "llllw");
    cs_grid_row(&grid, "AGAINST", "hosting pays", "sampling", "model", "with");
    for (size_t a = 0; a < c->against_count; a++) {
        const struct cs_against *const g = &c->against[a];
        const struct cs_crossing *const k = g->count ? &g->crossings[0] : NULL;
        cs_grid_add(&grid, "%c %s", a < 26 ? (int)('A' + a) : ' ', g->api->label);
        cs_grid_add(&grid, "%s", cs_crossover_words(t->arena, c, a));
        cs_grid_add(&grid, "%s",
                    k ? cs_crossover_interval(t->arena, c, k->sampling_lo, k->sampling_hi) : "");
        cs_grid_add(&grid, "%s",
                    !k ? ""
                    : !k->model_known
                        ? "not known"
                        : cs_crossover_interval(t->arena, c, k->model_lo, k->model_hi));
        cs_grid_add(&grid, "%s",
                    k ? cs_arena_printf(t->arena, "%ld × %s%s", k->gpus,
                                        cs_crossover_option(t->arena, c, k->option),
                                        k->step ? ", at a step" : "")
                      : g->never);
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL,
                    cs_arena_printf(t->arena,
                                    "%s%sboth intervals 95 %%: what sampling "
                                    "leaves open of the counts, and the model of step "
                                    "times",
                                    c->along.unit, *c->along.unit ? "; " : ""));
    cs_text_put(t, "\n");
}

/* What would have to change where there is no crossing. */
static void print_needed(const struct cs_crossover *c, const struct cs_text *t)
{
    bool any = false;
    for (size_t a = 0; a < c->against_count; a++) {
        const struct cs_against *const g = &c->against[a];
        if (g->count || !isfinite(g->ratio))
            continue;
        const char *words = cs_arena_printf(
            t->arena,
            "%s: closest at %s; both would cost the same there with its prices %s times "
            "as high",
            g->api->label, cs_crossover_x(t->arena, &c->along, g->ratio_x),
            cs_figure_ratio(g->ratio).text);
        if (isfinite(g->gpu_price_needed))
            words = cs_arena_printf(t->arena, "%s, or GPUs %s times as dear", words,
                                    cs_figure_ratio(g->gpu_price_needed).text);
        cs_text_section(t, any ? NULL : "NEEDED", words);
        any = true;
    }
    if (any)
        cs_text_put(t, "\n");
}

static void print_options(const struct cs_crossover *c, const struct cs_text *t)
{
    size_t option;
    const double usd = cs_crossover_own(c, c->along.low, &option);
    if (!isfinite(usd) && !c->rank_count)
        return;
    const char *words = cs_arena_printf(
        t->arena, "%s", isfinite(usd) ? cs_crossover_option(t->arena, c, option) : "none");
    for (size_t i = 0; i < c->rank_count; i++)
        words = cs_arena_printf(t->arena, "%s; from %s: %s", words,
                                cs_crossover_x(t->arena, &c->along, c->ranks[i].at),
                                cs_crossover_option(t->arena, c, c->ranks[i].to));
    cs_text_section(t, "CHEAPEST", words);
    cs_text_section(t, NULL, "of one's own options, from the lower end of the range on");
    cs_text_put(t, "\n");
}

/* Each option against each API by itself. */
static void print_own(const struct cs_crossover *c, const struct cs_text *t)
{
    if (c->curve_count < 2 || !c->against_count || c->against_count > 8)
        return;
    struct cs_grid grid;
    char align[CS_GRID_COLUMNS + 1] = "l";
    memset(align + 1, 'r', c->against_count);
    cs_grid_init(&grid, t->arena, align);
    cs_grid_add(&grid, "OPTIONS, one by one");
    for (size_t a = 0; a < c->against_count; a++)
        cs_grid_add(&grid, "against %c", (int)('A' + a));
    for (size_t o = 0; o < c->curve_count; o++) {
        cs_grid_add(&grid, "  %s", cs_crossover_option(t->arena, c, o));
        for (size_t a = 0; a < c->against_count; a++) {
            const struct cs_own_crossings *const k = &c->against[a].own[o];
            const struct cs_cost_curve *const curve = &c->curves[o];
            const bool below = curve->count && curve->points[0].usd < curve->points[0].api[a];
            const char *words = below ? "always" : "never";
            if (k->count)
                words = cs_arena_printf(t->arena, "%s%s", k->items[0].own_above ? "" : "to ",
                                        bare_x(t->arena, &c->along, k->items[0].at));
            if (k->count > 1)
                words = cs_arena_printf(t->arena, "%s +%zu", words, k->count - 1);
            cs_grid_add(&grid, "%s", words);
        }
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_section(t, NULL,
                    "where each begins to cost less than the API; +n: and so many further "
                    "crossings, at steps of the fleet");
    cs_text_put(t, "\n");
}

static void print_what_ifs(const struct cs_crossover *c, const struct cs_text *t)
{
    if (!c->what_if_count || !c->against_count || c->against_count > 8)
        return;
    struct cs_grid grid;
    char align[CS_GRID_COLUMNS + 1] = "l";
    memset(align + 1, 'r', c->against_count);
    cs_grid_init(&grid, t->arena, align);
    cs_grid_add(&grid, "WHAT IF");
    for (size_t a = 0; a < c->against_count; a++)
        cs_grid_add(&grid, "against %c", (int)('A' + a));
    for (size_t i = 0; i < c->what_if_count; i++) {
        const struct cs_what_if *const w = &c->what_ifs[i];
        cs_grid_add(&grid, "  %s", w->what);
        for (size_t a = 0; a < c->against_count; a++)
            cs_grid_add(&grid, "%s",
                        !isnan(w->at[a]) ? bare_x(t->arena, &c->along, w->at[a])
                        : w->own[a]      ? "always"
                                         : "never");
    }
    cs_grid_print(&grid, t, 0, true);
    cs_text_put(t, "\n");
}

/* --- the drawing ----------------------------------------------------------------------------- */

/* The ends of what is drawn, USD a day. */
static void fit(const struct cs_crossover *c, double *low, double *high)
{
    size_t option;
    *low = INFINITY;
    *high = 0;
    for (int i = 0; i < CS_CANVAS_WIDTH; i++) {
        const double x = cs_along_at(&c->along, (double)i / (CS_CANVAS_WIDTH - 1));
        const double own = cs_crossover_own(c, x, &option);
        if (isfinite(own) && own > 0) {
            *low = fmin(*low, own);
            *high = fmax(*high, own);
        }
        for (size_t a = 0; a < c->against_count && a < 26; a++) {
            const double usd = cs_crossover_bill(c, a, x);
            if (isfinite(usd) && usd > 0) {
                *low = fmin(*low, usd);
                *high = fmax(*high, usd);
            }
        }
    }
}

static const char *label_usd(const struct cs_text *t, const void *user, double usd)
{
    const struct cs_crossover *const c = user;
    return cs_arena_strdup(t->arena, cs_money_figure(c->study->scenario, usd).text);
}

static const char *label_x(const struct cs_text *t, const void *user, double x)
{
    const struct cs_crossover *const c = user;
    return bare_x(t->arena, &c->along, x);
}

static void print_drawing(const struct cs_crossover *c, const struct cs_text *t)
{
    struct cs_canvas k;
    double low, high;
    size_t option;
    fit(c, &low, &high);
    cs_canvas_init(&k, c->along.low, c->along.high, c->along.log, low, high);
    const bool here = c->here >= c->along.low && c->here <= c->along.high;
    for (int i = 0; here && i < CS_CANVAS_HEIGHT; i++) {
        const double share = (double)i / (CS_CANVAS_HEIGHT - 1);
        cs_canvas_put(&k, c->here, k.y_low * pow(k.y_high / k.y_low, share), ':');
    }
    for (size_t a = 0; a < c->against_count && a < 26; a++)
        for (int i = 0; i < CS_CANVAS_WIDTH; i++) {
            const double x = cs_along_at(&c->along, (double)i / (CS_CANVAS_WIDTH - 1));
            cs_canvas_put(&k, x, cs_crossover_bill(c, a, x), (char)('A' + a));
        }
    for (int i = 0; i < CS_CANVAS_WIDTH; i++) {
        const double x = cs_along_at(&c->along, (double)i / (CS_CANVAS_WIDTH - 1));
        cs_canvas_put(&k, x, cs_crossover_own(c, x, &option), 'o');
    }
    cs_text_section(t, "COST",
                    cs_arena_printf(t->arena,
                                    "%s/day, letters: the APIs; %s: the cheapest fleet of "
                                    "one's own%s%s",
                                    cs_money_code(c->study->scenario), t->utf8 ? "●" : "o",
                                    !here     ? ""
                                    : t->utf8 ? "; ┊"
                                              : "; :",
                                    here ? ": where the scenario stands" : ""));
    cs_canvas_print(&k, t, label_x, label_usd, c, c->along.unit);
}

void cs_crossover_print(const struct cs_crossover *c, const struct cs_text *t)
{
    const struct cs_scenario *const s = c->study->scenario;
    print_head(c, t);
    print_against(c, t);
    print_needed(c, t);
    print_drawing(c, t);
    print_options(c, t);
    print_own(c, t);
    print_what_ifs(c, t);
    const char *words = cs_crossover_basis;
    if (s->cost.currency)
        words = cs_arena_printf(t->arena, "%s · 1 %s = %.6g USD", words, s->cost.currency,
                                s->cost.currency_usd);
    cs_text_section(t, "ASSUMED",
                    cs_arena_printf(t->arena,
                                    "%s · prices: %s · all: capsim explain "
                                    "%s",
                                    words, s->cost.prices, s->path));
}

void cs_crossover_print_table(const struct cs_crossover_at *rows, size_t count, const char *key,
                              const struct cs_text *t)
{
    const struct cs_crossover *const first = &rows[0].crossover;
    struct cs_grid grid;
    char align[CS_GRID_COLUMNS + 1] = "l";
    const size_t apis =
        first->against_count < CS_GRID_COLUMNS - 2 ? first->against_count : CS_GRID_COLUMNS - 2;
    memset(align + 1, 'l', apis);
    cs_text_edges(t, first->study->scenario->name,
                  cs_arena_printf(t->arena, "crossover along %s, by %s", first->along.name, key));
    cs_text_printf(t, "%s to %s; hosting is cheaper\n\n",
                   bare_x(t->arena, &first->along, first->along.low),
                   cs_crossover_x(t->arena, &first->along, first->along.high));
    cs_grid_init(&grid, t->arena, align);
    cs_grid_add(&grid, "%s", key);
    for (size_t a = 0; a < apis; a++)
        cs_grid_add(&grid, "%s", first->against[a].api->label);
    for (size_t r = 0; r < count; r++) {
        cs_grid_add(&grid, "%s", rows[r].value);
        for (size_t a = 0; a < apis; a++)
            cs_grid_add(&grid, "%s", cs_crossover_words(t->arena, &rows[r].crossover, a));
    }
    cs_grid_print(&grid, t, 0, false);
}
