#include "collector/events/event.h"

#include "shared/base/clock.h"

#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

void event_id_new(int64_t ts_ms, char out[EVENT_ID_SIZE])
{
    uint8_t random[10];
    char hex[2 * sizeof(random) + 1];
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(hex, sizeof(hex), random, sizeof(random));
    snprintf(out, EVENT_ID_SIZE, "evt_%012llx%s", (unsigned long long)ts_ms & 0xffffffffffffULL,
             hex);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_object_object_add(object, key, json_object_new_string(text));
}

/* "a,b" as a list. */
static struct json_object *list_of(const char *texts)
{
    struct json_object *list = json_object_new_array();
    while (texts[0] != '\0') {
        size_t len = strcspn(texts, ",");
        json_object_array_add(list, json_object_new_string_len(texts, (int)len));
        texts += len + (texts[len] == ',');
    }
    return list;
}

static void add_device(struct json_object *object, const struct event_device *device)
{
    json_object_object_add(object, "device_id", json_object_new_string(device->id));
    add_text(object, "device_name", device->name);
    if (device->tags != NULL && device->tags[0] != '\0')
        json_object_object_add(object, "tags", list_of(device->tags));
    add_text(object, "profile", device->profile);
    add_text(object, "ip", device->address);
    if (device->port != 0)
        json_object_object_add(object, "port", json_object_new_int(device->port));
}

/* What every kind has. */
static struct json_object *begin(const char *id, enum event_kind kind, int64_t ts_ms,
                                 enum severity severity, const char *collector)
{
    char time[CLOCK_ISO_SIZE];
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "id", json_object_new_string(id));
    json_object_object_add(object, "type", json_object_new_string(event_kind_info(kind)->name));
    json_object_object_add(object, "time", json_object_new_string(clock_iso(ts_ms, time)));
    json_object_object_add(object, "severity", json_object_new_string(severity_name(severity)));
    json_object_object_add(object, "collector", json_object_new_string(collector));
    return object;
}

struct json_object *event_json(const struct bus_event *event, const char *collector)
{
    struct json_object *object =
        begin(event->id, event->kind, event->ts_ms, event->severity, collector);
    add_text(object, "message", event->message);
    if (event->device != NULL)
        add_device(object, event->device);
    if (event->data == NULL)
        return object;
    json_object_object_foreach(event->data, key, value)
    {
        json_object_object_add(object, key, json_object_get(value));
    }
    return object;
}

struct json_object *event_reading_json(const struct event_answer *answer, size_t i, const char *id,
                                       const char *collector)
{
    const struct event_reading *reading = &answer->readings[i];
    const struct reg_value *value = reading->value;
    struct json_object *object =
        begin(id, EVENT_DATA_RECEIVED, answer->ts_ms, SEVERITY_INFO, collector);
    add_device(object, answer->device);
    json_object_object_add(object, "data_point", json_object_new_string(reading->point->name));
    json_object_object_add(object, "value",
                           value->text[0] != '\0' ? json_object_new_string(value->text)
                           : value->has_number    ? json_object_new_double(value->number)
                                                  : NULL);
    json_object_object_add(object, "raw_value",
                           value->has_raw ? json_object_new_uint64(value->raw) : NULL);
    add_text(object, "unit", reading->point->unit);
    return object;
}
