/* A timeline as trace events: see traceevents.h.
 *
 * Every begin and end becomes a mark; marks are sorted by time, at one time by request, and within
 * a request as they follow one another. Going through them keeps two counts for each replica, so
 * the counters are those of the spans and cannot differ from them.
 *
 *     a request:  b request, b queue, e queue, b prefill, (b preempted, e preempted)*, e prefill,
 *                 b decode, (b preempted, e preempted)*, e decode, e request
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
    int order; /* within the request, at one time */
    enum kind kind;
    bool end;
};

struct state {
    const struct cs_timeline *timeline;
    FILE *out;
    struct cs_arena arena;
    struct mark *marks;
    size_t count;
    int *running, *waiting; /* [replicas] */
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

/* The process behind the replicas': of requests that were rejected while none served. */
static void put_gateway(const struct state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->timeline->log.rows[s->marks[i].row].replica >= 0)
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

static void put_arguments(const struct state *s, const struct cs_request_record *r)
{
    FILE *const out = s->out;
    fprintf(out, ",\"args\":{\"input_tokens\":%" PRId32 ",\"output_tokens\":%" PRId32, r->input,
            r->output);
    if (r->done_ps >= 0) {
        fprintf(out, ",\"cached_tokens\":%" PRId32 ",\"preemptions\":%" PRId32 ",\"queue_ms\":",
                r->cached_tokens, r->preemptions);
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

static void add(struct state *s, size_t row, int64_t ps, int order, enum kind kind, bool end)
{
    s->marks = cs_arena_grow(&s->arena, s->marks, s->count, sizeof *s->marks);
    s->marks[s->count++] = (struct mark){ps, row, order, kind, end};
}

/* Orders at one time; what preempts comes between, and never twice at one time. */
enum { IN_PREFILL = 4, PREFILLED, DECODING, IN_DECODE, DECODED, DONE };

static void add_request(struct state *s, size_t row)
{
    const struct cs_request_record *const r = &s->timeline->log.rows[row];
    if (r->done_ps < 0) { /* no request of a finished run is without an end but these */
        add(s, row, r->arrival_ps, 0, REJECTED, false);
        return;
    }
    add(s, row, r->arrival_ps, 0, REQUEST, false);
    add(s, row, r->arrival_ps, 1, QUEUE, false);
    add(s, row, r->first_step_ps, 2, QUEUE, true);
    add(s, row, r->first_step_ps, 3, PREFILL, false);
    add(s, row, r->first_token_ps, PREFILLED, PREFILL, true);
    if (r->done_ps > r->first_token_ps) {
        add(s, row, r->first_token_ps, DECODING, DECODE, false);
        add(s, row, r->done_ps, DECODED, DECODE, true);
    }
    add(s, row, r->done_ps, DONE, REQUEST, true);
}

static void add_moves(struct state *s)
{
    const struct cs_request_log *const log = &s->timeline->log;
    for (size_t i = 0; i < log->move_count; i++) {
        const struct cs_request_move *const m = &log->moves[i];
        const struct cs_request_record *const r = &log->rows[m->row];
        const bool decoding = m->time_ps >= r->first_token_ps;
        if (r->done_ps >= 0 && reaches_in(s->timeline, r))
            add(s, (size_t)m->row, m->time_ps, decoding ? IN_DECODE : IN_PREFILL, PREEMPTED,
                m->again);
    }
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
    const struct cs_request_record *const r = &s->timeline->log.rows[m->row];
    if (m->kind == REJECTED) {
        open_event(names[REJECTED], 'i', r->replica < 0 ? s->timeline->replicas : r->replica, m->ps,
                   s->out);
        fputs(",\"s\":\"p\"", s->out);
    } else {
        open_event(names[m->kind], m->end ? 'e' : 'b', r->replica, m->ps, s->out);
        fprintf(s->out, ",\"cat\":\"request\",\"id\":\"%zu\"", m->row);
    }
    if (!m->end && (m->kind == REQUEST || m->kind == REJECTED))
        put_arguments(s, r);
    putc('}', s->out);
    if (m->kind != REJECTED)
        count(s, m, r->replica);
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
    s.running = cs_arena_alloc(&s.arena, (size_t)t->replicas, sizeof *s.running);
    s.waiting = cs_arena_alloc(&s.arena, (size_t)t->replicas, sizeof *s.waiting);
    s.told = cs_arena_alloc(&s.arena, (size_t)t->replicas, sizeof *s.told);
    for (int i = 0; i < t->replicas; i++)
        s.told[i] = INT64_MIN;
    for (size_t row = 0; row < t->log.count; row++)
        if (reaches_in(t, &t->log.rows[row])) {
            add_request(&s, row);
            shown++;
        }
    add_moves(&s);
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
                put_counts(&s, t->log.rows[s.marks[i].row].replica, ps);
    }
    put_samples(&s, INT64_MAX);
    fputs("\n]}\n", out);
    cs_arena_fini(&s.arena);
    return shown;
}
