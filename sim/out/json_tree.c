/* Trees of JSON, built with cJSON (see json_tree.h).
 *
 * cJSON prints doubles with 15 or 17 digits as it sees fit, so numbers go in as raw text of our
 * own. The rule: every node passes cs_tree_put, which checks that there was memory for it.
 */
#include "out/json_tree.h"
#include <cJSON.h>
#include <math.h>
#include "base/check.h"
#include "out/json.h"

struct cJSON *cs_tree_new(void)
{
    cJSON *const root = cJSON_CreateObject();
    cs_check(root != NULL);
    return root;
}

struct cJSON *cs_tree_put(struct cJSON *into, const char *name, struct cJSON *node)
{
    cs_check(node != NULL && (name ? cJSON_AddItemToObject(into, name, node)
                                   : cJSON_AddItemToArray(into, node)));
    return node;
}

struct cJSON *cs_tree_object(struct cJSON *into, const char *name)
{
    return cs_tree_put(into, name, cJSON_CreateObject());
}

struct cJSON *cs_tree_array(struct cJSON *into, const char *name)
{
    return cs_tree_put(into, name, cJSON_CreateArray());
}

void cs_tree_number(struct cJSON *into, const char *name, double value)
{
    char text[32];
    cs_json_number(value, text);
    cs_tree_put(into, name, isfinite(value) ? cJSON_CreateRaw(text) : cJSON_CreateNull());
}

void cs_tree_text(struct cJSON *into, const char *name, const char *text)
{
    cs_tree_put(into, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void cs_tree_bool(struct cJSON *into, const char *name, bool value)
{
    cs_tree_put(into, name, cJSON_CreateBool(value));
}

void cs_tree_pair(cJSON *into, const char *name, double a, double b)
{
    cJSON *const pair = cs_tree_array(into, name);
    cs_tree_number(pair, NULL, a);
    cs_tree_number(pair, NULL, b);
}

void cs_tree_print(struct cJSON *root, FILE *out)
{
    char *const text = cJSON_Print(root);
    cs_check(text != NULL);
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}
