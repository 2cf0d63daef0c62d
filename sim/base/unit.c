/* Units: one scanner for all quantities (see unit.h).
 *
 *   quantity = number [multiplier] [unit]        unit = [factors] { '/' factors }
 *   factors  = factor { ('*' | ' ') factor }     factor = [prefix] name, or '%' alone
 *
 * Every unit name carries a vector of powers of eight base dimensions and a factor to SI; a
 * quantity's dimension is the sum over its factors and must equal that of the unit wanted. So
 * "kWh/day" is a power and "USD/day" a rate of money without either standing in a table of pairs.
 * A multiplier (k M G T, B for 1e9) directly after the number is taken before what people count:
 * tokens, requests, dollars and plain numbers. Where the letter would be a unit of its own, the
 * unit wins: "80GB" is 80 gigabytes.
 *
 * The rule: a bare number never passes where a unit is needed. No locale, no allocation.
 */
#include "base/unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"

enum { BYTE, FLOP, SECOND, TOKEN, REQUEST, USD, KG, JOULE, BASES };
enum { MOST_FACTORS = 8 };
_Static_assert((int)BASES == (int)CS_UNIT_BASES, "bases");
enum { PREFIX_NONE = 0, PREFIX_LARGE = 1, PREFIX_SMALL = 2, PREFIX_BINARY = 4 };

struct dimension {
    signed char power[BASES];
};

struct name {
    const char *text;
    double factor;
    int prefixes;
    struct dimension dimension;
};

#define DIMENSION_OF(...) {.power = {__VA_ARGS__}}
static const struct name names[] = {
    {"B", 1, PREFIX_LARGE | PREFIX_BINARY, DIMENSION_OF([BYTE] = 1)},
    {"byte", 1, PREFIX_NONE, DIMENSION_OF([BYTE] = 1)},
    {"bytes", 1, PREFIX_NONE, DIMENSION_OF([BYTE] = 1)},
    {"bit", 0.125, PREFIX_LARGE, DIMENSION_OF([BYTE] = 1)},
    {"FLOP", 1, PREFIX_LARGE, DIMENSION_OF([FLOP] = 1)},
    {"FLOPs", 1, PREFIX_LARGE, DIMENSION_OF([FLOP] = 1)},
    {"FLOPS", 1, PREFIX_LARGE, DIMENSION_OF([FLOP] = 1, [SECOND] = -1)},
    {"OP", 1, PREFIX_LARGE, DIMENSION_OF([FLOP] = 1)},
    {"OPS", 1, PREFIX_LARGE, DIMENSION_OF([FLOP] = 1, [SECOND] = -1)},
    {"s", 1, PREFIX_SMALL, DIMENSION_OF([SECOND] = 1)},
    {"second", 1, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"seconds", 1, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"min", 60, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"minute", 60, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"minutes", 60, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"h", 3600, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"hour", 3600, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"hours", 3600, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"day", 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"days", 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"week", 604800, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"weeks", 604800, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"month", 30.4375 * 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"months", 30.4375 * 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"year", 365.25 * 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"years", 365.25 * 86400, PREFIX_NONE, DIMENSION_OF([SECOND] = 1)},
    {"token", 1, PREFIX_NONE, DIMENSION_OF([TOKEN] = 1)},
    {"tokens", 1, PREFIX_LARGE, DIMENSION_OF([TOKEN] = 1)},
    {"tok", 1, PREFIX_LARGE, DIMENSION_OF([TOKEN] = 1)},
    {"req", 1, PREFIX_NONE, DIMENSION_OF([REQUEST] = 1)},
    {"request", 1, PREFIX_NONE, DIMENSION_OF([REQUEST] = 1)},
    {"requests", 1, PREFIX_NONE, DIMENSION_OF([REQUEST] = 1)},
    {"USD", 1, PREFIX_NONE, DIMENSION_OF([USD] = 1)},
    {"$", 1, PREFIX_NONE, DIMENSION_OF([USD] = 1)},
    {"W", 1, PREFIX_LARGE, DIMENSION_OF([JOULE] = 1, [SECOND] = -1)},
    {"Wh", 3600, PREFIX_LARGE, DIMENSION_OF([JOULE] = 1)},
    {"J", 1, PREFIX_LARGE, DIMENSION_OF([JOULE] = 1)},
    {"g", 1e-3, PREFIX_LARGE, DIMENSION_OF([KG] = 1)},
    {"gCO2e", 1e-3, PREFIX_LARGE, DIMENSION_OF([KG] = 1)},
    {"gCO2", 1e-3, PREFIX_LARGE, DIMENSION_OF([KG] = 1)},
};
enum { NAMES = sizeof names / sizeof names[0] };

