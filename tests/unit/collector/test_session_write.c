/* Writes: ahead of polls, read back, and done() exactly once whatever happens. */
#include "tests/unit/collector/line.h"

static const char config_text[] =
    "unknown_devices: accept\n"
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "  2: {start_addr: 100, length: 2, interval: 10, trigger: timer, slave: 2}\n"
    "data_points:\n"
    "  100: {name: level, type: int, length: 2, scale: 0.1, slave: 1}\n"
    "  one: {name: speed, address: 100, type: int, length: 2, slave: 2}\n";

static const char listening_text[] =
    "query_tasks:\n"
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "data_points:\n"
    "  100: {name: level, type: int, length: 2, scale: 0.1}\n"
    "profiles:\n"
    "  ear:\n"
    "    line:\n"
    "      framing: rtu\n"
    "      listen_only: true\n"
    "      registration: {packets: {r: {kind: text, start: \"R\", chars: digits, length: 1}}}\n"
    "    query_tasks:\n"
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
    "    data_points:\n"
    "      100: {name: level, type: int, length: 2}\n";

static const struct adu_request poll_1 = {1, 3, 100, 2}, poll_2 = {2, 3, 100, 2};

struct asked {
    struct write_order order;
    struct write_result result;
    int done;
};

static void on_done(struct write_order *order, const struct write_result *result)
{
    struct asked *asked = order->cookie;
    asked->done++;
    asked->result = *result;
}

/* An order of registers 55, 66 to slave 1 from ${address} on. */
static void make(struct asked *asked, uint32_t address)
{
    static const uint32_t values[] = {55, 66};
    const struct write_raw raw = {1, FC_WRITE_REGISTERS, address, values, 2};
    char error[200];
    memset(asked, 0, sizeof(*asked));
    assert_int_equal(write_registers(&raw, &asked->order, error, sizeof(error)), 0);
    snprintf(asked->order.actor, sizeof(asked->order.actor), "tester");
    asked->order.done = on_done;
    asked->order.cookie = asked;
}

static int give(struct line *line, struct asked *asked)
{
    int result = session_write(&line->session, &asked->order, line->now);
    session_tick(&line->session, line->now); /* as its owner does */
    return result;
}

static void expect_done(const struct asked *asked, enum write_status status)
{
    assert_int_equal(asked->done, 1);
    assert_string_equal(write_status_name(asked->result.status), write_status_name(status));
}

/* Registered, and both polls were answered: nothing is due for seconds. */
static struct line *settled_line(void **state)
{
    struct line *line = line_open_in(state, config_text);
    FEED(line, 0, 0, 3, 0xE9);
    line->sent_size = 0;
    while (line->metrics.polls_answered < 2) {
        line_run(line, 100);
        if (line->session.exchange.waiting)
            line_answer(line, &line->session.exchange.request, 1);
    }
    line_run(line, 500);
    line->sent_size = 0;
    return line;
}

static void expect_write(struct line *line, const struct asked *asked)
{
    line_expect_request(line, &asked->order.request, asked->order.data);
    assert_int_equal(line->session.task, SESSION_WRITE);
}

/* It goes out, and the slave says yes; then the read-back goes out. */
static void be_taken(struct line *line, struct asked *asked)
{
    assert_int_equal(give(line, asked), 0);
    expect_write(line, asked);
    line_answer(line, &asked->order.request, 0);
    line_expect_silence(line);
    line_run(line, 100); /* the gap */
    line_expect_query(line, &asked->order.read_back);
    assert_int_equal(asked->done, 0);
}

static void read_back_as_written(struct line *line, const struct asked *asked)
{
    uint8_t adu[ADU_MAX], bytes[FRAMING_LONGEST];
    size_t len = adu_build_reply(&asked->order.read_back, asked->order.data, adu);
    line_feed(line, bytes, line_wrap(line, adu, len, bytes));
}

static void a_write_is_read_back(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    be_taken(line, &asked);
    read_back_as_written(line, &asked);
    expect_done(&asked, WRITE_DONE);
    assert_true(asked.result.read);
    assert_int_equal(asked.result.size, 4);
    assert_int_equal(asked.result.took_ms, 100);
    assert_int_equal(line->metrics.writes, 1);
    assert_int_equal(line->metrics.writes_failed, 0);
    assert_int_equal(line->metrics.samples, 2); /* of the polls */
    line_run(line, 60000);
    assert_int_equal(asked.done, 1);
}

