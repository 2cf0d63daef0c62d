/* Clamped distributions: the mean of max(m, min(M, X)), in closed form.
 *
 * With F the distribution of X and E[X; X < x] its partial expectation,
 *
 *     E = m F(m) + M (1 - F(M)) + E[X; X < M] - E[X; X < m]
 *     lognormal(mu, sigma)  E[X; X < x] = mean Phi((ln x - mu - sigma^2) / sigma)
 *     gamma(shape, scale)   E[X; X < x] = mean F(x; shape + 1, scale)
 *
 * so that a volume in tokens a day turns into requests without sampling error. Any unit; m <= M.
 */
#ifndef CS_DES_CLAMPED_H
#define CS_DES_CLAMPED_H

/* Lognormal of that mean and sigma of the logarithm (> 0), held within [m, M]. */
double cs_clamped_lognormal(double mean, double sigma, double m, double M);
/* Gamma of that mean and coefficient of variation (> 0), held within [m, M]. */
double cs_clamped_gamma(double mean, double cv, double m, double M);

#endif
