/* Caches of experts: Che's approximation, the cache itself, and what is known exactly.
 *
 * One token a step that visits one expert is a list of independent references, for which the share
 * found by a cache of the least recently used is known: in the steady state the experts stand in
 * the order of their last use with (King 1971, after McCabe 1965)
 *
 *     P(i1, i2, ...) = p_i1  p_i2 / (1 - p_i1)  p_i3 / (1 - p_i1 - p_i2) ...
 *
 * and what is found is what stands among the first `slots`. A step that visits several is a Markov
 * chain over the sets that are held; for few experts its steady state is worked out here by
 * iteration. Between models and policies the fast counts are held to the trial, and both to laws
 * that no cache breaks. Samples are allowed 4 standard errors, from batches of independent trials;
 * what approximations are allowed beside that is said with each.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "perf/expertcache.h"
#include "perf/moe.h"

enum { MOST = 256 };

static void visits_of(int experts, int k, double zipf, double *visits)
{
    const struct cs_model m = {.experts = experts, .experts_per_token = k,
                               .routing = {.zipf = zipf}};
    cs_moe_visits(&m, visits);
}

/* Means over `count` trials of other seeds, and standard errors. */
struct means {
    double touched, found, foreseen, wasted, found_error, foreseen_error, wasted_error;
};
static void put(double *mean, double *error, double x, int count)
{
    *mean += x / count;
    *error += x * x / count;
}
static double error_of(double mean, double square, int count)
{
    return sqrt(fmax(square - mean * mean, 0.0) / (count - 1));
}
/* Of one layer and step. Only layers after the first predict. */
static struct means tried(struct cs_expert_trial t, int count)
{
    const double steps = (double)t.steps * t.layers;
    const double predicting = (double)t.steps * (t.layers > 1 ? t.layers - 1 : 1);
    struct means m = {0};
    double unused = 0.0;
    for (int i = 0; i < count; i++) {
        t.seed = 977 + (uint64_t)i;
        const struct cs_expert_counts c = cs_expert_trial(&t);
        put(&m.touched, &unused, (double)c.touched / steps, count);
        put(&m.found, &m.found_error, (double)c.found / steps, count);
        put(&m.foreseen, &m.foreseen_error, (double)c.foreseen / predicting, count);
        put(&m.wasted, &m.wasted_error, (double)c.wasted / predicting, count);
    }
    m.found_error = error_of(m.found, m.found_error, count);
    m.foreseen_error = error_of(m.foreseen, m.foreseen_error, count);
    m.wasted_error = error_of(m.wasted, m.wasted_error, count);
    return m;
}

/* Share found by King's formula: over all orders of `slots` experts in front. */
static double king(const double *p, int experts, int slots, bool *in, double probability,
                   double left)
{
    double found = 0.0;
    if (slots == 0) {
        for (int i = 0; i < experts; i++)
            found += in[i] ? p[i] : 0.0;
        return probability * found;
    }
    for (int i = 0; i < experts; i++) {
        if (in[i])
            continue;
        in[i] = true;
        found += king(p, experts, slots - 1, in, probability * p[i] / left, left - p[i]);
        in[i] = false;
    }
    return found;
}

/* By hand, of 2 experts with 0.75 and 0.25 and one slot: the last one is found again, 0.75^2 +
 * 0.25^2. Che is within 2.5 % of the references, the trial within its error. */
