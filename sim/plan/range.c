/* Reading ranges: see range.h.
 *
 * The grammar is tried from the right: ":10" or "x2" at the end, then ".." in what is left; a text
 * without ".." is a list. Ends with different units (1k..5M tokens/day) are converted into that of
 * the second by the key's own dimension.
 * Memory: the arena given.
 */
#include "plan/range.h"
#include "base/unit.h"
#include "spec/tables.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 10, STEPS_MOST = 100000 };

struct reading {
    struct cs_range *range;
    struct cs_source *source;
    const char *values; /* behind '=' in the source */
    struct cs_arena *arena;
    struct cs_diags *diags;
    const char **list;
    size_t count;
};

static bool fail(const struct reading *r, const char *at, size_t length, const char *hint,
                 const char *what)
{
    const struct cs_span span = {.source = r->source,
                                 .line = 1,
                                 .column = (int)(at - r->source->text) + 1,
                                 .length = length > 0 ? (int)length : 1};
    cs_diag_error(r->diags, span, hint, "%s", what);
    return false;
}

static void add_value(struct reading *r, const char *value)
{
    r->list = cs_arena_grow(r->arena, r->list, r->count, sizeof *r->list);
    r->list[r->count++] = value;
    r->range->values = r->list;
    r->range->count = r->count;
}

/* --- lists ----------------------------------------------------------------------------------- */

static bool read_list(struct reading *r)
{
    int depth = 0;
    char quote = 0;
    const char *from = r->values;
    for (const char *p = r->values;; p++) {
        if (quote ? *p == quote : *p == '"' || *p == '\'')
            quote = quote ? 0 : *p;
        depth += !quote && (*p == '[' || *p == '{');
        depth -= !quote && (*p == ']' || *p == '}');
        if (*p && (*p != ',' || depth > 0 || quote))
            continue;
        while (*from == ' ')
            from++;
        size_t length = (size_t)(p - from);
        while (length > 0 && from[length - 1] == ' ')
            length--;
        if (length == 0)
            return fail(r, from < p ? from : p, 1, "write key=a,b,c or key=a..b:10",
                        "a value is missing");
        add_value(r, cs_arena_strndup(r->arena, from, length));
        if (!*p)
            return true;
        from = p + 1;
    }
}

/* --- ranges ---------------------------------------------------------------------------------- */

/* A number and what follows it; false: it begins with none. */
static bool split(const char *text, size_t length, double *number, const char **rest,
                  struct cs_arena *arena)
{
    const char *const copy = cs_arena_strndup(arena, text, length);
    char *end;
    *number = strtod(copy, &end);
    if (end == copy || !isfinite(*number) || *copy == ' ')
        return false;
    size_t tail = strlen(end);
    while (tail > 0 && end[tail - 1] == ' ')
        tail--;
    *rest = cs_arena_strndup(arena, end, tail);
    return true;
}

/* What 1 of the unit is in SI, by the key's dimension; 0: not known. */
static double si_of(const struct cs_key *key, const char *unit, struct cs_arena *arena)
{
    struct cs_unit_error error;
    double value;
    const char *const one = cs_arena_printf(arena, "1%s", unit);
    const bool quantity = key != NULL && (key->kind == CS_KEY_QUANTITY ||
                                          key->kind == CS_KEY_COUNT || key->kind == CS_KEY_COUNT64);
    if (!quantity || (!*unit && key->bare))
        return *unit ? 0.0 : 1.0;
    return cs_unit_parse(one, strlen(one), key->unit, &value, &error) ? value : 0.0;
}

const char *cs_range_value(const struct cs_range *range, double value, struct cs_arena *arena)
{
    char number[32];
    snprintf(number, sizeof number, "%.12g", value == 0.0 ? 0.0 : value);
    if (fabs(value) < 1e15 && value == floor(value))
        snprintf(number, sizeof number, "%.0f", value == 0.0 ? 0.0 : value);
    return cs_arena_printf(arena, "%s%s", number, range->unit);
}

const char *cs_range_at(const struct cs_range *range, double u, struct cs_arena *arena)
{
    if (!range->continuous) {
        const size_t i = (size_t)(u * (double)range->count);
        return range->values[i < range->count ? i : range->count - 1];
    }
    const double value = range->log ? range->low * pow(range->high / range->low, u)
                                    : range->low + u * (range->high - range->low);
    return cs_range_value(range, range->whole ? floor(value + 0.5) : value, arena);
}

static bool is_whole(double x)
{
    return x == floor(x) && fabs(x) < 1e9;
}

/* A value of a range; of a key of whole numbers the nearest one, once. */
static void add_step(struct reading *r, double v)
{
    const struct cs_range *const g = r->range;
    const char *const text = cs_range_value(g, g->whole ? floor(v + 0.5) : v, r->arena);
    if (g->whole && r->count > 0 && strcmp(text, r->list[r->count - 1]) == 0)
        return;
    add_value(r, text);
}

