/* The newest reading of each point of a device. */
#ifndef DTUHUB_WEBAPP_QUERY_LATEST_H
#define DTUHUB_WEBAPP_QUERY_LATEST_H

#include "webapp/query/database.h"

#include <json-c/json_object.h>

/**
 * latest_read(db, device, zone_min): the points of the device in order of address, each {"name",
 * "address", "unit", "kind", "decimals"} and, where it has a reading, {"value", "text", "raw",
 * "ts"}. The caller's; NULL: db->error says why.
 *
 * A point whose last reading is further back than the bounded walk reaches counts as having none.
 */
struct json_object *latest_read(struct database *db, uint32_t device, int zone_min);

#endif
