/* Reference: one replica step by step, sequence by sequence (see reference.h).
 *
 * Rules of a plan made at the instant tau for the step that starts at `start`:
 *   - requests whose last step ended at or before tau leave, with their slots and blocks;
 *   - every sequence whose prompt is complete and that is not in its last step computes a token;
 *     it takes a block when its context passes a block boundary; while blocks lack, the last
 *     admitted request that is not in its last step goes back to the head of the queue;
 *   - incomplete prompts continue within the budget the decodes left, in order of admission;
 *   - eligible waiting requests are admitted in order while budget, slots and blocks for the whole
 *     prompt last (and those that all could come to hold, where answers are reserved), unless the
 *     plan preempted; with static batching only while nobody has run or
 *     leaves at its beginning.
 * An asynchronous engine plans the next step when one starts, a synchronous one when it ends, an
 * idle one when the head of the queue becomes eligible. The rule of the file: nothing is remembered
 * that can be counted anew. Not here: what blocks hold (refcache.c), speculative decoding.
 */
#include "reference.h"
#include <stdlib.h>
#include <string.h>
#include "base/check.h"

struct sequence {
    int request;
    int64_t prompt;    /* tokens to prefill */
    int64_t prefilled; /* of them, computed in planned steps */
    int64_t tokens;    /* output tokens wanted of this admission */
    int64_t made;      /* of them, computed in planned steps */
    struct ref_table blocks;
    int64_t end_ps;    /* end of its last step once that is planned; -1 */
    bool starts, samples; /* in the step being planned */
};

struct engine {
    const struct cs_step *step;
    const struct cs_limits_engine *limits;
    struct ref_request *requests;
    struct ref_totals *totals;
    struct ref_cache *cache;
    int64_t *generated;  /* per request: tokens computed in planned steps */
    int64_t *last_token; /* per request: time of its last token; -1 */
    int64_t *ready;      /* per request: it may be planned from then on */
    int *waiting;        /* requests, head first */
    int waiting_count;
    struct sequence *running; /* in order of admission */
    int running_count;
    bool idle;           /* nothing is planned beyond the step that ends at end_ps */
    int64_t start_ps, end_ps; /* of the last planned step */
    int64_t last_decodes;     /* its load, to count repetitions; -1: it held prefill or an end */
    enum cs_service service;
    int64_t until_ps; /* end of repair or loading; INT64_MAX: neither */
};

static int64_t blocks_for(const struct engine *e, int64_t tokens)
{
    return (tokens + e->limits->block_size - 1) / e->limits->block_size;
}

static bool decodes(const struct sequence *s)
{
    return s->end_ps < 0 && s->prefilled == s->prompt;
}

/* The context of its next decode, with the new token: prompt + j for the j-th. */
static int64_t next_context(const struct sequence *s)
{
    return s->prompt + s->made;
}

static bool needs_block(const struct engine *e, const struct sequence *s)
{
    return (next_context(s) - 1) % e->limits->block_size == 0;
}

static struct ref_content content(const struct engine *e, int request)
{
    return (struct ref_content){.request = request, .input = e->requests[request].input,
                                .prefix = &e->requests[request].prefix};
}

/* Its prompt, and the tokens it made but for the last, whose KV no step has written. */
static int64_t written(const struct sequence *s)
{
    return s->prefilled + (s->made > 0 ? s->made - 1 : 0);
}

static void remove_running(struct engine *e, int i)
{
    struct sequence *const s = &e->running[i];
    const struct ref_content leaving = content(e, s->request);
    ref_cache_written(e->cache, &leaving, &s->blocks, written(s));
    ref_cache_release(e->cache, &s->blocks);
    e->running_count--;
    memmove(&e->running[i], &e->running[i + 1],
            (size_t)(e->running_count - i) * sizeof *e->running);
}

static void release_ended(struct engine *e, int64_t tau)
{
    for (int i = 0; i < e->running_count;)
        if (e->running[i].end_ps >= 0 && e->running[i].end_ps <= tau)
            remove_running(e, i);
        else
            i++;
}

/* Sequence i loses its place and its blocks, and is the next to be admitted. */
static void give_up(struct engine *e, int i)
{
    const int request = e->running[i].request;
    remove_running(e, i);
    memmove(&e->waiting[1], &e->waiting[0], (size_t)e->waiting_count * sizeof *e->waiting);
    e->waiting[0] = request;
    e->waiting_count++;
    e->requests[request].preemptions++;
}

static void preempt_last(struct engine *e)
{
    int i = e->running_count - 1;
    while (i >= 0 && e->running[i].end_ps >= 0)
        i--;
    cs_check(i >= 0); /* a decode lacks a block, so there is one to preempt: itself */
    give_up(e, i);
    e->totals->preemptions++;
}

