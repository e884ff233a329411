/* Devices as the database knows them. Results are freed with mysql_free_result(); NULL or -1:
 * db->error says why. */
#ifndef DTUHUB_WEBAPP_QUERY_DEVICES_H
#define DTUHUB_WEBAPP_QUERY_DEVICES_H

#include "webapp/query/database.h"

#include <stdbool.h>
#include <stddef.h>

enum devices_order {
    DEVICES_BY_ID,
    DEVICES_BY_STATUS,
    DEVICES_BY_PROFILE,
    DEVICES_BY_ADDRESS,
    DEVICES_BY_LAST_SEEN,
    DEVICES_BY_FIRST_SEEN
};

struct devices_filter {
    const char *search;  /* part of the registration id, the name, a tag or the address; NULL:
                            all */
    const char *status;  /* "online", "offline"; NULL: both */
    const char *profile; /* its name; NULL: all */
    enum devices_order order;
    bool descending;
    int64_t offset, limit;
};

/** devices_list(db, filter): id, device_id, profile, ip_address, port, first_seen, last_seen,
 * status, name, tags. */
MYSQL_RES *devices_list(struct database *db, const struct devices_filter *filter);

/** devices_count(db, filter, total): how many there are without offset and limit. 0 or -1. */
int devices_count(struct database *db, const struct devices_filter *filter, int64_t *total);

/** devices_profiles(db): the profiles that devices are of: profile. */
MYSQL_RES *devices_profiles(struct database *db);

/** devices_all(db): every device in order of id: id, device_id, ip_address, port, first_seen,
 * last_seen, status. */
MYSQL_RES *devices_all(struct database *db);

/** devices_one(db, device_id): the columns of devices_list() of one device; no row where there is
 * none. */
MYSQL_RES *devices_one(struct database *db, const char *device_id);

/** devices_absent(db, ids, n): of these devices: device_id, last_seen, and ended, why its last line
 * closed (null where none did); no row for those that never came. */
MYSQL_RES *devices_absent(struct database *db, const char *const *ids, size_t n);

/** devices_key(db, device_id, key): the numeric key by which readings name a device; 0 in ${key}
 * where there is none. 0 or -1. */
int devices_key(struct database *db, const char *device_id, uint32_t *key);

#endif
