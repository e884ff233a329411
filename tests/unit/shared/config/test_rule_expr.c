/* Conditions of rules: what they mean, and what is said about those that mean nothing. */
#include "shared/config/rule_expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *again;
    struct rule_expr expr;
} good[] = {
    {"above 80", "above 80", {RULE_ABOVE, .low = 80}},
    {"  Above\t-0.5 ", "above -0.5", {RULE_ABOVE, .low = -0.5}},
    {"above 11111111111111111111111",
     "above 1.1111111111111111e+22",
     {RULE_ABOVE, .low = 11111111111111111111111.0}},
    {"below 0.30000000000000004",
     "below 0.30000000000000004",
     {RULE_BELOW, .low = 0.30000000000000004}},
    {"below 1e3", "below 1000", {RULE_BELOW, .low = 1000}},
    {"equals 0", "equals 0", {RULE_EQUALS}},
    {"not 1", "not 1", {RULE_NOT, .low = 1}},
    {"between 4 and 20", "between 4 and 20", {RULE_BETWEEN, .low = 4, .high = 20}},
    {"outside -1 and -1", "outside -1 and -1", {RULE_OUTSIDE, .low = -1, .high = -1}},
    {"changes", "changes", {RULE_CHANGES}},
    {"bit 0 set", "bit 0 set", {RULE_BIT_SET}},
    {"bit 63 clear", "bit 63 clear", {RULE_BIT_CLEAR, .bit = 63}},
    {"rises by 5 per min", "rises by 5 per 1 min", {RULE_RISES, .low = 5, .time_ms = 60000}},
    {"falls by 0.1 per 10 s", "falls by 0.1 per 10 s", {RULE_FALLS, .low = 0.1, .time_ms = 10000}},
    {"no data for 90s", "no data for 90 s", {RULE_NO_DATA, .time_ms = 90000}},
    {"no data for 2 hours", "no data for 2 h", {RULE_NO_DATA, .time_ms = 7200000}},
    {"no data for 1.5 min", "no data for 90 s", {RULE_NO_DATA, .time_ms = 90000}},
    {"no data for 7 days", "no data for 168 h", {RULE_NO_DATA, .time_ms = 604800000}},
};

static void each_form_means_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        struct rule_expr expr, again;
        char text[128];
        char *problem = rule_expr_parse(good[i].text, &expr);
        if (problem != NULL)
            fail_msg("%s: %s", good[i].text, problem);
        assert_int_equal(expr.condition, good[i].expr.condition);
        assert_true(expr.low == good[i].expr.low && expr.high == good[i].expr.high);
        assert_int_equal(expr.bit, good[i].expr.bit);
        assert_int_equal(expr.time_ms, good[i].expr.time_ms);
        rule_expr_text(&expr, text, sizeof(text));
        assert_string_equal(text, good[i].again);
        assert_null(rule_expr_parse(text, &again));
        assert_memory_equal(&again, &expr, sizeof(expr));
    }
}

static const struct {
    const char *text, *problem;
} bad[] = {
    {"", "\"\" is no condition: write one of: above N"},
    {"over 80", "\"over 80\" is no condition"},
    {"above", "it ends too early"},
    {"above 0x10", "\"0x10\" is no number"},
    {"above nan", "\"nan\" is no number"},
    {"above 1e999", "\"1e999\" is no number"},
    {"above 80 C", "\"C\" is too much"},
    {"between 4 to 20", "\"to\" stands where \"and\" is expected"},
    {"between 20 and 4", "the second number is less"},
    {"bit 64 set", "\"64\" is no bit"},
    {"bit -1 set", "\"-1\" is no bit"},
    {"bit 3", "it ends too early"},
    {"rises by 5 per fortnight", "\"fortnight\" is no time"},
    {"no data for 0 s", "\"0\" is no time"},
    {"no data for 90", "\"90\" is no time"},
    {"no data for 4000000 h", "\"4000000\" is no time"},
    {"no data", "\"no data\" is no condition"},
    {"a b c d e f g h i", "it is too long"},
    {"above 1234567890123456789012345678901234567890", "it is too long"},
};

static void what_means_nothing_is_told_with_the_way_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct rule_expr expr;
        char *problem = rule_expr_parse(bad[i].text, &expr);
        if (problem == NULL || strncmp(problem, bad[i].problem, strlen(bad[i].problem)) != 0)
            fail_msg("%s: %s", bad[i].text, problem != NULL ? problem : "is taken");
        free(problem);
    }
}

static void a_small_buffer_is_not_left(void **state)
{
    (void)state;
    struct rule_expr expr = {RULE_BETWEEN, .low = 1, .high = 2};
    for (size_t size = 1; size < 20; size++) {
        char *text = malloc(size);
        assert_non_null(text);
        rule_expr_text(&expr, text, size);
        assert_int_equal(strlen(text), size - 1 < 15 ? size - 1 : 15);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_means_what_it_says),
        cmocka_unit_test(what_means_nothing_is_told_with_the_way_out),
        cmocka_unit_test(a_small_buffer_is_not_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
