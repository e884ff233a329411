#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static const struct link_def link = {.framing = FRAMING_DDP};

#define ID "13800138000"
#define REGISTRATION "\x7B\x01\x00\x16" ID "\x0A\x00\x00\x01\x1F\x90\x7B"
#define OTHER                                                                                      \
    "\x7B\x01\x00\x16"                                                                             \
    "13900139000\x0A\x00\x00\x01\x1F\x90\x7B"
#define DATA(length, payload) "\x7B\x09\x00" length ID payload "\x7B"
#define TRAILED(payload) "\x7B\x09\x00\x10" ID "\x7B" payload
#define ONE "\x01\x03\x02\x00\x2D\x78\x59"

static const struct expectation one = {{1, 3, 0x12, 1}, 0};

static struct framing_view view_of(const struct expectation *expected, bool settled)
{
    return (struct framing_view){.link = &link,
                                 .expected = expected,
                                 .nexpected = expected != NULL,
                                 .settled = settled,
                                 .registration = (const uint8_t *)REGISTRATION,
                                 .registration_size = 22};
}

static const char *seen(const struct expectation *expected, const void *bytes, size_t len,
                        bool settled)
{
    const struct framing_view view = view_of(expected, settled);
    return packets(&view, bytes, len);
}

#define SEEN(expected, bytes, settled) seen(expected, bytes, sizeof(bytes) - 1, settled)

static void registration_and_its_answer(void **state)
{
    (void)state;
    const uint8_t *bytes = (const uint8_t *)REGISTRATION;
    struct token_match match;
    uint8_t out[FRAMING_LONGEST];
    for (size_t len = 0; len < 22; len++)
        assert_int_equal(framing_ddp.registration(&link, bytes, len, &match), FRAMING_MORE);
    assert_int_equal(framing_ddp.registration(&link, bytes, 22, &match), 22);
    assert_string_equal(match.id, ID);
    assert_null(match.token);
    assert_int_equal(framing_reply(&framing_ddp, NULL, FRAME_REGISTRATION, bytes, 22, out), 16);
    assert_memory_equal(out, "\x7B\x81\x00\x10" ID "\x7B", 16);

    static const uint8_t wrong[] = "\x7B\x01\x00\x16" ID "\x0A\x00\x00\x01\x1F\x90\x7C";
    assert_int_equal(framing_ddp.registration(&link, wrong, 22, &match), -1);
    static const uint8_t nameless[] = "\x7B\x01\x00\x16           \x0A\x00\x00\x01\x1F\x90\x7B";
    assert_int_equal(framing_ddp.registration(&link, nameless, 22, &match), -1);
    static const uint8_t data[] = DATA("\x17", ONE);
    assert_int_equal(framing_ddp.registration(&link, data, sizeof(data) - 1, &match), -1);
}

static void the_same_again_is_a_heartbeat(void **state)
{
    (void)state;
    struct frame frame;
    uint8_t out[FRAMING_LONGEST];
    const struct framing_view view = view_of(NULL, false);
    assert_int_equal(packets_next(&view, REGISTRATION, 22, &frame), 22);
    assert_int_equal(frame.kind, FRAME_HEARTBEAT);
    assert_string_equal(frame.token.id, "");
    assert_int_equal(
        framing_ddp.acknowledge(FRAME_HEARTBEAT, (const uint8_t *)REGISTRATION, 22, out), 16);
    assert_int_equal(packets_next(&view, OTHER, 22, &frame), 22);
    assert_int_equal(frame.kind, FRAME_REGISTRATION);
    assert_string_equal(frame.token.id, "13900139000");
}

static void data_in_both_layouts(void **state)
{
    (void)state;
    assert_string_equal(SEEN(&one, DATA("\x17", ONE), false), "M7 [0]");
    assert_string_equal(SEEN(&one, TRAILED(ONE), false), "M7 [0]");
    assert_string_equal(SEEN(&one, TRAILED(ONE) REGISTRATION DATA("\x17", ONE), false),
                        "M7 H22 M7 [0]");
    struct frame frame;
    const struct framing_view view = view_of(&one, false);
    assert_int_equal(packets_next(&view, DATA("\x17", ONE), 23, &frame), 23);
    assert_memory_equal(frame.adu, ONE, 7);
    assert_true(frame.intact);
}

static void an_answer_over_two_packets(void **state)
{
    (void)state;
    assert_string_equal(SEEN(&one, DATA("\x13", "\x01\x03\x02"), false), "[19]");
    assert_string_equal(SEEN(&one, DATA("\x13", "\x01\x03\x02"), true), "[19]");
    assert_string_equal(
        SEEN(&one, DATA("\x13", "\x01\x03\x02") DATA("\x14", "\x00\x2D\x78\x59"), false), "M7 [0]");
    assert_string_equal(SEEN(&one, TRAILED("\x01\x03\x02") TRAILED("\x00\x2D\x78\x59"), false),
                        "M7 [0]");
    assert_string_equal(
        SEEN(&one, DATA("\x13", "\x01\x03\x02") REGISTRATION TRAILED("\x00\x2D\x78\x59"), false),
        "H22@19 M7 [0]");
    /* The second part never comes. */
    assert_string_equal(SEEN(&one, DATA("\x13", "\x01\x03\x02") DATA("\x17", ONE), false),
                        "B3 M7 [0]");
    assert_string_equal(SEEN(NULL, DATA("\x13", "\x01\x03\x02"), true), "D19 [0]");
}

