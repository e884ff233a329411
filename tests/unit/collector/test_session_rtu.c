/* A transparent line: heartbeats and registrations between, in front of and inside of answers. */
#include "tests/unit/collector/line.h"

#define CONFIG(when)                                                                               \
    "profiles:\n"                                                                                  \
    "  usr:\n"                                                                                     \
    "    port: 9000\n"                                                                             \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        when: " when "\n"                                                                     \
    "        packets:\n"                                                                           \
    "          login: {kind: text, start: \"LOGIN:\", chars: digits, length: 4,\n"                 \
    "                  reply: {text: \"OK\"}}\n"                                                   \
    "      heartbeat:\n"                                                                           \
    "        packets:\n"                                                                           \
    "          ping: {kind: bytes, text: \"ping\", reply: echo}\n"                                 \
    "          one: {kind: bytes, text: \"1\"}\n"                                                  \
    "    query_tasks:\n"                                                                           \
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer, slave: 49}\n"             \
    "      2: {start_addr: 200, length: 2, interval: 0, trigger: heartbeat}\n"                     \
    "    data_points:\n"                                                                           \
    "      100: {name: level, type: uint, length: 4, slave: 49}\n"                                 \
    "      200: {name: speed, type: uint, length: 4, slave: 1}\n"

/* Slave 49 is "1". */
static const struct adu_request poll_49 = {49, 3, 100, 2}, poll_1 = {1, 3, 200, 2};

static struct line *registered(void **state)
{
    struct line *line = *state = line_new(CONFIG("connect"));
    line_connect(line, 9000, "10.0.0.7", NULL);
    line_say(line, "LOGIN:1001");
    assert_int_equal(line->registered, 1);
    line_expect_sent(line, "OK", 2);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 10\n");
    return line;
}

/* The poll of slave 49 is outstanding. */
static struct line *asked(void **state)
{
    struct line *line = registered(state);
    while (!line->session.exchange.waiting)
        line_run(line, 100);
    line_expect_query(line, &poll_49);
    return line;
}

