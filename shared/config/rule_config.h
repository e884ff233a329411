/*
 * The section rules: of data_config.yml: when an alarm is raised.
 *
 *   rules:
 *     tank_high:
 *       devices: ["pump-*"]            ids with * and ?; profiles: and tags: as well; none: all
 *       point: temperature             a point's name, with * and ? too
 *       when: above 80                 see rule_expr.h
 *       hysteresis: 2
 *       for: 30                        seconds that it must hold
 *       clear_for: 10                  seconds that it must not hold before the alarm clears
 *       repeat: 3600                   seconds after which a raised alarm is told again
 *       severity: critical
 *       message: {zh: "{{device_name}} 温度过高: {{value}}", en: "..."}
 *       quiet_hours: "22:00-06:00"
 *       limit: {count: 10, per: 3600}
 *
 * An immutable snapshot, part of struct data_config.
 */
#ifndef DTUHUB_CONFIG_RULE_CONFIG_H
#define DTUHUB_CONFIG_RULE_CONFIG_H

#include "shared/config/rule_expr.h"
#include "shared/event/kind.h"
#include "shared/template/mustache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RULE_NAME_MAX = 64, RULES_MAX = 1000 };

struct rule_def {
    char *name;                 /* printable, unique */
    char **devices, **profiles; /* with * and ?; NULL-terminated, as list_text_split(); NULL: all */
    char **tags;                /* one of them; NULL: all */
    char *point; /* name with * and ?; "*" for a no_data rule about the whole device */
    struct rule_expr when;
    double hysteresis;      /* >= 0: how far the value must come back before it clears */
    int64_t hold_ms;        /* the condition must be true so long before it is raised, 0 */
    int64_t clear_hold_ms;  /* and false so long before it is cleared, 0 */
    int64_t repeat_ms;      /* 0: told once */
    enum severity severity; /* warning */
    struct mustache *message_en, *message_zh; /* NULL: one is made from the rule; the same text
                                                 where the file gives one for all languages */
    bool has_quiet; /* quiet hours: minutes of the day in the machine's time zone */
    uint16_t quiet_from, quiet_to;
    uint32_t limit_count; /* calls of webhooks in limit_per_ms; 0: no limit */
    int64_t limit_per_ms;
    unsigned line;
};

struct rule_config {
    struct rule_def *rules; /* in the order of the file */
    size_t nrules;
};

/** rule_matches_device(rule, id, profile, tags): ${tags} comma-separated; NULL is none. Pure. */
bool rule_matches_device(const struct rule_def *rule, const char *id, const char *profile,
                         const char *tags);

/** rule_matches_point(rule, name). Pure. */
bool rule_matches_point(const struct rule_def *rule, const char *name);

#endif
