/* What outlives a start and a reload: alarms that are open, and the states of rules. */
#include "tests/unit/collector/events/hall.h"

static struct alarm *left_open(const char *rule, const char *device, const char *point,
                               int64_t raised_ms)
{
    struct alarm *alarm = xcalloc(1, sizeof(*alarm));
    event_id_new(raised_ms, alarm->id);
    alarm->rule = xstrdup(rule);
    alarm->device_id = xstrdup(device);
    alarm->point = xstrdup(point);
    alarm->severity = SEVERITY_WARNING;
    alarm->raised_ms = raised_ms;
    alarm->message_en = xstrdup("too hot");
    alarm->message_zh = xstrdup("过热");
    alarm->actor = xstrdup("");
    alarm->comment = xstrdup("");
    return alarm;
}

static const struct rule_def high = {.name = "high", .point = "temperature", .hysteresis = 2};
static const char *const above[] = {"above 80", "above 80"};

static void restore(struct hall *hall, struct alarm *alarm)
{
    rules_restore(hall->rules, &alarm, 1, hall_wall(hall), hall_mono(hall));
}

static void restored(struct hall *hall)
{
    rules_restored(hall->rules, hall_wall(hall), hall_mono(hall));
}

static void expect_said(struct hall *hall, const char *expected)
{
    char said[HALL_HEARD + 1];
    assert_string_equal(hall_said(hall, said), expected);
}

static void an_open_alarm_stays_within_its_hysteresis_and_clears_behind_it(void **state)
{
    (void)state;
    struct hall hall;
    hall_open(&hall, hall_config(&high, above, 1));
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS - 600000));
    restored(&hall);
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_WARNING), 1);
    hall_value(&hall, "1", "temperature", 90);
    hall_value(&hall, "1", "temperature", 79);
    expect_said(&hall, "");
    hall_value(&hall, "1", "temperature", 77);
    assert_string_equal(hall_text(hall.heard[0].event, "duration"), "600");
    assert_string_equal(hall_text(hall.heard[0].event, "message"),
                        "cleared after 10 min (77 C): too hot");
    assert_int_equal(hall.records[0]->state, ALARM_CLEARED);
    expect_said(&hall, "C");
    hall_value(&hall, "1", "temperature", 90);
    expect_said(&hall, "R");
    hall_close(&hall);
}

/* The database was away: values came before the alarm did. */
static void values_seen_before_count_for_the_alarm_that_comes_late(void **state)
{
    (void)state;
    static const struct {
        double seen;
        const char *said;
        size_t open;
    } rows[] = {{90, "", 1}, {79, "", 1}, {77, "C", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hall hall;
        hall_open(&hall, hall_config(&high, above, 1));
        hall_value(&hall, "1", "temperature", rows[i].seen);
        hall_at(&hall, 60);
        expect_said(&hall, "");
        restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS - 600000));
        restored(&hall);
        expect_said(&hall, rows[i].said);
        assert_int_equal(rules_open_count(hall.rules, SEVERITY_WARNING), rows[i].open);
        hall_close(&hall);
    }
}

static void an_alarm_that_comes_late_is_repeated_with_the_value_seen_before(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.repeat_ms = 60000;
    hall_open(&hall, hall_config(&def, above, 1));
    hall_value(&hall, "1", "temperature", 90);
    hall_at(&hall, 10);
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS - 600000));
    restored(&hall);
    hall_at(&hall, 69);
    expect_said(&hall, "");
    hall_at(&hall, 70);
    assert_string_equal(hall_text(hall.heard[0].event, "value"), "90");
    expect_said(&hall, "A");
    hall_close(&hall);
}

static void what_became_true_meanwhile_is_raised_when_all_is_restored(void **state)
{
    (void)state;
    struct hall hall;
    hall_open(&hall, hall_config(&high, above, 1));
    hall_value(&hall, "1", "temperature", 90);
    hall_value(&hall, "2", "temperature", 90);
    hall_value(&hall, "2", "temperature", 70); /* came and went */
    hall_at(&hall, 60);
    expect_said(&hall, "");
    restored(&hall);
    assert_string_equal(hall_text(hall.heard[0].event, "device_id"), "1");
    assert_string_equal(hall_text(hall.heard[0].event, "value"), "90");
    expect_said(&hall, "R");
    restored(&hall);
    expect_said(&hall, "");
    hall_value(&hall, "1", "temperature", 70);
    expect_said(&hall, "C");
    hall_close(&hall);
}

