/* Trees: the nodes of JSON that all json*.c are written with.
 *
 * A node goes into an object under its name, or at the end of an array where the name is NULL.
 * Numbers are written with the fewest digits that read back as the same double; what does not
 * exist (NaN, an infinity, a text that is NULL) is null, so that every name is there.
 *
 * The rule: out of memory ends the program, as everywhere. Nodes are cJSON's, malloc'd; texts are
 * copied into them, and cs_tree_print frees all.
 */
#ifndef CS_OUT_JSON_TREE_H
#define CS_OUT_JSON_TREE_H
#include <stdbool.h>
#include <stdio.h>

struct cJSON;
struct cJSON *cs_tree_new(void); /* an object without a parent */
struct cJSON *cs_tree_put(struct cJSON *into, const char *name, struct cJSON *node);
struct cJSON *cs_tree_object(struct cJSON *into, const char *name);
struct cJSON *cs_tree_array(struct cJSON *into, const char *name);
void cs_tree_number(struct cJSON *into, const char *name, double value);
void cs_tree_text(struct cJSON *into, const char *name, const char *text);
void cs_tree_bool(struct cJSON *into, const char *name, bool value);
/* An array of two numbers. */
void cs_tree_pair(struct cJSON *into, const char *name, double a, double b);
/* Prints the tree with a newline, and frees it. */
void cs_tree_print(struct cJSON *root, FILE *out);

#endif
