/*
 * The bare loop that the collector is measured against: one connection inserts rows of readings by
 * MariaDB's bulk execution, 20,000 a statement and a transaction, into a table of the same
 * definition, in the order in which the collector stores them (time, device, point).
 *
 *   bulk_insert SOCKET USER PASSWORD DATABASE TABLE DEVICES POINTS SECONDS
 *
 * Prints: rows seconds cpu_seconds
 */
#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 20000, COLUMNS = 5, STEP_MS = 200 };

struct load {
    unsigned devices, points, device, point;
    int64_t wall_ms;
};

static uint32_t device_ids[BATCH];
static uint16_t point_ids[BATCH];
static MYSQL_TIME times[BATCH], *time_pointers[BATCH];
static double values[BATCH];
static uint64_t raws[BATCH];

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bulk_insert: %s: %s\n", what, why);
    exit(1);
}

static void set_time(MYSQL_TIME *out, int64_t wall_ms)
{
    time_t sec = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&sec, &tm);
    *out = (MYSQL_TIME){
        .year = (unsigned)tm.tm_year + 1900,
        .month = (unsigned)tm.tm_mon + 1,
        .day = (unsigned)tm.tm_mday,
        .hour = (unsigned)tm.tm_hour,
        .minute = (unsigned)tm.tm_min,
        .second = (unsigned)tm.tm_sec,
        .second_part = (unsigned long)(wall_ms % 1000) * 1000,
        .time_type = MYSQL_TIMESTAMP_DATETIME,
    };
}

static void fill(struct load *load)
{
    for (size_t i = 0; i < BATCH; i++) {
        device_ids[i] = load->device + 1;
        point_ids[i] = (uint16_t)(load->point + 1);
        set_time(&times[i], load->wall_ms);
        time_pointers[i] = &times[i];
        raws[i] = 2000 + i % 500;
        values[i] = (double)raws[i] * 0.1;
        if (++load->point < load->points)
            continue;
        load->point = 0;
        if (++load->device < load->devices)
            continue;
        load->device = 0;
        load->wall_ms += STEP_MS;
    }
}

static MYSQL_STMT *prepare(MYSQL *conn, const char *table)
{
    char sql[256];
    int len = snprintf(sql, sizeof(sql),
                       "INSERT IGNORE INTO %s (device_id, ts, point_id, value, raw) "
                       "VALUES (?, ?, ?, ?, ?)",
                       table);
    MYSQL_STMT *stmt = mysql_stmt_init(conn);
    unsigned size = BATCH;
    MYSQL_BIND binds[COLUMNS] = {
        {.buffer_type = MYSQL_TYPE_LONG, .buffer = device_ids, .is_unsigned = 1},
        {.buffer_type = MYSQL_TYPE_DATETIME, .buffer = time_pointers},
        {.buffer_type = MYSQL_TYPE_SHORT, .buffer = point_ids, .is_unsigned = 1},
        {.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = values},
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = raws, .is_unsigned = 1},
    };
    if (stmt == NULL || mysql_stmt_prepare(stmt, sql, (unsigned long)len) != 0 ||
        mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &size) != 0 ||
        mysql_stmt_bind_param(stmt, binds) != 0)
        die(table, mysql_error(conn));
    return stmt;
}

int main(int argc, char **argv)
{
    if (argc != 9)
        die("usage", "SOCKET USER PASSWORD DATABASE TABLE DEVICES POINTS SECONDS");
    struct load load = {
        .devices = (unsigned)atoi(argv[6]),
        .points = (unsigned)atoi(argv[7]),
        .wall_ms = (int64_t)time(NULL) * 1000,
    };
    MYSQL *conn = mysql_init(NULL);
    if (!mysql_real_connect(conn, NULL, argv[2], argv[3], argv[4], 0, argv[1], 0))
        die(argv[1], mysql_error(conn));
    MYSQL_STMT *stmt = prepare(conn, argv[5]);
    unsigned long long rows = 0;
    double start = seconds_of(CLOCK_MONOTONIC), end = start + atof(argv[8]), now;
    do {
        fill(&load);
        if (mysql_stmt_execute(stmt) != 0)
            die(argv[5], mysql_stmt_error(stmt));
        rows += mysql_stmt_affected_rows(stmt);
        now = seconds_of(CLOCK_MONOTONIC);
    } while (now < end);
    printf("%llu %.3f %.3f\n", rows, now - start, seconds_of(CLOCK_PROCESS_CPUTIME_ID));
    mysql_stmt_close(stmt);
    mysql_close(conn);
    return 0;
}