static void what_is_read_back_may_differ(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    be_taken(line, &asked);
    line_answer(line, &asked.order.read_back, 55); /* 55, 56 */
    expect_done(&asked, WRITE_NOT_VERIFIED);
    assert_true(asked.result.read);
    assert_int_equal(asked.result.data[3], 56);
    assert_int_equal(line->metrics.writes_failed, 1);
}

static void what_is_read_back_may_be_refused(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    be_taken(line, &asked);
    line_refuse(line, &asked.order.read_back, 2);
    expect_done(&asked, WRITE_NOT_VERIFIED);
    assert_false(asked.result.read);
}

static void nothing_may_be_read_back(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    be_taken(line, &asked);
    line_run(line, LINE_TIMEOUT_MS - 1);
    assert_int_equal(asked.done, 0);
    line_run(line, 1);
    expect_done(&asked, WRITE_NOT_VERIFIED);
}

static void a_slave_may_refuse(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    give(line, &asked);
    expect_write(line, &asked);
    line_refuse(line, &asked.order.request, 4);
    expect_done(&asked, WRITE_EXCEPTION);
    assert_int_equal(asked.result.exception, 4);
    line_run(line, 200);
    line_expect_silence(line); /* nothing is read back */
    assert_int_equal(line->closed, 0);
}

/* It is not written twice, but read back. */
static struct asked *unanswered(struct line *line, struct asked *asked)
{
    make(asked, 500);
    give(line, asked);
    expect_write(line, asked);
    line_run(line, LINE_TIMEOUT_MS + 99);
    line_expect_silence(line);
    line_run(line, 1);
    line_expect_query(line, &asked->order.read_back);
    assert_int_equal(asked->done, 0);
    return asked;
}

static void an_unanswered_write_may_be_there(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    read_back_as_written(line, unanswered(line, &asked));
    expect_done(&asked, WRITE_DONE);
}

static void an_unanswered_write_that_is_not_there_may_still_come(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    line_answer(line, &unanswered(line, &asked)->order.read_back, 1);
    expect_done(&asked, WRITE_TIMEOUT); /* nobody said yes */
    assert_true(asked.result.read);
}

static void an_unanswered_write_may_stay_unknown(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    unanswered(line, &asked);
    line_run(line, LINE_TIMEOUT_MS);
    expect_done(&asked, WRITE_TIMEOUT);
    assert_false(asked.result.read);
}

static void writes_go_ahead_of_polls_in_their_order(void **state)
{
    struct line *line = settled_line(state);
    struct asked first, second;
    make(&first, 500);
    make(&second, 600);
    line->session.schedule.due_ms[0] = line->session.schedule.due_ms[1] = line->now.mono_ms;
    line->session.exchange.quiet_until_ms = line->now.mono_ms + 50;
    give(line, &first);
    give(line, &second);
    line_expect_silence(line);
    line_run(line, 50);
    expect_write(line, &first);
    line_answer(line, &first.order.request, 0);
    line_run(line, 100);
    line_expect_query(line, &first.order.read_back);
    read_back_as_written(line, &first);
    expect_done(&first, WRITE_DONE);
    line_run(line, 100);
    expect_write(line, &second);
    line_refuse(line, &second.order.request, 1);
    expect_done(&second, WRITE_EXCEPTION);
    line_run(line, 100);
    line_expect_query(line, &poll_1);
}

static void a_write_waits_for_the_outstanding_answer(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    line->session.schedule.due_ms[0] = line->now.mono_ms;
    session_tick(&line->session, line->now);
    line_expect_query(line, &poll_1);
    give(line, &asked);
    line_expect_silence(line);
    line_answer(line, &poll_1, 1);
    line_run(line, 100);
    expect_write(line, &asked);
}

/* The read-back has the shape of a poll that stayed unanswered: it waits, and the neighbours of
 * that slave do not. */
static void a_write_that_waits_for_a_late_answer_holds_up_no_polls(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    line->defaults.retries = 0;
    line_reload(line, config_text);
    line->session.schedule.due_ms[0] = line->now.mono_ms;
    line->session.schedule.due_ms[1] = line->now.mono_ms + 4000;
    session_tick(&line->session, line->now);
    line_expect_query(line, &poll_1);
    line_run(line, LINE_TIMEOUT_MS); /* owed for three of them from now on */
    int64_t owed_ms = line->now.mono_ms;
    line_run(line, 100);
    give(line, &asked);
    expect_write(line, &asked);
    line_answer(line, &asked.order.request, 0);
    line_run(line, 1000);
    line_expect_query(line, &poll_2);
    line_answer(line, &poll_2, 1);
    line_run(line, owed_ms + LATE_WINDOW * LINE_TIMEOUT_MS - line->now.mono_ms - 1);
    line_expect_silence(line);
    line_run(line, 1);
    line_expect_query(line, &asked.order.read_back);
    read_back_as_written(line, &asked);
    expect_done(&asked, WRITE_DONE);
}

