/* The bus: who is told what, and in which order; and the event's JSON. */
#include "collector/events/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

struct ear {
    struct bus *bus;
    enum event_kind heard[8];
    char ids[8][EVENT_ID_SIZE];
    char message[64], device[32];
    size_t n, answers;
    bool chain;
};

static void hear(void *cookie, const struct bus_event *event)
{
    struct ear *ear = cookie;
    char text[] = "made by a listener", id[] = "7";
    ear->heard[ear->n] = event->kind;
    strcpy(ear->ids[ear->n++], event->id);
    if (event->message != NULL)
        strcpy(ear->message, event->message);
    if (event->device != NULL)
        strcpy(ear->device, event->device->id);
    if (ear->chain && event->kind == EVENT_DEVICE_ONLINE) {
        const struct event_device device = {.id = id};
        bus_raise(ear->bus,
                  &(struct bus_event){.kind = EVENT_NO_DATA, .device = &device, .message = text});
        memset(text, 'x', sizeof(text) - 1); /* borrowed for the call only */
        id[0] = 'x';
    }
}

static void hear_answer(void *cookie, const struct event_answer *answer)
{
    ((struct ear *)cookie)->answers += answer->count;
}

static void every_listener_is_told_in_order(void **state)
{
    (void)state;
    struct bus *bus = bus_new();
    struct ear first = {.bus = bus, .chain = true}, second = {.bus = bus};
    bus_listen(bus, &(struct bus_listener){.event = hear, .cookie = &first});
    bus_listen(bus, &(struct bus_listener){.event = hear, .cookie = &second});
    bus_raise(bus, &(struct bus_event){.kind = EVENT_DEVICE_ONLINE, .ts_ms = 1700000000000});
    assert_int_equal(first.n, 2);
    assert_int_equal(second.n, 2);
    /* What a listener raises comes behind, for everybody. */
    assert_int_equal(second.heard[0], EVENT_DEVICE_ONLINE);
    assert_int_equal(second.heard[1], EVENT_NO_DATA);
    assert_string_equal(second.message, "made by a listener");
    assert_string_equal(second.device, "7");
    assert_string_equal(first.ids[0], second.ids[0]);
    assert_string_not_equal(first.ids[0], first.ids[1]);
    assert_int_equal(strncmp(first.ids[0], "evt_018bcfe56800", 16), 0);
    assert_int_equal(bus_count(bus, EVENT_NO_DATA), 1);
    assert_int_equal(bus_count(bus, EVENT_KINDS), 0);
    bus_free(bus);
}

static void answers_are_made_only_where_somebody_listens(void **state)
{
    (void)state;
    struct bus *bus = bus_new();
    struct ear ear = {.bus = bus};
    bus_listen(bus, &(struct bus_listener){.event = hear, .cookie = &ear});
    assert_false(bus_wants_answers(bus));
    bus_listen(bus, &(struct bus_listener){.answer = hear_answer, .cookie = &ear});
    assert_true(bus_wants_answers(bus));
    bus_answer(bus, &(struct event_answer){.count = 3});
    assert_int_equal(ear.answers, 3);
    bus_free(bus);
}

static void expect_json(struct json_object *object, const char *expected)
{
    assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE),
                        expected);
    json_object_put(object);
}

static void an_event_is_one_flat_object(void **state)
{
    (void)state;
    struct json_object *data = json_tokener_parse("{\"reason\": \"line closed\"}");
    const struct event_device device = {.id = "1001",
                                        .name = "Pump",
                                        .tags = "north,wet",
                                        .profile = "default",
                                        .address = "10.0.0.9",
                                        .port = 4001};
    const struct bus_event event = {.kind = EVENT_DEVICE_OFFLINE,
                                    .severity = SEVERITY_WARNING,
                                    .ts_ms = 1700000000123,
                                    .device = &device,
                                    .data = data,
                                    .message = "gone",
                                    .id = "evt_1"};
    expect_json(
        event_json(&event, "hub"),
        "{\"id\":\"evt_1\",\"type\":\"device_offline\",\"time\":\"2023-11-14T22:13:20.123Z\","
        "\"severity\":\"warning\",\"collector\":\"hub\",\"message\":\"gone\","
        "\"device_id\":\"1001\",\"device_name\":\"Pump\",\"tags\":[\"north\",\"wet\"],"
        "\"profile\":\"default\",\"ip\":\"10.0.0.9\",\"port\":4001,"
        "\"reason\":\"line closed\"}");
    json_object_put(data);
}

static void a_reading_says_point_value_and_raw_value(void **state)
{
    (void)state;
    const struct event_device device = {.id = "1001"};
    const struct point_def point = {.name = "level", .unit = "m"};
    const struct reg_value number = {.number = 2.5, .has_number = 1, .raw = 25, .has_raw = 1};
    const struct reg_value nothing = {.raw = 0};
    const struct event_reading readings[] = {{&point, &number}, {&point, &nothing}};
    const struct event_answer answer = {&device, 1700000000123, 0, readings, 2};
    const char head[] =
        "{\"id\":\"evt_1.0\",\"type\":\"data_received\",\"time\":\"2023-11-14T22:13:20.123Z\","
        "\"severity\":\"info\",\"collector\":\"hub\",\"device_id\":\"1001\",";
    char text[512];
    snprintf(text, sizeof(text), "%s%s", head,
             "\"data_point\":\"level\",\"value\":2.5,\"raw_value\":25,\"unit\":\"m\"}");
    expect_json(event_reading_json(&answer, 0, "evt_1.0", "hub"), text);
    snprintf(text, sizeof(text), "%s%s", head,
             "\"data_point\":\"level\",\"value\":null,\"raw_value\":null,\"unit\":\"m\"}");
    expect_json(event_reading_json(&answer, 1, "evt_1.0", "hub"), text);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVENT_KINDS; kind++) {
        const char *name = event_kind_info(kind)->name;
        assert_int_equal(event_kind_find(name), kind);
        assert_string_equal(event_kind_names[kind - 1], name);
    }
    assert_null(event_kind_names[EVENT_KINDS - 1]);
    assert_int_equal(event_kind_find("unknown"), EVENT_NONE);
    assert_string_equal(event_kind_info(EVENT_KINDS)->name, "unknown");
    /* They stand in journals. */
    assert_int_equal(EVENT_SLAVE_DEAD, 1);
    assert_int_equal(EVENT_STORAGE_BEHIND, 8);
    assert_int_equal(EVENT_DEVICE_ONLINE, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_listener_is_told_in_order),
        cmocka_unit_test(answers_are_made_only_where_somebody_listens),
        cmocka_unit_test(an_event_is_one_flat_object),
        cmocka_unit_test(a_reading_says_point_value_and_raw_value),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
