/* Points and rows of a sweep: see sweep.h.
 *
 * Everything is printed from the store, which holds JSON, so that a resumed sweep prints what an
 * uninterrupted one does. CSV makes two passes, since its columns are those of all rows.
 * Memory: scratch arenas, one a row.
 */
#include "out/sweep.h"
#include "base/check.h"
#include "out/csv.h"
#include "out/figure.h"
#include "out/money.h"
#include "out/json.h"
#include "out/json_tree.h"
#include "out/words.h"
#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- a point --------------------------------------------------------------------------------- */

static char *print_values(const struct cs_sweep *sweep, const char *const *values)
{
    cJSON *const object = cs_tree_new();
    for (int a = 0; a < sweep->axis_count; a++)
        cs_tree_text(object, sweep->axes[a].key, values[a]);
    char *const text = cJSON_PrintUnformatted(object);
    cs_check(text != NULL);
    cJSON_Delete(object);
    return text;
}

/* The first error in one line: "deploy.gpus is 3, no multiple of ..." */
static const char *first_error(const struct cs_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        if (diags->items[i].level == CS_DIAG_ERROR)
            return diags->items[i].message;
    return NULL;
}

static void put_bills(cJSON *node, const struct cs_answer *answer)
{
    cJSON *const apis = cs_tree_object(node, "apis");
    const struct cs_api_answer *cheapest = NULL;
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        const bool taken = cJSON_GetObjectItemCaseSensitive(apis, a->api->name) != NULL;
        cJSON *const one = cs_tree_object(apis, taken ? cs_words_api(a) : a->api->name);
        cs_tree_number(one, "usd_per_day", a->usd_per_day);
        cs_tree_number(one, "usd_per_mtok", a->usd_per_mtok);
        if (!cheapest && isfinite(a->usd_per_day))
            cheapest = a;
    }
    const struct cs_option_answer *const best =
        answer->best >= 0 ? &answer->options[answer->best] : NULL;
    const bool own = best && isfinite(best->cost.usd_per_day) &&
                     (!cheapest || best->cost.usd_per_day <= cheapest->usd_per_day);
    cs_tree_text(node, "cheapest", own ? "own" : cheapest ? cs_words_api(cheapest) : NULL);
}

static char *print_answer(const struct cs_answer *answer, const struct cs_diags *diags)
{
    cJSON *const node = cs_tree_new();
    const struct cs_option_answer *const o = !answer             ? NULL
                                             : answer->best >= 0 ? &answer->options[answer->best]
                                             : cs_words_subject(answer) ? cs_words_subject(answer)
                                             : answer->option_count > 0 ? &answer->options[0]
                                                                        : NULL;
    cs_tree_text(node, "status", !answer ? "bad input" : answer->best >= 0 ? "yes" : "no");
    cs_tree_text(node, "message",
                 !answer             ? first_error(diags)
                 : answer->best >= 0 ? NULL
                                     : answer->no_answer);
    if (o) {
        cJSON *const option = cs_json_option(answer, o, false);
        for (cJSON *child = option->child, *next; child; child = next) {
            next = child->next;
            cJSON *const own = cJSON_DetachItemViaPointer(option, child);
            char *const name = own->string; /* adding copies it, and frees the old one */
            char *const kept = name ? strdup(name) : NULL;
            cs_tree_put(node, kept, own);
            free(kept);
        }
        cJSON_Delete(option);
        put_bills(node, answer);
    }
    char *const text = cJSON_PrintUnformatted(node);
    cs_check(text != NULL);
    cJSON_Delete(node);
    return text;
}

const struct cs_sweep_print cs_sweep_print_json = {print_values, print_answer};

/* --- a row ----------------------------------------------------------------------------------- */

static cJSON *parsed(const char *text)
{
    cJSON *const node = cJSON_Parse(text);
    cs_check(node != NULL);
    return node;
}

void cs_sweep_row(void *user, size_t point, const char *values, const char *answer,
                  const char *const **names, const char *const **texts, size_t *count)
{
    struct cs_arena *const arena = user;
    (void)point;
    cs_arena_fini(arena);
    cs_arena_init(arena);
    size_t first, rest;
    const struct cs_json_leaf *const a = cs_json_leaves(values, arena, &first);
    const struct cs_json_leaf *const b = cs_json_leaves(answer, arena, &rest);
    const char **const n = cs_arena_alloc(arena, first + rest, sizeof *n);
    const char **const t = cs_arena_alloc(arena, first + rest, sizeof *t);
    for (size_t i = 0; i < first + rest; i++) {
        const struct cs_json_leaf *const leaf = i < first ? &a[i] : &b[i - first];
        n[i] = leaf->name;
        t[i] = leaf->value;
    }
    *names = n;
    *texts = t;
    *count = first + rest;
}

