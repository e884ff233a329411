/*
 * Records that the database refuses go into the table rejected_records, with what it said and with
 * all that the record says.
 */
#ifndef DTUHUB_COLLECTOR_STORE_SET_ASIDE_H
#define DTUHUB_COLLECTOR_STORE_SET_ASIDE_H

#include "collector/record.h"
#include "collector/store/directory.h"
#include "collector/store/names.h"
#include "shared/db/db.h"

#include <stdbool.h>

/** One record that was refused. */
struct set_aside {
    const char *collector;
    const char *journal;
    uint64_t seq;
    const char *device; /* its registration id */
    const char *reason; /* what the database said */
    struct record_head head;
    const uint8_t *body;
};

/** set_aside_kind(type): what the column `kind` says. */
const char *set_aside_kind(unsigned type);

/** set_aside_content(record, names): what the record says as JSON text; the caller frees it. */
char *set_aside_content(const struct set_aside *record, struct names *names);

/** Some of them, on their way into the table. */
struct aside_rows;

struct aside_rows *aside_rows_new(void);
void aside_rows_free(struct aside_rows *rows);
void aside_rows_add(struct aside_rows *rows, const struct set_aside *record, struct names *names);

/** aside_rows_insert(rows, conn, bulk, error): all that were added, inside of the caller's
 * transaction; then there are none. 0, or -1 with ${error} filled. */
int aside_rows_insert(struct aside_rows *rows, MYSQL *conn, bool bulk, struct db_error *error);

#endif
