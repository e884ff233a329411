#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static const struct link_def link = {.framing = FRAMING_ALOTCER};

#define ID "13800138000"
#define REGISTRATION "\x7B\x31\x1F\x00" ID "\"10.0.0.1,8000\"}"
#define HEARTBEAT "\x7B\x30\x10\x00" ID "}"
#define DATA(length, payload) "\x7B\x35" length "\x00" ID payload "}"
#define ONE "\x01\x03\x02\x00\x2D\x78\x59"

static const struct expectation one = {{1, 3, 0x12, 1}, 0};

static const char *seen(const struct expectation *expected, const void *bytes, size_t len,
                        bool settled)
{
    const struct framing_view view = {.link = &link,
                                      .expected = expected,
                                      .nexpected = expected != NULL,
                                      .settled = settled,
                                      .registration = (const uint8_t *)REGISTRATION,
                                      .registration_size = 31};
    return packets(&view, bytes, len);
}

#define SEEN(expected, bytes, settled) seen(expected, bytes, sizeof(bytes) - 1, settled)

static void registration_is_a_box(void **state)
{
    (void)state;
    const uint8_t *bytes = (const uint8_t *)REGISTRATION;
    struct token_match match;
    for (size_t len = 0; len < 31; len++)
        assert_int_equal(framing_alotcer.registration(&link, bytes, len, &match), FRAMING_MORE);
    assert_int_equal(framing_alotcer.registration(&link, bytes, 31, &match), 31);
    assert_string_equal(match.id, ID);
    const uint8_t *beat = (const uint8_t *)HEARTBEAT;
    assert_int_equal(framing_alotcer.registration(&link, beat, 16, &match), -1);
}

static void a_heartbeat_is_echoed(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST];
    const uint8_t *beat = (const uint8_t *)HEARTBEAT, *first = (const uint8_t *)REGISTRATION;
    assert_string_equal(SEEN(NULL, HEARTBEAT "\x7B\x30\x05\x00}", false), "H16 H5 [0]");
    assert_int_equal(framing_alotcer.acknowledge(FRAME_HEARTBEAT, beat, 16, out), 16);
    assert_memory_equal(out, HEARTBEAT, 16);
    assert_int_equal(framing_alotcer.acknowledge(FRAME_REGISTRATION, first, 31, out), 0);
}

static void data_is_modbus(void **state)
{
    (void)state;
    assert_string_equal(SEEN(&one, DATA("\x17", ONE) HEARTBEAT, false), "M7 H16 [0]");
    assert_string_equal(
        SEEN(&one, DATA("\x13", "\x01\x03\x02") HEARTBEAT DATA("\x14", "\x00\x2D\x78\x59"), false),
        "H16@19 M7 [0]");
    assert_string_equal(SEEN(NULL, DATA("\x15", "hello"), false), "D21 [0]");
    assert_string_equal(SEEN(NULL, "\x7B\x32\x10\x00" ID "}", false), "D16 [0]");
    /* The payload does not trail here. */
    assert_string_equal(SEEN(&one, DATA("\x10", "") "\x01\xFF", true), "D16 N2 [0]");
    assert_string_equal(SEEN(NULL, "\x7B\x35\x10\x00" ID "\x7B", true), "N15 N1 [0]");
}

static void a_request_is_addressed(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST], longest[ADU_MAX] = {0};
    const struct framing_view view = {
        .link = &link, .registration = (const uint8_t *)REGISTRATION, .registration_size = 31};
    assert_int_equal(framing_alotcer.wrap(&view, (const uint8_t *)ONE, 7, 0, out), 23);
    assert_memory_equal(out, "\x7B\x34\x17\x00" ID ONE "}", 23);
    assert_int_equal(framing_alotcer.wrap(&view, longest, ADU_MAX, 0, out), 16 + ADU_MAX);
    assert_memory_equal(out, "\x7B\x34\x10\x01", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registration_is_a_box),
        cmocka_unit_test(a_heartbeat_is_echoed),
        cmocka_unit_test(data_is_modbus),
        cmocka_unit_test(a_request_is_addressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
