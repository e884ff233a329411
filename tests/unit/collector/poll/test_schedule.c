#include "collector/poll/schedule.h"
#include "tests/unit/collector/parts.h"

/* Task 2 asks slave 9, the others slave 1. */
static const char config_text[] =
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "  2: {start_addr: 200, length: 4, interval: 0, trigger: heartbeat, slave: 9}\n"
    "  3: {start_addr: 300, length: 2, interval: 0.5, trigger: timer}\n"
    "data_points:\n"
    "  100: {name: a, type: int, length: 2, scale: 1}\n"
    "  200: {name: b, type: int, length: 2, scale: 1, slave: 9}\n"
    "  300: {name: c, type: int, length: 2, scale: 1}\n";

struct bench {
    struct names *names;
    struct plan_set *plans;
    const struct plan *plan;
    struct schedule schedule;
    struct exchange exchange;
    struct slave_state slaves[2];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct plan_defaults defaults = parts_defaults();
    bench->names = names_new();
    bench->plans = parts_plans(config_text, bench->names, &defaults);
    bench->plan = &bench->plans->plans[0];
    schedule_start(&bench->schedule, bench->plan, 1000, 0);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    schedule_clear(&bench->schedule);
    plan_set_release(bench->plans);
    names_free(bench->names);
    free(bench);
    return 0;
}

static int pick(struct bench *bench, int64_t now_ms, int64_t *start_ms)
{
    const struct schedule_wait wait = {&bench->exchange, bench->slaves};
    return schedule_pick(&bench->schedule, bench->plan, &wait, now_ms, start_ms);
}

static void timers_start_in_their_phase(void **state)
{
    struct bench *bench = *state;
    const struct plan *plan = bench->plan;
    assert_int_equal(bench->schedule.due_ms[0], 1000 + plan->tasks[0].phase_ms);
    assert_int_equal(bench->schedule.due_ms[1], SCHEDULE_NEVER);
    assert_int_equal(bench->schedule.due_ms[2], 1000 + plan->tasks[2].phase_ms);
    schedule_start(&bench->schedule, plan, 1000, 0.5);
    /* The least interval, half a second, bounds the jitter. */
    assert_int_equal(bench->schedule.due_ms[0], 1250 + plan->tasks[0].phase_ms);
    assert_int_equal(bench->schedule.due_ms[2], 1250 + plan->tasks[2].phase_ms);
}

static void the_grid_is_kept_and_what_was_missed_counted(void **state)
{
    struct bench *bench = *state;
    static const struct {
        int64_t late_ms, missed, next_ms;
    } cases[] = {{0, 0, 500},    {1, 0, 500},    {499, 0, 500},      {500, 1, 1000},
                 {501, 1, 1000}, {999, 1, 1000}, {60000, 120, 60500}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t due_ms = bench->schedule.due_ms[2] = 7000;
        assert_int_equal(schedule_ran(&bench->schedule, bench->plan, 2, due_ms + cases[i].late_ms),
                         cases[i].missed);
        assert_int_equal(bench->schedule.due_ms[2], due_ms + cases[i].next_ms);
    }
}

static void heartbeat_tasks_become_due_once(void **state)
{
    struct bench *bench = *state;
    int64_t timer_ms = bench->schedule.due_ms[0];
    schedule_heartbeat(&bench->schedule, bench->plan, 2000);
    assert_int_equal(bench->schedule.due_ms[1], 2000);
    schedule_heartbeat(&bench->schedule, bench->plan, 3000);
    assert_int_equal(bench->schedule.due_ms[1], 2000); /* it still waits */
    assert_int_equal(schedule_ran(&bench->schedule, bench->plan, 1, 90000), 0);
    assert_int_equal(bench->schedule.due_ms[1], SCHEDULE_NEVER);
    schedule_heartbeat(&bench->schedule, bench->plan, 4000);
    assert_int_equal(bench->schedule.due_ms[1], 4000);
    assert_int_equal(bench->schedule.due_ms[0], timer_ms);
}

static void the_longest_waiting_goes_first(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms;
    bench->schedule.due_ms[0] = 5000;
    bench->schedule.due_ms[1] = 4000;
    bench->schedule.due_ms[2] = 4500;
    assert_int_equal(pick(bench, 9000, &start_ms), 1);
    assert_int_equal(start_ms, 9000);
    assert_int_equal(pick(bench, 4100, &start_ms), 1);
    assert_int_equal(start_ms, 4100);
    assert_int_equal(pick(bench, 100, &start_ms), 1); /* none is due: the first to be */
    assert_int_equal(start_ms, 4000);
}

