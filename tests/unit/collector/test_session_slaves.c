/* Many slaves behind one line: a dead one costs its neighbours little. */
#include "tests/unit/collector/line.h"

#define SLAVE(n)                                                                                   \
    "  " #n ": {start_addr: 100, length: 2, interval: 5, trigger: timer, slave: " #n "}\n"
#define POINT(n) "  p" #n ": {name: p" #n ", address: 100, type: int, length: 2, slave: " #n "}\n"

/* Five slaves, each read every five seconds. */
static const char config_text[] = "query_tasks:\n" SLAVE(1) SLAVE(2) SLAVE(3) SLAVE(4)
    SLAVE(5) "data_points:\n" POINT(1) POINT(2) POINT(3) POINT(4) POINT(5);

static const char two_text[] =
    "query_tasks:\n" SLAVE(3) SLAVE(9) "data_points:\n" POINT(3) POINT(9);

struct count {
    unsigned asked[16], answered[16];
};

/* Slaves answer 20 ms after they were asked, but for the one that is ${dead}. */
static void play(struct line *line, int64_t ms, uint8_t dead, struct count *count)
{
    int64_t end_ms = line->now.mono_ms + ms, answer_ms = INT64_MAX;
    while (line->now.mono_ms < end_ms && !line->closed) {
        int64_t next_ms = session_next_ms(&line->session, line->now.mono_ms);
        if (answer_ms < next_ms)
            next_ms = answer_ms;
        if (next_ms > end_ms)
            next_ms = end_ms;
        line_pass(line, next_ms > line->now.mono_ms ? next_ms - line->now.mono_ms : 0);
        line->sent_size = 0;
        if (line->now.mono_ms >= answer_ms) {
            answer_ms = INT64_MAX;
            count->answered[line->session.exchange.request.unit]++;
            line_answer(line, &line->session.exchange.request, 7);
        } else {
            session_tick(&line->session, line->now);
        }
        if (line->sent_size == 0)
            continue;
        uint8_t unit = line->session.exchange.request.unit;
        count->asked[unit]++;
        if (unit != dead)
            answer_ms = line->now.mono_ms + 20;
    }
}

static struct line *registered(void **state)
{
    struct line *line = line_open_in(state, config_text);
    FEED(line, 0, 0, 3, 0xE9);
    return line;
}

static void a_dead_slave_costs_one_timeout_a_cycle(void **state)
{
    struct line *line = registered(state);
    struct count count = {0};
    play(line, 60000, 3, &count);
    for (int unit = 1; unit <= 5; unit++) {
        if (unit == 3)
            continue;
        /* Twelve cycles; where the dead one is in the way, a poll is late, but not left out. */
        assert_in_range(count.answered[unit], 11, 13);
        assert_int_equal(count.answered[unit], count.asked[unit]);
    }
    /* Twice in the first cycle, then once after 5 s, and then less and less often. */
    assert_in_range(count.asked[3], 4, 6);
    assert_true(line->metrics.polls_missed <= 4); /* twice 3 s are more than a cycle */
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->metrics.slaves_dead, 1);
    line_expect_only(line, RECORD_EVENT,
                     "slave_dead: slave 3 left 2 requests in a row unanswered\n");
}

static void it_is_said_once_that_it_died_and_came_back(void **state)
{
    struct line *line = registered(state);
    struct count count = {0};
    play(line, 300000, 3, &count);
    assert_int_equal(line->session.slaves[2].liveness, SLAVE_DEAD);
    play(line, 300000, 0, &count);
    assert_int_equal(line->session.slaves[2].liveness, SLAVE_ALIVE);
    play(line, 60000, 0, &count);
    line_expect_only(line, RECORD_EVENT,
                     "slave_dead: slave 3 left 2 requests in a row unanswered\n"
                     "slave_alive: slave 3 answers again\n");
    assert_int_equal(line->metrics.slaves_alive, 1);
    unsigned before = count.answered[3];
    play(line, 60000, 0, &count); /* at its full pace again */
    assert_in_range(count.answered[3] - before, 11, 13);
}

static void an_exception_is_a_sign_of_life(void **state)
{
    struct line *line = registered(state);
    for (int i = 0; i < 200; i++) {
        line_run(line, 1000);
        if (line->session.exchange.waiting)
            line_refuse(line, &line->session.exchange.request, 11);
        line->sent_size = 0;
    }
    assert_int_equal(line->closed, 0);
    assert_true(line->metrics.polls_refused > 100);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(line->session.slaves[i].liveness, SLAVE_ALIVE);
        assert_int_equal(line->session.slaves[i].exceptions, line->session.slaves[i].answers);
    }
    line_expect_only(line, RECORD_EVENT, "");
}

static void who_failed_is_not_asked_twice_in_a_row(void **state)
{
    struct line *line = line_open_in(state, two_text);
    FEED(line, 0, 0, 3, 0xE9);
    line_run(line, 30000);
    /* Each waits for the other: nobody is asked twice. */
    assert_int_equal(line->metrics.polls_repeated, 0);
    assert_int_equal(line->metrics.slaves_dead, 2);
}

static void so_many_timeouts_in_a_row_close(void **state)
{
    struct line *line = *state = line_new(two_text);
    line->defaults.max_timeouts = 3;
    plan_set_release(line->env.plans);
    line->env.plans = parts_plans(two_text, line->names, &line->defaults);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    FEED(line, 0, 0, 3, 0xE9);
    struct count count = {0};
    play(line, 120000, 9, &count); /* a neighbour answers in between */
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->session.slaves[1].liveness, SLAVE_DEAD);
    line_run(line, 120000); /* nobody does */
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "3 requests in a row unanswered");
}

static void slaves_keep_their_state_at_a_reload(void **state)
{
    struct line *line = registered(state);
    struct count count = {0};
    play(line, 60000, 3, &count);
    struct slave_state third = line->session.slaves[2];
    line_reload(line, two_text);
    assert_memory_equal(&line->session.slaves[0], &third, sizeof(third));
    assert_int_equal(line->session.slaves[1].liveness, SLAVE_UNKNOWN); /* 9 is new */
    count = (struct count){0};
    play(line, 3000, 0, &count);
    assert_int_equal(count.asked[3], 0); /* it is still left in peace */
    assert_int_equal(count.asked[9], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(a_dead_slave_costs_one_timeout_a_cycle),
        LINE_TEST(it_is_said_once_that_it_died_and_came_back),
        LINE_TEST(an_exception_is_a_sign_of_life),
        LINE_TEST(who_failed_is_not_asked_twice_in_a_row),
        LINE_TEST(so_many_timeouts_in_a_row_close),
        LINE_TEST(slaves_keep_their_state_at_a_reload),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
