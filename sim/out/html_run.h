/* The report as a page: the answer of `run` with its charts and everything it rests on.
 *
 * The same words and figures as the report (out/words.h, out/money.h), in one file (out/html.h):
 * the answer; load, latency and grids by hour; costs in parts; the crossover; the options in a
 * table that can be sorted; checks; and every assumption with its source.
 *
 * The rule: a page holds neither the time nor a path of the machine that made it.
 * Scratch memory is an arena of its own.
 */
#ifndef CS_OUT_HTML_RUN_H
#define CS_OUT_HTML_RUN_H
#include "plan/crossover.h"
#include "plan/uncertainty.h"
#include <stdio.h>

struct cs_html_run {
    const struct cs_answer *answer;
    const struct cs_crossover *crossover;   /* along the volume; NULL: none */
    const char *no_crossover;               /* why there is none */
    const struct cs_uncertainty *uncertain; /* NULL: all inputs are sure */
};
void cs_html_print_run(const struct cs_html_run *run, FILE *out);

/* Parts of that page. Load, busy share, latency and grids by window of an option's run; what one's
 * own fleet (NULL: none) and the APIs cost, in parts. */
void cs_html_put_hours(const struct cs_answer *answer, const struct cs_option_answer *option,
                       struct cs_arena *arena, FILE *out);
void cs_html_put_costs(const struct cs_answer *answer, const struct cs_option_answer *option,
                       struct cs_arena *arena, FILE *out);
void cs_html_put_crossover(const struct cs_html_run *run, struct cs_arena *arena, FILE *out);
/* Defaults, prices and sheets, each with its source. */
void cs_html_put_sources(const struct cs_answer *answer, struct cs_arena *arena, FILE *out);

#endif