/* True when somebody was preempted. */
static bool make_room(struct engine *e)
{
    for (bool preempted = false;; preempted = true) {
        int64_t needed = 0;
        for (int i = 0; i < e->running_count; i++)
            needed += decodes(&e->running[i]) && needs_block(e, &e->running[i]);
        if (needed <= ref_cache_free(e->cache))
            return preempted;
        preempt_last(e);
    }
}

static void plan_decodes(struct engine *e, struct cs_step_load *load)
{
    const int64_t window = e->step->window_tokens;
    for (int i = 0; i < e->running_count; i++) {
        struct sequence *const s = &e->running[i];
        if (!decodes(s))
            continue;
        const int64_t context = next_context(s);
        if (needs_block(e, s))
            ref_cache_extend(e->cache, &s->blocks);
        s->made++;
        s->samples = true;
        load->tokens++;
        load->sampled++;
        load->kv_tokens += context;
        load->window_kv_tokens += context < window ? context : window;
        e->totals->decode_tokens++;
    }
}

/* Computes up to `budget` tokens of a prompt; returns how many. Query i of the chunk attends to
 * the `prefilled` tokens before the chunk and to i of its own, or to the window's. */
static int64_t plan_chunk(struct engine *e, struct sequence *s, int64_t budget,
                          struct cs_step_load *load)
{
    const int64_t left = s->prompt - s->prefilled;
    const int64_t n = left < budget ? left : budget;
    if (n <= 0)
        return 0;
    const int64_t window = e->step->window_tokens;
    for (int64_t i = 1; i <= n; i++) {
        const int64_t keys = s->prefilled + i;
        load->pairs += (double)keys;
        load->window_pairs += (double)(window > 0 && keys > window ? window : keys);
    }
    load->kv_tokens += s->prefilled;
    load->window_kv_tokens += s->prefilled < window ? s->prefilled : window;
    s->prefilled += n;
    load->tokens += n;
    load->prefill = true;
    load->chunks++;
    load->chunk_tokens += n;
    e->totals->prefill_tokens += (uint64_t)n;
    const struct ref_content here = content(e, s->request);
    ref_cache_written(e->cache, &here, &s->blocks, s->prefilled);
    if (s->prefilled == s->prompt) {
        s->made = 1;
        s->samples = true;
        load->sampled++;
    } else {
        e->totals->chunks++;
    }
    return n;
}

/* Tokens in the KV cache at its end. */
static int64_t whole(const struct ref_request *r)
{
    return (int64_t)r->input + r->output - 1;
}

/* Whether all who run and this request could come to hold what they may need. */
static bool may_reserve(const struct engine *e, const struct ref_request *r)
{
    int64_t blocks = blocks_for(e, whole(r));
    for (int i = 0; i < e->running_count; i++)
        blocks += blocks_for(e, whole(&e->requests[e->running[i].request]));
    return blocks <= e->limits->kv_blocks;
}

static void admit_waiting(struct engine *e, int64_t tau, int64_t budget, struct cs_step_load *load)
{
    while (e->waiting_count > 0 && budget > 0 && e->running_count < e->limits->max_num_seqs) {
        const int request = e->waiting[0];
        struct ref_request *const r = &e->requests[request];
        const struct ref_content known = content(e, request);
        struct ref_table blocks;
        const int64_t prompt = r->input + e->generated[request];
        if (e->ready[request] > tau)
            break;
        if (e->limits->reserve_answers && !may_reserve(e, r)) {
            e->totals->blocked++;
            break;
        }
        const int64_t cached = ref_cache_admit(e->cache, &known, prompt, &blocks);
        if (cached < 0) {
            e->totals->blocked++;
            break;
        }
        e->waiting_count--;
        memmove(&e->waiting[0], &e->waiting[1], (size_t)e->waiting_count * sizeof *e->waiting);
        struct sequence *const s = &e->running[e->running_count++];
        *s = (struct sequence){
            .request = request,
            .prompt = prompt,
            .tokens = r->output - e->generated[request],
            .prefilled = cached,
            .blocks = blocks,
            .end_ps = -1,
            .starts = true,
        };
        r->cached_tokens += (int32_t)cached;
        e->totals->cached_tokens += (uint64_t)cached;
        budget -= plan_chunk(e, s, budget, load);
    }
}

