#include "collector/store/keeper_rollup.h"

#include "collector/store/rowset.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MINUTE_MS = 60000,
    HOUR_MS = 60 * MINUTE_MS,
    RECENT_MS = 2 * HOUR_MS,
    SETTLE_MS = 3000,      /* what came in a minute is mostly stored so long after its end */
    SLICE_MINUTES = 20000, /* two weeks */
    DEVICES_AT_ONCE = 100,
    TURN_MS = 1000,
};

/* A moment in SQL as milliseconds; UNIX_TIMESTAMP() ends in 2038. */
#define SQL_MS(column) "TIMESTAMPDIFF(SECOND, '1970-01-01', " column ") * 1000"

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

/* A minute whose number of readings is not the one it was rolled up with. */
struct changed {
    int64_t start_ms;
    uint64_t readings;
};

struct keeper_rollup {
    struct rowset *minute_rows, *hour_rows;
    int64_t slice_ms; /* the next slice is before this; 0: start at the newest */
    struct changed *changed;
    size_t nchanged, room;
    size_t done; /* the first so many of them */
    uint64_t *devices;
    size_t ndevices;
};

struct keeper_rollup *keeper_rollup_new(void)
{
    struct keeper_rollup *rollup = xcalloc(1, sizeof(*rollup));
    rollup->minute_rows = rowset_new(&minute_spec);
    rollup->hour_rows = rowset_new(&hour_spec);
    return rollup;
}

void keeper_rollup_free(struct keeper_rollup *rollup)
{
    if (rollup == NULL)
        return;
    rowset_free(rollup->minute_rows);
    rowset_free(rollup->hour_rows);
    free(rollup->changed);
    free(rollup->devices);
    free(rollup);
}

static uint64_t number(const char *cell)
{
    return cell != NULL ? strtoull(cell, NULL, 10) : 0;
}

/* What has changed */

static void add_changed(struct keeper_rollup *rollup, int64_t start_ms, uint64_t readings)
{
    if (rollup->nchanged == rollup->room) {
        rollup->room = rollup->room ? 2 * rollup->room : 64;
        rollup->changed = xreallocarray(rollup->changed, rollup->room, sizeof(*rollup->changed));
    }
    rollup->changed[rollup->nchanged++] = (struct changed){start_ms, readings};
}

/* Add the changed minutes from ${from_ms} to before ${to_ms}, the newest first. What a wrong clock
 * wrote into the future is not waited for. */
static int find_changed(struct keeper_rollup *rollup, struct keeper_job *job, int64_t from_ms,
                        int64_t to_ms, struct db_error *error)
{
    char sql[640], from[KEEPER_TIME_SIZE], to[KEEPER_TIME_SIZE];
    int64_t over_ms = job->now_ms - MINUTE_MS - SETTLE_MS;
    snprintf(sql, sizeof(sql),
             "SELECT " SQL_MS(
                 "t.minute") ", t.readings FROM traffic_minutes t "
                             "LEFT JOIN rollup_minutes r ON r.minute = t.minute "
                             "WHERE t.minute >= '%s' AND t.minute < '%s' "
                             "AND t.readings <> IFNULL(r.readings, 0) ORDER BY t.minute DESC",
             keeper_time(from_ms, from), keeper_time(to_ms, to));
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        int64_t start_ms = strtoll(row[0], NULL, 10);
        if (start_ms <= over_ms || start_ms > job->now_ms + RECENT_MS)
            add_changed(rollup, start_ms, number(row[1]));
    }
    mysql_free_result(rows);
    return 0;
}

/* Where a slice that ends at ${to_ms} begins; 0: there is nothing before. */
static int slice_start(struct keeper_job *job, int64_t to_ms, int64_t *from_ms,
                       struct db_error *error)
{
    char sql[320], to[KEEPER_TIME_SIZE];
    snprintf(sql, sizeof(sql),
             "SELECT " SQL_MS(
                 "MIN(minute)") " FROM (SELECT minute FROM traffic_minutes "
                                "WHERE minute < '%s' ORDER BY minute DESC LIMIT %d) AS slice",
             keeper_time(to_ms, to), SLICE_MINUTES);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    *from_ms = row[0] != NULL ? strtoll(row[0], NULL, 10) : 0;
    mysql_free_result(rows);
    return 0;
}