START_TEST(one_reference_a_step_agrees_with_king)
{
    static const struct {
        int experts;
        double zipf;
    } cases[] = {{2, 1.58496250072}, {5, 0.0}, {6, 0.8}, {7, 1.3}, {8, 0.35}};
    double visits[MOST];
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const int E = cases[c].experts;
        visits_of(E, 1, cases[c].zipf, visits);
        for (int slots = 1; slots < E; slots++) {
            bool in[8] = {false};
            const double exact = king(visits, E, slots, in, 1.0, 1.0);
            if (E == 2)
                ck_assert_double_eq_tol(exact, 0.625, 1e-9);
            if (E == 5)
                ck_assert_double_eq_tol(exact, slots / 5.0, 1e-12);
            const struct cs_moe_hits fast =
                cs_moe_hits(CS_EXPERTS_LRU, visits, E, slots, 1.0, 0.0, 0.0);
            ck_assert_double_eq_tol(fast.touched, 1.0, 1e-12);
            ck_assert_double_eq_tol(fast.found, exact, 0.025);
            const struct means m = tried(
                (struct cs_expert_trial){.policy = CS_EXPERTS_LRU, .visits = visits, .experts = E,
                                         .slots = slots, .layers = 1, .batch = 1, .steps = 3000,
                                         .warm = true},
                12);
            ck_assert_double_eq_tol(m.found, exact, 4 * m.found_error + 0.001);
        }
    }
}
END_TEST

/* All sets that the trial's comb draws of E <= 5 experts, with their probabilities: over all orders
 * of the experts, and all places of the first tooth between two ends of visits. */
struct sets {
    int count, set[32];
    double probability[32];
};
static void comb(const double *visits, int experts, const int *order, double weight,
                 struct sets *sets)
{
    double ends[8] = {0.0, 1.0}, at = 0.0;
    int count = 2;
    for (int i = 0; i < experts; i++) {
        at += visits[order[i]];
        ends[count++] = at - floor(at);
    }
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (ends[j] < ends[i]) {
                const double swap = ends[i];
                ends[i] = ends[j];
                ends[j] = swap;
            }
    for (int i = 0; i + 1 < count; i++) {
        const double tooth = 0.5 * (ends[i] + ends[i + 1]);
        int set = 0, which = 0;
        double end = 0.0, next = tooth;
        for (int e = 0; e < experts; e++) {
            end += visits[order[e]];
            if (end > next) {
                set |= 1 << order[e];
                next += 1.0;
            }
        }
        while (which < sets->count && sets->set[which] != set)
            which++;
        sets->count += which == sets->count;
        sets->set[which] = set;
        sets->probability[which] += weight * (ends[i + 1] - ends[i]);
    }
}
static void permute(const double *visits, int experts, int *order, int at, double weight,
                    struct sets *sets)
{
    if (at == experts)
        comb(visits, experts, order, weight, sets);
    for (int i = at; i < experts; i++) {
        const int a = order[at], b = order[i];
        order[at] = b;
        order[i] = a;
        permute(visits, experts, order, at + 1, weight / (experts - at), sets);
        order[at] = a;
        order[i] = b;
    }
}

static int size(int set)
{
    int n = 0;
    for (; set > 0; set &= set - 1)
        n++;
    return n;
}

/* k of E experts a step with k slots: what is held is the set of the step before, so that the share
 * found is the mean overlap of two sets of independent tokens, over pairs; with `repeat`, of one
 * token and the next. The chain is one of sets, solved by its law alone. */
