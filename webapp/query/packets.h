/* Raw packets as they were received. Results are freed with mysql_free_result(); NULL: db->error
 * says why. */
#ifndef DTUHUB_WEBAPP_QUERY_PACKETS_H
#define DTUHUB_WEBAPP_QUERY_PACKETS_H

#include "webapp/query/database.h"

struct packets_filter {
    const char *device_id; /* NULL: all devices */
    const char *type;      /* a packet_type; NULL: all */
    int64_t limit;
};

/** packets_list(db, filter): the newest first: id, device_id, packet_type, raw_data, timestamp. */
MYSQL_RES *packets_list(struct database *db, const struct packets_filter *filter);

#endif
