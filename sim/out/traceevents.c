/* A timeline as trace events: see traceevents.h.
 *
 * Every begin and end becomes a mark; marks are sorted by time, at one time by request, and within
 * a request as they follow one another. Going through them keeps two counts for each replica, so
 * the counters are those of the spans and cannot differ from them.
 *
 *     a request:  b request, b queue, e queue, b prefill, (b preempted, e preempted)*, e prefill,
 *                 b decode, (b preempted, e preempted)*, e decode, e request
 *
 * One whose replica failed is a span on each replica that had it: what it was in ends there, and on
 * the next one it queues and goes on. While it is held it waits in a process of its own.
 *
 * Memory: marks of the span alone, in a scratch arena; events are written as they come.
 */
#include "out/traceevents.h"
#include "out/words.h"
#include <inttypes.h>
#include <stdlib.h>

enum kind { REQUEST, QUEUE, PREFILL, PREEMPTED, DECODE, REJECTED };
static const char *const names[] = {"request",   "queue",  "prefill",
                                    "preempted", "decode", "rejected"};
enum { NS = 1000, US = 1000000, PS_PER_MS = 1000000000 };

struct mark {
    int64_t ps;
    size_t row;
    int order;   /* within the request */
    int replica; /* as many as there are: none serves */
    int part;    /* of a request that was retried, from 0 */
    enum kind kind;
    bool end;
};

struct moved { /* a move, in the order of requests */
    const struct cs_request_move *move;
    size_t place;
};

struct state {
    const struct cs_timeline *timeline;
    FILE *out;
    struct cs_arena arena;
    struct mark *marks;
    size_t count;
    struct moved *moved;    /* [move_count] of the log */
    int *running, *waiting; /* [replicas + 1] */
    int64_t *told;          /* when the counts of a replica were last printed */
    size_t sample;          /* the next one */
};

/* --- JSON ------------------------------------------------------------------------------------ */

static void put_text(const char *text, FILE *out)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            putc(*text, out);
    }
    putc('"', out);
}

/* A time that is not negative in units of so many ps, to a thousandth. */
static void put_time(int64_t ps, int64_t unit, FILE *out)
{
    fprintf(out, "%" PRId64, ps / unit);
    if (ps % unit / (unit / 1000))
        fprintf(out, ".%03" PRId64, ps % unit / (unit / 1000));
}

/* The fields that all events of a moment share; a request from before time 0 begins at it. */
static void open_event(const char *name, char phase, int replica, int64_t ps, FILE *out)
{
    fprintf(out, ",\n{\"name\":\"%s\",\"ph\":\"%c\",\"pid\":%d,\"tid\":%d,\"ts\":", name, phase,
            replica + 1, replica + 1);
    put_time(ps > 0 ? ps : 0, US, out);
}

static void put_head(const struct cs_timeline *t, FILE *out)
{
    const struct cs_answer *const answer = t->answer;
    const struct cs_option_answer *const o = &answer->options[t->option];
    struct cs_arena arena;
    cs_arena_init(&arena);
    fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"capsim\":", out);
    put_text(CS_VERSION, out);
    fputs(",\"scenario\":", out);
    put_text(answer->scenario->name, out);
    fputs(",\"fleet\":", out);
    put_text(cs_words_fleet(&arena, o), out);
    fprintf(out, ",\"seed\":\"%" PRIu64 "\",\"replication\":0,\"from_s\":",
            answer->scenario->simulate.seed);
    put_time(t->from_ps, INT64_C(1000) * PS_PER_MS, out);
    fputs(",\"to_s\":", out);
    put_time(t->to_ps, INT64_C(1000) * PS_PER_MS, out);
    fprintf(out, ",\"replicas_simulated\":%d,\"replicas\":%d},\"traceEvents\":[", t->replicas,
            o->replicas);
    for (int i = 0; i < t->replicas; i++) {
        fprintf(out,
                "%s\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":"
                "{\"name\":",
                i ? "," : "", i + 1, i + 1);
        put_text(cs_arena_printf(
                     &arena, "replica %d: %s", i + 1,
                     cs_words_machine(&arena, o->option, o->tensor_parallel, o->pipeline_parallel)),
                 out);
        fprintf(out,
                "}},\n{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
                "\"args\":{\"sort_index\":%d}}",
                i + 1, i + 1, i + 1);
    }
    cs_arena_fini(&arena);
}

