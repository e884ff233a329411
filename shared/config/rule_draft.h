/*
 * A rule as data_config.yml states it, before its texts are taken apart.
 */
#ifndef DTUHUB_CONFIG_RULE_DRAFT_H
#define DTUHUB_CONFIG_RULE_DRAFT_H

#include "shared/config/rule_config.h"
#include "shared/config/settings.h"

enum rule_key {
    RULE_KEY_DEVICES,
    RULE_KEY_PROFILES,
    RULE_KEY_TAGS,
    RULE_KEY_POINT,
    RULE_KEY_WHEN,
    RULE_KEY_HYSTERESIS,
    RULE_KEY_FOR,
    RULE_KEY_CLEAR_FOR,
    RULE_KEY_REPEAT,
    RULE_KEY_SEVERITY,
    RULE_KEY_MESSAGE,
    RULE_KEY_QUIET_HOURS,
    RULE_KEY_LIMIT,
    RULE_KEYS
};

struct rule_draft {
    char *devices, *profiles, *tags, *point, *when, *quiet_hours;
    double hysteresis;
    int64_t hold_ms, clear_hold_ms, repeat_ms;
    enum severity severity;
    const yaml_node_t *message, *limit;
    char *message_en, *message_zh; /* of ${message} */
    uint32_t limit_count;          /* of ${limit} */
    int64_t limit_per_ms;
    unsigned lines[RULE_KEYS];
};

extern const struct settings_table rule_table, rule_message_table, rule_limit_table;

#endif
