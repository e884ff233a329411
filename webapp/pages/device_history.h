/* What happened to a device, and what was written to it, on its page. */
#ifndef DTUHUB_WEBAPP_PAGES_DEVICE_HISTORY_H
#define DTUHUB_WEBAPP_PAGES_DEVICE_HISTORY_H

#include "webapp/call.h"

#include <json-c/json_object.h>
#include <stdint.h>

/** device_history(page, call, device_id, most): put "events" and "writes", the newest first, at
 * most so many of each, with "some_events", "some_writes", "some_history" and "history_columns"
 * (the layout's) into ${page}. */
enum outcome device_history(struct json_object *page, struct call *call, const char *device_id,
                            int64_t most);

#endif
