/*
 * A worker's own line to the database: connected when it is first needed, connected anew where it
 * was lost. A database belongs to one thread. Only reads go over it, so a statement whose line
 * broke is tried once more.
 */
#ifndef DTUHUB_WEBAPP_QUERY_DATABASE_H
#define DTUHUB_WEBAPP_QUERY_DATABASE_H

#include "shared/db/db.h"
#include "webapp/query/sql.h"

#include <mysql.h>
#include <stdint.h>

struct database {
    const struct mysql_section *config;
    MYSQL *conn;         /* NULL while it is not connected */
    int64_t retry_at_ms; /* monotonic: after a refusal nobody waits for another one before this */
    char error[DB_ERROR_SIZE];
};

void database_init(struct database *db, const struct mysql_section *config);

void database_close(struct database *db);

/**
 * database_ready(db): connect, and check that the schema is the one this program knows. Return 0,
 * or -1 with a line in db->error, which is logged. Every other function here calls it.
 */
int database_ready(struct database *db);

/**
 * database_select(db, sql): run the statement and fetch its rows into memory. Return them for the
 * caller to free (mysql_free_result), or NULL with db->error. ${sql} is cleared in both cases.
 */
MYSQL_RES *database_select(struct database *db, struct sql *sql);

/**
 * database_stream(db, sql): the same, but rows are fetched from the server as mysql_fetch_row()
 * asks for them. End with database_stream_end() before any other call. The text protocol is used:
 * every column is text made by the server.
 */
MYSQL_RES *database_stream(struct database *db, struct sql *sql);

/**
 * database_stream_end(db, rows): free ${rows}. Return 0 where the last row had been fetched.
 * Otherwise (somebody stopped half way, or the server did) the line is cut, because the rest of the
 * rows is still in it, and -1 is returned.
 */
int database_stream_end(struct database *db, MYSQL_RES *rows);

#endif
