/* Figures: numbers as people read them (see figure.h).
 *
 * All rounding goes through `rounded`, which rounds the value once and lets printf show digits
 * that are already exact to the place asked for; so 0.9996 at two decimals is "1.00" and no text
 * is ever produced by cutting. Half-widths never vanish: one that would round to 0 is shown as one
 * unit of the last digit, since "± 0" would claim what no simulation knows.
 * Memory: none. Does not choose columns or colours; that is out/text.c.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "out/figure.h"

enum { DIGITS_WITHOUT_INTERVAL = 3, DIGITS_MOST = 3 };

const char *const cs_time_unit_names[CS_TIME_COUNT] = {"us", "ms", "s", "min", "h"};
static const double unit_seconds[CS_TIME_COUNT] = {1e-6, 1e-3, 1, 60, 3600};

static struct cs_figure none(void)
{
    return (struct cs_figure){"-"};
}

/* The power of ten of the first significant digit. */
static int magnitude(double value)
{
    return (int)floor(log10(fabs(value)));
}

static double power_of_ten(int exponent)
{
    return pow(10, exponent);
}

static double rounded(double value, int decimals)
{
    if (decimals > 0)
        return round(value * power_of_ten(decimals)) / power_of_ten(decimals);
    return round(value / power_of_ten(-decimals)) * power_of_ten(-decimals);
}

/* Decimals that show `digits` significant digits once the value is rounded to them. */
static int decimals_for(double value, int digits)
{
    if (value == 0 || !isfinite(value))
        return 0;
    const int decimals = digits - 1 - magnitude(value);
    return digits - 1 - magnitude(rounded(value, decimals)); /* 9.996 becomes 10.0 */
}

double cs_figure_half_width(struct cs_interval i)
{
    return (i.hi - i.lo) / 2;
}

int cs_figure_decimals(double value, double half_width)
{
    if (isnan(half_width) || !(half_width > 0))
        return decimals_for(value, DIGITS_WITHOUT_INTERVAL);
    const bool begins_with_1 = half_width / power_of_ten(magnitude(half_width)) < 1.95;
    const int decimals = decimals_for(half_width, begins_with_1 ? 2 : 1);
    if (value == 0)
        return decimals;
    const int most = decimals_for(value, DIGITS_MOST), least = -magnitude(value);
    return decimals > most ? most : decimals < least ? least : decimals;
}

struct cs_figure cs_figure_number(double value, int decimals)
{
    struct cs_figure f;
    if (!isfinite(value))
        return none();
    if (fabs(value) >= 1e15) {
        snprintf(f.text, sizeof f.text, "%.3g", value);
        return f;
    }
    char plain[64];
    const double shown = rounded(value, decimals);
    snprintf(plain, sizeof plain, "%.*f", decimals > 0 ? (decimals > 12 ? 12 : decimals) : 0,
             fabs(shown));
    const size_t whole = strcspn(plain, ".");
    size_t used = 0;
    if (shown < 0)
        f.text[used++] = '-';
    for (size_t i = 0; i < strlen(plain); i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            f.text[used++] = ',';
        f.text[used++] = plain[i];
    }
    f.text[used] = '\0';
    return f;
}

struct cs_figure cs_figure_short(double value)
{
    return cs_figure_number(value, decimals_for(value, DIGITS_WITHOUT_INTERVAL));
}

enum cs_time_unit cs_figure_time_unit(double seconds)
{
    const double s = fabs(seconds);
    if (s == 0 || isnan(s))
        return CS_TIME_MS;
    return s < 0.09995e-3 ? CS_TIME_US
           : s < 0.9995   ? CS_TIME_MS
           : s < 180      ? CS_TIME_S
           : s < 2 * 3600 ? CS_TIME_MIN
                          : CS_TIME_H;
}

struct cs_figure cs_figure_time_in(struct cs_interval seconds, enum cs_time_unit unit, bool both)
{
    if (!isfinite(seconds.value))
        return none();
    const double value = seconds.value / unit_seconds[unit];
    const double half_width = cs_figure_half_width(seconds) / unit_seconds[unit];
    const int decimals = cs_figure_decimals(value, half_width);
    struct cs_figure f = cs_figure_number(value, decimals);
    if (!both || !(half_width > 0))
        return f;
    const double unit_of_last_digit = power_of_ten(-decimals);
    const struct cs_figure width =
        cs_figure_number(fmax(half_width, unit_of_last_digit), decimals);
    const size_t used = strlen(f.text);
    snprintf(f.text + used, sizeof f.text - used, " ± %.20s", width.text);
    return f;
}

