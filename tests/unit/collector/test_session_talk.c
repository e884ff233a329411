/* When a line is spoken to: not too soon, not too seldom, or never. */
#include "tests/unit/collector/line.h"

#define LINE_OF(framing, timing)                                                                   \
    "    line:\n"                                                                                  \
    "      framing: " framing "\n"                                                                 \
    "      registration: {packets: {r: {kind: text, start: \"R\", chars: digits, length: 1}}}\n"   \
    "      timing: {" timing "}\n"

#define TALKING(timing)                                                                            \
    "profiles:\n"                                                                                  \
    "  p:\n"                                                                                       \
    "    port: 9000\n" LINE_OF(                                                                    \
        "rtu",                                                                                     \
        timing) "    backoff: 3000\n"                                                              \
                "    query_tasks:\n"                                                               \
                "      1: {start_addr: 100, length: 2, interval: 600, trigger: timer}\n"           \
                "      2: {start_addr: 100, length: 4, interval: 600, trigger: timer, slave: 2}\n" \
                "    data_points:\n"                                                               \
                "      a: {name: a, address: 100, type: uint, length: 4, slave: 1}\n"              \
                "      b: {name: b, address: 100, type: uint, length: 4, slave: 2}\n"

static struct line *registered(void **state, const char *yaml)
{
    struct line *line = *state = line_new(yaml);
    line_connect(line, 9000, "10.0.0.7", NULL);
    line_say(line, "R1");
    assert_int_equal(line->registered, 1);
    return line;
}

/* Let ${ms} pass, answering what ${living} slaves are asked; return the longest silence of ours. */
static int64_t longest_silence(struct line *line, int64_t ms, unsigned living)
{
    int64_t end_ms = line->now.mono_ms + ms, spoke_ms = line->now.mono_ms, longest_ms = 0;
    while (line->now.mono_ms < end_ms && !line->closed) {
        line->sent_size = 0;
        line_run(line, 50);
        if (line->sent_size > 0) {
            int64_t silent_ms = line->session.spoke_ms - spoke_ms;
            longest_ms = silent_ms > longest_ms ? silent_ms : longest_ms;
            spoke_ms = line->session.spoke_ms;
        }
        const struct adu_request request = line->session.exchange.request;
        if (line->session.exchange.waiting && request.unit <= living)
            line_answer(line, &request, 1);
    }
    return longest_ms;
}

static void nothing_is_asked_right_after_the_connect(void **state)
{
    struct line *line = registered(state, TALKING("after_connect: 20"));
    int64_t opened_ms = line->now.mono_ms;
    line_run(line, 19999);
    line_expect_silence(line);
    line_run(line, 1);
    assert_int_equal(line->metrics.polls_sent, 1);
    assert_int_equal(line->session.exchange.sent_ms, opened_ms + 20000);
}

static void something_is_said_in_time(void **state)
{
    struct line *line = registered(state, TALKING("talk_within: 50"));
    assert_in_range(longest_silence(line, 1200000, 2), 40000, 50100);
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->metrics.probes_sent, 0); /* there is something to ask */
}

/* Its tasks wait: those of the other one are hastened in their place. */
static void something_is_said_in_time_where_a_slave_is_dead(void **state)
{
    struct line *line = registered(state, TALKING("talk_within: 50"));
    assert_in_range(longest_silence(line, 1200000, 1), 40000, 50100);
    assert_int_equal(line->closed, 0);
}

/* Something is said to the DTU, which lives: that its slaves do not answer closes no line. */
static void something_is_said_in_time_where_all_slaves_are_dead(void **state)
{
    struct line *line = registered(state, TALKING("talk_within: 50, heartbeat_timeout: 1000"));
    assert_in_range(longest_silence(line, 1200000, 0), 40000, 50100);
    assert_int_equal(line->closed, 0);
    assert_true(line->metrics.probes_sent > 10);
}

static void a_probe_waits_for_the_gap_between_slaves(void **state)
{
    struct line *line = registered(state, TALKING("slave_gap: 2"));
    line_run(line, 10000);
    line_answer(line, &line->session.exchange.request, 1);
    line->session.exchange.request.unit = 2;
    line->session.exchange.ended_ms = line->now.mono_ms;
    line->session.silent = line->session.probe_wanted = true;
    line->sent_size = 0;
    int64_t from_ms = line->now.mono_ms;
    assert_int_equal(session_next_ms(&line->session, from_ms), from_ms + 2000);
    line_run(line, 2000);
    assert_int_equal(line->session.exchange.sent_ms, from_ms + 2000);
    assert_true(line->session.probing);
}

static void slaves_have_a_gap_between_them(void **state)
{
    struct line *line = registered(state, TALKING("slave_gap: 7"));
    int64_t ended_ms = 0, gap_ms = INT64_MAX;
    uint8_t last = 0;
    for (int i = 0; i < 40000; i++) {
        line_run(line, 50);
        if (!line->session.exchange.waiting)
            continue;
        const struct adu_request request = line->session.exchange.request;
        if (last != 0 && last != request.unit && line->session.exchange.sent_ms - ended_ms < gap_ms)
            gap_ms = line->session.exchange.sent_ms - ended_ms;
        last = request.unit;
        line_answer(line, &request, 1);
        ended_ms = line->now.mono_ms;
    }
    assert_int_equal(gap_ms, 7000);
}

/* Listening */

