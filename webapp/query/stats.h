/* Figures of the whole installation. 0, or -1 with db->error. */
#ifndef DTUHUB_WEBAPP_QUERY_STATS_H
#define DTUHUB_WEBAPP_QUERY_STATS_H

#include "webapp/query/database.h"

struct stats {
    int64_t online, offline;
    int64_t readings, heartbeats, packets; /* since a given instant */
    int64_t per_minute;                    /* readings of the last whole minute */
};

/** stats_read(db, since_ms, now_ms, stats): counted from the minutes' totals, never over readings.
 */
int stats_read(struct database *db, int64_t since_ms, int64_t now_ms, struct stats *stats);

/** stats_traffic(db, from_ms, to_ms): a row a minute that had any: milliseconds since 1970,
 * readings, heartbeats, packets; mysql_free_result(). */
MYSQL_RES *stats_traffic(struct database *db, int64_t from_ms, int64_t to_ms);

#endif
