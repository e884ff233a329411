#include "webapp/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct packet_field *field(const struct packet_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (strcmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    }
    return NULL;
}

static void an_answer_is_taken_apart(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x04, 0x07, 0x01, 0x03, 0x02, 0x00, 0x2d, 0x78, 0x59};
    struct packet_fields fields;
    packet_decode("modbus", bytes, sizeof(bytes), &fields);
    assert_int_equal(fields.verdict, PACKET_GOOD);
    assert_string_equal(field(&fields, "packet.registers")->text, "45");
    assert_string_equal(field(&fields, "packet.function")->meaning, "packet.fc.3");
    assert_int_equal(field(&fields, "packet.crc")->offset, 7);
}

static void faults_are_shown(void **state)
{
    (void)state;
    const uint8_t exception[] = {0x01, 0x83, 0x02, 0xc0, 0xf1},
                  broken[] = {0x01, 0x83, 0x02, 0xc0, 0xf0};
    struct packet_fields fields;
    packet_decode("modbus", exception, sizeof(exception), &fields);
    assert_string_equal(field(&fields, "packet.exception_code")->meaning, "packet.exception.2");
    packet_decode("modbus", broken, sizeof(broken), &fields);
    assert_int_equal(fields.verdict, PACKET_BAD);
    assert_string_equal(field(&fields, "packet.crc")->text, "c0 f1");
}

static void any_bytes_are_covered_once(void **state)
{
    (void)state;
    static const char *const types[] = {"register", "heartbeat", "data", "modbus"};
    uint8_t bytes[1024];
    uint32_t seed = 1;
    for (unsigned round = 0; round < 20000; round++) {
        struct packet_fields fields;
        size_t len = round % 300, at = 0;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        if (len > 3 && round % 2)
            bytes[0] = (uint8_t)(2 + round % 3), bytes[1] = (uint8_t)(len - 2),
            bytes[3] = (uint8_t)(round % 7);
        packet_decode(types[round % 4], bytes, len, &fields);
        for (size_t i = 0; i < fields.count; i++) {
            assert_int_equal(fields.items[i].offset, at);
            at += fields.items[i].length;
        }
        assert_int_equal(at, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_taken_apart),
        cmocka_unit_test(faults_are_shown),
        cmocka_unit_test(any_bytes_are_covered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
