/* The search in the stream of rtu, packet by packet. Whole dialogues are in test_dialogue.c. */
#include "shared/modbus/crc16.h"
#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static struct token_def beats[] = {{TOKEN_OF_BYTES("www.usr.cn")}, {TOKEN_OF_BYTES("1")}};
static struct token_def logins[] = {{TOKEN_OF_TEXT("LOGIN:", CHARS_DIGITS, 1, 9, "")},
                                    {TOKEN_OF_TEXT("HELLO:", CHARS_DIGITS, 1, 9, ";")}};
static const struct link_def link = {.framing = FRAMING_RTU,
                                     .registrations = logins,
                                     .nregistrations = 2,
                                     .heartbeats = beats,
                                     .nheartbeats = 2};
static const struct link_def listening = {
    .framing = FRAMING_RTU, .heartbeats = beats, .nheartbeats = 2, .listen_only = true};

/* One register of slave 1 at 0x12, two input registers of slave 1, a coil of slave 1; slave 49. */
static const struct expectation one = {{1, 3, 0x12, 1}, 0}, inputs = {{1, 4, 0, 2}, 0},
                                coil = {{1, 5, 0, 1, 0xFF00}, 0}, slave49 = {{49, 3, 0, 1}, 0};

#define ONE "\x01\x03\x02\x00\x2D\x78\x59"
#define FLOAT "\x01\x04\x04\x43\x66\x33\x33\x5A\xFA"
#define COIL "\x01\x05\x00\x00\xFF\x00\x8C\x3A"
#define REFUSED "\x01\x83\x02\xC0\xF1"
#define BROKEN "\x01\x03\x02\x00\x2D\x78\x58"

static const struct link_def *used_link = &link;

static struct framing_view view_of(const struct expectation *expected, size_t n, bool settled)
{
    static const uint8_t registration[] = "LOGIN:1001";
    return (struct framing_view){.link = used_link,
                                 .expected = expected,
                                 .nexpected = n,
                                 .settled = settled,
                                 .registration = registration,
                                 .registration_size = sizeof(registration) - 1};
}

static ssize_t next(const struct expectation *expected, size_t n, const char *bytes, size_t len,
                    bool settled, struct frame *frame)
{
    const struct framing_view view = view_of(expected, n, settled);
    return packets_next(&view, bytes, len, frame);
}

static const char *seen(const struct expectation *expected, size_t n, const char *bytes, size_t len,
                        bool settled)
{
    const struct framing_view view = view_of(expected, n, settled);
    return packets(&view, bytes, len);
}

#define CHECK(expected, n, bytes, settled, text)                                                   \
    assert_string_equal(seen(expected, n, bytes, sizeof(bytes) - 1, settled), text)

static void answers_as_published(void **state)
{
    (void)state;
    CHECK(&one, 1, ONE, false, "M7 [0]");
    CHECK(&one, 1, REFUSED, false, "M5 [0]");
    CHECK(&inputs, 1, FLOAT, false, "M9 [0]");
    CHECK(&coil, 1, COIL, false, "M8 [0]");
    struct frame frame;
    assert_int_equal(next(&one, 1, ONE, 7, false, &frame), 7);
    assert_int_equal(frame.adu_size, 7);
    assert_memory_equal(frame.adu, ONE, 7);
    assert_true(frame.intact);
}

static void a_beginning_is_held_back(void **state)
{
    (void)state;
    struct frame frame;
    for (size_t len = 1; len < 7; len++) {
        assert_int_equal(next(&one, 1, ONE, len, false, &frame), FRAMING_MORE);
        assert_int_equal(next(&one, 1, ONE, len, true, &frame), FRAMING_MORE);
        /* Nobody waits for it: at the end of a silence it is noise. */
        assert_int_equal(next(NULL, 0, ONE, len, true, &frame), len);
        assert_int_equal(frame.kind, FRAME_NOISE);
    }
    CHECK(&one, 1,
          "\xFF\xFF"
          "\x01\x03",
          false, "N2 [2]");
    CHECK(&one, 1,
          "\xFF\xFF"
          "\x01\x03",
          true, "N2 [2]");
}

