/* Continuous batching: one serving engine, exact to the picosecond, at a cost per request.
 *
 * An engine works in steps. Each step computes one token for every sequence that is decoding and a
 * chunk of prompt for those that are not yet; sequences join and leave between steps. One step is
 * planned by these rules:
 *
 *   1. A request may be planned from arrival + request_ps on.
 *   2. An asynchronous engine plans step s+1 at the instant step s starts, a synchronous one at the
 *      end of step s, an idle one at the first instant something may be planned; it starts there.
 *   3. Decodes first: each needs a KV block when its context crosses a block boundary. If blocks do
 *      not suffice the last admitted request is preempted (blocks released, back to the head of the
 *      queue, its prompt grown by what it had generated) until they do.
 *   4. Then the prompt that is partly prefilled, up to the token budget that the decodes left.
 *   5. Then waiting requests in order, while budget, slots and blocks for the whole prompt last,
 *      less those that the prefix cache holds; a plan that preempted admits nobody, nor does one of
 *      a static engine while anybody runs. (A prompt that exhausts the budget is the last admitted,
 *      so at most one is partly prefilled at any time, and it is the tail of the admission list.)
 *   6. The slot and the blocks of a request whose last step ends at t are free for plans made at t
 *      or later.
 *
 * Between two changes of the batch nothing need be looked at: with D sequences decoding, step k
 * reads D more KV tokens than step k-1, so k steps take exactly k t1 + g k (k-1) / 2 picoseconds,
 * g = kv_ps D. `jump` covers them at once, up to the next end of a request, full sliding window,
 * lack of blocks, or plan that can admit somebody. Three sums make this possible:
 *
 *   a context at step s is prompt + (s - s0): their sum is base + D s, base = sum(prompt - s0);
 *   it needs a block at steps s = s0 + 1 - prompt (mod b): crossing[s mod b] blocks at step s;
 *   it ends at step s0 + left - 1: a wheel of steps (request.h).
 *
 * Memory: the run's arena; requests belong to the pool, blocks to kvcache.c and prefix.c. What
 * others may read of a replica is in replica_view.c.
 */
#include "serve/replica.h"
#include "base/check.h"
#include "serve/kvcache.h"
#include "serve/ramp.h"
#include <string.h>

struct cs_replica *cs_replica_new(struct cs_arena *arena, const struct cs_step *step,
                                  const struct cs_limits_engine *limits, struct cs_pool *pool,
                                  struct cs_recorder *recorder, int64_t begin_ps)
{
    struct cs_replica *r = cs_arena_alloc(arena, 1, sizeof *r);
    r->step = step;
    r->limits = limits;
    r->pool = pool;
    r->rec = recorder;
    r->result = recorder->result;
    r->start = r->end = begin_ps;
    r->quiet_until = r->head_at = INT64_MAX;
    r->prefill_end = begin_ps;
    r->leaving_end = r->window_end = INT64_MIN;
    r->idle = true;
    r->partial = r->admitted_head = r->admitted_tail = -1;
    r->waiting.arena = arena;
    r->crossing = cs_arena_alloc(arena, (size_t)limits->block_size, sizeof *r->crossing);
    if (limits->prefix_caching) {
        r->prefix = cs_prefix_new(arena, limits->kv_blocks, limits->block_size);
        r->gone = cs_arena_alloc(arena, (size_t)limits->max_num_seqs, sizeof *r->gone);
        r->counting = true;
        r->free_blocks = limits->kv_blocks;
    }
    cs_wheel_init(&r->ends, arena, CS_MARK_FINISH);
    cs_wheel_init(&r->windows, arena, CS_MARK_WINDOW);
    return r;
}

/* ---- lists ------------------------------------------------------------------------------- */

static void admitted_append(struct cs_replica *r, int32_t i)
{
    struct cs_request *items = r->pool->items;
    items[i].prev = r->admitted_tail;
    items[i].next = -1;
    if (r->admitted_tail >= 0)
        items[r->admitted_tail].next = i;
    else
        r->admitted_head = i;
    r->admitted_tail = i;
}

