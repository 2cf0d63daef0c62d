/* JSON: the answer as a tree of cJSON nodes, printed or flattened (see json.h).
 *
 * The rule: every option has the same names in the same order, whatever is known of it; that is
 * what makes rows of a CSV comparable.
 * The tree (json_tree.h) is freed before return; texts are copied into it.
 */
#include "out/json.h"
#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "out/json_tree.h"
#include "out/money.h"
#include "out/uncertainty.h"
#include "out/words.h"

enum { SCHEMA = 1 };

static const char *const stat_keys[CS_STAT_COUNT] = {"mean", "p50", "p90", "p95", "p99", "p99_9"};
static const char *const metric_keys[CS_METRIC_COUNT] = {"ttft_ms", "tpot_ms", "itl_ms", "e2e_ms"};

void cs_json_number(double value, char text[32])
{
    if (!isfinite(value)) {
        memcpy(text, "null", 5);
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(text, 32, "%.0f", value == 0 ? 0.0 : value); /* no "-0" */
        return;
    }
    /* What reads back with fewer digits than 15 is what 15 digits print, zeros cut off. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

static void put_latency(cJSON *object, const char *name, const struct cs_latency *l, bool known)
{
    const double ms = known ? 1e3 : NAN;
    cJSON *const node = cs_tree_object(object, name);
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cs_tree_number(node, stat_keys[s], ms * l->stat[s].value);
    cJSON *const ci95 = cs_tree_object(node, "ci95");
    for (int s = 0; s < CS_STAT_COUNT; s++)
        cs_tree_pair(ci95, stat_keys[s], ms * l->stat[s].lo, ms * l->stat[s].hi);
    cJSON *const model95 = cs_tree_object(node, "model95");
    for (int s = 0; s < CS_STAT_COUNT; s++) {
        const bool has = isfinite(l->model95[s].value);
        cs_tree_pair(model95, stat_keys[s], has ? ms * l->model95[s].lo : NAN,
                 has ? ms * l->model95[s].hi : NAN);
    }
}

static void put_worst(cJSON *latency, const struct cs_answer *answer,
                      const struct cs_option_answer *o)
{
    const struct cs_worst_window *const w = &o->worst;
    const bool known = o->simulated && w->known;
    char at[32];
    cJSON *const node = cs_tree_object(latency, "worst_window");
    cs_tree_text(node, "start",
             known ? cs_plan_when(answer->scenario, w->start_s, at, sizeof at) : NULL);
    cs_tree_number(node, "start_s", known ? w->start_s : NAN);
    cs_tree_number(node, "length_s", known ? w->length_s : NAN);
    cs_tree_number(node, "requests_per_s", known ? w->requests_per_s : NAN);
    cs_tree_number(node, "attainment", known ? w->attainment : NAN);
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        put_latency(node, metric_keys[m], &w->latency[m], known);
}

static void put_hours(cJSON *object, const struct cs_option_answer *o)
{
    static const char *const names[] = {"start_s",     "requests",    "busy",
                                        "attainment",  "ttft_p50_ms", "ttft_p95_ms",
                                        "tpot_p50_ms", "tpot_p95_ms", "e2e_p95_ms",
                                        "kv",          "requests_per_s"};
    enum { COLUMNS = sizeof names / sizeof names[0] };
    cJSON *const hours = cs_tree_object(object, "hours"), *columns[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = cs_tree_array(hours, names[c]);
    for (size_t i = 0; i < (o->simulated ? o->hour_count : 0); i++) {
        const struct cs_hour *const h = &o->hours[i];
        const double row[COLUMNS] = {h->start_s,          h->requests,         h->busy,
                                     h->attainment,       1e3 * h->ttft_p50_s, 1e3 * h->ttft_p95_s,
                                     1e3 * h->tpot_p50_s, 1e3 * h->tpot_p95_s, 1e3 * h->e2e_p95_s,
                                     h->kv,               h->requests_per_s};
        for (int c = 0; c < COLUMNS; c++)
            cs_tree_number(columns[c], NULL, row[c]);
    }
}

static void put_plan(cJSON *node, const struct cs_option_answer *o)
{
    const struct cs_option *const option = o->option;
    cs_tree_text(node, "model", option->model->name);
    cs_tree_text(node, "engine", option->engine->name);
    cs_tree_text(node, "hardware", option->hardware->name);
    if (option->hardware->as_set)
        cs_tree_text(node, "hardware_as_set", option->hardware->as_set);
    cs_tree_text(node, "precision", cs_precision_infos[option->precision].name);
    cs_tree_text(node, "kv_precision", cs_precision_infos[option->kv_precision].name);
    cs_tree_number(node, "tensor_parallel", o->tensor_parallel);
    cs_tree_number(node, "pipeline_parallel", o->pipeline_parallel);
    cs_tree_number(node, "expert_parallel", option->expert_parallel);
    cs_tree_number(node, "replicas", o->replicas);
    cs_tree_number(node, "gpus", (double)o->gpus);
    const bool interval = o->gpus_hi > 0;
    cs_tree_pair(node, "gpus_ci95", interval ? (double)o->gpus_lo : NAN,
             interval ? (double)o->gpus_hi : NAN);
    cs_tree_bool(node, "given", option->replicas > 0);
    cs_tree_bool(node, "undecided", o->undecided);
    cJSON *const price = cs_tree_object(node, "price");
    cs_tree_number(price, "usd_per_gpu_hour", o->price.usd_per_gpu_hour);
    cs_tree_text(price, "source", o->price.source);
    cs_tree_text(price, "date", o->price.date);
    cs_tree_text(price, "provider", o->price.provider);
    cs_tree_text(price, "basis", o->price.basis);
    cs_tree_text(price, "mix", o->price.mix);
    cs_tree_text(price, "note", o->price.note);
    cs_tree_bool(node, "feasible", o->feasible);
    cs_tree_text(node, "reason", o->reason);
    cs_tree_text(node, "binding", cs_binding_names[o->binding]);
    cs_tree_text(node, "binding_text", o->binding_text);
    cJSON *const memory = cs_tree_object(node, "memory");
    cs_tree_number(memory, "weights_bytes", o->memory.weights_bytes);
    cs_tree_number(memory, "weights_gpu_bytes", o->memory.weights_gpu_bytes);
    cs_tree_number(memory, "usable_bytes", o->memory.usable_bytes);
    cs_tree_number(memory, "reserve_bytes", o->memory.reserve_bytes);
    cs_tree_number(memory, "kv_bytes", o->memory.kv_bytes);
    cs_tree_number(memory, "kv_tokens", (double)o->memory.kv_tokens);
    cs_tree_bool(memory, "fits", o->memory.fits);
}

/* Experts that the GPUs hold in part, and what further memory would buy. */
static void put_experts(cJSON *node, const struct cs_option_answer *o)
{
    const struct cs_loading *const l = &o->loading;
    const struct cs_experts *const x = &o->option->experts;
    cJSON *const experts = cs_tree_object(node, "experts");
    cs_tree_text(experts, "policy", cs_expert_policy_names[x->policy]);
    cs_tree_number(experts, "redundant", x->redundant);
    cs_tree_number(experts, "capacity_factor", x->capacity_factor > 0 ? x->capacity_factor : NAN);
    const bool ranks = o->option->expert_parallel > 1 && l->imbalance > 0;
    cs_tree_number(experts, "imbalance", ranks ? l->imbalance : NAN);
    cs_tree_number(experts, "imbalance_as_they_come", ranks ? l->imbalance_plain : NAN);
    cs_tree_number(experts, "dropped", ranks ? l->dropped : NAN);
    if (!l->known)
        return;
    const struct {
        const char *name;
        double value;
    } figures[] = {{"per_layer", l->experts},
                   {"resident", l->resident},
                   {"expert_bytes", l->expert_bytes},
                   {"outside_bytes", l->host_bytes},
                   {"outside_share_of_host", l->host_share},
                   {"batch", l->batch},
                   {"touched", l->touched},
                   {"found", l->found},
                   {"found_simulated", l->trial_found},
                   {"copied_bytes_per_token", l->copied_per_token},
                   {"decode_tok_s_single", l->decode_tok_s},
                   {"capacity_output_tok_s", l->output_tok_s},
                   {"load_weights_s", l->start_s},
                   {"cold_start_s", l->warm_s},
                   {"topic_change_s", l->topic_s},
                   {"topic_change_found", l->topic_found}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        cs_tree_number(experts, figures[i].name, figures[i].value);
    cJSON *const more = cs_tree_array(experts, "more_memory");
    for (size_t i = 0; i < l->more_count; i++) {
        const struct cs_loading_more *const m = &l->more[i];
        cJSON *const row = cs_tree_object(more, NULL);
        cs_tree_number(row, "bytes_per_gpu", m->bytes);
        cs_tree_number(row, "resident", m->resident);
        cs_tree_number(row, "found", m->found);
        cs_tree_number(row, "decode_tok_s_single", m->decode_tok_s);
        cs_tree_number(row, "capacity_output_tok_s", m->output_tok_s);
    }
}

static void put_model(cJSON *node, const struct cs_option_answer *o)
{
    const struct cs_model_band *const m = &o->model;
    const double known = m->error ? 1 : NAN;
    cJSON *const error = cs_tree_object(node, "model_error");
    cs_tree_text(error, "basis",
                 !m->error ? NULL : m->error->calibrated ? "calibrated" : "transfer");
    cs_tree_number(error, "step", m->error ? m->error->step : NAN);
    cs_tree_number(error, "ttft", m->error ? m->error->ttft : NAN);
    cs_tree_text(error, "source", m->error ? m->error->source : NULL);
    cs_tree_pair(error, "step_scale95", known * m->step_lo, known * m->step_hi);
    cs_tree_number(error, "sized_step_scale", known * m->margin);
    cs_tree_put(error, "keeps_up",
                m->simulated ? cJSON_CreateBool(m->keeps_up) : cJSON_CreateNull());
    cs_tree_text(error, "why_not", m->why_not);
    cs_tree_put(error, "slo_met", m->simulated ? cJSON_CreateBool(m->holds) : cJSON_CreateNull());
}

static void put_service(cJSON *node, const struct cs_answer *answer,
                        const struct cs_option_answer *o)
{
    const double known = o->simulated ? 1 : NAN;
    cs_tree_bool(node, "simulated", o->simulated);
    cs_tree_number(node, "replications", known * o->replications);
    cJSON *const latency = cs_tree_object(node, "latency");
    for (int m = 0; m < CS_METRIC_COUNT; m++)
        put_latency(latency, metric_keys[m], &o->latency[m], o->simulated);
    put_worst(latency, answer, o);
    put_model(node, o);
    cJSON *const throughput = cs_tree_object(node, "throughput");
    cs_tree_number(throughput, "requests_per_s", known * o->requests_per_s);
    cs_tree_number(throughput, "input_tokens_per_s", known * o->input_tokens_per_s);
    cs_tree_number(throughput, "output_tokens_per_s", known * o->output_tokens_per_s);
    cs_tree_number(throughput, "output_tokens_per_s_per_gpu",
                   known * o->output_tokens_per_s_per_gpu);
    cJSON *const utilisation = cs_tree_object(node, "utilisation");
    cs_tree_number(utilisation, "busy", known * o->busy);
    cs_tree_number(utilisation, "kv_mean", known * o->kv_mean);
    cs_tree_number(utilisation, "kv_peak", known * o->kv_peak);
    cs_tree_number(utilisation, "batch_mean", known * o->batch_mean);
    cs_tree_number(utilisation, "prefix_hits", known * o->prefix_hits);
    cs_tree_number(utilisation, "capacity_share", known * o->capacity_share);
    cJSON *const queue = cs_tree_object(node, "queue");
    put_latency(queue, "wait_ms", &o->wait, o->simulated);
    cs_tree_number(queue, "preemptions", known * o->preemptions);
    cs_tree_number(queue, "retried", known * o->retried);
    cJSON *const slo = cs_tree_object(node, "slo");
    cs_tree_put(slo, "met", o->simulated ? cJSON_CreateBool(o->slo_met) : cJSON_CreateNull());
    cs_tree_number(slo, "windows_met", known * o->windows_met);
    cs_tree_number(slo, "attainment", known * o->attainment);
    cs_tree_number(slo, "goodput_rps", known * o->goodput_rps);
    cs_tree_number(slo, "rejected", known * o->rejected);
    const double confidence = answer->scenario->slo.confidence;
    cs_tree_number(slo, "confidence", confidence > 0 ? confidence : NAN);
    cJSON *const neighbour = cs_tree_object(node, "neighbour");
    const double below = o->neighbour_replicas;
    cs_tree_number(neighbour, "replicas", below > 0 ? below : NAN);
    cs_tree_text(neighbour, "why_not", o->neighbour_why_not);
}

static void put_cost(cJSON *node, const struct cs_option_answer *o)
{
    const struct cs_cost_breakdown *const c = &o->cost;
    const double known = o->gpus > 0 && isfinite(c->usd_per_day) ? 1 : NAN;
    cJSON *const cost = cs_tree_object(node, "cost");
    cs_tree_number(cost, "usd_per_day", known * c->usd_per_day);
    cs_tree_number(cost, "usd_per_month", known * c->usd_per_month);
    cs_tree_number(cost, "usd_per_mtok", known * c->usd_per_mtok);
    cJSON *const breakdown = cs_tree_object(cost, "breakdown");
    for (int i = 0; i < CS_COST_ITEMS; i++)
        cs_tree_number(breakdown, cs_cost_names[i], known * c->item[i]);
    cJSON *const why = cs_tree_object(cost, "assumptions");
    for (int i = 0; i < CS_COST_ITEMS; i++)
        cs_tree_text(why, cs_cost_names[i], isnan(known) ? NULL : c->why[i]);
    cJSON *const energy = cs_tree_object(node, "energy");
    cs_tree_number(energy, "kwh_per_day", o->gpus > 0 ? c->kwh_per_day : NAN);
    cs_tree_number(energy, "kg_co2e_per_day", o->gpus > 0 ? c->kg_co2e_per_day : NAN);
}

cJSON *cs_json_option(const struct cs_answer *answer, const struct cs_option_answer *o,
                          bool with_hours)
{
    cJSON *const node = cs_tree_new();
    put_plan(node, o);
    if (o->option->model->experts > 0)
        put_experts(node, o);
    put_service(node, answer, o);
    put_cost(node, o);
    if (with_hours)
        put_hours(node, o);
    return node;
}

static void put_apis(cJSON *root, const struct cs_answer *answer)
{
    cJSON *const apis = cs_tree_array(root, "apis");
    for (size_t i = 0; i < answer->api_count; i++) {
        const struct cs_api_answer *const a = &answer->apis[i];
        cJSON *const node = cs_tree_object(apis, NULL);
        cs_tree_text(node, "name", a->api->name);
        cs_tree_text(node, "title", a->api->title);
        cs_tree_text(node, "label", cs_words_api(a));
        cs_tree_number(node, "usd_per_day", a->usd_per_day);
        cs_tree_number(node, "usd_per_mtok", a->usd_per_mtok);
        cJSON *const breakdown = cs_tree_object(node, "breakdown");
        cs_tree_number(breakdown, "input", a->input);
        cs_tree_number(breakdown, "cached_input", a->cached_input);
        cs_tree_number(breakdown, "cache_write", a->cache_write);
        cs_tree_number(breakdown, "output", a->output);
        cs_tree_number(breakdown, "committed", a->committed);
        cJSON *const price = cs_tree_object(node, "price");
        cs_tree_number(price, "input_usd_per_mtok", a->price ? 1e6 * a->price->input : NAN);
        cs_tree_number(price, "output_usd_per_mtok", a->price ? 1e6 * a->price->output : NAN);
        cs_tree_text(price, "basis", a->price ? cs_words_basis[a->price->basis] : NULL);
        cs_tree_text(price, "provider", a->price ? a->price->provider : NULL);
        cs_tree_text(price, "date", a->price ? a->price->date : NULL);
        cs_tree_text(price, "source", a->price ? a->price->source : NULL);
        cs_tree_number(price, "paid",
                       a->bought ? a->bought->price * answer->scenario->cost.api_price : 1);
        cs_tree_number(node, "batch_share", a->batch);
        cs_tree_number(node, "cached_share", a->cached);
        cs_tree_number(node, "committed_units", a->units);
        cs_tree_text(node, "rate_limit_tier", a->limit ? a->limit->tier : NULL);
        cs_tree_number(node, "rate_limit_share", a->limit ? a->over_limit : NAN);
        cs_tree_number(node, "share_over_context", a->share_over_context);
        cs_tree_text(node, "note", a->note);
    }
}

static void put_head(cJSON *root, const struct cs_answer *answer, struct cs_arena *scratch)
{
    const struct cs_scenario *const s = answer->scenario;
    char text[32], at[32];
    cs_tree_text(root, "capsim", CS_VERSION);
    cs_tree_number(root, "schema", SCHEMA);
    cs_tree_text(root, "scenario", s->name);
    cs_tree_text(root, "file", s->path);
    snprintf(text, sizeof text, "%llu", (unsigned long long)s->simulate.seed);
    cs_tree_put(root, "seed", cJSON_CreateRaw(text));
    cs_tree_text(root, "answer", cs_words_answer(scratch, answer));
    cJSON *const currency = cs_tree_object(root, "currency");
    cs_tree_text(currency, "code", cs_money_code(s));
    cs_tree_number(currency, "usd", s->cost.currency ? s->cost.currency_usd : 1);
    cs_tree_text(currency, "date", s->cost.exchange_date);
    cJSON *const simulated = cs_tree_object(root, "simulated");
    cs_tree_number(simulated, "requests", answer->simulated_requests);
    cs_tree_number(simulated, "seconds", answer->simulated_seconds);
    cs_tree_number(simulated, "runs", (double)answer->runs);
    cJSON *const offered = cs_tree_object(root, "offered");
    cs_tree_number(offered, "requests_per_day", answer->requests_per_day);
    cs_tree_number(offered, "requests_per_s", answer->mean_rps);
    cs_tree_number(offered, "peak_requests_per_s", answer->peak_rps);
    cs_tree_text(offered, "peak_start", isfinite(answer->peak_start_s)
                                        ? cs_plan_when(s, answer->peak_start_s, at, sizeof at)
                                        : NULL);
    cs_tree_number(offered, "mean_input_tokens", answer->mean_input);
    cs_tree_number(offered, "mean_output_tokens", answer->mean_output);
}

static cJSON *answer_node(const struct cs_answer *answer, struct cs_arena *scratch)
{
    const struct cs_scenario *const s = answer->scenario;
    cJSON *const root = cs_tree_new();
    put_head(root, answer, scratch);
    cJSON *const options = cs_tree_array(root, "options");
    for (size_t i = 0; i < answer->option_count; i++)
        cs_tree_put(options, NULL, cs_json_option(answer, &answer->options[i], true));
    cs_tree_number(root, "best", answer->best >= 0 ? (double)answer->best : NAN);
    cs_tree_text(root, "no_answer", answer->best >= 0 ? NULL : cs_words_no(scratch, answer));
    put_apis(root, answer);
    cJSON *const checks = cs_tree_array(root, "checks");
    for (size_t i = 0; i < answer->check_count; i++) {
        cJSON *const node = cs_tree_object(checks, NULL);
        cs_tree_text(node, "law", answer->checks[i].law);
        cs_tree_number(node, "expected", answer->checks[i].expected);
        cs_tree_number(node, "actual", answer->checks[i].actual);
        cs_tree_bool(node, "ok", answer->checks[i].ok);
    }
    cJSON *const assumed = cs_tree_array(root, "assumed");
    for (size_t i = 0; i < s->default_count; i++) {
        cJSON *const node = cs_tree_object(assumed, NULL);
        cs_tree_text(node, "key", s->defaults[i].key);
        cs_tree_text(node, "value", s->defaults[i].value);
        cs_tree_text(node, "why", s->defaults[i].why);
    }
    return root;
}

void cs_json_print(const struct cs_answer *answer, const struct cs_uncertainty *uncertain,
                   FILE *out)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch);
    cJSON *const root = answer_node(answer, &scratch);
    if (uncertain)
        cs_uncertainty_put(cs_tree_object(root, "uncertain"), uncertain);
    cs_tree_print(root, out);
    cs_arena_fini(&scratch);
}
