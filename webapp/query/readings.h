/*
 * Readings. Their table is ordered by (device, time, point) and has no other index, so every query
 * here names a device and walks a bounded piece of its time. Results are freed with
 * mysql_free_result(); NULL: db->error says why.
 */
#ifndef DTUHUB_WEBAPP_QUERY_READINGS_H
#define DTUHUB_WEBAPP_QUERY_READINGS_H

#include "webapp/http/moment.h"
#include "webapp/query/database.h"

enum {
    READINGS_SERIES_MAX = 2000, /* values of a chart drawn one by one; more are put into buckets */
    READINGS_BUCKETS = 500,     /* about so many buckets make a chart */
    READINGS_DEVICES = 64,      /* devices looked at where none is named */
};

/** readings_points(db, device): the points of the device's profile: id, name, address, kind, unit,
 * decimals. */
MYSQL_RES *readings_points(struct database *db, uint32_t device);

/** readings_all_points(db): id, name of every point there is. */
MYSQL_RES *readings_all_points(struct database *db);

/** readings_recent(db, device_id, limit): the newest: device_id, data_point, value, raw_value,
 * timestamp; none also where there is no such device. */
MYSQL_RES *readings_recent(struct database *db, const char *device_id, int64_t limit);

struct readings_filter {
    uint32_t device;                  /* 0: the READINGS_DEVICES devices heard of last */
    const struct moment_range *range; /* NULL: all times */
    int64_t limit;
};

/** readings_browse(db, filter): the newest of them first: device_id, data_point, value, text,
 * raw_value, timestamp, unit, decimals, kind. */
MYSQL_RES *readings_browse(struct database *db, const struct readings_filter *filter);

/**
 * readings_tail(db, device, rows): the device's newest ${rows} rows: point_id, value, raw, ts,
 * text. What is newest of each point is the first row of it.
 */
MYSQL_RES *readings_tail(struct database *db, uint32_t device, int64_t rows);

/**
 * readings_older(db, device, before_ms): the newest row of each point in a bounded number of rows
 * before ${before_ms}: for points that the tail does not reach. Columns as above.
 */
MYSQL_RES *readings_older(struct database *db, uint32_t device, int64_t before_ms);

struct readings_series {
    uint32_t device;
    uint32_t point;
    struct moment_range range;
    int64_t bucket_ms; /* whole seconds; 0: one row a value */
};

/**
 * readings_series(db, series): oldest first: milliseconds since 1970, value; with buckets: start of
 * the bucket in milliseconds, average, least, greatest. Without buckets at most READINGS_SERIES_MAX
 * + 1 rows come: one too many says that buckets are needed.
 */
MYSQL_RES *readings_series(struct database *db, const struct readings_series *series);

/** readings_bucket(range): the bucket that makes about READINGS_BUCKETS of ${range}: a length that
 * divides a minute, an hour or a day. Pure. */
int64_t readings_bucket(const struct moment_range *range);

/**
 * readings_stream(db, device, range): every reading of the device in ${range}, oldest first, as
 * database_stream() does it: point_id, value, raw, ts.
 */
MYSQL_RES *readings_stream(struct database *db, uint32_t device, const struct moment_range *range);

#endif
