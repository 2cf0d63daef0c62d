/* Laws: identities that hold on any run, whatever the arrivals, lengths and policies.
 *
 * Little (1961): mean number in the system = arrival rate x mean time in it. Utilisation: share of
 * server time that is busy = arrival rate x mean service time / servers. Both follow from counting
 * alone, so a run that breaks them is wrong about itself; over a finite run that starts or ends
 * with requests inside, they hold up to those requests.
 * The rule: no statistics here; the caller says which relative difference it allows.
 * Source: Little, Operations Research 9 (1961); Denning and Buzen, Computing Surveys 10 (1978).
 */
#ifndef CS_THEORY_LAWS_H
#define CS_THEORY_LAWS_H
#include <stdbool.h>

/* Little: mean number in the system at `rate` (1/s) and a mean time in it of `time_s` (s). */
double cs_laws_number(double rate, double time_s);
/* Little, for the time (s): number / rate; INFINITY when requests stay and none arrive, 0 for an
 * empty system. */
double cs_laws_time(double number, double rate);
/* Utilisation in [0, 1], or above it for a demand that cannot be served: rate x service / servers;
 * INFINITY without servers unless nothing is asked. */
double cs_laws_utilisation(double rate, double service_s, double servers);
/* Whether two figures agree within `tolerance`, relative to the larger; NaN agrees with nothing. */
bool cs_laws_agree(double expected, double actual, double tolerance);

#endif
