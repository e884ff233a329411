/* What the loop asks of the outbox besides loading, and what an earlier life of it left. */
#include "collector/events/outbox_parts.h"
#include "collector/store/refusal.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { REASON_MOST = 255 }; /* bytes of the column */

#define MS_OF(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

static int disable(struct outbox *outbox, const struct outbox_job *job, struct db_error *error)
{
    struct statement sql;
    char reason[REASON_MOST + 1];
    text_printable(job->reason, strlen(job->reason), reason, sizeof(reason));
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("REPLACE INTO webhook_disabled (collector, target, `timestamp`, reason) VALUES (", out);
    statement_text(&sql, outbox->collector);
    fputc(',', out);
    statement_text(&sql, job->target);
    fputs(", UTC_TIMESTAMP(3), ", out);
    statement_text(&sql, reason);
    fputc(')', out);
    return statement_run(&sql, error);
}

static int enable(struct outbox *outbox, const struct outbox_job *job, struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("DELETE FROM webhook_disabled WHERE collector = ", out);
    statement_text(&sql, outbox->collector);
    fputs(" AND target = ", out);
    statement_text(&sql, job->target);
    return statement_run(&sql, error);
}

/* Replay */

static void put_targets(struct outbox *outbox, struct statement *sql)
{
    pthread_mutex_lock(&outbox->lock);
    fputs(" AND target IN (''", sql->out);
    for (size_t i = 0; i < outbox->ntargets; i++) {
        fputc(',', sql->out);
        statement_text(sql, outbox->targets[i].name);
    }
    fputc(')', sql->out);
    pthread_mutex_unlock(&outbox->lock);
}

static void put_range(struct statement *sql, const struct outbox_range *range)
{
    if (range->id != 0) {
        fprintf(sql->out, " AND id = %llu", (unsigned long long)range->id);
        return;
    }
    fputs(" AND `timestamp` >= ", sql->out);
    statement_time(sql, range->from_ms > 0 ? range->from_ms : 1);
    fputs(" AND `timestamp` <= ", sql->out);
    statement_time(sql, range->to_ms > 0 ? range->to_ms : clock_wall_ms());
    if (range->target != NULL) {
        fputs(" AND target = ", sql->out);
        statement_text(sql, range->target);
    }
}

static void tell_done(struct outbox *outbox, const struct outbox_job *job, int64_t rows,
                      const char *error)
{
    struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
    tell->kind = TELL_DONE;
    tell->done = job->done;
    tell->cookie = job->cookie;
    tell->number = rows;
    tell->text = error != NULL ? xstrdup(error) : NULL;
    outbox_tell(outbox, tell);
}

static void look_at_all(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < outbox->ntargets; i++)
        outbox->targets[i].look = true;
    pthread_mutex_unlock(&outbox->lock);
}

/* A next_try without an attempt says when it was asked for: it is kept from then on. */
static int replay(struct outbox *outbox, const struct outbox_job *job, struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("UPDATE webhook_deliveries SET status = 'pending', attempts = 0, error = '', "
          "http_status = NULL, next_try = ",
          out);
    statement_time(&sql, clock_wall_ms());
    fputs(" WHERE collector = ", out);
    statement_text(&sql, outbox->collector);
    fputs(job->range.dead_only ? " AND status = 'dead'" : " AND status IN ('dead', 'delivered')",
          out);
    put_range(&sql, &job->range);
    put_targets(outbox, &sql);
    if (statement_run(&sql, error) != 0)
        return -1;
    tell_done(outbox, job, (int64_t)mysql_affected_rows(outbox->conn), NULL);
    look_at_all(outbox);
    return 0;
}

/* Jobs */

static int do_job(struct outbox *outbox, const struct outbox_job *job, struct db_error *error)
{
    switch (job->kind) {
    case JOB_DISABLE:
        return disable(outbox, job, error);
    case JOB_ENABLE:
        return enable(outbox, job, error);
    case JOB_REPLAY:
        return replay(outbox, job, error);
    case JOB_FORGET:
        given_forget(outbox->given, job->target);
        break;
    }
    return 0;
}

static struct outbox_job *first_job(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    struct outbox_job *job = STAILQ_FIRST(&outbox->jobs);
    pthread_mutex_unlock(&outbox->lock);
    return job;
}

int outbox_work(struct outbox *outbox, struct db_error *error)
{
    struct outbox_job *job;
    while ((job = first_job(outbox)) != NULL) {
        int rc = do_job(outbox, job, error);
        if (rc != 0 &&
            (job->kind == JOB_REPLAY || refusal_of(error->code, error->state) != REFUSAL_ROW))
            return -1;
        if (rc != 0) /* it will be refused whenever it is tried */
            log_error("outbox", NULL, "what concerns %s is not written: %s", job->target,
                      error->text);
        pthread_mutex_lock(&outbox->lock);
        STAILQ_REMOVE_HEAD(&outbox->jobs, link);
        pthread_mutex_unlock(&outbox->lock);
        outbox_job_free(job);
    }
    return 0;
}