/* --- CSV ------------------------------------------------------------------------------------- */

struct csv {
    struct cs_arena arena, row;
    const char **columns;
    size_t count;
    FILE *out;
};

static size_t column_of(const struct csv *c, const char *name, size_t guess)
{
    for (size_t k = 0; k < c->count; k++)
        if (strcmp(c->columns[(guess + k) % c->count], name) == 0)
            return (guess + k) % c->count;
    return c->count;
}

static void gather(void *user, size_t point, const char *values, const char *answer)
{
    struct csv *const c = user;
    const char *const *names, *const *texts;
    size_t count;
    cs_sweep_row(&c->row, point, values, answer, &names, &texts, &count);
    for (size_t i = 0; i < count; i++) {
        if (column_of(c, names[i], i) < c->count)
            continue;
        c->columns = cs_arena_grow(&c->arena, c->columns, c->count, sizeof *c->columns);
        c->columns[c->count++] = cs_arena_strdup(&c->arena, names[i]);
    }
}

static void print_row(void *user, size_t point, const char *values, const char *answer)
{
    struct csv *const c = user;
    const char *const *names, *const *texts;
    size_t count;
    cs_sweep_row(&c->row, point, values, answer, &names, &texts, &count);
    const char **const cells = cs_arena_alloc(&c->row, c->count, sizeof *cells);
    for (size_t i = 0; i < count; i++)
        cells[column_of(c, names[i], i)] = texts[i];
    for (size_t i = 0; i < c->count; i++) {
        fputs(i ? "," : "", c->out);
        cs_csv_field(cells[i] ? cells[i] : "", c->out);
    }
    putc('\n', c->out);
}

void cs_sweep_print_csv(struct cs_store *store, FILE *out)
{
    struct csv c = {.out = out};
    cs_arena_init(&c.arena);
    cs_arena_init(&c.row);
    cs_store_each(store, gather, &c);
    for (size_t i = 0; i < c.count; i++) {
        fputs(i ? "," : "", out);
        cs_csv_field(c.columns[i], out);
    }
    putc('\n', out);
    cs_store_each(store, print_row, &c);
    cs_arena_fini(&c.row);
    cs_arena_fini(&c.arena);
}

/* --- JSON ------------------------------------------------------------------------------------ */

struct json {
    FILE *out;
    bool any;
};

static void print_object(void *user, size_t point, const char *values, const char *answer)
{
    struct json *const j = user;
    fprintf(j->out, "%s\n    {\"id\": %zu, \"values\": %s, \"answer\": %s}", j->any ? "," : "",
            point, values, answer);
    j->any = true;
}

void cs_sweep_print_json_all(const struct cs_sweep *sweep, struct cs_store *store, FILE *out)
{
    cJSON *const head = cs_tree_new();
    const struct cs_scenario *const s = sweep->study->scenario;
    cs_tree_text(head, "capsim", CS_VERSION);
    cs_tree_number(head, "schema", 1);
    cs_tree_text(head, "scenario", s->name);
    cs_tree_text(head, "file", s->path);
    cJSON *const axes = cs_tree_array(head, "axes");
    for (int a = 0; a < sweep->axis_count; a++)
        cs_tree_text(axes, NULL, sweep->axes[a].key);
    char *const text = cJSON_PrintUnformatted(head);
    cs_check(text != NULL);
    cJSON_Delete(head);
    fprintf(out, "%.*s,\n  \"points\": [", (int)strlen(text) - 1, text);
    cJSON_free(text);
    struct json j = {out, false};
    cs_store_each(store, print_object, &j);
    fputs("\n  ]}\n", out);
}

/* --- text ------------------------------------------------------------------------------------ */

enum { ROWS_MOST = 60 };

struct table {
    const struct cs_sweep *sweep;
    const struct cs_text *text;
    struct cs_grid grid;
    size_t rows, yes, no, bad;
    double least; /* USD/day of the cheapest yes */
    const char *cheapest;
};

static const cJSON *find(const cJSON *node, const char *path)
{
    char name[32];
    while (node && *path) {
        const size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        node = cJSON_GetObjectItemCaseSensitive(node, name);
        path += length + (path[length] == '.');
    }
    return node;
}

static double number_at(const cJSON *node, const char *path)
{
    const cJSON *const found = find(node, path);
    return found && cJSON_IsNumber(found) ? found->valuedouble : NAN;
}

static const char *text_at(const cJSON *node, const char *path)
{
    const cJSON *const found = find(node, path);
    return found && cJSON_IsString(found) ? found->valuestring : "";
}

