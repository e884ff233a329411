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

static const struct adu_request task_1 = {1, 3, 100, 2}, task_2 = {1, 3, 200, 4};

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

/* ... and answer the first poll. */
static void settle_in(struct line *line)
{
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_answer(line, &task_1, 1);
}

/* No polls get in the way: the one timer task is answered for as long as the line lives. */
static void a_silent_line_is_probed_and_closed(void **state)
{
    struct line *line = *state;
    line->defaults.retries = 0;
    line_reload(line, config_text);
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    int64_t life_ms = line->session.life_ms;
    line_run(line, 3 * LINE_HEARTBEAT_MS - 1);
    assert_int_equal(line->session.missed, 2);
    assert_int_equal(line->sent_size, 0);
    line_run(line, 1);
    assert_int_equal(line->now.mono_ms, life_ms + 3 * LINE_HEARTBEAT_MS);
    assert_int_equal(line->session.missed, 3);
    assert_int_equal(line->metrics.heartbeat_timeouts, 1);
    assert_int_equal(line->metrics.probes_sent, 1);
    line_expect_query(line, &task_1);
    line_run(line, LINE_TIMEOUT_MS - 1);
    assert_int_equal(line->closed, 0);
    line_run(line, 1);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "heartbeat timeout, and the probe stayed unanswered");
    line_expect_records(line,
                        "disconnect superseded\nconnect \nregister 4\nmodbus 11\nsamples 0=0.1/1\n"
                        "heartbeat_timeout 3 heartbeats missed, probing the line\n");
}

static void be_probed(struct line *line)
{
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    line_run(line, 3 * LINE_HEARTBEAT_MS);
    line_expect_query(line, &task_1);
    assert_true(line->session.probing);
}

static void expect_alive(struct line *line)
{
    assert_false(line->session.probing);
    assert_int_equal(line->session.missed, 0);
    line_run(line, LINE_HEARTBEAT_MS);
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->session.missed, 1);
}

static void an_answered_probe_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    line_answer(line, &task_1, 1);
    assert_int_equal(line->metrics.samples, 1); /* a probe is no reading */
    expect_alive(line);
}

static void a_refused_probe_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    line_refuse(line, &task_1, 4);
    expect_alive(line);
}

static void any_packet_keeps_the_line(void **state)
{
    struct line *line = *state;
    be_probed(line);
    FEED(line, 3, 0);
    SENT(line, 3);
    expect_alive(line);
}

static void a_heartbeat_in_time_misses_nothing(void **state)
{
    struct line *line = *state;
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    for (int i = 0; i < 10; i++) {
        line_run(line, LINE_HEARTBEAT_MS - 1);
        FEED(line, 2, 0);
        line_run(line, 100);
        line_answer(line, &task_2, 1);
        assert_int_equal(line->session.missed, 0);
    }
    assert_int_equal(line->metrics.heartbeat_timeouts, 0);
}

static void a_line_that_dies_again_is_probed_again(void **state)
{
    struct line *line = *state;
    be_probed(line);
    line_answer(line, &task_1, 1);
    line_run(line, 3 * LINE_HEARTBEAT_MS);
    line_expect_query(line, &task_1);
    assert_int_equal(line->metrics.heartbeat_timeouts, 2);
    line_run(line, 2 * LINE_TIMEOUT_MS);
    assert_int_equal(line->closed, 1);
}

static void a_lower_max_missed_takes_effect_on_a_silent_line(void **state)
{
    struct line *line = *state;
    line->defaults.max_missed = 10;
    line_reload(line, config_text);
    settle_in(line);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    line_run(line, 5 * LINE_HEARTBEAT_MS);
    assert_int_equal(line->session.missed, 5);
    line->defaults.max_missed = 3;
    line_reload(line, config_text);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    line_run(line, LINE_HEARTBEAT_MS + 2 * LINE_TIMEOUT_MS);
    assert_int_equal(line->metrics.heartbeat_timeouts, 1);
    assert_int_equal(line->closed, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_silent_line_is_probed_and_closed),
        TEST(an_answered_probe_keeps_the_line),
        TEST(a_refused_probe_keeps_the_line),
        TEST(any_packet_keeps_the_line),
        TEST(a_heartbeat_in_time_misses_nothing),
        TEST(a_line_that_dies_again_is_probed_again),
        TEST(a_lower_max_missed_takes_effect_on_a_silent_line),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
