#include "collector/store/keeper_sums.h"

#include "collector/store/rowset.h"
#include "shared/base/alloc.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEVICES_AT_ONCE = 100 };

/*
 * Readings are added and never changed, so what knows more of them is the better. That it may know
 * less is so where retention took the readings and one more came late.
 */
#define BETTER(column)                                                                             \
    "`" column "` = IF(VALUES(`count`) >= `count`, VALUES(`" column "`), `" column "`)"
#define ROLLUP_TAIL                                                                                \
    "ON DUPLICATE KEY UPDATE " BETTER("min") ", " BETTER("max") ", " BETTER(                       \
        "sum") ", `count` = GREATEST(`count`, VALUES(`count`))"
#define ROLLUP_COLUMNS                                                                             \
    {                                                                                              \
        {"device_id", COLUMN_UINT}, {"point_id", COLUMN_UINT}, {"start", COLUMN_TIME},             \
            {"`min`", COLUMN_DOUBLE}, {"`max`", COLUMN_DOUBLE}, {"`sum`", COLUMN_DOUBLE},          \
        {                                                                                          \
            "`count`", COLUMN_UINT                                                                 \
        }                                                                                          \
    }

static const struct rowset_spec minute_spec = {
    .insert = "INSERT INTO readings_minute", .tail = ROLLUP_TAIL, .columns = ROLLUP_COLUMNS};
static const struct rowset_spec hour_spec = {
    .insert = "INSERT INTO readings_hour", .tail = ROLLUP_TAIL, .columns = ROLLUP_COLUMNS};

struct keeper_sums {
    struct rowset *minute_rows, *hour_rows;
    uint64_t *devices;
    size_t ndevices;
};

struct keeper_sums *keeper_sums_new(void)
{
    struct keeper_sums *sums = xcalloc(1, sizeof(*sums));
    sums->minute_rows = rowset_new(&minute_spec);
    sums->hour_rows = rowset_new(&hour_spec);
    return sums;
}

void keeper_sums_free(struct keeper_sums *sums)
{
    if (sums == NULL)
        return;
    rowset_free(sums->minute_rows);
    rowset_free(sums->hour_rows);
    free(sums->devices);
    free(sums);
}

static uint64_t number(const char *cell)
{
    return cell != NULL ? strtoull(cell, NULL, 10) : 0;
}

/* Numbers of all devices: which of them have readings in a minute, their index tells soonest. */
int keeper_sums_devices(struct keeper_sums *sums, struct keeper_job *job, struct db_error *error)
{
    MYSQL_RES *rows = db_query(job->conn, "SELECT id FROM devices ORDER BY id", error);
    if (rows == NULL)
        return -1;
    sums->ndevices = 0;
    sums->devices = xreallocarray(sums->devices, mysql_num_rows(rows) + 1, sizeof(*sums->devices));
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        sums->devices[sums->ndevices++] = number(row[0]);
    mysql_free_result(rows);
    return 0;
}

/* A sum may be more than a double can say; no number is none that can be drawn. */
static void add_double(struct rowset *rows, const char *cell)
{
    double value = cell != NULL ? strtod(cell, NULL) : DBL_MAX;
    rowset_add_double(rows, isfinite(value) ? value : copysign(DBL_MAX, value));
}

/* The rows of device_id, point_id, min, max, sum, count that ${sql} selects. */
static int add_rollups(struct rowset *to, struct keeper_job *job, const char *sql, int64_t start_ms,
                       struct db_error *error)
{
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        rowset_add_uint(to, number(row[0]));
        rowset_add_uint(to, number(row[1]));
        rowset_add_time(to, start_ms);
        for (int i = 2; i < 5; i++)
            add_double(to, row[i]);
        rowset_add_uint(to, number(row[5]));
    }
    mysql_free_result(rows);
    return 0;
}

/* Devices by name, so that each is a range of the primary key (device_id, ts, point_id). */
static int read_minute(struct keeper_sums *sums, struct keeper_job *job, size_t first,
                       int64_t start_ms, struct db_error *error)
{
    char from[KEEPER_TIME_SIZE], to[KEEPER_TIME_SIZE], *sql = NULL;
    size_t len, last = first + DEVICES_AT_ONCE;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fputs("SELECT device_id, point_id, MIN(value), MAX(value), SUM(value), COUNT(value) "
          "FROM readings FORCE INDEX (PRIMARY) WHERE device_id IN (",
          out);
    for (size_t i = first; i < last && i < sums->ndevices; i++)
        fprintf(out, "%s%" PRIu64, i > first ? ", " : "", sums->devices[i]);
    fprintf(out,
            ") AND ts >= '%s' AND ts < '%s' AND value IS NOT NULL GROUP BY device_id, point_id",
            keeper_time(start_ms, from), keeper_time(start_ms + MINUTE_MS, to));
    fclose(out);
    int rc = add_rollups(sums->minute_rows, job, sql, start_ms, error);
    free(sql);
    return rc;
}

