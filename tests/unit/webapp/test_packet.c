#include "webapp/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

struct known {
    const char *type, *bytes;
    size_t len;
    const char *fields; /* "name=text" of each, in order */
};

#define KNOWN(type, bytes, fields)                                                                 \
    {                                                                                              \
        type, bytes, sizeof(bytes) - 1, fields                                                     \
    }

static void each_framing_is_found_by_its_bytes(void **state)
{
    (void)state;
    static const struct known known[] = {
        KNOWN("modbus", "\x01\x03\x02\x00\x2d\x78\x59",
              "unit=1 function=3 byte_count=2 registers=45 crc="),
        KNOWN("modbus", "\x01\x05\x00\x00\xff\x00\x8c\x3a",
              "unit=1 function=5 start=0 value=65280 crc="),
        KNOWN("modbus", "\x01\x06\x00\x01\x00\x01\x19\xca",
              "unit=1 function=6 start=1 value=1 crc="),
        KNOWN("modbus", "\x12\x34\x00\x00\x00\x05\x01\x03\x02\x00\x2d",
              "transaction=4660 protocol=0 length=5 unit=1 function=3 byte_count=2 registers=45"),
        KNOWN("modbus", "\x00\x01\x00\x00\x00\x03\x01\x83\x02",
              "transaction=1 protocol=0 length=3 unit=1 function=131 exception_code=2"),
        KNOWN("modbus", "\x00\x01\x00\x00\x00\x06\x11\x10\x00\x01\x00\x02",
              "transaction=1 protocol=0 length=6 unit=17 function=16 start=1 count=2"),
        KNOWN("modbus", "010302002D7859", "unit=1 function=3 byte_count=2 registers=45 crc="),
        KNOWN("modbus", "01 03 02 00 2d 78 59\r\n",
              "unit=1 function=3 byte_count=2 registers=45 crc="),
        KNOWN("modbus",
              "\x7b\x09\x00\x17"
              "13912345678"
              "\x01\x03\x02\x00\x2d\x78\x59\x7b",
              "mark= frame_type=9 length=23 device_id=13912345678 unit=1 function=3 byte_count=2 "
              "registers=45 crc= mark="),
        KNOWN("modbus",
              "\x7b\x09\x00\x10"
              "13912345678"
              "\x7b\x01\x03\x02\x00\x2d\x78\x59",
              "mark= frame_type=9 length=16 device_id=13912345678 mark= unit=1 function=3 "
              "byte_count=2 registers=45 crc="),
        KNOWN("modbus", "\x01\x06\x00\x01\x00\xfd\xed\x19\x8b",
              "unit=1 function=6 start=1 value=253 crc="),
        KNOWN("modbus", "\x04\x08\x01\x06\x00\x01\x00\x01\x19\xca",
              "frame_type=4 length=8 unit=1 function=6 start=1 value=1 crc="),
        KNOWN("modbus", "hello world", "payload=hello world"),
        KNOWN("modbus", "\x01", "payload=\\x01"),
        KNOWN(
            "register",
            "\x7b\x01\x00\x16"
            "13912345678"
            "\x0a\x00\x00\x07\x12\x34\x7b",
            "mark= frame_type=1 length=22 device_id=13912345678 payload=\\x0a\\x00\\x00\\x07\\x124 "
            "mark="),
        KNOWN("register", "\x00\x00\x03\xe9", "device_number=1001"),
        KNOWN("register", "1001", "registration=1001"),
        KNOWN("register", "{\"imei\":\"86\"}", "registration={\"imei\":\"86\"}"),
        KNOWN("heartbeat", "\x02\x00", "frame_type=2 length=0"),
        KNOWN("heartbeat", "www.usr.cn", "payload=www.usr.cn"),
        KNOWN("data", "\x03\x02ok", "frame_type=3 length=2 payload=ok"),
        KNOWN("noise", "\x02\x00", "payload=\\x02\\x00"),
        KNOWN("noise", "OK\r\n", "payload=OK\\x0d\\x0a"),
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct packet_fields fields;
        char text[512] = "";
        size_t at = 0;
        packet_decode(known[i].type, (const uint8_t *)known[i].bytes, known[i].len, &fields);
        for (size_t f = 0; f < fields.count; f++) {
            const struct packet_field *item = &fields.items[f];
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s", f > 0 ? " " : "",
                     item->name + strlen("packet."), item->text);
            assert_int_equal(item->offset, at);
            at += item->length;
        }
        assert_string_equal(text, known[i].fields);
        assert_int_equal(at, known[i].len);
        bool has_crc = strstr(text, "crc=") != NULL;
        assert_int_equal(fields.verdict, has_crc ? PACKET_GOOD : PACKET_NEUTRAL);
    }
}

static void a_coil_is_on_or_off(void **state)
{
    (void)state;
    uint8_t bytes[] = {0, 1, 0, 0, 0, 6, 1, 5, 0, 7, 0xff, 0};
    struct packet_fields fields;
    packet_decode("modbus", bytes, sizeof(bytes), &fields);
    assert_string_equal(field(&fields, "packet.value")->meaning, "packet.on");
    bytes[10] = 0;
    packet_decode("modbus", bytes, sizeof(bytes), &fields);
    assert_string_equal(field(&fields, "packet.value")->meaning, "packet.off");
    bytes[11] = 1;
    packet_decode("modbus", bytes, sizeof(bytes), &fields);
    assert_null(field(&fields, "packet.value")->meaning);
}

static void any_bytes_are_covered_once(void **state)
{
    (void)state;
    static const char *const types[] = {"register", "heartbeat", "data", "modbus", "noise"};
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
        if (len > 16 && round % 3 == 0)
            bytes[0] = 0x7b, bytes[2] = 0, bytes[3] = (uint8_t)(round % 6 ? len : 16),
            bytes[15] = bytes[len - 1] = 0x7b;
        if (round % 7 == 0)
            for (size_t i = 0; i < len; i++)
                bytes[i] = (uint8_t) "0123456789abcdefAB \r"[bytes[i] % 20];
        packet_decode(types[round % 5], bytes, len, &fields);
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
        cmocka_unit_test(an_answer_is_taken_apart),           cmocka_unit_test(faults_are_shown),
        cmocka_unit_test(each_framing_is_found_by_its_bytes), cmocka_unit_test(a_coil_is_on_or_off),
        cmocka_unit_test(any_bytes_are_covered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