START_TEST(several_references_a_step_agree_with_the_chain_of_sets)
{
    static const struct {
        int experts, k;
        double zipf, repeat;
    } cases[] = {{5, 2, 0.0, 0.0}, {5, 2, 0.9, 0.0}, {5, 3, 0.6, 0.35}, {4, 2, 0.4, 0.7},
                 {5, 1, 1.1, 0.25}};
    double visits[MOST];
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const int E = cases[c].experts, k = cases[c].k;
        int order[32] = {0, 1, 2, 3, 4};
        struct sets sets = {0};
        visits_of(E, k, cases[c].zipf, visits);
        permute(visits, E, order, 0, 1.0, &sets);
        double all = 0.0, one[5] = {0}, exact = 0.0;
        for (int a = 0; a < sets.count; a++) {
            all += sets.probability[a];
            for (int e = 0; e < E; e++)
                one[e] += sets.set[a] >> e & 1 ? sets.probability[a] : 0.0;
            for (int b = 0; b < sets.count; b++)
                exact += sets.probability[a] * sets.probability[b] *
                         size(sets.set[a] & sets.set[b]);
        }
        exact = cases[c].repeat * k + (1.0 - cases[c].repeat) * exact;
        ck_assert_double_eq_tol(all, 1.0, 1e-12);
        for (int e = 0; e < E; e++) /* exactly the visits asked for */
            ck_assert_double_eq_tol(one[e], visits[e], 1e-12);
        const struct cs_moe_hits fast =
            cs_moe_hits(CS_EXPERTS_LRU, visits, E, k, 1.0, cases[c].repeat, 0.0);
        ck_assert_double_eq_tol(fast.found, exact, 1e-6 * k); /* tau is 1: exact */
        const struct means m = tried(
            (struct cs_expert_trial){.policy = CS_EXPERTS_LRU, .visits = visits, .experts = E,
                                     .slots = k, .layers = 1, .batch = 1, .steps = 3000,
                                     .repeat = cases[c].repeat, .warm = true},
            12);
        ck_assert_double_eq_tol(m.found, exact, 4 * m.found_error + 0.001 * k);
    }
}
END_TEST

/* Mixtral, DeepSeek-V3, Scout, gpt-oss-120b, with routing from even to skewed. */
static const struct {
    int experts, k, groups, groups_per_token;
    double zipf, repeat, follow;
} models[] = {{8, 2, 0, 0, 0.0, 0.0, 0.35},  {8, 2, 0, 0, 0.45, 0.3, 0.8},
              {256, 8, 8, 4, 0.0, 0.0, 0.5}, {256, 8, 8, 4, 0.45, 0.25, 0.7},
              {16, 1, 0, 0, 0.0, 0.15, 0.2}, {16, 1, 0, 0, 0.85, 0.4, 0.6},
              {128, 4, 0, 0, 0.0, 0.5, 0.4}, {128, 4, 0, 0, 0.75, 0.0, 0.9}};
enum { MODELS = sizeof models / sizeof models[0] };

static struct cs_expert_trial trial(int model, enum cs_expert_policy policy, const double *visits,
                                    int slots, int batch)
{
    return (struct cs_expert_trial){.policy = policy,
                                    .visits = visits,
                                    .experts = models[model].experts,
                                    .slots = slots,
                                    .layers = 3,
                                    .batch = batch,
                                    .steps = batch > 5 ? 60 : 250,
                                    .groups = models[model].groups,
                                    .groups_per_token = models[model].groups_per_token,
                                    .repeat = models[model].repeat,
                                    .follow = models[model].follow,
                                    .warm = true,
                                    .expert_bytes = 176160768.0, /* 3 x 4096 x 14336 bytes */
                                    .seed = 5};
}

/* The fast counts are the trial's: within 2.5 % of what is touched, and the sample's error. */
START_TEST(fast_counts_are_those_of_the_trial)
{
    static const enum cs_expert_policy policies[] = {CS_EXPERTS_STATIC, CS_EXPERTS_LRU,
                                                     CS_EXPERTS_PREFETCH};
    static const double shares[] = {0.13, 0.3, 0.55, 0.8};
    static const int batches[] = {1, 4, 19};
    double visits[MOST];
    const int E = models[_i].experts;
    visits_of(E, models[_i].k, models[_i].zipf, visits);
    for (int n = 0; n < 36; n++) {
        const enum cs_expert_policy policy = policies[n % 3];
        const int batch = batches[n / 3 % 3], slots = (int)ceil(shares[n / 9] * E);
        const struct means m = tried(trial(_i, policy, visits, slots, batch), 5);
        const struct cs_moe_hits fast = cs_moe_hits(policy, visits, E, slots, batch,
                                                    models[_i].repeat, models[_i].follow);
        const double near = 0.025 * fast.touched;
        ck_assert_double_eq_tol(fast.touched, m.touched, near);
        ck_assert_double_eq_tol(fast.found, m.found, near + 4 * m.found_error);
        ck_assert_double_eq_tol(fast.foreseen, m.foreseen, near + 4 * m.foreseen_error);
        ck_assert_double_eq_tol(fast.wasted, m.wasted, near + 4 * m.wasted_error);
        ck_assert(policy == CS_EXPERTS_PREFETCH || fast.foreseen + fast.wasted == 0.0);
    }
}
END_TEST

