/* Experts touched, loads of ranks and places reached, against Monte Carlo and counts by hand.
 *
 * Tokens are drawn here, not by the code under test: a random order of the experts, the visits laid
 * end to end along a line in that order, and the experts hit by a comb of teeth one apart
 * (Madow 1949, in random order Hartley and Rao 1962): exactly k experts, expert i with exactly its
 * v_i; with equal visits each set is as likely as any other. Where a closed form is exact, sample
 * means must lie within 4 standard errors of the sample itself; where it is an approximation, the
 * share allowed is said beside it. Seeds are fixed, so a test passes always or never.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "base/rng.h"
#include "perf/moe.h"

enum { MOST = 384 };

static struct cs_arena arena;

static void setup(void)
{
    cs_arena_init(&arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
}

struct sample { /* mean and its standard error, in one pass */
    double count, sum, squares;
};
static void take(struct sample *s, double x)
{
    s->count++;
    s->sum += x;
    s->squares += x * x;
}
static double mean(const struct sample *s)
{
    return s->sum / s->count;
}
static double error(const struct sample *s)
{
    const double m = mean(s);
    return sqrt(fmax(s->squares / s->count - m * m, 0.0) / (s->count - 1.0));
}
/* 4 standard errors, and what an event of size 1 adds that n samples miss with e^-8. */
static double within(const struct sample *s)
{
    return 4 * error(s) + 8 / s->count;
}

static struct cs_model model(int experts, int k, double zipf)
{
    return (struct cs_model){.experts = experts, .experts_per_token = k, .moe_layers = 1,
                             .routing = {.zipf = zipf}};
}

/* Draws one token: chosen[] gets its experts of members[0 .. n), which have these visits; returns
 * how many. Members are put in another order. */
static int draw(struct cs_rng *rng, int *members, int n, const double *visits, double scale,
                int *chosen)
{
    int count = 0;
    double at = 0.0, tooth = cs_rng_uniform(rng);
    for (int i = 0; i < n; i++) {
        const int j = i + (int)(cs_rng_uniform(rng) * (n - i));
        const int e = members[j];
        members[j] = members[i];
        members[i] = e;
        at += visits[e] * scale;
        if (at > tooth) {
            chosen[count++] = e;
            tooth += 1.0;
        }
    }
    return count;
}

static void number(int *members, int n)
{
    for (int i = 0; i < n; i++)
        members[i] = i;
}

