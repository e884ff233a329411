#include "webapp/query/stats.h"

#include "webapp/http/moment.h"

#include <stdlib.h>
#include <string.h>

static int64_t number(const char *cell)
{
    return cell != NULL ? strtoll(cell, NULL, 10) : 0;
}

static int read_devices(struct database *db, struct stats *stats)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT status, COUNT(*) FROM devices GROUP BY status");
    MYSQL_RES *rows = database_select(db, &sql);
    if (rows == NULL)
        return -1;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        *(strcmp(row[0], "online") == 0 ? &stats->online : &stats->offline) = number(row[1]);
    mysql_free_result(rows);
    return 0;
}

int stats_read(struct database *db, int64_t since_ms, int64_t now_ms, struct stats *stats)
{
    struct sql sql;
    int64_t this_minute = now_ms - now_ms % MINUTE_MS;
    *stats = (struct stats){0};
    if (read_devices(db, stats) != 0)
        return -1;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT SUM(readings), SUM(heartbeats), SUM(packets), SUM(IF(minute = ?, readings, 0)) "
            "FROM traffic_minutes WHERE minute >= ?",
            SQL_TIME(this_minute - MINUTE_MS), SQL_TIME(since_ms));
    MYSQL_RES *rows = database_select(db, &sql);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    if (row != NULL) {
        stats->readings = number(row[0]);
        stats->heartbeats = number(row[1]);
        stats->packets = number(row[2]);
        stats->per_minute = number(row[3]);
    }
    mysql_free_result(rows);
    return 0;
}

MYSQL_RES *stats_traffic(struct database *db, int64_t from_ms, int64_t to_ms)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT UNIX_TIMESTAMP(minute) * 1000, SUM(readings), SUM(heartbeats), SUM(packets) "
            "FROM traffic_minutes WHERE minute >= ? AND minute < ? GROUP BY minute ORDER BY minute",
            SQL_TIME(from_ms), SQL_TIME(to_ms));
    return database_select(db, &sql);
}