static void a_silent_device_is_known_again(void **state)
{
    (void)state;
    struct hall hall;
    const struct rule_def def = {.name = "silent", .point = "*"};
    hall_open(&hall, hall_config(&def, (const char *const[]){"no data for 30 s"}, 1));
    restore(&hall, left_open("silent", "1", "", HALL_WALL_MS - 600000));
    restored(&hall);
    hall_at(&hall, 20);
    hall_online(&hall, "1");
    hall_at(&hall, 100);
    expect_said(&hall, "");
    hall_value(&hall, "1", "pressure", 0);
    expect_said(&hall, "C");
    hall_at(&hall, 130);
    expect_said(&hall, "NR");
    hall_close(&hall);
}

static void a_device_that_is_silent_again_when_its_alarm_comes_stays_so(void **state)
{
    (void)state;
    struct hall hall;
    const struct rule_def def = {.name = "silent", .point = "*"};
    hall_open(&hall, hall_config(&def, (const char *const[]){"no data for 30 s"}, 1));
    hall_value(&hall, "1", "pressure", 0);
    hall_at(&hall, 40);
    restore(&hall, left_open("silent", "1", "", HALL_WALL_MS - 600000));
    restored(&hall);
    hall_at(&hall, 100);
    expect_said(&hall, "");
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_WARNING), 1);
    hall_close(&hall);
}

static void a_hold_begins_anew(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.hold_ms = 30000;
    def.clear_hold_ms = 30000;
    hall_open(&hall, hall_config(&def, above, 1));
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS - 600000));
    restored(&hall);
    hall_at(&hall, 100);
    hall_value(&hall, "1", "temperature", 0);
    hall_at(&hall, 129);
    expect_said(&hall, "");
    hall_at(&hall, 130);
    expect_said(&hall, "C");
    hall_close(&hall);
}

static void alarms_that_nobody_watches_are_cleared(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *device, *point, *reason;
    } rows[] = {
        {"gone", "1", "temperature", "rule removed"},
        {"high", "1", "pressure", "rule changed"},
        {"high", "1", "", "rule changed"},
        {"high", "9", "temperature", "rule changed"},
        {"silent", "1", "temperature", "rule changed"},
        {"mode", "1", "level", "rule changed"},
    };
    const struct rule_def defs[] = {
        {.name = "high", .point = "temperature", .devices = (char *[]){"1", NULL}},
        {.name = "silent", .point = "*"},
        {.name = "mode", .point = "level"}};
    const char *const whens[] = {"above 80", "no data for 30 s", "changes"};
    struct hall hall;
    hall_open(&hall, hall_config(defs, whens, 3));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        restore(&hall, left_open(rows[i].rule, rows[i].device, rows[i].point, HALL_WALL_MS));
        assert_int_equal(hall.nheard, 1);
        assert_string_equal(hall_text(hall.heard[0].event, "reason"), rows[i].reason);
        assert_string_equal(hall_text(hall.heard[0].event, "rule"), rows[i].rule);
        assert_int_equal(hall.records[0]->state, ALARM_CLEARED);
        expect_said(&hall, "C");
    }
    assert_int_equal(rules_open_count(hall.rules, SEVERITY_WARNING), 0);
    hall_close(&hall);
}

/* Until the device comes, nobody knows its profile. */
static void a_profile_is_asked_for_when_the_device_comes(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.profiles = (char *[]){"other", NULL};
    hall_open(&hall, hall_config(&def, above, 1));
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS));
    restored(&hall);
    expect_said(&hall, "");
    hall_online(&hall, "1");
    assert_string_equal(hall_text(hall.heard[0].event, "reason"),
                        "rule does not watch the device any more");
    expect_said(&hall, "C");
    hall_close(&hall);
}

struct order {
    enum event_kind kinds[4];
    size_t n;
};

static void note(void *cookie, const struct bus_event *event)
{
    struct order *order = cookie;
    order->kinds[order->n++] = event->kind;
}

/* Whoever listens behind the rules hears what happened before he hears what follows from it. */
static void what_follows_from_an_event_comes_behind_it(void **state)
{
    (void)state;
    struct hall hall;
    struct order order = {0};
    struct rule_def def = high;
    def.profiles = (char *[]){"other", NULL};
    hall_open(&hall, hall_config(&def, above, 1));
    bus_listen(hall.bus, &(struct bus_listener){.event = note, .cookie = &order});
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS));
    hall_online(&hall, "1");
    assert_int_equal(order.n, 2);
    assert_int_equal(order.kinds[0], EVENT_DEVICE_ONLINE);
    assert_int_equal(order.kinds[1], EVENT_ALARM_CLEARED);
    hall_close(&hall);
}

