/* Ramp: consecutive steps, each longer than the one before by the same amount.
 *
 *     ramp(k) = k t1 + g k (k - 1) / 2          picoseconds, exact in integers
 *
 * With nobody joining or leaving, each decode step reads one KV token more for every sequence:
 * that is all the engine needs to cover many steps at once. Pure functions, no state.
 */
#ifndef CS_SERVE_RAMP_H
#define CS_SERVE_RAMP_H
#include <math.h>
#include <stdint.h>

/* k steps, the first t1, each g longer than the one before. */
static inline int64_t cs_ramp(int64_t k, int64_t t1, int64_t g)
{
    return k * t1 + g * (k * (k - 1) / 2);
}

/* The number of j >= 0 with cs_ramp(j) < x: the root of the quadratic in its stable form is within
 * one of the integer, which settles it. */
static inline int64_t cs_ramps_below(int64_t x, int64_t t1, int64_t g)
{
    if (x <= 0)
        return 0;
    const double half = (double)t1 - 0.5 * (double)g, dx = (double)x;
    int64_t j = (int64_t)(2.0 * dx / (half + sqrt(half * half + 2.0 * (double)g * dx)));
    j -= cs_ramp(j, t1, g) >= x;
    j += cs_ramp(j + 1, t1, g) < x;
    return j + 1;
}

#endif
