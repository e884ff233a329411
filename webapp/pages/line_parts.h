/*
 * What pages show of lines: the slaves behind a device, devices that are not let in, and lines that
 * were refused. Values for templates, from the collector's JSON.
 */
#ifndef DTUHUB_WEBAPP_PAGES_LINE_PARTS_H
#define DTUHUB_WEBAPP_PAGES_LINE_PARTS_H

#include "webapp/call.h"

#include <json-c/json_object.h>
#include <stddef.h>
#include <stdint.h>

/** line_parts_put_slaves(page, call, device_id): "line" with "framing", "noise_bytes" and the like
 * of the device's line where it has one; "slaves", a list; without any "slaves_down" where the
 * collector does not answer, or "slaves_offline". */
void line_parts_put_slaves(struct json_object *page, struct call *call, const char *device_id);

/** line_parts_put_quarantine(page, call, most): "strangers", at most so many of the devices that
 * are not let in; "strangers_n", "some_strangers", and "strangers_more" where there are more. */
void line_parts_put_quarantine(struct json_object *page, struct call *call, size_t most);

/** line_parts_put_refusals(page, call, most): "refusals" in the same way. */
void line_parts_put_refusals(struct json_object *page, struct call *call, size_t most);

/** line_parts_put_more(page, call, key, total, shown): the text of ${key} where more than ${shown}
 * rows would have to be shown. */
void line_parts_put_more(struct json_object *page, const struct call *call, const char *key,
                         size_t total, size_t shown);

/** line_parts_slave(call, slave): one slave for a template, from the collector's JSON of it. */
struct json_object *line_parts_slave(const struct call *call, struct json_object *slave);

/** line_parts_number(from, key), line_parts_text(from, key): of the collector's JSON, which is not
 * trusted: 0 or "" where ${from} has no such thing. */
int64_t line_parts_number(struct json_object *from, const char *key);
const char *line_parts_text(struct json_object *from, const char *key);

/** line_parts_put_instant(item, call, key, from): the instant ${key} of ${from}, milliseconds, as
 * templates show it; null where there is none. */
void line_parts_put_instant(struct json_object *item, const struct call *call, const char *key,
                            struct json_object *from);

/** line_parts_put_tags(page): "tag_list" from the page's "tags", comma-separated. */
void line_parts_put_tags(struct json_object *page);

#endif
