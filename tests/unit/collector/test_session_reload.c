#include "tests/unit/collector/line.h"

/* Two polls of different shape, and one with heartbeats; the first point of each has its address's
 * register. */
static const char config_text[] =
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "  2: {start_addr: 200, length: 4, interval: 0, trigger: heartbeat}\n"
    "data_points:\n"
    "  100: {name: level, type: int, length: 2, scale: 0.1}\n"
    "  200: {name: speed, type: int, length: 2, scale: 1}\n";

static const char next_config_text[] =
    "query_tasks:\n"
    "  7: {start_addr: 300, length: 2, interval: 5, trigger: timer}\n"
    "data_points:\n"
    "  300: {name: weight, type: uint, length: 2, scale: 1}\n";

static const struct adu_request task_1 = {1, 3, 100, 2};

static int set_up(void **state)
{
    *state = line_open(config_text);
    return 0;
}

static int tear_down(void **state)
{
    line_free(*state);
    return 0;
}

static void enroll(struct line *line)
{
    FEED(line, 0, 0, 3, 0xE9);
    SENT(line, 1);
}

static void a_reload_in_mid_request(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_reload(line, next_config_text);
    session_adopt(&line->session, line->now); /* nothing more to take over */
    assert_ptr_equal(line->session.plans, line->env.plans);
    line_answer(line, &task_1, 1); /* of a task that is gone: an answer, but no reading */
    assert_int_equal(line->metrics.polls_answered, 1);
    assert_int_equal(line->metrics.samples, 0);
    line_run(line, 2000);
    line_expect_query(line, &(struct adu_request){1, 3, 300, 2});
    line_answer(line, &(struct adu_request){1, 3, 300, 2}, 1);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\n"
                              "modbus 11\nsamples 2=1/1\n");
}

/* The same query under another number, behind another one, and read in another way. */
static const char moved_config_text[] =
    "query_tasks:\n"
    "  3: {start_addr: 300, length: 2, interval: 5, trigger: timer}\n"
    "  9: {start_addr: 100, length: 2, interval: 5, trigger: timer}\n"
    "data_points:\n"
    "  100: {name: level, type: int, length: 2, scale: 1}\n"
    "  300: {name: weight, type: uint, length: 2, scale: 1}\n";

static void an_answer_that_the_new_plan_asks_for_too_is_kept(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_reload(line, moved_config_text);
    line_answer(line, &task_1, 1);
    assert_int_equal(line->metrics.samples, 1);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\n"
                              "samples 0=1/1\n");
}

static void a_reload_before_registration(void **state)
{
    struct line *line = *state;
    line_reload(line, next_config_text);
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &(struct adu_request){1, 3, 300, 2});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reload_in_mid_request),
        TEST(an_answer_that_the_new_plan_asks_for_too_is_kept),
        TEST(a_reload_before_registration),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
