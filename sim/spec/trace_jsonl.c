/* Traces as JSON lines, as Mooncake's were published: one object a request.
 *
 *   {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 2353]}
 *
 * Milliseconds from the start, tokens, and optionally the prompt as whole numbers, one for each 512
 * tokens, equal where a block and all before it are equal (Qin et al., Mooncake, FAST 2025;
 * github:kvcache-ai/Mooncake). Other keys are skipped.
 *
 * The rule: a line is one value and nothing else; an error in its syntax has the column where
 * reading stopped, one in its meaning column 1.
 * Memory: the line at hand, and cJSON's tree of it. Not here: keeping rows (trace_rows.c).
 */
#include <cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec/trace_rows.h"

struct reading {
    struct cs_trace_rows *rows;
    char *line;
    size_t length, capacity;
};

static void *open_jsonl(struct cs_trace_rows *rows)
{
    struct reading *const g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->rows = rows;
    rows->hash_tokens = CS_TRACE_HASH_TOKENS;
    for (int c = CS_TRACE_ARRIVAL; c <= CS_TRACE_OUTPUT; c++)
        rows->has[c] = true;
    return g;
}

static bool read_number(struct reading *g, const cJSON *object, const char *name, double low,
                        double high, double *value)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item)) {
        cs_trace_fail(g->rows, NULL, item ? "not a number" : "the line lacks a key", name);
        return false;
    }
    char text[32];
    snprintf(text, sizeof text, "%.15g", item->valuedouble);
    *value = item->valuedouble;
    return cs_trace_check(g->rows, name, low > 0, low, high, *value, text);
}

static bool read_hashes(struct reading *g, const cJSON *object)
{
    const cJSON *const list = cJSON_GetObjectItemCaseSensitive(object, "hash_ids"), *item;
    const double most = 9007199254740992.0; /* 2^53: whole numbers beyond it are not told apart */
    if (list && !cJSON_IsArray(list)) {
        cs_trace_fail(g->rows, NULL, "not a list", "hash_ids");
        return false;
    }
    g->rows->has_hashes = g->rows->has_hashes || list;
    cJSON_ArrayForEach(item, list)
    {
        const double id = cJSON_IsNumber(item) ? item->valuedouble : NAN;
        if (!cs_trace_check(g->rows, "hash_ids", true, 0, most, id, "hash_ids"))
            return false;
        cs_trace_hash(g->rows, (uint64_t)id);
    }
    return true;
}

static void read_object(struct reading *g, const cJSON *object)
{
    struct cs_trace_row row = {0};
    bool sound = read_number(g, object, "timestamp", 0, CS_TRACE_SECONDS * 1e3, &row.arrival_s);
    sound = read_number(g, object, "input_length", 1, CS_TRACE_TOKENS, &row.tokens[0]) && sound;
    sound = read_number(g, object, "output_length", 1, CS_TRACE_TOKENS, &row.tokens[1]) && sound;
    sound = read_hashes(g, object) && sound;
    row.arrival_s /= 1e3;
    if (sound)
        cs_trace_add(g->rows, &row);
    else
        cs_trace_forget(g->rows);
}

static void read_line(struct reading *g)
{
    const char *end = NULL;
    const size_t blank = strspn(g->line, " \t\r");
    if (blank < g->length) {
        cJSON *const object = cJSON_ParseWithLengthOpts(g->line, g->length, &end, false);
        const size_t after = end ? (size_t)(end - g->line) : 0;
        if (!object || after + strspn(g->line + after, " \t\r") < g->length) {
            g->rows->column = (int)(after < INT32_MAX ? after + 1 : 1);
            cs_trace_fail(g->rows, NULL, "not valid JSON", NULL);
            g->rows->column = 1;
        } else if (!cJSON_IsObject(object)) {
            cs_trace_fail(g->rows, "expected an object a line", "not a JSON object", NULL);
        } else if (g->rows->errors <= CS_TRACE_ERRORS) {
            read_object(g, object);
        }
        cJSON_Delete(object);
    }
    g->rows->line++;
    g->length = 0;
}

static void feed_jsonl(void *reading, const char *text, size_t size)
{
    struct reading *const g = reading;
    while (size) {
        const char *const end = memchr(text, '\n', size);
        const size_t piece = end ? (size_t)(end - text) : size;
        if (g->length + piece + 1 > g->capacity) {
            g->capacity = 2 * (g->length + piece + 1);
            g->line = realloc(g->line, g->capacity);
            if (!g->line)
                abort();
        }
        memcpy(g->line + g->length, text, piece);
        g->length += piece;
        g->line[g->length] = '\0';
        if (end)
            read_line(g);
        text += piece + (end != NULL);
        size -= piece + (end != NULL);
    }
}

static void close_jsonl(void *reading)
{
    struct reading *const g = reading;
    if (g->length)
        read_line(g);
    free(g->line);
    free(g);
}

const struct cs_trace_format cs_trace_format_jsonl = {
    "expected a line {\"timestamp\": ..., \"input_length\": ..., \"output_length\": ...} for each "
    "request", open_jsonl, feed_jsonl, close_jsonl};
