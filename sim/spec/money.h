/* Money: what a scenario says of costs, sealed.
 *
 * `cost` says how GPUs are paid for (rented by a mix of terms, or bought) and what else a day
 * costs; `compare` names the APIs it is held against, each with the conditions one would buy it at.
 * All in SI: USD, USD per second, per byte, per joule; amounts in other currencies were converted
 * by the rate that the scenario states. A share is 0..1, a rate of interest is a share per year.
 *
 * The rule: 0 or NULL means not asked for and costs nothing, unless a field says otherwise.
 * All belongs to the arena of the scenario. Not here: which price of a sheet holds (plan/price.h).
 */
#ifndef CS_SPEC_MONEY_H
#define CS_SPEC_MONEY_H
#include "base/unit.h"
#include "spec/sheet.h"

enum { CS_MONEY_CURRENCIES = 8 };

struct cs_rent { /* how rented GPUs are paid for */
    bool has;
    double share[CS_TERM_COUNT];    /* of the GPUs, by term; together 1 */
    double discount[CS_TERM_COUNT]; /* off the on-demand price; < 0: the sheet's own price */
    const char *provider;           /* NULL: what `prices` says */
    double spares;                  /* further GPUs, as a share, for those that are taken away */
    int instance;                   /* GPUs that are rented together; 0: the price's own */
    double commitment_s;            /* shortest time they are paid for; 0: the price's own */
};

struct cs_own { /* owned hardware; `has` false: rented */
    bool has;
    double purchase_usd;          /* per GPU; < 0: the sheet's; 0: paid for already */
    double server_usd;            /* the rest of the machine, per GPU */
    double network_usd, rack_usd; /* likewise */
    double server_w;              /* what that draws, per GPU, all day */
    int server_gpus;              /* bought together; 0: singly */
    double years;                 /* 0: nothing is written off */
    double residual;              /* share of the price left after those years */
    double capital;               /* cost of the money bound, share per year */
    double spares;                /* bought beyond the plan, as a share */
    double maintenance;           /* share of the price per year */
    double colocation_usd_per_J;  /* per watt of its peak and second, used or not */
    double electricity_usd_per_J;
    double pue;
};

struct cs_engineers {      /* people by the size of the fleet */
    double usd_per_s;      /* of one */
    double fixed, per_gpu; /* how many: fixed + per_gpu x GPUs */
};
struct cs_software {
    double usd_per_s, per_gpu_usd_per_s;
};
struct cs_storage {
    double bytes; /* 0: one copy of the weights */
    double usd_per_byte_s;
};
struct cs_egress {
    double usd_per_byte, bytes_per_token; /* of answers */
};
struct cs_downtime {
    double share, usd_per_s; /* of the time, and what such a second costs */
};

struct cs_cost {
    const char *prices;   /* "article", "listed", a provider, or a date "2026-05-01" */
    const char *as_of;    /* prices of that day: the newest not after it; NULL: the newest */
    double gpu_usd_per_s; /* 0: from the sheets; else this price for every GPU */
    double gpu_price;     /* share of the price of GPUs that is paid, rented or bought */
    double api_price;     /* the same of all APIs */
    struct cs_rent rent;
    struct cs_own own;
    double staff_usd_per_s;
    struct cs_engineers engineers;
    struct cs_software software;
    struct cs_storage storage;
    struct cs_egress egress;
    struct cs_downtime downtime;
    double horizon_s; /* how long the fleet is needed; 0: as long as any commitment */
    const struct cs_region *region;
    double electricity_usd_per_J, pue; /* for the energy line of owned machines */
    double carbon_kg_per_J;            /* 0: not asked */
    const char *carbon_why;            /* NULL: the scenario's own figure */
    const struct cs_currencies *currencies; /* that amounts may be in; NULL: USD alone */
    const char *currency;              /* that a report is printed in; NULL: USD */
    double currency_usd;               /* what one of it is worth */
    const char *exchange_date;         /* of the rates stated; NULL */
};

/* A cost of which nothing but the prices is said. */
static inline struct cs_cost cs_cost_of(const char *prices)
{
    struct cs_cost cost = {
        .prices = prices, .gpu_price = 1, .api_price = 1, .pue = 1, .currency_usd = 1};
    cost.rent.share[CS_TERM_ON_DEMAND] = 1;
    for (int t = 0; t < CS_TERM_COUNT; t++)
        cost.rent.discount[t] = -1;
    return cost;
}

struct cs_compare { /* an API, and how it is bought */
    const struct cs_api *api;
    const char *label; /* its title, and what tells it from the others */
    double batch;      /* share of requests sent as batches; < 0: those that can wait */
    double price;      /* share of its price that is paid */
    bool caching;      /* prompt caching, where it has a price and pays */
    int committed;     /* units of committed throughput; -1: as many as the busiest minute asks */
    const char *tier;  /* of rate limits; NULL: the highest that its sheet has */
    struct cs_span span;
};

#endif
