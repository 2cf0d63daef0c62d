/* Results: where the engine writes what is measured. See result.h for what belongs where.
 *
 * cs_recorder_end runs once per request and is the only place where latencies are made; limits are
 * compared exactly, in picoseconds, before any histogram rounds them:
 *
 *     TTFT <= limit,  E2E <= limit,  TPOT <= limit  <=>  E2E - TTFT <= limit (output - 1)
 *
 * Merging adds counts window by window; it is exact and gives the same bytes in any grouping for
 * counts, and in index order for the double sums. Nothing here allocates but histogram pages.
 */
#include "serve/result.h"

void cs_result_init(struct cs_result *r, struct cs_arena *arena, int64_t window_ps,
                    size_t window_count)
{
    *r = (struct cs_result){.window_ps = window_ps > 0 ? window_ps : INT64_MAX,
                            .window_count = window_count > 0 ? window_count : 1};
    r->windows = cs_arena_alloc(arena, r->window_count, sizeof *r->windows);
    for (size_t w = 0; w < r->window_count; w++)
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            cs_hist_init(&r->windows[w].metric[m], arena);
    cs_hist_init(&r->wait, arena);
}

void cs_result_merge(struct cs_result *into, const struct cs_result *from)
{
    for (size_t w = 0; w < into->window_count; w++) {
        struct cs_window_tally *a = &into->windows[w];
        const struct cs_window_tally *b = &from->windows[w];
        a->requests += b->requests;
        a->met += b->met;
        for (int i = 0; i < CS_RESULT_LIMITS; i++)
            a->within[i] += b->within[i];
        a->rejected += b->rejected;
        a->busy_ps += b->busy_ps;
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            cs_hist_merge(&a->metric[m], &b->metric[m]);
    }
    cs_hist_merge(&into->wait, &from->wait);
    into->requests += from->requests;
    into->rejected += from->rejected;
    into->completed += from->completed;
    into->input_tokens += from->input_tokens;
    into->output_tokens += from->output_tokens;
    into->preemptions += from->preemptions;
    if (from->kv_peak_tokens > into->kv_peak_tokens)
        into->kv_peak_tokens = from->kv_peak_tokens;
    into->measured_ps += from->measured_ps;
    into->all_steps += from->all_steps;
    into->all_kv_area += from->all_kv_area;
    into->all_arrived += from->all_arrived;
    into->all_completed += from->all_completed;
    into->all_rejected += from->all_rejected;
    into->all_input_tokens += from->all_input_tokens;
    into->all_output_tokens += from->all_output_tokens;
    into->all_prefill_tokens += from->all_prefill_tokens;
    into->all_recomputed_tokens += from->all_recomputed_tokens;
    into->all_cached_tokens += from->all_cached_tokens;
    into->all_decode_tokens += from->all_decode_tokens;
    into->all_first_tokens += from->all_first_tokens;
    into->all_batch_area += from->all_batch_area;
    into->all_residence_ps += from->all_residence_ps;
    into->all_busy_ps += from->all_busy_ps;
    into->all_idle_ps += from->all_idle_ps;
    into->all_span_ps += from->all_span_ps;
    into->backlog_requests += from->backlog_requests;
}

void cs_result_total(const struct cs_result *r, enum cs_metric metric, struct cs_hist *total)
{
    for (size_t w = 0; w < r->window_count; w++)
        cs_hist_merge(total, &r->windows[w].metric[metric]);
}

static bool within(const struct cs_limit *limit, int64_t ttft, int64_t e2e, int32_t output)
{
    switch (limit->metric) {
    case CS_METRIC_TTFT:
        return ttft <= limit->limit_ps;
    case CS_METRIC_E2E:
        return e2e <= limit->limit_ps;
    case CS_METRIC_TPOT:
        /* d <= limit n, divided: a limit of a day times a long answer exceeds 64 bits */
        return output <= 1 || (e2e - ttft - 1) / (output - 1) < limit->limit_ps;
    default:
        return true; /* token gaps and means are judged by window */
    }
}

void cs_recorder_end(struct cs_recorder *rec, int32_t window, int64_t arrival_ps,
                     int64_t first_token_ps, int64_t done_ps, int32_t input, int32_t output)
{
    struct cs_result *r = rec->result;
    r->all_completed++;
    r->all_input_tokens += (uint64_t)input;
    r->all_output_tokens += (uint64_t)output;
    if (window < 0)
        return;
    struct cs_window_tally *w = &r->windows[window];
    const int64_t ttft = first_token_ps - arrival_ps, e2e = done_ps - arrival_ps;
    r->completed++;
    r->input_tokens += (uint64_t)input;
    r->output_tokens += (uint64_t)output;
    cs_hist_add(&w->metric[CS_METRIC_TTFT], ttft, 1);
    cs_hist_add(&w->metric[CS_METRIC_E2E], e2e, 1);
    if (output > 1) {
        const double tpot = (double)(e2e - ttft) / (double)(output - 1);
        cs_hist_add(&w->metric[CS_METRIC_TPOT], (int64_t)tpot, 1);
    }
    uint64_t all = 1;
    for (size_t i = 0; i < rec->limit_count; i++) {
        const bool ok = within(&rec->limits[i], ttft, e2e, output);
        w->within[i] += ok;
        all &= (uint64_t)ok;
    }
    w->met += all;
}

void cs_recorder_reject(struct cs_recorder *rec, int32_t window)
{
    struct cs_result *r = rec->result;
    r->all_rejected++;
    if (window < 0)
        return;
    r->rejected++;
    r->windows[window].rejected++;
}
