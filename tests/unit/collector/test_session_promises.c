/* When a line acknowledges its data packets: once they are safe, and then in their order. */
#include "tests/unit/collector/line.h"

static int set_up(void **state)
{
    struct line *line = line_new("query_tasks: {}\ndata_points: {}\n");
    line->env.promises = promises_new(100);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    FEED(line, 0, 0, 3, 0xE9);
    SENT(line, 1); /* a registration promises nothing */
    *state = line;
    return 0;
}

static int tear_down(void **state)
{
    struct line *line = *state;
    struct promises_stats stats;
    line_end(line);
    promises_stats(line->env.promises, 0, &stats);
    assert_int_equal(stats.waiting, 0);
    promises_free(line->env.promises);
    line_free(line);
    return 0;
}

static size_t waiting(const struct line *line)
{
    struct promises_stats stats;
    promises_stats(line->env.promises, line->now.mono_ms, &stats);
    return stats.waiting;
}

static uint64_t last_number(const struct line *line)
{
    return cache_last(line->cache);
}

/* As the store and the loop do it. */
static void settle(struct line *line, uint64_t first, uint64_t last, bool kept)
{
    const struct fate fate = {0, first, last, kept};
    struct promise *promise;
    promises_settle(line->env.promises, &fate);
    while ((promise = promises_next(line->env.promises)) != NULL) {
        assert_ptr_equal(promise->owner, &line->session);
        session_promised(promise->owner, promise, line->now);
        free(promise);
    }
}

static void a_data_packet_is_acknowledged_once_it_is_safe(void **state)
{
    struct line *line = *state;
    FEED(line, 3, 1, 'a');
    uint64_t number = last_number(line);
    assert_int_equal(line->sent_size, 0);
    line_run(line, 2000);
    settle(line, 1, number - 1, true);
    assert_int_equal(line->sent_size, 0);
    settle(line, number, number, true);
    SENT(line, 3);
    assert_int_equal(line->session.spoke_ms, line->now.mono_ms);
    assert_int_equal(line->metrics.data_packets_unacknowledged, 0);
}

static void a_heartbeat_is_answered_at_once(void **state)
{
    struct line *line = *state;
    FEED(line, 3, 1, 'a', 2, 0, 3, 1, 'b');
    SENT(line, 2);
    assert_int_equal(waiting(line), 2);
    settle(line, 1, last_number(line), true);
    SENT(line, 3, 3);
}

static void what_was_dropped_is_never_acknowledged(void **state)
{
    struct line *line = *state;
    FEED(line, 3, 1, 'a');
    uint64_t number = last_number(line);
    FEED(line, 3, 1, 'b');
    settle(line, number, number, false);
    settle(line, number + 1, number + 1, true); /* would be taken for the first one's */
    assert_int_equal(line->sent_size, 0);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "a data packet could not be stored");
    assert_int_equal(line->metrics.data_packets_unacknowledged, 1);
}

static void a_line_that_is_over_is_sent_nothing(void **state)
{
    struct line *line = *state;
    FEED(line, 3, 1, 'a', 9);
    assert_int_equal(line->closed, 1); /* by what came behind it, and not yet ended */
    uint64_t number = last_number(line);
    settle(line, number, number, true);
    assert_int_equal(line->sent_size, 0);
    FEED(line, 3, 1, 'b');
    line_end(line);
    assert_int_equal(waiting(line), 0);
    settle(line, number + 1, number + 10, true);
}

static void what_is_not_stored_is_not_acknowledged(void **state)
{
    struct line *line = *state;
    for (int i = 0; i < SESSION_KEPT_MOST; i++) {
        FEED(line, 2, 0);
        line->sent_size = 0;
    }
    FEED(line, 3, 1, 'a', 2, 0);
    SENT(line, 2);
    assert_int_equal(waiting(line), 0);
    assert_int_equal(line->metrics.data_packets_unacknowledged, 1);
    line_pass(line, 60000);
    FEED(line, 3, 1, 'a');
    settle(line, 1, last_number(line), true);
    SENT(line, 3);
}

static void where_too_many_wait_the_line_is_closed(void **state)
{
    struct line *line = *state;
    for (int i = 0; i < 100; i++)
        FEED(line, 3, 0);
    assert_int_equal(line->closed, 0);
    FEED(line, 3, 0);
    assert_int_equal(line->closed, 1);
    assert_int_equal(line->sent_size, 0);
}

static void a_reload_changes_nothing_of_it(void **state)
{
    struct line *line = *state;
    FEED(line, 3, 1, 'a');
    line_reload(line, "query_tasks: {1: {start_addr: 0, length: 1, interval: 5}}\n"
                      "data_points: {0: {name: a, type: int, length: 2}}\n");
    settle(line, 1, last_number(line), true);
    SENT(line, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_data_packet_is_acknowledged_once_it_is_safe),
        TEST(a_heartbeat_is_answered_at_once),
        TEST(what_was_dropped_is_never_acknowledged),
        TEST(a_line_that_is_over_is_sent_nothing),
        TEST(what_is_not_stored_is_not_acknowledged),
        TEST(where_too_many_wait_the_line_is_closed),
        TEST(a_reload_changes_nothing_of_it),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
