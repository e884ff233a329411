#include "collector/control_lines.h"
#include "tests/unit/collector/parts.h"

#include <json-c/json.h>

static void expect(struct json_object *json, const char *text)
{
    assert_string_equal(json_object_to_json_string_ext(json, JSON_C_TO_STRING_NOSLASHESCAPE), text);
    json_object_put(json);
}

static void a_line_and_its_slaves(void **state)
{
    (void)state;
    struct slave_view slaves[] = {
        {.unit = 1,
         .name = "pump \"A\"",
         .state = {.liveness = SLAVE_ALIVE,
                   .since_wall_ms = 1700000000000,
                   .answered_wall_ms = 1700000000500,
                   .answers = 7,
                   .exceptions = 2,
                   .timeouts = 1}},
        {.unit = 2, .name = "", .state = {.liveness = SLAVE_DEAD, .timeouts = UINT64_MAX}},
        {.unit = 247, .name = ""},
    };
    struct line_view line = {.id = "10\"01",
                             .name = "锅炉",
                             .profile = "usr",
                             .framing = "rtu",
                             .since_ms = 1700000000000,
                             .heartbeats = 3,
                             .answers = 4,
                             .timeouts = 5,
                             .noise_bytes = 6,
                             .slaves = slaves,
                             .nslaves = 3};
    control_peer("2001:db8::7", 40112, line.peer);
    expect(control_line_json(&line),
           "{\"device_id\":\"10\\\"01\",\"name\":\"锅炉\",\"peer\":\"[2001:db8::7]:40112\","
           "\"profile\":\"usr\",\"framing\":\"rtu\",\"since\":1700000000000,\"seen_at\":null,"
           "\"heartbeats\":3,\"answers\":4,\"timeouts\":5,\"noise_bytes\":6,\"slaves\":["
           "{\"slave\":1,\"name\":\"pump \\\"A\\\"\",\"state\":\"alive\",\"since\":1700000000000,"
           "\"answered_at\":1700000000500,\"answers\":7,\"exceptions\":2,\"timeouts\":1},"
           "{\"slave\":2,\"name\":\"\",\"state\":\"dead\",\"since\":null,\"answered_at\":null,"
           "\"answers\":0,\"exceptions\":0,\"timeouts\":18446744073709551615},"
           "{\"slave\":247,\"name\":\"\",\"state\":\"unknown\",\"since\":null,"
           "\"answered_at\":null,\"answers\":0,\"exceptions\":0,\"timeouts\":0}]}");
    expect(control_lines_json(NULL, 0), "[]");
    line.nslaves = 0;
    struct json_object *two = control_lines_json((struct line_view[]){line, line}, 2);
    assert_int_equal(json_object_array_length(two), 2);
    json_object_put(two);
}

static void devices_that_are_not_let_in(void **state)
{
    (void)state;
    const struct quarantine_view device = {.id = "9",
                                           .peer = "10.0.0.9:1",
                                           .profile = "usr",
                                           .first_ms = 1,
                                           .last_ms = 2,
                                           .times = 3,
                                           .connected = true};
    expect(control_quarantine_json(&device, 1),
           "[{\"device_id\":\"9\",\"peer\":\"10.0.0.9:1\",\"profile\":\"usr\",\"first_seen\":1,"
           "\"last_seen\":2,\"times\":3,\"connected\":true}]");
    expect(control_quarantine_json(NULL, 0), "[]");
}

static void devices_that_we_dial(void **state)
{
    (void)state;
    const struct dial_view dial = {.id = "9",
                                   .host = "dtu.example",
                                   .port = 502,
                                   .state = "waiting",
                                   .failures = 2,
                                   .error = "connection refused",
                                   .next_ms = 5};
    expect(control_dials_json(&dial, 1),
           "[{\"device_id\":\"9\",\"host\":\"dtu.example\",\"port\":502,\"state\":\"waiting\","
           "\"failures\":2,\"error\":\"connection refused\",\"next\":5}]");
    expect(control_dials_json(NULL, 0), "[]");
}

static void lines_that_were_refused(void **state)
{
    (void)state;
    const uint8_t bytes[] = {'<', '"', 0x00, 0x7f, 0xe9, '\\', '~'};
    const struct refusal_view refusal = {.id = "",
                                         .peer = "2001:db8::7",
                                         .port = 9,
                                         .reason = "protocol error",
                                         .bytes = bytes,
                                         .len = sizeof(bytes),
                                         .first_ms = 1,
                                         .last_ms = 2,
                                         .times = 3};
    expect(control_refusals_json(&refusal, 1),
           "[{\"device_id\":\"\",\"peer\":\"2001:db8::7\",\"port\":9,\"reason\":\"protocol "
           "error\",\"text\":\"<\\\"...\\\\~\",\"hex\":\"3c22007fe95c7e\",\"times\":3,"
           "\"first_at\":1,\"last_at\":2}]");
    expect(control_refusals_json(NULL, 0), "[]");
}

static void devices_that_are_expected(void **state)
{
    (void)state;
    const struct expected_view devices[] = {
        {.id = "9",
         .name = "锅炉",
         .profile = "usr",
         .refusal = "refused: wrong secret",
         .refused_ms = 5},
        {.id = "10", .name = "", .dial_host = "dtu.example", .dial_port = 502, .online = true},
    };
    expect(
        control_expected_json(devices, 2),
        "[{\"device_id\":\"9\",\"name\":\"锅炉\",\"profile\":\"usr\",\"dial\":null,"
        "\"online\":false,\"refusal\":\"refused: wrong secret\",\"refused_at\":5},"
        "{\"device_id\":\"10\",\"name\":\"\",\"profile\":null,\"dial\":{\"host\":\"dtu.example\","
        "\"port\":502},\"online\":true,\"refusal\":null,\"refused_at\":null}]");
    expect(control_expected_json(NULL, 0), "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_and_its_slaves),     cmocka_unit_test(devices_that_are_not_let_in),
        cmocka_unit_test(devices_that_we_dial),      cmocka_unit_test(lines_that_were_refused),
        cmocka_unit_test(devices_that_are_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