static void feed_around(struct line *line, const char *before, size_t inside_at, const char *inside,
                        const char *behind)
{
    uint8_t answer[FRAMING_LONGEST], bytes[2 * FRAMING_LONGEST];
    size_t len = line_answer_bytes(line, &poll_49, 7, answer), size = 0;
    const struct {
        const void *bytes;
        size_t size;
    } parts[] = {{before, strlen(before)},
                 {answer, inside_at},
                 {inside, strlen(inside)},
                 {answer + inside_at, len - inside_at},
                 {behind, strlen(behind)}};
    for (size_t i = 0; i < 5; i++) {
        memcpy(bytes + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    line_feed(line, bytes, size);
}

static void heartbeats_stick_to_answers(void **state)
{
    static const struct {
        const char *before;
        size_t at;
        const char *inside, *behind;
        unsigned heartbeats;
    } cases[] = {
        {"ping", 0, "", "", 1},  {"", 0, "", "ping", 1},  {"", 4, "ping", "", 1},
        {"1", 0, "", "", 1},     {"", 0, "", "1", 1},     {"", 4, "1", "", 1},
        {"ping1", 0, "", "", 2}, {"1", 4, "ping", "", 2}, {"", 8, "1", "ping", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct line *line = asked(state);
        feed_around(line, cases[i].before, cases[i].at, cases[i].inside, cases[i].behind);
        line_run(line, 200);
        assert_int_equal(line->metrics.heartbeats, cases[i].heartbeats);
        assert_int_equal(line->metrics.noise_bytes, 0);
        line_expect_only(line, RECORD_SAMPLES, "samples 0=458760/458760\n");
        line_tear_down(state);
    }
}

/* "1" may be the heartbeat or the answer's first byte: the silence tells. */
static void what_is_held_back_is_looked_at_after_the_silence(void **state)
{
    struct line *line = asked(state);
    FEED(line, '1');
    assert_int_equal(line->session.held_size, 1);
    assert_int_equal(line->metrics.heartbeats, 0);
    assert_int_equal(session_next_ms(&line->session, line->now.mono_ms), line->now.mono_ms + 200);
    line_run(line, 199);
    assert_int_equal(line->metrics.heartbeats, 0);
    line_run(line, 1);
    assert_int_equal(line->metrics.heartbeats, 1);
    assert_int_equal(line->session.held_size, 0);
    line_answer(line, &poll_49, 7);
    line_expect_only(line, RECORD_SAMPLES, "samples 0=458760/458760\n");
}

/* Half an answer is kept past the silence, and nobody is woken for it again and again. */
static void half_an_answer_is_kept(void **state)
{
    struct line *line = asked(state);
    uint8_t bytes[FRAMING_LONGEST];
    size_t len = line_answer_bytes(line, &poll_49, 7, bytes);
    line_feed(line, bytes, 5);
    line_run(line, 200);
    assert_int_equal(line->session.held_size, 5);
    assert_true(line->session.settled);
    assert_int_equal(session_next_ms(&line->session, line->now.mono_ms),
                     line->session.exchange.deadline_ms);
    line_run(line, 1000);
    line_feed(line, bytes + 5, len - 5);
    line_expect_only(line, RECORD_SAMPLES, "samples 0=458760/458760\n");
}

static void heartbeats_are_answered_and_run_their_tasks(void **state)
{
    struct line *line = registered(state);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    line_say(line, "ping");
    line_expect_sent(line, "ping\x01\x03\x00\xC8\x00\x02\x45\xF5", 12);
    assert_int_equal(line->session.exchange.request.start, poll_1.start);
    line_expect_records(line, "heartbeat 4\nbeat\n");
}

static void a_registration_in_front_of_each_packet(void **state)
{
    struct line *line = *state = line_new(CONFIG("every"));
    line_connect(line, 9000, "10.0.0.7", NULL);
    line_say(line, "LOGIN:1001");
    while (!line->session.exchange.waiting)
        line_run(line, 100);
    line->sent_size = 0;
    feed_around(line, "LOGIN:1001", 0, "", "LOGIN:1001ping");
    line_run(line, 200);
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->registered, 1);
    assert_int_equal(line->metrics.heartbeats, 1);
    line_expect_records(line,
                        "disconnect superseded\nconnect \nregister 10\nregister 10\n"
                        "modbus 9\nsamples 0=458760/458760\nregister 10\nheartbeat 4\nbeat\n");
}

static void another_id_on_the_line_closes_it(void **state)
{
    struct line *line = registered(state);
    line_say(line, "LOGIN:1001");
    assert_int_equal(line->closed, 0);
    line_say(line, "LOGIN:1002");
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "registered again, as 1002");
}

static void noise_is_counted_and_some_of_it_kept(void **state)
{
    struct line *line = registered(state);
    unsigned kept = 0;
    for (int i = 0; i < 30; i++) {
        line_say(line, "\xF7\xFF zzz");
        line_run(line, 500);
        line->sent_size = 0;
    }
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->metrics.noise_bytes, 30 * 6);
    assert_int_equal(line->session.noise_bytes, 30 * 6);
    char *text = line_records(line, RECORD_PACKET);
    for (char *at = text; (at = strstr(at, "noise ")) != NULL; at++)
        kept++;
    assert_int_equal(kept, 10);
    free(text);
}

/* Noise is no sign of life: a box that talks nonsense is not a DTU that lives. */
static void a_line_of_nothing_but_noise_is_closed(void **state)
{
    struct line *line = registered(state);
    uint8_t noise[1024];
    memset(noise, 0xEE, sizeof(noise));
    for (int i = 0; i < 60; i++)
        line_feed(line, noise, sizeof(noise));
    assert_int_equal(line->closed, 0);
    line_say(line, "0123456789"); /* a heartbeat: counted anew */
    for (int i = 0; i < 60; i++)
        line_feed(line, noise, sizeof(noise));
    assert_int_equal(line->closed, 0);
    for (int i = 0; i < 8; i++)
        line_feed(line, noise, sizeof(noise));
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "protocol error: nothing but bytes that fit nothing");
}

static void noise_keeps_no_line_alive(void **state)
{
    struct line *line = registered(state);
    line->session.schedule.due_ms[0] = SCHEDULE_NEVER;
    for (int i = 0; i < 200 && !line->closed; i++) {
        line_say(line, "\xF7\xFF zzz");
        line_run(line, 1000);
    }
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "heartbeat timeout, and the probe stayed unanswered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(heartbeats_stick_to_answers),
        LINE_TEST(what_is_held_back_is_looked_at_after_the_silence),
        LINE_TEST(half_an_answer_is_kept),
        LINE_TEST(heartbeats_are_answered_and_run_their_tasks),
        LINE_TEST(a_registration_in_front_of_each_packet),
        LINE_TEST(another_id_on_the_line_closes_it),
        LINE_TEST(noise_is_counted_and_some_of_it_kept),
        LINE_TEST(a_line_of_nothing_but_noise_is_closed),
        LINE_TEST(noise_keeps_no_line_alive),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
