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

/** set_aside_insert(record, names, conn, error): inside of the caller's transaction. 0, or -1 with
 * ${error} filled. */
int set_aside_insert(const struct set_aside *record, struct names *names, MYSQL *conn,
                     struct db_error *error);

#endif