static void of_two_alarms_about_the_same_the_newer_stays(void **state)
{
    (void)state;
    for (int older_first = 0; older_first < 2; older_first++) {
        struct hall hall;
        int64_t first_ms = HALL_WALL_MS - (older_first ? 2000 : 1000);
        int64_t second_ms = HALL_WALL_MS - (older_first ? 1000 : 2000);
        hall_open(&hall, hall_config(&high, above, 1));
        restore(&hall, left_open("high", "1", "temperature", first_ms));
        restore(&hall, left_open("high", "1", "temperature", second_ms));
        assert_string_equal(hall_text(hall.heard[0].event, "duration"), "2");
        expect_said(&hall, "C");
        assert_int_equal(rules_open_count(hall.rules, SEVERITY_WARNING), 1);
        hall_close(&hall);
    }
}

static void an_alarm_of_the_same_quiet_hours_is_told_behind_them(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.has_quiet = true;
    def.quiet_from = 23 * 60;
    def.quiet_to = 2;
    hall_open(&hall, hall_config(&def, above, 1));
    restore(&hall, left_open("high", "1", "temperature", HALL_WALL_MS - 600000));
    restore(&hall, left_open("high", "2", "temperature", HALL_WALL_MS - 2 * 3600000));
    restore(&hall, left_open("high", "3", "temperature", HALL_WALL_MS - 600000 - 86400000));
    restored(&hall);
    hall_at(&hall, 119);
    expect_said(&hall, "");
    hall_at(&hall, 200);
    assert_string_equal(hall_text(hall.heard[0].event, "device_id"), "1");
    expect_said(&hall, "D");
    hall_close(&hall);
}

/* Reload */

struct reload {
    const char *name;
    struct rule_def before, after;
    const char *when_before, *when_after; /* ${when_after} NULL: the rule is gone */
    const char *said, *reason;
    const char *then; /* said to 79, which is within the hysteresis */
};

static const struct reload reloads[] = {
    {"nothing changed", high, high, "above 80", "above 80", "", "", ""},
    {"what does not touch the condition",
     high,
     {.name = "high",
      .point = "temperature",
      .hysteresis = 2,
      .repeat_ms = 1000,
      .severity = SEVERITY_CRITICAL},
     "above 80",
     "above 80",
     "",
     "",
     ""},
    {"another limit", high, high, "above 80", "above 70", "C", "rule changed", "R"},
    {"another hysteresis",
     high,
     {.name = "high", .point = "temperature", .hysteresis = 1},
     "above 80",
     "above 80",
     "C",
     "rule changed",
     ""},
    {"another point",
     high,
     {.name = "high", .point = "temp*", .hysteresis = 2},
     "above 80",
     "above 80",
     "C",
     "rule changed",
     ""},
    {"another name",
     high,
     {.name = "hot", .point = "temperature", .hysteresis = 2},
     "above 80",
     "above 80",
     "C",
     "rule removed",
     ""},
    {"gone", high, high, "above 80", NULL, "C", "rule removed", ""},
    {"for other devices",
     high,
     {.name = "high", .point = "temperature", .hysteresis = 2, .devices = (char *[]){"2", NULL}},
     "above 80",
     "above 80",
     "C",
     "rule does not watch the device any more",
     ""},
};

static void reload(const struct reload *row)
{
    struct hall hall;
    char said[HALL_HEARD + 1];
    hall_open(&hall, hall_config(&row->before, &row->when_before, 1));
    restored(&hall);
    hall_value(&hall, "1", "temperature", 81);
    expect_said(&hall, "R");
    hall_reload(&hall, hall_config(&row->after, &row->when_after, row->when_after != NULL));
    if (hall.nheard > 0 && strcmp(hall_text(hall.heard[0].event, "reason"), row->reason) != 0)
        fail_msg("%s: %s", row->name, hall_text(hall.heard[0].event, "reason"));
    hall_said(&hall, said);
    if (strcmp(said, row->said) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", row->name, said, row->said);
    hall_value(&hall, "1", "temperature", 79);
    hall_said(&hall, said);
    if (strcmp(said, row->then) != 0)
        fail_msg("%s, then: \"%s\" instead of \"%s\"", row->name, said, row->then);
    hall_close(&hall);
}

static void a_reload_keeps_what_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(reloads) / sizeof(*reloads); i++)
        reload(&reloads[i]);
}

