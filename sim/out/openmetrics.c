/* The run as OpenMetrics: see openmetrics.h.
 *
 * Tables list what there is: counters of the run, histograms of it, gauges of each option; a family
 * is printed by going through all options once. Label values are escaped as the format asks for
 * (backslash, quote, line feed).
 * Memory: a scratch arena for the labels.
 */
#include "out/openmetrics.h"
#include "out/json.h"
#include "out/words.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

struct page {
    FILE *out;
    const struct cs_answer *answer;
    struct cs_arena arena;
    const char **labels; /* of each option */
};

/* --- the format ------------------------------------------------------------------------------ */

static const char *escaped(struct cs_arena *arena, const char *text)
{
    char *const copy = cs_arena_alloc(arena, 2 * strlen(text) + 1, 1);
    char *at = copy;
    for (; *text; text++) {
        if (*text == '\\' || *text == '"' || *text == '\n')
            *at++ = '\\';
        *at++ = *text == '\n' ? 'n' : *text;
    }
    return copy;
}

/* `unit` "" where there is none; otherwise the name ends in it. */
static void family(const struct page *p, const char *name, const char *type, const char *unit,
                   const char *help)
{
    fprintf(p->out, "# TYPE capsim_%s %s\n", name, type);
    if (*unit)
        fprintf(p->out, "# UNIT capsim_%s %s\n", name, unit);
    fprintf(p->out, "# HELP capsim_%s %s\n", name, help);
}

/* One sample; `more` continues the labels: "" or ",a=\"b\"". Nothing where there is no value. */
static void sample(const struct page *p, const char *name, const char *labels, const char *more,
                   double value)
{
    char text[32];
    if (!isfinite(value))
        return;
    if (!*labels && *more)
        more++; /* its comma */
    cs_json_number(value, text);
    fprintf(p->out, "capsim_%s", name);
    if (*labels || *more)
        fprintf(p->out, "{%s%s}", labels, more);
    fprintf(p->out, " %s\n", text);
}

static const char *labels_of(struct page *p, size_t i)
{
    const struct cs_option *const o = p->answer->options[i].option;
    return cs_arena_printf(
        &p->arena,
        "option=\"%zu\",model=\"%s\",hardware=\"%s\",precision=\"%s\","
        "engine=\"%s\"",
        i + 1, escaped(&p->arena, o->model->name), escaped(&p->arena, o->hardware->name),
        cs_precision_infos[o->precision].name, escaped(&p->arena, o->engine->name));
}

/* --- of the run ------------------------------------------------------------------------------ */

static void put_counters(struct page *p, const struct cs_result *r, const char *labels)
{
    const struct {
        const char *name, *unit, *help;
        double value;
    } counters[] = {
        {"request_success", "", "Requests that got their whole answer.", (double)r->completed},
        {"request_rejected", "", "Requests that exceed the context or the KV cache.",
         (double)r->rejected},
        {"prompt_tokens", "", "Prompt tokens of the completed requests.", (double)r->input_tokens},
        {"generation_tokens", "", "Answer tokens of the completed requests.",
         (double)r->output_tokens},
        {"num_preemptions", "",
         "Times that requests lost their KV blocks to others, warm-up included.",
         (double)r->preemptions},
        {"prefix_cache_hit_tokens", "",
         "Prompt tokens found in the prefix cache, warm-up included.",
         (double)r->all_cached_tokens},
        {"engine_steps", "", "Steps of all replicas, warm-up included.", (double)r->all_steps},
        {"engine_busy_seconds", "seconds",
         "Time that replicas computed, summed over them, warm-up included.",
         1e-12 * (double)r->all_busy_ps},
        {"simulated_seconds", "seconds", "Length of the counted time of the replication.",
         1e-12 * r->measured_ps},
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        family(p, counters[i].name, "counter", counters[i].unit, counters[i].help);
        sample(p, cs_arena_printf(&p->arena, "%s_total", counters[i].name), labels, "",
               counters[i].value);
    }
}

