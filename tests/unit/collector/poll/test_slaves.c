#include "collector/poll/slaves.h"
#include "tests/unit/collector/parts.h"

enum { CYCLE_MS = 10000 };

static const struct profile profile = {.dead_after = 3, .backoff_max_ms = 100000};

static bool fail_at(struct slave_state *slave, int64_t now_ms)
{
    return slaves_failed(slave, &profile, CYCLE_MS, (struct slaves_time){now_ms, 7000 + now_ms});
}

static void it_is_left_in_peace_for_a_cycle(void **state)
{
    (void)state;
    struct slave_state slave = {0};
    assert_string_equal(slaves_liveness_name(slave.liveness), "unknown");
    assert_false(fail_at(&slave, 1000));
    assert_int_equal(slave.not_before_ms, 1000 + CYCLE_MS);
    assert_int_equal(slave.liveness, SLAVE_UNKNOWN);
    assert_false(fail_at(&slave, 12000));
    assert_int_equal(slave.not_before_ms, 12000 + CYCLE_MS);
    assert_int_equal(slave.failures, 2);
    assert_int_equal(slave.timeouts, 2);
}

static void it_dies_once_and_its_pauses_double(void **state)
{
    (void)state;
    static const int64_t pauses_ms[] = {20000, 40000, 80000, 100000, 100000};
    struct slave_state slave = {0};
    int64_t now_ms = 50000;
    fail_at(&slave, 1000);
    fail_at(&slave, 12000);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fail_at(&slave, now_ms), i == 0);
        assert_int_equal(slave.liveness, SLAVE_DEAD);
        assert_int_equal(slave.since_wall_ms, 57000); /* since the first time */
        assert_int_equal(slave.not_before_ms, now_ms + pauses_ms[i]);
        now_ms = slave.not_before_ms;
    }
    assert_string_equal(slaves_liveness_name(slave.liveness), "dead");
}

static void any_answer_makes_it_alive(void **state)
{
    (void)state;
    for (int exception = 0; exception < 2; exception++) {
        struct slave_state slave = {0};
        assert_false(slaves_answered(&slave, exception, 500)); /* it was not dead */
        assert_int_equal(slave.liveness, SLAVE_ALIVE);
        assert_int_equal(slave.since_wall_ms, 500);
        for (int i = 0; i < 3; i++)
            fail_at(&slave, 1000 * i);
        assert_int_equal(slave.liveness, SLAVE_DEAD);
        assert_true(slaves_answered(&slave, exception, 99000));
        assert_false(slaves_answered(&slave, exception, 99500));
        assert_string_equal(slaves_liveness_name(slave.liveness), "alive");
        assert_int_equal(slave.since_wall_ms, 99000);
        assert_int_equal(slave.answered_wall_ms, 99500);
        assert_int_equal(slave.not_before_ms, 0); /* what waited for it goes at once */
        assert_int_equal(slave.failures, 0);
        assert_int_equal(slave.answers, 3);
        assert_int_equal(slave.exceptions, 3 * exception);
        fail_at(&slave, 200000); /* and it starts anew */
        assert_int_equal(slave.not_before_ms, 200000 + CYCLE_MS);
        assert_int_equal(slave.liveness, SLAVE_ALIVE);
    }
}

static void a_slave_without_timers_has_a_pause_too(void **state)
{
    (void)state;
    struct slave_state slave = {0};
    slaves_failed(&slave, &profile, 0, (struct slaves_time){5000, 5000});
    assert_int_equal(slave.not_before_ms, 6000);
    slaves_failed(&slave, &profile, 100, (struct slaves_time){6000, 6000}); /* nor ten a second */
    assert_int_equal(slave.not_before_ms, 7000);
}

static void the_bound_holds_for_long_cycles(void **state)
{
    (void)state;
    const struct profile once = {.dead_after = 1, .backoff_max_ms = 60000};
    struct slave_state slave = {0};
    assert_true(slaves_failed(&slave, &once, 3600000, (struct slaves_time){0, 0}));
    assert_int_equal(slave.not_before_ms, 60000);
    assert_false(slaves_failed(&slave, &once, 3600000, (struct slaves_time){60000, 0}));
    assert_int_equal(slave.not_before_ms, 120000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_left_in_peace_for_a_cycle),
        cmocka_unit_test(it_dies_once_and_its_pauses_double),
        cmocka_unit_test(any_answer_makes_it_alive),
        cmocka_unit_test(a_slave_without_timers_has_a_pause_too),
        cmocka_unit_test(the_bound_holds_for_long_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
