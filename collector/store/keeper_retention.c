#include "collector/store/keeper_retention.h"

#include "collector/store/keeper_partitions.h"
#include "collector/store/keeper_sums.h"
#include "shared/base/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE_ROWS = 5000, PAUSE_MS = 20, TURN_MS = 1000 };

#define DAY_MS 86400000LL
#define DAYS(key) offsetof(struct retention_section, key)

const struct retained_table retained_tables[] = {
    {"raw_packets", DAYS(raw_packets), NULL},
    {"heartbeat_log", DAYS(heartbeat_log), NULL},
    {"connection_history", DAYS(connection_history), NULL},
    {"events", DAYS(events), NULL},
    {"write_log", DAYS(write_log), NULL},
    {"rejected_records", DAYS(rejected_records), NULL},
    {"webhook_deliveries", DAYS(webhook_deliveries), "status <> 'pending'"},
    {"webhook_tries", DAYS(webhook_deliveries), NULL},
};
const size_t retained_tables_count = sizeof(retained_tables) / sizeof(*retained_tables);

/* Some rows next to each other in the primary key. */
struct piece {
    uint64_t last_id; /* 0: there are no rows */
    uint64_t old, past;
};

static uint64_t number(const char *cell)
{
    return cell != NULL ? strtoull(cell, NULL, 10) : 0;
}

static int look(struct keeper_job *job, const char *table, uint64_t after_id, const char *cut,
                struct piece *piece, struct db_error *error)
{
    char sql[512], now[KEEPER_TIME_SIZE];
    snprintf(sql, sizeof(sql),
             "SELECT MAX(id), SUM(`timestamp` < '%s'), SUM(`timestamp` <= '%s') FROM "
             "(SELECT id, `timestamp` FROM %s WHERE id > %llu ORDER BY id LIMIT %d) AS piece",
             cut, keeper_time(job->now_ms, now), table, (unsigned long long)after_id, PIECE_ROWS);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    *piece = (struct piece){number(row[0]), number(row[1]), number(row[2])};
    mysql_free_result(rows);
    return 0;
}

static int delete_piece(struct keeper_job *job, const struct retained_table *table,
                        uint64_t after_id, const char *cut, const struct piece *piece,
                        struct db_error *error)
{
    char sql[320];
    snprintf(sql, sizeof(sql),
             "DELETE FROM %s WHERE id > %llu AND id <= %llu AND `timestamp` < '%s' AND %s",
             table->name, (unsigned long long)after_id, (unsigned long long)piece->last_id, cut,
             table->only != NULL ? table->only : "TRUE");
    if (db_run(job->conn, sql, error) != 0)
        return -1;
    job->counts.rows_deleted += mysql_affected_rows(job->conn);
    return 0;
}

int keeper_retention(struct keeper_job *job, const struct retained_table *table,
                     struct db_error *error)
{
    uint32_t days = *(const uint32_t *)((const char *)&job->retention + table->days);
    int64_t until_ms = clock_mono_ms() + TURN_MS;
    char cut[KEEPER_TIME_SIZE];
    uint64_t after_id = 0;
    struct piece piece;
    if (days == 0)
        return 0;
    keeper_time(job->now_ms - days * DAY_MS, cut);
    for (;;) {
        if (look(job, table->name, after_id, cut, &piece, error) != 0)
            return -1;
        /* Rows from the future, which a wrong clock wrote, tell nothing about those behind them. */
        if (piece.last_id == 0 || (piece.old == 0 && piece.past > 0))
            return 0;
        if (piece.old > 0 && delete_piece(job, table, after_id, cut, &piece, error) != 0)
            return -1;
        after_id = piece.last_id;
        if (clock_mono_ms() >= until_ms || !job->pause(job->cookie, PAUSE_MS))
            return 1;
    }
}

/* Alarms */

/* When the last of some alarms cleared that go, or "" where none does. */
static int alarms_piece(struct keeper_job *job, const char *cut, char last[KEEPER_TIME_SIZE],
                        struct db_error *error)
{
    char sql[320];
    snprintf(sql, sizeof(sql),
             "SELECT MAX(cleared) FROM (SELECT cleared FROM alarms WHERE cleared < '%s' "
             "ORDER BY cleared LIMIT %d) AS piece",
             cut, PIECE_ROWS);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    snprintf(last, KEEPER_TIME_SIZE, "%s", row[0] != NULL ? row[0] : "");
    mysql_free_result(rows);
    return 0;
}

