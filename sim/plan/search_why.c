/* Why not: what a search says of fleets that will not do. Second part of search.c.
 *
 * Three ways to fail: the weights or one sequence do not fit; single requests are too slow on an
 * idle replica, so that no number of them helps; or a fleet of some size misses a limit, refuses
 * requests or cannot keep up. Each becomes one phrase with its figures and the limit beside them.
 * A fleet that was asked to bear slower steps than the model's (candidate.h) says by how much.
 *
 * The rule: every figure comes from the trials that were judged, none is computed anew.
 * Phrases belong to the search's arena.
 */
#include "plan/search.h"

const char *cs_metric_label(enum cs_metric metric)
{
    static const char *const labels[CS_METRIC_COUNT] = {"TTFT", "TPOT", "ITL", "E2E"};
    return labels[metric];
}

void cs_search_why_misfit(struct cs_search *s)
{
    const struct cs_option *o = s->option;
    struct cs_memory m;
    cs_memory_fit(&m, o, o->tensor_parallel > 0 ? o->tensor_parallel : 1);
    int needs = 0;
    for (int t = 2; t <= 64 && needs == 0; t *= 2) {
        struct cs_memory larger;
        cs_memory_fit(&larger, o, t);
        if (larger.fits)
            needs = t;
    }
    char other[64] = "";
    for (int p = CS_PRECISION_FP8; p <= CS_PRECISION_INT4 && other[0] == 0; p++) {
        struct cs_option smaller = *o;
        smaller.precision = (enum cs_precision)p;
        for (int t = 1; t <= 8; t *= 2) {
            struct cs_memory fit;
            cs_memory_fit(&fit, &smaller, t);
            if (cs_precision_infos[p].ffn_bytes < cs_precision_infos[o->precision].ffn_bytes &&
                fit.fits && t < (needs > 0 ? needs : 9)) {
                snprintf(other, sizeof other, "%s%s on %d", needs > 0 ? ", or " : "",
                         cs_precision_infos[p].name, t);
                break;
            }
        }
    }
    if (!m.linked) {
        s->reason = cs_arena_printf(s->arena, "no link joins %d x %s: each can only serve alone",
                                    cs_option_gpus(o, o->tensor_parallel), o->hardware->title);
        return;
    }
    const double capacity_gb = o->hardware->memory_bytes * o->hardware->gpu_share / 1e9;
    const int tried = o->tensor_parallel > 0 ? o->tensor_parallel * o->pipeline_parallel : 1;
    if (!m.host_holds) {
        s->reason = cs_arena_printf(
            s->arena, "%.3g GB of experts outside the GPUs do not fit the host's memory and disks",
            m.host_bytes / 1e9);
        return;
    }
    if (m.kv_bytes > 0.0 && o->kv_blocks > 0) {
        s->reason = cs_arena_printf(
            s->arena, "%d KV blocks need %.3g GB, and %.3g GB are left beside weights and engine",
            (int)o->kv_blocks, (double)m.kv_tokens * m.kv_token_bytes / 1e9, m.kv_bytes / 1e9);
        return;
    }
    struct cs_memory most;
    cs_memory_fit(&most, o, 8);
    const double first = o->tensor_parallel > 0 || !most.linked ? tried : 8.0;
    if (needs > 0)
        s->reason = cs_arena_printf(
            s->arena, "%.0f GB of weights do not fit in %d x %.0f GB: needs %d%s",
            m.weights_bytes / 1e9, tried, capacity_gb, needs * o->pipeline_parallel, other);
    else
        s->reason = cs_arena_printf(s->arena, "%.0f GB of weights do not fit in %.0f x %.0f GB%s%s",
                                    m.weights_bytes / 1e9, first, capacity_gb,
                                    other[0] ? ": needs " : "", other);
}

static const char *amount(const struct cs_search *s, double seconds)
{
    return seconds < 1.0 ? cs_arena_printf(s->arena, "%.3g ms", 1e3 * seconds)
                         : cs_arena_printf(s->arena, "%.3g s", seconds);
}

static const char *percentile_label(const struct cs_search *s, const struct cs_limit *l)
{
    return l->percentile == 0.0 ? "mean" : cs_arena_printf(s->arena, "p%g", l->percentile);
}

/* Pooled value of a limit's own figure in one group of windows, in seconds. */
static double figure(const struct cs_search *s, struct cs_trial *const *trials, int count,
                     const struct cs_group *g, const struct cs_limit *l)
{
    struct cs_hist h;
    cs_hist_init(&h, s->arena);
    for (int r = 0; r < count; r++)
        for (size_t w = g->first; w < g->first + g->count; w++)
            cs_hist_merge(&h, &trials[r]->result->windows[w].metric[l->metric]);
    return (l->percentile == 0.0 ? cs_hist_mean(&h) : cs_hist_quantile(&h, l->percentile / 100.0)) *
           1e-12;
}