static void admitted_remove(struct cs_replica *r, int32_t i)
{
    struct cs_request *items = r->pool->items;
    const int32_t prev = items[i].prev, next = items[i].next;
    if (prev >= 0)
        items[prev].next = next;
    else
        r->admitted_head = next;
    if (next >= 0)
        items[next].prev = prev;
    else
        r->admitted_tail = prev;
}

/* When the head of the queue may be planned. */
static inline int64_t head_eligible(const struct cs_replica *r)
{
    if (r->waiting.count == 0)
        return INT64_MAX;
    return r->pool->items[cs_queue_front(&r->waiting)].since_ps;
}

void cs_replica_push(struct cs_replica *r, int32_t request)
{
    cs_queue_push(&r->waiting, request);
    r->head_at = head_eligible(r);
    const bool first = r->waiting.count == 1;
    r->quiet_until = first && r->head_at < r->quiet_until ? r->head_at : r->quiet_until;
}

/* ---- the books of a step ----------------------------------------------------------------- */

static void enter_window(struct cs_replica *r, int64_t time_ps)
{
    struct cs_result *res = r->rec->result;
    const int32_t w = cs_recorder_window(r->rec, time_ps);
    if (w < 0) {
        r->window = NULL;
        r->window_end = time_ps < 0 ? 0 : INT64_MAX;
        return;
    }
    r->window = &res->windows[w];
    r->window_end = (time_ps / res->window_ps + 1) * res->window_ps;
    if (r->window_end > r->rec->end_ps)
        r->window_end = r->rec->end_ps;
}

/* k steps from `start`, the first lasting t1, each `g` longer than the one before, with `active`
 * sequences, reading `kv` tokens in the first and D more in each. */
static inline void book(struct cs_replica *r, int64_t start, int64_t t1, int64_t g, int64_t k,
                        int64_t span, int64_t active, int64_t kv)
{
    struct cs_result *res = r->result;
    const int64_t D = r->decoding;
    if (start >= r->window_end)
        enter_window(r, start);
    const double time = (double)span;
    res->all_busy_ps += span;
    res->all_batch_area += (double)active * time;
    /* sum over i < k of (kv + i D)(t1 + i g) */
    const double s1 = 0.5 * (double)(k * (k - 1)), s2 = s1 * (double)(2 * k - 1) * (1.0 / 3.0);
    const double area = (double)kv * time + (double)D * ((double)t1 * s1 + (double)g * s2);
    res->all_kv_area += area;
    const int64_t peak = kv + D * (k - 1);
    if (peak > res->kv_peak_tokens)
        res->kv_peak_tokens = peak;
    res->all_decode_tokens += (uint64_t)(D * k);
    res->all_steps += (uint64_t)k;
    if (r->window == NULL)
        return;
    r->window->busy_ps += span;
    r->window->kv_area += area;
    cs_hist_add_ramp(&r->window->metric[CS_METRIC_ITL], t1, g, k, (uint64_t)D);
}

/* ---- joining and leaving the decoding set ------------------------------------------------ */

/* Request i ends its prefill in step n (just planned). */
static void begin_decoding(struct cs_replica *r, int32_t i)
{
    struct cs_request *q = &r->pool->items[i];
    q->prefill_end = r->n;
    if (q->first_token_ps < 0) {
        q->first_token_ps = r->end;
    } else {
        const int64_t gap = r->end - q->last_token_ps;
        if (r->window != NULL)
            cs_hist_add(&r->window->metric[CS_METRIC_ITL], gap, 1);
    }
    r->decoding++;
    r->context_base += q->prompt - r->n;
    if (r->counting)
        r->crossing[cs_kvcache_class(r, q)]++;
    cs_wheel_add(&r->ends, r->pool, i, r->n + q->left - 1, r->n);
    const int64_t window = r->step->window_tokens;
    if (window > 0 && q->prompt + 1 < window) { /* its context is w at step s0 + w - prompt */
        r->growing++;
        r->growing_base += q->prompt - r->n;
        cs_wheel_add(&r->windows, r->pool, i, r->n + window - q->prompt, r->n);
    }
}

