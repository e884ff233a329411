/* The history of connections. Results are freed with mysql_free_result(); NULL: db->error says why.
 */
#ifndef DTUHUB_WEBAPP_QUERY_CONNECTIONS_H
#define DTUHUB_WEBAPP_QUERY_CONNECTIONS_H

#include "webapp/query/database.h"

struct connections_filter {
    const char *device_id; /* NULL: all devices */
    const char *event;     /* NULL: all */
    const int64_t
        *before_ms; /* with before_id: only what is older than that row; NULL: from the newest on */
    int64_t before_id;
    int64_t limit;
};

/** connections_list(db, filter): the newest first: id, device_id, event, timestamp, details,
 * and name, the device's (null where no such device is known any more). */
MYSQL_RES *connections_list(struct database *db, const struct connections_filter *filter);

#endif