static void tokens_stand_around_answers(void **state)
{
    (void)state;
    CHECK(&one, 1, "www.usr.cn" ONE, false, "H10 M7 [0]");
    CHECK(&one, 1, ONE "www.usr.cn", false, "M7 H10 [0]");
    CHECK(&one, 1, "1" ONE "1", false, "H1 M7 H1 [0]");
    CHECK(&one, 1, "LOGIN:1001" ONE "LOGIN:1001", false, "R10 M7 R10 [0]");
    CHECK(&one, 1, "www.usr.cnLOGIN:10011" ONE, false, "H10 R10 H1 M7 [0]");
    CHECK(&one, 1,
          "\xAA"
          "www.usr.cn\xBB" ONE,
          false, "N1 H10 N1 M7 [0]");
    CHECK(NULL, 0, "www.usr", false, "[7]");
    CHECK(NULL, 0, "www.usr", true, "N7 [0]");
    CHECK(&one, 1, "www.usr.cn\x01", false, "H10 [1]");
}

static void the_lines_own_registration_has_its_id(void **state)
{
    (void)state;
    struct frame frame;
    assert_int_equal(next(NULL, 0, "LOGIN:1001LOGIN", 15, false, &frame), 10);
    assert_int_equal(frame.kind, FRAME_REGISTRATION);
    assert_string_equal(frame.token.id, "1001");
    assert_ptr_equal(frame.token.token, &logins[0]);
    assert_false(frame.token.open);
    /* Another id without an end is not one; with start and end it is. */
    CHECK(NULL, 0, "LOGIN:1002", true, "N6 H1 N3 [0]");
    assert_int_equal(next(NULL, 0, "HELLO:7;", 8, false, &frame), 8);
    assert_int_equal(frame.kind, FRAME_REGISTRATION);
    assert_string_equal(frame.token.id, "7");
    assert_int_equal(next(NULL, 0, "www.usr.cn", 10, false, &frame), 10);
    assert_string_equal(frame.token.id, "");
}

/* 31 is slave 49 as well as the heartbeat "1": what follows decides, or the silence. */
static void digits_are_not_skipped(void **state)
{
    (void)state;
    char answer[8];
    uint8_t adu[ADU_MAX];
    assert_int_equal(adu_build_reply(&slave49.request, (const uint8_t[]){0x31, 0x03}, adu), 7);
    memcpy(answer, adu, 7);
    struct frame frame;
    for (size_t len = 1; len < 7; len++)
        assert_int_equal(next(&slave49, 1, answer, len, false, &frame), FRAMING_MORE);
    assert_int_equal(next(&slave49, 1, answer, 7, false, &frame), 7);
    assert_int_equal(frame.kind, FRAME_MODBUS);

    char glued[10] = "11";
    memcpy(glued + 2, answer, 7);
    assert_string_equal(seen(&slave49, 1, glued, 9, false), "H1 H1 M7 [0]");
    assert_string_equal(seen(&slave49, 1, glued, 2, true), "H1 H1 [0]");
    assert_string_equal(seen(&slave49, 1, glued, 1, false), "[1]");
    assert_string_equal(seen(&slave49, 1, glued, 1, true), "H1 [0]");
    /* Two bytes of the answer outweigh the heartbeat, also at a silence. */
    assert_string_equal(seen(&slave49, 1, answer, 2, true), "[2]");
}

static void a_heartbeat_inside_of_an_answer(void **state)
{
    (void)state;
    char split[64];
    for (size_t cut = 1; cut < 9; cut++) {
        memcpy(split, FLOAT, cut);
        memcpy(split + cut, "www.usr.cn", 10);
        memcpy(split + cut + 10, FLOAT + cut, 9 - cut);
        char text[32];
        snprintf(text, sizeof(text), "H10@%zu M9 [0]", cut);
        assert_string_equal(seen(&inputs, 1, split, 19, false), text);
        /* A silence behind the heartbeat: it comes out, and the answer is still waited for. */
        snprintf(text, sizeof(text), "H10@%zu [%zu]", cut, cut);
        assert_string_equal(seen(&inputs, 1, split, cut + 10, true), text);

        memcpy(split + cut + 10, "LOGIN:1001", 10);
        memcpy(split + cut + 20, FLOAT + cut, 9 - cut);
        snprintf(text, sizeof(text), "H10@%zu R10@%zu M9 [0]", cut, cut);
        assert_string_equal(seen(&inputs, 1, split, 29, false), text);
    }
}