/* Counting uses finds the most visited in the end: 3,000 steps within 2 % of holding them. */
START_TEST(counts_of_use_find_the_most_visited)
{
    double visits[MOST];
    visits_of(16, 2, 0.9, visits);
    for (int slots = 3; slots < 16; slots += 4) {
        const struct means m = tried(
            (struct cs_expert_trial){.policy = CS_EXPERTS_LFU, .visits = visits, .experts = 16,
                                     .slots = slots, .layers = 1, .batch = 2, .steps = 3000},
            6);
        const double most =
            cs_moe_hits(CS_EXPERTS_STATIC, visits, 16, slots, 2.0, 0.0, 0.0).found;
        ck_assert_double_eq_tol(m.found, most, 0.02 * most + 4 * m.found_error);
        ck_assert_double_eq(most,
                            cs_moe_hits(CS_EXPERTS_LFU, visits, 16, slots, 2.0, 0.0, 0.0).found);
    }
}
END_TEST

/* What is touched is found, foreseen or missed; bytes are those of what was brought in; nothing is
 * found beyond what is held; the same seed gives the same counts, another one others. */
/* As many are held as there are slots, the more visited the longer; and with one token a step,
 * which finds an expert if it is held, held times visited is what is found. */
START_TEST(what_is_held_fills_the_slots)
{
    enum { E = 32 };
    static const enum cs_expert_policy policies[] = {CS_EXPERTS_LRU, CS_EXPERTS_STATIC,
                                                     CS_EXPERTS_CPU};
    double visits[E], share[E];
    visits_of(E, 2, 0.8, visits);
    for (int p = 0; p < 3; p++)
        for (double slots = 4; slots < E; slots += 6.5) {
            double held = 0.0, found = 0.0;
            cs_moe_held(policies[p], visits, E, slots, 1.0, 0.0, share);
            for (int i = 0; i < E; i++) {
                ck_assert(share[i] >= 0.0 && share[i] <= 1.0);
                ck_assert(i == 0 || share[i] <= share[i - 1] + 1e-12);
                held += share[i];
                found += share[i] * visits[i];
            }
            ck_assert_double_eq_tol(held, slots, 1e-6);
            const struct cs_moe_hits h = cs_moe_hits(policies[p], visits, E, slots, 1.0, 0.0, 0.0);
            ck_assert_double_eq_tol(found, h.found, 1e-6);
        }
}
END_TEST

START_TEST(nothing_is_lost_in_a_trial)
{
    double visits[MOST];
    const int E = models[_i].experts;
    visits_of(E, models[_i].k, models[_i].zipf, visits);
    for (int policy = CS_EXPERTS_STATIC; policy <= CS_EXPERTS_PREFETCH; policy++) {
        const int slots = E / 3;
        struct cs_expert_trial t = trial(_i, policy, visits, slots, 3);
        t.warm = policy % 2 == 0;
        t.topic_at = 130;
        const struct cs_expert_counts a = cs_expert_trial(&t), b = cs_expert_trial(&t);
        ck_assert_int_eq(a.touched, a.found + a.foreseen + a.missed);
        ck_assert_double_eq(a.bytes,
                            (double)(a.foreseen + a.missed + a.wasted) * t.expert_bytes);
        ck_assert_int_ge(a.missed, 1);
        ck_assert_int_le(a.found, (int64_t)slots * t.layers * t.steps);
        ck_assert(policy == CS_EXPERTS_PREFETCH ? a.foreseen > 0 && a.wasted > 0
                                                : a.foreseen + a.wasted == 0);
        ck_assert(a.touched == b.touched && a.found == b.found && a.wasted == b.wasted);
        t.seed++;
        ck_assert_int_ne(cs_expert_trial(&t).found, a.found);
    }
}
END_TEST

