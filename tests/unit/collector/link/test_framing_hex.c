#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static struct token_def beats[] = {{TOKEN_OF_BYTES("ping")}, {TOKEN_OF_BYTES("123456")}};
static struct token_def json[] = {{TOKEN_OF_JSON}};
static const struct link_def link = {.framing = FRAMING_HEX,
                                     .registrations = json,
                                     .nregistrations = 1,
                                     .heartbeats = beats,
                                     .nheartbeats = 2};
static const struct expectation one = {{1, 3, 0x12, 1}, 0}, slave18 = {{0x12, 3, 0, 1}, 0};

static const char *seen(const struct expectation *expected, const char *text, bool settled)
{
    const struct framing_view view = {
        .link = &link, .expected = expected, .nexpected = expected != NULL, .settled = settled};
    return packets(&view, text, strlen(text));
}

static void answers_in_both_cases(void **state)
{
    (void)state;
    assert_string_equal(seen(&one, "010302002D7859", false), "M7 [0]");
    assert_string_equal(seen(&one, "010302002d7859", false), "M7 [0]");
    assert_string_equal(seen(&one, "010302002d7859010302002D7859", false), "M7 M7 [0]");
    assert_string_equal(seen(&one, "0183 02C0F1", true), "N11 [0]");
    struct frame frame;
    const struct framing_view view = {.link = &link, .expected = &one, .nexpected = 1};
    assert_int_equal(packets_next(&view, "0183 02C0F1", 0, &frame), FRAMING_MORE);
    assert_int_equal(packets_next(&view, "010302002d7859", 14, &frame), 14);
    assert_memory_equal(frame.adu, "\x01\x03\x02\x00\x2D\x78\x59", 7);
    assert_true(frame.intact);
}

static void a_beginning_is_held_back(void **state)
{
    (void)state;
    for (size_t len = 1; len < 14; len++) {
        char text[16] = {0}, left[32];
        memcpy(text, "010302002D7859", len);
        snprintf(left, sizeof(left), "[%zu]", len);
        assert_string_equal(seen(&one, text, false), left);
    }
    assert_string_equal(seen(&one, "010302002D785", true), "[13]");
    assert_string_equal(seen(NULL, "010302002D785", true), "N13 [0]");
    assert_string_equal(seen(&one, "010302002D7858", true), "B7 [0]");
}

static void tokens_stand_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(seen(&one, "ping010302002D7859ping", false), "H4 M7 H4 [0]");
    assert_string_equal(seen(&one, "0103ping02002D7859", false), "H4@4 M7 [0]");
    assert_string_equal(seen(&one, "0103ping02002D", false), "H4@4 [10]");
    assert_string_equal(seen(&one, "{\"imei\":\"1\"}010302002D7859", false), "R12 M7 [0]");
}

/* A heartbeat of digits is hexadecimal text as well. */
static void digits_around_and_inside(void **state)
{
    (void)state;
    assert_string_equal(seen(&one, "123456010302002D7859123456", false), "H6 M7 H6 [0]");
    assert_string_equal(seen(&one, "010302123456002D7859", false), "H6@6 M7 [0]");
    uint8_t adu[ADU_MAX];
    char text[64] = "123456123456";
    size_t len = adu_build_reply(&slave18.request, (const uint8_t *)"\x12\x34", adu);
    for (size_t i = 0; i < len; i++)
        snprintf(text + 12 + 2 * i, 3, "%02X", adu[i]);
    assert_string_equal(seen(&slave18, text, false), "H6 H6 M7 [0]");
    assert_string_equal(seen(&slave18, text + 12, false), "M7 [0]");
}

static void frames_that_nobody_waits_for(void **state)
{
    (void)state;
    assert_string_equal(seen(&slave18, "010302002D7859", false), "M7 [0]");
    assert_string_equal(seen(NULL, "0183", false), "[4]");
    assert_string_equal(seen(NULL, "no Modbus at all\r\n", true), "N18 [0]");
}

static void it_sends_upper_case(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST], longest[ADU_MAX] = {0};
    assert_int_equal(framing_hex.wrap(NULL, (const uint8_t *)"\x01\x03\xAB", 3, 0, out), 6);
    assert_memory_equal(out, "0103AB", 6);
    assert_int_equal(framing_hex.wrap(NULL, longest, ADU_MAX, 0, out), 2 * ADU_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_both_cases),        cmocka_unit_test(a_beginning_is_held_back),
        cmocka_unit_test(tokens_stand_as_they_are),     cmocka_unit_test(digits_around_and_inside),
        cmocka_unit_test(frames_that_nobody_waits_for), cmocka_unit_test(it_sends_upper_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
