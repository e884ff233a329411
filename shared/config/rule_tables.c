#include "shared/config/data_config.h"
#include "shared/config/rule_draft.h"
#include "shared/config/rule_file.h"

#include <assert.h>

/* SETTING_CHOICE stores an int. */
static_assert(sizeof(enum severity) == sizeof(int), "enum severity");

enum { LIST_MAX = 4095, MESSAGE_MAX = 1023 };

#define DAY (24 * 3600.0)
#define NUMBER_MAX 1e300

#define RULE(key, field, kind)                                                                     \
    .path = "rules.NAME." #key, .offset = offsetof(struct rule_draft, field), .type = kind

static const struct setting rule_settings[] = {
    [RULE_KEY_DEVICES] = {RULE(devices, devices, SETTING_LIST), .min = 1, .max = LIST_MAX,
                          .help = "ids of the devices that it watches, with * and ?, as "
                                  "[\"pump-*\"]; without it all"},
    [RULE_KEY_PROFILES] = {RULE(profiles, profiles, SETTING_LIST), .min = 1, .max = LIST_MAX,
                           .help = "only devices of these profiles, with * and ?"},
    [RULE_KEY_TAGS] = {RULE(tags, tags, SETTING_LIST), .min = 1, .max = LIST_MAX,
                       .help = "only devices with one of these tags"},
    [RULE_KEY_POINT] = {RULE(point, point, SETTING_STRING), .min = 1, .max = POINT_NAME_MAX,
                        .help = "name of the point that it watches, with * and ? too; each point "
                                "of each device is watched by itself; only \"no data\" can do "
                                "without, about the whole device"},
    [RULE_KEY_WHEN] = {RULE(when, when, SETTING_STRING), .required = true, .min = 1,
                       .help = "the condition, as \"above 80\" (docs/rules.md)"},
    [RULE_KEY_HYSTERESIS] = {RULE(hysteresis, hysteresis, SETTING_NUMBER), .def = "0",
                             .max = NUMBER_MAX,
                             .help = "how far the value must come back before the alarm clears, in "
                                     "the point's unit; of \"changes\" how much is no change"},
    [RULE_KEY_FOR] = {RULE(for, hold_ms, SETTING_SECONDS), .def = "0", .max = 7 * DAY,
                      .help = "seconds that the condition must hold before the alarm is raised"},
    [RULE_KEY_CLEAR_FOR] = {RULE(clear_for, clear_hold_ms, SETTING_SECONDS), .def = "0",
                            .max = 7 * DAY,
                            .help = "seconds that it must not hold before the alarm clears"},
    [RULE_KEY_REPEAT] = {RULE(repeat, repeat_ms, SETTING_SECONDS), .def = "0", .max = 366 * DAY,
                         .help = "seconds after which an alarm that still stands is told again; 0 "
                                 "is never"},
    [RULE_KEY_SEVERITY] = {RULE(severity, severity, SETTING_CHOICE), .def = "warning",
                           .choices = severity_names, .help = "how severe the alarm is"},
    [RULE_KEY_MESSAGE] = {RULE(message, message, SETTING_NODE),
                          .help = "what the alarm says, a Mustache template, or one for each "
                                  "language, {en: \"...\", zh: \"...\"}; without it the rule is "
                                  "put into words"},
    [RULE_KEY_QUIET_HOURS] = {RULE(quiet_hours, quiet_hours, SETTING_STRING), .min = 1,
                              .help = "time of the day, as \"22:00-06:00\", at which no webhook is "
                                      "called; alarms are raised and kept all the same"},
    [RULE_KEY_LIMIT] = {RULE(limit, limit, SETTING_BLOCK),
                        .help = "alarms of the rule that webhooks are called about at the most, as "
                                "{count: 10, per: 3600}"},
};

#define MESSAGE(key, field)                                                                        \
    .path = "rules.NAME.message." #key, .offset = offsetof(struct rule_draft, field),              \
    .type = SETTING_TEMPLATE, .min = 1, .max = MESSAGE_MAX

static const struct setting message_settings[] = {
    {MESSAGE(en, message_en), .help = "the alarm in English"},
    {MESSAGE(zh, message_zh), .help = "the alarm in Chinese"},
};

#define LIMIT(key, field, kind)                                                                    \
    .path = "rules.NAME.limit." #key, .offset = offsetof(struct rule_draft, field), .type = kind

static const struct setting limit_settings[] = {
    {LIMIT(count, limit_count, SETTING_UINT), .required = true, .min = 1, .max = 1000000,
     .help = "how many alarms"},
    {LIMIT(per, limit_per_ms, SETTING_SECONDS), .def = "3600", .min = 1, .max = 31 * DAY,
     .help = "seconds that they are counted in"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct settings_table rule_table = TABLE(rule_settings);
const struct settings_table rule_message_table = TABLE(message_settings);
const struct settings_table rule_limit_table = TABLE(limit_settings);

void rule_reference(FILE *out)
{
    fputs("When an alarm is raised (docs/rules.md). The key of a rule is its name.\n\n", out);
    settings_reference(&rule_table, false, out);
    fputs("\nThe section `limit` of a rule:\n\n", out);
    settings_reference(&rule_limit_table, false, out);
}
