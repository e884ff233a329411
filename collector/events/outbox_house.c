/* What is done now and then in the outbox: deliveries that will not be made are given up, those
 * that wait are counted. */
#include "collector/events/outbox_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 500 };

#define NOT_CONFIGURED "the target is not configured any more"
#define TOO_OLD "it waited for longer than keep"

/* A target's settings as of now. */
static bool copy_target(struct outbox *outbox, size_t i, struct outbox_target *copy)
{
    pthread_mutex_lock(&outbox->lock);
    bool there = i < outbox->ntargets;
    if (there) {
        *copy = outbox->targets[i];
        copy->name = xstrdup(copy->name);
        outbox->targets[i].look = true; /* should a poke have been missed */
    }
    pthread_mutex_unlock(&outbox->lock);
    return there;
}

static void count_dead(struct outbox *outbox, uint64_t rows)
{
    pthread_mutex_lock(&outbox->lock);
    outbox->status.dead += rows;
    outbox->house_due = outbox->house_due || rows >= ROWS_AT_ONCE;
    pthread_mutex_unlock(&outbox->lock);
}

/* Also those that the journal brings long after a reload. */
static int give_up_gone(struct outbox *outbox, struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("UPDATE webhook_deliveries SET status = 'dead', error = '" NOT_CONFIGURED
          "' WHERE collector = ",
          out);
    statement_text(&sql, outbox->collector);
    fputs(" AND status = 'pending' AND target NOT IN (''", out);
    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < outbox->ntargets; i++) {
        fputc(',', out);
        statement_text(&sql, outbox->targets[i].name);
    }
    pthread_mutex_unlock(&outbox->lock);
    fprintf(out, ") LIMIT %d", ROWS_AT_ONCE);
    if (statement_run(&sql, error) != 0)
        return -1;
    uint64_t rows = mysql_affected_rows(outbox->conn);
    if (rows > 0)
        log_warn("outbox", NULL, "%llu deliveries are given up: " NOT_CONFIGURED,
                 (unsigned long long)rows);
    count_dead(outbox, rows);
    return 0;
}

/* Too old */

static void tell_gave_up(struct outbox *outbox, const char *target, uint64_t rows)
{
    struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
    tell->kind = TELL_GAVE_UP;
    tell->target = xstrdup(target);
    tell->text = xstrdup(TOO_OLD);
    tell->number = (int64_t)rows;
    outbox_tell(outbox, tell);
}

/* Only the first ones are looked at: they are the oldest. */
static MYSQL_RES *find_old(struct outbox *outbox, const struct outbox_target *target,
                           struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT id, kind FROM (SELECT id, kind, IF(attempts = 0 AND next_try IS NOT NULL, "
          "next_try, `timestamp`) AS since FROM webhook_deliveries",
          out);
    outbox_where(outbox, &sql, target->name);
    given_exclude(outbox->given, target->name, out);
    fprintf(out, " ORDER BY id LIMIT %d) AS first WHERE since < ", ROWS_AT_ONCE);
    statement_time(&sql, clock_wall_ms() - target->keep_ms);
    return statement_query(&sql, error);
}

static int give_up_old(struct outbox *outbox, const struct outbox_target *target,
                       struct db_error *error)
{
    struct statement sql;
    MYSQL_ROW row;
    uint64_t n = 0, told = 0;
    MYSQL_RES *rows = find_old(outbox, target, error);
    if (rows == NULL)
        return -1;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("UPDATE webhook_deliveries SET status = 'dead', error = '" TOO_OLD "' WHERE id IN (0",
          out);
    while ((row = mysql_fetch_row(rows)) != NULL) {
        fprintf(out, ",%s", row[0]);
        told += strncmp(row[1], "webhook_", strlen("webhook_")) != 0;
        n++;
    }
    fputc(')', out);
    mysql_free_result(rows);
    if (statement_run(&sql, error) != 0)
        return -1;
    if (n > 0) {
        count_dead(outbox, n);
        tell_gave_up(outbox, target->name, told);
    }
    return 0;
}

/* Count */

static int count(struct outbox *outbox, const char *target, uint64_t *waiting, int64_t *since_ms,
                 struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT n, (SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', `timestamp`) DIV 1000 FROM "
          "webhook_deliveries WHERE id = first) FROM (SELECT COUNT(*) AS n, MIN(id) AS first FROM "
          "webhook_deliveries",
          out);
    outbox_where(outbox, &sql, target);
    fputs(") AS counted", out);
    MYSQL_RES *rows = statement_query(&sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    *waiting = row != NULL ? strtoull(row[0], NULL, 10) : 0;
    *since_ms = row != NULL && row[1] != NULL ? strtoll(row[1], NULL, 10) : 0;
    mysql_free_result(rows);
    struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
    tell->kind = TELL_COUNTED;
    tell->target = xstrdup(target);
    tell->number = (int64_t)*waiting;
    tell->since_ms = *since_ms;
    outbox_tell(outbox, tell);
    return 0;
}

int outbox_house(struct outbox *outbox, struct db_error *error)
{
    struct outbox_target target;
    uint64_t waiting, all = 0;
    int64_t since_ms, oldest_ms = 0;
    int rc = give_up_gone(outbox, error);
    for (size_t i = 0; rc == 0 && copy_target(outbox, i, &target); i++) {
        rc = give_up_old(outbox, &target, error);
        if (rc == 0)
            rc = count(outbox, target.name, &waiting, &since_ms, error);
        free(target.name);
        if (rc != 0)
            break;
        all += waiting;
        if (since_ms > 0 && (oldest_ms == 0 || since_ms < oldest_ms))
            oldest_ms = since_ms;
    }
    if (rc != 0)
        return -1;
    pthread_mutex_lock(&outbox->lock);
    outbox->status.waiting = all;
    outbox->status.oldest_ms = oldest_ms;
    pthread_mutex_unlock(&outbox->lock);
    return 0;
}
