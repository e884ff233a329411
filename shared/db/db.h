/*
 * One connection to MariaDB or MySQL. A connection belongs to one thread at a time.
 *
 * Every connection speaks utf8mb4, counts time in UTC, and has strict SQL mode, so that what does
 * not fit is an error and never a silent cut.
 */
#ifndef DTUHUB_DB_DB_H
#define DTUHUB_DB_DB_H

#include "shared/config/server_config.h"

#include <mysql.h>
#include <stdbool.h>

enum { DB_ERROR_SIZE = 512 };

/* Errors that a client library's header may not name. */
enum { DB_NO_SPACE_LEFT = 1021, DB_READ_ONLY_TRANSACTION = 1792, DB_READ_ONLY = 1836 };

/** An error that must outlive the commands after it. */
struct db_error {
    unsigned code; /* mysql_errno() */
    char state[6]; /* SQLSTATE */
    char text[DB_ERROR_SIZE];
};

/** db_error_set(error, code, state, text): fill ${error}. */
void db_error_set(struct db_error *error, unsigned code, const char *state, const char *text);

/** db_error_take(error, conn): fill ${error} with the connection's last one. */
void db_error_take(struct db_error *error, MYSQL *conn);

/** db_run(conn, sql, error): a statement without a result. Return 0, or -1 with ${error} filled. */
int db_run(MYSQL *conn, const char *sql, struct db_error *error);

/** db_query(conn, sql, error): a statement whose result fits in memory; NULL with ${error} filled
 * where it failed. */
MYSQL_RES *db_query(MYSQL *conn, const char *sql, struct db_error *error);

/**
 * db_connect(config, error): connect within 5 s; a query or answer that hangs is given up after 60
 * s. Return the connection, or NULL with one line in ${error} that names server, account, the fault
 * and what to do about it (never the password).
 */
MYSQL *db_connect(const struct mysql_section *config, char error[DB_ERROR_SIZE]);

/** db_close(conn): NULL is allowed. */
void db_close(MYSQL *conn);

/** db_has_bulk(conn): whether the server executes one statement over arrays of rows (MariaDB 10.2
 * and later). */
bool db_has_bulk(MYSQL *conn);

/** db_advice(code): what a person can do about the error ${code} (mysql_errno) of the server. */
const char *db_advice(unsigned code);

/** db_connection_lost(code): whether the error ${code} (mysql_errno) means that the line or the
 * server is gone. */
bool db_connection_lost(unsigned code);

#endif
