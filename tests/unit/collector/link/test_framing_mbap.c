#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static struct token_def beats[] = {{TOKEN_OF_BYTES("ping")}};
static const struct link_def link = {
    .framing = FRAMING_MBAP, .heartbeats = beats, .nheartbeats = 1};
static const struct expectation one = {{1, 3, 0x12, 1}, 0x0102};
static const struct expectation owed[] = {{{1, 3, 0x12, 1}, 0x0102}, {{1, 3, 0x12, 1}, 0x0101}};

#define ONE(transaction) "\x01" transaction "\x00\x00\x00\x05\x01\x03\x02\x00\x2D"
#define REFUSED "\x01\x02\x00\x00\x00\x03\x01\x83\x02"

static const char *seen(const struct expectation *expected, size_t n, const void *bytes, size_t len,
                        bool settled)
{
    const struct framing_view view = {
        .link = &link, .expected = expected, .nexpected = n, .settled = settled};
    return packets(&view, bytes, len);
}

#define SEEN(expected, n, bytes, settled) seen(expected, n, bytes, sizeof(bytes) - 1, settled)

static void an_answer_becomes_an_rtu_frame(void **state)
{
    (void)state;
    struct frame frame;
    const struct framing_view view = {.link = &link, .expected = &one, .nexpected = 1};
    const char answer[] = ONE("\x02");
    for (size_t len = 1; len < 11; len++)
        assert_int_equal(packets_next(&view, answer, len, &frame), FRAMING_MORE);
    assert_int_equal(packets_next(&view, answer, 11, &frame), 11);
    assert_int_equal(frame.kind, FRAME_MODBUS);
    assert_int_equal(frame.transaction, 0x0102);
    assert_true(frame.intact);
    assert_int_equal(frame.adu_size, 7);
    assert_memory_equal(frame.adu, "\x01\x03\x02\x00\x2D\x78\x59", 7);
    assert_int_equal(packets_next(&view, REFUSED, 9, &frame), 9);
    assert_memory_equal(frame.adu, "\x01\x83\x02\xC0\xF1", 5);
}

static void the_transaction_tells_answers_apart(void **state)
{
    (void)state;
    struct frame frame;
    const struct framing_view view = {.link = &link, .expected = owed, .nexpected = 2};
    assert_int_equal(packets_next(&view, ONE("\x01") ONE("\x02"), 22, &frame), 11);
    assert_int_equal(frame.transaction, 0x0101);
    /* One that nobody waits for any more has its transaction, too. */
    assert_int_equal(packets_next(&view, ONE("\x00") ONE("\x02"), 22, &frame), 11);
    assert_int_equal(frame.kind, FRAME_MODBUS);
    assert_int_equal(frame.transaction, 0x0100);
}

static void tokens_and_noise_between(void **state)
{
    (void)state;
    assert_string_equal(SEEN(&one, 1, "ping" ONE("\x02") "ping", false), "H4 M7 H4 [0]");
    assert_string_equal(SEEN(&one, 1, "\x55\xAA" ONE("\x02"), false), "N2 M7 [0]");
    assert_string_equal(SEEN(NULL, 0, "\x01\x02\x00\x00\x00", true), "N5 [0]");
    assert_string_equal(SEEN(&one, 1, "\x01\x02\x00\x00\x00", true), "[5]");
    assert_string_equal(SEEN(NULL, 0, "\x01\x02\x00\x01\x00\x05\x01\x03\x02\x00\x2D", true),
                        "N11 [0]");
}

static void a_length_that_lies(void **state)
{
    (void)state;
    /* Longer than any frame, and another one than the function has it. */
    assert_string_equal(SEEN(&one, 1, "\x01\x02\x00\x00\xFF\xFF\x01\x03\x02\x00\x2D", true),
                        "N11 [0]");
    assert_string_equal(SEEN(&one, 1, "\x01\x02\x00\x00\x00\x06\x01\x03\x02\x00\x2D\x00", true),
                        "N12 [0]");
    assert_string_equal(SEEN(&one, 1, "\x01\x02\x00\x00\x00\x02\x01\x03", true), "N8 [0]");
}

static void the_longest_answer(void **state)
{
    (void)state;
    const struct expectation most = {{7, 3, 0, ADU_MAX_REGISTERS}, 9};
    uint8_t bytes[260] = {0, 9, 0, 0, 0, 253, 7, 3, 250};
    assert_string_equal(seen(&most, 1, bytes, 259, false), "M255 [0]");
    /* A request for more than fits a frame has no answer. */
    const struct expectation beyond = {{7, 3, 0, 126}, 9};
    bytes[5] = 255;
    bytes[8] = 252;
    bytes[257] = 0xAA;
    assert_string_equal(seen(&beyond, 1, bytes, 258, true), "N258 [0]");
}

static void a_request_gets_a_header(void **state)
{
    (void)state;
    static const uint8_t adu[] = {0x01, 0x03, 0x00, 0x12, 0x00, 0x01, 0x24, 0x0F};
    uint8_t out[FRAMING_LONGEST];
    assert_true(framing_mbap.transactions);
    assert_int_equal(framing_mbap.wrap(NULL, adu, sizeof(adu), 0x0102, out), 12);
    assert_memory_equal(out, "\x01\x02\x00\x00\x00\x06\x01\x03\x00\x12\x00\x01", 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_becomes_an_rtu_frame),
        cmocka_unit_test(the_transaction_tells_answers_apart),
        cmocka_unit_test(tokens_and_noise_between),
        cmocka_unit_test(a_length_that_lies),
        cmocka_unit_test(the_longest_answer),
        cmocka_unit_test(a_request_gets_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
