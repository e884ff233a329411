#include "shared/db/schema.h"

#include "shared/base/log.h"
#include "shared/db/sql_files.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOCK_TIMEOUT_S = 30 };

/* MySQL refuses names of locks over 64 characters, and a database's own may have as many. */
#define LOCK_NAME "CONCAT('dtuhub_schema.', MD5(DATABASE()))"

unsigned schema_newest(void)
{
    return sql_files[sql_files_count - 1].number;
}

static int failed(MYSQL *conn, const char *what, char error[DB_ERROR_SIZE])
{
    snprintf(error, DB_ERROR_SIZE, "%s: %.250s (error %u): %s", what, mysql_error(conn),
             mysql_errno(conn), db_advice(mysql_errno(conn)));
    return -1;
}

/* First column of the first row as a number; 0 rows or NULL give ${otherwise}. -1 on an error. */
static long long query_number(MYSQL *conn, const char *sql, long long otherwise)
{
    if (mysql_query(conn, sql) != 0)
        return -1;
    MYSQL_RES *result = mysql_store_result(conn);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    long long number = row != NULL && row[0] != NULL ? strtoll(row[0], NULL, 10) : otherwise;
    mysql_free_result(result);
    return number;
}

/* A file holds many statements: each must have succeeded, not only the first. */
static int run_file(MYSQL *conn, const struct sql_file *file, char error[DB_ERROR_SIZE])
{
    char what[128];
    snprintf(what, sizeof(what), "sql/%s", file->name);
    mysql_set_server_option(conn, MYSQL_OPTION_MULTI_STATEMENTS_ON);
    int more = mysql_query(conn, file->text);
    while (more == 0) {
        mysql_free_result(mysql_store_result(conn));
        more = mysql_next_result(conn);
    }
    int rc = more > 0 ? failed(conn, what, error) : 0;
    mysql_set_server_option(conn, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    return rc;
}

static int run_newer_files(MYSQL *conn, unsigned present, char error[DB_ERROR_SIZE])
{
    for (unsigned i = 0; i < sql_files_count; i++) {
        const struct sql_file *file = &sql_files[i];
        char sql[96];
        if (file->number <= present)
            continue;
        if (run_file(conn, file, error) != 0)
            return -1;
        snprintf(sql, sizeof(sql),
                 "INSERT INTO schema_version (version, applied) VALUES (%u, UTC_TIMESTAMP(3))",
                 file->number);
        if (mysql_query(conn, sql) != 0)
            return failed(conn, "schema_version", error);
        log_info("schema", NULL, "applied sql/%s", file->name);
    }
    return 0;
}

static int refuse_newer(long long present, char error[DB_ERROR_SIZE])
{
    snprintf(error, DB_ERROR_SIZE,
             "the database's schema is number %lld, newer than the %u this program knows: "
             "install the program's newer version",
             present, schema_newest());
    return -1;
}

static int upgrade_locked(MYSQL *conn, char error[DB_ERROR_SIZE])
{
    if (mysql_query(conn, "CREATE TABLE IF NOT EXISTS schema_version ("
                          "version INT UNSIGNED NOT NULL PRIMARY KEY, "
                          "applied DATETIME(3) NOT NULL) ENGINE = InnoDB") != 0)
        return failed(conn, "schema_version", error);
    long long present = query_number(conn, "SELECT MAX(version) FROM schema_version", 0);
    if (present < 0)
        return failed(conn, "schema_version", error);
    if (present > schema_newest())
        return refuse_newer(present, error);
    return run_newer_files(conn, (unsigned)present, error);
}

int schema_upgrade(MYSQL *conn, char error[DB_ERROR_SIZE])
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT GET_LOCK(" LOCK_NAME ", %d)", LOCK_TIMEOUT_S);
    long long locked = query_number(conn, sql, 0);
    if (locked < 0)
        return failed(conn, "lock of the schema", error);
    if (locked == 0) {
        snprintf(error, DB_ERROR_SIZE, "another program has been changing the schema for %d s",
                 LOCK_TIMEOUT_S);
        return -1;
    }
    int rc = upgrade_locked(conn, error);
    query_number(conn, "SELECT RELEASE_LOCK(" LOCK_NAME ")", 0);
    return rc;
}

int schema_check(MYSQL *conn, char error[DB_ERROR_SIZE])
{
    long long present = query_number(conn, "SELECT MAX(version) FROM schema_version", 0);
    if (present < 0)
        return failed(conn, "the database has no schema yet (the collector makes it)", error);
    if (present > schema_newest())
        return refuse_newer(present, error);
    if (present < schema_newest()) {
        snprintf(error, DB_ERROR_SIZE,
                 "the database's schema is number %lld, this program needs %u: "
                 "start the collector of the same version, it upgrades the schema",
                 present, schema_newest());
        return -1;
    }
    return 0;
}
