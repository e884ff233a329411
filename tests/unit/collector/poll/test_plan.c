#include "collector/poll/plan.h"
#include "tests/unit/collector/parts.h"

static struct plan_defaults defaults;

static void the_original_configuration(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct names *names = names_new();
    struct data_config *config =
        data_config_load("tests/fixtures/original/data_config.yml", &faults);
    assert_non_null(config);
    struct plan_set *set = plan_set_new(config, names, &defaults);
    data_config_release(config); /* the set holds it */
    assert_int_equal(set->nplans, 1);
    const struct plan *plan = &set->plans[0];
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
    plan_set_release(set);
    names_free(names);
}

static void phases_spread_the_timers(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct plan_set *set =
        parts_plans("query_tasks:\n"
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
                    "  5: {name: e, type: int, length: 2, scale: 1}\n",
                    names, &defaults);
    const struct plan *plan = &set->plans[0];
    /* Quarters of five seconds, or of the interval where it is shorter. */
    assert_int_equal(plan->tasks[0].phase_ms, 0);
    assert_int_equal(plan->tasks[2].phase_ms, 1250);
    assert_int_equal(plan->tasks[3].phase_ms, 500);
    assert_int_equal(plan->tasks[4].phase_ms, 3750);
    plan_set_release(set);
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
    struct plan_set *set = plan_set_new(config, names, &defaults);
    struct plan_set *again = plan_set_new(config, names, &defaults); /* a reload without a change */
    assert_int_equal(again->plans[0].tasks[0].points[0], set->plans[0].tasks[0].points[0]);
    assert_int_equal(names_revision(names), 0);
    plan_set_release(again);
    data_config_release(config);
    assert_ptr_equal(plan_set_hold(set), set);
    plan_set_release(set);
    assert_string_equal(set->plans[0].profile->name, "default"); /* still there */
    plan_set_release(set);
    plan_set_release(NULL);
    names_free(names);
}

/* What a line says of itself goes before the server's configuration; its slaves have the shortest
 * of their intervals as their cycle. */
static void each_line_has_its_times(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct plan_set *set = parts_plans(
        "query_tasks:\n"
        "  1: {start_addr: 1, length: 1, interval: 60, trigger: timer}\n"
        "data_points:\n"
        "  1: {name: a, type: int, length: 2, scale: 1}\n"
        "profiles:\n"
        "  own:\n"
        "    line:\n"
        "      framing: mbap\n"
        "      registration: {deadline: 7, required: false}\n"
        "      timing: {response_timeout: 1.5, request_gap: 0.05, slave_gap: 0.25, retries: 0,\n"
        "               idle: 0.4, after_connect: 2, talk_within: 50, heartbeat_timeout: 20,\n"
        "               max_missed: 5, max_timeouts: 8}\n"
        "    query_tasks:\n"
        "      1: {start_addr: 1, length: 1, interval: 60, trigger: timer, slave: 7}\n"
        "      2: {start_addr: 2, length: 1, interval: 20, trigger: timer, slave: 7}\n"
        "      3: {start_addr: 3, length: 1, interval: 0, trigger: heartbeat, slave: 9}\n"
        "    data_points:\n"
        "      1: {name: a, type: int, length: 2, slave: 7, on_change: true}\n"
        "      2: {name: b, type: int, length: 2, slave: 7}\n"
        "      3: {name: c, type: int, length: 2, slave: 9}\n",
        names, &defaults);
    assert_int_equal(set->nplans, 2);
    const struct plan *plain = &set->plans[0], *own = plan_set_find(set, "own");
    assert_ptr_equal(own, &set->plans[1]);
    assert_null(plan_set_find(set, "nobody's"));
    assert_int_equal(plain->timing.response_timeout_ms, 3000);
    assert_int_equal(plain->timing.request_gap_ms, 100);
    assert_int_equal(plain->timing.retries, 1);
    assert_false(plain->timing.transactions);
    assert_int_equal(plain->idle_ms, 200);
    assert_int_equal(plain->talk_within_ms, 0);
    assert_int_equal(plain->max_missed, 3);
    assert_int_equal(plain->registration_timeout_ms, 30000);
    assert_int_equal(plain->heartbeat_timeout_ms, 60000);
    assert_false(plain->stores_on_change);
    assert_int_equal(own->timing.response_timeout_ms, 1500);
    assert_int_equal(own->timing.request_gap_ms, 50);
    assert_int_equal(own->timing.slave_gap_ms, 250);
    assert_int_equal(own->timing.retries, 0);
    assert_true(own->timing.transactions);
    assert_int_equal(own->idle_ms, 400);
    assert_int_equal(own->after_connect_ms, 2000);
    assert_int_equal(own->talk_within_ms, 50000);
    assert_int_equal(own->heartbeat_timeout_ms, 20000);
    assert_int_equal(own->registration_timeout_ms, 7000);
    assert_int_equal(own->max_missed, 5);
    assert_int_equal(own->max_timeouts, 8);
    assert_true(own->stores_on_change);
    assert_int_equal(own->cycle_ms[0], 20000);
    assert_int_equal(own->cycle_ms[1], 0);
    assert_int_equal(own->answers[2].request.unit, 9);
    plan_set_release(set);
    names_free(names);
}

int main(void)
{
    defaults = parts_defaults();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_configuration),
        cmocka_unit_test(phases_spread_the_timers),
        cmocka_unit_test(holders_share_it),
        cmocka_unit_test(each_line_has_its_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
