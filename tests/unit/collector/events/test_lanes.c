/* The order of deliveries: lanes, retries, a target that is down, rates. */
#include "collector/events/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000, HOUR = 3600000 };

static struct webhook_target target;

static int set_up(void **state)
{
    target = (struct webhook_target){
        .concurrency = 2, .keep_ms = 24 * HOUR, .nretries = 3, .retries_ms = {5000, 60000, HOUR}};
    *state = lanes_new(&target);
    return 0;
}

static int tear_down(void **state)
{
    lanes_free(*state);
    return 0;
}

static void add(struct lanes *lanes, uint64_t id, const char *device)
{
    assert_true(
        lanes_add(lanes, &(struct lane_item){.id = id, .device = device, .created_ms = NOW}));
}

static int64_t latest_ms;

/* The id of what is tried next, 0 for none. */
static uint64_t next(struct lanes *lanes, int64_t now_ms)
{
    latest_ms = now_ms;
    struct lane_item item;
    int64_t due_ms;
    return lanes_next(lanes, now_ms, &item, &due_ms) ? item.id : 0;
}

static int64_t due(struct lanes *lanes, int64_t now_ms)
{
    struct lane_item item;
    int64_t due_ms;
    assert_int_equal(lanes_next(lanes, now_ms, &item, &due_ms), 0);
    return due_ms;
}

static void delivered(struct lanes *lanes, uint64_t id)
{
    assert_int_equal(
        lanes_tried(lanes, id, &(struct lane_try){.delivered = true}, 0, latest_ms).outcome,
        LANE_DELIVERED);
}

/* With the jitter in the middle. */
static struct lane_verdict failed(struct lanes *lanes, uint64_t id, int64_t now_ms)
{
    return lanes_tried(lanes, id, &(struct lane_try){.hopeless = false}, 1000, now_ms);
}

static void devices_go_side_by_side_and_each_in_order(void **state)
{
    struct lanes *lanes = *state;
    add(lanes, 3, "b");
    add(lanes, 2, "a");
    add(lanes, 1, "a");
    add(lanes, 4, "c");
    assert_int_equal(next(lanes, NOW), 1);
    assert_int_equal(next(lanes, NOW), 3); /* not 2: its lane is busy */
    assert_int_equal(next(lanes, NOW), 0); /* two at once */
    assert_int_equal(lanes_under_way(lanes), 2);
    delivered(lanes, 3);
    assert_int_equal(next(lanes, NOW), 4);
    delivered(lanes, 1);
    assert_int_equal(next(lanes, NOW), 2);
    delivered(lanes, 2);
    delivered(lanes, 4);
    assert_int_equal(lanes_count(lanes), 0);
    assert_int_equal(due(lanes, NOW), INT64_MAX);
}

static void what_is_there_is_not_added_again(void **state)
{
    struct lanes *lanes = *state;
    add(lanes, 7, "a");
    assert_int_equal(next(lanes, NOW), 7);
    assert_false(lanes_add(lanes, &(struct lane_item){.id = 7, .device = "a"}));
    add(lanes, 5, "a"); /* late, and older: behind the one under way all the same */
    add(lanes, 9, "a");
    assert_int_equal(lanes_count(lanes), 3);
    delivered(lanes, 7);
    assert_int_equal(next(lanes, NOW), 5);
}

static void a_failed_one_waits_and_its_lane_with_it(void **state)
{
    struct lanes *lanes = *state;
    const char *blocked[4];
    add(lanes, 1, "a");
    add(lanes, 2, "a");
    add(lanes, 3, "b");
    assert_int_equal(next(lanes, NOW), 1);
    struct lane_verdict verdict = failed(lanes, 1, NOW);
    assert_int_equal(verdict.outcome, LANE_AGAIN);
    assert_int_equal(verdict.next_ms, NOW + 5000);
    assert_int_equal(next(lanes, NOW), 3);
    delivered(lanes, 3);
    assert_int_equal(due(lanes, NOW), NOW + 5000);
    assert_int_equal(lanes_blocked(lanes, blocked, 4), 1);
    assert_string_equal(blocked[0], "a");
    add(lanes, 4, "b");
    add(lanes, 5, "b");
    assert_int_equal(lanes_ready(lanes), 2);
    assert_int_equal(lanes_count(lanes), 4);
    assert_int_equal(next(lanes, NOW), 4);
    delivered(lanes, 4);
    assert_int_equal(next(lanes, NOW), 5);
    delivered(lanes, 5);
    assert_int_equal(next(lanes, NOW + 5000), 1);
    delivered(lanes, 1);
    assert_int_equal(next(lanes, NOW + 5000), 2);
}

static void waits_follow_the_list_with_jitter_and_end(void **state)
{
    struct lanes *lanes = *state;
    add(lanes, 1, "a");
    for (uint32_t random = 0; random < 3; random++) {
        int64_t now_ms = NOW + random * 2 * HOUR;
        int64_t wait_ms = target.retries_ms[random], spread_ms = wait_ms / 5;
        assert_int_equal(next(lanes, now_ms), 1);
        struct lane_verdict verdict =
            lanes_tried(lanes, 1, &(struct lane_try){.hopeless = false}, random * 77777, now_ms);
        assert_int_equal(verdict.outcome, LANE_AGAIN);
        assert_in_range(verdict.next_ms - now_ms, wait_ms - spread_ms, wait_ms + spread_ms);
    }
    assert_int_equal(next(lanes, NOW + 10 * HOUR), 1);
    assert_int_equal(failed(lanes, 1, NOW + 10 * HOUR).outcome, LANE_DEAD);
    assert_int_equal(lanes_count(lanes), 0);
}

