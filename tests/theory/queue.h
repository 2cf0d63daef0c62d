/* Queue: closed forms for single stations, the yardsticks of the simulation.
 *
 * A station has Poisson arrivals at `rate` (1/s) unless said otherwise, requests of mean service
 * time `service_s` (s, one server, alone), and one or `servers` servers. "Wait" is the time from
 * arrival to the start of service, "sojourn" the time from arrival to the end of it.
 *
 * The one rule: a station whose load reaches its servers has no steady state, and every time and
 * number of it is INFINITY; arguments that describe no station (a negative rate, a service time
 * that is not positive, no server) give NaN. Nothing is allocated and nothing is kept.
 * Sources: [K] Kleinrock, Queueing Systems I and II (1975, 1976); [G] Gross, Shortle, Thompson and
 * Harris, Fundamentals of Queueing Theory (4th ed. 2008). Not here: networks, priorities.
 */
#ifndef CS_THEORY_QUEUE_H
#define CS_THEORY_QUEUE_H

/* Share of arrivals lost with `servers` servers and no queue at an offered load of `load` Erlang
 * (rate x service time). Erlang's loss formula B(c, a) [G chapter 2], exact for any service law. */
double cs_queue_erlang_b(int servers, double load);
/* Share of arrivals that must wait in M/M/c: Erlang's delay formula C(c, a) [G chapter 2]; 1 when
 * the load reaches the servers. */
double cs_queue_erlang_c(int servers, double load);

/* M/M/1 [K I, chapter 3]: mean wait (s), mean number in the system, and the sojourn time (s) that
 * a share q in [0, 1) of the requests stays within: it is exponential of mean s / (1 - rho). */
double cs_queue_mm1_wait(double rate, double service_s);
double cs_queue_mm1_number(double rate, double service_s);
double cs_queue_mm1_sojourn_quantile(double rate, double service_s, double q);

/* M/M/c [G chapter 2]: mean wait (s), C / (c/s - rate), and its q-quantile; P(W > t) =
 * C exp(-(c/s - rate) t), so the quantile is 0 up to q = 1 - C. */
double cs_queue_mmc_wait(int servers, double rate, double service_s);
double cs_queue_mmc_wait_quantile(int servers, double rate, double service_s, double q);

/* M/G/1, first come first served: mean wait (s) for a service time of coefficient of variation
 * cv. Pollaczek and Khinchine [K I, chapter 5]: rho s (1 + cv^2) / (2 (1 - rho)). */
double cs_queue_mg1_wait(double rate, double service_s, double service_cv);
/* M/D/1: the same with cv = 0. */
double cs_queue_md1_wait(double rate, double service_s);

/* M/G/1 processor sharing: mean sojourn (s) of a request that alone would take `size_s`,
 * size / (1 - rho) [K II, chapter 4]; the mean over all requests is that of size_s = service_s,
 * whatever the law of the sizes. */
double cs_queue_ps_sojourn(double rate, double service_s, double size_s);

/* G/G/c: approximate mean wait (s), Allen and Cunneen: M/M/c's times (ca^2 + cs^2) / 2, where ca
 * and cs are the coefficients of variation of gaps and service times (Allen, Probability,
 * Statistics, and Queueing Theory (2nd ed. 1990)). Exact for M/M/c and M/G/1. */
double cs_queue_ggc_wait(int servers, double rate, double service_s, double gap_cv,
                         double service_cv);

#endif
