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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_and_empty_parts_go),
        cmocka_unit_test(networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
