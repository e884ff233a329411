#include "collector/store/keeper_move.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAST_MONTHS = 36, /* what is older shares a partition */
    PIECE_ROWS = 2000,
    TRANSACTION_ROWS = 8000,
    TRANSACTION_MS = 200,
    PAUSE_MS = 10,
    TURN_MS = 1000,
    LATE_MS = 600000,      /* a reading comes this late at the most, or is found by the last pass */
    SHORT_PASS_MS = 15000, /* what readers may miss for a moment at the change of names */
    TURNS_MAX = 8,         /* a server that is never that quick shall come to an end, too */
    COMPLAIN_AGAIN_MS = 3600000,
};

#define DAY_MS 86400000LL

static const char *const phase_names[] = {
    [MOVE_NONE] = "",     [MOVE_COPY] = "copy",   [MOVE_FOLLOW] = "follow",
    [MOVE_REST] = "rest", [MOVE_CHECK] = "check",
};

static uint64_t number(const char *cell)
{
    return cell != NULL ? strtoull(cell, NULL, 10) : 0;
}

/* Whether the query finds a row; -1 on an error. */
static int finds(struct keeper_job *job, const char *sql, struct db_error *error)
{
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    int found = mysql_num_rows(rows) > 0;
    mysql_free_result(rows);
    return found;
}

static int has_table(struct keeper_job *job, const char *name, const char *tail,
                     struct db_error *error)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT 1 FROM information_schema.TABLES "
             "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '%s%s'",
             name, tail);
    return finds(job, sql, error);
}

/* What is written down */

static int read_row(struct keeper_job *job, struct move *move, struct db_error *error)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT phase, turn, since, started, device, key1, key2 FROM partition_moves "
             "WHERE name = '%s'",
             move->table->name);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    for (int i = MOVE_COPY; row != NULL && i <= MOVE_CHECK; i++) {
        if (strcmp(row[0], phase_names[i]) == 0)
            move->phase = i;
    }
    if (row != NULL) {
        move->turn = (unsigned)number(row[1]);
        plan_bound(row[2], &move->since_ms);
        plan_bound(row[3], &move->started_ms);
        move->device = number(row[4]);
        snprintf(move->key1, sizeof(move->key1), "%s", row[5]);
        snprintf(move->key2, sizeof(move->key2), "%s", row[6]);
    }
    mysql_free_result(rows);
    return 0;
}

static int write_row(struct keeper_job *job, const struct move *move, struct db_error *error)
{
    char sql[512], since[KEEPER_TIME_SIZE], started[KEEPER_TIME_SIZE];
    snprintf(sql, sizeof(sql),
             "REPLACE INTO partition_moves (name, phase, turn, since, started, device, key1, key2) "
             "VALUES ('%s', '%s', %u, '%s', '%s', %" PRIu64 ", '%s', '%s')",
             move->table->name, phase_names[move->phase], move->turn,
             keeper_time(move->since_ms, since), keeper_time(move->started_ms, started),
             move->device, move->key1, move->key2);
    return db_run(job->conn, sql, error);
}

static int forget(struct keeper_job *job, struct move *move, struct db_error *error)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "DELETE FROM partition_moves WHERE name = '%s'", move->table->name);
    move->phase = MOVE_NONE;
    return db_run(job->conn, sql, error);
}

/* What retention is about to take need not be copied. */
static int64_t first_kept(const struct keeper_job *job, const struct partitioned_table *table)
{
    uint32_t days = keeper_days(job, table);
    return days == 0 ? 0 : job->now_ms - days * DAY_MS;
}

/* A pass over what is not older than ${since_ms}. */
static int begin_pass(struct keeper_job *job, struct move *move, enum move_phase phase,
                      int64_t since_ms, struct db_error *error)
{
    int64_t kept_ms = first_kept(job, move->table);
    move->phase = phase;
    move->since_ms = since_ms < kept_ms ? kept_ms : since_ms;
    move->started_ms = job->now_ms;
    move->device = 0;
    move->key1[0] = move->key2[0] = '\0';
    return write_row(job, move, error);
}

int move_read(struct keeper_job *job, const struct partitioned_table *table, struct move *move,
              struct db_error *error)
{
    *move = (struct move){.table = table};
    if (read_row(job, move, error) != 0)
        return -1;
    if (move->phase == MOVE_NONE)
        return 0;
    int uncut = has_table(job, table->name, "_uncut", error);
    int cut = uncut < 0 ? -1 : has_table(job, table->name, "_cut", error);
    if (cut < 0)
        return -1;
    if (uncut > 0 && !move_is_swapped(move->phase))
        return begin_pass(job, move, MOVE_REST, move->started_ms - LATE_MS, error);
    if (uncut == 0 && (move_is_swapped(move->phase) || cut == 0))
        return forget(job, move, error); /* it is over, or somebody took the copy away */
    return 0;
}

/* The beginning */

