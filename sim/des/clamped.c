/* Means of clamped distributions: equations in clamped.h, distribution functions from GSL.
 *
 * The differences of distribution functions lose digits only where both are near 1, that is where
 * the part they describe does not count. Nothing is allocated and no argument is checked: the
 * scenario's tables have done that.
 */
#include "des/clamped.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

double cs_clamped_lognormal(double mean, double sigma, double m, double M)
{
    const double mu = log(mean) - 0.5 * sigma * sigma;
    const double zm = (log(m) - mu) / sigma, zM = (log(M) - mu) / sigma;
    return m * gsl_cdf_ugaussian_P(zm) + M * gsl_cdf_ugaussian_Q(zM) +
           mean * (gsl_cdf_ugaussian_P(zM - sigma) - gsl_cdf_ugaussian_P(zm - sigma));
}

double cs_clamped_gamma(double mean, double cv, double m, double M)
{
    const double shape = 1.0 / (cv * cv), scale = mean * cv * cv;
    return m * gsl_cdf_gamma_P(m, shape, scale) + M * gsl_cdf_gamma_Q(M, shape, scale) +
           mean * (gsl_cdf_gamma_P(M, shape + 1.0, scale) - gsl_cdf_gamma_P(m, shape + 1.0, scale));
}
