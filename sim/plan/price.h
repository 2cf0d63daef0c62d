/* Price: which of a hardware sheet's prices holds for a GPU.
 *
 * A sheet holds many: sellers, terms, dates. `cost.prices` (or `cost.rent.provider`) says whose is
 * meant and `cost.prices_as_of` of which day; of each seller the newest row not after it counts.
 * "listed" is the median over sellers of each one's lowest, so that one with many regions counts
 * once. A mix of terms costs the sum of its parts:
 *
 *     price = gpu_price x sum over terms of share x price of the term
 *             x max(1, commitment / horizon)          paid to the end, whether needed or not
 *
 * A term that the scenario states a discount for is the on-demand price less that; else it is the
 * sheet's price of the term, and without one the on-demand price, and `note` says so. Where the
 * asked seller has none the nearest is taken (the median, then the article's), said likewise.
 *
 * The rule: nothing is guessed. A sheet without any price gives NaN, and the option is ranked last.
 * Texts belong to the arena given.
 */
#ifndef CS_PLAN_PRICE_H
#define CS_PLAN_PRICE_H
#include "base/arena.h"
#include "spec/money.h"

struct cs_price_used {
    double usd_per_gpu_hour; /* as paid; NaN: no price known */
    const char *source, *date, *provider;
    const char *basis; /* "listed", "provider", "article", "scenario", "owned" */
    const char *note;  /* why another than the asked price was taken; NULL */
    const char *mix;   /* the terms it is made of; NULL: on demand alone */
    int instance;      /* GPUs rented together; 0 or 1: singly */
};

/* Of a fleet: among rows of one seller that come in instances of different sizes the one is taken
 * that costs least for so many GPUs. */
void cs_price_gpus(struct cs_price_used *price, const struct cs_hardware *hardware,
                   const struct cs_cost *cost, double gpus, struct cs_arena *arena);
/* Of a GPU, whatever it is rented with. */
void cs_price_gpu(struct cs_price_used *price, const struct cs_hardware *hardware,
                  const struct cs_cost *cost, struct cs_arena *arena);
/* What a machine of one's own is written off with, USD a day and GPU: `part` of the price is
 * `usd`. 0 where nothing was paid. */
double cs_price_write_off(double usd, const struct cs_own *own);
/* What a GPU is bought for, rebate included; NaN: not known. */
double cs_price_purchase(const struct cs_hardware *hardware, const struct cs_cost *cost);
/* How much longer than it is needed something is paid for: at least 1. */
double cs_price_stretch(double commitment_s, const struct cs_cost *cost);
/* Whether a row of that date counts as of `day` (NULL: every row; else undated ones do not). A
 * month counts whole. */
bool cs_price_holds(const char *date, const char *day);

#endif
