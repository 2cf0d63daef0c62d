/* Estimates: intervals for means and shares (see estimate.h).
 *
 *     mean +- t(1 - a/2, n - 1) s / sqrt(n),  s^2 = sum (x - mean)^2 / (n - 1)     (Student 1908)
 *     (k + z^2/2 +- z sqrt(k (n - k) / n + z^2/4)) / (n + z^2)                     (Wilson 1927)
 *
 * with a = 1 - level. The sum of squares is taken about the mean in a second pass, so that nearly
 * equal values keep their digits. An infinite value (an unstable run) gives an infinite mean and no
 * interval. The rule: what is unknown is NaN, never 0.
 * Nothing is allocated; x belongs to the caller. Not here: the correlated values of one run.
 */
#include "des/estimate.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include "base/check.h"

struct cs_interval cs_estimate_mean(const double *x, size_t n, double level)
{
    cs_check(level > 0.0 && level < 1.0);
    double sum = 0.0, count = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            sum += x[i];
            count += 1.0;
        }
    struct cs_interval result = {NAN, NAN, NAN};
    if (count == 0.0)
        return result;
    result.value = sum / count;
    if (count < 2.0 || !isfinite(result.value))
        return result;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            squares += (x[i] - result.value) * (x[i] - result.value);
    const double t = gsl_cdf_tdist_Pinv(0.5 + level / 2.0, count - 1.0);
    const double half = t * sqrt(squares / (count - 1.0) / count);
    result.lo = result.value - half;
    result.hi = result.value + half;
    return result;
}

double cs_estimate_normal(double p)
{
    cs_check(p > 0.0 && p < 1.0);
    return gsl_cdf_ugaussian_Pinv(p);
}

struct cs_interval cs_estimate_share(double k, double n, double level)
{
    cs_check(level > 0.0 && level < 1.0);
    if (!(n > 0.0) || !(k >= 0.0 && k <= n))
        return (struct cs_interval){NAN, NAN, NAN};
    const double z = cs_estimate_normal(0.5 + level / 2.0);
    const double middle = k + z * z / 2.0;
    const double half = z * sqrt(k * (n - k) / n + z * z / 4.0);
    return (struct cs_interval){
        .value = k / n,
        .lo = k == 0.0 ? 0.0 : (middle - half) / (n + z * z),
        .hi = k == n ? 1.0 : (middle + half) / (n + z * z),
    };
}
