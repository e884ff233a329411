/* Rules on many points of many devices: which value reaches which rule, and what is said of it. */
#include "tests/unit/collector/events/hall.h"

enum { RULES_MOST = 3, STEPS_MOST = 16 };

/* At ${at} seconds the device says ${value} of the point; point NULL: only time passes; "+": it
 * comes online. Then ${said} was said (see hall_said()). */
struct step {
    double at;
    const char *device, *point;
    double value;
    const char *said;
};

struct script {
    const char *name;
    struct rule_def rules[RULES_MOST];
    const char *whens[RULES_MOST];
    struct step steps[STEPS_MOST];
};

#define NAMES(...)                                                                                 \
    (char *[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const struct script scripts[] = {
    {"two devices and two points do not mix",
     {{.name = "high", .point = "temperature", .hysteresis = 2}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"},
      {1, "2", "temperature", 79, ""},
      {2, "1", "pressure", 500, ""},
      {3, "1", "temperature", 79, ""},
      {4, "2", "temperature", 85, "R"},
      {5, "1", "temperature", 78, "C"},
      {6, "2", "temperature", 82, ""},
      {7, "2", "temperature", 10, "C"}}},
    {"a rule is for the devices, profiles and tags that it names",
     {{.name = "id", .point = "temperature", .devices = NAMES("1*")},
      {.name = "tag", .point = "temperature", .tags = NAMES("south", "pumps")},
      {.name = "profile", .point = "temperature", .profiles = NAMES("oth*")}},
     {"above 80", "above 80", "above 80"},
     {{0, "1", "temperature", 81, "R"},
      {0, "12", "temperature", 81, "R"},
      {0, "7", "temperature", 81, "R"},
      {0, "2", "temperature", 81, ""}}},
    {"several rules on one point",
     {{.name = "high", .point = "temperature"},
      {.name = "very", .point = "temp*"},
      {.name = "all", .point = "*"}},
     {"above 80", "above 90", "above 85"},
     {{0, "1", "temperature", 81, "R"},
      {1, "1", "temperature", 86, "R"},
      {2, "1", "temperature", 91, "R"},
      {3, "1", "pressure", 86, "R"},
      {4, "1", "temperature", 0, "CCC"},
      {5, "1", "pressure", 0, "C"}}},
    {"a wildcard watches each point by itself",
     {{.name = "any", .point = "*e*"}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"},
      {1, "1", "pressure", 81, "R"},
      {2, "1", "level", 81, "R"},
      {3, "1", "pressure", 0, "C"},
      {4, "1", "pressure", 81, "R"}}},
    {"hold and repeat go by time",
     {{.name = "high", .point = "temperature", .hold_ms = 10000, .repeat_ms = 60000}},
     {"above 80"},
     {{0, "1", "temperature", 81, ""},
      {9, NULL, NULL, 0, ""},
      {10, NULL, NULL, 0, "R"},
      {69, NULL, NULL, 0, ""},
      {70, NULL, NULL, 0, "A"},
      {130, NULL, NULL, 0, "A"},
      {131, "1", "temperature", 0, "C"},
      {500, NULL, NULL, 0, ""}}},
    {"what is due earlier does not wait for what is due later",
     {{.name = "high", .point = "temperature", .clear_hold_ms = 10000, .repeat_ms = 600000}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"}, {5, "1", "temperature", 0, ""}, {15, NULL, NULL, 0, "C"}}},
    {"no data of a whole device: any value will do",
     {{.name = "silent", .point = "*"}},
     {"no data for 30 s"},
     {{0, "1", "+", 0, ""},
      {29, NULL, NULL, 0, ""},
      {30, NULL, NULL, 0, "NR"},
      {31, "1", "pressure", 0, "C"},
      {50, "1", "temperature", 0, ""},
      {79, NULL, NULL, 0, ""},
      {80, NULL, NULL, 0, "NR"}}},
    {"no data of a point: that device has it, and it counts from the beginning",
     {{.name = "silent", .point = "pres*"}, {.name = "slow", .point = "speed"}},
     {"no data for 30 s", "no data for 30 s"},
     {{0, "1", "+", 0, ""},
      {20, "1", "temperature", 0, ""},
      {30, NULL, NULL, 0, "NR"},
      {31, "1", "temperature", 0, ""},
      {32, "1", "pressure", 0, "C"},
      {62, NULL, NULL, 0, "NR"}}},
    {"a device that comes again is watched as before",
     {{.name = "silent", .point = "*"}},
     {"no data for 30 s"},
     {{0, "1", "+", 0, ""}, {20, "1", "+", 0, ""}, {30, NULL, NULL, 0, "NR"}}},
    {"changes are over at once",
     {{.name = "mode", .point = "level"}},
     {"changes"},
     {{0, "1", "level", 1, ""},
      {1, "1", "level", 1, ""},
      {2, "1", "level", 2, "R"},
      {3, "1", "level", 1, "R"}}},
    {"nobody is called in quiet hours, and once behind them where it is still so",
     {{.name = "high",
       .point = "temperature",
       .has_quiet = true,
       .quiet_from = 1380,
       .quiet_to = 2}},
     {"above 80"},
     {{0, "1", "temperature", 81, "r"},
      {10, "1", "temperature", 0, "c"},
      {20, "1", "temperature", 81, "r"},
      {60, NULL, NULL, 0, ""},
      {119, NULL, NULL, 0, ""},
      {120, NULL, NULL, 0, "D"},
      {300, NULL, NULL, 0, ""},
      {301, "1", "temperature", 0, "C"}}},
    {"what was told before quiet hours is not told behind them",
     {{.name = "high", .point = "temperature", .has_quiet = true, .quiet_from = 1, .quiet_to = 2}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"}, {70, NULL, NULL, 0, ""}, {180, NULL, NULL, 0, ""}}},
    {"repeats are quiet in quiet hours",
     {{.name = "high",
       .point = "temperature",
       .repeat_ms = 50000,
       .has_quiet = true,
       .quiet_from = 1,
       .quiet_to = 2}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"},
      {50, NULL, NULL, 0, "A"},
      {100, NULL, NULL, 0, "a"},
      {130, NULL, NULL, 0, ""},
      {150, NULL, NULL, 0, "A"},
      {160, "1", "temperature", 0, "C"}}},
    {"a limit holds back what is too much, of all devices together",
     {{.name = "high", .point = "temperature", .limit_count = 2, .limit_per_ms = 60000}},
     {"above 80"},
     {{0, "1", "temperature", 81, "R"},
      {20, "2", "temperature", 81, "R"},
      {21, "3", "temperature", 81, "r"},
      {22, "3", "temperature", 0, "c"},
      {23, "1", "temperature", 0, "C"},
      {59, "3", "temperature", 81, "r"},
      {60, "4", "temperature", 81, "R"},
      {61, "5", "temperature", 81, "r"},
      {80, "6", "temperature", 81, "R"}}},
};

static void play(const struct script *script)
{
    struct hall hall;
    char said[HALL_HEARD + 1];
    size_t n = 0;
    while (n < RULES_MOST && script->whens[n] != NULL)
        n++;
    hall_open(&hall, hall_config(script->rules, script->whens, n));
    rules_restored(hall.rules, hall_wall(&hall), hall_mono(&hall));
    for (const struct step *step = script->steps; step->said != NULL; step++) {
        hall_at(&hall, step->at);
        if (step->point != NULL && strcmp(step->point, "+") == 0)
            hall_online(&hall, step->device);
        else if (step->point != NULL)
            hall_value(&hall, step->device, step->point, step->value);
        hall_said(&hall, said);
        if (strcmp(said, step->said) != 0)
            fail_msg("%s, after %g s: \"%s\" instead of \"%s\"", script->name, step->at, said,
                     step->said);
    }
    hall_close(&hall);
}

static void each_script_says_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
        play(&scripts[i]);
}

/* One rule "temperature above 80", restored. */
static void open_high(struct hall *hall, struct rule_def def)
{
    def.name = "high";
    def.point = "temperature";
    hall_open(hall, hall_config(&def, (const char *const[]){"above 80"}, 1));
    rules_restored(hall->rules, hall_wall(hall), hall_mono(hall));
}

static void an_alarm_says_what_it_is_about(void **state)
{
    (void)state;
    struct hall hall;
    open_high(&hall, (struct rule_def){.severity = SEVERITY_CRITICAL, .hysteresis = 2});
    hall_value(&hall, "7", "temperature", 81.5);
    struct json_object *event = hall.heard[0].event;
    assert_int_equal(hall.heard[0].severity, SEVERITY_CRITICAL);
    assert_string_equal(hall_text(event, "device_id"), "7");
    assert_string_equal(hall_text(event, "device_name"), "Pump 7");
    assert_string_equal(hall_text(event, "data_point"), "temperature");
    assert_string_equal(hall_text(event, "value"), "81.5");
    assert_string_equal(hall_text(event, "unit"), "C");
    assert_string_equal(hall_text(event, "rule"), "high");
    assert_string_equal(hall_text(event, "condition"), "above 80");
    assert_string_equal(hall_text(event, "message"), "temperature above 80: 81.5 C");
    assert_string_equal(hall_text(event, "message_en"), "temperature above 80: 81.5 C");
    assert_string_equal(hall_text(event, "message_zh"), "temperature 高于 80：81.5 C");
    assert_string_equal(hall_text(event, "alarm"), hall_text(event, "id"));
    const struct alarm *alarm = hall.records[0];
    assert_int_equal(hall.record_device, 7);
    assert_string_equal(alarm->id, hall_text(event, "id"));
    assert_string_equal(alarm->rule, "high");
    assert_string_equal(alarm->device_id, "7");
    assert_string_equal(alarm->point, "temperature");
    assert_int_equal(alarm->state, ALARM_RAISED);
    assert_int_equal(alarm->severity, SEVERITY_CRITICAL);
    assert_int_equal(alarm->raised_ms, HALL_WALL_MS);
    assert_true(alarm->has_value && alarm->value == 81.5);
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_CRITICAL), 1);

    hall_at(&hall, 200);
    hall_value(&hall, "7", "temperature", 70);
    event = hall.heard[1].event;
    assert_string_equal(hall_text(event, "alarm"), alarm->id);
    assert_string_not_equal(hall_text(event, "id"), alarm->id);
    assert_string_equal(hall_text(event, "duration"), "200");
    assert_string_equal(hall_text(event, "value"), "70");
    assert_string_equal(hall_text(event, "message"),
                        "cleared after 3 min (70 C): temperature above 80: 81.5 C");
    assert_string_equal(hall_text(event, "message_zh"),
                        "3 分钟后恢复（70 C）：temperature 高于 80：81.5 C");
    assert_int_equal(hall.nrecords, 2);
    assert_string_equal(hall.records[1]->id, alarm->id);
    assert_int_equal(hall.records[1]->state, ALARM_CLEARED);
    assert_int_equal(hall.records[1]->cleared_ms, HALL_WALL_MS + 200000);
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_CRITICAL), 0);
    hall_close(&hall);
}

static void a_change_is_one_record(void **state)
{
    (void)state;
    struct hall hall;
    const struct rule_def def = {.name = "mode", .point = "*"};
    hall_open(&hall, hall_config(&def, (const char *const[]){"changes"}, 1));
    /* No alarm stays open, so none can be raised twice. */
    hall_value(&hall, "1", "level", 1);
    hall_value(&hall, "1", "level", 2);
    assert_int_equal(hall.nheard, 1);
    assert_int_equal(hall.nrecords, 1);
    assert_int_equal(hall.records[0]->state, ALARM_CLEARED);
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_INFO), 0);
    assert_string_equal(hall_text(hall.heard[0].event, "message"), "level changes: 2");
    hall_close(&hall);
}

