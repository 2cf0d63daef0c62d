/* Lengths: prompt and answer sizes, drawn one request at a time.
 *
 * A source is a distribution compiled for drawing: fixed, lognormal, gamma, uniform, or linear
 * between quantiles; scaled, rounded to whole tokens, and held within [min, max], at least 1.
 * Measured pairs keep their correlation: the input's rank picks a band, the band's quantile row
 * gives the output. Means are of the clamped distribution, in closed form (partial expectations of
 * the lognormal and the gamma; trapezoids for quantiles), so that a volume in tokens a day turns
 * into requests without sampling error. Rounding to whole tokens moves a mean by less than half a
 * token and is left out.
 */
#ifndef CS_SERVE_LENGTHS_H
#define CS_SERVE_LENGTHS_H
#include "base/rng.h"
#include "spec/scenario.h"

struct cs_length_source {
    enum cs_lengths_kind kind;
    double a, b; /* fixed: a; lognormal: mu, sigma; gamma: shape, scale; uniform: from, width */
    double scale, min, max;
    const double *levels, *values;
    size_t level_count;
};
void cs_length_source_init(struct cs_length_source *s, const struct cs_lengths *lengths,
                           double scale);
double cs_length_mean(const struct cs_lengths *lengths);
int32_t cs_length_draw(const struct cs_length_source *s, struct cs_rng *rng);

/* Mean input and output of measured pairs, in tokens. */
void cs_pairs_mean(const struct cs_joint_lengths *pairs, double *input, double *output);
void cs_pairs_draw(const struct cs_joint_lengths *pairs, double input_scale, double output_scale,
                   struct cs_rng *rng_input, struct cs_rng *rng_output, int32_t *input,
                   int32_t *output);

#endif