static int roll_back(struct keeper_job *job)
{
    mysql_query(job->conn, "ROLLBACK");
    return -1;
}

static int store_minute(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                        uint64_t readings, struct db_error *error)
{
    char mark[160], state[256], time[KEEPER_TIME_SIZE];
    snprintf(mark, sizeof(mark), "INSERT IGNORE INTO rollup_hours (start) VALUES ('%s')",
             keeper_time(start_ms - start_ms % HOUR_MS, time));
    snprintf(state, sizeof(state),
             "INSERT INTO rollup_minutes (minute, readings) VALUES ('%s', %" PRIu64 ") "
             "ON DUPLICATE KEY UPDATE readings = VALUES(readings)",
             keeper_time(start_ms, time), readings);
    if (db_run(job->conn, "START TRANSACTION", error) != 0 ||
        rowset_insert(sums->minute_rows, job->conn, job->bulk, error) != 0 ||
        db_run(job->conn, mark, error) != 0 || db_run(job->conn, state, error) != 0 ||
        db_run(job->conn, "COMMIT", error) != 0)
        return roll_back(job);
    job->counts.minutes_rolled++;
    return 0;
}

int keeper_sums_minute(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                       uint64_t readings, struct db_error *error)
{
    rowset_clear(sums->minute_rows);
    for (size_t first = 0; first < sums->ndevices; first += DEVICES_AT_ONCE) {
        if (read_minute(sums, job, first, start_ms, error) != 0)
            return -1;
    }
    return store_minute(sums, job, start_ms, readings, error);
}

/* The points of one device by number, so that each is a range of the primary key: by the index of
 * time each of its sixty minutes would be looked up alone. */
static int read_hour(struct keeper_sums *sums, struct keeper_job *job, uint64_t device,
                     const char *points, int64_t start_ms, struct db_error *error)
{
    char from[KEEPER_TIME_SIZE], to[KEEPER_TIME_SIZE];
    char *sql =
        xasprintf("SELECT device_id, point_id, MIN(`min`), MAX(`max`), SUM(`sum`), SUM(`count`) "
                  "FROM readings_minute FORCE INDEX (PRIMARY) WHERE device_id = %" PRIu64
                  " AND point_id IN (%s) AND start >= '%s' AND start < '%s' "
                  "GROUP BY device_id, point_id",
                  device, points, keeper_time(start_ms, from), keeper_time(start_ms + HOUR_MS, to));
    int rc = add_rollups(sums->hour_rows, job, sql, start_ms, error);
    free(sql);
    return rc;
}

/* Which points of which devices have minutes in the hour: a row for each, by device. NULL on an
 * error. */
static MYSQL_RES *points_of_hour(struct keeper_job *job, int64_t start_ms, struct db_error *error)
{
    char sql[320], from[KEEPER_TIME_SIZE], to[KEEPER_TIME_SIZE];
    snprintf(sql, sizeof(sql),
             "SELECT DISTINCT device_id, point_id FROM readings_minute FORCE INDEX (time) "
             "WHERE start >= '%s' AND start < '%s' ORDER BY device_id, point_id",
             keeper_time(start_ms, from), keeper_time(start_ms + HOUR_MS, to));
    return db_query(job->conn, sql, error);
}

static int fill_hour(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                     struct db_error *error)
{
    int rc = 0;
    MYSQL_RES *rows = points_of_hour(job, start_ms, error);
    if (rows == NULL)
        return -1;
    rowset_clear(sums->hour_rows);
    for (MYSQL_ROW row = mysql_fetch_row(rows); rc == 0 && row != NULL;) {
        uint64_t device = number(row[0]);
        char *points = NULL;
        size_t len;
        FILE *out = open_memstream(&points, &len);
        if (out == NULL)
            abort();
        fputs(row[1], out);
        while ((row = mysql_fetch_row(rows)) != NULL && number(row[0]) == device)
            fprintf(out, ", %s", row[1]);
        fclose(out);
        rc = read_hour(sums, job, device, points, start_ms, error);
        free(points);
    }
    mysql_free_result(rows);
    return rc;
}

int keeper_sums_hour(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                     struct db_error *error)
{
    char unmark[160], start[KEEPER_TIME_SIZE];
    snprintf(unmark, sizeof(unmark), "DELETE FROM rollup_hours WHERE start = '%s'",
             keeper_time(start_ms, start));
    if (fill_hour(sums, job, start_ms, error) != 0)
        return -1;
    if (db_run(job->conn, "START TRANSACTION", error) != 0 ||
        rowset_insert(sums->hour_rows, job->conn, job->bulk, error) != 0 ||
        db_run(job->conn, unmark, error) != 0 || db_run(job->conn, "COMMIT", error) != 0)
        return roll_back(job);
    job->counts.hours_rolled++;
    return 0;
}