/* The bounds of vLLM's own histograms, in seconds; 0 ends them. */
static const double first_bounds[] = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
                                      0.25,  0.5,   0.75, 1,    2.5,  5,    7.5,  10,
                                      20,    40,    80,   160,  640,  2560, 0};
static const double token_bounds[] = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
                                      0.75, 1,     2.5,  5,     7.5, 10,   20,  40,  80,  0};
static const double whole_bounds[] = {0.3, 0.5, 0.8, 1,  1.5, 2,   2.5, 5,   10,   15,   20,
                                      30,  40,  50,  60, 120, 240, 480, 960, 1920, 7680, 0};

static void put_histogram(struct page *p, const char *name, const char *help, const double *bounds,
                          const struct cs_hist *h, const char *labels)
{
    char text[32];
    family(p, name, "histogram", "seconds", help);
    const char *const bucket = cs_arena_printf(&p->arena, "%s_bucket", name);
    for (; *bounds > 0; bounds++) {
        cs_json_number(*bounds, text);
        sample(p, bucket, labels,
               cs_arena_printf(&p->arena, ",le=\"%s%s\"", text, strchr(text, '.') ? "" : ".0"),
               (double)cs_hist_below(h, *bounds * 1e12));
    }
    sample(p, bucket, labels, ",le=\"+Inf\"", (double)h->count);
    sample(p, cs_arena_printf(&p->arena, "%s_count", name), labels, "", (double)h->count);
    sample(p, cs_arena_printf(&p->arena, "%s_sum", name), labels, "", 1e-12 * h->sum_ps);
}

static void put_histograms(struct page *p, const struct cs_result *r, const char *labels)
{
    static const struct {
        const char *name, *help;
        const double *bounds;
    } histograms[CS_METRIC_COUNT] = {
        {"time_to_first_token_seconds", "Arrival to first token (TTFT).", first_bounds},
        {"request_time_per_output_token_seconds", "Mean time of a token after the first (TPOT).",
         token_bounds},
        {"inter_token_latency_seconds", "Gaps between tokens (ITL).", token_bounds},
        {"e2e_request_latency_seconds", "Arrival to last token (E2E).", whole_bounds},
    };
    for (int m = 0; m < CS_METRIC_COUNT; m++) {
        struct cs_hist total;
        cs_hist_init(&total, &p->arena);
        cs_result_total(r, (enum cs_metric)m, &total);
        put_histogram(p, histograms[m].name, histograms[m].help, histograms[m].bounds, &total,
                      labels);
    }
    put_histogram(p, "request_queue_time_seconds", "Arrival to the start of the first step.",
                  first_bounds, &r->wait, labels);
}

/* --- of the answer --------------------------------------------------------------------------- */

struct gauge {
    const char *name, *unit, *help;
    double value;
};
enum { GAUGES = 24 };

