/*
 * What pages show of lines: the slaves behind a device, and devices that are not let in. Values for
 * templates, from the collector's JSON.
 */
#ifndef DTUHUB_WEBAPP_PAGES_LINE_PARTS_H
#define DTUHUB_WEBAPP_PAGES_LINE_PARTS_H

#include "webapp/call.h"

#include <json-c/json_object.h>

/** line_parts_put_slaves(page, call, device_id): "slaves", a list; without any "slaves_down" where
 * the collector does not answer, or "slaves_offline". */
void line_parts_put_slaves(struct json_object *page, struct call *call, const char *device_id);

/** line_parts_put_quarantine(page, call): "quarantine", {"devices": [...]}, where there are any. */
void line_parts_put_quarantine(struct json_object *page, struct call *call);

/** line_parts_put_tags(page): "tag_list" from the page's "tags", comma-separated. */
void line_parts_put_tags(struct json_object *page);

#endif
