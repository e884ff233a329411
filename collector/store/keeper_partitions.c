#include "collector/store/keeper_partitions.h"

#include "collector/store/keeper_move.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    AHEAD_DAYS = 3,
    AHEAD_MONTHS = 1,
    SPLIT_ROWS_MAX = 100000, /* copied in less than a second, while writers wait */
};

#define DAYS(key) offsetof(struct retention_section, key)

const struct partitioned_table partitioned_tables[] = {
    {"readings", PARTITION_DAY, AHEAD_DAYS, DAYS(readings), "ts", {"ts", "point_id"}, false},
    {"reading_texts", PARTITION_DAY, AHEAD_DAYS, DAYS(readings), "ts", {"ts", "point_id"}, false},
    {"readings_minute",
     PARTITION_MONTH,
     AHEAD_MONTHS,
     DAYS(readings_minute),
     "start",
     {"point_id", "start"},
     true},
    {"readings_hour",
     PARTITION_MONTH,
     AHEAD_MONTHS,
     DAYS(readings_hour),
     "start",
     {"point_id", "start"},
     true},
};
const size_t partitioned_tables_count = sizeof(partitioned_tables) / sizeof(*partitioned_tables);

struct partition *keeper_read_partitions(struct keeper_job *job, const char *table, size_t *n,
                                         struct db_error *error)
{
    char sql[320];
    snprintf(sql, sizeof(sql),
             "SELECT PARTITION_NAME, PARTITION_DESCRIPTION, TABLE_ROWS "
             "FROM information_schema.PARTITIONS "
             "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '%s' "
             "AND PARTITION_METHOD = 'RANGE COLUMNS' ORDER BY PARTITION_ORDINAL_POSITION",
             table);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return NULL;
    struct partition *parts = xcalloc(mysql_num_rows(rows) + 1, sizeof(*parts));
    *n = 0;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        struct partition *part = &parts[(*n)++];
        snprintf(part->name, sizeof(part->name), "%s", row[0]);
        part->rows = row[2] != NULL ? strtoull(row[2], NULL, 10) : 0;
        if (row[1] == NULL || plan_bound(row[1], &part->below_ms) != 0) {
            *n = 0;
            break;
        }
    }
    mysql_free_result(rows);
    return parts;
}

/* Whether the partition holds more than may be copied; -1 on an error. A guess is good enough where
 * it says so: counting would take long, and be done again at each look. */
static int is_large(struct keeper_job *job, const char *table, const struct partition *part,
                    struct db_error *error)
{
    char sql[320];
    if (part->rows > SPLIT_ROWS_MAX)
        return 1;
    snprintf(sql, sizeof(sql), "SELECT 1 FROM %s PARTITION (%s) LIMIT %d, 1", table, part->name,
             SPLIT_ROWS_MAX);
    MYSQL_RES *rows = db_query(job->conn, sql, error);
    if (rows == NULL)
        return -1;
    int large = mysql_num_rows(rows) > 0;
    mysql_free_result(rows);
    return large;
}

static void print_bound(FILE *out, const char *name, int64_t below_ms)
{
    char time[KEEPER_TIME_SIZE];
    if (below_ms == PARTITION_END)
        fprintf(out, "PARTITION %s VALUES LESS THAN (MAXVALUE)", name);
    else
        fprintf(out, "PARTITION %s VALUES LESS THAN ('%s')", name, keeper_time(below_ms, time));
}

static char *split_statement(const char *name_of_table, enum partition_unit unit,
                             const struct partition *part, const struct partition_split *split)
{
    char name[PARTITION_NAME_SIZE], *sql = NULL;
    size_t len;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fprintf(out, "ALTER TABLE %s REORGANIZE PARTITION %s INTO (", name_of_table, part->name);
    for (size_t i = 0; i < split->nbounds; i++) {
        plan_name(unit, split->bounds_ms[i], name);
        print_bound(out, name, split->bounds_ms[i]);
        fputs(", ", out);
    }
    print_bound(out, part->name, part->below_ms);
    fputc(')', out);
    fclose(out);
    return sql;
}

static int split(struct keeper_job *job, const char *table, enum partition_unit unit,
                 const struct partition *part, const struct partition_split *plan,
                 struct db_error *error)
{
    char *sql = split_statement(table, unit, part, plan);
    int rc = db_run(job->conn, sql, error);
    free(sql);
    if (rc != 0)
        return -1;
    job->counts.partitions_made += plan->nbounds;
    log_info("keeper", NULL, "made %zu partitions of %s", plan->nbounds, table);
    return 0;
}

static int drop(struct keeper_job *job, const char *table, const struct partition *part,
                struct db_error *error)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "ALTER TABLE %s DROP PARTITION %s", table, part->name);
    if (db_run(job->conn, sql, error) != 0)
        return -1;
    job->counts.partitions_dropped++;
    log_info("keeper", NULL, "dropped partition %s of %s, as retention says", part->name, table);
    return 0;
}

uint32_t keeper_days(const struct keeper_job *job, const struct partitioned_table *table)
{
    return *(const uint32_t *)((const char *)&job->retention + table->days);
}

/* Make and drop what is due in ${name}, which is the table or its copy. 1 where a partition is too
 * large to be cut. */
static int tend(struct keeper_job *job, const struct partitioned_table *table, const char *name,
                bool make, struct db_error *error)
{
    struct partition_split plan;
    size_t n;
    int rc = 0;
    struct partition *parts = keeper_read_partitions(job, name, &n, error);
    if (parts == NULL)
        return -1;
    if (make && plan_split(parts, n, table->unit, table->ahead, job->now_ms, &plan)) {
        rc = is_large(job, name, &parts[plan.index], error);
        if (rc == 0)
            rc = split(job, name, table->unit, &parts[plan.index], &plan, error);
    }
    size_t drops = plan_drops(parts, n, keeper_days(job, table), job->now_ms);
    for (size_t i = 0; rc >= 0 && i < drops && job->pause(job->cookie, 0); i++) {
        if (drop(job, name, &parts[i], error) != 0)
            rc = -1;
    }
    free(parts);
    return rc;
}

int keeper_partitions(struct keeper_job *job, const struct partitioned_table *table,
                      struct db_error *error)
{
    struct move move;
    char copy[PARTITION_NAME_SIZE];
    if (move_read(job, table, &move, error) != 0)
        return -1;
    bool beside = move.phase != MOVE_NONE && !move_is_swapped(move.phase);
    int rc = tend(job, table, table->name, !beside, error);
    if (rc < 0)
        return -1;
    if (beside) {
        snprintf(copy, sizeof(copy), "%s_cut", table->name);
        return tend(job, table, copy, true, error) < 0 ? -1 : 1;
    }
    if (move.phase == MOVE_NONE && rc > 0)
        return move_begin(job, table, error);
    return move.phase != MOVE_NONE;
}
