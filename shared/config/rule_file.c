#include "shared/config/rule_file.h"

#include "shared/base/alloc.h"
#include "shared/config/list_text.h"
#include "shared/config/quote.h"
#include "shared/config/rule_draft.h"
#include "shared/config/setting_value.h"
#include "shared/config/template_text.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTES_OF_DAY = 24 * 60 };

/* A rule while it is read. */
struct rule_reading {
    const struct settings_reader *reader;
    const struct data_config *config;
    const char *path; /* "rules.tank_high" */
    unsigned line;
    struct rule_draft draft;
    struct rule_def *out;
};

/* ${problem} is a new text, or NULL: nothing is wrong. */
static void rule_fault(const struct rule_reading *reading, enum rule_key key, char *problem)
{
    unsigned line = reading->draft.lines[key] > 0 ? reading->draft.lines[key] : reading->line;
    if (problem != NULL)
        faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), line, "%s.%s: %s",
                   reading->path, setting_key(&rule_table.settings[key]), problem);
    free(problem);
}

/* What it watches */

static char *unknown_profile(const struct data_config *config, const char *name)
{
    const char **names = xcalloc(config->nprofiles, sizeof(*names));
    for (size_t i = 0; i < config->nprofiles; i++)
        names[i] = config->profiles[i].name;
    const char *nearest = text_nearest(name, names, config->nprofiles);
    free(names);
    if (nearest != NULL)
        return xasprintf("unknown profile %s: did you mean \"%s\"?", QUOTE(name), nearest);
    return xasprintf("unknown profile %s: write \"default\", or one that stands below profiles:",
                     QUOTE(name));
}

static void check_profiles(const struct rule_reading *reading)
{
    char *const *name = reading->out->profiles;
    for (; name != NULL && *name != NULL; name++) {
        if (!list_text_is_pattern(*name) && data_config_profile(reading->config, *name) == NULL)
            rule_fault(reading, RULE_KEY_PROFILES, unknown_profile(reading->config, *name));
    }
}

/* Return whether the condition is known. */
static bool read_condition(const struct rule_reading *reading)
{
    const struct rule_draft *draft = &reading->draft;
    struct rule_def *out = reading->out;
    if (draft->when == NULL)
        return false;
    char *problem = rule_expr_parse(draft->when, &out->when);
    bool good = problem == NULL;
    rule_fault(reading, RULE_KEY_WHEN, problem);
    if (draft->point != NULL) {
        out->point = xstrdup(draft->point);
        return good;
    }
    if (good && out->when.condition != RULE_NO_DATA && draft->lines[RULE_KEY_POINT] == 0)
        rule_fault(reading, RULE_KEY_POINT,
                   xstrdup("missing: name the point that it watches, as \"point: temperature\", or "
                           "\"*\" for each point by itself"));
    out->point = xstrdup("*");
    return good;
}

/* Keys that mean nothing to the condition. */
static void check_keys(const struct rule_reading *reading)
{
    static const struct {
        enum rule_key key;
        unsigned without; /* set of conditions */
        const char *why;
    } useless[] = {
        {RULE_KEY_HYSTERESIS, 1 << RULE_BIT_SET | 1 << RULE_BIT_CLEAR | 1 << RULE_NO_DATA,
         "this condition has no value to come back from"},
        {RULE_KEY_FOR, 1 << RULE_CHANGES | 1 << RULE_NO_DATA,
         "this condition is true at its moment, it does not hold"},
        {RULE_KEY_CLEAR_FOR, 1 << RULE_CHANGES, "a change is over as soon as it is told"},
        {RULE_KEY_REPEAT, 1 << RULE_CHANGES, "a change is over as soon as it is told"},
    };
    for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
        if (reading->draft.lines[useless[i].key] > 0 &&
            (useless[i].without >> reading->out->when.condition & 1))
            rule_fault(reading, useless[i].key, xasprintf("%s: leave it out", useless[i].why));
    }
}

/* What it says, and when */

static struct mustache *read_template(const struct rule_reading *reading, const char *key,
                                      const char *text)
{
    if (text == NULL)
        return NULL;
    char *problem, *path = xasprintf("%s.%s", reading->path, key);
    struct mustache *template = template_text_parse(path, text, &problem);
    if (template == NULL)
        faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc),
                   reading->draft.lines[RULE_KEY_MESSAGE], "%s: %s", path, problem);
    free(problem);
    free(path);
    return template;
}

/* One text is for every language. */
static void read_message(struct rule_reading *reading)
{
    struct rule_draft *draft = &reading->draft;
    const struct setting *setting = &rule_message_table.settings[0];
    const char *text = draft->message != NULL ? yaml_node_text(draft->message) : NULL;
    if (text != NULL) {
        rule_fault(reading, RULE_KEY_MESSAGE,
                   setting_value_parse(setting, text, text, &draft->message_en));
        reading->out->message_en = read_template(reading, "message", draft->message_en);
        reading->out->message_zh = reading->out->message_en != NULL
                                       ? read_template(reading, "message", draft->message_en)
                                       : NULL;
        return;
    }
    char *path = xasprintf("%s.message", reading->path);
    const struct settings_place place = {draft->message, path, draft->lines[RULE_KEY_MESSAGE]};
    settings_read(reading->reader, &place, &rule_message_table, draft, NULL);
    free(path);
    reading->out->message_en = read_template(reading, "message.en", draft->message_en);
    reading->out->message_zh = read_template(reading, "message.zh", draft->message_zh);
}