struct cs_figure cs_figure_band(struct cs_interval seconds, enum cs_time_unit unit)
{
    struct cs_figure f = {""};
    if (!isfinite(seconds.value))
        return f;
    const double up = isfinite(seconds.hi) ? seconds.hi : 2 * seconds.value - seconds.lo;
    const double lo = seconds.lo / unit_seconds[unit], hi = seconds.hi / unit_seconds[unit];
    const double half_width = (up - seconds.lo) / 2 / unit_seconds[unit];
    const int decimals = cs_figure_decimals(lo, half_width);
    const struct cs_figure low = cs_figure_number(lo, decimals);
    snprintf(f.text, sizeof f.text, "%.24s–%.24s", low.text,
             isfinite(hi) ? cs_figure_number(hi, decimals).text : "∞");
    return f;
}

static struct cs_figure with_unit(struct cs_interval seconds, bool both)
{
    if (!isfinite(seconds.value))
        return none();
    const enum cs_time_unit unit = cs_figure_time_unit(seconds.value);
    const struct cs_figure value = cs_figure_time_in(seconds, unit, false);
    const struct cs_figure all = cs_figure_time_in(seconds, unit, both);
    struct cs_figure f;
    snprintf(f.text, sizeof f.text, "%.24s %s%.30s", value.text, cs_time_unit_names[unit],
             all.text + strlen(value.text));
    return f;
}

struct cs_figure cs_figure_time(struct cs_interval seconds)
{
    return with_unit(seconds, true);
}

struct cs_figure cs_figure_time_value(struct cs_interval seconds)
{
    return with_unit(seconds, false);
}

struct cs_figure cs_figure_time_given(double seconds)
{
    if (!isfinite(seconds))
        return none();
    const enum cs_time_unit unit = seconds >= 3600 ? CS_TIME_H : cs_figure_time_unit(seconds);
    struct cs_figure f;
    snprintf(f.text, sizeof f.text, "%.6g %s", seconds / unit_seconds[unit],
             cs_time_unit_names[unit]);
    return f;
}

struct cs_figure cs_figure_usd(double usd)
{
    if (usd == 0)
        return (struct cs_figure){"0"};
    const double amount = fabs(usd);
    if (amount >= 99.995)
        return cs_figure_number(usd, 0);
    return amount >= 0.995 ? cs_figure_number(usd, 2) : cs_figure_short(usd);
}

struct cs_figure cs_figure_ratio(double ratio)
{
    return cs_figure_number(ratio, ratio < 0.995 ? 2 : ratio < 9.95 ? 1 : 0);
}

struct cs_figure cs_figure_percent(double share)
{
    if (!isfinite(share))
        return none();
    const double nearest = fmin(fabs(share), fabs(1 - share));
    if (share > 0 && share < 0.5e-4)
        return (struct cs_figure){"<0.01 %"};
    if (share < 1 && 1 - share < 0.5e-4)
        return (struct cs_figure){">99.99 %"};
    const int decimals = nearest == 0 || nearest >= 0.0995 ? 0 : nearest >= 0.00995 ? 1 : 2;
    struct cs_figure f = cs_figure_number(100 * share, decimals);
    const size_t used = strlen(f.text);
    snprintf(f.text + used, sizeof f.text - used, " %%");
    return f;
}

static struct cs_figure prefixed(double value, const char *const prefixes[5], const char *unit)
{
    if (!isfinite(value))
        return none();
    int i = 0;
    double v = value;
    while (i < 5 && fabs(v) >= 999.5) {
        v /= 1000;
        i++;
    }
    const int decimals = v == floor(v) ? 0 : decimals_for(v, DIGITS_WITHOUT_INTERVAL);
    struct cs_figure f = cs_figure_number(v, decimals);
    const size_t used = strlen(f.text);
    snprintf(f.text + used, sizeof f.text - used, "%s%s%s", *unit ? " " : "",
             i ? prefixes[i - 1] : "", unit);
    return f;
}

struct cs_figure cs_figure_si(double value, const char *unit)
{
    static const char *const prefixes[5] = {"k", "M", "G", "T", "P"};
    return prefixed(value, prefixes, unit);
}

struct cs_figure cs_figure_parameters(double count)
{
    static const char *const prefixes[5] = {"k", "M", "B", "T", "P"};
    return prefixed(count, prefixes, "");
}
