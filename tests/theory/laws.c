/* Laws: Little's and the utilisation law (see laws.h for the statements and sources).
 *
 *     L = lambda W          U = lambda S / c
 *
 * The rule: 0/0 is answered by what an empty system is, 0; never by NaN, so that a run without
 * requests still passes its checks. Infinite figures agree when they are the same infinity. Pure
 * functions over doubles, no memory; which figure of a run enters which side is for plan/ to say.
 */
#include "theory/laws.h"
#include <math.h>

double cs_laws_number(double rate, double time_s)
{
    return rate == 0.0 ? 0.0 : rate * time_s;
}

double cs_laws_time(double number, double rate)
{
    return number == 0.0 ? 0.0 : number / rate;
}

double cs_laws_utilisation(double rate, double service_s, double servers)
{
    const double load = cs_laws_number(rate, service_s);
    return load == 0.0 ? 0.0 : load / servers;
}

bool cs_laws_agree(double expected, double actual, double tolerance)
{
    if (expected == actual)
        return true;
    return fabs(expected - actual) <= tolerance * fmax(fabs(expected), fabs(actual)) &&
           isfinite(expected) && isfinite(actual);
}
