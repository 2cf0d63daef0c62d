/* Range: the values that one key of a scenario takes in a sweep or along an axis.
 *
 *   traffic.volume=10M tokens/day,50M tokens/day      a list; commas within [], {} and quotes stay
 *   traffic.volume=10M..100M tokens/day:10            ten values, evenly spaced, both ends included
 *   traffic.volume=1M..1G tokens/day x2               each twice the one before, up to the end
 *   deploy.replicas=1..8                              whole numbers: all of them
 *
 * A range without a number of steps is open: a sampler or an axis takes any value within it, evenly
 * in its logarithm after xF. The first end may leave out what follows the second's number, unit and
 * all. Values are texts as `--set` takes them.
 *
 * The rule: a value is printed with twelve digits at most and read back like one typed by hand, so
 * that a point of a sweep can be repeated with --set.
 */
#ifndef CS_PLAN_RANGE_H
#define CS_PLAN_RANGE_H
#include "base/diag.h"
#include "spec/money.h"

struct cs_range {
    const char *key;
    const char *text;          /* as typed, behind '=' */
    const char *const *values; /* of a list, or the steps of a range */
    size_t count;
    bool continuous; /* a range of quantities: low..high, in `unit` */
    bool log, whole; /* whole: the key takes whole numbers alone */
    double low, high;
    const char *unit; /* what follows the number: "M tokens/day"; "" for plain numbers */
    double si;        /* what 1 of it is in SI units; 0: not known */
};

/* Reads "key=values", of the option named in errors. The key's unit is found in the tables of the
 * scenario. False: the errors are in diags. */
bool cs_range_parse(struct cs_range *range, const char *text, const char *option,
                    struct cs_arena *arena, struct cs_diags *diags);
/* The value at share u of a range, 0..1, or that item of a list. */
const char *cs_range_at(const struct cs_range *range, double u, struct cs_arena *arena);
/* A number with the range's unit: "12.5M tokens/day". */
const char *cs_range_value(const struct cs_range *range, double value, struct cs_arena *arena);

#endif
