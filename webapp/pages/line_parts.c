#include "webapp/pages/line_parts.h"

#include "webapp/lines.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t number(struct json_object *from, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(from, key, &value) ? json_object_get_int64(value) : 0;
}

static void put_instant(struct json_object *item, const struct call *call, const char *key,
                        struct json_object *from)
{
    int64_t ms = number(from, key);
    json_object_object_add(item, key, ms > 0 ? rows_instant_value(ms, call->zone_min) : NULL);
}

static const char *text(struct json_object *from, const char *key)
{
    const char *found = values_get(from, key);
    return found != NULL ? found : "";
}

static struct json_object *slave_value(const struct call *call, struct json_object *slave)
{
    static const char *const states[] = {"alive", "dead", "unknown"};
    struct json_object *item = json_object_new_object();
    char unit[24], key[32];
    size_t state = 0;
    while (state < 2 && strcmp(text(slave, "state"), states[state]) != 0)
        state++;
    snprintf(unit, sizeof(unit), "%lld", (long long)number(slave, "slave"));
    snprintf(key, sizeof(key), "slave.%s", states[state]);
    values_text(item, "unit", unit);
    values_text(item, "name", text(slave, "name"));
    values_text(item, "state", states[state]);
    values_text(item, "label", call_text(call, key));
    put_instant(item, call, "since", slave);
    put_instant(item, call, "answered_at", slave);
    values_count(item, "answers", number(slave, "answers") + number(slave, "exceptions"));
    values_count(item, "timeouts", number(slave, "timeouts"));
    return item;
}

void line_parts_put_slaves(struct json_object *page, struct call *call, const char *device_id)
{
    bool answered;
    struct json_object *line = lines_one(call, device_id, &answered), *slaves = NULL;
    struct json_object *list = json_object_new_array();
    if (line != NULL && json_object_object_get_ex(line, "slaves", &slaves) &&
        json_object_is_type(slaves, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(slaves); i++)
            json_object_array_add(list, slave_value(call, json_object_array_get_idx(slaves, i)));
    }
    values_flag(page, "slaves_down", !answered);
    values_flag(page, "slaves_offline", answered && line == NULL);
    values_flag(page, "slaves_none", line != NULL && json_object_array_length(list) == 0);
    json_object_object_add(page, "slaves", list);
    json_object_put(line);
}

void line_parts_put_quarantine(struct json_object *page, struct call *call)
{
    struct json_object *devices = lines_quarantine(call), *list, *panel;
    if (devices != NULL && json_object_array_length(devices) > 0) {
        panel = json_object_new_object();
        list = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(devices); i++) {
            struct json_object *device = json_object_array_get_idx(devices, i);
            struct json_object *item = json_object_new_object();
            values_text(item, "device_id", text(device, "device_id"));
            values_text(item, "peer", text(device, "peer"));
            values_text(item, "profile", text(device, "profile"));
            values_count(item, "times", number(device, "times"));
            put_instant(item, call, "first_seen", device);
            put_instant(item, call, "last_seen", device);
            json_object_array_add(list, item);
        }
        json_object_object_add(panel, "devices", list);
        json_object_object_add(page, "quarantine", panel);
    }
    json_object_put(devices);
}

void line_parts_put_tags(struct json_object *page)
{
    struct json_object *list = json_object_new_array();
    const char *at = text(page, "tags");
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        const char *first = at, *end = at + len;
        while (first < end && *first == ' ')
            first++;
        while (end > first && end[-1] == ' ')
            end--;
        if (end > first)
            json_object_array_add(list, json_object_new_string_len(first, (int)(end - first)));
        at += len + (at[len] == ',');
    }
    json_object_object_add(page, "tag_list", list);
}
