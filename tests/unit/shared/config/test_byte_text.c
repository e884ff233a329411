#include "shared/config/byte_text.h"

#include "tests/unit/shared/config/expect.h"

typedef char *(*decoder)(const char *text, uint8_t *out, size_t *size);

static void gives(decoder decode, const char *text, const char *bytes, size_t size)
{
    uint8_t out[64];
    size_t used = 99;
    char *problem = decode(text, out, &used);
    if (problem != NULL)
        fail_msg("%s: %s", text, problem);
    assert_int_equal(used, size);
    assert_memory_equal(out, bytes, size);
}

static void says(decoder decode, const char *text, const char *expected)
{
    uint8_t out[64];
    size_t used;
    char *problem = decode(text, out, &used);
    assert_non_null(problem);
    if (strstr(problem, expected) == NULL)
        fail_msg("%s: %s", text, problem);
    free(problem);
}

static void texts(void **state)
{
    (void)state;
    gives(byte_text_unescape, "", "", 0);
    gives(byte_text_unescape, "ping", "ping", 4);
    gives(byte_text_unescape, "a\\r\\n\\t\\\\b\r", "a\r\n\t\\b\r", 7);
    gives(byte_text_unescape, "\\x00\\xD8\\xb0", "\x00\xd8\xb0", 3);
    gives(byte_text_unescape, "水", "水", 3);
}

static void broken_escapes(void **state)
{
    (void)state;
    const char *const broken[] = {"\\", "\\x", "\\x1", "\\x1g", "\\xg1", "a\\q", "\\X41", "\\0"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
        says(byte_text_unescape, broken[i], "no escape that is known");
}

/* What YAML makes of "\xD8" in double quotes. */
static void characters_that_were_meant_as_bytes(void **state)
{
    (void)state;
    says(byte_text_unescape, "\xc3\x98", "single quotes");
    says(byte_text_unescape, "a\xc2\x80", "single quotes");
}

static void hexadecimal(void **state)
{
    (void)state;
    gives(byte_text_unhex, "7B 01 0a", "\x7b\x01\x0a", 3);
    gives(byte_text_unhex, "D8:B0:4C", "\xd8\xb0\x4c", 3);
    gives(byte_text_unhex, " 00ff ", "\x00\xff", 2);
    gives(byte_text_unhex, "", "", 0);
    says(byte_text_unhex, "7", "\"7\" begins with no pair");
    says(byte_text_unhex, "7B 1 0", "\"1 0\" begins with no pair");
    gives(byte_text_unhex, "0x7B01 0X02", "\x7b\x01\x02", 3);
    says(byte_text_unhex, "0x", "no pair");
    says(byte_text_unhex, "zz", "no pair");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(broken_escapes),
        cmocka_unit_test(characters_that_were_meant_as_bytes),
        cmocka_unit_test(hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