/* What there is of one option; the values of another have the same places. */
static size_t gauges_of(const struct cs_option_answer *o, struct gauge gauges[GAUGES])
{
    const double planned = o->gpus > 0 ? 1 : NAN, known = o->simulated ? 1 : NAN;
    const struct cs_cost_breakdown *const c = &o->cost;
    const struct gauge all[] = {
        {"option_feasible", "", "1 when the option meets the SLO, else 0.", o->feasible},
        {"gpus", "", "Accelerators of the fleet.", planned * (double)o->gpus},
        {"replicas", "", "Replicas of the fleet.", planned * o->replicas},
        {"cost_usd_per_day", "usd_per_day", "Cost of the fleet.", planned * c->usd_per_day},
        {"cost_usd_per_mtok", "usd_per_mtok", "The same for a million tokens, in and out.",
         planned * c->usd_per_mtok},
        {"gpu_price_usd_per_hour", "usd_per_hour", "Price of one accelerator.",
         o->price.usd_per_gpu_hour},
        {"energy_kwh_per_day", "kwh_per_day", "Electricity of the fleet.",
         planned * c->kwh_per_day},
        {"carbon_kg_per_day", "kg_per_day", "CO2 equivalent of that electricity.",
         planned * c->kg_co2e_per_day},
        {"slo_attainment_ratio", "ratio", "Share of requests within every limit.",
         known * o->attainment},
        {"slo_windows_met_ratio", "ratio", "Share of windows that keep the SLO.",
         known * o->windows_met},
        {"worst_window_attainment_ratio", "ratio",
         "Share of requests within every limit in the worst window.",
         o->worst.known ? known * o->worst.attainment : NAN},
        {"busy_ratio", "ratio", "Share of the time that replicas compute.", known * o->busy},
        {"capacity_ratio", "ratio", "Load of the busiest hour over what the fleet can carry.",
         planned * o->capacity_share},
        {"kv_cache_usage_ratio", "ratio", "Share of the KV cache in use, on average.",
         known * o->kv_mean},
        {"kv_cache_usage_peak_ratio", "ratio", "The most of it in use.", known * o->kv_peak},
        {"prefix_cache_hit_ratio", "ratio", "Share of prompt tokens found in the prefix cache.",
         known * o->prefix_hits},
        {"num_requests_running", "", "Sequences in a step of a replica, on average.",
         known * o->batch_mean},
        {"requests_per_second", "per_second", "Requests completed.", known * o->requests_per_s},
        {"goodput_requests_per_second", "per_second", "Requests within every limit.",
         known * o->goodput_rps},
        {"prompt_tokens_per_second", "per_second", "Prompt tokens of completed requests.",
         known * o->input_tokens_per_s},
        {"generation_tokens_per_second", "per_second", "Answer tokens of completed requests.",
         known * o->output_tokens_per_s},
    };
    memcpy(gauges, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static void put_gauges(const struct page *p)
{
    struct gauge gauges[GAUGES];
    const size_t options = p->answer->option_count;
    const size_t count = options ? gauges_of(&p->answer->options[0], gauges) : 0;
    for (size_t g = 0; g < count; g++) {
        family(p, gauges[g].name, "gauge", gauges[g].unit, gauges[g].help);
        for (size_t i = 0; i < options; i++) {
            struct gauge own[GAUGES];
            gauges_of(&p->answer->options[i], own);
            sample(p, own[g].name, p->labels[i], "", own[g].value);
        }
    }
}

static void put_latencies(struct page *p, const char *name, const char *help, bool worst)
{
    family(p, name, "gauge", "seconds", help);
    for (size_t i = 0; i < p->answer->option_count; i++) {
        const struct cs_option_answer *const o = &p->answer->options[i];
        const struct cs_latency *const all = worst ? o->worst.latency : o->latency;
        if (!o->simulated || (worst && !o->worst.known))
            continue;
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            for (int s = 0; s < CS_STAT_COUNT; s++)
                sample(p, name, p->labels[i],
                       cs_arena_printf(&p->arena, ",metric=\"%s\",stat=\"%s\"", cs_words_metric[m],
                                       cs_words_stat[s]),
                       all[m].stat[s].value);
    }
}

static void put_costs(struct page *p)
{
    family(p, "cost_item_usd_per_day", "gauge", "usd_per_day", "What the cost consists of.");
    for (size_t i = 0; i < p->answer->option_count; i++) {
        const struct cs_option_answer *const o = &p->answer->options[i];
        for (int k = 0; k < CS_COST_ITEMS && o->gpus > 0; k++)
            sample(p, "cost_item_usd_per_day", p->labels[i],
                   cs_arena_printf(&p->arena, ",item=\"%s\"", cs_cost_names[k]), o->cost.item[k]);
    }
}

static void put_limits(struct page *p)
{
    const struct cs_slo *const slo = &p->answer->scenario->slo;
    family(p, "slo_limit_seconds", "gauge", "seconds", "The limits asked for.");
    for (size_t i = 0; i < slo->count; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        const int stat = cs_words_find_stat(l->percentile);
        if (stat >= 0)
            sample(p, "slo_limit_seconds", "",
                   cs_arena_printf(&p->arena, ",metric=\"%s\",stat=\"%s\"",
                                   cs_words_metric[l->metric], cs_words_stat[stat]),
                   l->limit_s);
    }
}

/* An API that is compared with twice in the same words would be one series twice. */
static bool is_repeated(const struct cs_answer *answer, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(answer->apis[k].api->name, answer->apis[i].api->name) == 0 &&
            strcmp(cs_words_api(&answer->apis[k]), cs_words_api(&answer->apis[i])) == 0)
            return true;
    return false;
}

enum { API_DAY, API_MTOK, API_PRICE, API_FAMILIES };

static void put_api(struct page *p, int which, const char *name, const struct cs_api_answer *a)
{
    const char *const labels =
        cs_arena_printf(&p->arena, "api=\"%s\",title=\"%s\"", escaped(&p->arena, a->api->name),
                        escaped(&p->arena, cs_words_api(a)));
    if (which != API_PRICE) {
        sample(p, name, labels, "", which == API_DAY ? a->usd_per_day : a->usd_per_mtok);
    } else if (a->price) {
        sample(p, name, labels, ",direction=\"input\"", 1e6 * a->price->input);
        sample(p, name, labels, ",direction=\"output\"", 1e6 * a->price->output);
    }
}

static void put_apis(struct page *p)
{
    static const struct {
        const char *name, *unit, *help;
    } families[API_FAMILIES] = {
        {"api_cost_usd_per_day", "usd_per_day", "What an API asks for the same requests."},
        {"api_cost_usd_per_mtok", "usd_per_mtok", "The same for a million tokens, in and out."},
        {"api_price_usd_per_mtok", "usd_per_mtok", "List prices of an API."},
    };
    for (int f = 0; f < API_FAMILIES; f++) {
        family(p, families[f].name, "gauge", families[f].unit, families[f].help);
        for (size_t i = 0; i < p->answer->api_count; i++)
            if (!is_repeated(p->answer, i))
                put_api(p, f, families[f].name, &p->answer->apis[i]);
    }
}

static void put_checks(struct page *p)
{
    family(p, "check_ok", "gauge", "", "1 when the run keeps the law, else 0.");
    for (size_t i = 0; i < p->answer->check_count; i++)
        sample(
            p, "check_ok", "",
            cs_arena_printf(&p->arena, ",law=\"%s\"", escaped(&p->arena, p->answer->checks[i].law)),
            p->answer->checks[i].ok);
}

void cs_openmetrics_print(const struct cs_answer *answer, const struct cs_result *result, FILE *out)
{
    struct page p = {.out = out, .answer = answer};
    cs_arena_init(&p.arena);
    p.labels = cs_arena_alloc(&p.arena, answer->option_count, sizeof *p.labels);
    for (size_t i = 0; i < answer->option_count; i++)
        p.labels[i] = labels_of(&p, i);
    family(&p, "run", "info", "", "What was asked.");
    fprintf(out, "capsim_run_info{version=\"%s\",scenario=\"%s\",seed=\"%" PRIu64 "\"} 1\n",
            CS_VERSION, escaped(&p.arena, answer->scenario->name), answer->scenario->simulate.seed);
    family(&p, "offered_requests_per_second", "gauge", "per_second", "Requests that arrive.");
    sample(&p, "offered_requests_per_second", "", "", answer->mean_rps);
    put_limits(&p);
    put_gauges(&p);
    put_costs(&p);
    put_latencies(&p, "latency_seconds", "Latency over all requests of all replications.", false);
    put_latencies(&p, "worst_window_latency_seconds", "The same in the worst window.", true);
    put_apis(&p);
    put_checks(&p);
    const struct cs_option_answer *const subject = cs_words_subject(answer);
    if (subject && result) {
        const char *const labels = p.labels[subject - answer->options];
        put_counters(&p, result, labels);
        put_histograms(&p, result, labels);
    }
    fputs("# EOF\n", out);
    cs_arena_fini(&p.arena);
}