static const struct prefix {
    const char *text;
    double factor;
    int kind;
} prefixes[] = {
    {"Ki", 0x1p10, PREFIX_BINARY}, {"Mi", 0x1p20, PREFIX_BINARY}, {"Gi", 0x1p30, PREFIX_BINARY},
    {"Ti", 0x1p40, PREFIX_BINARY}, {"k", 1e3, PREFIX_LARGE},      {"M", 1e6, PREFIX_LARGE},
    {"G", 1e9, PREFIX_LARGE},      {"T", 1e12, PREFIX_LARGE},     {"P", 1e15, PREFIX_LARGE},
    {"m", 1e-3, PREFIX_SMALL},     {"u", 1e-6, PREFIX_SMALL},     {"\xc2\xb5", 1e-6, PREFIX_SMALL},
    {"\xce\xbc", 1e-6, PREFIX_SMALL}, {"n", 1e-9, PREFIX_SMALL},
};

static const struct wanted {
    const char *name, *example, *si;
    struct dimension dimension;
    bool countable; /* a multiplier may follow the number */
    bool bare;      /* a number alone will do */
} wanted_units[CS_UNIT_COUNT] = {
    [CS_UNIT_NUMBER] = {"a plain number", "8", "", DIMENSION_OF(0), true, true},
    [CS_UNIT_SHARE] = {"a share", "50%", "", DIMENSION_OF(0), false, true},
    [CS_UNIT_BYTES] = {"an amount of memory", "80 GB", "B", DIMENSION_OF([BYTE] = 1), false, false},
    [CS_UNIT_BYTES_PER_S] = {"a rate in bytes", "3.35 TB/s", "B/s",
                             DIMENSION_OF([BYTE] = 1, [SECOND] = -1), false, false},
    [CS_UNIT_FLOP_PER_S] = {"a compute rate", "989 TFLOP/s", "FLOP/s",
                            DIMENSION_OF([FLOP] = 1, [SECOND] = -1), false, false},
    [CS_UNIT_SECONDS] = {"a time", "150 ms", "s", DIMENSION_OF([SECOND] = 1), false, false},
    [CS_UNIT_TOKENS] = {"a number of tokens", "128k tokens", "tokens", DIMENSION_OF([TOKEN] = 1),
                        true, false},
    [CS_UNIT_TOKENS_PER_S] = {"a rate in tokens", "50M tokens/day", "tokens/s",
                              DIMENSION_OF([TOKEN] = 1, [SECOND] = -1), true, false},
    [CS_UNIT_REQUESTS] = {"a number of requests", "5M requests", "requests",
                          DIMENSION_OF([REQUEST] = 1), true, true},
    [CS_UNIT_REQUESTS_PER_S] = {"a rate of requests", "12 req/s", "req/s",
                                DIMENSION_OF([REQUEST] = 1, [SECOND] = -1), true, false},
    [CS_UNIT_USD] = {"an amount of money", "1599 USD", "USD", DIMENSION_OF([USD] = 1), true, false},
    [CS_UNIT_USD_PER_S] = {"a price per time", "2.50 USD/h", "USD/s",
                           DIMENSION_OF([USD] = 1, [SECOND] = -1), true, false},
    [CS_UNIT_USD_PER_TOKEN] = {"a price per token", "5 USD/Mtok", "USD/token",
                               DIMENSION_OF([USD] = 1, [TOKEN] = -1), false, false},
    [CS_UNIT_USD_PER_J] = {"a price of energy", "0.10 USD/kWh", "USD/J",
                           DIMENSION_OF([USD] = 1, [JOULE] = -1), false, false},
    [CS_UNIT_WATTS] = {"a power", "700 W", "W", DIMENSION_OF([JOULE] = 1, [SECOND] = -1), false,
                       false},
    [CS_UNIT_KG_PER_J] = {"a carbon intensity", "400 gCO2e/kWh", "kg/J",
                          DIMENSION_OF([KG] = 1, [JOULE] = -1), false, false},
    [CS_UNIT_USD_PER_BYTE] = {"a price of data", "0.09 USD/GB", "USD/B",
                              DIMENSION_OF([USD] = 1, [BYTE] = -1), false, false},
    [CS_UNIT_USD_PER_BYTE_S] = {"a price of storage", "0.08 USD/GB/month", "USD/B/s",
                                DIMENSION_OF([USD] = 1, [BYTE] = -1, [SECOND] = -1), false, false},
    [CS_UNIT_USD_PER_WATT_S] = {"a price of power", "150 USD/kW/month", "USD/W/s",
                                DIMENSION_OF([USD] = 1, [JOULE] = -1), false, false},
};

