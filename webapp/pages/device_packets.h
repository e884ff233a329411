/* The raw packets of a device page. */
#ifndef DTUHUB_WEBAPP_PAGES_DEVICE_PACKETS_H
#define DTUHUB_WEBAPP_PAGES_DEVICE_PACKETS_H

#include "webapp/call.h"
#include "webapp/query/packets.h"

#include <json-c/json_object.h>

/** device_packets(call, rows): rows of packets_list() with "size", "label" and "fields", each with
 * its bytes. Frees ${rows}. */
struct json_object *device_packets(const struct call *call, MYSQL_RES *rows);

#endif