/* The step takes [start, end): writes the times it settles. */
static bool stamp(struct engine *e, int64_t start, int64_t end)
{
    bool ended = false;
    for (int i = 0; i < e->running_count; i++) {
        struct sequence *const s = &e->running[i];
        struct ref_request *const r = &e->requests[s->request];
        if (s->end_ps < 0)
            e->totals->batch_area += (double)(end - start);
        if (s->starts && r->first_step_ps < 0)
            r->first_step_ps = start;
        if (s->samples) {
            if (r->first_token_ps < 0)
                r->first_token_ps = end;
            else
                cs_hist_add(&e->totals->gaps, end - e->last_token[s->request], 1);
            e->last_token[s->request] = end;
            e->generated[s->request]++;
            if (s->made == s->tokens) {
                s->end_ps = r->done_ps = end;
                ended = true;
            }
        }
        s->starts = s->samples = false;
    }
    return ended;
}

/* Plans at tau the step that starts at `start`. False: there is nothing to compute. */
static bool plan(struct engine *e, int64_t tau, int64_t start)
{
    struct cs_step_load load = {0};
    release_ended(e, tau);
    for (int i = 0; i < e->running_count; i++)
        if (e->running[i].end_ps >= 0) {
            e->totals->held++;
            break;
        }
    const bool closed = e->limits->static_batching && e->running_count > 0;
    const bool preempted = make_room(e);
    plan_decodes(e, &load);
    const int64_t decoding = load.tokens;
    const int64_t whole = e->limits->max_num_batched_tokens;
    int64_t budget = decoding < whole ? whole - decoding : 0;
    for (int i = 0; i < e->running_count; i++)
        budget -= plan_chunk(e, &e->running[i], budget, &load);
    if (!preempted && !closed)
        admit_waiting(e, tau, budget, &load);
    if (load.tokens == 0)
        return false;
    e->start_ps = start;
    e->end_ps = start + cs_step_ps(e->step, &load);
    const bool ended = stamp(e, start, e->end_ps);
    e->totals->steps++;
    e->totals->busy_ps += e->end_ps - start;
    e->totals->overfull += decoding >= whole;
    e->totals->repeated += !load.prefill && decoding == e->last_decodes;
    e->last_decodes = load.prefill || ended ? -1 : decoding;
    const int64_t kv_tokens = load.kv_tokens + load.tokens - decoding;
    if (kv_tokens > e->totals->peak_kv_tokens)
        e->totals->peak_kv_tokens = kv_tokens;
    e->totals->kv_area += (double)kv_tokens * (double)(e->end_ps - start);
    return true;
}

/* The instant of the next plan; INT64_MAX: none before another arrival. */
static int64_t next_plan(const struct engine *e)
{
    if (!e->idle)
        return e->limits->asynchronous ? e->start_ps : e->end_ps;
    const int64_t eligible = e->waiting_count > 0 ? e->ready[e->waiting[0]] : INT64_MAX;
    return eligible > e->end_ps ? eligible : e->end_ps;
}

/* Makes all plans of instants before t. */
static void advance(struct engine *e, int64_t t)
{
    for (int64_t tau = next_plan(e); tau < t; tau = next_plan(e)) {
        const int64_t start = e->idle ? tau : e->end_ps;
        const bool planned = plan(e, tau, start);
        cs_check(planned || !e->idle); /* an idle engine has everything free */
        e->idle = !planned;
    }
}

static int outstanding(const struct engine *e, int64_t t)
{
    int count = e->waiting_count;
    for (int i = 0; i < e->running_count; i++)
        count += e->running[i].end_ps < 0 || e->running[i].end_ps > t;
    return count;
}

static bool is_rejected(const struct engine *e, const struct ref_request *r)
{
    return (int64_t)r->input + r->output > e->limits->context_tokens ||
           blocks_for(e, whole(r)) > e->limits->kv_blocks;
}

/* --- the fleet ---------------------------------------------------------------------------------*/

struct fleet {
    const struct cs_fleet *given;
    enum cs_router router;
    struct engine *engines; /* in places; those that are gone stay */
    int count, turn;
    int *held; /* requests, none serving */
    int held_count;
};

static int serving(const struct fleet *f)
{
    int up = 0;
    for (int k = 0; k < f->count; k++)
        up += f->engines[k].service == CS_SERVICE_UP;
    return up;
}

/* -1: none serves. */
static int route(struct fleet *f, int64_t t)
{
    int best = -1;
    if (serving(f) == 0)
        return -1;
    if (f->router == CS_ROUTER_ROUND_ROBIN) {
        best = f->turn % f->count;
        while (f->engines[best].service != CS_SERVICE_UP)
            best = (best + 1) % f->count;
        f->turn = best + 1;
        return best;
    }
    for (int k = 0; k < f->count; k++)
        if (f->engines[k].service == CS_SERVICE_UP &&
            (best < 0 || outstanding(&f->engines[k], t) < outstanding(&f->engines[best], t)))
            best = k;
    return best;
}