int keeper_retention_alarms(struct keeper_job *job, struct db_error *error)
{
    int64_t until_ms = clock_mono_ms() + TURN_MS;
    char cut[KEEPER_TIME_SIZE], last[KEEPER_TIME_SIZE], sql[160];
    if (job->retention.alarms == 0)
        return 0;
    keeper_time(job->now_ms - job->retention.alarms * DAY_MS, cut);
    for (;;) {
        if (alarms_piece(job, cut, last, error) != 0)
            return -1;
        if (last[0] == '\0')
            return 0;
        snprintf(sql, sizeof(sql), "DELETE FROM alarms WHERE cleared <= '%s' AND state = 'cleared'",
                 last);
        if (db_run(job->conn, sql, error) != 0)
            return -1;
        if (mysql_affected_rows(job->conn) == 0)
            return 0;
        job->counts.rows_deleted += mysql_affected_rows(job->conn);
        if (clock_mono_ms() >= until_ms || !job->pause(job->cookie, PAUSE_MS))
            return 1;
    }
}

/* The counts of minutes */

/* The first readings that are left; INT64_MAX: there are none. The first partition that has rows
 * tells, and in it the first row of each device, which the primary key finds. */
static int oldest_reading(struct keeper_job *job, int64_t *oldest_ms, struct db_error *error)
{
    char sql[320];
    size_t n;
    int rc = 0;
    struct partition *parts = keeper_read_partitions(job, "readings", &n, error);
    *oldest_ms = INT64_MAX;
    if (parts == NULL)
        return -1;
    for (size_t i = 0; rc == 0 && i < n && *oldest_ms == INT64_MAX; i++) {
        snprintf(sql, sizeof(sql),
                 "SELECT MIN((SELECT ts FROM readings PARTITION (%s) AS r FORCE INDEX (PRIMARY) "
                 "WHERE r.device_id = d.id ORDER BY ts LIMIT 1)) FROM devices d",
                 parts[i].name);
        MYSQL_RES *rows = db_query(job->conn, sql, error);
        MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;
        rc = rows != NULL ? 0 : -1;
        if (row != NULL && row[0] != NULL)
            rc = plan_bound(row[0], oldest_ms);
        mysql_free_result(rows);
    }
    free(parts);
    return rc;
}

/* The last minute of a piece that goes, or "" where nothing does. */
static int minutes_piece(struct keeper_job *job, int64_t cut_ms, char last[KEEPER_TIME_SIZE],
                         struct db_error *error)
{
    char sql[320], cut[KEEPER_TIME_SIZE];
    snprintf(sql, sizeof(sql),
             "SELECT MAX(minute) FROM (SELECT minute FROM traffic_minutes WHERE minute < '%s' "
             "ORDER BY minute LIMIT %d) AS piece",
             keeper_time(cut_ms, cut), PIECE_ROWS);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    snprintf(last, KEEPER_TIME_SIZE, "%s", row[0] != NULL ? row[0] : "");
    mysql_free_result(rows);
    return 0;
}

static int delete_until(struct keeper_job *job, const char *table, const char *last,
                        struct db_error *error)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE minute <= '%s'", table, last);
    if (db_run(job->conn, sql, error) != 0)
        return -1;
    return (int)mysql_affected_rows(job->conn);
}

/* Together, so that a late reading of such a minute meets neither the one nor the other. A reading
 * that was stored just before is seen once its minute is locked: then 0, and nothing goes. */
static int delete_minutes(struct keeper_job *job, const char *last, int64_t cut_ms,
                          struct db_error *error)
{
    int rolled = -1, counted = -1;
    int64_t oldest_ms = 0;
    if (db_run(job->conn, "START TRANSACTION", error) == 0 &&
        (rolled = delete_until(job, "rollup_minutes", last, error)) >= 0 &&
        (counted = delete_until(job, "traffic_minutes", last, error)) >= 0 &&
        oldest_reading(job, &oldest_ms, error) == 0 && oldest_ms >= cut_ms &&
        db_run(job->conn, "COMMIT", error) == 0) {
        job->counts.rows_deleted += (uint64_t)rolled + (uint64_t)counted;
        return 1;
    }
    mysql_query(job->conn, "ROLLBACK");
    return error->code != 0 ? -1 : 0;
}

int keeper_retention_minutes(struct keeper_job *job, struct db_error *error)
{
    int64_t until_ms = clock_mono_ms() + TURN_MS, oldest_ms;
    int64_t cut_ms = job->now_ms - job->retention.traffic_minutes * DAY_MS;
    char last[KEEPER_TIME_SIZE];
    if (job->retention.traffic_minutes == 0)
        return 0;
    if (minutes_piece(job, cut_ms - HOUR_MS, last, error) != 0) /* an hour's worth at least */
        return -1;
    if (last[0] == '\0')
        return 0;
    if (oldest_reading(job, &oldest_ms, error) != 0)
        return -1;
    if (oldest_ms < cut_ms)
        cut_ms = oldest_ms - oldest_ms % MINUTE_MS;
    for (;;) {
        if (minutes_piece(job, cut_ms, last, error) != 0)
            return -1;
        if (last[0] == '\0')
            return 0;
        int rc = delete_minutes(job, last, cut_ms, error);
        if (rc <= 0)
            return rc;
        if (clock_mono_ms() >= until_ms || !job->pause(job->cookie, PAUSE_MS))
            return 1;
    }
}