static struct mustache *template_of(const char *text)
{
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("message", text, strlen(text), error);
    assert_non_null(template);
    return template;
}

static void templates_see_the_event(void **state)
{
    (void)state;
    struct hall hall;
    struct mustache *en = template_of("{{device_name}}<{{#tags}}{{.}} {{/tags}}> {{data_point}} "
                                      "{{value}} {{unit}} {{condition}} {{hysteresis}} {{rule}} "
                                      "{{severity}}");
    open_high(&hall, (struct rule_def){.message_en = en, .hysteresis = 2});
    struct point_def point = *hall_point(&hall, "temperature");
    struct event_device device = hall_from(&hall, "7");
    const struct reg_value value = {.number = 81.26, .has_number = 1};
    point.decimals = 1;
    hall_answer(&hall, &device, &point, &value);
    assert_string_equal(hall_text(hall.heard[0].event, "message_en"),
                        "Pump 7<north pumps > temperature 81.3 C above 80 2 high info");
    assert_string_equal(hall_text(hall.heard[0].event, "message_zh"),
                        "temperature 高于 80：81.3 C");
    /* One without a name is called by its id; nothing is escaped for HTML. */
    device = hall_from(&hall, "2");
    device.tags = "a&b";
    hall_answer(&hall, &device, &point, &value);
    assert_string_equal(hall_text(hall.heard[1].event, "message_en"),
                        "2<a&b > temperature 81.3 C above 80 2 high info");
    hall_close(&hall);
    mustache_free(en);
}