static void give(struct fleet *f, int request, int replica)
{
    f->engines[0].requests[request].replica = replica;
    if (replica < 0) {
        f->held[f->held_count++] = request;
        f->engines[0].totals->parked++;
    } else {
        f->engines[replica].waiting[f->engines[replica].waiting_count++] = request;
    }
}

static void give_anew(struct fleet *f, int request, int64_t t, int64_t ready)
{
    int64_t *const own = &f->engines[0].ready[request];
    *own = ready > *own ? ready : *own;
    give(f, request, route(f, t));
}

static void begin_loading(struct fleet *f, struct engine *e, int64_t t)
{
    e->service = CS_SERVICE_LOADING; /* a step that is planned ends first */
    e->until_ps = (t > e->end_ps ? t : e->end_ps) + f->given->load_ps;
}

static void fail(struct fleet *f, int k, int64_t t, int64_t repair_ps)
{
    if (k >= f->count)
        return;
    struct engine *const e = &f->engines[k];
    const bool drained = e->service == CS_SERVICE_DRAINING && outstanding(e, t) == 0;
    const bool serves = e->service == CS_SERVICE_UP || e->service == CS_SERVICE_DRAINING;
    const int64_t last = serves && e->end_ps > t ? e->end_ps : t;
    if (drained || (!serves && e->service != CS_SERVICE_LOADING))
        return;
    if (serves) {
        release_ended(e, e->end_ps);
        while (e->running_count > 0)
            give_up(e, e->running_count - 1);
        ref_cache_drop(e->cache);
        e->cache = ref_cache_new(e->limits, &e->totals->cache);
        e->idle = true;
    }
    e->until_ps = e->service == CS_SERVICE_DRAINING ? INT64_MAX : last + repair_ps;
    e->service = e->service == CS_SERVICE_DRAINING ? CS_SERVICE_GONE : CS_SERVICE_FAILED;
    e->totals->retried += (uint64_t)e->waiting_count;
    for (int i = 0; i < e->waiting_count; i++) /* to others: this one serves no more */
        give_anew(f, e->waiting[i], t, last + e->limits->request_ps);
    e->waiting_count = 0;
}

static void add(struct fleet *f, int more, int64_t t)
{
    for (int k = 0; k < f->count && more > 0; k++)
        if (f->engines[k].service == CS_SERVICE_DRAINING && outstanding(&f->engines[k], t) > 0) {
            f->engines[k].service = CS_SERVICE_UP;
            more--;
        }
    for (int k = 0; k < f->count && more > 0; k++)
        if (f->engines[k].service == CS_SERVICE_DRAINING ||
            f->engines[k].service == CS_SERVICE_GONE) {
            begin_loading(f, &f->engines[k], t);
            more--;
        }
    for (; more > 0; more--)
        begin_loading(f, &f->engines[f->count++], t);
}

/* Somebody stays who serves or will. */
static bool may_leave(const struct fleet *f)
{
    int staying = 0;
    for (int k = 0; k < f->count; k++)
        staying += f->engines[k].service <= CS_SERVICE_FAILED; /* up, loading or failed */
    return staying > 1;
}

static void drain(struct fleet *f, int fewer)
{
    for (int k = f->count - 1; k >= 0 && fewer > 0; k--)
        if (f->engines[k].service == CS_SERVICE_LOADING && may_leave(f)) {
            f->engines[k].service = CS_SERVICE_GONE;
            f->engines[k].until_ps = INT64_MAX;
            fewer--;
        }
    for (int k = f->count - 1; k >= 0 && fewer > 0; k--)
        if (f->engines[k].service == CS_SERVICE_UP && serving(f) > 1) {
            f->engines[k].service = CS_SERVICE_DRAINING;
            fewer--;
        }
}

static void make_change(struct fleet *f, const struct cs_change *change, int64_t t)
{
    if (change->kind == CS_CHANGE_ROUTER)
        f->router = change->router;
    if (change->kind == CS_CHANGE_FAIL)
        fail(f, change->replica, t, change->repair_ps);
    if (change->kind == CS_CHANGE_ADD)
        add(f, change->count, t);
    if (change->kind == CS_CHANGE_REMOVE)
        drain(f, change->count);
}

