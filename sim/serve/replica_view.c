/* What others may read of a replica: how much it has to do, until when, and a snapshot.
 *
 * The router asks for counts at every arrival, the cluster for the next instant with something to
 * do, a window for a whole picture. A replica is lazy, so each answer holds for a time to which it
 * has been advanced (see replica.h).
 * The rule: nothing here changes a replica. Not here: what moves it on (replica.c).
 */
#include "serve/kvcache.h"
#include "serve/ramp.h"
#include "serve/replica.h"

int64_t cs_replica_wake(const struct cs_replica *r)
{
    return r->leaving > 0 && r->leaving_end < r->quiet_until ? r->leaving_end : r->quiet_until;
}

int64_t cs_replica_outstanding(const struct cs_replica *r, int64_t t)
{
    const int64_t gone = r->leaving_end <= t ? r->leaving : 0;
    return r->waiting.count + r->running - gone;
}

int64_t cs_replica_oldest_waiting(const struct cs_replica *r)
{
    if (r->waiting.count == 0)
        return INT64_MAX;
    const struct cs_request *q = &r->pool->items[cs_queue_front(&r->waiting)];
    return q->preemptions > 0 ? INT64_MAX : q->arrival_ps;
}

int64_t cs_replica_last_end(const struct cs_replica *r)
{
    return r->end;
}

/* Steps of a jump that is under way which are planned by t. */
static int64_t steps_since(const struct cs_replica *r, int64_t t)
{
    const int64_t next = r->limits->asynchronous ? r->start : r->end;
    if (r->idle || r->decoding == 0 || r->partial >= 0 || next > t || r->quiet_until <= t)
        return 0;
    int64_t longer;
    const int64_t first = cs_kvcache_step_ps(r, &longer);
    return cs_ramps_below(t + 1 - r->end, first, longer) + r->limits->asynchronous;
}

void cs_replica_snapshot(const struct cs_replica *r, int64_t t, struct cs_snapshot *snapshot)
{
    const bool busy = t < r->end || (!r->idle && r->decoding > 0);
    *snapshot = (struct cs_snapshot){
        .time_ps = t,
        .waiting = (int)r->waiting.count,
        .running = (int)(cs_replica_outstanding(r, t) - r->waiting.count),
        .decoding = (int)r->decoding,
        .kv_blocks_used = cs_kvcache_used(r, t, steps_since(r, t)),
        .kv_blocks = r->limits->kv_blocks,
        .busy = busy,
        .prefilling = t < r->prefill_end,
        .until_ps = INT64_MAX,
    };
}