/* Acknowledged */

static void an_acknowledged_alarm_is_not_repeated(void **state)
{
    (void)state;
    struct hall hall;
    char said[HALL_HEARD + 1], id[EVENT_ID_SIZE];
    open_high(&hall, (struct rule_def){.repeat_ms = 60000});
    assert_int_equal(rules_acknowledge(hall.rules, "evt_0", "admin", "", HALL_WALL_MS), -1);
    hall_value(&hall, "1", "temperature", 81);
    strcpy(id, hall.records[0]->id);
    hall_at(&hall, 60);
    assert_string_equal(hall_text(hall.heard[1].event, "alarm"), id);
    assert_string_equal(hall_said(&hall, said), "RA");
    assert_int_equal(rules_acknowledge(hall.rules, id, "admin", "on my way", hall_wall(&hall)), 0);
    assert_string_equal(hall_text(hall.heard[0].event, "actor"), "admin");
    assert_string_equal(hall_text(hall.heard[0].event, "message"),
                        "acknowledged by admin: on my way");
    assert_int_equal(hall.records[0]->state, ALARM_ACKNOWLEDGED);
    assert_int_equal(hall.records[0]->acknowledged_ms, HALL_WALL_MS + 60000);
    assert_string_equal(hall.records[0]->comment, "on my way");
    assert_int_equal(rules_acknowledge(hall.rules, id, "eve", "", hall_wall(&hall)), 0);
    assert_string_equal(hall.records[1]->actor, "eve");
    assert_string_equal(hall.records[1]->comment, "");
    hall_at(&hall, 600);
    assert_string_equal(hall_said(&hall, said), "KK");
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_INFO), 1);
    hall_value(&hall, "1", "temperature", 0);
    assert_string_equal(hall.records[0]->actor, "eve");
    assert_string_equal(hall_said(&hall, said), "C");
    assert_int_equal(rules_acknowledge(hall.rules, id, "admin", "", hall_wall(&hall)), -1);
    hall_close(&hall);
}