static char *cut_statement(struct keeper_job *job, const struct partitioned_table *table)
{
    char *sql = NULL;
    size_t len, n;
    int64_t bounds_ms[PAST_MONTHS + PLAN_AHEAD_MAX + 2];
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fprintf(out, "ALTER TABLE %s_cut PARTITION BY RANGE COLUMNS (%s) (", table->name, table->time);
    n = plan_past(PAST_MONTHS, job->now_ms, bounds_ms);
    int64_t bound_ms = job->now_ms;
    for (unsigned i = 0; i <= table->ahead; i++)
        bounds_ms[n++] = bound_ms = plan_next(table->unit, bound_ms);
    for (size_t i = 0; i < n; i++) {
        char name[PARTITION_NAME_SIZE], time[KEEPER_TIME_SIZE];
        bool past = bounds_ms[i] <= job->now_ms;
        plan_name(past ? PARTITION_MONTH : table->unit, bounds_ms[i], name);
        fprintf(out, "PARTITION %s VALUES LESS THAN ('%s'), ", name,
                keeper_time(bounds_ms[i], time));
    }
    fputs("PARTITION pmax VALUES LESS THAN (MAXVALUE))", out);
    fclose(out);
    return sql;
}

static int make_cut(struct keeper_job *job, const struct partitioned_table *table,
                    struct db_error *error)
{
    char drop[128], create[192], *cut = cut_statement(job, table);
    snprintf(drop, sizeof(drop), "DROP TABLE IF EXISTS %s_cut", table->name);
    snprintf(create, sizeof(create), "CREATE TABLE %s_cut LIKE %s", table->name, table->name);
    int rc = 0;
    if (db_run(job->conn, drop, error) != 0 || db_run(job->conn, create, error) != 0 ||
        db_run(job->conn, cut, error) != 0)
        rc = -1;
    free(cut);
    return rc;
}

int move_begin(struct keeper_job *job, const struct partitioned_table *table,
               struct db_error *error)
{
    static struct log_limit limit = LOG_LIMIT(2, COMPLAIN_AGAIN_MS);
    struct move move = {.table = table};
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT 1 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() "
             "AND EVENT_OBJECT_TABLE = '%s' LIMIT 1",
             table->name);
    int triggers = finds(job, sql, error);
    if (triggers < 0)
        return -1;
    if (triggers > 0) {
        log_at_limit(&limit, LOGL_WARN, "keeper", NULL,
                     "%s lacks partitions and has triggers, which a copy would not have: it is "
                     "left, and retention does not reach its rows",
                     table->name);
        return 0;
    }
    if (make_cut(job, table, error) != 0 || begin_pass(job, &move, MOVE_COPY, 0, error) != 0)
        return -1;
    log_info("keeper", NULL,
             "%s lacks partitions and holds many rows: they are copied into %s_cut, which then "
             "takes its name; that takes their room on the disk once more for a while",
             table->name, table->name);
    return 1;
}

/* Copying */

/* What is left of the present device, as a condition. */
static void print_left(FILE *out, const struct move *move)
{
    const char *k1 = move->table->key[0], *k2 = move->table->key[1];
    char since[KEEPER_TIME_SIZE];
    fprintf(out, "device_id = %" PRIu64 " AND %s >= '%s'", move->device, move->table->time,
            keeper_time(move->since_ms, since));
    if (move->key1[0] != '\0')
        fprintf(out, " AND %s >= '%s' AND (%s > '%s' OR %s > '%s')", k1, move->key1, k1, move->key1,
                k2, move->key2);
}

static const char *source_tail(const struct move *move)
{
    return move_is_swapped(move->phase) ? "_uncut" : "";
}

/* The last key of the next piece of this device into ${end}, "" where the device ends in it. */
static int find_end(struct keeper_job *job, const struct move *move, char end[2][32],
                    struct db_error *error)
{
    const struct partitioned_table *table = move->table;
    char *sql = NULL;
    size_t len;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fprintf(out, "SELECT %s, %s FROM %s%s FORCE INDEX (PRIMARY) WHERE ", table->key[0],
            table->key[1], table->name, source_tail(move));
    print_left(out, move);
    fprintf(out, " ORDER BY %s, %s LIMIT %d, 1", table->key[0], table->key[1], PIECE_ROWS - 1);
    fclose(out);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    free(sql);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    for (int i = 0; i < 2; i++)
        snprintf(end[i], 32, "%s", row != NULL ? row[i] : "");
    mysql_free_result(rows);
    return 0;
}

