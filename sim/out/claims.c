/* Claims in words (see claims.h).
 *
 * A figure is shown in the unit that people say it in, an answer's interval only where it has one.
 * How far off a claim is is told as a factor from ten per cent on: "19 times as much".
 * Memory: the arena of the text, or one of its own.
 */
#include "out/claims.h"
#include "base/unit.h"
#include "out/figure.h"
#include "out/markdown.h"
#include <math.h>
#include <string.h>

/* --- words ----------------------------------------------------------------------------------- */

/* A number with prefixes for tokens, with commas for the rest, then its unit. */
static const char *quantity(struct cs_arena *arena, double value, const char *unit)
{
    const bool tokens = strncmp(unit, "tok", 3) == 0;
    const bool money = strncmp(unit, "USD", 3) == 0;
    const bool whole = !*unit && value == floor(value) && value < 1e6;
    const char *const number = whole ? cs_figure_number(value, 0).text
                               : tokens && value >= 1e4 ? cs_figure_parameters(value).text
                               : money                ? cs_figure_usd(value).text
                                                      : cs_figure_short(value).text;
    return cs_arena_printf(arena, "%s%s%s", number, *unit ? " " : "", unit);
}

static double unit_si(enum cs_claim_kind kind)
{
    struct cs_unit_error error;
    double si = 1.0;
    char one[64];
    const struct cs_claim_info *const info = &cs_claim_infos[kind];
    snprintf(one, sizeof one, "1 %s", info->shown);
    return *info->shown && cs_unit_parse(one, strlen(one), info->unit, &si, &error) ? si : 1.0;
}

static const char *answer_words(struct cs_arena *arena, const struct cs_finding *f)
{
    const enum cs_claim_kind kind = f->claimed->kind;
    if (isnan(f->value))
        return f->why;
    return quantity(arena, f->value / unit_si(kind), cs_claim_infos[kind].shown);
}

/* "" where it has no width that shows. */
static const char *interval_words(struct cs_arena *arena, const struct cs_finding *f)
{
    const enum cs_claim_kind kind = f->claimed->kind;
    const double si = unit_si(kind);
    if (isnan(f->value) || !(f->hi > f->lo))
        return "";
    const bool tokens = strncmp(cs_claim_infos[kind].shown, "tok", 3) == 0 && f->hi / si >= 1e4;
    const double ends[] = {f->lo / si, f->hi / si};
    const char *words[2];
    for (int i = 0; i < 2; i++)
        words[i] = !isfinite(ends[i]) ? "none will do"
                   : tokens ? cs_arena_strdup(arena, cs_figure_parameters(ends[i]).text)
                            : quantity(arena, ends[i], "");
    return strcmp(words[0], words[1]) == 0
               ? ""
               : cs_arena_printf(arena, "%s to %s", words[0], words[1]);
}

static const char *times(struct cs_arena *arena, double factor)
{
    if (factor < 0.1 || factor > 10)
        return factor > 1
                   ? cs_arena_printf(arena, "%s times as much", cs_figure_number(factor, 0).text)
                   : cs_arena_printf(arena, "1/%s of it", cs_figure_number(1 / factor, 0).text);
    if (factor >= 1.5)
        return cs_arena_printf(arena, "%s times as much", cs_figure_ratio(factor).text);
    if (factor > 1)
        return cs_arena_printf(arena, "%s more", cs_figure_percent(factor - 1).text);
    return cs_arena_printf(arena, "%s less", cs_figure_percent(1 - factor).text);
}

static const char *verdict_words(struct cs_arena *arena, const struct cs_finding *f)
{
    switch (f->verdict) {
    case CS_CLAIM_HOLDS:
        return "holds";
    case CS_CLAIM_NEAR:
        return cs_arena_printf(arena, "near: it is %s", times(arena, f->factor));
    case CS_CLAIM_UNANSWERED:
        return "no answer";
    case CS_CLAIM_FAILS:
    default:
        return isnan(f->factor)
                   ? "fails"
                   : cs_arena_printf(arena, "fails: it is %s", times(arena, f->factor));
    }
}

static const char *figure_words(struct cs_arena *arena, const struct cs_trial_of_claim *t,
                                const struct cs_finding *f)
{
    const struct cs_claimed *const c = f->claimed;
    const char *words = cs_claim_infos[c->kind].words;
    if (c->kind == CS_CLAIM_API_USD_PER_DAY)
        return cs_arena_printf(arena, "bill of %s", c->api->label);
    if (c->kind == CS_CLAIM_CROSSOVER)
        return cs_arena_printf(arena, "%s, against %s", words, c->api->label);
    if (c->kind == CS_CLAIM_TIMES_CHEAPER)
        return cs_arena_printf(arena, "bill of %s over cost of one's own", c->api->label);
    if (c->kind == CS_CLAIM_TIMES_FASTER)
        return cs_arena_printf(arena, "%s (%s)", words,
                               t->scenario->options[c->than - 1].model->name);
    return f->of ? cs_arena_printf(arena, "%s (%s)", words, f->of) : words;
}

static const char *sum_words(struct cs_arena *arena, const struct cs_sum *s)
{
    if (cs_sum_comes_out(s))
        return "it comes out";
    return cs_arena_printf(arena, "it is %s, %s", quantity(arena, s->left / s->unit_si, s->unit),
                           times(arena, s->left / s->right));
}

