#include "tests/unit/collector/link/packets.h"
#include "tests/unit/collector/link/tokens.h"

static struct token_def registrations[] = {{TOKEN_OF_FOURFAITH}};
static const struct link_def link = {
    .framing = FRAMING_ESCAPED, .registrations = registrations, .nregistrations = 1};

/* Its IP address and its id hold bytes that are escapes elsewhere. */
static const char registration[] = "\x00\xFE\xFD\x03"
                                   "13800138000\x00\x0A\x00\xFE\xFD\x00";
enum { REGISTRATION_SIZE = sizeof(registration) - 1 };

static const struct expectation one = {{1, 3, 0x12, 1}, 0}, two = {{1, 4, 0, 2}, 0};

static struct framing_view view_of(const struct expectation *expected, bool settled)
{
    return (struct framing_view){.link = &link,
                                 .expected = expected,
                                 .nexpected = expected != NULL,
                                 .settled = settled,
                                 .registration = (const uint8_t *)registration,
                                 .registration_size = REGISTRATION_SIZE};
}

static const char *seen(const struct expectation *expected, const void *bytes, size_t len,
                        bool settled)
{
    const struct framing_view view = view_of(expected, settled);
    return packets(&view, bytes, len);
}

#define SEEN(expected, bytes, settled) seen(expected, bytes, sizeof(bytes) - 1, settled)

static void the_registration_comes_as_it_is(void **state)
{
    (void)state;
    struct token_match match;
    const uint8_t *bytes = (const uint8_t *)registration;
    assert_int_equal(framing_escaped.registration(&link, bytes, REGISTRATION_SIZE, &match),
                     REGISTRATION_SIZE);
    assert_string_equal(match.id, "13800138000");
    assert_int_equal(framing_escaped.registration(&link, bytes, 20, &match), FRAMING_MORE);
    /* And again, with its FE. */
    assert_string_equal(seen(&one, registration, REGISTRATION_SIZE, false), "R21 [0]");
    for (size_t len = 1; len < REGISTRATION_SIZE; len++) {
        char left[32];
        snprintf(left, sizeof(left), "[%zu]", len);
        assert_string_equal(seen(&one, registration, len, false), left);
    }
}

static void a_bare_fe_is_the_heartbeat(void **state)
{
    (void)state;
    assert_string_equal(SEEN(NULL, "\xFE", false), "H1 [0]");
    assert_string_equal(SEEN(&one, "\xFE\x01\x03\x02\x00\x2D\x78\x59\xFE", false), "H1 M7 H1 [0]");
    /* Inside of an answer it cannot be data, so it is taken out at once. */
    assert_string_equal(SEEN(&one, "\x01\x03\xFE\x02", false), "H1@2 [3]");
    assert_string_equal(SEEN(&one, "\x01\x03\xFE\xFE\x02\x00\x2D\x78\x59", false),
                        "H1@2 H1@2 M7 [0]");
}

static void escapes_are_undone(void **state)
{
    (void)state;
    uint8_t adu[ADU_MAX], wire[FRAMING_LONGEST];
    size_t len = adu_build_reply(&two.request, (const uint8_t *)"\xFD\xFE\xED\xEE", adu);
    size_t size = framing_escaped.wrap(NULL, adu, len, 0, wire);
    assert_true(size >= len + 2);
    assert_null(memchr(wire, 0xFE, size));
    struct frame frame;
    const struct framing_view view = view_of(&two, false);
    for (size_t cut = 1; cut < size; cut++)
        assert_int_equal(packets_next(&view, wire, cut, &frame), FRAMING_MORE);
    assert_int_equal(packets_next(&view, wire, size, &frame), size);
    assert_int_equal(frame.adu_size, len);
    assert_memory_equal(frame.adu, adu, len);
    /* An escape of nothing is noise. */
    assert_string_equal(SEEN(NULL, "\xFD\x01\xFD", true), "N3 [0]");
}

static void it_sends_escaped(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST], longest[ADU_MAX];
    assert_int_equal(framing_escaped.wrap(NULL, (const uint8_t *)"\x01\xFD\xFE\xED", 4, 0, out), 6);
    assert_memory_equal(out, "\x01\xFD\xED\xFD\xEE\xED", 6);
    memset(longest, 0xFE, sizeof(longest));
    assert_int_equal(framing_escaped.wrap(NULL, longest, ADU_MAX, 0, out), 2 * ADU_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registration_comes_as_it_is),
        cmocka_unit_test(a_bare_fe_is_the_heartbeat),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(it_sends_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
