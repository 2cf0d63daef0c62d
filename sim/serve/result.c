/* Results: where the engine writes what is measured. See result.h for what belongs where.
 *
 * cs_recorder_end runs once per request and is the only place where latencies are made; limits are
 * compared exactly, in picoseconds, before any histogram rounds them:
 *
 *     TTFT <= limit,  E2E <= limit,  TPOT <= limit  <=>  E2E - TTFT <= limit (output - 1)
 *
 * Results of replications stay apart: plan/answer.c sums them, in the order of their index.
 * Nothing here allocates but histogram pages.
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
    if (rec->observer != NULL && rec->observer->ended != NULL)
        rec->observer->ended(rec->observer->user, arrival_ps, first_token_ps, done_ps, input,
                             output);
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

void cs_request_log_move(struct cs_request_log *log, int64_t row, int64_t time_ps, bool again)
{
    if (row < 0)
        return;
    log->moves = cs_arena_grow(log->arena, log->moves, log->move_count, sizeof *log->moves);
    log->moves[log->move_count++] =
        (struct cs_request_move){row, time_ps, again ? CS_MOVE_IN : CS_MOVE_OUT, -1, -1};
}

void cs_request_log_away(struct cs_request_log *log, int64_t row, int64_t time_ps, int replica)
{
    if (row < 0)
        return;
    log->moves = cs_arena_grow(log->arena, log->moves, log->move_count, sizeof *log->moves);
    log->moves[log->move_count++] = (struct cs_request_move){
        row, time_ps, CS_MOVE_AWAY, log->rows[row].replica, replica};
    log->rows[row].replica = replica;
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
