#include "webapp/pages/line_parts.h"

#include "shared/base/alloc.h"
#include "webapp/lines.h"
#include "webapp/pages/parts.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t line_parts_number(struct json_object *from, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(from, key, &value) ? json_object_get_int64(value) : 0;
}

void line_parts_put_instant(struct json_object *item, const struct call *call, const char *key,
                            struct json_object *from)
{
    int64_t ms = line_parts_number(from, key);
    json_object_object_add(item, key, ms > 0 ? rows_instant_value(ms, call->zone_min) : NULL);
}

const char *line_parts_text(struct json_object *from, const char *key)
{
    const char *found = values_get(from, key);
    return found != NULL ? found : "";
}

struct json_object *line_parts_slave(const struct call *call, struct json_object *slave)
{
    static const char *const states[] = {"alive", "dead", "unknown"};
    struct json_object *item = json_object_new_object();
    char unit[24], key[32];
    size_t state = 0;
    while (state < 2 && strcmp(line_parts_text(slave, "state"), states[state]) != 0)
        state++;
    snprintf(unit, sizeof(unit), "%lld", (long long)line_parts_number(slave, "slave"));
    snprintf(key, sizeof(key), "slave.%s", states[state]);
    values_text(item, "unit", unit);
    values_text(item, "name", line_parts_text(slave, "name"));
    values_text(item, "state", states[state]);
    values_text(item, "label", call_text(call, key));
    line_parts_put_instant(item, call, "since", slave);
    line_parts_put_instant(item, call, "answered_at", slave);
    values_count(item, "answers",
                 line_parts_number(slave, "answers") + line_parts_number(slave, "exceptions"));
    values_count(item, "timeouts", line_parts_number(slave, "timeouts"));
    return item;
}

static void put_line(struct json_object *page, const struct call *call, struct json_object *line)
{
    values_flag(page, "line", true);
    values_text(page, "framing", line_parts_text(line, "framing"));
    values_count(page, "line_heartbeats", line_parts_number(line, "heartbeats"));
    values_count(page, "noise_bytes", line_parts_number(line, "noise_bytes"));
    values_flag(page, "noisy", line_parts_number(line, "noise_bytes") > 0);
    int64_t since_ms = line_parts_number(line, "since");
    if (since_ms > 0)
        json_object_object_add(page, "line_since", rows_instant_value(since_ms, call->zone_min));
}

void line_parts_put_slaves(struct json_object *page, struct call *call, const char *device_id)
{
    bool answered;
    struct json_object *line = lines_one(call, device_id, &answered), *slaves = NULL;
    struct json_object *list = json_object_new_array();
    if (line != NULL && json_object_object_get_ex(line, "slaves", &slaves) &&
        json_object_is_type(slaves, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(slaves); i++)
            json_object_array_add(list,
                                  line_parts_slave(call, json_object_array_get_idx(slaves, i)));
    }
    if (line != NULL)
        put_line(page, call, line);
    values_flag(page, "slaves_down", !answered);
    values_flag(page, "slaves_offline", answered && line == NULL);
    values_flag(page, "slaves_none", line != NULL && json_object_array_length(list) == 0);
    json_object_object_add(page, "slaves", list);
    json_object_put(line);
}

void line_parts_put_more(struct json_object *page, const struct call *call, const char *key,
                         size_t total, size_t shown)
{
    char n[24], all[24];
    if (total <= shown)
        return;
    snprintf(n, sizeof(n), "%zu", shown);
    snprintf(all, sizeof(all), "%zu", total);
    values_owned(page, key, call_format(call, "lines.more", {"n", n}, {"total", all}));
}

static struct json_object *stranger_value(const struct call *call, struct json_object *device)
{
    struct json_object *item = json_object_new_object(), *connected = NULL;
    json_object_object_get_ex(device, "connected", &connected);
    values_text(item, "device_id", line_parts_text(device, "device_id"));
    values_text(item, "peer", line_parts_text(device, "peer"));
    values_text(item, "profile", line_parts_text(device, "profile"));
    values_count(item, "times", line_parts_number(device, "times"));
    values_flag(item, "online", json_object_get_boolean(connected));
    line_parts_put_instant(item, call, "first_seen", device);
    line_parts_put_instant(item, call, "last_seen", device);
    return item;
}

void line_parts_put_quarantine(struct json_object *page, struct call *call, size_t most)
{
    struct json_object *devices = lines_quarantine(call), *list = json_object_new_array();
    size_t n = devices != NULL ? json_object_array_length(devices) : 0;
    for (size_t i = 0; i < n && i < most; i++)
        json_object_array_add(list, stranger_value(call, json_object_array_get_idx(devices, i)));
    json_object_put(devices);
    values_count(page, "strangers_n", (int64_t)n);
    values_flag(page, "some_strangers", n > 0);
    line_parts_put_more(page, call, "strangers_more", n, most);
    json_object_object_add(page, "strangers", list);
}

/* "47455420" -> "47 45 54 20", the caller's. */
static char *spaced(const char *hex)
{
    size_t len = strlen(hex), used = 0;
    char *out = xcalloc(len + len / 2 + 1, 1);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && i % 2 == 0)
            out[used++] = ' ';
        out[used++] = hex[i];
    }
    return out;
}

static struct json_object *refusal_value(const struct call *call, struct json_object *refusal)
{
    struct json_object *item = json_object_new_object();
    const char *peer = line_parts_text(refusal, "peer");
    values_text(item, "device_id", line_parts_text(refusal, "device_id"));
    values_owned(item, "peer",
                 xasprintf(strchr(peer, ':') != NULL ? "[%s]:%lld" : "%s:%lld", peer,
                           (long long)line_parts_number(refusal, "port")));
    values_owned(item, "reason", parts_reason(call, line_parts_text(refusal, "reason")));
    values_text(item, "bytes", line_parts_text(refusal, "text"));
    values_owned(item, "hex", spaced(line_parts_text(refusal, "hex")));
    values_count(item, "times", line_parts_number(refusal, "times"));
    line_parts_put_instant(item, call, "first_at", refusal);
    line_parts_put_instant(item, call, "last_at", refusal);
    return item;
}

void line_parts_put_refusals(struct json_object *page, struct call *call, size_t most)
{
    struct json_object *refusals = lines_refusals(call), *list = json_object_new_array();
    size_t n = refusals != NULL ? json_object_array_length(refusals) : 0;
    for (size_t i = 0; i < n && i < most; i++)
        json_object_array_add(list, refusal_value(call, json_object_array_get_idx(refusals, i)));
    json_object_put(refusals);
    values_count(page, "refusals_n", (int64_t)n);
    values_flag(page, "some_refusals", n > 0);
    json_object_object_add(page, "refusals", list);
}

void line_parts_put_tags(struct json_object *page)
{
    struct json_object *list = json_object_new_array();
    const char *at = line_parts_text(page, "tags");
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
