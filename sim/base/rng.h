/* Random streams: one generator per purpose, named by a path.
 *
 * A stream's seed is a 64-bit mix of the master seed, the replication and the hash of its name
 * ("arrivals/gap", "arrivals/input"), so that adding a stream never moves another and two runs that
 * differ in policy alone draw identical traffic (common random numbers). The generator is
 * xoshiro256++ (Blackman and Vigna 2021), seeded by splitmix64, and is also registered as a
 * gsl_rng_type so that GSL's distributions serve; the hot ones are drawn here without the
 * indirection: the ziggurat of Marsaglia and Tsang (2000) for the normal and the exponential.
 *
 * The one rule: a draw that belongs to a request is made at its arrival, in arrival order.
 * Streams are plain values in the caller's memory; copying one forks it.
 */
#ifndef CS_BASE_RNG_H
#define CS_BASE_RNG_H
#include <stdint.h>

struct cs_rng {
    uint64_t s[4];
};

/* Seeds the stream `name` of replication `replication` under master seed `seed`. */
void cs_rng_init(struct cs_rng *rng, uint64_t seed, uint64_t replication, const char *name);
double cs_rng_normal(struct cs_rng *rng);             /* mean 0, variance 1 */
double cs_rng_exponential(struct cs_rng *rng);        /* mean 1 */
double cs_rng_gamma(struct cs_rng *rng, double shape, double scale); /* GSL's */

static inline uint64_t cs_rng_u64(struct cs_rng *rng)
{
    uint64_t *s = rng->s;
    const uint64_t sum = s[0] + s[3];
    const uint64_t result = ((sum << 23) | (sum >> 41)) + s[0];
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

/* Uniform in [0, 1), 53 bits. */
static inline double cs_rng_uniform(struct cs_rng *rng)
{
    return (double)(cs_rng_u64(rng) >> 11) * 0x1.0p-53;
}

#endif
