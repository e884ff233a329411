/*
 * Whether the store falls behind: the oldest record that the database does not have is old, and
 * none younger becomes the oldest. One that is catching up is not behind, however old. Pure; a
 * zeroed struct is a start.
 */
#ifndef DTUHUB_COLLECTOR_STORAGE_LAG_H
#define DTUHUB_COLLECTOR_STORAGE_LAG_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LAG_BEHIND_MS = 30000, /* older is behind, */
    LAG_STUCK_MS = 10000,  /* where it has not got any better for so long */
    LAG_OVER_MS = 10000,   /* younger is the end of it, and so is half of the worst age */
};

struct storage_lag {
    bool behind;
    int64_t age_ms;            /* at the last look */
    int64_t low_ms, low_at_ms; /* the best age since all was well, and when that was */
    int64_t worst_ms;          /* while it is behind */
};

/** storage_lag_look(lag, age_ms, now_ms): once a second, with the age of the oldest record that is
 * not stored, 0: there is none, and the monotonic clock. Return ${lag->behind}. */
bool storage_lag_look(struct storage_lag *lag, int64_t age_ms, int64_t now_ms);

#endif
