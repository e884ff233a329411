#include "webapp/query/database.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/db/schema.h"
#include "webapp/progress.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000 };

void database_init(struct database *db, const struct mysql_section *config)
{
    *db = (struct database){.config = config};
}

void database_close(struct database *db)
{
    db_close(db->conn);
    db->conn = NULL;
}

static int refused(struct database *db)
{
    static _Thread_local struct log_limit limit = LOG_LIMIT(1, 10000);
    database_close(db);
    db->retry_at_ms = clock_mono_ms() + RETRY_MS;
    log_at_limit(&limit, LOGL_ERROR, "database", NULL, "%s", db->error);
    return -1;
}

int database_ready(struct database *db)
{
    if (db->conn != NULL)
        return 0;
    if (clock_mono_ms() < db->retry_at_ms)
        return -1;
    db->conn = db_connect(db->config, db->error);
    if (db->conn == NULL || schema_check(db->conn, db->error) != 0)
        return refused(db);
    return 0;
}

static int failed(struct database *db, const struct sql *sql)
{
    snprintf(db->error, sizeof(db->error), "%.400s (error %u)", mysql_error(db->conn),
             mysql_errno(db->conn));
    log_error("database", NULL, "%s in: %.500s", db->error, sql->text->buf);
    if (db_connection_lost(mysql_errno(db->conn)))
        database_close(db);
    return -1;
}

/* Send the statement; once more over a new line where the old one turns out to be dead. */
static int run(struct database *db, const struct sql *sql)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        progress_mark();
        if (database_ready(db) != 0)
            return -1;
        if (mysql_real_query(db->conn, sql->text->buf, (unsigned long)sql->text->bpos) == 0)
            return 0;
        if (attempt > 0 || !db_connection_lost(mysql_errno(db->conn)))
            break;
        database_close(db);
    }
    return failed(db, sql);
}

static MYSQL_RES *run_for_rows(struct database *db, struct sql *sql,
                               MYSQL_RES *(*take)(MYSQL *conn))
{
    MYSQL_RES *rows = NULL;
    if (run(db, sql) == 0) {
        rows = take(db->conn);
        if (rows == NULL)
            failed(db, sql);
    }
    sql_clear(sql);
    return rows;
}

MYSQL_RES *database_select(struct database *db, struct sql *sql)
{
    return run_for_rows(db, sql, mysql_store_result);
}

MYSQL_RES *database_stream(struct database *db, struct sql *sql)
{
    return run_for_rows(db, sql, mysql_use_result);
}

int database_stream_end(struct database *db, MYSQL_RES *rows)
{
    bool whole = mysql_eof(rows) && mysql_errno(db->conn) == 0;
    if (!whole)
        mariadb_cancel(db->conn);
    mysql_free_result(rows);
    if (!whole)
        database_close(db);
    return whole ? 0 : -1;
}
