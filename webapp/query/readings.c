#include "webapp/query/readings.h"

#include <stdlib.h>
#include <string.h>

enum { OLDER_ROWS = 20000 };

MYSQL_RES *readings_points(struct database *db, uint32_t device)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT p.id, p.name, p.address, p.kind, p.unit, p.decimals FROM points p "
            "JOIN devices d ON d.profile = p.profile WHERE d.id = ? ORDER BY p.address, p.name",
            SQL_INT(device));
    return database_select(db, &sql);
}

MYSQL_RES *readings_all_points(struct database *db)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT id, name FROM points");
    return database_select(db, &sql);
}

/* The primary key backwards is (ts DESC, point_id DESC): any other order would sort the device's
 * whole history. The joins are in this order so that the server looks the device up first, as a
 * constant, then walks that key and stops at the limit, without a temporary table. */
MYSQL_RES *readings_recent(struct database *db, const char *device_id, int64_t limit)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT d.device_id AS device_id, p.name AS data_point, r.value AS value, r.raw AS "
            "raw_value, r.ts AS `timestamp` FROM devices d "
            "STRAIGHT_JOIN readings r ON r.device_id = d.id "
            "STRAIGHT_JOIN points p ON p.id = r.point_id "
            "WHERE d.device_id = ? ORDER BY r.ts DESC, r.point_id DESC LIMIT ?",
            SQL_TEXT(device_id), SQL_INT(limit));
    return database_select(db, &sql);
}

static void add_piece(struct sql *sql, uint32_t device, const struct readings_filter *filter)
{
    sql_add(sql, "(SELECT device_id, point_id, value, raw, ts FROM readings WHERE device_id = ?",
            SQL_INT(device));
    if (filter->range != NULL)
        sql_add(sql, " AND ts >= ? AND ts < ?", SQL_TIME(filter->range->from_ms),
                SQL_TIME(filter->range->to_ms));
    sql_add(sql, " ORDER BY ts DESC, point_id DESC LIMIT ?)", SQL_INT(filter->limit));
}

/* One walk a device: a single query over all of them would read the whole table. */
static int add_pieces(struct database *db, struct sql *sql, const struct readings_filter *filter)
{
    if (filter->device != 0) {
        add_piece(sql, filter->device, filter);
        return 0;
    }
    struct sql newest;
    sql_init(&newest);
    sql_add(&newest, "SELECT id FROM devices ORDER BY last_seen DESC LIMIT ?",
            SQL_INT(READINGS_DEVICES));
    MYSQL_RES *rows = database_select(db, &newest);
    if (rows == NULL)
        return -1;
    unsigned n = 0;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL; n++) {
        sql_add(sql, n == 0 ? "" : " UNION ALL ");
        add_piece(sql, (uint32_t)strtoul(row[0], NULL, 10), filter);
    }
    mysql_free_result(rows);
    if (n == 0)
        add_piece(sql, 0, filter);
    return 0;
}

MYSQL_RES *readings_browse(struct database *db, const struct readings_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(
        &sql,
        "SELECT d.device_id AS device_id, p.name AS data_point, r.value AS value, t.value AS text, "
        "r.raw AS raw_value, r.ts AS `timestamp`, p.unit AS unit, p.decimals AS decimals, p.kind "
        "AS kind, d.name AS name FROM (");
    if (add_pieces(db, &sql, filter) != 0) {
        sql_clear(&sql);
        return NULL;
    }
    sql_add(&sql,
            " ORDER BY ts DESC, device_id, point_id LIMIT ?) r "
            "JOIN devices d ON d.id = r.device_id JOIN points p ON p.id = r.point_id "
            "LEFT JOIN reading_texts t ON t.device_id = r.device_id AND t.ts = r.ts AND t.point_id "
            "= r.point_id "
            "ORDER BY r.ts DESC, r.device_id, p.address, p.id",
            SQL_INT(filter->limit));
    return database_select(db, &sql);
}

static const char latest_columns[] =
    "SELECT r.point_id, r.value, r.raw, r.ts, t.value AS text FROM (";
static const char latest_text[] =
    ") r LEFT JOIN reading_texts t ON t.device_id = ? AND t.ts = r.ts AND t.point_id = r.point_id "
    "ORDER BY r.ts DESC";