/* When requests too long for the engine miss the limit by themselves, no latency tells it. */
static const char *refusal(const struct cs_search *s, const struct cs_candidate *c,
                           struct cs_trial *const *trials, int count, const struct cs_group *g,
                           double allowed)
{
    double requests = 0.0, rejected = 0.0;
    for (int r = 0; r < count; r++) {
        for (size_t w = g->first; w < g->first + g->count; w++) {
            requests += (double)trials[r]->result->windows[w].requests;
            rejected += (double)trials[r]->result->windows[w].rejected;
        }
    }
    if (!(rejected > allowed * requests))
        return NULL;
    const bool context = c->limits.context_tokens <= c->memory.kv_tokens;
    return cs_arena_printf(s->arena,
                           "%.3g %% of requests are rejected: longer than the %s of %lld "
                           "tokens",
                           100.0 * rejected / requests, context ? "model's context" : "KV cache",
                           (long long)(context ? c->limits.context_tokens : c->memory.kv_tokens));
}

/* What a fleet was asked to bear beyond the model: "", or " with step times +21 %". */
static const char *margin(const struct cs_search *s, const struct cs_candidate *c)
{
    return c->z == 0.0 ? ""
                       : cs_arena_printf(s->arena, " with step times %+.0f %%",
                                         100.0 * (c->step_scale - 1.0));
}

/* "limit 1 s", and what is left of it with a margin for late first tokens. */
static const char *limit_words(const struct cs_search *s, const struct cs_candidate *c, size_t i)
{
    const char *asked = amount(s, (double)s->question->limits[i].limit_ps * 1e-12);
    if (c->slo[i].limit_ps == s->question->limits[i].limit_ps)
        return cs_arena_printf(s->arena, "limit %s", asked);
    return cs_arena_printf(s->arena, "limit %s, less a margin %s", asked,
                           amount(s, (double)c->slo[i].limit_ps * 1e-12));
}

static const char *overload(const struct cs_search *s, const struct cs_set *set)
{
    double offered = 0.0, served = 0.0;
    for (int r = 0; r < set->count; r++) {
        const struct cs_result *result = set->trials[r]->result;
        if (result->outcome != CS_OUTCOME_UNSTABLE)
            continue;
        offered += (double)result->all_arrived;
        served += (double)result->all_completed;
    }
    return cs_arena_printf(s->arena, "unstable: %.0f %% of capacity%s",
                           100.0 * offered / served, margin(s, set->candidate));
}

const char *cs_search_why_not(const struct cs_search *s, const struct cs_set *set)
{
    const struct cs_judgement *j = &set->judgement;
    if (j->outcome == CS_OUTCOME_UNSTABLE)
        return overload(s, set);
    const struct cs_candidate *c = set->candidate;
    const struct cs_limit *l = &c->slo[j->worst_limit];
    if (j->outcome == CS_OUTCOME_LOST)
        return cs_arena_printf(s->arena, "overloaded: requests wait over %s in the busiest hours%s",
                               amount(s, (double)c->lost_wait_ps * 1e-12), margin(s, c));
    const char *refused =
        refusal(s, c, set->trials, set->count, &j->groups[j->worst_group], j->allowed);
    if (refused != NULL)
        return refused;
    return cs_arena_printf(
        s->arena, "%s %s %s in the worst window%s (%s)", cs_metric_label(l->metric),
        percentile_label(s, l),
        amount(s, figure(s, set->trials, set->count, &j->groups[j->worst_group], l)), margin(s, c),
        limit_words(s, c, j->worst_limit));
}

/* Single requests miss a limit even when nothing else runs. */
bool cs_search_why_idle(struct cs_search *s, const struct cs_judgement *j)
{
    const struct cs_candidate *c = s->unloaded->candidate;
    const struct cs_group *group = &j->groups[j->worst_group];
    const struct cs_limit *l = &c->slo[j->worst_limit];
    s->reason = refusal(s, c, &s->unloaded, 1, group, j->allowed);
    if (s->reason != NULL)
        return false;
    s->reason = cs_arena_printf(
        s->arena, "%s %s is %s even for single requests on an idle replica of %d%s (%s)",
        cs_metric_label(l->metric), percentile_label(s, l),
        amount(s, figure(s, &s->unloaded, 1, group, l)), c->gpus_per_replica, margin(s, c),
        limit_words(s, c, j->worst_limit));
    return true;
}