static void leave_decoding(struct cs_replica *r, int32_t i)
{
    struct cs_request *q = &r->pool->items[i];
    r->decoding--;
    r->context_base -= q->prompt - q->prefill_end;
    if (r->counting)
        r->crossing[cs_kvcache_class(r, q)]--;
    if (q->mark[CS_MARK_WINDOW].step >= 0) {
        r->growing--;
        r->growing_base -= q->prompt - q->prefill_end;
        cs_wheel_remove(&r->windows, r->pool, i);
    }
}

/* Frees what ended at or before `now`. By masks: whether something did is a coin toss, and the
 * processor would lose more on guessing than this costs. */
static inline void release(struct cs_replica *r, int64_t now)
{
    if (r->prefix != NULL && r->leaving > 0 && r->leaving_end <= now) {
        cs_kvcache_release_ended(r);
        r->pledged -= r->leaving_blocks;
        r->leaving_blocks = 0; /* counted there */
    }
    const int64_t gone = -(int64_t)(r->leaving_end <= now);
    r->running -= r->leaving & gone;
    r->free_blocks += r->leaving_blocks & gone;
    r->pledged -= r->leaving_blocks & gone;
    r->leaving &= ~gone;
    r->leaving_blocks &= ~gone;
}

/* Requests whose last step is n stop decoding, and hold slot and blocks until it ends. */
static void retire(struct cs_replica *r)
{
    int32_t next;
    for (int32_t i = cs_wheel_pop(&r->ends, r->pool); i >= 0; i = next) {
        struct cs_request *q = &r->pool->items[i];
        next = q->mark[CS_MARK_FINISH].next;
        leave_decoding(r, i);
        admitted_remove(r, i);
        if (r->prefix != NULL)
            cs_kvcache_end(r, i);
        r->leaving++;
        r->leaving_blocks += q->pledge; /* which it holds now */
        r->result->all_residence_ps += (double)(r->end - q->since_ps);
        if (q->row >= 0) {
            struct cs_request_record *row = &r->rec->log->rows[q->row];
            row->first_token_ps = q->first_token_ps;
            row->done_ps = r->end;
            row->preemptions = q->preemptions;
        }
        cs_recorder_end(r->rec, q->window, q->arrival_ps, q->first_token_ps, r->end, q->input,
                        q->output);
        if (r->prefix == NULL)
            cs_pool_give(r->pool, i);
    }
    r->leaving_end = r->end;
}

/* Before anything is planned at `now`: who ended leaves, and what is free by then is free. */
static inline void settle(struct cs_replica *r, int64_t now)
{
    release(r, now);
    if (r->ends.first <= r->n)
        retire(r);
    if (r->end <= now) /* synchronous, or idle */
        release(r, now);
}

/* ---- when blocks run out ---------------------------------------------------------------- */

/* Rule 3: the last admitted request gives up its place. */
static void preempt_last(struct cs_replica *r)
{
    const int32_t i = r->admitted_tail;
    cs_check(i >= 0);
    struct cs_request *q = &r->pool->items[i];
    if (i == r->partial) {
        cs_kvcache_give_up(r, i, r->partial_done, cs_kvcache_blocks(r, q->prompt));
        r->partial = -1;
        r->result->all_recomputed_tokens += (uint64_t)r->partial_done;
    } else {
        const int64_t tokens = q->prompt + (r->n - q->prefill_end);
        cs_kvcache_give_up(r, i, tokens, cs_kvcache_blocks(r, tokens));
        leave_decoding(r, i);
        cs_wheel_remove(&r->ends, r->pool, i);
        const int32_t made = (int32_t)(r->n - q->prefill_end + 1);
        q->left -= made;
        q->prompt += made;
        q->last_token_ps = r->end;
        r->result->all_recomputed_tokens += (uint64_t)q->prompt;
    }
    r->pledged -= q->pledge;
    r->result->all_residence_ps += (double)(r->end - q->since_ps);
    r->result->preemptions++;
    q->preemptions++;
    cs_request_log_move(r->rec->log, q->row, r->end, false);
    r->running--;
    admitted_remove(r, i);
    cs_queue_push_front(&r->waiting, i);
    r->head_at = head_eligible(r);
}