struct scan {
    const char *text;
    size_t length, at;
    const struct wanted *wanted;
    const struct cs_currencies *currencies;
    struct cs_unit_error *error;
};

const char *cs_unit_example(enum cs_unit unit)
{
    return wanted_units[unit].example;
}

const char *cs_unit_name(enum cs_unit unit)
{
    return wanted_units[unit].name;
}

const char *cs_unit_si(enum cs_unit unit)
{
    return wanted_units[unit].si;
}

const char *cs_unit_usual(enum cs_unit unit, double *si)
{
    static const struct {
        const char *name;
        double si;
    } usual[CS_UNIT_COUNT] = {
        [CS_UNIT_TOKENS_PER_S] = {"tokens/day", 1.0 / 86400.0},
        [CS_UNIT_USD_PER_S] = {"USD/h", 1.0 / 3600.0},
        [CS_UNIT_USD_PER_TOKEN] = {"USD/Mtok", 1e-6},
        [CS_UNIT_USD_PER_J] = {"USD/kWh", 1.0 / 3.6e6},
        [CS_UNIT_KG_PER_J] = {"gCO2e/kWh", 1e-3 / 3.6e6},
        [CS_UNIT_USD_PER_BYTE] = {"USD/GB", 1e-9},
        [CS_UNIT_SHARE] = {"%", 0.01},
    };
    *si = usual[unit].name != NULL ? usual[unit].si : 1.0;
    return usual[unit].name != NULL ? usual[unit].name : cs_unit_si(unit);
}

bool cs_unit_is_currency(const char *text, size_t length)
{
    static const char codes[][4] = {"EUR", "GBP", "CHF", "JPY", "CNY", "INR", "KRW", "CAD",
                                    "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF",
                                    "BRL", "MXN", "ZAR", "SGD", "HKD", "TWD", "ILS", "AED",
                                    "SAR", "TRY", "THB", "IDR", "MYR", "PHP", "VND", "RON"};
    for (size_t i = 0; length == 3 && i < sizeof codes / sizeof codes[0]; i++)
        if (memcmp(text, codes[i], 3) == 0)
            return true;
    return false;
}

/* The text as it is quoted in messages: shortened, the renderer escapes it. */
static bool fail(struct scan *s, const char *what, size_t offset, size_t length)
{
    const int quoted = s->length > 60 ? 60 : (int)s->length;
    snprintf(s->error->message, sizeof s->error->message, "%s: '%.*s%s'", what, quoted, s->text,
             s->length > 60 ? "..." : "");
    if (!s->error->hint[0])
        snprintf(s->error->hint, sizeof s->error->hint, "expected %s, such as '%s'",
                 s->wanted->name, s->wanted->example);
    s->error->offset = (int)offset;
    s->error->length = length ? (int)length : 1;
    return false;
}

