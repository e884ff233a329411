/*
 * Rules, table-driven: for each condition a line of values and times, and what the rule says to
 * each.
 */
#include "collector/events/rule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { START = 10000, STEPS_MOST = 16 };

/* A value that comes ${at} seconds after the start; NAN: only time passes. */
struct step {
    double at, value;
    char verdict; /* '-' nothing, 'R' raised, 'C' cleared, 'r' repeated */
};

struct row {
    const char *name;
    struct rule_expr when;
    double hysteresis, hold, clear_hold, repeat; /* seconds */
    struct step steps[STEPS_MOST];               /* up to the first without a verdict */
};

static const struct row rows[] = {
    {"above",
     {RULE_ABOVE, .low = 80},
     .steps = {{0, 80, '-'}, {1, 80.1, 'R'}, {2, 90, '-'}, {3, 80, 'C'}, {4, 81, 'R'}}},
    {"above with hysteresis",
     {RULE_ABOVE, .low = 80},
     .hysteresis = 2,
     .steps =
         {{0, 81, 'R'}, {1, 79, '-'}, {2, 78.1, '-'}, {3, 78, 'C'}, {4, 79, '-'}, {5, 81, 'R'}}},
    {"below",
     {RULE_BELOW, .low = 5},
     .hysteresis = 1,
     .steps = {{0, 5, '-'}, {1, 4.9, 'R'}, {2, 5.9, '-'}, {3, 6, 'C'}}},
    {"equals",
     {RULE_EQUALS, .low = 3},
     .hysteresis = 0.5,
     .steps = {{0, 2.9, '-'}, {1, 3, 'R'}, {2, 3.4, '-'}, {3, 3.6, 'C'}, {4, 3.4, '-'}}},
    {"not", {RULE_NOT, .low = 1}, .steps = {{0, 1, '-'}, {1, 0, 'R'}, {2, 2, '-'}, {3, 1, 'C'}}},
    {"between",
     {RULE_BETWEEN, .low = 10, .high = 20},
     .hysteresis = 1,
     .steps = {{0, 9.9, '-'},
               {1, 10, 'R'},
               {2, 9.5, '-'},
               {3, 20.9, '-'},
               {4, 21.1, 'C'},
               {5, 20.5, '-'},
               {6, 20, 'R'}}},
    {"outside",
     {RULE_OUTSIDE, .low = 10, .high = 20},
     .hysteresis = 1,
     .steps = {{0, 10, '-'},
               {1, 9, 'R'},
               {2, 10.5, '-'},
               {3, 15, 'C'},
               {4, 21, 'R'},
               {5, 19.5, '-'},
               {6, 19, 'C'}}},
    {"changes",
     {RULE_CHANGES},
     .hysteresis = 1,
     .steps = {{0, 5, '-'}, {1, 5.5, '-'}, {2, 6.1, 'R'}, {3, 6.1, '-'}, {4, 4, 'R'}}},
    {"bit set",
     {RULE_BIT_SET, .bit = 3},
     .steps = {{0, 7, '-'}, {1, 8, 'R'}, {2, 12, '-'}, {3, 4, 'C'}}},
    {"bit clear", {RULE_BIT_CLEAR, .bit = 0}, .steps = {{0, 1, '-'}, {1, 2, 'R'}, {2, 3, 'C'}}},
    {"rises by 10 a minute",
     {RULE_RISES, .low = 10, .time_ms = 60000},
     .hysteresis = 5,
     .steps =
         {{0, 0, '-'}, {60, 9, '-'}, {90, 14, 'R'}, {120, 17, '-'}, {150, 19, 'C'}, {180, 0, '-'}}},
    {"falls by 1 a second",
     {RULE_FALLS, .low = 1, .time_ms = 1000},
     .steps = {{0, 10, '-'}, {1, 20, '-'}, {2, 19, 'R'}, {3, 19, 'C'}}},
    {"no data",
     {RULE_NO_DATA, .time_ms = 30000},
     .steps = {{0, 1, '-'},
               {29, NAN, '-'},
               {30, NAN, 'R'},
               {31, NAN, '-'},
               {40, 1, 'C'},
               {69, 1, '-'},
               {98, NAN, '-'},
               {99, NAN, 'R'}}},
    {"no data from the beginning",
     {RULE_NO_DATA, .time_ms = 30000},
     .steps = {{29.9, NAN, '-'}, {30, NAN, 'R'}}},
    {"hold",
     {RULE_ABOVE, .low = 80},
     .hold = 30,
     .steps = {{0, 90, '-'},
               {20, 90, '-'},
               {25, 70, '-'},
               {26, 90, '-'},
               {50, NAN, '-'},
               {56, NAN, 'R'},
               {57, 70, 'C'}}},
    {"hold is over with a value",
     {RULE_ABOVE, .low = 80},
     .hold = 30,
     .steps = {{0, 90, '-'}, {31, 91, 'R'}}},
    {"hold and hysteresis",
     {RULE_BELOW, .low = 5},
     .hysteresis = 1,
     .hold = 10,
     .clear_hold = 20,
     .steps = {{0, 4, '-'},
               {5, 5.5, '-'},
               {6, 4, '-'},
               {16, NAN, 'R'},
               {17, 5.5, '-'},
               {18, 6.5, '-'},
               {30, 5.9, '-'},
               {40, 7, '-'},
               {59, NAN, '-'},
               {60, NAN, 'C'}}},
    {"repeat",
     {RULE_ABOVE, .low = 80},
     .repeat = 60,
     .steps = {{0, 90, 'R'},
               {30, 90, '-'},
               {59, NAN, '-'},
               {60, NAN, 'r'},
               {119, NAN, '-'},
               {120, NAN, 'r'},
               {121, 0, 'C'},
               {500, NAN, '-'}}},
};

