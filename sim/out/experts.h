/* Experts: what a report says of those that the GPUs hold in part, or divide over ranks.
 *
 * Sentences and the cells of one table, the same for text and Markdown; the figures are those of
 * plan/loading.h. Texts are UTF-8, in the arena given.
 */
#ifndef CS_OUT_EXPERTS_H
#define CS_OUT_EXPERTS_H
#include "plan/plan.h"

enum { CS_EXPERTS_LINES = 5, CS_EXPERTS_COLUMNS = 5 };
struct cs_experts_words {
    const char *lines[CS_EXPERTS_LINES];
    size_t line_count; /* 0: there is nothing to say */
    const char *(*rows)[CS_EXPERTS_COLUMNS]; /* what further memory buys; the first: headings */
    size_t row_count;                        /* 0: no table */
};

struct cs_experts_words cs_experts_words(struct cs_arena *arena,
                                         const struct cs_option_answer *option);

/* What "alone" and "full" mean in that table. */
extern const char cs_experts_terms[];

#endif
