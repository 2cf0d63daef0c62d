/* HTML: what the pages have in common: cells, tables, figures, the style and the script.
 *
 * A page is one file without anything from a network: style, script and drawings are in it, so that
 * it can be mailed, archived and printed. Tables scroll inside their own box where there is no
 * room; every figure has the table that it was drawn from behind it.
 *
 * The rule: text from a file is escaped on its way out. Nothing is allocated.
 */
#ifndef CS_OUT_HTML_H
#define CS_OUT_HTML_H
#include <stddef.h>
#include <stdio.h>

/* <tag>text</tag>; a tag may have attributes: "td class=\"n\"". */
void cs_html_cell(FILE *out, const char *tag, const char *text);
/* A paragraph; nothing where the text is NULL or "". */
void cs_html_words(FILE *out, const char *text);
/* A table: `name` is for readers aloud, the
 * heads stand above the columns; those that begin with '<' are of texts, the others of numbers. */
void cs_html_table_open(FILE *out, const char *name, const char *const *heads, size_t count);
void cs_html_table_close(FILE *out);
/* A row of texts under such heads; the first one names the row. */
void cs_html_row(FILE *out, const char *const *heads, const char *const *texts, size_t count);
/* A figure with its title above; the words below it are in `note` (NULL: none). Its table is to be
 * written between `table` and `close`. */
void cs_html_figure_open(FILE *out, const char *title);
void cs_html_figure_table(FILE *out, const char *note);
void cs_html_figure_close(FILE *out);

/* For the head and the end of a page. */
void cs_html_put_style(FILE *out);
void cs_html_put_script(FILE *out);

#endif