/* Blocks for the decodes of step n + 1; true when that took a preemption. */
static bool take_decode_blocks(struct cs_replica *r)
{
    if (r->prefix == NULL && r->pledged <= r->limits->kv_blocks - r->limits->kv_blocks / 8) {
        r->counting = false;
        return false;
    }
    const int64_t phase = (r->n + 1) % r->limits->block_size;
    const bool preempted = r->crossing[phase] > r->free_blocks;
    while (r->crossing[phase] > r->free_blocks)
        preempt_last(r);
    cs_kvcache_take(r, r->crossing[phase]);
    return preempted;
}

/* ---- planning one step ------------------------------------------------------------------- */

static void saturate_windows(struct cs_replica *r)
{
    while (r->windows.first <= r->n + 1) { /* full at the step being planned */
        int32_t next;
        for (int32_t i = cs_wheel_pop(&r->windows, r->pool); i >= 0; i = next) {
            const struct cs_request *q = &r->pool->items[i];
            next = q->mark[CS_MARK_WINDOW].next;
            r->growing--;
            r->growing_base -= q->prompt - q->prefill_end;
        }
    }
}

/* Adds a chunk of n tokens after c to the load; the c are read once. */
static inline void add_chunk(const struct cs_replica *r, struct cs_step_load *load, int64_t n,
                             int64_t c)
{
    load->tokens += n;
    load->prefill = true;
    load->chunks++;
    load->chunk_tokens += n;
    load->pairs += cs_step_pairs(n, c, 0);
    load->kv_tokens += c;
    const int64_t window = r->step->window_tokens;
    if (window > 0) {
        load->window_pairs += cs_step_pairs(n, c, window);
        load->window_kv_tokens += c < window ? c : window;
    }
}

/* Rule 5. Admits waiting requests into the load; `start` is when the step will start. Returns the
 * number whose prefill ends in this step. */
static int64_t admit(struct cs_replica *r, struct cs_step_load *load, int64_t budget, int64_t now,
                     int64_t start)
{
    int64_t ended = 0;
    while (r->head_at <= now && budget > 0 && r->running < r->limits->max_num_seqs) {
        const int32_t i = cs_queue_front(&r->waiting);
        struct cs_request *q = &r->pool->items[i];
        const int64_t pledge = cs_kvcache_blocks(r, (int64_t)q->prompt + q->left - 1);
        if (!cs_kvcache_has_room(r, i, pledge))
            break;
        cs_queue_pop(&r->waiting);
        r->head_at = head_eligible(r);
        r->running++;
        const int64_t cached = cs_kvcache_admit(r, i);
        q->pledge = (int32_t)pledge;
        r->pledged += pledge;
        admitted_append(r, i);
        q->since_ps = start;
        if (q->preemptions > 0)
            cs_request_log_move(r->rec->log, q->row, start, true);
        else if (q->row >= 0)
            r->rec->log->rows[q->row].first_step_ps = start;
        if (q->preemptions == 0 && q->window >= 0)
            cs_hist_add(&r->result->wait, start - q->arrival_ps, 1);
        const int64_t rest = q->prompt - cached;
        const int64_t chunk = rest < budget ? rest : budget;
        add_chunk(r, load, chunk, cached);
        cs_kvcache_fill(r, i, cached + chunk);
        budget -= chunk;
        if (chunk == rest) {
            ended++;
        } else {
            r->partial = i;
            r->partial_done = cached + chunk;
        }
    }
    return ended;
}

