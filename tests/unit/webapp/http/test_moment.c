#include "webapp/http/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t day = INT64_C(1769817600000); /* 2026-01-31T00:00:00Z */

static void instants_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int zone_min;
        int64_t ms;
    } cases[] = {
        {"2026-01-31", 0, day},
        {"2026-01-31T00:00", 480, day - 8 * HOUR_MS},
        {"2026-01-31T08:00+08:00", 0, day},
        {"2026-01-31T08:00 08:00", 0, day}, /* a '+' that a form read as a space */
        {"2026-01-30T23:00:00-0100", 480, day},
        {"2026-01-31 00:00:00.5Z", 480, day + 500},
        {"1769817600000", 480, day},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t ms = -1;
        assert_int_equal(moment_parse(cases[i].text, cases[i].zone_min, &ms), 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",           "now", "2026-02-30",  "2026-01-31T25:00",
                                        "2026-1-1",   "-5",  "2026-01-31T", "99999999999999999999",
                                        "2026-01-31X"};
    int64_t ms;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(moment_parse(cases[i], 0, &ms), -1);
    }
}

static void the_day_is_the_viewers(void **state)
{
    (void)state;
    char text[MOMENT_TEXT_SIZE];
    assert_int_equal(moment_day_start(day + 5, 0), day);
    assert_int_equal(moment_day_start(day + 17 * HOUR_MS, 480), day + 16 * HOUR_MS);
    assert_string_equal(moment_text(day, 480, text), "2026-01-31 08:00:00");
}

static void ranges_are_completed(void **state)
{
    (void)state;
    struct moment_range range;
    int64_t from = day - HOUR_MS;
    assert_int_equal(moment_range(NULL, NULL, day, DAY_MS, &range), 0);
    assert_int_equal(range.from_ms, day - DAY_MS);
    assert_int_equal(range.to_ms, day);
    assert_int_equal(moment_range(&from, NULL, day, DAY_MS, &range), 0);
    assert_int_equal(range.from_ms, from);
    assert_int_equal(moment_range(&day, &from, day, DAY_MS, &range), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(the_day_is_the_viewers),
        cmocka_unit_test(ranges_are_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
