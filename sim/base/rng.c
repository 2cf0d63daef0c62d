/* Random streams: seeding, the ziggurat, and the door to GSL's distributions (see rng.h).
 *
 * Seeding: the master seed, the replication and the FNV-1a hash of the name pass one after the
 * other through the finaliser of splitmix64 (Steele, Lea and Flood 2014), a bijection, so that for
 * a fixed name every (seed, replication) neighbour lands elsewhere; splitmix64 then fills the four
 * words of xoshiro256++, as its authors advise (at most one of them is zero).
 *
 * Ziggurat (Marsaglia and Tsang 2000): 98.8 % of the draws cost one 64-bit number, one product and
 * one comparison. The layer comes from the low 8 bits and the place in it from the high 54 or 53,
 * never from the same bits (the correlation that Doornik 2005 found in the original). Beyond the
 * last layer the tail is sampled exactly: Marsaglia 1964 for the normal, a fresh exponential for
 * the exponential, which has no memory.
 * The rule: no static state that changes; a stream's state is its caller's. Not here: jumps ahead.
 */
#include "base/rng.h"
#include "base/hash.h"
#include "base/hash.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <limits.h>
#include <math.h>
#include "base/rng_tables.h"

enum { LAYERS = 256 };
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio, odd */

static uint64_t finalise(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void cs_rng_init(struct cs_rng *rng, uint64_t seed, uint64_t replication, const char *name)
{
    uint64_t z = finalise(seed + GOLDEN);
    z = finalise((z ^ replication) + GOLDEN);
    z = finalise((z ^ cs_hash_text(CS_HASH_START, name)) + GOLDEN);
    for (int i = 0; i < 4; i++) {
        z += GOLDEN;
        rng->s[i] = finalise(z);
    }
}

/* Uniform in (0, 1]: safe under a logarithm. */
static double uniform_positive(struct cs_rng *rng)
{
    return 1.0 - cs_rng_uniform(rng);
}

/* Beyond r: x = -ln(U)/r is accepted with probability exp(-x^2/2). */
__attribute__((noinline)) static double normal_tail(struct cs_rng *rng)
{
    const double r = normal_x[1];
    for (;;) {
        const double x = -log(uniform_positive(rng)) / r;
        const double y = -log(uniform_positive(rng));
        if (y + y >= x * x)
            return r + x;
    }
}

/* The draw (layer, x) missed the rectangle that lies wholly under the curve. True: x stands. */
__attribute__((noinline)) static int normal_wedge(struct cs_rng *rng, unsigned layer, double x)
{
    const double low = normal_f[layer], high = normal_f[layer + 1];
    return low + cs_rng_uniform(rng) * (high - low) < exp(-0.5 * x * x);
}

double cs_rng_normal(struct cs_rng *rng)
{
    for (;;) {
        const uint64_t bits = cs_rng_u64(rng);
        const unsigned layer = bits & (LAYERS - 1);
        const double u = (double)((int64_t)bits >> 10) * 0x1.0p-53; /* [-1, 1), 54 bits */
        const double x = u * normal_x[layer];
        if (fabs(x) < normal_x[layer + 1])
            return x;
        if (layer == 0)
            return copysign(normal_tail(rng), u);
        if (normal_wedge(rng, layer, x))
            return x;
    }
}

__attribute__((noinline)) static int exponential_wedge(struct cs_rng *rng, unsigned layer,
                                                       double x)
{
    const double low = exponential_f[layer], high = exponential_f[layer + 1];
    return low + cs_rng_uniform(rng) * (high - low) < exp(-x);
}

double cs_rng_exponential(struct cs_rng *rng)
{
    double tail = 0.0;
    for (;;) {
        const uint64_t bits = cs_rng_u64(rng);
        const unsigned layer = bits & (LAYERS - 1);
        const double x = (double)(bits >> 11) * 0x1.0p-53 * exponential_x[layer];
        if (x < exponential_x[layer + 1])
            return tail + x;
        if (layer == 0)
            tail += exponential_x[1];
        else if (exponential_wedge(rng, layer, x))
            return tail + x;
    }
}

/* --- GSL -------------------------------------------------------------------------------------- */

static void gsl_seed(void *state, unsigned long seed)
{
    cs_rng_init(state, seed, 0, "gsl");
}

static unsigned long gsl_get(void *state)
{
    return (unsigned long)(cs_rng_u64(state) >> (64 - sizeof(unsigned long) * CHAR_BIT));
}

static double gsl_get_uniform(void *state)
{
    return cs_rng_uniform(state);
}

static const gsl_rng_type xoshiro256pp = {
    .name = "xoshiro256++",
    .max = ULONG_MAX,
    .min = 0,
    .size = sizeof(struct cs_rng),
    .set = gsl_seed,
    .get = gsl_get,
    .get_double = gsl_get_uniform,
};

double cs_rng_gamma(struct cs_rng *rng, double shape, double scale)
{
    const gsl_rng wrapped = {.type = &xoshiro256pp, .state = rng};
    return gsl_ran_gamma(&wrapped, shape, scale);
}
