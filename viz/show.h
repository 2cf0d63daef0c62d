/* Show: one fleet, driven through its day, with what a picture of it needs. Nothing here draws.
 *
 * A show owns a cluster (sim/serve) and runs it until a time, as often as it is asked. Observers
 * tell it of each request; snapshots tell it what each replica does. From these it keeps rolling
 * percentiles, a history in equal bins for the curves, the meters (tokens, dollars, energy), and
 * the last requests that were routed, for those that fly across the picture.
 *
 * The day is a function of the scenario and of the changes made to it: going back in time starts
 * the cluster again and repeats them, and what was made by hand can be printed as a scenario that
 * gives the same run. Times are in picoseconds from the start of the run; money in USD.
 *
 * One thread. Memory: the caller's arena for what lasts, and one of its own for the run at hand.
 */
#ifndef CS_VIZ_SHOW_H
#define CS_VIZ_SHOW_H
#include "plan/plan.h"

enum { CS_SHOW_ROLLING = 4096, CS_SHOW_FLIGHTS = 512, CS_SHOW_CLASSES = 6 };

struct cs_show_bin { /* NaN: nothing ended in it */
    float rps, ttft_p50_s, ttft_p95_s, tpot_p50_s, tpot_p95_s;
    float busy, kv; /* shares, of the replicas that serve */
};

struct cs_show_flight { /* a request on its way */
    int64_t time_ps;
    int replica; /* -1: held */
    int klass;
    bool again; /* retried */
};

struct cs_show_ended {
    int64_t done_ps;
    float ttft_s, tpot_s; /* tpot NaN: a one-token answer */
    int32_t input, output;
};

struct cs_show_totals { /* of the time from 0 to now */
    double requests, input_tokens, output_tokens;
    double replica_s;   /* of replicas that are paid for */
    double busy_s;      /* of them, computing */
    double usd, joules; /* NaN: no price, or no power, is known */
};

struct cs_show {
    const struct cs_answer *answer;
    const struct cs_option_answer *plan; /* the fleet shown, as planned */
    struct cs_arena *arena;
    struct cs_question question;
    struct cs_candidate candidate;
    int replicas; /* at the start */
    int64_t end_ps, bin_ps; /* the end of a run by requests is known when it is there */
    int64_t latest_ps;      /* and no later than this */
    size_t bin_count;
    /* Of a replica, with all that stands beside it; usd without energy. NaN: not known. */
    double usd_per_replica_s, usd_per_J, idle_w, busy_w;
    const char *classes[CS_SHOW_CLASSES]; /* of requests, NULL-terminated */
    int class_count;
    bool lengths_are_classes;          /* no trace named any: short, medium and long prompts */
    double ttft_limit_s, tpot_limit_s; /* the tightest of an SLO; NaN: none */
    double ttft_percentile, tpot_percentile;

    /* Changes, by time; those of the scenario first. */
    struct cs_change *changes;
    size_t change_count, scripted; /* how many there are, how many are the scenario's */
    bool *by_hand;                 /* of each */
    double factor;                 /* of the traffic, now */
    enum cs_router router;

    /* The run at hand. */
    struct cs_arena run;
    struct cs_cluster *cluster;
    struct cs_observer observer;
    int64_t now_ps;
    bool over, warm, shortened; /* shortened: the warm-up, of heavy traffic */
    struct cs_snapshot *snaps;
    int snap_count, snap_next;
    struct cs_show_bin *bins;
    size_t bin; /* the one that is being filled */
    struct cs_hist bin_ttft, bin_tpot;
    double bin_requests, bin_serving_s, bin_began_busy, busy_before_s;
    struct cs_show_ended *ended; /* ring */
    uint64_t ended_count;
    struct cs_show_flight *flights; /* ring */
    uint64_t flight_count;
    struct cs_show_totals totals;
    /* Of the replicas at the last look. */
    int serving, failed, loading, draining;
    long waiting, running, held;
    double kv;
};

/* The fleet of an option of the answer, before its warm-up. False: the option has none. */
bool cs_show_open(struct cs_show *show, const struct cs_answer *answer,
                  const struct cs_option_answer *plan, struct cs_arena *arena);
void cs_show_close(struct cs_show *show);
/* Forward to a time, in whole milliseconds, the end of the run at most. Times before 0 are the
 * warm-up, of which nothing is kept. */
void cs_show_run(struct cs_show *show, int64_t until_ps);
/* Back to the start of the warm-up: what was changed happens again. */
void cs_show_restart(struct cs_show *show);
/* Looks at the replicas: at most `most` of them a call where there are more. */
void cs_show_look(struct cs_show *show, int most);
/* Something that happens now, unless the run is over; its time is set, and the run goes on for a
 * millisecond, so that two changes never share an instant. */
void cs_show_change(struct cs_show *show, struct cs_change change);
/* Takes back the last change made by hand, and restarts; false: there is none. */
bool cs_show_undo(struct cs_show *show);
size_t cs_show_changes_by_hand(const struct cs_show *show);
/* Percentiles (0 .. 100) of what ended in the last quarter of an hour, or the last 4096 of it, in
 * seconds; NaN: nothing did. */
void cs_show_rolling(const struct cs_show *show, bool tpot, const double *percentiles, int count,
                     double *values);
/* Tokens and requests a second in that time. */
void cs_show_rates(const struct cs_show *show, double *output_tokens, double *input_tokens,
                   double *requests);
/* Share of the requests that have ended within every limit, as the report counts them: a rejected
 * one is not; NaN: none has ended. */
double cs_show_within(const struct cs_show *show);
/* What an API's bill for the same tokens would be so far. */
double cs_show_api_usd(const struct cs_show *show, const struct cs_api_answer *api);
/* The rate that the scenario's curve has at a time, changes included, in requests/s; NaN: a trace.
 */
double cs_show_expected_rps(const struct cs_show *show, int64_t time_ps);
/* "Tue 15:04:05", "day 2 15:04:05" or "15:04:05". */
const char *cs_show_clock(const struct cs_show *show, int64_t time_ps, char *buffer, size_t size);

#endif