/* Plans step n + 1 at the instant `now`; false when the plan is empty. */
static bool plan(struct cs_replica *r, int64_t now)
{
    const bool preempted = r->counting && take_decode_blocks(r);
    saturate_windows(r);

    const int64_t D = r->decoding;
    struct cs_step_load load = {.tokens = D,
                                .kv_tokens = cs_kvcache_tokens(r, r->n + 1),
                                .window_kv_tokens = cs_kvcache_window_tokens(r, r->n + 1)};
    int64_t budget = r->limits->max_num_batched_tokens - D;
    int64_t ended = 0;
    int64_t active = D;
    const int32_t partial = r->partial;
    if (partial >= 0) {
        const int64_t rest = r->pool->items[partial].prompt - r->partial_done;
        const int64_t chunk = rest < budget ? rest : budget;
        active++;
        if (chunk > 0) {
            add_chunk(r, &load, chunk, r->partial_done);
            budget -= chunk;
            r->partial_done += chunk;
            cs_kvcache_fill(r, partial, r->partial_done);
            if (chunk == rest) {
                r->partial = -1;
                ended = 1;
            }
        }
    }
    const int64_t start = now > r->end ? now : r->end;
    const bool closed = r->limits->static_batching && r->running > 0;
    if (!preempted && !closed && r->head_at <= now) {
        const int64_t before = r->running;
        ended += admit(r, &load, budget, now, start);
        active += r->running - before;
    }
    if (load.tokens == 0)
        return false;
    load.sampled = D + ended;
    const int64_t t = cs_step_ps(r->step, &load);
    if (start > r->end)
        r->result->all_idle_ps += start - r->end;
    r->idle = false;
    r->start = start;
    r->end = start + t;
    r->n++;
    r->prefill_end = load.prefill ? r->end : r->prefill_end;
    r->result->all_prefill_tokens += (uint64_t)(load.tokens - D);
    r->result->all_first_tokens += (uint64_t)ended;
    book(r, start, t, 0, 1, t, active, load.kv_tokens + load.tokens - D);
    if (ended > 0) { /* they are the last of the admission list, before a new partial one */
        int32_t i = r->admitted_tail;
        if (i == r->partial)
            i = r->pool->items[i].prev;
        for (int64_t k = 1; k < ended; k++)
            i = r->pool->items[i].prev;
        for (int64_t k = 0; k < ended; k++) {
            const int32_t next = r->pool->items[i].next;
            begin_decoding(r, i);
            i = next;
        }
    }
    return true;
}

/* ---- the jump ---------------------------------------------------------------------------- */

/* Whether the head of the queue cannot be admitted whatever the instant, until somebody leaves. */
static bool head_is_blocked(const struct cs_replica *r)
{
    return r->running >= r->limits->max_num_seqs ||
           r->decoding >= r->limits->max_num_batched_tokens || r->limits->static_batching ||
           (r->counting &&
            cs_kvcache_needed(r, cs_queue_front(&r->waiting)) > r->free_blocks);
}

/* Covers as many pure decode steps as nothing can disturb, if their planning lies at or before
 * `until`; else remembers when it will, or if it is to `stop` there covers those planned by then.
 * False when the next step needs a plan of its own. */
static bool jump(struct cs_replica *r, int64_t now, int64_t until, bool stop)
{
    int64_t k = r->ends.first - r->n; /* at least 1 */
    if (r->windows.first - 1 - r->n < k)
        k = r->windows.first - 1 - r->n;
    if (r->partial >= 0 || r->decoding == 0 || k <= 0)
        return false;
    const bool blocked = r->head_at <= now;
    if (blocked && !head_is_blocked(r))
        return false;
    int64_t g;
    const int64_t t1 = cs_kvcache_step_ps(r, &g);
    /* plans of steps n+1, n+2, ... happen at `now`, end, end + ramp(1), ... (asynchronous), or at
     * end, end + ramp(1), ...; those before the head of the queue may be planned are free */
    if (!blocked && !r->limits->static_batching && r->head_at <= r->end + cs_ramp(k - 1, t1, g)) {
        const int64_t early = cs_ramps_below(r->head_at - r->end, t1, g) + r->limits->asynchronous;
        k = early < k ? early : k;
        if (k <= 0)
            return false;
    }
    if (stop && until - r->end < cs_ramp(k - 1, t1, g)) {
        const int64_t planned = cs_ramps_below(until + 1 - r->end, t1, g) + r->limits->asynchronous;
        k = planned < k ? planned : k;
    }
    if (blocked && r->leaving > 0)
        k = 1; /* slots and blocks come free at the end of step n, when step n+2 is planned */
    int64_t blocks = 0;
    if (r->counting) {
        const int64_t wanted = k;
        k = cs_kvcache_ahead(r, k, &blocks);
        if (k < wanted && k > 1 && r->leaving > 0)
            k = cs_kvcache_ahead(r, 1, &blocks); /* then more are free */
        if (k == 0)
            return false;
    }
    const int64_t last = k - 1; /* of the jump, from 0 */
    int64_t planned = r->end + cs_ramp(last, t1, g);
    if (r->limits->asynchronous) {
        const int64_t before = r->end + cs_ramp(last - 1, t1, g);
        planned = last == 0 ? now : before;
    }
    if (planned > until) {
        r->quiet_until = planned;
        return true;
    }
    cs_kvcache_take(r, blocks);
    const int64_t span = cs_ramp(k, t1, g);
    book(r, r->end, t1, g, k, span, r->decoding, cs_kvcache_tokens(r, r->n + 1));
    r->start = r->end + cs_ramp(last, t1, g);
    r->end += span;
    r->n += k;
    return true;
}

