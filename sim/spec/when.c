/* Reading times by name: see when.h.
 *
 * Names are those that plan prints (cs_plan_when), so that a time can be copied from a report into
 * a scenario's `changes` or onto the command line. A name with anything behind it is none.
 *
 * Pure functions.
 */
#include "spec/when.h"
#include <string.h>

static const double DAY_S = 86400.0, HOUR_S = 3600.0;

/* "15", "15:00" or "15:00:00", and nothing behind it; in seconds, or -1. */
static double time_of_day(const char *text)
{
    double seconds = 0.0, unit = HOUR_S;
    for (int field = 0; field < 3; field++, unit /= 60.0) {
        int value = 0, digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 2; text++, digits++)
            value = 10 * value + (*text - '0');
        if (!digits || value >= (field ? 60 : 24))
            return -1.0;
        seconds += unit * value;
        if (!*text)
            return seconds;
        if (*text++ != ':')
            return -1.0;
    }
    return -1.0;
}

/* A whole number of up to six digits, or -1; `end` is what follows. */
static long count(const char *text, const char **end)
{
    long number = 0;
    int length = 0;
    for (; *text >= '0' && *text <= '9' && length < 6; text++, length++)
        number = 10 * number + (*text - '0');
    *end = text;
    return length > 0 ? number : -1;
}

double cs_when_named(const char *text, bool starts_monday)
{
    static const char *const days[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};
    const char *end;
    for (int d = 0; d < 7 && starts_monday; d++)
        if (strncmp(text, days[d], 4) == 0)
            return time_of_day(text + 4) < 0.0 ? -1.0 : DAY_S * d + time_of_day(text + 4);
    if (strncmp(text, "hour ", 5) == 0) {
        const long hour = count(text + 5, &end);
        return hour >= 0 && !*end ? HOUR_S * (double)hour : -1.0;
    }
    if (strncmp(text, "day ", 4) == 0) {
        const long day = count(text + 4, &end);
        return day < 1 || *end != ' ' || time_of_day(end + 1) < 0.0
                   ? -1.0
                   : DAY_S * (double)(day - 1) + time_of_day(end + 1);
    }
    return strchr(text, ':') != NULL ? time_of_day(text) : -1.0; /* "15" alone lacks its unit */
}