static int look(struct keeper_rollup *rollup, struct keeper_job *job, struct db_error *error)
{
    static const int64_t end_ms = 253402300799000; /* the year 9999 */
    int64_t recent_ms = job->now_ms - job->now_ms % MINUTE_MS - RECENT_MS, from_ms;
    rollup->nchanged = rollup->done = 0;
    if (find_changed(rollup, job, recent_ms, end_ms, error) != 0)
        return -1;
    if (rollup->slice_ms == 0 || rollup->slice_ms > recent_ms)
        rollup->slice_ms = recent_ms;
    if (slice_start(job, rollup->slice_ms, &from_ms, error) != 0)
        return -1;
    size_t before = rollup->nchanged;
    if (from_ms != 0 && find_changed(rollup, job, from_ms, rollup->slice_ms, error) != 0)
        return -1;
    if (rollup->nchanged == before)
        rollup->slice_ms = from_ms; /* nothing to do here: on with the next */
    return 0;
}

/* Numbers of all devices: which of them have readings in a minute, their index tells soonest. */
static int read_devices(struct keeper_rollup *rollup, struct keeper_job *job,
                        struct db_error *error)
{
    MYSQL_RES *rows = db_query(job->conn, "SELECT id FROM devices ORDER BY id", error);
    if (rows == NULL)
        return -1;
    rollup->ndevices = 0;
    rollup->devices =
        xreallocarray(rollup->devices, mysql_num_rows(rows) + 1, sizeof(*rollup->devices));
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        rollup->devices[rollup->ndevices++] = number(row[0]);
    mysql_free_result(rows);
    return 0;
}

/* From rows to rows */

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
static int read_minute(struct keeper_rollup *rollup, struct keeper_job *job, size_t first,
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
    for (size_t i = first; i < last && i < rollup->ndevices; i++)
        fprintf(out, "%s%" PRIu64, i > first ? ", " : "", rollup->devices[i]);
    fprintf(out,
            ") AND ts >= '%s' AND ts < '%s' AND value IS NOT NULL GROUP BY device_id, point_id",
            keeper_time(start_ms, from), keeper_time(start_ms + MINUTE_MS, to));
    fclose(out);
    int rc = add_rollups(rollup->minute_rows, job, sql, start_ms, error);
    free(sql);
    return rc;
}

static int roll_back(struct keeper_job *job)
{
    mysql_query(job->conn, "ROLLBACK");
    return -1;
}

static int store_minute(struct keeper_rollup *rollup, struct keeper_job *job,
                        const struct changed *minute, struct db_error *error)
{
    char mark[160], state[256], time[KEEPER_TIME_SIZE];
    snprintf(mark, sizeof(mark), "INSERT IGNORE INTO rollup_hours (start) VALUES ('%s')",
             keeper_time(minute->start_ms - minute->start_ms % HOUR_MS, time));
    snprintf(state, sizeof(state),
             "INSERT INTO rollup_minutes (minute, readings) VALUES ('%s', %" PRIu64 ") "
             "ON DUPLICATE KEY UPDATE readings = VALUES(readings)",
             keeper_time(minute->start_ms, time), minute->readings);
    if (db_run(job->conn, "START TRANSACTION", error) != 0 ||
        rowset_insert(rollup->minute_rows, job->conn, job->bulk, error) != 0 ||
        db_run(job->conn, mark, error) != 0 || db_run(job->conn, state, error) != 0 ||
        db_run(job->conn, "COMMIT", error) != 0)
        return roll_back(job);
    job->counts.minutes_rolled++;
    return 0;
}

static int roll_minute(struct keeper_rollup *rollup, struct keeper_job *job,
                       const struct changed *minute, struct db_error *error)
{
    rowset_clear(rollup->minute_rows);
    for (size_t first = 0; first < rollup->ndevices; first += DEVICES_AT_ONCE) {
        if (read_minute(rollup, job, first, minute->start_ms, error) != 0)
            return -1;
    }
    return store_minute(rollup, job, minute, error);
}

/* The points of one device by number, so that each is a range of the primary key: by the index of
 * time each of its sixty minutes would be looked up alone. */
