#include "collector/store/keeper_partitions.h"

#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    AHEAD_DAYS = 3,
    AHEAD_MONTHS = 1,
    SPLIT_ROWS_MAX = 2000000, /* copied in seconds, for which the cache has room */
    COMPLAIN_AGAIN_MS = 3600000,
};

#define DAYS(key) offsetof(struct retention_section, key)

const struct partitioned_table partitioned_tables[] = {
    {"readings", PARTITION_DAY, AHEAD_DAYS, DAYS(readings)},
    {"reading_texts", PARTITION_DAY, AHEAD_DAYS, DAYS(readings)},
    {"readings_minute", PARTITION_MONTH, AHEAD_MONTHS, DAYS(readings_minute)},
    {"readings_hour", PARTITION_MONTH, AHEAD_MONTHS, DAYS(readings_hour)},
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

static char *split_statement(const struct partitioned_table *table, const struct partition *part,
                             const struct partition_split *split)
{
    char name[PARTITION_NAME_SIZE], *sql = NULL;
    size_t len;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    fprintf(out, "ALTER TABLE %s REORGANIZE PARTITION %s INTO (", table->name, part->name);
    for (size_t i = 0; i < split->nbounds; i++) {
        plan_name(table->unit, split->bounds_ms[i], name);
        print_bound(out, name, split->bounds_ms[i]);
        fputs(", ", out);
    }
    print_bound(out, part->name, part->below_ms);
    fputc(')', out);
    fclose(out);
    return sql;
}

static void say_large(const char *table, const char *partition, const char *sql)
{
    static struct log_limit limit = LOG_LIMIT(2, COMPLAIN_AGAIN_MS);
    log_at_limit(
        &limit, LOGL_WARN, "keeper", NULL,
        "partition %s of %s holds more than %d rows: to cut it copies them, and nothing is "
        "stored meanwhile, so it is left; until somebody does, retention does not reach "
        "its rows: %s",
        partition, table, SPLIT_ROWS_MAX, sql);
}

static int split(struct keeper_job *job, const struct partitioned_table *table,
                 const struct partition *part, const struct partition_split *plan,
                 struct db_error *error)
{
    char *sql = split_statement(table, part, plan);
    int rc = is_large(job, table->name, part, error);
    if (rc > 0) {
        say_large(table->name, part->name, sql);
    } else if (rc == 0) {
        rc = db_run(job->conn, sql, error);
        if (rc == 0) {
            job->counts.partitions_made += plan->nbounds;
            log_info("keeper", NULL, "made %zu partitions of %s", plan->nbounds, table->name);
        }
    }
    free(sql);
    return rc < 0 ? -1 : 0;
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

int keeper_partitions(struct keeper_job *job, const struct partitioned_table *table,
                      struct db_error *error)
{
    struct partition_split plan;
    size_t n;
    int rc = 0;
    struct partition *parts = keeper_read_partitions(job, table->name, &n, error);
    if (parts == NULL)
        return -1;
    if (plan_split(parts, n, table->unit, table->ahead, job->now_ms, &plan))
        rc = split(job, table, &parts[plan.index], &plan, error);
    uint32_t days = *(const uint32_t *)((const char *)&job->retention + table->days);
    size_t drops = plan_drops(parts, n, days, job->now_ms);
    for (size_t i = 0; rc == 0 && i < drops && job->pause(job->cookie, 0); i++)
        rc = drop(job, table->name, &parts[i], error);
    free(parts);
    return rc;
}