/* Those whose repair or loading ends at t. */
static void make_ready(struct fleet *f, int64_t t)
{
    for (int k = 0; k < f->count; k++) {
        struct engine *const e = &f->engines[k];
        if (e->service == CS_SERVICE_FAILED && e->until_ps == t)
            begin_loading(f, e, t);
        if (e->service == CS_SERVICE_LOADING && e->until_ps == t) {
            e->service = CS_SERVICE_UP;
            e->until_ps = INT64_MAX;
            e->start_ps = e->end_ps = t;
        }
    }
}

static int64_t next_ready(const struct fleet *f)
{
    int first = 0;
    for (int k = 1; k < f->count; k++)
        first = f->engines[k].until_ps < f->engines[first].until_ps ? k : first;
    return f->engines[first].until_ps;
}

static void take_arrival(struct fleet *f, int i)
{
    struct engine *const any = &f->engines[0];
    struct ref_request *const r = &any->requests[i];
    r->replica = route(f, r->arrival_ps);
    r->first_step_ps = r->first_token_ps = r->done_ps = -1;
    r->preemptions = r->cached_tokens = 0;
    r->rejected = is_rejected(any, r);
    any->ready[i] = r->arrival_ps + any->limits->request_ps;
    if (r->rejected)
        any->totals->rejected++;
    else
        give(f, i, r->replica);
}

/* All that happens to the fleet as a whole: at one instant repairs, changes, arrivals. */
static void run_fleet(struct fleet *f, const struct cs_change *changes, size_t change_count,
                      struct ref_request *requests, int count)
{
    size_t made = 0;
    for (int i = 0;;) {
        const int64_t change = made < change_count ? changes[made].time_ps : INT64_MAX;
        const int64_t arrival = i < count ? requests[i].arrival_ps : INT64_MAX;
        const int64_t ready = next_ready(f);
        const int64_t first = change < ready ? change : ready;
        const int64_t t = first < arrival ? first : arrival;
        if (t == INT64_MAX)
            return;
        for (int k = 0; k < f->count; k++)
            advance(&f->engines[k], t);
        make_ready(f, t);
        for (; made < change_count && changes[made].time_ps == t; made++)
            make_change(f, &changes[made], t);
        const int held = serving(f) > 0 ? f->held_count : 0;
        f->held_count -= held;
        for (int k = 0; k < held; k++)
            give_anew(f, f->held[k], t, t);
        if (next_ready(f) == t)
            continue; /* what was added serves at once */
        for (; i < count && requests[i].arrival_ps == t; i++) {
            for (int k = 0; k < f->count; k++)
                advance(&f->engines[k], t);
            take_arrival(f, i);
        }
    }
}

void ref_run(const struct cs_fleet *fleet, const struct cs_change *changes, size_t change_count,
             struct ref_request *requests, int count, struct ref_totals *totals)
{
    const size_t n = (size_t)count;
    size_t most = (size_t)fleet->replicas;
    for (size_t i = 0; i < change_count; i++)
        most += changes[i].kind == CS_CHANGE_ADD ? (size_t)changes[i].count : 0;
    int64_t *const known = calloc(3 * n + 1, sizeof *known);
    struct fleet f = {.given = fleet,
                      .router = fleet->router,
                      .engines = calloc(most, sizeof(struct engine)),
                      .count = fleet->replicas,
                      .held = calloc(n + 1, sizeof(int))};
    for (size_t k = 0; k < most; k++)
        f.engines[k] = (struct engine){
            .step = fleet->step, .limits = &fleet->limits, .requests = requests, .totals = totals,
            .cache = ref_cache_new(&fleet->limits, &totals->cache),
            .generated = known, .last_token = known + n, .ready = known + 2 * n,
            .waiting = calloc(n + 1, sizeof(int)),
            .running = calloc(n + 1, sizeof(struct sequence)),
            .idle = true, .last_decodes = -1, .service = CS_SERVICE_UP, .until_ps = INT64_MAX,
        };
    run_fleet(&f, changes, change_count, requests, count);
    cs_check(f.held_count == 0);
    totals->recomputed_tokens = 0;
    for (int i = 0; i < count; i++)
        totals->recomputed_tokens -= requests[i].rejected ? 0 : (uint64_t)requests[i].input;
    for (struct engine *e = f.engines; e < f.engines + most; e++) {
        advance(e, INT64_MAX);
        release_ended(e, e->end_ps);
        cs_check(e->waiting_count == 0 && e->running_count == 0);
        cs_check(ref_cache_free(e->cache) == fleet->limits.kv_blocks);
        ref_cache_drop(e->cache);
        free(e->waiting);
        free(e->running);
    }
    totals->recomputed_tokens += totals->prefill_tokens + totals->cached_tokens;
    free(f.engines);
    free(f.held);
    free(known);
}
