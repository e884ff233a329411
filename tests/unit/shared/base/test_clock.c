#include "shared/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void iso_is_utc_with_milliseconds(void **state)
{
    (void)state;
    char buf[CLOCK_ISO_SIZE];
    assert_string_equal(clock_iso(0, buf), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_iso(1700000000123, buf), "2023-11-14T22:13:20.123Z");
    assert_string_equal(clock_iso(1709164800007, buf), "2024-02-29T00:00:00.007Z");
    assert_string_equal(clock_iso(4102444799999, buf), "2099-12-31T23:59:59.999Z");
}

static void iso_ignores_the_time_zone(void **state)
{
    (void)state;
    char buf[CLOCK_ISO_SIZE];
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    assert_string_equal(clock_iso(0, buf), "1970-01-01T00:00:00.000Z");
    unsetenv("TZ");
    tzset();
}

static void iso_clamps(void **state)
{
    (void)state;
    char buf[CLOCK_ISO_SIZE];
    assert_string_equal(clock_iso(-1, buf), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_iso(INT64_MIN, buf), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_iso(253402300800000, buf), "9999-12-31T23:59:59.999Z");
    assert_string_equal(clock_iso(INT64_MAX, buf), "9999-12-31T23:59:59.999Z");
    assert_int_equal(strlen(buf) + 1, CLOCK_ISO_SIZE);
}

static void clocks_count_milliseconds(void **state)
{
    (void)state;
    int64_t mono = clock_mono_ms(), wall = clock_wall_ms();
    assert_true(wall / 1000 - (int64_t)time(NULL) <= 0 && (int64_t)time(NULL) - wall / 1000 <= 1);
    const struct timespec wait = {.tv_nsec = 20000000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
    int64_t passed = clock_mono_ms() - mono;
    assert_true(passed >= 19 && passed < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_is_utc_with_milliseconds),
        cmocka_unit_test(iso_ignores_the_time_zone),
        cmocka_unit_test(iso_clamps),
        cmocka_unit_test(clocks_count_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
