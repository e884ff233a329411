/*
 * A statement under construction: its text goes into a stream, values that are not numbers are
 * quoted for the connection.
 *
 *   struct statement sql;
 *   FILE *out = statement_begin(&sql, conn);
 *   fputs("DELETE FROM t WHERE name = ", out);
 *   statement_text(&sql, name);
 *   rc = statement_run(&sql, &error);
 *
 * Belongs to the connection's thread.
 */
#ifndef DTUHUB_DB_STATEMENT_H
#define DTUHUB_DB_STATEMENT_H

#include "shared/db/db.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct statement {
    MYSQL *conn;
    FILE *out;
    char *text;
    size_t size;
};

/** statement_begin(statement, conn): the stream for what is no value. */
FILE *statement_begin(struct statement *statement, MYSQL *conn);

/** statement_bytes(statement, bytes, size), statement_text(statement, text): a text in quotes. */
void statement_bytes(struct statement *statement, const void *bytes, size_t size);
void statement_text(struct statement *statement, const char *text);

/** statement_time(statement, wall_ms): a DATETIME(3), UTC; NULL for 0. */
void statement_time(struct statement *statement, int64_t wall_ms);

/** statement_run(statement, error), statement_query(statement, error): execute it, as db_run() and
 * db_query() do, and forget it. */
int statement_run(struct statement *statement, struct db_error *error);
MYSQL_RES *statement_query(struct statement *statement, struct db_error *error);

#endif