static void a_lost_line_ends_them_all(void **state)
{
    struct line *line = settled_line(state);
    struct asked sent, waiting;
    make(&sent, 500);
    make(&waiting, 600);
    give(line, &sent);
    give(line, &waiting);
    expect_write(line, &sent);
    line_end(line);
    expect_done(&sent, WRITE_LINE_LOST);
    expect_done(&waiting, WRITE_CANCELLED);
    assert_int_equal(line->metrics.writes_failed, 2);
}

static void a_write_is_not_sent_too_late(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked, behind;
    make(&asked, 500);
    make(&behind, 600);
    line->session.exchange.quiet_until_ms = line->now.mono_ms + SESSION_ORDER_WAIT_MS + 5000;
    give(line, &asked);
    line_run(line, 1000);
    give(line, &behind);
    line_run(line, SESSION_ORDER_WAIT_MS - 1001);
    assert_int_equal(asked.done, 0);
    line_run(line, 1);
    expect_done(&asked, WRITE_CANCELLED);
    assert_int_equal(behind.done, 0);
    line_run(line, 1000);
    expect_done(&behind, WRITE_CANCELLED);
    line_expect_silence(line);
}

static void a_queue_has_an_end(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked[SESSION_ORDERS_MAX + 1];
    for (int i = 0; i <= SESSION_ORDERS_MAX; i++) {
        make(&asked[i], (uint32_t)(500 + i));
        assert_int_equal(give(line, &asked[i]), i < SESSION_ORDERS_MAX ? 0 : -1);
    }
    line_refuse(line, &asked[0].order.request, 1);
    assert_int_equal(give(line, &asked[SESSION_ORDERS_MAX]), 0); /* there is room again */
    line_end(line);
    for (int i = 0; i <= SESSION_ORDERS_MAX; i++)
        assert_int_equal(asked[i].done, 1);
}

static void a_line_that_is_not_there_takes_none(void **state)
{
    struct line *line = line_open_in(state, config_text);
    struct asked asked;
    make(&asked, 500);
    assert_int_equal(session_write(&line->session, &asked.order, line->now), -1);
    FEED(line, 0, 0, 3, 0xE9);
    FEED(line, 0xFF);
    assert_int_equal(line->closed, 1);
    assert_int_equal(session_write(&line->session, &asked.order, line->now), -1);
    assert_int_equal(asked.done, 0);
}

static void a_listening_line_takes_none(void **state)
{
    struct line *line = line_open_in(state, listening_text);
    struct asked asked;
    make(&asked, 500);
    line_say(line, "R1");
    assert_int_equal(line->registered, 1);
    assert_int_equal(session_write(&line->session, &asked.order, line->now), -1);
}

static void a_reload_in_the_middle_changes_nothing(void **state)
{
    struct line *line = settled_line(state);
    struct asked asked;
    make(&asked, 500);
    give(line, &asked);
    expect_write(line, &asked);
    line_reload(line, config_text);
    line_answer(line, &asked.order.request, 0);
    line_run(line, 100);
    line_expect_query(line, &asked.order.read_back);
    line_reload(line, config_text);
    read_back_as_written(line, &asked);
    expect_done(&asked, WRITE_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(a_write_is_read_back),
        LINE_TEST(what_is_read_back_may_differ),
        LINE_TEST(what_is_read_back_may_be_refused),
        LINE_TEST(nothing_may_be_read_back),
        LINE_TEST(a_slave_may_refuse),
        LINE_TEST(an_unanswered_write_may_be_there),
        LINE_TEST(an_unanswered_write_that_is_not_there_may_still_come),
        LINE_TEST(an_unanswered_write_may_stay_unknown),
        LINE_TEST(writes_go_ahead_of_polls_in_their_order),
        LINE_TEST(a_write_waits_for_the_outstanding_answer),
        LINE_TEST(a_write_that_waits_for_a_late_answer_holds_up_no_polls),
        LINE_TEST(a_lost_line_ends_them_all),
        LINE_TEST(a_write_is_not_sent_too_late),
        LINE_TEST(a_queue_has_an_end),
        LINE_TEST(a_line_that_is_not_there_takes_none),
        LINE_TEST(a_listening_line_takes_none),
        LINE_TEST(a_reload_in_the_middle_changes_nothing),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
