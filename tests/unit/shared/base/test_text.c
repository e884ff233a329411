#include "shared/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void hex_digits(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xff, 0xa5};
    char out[11];
    assert_string_equal(text_hex(bytes, 5, out), "007f80ffa5");
    assert_string_equal(text_hex(bytes, 0, out), "");
}

static void prints(const char *bytes, size_t len, const char *expected)
{
    char out[128];
    size_t n = text_printable(bytes, len, out, sizeof(out));
    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
}

static void printable_text_is_kept(void **state)
{
    (void)state;
    prints("", 0, "");
    prints("LOGIN:1001 ~", 12, "LOGIN:1001 ~");
    prints("\xc3\xa9\xe6\xb8\xa9\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe6\xb8\xa9\xf0\x9f\x98\x80");
}

static void what_is_not_printable_is_shown_as_hex(void **state)
{
    (void)state;
    prints("a\0b\n\x7f", 5, "a\\x00b\\x0a\\x7f");
    prints("\x1b[2J", 4, "\\x1b[2J");
    prints("\xc2\x85", 2, "\\xc2\\x85");          /* a C1 control: NEL */
    prints("\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8"); /* line separator */
    prints("\xe2\x80\xae"
           "abc",
           6,
           "\\xe2\\x80\\xae"
           "abc");                                /* right-to-left override */
    prints("\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6"); /* an isolate */
    prints("\xc2\xa0", 2, "\xc2\xa0");            /* no-break space */
}

static void what_is_not_utf8_is_shown_as_hex(void **state)
{
    (void)state;
    prints("\x80", 1, "\\x80");
    prints("\xc3", 1, "\\xc3");                            /* cut short */
    prints("\xc3(", 2, "\\xc3(");                          /* no continuation */
    prints("\xc0\xaf", 2, "\\xc0\\xaf");                   /* overlong */
    prints("\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf");          /* overlong */
    prints("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");          /* surrogate */
    prints("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    prints("\xf8\x88\x80\x80\x80", 5, "\\xf8\\x88\\x80\\x80\\x80");
    prints("\xff", 1, "\\xff");
}

/* Else the device "\n" and the device "\x0a" would be one. */
static void different_bytes_give_different_text(void **state)
{
    (void)state;
    prints("\\x0a", 4, "\\\\x0a");
    prints("\n", 1, "\\x0a");
}

static void cuts_at_a_whole_character(void **state)
{
    (void)state;
    char out[8];
    memset(out, 'z', sizeof(out));
    assert_int_equal(text_printable("ab\n", 3, out, 6), 2); /* \x0a and its NUL would need seven */
    assert_string_equal(out, "ab");
    assert_int_equal(text_printable("ab\n", 3, out, 7), 6);
    assert_string_equal(out, "ab\\x0a");
    assert_int_equal(text_printable("ab\xc3\xa9", 4, out, 4), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(text_printable("abc", 3, out, 1), 0);
    assert_string_equal(out, "");
    out[0] = 'z';
    assert_int_equal(text_printable("abc", 3, out, 0), 0);
    assert_int_equal(out[0], 'z');
}

/* A cut must not let a later, shorter character through: it would follow what it never followed. */
static void stops_at_the_cut(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(text_printable("ab\nc", 4, out, sizeof(out)), 2);
    assert_string_equal(out, "ab");
}

static const char *const known[] = {"main_port", "web_port", "length", "host", "a"};

static const char *nearest(const char *name)
{
    return text_nearest(name, known, sizeof(known) / sizeof(*known));
}

static void finds_the_nearest_name(void **state)
{
    (void)state;
    assert_string_equal(nearest("main_prot"), "main_port");
    assert_string_equal(nearest("mainport"), "main_port");
    assert_string_equal(nearest("web_ports"), "web_port");
    assert_string_equal(nearest("lenght"), "length");
    assert_string_equal(nearest("Host"), "host");
    assert_string_equal(nearest("host"), "host");
}

static void names_that_are_far_have_no_nearest(void **state)
{
    (void)state;
    assert_null(nearest("colour"));
    assert_null(nearest("hxyz"));
    assert_null(text_nearest("host", known, 0));
    assert_null(nearest("0123456789012345678901234567890123456789012345678901234567890123456789"));
}

static void short_names_differ_by_one_letter_at_most(void **state)
{
    (void)state;
    assert_string_equal(nearest("b"), "a");
    assert_null(nearest("bcd"));
    assert_string_equal(nearest(""), "a");
}

static void the_first_of_equals_wins(void **state)
{
    (void)state;
    static const char *const both[] = {"abcx", "abcy"};
    assert_string_equal(text_nearest("abcz", both, 2), "abcx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_digits),
        cmocka_unit_test(printable_text_is_kept),
        cmocka_unit_test(what_is_not_printable_is_shown_as_hex),
        cmocka_unit_test(what_is_not_utf8_is_shown_as_hex),
        cmocka_unit_test(different_bytes_give_different_text),
        cmocka_unit_test(cuts_at_a_whole_character),
        cmocka_unit_test(stops_at_the_cut),
        cmocka_unit_test(finds_the_nearest_name),
        cmocka_unit_test(names_that_are_far_have_no_nearest),
        cmocka_unit_test(short_names_differ_by_one_letter_at_most),
        cmocka_unit_test(the_first_of_equals_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
