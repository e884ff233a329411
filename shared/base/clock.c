#include "shared/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t which)
{
    struct timespec ts;
    clock_gettime(which, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

char *clock_iso(int64_t wall_ms, char buf[CLOCK_ISO_SIZE])
{
    const int64_t last = 253402300799999; /* 9999-12-31T23:59:59.999Z */
    if (wall_ms < 0)
        wall_ms = 0;
    if (wall_ms > last)
        wall_ms = last;
    time_t sec = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&sec, &tm);
    char date[20];
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf, CLOCK_ISO_SIZE, "%s.%03dZ", date, (int)(wall_ms % 1000));
    return buf;
}
