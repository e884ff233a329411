/*
 * What alarms say to people, in both languages. Pure; any thread. Texts are new and fit into an
 * alarm (collector/alarm.h).
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_RULES_TEXT_H
#define DTUHUB_COLLECTOR_EVENTS_RULES_TEXT_H

#include "shared/config/rule_config.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

enum rules_language { RULES_EN, RULES_ZH };

/** Why an alarm is cleared. */
enum rules_reason {
    CLEARED_BY_VALUE,
    CLEARED_RULE_REMOVED,
    CLEARED_RULE_CHANGED,
    CLEARED_NOT_MATCHED, /* the device is another one now, as far as the rule can see */
    CLEARED_TWICE,       /* the same rule, device and point has a newer alarm */
};

/** rules_reason_text(reason, language): "" where the value says it. */
const char *rules_reason_text(enum rules_reason reason, enum rules_language language);

/** rules_text_number(number, decimals, is_float): as people are shown it; ${decimals} -1: as many
 * as it has. */
char *rules_text_number(double number, int decimals, bool is_float);

/** rules_text_raised(rule, context, language): by the rule's template, or made from the condition;
 * ${context} is the event's object, with "value" as text. */
char *rules_text_raised(const struct rule_def *rule, struct json_object *context,
                        enum rules_language language);

/** rules_text_cleared(message, after_ms, now, language): ${message} is that of the alarm, ${now}
 * the value that cleared it or the reason. */
char *rules_text_cleared(const char *message, int64_t after_ms, const char *now,
                         enum rules_language language);

/** rules_text_acknowledged(actor, comment, language). */
char *rules_text_acknowledged(const char *actor, const char *comment, enum rules_language language);

/** rules_text_cut(text, most): ${text}, shortened in place at a whole character. */
char *rules_text_cut(char *text, size_t most);

#endif