static char peek(const struct scan *s)
{
    return s->at < s->length ? s->text[s->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '%' || c == '_' ||
           (unsigned char)c >= 0x80;
}

static void skip_blanks(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t')
        s->at++;
}

static size_t skip_digits(struct scan *s)
{
    const size_t start = s->at;
    while (is_digit(peek(s)))
        s->at++;
    return s->at - start;
}

/* [+-] digits [. digits] [e [+-] digits]; hexadecimal, "inf" and "nan" are no numbers. */
static bool scan_number(struct scan *s, double *value)
{
    char digits[72];
    const size_t start = s->at;
    if (peek(s) == '+' || peek(s) == '-')
        s->at++;
    size_t count = skip_digits(s);
    if (peek(s) == '.') {
        s->at++;
        count += skip_digits(s);
    }
    if (!count)
        return fail(s, s->length ? "is not a number" : "is empty", 0, s->length);
    const size_t before = s->at;
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!skip_digits(s))
            s->at = before;
    }
    if (s->at - start >= sizeof digits)
        return fail(s, "has too many digits", start, s->at - start);
    memcpy(digits, s->text + start, s->at - start);
    digits[s->at - start] = '\0';
    char *end;
    *value = strtod(digits, &end);
    if (*end)
        return fail(s, "is not a number", start, s->at - start);
    if (!isfinite(*value))
        return fail(s, "is too large", start, s->at - start);
    return true;
}

/* "5M tokens", "30k/day", "5M": the letter, only where no longer word begins with it. */
static double scan_multiplier(struct scan *s)
{
    static const struct {
        char letter;
        double factor;
    } multipliers[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'G', 1e9}, {'B', 1e9}, {'T', 1e12}};
    if (!s->wanted->countable || (s->at + 1 < s->length && is_letter(s->text[s->at + 1])))
        return 1;
    for (size_t i = 0; i < sizeof multipliers / sizeof multipliers[0]; i++)
        if (peek(s) == multipliers[i].letter) {
            s->at++;
            return multipliers[i].factor;
        }
    return 1;
}

static const struct name *find_name(const char *word, size_t length, double *factor)
{
    for (size_t i = 0; i < NAMES; i++) {
        const size_t own = strlen(names[i].text);
        if (length < own || memcmp(word + length - own, names[i].text, own) != 0)
            continue;
        *factor = names[i].factor;
        if (length == own)
            return &names[i];
        for (size_t j = 0; j < sizeof prefixes / sizeof prefixes[0]; j++)
            if ((names[i].prefixes & prefixes[j].kind) &&
                strlen(prefixes[j].text) == length - own &&
                memcmp(word, prefixes[j].text, length - own) == 0) {
                *factor *= prefixes[j].factor;
                return &names[i];
            }
    }
    return NULL;
}

/* An amount in a currency whose rate is stated. */
static bool find_currency(const struct scan *s, const char *word, size_t length, double *factor)
{
    for (size_t i = 0; s->currencies && length == 3 && i < s->currencies->count; i++) {
        if (memcmp(word, s->currencies->items[i].code, 3) != 0)
            continue;
        *factor = s->currencies->items[i].usd;
        return true;
    }
    return false;
}

static bool fail_unknown(struct scan *s, const char *word, size_t length, size_t offset)
{
    static const char *const usual[] = {"GB",  "GiB",    "TB",  "MB",  "ms",   "us",  "tokens",
                                        "day", "USD",    "req", "W",   "kW",   "kWh", "Mtok",
                                        "h",   "TFLOP",  "min", "TOPS", "TFLOPS", "requests"};
    char copy[64], what[96];
    if (s->wanted == &wanted_units[CS_UNIT_NUMBER])
        return fail(s, "takes no unit", offset, length);
    snprintf(copy, sizeof copy, "%.*s", (int)(length > 40 ? 40 : length), word);
    snprintf(what, sizeof what, "has an unknown unit '%s'", copy);
    if (cs_unit_is_currency(word, length)) {
        snprintf(s->error->hint, sizeof s->error->hint,
                 "state its rate, such as cost.exchange: {%s: 1.10 USD}, in the scenario", copy);
        return fail(s, what, offset, length);
    }
    const char *const near = cs_suggest(copy, usual, sizeof usual / sizeof usual[0]);
    if (near)
        snprintf(s->error->hint, sizeof s->error->hint,
                 "did you mean '%s'? expected %s, such as '%s'", near, s->wanted->name,
                 s->wanted->example);
    return fail(s, what, offset, length);
}

