/* Estimates: a mean with its half-width, from independent replications.
 *
 * Replications are independent by construction (their streams differ in every draw), so Student's
 * t interval holds for any figure of a run: mean +- t(1 - a/2, n - 1) s / sqrt(n). Percentiles of
 * runs are treated as such figures. One value has no interval: its half-width is NaN.
 * Quantiles of t, of the normal and of the binomial (Wilson's score interval) come from GSL.
 */
#ifndef CS_DES_ESTIMATE_H
#define CS_DES_ESTIMATE_H
#include <stddef.h>

struct cs_interval {
    double value, lo, hi; /* NaN where unknown */
};
/* Two-sided t interval of the mean of x[0..n) at `level` (0.95). NaN entries are left out. */
struct cs_interval cs_estimate_mean(const double *x, size_t n, double level);
/* Wilson's score interval of a share: k of n, two-sided at `level`. */
struct cs_interval cs_estimate_share(double k, double n, double level);
/* The standard normal quantile of p, 0 < p < 1. */
double cs_estimate_normal(double p);

#endif