static void a_heartbeat_of_one_byte_inside(void **state)
{
    (void)state;
    CHECK(&inputs, 1,
          "\x01\x04\x04\x43"
          "1"
          "\x66\x33\x33\x5A\xFA",
          false, "H1@4 M9 [0]");
    /* Where it may as well be data, it is not taken out at a silence. */
    CHECK(&inputs, 1,
          "\x01\x04\x04\x43"
          "1",
          true, "[5]");
}

static void a_wrong_crc(void **state)
{
    (void)state;
    CHECK(&one, 1, BROKEN, false, "[7]");
    CHECK(&one, 1, BROKEN, true, "B7 [0]");
    CHECK(&one, 1, BROKEN ONE, false, "B7 M7 [0]");
    CHECK(&one, 1, BROKEN "www.usr.cn", true, "B7 H10 [0]");
    /* One byte was lost: the heartbeat behind it is not eaten. */
    CHECK(&inputs, 1,
          "\x01\x04\x04\x43\x66\x33\x5A\xFA"
          "www.usr.cn",
          true, "H10@8 [8]");
    CHECK(&inputs, 1,
          "\x01\x04\x04\x43\x66\x33\x5A\xFA"
          "www.usr.cn"
          "\xFF",
          true, "B8 H10 N1 [0]");
    CHECK(NULL, 0, BROKEN, true, "N7 [0]");
}

/* A heartbeat that ends as an answer begins, and one that looks like the head of one. */
static void a_heartbeat_that_overlaps(void **state)
{
    (void)state;
    static struct token_def some[] = {{TOKEN_OF_BYTES("AB")},
                                      {TOKEN_OF_BYTES("AB1")},
                                      {TOKEN_OF_BYTES("\x01\x03\x02\x55\x55\x55\x55")}};
    static const struct link_def overlapping = {
        .framing = FRAMING_RTU, .heartbeats = some, .nheartbeats = 3};
    used_link = &overlapping;
    char glued[16] = "AB";
    uint8_t adu[ADU_MAX];
    adu_build_reply(&slave49.request, (const uint8_t[]){0, 7}, adu);
    memcpy(glued + 2, adu, 7);
    assert_string_equal(seen(&slave49, 1, glued, 9, false), "H2 M7 [0]");
    for (size_t len = 1; len < 9; len++)
        assert_int_equal(seen(&slave49, 1, glued, len, false)[0], '[');
    CHECK(&slave49, 1, "AB1", true, "H3 [0]");
    CHECK(NULL, 0, "AB1", false, "H3 [0]");
    CHECK(&one, 1, "\x01\x03\x02\x55\x55\x55\x55", false, "[7]");
    CHECK(&one, 1, "\x01\x03\x02\x55\x55\x55\x55", true, "H7 [0]");
    used_link = &link;
}

/* More registers than a frame holds: an answer of 257 bytes is none. */
static void an_answer_beyond_any_frame(void **state)
{
    (void)state;
    const struct expectation beyond = {{1, 3, 0, 126}, 0};
    uint8_t bytes[260] = {1, 3, 252};
    uint16_t crc = crc16_modbus(bytes, 255);
    bytes[255] = (uint8_t)crc;
    bytes[256] = (uint8_t)(crc >> 8);
    struct frame frame;
    assert_true(next(&beyond, 1, (const char *)bytes, 257, true, &frame) > 0);
    assert_int_equal(frame.kind, FRAME_NOISE);
}

static void frames_that_nobody_waits_for(void **state)
{
    (void)state;
    /* Slave 1 answers where slave 49 was asked. */
    CHECK(&slave49, 1, ONE, false, "M7 [0]");
    CHECK(NULL, 0, REFUSED FLOAT COIL, false, "M5 M9 M8 [0]");
    CHECK(NULL, 0, "\xAA" ONE, false, "N1 M7 [0]");
    CHECK(NULL, 0, "\x01\x03\x02\x00", false, "[4]");
}