/* One side of the fraction; `sign` is -1 below the bar. Stops at '/' or the end. */
static bool scan_factors(struct scan *s, int sign, struct dimension *sum, double *value,
                         size_t *count)
{
    for (;;) {
        while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '*')
            s->at++;
        if (s->at >= s->length || peek(s) == '/')
            return true;
        const size_t start = s->at;
        while (is_letter(peek(s)) || (s->at > start && is_digit(peek(s))))
            s->at++;
        const size_t length = s->at - start;
        if (!length)
            return fail(s, "cannot be read as a quantity", start, s->length - start);
        if (++*count > MOST_FACTORS)
            return fail(s, "cannot be read as a quantity", start, s->length - start);
        if (length == 1 && s->text[start] == '%' && *count == 1 &&
            s->wanted == &wanted_units[CS_UNIT_SHARE]) {
            *value *= 0.01;
            continue;
        }
        static const struct name money = {"", 1, PREFIX_NONE, DIMENSION_OF([USD] = 1)};
        double factor;
        const struct name *name = find_name(s->text + start, length, &factor);
        if (!name && find_currency(s, s->text + start, length, &factor))
            name = &money;
        if (!name)
            return fail_unknown(s, s->text + start, length, start);
        *value = sign > 0 ? *value * factor : *value / factor;
        for (int i = 0; i < BASES; i++)
            sum->power[i] = (signed char)(sum->power[i] + sign * name->dimension.power[i]);
    }
}

static bool matches(const struct scan *s, const struct dimension *sum, size_t units)
{
    if (memcmp(sum, &s->wanted->dimension, sizeof *sum) == 0)
        return true;
    struct dimension counted = *sum; /* "30k/day": what is counted may be left out */
    counted.power[REQUEST] = 1;
    return units && s->wanted == &wanted_units[CS_UNIT_REQUESTS_PER_S] && !sum->power[REQUEST] &&
           memcmp(&counted, &s->wanted->dimension, sizeof counted) == 0;
}

bool cs_unit_parse(const char *text, size_t length, enum cs_unit want, double *value,
                   struct cs_unit_error *error)
{
    return cs_unit_parse_money(text, length, want, NULL, value, error);
}

/* A number with its unit, of whatever dimension; *unit_at is where the unit begins. */
static bool scan_quantity(struct scan *s, double *number, struct dimension *sum, size_t *units,
                          size_t *unit_at)
{
    while (s->length && (s->text[s->length - 1] == ' ' || s->text[s->length - 1] == '\t'))
        s->length--;
    skip_blanks(s);
    if (!scan_number(s, number))
        return false;
    *number *= scan_multiplier(s);
    skip_blanks(s);
    *unit_at = s->at;
    if (!scan_factors(s, 1, sum, number, units))
        return false;
    while (peek(s) == '/') {
        s->at++;
        const size_t above = *units;
        if (!scan_factors(s, -1, sum, number, units))
            return false;
        if (*units == above)
            return fail(s, "cannot be read as a quantity", *unit_at, s->length - *unit_at);
    }
    return isfinite(*number) || fail(s, "is too large", 0, s->length);
}

bool cs_unit_parse_any(const char *text, size_t length, const struct cs_currencies *currencies,
                       double *value, signed char powers[CS_UNIT_BASES],
                       struct cs_unit_error *error)
{
    static const struct wanted anything = {"a quantity",    "2 USD/h", "",
                                           DIMENSION_OF(0), true,      true};
    struct scan s = {text, length, 0, &anything, currencies, error};
    struct dimension sum = {{0}};
    size_t units = 0, unit_at;
    memset(error, 0, sizeof *error);
    if (!scan_quantity(&s, value, &sum, &units, &unit_at))
        return false;
    memcpy(powers, sum.power, BASES);
    return true;
}

bool cs_unit_parse_money(const char *text, size_t length, enum cs_unit want,
                         const struct cs_currencies *currencies, double *value,
                         struct cs_unit_error *error)
{
    struct scan s = {text, length, 0, &wanted_units[want], currencies, error};
    memset(error, 0, sizeof *error);
    struct dimension sum = {{0}};
    size_t units = 0, unit_at;
    double number;
    if (!scan_quantity(&s, &number, &sum, &units, &unit_at))
        return false;
    if (!units && !s.wanted->bare)
        return fail(&s, "has no unit", 0, s.length);
    if (units && want == CS_UNIT_NUMBER)
        return fail(&s, "takes no unit", unit_at, s.length - unit_at);
    if (units && !matches(&s, &sum, units)) {
        char what[96];
        snprintf(what, sizeof what, "is not %s", s.wanted->name);
        return fail(&s, what, unit_at, s.length - unit_at);
    }
    *value = number;
    return true;
}