static const char *joined_values(const struct cs_text *t, const cJSON *values)
{
    const char *words = "";
    for (const cJSON *v = values->child; v; v = v->next)
        words = cs_arena_printf(t->arena, "%s%s%s", words, *words ? " · " : "", v->valuestring);
    return words;
}

static void add_row(void *user, size_t point, const char *values, const char *answer)
{
    struct table *const t = user;
    cJSON *const varied = parsed(values), *const a = parsed(answer);
    const char *const status = text_at(a, "status");
    const bool yes = strcmp(status, "yes") == 0, bad = strcmp(status, "bad input") == 0;
    const double usd = number_at(a, "cost.usd_per_day");
    (void)point;
    t->yes += yes;
    t->bad += bad;
    t->no += !yes && !bad;
    if (yes && usd < t->least) {
        t->least = usd;
        t->cheapest = joined_values(t->text, varied);
    }
    if (t->rows++ < ROWS_MOST) {
        for (const cJSON *v = varied->child; v; v = v->next)
            cs_grid_add(&t->grid, "%s%s", v == varied->child ? "  " : "", v->valuestring);
        cs_grid_add(&t->grid, "%s",
                    !bad ? cs_arena_printf(t->text->arena, "%s %s", text_at(a, "hardware"),
                                           text_at(a, "precision"))
                         : "");
        cs_grid_add(&t->grid, "%s", cs_figure_number(number_at(a, "gpus"), 0).text);
        const double ttft = 1e-3 * number_at(a, "latency.ttft_ms.p95");
        const double tpot = 1e-3 * number_at(a, "latency.tpot_ms.p95");
        cs_grid_add(&t->grid, "%s",
                    cs_figure_time_value((struct cs_interval){ttft, NAN, NAN}).text);
        cs_grid_add(&t->grid, "%s",
                    cs_figure_time_value((struct cs_interval){tpot, NAN, NAN}).text);
        cs_grid_add(&t->grid, "%s",
                    cs_figure_percent(number_at(a, "utilisation.capacity_share")).text);
        cs_grid_add(&t->grid, "%s", cs_money_figure(t->sweep->study->scenario, usd).text);
        cs_grid_add(
            &t->grid, "%s",
            cs_money_figure(t->sweep->study->scenario, number_at(a, "cost.usd_per_mtok")).text);
        cs_grid_add(&t->grid, "%s",
                    yes ? "" : text_at(a, *text_at(a, "reason") ? "reason" : "message"));
    }
    cJSON_Delete(varied);
    cJSON_Delete(a);
}

void cs_sweep_print_text(const struct cs_sweep *sweep, struct cs_store *store,
                         const struct cs_text *text)
{
    char align[CS_SWEEP_AXES + 16] = "";
    struct table t = {.sweep = sweep, .text = text, .least = INFINITY};
    memset(align, 'l', (size_t)sweep->axis_count);
    memcpy(align + sweep->axis_count, "lrrrrrrw", sizeof "lrrrrrrw");
    cs_grid_init(&t.grid, text->arena, align);
    for (int a = 0; a < sweep->axis_count; a++)
        cs_grid_add(&t.grid, "%s%s", a ? "" : "  ", sweep->axes[a].key);
    const struct cs_scenario *const scenario = sweep->study->scenario;
    const char *const heads[] = {"best",
                                 "GPUs",
                                 "p95 TTFT",
                                 "p95 TPOT",
                                 "load",
                                 cs_money_per(text->arena, scenario, "day"),
                                 cs_money_per(text->arena, scenario, "Mtok"),
                                 ""};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        cs_grid_add(&t.grid, "%s", heads[i]);
    cs_store_each(store, add_row, &t);
    cs_text_edges(text, sweep->study->scenario->name,
                  cs_words_count(text->arena, (double)cs_store_count(store), "point"));
    cs_grid_print(&t.grid, text, 0, false);
    if (t.rows > ROWS_MOST)
        cs_text_printf(text, "  and %s more; --csv, --json or --out have them all\n",
                       cs_figure_number((double)(t.rows - ROWS_MOST), 0).text);
    cs_text_put(text, "\n");
    cs_text_section(
        text, "ANSWERS",
        cs_arena_printf(text->arena, "%zu yes, %zu no%s", t.yes, t.no,
                        t.bad ? cs_arena_printf(text->arena, ", %zu make no sound scenario", t.bad)
                              : ""));
    if (t.cheapest)
        cs_text_section(text, "CHEAPEST",
                        cs_arena_printf(text->arena, "%s %s: %s",
                                        cs_money_figure(scenario, t.least).text,
                                        cs_money_per(text->arena, scenario, "day"), t.cheapest));
}