/* The process behind the replicas': of requests while none serves. */
static void put_gateway(const struct state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->marks[i].replica < s->timeline->replicas)
            continue;
        fprintf(s->out,
                ",\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":"
                "{\"name\":\"while no replica serves\"}}",
                s->timeline->replicas + 1, s->timeline->replicas + 1);
        return;
    }
}

/* The limits that a request missed, of those that hold for single ones. */
static void put_missed(const struct cs_slo *slo, const struct cs_request_record *r, FILE *out)
{
    const double decode = (double)(r->done_ps - r->first_token_ps);
    const double figures[CS_METRIC_COUNT] = {
        [CS_METRIC_TTFT] = (double)(r->first_token_ps - r->arrival_ps),
        [CS_METRIC_TPOT] = r->output > 1 ? decode / (r->output - 1) : 0,
        [CS_METRIC_E2E] = (double)(r->done_ps - r->arrival_ps)};
    bool first = true;
    for (size_t i = 0; i < slo->count; i++) {
        const struct cs_slo_limit *const l = &slo->limits[i];
        if (l->percentile == 0 || l->metric == CS_METRIC_ITL ||
            figures[l->metric] <= l->limit_s * 1e12)
            continue;
        fprintf(out, "%s%s", first ? ",\"over_limit\":\"" : ", ", cs_words_metric[l->metric]);
        first = false;
    }
    fputs(first ? "" : "\"", out);
}

static int count_moves(const struct state *s, size_t row, enum cs_move kind);

/* What a request was; of a retried one the same in each part. `retries` counts its further parts,
 * `preemptions` the times that it was put back otherwise. */
static void put_arguments(const struct state *s, const struct mark *m)
{
    const struct cs_request_record *const r = &s->timeline->log.rows[m->row];
    FILE *const out = s->out;
    const int retries = count_moves(s, m->row, CS_MOVE_AWAY);
    fprintf(out, ",\"args\":{\"input_tokens\":%" PRId32 ",\"output_tokens\":%" PRId32, r->input,
            r->output);
    if (r->done_ps >= 0) {
        fprintf(out, ",\"cached_tokens\":%" PRId32 ",\"preemptions\":%d", r->cached_tokens,
                count_moves(s, m->row, CS_MOVE_OUT));
        if (retries > 0)
            fprintf(out, ",\"retries\":%d,\"part\":%d", retries, m->part + 1);
        fputs(",\"queue_ms\":", out);
        put_time(r->first_step_ps - r->arrival_ps, PS_PER_MS, out);
        fputs(",\"ttft_ms\":", out);
        put_time(r->first_token_ps - r->arrival_ps, PS_PER_MS, out);
        if (r->output > 1) {
            fputs(",\"tpot_ms\":", out);
            put_time((r->done_ps - r->first_token_ps) / (r->output - 1), PS_PER_MS, out);
        }
        fputs(",\"e2e_ms\":", out);
        put_time(r->done_ps - r->arrival_ps, PS_PER_MS, out);
        put_missed(&s->timeline->answer->scenario->slo, r, out);
    }
    putc('}', out);
}

/* --- marks ----------------------------------------------------------------------------------- */

static bool reaches_in(const struct cs_timeline *t, const struct cs_request_record *r)
{
    const int64_t end = r->done_ps >= 0 ? r->done_ps : r->arrival_ps;
    return r->arrival_ps <= t->to_ps && end >= t->from_ps;
}

