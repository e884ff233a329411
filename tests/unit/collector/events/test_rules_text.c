/* What alarms say, in both languages. */
#include "collector/events/rules_text.h"

#include "collector/alarm.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void each_condition_is_put_into_words(void **state)
{
    (void)state;
    static const struct {
        const char *when, *en, *zh;
    } rows[] = {
        {"above 80", "t above 80: 5 V", "t 高于 80：5 V"},
        {"below -1.5", "t below -1.5: 5 V", "t 低于 -1.5：5 V"},
        {"equals 5", "t equals 5: 5 V", "t 等于 5：5 V"},
        {"not 1", "t not 1: 5 V", "t 不等于 1：5 V"},
        {"between 1 and 9", "t between 1 and 9: 5 V", "t 在 1 与 9 之间：5 V"},
        {"outside 6 and 9", "t outside 6 and 9: 5 V", "t 超出 6 至 9：5 V"},
        {"changes", "t changes: 5 V", "t 发生变化：5 V"},
        {"bit 0 set", "t bit 0 set: 5 V", "t 第 0 位为 1：5 V"},
        {"bit 1 clear", "t bit 1 clear: 5 V", "t 第 1 位为 0：5 V"},
        {"rises by 2 per 1 min", "t rises by 2 per 1 min: 5 V", "t 每 1 分钟上升 2：5 V"},
        {"falls by 2 per 2 h", "t falls by 2 per 2 h: 5 V", "t 每 2 小时下降 2：5 V"},
        {"no data for 90 s", "t no data for 90 s: 5 V", "t 90 秒无数据：5 V"},
    };
    struct json_object *context =
        json_tokener_parse("{\"data_point\": \"t\", \"value\": \"5\", \"unit\": \"V\"}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rule_def rule = {0};
        assert_null(rule_expr_parse(rows[i].when, &rule.when));
        expect_text(rules_text_raised(&rule, context, RULES_EN), rows[i].en);
        expect_text(rules_text_raised(&rule, context, RULES_ZH), rows[i].zh);
    }
    json_object_put(context);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct rule_def rule = {.when = {.condition = RULE_NO_DATA, .time_ms = 600000}};
    struct json_object *context = json_tokener_parse("{\"unit\": \"V\"}");
    expect_text(rules_text_raised(&rule, context, RULES_EN), "no data for 10 min");
    expect_text(rules_text_raised(&rule, context, RULES_ZH), "10 分钟无数据");
    json_object_put(context);
}

static void the_end_tells_how_long_it_was(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *en, *zh;
    } rows[] = {
        {-1, "cleared after 0 s (5): hot", "0 秒后恢复（5）：hot"},
        {59999, "cleared after 59 s (5): hot", "59 秒后恢复（5）：hot"},
        {60000, "cleared after 1 min (5): hot", "1 分钟后恢复（5）：hot"},
        {3600000, "cleared after 1 h 0 min (5): hot", "1 小时 0 分钟后恢复（5）：hot"},
        {90061000, "cleared after 25 h 1 min (5): hot", "25 小时 1 分钟后恢复（5）：hot"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        expect_text(rules_text_cleared("hot", rows[i].ms, "5", RULES_EN), rows[i].en);
        expect_text(rules_text_cleared("hot", rows[i].ms, "5", RULES_ZH), rows[i].zh);
    }
    expect_text(rules_text_cleared("hot", 1000, "", RULES_EN), "cleared after 1 s: hot");
    expect_text(rules_text_acknowledged("eve", "", RULES_EN), "acknowledged by eve");
    expect_text(rules_text_acknowledged("eve", "去看", RULES_ZH), "已由 eve 确认：去看");
}

static void numbers_are_shown_with_their_decimals(void **state)
{
    (void)state;
    expect_text(rules_text_number(80.05, 1, false), "80.0");
    expect_text(rules_text_number(80, 2, false), "80.00");
    expect_text(rules_text_number(0.1, -1, false), "0.1");
    expect_text(rules_text_number((double)230.2F, -1, true), "230.2");
}

static void what_is_too_long_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    char error[MUSTACHE_ERROR_SIZE], text[] = "a温度", bytes[ALARM_MESSAGE_MAX + 2];
    assert_string_equal(rules_text_cut(text, 6), "a温");
    assert_string_equal(rules_text_cut(text, 4), "a温");
    assert_string_equal(rules_text_cut(text, 3), "a");
    memset(bytes, 'x', sizeof(bytes));
    struct mustache *template = mustache_parse("m", bytes, sizeof(bytes), error);
    struct rule_def rule = {.message_en = template};
    struct json_object *context = json_object_new_object();
    char *cut = rules_text_raised(&rule, context, RULES_EN);
    assert_int_equal(strlen(cut), ALARM_MESSAGE_MAX);
    free(cut);
    json_object_put(context);
    mustache_free(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition_is_put_into_words),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(the_end_tells_how_long_it_was),
        cmocka_unit_test(numbers_are_shown_with_their_decimals),
        cmocka_unit_test(what_is_too_long_is_cut_at_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