/* More slots never find less, in steps of a fraction of a slot; all slots find all; more than is
 * held is never found, nor more than is touched foreseen. */
START_TEST(more_slots_find_more)
{
    double visits[MOST];
    const int E = models[_i].experts;
    visits_of(E, models[_i].k, models[_i].zipf, visits);
    for (int policy = CS_EXPERTS_RESIDENT; policy <= CS_EXPERTS_CPU; policy++)
        for (int tokens = 1; tokens < 300; tokens = tokens * 4 + 1) {
            double before = -1.0;
            for (double slots = 0.02 * E; slots < E; slots += 0.0437 * E) {
                const struct cs_moe_hits h = cs_moe_hits(policy, visits, E, slots, tokens,
                                                         models[_i].repeat, models[_i].follow);
                ck_assert_double_ge(h.found, before);
                ck_assert_double_le(h.found, fmin(h.touched, slots) * (1 + 1e-12));
                ck_assert_double_le(h.found + h.foreseen, h.touched * (1 + 1e-9));
                ck_assert_double_ge(fmin(h.foreseen, h.wasted), -1e-9 * h.touched);
                ck_assert(h.cold >= 0.0 && h.cold <= slots * (1 + 1e-9));
                before = h.found;
            }
            const struct cs_moe_hits all = cs_moe_hits(policy, visits, E, E, tokens,
                                                       models[_i].repeat, models[_i].follow);
            ck_assert_double_eq_tol(all.found, all.touched, 1e-6 * all.touched);
            ck_assert_double_eq_tol(all.touched, cs_moe_touched(visits, E, tokens, 1.0, 0.0),
                                    1e-9 * all.touched);
            ck_assert_double_eq_tol(all.wasted, 0.0, 1e-6 * all.touched);
        }
}
END_TEST

/* Where every layer follows from the one before, all that is not found is foreseen and nothing else
 * is copied, from one token to prompts that touch all experts. */
START_TEST(what_is_certain_is_foreseen)
{
    double visits[MOST];
    const int E = models[_i].experts;
    visits_of(E, models[_i].k, models[_i].zipf, visits);
    for (int tokens = 1; tokens < 20000; tokens = tokens * 3 + 1)
        for (double slots = 0.05 * E; slots < E; slots += 0.17 * E) {
            const struct cs_moe_hits h =
                cs_moe_hits(CS_EXPERTS_PREFETCH, visits, E, slots, tokens, 0.0, 1.0);
            ck_assert_double_eq_tol(h.foreseen, h.touched - h.found, 1e-6 * h.touched);
            ck_assert_double_eq_tol(h.wasted, 0.0, 1e-6 * h.touched);
        }
}
END_TEST

/* What is found less after a cold start: in 120 steps from nothing, by trials whose cache is full
 * long before. Within 3 % of the slots, 1 % of what Che's approximation finds in that time, and the
 * sample's error. */
START_TEST(a_cold_start_costs_what_it_should)
{
    static const struct {
        enum cs_expert_policy policy;
        int slots;
        double repeat;
    } cases[] = {{CS_EXPERTS_LRU, 24, 0.0}, {CS_EXPERTS_LRU, 10, 0.3}, {CS_EXPERTS_LRU, 6, 0.1},
                 {CS_EXPERTS_STATIC, 20, 0.0}};
    double visits[MOST];
    visits_of(64, 2, 0.7, visits);
    for (int c = 0; c < 4; c++) {
        const struct cs_expert_trial t = {.policy = cases[c].policy, .visits = visits,
                                          .experts = 64, .slots = cases[c].slots, .layers = 24,
                                          .batch = 2, .steps = 120, .repeat = cases[c].repeat};
        const struct means m = tried(t, 40);
        const struct cs_moe_hits fast = cs_moe_hits(t.policy, visits, 64, t.slots, 2.0, t.repeat,
                                                    0.0);
        ck_assert_double_eq_tol(fast.cold, t.steps * (fast.found - m.found),
                                0.03 * t.slots + 4 * t.steps * m.found_error +
                                    t.steps * 0.01 * fast.found);
        ck_assert(t.policy == CS_EXPERTS_LRU || fast.cold == t.slots);
    }
}
END_TEST