/* E over k of published models: Mixtral, Scout, DeepSeek-V3, gpt-oss-120b, Kimi-K2, Phi-3.5. */
static const struct {
    int experts, k;
    double zipf;
} shapes[] = {{8, 2, 0.0},   {8, 2, 0.83},   {16, 1, 0.0},  {16, 1, 1.21}, {256, 8, 0.0},
              {256, 8, 0.61}, {128, 4, 0.0}, {128, 4, 1.07}, {384, 8, 0.37}, {16, 2, 0.45}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* What visits must be whatever the routing; by hand: 4 experts, k = 2, shares 0.7, 0.1, 0.12, 0.08:
 * 1.4 is cut to 1, the other 1 goes 0.12 : 0.1 : 0.08 of 0.3. */
START_TEST(visits_sum_to_k_and_none_is_above_one)
{
    for (int s = 0; s < SHAPES; s++) {
        const struct cs_model m = model(shapes[s].experts, shapes[s].k, shapes[s].zipf);
        double visits[MOST], sum = 0.0;
        cs_moe_visits(&m, visits);
        for (int i = 0; i < m.experts; i++) {
            sum += visits[i];
            ck_assert(visits[i] > 0.0 && visits[i] <= 1.0);
            ck_assert(i == 0 || visits[i] <= visits[i - 1]);
            if (i > 0 && visits[i - 1] < 1.0)
                ck_assert_double_eq_tol(visits[i] / visits[i - 1],
                                        pow((double)i / (i + 1.0), shapes[s].zipf), 1e-12);
        }
        ck_assert_double_eq_tol(sum, shapes[s].k, 1e-12 * shapes[s].k);
    }
    static const double shares[] = {0.1, 0.7, 0.08, 0.12}, few[] = {0, 0, 3};
    struct cs_model m = model(4, 2, 0.9); /* measured shares stand above a law */
    m.routing.popularity = shares;
    m.routing.popularity_count = 4;
    double visits[4];
    cs_moe_visits(&m, visits);
    const double want[] = {1.0, 0.4, 1.0 / 3.0, 0.8 / 3.0};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(visits[i], want[i], 1e-12);
    m.routing.popularity = few; /* one expert is ever chosen: the other visit is anybody's */
    m.routing.popularity_count = 3;
    cs_moe_visits(&m, visits);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(visits[i], i == 0 ? 1.0 : 1.0 / 3.0, 1e-12);
}
END_TEST

/* E (1 - (1 - k/E)^T) and nothing else. */
START_TEST(uniform_routing_is_the_closed_form)
{
    static const int cases[][2] = {{8, 2}, {16, 1}, {256, 8}, {384, 8}, {60, 4}, {4, 4}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct cs_model m = model(cases[c][0], cases[c][1], 0.0);
        double visits[MOST];
        cs_moe_visits(&m, visits);
        for (int T = 0; T <= 16384; T += T < 40 ? 1 : 97) {
            const double E = cases[c][0];
            const double want = E * (1.0 - pow(1.0 - cases[c][1] / E, T));
            ck_assert_double_eq_tol(cs_moe_touched(visits, m.experts, T, 1.0, 0.0), want,
                                    1e-12 * E);
        }
    }
}
END_TEST

/* Of T tokens drawn as above. */
START_TEST(distinct_experts_agree_with_drawn_tokens)
{
    static const int tokens[] = {1, 2, 3, 7, 19, 64, 230};
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 0, "test/moe/distinct");
    const struct cs_model m = model(shapes[_i].experts, shapes[_i].k, shapes[_i].zipf);
    double visits[MOST];
    cs_moe_visits(&m, visits);
    for (size_t t = 0; t < sizeof tokens / sizeof tokens[0]; t++) {
        struct sample distinct = {0};
        int members[MOST], chosen[MOST];
        number(members, m.experts);
        for (int trial = 0; trial < 40000 / (tokens[t] * m.experts / 8 + 8) + 60; trial++) {
            bool seen[MOST] = {false};
            int count = 0;
            for (int token = 0; token < tokens[t]; token++) {
                const int k = draw(&rng, members, m.experts, visits, 1.0, chosen);
                ck_assert_int_eq(k, m.experts_per_token);
                for (int j = 0; j < k; j++) {
                    count += !seen[chosen[j]];
                    seen[chosen[j]] = true;
                }
            }
            take(&distinct, count);
        }
        ck_assert_double_eq_tol(cs_moe_touched(visits, m.experts, tokens[t], 1.0, 0.0),
                                mean(&distinct), within(&distinct));
    }
}
END_TEST

/* k of the experts of 4 groups of 8, as DeepSeek-V3 routes: the same experts touched, since how one
 * token's visits hang together does not matter. */
START_TEST(groups_change_nothing_in_the_experts_touched)
{
    enum { GROUPS = 8, USED = 4, E = 256, EACH = E / GROUPS };
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 1, "test/moe/groups");
    const struct cs_model m = model(E, 8, 0.0);
    double visits[E];
    cs_moe_visits(&m, visits);
    for (int tokens = 2; tokens <= 50; tokens = tokens * 3 - 1) {
        struct sample distinct = {0};
        for (int trial = 0; trial < 1500; trial++) {
            bool seen[E] = {false};
            int count = 0;
            for (int token = 0; token < tokens; token++) {
                static const double one[GROUPS] = {1, 1, 1, 1, 1, 1, 1, 1};
                int groups[GROUPS], used[GROUPS], members[USED * EACH], chosen[E];
                number(groups, GROUPS);
                ck_assert_int_eq(draw(&rng, groups, GROUPS, one, 0.5, used), USED);
                for (int i = 0; i < USED * EACH; i++)
                    members[i] = used[i / EACH] * EACH + i % EACH;
                const int k = draw(&rng, members, USED * EACH, visits, 2.0, chosen);
                for (int j = 0; j < k; j++) {
                    count += !seen[chosen[j]];
                    seen[chosen[j]] = true;
                }
            }
            take(&distinct, count);
        }
        ck_assert_double_eq_tol(cs_moe_touched(visits, E, tokens, 1.0, 0.0), mean(&distinct),
                                within(&distinct));
    }
}
END_TEST

