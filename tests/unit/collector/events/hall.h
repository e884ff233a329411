/*
 * A place for the tests of rules: a bus, rules made by hand, a clock that stands until it is moved,
 * and all that was said and put on record.
 */
#ifndef DTUHUB_TESTS_COLLECTOR_EVENTS_HALL_H
#define DTUHUB_TESTS_COLLECTOR_EVENTS_HALL_H

#include "collector/events/rules.h"
#include "shared/base/alloc.h"
#include "tests/unit/collector/parts.h"

#include <json-c/json.h>
#include <math.h>

/* 2023-11-14T00:00:00Z: a midnight. */
#define HALL_WALL_MS 1699920000000LL

enum { HALL_MONO_MS = 5000000, HALL_HEARD = 64 };

static const char hall_yaml[] =
    "query_tasks: {1: {start_addr: 0, length: 8, interval: 1, trigger: timer}}\n"
    "data_points:\n"
    "  0: {name: temperature, type: uint16, unit: C}\n"
    "  1: {name: pressure, type: uint16}\n"
    "  2: {name: level, type: float}\n"
    "profiles:\n"
    "  other:\n"
    "    data_points: {0: {name: speed, type: uint16}}\n"
    "    query_tasks: {1: {start_addr: 0, length: 1, interval: 1, trigger: timer}}\n"
    "devices:\n"
    "  \"7\": {name: Pump 7, tags: [north, pumps]}\n";

struct heard {
    enum event_kind kind;
    bool quiet;
    enum severity severity;
    struct json_object *event;
};

struct hall {
    struct bus *bus;
    struct rules *rules;
    struct data_config *config;
    double seconds; /* since the start */
    struct heard heard[HALL_HEARD];
    size_t nheard;
    struct alarm *records[HALL_HEARD];
    uint32_t record_device;
    size_t nrecords;
};

static inline int64_t hall_wall(const struct hall *hall)
{
    return HALL_WALL_MS + (int64_t)(hall->seconds * 1000);
}

static inline int64_t hall_mono(const struct hall *hall)
{
    return HALL_MONO_MS + (int64_t)(hall->seconds * 1000);
}

static inline void hall_hear(void *cookie, const struct bus_event *event)
{
    struct hall *hall = cookie;
    if (event->kind == EVENT_DEVICE_ONLINE)
        return;
    assert_true(hall->nheard < HALL_HEARD);
    assert_non_null(event->device);
    assert_string_equal(event->device->id, event->device->ref == 7 ? "7" : event->device->id);
    hall->heard[hall->nheard++] = (struct heard){.kind = event->kind,
                                                 .quiet = event->quiet,
                                                 .severity = event->severity,
                                                 .event = event_json(event, "hub")};
}

static inline void hall_record(void *cookie, uint32_t device, const struct alarm *alarm,
                               int64_t ts_ms)
{
    struct hall *hall = cookie;
    size_t size;
    char *body = alarm_encode(alarm, &size);
    assert_true(hall->nrecords < HALL_HEARD);
    assert_true(ts_ms >= HALL_WALL_MS);
    hall->record_device = device;
    hall->records[hall->nrecords++] = alarm_decode(body, size);
    free(body);
}

/* A device's id is its reference as a number. */
static inline uint32_t hall_device(void *cookie, const char *id)
{
    (void)cookie;
    return (uint32_t)atoi(id);
}

static inline void hall_forget(struct hall *hall)
{
    for (size_t i = 0; i < hall->nheard; i++)
        json_object_put(hall->heard[i].event);
    for (size_t i = 0; i < hall->nrecords; i++)
        alarm_free(hall->records[i]);
    hall->nheard = hall->nrecords = 0;
}

/* A configuration with these rules; ${whens[i]} is the condition of the i-th. */
static inline struct data_config *hall_config(const struct rule_def *defs, const char *const *whens,
                                              size_t n)
{
    struct data_config *config = parts_config(hall_yaml);
    free(config->rules.rules); /* none */
    config->rules.rules = xcalloc(n + 1, sizeof(*defs));
    config->rules.nrules = n;
    for (size_t i = 0; i < n; i++) {
        config->rules.rules[i] = defs[i];
        assert_null(rule_expr_parse(whens[i], &config->rules.rules[i].when));
    }
    return config;
}