static void a_hold_goes_on_over_a_reload(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.hold_ms = 30000;
    hall_open(&hall, hall_config(&def, above, 1));
    restored(&hall);
    hall_value(&hall, "1", "temperature", 90);
    hall_at(&hall, 20);
    hall_reload(&hall, hall_config(&def, above, 1));
    hall_at(&hall, 29);
    expect_said(&hall, "");
    hall_at(&hall, 30);
    expect_said(&hall, "R");
    hall_close(&hall);
}

static void a_new_rule_watches_devices_that_are_there(void **state)
{
    (void)state;
    struct hall hall;
    const struct rule_def defs[] = {high, {.name = "silent", .point = "*"}};
    hall_open(&hall, hall_config(NULL, NULL, 0));
    restored(&hall);
    hall_online(&hall, "1");
    hall_at(&hall, 100);
    hall_reload(&hall, hall_config(defs, (const char *const[]){"above 80", "no data for 30 s"}, 2));
    hall_at(&hall, 129);
    expect_said(&hall, "");
    hall_at(&hall, 130);
    expect_said(&hall, "NR");
    hall_value(&hall, "1", "temperature", 90);
    expect_said(&hall, "CR");
    hall_close(&hall);
}

static void a_point_that_no_rule_named_is_watched_when_one_does(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def other = high;
    other.name = "other";
    other.point = "pressure";
    hall_open(&hall, hall_config(&other, above, 1));
    restored(&hall);
    hall_value(&hall, "1", "temperature", 90);
    hall_reload(&hall, hall_config((const struct rule_def[]){high, other}, above, 2));
    hall_value(&hall, "1", "temperature", 90);
    assert_string_equal(hall_text(hall.heard[0].event, "rule"), "high");
    expect_said(&hall, "R");
    hall_close(&hall);
}

static void what_was_told_counts_for_the_limit_after_a_reload(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.limit_count = 1;
    def.limit_per_ms = 60000;
    hall_open(&hall, hall_config(&def, above, 1));
    restored(&hall);
    hall_value(&hall, "1", "temperature", 90);
    hall_reload(&hall, hall_config(&def, above, 1));
    hall_value(&hall, "2", "temperature", 90);
    expect_said(&hall, "Rr");
    hall_close(&hall);
}

static void a_device_is_what_it_says_last(void **state)
{
    (void)state;
    struct hall hall;
    struct rule_def def = high;
    def.tags = (char *[]){"hot", NULL};
    hall_open(&hall, hall_config(&def, above, 1));
    restored(&hall);
    struct event_device device = hall_from(&hall, "1");
    const struct reg_value value = {.number = 90, .has_number = 1};
    hall_answer(&hall, &device, hall_point(&hall, "temperature"), &value);
    expect_said(&hall, "");
    device.tags = "cold,hot";
    device.name = "Oven";
    hall_answer(&hall, &device, hall_point(&hall, "temperature"), &value);
    assert_string_equal(hall_text(hall.heard[0].event, "device_name"), "Oven");
    expect_said(&hall, "R");
    device.tags = "cold";
    hall_answer(&hall, &device, hall_point(&hall, "temperature"), &value);
    expect_said(&hall, "C");
    hall_close(&hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_alarm_stays_within_its_hysteresis_and_clears_behind_it),
        cmocka_unit_test(values_seen_before_count_for_the_alarm_that_comes_late),
        cmocka_unit_test(an_alarm_that_comes_late_is_repeated_with_the_value_seen_before),
        cmocka_unit_test(what_became_true_meanwhile_is_raised_when_all_is_restored),
        cmocka_unit_test(a_silent_device_is_known_again),
        cmocka_unit_test(a_device_that_is_silent_again_when_its_alarm_comes_stays_so),
        cmocka_unit_test(a_hold_begins_anew),
        cmocka_unit_test(alarms_that_nobody_watches_are_cleared),
        cmocka_unit_test(a_profile_is_asked_for_when_the_device_comes),
        cmocka_unit_test(what_follows_from_an_event_comes_behind_it),
        cmocka_unit_test(of_two_alarms_about_the_same_the_newer_stays),
        cmocka_unit_test(an_alarm_of_the_same_quiet_hours_is_told_behind_them),
        cmocka_unit_test(a_reload_keeps_what_is_the_same),
        cmocka_unit_test(a_hold_goes_on_over_a_reload),
        cmocka_unit_test(a_new_rule_watches_devices_that_are_there),
        cmocka_unit_test(a_point_that_no_rule_named_is_watched_when_one_does),
        cmocka_unit_test(what_was_told_counts_for_the_limit_after_a_reload),
        cmocka_unit_test(a_device_is_what_it_says_last),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