/* A cold cache fills, a new topic makes it stale, and both find their steady state again. Fixed
 * experts never find as many again after a new topic. */
START_TEST(a_cold_start_and_a_new_topic_settle)
{
    enum { SLOTS = 24, LAYERS = 48, TRIALS = 4 };
    double visits[MOST], loads[2] = {0};
    int steps[2] = {0};
    visits_of(64, 2, 1.0, visits);
    struct cs_expert_trial t = {.visits = visits, .experts = 64, .slots = SLOTS, .layers = LAYERS,
                                .batch = 2, .steps = 1000, .topic_at = 500, .repeat = 0.2};
    const struct cs_moe_hits
        fixed = cs_moe_hits(CS_EXPERTS_STATIC, visits, 64, SLOTS, 2.0, t.repeat, 0.0),
        recent = cs_moe_hits(CS_EXPERTS_LRU, visits, 64, SLOTS, 2.0, t.repeat, 0.0);
    for (t.seed = 0; t.seed < TRIALS; t.seed++) {
        t.policy = CS_EXPERTS_LRU;
        t.warm = false;
        const struct cs_expert_counts cold = cs_expert_trial(&t);
        t.warm = true;
        const struct cs_expert_counts warm = cs_expert_trial(&t);
        t.policy = CS_EXPERTS_STATIC;
        t.warm = false;
        const struct cs_expert_counts most = cs_expert_trial(&t);
        const struct cs_expert_settling all[] = {cold.start, cold.topic, warm.topic};
        for (int i = 0; i < 3; i++) {
            ck_assert_double_eq_tol(all[i].steady, recent.found / recent.touched, 0.02);
            ck_assert_int_gt(all[i].steps, 0);
            ck_assert_int_lt(all[i].steps, 60);
            ck_assert_double_gt(all[i].loads, 0.2 * SLOTS * LAYERS);
        }
        ck_assert_double_eq_tol(most.start.steady, fixed.found / fixed.touched, 0.02);
        ck_assert_double_lt(most.topic.steady, 0.75 * most.start.steady);
        ck_assert_double_lt(most.topic.steady, cold.topic.steady);
        ck_assert_double_gt(cold.start.extra, warm.start.extra);
        ck_assert_double_gt(cold.start.extra, 0.0);
        ck_assert_double_lt(cold.start.extra, SLOTS * LAYERS);
        steps[0] += cold.start.steps;
        steps[1] += warm.start.steps;
        loads[0] += cold.start.loads;
        loads[1] += warm.start.loads;
    }
    ck_assert_int_lt(steps[1], steps[0]);
    ck_assert_double_lt(loads[1], loads[0]);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("expert cache");
    TCase *const all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, one_reference_a_step_agrees_with_king);
    tcase_add_test(all, several_references_a_step_agree_with_the_chain_of_sets);
    tcase_add_loop_test(all, fast_counts_are_those_of_the_trial, 0, MODELS);
    tcase_add_test(all, counts_of_use_find_the_most_visited);
    tcase_add_test(all, what_is_held_fills_the_slots);
    tcase_add_loop_test(all, nothing_is_lost_in_a_trial, 0, MODELS);
    tcase_add_loop_test(all, more_slots_find_more, 0, MODELS);
    tcase_add_loop_test(all, what_is_certain_is_foreseen, 0, MODELS);
    tcase_add_test(all, a_cold_start_costs_what_it_should);
    tcase_add_test(all, a_cold_start_and_a_new_topic_settle);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
