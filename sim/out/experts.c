/* What experts.h promises.
 *
 * The rule: a share says what it is a share of, and a sentence names the policy in the words of the
 * scenario file. Which sentences there are depends on what is known: ranks only with expert
 * parallelism, a cache only where there is one, disks only where the host has some.
 */
#include "out/experts.h"
#include <math.h>
#include "out/figure.h"
#include "out/words.h"
#include "perf/experts.h"

const char cs_experts_terms[] =
    "alone: a request's answer, nobody else there; full: all answers of a replica without pause, "
    "their prompts' time included";

/* A time that is known to a tenth of itself. */
static const char *about(struct cs_arena *arena, double seconds)
{
    const struct cs_interval known = {seconds, 0.9 * seconds, 1.1 * seconds};
    return cs_arena_strdup(arena, cs_figure_time_value(known).text);
}

static const char *ranks(struct cs_arena *a, const struct cs_option_answer *o)
{
    const struct cs_loading *const l = &o->loading;
    const char *words = cs_arena_printf(
        a, "%d ranks: at %s the busiest has %s times the visits of the mean one",
        o->option->expert_parallel, cs_words_count(a, l->batch, "token"),
        cs_figure_short(l->imbalance).text);
    if (o->option->experts.balanced)
        words = cs_arena_printf(a, "%s, %s with experts as they come", words,
                                cs_figure_short(l->imbalance_plain).text);
    if (l->dropped > 0)
        words = cs_arena_printf(a, "%s; %s of the visits are above the capacity of an expert and "
                                "dropped", words, cs_figure_percent(l->dropped).text);
    return words;
}

static const char *where(struct cs_arena *a, const struct cs_option_answer *o)
{
    const struct cs_loading *const l = &o->loading;
    const enum cs_expert_policy policy = o->option->experts.policy;
    const char *const share =
        isnan(l->host_share)
            ? ""
            : cs_arena_printf(a, ", %s of the host's memory%s",
                              cs_figure_percent(l->host_share).text,
                              l->host_share > cs_experts_host_share ? ", so on its disks too" : "");
    return cs_arena_printf(
        a, "the GPUs hold %s of a layer's %s experts; the others (%s%s) are %s (%s)",
        cs_figure_short(l->resident).text, cs_figure_number(l->experts, 0).text,
        cs_figure_si(l->host_bytes, "B").text, share,
        policy == CS_EXPERTS_CPU ? "computed by the host" : "copied when needed",
        cs_expert_policy_names[policy]);
}

static const char *found(struct cs_arena *a, const struct cs_loading *l)
{
    const char *const words = cs_arena_printf(
        a, "a step of %s visits %s experts of a layer, and the GPUs hold %s of them",
        cs_words_count(a, l->batch, "token"), cs_figure_short(l->touched).text,
        cs_figure_percent(l->found).text);
    if (isnan(l->trial_found))
        return words;
    return cs_arena_printf(a, "%s (%s in a cache simulated token by token); %s are copied for each "
                           "token", words, cs_figure_percent(l->trial_found).text,
                           cs_figure_si(l->copied_per_token, "B").text);
}

static void add_table(struct cs_experts_words *w, struct cs_arena *a, const struct cs_loading *l)
{
    static const char *const headings[CS_EXPERTS_COLUMNS] = {
        "memory, per GPU", "experts held", "found", "tok/s alone", "tok/s full"};
    w->row_count = l->more_count + 2;
    w->rows = cs_arena_alloc(a, w->row_count, sizeof *w->rows);
    for (int c = 0; c < CS_EXPERTS_COLUMNS; c++)
        w->rows[0][c] = headings[c];
    for (size_t i = 0; i <= l->more_count; i++) {
        const struct cs_loading_more now = {0, l->resident, l->found, l->decode_tok_s,
                                            l->output_tok_s};
        const struct cs_loading_more *const m = i ? &l->more[i - 1] : &now;
        const char **const row = w->rows[i + 1];
        row[0] = i ? cs_arena_printf(a, "+ %s", cs_figure_si(m->bytes, "B").text) : "as it is";
        row[1] = cs_arena_strdup(a, cs_figure_short(m->resident).text);
        row[2] = cs_arena_strdup(a, cs_figure_percent(m->found).text);
        row[3] = cs_arena_strdup(a, cs_figure_short(m->decode_tok_s).text);
        row[4] = cs_arena_strdup(a, cs_figure_short(m->output_tok_s).text);
    }
}

struct cs_experts_words cs_experts_words(struct cs_arena *a, const struct cs_option_answer *o)
{
    const struct cs_loading *const l = &o->loading;
    struct cs_experts_words w = {.line_count = 0};
    if (l->imbalance > 0)
        w.lines[w.line_count++] = ranks(a, o);
    if (!l->known)
        return w;
    w.lines[w.line_count++] = where(a, o);
    w.lines[w.line_count++] = found(a, l);
    if (!isnan(l->start_s))
        w.lines[w.line_count++] =
            cs_arena_printf(a, "a new replica reads its weights from disk in %s",
                            about(a, l->start_s));
    if (!isnan(l->warm_s))
        w.lines[w.line_count++] =
            cs_arena_printf(a, "a cold start costs %s of further copies, a change of topic %s; "
                            "once that is over %s are found", about(a, l->warm_s),
                            about(a, l->topic_s), cs_figure_percent(l->topic_found).text);
    add_table(&w, a, l);
    return w;
}
