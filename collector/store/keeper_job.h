/*
 * What the keeper's parts work with: its connection, its settings, the time, and where they count.
 * All of it belongs to the keeper's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_JOB_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_JOB_H

#include "shared/config/server_config.h"
#include "shared/db/db.h"

#include <stdbool.h>
#include <stdint.h>

/** What was done since the start, and what is left to do. */
struct keeper_counts {
    uint64_t partitions_made, partitions_dropped;
    uint64_t rows_moved; /* copied into partitions */
    uint64_t rows_deleted;
    uint64_t minutes_rolled, hours_rolled;
    uint64_t minutes_waiting; /* known to have changed and not rolled up yet */
};

struct keeper_job {
    MYSQL *conn;
    bool bulk;      /* the server executes in bulk */
    int64_t now_ms; /* wall clock: the collector's or the server's, whichever is behind */
    struct retention_section retention;
    struct keeper_counts counts;
    bool (*pause)(void *cookie, int64_t ms); /* wait; false: the keeper stops, return soon */
    void *cookie;
};

enum { KEEPER_TIME_SIZE = 20 };

/** keeper_time(wall_ms, buf): "2026-01-31 23:59:59" as in SQL, milliseconds cut; return ${buf}. */
const char *keeper_time(int64_t wall_ms, char buf[KEEPER_TIME_SIZE]);

#endif