/* The last holder's: its rules are not from the file. */
static inline void hall_config_free(struct data_config *config)
{
    assert_int_equal(config->holders, 1);
    free(config->rules.rules);
    config->rules = (struct rule_config){0};
    data_config_release(config);
}

/* Takes ${config}. Nothing is said to be restored yet. */
static inline void hall_open(struct hall *hall, struct data_config *config)
{
    *hall = (struct hall){.bus = bus_new(), .config = config};
    const struct rules_ops ops = {.record = hall_record, .device = hall_device, .cookie = hall};
    hall->rules = rules_new(hall->bus, config, &ops);
    bus_listen(hall->bus, &(struct bus_listener){.event = hall_hear, .cookie = hall});
    rules_tick(hall->rules, hall_wall(hall), hall_mono(hall));
}

static inline void hall_close(struct hall *hall)
{
    hall_forget(hall);
    rules_free(hall->rules);
    bus_free(hall->bus);
    hall_config_free(hall->config);
}

/* A reload; takes ${config}. */
static inline void hall_reload(struct hall *hall, struct data_config *config)
{
    rules_configure(hall->rules, config, hall_wall(hall), hall_mono(hall));
    hall_config_free(hall->config);
    hall->config = config;
}

/* It becomes ${seconds}; what is due by then happens. */
static inline void hall_at(struct hall *hall, double seconds)
{
    hall->seconds = seconds;
    rules_tick(hall->rules, hall_wall(hall), hall_mono(hall));
}

static inline struct event_device hall_from(const struct hall *hall, const char *id)
{
    const struct device_def *def = data_config_device(hall->config, id);
    return (struct event_device){.ref = hall_device(NULL, id),
                                 .id = id,
                                 .name = def != NULL ? def->name : "",
                                 .tags = def != NULL ? def->tags : "",
                                 .profile = "default",
                                 .address = "192.0.2.1",
                                 .port = 40000};
}

static inline void hall_online(struct hall *hall, const char *id)
{
    const struct event_device device = hall_from(hall, id);
    bus_raise(hall->bus, &(struct bus_event){.kind = EVENT_DEVICE_ONLINE,
                                             .ts_ms = hall_wall(hall),
                                             .device = &device});
}

static inline void hall_answer(struct hall *hall, const struct event_device *device,
                               const struct point_def *point, const struct reg_value *value)
{
    const struct event_reading reading = {.point = point, .value = value};
    bus_answer(hall->bus, &(struct event_answer){.device = device,
                                                 .ts_ms = hall_wall(hall),
                                                 .mono_ms = hall_mono(hall),
                                                 .readings = &reading,
                                                 .count = 1});
}

static inline const struct point_def *hall_point(const struct hall *hall, const char *name)
{
    const struct profile *profile = &hall->config->profiles[0];
    for (size_t i = 0; i < profile->npoints; i++) {
        if (strcmp(profile->points[i].name, name) == 0)
            return &profile->points[i];
    }
    fail_msg("no point %s", name);
    return NULL;
}

static inline void hall_value(struct hall *hall, const char *id, const char *point, double number)
{
    const struct event_device device = hall_from(hall, id);
    const struct reg_value value = {
        .number = number, .raw = (uint64_t)number, .has_number = 1, .has_raw = 1};
    hall_answer(hall, &device, hall_point(hall, point), &value);
}

static inline const char *hall_text(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value != NULL ? json_object_get_string(value) : "";
}

/* What was said since the last time, a letter each, small where no webhook hears of it: Raised,
 * Again (repeated), Delayed, Cleared, acKnowledged, No data. */
static inline const char *hall_said(struct hall *hall, char out[HALL_HEARD + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < hall->nheard; i++) {
        const struct heard *heard = &hall->heard[i];
        char letter = '?';
        if (heard->kind == EVENT_ALARM_RAISED)
            letter = hall_text(heard->event, "repeated")[0] != '\0'  ? 'A'
                     : hall_text(heard->event, "delayed")[0] != '\0' ? 'D'
                                                                     : 'R';
        if (heard->kind == EVENT_ALARM_CLEARED)
            letter = 'C';
        if (heard->kind == EVENT_ALARM_ACKNOWLEDGED)
            letter = 'K';
        if (heard->kind == EVENT_NO_DATA)
            letter = 'N';
        out[n++] = (char)(heard->quiet ? letter + 'a' - 'A' : letter);
    }
    out[n] = '\0';
    hall_forget(hall);
    return out;
}

#endif
