#include "collector/events/rules_text.h"

#include "collector/alarm.h"
#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITION_SIZE = 160, FLOAT_DIGITS = 7, NUMBER_DIGITS = 15 };

const char *rules_reason_text(enum rules_reason reason, enum rules_language language)
{
    static const char *const texts[][2] = {
        [CLEARED_BY_VALUE] = {"", ""},
        [CLEARED_RULE_REMOVED] = {"rule removed", "规则已删除"},
        [CLEARED_RULE_CHANGED] = {"rule changed", "规则已修改"},
        [CLEARED_NOT_MATCHED] = {"rule does not watch the device any more", "规则不再适用于该设备"},
        [CLEARED_TWICE] = {"raised again", "已再次触发"},
    };
    return texts[reason][language];
}

char *rules_text_cut(char *text, size_t most)
{
    size_t size = strlen(text), end = 0, step;
    if (size <= most)
        return text;
    while ((step = text_utf8_length((const uint8_t *)text + end, size - end)) > 0 &&
           end + step <= most)
        end += step;
    text[end] = '\0';
    return text;
}

char *rules_text_number(double number, int decimals, bool is_float)
{
    if (decimals >= 0)
        return xasprintf("%.*f", decimals, number);
    return xasprintf("%.*g", is_float ? FLOAT_DIGITS : NUMBER_DIGITS, number);
}

/* Conditions */

static char *time_zh(int64_t ms)
{
    if (ms % 3600000 == 0)
        return xasprintf("%lld 小时", (long long)(ms / 3600000));
    if (ms % 60000 == 0)
        return xasprintf("%lld 分钟", (long long)(ms / 60000));
    return xasprintf("%.12g 秒", (double)ms / 1000);
}

static char *condition_zh(const struct rule_expr *when)
{
    char *time = time_zh(when->time_ms), *text = NULL;
    double low = when->low, high = when->high;
    switch (when->condition) {
    case RULE_ABOVE:
        text = xasprintf("高于 %.15g", low);
        break;
    case RULE_BELOW:
        text = xasprintf("低于 %.15g", low);
        break;
    case RULE_EQUALS:
        text = xasprintf("等于 %.15g", low);
        break;
    case RULE_NOT:
        text = xasprintf("不等于 %.15g", low);
        break;
    case RULE_BETWEEN:
        text = xasprintf("在 %.15g 与 %.15g 之间", low, high);
        break;
    case RULE_OUTSIDE:
        text = xasprintf("超出 %.15g 至 %.15g", low, high);
        break;
    case RULE_CHANGES:
        text = xstrdup("发生变化");
        break;
    case RULE_BIT_SET:
        text = xasprintf("第 %u 位为 1", (unsigned)when->bit);
        break;
    case RULE_BIT_CLEAR:
        text = xasprintf("第 %u 位为 0", (unsigned)when->bit);
        break;
    case RULE_RISES:
        text = xasprintf("每 %s上升 %.15g", time, low);
        break;
    case RULE_FALLS:
        text = xasprintf("每 %s下降 %.15g", time, low);
        break;
    case RULE_NO_DATA:
        text = xasprintf("%s无数据", time);
        break;
    }
    free(time);
    return text;
}

static char *condition_of(const struct rule_expr *when, enum rules_language language)
{
    char text[CONDITION_SIZE];
    if (language == RULES_ZH)
        return condition_zh(when);
    rule_expr_text(when, text, sizeof(text));
    return xstrdup(text);
}

/* Messages */

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value) || value == NULL)
        return "";
    return json_object_get_string(value);
}

/* "temperature above 80: 85.2 °C" */
static char *made_of(const struct rule_def *rule, struct json_object *context,
                     enum rules_language language)
{
    const char *point = text_of(context, "data_point"), *value = text_of(context, "value"),
               *unit = text_of(context, "unit");
    char *condition = condition_of(&rule->when, language);
    char *text = xasprintf("%s%s%s%s%s%s%s", point, point[0] != '\0' ? " " : "", condition,
                           value[0] == '\0'       ? ""
                           : language == RULES_ZH ? "："
                                                  : ": ",
                           value, value[0] != '\0' && unit[0] != '\0' ? " " : "",
                           value[0] != '\0' ? unit : "");
    free(condition);
    return text;
}

char *rules_text_raised(const struct rule_def *rule, struct json_object *context,
                        enum rules_language language)
{
    char error[MUSTACHE_ERROR_SIZE], *text = NULL;
    const struct mustache *template = language == RULES_ZH ? rule->message_zh : rule->message_en;
    const struct mustache_view view = {
        .contexts = &context, .ncontexts = 1, .escape = MUSTACHE_PLAIN};
    if (template != NULL)
        text = mustache_render_text(template, &view, NULL, error);
    if (text == NULL)
        text = made_of(rule, context, language);
    return rules_text_cut(text, ALARM_MESSAGE_MAX);
}

/* The largest two units: "3 h 20 min". */
static char *duration_of(int64_t ms, enum rules_language language)
{
    static const char *const units[][2] = {{"s", "秒"}, {"min", "分钟"}, {"h", "小时"}};
    long long seconds = ms > 0 ? ms / 1000 : 0, minutes = seconds / 60, hours = minutes / 60;
    if (minutes == 0)
        return xasprintf("%lld %s", seconds, units[0][language]);
    if (hours == 0)
        return xasprintf("%lld %s", minutes, units[1][language]);
    return xasprintf("%lld %s %lld %s", hours, units[2][language], minutes % 60,
                     units[1][language]);
}

char *rules_text_cleared(const char *message, int64_t after_ms, const char *now,
                         enum rules_language language)
{
    char *after = duration_of(after_ms, language), *text;
    bool has_now = now[0] != '\0';
    if (language == RULES_ZH)
        text = xasprintf("%s后恢复%s%s%s：%s", after, has_now ? "（" : "", now, has_now ? "）" : "",
                         message);
    else
        text = xasprintf("cleared after %s%s%s%s: %s", after, has_now ? " (" : "", now,
                         has_now ? ")" : "", message);
    free(after);
    return rules_text_cut(text, ALARM_MESSAGE_MAX);
}

char *rules_text_acknowledged(const char *actor, const char *comment, enum rules_language language)
{
    char *text;
    if (language == RULES_ZH)
        text = xasprintf("已由 %s 确认%s%s", actor, comment[0] != '\0' ? "：" : "", comment);
    else
        text = xasprintf("acknowledged by %s%s%s", actor, comment[0] != '\0' ? ": " : "", comment);
    return rules_text_cut(text, ALARM_MESSAGE_MAX);
}
