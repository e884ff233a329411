/* The section rules: of data_config.yml, from the file to what values are held against. */
#include "shared/config/data_advice.h"
#include "shared/config/data_config.h"
#include "tests/unit/shared/config/expect.h"

#include <json-c/json.h>

#define PROFILES                                                                                   \
    "profiles:\n"                                                                                  \
    "  pumps: {port: 1000, line: {framing: mbap, registration: {required: false}}, "               \
    "poll: {interval: 10}, data_points: {1: {name: level, type: uint16}}}\n"

static struct data_config *parse(const char *text, struct faults *faults)
{
    return data_config_parse("t.yml", text, strlen(text), faults);
}

static struct data_config *parse_good(const char *text)
{
    struct faults faults = {0};
    struct data_config *config = parse(text, &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    return config;
}

/* One rule, whose keys ${keys} are, in line 4: what is wrong with it. */
static void faults_of(const char *keys, const char *expected)
{
    struct faults faults = {0};
    char *text = NULL;
    assert_true(asprintf(&text, PROFILES "rules:\n  a: {%s}\n", keys) > 0);
    struct data_config *config = parse(text, &faults);
    assert_true((config == NULL) == (expected[0] != '\0'));
    expect_faults(&faults, expected);
    data_config_release(config);
    free(text);
}

static void expect_list(char *const *list, const char *expected)
{
    char joined[256] = "";
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s;", list[i]);
    assert_string_equal(joined, expected);
}

static void expect_template(const struct mustache *template, const char *expected)
{
    char error[MUSTACHE_ERROR_SIZE];
    struct json_object *event = json_tokener_parse("{\"value\": 81}");
    const struct mustache_view view = {.contexts = &event, .ncontexts = 1};
    assert_non_null(template);
    char *text = mustache_render_text(template, &view, NULL, error);
    assert_string_equal(text, expected);
    free(text);
    json_object_put(event);
}

static void no_section_is_no_rule(void **state)
{
    (void)state;
    struct data_config *config = parse_good(PROFILES);
    assert_int_equal(config->rules.nrules, 0);
    data_config_release(config);
    config = parse_good(PROFILES "rules:\n");
    assert_int_equal(config->rules.nrules, 0);
    data_config_release(config);
}

/* The header promises these. */
static void defaults_of_a_rule(void **state)
{
    (void)state;
    struct data_config *config = parse_good(PROFILES "rules:\n  b: {point: level, when: above 80}\n"
                                                     "  a: {when: no data for 1 min}\n");
    assert_int_equal(config->rules.nrules, 2);
    const struct rule_def *rule = config->rules.rules;
    assert_string_equal(rule->name, "b"); /* in the order of the file */
    assert_int_equal(rule->line, 4);
    assert_null(rule->devices);
    assert_null(rule->profiles);
    assert_null(rule->tags);
    assert_string_equal(rule->point, "level");
    assert_int_equal(rule->when.condition, RULE_ABOVE);
    assert_true(rule->when.low == 80 && rule->hysteresis == 0);
    assert_int_equal(rule->hold_ms, 0);
    assert_int_equal(rule->clear_hold_ms, 0);
    assert_int_equal(rule->repeat_ms, 0);
    assert_int_equal(rule->severity, SEVERITY_WARNING);
    assert_null(rule->message_en);
    assert_null(rule->message_zh);
    assert_false(rule->has_quiet);
    assert_int_equal(rule->limit_count, 0);
    assert_string_equal(rule[1].point, "*"); /* of the whole device */
    data_config_release(config);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good(PROFILES "rules:\n"
                            "  tank_high:\n"
                            "    devices: ['pump-*', '1001']\n"
                            "    profiles: 'pumps, d*'\n"
                            "    tags: [north]\n"
                            "    point: 'lev*'\n"
                            "    when: outside 1 and 9.5\n"
                            "    hysteresis: 0.5\n"
                            "    for: 30\n"
                            "    clear_for: 2.5\n"
                            "    repeat: 3600\n"
                            "    severity: critical\n"
                            "    message: {zh: '高 {{value}}', en: 'high {{value}}'}\n"
                            "    quiet_hours: '22:00-06:30'\n"
                            "    limit: {count: 10, per: 600}\n");
    const struct rule_def *rule = config->rules.rules;
    assert_string_equal(rule->name, "tank_high");
    expect_list(rule->devices, "pump-*;1001;");
    expect_list(rule->profiles, "pumps;d*;");
    expect_list(rule->tags, "north;");
    assert_string_equal(rule->point, "lev*");
    assert_int_equal(rule->when.condition, RULE_OUTSIDE);
    assert_true(rule->when.low == 1 && rule->when.high == 9.5 && rule->hysteresis == 0.5);
    assert_int_equal(rule->hold_ms, 30000);
    assert_int_equal(rule->clear_hold_ms, 2500);
    assert_int_equal(rule->repeat_ms, 3600000);
    assert_int_equal(rule->severity, SEVERITY_CRITICAL);
    expect_template(rule->message_en, "high 81");
    expect_template(rule->message_zh, "高 81");
    assert_true(rule->has_quiet);
    assert_int_equal(rule->quiet_from, 22 * 60);
    assert_int_equal(rule->quiet_to, 6 * 60 + 30);
    assert_int_equal(rule->limit_count, 10);
    assert_int_equal(rule->limit_per_ms, 600000);
    data_config_release(config);
}

static void one_message_is_for_every_language(void **state)
{
    (void)state;
    struct data_config *config =
        parse_good(PROFILES "rules:\n"
                            "  a: {point: x, when: changes, message: 'now {{value}}'}\n"
                            "  b: {point: x, when: changes, message: {zh: '现在'}}\n");
    expect_template(config->rules.rules[0].message_en, "now 81");
    expect_template(config->rules.rules[0].message_zh, "now 81");
    assert_null(config->rules.rules[1].message_en);
    expect_template(config->rules.rules[1].message_zh, "现在");
    data_config_release(config);
}

#define AT "t.yml:4: rules.a."

static void what_it_watches_must_be_there(void **state)
{
    (void)state;
    faults_of("point: level", AT "when is missing: add \"when: ...\" below rules.a (the condition, "
                                 "as \"above 80\" (docs/rules.md))\n");
    faults_of("when: above 8",
              AT "point: missing: name the point that it watches, as \"point: temperature\", or "
                 "\"*\" for each point by itself\n");
    faults_of("when: above 8, point: level, profiles: [pump, 'q*', nothing_like_it, default]",
              AT "profiles: unknown profile \"pump\": did you mean \"pumps\"?\n" AT
                 "profiles: unknown profile \"nothing_like_it\": write \"default\", or one that "
                 "stands below profiles:\n");
    faults_of("when: above 8, point: level, devices: []",
              AT "devices: empty: write a value, or leave the line out\n");
}

static void a_key_that_means_nothing_is_a_fault(void **state)
{
    (void)state;
    faults_of("point: a, when: bit 3 set, hysteresis: 1",
              AT "hysteresis: this condition has no value to come back from: leave it out\n");
    faults_of("when: no data for 1 h, for: 5, clear_for: 5, repeat: 60",
              AT "for: this condition is true at its moment, it does not hold: leave it out\n");
    faults_of("point: a, when: changes, hysteresis: 1, clear_for: 5, repeat: 60",
              AT "clear_for: a change is over as soon as it is told: leave it out\n" AT
                 "repeat: a change is over as soon as it is told: leave it out\n");
}

static void messages_are_templates(void **state)
{
    (void)state;
#define MESSAGE "point: a, when: changes, message: "
    faults_of(MESSAGE "\"{{a\"", AT "message: line 1 of it: this tag is not closed by \"}}\"\n");
    faults_of(MESSAGE "{zh: \"\\n{{#a}}\", english: b}",
              "t.yml:4: unknown key \"english\" in rules.a.message: the keys here are en, zh\n" AT
              "message.zh: line 2 of it: \"a\" is never closed\n");
    faults_of(MESSAGE "[a]", AT "message is a section: write its keys below it, indented\n");
    faults_of(MESSAGE "''", AT "message: empty: write a value, or leave the line out\n");
}

static void times_of_the_day(void **state)
{
    (void)state;
    static const char *const bad[] = {"22-06",       "22:00",       "22:00-6:00",  "22:60-06:00",
                                      "24:00-06:00", "22:00-24:01", "22:00-06:00 "};
    static const char *const good[] = {"00:00-24:00", "23:59-00:00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char keys[128], expected[256];
        snprintf(keys, sizeof(keys), "point: a, when: changes, quiet_hours: '%s'", bad[i]);
        snprintf(expected, sizeof(expected),
                 AT "quiet_hours: \"%s\" is no time of the day: write it like \"22:00-06:00\"\n",
                 bad[i]);
        faults_of(keys, expected);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        char keys[128];
        snprintf(keys, sizeof(keys), "point: a, when: changes, quiet_hours: '%s'", good[i]);
        faults_of(keys, "");
    }
    faults_of("point: a, when: changes, quiet_hours: '07:00-07:00'",
              AT "quiet_hours: it begins and ends at the same minute: write \"00:00-24:00\" for "
                 "the whole day, or leave it out\n");
    faults_of("point: a, when: changes, limit: {per: 60}", AT
              "limit.count is missing: add \"count: ...\" below rules.a.limit (how many alarms)\n");
}

static void names_that_lists_can_hold(void **state)
{
    (void)state;
    struct faults faults = {0};
    assert_null(parse(PROFILES "rules:\n"
                               "  'a*': {point: a, when: changes}\n"
                               "  'a,b': {point: a, when: changes}\n",
                      &faults));
    expect_faults(&faults,
                  "t.yml:4: rules.a*: the key of a rule is its name: one of * ? [ ] , is in it, "
                  "which lists of rules have a meaning for: leave it out\n"
                  "t.yml:5: rules.a,b: the key of a rule is its name: one of * ? [ ] , is in it, "
                  "which lists of rules have a meaning for: leave it out\n");
}

static void more_rules_than_it_holds(void **state)
{
    (void)state;
    struct faults faults = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(PROFILES "rules:\n", out);
    for (int i = 0; i <= RULES_MAX; i++)
        fprintf(out, "  r%d: {point: a, when: changes}\n", i);
    fclose(out);
    assert_null(parse(text, &faults));
    expect_faults(&faults,
                  "t.yml:3: rules: 1001 rules are more than one collector holds, 1000: write one "
                  "for several devices (devices, profiles, tags) or points (point: "
                  "\"temperature_*\")\n");
    free(text);
}

/* Matching */

static void devices_and_points(void **state)
{
    (void)state;
    char *devices[] = {(char *)"pump-*", NULL}, *tags[] = {(char *)"north", NULL};
    struct rule_def rule = {.point = (char *)"temp_?"};
    assert_true(rule_matches_device(&rule, "x", "default", ""));
    rule.devices = devices;
    assert_true(rule_matches_device(&rule, "pump-7", "default", ""));
    assert_false(rule_matches_device(&rule, "7", "default", ""));
    rule.tags = tags;
    assert_false(rule_matches_device(&rule, "pump-7", "default", "south"));
    assert_true(rule_matches_device(&rule, "pump-7", "default", "south,north"));
    rule.profiles = devices;
    assert_false(rule_matches_device(&rule, "pump-7", "default", "north"));
    assert_true(rule_matches_device(&rule, "pump-7", "pump-station", "north"));
    assert_true(rule_matches_point(&rule, "temp_1"));
    assert_false(rule_matches_point(&rule, "temp_12"));
}

/* Advice */

static void say(void *cookie, unsigned line, const char *text)
{
    fprintf(cookie, "%u: %s\n", line, text);
}

static void advises(const char *rest, const char *expected)
{
    char said[1024] = "", text[1024];
    snprintf(text, sizeof(text), PROFILES "%s", rest);
    struct data_config *config = parse_good(text);
    FILE *out = fmemopen(said, sizeof(said), "w");
    data_advice(config, say, out);
    fclose(out);
    assert_string_equal(said, expected);
    data_config_release(config);
}

static void points_that_nobody_has(void **state)
{
    (void)state;
    advises("rules: {a: {point: level, when: above 8}, b: {point: 'l*', when: above 8}}\n", "");
    advises("rules: {a: {when: no data for 1 h}}\n", "");
    advises("rules: {a: {when: no data for 1 h, profiles: default}}\n", ""); /* has no points */
    advises("rules:\n"
            "  a: {point: levle, when: above 8}\n"
            "  b: {point: 'x*', when: above 8}\n"
            "  c: {point: level, profiles: default, when: above 8}\n",
            "4: rules.a.point: no point of any profile is called \"levle\", so it watches nothing: "
            "did you mean \"level\"?\n"
            "5: rules.b.point: no point of any profile is called \"x*\", so it watches nothing: "
            "correct the name, or add the point\n"
            "6: rules.c.point: no point of its profiles is called \"level\", so it watches "
            "nothing: correct the name, or add the point\n");
}

#define RULES "rules:\n  a: {point: level, when: above 8, "
#define OTHERS                                                                                     \
    "4: rules.a: none of devices: is one that it watches, only a DTU that devices: does not name " \
    "can be: correct devices of the rule, or add the DTU\n"
#define NONE                                                                                       \
    "4: rules.a: none of devices: is one that it watches: correct devices, profiles or tags of "   \
    "the rule, or add the DTU\n"

static void devices_that_are_not_there(void **state)
{
    (void)state;
    advises(RULES "devices: 'x*'}\n", ""); /* anybody may come */
    advises(RULES "devices: 'x*'}\ndevices: {y: {}, x1: {}}\n", "");
    advises(RULES "devices: 'x*'}\ndevices: {y: {}}\n", OTHERS);
    advises(RULES "devices: 'x*'}\ndevices: {y: {}}\nunknown_devices: refuse\n", NONE);
    advises(RULES "tags: north}\n", NONE);
    advises(RULES "tags: north}\ndevices: {y: {tags: 'a, north'}}\n", "");
    advises(RULES "profiles: pumps}\ndevices: {y: {}}\n", "");
    advises(RULES "profiles: pumps}\ndevices: {y: {}}\nunknown_devices: refuse\n", "");
    advises(
        RULES "profiles: pumps, tags: a}\ndevices: {y: {profile: default, tags: a}}\n",
        "5: devices.y.profile: the profile default reads nothing, since query_tasks at the top "
        "level has no entries: name one that stands below profiles:, or add what is read\n" NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_section_is_no_rule),
        cmocka_unit_test(defaults_of_a_rule),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(one_message_is_for_every_language),
        cmocka_unit_test(what_it_watches_must_be_there),
        cmocka_unit_test(a_key_that_means_nothing_is_a_fault),
        cmocka_unit_test(messages_are_templates),
        cmocka_unit_test(times_of_the_day),
        cmocka_unit_test(names_that_lists_can_hold),
        cmocka_unit_test(more_rules_than_it_holds),
        cmocka_unit_test(devices_and_points),
        cmocka_unit_test(points_that_nobody_has),
        cmocka_unit_test(devices_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
