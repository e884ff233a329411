/*
 * Instants and ranges as people and scripts write them in parameters, and as pages show them. All
 * results are milliseconds UTC; a zone is minutes east of UTC. Pure; any thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_MOMENT_H
#define DTUHUB_WEBAPP_HTTP_MOMENT_H

#include <stdint.h>

enum { ZONE_MIN = -14 * 60, ZONE_MAX = 14 * 60 };

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/**
 * moment_parse(text, zone_min, out): read "2026-01-31", "2026-01-31T23:59", "... 23:59:59.123",
 * each with an optional "Z" or "+08:00" (without one it is in ${zone_min}), or milliseconds since
 * 1970 as a whole number. Return 0, or -1 for anything else and outside of the years 1970 to 9999.
 */
int moment_parse(const char *text, int zone_min, int64_t *out);

/** "2026-01-31 23:59:59" in a zone, with its NUL. */
#define MOMENT_TEXT_SIZE 20
char *moment_text(int64_t ms, int zone_min, char out[MOMENT_TEXT_SIZE]);

/** moment_day_start(ms, zone_min): midnight of the day of ${ms} in that zone. */
int64_t moment_day_start(int64_t ms, int zone_min);

/** moment_server_zone(ms): the machine's own zone at that time. */
int moment_server_zone(int64_t ms);

struct moment_range {
    int64_t from_ms; /* included */
    int64_t to_ms;   /* not included */
};

/**
 * moment_range(from, to, now_ms, span_ms, out): complete a range of which either end may be missing
 * (NULL): without
 * ${to} it ends now, without ${from} it is ${span_ms} long. Return 0, or -1 where it would be
 * empty.
 */
int moment_range(const int64_t *from, const int64_t *to, int64_t now_ms, int64_t span_ms,
                 struct moment_range *out);

#endif