/* Tokens of a request that repeat the set before them. */
START_TEST(repetition_agrees_with_drawn_requests)
{
    static const struct {
        int requests, each;
        double repeat;
    } cases[] = {{1, 1, 0.7}, {1, 9, 0.0}, {3, 8, 0.35}, {5, 17, 0.81}, {2, 40, 1.0}};
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 2, "test/moe/repeat");
    const struct cs_model m = model(shapes[_i].experts, shapes[_i].k, shapes[_i].zipf);
    double visits[MOST];
    int members[MOST], chosen[MOST];
    cs_moe_visits(&m, visits);
    number(members, m.experts);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct sample distinct = {0};
        for (int trial = 0; trial < 400; trial++) {
            bool seen[MOST] = {false};
            int count = 0;
            for (int token = 0; token < cases[c].requests * cases[c].each; token++) {
                if (token % cases[c].each > 0 && cs_rng_uniform(&rng) < cases[c].repeat)
                    continue; /* the same set: nothing new is touched */
                const int k = draw(&rng, members, m.experts, visits, 1.0, chosen);
                for (int j = 0; j < k; j++) {
                    count += !seen[chosen[j]];
                    seen[chosen[j]] = true;
                }
            }
            take(&distinct, count);
        }
        ck_assert_double_eq_tol(cs_moe_touched(visits, m.experts, cases[c].requests,
                                               cases[c].each, cases[c].repeat),
                                mean(&distinct), within(&distinct));
    }
}
END_TEST

/* The next layer's experts are this one's with probability `follow`, else drawn anew: how many of
 * them does one foretell who says "the same"? */
START_TEST(foresight_agrees_with_drawn_layers)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 3, "test/moe/follow");
    const struct cs_model m = model(shapes[_i].experts, shapes[_i].k, shapes[_i].zipf);
    double visits[MOST];
    int members[MOST], here[MOST], there[MOST];
    cs_moe_visits(&m, visits);
    number(members, m.experts);
    for (double follow = 0.0; follow <= 1.0; follow += 0.27) {
        struct sample right = {0};
        for (int trial = 0; trial < 1500; trial++) {
            const int k = draw(&rng, members, m.experts, visits, 1.0, here);
            bool foretold[MOST] = {false};
            int hits = 0;
            for (int j = 0; j < k; j++)
                foretold[here[j]] = true;
            if (cs_rng_uniform(&rng) < follow)
                hits = k;
            else
                for (int j = draw(&rng, members, m.experts, visits, 1.0, there); j-- > 0;)
                    hits += foretold[there[j]];
            take(&right, (double)hits / k);
        }
        ck_assert_double_eq_tol(cs_moe_foresight(visits, m.experts, follow), mean(&right),
                                within(&right));
    }
}
END_TEST

/* By hand: 4 experts of visits 1, 0.6, 0.3, 0.1 and 2 copies more: the first copy goes to the
 * expert of 1, the next to that of 0.6 (0.6 a copy against 0.5). On 3 ranks of 2: 0.5, 0.5, 0.3 to
 * ranks 0, 1, 2; the other 0.3s to rank 2 and, that being full, rank 0; 0.1 to rank 1. */
START_TEST(places_are_those_found_by_hand)
{
    static const double visits[] = {1.0, 0.6, 0.3, 0.1};
    static const struct {
        int expert, rank;
        double visits;
    } want[] = {{0, 0, 0.5}, {2, 0, 0.3}, {0, 1, 0.5}, {3, 1, 0.1}, {1, 2, 0.3}, {1, 2, 0.3}};
    struct cs_moe_placement p;
    cs_moe_place(&p, visits, 4, 2, true, 3, &arena);
    ck_assert_int_eq(p.count, 6);
    ck_assert_int_eq(p.slots, 2);
    for (int c = 0; c < 6; c++) {
        ck_assert_int_eq(p.copies[c].expert, want[c].expert);
        ck_assert_int_eq(p.copies[c].rank, want[c].rank);
        ck_assert_double_eq_tol(p.copies[c].visits, want[c].visits, 1e-12);
    }
}
END_TEST

static const struct {
    int experts, k;
    double zipf;
    int ranks, redundant;
} fleets[] = {{8, 2, 0.0, 2, 0},      {8, 2, 0.9, 4, 0},      {8, 2, 0.4, 8, 0},
              {16, 1, 0.0, 16, 0},    {16, 1, 0.8, 4, 0},     {128, 4, 0.7, 8, 0},
              {128, 4, 1.0, 32, 32},  {256, 8, 0.0, 8, 0},    {256, 8, 0.0, 64, 0},
              {256, 8, 0.5, 32, 0},   {256, 8, 1.1, 64, 64},  {256, 8, 0.9, 2, 0}};
enum { FLEETS = sizeof fleets / sizeof fleets[0], COPIES = 320, RANKS = 64 };