static void nothing_is_kept_for_ever(void **state)
{
    struct lanes *lanes = *state;
    target.keep_ms = 30000;
    add(lanes, 1, "a");
    assert_int_equal(next(lanes, NOW), 1);
    assert_int_equal(failed(lanes, 1, NOW).outcome, LANE_AGAIN);
    assert_int_equal(next(lanes, NOW + 5000), 1);
    assert_int_equal(failed(lanes, 1, NOW + 5000).outcome, LANE_DEAD); /* a minute is too late */
}

static void retry_after_is_honoured_and_a_hopeless_one_dies(void **state)
{
    struct lanes *lanes = *state;
    add(lanes, 1, "a");
    add(lanes, 2, "a");
    assert_int_equal(next(lanes, NOW), 1);
    assert_int_equal(
        lanes_tried(lanes, 1, &(struct lane_try){.retry_after_ms = 90000}, 0, NOW).next_ms,
        NOW + 90000);
    assert_int_equal(next(lanes, NOW + 89999), 0);
    assert_int_equal(next(lanes, NOW + 90000), 1);
    assert_int_equal(lanes_tried(lanes, 1, &(struct lane_try){.hopeless = true}, 0, NOW).outcome,
                     LANE_DEAD);
    assert_int_equal(next(lanes, NOW), 2);
}

static void a_target_that_is_down_is_tried_by_one_at_a_time(void **state)
{
    struct lanes *lanes = *state;
    static const char *const devices[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (uint64_t i = 0; i < 7; i++)
        add(lanes, i + 1, devices[i]);
    for (uint64_t i = 1; i <= 5; i++) {
        assert_false(lanes_is_down(lanes));
        assert_int_equal(next(lanes, NOW), i);
        failed(lanes, i, NOW);
    }
    assert_true(lanes_is_down(lanes));
    assert_int_equal(next(lanes, NOW), 6);
    assert_int_equal(next(lanes, NOW), 0); /* though two may go at once */
    assert_int_equal(due(lanes, NOW), INT64_MAX);
    delivered(lanes, 6);
    assert_false(lanes_is_down(lanes));
    for (uint64_t i = 1; i <= 2; i++) /* those that waited are due at once */
        assert_int_equal(next(lanes, NOW), i);
}

static void what_is_refused_does_not_mean_that_it_is_down(void **state)
{
    struct lanes *lanes = *state;
    static const char *const devices[] = {"a", "b", "c", "d", "e", "f"};
    for (uint64_t i = 0; i < 6; i++) {
        add(lanes, i + 1, devices[i]);
        assert_int_equal(next(lanes, NOW), i + 1);
        assert_int_equal(
            lanes_tried(lanes, i + 1, &(struct lane_try){.refused = true}, 1000, NOW).next_ms,
            NOW + 5000);
    }
    assert_false(lanes_is_down(lanes));
}

static void a_clock_set_back_makes_no_wait_longer(void **state)
{
    struct lanes *lanes = *state;
    target.rate = 1;
    target.rate_window_ms = 60000;
    add(lanes, 1, "a");
    add(lanes, 2, "b");
    assert_int_equal(next(lanes, NOW), 1);
    assert_int_equal(failed(lanes, 1, NOW).next_ms, NOW + 5000);
    assert_int_equal(due(lanes, NOW + 1000), NOW + 60000);
    int64_t back_ms = NOW + 1000 - 600000;
    assert_int_equal(due(lanes, back_ms), back_ms + 59000);
    assert_int_equal(next(lanes, back_ms + 59000), 1);
}

static void a_rate_holds_back_and_fails_nothing(void **state)
{
    struct lanes *lanes = *state;
    target.rate = 2;
    target.rate_window_ms = 60000;
    for (uint64_t id = 1; id <= 4; id++)
        add(lanes, id, "a");
    assert_int_equal(next(lanes, NOW), 1);
    delivered(lanes, 1);
    assert_int_equal(next(lanes, NOW + 10), 2);
    delivered(lanes, 2);
    assert_int_equal(due(lanes, NOW + 20), NOW + 60000);
    assert_int_equal(next(lanes, NOW + 60000), 3);
    delivered(lanes, 3);
    assert_int_equal(due(lanes, NOW + 60000), NOW + 60010);
}

static void what_is_cancelled_is_gone_unless_under_way(void **state)
{
    struct lanes *lanes = *state;
    int cookie;
    add(lanes, 1, "a");
    lanes_add(lanes, &(struct lane_item){.id = 2, .device = "a", .cookie = &cookie});
    assert_int_equal(next(lanes, NOW), 1);
    assert_null(lanes_remove(lanes, 1));
    assert_ptr_equal(lanes_remove(lanes, 2), &cookie);
    assert_null(lanes_remove(lanes, 2));
    assert_int_equal(lanes_count(lanes), 1);
    assert_int_equal(lanes_tried(lanes, 99, &(struct lane_try){.delivered = true}, 0, NOW).outcome,
                     LANE_DEAD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(devices_go_side_by_side_and_each_in_order),
        TEST(what_is_there_is_not_added_again),
        TEST(a_failed_one_waits_and_its_lane_with_it),
        TEST(waits_follow_the_list_with_jitter_and_end),
        TEST(nothing_is_kept_for_ever),
        TEST(retry_after_is_honoured_and_a_hopeless_one_dies),
        TEST(a_target_that_is_down_is_tried_by_one_at_a_time),
        TEST(what_is_refused_does_not_mean_that_it_is_down),
        TEST(a_clock_set_back_makes_no_wait_longer),
        TEST(a_rate_holds_back_and_fails_nothing),
        TEST(what_is_cancelled_is_gone_unless_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
