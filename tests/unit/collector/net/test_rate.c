#include "collector/net/rate.h"
#include "tests/unit/collector/parts.h"

static unsigned take_all(struct rate *rate, int64_t now_ms)
{
    unsigned taken = 0;
    while (rate_take(rate, now_ms) && taken < 100000)
        taken++;
    return taken;
}

static void a_tenth_of_a_second_goes_at_once(void **state)
{
    (void)state;
    static const struct {
        uint32_t per_second;
        unsigned burst;
    } cases[] = {{1, 1}, {9, 1}, {20, 2}, {200, 20}, {1000, 100}, {UINT32_MAX, 100000}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct rate rate;
        rate_init(&rate, cases[i].per_second, 5000);
        assert_int_equal(take_all(&rate, 5000), cases[i].burst);
    }
}

static void the_next_token_is_there_when_it_is_said(void **state)
{
    (void)state;
    static const uint32_t speeds[] = {1, 3, 7, 100, 200, 999, 1000, 1001, 50000};
    for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++) {
        struct rate rate;
        int64_t now_ms = 77;
        rate_init(&rate, speeds[i], now_ms);
        assert_int_equal(rate_next_ms(&rate, now_ms), now_ms);
        for (int n = 0; n < 100; n++) {
            take_all(&rate, now_ms);
            int64_t next_ms = rate_next_ms(&rate, now_ms);
            assert_true(next_ms > now_ms);
            assert_false(rate_take(&rate, next_ms - 1));
            assert_true(rate_take(&rate, next_ms));
            now_ms = next_ms;
        }
    }
}

/* Whatever the rhythm of the questions, ten seconds give ten seconds' worth, and no silence is made
 * up for later. */
static void the_average_holds(void **state)
{
    (void)state;
    uint64_t seed = 11;
    struct rate rate;
    unsigned taken = 0;
    int64_t now_ms = 0;
    rate_init(&rate, 70, 0);
    take_all(&rate, 0);
    while (now_ms < 10000) {
        now_ms += (int64_t)parts_pick(&seed, 40);
        taken += take_all(&rate, now_ms);
    }
    assert_in_range(taken, 699, 703);
    assert_int_equal(take_all(&rate, 86400000), 7);
    assert_int_equal(take_all(&rate, INT64_MAX / 2), 7);
}

static void time_that_stands_or_goes_back_gives_nothing(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 10, 1000);
    assert_true(rate_take(&rate, 1000));
    assert_false(rate_take(&rate, 1000));
    assert_false(rate_take(&rate, 500));
    assert_false(rate_take(&rate, 1099));
    assert_true(rate_take(&rate, 1100));
    rate_init(&rate, 10, 1000);
    assert_true(rate_take(&rate, 500)); /* it was there already */
}

static void zero_is_no_limit(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 0, 0);
    assert_int_equal(take_all(&rate, 0), 100000);
    assert_int_equal(rate_next_ms(&rate, 3), 3);
    assert_int_equal(rate_book(&rate, 3), 3);
}

static void a_new_speed_counts_from_now_on(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 1000, 0);
    rate_set(&rate, 20, 0);
    assert_int_equal(take_all(&rate, 0), 2);
    rate_set(&rate, 1000, 0);
    assert_int_equal(take_all(&rate, 10), 10);
    rate_set(&rate, 0, 10);
    assert_true(rate_take(&rate, 10));
    rate_set(&rate, 20, 10);
    take_all(&rate, 10);
    assert_int_equal(rate_next_ms(&rate, 10), 60);
}

static void bookings_are_spread(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 20, 1000);
    static const int64_t due_ms[] = {1000, 1000, 1050, 1100, 1150, 1200};
    for (size_t i = 0; i < sizeof(due_ms) / sizeof(*due_ms); i++)
        assert_int_equal(rate_book(&rate, 1000), due_ms[i]);
    assert_false(rate_take(&rate, 1249));
    assert_int_equal(rate_book(&rate, 1210), 1250);
    assert_int_equal(rate_book(&rate, 5000), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenth_of_a_second_goes_at_once),
        cmocka_unit_test(the_next_token_is_there_when_it_is_said),
        cmocka_unit_test(the_average_holds),
        cmocka_unit_test(time_that_stands_or_goes_back_gives_nothing),
        cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(a_new_speed_counts_from_now_on),
        cmocka_unit_test(bookings_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
