/* CSV: rows for spreadsheets and scripts (see csv.h).
 *
 * The rule: a row says exactly what the JSON says, so options are read from its flattened tree; its
 * columns are those of all options, since one without experts lacks some. Lists stay in the JSON.
 * Times of requests are differences of whole picoseconds, printed with all twelve digits after the
 * point and cut of trailing zeros: exact, and the same on every machine.
 * Memory: a scratch arena of its own for each call.
 */
#include "out/csv.h"
#include <inttypes.h>
#include <string.h>
#include "out/json.h"

void cs_csv_field(const char *text, FILE *out)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

struct leaves {
    const struct cs_json_leaf *items;
    size_t count;
};

/* The leaf of that name, most likely the `guess`th; NULL: none. */
static const struct cs_json_leaf *find(const struct leaves *l, const char *name, size_t guess)
{
    for (size_t k = 0; k < l->count; k++) {
        const struct cs_json_leaf *const leaf = &l->items[(guess + k) % l->count];
        if (strcmp(leaf->name, name) == 0)
            return leaf;
    }
    return NULL;
}

void cs_csv_print(const struct cs_answer *answer, FILE *out)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    const size_t rows = answer->option_count;
    struct leaves *const options = cs_arena_alloc(&scratch, rows, sizeof *options);
    struct cs_json_leaf *columns = NULL;
    struct leaves all = {NULL, 0};
    for (size_t i = 0; i < rows; i++) {
        options[i].items = cs_json_flatten(answer, i, &scratch, &options[i].count);
        for (size_t k = 0; k < options[i].count; k++) {
            if (find(&all, options[i].items[k].name, k))
                continue;
            all.items = columns = cs_arena_grow(&scratch, columns, all.count, sizeof *columns);
            columns[all.count++] = options[i].items[k];
        }
    }
    for (size_t k = 0; k < all.count; k++) {
        cs_csv_field(all.items[k].name, out);
        putc(k + 1 < all.count ? ',' : '\n', out);
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < all.count; k++) {
            const struct cs_json_leaf *const leaf = find(&options[i], all.items[k].name, k);
            cs_csv_field(leaf ? leaf->value : "", out);
            putc(k + 1 < all.count ? ',' : '\n', out);
        }
    cs_arena_fini(&scratch);
}

static void put_seconds(int64_t ps, FILE *out)
{
    char text[48];
    const int64_t second = INT64_C(1000000000000);
    const uint64_t size = ps < 0 ? (uint64_t)0 - (uint64_t)ps : (uint64_t)ps;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%012" PRIu64, ps < 0 ? "-" : "",
             size / (uint64_t)second, size % (uint64_t)second);
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    fwrite(text, 1, length, out);
}

void cs_csv_print_requests(const struct cs_request_log *log, FILE *out)
{
    fputs("arrival_s,input_tokens,output_tokens,replica,queue_s,ttft_s,tpot_s,e2e_s,preemptions,"
          "cached_tokens\n", out);
    for (size_t i = 0; i < log->count; i++) {
        const struct cs_request_record *const r = &log->rows[i];
        if (r->arrival_ps < 0)
            continue;
        const bool served = r->done_ps >= 0 && r->first_token_ps >= 0;
        put_seconds(r->arrival_ps, out);
        fprintf(out, ",%" PRId32 ",%" PRId32 ",%" PRId32 ",", r->input, r->output, r->replica);
        if (served) {
            put_seconds(r->first_step_ps - r->arrival_ps, out);
            putc(',', out);
            put_seconds(r->first_token_ps - r->arrival_ps, out);
            putc(',', out);
            if (r->output > 1)
                put_seconds((r->done_ps - r->first_token_ps) / (r->output - 1), out);
            putc(',', out);
            put_seconds(r->done_ps - r->arrival_ps, out);
        } else {
            fputs(",,,", out);
        }
        fprintf(out, ",%" PRId32 ",%" PRId32 "\n", r->preemptions, r->cached_tokens);
    }
}
