/* Units: numbers as people write them, to SI doubles.
 *
 * "3.35 TB/s", "80 GB", "79.65 GiB", "2.50 USD/h", "150 ms", "50M tokens/day", "12 req/s", "90%",
 * "0.10 USD/kWh", "5 USD/Mtok": a number (with an optional k/M/G/T/B multiplier before a space and
 * a countable unit), then a product of units, divided by what follows each '/'. A quantity has a
 * dimension and the caller says which it expects: a missing unit, an unknown unit (with a
 * suggestion) and a wrong dimension are errors that name what was expected. 1 day = 86400 s, 1
 * month = 30.4375 days, 1 GB = 1e9 B, 1 GiB = 2^30 B. No locale, no allocation.
 */
#ifndef CS_BASE_UNIT_H
#define CS_BASE_UNIT_H
#include <stdbool.h>
#include <stddef.h>

enum cs_unit {                 /* SI value returned, and an example */
    CS_UNIT_NUMBER,            /* plain number: "8", "70.55e9", "5M", "1.1" */
    CS_UNIT_SHARE,             /* "50%" or "0.5" -> 0.5 */
    CS_UNIT_BYTES,             /* "80 GB" -> B */
    CS_UNIT_BYTES_PER_S,       /* "3.35 TB/s" -> B/s */
    CS_UNIT_FLOP_PER_S,        /* "989 TFLOP/s" -> FLOP/s (TFLOPS, TOPS too) */
    CS_UNIT_SECONDS,           /* "150 ms" -> s */
    CS_UNIT_TOKENS,            /* "128k tokens" -> tokens */
    CS_UNIT_TOKENS_PER_S,      /* "50M tokens/day" -> tokens/s */
    CS_UNIT_REQUESTS,          /* "5M requests"; a bare number is taken too -> requests */
    CS_UNIT_REQUESTS_PER_S,    /* "30k/day", "12 req/s" -> requests/s */
    CS_UNIT_USD,               /* "1599 USD" -> USD */
    CS_UNIT_USD_PER_S,         /* "2.50 USD/h" -> USD/s */
    CS_UNIT_USD_PER_TOKEN,     /* "5 USD/Mtok" -> USD/token */
    CS_UNIT_USD_PER_J,         /* "0.10 USD/kWh" -> USD/J */
    CS_UNIT_WATTS,             /* "700 W" -> W */
    CS_UNIT_KG_PER_J,          /* "400 gCO2e/kWh" -> kg/J */
    CS_UNIT_USD_PER_BYTE,      /* "0.09 USD/GB" -> USD/B */
    CS_UNIT_USD_PER_BYTE_S,    /* "0.08 USD/GB/month" -> USD/(B s) */
    CS_UNIT_USD_PER_WATT_S,    /* "150 USD/kW/month" -> USD/J */
    CS_UNIT_COUNT
};

struct cs_currency { /* one of it is worth so many USD */
    char code[4];
    double usd;
};
struct cs_currencies {
    struct cs_currency items[8];
    size_t count;
};

struct cs_unit_error {
    char message[160]; /* such as "has no unit: '3.35'" */
    char hint[160];    /* such as "expected a rate in bytes, such as '3.35 TB/s'" */
    int offset, length; /* the offending characters within the text */
};

/* Parses text[0..length) as a quantity of dimension `want`. False: *error says why. NaN, infinity
 * and values that overflow a double are errors; range checks are the caller's. */
bool cs_unit_parse(const char *text, size_t length, enum cs_unit want, double *value,
                   struct cs_unit_error *error);
/* The same, with amounts in these currencies too, converted to USD. NULL: USD alone. */
bool cs_unit_parse_money(const char *text, size_t length, enum cs_unit want,
                         const struct cs_currencies *currencies, double *value,
                         struct cs_unit_error *error);
/* Whether the text is the three capital letters of a currency in common use, USD not included. */
bool cs_unit_is_currency(const char *text, size_t length);
enum { CS_UNIT_BASES = 8 };
/* A quantity of whatever dimension: powers of bytes, FLOPs, seconds, tokens, requests, USD, kg and
 * joules. */
bool cs_unit_parse_any(const char *text, size_t length, const struct cs_currencies *currencies,
                       double *value, signed char powers[CS_UNIT_BASES],
                       struct cs_unit_error *error);
/* The unit in which values are returned, as it would be written: "tokens/s"; "" where none is. */
const char *cs_unit_si(enum cs_unit unit);
/* The unit that people write, such as "tokens/day", and what one of it is in SI. */
const char *cs_unit_usual(enum cs_unit unit, double *si);
/* An example of the dimension, such as "3.35 TB/s", and its name, such as "a rate in bytes". */
const char *cs_unit_example(enum cs_unit unit);
const char *cs_unit_name(enum cs_unit unit);

#endif