/* One batch of tokens, each visit to any copy of its expert: what cs_moe_load says of it. */
static struct cs_moe_load serve(struct cs_rng *rng, const struct cs_moe_placement *p, int tokens,
                                int most, const double *visits, int *members)
{
    int visited[COPIES] = {0}, load[RANKS] = {0}, touched[RANKS] = {0}, chosen[MOST];
    int busiest = 0, widest = 0, above = 0, total = 0, count[MOST] = {0}, copies[MOST][COPIES / 4];
    for (int c = 0; c < p->count; c++)
        copies[p->copies[c].expert][count[p->copies[c].expert]++] = c;
    for (int token = 0; token < tokens; token++) {
        const int k = draw(rng, members, p->experts, visits, 1.0, chosen);
        for (int j = 0; j < k; j++, total++) {
            const int any = (int)(cs_rng_uniform(rng) * count[chosen[j]]);
            const int c = copies[chosen[j]][any], rank = p->copies[c].rank;
            touched[rank] += visited[c]++ == 0;
            load[rank]++;
        }
    }
    for (int r = 0; r < p->ranks; r++) {
        busiest = load[r] > busiest ? load[r] : busiest;
        widest = touched[r] > widest ? touched[r] : widest;
    }
    for (int c = 0; c < p->count; c++)
        above += visited[c] > most ? visited[c] - most : 0;
    return (struct cs_moe_load){.imbalance = (double)busiest * p->ranks / total,
                                .touched = widest, .dropped = (double)above / total};
}

/* The busiest rank is an approximation: within 3 %, from 130 tokens on within 1 %, and the rank
 * touching most within 5 %. Visits above the capacity of an expert are exact. */
START_TEST(loads_of_ranks_agree_with_drawn_tokens)
{
    static const int tokens[] = {1, 3, 8, 21, 130, 777, 8192};
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 4, "test/moe/ranks");
    const struct cs_model m = model(fleets[_i].experts, fleets[_i].k, fleets[_i].zipf);
    double visits[MOST];
    int members[MOST];
    struct cs_moe_placement p;
    cs_moe_visits(&m, visits);
    number(members, m.experts);
    cs_moe_place(&p, visits, m.experts, fleets[_i].redundant, true, fleets[_i].ranks,
                 &arena);
    for (size_t t = 0; t < sizeof tokens / sizeof tokens[0]; t++) {
        struct sample imbalance = {0}, touched = {0}, dropped = {0};
        const int most = (int)ceil(1.3 * tokens[t] * m.experts_per_token / m.experts - 1e-9);
        const int trials = 1500000 / (tokens[t] * m.experts);
        if (trials < 12)
            break;
        for (int trial = 0; trial < trials && trial < 4000; trial++) {
            const struct cs_moe_load one = serve(&rng, &p, tokens[t], most, visits, members);
            take(&imbalance, one.imbalance);
            take(&touched, one.touched);
            take(&dropped, one.dropped);
        }
        const struct cs_moe_load free = cs_moe_slowest(&p, tokens[t], 0.0);
        const struct cs_moe_load load = cs_moe_slowest(&p, tokens[t], 1.3);
        ck_assert_double_eq_tol(free.imbalance, mean(&imbalance),
                                (tokens[t] < 100 ? 0.03 : 0.01) * mean(&imbalance) +
                                    4 * error(&imbalance));
        ck_assert_double_eq_tol(free.touched, mean(&touched),
                                0.05 * mean(&touched) + 4 * error(&touched));
        ck_assert_double_eq_tol(load.dropped, mean(&dropped), within(&dropped));
        ck_assert(free.dropped == 0.0 && free.imbalance >= load.imbalance);
        ck_assert_double_le(load.imbalance, (double)most * p.slots * p.ranks /
                                                (tokens[t] * m.experts_per_token) *
                                                (1 + 1e-12));
    }
}
END_TEST

/* T tokens that choose one of two experts: the greater of x and T - x, x binomial. */
START_TEST(two_ranks_of_one_expert_are_a_coin)
{
    const double shares[] = {0.5, 0.63};
    for (int s = 0; s < 2; s++) {
        const double visits[] = {shares[s], 1.0 - shares[s]};
        struct cs_moe_placement p;
        cs_moe_place(&p, visits, 2, 0, true, 2, &arena);
        for (int T = 1; T < 900; T = 2 * T + 1) {
            double want = 0.0;
            for (int x = 0; x <= T; x++)
                want += fmax(x, T - x) * exp(lgamma(T + 1.0) - lgamma(x + 1.0) -
                                             lgamma(T - x + 1.0) + x * log(visits[0]) +
                                             (T - x) * log(visits[1]));
            ck_assert_double_eq_tol(cs_moe_slowest(&p, T, 0.0).imbalance, 2.0 * want / T,
                                    T < 64 ? 0.02 : 0.005);
        }
    }
}
END_TEST

