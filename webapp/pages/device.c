/* GET /device/{id}: one device: its state, latest values, a point's curve, the slaves behind it,
 * raw packets, connections. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/link.h"
#include "webapp/pages/device_history.h"
#include "webapp/pages/device_packets.h"
#include "webapp/pages/line_parts.h"
#include "webapp/pages/parts.h"
#include "webapp/query/connections.h"
#include "webapp/query/devices.h"
#include "webapp/query/latest.h"
#include "webapp/query/readings.h"
#include "webapp/query/rows.h"
#include "webapp/reading_text.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_PACKETS = 30, SHOWN_CONNECTIONS = 8, SHOWN_HISTORY = 20 };

/* The page's settings that its own links keep. */
struct settings {
    const char *id, *point, *range, *from, *to, *packets;
};

static char *link_to(const struct settings *settings)
{
    bool custom = strcmp(settings->range, "custom") == 0;
    const struct link_param params[] = {
        {"point", settings->point},
        {"range", strcmp(settings->range, "1h") == 0 ? NULL : settings->range},
        {"from", custom ? settings->from : NULL},
        {"to", custom ? settings->to : NULL},
        {"packets", strcmp(settings->packets, "all") == 0 ? NULL : settings->packets},
        {NULL, NULL},
    };
    char *path = link_device("/device", settings->id, ""), *link = link_query(path, params);
    free(path);
    return link;
}

/* Without a point chosen the first one with a number is drawn. */
static const char *drawn_point(struct json_object *points, const char *chosen)
{
    for (size_t i = 0; chosen == NULL && i < json_object_array_length(points); i++) {
        struct json_object *point = json_object_array_get_idx(points, i);
        if (values_get(point, "value") != NULL)
            return values_get(point, "name");
    }
    return chosen;
}

static void dress_points(struct json_object *points, const struct settings *now)
{
    for (size_t i = 0; i < json_object_array_length(points); i++) {
        struct json_object *point = json_object_array_get_idx(points, i);
        const char *name = values_get(point, "name");
        struct reading_style style = {values_get(point, "kind"),
                                      atoi(values_get(point, "decimals"))};
        struct settings next = *now;
        char text[READING_TEXT_SIZE];
        next.point = name;
        if (values_get(point, "text") == NULL && values_get(point, "value") != NULL)
            values_text(point, "text", reading_text(values_get(point, "value"), &style, text));
        values_owned(point, "link", link_to(&next));
        values_flag(point, "chosen", now->point != NULL && strcmp(name, now->point) == 0);
    }
}

static struct json_object *links(const struct call *call, const struct settings *now,
                                 const char *param, const char *prefix)
{
    const char *const *words = param_rule_of(call->args.rules, param)->allowed;
    bool ranges = strcmp(param, "range") == 0;
    struct json_object *list =
        parts_choice(call, prefix, words, ranges ? now->range : now->packets);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct settings next = *now;
        *(ranges ? &next.range : &next.packets) = words[i];
        values_owned(item, "link", link_to(&next));
    }
    if (ranges) /* the own range has its form, not a link */
        json_object_array_del_idx(list, json_object_array_length(list) - 1, 1);
    return list;
}

static int64_t span_of(const char *range)
{
    if (strcmp(range, "7d") == 0)
        return 7 * DAY_MS;
    if (strcmp(range, "24h") == 0)
        return DAY_MS;
    return strcmp(range, "6h") == 0 ? 6 * HOUR_MS : HOUR_MS;
}