MYSQL_RES *readings_tail(struct database *db, uint32_t device, int64_t rows)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, latest_columns);
    sql_add(&sql,
            "SELECT point_id, value, raw, ts FROM readings WHERE device_id = ? "
            "ORDER BY ts DESC, point_id DESC LIMIT ?",
            SQL_INT(device), SQL_INT(rows));
    sql_add(&sql, latest_text, SQL_INT(device));
    return database_select(db, &sql);
}

MYSQL_RES *readings_older(struct database *db, uint32_t device, int64_t before_ms)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, latest_columns);
    sql_add(&sql,
            "SELECT full.point_id, full.value, full.raw, full.ts FROM (SELECT point_id, MAX(ts) AS "
            "ts FROM "
            "(SELECT point_id, ts FROM readings WHERE device_id = ? AND ts < ? "
            "ORDER BY ts DESC, point_id DESC LIMIT ?) piece GROUP BY point_id) newest "
            "JOIN readings full ON full.device_id = ? AND full.ts = newest.ts AND full.point_id = "
            "newest.point_id",
            SQL_INT(device), SQL_TIME(before_ms), SQL_INT(OLDER_ROWS), SQL_INT(device));
    sql_add(&sql, latest_text, SQL_INT(device));
    return database_select(db, &sql);
}

int64_t readings_bucket(const struct moment_range *range)
{
    static const int seconds[] = {1,    2,     5,     10,    15,    20,   30,   60,
                                  120,  180,   300,   600,   900,   1200, 1800, 3600,
                                  7200, 10800, 14400, 21600, 43200, 86400};
    const size_t n = sizeof(seconds) / sizeof(*seconds);
    int64_t wanted = (range->to_ms - range->from_ms) / READINGS_BUCKETS;
    for (size_t i = 0; i < n; i++) {
        if (seconds[i] * INT64_C(1000) >= wanted)
            return seconds[i] * INT64_C(1000);
    }
    return (wanted / DAY_MS + 1) * DAY_MS;
}

/* A chart that takes longer than this is given up, on either server: MariaDB reads the first form,
 * MySQL the second. */
#define CHART_SELECT                                                                               \
    "/*M! SET STATEMENT max_statement_time = 20 FOR */ SELECT /*+ MAX_EXECUTION_TIME(20000) */ "

MYSQL_RES *readings_series(struct database *db, const struct readings_series *series)
{
    struct sql sql;
    int64_t bucket_s = series->bucket_ms / 1000;
    sql_init(&sql);
    if (bucket_s == 0) {
        sql_add(&sql,
                CHART_SELECT
                "CAST(UNIX_TIMESTAMP(ts) * 1000 AS SIGNED), value FROM readings "
                "WHERE device_id = ? AND ts >= ? AND ts < ? AND point_id = ? ORDER BY ts LIMIT ?",
                SQL_INT(series->device), SQL_TIME(series->range.from_ms),
                SQL_TIME(series->range.to_ms), SQL_INT(series->point),
                SQL_INT(READINGS_SERIES_MAX + 1));
        return database_select(db, &sql);
    }
    /* Buckets begin at multiples of their length, so that a chart that moves on keeps its old ones.
     */
    int64_t origin = series->range.from_ms - series->range.from_ms % series->bucket_ms;
    sql_add(&sql,
            CHART_SELECT
            "? + 1000 * ? * (TIMESTAMPDIFF(SECOND, ?, ts) DIV ?) AS start, AVG(value), MIN(value), "
            "MAX(value) FROM readings "
            "WHERE device_id = ? AND ts >= ? AND ts < ? AND point_id = ? AND value IS NOT NULL "
            "GROUP BY start ORDER BY start",
            SQL_INT(origin), SQL_INT(bucket_s), SQL_TIME(origin), SQL_INT(bucket_s),
            SQL_INT(series->device), SQL_TIME(series->range.from_ms), SQL_TIME(series->range.to_ms),
            SQL_INT(series->point));
    return database_select(db, &sql);
}

MYSQL_RES *readings_stream(struct database *db, uint32_t device, const struct moment_range *range)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(
        &sql,
        "SELECT point_id, value, raw, ts FROM readings WHERE device_id = ? AND ts >= ? AND ts < ? "
        "ORDER BY ts, point_id",
        SQL_INT(device), SQL_TIME(range->from_ms), SQL_TIME(range->to_ms));
    return database_stream(db, &sql);
}
