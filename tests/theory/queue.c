/* Queue: closed forms for single stations (see queue.h for sources and units).
 *
 * Notation: a = rate x service (Erlang), rho = a / c. Erlang's B comes from the recursion
 *     B(0, a) = 1,   1 / B(k, a) = 1 + k / (a B(k - 1, a))
 * which neither over- nor underflows for thousands of servers, unlike the sum of a^k / k!, and
 *     C = c B / (c - a (1 - B)).
 * The rule: each function first asks `station`, which answers NaN, INFINITY or 0 when no formula
 * applies; formulas below that line may divide by 1 - rho. Pure functions, no memory.
 */
#include "theory/queue.h"
#include <math.h>
#include <stdbool.h>

/* True: a steady state exists and *answer is untouched. */
static bool station(int servers, double rate, double service_s, double *answer)
{
    if (!(servers >= 1 && rate >= 0.0 && service_s > 0.0) || isinf(rate * service_s)) {
        *answer = NAN;
        return false;
    }
    if (rate * service_s >= servers) {
        *answer = INFINITY;
        return false;
    }
    return true;
}

double cs_queue_erlang_b(int servers, double load)
{
    if (servers < 0 || !(load >= 0.0) || isinf(load))
        return NAN;
    double blocked = 1.0;
    for (int k = 1; k <= servers; k++)
        blocked = load * blocked / (k + load * blocked);
    return blocked;
}

double cs_queue_erlang_c(int servers, double load)
{
    if (servers < 1 || !(load >= 0.0))
        return NAN;
    if (load >= servers)
        return 1.0;
    const double blocked = cs_queue_erlang_b(servers, load);
    return servers * blocked / (servers - load * (1.0 - blocked));
}

double cs_queue_mm1_wait(double rate, double service_s)
{
    return cs_queue_mg1_wait(rate, service_s, 1.0);
}

double cs_queue_mm1_number(double rate, double service_s)
{
    double answer;
    if (!station(1, rate, service_s, &answer))
        return answer;
    const double rho = rate * service_s;
    return rho / (1.0 - rho);
}

double cs_queue_mm1_sojourn_quantile(double rate, double service_s, double q)
{
    double answer;
    if (!(q >= 0.0 && q < 1.0))
        return NAN;
    if (!station(1, rate, service_s, &answer))
        return answer;
    return -log1p(-q) * service_s / (1.0 - rate * service_s);
}

double cs_queue_mmc_wait(int servers, double rate, double service_s)
{
    return cs_queue_ggc_wait(servers, rate, service_s, 1.0, 1.0);
}

double cs_queue_mmc_wait_quantile(int servers, double rate, double service_s, double q)
{
    double answer;
    if (!(q >= 0.0 && q < 1.0))
        return NAN;
    if (!station(servers, rate, service_s, &answer))
        return answer;
    const double waits = cs_queue_erlang_c(servers, rate * service_s);
    if (1.0 - q >= waits)
        return 0.0;
    return log(waits / (1.0 - q)) / (servers / service_s - rate);
}

double cs_queue_mg1_wait(double rate, double service_s, double service_cv)
{
    double answer;
    if (!(service_cv >= 0.0))
        return NAN;
    if (!station(1, rate, service_s, &answer))
        return answer;
    const double rho = rate * service_s;
    return rho * service_s * (1.0 + service_cv * service_cv) / (2.0 * (1.0 - rho));
}

double cs_queue_md1_wait(double rate, double service_s)
{
    return cs_queue_mg1_wait(rate, service_s, 0.0);
}

double cs_queue_ps_sojourn(double rate, double service_s, double size_s)
{
    double answer;
    if (!(size_s >= 0.0))
        return NAN;
    if (!station(1, rate, service_s, &answer))
        return answer;
    return size_s / (1.0 - rate * service_s);
}

double cs_queue_ggc_wait(int servers, double rate, double service_s, double gap_cv,
                         double service_cv)
{
    double answer;
    if (!(gap_cv >= 0.0 && service_cv >= 0.0))
        return NAN;
    if (!station(servers, rate, service_s, &answer))
        return answer;
    const double waits = cs_queue_erlang_c(servers, rate * service_s);
    return waits / (servers / service_s - rate) * (gap_cv * gap_cv + service_cv * service_cv) / 2.0;
}
