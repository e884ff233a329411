/*
 * An alarm: what a rule raised, until it is cleared. Its life goes into the table `alarms` as
 * records (RECORD_ALARM, collector/record.h), each of which says all of it: the last one counts.
 *
 * Pure but for memory; any thread.
 */
#ifndef DTUHUB_COLLECTOR_ALARM_H
#define DTUHUB_COLLECTOR_ALARM_H

#include "shared/event/kind.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alarm_state { ALARM_RAISED, ALARM_ACKNOWLEDGED, ALARM_CLEARED };

enum { ALARM_MESSAGE_MAX = 500, ALARM_ACTOR_MAX = 64, ALARM_COMMENT_MAX = 500 };

struct alarm {
    char id[EVENT_ID_SIZE]; /* that of the event that raised it */
    char *rule, *point;     /* point: "" for a whole device */
    char *device_id;
    enum severity severity;
    enum alarm_state state;
    int64_t raised_ms, acknowledged_ms, cleared_ms; /* wall clock; 0: not */
    bool has_value;
    double value; /* that raised it, or the last one told */
    char *message_en, *message_zh;
    char *actor, *comment; /* of the acknowledgement; "" */
};

/** alarm_state_name(state): "raised", "acknowledged", "cleared". */
const char *alarm_state_name(enum alarm_state state);

/** alarm_free(alarm): NULL is allowed. */
void alarm_free(struct alarm *alarm);

/** alarm_encode(alarm, size): the body of a RECORD_ALARM, JSON text, to be freed.
 * alarm_decode(body, size): the alarm again, or NULL where it makes no sense. */
char *alarm_encode(const struct alarm *alarm, size_t *size);
struct alarm *alarm_decode(const char *body, size_t size);

/** alarm_json(alarm): for people and programs; the caller's. */
struct json_object *alarm_json(const struct alarm *alarm);

#endif
