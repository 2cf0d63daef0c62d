/* OpenMetrics: the grammar of the exposition, strictly, and where figures end up.
 *
 * `check_text` holds a text against OpenMetrics 1.0: metadata once and before its samples, families
 * in one piece, names that fit their type and unit, labels with the three escapes there are, no
 * series twice, buckets that grow to +Inf and meet their count, counters that are not negative, and
 * "# EOF" as the last line. With files on the command line the program checks those and nothing
 * else, which is how tests/system/test_metrics uses it.
 */
#include "answer.h"
#include "out/openmetrics.h"
#include <check.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MOST = 8192, FAMILIES_MOST = 256, LINE_MOST = 2048 };

struct reader {
    char families[FAMILIES_MOST][96];
    size_t family_count;
    char type[16], unit[32]; /* of the last family */
    bool help, sampled;
    char series[SERIES_MOST][256];
    size_t series_count;
    bool in_histogram;
    char histogram[512]; /* labels of the one under way, without le */
    double last_le, last_bucket, infinite;
    bool has_count, has_sum;
};

static char wrong[512];
__attribute__((format(printf, 1, 2))) static bool differs(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(wrong, sizeof wrong, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_name(const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!(isalpha((unsigned char)s[i]) || s[i] == '_' || (i && isdigit((unsigned char)s[i]))))
            return false;
    return length > 0;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* The histogram that was under way is whole. */
static bool close_histogram(struct reader *r)
{
    if (r->in_histogram && !(r->has_count && r->has_sum && isinf(r->last_le)))
        return differs("a histogram without +Inf, _count or _sum: {%s}", r->histogram);
    r->in_histogram = false;
    return true;
}

static bool take_metadata(struct reader *r, char *line)
{
    char *const kind = line + 2, *name, *rest;
    if (strncmp(line, "# ", 2) != 0 || !(name = strchr(kind, ' ')))
        return differs("no metadata: %s", line);
    *name++ = '\0';
    if (!(rest = strchr(name, ' ')))
        return differs("nothing said of %s", name);
    *rest++ = '\0';
    if (!is_name(name, strlen(name)) || strncmp(name, "capsim_", 7) != 0 || !*rest)
        return differs("name %s, %s '%s'", name, kind, rest);
    if (strcmp(kind, "TYPE") == 0) {
        static const char *const types[] = {"gauge", "counter", "histogram", "info"};
        bool known = false;
        for (size_t i = 0; i < 4; i++)
            known |= strcmp(types[i], rest) == 0;
        for (size_t i = 0; i < r->family_count; i++)
            if (strcmp(r->families[i], name) == 0)
                return differs("family %s in two pieces", name);
        if (!known || strlen(name) > 95 || r->family_count == FAMILIES_MOST)
            return differs("type %s of %s", rest, name);
        if (r->family_count && !r->help)
            return differs("no help for %s", r->families[r->family_count - 1]);
        strcpy(r->families[r->family_count++], name);
        strcpy(r->type, rest);
        *r->unit = '\0';
        r->help = r->sampled = false;
        return close_histogram(r);
    }
    if (!r->family_count || strcmp(name, r->families[r->family_count - 1]) != 0 || r->sampled)
        return differs("%s of %s stands elsewhere", kind, name);
    if (strcmp(kind, "UNIT") == 0 && !*r->unit && !r->help && strlen(rest) < sizeof r->unit &&
        ends_in(name, rest) && name[strlen(name) - strlen(rest) - 1] == '_') {
        strcpy(r->unit, rest);
        return true;
    }
    if (strcmp(kind, "HELP") == 0 && !r->help)
        return r->help = true;
    return differs("%s of %s: %s", kind, name, rest);
}

/* Labels between the braces; `le` is cut out into its own. Returns what follows, NULL: wrong. */
static const char *take_labels(const char *at, char *labels, char *le)
{
    char seen[24][48];
    size_t count = 0;
    *labels = *le = '\0';
    while (*at != '}') {
        if (count && *at++ != ',')
            return NULL;
        const size_t length = strcspn(at, "=");
        char value[512];
        size_t n = 0;
        if (!is_name(at, length) || length >= sizeof seen[0] || at[length + 1] != '"' ||
            count == 24)
            return NULL;
        memcpy(seen[count], at, length);
        seen[count][length] = '\0';
        for (size_t i = 0; i < count; i++)
            if (strcmp(seen[i], seen[count]) == 0)
                return NULL;
        for (at += length + 2; *at != '"'; at++) {
            if (!*at || n > 500 || (*at == '\\' && !strchr("\\\"n", at[1])))
                return NULL;
            if (*at == '\\')
                value[n++] = *at++;
            value[n++] = *at;
        }
        value[n] = '\0';
        at++;
        if (strcmp(seen[count], "le") == 0)
            strcpy(le, value);
        else
            snprintf(labels + strlen(labels), 500 - strlen(labels), "%s%s=\"%s\"",
                     *labels ? "," : "", seen[count], value);
        count++;
    }
    return count ? at + 1 : NULL;
}

static bool take_bucket(struct reader *r, const char *suffix, const char *labels, const char *le,
                        double value)
{
    if (strcmp(suffix, "_bucket") == 0) {
        if (!r->in_histogram || strcmp(r->histogram, labels) != 0) {
            if (!close_histogram(r))
                return false;
            r->in_histogram = true;
            snprintf(r->histogram, sizeof r->histogram, "%s", labels);
            r->last_le = -INFINITY;
            r->last_bucket = 0;
            r->has_count = r->has_sum = false;
        }
        char *end;
        const double bound = strcmp(le, "+Inf") == 0 ? INFINITY : strtod(le, &end);
        if (!*le || (isfinite(bound) && (*end || !strpbrk(le, ".e"))) || !(bound > r->last_le) ||
            value < r->last_bucket || value != floor(value))
            return differs("bucket le=\"%s\" %g after %g", le, value, r->last_bucket);
        r->last_le = bound;
        r->infinite = r->last_bucket = value;
        return true;
    }
    if (!r->in_histogram || strcmp(r->histogram, labels) != 0 || *le)
        return differs("%s of another histogram: {%s}", suffix, labels);
    r->has_count |= strcmp(suffix, "_count") == 0;
    r->has_sum |= strcmp(suffix, "_sum") == 0;
    if (strcmp(suffix, "_count") == 0 && value != r->infinite)
        return differs("count %g, +Inf %g", value, r->infinite);
    return true;
}

static bool take_sample(struct reader *r, const char *line)
{
    static const struct {
        const char *type, *suffixes[3];
    } types[] = {{"gauge", {""}},
                 {"counter", {"_total"}},
                 {"info", {"_info"}},
                 {"histogram", {"_bucket", "_count", "_sum"}}};
    const size_t length = strcspn(line, "{ ");
    const char *const family = r->family_count ? r->families[r->family_count - 1] : "";
    const char *suffix = NULL, *at = line + length;
    if (!r->help || strncmp(line, family, strlen(family)) != 0)
        return differs("a sample outside its family: %s", line);
    for (size_t t = 0; t < 4; t++)
        for (size_t s = 0; s < 3 && types[t].suffixes[s]; s++) {
            const char *const tried = types[t].suffixes[s];
            if (strcmp(types[t].type, r->type) == 0 && length == strlen(family) + strlen(tried) &&
                strncmp(line + strlen(family), tried, strlen(tried)) == 0)
                suffix = tried;
        }
    if (!suffix)
        return differs("no sample of a %s: %s", r->type, line);
    char labels[512] = "", le[64] = "", *end;
    if (*at == '{' && !(at = take_labels(at + 1, labels, le)))
        return differs("labels: %s", line);
    if (*at != ' ' || !(isdigit((unsigned char)at[1]) || at[1] == '-'))
        return differs("no value: %s", line);
    const double value = strtod(at + 1, &end);
    if (*end || !isfinite(value))
        return differs("value: %s", line);
    if ((*le && strcmp(suffix, "_bucket") != 0) ||
        (strcmp(r->type, "gauge") != 0 && value < 0) || (*suffix == '_' && suffix[1] == 'i' &&
                                                          value != 1))
        return differs("%s of value %g: %s", r->type, value, line);
    if (r->series_count == SERIES_MOST)
        return differs("too many series for this test");
    char *const own = r->series[r->series_count];
    snprintf(own, sizeof r->series[0], "%.*s", (int)(at - line < 250 ? at - line : 250), line);
    for (size_t i = 0; i < r->series_count; i++)
        if (strcmp(r->series[i], own) == 0)
            return differs("twice: %s", own);
    r->series_count++;
    r->sampled = true;
    return strcmp(r->type, "histogram") == 0 ? take_bucket(r, suffix, labels, le, value) : true;
}

static bool check_text(const char *text)
{
    struct reader *const r = calloc(1, sizeof *r);
    bool sound = r != NULL, ended = false;
    while (sound && *text) {
        char line[LINE_MOST];
        const size_t length = strcspn(text, "\n");
        if (length >= sizeof line || text[length] != '\n' || ended) {
            sound = differs("a line that is too long or does not end, or one after # EOF");
            break;
        }
        memcpy(line, text, length);
        line[length] = '\0';
        text += length + 1;
        ended = strcmp(line, "# EOF") == 0;
        if (strchr(line, '\r') || !length)
            sound = differs("an empty line or a carriage return");
        else if (!ended)
            sound = *line == '#' ? take_metadata(r, line) : take_sample(r, line);
    }
    sound = sound && close_histogram(r);
    if (sound && (!ended || !r->series_count))
        sound = differs("no # EOF, or nothing before it");
    free(r);
    return sound;
}

static char *read_all(FILE *file)
{
    enum { MOST = 4 << 20 };
    char *const bytes = malloc(MOST);
    if (!bytes)
        abort();
    bytes[fread(bytes, 1, MOST - 1, file)] = '\0';
    return bytes;
}

static int check_files(int count, char **paths)
{
    int failed = 0;
    for (int i = 0; i < count; i++) {
        FILE *const file = fopen(paths[i], "r");
        char *const text = file ? read_all(file) : NULL;
        const bool sound = text && check_text(text);
        if (file)
            fclose(file);
        free(text);
        if (!sound)
            printf("%s: %s\n", paths[i], file ? wrong : "cannot be read");
        failed += !sound;
    }
    return failed > 0;
}

/* --- a made-up answer ------------------------------------------------------------------------- */

static struct cs_arena arena;

static char *printed(const struct cs_answer *answer, const struct cs_result *result)
{
    FILE *const file = tmpfile();
    ck_assert_ptr_nonnull(file);
    cs_openmetrics_print(answer, result, file);
    rewind(file);
    char *const text = read_all(file);
    fclose(file);
    return text;
}

/* Three first tokens, of 3, 30 and 300 ms. */
static struct cs_result *result_make(void)
{
    struct cs_result *const r = cs_arena_alloc(&arena, 1, sizeof *r);
    cs_result_init(r, &arena, 0, 1);
    for (int64_t ms = 3; ms <= 300; ms *= 10)
        cs_hist_add(&r->windows[0].metric[CS_METRIC_TTFT], ms * INT64_C(1000000000), 1);
    r->completed = 3;
    r->input_tokens = 2385;
    r->measured_ps = 7.5e12;
    return r;
}

#define LABELS \
    "option=\"1\",model=\"llama-3.1-70b\",hardware=\"h100-sxm-80gb\",precision=\"fp8\"," \
    "engine=\"vllm-0.15\""

START_TEST(figures_stand_where_they_belong)
{
    cs_arena_init(&arena);
    char *const text = printed(answer_make(&arena), result_make());
    ck_assert_msg(check_text(text), "%s", wrong);
    static const char *const lines[] = {
        "capsim_run_info{version=\"" CS_VERSION "\",scenario=\"A \\\"quoted\\\", small question\","
        "seed=\"9007199254740993\"} 1\n",
        "# UNIT capsim_cost_usd_per_day usd_per_day\n",
        "\ncapsim_gpus{" LABELS "} 2\n",
        "\ncapsim_cost_usd_per_day{" LABELS "} 143.71\n",
        "\ncapsim_busy_ratio{" LABELS "} 0.3124\n",
        "\ncapsim_slo_attainment_ratio{" LABELS "} 0.99913\n",
        "\ncapsim_slo_limit_seconds{metric=\"TTFT\",stat=\"p95\"} 1\n",
        "\ncapsim_latency_seconds{" LABELS ",metric=\"TTFT\",stat=\"p95\"} 0.3127\n",
        "\ncapsim_worst_window_latency_seconds{" LABELS ",metric=\"E2E\",stat=\"p95\"} 20.594\n",
        "\ncapsim_cost_item_usd_per_day{" LABELS ",item=\"gpu\"} 143.71\n",
        "\ncapsim_api_cost_usd_per_day{api=\"claude-opus-4.7\",title=\"Claude Opus 4.7\"} 750.3\n",
        "\ncapsim_check_ok{law=\"Little's law\"} 0\n",
        "\ncapsim_request_success_total{" LABELS "} 3\n",
        "\ncapsim_prompt_tokens_total{" LABELS "} 2385\n",
        "\ncapsim_simulated_seconds_total{" LABELS "} 7.5\n",
        "\ncapsim_time_to_first_token_seconds_bucket{" LABELS ",le=\"0.001\"} 0\n",
        "\ncapsim_time_to_first_token_seconds_bucket{" LABELS ",le=\"0.005\"} 1\n",
        "\ncapsim_time_to_first_token_seconds_bucket{" LABELS ",le=\"0.04\"} 2\n",
        "\ncapsim_time_to_first_token_seconds_bucket{" LABELS ",le=\"1.0\"} 3\n",
        "\ncapsim_time_to_first_token_seconds_bucket{" LABELS ",le=\"+Inf\"} 3\n",
        "\ncapsim_time_to_first_token_seconds_count{" LABELS "} 3\n",
        "\ncapsim_time_to_first_token_seconds_sum{" LABELS "} 0.333\n",
        "\ncapsim_option_feasible{option=\"2\","};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(text, lines[i]) != NULL, "%s", lines[i]);
    /* NaN is no sample, and the second option was not simulated */
    ck_assert_ptr_null(strstr(text, " nan"));
    ck_assert_ptr_null(strstr(text, "capsim_energy_kwh_per_day{"));
    ck_assert_ptr_null(strstr(text, "capsim_busy_ratio{option=\"2\""));
    free(text);
    cs_arena_fini(&arena);
}
END_TEST

START_TEST(nothing_simulated)
{
    cs_arena_init(&arena);
    struct cs_answer *const answer = answer_make(&arena);
    answer->best = -1;
    answer->options++;
    answer->option_count = 1;
    answer->api_count = answer->check_count = 0;
    char *const text = printed(answer, NULL);
    ck_assert_msg(check_text(text), "%s", wrong);
    ck_assert_ptr_null(strstr(text, "_bucket"));
    ck_assert_ptr_null(strstr(text, "_total"));
    free(text);
    cs_arena_fini(&arena);
}
END_TEST

START_TEST(hostile_names)
{
    cs_arena_init(&arena);
    struct cs_answer *const answer = answer_make(&arena);
    struct cs_scenario *const s = (struct cs_scenario *)(uintptr_t)answer->scenario;
    s->name = "a\\b\"} 1\n# EOF\n";
    char *const text = printed(answer, NULL);
    ck_assert_msg(check_text(text), "%s", wrong);
    ck_assert_ptr_nonnull(strstr(text, "scenario=\"a\\\\b\\\"} 1\\n# EOF\\n\""));
    free(text);
    cs_arena_fini(&arena);
}
END_TEST

START_TEST(a_checker_that_can_fail)
{
    static const char *const texts[] = {
        "",
        "# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\n# EOF",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\n# EOF\n\n",
        "# TYPE capsim_a gauge\ncapsim_a 1\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_b 1\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a NaN\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\ncapsim_a 2\n# EOF\n",
        "# TYPE capsim_a gauge\n# UNIT capsim_a seconds\n# HELP capsim_a a\ncapsim_a 1\n# EOF\n",
        "# TYPE capsim_a counter\n# HELP capsim_a a\ncapsim_a 1\n# EOF\n",
        "# TYPE capsim_a counter\n# HELP capsim_a a\ncapsim_a_total -1\n# EOF\n",
        "# TYPE capsim_a info\n# HELP capsim_a a\ncapsim_a_info{a=\"b\"} 2\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a{} 1\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a{b=\"\\t\"} 1\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a{b=\"1\",b=\"2\"} 1\n# EOF\n",
        "# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\n# TYPE capsim_b gauge\n"
        "# HELP capsim_b b\n# TYPE capsim_a gauge\n# HELP capsim_a a\n# EOF\n",
        "# TYPE capsim_a histogram\n# HELP capsim_a a\ncapsim_a_bucket{le=\"1.0\"} 1\n"
        "capsim_a_count 1\ncapsim_a_sum 1\n# EOF\n",
        "# TYPE capsim_a histogram\n# HELP capsim_a a\ncapsim_a_bucket{le=\"1.0\"} 2\n"
        "capsim_a_bucket{le=\"+Inf\"} 1\ncapsim_a_count 1\ncapsim_a_sum 1\n# EOF\n",
        "# TYPE capsim_a histogram\n# HELP capsim_a a\ncapsim_a_bucket{le=\"+Inf\"} 1\n"
        "capsim_a_count 2\ncapsim_a_sum 1\n# EOF\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(!check_text(texts[i]), "%s", texts[i]);
    ck_assert_msg(check_text("# TYPE capsim_a gauge\n# HELP capsim_a a\ncapsim_a 1\n# EOF\n"), "%s",
                  wrong);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        return check_files(argc - 1, argv + 1);
    Suite *const suite = suite_create("openmetrics");
    TCase *const all = tcase_create("all");
    tcase_add_test(all, figures_stand_where_they_belong);
    tcase_add_test(all, nothing_simulated);
    tcase_add_test(all, hostile_names);
    tcase_add_test(all, a_checker_that_can_fail);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