static int read_hour(struct keeper_rollup *rollup, struct keeper_job *job, uint64_t device,
                     const char *points, int64_t start_ms, struct db_error *error)
{
    char from[KEEPER_TIME_SIZE], to[KEEPER_TIME_SIZE];
    char *sql =
        xasprintf("SELECT device_id, point_id, MIN(`min`), MAX(`max`), SUM(`sum`), SUM(`count`) "
                  "FROM readings_minute FORCE INDEX (PRIMARY) WHERE device_id = %" PRIu64
                  " AND point_id IN (%s) AND start >= '%s' AND start < '%s' "
                  "GROUP BY device_id, point_id",
                  device, points, keeper_time(start_ms, from), keeper_time(start_ms + HOUR_MS, to));
    int rc = add_rollups(rollup->hour_rows, job, sql, start_ms, error);
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

static int fill_hour(struct keeper_rollup *rollup, struct keeper_job *job, int64_t start_ms,
                     struct db_error *error)
{
    int rc = 0;
    MYSQL_RES *rows = points_of_hour(job, start_ms, error);
    if (rows == NULL)
        return -1;
    rowset_clear(rollup->hour_rows);
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
        rc = read_hour(rollup, job, device, points, start_ms, error);
        free(points);
    }
    mysql_free_result(rows);
    return rc;
}

static int roll_hour(struct keeper_rollup *rollup, struct keeper_job *job, int64_t start_ms,
                     struct db_error *error)
{
    char unmark[160], start[KEEPER_TIME_SIZE];
    snprintf(unmark, sizeof(unmark), "DELETE FROM rollup_hours WHERE start = '%s'",
             keeper_time(start_ms, start));
    if (fill_hour(rollup, job, start_ms, error) != 0)
        return -1;
    if (db_run(job->conn, "START TRANSACTION", error) != 0 ||
        rowset_insert(rollup->hour_rows, job->conn, job->bulk, error) != 0 ||
        db_run(job->conn, unmark, error) != 0 || db_run(job->conn, "COMMIT", error) != 0)
        return roll_back(job);
    job->counts.hours_rolled++;
    return 0;
}

/* One look */

static int roll_minutes(struct keeper_rollup *rollup, struct keeper_job *job, int64_t until_ms,
                        struct db_error *error)
{
    int rc = 0;
    if (rollup->nchanged > 0)
        rc = read_devices(rollup, job, error);
    bool go_on = rc == 0;
    while (go_on && rollup->done < rollup->nchanged && clock_mono_ms() < until_ms &&
           job->pause(job->cookie, 0)) {
        if (roll_minute(rollup, job, &rollup->changed[rollup->done++], error) != 0) {
            rc = -1;
            go_on = !db_connection_lost(error->code); /* one must not hold up those behind it */
        }
    }
    return rc;
}

/* More of its minutes are about to come. */
static bool is_waiting(const struct keeper_rollup *rollup, int64_t hour_ms)
{
    for (size_t i = rollup->done; i < rollup->nchanged; i++) {
        int64_t start_ms = rollup->changed[i].start_ms;
        if (start_ms - start_ms % HOUR_MS == hour_ms)
            return true;
    }
    return false;
}

static int roll_hours(struct keeper_rollup *rollup, struct keeper_job *job, int64_t until_ms,
                      struct db_error *error)
{
    int rc = 0;
    int64_t over_ms = job->now_ms - HOUR_MS - SETTLE_MS;
    MYSQL_RES *rows = db_query(
        job->conn, "SELECT " SQL_MS("start") " FROM rollup_hours ORDER BY start DESC", error);
    if (rows == NULL)
        return -1;
    for (MYSQL_ROW row; rc == 0 && (row = mysql_fetch_row(rows)) != NULL;) {
        int64_t start_ms = strtoll(row[0], NULL, 10);
        bool over = start_ms <= over_ms || start_ms > job->now_ms + RECENT_MS;
        if (clock_mono_ms() >= until_ms || !job->pause(job->cookie, 0))
            break;
        if (over && !is_waiting(rollup, start_ms))
            rc = roll_hour(rollup, job, start_ms, error);
    }
    mysql_free_result(rows);
    return rc;
}

int keeper_rollup(struct keeper_rollup *rollup, struct keeper_job *job, struct db_error *error)
{
    int64_t until_ms = clock_mono_ms() + TURN_MS;
    if (look(rollup, job, error) != 0)
        return -1;
    int rc = roll_minutes(rollup, job, until_ms, error);
    job->counts.minutes_waiting = rollup->nchanged - rollup->done;
    if (rc == 0)
        rc = roll_hours(rollup, job, until_ms + TURN_MS, error);
    return rc;
}