static int by_row(const void *a, const void *b)
{
    const struct moved *const x = a, *const y = b;
    if (x->move->row != y->move->row)
        return x->move->row < y->move->row ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void sort_moves(struct state *s)
{
    const struct cs_request_log *const log = &s->timeline->log;
    s->moved = cs_arena_alloc(&s->arena, log->move_count + 1, sizeof *s->moved);
    for (size_t i = 0; i < log->move_count; i++)
        s->moved[i] = (struct moved){&log->moves[i], i};
    qsort(s->moved, log->move_count, sizeof *s->moved, by_row);
}

/* The first move of a request among the sorted ones. */
static size_t first_move(const struct state *s, size_t row)
{
    size_t low = 0, high = s->timeline->log.move_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->moved[middle].move->row < (int64_t)row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The move of a request after so many others; NULL: there are no more. */
static const struct cs_request_move *move_of(const struct state *s, size_t row, size_t at)
{
    return at < s->timeline->log.move_count && s->moved[at].move->row == (int64_t)row
               ? s->moved[at].move
               : NULL;
}

/* It leaves its place because its replica fails: it goes away at that very time. */
static bool fails(const struct state *s, size_t row, size_t at)
{
    const struct cs_request_move *const m = move_of(s, row, at), *const n = move_of(s, row, at + 1);
    return m->kind == CS_MOVE_OUT && n != NULL && n->kind == CS_MOVE_AWAY &&
           n->time_ps == m->time_ps;
}

static int count_moves(const struct state *s, size_t row, enum cs_move kind)
{
    int count = 0;
    for (size_t at = first_move(s, row); move_of(s, row, at) != NULL; at++)
        count += move_of(s, row, at)->kind == kind && !fails(s, row, at);
    return count;
}

struct life { /* of a request, as its marks are made */
    size_t row;
    int order, replica, part;
    enum kind phase; /* QUEUE, PREFILL, DECODE */
    bool queued;     /* waits at its replica; of a retried one in any phase */
};

static void add(struct state *s, struct life *l, int64_t ps, enum kind kind, bool end)
{
    s->marks = cs_arena_grow(&s->arena, s->marks, s->count, sizeof *s->marks);
    s->marks[s->count++] = (struct mark){ps, l->row, l->order++, l->replica, l->part, kind, end};
}

static void begin_part(struct state *s, struct life *l, int64_t ps, int replica)
{
    l->replica = replica < 0 ? s->timeline->replicas : replica;
    l->queued = true;
    add(s, l, ps, REQUEST, false);
    add(s, l, ps, QUEUE, false);
}

static void add_move(struct state *s, struct life *l, size_t at)
{
    const struct cs_request_move *const m = move_of(s, l->row, at);
    switch (m->kind) {
    case CS_MOVE_OUT:
        if (!fails(s, l->row, at))
            add(s, l, m->time_ps, PREEMPTED, false);
        break;
    case CS_MOVE_IN:
        add(s, l, m->time_ps, l->queued ? QUEUE : PREEMPTED, true);
        if (l->queued)
            add(s, l, m->time_ps, l->phase, false);
        l->queued = false;
        break;
    case CS_MOVE_AWAY:
        if (l->queued) {
            add(s, l, m->time_ps, QUEUE, true);
        } else {
            if (!fails(s, l->row, at - 1))
                add(s, l, m->time_ps, PREEMPTED, true);
            add(s, l, m->time_ps, l->phase, true);
        }
        add(s, l, m->time_ps, REQUEST, true);
        l->part++;
        begin_part(s, l, m->time_ps, m->to);
        break;
    }
}

static void add_request(struct state *s, size_t row)
{
    const struct cs_request_record *const r = &s->timeline->log.rows[row];
    struct life l = {.row = row, .phase = QUEUE, .replica = r->replica};
    size_t at = first_move(s, row), first = at;
    if (r->done_ps < 0) { /* no request of a finished run is without an end but these */
        l.replica = r->replica < 0 ? s->timeline->replicas : r->replica;
        add(s, &l, r->arrival_ps, REJECTED, false);
        return;
    }
    while (move_of(s, row, first) != NULL && move_of(s, row, first)->kind != CS_MOVE_AWAY)
        first++;
    begin_part(s, &l, r->arrival_ps,
               move_of(s, row, first) ? move_of(s, row, first)->from : r->replica);
    for (;;) {
        const struct cs_request_move *const m = move_of(s, row, at);
        const int64_t next = m != NULL ? m->time_ps : INT64_MAX;
        if (l.phase == QUEUE && r->first_step_ps < next) { /* it goes away before it begins */
            add(s, &l, r->first_step_ps, QUEUE, true);
            add(s, &l, r->first_step_ps, PREFILL, false);
            l.phase = PREFILL;
            l.queued = false;
        } else if (l.phase == PREFILL && r->first_token_ps <= next) {
            add(s, &l, r->first_token_ps, PREFILL, true);
            l.phase = DECODE;
            if (r->done_ps > r->first_token_ps)
                add(s, &l, r->first_token_ps, DECODE, false);
        } else if (m != NULL) {
            add_move(s, &l, at++);
        } else {
            break;
        }
    }
    if (r->done_ps > r->first_token_ps)
        add(s, &l, r->done_ps, DECODE, true);
    add(s, &l, r->done_ps, REQUEST, true);
}

static int by_time(const void *a, const void *b)
{
    const struct mark *const x = a, *const y = b;
    if (x->ps != y->ps)
        return x->ps < y->ps ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->order - y->order;
}

/* --- events ---------------------------------------------------------------------------------- */

static void count(struct state *s, const struct mark *m, int replica)
{
    const bool arrives = m->kind == REQUEST && !m->end, ends = m->kind == REQUEST && m->end;
    const bool begins = (m->kind == QUEUE || m->kind == PREEMPTED) && m->end;
    const bool stops = m->kind == PREEMPTED && !m->end;
    s->waiting[replica] += arrives + stops - begins;
    s->running[replica] += begins - stops - ends;
}

static void put_mark(struct state *s, const struct mark *m)
{
    if (m->kind == REJECTED) {
        open_event(names[REJECTED], 'i', m->replica, m->ps, s->out);
        fputs(",\"s\":\"p\"", s->out);
    } else {
        open_event(names[m->kind], m->end ? 'e' : 'b', m->replica, m->ps, s->out);
        fprintf(s->out, ",\"cat\":\"request\",\"id\":\"%zu", m->row);
        if (m->part > 0)
            fprintf(s->out, ".%d", m->part + 1);
        putc('"', s->out);
    }
    if (!m->end && (m->kind == REQUEST || m->kind == REJECTED))
        put_arguments(s, m);
    putc('}', s->out);
    if (m->kind != REJECTED)
        count(s, m, m->replica);
}

static void put_counts(struct state *s, int replica, int64_t ps)
{
    const struct cs_timeline *const t = s->timeline;
    if (ps < t->from_ps || ps > t->to_ps || s->told[replica] == ps)
        return;
    s->told[replica] = ps;
    open_event("requests", 'C', replica, ps, s->out);
    fprintf(s->out, ",\"args\":{\"running\":%d,\"waiting\":%d}}", s->running[replica],
            s->waiting[replica]);
}

/* The looks before `ps`: of all that is there at a time the looks come last. */
static void put_samples(struct state *s, int64_t ps)
{
    const struct cs_timeline *const t = s->timeline;
    for (; s->sample < t->sample_count; s->sample++) {
        const int64_t at = t->from_ps + (int64_t)s->sample * t->step_ps;
        if (at >= ps)
            return;
        for (int i = 0; i < t->replicas; i++) {
            const struct cs_snapshot *const look =
                &t->samples[s->sample * (size_t)t->replicas + (size_t)i];
            if (s->sample == 0)
                put_counts(s, i, at);
            if (look->kv_blocks == 0) /* it is added later */
                continue;
            open_event("KV cache", 'C', i, at, s->out);
            fputs(",\"args\":{\"percent\":", s->out);
            put_time(look->kv_blocks_used * 100 * NS / look->kv_blocks, NS, s->out);
            fputs("}}", s->out);
        }
    }
}

size_t cs_traceevents_print(const struct cs_timeline *t, FILE *out)
{
    struct state s = {.timeline = t, .out = out};
    size_t shown = 0;
    cs_arena_init(&s.arena);
    s.running = cs_arena_alloc(&s.arena, (size_t)t->replicas + 1, sizeof *s.running);
    s.waiting = cs_arena_alloc(&s.arena, (size_t)t->replicas + 1, sizeof *s.waiting);
    s.told = cs_arena_alloc(&s.arena, (size_t)t->replicas + 1, sizeof *s.told);
    for (int i = 0; i <= t->replicas; i++)
        s.told[i] = INT64_MIN;
    sort_moves(&s);
    for (size_t row = 0; row < t->log.count; row++)
        if (reaches_in(t, &t->log.rows[row])) {
            add_request(&s, row);
            shown++;
        }
    if (s.count)
        qsort(s.marks, s.count, sizeof *s.marks, by_time);
    put_head(t, out);
    put_gateway(&s);
    for (size_t first = 0, next; first < s.count; first = next) {
        const int64_t ps = s.marks[first].ps;
        put_samples(&s, ps);
        for (next = first; next < s.count && s.marks[next].ps == ps; next++)
            put_mark(&s, &s.marks[next]);
        for (size_t i = first; i < next; i++)
            if (s.marks[i].kind != REJECTED)
                put_counts(&s, s.marks[i].replica, ps);
    }
    put_samples(&s, INT64_MAX);
    fputs("\n]}\n", out);
    cs_arena_fini(&s.arena);
    return shown;
}