void outbox_fail_replays(struct outbox *outbox, const char *text)
{
    struct outbox_jobs failed = STAILQ_HEAD_INITIALIZER(failed);
    struct outbox_jobs kept = STAILQ_HEAD_INITIALIZER(kept);
    struct outbox_job *job;
    pthread_mutex_lock(&outbox->lock);
    while ((job = STAILQ_FIRST(&outbox->jobs)) != NULL) {
        STAILQ_REMOVE_HEAD(&outbox->jobs, link);
        if (job->kind == JOB_REPLAY)
            STAILQ_INSERT_TAIL(&failed, job, link);
        else
            STAILQ_INSERT_TAIL(&kept, job, link);
    }
    STAILQ_CONCAT(&outbox->jobs, &kept);
    pthread_mutex_unlock(&outbox->lock);
    while ((job = STAILQ_FIRST(&failed)) != NULL) {
        STAILQ_REMOVE_HEAD(&failed, link);
        tell_done(outbox, job, -1, text);
        outbox_job_free(job);
    }
}

/* What an earlier life left */

static int tell_disabled(struct outbox *outbox, struct db_error *error)
{
    struct statement sql;
    MYSQL_ROW row;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT target, reason FROM webhook_disabled WHERE collector = ", out);
    statement_text(&sql, outbox->collector);
    MYSQL_RES *rows = statement_query(&sql, error);
    if (rows == NULL)
        return -1;
    while ((row = mysql_fetch_row(rows)) != NULL) {
        struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
        tell->kind = TELL_DISABLED;
        tell->target = xstrdup(row[0]);
        tell->text = xstrdup(row[1]);
        outbox_tell(outbox, tell);
    }
    mysql_free_result(rows);
    return 0;
}

static enum severity severity_of(const char *name)
{
    int severity = SEVERITY_CRITICAL;
    while (severity > SEVERITY_INFO && strcmp(severity_name((enum severity)severity), name) != 0)
        severity--;
    return (enum severity)severity;
}

static struct alarm *make_alarm(MYSQL_ROW row)
{
    struct alarm *alarm = xcalloc(1, sizeof(*alarm));
    memcpy(alarm->id, row[0], strnlen(row[0], sizeof(alarm->id) - 1));
    alarm->rule = xstrdup(row[1]);
    alarm->device_id = xstrdup(row[2]);
    alarm->point = xstrdup(row[3]);
    alarm->severity = severity_of(row[4]);
    alarm->state = strcmp(row[5], "raised") == 0 ? ALARM_RAISED : ALARM_ACKNOWLEDGED;
    alarm->raised_ms = row[6] != NULL ? strtoll(row[6], NULL, 10) : 0;
    alarm->acknowledged_ms = row[7] != NULL ? strtoll(row[7], NULL, 10) : 0;
    alarm->has_value = row[8] != NULL;
    alarm->value = row[8] != NULL ? strtod(row[8], NULL) : 0;
    alarm->message_en = xstrdup(row[9]);
    alarm->message_zh = xstrdup(row[10]);
    alarm->actor = xstrdup(row[11]);
    alarm->comment = xstrdup(row[12]);
    return alarm;
}

static int restore(struct outbox *outbox, struct db_error *error)
{
    struct statement sql;
    MYSQL_ROW row;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT uid, rule, device_id, point, severity, state, " MS_OF("raised") ", " MS_OF(
              "acknowledged") ", value, message_en, message_zh, actor, comment FROM alarms "
                              "WHERE state <> 'cleared' AND collector = ",
          out);
    statement_text(&sql, outbox->collector);
    fputs(" ORDER BY raised", out);
    MYSQL_RES *rows = statement_query(&sql, error);
    if (rows == NULL)
        return -1;
    struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
    tell->kind = TELL_RESTORED;
    tell->alarms = xcalloc(mysql_num_rows(rows) + 1, sizeof(*tell->alarms));
    while ((row = mysql_fetch_row(rows)) != NULL)
        tell->alarms[tell->n++] = make_alarm(row);
    mysql_free_result(rows);
    outbox_tell(outbox, tell);
    return 0;
}

int outbox_introduce(struct outbox *outbox, struct db_error *error)
{
    if (!outbox->introduced) {
        if (tell_disabled(outbox, error) != 0)
            return -1;
        outbox->introduced = true;
    }
    pthread_mutex_lock(&outbox->lock);
    bool released = outbox->released;
    pthread_mutex_unlock(&outbox->lock);
    if (outbox->restored || !released)
        return 0;
    if (restore(outbox, error) != 0)
        return -1;
    outbox->restored = true;
    return 0;
}
