#include "collector/storage_lag.h"
#include "tests/unit/collector/parts.h"

/* The age grows with the clock, from ${age_ms} at ${now_ms} on, for so many seconds. */
static bool stall(struct storage_lag *lag, int64_t age_ms, int64_t now_ms, int seconds)
{
    bool behind = false;
    for (int i = 0; i <= seconds; i++)
        behind = storage_lag_look(lag, age_ms + i * 1000, now_ms + i * 1000);
    return behind;
}

static void thirty_seconds_are_too_many(void **state)
{
    struct storage_lag lag = {0};
    (void)state;
    assert_false(stall(&lag, 0, 5000, 30));
    assert_true(stall(&lag, 31000, 36000, 1));
    assert_int_equal(lag.age_ms, 32000);
}

static void it_is_over_when_it_is_young_again(void **state)
{
    struct storage_lag lag = {0};
    (void)state;
    assert_true(stall(&lag, 0, 5000, 40));
    assert_true(storage_lag_look(&lag, 25000, 46000)); /* not as soon as the bound is passed */
    assert_false(storage_lag_look(&lag, 10000, 47000));
    assert_false(stall(&lag, 11000, 48000, 19));
    assert_true(stall(&lag, 31000, 68000, 0));
}

static void what_catches_up_is_not_behind(void **state)
{
    struct storage_lag lag = {0};
    int64_t now_ms = 5000;
    (void)state;
    for (int64_t age_ms = 3600000; age_ms > 0; age_ms -= 9000, now_ms += 1000)
        assert_false(storage_lag_look(&lag, age_ms, now_ms)); /* from an earlier life */
    assert_true(stall(&lag, 0, now_ms, 3600));
    now_ms += 3600000;
    assert_true(storage_lag_look(&lag, 1900000, now_ms));
    assert_false(storage_lag_look(&lag, 1700000, now_ms + 1000));
    for (int64_t age_ms = 1690000; age_ms > 0; age_ms -= 9000, now_ms += 1000)
        assert_false(storage_lag_look(&lag, age_ms, now_ms + 2000));
}

static void what_stops_to_catch_up_is_behind(void **state)
{
    struct storage_lag lag = {0};
    (void)state;
    assert_false(storage_lag_look(&lag, 3600000, 5000));
    assert_false(storage_lag_look(&lag, 3000000, 6000));
    assert_false(stall(&lag, 3001000, 7000, 8));
    assert_true(stall(&lag, 3010000, 16000, 0));
}

static void a_clock_that_jumps_is_no_lag(void **state)
{
    struct storage_lag lag = {0};
    (void)state;
    assert_false(stall(&lag, 0, 5000, 1));
    assert_false(stall(&lag, 3600000, 7000, 3));
    assert_false(storage_lag_look(&lag, 0, 11000));
    assert_false(storage_lag_look(&lag, 0, 1000000)); /* idle */
    assert_false(storage_lag_look(&lag, 31000, 1001000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_seconds_are_too_many),
        cmocka_unit_test(it_is_over_when_it_is_young_again),
        cmocka_unit_test(what_catches_up_is_not_behind),
        cmocka_unit_test(what_stops_to_catch_up_is_behind),
        cmocka_unit_test(a_clock_that_jumps_is_no_lag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