static void an_alarm_acknowledged_in_quiet_hours_is_not_told_behind_them(void **state)
{
    (void)state;
    struct hall hall;
    char said[HALL_HEARD + 1];
    open_high(&hall, (struct rule_def){.has_quiet = true, .quiet_from = 0, .quiet_to = 2});
    hall_value(&hall, "1", "temperature", 81);
    rules_acknowledge(hall.rules, hall.records[0]->id, "admin", "", hall_wall(&hall));
    assert_string_equal(hall_said(&hall, said), "rk");
    hall_at(&hall, 400);
    assert_string_equal(hall_said(&hall, said), "");
    hall_close(&hall);
}

static void open_alarms_come_newest_first(void **state)
{
    (void)state;
    struct hall hall;
    open_high(&hall, (struct rule_def){0});
    for (int i = 0; i < 3; i++) {
        char id[2] = {(char)('1' + i), '\0'};
        hall_at(&hall, i);
        hall_value(&hall, id, "temperature", 81);
    }
    struct json_object *list = rules_open_alarms(hall.rules);
    assert_int_equal(json_object_array_length(list), 3);
    assert_string_equal(hall_text(json_object_array_get_idx(list, 0), "device_id"), "3");
    assert_string_equal(hall_text(json_object_array_get_idx(list, 2), "device_id"), "1");
    json_object_put(list);
    hall_close(&hall);
}

/* Many */

static void devices_without_a_rule_cost_next_to_nothing(void **state)
{
    (void)state;
    enum { DEVICES = 10000, ROUNDS = 3 };
    struct hall hall;
    struct rules_counts first, then;
    const struct rule_def def = {
        .name = "one", .point = "temperature", .devices = NAMES("42", "4711")};
    hall_open(&hall, hall_config(&def, (const char *const[]){"above 1000"}, 1));
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < DEVICES; i++) {
            char id[12];
            snprintf(id, sizeof(id), "%u", i);
            hall_value(&hall, id, "temperature", i);
            hall_value(&hall, id, "pressure", i);
        }
        if (round == 0)
            rules_counts(hall.rules, &first);
    }
    rules_counts(hall.rules, &then);
    assert_int_equal(first.matched, DEVICES); /* each once, and never again */
    assert_int_equal(then.matched, first.matched);
    assert_int_equal(then.states, 2);
    assert_int_equal(then.judged, 2 * ROUNDS);
    hall_close(&hall);
}

static void without_rules_answers_need_not_be_made(void **state)
{
    (void)state;
    struct hall hall;
    const struct rule_def def = {.name = "one", .point = "*"};
    hall_open(&hall, hall_config(NULL, NULL, 0));
    assert_false(bus_wants_answers(hall.bus));
    hall_reload(&hall, hall_config(&def, (const char *const[]){"above 1"}, 1));
    assert_true(bus_wants_answers(hall.bus));
    hall_reload(&hall, hall_config(NULL, NULL, 0));
    assert_false(bus_wants_answers(hall.bus));
    hall_close(&hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_script_says_what_it_says),
        cmocka_unit_test(an_alarm_says_what_it_is_about),
        cmocka_unit_test(a_change_is_one_record),
        cmocka_unit_test(templates_see_the_event),
        cmocka_unit_test(an_acknowledged_alarm_is_not_repeated),
        cmocka_unit_test(an_alarm_acknowledged_in_quiet_hours_is_not_told_behind_them),
        cmocka_unit_test(open_alarms_come_newest_first),
        cmocka_unit_test(devices_without_a_rule_cost_next_to_nothing),
        cmocka_unit_test(without_rules_answers_need_not_be_made),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
