/* GET /data: a browser of readings, and the form of the export. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/link.h"
#include "webapp/pages/parts.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"
#include "webapp/query/rows.h"
#include "webapp/reading_text.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *rows_of(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = rows_to_list(rows, call->zone_min);
    mysql_free_result(rows);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct reading_style style = {values_get(item, "kind"), atoi(values_get(item, "decimals"))};
        char text[READING_TEXT_SIZE];
        if (values_get(item, "text") == NULL)
            values_text(item, "text", reading_text(values_get(item, "value"), &style, text));
        values_owned(item, "link", link_device("/device", values_get(item, "device_id"), ""));
    }
    return list;
}

static void put_form(struct json_object *page, const struct call *call,
                     const struct moment_range *range)
{
    const char *device_id = args_text(&call->args, "device_id");
    const struct param_value *from = args_given(&call->args, "from"),
                             *to = args_given(&call->args, "to");
    const struct link_param params[] = {{"device_id", device_id},
                                        {"from", from != NULL ? from->text : NULL},
                                        {"to", to != NULL ? to->text : NULL},
                                        {NULL, NULL}};
    char limit[24];
    values_text(page, "device_id", device_id);
    if (from != NULL || to != NULL)
        parts_put_range(page, range->from_ms, range->to_ms, call->zone_min);
    snprintf(limit, sizeof(limit), "%lld", (long long)args_number(&call->args, "limit"));
    values_text(page, "limit", limit);
    values_owned(page, "link_export", link_query("/export", params));
}

static enum outcome send_page(struct call *call, const struct readings_filter *filter,
                              const struct moment_range *range, bool unknown)
{
    MYSQL_RES *rows = readings_browse(&call->worker->db, filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    char shown[24];
    struct json_object *page = json_object_new_object();
    snprintf(shown, sizeof(shown), "%llu",
             unknown ? 0ULL : (unsigned long long)mysql_num_rows(rows));
    put_form(page, call, range);
    values_owned(page, "summary", call_format(call, "data.summary", {"n", shown}));
    values_flag(page, "empty", unknown || mysql_num_rows(rows) == 0);
    values_flag(page, "unknown_device", unknown);
    values_flag(page, "live", filter->range == NULL);
    json_object_object_add(page, "rows", rows_of(call, rows));
    return call_page(call, 200, "data", page);
}

enum outcome page_data(struct call *call)
{
    const char *device_id = args_text(&call->args, "device_id");
    const struct param_value *from = args_given(&call->args, "from"),
                             *to = args_given(&call->args, "to");
    struct readings_filter filter = {.limit = args_number(&call->args, "limit")};
    struct moment_range range = {0};
    if (from != NULL || to != NULL) {
        if (moment_range(from != NULL ? &from->number : NULL, to != NULL ? &to->number : NULL,
                         call->now_ms, DAY_MS, &range) != 0)
            return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
        filter.range = &range;
    }
    if (device_id != NULL && devices_key(&call->worker->db, device_id, &filter.device) != 0)
        return OUTCOME_DATABASE;
    bool unknown = device_id != NULL && filter.device == 0;
    if (unknown)
        filter.device = UINT32_MAX; /* no such key: an empty table, not everybody's rows */
    return send_page(call, &filter, &range, unknown);
}
