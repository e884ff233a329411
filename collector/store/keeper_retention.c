#include "collector/store/keeper_retention.h"

#include "shared/base/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE_ROWS = 5000, PAUSE_MS = 20, TURN_MS = 1000 };

#define DAY_MS 86400000LL
#define DAYS(key) offsetof(struct retention_section, key)

const struct retained_table retained_tables[] = {
    {"raw_packets", DAYS(raw_packets)},
    {"heartbeat_log", DAYS(heartbeat_log)},
    {"connection_history", DAYS(connection_history)},
    {"events", DAYS(events)},
    {"write_log", DAYS(write_log)},
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

static int delete_piece(struct keeper_job *job, const char *table, uint64_t after_id,
                        const char *cut, const struct piece *piece, struct db_error *error)
{
    char sql[320];
    snprintf(sql, sizeof(sql),
             "DELETE FROM %s WHERE id > %llu AND id <= %llu AND `timestamp` < '%s'", table,
             (unsigned long long)after_id, (unsigned long long)piece->last_id, cut);
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
        if (piece.old > 0 && delete_piece(job, table->name, after_id, cut, &piece, error) != 0)
            return -1;
        after_id = piece.last_id;
        if (clock_mono_ms() >= until_ms || !job->pause(job->cookie, PAUSE_MS))
            return 1;
    }
}