static char say(enum rule_verdict verdict)
{
    static const char letters[] = {
        [RULE_NOTHING] = '-', [RULE_RAISE] = 'R', [RULE_CLEAR] = 'C', [RULE_REPEAT] = 'r'};
    return letters[verdict];
}

static struct rule_def rule_of(const struct row *row)
{
    return (struct rule_def){.when = row->when,
                             .hysteresis = row->hysteresis,
                             .hold_ms = (int64_t)(row->hold * 1000),
                             .clear_hold_ms = (int64_t)(row->clear_hold * 1000),
                             .repeat_ms = (int64_t)(row->repeat * 1000)};
}

static char take(const struct rule_def *rule, struct rule_state *state, const struct step *step)
{
    int64_t now_ms = START + (int64_t)(step->at * 1000);
    struct reg_value value = {.number = step->value, .has_number = 1, .has_raw = 1};
    if (isnan(step->value)) {
        int64_t due_ms = rule_due_ms(rule, state);
        char said = say(rule_time(rule, state, now_ms));
        /* What time brings is told beforehand. */
        assert_true((said != '-') == (due_ms <= now_ms));
        return said;
    }
    value.raw = (uint64_t)step->value;
    return say(rule_value(rule, state, &value, now_ms));
}

static void each_condition_says_what_the_table_says(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rule_def rule = rule_of(&rows[i]);
        struct rule_state state;
        rule_begin(&rule, &state, START);
        for (const struct step *step = rows[i].steps; step->verdict != 0; step++) {
            char said = take(&rule, &state, step);
            if (said != step->verdict)
                fail_msg("%s, after %g s: %c instead of %c", rows[i].name, step->at, said,
                         step->verdict);
        }
    }
}

static void a_restored_alarm_is_not_raised_again_and_clears(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (strcmp(rows[i].name, "above with hysteresis") != 0)
            continue;
        struct rule_def rule = rule_of(&rows[i]);
        struct rule_state state;
        rule_restore(&rule, &state, START);
        static const struct step steps[] = {{1, 90, '-'}, {2, 79, '-'}, {3, 78, 'C'}, {4, 90, 'R'}};
        for (size_t n = 0; n < 4; n++)
            assert_int_equal(take(&rule, &state, &steps[n]), steps[n].verdict);
        return;
    }
    fail();
}

static void values_that_say_nothing_change_nothing(void **unused)
{
    (void)unused;
    struct rule_def rule = {.when = {RULE_ABOVE, .low = 80}};
    struct rule_state state;
    struct reg_value value = {.number = 90, .has_number = 1}, none = {.number = 0};
    rule_begin(&rule, &state, START);
    assert_int_equal(rule_value(&rule, &state, &value, START), RULE_RAISE);
    assert_int_equal(rule_value(&rule, &state, &none, START + 1), RULE_NOTHING);
    rule.when = (struct rule_expr){RULE_BIT_SET, .bit = 1};
    rule_begin(&rule, &state, START);
    assert_int_equal(rule_value(&rule, &state, &value, START), RULE_NOTHING);
    /* But they are data. */
    rule.when = (struct rule_expr){RULE_NO_DATA, .time_ms = 1000};
    rule_begin(&rule, &state, START);
    assert_int_equal(rule_time(&rule, &state, START + 1000), RULE_RAISE);
    assert_int_equal(rule_value(&rule, &state, &none, START + 1001), RULE_CLEAR);
}

static void quiet_hours_may_go_over_midnight(void **unused)
{
    (void)unused;
    struct rule_def rule = {.has_quiet = true, .quiet_from = 22 * 60, .quiet_to = 6 * 60};
    assert_true(rule_is_quiet(&rule, 22 * 60));
    assert_true(rule_is_quiet(&rule, 0));
    assert_true(rule_is_quiet(&rule, 6 * 60 - 1));
    assert_false(rule_is_quiet(&rule, 6 * 60));
    assert_false(rule_is_quiet(&rule, 22 * 60 - 1));
    rule.quiet_from = 60;
    assert_true(rule_is_quiet(&rule, 60));
    assert_false(rule_is_quiet(&rule, 22 * 60));
    rule.has_quiet = false;
    assert_false(rule_is_quiet(&rule, 60));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition_says_what_the_table_says),
        cmocka_unit_test(a_restored_alarm_is_not_raised_again_and_clears),
        cmocka_unit_test(values_that_say_nothing_change_nothing),
        cmocka_unit_test(quiet_hours_may_go_over_midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
