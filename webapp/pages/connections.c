/* GET /connections: what connected and went, the newest first. */
#include "webapp/query/connections.h"

#include "shared/base/clock.h"
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/link.h"
#include "webapp/pages/parts.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 100 };

/* The next page begins behind this one's last row: by its place, not by a count, so that new rows
 * do not shift it. */
static void put_older(struct json_object *page, struct json_object *list, const char *device_id,
                      const char *event)
{
    struct json_object *last = json_object_array_get_idx(list, PAGE_ROWS - 1), *instant;
    if (last == NULL || !json_object_object_get_ex(last, "timestamp", &instant))
        return;
    const struct link_param params[] = {
        {"device_id", device_id},
        {"event", strcmp(event, "all") == 0 ? NULL : event},
        {"before", values_get(instant, "iso")},
        {"before_id", values_get(last, "id")},
        {NULL, NULL},
    };
    values_owned(page, "link_older", link_query("/connections", params));
}

enum outcome page_connections(struct call *call)
{
    const char *event = args_word(&call->args, "event"),
               *device_id = args_text(&call->args, "device_id");
    const struct param_value *before = args_given(&call->args, "before");
    struct connections_filter filter = {
        .device_id = device_id,
        .event = strcmp(event, "all") == 0 ? NULL : event,
        .before_ms = before != NULL ? &before->number : NULL,
        .before_id = args_number(&call->args, "before_id"),
        .limit = PAGE_ROWS,
    };
    MYSQL_RES *rows = connections_list(&call->worker->db, &filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct json_object *page = json_object_new_object(), *list = parts_connections(call, rows);
    values_text(page, "device_id", device_id);
    values_flag(page, "filtered", device_id != NULL || filter.event != NULL);
    values_flag(page, "empty", json_object_array_length(list) == 0);
    values_flag(page, "older", before != NULL);
    json_object_object_add(page, "events",
                           parts_choice(call, "connections.event",
                                        param_rule_of(call->args.rules, "event")->allowed, event));
    put_older(page, list, device_id, event);
    json_object_object_add(page, "rows", list);
    return call_page(call, 200, "connections", page);
}
