#include "collector/alarm.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {
    [ALARM_RAISED] = "raised",
    [ALARM_ACKNOWLEDGED] = "acknowledged",
    [ALARM_CLEARED] = "cleared",
};

const char *alarm_state_name(enum alarm_state state)
{
    return state <= ALARM_CLEARED ? states[state] : "unknown";
}

void alarm_free(struct alarm *alarm)
{
    if (alarm == NULL)
        return;
    free(alarm->rule);
    free(alarm->point);
    free(alarm->device_id);
    free(alarm->message_en);
    free(alarm->message_zh);
    free(alarm->actor);
    free(alarm->comment);
    free(alarm);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text != NULL ? text : ""));
}

static void add_number(struct json_object *object, const char *key, int64_t number)
{
    json_object_object_add(object, key, json_object_new_int64(number));
}

char *alarm_encode(const struct alarm *alarm, size_t *size)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "id", alarm->id);
    add_text(object, "rule", alarm->rule);
    add_text(object, "point", alarm->point);
    add_text(object, "device", alarm->device_id);
    add_number(object, "severity", alarm->severity);
    add_number(object, "state", alarm->state);
    add_number(object, "raised", alarm->raised_ms);
    add_number(object, "acknowledged", alarm->acknowledged_ms);
    add_number(object, "cleared", alarm->cleared_ms);
    if (alarm->has_value)
        json_object_object_add(object, "value", json_object_new_double(alarm->value));
    add_text(object, "en", alarm->message_en);
    add_text(object, "zh", alarm->message_zh);
    add_text(object, "actor", alarm->actor);
    add_text(object, "comment", alarm->comment);
    char *text = xstrdup(json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, size));
    json_object_put(object);
    return text;
}

static char *get_text(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return xstrdup(json_object_get_string(value));
}

static int64_t get_number(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_int))
        return -1;
    return json_object_get_int64(value);
}

static struct alarm *from_json(struct json_object *object)
{
    struct alarm *alarm = xcalloc(1, sizeof(*alarm));
    struct json_object *value;
    char *id = get_text(object, "id");
    int64_t severity = get_number(object, "severity"), state = get_number(object, "state");
    alarm->rule = get_text(object, "rule");
    alarm->point = get_text(object, "point");
    alarm->device_id = get_text(object, "device");
    alarm->raised_ms = get_number(object, "raised");
    alarm->acknowledged_ms = get_number(object, "acknowledged");
    alarm->cleared_ms = get_number(object, "cleared");
    alarm->has_value = json_object_object_get_ex(object, "value", &value);
    alarm->value = alarm->has_value ? json_object_get_double(value) : 0;
    alarm->message_en = get_text(object, "en");
    alarm->message_zh = get_text(object, "zh");
    alarm->actor = get_text(object, "actor");
    alarm->comment = get_text(object, "comment");
    bool good = id != NULL && strlen(id) < sizeof(alarm->id) && severity >= 0 &&
                severity < SEVERITIES && state >= 0 && state <= ALARM_CLEARED &&
                alarm->rule != NULL && alarm->point != NULL && alarm->device_id != NULL &&
                alarm->raised_ms >= 0 && alarm->acknowledged_ms >= 0 && alarm->cleared_ms >= 0 &&
                alarm->message_en != NULL && alarm->message_zh != NULL && alarm->actor != NULL &&
                alarm->comment != NULL;
    if (good) {
        strcpy(alarm->id, id);
        alarm->severity = (enum severity)severity;
        alarm->state = (enum alarm_state)state;
    } else {
        alarm_free(alarm);
        alarm = NULL;
    }
    free(id);
    return alarm;
}

struct alarm *alarm_decode(const char *body, size_t size)
{
    struct json_tokener *tokener = json_tokener_new_ex(2);
    struct json_object *object = json_tokener_parse_ex(tokener, body, (int)size);
    struct alarm *alarm = NULL;
    if (json_object_is_type(object, json_type_object) &&
        json_tokener_get_parse_end(tokener) == size)
        alarm = from_json(object);
    json_object_put(object);
    json_tokener_free(tokener);
    return alarm;
}

static void add_time(struct json_object *object, const char *key, int64_t wall_ms)
{
    char text[CLOCK_ISO_SIZE];
    json_object_object_add(object, key,
                           wall_ms > 0 ? json_object_new_string(clock_iso(wall_ms, text)) : NULL);
}

struct json_object *alarm_json(const struct alarm *alarm)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "id", alarm->id);
    add_text(object, "rule", alarm->rule);
    add_text(object, "device_id", alarm->device_id);
    add_text(object, "point", alarm->point);
    add_text(object, "severity", severity_name(alarm->severity));
    add_text(object, "state", alarm_state_name(alarm->state));
    add_time(object, "raised", alarm->raised_ms);
    add_time(object, "acknowledged", alarm->acknowledged_ms);
    add_time(object, "cleared", alarm->cleared_ms);
    json_object_object_add(object, "value",
                           alarm->has_value ? json_object_new_double(alarm->value) : NULL);
    add_text(object, "message_en", alarm->message_en);
    add_text(object, "message_zh", alarm->message_zh);
    add_text(object, "actor", alarm->actor);
    add_text(object, "comment", alarm->comment);
    return object;
}
