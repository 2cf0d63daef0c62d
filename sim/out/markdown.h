/* Markdown: the answer for a pull request: a sentence, limits, options, APIs, checks, and the rest
 * folded away.
 *
 * GitHub tables; text from files has its '|', '*', '_', '<' and '`' escaped. Figures are those of
 * the report, rounded in the same way.
 */
#ifndef CS_OUT_MARKDOWN_H
#define CS_OUT_MARKDOWN_H
#include <stdio.h>
#include "plan/plan.h"

/* Text with what Markdown would take for its own escaped. */
void cs_markdown_text(const char *text, FILE *out);
void cs_markdown_print(const struct cs_answer *answer, FILE *out);

#endif