/* The values of a range: by factor, by number, or whole numbers one by one. */
static bool add_steps(struct reading *r, double factor, long steps)
{
    struct cs_range *const g = r->range;
    if (factor != 0.0) {
        g->log = true;
        if (factor < 0.0 || !(g->low > 0.0))
            return fail(r, r->values, strlen(r->values), "as in 1M..1G tokens/day x2",
                        "steps by a factor need one above 1, and ends above 0");
        if (log(g->high / g->low) / log(factor) > STEPS_MOST)
            return fail(r, r->values, strlen(r->values), NULL, "a range of more than 100000 steps");
        for (double i = 0.0, v = g->low; v <= g->high * (1.0 + 1e-9); v = g->low * pow(factor, ++i))
            add_step(r, v);
        return true;
    }
    const bool whole = !*g->unit && is_whole(g->low) && is_whole(g->high);
    if (steps == 0)
        steps = whole && g->high - g->low < STEPS_MOST ? (long)(g->high - g->low) + 1 : STEPS;
    for (long i = 0; i < steps; i++) {
        const double share = steps > 1 ? (double)i / (double)(steps - 1) : 0.0;
        const double v =
            i + 1 == steps && steps > 1 ? g->high : g->low + share * (g->high - g->low);
        add_step(r, v);
    }
    return true;
}

/* "xF" or ":N" at the end of a text of that length; returns the length without it. */
static size_t cut_steps(const char *text, size_t length, double *factor, long *steps)
{
    size_t digits = length;
    while (digits > 0 && strchr("0123456789.", text[digits - 1]) != NULL)
        digits--;
    if (digits == length || digits == 0 || (text[digits - 1] != 'x' && text[digits - 1] != ':'))
        return length;
    char number[32];
    snprintf(number, sizeof number, "%.*s", (int)(length - digits), text + digits);
    char *end;
    if (text[digits - 1] == 'x') {
        *factor = strtod(number, &end);
        *factor = *end || !(*factor > 1.0) ? -1.0 : *factor; /* none that steps */
    } else {
        *steps = strtol(number, &end, 10);
        *steps = *end ? -1 : *steps;
    }
    size_t left = digits - 1;
    while (left > 0 && text[left - 1] == ' ')
        left--;
    return left;
}

static bool read_range(struct reading *r, const char *dots)
{
    struct cs_range *const g = r->range;
    double factor = 0.0;
    long steps = 0;
    const char *const second = dots + 2 + strspn(dots + 2, " ");
    const size_t length = cut_steps(second, strlen(second), &factor, &steps);
    const char *low_unit, *high_unit;
    if (!split(r->values, (size_t)(dots - r->values), &g->low, &low_unit, r->arena))
        return fail(r, r->values, (size_t)(dots - r->values), "as in 10M..100M tokens/day:10",
                    "the range does not begin with a number");
    if (!split(second, length, &g->high, &high_unit, r->arena))
        return fail(r, second, length, "as in 10M..100M tokens/day:10",
                    "the range does not end with a number");
    if (steps < 0 || steps > STEPS_MOST || (strchr(second + length, ':') && steps < 1))
        return fail(r, second + length, strlen(second + length), "from 1 to 100000",
                    "so many steps cannot be taken");
    const struct cs_key *const key = cs_table_find(&cs_table_scenario, g->key);
    g->unit = high_unit;
    g->whole = key != NULL && (key->kind == CS_KEY_COUNT || key->kind == CS_KEY_COUNT64);
    g->si = si_of(key, high_unit, r->arena);
    const char *const space = strchr(high_unit, ' ');
    if (strlen(low_unit) == 1 && strchr("kKMGBT", *low_unit) && space != NULL) /* 1M..1G tokens */
        low_unit = cs_arena_printf(r->arena, "%s%s", low_unit, space);
    if (*low_unit && strcmp(low_unit, high_unit) != 0) {
        const double other = si_of(key, low_unit, r->arena);
        if (other == 0.0 || g->si == 0.0)
            return fail(r, r->values, (size_t)(dots - r->values), "write both with the same unit",
                        "the ends of the range have different units");
        g->low *= other / g->si;
    }
    if (!(g->low < g->high))
        return fail(r, r->values, strlen(r->values), NULL,
                    "the range does not rise from its first end to its second");
    g->continuous = true;
    return add_steps(r, factor, steps);
}

bool cs_range_parse(struct cs_range *range, const char *text, const char *option,
                    struct cs_arena *arena, struct cs_diags *diags)
{
    *range = (struct cs_range){.unit = ""};
    struct cs_source *const source = cs_arena_alloc(arena, 1, sizeof *source);
    *source = (struct cs_source){
        .name = option, .text = cs_arena_strdup(arena, text), .size = strlen(text)};
    struct reading r = {
        .range = range, .source = source, .values = source->text, .arena = arena, .diags = diags};
    const char *const equals = strchr(source->text, '=');
    if (equals == NULL || equals == source->text)
        return fail(&r, source->text, source->size,
                    "write key=values, such as deploy.replicas=1..8", "this varies nothing");
    range->key = cs_arena_strndup(arena, source->text, (size_t)(equals - source->text));
    range->text = r.values = equals + 1;
    const char *const dots = strstr(r.values, "..");
    const bool list = dots == NULL || dots == r.values || strpbrk(r.values, ",[{\"'") != NULL ||
                      dots[2] == '/' || dots[-1] == '/';
    return list ? read_list(&r) : read_range(&r, dots);
}