#define EAR(mode)                                                                                  \
    "profiles:\n"                                                                                  \
    "  p:\n"                                                                                       \
    "    port: 9000\n"                                                                             \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      listen_only: " mode "\n"                                                                \
    "      registration: {packets: {r: {kind: text, start: \"R\", chars: digits, length: 1}}}\n"   \
    "      heartbeat: {packets: {ping: {kind: bytes, text: \"ping\"}}}\n"                          \
    "    query_tasks:\n"                                                                           \
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"                        \
    "      2: {start_addr: 100, length: 4, interval: 10, trigger: timer, slave: 2}\n"              \
    "    data_points:\n"                                                                           \
    "      a: {name: a, address: 100, type: uint, length: 4, slave: 1}\n"                          \
    "      b: {name: b, address: 102, type: uint, length: 4, slave: 2}\n"

static const struct adu_request ear_1 = {1, 3, 100, 2}, ear_2 = {2, 3, 100, 4},
                                stranger = {9, 3, 100, 2};

static void what_is_overheard_is_decoded(void **state)
{
    struct line *line = registered(state, EAR("true"));
    uint8_t bytes[2 * FRAMING_LONGEST];
    for (int i = 1; i <= 20; i++) {
        line_run(line, 10000);
        size_t len = line_answer_bytes(line, &ear_1, (unsigned)i, bytes);
        len += line_answer_bytes(line, &ear_2, (unsigned)i, bytes + len);
        line_feed(line, bytes, len);
    }
    line_answer(line, &stranger, 1);
    line_refuse(line, &ear_2, 2);
    line_say(line, "ping");
    line_run(line, 300);
    line_expect_silence(line);
    assert_int_equal(line->metrics.samples, 40);
    assert_int_equal(line->metrics.answers_unexpected, 1);
    assert_int_equal(line->session.slaves[0].answers, 20);
    assert_int_equal(line->session.slaves[1].exceptions, 1);
    assert_int_equal(line->metrics.heartbeats, 1);
    assert_int_equal(line->metrics.polls_sent, 0);
}

static void a_silent_one_is_closed_without_a_word(void **state)
{
    struct line *line = registered(state, EAR("true"));
    line_run(line, 3 * LINE_HEARTBEAT_MS);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "heartbeat timeout");
    line_expect_silence(line);
}

static int ended;

static void on_done(struct write_order *order, const struct write_result *result)
{
    (void)order;
    assert_int_equal(result->status, ended == 0 ? WRITE_LINE_LOST : WRITE_CANCELLED);
    ended++;
}

/* What is outstanding then is not asked again, and no write waits for ever. */
static void a_reload_may_end_the_asking(void **state)
{
    struct line *line = registered(state, EAR("false"));
    static const uint32_t value = 5;
    const struct write_raw raw = {1, FC_WRITE_REGISTER, 500, &value, 1};
    struct write_order orders[2];
    char error[200];
    ended = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(write_registers(&raw, &orders[i], error, sizeof(error)), 0);
        orders[i].done = on_done;
        orders[i].actor[0] = '\0';
        assert_int_equal(session_write(&line->session, &orders[i], line->now), 0);
    }
    line_run(line, 10);
    assert_true(line->session.exchange.waiting);
    line->sent_size = 0;
    line_reload(line, EAR("true"));
    assert_int_equal(ended, 2);
    line_run(line, 120000);
    line_expect_silence(line);
    line_reload(line, EAR("false"));
    line_run(line, 20000);
    assert_true(line->metrics.polls_sent > 0);
}

/* Storing on change */

static const char change_text[] =
    "profiles:\n"
    "  p:\n"
    "    port: 9000\n" LINE_OF(
        "rtu", "retries: 0") "    query_tasks:\n"
                             "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"
                             "    data_points:\n"
                             "      a: {name: a, address: 100, type: uint, length: 2, on_change: "
                             "true, max_interval: 60}\n"
                             "      b: {name: b, address: 101, type: uint, length: 2}\n";

static void what_does_not_change_is_stored_once_in_a_while(void **state)
{
    struct line *line = registered(state, change_text);
    const struct adu_request poll = {1, 3, 100, 2};
    static const unsigned values[] = {5, 5, 5, 8, 8, 8, 8, 8, 8, 8, 5};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        while (!line->session.exchange.waiting)
            line_run(line, 100);
        line_answer(line, &poll, values[i]);
    }
    line_expect_only(line, RECORD_SAMPLES,
                     "samples 0=5/5 1=6/6\nsamples 1=6/6\nsamples 1=6/6\n"
                     "samples 0=8/8 1=9/9\nsamples 1=9/9\nsamples 1=9/9\nsamples 1=9/9\n"
                     "samples 1=9/9\nsamples 1=9/9\nsamples 0=8/8 1=9/9\nsamples 0=5/5 1=6/6\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(nothing_is_asked_right_after_the_connect),
        LINE_TEST(something_is_said_in_time),
        LINE_TEST(something_is_said_in_time_where_a_slave_is_dead),
        LINE_TEST(something_is_said_in_time_where_all_slaves_are_dead),
        LINE_TEST(a_probe_waits_for_the_gap_between_slaves),
        LINE_TEST(slaves_have_a_gap_between_them),
        LINE_TEST(what_is_overheard_is_decoded),
        LINE_TEST(a_silent_one_is_closed_without_a_word),
        LINE_TEST(a_reload_may_end_the_asking),
        LINE_TEST(what_does_not_change_is_stored_once_in_a_while),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