static void a_line_that_is_only_listened_to(void **state)
{
    (void)state;
    used_link = &listening;
    char answer[8];
    uint8_t adu[ADU_MAX];
    adu_build_reply(&slave49.request, (const uint8_t[]){0, 7}, adu);
    memcpy(answer, adu, 7);
    for (size_t len = 1; len < 7; len++) {
        struct frame frame;
        assert_int_equal(next(NULL, 0, answer, len, false, &frame), FRAMING_MORE);
    }
    assert_string_equal(seen(NULL, 0, answer, 7, false), "M7 [0]");
    CHECK(NULL, 0, ONE FLOAT "www.usr.cn" REFUSED, true, "M7 M9 H10 M5 [0]");
    CHECK(NULL, 0, "1", true, "H1 [0]");
    used_link = &link;
}

static void several_are_owed(void **state)
{
    (void)state;
    const struct expectation both[] = {inputs, one};
    CHECK(both, 2, ONE FLOAT, false, "M7 M9 [0]");
    CHECK(both, 2, ONE "\x01\x04", false, "M7 [2]");
    CHECK(both, 2,
          "\x01\x03\x02"
          "www.usr.cn"
          "\x00\x2D\x78\x59" FLOAT,
          false, "H10@3 M7 M9 [0]");
}

/* Whatever comes in, no more than FRAMING_HELD is held, and at a silence nothing is that nobody
 * waits for. */
static void garbage_gets_through(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    const struct expectation both[] = {inputs, one};
    for (int i = 0; i < 300; i++) {
        static char bytes[FRAMING_HELD + 4096];
        size_t len = sizeof(bytes);
        for (size_t at = 0; at < len; at++) {
            static const char likely[] = "\x01\x04\x04\x01\x03\x02"
                                         "1www.usr.cnLOGIN:1001";
            bytes[at] = parts_pick(&seed, 3) == 0 ? (char)parts_random(&seed)
                                                  : likely[at % (sizeof(likely) - (size_t)i % 20)];
        }
        bool settled = i % 2 == 0;
        size_t nexpected = (size_t)i / 2 % 3, at = 0;
        while (at < len) {
            struct frame frame;
            ssize_t size = next(both, nexpected, bytes + at, len - at, settled, &frame);
            if (size <= 0)
                break;
            if (frame.at > 0)
                memmove(bytes + at + frame.size, bytes + at, frame.at);
            at += (size_t)size;
        }
        assert_true(len - at < FRAMING_HELD);
        if (settled && nexpected == 0)
            assert_int_equal(at, len);
    }
}

static void it_sends_as_it_is(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST];
    assert_int_equal(framing_rtu.wrap(NULL, (const uint8_t *)ONE, 7, 0, out), 7);
    assert_memory_equal(out, ONE, 7);
    assert_int_equal(framing_rtu.acknowledge(FRAME_HEARTBEAT, (const uint8_t *)"1", 1, out), 0);
    const struct token_def asks = {
        .reply = REPLY_BYTES, .reply_bytes = (uint8_t *)"A", .reply_size = 1};
    const struct token_def echoes = {.reply = REPLY_ECHO};
    const uint8_t *packet = (const uint8_t *)"Q7";
    assert_int_equal(framing_reply(&framing_rtu, &asks, FRAME_HEARTBEAT, packet, 2, out), 1);
    assert_int_equal(out[0], 'A');
    assert_int_equal(framing_reply(&framing_rtu, &echoes, FRAME_HEARTBEAT, packet, 2, out), 2);
    assert_memory_equal(out, "Q7", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_published),
        cmocka_unit_test(a_beginning_is_held_back),
        cmocka_unit_test(tokens_stand_around_answers),
        cmocka_unit_test(the_lines_own_registration_has_its_id),
        cmocka_unit_test(digits_are_not_skipped),
        cmocka_unit_test(a_heartbeat_inside_of_an_answer),
        cmocka_unit_test(a_heartbeat_of_one_byte_inside),
        cmocka_unit_test(a_wrong_crc),
        cmocka_unit_test(a_heartbeat_that_overlaps),
        cmocka_unit_test(an_answer_beyond_any_frame),
        cmocka_unit_test(frames_that_nobody_waits_for),
        cmocka_unit_test(a_line_that_is_only_listened_to),
        cmocka_unit_test(several_are_owed),
        cmocka_unit_test(garbage_gets_through),
        cmocka_unit_test(it_sends_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
