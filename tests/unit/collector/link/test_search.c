/* Heartbeats whose last byte is the unit of the slave that answers. */
#include "collector/link/framing.h"
#include "tests/unit/collector/parts.h"

static uint8_t digits[] = "0123456789";
static struct token_def heartbeat = {.kind = TOKEN_BYTES, .bytes = digits, .size = 10};
static const struct link_def line = {
    .framing = FRAMING_RTU, .heartbeats = &heartbeat, .nheartbeats = 1};
static const struct expectation expected = {
    .request = {.unit = '9', .function = FC_READ_HOLDING_REGISTERS, .start = 0, .count = 1}};
static const struct framing_view view = {.link = &line, .expected = &expected, .nexpected = 1};

/* "9", function 3, two bytes 00 07, CRC */
static const uint8_t answer[] = {'9', 3, 2, 0, 7, 0x58, 0x43};

static ssize_t next(const uint8_t *bytes, size_t len, struct frame *frame)
{
    return framing_rtu.next(&view, bytes, len, frame);
}

static void heartbeat_behind_the_unit(void **state)
{
    uint8_t bytes[sizeof(answer) + 10];
    struct frame frame;
    (void)state;
    bytes[0] = answer[0];
    memcpy(bytes + 1, digits, 10);
    memcpy(bytes + 11, answer + 1, sizeof(answer) - 1);
    assert_int_equal(next(bytes, sizeof(bytes), &frame), 10);
    assert_int_equal(frame.kind, FRAME_HEARTBEAT);
    assert_int_equal(frame.at, 1);
}

/* Behind noise: that goes first. */
static void noise_in_front_of_it(void **state)
{
    uint8_t bytes[1 + sizeof(answer) + 10];
    struct frame frame;
    (void)state;
    bytes[0] = 0xee;
    bytes[1] = answer[0];
    memcpy(bytes + 2, digits, 10);
    memcpy(bytes + 12, answer + 1, sizeof(answer) - 1);
    assert_int_equal(next(bytes, sizeof(bytes), &frame), 1);
    assert_int_equal(frame.kind, FRAME_NOISE);
    assert_int_equal(next(bytes + 1, sizeof(bytes) - 1, &frame), 10);
    assert_int_equal(frame.kind, FRAME_HEARTBEAT);
    assert_int_equal(frame.at, 1);
}

/* Without the unit in front of it there is no heartbeat, but half of one. */
static void half_a_heartbeat_in_front(void **state)
{
    uint8_t bytes[9 + sizeof(answer)];
    struct frame frame;
    (void)state;
    memcpy(bytes, digits, 9);
    memcpy(bytes + 9, answer, sizeof(answer));
    assert_int_equal(next(bytes, sizeof(bytes), &frame), 9);
    assert_int_equal(frame.kind, FRAME_NOISE);
    assert_int_equal(next(bytes + 9, sizeof(answer), &frame), sizeof(answer));
    assert_int_equal(frame.kind, FRAME_MODBUS);
}

/* Heads of answers, one behind the other: each may begin one, and all are noise. One line's must
 * not keep the others waiting. */
static void noise_goes_in_large_pieces(void **state)
{
    static const struct expectation two[] = {{.request = {1, 3, 0, 1}},
                                             {.request = {9, 3, 0, 100}}};
    static const struct framing_view both = {.link = &line, .expected = two, .nexpected = 2};
    static const uint8_t head[] = {9, 3, 200};
    uint8_t bytes[5 * FRAMING_HELD];
    struct frame frame;
    size_t at = 0, pieces = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = head[i % sizeof(head)];
    for (ssize_t size; (size = framing_rtu.next(&both, bytes + at, sizeof(bytes) - at, &frame)) > 0;
         at += (size_t)size) {
        assert_int_equal(frame.kind, FRAME_NOISE);
        pieces++;
    }
    assert_true(sizeof(bytes) - at < FRAMING_HELD);
    assert_true(pieces < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heartbeat_behind_the_unit),
        cmocka_unit_test(noise_in_front_of_it),
        cmocka_unit_test(half_a_heartbeat_in_front),
        cmocka_unit_test(noise_goes_in_large_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
