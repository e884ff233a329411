/*
 * The database's tables, from the numbered files in sql/, which are linked into the programs.
 */
#ifndef DTUHUB_DB_SCHEMA_H
#define DTUHUB_DB_SCHEMA_H

#include "shared/db/db.h"

/** schema_newest(): the number of the newest file known to this program. */
unsigned schema_newest(void);

/**
 * schema_upgrade(conn, error): apply every file newer than the database's schema, in order, under a
 * lock that keeps other programs from doing the same. Return 0, or -1 with one line in ${error}: a
 * file that failed, or a schema newer than this program knows, which is refused.
 */
int schema_upgrade(MYSQL *conn, char error[DB_ERROR_SIZE]);

/** schema_check(conn, error): return 0 where the schema is exactly the newest one known here, else
 * -1 with one line in ${error}. */
int schema_check(MYSQL *conn, char error[DB_ERROR_SIZE]);

#endif
