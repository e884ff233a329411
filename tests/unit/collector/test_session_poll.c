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

static void polls_keep_their_grid(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    int64_t first_ms = line->session.exchange.sent_ms;
    assert_true(first_ms >= 5000 && first_ms <= 6000); /* jitter: up to a second */
    for (int k = 1; k <= 20; k++) {
        line_answer(line, &task_1, 1);
        line_run(line, 10000);
        line_expect_query(line, &task_1);
        assert_int_equal(line->session.exchange.sent_ms, first_ms + 10000 * k);
    }
    assert_int_equal(line->metrics.polls_sent, 21);
    assert_int_equal(line->metrics.polls_answered, 20);
    assert_int_equal(line->metrics.polls_missed, 0);
    assert_int_equal(line->metrics.samples, 20);
    assert_int_equal(line->metrics.lateness[0], 21);
}

static void one_request_at_a_time_and_a_gap(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    FEED(line, 2, 0);
    SENT(line, 2); /* its task waits for the answer */
    line_answer(line, &task_1, 1);
    assert_int_equal(line->sent_size, 0);
    line_run(line, 99);
    assert_int_equal(line->sent_size, 0);
    line_run(line, 1);
    line_expect_query(line, &task_2);
}

static void an_unanswered_query_is_repeated_then_given_up(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_run(line, LINE_TIMEOUT_MS);
    line_expect_query(line, &task_1);
    assert_int_equal(line->metrics.polls_repeated, 1);
    line_run(line, LINE_TIMEOUT_MS);
    assert_int_equal(line->sent_size, 0);
    assert_int_equal(line->metrics.polls_timed_out, 1);
    assert_false(line->session.exchange.waiting);
    assert_int_equal(line->closed, 0); /* a dead slave is no dead line */
}

static void a_late_answer_is_dropped(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000 + 2 * LINE_TIMEOUT_MS);
    line->sent_size = 0;
    line_answer(line, &task_1, 1);
    assert_int_equal(line->metrics.answers_late, 1);
    assert_int_equal(line->metrics.samples, 0);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\n");
}

static void foreign_and_broken_answers_are_dropped(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_answer(line, &task_2, 1); /* of another size */
    FEED(line, 4, 9, 1, 3, 4, 0, 1, 0, 2, 0xFF, 0xFF);
    FEED(line, 4, 0); /* has no right CRC either */
    assert_int_equal(line->metrics.answers_unexpected, 3);
    assert_int_equal(line->metrics.crc_errors, 2);
    assert_int_equal(line->metrics.samples, 0);
    assert_true(line->session.exchange.waiting);
    line_answer(line, &task_1, 1); /* still awaited */
    assert_int_equal(line->metrics.polls_answered, 1);
    assert_int_equal(line->metrics.samples, 1);
    line_answer(line, &task_1, 1);
    assert_int_equal(line->metrics.answers_unexpected, 4); /* nothing was asked */
    assert_int_equal(line->closed, 0);
}

static void an_exception_is_an_answer(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_refuse(line, &task_1, 2);
    assert_int_equal(line->metrics.polls_refused, 1);
    assert_false(line->session.exchange.waiting);
    assert_int_equal(line->closed, 0);
    line_run(line, 10000);
    line_expect_query(line, &task_1); /* on its grid, not repeated */
    assert_int_equal(line->metrics.polls_repeated, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(polls_keep_their_grid),
        TEST(one_request_at_a_time_and_a_gap),
        TEST(an_unanswered_query_is_repeated_then_given_up),
        TEST(a_late_answer_is_dropped),
        TEST(foreign_and_broken_answers_are_dropped),
        TEST(an_exception_is_an_answer),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