/* Slave 123 is 7B, and so may any byte of an answer be. */
static void a_payload_with_7b(void **state)
{
    (void)state;
    const struct expectation of_123 = {{123, 3, 0, 2}, 0};
    uint8_t adu[ADU_MAX], bytes[128] = "\x7B\x09\x00\x10" ID "\x7B";
    size_t len = adu_build_reply(&of_123.request, (const uint8_t *)"\x7B\x09\x00\x10", adu);
    memcpy(bytes + 16, adu, len);
    assert_string_equal(seen(&of_123, bytes, 16 + len, false), "M9 [0]");
    for (size_t some = 1; some < 16 + len; some++) {
        char left[32];
        snprintf(left, sizeof(left), "[%zu]", some);
        assert_string_equal(seen(&of_123, bytes, some, false), left);
    }
    memcpy(bytes, "\x7B\x09\x00\x19" ID, 15);
    memcpy(bytes + 15, adu, len);
    bytes[15 + len] = 0x7B;
    assert_string_equal(seen(&of_123, bytes, 16 + len, false), "M9 [0]");
}

static void what_is_no_answer(void **state)
{
    (void)state;
    assert_string_equal(SEEN(NULL, DATA("\x15", "hello"), false), "D21 [0]");
    assert_string_equal(SEEN(NULL, DATA("\x17", ONE), false), "M7 [0]");
    assert_string_equal(SEEN(NULL, TRAILED("hello"), false), "[21]");
    assert_string_equal(SEEN(NULL, TRAILED("hello"), true), "D21 [0]");
    assert_string_equal(SEEN(NULL, TRAILED("hello") REGISTRATION, false), "D21 H22 [0]");
    assert_string_equal(SEEN(NULL, TRAILED("hello\x7B"), false), "[22]");
    assert_string_equal(SEEN(NULL, TRAILED("hello\x7B"), true), "D22 [0]");
    assert_string_equal(SEEN(&one, DATA("\x17", "\x01\x03\x02\x00\x2D\x78\x58"), false), "B7 [0]");
    assert_string_equal(SEEN(&one, DATA("\x19", "\x00\x00" ONE), false), "M7 [0]");
    assert_string_equal(SEEN(&one, TRAILED(""), true), "D16 [0]");
}

static void noise_between_packets(void **state)
{
    (void)state;
    assert_string_equal(SEEN(NULL, "\x55\xAA" REGISTRATION, false), "N2 H22 [0]");
    assert_string_equal(SEEN(NULL, "\x7B\x7B\x01\x00" REGISTRATION, false), "N4 H22 [0]");
    assert_string_equal(SEEN(NULL, "\x7B\x01\x00", true), "N3 [0]");
    assert_string_equal(SEEN(NULL, "\x7B\x09\xFF\xFF", true), "N4 [0]");
    /* Another DTU's data is not this one's. */
    assert_string_equal(SEEN(&one,
                             "\x7B\x09\x00\x17"
                             "13900139000" ONE "\x7B",
                             true),
                        "N22 N1 [0]");
}

static void logging_off(void **state)
{
    (void)state;
    struct frame frame;
    uint8_t out[FRAMING_LONGEST];
    static const uint8_t off[] = "\x7B\x02\x00\x10" ID "\x7B";
    const struct framing_view view = view_of(NULL, false);
    assert_int_equal(packets_next(&view, off, 16, &frame), 16);
    assert_int_equal(frame.kind, FRAME_DATA);
    assert_int_equal(framing_ddp.acknowledge(FRAME_DATA, off, 16, out), 16);
    assert_memory_equal(out, "\x7B\x82\x00\x10" ID "\x7B", 16);
    static const uint8_t data[] = DATA("\x15", "hello");
    assert_int_equal(framing_ddp.acknowledge(FRAME_DATA, data, 21, out), 0);
    assert_int_equal(framing_ddp.acknowledge(FRAME_HEARTBEAT, (const uint8_t *)"x", 1, out), 0);
}

static void a_request_is_addressed(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST];
    const struct framing_view view = view_of(NULL, false), nobody = {.link = &link};
    assert_int_equal(framing_ddp.wrap(&view, (const uint8_t *)ONE, 7, 0, out), 23);
    assert_memory_equal(out, "\x7B\x89\x00\x17" ID ONE "\x7B", 23);
    assert_int_equal(framing_ddp.wrap(&nobody, (const uint8_t *)ONE, 7, 0, out), 23);
    uint8_t longest[ADU_MAX] = {0};
    assert_int_equal(framing_ddp.wrap(&view, longest, ADU_MAX, 0, out), 16 + ADU_MAX);
    assert_memory_equal(out, "\x7B\x89\x01\x10", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registration_and_its_answer),
        cmocka_unit_test(the_same_again_is_a_heartbeat),
        cmocka_unit_test(data_in_both_layouts),
        cmocka_unit_test(an_answer_over_two_packets),
        cmocka_unit_test(a_payload_with_7b),
        cmocka_unit_test(what_is_no_answer),
        cmocka_unit_test(noise_between_packets),
        cmocka_unit_test(logging_off),
        cmocka_unit_test(a_request_is_addressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
