/*
 * Pieces that several pages are made of. All take rows of a query and return values for templates,
 * the caller's.
 */
#ifndef DTUHUB_WEBAPP_PAGES_PARTS_H
#define DTUHUB_WEBAPP_PAGES_PARTS_H

#include "webapp/call.h"

#include <json-c/json_object.h>
#include <mysql.h>

/** parts_connections(call, rows): rows of connections_list(), each with "link" and "label". Frees
 * ${rows}. */
struct json_object *parts_connections(const struct call *call, MYSQL_RES *rows);

/** parts_reason(call, details): why a line closed, as the collector says it, in the viewer's
 * language as far as the catalogue knows it; the caller's. */
char *parts_reason(const struct call *call, const char *details);

/** parts_device(item): add link, link_data, link_export and "online" to a row of devices. */
void parts_device(struct json_object *item);

/** parts_choice(call, prefix, words, chosen): [{"value", "label", "chosen"}]; the label is the text
 * of ${prefix}.word. */
struct json_object *parts_choice(const struct call *call, const char *prefix,
                                 const char *const *words, const char *chosen);

/** parts_duration(call, ms): "3 d 4 h", "12 min", "5 s" in the viewer's language, the caller's. */
char *parts_duration(const struct call *call, int64_t ms);

/** parts_put_range(page, range, zone_min): "from" and "to" as a form's datetime-local fields take
 * them. */
void parts_put_range(struct json_object *page, int64_t from_ms, int64_t to_ms, int zone_min);

#endif
