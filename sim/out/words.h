/* Words: the names and sentences that every form of the report shares.
 *
 * The text report, the Markdown and the "answer" of the JSON say the same thing in the same words
 * because they get them here. Sentences are UTF-8, in the arena given; nothing is computed beyond
 * a ratio of two figures of the answer.
 */
#ifndef CS_OUT_WORDS_H
#define CS_OUT_WORDS_H
#include "plan/plan.h"

extern const char *const cs_words_metric[CS_METRIC_COUNT]; /* "TTFT", ... */
extern const char *const cs_words_metric_long[CS_METRIC_COUNT]; /* "first token (TTFT)", ... */
extern const char *const cs_words_stat[CS_STAT_COUNT];     /* "mean", "p50", ..., "p99.9" */
extern const char *const cs_words_basis[CS_PRICE_BASIS_COUNT]; /* "article", "listed", "reseller" */
extern const char *const cs_words_window[]; /* by enum cs_window: "hour", "day", "run" */

/* The statistic of an SLO's percentile (0: the mean), or -1. */
int cs_words_find_stat(double percentile);
/* The option a report is about: the best, else the first simulated, else NULL. */
const struct cs_option_answer *cs_words_subject(const struct cs_answer *answer);
/* "h100-sxm-80gb fp8 TP2 EP8+32", with those sizes; 0: not known. */
const char *cs_words_machine(struct cs_arena *arena, const struct cs_option *option, int tensor,
                             int pipeline);
/* The same, with model and engine where the answer has several. */
const char *cs_words_option(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *option);
/* What tables of options show of a feasible one: GPUs, their interval, p95 TTFT, p95 TPOT, load,
 * money a day and for a million tokens. */
enum { CS_WORDS_FIGURES = 7 };
void cs_words_figures(struct cs_arena *arena, const struct cs_scenario *scenario,
                      const struct cs_option_answer *option, const char *figures[CS_WORDS_FIGURES]);
/* "Llama 3.1 70B on 2 x H100 SXM 80GB (1 replica of 2 GPUs, fp8, vLLM 0.15)". */
const char *cs_words_fleet(struct cs_arena *arena, const struct cs_option_answer *option);
/* The models of the answer: "llama-3.1-70b", "a, b" or "3 models". */
const char *cs_words_models(struct cs_arena *arena, const struct cs_answer *answer);
/* The whole answer in one or two sentences. */
const char *cs_words_answer(struct cs_arena *arena, const struct cs_answer *answer);
/* Why there is no yes: what binds, and the nearest that would do. */
const char *cs_words_no(struct cs_arena *arena, const struct cs_answer *answer);
/* A time with both its intervals: "145 ms ± 1, model 90–240"; the second where it is known. */
const char *cs_words_time(struct cs_arena *arena, const struct cs_latency *latency, int stat);
/* How an answer differs from the one before: "2 -> 3 GPUs, 144 -> 216 USD/day, p95 TTFT 310 -> 250
 * ms"; "the same answer" where none of what it names does. */
const char *cs_words_change(struct cs_arena *arena, const struct cs_answer *before,
                            const struct cs_answer *after);
/* What the model's own error may do to a fleet, and what it was sized to bear; "": not known. */
const char *cs_words_model(struct cs_arena *arena, const struct cs_answer *answer,
                           const struct cs_option_answer *option);
/* Whether an option meets its SLO, and would not at the slow end of the model's error: marked by
 * "!", which cs_words_unsure explains. */
bool cs_words_is_unsure(const struct cs_answer *answer, const struct cs_option_answer *option);
extern const char cs_words_unsure[];
/* What is known of that error, and from what. */
const char *cs_words_error(struct cs_arena *arena, const struct cs_option_answer *option);
/* An API with the conditions it is bought under: "GPT-4o (batch)". */
const char *cs_words_api(const struct cs_api_answer *api);
/* The lengths that were asked for: a sheet's name, "a trace", "lengths as given". */
const char *cs_words_lengths(const struct cs_scenario *scenario);
/* Sentences of the report's sections. What is offered: "36,900 requests/day · mean ...". */
const char *cs_words_traffic(struct cs_arena *arena, const struct cs_answer *answer);
/* "binds: ...", where the option has a binding_text. */
const char *cs_words_binds(struct cs_arena *arena, const struct cs_option_answer *option);
/* How sure the count of GPUs is, and how one replica fewer fails. */
const char *cs_words_sure(struct cs_arena *arena, const struct cs_option_answer *option);
/* What the first three APIs ask, also as multiples of the option's cost; "": none has a price. */
const char *cs_words_apis(struct cs_arena *arena, const struct cs_answer *answer,
                          const struct cs_option_answer *option);
/* What the latencies are over; the worst window; what share met the SLO. */
const char *cs_words_sample(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *option);
const char *cs_words_worst(struct cs_arena *arena, const struct cs_answer *answer,
                           const struct cs_option_answer *option);
const char *cs_words_served(struct cs_arena *arena, const struct cs_answer *answer,
                            const struct cs_option_answer *option);
/* What a fleet costs by day, month and token, and its energy. */
const char *cs_words_cost(struct cs_arena *arena, const struct cs_scenario *scenario,
                          const struct cs_cost_breakdown *cost);
/* How full the fleet is, and what its prefix cache finds. */
const char *cs_words_use(struct cs_arena *arena, const struct cs_option_answer *option);
const char *cs_words_prefix(struct cs_arena *arena, const struct cs_option_answer *option);
/* What a reader might wrongly take for granted; `option` may be NULL. */
const char *cs_words_assumed(struct cs_arena *arena, const struct cs_answer *answer,
                             const struct cs_option_answer *option);
/* `count` with its noun: "1 replica", "2 replicas". */
const char *cs_words_count(struct cs_arena *arena, double count, const char *noun);

#endif
