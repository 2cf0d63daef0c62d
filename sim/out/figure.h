/* Figures: numbers as people read them, with their unit, rounded to what is known of them.
 *
 * The one rule: the last digit shown is the first that the interval puts in doubt. A half-width of
 * 0.018 s rounds to 0.02, so 0.3123 s is shown as "0.31 s"; a half-width that begins with 1 keeps
 * two digits (GUM, JCGM 100:2008, 7.2.6: rounding must not cost much of the uncertainty). Figures
 * without an interval get three significant digits, and none gets more: percentiles come out of a
 * histogram whose buckets are 0.4 % wide (des/hist.h).
 *
 * Each function returns its text by value: `printf("%s", cs_figure_usd(x).text)`. NaN is "-".
 * Text is UTF-8 (the sign of an interval); out/text.h turns it to ASCII where needed.
 * No memory, no locale; what the figures mean is the caller's affair.
 */
#ifndef CS_OUT_FIGURE_H
#define CS_OUT_FIGURE_H
#include <stdbool.h>
#include "des/estimate.h"

struct cs_figure {
    char text[64];
};

enum cs_time_unit { CS_TIME_US, CS_TIME_MS, CS_TIME_S, CS_TIME_MIN, CS_TIME_H, CS_TIME_COUNT };
extern const char *const cs_time_unit_names[CS_TIME_COUNT];

/* Digits after the point for a value known to +- half_width (NaN: not known how well). Negative:
 * the value is to be rounded to tens, hundreds, ... */
int cs_figure_decimals(double value, double half_width);
/* Half the width of an interval; NaN when it has none. */
double cs_figure_half_width(struct cs_interval i);
/* Rounded to `decimals`, with commas between thousands: "36,900". */
struct cs_figure cs_figure_number(double value, int decimals);
/* Three significant digits: "36,900", "0.427". */
struct cs_figure cs_figure_short(double value);
/* The unit in which a time reads best. */
enum cs_time_unit cs_figure_time_unit(double seconds);
/* "310 ms ± 20", or without an interval "310 ms". */
struct cs_figure cs_figure_time(struct cs_interval seconds);
/* The same without "± ...", rounded just as well: "310 ms". */
struct cs_figure cs_figure_time_value(struct cs_interval seconds);
/* The number alone, in `unit`: "310" or, with `both`, "310 ± 20". */
struct cs_figure cs_figure_time_in(struct cs_interval seconds, enum cs_time_unit unit, bool both);
/* Both ends of a band, in `unit`, rounded to what its width supports: "90–240"; an infinite upper
 * end is "∞", no band is "". */
struct cs_figure cs_figure_band(struct cs_interval seconds, enum cs_time_unit unit);
/* A time that is given, not measured: "1 s", "60 ms", "2.5 min". */
struct cs_figure cs_figure_time_given(double seconds);
/* An amount of USD without its unit: "2.88", "144", "22,800". */
struct cs_figure cs_figure_usd(double usd);
/* How many times as much: "5.2", "12", "0.13". */
struct cs_figure cs_figure_ratio(double ratio);
/* A share as "31 %"; never "100 %" or "0 %" unless it is exactly that (">99.99 %"). */
struct cs_figure cs_figure_percent(double share);
/* With an SI prefix (k M G T P) and a unit: cs_figure_si(3.35e12, "B/s") is "3.35 TB/s". */
struct cs_figure cs_figure_si(double value, const char *unit);
/* As cs_figure_si with a thousand million called B, as parameters are counted: "70.6B". */
struct cs_figure cs_figure_parameters(double count);

#endif
