/*
 * Rows for one table, kept by column, and their way into the database: one bulk execution where the
 * server has it (MariaDB), else INSERT statements of many rows.
 *
 * Memory is kept from batch to batch. A rowset belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_ROWSET_H
#define DTUHUB_COLLECTOR_STORE_ROWSET_H

#include "shared/db/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rowset_type {
    COLUMN_UINT,   /* unsigned integers up to 64 bits */
    COLUMN_DOUBLE, /* finite */
    COLUMN_TIME,   /* DATETIME(3), given as UTC milliseconds */
    COLUMN_BYTES,  /* text or binary */
};

enum { ROWSET_COLUMNS_MAX = 16 };

/** What is inserted where. All strings are constants, never data. */
struct rowset_spec {
    const char *insert; /* "INSERT INTO readings" */
    const char *tail;   /* "ON DUPLICATE KEY UPDATE ...", or "" */
    struct {
        const char *name; /* NULL ends the list */
        enum rowset_type type;
    } columns[ROWSET_COLUMNS_MAX];
};

struct rowset;

/** rowset_new(spec): ${spec} must outlive the rowset. */
struct rowset *rowset_new(const struct rowset_spec *spec);
void rowset_free(struct rowset *rows);

/** rowset_clear(rows): no rows; memory is kept. rowset_count(rows): complete rows. */
void rowset_clear(struct rowset *rows);
size_t rowset_count(const struct rowset *rows);

/** rowset_add_TYPE(rows, value): the next column's value of the row under construction; after its
 * last column the row is complete. */
void rowset_add_uint(struct rowset *rows, uint64_t value);
void rowset_add_double(struct rowset *rows, double value);
void rowset_add_time(struct rowset *rows, int64_t wall_ms);
void rowset_add_bytes(struct rowset *rows, const void *bytes, size_t len);
void rowset_add_text(struct rowset *rows, const char *text);
/** rowset_add_null(rows): NULL, for a column of any type. */
void rowset_add_null(struct rowset *rows);

/**
 * rowset_insert(rows, conn, bulk): execute for all rows, in slices that fit a packet; ${bulk} only
 * where db_has_bulk(conn). No rows is success. Return 0, or -1 with ${error} filled.
 */
int rowset_insert(struct rowset *rows, MYSQL *conn, bool bulk, struct db_error *error);

/**
 * rowset_find(rows, conn, error): how many of the rows are in the table, with these very values;
 * for few rows of different keys. -1 with ${error} filled.
 */
int64_t rowset_find(const struct rowset *rows, MYSQL *conn, struct db_error *error);

#endif
