#include "shared/config/token_overlap.h"

#include "tests/unit/shared/config/line_parts.h"

/* Both packets as the flow mappings of a file. */
static bool overlap(const char *a, const char *b)
{
    char text[512];
    snprintf(text, sizeof(text), "{framing: rtu, registration: {packets: {a: %s, b: %s}}}\n", a, b);
    struct link_def link = good_line(text, NULL);
    assert_int_equal(link.nregistrations, 2);
    bool result = token_overlap(&link.registrations[0], &link.registrations[1]);
    assert_int_equal(token_overlap(&link.registrations[1], &link.registrations[0]), result);
    link_config_clear(&link);
    return result;
}

static void texts(void **state)
{
    (void)state;
    const char *login = "{kind: text, start: \"L:\", chars: word, max: 34}";
    assert_true(overlap(login, login));
    assert_true(overlap(login, "{kind: text, start: \"L:\", chars: digits, length: 4}"));
    assert_false(overlap(login, "{kind: text, start: \"M:\", chars: word, max: 34}"));
    assert_false(overlap(login, "{kind: text, start: \"L:\", end: \";\", chars: word, max: 34}"));
    assert_false(overlap(login, "{kind: text, chars: word, max: 34}"));
    assert_false(overlap(login, "{kind: text, start: \"L:\", min: 35, max: 36}"));
    assert_true(overlap(login, "{kind: text, start: \"L:\", min: 34, max: 36}"));
    assert_false(overlap("{kind: text, length: 15}", "{kind: text, length: 20}"));
    assert_true(overlap("{kind: text, length: 15}", "{kind: text, length: 15, chars: digits}"));
}

static void patterns_and_keys(void **state)
{
    (void)state;
    assert_true(
        overlap("{kind: regex, pattern: 'A(?<id>.)'}", "{kind: regex, pattern: 'A(?<id>.)'}"));
    assert_false(
        overlap("{kind: regex, pattern: 'A(?<id>.)'}", "{kind: regex, pattern: 'B(?<id>.)'}"));
    assert_true(overlap("{kind: json, id: imei}", "{kind: json, id: imei, secret: key}"));
    assert_false(overlap("{kind: json, id: imei}", "{kind: json, id: sn}"));
    assert_false(overlap("{kind: json, id: imei}", "{kind: text, length: 15}"));
}

static void fixed_bytes(void **state)
{
    (void)state;
    struct token_def a = {.kind = TOKEN_BYTES, .bytes = (uint8_t *)(char[]){"AB"}, .size = 2};
    struct token_def b = {.kind = TOKEN_BYTES, .bytes = (uint8_t *)(char[]){"ABC"}, .size = 3};
    assert_false(token_overlap(&a, &b));
    b.size = 2;
    assert_true(token_overlap(&a, &b));
    b.kind = TOKEN_TEXT;
    assert_false(token_overlap(&a, &b));
}

static void structs(void **state)
{
    (void)state;
    const char *mac = "{kind: struct, length: 6, fixed: {0: \"D8 B0 4C\"}, "
                      "id: {offset: 0, length: 6, as: hex}}";
    assert_true(overlap(mac, mac));
    assert_true(overlap(mac, "{kind: struct, length: 6, fixed: {2: \"4C\", 5: \"01\"}, "
                             "id: {offset: 0, length: 6, as: hex}}"));
    assert_true(overlap(mac, "{kind: struct, length: 6, id: {offset: 0, length: 6, as: hex}}"));
    assert_false(overlap(mac, "{kind: struct, length: 6, fixed: {2: \"4D\"}, "
                              "id: {offset: 0, length: 6, as: hex}}"));
    assert_false(overlap(mac, "{kind: struct, length: 7, id: {offset: 0, length: 6, as: hex}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(patterns_and_keys),
        cmocka_unit_test(fixed_bytes),
        cmocka_unit_test(structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
