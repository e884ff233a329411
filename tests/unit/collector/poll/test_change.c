#include "collector/poll/change.h"
#include "tests/unit/collector/parts.h"

#include <math.h>

static bool number_comes(const struct point_def *point, struct change_state *state, double number,
                         int64_t now_ms)
{
    const struct reg_value value = {
        .number = number, .has_number = 1, .raw = (uint64_t)(int64_t)number, .has_raw = 1};
    return change_wanted(point, state, &value, now_ms);
}

/* A NaN, an infinity, digits that are none: bytes without a number. */
static bool raw_comes(const struct point_def *point, struct change_state *state, uint64_t raw,
                      int64_t now_ms)
{
    const struct reg_value value = {.raw = raw, .has_raw = 1};
    return change_wanted(point, state, &value, now_ms);
}

static bool text_comes(const struct point_def *point, struct change_state *state, const char *text,
                       int64_t now_ms)
{
    struct reg_value value = {0};
    snprintf(value.text, sizeof(value.text), "%s", text);
    return change_wanted(point, state, &value, now_ms);
}

static void the_first_value_is_stored(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true, .deadband = 1000};
    struct change_state number = {0}, raw = {0}, text = {0};
    assert_true(number_comes(&point, &number, 0, 0));
    assert_false(number_comes(&point, &number, 0, 0));
    assert_true(raw_comes(&point, &raw, 0, 0));
    assert_false(raw_comes(&point, &raw, 0, 0));
    assert_true(text_comes(&point, &text, "", 0));
    assert_false(text_comes(&point, &text, "", 0));
}

static void a_deadband_is_measured_from_what_was_stored(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true, .deadband = 0.5};
    struct change_state change = {0};
    assert_true(number_comes(&point, &change, 20, 0));
    assert_false(number_comes(&point, &change, 20.5, 1)); /* not more than it */
    assert_false(number_comes(&point, &change, 19.5, 2));
    assert_true(number_comes(&point, &change, 20.75, 3));
    for (int i = 0; i < 2; i++) /* a slow drift is stored once it is far enough */
        assert_false(number_comes(&point, &change, 20.75 - 0.25 * (i + 1), 4));
    assert_true(number_comes(&point, &change, 20, 5));
    assert_true(number_comes(&point, &change, -20, 6));
}

static void no_deadband_stores_any_change(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true};
    struct change_state change = {0};
    assert_true(number_comes(&point, &change, 1, 0));
    assert_false(number_comes(&point, &change, 1, 1000000000));
    assert_true(number_comes(&point, &change, nextafter(1, 2), 0));
    assert_true(number_comes(&point, &change, 1, 0));
}

static void the_longest_interval_counts_from_what_was_stored(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true, .deadband = 5, .max_interval_ms = 60000};
    struct change_state change = {0};
    assert_true(number_comes(&point, &change, 1, 1000));
    assert_false(number_comes(&point, &change, 2, 60999));
    assert_true(number_comes(&point, &change, 2, 61000));
    assert_false(number_comes(&point, &change, 2, 61001));
    assert_true(number_comes(&point, &change, 9, 70000));
    assert_false(number_comes(&point, &change, 9, 129999));
    assert_true(number_comes(&point, &change, 9, 130000));
}

static void texts_are_compared_whole(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true};
    struct change_state change = {0};
    assert_true(text_comes(&point, &change, "pump 1", 0));
    assert_false(text_comes(&point, &change, "pump 1", 0));
    assert_true(text_comes(&point, &change, "pump 2", 0));
    assert_true(text_comes(&point, &change, "pump", 0));
    assert_true(text_comes(&point, &change, "", 0));
    assert_false(text_comes(&point, &change, "", 0));
}

static void a_number_goes_and_comes_back(void **state)
{
    (void)state;
    const struct point_def point = {.on_change = true, .deadband = 100};
    struct change_state change = {0};
    assert_true(number_comes(&point, &change, 3, 0));
    assert_true(raw_comes(&point, &change, 0x7FC00000, 1)); /* NaN */
    assert_false(raw_comes(&point, &change, 0x7FC00000, 2));
    assert_true(raw_comes(&point, &change, 0x7F800000, 3)); /* another oddity */
    assert_true(number_comes(&point, &change, 3, 4));
    assert_false(number_comes(&point, &change, 4, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_value_is_stored),
        cmocka_unit_test(a_deadband_is_measured_from_what_was_stored),
        cmocka_unit_test(no_deadband_stores_any_change),
        cmocka_unit_test(the_longest_interval_counts_from_what_was_stored),
        cmocka_unit_test(texts_are_compared_whole),
        cmocka_unit_test(a_number_goes_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
