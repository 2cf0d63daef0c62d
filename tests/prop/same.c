/* Same: two results of one case compared field by field (see same.h).
 *
 * Counts and times must be equal; sums kept as doubles may differ by 1e-9, since replicas add to
 * them in the order of the slices. Histograms are compared bucket by bucket, a page that was never
 * made being one of zeros.
 * The rule: the first difference is told with both values, and nothing else is looked at.
 */
#include "same.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char same_why[400];

bool same_differs(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(same_why, sizeof same_why, format, arguments);
    va_end(arguments);
    return false;
}

bool same_buckets(const struct cs_hist *a, const struct cs_hist *b)
{
    static const uint64_t none[CS_HIST_SUB];
    for (int page = 0; page < CS_HIST_PAGES; page++)
        if (memcmp(a->pages[page] ? a->pages[page] : none, b->pages[page] ? b->pages[page] : none,
                   sizeof none) != 0)
            return false;
    return a->count == b->count && a->max_ps == b->max_ps;
}

static bool same_sum(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static bool same_hist(const struct cs_hist *a, const struct cs_hist *b)
{
    return same_buckets(a, b) && same_sum(a->sum_ps, b->sum_ps);
}

static bool same_windows(const struct cs_result *a, const struct cs_result *b)
{
    for (size_t w = 0; w < a->window_count; w++) {
        const struct cs_window_tally *const x = &a->windows[w], *const y = &b->windows[w];
        if (x->requests != y->requests || x->met != y->met || x->rejected != y->rejected ||
            memcmp(x->within, y->within, sizeof x->within) != 0)
            return same_differs("counts of window %zu differ between slices and one run", w);
        if (x->busy_ps != y->busy_ps)
            return same_differs("busy time of window %zu: slices %lld, one run %lld", w,
                                (long long)x->busy_ps, (long long)y->busy_ps);
        for (int m = 0; m < CS_METRIC_COUNT; m++)
            if (!same_hist(&x->metric[m], &y->metric[m]))
                return same_differs("metric %d of window %zu differs between slices and one run "
                                    "(sums %.17g and %.17g)",
                                    m, w, x->metric[m].sum_ps, y->metric[m].sum_ps);
    }
    return true;
}

/* Every field (a comparison of the bytes would see padding). */
bool same_result(const struct cs_result *a, const struct cs_result *b)
{
    const struct {
        const char *name;
        double sliced, whole;
    } real[] = {
        {"measured_ps", a->measured_ps, b->measured_ps},
        {"all_batch_area", a->all_batch_area, b->all_batch_area},
        {"all_kv_area", a->all_kv_area, b->all_kv_area},
        {"all_residence_ps", a->all_residence_ps, b->all_residence_ps},
        {"backlog_requests", a->backlog_requests, b->backlog_requests},
    };
    for (size_t i = 0; i < sizeof real / sizeof *real; i++)
        if (!same_sum(real[i].sliced, real[i].whole))
            return same_differs("%s: slices %.17g, one run %.17g", real[i].name, real[i].sliced,
                                real[i].whole);
    const struct {
        const char *name;
        uint64_t sliced, whole;
    } whole[] = {
        {"outcome", a->outcome, b->outcome},
        {"stopped_ps", (uint64_t)a->stopped_ps, (uint64_t)b->stopped_ps},
        {"window_ps", (uint64_t)a->window_ps, (uint64_t)b->window_ps},
        {"window_count", a->window_count, b->window_count},
        {"requests", a->requests, b->requests},
        {"rejected", a->rejected, b->rejected},
        {"completed", a->completed, b->completed},
        {"input_tokens", a->input_tokens, b->input_tokens},
        {"output_tokens", a->output_tokens, b->output_tokens},
        {"preemptions", a->preemptions, b->preemptions},
        {"kv_peak_tokens", (uint64_t)a->kv_peak_tokens, (uint64_t)b->kv_peak_tokens},
        {"all_steps", a->all_steps, b->all_steps},
        {"all_arrived", a->all_arrived, b->all_arrived},
        {"all_completed", a->all_completed, b->all_completed},
        {"all_rejected", a->all_rejected, b->all_rejected},
        {"all_input_tokens", a->all_input_tokens, b->all_input_tokens},
        {"all_output_tokens", a->all_output_tokens, b->all_output_tokens},
        {"all_prefill_tokens", a->all_prefill_tokens, b->all_prefill_tokens},
        {"all_recomputed_tokens", a->all_recomputed_tokens, b->all_recomputed_tokens},
        {"all_decode_tokens", a->all_decode_tokens, b->all_decode_tokens},
        {"all_cached_tokens", a->all_cached_tokens, b->all_cached_tokens},
        {"all_first_tokens", a->all_first_tokens, b->all_first_tokens},
        {"all_busy_ps", (uint64_t)a->all_busy_ps, (uint64_t)b->all_busy_ps},
        {"all_idle_ps", (uint64_t)a->all_idle_ps, (uint64_t)b->all_idle_ps},
        {"all_retried", a->all_retried, b->all_retried},
        {"all_span_ps", (uint64_t)a->all_span_ps, (uint64_t)b->all_span_ps},
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (whole[i].sliced != whole[i].whole)
            return same_differs("%s: slices %lld, one run %lld", whole[i].name,
                                (long long)whole[i].sliced, (long long)whole[i].whole);
    return same_windows(a, b) && (same_hist(&a->wait, &b->wait) ||
                                  same_differs("waits differ between slices and one run"));
}
