#include "webapp/http/moment.h"

#include "shared/base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t last_ms = INT64_C(253402300799999); /* 9999-12-31T23:59:59.999Z */

/* Exactly n digits at *p, which moves behind them. */
static int digits(const char **p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p))
            return -1;
        *out = *out * 10 + (**p - '0');
    }
    return 0;
}

static int after(const char **p, char mark, int *out)
{
    if (**p != mark)
        return -1;
    (*p)++;
    return digits(p, 2, out);
}

static int read_clock(const char **p, struct tm *tm, int *ms)
{
    if (digits(p, 2, &tm->tm_hour) != 0 || after(p, ':', &tm->tm_min) != 0)
        return -1;
    if (**p == ':' && after(p, ':', &tm->tm_sec) != 0)
        return -1;
    if (**p == '.') {
        (*p)++;
        int scale = 100;
        if (!isdigit((unsigned char)**p))
            return -1;
        for (; isdigit((unsigned char)**p); (*p)++, scale /= 10)
            *ms += (**p - '0') * scale;
    }
    return tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 59 ? -1 : 0;
}

static int read_zone(const char **p, int *zone_min)
{
    if (**p == 'Z') {
        (*p)++;
        *zone_min = 0;
        return 0;
    }
    if (**p != '+' && **p != '-' && **p != ' ') /* ' ' is a '+' that was not percent-encoded */
        return 0;
    int sign = *(*p)++ == '-' ? -1 : 1, hours, minutes = 0;
    if (digits(p, 2, &hours) != 0)
        return -1;
    if (**p == ':')
        (*p)++;
    if (**p != '\0' && digits(p, 2, &minutes) != 0)
        return -1;
    *zone_min = sign * (hours * 60 + minutes);
    return hours > 14 || minutes > 59 ? -1 : 0;
}

static int parse_calendar(const char *p, int zone_min, int64_t *out)
{
    struct tm tm = {0};
    int year, ms = 0;
    if (digits(&p, 4, &year) != 0 || after(&p, '-', &tm.tm_mon) != 0 ||
        after(&p, '-', &tm.tm_mday) != 0)
        return -1;
    int month = tm.tm_mon, day = tm.tm_mday;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    if (*p == 'T' || *p == 't' || *p == ' ') {
        p++;
        if (read_clock(&p, &tm, &ms) != 0)
            return -1;
    }
    if (read_zone(&p, &zone_min) != 0 || *p != '\0')
        return -1;
    int64_t seconds = timegm(&tm);
    if (tm.tm_mon != month - 1 || tm.tm_mday != day) /* timegm moved the 31st of February on */
        return -1;
    *out = seconds * 1000 + ms - zone_min * MINUTE_MS;
    return *out < 0 || *out > last_ms ? -1 : 0;
}

int moment_parse(const char *text, int zone_min, int64_t *out)
{
    if (strchr(text, '-') != NULL)
        return parse_calendar(text, zone_min, out);
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return -1;
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return errno != 0 || *out > last_ms ? -1 : 0;
}

char *moment_text(int64_t ms, int zone_min, char out[MOMENT_TEXT_SIZE])
{
    char iso[CLOCK_ISO_SIZE];
    clock_iso(ms + zone_min * MINUTE_MS, iso);
    iso[10] = ' ';
    snprintf(out, MOMENT_TEXT_SIZE, "%.19s", iso);
    return out;
}

int64_t moment_day_start(int64_t ms, int zone_min)
{
    int64_t local = ms + zone_min * MINUTE_MS;
    int64_t into = ((local % DAY_MS) + DAY_MS) % DAY_MS;
    return ms - into;
}

int moment_server_zone(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    return (int)(tm.tm_gmtoff / 60);
}

int moment_range(const int64_t *from, const int64_t *to, int64_t now_ms, int64_t span_ms,
                 struct moment_range *out)
{
    out->to_ms = to != NULL ? *to : now_ms;
    out->from_ms = from != NULL ? *from : out->to_ms - span_ms;
    if (out->from_ms < 0)
        out->from_ms = 0;
    return out->from_ms < out->to_ms ? 0 : -1;
}
