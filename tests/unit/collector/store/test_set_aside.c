#include "collector/store/set_aside.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

#define AT INT64_C(1700000000705) /* 2023-11-14 22:13:20.705 */

static void samples_are_readable(void **state)
{
    struct names *names = names_new();
    struct point_def def = {.name = (char *)"temperature", .unit = (char *)"", .type = {.size = 2}};
    uint32_t point = names_point(names, "default", &def);
    struct record_body *body = calloc(1, sizeof(*body));
    struct reg_value number = {.number = 21.5, .has_number = 1, .raw = UINT64_MAX, .has_raw = 1};
    struct reg_value text = {.text = "a\"b"}, bad = {.text = "a\xff"};
    (void)state;
    record_add_sample(body, point, &number);
    record_add_sample(body, point, &text);
    record_add_sample(body, 99, &bad);
    struct set_aside record = {
        .head = {.type = RECORD_SAMPLES, .body_size = body->size, .ts_ms = AT},
        .body = body->bytes};
    char *said = set_aside_content(&record, names);
    assert_string_equal(said, "{\"timestamp\":\"2023-11-14 22:13:20.705\",\"code\":0,\"samples\":["
                              "{\"profile\":\"default\",\"point\":\"temperature\",\"value\":21.5,"
                              "\"raw\":18446744073709551615},"
                              "{\"profile\":\"default\",\"point\":\"temperature\","
                              "\"text\":\"a\\\"b\"},{\"bytes\":\"61ff\"}]}");
    free(said);
    free(body);
    names_free(names);
}

static void other_records_are_kept_as_bytes(void **state)
{
    struct names *names = names_new();
    struct db_error error;
    struct set_aside record = {
        .collector = "north",
        .journal = "",
        .seq = 7,
        .device = "it's",
        .reason = "Data too long \xff and so on",
        .head = {.type = RECORD_PACKET, .code = PACKET_DATA, .body_size = 2, .ts_ms = AT},
        .body = (const uint8_t *)"\x01\xfe"};
    (void)state;
    struct aside_rows *rows = aside_rows_new();
    aside_rows_add(rows, &record, names);
    assert_int_equal(aside_rows_insert(rows, NULL, false, &error), 0);
    uint8_t whole[sizeof(record.head) + 2]; /* no quote and no backslash in it */
    memcpy(whole, &record.head, sizeof(record.head));
    memcpy(whole + sizeof(record.head), record.body, 2);
    assert_non_null(memmem(fake.text, fake.size, whole, sizeof(whole)));
    char *said = fake_take();
    assert_int_equal(aside_rows_insert(rows, NULL, false, &error), 0); /* there are none left */
    assert_null(fake.text);
    aside_rows_free(rows);
    assert_non_null(strstr(said, "'north','',7,'it\\'s','packet','Data too long ',"
                                 "'{\"timestamp\":\"2023-11-14 22:13:20.705\",\"code\":3,"
                                 "\"bytes\":\"01fe\"}',"));
    free(said);
    names_free(names);
}

static void every_kind_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(set_aside_kind(RECORD_SAMPLES), "samples");
    assert_string_equal(set_aside_kind(RECORD_PACKET), "packet");
    assert_string_equal(set_aside_kind(RECORD_HEARTBEAT), "heartbeat");
    assert_string_equal(set_aside_kind(RECORD_CONNECTION), "connection");
    assert_string_equal(set_aside_kind(RECORD_EVENT), "event");
    assert_string_equal(set_aside_kind(RECORD_WRITE), "write");
    assert_string_equal(set_aside_kind(RECORD_NEWS), "event");
    assert_string_equal(set_aside_kind(RECORD_ALARM), "alarm");
    assert_string_equal(set_aside_kind(0), "unknown");
    assert_string_equal(set_aside_kind(RECORD_TYPES), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_readable),
        cmocka_unit_test(other_records_are_kept_as_bytes),
        cmocka_unit_test(every_kind_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
