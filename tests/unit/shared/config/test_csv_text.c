#include "shared/config/csv_text.h"

#include "tests/unit/shared/config/expect.h"

static void reads(const char *bytes, size_t len, const char *expected)
{
    struct csv_text read = csv_text_read(bytes, len);
    assert_non_null(read.text);
    assert_string_equal(read.text, expected);
    assert_int_equal(read.len, strlen(expected));
    free(read.text);
}

static void refuses(const char *bytes, size_t len, unsigned line, const char *part)
{
    struct csv_text read = csv_text_read(bytes, len);
    assert_null(read.text);
    assert_int_equal(read.line, line);
    assert_non_null(strstr(read.problem, part));
    assert_non_null(strstr(read.problem, "CSV UTF-8"));
}

#define READS(text, expected) reads(text, sizeof(text) - 1, expected)
#define REFUSES(text, line, part) refuses(text, sizeof(text) - 1, line, part)

static void utf8_with_and_without_mark(void **state)
{
    (void)state;
    READS("", "");
    READS("a,b\n", "a,b\n");
    READS("\xef\xbb\xbf"
          "a",
          "a");
    READS("\xef\xbb\xbf", "");
    READS("\xe6\xb8\xa9\xe5\xba\xa6", "温度");
}

static void anything_else_is_gbk(void **state)
{
    (void)state;
    READS("\xb5\xd8\xd6\xb7,\xc3\xfb\xb3\xc6\n", "地址,名称\n");
    READS("\xce\xc2\xb6\xc8\xa1\xe6", "温度℃");
}

static void neither_is_a_fault_with_its_line(void **state)
{
    (void)state;
    REFUSES("a\nb\xff,c", 2, "neither UTF-8 nor GBK");
    REFUSES("a\n\nb\xb5", 3, "neither UTF-8 nor GBK"); /* half a character */
    REFUSES("\xff\xfe"
            "a\0",
            1, "UTF-16");
    REFUSES("a\nb\0c", 2, "NUL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_with_and_without_mark),
        cmocka_unit_test(anything_else_is_gbk),
        cmocka_unit_test(neither_is_a_fault_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