/* "1 of 3 figures holds, 1 is near" */
static const char *summary(struct cs_arena *arena, const struct cs_trial_of_claim *t)
{
    const size_t holds = t->verdicts[CS_CLAIM_HOLDS], near = t->verdicts[CS_CLAIM_NEAR];
    const char *words = holds == t->count && t->count == 1 ? "holds"
                        : holds == t->count                ? "all figures hold"
                        : holds + near == 0
                            ? "no figure holds"
                            : cs_arena_printf(arena, "%zu of %zu figures hold", holds, t->count);
    if (t->count == 0)
        words = "no figures";
    if (near > 0 && holds < t->count)
        words = cs_arena_printf(arena, "%s, %zu near", words, near);
    if (t->scenario->claim->sum_count > 0)
        words =
            cs_arena_printf(arena, "%s; %s", words,
                            t->sums_wrong == 0 ? "its sums come out"
                            : t->scenario->claim->sum_count == 1
                                ? "its sum does not come out"
                                : cs_arena_printf(arena, "%zu of %zu sums do not come out",
                                                  t->sums_wrong, t->scenario->claim->sum_count));
    return words;
}

static const char *number(const struct cs_trial_of_claim *t)
{
    return t->scenario->claim->number ? t->scenario->claim->number : "";
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_one(const struct cs_trial_of_claim *t, const struct cs_text *text)
{
    const struct cs_claim *const c = t->scenario->claim;
    struct cs_grid grid;
    cs_text_section(text, "CLAIM",
                    *number(t) ? cs_arena_printf(text->arena, "%s. %s", number(t), c->says)
                               : c->says);
    cs_text_section(text, NULL,
                    cs_arena_printf(text->arena, "%s%s%s", c->source ? c->source : "",
                                    c->source ? " · " : "", t->scenario->path));
    for (size_t i = 0; i < c->sum_count; i++)
        cs_text_section(text, i ? NULL : "SUMS",
                        cs_arena_printf(text->arena, "%s: %s", c->sums[i].text,
                                        sum_words(text->arena, &c->sums[i])));
    cs_text_put(text, "\n");
    if (t->count == 0)
        return;
    cs_grid_init(&grid, text->arena, "llllw");
    cs_grid_row(&grid, "CLAIMED", "capsim", "95 %", "verdict", "figure");
    for (size_t i = 0; i < t->count; i++) {
        const struct cs_finding *const f = &t->findings[i];
        cs_grid_row(&grid, f->claimed->text, answer_words(text->arena, f),
                    interval_words(text->arena, f), verdict_words(text->arena, f),
                    figure_words(text->arena, t, f));
    }
    cs_grid_print(&grid, text, 0, true);
    cs_text_put(text, "\n");
}

void cs_claims_print(const struct cs_trial_of_claim *trials, size_t count,
                     const struct cs_text *text)
{
    for (size_t i = 0; i < count; i++)
        print_one(&trials[i], text);
    if (count < 2)
        return;
    struct cs_grid grid;
    cs_grid_init(&grid, text->arena, "llw");
    cs_grid_row(&grid, "CLAIMS", "verdict", "");
    for (size_t i = 0; i < count; i++)
        cs_grid_row(&grid, number(&trials[i]), summary(text->arena, &trials[i]),
                    trials[i].scenario->claim->says);
    cs_grid_print(&grid, text, 0, true);
}

/* --- Markdown -------------------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void put_cell(const char *text, FILE *out)
{
    fputs("| ", out);
    cs_markdown_text(text, out);
    putc(' ', out);
}

static void print_section(const struct cs_trial_of_claim *t, const char *prefix,
                          struct cs_arena *arena, FILE *out)
{
    const struct cs_claim *const c = t->scenario->claim;
    fputs("\n## ", out);
    if (*number(t))
        fprintf(out, "%s. ", number(t));
    cs_markdown_text(t->scenario->name, out);
    fputs("\n\n> ", out);
    cs_markdown_text(c->says, out);
    fprintf(out, "\n\n[%s](%s%s): ", file_name(t->scenario->path), prefix, t->scenario->path);
    cs_markdown_text(summary(arena, t), out);
    fputs(".\n", out);
    for (size_t i = 0; i < c->sum_count; i++) {
        fprintf(out, "%s- `%s`: ", i ? "" : "\n", c->sums[i].text);
        cs_markdown_text(sum_words(arena, &c->sums[i]), out);
        fputs(".\n", out);
    }
    if (t->count > 0)
        fputs("\n| figure | claimed | capsim | 95 % | verdict |\n|:--|--:|--:|:--|:--|\n", out);
    for (size_t i = 0; i < t->count; i++) {
        const struct cs_finding *const f = &t->findings[i];
        put_cell(figure_words(arena, t, f), out);
        put_cell(f->claimed->text, out);
        put_cell(answer_words(arena, f), out);
        put_cell(interval_words(arena, f), out);
        put_cell(verdict_words(arena, f), out);
        fputs("|\n", out);
    }
    if (c->note) {
        fputs("\n", out);
        cs_markdown_text(c->note, out);
        fputs("\n", out);
    }
}

void cs_claims_print_markdown(const struct cs_trial_of_claim *trials, size_t count,
                              const char *prefix, FILE *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena);
    fputs("| # | claim | verdict |\n|--:|:--|:--|\n", out);
    for (size_t i = 0; i < count; i++) {
        put_cell(number(&trials[i]), out);
        put_cell(trials[i].scenario->claim->says, out);
        put_cell(summary(&arena, &trials[i]), out);
        fputs("|\n", out);
    }
    for (size_t i = 0; i < count; i++)
        print_section(&trials[i], prefix, &arena, out);
    cs_arena_fini(&arena);
}