/* Not INSERT IGNORE, which would leave out rows without an error. */
static int copy_until(struct keeper_job *job, const struct move *move, char end[2][32],
                      struct db_error *error)
{
    const struct partitioned_table *table = move->table;
    const char *k1 = table->key[0], *k2 = table->key[1], *to = source_tail(move)[0] ? "" : "_cut";
    char *sql = NULL;
    size_t len;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fprintf(out, "INSERT INTO %s%s SELECT * FROM %s%s FORCE INDEX (PRIMARY) WHERE ", table->name,
            to, table->name, source_tail(move));
    print_left(out, move);
    if (end[0][0] != '\0')
        fprintf(out, " AND %s <= '%s' AND (%s < '%s' OR %s <= '%s')", k1, end[0], k1, end[0], k2,
                end[1]);
    fprintf(out, " ON DUPLICATE KEY UPDATE device_id = %s%s.device_id", table->name, to);
    fclose(out);
    int rc = db_run(job->conn, sql, error);
    free(sql);
    if (rc == 0)
        job->counts.rows_moved += mysql_affected_rows(job->conn);
    return rc;
}

/* 1 where there is another device, 0 where not, or -1. */
static int next_device(struct keeper_job *job, struct move *move, struct db_error *error)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT MIN(device_id) FROM %s%s WHERE device_id > %" PRIu64,
             move->table->name, source_tail(move), move->device);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    int found = row != NULL && row[0] != NULL;
    if (found)
        move->device = number(row[0]);
    mysql_free_result(rows);
    return found;
}

/* Some pieces; 1 where more is left of the pass, 0 where not, or -1. Without a key the device is
 * done. */
static int copy_pieces(struct keeper_job *job, struct move *move, struct db_error *error)
{
    int64_t until_ms = clock_mono_ms() + TRANSACTION_MS;
    bool between = move->key1[0] == '\0';
    for (unsigned rows = 0; rows < TRANSACTION_ROWS && clock_mono_ms() < until_ms;) {
        char end[2][32];
        int found = between ? next_device(job, move, error) : 1;
        if (found <= 0)
            return found;
        if (find_end(job, move, end, error) != 0 || copy_until(job, move, end, error) != 0)
            return -1;
        memcpy(move->key1, end[0], sizeof(move->key1));
        memcpy(move->key2, end[1], sizeof(move->key2));
        between = end[0][0] == '\0';
        rows += between ? 0 : PIECE_ROWS;
    }
    return 1;
}

/* The same in a transaction, with where it ended. The rows that are read are not locked against the
 * writers (READ COMMITTED). */
static int copy_some(struct keeper_job *job, struct move *move, struct db_error *error)
{
    struct move before = *move;
    int rc = -1;
    if (db_run(job->conn, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", error) == 0 &&
        db_run(job->conn, "START TRANSACTION", error) == 0 &&
        (rc = copy_pieces(job, move, error)) >= 0 && write_row(job, move, error) == 0 &&
        db_run(job->conn, "COMMIT", error) == 0)
        return rc;
    mysql_query(job->conn, "ROLLBACK");
    *move = before;
    return -1;
}

/* From phase to phase */

static int swap(struct keeper_job *job, struct move *move, struct db_error *error)
{
    const char *name = move->table->name;
    char sql[256];
    snprintf(sql, sizeof(sql), "RENAME TABLE %s TO %s_uncut, %s_cut TO %s", name, name, name, name);
    if (db_run(job->conn, sql, error) != 0)
        return -1;
    log_info("keeper", NULL, "%s_cut has become %s; what came meanwhile follows", name, name);
    return begin_pass(job, move, MOVE_REST, move->started_ms - LATE_MS, error);
}

static int finish(struct keeper_job *job, struct move *move, struct db_error *error)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "DROP TABLE %s_uncut", move->table->name);
    if (db_run(job->conn, sql, error) != 0)
        return -1;
    log_info("keeper", NULL, "all rows of %s are in partitions now", move->table->name);
    return forget(job, move, error);
}

static int pass_is_over(struct keeper_job *job, struct move *move, struct db_error *error)
{
    int64_t next_ms = move->started_ms - LATE_MS;
    switch (move->phase) {
    case MOVE_FOLLOW:
        move->turn++;
        if (job->now_ms - move->started_ms <= SHORT_PASS_MS || move->turn >= TURNS_MAX)
            return swap(job, move, error);
        return begin_pass(job, move, MOVE_FOLLOW, next_ms, error);
    case MOVE_COPY:
        return begin_pass(job, move, MOVE_FOLLOW, next_ms, error);
    case MOVE_REST:
        return begin_pass(job, move, MOVE_CHECK, 0, error);
    case MOVE_CHECK:
        return finish(job, move, error);
    case MOVE_NONE:
        break;
    }
    return 0;
}

int move_work(struct keeper_job *job, struct move *move, struct db_error *error)
{
    int64_t until_ms = clock_mono_ms() + TURN_MS;
    while (clock_mono_ms() < until_ms) {
        int rc = copy_some(job, move, error);
        if (rc == 0)
            return pass_is_over(job, move, error) != 0 ? -1 : move->phase != MOVE_NONE;
        if (rc < 0 || !job->pause(job->cookie, PAUSE_MS))
            return rc;
    }
    return 1;
}