/* One expert that every token visits is a load of 1, where a rank's mean is 8/32: at least 4 times
 * as much. Copies divide it, until what is left is chance: 475 visits a rank, and the greatest of
 * 32 is about 2 deviations above, 1 + 2 / sqrt(475) = 1.09. */
START_TEST(copies_even_out_the_ranks)
{
    const struct cs_model m = model(256, 8, 1.05);
    double visits[MOST], before = 32.0;
    cs_moe_visits(&m, visits);
    for (int redundant = 0; redundant <= 128; redundant += 32) {
        struct cs_moe_placement p;
        cs_moe_place(&p, visits, 256, redundant, true, 32, &arena);
        const double imbalance = cs_moe_slowest(&p, 1900, 0.0).imbalance;
        ck_assert(redundant > 0 || imbalance >= 4.0);
        ck_assert_double_lt(imbalance, fmax(before, 1.11));
        ck_assert_double_gt(imbalance, 1.05);
        before = imbalance;
    }
    ck_assert_double_lt(before, 1.11);
}
END_TEST

/* Other ranks, and other nodes of 8 ranks, that a token is sent to, from any rank with the same
 * probability. Uniform: E/R of E experts are none of k, C(E - n, k) / C(E, k), by products; else
 * drawn, within 2 %. */
START_TEST(places_reached_agree_with_drawn_tokens)
{
    struct cs_rng rng;
    cs_rng_init(&rng, 4711, 5, "test/moe/spread");
    const struct cs_model m = model(fleets[_i].experts, fleets[_i].k, fleets[_i].zipf);
    double visits[MOST];
    int members[MOST], chosen[MOST];
    struct cs_moe_placement p;
    cs_moe_visits(&m, visits);
    number(members, m.experts);
    cs_moe_place(&p, visits, m.experts, fleets[_i].redundant, true, fleets[_i].ranks,
                 &arena);
    const int places[] = {p.ranks, p.ranks >= 16 ? p.ranks / 8 : 1};
    for (int w = 0; w < 2; w++) {
        struct sample reached = {0};
        const int R = places[w];
        for (int trial = 0; trial < 4000; trial++) {
            bool sent[RANKS] = {false};
            int others = 0;
            const int home = (int)(cs_rng_uniform(&rng) * R);
            const int k = draw(&rng, members, m.experts, visits, 1.0, chosen);
            for (int j = 0; j < k; j++) {
                int count = 0, copy = 0;
                for (int c = 0; c < p.count; c++) /* any of the copies, as likely as the others */
                    if (p.copies[c].expert == chosen[j] && cs_rng_uniform(&rng) * ++count < 1.0)
                        copy = c;
                const int place = p.copies[copy].rank * R / p.ranks;
                others += !sent[place] && place != home;
                sent[place] = true;
            }
            take(&reached, others);
        }
        const double spread = cs_moe_spread(&p, R, 0, 0);
        ck_assert_double_eq_tol(spread, mean(&reached),
                                0.02 * mean(&reached) + 4 * error(&reached) + 1e-12);
        double none = 1.0;
        for (int j = 0; j < m.experts_per_token; j++)
            none *= 1.0 - (double)m.experts / R / (m.experts - j);
        if (fleets[_i].zipf == 0.0)
            ck_assert_double_eq_tol(spread, R * (1.0 - none) * (R - 1.0) / R, 1e-9);
        const double most = 3 * ceil(R / 8.0) * (R - 1.0) / R; /* 3 of 8 groups */
        ck_assert_double_eq_tol(cs_moe_spread(&p, R, 8, 3), fmin(spread, most), 1e-12);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("moe");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, visits_sum_to_k_and_none_is_above_one);
    tcase_add_test(all, uniform_routing_is_the_closed_form);
    tcase_add_loop_test(all, distinct_experts_agree_with_drawn_tokens, 0, SHAPES);
    tcase_add_test(all, groups_change_nothing_in_the_experts_touched);
    tcase_add_loop_test(all, repetition_agrees_with_drawn_requests, 0, SHAPES);
    tcase_add_loop_test(all, foresight_agrees_with_drawn_layers, 0, SHAPES);
    tcase_add_test(all, places_are_those_found_by_hand);
    tcase_add_loop_test(all, loads_of_ranks_agree_with_drawn_tokens, 0, FLEETS);
    tcase_add_test(all, two_ranks_of_one_expert_are_a_coin);
    tcase_add_test(all, copies_even_out_the_ranks);
    tcase_add_loop_test(all, places_reached_agree_with_drawn_tokens, 0, FLEETS);
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