static void a_task_that_may_not_go_lets_others_go(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms;
    bench->schedule.due_ms[0] = 4000; /* of the shape of task 3 */
    bench->schedule.due_ms[1] = 6000;
    bench->schedule.due_ms[2] = 4500;
    bench->exchange.debts[0] = (struct exchange_debt){
        .owed.request = bench->plan->tasks[2].task->request, .until_ms = 8000};
    assert_int_equal(pick(bench, 5000, &start_ms), 1);
    assert_int_equal(start_ms, 6000);
    assert_int_equal(pick(bench, 8000, &start_ms), 0);
    assert_int_equal(start_ms, 8000);
    bench->exchange.quiet_until_ms = 8100;
    assert_int_equal(pick(bench, 8000, &start_ms), 0);
    assert_int_equal(start_ms, 8100);
}

static void nothing_is_due_at_no_time(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms;
    for (size_t i = 0; i < 3; i++)
        bench->schedule.due_ms[i] = SCHEDULE_NEVER;
    assert_int_equal(pick(bench, 5000, &start_ms), -1);
    assert_true(start_ms == SCHEDULE_NEVER);
    schedule_clear(&bench->schedule);
    assert_int_equal(pick(bench, 5000, &start_ms), -1);
    schedule_heartbeat(&bench->schedule, bench->plan, 1); /* of no task */
}

static void a_slave_in_peace_lets_its_neighbours_go(void **state)
{
    struct bench *bench = *state;
    int64_t start_ms;
    bench->schedule.due_ms[0] = 4000;
    bench->schedule.due_ms[1] = 3000; /* would be the first */
    bench->schedule.due_ms[2] = 4500;
    bench->slaves[1].not_before_ms = 20000;
    assert_int_equal(pick(bench, 9000, &start_ms), 0);
    assert_int_equal(start_ms, 9000);
    bench->schedule.due_ms[0] = bench->schedule.due_ms[2] = 30000;
    assert_int_equal(pick(bench, 9000, &start_ms), 1);
    assert_int_equal(start_ms, 20000);
    bench->slaves[1].not_before_ms = 0; /* it answered */
    assert_int_equal(pick(bench, 9000, &start_ms), 1);
    assert_int_equal(start_ms, 9000);
}

static bool hasten(struct bench *bench, int64_t now_ms)
{
    const struct schedule_wait wait = {&bench->exchange, bench->slaves};
    return schedule_hasten(&bench->schedule, bench->plan, &wait, now_ms);
}

static void the_next_timer_can_be_hastened(void **state)
{
    struct bench *bench = *state;
    bench->schedule.due_ms[0] = 40000;
    bench->schedule.due_ms[1] = SCHEDULE_NEVER;
    bench->schedule.due_ms[2] = 30000;
    assert_true(hasten(bench, 9000));
    assert_int_equal(bench->schedule.due_ms[2], 9000);
    assert_int_equal(bench->schedule.due_ms[0], 40000);
    assert_true(hasten(bench, 9500)); /* it waits for the gap only */
    assert_int_equal(bench->schedule.due_ms[2], 9000);
}

/* Else nothing would be said for as long as that lasts. */
static void what_is_held_back_is_not_hastened(void **state)
{
    struct bench *bench = *state;
    bench->schedule.due_ms[0] = 40000;
    bench->schedule.due_ms[2] = 30000;
    bench->slaves[0].not_before_ms = 20000;
    assert_false(hasten(bench, 9000));
    assert_int_equal(bench->schedule.due_ms[2], 30000);
    bench->slaves[0].not_before_ms = 0;
    bench->exchange.debts[0] = (struct exchange_debt){
        .owed.request = bench->plan->tasks[2].task->request, .until_ms = 12000};
    assert_false(hasten(bench, 9000)); /* both have that shape */
    assert_true(hasten(bench, 12000));
    assert_int_equal(bench->schedule.due_ms[2], 12000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_start_in_their_phase),
        TEST(the_grid_is_kept_and_what_was_missed_counted),
        TEST(heartbeat_tasks_become_due_once),
        TEST(the_longest_waiting_goes_first),
        TEST(a_task_that_may_not_go_lets_others_go),
        TEST(nothing_is_due_at_no_time),
        TEST(a_slave_in_peace_lets_its_neighbours_go),
        TEST(the_next_timer_can_be_hastened),
        TEST(what_is_held_back_is_not_hastened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
