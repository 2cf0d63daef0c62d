/* Fuzz entry point: YAML to a tree, an edit, a check by every table, and the renderer.
 *
 * Up to the first line "%%" the bytes are the document, after it the text of a --set. What must
 * hold: no crash; a document is either a tree or at least one error; places lie within reason.
 * The catalogue is not asked, so that no input can name a file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec/seal.h"
#include "spec/tables.h"
#include "spec/yaml.h"

static void check_places(const struct cs_node *node)
{
    if (node->span.line < 1 || node->span.column < 1 || node->span.length < 1)
        abort();
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            check_places(node->keys[i]);
        check_places(node->items[i]);
    }
}

static void check_all(struct cs_node *root, struct cs_arena *arena, struct cs_diags *diags)
{
    for (int kind = 0; kind < CS_SHEET_SCENARIO; kind++)
        cs_seal_sheet((enum cs_sheet_kind)kind, root, NULL, arena, diags);
    struct cs_schema schema = {.arena = arena, .diags = diags, .keep_defaults = true};
    struct cs_scenario_text text = {0};
    if (root->kind == CS_NODE_MAP)
        cs_schema_read(&schema, &cs_table_scenario, root, "", &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = "\n%%\n";
    struct cs_arena arena;
    struct cs_diags diags;
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    char *const text = cs_arena_strndup(&arena, (const char *)data, size);
    char *const cut = strstr(text, mark);
    const struct cs_source source = {"fuzz.yaml", text, cut ? (size_t)(cut - text) : size};
    struct cs_node *const root = cs_yaml_parse(&source, &arena, &diags);
    if (!root && !diags.errors)
        abort();
    if (root) {
        if (cut)
            cs_node_set(root, cut + sizeof mark - 1, &arena, &diags);
        check_places(root);
        check_all(root, &arena, &diags);
    }
    char *printed = NULL;
    size_t printed_size = 0;
    FILE *const out = open_memstream(&printed, &printed_size);
    if (!out)
        abort();
    cs_diags_print(&diags, out);
    fclose(out);
    for (size_t i = 0; i < printed_size; i++) /* nothing of the input moves a terminal */
        if ((unsigned char)printed[i] < 0x20 && printed[i] != '\n')
            abort();
    free(printed);
    cs_arena_fini(&arena);
    return 0;
}
