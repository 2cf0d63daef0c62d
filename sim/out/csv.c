/* CSV: rows for spreadsheets and scripts (see csv.h).
 *
 * The rule: a row says exactly what the JSON says, so options are read from its flattened tree.
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

void cs_csv_print(const struct cs_answer *answer, FILE *out)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    for (size_t i = 0; i < answer->option_count; i++) {
        size_t count;
        const struct cs_json_leaf *const leaves = cs_json_flatten(answer, i, &scratch, &count);
        for (size_t k = 0; i == 0 && k < count; k++) {
            cs_csv_field(leaves[k].name, out);
            putc(k + 1 < count ? ',' : '\n', out);
        }
        for (size_t k = 0; k < count; k++) {
            cs_csv_field(leaves[k].value, out);
            putc(k + 1 < count ? ',' : '\n', out);
        }
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