/* "HH:MM" at ${text}; the minute of the day, or -1. ${end} is behind it. */
static int parse_minute(const char *text, const char **end)
{
    for (int i = 0; i < 5; i++) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return -1;
    }
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    *end = text + 5;
    return minute < 60 && hour * 60 + minute <= MINUTES_OF_DAY ? hour * 60 + minute : -1;
}

static void read_quiet_hours(const struct rule_reading *reading)
{
    const char *text = reading->draft.quiet_hours, *end = text;
    if (text == NULL)
        return;
    int from = parse_minute(text, &end);
    int to = from >= 0 && *end == '-' ? parse_minute(end + 1, &end) : -1;
    if (to < 0 || *end != '\0' || from == MINUTES_OF_DAY) {
        rule_fault(
            reading, RULE_KEY_QUIET_HOURS,
            xasprintf("%s is no time of the day: write it like \"22:00-06:00\"", QUOTE(text)));
        return;
    }
    if (from == to) {
        rule_fault(reading, RULE_KEY_QUIET_HOURS,
                   xstrdup("it begins and ends at the same minute: write \"00:00-24:00\" for the "
                           "whole day, or leave it out"));
        return;
    }
    reading->out->has_quiet = true;
    reading->out->quiet_from = (uint16_t)from;
    reading->out->quiet_to = (uint16_t)to;
}

static void read_limit(struct rule_reading *reading)
{
    struct rule_draft *draft = &reading->draft;
    if (draft->limit == NULL)
        return;
    char *path = xasprintf("%s.limit", reading->path);
    const struct settings_place place = {draft->limit, path, draft->lines[RULE_KEY_LIMIT]};
    settings_read(reading->reader, &place, &rule_limit_table, draft, NULL);
    free(path);
    reading->out->limit_count = draft->limit_count;
    reading->out->limit_per_ms = draft->limit_per_ms;
}

/* The whole */

/* Lists of names are written with commas, and hold patterns. */
static void check_name(const struct rule_reading *reading, const char *name)
{
    static const struct setting setting = {.type = SETTING_STRING, .min = 1, .max = RULE_NAME_MAX};
    char *text = NULL, *problem = setting_value_parse(&setting, name, name, &text);
    free(text);
    if (problem == NULL && strpbrk(name, "*?[],") != NULL)
        problem = xstrdup("one of * ? [ ] , is in it, which lists of rules have a meaning for: "
                          "leave it out");
    if (problem != NULL)
        faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), reading->line,
                   "%s: the key of a rule is its name: %s", reading->path, problem);
    free(problem);
}

static void read_rule(struct rule_reading reading, const struct yaml_pair *pair)
{
    char *path = settings_path("rules", pair->key);
    const struct settings_place place = {pair->value, path, pair->line};
    struct rule_draft *draft = &reading.draft;
    reading.path = path;
    reading.line = pair->line;
    check_name(&reading, pair->key);
    settings_read(reading.reader, &place, &rule_table, draft, draft->lines);
    *reading.out = (struct rule_def){
        .name = xstrdup(pair->key),
        .devices = list_text_split(draft->devices),
        .profiles = list_text_split(draft->profiles),
        .tags = list_text_split(draft->tags),
        .hysteresis = draft->hysteresis,
        .hold_ms = draft->hold_ms,
        .clear_hold_ms = draft->clear_hold_ms,
        .repeat_ms = draft->repeat_ms,
        .severity = draft->severity,
        .line = pair->line,
    };
    check_profiles(&reading);
    if (read_condition(&reading))
        check_keys(&reading);
    read_message(&reading);
    read_quiet_hours(&reading);
    read_limit(&reading);
    settings_free(&rule_table, draft);
    settings_free(&rule_message_table, draft);
    free(path);
}

void rule_file_read(const struct settings_reader *reader, const struct settings_place *place,
                    struct data_config *config)
{
    struct rule_config *rules = &config->rules;
    size_t n = yaml_doc_count(place->node);
    if (n > RULES_MAX) {
        faults_add(reader->faults, yaml_doc_name(reader->doc), place->line,
                   "rules: %zu rules are more than one collector holds, %d: write one for several "
                   "devices (devices, profiles, tags) or points (point: \"temperature_*\")",
                   n, RULES_MAX);
        n = 0;
    }
    rules->rules = xcalloc(n, sizeof(*rules->rules));
    rules->nrules = n;
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, place->node, i);
        const struct rule_reading reading = {
            .reader = reader, .config = config, .out = &rules->rules[i]};
        read_rule(reading, &pair);
    }
}

void rule_file_clear(struct rule_config *rules)
{
    for (size_t i = 0; i < rules->nrules; i++) {
        struct rule_def *rule = &rules->rules[i];
        free(rule->name);
        free(rule->devices);
        free(rule->profiles);
        free(rule->tags);
        free(rule->point);
        mustache_free(rule->message_en);
        mustache_free(rule->message_zh);
    }
    free(rules->rules);
    *rules = (struct rule_config){0};
}
