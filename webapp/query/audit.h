/* What happened to devices, and what was written to them. Results are freed with
 * mysql_free_result(); NULL: db->error says why. */
#ifndef DTUHUB_WEBAPP_QUERY_AUDIT_H
#define DTUHUB_WEBAPP_QUERY_AUDIT_H

#include "webapp/query/database.h"

struct events_filter {
    const char *device_id; /* NULL: all devices */
    const char *kind;      /* NULL: all */
    const char *severity;  /* NULL: all */
    struct sql_span time;
    int64_t before_id; /* only what is older than that row */
    int64_t limit;
};

/** audit_events(db, filter): the newest first: id, kind, device_id, timestamp, details, uid,
 * severity, data (JSON, or null). */
MYSQL_RES *audit_events(struct database *db, const struct events_filter *filter);

/** audit_writes(db, device_id, limit): the newest first, of all devices where ${device_id} is NULL:
 * all columns of write_log. */
MYSQL_RES *audit_writes(struct database *db, const char *device_id, int64_t limit);

#endif
