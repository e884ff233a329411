#include "tests/unit/collector/line.h"

/* An answer that comes twice: what came in before a request is no part of its answer. */

static const char config_text[] =
    "profiles:\n"
    "  pump:\n"
    "    line:\n"
    "      framing: rtu\n"
    "      registration: {packets: {a: {kind: bytes, text: \"REG;\", id: d1}}}\n"
    "      heartbeat: {packets: {ping: {kind: bytes, text: \"ping\"}}}\n"
    "    query_tasks:\n"
    "      1: {start_addr: 100, length: 2, trigger: heartbeat}\n"
    "      2: {start_addr: 200, length: 2, trigger: heartbeat}\n"
    "    data_points:\n"
    "      100: {name: a, type: uint, length: 4}\n"
    "      200: {name: b, type: uint, length: 4}\n";

static const struct adu_request task_1 = {1, 3, 100, 2}, task_2 = {1, 3, 200, 2};

static int set_up(void **state)
{
    struct line *line = line_open(config_text);
    *state = line;
    line_say(line, "REG;");
    line_say(line, "ping");
    line_expect_query(line, &task_1);
    return 0;
}

static int tear_down(void **state)
{
    line_free(*state);
    return 0;
}

static void the_second_is_cut(void **state)
{
    struct line *line = *state;
    uint8_t bytes[2 * FRAMING_LONGEST];
    size_t len = line_answer_bytes(line, &task_1, 1, bytes);
    for (size_t cut = 1; cut < len; cut++) {
        memcpy(bytes + len, bytes, len);
        line_feed(line, bytes, len + cut);
        line_run(line, 150);
        line_expect_silence(line); /* for so long it waits for the rest */
        line_feed(line, bytes + cut, len - cut);
        line_run(line, 100);
        line_expect_query(line, &task_2);
        line_answer(line, &task_2, 7);
        line_expect_only(line, RECORD_SAMPLES, "samples 0=65538/65538\nsamples 1=458760/458760\n");
        line_run(line, 1000);
        line_say(line, "ping");
        line_expect_query(line, &task_1);
    }
}

static void the_rest_never_comes(void **state)
{
    struct line *line = *state;
    uint8_t bytes[2 * FRAMING_LONGEST];
    size_t len = line_answer_bytes(line, &task_1, 1, bytes);
    memcpy(bytes + len, bytes, len);
    line_feed(line, bytes, len + 3);
    line_run(line, 199);
    line_expect_silence(line);
    line_run(line, 1);
    line_expect_query(line, &task_2);
    assert_int_equal(line->session.noise_bytes, 3);
}

static void chatter_holds_up_nothing(void **state)
{
    struct line *line = *state;
    line_answer(line, &task_1, 1);
    for (int i = 0; i < 10; i++) { /* each may be a frame's first bytes */
        FEED(line, 2, 3, 200);
        line_run(line, 50);
    }
    line_expect_query(line, &task_2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_second_is_cut),
        TEST(the_rest_never_comes),
        TEST(chatter_holds_up_nothing),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