/* One planning instant at or before `until`, or the news that there is none. */
static void advance_once(struct cs_replica *r, int64_t until, bool stop)
{
    if (r->idle) {
        const int64_t now = r->head_at > r->end ? r->head_at : r->end;
        r->quiet_until = now;
        if (now > until)
            return;
        settle(r, now);
        cs_check(plan(r, now)); /* an empty engine has room for whatever it accepted */
    } else {
        const int64_t now = r->limits->asynchronous ? r->start : r->end;
        r->quiet_until = now;
        if (now > until)
            return;
        settle(r, now);
        if (jump(r, now, until, stop))
            return;
        if (!plan(r, now))
            r->idle = true;
    }
    r->quiet_until = r->limits->asynchronous && !r->idle ? r->start : r->end;
}

void cs_replica_advance(struct cs_replica *r, int64_t until)
{
    while (r->quiet_until <= until)
        advance_once(r, until, false);
    release(r, until); /* plans yet to come lie after `until` */
}

void cs_replica_meet(struct cs_replica *r, int64_t t)
{
    cs_replica_advance(r, t - 1);
    if (r->end <= t) /* a synchronous engine learns of its ends when it plans */
        settle(r, t);
    release(r, t);
}

/* ---- failing, coming back, and the end ---------------------------------------------------- */

void cs_replica_stop(struct cs_replica *r, int64_t t)
{
    const uint64_t preemptions = r->result->preemptions; /* a failure is none */
    if (!r->idle) /* a jump that is under way has come so far */
        r->quiet_until = r->limits->asynchronous ? r->start : r->end;
    while (r->quiet_until < t)
        advance_once(r, t - 1, true);
    settle(r, r->end);
    while (r->admitted_tail >= 0)
        preempt_last(r);
    cs_check(r->running == 0 && r->pledged == 0 && r->decoding == 0);
    r->result->preemptions = preemptions;
    r->idle = true;
    r->quiet_until = INT64_MAX;
    r->counting = false;
    if (r->prefix != NULL) { /* what it knew is lost */
        r->prefix = cs_prefix_new(r->waiting.arena, r->limits->kv_blocks, r->limits->block_size);
        r->counting = true;
        r->free_blocks = r->limits->kv_blocks;
        memset(r->crossing, 0, (size_t)r->limits->block_size * sizeof *r->crossing);
    }
}

int32_t cs_replica_take(struct cs_replica *r)
{
    if (r->waiting.count == 0)
        return -1;
    const int32_t i = cs_queue_front(&r->waiting);
    cs_queue_pop(&r->waiting);
    r->head_at = head_eligible(r);
    return i;
}

void cs_replica_restart(struct cs_replica *r, int64_t t)
{
    cs_check(r->running == 0 && r->waiting.count == 0 && r->end <= t);
    r->idle = true;
    r->quiet_until = INT64_MAX;
    r->start = r->end = t;
}

void cs_replica_finish(struct cs_replica *r, int64_t end)
{
    release(r, end);
    if (end > r->end)
        r->result->all_idle_ps += end - r->end;
}
