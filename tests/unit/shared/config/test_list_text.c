#include "shared/config/list_text.h"

#include "tests/unit/shared/config/expect.h"

static void normal(const char *text, const char *expected)
{
    char *list = list_text_normal(text);
    assert_string_equal(list, expected);
    free(list);
}

static void blanks_and_empty_parts_go(void **state)
{
    (void)state;
    normal("", "");
    normal(" , ,,\t", "");
    normal("north", "north");
    normal("  north ,, pump house\t, 7 ", "north,pump house,7");
    normal(",a", "a");
    normal("a,", "a");
}

static void networks(void **state)
{
    (void)state;
    const char *const good[] = {"",     "10.0.0.1", "10.0.0.0/8",     "0.0.0.0/0",     "1.2.3.4/32",
                                "::/0", "::1",      "2001:db8::/128", "10.0.0.1,::/64"};
    const char *const bad[] = {"10.0.0",      "10.0.0.0/33", "10.0.0.0/",    "::/129",
                               "10.0.0.0/-1", "host",        "10.0.0.0/8/8", "10.0.0.1,x",
                               "10.0.0.1 /8", "/8",          "10.0.0.0/08",  "10.0.0.1/8"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        char *problem = list_text_check_cidrs(good[i]);
        if (problem != NULL)
            fail_msg("%s: %s", good[i], problem);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char *problem = list_text_check_cidrs(bad[i]);
        if (problem == NULL)
            fail_msg("%s was accepted", bad[i]);
        free(problem);
    }
}

static void split_in_one_piece(void **state)
{
    (void)state;
    assert_null(list_text_split(NULL));
    assert_null(list_text_split(""));
    char **parts = list_text_split("a,pump house,c");
    assert_string_equal(parts[0], "a");
    assert_string_equal(parts[1], "pump house");
    assert_string_equal(parts[2], "c");
    assert_null(parts[3]);
    free(parts);
    parts = list_text_split("a");
    assert_string_equal(parts[0], "a");
    assert_null(parts[1]);
    free(parts);
}

static void patterns(void **state)
{
    (void)state;
    char *some[] = {(char *)"pump-*", (char *)"100?", NULL};
    assert_true(list_text_matches(NULL, "x"));
    assert_true(list_text_matches(NULL, NULL));
    assert_true(list_text_matches(some, "pump-"));
    assert_true(list_text_matches(some, "1001"));
    assert_false(list_text_matches(some, "10011"));
    assert_false(list_text_matches(some, "a pump-1"));
    assert_false(list_text_matches(some, ""));
    assert_false(list_text_matches(some, NULL));
    assert_true(list_text_is_pattern("a*"));
    assert_true(list_text_is_pattern("?"));
    assert_false(list_text_is_pattern("a-b"));
}

static void parts_in_common(void **state)
{
    (void)state;
    char *wanted[] = {(char *)"north", (char *)"old", NULL};
    assert_true(list_text_has(NULL, NULL));
    assert_true(list_text_has(NULL, "a"));
    assert_false(list_text_has(wanted, NULL));
    assert_false(list_text_has(wanted, ""));
    assert_true(list_text_has(wanted, "north"));
    assert_true(list_text_has(wanted, "a,old"));
    assert_false(list_text_has(wanted, "a,older,nort"));
    assert_false(list_text_has(wanted, "northern"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_and_empty_parts_go), cmocka_unit_test(networks),
        cmocka_unit_test(split_in_one_piece),        cmocka_unit_test(patterns),
        cmocka_unit_test(parts_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