/* What chart.js reads: where the series is, and its span, or its ends where they are fixed. */
static int put_chart(struct json_object *page, const struct call *call, const struct settings *now,
                     struct json_object *points)
{
    const struct param_value *from = args_given(&call->args, "from"),
                             *to = args_given(&call->args, "to");
    bool custom = strcmp(now->range, "custom") == 0;
    struct json_object *chart = json_object_new_object();
    struct moment_range range;
    json_object_object_add(page, "chart", chart);
    if (moment_range(custom && from != NULL ? &from->number : NULL,
                     custom && to != NULL ? &to->number : NULL, call->now_ms,
                     custom ? DAY_MS : span_of(now->range), &range) != 0)
        return -1;
    values_owned(chart, "url", link_device("/api/device", now->id, "/series"));
    values_text(chart, "point", now->point);
    for (size_t i = 0; i < json_object_array_length(points); i++) {
        struct json_object *point = json_object_array_get_idx(points, i);
        if (now->point != NULL && strcmp(values_get(point, "name"), now->point) == 0)
            values_text(chart, "unit", values_get(point, "unit"));
    }
    json_object_object_add(chart, "span",
                           json_object_new_int64(custom ? 0 : range.to_ms - range.from_ms));
    json_object_object_add(chart, "from", json_object_new_int64(range.from_ms));
    json_object_object_add(chart, "to", json_object_new_int64(range.to_ms));
    values_flag(chart, "custom", custom);
    parts_put_range(page, range.from_ms, range.to_ms, call->zone_min);
    return 0;
}

static enum outcome put_history(struct json_object *page, struct call *call,
                                const struct settings *now)
{
    struct connections_filter connections = {.device_id = now->id, .limit = SHOWN_CONNECTIONS};
    struct packets_filter packets = {
        .device_id = now->id,
        .type = strcmp(now->packets, "all") == 0 ? NULL : now->packets,
        .limit = SHOWN_PACKETS,
    };
    MYSQL_RES *rows = connections_list(&call->worker->db, &connections);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    json_object_object_add(page, "connections", parts_connections(call, rows));
    rows = packets_list(&call->worker->db, &packets);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    values_flag(page, "no_packets", mysql_num_rows(rows) == 0);
    json_object_object_add(page, "packets", device_packets(call, rows));
    return device_history(page, call, now->id, SHOWN_HISTORY);
}

static enum outcome fill(struct json_object *page, struct call *call, struct settings *now,
                         uint32_t key)
{
    struct json_object *points = latest_read(&call->worker->db, key, call->zone_min);
    if (points == NULL)
        return OUTCOME_DATABASE;
    json_object_object_add(page, "points", points);
    now->point = drawn_point(points, now->point);
    dress_points(points, now);
    values_flag(page, "no_points", json_object_array_length(points) == 0);
    if (put_chart(page, call, now, points) != 0)
        return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
    json_object_object_add(page, "ranges", links(call, now, "range", "device.range"));
    json_object_object_add(page, "packet_types", links(call, now, "packets", "packet.filter"));
    values_text(page, "packets_chosen", strcmp(now->packets, "all") == 0 ? NULL : now->packets);
    return put_history(page, call, now);
}

enum outcome page_device(struct call *call)
{
    struct settings now = {
        .id = args_text(&call->args, "id"),
        .point = args_text(&call->args, "point"),
        .range = args_word(&call->args, "range"),
        .from = args_text(&call->args, "from"),
        .to = args_text(&call->args, "to"),
        .packets = args_word(&call->args, "packets"),
    };
    MYSQL_RES *rows = devices_one(&call->worker->db, now.id);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct json_object *found = rows_to_list(rows, call->zone_min);
    mysql_free_result(rows);
    if (json_object_array_length(found) == 0) {
        json_object_put(found);
        return OUTCOME_NOT_FOUND;
    }
    struct json_object *page = json_object_get(json_object_array_get_idx(found, 0));
    json_object_put(found);
    parts_device(page);
    line_parts_put_tags(page);
    line_parts_put_slaves(page, call, now.id);
    enum outcome outcome =
        fill(page, call, &now, (uint32_t)strtoul(values_get(page, "id"), NULL, 10));
    if (outcome == OUTCOME_DONE)
        return call_page(call, 200, "device", page);
    json_object_put(page);
    return outcome;
}
