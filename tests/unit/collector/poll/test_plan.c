#include "collector/poll/plan.h"
#include "tests/unit/collector/parts.h"

static void the_original_configuration(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct names *names = names_new();
    struct data_config *config =
        data_config_load("tests/fixtures/original/data_config.yml", &faults);
    assert_non_null(config);
    struct plan *plan = plan_new(config, names);
    data_config_release(config); /* the plan holds it */
    assert_int_equal(plan->ntasks, 4);
    size_t points = 0;
    for (size_t i = 0; i < plan->ntasks; i++) {
        const struct plan_task *task = &plan->tasks[i];
        assert_int_equal(task->task->id, i + 1);
        for (size_t p = 0; p < task->task->npoints; p++, points++) {
            struct point_name name;
            assert_int_equal(names_get_point(names, task->points[p], &name), 0);
            assert_string_equal(name.name, task->task->points[p].point->name);
            assert_string_equal(name.profile, "default");
            names_point_clear(&name);
        }
    }
    assert_int_equal(points, 9);
    plan_release(plan);
    names_free(names);
}

static void phases_spread_the_timers(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct data_config *config =
        parts_config("query_tasks:\n"
                     "  1: {start_addr: 1, length: 1, interval: 60, trigger: timer}\n"
                     "  2: {start_addr: 2, length: 1, interval: 0, trigger: heartbeat}\n"
                     "  3: {start_addr: 3, length: 1, interval: 60, trigger: timer}\n"
                     "  4: {start_addr: 4, length: 1, interval: 1, trigger: timer}\n"
                     "  5: {start_addr: 5, length: 1, interval: 60, trigger: timer}\n"
                     "data_points:\n"
                     "  1: {name: a, type: int, length: 2, scale: 1}\n"
                     "  2: {name: b, type: int, length: 2, scale: 1}\n"
                     "  3: {name: c, type: int, length: 2, scale: 1}\n"
                     "  4: {name: d, type: int, length: 2, scale: 1}\n"
                     "  5: {name: e, type: int, length: 2, scale: 1}\n");
    struct plan *plan = plan_new(config, names);
    /* Quarters of five seconds, or of the interval where it is shorter. */
    assert_int_equal(plan->tasks[0].phase_ms, 0);
    assert_int_equal(plan->tasks[2].phase_ms, 1250);
    assert_int_equal(plan->tasks[3].phase_ms, 500);
    assert_int_equal(plan->tasks[4].phase_ms, 3750);
    data_config_release(config);
    plan_release(plan);
    names_free(names);
}

static void holders_share_it(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct data_config *config =
        parts_config("query_tasks:\n"
                     "  1: {start_addr: 1, length: 1, interval: 60, trigger: timer}\n"
                     "data_points:\n"
                     "  1: {name: a, type: int, length: 2, scale: 1}\n");
    struct plan *plan = plan_new(config, names);
    struct plan *again = plan_new(config, names); /* a reload without a change */
    assert_int_equal(again->tasks[0].points[0], plan->tasks[0].points[0]);
    assert_int_equal(names_revision(names), 0);
    plan_release(again);
    data_config_release(config);
    assert_ptr_equal(plan_hold(plan), plan);
    plan_release(plan);
    assert_string_equal(plan->profile->name, "default"); /* still there */
    plan_release(plan);
    plan_release(NULL);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_configuration),
        cmocka_unit_test(phases_spread_the_timers),
        cmocka_unit_test(holders_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
