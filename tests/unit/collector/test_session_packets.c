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

static void registers_in_pieces(void **state)
{
    struct line *line = *state;
    static const uint8_t id[] = {0, 0, 3, 0xE9};
    for (size_t i = 0; i < 3; i++) {
        line_feed(line, id + i, 1);
        assert_int_equal(line->registered, 0);
        assert_int_equal(line->sent_size, 0);
    }
    line_feed(line, id + 3, 1);
    assert_int_equal(line->registered, 1);
    assert_string_equal(line->session.id, "1001");
    assert_int_equal(line->session.registered_wall_ms, LINE_WALL_MS);
    SENT(line, 1);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 4\n");
}

static void registration_glued_to_a_heartbeat(void **state)
{
    struct line *line = *state;
    FEED(line, 0, 0, 3, 0xE9, 2, 0, 3, 1, 0xAA, 2);
    assert_int_equal(line->session.held_size, 1);
    assert_int_equal(line->sent[0], 1);
    assert_int_equal(line->sent[1], 2);
    assert_int_equal(line->sent[2], 3);
    assert_int_equal(line->metrics.heartbeats, 1);
    assert_int_equal(line->metrics.data_packets, 1);
}

static void registration_has_a_deadline(void **state)
{
    struct line *line = *state;
    FEED(line, 0, 0, 3); /* a part does not count */
    line_run(line, 29999);
    assert_int_equal(line->closed, 0);
    line_run(line, 1);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "no registration in time");
    assert_int_equal(line->metrics.registration_timeouts, 1);
    session_tick(&line->session, line->now);
    assert_int_equal(line->closed, 1); /* said once */
    FEED(line, 0xE9);
    assert_int_equal(line->registered, 0); /* too late */
    line_expect_records(line, "");
}

static void heartbeats_are_answered_and_run_their_tasks(void **state)
{
    struct line *line = *state;
    settle_in(line);
    line_run(line, 1000);
    line_expect_records(
        line, "disconnect superseded\nconnect \nregister 4\nmodbus 11\nsamples 0=0.1/1\n");
    FEED(line, 2, 0);
    assert_int_equal(line->sent[0], 2); /* the query follows at once: the line is free */
    memmove(line->sent, line->sent + 1, --line->sent_size);
    line_expect_query(line, &task_2);
    FEED(line, 2, 0);
    SENT(line, 2); /* one at a time */
    line_answer(line, &task_2, 1);
    line_run(line, 200);
    line_expect_query(line, &task_2); /* of the second heartbeat */
    line_answer(line, &task_2, 1);
    line_run(line, 1000);
    assert_int_equal(line->sent_size, 0);
    line_expect_records(line, "heartbeat 2\nbeat\nheartbeat 2\nbeat\n"
                              "modbus 15\nsamples 1=1/1\nmodbus 15\nsamples 1=1/1\n");
}

static void data_packets_are_stored_and_answered(void **state)
{
    struct line *line = *state;
    enroll(line);
    FEED(line, 3, 3, 'a', 'b', 'c');
    SENT(line, 3);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 4\ndata 5\n");
}

static void an_unknown_type_closes(void **state)
{
    struct line *line = *state;
    enroll(line);
    FEED(line, 2, 0, 9, 2, 0);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "protocol error");
    assert_int_equal(line->metrics.protocol_errors, 1);
    assert_int_equal(line->metrics.heartbeats, 1); /* nothing behind it is read */
    assert_int_equal(line->sent[0], 2);
    assert_int_equal(line->sent_size, 1);
}

static void the_end_is_recorded_once_it_began(void **state)
{
    struct line *line = *state;
    enroll(line);
    line_run(line, 2000);
    session_end(&line->session, "closed by the DTU", line->now);
    line->started = false;
    line_expect_records(
        line, "disconnect superseded\nconnect \nregister 4\ndisconnect closed by the DTU\n");
    assert_int_equal(line->metrics.closed, 1);
}

/* One line must not push all others' records out of the cache. */
static void a_flood_is_not_stored(void **state)
{
    struct line *line = *state;
    enroll(line);
    for (int i = 0; i < SESSION_KEPT_MOST + 5000; i++) {
        FEED(line, 2, 0);
        line->sent_size = 0;
    }
    struct cache_stats stats;
    cache_stats(line->cache, &stats);
    assert_int_equal(line->metrics.packets_left_out, 5000);
    assert_int_equal(line->metrics.heartbeats, SESSION_KEPT_MOST + 5000);
    assert_int_equal(stats.appended, 3 + 2 * SESSION_KEPT_MOST);
    line_pass(line, 60000);
    FEED(line, 2, 0);
    cache_stats(line->cache, &stats);
    assert_int_equal(stats.appended, 3 + 2 * SESSION_KEPT_MOST + 2);
}

/* Whatever is sent in whatever pieces, the same things happen. */
static void any_cut_gives_the_same_life(void **state)
{
    struct line *line = *state;
    static const uint8_t bytes[] = {0, 0, 3,    0xE9, 2,    0,    3, 2, 7, 8, 4,
                                    5, 1, 0x83, 2,    0xC0, 0xF1, 2, 0, 3, 0};
    static const char expected[] =
        "disconnect superseded\nconnect \nregister 4\n"
        "heartbeat 2\nbeat\ndata 4\nmodbus 7\nheartbeat 2\nbeat\ndata 2\n";
    void *other = NULL;
    line_feed(line, bytes, sizeof(bytes));
    line_expect_records(line, expected);
    for (size_t cut = 1; cut < sizeof(bytes); cut++) {
        set_up(&other);
        line_feed(other, bytes, cut);
        line_feed(other, bytes + cut, sizeof(bytes) - cut);
        line_expect_records(other, expected);
        tear_down(&other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_in_pieces),
        TEST(registration_glued_to_a_heartbeat),
        TEST(registration_has_a_deadline),
        TEST(heartbeats_are_answered_and_run_their_tasks),
        TEST(data_packets_are_stored_and_answered),
        TEST(an_unknown_type_closes),
        TEST(the_end_is_recorded_once_it_began),
        TEST(a_flood_is_not_stored),
        TEST(any_cut_gives_the_same_life),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
