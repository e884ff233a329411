#include "shared/config/env.h"

#include "tests/unit/shared/config/expect.h"

static void expands(const char *text, const char *expected)
{
    char *problem = NULL, *out = env_expand(text, &problem);
    assert_null(problem);
    assert_string_equal(out, expected);
    free(out);
}

static void complains(const char *text, const char *part)
{
    char *problem = NULL;
    assert_null(env_expand(text, &problem));
    assert_non_null(strstr(problem, part));
    free(problem);
}

static void variables_are_replaced(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_A", "one", 1);
    setenv("DTUHUB_TEST_EMPTY", "", 1);
    setenv("DTUHUB_TEST_NESTED", "${DTUHUB_TEST_A}", 1);
    expands("", "");
    expands("plain", "plain");
    expands("${DTUHUB_TEST_A}", "one");
    expands("<${DTUHUB_TEST_A}|${DTUHUB_TEST_A}>", "<one|one>");
    expands("${DTUHUB_TEST_EMPTY}", "");
    expands("${DTUHUB_TEST_NESTED}", "${DTUHUB_TEST_A}"); /* a value is not read again */
}

static void dollars_are_kept(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_A", "one", 1);
    expands("abc$123", "abc$123");
    expands("$", "$");
    expands("$$", "$");
    expands("$${DTUHUB_TEST_A}", "${DTUHUB_TEST_A}");
    expands("$$${DTUHUB_TEST_A}", "$one");
}

static void what_is_no_variable_is_a_fault(void **state)
{
    (void)state;
    unsetenv("DTUHUB_TEST_UNSET");
    complains("${DTUHUB_TEST_UNSET}", "variable DTUHUB_TEST_UNSET is not set");
    complains("${", "write $$ for a dollar sign");
    complains("${}", "correct the name");
    complains("${1A}", "correct the name");
    complains("${A", "correct the name");
    complains("${A B}", "correct the name");
}

static void a_fault_shows_no_value(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_A", "correct horse", 1);
    char *problem = NULL;
    assert_null(env_expand("${DTUHUB_TEST_A}${", &problem));
    assert_null(strstr(problem, "horse"));
    free(problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_replaced),
        cmocka_unit_test(dollars_are_kept),
        cmocka_unit_test(what_is_no_variable_is_a_fault),
        cmocka_unit_test(a_fault_shows_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
