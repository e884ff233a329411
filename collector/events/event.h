/*
 * An event: something that happened and that somebody may want to know.
 *
 * Whoever notices it fills in a struct and raises it on the bus (collector/events/bus.h); it is
 * borrowed for that call. What leaves the collector is its JSON object, one flat object for every
 * kind:
 *
 *   id          "evt_" and 32 hexadecimal digits, time first: the same wherever the event shows up
 *   type        the kind's name, "device_offline"
 *   time        RFC 3339 in UTC with milliseconds
 *   severity    "info", "warning", "critical"
 *   collector   server.name
 *   message     for people, where there is one
 *   device_id, device_name, tags (a list), profile, ip, port    of events of a device
 *   and what is special to the kind: reason, data_point, value, raw_value, unit, rule, alarm, ...
 *
 * Names are made printable before they come here; values may still hold any text, so whoever puts
 * them somewhere escapes them for that place.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_EVENT_H
#define DTUHUB_COLLECTOR_EVENTS_EVENT_H

#include "shared/config/data_config.h"
#include "shared/event/kind.h"
#include "shared/modbus/regtype.h"

#include <json-c/json_object.h>
#include <stdint.h>

/** The device that an event is of; all borrowed, "" where not known. */
struct event_device {
    uint32_t ref; /* collector/store/names.h */
    const char *id;
    const char *name, *tags; /* tags: comma-separated */
    const char *profile;
    const char *address;
    uint16_t port;
};

struct bus_event {
    enum event_kind kind;
    enum severity severity; /* event_raise() takes the kind's where has_severity is false */
    bool has_severity;
    int64_t ts_ms;                     /* wall clock */
    const struct event_device *device; /* NULL: of the collector */
    const char *message;               /* for people, in English; NULL: none */
    struct json_object *data; /* an object with what is special to the kind; borrowed; NULL: none */
    bool quiet; /* stored and shown, but no webhook is called: quiet hours, a rule's limit */
    char id[EVENT_ID_SIZE]; /* filled by bus_raise() where it is "" */
};

/** One reading of an answer. */
struct event_reading {
    const struct point_def *point;
    const struct reg_value *value;
    bool stored; /* one that is stored on change may not be */
};

/** What one answer of a device brought: the common source of data_received and of rules. */
struct event_answer {
    const struct event_device *device;
    int64_t ts_ms, mono_ms;
    const struct event_reading *readings;
    size_t count;
};

/** event_id_new(ts_ms, out): a new id: time, then random bits. Any thread. */
void event_id_new(int64_t ts_ms, char out[EVENT_ID_SIZE]);

/** event_json(event, collector): its JSON object, the caller's. */
struct json_object *event_json(const struct bus_event *event, const char *collector);

/** event_reading_json(answer, i, id, collector): the data_received event of one reading. */
struct json_object *event_reading_json(const struct event_answer *answer, size_t i, const char *id,
                                       const char *collector);

#endif
