#include "collector/store/keeper_rollup.h"

#include "collector/store/keeper_sums.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    RECENT_MS = 2 * HOUR_MS,
    SETTLE_MS = 3000,      /* what came in a minute is mostly stored so long after its end */
    SLICE_MINUTES = 20000, /* two weeks */
    TURN_MS = 1000,
};

/* A moment in SQL as milliseconds; UNIX_TIMESTAMP() ends in 2038. */
#define SQL_MS(column) "TIMESTAMPDIFF(SECOND, '1970-01-01', " column ") * 1000"

/* A minute whose number of readings is not the one it was rolled up with. */
struct changed {
    int64_t start_ms;
    uint64_t readings;
};

struct keeper_rollup {
    struct keeper_sums *sums;
    int64_t slice_ms; /* the next slice is before this; 0: start at the newest */
    struct changed *changed;
    size_t nchanged, room;
    size_t done; /* the first so many of them */
};

struct keeper_rollup *keeper_rollup_new(void)
{
    struct keeper_rollup *rollup = xcalloc(1, sizeof(*rollup));
    rollup->sums = keeper_sums_new();
    return rollup;
}

void keeper_rollup_free(struct keeper_rollup *rollup)
{
    if (rollup == NULL)
        return;
    keeper_sums_free(rollup->sums);
    free(rollup->changed);
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
                 "t.minute") ", t.readings FROM "
                             "(SELECT minute, SUM(readings) AS readings FROM traffic_minutes "
                             "WHERE minute >= '%s' AND minute < '%s' GROUP BY minute) AS t "
                             "LEFT JOIN rollup_minutes r ON r.minute = t.minute "
                             "WHERE t.readings <> IFNULL(r.readings, 0) ORDER BY t.minute DESC",
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
                 "MIN(minute)") " FROM (SELECT DISTINCT minute FROM traffic_minutes "
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

/* One look */

static int roll_minutes(struct keeper_rollup *rollup, struct keeper_job *job, int64_t until_ms,
                        struct db_error *error)
{
    int rc = 0;
    if (rollup->nchanged > 0)
        rc = keeper_sums_devices(rollup->sums, job, error);
    bool go_on = rc == 0;
    while (go_on && rollup->done < rollup->nchanged && clock_mono_ms() < until_ms &&
           job->pause(job->cookie, 0)) {
        const struct changed *minute = &rollup->changed[rollup->done++];
        if (keeper_sums_minute(rollup->sums, job, minute->start_ms, minute->readings, error) != 0) {
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
            rc = keeper_sums_hour(rollup->sums, job, start_ms, error);
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
